/* core/account.c */

#include <check.h>
#include <string.h>
#include "account.h"


#define EVENTS 8
#define TOLD   64

Suite *suite_account(void);


static struct account_policy policy;
static struct account a;
static struct account_reg regv[ACCOUNT_FLOWS_MAX];
static struct event eventv[EVENTS];
static struct event toldv[TOLD];
static unsigned tolds;
static int64_t wall_usec;

static const struct addr ours = {
	.ip = {203, 0, 113, 7}, .port = 40000, .family = ADDR_IPV4,
};
static const struct addr unset;
static const struct addr edge = {
	.ip = {198, 51, 100, 10}, .port = 5060, .family = ADDR_IPV4,
};


static void event_handler(const struct event *e, void *arg)
{
	ck_assert_ptr_eq(arg, &tolds);
	ck_assert_uint_lt(tolds, TOLD);
	toldv[tolds++] = *e;
}


static void init(unsigned flows, uint32_t eventc)
{
	policy.flows = flows;
	tolds = 0;
	account_init(&a, &policy, regv, eventv, eventc, 1, &wall_usec,
		     event_handler, &tolds, 0);

	/* as an earlier run knew it */
	if (flows > 1)
		account_restore(&a, 0, 0, true, false);
}


static void setup(void)
{
	policy = (struct account_policy){
		.reg = {
			.expires = 3600,
			.unregister = true,
			.min_digest = DIGEST_MD5,
		},
		.contact = CONTACT_LOCAL,
	};
	wall_usec = 1700000000000000;
	memset(regv, 0xff, sizeof(regv));
	init(1, EVENTS);
}


static const struct event *last(enum event_type type)
{
	for (unsigned i = tolds; i--;)
		if (toldv[i].type == type)
			return &toldv[i];

	return NULL;
}


static unsigned count(enum event_type type)
{
	unsigned n = 0;

	for (unsigned i = 0; i < tolds; i++)
		n += toldv[i].type == type;

	return n;
}


/* One address, by TCP. */
static void resolved(unsigned i, msec_t now)
{
	const struct target_list list = {.count = 1, .stream = 1};

	account_on_resolved(&a, i, &list, REASON_CONNECT_REFUSED, now);
}


/* Flow i comes up and its REGISTER is out. */
static void sent(unsigned i, msec_t now)
{
	account_start(&a, i, now);
	resolved(i, now);
	account_on_turn(&a, i, now);
	ck_assert_uint_eq(account_on_connected(&a, i, 0,
					       &ours, &edge, now), REG_DO_ASK);
	ck_assert_uint_eq(account_on_turn(&a, i, now), REG_DO_SEND);
	account_on_sent(&a, i, CHALLENGE_SENT_NONE, 0, &ours, now);
}


/* A 200 with our address as the Contact, seen at `mapped`. */
static unsigned answered(unsigned i, uint32_t lease, const struct addr *mapped,
			 msec_t now)
{
	struct answer answer = {
		.code = 200, .bound = lease > 0, .outbound = a.regc > 1,
	};

	answer.contacts.own = ours;
	answer.contacts.lease = lease;
	answer.contacts.owns = lease > 0;
	answer.contacts.ghosts = 2;
	answer.contacts.foreign = 3;

	return account_on_answer(&a, i, &answer, mapped, now);
}


static void bound(unsigned i, uint32_t lease, msec_t now)
{
	sent(i, now);
	answered(i, lease, &ours, now);
}


static void suspect(enum flow_state state, msec_t now)
{
	const struct flow f = {.state = state};

	account_on_suspect(&a, 0, &f, now);
}


static void check_verdict(bool registered, enum reachable reachable,
			  enum reason reason, msec_t now)
{
	const struct verdict v = account_verdict(&a, now);

	ck_assert_int_eq(v.registered, registered);
	ck_assert_str_eq(reachable_name(v.reachable),
			 reachable_name(reachable));
	ck_assert_str_eq(reason_name(v.reason), reason_name(reason));
}


