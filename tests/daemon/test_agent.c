/* An account and a registrar: registered, refreshed, counted, un-registered.
 * What goes wrong is in test_agent_failures.c, keepalive in
 * test_agent_keepalive.c, what comes in in test_inbound.c. */

#include <stdio.h>
#include <string.h>
#include "dns_server.h"
#include "rig.h"


#define CERTIFICATE "IP:127.0.0.1"

static const enum transport transportv[] = {
	TRANSPORT_UDP, TRANSPORT_TCP, TRANSPORT_TLS,
};

static const enum registrar_algorithm algorithmv[] = {
	REGISTRAR_MD5, REGISTRAR_SHA_256, REGISTRAR_SHA_512_256,
};


static void setup(void)
{
	rig_setup();
	rig_tls(CERTIFICATE, CA_DAYS);
}


/* CSeq grew by one each time, and within one Call-ID. */
static void assert_one_sequence(const char *name)
{
	uint32_t v[64];
	const size_t n = registrar_cseqs(rig.reg, name, v, 64);

	for (size_t i = 1; i < n && i < 64; i++)
		ck_assert_uint_eq(v[i], v[i - 1] + 1);

	ck_assert_uint_eq(registrar_call_ids(rig.reg, name), 1);
}


START_TEST(registers_over_every_transport_with_every_algorithm)
{
	const enum transport t = transportv[_i % 3];
	struct registrar_binding b;

	rig.conf->algv[0] = algorithmv[_i / 3];
	rig_account("alice", t, "%s", "");
	rig_start("");
	rig_expect_registered("alice");

	ck_assert_uint_eq(rig_registers("alice"), 2);
	ck_assert_uint_eq(registrar_counters(rig.reg)->malformed, 0);
	ck_assert(registrar_binding(rig.reg, "alice", 0, &b));
	ck_assert(b.flow_open);
	rig_has(b.uri, "sip:alice@127.0.0.1:");
	rig_has(b.uri, ";sipregd=");
	rig_has(b.params, "+sip.instance=\"<urn:uuid:");
	rig_has(b.params, ";reg-id=1");
	assert_one_sequence("alice");

	/* The address is the one at which the registrar sees us. */
	rig_expect_reason("alice", REASON_OK);
	ck_assert_int_eq(rig_state("alice")->verdict.reachable, REACHABLE_YES);
	ck_assert_int_eq(rig_state("alice")->verdict.evidence, EVIDENCE_FLOW);
}
END_TEST


START_TEST(registers_over_ipv6)
{
	struct registrar_binding b;
	struct registrar *reg;

	ck_assert_int_eq(0, registrar_alloc(&reg));
	mem_deref(rig.reg);
	rig.reg = reg;
	rig.host = "[::1]";
	ck_assert_int_eq(0, registrar_listen(reg, TRANSPORT_UDP, "[::1]:0",
					     NULL));

	rig_account("alice", TRANSPORT_UDP, "%s", "");
	rig_start("");
	rig_expect_reason("alice", REASON_OK);
	ck_assert(registrar_binding(rig.reg, "alice", 0, &b));
	rig_has(b.uri, "sip:alice@[::1]:");
}
END_TEST


START_TEST(of_several_challenges_the_topmost_supported_is_answered)
{
	rig.conf->algv[0] = REGISTRAR_SHA_512_256;
	rig.conf->algv[1] = REGISTRAR_SHA_256;
	rig.conf->algv[2] = REGISTRAR_MD5;
	rig.conf->algc = 3;

	rig_account("alice", TRANSPORT_TCP, "%s", "");
	rig_start("");
	rig_expect_registered("alice");
	rig_has(rig_text("alice", -1), "algorithm=SHA-512-256");
	ck_assert_uint_eq(rig_registers("alice"), 2);
}
END_TEST


START_TEST(a_proxys_407_is_answered_like_a_401)
{
	rig.conf->proxy_auth = true;
	rig_account("alice", TRANSPORT_UDP, "%s", "");
	rig_start("");
	rig_expect_registered("alice");
	rig_has(rig_text("alice", -1), "\r\nProxy-Authorization: Digest ");
	ck_assert_uint_eq(rig_registers("alice"), 2);
}
END_TEST


