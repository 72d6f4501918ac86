/* core/verdict.c */

#include <check.h>
#include <string.h>
#include "verdict.h"


Suite *suite_verdict(void);


static struct verdict_facts f;


static struct addr at(const char *ip, uint16_t port)
{
	struct addr a;

	ck_assert(addr_parse(&a, ip, strlen(ip), port));
	return a;
}


/* Registered, the Contact is where the registrar sees us. */
static void setup(void)
{
	f = (struct verdict_facts){
		.registered = true,
		.flow_alive = true,
		.contact = at("203.0.113.7", 40112),
		.mapped = at("203.0.113.7", 40112),
		.outcome = REASON_OK,
	};
}


static void check(bool registered, enum reachable reachable,
		  enum evidence evidence, enum reason reason)
{
	struct verdict v = verdict_of(&f);

	ck_assert_int_eq(v.registered, registered);
	ck_assert_str_eq(reachable_name(v.reachable),
			 reachable_name(reachable));
	ck_assert_str_eq(evidence_name(v.evidence), evidence_name(evidence));
	ck_assert_str_eq(reason_name(v.reason), reason_name(reason));
}


static void check_no(enum reason reason)
{
	check(true, REACHABLE_NO, EVIDENCE_NONE, reason);
}


START_TEST(a_binding_that_points_to_a_live_flow_is_reachable)
{
	check(true, REACHABLE_YES, EVIDENCE_FLOW, REASON_OK);
}
END_TEST


START_TEST(in_a_private_network_the_same_holds)
{
	f.contact = f.mapped = at("192.168.1.2", 5060);
	check(true, REACHABLE_YES, EVIDENCE_FLOW, REASON_OK);
}
END_TEST


START_TEST(t1_a_private_binding_at_a_public_registrar_is_not)
{
	f.contact = at("192.168.88.33", 51629);
	f.mapped = at("194.64.145.30", 51629);
	check_no(REASON_BINDING_PRIVATE);
}
END_TEST


START_TEST(a_binding_in_cgnat_space_is_private_too)
{
	f.contact = at("100.64.0.1", 5060);
	check_no(REASON_BINDING_PRIVATE);
}
END_TEST


START_TEST(a_public_binding_elsewhere_has_moved)
{
	f.contact = at("203.0.113.8", 40112);
	check_no(REASON_MAPPING_MOVED);
}
END_TEST


START_TEST(another_port_has_moved)
{
	f.mapped.port = 40113;
	check_no(REASON_MAPPING_MOVED);
}
END_TEST


START_TEST(another_port_in_a_private_network_has_moved)
{
	f.contact = at("192.168.1.2", 5060);
	f.mapped = at("192.168.1.2", 40112);
	check_no(REASON_MAPPING_MOVED);
}
END_TEST


START_TEST(with_outbound_any_contact_is_reachable)
{
	f.contact = at("192.168.88.33", 51629);
	f.outbound = true;
	check(true, REACHABLE_YES, EVIDENCE_FLOW, REASON_OK);
}
END_TEST


START_TEST(an_inbound_request_proves_even_a_private_contact)
{
	f.contact = at("192.168.88.33", 51629);
	f.inbound = true;
	check(true, REACHABLE_YES, EVIDENCE_INBOUND, REASON_OK);
}
END_TEST


START_TEST(without_a_witness_nothing_is_proven)
{
	f.mapped = (struct addr){0};
	check(true, REACHABLE_UNKNOWN, EVIDENCE_NONE, REASON_UNPROVEN);
}
END_TEST


START_TEST(a_contact_that_is_a_name_proves_nothing)
{
	f.contact = (struct addr){0};
	check(true, REACHABLE_UNKNOWN, EVIDENCE_NONE, REASON_UNPROVEN);
}
END_TEST


START_TEST(unseen_a_private_contact_at_a_public_registrar_is_private)
{
	f.contact = at("192.168.88.33", 51629);
	f.mapped = (struct addr){0};
	f.edge = at("198.51.100.1", 5060);
	check_no(REASON_BINDING_PRIVATE);
	f.probed = true;
	check(true, REACHABLE_YES, EVIDENCE_PROBE, REASON_OK);
}
END_TEST