START_TEST(a_new_account_is_unknown_and_silent)
{
	check_verdict(false, REACHABLE_UNKNOWN, REASON_STARTING, 0);
	ck_assert_uint_eq(tolds, 0);
	ck_assert_uint_eq(account_deadline(&a), NEVER);
	ck_assert(account_left(&a));
	ck_assert(!account_left_behind(&a));
	ck_assert_uint_eq(a.code_at, NEVER);
}
END_TEST


START_TEST(a_registration_is_told_event_by_event)
{
	static const enum event_type typev[] = {
		EVENT_VERDICT,           /* resolving */
		EVENT_VERDICT,           /* connecting */
		EVENT_FLOW_UP,
		EVENT_REGISTER_SENT,
		EVENT_MAPPING,
		EVENT_RESPONSE,
		EVENT_BINDING,
		EVENT_VERDICT,           /* ok */
	};

	bound(0, 300, 1500);
	ck_assert_uint_eq(tolds, 8);
	for (unsigned i = 0; i < 8; i++) {
		ck_assert_str_eq(event_name(toldv[i].type),
				 event_name(typev[i]));
		ck_assert_uint_eq(toldv[i].seq, i + 1);
		ck_assert_uint_eq(toldv[i].at_usec, 1700000001500000);
	}
	ck_assert_uint_eq(toldv[2].flow, 1);
	ck_assert_uint_eq(toldv[3].value, 1);    /* CSeq */
	ck_assert(addr_equal(&toldv[4].addr, &ours));
	ck_assert_uint_eq(toldv[5].code, 200);
	ck_assert_uint_eq(toldv[5].value, 300);
	ck_assert_uint_eq(toldv[6].value, 5);    /* not ours ... */
	ck_assert_uint_eq(toldv[6].code, 2);     /* any more */
	ck_assert_uint_eq(toldv[7].code, 200);
	ck_assert(toldv[7].registered);
	ck_assert_uint_eq(toldv[7].reachable, REACHABLE_YES);
	check_verdict(true, REACHABLE_YES, REASON_OK, 1500);
}
END_TEST


START_TEST(it_counts_and_keeps_what_the_200_said)
{
	bound(0, 300, 1000);
	ck_assert_uint_eq(a.registers_sent, 1);
	ck_assert_uint_eq(a.responses_2xx, 1);
	ck_assert_uint_eq(a.code, 200);
	ck_assert_uint_eq(a.code_at, 1000);
	ck_assert_uint_eq(regv[0].own, 1);
	ck_assert_uint_eq(regv[0].ghosts, 2);
	ck_assert_uint_eq(regv[0].foreign, 3);
}
END_TEST


START_TEST(without_memory_for_events_they_are_told_all_the_same)
{
	init(1, 0);
	bound(0, 300, 0);
	ck_assert_uint_eq(tolds, 8);
	ck_assert_ptr_null(journal_get(&a.journal, 0));
}
END_TEST


START_TEST(without_a_wall_clock_it_is_1970)
{
	account_init(&a, &policy, regv, eventv, EVENTS, 1, NULL, NULL, NULL,
		     0);
	sent(0, 1500);
	ck_assert_uint_eq(journal_get(&a.journal, 0)->at_usec, 1500000);
}
END_TEST


/* SCENARIOS T12: it only stamps events, whoever sets it. */
START_TEST(a_wall_clock_that_steps_changes_no_decision)
{
	bound(0, 300, 0);

	const msec_t deadline = account_deadline(&a);

	wall_usec -= 3600 * INT64_C(1000000);
	account_on_inbound(&a, 0, 200, true, 1000);
	ck_assert_uint_eq(last(EVENT_INBOUND)->at_usec, 1699996401000000);
	wall_usec += 7200 * INT64_C(1000000);
	account_on_inbound(&a, 0, 200, true, 62000);
	ck_assert_uint_eq(last(EVENT_INBOUND)->at_usec, 1700003662000000);
	ck_assert_uint_eq(account_deadline(&a), deadline);
	check_verdict(true, REACHABLE_YES, REASON_OK, 62000);
}
END_TEST


