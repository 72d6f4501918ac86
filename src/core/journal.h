/* The last events of an account with their reasons, in memory of the caller.
 *
 * An event is numbers only: texts are made when somebody asks, so that a
 * journal is small and nothing from the network is kept as a string.
 *
 * What happens every few minutes while all is well (refreshes, calls) would
 * soon have pushed out why nobody could call last night. So the oldest of such
 * routine goes first, until it has no more than a quarter of the room. Then the
 * details do that repeat themselves while something is wrong (answers, probes,
 * flows that are lost), until they have half of it: the verdicts stay, which
 * say since when, and why. */

#ifndef JOURNAL_H
#define JOURNAL_H

#include <stdbool.h>
#include <stdint.h>
#include "addr.h"
#include "verdict.h"


enum event_type {
	EVENT_VERDICT,           /* registered, reachable or reason changed;
				    value, if not reachable: [ms] for which that
				    may have been so already */
	EVENT_FLOW_UP,           /* value EVENT_TAKEN_OVER: it was up already,
				    in the process before this one */
	EVENT_FLOW_DOWN,         /* reason; value: [s] of silence before, 0: it
				    was not silent */
	EVENT_REGISTER_SENT,     /* value: CSeq */
	EVENT_RESPONSE,          /* code; value: granted lease [s] of a 200 */
	EVENT_MAPPING,           /* addr: the new one; value: mapping_news */
	EVENT_BINDING,           /* value: how many are not our present one,
				    code: of them ours; reason
				    binding-ghost-only: they come back, another
				    machine has our instance */
	EVENT_GHOST_REMOVED,     /* addr */
	EVENT_INBOUND,           /* code: our answer */
	EVENT_PROBE,             /* value: enum probe_result; code: answer;
				    reason probe-lost: a REGISTER follows */
	EVENT_CONFIG,
	EVENT_ADDRESS,           /* addr: the site's, or if value is 1 the
				    machine's own, is this now */
};
#define EVENT_COUNT (EVENT_ADDRESS + 1)
#define EVENT_TAKEN_OVER 1

const char *event_name(enum event_type t);       /* "register-sent" */

struct event {
	uint64_t at_usec;        /* CLOCK_REALTIME since 1970 [us] */
	uint32_t seq;            /* grows by one per event of the account */
	uint32_t value;          /* meaning by type */
	uint16_t code;           /* SIP status, 0: none */
	uint8_t type;            /* enum event_type */
	uint8_t reason;          /* enum reason */
	uint8_t flow;            /* flow id, 1 is the first; 0: the account */
	bool registered;         /* the verdict at that time */
	uint8_t reachable;       /* enum reachable */
	struct addr addr;
};

struct journal {
	struct event *eventv;    /* the caller's memory, the oldest first */
	uint32_t size;
	uint32_t count;          /* events in it, at most size */
	uint32_t seq;            /* of the newest; 0: none yet */
};


void journal_init(struct journal *j, struct event *eventv, uint32_t size);

/* Is it something that happens again and again while all is well: a REGISTER
 * sent, a response 2xx, 401 or 407, a flow that came up, a request from
 * outside, a probe that came back? */
bool event_routine(const struct event *e);

/* Copies *e in, gives it the next seq and returns the copy, which moves when
 * the next one comes; NULL without memory (size 0). */
const struct event *journal_add(struct journal *j, const struct event *e);

/* Puts an event of an earlier run back with the seq it had, the oldest first;
 * those added later go on from there. NULL without memory, or if it is not
 * later than what is there. */
const struct event *journal_restore(struct journal *j, const struct event *e);

/* The i-th event, 0 is the oldest kept; NULL past the newest. */
const struct event *journal_get(const struct journal *j, uint32_t i);

#endif
