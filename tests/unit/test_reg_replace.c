/* core/reg_replace.c and reg_fetch.c: the boundaries; whole lives are told in
 * tests/story */

#include <check.h>
#include "reg.h"


Suite *suite_reg_replace(void);


static struct reg_policy policy;
static struct reg r;


static void setup(void)
{
	policy = (struct reg_policy){
		.expires = 3600,
		.unregister = true,
		.min_digest = DIGEST_MD5,
	};
	reg_init(&r, &policy, 1);
}


static unsigned resolved(msec_t now)
{
	const struct target_list list = {.count = 1, .stream = 1};

	return reg_on_resolved(&r, &list, REASON_CONNECT_REFUSED, now);
}


static unsigned answer(uint16_t code, uint32_t lease, msec_t now)
{
	struct answer a = {.code = code, .bound = lease > 0};

	a.contacts.lease = lease;
	a.contacts.match = CONTACT_BY_SENT;

	return reg_on_answer(&r, &a, now);
}


static void send(msec_t now)
{
	ck_assert_uint_eq(reg_on_turn(&r, now), REG_DO_SEND);
	reg_on_sent(&r, CHALLENGE_SENT_NONE, 0, now);
}


/* From the question for the name to the REGISTER in flight. */
static void sent(msec_t now)
{
	ck_assert_uint_eq(resolved(now), REG_DO_CONNECT);
	ck_assert_uint_eq(reg_on_turn(&r, now), REG_DO_OPEN);
	ck_assert_uint_eq(reg_on_connected(&r, 0, now), REG_DO_ASK);
	send(now);
}


/* Bound at 0 over a proven flow. */
static void bound(uint32_t lease)
{
	reg_start(&r, 0);
	sent(0);
	ck_assert_uint_eq(answer(200, lease, 0), 0);
	reg_on_proven(&r, 0);
}


static void aside(msec_t now)
{
	ck_assert_uint_eq(reg_on_suspect(&r, true, now), REG_DO_REPLACE);
	ck_assert(reg_wants_replace(&r));
	ck_assert_uint_eq(reg_on_replace_turn(&r, now),
			  REG_DO_ASIDE | REG_DO_RESOLVE);
	ck_assert(!reg_wants_replace(&r));
	ck_assert(r.elder && !r.flow);
}


START_TEST(a_doubt_asks_for_a_turn_once)
{
	bound(3600);
	ck_assert_uint_eq(reg_on_suspect(&r, true, 1000), REG_DO_REPLACE);
	ck_assert_uint_eq(reg_on_suspect(&r, true, 1100), 0);
	ck_assert_uint_eq(reg_on_suspect(&r, false, 1200), 0);
	ck_assert(!reg_wants_replace(&r));
	ck_assert_uint_eq(reg_on_replace_turn(&r, 1300), 0);
	ck_assert_int_eq(r.state, REG_BOUND);
}
END_TEST


START_TEST(a_flow_without_a_binding_is_not_replaced)
{
	reg_start(&r, 0);
	ck_assert_uint_eq(reg_on_suspect(&r, true, 0), 0);
	sent(0);
	ck_assert_uint_eq(reg_on_suspect(&r, true, 0), 0);
	answer(200, 60, 0);
	/* the lease has ended */
	ck_assert_uint_eq(reg_on_suspect(&r, true, 60000), 0);
}
END_TEST


START_TEST(a_flow_that_moved_before_its_200_is_left_at_once)
{
	reg_start(&r, 0);
	sent(0);
	ck_assert_uint_eq(reg_on_moved(&r, 1000),
			  REG_DO_ABANDON | REG_DO_CLOSE);
	ck_assert_int_eq(r.state, REG_WAIT);
	ck_assert_uint_le(reg_deadline(&r), 1250);
}
END_TEST


START_TEST(who_was_told_to_wait_is_not_replaced)
{
	struct answer a = {.code = 480, .retry_after = 100};

	bound(3600);
	reg_kick(&r, 10);
	send(10);
	reg_on_answer(&r, &a, 10);
	ck_assert_int_eq(r.state, REG_WAIT);
	ck_assert_uint_eq(reg_on_suspect(&r, true, 20), 0);
}
END_TEST


