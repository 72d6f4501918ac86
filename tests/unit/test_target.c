/* core/target.c */

#include <check.h>
#include <string.h>
#include "target.h"


Suite *suite_target(void);


static struct target t;
static struct rng rng;


static void setup(void)
{
	rng_seed(&rng, 1);
	target_init(&t);
}


static void resolved(unsigned count, uint32_t down)
{
	const struct target_list list = {.count = count, .down = down};

	target_on_resolved(&t, &list, &rng);
}


static void failed(void)
{
	target_on_failed(&t, t.index, &rng);
}


START_TEST(the_first_is_used_first)
{
	resolved(3, 0);
	ck_assert_uint_eq(t.index, 0);
	ck_assert(!t.parked);
}
END_TEST


START_TEST(each_is_tried_once_and_then_it_parks)
{
	resolved(3, 0);
	failed();
	ck_assert_uint_eq(t.index, 1);
	failed();
	ck_assert_uint_eq(t.index, 2);
	ck_assert(!t.parked);
	failed();
	ck_assert(t.parked);
	ck_assert_uint_lt(t.index, 3);
}
END_TEST


START_TEST(those_that_are_down_are_passed_over)
{
	resolved(4, 1 << 0 | 1 << 2);
	ck_assert_uint_eq(t.index, 1);
	failed();
	ck_assert_uint_eq(t.index, 3);
	failed();
	ck_assert(t.parked);
}
END_TEST


START_TEST(all_down_parks_at_once)
{
	resolved(2, 1 << 0 | 1 << 1);
	ck_assert(t.parked);
}
END_TEST


START_TEST(the_parked_are_spread_over_all_edges)
{
	unsigned seen[3] = { 0 };

	for (unsigned i = 0; i < 3000; i++) {
		resolved(3, 7);
		++seen[t.index];
	}
	for (unsigned i = 0; i < 3; i++)
		ck_assert_uint_gt(seen[i], 900);
}
END_TEST


START_TEST(one_that_is_parked_and_fails_stays_parked)
{
	resolved(2, 3);
	failed();
	ck_assert(t.parked);
	ck_assert_uint_lt(t.index, 2);
}
END_TEST


START_TEST(a_fresh_list_begins_a_round)
{
	resolved(1, 0);
	failed();
	ck_assert(t.parked);
	resolved(1, 0);
	ck_assert(!t.parked);
	ck_assert_uint_eq(t.index, 0);
}
END_TEST


START_TEST(an_empty_list_is_no_target)
{
	resolved(0, 0);
	ck_assert(!t.parked);
	ck_assert(!target_has_other(&t));
	failed();
	ck_assert(!t.parked);
}
END_TEST


START_TEST(thirty_two_are_all_tried)
{
	resolved(32, 0);
	for (unsigned i = 0; i < 32; i++) {
		ck_assert(!t.parked);
		ck_assert_uint_eq(t.index, i);
		ck_assert(target_has_other(&t) == (i < 31));
		failed();
	}
	ck_assert(t.parked);
}
END_TEST


START_TEST(of_hundreds_thirty_two_are_looked_at)
{
	resolved(300, 0);
	ck_assert_uint_eq(t.list.count, 32);
}
END_TEST


START_TEST(there_is_another_while_one_has_not_failed)
{
	resolved(2, 0);
	ck_assert(target_has_other(&t));
	failed();
	ck_assert(!target_has_other(&t));
}
END_TEST


START_TEST(one_that_is_down_is_no_other)
{
	resolved(2, 1 << 1);
	ck_assert(!target_has_other(&t));
}
END_TEST


/* --- two families --- */

/* Hosts 0 and 1: IPv6, IPv4 each. */
static void families(uint32_t down)
{
	const struct target_list list = {
		.count = 4, .down = down, .ipv6 = 1 << 0 | 1 << 2,
		.groupv = {7, 7, 9, 9},
	};

	target_on_resolved(&t, &list, &rng);
}


