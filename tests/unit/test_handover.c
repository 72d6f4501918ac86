/* core/handover.c, core/reg_handover.c */

#include <check.h>
#include <string.h>
#include "handover.h"


#define NOW SECONDS(1000)

Suite *suite_handover(void);


static struct account_policy policy;
static struct account a, next;
static struct account_reg regv[1], nextv[1];
static struct event eventv[8], nextev[8];
static struct flow flow, after;
static struct handover h;
static unsigned verdicts;

static const struct addr local = {
	.ip = {10, 0, 0, 2}, .port = 40000, .family = ADDR_IPV4,
};
static const struct addr mapped = {
	.ip = {203, 0, 113, 7}, .port = 61000, .family = ADDR_IPV4,
};
static const struct addr edge = {
	.ip = {198, 51, 100, 10}, .port = 5060, .family = ADDR_IPV4,
};


static void event_handler(const struct event *e, void *arg)
{
	(void)arg;
	verdicts += e->type == EVENT_VERDICT;
}


static const struct answer *ok(void)
{
	static struct answer answer;

	answer = (struct answer){.code = 200, .bound = true};
	answer.contacts.lease = 600;
	answer.contacts.match = CONTACT_BY_TOKEN;
	answer.contacts.token = true;
	answer.contacts.own = mapped;
	answer.contacts.owns = 1;
	answer.contacts.foreign = 2;

	return &answer;
}


static void register_at(msec_t at)
{
	struct target_list list = {.count = 2, .stream = 3};

	policy = (struct account_policy){
		.reg = {.expires = 3600, .min_digest = DIGEST_MD5},
		.flow = {.stream = true, .pong_timeout = FLOW_PONG_TIMEOUT},
		.probe = {.enabled = true, .interval = SECONDS(300)},
		.contact = CONTACT_AUTO,
		.flows = 1,
	};
	account_init(&a, &policy, regv, eventv, 8, 1, NULL, NULL, NULL, 0);
	account_init(&next, &policy, nextv, nextev, 8, 2, NULL,
		     event_handler, NULL, at);
	flow_init(&flow, &policy.flow, 3, at);
	flow_init(&after, &policy.flow, 4, at);
	memset(&h, 0xff, sizeof(h));
	verdicts = 0;

	account_start(&a, 0, at);
	account_on_resolved(&a, 0, &list, REASON_OK, at);
	account_on_turn(&a, 0, at);
	flow_on_connected(&flow, at);
	account_on_connected(&a, 0, 1, &local, &edge, at);
	account_on_turn(&a, 0, at);
	account_on_sent(&a, 0, CHALLENGE_SENT_NONE, 0, &mapped, at);
	account_on_answer(&a, 0, ok(), &mapped, at);
	flow_on_registered(&flow, at);
}


/* Registered at NOW over TCP, and proven. */
static void setup(void)
{
	register_at(NOW);
	(void)flow_on_timer(&flow, NOW + FLOW_FIRST_PING);
	(void)flow_on_pong(&flow, NOW + FLOW_FIRST_PING);
	account_on_proven(&a, 0, NOW + FLOW_FIRST_PING);
}


static enum handover_ready ready(msec_t now)
{
	return account_handover_ready(&a, 0, &flow, now);
}


static void hand_over(msec_t now)
{
	ck_assert_int_eq(ready(now), HANDOVER_NOW);
	account_hand_over(&a, 0, &flow, &h);
	ck_assert(handover_good(&h, now));
}


START_TEST(what_is_registered_and_calm_goes)
{
	ck_assert_int_eq(ready(NOW + SECONDS(5)), HANDOVER_NOW);
	/* soon over: it is refreshed anyway */
	ck_assert_int_eq(ready(NOW + SECONDS(591)), HANDOVER_NEVER);
}
END_TEST


START_TEST(what_waits_for_an_answer_goes_soon)
{
	account_kick(&a, 0, NOW + SECONDS(6));
	ck_assert_int_eq(ready(NOW + SECONDS(6)), HANDOVER_SOON);
	account_on_turn(&a, 0, NOW + SECONDS(6));
	ck_assert_int_eq(ready(NOW + SECONDS(6)), HANDOVER_SOON);
}
END_TEST


