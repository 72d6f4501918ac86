/* Which of the resolved addresses a registration goes to next.
 *
 * The list itself belongs to the daemon; here it is a count and a mask. In one
 * round every address is tried once, those whose edge is known to be down
 * last of all: when nothing else is left the account parks at one of them, in
 * the queue for its next knock. */

#ifndef TARGET_H
#define TARGET_H

#include <stdbool.h>
#include <stdint.h>
#include "backoff.h"

#define TARGET_MAX 32    /* addresses of one name that are looked at */

struct target {
	uint32_t failed;         /* mask of addresses that failed this round */
	uint8_t count;           /* addresses; 0: not resolved */
	uint8_t index;           /* the one to use now */
	bool parked;             /* all failed: wait for the edge's knock */
};


/* A fresh list, the one to prefer first; of more than TARGET_MAX the rest is
 * left out. `down` masks those whose edge is down. */
void target_on_resolved(struct target *t, unsigned count, uint32_t down,
			struct rng *rng);

/* The present one failed: on to the next, or park at one of them all, drawn
 * at random, so that somebody knocks at each edge. */
void target_on_failed(struct target *t, struct rng *rng);

/* Is there another address that has not failed in this round? */
bool target_has_other(const struct target *t);

#endif
