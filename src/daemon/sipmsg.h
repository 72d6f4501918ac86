/* What must be true of a SIP message before anything else looks at it. */

#ifndef SIPMSG_H
#define SIPMSG_H

#include "compat.h"


/* Has it all that every message has (RFC 3261 §8.1.1): Via with a branch, and
 * once each From, To, Call-ID, CSeq, in a request of its own method? libre
 * 1.1.0 hands out messages that lack some (fixed in 2.1.0). */
bool message_complete(const struct sip_msg *msg);

#endif
