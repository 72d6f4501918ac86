/* What a registrar, a network or a certificate can do to an account, and what
 * it does then: how often it sends, how long it waits, what it says (SCENARIOS
 * T2, T8 to T11, T15, T18). */

#include <string.h>
#include "rig.h"


#define SILENT 500               /* [ms] for what must not happen */


/* When the account does something again, from now [ms]. */
static msec_t next_in(const char *name)
{
	msec_t at;

	(void)reg_next(rig_reg(name), &at);

	return clock_left(at, loop_now());
}


/* Nothing more is sent for a while. */
static void assert_silence(const char *name)
{
	const unsigned n = rig_registers(name);

	harness_run(SILENT);
	ck_assert_uint_eq(rig_registers(name), n);
}


/* --- a 200 that is none --- */

START_TEST(a_200_without_our_binding_is_no_registration)
{
	static const char *const contactv[] = {
		"<sip:alice@192.0.2.9>;expires=3600",
		"<{uri}>;expires=0",
		"",
	};
	const struct registrar_rule rule = {
		.kind = RULE_ACCEPTED, .contacts = contactv[_i],
	};

	rig_rule(&rule);
	rig_account("alice", TRANSPORT_TCP, "%s", "");
	rig_start("");
	rig_expect_reason("alice", REASON_BINDING_ABSENT);

	/* challenged, accepted, once more at once, then a wait */
	rig_expect_registers("alice", 3, RIG_WAIT);
	assert_silence("alice");
	ck_assert_uint_eq(rig_registers("alice"), 3);
	ck_assert_uint_gt(next_in("alice"), 20000);
	ck_assert(!rig_state("alice")->verdict.registered);
	ck_assert_int_eq(rig_state("alice")->verdict.reachable,
			 REACHABLE_UNKNOWN);
}
END_TEST


START_TEST(a_binding_that_is_there_the_second_time_is_one)
{
	const struct registrar_rule rule = {
		.kind = RULE_ACCEPTED, .contacts = "", .count = 1,
	};

	rig_rule(&rule);
	rig_one("alice", TRANSPORT_UDP, "");
	ck_assert_uint_eq(rig_registers("alice"), 3);
	rig_expect_reason("alice", REASON_OK);
}
END_TEST


/* --- errors, and closes --- */

START_TEST(an_error_and_a_close_again_and_again_are_no_loop)
{
	const struct registrar_rule rule = {
		.kind = RULE_ANSWER, .code = 500, .credentials = RULE_WITH,
		.close_after = true,
	};

	rig_rule(&rule);
	rig_account("alice", TRANSPORT_TCP, "%s", "");
	rig_start("");
	rig_expect_reason("alice", REASON_REJECTED);
	assert_silence("alice");
	ck_assert_uint_eq(rig_registers("alice"), 2);
	ck_assert_uint_eq(registrar_accepted(rig.reg, TRANSPORT_TCP), 1);
	ck_assert_uint_gt(next_in("alice"), 20000);
}
END_TEST


START_TEST(a_close_instead_of_an_answer_is_waited_for)
{
	const struct registrar_rule rule = {.kind = RULE_CLOSE};

	rig_rule(&rule);
	rig_account("alice", TRANSPORT_TCP, "%s", "");
	rig_start("");
	rig_expect_reason("alice", REASON_FLOW_LOST);
	ck_assert_uint_gt(next_in("alice"), 3500);
	ck_assert_uint_le(next_in("alice"), 8000);

	/* Not longer: the wait of the second time, twice the first. */
	rig_expect_registers("alice", 2, 9000);
	rig_expect_reason("alice", REASON_FLOW_LOST);
	harness_run(100);
	ck_assert_uint_gt(next_in("alice"), 7500);
	ck_assert_uint_eq(registrar_accepted(rig.reg, TRANSPORT_TCP), 2);
}
END_TEST


/* Both wait some seconds; then one of them finds out. */
START_TEST(when_the_registrar_serves_one_again_the_others_come_back)
{
	const struct registrar_rule rule = {.kind = RULE_CLOSE, .count = 4};

	/* the second wait is 8 s and more */
	rig_rule(&rule);
	rig_account("alice", TRANSPORT_TCP, "%s", "");
	rig_account("bob", TRANSPORT_TCP, "%s", "");
	rig_start("");
	rig_expect_registers("alice", 2, 9000);
	rig_expect_registers("bob", 2, 9000);
	rig_expect_reason("alice", REASON_FLOW_LOST);
	rig_expect_reason("bob", REASON_FLOW_LOST);

	ck_assert(rig_register("bob").registered);
	rig_expect_proven("bob");
	rig_expect_registered("alice");
}
END_TEST


