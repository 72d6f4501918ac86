/* What happens to a request that arrives on one of our flows (DESIGN §9). */

#ifndef INBOUND_H
#define INBOUND_H

#include "compat.h"
#include "config.h"


/* The answer to a request; code 0: none at all (ACK). */
struct inbound_answer {
	uint16_t code;
	const char *reason;
	const char *extra;       /* whole header lines, or NULL */
};

struct inbound_answer inbound_answer(const struct account_conf *conf,
				     const struct sip_msg *msg);

/* Is this address in inbound.allow ("ADDR" or "ADDR/BITS")? */
bool inbound_allowed(const struct account_conf *conf, const struct sa *src);

#endif
