/* Stateless answers to requests (RFC 3261 §8.2.6, §8.2.7): what is copied, and
 * where they go. */

#ifndef REPLY_H
#define REPLY_H

#include "compat.h"


#define REPLY_VIAS_MAX 20        /* of one request that are copied */
#define REPLY_SIZE_MAX 4096      /* bytes of one answer */

/* Appends an answer without body to a request that is complete (sipmsg.h):
 * Via, From, To with a tag that is the same for a retransmission, Call-ID and
 * CSeq copied; the top Via gets `received` and `rport` for `src` (RFC 3581
 * §4). `extra`: whole header lines, or NULL.
 * EBADMSG: the answer would exceed the limits above; then nothing was
 * written. */
int reply_print(struct mbuf *mb, const struct sip_msg *req,
		const struct sa *src, uint16_t code, const char *reason,
		const char *extra);

/* Where an answer to a UDP request goes: to the source's address, and to its
 * port if the client asked with rport, else to the port of the Via (RFC 3261
 * §18.2.2, RFC 3581 §4). Never to an address that only the message names. */
void reply_address(struct sa *dst, const struct sip_msg *req,
		   const struct sa *src);

#endif
