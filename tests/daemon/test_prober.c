/* A probe on its way, over real sockets to a peer that is the registrar
 * (SCENARIOS T17). */

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "edges.h"
#include "harness.h"
#include "prober.h"

Suite *suite_prober(void);

#define INSTANCE "urn:uuid:00000000-0000-1000-8000-00A95A0E128"

/* The edge: what it received, and how it answers. */
static struct {
	struct io io;
	struct sa addr;
	struct sa from;          /* of the last request */
	unsigned packets;
	char in[4096];           /* the last request */
	char first[4096];
	const char *answerv[4];  /* "200 OK" and header lines; NULL: none */
} edge;

static struct account_conf conf;
static struct register_identity id;
static struct conn_conf flow;
static struct prober_conf probe;
static struct prober *prober;
static unsigned answers;
static uint16_t code;


static void edge_answer(const char *answer)
{
	struct mbuf *mb = mbuf_alloc(1024), *out = mbuf_alloc(1024);
	struct sip_msg *msg = NULL;

	(void)mbuf_write_str(mb, edge.in);
	mb->pos = 0;
	ck_assert_int_eq(0, sip_msg_decode(&msg, mb));
	(void)mbuf_printf(out, "SIP/2.0 %s\r\nVia: SIP/2.0/UDP %r;branch=%r\r\n"
			  "From: %r\r\nTo: %r;tag=x\r\nCall-ID: %r\r\n"
			  "CSeq: %u OPTIONS\r\nContent-Length: 0\r\n\r\n",
			  answer, &msg->via.sentby, &msg->via.branch,
			  &msg->from.val, &msg->to.val, &msg->callid,
			  msg->cseq.num);
	(void)sendto(edge.io.fd, out->buf, out->end, 0, &edge.from.u.sa,
		     edge.from.len);
	mem_deref(out);
	mem_deref(mb);
	mem_deref(msg);
}


static void edge_handler(int flags, void *arg)
{
	ssize_t n;
	(void)flags;
	(void)arg;

	edge.from.len = sizeof(edge.from.u);
	n = recvfrom(edge.io.fd, edge.in, sizeof(edge.in) - 1, MSG_DONTWAIT,
		     &edge.from.u.sa, &edge.from.len);
	if (n <= 0)
		return;

	edge.in[n] = '\0';
	if (!edge.packets)
		memcpy(edge.first, edge.in, sizeof(edge.first));
	if (edge.packets < 4 && edge.answerv[edge.packets])
		edge_answer(edge.answerv[edge.packets]);
	++edge.packets;
}


static void edge_open(void)
{
	memset(&edge, 0, sizeof(edge));
	edge.io.fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(edge.io.fd, 0);
	(void)sa_set_str(&edge.addr, "127.0.0.1", 0);
	ck_assert_int_eq(0, bind(edge.io.fd, &edge.addr.u.sa, edge.addr.len));
	ck_assert_int_eq(0, getsockname(edge.io.fd, &edge.addr.u.sa,
					&edge.addr.len));
	edge.io.h = edge_handler;
	ck_assert_int_eq(0, io_listen(&edge.io, FD_READ));
}


static void setup(void)
{
	harness_setup();
	edge_open();

	conf = (struct account_conf){
		.name = "trunk",
		.aor = "sip:alice@example.com",
		.aor_user = "alice",
		.aor_host = "example.com",
		.auth_user = "alice-auth",
		.realm = "",
		.password = "secret",
		.registrar = "sip:example.com",
		.contact_host = "",
		.contact_user = "",
	};
	conf.policy.reg.min_digest = DIGEST_MD5;
	register_identity_init(&id, &conf, "sipregd/1.0", INSTANCE, 1);
	flow = (struct conn_conf){
		.transport = TRANSPORT_UDP, .peer = edge.addr, .interface = "",
	};
	sa_init(&flow.source, AF_UNSPEC);
	probe = (struct prober_conf){.id = &id, .conn = &flow};
	ck_assert(addr_parse(&probe.contact, "203.0.113.7", 11, 40112));
	prober = NULL;
	answers = code = 0;
}


static void teardown(void)
{
	prober = mem_deref(prober);
	io_stop(&edge.io);
	(void)close(edge.io.fd);
	harness_teardown();
}


static void answer_handler(uint16_t c, void *arg)
{
	ck_assert_ptr_eq(&answers, arg);
	++answers;
	code = c;
}


