/* diagnose*.c: what a diagnosis finds at a registrar that misbehaves, what it
 * sends and what it does not, and how it ends before its time. */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "diagnose.h"
#include "rig.h"


#define CERTIFICATE "IP:127.0.0.1"
#define ENOUGH      12000        /* [ms] for one that waits for an answer */
#define SAID_MAX    16384

Suite *suite_diagnose(void);

/* What was told. */
static struct {
	struct diagnosis *d;
	unsigned steps;
	bool last, aborted;
	unsigned stop_after;             /* so many steps; 0: never */
	enum diagnosis_result resultv[DIAGNOSIS_STEPS + 1];
	enum reason reasonv[DIAGNOSIS_STEPS + 1];
	char said[SAID_MAX];
} t;

static const enum transport transportv[] = {
	TRANSPORT_UDP, TRANSPORT_TCP, TRANSPORT_TLS,
};


static void setup(void)
{
	rig_setup();
	rig_tls(CERTIFICATE, CA_DAYS);
	rig.conf->relay = true;          /* so that probes come back */
	memset(&t, 0, sizeof(t));
}


static void teardown(void)
{
	diagnose_stop(t.d);
	rig_teardown();
}


static void add(const char *a, const char *b)
{
	const size_t n = strlen(t.said);

	(void)snprintf(t.said + n, sizeof(t.said) - n, "%s: %s\n", a, b);
}


static void step_handler(const struct diagnose_step *s, bool last, void *arg)
{
	unsigned i;
	(void)arg;

	ck_assert(!t.last);
	t.last = last;
	t.aborted = !s;
	if (!s)
		return;

	ck_assert_uint_le(t.steps, DIAGNOSIS_STEPS);
	ck_assert_int_eq(last, t.steps == DIAGNOSIS_STEPS);
	t.resultv[t.steps] = s->finding.result;
	t.reasonv[t.steps++] = s->finding.reason;
	add(s->name, s->text);
	add("remedy", s->remedy);
	for (i = 0; i < s->detailc; i++)
		add(s->name, s->detailv[i]);

	if (t.stop_after == t.steps) {
		diagnose_stop(t.d);
		t.d = NULL;
	}
}


static void begin(const char *name)
{
	t.steps = 0;
	t.last = t.aborted = false;
	t.said[0] = '\0';
	ck_assert_int_eq(0, diagnose_start(&t.d, rig_agent(name),
					   step_handler, NULL));
}


/* From the first step to the conclusion. */
static void diagnose(const char *name)
{
	begin(name);
	ck_assert_msg(harness_wait(harness_flag, &t.last, ENOUGH),
		      "no conclusion after\n%s", t.said);
	diagnose_stop(t.d);
	t.d = NULL;
}


static void outcome_handler(const struct agent_outcome *o, void *arg)
{
	(void)o;
	(void)arg;
}


static void message_handler(bool error, const char *text, void *arg)
{
	(void)arg;
	ck_assert_msg(!error, "%s", text);
}


static void expect_step(enum diagnosis_step step, enum diagnosis_result result,
		   enum reason reason)
{
	ck_assert_msg(t.resultv[step] == result && t.reasonv[step] == reason,
		      "%s is %s, %s:\n%s", diagnosis_step_name(step),
		      diagnosis_result_name(t.resultv[step]),
		      reason_name(t.reasonv[step]), t.said);
}


static void expect_end(enum diagnosis_result result, enum reason reason,
		       const char *text)
{
	ck_assert_msg(t.resultv[DIAGNOSIS_STEPS] == result &&
		      t.reasonv[DIAGNOSIS_STEPS] == reason, "%s", t.said);
	rig_has(t.said, text);
}


static void reject(uint16_t code, const char *headers)
{
	rig_rule(&(struct registrar_rule){
		.kind = RULE_ANSWER, .code = code, .headers = headers});
}


/* --- all is well --- */

