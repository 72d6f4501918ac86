/* One edge: the address a flow goes to, up or down, and who may go there. */

#include <stddef.h>
#include "edge.h"


void edge_init(struct edge *e, uint32_t connects, uint32_t registers,
	       struct bucket *all_connects, struct bucket *all_registers,
	       msec_t now)
{
	*e = (struct edge){ .local_at = NEVER };
	pace_init(&e->connects, connects, all_connects, now);
	pace_init(&e->registers, registers, all_registers, now);
	pace_init(&e->replacements, 0, NULL, now);
}


static void go_up(struct edge *e)
{
	e->down = false;
	e->knocking = false;
	e->doubted = false;
}


/* Down, and nobody has looked for so long that it may be long over. */
static bool is_stale(const struct edge *e, msec_t now)
{
	return e->down && !e->knocking &&
		clock_left(e->tried_at + EDGE_STALE, now) == 0;
}


static void knock_again(struct edge *e, msec_t now)
{
	if (clock_left(e->down_since + EDGE_KNOCK_FAST_FOR, now) == 0)
		e->knock_wait = clock_min(2 * e->knock_wait, EDGE_KNOCK_MAX);

	e->knocking = false;
	e->tried_at = now;
	e->knock_at = now + e->knock_wait;
}


static void go_down(struct edge *e, msec_t now)
{
	e->down = true;
	e->down_since = now;
	e->tried_at = now;
	e->knock_wait = EDGE_KNOCK_FAST;
	e->knock_at = now + e->knock_wait;
}


void edge_on_failed(struct edge *e, msec_t now)
{
	if (e->proven)
		return;

	if (e->doubted) {
		e->doubted = false;
		e->down = true;
		knock_again(e, now);
	}
	else if (!e->down) {
		go_down(e, now);
	}
	else if (e->knocking) {  /* else it began before the edge went down */
		knock_again(e, now);
	}
}


void edge_on_given_up(struct edge *e, msec_t now)
{
	if (!e->knocking)
		return;

	e->knocking = false;
	e->knock_at = now + EDGE_KNOCK_FAST;
}


void edge_on_connected(struct edge *e)
{
	go_up(e);
}


bool edge_on_proven(struct edge *e)
{
	++e->proven;
	go_up(e);

	return e->proven == 1;
}


void edge_on_proven_lost(struct edge *e)
{
	if (e->proven)
		--e->proven;
}


void edge_on_hold(struct edge *e, msec_t until)
{
	e->hold_until = clock_max(e->hold_until, until);
}


void edge_end_hold(struct edge *e)
{
	e->hold_until = 0;
}


void edge_restore(struct edge *e, msec_t hold_until, msec_t tried_at,
		  msec_t now)
{
	edge_on_hold(e, hold_until);

	if (tried_at == NEVER || clock_left(tried_at + EDGE_STALE, now) == 0)
		return;

	go_down(e, now);
	e->tried_at = tried_at;
	e->knock_at = now;
}


void edge_on_local_event(struct edge *e, msec_t now)
{
	if (!e->down)
		return;
	if (e->local_at != NEVER &&
	    clock_left(e->local_at + EDGE_LOCAL_EVERY, now) > 0)
		return;

	e->local_at = now;
	e->knock_wait = EDGE_KNOCK_FAST;
	e->knock_at = now;
}


void edge_on_replaced(struct edge *e, msec_t now)
{
	e->replacing = false;
	e->trusted_until = now + EDGE_TRUST;
}


void edge_on_not_replaced(struct edge *e)
{
	e->replacing = false;
}


/* The earliest time for a connect, whoever asks. */
static msec_t connects_from(const struct edge *e)
{
	if (e->knocking)
		return NEVER;
	if (!e->down)
		return e->hold_until;

	return clock_max(e->hold_until, e->knock_at);
}


struct pace_node *edge_next_connect(struct edge *e, msec_t now)
{
	struct pace_node *node;

	if (now < connects_from(e))
		return NULL;

	node = pace_next(&e->connects, now);
	if (!node || !e->down)
		return node;

	e->doubted = is_stale(e, now);
	e->down = !e->doubted;
	e->knocking = true;
	e->tried_at = now;

	return node;
}


struct pace_node *edge_next_register(struct edge *e, msec_t now)
{
	if (now < e->hold_until)
		return NULL;

	return pace_next(&e->registers, now);
}


/* The first one alone, unless that works, or takes too long: on UDP a flow that
 * is silent does not even die. */
static msec_t replacements_from(const struct edge *e, msec_t now)
{
	if (!e->replacing || now < e->trusted_until)
		return now;

	return e->replacing_since + EDGE_FIRST_MAX;
}


struct pace_node *edge_next_replacement(struct edge *e, msec_t now)
{
	struct pace_node *node;

	if (now < replacements_from(e, now))
		return NULL;

	node = pace_next(&e->replacements, now);
	if (node && now >= e->trusted_until) {
		e->replacing = true;
		e->replacing_since = now;
	}

	return node;
}


msec_t edge_deadline(const struct edge *e, msec_t now)
{
	const msec_t replace = clock_max(pace_deadline(&e->replacements, now),
					 replacements_from(e, now));
	msec_t connect = pace_deadline(&e->connects, now);
	msec_t reg = pace_deadline(&e->registers, now);

	/* max() keeps NEVER: nobody asks, or the knock is under way */
	return clock_min(replace,
			 clock_min(clock_max(connect, connects_from(e)),
				   clock_max(reg, e->hold_until)));
}


bool edge_avoid(const struct edge *e, msec_t now)
{
	return (e->down && !is_stale(e, now)) || e->knocking ||
		now < e->hold_until;
}
