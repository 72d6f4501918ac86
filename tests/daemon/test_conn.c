/* Connections against a peer in the same process, which takes its turn while
 * the loop is waited for (SCENARIOS T22). */

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <openssl/err.h>
#include "ca.h"
#include "conn.h"
#include "harness.h"


#define WAIT  5000               /* [ms] for what must happen */
#define QUIET 60                 /* [ms] for what must not */
#define OK "SIP/2.0 200 OK\r\nVia: SIP/2.0/TCP a;branch=z\r\n"
#define BODY OK "Content-Length: 5\r\n\r\nhello"
#define BARE OK "l: 0\r\n\r\n"
#define BIG 60000                /* bytes of a large message */

static char buffer[1 << 20];


/* --- the far side --- */

static struct {
	int lfd;                 /* listening, or the UDP socket */
	int fd;                  /* accepted */
	SSL_CTX *ctx;            /* NULL: plain */
	SSL *ssl;
	struct sa addr;
	bool ended;              /* read to the end */
	bool lazy;               /* does not read */
	char got[1 << 21];
	size_t len;
} peer;


static void peer_listen_at(const char *ip, int type, uint16_t port)
{
	const int one = 1;

	ck_assert_int_eq(0, sa_set_str(&peer.addr, ip, port));
	peer.lfd = socket(sa_af(&peer.addr), type | SOCK_NONBLOCK, 0);
	ck_assert_int_ge(peer.lfd, 0);
	ck_assert_int_eq(0, setsockopt(peer.lfd, SOL_SOCKET, SO_REUSEADDR,
				       &one, sizeof(one)));
	ck_assert_int_eq(0, bind(peer.lfd, &peer.addr.u.sa, peer.addr.len));
	if (type == SOCK_STREAM)
		ck_assert_int_eq(0, listen(peer.lfd, 1));

	peer.addr.len = sizeof(peer.addr.u);
	ck_assert_int_eq(0, getsockname(peer.lfd, &peer.addr.u.sa,
					&peer.addr.len));
}


static void peer_listen(const char *ip, int type)
{
	peer_listen_at(ip, type, 0);
}


static void peer_accept(void)
{
	if (peer.fd >= 0 || peer.lfd < 0)
		return;

	peer.fd = accept4(peer.lfd, NULL, NULL, SOCK_NONBLOCK);
	if (peer.fd < 0 || !peer.ctx)
		return;

	peer.ssl = SSL_new(peer.ctx);
	ck_assert_int_eq(1, SSL_set_fd(peer.ssl, peer.fd));
	SSL_set_accept_state(peer.ssl);
}


static ssize_t peer_read(void)
{
	char *p = peer.got + peer.len;
	const size_t room = sizeof(peer.got) - 1 - peer.len;
	int n;

	if (!peer.ssl)
		return recv(peer.fd, p, room, 0);

	ERR_clear_error();
	n = SSL_read(peer.ssl, p, (int)room);
	if (n > 0)
		return n;

	return SSL_get_error(peer.ssl, n) == SSL_ERROR_ZERO_RETURN ? 0 : -1;
}


static void peer_turn(void)
{
	ssize_t n;

	peer_accept();
	if (peer.fd < 0 || peer.lazy)
		return;

	while ((n = peer_read()) > 0)
		peer.len += (size_t)n;
	if (!n)
		peer.ended = true;
	peer.got[peer.len] = '\0';
}


static void peer_write(const void *p, size_t len)
{
	if (peer.ssl)
		ck_assert_int_eq((int)len, SSL_write(peer.ssl, p, (int)len));
	else
		ck_assert_int_eq((ssize_t)len, send(peer.fd, p, len, 0));
}


static void peer_puts(const char *text)
{
	peer_write(text, strlen(text));
}


static void peer_close(void)
{
	SSL_free(peer.ssl);
	peer.ssl = NULL;
	if (peer.fd >= 0)
		(void)close(peer.fd);
	peer.fd = -1;
}


static void peer_reset(void)
{
	const struct linger l = {1, 0};

	ck_assert_int_eq(0, setsockopt(peer.fd, SOL_SOCKET, SO_LINGER, &l,
				       sizeof(l)));
	peer_close();
}


/* --- ours --- */

enum freeing {
	FREE_NOT,
	FREE_ESTAB,
	FREE_RECV,
	FREE_PONG,
	FREE_PING,
	FREE_CLOSE,
};

static struct {
	struct conn *conn;
	enum freeing freeing;
	unsigned estab, pong, ping, stun, closed;
	unsigned messages;
	size_t last;             /* bytes of the last message */
	char first[16];          /* its beginning */
	struct sa src;
	enum reason reason;
	char text[256];
} our;


static void free_at(enum freeing here)
{
	if (our.freeing == here)
		our.conn = mem_deref(our.conn);
}


static void estab_handler(void *arg)
{
	ck_assert_ptr_eq(&our, arg);
	++our.estab;
	free_at(FREE_ESTAB);
}


static void recv_handler(struct mbuf *mb, const struct sa *src, void *arg)
{
	ck_assert_ptr_eq(&our, arg);
	++our.messages;
	our.last = mbuf_get_left(mb);
	our.src = *src;
	memset(our.first, 0, sizeof(our.first));
	memcpy(our.first, mbuf_buf(mb), our.last < 15 ? our.last : 15);
	free_at(FREE_RECV);
}