START_TEST(an_account_that_is_well_is_left_as_it_is)
{
	struct registrar_binding before, after;
	struct reg was;

	rig_one("alice", transportv[_i], "");
	rig_expect_proven("alice");
	ck_assert(registrar_binding(rig.reg, "alice", 0, &before));
	was = *rig_reg("alice");

	diagnose("alice");
	expect_end(DIAGNOSIS_OK, REASON_OK, "All is well.");
	expect_step(DIAGNOSIS_TLS, transportv[_i] == TRANSPORT_TLS
		    ? DIAGNOSIS_OK : DIAGNOSIS_SKIPPED, REASON_OK);
	rig_has(t.said, "binding: 1 of this account; 0 old, 0 of other");

	/* Two requests more, under a Call-ID of their own, without Contact. */
	ck_assert_uint_eq(rig_registers("alice"), 4);
	ck_assert_uint_eq(registrar_call_ids(rig.reg, "alice"), 2);
	rig_has_not(rig_text("alice", -1), "\r\nContact:");
	rig_has_not(rig_text("alice", -1), "\r\nExpires:");
	ck_assert_uint_eq(registrar_counters(rig.reg)->malformed, 0);

	/* The registrar has what it had, and so have we. */
	ck_assert_uint_eq(registrar_bindings(rig.reg, "alice"), 1);
	ck_assert(registrar_binding(rig.reg, "alice", 0, &after));
	ck_assert_uint_eq(after.conn, before.conn);
	ck_assert_uint_eq(after.cseq, before.cseq);
	ck_assert(after.flow_open);
	ck_assert_uint_eq(rig_reg("alice")->cseq, was.cseq);
	ck_assert_int_eq(rig_reg("alice")->deadline, was.deadline);
	ck_assert_int_eq(rig_reg("alice")->state, was.state);
	ck_assert_uint_eq(rig_state("alice")->registers_sent, 2);

	/* Its nonce counts go on where they were. */
	ck_assert(rig_register("alice").registered);
	rig_has(rig_text("alice", -1), "nc=00000002");
	ck_assert_uint_eq(rig_registers("alice"), 5);
}
END_TEST


START_TEST(no_session_of_the_account_is_used_up)
{
	rig_one("alice", TRANSPORT_TLS, "");
	rig_expect_proven("alice");
	diagnose("alice");
	rig_has(t.said, "certificate 0: ");
	rig_has(t.said, "it is for: 127.0.0.1");
	ck_assert_int_eq(0, agent_reconnect(rig_agent("alice"), outcome_handler,
					    NULL));
	rig_expect_registers("alice", 5, RIG_WAIT);
	ck_assert(rig_flow("alice").tls_known);
	ck_assert(rig_flow("alice").tls.resumed);
}
END_TEST


START_TEST(a_proxy_and_then_the_registrar_are_answered_once_each)
{
	rig.conf->proxy_realm = "proxy.example.org";
	rig_one("alice", TRANSPORT_TCP, "");
	diagnose("alice");
	expect_step(DIAGNOSIS_REGISTER, DIAGNOSIS_OK, REASON_OK);
	ck_assert_uint_eq(rig_registers("alice"), 3 + 3);
	rig_has(t.said, "407 ");
	rig_has(t.said, "realm \"proxy.example.org\", MD5 offered");
	rig_has(t.said, "realm \"example.org\", MD5 offered");
}
END_TEST


START_TEST(it_works_without_a_challenge)
{
	rig.conf->open = true;
	rig_one("alice", TRANSPORT_UDP, "");
	diagnose("alice");
	expect_step(DIAGNOSIS_REGISTER, DIAGNOSIS_OK, REASON_OK);
	rig_has(t.said, "register: REGISTER was answered 200 OK");
	ck_assert_uint_eq(rig_registers("alice"), 2);
}
END_TEST


/* --- what the registrar says --- */

