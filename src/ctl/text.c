/* How values look: times, durations, colours; and what a terminal may get. */

#include <inttypes.h>
#include <langinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>
#include "text.h"
#include "utf8.h"

#define COLUMNS_DEFAULT 80
#define ROWS_DEFAULT    24


void text_clean(char *s)
{
	size_t left = strlen(s), n;

	while (left) {

		const unsigned char c = (unsigned char)*s;

		n = utf8_char(s, left);
		if (!n) {
			n = 1;
			*s = '?';
		}
		else if (c < 0x20 || c == 0x7f || utf8_steers(s, n)) {
			memset(s, '?', n);
		}

		s += n;
		left -= n;
	}
}


static const char *local_time(char buf[TEXT_TIME], int64_t usec,
			      const char *fraction)
{
	const time_t t = (time_t)(usec / 1000000);
	char seconds[TEXT_TIME], zone[8];
	struct tm tm;

	if (usec < 0 || !localtime_r(&t, &tm) ||
	    !strftime(seconds, sizeof(seconds), "%Y-%m-%dT%H:%M:%S", &tm) ||
	    strftime(zone, sizeof(zone), "%z", &tm) != 5)
		return "-";

	/* strftime's zone is +0100, RFC 3339 §5.6 wants +01:00 */
	(void)snprintf(buf, TEXT_TIME, "%.19s%.4s%.3s:%.2s", seconds, fraction,
		       zone, zone + 3);

	return buf;
}


const char *text_time(char buf[TEXT_TIME], int64_t usec)
{
	return local_time(buf, usec, "");
}


const char *text_moment(char buf[TEXT_TIME], int64_t usec)
{
	char fraction[8];

	(void)snprintf(fraction, sizeof(fraction), ".%03d",
		       (int)(usec < 0 ? 0 : usec / 1000 % 1000));

	return local_time(buf, usec, fraction);
}


static const char *two_units(char buf[TEXT_DURATION], int64_t big, char unit,
			     int64_t small, char small_unit)
{
	(void)snprintf(buf, TEXT_DURATION, "%" PRId64 "%c%02d%c", big, unit,
		       (int)small, small_unit);

	return buf;
}


const char *text_duration(char buf[TEXT_DURATION], int64_t seconds)
{
	const int64_t minutes = seconds / 60, hours = minutes / 60;

	if (seconds < 0)
		return "-";

	if (hours >= 24)
		return two_units(buf, hours / 24, 'd', hours % 24, 'h');
	if (hours)
		return two_units(buf, hours, 'h', minutes % 60, 'm');
	if (minutes)
		return two_units(buf, minutes, 'm', seconds % 60, 's');

	(void)snprintf(buf, TEXT_DURATION, "%ds", (int)seconds);

	return buf;
}


int64_t text_now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts);

	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}


const char *text_clock(char buf[TEXT_TIME], int64_t usec)
{
	const time_t t = (time_t)(usec / 1000000);
	const time_t now = (time_t)(text_now() / 1000000);
	struct tm tm, today;

	if (!text_terminal() || usec < 0 || !localtime_r(&t, &tm) ||
	    !localtime_r(&now, &today))
		return text_time(buf, usec);

	if (tm.tm_yday == today.tm_yday && tm.tm_year == today.tm_year)
		(void)strftime(buf, TEXT_TIME, "%H:%M", &tm);
	else
		(void)strftime(buf, TEXT_TIME, "%Y-%m-%d %H:%M", &tm);

	return buf;
}


int64_t text_ago(int64_t usec)
{
	const int64_t now = text_now();

	if (usec < 0)
		return -1;

	return usec < now ? (now - usec) / 1000000 : 0;
}


/* Asked for each cell of a table, which may have many. */
bool text_terminal(void)
{
	static int terminal = -1;

	if (terminal < 0)
		terminal = isatty(STDOUT_FILENO);

	return terminal;
}


unsigned text_columns(void)
{
	struct winsize ws;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) || !ws.ws_col)
		return COLUMNS_DEFAULT;

	return ws.ws_col;
}


unsigned text_rows(void)
{
	struct winsize ws;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) || !ws.ws_row)
		return ROWS_DEFAULT;

	return ws.ws_row;
}


bool text_utf8(void)
{
	return !strcmp(nl_langinfo(CODESET), "UTF-8");
}


static bool coloured(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return text_terminal() && (!no || !no[0]) && term &&
	       strcmp(term, "dumb");
}


const char *text_colour(enum colour c)
{
	if (c == COLOUR_NONE || !coloured())
		return "";

	switch (c) {

	case COLOUR_GOOD:   return "\x1b[32m";
	case COLOUR_BAD:    return "\x1b[31m";
	case COLOUR_UNSURE: return "\x1b[33m";
	case COLOUR_HEAD:   return "\x1b[1m";
	case COLOUR_NONE:   break;
	}

	return "";
}


const char *text_colour_end(enum colour c)
{
	return c == COLOUR_NONE || !coloured() ? "" : "\x1b[0m";
}


size_t text_width(const char *s)
{
	size_t n = 0;

	/* bytes that begin a character */
	for (; *s; ++s)
		n += ((unsigned char)*s & 0xc0) != 0x80;

	return n;
}
