/* What verbs share that show what happens as it happens: see stream.h. */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "stream.h"

static int endv[2] = {-1, -1};           /* a pipe that a signal writes to */
static bool over;


static void signal_handler(int sig)
{
	const int saved = errno;
	const char byte = (char)sig;

	(void)!write(endv[1], &byte, 1);
	errno = saved;
}


bool stream_begin(void)
{
	/* Without SA_RESTART: a write that hangs is interrupted. */
	struct sigaction sa = {
		.sa_handler = signal_handler,
		.sa_flags = (int)SA_RESETHAND,
	};

	if (pipe2(endv, O_CLOEXEC | O_NONBLOCK) ||
	    sigaction(SIGINT, &sa, NULL) || sigaction(SIGTERM, &sa, NULL) ||
	    signal(SIGPIPE, SIG_IGN) == SIG_ERR) {
		complain("%s", strerror(errno));
		return false;
	}

	return true;
}


void stream_wait(int fd)
{
	struct pollfd v[] = {
		{.fd = fd, .events = POLLIN},
		{.fd = endv[0], .events = POLLIN},
		{.fd = STDOUT_FILENO},   /* its events: nobody reads it */
	};

	while (poll(v, 3, -1) < 0 && errno == EINTR)
		;

	over = over || v[1].revents || v[2].revents & (POLLERR | POLLHUP);
}


bool stream_over(void)
{
	return over;
}


enum result stream_flush(void)
{
	if (!fflush(stdout) && !ferror(stdout))
		return RESULT_OK;

	if (errno == EPIPE || over)
		_exit(RESULT_OK);

	return RESULT_FAILED;
}