static void stun_handler(struct mbuf *mb, const struct sa *src, void *arg)
{
	(void)src;
	ck_assert_ptr_eq(&our, arg);
	our.last = mbuf_get_left(mb);
	++our.stun;
}


static void pong_handler(void *arg)
{
	ck_assert_ptr_eq(&our, arg);
	++our.pong;
	free_at(FREE_PONG);
}


static void ping_handler(void *arg)
{
	ck_assert_ptr_eq(&our, arg);
	++our.ping;
	free_at(FREE_PING);
}


static void close_handler(enum reason reason, const char *text, void *arg)
{
	ck_assert_ptr_eq(&our, arg);
	++our.closed;
	our.reason = reason;
	(void)snprintf(our.text, sizeof(our.text), "%s", text);
	free_at(FREE_CLOSE);
}


static const struct conn_handlers handlers = {
	.estabh = estab_handler,
	.recvh = recv_handler,
	.stunh = stun_handler,
	.pongh = pong_handler,
	.pingh = ping_handler,
	.closeh = close_handler,
};

static struct conn_conf conf;


static void setup(void)
{
	harness_setup();
	memset(&our, 0, sizeof(our));
	memset(&peer, 0, sizeof(peer));
	peer.lfd = peer.fd = -1;
	memset(&conf, 0, sizeof(conf));
	conf.interface = "";
	conf.transport = TRANSPORT_TCP;
}


static void teardown(void)
{
	mem_deref(our.conn);
	peer_close();
	if (peer.lfd >= 0)
		(void)close(peer.lfd);
	SSL_CTX_free(peer.ctx);
	mem_deref(conf.tls);
	tls_close();
	harness_teardown();
}


static bool turn(void *arg)
{
	peer_turn();

	return *(unsigned *)arg > 0;
}


#define await(what) ck_assert(harness_wait(turn, &(what), WAIT))


static bool got_len(void *arg)
{
	peer_turn();

	return peer.len >= *(size_t *)arg;
}


static bool got_end(void *arg)
{
	(void)arg;
	peer_turn();

	return peer.ended;
}


static bool never(void *arg)
{
	(void)arg;
	peer_turn();

	return false;
}


static void quiet(void)
{
	(void)harness_wait(never, NULL, QUIET);
}


static void expect_got(const char *text)
{
	size_t len = strlen(text);

	ck_assert(harness_wait(got_len, &len, WAIT));
	ck_assert_str_eq(text, peer.got);
}


static void expect_closed(enum reason reason, const char *text)
{
	await(our.closed);
	ck_assert_int_eq(reason, our.reason);
	ck_assert_str_eq(text, our.text);
	ck_assert_uint_eq(1, our.closed);
}


static void send_text(const char *text)
{
	ck_assert_int_eq(0, conn_send(our.conn, (const uint8_t *)text,
				      strlen(text)));
}


static void start(void)
{
	conf.peer = peer.addr;
	ck_assert_int_eq(0, conn_open(&our.conn, &conf, &handlers, &our));
	ck_assert_uint_eq(0, our.estab);
	ck_assert_int_eq(ENOTCONN, conn_send(our.conn, (uint8_t *)"x", 1));
}


static void establish(void)
{
	start();
	await(our.estab);
	ck_assert_uint_eq(1, our.estab);
}


static void tcp(void)
{
	peer_listen("127.0.0.1", SOCK_STREAM);
	establish();
	peer_turn();
	ck_assert_int_ge(peer.fd, 0);
}


/* A large message: header and a body of x. */
static size_t large(char *buf)
{
	int n = sprintf(buf, OK "l: %d\r\n\r\n", BIG);

	memset(buf + n, 'x', BIG);

	return (size_t)n + BIG;
}


/* --- streams --- */

START_TEST(tcp_carries_both_ways)
{
	struct sa far = {.len = sizeof(far.u)};

	tcp();
	ck_assert_int_eq(0, getpeername(peer.fd, &far.u.sa, &far.len));
	ck_assert(sa_cmp(&far, conn_local(our.conn), SA_ALL));
	ck_assert(sa_cmp(&peer.addr, conn_peer(our.conn), SA_ALL));
	ck_assert_int_eq(TRANSPORT_TCP, conn_transport(our.conn));

	send_text(BARE);
	expect_got(BARE);
	peer_puts(BODY);
	await(our.messages);
	ck_assert_uint_eq(strlen(BODY), our.last);
	ck_assert(sa_cmp(&peer.addr, &our.src, SA_ALL));
}
END_TEST


START_TEST(tcp_over_ipv6_from_a_source)
{
	peer_listen("::1", SOCK_STREAM);
	ck_assert_int_eq(0, sa_set_str(&conf.source, "::1", 0));
	conf.interface = "lo";
	establish();
	ck_assert(sa_cmp(&conf.source, conn_local(our.conn), SA_ADDR));
	ck_assert_uint_ne(0, sa_port(conn_local(our.conn)));
}
END_TEST


/* The socket itself, found by its local address. */
static int our_fd(void)
{
	struct sa sa;
	int fd;

	for (fd = 0; fd < 64; fd++) {
		sa.len = sizeof(sa.u);
		if (!getsockname(fd, &sa.u.sa, &sa.len) &&
		    sa_cmp(&sa, conn_local(our.conn), SA_ALL))
			return fd;
	}

	ck_abort_msg("no such socket");
	return -1;
}


