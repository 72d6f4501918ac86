/* reload.c and leave.c: what a new configuration does to the accounts that
 * run, seen from the registrar's side (SCENARIOS T13). */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "edges.h"
#include "rig.h"


#define CERTIFICATE "IP:127.0.0.1"
#define QUIET       300          /* [ms] in which nothing is to be sent */
#define SLOW        800          /* [ms] until an un-REGISTER is answered */
#define SAID_MAX    4096
#define LOOK        2000         /* [ms] as first.c has it */

static struct reload_outcome outcome;
static char said[SAID_MAX];      /* all messages of the last reload */
static unsigned errors;

static const enum transport transportv[] = {
	TRANSPORT_UDP, TRANSPORT_TCP, TRANSPORT_TLS,
};


static void setup(void)
{
	rig_setup();
	rig_tls(CERTIFICATE, CA_DAYS);
}


/* Nobody but the daemon has its configuration: what is freed too early is
 * found by the sanitizer. */
static void start(void)
{
	rig_start("");
	rig.config = mem_deref(rig.config);
}


/* The accounts to come are those of the next file. */
static void next_file(void)
{
	rig.accounts->pos = rig.accounts->end = 0;
}


static void message_handler(bool error, const char *text, void *arg)
{
	const size_t len = strlen(said);

	(void)arg;
	errors += error;
	(void)snprintf(said + len, sizeof(said) - len, "%s\n", text);
}


static int reload_with(const char *globals)
{
	rig_write(globals);
	said[0] = '\0';
	errors = 0;
	memset(&outcome, 0, sizeof(outcome));

	return daemon_reload(rig.daemon, &outcome, message_handler, NULL);
}


static void reload(void)
{
	ck_assert_int_eq(0, reload_with(""));
}


static void assert_outcome(size_t added, size_t removed, size_t changed,
			   size_t unchanged)
{
	ck_assert_uint_eq(added, outcome.added);
	ck_assert_uint_eq(removed, outcome.removed);
	ck_assert_uint_eq(changed, outcome.changed);
	ck_assert_uint_eq(unchanged, outcome.unchanged);
}


static const struct registrar_message *last(const char *name)
{
	const struct registrar_message *m =
		registrar_received(rig.reg, name, "REGISTER", -1);

	ck_assert_ptr_nonnull(m);

	return m;
}


static bool no_binding(void *arg)
{
	return registrar_bindings(rig.reg, arg) == 0;
}


static void expect_no_binding(const char *name)
{
	ck_assert_msg(harness_wait(no_binding, (void *)name, RIG_WAIT),
		      "%s is still bound", name);
}


/* The n-th REGISTER of this user un-registers. */
static void expect_unregister(const char *name, unsigned n)
{
	if (rig_registers(name) < n)
		ck_assert(harness_wait(no_binding, (void *)name, RIG_WAIT));
	ck_assert_uint_ge(rig_registers(name), n);
	rig_has(rig_text(name, (int)n - 1), "expires=0");
}


/* Does every REGISTER go on where the last one ended? */
static void assert_goes_on(const char *name)
{
	uint32_t v[64];
	const size_t n = registrar_cseqs(rig.reg, name, v, 64);

	for (size_t i = 1; i < n && i < 64; i++)
		ck_assert_uint_gt(v[i], v[i - 1]);

	ck_assert_uint_eq(1, registrar_call_ids(rig.reg, name));
}


/* Un-REGISTERs are answered late from now on, so that leaving takes time. */
static void answer_late(const char *name)
{
	const struct registrar_rule late = {
		.user = name, .kind = RULE_NORMAL, .delay = SLOW, .count = 1,
	};

	rig_rule(&late);
}


/* --- accounts that stay --- */

static bool has_account(void *arg)
{
	(void)arg;

	return daemon_agent(rig.daemon, 0) != NULL;
}


