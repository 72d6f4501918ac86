/* Which of the resolved addresses a registration goes to next. */

#include "target.h"


static uint32_t untried(const struct target *t)
{
	uint32_t all = t->count < 32 ? (UINT32_C(1) << t->count) - 1
				     : UINT32_MAX;

	return all & ~t->failed;
}


static void choose(struct target *t, struct rng *rng)
{
	uint32_t left = untried(t);

	t->parked = !left && t->count;
	t->index = 0;

	if (left) {
		while (!(left & UINT32_C(1) << t->index))
			++t->index;
	}
	else if (t->count) {
		t->index = (uint8_t)rng_between(rng, 0, t->count - 1U);
	}
}


/* All have failed: any of them, but not the one that did so just now. */
static void park_elsewhere(struct target *t, uint8_t last, struct rng *rng)
{
	t->index = (uint8_t)((last + rng_between(rng, 1, t->count - 1U)) %
			     t->count);
}


void target_on_resolved(struct target *t, unsigned count, uint32_t down,
			struct rng *rng)
{
	t->count = (uint8_t)(count < TARGET_MAX ? count : TARGET_MAX);

	/* A knock at an edge that is down is its last failure, known to all. */
	t->failed = down;

	choose(t, rng);
}


void target_on_failed(struct target *t, struct rng *rng)
{
	const uint8_t last = t->index;

	t->failed |= UINT32_C(1) << last;
	choose(t, rng);

	if (t->parked && t->count > 1)
		park_elsewhere(t, last, rng);
}


bool target_has_other(const struct target *t)
{
	return (untried(t) & ~(UINT32_C(1) << t->index)) != 0;
}
