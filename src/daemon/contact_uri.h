/* Contact URIs compared, as registrars hand them back: reordered, escaped, in
 * another case, with a default spelt out, without what they did not like. */

#ifndef CONTACT_URI_H
#define CONTACT_URI_H

#include "compat.h"


#define REGISTER_TOKEN    "sipregd"  /* our Contact's URI parameter */
#define REGISTER_URI_SIZE 512    /* bytes of a Contact URI, with its zero */

/* Is it the same binding to a registrar (RFC 3261 §19.1.4)? Scheme, user with
 * escapes resolved, host, port with its default, transport, and our token. More
 * is the same here than there: a user, transport or token that one of them
 * lacks, for some registrars drop these. False if one is no SIP URI. */
bool contact_uri_equal(const struct pl *a, const struct pl *b);

/* Has it our token, of whatever account? False if it is no SIP URI. */
bool contact_uri_token(const struct pl *uri);

/* A hash of the same parts, never 0; of what is no SIP URI of its letters. The
 * same URI has the same key in each answer however it is written, for core's
 * purge_*(). */
uint64_t contact_uri_key(const struct pl *uri);
uint64_t contact_uri_key_str(const char *uri);

/* Two user parts: case counts, escapes do not (RFC 3261 §19.1.4). Of an order
 * that is always the same: below, at or above 0. */
bool contact_user_equal(struct pl a, struct pl b);
int contact_user_compare(struct pl a, struct pl b);

#endif