/* RFC 3261 §22.3 */
START_TEST(a_proxy_and_then_the_registrar_are_answered)
{
	rig.conf->proxy_realm = "proxy.example.org";
	rig_account("alice", transportv[_i], "%s", "");
	rig_start("");
	rig_expect_registered("alice");
	ck_assert_uint_eq(rig_registers("alice"), 3);
	ck_assert_uint_eq(rig_reg("alice")->challenge.refusals, 0);
	rig_has(rig_text("alice", -1), "\r\nAuthorization: Digest ");
	rig_has(rig_text("alice", -1), "\r\nProxy-Authorization: Digest ");

	/* Both nonces may be reused. */
	ck_assert(rig_register("alice").registered);
	ck_assert_uint_eq(rig_registers("alice"), 4);
	ck_assert_uint_eq(registrar_counters(rig.reg)->malformed, 0);
	assert_one_sequence("alice");
}
END_TEST


START_TEST(a_proxy_with_one_time_nonces_is_answered_every_time)
{
	rig.conf->proxy_realm = "proxy.example.org";
	rig.conf->nonces = NONCES_ONCE;
	rig_account("alice", TRANSPORT_TCP, "%s", "");
	rig_start("");
	rig_expect_registered("alice");

	for (unsigned i = 0; i < 4; i++)
		ck_assert(rig_register("alice").registered);

	ck_assert_uint_eq(rig_reg("alice")->challenge.refusals, 0);
}
END_TEST


START_TEST(a_nonce_that_may_be_reused_saves_the_challenge)
{
	rig_one("alice", transportv[_i], "");

	for (unsigned i = 1; i <= 3; i++) {
		ck_assert(rig_register("alice").registered);
		ck_assert_uint_eq(rig_registers("alice"), 2 + i);
	}

	rig_has(rig_text("alice", -1), "nc=00000004");
	assert_one_sequence("alice");
}
END_TEST


START_TEST(nextnonce_is_used)
{
	rig.conf->nextnonce = true;
	rig.conf->nonces = NONCES_ONCE;
	rig_one("alice", TRANSPORT_TCP, "");

	for (unsigned i = 1; i <= 3; i++) {
		ck_assert(rig_register("alice").registered);
		ck_assert_uint_eq(rig_registers("alice"), 2 + i);
	}
}
END_TEST


START_TEST(one_time_nonces_cost_two_requests_and_no_more)
{
	rig.conf->nonces = NONCES_ONCE;
	rig_one("alice", TRANSPORT_TCP, "");

	for (unsigned i = 1; i <= 4; i++) {
		const struct agent_outcome o = rig_register("alice");

		ck_assert(o.registered);
		ck_assert_int_eq(o.reason, REASON_OK);
		ck_assert_uint_eq(rig_registers("alice"), 2 + 2 * i);
	}

	/* Two reused ones were refused; then none is sent first any more. */
	ck_assert_uint_eq(registrar_counters(rig.reg)->stale, 2);
	assert_one_sequence("alice");
}
END_TEST


START_TEST(one_register_per_refresh_before_half_of_the_lease_is_over)
{
	const char *const namev[] = {"udp", "tcp", "tls"};

	/* 5 s is the shortest gap after an answer that there is. */
	rig.conf->grant = 10;
	for (unsigned i = 0; i < 3; i++)
		rig_account(namev[i], transportv[i], "%s", "");
	rig_start("");

	for (unsigned i = 0; i < 3; i++) {
		rig_expect_registered(namev[i]);
		ck_assert_uint_eq(rig_reg(namev[i])->granted, 10);
		ck_assert_uint_eq(rig_registers(namev[i]), 2);
	}

	for (unsigned i = 0; i < 3; i++)
		rig_expect_registers(namev[i], 3, 6000);
	harness_run(200);

	for (unsigned i = 0; i < 3; i++) {
		ck_assert_uint_eq(rig_registers(namev[i]), 3);
		ck_assert_uint_eq(rig_state(namev[i])->responses_2xx, 2);
		ck_assert(rig_state(namev[i])->verdict.registered);
		assert_one_sequence(namev[i]);

		/* The configured time is asked for, whatever was granted. */
		rig_has(rig_text(namev[i], -1), "Expires: 3600\r\n");
	}
}
END_TEST


