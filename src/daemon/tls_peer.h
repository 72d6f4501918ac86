/* Whom one connection wants to talk to, whether it is them, and what shortens
 * the next handshake. Hangs on an SSL, and ends with it. */

#ifndef TLS_PEER_H
#define TLS_PEER_H

#include <openssl/ssl.h>
#include "compat.h"
#include "tls.h"
#include "tls_pin.h"
#include "tls_session.h"


/* By what a peer is judged; of a context. */
struct tls_rules {
	enum tls_verify verify;
	struct tls_pins *pins;           /* NULL: none */
	uint8_t key[TLS_SESSION_KEY_SIZE];       /* of the sessions */
};

struct tls_peer {
	struct tls_ctx *ctx;             /* kept, for the rules in it */
	const struct tls_rules *rules;
	char *host;                      /* without [] and final dot */
	char *seen;                      /* who is there instead: names, or a
					    pin; may be NULL even then */
	bool literal;                    /* an IP address */
	bool offered;                    /* a session, without outcome yet */
	bool asked;                      /* for our certificate */
	bool done;                       /* the handshake */
	bool verified;                   /* in this very handshake */
	bool anew;                       /* no session is taken, none is kept */
	struct tls_session_facts facts;  /* of it, or of what it resumes */
	struct tls_session *kept;        /* NULL: nothing of us is kept now */
};

/* Callbacks of a context whose connections have peers with these rules. */
void tls_peer_prepare(SSL_CTX *ssl, const struct tls_rules *rules);

/* For a client connection that has its descriptor, before its handshake:
 * identity, SNI, a session to resume unless it is to be made `anew`. EINVAL:
 * no host at all, or one with a leading dot. */
int tls_peer_attach(SSL *ssl, struct tls_ctx *ctx,
		    const struct tls_rules *rules, const char *host,
		    bool anew);

const struct tls_peer *tls_peer_of(const SSL *ssl);

/* When the certificate ends [s since 1970]; 0: it is NULL, or does not say. */
int64_t tls_ends_at(const X509 *cert);

#endif
