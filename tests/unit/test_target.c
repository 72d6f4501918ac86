/* core/target.c */

#include <check.h>
#include "target.h"


Suite *suite_target(void);


static struct target t;
static struct rng rng;


static void setup(void)
{
	rng_seed(&rng, 1);
	t = (struct target){0};
}


static void resolved(unsigned count, uint32_t down)
{
	target_on_resolved(&t, count, down, &rng);
}


static void failed(void)
{
	target_on_failed(&t, &rng);
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
	ck_assert_uint_eq(t.count, 32);
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
	suite_add_tcase(s, tc);

	return s;
}
