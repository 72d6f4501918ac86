/* Merged requests (RFC 3261 §8.2.2.2): the same request that comes in a second
 * time by another way, as it was forked to two flows of one account. */

#ifndef MERGED_H
#define MERGED_H

#include "clock.h"
#include "compat.h"


#define MERGED_MAX 16            /* requests that are remembered: more of them
				    within a flow's round trip are no calls */

struct merged {
	struct {
		uint64_t request;        /* From tag, Call-ID, CSeq; 0: free */
		uint64_t transaction;    /* its topmost branch */
		msec_t until;
	} seenv[MERGED_MAX];
	unsigned next;           /* the oldest */
};


/* Was this request here, in another transaction? It is remembered for as long
 * as a transaction may last. False for requests within a dialog, and for ACK
 * and CANCEL, which belong to another one. */
bool merged_seen(struct merged *m, const struct sip_msg *msg, msec_t now);

#endif
