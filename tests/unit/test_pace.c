/* core/pace.c (SCENARIOS T15) */

#include <check.h>
#include "backoff.h"
#include "pace.h"


#define NODES 2000

Suite *suite_pace(void);


static struct pace p;
static struct pace_node nodev[NODES];


static void setup(void)
{
	for (unsigned i = 0; i < NODES; i++)
		nodev[i] = (struct pace_node){ .owner = &nodev[i] };
}


static void ask(unsigned i, enum pace_class class)
{
	pace_ask(&p, &nodev[i], class);
}


static void check_next(unsigned i, msec_t now)
{
	ck_assert_ptr_eq(pace_next(&p, now), &nodev[i]);
}


static void check_nobody(msec_t now)
{
	ck_assert_ptr_null(pace_next(&p, now));
}


START_TEST(all_can_be_sent_away_at_once_in_the_order_of_their_turn)
{
	struct pace_node *node;

	pace_init(&p, 1, NULL, 0);
	ask(0, PACE_NEW);
	ask(1, PACE_RETURN);
	ask(2, PACE_NEW);
	node = pace_take_all(&p);
	ck_assert_ptr_eq(node, &nodev[1]);
	ck_assert_ptr_eq(node->next, &nodev[0]);
	ck_assert_ptr_eq(node->next->next, &nodev[2]);
	ck_assert_ptr_null(node->next->next->next);
	ck_assert(!pace_asked(&nodev[0]));
	ck_assert_ptr_null(pace_take_all(&p));
	check_nobody(1000);
}
END_TEST


START_TEST(a_tenth_of_a_second_goes_at_once)
{
	pace_init(&p, 40, NULL, 0);
	for (unsigned i = 0; i < 10; i++)
		ask(i, PACE_NEW);
	for (unsigned i = 0; i < 4; i++)
		check_next(i, 0);
	check_nobody(0);
}
END_TEST


START_TEST(then_one_goes_every_25_ms_at_40_per_second)
{
	pace_init(&p, 40, NULL, 0);
	for (unsigned i = 0; i < 10; i++)
		ask(i, PACE_NEW);
	for (unsigned i = 0; i < 4; i++)
		check_next(i, 0);
	for (unsigned i = 4; i < 10; i++) {
		msec_t at = 25 * (i - 3);

		ck_assert_uint_eq(pace_deadline(&p, at - 1), at);
		check_nobody(at - 1);
		check_next(i, at);
	}
}
END_TEST


START_TEST(at_least_one_goes_at_once)
{
	pace_init(&p, 1, NULL, 5000);
	ask(0, PACE_NEW);
	ask(1, PACE_NEW);
	check_next(0, 5000);
	check_nobody(5999);
	check_next(1, 6000);
}
END_TEST


START_TEST(rate_0_is_no_limit)
{
	pace_init(&p, 0, NULL, 0);
	for (unsigned i = 0; i < NODES; i++)
		ask(i, PACE_NEW);
	ck_assert_uint_eq(pace_deadline(&p, 7), 7);
	for (unsigned i = 0; i < NODES; i++)
		check_next(i, 7);
	check_nobody(7);
}
END_TEST


START_TEST(a_long_rest_saves_no_more_than_the_burst)
{
	pace_init(&p, 40, NULL, 0);
	for (unsigned i = 0; i < 10; i++)
		ask(i, PACE_NEW);
	for (unsigned i = 0; i < 4; i++)
		check_next(i, HOURS(24 * 365));
	check_nobody(HOURS(24 * 365));
}
END_TEST


START_TEST(the_end_of_time_does_not_overflow)
{
	pace_init(&p, UINT32_MAX, NULL, 0);
	ask(0, PACE_URGENT);
	ask(1, PACE_NEW);
	check_next(0, NEVER - 1);
	check_next(1, NEVER - 1);
}
END_TEST


START_TEST(urgent_comes_before_return_before_new)
{
	pace_init(&p, 0, NULL, 0);
	ask(0, PACE_NEW);
	ask(1, PACE_RETURN);
	ask(2, PACE_URGENT);
	ask(3, PACE_RETURN);
	check_next(2, 0);
	check_next(1, 0);
	check_next(3, 0);
	check_next(0, 0);
}
END_TEST


