/* One flow without an account: its keepalive over real sockets, and its end. */

#include <string.h>
#include "link.h"
#include "rig.h"

Suite *suite_link(void);


#define FIRST_PING 1500          /* [ms] FLOW_FIRST_PING and more */
#define OPTIONS_TEXT \
	"OPTIONS sip:example.org SIP/2.0\r\n" \
	"Via: SIP/2.0/UDP %J;branch=%s;rport\r\n" \
	"From: <sip:a@example.org>;tag=1\r\nTo: <sip:example.org>\r\n" \
	"Call-ID: k\r\nCSeq: %u OPTIONS\r\nContent-Length: 0\r\n\r\n"

static struct {
	struct edges *edges;
	struct edge_point *point;
	struct link *link;
	bool connected;
	unsigned proven, verify, replace, requests, options, ends;
	unsigned mapped[WITNESS_COUNT];
	unsigned suspected, cleared;
	struct addr addr;
	enum reason reason;
	char text[64];
	bool failed;
} our;


static void connected_handler(void *arg)
{
	(void)arg;
	our.connected = true;
}


static void ended(enum reason reason, const char *text)
{
	++our.ends;
	our.reason = reason;
	str_ncpy(our.text, text, sizeof(our.text));
	our.link = mem_deref(our.link);
}


static void failed_handler(enum reason reason, const char *text, void *arg)
{
	(void)arg;
	our.failed = true;
	ended(reason, text);
}


static void lost_handler(enum reason reason, const char *text, void *arg)
{
	(void)arg;
	ended(reason, text);
}


static void proven_handler(void *arg)
{
	(void)arg;
	++our.proven;
}


static void suspect_handler(bool suspect, void *arg)
{
	(void)arg;
	++*(suspect ? &our.suspected : &our.cleared);
}


static void verify_handler(void *arg)
{
	(void)arg;
	++our.verify;
}


static void replace_handler(void *arg)
{
	(void)arg;
	++our.replace;
}


static void mapped_handler(enum witness w, const struct addr *mapped,
			   void *arg)
{
	(void)arg;
	++our.mapped[w];
	our.addr = *mapped;
}


static void request_handler(const struct sip_msg *msg, const struct sa *src,
			    void *arg)
{
	(void)msg;
	(void)src;
	(void)arg;
	++our.requests;
}


static int options_handler(struct mbuf *mb, const char *branch, void *arg)
{
	(void)arg;

	return mbuf_printf(mb, OPTIONS_TEXT, link_local(our.link), branch,
			   ++our.options);
}


static bool allowed_handler(const struct sa *src, void *arg)
{
	(void)src;
	(void)arg;

	return false;
}


static const struct link_handlers handlers = {
	.connectedh = connected_handler,
	.failedh = failed_handler,
	.losth = lost_handler,
	.provenh = proven_handler,
	.suspecth = suspect_handler,
	.verifyh = verify_handler,
	.replaceh = replace_handler,
	.mappedh = mapped_handler,
	.requesth = request_handler,
	.optionsh = options_handler,
	.allowedh = allowed_handler,
};


static void setup(void)
{
	const struct edges_conf conf = {0};

	rig_setup();
	memset(&our, 0, sizeof(our));
	ck_assert_int_eq(0, edges_alloc(&our.edges, &conf));
}


static void teardown(void)
{
	mem_deref(our.link);
	mem_deref(our.point);
	mem_deref(our.edges);
	rig_teardown();
}


static void open_link(enum transport t, const struct sa *peer,
		      enum keepalive_method method)
{
	struct link_conf conf = {
		.conn = {.transport = t, .peer = *peer, .interface = ""},
		.flow = {
			.stream = transport_stream(t),
			.method = method,
			.pong_timeout = 2000,
		},
	};

	ck_assert_int_eq(0, str_dup(&conf.who, "alice"));
	ck_assert_int_eq(0, edges_get(&our.point, our.edges, t, peer));
	conf.point = our.point;
	sa_init(&conf.conn.source, AF_UNSPEC);
	ck_assert_int_eq(0, link_open(&our.link, &conf, &handlers, NULL));
	mem_deref(conf.who);
}


