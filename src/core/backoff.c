/* Waits that grow with every failure in a row, and seeded random numbers. */

#include "backoff.h"


#define PERCENT  100
#define W_LOW    50      /* the wait is 50 to 100 % of W, RFC 5626 §4.5 */


void rng_seed(struct rng *rng, uint64_t seed)
{
	rng->state = seed;
}


/* SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number
 * Generators, 2014). */
uint64_t rng_next(struct rng *rng)
{
	uint64_t z = rng->state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;

	return z ^ z >> 31;
}


msec_t rng_between(struct rng *rng, msec_t low, msec_t high)
{
	msec_t span;

	if (high <= low)
		return low;

	span = high - low;
	if (span == UINT64_MAX)
		return rng_next(rng);

	/* The bias of a remainder is nothing to a wait. */
	return low + rng_next(rng) % (span + 1);
}


/* Without overflow, and never the sentinel. */
static msec_t scale(msec_t of, unsigned percent)
{
	msec_t whole = of / PERCENT;

	if (percent && whole >= (NEVER - 1) / percent - percent)
		return NEVER - 1;

	return whole * percent + of % PERCENT * percent / PERCENT;
}


msec_t rng_percent(struct rng *rng, msec_t of, unsigned low, unsigned high)
{
	return rng_between(rng, scale(of, low), scale(of, high));
}


msec_t backoff_wait(struct rng *rng, unsigned failures, msec_t base,
		    msec_t cap)
{
	msec_t w = cap;

	if (failures < 64 && base <= cap >> failures)
		w = base << failures;

	return rng_percent(rng, w, W_LOW, PERCENT);
}
