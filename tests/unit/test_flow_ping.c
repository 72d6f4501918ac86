/* core/flow_ping.c: pings over UDP, pings out of turn, the end of pings */

#include <check.h>
#include "flow.h"


Suite *suite_flow_ping(void);


static struct flow f;


static void begin(bool stream, enum keepalive_method method, msec_t interval)
{
	const struct flow_policy p = {
		.stream = stream,
		.method = method,
		.interval = interval,
		.pong_timeout = 10000,
	};

	flow_init(&f, &p, 1, 0);
}


/* Connected at 0, a 200 at 0, and the first ping is due within 1 s. */
static void registered(bool stream, enum keepalive_method method)
{
	begin(stream, method, 30000);
	ck_assert_uint_eq(flow_on_connected(&f, 0), 0);
	ck_assert_uint_eq(flow_on_registered(&f, 0), 0);
}


/* The same on UDP, with STUN allowed by that 200. */
static void allowed(void)
{
	registered(false, KEEPALIVE_AUTO);
	ck_assert_uint_eq(flow_on_stun_allowed(&f, true, 0), 0);
}


/* Lets the next deadline come; what is to be done then. */
static unsigned next(void)
{
	const msec_t now = flow_deadline(&f);
	const unsigned acts = flow_on_timer(&f, now);

	ck_assert_uint_gt(flow_deadline(&f), now);

	return acts;
}


/* --- UDP --- */

START_TEST(udp_is_suspect_after_four_lost_tries)
{
	registered(false, KEEPALIVE_AUTO);
	next();
	flow_on_options_answer(&f, 1000);
	ck_assert_uint_eq(next(), FLOW_SEND_OPTIONS);
	ck_assert_uint_eq(flow_deadline(&f), f.ping_at + 3500);
	ck_assert_uint_eq(next(), 0);
	ck_assert_int_eq(f.state, FLOW_SUSPECT);
	/* and is never dead by itself: the pings go on */
	for (int i = 0; i < 100; i++)
		ck_assert_uint_eq(next(), FLOW_SEND_OPTIONS);
	ck_assert_int_eq(f.state, FLOW_SUSPECT);
}
END_TEST


START_TEST(the_first_life_on_udp_after_a_silence_asks_the_registrar)
{
	registered(false, KEEPALIVE_AUTO);
	next();
	flow_on_options_answer(&f, 1000);
	next();
	next();
	ck_assert_int_eq(f.state, FLOW_SUSPECT);
	ck_assert_uint_eq(flow_on_traffic(&f, 31000), 0);
	next();
	next();
	ck_assert_int_eq(f.state, FLOW_SUSPECT);
	ck_assert_uint_eq(flow_on_traffic(&f, 61001), FLOW_VERIFY);
}
END_TEST


START_TEST(an_edge_without_options_gets_crlf_and_two_200s_prove_it)
{
	registered(false, KEEPALIVE_AUTO);
	ck_assert_uint_eq(next(), FLOW_SEND_OPTIONS);
	ck_assert_uint_eq(next(), FLOW_SEND_CRLF);
	ck_assert_int_eq(f.state, FLOW_UP);
	ck_assert_uint_eq(next(), FLOW_SEND_CRLF);
	ck_assert_uint_eq(flow_on_registered(&f, 300000), FLOW_NOW_PROVEN);
	ck_assert_int_eq(f.state, FLOW_PROVEN);
}
END_TEST


START_TEST(options_by_order_of_the_operator_are_not_given_up)
{
	registered(false, KEEPALIVE_OPTIONS);
	ck_assert_uint_eq(next(), FLOW_SEND_OPTIONS);
	ck_assert_uint_eq(next(), 0);
	ck_assert_uint_eq(next(), FLOW_SEND_OPTIONS);
}
END_TEST


START_TEST(with_method_register_each_interval_is_a_refresh)
{
	registered(false, KEEPALIVE_REGISTER);
	ck_assert_uint_ge(flow_deadline(&f), 24000);
	ck_assert_uint_eq(next(), FLOW_VERIFY);
	ck_assert_uint_eq(flow_on_registered(&f, 30000), FLOW_NOW_PROVEN);
	ck_assert_uint_eq(next(), FLOW_VERIFY);
}
END_TEST


