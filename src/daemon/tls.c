/* TLS by OpenSSL: contexts, shared by who has the same settings and files. */

#include <errno.h>
#include <string.h>
#include <openssl/err.h>
#include <openssl/sha.h>
#include "room.h"
#include "stamp.h"
#include "tls.h"
#include "tls_key.h"
#include "tls_peer.h"
#include "tls_session.h"
#include "trust.h"

/* [bytes] for a trust store (0.9 MB measured, the system's), a context and a
 * handshake. OpenSSL starts parts of itself as it needs them, and what there is
 * no memory for then is missing for ever. */
#define TLS_ROOM (2 << 20)


enum {
	KEY_VERSION = 1,
	KEY_ROOM = 1024,         /* bytes that mostly suffice */
};

struct tls_ctx {
	struct le le;
	struct trust *trust;
	struct stamp certificate, key;
	struct tls_rules rules;
	int min_version;
	bool used;               /* by a connection, ever */
	SSL_CTX *ssl;
};

static struct list ctxl;


/* Of the same file trust may have been read twice (trust_doubt()). */
static bool key_in_use(const uint8_t *key)
{
	struct le *le;

	for (le = ctxl.head; le; le = le->next) {
		const struct tls_ctx *ctx = le->data;

		if (!memcmp(ctx->rules.key, key, sizeof(ctx->rules.key)))
			return true;
	}

	return false;
}


static void ctx_destructor(void *data)
{
	struct tls_ctx *ctx = data;

	list_unlink(&ctx->le);
	/* one that was only looked at leaves the sessions alone that wait */
	if (ctx->used && !key_in_use(ctx->rules.key))
		tls_session_forget(ctx->rules.key);
	SSL_CTX_free(ctx->ssl);
	mem_deref(ctx->trust);
	mem_deref(ctx->rules.pins);
	stamp_reset(&ctx->certificate);
	stamp_reset(&ctx->key);
}


/* --- what tells one from another, here and in the next process --- */

static int write_stamp(struct mbuf *mb, const struct stamp *s)
{
	const uint64_t v[] = {
		strlen(s->path), s->dev, s->ino, (uint64_t)s->size,
		(uint64_t)s->mtime.tv_sec, (uint64_t)s->mtime.tv_nsec,
	};
	int err;

	err = mbuf_write_mem(mb, (const uint8_t *)v, sizeof(v));

	return err ? err : mbuf_write_str(mb, s->path);
}


static int write_trust(struct mbuf *mb, const struct trust *t)
{
	bool sys;
	const struct stamp *s = trust_stamp(&sys, t);
	int err;

	err = mbuf_write_u8(mb, sys);

	return err ? err : write_stamp(mb, s);
}


/* Another OpenSSL may verify otherwise, and so may another KEY_VERSION of us:
 * to be raised whenever a server would be refused that was not before. */
static int write_rules(struct mbuf *mb, const struct tls_ctx *ctx)
{
	const uint64_t v[] = {
		KEY_VERSION, OpenSSL_version_num(),
		(uint64_t)ctx->min_version, (uint64_t)ctx->rules.verify,
	};
	int err;

	err = mbuf_write_mem(mb, (const uint8_t *)v, sizeof(v));

	return err ? err : tls_pins_write(mb, ctx->rules.pins);
}


static int set_session_key(struct tls_ctx *ctx)
{
	struct mbuf *mb = mbuf_alloc(KEY_ROOM);
	int err;

	if (!mb)
		return ENOMEM;

	err = write_rules(mb, ctx);
	if (!err)
		err = write_trust(mb, ctx->trust);
	if (!err)
		err = write_stamp(mb, &ctx->certificate);
	if (!err)
		err = write_stamp(mb, &ctx->key);
	if (!err && !SHA256(mb->buf, mb->end, ctx->rules.key))
		err = ENOMEM;

	mem_deref(mb);

	return err;
}


static bool ctx_equal(const struct tls_ctx *a, const struct tls_ctx *b)
{
	return a->trust == b->trust &&
		!memcmp(a->rules.key, b->rules.key, sizeof(a->rules.key));
}


const uint8_t *tls_ctx_key(const struct tls_ctx *ctx)
{
	return ctx->rules.key;
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


static int set_key(SSL_CTX *ssl, const char *key, const char *cert,
		   char *text, size_t size)
{
	bool encrypted;

	if (tls_key_set(ssl, key, &encrypted))
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

	if (!room_for(TLS_ROOM)) {
		(void)re_snprintf(text, size, "%m", ENOMEM);
		return ENOMEM;
	}

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

	err = set_session_key(ctx);
	if (err)
		goto out;

	same = ctx_find(ctx);
	if (same) {
		mem_deref(ctx);
		*ctxp = mem_ref(same);
		return 0;
	}

	ERR_clear_error();
	err = ctx_init(ctx, text, size);
	if (!err)
		err = tls_shortage();    /* it would lack something for ever */
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


void tls_ctx_doubt(struct tls_ctx *ctx)
{
	trust_doubt(ctx->trust);
}


static int open_ssl(SSL **sslp, struct tls_ctx *ctx, int fd, const char *host,
		    bool anew)
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
						    host, anew)
		: ENOMEM;
	if (err) {
		SSL_free(ssl);
		return err;
	}

	ctx->used = true;
	SSL_set_connect_state(ssl);
	*sslp = ssl;

	return 0;
}


int tls_open(SSL **sslp, struct tls_ctx *ctx, int fd, const char *host)
{
	return open_ssl(sslp, ctx, fd, host, false);
}


int tls_open_anew(SSL **sslp, struct tls_ctx *ctx, int fd, const char *host)
{
	return open_ssl(sslp, ctx, fd, host, true);
}


void tls_close(void)
{
	tls_session_close();
	trust_close();
}
