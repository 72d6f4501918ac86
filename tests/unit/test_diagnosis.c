/* core/diagnosis.c */

#include <check.h>
#include <string.h>
#include "diagnosis.h"


Suite *suite_diagnosis(void);


static struct addr at(const char *ip, uint16_t port)
{
	struct addr a;

	ck_assert(addr_parse(&a, ip, strlen(ip), port));
	return a;
}


static void check(struct diagnosis_finding f, enum diagnosis_result result,
		  enum reason reason, enum remedy remedy)
{
	ck_assert_str_eq(diagnosis_result_name(f.result),
			 diagnosis_result_name(result));
	ck_assert_str_eq(reason_name(f.reason), reason_name(reason));
	ck_assert_str_eq(remedy_text(f.remedy), remedy_text(remedy));
}


static void check_ok(struct diagnosis_finding f)
{
	check(f, DIAGNOSIS_OK, REASON_OK, REMEDY_NONE);
}


static void check_failed(struct diagnosis_finding f, enum reason reason,
			 enum remedy remedy)
{
	check(f, DIAGNOSIS_FAILED, reason, remedy);
}


static void check_warning(struct diagnosis_finding f, enum remedy remedy)
{
	check(f, DIAGNOSIS_WARNING, REASON_OK, remedy);
}


static void check_skipped(struct diagnosis_finding f)
{
	check(f, DIAGNOSIS_SKIPPED, REASON_OK, REMEDY_NONE);
}


/* --- configuration, DNS, connect --- */

START_TEST(a_configuration_is_dubious_when_disabled_or_not_verified)
{
	struct diagnosis_configuration f = {.enabled = true, .tls = true};

	check_ok(diagnosis_configuration(&f));
	f.unverified = true;
	check_warning(diagnosis_configuration(&f), REMEDY_VERIFY);
	f.tls = false;
	check_ok(diagnosis_configuration(&f));
	f.enabled = false;
	check_warning(diagnosis_configuration(&f), REMEDY_ENABLE);
}
END_TEST


START_TEST(a_name_that_is_wrong_is_told_from_dns_that_is_silent)
{
	check_ok(diagnosis_dns(DIAGNOSIS_NAMES_LITERAL));
	check_ok(diagnosis_dns(DIAGNOSIS_NAMES_KNOWN));
	check(diagnosis_dns(DIAGNOSIS_NAMES_KEPT), DIAGNOSIS_WARNING,
	      REASON_DNS_FAILURE, REMEDY_DNS_KEPT);
	check_failed(diagnosis_dns(DIAGNOSIS_NAMES_NONE), REASON_DNS_FAILURE,
		     REMEDY_NAME);
	check_failed(diagnosis_dns(DIAGNOSIS_NAMES_SILENT),
		     REASON_DNS_FAILURE, REMEDY_DNS);
	check_failed(diagnosis_dns(DIAGNOSIS_NAMES_OTHER), REASON_DNS_FAILURE,
		     REMEDY_TRANSPORT);
}
END_TEST


START_TEST(what_a_connect_came_to_has_its_own_remedy)
{
	struct diagnosis_connect f = {.tried = 1, .up = 1};

	check_ok(diagnosis_connect(&f));

	f.up = 0;
	f.first = DIAGNOSIS_WAY_REFUSED;
	check_failed(diagnosis_connect(&f), REASON_CONNECT_REFUSED,
		     REMEDY_PORT);
	f.first = DIAGNOSIS_WAY_SILENT;
	check_failed(diagnosis_connect(&f), REASON_CONNECT_TIMEOUT,
		     REMEDY_SILENCE);
	f.first = DIAGNOSIS_WAY_NONE;
	check_failed(diagnosis_connect(&f), REASON_CONNECT_TIMEOUT,
		     REMEDY_WAY);
	f.first = DIAGNOSIS_WAY_MACHINE;
	check_failed(diagnosis_connect(&f), REASON_NO_RESOURCES,
		     REMEDY_MACHINE);
}
END_TEST