START_TEST(what_is_doubted_broken_or_stopped_does_not_go)
{
	flow.state = FLOW_SUSPECT;
	account_on_suspect(&a, 0, &flow, NOW + SECONDS(40));
	ck_assert_int_eq(ready(NOW + SECONDS(40)), HANDOVER_NEVER);

	setup();
	account_on_flow_lost(&a, 0, NULL, REASON_FLOW_LOST, NOW + SECONDS(6));
	ck_assert_int_eq(ready(NOW + SECONDS(6)), HANDOVER_NEVER);

	setup();
	account_stop(&a, 0, NOW + SECONDS(6));
	ck_assert_int_eq(ready(NOW + SECONDS(6)), HANDOVER_NEVER);
}
END_TEST


START_TEST(the_next_one_goes_on_as_if_nothing_had_been)
{
	const msec_t now = NOW + SECONDS(20);
	const struct reg *r = &nextv[0].reg;
	unsigned acts;

	hand_over(now);
	flow_take_over(&after, &h.flow, now);
	acts = account_take_over(&next, 0, &h, now);

	ck_assert_uint_eq(acts, 0);
	ck_assert_int_eq(r->state, REG_BOUND);
	ck_assert_uint_eq(r->cseq, regv[0].reg.cseq);
	ck_assert_uint_eq(r->lease_end, NOW + SECONDS(600));
	ck_assert_uint_eq(account_deadline(&next) <= r->refresh_at, 1);
	ck_assert_uint_eq(r->refresh_at, regv[0].reg.refresh_at);
	ck_assert(target_stream(&r->target));
	ck_assert_int_eq(after.state, FLOW_PROVEN);
	ck_assert_uint_eq(after.next_ping, flow.next_ping);
	ck_assert(after.ponged);

	ck_assert(next.verdict.registered);
	ck_assert_int_eq(next.verdict.reachable, a.verdict.reachable);
	ck_assert_uint_eq(next.registered_since, a.registered_since);
	ck_assert_uint_eq(verdicts, 0);
	ck_assert(addr_equal(&nextv[0].flow.mapping.addr, &mapped));
	ck_assert_uint_eq(nextv[0].foreign, 2);
	ck_assert_uint_eq(journal_get(&next.journal, 0)->value,
			  EVENT_TAKEN_OVER);
}
END_TEST


START_TEST(a_refresh_or_ping_that_was_due_comes_at_once)
{
	const msec_t now = NOW + SECONDS(330);
	msec_t at;

	hand_over(NOW + SECONDS(25));
	flow_take_over(&after, &h.flow, now);
	account_take_over(&next, 0, &h, now);

	ck_assert_uint_le(after.next_ping, now + FLOW_FIRST_PING);
	ck_assert_uint_gt(after.next_ping, now);
	(void)reg_next(&nextv[0].reg, &at);
	ck_assert_uint_le(at, now);
	ck_assert_uint_eq(account_on_timer(&next, 0, now) & REG_DO_ASK,
			  REG_DO_ASK);
}
END_TEST


START_TEST(only_a_refresh_can_tell_so_it_comes_after_a_long_gap)
{
	struct flow_policy udp = {.method = KEEPALIVE_CRLF};

	hand_over(NOW + SECONDS(20));
	flow_take_over(&after, &h.flow, NOW + SECONDS(200));
	ck_assert(!flow_slept_in(&after, NOW + SECONDS(200)));

	flow_init(&after, &udp, 5, NOW);
	flow_take_over(&after, &h.flow, NOW + SECONDS(22));
	ck_assert(!flow_slept_in(&after, NOW + SECONDS(22)));
	ck_assert(flow_slept_in(&after, NOW + SECONDS(40)));
}
END_TEST


START_TEST(where_addresses_tell_nothing_it_begins_anew)
{
	account_on_rewritten(&a, 0, NOW + SECONDS(5));
	ck_assert_int_eq(ready(NOW + SECONDS(5)), HANDOVER_NEVER);
}
END_TEST


