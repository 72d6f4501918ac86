/* core/account.c: several registrations of one account, RFC 5626. */

#include <check.h>
#include <string.h>
#include "account.h"


Suite *suite_account_flows(void);


static const struct addr ours = {.family = ADDR_IPV4, .port = 5060,
				 .ip = {192, 0, 2, 1}};
static const struct addr edge = {.family = ADDR_IPV4, .port = 5060,
				 .ip = {192, 0, 2, 2}};

static struct account_policy policy;
static struct account a;
static struct account_reg regv[ACCOUNT_FLOWS_MAX];
static struct event eventv[64];


static void init(unsigned flows)
{
	policy = (struct account_policy){
		.reg = {
			.expires = 3600,
			.unregister = true,
			.min_digest = DIGEST_MD5,
		},
		.contact = CONTACT_LOCAL,
		.flows = flows,
	};
	memset(regv, 0xff, sizeof(regv));
	account_init(&a, &policy, regv, eventv, 64, 1, NULL, NULL, NULL, 0);
}


static void setup(void)
{
	init(3);
}


static void start_all(msec_t now)
{
	for (unsigned i = 0; i < a.regc; i++)
		account_start(&a, i, now);
}


static void run_timers(msec_t now)
{
	for (unsigned i = 0; i < a.regc; i++)
		account_on_timer(&a, i, now);
	ck_assert_uint_gt(account_deadline(&a), now);
}


static void connect(unsigned i, msec_t now)
{
	const struct target_list list = {.count = 1, .stream = 1};

	account_on_resolved(&a, i, &list, REASON_CONNECT_REFUSED, now);
	account_on_turn(&a, i, now);
	account_on_connected(&a, i, 0, &ours, &edge, now);
	ck_assert_uint_eq(account_on_turn(&a, i, now), REG_DO_SEND);
	account_on_sent(&a, i, CHALLENGE_SENT_NONE, 0, &ours, now);
}


static void answer(unsigned i, uint16_t code, bool outbound, msec_t now)
{
	const bool good = code == 200;
	struct answer an = {.code = code, .bound = good, .outbound = outbound};

	an.contacts.own = ours;
	an.contacts.lease = good ? 3600 : 0;
	an.contacts.owns = good;
	account_on_answer(&a, i, &an, &ours, now);
}


/* All of them are up. */
static void come_up(msec_t now)
{
	start_all(now);
	connect(0, now);
	answer(0, 200, true, now);
	run_timers(now);
	for (unsigned i = 1; i < a.regc; i++) {
		connect(i, now);
		answer(i, 200, true, now);
	}
}


START_TEST(the_others_wait_until_outbound_is_confirmed)
{
	start_all(0);
	ck_assert_int_eq(regv[0].reg.state, REG_RESOLVE);
	ck_assert_int_eq(regv[1].reg.state, REG_OFF);
	connect(0, 0);
	ck_assert_uint_gt(account_deadline(&a), 0);
	answer(0, 200, true, 1);
	ck_assert_uint_le(account_deadline(&a), 1);
	run_timers(1);
	ck_assert_int_eq(regv[1].reg.state, REG_RESOLVE);
	ck_assert_int_eq(regv[2].reg.state, REG_RESOLVE);
}
END_TEST


START_TEST(without_outbound_they_never_begin)
{
	start_all(0);
	connect(0, 0);
	answer(0, 200, false, 1);
	run_timers(1);
	ck_assert_int_eq(regv[1].reg.state, REG_OFF);
	ck_assert_int_eq(regv[2].reg.state, REG_OFF);
}
END_TEST


START_TEST(an_earlier_run_knew_that_outbound_is_confirmed)
{
	account_restore(&a, 0, 10, true, false);
	start_all(0);
	ck_assert_int_eq(regv[1].reg.state, REG_RESOLVE);
}
END_TEST


START_TEST(they_leave_when_none_has_outbound_any_more)
{
	init(2);
	come_up(0);
	account_on_timer(&a, 0, HOURS(1));
	account_on_turn(&a, 0, HOURS(1));
	account_on_sent(&a, 0, CHALLENGE_SENT_NONE, 0, &ours, HOURS(1) - 1);
	answer(0, 200, false, HOURS(1));
	/* the other one has it still */
	run_timers(HOURS(1) - 900000);
	ck_assert_int_ne(regv[1].reg.state, REG_LEAVING);

	account_kick(&a, 1, HOURS(1) - 800000);
	account_on_turn(&a, 1, HOURS(1) - 800000);
	account_on_sent(&a, 1, CHALLENGE_SENT_NONE, 0, &ours,
			HOURS(1) - 800000);
	answer(1, 200, false, HOURS(1) - 800000);
	ck_assert_uint_eq(account_deadline(&a), 0);
	ck_assert(account_on_timer(&a, 1, HOURS(1) - 800000) & REG_DO_LEAVE);
	answer(1, 200, false, HOURS(1) - 800000);
	ck_assert_int_eq(regv[1].reg.state, REG_OFF);
	run_timers(HOURS(1) - 800000);
	ck_assert_int_eq(regv[1].reg.state, REG_OFF);
	ck_assert_int_eq(regv[0].reg.state, REG_BOUND);
}
END_TEST


