/* What a timer costs [ns] among many: insert, move, cancel. */

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "backoff.h"
#include "loop.h"
#include "timer.h"

#define TIMERS 100000


static double now_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);

	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}


static void handler(void *arg)
{
	(void)arg;
}


static int run(struct timer *v, msec_t *atv, msec_t base)
{
	static const char *const whatv[] = {
		"insert", "move", "move by 15 min", "cancel",
	};

	for (unsigned what = 0; what < 4; what++) {
		double start = now_ns();

		for (unsigned i = 0; i < TIMERS; i++) {
			msec_t at = base + atv[what == 1 ? TIMERS - 1 - i : i];

			if (what == 3)
				timer_cancel(&v[i]);
			else
				timer_start(&v[i], what == 2 ?
					    at + MINUTES(15) : at);
		}

		(void)printf("%-15s %6.1f ns\n", whatv[what],
			     (now_ns() - start) / TIMERS);
	}

	return 0;
}


int main(void)
{
	struct timer *v = calloc(TIMERS, sizeof(*v));
	msec_t *atv = calloc(TIMERS, sizeof(*atv));
	struct rng rng;
	int err = ENOMEM;

	rng_seed(&rng, 1);

	if (v && atv && !loop_init(NULL, NULL)) {
		for (unsigned i = 0; i < TIMERS; i++) {
			timer_init(&v[i], handler, NULL);
			atv[i] = rng_between(&rng, MINUTES(1), HOURS(1));
		}

		err = run(v, atv, loop_now());
		loop_close();
	}

	free(v);
	free(atv);

	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}
