/* What comes in on a flow: requests from the registrar and from strangers, and
 * bytes that are no SIP, too much of it or too little (SCENARIOS T22, T23). */

#include <stdlib.h>
#include <string.h>
#include "rig.h"


#define SILENT 150               /* [ms] for what must not happen */

static const enum transport transportv[] = {
	TRANSPORT_UDP, TRANSPORT_TCP, TRANSPORT_TLS,
};


static void setup(void)
{
	rig_setup();
	rig_tls("IP:127.0.0.1", CA_DAYS);
}


/* --- requests through the registrar --- */

struct result {
	unsigned done;
	uint16_t code;
	bool allow;
};


static void answer_handler(int err, uint16_t code, const struct sip_msg *msg,
			   void *arg)
{
	struct result *r = arg;

	ck_assert_int_eq(err, 0);
	r->code = code;
	r->allow = sip_msg_hdr_has_value(msg, SIP_HDR_ALLOW, "OPTIONS");
	++r->done;
}


static struct result request(const char *method)
{
	struct result r = {0};

	ck_assert_int_eq(0, registrar_request(rig.reg, "alice", method, NULL,
					      answer_handler, &r));
	ck_assert(harness_wait(harness_count, &r.done, RIG_WAIT));

	return r;
}


START_TEST(each_method_gets_its_answer)
{
	static const struct {
		const char *method;
		uint16_t code;
		bool allow;
	} v[] = {
		{"OPTIONS", 200, true}, {"NOTIFY", 200, false},
		{"INVITE", 480, false}, {"MESSAGE", 405, true},
		{"BYE", 481, false},    {"CANCEL", 481, false},
		{"REGISTER", 405, true},
	};
	const size_t n = sizeof(v) / sizeof(v[0]);

	rig_one("alice", transportv[_i], "");

	for (size_t i = 0; i < n; i++) {
		const struct result r = request(v[i].method);

		ck_assert_msg(r.code == v[i].code, "%s: %u", v[i].method,
			      r.code);
		ck_assert_msg(r.allow == v[i].allow, "%s: Allow",
			      v[i].method);
	}

	/* The ACK to our 480 counts as well. */
	harness_run(50);
	ck_assert_uint_eq(rig_state("alice")->inbound_requests, n + 1);
	ck_assert_int_eq(rig_state("alice")->verdict.evidence,
			 EVIDENCE_INBOUND);
	ck_assert_uint_eq(registrar_counters(rig.reg)->malformed, 0);
}
END_TEST


START_TEST(the_configured_code_refuses_calls)
{
	rig_one("alice", TRANSPORT_TCP, "inbound = { code = 486; };");
	ck_assert_uint_eq(request("INVITE").code, 486);
}
END_TEST


/* --- requests as text --- */

/* Answers that the registrar got to requests of method `met`. */
static unsigned answers(const char *met)
{
	const struct le *le;
	unsigned n = 0;

	LIST_FOREACH(registrar_log(rig.reg), le) {

		const struct registrar_message *m = le->data;

		n += m->in && m->code && !strcmp(m->method, met);
	}

	return n;
}


struct wanted {
	const char *method;
	unsigned n;
};


static bool has_answers(void *arg)
{
	const struct wanted *w = arg;

	return answers(w->method) >= w->n;
}


static void expect_answers(const char *method, unsigned n)
{
	struct wanted w = {method, n};

	if (!harness_wait(has_answers, &w, RIG_WAIT))
		ck_abort_msg("%u answers to %s", answers(method), method);
}


/* The URI under which the registrar knows us. */
static const char *our_uri(void)
{
	struct registrar_binding b;
	const unsigned n = registrar_bindings(rig.reg, "alice");

	ck_assert(registrar_binding(rig.reg, "alice", n - 1, &b));

	return b.uri;
}


static const char *request_text(const char *method, const char *uri)
{
	static char text[1024];
	static unsigned serial;

	(void)re_snprintf(text, sizeof(text),
			  "%s %s SIP/2.0\r\n"
			  "Via: SIP/2.0/%s 127.0.0.1:5060;rport;"
			  "branch=z9hG4bKt%u\r\n"
			  "From: <sip:x@example.org>;tag=1\r\n"
			  "To: <sip:alice@example.org>\r\n"
			  "Call-ID: raw\r\nCSeq: 1 %s\r\n"
			  "Content-Length: 0\r\n\r\n",
			  method, uri,
			  rig_flow("alice").transport == TRANSPORT_UDP
			  ? "UDP" : "TCP", ++serial, method);
	return text;
}


