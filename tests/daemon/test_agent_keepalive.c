/* How a dead flow is noticed and what becomes of it. Times are scaled: pings
 * every second instead of every 25 or 30. */

#include <string.h>
#include "rig.h"


#define FAST "keepalive = { interval = 1; pong_timeout = 1; };"
#define INTERVAL     1000        /* [ms] as in FAST */
#define PONG_TIMEOUT 1000


static void setup(void)
{
	rig_setup();
	rig_tls("IP:127.0.0.1", CA_DAYS);
}


static bool is_bound_and_alive(void *arg)
{
	const char *name = arg;
	const struct agent_flow f = rig_flow(name);
	struct registrar_binding b;
	unsigned last = registrar_bindings(rig.reg, name);

	return f.flow && f.flow->registered && last &&
		registrar_binding(rig.reg, name, last - 1, &b) && b.flow_open;
}


/* Is there a flow from another socket than this one? */
static bool is_elsewhere(void *arg)
{
	const struct sa *local = rig_flow("alice").local;

	return local && !sa_cmp(local, arg, SA_ALL) &&
		is_bound_and_alive("alice");
}


static const char *contact_of(const char *name)
{
	return strstr(rig_text(name, -1), "\r\nContact: ");
}


/* The port of the Contact is the one of the flow's own socket. */
static void assert_contact_is_local(const char *name)
{
	char local[64];

	(void)re_snprintf(local, sizeof(local), "@%J", rig_flow(name).local);
	rig_has(contact_of(name), local);
}


START_TEST(a_cut_connection_is_replaced_and_so_is_its_contact)
{
	static const char *const namev[] = {"tcp", "tls"};
	char *text[2];

	rig_account("tcp", TRANSPORT_TCP, "%s", "");
	rig_account("tls", TRANSPORT_TLS, "%s", "");
	rig_start("");
	for (unsigned i = 0; i < 2; i++) {
		rig_expect_proven(namev[i]);
		assert_contact_is_local(namev[i]);
		ck_assert_int_eq(0, str_dup(&text[i], contact_of(namev[i])));
	}

	ck_assert_uint_eq(2, registrar_cut(rig.reg, TRANSPORT_AUTO,
					   _i ? CUT_RST : CUT_FIN));
	for (unsigned i = 0; i < 2; i++)
		rig_expect_reason(namev[i], REASON_FLOW_LOST);

	for (unsigned i = 0; i < 2; i++) {
		ck_assert(harness_wait(is_bound_and_alive,
				       (void *)(uintptr_t)namev[i], 1000));
		rig_expect_reason(namev[i], REASON_OK);
		ck_assert_str_ne(text[i], contact_of(namev[i]));
		assert_contact_is_local(namev[i]);
		ck_assert_uint_eq(registrar_call_ids(rig.reg, namev[i]), 1);
		mem_deref(text[i]);
	}
}
END_TEST


START_TEST(a_registrar_that_restarts_empty_has_us_back_at_once)
{
	rig_one("alice", TRANSPORT_TLS, "");
	rig_expect_proven("alice");

	registrar_stop(rig.reg);
	registrar_forget(rig.reg);
	ck_assert_int_eq(0, registrar_start(rig.reg));
	ck_assert(harness_wait(is_bound_and_alive, "alice", 1000));
}
END_TEST


static bool both_have_failed(void *arg)
{
	(void)arg;
	return rig_state("tcp")->flow_failures == 1 &&
		rig_state("tls")->flow_failures == 1;
}


