/* TLS by OpenSSL: shared contexts, the name check, SNI, reasons in words. */

#include <errno.h>
#include <string.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include "addr.h"
#include "identity.h"
#include "stamp.h"
#include "tls.h"
#include "trust.h"


#define NAMES_SIZE 160           /* bytes of a certificate's names in a text */

struct tls_ctx {
	struct le le;
	struct trust *trust;
	struct stamp certificate, key;
	enum tls_verify verify;
	int min_version;
	SSL_CTX *ssl;
};

/* Whom one connection wants to talk to. */
struct peer {
	char *host;                      /* without [] and final dot */
	bool literal;
	char *names;                     /* whom the certificate is for, where
					    that is somebody else; may be NULL
					    even then */
};

static struct list ctxl;
static int peer_index = -1;              /* of struct peer in an SSL */


/* In place of X509_verify_cert(): the chain first, and only then the name. */
static int verify(X509_STORE_CTX *sc, bool strict)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(sc,
				SSL_get_ex_data_X509_STORE_CTX_idx());
	X509 *cert = X509_STORE_CTX_get0_cert(sc);
	struct peer *p = ssl ? SSL_get_ex_data(ssl, peer_index) : NULL;

	if (X509_verify_cert(sc) != 1) {
		if (X509_STORE_CTX_get_error(sc) == X509_V_OK)
			X509_STORE_CTX_set_error(sc, X509_V_ERR_UNSPECIFIED);
		return 0;
	}

	if (!p || !cert) {
		X509_STORE_CTX_set_error(sc, X509_V_ERR_UNSPECIFIED);
		return 0;
	}

	if (p->literal ? identity_match_ip(cert, p->host)
	    : identity_match_host(cert, p->host, strict))
		return 1;

	p->names = mem_alloc(NAMES_SIZE, NULL);
	if (p->names)
		identity_print(p->names, NAMES_SIZE, cert);

	X509_STORE_CTX_set_error(sc, p->literal
				 ? X509_V_ERR_IP_ADDRESS_MISMATCH
				 : X509_V_ERR_HOSTNAME_MISMATCH);

	return 0;
}


static int verify_strict_handler(X509_STORE_CTX *sc, void *arg)
{
	(void)arg;

	return verify(sc, true);
}


static int verify_wildcard_handler(X509_STORE_CTX *sc, void *arg)
{
	(void)arg;

	return verify(sc, false);
}


static void set_verify(SSL_CTX *ctx, enum tls_verify how)
{
	switch (how) {
	case TLS_VERIFY_STRICT:
		SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
		SSL_CTX_set_cert_verify_callback(ctx, verify_strict_handler,
						 NULL);
		break;
	case TLS_VERIFY_WILDCARD:
		SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
		SSL_CTX_set_cert_verify_callback(ctx, verify_wildcard_handler,
						 NULL);
		break;
	case TLS_VERIFY_NONE:
		SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
		break;
	}
}


static void ctx_destructor(void *data)
{
	struct tls_ctx *ctx = data;

	list_unlink(&ctx->le);
	SSL_CTX_free(ctx->ssl);
	mem_deref(ctx->trust);
	stamp_reset(&ctx->certificate);
	stamp_reset(&ctx->key);
}


static bool ctx_equal(const struct tls_ctx *a, const struct tls_ctx *b)
{
	return a->trust == b->trust && a->verify == b->verify &&
		a->min_version == b->min_version &&
		stamp_equal(&a->certificate, &b->certificate) &&
		stamp_equal(&a->key, &b->key);
}


static struct tls_ctx *ctx_find(const struct tls_ctx *like)
{
	struct le *le;

	for (le = ctxl.head; le; le = le->next) {
		struct tls_ctx *ctx = le->data;

		if (ctx_equal(ctx, like))
			return ctx;
	}

	return NULL;
}