/* Nobody tells it to reload. */
START_TEST(a_daemon_without_accounts_finds_its_first_one)
{
	FILE *f;

	start();
	ck_assert_ptr_null(daemon_agent(rig.daemon, 0));

	f = fopen(rig_path("sipregd.conf"), "w");
	ck_assert_ptr_nonnull(f);
	(void)fputs("accounts = ( { name = ", f);
	ck_assert_int_eq(0, fclose(f));
	harness_run(2 * LOOK);
	ck_assert_ptr_null(daemon_agent(rig.daemon, 0));

	rig_account("alice", TRANSPORT_UDP, "%s", "");
	rig_write("");
	ck_assert(harness_wait(has_account, NULL, RIG_WAIT));
	rig_expect_registered("alice");

	/* from then on somebody has to */
	rig_account("bob", TRANSPORT_UDP, "%s", "");
	rig_write("");
	harness_run(2 * LOOK);
	ck_assert_ptr_null(daemon_find(rig.daemon, "bob"));
}
END_TEST


START_TEST(an_unchanged_account_sends_nothing_and_keeps_its_flow)
{
	const unsigned n = 2;
	unsigned conn;
	uint32_t cseq;

	rig_account("alice", transportv[_i], "%s", "");
	start();
	rig_expect_proven("alice");
	ck_assert_uint_eq(n, rig_registers("alice"));
	conn = last("alice")->conn;
	cseq = last("alice")->cseq;

	for (unsigned i = 0; i < 3; i++) {
		reload();
		assert_outcome(0, 0, 0, 1);
	}

	harness_run(QUIET);
	ck_assert_uint_eq(n, rig_registers("alice"));
	ck_assert(rig_state("alice")->verdict.registered);

	ck_assert(rig_register("alice").registered);
	ck_assert_uint_eq(n + 1, rig_registers("alice"));
	ck_assert_uint_eq(conn, last("alice")->conn);
	ck_assert_uint_eq(cseq + 1, last("alice")->cseq);
	assert_goes_on("alice");
}
END_TEST


START_TEST(an_unchanged_account_waits_on)
{
	const struct registrar_rule busy = {
		.kind = RULE_ANSWER, .code = 503,
		.headers = "Retry-After: 100\r\n",
	};
	unsigned n;

	rig_rule(&busy);
	rig_account("alice", TRANSPORT_TCP, "%s", "");
	start();
	rig_expect_reason("alice", REASON_RETRY_AFTER);
	n = rig_registers("alice");

	reload();
	harness_run(QUIET);
	ck_assert_uint_eq(n, rig_registers("alice"));
	ck_assert_int_eq(REASON_RETRY_AFTER,
			 rig_state("alice")->verdict.reason);
}
END_TEST


START_TEST(only_the_one_that_changed_sends)
{
	unsigned a, c;

	rig_account("a", TRANSPORT_TCP, "%s", "");
	rig_account("b", TRANSPORT_TCP, "%s", "");
	rig_account("c", TRANSPORT_TCP, "%s", "");
	start();
	rig_expect_proven("a");
	rig_expect_proven("b");
	rig_expect_proven("c");
	a = rig_registers("a");
	c = rig_registers("c");

	/* and another order: that of the file */
	next_file();
	rig_account("c", TRANSPORT_TCP, "%s", "");
	rig_account("d", TRANSPORT_TCP, "%s", "");
	rig_account("b", TRANSPORT_TCP, "%s", "expires = 600;");
	rig_account("a", TRANSPORT_TCP, "%s", "");
	reload();
	assert_outcome(1, 0, 1, 2);

	ck_assert_str_eq("c", agent_conf(daemon_agent(rig.daemon, 0))->name);
	ck_assert_str_eq("d", agent_conf(daemon_agent(rig.daemon, 1))->name);
	ck_assert_str_eq("b", agent_conf(daemon_agent(rig.daemon, 2))->name);
	ck_assert_str_eq("a", agent_conf(daemon_agent(rig.daemon, 3))->name);
	ck_assert_ptr_null(daemon_agent(rig.daemon, 4));

	rig_expect_registered("d");
	rig_expect_registered("b");
	harness_run(QUIET);
	ck_assert_uint_eq(a, rig_registers("a"));
	ck_assert_uint_eq(c, rig_registers("c"));
}
END_TEST


