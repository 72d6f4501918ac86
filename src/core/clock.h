/* Monotonic time as the core sees it: milliseconds, given as an argument. */

#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>


/* [ms] on a clock that never steps and goes on during suspend */
typedef uint64_t msec_t;

/* The one sentinel: no deadline, never happened. Later than every time. */
#define NEVER UINT64_MAX

#define SECONDS(n) ((msec_t)(n) * 1000)
#define MINUTES(n) (SECONDS(n) * 60)
#define HOURS(n)   (MINUTES(n) * 60)


static inline msec_t clock_min(msec_t a, msec_t b)
{
	return a < b ? a : b;
}


static inline msec_t clock_max(msec_t a, msec_t b)
{
	return a > b ? a : b;
}


/* What is left until `at`, 0 when it has passed; NEVER stays NEVER. */
static inline msec_t clock_left(msec_t at, msec_t now)
{
	if (at == NEVER)
		return NEVER;

	return at > now ? at - now : 0;
}

#endif