static int option(int level, int name)
{
	socklen_t len = sizeof(int);
	int value = -1;

	ck_assert_int_eq(0, getsockopt(our_fd(), level, name, &value, &len));

	return value;
}


START_TEST(tcp_socket_has_its_options)
{
	conf.dscp = 24;
	conf.interface = "lo";
	ck_assert_int_eq(0, sa_set_str(&conf.source, "127.0.0.2", 0));
	tcp();
	ck_assert(sa_cmp(&conf.source, conn_local(our.conn), SA_ADDR));
	ck_assert_int_eq(1, option(IPPROTO_TCP, TCP_NODELAY));
	ck_assert_int_eq(1, option(SOL_SOCKET, SO_KEEPALIVE));
	ck_assert_int_eq(30000, option(IPPROTO_TCP, TCP_USER_TIMEOUT));
	ck_assert_int_eq(24 << 2, option(IPPROTO_IP, IP_TOS));
	ck_assert_int_eq(FD_CLOEXEC, fcntl(our_fd(), F_GETFD));
	ck_assert(fcntl(our_fd(), F_GETFL) & O_NONBLOCK);
}
END_TEST


START_TEST(tcp_refused)
{
	peer_listen("127.0.0.1", SOCK_STREAM);
	(void)close(peer.lfd);
	peer.lfd = -1;
	start();
	expect_closed(REASON_CONNECT_REFUSED, "Connection refused");
	ck_assert_uint_eq(0, our.estab);
	ck_assert_int_eq(ENOTCONN, conn_send(our.conn, (uint8_t *)"x", 1));
}
END_TEST


START_TEST(tcp_connected_to_itself_is_refused)
{
	peer_listen("127.0.0.1", SOCK_STREAM);
	(void)close(peer.lfd);
	peer.lfd = -1;
	conf.source = peer.addr;
	start();
	expect_closed(REASON_CONNECT_REFUSED, "Connection refused");
	ck_assert_uint_eq(0, our.estab);
}
END_TEST


/* A full backlog answers no SYN. */
START_TEST(tcp_black_hole_is_the_owners_to_end)
{
	int fdv[4];
	size_t i;

	peer_listen("127.0.0.1", SOCK_STREAM);
	for (i = 0; i < 4; i++) {
		fdv[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)connect(fdv[i], &peer.addr.u.sa, peer.addr.len);
	}

	start();
	harness_run(QUIET);
	ck_assert_uint_eq(0, our.estab);
	our.conn = mem_deref(our.conn);
	harness_run(QUIET);
	ck_assert_uint_eq(0, our.estab + our.closed);

	for (i = 0; i < 4; i++)
		(void)close(fdv[i]);
}
END_TEST


START_TEST(unusable_source_is_known_at_once)
{
	peer_listen("127.0.0.1", SOCK_STREAM);
	conf.peer = peer.addr;
	ck_assert_int_eq(0, sa_set_str(&conf.source, "192.0.2.77", 0));
	ck_assert_int_eq(EADDRNOTAVAIL,
			 conn_open(&our.conn, &conf, &handlers, &our));
	conf.transport = TRANSPORT_UDP;
	ck_assert_int_eq(EADDRNOTAVAIL,
			 conn_open(&our.conn, &conf, &handlers, &our));
	sa_init(&conf.source, AF_UNSPEC);
	conf.interface = "nonesuch0";
	ck_assert_int_eq(ENODEV,
			 conn_open(&our.conn, &conf, &handlers, &our));
	ck_assert_ptr_null(our.conn);
}
END_TEST


START_TEST(out_of_descriptors_is_known_at_once)
{
	struct rlimit lim;

	peer_listen("127.0.0.1", SOCK_STREAM);
	conf.peer = peer.addr;
	ck_assert_int_eq(0, getrlimit(RLIMIT_NOFILE, &lim));
	lim.rlim_cur = 3;
	ck_assert_int_eq(0, setrlimit(RLIMIT_NOFILE, &lim));
	ck_assert_int_eq(EMFILE,
			 conn_open(&our.conn, &conf, &handlers, &our));
	lim.rlim_cur = lim.rlim_max;
	ck_assert_int_eq(0, setrlimit(RLIMIT_NOFILE, &lim));
}
END_TEST


/* What is open above a low number that is free: after a restart, for one. */
START_TEST(a_flow_leaves_eight_descriptors_to_others)
{
	struct rlimit was, lim;
	bool mine[32] = {false};
	int fd, first, unused = 0;

	peer_listen("127.0.0.1", SOCK_STREAM);
	conf.peer = peer.addr;
	first = dup(peer.lfd);
	ck_assert_int_ge(first, 0);
	(void)close(first);

	ck_assert_int_eq(0, getrlimit(RLIMIT_NOFILE, &was));
	lim = was;
	lim.rlim_cur = (rlim_t)first + ARRAY_SIZE(mine);
	ck_assert_int_eq(0, setrlimit(RLIMIT_NOFILE, &lim));

	/* the lowest nine are free */
	for (fd = first; fd < (int)lim.rlim_cur; fd++) {
		if (fcntl(fd, F_GETFD) >= 0 || unused++ < 9)
			continue;
		ck_assert_int_eq(fd, dup2(peer.lfd, fd));
		mine[fd - first] = true;
	}

	ck_assert_int_eq(0, conn_open(&our.conn, &conf, &handlers, &our));
	our.conn = mem_deref(our.conn);
	fd = dup(peer.lfd);
	ck_assert_int_eq(EMFILE,
			 conn_open(&our.conn, &conf, &handlers, &our));

	(void)close(fd);
	for (fd = first; fd < (int)lim.rlim_cur; fd++)
		if (mine[fd - first])
			(void)close(fd);
	ck_assert_int_eq(0, setrlimit(RLIMIT_NOFILE, &was));
}
END_TEST