START_TEST(who_was_reachable_last_returns_first)
{
	pace_init(&p, 0, NULL, 0);
	for (unsigned i = 0; i < 3; i++) {
		pace_set_seen(&nodev[i], 1000 * (i + 1));
		ask(i, PACE_RETURN);
	}
	ask(3, PACE_NEW);
	check_next(2, 0);
	check_next(1, 0);
	check_next(0, 0);
	check_next(3, 0);
}
END_TEST


START_TEST(each_fourth_turn_is_for_who_waits_longest)
{
	pace_init(&p, 0, NULL, 0);
	ask(0, PACE_NEW);
	for (unsigned i = 1; i < 8; i++) {
		pace_set_seen(&nodev[i], 1000 * i);
		ask(i, PACE_RETURN);
	}
	check_next(7, 0);
	check_next(6, 0);
	check_next(5, 0);
	check_next(0, 0);
	check_next(4, 0);
	check_next(3, 0);
	check_next(2, 0);
	check_next(1, 0);
}
END_TEST


START_TEST(what_is_urgent_waits_for_nobody)
{
	pace_init(&p, 0, NULL, 0);
	ask(0, PACE_NEW);
	for (unsigned i = 1; i < 9; i++)
		ask(i, PACE_URGENT);
	for (unsigned i = 1; i < 9; i++)
		check_next(i, 0);
	check_next(0, 0);
}
END_TEST


START_TEST(a_place_in_the_queue_stays_what_it_is)
{
	pace_init(&p, 0, NULL, 0);
	pace_set_seen(&nodev[0], 2000);
	pace_set_seen(&nodev[1], 1000);
	ask(0, PACE_RETURN);
	ask(1, PACE_RETURN);
	pace_set_seen(&nodev[1], 3000);
	check_next(0, 0);
	check_next(1, 0);
}
END_TEST


START_TEST(what_is_always_sent_may_take_half_of_the_pace)
{
	ck_assert(!pace_is_tight(40, 20 * PACE_MESSAGE));
	ck_assert(pace_is_tight(40, 20 * PACE_MESSAGE + 1));
	ck_assert(!pace_is_tight(0, UINT32_MAX));
}
END_TEST


START_TEST(urgent_may_overdraw_by_one_second)
{
	pace_init(&p, 40, NULL, 0);
	for (unsigned i = 0; i < 50; i++)
		ask(i, PACE_URGENT);
	/* 4 that are there, and 40 on credit */
	for (unsigned i = 0; i < 44; i++)
		check_next(i, 0);
	check_nobody(0);
	ck_assert_uint_eq(pace_deadline(&p, 0), 25);
}
END_TEST


START_TEST(what_was_overdrawn_is_paid_back_by_the_others)
{
	pace_init(&p, 40, NULL, 0);
	for (unsigned i = 0; i < 44; i++) {
		ask(i, PACE_URGENT);
		check_next(i, 0);
	}
	ask(44, PACE_NEW);
	ck_assert_uint_eq(pace_deadline(&p, 0), 1025);
	check_nobody(1024);
	check_next(44, 1025);
}
END_TEST


START_TEST(a_message_needs_a_token_of_both_buckets)
{
	struct bucket overall;

	bucket_init(&overall, 10, 0);
	pace_init(&p, 40, &overall, 0);
	ask(0, PACE_NEW);
	ask(1, PACE_NEW);
	check_next(0, 0);
	ck_assert_uint_eq(pace_deadline(&p, 0), 100);
	check_nobody(99);
	check_next(1, 100);
}
END_TEST


START_TEST(the_overall_bucket_is_shared)
{
	struct pace other;
	struct bucket overall;

	bucket_init(&overall, 10, 0);
	pace_init(&p, 40, &overall, 0);
	pace_init(&other, 40, &overall, 0);
	ask(0, PACE_NEW);
	pace_ask(&other, &nodev[1], PACE_NEW);
	ck_assert_ptr_nonnull(pace_next(&other, 0));
	check_nobody(0);
	check_next(0, 100);
}
END_TEST


