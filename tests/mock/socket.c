/* The test registrar's connections: TLS, framing, sending. */

#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>
#include <openssl/err.h>
#include "mock.h"


#define READ_MAX 16384           /* [bytes] one TLS record, so that none waits
				    inside OpenSSL where epoll cannot see it */
#define BATCH    64              /* reads at once */

static const uint8_t crlf[] = {'\r', '\n'};
static const uint8_t ping[] = {'\r', '\n', '\r', '\n'};

static void conn_handler(int flags, void *arg);


static void conn_destructor(void *data)
{
	struct mock_conn *conn = data;

	/* only half-built ones get here open */
	mem_deref(conn->lst);
	mem_deref(conn->rx);
	mem_deref(conn->tx);
	SSL_free(conn->ssl);
}


static void conn_enroll(struct mock_conn *conn, struct registrar *r)
{
	conn->r = r;
	conn->id = ++r->connc;
	++r->openc;
	++r->openv[conn->transport];
	++r->acceptedv[conn->transport];

	list_append(&r->conns, &conn->le, conn);
	if (conn->transport == TRANSPORT_UDP)
		hash_append(r->peers, sa_hash(&conn->peer, SA_ALL), &conn->he,
			    conn);

	mock_trace(conn, "opened");
}


static int tls_begin(struct mock_conn *conn)
{
	conn->ssl = SSL_new(conn->lst->ctx);
	if (!conn->ssl)
		return ENOMEM;

	if (SSL_set_fd(conn->ssl, conn->io.fd) != 1)
		return EPROTO;

	SSL_set_accept_state(conn->ssl);
	conn->handshake = true;

	return 0;
}


int mock_conn_alloc(struct mock_conn **connp, struct mock_listener *lst,
		    int fd, const struct sa *peer)
{
	struct registrar *r = lst->r;
	struct mock_conn *conn;
	const int on = 1;
	int err = 0;

	if (r->openc >= MOCK_CONNS_MAX)
		return EOVERFLOW;

	conn = mem_zalloc(sizeof(*conn), conn_destructor);
	if (!conn)
		return ENOMEM;

	conn->lst = mem_ref(lst);
	conn->transport = lst->transport;
	conn->peer = *peer;
	conn->deaf = r->conf.deaf;
	conn->io.fd = fd;
	conn->io.h = conn_handler;
	conn->io.arg = conn;

	if (conn->transport == TRANSPORT_TLS)
		err = tls_begin(conn);
	if (!err && fd >= 0) {
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on,
				 sizeof(on));
		err = io_listen(&conn->io, FD_READ);
	}
	if (err) {
		mem_deref(conn);
		return err;
	}

	conn_enroll(conn, r);
	*connp = conn;

	return 0;
}


void mock_conn_close(struct mock_conn *conn, enum registrar_cut how)
{
	const struct linger abort = {.l_onoff = 1, .l_linger = 0};

	if (!conn->r)
		return;

	mock_trace(conn, "closed");

	if (conn->io.fd >= 0) {
		if (how == CUT_RST)
			(void)setsockopt(conn->io.fd, SOL_SOCKET, SO_LINGER,
					 &abort, sizeof(abort));
		io_stop(&conn->io);
		(void)close(conn->io.fd);
		conn->io.fd = -1;
	}

	--conn->r->openc;
	--conn->r->openv[conn->transport];
	conn->r = NULL;

	/* the memory may have to wait for bindings that name it */
	SSL_free(conn->ssl);
	conn->ssl = NULL;
	conn->rx = mem_deref(conn->rx);
	conn->tx = mem_deref(conn->tx);
	conn->lst = mem_deref(conn->lst);

	hash_unlink(&conn->he);
	list_unlink(&conn->le);
	mem_deref(conn);
}


/* What the socket takes now; EAGAIN: nothing. */
static int write_some(struct mock_conn *conn, const uint8_t *p, size_t len,
		      size_t *takenp)
{
	ssize_t n;

	*takenp = 0;

	if (conn->handshake)
		return EAGAIN;

	if (conn->ssl) {
		ERR_clear_error();
		if (SSL_write_ex(conn->ssl, p, len, takenp) == 1)
			return 0;

		n = SSL_get_error(conn->ssl, 0);
		return n == SSL_ERROR_WANT_WRITE || n == SSL_ERROR_WANT_READ
			? EAGAIN : EPIPE;
	}

	n = send(conn->io.fd, p, len, MSG_NOSIGNAL);
	if (n < 0)
		return errno;

	*takenp = (size_t)n;

	return 0;
}


static int queue(struct mock_conn *conn, const uint8_t *p, size_t len)
{
	size_t pos;
	int err;

	if (!conn->tx)
		conn->tx = mbuf_alloc(len);
	if (!conn->tx)
		return ENOMEM;

	if (mbuf_get_left(conn->tx) + len > MOCK_TX_MAX)
		return ENOBUFS;

	/* written at the end, read at pos */
	pos = conn->tx->pos;
	mbuf_skip_to_end(conn->tx);
	err = mbuf_write_mem(conn->tx, p, len);
	conn->tx->pos = pos;

	return err ? err : io_listen(&conn->io, FD_READ | FD_WRITE);
}


