/* Several flows of one account (RFC 5626): to an edge each, the registrar being
 * both edges at once (shared bindings) or each edge a registrar of its own. */

#include <stdio.h>
#include <string.h>
#include "rig.h"
#include "slot.h"


Suite *suite_agent_flows(void);


#define QUIET  300               /* [ms] in which nothing is to happen */
#define REBOUND 25000            /* [ms] a flow comes back when its edge does:
				    the first wait of 6 to 12 s and a knock */

static struct registrar *other;  /* the second edge */
static bool was_unreachable;


static void setup(void)
{
	rig_setup();
	rig.conf->outbound = true;
	was_unreachable = false;
}


static void teardown(void)
{
	other = mem_deref(other);
	rig_teardown();
}


static unsigned port_of(const struct registrar *reg)
{
	return sa_port(registrar_addr(reg, TRANSPORT_TCP));
}


/* The same registrar at 127.0.0.2 too. */
static void share(void)
{
	char addr[32];

	(void)snprintf(addr, sizeof(addr), "127.0.0.2:%u", port_of(rig.reg));
	ck_assert_int_eq(0, registrar_listen(rig.reg, TRANSPORT_TCP, addr,
					     NULL));
}


/* Another one there. */
static void split(void)
{
	ck_assert_int_eq(0, registrar_alloc(&other));
	*registrar_conf(other) = *rig.conf;
	ck_assert_int_eq(0, registrar_listen(other, TRANSPORT_TCP,
					     "127.0.0.2:0", NULL));
	ck_assert_int_eq(0, registrar_account(other, "alice", NULL,
					      "secret"));
}


/* alice, over both. */
static void account(unsigned flows, const char *keys)
{
	rig_account("alice", TRANSPORT_TCP, "flows = %u; outbound_proxy = "
		    "[ \"sip:127.0.0.1:%u\", \"sip:127.0.0.2:%u\" ]; %s",
		    flows, port_of(rig.reg), port_of(other ? other : rig.reg),
		    keys);
}


static const struct reg *reg_at(unsigned i)
{
	return &rig_state("alice")->regv[i].reg;
}


static bool is_bound(void *arg)
{
	const unsigned *i = arg;

	return reg_at(*i)->state == REG_BOUND;
}


static void expect_bound(unsigned i, unsigned msec)
{
	ck_assert_msg(harness_wait(is_bound, &i, msec), "flow %u: %s", i + 1,
		      reason_name(reg_at(i)->reason));
}


static bool is_down(void *arg)
{
	const unsigned *i = arg;

	return !reg_at(*i)->flow;
}


static bool is_off(void *arg)
{
	const unsigned *i = arg;

	return reg_at(*i)->state == REG_OFF;
}


static bool is_reachable(void *arg)
{
	const bool *wanted = arg;
	const bool yes = rig_state("alice")->verdict.reachable ==
		REACHABLE_YES;

	was_unreachable |= !yes;

	return yes == *wanted;
}


static void expect_reachable(bool wanted, unsigned msec)
{
	ck_assert(harness_wait(is_reachable, &wanted, msec));
}


/* Starts, and waits for both flows. */
static void both(const char *keys)
{
	account(2, keys);
	rig_start("");
	expect_bound(0, RIG_WAIT);
	expect_bound(1, RIG_WAIT);
}


static struct registrar_binding binding(struct registrar *reg, unsigned i)
{
	struct registrar_binding b;

	ck_assert(registrar_binding(reg, "alice", i, &b));

	return b;
}


static unsigned bindings(struct registrar *reg)
{
	return registrar_bindings(reg, "alice");
}


/* --- two edges --- */

START_TEST(each_flow_has_a_reg_id_and_an_edge_of_its_own)
{
	struct registrar_binding a, b;
	char call_id[128];

	split();
	both("");
	ck_assert_uint_eq(1, bindings(rig.reg));
	ck_assert_uint_eq(1, bindings(other));
	a = binding(rig.reg, 0);
	b = binding(other, 0);
	rig_has(a.params, ";reg-id=1");
	rig_has(b.params, ";reg-id=2");
	str_ncpy(call_id, a.call_id, sizeof(call_id));
	ck_assert_str_ne(call_id, b.call_id);
	ck_assert_str_ne(strstr(a.uri, "sipregd="), strstr(b.uri, "sipregd="));
	rig_expect_reason("alice", REASON_OK);

	/* each refreshes over its own */
	ck_assert(rig_register("alice").registered);
	ck_assert_uint_eq(3, rig_registers("alice"));
	ck_assert_uint_eq(3, registrar_registers(other, "alice", RULE_ANY));
}
END_TEST