static bool three_messages(void *arg)
{
	static const char all[] = BODY BARE BODY;
	static size_t i;
	(void)arg;

	if (i < strlen(all))
		peer_write(all + i++, 1);

	return our.messages == 3;
}


START_TEST(byte_at_a_time)
{
	tcp();
	ck_assert(harness_wait(three_messages, NULL, WAIT));
	ck_assert_uint_eq(NEVER, conn_partial_since(our.conn));
}
END_TEST


START_TEST(several_messages_in_one_segment)
{
	tcp();
	peer_puts(BODY "\r\n\r\n" BARE "\r\n" BODY);
	await(our.pong);
	ck_assert_uint_eq(3, our.messages);
	ck_assert_uint_eq(1, our.ping);
	expect_got("\r\n");
}
END_TEST


START_TEST(ping_is_answered_by_exactly_crlf)
{
	tcp();
	peer_puts("\r\n\r\n");
	await(our.ping);
	expect_got("\r\n");
	quiet();
	ck_assert_uint_eq(2, peer.len);
	ck_assert_uint_eq(1, our.ping);
	ck_assert_uint_eq(0, our.pong);
}
END_TEST


START_TEST(pong_is_counted_and_not_answered)
{
	tcp();
	send_text("\r\n\r\n");
	expect_got("\r\n\r\n");
	peer_puts("\r\n");
	await(our.pong);
	quiet();
	ck_assert_uint_eq(4, peer.len);
	ck_assert_uint_eq(1, our.pong);
	ck_assert_uint_eq(0, our.ping);
}
END_TEST


START_TEST(flood_of_pings_is_bounded)
{
	size_t len = 100000, i;

	tcp();
	for (i = 0; i < len; i++)
		buffer[i] = i % 2 ? '\n' : '\r';
	peer_write(buffer, len);
	len /= 2;
	ck_assert(harness_wait(got_len, &len, WAIT));
	ck_assert_uint_eq(0, our.closed);
}
END_TEST


START_TEST(content_length_lie_ends_the_flow)
{
	tcp();
	peer_puts(BARE OK "Content-Length: -5\r\n\r\n");
	expect_closed(REASON_FLOW_LOST, "Content-Length is not a number");
	ck_assert_uint_eq(1, our.messages);
	ck_assert(harness_wait(got_end, NULL, WAIT));
	ck_assert_int_eq(ENOTCONN, conn_send(our.conn, (uint8_t *)"x", 1));
}
END_TEST


START_TEST(garbage_ends_the_flow)
{
	tcp();
	peer_puts("HTTP/1.1 400 Bad Request\r\n");
	expect_closed(REASON_FLOW_LOST, "not SIP");
}
END_TEST


START_TEST(sixty_kilobytes_of_header_are_taken)
{
	size_t len;

	tcp();
	(void)snprintf(buffer, sizeof(buffer), OK "X: %*s\r\nl:0\r\n\r\n",
		       60000, "x");
	len = strlen(buffer);
	peer_write(buffer, len);
	await(our.messages);
	ck_assert_uint_eq(len, our.last);
}
END_TEST


START_TEST(header_without_an_end_ends_the_flow)
{
	tcp();
	(void)snprintf(buffer, sizeof(buffer), OK "X: %*s", 70000, "x");
	peer_puts(buffer);
	expect_closed(REASON_FLOW_LOST, "header too large");
}
END_TEST


static bool is_partial(void *arg)
{
	return conn_partial_since(our.conn) != NEVER || !arg;
}


START_TEST(unfinished_message_has_a_beginning)
{
	const msec_t before = loop_now();

	tcp();
	ck_assert_uint_eq(NEVER, conn_partial_since(our.conn));
	peer_puts("SIP/2.0 200");
	ck_assert(harness_wait(is_partial, &our, WAIT));
	ck_assert_uint_ge(conn_partial_since(our.conn), before);
	ck_assert_uint_le(conn_partial_since(our.conn), loop_now());
	peer_puts(" OK\r\nl:0\r\n\r\n");
	await(our.messages);
	ck_assert_uint_eq(NEVER, conn_partial_since(our.conn));
}
END_TEST


START_TEST(messages_before_the_end_count)
{
	tcp();
	peer_puts(BODY BARE "SIP/2.0");
	peer_close();
	expect_closed(REASON_FLOW_LOST, "closed by the peer");
	ck_assert_uint_eq(2, our.messages);
}
END_TEST


START_TEST(reset_ends_the_flow)
{
	tcp();
	peer_reset();
	expect_closed(REASON_FLOW_LOST, "Connection reset by peer");
}
END_TEST


START_TEST(sending_into_a_reset_tells_once)
{
	int err = 0, i;

	tcp();
	peer_reset();
	for (i = 0; i < 3; i++)
		err = conn_send(our.conn, (const uint8_t *)BARE, strlen(BARE));
	ck_assert_int_ne(0, err);
	ck_assert_uint_eq(0, our.closed);
	await(our.closed);
	quiet();
	ck_assert_uint_eq(1, our.closed);
	ck_assert_int_eq(REASON_FLOW_LOST, our.reason);
}
END_TEST


