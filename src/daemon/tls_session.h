/* TLS sessions to be resumed: kept for each set of rules and host.
 *
 * A resumed handshake shows no certificate, so nothing is verified: a session
 * is as good as the check that it began with. Therefore only sessions of
 * verified connections come here, they are found again only under the same key
 * (so the same rules and files, see tls_ctx_key()) and host, and they end a day
 * after that check, whatever was renewed in between, or with the first
 * certificate of the chain that was checked.
 *
 * Each is used once (RFC 8446 §C.4) and gives way to its connection's next one.
 * Kept is what OpenSSL serializes, without the chain: about 360 bytes and the
 * server's own certificate, a fifth of a live SSL_SESSION. It is a secret.
 *
 * The next process may get them (tls_handed.h), where they are under the same
 * keys, times and limits as here. */

#ifndef TLS_SESSION_H
#define TLS_SESSION_H

#include <openssl/sha.h>
#include <openssl/ssl.h>
#include "clock.h"
#include "compat.h"


#define TLS_SESSION_LIFE     HOURS(24)   /* RFC 5246 §F.1.4 */
#define TLS_SESSION_SIZE_MAX 8192        /* bytes of one: a ticket may have
					    65,535 */
#define TLS_SESSION_KEY_SIZE SHA256_DIGEST_LENGTH
#define TLS_SESSION_NAME_MAX 255         /* bytes of a host: RFC 1035 §2.3.4 */
#define TLS_SESSION_HOST_MAX 256         /* of one host under one key: so
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
 * kept. `key`: of the context, TLS_SESSION_KEY_SIZE bytes. */
void tls_session_put(struct tls_session **keptp, const uint8_t *key,
		     const char *host, SSL_SESSION *session,
		     const struct tls_session_facts *facts, msec_t now);

/* The caller's *keptp is no longer to be cleared; the session stays. */
void tls_session_release(struct tls_session **keptp);

/* Takes out the newest that is still good, one of facts->edge if there is any,
 * and says the rest of *facts. NULL: none. `wall`: now, in seconds since 1970.
 * SSL_SESSION_free() it. */
SSL_SESSION *tls_session_take(struct tls_session_facts *facts,
			      const uint8_t *key, const char *host, msec_t now,
			      int64_t wall);

/* How a handshake ended to which a session was offered, accepted or not. */
void tls_session_on_done(const uint8_t *key, const char *host);
void tls_session_on_failed(const uint8_t *key, const char *host, msec_t now);

/* One as it goes to the next process. */
struct tls_session_record {
	const uint8_t *key;
	const char *host;
	struct tls_session_facts facts;
	msec_t until;
	const uint8_t *der;
	size_t len;
};

/* Those that can still be used, oldest first, up to the first error of `h`,
 * which is returned. Not those of hosts that nothing is offered to now. */
typedef int (tls_session_h)(const struct tls_session_record *r, void *arg);
int tls_session_each(tls_session_h *h, void *arg, msec_t now, int64_t wall);

/* Keeps one that another process has told of, oldest first. EBADMSG: it cannot
 * have come from here: a size is above the limits, or the times do not fit
 * together or `now`; ETIMEDOUT: it has ended; ENOMEM. Whether it is a session
 * at all is found out when it is taken. */
int tls_session_restore(const struct tls_session_record *r, msec_t now,
			int64_t wall);

void tls_session_forget(const uint8_t *key);     /* what it has; NULL: all */
size_t tls_session_bytes(void);                  /* kept now, of all */
void tls_session_close(void);

#endif
