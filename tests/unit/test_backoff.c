/* core/backoff.c */

#include <check.h>
#include <stdbool.h>
#include "backoff.h"


#define ROUNDS 10000

Suite *suite_backoff(void);


static void check_wait(unsigned failures, msec_t base, msec_t cap,
		       msec_t low, msec_t high)
{
	msec_t least = NEVER, most = 0;
	struct rng rng;

	rng_seed(&rng, failures);
	for (unsigned i = 0; i < ROUNDS; i++) {
		msec_t w = backoff_wait(&rng, failures, base, cap);

		ck_assert_uint_ge(w, low);
		ck_assert_uint_le(w, high);
		least = clock_min(least, w);
		most = clock_max(most, w);
	}

	/* and it uses the whole range */
	ck_assert_uint_le(least, low + (high - low) / 100);
	ck_assert_uint_ge(most, high - (high - low) / 100);
}


START_TEST(a_seed_repeats_its_numbers)
{
	struct rng a, b;

	rng_seed(&a, 42);
	rng_seed(&b, 42);
	for (unsigned i = 0; i < 100; i++)
		ck_assert_uint_eq(rng_next(&a), rng_next(&b));
}
END_TEST


START_TEST(numbers_are_those_of_splitmix64)
{
	struct rng rng;

	rng_seed(&rng, 1234567);
	ck_assert_uint_eq(rng_next(&rng), 6457827717110365317u);
	ck_assert_uint_eq(rng_next(&rng), 3203168211198807973u);
	ck_assert_uint_eq(rng_next(&rng), 9817491932198370423u);
}
END_TEST


START_TEST(between_includes_both_ends)
{
	bool seen[3] = { false };
	struct rng rng;

	rng_seed(&rng, 1);
	for (unsigned i = 0; i < 1000; i++) {
		msec_t v = rng_between(&rng, 7, 9);

		ck_assert(v >= 7 && v <= 9);
		seen[v - 7] = true;
	}
	ck_assert(seen[0] && seen[1] && seen[2]);
}
END_TEST


START_TEST(between_of_nothing_is_low)
{
	struct rng rng;

	rng_seed(&rng, 1);
	ck_assert_uint_eq(rng_between(&rng, 5, 5), 5);
	ck_assert_uint_eq(rng_between(&rng, 5, 4), 5);
}
END_TEST


START_TEST(between_everything_is_any_number)
{
	struct rng a, b;

	rng_seed(&a, 9);
	rng_seed(&b, 9);
	ck_assert_uint_eq(rng_between(&a, 0, UINT64_MAX), rng_next(&b));
}
END_TEST


START_TEST(percent_scales_within_its_bounds)
{
	struct rng rng;

	rng_seed(&rng, 1);
	for (unsigned i = 0; i < ROUNDS; i++) {
		msec_t v = rng_percent(&rng, 25000, 80, 100);

		ck_assert(v >= 20000 && v <= 25000);
	}
	ck_assert_uint_eq(rng_percent(&rng, 199, 50, 50), 99);
	ck_assert_uint_eq(rng_percent(&rng, 25000, 0, 0), 0);
	ck_assert_uint_eq(rng_percent(&rng, 25000, 120, 120), 30000);
}
END_TEST


START_TEST(percent_of_a_huge_time_does_not_overflow)
{
	struct rng rng;

	rng_seed(&rng, 1);
	ck_assert_uint_eq(rng_percent(&rng, NEVER, 200, 200), NEVER - 1);
	ck_assert_uint_ge(rng_percent(&rng, NEVER, 50, 100), NEVER / 2 - 100);
	ck_assert_uint_lt(rng_percent(&rng, NEVER, 50, 100), NEVER);
}
END_TEST


START_TEST(first_wait_is_30_to_60_s_of_base_30)
{
	check_wait(1, SECONDS(30), SECONDS(1800), 30000, 60000);
}
END_TEST


START_TEST(waits_double_with_each_failure)
{
	check_wait(2, SECONDS(30), SECONDS(1800), 60000, 120000);
	check_wait(3, SECONDS(30), SECONDS(1800), 120000, 240000);
	check_wait(5, SECONDS(30), SECONDS(1800), 480000, 960000);
	check_wait(1, SECONDS(4), SECONDS(1800), 4000, 8000);
}
END_TEST


START_TEST(waits_stay_at_15_to_30_minutes)
{
	check_wait(6, SECONDS(30), SECONDS(1800), 900000, 1800000);
	check_wait(7, SECONDS(30), SECONDS(1800), 900000, 1800000);
}
END_TEST


START_TEST(no_number_of_failures_overflows)
{
	static const unsigned manyv[] = {
		49, 50, 63, 64, 65, 1000, UINT32_MAX - 1, UINT32_MAX,
	};

	for (unsigned i = 0; i < sizeof(manyv) / sizeof(manyv[0]); i++)
		check_wait(manyv[i], SECONDS(30), SECONDS(1800), 900000,
			   1800000);
}
END_TEST


START_TEST(a_base_above_the_cap_is_the_cap)
{
	check_wait(1, SECONDS(90), SECONDS(60), 30000, 60000);
}
END_TEST


Suite *suite_backoff(void)
{
	Suite *s = suite_create("backoff");
	TCase *tc = tcase_create("backoff");

	tcase_add_test(tc, a_seed_repeats_its_numbers);
	tcase_add_test(tc, numbers_are_those_of_splitmix64);
	tcase_add_test(tc, between_includes_both_ends);
	tcase_add_test(tc, between_of_nothing_is_low);
	tcase_add_test(tc, between_everything_is_any_number);
	tcase_add_test(tc, percent_scales_within_its_bounds);
	tcase_add_test(tc, percent_of_a_huge_time_does_not_overflow);
	tcase_add_test(tc, first_wait_is_30_to_60_s_of_base_30);
	tcase_add_test(tc, waits_double_with_each_failure);
	tcase_add_test(tc, waits_stay_at_15_to_30_minutes);
	tcase_add_test(tc, no_number_of_failures_overflows);
	tcase_add_test(tc, a_base_above_the_cap_is_the_cap);
	suite_add_tcase(s, tc);

	return s;
}
