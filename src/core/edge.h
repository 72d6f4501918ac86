/* One edge: the address a flow goes to, up or down, and who may go there when.
 *
 * While an edge is down its accounts do not each knock at it: they queue, and
 * one connect attempt for all of them tells when it is back. Then they return,
 * paced. A 503 with Retry-After holds the edge for everybody.
 *
 * Once all of them have gone to another address of the name nobody knocks any
 * more, and "down" becomes an old story: after EDGE_STALE whoever makes a new
 * flow may try the edge again. That first connect is the knock, and until it
 * has an outcome nobody else comes near.
 *
 * Flows that are doubted are so together when an edge stalls, or when the NAT
 * has lost its memory. One of them is replaced first; if that works the others
 * follow, else the next one tries (DESIGN §4). */

#ifndef EDGE_H
#define EDGE_H

#include <stdbool.h>
#include "clock.h"
#include "pace.h"


#define EDGE_KNOCK_FAST     SECONDS(1)   /* between knocks at first ... */
#define EDGE_KNOCK_FAST_FOR SECONDS(60)  /* ... for so long, then doubling */
#define EDGE_KNOCK_MAX      SECONDS(30)
#define EDGE_LOCAL_EVERY    SECONDS(10)  /* a knock for a local event */
#define EDGE_TRUST          SECONDS(10)  /* a replacement that worked: others
					    follow for so long */
#define EDGE_FIRST_MAX      SECONDS(10)  /* then the next one may try, too */
#define EDGE_STALE          SECONDS(60)  /* without a knock: twice the longest
					    wait between two */

struct edge {
	bool down;               /* a connect failed, no proven flow is left */
	bool knocking;           /* the one attempt is under way */
	bool doubted;            /* it was down for too long without a knock:
				    nobody knows; if it fails, its waits go on
				    where they were */
	unsigned proven;         /* proven flows that it has now */
	msec_t down_since;
	msec_t tried_at;         /* last knock or failure, while down */
	msec_t knock_at;         /* when the next attempt may start */
	msec_t knock_wait;       /* the last wait between two */
	msec_t local_at;         /* last knock for a local event; NEVER: none */
	msec_t hold_until;       /* Retry-After of a 503; 0: none */
	bool replacing;          /* the first doubted flow is being replaced, */
	msec_t replacing_since;  /* for so long */
	msec_t trusted_until;    /* that worked */
	struct pace connects, registers, replacements;
};


void edge_init(struct edge *e, uint32_t connects, uint32_t registers,
	       struct bucket *all_connects, struct bucket *all_registers,
	       msec_t now);

/* A connect or handshake failed. Down only if no proven flow is left. On an
 * edge that is down it ends the knock and sets the time of the next. */
void edge_on_failed(struct edge *e, msec_t now);

/* The knock ended without an outcome (its account was stopped), which says
 * nothing about the edge: somebody else knocks in EDGE_KNOCK_FAST. */
void edge_on_given_up(struct edge *e, msec_t now);

/* A connection stands: the edge is up. */
void edge_on_connected(struct edge *e);

/* True: it is the first one, after none at all: who waits because of this edge
 * need not wait any longer. */
bool edge_on_proven(struct edge *e);
void edge_on_proven_lost(struct edge *e);

/* A 503 that names a time: nobody sends there before. Never shortens. */
void edge_on_hold(struct edge *e, msec_t until);

/* The operator ends a hold. */
void edge_end_hold(struct edge *e);

/* What an earlier run knew, before anybody asks: held until then (0: not), and
 * down when it was tried last (NEVER: it was up). What was tried EDGE_STALE ago
 * is not believed any more, otherwise whoever comes first knocks, at once. */
void edge_restore(struct edge *e, msec_t hold_until, msec_t tried_at,
		  msec_t now);

/* Something local changed that makes success likelier: knock now, at most
 * once in EDGE_LOCAL_EVERY, and let the waits grow from the start again. */
void edge_on_local_event(struct edge *e, msec_t now);

/* The replacement of the first doubted flow has REGISTERed, or came to nothing:
 * the flow answered after all, broke, or cannot be replaced. */
void edge_on_replaced(struct edge *e, msec_t now);
void edge_on_not_replaced(struct edge *e);

/* The next one that may connect (or REGISTER) now, or NULL. On an edge that is
 * down the one that may connect is the knock: it must end in edge_on_failed(),
 * edge_on_connected() or edge_on_given_up(). If nobody had knocked for
 * EDGE_STALE the edge is not down meanwhile, and a failure is news to those who
 * queue. */
struct pace_node *edge_next_connect(struct edge *e, msec_t now);
struct pace_node *edge_next_register(struct edge *e, msec_t now);

/* The next doubted flow to be replaced. If that makes e->replacing true it is
 * the first one, and must end in edge_on_replaced() or edge_on_not_replaced().
 */
struct pace_node *edge_next_replacement(struct edge *e, msec_t now);

/* Down or held, or the knock tells in a moment: other addresses of the name are
 * tried first. Nobody is told to avoid what is down since EDGE_STALE without a
 * knock. */
bool edge_avoid(const struct edge *e, msec_t now);

/* When one of the two can give somebody; NEVER if nobody asks. */
msec_t edge_deadline(const struct edge *e, msec_t now);

#endif
