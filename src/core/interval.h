/* The keepalive interval that the network taught: flows that died in silence
 * after being idle for so long want pings more often than that.
 *
 * It shrinks at once and grows slowly: a NAT that has forgotten a flow after 20
 * seconds will do so again, one that was restarted will not. */

#ifndef INTERVAL_H
#define INTERVAL_H

#include <stdbool.h>
#include "clock.h"


#define INTERVAL_SHRINK  75              /* [%] of the idle time that killed */
#define INTERVAL_LEAST   SECONDS(5)      /* no NAT seen forgets sooner */
#define INTERVAL_KEPT    HOURS(24)       /* before it grows; doubles ... */
#define INTERVAL_KEPT_MAX (HOURS(24) * 32)       /* ... with every death */
#define INTERVAL_GROWTH  10              /* [%] per INTERVAL_GROWS */
#define INTERVAL_GROWS   HOURS(1)

struct interval {
	msec_t learned;          /* 0: nothing learned */
	msec_t idle;             /* the idle time that taught it; 0 */
	msec_t since;            /* when */
	unsigned deaths;         /* that it learned from */
	msec_t aged;             /* as old as that it was at `since` already: it
				    is of an earlier run, maybe of an earlier
				    boot */
};


/* A flow was found dead after it had been idle for `idle` [ms], while nothing
 * else explains it. `normal` [ms]: the interval without this. Idle times under
 * half of what interval_at() says, and 0, teach nothing: that was no regular
 * silence. True: the interval is shorter now. */
bool interval_on_death(struct interval *i, msec_t idle, msec_t normal,
		       msec_t now);

/* The interval in force [ms], at most `normal`. */
msec_t interval_at(const struct interval *i, msec_t normal, msec_t now);

/* How old it is now [ms]. */
msec_t interval_age(const struct interval *i, msec_t now);

/* What an earlier run learned, and was `age` [ms] old: it goes on from
 * there. */
void interval_restore(struct interval *i, msec_t learned, msec_t idle,
		      msec_t age, unsigned deaths, msec_t now);

/* Is it below `normal` for what was learned? */
bool interval_learned(const struct interval *i, msec_t normal, msec_t now);

#endif
