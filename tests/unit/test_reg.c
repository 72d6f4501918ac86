/* core/reg.c: the boundaries; whole lives are told in tests/story */

#include <check.h>
#include "reg.h"


Suite *suite_reg(void);


static struct reg_policy policy;
static struct reg r;
static uint32_t stream, ipv6;    /* masks of the addresses to come */
static bool one_host;            /* and they are all of one */


static void setup(void)
{
	policy = (struct reg_policy){
		.expires = 3600,
		.verify = 600000,
		.unregister = true,
		.min_digest = DIGEST_MD5,
	};
	stream = UINT32_MAX;
	ipv6 = 0;
	one_host = false;
	reg_init(&r, &policy, 1);
}


static unsigned resolved(unsigned count, uint32_t down, msec_t now)
{
	struct target_list list = {
		.count = count, .down = down, .stream = stream, .ipv6 = ipv6,
	};

	for (unsigned i = 0; i < TARGET_MAX && !one_host; i++)
		list.groupv[i] = (uint8_t)i;

	return reg_on_resolved(&r, &list, REASON_CONNECT_REFUSED, now);
}


static unsigned connected_to(unsigned index, msec_t now)
{
	return reg_on_connected(&r, index, now);
}


static unsigned failed(enum reason reason, uint32_t down, msec_t now)
{
	return reg_on_connect_failed(&r, r.target.index, reason, down, now);
}


static struct answer granted(uint32_t lease)
{
	struct answer a = {.code = 200, .bound = lease > 0};

	a.contacts.lease = lease;
	a.contacts.match = CONTACT_BY_SENT;

	return a;
}


static struct answer code(uint16_t status)
{
	return (struct answer){.code = status};
}


static unsigned answer(struct answer a, msec_t now)
{
	return reg_on_answer(&r, &a, now);
}


/* Starts, finds `count` addresses, connects to the first. */
static void connected(unsigned count, msec_t now)
{
	ck_assert_uint_eq(reg_start(&r, now), REG_DO_CLOSE | REG_DO_RESOLVE);
	ck_assert_uint_eq(resolved(count, 0, now), REG_DO_CONNECT);
	ck_assert_uint_eq(reg_on_turn(&r, now), REG_DO_OPEN);
	ck_assert_uint_eq(connected_to(r.target.index, now), REG_DO_ASK);
}


static void send(enum challenge_sent sent, msec_t now)
{
	ck_assert_uint_eq(reg_on_turn(&r, now), REG_DO_SEND);
	reg_on_sent(&r, sent, 0, now);
}


/* Connected and a REGISTER in flight, all at `now`. */
static void sent(msec_t now)
{
	connected(1, now);
	send(CHALLENGE_SENT_NONE, now);
}


/* The lease runs from `now`. */
static void bound(uint32_t lease, msec_t now)
{
	sent(now);
	ck_assert_uint_eq(answer(granted(lease), now), 0);
	ck_assert_int_eq(r.state, REG_BOUND);
}


static void proven(uint32_t lease, msec_t now)
{
	bound(lease, now);
	reg_on_proven(&r, now);
}


static unsigned deadline(void)
{
	ck_assert_uint_ne(reg_deadline(&r), NEVER);

	return reg_on_timer(&r, reg_deadline(&r));
}


static void check_window(msec_t low, msec_t high)
{
	ck_assert_uint_ge(reg_deadline(&r), low);
	ck_assert_uint_le(reg_deadline(&r), high);
}


/* --- refresh --- */

START_TEST(refresh_times_follow_the_lease)
{
	static const struct {
		uint32_t lease;          /* [s] */
		msec_t low, high;        /* [ms] */
	} rowv[] = {
		{   1,    5000,    5000},
		{   5,    5000,    5000},
		{  10,    5000,    5500},
		{  11,    5000,    6050},
		{  30,   13500,   16500},
		{  64,   28800,   35200},    /* no room for Timer F */
		{  65,   29250,   33000},    /* 32 s before the end */
		{  70,   31500,   38000},
		{ 300,  135000,  165000},
		{1200,  540000,  660000},
		{1201,  571000,  631000},    /* 570 to 630 s before */
		{3600, 2970000, 3030000},
		{864000, 863370000, 863430000},
	};

	for (unsigned seed = 0; seed < 100; seed++) {
		reg_init(&r, &policy, seed);
		bound(rowv[_i].lease, 0);
		check_window(rowv[_i].low, rowv[_i].high);
	}
}
END_TEST


START_TEST(the_lease_counts_from_when_the_request_was_sent)
{
	sent(1000);
	answer(granted(60), 21000);
	ck_assert_uint_eq(r.lease_end, 61000);
	check_window(28000, 34000);
	ck_assert(reg_bound(&r, 60999));
	ck_assert(!reg_bound(&r, 61000));
}
END_TEST


START_TEST(an_answer_that_took_long_leaves_five_seconds)
{
	sent(0);
	answer(granted(40), 31000);
	ck_assert_uint_eq(reg_deadline(&r), 36000);
}
END_TEST


START_TEST(udp_is_refreshed_to_verify)
{
	stream = 0;
	bound(3600, 0);
	check_window(540000, 600000);
	setup();
	stream = 0;
	policy.verify = 0;
	bound(3600, 0);
	check_window(2970000, 3030000);
}
END_TEST


START_TEST(doubt_asks_at_once_but_five_seconds_after_the_answer)
{
	bound(600, 0);
	ck_assert_uint_eq(reg_on_verify(&r, 4999), 0);
	ck_assert_uint_eq(reg_deadline(&r), 5000);
	ck_assert_uint_eq(reg_on_verify(&r, 5000), REG_DO_ASK);
}
END_TEST


START_TEST(a_turn_is_asked_for_again_when_the_lease_becomes_urgent)
{
	bound(600, 0);
	ck_assert_int_eq(reg_class(&r, 300000), PACE_RETURN);
	ck_assert_uint_eq(deadline(), REG_DO_ASK);
	ck_assert_uint_eq(reg_deadline(&r), 568000);
	ck_assert_int_eq(reg_class(&r, 567999), PACE_RETURN);
	ck_assert_uint_eq(deadline(), REG_DO_ASK);
	ck_assert_int_eq(reg_class(&r, 568000), PACE_URGENT);
	/* and then for ever, in case it never comes */
	ck_assert_uint_eq(reg_deadline(&r), 568000 + 1800000);
	ck_assert_int_eq(reg_class(&r, 700000), PACE_RETURN);
}
END_TEST


/* --- the way to a flow --- */

START_TEST(a_resolver_has_thirty_seconds)
{
	reg_start(&r, 0);
	ck_assert_uint_eq(reg_deadline(&r), 30000);
	ck_assert_uint_eq(deadline(), 0);
	ck_assert_int_eq(r.state, REG_WAIT);
	ck_assert_int_eq(r.reason, REASON_DNS_FAILURE);
	check_window(34000, 38000);
}
END_TEST


START_TEST(no_address_is_a_failure_of_dns)
{
	reg_start(&r, 0);
	ck_assert_uint_eq(resolved(0, 0, 0), 0);
	ck_assert_int_eq(r.reason, REASON_DNS_FAILURE);
}
END_TEST


START_TEST(connect_failures_wait_from_4_s_to_half_an_hour)
{
	static const msec_t highv[] = {
		8000, 16000, 32000, 64000, 128000, 256000, 512000, 1024000,
		1800000, 1800000, 1800000,
	};
	msec_t now = 0;

	reg_start(&r, 0);
	for (unsigned i = 0; i < sizeof(highv) / sizeof(highv[0]); i++) {
		resolved(1, 0, now);
		reg_on_turn(&r, now);
		ck_assert_uint_eq(failed(REASON_TLS_NAME, 0, now), 0);
		check_window(now + highv[i] / 2, now + highv[i]);
		now = reg_deadline(&r);
		ck_assert_uint_eq(reg_on_timer(&r, now - 1), 0);
		ck_assert_uint_eq(deadline(), REG_DO_CLOSE | REG_DO_RESOLVE);
	}
}
END_TEST


/* SCENARIOS O6, T16: one question for all accounts costs nothing. */
START_TEST(without_dns_the_name_is_asked_every_thirty_seconds)
{
	msec_t now = 0;

	reg_start(&r, 0);
	for (unsigned i = 0; i < 5000; i++) {
		ck_assert_uint_eq(reg_on_resolve_failed(&r, now), 0);
		check_window(now + (i < 2 ? 4000 : 15000), now + 30000);
		now = reg_deadline(&r);
		ck_assert_uint_eq(deadline(), REG_DO_CLOSE | REG_DO_RESOLVE);
	}
	ck_assert_uint_eq(r.failures, 5000);
}
END_TEST


