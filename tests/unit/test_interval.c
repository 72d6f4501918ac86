/* core/interval.c */

#include <check.h>
#include "backoff.h"
#include "interval.h"


#define NORMAL SECONDS(25)

Suite *suite_interval(void);


static struct interval i;


static void setup(void)
{
	i = (struct interval){0};
}


static bool death(msec_t idle, msec_t now)
{
	return interval_on_death(&i, idle, NORMAL, now);
}


static msec_t value(msec_t now)
{
	return interval_at(&i, NORMAL, now);
}


START_TEST(nothing_learned_is_the_normal_interval)
{
	ck_assert_uint_eq(value(0), 25000);
	ck_assert_uint_eq(interval_at(&i, 600000, HOURS(9)), 600000);
	ck_assert(!interval_learned(&i, NORMAL, 0));
}
END_TEST


START_TEST(a_silent_death_shrinks_it_to_three_quarters_of_the_silence)
{
	ck_assert(death(24000, 1000));
	ck_assert_uint_eq(value(1000), 18000);
	ck_assert_uint_eq(i.idle, 24000);
	ck_assert(interval_learned(&i, NORMAL, 1000));
	ck_assert(death(18000, 2000));
	ck_assert_uint_eq(value(2000), 13500);
}
END_TEST


START_TEST(it_never_falls_below_five_seconds)
{
	msec_t now = 0;

	while (death(value(now), now))
		++now;
	ck_assert_uint_eq(value(now), 5000);
	ck_assert_uint_lt(now, 10);
}
END_TEST


START_TEST(no_silence_or_a_short_one_teaches_nothing)
{
	ck_assert(!death(0, 0));
	ck_assert(!death(12499, 0));
	ck_assert(!interval_learned(&i, NORMAL, 0));
	ck_assert(death(12500, 0));
	ck_assert_uint_eq(value(0), 9375);
}
END_TEST


START_TEST(a_silence_longer_than_the_interval_teaches_nothing)
{
	ck_assert(!death(33334, 0));
	ck_assert(!death(NEVER, 0));
	ck_assert_uint_eq(value(0), 25000);
	ck_assert_uint_eq(i.deaths, 0);
}
END_TEST


START_TEST(an_interval_below_five_seconds_is_not_made_longer)
{
	ck_assert(!interval_on_death(&i, 2000, 2000, 0));
	ck_assert_uint_eq(interval_at(&i, 2000, 0), 2000);
	ck_assert(death(24000, 0));
	ck_assert_uint_eq(interval_at(&i, 2000, 0), 2000);
	ck_assert(!interval_learned(&i, 2000, 0));
}
END_TEST


START_TEST(it_is_kept_for_a_day_and_then_grows_a_tenth_each_hour)
{
	death(20000, HOURS(1));
	ck_assert_uint_eq(value(HOURS(26) - 1), 15000);
	ck_assert_uint_eq(value(HOURS(26)), 16500);
	ck_assert_uint_eq(value(HOURS(27)), 18150);
	ck_assert_uint_eq(value(HOURS(31) - 1), 24157);
	ck_assert_uint_eq(value(HOURS(31)), 25000);
	ck_assert(!interval_learned(&i, NORMAL, HOURS(31)));
	ck_assert_uint_eq(value(NEVER - 1), 25000);
}
END_TEST


START_TEST(every_death_doubles_the_time_up_to_32_days)
{
	static const unsigned keptv[] = { 1, 2, 4, 8, 16, 32, 32, 32 };
	msec_t now = 0;

	for (unsigned n = 0; n < 8; n++) {
		msec_t grows;

		ck_assert(death(20000, now));
		grows = now + HOURS(24 * keptv[n]) + HOURS(1);
		ck_assert_uint_eq(value(grows - 1), 15000);
		ck_assert_uint_eq(value(grows), 16500);
		now = grows + HOURS(2);
	}
}
END_TEST