START_TEST(refused_credentials_are_not_tried_again)
{
	rig_account("bob", TRANSPORT_UDP, "password = \"wrong\"; ");
	rig_start("");
	rig_expect_reason("bob", REASON_CREDENTIALS);
	unsigned n = rig_registers("bob");

	diagnose("bob");
	expect_end(DIAGNOSIS_FAILED, REASON_CREDENTIALS,
		   "the credentials were refused before");
	ck_assert_uint_eq(rig_registers("bob"), n);
	ck_assert_ptr_nonnull(registrar_received(rig.reg, NULL, "OPTIONS",
						 -1));
}
END_TEST


START_TEST(one_diagnosis_tries_wrong_credentials_and_the_next_does_not)
{
	const unsigned with[] = {1, 1};

	rig_account("bob", TRANSPORT_TCP,
		    "password = \"wrong\"; enabled = false; ");
	rig_start("");

	for (unsigned i = 0; i < 2; i++) {
		diagnose("bob");
		expect_step(DIAGNOSIS_REGISTER, DIAGNOSIS_FAILED,
			    REASON_CREDENTIALS);
		ck_assert_uint_eq(registrar_registers(rig.reg, "bob",
						      RULE_WITH), with[i]);
	}
	ck_assert_uint_eq(rig_registers("bob"), 2);
}
END_TEST


/* A proxy and a registrar that call it stale, in turns. */
START_TEST(who_asks_again_and_again_gets_credentials_once)
{
	rig_account("bob", TRANSPORT_TCP, "enabled = false; ");
	for (unsigned i = 0; i < 8; i++)
		rig_rule(&(struct registrar_rule){
			.kind = RULE_ANSWER, .code = i % 2 ? 407 : 401,
			.count = 1, .headers = i % 2
			? "Proxy-Authenticate: Digest realm=\"p\", "
			"nonce=\"n\", qop=\"auth\", stale=true\r\n"
			: "WWW-Authenticate: Digest realm=\"r\", "
			"nonce=\"n\", qop=\"auth\", stale=true\r\n",
		});
	rig_start("");

	for (unsigned i = 0; i < 2; i++) {
		diagnose("bob");
		expect_step(DIAGNOSIS_REGISTER, DIAGNOSIS_FAILED,
			    REASON_CREDENTIALS);
		ck_assert_uint_eq(registrar_registers(rig.reg, "bob",
						      RULE_WITH), 2);
	}
}
END_TEST


START_TEST(algorithm_and_realm_that_may_not_be_answered_are_told)
{
	static const char *const keyv[] = {
		"min_digest = \"sha-256\"; ", "realm = \"elsewhere.org\"; ",
	};
	static const char *const remedyv[] = {"min_digest", "Set realm to"};

	rig_account("alice", TRANSPORT_UDP, "enabled = false; %s", keyv[_i]);
	rig_start("");
	diagnose("alice");
	expect_end(DIAGNOSIS_FAILED, REASON_CREDENTIALS, remedyv[_i]);
	ck_assert_uint_eq(rig_registers("alice"), 1);
}
END_TEST


START_TEST(each_refusal_is_told_with_what_the_registrar_says_of_it)
{
	static const struct {
		uint16_t code;
		const char *headers;
		enum reason reason;
		const char *text;
	} v[] = {
		{403, "Warning: 399 x \"unpaid\"\r\n", REASON_FORBIDDEN,
		 "register: Warning: 399 x \"unpaid\""},
		{404, NULL, REASON_REJECTED, "does not know this AOR"},
		{503, "Retry-After: 60\r\n", REASON_RETRY_AFTER,
		 "register: Retry-After: 60 s"},
		{500, "Server: brittle/1\r\n", REASON_REJECTED,
		 "register: Server: brittle/1"},
		/* what it got is sent back */
		{500, "Server: x response=\"0123456789abcdef\"\r\n",
		 REASON_REJECTED,
		 "register: Server: x response=\"****************\""},
		{500, "Warning: 399 x \"<sip:a@b;sipregd=0a1b.2c3d>\"\r\n",
		 REASON_REJECTED,
		 "register: Warning: 399 x \"<sip:a@b;sipregd=*********>\""},
	};

	rig_account("alice", transportv[_i % 3], "enabled = false; ");
	rig_start("");
	reject(v[_i].code, v[_i].headers);
	diagnose("alice");
	expect_end(DIAGNOSIS_FAILED, v[_i].reason, v[_i].text);
}
END_TEST