static unsigned overflow(void)
{
	const size_t len = large(buffer);
	unsigned sent = 0;
	int err;

	peer.lazy = true;
	while (!(err = conn_send(our.conn, (uint8_t *)buffer, len)))
		++sent;

	ck_assert_int_eq(ENOBUFS, err);
	ck_assert_uint_gt(sent, 0);

	return sent;
}


static void expect_all(unsigned sent)
{
	size_t all = sent * large(buffer);

	ck_assert_uint_lt(all, sizeof(peer.got));
	ck_assert_uint_eq(0, our.closed);
	peer.lazy = false;
	ck_assert(harness_wait(got_len, &all, WAIT));
	quiet();
	ck_assert_uint_eq(all, peer.len);
	ck_assert_int_eq(0, memcmp(peer.got + all - large(buffer), buffer,
				   large(buffer)));
}


/* Small kernel buffers, or it would take megabytes. */
static void narrow(void)
{
	const int size = 32768;

	ck_assert_int_eq(0, setsockopt(peer.fd, SOL_SOCKET, SO_RCVBUF, &size,
				       sizeof(size)));
	ck_assert_int_eq(0, setsockopt(our_fd(), SOL_SOCKET, SO_SNDBUF, &size,
				       sizeof(size)));
}


START_TEST(full_queue_refuses_whole_messages_and_drains)
{
	tcp();
	narrow();
	expect_all(overflow());
	send_text("\r\n\r\n");
	peer.len = 0;
	expect_got("\r\n\r\n");
}
END_TEST


START_TEST(may_be_freed_in_any_handler)
{
	static const struct {
		enum freeing at;
		const char *text;
	} casev[] = {
		{FREE_RECV, BODY BODY}, {FREE_PONG, "\r\n" BODY},
		{FREE_PING, "\r\n\r\n" BODY},
		{FREE_CLOSE, "garbage\r\n" BODY},
	};
	unsigned told;

	our.freeing = casev[_i].at;
	tcp();
	peer_puts(casev[_i].text);
	ck_assert(harness_wait(got_end, NULL, WAIT));
	ck_assert_ptr_null(our.conn);
	told = our.messages + our.pong + our.ping + our.closed;
	ck_assert_uint_eq(1, told);
}
END_TEST


START_TEST(may_be_freed_when_established)
{
	our.freeing = FREE_ESTAB;
	peer_listen("127.0.0.1", SOCK_STREAM);
	start();
	await(our.estab);
	ck_assert_ptr_null(our.conn);
	ck_assert(harness_wait(got_end, NULL, WAIT));
}
END_TEST


/* --- TLS --- */

static void tls_peer(const char *san)
{
	char dir[] = "/tmp/sipregd-conn.XXXXXX";
	char cert[64], authority[64], text[256];
	struct tls_conf tls = {
		.ca_file = authority,
		.verify = TLS_VERIFY_WILDCARD,
		.min_version = TLS1_2_VERSION,
	};
	struct ca *ca;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(authority, sizeof(authority), "%s/ca.pem", dir);
	(void)snprintf(cert, sizeof(cert), "%s/cert.pem", dir);
	ck_assert_int_eq(0, ca_alloc(&ca, authority));
	ck_assert_int_eq(0, ca_issue(ca, cert, san, CA_DAYS));

	peer.ctx = SSL_CTX_new(TLS_server_method());
	ck_assert_int_eq(1, SSL_CTX_use_certificate_chain_file(peer.ctx, cert));
	ck_assert_int_eq(1, SSL_CTX_use_PrivateKey_file(peer.ctx, cert,
							SSL_FILETYPE_PEM));
	ck_assert_int_eq(0, tls_ctx_get(&conf.tls, &tls, text, sizeof(text)));

	mem_deref(ca);
	(void)unlink(authority);
	(void)unlink(cert);
	(void)rmdir(dir);

	conf.transport = TRANSPORT_TLS;
	conf.host = "sip.example.org";
	peer_listen("127.0.0.1", SOCK_STREAM);
}


static bool handshake_done(void *arg)
{
	(void)arg;
	peer_turn();

	return peer.ssl && SSL_is_init_finished(peer.ssl);
}


static void tls(void)
{
	tls_peer("DNS:sip.example.org");
	establish();
	ck_assert(harness_wait(handshake_done, NULL, WAIT));
	(void)SSL_set_mode(peer.ssl, SSL_MODE_AUTO_RETRY);
	ck_assert_int_eq(0, fcntl(peer.fd, F_SETFL, O_NONBLOCK));
}


START_TEST(tls_carries_both_ways)
{
	tls();
	send_text(BARE);
	expect_got(BARE);
	peer_puts(BODY);
	peer_puts("\r\n\r\n");
	await(our.ping);
	ck_assert_uint_eq(1, our.messages);
	expect_got(BARE "\r\n");
}
END_TEST


START_TEST(tls_carries_large_messages)
{
	size_t len = large(buffer);

	tls();
	peer_write(buffer, len);
	await(our.messages);
	ck_assert_uint_eq(len, our.last);

	ck_assert_int_eq(0, conn_send(our.conn, (uint8_t *)buffer, len));
	ck_assert(harness_wait(got_len, &len, WAIT));
	ck_assert_uint_eq(len, peer.len);
	ck_assert_int_eq(0, memcmp(buffer, peer.got, len));
}
END_TEST