START_TEST(an_edge_without_limit_obeys_the_overall_one)
{
	struct bucket overall;

	bucket_init(&overall, 10, 0);
	pace_init(&p, 0, &overall, 0);
	ask(0, PACE_NEW);
	ask(1, PACE_NEW);
	check_next(0, 0);
	check_nobody(0);
}
END_TEST


START_TEST(urgent_may_overdraw_the_overall_one_too)
{
	struct bucket overall;

	bucket_init(&overall, 10, 0);
	pace_init(&p, 0, &overall, 0);
	for (unsigned i = 0; i < 12; i++)
		ask(i, PACE_URGENT);
	for (unsigned i = 0; i < 11; i++)
		check_next(i, 0);
	check_nobody(0);
}
END_TEST


START_TEST(a_clock_that_goes_back_gives_and_takes_nothing)
{
	pace_init(&p, 10, NULL, 5000);
	for (unsigned i = 0; i < 3; i++)
		ask(i, PACE_NEW);
	check_next(0, 5000);
	check_nobody(1000);
	ck_assert_uint_ge(pace_deadline(&p, 1000), 1000);
	check_next(1, 5100);
	check_nobody(5100);
}
END_TEST


START_TEST(after_the_clock_went_back_time_counts_from_there)
{
	pace_init(&p, 20, NULL, 5000);
	for (unsigned i = 0; i < 3; i++)
		ask(i, PACE_NEW);
	check_next(0, 5000);
	check_next(1, 1000);
	ck_assert_uint_eq(pace_deadline(&p, 1000), 1050);
	check_next(2, 1050);
}
END_TEST


START_TEST(asking_again_keeps_the_place)
{
	pace_init(&p, 0, NULL, 0);
	ask(0, PACE_NEW);
	ask(1, PACE_NEW);
	ask(0, PACE_NEW);
	ck_assert_uint_eq(p.count, 2);
	check_next(0, 0);
	check_next(1, 0);
	check_nobody(0);
}
END_TEST


START_TEST(asking_for_another_class_moves)
{
	pace_init(&p, 0, NULL, 0);
	ask(0, PACE_NEW);
	ask(1, PACE_NEW);
	ask(1, PACE_URGENT);
	check_next(1, 0);
	check_next(0, 0);
}
END_TEST


START_TEST(a_node_may_leave_from_any_place)
{
	for (unsigned leaver = 0; leaver < 3; leaver++) {
		pace_init(&p, 0, NULL, 0);
		for (unsigned i = 0; i < 3; i++)
			ask(i, PACE_NEW);
		pace_cancel(&p, &nodev[leaver]);
		ck_assert(!pace_asked(&nodev[leaver]));
		for (unsigned i = 0; i < 3; i++) {
			if (i != leaver)
				check_next(i, 0);
		}
		check_nobody(0);
		ck_assert_uint_eq(p.count, 0);
	}
}
END_TEST


START_TEST(the_only_node_knows_that_it_is_queued)
{
	pace_init(&p, 0, NULL, 0);
	ck_assert(!pace_asked(&nodev[0]));
	ask(0, PACE_NEW);
	ck_assert(pace_asked(&nodev[0]));
	check_next(0, 0);
	ck_assert(!pace_asked(&nodev[0]));
}
END_TEST


START_TEST(cancelling_what_is_not_queued_does_nothing)
{
	pace_init(&p, 0, NULL, 0);
	ask(0, PACE_NEW);
	pace_cancel(&p, &nodev[1]);
	ck_assert_uint_eq(p.count, 1);
}
END_TEST


START_TEST(nobody_asks_and_there_is_no_deadline)
{
	pace_init(&p, 40, NULL, 0);
	ck_assert_uint_eq(pace_deadline(&p, 0), NEVER);
	check_nobody(0);
}
END_TEST