/* --- STUN --- */

START_TEST(stun_is_asked_where_the_edge_allowed_it)
{
	allowed();
	ck_assert_uint_eq(next(), FLOW_SEND_STUN);
	ck_assert_int_eq(f.asking, KEEPALIVE_STUN);
	ck_assert_uint_eq(flow_deadline(&f), f.ping_at + 3500);
	ck_assert_uint_eq(flow_on_stun_answer(&f, 1000), FLOW_NOW_PROVEN);
	ck_assert_int_eq(f.state, FLOW_PROVEN);
	ck_assert_uint_eq(f.pongs, 1);
	ck_assert_uint_eq(flow_deadline(&f), f.next_ping);
	ck_assert_uint_eq(next(), FLOW_SEND_STUN);
}
END_TEST


START_TEST(stun_is_not_asked_without_that)
{
	registered(false, KEEPALIVE_AUTO);
	ck_assert_uint_eq(next(), FLOW_SEND_OPTIONS);
}
END_TEST


START_TEST(the_operators_word_is_allowance_enough)
{
	registered(false, KEEPALIVE_STUN);
	ck_assert_uint_eq(next(), FLOW_SEND_STUN);
	flow_on_stun_answer(&f, 1000);
	flow_on_stun_allowed(&f, false, 2000);
	ck_assert_uint_eq(next(), FLOW_SEND_STUN);
}
END_TEST


START_TEST(an_operator_who_wants_something_else_gets_that)
{
	registered(false, KEEPALIVE_OPTIONS);
	flow_on_stun_allowed(&f, true, 0);
	ck_assert_uint_eq(next(), FLOW_SEND_OPTIONS);
	registered(false, KEEPALIVE_CRLF);
	flow_on_stun_allowed(&f, true, 0);
	ck_assert_uint_eq(next(), FLOW_SEND_CRLF);
}
END_TEST


/* RFC 6223 §4.3: what a refresh does not confirm has ended. */
START_TEST(an_allowance_that_ends_brings_back_what_was_before)
{
	allowed();
	next();
	flow_on_stun_answer(&f, 1000);
	flow_on_stun_allowed(&f, false, 2000);
	ck_assert_uint_eq(next(), FLOW_SEND_OPTIONS);

	registered(false, KEEPALIVE_AUTO);
	ck_assert_uint_eq(next(), FLOW_SEND_OPTIONS);
	ck_assert_uint_eq(next(), FLOW_SEND_CRLF);
	flow_on_stun_allowed(&f, true, 5000);
	ck_assert_uint_eq(next(), FLOW_SEND_STUN);
	flow_on_stun_answer(&f, 31000);
	flow_on_stun_allowed(&f, false, 32000);
	ck_assert_uint_eq(next(), FLOW_SEND_CRLF);
}
END_TEST


START_TEST(stun_that_never_answers_is_no_failure)
{
	allowed();
	ck_assert_uint_eq(next(), FLOW_SEND_STUN);

	const msec_t ping = f.ping_at;

	ck_assert_uint_eq(next(), FLOW_SEND_OPTIONS);
	ck_assert_int_eq(f.state, FLOW_UP);
	ck_assert_uint_eq(f.ping_at, ping + 3500);
	ck_assert_uint_eq(flow_deadline(&f), ping + 7000);
	ck_assert_uint_eq(flow_on_options_answer(&f, ping + 3600),
			  FLOW_NOW_PROVEN);

	/* and is not tried again over this flow */
	flow_on_stun_allowed(&f, false, 10000);
	flow_on_stun_allowed(&f, true, 10000);
	ck_assert_uint_eq(next(), FLOW_SEND_OPTIONS);
}
END_TEST


START_TEST(an_edge_that_answers_neither_gets_crlf)
{
	allowed();
	ck_assert_uint_eq(next(), FLOW_SEND_STUN);
	ck_assert_uint_eq(next(), FLOW_SEND_OPTIONS);
	ck_assert_uint_eq(next(), FLOW_SEND_CRLF);
	ck_assert_int_eq(f.state, FLOW_UP);
	ck_assert_uint_eq(next(), FLOW_SEND_CRLF);
	ck_assert_uint_eq(flow_on_registered(&f, 300000), FLOW_NOW_PROVEN);
}
END_TEST