static bool messages_are(void *arg)
{
	return our.messages == *(unsigned *)arg;
}


/* Lets the kernel's receive window grow beyond what one pass reads. */
static unsigned warm_up(size_t len)
{
	unsigned n;

	for (n = 1; n <= 8; n++) {
		peer_write(buffer, len);
		ck_assert(harness_wait(messages_are, &n, WAIT));
	}

	return n - 1;
}


/* The last record is read in part by the pass that is full: OpenSSL has the
 * rest, and epoll knows of nothing. */
START_TEST(tls_burst_is_read_to_its_last_record)
{
	const size_t len = large(buffer);
	unsigned n, msec = 0;
	int queued = 0, head;

	tls();
	n = warm_up(len) + 2;
	peer_write(buffer, len);
	head = sprintf(buffer, OK "l: 10000\r\n\r\n");
	peer_write(buffer, (size_t)head + 10000);

	/* the loop must not run before all of it is there */
	while (queued < BIG + 10000 && msec++ < WAIT) {
		ck_assert_int_eq(0, ioctl(our_fd(), FIONREAD, &queued));
		(void)usleep(1000);
	}
	ck_assert_int_gt(queued, BIG + 10000);
	ck_assert(harness_wait(messages_are, &n, WAIT));
}
END_TEST


START_TEST(tls_full_queue_refuses_whole_messages_and_drains)
{
	tls();
	narrow();
	expect_all(overflow());
}
END_TEST


START_TEST(tls_wrong_name_is_told)
{
	tls_peer("DNS:other.example.org");
	start();
	expect_closed(REASON_TLS_NAME, "certificate is for other.example.org, "
		      "not sip.example.org");
	ck_assert_uint_eq(0, our.estab);
}
END_TEST


START_TEST(tls_to_a_peer_without_it)
{
	tls_peer("DNS:sip.example.org");
	SSL_CTX_free(peer.ctx);
	peer.ctx = NULL;
	peer.lazy = true;
	start();
	(void)harness_wait(never, NULL, QUIET);
	ck_assert_int_ge(peer.fd, 0);
	peer_puts("SIP/2.0 400 Bad Request\r\n\r\n");
	expect_closed(REASON_TLS_FAILURE, "wrong version number");
}
END_TEST


START_TEST(tls_closed_in_the_handshake)
{
	tls_peer("DNS:sip.example.org");
	SSL_CTX_free(peer.ctx);
	peer.ctx = NULL;
	start();
	(void)harness_wait(never, NULL, QUIET);
	peer_close();
	expect_closed(REASON_TLS_FAILURE, "closed by the peer");
}
END_TEST


START_TEST(tls_goodbye_of_the_peer)
{
	tls();
	peer_puts(BARE);
	(void)SSL_shutdown(peer.ssl);
	expect_closed(REASON_FLOW_LOST, "closed by the peer");
	ck_assert_uint_eq(1, our.messages);
}
END_TEST


START_TEST(tls_end_without_goodbye)
{
	tls();
	peer_puts(BARE);
	peer_close();
	expect_closed(REASON_FLOW_LOST, "closed by the peer");
	ck_assert_uint_eq(1, our.messages);
}
END_TEST


START_TEST(tls_says_goodbye)
{
	tls();
	our.conn = mem_deref(our.conn);
	ck_assert(harness_wait(got_end, NULL, WAIT));
	ck_assert_int_eq(SSL_RECEIVED_SHUTDOWN,
			 SSL_get_shutdown(peer.ssl) & SSL_RECEIVED_SHUTDOWN);
}
END_TEST


START_TEST(tls_may_be_freed_in_a_handler)
{
	our.freeing = FREE_RECV;
	tls();
	peer_puts(BODY BODY);
	ck_assert(harness_wait(got_end, NULL, WAIT));
	ck_assert_ptr_null(our.conn);
	ck_assert_uint_eq(1, our.messages);
}
END_TEST


/* --- UDP --- */

static void udp_at(const char *ip)
{
	conf.transport = TRANSPORT_UDP;
	peer_listen(ip, SOCK_DGRAM);
	conf.peer = peer.addr;
	ck_assert_int_eq(0, conn_open(&our.conn, &conf, &handlers, &our));
	ck_assert_uint_eq(0, our.estab);
	await(our.estab);
}


static void to_us(const void *p, size_t len)
{
	const struct sa *sa = conn_local(our.conn);

	ck_assert_int_eq((ssize_t)len, sendto(peer.lfd, p, len, 0, &sa->u.sa,
					      sa->len));
}


/* What the peer's socket got, and from us. */
static void expect_datagram(const void *p, size_t len)
{
	struct sa src = {.len = sizeof(src.u)};
	ssize_t n;

	n = recvfrom(peer.lfd, peer.got, sizeof(peer.got), 0, &src.u.sa,
		     &src.len);
	ck_assert_int_eq((ssize_t)len, n);
	ck_assert_int_eq(0, memcmp(p, peer.got, len));
	ck_assert(sa_cmp(&src, conn_local(our.conn), SA_ALL));
}


START_TEST(udp_carries_both_ways)
{
	udp_at("127.0.0.1");
	send_text(BARE);
	expect_datagram(BARE, strlen(BARE));
	to_us(BODY, strlen(BODY));
	await(our.messages);
	ck_assert_uint_eq(strlen(BODY), our.last);
	ck_assert(sa_cmp(&our.src, &peer.addr, SA_ALL));
	ck_assert_uint_eq(NEVER, conn_partial_since(our.conn));
}
END_TEST


