/* The site's public address, as its STUN servers tell it over time: when to ask
 * which of them, what is a change, and when a word counts no more.
 *
 * A server is compared with what it said itself: address pools and symmetric
 * NATs show other addresses to other servers (DESIGN §7). Ports say nothing, as
 * each question may come from another one. A server that says something else
 * again and again is not believed until it has been of one mind for a while, so
 * that it can cause a few verifications and no storm (SCENARIOS N10). */

#ifndef PUBADDR_H
#define PUBADDR_H

#include <stdbool.h>
#include "addr.h"
#include "backoff.h"
#include "clock.h"


#define PUBADDR_SERVERS   2
#define PUBADDR_FLAPS     3              /* so many changes ... */
#define PUBADDR_FLAP_TIME MINUTES(10)    /* ... within this: it flaps, until it
					    has said the same for ... */
#define PUBADDR_STEADY    MINUTES(10)
#define PUBADDR_ASK_MIN   SECONDS(1)     /* between questions, for whatever
					    reason */

/* What is to be done. */
enum {
	PUBADDR_ASK   = 1 << 0,          /* ask p->server now; what was asked
					    before counts no more */
	PUBADDR_MOVED = 1 << 1,          /* the address is another one */
};

/* What one server says. */
struct pubaddr_word {
	struct addr last;                /* its last word */
	struct addr believed;
	msec_t since;                    /* it says the last one */
	msec_t changedv[PUBADDR_FLAPS];  /* when; 0: never */
	unsigned changes;                /* so far */
	bool flapping;
};

struct pubaddr {
	msec_t interval;
	struct rng rng;
	unsigned servers;                /* 1 or 2 */
	unsigned server;                 /* that is asked, from 0 */
	unsigned answered;               /* that answered last */
	bool asking;
	bool local;                      /* an event of ours since the last
					    answer: a change is no flapping */
	msec_t ask_at, asked_at;
	struct pubaddr_word wordv[PUBADDR_SERVERS];
};


/* `interval`: [ms] between questions, 90 to 100 % of it at random, so that many
 * of us do not ask all at once. The first is due now. */
void pubaddr_init(struct pubaddr *p, msec_t interval, unsigned servers,
		  uint64_t seed, msec_t now);

/* Time has passed. Bits. */
unsigned pubaddr_tick(struct pubaddr *p, msec_t now);

/* p->server answered. Bits; never PUBADDR_MOVED for the first answer. */
unsigned pubaddr_on_answer(struct pubaddr *p, const struct addr *addr,
			   msec_t now);

/* No answer from p->server, or none of use: the other one is asked, or the next
 * round is awaited. The address is what it was. Bits. */
unsigned pubaddr_on_silence(struct pubaddr *p, msec_t now);

/* The network of this machine has changed. Bits. */
unsigned pubaddr_on_network(struct pubaddr *p, msec_t now);

/* The last word of who answered last; ADDR_NONE: nobody yet. */
const struct addr *pubaddr_addr(const struct pubaddr *p);

/* Is that one's word of no weight now? */
bool pubaddr_flapping(const struct pubaddr *p);

/* When to tick; NEVER while one is asked. */
msec_t pubaddr_deadline(const struct pubaddr *p);

#endif