START_TEST(a_black_hole_is_found_by_the_missing_pong)
{
	static const char *const namev[] = {"tcp", "tls"};
	msec_t start;

	rig_account("tcp", TRANSPORT_TCP, FAST);
	rig_account("tls", TRANSPORT_TLS, FAST);
	rig_start("");
	for (unsigned i = 0; i < 2; i++)
		rig_expect_proven(namev[i]);
	harness_run(INTERVAL / 2);

	start = loop_now();
	ck_assert_uint_eq(2, registrar_blackhole(rig.reg, NULL, true));
	ck_assert(harness_wait(both_have_failed, NULL,
			       INTERVAL + PONG_TIMEOUT + 200));

	for (unsigned i = 0; i < 2; i++) {
		ck_assert(harness_wait(is_bound_and_alive,
				       (void *)(uintptr_t)namev[i], RIG_WAIT));
		rig_expect_reason(namev[i], REASON_OK);
	}
	ck_assert_uint_le(loop_now() - start,
			  harness_patience(INTERVAL + PONG_TIMEOUT + 1000));
	ck_assert_uint_eq(registrar_accepted(rig.reg, TRANSPORT_TCP), 2);
	ck_assert_uint_eq(registrar_accepted(rig.reg, TRANSPORT_TLS), 2);
}
END_TEST


/* SCENARIOS T7 */
START_TEST(a_server_that_never_pongs_is_asked_and_kept)
{
	rig.conf->pong = false;
	rig_one("alice", TRANSPORT_TCP,
		"keepalive = { interval = 1; pong_timeout = 2; };");
	rig_expect_proven("alice");
	harness_run(4 * INTERVAL);

	ck_assert_uint_eq(registrar_accepted(rig.reg, TRANSPORT_TCP), 1);
	ck_assert_uint_ge(registrar_counters(rig.reg)->pings, 2);
	ck_assert_ptr_nonnull(registrar_received(rig.reg, NULL, "OPTIONS", 1));
	ck_assert_uint_eq(rig_state("alice")->flow_failures, 0);
	rig_expect_reason("alice", REASON_OK);
}
END_TEST


START_TEST(a_server_that_answers_nothing_at_all_is_dead)
{
	rig.conf->pong = false;
	rig.conf->options = 0;
	rig_one("alice", TRANSPORT_TCP, FAST);
	rig_expect_reason("alice", REASON_FLOW_LOST);
	ck_assert_uint_eq(rig_state("alice")->flow_failures, 1);
}
END_TEST


/* A NAT that keeps its old translation for the old socket would never let it
 * out again. */
START_TEST(a_silent_udp_edge_is_asked_from_a_new_socket)
{
	struct sa local;

	rig_one("alice", TRANSPORT_UDP, FAST);
	rig_expect_proven("alice");
	sa_cpy(&local, rig_flow("alice").local);

	ck_assert_uint_eq(1, registrar_blackhole(rig.reg, "alice", true));
	ck_assert(harness_wait(is_elsewhere, &local, INTERVAL + 3500 + 1000));
	rig_expect_proven("alice");
	rig_expect_reason("alice", REASON_OK);
	ck_assert(is_bound_and_alive("alice"));
	ck_assert_uint_eq(registrar_bindings(rig.reg, "alice"), 1);
	ck_assert_uint_eq(registrar_accepted(rig.reg, TRANSPORT_UDP), 2);
}
END_TEST


START_TEST(a_udp_edge_that_answers_no_options_gets_crlf)
{
	rig.conf->options = 0;
	rig_one("alice", TRANSPORT_UDP, FAST);
	ck_assert(harness_wait(harness_count, (void *)(uintptr_t)
			       &registrar_counters(rig.reg)->pings, 6000));
	harness_run(INTERVAL + 100);
	ck_assert_uint_ge(registrar_counters(rig.reg)->pings, 2);
	rig_expect_reason("alice", REASON_OK);
	ck_assert_uint_eq(registrar_accepted(rig.reg, TRANSPORT_UDP), 1);
}
END_TEST


static bool has_stun(void *arg)
{
	return registrar_counters(rig.reg)->stun >= *(unsigned *)arg;
}


/* By `;ob` in Path (RFC 5626 §8), or by the operator. */
START_TEST(a_udp_edge_that_allows_stun_is_asked_by_it)
{
	unsigned two = 2;

	rig.conf->stun = true;
	rig.conf->path = _i ? NULL : "<sip:edge.example.org;lr;ob>";
	rig_one("alice", TRANSPORT_UDP, _i ?
		"keepalive = { interval = 1; method = \"stun\"; };" : FAST);
	rig_expect_proven("alice");
	ck_assert(harness_wait(has_stun, &two, 2 * INTERVAL));
	rig_expect_reason("alice", REASON_OK);
	ck_assert_int_eq(rig_flow("alice").flow->asking, KEEPALIVE_STUN);
	ck_assert_ptr_null(registrar_received(rig.reg, NULL, "OPTIONS", 0));
	ck_assert_uint_eq(registrar_counters(rig.reg)->malformed, 0);
}
END_TEST