START_TEST(udp_over_ipv6)
{
	struct sa loopback;

	udp_at("::1");
	ck_assert_int_eq(0, sa_set_str(&loopback, "::1", 0));
	ck_assert(sa_cmp(&loopback, conn_local(our.conn), SA_ADDR));
	send_text(BARE);
	expect_datagram(BARE, strlen(BARE));
}
END_TEST


START_TEST(udp_from_a_source_with_options)
{
	ck_assert_int_eq(0, sa_set_str(&conf.source, "127.0.0.9", 0));
	conf.interface = "lo";
	conf.dscp = 46;
	udp_at("127.0.0.1");
	ck_assert(sa_cmp(&conf.source, conn_local(our.conn), SA_ADDR));
	ck_assert_int_eq(46 << 2, option(IPPROTO_IP, IP_TOS));
	send_text(BARE);
	expect_datagram(BARE, strlen(BARE));
}
END_TEST


START_TEST(udp_largest_datagrams)
{
	const size_t len = 65507;        /* 65535 less IP and UDP headers */

	udp_at("127.0.0.1");
	memset(buffer, 'x', len);
	to_us(buffer, len);
	await(our.messages);
	ck_assert_uint_eq(len, our.last);
	ck_assert_int_eq(0, conn_send(our.conn, (uint8_t *)buffer, len));
	expect_datagram(buffer, len);
	ck_assert_int_eq(EMSGSIZE, conn_send(our.conn, (uint8_t *)buffer,
					     len + 1));
}
END_TEST


START_TEST(udp_blanks_are_swallowed)
{
	udp_at("127.0.0.1");
	to_us("", 0);
	to_us("\0\0\0\0", 4);
	to_us("\r\n\r\n", 4);
	to_us("\x01junk", 5);
	to_us("\r\n", 2);
	await(our.pong);
	ck_assert_uint_eq(1, our.pong);
	ck_assert_uint_eq(0, our.messages + our.stun + our.ping);
}
END_TEST


START_TEST(udp_strangers_do_not_pong)
{
	struct sa far = {.len = sizeof(far.u)};
	int fd;

	udp_at("127.0.0.1");
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	ck_assert_int_eq(0, connect(fd, &conn_local(our.conn)->u.sa,
				    conn_local(our.conn)->len));
	ck_assert_int_eq(0, getsockname(fd, &far.u.sa, &far.len));
	ck_assert_int_eq(2, send(fd, "\r\n", 2, 0));
	ck_assert_int_eq(strlen(BARE), send(fd, BARE, strlen(BARE), 0));
	await(our.messages);
	ck_assert_uint_eq(0, our.pong);
	ck_assert(sa_cmp(&our.src, &far, SA_ALL));

	ck_assert_int_eq(0, conn_send_to(our.conn, &far, (uint8_t *)"yes", 3));
	ck_assert_int_eq(3, recv(fd, peer.got, 8, 0));
	(void)close(fd);
}
END_TEST


START_TEST(udp_stun_goes_its_own_way)
{
	static const char stun[] = "\x01\x01\0\0\x21\x12\xa4\x42"
		"123456789012";

	udp_at("127.0.0.1");
	to_us(stun, 20);
	await(our.stun);
	ck_assert_uint_eq(20, our.last);
	ck_assert_uint_eq(0, our.messages);
}
END_TEST


START_TEST(udp_refused_before_anything_was_heard)
{
	udp_at("127.0.0.1");
	(void)close(peer.lfd);
	peer.lfd = -1;
	send_text(BARE);
	expect_closed(REASON_CONNECT_REFUSED, "Connection refused");
}
END_TEST


START_TEST(udp_refused_over_ipv6)
{
	udp_at("::1");
	(void)close(peer.lfd);
	peer.lfd = -1;
	send_text(BARE);
	expect_closed(REASON_CONNECT_REFUSED, "Connection refused");
}
END_TEST


START_TEST(udp_refused_by_another_is_ignored)
{
	struct sa other;

	udp_at("127.0.0.1");
	other = peer.addr;
	sa_set_port(&other, 1);
	ck_assert_int_eq(0, conn_send_to(our.conn, &other, (uint8_t *)"x", 1));
	quiet();
	ck_assert_uint_eq(0, our.closed);
	send_text(BARE);
	expect_datagram(BARE, strlen(BARE));
}
END_TEST


START_TEST(udp_registrar_that_restarts_keeps_the_flow)
{
	uint16_t port;

	udp_at("127.0.0.1");
	port = sa_port(&peer.addr);
	to_us(BARE, strlen(BARE));
	await(our.messages);

	(void)close(peer.lfd);
	send_text("one");
	quiet();
	send_text("two");
	send_text("three");      /* the error of "two" waits for it */
	ck_assert_uint_eq(0, our.closed);

	send_text("four");
	peer_listen_at("127.0.0.1", SOCK_DGRAM, port);
	send_text("five");
	expect_datagram("five", 4);
	quiet();
	ck_assert_uint_eq(0, our.closed);
}
END_TEST