START_TEST(a_retry_after_is_kept)
{
	const struct registrar_rule rule = {
		.kind = RULE_ANSWER, .code = _i ? 480 : 503, .count = 1,
		.headers = "Retry-After: 1 (busy);duration=3600\r\n",
	};
	const struct registrar_message *m;
	msec_t refused;

	rig_rule(&rule);
	rig_account("alice", TRANSPORT_TCP, "%s", "");
	rig_start("");
	rig_expect_reason("alice", REASON_RETRY_AFTER);
	refused = registrar_received(rig.reg, "alice", "REGISTER", 0)->at;
	rig_expect_registered("alice");

	m = registrar_received(rig.reg, "alice", "REGISTER", 1);
	ck_assert_uint_ge(m->at, refused + 1000);
	ck_assert_uint_le(m->at, refused + 1300);
}
END_TEST


static bool either_waits(void *arg)
{
	(void)arg;

	return rig_reg("alice")->retry_after || rig_reg("bob")->retry_after;
}


START_TEST(a_503_with_retry_after_holds_the_edge_for_all)
{
	const struct registrar_rule rule = {
		.kind = RULE_ANSWER, .code = 503, .count = 1,
		.headers = "Retry-After: 1\r\n",
	};

	rig_rule(&rule);
	rig_account("alice", TRANSPORT_TCP, "%s", "");
	rig_account("bob", TRANSPORT_TCP, "%s", "");
	rig_start("pace = { edge_registers = 10; };");
	ck_assert(harness_wait(either_waits, NULL, RIG_WAIT));
	harness_run(800);
	ck_assert(!rig_state("alice")->verdict.registered);
	ck_assert(!rig_state("bob")->verdict.registered);
	ck_assert_uint_eq(rig_registers("alice") + rig_registers("bob"), 1);
	rig_expect_registered("alice");
	rig_expect_registered("bob");
}
END_TEST


START_TEST(too_brief_an_interval_is_raised_once)
{
	rig.conf->min_expires = 120;
	rig_one("alice", TRANSPORT_UDP, "expires = 60;");
	ck_assert_uint_le(rig_registers("alice"), 4);
	ck_assert_uint_eq(rig_reg("alice")->granted, 120);
	rig_has(rig_text("alice", 1), "\r\nExpires: 60\r\n");
	rig_has(rig_text("alice", 2), "\r\nExpires: 120\r\n");

	/* and kept */
	ck_assert(rig_register("alice").registered);
	rig_has(rig_text("alice", -1), "\r\nExpires: 120\r\n");
}
END_TEST


START_TEST(a_423_that_helps_nobody_is_a_failure)
{
	const struct registrar_rule rule = {
		.kind = RULE_ANSWER, .code = 423,
		.headers = _i ? "Min-Expires: 1\r\n" : NULL,
	};

	rig_rule(&rule);
	rig_account("alice", TRANSPORT_UDP, "%s", "");
	rig_start("");
	rig_expect_reason("alice", REASON_INTERVAL_TOO_BRIEF);
	assert_silence("alice");
	ck_assert_uint_eq(rig_registers("alice"), 1);
}
END_TEST


START_TEST(where_outbound_is_refused_it_is_left_out)
{
	const struct registrar_rule rule = {
		.kind = RULE_ANSWER, .code = _i ? 420 : 439, .count = 1,
		.credentials = RULE_WITH, .headers = "Unsupported: gruu\r\n",
	};

	rig_rule(&rule);
	rig_one("alice", TRANSPORT_TCP, "");
	ck_assert_uint_le(rig_registers("alice"), 4);
	rig_has(rig_text("alice", 1), "\r\nSupported: path, outbound, gruu");
	rig_has(rig_text("alice", 1), "reg-id");
	rig_has_not(rig_text("alice", 2), "outbound");
	rig_has_not(rig_text("alice", 2), "reg-id");
}
END_TEST


START_TEST(no_code_is_for_ever_but_none_is_a_loop)
{
	static const uint16_t codev[] = {
		302, 400, 403, 404, 408, 480, 500, 503, 600, 603, 699,
	};
	const struct registrar_rule rule = {
		.kind = RULE_ANSWER, .code = codev[_i],
		.headers = "Contact: <sip:elsewhere.example.org>\r\n",
	};

	rig_rule(&rule);
	rig_account("alice", TRANSPORT_UDP, "%s", "");
	rig_start("");
	rig_expect_registers("alice", 1, RIG_WAIT);
	harness_run(200);
	ck_assert_uint_eq(rig_registers("alice"), 1);
	ck_assert_uint_ge(next_in("alice"), 25000);
	ck_assert_uint_le(next_in("alice"), codev[_i] == 403 ? 300000 : 60000);
}
END_TEST