START_TEST(the_rival_is_the_other_family_of_the_same_host)
{
	families(0);
	ck_assert(target_may_race(&t));
	ck_assert(target_race(&t));
	ck_assert_uint_eq(t.index, 0);
	ck_assert_uint_eq(t.rival, 1);
	/* one is enough */
	ck_assert(!target_may_race(&t));
	ck_assert(!target_race(&t));
	ck_assert_uint_eq(t.rival, 1);
}
END_TEST


START_TEST(who_failed_or_is_down_is_no_rival)
{
	families(1 << 1);
	ck_assert(!target_may_race(&t));
	ck_assert(!target_race(&t));
	ck_assert_uint_eq(t.rival, TARGET_NONE);
	families(0);
	failed();
	ck_assert_uint_eq(t.index, 1);
	ck_assert(!target_race(&t));
}
END_TEST


START_TEST(another_host_or_the_same_family_is_no_rival)
{
	const struct target_list hosts = {
		.count = 2, .ipv6 = 1, .groupv = {0, 1},
	};
	const struct target_list family = {.count = 2, .groupv = {0, 0}};

	target_on_resolved(&t, &hosts, &rng);
	ck_assert(!target_race(&t));
	target_on_resolved(&t, &family, &rng);
	ck_assert(!target_race(&t));
}
END_TEST


START_TEST(the_parked_do_not_race)
{
	families(15);
	ck_assert(t.parked);
	ck_assert(!target_may_race(&t));
	ck_assert(!target_race(&t));
}
END_TEST


START_TEST(a_rival_that_fails_leaves_the_first_alone)
{
	families(0);
	target_race(&t);
	target_on_failed(&t, 1, &rng);
	ck_assert_uint_eq(t.index, 0);
	ck_assert_uint_eq(t.rival, TARGET_NONE);
	ck_assert(!target_race(&t));
	failed();
	ck_assert_uint_eq(t.index, 2);
}
END_TEST


START_TEST(when_the_first_fails_the_rival_is_the_present_one)
{
	families(0);
	target_race(&t);
	target_on_failed(&t, 0, &rng);
	ck_assert_uint_eq(t.index, 1);
	ck_assert_uint_eq(t.rival, TARGET_NONE);
	failed();
	ck_assert_uint_eq(t.index, 2);
	ck_assert(target_race(&t));
	ck_assert_uint_eq(t.rival, 3);
}
END_TEST


START_TEST(who_connects_is_the_present_one)
{
	families(0);
	target_race(&t);
	target_on_connected(&t, 1);
	ck_assert_uint_eq(t.index, 1);
	ck_assert_uint_eq(t.rival, TARGET_NONE);
	/* the loser did not fail */
	ck_assert(target_has_other(&t));
}
END_TEST


START_TEST(each_address_has_its_transport)
{
	const struct target_list list = {.count = 2, .stream = 1 << 1};

	target_on_resolved(&t, &list, &rng);
	ck_assert(!target_stream(&t));
	failed();
	ck_assert(target_stream(&t));
}
END_TEST


/* "Down" of the list is what others told: our own try is better news. */
START_TEST(what_we_tried_ourselves_is_not_down_by_hearsay)
{
	resolved(2, 1 << 1);
	failed();
	ck_assert(t.parked);
	ck_assert_uint_eq(t.index, 1);
	ck_assert_uint_eq(t.list.down, 1 << 1);
	failed();
	ck_assert_uint_eq(t.list.down, 0);
	ck_assert(t.parked);
}
END_TEST


/* --- RFC 2782 --- */

static uint8_t orderv[TARGET_MAX];

#define order(v) \
	target_order(orderv, v, sizeof(v) / sizeof((v)[0]), &rng)


/* How often in 10000 each was the first. */
static void first_of(unsigned *firstv, const struct target_srv *v, unsigned n)
{
	for (unsigned i = 0; i < 10000; i++) {
		target_order(orderv, v, n, &rng);
		++firstv[orderv[0]];
	}
}


START_TEST(lower_priorities_go_first_whatever_their_weights)
{
	static const struct target_srv v[] = {
		{30, 65535}, {10, 0}, {UINT16_MAX, 1}, {0, 5}, {20, 100},
	};

	order(v);
	ck_assert_uint_eq(orderv[0], 3);
	ck_assert_uint_eq(orderv[1], 1);
	ck_assert_uint_eq(orderv[2], 4);
	ck_assert_uint_eq(orderv[3], 0);
	ck_assert_uint_eq(orderv[4], 2);
}
END_TEST


