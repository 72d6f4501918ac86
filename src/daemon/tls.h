/* TLS by OpenSSL: one trust store per CA set (trust.c), contexts shared by
 * accounts with the same settings (tls.c), who the server has to be, by chain,
 * name and pins (tls_peer.c, tls_pin.c), sessions that shorten the next
 * handshake (tls_session.c), in the next process too (tls_handed.c), and
 * reasons that a person can read (tls_reason.c).
 *
 * Verification is always on unless the configuration says `none`, which is
 * warned about loudly elsewhere. The identity checked is the host that the
 * operator wrote, before any DNS (RFC 5922 §4). Pins are asked for in addition;
 * with `none` they are all there is, and then the server's own key has to be
 * one of them, which makes the connection a verified one. */

#ifndef TLS_H
#define TLS_H

#include <openssl/ssl.h>
#include "compat.h"
#include "verdict.h"


enum tls_verify {
	TLS_VERIFY_STRICT,       /* RFC 5922 §7: no wildcards, and no DNS name
				    counts beside a "sip:" URI */
	TLS_VERIFY_WILDCARD,     /* and "*.example.com" for one label */
	TLS_VERIFY_NONE,         /* neither chain nor name */
};

struct tls_conf {
	char *ca_file;           /* replaces the system's store; "": system */
	enum tls_verify verify;
	char *name;              /* checked instead of the host; "": the host */
	char *certificate;       /* of ours, PEM; "": none */
	char *key;
	int min_version;         /* TLS1_2_VERSION or TLS1_3_VERSION */
	char **pins;             /* "sha256/BASE64" of public keys, one of which
				    the server's certificate or one above it
				    in the verified chain must have */
	size_t pinc;
};

struct tls_ctx;

/* A context for these settings, shared with everybody who has the same while
 * the files stay as they are; mem_deref() it. ENOENT, EACCES, EBADMSG: a file
 * cannot be read, is no PEM, or the key has a passphrase; EINVAL: a pin is no
 * such text. What is wrong is then in `text`. */
int tls_ctx_get(struct tls_ctx **ctxp, const struct tls_conf *conf,
		char *text, size_t size);

/* A client connection on `fd`, which stays the caller's. `host`: name or IP
 * literal (in [] or not) to be checked; a name is sent as SNI, an IP literal is
 * not and must be in the certificate as an IP SAN. EINVAL: no host at all, or
 * one with a leading dot. SSL_free() it.
 *
 * It resumes a session of an earlier connection of the same context to the same
 * host, if there is one and the server likes it. */
int tls_open(SSL **sslp, struct tls_ctx *ctx, int fd, const char *host);

/* The same with a full handshake, of which nothing is kept: for who wants to
 * see the certificates, and leave the sessions of others alone. */
int tls_open_anew(SSL **sslp, struct tls_ctx *ctx, int fd, const char *host);

/* What its sessions are kept under: a hash of the settings and of what the file
 * system tells of the files, so it is the same in another process of the same
 * OpenSSL. TLS_SESSION_KEY_SIZE bytes. */
const uint8_t *tls_ctx_key(const struct tls_ctx *ctx);

/* Why a handshake failed: TLS_UNTRUSTED, TLS_NAME or TLS_FAILURE, and in
 * words ("certificate has expired"); NO_RESOURCES if memory ran out. `rv` is
 * what SSL_do_handshake() said; to be asked at once after it, and errno and
 * OpenSSL's error queue must have been cleared before it. Serves for SSL_read()
 * too: then it is FLOW_LOST, or TLS_FAILURE where the server refuses our
 * certificate, of which TLS 1.3 tells only after the handshake. */
enum reason tls_reason(SSL *ssl, int rv, char *text, size_t size);

/* What OpenSSL ran out of since its error queue was cleared: ENOMEM, EMFILE and
 * the like; 0: nothing. Clears it. */
int tls_shortage(void);

/* Of a connection that stands, for people. */
struct tls_info {
	char version[16];                /* "TLSv1.3" */
	char cipher[48];
	bool resumed;                    /* without a full handshake */
	bool verified;                   /* chain and name, or a pin; if
					    resumed, then at the beginning */
	int64_t not_after;               /* of the server's certificate [s since
					    1970]; 0: not known */
};
void tls_info(struct tls_info *info, SSL *ssl);

/* A peer was refused as not trusted by it: see trust_doubt(). */
void tls_ctx_doubt(struct tls_ctx *ctx);

void tls_close(void);            /* at exit: shared stores, sessions */

#endif
