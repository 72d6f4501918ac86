/* TLS sessions to be resumed: kept for each context and host.
 *
 * A resumed handshake shows no certificate, so nothing is verified: a session
 * is as good as the check that it began with. Therefore only sessions of
 * verified connections come here, they are found again only under the same
 * context (so the same rules and files) and host, and they end a day after that
 * check, whatever was renewed in between, or with the first certificate of the
 * chain that was checked.
 *
 * Each is used once (RFC 8446 §C.4) and gives way to its connection's next one.
 * Kept is what OpenSSL serializes, without the chain: about 360 bytes and the
 * server's own certificate, a fifth of a live SSL_SESSION. It is a secret. */

#ifndef TLS_SESSION_H
#define TLS_SESSION_H

#include <openssl/ssl.h>
#include "clock.h"
#include "compat.h"


#define TLS_SESSION_LIFE     HOURS(24)   /* RFC 5246 §F.1.4 */
#define TLS_SESSION_SIZE_MAX 8192        /* bytes of one: a ticket may have
					    65,535 */
#define TLS_SESSION_HOST_MAX 256         /* of one host under one context: so
					    many connects may be under way */
#define TLS_SESSION_ALL_MAX  4194304     /* bytes of all of them */

/* Some servers cannot resume and end the handshake instead of falling back:
 * after so many in a row none is offered for a while. */
#define TLS_SESSION_FAILED_MAX 2
#define TLS_SESSION_REST       HOURS(1)

struct tls_session;

/* What is known of a session; the first two of the full handshake that it goes
 * back to. */
struct tls_session_facts {
	msec_t verified_at;
	int64_t not_after;       /* the first end of a certificate in the chain
				    that was verified [s since 1970] */
	uint32_t edge;           /* who made it: a hash of the address. Of the
				    servers of one name each may know its own
				    sessions only. */
};

/* Keeps it, in place of *keptp, the caller's last one, if that is still here.
 * *keptp is cleared when the session goes and must be released before it
 * moves. What cannot be resumed, or is too big, or finds no memory is not
 * kept. `owner`: the context. */
void tls_session_put(struct tls_session **keptp, const void *owner,
		     const char *host, SSL_SESSION *session,
		     const struct tls_session_facts *facts, msec_t now);

/* The caller's *keptp is no longer to be cleared; the session stays. */
void tls_session_release(struct tls_session **keptp);

/* Takes out the newest that is still good, one of facts->edge if there is any,
 * and says the rest of *facts. NULL: none. `wall`: now, in seconds since 1970.
 * SSL_SESSION_free() it. */
SSL_SESSION *tls_session_take(struct tls_session_facts *facts,
			      const void *owner, const char *host, msec_t now,
			      int64_t wall);

/* How a handshake ended to which a session was offered, accepted or not. */
void tls_session_on_done(const void *owner, const char *host);
void tls_session_on_failed(const void *owner, const char *host, msec_t now);

void tls_session_forget(const void *owner);      /* what it has; NULL: all */
size_t tls_session_bytes(void);                  /* kept now, of all */
void tls_session_close(void);

#endif
