/* The last events of an account, in memory of the caller. */

#include <string.h>
#include "answer.h"
#include "journal.h"
#include "probe.h"


/* The part of the room that each may keep: 1/4 and 1/2. */
#define ROUTINE_SHARE 4
#define DETAIL_SHARE  2


const char *event_name(enum event_type t)
{
	switch (t) {

	case EVENT_VERDICT:       return "verdict";
	case EVENT_FLOW_UP:       return "flow-up";
	case EVENT_FLOW_DOWN:     return "flow-down";
	case EVENT_REGISTER_SENT: return "register-sent";
	case EVENT_RESPONSE:      return "response";
	case EVENT_MAPPING:       return "mapping";
	case EVENT_BINDING:       return "binding";
	case EVENT_GHOST_REMOVED: return "ghost-removed";
	case EVENT_INBOUND:       return "inbound";
	case EVENT_PROBE:         return "probe";
	case EVENT_CONFIG:        return "config";
	case EVENT_ADDRESS:       return "address";
	}

	return "?";
}


void journal_init(struct journal *j, struct event *eventv, uint32_t size)
{
	*j = (struct journal){ .eventv = eventv, .size = eventv ? size : 0 };
}


bool event_routine(const struct event *e)
{
	switch ((enum event_type)e->type) {

	case EVENT_FLOW_UP:
	case EVENT_REGISTER_SENT:
	case EVENT_INBOUND:
		return true;

	case EVENT_RESPONSE:
		return answer_is_good(e->code) || answer_is_challenge(e->code);

	case EVENT_PROBE:
		return e->value == PROBE_PROVEN;

	case EVENT_VERDICT:
	case EVENT_FLOW_DOWN:
	case EVENT_MAPPING:
	case EVENT_BINDING:
	case EVENT_GHOST_REMOVED:
	case EVENT_CONFIG:
	case EVENT_ADDRESS:
		break;
	}

	return false;
}


/* Which one goes when there is no room. */
static uint32_t least_wanted(const struct journal *j)
{
	uint32_t routine = 0, routines = 0, detail = 0, details = 0;

	for (uint32_t i = j->count; i--; ) {
		if (event_routine(&j->eventv[i])) {
			routine = i;
			++routines;
		}
		else if (j->eventv[i].type != EVENT_VERDICT) {
			detail = i;
			++details;
		}
	}

	if (routines > j->size / ROUTINE_SHARE)
		return routine;

	return details > j->size / DETAIL_SHARE ? detail : 0;
}


static void forget(struct journal *j, uint32_t i)
{
	--j->count;
	memmove(&j->eventv[i], &j->eventv[i + 1],
		(j->count - i) * sizeof(*j->eventv));
}


const struct event *journal_add(struct journal *j, const struct event *e)
{
	struct event *place;

	if (!j->size)
		return NULL;
	if (j->count == j->size)
		forget(j, least_wanted(j));

	place = &j->eventv[j->count++];
	*place = *e;
	place->seq = ++j->seq;

	return place;
}


/* By the shorter way round, as seq may wrap. */
static bool later(uint32_t seq, uint32_t than)
{
	return seq != than && seq - than <= INT32_MAX;
}


const struct event *journal_restore(struct journal *j, const struct event *e)
{
	if (!j->size || (j->count && !later(e->seq, j->seq)))
		return NULL;

	j->seq = e->seq - 1;

	return journal_add(j, e);
}


const struct event *journal_get(const struct journal *j, uint32_t i)
{
	return i < j->count ? &j->eventv[i] : NULL;
}