START_TEST(who_is_to_stay_away_asks_by_options)
{
	reject(503, "Retry-After: 600\r\n");
	rig_account("alice", TRANSPORT_UDP, "%s", "");
	rig_start("");
	rig_expect_reason("alice", REASON_RETRY_AFTER);
	diagnose("alice");
	expect_end(DIAGNOSIS_FAILED, REASON_RETRY_AFTER,
		   "OPTIONS was answered 200");
	rig_has(t.said, "`sipregctl register alice`");
	ck_assert_uint_eq(rig_registers("alice"), 1);
}
END_TEST


START_TEST(a_clock_that_is_far_off_is_told)
{
	rig_rule(&(struct registrar_rule){
		.kind = RULE_ACCEPTED,
		.headers = "Date: Sat, 13 Nov 2010 23:29:00 GMT\r\n"});
	rig_one("alice", TRANSPORT_UDP, "");
	diagnose("alice");
	expect_step(DIAGNOSIS_REGISTER, DIAGNOSIS_WARNING, REASON_OK);
	rig_has(t.said, "its clock says Sat, 13 Nov 2010 23:29:00 GMT");
	rig_has(t.said, "timedatectl");
}
END_TEST


START_TEST(silence_and_a_closed_connection_are_no_answer)
{
	rig_account("alice", _i ? TRANSPORT_TCP : TRANSPORT_UDP,
		    "enabled = false; ");
	rig_start("");
	rig_rule(&(struct registrar_rule){
		.kind = _i ? RULE_CLOSE : RULE_DROP});
	diagnose("alice");
	expect_end(DIAGNOSIS_FAILED, REASON_NO_ANSWER,
		   _i ? "closed by the peer" : "no answer to a REGISTER");
	expect_step(DIAGNOSIS_MAPPING, DIAGNOSIS_SKIPPED, REASON_OK);
}
END_TEST


START_TEST(a_port_that_nobody_listens_at_refuses)
{
	rig_account("alice", transportv[_i], "enabled = false; ");
	rig_start("");
	registrar_stop(rig.reg);
	diagnose("alice");
	expect_end(DIAGNOSIS_FAILED, REASON_CONNECT_REFUSED,
		   "nothing takes connections at that port");
}
END_TEST


/* --- TLS --- */

START_TEST(a_certificate_for_somebody_else_is_told_with_its_names)
{
	rig_account("alice", TRANSPORT_TLS,
		    "enabled = false; tls = { ca_file = \"%s\"; "
		    "name = \"sip.example.org\"; }; ", rig_path("ca.pem"));
	rig_start("");
	diagnose("alice");
	expect_end(DIAGNOSIS_FAILED, REASON_TLS_NAME,
		   "certificate is for 127.0.0.1, not sip.example.org");
	rig_has(t.said, "tls: SNI sip.example.org");
	ck_assert_uint_eq(rig_registers("alice"), 0);
}
END_TEST


/* --- mapping and binding --- */

START_TEST(a_private_contact_behind_a_nat_is_the_origin_story)
{
	ck_assert_int_eq(0, sa_set_str(&rig.conf->seen, "194.64.145.30",
				       51629));
	rig_one("alice", TRANSPORT_UDP, "contact = { policy = \"local\"; }; ");
	rig_expect_reason("alice", REASON_BINDING_PRIVATE);
	diagnose("alice");
	expect_step(DIAGNOSIS_MAPPING, DIAGNOSIS_OK, REASON_OK);
	rig_has(t.said, "is seen as 194.64.145.30:51629");
	expect_end(DIAGNOSIS_FAILED, REASON_BINDING_PRIVATE,
		   "an address that the registrar cannot reach");
}
END_TEST


