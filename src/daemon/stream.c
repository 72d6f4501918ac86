/* The bytes of a stream: TCP, or TLS on it. Reads and writes without waiting,
 * and keeps what the kernel does not take at once. */

#include <errno.h>
#include <string.h>
#include <openssl/err.h>
#include "sock.h"
#include "stream.h"


void stream_init(struct stream *s, int fd)
{
	memset(s, 0, sizeof(*s));
	s->fd = fd;
}


/* OpenSSL explains a failure by what lies around from earlier ones, too. */
static void forget_errors(void)
{
	ERR_clear_error();
	errno = 0;
}


int stream_start_tls(struct stream *s, struct tls_ctx *ctx, const char *host)
{
	return tls_open(&s->ssl, ctx, s->fd, host);
}


int stream_handshake(struct stream *s, int *wantp, enum reason *reasonp,
		     char *text, size_t size)
{
	int rv;

	forget_errors();
	rv = SSL_do_handshake(s->ssl);
	if (rv == 1)
		return 0;

	switch (SSL_get_error(s->ssl, rv)) {

	case SSL_ERROR_WANT_READ:
		*wantp = FD_READ;
		return EAGAIN;

	case SSL_ERROR_WANT_WRITE:
		*wantp = FD_WRITE;
		return EAGAIN;

	default:
		s->broken = true;
		*reasonp = tls_reason(s->ssl, rv, text, size);
		return EPROTO;
	}
}


static bool tls_read(struct stream *s, uint8_t *buf, size_t max, size_t *lenp,
		     enum reason *reasonp, char *text, size_t size)
{
	size_t len = 0;
	int n = 0;

	s->read_wants = 0;

	while (len < max) {
		forget_errors();
		n = SSL_read(s->ssl, buf + len, (int)(max - len));
		if (n <= 0)
			break;
		len += (size_t)n;
	}

	*lenp = len;
	if (n > 0)
		return true;

	switch (SSL_get_error(s->ssl, n)) {

	case SSL_ERROR_WANT_READ:
		return true;

	case SSL_ERROR_WANT_WRITE:
		s->read_wants = FD_WRITE;
		return true;

	case SSL_ERROR_ZERO_RETURN:
		break;

	default:
		s->broken = true;
		break;
	}

	*reasonp = tls_reason(s->ssl, n, text, size);

	return false;
}


static bool tcp_read(struct stream *s, uint8_t *buf, size_t max, size_t *lenp,
		     enum reason *reasonp, char *text, size_t size)
{
	const ssize_t n = recv(s->fd, buf, max, 0);

	*lenp = n > 0 ? (size_t)n : 0;

	if (n > 0 || (n < 0 && sock_would_block(errno)))
		return true;

	*reasonp = REASON_FLOW_LOST;
	if (n < 0)
		(void)re_snprintf(text, size, "%m", errno);
	else
		(void)re_snprintf(text, size, "closed by the peer");

	return false;
}


bool stream_read(struct stream *s, uint8_t *buf, size_t max, size_t *lenp,
		 enum reason *reasonp, char *text, size_t size)
{
	return s->ssl ? tls_read(s, buf, max, lenp, reasonp, text, size)
		: tcp_read(s, buf, max, lenp, reasonp, text, size);
}


bool stream_pending(const struct stream *s)
{
	return s->ssl && SSL_pending(s->ssl);
}


int stream_enqueue(struct stream *s, const uint8_t *buf, size_t len)
{
	const size_t queued = mbuf_get_left(s->tx);
	struct mbuf *tx = s->tx;
	size_t pos;
	int err;

	if (len > STREAM_QUEUE_MAX - queued)
		return ENOBUFS;

	if (!tx) {
		tx = mbuf_alloc(len);
		if (!tx)
			return ENOMEM;
	}

	/* what was sent must not pile up in front of what was not */
	if (tx->pos >= STREAM_QUEUE_MAX)
		(void)mbuf_shift(tx, -(ssize_t)tx->pos);

	pos = tx->pos;
	tx->pos = tx->end;
	err = mbuf_write_mem(tx, buf, len);
	tx->pos = pos;

	if (!err)
		s->tx = tx;
	else if (tx != s->tx)
		mem_deref(tx);

	return err;
}


/* Bytes taken; 0: none now, *wantp is what to wait for; -1: errno. */
static ssize_t tls_write(struct stream *s, const uint8_t *p, size_t len,
			 int *wantp)
{
	int n;

	forget_errors();
	n = SSL_write(s->ssl, p, (int)len);
	if (n > 0)
		return n;

	switch (SSL_get_error(s->ssl, n)) {

	case SSL_ERROR_WANT_READ:
		return 0;

	case SSL_ERROR_WANT_WRITE:
		*wantp = FD_WRITE;
		return 0;

	default:
		s->broken = true;
		if (!errno)
			errno = EPROTO;
		return -1;
	}
}


static ssize_t tcp_write(struct stream *s, const uint8_t *p, size_t len,
			 int *wantp)
{
	const ssize_t n = send(s->fd, p, len, MSG_NOSIGNAL);

	if (n < 0 && sock_would_block(errno)) {
		*wantp = FD_WRITE;
		return 0;
	}

	return n;
}


int stream_flush(struct stream *s, int *wantp)
{
	int want = 0;
	ssize_t n;

	while (s->tx) {
		const uint8_t *p = mbuf_buf(s->tx);
		const size_t left = mbuf_get_left(s->tx);

		n = s->ssl ? tls_write(s, p, left, &want)
			: tcp_write(s, p, left, &want);
		if (n < 0)
			return errno;
		if (!n)
			break;

		mbuf_advance(s->tx, n);
		if (!mbuf_get_left(s->tx))
			s->tx = mem_deref(s->tx);
	}

	/* not for both: what SSL_read() cannot take now would wake us again */
	*wantp = s->read_wants ? s->read_wants : FD_READ | want;

	return 0;
}


void stream_close(struct stream *s)
{
	if (s->ssl && SSL_is_init_finished(s->ssl) && !s->broken && !s->tx) {
		forget_errors();
		(void)SSL_shutdown(s->ssl);
	}

	SSL_free(s->ssl);
	mem_deref(s->tx);
	stream_init(s, -1);
}
