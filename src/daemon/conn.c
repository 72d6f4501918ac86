/* One socket: UDP, TCP or TLS. Connects, frames, queues what the kernel does
 * not take at once, and says when it is over.
 *
 * Any handler may free the conn. So what calls handlers runs inside run(),
 * which keeps the conn for so long, and looks at over() after each of them. */

#include <errno.h>
#include <unistd.h>
#include "conn_parts.h"
#include "loop.h"
#include "sock.h"


#define TEXT_SIZE      256       /* bytes of a reason in words */
#define DATAGRAMS_MAX  32        /* read per wake-up, so that one peer cannot
				    keep the loop to itself */
#define RX_SIZE        65536     /* likewise of a stream; and the largest
				    datagram that there can be */

/* Nothing is left in it between two events. */
static uint8_t rx[RX_SIZE];


void conn_shut(struct conn *c)
{
	timer_cancel(&c->soon);

	c->state = CLOSED;
	stream_close(&c->stream);
	frame_reset(&c->frame);

	if (c->io.fd < 0)
		return;

	if (c->watched)
		io_stop(&c->io);
	(void)close(c->io.fd);
	c->io.fd = -1;
}


static void run(struct conn *c, void (*pass)(struct conn *c))
{
	mem_ref(c);
	pass(c);
	mem_deref(c);
}


/* Closed, or freed by its owner: only run() still holds it. */
static bool over(const struct conn *c)
{
	return c->state == CLOSED || mem_nrefs(c) == 1;
}


static void fail(struct conn *c, enum reason reason, const char *text)
{
	conn_shut(c);
	c->h.closeh(reason, text, c->arg);
}


static void fail_errno(struct conn *c, enum reason reason, int err)
{
	char text[TEXT_SIZE];

	(void)re_snprintf(text, sizeof(text), "%m", err);
	fail(c, sock_exhausted(err) ? REASON_NO_RESOURCES : reason, text);
}


/* RFC 3263 §4.3 treats both alike; people do not. */
static enum reason connect_reason(int err)
{
	return err == ECONNREFUSED || err == ECONNRESET
		? REASON_CONNECT_REFUSED : REASON_CONNECT_TIMEOUT;
}


int conn_watch(struct conn *c, int flags)
{
	int err;

	if (flags == c->watched)
		return 0;

	err = io_listen(&c->io, flags);
	if (!err)
		c->watched = flags;

	return err;
}


static void established(struct conn *c)
{
	int err;

	c->state = UP;
	c->host = mem_deref(c->host);

	err = conn_watch(c, FD_READ);
	if (err)
		fail_errno(c, REASON_FLOW_LOST, err);
	else
		c->h.estabh(c->arg);
}


/* Tells everything that is whole. */
static void tell_frames(struct conn *c, msec_t now)
{
	static const uint8_t pong[] = {'\r', '\n'};
	struct mbuf *mb;

	while (!over(c)) {
		switch (frame_next(&c->frame, &mb, now)) {

		case FRAME_MORE:
			return;

		case FRAME_MESSAGE:
			c->h.recvh(mb, &c->peer, c->arg);
			mem_deref(mb);
			break;

		case FRAME_PONG:
			if (c->h.pongh)
				c->h.pongh(c->arg);
			break;

		case FRAME_PING:
			/* Leaves at the end of this pass. If the queue is full
			 * the peer reads nothing and will not miss it. */
			(void)stream_enqueue(&c->stream, pong, sizeof(pong));
			if (c->h.pingh)
				c->h.pingh(c->arg);
			break;

		case FRAME_ERROR:
			fail(c, REASON_FLOW_LOST, c->frame.error);
			break;
		}
	}
}


static int flush(struct conn *c)
{
	int err, want;

	err = stream_flush(&c->stream, &want);
	if (!err)
		err = conn_watch(c, want);

	return err;
}


static void stream_pass(struct conn *c)
{
	const msec_t now = loop_now(), since = c->frame.since;
	enum reason reason = REASON_FLOW_LOST;
	char text[TEXT_SIZE];
	size_t len;
	bool open;
	int err;

	open = stream_read(&c->stream, rx, sizeof(rx), &len, &reason, text,
			   sizeof(text));

	/* what came before the end was whole and counts */
	err = frame_add(&c->frame, rx, len, now);
	if (err) {
		fail_errno(c, REASON_FLOW_LOST, err);
		return;
	}

	tell_frames(c, now);
	if (over(c))
		return;

	if (!open) {
		fail(c, reason, text);
		return;
	}

	err = c->err ? c->err : flush(c);
	if (!err && stream_pending(&c->stream))
		timer_start(&c->soon, now);
	if (err)
		fail_errno(c, REASON_FLOW_LOST, err);
	else if (c->frame.since != since && c->h.partialh)
		c->h.partialh(c->arg);
}


static void tell_datagram(struct conn *c, size_t len, const struct sa *src,
			  void (*h)(struct mbuf *mb, const struct sa *src,
				    void *arg))
{
	struct mbuf *mb = mbuf_alloc(len);

	if (!mb)
		return;          /* lost, as any datagram may be */

	(void)mbuf_write_mem(mb, rx, len);
	mb->pos = 0;
	h(mb, src, c->arg);
	mem_deref(mb);
}


static void datagram(struct conn *c, size_t len, const struct sa *src)
{
	const bool from_peer = sa_cmp(src, &c->peer, SA_ALL);

	if (from_peer)
		c->heard = true;

	switch (frame_datagram(rx, len)) {

	case FRAME_SIP:
		tell_datagram(c, len, src, c->h.recvh);
		break;

	case FRAME_STUN:
		if (c->h.stunh)
			tell_datagram(c, len, src, c->h.stunh);
		break;

	case FRAME_CRLF:
		if (from_peer && c->h.pongh)
			c->h.pongh(c->arg);
		break;

	case FRAME_BLANK:        /* a server's own, not an answer to ours */
		break;
	}
}