static void inject(const char *text)
{
	ck_assert_uint_eq(1, registrar_send(rig.reg, "alice", text,
					    strlen(text)));
}


START_TEST(an_ack_is_never_answered)
{
	rig_one("alice", transportv[_i], "");
	inject(request_text("ACK", our_uri()));
	harness_run(SILENT);
	ck_assert_uint_eq(answers("ACK"), 0);
	ck_assert_uint_eq(rig_state("alice")->inbound_requests, 1);
}
END_TEST


START_TEST(a_request_for_somebody_else_gets_silence)
{
	static const char *const uriv[] = {
		"sip:alice@127.0.0.1",
		"sip:alice@127.0.0.1;sipregd=0123456789.0123456789",
		"sip:alice@127.0.0.1;sipregd",
		"sip:alice@127.0.0.1;sipregd=.",
	};

	rig_one("alice", TRANSPORT_TCP, "");
	for (size_t i = 0; i < 4; i++)
		inject(request_text("OPTIONS", uriv[i]));
	inject(request_text("NOTIFY", our_uri()));
	expect_answers("NOTIFY", 1);

	ck_assert_uint_eq(answers("OPTIONS"), 0);
	ck_assert_uint_eq(agent_dropped(rig_agent("alice")), 4);
	ck_assert_uint_eq(rig_state("alice")->inbound_requests, 1);
}
END_TEST


START_TEST(where_the_registrar_strips_the_token_it_is_not_asked_for)
{
	static const struct registrar_rule rule = {
		.kind = RULE_ACCEPTED,
		.contacts = "<sip:alice@192.0.2.1>;reg-id=1;+sip.instance="
			    "\"<urn:uuid:00000000-0000-4000-8000-00000000000a>"
			    "\"",
	};

	rig_rule(&rule);
	rig_account("alice", TRANSPORT_TCP, "%s", "");
	rig_start("instance_id = "
		  "\"urn:uuid:00000000-0000-4000-8000-00000000000A\";");
	rig_expect_registered("alice");
	inject(request_text("OPTIONS", "sip:alice@192.0.2.1"));
	expect_answers("OPTIONS", 1);
}
END_TEST


START_TEST(a_stranger_on_udp_gets_silence)
{
	static const char *const methodv[] = {
		"OPTIONS", "INVITE", "REGISTER", "MESSAGE", "BYE",
	};
	struct rig_peer stranger;

	rig_one("alice", TRANSPORT_UDP, "");
	rig_peer_open(&stranger, "127.0.0.2");
	for (size_t i = 0; i < 5; i++)
		rig_peer_send(&stranger, rig_flow("alice").local,
			      request_text(methodv[i], our_uri()));
	rig_peer_send(&stranger, rig_flow("alice").local, "\r\n\r\n");
	rig_peer_send(&stranger, rig_flow("alice").local, "hello");
	harness_run(SILENT);

	ck_assert_uint_eq(stranger.received, 0);
	ck_assert_uint_eq(rig_state("alice")->inbound_requests, 0);
	ck_assert_uint_ge(agent_dropped(rig_agent("alice")), 5);
	ck_assert_int_ne(rig_state("alice")->verdict.evidence,
			 EVIDENCE_INBOUND);
	rig_peer_close(&stranger);
}
END_TEST


START_TEST(an_allowed_address_on_udp_gets_an_answer)
{
	struct rig_peer friend;

	rig_one("alice", TRANSPORT_UDP,
		"inbound = { allow = [ \"127.0.0.2/31\" ]; };");
	rig_peer_open(&friend, "127.0.0.3");
	rig_peer_send(&friend, rig_flow("alice").local,
		      request_text("OPTIONS", our_uri()));
	ck_assert(harness_wait(harness_count, &friend.received, RIG_WAIT));
	rig_has(friend.in, "SIP/2.0 200 OK\r\n");
	rig_has(friend.in, ";received=127.0.0.3;rport=");
	rig_peer_close(&friend);
}
END_TEST


/* Whoever knows the branch might as well answer in the registrar's name; a
 * stranger's answer counts for nothing all the same. */