/* --- accounts that change --- */

START_TEST(a_changed_account_goes_on_over_a_new_flow)
{
	unsigned conn, n;

	rig_account("alice", transportv[_i], "%s", "");
	start();
	rig_expect_proven("alice");
	conn = last("alice")->conn;
	n = rig_registers("alice");

	next_file();
	rig_account("alice", transportv[_i], "%s", "expires = 600;");
	reload();
	assert_outcome(0, 0, 1, 0);
	rig_expect_registered("alice");

	ck_assert_uint_gt(rig_registers("alice"), n);
	ck_assert_uint_ne(conn, last("alice")->conn);
	ck_assert_uint_eq(600, rig_reg("alice")->granted);
	assert_goes_on("alice");

	/* the first one on names the old binding, so that it is not left */
	ck_assert_uint_eq(1, registrar_bindings(rig.reg, "alice"));
}
END_TEST


START_TEST(its_journal_says_that_the_configuration_changed)
{
	const struct journal *j;
	bool config = false;

	rig_account("alice", TRANSPORT_UDP, "%s", "");
	start();
	rig_expect_registered("alice");

	next_file();
	rig_account("alice", TRANSPORT_UDP, "%s", "expires = 600;");
	reload();

	j = &rig_state("alice")->journal;
	for (uint32_t i = 0; i < j->count; i++)
		config |= journal_get(j, i)->type == EVENT_CONFIG;
	ck_assert(config);
}
END_TEST


START_TEST(another_password_acts_at_once_and_ends_a_hold)
{
	rig_account("alice", TRANSPORT_TCP, "%s", "password = \"wrong\";");
	start();
	rig_expect_reason("alice", REASON_CREDENTIALS);

	/* it is held, whatever else is read again */
	reload();
	assert_outcome(0, 0, 0, 1);
	harness_run(QUIET);
	ck_assert_int_eq(REASON_CREDENTIALS,
			 rig_state("alice")->verdict.reason);

	next_file();
	rig_account("alice", TRANSPORT_TCP, "%s", "");
	reload();
	assert_outcome(0, 0, 1, 0);
	rig_expect_registered("alice");
}
END_TEST


START_TEST(another_line_in_a_password_file_acts_too)
{
	FILE *f = fopen(rig_path("password"), "w");
	char keys[400];

	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs("wrong\n", f), 0);
	ck_assert_int_eq(0, fclose(f));
	(void)snprintf(keys, sizeof(keys), "password_file = \"%s\";",
		       rig_path("password"));

	rig_account("alice", TRANSPORT_TCP, "%s", keys);
	start();
	rig_expect_reason("alice", REASON_CREDENTIALS);

	f = fopen(rig_path("password"), "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs("secret\n", f), 0);
	ck_assert_int_eq(0, fclose(f));
	reload();
	assert_outcome(0, 0, 1, 0);
	rig_expect_registered("alice");
}
END_TEST


START_TEST(another_aor_is_another_binding)
{
	const char *keys = "aor = \"sip:bob@example.org\"; "
		"auth_user = \"bob\";";
	unsigned n;

	rig_account("alice", TRANSPORT_TCP, "%s", "");
	start();
	rig_expect_registered("alice");
	n = rig_registers("alice");
	ck_assert_int_eq(0, registrar_account(rig.reg, "bob", NULL, "secret"));

	next_file();
	ck_assert_int_eq(0, mbuf_printf(
		rig.accounts, "{ name = \"alice\"; registrar = "
		"\"sip:127.0.0.1:%u\"; transport = \"tcp\"; %s }",
		sa_port(registrar_addr(rig.reg, TRANSPORT_TCP)), keys));
	reload();
	assert_outcome(0, 0, 1, 0);

	rig_expect_registered("alice");
	ck_assert_uint_eq(1, registrar_bindings(rig.reg, "bob"));
	expect_unregister("alice", n + 1);
	expect_no_binding("alice");
}
END_TEST