START_TEST(long_after_it_is_normal_again_a_death_is_a_first_one)
{
	death(20000, 0);
	death(15000, 0);
	ck_assert_uint_eq(i.deaths, 2);
	ck_assert(death(20000, HOURS(97)));
	ck_assert_uint_eq(i.deaths, 1);
	ck_assert_uint_eq(value(HOURS(97 + 25)), 16500);
}
END_TEST


START_TEST(a_clock_that_goes_back_changes_nothing)
{
	death(20000, HOURS(5));
	ck_assert_uint_eq(value(0), 15000);
}
END_TEST


/* A month of pings through a NAT that forgets flows after `limit`: how many
 * died; *above is the time [ms] with an interval that cannot hold a flow. */
static unsigned month(msec_t *above, msec_t limit, msec_t normal,
		      uint64_t seed)
{
	struct rng rng;
	msec_t now = 0;
	unsigned deaths = 0;

	setup();
	rng_seed(&rng, seed);
	*above = 0;

	while (now < HOURS(24 * 30)) {
		msec_t most = interval_at(&i, normal, now);
		msec_t idle = rng_percent(&rng, most, 80, 100);

		now += idle;
		if (most > limit)
			*above += idle;
		if (idle > limit) {
			++deaths;
			interval_on_death(&i, idle, normal, now);
		}
	}

	return deaths;
}


START_TEST(a_month_behind_any_nat_costs_a_few_deaths_and_settles_below_it)
{
	static const msec_t limitv[] = { 20, 30, 60, 180, 300 };
	static const msec_t normalv[] = { 25, 30, 120, 600, 3600 };

	for (unsigned n = 0; n < 25; n++) {
		msec_t limit = SECONDS(limitv[n / 5]);
		msec_t normal = SECONDS(normalv[n % 5]);
		msec_t above;
		unsigned deaths = month(&above, limit, normal, n);

		/* To come down takes ln(normal / limit) / ln(4/3) deaths, to
		 * try again in between five a month. */
		ck_assert_uint_le(deaths, normal > limit ? 25 : 0);
		ck_assert_uint_le(above, HOURS(24));
		ck_assert_uint_le(interval_at(&i, normal, HOURS(24 * 30)),
				  limit);
	}
}
END_TEST


START_TEST(udp_against_20_s_costs_six_deaths_a_month_at_most)
{
	for (uint64_t seed = 0; seed < 50; seed++) {
		msec_t above;

		ck_assert_uint_le(month(&above, SECONDS(20), NORMAL, seed),
				  6);
		ck_assert_uint_le(above, HOURS(8));
	}
}
END_TEST


Suite *suite_interval(void)
{
	Suite *s = suite_create("interval");
	TCase *tc = tcase_create("interval");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, nothing_learned_is_the_normal_interval);
	tcase_add_test(tc,
		a_silent_death_shrinks_it_to_three_quarters_of_the_silence);
	tcase_add_test(tc, it_never_falls_below_five_seconds);
	tcase_add_test(tc, no_silence_or_a_short_one_teaches_nothing);
	tcase_add_test(tc, a_silence_longer_than_the_interval_teaches_nothing);
	tcase_add_test(tc, an_interval_below_five_seconds_is_not_made_longer);
	tcase_add_test(tc,
		it_is_kept_for_a_day_and_then_grows_a_tenth_each_hour);
	tcase_add_test(tc, every_death_doubles_the_time_up_to_32_days);
	tcase_add_test(tc,
		long_after_it_is_normal_again_a_death_is_a_first_one);
	tcase_add_test(tc, a_clock_that_goes_back_changes_nothing);
	tcase_add_test(tc,
		a_month_behind_any_nat_costs_a_few_deaths_and_settles_below_it);
	tcase_add_test(tc, udp_against_20_s_costs_six_deaths_a_month_at_most);
	suite_add_tcase(s, tc);

	return s;
}