START_TEST(what_fails_after_an_outage_of_dns_is_the_first_failure)
{
	reg_start(&r, 0);
	resolved(1, 0, 0);
	reg_on_turn(&r, 0);
	failed(REASON_TLS_NAME, 0, 0);
	deadline();
	for (unsigned i = 0; i < 1000; i++) {
		reg_on_resolve_failed(&r, 10000);
		deadline();
	}
	resolved(1, 0, 20000);
	ck_assert_uint_eq(r.failures, 1);
	reg_on_turn(&r, 20000);
	failed(REASON_TLS_NAME, 0, 20000);
	check_window(28000, 36000);
}
END_TEST


START_TEST(the_operator_s_word_ends_an_outage_of_dns_too)
{
	reg_start(&r, 0);
	for (unsigned i = 0; i < 10; i++) {
		reg_on_resolve_failed(&r, 0);
		deadline();
	}
	reg_on_resolve_failed(&r, 10000);
	reg_kick(&r, 10000);
	resolved(1, 0, 10000);
	ck_assert_uint_eq(r.failures, 0);
}
END_TEST


START_TEST(a_turn_to_connect_opens_once_and_must_come_to_an_end)
{
	reg_start(&r, 0);
	resolved(1, 0, 0);
	ck_assert(reg_wants_connect(&r));
	ck_assert_uint_eq(reg_deadline(&r), 1800000);
	ck_assert_uint_eq(reg_on_turn(&r, 100), REG_DO_OPEN);
	ck_assert_uint_eq(reg_deadline(&r), 15100);
	ck_assert_uint_eq(deadline(), REG_DO_CLOSE | REG_DO_RESOLVE);
}
END_TEST


START_TEST(parked_it_asks_the_name_again_every_minute)
{
	reg_start(&r, 0);
	resolved(1, 1, 0);
	ck_assert(reg_parked(&r));
	ck_assert_uint_eq(reg_deadline(&r), 60000);
	ck_assert_uint_eq(deadline(), REG_DO_CLOSE | REG_DO_RESOLVE);
	ck_assert_uint_eq(r.failures, 0);
}
END_TEST


START_TEST(who_knocks_himself_asks_the_name_again_every_minute_too)
{
	reg_start(&r, 0);
	resolved(1, 1, 0);
	for (msec_t now = 1000; now < 60000; now += 1000) {
		ck_assert_uint_eq(reg_on_turn(&r, now), REG_DO_OPEN);
		ck_assert_uint_eq(failed(REASON_CONNECT_REFUSED, 1, now),
				  REG_DO_CONNECT);
	}
	reg_on_turn(&r, 60000);
	ck_assert_uint_eq(failed(REASON_CONNECT_REFUSED, 1, 60000),
			  REG_DO_CLOSE | REG_DO_RESOLVE);
}
END_TEST


START_TEST(all_addresses_failed_but_none_is_down_waits)
{
	reg_start(&r, 0);
	resolved(2, 0, 0);
	reg_on_turn(&r, 0);
	ck_assert_uint_eq(failed(REASON_TLS_NAME, 0, 0),
			  REG_DO_CONNECT);
	reg_on_turn(&r, 0);
	ck_assert_uint_eq(failed(REASON_TLS_NAME, 0, 0),
			  0);
	ck_assert_int_eq(r.state, REG_WAIT);
	ck_assert_int_eq(r.reason, REASON_TLS_NAME);
}
END_TEST


/* Nobody has knocked there for so long that its edge counts as down no more:
 * so it is tried, and the wait is not begun without that. */
START_TEST(an_address_that_was_down_when_the_name_was_asked_is_tried_last)
{
	reg_start(&r, 0);
	resolved(2, 1 << 1, 0);
	reg_on_turn(&r, 0);
	ck_assert_uint_eq(failed(REASON_CONNECT_REFUSED, 1 << 0, 0),
			  REG_DO_CONNECT);
	ck_assert(reg_parked(&r));
	ck_assert_uint_eq(r.target.index, 1);
	reg_on_turn(&r, 0);
	ck_assert_uint_eq(failed(REASON_TLS_NAME, 1 << 0, 0), REG_DO_CONNECT);
	ck_assert_uint_eq(r.target.index, 0);
	reg_on_turn(&r, 1000);
	ck_assert_uint_eq(failed(REASON_TLS_NAME, 0, 1000), 0);
	ck_assert_int_eq(r.state, REG_WAIT);
}
END_TEST


START_TEST(the_thirty_second_address_is_used_too)
{
	reg_start(&r, 0);
	resolved(100, 0x7fffffff, 0);
	ck_assert_uint_eq(r.target.index, 31);
	reg_on_turn(&r, 0);
	ck_assert_uint_eq(failed(REASON_CONNECT_REFUSED, UINT32_MAX, 0),
			  REG_DO_CONNECT);
	ck_assert(reg_parked(&r));
}
END_TEST


/* --- two families --- */

/* One host; its addresses 0 and 2 are IPv6, 1 and 3 IPv4. */
static void connecting_in_families(unsigned count, msec_t now)
{
	one_host = true;
	ipv6 = 1 << 0 | 1 << 2;
	reg_start(&r, now);
	resolved(count, 0, now);
	ck_assert_uint_eq(reg_on_turn(&r, now), REG_DO_OPEN);
}


static void racing(msec_t now)
{
	connecting_in_families(2, now);
	ck_assert_uint_eq(reg_on_timer(&r, now + 249), 0);
	ck_assert_uint_eq(reg_on_timer(&r, now + 250), REG_DO_RACE);
	ck_assert(reg_wants_race(&r));
	ck_assert_uint_eq(r.target.rival, 1);
	ck_assert_uint_eq(reg_on_race_turn(&r, now + 250), REG_DO_OPEN_RIVAL);
	ck_assert(!reg_wants_race(&r));
}


/* RFC 8305 §5, SCENARIOS T16 */
START_TEST(a_quarter_of_a_second_of_silence_starts_the_other_family)
{
	connecting_in_families(2, 1000);
	ck_assert_uint_eq(reg_deadline(&r), 1250);
	ck_assert_uint_eq(deadline(), REG_DO_RACE);
	/* and 15 s remain for both */
	ck_assert_uint_eq(reg_deadline(&r), 16000);
}
END_TEST


START_TEST(whichever_connects_first_is_the_flow)
{
	const unsigned winner = (unsigned)_i;

	racing(0);
	ck_assert_uint_eq(connected_to(winner, 300), REG_DO_ASK);
	ck_assert_uint_eq(r.target.index, winner);
	ck_assert_uint_eq(r.target.rival, TARGET_NONE);
	ck_assert(!r.rival_open && r.flow);
	ck_assert_uint_eq(reg_on_turn(&r, 300), REG_DO_SEND);
}
END_TEST


START_TEST(who_connects_at_once_races_nobody)
{
	connecting_in_families(2, 0);
	connected_to(0, 100);
	ck_assert_uint_eq(r.race_at, NEVER);
	ck_assert_uint_eq(reg_on_timer(&r, 250), 0);
	ck_assert_uint_eq(reg_on_race_turn(&r, 250), 0);
}
END_TEST


START_TEST(only_streams_race_and_only_the_other_family_of_the_host)
{
	reg_start(&r, 0);
	resolved(2, 0, 0);
	reg_on_turn(&r, 0);
	ck_assert_uint_eq(reg_deadline(&r), 15000);
	setup();
	stream = 0;
	connecting_in_families(2, 0);
	ck_assert_uint_eq(reg_deadline(&r), 15000);
}
END_TEST


START_TEST(who_is_parked_does_not_race)
{
	one_host = true;
	ipv6 = 1;
	reg_start(&r, 0);
	resolved(2, 3, 0);
	reg_on_turn(&r, 1000);
	ck_assert_uint_eq(reg_deadline(&r), 16000);
}
END_TEST


START_TEST(a_refusal_before_the_race_goes_on_to_the_other_family_at_once)
{
	connecting_in_families(2, 0);
	ck_assert_uint_eq(failed(REASON_CONNECT_REFUSED, 1, 10),
			  REG_DO_CONNECT);
	ck_assert_uint_eq(r.target.index, 1);
	ck_assert_uint_eq(r.race_at, NEVER);
}
END_TEST


START_TEST(when_one_of_the_two_fails_the_other_goes_on)
{
	const unsigned loser = (unsigned)_i;

	racing(0);
	ck_assert_uint_eq(reg_on_connect_failed(&r, loser,
						REASON_CONNECT_REFUSED, 0,
						300), 0);
	ck_assert_int_eq(r.state, REG_CONNECT);
	ck_assert_int_eq(r.reason, REASON_CONNECT_REFUSED);
	ck_assert_uint_eq(reg_deadline(&r), 15000);
	ck_assert_uint_eq(r.target.index, 1 - loser);
	ck_assert(!reg_wants_race(&r));
	ck_assert_uint_eq(connected_to(1 - loser, 400), REG_DO_ASK);
}
END_TEST


