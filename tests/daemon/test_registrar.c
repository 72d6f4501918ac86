/* The test registrar itself: what it grants, refuses, calls and forgets. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include "ca.h"
#include "harness.h"
#include "registrar.h"


#define WAIT   3000              /* [ms] for what must happen */
#define SILENT 100               /* [ms] for what must not */

/* A client that knows no more SIP than the tests write down. */
struct client {
	struct io io;
	enum transport transport;
	char in[16384];
	size_t len;
	bool closed;
	unsigned cseq;
	const char *call_id;
	const char *expected;
};

static struct registrar *reg;
static struct registrar_conf *conf;
static struct client cl;


static void client_handler(int flags, void *arg)
{
	struct client *c = arg;
	const ssize_t n = recv(c->io.fd, c->in + c->len,
			       sizeof(c->in) - 1 - c->len, MSG_DONTWAIT);

	(void)flags;

	if (n > 0) {
		c->len += (size_t)n;
		return;
	}

	c->closed = true;
	io_stop(&c->io);
}


static void client_open(struct client *c, enum transport transport)
{
	const struct sa *sa = registrar_addr(reg, transport);

	memset(c, 0, sizeof(*c));
	c->transport = transport;
	c->call_id = "call-1";
	c->io.h = client_handler;
	c->io.arg = c;
	c->io.fd = socket(sa_af(sa), transport == TRANSPORT_UDP
			  ? SOCK_DGRAM : SOCK_STREAM, 0);
	ck_assert_int_ge(c->io.fd, 0);
	ck_assert_int_eq(0, connect(c->io.fd, &sa->u.sa, sa->len));
	ck_assert_int_eq(0, io_listen(&c->io, FD_READ));
}


static void client_close(struct client *c)
{
	io_stop(&c->io);
	(void)close(c->io.fd);
}


/* What has come in so far is not what is expected next. */
static void forget(struct client *c)
{
	c->len = 0;
	memset(c->in, 0, sizeof(c->in));
}


static void client_send(struct client *c, const char *text)
{
	const size_t len = strlen(text);

	forget(c);
	ck_assert_int_eq((int)len, (int)send(c->io.fd, text, len, 0));
}


static void send_again(struct client *c, unsigned cseq, const char *lines)
{
	char text[4096];

	(void)snprintf(text, sizeof(text),
		       "REGISTER sip:example.org SIP/2.0\r\n"
		       "Via: SIP/2.0/%s 192.0.2.1:5;rport;branch=z9hG4bK%u\r\n"
		       "From: <sip:alice@example.org>;tag=1\r\n"
		       "To: <sip:alice@example.org>\r\n"
		       "Call-ID: %s\r\nCSeq: %u REGISTER\r\n"
		       "%sContent-Length: 0\r\n\r\n",
		       c->transport == TRANSPORT_UDP ? "UDP" : "TCP", cseq,
		       c->call_id, cseq, lines);
	client_send(c, text);
}


static void send_register(struct client *c, const char *lines)
{
	send_again(c, ++c->cseq, lines);
}


static bool has_expected(void *arg)
{
	const struct client *c = arg;

	return strstr(c->in, c->expected) && strstr(c->in, "\r\n");
}


static bool is_closed(void *arg)
{
	return ((struct client *)arg)->closed;
}


static void expect(struct client *c, const char *text)
{
	c->expected = text;
	if (!harness_wait(has_expected, c, WAIT))
		ck_abort_msg("expected \"%s\", got \"%s\"", text, c->in);
}


static void expect_nothing(struct client *c)
{
	harness_run(SILENT);
	ck_assert_str_eq(c->in, "");
}


static void setup(void)
{
	harness_setup();

	ck_assert_int_eq(0, registrar_alloc(&reg));
	ck_assert_int_eq(0, registrar_account(reg, "alice", NULL, "secret"));
	ck_assert_int_eq(0, registrar_listen(reg, TRANSPORT_UDP,
					     "127.0.0.1:0", NULL));
	ck_assert_int_eq(0, registrar_listen(reg, TRANSPORT_TCP,
					     "127.0.0.1:0", NULL));
	conf = registrar_conf(reg);
	conf->domain = "example.org";

	client_open(&cl, TRANSPORT_TCP);
}