START_TEST(since_tells_when_a_value_changed_and_not_when_it_was_seen)
{
	bound(0, 300, 1000);
	ck_assert_uint_eq(a.registered_since, 1000);
	ck_assert_uint_eq(a.reachable_since, 1000);
	suspect(FLOW_SUSPECT, 2000);
	ck_assert_uint_eq(a.registered_since, 1000);
	ck_assert_uint_eq(a.reachable_since, 2000);
	suspect(FLOW_SUSPECT, 3000);
	ck_assert_uint_eq(a.reachable_since, 2000);
	suspect(FLOW_UP, 4000);
	ck_assert_uint_eq(a.reachable_since, 4000);
	check_verdict(true, REACHABLE_YES, REASON_OK, 4000);
}
END_TEST


START_TEST(the_end_of_the_lease_is_a_deadline_of_its_own)
{
	sent(0, 0);
	answered(0, 1, &ours, 0);
	ck_assert_uint_eq(account_deadline(&a), 1000);
	ck_assert_uint_eq(account_on_timer(&a, 0, 1000), 0);
	check_verdict(false, REACHABLE_NO, REASON_LEASE_EXPIRED, 1000);
	ck_assert_uint_eq(last(EVENT_VERDICT)->reason, REASON_LEASE_EXPIRED);
	ck_assert_uint_eq(a.registered_since, 1000);
	ck_assert_uint_eq(account_deadline(&a), 5000);
}
END_TEST


START_TEST(a_lost_flow_leaves_registered_and_unreachable)
{
	bound(0, 300, 0);
	account_on_flow_lost(&a, 0, NULL, REASON_FLOW_LOST, 10);
	check_verdict(true, REACHABLE_NO, REASON_FLOW_LOST, 10);
	ck_assert_uint_eq(a.flow_failures, 1);
	ck_assert_uint_eq(count(EVENT_FLOW_DOWN), 1);
	ck_assert_uint_eq(last(EVENT_FLOW_DOWN)->reason, REASON_FLOW_LOST);
}
END_TEST


/* The Contact at the registrar names the flow that is gone. */
START_TEST(a_new_flow_is_not_the_one_that_the_binding_points_to)
{
	bound(0, 300, 0);
	account_on_flow_lost(&a, 0, NULL, REASON_FLOW_LOST, 10);
	account_on_timer(&a, 0, 100000);
	resolved(0, 100000);
	account_on_turn(&a, 0, 100000);
	account_on_connected(&a, 0, 0, &ours, &edge, 100000);
	check_verdict(true, REACHABLE_NO, REASON_FLOW_LOST, 100000);
	account_on_turn(&a, 0, 100000);
	account_on_sent(&a, 0, CHALLENGE_SENT_NONE, 0, &ours, 100000);
	answered(0, 300, &ours, 100000);
	check_verdict(true, REACHABLE_YES, REASON_OK, 100000);
}
END_TEST


START_TEST(a_flow_that_we_closed_ourselves_is_no_failure)
{
	bound(0, 300, 0);
	ck_assert_uint_eq(account_on_flow_closed(&a, 0, 10), 0);
	ck_assert_uint_eq(last(EVENT_FLOW_DOWN)->reason, REASON_OK);
	ck_assert_uint_eq(a.flow_failures, 0);
	account_on_flow_closed(&a, 0, 20);
	ck_assert_uint_eq(count(EVENT_FLOW_DOWN), 1);
}
END_TEST


START_TEST(a_knock_that_fails_as_the_last_one_did_is_no_event)
{
	account_start(&a, 0, 0);
	resolved(0, 0);
	for (msec_t now = 0; now < 10000; now += 1000) {
		account_on_turn(&a, 0, now);
		account_on_connect_failed(&a, 0, 0, REASON_CONNECT_REFUSED,
					  1, now);
	}
	ck_assert_uint_eq(count(EVENT_FLOW_DOWN), 1);
	ck_assert_uint_eq(a.flow_failures, 10);
	account_on_turn(&a, 0, 10000);
	account_on_connect_failed(&a, 0, 0, REASON_CONNECT_TIMEOUT, 1, 10000);
	ck_assert_uint_eq(count(EVENT_FLOW_DOWN), 2);
}
END_TEST


