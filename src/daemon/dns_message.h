/* A DNS message taken apart, whatever is in it (RFC 1035 §4). */

#ifndef DNS_MESSAGE_H
#define DNS_MESSAGE_H

#include "compat.h"


struct dns_message {
	struct dnshdr hdr;
	struct list ansl, authl;         /* struct dnsrr; empty if truncated or
					    if the server could not */
};

/* Reads the answer to a question from the position of `mb` to its end. EBADMSG:
 * it is no answer, or one to something else, or broken; ENOMEM. Reset it in any
 * case. */
int dns_message_read(struct dns_message *m, struct mbuf *mb, const char *name,
		     uint16_t type);
void dns_message_reset(struct dns_message *m);

#endif