static void setup_open(void)
{
	setup();
	conf->open = true;
}


static void teardown(void)
{
	client_close(&cl);
	mem_deref(reg);
	harness_teardown();
}


static const struct {
	enum registrar_algorithm alg;
	const char *name;
	const char *evp;
} algv[] = {
	{REGISTRAR_MD5, "MD5", "MD5"},
	{REGISTRAR_SHA_256, "SHA-256", "SHA256"},
	{REGISTRAR_SHA_512_256, "SHA-512-256", "SHA512-256"},
};


static void hex(char *out, size_t alg, const char *text)
{
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned len;

	ck_assert_int_eq(1, EVP_Digest(text, strlen(text), md, &len,
			 EVP_get_digestbyname(algv[alg].evp), NULL));
	for (unsigned i = 0; i < len; i++)
		(void)sprintf(out + 2 * i, "%02x", md[i]);
}


/* The Authorization line, and a Contact. */
static const char *answer(size_t alg, const char *nonce,
			  const char *password, unsigned nc)
{
	char text[512], ha1[129], ha2[129], response[129];
	static char line[1024];

	(void)snprintf(text, sizeof(text), "alice:example.org:%s", password);
	hex(ha1, alg, text);
	hex(ha2, alg, "REGISTER:sip:example.org");
	(void)snprintf(text, sizeof(text), "%s:%s:%08x:c:auth:%s", ha1, nonce,
		       nc, ha2);
	hex(response, alg, text);
	(void)snprintf(line, sizeof(line),
		       "Authorization: Digest username=\"alice\", "
		       "realm=\"example.org\", nonce=\"%s\", "
		       "uri=\"sip:example.org\", response=\"%s\", "
		       "algorithm=%s, cnonce=\"c\", qop=auth, nc=%08x\r\n"
		       "Contact: <sip:alice@192.0.2.1>\r\n",
		       nonce, response, algv[alg].name, nc);

	return line;
}


static const char *nonce_of(const struct client *c)
{
	static char nonce[64];
	const char *p = strstr(c->in, "nonce=\"");

	ck_assert_ptr_nonnull(p);
	ck_assert_int_eq(1, sscanf(p, "nonce=\"%63[^\"]", nonce));

	return nonce;
}


START_TEST(right_credentials_bind)
{
	const char *nonce;

	conf->algv[0] = algv[_i].alg;

	send_register(&cl, "Contact: <sip:alice@192.0.2.1>\r\n");
	expect(&cl, "SIP/2.0 401 ");
	expect(&cl, algv[_i].name);
	nonce = nonce_of(&cl);

	send_register(&cl, answer((size_t)_i, nonce, "secret", 1));
	expect(&cl, "SIP/2.0 200 ");
	expect(&cl, "Contact: <sip:alice@192.0.2.1>;expires=3600\r\n");
	ck_assert_uint_eq(registrar_bindings(reg, "alice"), 1);
	ck_assert_uint_eq(registrar_registers(reg, "alice", RULE_ANY), 2);
	ck_assert_uint_eq(registrar_registers(reg, "alice", RULE_WITH), 1);
}
END_TEST


START_TEST(wrong_credentials_are_refused_and_not_called_stale)
{
	send_register(&cl, "");
	expect(&cl, "SIP/2.0 401 ");
	send_register(&cl, answer(0, nonce_of(&cl), "wrong", 1));
	expect(&cl, "SIP/2.0 401 ");

	ck_assert_ptr_null(strstr(cl.in, "stale"));
	ck_assert_uint_eq(registrar_counters(reg)->refused, 1);
	ck_assert_uint_eq(registrar_bindings(reg, NULL), 0);
}
END_TEST


START_TEST(a_nonce_is_good_as_long_as_nc_grows)
{
	const char *nonce;

	send_register(&cl, "");
	expect(&cl, "SIP/2.0 401 ");
	nonce = nonce_of(&cl);
	send_register(&cl, answer(0, nonce, "secret", 1));
	expect(&cl, "SIP/2.0 200 ");
	send_register(&cl, answer(0, nonce, "secret", 2));
	expect(&cl, "SIP/2.0 200 ");
	send_register(&cl, answer(0, nonce, "secret", 2));
	expect(&cl, "stale=true");
}
END_TEST