/* --- credentials --- */

START_TEST(a_wrong_password_is_tried_twice_and_then_held)
{
	rig.conf->nonces = _i ? NONCES_REPEATED : NONCES_REUSABLE;
	rig_account("alice", TRANSPORT_TCP, "%s", "");
	rig_start("");
	ck_assert_int_eq(0, registrar_account(rig.reg, "alice", NULL, "other"));
	rig_expect_reason("alice", REASON_CREDENTIALS);
	assert_silence("alice");
	ck_assert_uint_eq(registrar_registers(rig.reg, "alice", RULE_WITH), 2);
	ck_assert_uint_eq(rig_registers("alice"), 3);
	ck_assert_uint_eq(next_in("alice"), NEVER);

	/* Until the operator's word. */
	ck_assert_int_eq(0, registrar_account(rig.reg, "alice", NULL,
					      "secret"));
	ck_assert(rig_register("alice").registered);
}
END_TEST


START_TEST(credentials_that_worked_are_tried_again_after_a_while)
{
	rig_one("alice", TRANSPORT_TCP, "");
	ck_assert_int_eq(0, registrar_account(rig.reg, "alice", NULL, "other"));
	ck_assert_int_eq(rig_register("alice").reason, REASON_CREDENTIALS);
	ck_assert(rig_state("alice")->verdict.registered);
	ck_assert_uint_ge(next_in("alice"), 299000);
	ck_assert_uint_le(next_in("alice"), 300000);
}
END_TEST


START_TEST(stale_for_ever_is_bounded)
{
	rig.conf->nonces = NONCES_STALE;
	rig_account("alice", TRANSPORT_UDP, "%s", "");
	rig_start("");
	rig_expect_reason("alice", REASON_REJECTED);
	assert_silence("alice");
	ck_assert_uint_eq(registrar_registers(rig.reg, "alice", RULE_WITH), 3);
	ck_assert_uint_eq(rig_registers("alice"), 4);
}
END_TEST


START_TEST(another_realm_gets_no_credentials)
{
	rig.conf->realm = "evil.example.net";
	rig_account("alice", TRANSPORT_TCP, "realm = \"example.org\";");
	rig_start("");
	rig_expect_reason("alice", REASON_REJECTED);
	assert_silence("alice");
	ck_assert_uint_eq(registrar_registers(rig.reg, "alice", RULE_WITH), 0);
	ck_assert_uint_eq(rig_registers("alice"), 1);
}
END_TEST


START_TEST(a_weaker_digest_than_allowed_gets_no_credentials)
{
	rig_account("alice", TRANSPORT_TCP, "min_digest = \"sha-256\";");
	rig_start("");
	rig_expect_reason("alice", REASON_REJECTED);
	assert_silence("alice");
	ck_assert_uint_eq(registrar_registers(rig.reg, "alice", RULE_WITH), 0);
}
END_TEST


/* --- nobody there --- */

#define HERD 8


static unsigned failures(void)
{
	unsigned n = 0;
	struct agent *a;

	for (size_t i = 0; (a = daemon_agent(rig.daemon, i)); i++)
		n += agent_account(a)->flow_failures;

	return n;
}


static bool herd_is(void *arg)
{
	const struct verdict *want = arg;
	struct agent *a;

	for (size_t i = 0; (a = daemon_agent(rig.daemon, i)); i++) {
		const struct verdict *v = &agent_account(a)->verdict;

		if (v->registered != want->registered ||
		    v->reachable != want->reachable)
			return false;
	}

	return true;
}


static void start_herd(enum transport t)
{
	char name[8];

	for (unsigned i = 0; i < HERD; i++) {
		(void)re_snprintf(name, sizeof(name), "u%u", i);
		rig_account(name, t, "%s", "");
	}
	rig_start("");
}


