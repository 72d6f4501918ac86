/* Reads the ACCOUNT of List and Status. */

#include <stdio.h>
#include <string.h>
#include "account.h"
#include "value.h"


const char *account_string(const struct odict *o, const char *key)
{
	const char *s = odict_string(o, key);

	return s && s[0] ? s : "-";
}


const char *account_registered(const struct odict *a)
{
	return value_true(a, "registered") ? "yes" : "no";
}


enum colour account_registered_colour(const struct odict *a)
{
	return value_true(a, "registered") ? COLOUR_GOOD : COLOUR_BAD;
}


enum colour account_reachable_colour(const struct odict *a)
{
	const char *s = account_string(a, "reachable");

	if (!strcmp(s, "yes"))
		return COLOUR_GOOD;

	return strcmp(s, "no") ? COLOUR_UNSURE : COLOUR_BAD;
}


bool account_unwanted(const struct odict *a)
{
	return value_true(a, "paused") || (value_has(a, "enabled") &&
					   !value_true(a, "enabled"));
}


const char *account_mark(const struct odict *a)
{
	const char *s = account_string(a, "reachable");

	if (account_unwanted(a))
		return "-";
	if (!strcmp(s, "yes"))
		return text_utf8() ? "\xe2\x97\x8f" : "*";    /* U+25CF */
	if (!strcmp(s, "no"))
		return text_utf8() ? "\xe2\x9c\x95" : "x";    /* U+2715 */

	return text_utf8() ? "\xe2\x97\x8b" : "?";            /* U+25CB */
}


enum colour account_mark_colour(const struct odict *a)
{
	return account_unwanted(a) ? COLOUR_NONE : account_reachable_colour(a);
}


int64_t account_since(const struct odict *a)
{
	const int64_t reg = value_int(a, "registered_since_usec", -1);
	const int64_t reach = value_int(a, "reachable_since_usec", -1);

	return reg > reach ? reg : reach;
}


const char *account_moment(char buf[ACCOUNT_MOMENT], const char *prefix,
			   const struct odict *o, const char *key)
{
	const int64_t usec = value_int(o, key, -1);
	char time[TEXT_TIME], duration[TEXT_DURATION];

	buf[0] = '\0';

	if (usec < 0)
		return buf;

	(void)snprintf(buf, ACCOUNT_MOMENT, "%s %s (%s ago)", prefix,
		       text_time(time, usec),
		       text_duration(duration, text_ago(usec)));

	return buf;
}


static int flow_rank(const struct odict *flow)
{
	const char *state = account_string(flow, "state");
	const bool alive = !strcmp(state, "proven") || !strcmp(state, "up");

	return 2 * value_true(flow, "registered") + alive;
}


const struct odict *account_flow(const struct odict *a)
{
	const struct odict *flows = value_array(a, "flows"), *flow;
	const struct odict *best = value_element(flows, 0);
	size_t i;

	for (i = 1; (flow = value_element(flows, i)); i++) {
		if (flow_rank(flow) > flow_rank(best))
			best = flow;
	}

	return best;
}