START_TEST(another_address_that_connects_makes_it_a_warning)
{
	const struct diagnosis_connect f = {
		.tried = 2, .up = 1, .first = DIAGNOSIS_WAY_REFUSED,
	};

	check(diagnosis_connect(&f), DIAGNOSIS_WARNING,
	      REASON_CONNECT_REFUSED, REMEDY_OTHER_EDGE);
}
END_TEST


/* --- TLS --- */

START_TEST(each_fault_of_a_certificate_has_its_own_remedy)
{
	static const struct {
		enum diagnosis_trust trust;
		enum reason reason;
		enum remedy remedy;
	} v[] = {
		{DIAGNOSIS_TRUST_ISSUER, REASON_TLS_UNTRUSTED, REMEDY_CA},
		{DIAGNOSIS_TRUST_SELF, REASON_TLS_UNTRUSTED,
		 REMEDY_SELF_SIGNED},
		{DIAGNOSIS_TRUST_EXPIRED, REASON_TLS_UNTRUSTED,
		 REMEDY_EXPIRED},
		{DIAGNOSIS_TRUST_EARLY, REASON_TLS_UNTRUSTED, REMEDY_NOT_YET},
		{DIAGNOSIS_TRUST_PIN, REASON_TLS_UNTRUSTED, REMEDY_PIN},
		{DIAGNOSIS_TRUST_NAME, REASON_TLS_NAME, REMEDY_TLS_NAME},
		{DIAGNOSIS_TRUST_OTHER, REASON_TLS_UNTRUSTED, REMEDY_CA},
		{DIAGNOSIS_TRUST_GOOD, REASON_TLS_FAILURE, REMEDY_TLS_PORT},
	};
	const struct diagnosis_tls f = {.trust = v[_i].trust};

	check_failed(diagnosis_tls(&f), v[_i].reason, v[_i].remedy);
}
END_TEST


START_TEST(a_certificate_that_ends_within_14_days_is_worth_a_word)
{
	struct diagnosis_tls f = {
		.done = true, .verified = true, .ends = true, .days = 14,
	};

	check_ok(diagnosis_tls(&f));
	f.days = 13;
	check_warning(diagnosis_tls(&f), REMEDY_RENEW);
	f.ends = false;
	check_ok(diagnosis_tls(&f));
	f.verified = false;
	check_warning(diagnosis_tls(&f), REMEDY_VERIFY);
}
END_TEST


START_TEST(a_handshake_without_end_and_files_of_ours_are_told_apart)
{
	struct diagnosis_tls f = {.timed = true};

	check_failed(diagnosis_tls(&f), REASON_CONNECT_TIMEOUT,
		     REMEDY_TLS_PORT);
	f.ours = true;
	check_failed(diagnosis_tls(&f), REASON_TLS_FAILURE, REMEDY_TLS_FILE);
}
END_TEST


/* --- REGISTER --- */

START_TEST(the_clocks_of_a_registrar_that_answers_may_differ_a_little)
{
	struct diagnosis_register f = {.answer.code = 200, .dated = true};

	check_ok(diagnosis_register(&f));
	f.skew = 120;
	check_ok(diagnosis_register(&f));
	f.skew = 121;
	check_warning(diagnosis_register(&f), REMEDY_CLOCK);
	f.skew = -121;
	check_warning(diagnosis_register(&f), REMEDY_CLOCK);
	f.dated = false;
	check_ok(diagnosis_register(&f));
}
END_TEST


START_TEST(silence_and_a_refused_port_are_told_apart)
{
	struct diagnosis_register f = {.password = true};

	check_failed(diagnosis_register(&f), REASON_NO_ANSWER,
		     REMEDY_SIP_SILENCE);
	f.refused = true;
	check_failed(diagnosis_register(&f), REASON_CONNECT_REFUSED,
		     REMEDY_PORT);
}
END_TEST


