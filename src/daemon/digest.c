/* Digest credentials for the challenge that challenge.c chose. */

#include <string.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include "digest.h"
#include "param.h"


struct digest {
	char *realm, *nonce;     /* raw, as between the quotes; NULL: none */
	char *opaque;            /* NULL: not given */
	enum digest_algorithm algorithm;
	bool named;              /* the challenge named it: so do we */
	bool qop;                /* false: RFC 2069, without nc and cnonce */
	bool proxy;              /* it was a 407 */
	uint32_t nc;             /* requests answered with this nonce */
};

/* The challenges of one answer, as told to challenge.c. */
struct offers {
	struct httpauth_digest_chall v[DIGEST_OFFERS_MAX];
	unsigned c;
	struct challenge *challenge;
	const char *realm;
};


/* Will it stand in a quoted string as it is? A quote that is not escaped or
 * a line break would end it and let a registrar write headers of ours. */
static bool text_usable(const struct pl *pl)
{
	size_t i;

	if (pl->l > DIGEST_TEXT_MAX)
		return false;

	for (i = 0; i < pl->l; i++) {

		const unsigned char c = (unsigned char)pl->p[i];

		if (c < ' ' || c == 0x7f || c == '"')
			return false;

		if (c == '\\' && (++i == pl->l || pl->p[i] < ' '))
			return false;
	}

	return true;
}


static enum digest_algorithm algorithm_parse(const struct pl *pl)
{
	/* RFC 7616 §3.3: MD5 where it is not named. */
	if (!pl_isset(pl) || !pl_strcasecmp(pl, "MD5"))
		return DIGEST_MD5;
	if (!pl_strcasecmp(pl, "SHA-256"))
		return DIGEST_SHA256;
	if (!pl_strcasecmp(pl, "SHA-512-256"))
		return DIGEST_SHA512_256;

	return DIGEST_UNKNOWN;
}


static bool qop_usable(const struct pl *qop)
{
	struct pl rest = *qop, token;

	if (!pl_isset(qop))
		return true;

	while (element_next(&rest, &token)) {
		if (!pl_strcasecmp(&token, "auth"))
			return true;
	}

	return false;
}


static bool offer_handler(const struct sip_hdr *hdr, const struct sip_msg *msg,
			  void *arg)
{
	struct offers *offers = arg;
	struct httpauth_digest_chall *chall = &offers->v[offers->c];
	struct challenge_offer offer;
	(void)msg;

	/* RFC 8760 §2.4: what is not understood is ignored. */
	if (httpauth_digest_challenge_decode(chall, &hdr->val))
		return false;

	offer = (struct challenge_offer){
		.algorithm = algorithm_parse(&chall->algorithm),
		.qop_usable = qop_usable(&chall->qop),
		.realm_accepted = !*offers->realm ||
			!pl_strcmp(&chall->realm, offers->realm),
		.stale = !pl_strcasecmp(&chall->stale, "true"),
	};

	if (!text_usable(&chall->realm) || !text_usable(&chall->nonce) ||
	    !text_usable(&chall->opaque))
		offer.algorithm = DIGEST_UNKNOWN;

	challenge_offer(offers->challenge, &offer);

	return ++offers->c == DIGEST_OFFERS_MAX;
}


static int keep(struct digest *d, const struct httpauth_digest_chall *chall,
		bool proxy)
{
	uint32_t nc = 0;
	int err;

	/* Offered again (Kamailio's are the same within a second): the count
	 * goes on, or we would look like a replay. */
	if (digest_ready(d) && !pl_strcmp(&chall->nonce, d->nonce))
		nc = d->nc;

	digest_forget(d);

	d->nc = nc;
	d->algorithm = algorithm_parse(&chall->algorithm);
	d->named = pl_isset(&chall->algorithm);
	d->qop = pl_isset(&chall->qop);
	d->proxy = proxy;

	err = pl_strdup(&d->realm, &chall->realm);
	err |= pl_strdup(&d->nonce, &chall->nonce);
	if (chall->opaque.p)
		err |= pl_strdup(&d->opaque, &chall->opaque);

	return err ? ENOMEM : 0;
}


