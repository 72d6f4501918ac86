/* core/flow.c, and the pings of streams (flow_ping.c) */

#include <check.h>
#include "flow.h"


Suite *suite_flow(void);


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


/* Lets the next deadline come; what is to be done then. */
static unsigned next(void)
{
	return flow_on_timer(&f, flow_deadline(&f));
}


START_TEST(a_connect_has_ten_seconds)
{
	begin(true, KEEPALIVE_AUTO, 0);
	ck_assert_uint_eq(flow_deadline(&f), 10000);
	ck_assert_uint_eq(flow_on_timer(&f, 9999), 0);
	ck_assert_uint_eq(flow_on_timer(&f, 10000), FLOW_CLOSE);
	ck_assert_int_eq(f.state, FLOW_DOWN);
	ck_assert_int_eq(f.reason, REASON_CONNECT_TIMEOUT);
	ck_assert_uint_eq(flow_deadline(&f), NEVER);
}
END_TEST


START_TEST(a_flow_without_a_200_sends_nothing)
{
	begin(true, KEEPALIVE_AUTO, 0);
	flow_on_connected(&f, 500);
	ck_assert_uint_eq(f.up_at, 500);
	ck_assert(flow_alive(&f));
	ck_assert_uint_eq(flow_deadline(&f), NEVER);
}
END_TEST


START_TEST(the_first_ping_follows_the_first_200_within_a_second)
{
	registered(true, KEEPALIVE_AUTO);
	ck_assert_uint_ge(flow_deadline(&f), 1);
	ck_assert_uint_le(flow_deadline(&f), 1000);
	ck_assert_uint_eq(next(), FLOW_SEND_CRLF);
}
END_TEST


START_TEST(later_200s_bring_no_ping_of_their_own)
{
	registered(true, KEEPALIVE_AUTO);
	next();
	flow_on_pong(&f, 1000);
	const msec_t at = f.next_ping;

	ck_assert_uint_eq(flow_on_registered(&f, 5000), 0);
	ck_assert_uint_eq(f.next_ping, at);
}
END_TEST


START_TEST(pings_come_at_80_to_100_percent_of_the_interval)
{
	registered(true, KEEPALIVE_AUTO);
	for (int i = 0; i < 1000; i++) {
		const msec_t now = flow_deadline(&f);

		ck_assert_uint_eq(flow_on_timer(&f, now), FLOW_SEND_CRLF);
		ck_assert_uint_ge(f.next_ping, now + 24000);
		ck_assert_uint_le(f.next_ping, now + 30000);
		flow_on_pong(&f, now + 10);
	}
}
END_TEST


START_TEST(the_interval_has_defaults_by_transport)
{
	begin(true, KEEPALIVE_AUTO, 0);
	ck_assert_uint_eq(flow_interval(&f), 30000);
	begin(false, KEEPALIVE_AUTO, 0);
	ck_assert_uint_eq(flow_interval(&f), 25000);
	begin(false, KEEPALIVE_AUTO, 100000);
	ck_assert_uint_eq(flow_interval(&f), 100000);
}
END_TEST


START_TEST(the_servers_interval_counts_if_it_is_smaller)
{
	begin(true, KEEPALIVE_AUTO, 30000);
	flow_on_promise(&f, true, 60, 0);
	ck_assert_uint_eq(flow_interval(&f), 30000);
	flow_on_promise(&f, true, 12, 0);
	ck_assert_uint_eq(flow_interval(&f), 12000);
	flow_on_promise(&f, true, 0, 0);
	ck_assert_uint_eq(flow_interval(&f), 30000);
	flow_on_promise(&f, true, UINT32_MAX, 0);
	ck_assert_uint_eq(flow_interval(&f), 30000);
}
END_TEST