START_TEST(a_challenge_that_stands_is_about_credentials)
{
	static const struct {
		enum challenge_verdict verdict;
		bool password;
		enum remedy remedy;
	} v[] = {
		{CHALLENGE_REFUSED, true, REMEDY_CREDENTIALS},
		{CHALLENGE_ANSWER, false, REMEDY_PASSWORD},
		{CHALLENGE_WEAK, true, REMEDY_DIGEST},
		{CHALLENGE_UNUSABLE, true, REMEDY_DIGEST},
		{CHALLENGE_REALM, true, REMEDY_REALM},
		{CHALLENGE_STALE_LOOP, true, REMEDY_CREDENTIALS},
	};
	const struct diagnosis_register f = {
		.password = v[_i].password,
		.answer = {.code = _i % 2 ? 407 : 401,
			   .challenge = v[_i].verdict},
	};

	check_failed(diagnosis_register(&f), REASON_CREDENTIALS,
		     v[_i].remedy);
}
END_TEST


START_TEST(each_refusal_has_a_reason_and_a_remedy)
{
	static const struct {
		uint16_t code;
		uint32_t retry_after;
		enum reason reason;
		enum remedy remedy;
	} v[] = {
		{403, 0, REASON_FORBIDDEN, REMEDY_FORBIDDEN},
		{404, 0, REASON_REJECTED, REMEDY_AOR},
		{503, 0, REASON_REJECTED, REMEDY_OVERLOAD},
		{503, 60, REASON_RETRY_AFTER, REMEDY_STAY_AWAY},
		{500, 0, REASON_REJECTED, REMEDY_OVERLOAD},
		{400, 0, REASON_REJECTED, REMEDY_REJECTED},
	};
	const struct diagnosis_register f = {
		.password = true,
		.answer = {.code = v[_i].code,
			   .retry_after = v[_i].retry_after},
	};

	check_failed(diagnosis_register(&f), v[_i].reason, v[_i].remedy);
}
END_TEST


START_TEST(an_account_that_is_held_stays_so_whatever_an_options_says)
{
	struct diagnosis_register f = {
		.hold = DIAGNOSIS_HOLD_CREDENTIALS, .answer.code = 200,
	};

	check_failed(diagnosis_register(&f), REASON_CREDENTIALS, REMEDY_HELD);
	f.hold = DIAGNOSIS_HOLD_RETRY_AFTER;
	check_failed(diagnosis_register(&f), REASON_RETRY_AFTER,
		     REMEDY_STAY_AWAY);
	f.answer.code = 0;
	check_failed(diagnosis_register(&f), REASON_NO_ANSWER,
		     REMEDY_SIP_SILENCE);
}
END_TEST


/* --- mapping --- */

START_TEST(a_nat_is_seen_by_where_the_registrar_sees_us)
{
	struct diagnosis_mapping f = {.local = at("192.168.1.2", 5060)};

	ck_assert_int_eq(diagnosis_nat(&f), DIAGNOSIS_NAT_UNKNOWN);
	check_skipped(diagnosis_mapping(&f));
	f.mapped = f.local;
	ck_assert_int_eq(diagnosis_nat(&f), DIAGNOSIS_NAT_NONE);
	f.mapped = at("203.0.113.7", 5060);
	ck_assert_int_eq(diagnosis_nat(&f), DIAGNOSIS_NAT_ONE);
	f.mapped = at("100.64.0.1", 5060);
	ck_assert_int_eq(diagnosis_nat(&f), DIAGNOSIS_NAT_CGNAT);
	check_ok(diagnosis_mapping(&f));
}
END_TEST


START_TEST(a_router_that_rewrites_sip_is_named)
{
	struct diagnosis_mapping f = {.rewritten = true};

	check_warning(diagnosis_mapping(&f), REMEDY_ALG);
	f.rewritten = false;
	f.notes = MAPPING_NOTE_ALG;
	check_warning(diagnosis_mapping(&f), REMEDY_ALG);
	f.notes = MAPPING_NOTE_FLAPPING;
	check(diagnosis_mapping(&f), DIAGNOSIS_WARNING, REASON_UNPROVEN,
	      REMEDY_FLAPPING);
	f.outbound = true;
	check_skipped(diagnosis_mapping(&f));
}
END_TEST


