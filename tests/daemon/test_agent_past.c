/* What an account does about bindings that it made earlier, and where a 3xx
 * sends it: seen from the registrar. */

#include <string.h>
#include "rig.h"


#define FOREVER 0
#define LOST_AGAIN 12000         /* [ms] a second loss in 10 s waits a while */

static struct registrar *second;         /* where a redirect leads */


static void setup(void)
{
	rig_setup();
	ck_assert_int_eq(0, registrar_alloc(&second));
	*registrar_conf(second) = *rig.conf;
	ck_assert_int_eq(0, registrar_listen(second, TRANSPORT_TCP,
					     "127.0.0.1:0", NULL));
	ck_assert_int_eq(0, registrar_account(second, "alice", NULL,
					      "secret"));
}


static void teardown(void)
{
	second = mem_deref(second);
	rig_teardown();
}


/* The URI of the only binding that the registrar has. */
static const char *only_binding(const char *name)
{
	static char uri[512];
	struct registrar_binding b;

	ck_assert_uint_eq(registrar_bindings(rig.reg, name), 1);
	ck_assert(registrar_binding(rig.reg, name, 0, &b));
	str_ncpy(uri, b.uri, sizeof(uri));

	return uri;
}


static void expect_one_binding_other_than(const char *name, const char *old)
{
	ck_assert_str_ne(only_binding(name), old);
}


/* --- bindings of earlier flows --- */

static void lose(const char *name)
{
	const unsigned n = rig_registers(name);

	rig_expect_proven(name);
	ck_assert_uint_eq(registrar_cut_user(rig.reg, name, CUT_RST), 1);
	rig_expect_registers(name, n + 1, LOST_AGAIN);
	rig_expect_registered(name);
	rig_expect_proven(name);
}


START_TEST(a_new_flow_takes_the_old_binding_away)
{
	char old[512];

	rig_one("alice", TRANSPORT_TCP, "");
	str_ncpy(old, only_binding("alice"), sizeof(old));

	lose("alice");
	expect_one_binding_other_than("alice", old);
	rig_has(rig_text("alice", -1), old);
}
END_TEST


START_TEST(a_second_loss_names_only_the_last_binding)
{
	char first[512];

	rig_one("alice", TRANSPORT_TCP, "");
	str_ncpy(first, only_binding("alice"), sizeof(first));

	lose("alice");
	lose("alice");
	rig_has_not(rig_text("alice", -1), first);
	(void)only_binding("alice");
}
END_TEST


START_TEST(with_outbound_the_registrar_replaces_it_by_itself)
{
	char old[512];

	rig.conf->outbound = true;
	rig_one("alice", TRANSPORT_TCP, "");
	str_ncpy(old, only_binding("alice"), sizeof(old));

	lose("alice");
	expect_one_binding_other_than("alice", old);
	rig_has_not(rig_text("alice", -1), "expires=0");
}
END_TEST


START_TEST(who_wants_to_keep_ghosts_keeps_them)
{
	rig_one("alice", TRANSPORT_TCP, "purge_ghosts = false;");
	lose("alice");
	ck_assert_uint_eq(registrar_bindings(rig.reg, "alice"), 2);
	rig_has_not(rig_text("alice", -1), "expires=0");
}
END_TEST


START_TEST(a_registrar_that_refuses_to_remove_it_is_asked_for_ours_alone)
{
	const struct registrar_rule rule = {
		.kind = RULE_ANSWER, .code = 403, .credentials = RULE_WITH,
		.count = 1,
	};
	unsigned n;

	rig_one("alice", TRANSPORT_TCP, "");
	rig_expect_proven("alice");
	n = rig_registers("alice");
	rig_rule(&rule);
	ck_assert_uint_eq(registrar_cut_user(rig.reg, "alice", CUT_RST), 1);

	/* without credentials, with them and refused, alone */
	rig_expect_registers("alice", n + 3, RIG_WAIT);
	rig_expect_registered("alice");
	rig_has(rig_text("alice", (int)n + 1), ";expires=0");
	rig_has_not(rig_text("alice", (int)n + 2), ";expires=0");
	rig_expect_reason("alice", REASON_OK);
}
END_TEST


/* --- one AOR, two accounts --- */

START_TEST(two_accounts_of_one_aor_have_a_binding_each)
{
	rig.conf->outbound = true;
	rig_account("alice", TRANSPORT_TCP, "%s", "");
	ck_assert_int_eq(0, mbuf_printf(rig.accounts,
		", { name = \"desk\"; aor = \"sip:alice@example.org\"; "
		"registrar = \"sip:%J\"; transport = \"tcp\"; }\n",
		registrar_addr(rig.reg, TRANSPORT_TCP)));
	rig_start("");
	rig_expect_registered("alice");
	rig_expect_registered("desk");
	ck_assert_uint_eq(registrar_bindings(rig.reg, "alice"), 2);

	/* and neither takes the other's for its own, or for a ghost */
	ck_assert(rig_register("alice").registered);
	ck_assert_uint_eq(rig_state("alice")->regv[0].own, 1);
	ck_assert_uint_eq(rig_state("alice")->regv[0].foreign, 1);
	ck_assert_uint_eq(registrar_bindings(rig.reg, "alice"), 2);
}
END_TEST