START_TEST(a_one_time_nonce_is_stale_the_second_time)
{
	const char *nonce;

	conf->nonces = NONCES_ONCE;
	conf->proxy_auth = true;

	send_register(&cl, "");
	expect(&cl, "SIP/2.0 407 ");
	expect(&cl, "Proxy-Authenticate: Digest ");

	conf->proxy_auth = false;
	send_register(&cl, "");
	expect(&cl, "SIP/2.0 401 ");
	nonce = nonce_of(&cl);
	send_register(&cl, answer(0, nonce, "secret", 1));
	expect(&cl, "SIP/2.0 200 ");
	send_register(&cl, answer(0, nonce, "secret", 2));
	expect(&cl, "stale=true");
}
END_TEST


START_TEST(cseq_must_grow_within_a_call_id)
{
	send_again(&cl, 7, "Contact: <sip:a@192.0.2.1>\r\n");
	expect(&cl, "SIP/2.0 200 ");
	send_again(&cl, 7, "Contact: <sip:a@192.0.2.1>;expires=0\r\n");
	expect(&cl, "SIP/2.0 500 ");
	ck_assert_uint_eq(registrar_bindings(reg, "alice"), 1);

	cl.call_id = "call-2";
	send_again(&cl, 1, "Contact: <sip:a@192.0.2.1>;expires=0\r\n");
	expect(&cl, "SIP/2.0 200 ");
	ck_assert_uint_eq(registrar_bindings(reg, "alice"), 0);
	ck_assert_uint_eq(registrar_call_ids(reg, "alice"), 2);
}
END_TEST


START_TEST(a_short_lease_is_refused_and_a_long_one_cut)
{
	conf->min_expires = 60;
	conf->grant = 90;

	send_register(&cl, "Contact: <sip:a@192.0.2.1>;expires=59\r\n");
	expect(&cl, "SIP/2.0 423 ");
	expect(&cl, "Min-Expires: 60\r\n");
	send_register(&cl, "Contact: <sip:a@192.0.2.1>\r\nExpires: 100\r\n");
	expect(&cl, ";expires=90\r\n");
}
END_TEST


START_TEST(one_binding_too_many_changes_nothing)
{
	conf->max_bindings = 2;

	send_register(&cl, "Contact: <sip:a@192.0.2.1>, <sip:a@192.0.2.2>\r\n");
	expect(&cl, "SIP/2.0 200 ");
	send_register(&cl, "Contact: <sip:a@192.0.2.3>\r\n");
	expect(&cl, "SIP/2.0 403 ");
	send_register(&cl, "Contact: <sip:a@192.0.2.3>, "
			   "<sip:a@192.0.2.1>;expires=0\r\n");
	expect(&cl, "SIP/2.0 200 ");
	ck_assert_uint_eq(registrar_bindings(reg, "alice"), 2);

	send_register(&cl, "Contact: *\r\nExpires: 0\r\n");
	expect(&cl, "SIP/2.0 200 ");
	ck_assert_uint_eq(registrar_bindings(reg, "alice"), 0);
}
END_TEST


START_TEST(outbound_replaces_by_instance_and_reg_id)
{
	static const char format[] =
		"Supported: path, outbound\r\n"
		"Contact: <sip:a@192.0.2.1:%d>;+sip.instance=\"<urn:uuid:1>\""
		";reg-id=1\r\n";
	struct registrar_binding b;
	char lines[256];

	conf->outbound = true;
	conf->flow_timer = 25;

	for (int port = 1; port <= 2; port++) {
		(void)snprintf(lines, sizeof(lines), format, port);
		send_register(&cl, lines);
		expect(&cl, "Require: outbound\r\nFlow-Timer: 25\r\n");
	}

	ck_assert_uint_eq(registrar_bindings(reg, "alice"), 1);
	ck_assert(registrar_binding(reg, "alice", 0, &b));
	ck_assert_str_eq(b.uri, "sip:a@192.0.2.1:2");
	ck_assert(b.flow_open);
}
END_TEST