START_TEST(within_a_priority_the_weights_decide)
{
	static const struct target_srv v[] = {{1, 60}, {1, 30}, {1, 10}};
	unsigned firstv[3] = {0};

	first_of(firstv, v, 3);
	ck_assert_uint_gt(firstv[0], 5700);
	ck_assert_uint_lt(firstv[0], 6300);
	ck_assert_uint_gt(firstv[1], 2700);
	ck_assert_uint_lt(firstv[1], 3300);
	ck_assert_uint_gt(firstv[2], 800);
	ck_assert_uint_lt(firstv[2], 1200);
}
END_TEST


START_TEST(weight_zero_is_seldom_the_first_but_sometimes)
{
	static const struct target_srv v[] = {{1, 0}, {1, 1}};
	unsigned firstv[2] = {0};

	first_of(firstv, v, 2);
	ck_assert_uint_gt(firstv[0], 10);
	ck_assert_uint_lt(firstv[0], 100);
}
END_TEST


START_TEST(weights_of_zero_alone_are_drawn_evenly)
{
	static const struct target_srv v[] = {{1, 0}, {1, 0}, {1, 0}, {1, 0}};
	unsigned firstv[4] = {0};

	first_of(firstv, v, 4);
	for (unsigned i = 0; i < 4; i++) {
		ck_assert_uint_gt(firstv[i], 2200);
		ck_assert_uint_lt(firstv[i], 2800);
	}
}
END_TEST


START_TEST(each_record_is_named_once)
{
	struct target_srv v[TARGET_MAX];
	uint32_t seen = 0;

	for (unsigned i = 0; i < TARGET_MAX; i++)
		v[i] = (struct target_srv){(uint16_t)(i % 5), UINT16_MAX};

	order(v);
	for (unsigned i = 0; i < TARGET_MAX; i++)
		seen |= UINT32_C(1) << orderv[i];
	ck_assert_uint_eq(seen, UINT32_MAX);
	for (unsigned i = 1; i < TARGET_MAX; i++)
		ck_assert_uint_ge(v[orderv[i]].priority,
				  v[orderv[i - 1]].priority);
}
END_TEST


START_TEST(of_more_records_than_there_is_room_for_the_rest_is_left)
{
	static const struct target_srv v[TARGET_MAX + 8];
	uint8_t more[TARGET_MAX + 8];

	memset(more, 0xee, sizeof(more));
	target_order(more, v, TARGET_MAX + 8, &rng);
	ck_assert_uint_lt(more[TARGET_MAX - 1], TARGET_MAX);
	ck_assert_uint_eq(more[TARGET_MAX], 0xee);
	target_order(more, v, 0, &rng);
}
END_TEST


/* Each is preferred to the next. */
static void ranked(unsigned count, uint32_t down, uint32_t taken)
{
	struct target_list list = {
		.count = count, .down = down, .taken = taken,
	};

	for (unsigned i = 0; i < count; i++)
		list.rankv[i] = (uint8_t)i;
	target_on_resolved(&t, &list, &rng);
}


START_TEST(where_another_flow_goes_this_one_does_not)
{
	ranked(3, 0, 1 << 0);
	ck_assert_uint_eq(t.index, 1);
	failed();
	ck_assert_uint_eq(t.index, 2);
	for (unsigned i = 0; i < 20; i++) {
		failed();
		ck_assert(t.parked);
		ck_assert_uint_ne(t.index, 0);
	}
}
END_TEST


START_TEST(where_all_are_taken_any_will_do)
{
	ranked(2, 0, 3);
	ck_assert_uint_eq(t.index, 0);
	failed();
	ck_assert_uint_eq(t.index, 1);
	ck_assert(!t.parked);
}
END_TEST


START_TEST(what_is_taken_meanwhile_counts_for_the_next_choice)
{
	ranked(3, 0, 0);
	target_set_taken(&t, 1 << 1);
	ck_assert(target_has_other(&t));
	failed();
	ck_assert_uint_eq(t.index, 2);
	ck_assert(!target_has_other(&t));
}
END_TEST