START_TEST(stun_that_was_answered_and_is_no_more_is_suspect)
{
	allowed();
	next();
	flow_on_stun_answer(&f, 1000);
	ck_assert_uint_eq(next(), FLOW_SEND_STUN);
	ck_assert_uint_eq(flow_deadline(&f), f.ping_at + 3500);
	ck_assert_uint_eq(next(), 0);
	ck_assert_int_eq(f.state, FLOW_SUSPECT);
	for (int i = 0; i < 100; i++)
		ck_assert_uint_eq(next(), FLOW_SEND_STUN);

	const msec_t now = f.next_ping - 1;

	ck_assert_uint_eq(flow_on_stun_answer(&f, now), FLOW_VERIFY);
	ck_assert_int_eq(f.state, FLOW_PROVEN);
}
END_TEST


START_TEST(who_answered_options_only_is_judged_by_them)
{
	registered(false, KEEPALIVE_AUTO);
	next();
	flow_on_options_answer(&f, 1000);
	flow_on_stun_allowed(&f, true, 2000);
	ck_assert_uint_eq(next(), FLOW_SEND_STUN);
	ck_assert_uint_eq(next(), FLOW_SEND_OPTIONS);
	ck_assert_int_eq(f.state, FLOW_PROVEN);
	ck_assert_uint_eq(next(), 0);
	ck_assert_int_eq(f.state, FLOW_SUSPECT);
}
END_TEST


/* --- how long it was idle --- */

START_TEST(a_scheduled_ping_notes_the_silence_before_it)
{
	for (int stream = 0; stream < 2; stream++) {
		registered(stream, KEEPALIVE_AUTO);
		next();
		ck_assert_uint_eq(f.idle, 0);
		if (stream)
			flow_on_pong(&f, 2000);
		else
			flow_on_options_answer(&f, 2000);

		const msec_t idle = f.next_ping - 2000;

		next();
		ck_assert_uint_eq(f.idle, idle);
		next();
		ck_assert_int_eq(f.state, FLOW_SUSPECT);
		ck_assert_uint_eq(f.idle, idle);
	}
}
END_TEST


START_TEST(pings_that_are_repeated_leave_it_alone)
{
	registered(false, KEEPALIVE_AUTO);
	next();
	flow_on_options_answer(&f, 2000);
	next();
	next();
	ck_assert_int_eq(f.state, FLOW_SUSPECT);

	const msec_t idle = f.idle;

	next();
	next();
	ck_assert_uint_eq(f.idle, idle);
	flow_on_traffic(&f, f.next_ping - 7000);
	ck_assert_uint_eq(f.idle, idle);
	next();
	ck_assert_uint_eq(f.idle, 7000);
}
END_TEST


START_TEST(traffic_shortens_it)
{
	registered(true, KEEPALIVE_AUTO);
	next();
	flow_on_pong(&f, 1000);
	flow_on_traffic(&f, f.next_ping - 4000);
	next();
	ck_assert_uint_eq(f.idle, 4000);
}
END_TEST


START_TEST(a_ping_that_nobody_answers_ends_it_for_the_nat_too)
{
	registered(false, KEEPALIVE_CRLF);
	next();
	ck_assert_uint_eq(f.idle, 0);

	const msec_t ping = f.ping_at;

	next();
	ck_assert_uint_eq(f.idle, f.ping_at - ping);
}
END_TEST


START_TEST(a_refresh_as_keepalive_notes_it_from_the_first_on)
{
	registered(false, KEEPALIVE_REGISTER);
	ck_assert_uint_eq(next(), FLOW_VERIFY);
	ck_assert_uint_eq(f.idle, f.ping_at);
	flow_on_registered(&f, f.ping_at + 50);

	const msec_t life = f.life_at;

	next();
	ck_assert_uint_eq(f.idle, f.ping_at - life);
}
END_TEST


/* --- out of turn --- */

