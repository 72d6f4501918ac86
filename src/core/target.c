/* Which of the resolved addresses a registration goes to next. */

#include <string.h>
#include "target.h"


static uint32_t bit(unsigned index)
{
	return UINT32_C(1) << index;
}


/* Those that count: not where another flow of the account goes. */
static uint32_t usable(const struct target *t)
{
	const uint32_t all = t->list.count < TARGET_MAX
		? bit(t->list.count) - 1 : UINT32_MAX;
	const uint32_t left = all & ~t->list.taken;

	return left ? left : all;
}


static uint32_t untried(const struct target *t)
{
	return usable(t) & ~t->failed;
}


/* Which number is the n-th bit of the mask? */
static uint8_t nth(uint32_t mask, unsigned n)
{
	uint8_t i = 0;

	while (!(mask & bit(i)) || n--)
		++i;

	return i;
}


static unsigned count(uint32_t mask)
{
	unsigned n = 0;

	for (; mask; mask &= mask - 1)
		++n;

	return n;
}


/* Any of the mask. */
static uint8_t draw_of(uint32_t mask, struct rng *rng)
{
	return nth(mask, (unsigned)rng_between(rng, 0, count(mask) - 1U));
}


static void choose(struct target *t, struct rng *rng)
{
	const uint32_t left = untried(t);

	t->parked = !left && t->list.count;
	if (left)
		t->index = nth(left, 0);
	else
		t->index = t->list.count ? draw_of(usable(t), rng) : 0;
}


/* All have failed: any of them, but not the one that did so just now. */
static void park_elsewhere(struct target *t, unsigned last, struct rng *rng)
{
	const uint32_t others = usable(t) & ~bit(last);

	if (others)
		t->index = draw_of(others, rng);
}


void target_init(struct target *t)
{
	memset(t, 0, sizeof(*t));
	t->rival = TARGET_NONE;
}


void target_on_resolved(struct target *t, const struct target_list *l,
			struct rng *rng)
{
	t->list = *l;
	if (t->list.count > TARGET_MAX)
		t->list.count = TARGET_MAX;

	/* A knock at an edge that is down is its last failure, known to all. */
	t->failed = l->down;
	t->rival = TARGET_NONE;

	choose(t, rng);
}


void target_on_failed(struct target *t, unsigned index, struct rng *rng)
{
	t->failed |= bit(index);
	t->list.down &= ~bit(index);

	if (index == t->rival) {
		t->rival = TARGET_NONE;
		return;
	}

	if (t->rival != TARGET_NONE) {
		t->index = t->rival;
		t->rival = TARGET_NONE;
		return;
	}

	choose(t, rng);

	if (t->parked)
		park_elsewhere(t, index, rng);
}


void target_set_taken(struct target *t, uint32_t taken)
{
	t->list.taken = taken;
}


static uint32_t better_than(const struct target *t, uint8_t rank)
{
	uint32_t mask = 0;
	unsigned i;

	for (i = 0; i < t->list.count; i++)
		if (t->list.rankv[i] < rank)
			mask |= bit(i);

	return mask & usable(t);
}


void target_only_better(struct target *t, uint8_t rank, struct rng *rng)
{
	t->failed |= ~better_than(t, rank);
	choose(t, rng);
}


void target_any(struct target *t)
{
	t->failed = t->list.down;
}


/* Preferred to it, taken or not. */
static bool is_listed_better(const struct target *t, uint8_t rank)
{
	unsigned i;

	for (i = 0; i < t->list.count; i++)
		if (t->list.rankv[i] < rank)
			return true;

	return false;
}


/* Of a preferred name nothing may be known yet. */
bool target_has_better(const struct target *t)
{
	const uint8_t rank = t->list.rankv[t->index];

	return better_than(t, rank) || (rank && !is_listed_better(t, rank));
}


void target_on_connected(struct target *t, unsigned index)
{
	t->index = (uint8_t)index;
	t->rival = TARGET_NONE;
}


/* TARGET_NONE: there is nobody. */
static uint8_t find_rival(const struct target *t)
{
	const struct target_list *l = &t->list;
	const uint32_t left = untried(t);
	unsigned i;

	for (i = 0; i < l->count; i++) {

		if (!(left & bit(i)) || l->groupv[i] != l->groupv[t->index])
			continue;

		if (!(l->ipv6 & bit(i)) != !(l->ipv6 & bit(t->index)))
			return (uint8_t)i;
	}

	return TARGET_NONE;
}


bool target_race(struct target *t)
{
	if (t->parked || t->rival != TARGET_NONE)
		return false;

	t->rival = find_rival(t);

	return t->rival != TARGET_NONE;
}


bool target_may_race(const struct target *t)
{
	return !t->parked && t->rival == TARGET_NONE &&
		find_rival(t) != TARGET_NONE;
}


bool target_has_other(const struct target *t)
{
	return (untried(t) & ~bit(t->index)) != 0;
}


bool target_stream(const struct target *t)
{
	return (t->list.stream & bit(t->index)) != 0;
}


/* --- the order of SRV records --- */

/* RFC 2782: weight 0 has "a very small chance of being selected". */
#define WEIGHT_SCALE 256

static uint32_t chance(const struct target_srv *s)
{
	return s->weight ? s->weight * UINT32_C(1) * WEIGHT_SCALE : 1;
}


/* One of those that are left, of the lowest priority, by weight. */
static unsigned draw(const struct target_srv *v, unsigned n, uint32_t taken,
		     struct rng *rng)
{
	uint16_t priority = UINT16_MAX;
	uint32_t all = 0, reach;
	unsigned i;

	for (i = 0; i < n; i++)
		if (!(taken & bit(i)) && v[i].priority < priority)
			priority = v[i].priority;

	for (i = 0; i < n; i++)
		if (v[i].priority != priority)
			taken |= bit(i);
		else if (!(taken & bit(i)))
			all += chance(&v[i]);

	reach = (uint32_t)rng_between(rng, 1, all);

	for (i = 0; taken & bit(i) || reach > chance(&v[i]); i++)
		if (!(taken & bit(i)))
			reach -= chance(&v[i]);

	return i;
}


void target_order(uint8_t *orderv, const struct target_srv *v, unsigned n,
		  struct rng *rng)
{
	uint32_t taken = 0;
	unsigned i;

	if (n > TARGET_MAX)
		n = TARGET_MAX;

	for (i = 0; i < n; i++) {
		orderv[i] = (uint8_t)draw(v, n, taken, rng);
		taken |= bit(orderv[i]);
	}
}