START_TEST(via_tells_what_the_registrar_sees)
{
	char want[64];
	struct sockaddr_in sin;
	socklen_t len = sizeof(sin);

	ck_assert_int_eq(0, getsockname(cl.io.fd, (struct sockaddr *)&sin,
					&len));
	(void)snprintf(want, sizeof(want), ";rport=%u;", ntohs(sin.sin_port));
	send_register(&cl, "");
	expect(&cl, want);
	expect(&cl, ";received=127.0.0.1\r\n");

	ck_assert_int_eq(0, sa_set_str(&conf->seen, "203.0.113.7", 40112));
	send_register(&cl, "");
	expect(&cl, ";rport=40112;");
	expect(&cl, ";received=203.0.113.7\r\n");
}
END_TEST


START_TEST(a_rule_holds_for_its_count)
{
	const struct registrar_rule rule = {
		.user = "alice", .count = 2, .kind = RULE_ANSWER, .code = 503,
		.headers = "Retry-After: 7\r\n",
	};

	ck_assert_int_eq(0, registrar_rule(reg, &rule));

	for (int i = 0; i < 2; i++) {
		send_register(&cl, "");
		expect(&cl, "SIP/2.0 503 Service Unavailable\r\n");
		expect(&cl, "Retry-After: 7\r\n");
	}

	send_register(&cl, "");
	expect(&cl, "SIP/2.0 200 ");
}
END_TEST


START_TEST(a_verbatim_answer_is_filled_from_the_request)
{
	const struct registrar_rule rule = {
		.kind = RULE_VERBATIM,
		.text = "SIP/2.0 299 {x}\r\nCall-ID: {call-id}\r\n"
			"CSeq: {cseq}\r\nX: {uri} {contact}\r\n\r\n",
	};

	ck_assert_int_eq(0, registrar_rule(reg, &rule));
	send_register(&cl, "Contact: <sip:a@192.0.2.1>;q=1\r\n");
	expect(&cl, "SIP/2.0 299 {x}\r\nCall-ID: call-1\r\n"
		    "CSeq: 1 REGISTER\r\n"
		    "X: sip:a@192.0.2.1 <sip:a@192.0.2.1>;q=1\r\n\r\n");
}
END_TEST


START_TEST(the_contact_list_can_be_another)
{
	struct registrar_rule rule = {
		.kind = RULE_ACCEPTED, .count = 1,
		.contacts = "<{uri}>;expires=7, <sip:b@192.0.2.9>",
	};

	ck_assert_int_eq(0, registrar_rule(reg, &rule));
	rule.contacts = "";
	ck_assert_int_eq(0, registrar_rule(reg, &rule));

	send_register(&cl, "Contact: <sip:a@192.0.2.1>\r\n");
	expect(&cl, "\r\nContact: <sip:a@192.0.2.1>;expires=7, "
		    "<sip:b@192.0.2.9>\r\n");
	send_register(&cl, "Contact: <sip:a@192.0.2.1>\r\n");
	expect(&cl, "Content-Length: 0\r\n\r\n");
	ck_assert_ptr_null(strstr(cl.in, "Contact:"));
}
END_TEST


START_TEST(an_answer_can_come_late_in_pieces_and_before_a_close)
{
	const struct registrar_rule rule = {
		.kind = RULE_NORMAL, .delay = 50, .chunk = 100, .pause = 1,
		.close_after = true,
	};
	const msec_t start = loop_now();

	ck_assert_int_eq(0, registrar_rule(reg, &rule));
	send_register(&cl, "");
	ck_assert(harness_wait(is_closed, &cl, WAIT));
	ck_assert_uint_ge(loop_now() - start, 50);
	expect(&cl, "Content-Length: 0\r\n\r\n");
}
END_TEST


