/* Saves the registrar's nonce over a restart: the first REGISTER then needs no
 * challenge, if the registrar still takes it. */

#include <string.h>
#include "digest_kept.h"


static bool fits(const char *text)
{
	return strlen(text) < DIGEST_KEPT_SIZE;
}


void digest_keep(struct digest_kept *k, const struct digest *d)
{
	const struct kept *from = d ? &d->keptv[ASKER_REGISTRAR] : NULL;

	*k = (struct digest_kept){.algorithm = DIGEST_UNKNOWN};

	if (!from || !kept_any(from) || !fits(from->realm) ||
	    !fits(from->nonce) || (from->opaque && !fits(from->opaque)))
		return;

	(void)strcpy(k->realm, from->realm);
	(void)strcpy(k->nonce, from->nonce);
	if (from->opaque) {
		(void)strcpy(k->opaque, from->opaque);
		k->has_opaque = true;
	}

	k->algorithm = from->algorithm;
	k->named = from->named;
	k->qop = from->qop;
	k->nc = from->nc;
}


/* It comes from a disk, and goes into a header. */
static bool text_good(const char text[DIGEST_KEPT_SIZE])
{
	struct pl pl;

	if (!memchr(text, '\0', DIGEST_KEPT_SIZE))
		return false;

	pl_set_str(&pl, text);

	return kept_text_usable(&pl);
}


static bool good(const struct digest_kept *k)
{
	return (k->algorithm == DIGEST_MD5 || k->algorithm == DIGEST_SHA256 ||
		k->algorithm == DIGEST_SHA512_256) &&
	       text_good(k->realm) && text_good(k->nonce) &&
	       text_good(k->opaque) && k->nc < UINT32_MAX - DIGEST_NC_AHEAD;
}


int digest_restore(struct digest *d, const struct digest_kept *k)
{
	struct kept *to = &d->keptv[ASKER_REGISTRAR];
	int err;

	if (!good(k))
		return 0;

	kept_forget(to);

	err = str_dup(&to->realm, k->realm);
	err |= str_dup(&to->nonce, k->nonce);
	if (k->has_opaque)
		err |= str_dup(&to->opaque, k->opaque);
	if (err) {
		kept_forget(to);
		return ENOMEM;
	}

	to->algorithm = k->algorithm;
	to->named = k->named;
	to->qop = k->qop;
	to->nc = k->nc + DIGEST_NC_AHEAD;

	return 0;
}
