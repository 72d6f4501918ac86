/* What is left to chance, the same in every run. */

#include "sim.h"


msec_t sim_between(struct sim *s, msec_t low, msec_t high)
{
	return rng_between(&s->rng, low, high);
}


bool sim_one_in(struct sim *s, unsigned n)
{
	return rng_next(&s->rng) % n == 0;
}


/* Evenly in size: as many of minutes as of hours. */
msec_t sim_sized(struct sim *s, msec_t low, msec_t high)
{
	while (low * 2 < high && sim_one_in(s, 2))
		low *= 2;

	return sim_between(s, low, clock_min(low * 2, high));
}