START_TEST(one_knocks_for_all_and_all_come_back)
{
	struct verdict up = {.registered = true, .reachable = REACHABLE_YES};
	struct verdict down = {.registered = true, .reachable = REACHABLE_NO};
	char name[8];
	unsigned n;

	if (_i)
		rig_tls("IP:127.0.0.1", CA_DAYS);
	start_herd(_i ? TRANSPORT_TLS : TRANSPORT_TCP);
	ck_assert(harness_wait(herd_is, &up, RIG_WAIT));
	for (unsigned i = 0; i < HERD; i++) {
		(void)re_snprintf(name, sizeof(name), "u%u", i);
		rig_expect_proven(name);
	}

	/* Until all have noticed, and have tried it once. */
	registrar_stop(rig.reg);
	ck_assert(harness_wait(herd_is, &down, RIG_WAIT));
	harness_run(500);
	ck_assert_uint_le(failures(), 2 * HERD + 1);

	n = failures();
	harness_run(3000);
	ck_assert_uint_ge(failures(), n + 2);
	ck_assert_uint_le(failures(), n + 4);

	ck_assert_int_eq(0, registrar_start(rig.reg));
	ck_assert(harness_wait(herd_is, &up, RIG_WAIT));
	ck_assert_uint_le(registrar_accepted(rig.reg, _i ? TRANSPORT_TLS
						       : TRANSPORT_TCP),
			  2 * HERD);
}
END_TEST


START_TEST(a_start_before_the_registrar_is_made_good)
{
	struct verdict up = {.registered = true, .reachable = REACHABLE_YES};

	registrar_stop(rig.reg);
	start_herd(TRANSPORT_TCP);
	rig_expect_reason("u0", REASON_CONNECT_REFUSED);
	harness_run(1500);
	ck_assert_uint_le(failures(), HERD + 2);

	ck_assert_int_eq(0, registrar_start(rig.reg));
	ck_assert(harness_wait(herd_is, &up, RIG_WAIT));
}
END_TEST


START_TEST(a_udp_port_that_refuses_is_named)
{
	rig_account("alice", TRANSPORT_UDP, "%s", "");
	registrar_stop(rig.reg);
	rig_start("");
	rig_expect_reason("alice", REASON_CONNECT_REFUSED);
	ck_assert_uint_gt(next_in("alice"), 3500);
}
END_TEST


START_TEST(a_name_that_does_not_exist_is_named)
{
	rig.host = "no.such.host.invalid";
	rig_account("alice", TRANSPORT_UDP, "%s", "");
	rig_start("dns = { servers = [ \"127.0.0.1:1\" ]; };");
	harness_run(200);
	ck_assert_uint_eq(rig_state("alice")->registers_sent, 0);
	ck_assert_uint_lt(rig_stop(), harness_patience(500));
}
END_TEST


/* --- TLS --- */

static void assert_refused(const char *keys, enum reason reason)
{
	struct agent_flow f;

	rig_account("alice", TRANSPORT_TLS, "%s", keys);
	rig_start("");
	rig_expect_reason("alice", reason);
	f = rig_flow("alice");
	ck_assert_str_ne(f.detail, "");
	ck_assert_uint_gt(next_in("alice"), 3000);
	ck_assert_uint_eq(registrar_accepted(rig.reg, TRANSPORT_TLS), 1);
	ck_assert_uint_eq(rig_registers("alice"), 0);
}


START_TEST(a_certificate_for_another_name_is_refused)
{
	rig_tls("DNS:other.example.org", CA_DAYS);
	assert_refused("tls = { name = \"sip.example.org\"; };",
		       REASON_TLS_NAME);
	ck_assert_str_eq(registrar_last_sni(rig.reg), "sip.example.org");
}
END_TEST


START_TEST(an_address_not_in_the_certificate_is_refused)
{
	rig_tls("DNS:127.0.0.1,DNS:localhost,IP:127.0.0.2", CA_DAYS);
	assert_refused("", REASON_TLS_NAME);
	ck_assert_str_eq(registrar_last_sni(rig.reg), "");
}
END_TEST


START_TEST(an_expired_certificate_is_refused)
{
	rig_tls("IP:127.0.0.1", -1);
	assert_refused("", REASON_TLS_UNTRUSTED);
}
END_TEST


START_TEST(an_unknown_authority_is_refused)
{
	struct ca *other;
	char keys[400];

	ck_assert_int_eq(0, ca_alloc(&other, rig_path("other.pem")));
	(void)re_snprintf(keys, sizeof(keys), "tls = { ca_file = \"%s\"; };",
			  rig_path("other.pem"));
	rig_tls("IP:127.0.0.1", CA_DAYS);
	assert_refused(keys, REASON_TLS_UNTRUSTED);
	mem_deref(other);
}
END_TEST


START_TEST(a_port_that_does_not_speak_tls_is_refused)
{
	rig_tls("IP:127.0.0.1", CA_DAYS);
	rig.conf->require_sni = true;
	assert_refused("", REASON_TLS_FAILURE);
}
END_TEST


