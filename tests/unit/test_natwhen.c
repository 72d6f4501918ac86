/* core/natwhen.c */

#include <check.h>
#include "natwhen.h"

Suite *suite_natwhen(void);


static struct natwhen w;


static void setup(void)
{
	natwhen_start(&w, 1000);
}


START_TEST(the_first_one_is_five_seconds_after_the_start)
{
	ck_assert_uint_eq(w.at, 6000);
	natwhen_on_begin(&w, 6000);
	ck_assert_uint_eq(w.at, NEVER);
	natwhen_on_end(&w, true, 9000);
	ck_assert_uint_eq(w.at, NEVER);
}
END_TEST


START_TEST(who_asks_gets_a_new_one_after_ten_seconds)
{
	ck_assert(natwhen_on_asked(&w, 1000));
	natwhen_on_begin(&w, 2000);
	ck_assert(!natwhen_on_asked(&w, 11999));
	ck_assert(natwhen_on_asked(&w, 12000));
}
END_TEST


START_TEST(a_change_is_measured_when_it_has_settled)
{
	natwhen_on_begin(&w, 6000);
	natwhen_on_end(&w, true, 9000);
	natwhen_on_change(&w, HOURS(1));
	ck_assert_uint_eq(w.at, HOURS(1) + 2000);
	natwhen_on_change(&w, HOURS(1) + 500);
	ck_assert_uint_eq(w.at, HOURS(1) + 2500);
}
END_TEST


START_TEST(a_restless_network_is_measured_once_a_minute)
{
	natwhen_on_begin(&w, 6000);
	natwhen_on_change(&w, 7000);
	natwhen_on_end(&w, true, 9000);
	ck_assert_uint_eq(w.at, 66000);
}
END_TEST


START_TEST(failures_are_tried_again_after_a_minute_then_twice_that)
{
	static const msec_t waitv[] = {
		60, 120, 240, 480, 960, 1920, 3600, 3600,
	};

	for (unsigned i = 0; i < sizeof(waitv) / sizeof(waitv[0]); i++) {
		natwhen_on_begin(&w, 6000);
		natwhen_on_end(&w, false, 10000);
		ck_assert_uint_eq(w.at, 10000 + SECONDS(waitv[i]));
	}

	natwhen_on_end(&w, true, 10000);
	natwhen_on_begin(&w, 20000);
	natwhen_on_end(&w, false, 30000);
	ck_assert_uint_eq(w.at, 90000);
}
END_TEST


START_TEST(a_change_shortens_the_wait_after_a_failure)
{
	natwhen_on_begin(&w, 6000);
	natwhen_on_end(&w, false, HOURS(1));
	natwhen_on_change(&w, HOURS(1) + 1);
	ck_assert_uint_eq(w.at, HOURS(1) + 2001);
}
END_TEST


Suite *suite_natwhen(void)
{
	Suite *s = suite_create("natwhen");
	TCase *tc = tcase_create("natwhen");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, the_first_one_is_five_seconds_after_the_start);
	tcase_add_test(tc, who_asks_gets_a_new_one_after_ten_seconds);
	tcase_add_test(tc, a_change_is_measured_when_it_has_settled);
	tcase_add_test(tc, a_restless_network_is_measured_once_a_minute);
	tcase_add_test(tc,
		       failures_are_tried_again_after_a_minute_then_twice_that);
	tcase_add_test(tc, a_change_shortens_the_wait_after_a_failure);
	suite_add_tcase(s, tc);

	return s;
}