START_TEST(when_both_fail_it_parks_or_waits)
{
	racing(0);
	reg_on_connect_failed(&r, 1, REASON_CONNECT_REFUSED, 2, 300);
	ck_assert_uint_eq(failed(REASON_CONNECT_TIMEOUT, 3, 10000),
			  REG_DO_CONNECT);
	ck_assert(reg_parked(&r));
	setup();
	racing(0);
	reg_on_connect_failed(&r, 0, REASON_TLS_NAME, 0, 300);
	ck_assert_uint_eq(failed(REASON_TLS_NAME, 0, 400), 0);
	ck_assert_int_eq(r.state, REG_WAIT);
	ck_assert_uint_eq(r.failures, 1);
}
END_TEST


/* Its edge went down, or is held, while it queued there. */
START_TEST(a_rival_that_never_had_its_turn_may_fail_too)
{
	connecting_in_families(2, 0);
	deadline();
	ck_assert_uint_eq(reg_on_connect_failed(&r, 1, REASON_CONNECT_TIMEOUT,
						2, 300), 0);
	ck_assert(!reg_wants_race(&r));
	ck_assert_uint_eq(reg_on_race_turn(&r, 300), 0);
	ck_assert_uint_eq(connected_to(0, 400), REG_DO_ASK);
}
END_TEST


START_TEST(a_first_that_fails_while_the_rival_queues_makes_it_the_next)
{
	connecting_in_families(2, 0);
	deadline();
	ck_assert_uint_eq(failed(REASON_CONNECT_REFUSED, 1, 300),
			  REG_DO_CONNECT);
	ck_assert_uint_eq(r.target.index, 1);
	ck_assert(!reg_wants_race(&r) && reg_wants_connect(&r));
}
END_TEST


START_TEST(two_that_never_say_more_are_both_let_go)
{
	racing(0);
	ck_assert_uint_eq(reg_on_timer(&r, 15000),
			  REG_DO_CLOSE | REG_DO_RESOLVE);
	ck_assert(!r.rival_open);
	resolved(2, 0, 15000);
	ck_assert_uint_eq(r.target.rival, TARGET_NONE);
}
END_TEST


START_TEST(a_stop_ends_a_race)
{
	racing(0);
	ck_assert_uint_eq(reg_stop(&r, 300),
			  REG_DO_ABANDON | REG_DO_CLOSE | REG_DO_LEFT);
	ck_assert_uint_eq(reg_deadline(&r), NEVER);
	ck_assert(!reg_wants_race(&r));
	racing(1000);
}
END_TEST


/* SCENARIOS T16: registered by IPv4 within a second. */
START_TEST(on_udp_the_other_family_is_tried_after_800_ms)
{
	stream = 0;
	connecting_in_families(2, 0);
	connected_to(0, 0);
	send(CHALLENGE_SENT_NONE, 0);
	ck_assert_uint_eq(reg_deadline(&r), 800);
	ck_assert_uint_eq(deadline(),
			  REG_DO_ABANDON | REG_DO_CLOSE | REG_DO_CONNECT);
	ck_assert_uint_eq(r.target.index, 1);
	reg_on_turn(&r, 800);
	connected_to(1, 800);
	send(CHALLENGE_SENT_NONE, 800);
	/* the last one has its Timer F */
	ck_assert_uint_eq(reg_deadline(&r), 32800);
}
END_TEST


START_TEST(the_transport_of_each_address_has_its_patience)
{
	stream = 1 << 1;
	connected(3, 0);
	send(CHALLENGE_SENT_NONE, 0);
	ck_assert_uint_eq(reg_deadline(&r), 4000);
	deadline();
	reg_on_turn(&r, 4000);
	connected_to(1, 4000);
	send(CHALLENGE_SENT_NONE, 4000);
	ck_assert_uint_eq(reg_deadline(&r), 36000);
	answer(granted(3600), 4000);
	/* nor is a stream refreshed to verify */
	check_window(4000 + 2970000, 4000 + 3030000);
}
END_TEST


/* --- redirects --- */

static struct answer redirect(void)
{
	struct answer a = code(302);

	a.redirect = true;

	return a;
}


/* Home said 302, and the REGISTER to the other host is in flight. */
static void redirected(msec_t now)
{
	sent(now);
	ck_assert_uint_eq(answer(redirect(), now),
			  REG_DO_CLOSE | REG_DO_RESOLVE);
	ck_assert(r.redirected);
	resolved(1, 0, now);
	reg_on_turn(&r, now);
	connected_to(0, now);
	send(CHALLENGE_SENT_NONE, now);
}


START_TEST(a_redirect_is_followed_over_a_new_flow)
{
	redirected(0);
	ck_assert(r.redirected);
	ck_assert_uint_eq(r.cseq, 2);
	answer(granted(600), 0);
	ck_assert_int_eq(r.state, REG_BOUND);
	/* refreshed where it leads */
	ck_assert_uint_eq(deadline(), REG_DO_ASK);
	ck_assert(r.redirected);
}
END_TEST


START_TEST(a_second_redirect_of_a_round_backs_off)
{
	redirected(0);
	ck_assert_uint_eq(answer(redirect(), 0), REG_DO_CLOSE);
	check_window(30000, 60000);
	ck_assert_int_eq(r.reason, REASON_REJECTED);
	/* then home is asked */
	ck_assert_uint_eq(deadline(), REG_DO_CLOSE | REG_DO_RESOLVE);
	ck_assert(!r.redirected);
}
END_TEST


START_TEST(each_round_may_be_redirected_once)
{
	msec_t now = 0;

	redirected(0);
	for (unsigned i = 0; i < 3; i++) {
		answer(redirect(), now);
		now = reg_deadline(&r);
		deadline();
		resolved(1, 0, now);
		reg_on_turn(&r, now);
		connected_to(0, now);
		send(CHALLENGE_SENT_NONE, now);
		ck_assert_uint_eq(answer(redirect(), now),
				  REG_DO_CLOSE | REG_DO_RESOLVE);
		resolved(1, 0, now);
		reg_on_turn(&r, now);
		connected_to(0, now);
		send(CHALLENGE_SENT_NONE, now);
	}
}
END_TEST


START_TEST(when_the_flow_there_is_lost_home_is_asked_again)
{
	redirected(0);
	answer(granted(600), 0);
	reg_on_proven(&r, 500);
	reg_on_flow_lost(&r, REASON_FLOW_LOST, 1000);
	ck_assert_uint_eq(deadline(), REG_DO_CLOSE | REG_DO_RESOLVE);
	ck_assert(!r.redirected);
}
END_TEST


/* Nobody there for a minute: a new round, and home may say the same again. */
START_TEST(a_host_that_is_down_is_knocked_at_for_a_minute_and_home_asked_again)
{
	sent(0);
	answer(redirect(), 0);
	resolved(1, 0, 0);
	reg_on_turn(&r, 0);
	ck_assert_uint_eq(failed(REASON_CONNECT_REFUSED, 1, 0),
			  REG_DO_CONNECT);
	ck_assert(reg_parked(&r));
	ck_assert_uint_eq(deadline(), REG_DO_CLOSE | REG_DO_RESOLVE);
	ck_assert(!r.redirected);
	resolved(1, 0, 60000);
	reg_on_turn(&r, 60000);
	connected_to(0, 60000);
	send(CHALLENGE_SENT_NONE, 60000);
	ck_assert_uint_eq(answer(redirect(), 60000),
			  REG_DO_CLOSE | REG_DO_RESOLVE);
}
END_TEST


START_TEST(a_kick_in_flight_does_not_spoil_a_redirect)
{
	sent(0);
	reg_kick(&r, 0);
	ck_assert_uint_eq(answer(redirect(), 0),
			  REG_DO_CLOSE | REG_DO_RESOLVE);
	ck_assert(r.redirected);
	resolved(1, 0, 0);
	reg_on_turn(&r, 0);
	connected_to(0, 0);
	send(CHALLENGE_SENT_NONE, 0);
	ck_assert_uint_eq(answer(granted(600), 0), REG_DO_ASK);
}
END_TEST


/* --- what an earlier run left --- */

START_TEST(cseq_goes_on_where_the_earlier_run_was)
{
	reg_restore(&r, 1050, false, true);
	connected(1, 0);
	send(CHALLENGE_SENT_NONE, 0);
	ck_assert_uint_eq(r.cseq, 1051);
	ck_assert(r.challenge.worked);
	ck_assert(reg_names_old(&r, false));
}
END_TEST


/* RFC 3261 §10.3 */
START_TEST(a_400_or_500_after_a_restart_is_answered_with_a_new_call_id)
{
	const uint16_t status = _i ? 500 : 400;
	struct answer a = code(401);

	reg_restore(&r, 100, false, true);
	sent(0);
	a.challenge = CHALLENGE_ANSWER;
	ck_assert_uint_eq(answer(a, 0), REG_DO_ASK);
	send(CHALLENGE_SENT_FRESH, 0);
	ck_assert_uint_eq(answer(code(status), 0),
			  REG_DO_RENEW | REG_DO_ASK);
	send(CHALLENGE_SENT_FRESH, 0);
	/* once */
	ck_assert_uint_eq(answer(code(status), 0), REG_DO_CLOSE);
	check_window(30000, 60000);
}
END_TEST