START_TEST(a_stream_in_doubt_is_pinged_at_once)
{
	registered(true, KEEPALIVE_AUTO);
	next();
	flow_on_pong(&f, f.ping_at + 20);
	ck_assert_uint_eq(flow_verify(&f, 5000), FLOW_SEND_CRLF);
	ck_assert_uint_eq(f.idle, 0);
	ck_assert_uint_eq(f.ping_at, 5000);
	ck_assert_uint_ge(f.next_ping, 5000 + 24000);
	ck_assert_uint_eq(flow_deadline(&f), 6000);
	ck_assert_uint_eq(next(), 0);
	ck_assert_int_eq(f.state, FLOW_SUSPECT);
	ck_assert_uint_eq(flow_deadline(&f), 15000);
	ck_assert_uint_eq(next(), FLOW_CLOSE);
}
END_TEST


START_TEST(a_stream_that_waits_is_asked_again_and_has_no_more_time)
{
	registered(true, KEEPALIVE_AUTO);
	next();
	flow_on_pong(&f, f.ping_at + 20);
	next();

	const msec_t ping = f.ping_at;

	ck_assert_uint_eq(flow_verify(&f, ping + 500), FLOW_SEND_CRLF);
	ck_assert_uint_eq(flow_deadline(&f), ping + 1000);
	next();
	ck_assert_int_eq(f.state, FLOW_SUSPECT);
	ck_assert_uint_eq(flow_verify(&f, ping + 5000), FLOW_SEND_CRLF);
	ck_assert_int_eq(f.state, FLOW_SUSPECT);
	ck_assert_uint_eq(flow_deadline(&f), ping + 10000);
	ck_assert_uint_eq(next(), FLOW_CLOSE);
}
END_TEST


START_TEST(a_stream_in_doubt_is_asked_as_the_operator_wants)
{
	registered(true, KEEPALIVE_OPTIONS);
	ck_assert_uint_eq(flow_verify(&f, 0), FLOW_SEND_OPTIONS);
	ck_assert_uint_eq(flow_deadline(&f), 10000);
	registered(true, KEEPALIVE_REGISTER);
	ck_assert_uint_eq(flow_verify(&f, 0), FLOW_REPLACE);
}
END_TEST


START_TEST(a_stream_without_a_200_can_be_in_doubt_too)
{
	begin(true, KEEPALIVE_AUTO, 30000);
	flow_on_connected(&f, 0);
	ck_assert_uint_eq(flow_verify(&f, 100), FLOW_SEND_CRLF);
	flow_on_pong(&f, 200);
	ck_assert_uint_eq(flow_deadline(&f), NEVER);

	begin(true, KEEPALIVE_REGISTER, 30000);
	flow_on_connected(&f, 0);
	ck_assert_uint_eq(flow_verify(&f, 100), 0);
}
END_TEST


START_TEST(a_udp_flow_without_a_200_is_left_to_its_register)
{
	begin(false, KEEPALIVE_AUTO, 30000);
	flow_on_connected(&f, 0);
	ck_assert_uint_eq(flow_verify(&f, 100), 0);
	ck_assert_uint_eq(flow_deadline(&f), NEVER);
}
END_TEST


START_TEST(a_udp_flow_in_doubt_is_asked_with_a_fresh_deadline)
{
	registered(false, KEEPALIVE_AUTO);
	next();
	flow_on_options_answer(&f, 1000);
	next();

	const msec_t ping = f.ping_at;

	ck_assert_uint_eq(flow_verify(&f, ping + 3000), FLOW_SEND_OPTIONS);
	ck_assert_uint_eq(f.idle, 0);
	ck_assert_uint_eq(flow_deadline(&f), ping + 6500);
	ck_assert_uint_eq(next(), 0);
	ck_assert_int_eq(f.state, FLOW_SUSPECT);
	ck_assert_uint_eq(flow_verify(&f, ping + 7000), FLOW_SEND_OPTIONS);
	ck_assert_uint_eq(flow_on_options_answer(&f, ping + 7100), FLOW_VERIFY);
	ck_assert_int_eq(f.state, FLOW_PROVEN);
}
END_TEST


START_TEST(a_udp_flow_in_doubt_is_asked_by_stun_where_allowed)
{
	allowed();
	next();
	flow_on_stun_answer(&f, 1000);
	ck_assert_uint_eq(flow_verify(&f, 2000), FLOW_SEND_STUN);
	ck_assert_uint_eq(flow_deadline(&f), 5500);
}
END_TEST


