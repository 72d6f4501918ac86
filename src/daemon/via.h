/* What the Via of an answer tells about the way to the server and back: it is
 * ours, sent back, with what the server saw of us written into it (RFC 3261
 * §18.2.1, RFC 3581 §4). */

#ifndef VIA_H
#define VIA_H

#include "addr.h"
#include "compat.h"
#include "net.h"


/* Where the server saw us: `received`, or `local` if it saw no other address
 * than our sent-by, and `rport`. Without `rport`, or if it cannot be read,
 * *mapped is unset. */
void mapped_read(struct addr *mapped, const struct sip_msg *msg,
		 const struct addr *local);

/* Is the sent-by of the top Via another one than the `local` that we wrote? A
 * server has no reason to change it (RFC 3261 §18.2.1 only adds): there is a
 * router on the way that rewrites SIP. A port that is missing is that of
 * `transport`. */
bool via_rewritten(const struct sip_msg *msg, const struct addr *local,
		   enum transport transport);

#endif