START_TEST(in_a_private_network_it_is_unproven_unseen)
{
	f.contact = at("192.168.1.2", 5060);
	f.mapped = (struct addr){0};
	f.edge = at("192.168.1.1", 5060);
	check(true, REACHABLE_UNKNOWN, EVIDENCE_NONE, REASON_UNPROVEN);
}
END_TEST


START_TEST(t5_where_a_router_rewrites_what_we_see_tells_nothing)
{
	f.contact = at("192.168.88.33", 51629);
	f.mapped = (struct addr){0};
	f.edge = at("198.51.100.1", 5060);
	f.alg = true;
	check(true, REACHABLE_UNKNOWN, EVIDENCE_NONE, REASON_UNPROVEN);
}
END_TEST


START_TEST(n5_a_provider_that_sees_us_behind_its_own_nat_reaches_us)
{
	f.contact = f.mapped = at("100.64.9.9", 40112);
	f.edge = at("198.51.100.1", 5060);
	check(true, REACHABLE_YES, EVIDENCE_FLOW, REASON_OK);
}
END_TEST


START_TEST(t4_a_mapping_that_flaps_proves_nothing)
{
	f.flapping = true;
	check(true, REACHABLE_UNKNOWN, EVIDENCE_NONE, REASON_UNPROVEN);
	f.mapped.port = 1;
	check(true, REACHABLE_UNKNOWN, EVIDENCE_NONE, REASON_UNPROVEN);
	f.contact = at("192.168.88.33", 51629);
	check_no(REASON_BINDING_PRIVATE);
}
END_TEST


START_TEST(t4_but_better_evidence_does)
{
	f.flapping = f.outbound = true;
	check(true, REACHABLE_YES, EVIDENCE_FLOW, REASON_OK);
	f.inbound = true;
	check(true, REACHABLE_YES, EVIDENCE_INBOUND, REASON_OK);
	f.probed = true;
	check(true, REACHABLE_YES, EVIDENCE_PROBE, REASON_OK);
}
END_TEST


START_TEST(t17_a_probe_that_came_back_is_the_best_evidence)
{
	f.probed = f.inbound = f.outbound = true;
	check(true, REACHABLE_YES, EVIDENCE_PROBE, REASON_OK);
	f.mapped = f.contact = (struct addr){0};
	f.outcome = REASON_REJECTED;
	check(true, REACHABLE_YES, EVIDENCE_PROBE, REASON_REJECTED);
}
END_TEST


START_TEST(a_lost_probe_speaks_against_all_else)
{
	f.probe_lost = true;
	check_no(REASON_PROBE_LOST);
	f.probed = f.inbound = f.outbound = true;
	check_no(REASON_PROBE_LOST);
	f.outcome = REASON_REJECTED;
	check_no(REASON_PROBE_LOST);
}
END_TEST


START_TEST(but_a_dead_flow_is_named_first)
{
	f.probe_lost = f.probed = true;
	f.flow_alive = false;
	check_no(REASON_FLOW_LOST);
	f.registered = false;
	check(false, REACHABLE_NO, EVIDENCE_NONE, REASON_LEASE_EXPIRED);
}
END_TEST


START_TEST(a_flow_that_is_not_alive_carries_no_call)
{
	f.flow_alive = false;
	f.outbound = f.inbound = true;
	check_no(REASON_FLOW_LOST);
}
END_TEST


START_TEST(why_the_flow_is_not_back_says_more_than_lost)
{
	f.flow_alive = false;
	f.outcome = REASON_CONNECT_REFUSED;
	check_no(REASON_CONNECT_REFUSED);
}
END_TEST


START_TEST(that_we_are_connecting_says_less)
{
	f.flow_alive = false;
	f.outcome = REASON_CONNECTING;
	check_no(REASON_FLOW_LOST);
}
END_TEST


START_TEST(a_refused_refresh_is_named_while_calls_still_arrive)
{
	f.outcome = REASON_REJECTED;
	check(true, REACHABLE_YES, EVIDENCE_FLOW, REASON_REJECTED);
}
END_TEST


