/* Pins: which public keys a server may have. A pin is the SHA-256 of a
 * certificate's SubjectPublicKeyInfo (the fingerprint of RFC 7469 §2.4), so it
 * outlives a renewal that keeps the key. */

#ifndef TLS_PIN_H
#define TLS_PIN_H

#include <openssl/x509.h>
#include "compat.h"


#define TLS_PIN_TEXT 52          /* bytes: "sha256/", 44 of base64, zero */

struct tls_pins;

/* Of "sha256/BASE64" texts; none: *pinsp is NULL. Order and repetition do not
 * matter. EINVAL: a text is no pin. mem_deref() it. */
int tls_pins_alloc(struct tls_pins **pinsp, char *const *v, size_t c);

bool tls_pins_equal(const struct tls_pins *a, const struct tls_pins *b);

/* Appends them, so that equal ones look the same. */
int tls_pins_write(struct mbuf *mb, const struct tls_pins *pins);

/* Is it this certificate's key? */
bool tls_pins_match(const struct tls_pins *pins, X509 *cert);

/* "sha256/BASE64" as it would be configured; "" if there is no key. Returns
 * `buf` of TLS_PIN_TEXT bytes. */
char *tls_pin_print(char *buf, X509 *cert);

#endif