enum challenge_verdict digest_on_challenge(struct digest *d,
					   struct challenge *c,
					   const struct sip_msg *msg,
					   const char *realm, msec_t now)
{
	struct offers offers = {.challenge = c, .realm = realm};
	const bool proxy = msg->scode == 407;
	enum challenge_verdict verdict;

	challenge_begin(c);
	(void)sip_msg_hdr_apply(msg, true, proxy ? SIP_HDR_PROXY_AUTHENTICATE
						 : SIP_HDR_WWW_AUTHENTICATE,
				offer_handler, &offers);
	verdict = challenge_end(c, now);

	if (verdict != CHALLENGE_ANSWER) {
		digest_forget(d);
	}
	else if (keep(d, &offers.v[challenge_chosen(c)], proxy)) {
		digest_forget(d);
		verdict = CHALLENGE_UNUSABLE;
	}

	return verdict;
}


static bool nextnonce_handler(const struct sip_hdr *hdr,
			      const struct sip_msg *msg, void *arg)
{
	struct digest *d = arg;
	struct param p;
	struct pl val = hdr->val;
	char *nonce;
	(void)msg;

	if (!param_next(&val, &p) || pl_strcasecmp(&p.name, "nextnonce"))
		return false;

	if (!pl_isset(&p.val) || !text_usable(&p.val) ||
	    !pl_strcmp(&p.val, d->nonce))
		return true;

	if (pl_strdup(&nonce, &p.val))
		return true;

	mem_deref(d->nonce);
	d->nonce = nonce;
	d->nc = 0;

	return true;
}


void digest_on_accepted(struct digest *d, const struct sip_msg *msg)
{
	if (!digest_ready(d))
		return;

	(void)sip_msg_hdr_apply(msg, true, SIP_HDR_AUTHENTICATION_INFO,
				nextnonce_handler, d);
}


bool digest_ready(const struct digest *d)
{
	return d && d->realm && d->nonce;
}


void digest_forget(struct digest *d)
{
	d->realm = mem_deref(d->realm);
	d->nonce = mem_deref(d->nonce);
	d->opaque = mem_deref(d->opaque);
	d->nc = 0;
}


static const EVP_MD *evp_md(enum digest_algorithm a)
{
	switch (a) {

	case DIGEST_MD5:        return EVP_md5();
	case DIGEST_SHA256:     return EVP_sha256();
	case DIGEST_SHA512_256: return EVP_sha512_256();
	case DIGEST_UNKNOWN:    break;
	}

	return NULL;
}


/* The hex of the hash over the parts, joined by colons; NULL ends them. */
static int hash(char hex[DIGEST_RESPONSE_SIZE], EVP_MD_CTX *ctx,
		const EVP_MD *md, const char *const *partv)
{
	static const char digitv[] = "0123456789abcdef";
	uint8_t raw[EVP_MAX_MD_SIZE];
	unsigned len = 0, i;
	bool ok;

	ok = EVP_DigestInit_ex(ctx, md, NULL);

	for (i = 0; ok && partv[i]; i++) {
		ok = (!i || EVP_DigestUpdate(ctx, ":", 1)) &&
			EVP_DigestUpdate(ctx, partv[i], strlen(partv[i]));
	}

	if (!ok || !EVP_DigestFinal_ex(ctx, raw, &len) ||
	    2 * len >= DIGEST_RESPONSE_SIZE) {
		/* TLS reads the same queue, and must not find this in it. */
		ERR_clear_error();
		return ENOTSUP;
	}

	for (i = 0; i < len; i++) {
		hex[2 * i] = digitv[raw[i] >> 4];
		hex[2 * i + 1] = digitv[raw[i] & 15];
	}
	hex[2 * len] = '\0';

	OPENSSL_cleanse(raw, sizeof(raw));

	return 0;
}