START_TEST(a_refused_refresh_is_named_while_nothing_is_proven)
{
	f.outcome = REASON_NO_ANSWER;
	f.mapped = (struct addr){0};
	check(true, REACHABLE_UNKNOWN, EVIDENCE_NONE, REASON_NO_ANSWER);
}
END_TEST


START_TEST(a_private_binding_is_named_before_a_refused_refresh)
{
	f.outcome = REASON_REJECTED;
	f.contact = at("192.168.88.33", 51629);
	check_no(REASON_BINDING_PRIVATE);
}
END_TEST


START_TEST(one_that_is_not_registered_cannot_be_called)
{
	f.registered = false;
	f.outbound = f.inbound = true;
	f.outcome = REASON_CREDENTIALS;
	check(false, REACHABLE_NO, EVIDENCE_NONE, REASON_CREDENTIALS);
	f.outcome = REASON_PAUSED;
	check(false, REACHABLE_NO, EVIDENCE_NONE, REASON_PAUSED);
}
END_TEST


START_TEST(t2_an_absent_binding_is_not_registered_and_unknown)
{
	f.registered = false;
	f.outcome = REASON_BINDING_ABSENT;
	check(false, REACHABLE_UNKNOWN, EVIDENCE_NONE, REASON_BINDING_ABSENT);
	f.outcome = REASON_BINDING_GHOST_ONLY;
	check(false, REACHABLE_UNKNOWN, EVIDENCE_NONE,
	      REASON_BINDING_GHOST_ONLY);
}
END_TEST


START_TEST(before_the_first_outcome_nothing_is_known)
{
	static const enum reason earlyv[] = {
		REASON_STARTING, REASON_RESOLVING, REASON_CONNECTING,
	};

	f.registered = false;
	for (unsigned i = 0; i < 3; i++) {
		f.outcome = earlyv[i];
		check(false, REACHABLE_UNKNOWN, EVIDENCE_NONE, earlyv[i]);
	}
}
END_TEST


START_TEST(a_good_outcome_without_a_lease_means_it_ran_out)
{
	f.registered = false;
	check(false, REACHABLE_NO, EVIDENCE_NONE, REASON_LEASE_EXPIRED);
}
END_TEST


START_TEST(ok_is_said_only_of_the_registered_and_reachable)
{
	for (unsigned bits = 0; bits < 2048; bits++) {
		for (unsigned r = 0; r < REASON_COUNT; r++) {
			struct verdict v;

			setup();
			f.registered = bits & 1;
			f.flow_alive = bits & 2;
			f.outbound = bits & 4;
			f.inbound = bits & 8;
			if (bits & 16)
				f.contact = at("10.0.0.1", 1);
			if (bits & 32)
				f.mapped = (struct addr){0};
			if (bits & 64)
				f.edge = at("198.51.100.1", 5060);
			f.probed = bits & 128;
			f.probe_lost = bits & 256;
			f.flapping = bits & 512;
			f.alg = bits & 1024;
			f.outcome = (enum reason)r;

			v = verdict_of(&f);
			if (v.reason == REASON_OK) {
				ck_assert(v.registered);
				ck_assert_int_eq(v.reachable, REACHABLE_YES);
			}
			if (v.reachable == REACHABLE_YES)
				ck_assert_int_ne(v.evidence, EVIDENCE_NONE);
		}
	}
}
END_TEST


static const struct verdict good = {
	true, REACHABLE_YES, EVIDENCE_FLOW, REASON_OK
};
static const struct verdict unproven = {
	true, REACHABLE_UNKNOWN, EVIDENCE_NONE, REASON_UNPROVEN
};
static const struct verdict private = {
	true, REACHABLE_NO, EVIDENCE_NONE, REASON_BINDING_PRIVATE
};
static const struct verdict absent = {
	false, REACHABLE_UNKNOWN, EVIDENCE_NONE, REASON_BINDING_ABSENT
};
static const struct verdict rejected = {
	false, REACHABLE_NO, EVIDENCE_NONE, REASON_REJECTED
};


static void check_better(const struct verdict *a, const struct verdict *b)
{
	struct verdict v = verdict_better(*a, *b);
	struct verdict w = verdict_better(*b, *a);

	ck_assert(verdict_equal(&v, a));
	ck_assert(verdict_equal(&w, a));
}


