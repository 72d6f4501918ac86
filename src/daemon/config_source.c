/* One configuration file, read and parsed by libconfig.
 *
 * The file is read here and not by libconfig, whose scanner ends the process
 * when it cannot read (a directory will do), wraps numbers silently and stops
 * at a zero byte. */

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "config_source.h"
#include "file.h"


#define READ_FIRST  4096         /* bytes, doubling */
#define HUGE_TEXT   "9e99"       /* SOURCE_HUGE; what it replaces is longer */
#define INCLUDE     "@include"


struct source *source_of(const config_setting_t *s)
{
	return (struct source *)(void *)((char *)s->config -
					 offsetof(struct source, cfg));
}


static int read_all(char **textp, size_t *lenp, int fd, size_t max)
{
	size_t size = READ_FIRST, len = 0;
	char *text = malloc(size), *more;
	ssize_t n;
	int err = 0;

	if (!text)
		return ENOMEM;

	for (;;) {
		n = read(fd, text + len, size - 1 - len);
		if (n < 0 && errno == EINTR)
			continue;

		if (n <= 0) {
			err = n < 0 ? errno : 0;
			break;
		}

		len += (size_t)n;
		if (len > max) {
			err = EFBIG;
			break;
		}

		if (len < size - 1)
			continue;

		/* not realloc(), which would leave secrets behind */
		more = malloc(size * 2);
		if (!more) {
			err = ENOMEM;
			break;
		}

		memcpy(more, text, len);
		source_wipe(text, len);
		text = more;
		size *= 2;
	}

	if (err) {
		source_wipe(text, len);
		return err;
	}

	text[len] = '\0';
	*textp = text;
	*lenp = len;

	return 0;
}


int source_read(char **textp, size_t *lenp, mode_t *modep, const char *file,
		size_t max)
{
	struct stat st;
	int fd, err;

	err = file_open(&fd, file, max);
	if (err)
		return err;

	if (fstat(fd, &st)) {
		err = errno;
		goto out;
	}

	*modep = st.st_mode;
	err = read_all(textp, lenp, fd, max);

 out:
	(void)close(fd);

	return err;
}


void source_wipe(char *text, size_t len)
{
	if (text)
		OPENSSL_cleanse(text, len);

	free(text);
}


/* The end of the number at `p`, and does it fit what libconfig makes of it:
 * int, or long long with L? */
static char *number_end(char *p, bool *fits)
{
	const bool hex = p[0] == '0' && (p[1] == 'x' || p[1] == 'X');
	char *end;
	long long n;

	errno = 0;
	n = strtoll(p, &end, hex ? 16 : 10);
	*fits = !errno;

	if (*end == 'L') {
		while (*end == 'L')
			++end;
	}
	else if (*end == '.' || *end == 'e' || *end == 'E') {
		*fits = true;    /* a float, refused later */
		while (isalnum((unsigned char)*end) || *end == '.' ||
		       ((*end == '-' || *end == '+') &&
			(end[-1] == 'e' || end[-1] == 'E')))
			++end;
	}
	else if (n > INT32_MAX || n < INT32_MIN) {
		*fits = false;
	}

	return end;
}


/* NULL: it has no end. */
static char *string_end(char *p)
{
	for (++p; *p && *p != '"'; ++p) {
		if (*p == '\\' && p[1])
			++p;
	}

	return *p ? p + 1 : NULL;
}


/* Behind a comment at `p`; `p` itself if there is none; NULL: it has no
 * end. */
static char *comment_end(char *p)
{
	char *end;

	if (*p == '#' || (p[0] == '/' && p[1] == '/'))
		return p + strcspn(p, "\n");

	if (p[0] != '/' || p[1] != '*')
		return p;

	end = strstr(p + 2, "*/");

	return end ? end + 2 : NULL;
}


static bool number_begins(const char *p)
{
	return isdigit((unsigned char)*p) ||
	       ((*p == '-' || *p == '+') && isdigit((unsigned char)p[1]));
}


static char *name_end(char *p)
{
	while (isalnum((unsigned char)*p) || (*p && strchr("*_-", *p)))
		++p;

	return p;
}


static unsigned line_of(const char *text, const char *p)
{
	unsigned line = 1;

	for (; text < p; ++text)
		line += *text == '\n';

	return line;
}


/* Makes a number that does not fit a SOURCE_HUGE. */
static char *scan_number(char *p)
{
	bool fits;
	char *end = number_end(p, &fits);

	if (!fits) {
		memset(p, ' ', (size_t)(end - p));
		memcpy(p, HUGE_TEXT, strlen(HUGE_TEXT));
	}

	return end;
}


/* Looks at all of the text before libconfig does. What is wrong, or NULL; *pp:
 * the place. A string without end would be leaked, and not be found where it
 * begins; an @include would be opened by libconfig's scanner. */
static const char *scan(char **pp)
{
	char *p = *pp, *end;

	for (; *p; p = end) {
		*pp = p;
		end = comment_end(p);
		if (!end)
			return "the comment that begins here has no end";

		if (end != p)
			continue;

		if (*p == '"') {
			end = string_end(p);
			if (!end)
				return "a quote (\") is missing here or before";
		}
		else if (number_begins(p)) {
			end = scan_number(p);
		}
		else if (isalpha((unsigned char)*p) || *p == '*') {
			end = name_end(p);
		}
		else if (!strncmp(p, INCLUDE, strlen(INCLUDE))) {
			return INCLUDE " is not supported, use include_dir";
		}
		else {
			end = p + 1;
		}
	}

	return NULL;
}


static void destructor(void *arg)
{
	struct source *s = arg;

	list_unlink(&s->le);
	config_destroy(&s->cfg);
	mem_deref(s->file);
}


static int parse(struct source *s, struct sayer *y, char *text, size_t len)
{
	char *place = memchr(text, '\0', len);
	const char *wrong = "has a zero byte: this is no text file";

	if (!place) {
		place = text;
		wrong = scan(&place);
	}

	if (wrong) {
		say_error_at(y, s->file, line_of(text, place), "%s", wrong);
		return EBADMSG;
	}

	if (!config_read_string(&s->cfg, text)) {
		const char *what = config_error_text(&s->cfg);

		say_error_at(y, s->file,
			     (unsigned)config_error_line(&s->cfg), "%s",
			     what ? what : "syntax error");
		return EBADMSG;
	}

	return 0;
}


int source_load(struct source **sp, struct sayer *y, const char *file)
{
	struct source *s;
	char *text = NULL;
	size_t len = 0;
	int err;

	s = mem_zalloc(sizeof(*s), destructor);
	if (!s) {
		say_no_memory(y);
		return ENOMEM;
	}

	config_init(&s->cfg);

	err = str_dup(&s->file, file);
	if (err) {
		say_no_memory(y);
		goto out;
	}

	err = source_read(&text, &len, &s->mode, file, SOURCE_MAX);
	if (err) {
		say_error_at(y, file, 0, "cannot be read: %s", strerror(err));
		goto out;
	}

	err = parse(s, y, text, len);

 out:
	source_wipe(text, len);
	if (err)
		mem_deref(s);
	else
		*sp = s;

	return err;
}