int digest_response(char response[DIGEST_RESPONSE_SIZE],
		    const struct digest_input *in)
{
	const EVP_MD *md = evp_md(in->algorithm);
	char ha1[DIGEST_RESPONSE_SIZE], ha2[DIGEST_RESPONSE_SIZE], nc[9];
	EVP_MD_CTX *ctx = md ? EVP_MD_CTX_new() : NULL;
	int err;

	if (!ctx)
		return md ? ENOMEM : ENOTSUP;

	(void)re_snprintf(nc, sizeof(nc), "%08x", in->nc);

	err = hash(ha1, ctx, md, (const char *[]){
			in->user, in->realm, in->password, NULL});
	if (err)
		goto out;

	err = hash(ha2, ctx, md, (const char *[]){in->method, in->uri, NULL});
	if (err)
		goto out;

	if (in->cnonce)
		err = hash(response, ctx, md, (const char *[]){
				ha1, in->nonce, nc, in->cnonce, "auth", ha2,
				NULL});
	else
		err = hash(response, ctx, md, (const char *[]){
				ha1, in->nonce, ha2, NULL});

 out:
	EVP_MD_CTX_free(ctx);
	OPENSSL_cleanse(ha1, sizeof(ha1));

	return err;
}


/* A quoted-string with what must be escaped escaped (RFC 3261 §25.1). */
static int quoted_print(struct re_printf *pf, const char *text)
{
	int err = pf->vph("\"", 1, pf->arg);

	for (; *text && !err; ++text) {

		const unsigned char c = (unsigned char)*text;

		if (c < ' ' || c == 0x7f)
			return EBADMSG;

		if (c == '"' || c == '\\')
			err = pf->vph("\\", 1, pf->arg);
		if (!err)
			err = pf->vph(text, 1, pf->arg);
	}

	return err ? err : pf->vph("\"", 1, pf->arg);
}


int digest_print(struct digest *d, struct mbuf *mb, const char *user,
		 const char *password, const char *method, const char *uri)
{
	char cnonce[33], response[DIGEST_RESPONSE_SIZE];
	struct pl uri_text;
	int err;

	if (!digest_ready(d))
		return ENOENT;

	pl_set_str(&uri_text, uri);
	if (!text_usable(&uri_text))
		return EBADMSG;

	(void)re_snprintf(cnonce, sizeof(cnonce), "%016llx%016llx",
			  rand_u64(), rand_u64());

	err = digest_response(response, &(struct digest_input){
			.algorithm = d->algorithm, .user = user,
			.realm = d->realm, .password = password,
			.nonce = d->nonce, .method = method, .uri = uri,
			.cnonce = d->qop ? cnonce : NULL, .nc = d->nc + 1});
	if (err)
		return err;

	++d->nc;

	err = mbuf_printf(mb, "%s: Digest username=%H, realm=\"%s\", "
			  "nonce=\"%s\", uri=\"%s\", response=\"%s\"",
			  d->proxy ? "Proxy-Authorization" : "Authorization",
			  quoted_print, user, d->realm, d->nonce, uri,
			  response);
	if (d->named)
		err |= mbuf_printf(mb, ", algorithm=%s",
				   digest_algorithm_name(d->algorithm));
	if (d->opaque)
		err |= mbuf_printf(mb, ", opaque=\"%s\"", d->opaque);
	if (d->qop)
		err |= mbuf_printf(mb, ", qop=auth, nc=%08x, cnonce=\"%s\"",
				   d->nc, cnonce);
	err |= mbuf_write_str(mb, "\r\n");

	return err;
}


static void destructor(void *arg)
{
	struct digest *d = arg;

	digest_forget(d);
	OPENSSL_cleanse(d, sizeof(*d));
}


int digest_alloc(struct digest **dp)
{
	struct digest *d;

	if (!dp)
		return EINVAL;

	d = mem_zalloc(sizeof(*d), destructor);
	if (!d)
		return ENOMEM;

	*dp = d;

	return 0;
}