START_TEST(the_lease_is_that_of_our_own_binding)
{
	static const char *const contactv[] = {
		"<sip:bob@192.0.2.9>;expires=3600, <{uri}>;expires=120",
		"<{uri};x=1>;q=0.7;EXPIRES=120, \"B, b\" <sip:b,c@192.0.2.9>",
		"sip:bob@192.0.2.9;expires=7,\t{contact};expires=120",
		"<sip:bob@192.0.2.9>\r\nm: \"me\" <{uri}> ; Expires = \"120\"",
	};
	const struct registrar_rule rule = {
		.kind = RULE_ACCEPTED, .contacts = contactv[_i],
		.headers = "Expires: 1800\r\n",
	};

	/* {contact} is ours with its ;expires=3600: the first counts there */
	rig_rule(&rule);
	rig_account("alice", TRANSPORT_UDP, "expires = %d;",
		    _i == 2 ? 120 : 3600);
	rig_start("");
	rig_expect_registered("alice");

	ck_assert_uint_eq(rig_reg("alice")->granted, 120);
	ck_assert_uint_le(rig_reg("alice")->lease_end, loop_now() + 120000);
	ck_assert_uint_eq(rig_state("alice")->regv[0].own, 1);
	ck_assert_uint_eq(rig_state("alice")->regv[0].foreign, 1);
}
END_TEST


/* sipsorcery#1375: the list as it was, our own entry private. Nothing else in
 * it is known as ours, so all of it is foreign. */
static void start_at_the_provider(const char *keys)
{
	const struct registrar_rule rule = {
		.kind = RULE_ACCEPTED,
		.contacts = "<{uri}>;expires=600, "
			    "<sip:194.64.145.30:53237>;expires=397, "
			    "<sip:172.18.0.5:37736>;expires=287, "
			    "<sip:194.64.145.30:52555>;expires=214",
	};

	rig_rule(&rule);
	ck_assert_int_eq(0, sa_set_str(&rig.conf->seen, "194.64.145.30",
				       51629));
	rig_account("alice", TRANSPORT_UDP, "%s", keys);
	rig_start("");
}


START_TEST(a_contact_learned_from_the_challenge_is_reachable)
{
	const struct account *a;

	start_at_the_provider("");
	rig_expect_reason("alice", REASON_OK);

	a = rig_state("alice");
	ck_assert_int_eq(a->verdict.reachable, REACHABLE_YES);
	ck_assert_uint_eq(a->regv[0].foreign, 3);
	ck_assert_uint_eq(a->registers_sent, 2);
	ck_assert_ptr_null(strstr(rig_text("alice", -1),
				  "@194.64.145.30:53237"));
}
END_TEST


START_TEST(a_private_contact_in_the_200_is_not_reachable)
{
	const struct account *a;

	start_at_the_provider("contact = { policy = \"local\"; };");
	rig_expect_reason("alice", REASON_BINDING_PRIVATE);

	a = rig_state("alice");
	ck_assert(a->verdict.registered);
	ck_assert_int_eq(a->verdict.reachable, REACHABLE_NO);
	ck_assert_uint_eq(rig_reg("alice")->granted, 600);
	ck_assert_uint_eq(a->regv[0].foreign, 3);
	ck_assert_uint_eq(a->regv[0].ghosts, 0);
}
END_TEST


START_TEST(a_confirmed_outbound_makes_any_contact_reachable)
{
	rig.conf->outbound = true;
	rig.conf->flow_timer = 20;
	ck_assert_int_eq(0, sa_set_str(&rig.conf->seen, "203.0.113.7", 40112));

	rig_account("alice", TRANSPORT_TCP, "%s", "");
	rig_start("");
	rig_expect_reason("alice", REASON_OK);
	ck_assert(rig_reg("alice")->outbound);
	ck_assert_uint_eq(flow_interval(rig_flow("alice").flow), 20000);
}
END_TEST