/* A port that refuses is a fact as long as the peer has never been heard;
 * later it is a registrar that restarts, and pings will tell. */
static void drain_errors(struct conn *c)
{
	bool refused = false;
	struct sa dst;
	int err;

	while (sock_next_error(c->io.fd, &dst, &err)) {
		if (err == ECONNREFUSED && sa_cmp(&dst, &c->peer, SA_ALL))
			refused = true;
	}

	if (refused && !c->heard)
		fail_errno(c, REASON_CONNECT_REFUSED, ECONNREFUSED);
}


static void datagram_pass(struct conn *c)
{
	struct sa src;
	ssize_t n;
	int i;

	for (i = 0; i < DATAGRAMS_MAX && !over(c); i++) {
		src.len = sizeof(src.u);
		n = recvfrom(c->io.fd, rx, sizeof(rx), 0, &src.u.sa, &src.len);
		if (n >= 0)
			datagram(c, (size_t)n, &src);
		else if (sock_would_block(errno))
			break;
	}

	/* after what came before them */
	if (!over(c))
		drain_errors(c);
}


static void handshake_pass(struct conn *c)
{
	char text[TEXT_SIZE];
	enum reason reason;
	int err, want;

	err = stream_handshake(&c->stream, &want, &reason, text, sizeof(text));
	if (err != EAGAIN && c->h.shakenh)
		c->h.shakenh(c->stream.ssl, c->arg);
	if (!err) {
		established(c);
		return;
	}

	if (err == EPROTO) {
		fail(c, reason, text);
		return;
	}

	err = conn_watch(c, want);
	if (err)
		fail_errno(c, REASON_TLS_FAILURE, err);
}


static void connect_pass(struct conn *c)
{
	int err = sock_connect_result(c->io.fd);

	if (err == EINPROGRESS)
		return;

	if (!err)
		err = sock_local(&c->local, c->io.fd);

	/* Where the peer's port is an ephemeral one of this very machine, a
	 * socket can end up connected to itself. */
	if (!err && sa_cmp(&c->local, &c->peer, SA_ALL))
		err = ECONNREFUSED;

	if (err) {
		fail_errno(c, connect_reason(err), err);
		return;
	}

	if (c->transport != TRANSPORT_TLS) {
		established(c);
		return;
	}

	if (c->h.connectedh)
		c->h.connectedh(c->arg);

	err = c->anew ? tls_open_anew(&c->stream.ssl, c->tls, c->io.fd,
				      c->host)
		: stream_start_tls(&c->stream, c->tls, c->host);
	if (err) {
		fail_errno(c, REASON_TLS_FAILURE, err);
		return;
	}

	c->state = HANDSHAKE;
	handshake_pass(c);
}


static void pass(struct conn *c)
{
	switch ((enum conn_state)c->state) {

	case CONNECTING:
		connect_pass(c);
		break;

	case HANDSHAKE:
		handshake_pass(c);
		break;

	case UP:
		if (c->transport == TRANSPORT_UDP)
			datagram_pass(c);
		else
			stream_pass(c);
		break;

	case CLOSED:
		break;
	}
}


void conn_io_handler(int flags, void *arg)
{
	(void)flags;     /* what is not ready says so itself */

	run(arg, pass);
}


static void soon_pass(struct conn *c)
{
	if (c->state == CONNECTING && c->err)
		fail_errno(c, connect_reason(c->err), c->err);
	else if (c->state == CONNECTING)
		established(c);
	else if (c->stream.broken)
		fail_errno(c, REASON_FLOW_LOST, c->err);
	else
		pass(c);
}


void conn_soon_handler(void *arg)
{
	run(arg, soon_pass);
}


static int stream_send(struct conn *c, const uint8_t *buf, size_t len)
{
	int err;

	err = stream_enqueue(&c->stream, buf, len);
	if (err)
		return err;

	err = flush(c);
	if (err) {
		c->err = err;
		timer_start(&c->soon, loop_now());
	}

	return err;
}


int conn_send(struct conn *c, const uint8_t *buf, size_t len)
{
	int err;

	if (!c || !buf || !len)
		return EINVAL;
	if (c->state != UP || c->err)
		return ENOTCONN;

	err = c->transport == TRANSPORT_UDP
		? sock_send_to(c->io.fd, &c->peer, buf, len)
		: stream_send(c, buf, len);
	if (!err)
		conn_trace_sent(c, &c->peer, buf, len);

	return err;
}


int conn_send_to(struct conn *c, const struct sa *dst, const uint8_t *buf,
		 size_t len)
{
	int err;

	if (!c || !dst || !buf || !len || c->transport != TRANSPORT_UDP)
		return EINVAL;
	if (c->state != UP)
		return ENOTCONN;

	err = sock_send_to(c->io.fd, dst, buf, len);
	if (!err)
		conn_trace_sent(c, dst, buf, len);

	return err;
}


const struct sa *conn_local(const struct conn *c)
{
	return &c->local;
}


const struct sa *conn_peer(const struct conn *c)
{
	return &c->peer;
}


enum transport conn_transport(const struct conn *c)
{
	return (enum transport)c->transport;
}


bool conn_tls_info(const struct conn *c, struct tls_info *info)
{
	if (c->state != UP || !c->stream.ssl)
		return false;

	tls_info(info, c->stream.ssl);

	return true;
}


msec_t conn_partial_since(const struct conn *c)
{
	return c->frame.since;
}