/* --- redirects --- */

static void redirect_to(const struct sa *sa, unsigned count)
{
	static char headers[128];
	const struct registrar_rule rule = {
		.kind = RULE_ANSWER, .code = 302, .headers = headers,
		.count = count,
	};

	(void)re_snprintf(headers, sizeof(headers),
			  "Contact: <sip:%J;transport=tcp>\r\n", sa);
	rig_rule(&rule);
}


START_TEST(a_302_to_an_allowed_host_is_followed)
{
	redirect_to(registrar_addr(second, TRANSPORT_TCP), FOREVER);
	rig_one("alice", TRANSPORT_TCP,
		"redirect_hosts = [ \"127.0.0.1\" ];");

	ck_assert_uint_eq(registrar_bindings(second, "alice"), 1);
	ck_assert_uint_eq(registrar_bindings(rig.reg, "alice"), 0);
	ck_assert_uint_eq(rig_registers("alice"), 1);
}
END_TEST


START_TEST(a_302_to_anybody_else_is_not)
{
	struct sa foreign;

	sa_init(&foreign, AF_INET);
	ck_assert_int_eq(0, sa_set_str(&foreign, "127.0.0.2",
		sa_port(registrar_addr(second, TRANSPORT_TCP))));
	redirect_to(&foreign, FOREVER);
	rig_account("alice", TRANSPORT_TCP, "%s", "");
	rig_start("");

	rig_expect_reason("alice", REASON_REJECTED);
	ck_assert_uint_eq(registrar_accepted(second, TRANSPORT_TCP), 0);
	ck_assert_uint_eq(rig_registers("alice"), 1);
}
END_TEST


START_TEST(a_circle_of_redirects_ends_after_one_round)
{
	redirect_to(registrar_addr(rig.reg, TRANSPORT_TCP), FOREVER);
	rig_account("alice", TRANSPORT_TCP,
		    "redirect_hosts = [ \"127.0.0.1\" ];");
	rig_start("");

	rig_expect_reason("alice", REASON_REJECTED);
	harness_run(500);
	ck_assert_uint_eq(rig_registers("alice"), 2);
}
END_TEST


START_TEST(a_new_flow_asks_the_configured_registrar_again)
{
	redirect_to(registrar_addr(second, TRANSPORT_TCP), 1);
	rig_one("alice", TRANSPORT_TCP,
		"redirect_hosts = [ \"127.0.0.1\" ];");
	rig_expect_proven("alice");

	ck_assert_uint_eq(registrar_cut_user(second, "alice", CUT_RST), 1);
	rig_expect_registers("alice", 3, RIG_WAIT);
	rig_expect_registered("alice");
	ck_assert_uint_eq(registrar_bindings(rig.reg, "alice"), 1);
}
END_TEST


/* --- what is shown --- */

START_TEST(path_service_route_and_identities_are_shown)
{
	const struct registrar_rule rule = {
		.kind = RULE_ACCEPTED,
		.headers = "Path: <sip:edge.example.org;lr;ob>\r\n"
			"Service-Route: <sip:out.example.org;lr>\r\n"
			"P-Associated-URI: <tel:+4930123>\r\n",
	};
	const struct register_extras *x;

	rig_rule(&rule);
	rig_one("alice", TRANSPORT_TCP, "");
	x = rig_flow("alice").extras;
	ck_assert_str_eq(x->path, "<sip:edge.example.org;lr;ob>");
	ck_assert_str_eq(x->service_route, "<sip:out.example.org;lr>");
	ck_assert_str_eq(x->associated, "<tel:+4930123>");
	ck_assert_ptr_null(x->pub_gruu);
}
END_TEST


/* --- what operators ask for --- */

static struct agent_outcome outcome;
static unsigned outcomes;


static void outcome_handler(const struct agent_outcome *o, void *arg)
{
	(void)arg;

	ck_assert_ptr_nonnull(o);
	outcome = *o;
	++outcomes;
}


static bool told_handler(void *arg)
{
	return outcomes == *(unsigned *)arg;
}


static void expect_outcomes(unsigned n)
{
	ck_assert(harness_wait(told_handler, &n, RIG_WAIT));
}