/* --- stop --- */

START_TEST(stop_removes_our_binding_and_no_other)
{
	static const char foreign[] =
		"REGISTER sip:example.org SIP/2.0\r\n"
		"Via: SIP/2.0/UDP 127.0.0.3:5060;rport;branch=z9hG4bKx\r\n"
		"From: <sip:alice@example.org>;tag=1\r\n"
		"To: <sip:alice@example.org>\r\n"
		"Call-ID: other\r\nCSeq: 1 REGISTER\r\n"
		"Contact: <sip:alice@127.0.0.3>\r\nContent-Length: 0\r\n\r\n";
	struct registrar_binding b;
	struct rig_peer other;
	const char *last;

	rig.conf->open = true;
	ck_assert_int_eq(0, registrar_account(rig.reg, "alice", NULL, ""));
	rig_peer_open(&other, "127.0.0.3");
	rig_peer_send(&other, registrar_addr(rig.reg, TRANSPORT_UDP), foreign);
	ck_assert(harness_wait(harness_count, &other.received, RIG_WAIT));

	rig_one("alice", transportv[_i], "");
	ck_assert_uint_eq(registrar_bindings(rig.reg, "alice"), 2);
	ck_assert_uint_lt(rig_stop(), harness_patience(1000));

	ck_assert_uint_eq(registrar_bindings(rig.reg, "alice"), 1);
	ck_assert(registrar_binding(rig.reg, "alice", 0, &b));
	ck_assert_str_eq(b.uri, "sip:alice@127.0.0.3");

	last = rig_text("alice", -1);
	rig_has(last, ";expires=0\r\n");
	rig_has(last, "\r\nExpires: 0\r\n");
	rig_has_not(last, "Contact: *");
	rig_has_not(last, "127.0.0.3");
	rig_peer_close(&other);
}
END_TEST


START_TEST(stop_answers_the_challenge_to_its_last_register)
{
	rig.conf->nonces = NONCES_ONCE;
	rig_one("alice", TRANSPORT_TLS, "");
	ck_assert_uint_lt(rig_stop(), harness_patience(1000));
	ck_assert_uint_eq(registrar_bindings(rig.reg, "alice"), 0);
	ck_assert_uint_eq(rig_registers("alice"), 4);
}
END_TEST


START_TEST(stop_leaves_the_binding_if_told_so)
{
	rig_one("alice", TRANSPORT_TCP, "unregister_on_stop = false;");
	ck_assert_uint_lt(rig_stop(), harness_patience(1000));
	ck_assert_uint_eq(registrar_bindings(rig.reg, "alice"), 1);
	ck_assert_uint_eq(rig_registers("alice"), 2);
}
END_TEST


START_TEST(stop_does_not_wait_for_a_silent_registrar_beyond_5_s)
{
	const struct registrar_rule drop = {.kind = RULE_DROP};
	msec_t took;

	rig_account("udp", TRANSPORT_UDP, "%s", "");
	rig_account("tcp", TRANSPORT_TCP, "%s", "");
	rig_start("");
	rig_expect_registered("udp");
	rig_expect_registered("tcp");

	rig_rule(&drop);
	took = rig_stop();
	ck_assert_uint_ge(took, 4500);
	ck_assert_uint_le(took, harness_patience(5300));
	ck_assert_uint_eq(rig_state("udp")->registers_sent, 3);
	ck_assert_uint_eq(rig_state("tcp")->registers_sent, 3);
	ck_assert(account_left_behind(rig_state("udp")));
}
END_TEST


START_TEST(stop_before_anything_was_said_ends_at_once)
{
	rig.conf->deaf = true;
	rig_account("alice", TRANSPORT_TLS, "%s", "");
	rig_account("off", TRANSPORT_UDP, "enabled = false;");
	rig_start("");
	harness_run(100);
	ck_assert_uint_lt(rig_stop(), harness_patience(500));
	ck_assert_uint_eq(rig_registers("alice"), 0);
	ck_assert_uint_eq(rig_registers("off"), 0);
}
END_TEST