START_TEST(where_outbound_is_not_confirmed_there_is_one_flow)
{
	rig.conf->outbound = false;
	split();
	account(2, "");
	rig_start("");
	rig_expect_registered("alice");
	rig_expect_proven("alice");
	harness_run(QUIET);
	ck_assert_int_eq(REG_OFF, reg_at(1)->state);
	ck_assert_uint_eq(0, registrar_accepted(other, TRANSPORT_TCP));

	/* the registrar learns it: so the second begins */
	rig.conf->outbound = registrar_conf(other)->outbound = true;
	ck_assert(rig_register("alice").registered);
	expect_bound(1, RIG_WAIT);
	ck_assert_uint_eq(1, bindings(other));

	/* and forgets it: it goes again, and leaves nothing */
	rig.conf->outbound = registrar_conf(other)->outbound = false;
	ck_assert(rig_register("alice").registered);
	for (unsigned i = 1; !harness_wait(is_off, &i, RIG_WAIT);)
		ck_abort_msg("the second flow stays");
	ck_assert_uint_eq(0, bindings(other));
	ck_assert_uint_eq(1, bindings(rig.reg));
}
END_TEST


START_TEST(an_edge_that_lacks_outbound_gets_a_plain_register_and_no_second_flow)
{
	const struct registrar_rule rule = {
		.kind = RULE_ANSWER, .code = 439, .count = 1,
	};

	split();
	rig_rule(&rule);
	account(2, "");
	rig_start("");
	rig_expect_registered("alice");
	harness_run(QUIET);
	rig_has_not(rig_text("alice", -1), "reg-id");
	ck_assert_int_eq(REG_OFF, reg_at(1)->state);
	ck_assert_uint_eq(0, registrar_accepted(other, TRANSPORT_TCP));
}
END_TEST


/* RFC 5626 §4.5: while another flow is up it has time. */
START_TEST(when_one_edge_dies_the_account_stays_reachable)
{
	const unsigned one = _i;
	bool wanted = false;
	msec_t left;

	split();
	both("");
	expect_reachable(true, RIG_WAIT);
	was_unreachable = false;
	registrar_stop(one ? other : rig.reg);
	for (unsigned i = one; !harness_wait(is_down, &i, RIG_WAIT);)
		ck_abort_msg("the flow is still up");
	ck_assert(!harness_wait(is_reachable, &wanted, 10 * QUIET));
	ck_assert(!was_unreachable);

	left = clock_left(reg_at(one)->deadline, loop_now());
	ck_assert_msg(reg_parked(reg_at(one)) || left > SECONDS(2),
		      "it waits %llu ms", (unsigned long long)left);
	ck_assert_int_eq(0, registrar_start(one ? other : rig.reg));
	expect_bound(one, REBOUND);
	ck_assert(!was_unreachable);
}
END_TEST


START_TEST(when_both_die_it_is_not_and_it_comes_back_with_either)
{
	split();
	both("");
	expect_reachable(true, RIG_WAIT);
	registrar_stop(rig.reg);
	registrar_stop(other);
	expect_reachable(false, RIG_WAIT);
	ck_assert_int_eq(0, registrar_start(other));
	expect_reachable(true, REBOUND);
	ck_assert_int_eq(0, registrar_start(rig.reg));
	expect_bound(0, REBOUND);
	expect_bound(1, REBOUND);
}
END_TEST


START_TEST(to_stop_is_to_leave_by_each)
{
	split();
	both("");
	(void)rig_stop();
	ck_assert_uint_eq(0, bindings(rig.reg));
	ck_assert_uint_eq(0, bindings(other));
}
END_TEST


static void outcome_handler(const struct agent_outcome *o, void *arg)
{
	*(struct agent_outcome *)arg = *o;
}


static bool has_paused(void *arg)
{
	const struct agent_outcome *o = arg;

	return o->reason == REASON_PAUSED;
}


START_TEST(pause_and_resume_are_of_all_flows)
{
	struct agent_outcome o = {.registered = true};

	split();
	both("");
	ck_assert_int_eq(0, agent_pause(rig_agent("alice"), outcome_handler,
					&o));
	ck_assert(harness_wait(has_paused, &o, RIG_WAIT));
	ck_assert(!o.registered && !o.left_behind);
	ck_assert_uint_eq(0, bindings(rig.reg) + bindings(other));

	ck_assert_int_eq(0, agent_resume(rig_agent("alice"), outcome_handler,
					 &o));
	expect_bound(0, RIG_WAIT);
	expect_bound(1, RIG_WAIT);
	ck_assert(o.registered);
}
END_TEST


