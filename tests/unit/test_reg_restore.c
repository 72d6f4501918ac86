/* What an earlier run left: Retry-After, learned interval, edges in trouble. */

#include <check.h>
#include "account.h"
#include "edge.h"


#define NORMAL SECONDS(25)

Suite *suite_reg_restore(void);

static struct account_policy policy;
static struct account_reg regv[1];
static struct account a;
static struct edge e;
static struct pace_node node;


static void setup(void)
{
	policy = (struct account_policy){
		.reg = {.expires = 3600, .min_digest = DIGEST_MD5},
		.flows = 1,
	};
	account_init(&a, &policy, regv, NULL, 0, 1, NULL, NULL, NULL, 0);
	edge_init(&e, 0, 0, NULL, NULL, 0);
	node = (struct pace_node){0};
}


static bool waits(void)
{
	return regv[0].reg.state == REG_WAIT && regv[0].reg.retry_after;
}


/* --- Retry-After --- */

START_TEST(who_was_asked_to_stay_away_does_so_after_a_restart)
{
	msec_t at;

	account_restore_wait(&a, 0, 31000, 1000);
	ck_assert_uint_eq(account_start(&a, 0, 1000), 0);
	ck_assert(waits());
	ck_assert_uint_eq(regv[0].reg.deadline, 31000);
	ck_assert_int_eq(a.verdict.reason, REASON_RETRY_AFTER);
	ck_assert_str_eq(reg_next(&regv[0].reg, &at), "retry");
	ck_assert_uint_eq(at, 31000);

	/* nothing but the operator ends it */
	ck_assert_uint_eq(account_on_local_event(&a, 0, 2000), 0);
	ck_assert_uint_eq(account_on_timer(&a, 0, 30999), 0);
	ck_assert(waits());
	ck_assert(account_on_timer(&a, 0, 31000) & REG_DO_RESOLVE);
}
END_TEST


START_TEST(an_order_ends_the_wait_of_an_earlier_run)
{
	account_restore_wait(&a, 0, 31000, 1000);
	(void)account_start(&a, 0, 1000);
	ck_assert(account_kick(&a, 0, 2000) & REG_DO_RESOLVE);
}
END_TEST


START_TEST(stopped_and_started_again_it_does_not_wait)
{
	account_restore_wait(&a, 0, 31000, 1000);
	(void)account_start(&a, 0, 1000);
	(void)account_pause(&a, 0, 2000);
	ck_assert(account_start(&a, 0, 3000) & REG_DO_RESOLVE);
}
END_TEST


START_TEST(a_wait_that_is_over_is_none)
{
	account_restore_wait(&a, 0, 1000, 1000);
	ck_assert(account_start(&a, 0, 1000) & REG_DO_RESOLVE);
}
END_TEST


START_TEST(nobody_is_believed_for_longer_than_an_hour)
{
	account_restore_wait(&a, 0, NEVER, 1000);
	(void)account_start(&a, 0, 1000);
	ck_assert_uint_eq(regv[0].reg.deadline, 1000 + HOURS(1));
}
END_TEST


/* --- the learned interval --- */

static msec_t interval(msec_t now)
{
	return account_interval(&a, 0, NORMAL, now);
}


START_TEST(an_interval_goes_on_where_it_was)
{
	interval_restore(&regv[0].interval, 15000, 20000, HOURS(23), 1, 5000);
	ck_assert_uint_eq(interval(5000), 15000);
	ck_assert_uint_eq(interval(5000 + HOURS(2) - 1), 15000);
	ck_assert_uint_eq(interval(5000 + HOURS(2)), 16500);
	ck_assert_uint_eq(interval(5000 + HOURS(12)), NORMAL);
}
END_TEST


/* A machine that boots every day would never grow out of it. */
START_TEST(the_age_of_an_interval_reaches_back_before_the_boot)
{
	interval_restore(&regv[0].interval, 15000, 20000, HOURS(500), 1, 0);
	ck_assert_uint_eq(interval(0), NORMAL);
	interval_restore(&regv[0].interval, 15000, 20000, HOURS(500), 6, 0);
	ck_assert_uint_eq(interval(0), 15000);
}
END_TEST


START_TEST(a_death_after_the_restart_counts_on)
{
	struct interval *i = &regv[0].interval;

	interval_restore(&regv[0].interval, 15000, 20000, HOURS(20), 2, 5000);
	ck_assert(interval_on_death(i, 15000, NORMAL, 6000));
	ck_assert_uint_eq(i->deaths, 3);
	ck_assert_uint_eq(interval_age(i, 7000), 1000);
	ck_assert_uint_eq(interval(6000 + HOURS(24)), 11250);
}
END_TEST


/* --- edges --- */

START_TEST(a_hold_goes_on_until_it_ends)
{
	edge_restore(&e, 31000, NEVER, 1000);
	ck_assert(edge_avoid(&e, 30999));
	ck_assert(!e.down);
	pace_ask(&e.connects, &node, PACE_RETURN);
	ck_assert_ptr_null(edge_next_connect(&e, 30999));
	ck_assert_ptr_eq(edge_next_connect(&e, 31000), &node);
}
END_TEST


START_TEST(an_edge_that_was_down_a_moment_ago_gets_one_knock)
{
	struct pace_node other = {0};

	edge_restore(&e, 0, 70000, 100000);
	ck_assert(edge_avoid(&e, 100000));
	pace_ask(&e.connects, &node, PACE_RETURN);
	pace_ask(&e.connects, &other, PACE_RETURN);
	ck_assert_ptr_eq(edge_next_connect(&e, 100000), &node);
	ck_assert_ptr_null(edge_next_connect(&e, 100000));
	edge_on_connected(&e);
	ck_assert_ptr_eq(edge_next_connect(&e, 100000), &other);
}
END_TEST


START_TEST(who_was_found_down_a_minute_ago_may_be_up)
{
	edge_restore(&e, 0, 40000, 100000);
	ck_assert(!e.down);
	ck_assert(!edge_avoid(&e, 100000));
}
END_TEST


Suite *suite_reg_restore(void)
{
	Suite *s = suite_create("reg_restore");
	TCase *tc = tcase_create("reg_restore");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc,
		who_was_asked_to_stay_away_does_so_after_a_restart);
	tcase_add_test(tc, an_order_ends_the_wait_of_an_earlier_run);
	tcase_add_test(tc, stopped_and_started_again_it_does_not_wait);
	tcase_add_test(tc, a_wait_that_is_over_is_none);
	tcase_add_test(tc, nobody_is_believed_for_longer_than_an_hour);
	tcase_add_test(tc, an_interval_goes_on_where_it_was);
	tcase_add_test(tc, the_age_of_an_interval_reaches_back_before_the_boot);
	tcase_add_test(tc, a_death_after_the_restart_counts_on);
	tcase_add_test(tc, a_hold_goes_on_until_it_ends);
	tcase_add_test(tc,
		an_edge_that_was_down_a_moment_ago_gets_one_knock);
	tcase_add_test(tc, who_was_found_down_a_minute_ago_may_be_up);
	suite_add_tcase(s, tc);

	return s;
}
