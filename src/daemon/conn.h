/* One socket: UDP, TCP or TLS. Connects, frames, queues what the kernel does
 * not take at once, and says when it is over. Decides nothing.
 *
 * Streams are framed as frame.h says: CRLFCRLF between messages is the peer's
 * ping, a CRLF alone the pong to ours. */

#ifndef CONN_H
#define CONN_H

#include "clock.h"
#include "compat.h"
#include "frame.h"
#include "net.h"
#include "stream.h"
#include "tls.h"
#include "trace.h"
#include "verdict.h"


struct conn;

/* Handlers. Each may free the conn (mem_deref); nothing is called after the
 * close handler. */
struct conn_handlers {
	/* connected, handshake done; UDP: on the next turn of the loop */
	void (*estabh)(void *arg);
	/* one whole message, `mb` from pos to end; the callee may mem_ref() */
	void (*recvh)(struct mbuf *mb, const struct sa *src, void *arg);
	/* STUN on UDP: first octet 0 or 1 (RFC 5764 §5.1.2); may be NULL */
	void (*stunh)(struct mbuf *mb, const struct sa *src, void *arg);
	void (*pongh)(void *arg);        /* CRLF; on UDP from the peer alone */
	void (*pingh)(void *arg);        /* CRLFCRLF, answered already */
	/* refused, reset, ended, failed; in words for the log. On UDP only a
	 * refusal before the peer was ever heard. */
	void (*closeh)(enum reason reason, const char *text, void *arg);
	/* a message began and is not whole yet: conn_partial_since() */
	void (*partialh)(void *arg);     /* may be NULL */
	/* TLS, for who wants to see how; each may be NULL, and must not free
	 * the conn: the TCP connection stands; the handshake has come to its
	 * end, well or not, and estabh or closeh is next */
	void (*connectedh)(void *arg);
	void (*shakenh)(SSL *ssl, void *arg);
};

struct conn_conf {
	enum transport transport;        /* not AUTO */
	struct sa peer;
	struct sa source;                /* to bind to; unset: any */
	const char *interface;           /* SO_BINDTODEVICE; "": any */
	uint8_t dscp;                    /* RFC 2474, 0..63 */
	struct tls_ctx *tls;             /* TLS only */
	const char *host;                /* TLS: identity and SNI */
	bool anew;                       /* TLS: see tls_open_anew() */
	const struct tap *tap;           /* is told what it sends; outlives it;
					    NULL: nobody is */
};

/* Starts it; success or failure of the connect comes by handler. Errors that
 * are known at once (EMFILE, EADDRNOTAVAIL ...) are returned. */
int conn_open(struct conn **connp, const struct conn_conf *conf,
	      const struct conn_handlers *h, void *arg);

/* Goes on with a socket that is connected (UDP: bound) already, of the process
 * before this one: `fd` is the conn's from then on, and it is up, so that there
 * is no estabh. EINVAL: it is not what `conf` says, or TLS, which has more;
 * after any error fd is the caller's. */
int conn_take_over(struct conn **connp, int fd, const struct conn_conf *conf,
	       const struct conn_handlers *h, void *arg);

/* Its socket, for somebody else to go on with; -1: not now, as a message is on
 * its way in or out, or never. It stays the conn's. */
int conn_hand_over(const struct conn *c);

/* Queues whole messages or nothing: ENOBUFS when the queue is full, ENOTCONN
 * before or after. An error of UDP's sendto() is returned. After any other
 * error of a stream the close handler follows, from the loop and never from
 * here. */
int conn_send(struct conn *c, const uint8_t *buf, size_t len);

/* UDP: to an address other than the peer's (answers to inbound requests). */
int conn_send_to(struct conn *c, const struct sa *dst, const uint8_t *buf,
		 size_t len);

const struct sa *conn_local(const struct conn *c);   /* of the socket itself */
const struct sa *conn_peer(const struct conn *c);
enum transport conn_transport(const struct conn *c);

/* False: not TLS, or not connected. */
bool conn_tls_info(const struct conn *c, struct tls_info *info);

/* Tells the tap a message that came, once it is known who may speak to us. */
void conn_trace_received(const struct conn *c, const struct mbuf *mb,
			 const struct sa *src, bool stranger);

/* When the first byte of a message that is not whole yet came; NEVER: none.
 * The owner closes a conn that stays so for FLOW_MESSAGE_MAX. */
msec_t conn_partial_since(const struct conn *c);

#endif