START_TEST(where_no_answer_can_come_only_a_new_flow_can_tell)
{
	registered(false, KEEPALIVE_CRLF);
	ck_assert_uint_eq(flow_verify(&f, 100), FLOW_REPLACE);
	registered(false, KEEPALIVE_REGISTER);
	ck_assert_uint_eq(flow_verify(&f, 100), FLOW_REPLACE);

	registered(false, KEEPALIVE_AUTO);
	next();
	ck_assert_uint_eq(next(), FLOW_SEND_CRLF);
	ck_assert_uint_eq(flow_verify(&f, 6000), FLOW_REPLACE);

	registered(false, KEEPALIVE_OPTIONS);
	next();
	next();
	ck_assert_uint_eq(flow_verify(&f, 6000), FLOW_REPLACE);
}
END_TEST


START_TEST(an_edge_that_turns_out_to_answer_nothing_leaves_the_doubt)
{
	allowed();
	ck_assert_uint_eq(flow_verify(&f, 0), FLOW_SEND_STUN);
	ck_assert_uint_eq(next(), FLOW_SEND_OPTIONS);
	ck_assert_uint_eq(next(), FLOW_SEND_CRLF | FLOW_REPLACE);
	ck_assert_uint_eq(next(), FLOW_SEND_CRLF);

	/* with a sign of life in between there is none */
	registered(false, KEEPALIVE_AUTO);
	ck_assert_uint_eq(flow_verify(&f, 0), FLOW_SEND_OPTIONS);
	flow_on_traffic(&f, 100);
	ck_assert_uint_eq(next(), FLOW_SEND_OPTIONS);
	ck_assert_uint_eq(next(), FLOW_SEND_CRLF);
}
END_TEST


/* --- the end --- */

START_TEST(one_that_was_replaced_drains_ten_seconds_without_pings)
{
	registered(true, KEEPALIVE_AUTO);
	next();
	flow_on_pong(&f, 1000);
	ck_assert_uint_eq(flow_drain(&f, 2000), 0);
	ck_assert_int_eq(f.state, FLOW_DRAINING);
	ck_assert(!flow_alive(&f));
	ck_assert_uint_eq(flow_deadline(&f), 12000);
	ck_assert_uint_eq(flow_drain(&f, 3000), 0);
	flow_on_promise(&f, true, 1, 3000);
	flow_set_learned(&f, 1000, 3000);
	ck_assert_uint_eq(flow_deadline(&f), 12000);
	ck_assert_uint_eq(flow_verify(&f, 4000), 0);
	ck_assert_uint_eq(flow_on_timer(&f, 11999), 0);
	ck_assert_uint_eq(flow_on_timer(&f, 12000), FLOW_CLOSE);
	ck_assert_int_eq(f.state, FLOW_DOWN);
	ck_assert_int_eq(f.reason, REASON_OK);
}
END_TEST


START_TEST(nothing_brings_it_back_from_there)
{
	registered(false, KEEPALIVE_AUTO);
	next();
	flow_on_options_answer(&f, 1000);
	next();
	next();
	ck_assert_int_eq(f.state, FLOW_SUSPECT);

	const msec_t life = f.life_at, now = f.next_ping - 1;

	flow_drain(&f, now);
	ck_assert_uint_eq(flow_on_options_answer(&f, now), 0);
	ck_assert_uint_eq(flow_on_stun_answer(&f, now), 0);
	ck_assert_uint_eq(flow_on_pong(&f, now), 0);
	ck_assert_uint_eq(flow_on_traffic(&f, now), 0);
	ck_assert_uint_eq(flow_on_registered(&f, now), 0);
	ck_assert_int_eq(f.state, FLOW_DRAINING);
	ck_assert_uint_eq(f.life_at, life);
	ck_assert_uint_eq(f.pongs, 1);
	ck_assert_uint_eq(flow_deadline(&f), now + 10000);
}
END_TEST


