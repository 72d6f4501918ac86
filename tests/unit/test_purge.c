/* core/purge.c (SCENARIOS O5b) */

#include <check.h>
#include "purge.h"


Suite *suite_purge(void);


static struct purge p;


static void setup(void)
{
	purge_reset(&p);
}


START_TEST(a_ghost_that_was_never_removed_is_nobody_elses)
{
	for (unsigned n = 0; n < 10; n++)
		ck_assert(!purge_on_listed(&p, 7));
	ck_assert(!p.cloned);
}
END_TEST


START_TEST(o5b_one_that_comes_back_twice_is_another_machines)
{
	purge_on_removed(&p, 7);
	ck_assert(!purge_on_listed(&p, 7));
	ck_assert(!p.cloned);
	purge_on_removed(&p, 7);
	ck_assert(purge_on_listed(&p, 7));
	ck_assert(p.cloned);
}
END_TEST


START_TEST(o5b_it_is_said_once)
{
	for (uint64_t key = 1; key < 3; key++) {
		for (unsigned n = 0; n < 5; n++) {
			purge_on_removed(&p, key);
			ck_assert_int_eq(purge_on_listed(&p, key),
					 key == 1 && n == 1);
		}
	}
}
END_TEST


START_TEST(one_that_stays_listed_has_not_come_back_again)
{
	purge_on_removed(&p, 7);
	for (unsigned n = 0; n < 10; n++)
		ck_assert(!purge_on_listed(&p, 7));
	ck_assert(!p.cloned);
}
END_TEST


START_TEST(an_address_that_was_our_own_in_between_has_not_come_back)
{
	for (unsigned n = 0; n < 5; n++) {
		purge_on_removed(&p, 7);
		purge_on_own(&p, 7);
		ck_assert(!purge_on_listed(&p, 7));
	}
	purge_on_own(&p, 8);
	ck_assert(!p.cloned);
}
END_TEST


START_TEST(of_many_removed_ones_those_that_came_back_are_remembered)
{
	purge_on_removed(&p, 1000);
	purge_on_listed(&p, 1000);
	for (uint64_t key = 1; key < 100; key++)
		purge_on_removed(&p, key);
	ck_assert(!purge_on_listed(&p, 91));
	ck_assert(!p.keyv[0].gone);
	purge_on_removed(&p, 1000);
	ck_assert(purge_on_listed(&p, 1000));
}
END_TEST


START_TEST(the_last_ones_that_were_removed_are_remembered)
{
	for (uint64_t key = 1; key <= 20; key++)
		purge_on_removed(&p, key);
	for (uint64_t key = 13; key <= 20; key++)
		purge_on_listed(&p, key);
	for (unsigned n = 0; n < PURGE_KEYS; n++)
		ck_assert_uint_eq(p.keyv[n].returns, 1);
}
END_TEST


START_TEST(the_operator_may_want_another_try)
{
	purge_on_removed(&p, 7);
	purge_on_listed(&p, 7);
	purge_on_removed(&p, 7);
	purge_on_listed(&p, 7);
	purge_reset(&p);
	ck_assert(!p.cloned);
	purge_on_removed(&p, 7);
	ck_assert(!purge_on_listed(&p, 7));
}
END_TEST


START_TEST(a_key_of_0_is_none)
{
	for (unsigned n = 0; n < 5; n++) {
		purge_on_removed(&p, 0);
		ck_assert(!purge_on_listed(&p, 0));
		purge_on_own(&p, 0);
	}
	ck_assert_uint_eq(p.next, 0);
}
END_TEST


Suite *suite_purge(void)
{
	Suite *s = suite_create("purge");
	TCase *tc = tcase_create("purge");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, a_ghost_that_was_never_removed_is_nobody_elses);
	tcase_add_test(tc, o5b_one_that_comes_back_twice_is_another_machines);
	tcase_add_test(tc, o5b_it_is_said_once);
	tcase_add_test(tc, one_that_stays_listed_has_not_come_back_again);
	tcase_add_test(tc,
		an_address_that_was_our_own_in_between_has_not_come_back);
	tcase_add_test(tc,
		of_many_removed_ones_those_that_came_back_are_remembered);
	tcase_add_test(tc, the_last_ones_that_were_removed_are_remembered);
	tcase_add_test(tc, the_operator_may_want_another_try);
	tcase_add_test(tc, a_key_of_0_is_none);
	suite_add_tcase(s, tc);

	return s;
}
