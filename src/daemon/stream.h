/* The bytes of a stream: TCP, or TLS on it. Reads and writes without waiting,
 * and keeps what the kernel does not take at once. */

#ifndef STREAM_H
#define STREAM_H

#include "tls.h"


#define STREAM_QUEUE_MAX 65536   /* bytes not yet taken by the kernel */

struct stream {
	int fd;                  /* the owner's */
	SSL *ssl;                /* NULL: TCP */
	struct mbuf *tx;         /* the queue, from pos; NULL: empty */
	int read_wants;          /* FD_WRITE: SSL_read() waits for it */
	bool broken;             /* OpenSSL must not be called again */
};


void stream_init(struct stream *s, int fd);

/* Makes it TLS. Then handshake until it is not EAGAIN; *wantp is FD_READ or
 * FD_WRITE. EPROTO: it failed, and how. Others as tls_open(). */
int stream_start_tls(struct stream *s, struct tls_ctx *ctx, const char *host);
int stream_handshake(struct stream *s, int *wantp, enum reason *reasonp,
		     char *text, size_t size);

/* Reads what there is, at most `max` bytes. False: nothing comes after these
 * *lenp bytes, and why. */
bool stream_read(struct stream *s, uint8_t *buf, size_t max, size_t *lenp,
		 enum reason *reasonp, char *text, size_t size);

/* Is there more to read that epoll cannot see? */
bool stream_pending(const struct stream *s);

/* Queues all of it or nothing: half a message would ruin the stream. ENOBUFS:
 * more than STREAM_QUEUE_MAX would wait. */
int stream_enqueue(struct stream *s, const uint8_t *buf, size_t len);

/* Gives the kernel what it takes of the queue. *wantp: what to wait for from
 * now on, for reading and the rest. An error is the end of the stream. */
int stream_flush(struct stream *s, int *wantp);

/* Says goodbye in TLS if that can be done at once, and frees what is kept.
 * The descriptor stays open. */
void stream_close(struct stream *s);

#endif
