/* The last events of an account, a ring in memory of the caller. */

#include <stddef.h>
#include "journal.h"


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


const struct event *journal_add(struct journal *j, const struct event *e)
{
	struct event *slot;

	if (!j->size)
		return NULL;

	slot = &j->eventv[j->next];
	*slot = *e;
	slot->seq = ++j->seq;

	if (++j->next == j->size)
		j->next = 0;
	if (j->count < j->size)
		++j->count;

	return slot;
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
	uint32_t oldest;

	if (i >= j->count)
		return NULL;

	/* Until the ring is full it starts at 0, then where the next goes. */
	oldest = j->count < j->size ? 0 : j->next;

	return &j->eventv[((uint64_t)oldest + i) % j->size];
}