START_TEST(a_binding_that_the_registrar_has_lost_is_found)
{
	rig_one("alice", TRANSPORT_UDP, "");
	registrar_forget(rig.reg);
	diagnose("alice");
	expect_end(DIAGNOSIS_FAILED, REASON_BINDING_ABSENT,
		   "0 of this account, though the account counts on one");
	rig_has(t.said, "`sipregctl register alice`");
}
END_TEST


START_TEST(a_paused_account_is_diagnosed_and_stays_paused)
{
	rig_one("alice", TRANSPORT_TCP, "");
	ck_assert_int_eq(0, agent_pause(rig_agent("alice"), outcome_handler,
					NULL));
	rig_expect_reason("alice", REASON_PAUSED);
	diagnose("alice");
	expect_end(DIAGNOSIS_WARNING, REASON_PAUSED, "the account is paused");
	rig_has(t.said, "`sipregctl resume alice`");
	expect_step(DIAGNOSIS_REGISTER, DIAGNOSIS_OK, REASON_OK);
	ck_assert_uint_eq(registrar_bindings(rig.reg, "alice"), 0);
	ck_assert(rig_state("alice")->paused);
}
END_TEST


START_TEST(an_account_that_waits_is_told_that_it_could_try)
{
	rig_rule(&(struct registrar_rule){
		.kind = RULE_ANSWER, .code = 500, .count = 1});
	rig_account("alice", TRANSPORT_TCP, "%s", "");
	rig_start("");
	rig_expect_reason("alice", REASON_REJECTED);
	diagnose("alice");
	expect_end(DIAGNOSIS_FAILED, REASON_REJECTED,
		   "The registrar answers this test, but the account waits "
		   "until ");
	rig_has(t.said, "`sipregctl register alice`");
}
END_TEST


/* --- how it ends, and how many there are --- */

START_TEST(there_is_one_of_an_account_and_few_in_all)
{
	struct diagnosis *v[DIAGNOSES_MAX], *more;
	char name[] = "a0";
	unsigned i;

	for (i = 0; i <= DIAGNOSES_MAX; i++) {
		name[1] = (char)('0' + i);
		rig_account(name, TRANSPORT_UDP, "enabled = false; ");
	}
	rig_start("");

	for (i = 0; i < DIAGNOSES_MAX; i++) {
		name[1] = (char)('0' + i);
		ck_assert_int_eq(0, diagnose_start(&v[i], rig_agent(name),
						   step_handler, NULL));
		ck_assert_int_eq(EBUSY, diagnose_start(&more, rig_agent(name),
						       step_handler, NULL));
	}

	name[1] = (char)('0' + i);
	ck_assert_int_eq(EBUSY, diagnose_start(&more, rig_agent(name),
					       step_handler, NULL));
	diagnose_stop(v[--i]);
	ck_assert_int_eq(0, diagnose_start(&v[i], rig_agent(name),
					   step_handler, NULL));
	for (i = 0; i < DIAGNOSES_MAX; i++)
		diagnose_stop(v[i]);
	harness_run(50);
	ck_assert_uint_eq(t.steps, 0);
}
END_TEST


static bool has_said_enough(void *arg)
{
	(void)arg;

	return t.last || t.steps == t.stop_after;
}


START_TEST(whoever_asked_may_go_after_any_step)
{
	rig_one("alice", transportv[_i % 3], "");
	t.stop_after = 1 + (unsigned)_i / 3;
	begin("alice");
	ck_assert(harness_wait(has_said_enough, NULL, ENOUGH));
	harness_run(50);
	ck_assert_uint_eq(t.steps, t.stop_after);
	ck_assert(t.last == (t.stop_after > DIAGNOSIS_STEPS));
	t.stop_after = 0;
	t.last = false;
	if (!t.d)
		diagnose("alice");
}
END_TEST


