/* Whom one connection wants to talk to, whether it is them, and what shortens
 * the next handshake. */

#include <errno.h>
#include <string.h>
#include <time.h>
#include <sys/socket.h>
#include <openssl/x509_vfy.h>
#include "addr.h"
#include "identity.h"
#include "loop.h"
#include "tls_peer.h"


#define NAMES_SIZE 160           /* bytes of a certificate's names in a text */

static int peer_index = -1;              /* of struct tls_peer in an SSL */


static struct tls_peer *peer_of(const SSL *ssl)
{
	return SSL_get_ex_data(ssl, peer_index);
}


const struct tls_peer *tls_peer_of(const SSL *ssl)
{
	return peer_of(ssl);
}


/* --- is it them? X509_V_OK, or what is wrong --- */

static int check_chain(X509_STORE_CTX *sc)
{
	int result;

	if (X509_verify_cert(sc) == 1)
		return X509_V_OK;

	result = X509_STORE_CTX_get_error(sc);

	return result == X509_V_OK ? X509_V_ERR_UNSPECIFIED : result;
}


static int check_name(struct tls_peer *p, X509 *cert)
{
	if (p->literal ? identity_match_ip(cert, p->host)
	    : identity_match_host(cert, p->host,
				  p->rules->verify == TLS_VERIFY_STRICT))
		return X509_V_OK;

	p->seen = mem_alloc(NAMES_SIZE, NULL);
	if (p->seen)
		identity_print(p->seen, NAMES_SIZE, cert);

	return p->literal ? X509_V_ERR_IP_ADDRESS_MISMATCH
		: X509_V_ERR_HOSTNAME_MISMATCH;
}


/* Without a chain that was verified only the server's own key counts: it alone
 * is proven, other certificates anybody can send. */
static int check_pins(struct tls_peer *p, X509_STORE_CTX *sc, X509 *cert)
{
	STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(sc);
	int i;

	if (tls_pins_match(p->rules->pins, cert))
		return X509_V_OK;

	for (i = 0; p->rules->verify != TLS_VERIFY_NONE &&
		    i < sk_X509_num(chain); i++) {
		if (tls_pins_match(p->rules->pins, sk_X509_value(chain, i)))
			return X509_V_OK;
	}

	p->seen = mem_alloc(TLS_PIN_TEXT, NULL);
	if (p->seen)
		(void)tls_pin_print(p->seen, cert);

	return X509_V_ERR_APPLICATION_VERIFICATION;
}


/* The chain first, then the name, then the key. */
static int check(struct tls_peer *p, X509_STORE_CTX *sc, X509 *cert)
{
	int result = X509_V_OK;

	if (p->rules->verify != TLS_VERIFY_NONE) {
		result = check_chain(sc);
		if (result == X509_V_OK)
			result = check_name(p, cert);
	}

	if (result == X509_V_OK && p->rules->pins)
		result = check_pins(p, sc, cert);

	return result;
}


int64_t tls_ends_at(const X509 *cert)
{
	struct tm tm;

	return cert && ASN1_TIME_to_tm(X509_get0_notAfter(cert), &tm)
		? (int64_t)timegm(&tm) : 0;
}


static int64_t first_end(X509_STORE_CTX *sc, const X509 *cert)
{
	STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(sc);
	int64_t first = tls_ends_at(cert);
	int i;

	for (i = 0; i < sk_X509_num(chain); i++) {
		const int64_t end = tls_ends_at(sk_X509_value(chain, i));

		if (end < first)
			first = end;
	}

	return first;
}


/* The server went for a full handshake, if a session was offered. */
static void offer_done(struct tls_peer *p)
{
	if (p->offered)
		tls_session_on_done(p->rules->key, p->host);

	p->offered = false;
}


/* In place of X509_verify_cert(). */
static int verify_handler(X509_STORE_CTX *sc, void *arg)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(sc,
				SSL_get_ex_data_X509_STORE_CTX_idx());
	X509 *cert = X509_STORE_CTX_get0_cert(sc);
	struct tls_peer *p = ssl ? peer_of(ssl) : NULL;
	int result = X509_V_ERR_UNSPECIFIED;
	(void)arg;

	if (p && cert) {
		offer_done(p);
		result = check(p, sc, cert);
	}

	X509_STORE_CTX_set_error(sc, result);
	if (result != X509_V_OK)
		return 0;

	p->verified = true;
	p->facts.verified_at = loop_now();
	p->facts.not_after = first_end(sc, cert);

	return 1;
}


/* --- sessions --- */

static bool verified(const SSL *ssl, const struct tls_peer *p)
{
	/* only sessions of verified connections are offered */
	return p->verified || SSL_session_reused(ssl);
}