START_TEST(what_was_learned_counts_if_it_is_smaller_still)
{
	begin(true, KEEPALIVE_AUTO, 0);
	ck_assert_int_eq(flow_interval_reason(&f), INTERVAL_DEFAULT);
	flow_set_learned(&f, 15000, 0);
	ck_assert_uint_eq(flow_interval(&f), 15000);
	ck_assert_uint_eq(flow_interval_normal(&f), 30000);
	ck_assert_int_eq(flow_interval_reason(&f), INTERVAL_LEARNED);
	flow_on_promise(&f, true, 15, 0);
	ck_assert_uint_eq(flow_interval_normal(&f), 15000);
	ck_assert_int_eq(flow_interval_reason(&f), INTERVAL_SERVER);
	flow_set_learned(&f, 0, 0);
	ck_assert_uint_eq(flow_interval(&f), 15000);
}
END_TEST


START_TEST(the_reason_is_what_made_the_interval_so_small)
{
	begin(true, KEEPALIVE_AUTO, 20000);
	ck_assert_int_eq(flow_interval_reason(&f), INTERVAL_CONFIGURED);
	flow_on_promise(&f, true, 20, 0);
	ck_assert_int_eq(flow_interval_reason(&f), INTERVAL_CONFIGURED);
	flow_set_learned(&f, 40000, 0);
	ck_assert_int_eq(flow_interval_reason(&f), INTERVAL_CONFIGURED);
	flow_on_promise(&f, true, 19, 0);
	ck_assert_int_eq(flow_interval_reason(&f), INTERVAL_SERVER);
	flow_set_learned(&f, 18000, 0);
	ck_assert_int_eq(flow_interval_reason(&f), INTERVAL_LEARNED);
}
END_TEST


START_TEST(what_was_learned_brings_the_next_ping_forward)
{
	registered(true, KEEPALIVE_AUTO);
	next();
	flow_on_pong(&f, 1000);
	const msec_t at = f.next_ping;

	flow_set_learned(&f, 100000, 2000);
	ck_assert_uint_eq(flow_deadline(&f), at);
	flow_set_learned(&f, 6000, 2000);
	ck_assert_uint_eq(flow_deadline(&f), 8000);
	flow_set_learned(&f, 0, 3000);
	ck_assert_uint_eq(flow_deadline(&f), 8000);
	ck_assert_uint_eq(next(), FLOW_SEND_CRLF);
	ck_assert_uint_ge(f.next_ping, 8000 + 24000);
}
END_TEST


START_TEST(a_promise_that_is_shorter_brings_the_next_ping_forward)
{
	registered(true, KEEPALIVE_AUTO);
	next();
	flow_on_pong(&f, 1000);
	flow_on_promise(&f, true, 5, 2000);
	ck_assert_uint_eq(flow_deadline(&f), 7000);
}
END_TEST


START_TEST(the_interval_is_never_below_a_second)
{
	begin(true, KEEPALIVE_AUTO, 1);
	ck_assert_uint_eq(flow_interval(&f), 1000);
	flow_set_learned(&f, 1, 0);
	ck_assert_uint_eq(flow_interval(&f), 1000);
}
END_TEST


START_TEST(a_200_and_then_a_pong_prove_it_once)
{
	registered(true, KEEPALIVE_AUTO);
	next();
	ck_assert_int_eq(f.state, FLOW_UP);
	ck_assert_uint_eq(flow_on_pong(&f, 1000), FLOW_NOW_PROVEN);
	ck_assert_int_eq(f.state, FLOW_PROVEN);
	ck_assert_uint_eq(flow_on_pong(&f, 1001), 0);
	ck_assert_uint_eq(flow_on_options_answer(&f, 1002), 0);
}
END_TEST


START_TEST(a_pong_before_the_200_proves_nothing)
{
	begin(true, KEEPALIVE_AUTO, 0);
	flow_on_connected(&f, 0);
	ck_assert_uint_eq(flow_on_pong(&f, 10), 0);
	ck_assert_int_eq(f.state, FLOW_UP);
}
END_TEST