START_TEST(after_any_other_answer_the_call_id_stays)
{
	static const uint16_t codev[] = {404, 480, 503, 600};

	reg_restore(&r, 100, false, true);
	sent(0);
	ck_assert_uint_eq(answer(code(codev[_i]), 0), REG_DO_CLOSE);
	deadline();
	resolved(1, 0, 60000);
	reg_on_turn(&r, 60000);
	connected_to(0, 60000);
	send(CHALLENGE_SENT_NONE, 60000);
	ck_assert_uint_eq(answer(code(400), 60000), REG_DO_CLOSE);
}
END_TEST


START_TEST(silence_says_nothing_about_a_call_id)
{
	reg_restore(&r, 100, false, true);
	sent(0);
	deadline();
	deadline();
	resolved(1, 0, 90000);
	reg_on_turn(&r, 90000);
	connected_to(0, 90000);
	send(CHALLENGE_SENT_NONE, 90000);
	ck_assert_uint_eq(answer(code(400), 90000),
			  REG_DO_RENEW | REG_DO_ASK);
}
END_TEST


START_TEST(without_an_earlier_run_there_is_no_new_call_id)
{
	sent(0);
	ck_assert_uint_eq(answer(code(400), 0), REG_DO_CLOSE);
}
END_TEST


/* Else it would be refused for ever once it is started again. */
START_TEST(whoever_stops_meanwhile_gets_the_new_call_id_all_the_same)
{
	reg_restore(&r, 100, false, true);
	sent(0);
	reg_stop(&r, 0);
	ck_assert_uint_eq(answer(code(400), 0), REG_DO_RENEW |
			  REG_DO_ABANDON | REG_DO_CLOSE | REG_DO_LEFT);
}
END_TEST


/* --- old bindings --- */

static void sent_naming(unsigned named, msec_t now)
{
	connected(1, now);
	ck_assert(reg_names_old(&r, false));
	reg_on_turn(&r, now);
	reg_on_sent(&r, CHALLENGE_SENT_NONE, named, now);
}


START_TEST(refused_with_old_bindings_it_is_sent_once_more_alone)
{
	static const uint16_t codev[] = {400, 403, 404, 480, 500, 503, 603};

	sent_naming(2, 0);
	ck_assert_uint_eq(answer(code(codev[_i]), 0), REG_DO_ASK);
	ck_assert(!reg_names_old(&r, false));
	send(CHALLENGE_SENT_NONE, 0);
	answer(code(codev[_i]), 0);
	ck_assert(r.state == REG_WAIT || r.state == REG_HELD);
}
END_TEST


START_TEST(over_this_flow_they_are_not_named_again_but_over_the_next)
{
	sent_naming(2, 0);
	answer(code(403), 0);
	send(CHALLENGE_SENT_NONE, 0);
	answer(granted(600), 0);
	reg_on_proven(&r, 0);
	deadline();
	ck_assert(!reg_names_old(&r, false));
	send(CHALLENGE_SENT_NONE, 300000);
	reg_on_flow_lost(&r, REASON_FLOW_LOST, 300100);
	deadline();
	resolved(1, 0, 301000);
	reg_on_turn(&r, 301000);
	connected_to(0, 301000);
	ck_assert(reg_names_old(&r, false));
}
END_TEST


START_TEST(if_ours_went_with_them_it_is_made_again_alone)
{
	sent_naming(1, 0);
	ck_assert_uint_eq(answer(granted(0), 0), REG_DO_ASK);
	ck_assert(!reg_names_old(&r, false));
}
END_TEST


START_TEST(challenges_adjustments_and_waits_do_not_blame_them)
{
	struct answer a = code(401);

	sent_naming(2, 0);
	a.challenge = CHALLENGE_ANSWER;
	answer(a, 0);
	ck_assert(reg_names_old(&r, false));
	reg_on_turn(&r, 0);
	reg_on_sent(&r, CHALLENGE_SENT_FRESH, 2, 0);
	answer(code(420), 0);
	ck_assert(reg_names_old(&r, false));
	reg_on_turn(&r, 0);
	reg_on_sent(&r, CHALLENGE_SENT_FRESH, 2, 0);
	a = code(480);
	a.retry_after = 10;
	ck_assert_uint_eq(answer(a, 0), REG_DO_CLOSE);
	ck_assert_int_eq(r.state, REG_WAIT);
	ck_assert(reg_names_old(&r, false));
}
END_TEST


START_TEST(after_a_restart_the_call_id_is_blamed_before_the_old_bindings)
{
	reg_restore(&r, 7, false, true);
	sent_naming(1, 0);
	ck_assert_uint_eq(answer(code(400), 0), REG_DO_RENEW | REG_DO_ASK);
	ck_assert(reg_names_old(&r, false));
	reg_on_turn(&r, 0);
	reg_on_sent(&r, CHALLENGE_SENT_NONE, 1, 0);
	ck_assert_uint_eq(answer(code(400), 0), REG_DO_ASK);
	ck_assert(!reg_names_old(&r, false));
}
END_TEST


/* --- failures --- */

START_TEST(an_unanswered_register_on_a_proven_stream_replaces_it_at_once)
{
	proven(600, 0);
	ck_assert_uint_eq(deadline(), REG_DO_ASK);
	send(CHALLENGE_SENT_NONE, 300000);
	ck_assert_uint_eq(reg_on_timer(&r, 332000),
			  REG_DO_ABANDON | REG_DO_CLOSE);
	check_window(332001, 332250);
	ck_assert_int_eq(r.reason, REASON_NO_ANSWER);
	ck_assert_uint_eq(deadline(), REG_DO_CLOSE | REG_DO_RESOLVE);
}
END_TEST


START_TEST(an_unanswered_register_on_a_new_stream_backs_off)
{
	sent(0);
	ck_assert_uint_eq(reg_on_timer(&r, 31999), 0);
	ck_assert_uint_eq(reg_on_timer(&r, 32000),
			  REG_DO_ABANDON | REG_DO_CLOSE);
	check_window(62000, 92000);
}
END_TEST


/* A flow may be proven for years. */
START_TEST(a_200_on_a_proven_flow_ends_the_failures_in_a_row)
{
	msec_t now = 0;

	proven(7200, now);
	for (int i = 0; i < 50; i++) {
		now = reg_deadline(&r);
		ck_assert_uint_eq(deadline(), REG_DO_ASK);
		send(CHALLENGE_SENT_REUSED, now);
		answer(code(500), now);
		check_window(now + 30000, now + 60000);
		now = reg_deadline(&r);
		ck_assert_uint_eq(deadline(), REG_DO_ASK);
		send(CHALLENGE_SENT_REUSED, now);
		answer(granted(7200), now);
		ck_assert_uint_eq(r.failures, 0);
	}
}
END_TEST


START_TEST(a_200_on_a_flow_that_is_not_proven_ends_nothing)
{
	sent(0);
	ck_assert_uint_eq(answer(code(500), 0), REG_DO_CLOSE);
	ck_assert_uint_eq(deadline(), REG_DO_CLOSE | REG_DO_RESOLVE);
	resolved(1, 0, 60000);
	reg_on_turn(&r, 60000);
	connected_to(r.target.index, 60000);
	send(CHALLENGE_SENT_NONE, 60000);
	answer(granted(600), 60000);
	ck_assert_uint_eq(r.failures, 1);
}
END_TEST


START_TEST(something_is_done_at_once_only_every_ten_seconds)
{
	proven(600, 0);
	reg_on_flow_lost(&r, REASON_FLOW_LOST, 1000);
	check_window(1001, 1250);
	deadline();
	reg_on_resolve_failed(&r, 2000);
	check_window(6000, 10000);

	/* a local event is another matter than a flow that was lost */
	reg_on_local_event(&r, 2000);
	check_window(2001, 2250);
	deadline();
	reg_on_resolve_failed(&r, 2500);
	reg_on_local_event(&r, 2500);
	check_window(6500, 12000);
	reg_on_local_event(&r, 12000);
	check_window(6500, 12250);
}
END_TEST


/* Lost, tried at once, refused: its edge was not back yet. */
static void lost_and_refused(msec_t now)
{
	reg_on_flow_lost(&r, REASON_FLOW_LOST, now);
	deadline();
	resolved(1, 0, now + 200);
	reg_on_turn(&r, now + 200);
	failed(REASON_CONNECT_REFUSED, 0, now + 200);
	check_window(now + 4200, now + 8200);
}


