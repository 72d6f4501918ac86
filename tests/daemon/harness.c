/* A running loop per test, and waiting for an outcome instead of sleeping. */

#include <stdlib.h>
#include "harness.h"
#include "timer.h"


#define LOOK_EVERY 1     /* [ms] */

struct wait {
	bool (*done)(void *);
	void *arg;
	msec_t end;
	struct timer timer;
};


void harness_setup(void)
{
	ck_assert_int_eq(0, loop_init(NULL, NULL));
}


void harness_teardown(void)
{
	loop_close();
}


unsigned harness_patience(unsigned msec)
{
	const char *text = getenv("CK_TIMEOUT_MULTIPLIER");
	const double times = text ? strtod(text, NULL) : 1;

	return times > 1 ? (unsigned)(msec * times) : msec;
}


static void look_handler(void *arg)
{
	struct wait *w = arg;
	msec_t now = loop_now();

	if (now >= w->end || (w->done && w->done(w->arg)))
		loop_stop();
	else
		timer_start(&w->timer, now + LOOK_EVERY);
}


bool harness_wait(bool (*done)(void *), void *arg, unsigned msec)
{
	struct wait w = {
		.done = done,
		.arg = arg,
		.end = loop_now() + (done ? harness_patience(msec) : msec),
	};

	timer_init(&w.timer, look_handler, &w);
	look_handler(&w);
	if (w.timer.index)
		ck_assert_int_eq(0, loop_run());

	timer_cancel(&w.timer);

	return done ? done(arg) : true;
}


void harness_run(unsigned msec)
{
	(void)harness_wait(NULL, NULL, msec);
}


bool harness_flag(void *arg)
{
	return *(bool *)arg;
}


bool harness_count(void *arg)
{
	return *(unsigned *)arg > 0;
}