/* --- the operator's REGISTER --- */

struct asked {
	unsigned count;
	bool aborted;            /* the agent ended before */
	struct agent_outcome last;
};


static void outcome_handler(const struct agent_outcome *o, void *arg)
{
	struct asked *asked = arg;

	++asked->count;
	if (o)
		asked->last = *o;
	else
		asked->aborted = true;
}


static void ask(struct asked *asked)
{
	memset(asked, 0, sizeof(*asked));
	ck_assert_int_eq(0, agent_register(rig_agent("alice"), outcome_handler,
					   asked));
}


static void wait_for(struct asked *asked)
{
	ck_assert(harness_wait(harness_count, &asked->count, RIG_WAIT));
	ck_assert_uint_eq(asked->count, 1);
}


START_TEST(a_refused_order_to_register_says_so)
{
	const struct registrar_rule rule = {
		.kind = RULE_ANSWER, .code = 403, .count = 1,
	};
	struct agent_outcome o;

	rig_one("alice", TRANSPORT_TCP, "");
	rig_rule(&rule);
	o = rig_register("alice");
	ck_assert_uint_eq(o.code, 403);
	ck_assert_int_eq(o.reason, REASON_FORBIDDEN);
	ck_assert(o.registered);         /* the lease has not ended */
	ck_assert_str_eq(agent_last_reason(rig_agent("alice")), "Forbidden");

	/* and the next order ends the hold */
	o = rig_register("alice");
	ck_assert_uint_eq(o.code, 200);
	ck_assert_int_eq(o.reason, REASON_OK);
}
END_TEST


START_TEST(an_order_while_one_is_in_flight_sends_another)
{
	const struct registrar_rule late = {
		.kind = RULE_NORMAL, .delay = 100, .count = 2,
	};
	struct asked first, second;
	unsigned before;

	rig_one("alice", TRANSPORT_TCP, "");
	before = rig_registers("alice");
	rig_rule(&late);

	ask(&first);
	rig_expect_registers("alice", before + 1, RIG_WAIT);
	ask(&second);
	wait_for(&first);
	ck_assert_uint_eq(second.count, 0);
	wait_for(&second);
	ck_assert_uint_eq(rig_registers("alice"), before + 2);
	ck_assert_uint_eq(first.count, 1);
}
END_TEST


START_TEST(an_order_while_the_edge_is_down_says_so_and_then_works)
{
	struct asked asked;

	rig_one("alice", TRANSPORT_TCP, "");
	rig_expect_proven("alice");
	registrar_stop(rig.reg);
	rig_expect_reason("alice", REASON_CONNECT_REFUSED);

	ask(&asked);
	wait_for(&asked);
	ck_assert_int_eq(asked.last.reason, REASON_CONNECT_REFUSED);

	ck_assert_int_eq(0, registrar_start(rig.reg));
	ask(&asked);
	wait_for(&asked);
	ck_assert(asked.last.registered);
	ck_assert_int_eq(asked.last.reason, REASON_OK);
}
END_TEST


START_TEST(an_order_that_outlives_its_agent_is_told_so)
{
	const struct registrar_rule late = {.kind = RULE_NORMAL, .delay = 50};
	struct asked asked;

	rig_one("alice", TRANSPORT_TCP, "");
	rig_rule(&late);
	ask(&asked);
	rig.daemon = mem_deref(rig.daemon);
	ck_assert_uint_eq(asked.count, 1);
	ck_assert(asked.aborted);
}
END_TEST


START_TEST(an_order_to_a_disabled_account_is_refused)
{
	struct asked asked = {0};

	rig_account("alice", TRANSPORT_TCP, "enabled = false;");
	rig_start("");
	ck_assert_int_eq(EINVAL, agent_register(rig_agent("alice"),
						outcome_handler, &asked));
	harness_run(50);
	ck_assert_uint_eq(asked.count, 0);
	ck_assert_uint_eq(rig_registers("alice"), 0);
}
END_TEST


/* --- names, and many --- */

