/* Log lines: to the journal with fields, or to stderr for a person with the
 * time. Where stderr is the journal's but its socket takes nothing, lines go
 * to stderr with a priority prefix. */

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
#include "journald.h"
#include "log.h"


/* A line is written at once. A pipe that poll() calls writable has room for
 * PIPE_BUF = 4096 bytes, so a line of half of that never blocks. */
#define LINE_SIZE   2048         /* bytes with the newline */
#define TEXT_SIZE   1024         /* bytes of a text before escaping */
#define VALUE_SIZE  512          /* of a field besides the message */
#define FIELDS_SIZE (LINE_SIZE + 5 * VALUE_SIZE)         /* with names */
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

/* What a line says; all but the text may be NULL. */
struct line {
	enum log_level level;
	const char *who;
	struct log_fields fields;
	const char *text;
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


static size_t print_prefix(char *line, size_t size, enum log_level level,
			   bool journal)
{
	char now[64];

	if (journal)
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


/* "trunk: lease lost" */
static size_t append_message(char *buf, size_t len, size_t size,
			     const struct line *l)
{
	if (l->who) {
		len = append(buf, len, size, l->who);
		len = append(buf, len, size, ": ");
	}

	return append(buf, len, size, l->text);
}


/* What append() lets through needs no length: a value has no newline. */
static size_t add_field(char *buf, size_t len, const char *name,
			const char *value)
{
	if (!value)
		return len;

	len = append(buf, len, FIELDS_SIZE, name);
	buf[len++] = '=';
	len = append(buf, len, len + VALUE_SIZE, value);
	buf[len++] = '\n';

	return len;
}


static int put_fields(const struct line *l)
{
	const char priority[] = {(char)('0' + l->level), '\0'};
	char buf[FIELDS_SIZE];
	size_t len = 0;

	len = add_field(buf, len, "PRIORITY", priority);
	len = add_field(buf, len, "SYSLOG_IDENTIFIER", "sipregd");
	len = add_field(buf, len, "MESSAGE_ID", l->fields.id);
	len = add_field(buf, len, "SIPREGD_ACCOUNT", l->who);
	len = add_field(buf, len, "SIPREGD_EVENT", l->fields.event);
	len = add_field(buf, len, "SIPREGD_REASON", l->fields.reason);
	len = append(buf, len, sizeof(buf), "MESSAGE=");
	len = append_message(buf, len, sizeof(buf) - 1, l);
	buf[len++] = '\n';

	return journald_send(buf, len);
}


/* False: nobody took it. */
static bool put(const struct line *l)
{
	const bool journal = stderr_is_journal();
	char buf[LINE_SIZE];
	size_t len;

	if (journal && !put_fields(l))
		return true;

	len = print_prefix(buf, sizeof(buf), l->level, journal);
	len = append_message(buf, len, sizeof(buf) - 1, l);
	buf[len++] = '\n';

	return writable() && write(STDERR_FILENO, buf, len) >= 0;
}


static bool put_lost(void)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "%u log lines were lost", lost);
	if (!put(&(struct line){.level = LOG_LEVEL_WARNING, .text = text}))
		return false;

	lost = 0;

	return true;
}


__attribute__((format(printf, 2, 0)))
static void print_line(struct line *l, const char *fmt, va_list ap)
{
	char text[TEXT_SIZE];
	const int saved = errno;
	const int n = vsnprintf(text, sizeof(text), fmt, ap);

	if (n < 0)
		(void)snprintf(text, sizeof(text), "(unprintable: %s)", fmt);
	else if ((size_t)n >= sizeof(text))
		memcpy(text + sizeof(text) - 4, "...", 4);

	l->text = text;
	if ((lost && !put_lost()) || !put(l))
		++lost;

	errno = saved;
}


void log_line(enum log_level level, const char *who, const char *fmt, ...)
{
	struct line l = {.level = level, .who = who};
	va_list ap;

	if (!log_enabled(level))
		return;

	va_start(ap, fmt);
	print_line(&l, fmt, ap);
	va_end(ap);
}


void log_event(enum log_level level, const char *who,
	       const struct log_fields *fields, const char *fmt, ...)
{
	struct line l = {.level = level, .who = who, .fields = *fields};
	va_list ap;

	if (!log_enabled(level))
		return;

	va_start(ap, fmt);
	print_line(&l, fmt, ap);
	va_end(ap);
}