START_TEST(n5_an_address_that_goes_does_not_hold_back_the_next_one)
{
	proven(600, 0);
	reg_on_flow_lost(&r, REASON_FLOW_LOST, 1000);
	reg_on_local_event(&r, 1000);
	check_window(1001, 1250);
	deadline();
	resolved(1, 0, 1250);
	reg_on_turn(&r, 1250);
	failed(REASON_CONNECT_REFUSED, 0, 1300);
	check_window(5300, 9300);
	reg_on_local_event(&r, 2000);
	check_window(2001, 2250);
}
END_TEST


START_TEST(who_was_lost_just_before_tries_when_its_edge_is_back)
{
	proven(600, 0);
	lost_and_refused(1000);
	reg_on_edge_back(&r, 1500);
	check_window(1501, 1750);

	/* this one lasts */
	deadline();
	resolved(1, 0, 1800);
	reg_on_turn(&r, 1800);
	connected_to(0, 1800);
	send(CHALLENGE_SENT_NONE, 1800);
	answer(granted(600), 1800);
	ck_assert_int_eq(r.state, REG_BOUND);
}
END_TEST


START_TEST(an_edge_that_comes_and_goes_drives_no_loop)
{
	unsigned tries = 0;
	msec_t now;

	proven(600, 0);
	lost_and_refused(1000);

	/* others are served by it again and again, we are not */
	for (now = 1500; now < 31500; now += 100) {
		reg_on_edge_back(&r, now);
		if (reg_deadline(&r) > now + 100)
			continue;
		now = reg_deadline(&r);
		deadline();
		resolved(1, 0, now);
		reg_on_turn(&r, now);
		failed(REASON_CONNECT_REFUSED, 0, now);
		++tries;
	}
	/* in each 10 s one at once, and one when that is allowed again */
	ck_assert_uint_ge(tries, 3);
	ck_assert_uint_le(tries, 8);

	/* and it was no event of this machine, which has its own ten seconds */
	reg_on_local_event(&r, now);
	check_window(now + 1, now + 250);
}
END_TEST


/* It was not the registrar that failed. */
START_TEST(o4_a_challenge_that_there_is_no_memory_for_is_tried_again_soon)
{
	struct answer a = code(401);

	sent(0);
	a.challenge = CHALLENGE_NO_MEMORY;
	answer(a, 0);
	ck_assert_int_eq(r.reason, REASON_NO_RESOURCES);
	check_window(4000, 8000);
}
END_TEST


START_TEST(who_was_refused_is_not_called_by_its_edge)
{
	sent(0);
	answer(code(500), 0);
	check_window(30000, 60000);
	reg_on_edge_back(&r, 1000);
	check_window(30000, 60000);
}
END_TEST


START_TEST(what_comes_too_early_shortens_the_wait_to_when_it_is_allowed)
{
	proven(600, 0);
	lost_and_refused(1000);
	reg_on_local_event(&r, 1500);
	for (msec_t now = 2000; now < 8000; now += 1000) {
		deadline();
		resolved(1, 0, now);
		reg_on_turn(&r, now);
		failed(REASON_TLS_NAME, 0, now);
	}
	ck_assert_uint_gt(reg_deadline(&r), 100000);
	reg_on_local_event(&r, 8000);
	ck_assert_uint_eq(reg_deadline(&r), 11500);
}
END_TEST


START_TEST(a_wait_uses_up_half_of_a_lease_that_runs)
{
	bound(100, 0);
	ck_assert_uint_eq(deadline(), REG_DO_ASK);
	send(CHALLENGE_SENT_NONE, 50000);
	answer(code(500), 50000);
	check_window(75000, 75000);
	/* not less than 5 s */
	deadline();
	send(CHALLENGE_SENT_NONE, 95000);
	answer(code(500), 95000);
	check_window(100000, 100000);
	/* and then it is over */
	deadline();
	send(CHALLENGE_SENT_NONE, 100000);
	answer(code(500), 100000);
	check_window(220000, 340000);
}
END_TEST


START_TEST(retry_after_is_kept_and_capped)
{
	static const struct {
		uint32_t asked;          /* [s] */
		msec_t low, high;        /* [ms] */
	} rowv[] = {
		{1, 1000, 1200},
		{100, 100000, 120000},
		{3600, 3600000, 4320000},
		{3601, 3600000, 4320000},
		{UINT32_MAX, 3600000, 4320000},
	};
	struct answer a = code(500);

	sent(0);
	a.retry_after = rowv[_i].asked;
	ck_assert_uint_eq(answer(a, 0), REG_DO_CLOSE);
	check_window(rowv[_i].low, rowv[_i].high);
	ck_assert_int_eq(r.reason, REASON_RETRY_AFTER);
	reg_on_local_event(&r, 10);
	reg_on_verify(&r, 10);
	check_window(rowv[_i].low, rowv[_i].high);
}
END_TEST


START_TEST(a_503_with_a_time_holds_the_edge)
{
	struct answer a = code(503);

	sent(0);
	a.retry_after = 10;
	ck_assert_uint_eq(answer(a, 500), REG_DO_CLOSE | REG_DO_HOLD);
	ck_assert_uint_ge(r.hold_until, 10500);
	ck_assert_uint_eq(r.hold_until, reg_deadline(&r));
}
END_TEST


START_TEST(with_other_addresses_a_503_holds_this_edge_and_goes_on)
{
	struct answer a = code(503);

	connected(2, 0);
	send(CHALLENGE_SENT_NONE, 0);
	a.retry_after = 10;
	ck_assert_uint_eq(answer(a, 0),
			  REG_DO_CLOSE | REG_DO_HOLD | REG_DO_CONNECT);
	ck_assert_uint_eq(r.target.index, 1);
	ck_assert_uint_ge(r.hold_until, 10000);
}
END_TEST


START_TEST(a_flow_without_a_binding_is_not_kept_through_a_wait)
{
	sent(0);
	ck_assert_uint_eq(answer(code(404), 0), REG_DO_CLOSE);
	check_window(30000, 60000);
	ck_assert_uint_eq(deadline(), REG_DO_CLOSE | REG_DO_RESOLVE);
}
END_TEST


START_TEST(with_other_edges_a_flow_is_kept_only_for_a_lease_that_runs)
{
	connected(2, 0);
	send(CHALLENGE_SENT_NONE, 0);
	answer(granted(60), 0);
	reg_kick(&r, 30000);
	send(CHALLENGE_SENT_NONE, 30000);
	ck_assert_uint_eq(answer(code(500), 59999), 0);
	reg_kick(&r, 60000);
	send(CHALLENGE_SENT_NONE, 60000);
	ck_assert_uint_eq(answer(code(500), 60001), REG_DO_CLOSE);
}
END_TEST


/* And its proof counts: what breaks now is mended at once. */
START_TEST(a_flow_that_is_lost_in_a_wait_is_replaced_if_it_had_a_binding)
{
	proven(600, 0);
	reg_kick(&r, 1000);
	send(CHALLENGE_SENT_NONE, 1000);
	answer(code(500), 1000);
	reg_on_flow_lost(&r, REASON_FLOW_LOST, 2000);
	check_window(2001, 2250);
}
END_TEST


START_TEST(but_never_before_a_retry_after)
{
	struct answer a = code(500);

	proven(600, 0);
	reg_kick(&r, 1000);
	send(CHALLENGE_SENT_NONE, 1000);
	a.retry_after = 100;
	answer(a, 1000);
	reg_on_flow_lost(&r, REASON_FLOW_LOST, 2000);
	check_window(101000, 121000);
}
END_TEST


START_TEST(four_seconds_of_udp_silence_try_the_next_address)
{
	stream = 0;
	connected(2, 0);
	send(CHALLENGE_SENT_NONE, 0);
	ck_assert_uint_eq(reg_deadline(&r), 4000);
	ck_assert_uint_eq(deadline(),
			  REG_DO_ABANDON | REG_DO_CLOSE | REG_DO_CONNECT);
	ck_assert_uint_eq(r.target.index, 1);
}
END_TEST


START_TEST(a_udp_port_that_refuses_is_left_for_the_next_address)
{
	stream = 0;
	connected(2, 0);
	send(CHALLENGE_SENT_NONE, 0);
	ck_assert_uint_eq(reg_on_flow_lost(&r, REASON_CONNECT_REFUSED, 10),
			  REG_DO_ABANDON | REG_DO_CONNECT);
	ck_assert_uint_eq(r.target.index, 1);
}
END_TEST


START_TEST(after_an_answer_timer_f_applies_on_udp_too)
{
	struct answer a = code(401);

	stream = 0;
	connected(2, 0);
	send(CHALLENGE_SENT_NONE, 0);
	a.challenge = CHALLENGE_ANSWER;
	ck_assert_uint_eq(answer(a, 100), REG_DO_ASK);
	send(CHALLENGE_SENT_FRESH, 100);
	ck_assert_uint_eq(reg_deadline(&r), 32100);
}
END_TEST