/* --- binding --- */

static struct diagnosis_binding bound(void)
{
	return (struct diagnosis_binding){
		.account = {
			.enabled = true,
			.verdict = {.registered = true,
				    .reachable = REACHABLE_YES,
				    .evidence = EVIDENCE_FLOW},
		},
		.listed = true,
		.owns = 1,
	};
}


START_TEST(one_binding_that_calls_follow_is_well_beside_foreign_ones)
{
	struct diagnosis_binding f = bound();

	check_ok(diagnosis_binding(&f));
	f.foreign = 3;
	check_ok(diagnosis_binding(&f));
	f.ghosts = 1;
	check_warning(diagnosis_binding(&f), REMEDY_GHOSTS);
}
END_TEST


START_TEST(a_binding_that_is_gone_is_found_before_the_next_refresh)
{
	struct diagnosis_binding f = bound();

	f.owns = 0;
	check_failed(diagnosis_binding(&f), REASON_BINDING_ABSENT,
		     REMEDY_ABSENT);
	f.account.verdict.registered = false;
	check_failed(diagnosis_binding(&f), REASON_BINDING_ABSENT,
		     REMEDY_REGISTER);
	f.ghosts = 1;
	check_failed(diagnosis_binding(&f), REASON_BINDING_GHOST_ONLY,
		     REMEDY_REGISTER);
}
END_TEST


START_TEST(a_binding_that_leads_nowhere_has_the_accounts_reason)
{
	static const struct {
		enum reason reason;
		enum remedy remedy;
	} v[] = {
		{REASON_BINDING_PRIVATE, REMEDY_PRIVATE},
		{REASON_MAPPING_MOVED, REMEDY_MOVED},
		{REASON_FLOW_LOST, REMEDY_FLOW},
		{REASON_PROBE_LOST, REMEDY_PROBE},
		{REASON_NO_ANSWER, REMEDY_REGISTER},
	};
	struct diagnosis_binding f = bound();

	f.account.verdict.reachable = REACHABLE_NO;
	f.account.verdict.reason = v[_i].reason;
	check_failed(diagnosis_binding(&f), v[_i].reason, v[_i].remedy);

	f.listed = false;
	check_failed(diagnosis_binding(&f), v[_i].reason, v[_i].remedy);
}
END_TEST


START_TEST(an_account_that_does_not_run_should_have_none)
{
	struct diagnosis_binding f = bound();

	f.account.verdict.registered = false;
	f.account.paused = true;
	check_warning(diagnosis_binding(&f), REMEDY_LEFT_BEHIND);
	f.owns = 0;
	check_ok(diagnosis_binding(&f));
	f.account.paused = false;
	f.account.enabled = false;
	check_ok(diagnosis_binding(&f));
	f.ghosts = 1;
	check_warning(diagnosis_binding(&f), REMEDY_LEFT_BEHIND);
	f.listed = false;
	check_skipped(diagnosis_binding(&f));
}
END_TEST


/* --- probe --- */

START_TEST(only_a_probe_that_used_to_come_back_is_a_failure)
{
	struct diagnosis_probe f = {.bound = true, .result = PROBE_PROVEN};

	check_ok(diagnosis_probe(&f));
	f.result = PROBE_LOST;
	check_failed(diagnosis_probe(&f), REASON_PROBE_LOST, REMEDY_PROBE);
	f.result = PROBE_NOT_LOOPED;
	check_skipped(diagnosis_probe(&f));
	f.result = PROBE_REFUSED;
	check_skipped(diagnosis_probe(&f));
	f.result = PROBE_UNKNOWN;
	check_skipped(diagnosis_probe(&f));

	f.result = PROBE_PROVEN;
	f.due = true;
	check_skipped(diagnosis_probe(&f));
	f.due = false;
	f.bound = false;
	check_skipped(diagnosis_probe(&f));
}
END_TEST


