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


const char *account_moment(char buf[ACCOUNT_MOMENT], const char *prefix,
			   const struct odict *o, const char *key)
{
	const int64_t usec = value_int(o, key, -1);
	int64_t seconds = (text_now() - usec) / 1000000;
	char time[TEXT_TIME], duration[TEXT_DURATION];

	buf[0] = '\0';

	if (usec < 0)
		return buf;

	/* the wall clock may have been set back since */
	if (seconds < 0)
		seconds = 0;

	(void)snprintf(buf, ACCOUNT_MOMENT, "%s %s (%s ago)", prefix,
		       text_time(time, usec), text_duration(duration, seconds));

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