START_TEST(what_has_not_begun_does_not_change_the_verdict)
{
	struct verdict v;

	start_all(0);
	connect(0, 0);
	answer(0, 403, false, 1);
	v = account_verdict(&a, 1);
	ck_assert_str_eq(reason_name(v.reason), "forbidden");
	ck_assert_int_eq(v.reachable, REACHABLE_NO);
}
END_TEST


START_TEST(one_that_has_only_begun_does_not_hide_why_another_failed)
{
	struct verdict v;

	init(2);
	account_restore(&a, 0, 1, true, false);
	start_all(0);
	connect(0, 0);
	answer(0, 480, false, 1);
	ck_assert_int_eq(regv[1].reg.state, REG_RESOLVE);
	v = account_verdict(&a, 1);
	ck_assert_str_eq(reason_name(v.reason), "rejected");
}
END_TEST


/* The wait after the first failure, with or without another flow [ms]. */
static msec_t first_wait(void)
{
	account_on_flow_lost(&a, 0, NULL, REASON_FLOW_LOST, 60000);
	ck_assert_int_eq(regv[0].reg.state, REG_WAIT);

	return regv[0].reg.deadline - 60000;
}


/* RFC 5626 §4.5: 90 s instead of 30 s, here for 4 s. */
START_TEST(a_failure_waits_longer_while_another_flow_serves)
{
	init(2);
	come_up(0);
	ck_assert(regv[0].reg.backed && regv[1].reg.backed);
	ck_assert_uint_ge(first_wait(), 3 * REG_BASE_CONNECT);
	ck_assert(!regv[1].reg.backed);
}
END_TEST


START_TEST(when_all_have_failed_it_waits_as_one_alone)
{
	init(2);
	come_up(0);
	account_on_flow_lost(&a, 1, NULL, REASON_FLOW_LOST, 60000);
	ck_assert(!regv[0].reg.backed && regv[1].reg.backed);
	ck_assert_uint_le(first_wait(), 2 * REG_BASE_CONNECT);
}
END_TEST


START_TEST(it_was_reachable_until_the_last_flow_failed)
{
	init(2);
	ck_assert_uint_eq(account_seen(&a, 5), NEVER);
	come_up(0);
	ck_assert_uint_eq(account_seen(&a, 700), 700);
	account_on_flow_lost(&a, 0, NULL, REASON_FLOW_LOST, 1000);
	ck_assert_uint_eq(account_seen(&a, 1500), 1500);
	account_on_flow_lost(&a, 1, NULL, REASON_FLOW_LOST, 2000);
	ck_assert_uint_eq(account_seen(&a, 9000), 2000);
	ck_assert_uint_eq(regv[0].reg.seen_at, 2000);
	ck_assert_int_eq(reg_class(&regv[0].reg, 9000), PACE_RETURN);
}
END_TEST


START_TEST(who_was_reachable_in_an_earlier_run_is_not_new)
{
	init(1);
	ck_assert_int_eq(reg_class(&regv[0].reg, 0), PACE_NEW);
	account_restore_seen(&a, 0);
	ck_assert_int_eq(reg_class(&regv[0].reg, 0), PACE_RETURN);
	ck_assert_uint_eq(account_seen(&a, 10), 0);
}
END_TEST


START_TEST(all_of_them_are_stopped_whether_begun_or_not)
{
	init(3);
	start_all(0);
	for (unsigned i = 0; i < a.regc; i++)
		account_stop(&a, i, 10);
	ck_assert(account_left(&a));
	ck_assert_uint_eq(account_deadline(&a), NEVER);
}
END_TEST


Suite *suite_account_flows(void)
{
	Suite *s = suite_create("account_flows");
	TCase *tc = tcase_create("several flows");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, the_others_wait_until_outbound_is_confirmed);
	tcase_add_test(tc, without_outbound_they_never_begin);
	tcase_add_test(tc, an_earlier_run_knew_that_outbound_is_confirmed);
	tcase_add_test(tc, they_leave_when_none_has_outbound_any_more);
	tcase_add_test(tc, what_has_not_begun_does_not_change_the_verdict);
	tcase_add_test(tc,
		one_that_has_only_begun_does_not_hide_why_another_failed);
	tcase_add_test(tc, a_failure_waits_longer_while_another_flow_serves);
	tcase_add_test(tc, when_all_have_failed_it_waits_as_one_alone);
	tcase_add_test(tc, it_was_reachable_until_the_last_flow_failed);
	tcase_add_test(tc, who_was_reachable_in_an_earlier_run_is_not_new);
	tcase_add_test(tc, all_of_them_are_stopped_whether_begun_or_not);
	suite_add_tcase(s, tc);

	return s;
}