START_TEST(one_that_was_never_proven_is_replaced_once_in_ten_seconds)
{
	reg_start(&r, 0);
	sent(0);
	answer(200, 3600, 0);
	aside(1000);
	sent(1000);
	ck_assert_uint_eq(answer(200, 3600, 1000), REG_DO_RETIRE);
	ck_assert_uint_eq(reg_on_suspect(&r, true, 2000), 0);
	ck_assert_uint_eq(reg_deadline(&r), 11000);
	ck_assert_uint_eq(reg_on_timer(&r, 11000), REG_DO_REPLACE);
	ck_assert_uint_gt(reg_deadline(&r), 11000);
}
END_TEST


START_TEST(a_register_in_flight_is_given_up_for_it)
{
	bound(3600);
	reg_kick(&r, 10);
	send(10);
	reg_kick(&r, 20);
	ck_assert_uint_eq(reg_on_suspect(&r, true, 1000), REG_DO_REPLACE);
	ck_assert_uint_eq(reg_on_replace_turn(&r, 1000), REG_DO_ABANDON |
			  REG_DO_ASIDE | REG_DO_RESOLVE);
	ck_assert(!r.again);
	ck_assert_uint_eq(r.outcomes, 2);
	ck_assert_uint_eq(r.cseq, 2);
	sent(1000);
	ck_assert_uint_eq(r.cseq, 3);
}
END_TEST


START_TEST(accepted_the_elder_retires)
{
	bound(3600);
	aside(1000);
	sent(1100);
	ck_assert_uint_eq(answer(200, 3600, 1200), REG_DO_RETIRE);
	ck_assert(!r.elder);
	ck_assert(!r.proven);
	ck_assert_uint_eq(r.lease_end, 1100 + 3600000);
}
END_TEST


START_TEST(accepted_and_rewritten_the_elder_retires_at_the_first_200)
{
	struct answer a = {.code = 200, .bound = true, .rewrite = true};

	a.contacts.lease = 3600;
	bound(3600);
	aside(1000);
	sent(1000);
	ck_assert_uint_eq(reg_on_answer(&r, &a, 1100),
			  REG_DO_ASK | REG_DO_RETIRE);
	send(1100);
	ck_assert_uint_eq(answer(200, 3600, 1200), 0);
}
END_TEST


START_TEST(a_late_pong_before_its_register_was_sent_ends_it)
{
	bound(3600);
	aside(1000);
	resolved(1000);
	reg_on_turn(&r, 1000);
	ck_assert_uint_eq(reg_on_elder_alive(&r, 1500), REG_DO_ABANDON |
			  REG_DO_CLOSE | REG_DO_TAKE_BACK);
	ck_assert(r.flow && r.here && r.proven && !r.elder);
	ck_assert_int_eq(r.state, REG_BOUND);
	ck_assert_uint_eq(r.deadline, r.refresh_at);
	ck_assert_uint_eq(reg_on_elder_alive(&r, 1600), 0);
}
END_TEST


START_TEST(a_late_pong_after_that_is_too_late)
{
	bound(3600);
	aside(1000);
	sent(1000);
	ck_assert_uint_eq(reg_on_elder_alive(&r, 1500), 0);
	ck_assert(r.elder);
}
END_TEST


/* Its packets would leave from another address now. */
START_TEST(one_that_moved_may_say_what_it_likes)
{
	bound(3600);
	ck_assert_uint_eq(reg_on_moved(&r, 1000), REG_DO_REPLACE);
	ck_assert_uint_eq(reg_on_suspect(&r, false, 1000), 0);
	ck_assert(reg_wants_replace(&r));
	reg_on_replace_turn(&r, 1000);
	ck_assert_uint_eq(reg_on_elder_alive(&r, 1100), 0);
	ck_assert(r.elder);
	ck_assert_uint_eq(reg_on_moved(&r, 1200), 0);
}
END_TEST


START_TEST(refused_the_elder_is_taken_back)
{
	bound(3600);
	aside(1000);
	sent(1000);
	ck_assert(answer(500, 0, 1100) & REG_DO_TAKE_BACK);
	ck_assert_int_eq(r.state, REG_WAIT);
	ck_assert(r.flow && r.here);
	ck_assert(reg_bound(&r, 1100));
}
END_TEST


