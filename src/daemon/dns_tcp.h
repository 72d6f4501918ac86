/* One DNS question over TCP, for an answer that no datagram holds
 * (RFC 7766, RFC 1035 §4.2.2: a length of two octets before each message). */

#ifndef DNS_TCP_H
#define DNS_TCP_H

#include "compat.h"


struct dns_tcp;

/* err 0: `mb` is one whole message, valid during the call. Else what the
 * connection died of; ECONNRESET: it was closed too early. */
typedef void (dns_tcp_h)(int err, struct mbuf *mb, void *arg);

/* Connects and asks; the handler is called once, later, and may free it. It
 * has no limit in time: that is the owner's to keep. errno values. */
int dns_tcp_alloc(struct dns_tcp **tp, const struct sa *server,
		  const struct mbuf *question, dns_tcp_h *h, void *arg);

#endif