static int send_stream(struct mock_conn *conn, const uint8_t *p, size_t len)
{
	int err = 0;

	while (len && !conn->tx) {
		size_t taken;

		err = write_some(conn, p, len, &taken);
		if (err == EAGAIN)
			break;
		if (err)
			return err;

		p += taken;
		len -= taken;
	}

	return len ? queue(conn, p, len) : 0;
}


int mock_conn_send(struct mock_conn *conn, const uint8_t *p, size_t len)
{
	int err;

	if (!conn->r || conn->closing)
		return ENOTCONN;

	if (conn->deaf)
		return 0;

	if (conn->transport == TRANSPORT_UDP) {
		const ssize_t n = sendto(conn->lst->io.fd, p, len, 0,
					 &conn->peer.u.sa, conn->peer.len);

		return n < 0 ? errno : 0;
	}

	err = send_stream(conn, p, len);
	if (err)
		mock_conn_close(conn, CUT_RST);

	return err;
}


void mock_conn_finish(struct mock_conn *conn)
{
	if (conn->tx)
		conn->closing = true;
	else
		mock_conn_close(conn, CUT_FIN);
}


static void drain(struct mock_conn *conn)
{
	while (mbuf_get_left(conn->tx)) {
		size_t taken;
		const int err = write_some(conn, mbuf_buf(conn->tx),
					   mbuf_get_left(conn->tx), &taken);

		if (err == EAGAIN)
			return;

		if (err) {
			mock_conn_close(conn, CUT_RST);
			return;
		}

		mbuf_advance(conn->tx, (ssize_t)taken);
	}

	conn->tx = mem_deref(conn->tx);
	(void)io_listen(&conn->io, FD_READ);

	if (conn->closing)
		mock_conn_close(conn, CUT_FIN);
}


static void on_ping(struct mock_conn *conn)
{
	++conn->r->counters.pings;

	if (conn->r->conf.pong && transport_stream(conn->transport))
		(void)mock_conn_send(conn, crlf, sizeof(crlf));
}


/* CRLF before a message (RFC 5626 §3.5.1): two are the peer's ping, one is
 * its pong if we have asked. Returns bytes used, 0: there is no CRLF. */
static size_t take_crlf(struct mock_conn *conn, const uint8_t *p, size_t len)
{
	if (len < sizeof(crlf) || memcmp(p, crlf, sizeof(crlf))) {
		conn->half = false;
		return 0;
	}

	if (!conn->half && len >= sizeof(ping) &&
	    !memcmp(p, ping, sizeof(ping))) {
		on_ping(conn);
		return sizeof(ping);
	}

	if (conn->half) {
		conn->half = false;
		on_ping(conn);
	}
	else if (conn->pings) {
		--conn->pings;
		++conn->r->counters.pongs;
	}
	else {
		conn->half = true;
	}

	return sizeof(crlf);
}


void mock_on_datagram(struct mock_conn *conn, const uint8_t *p, size_t len)
{
	struct mbuf *mb;

	if (conn->deaf) {
		conn->r->counters.swallowed += len;
		return;
	}

	if (mock_on_stun(conn, p, len))
		return;

	while (len && conn->r) {
		const size_t n = take_crlf(conn, p, len);

		if (!n)
			break;
		p += n;
		len -= n;
	}

	/* A lone CRLF in a datagram is no half of anything. */
	conn->half = false;
	if (!len || !conn->r)
		return;

	mb = mbuf_alloc(len);
	if (!mb)
		return;

	(void)mbuf_write_mem(mb, p, len);
	mb->pos = 0;

	mem_ref(conn);
	if (mock_on_message(conn, mb) && conn->r)
		++conn->r->counters.malformed;
	mem_deref(conn);
	mem_deref(mb);
}


/* The value of Content-Length; mandatory on streams (RFC 3261 §18.3). */
static bool content_length(uint32_t *np, const uint8_t *p, size_t len)
{
	struct pl head = {(const char *)p, len}, val;

	if (re_regex(head.p, head.l, "\r\nContent-Length[ \t]*:[ \t]*[0-9]+",
		     NULL, NULL, &val) &&
	    re_regex(head.p, head.l, "\r\nl[ \t]*:[ \t]*[0-9]+",
		     NULL, NULL, &val))
		return false;

	return number_parse(np, &val);
}


/* EAGAIN: not yet whole; EBADMSG: never will be. */
static int message_length(size_t *lenp, const struct mbuf *mb)
{
	const uint8_t *p = mbuf_buf(mb);
	const uint8_t *end;
	uint32_t body;
	size_t head;

	end = memmem(p, mbuf_get_left(mb), ping, sizeof(ping));
	if (!end)
		return mbuf_get_left(mb) < MOCK_RX_MAX ? EAGAIN : EBADMSG;

	head = (size_t)(end - p) + sizeof(ping);
	if (!content_length(&body, p, head) || body > MOCK_RX_MAX)
		return EBADMSG;

	*lenp = head + body;

	return mbuf_get_left(mb) < *lenp ? EAGAIN : 0;
}


