/* What an answer to a REGISTER means: the facts that the daemon reads from it,
 * and the one table that gives every status code its class. */

#ifndef ANSWER_H
#define ANSWER_H

#include <stdbool.h>
#include <stdint.h>
#include "challenge.h"
#include "contact.h"
#include "verdict.h"


#define ANSWER_OK 200            /* RFC 3261 §21.2.1 */

/* What to do about it (DESIGN §5). */
enum answer_class {
	ANSWER_GOOD,             /* 2xx */
	ANSWER_CHALLENGE,        /* 401, 407 */
	ANSWER_ADJUST,           /* 423, 439, 420, 3xx to an allowed host: once
				    more, changed */
	ANSWER_AGAIN,            /* soon: timeouts, 408, 480, 5xx, the rest */
	ANSWER_AFTER,            /* a Retry-After: never earlier */
	ANSWER_DENIED,           /* 403: as credentials that once worked */
	ANSWER_ELSEWHERE,        /* the next edge: 503, silence, other 3xx */
};

/* Facts of one final answer, or of none. */
struct answer {
	uint16_t code;           /* status; 0: none came (Timer F) */
	uint32_t retry_after;    /* [s] of a whole number; 0: none */
	uint32_t min_expires;    /* [s]; 0: none */
	enum challenge_verdict challenge;  /* of a 401 or 407 */
	struct contact_list contacts;      /* of a 2xx, ended */
	bool bound;              /* contact_end() found our binding */
	bool outbound;           /* Require: outbound */
	bool redirect;           /* a 3xx names an allowed host */
	bool rewrite;            /* the Contact should say another address */
	unsigned removable;      /* ghosts of a 2xx that may be named now */
};

bool answer_is_good(uint16_t code);
bool answer_is_challenge(uint16_t code);

/* `others`: is another edge left to try? */
enum answer_class answer_class(const struct answer *a, bool others);

/* The reason that stays visible after an answer of this kind. */
enum reason answer_reason(const struct answer *a);

#endif