START_TEST(the_flow_that_failed_is_what_the_operator_is_told_of)
{
	const struct registrar_rule rule = {
		.kind = RULE_ANSWER, .code = 503, .credentials = RULE_WITH,
		.count = 1,
	};
	struct agent_outcome o;

	split();
	both("");
	ck_assert_int_eq(0, registrar_rule(other, &rule));
	o = rig_register("alice");
	ck_assert(o.registered);
	ck_assert_uint_eq(503, o.code);
	ck_assert_int_eq(REASON_REJECTED, o.reason);
}
END_TEST


/* --- one registrar behind both --- */

/* In every REGISTER so far. */
static void assert_nothing_removed(void)
{
	const unsigned n = rig_registers("alice");

	for (unsigned i = 0; i < n; i++)
		rig_has_not(rig_text("alice", (int)i), "expires=0");
}


START_TEST(nobody_purges_a_sibling)
{
	const struct account_reg *ar;

	share();
	both("");
	for (unsigned i = 0; i < 3; i++)
		ck_assert(rig_register("alice").registered);

	ck_assert_uint_eq(2, bindings(rig.reg));
	assert_nothing_removed();
	ar = rig_state("alice")->regv;
	for (unsigned i = 0; i < 2; i++) {
		ck_assert_uint_eq(2, ar[i].own);
		ck_assert_uint_eq(0, ar[i].ghosts + ar[i].foreign);
	}
	ck_assert_uint_eq(2, registrar_connections(rig.reg, TRANSPORT_TCP));
}
END_TEST


struct listed {
	unsigned own, others, removed;
	bool done;
};


static void list_handler(const struct agent_outcome *o, void *arg)
{
	struct listed *l = arg;

	ck_assert_ptr_nonnull(o->audit);
	l->own = audit_count(o->audit, AUDIT_OWN);
	l->others = audit_count(o->audit, AUDIT_GHOST) +
		audit_count(o->audit, AUDIT_FOREIGN);
	l->removed = o->removed;
	l->done = true;
}


START_TEST(bindings_of_all_flows_are_own_and_no_purge_removes_them)
{
	struct listed l = {0};

	share();
	both("");
	ck_assert_int_eq(0, agent_bindings(rig_agent("alice"), list_handler,
					   &l));
	ck_assert(harness_wait(harness_flag, &l.done, RIG_WAIT));
	ck_assert_uint_eq(2, l.own);
	ck_assert_uint_eq(0, l.others);

	l.done = false;
	ck_assert_int_eq(0, agent_purge_ghosts(rig_agent("alice"),
					       list_handler, &l));
	ck_assert(harness_wait(harness_flag, &l.done, RIG_WAIT));
	ck_assert_uint_eq(2, l.own);
	ck_assert_uint_eq(0, l.others + l.removed);
	ck_assert_uint_eq(2, bindings(rig.reg));
	assert_nothing_removed();
}
END_TEST


static bool has_one_binding(void *arg)
{
	(void)arg;

	return bindings(rig.reg) == 1;
}


/* Whether it un-registers by itself or is found by its reg-id. */
START_TEST(a_flow_that_is_configured_no_more_is_removed)
{
	static const char *const keyv[] = {
		"", "unregister_on_stop = false;", "purge_ghosts = false;",
	};
	const char *keys = keyv[_i];
	struct reload_outcome outcome;

	share();
	both(keys);
	ck_assert_uint_eq(2, bindings(rig.reg));

	rig.accounts->pos = rig.accounts->end = 0;
	account(1, keys);
	rig_write("");
	ck_assert_int_eq(0, daemon_reload(rig.daemon, &outcome, NULL, NULL));
	ck_assert_uint_eq(1, outcome.changed);
	ck_assert(harness_wait(has_one_binding, NULL, 4 * RIG_WAIT));
	rig_has(binding(rig.reg, 0).params, ";reg-id=1");
	rig_expect_registered("alice");
}
END_TEST


/* --- what comes in --- */

static unsigned answers(uint16_t code)
{
	const struct le *le;
	unsigned n = 0;

	LIST_FOREACH(registrar_log(rig.reg), le) {
		const struct registrar_message *m = le->data;

		n += m->in && m->code == code;
	}

	return n;
}


struct wanted {
	uint16_t code;
	unsigned n;
};


static bool has_answers(void *arg)
{
	const struct wanted *w = arg;

	return answers(w->code) >= w->n;
}


