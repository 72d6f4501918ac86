/* Which digest challenge to answer, and what counts as a refusal of our
 * credentials (RFC 8760, RFC 7616, RFC 3261 §22).
 *
 * The facts of a 401 or 407 are told one challenge at a time: begin, offer
 * each in the order of the message, end. The texts stay with the caller. */

#ifndef CHALLENGE_H
#define CHALLENGE_H

#include <stdbool.h>
#include <stdint.h>
#include "clock.h"


/* In order of strength, so that they compare. */
enum digest_algorithm {
	DIGEST_UNKNOWN,          /* none of ours */
	DIGEST_MD5,
	DIGEST_SHA256,
	DIGEST_SHA512_256,
};

const char *digest_algorithm_name(enum digest_algorithm a);

struct challenge_offer {
	enum digest_algorithm algorithm;
	bool qop_usable;         /* no qop, or "auth" among them */
	bool realm_accepted;     /* it is the configured one, or any will do */
	bool stale;
	bool unanswered;         /* the request had nothing for this realm and
				    status (RFC 3261 §22.3) */
};

/* What a 401/407 means. */
enum challenge_verdict {
	CHALLENGE_ANSWER,        /* compute for offer challenge_chosen() */
	CHALLENGE_REFUSED,       /* the credentials are wrong: hold */
	CHALLENGE_UNUSABLE,      /* none of our algorithms, or no challenge */
	CHALLENGE_WEAK,          /* all below min_digest */
	CHALLENGE_REALM,         /* only for realms that we do not accept */
	CHALLENGE_STALE_LOOP,    /* `stale` again and again */
	CHALLENGE_NO_MEMORY,     /* the caller's: it cannot keep the offer */
};

/* What the request that was challenged had carried. */
enum challenge_sent {
	CHALLENGE_SENT_NONE,     /* no credentials */
	CHALLENGE_SENT_FRESH,    /* computed for the preceding challenge */
	CHALLENGE_SENT_REUSED,   /* an older nonce, sent first, RFC 7616 §3.6 */
};

#define CHALLENGE_REFUSALS_MAX 2         /* this one is CHALLENGE_REFUSED */
#define CHALLENGE_STALE_MAX    3         /* this one in a row _STALE_LOOP */
#define CHALLENGE_OTHERS_MAX   1         /* a proxy's and a registrar's */
#define CHALLENGE_REUSE_FAILS  2         /* in a row; then no reuse ... */
#define CHALLENGE_REUSE_PAUSE  HOURS(24) /* ... for a day */

struct challenge {
	enum digest_algorithm min;       /* weaker ones are not answered */
	uint8_t sent;                    /* enum challenge_sent */
	uint8_t refusals;                /* in a row */
	uint8_t stales;                  /* in a row */
	uint8_t others;                  /* unanswered ones of this round */
	uint8_t reuse_fails;             /* in a row */
	bool worked;                     /* these credentials once did */
	msec_t reuse_after;              /* no reuse before; 0: allowed */
	/* of the answer being read */
	int8_t chosen;                   /* index of the offer, -1: none */
	uint8_t offers;
	bool chosen_stale, chosen_unanswered;
	bool saw_weak, saw_realm;
};


void challenge_init(struct challenge *c, enum digest_algorithm min);

/* The operator's word, or a hold has ended: forget the refusals, so that the
 * credentials are tried again. For new credentials use challenge_init(). */
void challenge_reset(struct challenge *c);

/* A hold has ended by time: one more try, not two, and not a reused nonce. */
void challenge_retry(struct challenge *c);

/* Told before each REGISTER, with what it carries. */
void challenge_on_sent(struct challenge *c, enum challenge_sent sent);

/* May a known nonce be sent first now? Only with credentials that work. */
bool challenge_may_reuse(const struct challenge *c, msec_t now);

void challenge_begin(struct challenge *c);
void challenge_offer(struct challenge *c, const struct challenge_offer *o);

/* A refusal is a 401/407 without `stale` to CHALLENGE_SENT_FRESH, same nonce
 * or not (DESIGN §5), that repeats what had been answered, or is one realm
 * more than CHALLENGE_OTHERS_MAX allows. One is answered again;
 * CHALLENGE_REFUSED stays the verdict until challenge_reset(). The first
 * challenge after _SENT_REUSED is always answered. CHALLENGE_STALE_LOOP ends a
 * round; the next one counts `stale` from 0. */
enum challenge_verdict challenge_end(struct challenge *c, msec_t now);

/* Index of the offer to answer, after CHALLENGE_ANSWER. */
unsigned challenge_chosen(const struct challenge *c);

/* The request was accepted (any answer but 401 and 407 that says so: 2xx).
 * A registrar that asked for no credentials says nothing about them. */
void challenge_on_accepted(struct challenge *c);

#endif