/* --- accounts that go and come --- */

START_TEST(a_removed_account_un_registers)
{
	unsigned n;

	rig_account("alice", transportv[_i], "%s", "");
	rig_account("bob", TRANSPORT_UDP, "%s", "");
	start();
	rig_expect_registered("alice");
	rig_expect_registered("bob");
	n = rig_registers("alice");

	next_file();
	rig_account("bob", TRANSPORT_UDP, "%s", "");
	reload();
	assert_outcome(0, 1, 0, 1);
	ck_assert_ptr_null(daemon_find(rig.daemon, "alice"));

	expect_unregister("alice", n + 1);
	expect_no_binding("alice");
	ck_assert_uint_eq(1, registrar_bindings(rig.reg, "bob"));
}
END_TEST


START_TEST(a_removed_account_leaves_its_binding_where_so_configured)
{
	unsigned n;

	rig_account("alice", TRANSPORT_TCP, "%s",
		    "unregister_on_stop = false;");
	start();
	rig_expect_registered("alice");
	n = rig_registers("alice");

	next_file();
	reload();
	assert_outcome(0, 1, 0, 0);
	harness_run(QUIET);
	ck_assert_uint_eq(n, rig_registers("alice"));
	ck_assert_uint_eq(1, registrar_bindings(rig.reg, "alice"));
}
END_TEST


START_TEST(disabled_it_un_registers_enabled_it_registers)
{
	rig_account("alice", TRANSPORT_TCP, "%s", "");
	start();
	rig_expect_registered("alice");

	next_file();
	rig_account("alice", TRANSPORT_TCP, "%s", "enabled = false;");
	reload();
	assert_outcome(0, 0, 1, 0);
	expect_no_binding("alice");
	ck_assert(!rig_state("alice")->started);

	next_file();
	rig_account("alice", TRANSPORT_TCP, "%s", "");
	reload();
	assert_outcome(0, 0, 1, 0);
	rig_expect_registered("alice");
	ck_assert_uint_eq(1, registrar_bindings(rig.reg, "alice"));
}
END_TEST


START_TEST(added_back_while_it_leaves_it_waits_for_that_and_goes_on)
{
	unsigned n;

	rig_account("alice", transportv[_i], "%s", "");
	start();
	rig_expect_registered("alice");
	n = rig_registers("alice");
	answer_late("alice");

	next_file();
	reload();
	assert_outcome(0, 1, 0, 0);
	rig_account("alice", transportv[_i], "%s", "");
	reload();
	assert_outcome(1, 0, 0, 0);
	harness_run(QUIET);
	ck_assert_uint_eq(n + 1, rig_registers("alice"));

	/* another one meanwhile changes nothing about it */
	reload();
	assert_outcome(0, 0, 0, 1);

	rig_expect_registered("alice");
	ck_assert_uint_eq(1, registrar_bindings(rig.reg, "alice"));
	rig_has(rig_text("alice", (int)n), "expires=0");
	assert_goes_on("alice");
}
END_TEST


START_TEST(under_another_name_it_waits_for_its_binding_too)
{
	unsigned n;

	rig_account("alice", TRANSPORT_TCP, "%s", "");
	start();
	rig_expect_registered("alice");
	n = rig_registers("alice");
	answer_late("alice");

	next_file();
	rig_account("alice", TRANSPORT_TCP, "%s", "name = \"renamed\";");
	rig.accounts->pos = rig.accounts->end = 0;
	ck_assert_int_eq(0, mbuf_printf(
		rig.accounts, "{ name = \"renamed\"; registrar = "
		"\"sip:127.0.0.1:%u\"; transport = \"tcp\"; "
		"aor = \"sip:alice@example.org\"; }",
		sa_port(registrar_addr(rig.reg, TRANSPORT_TCP))));
	reload();
	assert_outcome(1, 1, 0, 0);
	harness_run(QUIET);
	ck_assert_uint_eq(n + 1, rig_registers("alice"));

	rig_expect_registered("renamed");
	ck_assert_uint_eq(1, registrar_bindings(rig.reg, "alice"));
}
END_TEST