START_TEST(pause_takes_the_binding_away_and_resume_brings_it_back)
{
	outcomes = 0;
	rig_one("alice", TRANSPORT_TCP, "");

	ck_assert_int_eq(0, agent_pause(rig_agent("alice"), outcome_handler,
					NULL));
	expect_outcomes(1);
	ck_assert(!outcome.registered && !outcome.left_behind);
	ck_assert_uint_eq(registrar_bindings(rig.reg, "alice"), 0);
	ck_assert_int_eq(rig_state("alice")->verdict.reason, REASON_PAUSED);
	ck_assert_int_eq(EINVAL, agent_register(rig_agent("alice"),
						outcome_handler, NULL));

	ck_assert_int_eq(0, agent_resume(rig_agent("alice"), outcome_handler,
					 NULL));
	expect_outcomes(2);
	ck_assert(outcome.registered);
	ck_assert_uint_eq(registrar_bindings(rig.reg, "alice"), 1);
	ck_assert_int_eq(EALREADY, agent_resume(rig_agent("alice"),
						outcome_handler, NULL));
}
END_TEST


START_TEST(a_register_that_is_awaited_ends_with_the_pause)
{
	const struct registrar_rule drop = {.kind = RULE_DROP};

	outcomes = 0;
	rig_rule(&drop);
	rig_account("alice", TRANSPORT_TCP, "%s", "");
	rig_start("");
	rig_expect_registers("alice", 1, RIG_WAIT);

	ck_assert_int_eq(0, agent_register(rig_agent("alice"),
					   outcome_handler, NULL));
	ck_assert_int_eq(0, agent_pause(rig_agent("alice"), outcome_handler,
					NULL));
	ck_assert(harness_wait(told_handler, &(unsigned){2}, 7000));
	ck_assert(!outcome.registered);
	ck_assert_int_eq(outcome.reason, REASON_PAUSED);
}
END_TEST


START_TEST(a_binding_whose_answer_was_not_waited_for_is_removed)
{
	const struct registrar_rule late = {
		.kind = RULE_ACCEPTED, .delay = 1500, .count = 1,
	};

	outcomes = 0;
	rig_rule(&late);
	rig_account("alice", TRANSPORT_TCP, "%s", "");
	rig_start("");
	rig_expect_registers("alice", 2, RIG_WAIT);

	ck_assert_int_eq(0, agent_reconnect(rig_agent("alice"),
					    outcome_handler, NULL));
	expect_outcomes(1);
	ck_assert(outcome.registered);
	rig_has(rig_text("alice", -1), ";expires=0");
	(void)only_binding("alice");
}
END_TEST


START_TEST(reconnect_leaves_one_binding_over_another_connection)
{
	char old[512];

	outcomes = 0;
	rig_one("alice", TRANSPORT_TCP, "");
	str_ncpy(old, only_binding("alice"), sizeof(old));

	ck_assert_int_eq(0, agent_reconnect(rig_agent("alice"),
					    outcome_handler, NULL));
	expect_outcomes(1);
	ck_assert(outcome.registered);
	ck_assert_uint_eq(registrar_accepted(rig.reg, TRANSPORT_TCP), 2);
	ck_assert_uint_eq(registrar_call_ids(rig.reg, "alice"), 1);
	expect_one_binding_other_than("alice", old);
}
END_TEST


Suite *suite_agent_past(void);
Suite *suite_agent_past(void)
{
	Suite *s = suite_create("agent_past");
	TCase *tc = tcase_create("agent_past");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 20);
	tcase_add_test(tc, a_new_flow_takes_the_old_binding_away);
	tcase_add_test(tc, a_second_loss_names_only_the_last_binding);
	tcase_add_test(tc, with_outbound_the_registrar_replaces_it_by_itself);
	tcase_add_test(tc, who_wants_to_keep_ghosts_keeps_them);
	tcase_add_test(tc,
	    a_registrar_that_refuses_to_remove_it_is_asked_for_ours_alone);
	tcase_add_test(tc, two_accounts_of_one_aor_have_a_binding_each);
	tcase_add_test(tc, a_302_to_an_allowed_host_is_followed);
	tcase_add_test(tc, a_302_to_anybody_else_is_not);
	tcase_add_test(tc, a_circle_of_redirects_ends_after_one_round);
	tcase_add_test(tc, a_new_flow_asks_the_configured_registrar_again);
	tcase_add_test(tc, path_service_route_and_identities_are_shown);
	tcase_add_test(tc,
	    pause_takes_the_binding_away_and_resume_brings_it_back);
	tcase_add_test(tc, a_register_that_is_awaited_ends_with_the_pause);
	tcase_add_test(tc,
		a_binding_whose_answer_was_not_waited_for_is_removed);
	tcase_add_test(tc,
		reconnect_leaves_one_binding_over_another_connection);
	suite_add_tcase(s, tc);

	return s;
}