START_TEST(a_refused_certificate_stops_nobody_else)
{
	rig_tls("DNS:good.example.org", CA_DAYS);
	rig_account("bad", TRANSPORT_TLS, "tls = { name = \"x.org\"; };");
	rig_account("good", TRANSPORT_TLS,
		    "tls = { name = \"good.example.org\"; };");
	rig_start("");
	rig_expect_reason("bad", REASON_TLS_NAME);
	rig_expect_registered("good");
	ck_assert_uint_eq(rig_registers("bad"), 0);
}
END_TEST


START_TEST(two_names_at_one_address_share_nothing)
{
	const struct registrar_message *a, *b;

	rig_tls("DNS:a.example.org", CA_DAYS);
	ck_assert_int_eq(0, ca_issue(rig.ca, rig_path("b.pem"),
				     "DNS:b.example.org", CA_DAYS));
	ck_assert_int_eq(0, registrar_identity(rig.reg, "b.example.org",
					       rig_path("b.pem")));
	rig_account("a", TRANSPORT_TLS,
		    "tls = { name = \"a.example.org\"; };");
	rig_account("b", TRANSPORT_TLS,
		    "tls = { name = \"b.example.org\"; };");
	rig_start("");
	rig_expect_registered("a");
	rig_expect_registered("b");

	a = registrar_received(rig.reg, "a", "REGISTER", -1);
	b = registrar_received(rig.reg, "b", "REGISTER", -1);
	ck_assert_uint_ne(a->conn, b->conn);
	ck_assert_uint_eq(registrar_accepted(rig.reg, TRANSPORT_TLS), 2);
}
END_TEST


static TCase *part(Suite *s, const char *name)
{
	TCase *tc = tcase_create(name);

	tcase_add_checked_fixture(tc, rig_setup, rig_teardown);
	tcase_set_timeout(tc, 30);
	suite_add_tcase(s, tc);

	return tc;
}


Suite *suite_agent_failures(void);

Suite *suite_agent_failures(void)
{
	Suite *s = suite_create("agent_failures");
	TCase *tc = part(s, "answers");

	tcase_add_loop_test(tc, a_200_without_our_binding_is_no_registration,
			    0, 3);
	tcase_add_test(tc, a_binding_that_is_there_the_second_time_is_one);
	tcase_add_test(tc, an_error_and_a_close_again_and_again_are_no_loop);
	tcase_add_test(tc, a_close_instead_of_an_answer_is_waited_for);
	tcase_add_loop_test(tc, a_retry_after_is_kept, 0, 2);
	tcase_add_test(tc,
		when_the_registrar_serves_one_again_the_others_come_back);
	tcase_add_test(tc, a_503_with_retry_after_holds_the_edge_for_all);
	tcase_add_test(tc, too_brief_an_interval_is_raised_once);
	tcase_add_loop_test(tc, a_423_that_helps_nobody_is_a_failure, 0, 2);
	tcase_add_loop_test(tc, where_outbound_is_refused_it_is_left_out, 0,
			    2);
	tcase_add_loop_test(tc, no_code_is_for_ever_but_none_is_a_loop, 0,
			    11);

	tc = part(s, "credentials");
	tcase_add_loop_test(tc, a_wrong_password_is_tried_twice_and_then_held,
			    0, 2);
	tcase_add_test(tc,
		       credentials_that_worked_are_tried_again_after_a_while);
	tcase_add_test(tc, stale_for_ever_is_bounded);
	tcase_add_test(tc, another_realm_gets_no_credentials);
	tcase_add_test(tc, a_weaker_digest_than_allowed_gets_no_credentials);

	tc = part(s, "nobody there");
	tcase_add_loop_test(tc, one_knocks_for_all_and_all_come_back, 0, 2);
	tcase_add_test(tc, a_start_before_the_registrar_is_made_good);
	tcase_add_test(tc, a_udp_port_that_refuses_is_named);
	tcase_add_test(tc, a_name_that_does_not_exist_is_named);

	tc = part(s, "tls");
	tcase_add_test(tc, a_certificate_for_another_name_is_refused);
	tcase_add_test(tc,
		       an_address_not_in_the_certificate_is_refused);
	tcase_add_test(tc, an_expired_certificate_is_refused);
	tcase_add_test(tc, an_unknown_authority_is_refused);
	tcase_add_test(tc, a_port_that_does_not_speak_tls_is_refused);
	tcase_add_test(tc, a_refused_certificate_stops_nobody_else);
	tcase_add_test(tc, two_names_at_one_address_share_nothing);

	return s;
}