START_TEST(no_probe_wakes_other_devices_or_asks_who_has_refused)
{
	ck_assert(diagnosis_may_probe(PROBE_PROVEN, 0));
	ck_assert(diagnosis_may_probe(PROBE_LOST, 0));
	ck_assert(diagnosis_may_probe(PROBE_UNKNOWN, 0));
	ck_assert(!diagnosis_may_probe(PROBE_UNKNOWN, 1));
	ck_assert(!diagnosis_may_probe(PROBE_REFUSED, 0));
	ck_assert(!diagnosis_may_probe(PROBE_NOT_LOOPED, 0));
}
END_TEST


/* --- conclusion --- */

static struct diagnosis_finding v[DIAGNOSIS_STEPS];
static struct diagnosis_account a;


static void setup(void)
{
	memset(v, 0, sizeof(v));
	a = bound().account;
}


static void set(enum diagnosis_step step, enum diagnosis_result result,
		enum remedy remedy)
{
	v[step] = (struct diagnosis_finding){.result = result,
					     .remedy = remedy};
}


static void check_end(enum diagnosis_end end, enum diagnosis_result result,
		      enum remedy remedy)
{
	const struct diagnosis_conclusion c = diagnosis_conclude(v, &a);

	ck_assert_int_eq(c.end, end);
	ck_assert_int_eq(c.finding.result, result);
	ck_assert_str_eq(remedy_text(c.finding.remedy), remedy_text(remedy));
}


START_TEST(all_is_well_without_a_word_of_a_remedy)
{
	set(DIAGNOSIS_TLS, DIAGNOSIS_SKIPPED, REMEDY_NONE);
	check_end(DIAGNOSIS_END_WELL, DIAGNOSIS_OK, REMEDY_NONE);
}
END_TEST


START_TEST(the_first_failure_decides_before_any_warning)
{
	set(DIAGNOSIS_CONFIGURATION, DIAGNOSIS_WARNING, REMEDY_VERIFY);
	set(DIAGNOSIS_BINDING, DIAGNOSIS_WARNING, REMEDY_GHOSTS);
	check_end(DIAGNOSIS_END_STEP, DIAGNOSIS_WARNING, REMEDY_VERIFY);
	set(DIAGNOSIS_TLS, DIAGNOSIS_FAILED, REMEDY_CA);
	set(DIAGNOSIS_BINDING, DIAGNOSIS_FAILED, REMEDY_REGISTER);
	check_end(DIAGNOSIS_END_STEP, DIAGNOSIS_FAILED, REMEDY_CA);
	ck_assert_int_eq(diagnosis_conclude(v, &a).step, DIAGNOSIS_TLS);
}
END_TEST


START_TEST(who_waits_though_the_registrar_answers_is_told_to_register)
{
	a.stays_away = true;
	a.verdict.registered = false;
	a.verdict.reachable = REACHABLE_NO;
	a.verdict.reason = REASON_NO_ANSWER;
	set(DIAGNOSIS_BINDING, DIAGNOSIS_FAILED, REMEDY_REGISTER);
	check_end(DIAGNOSIS_END_WAITS, DIAGNOSIS_FAILED, REMEDY_REGISTER);

	/* but not where the way is broken */
	set(DIAGNOSIS_CONNECT, DIAGNOSIS_FAILED, REMEDY_PORT);
	check_end(DIAGNOSIS_END_STEP, DIAGNOSIS_FAILED, REMEDY_PORT);
}
END_TEST


START_TEST(who_is_paused_or_disabled_is_told_so)
{
	a.paused = true;
	check_end(DIAGNOSIS_END_PAUSED, DIAGNOSIS_WARNING, REMEDY_RESUME);
	a.enabled = false;
	check_end(DIAGNOSIS_END_DISABLED, DIAGNOSIS_WARNING, REMEDY_ENABLE);
}
END_TEST


