/* Private keys. */

#ifndef TLS_KEY_H
#define TLS_KEY_H

#include <openssl/ssl.h>
#include <stdbool.h>


/* The context, which has its certificate, uses the first key of that PEM file,
 * of whose text nothing stays in memory. False: it cannot be read, has none,
 * or one that does not fit; *encryptedp: because it wants a passphrase. */
bool tls_key_set(SSL_CTX *ssl, const char *path, bool *encryptedp);

#endif