START_TEST(an_account_that_goes_ends_its_diagnosis)
{
	rig_rule(&(struct registrar_rule){.kind = RULE_DROP});
	rig_account("alice", transportv[_i], "enabled = false; ");
	rig_start("");
	begin("alice");
	harness_run(100);
	rig.daemon = mem_deref(rig.daemon);
	ck_assert(t.last);
	ck_assert(t.aborted);
}
END_TEST


static bool has_asked(void *arg)
{
	(void)arg;

	return rig_registers("alice") > 0;
}


/* It goes on with the settings that are the same, of which the old ones are
 * freed: between a REGISTER and its challenge. */
START_TEST(a_reload_that_changes_nothing_lets_it_go_on)
{
	struct reload_outcome o;

	rig_rule(&(struct registrar_rule){
		.kind = RULE_ANSWER, .code = 401, .credentials = RULE_WITHOUT,
		.headers = "WWW-Authenticate: Digest realm=\"registrar\", "
			"nonce=\"of-before\", qop=\"auth\"\r\n",
		.delay = 300,
	});
	rig_rule(&(struct registrar_rule){.kind = RULE_ANSWER, .code = 200});
	rig_account("alice", transportv[_i], "enabled = false; ");
	rig_start("");
	rig.config = mem_deref(rig.config);
	begin("alice");
	ck_assert(harness_wait(has_asked, NULL, ENOUGH));
	rig_write("");
	ck_assert_int_eq(0, daemon_reload(rig.daemon, &o, message_handler,
					  NULL));
	ck_assert_uint_eq(o.unchanged, 1);
	ck_assert(harness_wait(harness_flag, &t.last, ENOUGH));
	ck_assert(!t.aborted);
	expect_step(DIAGNOSIS_REGISTER, DIAGNOSIS_OK, REASON_OK);
}
END_TEST


Suite *suite_diagnose(void)
{
	Suite *s = suite_create("diagnose");
	TCase *tc = tcase_create("diagnose");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, an_account_that_is_well_is_left_as_it_is, 0,
			    3);
	tcase_add_test(tc, no_session_of_the_account_is_used_up);
	tcase_add_test(tc,
		       a_proxy_and_then_the_registrar_are_answered_once_each);
	tcase_add_test(tc, it_works_without_a_challenge);
	tcase_add_test(tc, refused_credentials_are_not_tried_again);
	tcase_add_test(
		tc,
		one_diagnosis_tries_wrong_credentials_and_the_next_does_not);
	tcase_add_test(tc, who_asks_again_and_again_gets_credentials_once);
	tcase_add_loop_test(
		tc, algorithm_and_realm_that_may_not_be_answered_are_told, 0,
		2);
	tcase_add_loop_test(
		tc, each_refusal_is_told_with_what_the_registrar_says_of_it, 0,
		6);
	tcase_add_test(tc, who_is_to_stay_away_asks_by_options);
	tcase_add_test(tc, a_clock_that_is_far_off_is_told);
	tcase_add_loop_test(tc, silence_and_a_closed_connection_are_no_answer,
			    0, 2);
	tcase_add_loop_test(tc, a_port_that_nobody_listens_at_refuses, 0, 3);
	tcase_add_test(tc,
		       a_certificate_for_somebody_else_is_told_with_its_names);
	tcase_add_test(tc, a_private_contact_behind_a_nat_is_the_origin_story);
	tcase_add_test(tc, a_binding_that_the_registrar_has_lost_is_found);
	tcase_add_test(tc, a_paused_account_is_diagnosed_and_stays_paused);
	tcase_add_test(tc, an_account_that_waits_is_told_that_it_could_try);
	tcase_add_test(tc, there_is_one_of_an_account_and_few_in_all);
	tcase_add_loop_test(tc, whoever_asked_may_go_after_any_step, 0,
			    3 * (DIAGNOSIS_STEPS + 1));
	tcase_add_loop_test(tc, an_account_that_goes_ends_its_diagnosis, 0, 3);
	tcase_add_loop_test(tc, a_reload_that_changes_nothing_lets_it_go_on, 0,
			    3);
	suite_add_tcase(s, tc);

	return s;
}