START_TEST(a_verdict_that_no_step_explains_is_the_conclusion)
{
	a.verdict.reachable = REACHABLE_UNKNOWN;
	a.verdict.reason = REASON_UNPROVEN;
	check_end(DIAGNOSIS_END_ACCOUNT, DIAGNOSIS_WARNING, REMEDY_UNPROVEN);
}
END_TEST


START_TEST(every_step_result_and_remedy_has_words)
{
	unsigned i;

	for (i = 0; i < DIAGNOSIS_STEPS; i++) {

		const enum diagnosis_step s = (enum diagnosis_step)i;

		ck_assert(strlen(diagnosis_step_name(s)) > 2);
		ck_assert(strlen(diagnosis_lead(s, DIAGNOSIS_FAILED)) > 8);
		ck_assert(strlen(diagnosis_lead(s, DIAGNOSIS_WARNING)) > 8);
	}

	for (i = 1; i < REMEDY_COUNT; i++) {

		const char *text = remedy_text((enum remedy)i);
		const size_t len = strlen(text);

		/* it becomes a part of a line of the control socket */
		ck_assert_uint_gt(len, 20);
		ck_assert_uint_lt(len, 320);
		ck_assert_int_eq(text[len - 1], '.');
	}
}
END_TEST


Suite *suite_diagnosis(void)
{
	Suite *s = suite_create("diagnosis");
	TCase *tc = tcase_create("diagnosis");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(
		tc, a_configuration_is_dubious_when_disabled_or_not_verified);
	tcase_add_test(tc,
		       a_name_that_is_wrong_is_told_from_dns_that_is_silent);
	tcase_add_test(tc, what_a_connect_came_to_has_its_own_remedy);
	tcase_add_test(tc, another_address_that_connects_makes_it_a_warning);
	tcase_add_loop_test(tc, each_fault_of_a_certificate_has_its_own_remedy,
			    0, 8);
	tcase_add_test(tc,
		       a_certificate_that_ends_within_14_days_is_worth_a_word);
	tcase_add_test(
		tc, a_handshake_without_end_and_files_of_ours_are_told_apart);
	tcase_add_test(
		tc, the_clocks_of_a_registrar_that_answers_may_differ_a_little);
	tcase_add_test(tc, silence_and_a_refused_port_are_told_apart);
	tcase_add_loop_test(tc, a_challenge_that_stands_is_about_credentials,
			    0, 6);
	tcase_add_loop_test(tc, each_refusal_has_a_reason_and_a_remedy, 0, 6);
	tcase_add_test(
		tc, an_account_that_is_held_stays_so_whatever_an_options_says);
	tcase_add_test(tc, a_nat_is_seen_by_where_the_registrar_sees_us);
	tcase_add_test(tc, a_router_that_rewrites_sip_is_named);
	tcase_add_test(
		tc, one_binding_that_calls_follow_is_well_beside_foreign_ones);
	tcase_add_test(tc,
		       a_binding_that_is_gone_is_found_before_the_next_refresh);
	tcase_add_loop_test(
		tc, a_binding_that_leads_nowhere_has_the_accounts_reason, 0, 5);
	tcase_add_test(tc, an_account_that_does_not_run_should_have_none);
	tcase_add_test(tc, only_a_probe_that_used_to_come_back_is_a_failure);
	tcase_add_test(tc,
		       no_probe_wakes_other_devices_or_asks_who_has_refused);
	tcase_add_test(tc, all_is_well_without_a_word_of_a_remedy);
	tcase_add_test(tc, the_first_failure_decides_before_any_warning);
	tcase_add_test(
		tc, who_waits_though_the_registrar_answers_is_told_to_register);
	tcase_add_test(tc, who_is_paused_or_disabled_is_told_so);
	tcase_add_test(tc,
		       a_verdict_that_no_step_explains_is_the_conclusion);
	tcase_add_test(tc, every_step_result_and_remedy_has_words);
	suite_add_tcase(s, tc);

	return s;
}
