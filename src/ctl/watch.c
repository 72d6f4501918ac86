/* Shows the same picture again and again: see watch.h.
 *
 * Ctrl-C may come while the daemon is waited for: the handlers themselves give
 * the terminal back. */

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "text.h"
#include "watch.h"

/* xterm's and everybody's: the other screen, without a cursor, and what is too
 * long for a line is cut */
#define ENTER "\x1b[?1049h\x1b[?25l\x1b[?7l"
#define LEAVE "\x1b[?7h\x1b[?25h\x1b[?1049l"

#define HOME  "\x1b[H"
#define END   "\x1b[K"           /* nothing is left of a longer line */
#define REST  "\x1b[J"           /* nor of a longer picture */


static void put(const char *s, size_t len)
{
	while (len) {

		const ssize_t n = write(STDOUT_FILENO, s, len);

		if (n < 0 && errno != EINTR)
			return;
		if (n > 0) {
			s += n;
			len -= (size_t)n;
		}
	}
}


static void stopped(void)
{
	put(LEAVE, strlen(LEAVE));
	(void)raise(SIGSTOP);
	put(ENTER, strlen(ENTER));
}


static void signal_handler(int sig)
{
	const int saved = errno;

	if (sig == SIGTSTP) {
		stopped();
		errno = saved;
		return;
	}

	/* only to end the wait */
	if (sig == SIGWINCH)
		return;

	put(LEAVE, strlen(LEAVE));
	if (sig == SIGINT)
		_exit(0);

	(void)signal(sig, SIG_DFL);
	(void)raise(sig);
}


static void catch_signals(void)
{
	static const int sigv[] = {
		SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH,
	};
	struct sigaction sa = {.sa_handler = signal_handler};
	size_t i;

	(void)sigemptyset(&sa.sa_mask);
	for (i = 0; i < sizeof(sigv) / sizeof(sigv[0]); i++)
		(void)sigaction(sigv[i], &sa, NULL);
}


/* In one piece: a picture that comes line by line flickers. */
static void draw(const char *picture, size_t len)
{
	char *out = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&out, &size);
	const char *p = picture, *end;

	if (!f)
		return;

	(void)fputs(HOME, f);
	while ((end = memchr(p, '\n', len - (size_t)(p - picture)))) {

		/* the last line would scroll */
		(void)fprintf(f, "%s%.*s" END, p == picture ? "" : "\r\n",
			      (int)(end - p), p);
		p = end + 1;
	}
	(void)fputs(REST, f);

	if (!fclose(f))
		put(out, size);
	free(out);
}


static void show(watch_h *h, void *arg)
{
	char *picture = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&picture, &size);

	if (!f)
		return;

	h(f, text_rows(), arg);
	if (!fclose(f))
		draw(picture, size);
	free(picture);
}


enum result watch(int seconds, watch_h *h, void *arg)
{
	if (!text_terminal()) {
		complain("--watch needs a terminal");
		return RESULT_USAGE;
	}

	catch_signals();
	put(ENTER, strlen(ENTER));

	for (;;) {
		show(h, arg);
		(void)poll(NULL, 0, seconds * 1000);
	}
}