START_TEST(udp_may_be_freed_in_a_handler)
{
	our.freeing = FREE_RECV;
	udp_at("127.0.0.1");
	to_us(BARE, strlen(BARE));
	to_us(BARE, strlen(BARE));
	await(our.messages);
	quiet();
	ck_assert_ptr_null(our.conn);
	ck_assert_uint_eq(1, our.messages);
}
END_TEST


START_TEST(udp_may_be_freed_before_it_starts)
{
	conf.transport = TRANSPORT_UDP;
	peer_listen("127.0.0.1", SOCK_DGRAM);
	start();
	our.conn = mem_deref(our.conn);
	quiet();
	ck_assert_uint_eq(0, our.estab);
}
END_TEST


/* Many at once are all told, though not in one wake-up. */
START_TEST(udp_burst_is_read_to_the_end)
{
	unsigned i, all = 100;

	udp_at("127.0.0.1");
	for (i = 0; i < all; i++)
		to_us(BARE, strlen(BARE));
	for (i = 0; i < all && our.messages < all; i++)
		harness_run(1);
	ck_assert_uint_eq(all, our.messages);
}
END_TEST


START_TEST(nonsense_is_refused)
{
	peer_listen("127.0.0.1", SOCK_STREAM);
	ck_assert_int_eq(EINVAL, conn_open(&our.conn, &conf, &handlers, &our));
	conf.peer = peer.addr;
	conf.transport = TRANSPORT_AUTO;
	ck_assert_int_eq(EINVAL, conn_open(&our.conn, &conf, &handlers, &our));
	conf.transport = TRANSPORT_TLS;
	ck_assert_int_eq(EINVAL, conn_open(&our.conn, &conf, &handlers, &our));
}
END_TEST


Suite *suite_conn(void);
Suite *suite_conn(void)
{
	Suite *s = suite_create("conn");
	TCase *tc = tcase_create("stream");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, tcp_carries_both_ways);
	tcase_add_test(tc, tcp_over_ipv6_from_a_source);
	tcase_add_test(tc, tcp_socket_has_its_options);
	tcase_add_test(tc, tcp_refused);
	tcase_add_test(tc, tcp_connected_to_itself_is_refused);
	tcase_add_test(tc, tcp_black_hole_is_the_owners_to_end);
	tcase_add_test(tc, unusable_source_is_known_at_once);
	tcase_add_test(tc, out_of_descriptors_is_known_at_once);
	tcase_add_test(tc, a_flow_leaves_eight_descriptors_to_others);
	tcase_add_test(tc, byte_at_a_time);
	tcase_add_test(tc, several_messages_in_one_segment);
	tcase_add_test(tc, ping_is_answered_by_exactly_crlf);
	tcase_add_test(tc, pong_is_counted_and_not_answered);
	tcase_add_test(tc, flood_of_pings_is_bounded);
	tcase_add_test(tc, content_length_lie_ends_the_flow);
	tcase_add_test(tc, garbage_ends_the_flow);
	tcase_add_test(tc, sixty_kilobytes_of_header_are_taken);
	tcase_add_test(tc, header_without_an_end_ends_the_flow);
	tcase_add_test(tc, unfinished_message_has_a_beginning);
	tcase_add_test(tc, messages_before_the_end_count);
	tcase_add_test(tc, reset_ends_the_flow);
	tcase_add_test(tc, sending_into_a_reset_tells_once);
	tcase_add_test(tc, full_queue_refuses_whole_messages_and_drains);
	tcase_add_loop_test(tc, may_be_freed_in_any_handler, 0, 4);
	tcase_add_test(tc, may_be_freed_when_established);
	tcase_add_test(tc, nonsense_is_refused);
	suite_add_tcase(s, tc);

	tc = tcase_create("tls");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, tls_carries_both_ways);
	tcase_add_test(tc, tls_carries_large_messages);
	tcase_add_test(tc, tls_burst_is_read_to_its_last_record);
	tcase_add_test(tc, tls_full_queue_refuses_whole_messages_and_drains);
	tcase_add_test(tc, tls_wrong_name_is_told);
	tcase_add_test(tc, tls_to_a_peer_without_it);
	tcase_add_test(tc, tls_closed_in_the_handshake);
	tcase_add_test(tc, tls_goodbye_of_the_peer);
	tcase_add_test(tc, tls_end_without_goodbye);
	tcase_add_test(tc, tls_says_goodbye);
	tcase_add_test(tc, tls_may_be_freed_in_a_handler);
	suite_add_tcase(s, tc);

	tc = tcase_create("udp");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, udp_carries_both_ways);
	tcase_add_test(tc, udp_over_ipv6);
	tcase_add_test(tc, udp_from_a_source_with_options);
	tcase_add_test(tc, udp_largest_datagrams);
	tcase_add_test(tc, udp_blanks_are_swallowed);
	tcase_add_test(tc, udp_strangers_do_not_pong);
	tcase_add_test(tc, udp_stun_goes_its_own_way);
	tcase_add_test(tc, udp_refused_before_anything_was_heard);
	tcase_add_test(tc, udp_refused_over_ipv6);
	tcase_add_test(tc, udp_refused_by_another_is_ignored);
	tcase_add_test(tc, udp_registrar_that_restarts_keeps_the_flow);
	tcase_add_test(tc, udp_may_be_freed_in_a_handler);
	tcase_add_test(tc, udp_may_be_freed_before_it_starts);
	tcase_add_test(tc, udp_burst_is_read_to_the_end);
	suite_add_tcase(s, tc);

	return s;
}