START_TEST(a_retransmission_gets_the_same_answer_and_counts_once)
{
	struct client udp;
	char first[sizeof(udp.in)];

	conf->open = false;
	client_open(&udp, TRANSPORT_UDP);
	send_again(&udp, 1, "");
	expect(&udp, "SIP/2.0 401 ");
	memcpy(first, udp.in, sizeof(first));

	send_again(&udp, 1, "");
	expect(&udp, "SIP/2.0 401 ");
	ck_assert_str_eq(first, udp.in);
	ck_assert_uint_eq(registrar_registers(reg, "alice", RULE_ANY), 1);
	ck_assert_uint_eq(registrar_counters(reg)->repeated, 1);
	client_close(&udp);
}
END_TEST


START_TEST(a_ping_is_answered_unless_switched_off)
{
	client_send(&cl, "\r\n\r\n");
	expect(&cl, "\r\n");

	conf->pong = false;
	client_send(&cl, "\r\n");
	client_send(&cl, "\r\n");
	expect_nothing(&cl);
	ck_assert_uint_eq(registrar_counters(reg)->pings, 2);
}
END_TEST


struct outcome {
	bool done;
	int err;
	uint16_t code;
};


static void outcome_handler(int err, uint16_t code, const struct sip_msg *msg,
			    void *arg)
{
	struct outcome *o = arg;

	(void)msg;
	o->done = true;
	o->err = err;
	o->code = code;
}


/* Answers the request in c->in, copying what an answer has to repeat. */
static void client_answer(struct client *c, const char *status)
{
	static const char *const namev[] = {
		"Via:", "From:", "To:", "Call-ID:", "CSeq:"};
	char in[sizeof(c->in)], text[4096];
	char *save = NULL;
	size_t n;

	memcpy(in, c->in, sizeof(in));
	n = (size_t)snprintf(text, sizeof(text), "SIP/2.0 %s\r\n", status);

	for (char *line = strtok_r(in, "\r\n", &save); line;
	     line = strtok_r(NULL, "\r\n", &save)) {
		for (size_t i = 0; i < sizeof(namev) / sizeof(namev[0]); i++) {
			if (!strncmp(line, namev[i], strlen(namev[i])))
				n += (size_t)snprintf(text + n,
						      sizeof(text) - n,
						      "%s\r\n", line);
		}
	}

	(void)snprintf(text + n, sizeof(text) - n,
		       "Content-Length: 0\r\n\r\n");
	client_send(c, text);
}


START_TEST(a_call_arrives_over_the_flow_and_its_code_comes_back)
{
	struct outcome o = {0};

	ck_assert_int_eq(ENOENT, registrar_request(reg, "alice", "INVITE",
						   NULL, outcome_handler, &o));

	send_register(&cl, "Contact: <sip:a@192.0.2.1;x=1>\r\n");
	expect(&cl, "SIP/2.0 200 ");
	forget(&cl);
	ck_assert_int_eq(0, registrar_request(reg, "alice", "INVITE", NULL,
					      outcome_handler, &o));
	expect(&cl, "INVITE sip:a@192.0.2.1;x=1 SIP/2.0\r\n");
	expect(&cl, "\r\n\r\n");
	client_answer(&cl, "480 No");
	ck_assert(harness_wait(harness_flag, &o.done, WAIT));
	ck_assert_int_eq(o.err, 0);
	ck_assert_uint_eq(o.code, 480);
	expect(&cl, "ACK sip:a@192.0.2.1;x=1 SIP/2.0\r\n");
}
END_TEST


START_TEST(a_call_into_a_black_hole_times_out)
{
	struct outcome o = {0};

	send_register(&cl, "Contact: <sip:a@192.0.2.1>\r\n");
	expect(&cl, "SIP/2.0 200 ");
	ck_assert_uint_eq(registrar_blackhole(reg, "alice", true), 1);

	send_register(&cl, "");
	conf->request_timeout = SILENT;
	ck_assert_int_eq(0, registrar_request(reg, "alice", "OPTIONS", NULL,
					      outcome_handler, &o));
	ck_assert(harness_wait(harness_flag, &o.done, WAIT));
	ck_assert_int_eq(o.err, ETIMEDOUT);
	ck_assert_str_eq(cl.in, "");
	ck_assert(!cl.closed);
	ck_assert_uint_gt(registrar_counters(reg)->swallowed, 0);
}
END_TEST


