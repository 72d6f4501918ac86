/* Pins: which public keys a server may have. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include "tls_pin.h"


#define PREFIX      "sha256/"
#define BASE64_LEN  44           /* of SHA256_DIGEST_LENGTH bytes */
#define DECODED_LEN 33           /* what EVP_DecodeBlock() makes of them: it
				    counts the padding */

struct pin {
	uint8_t sha256[SHA256_DIGEST_LENGTH];
};

struct tls_pins {
	size_t count;
	struct pin v[];          /* ascending, each once */
};


static int pin_cmp(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct pin));
}


static bool pin_decode(struct pin *pin, const char *text)
{
	const size_t skip = sizeof(PREFIX) - 1;
	uint8_t raw[DECODED_LEN];

	if (strncmp(text, PREFIX, skip) || strlen(text + skip) != BASE64_LEN)
		return false;

	if (EVP_DecodeBlock(raw, (const uint8_t *)text + skip, BASE64_LEN) !=
	    DECODED_LEN)
		return false;

	memcpy(pin->sha256, raw, sizeof(pin->sha256));

	return true;
}


static bool pin_of(struct pin *pin, X509 *cert)
{
	const X509_PUBKEY *key = X509_get_X509_PUBKEY(cert);
	uint8_t *der = NULL;
	int len = key ? i2d_X509_PUBKEY(key, &der) : -1;

	if (len <= 0)
		return false;

	(void)SHA256(der, (size_t)len, pin->sha256);
	OPENSSL_free(der);

	return true;
}


int tls_pins_alloc(struct tls_pins **pinsp, char *const *v, size_t c)
{
	struct tls_pins *pins;
	size_t i, n = 0;

	*pinsp = NULL;
	if (!c)
		return 0;

	pins = mem_zalloc(sizeof(*pins) + c * sizeof(pins->v[0]), NULL);
	if (!pins)
		return ENOMEM;

	for (i = 0; i < c; i++) {
		if (!pin_decode(&pins->v[i], v[i])) {
			mem_deref(pins);
			return EINVAL;
		}
	}

	qsort(pins->v, c, sizeof(pins->v[0]), pin_cmp);
	for (i = 1; i < c; i++) {
		if (pin_cmp(&pins->v[n], &pins->v[i]))
			pins->v[++n] = pins->v[i];
	}

	pins->count = n + 1;
	*pinsp = pins;

	return 0;
}


bool tls_pins_equal(const struct tls_pins *a, const struct tls_pins *b)
{
	if (!a || !b)
		return a == b;

	return a->count == b->count &&
		!memcmp(a->v, b->v, a->count * sizeof(a->v[0]));
}


int tls_pins_write(struct mbuf *mb, const struct tls_pins *pins)
{
	int err;

	err = mbuf_write_u64(mb, pins ? pins->count : 0);

	return err || !pins ? err
		: mbuf_write_mem(mb, (const uint8_t *)pins->v,
				 pins->count * sizeof(pins->v[0]));
}


bool tls_pins_match(const struct tls_pins *pins, X509 *cert)
{
	struct pin pin;

	return pin_of(&pin, cert) &&
		bsearch(&pin, pins->v, pins->count, sizeof(pin), pin_cmp);
}


char *tls_pin_print(char *buf, X509 *cert)
{
	struct pin pin;

	buf[0] = '\0';
	if (pin_of(&pin, cert)) {
		strcpy(buf, PREFIX);
		(void)EVP_EncodeBlock((uint8_t *)buf + sizeof(PREFIX) - 1,
				      pin.sha256, sizeof(pin.sha256));
	}

	return buf;
}