/* RFC 3261 §10.2.8: "a value equal to or greater than Min-Expires" */
START_TEST(a_423_is_followed_as_far_as_it_makes_sense)
{
	static const struct {
		uint32_t min, asked;
		unsigned acts;
	} rowv[] = {
		{0, 3600, REG_DO_CLOSE},
		{3600, 3600, REG_DO_CLOSE},
		{3601, 3601, REG_DO_ASK},
		{604800, 604800, REG_DO_ASK},
		{604801, 3600, REG_DO_CLOSE},
		{UINT32_MAX, 3600, REG_DO_CLOSE},
	};
	struct answer a = code(423);

	sent(0);
	a.min_expires = rowv[_i].min;
	ck_assert_uint_eq(answer(a, 0), rowv[_i].acts);
	ck_assert_uint_eq(r.expires, rowv[_i].asked);
	ck_assert_int_eq(r.state, rowv[_i].acts == REG_DO_ASK ? REG_TURN
							      : REG_WAIT);
}
END_TEST


START_TEST(answers_alone_cause_three_sends)
{
	struct answer a = code(401);

	a.challenge = CHALLENGE_ANSWER;
	sent(0);
	for (int i = 0; i < 3; i++) {
		ck_assert_uint_eq(answer(a, 0), REG_DO_ASK);
		ck_assert_int_eq(reg_class(&r, 0), PACE_URGENT);
		send(CHALLENGE_SENT_FRESH, 0);
	}
	ck_assert_uint_eq(answer(a, 0), REG_DO_CLOSE);
	check_window(30000, 60000);
}
END_TEST


/* --- holds --- */

static struct answer refusal(void)
{
	struct answer a = code(401);

	a.challenge = CHALLENGE_REFUSED;

	return a;
}


START_TEST(credentials_that_never_worked_are_held_for_ever)
{
	sent(0);
	ck_assert_uint_eq(answer(refusal(), 0), REG_DO_CLOSE);
	ck_assert_int_eq(r.state, REG_HELD);
	ck_assert_uint_eq(reg_deadline(&r), NEVER);
	ck_assert_uint_eq(reg_on_local_event(&r, 100000), 0);
	ck_assert_uint_eq(reg_on_verify(&r, 100000), 0);
	ck_assert_uint_eq(reg_on_timer(&r, NEVER - 1), 0);
	ck_assert_uint_eq(reg_start(&r, 100000), 0);
	ck_assert_int_eq(r.state, REG_HELD);
	ck_assert_uint_eq(reg_kick(&r, 100000), REG_DO_CLOSE | REG_DO_RESOLVE);
}
END_TEST


START_TEST(a_403_is_held_for_5_10_20_40_and_then_60_minutes)
{
	static const msec_t waitv[] = {
		300000, 600000, 1200000, 2400000, 3600000, 3600000, 3600000,
	};
	msec_t now = 0;

	sent(0);
	for (unsigned i = 0; i < sizeof(waitv) / sizeof(waitv[0]); i++) {
		ck_assert_uint_eq(answer(code(403), now), REG_DO_CLOSE);
		ck_assert_uint_eq(reg_deadline(&r), now + waitv[i]);
		now = reg_deadline(&r);
		ck_assert_uint_eq(deadline(), REG_DO_CLOSE | REG_DO_RESOLVE);
		resolved(1, 0, now);
		reg_on_turn(&r, now);
		connected_to(r.target.index, now);
		send(CHALLENGE_SENT_NONE, now);
	}
	/* a 200 begins anew */
	answer(granted(600), now);
	now = reg_deadline(&r);
	deadline();
	send(CHALLENGE_SENT_NONE, now);
	answer(code(403), now);
	ck_assert_uint_eq(reg_deadline(&r), now + 300000);
}
END_TEST


START_TEST(held_keeps_the_flow_of_a_binding_that_lives)
{
	bound(600, 0);
	deadline();
	send(CHALLENGE_SENT_NONE, 300000);
	ck_assert_uint_eq(answer(code(403), 300000), 0);
	ck_assert(r.flow);
}
END_TEST


/* The lease is that of a flow which is gone. */
START_TEST(held_lets_go_of_a_flow_that_serves_no_binding)
{
	proven(600, 0);
	reg_on_flow_lost(&r, REASON_FLOW_LOST, 1000);
	deadline();
	resolved(1, 0, 2000);
	reg_on_turn(&r, 2000);
	connected_to(r.target.index, 2000);
	send(CHALLENGE_SENT_NONE, 2000);
	ck_assert_uint_eq(answer(refusal(), 2000), REG_DO_CLOSE);
	ck_assert(!r.flow);
	ck_assert(reg_bound(&r, 2000));
}
END_TEST


/* --- orders --- */

START_TEST(a_stop_without_a_binding_sends_nothing)
{
	ck_assert_uint_eq(reg_stop(&r, 0), REG_DO_LEFT);
	connected(1, 0);
	ck_assert_uint_eq(reg_stop(&r, 1),
			  REG_DO_ABANDON | REG_DO_CLOSE | REG_DO_LEFT);
	ck_assert_uint_eq(reg_deadline(&r), NEVER);
	ck_assert(!r.left_behind);
}
END_TEST


START_TEST(leaving_has_five_seconds_in_all)
{
	struct answer a = code(401);

	a.challenge = CHALLENGE_ANSWER;
	bound(600, 0);
	ck_assert_uint_eq(reg_stop(&r, 1000), REG_DO_LEAVE);
	reg_on_sent(&r, CHALLENGE_SENT_REUSED, 0, 1000);
	ck_assert_uint_eq(reg_stop(&r, 2000), 0);
	ck_assert_uint_eq(answer(a, 4000), REG_DO_LEAVE);
	reg_on_sent(&r, CHALLENGE_SENT_FRESH, 0, 4000);
	ck_assert_uint_eq(reg_deadline(&r), 6000);
	ck_assert_uint_eq(deadline(),
			  REG_DO_ABANDON | REG_DO_CLOSE | REG_DO_LEFT);
	ck_assert(r.left_behind);
}
END_TEST


START_TEST(a_good_answer_leaves_nothing_behind)
{
	bound(600, 0);
	reg_stop(&r, 1000);
	reg_on_sent(&r, CHALLENGE_SENT_REUSED, 0, 1000);
	ck_assert_uint_eq(answer(granted(0), 1100),
			  REG_DO_ABANDON | REG_DO_CLOSE | REG_DO_LEFT);
	ck_assert(!r.left_behind);
}
END_TEST


START_TEST(what_was_in_flight_may_have_left_a_binding)
{
	sent(0);
	ck_assert_uint_eq(reg_stop(&r, 1000), 0);
	ck_assert_uint_eq(reg_deadline(&r), 6000);
	ck_assert_uint_eq(deadline(),
			  REG_DO_ABANDON | REG_DO_CLOSE | REG_DO_LEFT);
	ck_assert(r.left_behind);
}
END_TEST


START_TEST(a_connection_that_is_lost_ends_the_leaving)
{
	bound(600, 0);
	reg_stop(&r, 1000);
	ck_assert_uint_eq(reg_on_flow_lost(&r, REASON_FLOW_LOST, 1100),
			  REG_DO_ABANDON | REG_DO_CLOSE | REG_DO_LEFT);
	sent(2000);
	reg_stop(&r, 2000);
	ck_assert_uint_eq(reg_on_flow_lost(&r, REASON_FLOW_LOST, 2100),
			  REG_DO_ABANDON | REG_DO_CLOSE | REG_DO_LEFT);
}
END_TEST


START_TEST(whoever_keeps_bindings_leaves_at_once)
{
	policy.unregister = false;
	bound(600, 0);
	ck_assert_uint_eq(reg_stop(&r, 1000),
			  REG_DO_ABANDON | REG_DO_CLOSE | REG_DO_LEFT);
	ck_assert(r.left_behind);
	sent(2000);
	ck_assert_uint_eq(reg_stop(&r, 2000),
			  REG_DO_ABANDON | REG_DO_CLOSE | REG_DO_LEFT);
}
END_TEST


START_TEST(a_kick_is_for_waits_and_not_for_what_goes_on)
{
	ck_assert_uint_eq(reg_kick(&r, 0), 0);
	reg_start(&r, 0);
	ck_assert_uint_eq(reg_kick(&r, 0), 0);
	resolved(1, 0, 0);
	ck_assert_uint_eq(reg_kick(&r, 0), 0);
	reg_on_turn(&r, 0);
	connected_to(r.target.index, 0);
	ck_assert_uint_eq(reg_kick(&r, 0), 0);
	send(CHALLENGE_SENT_NONE, 0);
	ck_assert_uint_eq(reg_kick(&r, 0), 0);
	ck_assert_uint_eq(answer(granted(600), 0), REG_DO_ASK);
}
END_TEST


