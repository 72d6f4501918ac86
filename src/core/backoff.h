/* Waits that grow with every failure in a row (RFC 5626 §4.5), and the seeded
 * random numbers that spread them. */

#ifndef BACKOFF_H
#define BACKOFF_H

#include "clock.h"


/* SplitMix64: the whole state is one word, so that it can live in every
 * object and a run can be repeated from its seed. Not for secrets. */
struct rng {
	uint64_t state;
};

void rng_seed(struct rng *rng, uint64_t seed);
uint64_t rng_next(struct rng *rng);

/* Uniform in [low, high]; low if high <= low. */
msec_t rng_between(struct rng *rng, msec_t low, msec_t high);

/* `of` scaled by a random factor of low..high percent; stays below NEVER. */
msec_t rng_percent(struct rng *rng, msec_t of, unsigned low, unsigned high);

/* The wait after `failures` failures in a row (1 or more), RFC 5626 §4.5:
 * W = min(cap, base * 2^failures), the wait uniform in 50..100 % of W. */
msec_t backoff_wait(struct rng *rng, unsigned failures, msec_t base,
		    msec_t cap);

#endif