START_TEST(a_request_to_an_aor_is_relayed_to_its_binding)
{
	struct client caller;

	conf->relay = true;
	send_register(&cl, "Contact: <sip:a@192.0.2.1>\r\n");
	expect(&cl, "SIP/2.0 200 ");
	forget(&cl);

	client_open(&caller, TRANSPORT_UDP);
	client_send(&caller,
		    "OPTIONS sip:alice@example.org SIP/2.0\r\n"
		    "Via: SIP/2.0/UDP 192.0.2.2:5;rport;branch=z9hG4bKp\r\n"
		    "From: <sip:x@example.org>;tag=1\r\n"
		    "To: <sip:alice@example.org>\r\n"
		    "Call-ID: c\r\nCSeq: 1 OPTIONS\r\nX-Secret: 42\r\n"
		    "Content-Length: 0\r\n\r\n");
	expect(&cl, "OPTIONS sip:a@192.0.2.1 SIP/2.0\r\n");
	expect(&cl, "X-Secret: 42\r\n");
	expect(&cl, "\r\n\r\n");
	client_answer(&cl, "486 Busy");

	expect(&caller, "SIP/2.0 486 Busy\r\n"
			"Via: SIP/2.0/UDP 192.0.2.2:5;rport=");
	client_close(&caller);
}
END_TEST


START_TEST(a_restart_keeps_the_port_and_what_it_is_told_to_keep)
{
	const uint16_t port = sa_port(registrar_addr(reg, TRANSPORT_TCP));

	send_register(&cl, "Contact: <sip:a@192.0.2.1>\r\n");
	expect(&cl, "SIP/2.0 200 ");

	registrar_stop(reg);
	ck_assert(harness_wait(is_closed, &cl, WAIT));
	ck_assert_uint_eq(registrar_connections(reg, TRANSPORT_TCP), 0);
	client_close(&cl);

	ck_assert_int_eq(0, registrar_start(reg));
	ck_assert_uint_eq(port, sa_port(registrar_addr(reg, TRANSPORT_TCP)));
	ck_assert_uint_eq(registrar_bindings(reg, "alice"), 1);
	registrar_forget(reg);
	ck_assert_uint_eq(registrar_bindings(reg, "alice"), 0);

	client_open(&cl, TRANSPORT_TCP);
	send_register(&cl, "");
	expect(&cl, "SIP/2.0 200 ");
	ck_assert_uint_eq(registrar_accepted(reg, TRANSPORT_TCP), 2);
}
END_TEST


START_TEST(a_lost_request_can_come_again_and_a_close_is_no_answer)
{
	struct registrar_rule rule = {.kind = RULE_DROP, .count = 1};
	struct client udp;

	ck_assert_int_eq(0, registrar_rule(reg, &rule));
	client_open(&udp, TRANSPORT_UDP);
	send_again(&udp, 1, "");
	expect_nothing(&udp);
	send_again(&udp, 1, "");
	expect(&udp, "SIP/2.0 200 ");
	client_close(&udp);

	rule.kind = RULE_CLOSE;
	ck_assert_int_eq(0, registrar_rule(reg, &rule));
	send_register(&cl, "");
	ck_assert(harness_wait(is_closed, &cl, WAIT));
	ck_assert_str_eq(cl.in, "");
}
END_TEST


START_TEST(what_is_not_sip_closes_the_stream)
{
	client_send(&cl, "GET / HTTP/1.1\r\nContent-Length: 0\r\n\r\n");
	ck_assert(harness_wait(is_closed, &cl, WAIT));
	ck_assert_uint_eq(registrar_counters(reg)->malformed, 1);
}
END_TEST


static X509 *pem_read(const char *path)
{
	FILE *f = fopen(path, "r");
	X509 *cert;

	ck_assert_ptr_nonnull(f);
	cert = PEM_read_X509(f, NULL, NULL, NULL);
	(void)fclose(f);
	ck_assert_ptr_nonnull(cert);

	return cert;
}


