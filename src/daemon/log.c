/* Log lines to stderr: for the journal with its priority prefix, for a person
 * with the time. */

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "log.h"


/* A line is written at once. A pipe that poll() calls writable has room for
 * PIPE_BUF = 4096 bytes, so a line of half of that never blocks. */
#define LINE_SIZE   2048         /* bytes with the newline */
#define TEXT_SIZE   1024         /* bytes of a text before escaping */
#define STDERR_WAIT 100          /* [ms] for a reader that is behind */

static const struct {
	enum log_level level;
	const char *name;
} levelv[] = {
	{LOG_LEVEL_ERROR, "error"},
	{LOG_LEVEL_WARNING, "warning"},
	{LOG_LEVEL_NOTICE, "notice"},
	{LOG_LEVEL_INFO, "info"},
	{LOG_LEVEL_DEBUG, "debug"},
};

#define LEVELS (sizeof(levelv) / sizeof(levelv[0]))

static enum log_level max_level = LOG_LEVEL_INFO;
static unsigned lost;            /* lines that nobody took */


const char *log_level_name(enum log_level level)
{
	for (size_t i = 0; i < LEVELS; i++) {
		if (levelv[i].level == level)
			return levelv[i].name;
	}

	return "?";
}


void log_set_level(enum log_level level)
{
	max_level = level;
}


bool log_enabled(enum log_level level)
{
	return level <= max_level;
}


/* systemd names the device and inode of the journal's stream; a service whose
 * stderr was redirected elsewhere inherits the variable all the same. */
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	uintmax_t dev, ino;
	struct stat st;

	return stream && sscanf(stream, "%ju:%ju", &dev, &ino) == 2 &&
	       !fstat(STDERR_FILENO, &st) && st.st_dev == dev &&
	       st.st_ino == ino;
}


/* "2026-01-31T10:00:00.123+01:00" (RFC 3339) */
static void print_time(char *buf, size_t size)
{
	char date[32], zone[8];
	struct timespec ts;
	struct tm tm;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	if (!localtime_r(&ts.tv_sec, &tm))
		memset(&tm, 0, sizeof(tm));

	(void)strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	(void)strftime(zone, sizeof(zone), "%z", &tm);
	(void)snprintf(buf, size, "%s.%03ld%.3s:%.2s", date,
		       ts.tv_nsec / 1000000, zone,
		       strlen(zone) == 5 ? zone + 3 : "00");
}


static size_t print_prefix(char *line, size_t size, enum log_level level)
{
	char now[64];

	if (stderr_is_journal())
		return (size_t)snprintf(line, size, "<%d>", (int)level);

	print_time(now, sizeof(now));

	return (size_t)snprintf(line, size, "%s %s ", now,
				log_level_name(level));
}


/* Appends `text`, with what is not printable ASCII as \xNN: nothing that a
 * peer sends can forge a line or steer a terminal. Returns the new length. */
static size_t append(char *line, size_t len, size_t size, const char *text)
{
	static const char hex[] = "0123456789abcdef";

	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c >= 0x20 && c < 0x7f) {
			if (len + 1 > size)
				break;
			line[len++] = (char)c;
		}
		else {
			if (len + 4 > size)
				break;
			line[len++] = '\\';
			line[len++] = 'x';
			line[len++] = hex[c >> 4];
			line[len++] = hex[c & 15];
		}
	}

	return len;
}


/* Waits a moment for a reader that is behind, but only once: while it stays
 * behind, lines are dropped and counted, and the accounts are served. */
static bool writable(void)
{
	struct pollfd pfd = {.fd = STDERR_FILENO, .events = POLLOUT};

	return poll(&pfd, 1, lost ? 0 : STDERR_WAIT) == 1 &&
	       pfd.revents & POLLOUT;
}


static void put(enum log_level level, const char *who, const char *text)
{
	char line[LINE_SIZE];
	size_t len = print_prefix(line, sizeof(line), level);

	if (who) {
		len = append(line, len, sizeof(line) - 1, who);
		len = append(line, len, sizeof(line) - 1, ": ");
	}

	len = append(line, len, sizeof(line) - 1, text);
	line[len++] = '\n';

	if (!writable() || write(STDERR_FILENO, line, len) < 0)
		++lost;
}


static void put_lost(void)
{
	unsigned before = lost;
	char text[64];

	(void)snprintf(text, sizeof(text), "%u log lines were lost", lost);
	put(LOG_LEVEL_WARNING, NULL, text);

	if (lost == before)
		lost = 0;
}


void log_line(enum log_level level, const char *who, const char *fmt, ...)
{
	char text[TEXT_SIZE];
	int saved = errno, n;
	va_list ap;

	if (!log_enabled(level))
		return;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);

	if (n < 0)
		(void)snprintf(text, sizeof(text), "(unprintable: %s)", fmt);
	else if ((size_t)n >= sizeof(text))
		memcpy(text + sizeof(text) - 4, "...", 4);

	if (lost)
		put_lost();

	put(level, who, text);
	errno = saved;
}