/* To the registrar, with a 200 to a REGISTER that nobody sent. */
static void registered(enum transport t, enum keepalive_method method,
		       bool stun_allowed)
{
	open_link(t, registrar_addr(rig.reg, t), method);
	ck_assert(harness_wait(harness_flag, &our.connected, RIG_WAIT));
	link_on_registered(our.link, false, 0, stun_allowed);
}


static void await(unsigned *count, unsigned msec)
{
	ck_assert(harness_wait(harness_count, count, msec));
}


static void see_us_at(const char *ip, uint16_t port)
{
	ck_assert_int_eq(0, sa_set_str(&rig.conf->seen, ip, port));
}


static void assert_seen(const char *addr)
{
	char text[ADDR_STRLEN];

	ck_assert_str_eq(addr_print(&our.addr, text, sizeof(text)), addr);
}


START_TEST(an_answer_to_options_shows_where_we_are_seen)
{
	see_us_at("203.0.113.7", 4444);
	registered(TRANSPORT_UDP, KEEPALIVE_AUTO, false);
	await(&our.mapped[WITNESS_VIA], FIRST_PING);
	assert_seen("203.0.113.7:4444");
	ck_assert_uint_eq(our.proven, 1);
	ck_assert_uint_eq(our.mapped[WITNESS_STUN], 0);
	ck_assert_uint_eq(registrar_counters(rig.reg)->stun, 0);
}
END_TEST


START_TEST(an_answer_without_rport_shows_nothing)
{
	rig.conf->received = false;
	registered(TRANSPORT_UDP, KEEPALIVE_AUTO, false);
	await(&our.proven, FIRST_PING);
	ck_assert_uint_eq(our.mapped[WITNESS_VIA], 0);
}
END_TEST


START_TEST(an_answer_by_stun_shows_it_where_stun_is_allowed)
{
	rig.conf->stun = true;
	see_us_at("203.0.113.7", 4444);
	registered(TRANSPORT_UDP, _i ? KEEPALIVE_STUN : KEEPALIVE_AUTO, !_i);
	await(&our.mapped[WITNESS_STUN], FIRST_PING);
	assert_seen("203.0.113.7:4444");
	ck_assert_uint_eq(our.proven, 1);
	ck_assert_int_eq(link_flow(our.link)->state, FLOW_PROVEN);
	ck_assert_uint_gt(link_flow(our.link)->rtt_usec, 0);
	ck_assert_uint_eq(our.options, 0);
	ck_assert_uint_eq(registrar_counters(rig.reg)->stun, 1);
	ck_assert_uint_eq(registrar_counters(rig.reg)->malformed, 0);
}
END_TEST


/* RFC 8489 §6.2.1: 0, .5 and 1.5 s; at 3.5 s the OPTIONS takes over. */
START_TEST(an_edge_that_does_not_answer_stun_is_asked_by_options)
{
	registered(TRANSPORT_UDP, KEEPALIVE_AUTO, true);
	await(&our.options, FIRST_PING + 3500);
	await(&our.proven, 1000);
	ck_assert_uint_ge(registrar_counters(rig.reg)->stun, 3);
	ck_assert_uint_le(registrar_counters(rig.reg)->stun, 4);
	ck_assert_uint_eq(our.suspected, 0);

	const unsigned sent = registrar_counters(rig.reg)->stun;

	harness_run(4500);
	ck_assert_uint_eq(registrar_counters(rig.reg)->stun, sent);
}
END_TEST


START_TEST(stun_that_is_not_allowed_any_more_is_not_repeated)
{
	struct rig_peer edge;
	struct sa addr;

	rig_peer_open(&edge, "127.0.0.1");
	sa_init(&addr, AF_INET);
	addr.len = sizeof(addr.u);
	ck_assert_int_eq(0, getsockname(edge.io.fd, &addr.u.sa, &addr.len));

	open_link(TRANSPORT_UDP, &addr, KEEPALIVE_AUTO);
	ck_assert(harness_wait(harness_flag, &our.connected, RIG_WAIT));
	link_on_registered(our.link, false, 0, true);
	await(&edge.received, FIRST_PING);
	link_on_registered(our.link, false, 0, false);
	harness_run(2000);
	ck_assert_uint_eq(edge.received, 1);
	rig_peer_close(&edge);
}
END_TEST