static void keep(const SSL *ssl, struct tls_peer *p, SSL_SESSION *session)
{
	if (verified(ssl, p) && !p->anew)
		tls_session_put(&p->kept, p->rules->key, p->host, session,
				&p->facts, loop_now());
}


/* A ticket of TLS 1.3, whenever the server likes; a new session of TLS 1.2. */
static int session_handler(SSL *ssl, SSL_SESSION *session)
{
	struct tls_peer *p = peer_of(ssl);

	if (p)
		keep(ssl, p, session);

	return 0;        /* no reference is kept */
}


static void info_handler(const SSL *ssl, int where, int rv)
{
	struct tls_peer *p = peer_of(ssl);
	(void)rv;

	/* TLS 1.3 says so after each ticket again */
	if (!p || p->done || !(where & SSL_CB_HANDSHAKE_DONE))
		return;

	p->done = true;
	offer_done(p);

	/* TLS 1.2 tells of no session that was resumed: it is good for more,
	 * or the server has replaced its ticket */
	if (SSL_session_reused(ssl) && SSL_version(ssl) < TLS1_3_VERSION)
		keep(ssl, p, SSL_get_session(ssl));
}


static uint32_t edge_of(int fd)
{
	struct sa sa;

	sa.len = sizeof(sa.u);
	if (getpeername(fd, &sa.u.sa, &sa.len) || !sa_isset(&sa, SA_ADDR))
		return 0;

	return sa_hash(&sa, SA_ALL);
}


static void resume(SSL *ssl, struct tls_peer *p)
{
	SSL_SESSION *session;

	p->facts.edge = edge_of(SSL_get_fd(ssl));
	session = tls_session_take(&p->facts, p->rules->key, p->host,
				   loop_now(), (int64_t)time(NULL));

	p->offered = session && SSL_set_session(ssl, session);
	SSL_SESSION_free(session);
}


/* --- of a connection --- */

static void peer_destructor(void *data)
{
	struct tls_peer *p = data;

	if (p->offered)
		tls_session_on_failed(p->rules->key, p->host, loop_now());

	tls_session_release(&p->kept);
	mem_deref(p->host);
	mem_deref(p->seen);
	mem_deref(p->ctx);
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


/* "[2001:db8::1]" to 2001:db8::1, "example.com." to example.com. */
static int peer_alloc(struct tls_peer **pp, const char *host)
{
	struct tls_peer *p;
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
static int set_peer(SSL *ssl, struct tls_peer **pp, const char *host)
{
	int err;

	if (peer_index < 0)
		peer_index = SSL_get_ex_new_index(0, NULL, NULL, NULL,
						  peer_free_handler);
	if (peer_index < 0)
		return ENOMEM;

	err = peer_alloc(pp, host);
	if (err)
		return err;

	if (!SSL_set_ex_data(ssl, peer_index, *pp)) {
		mem_deref(*pp);
		return ENOMEM;
	}

	return 0;
}


int tls_peer_attach(SSL *ssl, struct tls_ctx *ctx,
		    const struct tls_rules *rules, const char *host, bool anew)
{
	struct tls_peer *p;
	int err;

	err = set_peer(ssl, &p, host);
	if (err)
		return err;

	p->ctx = mem_ref(ctx);
	p->rules = rules;
	p->anew = anew;

	/* RFC 6066 §3: no literal addresses */
	if (!p->literal && !SSL_set_tlsext_host_name(ssl, p->host))
		return EINVAL;

	if (!anew)
		resume(ssl, p);

	return 0;
}


/* --- of a context --- */

static int certificate_handler(SSL *ssl, void *arg)
{
	struct tls_peer *p = peer_of(ssl);
	(void)arg;

	if (p)
		p->asked = true;

	return 1;
}


void tls_peer_prepare(SSL_CTX *ssl, const struct tls_rules *rules)
{
	SSL_CTX_set_cert_cb(ssl, certificate_handler, NULL);
	SSL_CTX_set_info_callback(ssl, info_handler);

	if (rules->verify == TLS_VERIFY_NONE && !rules->pins) {
		SSL_CTX_set_verify(ssl, SSL_VERIFY_NONE, NULL);
		SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
		return;
	}

	SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(ssl, verify_handler, NULL);
	SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_CLIENT |
				       SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(ssl, session_handler);
}


void tls_info(struct tls_info *info, SSL *ssl)
{
	const struct tls_peer *p = peer_of(ssl);

	memset(info, 0, sizeof(*info));

	(void)re_snprintf(info->version, sizeof(info->version), "%s",
			  SSL_get_version(ssl));
	(void)re_snprintf(info->cipher, sizeof(info->cipher), "%s",
			  SSL_get_cipher_name(ssl));
	info->resumed = SSL_session_reused(ssl);
	info->verified = p && verified(ssl, p);
	info->not_after = tls_ends_at(SSL_get0_peer_certificate(ssl));
}