START_TEST(yes_is_better_than_unknown_is_better_than_no)
{
	check_better(&good, &unproven);
	check_better(&good, &rejected);
	check_better(&unproven, &private);
	check_better(&absent, &rejected);
}
END_TEST


START_TEST(registered_is_better_than_not)
{
	check_better(&private, &rejected);
	check_better(&unproven, &absent);
}
END_TEST


START_TEST(stronger_evidence_is_better)
{
	struct verdict inbound = good;

	inbound.evidence = EVIDENCE_INBOUND;
	check_better(&inbound, &good);
}
END_TEST


START_TEST(an_account_is_registered_while_one_flow_of_it_is)
{
	struct verdict v = verdict_better(private, absent);

	ck_assert(v.registered);
	ck_assert_int_eq(v.reachable, REACHABLE_UNKNOWN);
	ck_assert_int_eq(v.reason, REASON_BINDING_ABSENT);
}
END_TEST


START_TEST(of_equals_the_first_is_kept)
{
	struct verdict other = rejected, v;

	other.reason = REASON_NO_ANSWER;
	v = verdict_better(rejected, other);
	ck_assert_int_eq(v.reason, REASON_REJECTED);
}
END_TEST


START_TEST(equal_but_for_the_evidence_is_no_news)
{
	struct verdict v = good;

	ck_assert(verdict_equal(&v, &good));
	v.registered = false;
	ck_assert(!verdict_equal(&v, &good));
	v = good;
	v.reachable = REACHABLE_NO;
	ck_assert(!verdict_equal(&v, &good));
	v = good;
	v.evidence = EVIDENCE_PROBE;
	ck_assert(verdict_equal(&v, &good));
	v.reason = REASON_REJECTED;
	ck_assert(!verdict_equal(&v, &good));
}
END_TEST


START_TEST(reasons_have_the_names_of_the_interface)
{
	static const char *const namev[REASON_COUNT] = {
		"ok", "starting", "paused", "resolving", "dns-failure",
		"connecting", "connect-refused", "connect-timeout",
		"tls-untrusted", "tls-name", "tls-failure", "no-answer",
		"rejected", "credentials", "forbidden", "retry-after",
		"interval-too-brief", "flow-lost", "mapping-moved",
		"binding-absent", "binding-private", "binding-ghost-only",
		"lease-expired", "probe-lost", "unproven",
		"no-resources",
	};

	for (unsigned i = 0; i < REASON_COUNT; i++)
		ck_assert_str_eq(reason_name((enum reason)i), namev[i]);
	ck_assert_str_eq(reason_name((enum reason)REASON_COUNT), "?");
	ck_assert_str_eq(reason_name((enum reason)-1), "?");
}
END_TEST


START_TEST(every_reason_has_a_sentence)
{
	for (unsigned i = 0; i < REASON_COUNT; i++) {
		const char *s = reason_text((enum reason)i);

		ck_assert_ptr_nonnull(s);
		ck_assert_uint_gt(strlen(s), 20);
		ck_assert_int_eq(s[strlen(s) - 1], '.');
	}
	ck_assert_str_eq(reason_text((enum reason)REASON_COUNT), "?");
}
END_TEST


START_TEST(every_reason_but_ok_has_a_remedy)
{
	ck_assert_ptr_null(reason_remedy(REASON_OK));
	for (unsigned i = 1; i < REASON_COUNT; i++) {
		const char *s = reason_remedy((enum reason)i);

		ck_assert_ptr_nonnull(s);
		ck_assert_uint_gt(strlen(s), 40);
		ck_assert_int_eq(s[strlen(s) - 1], '.');
	}
	ck_assert_ptr_null(reason_remedy((enum reason)REASON_COUNT));
}
END_TEST


START_TEST(the_remedy_for_credentials_names_the_risk_of_a_ban)
{
	ck_assert_ptr_nonnull(strstr(reason_remedy(REASON_CREDENTIALS),
				     "ban"));
}
END_TEST


