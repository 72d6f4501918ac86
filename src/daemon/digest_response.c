/* The number that digest credentials prove the password with. */

#include <string.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include "digest.h"


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

	(void)re_snprintf(hex, DIGEST_RESPONSE_SIZE, "%w", raw, (size_t)len);
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