static int verify(X509 *authority, X509 *cert)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	int error;

	X509_STORE_add_cert(store, authority);
	X509_STORE_CTX_init(ctx, store, cert, NULL);
	(void)X509_verify_cert(ctx);
	error = X509_STORE_CTX_get_error(ctx);
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);

	return error;
}


START_TEST(certificates_say_what_they_were_asked_to)
{
	char dir[] = "/tmp/sipregd-ca-XXXXXX", path[4][64];
	struct ca *ca, *other;
	X509 *authority, *stranger, *good, *expired;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	for (int i = 0; i < 4; i++)
		(void)snprintf(path[i], sizeof(path[i]), "%s/%d.pem", dir, i);

	ck_assert_int_eq(0, ca_alloc(&ca, path[0]));
	ck_assert_int_eq(0, ca_alloc(&other, path[1]));
	ck_assert_int_eq(0, ca_issue(ca, path[2], "DNS:a.example.org,"
				     "IP:127.0.0.1,URI:sip:example.org",
				     CA_DAYS));
	ck_assert_int_eq(0, ca_issue(ca, path[3], "DNS:a.example.org", -1));
	authority = pem_read(path[0]);
	stranger = pem_read(path[1]);
	good = pem_read(path[2]);
	expired = pem_read(path[3]);

	ck_assert_int_eq(X509_V_OK, verify(authority, good));
	ck_assert_int_ne(X509_V_OK, verify(stranger, good));
	ck_assert_int_eq(X509_V_ERR_CERT_HAS_EXPIRED,
			 verify(authority, expired));
	ck_assert_int_eq(1, X509_check_host(good, "a.example.org", 0, 0, NULL));
	ck_assert_int_eq(0, X509_check_host(good, "b.example.org", 0, 0, NULL));
	ck_assert_int_eq(1, X509_check_ip_asc(good, "127.0.0.1", 0));
	ck_assert_int_eq(0, X509_check_ip_asc(expired, "127.0.0.1", 0));

	X509_free(authority);
	X509_free(stranger);
	X509_free(good);
	X509_free(expired);
	mem_deref(ca);
	mem_deref(other);
	for (int i = 0; i < 4; i++)
		(void)unlink(path[i]);
	(void)rmdir(dir);
}
END_TEST


/* A handshake, and the name in the certificate that it showed. */
struct greeting {
	struct io io;
	SSL *ssl;
	int rv;                  /* 0: going on, 1: done, -1: failed */
};


static void greeting_handler(int flags, void *arg)
{
	struct greeting *g = arg;
	const int rv = SSL_do_handshake(g->ssl);

	(void)flags;

	if (rv != 1 && SSL_get_error(g->ssl, rv) == SSL_ERROR_WANT_READ)
		return;

	g->rv = rv == 1 ? 1 : -1;
	io_stop(&g->io);
}


static bool greeted(void *arg)
{
	return ((struct greeting *)arg)->rv != 0;
}


/* Says hello with this SNI; was `name` in the certificate? */
static bool greet(SSL_CTX *ctx, const char *sni, const char *name)
{
	const struct sa *sa = registrar_addr(reg, TRANSPORT_TLS);
	struct greeting g = {.io = {.h = greeting_handler}};
	bool is = false;

	g.io.arg = &g;
	g.io.fd = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(0, connect(g.io.fd, &sa->u.sa, sa->len));
	ck_assert_int_eq(0, net_sockopt_blocking_set(g.io.fd, false));

	g.ssl = SSL_new(ctx);
	ck_assert_int_eq(1, SSL_set_fd(g.ssl, g.io.fd));
	SSL_set_connect_state(g.ssl);
	if (sni)
		ck_assert_int_eq(1, SSL_set_tlsext_host_name(g.ssl, sni));

	ck_assert_int_eq(0, io_listen(&g.io, FD_READ));
	greeting_handler(0, &g);
	ck_assert(harness_wait(greeted, &g, WAIT));

	if (g.rv == 1)
		is = X509_check_host(SSL_get0_peer_certificate(g.ssl), name, 0,
				     0, NULL) == 1;
	SSL_free(g.ssl);
	(void)close(g.io.fd);

	return is;
}


