/* What happens to a request that arrives on one of our flows (DESIGN §9). */

#ifndef INBOUND_H
#define INBOUND_H

#include "compat.h"
#include "config.h"


/* The header that says what we take, in a REGISTER too. */
#define INBOUND_ALLOW "Allow: OPTIONS, NOTIFY, INVITE, ACK, BYE, CANCEL\r\n"

/* The answer to a request; code 0: none at all (ACK). */
struct inbound_answer {
	uint16_t code;
	const char *reason;
	const char *extra;       /* whole header lines, or NULL */
};

struct inbound_answer inbound_answer(const struct account_conf *conf,
				     const struct sip_msg *msg);

/* What is counted of it: its method, of those known here, and what became of
 * it; two bytes for the tally. */
enum inbound_result {
	INBOUND_IGNORED,                 /* an ACK: there is nothing to say */
	INBOUND_ANSWERED,                /* 2xx */
	INBOUND_REDIRECTED,              /* 3xx */
	INBOUND_REJECTED,                /* 4xx and above */
	INBOUND_RELAYED,                 /* handed on; the answer is not ours */
};
unsigned inbound_key(const struct sip_msg *msg, uint16_t code);
const char *inbound_key_method(unsigned key);    /* "INVITE" ... "other" */
const char *inbound_key_result(unsigned key);    /* "rejected" ... */

/* The key of an INVITE under this configuration. */
unsigned inbound_key_call(const struct account_conf *conf);

/* Is it of a kind that only somebody who wants the AOR sends? */
bool inbound_means_call(const struct sip_msg *msg);

/* Is this address in inbound.allow ("ADDR" or "ADDR/BITS")? */
bool inbound_allowed(const struct account_conf *conf, const struct sa *src);

#endif