START_TEST(removed_again_before_it_began_it_is_forgotten)
{
	unsigned n;

	rig_account("alice", TRANSPORT_TCP, "%s", "");
	start();
	rig_expect_registered("alice");
	n = rig_registers("alice");
	answer_late("alice");

	next_file();
	reload();
	rig_account("alice", TRANSPORT_TCP, "%s", "");
	reload();
	next_file();
	reload();
	assert_outcome(0, 1, 0, 0);

	expect_no_binding("alice");
	harness_run(QUIET);
	ck_assert_uint_eq(n + 1, rig_registers("alice"));
}
END_TEST


START_TEST(the_daemon_stops_while_some_are_leaving)
{
	rig_account("alice", TRANSPORT_TCP, "%s", "");
	rig_account("bob", TRANSPORT_TCP, "%s", "");
	start();
	rig_expect_registered("alice");
	rig_expect_registered("bob");
	answer_late("alice");

	next_file();
	rig_account("bob", TRANSPORT_TCP, "%s", "");
	reload();
	rig_account("alice", TRANSPORT_TCP, "%s", "");
	reload();

	/* who leaves is waited for, who waits does not begin any more */
	(void)rig_stop();
	ck_assert_uint_eq(0, registrar_bindings(rig.reg, "alice"));
	ck_assert_uint_eq(0, registrar_bindings(rig.reg, "bob"));
	ck_assert_int_eq(EBUSY, reload_with(""));
	harness_run(QUIET);
	ck_assert_uint_eq(0, registrar_bindings(rig.reg, "alice"));
}
END_TEST


START_TEST(the_daemon_is_freed_while_some_are_leaving)
{
	rig_account("alice", TRANSPORT_TCP, "%s", "");
	start();
	rig_expect_registered("alice");
	answer_late("alice");

	next_file();
	reload();
	rig_account("alice", TRANSPORT_TCP, "%s", "");
	reload();
	rig.daemon = mem_deref(rig.daemon);
}
END_TEST


/* --- the operator's --- */

static void outcome_handler(const struct agent_outcome *o, void *arg)
{
	unsigned *n = arg;

	*n += o ? 1 : 100;
}


START_TEST(a_paused_account_stays_paused)
{
	unsigned told = 0, n;

	rig_account("alice", TRANSPORT_TCP, "%s", "");
	start();
	rig_expect_registered("alice");
	ck_assert_int_eq(0, agent_pause(rig_agent("alice"), outcome_handler,
					&told));
	expect_no_binding("alice");
	ck_assert(harness_wait(harness_count, &told, RIG_WAIT));
	n = rig_registers("alice");

	reload();
	assert_outcome(0, 0, 0, 1);
	next_file();
	rig_account("alice", TRANSPORT_TCP, "%s", "expires = 600;");
	reload();
	assert_outcome(0, 0, 1, 0);

	harness_run(QUIET);
	ck_assert_uint_eq(n, rig_registers("alice"));
	ck_assert_int_eq(REASON_PAUSED, rig_state("alice")->verdict.reason);
}
END_TEST


START_TEST(who_waits_for_an_account_that_goes_is_told)
{
	const struct registrar_rule silence = {.kind = RULE_DROP};
	unsigned told = 0;

	rig_account("alice", TRANSPORT_TCP, "%s", "");
	start();
	rig_expect_registered("alice");
	rig_rule(&silence);
	ck_assert_int_eq(0, agent_register(rig_agent("alice"),
					   outcome_handler, &told));

	next_file();
	rig_account("alice", TRANSPORT_TCP, "%s", "expires = 600;");
	reload();
	ck_assert_uint_eq(100, told);
}
END_TEST


/* --- the whole --- */