/* A CRLF that nobody asked for is the server's own keepalive. */
START_TEST(a_pong_without_a_ping_is_life_and_no_more)
{
	registered(true, KEEPALIVE_AUTO);
	ck_assert_uint_eq(flow_on_pong(&f, 1), 0);
	ck_assert_uint_eq(f.life_at, 1);
	ck_assert(!f.ponged);
	next();
	ck_assert_uint_eq(flow_on_pong(&f, 1000), FLOW_NOW_PROVEN);
	flow_on_pong(&f, 1001);
	ck_assert_uint_eq(f.pongs, 1);
}
END_TEST


/* RFC 6223 §4.3: negotiated anew in every refresh. */
START_TEST(a_promise_lasts_until_the_next_200)
{
	registered(true, KEEPALIVE_AUTO);
	flow_on_promise(&f, true, 12, 0);
	flow_on_promise(&f, false, 0, 1);
	ck_assert(!f.promised);
	ck_assert_uint_eq(flow_interval(&f), 30000);
}
END_TEST


START_TEST(a_message_has_ten_seconds_to_become_whole)
{
	registered(true, KEEPALIVE_AUTO);
	next();
	flow_on_pong(&f, 1000);
	flow_on_partial(&f, 2000);
	ck_assert_uint_eq(flow_deadline(&f), 12000);
	flow_on_partial(&f, NEVER);
	ck_assert_uint_eq(flow_deadline(&f), f.next_ping);
	flow_on_partial(&f, 3000);
	ck_assert_uint_eq(flow_on_timer(&f, 12999), 0);
	ck_assert_uint_eq(flow_on_timer(&f, 13000), FLOW_CLOSE);
	ck_assert_int_eq(f.reason, REASON_FLOW_LOST);
	ck_assert_uint_eq(flow_deadline(&f), NEVER);
}
END_TEST


START_TEST(traffic_is_life_but_proves_nothing)
{
	registered(true, KEEPALIVE_AUTO);
	next();
	ck_assert_uint_eq(flow_on_traffic(&f, 1000), 0);
	ck_assert_int_eq(f.state, FLOW_UP);
	ck_assert_uint_eq(f.life_at, 1000);
	ck_assert(!f.proven);

	/* nor does it end the first question */
	ck_assert_uint_eq(f.overdue_at, f.ping_at + 1000);
	ck_assert_uint_eq(f.dead_at, 11000);
}
END_TEST


START_TEST(traffic_answers_for_who_has_ponged)
{
	registered(true, KEEPALIVE_AUTO);
	next();
	flow_on_pong(&f, f.ping_at + 20);
	next();
	ck_assert(f.waiting);
	flow_on_traffic(&f, f.ping_at + 10);
	ck_assert(!f.waiting);
}
END_TEST


START_TEST(who_has_ponged_is_suspect_after_a_second_and_dead_after_ten)
{
	registered(true, KEEPALIVE_AUTO);
	next();
	flow_on_pong(&f, f.ping_at + 20);
	next();

	const msec_t ping = f.ping_at;

	ck_assert_uint_eq(flow_deadline(&f), ping + 1000);
	ck_assert_uint_eq(next(), 0);
	ck_assert_int_eq(f.state, FLOW_SUSPECT);
	ck_assert(!flow_alive(&f));
	ck_assert_uint_eq(flow_deadline(&f), ping + 10000);
	ck_assert_uint_eq(next(), FLOW_CLOSE);
	ck_assert_int_eq(f.reason, REASON_FLOW_LOST);
}
END_TEST


START_TEST(a_late_pong_clears_the_suspicion)
{
	registered(true, KEEPALIVE_AUTO);
	next();
	flow_on_pong(&f, f.ping_at + 20);
	next();
	next();
	ck_assert_int_eq(f.state, FLOW_SUSPECT);
	ck_assert_uint_eq(flow_on_pong(&f, f.ping_at + 9999), 0);
	ck_assert_int_eq(f.state, FLOW_PROVEN);
	ck_assert_uint_eq(flow_deadline(&f), f.next_ping);
}
END_TEST