static void drain(struct rng *rng, msec_t now)
{
	unsigned left = 60;

	for (unsigned i = 0; i < left; i++)
		ask(i, (enum pace_class)rng_between(rng, 0, 2));

	while (left) {
		msec_t at = pace_deadline(&p, now);

		ck_assert_uint_ge(at, now);
		if (at > now) {
			check_nobody(rng_between(rng, now, at - 1));
			check_nobody(at - 1);
			now = at;
		}
		ck_assert_ptr_nonnull(pace_next(&p, now));
		--left;

		/* time goes on, to a moment when no bucket is whole */
		if (rng_between(rng, 0, 3) == 0)
			now += rng_between(rng, 0, 3000);
	}
	ck_assert_uint_eq(pace_deadline(&p, now), NEVER);
}


START_TEST(the_deadline_is_exact_at_any_rate)
{
	struct bucket overall;
	struct rng rng;

	rng_seed(&rng, 1);
	for (unsigned n = 0; n < 500; n++) {
		msec_t now = rng_between(&rng, 0, 1000000);
		uint32_t rate = (uint32_t)rng_between(&rng, 0, 2000);
		uint32_t all = (uint32_t)rng_between(&rng, 1, 3000);

		bucket_init(&overall, all, now);
		pace_init(&p, rate, n % 2 ? &overall : NULL, now);
		drain(&rng, now);
	}
}
END_TEST


START_TEST(over_a_minute_the_rate_is_kept)
{
	unsigned sent = 0;

	pace_init(&p, 7, NULL, 0);
	for (msec_t now = 0; now < 60000; now++) {
		ask(0, PACE_NEW);
		sent += pace_next(&p, now) != NULL;
	}
	/* 7 * 60, and the one that was there */
	ck_assert_uint_eq(sent, 420);
}
END_TEST


Suite *suite_pace(void)
{
	Suite *s = suite_create("pace");
	TCase *tc = tcase_create("pace");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc,
		       all_can_be_sent_away_at_once_in_the_order_of_their_turn);
	tcase_add_test(tc, a_tenth_of_a_second_goes_at_once);
	tcase_add_test(tc, then_one_goes_every_25_ms_at_40_per_second);
	tcase_add_test(tc, at_least_one_goes_at_once);
	tcase_add_test(tc, rate_0_is_no_limit);
	tcase_add_test(tc, a_long_rest_saves_no_more_than_the_burst);
	tcase_add_test(tc, the_end_of_time_does_not_overflow);
	tcase_add_test(tc, urgent_comes_before_return_before_new);
	tcase_add_test(tc, who_was_reachable_last_returns_first);
	tcase_add_test(tc, each_fourth_turn_is_for_who_waits_longest);
	tcase_add_test(tc, what_is_urgent_waits_for_nobody);
	tcase_add_test(tc, a_place_in_the_queue_stays_what_it_is);
	tcase_add_test(tc, what_is_always_sent_may_take_half_of_the_pace);
	tcase_add_test(tc, urgent_may_overdraw_by_one_second);
	tcase_add_test(tc, what_was_overdrawn_is_paid_back_by_the_others);
	tcase_add_test(tc, a_message_needs_a_token_of_both_buckets);
	tcase_add_test(tc, the_overall_bucket_is_shared);
	tcase_add_test(tc, an_edge_without_limit_obeys_the_overall_one);
	tcase_add_test(tc, urgent_may_overdraw_the_overall_one_too);
	tcase_add_test(tc, a_clock_that_goes_back_gives_and_takes_nothing);
	tcase_add_test(tc, after_the_clock_went_back_time_counts_from_there);
	tcase_add_test(tc, asking_again_keeps_the_place);
	tcase_add_test(tc, asking_for_another_class_moves);
	tcase_add_test(tc, a_node_may_leave_from_any_place);
	tcase_add_test(tc, the_only_node_knows_that_it_is_queued);
	tcase_add_test(tc, cancelling_what_is_not_queued_does_nothing);
	tcase_add_test(tc, nobody_asks_and_there_is_no_deadline);
	tcase_add_test(tc, the_deadline_is_exact_at_any_rate);
	tcase_add_test(tc, over_a_minute_the_rate_is_kept);
	suite_add_tcase(s, tc);

	return s;
}