START_TEST(a_bad_file_changes_nothing_and_says_every_error)
{
	unsigned n;

	rig_account("alice", TRANSPORT_TCP, "%s", "");
	start();
	rig_expect_proven("alice");
	n = rig_registers("alice");

	next_file();
	rig_account("alice", TRANSPORT_TCP, "%s", "expires = 1;");
	rig_account("bob", TRANSPORT_TCP, "%s", "colour = \"red\";");
	ck_assert_int_eq(EINVAL, reload_with("user_agent = \"other\";"));
	ck_assert_uint_eq(2, errors);
	rig_has(said, "sipregd.conf:");
	rig_has(said, "expires");
	rig_has(said, "colour");

	ck_assert_ptr_null(daemon_find(rig.daemon, "bob"));
	harness_run(QUIET);
	ck_assert_uint_eq(n, rig_registers("alice"));

	ck_assert(rig_register("alice").registered);
	rig_has_not(rig_text("alice", -1), "User-Agent: other");
	ck_assert_uint_eq(n + 1, rig_registers("alice"));
}
END_TEST


START_TEST(a_file_that_is_gone_changes_nothing)
{
	rig_account("alice", TRANSPORT_TCP, "%s", "");
	start();
	rig_expect_registered("alice");

	ck_assert_int_eq(0, unlink(rig_path("sipregd.conf")));
	ck_assert_int_eq(EINVAL, daemon_reload(rig.daemon, &outcome,
					       message_handler, NULL));
	ck_assert(rig_state("alice")->verdict.registered);
}
END_TEST


START_TEST(another_user_agent_is_told_from_the_next_register_on)
{
	unsigned n;

	rig_account("alice", TRANSPORT_TCP, "%s", "");
	start();
	rig_expect_registered("alice");
	n = rig_registers("alice");

	ck_assert_int_eq(0, reload_with("user_agent = \"other/1\";"));
	assert_outcome(0, 0, 0, 1);
	harness_run(QUIET);
	ck_assert_uint_eq(n, rig_registers("alice"));

	ck_assert(rig_register("alice").registered);
	rig_has(rig_text("alice", -1), "User-Agent: other/1\r\n");
}
END_TEST


START_TEST(the_log_level_acts_at_once)
{
	rig_account("alice", TRANSPORT_TCP, "%s", "enabled = false;");
	start();

	/* the last one of a key twice is an error: so it is only here */
	log_set_level(LOG_LEVEL_DEBUG);
	reload();
	ck_assert(!log_enabled(LOG_LEVEL_DEBUG));

	log_set_level(LOG_LEVEL_DEBUG);
	daemon_fix_log_level(rig.daemon);
	reload();
	ck_assert(log_enabled(LOG_LEVEL_DEBUG));
	log_set_level(LOG_LEVEL_ERROR);
}
END_TEST


START_TEST(what_needs_a_restart_is_named_each_time)
{
	rig_account("alice", TRANSPORT_TCP, "%s", "enabled = false;");
	start();

	for (unsigned i = 0; i < 2; i++) {
		ck_assert_int_eq(0, reload_with(
			"instance_id = \"urn:uuid:"
			"11111111-2222-4333-8444-555555555555\";"));
		ck_assert_uint_eq(0, errors);
		rig_has(said, "instance_id: ");
		rig_has_not(said, "state_dir: ");
	}

	reload();
	ck_assert_str_eq("", said);
}
END_TEST


static unsigned turns;


static void turn_handler(void *arg)
{
	(void)arg;
	++turns;
}