/* The list that was told meanwhile does not have its address, maybe. */
START_TEST(with_it_comes_the_kind_of_its_transport)
{
	const struct target_list list = {.count = 3, .stream = 0};

	bound(3600);
	aside(1000);
	reg_on_resolved(&r, &list, REASON_CONNECT_REFUSED, 1000);
	ck_assert(!target_stream(&r.target));
	ck_assert(reg_on_elder_alive(&r, 1100) & REG_DO_TAKE_BACK);
	ck_assert(target_stream(&r.target));
	ck_assert(!target_has_other(&r.target));
}
END_TEST


START_TEST(one_without_a_lease_is_let_go_instead)
{
	bound(60);
	aside(1000);
	sent(1000);
	ck_assert_uint_eq(reg_on_answer(&r, &(struct answer){.code = 500},
					60000), REG_DO_CLOSE | REG_DO_RETIRE);
	ck_assert(!r.flow && !r.elder);
}
END_TEST


START_TEST(if_the_elder_breaks_the_way_goes_on)
{
	bound(3600);
	aside(1000);
	ck_assert_uint_eq(reg_on_elder_lost(&r, 1100), 0);
	ck_assert_int_eq(r.reason, REASON_FLOW_LOST);
	ck_assert_uint_eq(reg_on_elder_lost(&r, 1200), 0);
	sent(1300);
	ck_assert_uint_eq(answer(200, 3600, 1400), 0);
	ck_assert_int_eq(r.reason, REASON_OK);
}
END_TEST


START_TEST(a_stop_takes_it_back_to_unregister_over_it)
{
	bound(3600);
	aside(1000);
	ck_assert_uint_eq(reg_stop(&r, 1100), REG_DO_ABANDON | REG_DO_CLOSE |
			  REG_DO_TAKE_BACK | REG_DO_LEAVE);
	ck_assert_int_eq(r.state, REG_LEAVING);
	ck_assert_uint_eq(reg_deadline(&r), 6100);
	ck_assert(answer(200, 0, 1200) & REG_DO_LEFT);
	ck_assert_uint_eq(reg_deadline(&r), NEVER);
}
END_TEST


START_TEST(a_stop_ends_a_doubt)
{
	bound(3600);
	reg_on_suspect(&r, true, 1000);
	ck_assert_uint_eq(reg_stop(&r, 1100), REG_DO_LEAVE);
	ck_assert(!reg_wants_replace(&r));
}
END_TEST


START_TEST(a_reconnect_leaves_both)
{
	bound(3600);
	aside(1000);
	sent(1000);
	ck_assert_uint_eq(reg_reconnect(&r, 1100), REG_DO_ABANDON |
			  REG_DO_CLOSE | REG_DO_RESOLVE);
	ck_assert(!r.elder && !r.doubted);
}
END_TEST


/* --- asking for the list --- */

static void fetch(msec_t now)
{
	ck_assert_uint_eq(reg_fetch(&r, now), REG_DO_ASK);
	ck_assert_uint_eq(reg_on_turn(&r, now), REG_DO_FETCH);
	reg_on_sent(&r, CHALLENGE_SENT_NONE, 0, now);
}


START_TEST(a_fetch_changes_nothing)
{
	const uint32_t lease = 3600;
	msec_t refresh;

	bound(lease);
	refresh = reg_deadline(&r);
	fetch(60000);
	ck_assert_uint_eq(r.cseq, 2);
	ck_assert_uint_eq(reg_deadline(&r), 60000 + REG_TIMER_F);
	ck_assert_uint_eq(answer(200, 100, 60100), 0);
	ck_assert_int_eq(r.state, REG_BOUND);
	ck_assert_uint_eq(reg_deadline(&r), refresh);
	ck_assert_uint_eq(r.lease_end, 3600000);
	ck_assert(!r.fetch && !r.fetching);
}
END_TEST


START_TEST(only_where_an_answer_can_come)
{
	ck_assert(!reg_may_fetch(&r));
	ck_assert_uint_eq(reg_fetch(&r, 0), 0);
	reg_start(&r, 0);
	sent(0);
	ck_assert(!reg_may_fetch(&r));
	answer(200, 3600, 0);
	ck_assert(reg_may_fetch(&r));
	reg_stop(&r, 10);
	ck_assert(!reg_may_fetch(&r));
}
END_TEST