static int take_message(struct mock_conn *conn)
{
	struct mbuf *rx = conn->rx, *mb;
	size_t len;
	int err;

	err = message_length(&len, rx);
	if (err)
		return err;

	mb = mbuf_alloc(len);
	if (!mb)
		return ENOMEM;

	(void)mbuf_write_mem(mb, mbuf_buf(rx), len);
	mb->pos = 0;
	mbuf_advance(rx, (ssize_t)len);

	err = mock_on_message(conn, mb);
	mem_deref(mb);

	return err;
}


static void take_all(struct mock_conn *conn)
{
	int err = 0;

	while (!err && conn->r && mbuf_get_left(conn->rx)) {
		struct mbuf *rx = conn->rx;
		const size_t n = take_crlf(conn, mbuf_buf(rx),
					   mbuf_get_left(rx));

		if (!conn->r)
			return;

		if (n)
			mbuf_advance(rx, (ssize_t)n);
		else if (mbuf_get_left(rx) == 1 && *mbuf_buf(rx) == '\r')
			err = EAGAIN;
		else
			err = take_message(conn);
	}

	if (!conn->r)
		return;

	if (err && err != EAGAIN) {
		++conn->r->counters.malformed;
		mock_trace(conn, "not SIP");
		mock_conn_close(conn, CUT_RST);
	}
	else if (!mbuf_get_left(conn->rx)) {
		conn->rx = mem_deref(conn->rx);
	}
	else {
		/* what is left moves to the front */
		(void)mbuf_shift(conn->rx, -(ssize_t)conn->rx->pos);
		conn->rx->pos = 0;
	}
}


static void on_data(struct mock_conn *conn, const uint8_t *p, size_t len)
{
	if (conn->deaf) {
		conn->r->counters.swallowed += len;
		return;
	}

	if (!conn->rx)
		conn->rx = mbuf_alloc(len);
	if (!conn->rx)
		return;

	mbuf_skip_to_end(conn->rx);
	(void)mbuf_write_mem(conn->rx, p, len);
	conn->rx->pos = 0;

	take_all(conn);
}


/* Bytes, 0 at the end, or -1: EAGAIN and errors alike set *err. */
static ssize_t read_some(struct mock_conn *conn, uint8_t *buf, size_t size,
			 int *err)
{
	size_t len;
	ssize_t n;

	*err = 0;

	/* A swallowed handshake stays in its cleartext. */
	if (!conn->ssl || conn->handshake) {
		n = recv(conn->io.fd, buf, size, 0);
		if (n < 0)
			*err = errno;
		return n;
	}

	ERR_clear_error();
	if (SSL_read_ex(conn->ssl, buf, size, &len) == 1)
		return (ssize_t)len;

	switch (SSL_get_error(conn->ssl, 0)) {

	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		*err = EAGAIN;
		return -1;

	case SSL_ERROR_ZERO_RETURN:
		return 0;

	default:
		*err = ECONNRESET;
		return -1;
	}
}


static void read_stream(struct mock_conn *conn)
{
	uint8_t buf[READ_MAX];

	for (int i = 0; i < BATCH && conn->r; i++) {
		int err;
		const ssize_t n = read_some(conn, buf, sizeof(buf), &err);

		if (err == EAGAIN)
			return;

		if (n <= 0) {
			mock_trace(conn, "the peer has closed");
			mock_conn_close(conn, CUT_FIN);
			return;
		}

		on_data(conn, buf, (size_t)n);
	}
}


static void handshake(struct mock_conn *conn)
{
	int rv, flags;

	ERR_clear_error();
	rv = SSL_do_handshake(conn->ssl);
	if (rv == 1) {
		conn->handshake = false;
		++conn->r->counters.handshakes;
		(void)io_listen(&conn->io,
				FD_READ | (conn->tx ? FD_WRITE : 0));
		return;
	}

	rv = SSL_get_error(conn->ssl, rv);
	if (rv == SSL_ERROR_WANT_READ || rv == SSL_ERROR_WANT_WRITE) {
		flags = rv == SSL_ERROR_WANT_WRITE ? FD_WRITE : 0;
		(void)io_listen(&conn->io, FD_READ | flags);
		return;
	}

	++conn->r->counters.handshake_failures;
	mock_trace(conn, ERR_reason_error_string(ERR_peek_last_error()));
	ERR_clear_error();
	mock_conn_close(conn, CUT_FIN);
}


static void conn_handler(int flags, void *arg)
{
	struct mock_conn *conn = mem_ref(arg);

	if (conn->handshake && !conn->deaf)
		handshake(conn);

	if (conn->r && !conn->handshake && conn->tx && (flags & FD_WRITE))
		drain(conn);

	if (conn->r && (!conn->handshake || conn->deaf))
		read_stream(conn);

	mem_deref(conn);
}