START_TEST(a_better_one_is_of_higher_preference_and_free)
{
	ranked(3, 0, 0);
	target_on_connected(&t, 0);
	ck_assert(!target_has_better(&t));
	target_on_connected(&t, 2);
	ck_assert(target_has_better(&t));
	target_set_taken(&t, 3);
	ck_assert(!target_has_better(&t));

	/* what is preferred has no address at the moment */
	ranked(2, 0, 0);
	t.list.rankv[0] = 1;
	t.list.rankv[1] = 2;
	target_on_connected(&t, 0);
	ck_assert(target_has_better(&t));

	/* two of the same preference */
	resolved(2, 0);
	target_on_connected(&t, 1);
	ck_assert(!target_has_better(&t));
}
END_TEST


START_TEST(in_a_round_for_better_ones_only_they_are_tried)
{
	ranked(4, 1 << 0, 0);
	target_only_better(&t, 2, &rng);
	ck_assert_uint_eq(t.index, 1);
	failed();
	ck_assert(t.parked);

	ranked(4, 3, 0);
	target_only_better(&t, 2, &rng);
	ck_assert(t.parked);
	ranked(4, 0, 0);
	target_only_better(&t, 0, &rng);
	ck_assert(t.parked);
}
END_TEST


Suite *suite_target(void)
{
	Suite *s = suite_create("target");
	TCase *tc = tcase_create("target");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, the_first_is_used_first);
	tcase_add_test(tc, each_is_tried_once_and_then_it_parks);
	tcase_add_test(tc, those_that_are_down_are_passed_over);
	tcase_add_test(tc, all_down_parks_at_once);
	tcase_add_test(tc, the_parked_are_spread_over_all_edges);
	tcase_add_test(tc, one_that_is_parked_and_fails_stays_parked);
	tcase_add_test(tc, a_fresh_list_begins_a_round);
	tcase_add_test(tc, an_empty_list_is_no_target);
	tcase_add_test(tc, thirty_two_are_all_tried);
	tcase_add_test(tc, of_hundreds_thirty_two_are_looked_at);
	tcase_add_test(tc, there_is_another_while_one_has_not_failed);
	tcase_add_test(tc, one_that_is_down_is_no_other);
	tcase_add_test(tc, each_address_has_its_transport);
	tcase_add_test(tc, what_we_tried_ourselves_is_not_down_by_hearsay);
	suite_add_tcase(s, tc);

	tc = tcase_create("preference");
	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, where_another_flow_goes_this_one_does_not);
	tcase_add_test(tc, where_all_are_taken_any_will_do);
	tcase_add_test(tc, what_is_taken_meanwhile_counts_for_the_next_choice);
	tcase_add_test(tc, a_better_one_is_of_higher_preference_and_free);
	tcase_add_test(tc, in_a_round_for_better_ones_only_they_are_tried);
	suite_add_tcase(s, tc);

	tc = tcase_create("two families");
	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, the_rival_is_the_other_family_of_the_same_host);
	tcase_add_test(tc, who_failed_or_is_down_is_no_rival);
	tcase_add_test(tc, another_host_or_the_same_family_is_no_rival);
	tcase_add_test(tc, the_parked_do_not_race);
	tcase_add_test(tc, a_rival_that_fails_leaves_the_first_alone);
	tcase_add_test(tc, when_the_first_fails_the_rival_is_the_present_one);
	tcase_add_test(tc, who_connects_is_the_present_one);
	suite_add_tcase(s, tc);

	tc = tcase_create("the order of SRV records");
	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, lower_priorities_go_first_whatever_their_weights);
	tcase_add_test(tc, within_a_priority_the_weights_decide);
	tcase_add_test(tc, weight_zero_is_seldom_the_first_but_sometimes);
	tcase_add_test(tc, weights_of_zero_alone_are_drawn_evenly);
	tcase_add_test(tc, each_record_is_named_once);
	tcase_add_test(tc,
		of_more_records_than_there_is_room_for_the_rest_is_left);
	suite_add_tcase(s, tc);

	return s;
}
