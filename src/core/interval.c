/* The keepalive interval that the network taught. */

#include "interval.h"


#define PERCENT 100


/* Without overflow, whatever a caller measured. */
static msec_t part_of(msec_t whole, unsigned percent)
{
	return whole / PERCENT * percent + whole % PERCENT * percent / PERCENT;
}


msec_t interval_age(const struct interval *i, msec_t now)
{
	return i->aged + (now > i->since ? now - i->since : 0);
}


/* For how long it stays as learned. */
static msec_t kept(const struct interval *i)
{
	msec_t wait = INTERVAL_KEPT;

	for (unsigned n = 1; n < i->deaths && wait < INTERVAL_KEPT_MAX; n++)
		wait *= 2;

	return clock_min(wait, INTERVAL_KEPT_MAX);
}


msec_t interval_at(const struct interval *i, msec_t normal, msec_t now)
{
	msec_t value, old = interval_age(i, now);
	msec_t wait = kept(i) + INTERVAL_GROWS;

	if (!i->learned)
		return normal;

	value = clock_max(i->learned, INTERVAL_LEAST);
	for (; old >= wait && value < normal; old -= INTERVAL_GROWS)
		value += part_of(value, INTERVAL_GROWTH);

	return clock_min(value, normal);
}


/* It was as good as new for as long as it had been kept: what kills flows now
 * is not what killed them then. */
static bool forgotten(const struct interval *i, msec_t normal, msec_t now)
{
	return interval_age(i, now) > 2 * kept(i) &&
		interval_at(i, normal, now) == normal;
}


bool interval_on_death(struct interval *i, msec_t idle, msec_t normal,
		       msec_t now)
{
	const msec_t present = interval_at(i, normal, now);
	const msec_t learned = clock_max(part_of(idle, INTERVAL_SHRINK),
					 INTERVAL_LEAST);

	if (!idle || idle < present / 2 || learned >= present)
		return false;

	if (forgotten(i, normal, now))
		i->deaths = 0;
	if (i->deaths < UINT32_MAX)
		++i->deaths;

	i->learned = learned;
	i->idle = idle;
	i->since = now;
	i->aged = 0;

	return true;
}


void interval_restore(struct interval *i, msec_t learned, msec_t idle,
		      msec_t age, unsigned deaths, msec_t now)
{
	*i = (struct interval){
		.learned = learned,
		.idle = idle,
		.since = now,
		.aged = age,
		.deaths = deaths,
	};
}


bool interval_learned(const struct interval *i, msec_t normal, msec_t now)
{
	return interval_at(i, normal, now) < normal;
}