/* Four askers, one a second: then a pace without limit. */
START_TEST(another_pace_acts_on_those_who_queue)
{
	const struct edges_conf slow = {.edge_connects = 1},
		fast = {.edge_connects = 0};
	struct edge_point *p;
	struct edge_turn v[4];
	struct edges *e;
	struct sa sa;
	msec_t begun;

	turns = 0;
	sa_init(&sa, AF_INET);
	ck_assert_int_eq(0, sa_set_str(&sa, "127.0.0.1", 5060));
	ck_assert_int_eq(0, edges_alloc(&e, &slow));
	ck_assert_int_eq(0, edges_get(&p, e, TRANSPORT_TCP, &sa));
	for (unsigned i = 0; i < 4; i++) {
		edge_turn_init(&v[i], EDGE_CONNECT, turn_handler, NULL,
			       NULL);
		edge_turn_ask(&v[i], p, PACE_NEW, loop_now());
	}

	harness_run(QUIET);
	ck_assert_uint_eq(1, turns);

	begun = loop_now();
	edges_set_conf(e, &fast);
	while (turns < 4 && loop_now() < begun + RIG_WAIT)
		harness_run(1);
	ck_assert_uint_eq(4, turns);
	ck_assert_uint_lt(loop_now() - begun, harness_patience(500));

	mem_deref(p);
	mem_deref(e);
}
END_TEST


START_TEST(twenty_reloads_leave_nothing_behind)
{
	rig_account("a", TRANSPORT_TCP, "%s", "");
	start();
	rig_expect_registered("a");

	for (unsigned i = 0; i < 20; i++) {
		next_file();
		rig_account("a", TRANSPORT_TCP, "%s", "");
		rig_account("b", TRANSPORT_TCP, "expires = %u;", 600 + i);
		if (i % 2)
			rig_account("c", TRANSPORT_UDP, "%s", "");
		reload();
		rig_expect_registered("b");
	}

	ck_assert_uint_eq(1, registrar_bindings(rig.reg, "a"));
	ck_assert_uint_eq(1, registrar_bindings(rig.reg, "b"));
	assert_goes_on("b");
}
END_TEST


Suite *suite_reload(void);
Suite *suite_reload(void)
{
	Suite *s = suite_create("reload");
	TCase *tc = tcase_create("reload");

	tcase_add_checked_fixture(tc, setup, rig_teardown);
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, a_daemon_without_accounts_finds_its_first_one);
	tcase_add_loop_test(
		tc, an_unchanged_account_sends_nothing_and_keeps_its_flow, 0,
		3);
	tcase_add_test(tc, an_unchanged_account_waits_on);
	tcase_add_test(tc, only_the_one_that_changed_sends);
	tcase_add_loop_test(tc, a_changed_account_goes_on_over_a_new_flow, 0,
			    3);
	tcase_add_test(tc, its_journal_says_that_the_configuration_changed);
	tcase_add_test(tc, another_password_acts_at_once_and_ends_a_hold);
	tcase_add_test(tc, another_line_in_a_password_file_acts_too);
	tcase_add_test(tc, another_aor_is_another_binding);
	tcase_add_loop_test(tc, a_removed_account_un_registers, 0, 3);
	tcase_add_test(
		tc, a_removed_account_leaves_its_binding_where_so_configured);
	tcase_add_test(tc, disabled_it_un_registers_enabled_it_registers);
	tcase_add_loop_test(
		tc, added_back_while_it_leaves_it_waits_for_that_and_goes_on,
		0, 3);
	tcase_add_test(tc, under_another_name_it_waits_for_its_binding_too);
	tcase_add_test(tc, removed_again_before_it_began_it_is_forgotten);
	tcase_add_test(tc, the_daemon_stops_while_some_are_leaving);
	tcase_add_test(tc, the_daemon_is_freed_while_some_are_leaving);
	tcase_add_test(tc, a_paused_account_stays_paused);
	tcase_add_test(tc, who_waits_for_an_account_that_goes_is_told);
	tcase_add_test(tc, a_bad_file_changes_nothing_and_says_every_error);
	tcase_add_test(tc, a_file_that_is_gone_changes_nothing);
	tcase_add_test(
		tc, another_user_agent_is_told_from_the_next_register_on);
	tcase_add_test(tc, the_log_level_acts_at_once);
	tcase_add_test(tc, what_needs_a_restart_is_named_each_time);
	tcase_add_test(tc, another_pace_acts_on_those_who_queue);
	tcase_add_test(tc, twenty_reloads_leave_nothing_behind);
	suite_add_tcase(s, tc);

	return s;
}