static int set_certificate(const struct tls_ctx *ctx, char *text, size_t size)
{
	const char *cert = ctx->certificate.path;
	const char *key = ctx->key.path[0] ? ctx->key.path : cert;

	if (!cert[0])
		return 0;

	ERR_clear_error();

	if (SSL_CTX_use_certificate_chain_file(ctx->ssl, cert) != 1) {
		(void)re_snprintf(text, size, "%s: no certificate in it",
				  cert);
		return EBADMSG;
	}
	if (SSL_CTX_use_PrivateKey_file(ctx->ssl, key,
					SSL_FILETYPE_PEM) != 1) {
		(void)re_snprintf(text, size,
				  "%s: no private key that fits %s",
				  key, cert);
		return EBADMSG;
	}
	if (SSL_CTX_check_private_key(ctx->ssl) != 1) {
		(void)re_snprintf(text, size, "%s does not fit %s", key, cert);
		return EBADMSG;
	}

	return 0;
}


static int no_password(char *buf, int size, int rwflag, void *arg)
{
	(void)buf;
	(void)size;
	(void)rwflag;
	(void)arg;

	return -1;       /* OpenSSL's own would ask the terminal */
}


/* Sets up a context that has its key. */
static int ctx_init(struct tls_ctx *ctx, char *text, size_t size)
{
	ctx->ssl = SSL_CTX_new(TLS_client_method());
	if (!ctx->ssl)
		return ENOMEM;

	if (!SSL_CTX_set_min_proto_version(ctx->ssl, ctx->min_version)) {
		(void)re_snprintf(text, size, "no such TLS version");
		return EINVAL;
	}

	SSL_CTX_set_options(ctx->ssl, SSL_OP_NO_RENEGOTIATION |
			    SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_mode(ctx->ssl, SSL_MODE_RELEASE_BUFFERS |
			 SSL_MODE_ENABLE_PARTIAL_WRITE |
			 SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	/* Or one SSL_read() goes on for as long as a peer sends KeyUpdates. */
	(void)SSL_CTX_clear_mode(ctx->ssl, SSL_MODE_AUTO_RETRY);
	SSL_CTX_set_session_cache_mode(ctx->ssl, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_default_passwd_cb(ctx->ssl, no_password);
	SSL_CTX_set1_cert_store(ctx->ssl, trust_store(ctx->trust));
	set_verify(ctx->ssl, ctx->verify);

	return set_certificate(ctx, text, size);
}


static int get_stamp(struct stamp *s, const char *path, char *text, size_t size)
{
	int err = stamp_take(s, path);

	if (err)
		(void)re_snprintf(text, size, "%s: %m", path, err);

	return err;
}


int tls_ctx_get(struct tls_ctx **ctxp, const struct tls_conf *conf,
		char *text, size_t size)
{
	struct tls_ctx *ctx, *same;
	int err;

	if (!ctxp || !conf || !text || !size)
		return EINVAL;

	text[0] = '\0';

	ctx = mem_zalloc(sizeof(*ctx), ctx_destructor);
	if (!ctx)
		return ENOMEM;

	ctx->verify = conf->verify;
	ctx->min_version = conf->min_version ? conf->min_version
		: TLS1_2_VERSION;

	err = trust_get(&ctx->trust, conf->ca_file, text, size);
	if (err)
		goto out;
	err = get_stamp(&ctx->certificate, conf->certificate, text, size);
	if (err)
		goto out;
	err = get_stamp(&ctx->key, conf->key, text, size);
	if (err)
		goto out;

	same = ctx_find(ctx);
	if (same) {
		mem_deref(ctx);
		*ctxp = mem_ref(same);
		return 0;
	}

	err = ctx_init(ctx, text, size);
	if (err)
		goto out;

	list_append(&ctxl, &ctx->le, ctx);
	*ctxp = ctx;

 out:
	if (err)
		mem_deref(ctx);
	if (err && !text[0])
		(void)re_snprintf(text, size, "%m", err);

	return err;
}


void tls_close(void)
{
	trust_close();
}


static void peer_free_handler(void *parent, void *ptr, CRYPTO_EX_DATA *ad,
			      int idx, long argl, void *argp)
{
	(void)parent;
	(void)ad;
	(void)idx;
	(void)argl;
	(void)argp;

	mem_deref(ptr);
}


static void peer_destructor(void *data)
{
	struct peer *p = data;

	mem_deref(p->host);
	mem_deref(p->names);
}


/* "[2001:db8::1]" to 2001:db8::1, "example.com." to example.com. */
static int peer_alloc(struct peer **pp, const char *host)
{
	struct peer *p;
	struct addr a;
	char literal[ADDR_STRLEN];
	struct pl pl;
	bool is_literal;
	int err;

	pl_set_str(&pl, host);
	is_literal = addr_parse(&a, pl.p, pl.l, 0);

	if (is_literal)
		pl_set_str(&pl, addr_print_ip(&a, literal, sizeof(literal)));
	else if (pl.l && pl.p[pl.l - 1] == '.')
		--pl.l;

	/* with a leading dot OpenSSL would accept any name below it */
	if (!pl.l || pl.p[0] == '.')
		return EINVAL;

	p = mem_zalloc(sizeof(*p), peer_destructor);
	if (!p)
		return ENOMEM;

	p->literal = is_literal;
	err = pl_strdup(&p->host, &pl);
	if (err)
		mem_deref(p);
	else
		*pp = p;

	return err;
}


/* The SSL owns the peer from here on. */
static int set_peer(SSL *ssl, const char *host)
{
	struct peer *p;
	int err;

	if (peer_index < 0)
		peer_index = SSL_get_ex_new_index(0, NULL, NULL, NULL,
						  peer_free_handler);
	if (peer_index < 0)
		return ENOMEM;

	err = peer_alloc(&p, host);
	if (err)
		return err;

	if (!SSL_set_ex_data(ssl, peer_index, p)) {
		mem_deref(p);
		return ENOMEM;
	}

	/* RFC 6066 §3: no literal addresses */
	if (!p->literal && !SSL_set_tlsext_host_name(ssl, p->host))
		return EINVAL;

	return 0;
}


int tls_open(SSL **sslp, struct tls_ctx *ctx, int fd, const char *host)
{
	SSL *ssl;
	int err;

	if (!sslp || !ctx || fd < 0 || !host)
		return EINVAL;

	ERR_clear_error();

	ssl = SSL_new(ctx->ssl);
	if (!ssl)
		return ENOMEM;

	err = set_peer(ssl, host);
	if (!err && !SSL_set_fd(ssl, fd))
		err = ENOMEM;

	if (err) {
		SSL_free(ssl);
		return err;
	}

	SSL_set_connect_state(ssl);
	*sslp = ssl;

	return 0;
}


static enum reason verify_reason(SSL *ssl, long result, char *text,
				 size_t size)
{
	const struct peer *p = SSL_get_ex_data(ssl, peer_index);

	if (result == X509_V_ERR_HOSTNAME_MISMATCH ||
	    result == X509_V_ERR_IP_ADDRESS_MISMATCH) {
		(void)re_snprintf(text, size, "certificate is for %s, not %s",
				  p->names ? p->names : "somebody else",
				  p->host);
		return REASON_TLS_NAME;
	}

	(void)re_snprintf(text, size, "%s",
			  X509_verify_cert_error_string(result));

	return REASON_TLS_UNTRUSTED;
}


/* What OpenSSL's queue or the system says. */
static void print_error(int syserr, char *text, size_t size)
{
	const unsigned long e = ERR_peek_error();
	const char *words = e ? ERR_reason_error_string(e) : NULL;

	if (ERR_GET_LIB(e) == ERR_LIB_SSL &&
	    ERR_GET_REASON(e) == SSL_R_UNEXPECTED_EOF_WHILE_READING)
		words = "closed by the peer";

	if (words)
		(void)re_snprintf(text, size, "%s", words);
	else if (syserr)
		(void)re_snprintf(text, size, "%m", syserr);
	else
		(void)re_snprintf(text, size, "closed by the peer");
}


enum reason tls_reason(SSL *ssl, int rv, char *text, size_t size)
{
	const int syserr = errno;
	const long result = SSL_get_verify_result(ssl);

	if (SSL_get_verify_mode(ssl) != SSL_VERIFY_NONE &&
	    result != X509_V_OK)
		return verify_reason(ssl, result, text, size);

	if (SSL_get_error(ssl, rv) == SSL_ERROR_ZERO_RETURN)
		(void)re_snprintf(text, size, "closed by the peer");
	else
		print_error(syserr, text, size);

	return REASON_TLS_FAILURE;
}