START_TEST(the_second_address_is_used_where_the_first_refuses)
{
	static const struct dns_zone zonev[] = {
		{.name = "sip.example.org", .v4 = "127.0.0.9 127.0.0.1",
		 .ttl = 60},
		{NULL},
	};
	struct dns_server dns;
	char globals[96];

	ck_assert_int_eq(0, dns_server_start(&dns, zonev));
	(void)re_snprintf(globals, sizeof(globals),
			  "dns = { servers = [ \"%J\" ]; };", &dns.addr);

	rig.host = "sip.example.org";
	rig_account("alice", transportv[_i], "family = \"ipv4\"; "
		    "tls = { name = \"127.0.0.1\"; };");
	rig_start(globals);
	rig_expect_registered("alice");
	ck_assert(sa_cmp(rig_flow("alice").peer,
			 registrar_addr(rig.reg, transportv[_i]), SA_ALL));
	rig_has(rig_text("alice", -1), "REGISTER sip:sip.example.org:");
	mem_deref(rig.daemon);
	rig.daemon = NULL;
	dns_server_stop(&dns);
}
END_TEST


/* They ask for their connects while the edge is thought to be up. */
START_TEST(who_queues_at_an_edge_that_goes_down_goes_to_the_other)
{
	static const struct dns_zone zonev[] = {
		{.name = "sip.example.org", .v4 = "127.0.0.9 127.0.0.1",
		 .ttl = 60},
		{NULL},
	};
	enum { ACCOUNTS = 40 };
	struct dns_server dns;
	char globals[160], name[16];
	unsigned i;

	ck_assert_int_eq(0, dns_server_start(&dns, zonev));
	(void)re_snprintf(globals, sizeof(globals),
			  "dns = { servers = [ \"%J\" ]; };"
			  "pace = { edge_connects = 20; };", &dns.addr);

	rig.host = "sip.example.org";
	for (i = 0; i < ACCOUNTS; i++) {
		(void)re_snprintf(name, sizeof(name), "alice%u", i);
		rig_account(name, TRANSPORT_TCP, "family = \"ipv4\";");
	}
	rig_start(globals);
	for (i = 0; i < ACCOUNTS; i++) {
		(void)re_snprintf(name, sizeof(name), "alice%u", i);
		rig_expect_registered(name);
	}
	rig.daemon = mem_deref(rig.daemon);
	dns_server_stop(&dns);
}
END_TEST


#define MANY      200            /* accounts */
#define MANY_RATE 100            /* REGISTERs per second */


static bool all_registered(void *arg)
{
	size_t i;
	struct agent *a;
	(void)arg;

	for (i = 0; (a = daemon_agent(rig.daemon, i)); i++)
		if (!agent_account(a)->verdict.registered)
			return false;

	return i == MANY;
}


static bool is_register(const struct registrar_message *m)
{
	return m->in && !m->repeated && !strcmp(m->method, "REGISTER");
}


/* The most REGISTERs that came within any one second. */
static unsigned busiest_second(void)
{
	const struct le *le, *from = NULL;
	unsigned n = 0, most = 0;

	LIST_FOREACH(registrar_log(rig.reg), le) {

		const struct registrar_message *m = le->data;

		if (!is_register(m))
			continue;

		from = from ? from : registrar_log(rig.reg)->head;
		for (++n; ; from = from->next) {
			const struct registrar_message *old = from->data;

			if (old->at + SECONDS(1) > m->at)
				break;
			n -= is_register(old);
		}
		most = n > most ? n : most;
	}

	return most;
}