START_TEST(reachable_and_evidence_have_interface_names)
{
	ck_assert_str_eq(reachable_name(REACHABLE_YES), "yes");
	ck_assert_str_eq(reachable_name(REACHABLE_NO), "no");
	ck_assert_str_eq(reachable_name(REACHABLE_UNKNOWN), "unknown");
	ck_assert_str_eq(reachable_name((enum reachable)9), "?");
	ck_assert_str_eq(evidence_name(EVIDENCE_NONE), "none");
	ck_assert_str_eq(evidence_name(EVIDENCE_FLOW), "flow");
	ck_assert_str_eq(evidence_name(EVIDENCE_INBOUND), "inbound");
	ck_assert_str_eq(evidence_name(EVIDENCE_PROBE), "probe");
	ck_assert_str_eq(evidence_name((enum evidence)9), "?");
}
END_TEST


Suite *suite_verdict(void)
{
	Suite *s = suite_create("verdict");
	TCase *tc = tcase_create("verdict");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, a_binding_that_points_to_a_live_flow_is_reachable);
	tcase_add_test(tc, in_a_private_network_the_same_holds);
	tcase_add_test(tc, t1_a_private_binding_at_a_public_registrar_is_not);
	tcase_add_test(tc, a_binding_in_cgnat_space_is_private_too);
	tcase_add_test(tc, a_public_binding_elsewhere_has_moved);
	tcase_add_test(tc, another_port_has_moved);
	tcase_add_test(tc, another_port_in_a_private_network_has_moved);
	tcase_add_test(tc, with_outbound_any_contact_is_reachable);
	tcase_add_test(tc, an_inbound_request_proves_even_a_private_contact);
	tcase_add_test(tc, without_a_witness_nothing_is_proven);
	tcase_add_test(tc, a_contact_that_is_a_name_proves_nothing);
	tcase_add_test(tc,
		unseen_a_private_contact_at_a_public_registrar_is_private);
	tcase_add_test(tc, in_a_private_network_it_is_unproven_unseen);
	tcase_add_test(tc,
		t5_where_a_router_rewrites_what_we_see_tells_nothing);
	tcase_add_test(tc,
		n5_a_provider_that_sees_us_behind_its_own_nat_reaches_us);
	tcase_add_test(tc, t4_a_mapping_that_flaps_proves_nothing);
	tcase_add_test(tc, t4_but_better_evidence_does);
	tcase_add_test(tc, t17_a_probe_that_came_back_is_the_best_evidence);
	tcase_add_test(tc, a_lost_probe_speaks_against_all_else);
	tcase_add_test(tc, but_a_dead_flow_is_named_first);
	tcase_add_test(tc, a_flow_that_is_not_alive_carries_no_call);
	tcase_add_test(tc, why_the_flow_is_not_back_says_more_than_lost);
	tcase_add_test(tc, that_we_are_connecting_says_less);
	tcase_add_test(tc, a_refused_refresh_is_named_while_calls_still_arrive);
	tcase_add_test(tc, a_refused_refresh_is_named_while_nothing_is_proven);
	tcase_add_test(tc, a_private_binding_is_named_before_a_refused_refresh);
	tcase_add_test(tc, one_that_is_not_registered_cannot_be_called);
	tcase_add_test(tc, t2_an_absent_binding_is_not_registered_and_unknown);
	tcase_add_test(tc, before_the_first_outcome_nothing_is_known);
	tcase_add_test(tc, a_good_outcome_without_a_lease_means_it_ran_out);
	tcase_add_test(tc, ok_is_said_only_of_the_registered_and_reachable);
	tcase_add_test(tc, yes_is_better_than_unknown_is_better_than_no);
	tcase_add_test(tc, registered_is_better_than_not);
	tcase_add_test(tc, stronger_evidence_is_better);
	tcase_add_test(tc, an_account_is_registered_while_one_flow_of_it_is);
	tcase_add_test(tc, of_equals_the_first_is_kept);
	tcase_add_test(tc, equal_but_for_the_evidence_is_no_news);
	tcase_add_test(tc, reasons_have_the_names_of_the_interface);
	tcase_add_test(tc, every_reason_has_a_sentence);
	tcase_add_test(tc, every_reason_but_ok_has_a_remedy);
	tcase_add_test(tc, the_remedy_for_credentials_names_the_risk_of_a_ban);
	tcase_add_test(tc, reachable_and_evidence_have_interface_names);
	suite_add_tcase(s, tc);

	return s;
}