START_TEST(an_old_binding_at_the_same_place_is_named_if_the_token_is_kept)
{
	reg_init(&r, &policy, 1);

	/* the registrar takes both for one: there is nothing to remove */
	ck_assert(!reg_names_old(&r, true));
	ck_assert(!reg_leaves_old(&r, true));
	ck_assert(reg_leaves_old(&r, false));

	r.token = true;
	ck_assert(reg_names_old(&r, true));
	ck_assert(reg_leaves_old(&r, true));

	r.outbound = true;
	ck_assert(!reg_leaves_old(&r, true));
	ck_assert(!reg_leaves_old(&r, false));
}
END_TEST


START_TEST(a_reconnect_leaves_whatever_flow_there_is)
{
	const unsigned acts = REG_DO_ABANDON | REG_DO_CLOSE | REG_DO_RESOLVE;
	struct answer a = code(480);

	connected(1, 0);
	ck_assert_uint_eq(reg_reconnect(&r, 0), acts);
	setup();
	sent(0);
	ck_assert_uint_eq(reg_reconnect(&r, 0), acts);
	ck_assert_int_eq(r.state, REG_RESOLVE);
	setup();
	bound(600, 0);
	ck_assert_uint_eq(reg_reconnect(&r, 1000), acts);
	ck_assert(!r.flow);
	ck_assert(reg_bound(&r, 1000));
	setup();
	sent(0);
	a.retry_after = 3600;
	answer(a, 0);
	ck_assert_uint_eq(reg_reconnect(&r, 1000), acts);
	setup();
	sent(0);
	answer(refusal(), 0);
	ck_assert_uint_eq(reg_reconnect(&r, 1000), acts);
	ck_assert_uint_eq(r.challenge.refusals, 0);
}
END_TEST


START_TEST(a_reconnect_lets_the_way_to_a_flow_go_on)
{
	reg_start(&r, 0);
	ck_assert_uint_eq(reg_reconnect(&r, 0), 0);
	ck_assert_int_eq(r.state, REG_RESOLVE);
	resolved(1, 0, 0);
	ck_assert_uint_eq(reg_reconnect(&r, 0), 0);
	ck_assert_int_eq(r.state, REG_CONNECT);
}
END_TEST


START_TEST(who_is_off_or_leaving_is_not_reconnected)
{
	ck_assert_uint_eq(reg_reconnect(&r, 0), 0);
	bound(600, 0);
	reg_stop(&r, 1000);
	ck_assert_uint_eq(reg_reconnect(&r, 1000), 0);
	ck_assert_int_eq(r.state, REG_LEAVING);
	setup();
	sent(0);
	reg_stop(&r, 0);
	ck_assert_uint_eq(reg_reconnect(&r, 0), 0);
	ck_assert(r.leaving);
}
END_TEST


START_TEST(a_reconnect_replaces_the_register_that_a_kick_waits_for)
{
	sent(0);
	reg_kick(&r, 0);
	reg_reconnect(&r, 0);
	resolved(1, 0, 0);
	reg_on_turn(&r, 0);
	connected_to(0, 0);
	send(CHALLENGE_SENT_NONE, 0);
	ck_assert_uint_eq(answer(granted(600), 0), 0);
	ck_assert_int_eq(r.state, REG_BOUND);
}
END_TEST


/* --- facts in the wrong place --- */

START_TEST(what_comes_too_late_changes_nothing)
{
	bound(600, 0);

	const struct reg before = r;
	const struct answer a = granted(1);

	ck_assert_uint_eq(resolved(3, 0, 1), 0);
	ck_assert_uint_eq(reg_on_resolve_failed(&r, 1), 0);
	ck_assert_uint_eq(connected_to(r.target.index, 1), 0);
	ck_assert_uint_eq(failed(REASON_TLS_NAME, 1, 1),
			  0);
	ck_assert_uint_eq(reg_on_turn(&r, 1), 0);
	ck_assert_uint_eq(reg_on_answer(&r, &a, 1), 0);
	ck_assert_uint_eq(reg_on_timer(&r, 1), 0);
	ck_assert_uint_eq(reg_on_local_event(&r, 1), 0);
	ck_assert_uint_eq(reg_start(&r, 1), 0);
	ck_assert_int_eq(r.state, before.state);
	ck_assert_uint_eq(r.deadline, before.deadline);
	ck_assert_uint_eq(r.lease_end, before.lease_end);
	ck_assert_int_eq(r.reason, before.reason);
	ck_assert_uint_eq(r.cseq, before.cseq);

	reg_on_flow_lost(&r, REASON_FLOW_LOST, 1);
	ck_assert_uint_eq(reg_on_flow_lost(&r, REASON_TLS_NAME, 2), 0);
	ck_assert_int_eq(r.reason, REASON_FLOW_LOST);
}
END_TEST


START_TEST(off_has_no_deadline_to_come)
{
	r.deadline = 5;
	ck_assert_uint_eq(reg_on_timer(&r, 5), 0);
	ck_assert_uint_eq(reg_deadline(&r), NEVER);
}
END_TEST


/* --- questions --- */

static void check_next(const char *word, bool has_time)
{
	msec_t at;

	ck_assert_str_eq(reg_next(&r, &at), word);
	ck_assert_uint_eq(at, has_time ? r.deadline : NEVER);
}


START_TEST(what_comes_next_has_a_word_in_every_state)
{
	check_next("none", false);
	reg_start(&r, 0);
	check_next("resolve", false);
	resolved(1, 0, 0);
	check_next("connect", false);
	reg_on_turn(&r, 0);
	connected_to(r.target.index, 0);
	ck_assert(reg_wants_turn(&r));
	check_next("register", false);
	send(CHALLENGE_SENT_NONE, 0);
	check_next("register", false);
	answer(granted(600), 0);
	check_next("refresh", true);
	deadline();
	send(CHALLENGE_SENT_NONE, 300000);
	answer(code(500), 300000);
	check_next("retry", true);
	deadline();
	send(CHALLENGE_SENT_NONE, 360000);
	answer(code(403), 360000);
	check_next("held", true);
	reg_stop(&r, 370000);
	check_next("unregister", false);
	answer(granted(0), 370000);
	reg_start(&r, 400000);
	resolved(1, 1, 400000);
	check_next("knock", false);
}
END_TEST


START_TEST(a_nonce_is_sent_first_once_the_credentials_have_worked)
{
	struct answer a = code(401);

	connected(1, 0);
	ck_assert_int_eq(reg_credentials(&r, false, 0), CHALLENGE_SENT_NONE);
	ck_assert_int_eq(reg_credentials(&r, true, 0), CHALLENGE_SENT_NONE);
	send(CHALLENGE_SENT_NONE, 0);
	a.challenge = CHALLENGE_ANSWER;
	answer(a, 0);
	ck_assert_int_eq(reg_credentials(&r, true, 0), CHALLENGE_SENT_FRESH);
	send(CHALLENGE_SENT_FRESH, 0);
	answer(granted(600), 0);
	ck_assert_int_eq(reg_credentials(&r, true, 0), CHALLENGE_SENT_REUSED);
	ck_assert_int_eq(reg_credentials(&r, false, 0), CHALLENGE_SENT_NONE);
}
END_TEST


START_TEST(who_learns_the_mapping_from_the_challenge_waits_for_one)
{
	policy.learns = true;
	r.challenge.worked = true;
	connected(1, 0);
	ck_assert_int_eq(reg_credentials(&r, true, 0), CHALLENGE_SENT_NONE);
	r.answered = true;
	ck_assert_int_eq(reg_credentials(&r, true, 0), CHALLENGE_SENT_REUSED);
}
END_TEST


START_TEST(who_was_registered_goes_before_who_is_new)
{
	connected(1, 0);
	ck_assert_int_eq(reg_class(&r, 0), PACE_NEW);
	send(CHALLENGE_SENT_NONE, 0);
	answer(granted(600), 0);
	ck_assert_int_eq(reg_class(&r, 0), PACE_RETURN);
	ck_assert_int_eq(reg_class(&r, 567999), PACE_RETURN);
	ck_assert_int_eq(reg_class(&r, 568000), PACE_URGENT);
	ck_assert_int_eq(reg_class(&r, 599999), PACE_URGENT);
	ck_assert_int_eq(reg_class(&r, 600000), PACE_RETURN);
}
END_TEST


static TCase *tcase(Suite *s, const char *name)
{
	TCase *tc = tcase_create(name);

	tcase_add_checked_fixture(tc, setup, NULL);
	suite_add_tcase(s, tc);

	return tc;
}