START_TEST(a_lease_that_ended_or_cannot_be_is_of_no_use)
{
	hand_over(NOW + SECONDS(5));
	ck_assert(!handover_good(&h, NOW + SECONDS(600)));
	/* another boot, whose clock is not as far */
	ck_assert(!handover_good(&h, NOW - SECONDS(1)));

	h.reg.lease_end = NEVER;
	ck_assert(!handover_good(&h, NOW + SECONDS(5)));
}
END_TEST


START_TEST(soon_after_boot_it_is_of_use_whatever_took_longer_before)
{
	const msec_t now = SECONDS(20);

	register_at(SECONDS(2));
	interval_restore(&regv[0].interval, SECONDS(90), SECONDS(120),
			 HOURS(10), 1, SECONDS(2));
	hand_over(now);
	account_take_over(&next, 0, &h, now);
	ck_assert_uint_eq(account_interval(&next, 0, SECONDS(120), now),
			  account_interval(&a, 0, SECONDS(120), now));
	ck_assert_uint_lt(account_interval(&next, 0, SECONDS(120), now),
			  SECONDS(120));
}
END_TEST


/* The round trip counts as 1 ms at least. */
START_TEST(in_the_first_tick_of_the_clock_it_is_of_use)
{
	register_at(0);
	ck_assert_uint_eq(flow_verify(&flow, 0), FLOW_SEND_CRLF);
	(void)flow_on_pong(&flow, 0);
	ck_assert_uint_gt(flow.rtt, 0);
	hand_over(0);
}
END_TEST


#define SPOIL(field, value)                                                   \
	do {                                                                  \
		hand_over(now);                                               \
		h.field = value;                                              \
		ck_assert_msg(!handover_good(&h, now), "%s", #field);         \
	} while (0)


START_TEST(whatever_is_wrong_in_it_is_found)
{
	const msec_t now = NOW + SECONDS(5);

	SPOIL(local.port, 0);
	SPOIL(edge.family, ADDR_NONE);
	SPOIL(edge.family, ADDR_IPV6);
	SPOIL(reg.cseq, 0);
	SPOIL(reg.cseq, UINT32_MAX);
	SPOIL(reg.granted, 0);
	SPOIL(reg.expires, 0);
	SPOIL(reg.sent_at, NEVER);
	SPOIL(reg.answer_at, NEVER);
	SPOIL(reg.refresh_at, NEVER);
	SPOIL(flow.up_at, NEVER);
	SPOIL(flow.life_at, now + 1);
	SPOIL(flow.ping_at, now + 1);
	SPOIL(flow.survived, NEVER);
	SPOIL(flow.rtt, NEVER);
	SPOIL(nat.saidv[0].at, now + 1);
	SPOIL(nat.heard_at, now + 1);
	SPOIL(nat.moved_at, now + 1);
	SPOIL(nat.interval.since, now + 1);
	SPOIL(nat.interval.learned, NEVER);
	SPOIL(nat.interval.idle, NEVER);
	SPOIL(nat.interval.aged, NEVER);
	SPOIL(nat.probe_proven_at, now + 1);
	SPOIL(flow.server_interval, NEVER);
	SPOIL(registered_since, now + 1);
	SPOIL(reachable_since, now + 1);
}
END_TEST


Suite *suite_handover(void)
{
	Suite *s = suite_create("handover");
	TCase *tc = tcase_create("handover");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, what_is_registered_and_calm_goes);
	tcase_add_test(tc, what_waits_for_an_answer_goes_soon);
	tcase_add_test(tc, what_is_doubted_broken_or_stopped_does_not_go);
	tcase_add_test(tc, the_next_one_goes_on_as_if_nothing_had_been);
	tcase_add_test(tc, a_refresh_or_ping_that_was_due_comes_at_once);
	tcase_add_test(tc,
		       only_a_refresh_can_tell_so_it_comes_after_a_long_gap);
	tcase_add_test(tc, where_addresses_tell_nothing_it_begins_anew);
	tcase_add_test(tc, a_lease_that_ended_or_cannot_be_is_of_no_use);
	tcase_add_test(tc,
		       soon_after_boot_it_is_of_use_whatever_took_longer_before);
	tcase_add_test(tc, in_the_first_tick_of_the_clock_it_is_of_use);
	tcase_add_test(tc, whatever_is_wrong_in_it_is_found);
	suite_add_tcase(s, tc);

	return s;
}