START_TEST(it_waits_for_what_is_in_flight)
{
	bound(3600);
	reg_kick(&r, 10);
	send(10);
	ck_assert_uint_eq(reg_fetch(&r, 20), 0);
	ck_assert_uint_eq(answer(200, 3600, 30), REG_DO_ASK);
	ck_assert_uint_eq(reg_on_turn(&r, 30), REG_DO_FETCH);
	/* and is asked for once */
	ck_assert_uint_eq(reg_fetch(&r, 40), 0);
	reg_on_sent(&r, CHALLENGE_SENT_NONE, 0, 30);
	ck_assert_uint_eq(answer(200, 3600, 50), 0);
}
END_TEST


START_TEST(refused_it_is_over)
{
	bound(3600);
	fetch(60000);
	ck_assert_uint_eq(answer(403, 0, 60100), 0);
	ck_assert_int_eq(r.state, REG_BOUND);
	ck_assert_int_eq(r.reason, REASON_OK);
}
END_TEST


START_TEST(if_our_binding_is_gone_it_is_made_again)
{
	bound(3600);
	fetch(60000);
	ck_assert_uint_eq(answer(200, 0, 60100), REG_DO_ASK);
	ck_assert_uint_eq(reg_on_turn(&r, 60100), REG_DO_SEND);
}
END_TEST


/* It may have taken as long as the lease has left. */
START_TEST(without_an_answer_the_next_one_means_something)
{
	bound(60);
	fetch(10000);
	ck_assert_uint_eq(reg_on_timer(&r, 42000), REG_DO_ABANDON |
			  REG_DO_ASK);
	ck_assert_uint_eq(reg_on_turn(&r, 42000), REG_DO_SEND);
}
END_TEST


START_TEST(a_flow_that_is_lost_takes_the_question_with_it)
{
	bound(3600);
	fetch(60000);
	reg_on_flow_lost(&r, REASON_FLOW_LOST, 60100);
	ck_assert(!r.fetch && !r.fetching);
}
END_TEST


START_TEST(a_stop_waits_for_its_answer)
{
	bound(3600);
	fetch(60000);
	ck_assert_uint_eq(reg_stop(&r, 60100), 0);
	ck_assert_uint_eq(answer(200, 3600, 60200), REG_DO_LEAVE);
	ck_assert_int_eq(r.state, REG_LEAVING);
}
END_TEST


Suite *suite_reg_replace(void)
{
	Suite *s = suite_create("reg_replace");
	TCase *tc = tcase_create("replace");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, a_doubt_asks_for_a_turn_once);
	tcase_add_test(tc, a_flow_without_a_binding_is_not_replaced);
	tcase_add_test(tc, a_flow_that_moved_before_its_200_is_left_at_once);
	tcase_add_test(tc, who_was_told_to_wait_is_not_replaced);
	tcase_add_test(tc,
		one_that_was_never_proven_is_replaced_once_in_ten_seconds);
	tcase_add_test(tc, a_register_in_flight_is_given_up_for_it);
	tcase_add_test(tc, accepted_the_elder_retires);
	tcase_add_test(tc,
		accepted_and_rewritten_the_elder_retires_at_the_first_200);
	tcase_add_test(tc,
		a_late_pong_before_its_register_was_sent_ends_it);
	tcase_add_test(tc, a_late_pong_after_that_is_too_late);
	tcase_add_test(tc, one_that_moved_may_say_what_it_likes);
	tcase_add_test(tc, refused_the_elder_is_taken_back);
	tcase_add_test(tc, with_it_comes_the_kind_of_its_transport);
	tcase_add_test(tc, one_without_a_lease_is_let_go_instead);
	tcase_add_test(tc, if_the_elder_breaks_the_way_goes_on);
	tcase_add_test(tc, a_stop_takes_it_back_to_unregister_over_it);
	tcase_add_test(tc, a_stop_ends_a_doubt);
	tcase_add_test(tc, a_reconnect_leaves_both);
	suite_add_tcase(s, tc);

	tc = tcase_create("fetch");
	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, a_fetch_changes_nothing);
	tcase_add_test(tc, only_where_an_answer_can_come);
	tcase_add_test(tc, it_waits_for_what_is_in_flight);
	tcase_add_test(tc, refused_it_is_over);
	tcase_add_test(tc, if_our_binding_is_gone_it_is_made_again);
	tcase_add_test(tc, without_an_answer_the_next_one_means_something);
	tcase_add_test(tc, a_flow_that_is_lost_takes_the_question_with_it);
	tcase_add_test(tc, a_stop_waits_for_its_answer);
	suite_add_tcase(s, tc);

	return s;
}
