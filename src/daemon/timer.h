/* Timers: a 4-ary heap of absolute deadlines on one CLOCK_BOOTTIME timerfd.
 *
 * A timer lives inside its owner and is never allocated. Starting one again
 * moves it; a handler may start, cancel or free anything. */

#ifndef TIMER_H
#define TIMER_H

#include <stdbool.h>
#include <stdint.h>
#include "clock.h"


#define TIMER_HOMELESS 1000      /* [ms] how late it may then be */

typedef void (timer_h)(void *arg);

struct timer {
	msec_t at;               /* NEVER: not started */
	timer_h *h;
	void *arg;
	struct timer *next;      /* while there is no room in the heap */
	uint32_t index;          /* in the heap, from 1; 0: not in it */
	bool homeless;           /* started, but not in the heap */
};

int timers_init(void);           /* after libre; loop_init() calls it */
void timers_close(void);
unsigned timers_count(void);

/* To be called once per timer before anything else. */
void timer_init(struct timer *t, timer_h *h, void *arg);

/* Fires at `at` (at once if it has passed, but never before the return to the
 * loop); NEVER cancels. It cannot fail: without memory for the heap to grow
 * the timer waits in a list that is looked through every TIMER_HOMELESS. */
void timer_start(struct timer *t, msec_t at);
void timer_cancel(struct timer *t);

#endif
