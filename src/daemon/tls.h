/* TLS by OpenSSL: one trust store per CA set, contexts shared by accounts with
 * the same settings, the name check, SNI, and reasons that a person can read.
 *
 * Verification is always on unless the configuration says `none`, which is
 * warned about loudly elsewhere. The identity checked is the host that the
 * operator wrote, before any DNS (RFC 5922 §4). */

#ifndef TLS_H
#define TLS_H

#include <openssl/ssl.h>
#include "compat.h"
#include "verdict.h"


enum tls_verify {
	TLS_VERIFY_STRICT,       /* RFC 5922 §7: no wildcards, and no DNS name
				    counts beside a "sip:" URI */
	TLS_VERIFY_WILDCARD,     /* and "*.example.com" for one label */
	TLS_VERIFY_NONE,
};

struct tls_conf {
	char *ca_file;           /* replaces the system's store; "": system */
	enum tls_verify verify;
	char *name;              /* checked instead of the host; "": the host */
	char *certificate;       /* of ours, PEM; "": none */
	char *key;
	int min_version;         /* TLS1_2_VERSION or TLS1_3_VERSION */
	char **pins;             /* not acted on yet; may be empty */
	size_t pinc;
};

struct tls_ctx;

/* A context for these settings, shared with everybody who has the same while
 * the files stay as they are; mem_deref() it. ENOENT, EACCES, EBADMSG: a file
 * cannot be read or is no PEM; what is wrong is then in `text`. */
int tls_ctx_get(struct tls_ctx **ctxp, const struct tls_conf *conf,
		char *text, size_t size);

/* A client connection on `fd`, which stays the caller's. `host`: name or IP
 * literal (in [] or not) to be checked; a name is sent as SNI, an IP literal is
 * not and must be in the certificate as an IP SAN. EINVAL: no host at all, or
 * one with a leading dot. SSL_free() it.
 *
 * Whoever adds session resumption: a resumed session is not verified again, so
 * it must be kept per context *and* host. */
int tls_open(SSL **sslp, struct tls_ctx *ctx, int fd, const char *host);

/* Why a handshake failed: TLS_UNTRUSTED, TLS_NAME or TLS_FAILURE, and in
 * words ("certificate has expired"). `rv` is what SSL_do_handshake() said; to
 * be asked at once after it, and errno and OpenSSL's error queue must have been
 * cleared before it. Serves for SSL_read() too. */
enum reason tls_reason(SSL *ssl, int rv, char *text, size_t size);

void tls_close(void);            /* at exit: the shared stores */

#endif