START_TEST(many_accounts_register_within_the_pace)
{
	const msec_t start = loop_now();
	char name[16];

	for (unsigned i = 1; i <= MANY; i++) {
		(void)snprintf(name, sizeof(name), "u%u", i);
		ck_assert_int_eq(0, registrar_account(rig.reg, name, NULL,
						      "secret"));
	}

	ck_assert_int_eq(0, mbuf_printf(
		rig.accounts, "{ name = \"u%%d\"; count = %u; "
		"aor = \"sip:u%%d@example.org\"; transport = \"udp\"; "
		"registrar = \"sip:127.0.0.1:%u\"; }", MANY,
		sa_port(registrar_addr(rig.reg, TRANSPORT_UDP))));
	rig_start("pace = { edge_registers = 100; edge_connects = 0; "
		  "connects = 0; };");
	ck_assert(harness_wait(all_registered, NULL, 8000));

	/* two each, and a tenth of a second's worth may go at once; what
	 * answers a challenge may overdraw */
	ck_assert_uint_ge(loop_now() - start,
			  (2 * MANY - MANY_RATE / 10) * 1000 / MANY_RATE
			  - 1000);
	ck_assert_uint_le(busiest_second(), MANY_RATE * 15 / 10);
	for (unsigned i = 1; i <= MANY; i++) {
		(void)snprintf(name, sizeof(name), "u%u", i);
		ck_assert_uint_eq(rig_registers(name), 2);
		ck_assert_uint_eq(registrar_bindings(rig.reg, name), 1);
	}
	ck_assert_uint_lt(rig_stop(), harness_patience(5000));
	ck_assert_uint_eq(registrar_bindings(rig.reg, NULL), 0);
}
END_TEST


static TCase *part(Suite *s, const char *name)
{
	TCase *tc = tcase_create(name);

	tcase_add_checked_fixture(tc, setup, rig_teardown);
	tcase_set_timeout(tc, 30);
	suite_add_tcase(s, tc);

	return tc;
}


Suite *suite_agent(void);

Suite *suite_agent(void)
{
	Suite *s = suite_create("agent");
	TCase *tc = part(s, "register");

	tcase_add_loop_test(
		tc, registers_over_every_transport_with_every_algorithm, 0, 9);
	tcase_add_test(tc, registers_over_ipv6);
	tcase_add_test(
		tc, of_several_challenges_the_topmost_supported_is_answered);
	tcase_add_test(tc, a_proxys_407_is_answered_like_a_401);
	tcase_add_loop_test(tc, a_proxy_and_then_the_registrar_are_answered,
			    0, 3);
	tcase_add_test(tc, a_proxy_with_one_time_nonces_is_answered_every_time);
	tcase_add_loop_test(tc, a_nonce_that_may_be_reused_saves_the_challenge,
			    0, 3);
	tcase_add_test(tc, nextnonce_is_used);
	tcase_add_test(
		tc, one_time_nonces_cost_two_requests_and_no_more);
	tcase_add_test(
		tc, one_register_per_refresh_before_half_of_the_lease_is_over);
	tcase_add_loop_test(tc, the_lease_is_that_of_our_own_binding, 0, 4);
	tcase_add_test(tc, a_contact_learned_from_the_challenge_is_reachable);
	tcase_add_test(tc, a_private_contact_in_the_200_is_not_reachable);
	tcase_add_test(tc, a_confirmed_outbound_makes_any_contact_reachable);

	tc = part(s, "stop");
	tcase_add_loop_test(tc, stop_removes_our_binding_and_no_other, 0, 3);
	tcase_add_test(tc, stop_answers_the_challenge_to_its_last_register);
	tcase_add_test(tc, stop_leaves_the_binding_if_told_so);
	tcase_add_test(tc,
		       stop_does_not_wait_for_a_silent_registrar_beyond_5_s);
	tcase_add_test(tc, stop_before_anything_was_said_ends_at_once);

	tc = part(s, "order");
	tcase_add_test(tc, a_refused_order_to_register_says_so);
	tcase_add_test(tc,
		       an_order_while_one_is_in_flight_sends_another);
	tcase_add_test(
		tc, an_order_while_the_edge_is_down_says_so_and_then_works);
	tcase_add_test(tc, an_order_that_outlives_its_agent_is_told_so);
	tcase_add_test(tc, an_order_to_a_disabled_account_is_refused);

	tc = part(s, "more");
	tcase_add_loop_test(
		tc, the_second_address_is_used_where_the_first_refuses, 0, 3);
	tcase_add_test(tc,
		       who_queues_at_an_edge_that_goes_down_goes_to_the_other);
	tcase_add_test(tc, many_accounts_register_within_the_pace);

	return s;
}
