/* Digest credentials (RFC 7616, RFC 8760) for what challenge.c chose: MD5,
 * SHA-256, SHA-512-256 by OpenSSL's EVP, qop auth, nc counting, nonce reuse. */

#ifndef DIGEST_H
#define DIGEST_H

#include "challenge.h"
#include "compat.h"


#define DIGEST_OFFERS_MAX 8      /* challenges of one answer that are read */
#define DIGEST_TEXT_MAX   1024   /* bytes of realm, nonce, opaque, each */

/* What is kept of the challenge being answered. One per registration. */
struct digest;

int digest_alloc(struct digest **dp);

/* Tells every challenge of a 401 or 407 to `c` (begin, offer, end) and keeps
 * the chosen one. `realm`: the accepted one, "" for any. */
enum challenge_verdict digest_on_challenge(struct digest *d,
					   struct challenge *c,
					   const struct sip_msg *msg,
					   const char *realm, msec_t now);

/* Authentication-Info: nextnonce replaces the nonce (RFC 7616 §3.5). */
void digest_on_accepted(struct digest *d, const struct sip_msg *msg);

/* Is there a challenge to answer or reuse? Only after CHALLENGE_ANSWER; every
 * other verdict forgets what was known. */
bool digest_ready(const struct digest *d);
void digest_forget(struct digest *d);

/* Writes the line "Authorization: Digest ...\r\n" (or Proxy-Authorization) for
 * this request, and counts nc. ENOENT: no challenge; EBADMSG: user or URI
 * cannot stand in a quoted string; ENOTSUP: OpenSSL refuses the algorithm. */
int digest_print(struct digest *d, struct mbuf *mb, const char *user,
		 const char *password, const char *method, const char *uri);

/* What a response is computed of. Texts as in the challenge, without quotes. */
struct digest_input {
	enum digest_algorithm algorithm;
	const char *user, *realm, *password;
	const char *nonce;
	const char *method, *uri;
	const char *cnonce;              /* NULL: without qop (RFC 2069) */
	uint32_t nc;
};

#define DIGEST_RESPONSE_SIZE 65  /* 256 bits in hex, and the zero */

/* Pure: RFC 7616 §3.4.1, qop "auth". ENOTSUP as above. */
int digest_response(char response[DIGEST_RESPONSE_SIZE],
		    const struct digest_input *in);

#endif
