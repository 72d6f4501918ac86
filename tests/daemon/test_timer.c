/* timer.c: order, moving, cancelling, and what handlers may do. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include "harness.h"
#include "timer.h"


#define MANY 1000

static struct timer timerv[MANY];
static msec_t firedv[MANY];
static unsigned fired;


static void setup(void)
{
	fired = 0;
	harness_setup();
}


static void count_handler(void *arg)
{
	(void)arg;
	++fired;
}


static void note_handler(void *arg)
{
	struct timer *t = arg;

	ck_assert_uint_lt(fired, MANY);
	firedv[fired++] = (msec_t)(t - timerv);
}


static bool all_fired(void *arg)
{
	return fired == *(unsigned *)arg;
}


START_TEST(timers_fire_in_order_of_their_deadlines)
{
	msec_t now = loop_now(), atv[MANY], last = 0;
	unsigned n = MANY;

	for (unsigned i = 0; i < MANY; i++) {
		atv[i] = now + 1 + (i * 7919) % 40;
		timer_init(&timerv[i], note_handler, &timerv[i]);
		timer_start(&timerv[i], atv[i]);
	}

	ck_assert(harness_wait(all_fired, &n, 5000));

	for (unsigned i = 0; i < MANY; i++) {
		ck_assert_uint_le(last, atv[firedv[i]]);
		last = atv[firedv[i]];
	}
}
END_TEST


START_TEST(a_timer_never_fires_before_its_deadline)
{
	struct timer t;
	msec_t at = loop_now() + 30;

	timer_init(&t, count_handler, NULL);
	timer_start(&t, at);
	ck_assert_uint_eq(at, t.at);

	ck_assert(harness_wait(harness_count, &fired, 5000));
	ck_assert_uint_ge(loop_now(), at);
	ck_assert_uint_eq(NEVER, t.at);
	ck_assert_uint_eq(0, t.index);
	ck_assert_uint_eq(1, fired);
}
END_TEST


START_TEST(a_past_deadline_fires_from_the_loop_and_not_before)
{
	struct timer t;

	timer_init(&t, count_handler, NULL);
	timer_start(&t, 0);
	ck_assert_uint_eq(0, fired);

	ck_assert(harness_wait(harness_count, &fired, 5000));
}
END_TEST


START_TEST(a_moved_timer_fires_once_and_at_the_new_time)
{
	struct timer sooner, later;
	msec_t now = loop_now();

	timer_init(&sooner, count_handler, NULL);
	timer_init(&later, count_handler, NULL);

	timer_start(&sooner, now + HOURS(1));
	timer_start(&later, now + 1);
	timer_start(&sooner, now + 5);
	timer_start(&later, now + HOURS(1));
	ck_assert_uint_eq(2, timers_count());

	ck_assert(harness_wait(harness_count, &fired, 5000));
	ck_assert_uint_eq(NEVER, sooner.at);
	ck_assert_uint_eq(now + HOURS(1), later.at);

	harness_run(20);
	ck_assert_uint_eq(1, fired);
	timer_cancel(&later);
}
END_TEST


START_TEST(a_cancelled_timer_does_not_fire)
{
	struct timer t, never;

	timer_init(&t, count_handler, NULL);
	timer_init(&never, count_handler, NULL);
	timer_cancel(&t);

	timer_start(&t, loop_now() + 5);
	timer_start(&never, loop_now() + 5);
	timer_cancel(&t);
	timer_cancel(&t);
	timer_start(&never, NEVER);

	ck_assert_uint_eq(NEVER, t.at);
	ck_assert_uint_eq(0, timers_count());
	harness_run(20);
	ck_assert_uint_eq(0, fired);
}
END_TEST


static void again_handler(void *arg)
{
	++fired;
	timer_start(arg, 0);
}


static bool has_gone_on(void *arg)
{
	const unsigned *before = arg;

	return fired > *before + 2;
}


START_TEST(a_timer_that_starts_itself_for_now_starves_nobody)
{
	struct timer t;
	unsigned before = fired;

	timer_init(&t, again_handler, &t);
	timer_start(&t, 0);

	/* The loop came back from it, so others had their turn, many times. */
	ck_assert(harness_wait(has_gone_on, &before, 1000));
	before = fired;
	harness_run(20);
	ck_assert(harness_wait(has_gone_on, &before, 1000));

	timer_cancel(&t);
}
END_TEST


static void free_handler(void *arg)
{
	struct timer **v = arg;

	++fired;

	/* Frees itself and its neighbour, which is due as well. */
	for (unsigned i = 0; i < 2; i++) {
		timer_cancel(v[i]);
		free(v[i]);
	}
}


START_TEST(a_handler_may_free_timers_that_are_due)
{
	struct timer *v[2];

	for (unsigned i = 0; i < 2; i++) {
		v[i] = malloc(sizeof(*v[i]));
		ck_assert_ptr_nonnull(v[i]);
		timer_init(v[i], free_handler, v);
		timer_start(v[i], 0);
	}

	ck_assert(harness_wait(harness_count, &fired, 5000));
	harness_run(5);
	ck_assert_uint_eq(1, fired);
	ck_assert_uint_eq(0, timers_count());
}
END_TEST