static void expect_answers(uint16_t code, unsigned n)
{
	struct wanted w = {code, n};

	if (!harness_wait(has_answers, &w, RIG_WAIT))
		ck_abort_msg("%u answers %u", answers(code), code);
}


/* Over both flows. */
static void call(const char *method, const char *uri, const char *branch,
		 unsigned cseq)
{
	char text[1024];

	(void)snprintf(text, sizeof(text), "%s %s SIP/2.0\r\n"
		       "Via: SIP/2.0/TCP 127.0.0.1:5060;rport;"
		       "branch=z9hG4bK%s\r\n"
		       "From: <sip:x@example.org>;tag=1\r\n"
		       "To: <sip:alice@example.org>\r\n"
		       "Call-ID: forked\r\nCSeq: %u %s\r\n"
		       "Content-Length: 0\r\n\r\n", method, uri, branch, cseq,
		       method);
	ck_assert_uint_eq(2, registrar_send(rig.reg, "alice", text,
					    strlen(text)));
}


START_TEST(a_call_for_one_flow_may_come_over_another)
{
	share();
	both("");
	call("INVITE", binding(rig.reg, 0).uri, "a", 1);
	expect_answers(480, 2);
	call("INVITE", binding(rig.reg, 1).uri, "b", 2);
	expect_answers(480, 4);
	ck_assert_uint_eq(0, agent_dropped(rig_agent("alice")));
	ck_assert(rig_state("alice")->regv[0].flow.inbound);
	ck_assert(rig_state("alice")->regv[1].flow.inbound);
}
END_TEST


/* RFC 3261 §8.2.2.2 */
START_TEST(a_forked_request_is_answered_once)
{
	share();
	both("");
	call("MESSAGE", binding(rig.reg, 0).uri, "a", 1);
	expect_answers(405, 2);
	call("MESSAGE", binding(rig.reg, 1).uri, "b", 1);
	expect_answers(482, 2);

	/* and the next one is another one */
	call("MESSAGE", binding(rig.reg, 1).uri, "c", 2);
	expect_answers(405, 4);
	ck_assert_uint_eq(2, answers(482));
}
END_TEST


static bool is_proven_by_probe(void *arg)
{
	const unsigned *i = arg;

	return rig_state("alice")->regv[*i].probe.result == PROBE_PROVEN;
}


/* The registrar sends each to one of the two bindings. */
START_TEST(a_probe_proves_the_flow_that_it_came_over)
{
	const struct account_reg *ar;
	unsigned second = 1;

	rig.conf->relay = true;
	share();
	both("probe = { mode = \"auto\"; };");
	ar = rig_state("alice")->regv;
	ck_assert(harness_wait(is_proven_by_probe, &second, 3 * RIG_WAIT));
	harness_run(3 * RIG_WAIT);
	ck_assert_int_eq(PROBE_PROVEN, ar[1].probe.result);
	ck_assert_int_eq(PROBE_UNKNOWN, ar[0].probe.result);
	ck_assert_int_eq(EVIDENCE_PROBE,
			 rig_state("alice")->verdict.evidence);
}
END_TEST


Suite *suite_agent_flows(void)
{
	Suite *s = suite_create("agent_flows");
	TCase *tc;

	tc = tcase_create("edges");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, each_flow_has_a_reg_id_and_an_edge_of_its_own);
	tcase_add_test(tc, where_outbound_is_not_confirmed_there_is_one_flow);
	tcase_add_test(tc,
	an_edge_that_lacks_outbound_gets_a_plain_register_and_no_second_flow);
	tcase_add_loop_test(tc, when_one_edge_dies_the_account_stays_reachable,
			    0, 2);
	tcase_add_test(tc,
		       when_both_die_it_is_not_and_it_comes_back_with_either);
	tcase_add_test(tc, to_stop_is_to_leave_by_each);
	tcase_add_test(tc, pause_and_resume_are_of_all_flows);
	tcase_add_test(tc,
		the_flow_that_failed_is_what_the_operator_is_told_of);
	suite_add_tcase(s, tc);

	tc = tcase_create("bindings");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, nobody_purges_a_sibling);
	tcase_add_test(tc,
		       bindings_of_all_flows_are_own_and_no_purge_removes_them);
	tcase_add_loop_test(tc, a_flow_that_is_configured_no_more_is_removed,
			    0, 3);
	suite_add_tcase(s, tc);

	tc = tcase_create("inbound");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_call_for_one_flow_may_come_over_another);
	tcase_add_test(tc, a_forked_request_is_answered_once);
	tcase_add_test(tc, a_probe_proves_the_flow_that_it_came_over);
	suite_add_tcase(s, tc);

	return s;
}