START_TEST(another_mapping_is_news_the_same_or_none_is_not)
{
	struct addr other = ours;

	bound(0, 300, 0);
	ck_assert_uint_eq(count(EVENT_MAPPING), 1);
	ck_assert_uint_eq(a.mapping_changes, 0);
	account_kick(&a, 0, 100);
	account_on_turn(&a, 0, 100);
	account_on_sent(&a, 0, CHALLENGE_SENT_NONE, 0, &ours, 100);
	answered(0, 300, &unset, 100);
	ck_assert_uint_eq(count(EVENT_MAPPING), 1);
	++other.port;
	account_kick(&a, 0, 200);
	account_on_turn(&a, 0, 200);
	account_on_sent(&a, 0, CHALLENGE_SENT_NONE, 0, &ours, 200);
	answered(0, 300, &other, 200);
	ck_assert_uint_eq(count(EVENT_MAPPING), 2);
	ck_assert_uint_eq(a.mapping_changes, 1);
	/* no NAT moves a connection that stands: nothing can be said */
	check_verdict(true, REACHABLE_UNKNOWN, REASON_UNPROVEN, 200);
}
END_TEST


START_TEST(a_request_proves_what_the_addresses_do_not)
{
	sent(0, 0);
	answered(0, 300, &unset, 0);
	check_verdict(true, REACHABLE_UNKNOWN, REASON_UNPROVEN, 0);
	account_on_inbound(&a, 0, 480, true, 10);
	check_verdict(true, REACHABLE_YES, REASON_OK, 10);
	ck_assert_uint_eq(last(EVENT_INBOUND)->code, 480);
	ck_assert_uint_eq(a.inbound_requests, 1);
	ck_assert_int_eq(a.verdict.evidence, EVIDENCE_INBOUND);
}
END_TEST


START_TEST(requests_are_all_counted_and_told_once_a_minute)
{
	bound(0, 300, 0);
	for (msec_t now = 1000; now < 61000; now += 1000)
		account_on_inbound(&a, 0, 480, false, now);
	ck_assert_uint_eq(count(EVENT_INBOUND), 1);
	ck_assert_uint_eq(a.inbound_requests, 60);
	account_on_inbound(&a, 0, 480, false, 61000);
	ck_assert_uint_eq(count(EVENT_INBOUND), 2);
}
END_TEST


START_TEST(a_request_proves_nothing_unless_it_came_by_the_binding)
{
	sent(0, 0);
	account_on_inbound(&a, 0, 480, true, 0);
	answered(0, 300, &unset, 0);
	check_verdict(true, REACHABLE_UNKNOWN, REASON_UNPROVEN, 0);
	account_on_inbound(&a, 0, 480, false, 10);
	check_verdict(true, REACHABLE_UNKNOWN, REASON_UNPROVEN, 10);
}
END_TEST


START_TEST(paused_by_the_operator_is_the_reason_once_it_has_left)
{
	bound(0, 300, 0);
	ck_assert_uint_eq(account_pause(&a, 0, 10), REG_DO_LEAVE);
	ck_assert(!account_left(&a));
	check_verdict(true, REACHABLE_YES, REASON_OK, 10);
	answered(0, 0, &ours, 20);
	check_verdict(false, REACHABLE_NO, REASON_PAUSED, 20);
	ck_assert(account_left(&a));
	ck_assert(!a.started && a.paused);
	ck_assert_uint_eq(account_deadline(&a), NEVER);
	account_start(&a, 0, 30);
	ck_assert(a.started && !a.paused);
	check_verdict(false, REACHABLE_UNKNOWN, REASON_RESOLVING, 30);
}
END_TEST


START_TEST(an_unanswered_unregister_is_remembered)
{
	bound(0, 300, 0);
	account_stop(&a, 0, 10);
	account_on_timer(&a, 0, 5010);
	ck_assert(account_left(&a));
	ck_assert(account_left_behind(&a));
}
END_TEST


START_TEST(facts_are_handed_on_to_the_registration_of_their_flow)
{
	init(2, EVENTS);
	account_start(&a, 0, 0);
	account_start(&a, 1, 0);
	account_on_resolve_failed(&a, 1, 10);
	ck_assert_int_eq(regv[0].reg.state, REG_RESOLVE);
	ck_assert_int_eq(regv[1].reg.state, REG_WAIT);
	account_on_local_event(&a, 1, 20);
	ck_assert_uint_le(regv[1].reg.deadline, 270);
	ck_assert_uint_eq(account_deadline(&a), regv[1].reg.deadline);
	account_on_timer(&a, 1, 270);
	sent(1, 300);
	account_on_proven(&a, 1, 300);
	ck_assert(regv[1].reg.proven && !regv[0].reg.proven);
	ck_assert_uint_eq(last(EVENT_REGISTER_SENT)->flow, 2);
}
END_TEST