static void send_probe(void)
{
	ck_assert_int_eq(0, prober_send_open(&prober, &probe, answer_handler,
					     &answers));
	ck_assert_uint_eq(0, answers);
}


static bool packets(void *arg)
{
	return edge.packets >= *(unsigned *)arg;
}


static void await_packets(unsigned n)
{
	ck_assert(harness_wait(packets, &n, 2000));
}


static void await_answer(uint16_t expected)
{
	ck_assert(harness_wait(harness_count, &answers, 2000));
	ck_assert_uint_eq(expected, code);
}


/* The value of a header of the last request. */
static const char *header(const char *name)
{
	static char val[256];
	char start[64];
	const char *p;
	size_t n;

	(void)re_snprintf(start, sizeof(start), "\r\n%s: ", name);
	p = strstr(edge.in, start);
	if (!p)
		return "";

	p += strlen(start);
	n = strcspn(p, "\r");
	ck_assert_uint_lt(n, sizeof(val));
	memcpy(val, p, n);
	val[n] = '\0';

	return val;
}


/* Does a request with these headers and this Call-ID count as the probe? */
static bool arrives(const char *method, const char *callid,
		    const char *headers)
{
	struct mbuf *mb = mbuf_alloc(512);
	struct sip_msg *msg = NULL;
	bool mine;

	(void)mbuf_printf(mb, "%s sip:alice@203.0.113.7:40112%s\r\n"
			  "Via: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKy\r\n"
			  "From: <sip:x>;tag=1\r\nTo: <sip:y>\r\n"
			  "Call-ID: %s\r\nCSeq: 1 OPTIONS\r\n%s\r\n",
			  method, " SIP/2.0", callid, headers);
	mb->pos = 0;
	ck_assert_int_eq(0, sip_msg_decode(&msg, mb));
	mem_deref(mb);
	mine = prober_is_mine(prober, msg);
	mem_deref(msg);

	return mine;
}


START_TEST(a_probe_leaves_from_a_socket_of_its_own)
{
	char contact[128];

	edge.answerv[0] = "200 OK";
	send_probe();
	await_answer(200);

	ck_assert_ptr_eq(edge.in, strstr(edge.in, "OPTIONS "
					 "sip:alice@example.com SIP/2.0\r\n"));
	(void)re_snprintf(contact, sizeof(contact), "<sip:alice@203.0.113.7:"
			  "40112;sipregd=%s.%s>", id.token_account,
			  id.token_flow);
	ck_assert_str_eq(contact, header("Contact"));
	ck_assert_uint_eq(32, strlen(header(PROBER_HEADER)));
	ck_assert_str_eq("1 OPTIONS", header("CSeq"));
	ck_assert_uint_eq(1, edge.packets);
	ck_assert_uint_eq(1, answers);
}
END_TEST


START_TEST(its_port_is_not_the_flows)
{
	struct sa taken;

	/* As if the flow had this address and port. */
	(void)sa_cpy(&taken, &edge.addr);
	sa_cpy(&flow.source, &edge.addr);
	edge.answerv[0] = "200 OK";
	send_probe();
	await_answer(200);
	ck_assert(!sa_cmp(&edge.from, &taken, SA_ALL));
	ck_assert(sa_cmp(&edge.from, &taken, SA_ADDR));
}
END_TEST


START_TEST(only_its_secret_is_the_proof)
{
	char secret[PROBER_SECRET_SIZE], line[128], callid[128];

	edge.answerv[0] = "200 OK";
	send_probe();
	await_answer(200);
	str_ncpy(secret, header(PROBER_HEADER), sizeof(secret));
	ck_assert_str_eq(secret, header("Call-ID"));

	(void)re_snprintf(line, sizeof(line), "sipregd-probe: %s\r\n", secret);
	ck_assert(arrives("OPTIONS", "other", line));
	/* a B2BUA keeps no header that it does not know */
	ck_assert(arrives("OPTIONS", secret, ""));
	(void)re_snprintf(callid, sizeof(callid), "b2b-%s@host", secret);
	ck_assert(arrives("OPTIONS", callid, ""));

	ck_assert(!arrives("OPTIONS", "other", ""));
	ck_assert(!arrives("OPTIONS", "", "Sipregd-Probe: \r\n"));
	(void)re_snprintf(line, sizeof(line), "Sipregd-Probe: %sx\r\n",
			  secret);
	ck_assert(!arrives("OPTIONS", "other", line));
	secret[31] = secret[31] == 'a' ? 'b' : 'a';
	(void)re_snprintf(line, sizeof(line), "Sipregd-Probe: %s\r\n", secret);
	ck_assert(!arrives("OPTIONS", secret, line));

	prober = mem_deref(prober);
	ck_assert(!arrives("OPTIONS", secret, line));
}
END_TEST