/* A Binding success for the request in `in`, from 203.0.113.7:4444. */
static void answer_stun(char out[32], const char *in)
{
	static const char attr[] = "\x00\x20\x00\x08\x00\x01\x30\x4e"
				   "\xea\x12\xd5\x45";

	memcpy(out, in, 20);
	memcpy(out, "\x01\x01\x00\x0c", 4);
	memcpy(out + 20, attr, 12);
}


START_TEST(stun_from_somebody_else_is_no_answer)
{
	struct rig_peer edge, other;
	struct sa addr;
	char out[32];

	rig_peer_open(&edge, "127.0.0.1");
	rig_peer_open(&other, "127.0.0.1");
	sa_init(&addr, AF_INET);
	addr.len = sizeof(addr.u);
	ck_assert_int_eq(0, getsockname(edge.io.fd, &addr.u.sa, &addr.len));

	open_link(TRANSPORT_UDP, &addr, KEEPALIVE_STUN);
	ck_assert(harness_wait(harness_flag, &our.connected, RIG_WAIT));
	link_on_registered(our.link, false, 0, false);
	await(&edge.received, FIRST_PING);
	answer_stun(out, edge.in);

	addr = *link_local(our.link);
	ck_assert_int_eq(32, sendto(other.io.fd, out, 32, 0, &addr.u.sa,
				    addr.len));
	harness_run(100);
	ck_assert_uint_eq(our.proven, 0);

	ck_assert_int_eq(32, sendto(edge.io.fd, out, 32, 0, &addr.u.sa,
				    addr.len));
	await(&our.proven, 1000);
	assert_seen("203.0.113.7:4444");
	rig_peer_close(&edge);
	rig_peer_close(&other);
}
END_TEST


START_TEST(a_silent_udp_edge_makes_it_suspect_and_never_dead)
{
	rig.conf->stun = _i;
	registered(TRANSPORT_UDP, KEEPALIVE_AUTO, _i);
	await(&our.proven, FIRST_PING);
	rig.conf->stun = false;
	rig.conf->options = 0;
	link_verify(our.link);
	await(&our.suspected, 4000);
	ck_assert_uint_eq(our.verify, 0);
	ck_assert_uint_eq(our.ends, 0);

	rig.conf->stun = _i;
	rig.conf->options = 200;
	link_verify(our.link);
	await(&our.cleared, 1000);
	ck_assert_int_eq(link_flow(our.link)->state, FLOW_PROVEN);
}
END_TEST


START_TEST(a_stream_in_doubt_is_pinged_at_once)
{
	unsigned pings;

	registered(TRANSPORT_TCP, KEEPALIVE_AUTO, false);
	await(&our.proven, FIRST_PING);
	pings = registrar_counters(rig.reg)->pings;
	link_verify(our.link);
	harness_run(100);
	ck_assert_uint_eq(registrar_counters(rig.reg)->pings, pings + 1);
	ck_assert_uint_eq(our.suspected, 0);

	rig.conf->pong = false;
	link_verify(our.link);
	await(&our.suspected, 1200);
	await(&our.ends, 2000);
	ck_assert_int_eq(our.reason, REASON_FLOW_LOST);
}
END_TEST


START_TEST(where_no_answer_can_come_its_owner_is_asked_for_another_flow)
{
	registered(TRANSPORT_UDP, KEEPALIVE_CRLF, false);
	link_verify(our.link);
	ck_assert_uint_eq(our.replace, 1);
	ck_assert_uint_eq(our.suspected, 0);
}
END_TEST


START_TEST(what_the_network_taught_brings_the_next_ping_forward)
{
	registered(TRANSPORT_UDP, KEEPALIVE_AUTO, false);
	await(&our.proven, FIRST_PING);
	ck_assert_uint_eq(our.options, 1);
	link_set_learned(our.link, 1000);
	our.options = 0;
	await(&our.options, 1200);
}
END_TEST


static void call(void)
{
	char text[512];
	struct rig_peer edge;

	(void)re_snprintf(text, sizeof(text), "MESSAGE sip:a@%J SIP/2.0\r\n"
			  "Via: SIP/2.0/UDP %J;branch=z9hG4bKx\r\n"
			  "From: <sip:b@example.org>;tag=1\r\n"
			  "To: <sip:a@example.org>\r\nCall-ID: c\r\n"
			  "CSeq: 1 MESSAGE\r\nContent-Length: 0\r\n\r\n",
			  link_local(our.link), link_peer(our.link));
	rig_peer_open(&edge, "127.0.0.1");
	rig_peer_send(&edge, link_local(our.link), text);
	our.requests = 0;
	await(&our.requests, 1000);
	rig_peer_close(&edge);
}