START_TEST(with_two_flows_one_that_works_is_enough)
{
	init(2, EVENTS);
	bound(0, 300, 0);
	bound(1, 600, 0);
	check_verdict(true, REACHABLE_YES, REASON_OK, 0);
	account_on_flow_lost(&a, 0, NULL, REASON_FLOW_LOST, 10);
	check_verdict(true, REACHABLE_YES, REASON_OK, 10);
	account_on_flow_lost(&a, 1, NULL, REASON_FLOW_LOST, 20);
	check_verdict(true, REACHABLE_NO, REASON_FLOW_LOST, 20);
}
END_TEST


START_TEST(it_has_left_when_all_its_flows_have)
{
	init(2, EVENTS);
	bound(0, 300, 0);
	bound(1, 300, 0);
	account_stop(&a, 0, 10);
	account_stop(&a, 1, 10);
	answered(0, 0, &ours, 20);
	ck_assert(!account_left(&a));
	answered(1, 0, &ours, 30);
	ck_assert(account_left(&a));
}
END_TEST


START_TEST(doubt_leads_to_a_register)
{
	bound(0, 300, 0);
	ck_assert_uint_eq(account_on_verify(&a, 0, 5000), REG_DO_ASK);
}
END_TEST


START_TEST(an_earlier_run_is_remembered)
{
	static const struct event keptv[] = {
		{.at_usec = 1, .seq = 40, .type = EVENT_FLOW_UP},
		{.at_usec = 2, .seq = 41, .type = EVENT_RESPONSE, .code = 500},
	};

	account_restore(&a, 0, 500, false, true);
	for (unsigned i = 0; i < 2; i++)
		account_restore_event(&a, &keptv[i]);

	/* nobody is told what he was told then */
	ck_assert_uint_eq(tolds, 0);
	ck_assert_uint_eq(journal_get(&a.journal, 0)->seq, 40);
	ck_assert_uint_eq(journal_get(&a.journal, 1)->code, 500);
	bound(0, 300, 0);
	ck_assert_uint_eq(toldv[0].seq, 42);
	ck_assert_uint_eq(last(EVENT_REGISTER_SENT)->value, 501);
}
END_TEST


START_TEST(each_registration_has_a_past_of_its_own)
{
	init(2, EVENTS);
	account_restore(&a, 1, 70, false, false);
	ck_assert_uint_eq(regv[0].reg.cseq, 0);
	ck_assert_uint_eq(regv[1].reg.cseq, 70);
	ck_assert(regv[0].reg.outbound && !regv[1].reg.outbound);
}
END_TEST


/* A reload: the configuration that it had is freed. */
START_TEST(its_policy_may_move_while_it_runs)
{
	struct account_policy moved;

	init(2, EVENTS);
	bound(0, 300, 0);
	bound(1, 300, 0);
	moved = policy;
	memset(&policy, 0, sizeof(policy));
	account_set_policy(&a, &moved);
	ck_assert_uint_eq(account_stop(&a, 0, 10), REG_DO_LEAVE);
	ck_assert_uint_eq(account_stop(&a, 1, 10), REG_DO_LEAVE);
}
END_TEST


START_TEST(an_event_of_the_account_has_no_flow)
{
	bound(0, 300, 0);
	account_on_event(&a, EVENT_CONFIG, 1000);
	ck_assert_uint_eq(last(EVENT_CONFIG)->flow, 0);
	ck_assert_uint_eq(last(EVENT_CONFIG)->reason, REASON_OK);
	ck_assert(last(EVENT_CONFIG)->registered);
	check_verdict(true, REACHABLE_YES, REASON_OK, 1000);
}
END_TEST