START_TEST(each_probe_has_a_secret_of_its_own)
{
	char first[PROBER_SECRET_SIZE];

	edge.answerv[0] = edge.answerv[1] = "200 OK";
	send_probe();
	await_answer(200);
	str_ncpy(first, header(PROBER_HEADER), sizeof(first));
	prober = mem_deref(prober);
	answers = 0;
	send_probe();
	await_packets(2);
	ck_assert_str_ne(first, header(PROBER_HEADER));
}
END_TEST


START_TEST(a_challenge_is_answered_once)
{
	edge.answerv[0] = "401 Unauthorized\r\nWWW-Authenticate: Digest "
		"realm=\"example.com\", nonce=\"n1\", qop=\"auth\"";
	edge.answerv[1] = "407 Again\r\nProxy-Authenticate: Digest "
		"realm=\"proxy\", nonce=\"n2\"";
	send_probe();
	await_answer(407);

	ck_assert_uint_eq(2, edge.packets);
	ck_assert_ptr_nonnull(strstr(edge.first, "\r\nCSeq: 1 OPTIONS\r\n"));
	ck_assert_ptr_null(strstr(edge.first, "\r\nAuthorization"));
	ck_assert_ptr_nonnull(strstr(edge.first, header("Call-ID")));
	ck_assert_str_eq("2 OPTIONS", header("CSeq"));
	ck_assert_ptr_nonnull(strstr(header("Authorization"), "Digest "
				     "username=\"alice-auth\""));
	ck_assert_ptr_nonnull(strstr(header("Authorization"),
				     "uri=\"sip:alice@example.com\""));
	ck_assert_ptr_nonnull(strstr(header("Authorization"),
				     "nc=00000001"));

	harness_run(50);
	ck_assert_uint_eq(2, edge.packets);
	ck_assert_uint_eq(1, answers);
}
END_TEST


START_TEST(a_proxys_challenge_is_answered_too)
{
	edge.answerv[0] = "407 First\r\nProxy-Authenticate: Digest "
		"realm=\"proxy\", nonce=\"n2\"";
	edge.answerv[1] = "200 OK";
	send_probe();
	await_answer(200);
	ck_assert_str_ne("", header("Proxy-Authorization"));
}
END_TEST


START_TEST(a_foreign_realm_gets_no_credentials)
{
	conf.realm = "example.com";
	edge.answerv[0] = "401 Unauthorized\r\nWWW-Authenticate: Digest "
		"realm=\"mallory\", nonce=\"n1\"";
	send_probe();
	await_answer(401);
	harness_run(50);
	ck_assert_uint_eq(1, edge.packets);
}
END_TEST


START_TEST(a_lost_probe_is_sent_again)
{
	edge.answerv[1] = "404 Not Found";
	send_probe();
	await_answer(404);
	ck_assert_uint_eq(2, edge.packets);
}
END_TEST


START_TEST(one_that_is_closed_hears_nothing)
{
	edge.answerv[0] = "200 OK";
	send_probe();
	prober = mem_deref(prober);
	harness_run(50);
	ck_assert_uint_eq(0, edge.packets);

	send_probe();
	edge.answerv[0] = NULL;
	await_packets(1);
	prober = mem_deref(prober);
	edge_answer("200 OK");
	harness_run(50);
	ck_assert_uint_eq(0, answers);
}
END_TEST


static void freeing_handler(uint16_t c, void *arg)
{
	(void)arg;
	code = c;
	++answers;
	prober = mem_deref(prober);
}


START_TEST(it_may_be_freed_from_the_answer)
{
	edge.answerv[0] = "480 Away";
	ck_assert_int_eq(0, prober_send_open(&prober, &probe, freeing_handler,
					     NULL));
	await_answer(480);
	ck_assert_ptr_null(prober);
}
END_TEST


START_TEST(a_dead_port_is_no_answer)
{
	io_stop(&edge.io);
	(void)close(edge.io.fd);
	send_probe();
	await_answer(0);
	edge_open();
}
END_TEST