START_TEST(a_slow_line_has_four_round_trips_of_patience)
{
	registered(true, KEEPALIVE_AUTO);
	next();
	flow_on_pong(&f, f.ping_at + 800);
	ck_assert_uint_eq(f.rtt, 800);
	next();
	ck_assert_uint_eq(f.overdue_at, f.ping_at + 3200);
	flow_on_pong(&f, f.ping_at + 1600);
	ck_assert_uint_eq(f.rtt, 900);
	/* an OPTIONS says nothing about this */
	next();
	flow_on_options_answer(&f, f.ping_at + 8000);
	ck_assert_uint_eq(f.rtt, 900);
}
END_TEST


/* Else there is no time left to ask in another way. */
START_TEST(but_half_of_the_pong_timeout_at_most)
{
	registered(true, KEEPALIVE_AUTO);
	next();
	flow_on_pong(&f, f.ping_at + 9000);
	next();
	ck_assert_uint_eq(f.overdue_at, f.ping_at + 5000);
}
END_TEST


START_TEST(the_edge_was_there_if_it_showed_a_certificate)
{
	ck_assert(flow_found_edge(REASON_TLS_UNTRUSTED));
	ck_assert(flow_found_edge(REASON_TLS_NAME));
	ck_assert(!flow_found_edge(REASON_TLS_FAILURE));
	ck_assert(!flow_found_edge(REASON_CONNECT_REFUSED));
}
END_TEST


START_TEST(who_never_ponged_is_asked_with_an_options)
{
	registered(true, KEEPALIVE_AUTO);
	next();

	const msec_t ping = f.ping_at;

	ck_assert_uint_eq(next(), FLOW_SEND_OPTIONS);
	ck_assert_int_eq(f.state, FLOW_UP);
	ck_assert_uint_eq(flow_deadline(&f), ping + 10000);
	ck_assert_uint_eq(next(), FLOW_CLOSE);
}
END_TEST


START_TEST(any_answer_to_the_options_is_life)
{
	registered(true, KEEPALIVE_AUTO);
	next();
	next();
	ck_assert_uint_eq(flow_on_options_answer(&f, f.ping_at + 9000),
			  FLOW_NOW_PROVEN);
	ck_assert_uint_eq(flow_deadline(&f), f.next_ping);
	ck_assert_uint_eq(next(), FLOW_SEND_CRLF);
}
END_TEST


START_TEST(who_promised_pongs_is_judged_by_them)
{
	registered(true, KEEPALIVE_AUTO);
	flow_on_promise(&f, true, 0, 0);
	next();
	ck_assert_uint_eq(next(), 0);
	ck_assert_int_eq(f.state, FLOW_SUSPECT);
	/* suspect before it was proven: back to where it was */
	flow_on_traffic(&f, 5000);
	ck_assert_int_eq(f.state, FLOW_UP);
}
END_TEST


START_TEST(an_interval_below_the_pong_timeout_pings_on_while_it_waits)
{
	begin(true, KEEPALIVE_AUTO, 2000);
	flow_on_connected(&f, 0);
	flow_on_registered(&f, 0);
	next();

	const msec_t ping = f.ping_at;

	ck_assert_uint_eq(next(), FLOW_SEND_OPTIONS);
	while (f.next_ping < ping + 10000) {
		const msec_t at = f.next_ping;

		ck_assert_uint_eq(flow_deadline(&f), at);
		ck_assert_uint_eq(next(), FLOW_SEND_CRLF);
	}
	ck_assert_uint_eq(flow_deadline(&f), ping + 10000);
	ck_assert_uint_eq(next(), FLOW_CLOSE);
}
END_TEST


START_TEST(a_stream_can_be_asked_with_options_only)
{
	registered(true, KEEPALIVE_OPTIONS);
	ck_assert_uint_eq(next(), FLOW_SEND_OPTIONS);
	ck_assert_uint_eq(flow_deadline(&f), f.ping_at + 10000);
	ck_assert_uint_eq(next(), FLOW_CLOSE);
}
END_TEST