START_TEST(a_reconnect_makes_it_unreachable_until_the_new_flow_is_bound)
{
	bound(0, 300, 0);
	ck_assert_uint_eq(account_reconnect(&a, 0, 1000), REG_DO_ABANDON |
			  REG_DO_CLOSE | REG_DO_RESOLVE);
	account_on_flow_closed(&a, 0, 1000);
	check_verdict(true, REACHABLE_NO, REASON_FLOW_LOST, 1000);
	ck_assert_uint_eq(a.flow_failures, 0);
}
END_TEST


/* One host, IPv6 and IPv4. */
static void racing(msec_t now)
{
	const struct target_list list = {.count = 2, .stream = 3, .ipv6 = 1};

	account_start(&a, 0, now);
	account_on_resolved(&a, 0, &list, REASON_CONNECT_REFUSED, now);
	account_on_turn(&a, 0, now);
	ck_assert_uint_eq(account_deadline(&a), now + REG_RACE_DELAY);
	ck_assert_uint_eq(account_on_timer(&a, 0, now + REG_RACE_DELAY),
			  REG_DO_RACE);
	ck_assert_uint_eq(account_on_race_turn(&a, 0, now + REG_RACE_DELAY),
			  REG_DO_OPEN_RIVAL);
}


START_TEST(of_two_that_race_one_flow_comes_up)
{
	racing(0);
	ck_assert_uint_eq(account_on_connected(&a, 0, 1,
					       &ours, &edge, 300), REG_DO_ASK);
	ck_assert_uint_eq(count(EVENT_FLOW_UP), 1);
	ck_assert_uint_eq(count(EVENT_FLOW_DOWN), 0);
	ck_assert_uint_eq(regv[0].reg.target.index, 1);
}
END_TEST


START_TEST(one_of_two_that_fails_is_counted_and_told)
{
	racing(0);
	ck_assert_uint_eq(account_on_connect_failed(&a, 0, 0,
				REASON_CONNECT_REFUSED, 0, 300), 0);
	ck_assert_uint_eq(a.flow_failures, 1);
	ck_assert_uint_eq(count(EVENT_FLOW_DOWN), 1);
	ck_assert_uint_eq(account_on_connected(&a, 0, 1,
					       &ours, &edge, 400), REG_DO_ASK);
}
END_TEST


/* It was not even tried. */
START_TEST(an_edge_that_goes_down_under_who_queues_is_no_failure_of_a_flow)
{
	racing(0);
	ck_assert_uint_eq(account_on_edge_down(&a, 0, 1,
				REASON_CONNECT_REFUSED, 2, 300), 0);
	ck_assert_uint_eq(a.flow_failures, 0);
	ck_assert_uint_eq(count(EVENT_FLOW_DOWN), 0);
	ck_assert_int_eq(regv[0].reg.state, REG_CONNECT);
}
END_TEST


static enum reason failurev[4];
static unsigned failures;


static void failure_handler(enum reason reason, void *arg)
{
	(void)arg;
	ck_assert_uint_lt(failures, 4);
	failurev[failures++] = reason;
}


START_TEST(each_failure_of_a_flow_is_told_with_its_reason)
{
	failures = 0;
	a.failureh = failure_handler;
	account_start(&a, 0, 0);
	resolved(0, 0);
	account_on_turn(&a, 0, 0);
	account_on_connect_failed(&a, 0, 0, REASON_CONNECT_REFUSED, 0, 100);
	ck_assert_uint_eq(1, failures);
	ck_assert_int_eq(REASON_CONNECT_REFUSED, failurev[0]);

	account_reconnect(&a, 0, 20000);
	resolved(0, 20000);
	account_on_turn(&a, 0, 20000);
	account_on_connect_failed(&a, 0, 0, REASON_CONNECT_REFUSED, 0, 20100);
	ck_assert_uint_eq(2, failures);
	ck_assert_uint_eq(2, a.flow_failures);
}
END_TEST


