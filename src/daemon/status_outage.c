/* How long nobody could call an account: read from its journal. */

#include "status_part.h"


/* Before the first outcome there is nothing to be said. */
static bool is_progress(const struct event *e)
{
	return e->reason == REASON_STARTING ||
		e->reason == REASON_RESOLVING ||
		e->reason == REASON_CONNECTING;
}


/* Calls reach it, or nothing speaks against that. */
static bool is_up(const struct event *e)
{
	return e->type == EVENT_VERDICT && e->registered &&
		e->reachable != REACHABLE_NO;
}


/* seq may wrap: by the shorter way round. */
static bool is_before(const struct event *a, const struct event *b)
{
	const uint32_t distance = b->seq - a->seq;

	return distance && distance <= INT32_MAX;
}


bool status_was_up(const struct journal *j, const struct event *e)
{
	const struct event *p;
	bool up = false;
	uint32_t i;

	for (i = 0; (p = journal_get(j, i)) && is_before(p, e); i++)
		if (p->type == EVENT_VERDICT)
			up = is_up(p);

	return up;
}


bool status_outage(struct outage *o, const struct journal *j,
		   const struct event *e)
{
	const struct event *p, *from = NULL;
	bool up = false;
	uint32_t i;

	o->whole = j->count < j->size;

	for (i = 0; (p = journal_get(j, i)) && is_before(p, e); i++) {

		if (p->type != EVENT_VERDICT)
			continue;

		if (is_up(p)) {
			up = o->whole = true;
			from = NULL;
		}
		else if (!from && (up || !is_progress(p))) {
			from = p;
			o->first = o->last = (enum reason)p->reason;
		}
		else if (!is_progress(p)) {
			o->last = (enum reason)p->reason;
		}
	}

	/* the clock may have been set back since */
	if (!from || !is_up(e) || e->at_usec < from->at_usec)
		return false;

	o->usec = (int64_t)(e->at_usec - from->at_usec) +
		(int64_t)from->value * 1000;
	o->silent = from->value > 0;

	return true;
}