START_TEST(its_end_is_no_failure_whatever_ends_it)
{
	registered(true, KEEPALIVE_AUTO);
	flow_drain(&f, 100);
	ck_assert_uint_eq(flow_on_failed(&f, REASON_FLOW_LOST), FLOW_CLOSE);
	ck_assert_int_eq(f.reason, REASON_OK);

	registered(true, KEEPALIVE_AUTO);
	flow_on_partial(&f, 50);
	flow_drain(&f, 5000);
	flow_on_partial(&f, 50);
	ck_assert_uint_eq(flow_on_timer(&f, 10050), FLOW_CLOSE);
	ck_assert_int_eq(f.reason, REASON_OK);
}
END_TEST


START_TEST(one_that_never_stood_has_nothing_to_drain)
{
	begin(true, KEEPALIVE_AUTO, 0);
	ck_assert_uint_eq(flow_drain(&f, 100), FLOW_CLOSE);
	ck_assert_int_eq(f.state, FLOW_DOWN);
	ck_assert_int_eq(f.reason, REASON_OK);
}
END_TEST


Suite *suite_flow_ping(void)
{
	Suite *s = suite_create("flow_ping");
	TCase *tc;

	tc = tcase_create("udp");
	tcase_add_test(tc, udp_is_suspect_after_four_lost_tries);
	tcase_add_test(tc,
		the_first_life_on_udp_after_a_silence_asks_the_registrar);
	tcase_add_test(tc,
		an_edge_without_options_gets_crlf_and_two_200s_prove_it);
	tcase_add_test(tc, options_by_order_of_the_operator_are_not_given_up);
	tcase_add_test(tc, with_method_register_each_interval_is_a_refresh);
	suite_add_tcase(s, tc);

	tc = tcase_create("STUN");
	tcase_add_test(tc, stun_is_asked_where_the_edge_allowed_it);
	tcase_add_test(tc, stun_is_not_asked_without_that);
	tcase_add_test(tc, the_operators_word_is_allowance_enough);
	tcase_add_test(tc, an_operator_who_wants_something_else_gets_that);
	tcase_add_test(tc, an_allowance_that_ends_brings_back_what_was_before);
	tcase_add_test(tc, stun_that_never_answers_is_no_failure);
	tcase_add_test(tc, an_edge_that_answers_neither_gets_crlf);
	tcase_add_test(tc, stun_that_was_answered_and_is_no_more_is_suspect);
	tcase_add_test(tc, who_answered_options_only_is_judged_by_them);
	suite_add_tcase(s, tc);

	tc = tcase_create("idle");
	tcase_add_test(tc, a_scheduled_ping_notes_the_silence_before_it);
	tcase_add_test(tc, pings_that_are_repeated_leave_it_alone);
	tcase_add_test(tc, traffic_shortens_it);
	tcase_add_test(tc, a_ping_that_nobody_answers_ends_it_for_the_nat_too);
	tcase_add_test(tc, a_refresh_as_keepalive_notes_it_from_the_first_on);
	suite_add_tcase(s, tc);

	tc = tcase_create("out of turn");
	tcase_add_test(tc, a_stream_in_doubt_is_pinged_at_once);
	tcase_add_test(tc,
		a_stream_that_waits_is_asked_again_and_has_no_more_time);
	tcase_add_test(tc, a_stream_in_doubt_is_asked_as_the_operator_wants);
	tcase_add_test(tc, a_stream_without_a_200_can_be_in_doubt_too);
	tcase_add_test(tc, a_udp_flow_without_a_200_is_left_to_its_register);
	tcase_add_test(tc, a_udp_flow_in_doubt_is_asked_with_a_fresh_deadline);
	tcase_add_test(tc, a_udp_flow_in_doubt_is_asked_by_stun_where_allowed);
	tcase_add_test(tc, where_no_answer_can_come_only_a_new_flow_can_tell);
	tcase_add_test(tc,
		an_edge_that_turns_out_to_answer_nothing_leaves_the_doubt);
	suite_add_tcase(s, tc);

	tc = tcase_create("the end");
	tcase_add_test(tc,
		one_that_was_replaced_drains_ten_seconds_without_pings);
	tcase_add_test(tc, nothing_brings_it_back_from_there);
	tcase_add_test(tc, its_end_is_no_failure_whatever_ends_it);
	tcase_add_test(tc, one_that_never_stood_has_nothing_to_drain);
	suite_add_tcase(s, tc);

	return s;
}