START_TEST(time_without_reach_is_counted_while_it_lasts_and_after)
{
	bound(0, 300, 1000);
	ck_assert_uint_eq(0, account_unreachable(&a, 5000));

	account_on_flow_lost(&a, 0, NULL, REASON_FLOW_LOST, 10000);
	check_verdict(true, REACHABLE_NO, REASON_FLOW_LOST, 10000);
	ck_assert_uint_eq(0, account_unreachable(&a, 10000));
	ck_assert_uint_eq(2500, account_unreachable(&a, 12500));

	account_reconnect(&a, 0, 12500);
	resolved(0, 12500);
	account_on_turn(&a, 0, 12500);
	account_on_connected(&a, 0, 0, &ours, &edge, 12500);
	account_on_turn(&a, 0, 12500);
	account_on_sent(&a, 0, CHALLENGE_SENT_NONE, 0, &ours, 12500);
	answered(0, 300, &ours, 13000);
	check_verdict(true, REACHABLE_YES, REASON_OK, 13000);
	ck_assert_uint_eq(3000, account_unreachable(&a, 13000));
	ck_assert_uint_eq(3000, account_unreachable(&a, 99000));
}
END_TEST


START_TEST(nobody_misses_an_account_that_is_paused)
{
	bound(0, 300, 1000);
	account_on_flow_lost(&a, 0, NULL, REASON_FLOW_LOST, 10000);
	account_pause(&a, 0, 11000);
	ck_assert_uint_eq(1000, account_unreachable(&a, 60000));

	account_start(&a, 0, 60000);
	ck_assert_uint_eq(1000, account_unreachable(&a, 60000));
}
END_TEST


Suite *suite_account(void)
{
	Suite *s = suite_create("account");
	TCase *tc = tcase_create("account");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, a_new_account_is_unknown_and_silent);
	tcase_add_test(tc, a_registration_is_told_event_by_event);
	tcase_add_test(tc, it_counts_and_keeps_what_the_200_said);
	tcase_add_test(tc,
		without_memory_for_events_they_are_told_all_the_same);
	tcase_add_test(tc, without_a_wall_clock_it_is_1970);
	tcase_add_test(tc, a_wall_clock_that_steps_changes_no_decision);
	tcase_add_test(tc,
		since_tells_when_a_value_changed_and_not_when_it_was_seen);
	tcase_add_test(tc, the_end_of_the_lease_is_a_deadline_of_its_own);
	tcase_add_test(tc, a_lost_flow_leaves_registered_and_unreachable);
	tcase_add_test(tc,
		a_new_flow_is_not_the_one_that_the_binding_points_to);
	tcase_add_test(tc, a_flow_that_we_closed_ourselves_is_no_failure);
	tcase_add_test(tc, a_knock_that_fails_as_the_last_one_did_is_no_event);
	tcase_add_test(tc, another_mapping_is_news_the_same_or_none_is_not);
	tcase_add_test(tc, a_request_proves_what_the_addresses_do_not);
	tcase_add_test(tc, requests_are_all_counted_and_told_once_a_minute);
	tcase_add_test(tc,
		a_request_proves_nothing_unless_it_came_by_the_binding);
	tcase_add_test(tc,
		paused_by_the_operator_is_the_reason_once_it_has_left);
	tcase_add_test(tc, an_unanswered_unregister_is_remembered);
	tcase_add_test(tc,
		facts_are_handed_on_to_the_registration_of_their_flow);
	tcase_add_test(tc, with_two_flows_one_that_works_is_enough);
	tcase_add_test(tc, it_has_left_when_all_its_flows_have);
	tcase_add_test(tc, doubt_leads_to_a_register);
	tcase_add_test(tc, an_earlier_run_is_remembered);
	tcase_add_test(tc, each_registration_has_a_past_of_its_own);
	tcase_add_test(tc, its_policy_may_move_while_it_runs);
	tcase_add_test(tc, an_event_of_the_account_has_no_flow);
	tcase_add_test(tc, each_failure_of_a_flow_is_told_with_its_reason);
	tcase_add_test(tc,
		       time_without_reach_is_counted_while_it_lasts_and_after);
	tcase_add_test(tc, nobody_misses_an_account_that_is_paused);
	tcase_add_test(tc,
		a_reconnect_makes_it_unreachable_until_the_new_flow_is_bound);
	tcase_add_test(tc, of_two_that_race_one_flow_comes_up);
	tcase_add_test(tc, one_of_two_that_fails_is_counted_and_told);
	tcase_add_test(tc,
	an_edge_that_goes_down_under_who_queues_is_no_failure_of_a_flow);
	suite_add_tcase(s, tc);

	return s;
}
