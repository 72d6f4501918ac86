/* TLS by OpenSSL: contexts, shared by who has the same settings and files. */

#include <errno.h>
#include <string.h>
#include <openssl/err.h>
#include "stamp.h"
#include "tls.h"
#include "tls_peer.h"
#include "tls_session.h"
#include "trust.h"


struct tls_ctx {
	struct le le;
	struct trust *trust;
	struct stamp certificate, key;
	struct tls_rules rules;
	int min_version;
	SSL_CTX *ssl;
};

static struct list ctxl;


static void ctx_destructor(void *data)
{
	struct tls_ctx *ctx = data;

	list_unlink(&ctx->le);
	tls_session_forget(ctx);
	SSL_CTX_free(ctx->ssl);
	mem_deref(ctx->trust);
	mem_deref(ctx->rules.pins);
	stamp_reset(&ctx->certificate);
	stamp_reset(&ctx->key);
}


static bool ctx_equal(const struct tls_ctx *a, const struct tls_ctx *b)
{
	return a->trust == b->trust && a->min_version == b->min_version &&
		a->rules.verify == b->rules.verify &&
		tls_pins_equal(a->rules.pins, b->rules.pins) &&
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


/* OpenSSL's own would ask the terminal. */
static int passphrase_handler(char *buf, int size, int rwflag, void *arg)
{
	bool *encryptedp = arg;
	(void)buf;
	(void)size;
	(void)rwflag;

	*encryptedp = true;

	return -1;
}


static int set_key(SSL_CTX *ssl, const char *key, const char *cert,
		   char *text, size_t size)
{
	bool encrypted = false;
	int rv;

	SSL_CTX_set_default_passwd_cb(ssl, passphrase_handler);
	SSL_CTX_set_default_passwd_cb_userdata(ssl, &encrypted);
	rv = SSL_CTX_use_PrivateKey_file(ssl, key, SSL_FILETYPE_PEM);
	SSL_CTX_set_default_passwd_cb_userdata(ssl, NULL);
	SSL_CTX_set_default_passwd_cb(ssl, NULL);

	if (rv == 1)
		return 0;

	if (encrypted)
		(void)re_snprintf(text, size, "%s: the private key is "
				  "encrypted; nobody is there to type its "
				  "passphrase", key);
	else
		(void)re_snprintf(text, size,
				  "%s: no private key that fits %s",
				  key, cert);

	return EBADMSG;
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

	return set_key(ctx->ssl, key, cert, text, size);
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
	SSL_CTX_set1_cert_store(ctx->ssl, trust_store(ctx->trust));
	tls_peer_prepare(ctx->ssl, &ctx->rules);

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

	ctx->rules.verify = conf->verify;
	ctx->min_version = conf->min_version ? conf->min_version
		: TLS1_2_VERSION;

	err = tls_pins_alloc(&ctx->rules.pins, conf->pins, conf->pinc);
	if (err)
		goto out;
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

	err = SSL_set_fd(ssl, fd) ? tls_peer_attach(ssl, ctx, &ctx->rules,
						    host)
		: ENOMEM;
	if (err) {
		SSL_free(ssl);
		return err;
	}

	SSL_set_connect_state(ssl);
	*sslp = ssl;

	return 0;
}


void tls_close(void)
{
	tls_session_close();
	trust_close();
}