START_TEST(one_that_was_replaced_takes_calls_for_ten_seconds)
{
	msec_t start;

	registered(TRANSPORT_UDP, KEEPALIVE_AUTO, true);
	link_drain(our.link);
	start = loop_now();
	call();
	harness_run(9000);
	call();
	ck_assert_uint_eq(our.ends, 0);
	await(&our.ends, 1500);
	ck_assert_uint_ge(loop_now() - start, 10000);
	ck_assert_uint_le(loop_now() - start, harness_patience(10500));
	ck_assert_int_eq(our.reason, REASON_OK);
	ck_assert(!our.failed);

	/* and neither asks nor is judged */
	ck_assert_uint_eq(our.options, 0);
	ck_assert_uint_eq(registrar_counters(rig.reg)->stun, 0);
	ck_assert_uint_eq(our.suspected + our.cleared + our.proven, 0);
}
END_TEST


START_TEST(one_that_drains_leaves_without_a_word_about_its_pings)
{
	registered(TRANSPORT_TCP, KEEPALIVE_AUTO, false);
	await(&our.proven, FIRST_PING);
	rig.conf->pong = false;
	link_verify(our.link);
	await(&our.suspected, 1200);
	link_drain(our.link);
	harness_run(100);
	ck_assert_uint_eq(our.cleared, 0);

	ck_assert_uint_eq(1, registrar_cut(rig.reg, TRANSPORT_TCP, CUT_RST));
	await(&our.ends, 1000);
	ck_assert_int_eq(our.reason, REASON_OK);
}
END_TEST


START_TEST(its_owner_can_end_it)
{
	registered(TRANSPORT_TCP, KEEPALIVE_AUTO, false);
	link_fail(our.link, REASON_FLOW_LOST, "the address is gone");
	ck_assert_uint_eq(our.ends, 1);
	ck_assert_int_eq(our.reason, REASON_FLOW_LOST);
	ck_assert_str_eq(our.text, "the address is gone");
	ck_assert(!our.failed);
}
END_TEST


START_TEST(one_that_never_stood_has_failed_then)
{
	open_link(TRANSPORT_TCP, registrar_addr(rig.reg, TRANSPORT_TCP),
		  KEEPALIVE_AUTO);
	if (_i)
		link_fail(our.link, REASON_FLOW_LOST, "gone");
	else
		link_drain(our.link);

	ck_assert_uint_eq(our.ends, 1);
	ck_assert_int_eq(our.reason, _i ? REASON_FLOW_LOST : REASON_OK);
	ck_assert(our.failed);
}
END_TEST


Suite *suite_link(void)
{
	Suite *s = suite_create("link");
	TCase *tc = tcase_create("keepalive");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, an_answer_to_options_shows_where_we_are_seen);
	tcase_add_test(tc, an_answer_without_rport_shows_nothing);
	tcase_add_loop_test(
		tc, an_answer_by_stun_shows_it_where_stun_is_allowed, 0, 2);
	tcase_add_test(
		tc, an_edge_that_does_not_answer_stun_is_asked_by_options);
	tcase_add_test(
		tc, stun_that_is_not_allowed_any_more_is_not_repeated);
	tcase_add_test(tc, stun_from_somebody_else_is_no_answer);
	tcase_add_loop_test(
		tc, a_silent_udp_edge_makes_it_suspect_and_never_dead, 0, 2);
	suite_add_tcase(s, tc);

	tc = tcase_create("out of turn");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, a_stream_in_doubt_is_pinged_at_once);
	tcase_add_test(
		tc,
		where_no_answer_can_come_its_owner_is_asked_for_another_flow);
	tcase_add_test(
		tc, what_the_network_taught_brings_the_next_ping_forward);
	suite_add_tcase(s, tc);

	tc = tcase_create("end");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, one_that_was_replaced_takes_calls_for_ten_seconds);
	tcase_add_test(
		tc, one_that_drains_leaves_without_a_word_about_its_pings);
	tcase_add_test(tc, its_owner_can_end_it);
	tcase_add_loop_test(tc, one_that_never_stood_has_failed_then, 0, 2);
	suite_add_tcase(s, tc);

	return s;
}
