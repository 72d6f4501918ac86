/* Digest credentials (RFC 7616, RFC 8760) for what challenge.c chose: MD5,
 * SHA-256, SHA-512-256 by OpenSSL's EVP, qop auth, nc counting, nonce reuse. */

#ifndef DIGEST_H
#define DIGEST_H

#include "challenge.h"
#include "compat.h"


#define DIGEST_OFFERS_MAX 8      /* challenges of one answer that are read */
#define DIGEST_TEXT_MAX   1024   /* bytes of realm, nonce, opaque, each */
#define DIGEST_KEPT_SIZE  256    /* of those that survive a restart, with 0 */
#define DIGEST_NC_AHEAD   50     /* as STATE_CSEQ_AHEAD */

/* What is kept of the challenges being answered, one of a registrar (401) and
 * one of a proxy (407). One per registration. */
struct digest;

int digest_alloc(struct digest **dp);

/* Tells every challenge of a 401 or 407 to `c` (begin, offer, end) and keeps
 * the chosen one. The other status' is kept beside it only if the request
 * had CHALLENGE_SENT_FRESH. `realm`: the accepted one, "" for any. */
enum challenge_verdict digest_on_challenge(struct digest *d,
					   struct challenge *c,
					   const struct sip_msg *msg,
					   const char *realm, msec_t now);

/* Authentication-Info: nextnonce replaces the registrar's nonce (RFC 7616
 * §3.5). SIP has no such header for a proxy's. */
void digest_on_accepted(struct digest *d, const struct sip_msg *msg);

/* Is there any challenge to answer or reuse? Only after CHALLENGE_ANSWER; every
 * other verdict forgets what was known. */
bool digest_ready(const struct digest *d);

/* Writes the line "Authorization: Digest ...\r\n", Proxy-Authorization, or
 * both (RFC 3261 §22.3) for this request, and counts nc of each. ENOENT: no
 * challenge; EBADMSG: user or URI cannot stand in a quoted string; ENOTSUP:
 * OpenSSL refuses the algorithm. */
int digest_print(struct digest *d, struct mbuf *mb, const char *user,
		 const char *password, const char *method, const char *uri);

/* The registrar's nonce, to be used first after a restart; plain data, and
 * nothing in it is derived from the password. */
struct digest_kept {
	char realm[DIGEST_KEPT_SIZE], nonce[DIGEST_KEPT_SIZE];
	char opaque[DIGEST_KEPT_SIZE];
	enum digest_algorithm algorithm; /* DIGEST_UNKNOWN: nothing is kept */
	bool named, qop, has_opaque;
	uint32_t nc;                     /* the last one used */
};

/* Nothing is kept of a proxy's, nor of one whose texts are longer than
 * DIGEST_KEPT_SIZE (digest_keep.c). */
void digest_keep(struct digest_kept *k, const struct digest *d);

/* nc goes on DIGEST_NC_AHEAD further than kept: what was used since it was
 * written is not known. Texts that cannot stand in a header are as if nothing
 * was kept. Whether the algorithm and realm are still wanted is for the caller
 * to look at. ENOMEM. */
int digest_restore(struct digest *d, const struct digest_kept *k);

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

/* Pure (digest_response.c): RFC 7616 §3.4.1, qop "auth". ENOTSUP as above. */
int digest_response(char response[DIGEST_RESPONSE_SIZE],
		    const struct digest_input *in);

#endif