START_TEST(stun_never_goes_over_a_stream)
{
	registered(true, KEEPALIVE_STUN);
	ck_assert_uint_eq(flow_on_stun_allowed(&f, true, 0), 0);
	ck_assert_uint_eq(next(), FLOW_SEND_CRLF);
	registered(true, KEEPALIVE_AUTO);
	flow_on_stun_allowed(&f, true, 0);
	ck_assert_uint_eq(next(), FLOW_SEND_CRLF);
}
END_TEST


START_TEST(what_is_down_stays_down)
{
	registered(true, KEEPALIVE_AUTO);
	ck_assert_uint_eq(flow_on_failed(&f, REASON_FLOW_LOST), FLOW_CLOSE);
	ck_assert_uint_eq(flow_on_failed(&f, REASON_TLS_NAME), 0);
	ck_assert_int_eq(f.reason, REASON_FLOW_LOST);
	ck_assert_uint_eq(flow_on_connected(&f, 1), 0);
	ck_assert_uint_eq(flow_on_registered(&f, 1), 0);
	ck_assert_uint_eq(flow_on_pong(&f, 1), 0);
	ck_assert_uint_eq(flow_on_options_answer(&f, 1), 0);
	ck_assert_uint_eq(flow_on_traffic(&f, 1), 0);
	ck_assert_uint_eq(flow_on_promise(&f, true, 1, 1), 0);
	ck_assert_uint_eq(flow_on_stun_answer(&f, 1), 0);
	ck_assert_uint_eq(flow_on_stun_allowed(&f, true, 1), 0);
	ck_assert_uint_eq(flow_verify(&f, 1), 0);
	ck_assert_uint_eq(flow_drain(&f, 1), 0);
	flow_set_learned(&f, 5000, 1);
	ck_assert_uint_eq(flow_on_timer(&f, NEVER - 1), 0);
	ck_assert_int_eq(f.state, FLOW_DOWN);
	ck_assert_uint_eq(flow_deadline(&f), NEVER);
}
END_TEST


START_TEST(nothing_can_come_before_it_is_connected)
{
	begin(true, KEEPALIVE_AUTO, 0);
	ck_assert_uint_eq(flow_on_registered(&f, 1), 0);
	ck_assert_uint_eq(flow_on_pong(&f, 1), 0);
	ck_assert_uint_eq(flow_on_options_answer(&f, 1), 0);
	ck_assert_uint_eq(flow_on_stun_answer(&f, 1), 0);
	ck_assert_uint_eq(flow_on_traffic(&f, 1), 0);
	ck_assert_uint_eq(flow_verify(&f, 1), 0);
	ck_assert_int_eq(f.state, FLOW_CONNECTING);
	ck_assert(!f.registered && !f.ponged);
}
END_TEST


START_TEST(a_certificate_that_we_refuse_is_no_fault_of_the_edge)
{
	ck_assert(flow_blames_edge(REASON_CONNECT_REFUSED));
	ck_assert(flow_blames_edge(REASON_CONNECT_TIMEOUT));
	ck_assert(flow_blames_edge(REASON_TLS_FAILURE));
	ck_assert(flow_blames_edge(REASON_FLOW_LOST));
	ck_assert(!flow_blames_edge(REASON_TLS_UNTRUSTED));
	ck_assert(!flow_blames_edge(REASON_TLS_NAME));
	ck_assert(!flow_blames_edge(REASON_OK));
}
END_TEST


START_TEST(the_finer_round_trip_is_kept_for_people)
{
	begin(true, KEEPALIVE_AUTO, 0);
	flow_set_rtt_usec(&f, 1234);
	ck_assert_uint_eq(f.rtt_usec, 1234);
	ck_assert_uint_eq(f.rtt, 0);
}
END_TEST


