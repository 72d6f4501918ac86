/* Whom a certificate is for (RFC 5922 §7.1, §7.2). Whether it can be trusted
 * at all is OpenSSL's affair. */

#ifndef IDENTITY_H
#define IDENTITY_H

#include <openssl/x509.h>
#include "compat.h"


/* Is it for this host name? A URI "sip:host" or a DNS name; the subject counts
 * only if there is no subjectAltName at all. "*.example.com" stands for one
 * label. `strict` is the RFC to the letter: no wildcards, and no DNS name
 * counts beside a SIP URI. */
bool identity_match_host(X509 *cert, const char *host, bool strict);

/* Is it for this IP literal (without [])? Only an IP subjectAltName counts. */
bool identity_match_ip(X509 *cert, const char *ip);

/* "a, b, ..." for a person: printable ASCII, cut to the size. */
void identity_print(char *buf, size_t size, X509 *cert);

#endif
