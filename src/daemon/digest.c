/* Digest credentials for the challenges that challenge.c chose. */

#include <string.h>
#include <openssl/crypto.h>
#include "digest_kept.h"
#include "param.h"


static const struct {
	enum sip_hdrid challenge;
	const char *answer;
} headerv[ASKERS] = {
	[ASKER_REGISTRAR] = {SIP_HDR_WWW_AUTHENTICATE, "Authorization"},
	[ASKER_PROXY] = {SIP_HDR_PROXY_AUTHENTICATE, "Proxy-Authorization"},
};

/* The challenges of one answer, as told to challenge.c. */
struct offers {
	struct httpauth_digest_chall v[DIGEST_OFFERS_MAX];
	unsigned c;
	struct challenge *challenge;
	const struct kept *kept;         /* of the same asker */
	const char *realm;
};


bool kept_any(const struct kept *k)
{
	return k->realm && k->nonce;
}


void kept_forget(struct kept *k)
{
	k->realm = mem_deref(k->realm);
	k->nonce = mem_deref(k->nonce);
	k->opaque = mem_deref(k->opaque);
	k->nc = 0;
}


static void forget_all(struct digest *d)
{
	for (unsigned i = 0; i < ASKERS; i++)
		kept_forget(&d->keptv[i]);
}


bool kept_text_usable(const struct pl *pl)
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
		.unanswered = !kept_any(offers->kept) ||
			pl_strcmp(&chall->realm, offers->kept->realm),
	};

	if (!kept_text_usable(&chall->realm) ||
	    !kept_text_usable(&chall->nonce) ||
	    !kept_text_usable(&chall->opaque))
		offer.algorithm = DIGEST_UNKNOWN;

	challenge_offer(offers->challenge, &offer);

	return ++offers->c == DIGEST_OFFERS_MAX;
}


static int keep(struct kept *k, const struct httpauth_digest_chall *chall)
{
	uint32_t nc = 0;
	int err;

	/* Offered again (Kamailio's are the same within a second): the count
	 * goes on, or we would look like a replay. */
	if (kept_any(k) && !pl_strcmp(&chall->nonce, k->nonce))
		nc = k->nc;

	kept_forget(k);

	k->nc = nc;
	k->algorithm = algorithm_parse(&chall->algorithm);
	k->named = pl_isset(&chall->algorithm);
	k->qop = pl_isset(&chall->qop);

	err = pl_strdup(&k->realm, &chall->realm);
	err |= pl_strdup(&k->nonce, &chall->nonce);
	if (chall->opaque.p)
		err |= pl_strdup(&k->opaque, &chall->opaque);

	return err ? ENOMEM : 0;
}


enum challenge_verdict digest_on_challenge(struct digest *d,
					   struct challenge *c,
					   const struct sip_msg *msg,
					   const char *realm, msec_t now)
{
	const enum asker asker = msg->scode == 407 ? ASKER_PROXY
						   : ASKER_REGISTRAR;
	struct kept *kept = &d->keptv[asker];
	struct offers offers = {
		.challenge = c, .kept = kept, .realm = realm,
	};
	enum challenge_verdict verdict;

	challenge_begin(c);
	(void)sip_msg_hdr_apply(msg, true, headerv[asker].challenge,
				offer_handler, &offers);
	verdict = challenge_end(c, now);

	if (verdict != CHALLENGE_ANSWER) {
		forget_all(d);
		return verdict;
	}

	/* A round begins: what the other one asked for in an earlier round is
	 * not fresh, and may not be wanted any more. */
	if (c->sent != CHALLENGE_SENT_FRESH)
		kept_forget(&d->keptv[asker == ASKER_PROXY ? ASKER_REGISTRAR
							   : ASKER_PROXY]);

	if (keep(kept, &offers.v[challenge_chosen(c)])) {
		forget_all(d);
		verdict = CHALLENGE_NO_MEMORY;
	}

	return verdict;
}


static bool nextnonce_handler(const struct sip_hdr *hdr,
			      const struct sip_msg *msg, void *arg)
{
	struct kept *k = arg;
	struct param p;
	struct pl val = hdr->val;
	char *nonce;
	(void)msg;

	if (!param_next(&val, &p) || pl_strcasecmp(&p.name, "nextnonce"))
		return false;

	if (!pl_isset(&p.val) || !kept_text_usable(&p.val) ||
	    !pl_strcmp(&p.val, k->nonce))
		return true;

	if (pl_strdup(&nonce, &p.val))
		return true;

	mem_deref(k->nonce);
	k->nonce = nonce;
	k->nc = 0;

	return true;
}


void digest_on_accepted(struct digest *d, const struct sip_msg *msg)
{
	struct kept *k = &d->keptv[ASKER_REGISTRAR];

	if (!kept_any(k))
		return;

	(void)sip_msg_hdr_apply(msg, true, SIP_HDR_AUTHENTICATION_INFO,
				nextnonce_handler, k);
}


bool digest_ready(const struct digest *d)
{
	return d && (kept_any(&d->keptv[ASKER_REGISTRAR]) ||
		     kept_any(&d->keptv[ASKER_PROXY]));
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


/* `in` has what is the same for all; the rest is filled in here. */
static int credentials_print(struct mbuf *mb, const char *header,
			     struct kept *k, struct digest_input *in)
{
	char cnonce[33], response[DIGEST_RESPONSE_SIZE];
	int err;

	(void)re_snprintf(cnonce, sizeof(cnonce), "%016llx%016llx",
			  rand_u64(), rand_u64());

	in->algorithm = k->algorithm;
	in->realm = k->realm;
	in->nonce = k->nonce;
	in->cnonce = k->qop ? cnonce : NULL;
	in->nc = k->nc + 1;
	err = digest_response(response, in);
	if (err)
		return err;

	++k->nc;

	err = mbuf_printf(mb, "%s: Digest username=%H, realm=\"%s\", "
			  "nonce=\"%s\", uri=\"%s\", response=\"%s\"",
			  header, quoted_print, in->user, k->realm, k->nonce,
			  in->uri, response);
	if (k->named)
		err |= mbuf_printf(mb, ", algorithm=%s",
				   digest_algorithm_name(k->algorithm));
	if (k->opaque)
		err |= mbuf_printf(mb, ", opaque=\"%s\"", k->opaque);
	if (k->qop)
		err |= mbuf_printf(mb, ", qop=auth, nc=%08x, cnonce=\"%s\"",
				   k->nc, cnonce);
	err |= mbuf_write_str(mb, "\r\n");

	return err;
}


int digest_print(struct digest *d, struct mbuf *mb, const char *user,
		 const char *password, const char *method, const char *uri)
{
	struct digest_input in = {
		.user = user, .password = password, .method = method,
		.uri = uri,
	};
	struct pl uri_text;
	int err = 0;

	if (!digest_ready(d))
		return ENOENT;

	pl_set_str(&uri_text, uri);
	if (!kept_text_usable(&uri_text))
		return EBADMSG;

	for (unsigned i = 0; i < ASKERS && !err; i++) {
		if (kept_any(&d->keptv[i]))
			err = credentials_print(mb, headerv[i].answer,
						&d->keptv[i], &in);
	}

	return err;
}


static void destructor(void *arg)
{
	struct digest *d = arg;

	forget_all(d);
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