START_TEST(answers_come_from_the_edge_alone)
{
	struct sa stranger;
	int fd;

	send_probe();
	await_packets(1);

	fd = edge.io.fd;
	edge.io.fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	(void)sa_set_str(&stranger, "127.0.0.66", 0);
	ck_assert_int_eq(0, bind(edge.io.fd, &stranger.u.sa, stranger.len));
	edge_answer("403 Forbidden");
	(void)close(edge.io.fd);
	edge.io.fd = fd;

	harness_run(50);
	ck_assert_uint_eq(0, answers);
}
END_TEST


START_TEST(a_stream_takes_none_without_its_link)
{
	flow.transport = TRANSPORT_TCP;
	ck_assert_int_eq(EINVAL, prober_send_open(&prober, &probe,
						  answer_handler, &answers));
	ck_assert_ptr_null(prober);
	flow.transport = TRANSPORT_UDP;
	conf.aor = "sip:alice@example.com>\r\nX: y";
	send_probe();
	await_answer(0);
	ck_assert_uint_eq(0, edge.packets);
}
END_TEST


/* --- over the flow itself --- */

static struct edges *edges;
static struct edge_point *point;
static struct link *link_up;
static bool connected;


static void connected_handler(void *arg)
{
	(void)arg;
	connected = true;
}


static void lost_handler(enum reason reason, const char *text, void *arg)
{
	(void)arg;
	ck_abort_msg("%s: %s", reason_name(reason), text);
}


static void open_link(void)
{
	static const struct link_handlers handlers = {
		.connectedh = connected_handler,
		.failedh = lost_handler,
		.losth = lost_handler,
	};
	const struct edges_conf pace = {0};
	struct link_conf link = {.conn = flow};

	ck_assert_int_eq(0, str_dup(&link.who, "trunk"));
	ck_assert_int_eq(0, edges_alloc(&edges, &pace));
	ck_assert_int_eq(0, edges_get(&point, edges, TRANSPORT_UDP,
				      &edge.addr));
	link.point = point;
	connected = false;
	ck_assert_int_eq(0, link_open(&link_up, &link, &handlers, NULL));
	mem_deref(link.who);
	ck_assert(harness_wait(harness_flag, &connected, 2000));
	probe.link = link_up;
}


static void close_link(void)
{
	link_up = mem_deref(link_up);
	point = mem_deref(point);
	edges = mem_deref(edges);
}


START_TEST(over_the_flow_it_has_the_flows_address)
{
	char sentby[64];

	open_link();
	edge.answerv[0] = "401 Unauthorized\r\nWWW-Authenticate: Digest "
		"realm=\"example.com\", nonce=\"n1\"";
	edge.answerv[1] = "200 OK";
	send_probe();
	await_answer(200);
	ck_assert_uint_eq(2, edge.packets);
	ck_assert(sa_cmp(&edge.from, link_local(link_up), SA_ALL));
	(void)re_snprintf(sentby, sizeof(sentby), "SIP/2.0/UDP %J;",
			  link_local(link_up));
	ck_assert_ptr_eq(header("Via"), strstr(header("Via"), sentby));
	close_link();
}
END_TEST


START_TEST(a_link_that_ends_before_it_is_no_harm)
{
	open_link();
	send_probe();
	await_packets(1);
	close_link();
	harness_run(20);
	ck_assert_uint_eq(0, answers);
	prober = mem_deref(prober);
}
END_TEST


Suite *suite_prober(void)
{
	Suite *s = suite_create("prober");
	TCase *tc = tcase_create("prober");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_probe_leaves_from_a_socket_of_its_own);
	tcase_add_test(tc, its_port_is_not_the_flows);
	tcase_add_test(tc, only_its_secret_is_the_proof);
	tcase_add_test(tc, each_probe_has_a_secret_of_its_own);
	tcase_add_test(tc, a_challenge_is_answered_once);
	tcase_add_test(tc, a_proxys_challenge_is_answered_too);
	tcase_add_test(tc, a_foreign_realm_gets_no_credentials);
	tcase_add_test(tc, a_lost_probe_is_sent_again);
	tcase_add_test(tc, one_that_is_closed_hears_nothing);
	tcase_add_test(tc, it_may_be_freed_from_the_answer);
	tcase_add_test(tc, a_dead_port_is_no_answer);
	tcase_add_test(tc, answers_come_from_the_edge_alone);
	tcase_add_test(tc, a_stream_takes_none_without_its_link);
	tcase_add_test(tc, over_the_flow_it_has_the_flows_address);
	tcase_add_test(tc, a_link_that_ends_before_it_is_no_harm);
	suite_add_tcase(s, tc);

	return s;
}