START_TEST(a_strangers_answer_to_our_register_is_not_read)
{
	const struct registrar_rule drop = {.kind = RULE_DROP, .count = 1};
	struct rig_peer stranger;
	const char *via, *end;
	char text[2048];

	rig_rule(&drop);
	rig_account("alice", TRANSPORT_UDP, "%s", "");
	rig_start("");
	rig_expect_registers("alice", 1, RIG_WAIT);

	/* Via to CSeq, as they are */
	via = strstr(rig_text("alice", 0), "Via: ");
	end = strstr(via, "User-Agent: ");
	(void)re_snprintf(text, sizeof(text), "SIP/2.0 403 No\r\n%b"
			  "Content-Length: 0\r\n\r\n", via,
			  (size_t)(end - via));
	rig_peer_open(&stranger, "127.0.0.2");
	rig_peer_send(&stranger, rig_flow("alice").local, text);
	harness_run(SILENT);
	ck_assert_uint_eq(rig_state("alice")->code, 0);
	rig_expect_registered("alice");
	rig_peer_close(&stranger);
}
END_TEST


/* --- framing --- */

START_TEST(an_answer_byte_by_byte_is_whole_in_the_end)
{
	const struct registrar_rule rule = {
		.kind = RULE_NORMAL, .chunk = 1, .pause = 1,
	};
	const struct registrar_rule accepted = {
		.kind = RULE_ACCEPTED, .chunk = 1, .pause = 1,
	};

	rig_rule(&rule);
	rig_rule(&accepted);
	rig_one("alice", transportv[_i], "");
	ck_assert_uint_eq(rig_registers("alice"), 2);
	ck_assert_uint_eq(rig_state("alice")->flow_failures, 0);
}
END_TEST


START_TEST(everything_in_one_segment_is_read)
{
	char text[4096], one[1024];

	/* after the first pong, that it does not come between the halves */
	rig_one("alice", transportv[_i], "");
	rig_expect_proven("alice");
	str_ncpy(one, request_text("OPTIONS", our_uri()), sizeof(one));
	(void)re_snprintf(text, sizeof(text), "\r\n\r\n%s%s\r\n\r\n%s", one,
			  request_text("NOTIFY", our_uri()),
			  "OPTIONS sip:half");
	inject(text);
	expect_answers("OPTIONS", 1);
	expect_answers("NOTIFY", 1);

	/* and the half one becomes whole */
	inject(strstr(request_text("OPTIONS", "sip:half;x"), ";x"));
	inject(request_text("NOTIFY", our_uri()));
	expect_answers("NOTIFY", 2);
	ck_assert_uint_eq(agent_dropped(rig_agent("alice")), 1);
	ck_assert_uint_eq(rig_state("alice")->flow_failures, 0);
}
END_TEST


static bool is_back(void *arg)
{
	(void)arg;
	return rig_state("alice")->responses_2xx == 2;
}


static char *repeated(char c, size_t n)
{
	char *text = malloc(n + 1);

	ck_assert_ptr_nonnull(text);
	memset(text, c, n);
	text[n] = '\0';

	return text;
}


START_TEST(a_stream_that_cannot_be_followed_is_replaced)
{
	static const char *const garbagev[] = {
		"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n",
		"OPTIONS sip:a SIP/2.0\r\nContent-Length: 5\r\nl: 6\r\n\r\n",
		"OPTIONS sip:a SIP/2.0\r\nContent-Length: 99999\r\n\r\n",
		NULL,
	};
	char *much = repeated('x', 70000);

	rig_one("alice", TRANSPORT_TCP, "");
	rig_expect_proven("alice");
	inject(garbagev[_i] ? garbagev[_i] : much);
	ck_assert(harness_wait(is_back, NULL, RIG_WAIT));
	rig_expect_reason("alice", REASON_OK);
	ck_assert_uint_eq(registrar_accepted(rig.reg, TRANSPORT_TCP), 2);
	free(much);
}
END_TEST


START_TEST(garbage_in_a_datagram_is_only_that)
{
	rig_one("alice", TRANSPORT_UDP, "");
	inject("HTTP/1.1 400 Bad Request\r\n\r\n");
	inject("SIP/2.0");
	inject("SIP/2.0 200 OK\r\n\r\n");
	inject("OPTIONS sip:a SIP/2.0\r\nVia: x\r\nVia: y\r\n\r\n");
	inject("\x16\x03\x01 whatever");
	inject(request_text("NOTIFY", our_uri()));
	expect_answers("NOTIFY", 1);
	ck_assert_uint_eq(registrar_accepted(rig.reg, TRANSPORT_UDP), 1);
	ck_assert_uint_eq(rig_state("alice")->flow_failures, 0);
}
END_TEST