START_TEST(an_edge_that_allows_it_no_more_gets_no_more_of_it)
{
	unsigned one = 1, sent;

	rig.conf->stun = true;
	rig.conf->path = "<sip:edge.example.org;lr;ob>";
	rig_one("alice", TRANSPORT_UDP, FAST);
	ck_assert(harness_wait(has_stun, &one, 2 * INTERVAL));

	rig.conf->path = NULL;
	ck_assert_uint_eq(rig_register("alice").code, 200);
	sent = registrar_counters(rig.reg)->stun;
	harness_run(2 * INTERVAL);
	ck_assert_uint_eq(registrar_counters(rig.reg)->stun, sent);
	ck_assert_ptr_nonnull(registrar_received(rig.reg, NULL, "OPTIONS", 0));
	rig_expect_reason("alice", REASON_OK);
}
END_TEST


static bool has_pongs(void *arg)
{
	return registrar_counters(rig.reg)->pongs >= *(unsigned *)arg;
}


/* SCENARIOS T20: within a second, however often. */
START_TEST(the_servers_own_pings_are_answered_at_once)
{
	rig_one("alice", _i ? TRANSPORT_TLS : TRANSPORT_TCP, "");
	for (unsigned n = 1; n <= 3; n++) {
		ck_assert_uint_eq(1, registrar_ping(rig.reg, "alice"));
		ck_assert(harness_wait(has_pongs, &n, 1000));
	}
	ck_assert_uint_eq(registrar_counters(rig.reg)->malformed, 0);
}
END_TEST


START_TEST(pings_are_spread_over_the_interval_and_measured)
{
	const struct flow *f;

	rig_one("alice", TRANSPORT_TCP, FAST);
	rig_expect_proven("alice");
	harness_run(3 * INTERVAL);

	f = rig_flow("alice").flow;
	ck_assert_uint_ge(f->pongs, 3);
	ck_assert_uint_le(f->pongs, 5);
	ck_assert_uint_gt(f->rtt_usec, 0);
	ck_assert_uint_lt(f->rtt_usec, 100000);
	ck_assert_uint_eq(rig_registers("alice"), 2);
}
END_TEST


Suite *suite_agent_keepalive(void);

Suite *suite_agent_keepalive(void)
{
	Suite *s = suite_create("agent_keepalive");
	TCase *tc = tcase_create("keepalive");

	tcase_add_checked_fixture(tc, setup, rig_teardown);
	tcase_set_timeout(tc, 30);
	tcase_add_loop_test(
		tc,
		a_cut_connection_is_replaced_and_so_is_its_contact,
		0, 2);
	tcase_add_test(tc, a_registrar_that_restarts_empty_has_us_back_at_once);
	tcase_add_test(tc, a_black_hole_is_found_by_the_missing_pong);
	tcase_add_test(tc, a_server_that_never_pongs_is_asked_and_kept);
	tcase_add_test(tc, a_server_that_answers_nothing_at_all_is_dead);
	tcase_add_test(tc, a_silent_udp_edge_is_asked_from_a_new_socket);
	tcase_add_test(tc, a_udp_edge_that_answers_no_options_gets_crlf);
	tcase_add_loop_test(tc, a_udp_edge_that_allows_stun_is_asked_by_it, 0,
			    2);
	tcase_add_test(
		tc, an_edge_that_allows_it_no_more_gets_no_more_of_it);
	tcase_add_loop_test(tc, the_servers_own_pings_are_answered_at_once, 0,
			    2);
	tcase_add_test(tc, pings_are_spread_over_the_interval_and_measured);
	suite_add_tcase(s, tc);

	return s;
}