START_TEST(the_name_that_the_client_sends_chooses_the_certificate)
{
	char dir[] = "/tmp/sipregd-ca-XXXXXX", path[3][64];
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	struct ca *ca;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	for (int i = 0; i < 3; i++)
		(void)snprintf(path[i], sizeof(path[i]), "%s/%d.pem", dir, i);

	ck_assert_int_eq(0, ca_alloc(&ca, path[0]));
	ck_assert_int_eq(0, ca_issue(ca, path[1], "DNS:a.test", CA_DAYS));
	ck_assert_int_eq(0, ca_issue(ca, path[2], "DNS:b.test", CA_DAYS));
	ck_assert_int_eq(0, registrar_listen(reg, TRANSPORT_TLS,
					     "127.0.0.1:0", path[1]));
	ck_assert_int_eq(0, registrar_identity(reg, "b.test", path[2]));

	ck_assert(greet(ctx, NULL, "a.test"));
	ck_assert_str_eq(registrar_last_sni(reg), "");
	ck_assert(greet(ctx, "b.test", "b.test"));
	ck_assert_str_eq(registrar_last_sni(reg), "b.test");
	ck_assert(greet(ctx, "c.test", "a.test"));

	conf->require_sni = true;
	ck_assert(!greet(ctx, "c.test", "a.test"));
	ck_assert(!greet(ctx, NULL, "a.test"));
	ck_assert_uint_eq(registrar_counters(reg)->handshake_failures, 2);

	SSL_CTX_free(ctx);
	mem_deref(ca);
	for (int i = 0; i < 3; i++)
		(void)unlink(path[i]);
	(void)rmdir(dir);
}
END_TEST


Suite *suite_registrar(void);

Suite *suite_registrar(void)
{
	Suite *s = suite_create("registrar");
	TCase *digest = tcase_create("digest"), *tc = tcase_create("open");

	tcase_add_checked_fixture(digest, setup, teardown);
	tcase_add_loop_test(digest, right_credentials_bind, 0,
			    sizeof(algv) / sizeof(algv[0]));
	tcase_add_test(digest,
		       wrong_credentials_are_refused_and_not_called_stale);
	tcase_add_test(digest, a_nonce_is_good_as_long_as_nc_grows);
	tcase_add_test(digest, a_one_time_nonce_is_stale_the_second_time);
	suite_add_tcase(s, digest);

	tcase_add_checked_fixture(tc, setup_open, teardown);
	tcase_add_test(tc, cseq_must_grow_within_a_call_id);
	tcase_add_test(tc, a_short_lease_is_refused_and_a_long_one_cut);
	tcase_add_test(tc, one_binding_too_many_changes_nothing);
	tcase_add_test(tc, outbound_replaces_by_instance_and_reg_id);
	tcase_add_test(tc, via_tells_what_the_registrar_sees);
	tcase_add_test(tc, a_rule_holds_for_its_count);
	tcase_add_test(tc, a_verbatim_answer_is_filled_from_the_request);
	tcase_add_test(tc, the_contact_list_can_be_another);
	tcase_add_test(tc,
		       an_answer_can_come_late_in_pieces_and_before_a_close);
	tcase_add_test(tc,
		       a_retransmission_gets_the_same_answer_and_counts_once);
	tcase_add_test(tc, a_ping_is_answered_unless_switched_off);
	tcase_add_test(tc,
		       a_call_arrives_over_the_flow_and_its_code_comes_back);
	tcase_add_test(tc, a_call_into_a_black_hole_times_out);
	tcase_add_test(tc, a_request_to_an_aor_is_relayed_to_its_binding);
	tcase_add_test(tc,
		       a_restart_keeps_the_port_and_what_it_is_told_to_keep);
	tcase_add_test(tc,
		       a_lost_request_can_come_again_and_a_close_is_no_answer);
	tcase_add_test(tc, what_is_not_sip_closes_the_stream);
	tcase_add_test(tc,
		       the_name_that_the_client_sends_chooses_the_certificate);
	tcase_add_test(tc, certificates_say_what_they_were_asked_to);
	suite_add_tcase(s, tc);

	return s;
}
