/* How values look: times, durations, colours; and what a terminal may get. */

#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TEXT_TIME     32         /* bytes for text_time() */
#define TEXT_DURATION 24         /* bytes for text_duration() */

enum colour {
	COLOUR_NONE,
	COLOUR_GOOD,
	COLOUR_BAD,
	COLOUR_UNSURE,
	COLOUR_HEAD,
};


/* Overwrites with '?' what could steer a terminal or disguise a line: control
 * characters (C0, DEL, C1) and those that turn the direction of writing. */
void text_clean(char *s);

/* RFC 3339 local time of CLOCK_REALTIME microseconds. "-" if `usec` < 0. */
const char *text_time(char buf[TEXT_TIME], int64_t usec);

/* The same with milliseconds, for events. */
const char *text_moment(char buf[TEXT_TIME], int64_t usec);

/* Two units at most: 12s, 58m12s, 1h02m, 3d04h. "-" if negative. */
const char *text_duration(char buf[TEXT_DURATION], int64_t seconds);

/* CLOCK_REALTIME since 1970 [us] */
int64_t text_now(void);

/* A time for a sentence. On a terminal as short as it is clear: 14:02 of today,
 * else with the day in front; to a program as text_time(). */
const char *text_clock(char buf[TEXT_TIME], int64_t usec);

/* So many seconds ago; 0 if it is yet to come: the wall clock may have been set
 * back since. Negative if `usec` is. */
int64_t text_ago(int64_t usec);

bool text_terminal(void);        /* stdout is one */
unsigned text_columns(void);     /* of it; 80 if it does not say */
unsigned text_rows(void);        /* of it; 24 if it does not say */

/* May there be characters beyond ASCII? As the locale says. */
bool text_utf8(void);

#define TEXT_CUT (text_utf8() ? "\xe2\x80\xa6" : "~") /* one column: U+2026 */

/* Escape sequences, empty where colour is unwanted: not a terminal, a dumb
 * one, or $NO_COLOR is set (and not empty, https://no-color.org). */
const char *text_colour(enum colour c);
const char *text_colour_end(enum colour c);

/* Columns a string takes, one per character. */
size_t text_width(const char *s);

#endif