START_TEST(sixty_kilobytes_of_headers_are_read)
{
	char *much = repeated('x', 60000), *text;

	rig_one("alice", TRANSPORT_TCP, "");
	ck_assert_int_eq(0, re_sdprintf(&text,
		"OPTIONS %s SIP/2.0\r\n"
		"Via: SIP/2.0/TCP 127.0.0.1;rport;branch=z9hG4bK1\r\n"
		"X-Much: %s\r\n"
		"From: <sip:x@example.org>;tag=1\r\n"
		"To: <sip:alice@example.org>\r\n"
		"Call-ID: raw\r\nCSeq: 1 OPTIONS\r\n"
		"Content-Length: 0\r\n\r\n", our_uri(), much));
	inject(text);
	expect_answers("OPTIONS", 1);
	ck_assert_uint_eq(rig_state("alice")->flow_failures, 0);
	mem_deref(text);
	free(much);
}
END_TEST


START_TEST(an_answer_with_another_branch_is_nobodys)
{
	const struct registrar_rule rule = {
		.kind = RULE_VERBATIM, .count = 1,
		.text = "SIP/2.0 403 No\r\n"
			"Via: SIP/2.0/UDP 127.0.0.1:1;branch=z9hG4bKother\r\n"
			"From: {from}\r\nTo: {to}\r\nCall-ID: {call-id}\r\n"
			"CSeq: {cseq}\r\nContent-Length: 0\r\n\r\n",
	};

	/* The retransmission after 500 ms gets the right one. */
	rig_rule(&rule);
	rig_one("alice", TRANSPORT_UDP, "");
	ck_assert_uint_eq(rig_state("alice")->registers_sent, 2);
	ck_assert_uint_eq(rig_reg("alice")->cseq, 2);
}
END_TEST


START_TEST(an_answer_from_another_port_of_the_edge_counts)
{
	const struct registrar_rule rule = {
		.kind = RULE_ACCEPTED, .elsewhere = true,
	};

	rig_rule(&rule);
	rig_one("alice", TRANSPORT_UDP, "");
	ck_assert_uint_eq(rig_registers("alice"), 2);
}
END_TEST


/* FLOW_MESSAGE_MAX is 10 s, long before the next ping. */
START_TEST(half_a_message_and_then_nothing_ends_the_flow)
{
	const msec_t start = loop_now();

	rig_one("alice", TRANSPORT_TCP, "");
	rig_expect_proven("alice");
	inject("OPTIONS sip:a SIP/2.0\r\nVia: ");
	harness_run(9000);
	ck_assert_uint_eq(rig_state("alice")->flow_failures, 0);
	ck_assert(harness_wait(is_back, NULL, RIG_WAIT));
	ck_assert_uint_le(loop_now() - start, harness_patience(13000));
	ck_assert_uint_eq(registrar_accepted(rig.reg, TRANSPORT_TCP), 2);
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


Suite *suite_inbound(void);

Suite *suite_inbound(void)
{
	Suite *s = suite_create("inbound");
	TCase *tc = part(s, "requests");

	tcase_add_loop_test(tc, each_method_gets_its_answer, 0, 3);
	tcase_add_test(tc, the_configured_code_refuses_calls);
	tcase_add_loop_test(tc, an_ack_is_never_answered, 0, 3);
	tcase_add_test(tc, a_request_for_somebody_else_gets_silence);
	tcase_add_test(
		tc, where_the_registrar_strips_the_token_it_is_not_asked_for);
	tcase_add_test(tc, a_stranger_on_udp_gets_silence);
	tcase_add_test(tc, an_allowed_address_on_udp_gets_an_answer);
	tcase_add_test(tc, a_strangers_answer_to_our_register_is_not_read);

	tc = part(s, "framing");
	tcase_add_loop_test(tc, an_answer_byte_by_byte_is_whole_in_the_end, 1,
			    3);
	tcase_add_loop_test(tc, everything_in_one_segment_is_read, 1, 3);
	tcase_add_loop_test(tc, a_stream_that_cannot_be_followed_is_replaced,
			    0, 4);
	tcase_add_test(tc, garbage_in_a_datagram_is_only_that);
	tcase_add_test(tc, sixty_kilobytes_of_headers_are_read);
	tcase_add_test(tc, an_answer_with_another_branch_is_nobodys);
	tcase_add_test(tc, an_answer_from_another_port_of_the_edge_counts);
	tcase_add_test(tc, half_a_message_and_then_nothing_ends_the_flow);

	return s;
}