START_TEST(states_methods_and_reasons_have_names)
{
	static const char *statev[] = {
		"connecting", "up", "proven", "suspect", "draining", "down",
	};
	static const char *methodv[] = {
		"auto", "crlf", "options", "stun", "register",
	};
	static const char *reasonv[] = {
		"default", "configured", "server", "learned",
	};

	for (int i = 0; i < 6; i++)
		ck_assert_str_eq(flow_state_name(i), statev[i]);
	for (int i = 0; i < 5; i++)
		ck_assert_str_eq(keepalive_method_name(i), methodv[i]);
	for (int i = 0; i < 4; i++)
		ck_assert_str_eq(interval_reason_name(i), reasonv[i]);
	ck_assert_str_eq(flow_state_name(99), "?");
	ck_assert_str_eq(keepalive_method_name(99), "?");
	ck_assert_str_eq(interval_reason_name(99), "?");
}
END_TEST


Suite *suite_flow(void)
{
	Suite *s = suite_create("flow");
	TCase *tc = tcase_create("life");

	tcase_add_test(tc, a_connect_has_ten_seconds);
	tcase_add_test(tc, a_flow_without_a_200_sends_nothing);
	tcase_add_test(tc,
		the_first_ping_follows_the_first_200_within_a_second);
	tcase_add_test(tc, later_200s_bring_no_ping_of_their_own);
	tcase_add_test(tc, pings_come_at_80_to_100_percent_of_the_interval);
	tcase_add_test(tc, the_interval_has_defaults_by_transport);
	tcase_add_test(tc, the_servers_interval_counts_if_it_is_smaller);
	tcase_add_test(tc,
		a_promise_that_is_shorter_brings_the_next_ping_forward);
	tcase_add_test(tc, what_was_learned_counts_if_it_is_smaller_still);
	tcase_add_test(tc, the_reason_is_what_made_the_interval_so_small);
	tcase_add_test(tc, what_was_learned_brings_the_next_ping_forward);
	tcase_add_test(tc, the_interval_is_never_below_a_second);
	tcase_add_test(tc, a_200_and_then_a_pong_prove_it_once);
	tcase_add_test(tc, a_pong_before_the_200_proves_nothing);
	tcase_add_test(tc, a_pong_without_a_ping_is_life_and_no_more);
	tcase_add_test(tc, a_promise_lasts_until_the_next_200);
	tcase_add_test(tc, a_message_has_ten_seconds_to_become_whole);
	tcase_add_test(tc, traffic_is_life_but_proves_nothing);
	tcase_add_test(tc, traffic_answers_for_who_has_ponged);
	suite_add_tcase(s, tc);

	tc = tcase_create("stream");
	tcase_add_test(tc,
		who_has_ponged_is_suspect_after_a_second_and_dead_after_ten);
	tcase_add_test(tc, a_late_pong_clears_the_suspicion);
	tcase_add_test(tc, a_slow_line_has_four_round_trips_of_patience);
	tcase_add_test(tc, but_half_of_the_pong_timeout_at_most);
	tcase_add_test(tc, who_never_ponged_is_asked_with_an_options);
	tcase_add_test(tc, any_answer_to_the_options_is_life);
	tcase_add_test(tc, who_promised_pongs_is_judged_by_them);
	tcase_add_test(tc,
		an_interval_below_the_pong_timeout_pings_on_while_it_waits);
	tcase_add_test(tc, a_stream_can_be_asked_with_options_only);
	tcase_add_test(tc, stun_never_goes_over_a_stream);
	suite_add_tcase(s, tc);

	tc = tcase_create("edges of its life");
	tcase_add_test(tc, what_is_down_stays_down);
	tcase_add_test(tc, nothing_can_come_before_it_is_connected);
	tcase_add_test(tc, the_edge_was_there_if_it_showed_a_certificate);
	tcase_add_test(tc,
		a_certificate_that_we_refuse_is_no_fault_of_the_edge);
	tcase_add_test(tc, the_finer_round_trip_is_kept_for_people);
	tcase_add_test(tc, states_methods_and_reasons_have_names);
	suite_add_tcase(s, tc);

	return s;
}