START_TEST(random_moves_and_cancels_keep_the_order)
{
	msec_t now = loop_now(), atv[MANY], last = 0;
	unsigned n = 0;

	srand(1);
	for (unsigned i = 0; i < MANY; i++)
		timer_init(&timerv[i], note_handler, &timerv[i]);

	for (unsigned i = 0; i < 50 * MANY; i++) {
		struct timer *t = &timerv[rand() % MANY];

		if (rand() % 3)
			timer_start(t, now -
						(msec_t)(rand() % 1000));
		else
			timer_cancel(t);
	}

	for (unsigned i = 0; i < MANY; i++) {
		atv[i] = timerv[i].at;
		n += timerv[i].index > 0;
	}

	ck_assert_uint_eq(n, timers_count());
	ck_assert_uint_gt(n, MANY / 2);
	ck_assert(harness_wait(all_fired, &n, 5000));

	for (unsigned i = 0; i < n; i++) {
		ck_assert_uint_ne(NEVER, atv[firedv[i]]);
		ck_assert_uint_le(last, atv[firedv[i]]);
		last = atv[firedv[i]];
	}
}
END_TEST


/* Sanitizers and valgrind need the address space that this test denies. */
static bool fired_twice(void *arg)
{
	(void)arg;

	return fired >= 2;
}


/* [bytes] of this process. */
static rlim_t mapped(void)
{
	unsigned long pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(fscanf(f, "%lu", &pages), 1);
	fclose(f);

	return pages * (rlim_t)sysconf(_SC_PAGESIZE);
}


static bool limited_memory(void)
{
	enum { ROOM = 8 << 20 };     /* [bytes] */
	const char *preload = getenv("LD_PRELOAD");
	struct rlimit lim = {mapped() + ROOM, RLIM_INFINITY};

#if defined(__SANITIZE_ADDRESS__)
	return false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
	return false;
#endif
#endif
	if (preload && strstr(preload, "vgpreload"))
		return false;

	return !setrlimit(RLIMIT_AS, &lim);
}


START_TEST(without_memory_a_timer_fires_a_little_later)
{
	enum { PLENTY = 1 << 21 };
	struct timer *v = calloc(PLENTY, sizeof(*v));
	unsigned n;

	ck_assert_ptr_nonnull(v);
	if (!limited_memory()) {
		printf("timer: a checker is at work, memory cannot be "
		       "limited\n");
		free(v);
		return;
	}

	for (n = 0; n < PLENTY; n++) {
		timer_init(&v[n], count_handler, NULL);
		timer_start(&v[n], loop_now() + HOURS(1));
		if (v[n].homeless)
			break;
	}

	ck_assert_uint_lt(n, PLENTY);
	ck_assert_uint_gt(n, 1000);
	ck_assert_uint_eq(n, timers_count());

	/* What is in the heap can still be moved, and fires. (The harness needs
	 * room for a timer of its own.) */
	timer_cancel(&v[0]);
	timer_start(&v[n - 1], 0);
	ck_assert(harness_wait(harness_count, &fired, 5000));

	/* The other one fires as soon as there is room, or is cancelled. */
	timer_start(&v[n], loop_now());
	ck_assert(harness_wait(fired_twice, NULL, 5000));
	timer_start(&v[n], loop_now() + HOURS(1));
	timer_cancel(&v[n]);
	ck_assert(!v[n].homeless);
	timers_close();
	free(v);
}
END_TEST


START_TEST(a_timer_survives_the_heap)
{
	struct timer t;

	timer_init(&t, count_handler, NULL);
	timer_start(&t, loop_now() + HOURS(1));

	timers_close();
	ck_assert_uint_eq(0, t.index);
	timer_cancel(&t);
	timer_start(&t, loop_now());
	ck_assert_uint_eq(NEVER, t.at);
	ck_assert_int_eq(0, timers_init());
	timer_start(&t, 0);
	ck_assert(harness_wait(harness_count, &fired, 5000));
}
END_TEST


Suite *suite_timer(void);

Suite *suite_timer(void)
{
	Suite *s = suite_create("timer");
	TCase *tc = tcase_create("timer");

	tcase_add_checked_fixture(tc, setup, harness_teardown);
	tcase_add_test(tc, timers_fire_in_order_of_their_deadlines);
	tcase_add_test(tc, a_timer_never_fires_before_its_deadline);
	tcase_add_test(tc, a_past_deadline_fires_from_the_loop_and_not_before);
	tcase_add_test(tc, a_moved_timer_fires_once_and_at_the_new_time);
	tcase_add_test(tc, a_cancelled_timer_does_not_fire);
	tcase_add_test(tc, a_timer_that_starts_itself_for_now_starves_nobody);
	tcase_add_test(tc, a_handler_may_free_timers_that_are_due);
	tcase_add_test(tc, random_moves_and_cancels_keep_the_order);
	tcase_add_test(tc, without_memory_a_timer_fires_a_little_later);
	tcase_add_test(tc, a_timer_survives_the_heap);
	suite_add_tcase(s, tc);

	return s;
}