Suite *suite_reg(void)
{
	Suite *s = suite_create("reg");
	TCase *tc = tcase(s, "refresh");

	tcase_add_loop_test(tc, refresh_times_follow_the_lease, 0, 13);
	tcase_add_test(tc, the_lease_counts_from_when_the_request_was_sent);
	tcase_add_test(tc, an_answer_that_took_long_leaves_five_seconds);
	tcase_add_test(tc, udp_is_refreshed_to_verify);
	tcase_add_test(tc,
		doubt_asks_at_once_but_five_seconds_after_the_answer);
	tcase_add_test(tc,
		a_turn_is_asked_for_again_when_the_lease_becomes_urgent);

	tc = tcase(s, "the way to a flow");
	tcase_add_test(tc, a_resolver_has_thirty_seconds);
	tcase_add_test(tc, no_address_is_a_failure_of_dns);
	tcase_add_test(tc,
		without_dns_the_name_is_asked_every_thirty_seconds);
	tcase_add_test(tc,
		what_fails_after_an_outage_of_dns_is_the_first_failure);
	tcase_add_test(tc, the_operator_s_word_ends_an_outage_of_dns_too);
	tcase_add_test(tc, connect_failures_wait_from_4_s_to_half_an_hour);
	tcase_add_test(tc,
		a_turn_to_connect_opens_once_and_must_come_to_an_end);
	tcase_add_test(tc, parked_it_asks_the_name_again_every_minute);
	tcase_add_test(tc,
		who_knocks_himself_asks_the_name_again_every_minute_too);
	tcase_add_test(tc, all_addresses_failed_but_none_is_down_waits);
	tcase_add_test(tc,
		an_address_that_was_down_when_the_name_was_asked_is_tried_last);
	tcase_add_test(tc, the_thirty_second_address_is_used_too);

	tc = tcase(s, "two families");
	tcase_add_test(tc,
		a_quarter_of_a_second_of_silence_starts_the_other_family);
	tcase_add_loop_test(tc, whichever_connects_first_is_the_flow, 0, 2);
	tcase_add_test(tc, who_connects_at_once_races_nobody);
	tcase_add_test(tc,
		only_streams_race_and_only_the_other_family_of_the_host);
	tcase_add_test(tc, who_is_parked_does_not_race);
	tcase_add_test(tc,
		a_refusal_before_the_race_goes_on_to_the_other_family_at_once);
	tcase_add_loop_test(tc,
		when_one_of_the_two_fails_the_other_goes_on, 0, 2);
	tcase_add_test(tc, when_both_fail_it_parks_or_waits);
	tcase_add_test(tc, a_rival_that_never_had_its_turn_may_fail_too);
	tcase_add_test(tc,
		a_first_that_fails_while_the_rival_queues_makes_it_the_next);
	tcase_add_test(tc, two_that_never_say_more_are_both_let_go);
	tcase_add_test(tc, a_stop_ends_a_race);
	tcase_add_test(tc, on_udp_the_other_family_is_tried_after_800_ms);
	tcase_add_test(tc, the_transport_of_each_address_has_its_patience);

	tc = tcase(s, "redirects");
	tcase_add_test(tc, a_redirect_is_followed_over_a_new_flow);
	tcase_add_test(tc, a_second_redirect_of_a_round_backs_off);
	tcase_add_test(tc, each_round_may_be_redirected_once);
	tcase_add_test(tc, when_the_flow_there_is_lost_home_is_asked_again);
	tcase_add_test(tc,
	a_host_that_is_down_is_knocked_at_for_a_minute_and_home_asked_again);
	tcase_add_test(tc, a_kick_in_flight_does_not_spoil_a_redirect);

	tc = tcase(s, "what an earlier run left");
	tcase_add_test(tc, cseq_goes_on_where_the_earlier_run_was);
	tcase_add_loop_test(tc,
		a_400_or_500_after_a_restart_is_answered_with_a_new_call_id,
		0, 2);
	tcase_add_loop_test(tc, after_any_other_answer_the_call_id_stays, 0,
			    4);
	tcase_add_test(tc, silence_says_nothing_about_a_call_id);
	tcase_add_test(tc, without_an_earlier_run_there_is_no_new_call_id);
	tcase_add_test(tc,
		whoever_stops_meanwhile_gets_the_new_call_id_all_the_same);

	tc = tcase(s, "old bindings");
	tcase_add_loop_test(tc,
		refused_with_old_bindings_it_is_sent_once_more_alone, 0, 7);
	tcase_add_test(tc,
		over_this_flow_they_are_not_named_again_but_over_the_next);
	tcase_add_test(tc, if_ours_went_with_them_it_is_made_again_alone);
	tcase_add_test(tc,
		challenges_adjustments_and_waits_do_not_blame_them);
	tcase_add_test(tc,
		after_a_restart_the_call_id_is_blamed_before_the_old_bindings);

	tc = tcase(s, "failures");
	tcase_add_test(tc,
		an_unanswered_register_on_a_proven_stream_replaces_it_at_once);
	tcase_add_test(tc, an_unanswered_register_on_a_new_stream_backs_off);
	tcase_add_test(tc, a_200_on_a_proven_flow_ends_the_failures_in_a_row);
	tcase_add_test(tc, a_200_on_a_flow_that_is_not_proven_ends_nothing);
	tcase_add_test(tc, something_is_done_at_once_only_every_ten_seconds);
	tcase_add_test(tc,
		n5_an_address_that_goes_does_not_hold_back_the_next_one);
	tcase_add_test(tc,
		who_was_lost_just_before_tries_when_its_edge_is_back);
	tcase_add_test(tc, an_edge_that_comes_and_goes_drives_no_loop);
	tcase_add_test(tc,
		o4_a_challenge_that_there_is_no_memory_for_is_tried_again_soon);
	tcase_add_test(tc, who_was_refused_is_not_called_by_its_edge);
	tcase_add_test(tc,
		what_comes_too_early_shortens_the_wait_to_when_it_is_allowed);
	tcase_add_test(tc, a_wait_uses_up_half_of_a_lease_that_runs);
	tcase_add_loop_test(tc, retry_after_is_kept_and_capped, 0, 5);
	tcase_add_test(tc, a_503_with_a_time_holds_the_edge);
	tcase_add_test(tc,
		with_other_addresses_a_503_holds_this_edge_and_goes_on);
	tcase_add_test(tc,
		a_flow_without_a_binding_is_not_kept_through_a_wait);
	tcase_add_test(tc,
		with_other_edges_a_flow_is_kept_only_for_a_lease_that_runs);
	tcase_add_test(tc,
		a_flow_that_is_lost_in_a_wait_is_replaced_if_it_had_a_binding);
	tcase_add_test(tc, but_never_before_a_retry_after);
	tcase_add_test(tc, four_seconds_of_udp_silence_try_the_next_address);
	tcase_add_test(tc,
		a_udp_port_that_refuses_is_left_for_the_next_address);
	tcase_add_test(tc, after_an_answer_timer_f_applies_on_udp_too);
	tcase_add_loop_test(tc, a_423_is_followed_as_far_as_it_makes_sense,
			    0, 6);
	tcase_add_test(tc, answers_alone_cause_three_sends);

	tc = tcase(s, "holds");
	tcase_add_test(tc, credentials_that_never_worked_are_held_for_ever);
	tcase_add_test(tc, a_403_is_held_for_5_10_20_40_and_then_60_minutes);
	tcase_add_test(tc, held_keeps_the_flow_of_a_binding_that_lives);
	tcase_add_test(tc, held_lets_go_of_a_flow_that_serves_no_binding);

	tc = tcase(s, "orders");
	tcase_add_test(tc, a_stop_without_a_binding_sends_nothing);
	tcase_add_test(tc, leaving_has_five_seconds_in_all);
	tcase_add_test(tc, a_good_answer_leaves_nothing_behind);
	tcase_add_test(tc, what_was_in_flight_may_have_left_a_binding);
	tcase_add_test(tc, a_connection_that_is_lost_ends_the_leaving);
	tcase_add_test(tc, whoever_keeps_bindings_leaves_at_once);
	tcase_add_test(tc, a_kick_is_for_waits_and_not_for_what_goes_on);
	tcase_add_test(tc,
		an_old_binding_at_the_same_place_is_named_if_the_token_is_kept);
	tcase_add_test(tc, a_reconnect_leaves_whatever_flow_there_is);
	tcase_add_test(tc, a_reconnect_lets_the_way_to_a_flow_go_on);
	tcase_add_test(tc, who_is_off_or_leaving_is_not_reconnected);
	tcase_add_test(tc,
		a_reconnect_replaces_the_register_that_a_kick_waits_for);

	tc = tcase(s, "facts in the wrong place");
	tcase_add_test(tc, what_comes_too_late_changes_nothing);
	tcase_add_test(tc, off_has_no_deadline_to_come);

	tc = tcase(s, "questions");
	tcase_add_test(tc, what_comes_next_has_a_word_in_every_state);
	tcase_add_test(tc,
		a_nonce_is_sent_first_once_the_credentials_have_worked);
	tcase_add_test(tc,
		who_learns_the_mapping_from_the_challenge_waits_for_one);
	tcase_add_test(tc, who_was_registered_goes_before_who_is_new);

	return s;
}
