/* Small bridges between libre's socket address and the core's value. */

#ifndef NET_H
#define NET_H

#include "addr.h"
#include "compat.h"


enum transport {
	TRANSPORT_AUTO,
	TRANSPORT_UDP,
	TRANSPORT_TCP,
	TRANSPORT_TLS,
};

/* "auto" "udp" "tcp" "tls", as in the configuration and ;transport= */
const char *transport_name(enum transport t);
bool transport_parse(enum transport *t, const struct pl *name);

/* 5060, TLS 5061 (RFC 3261 §19.1.2) */
uint16_t transport_port(enum transport t);
bool transport_stream(enum transport t);

void addr_from_sa(struct addr *a, const struct sa *sa);
void sa_from_addr(struct sa *sa, const struct addr *a);

/* Digits and nothing else, fitting 32 bits; libre's pl_u32() would take
 * "120 (busy)" for 0 and wrap. False: not such a number, *np untouched. */
bool number_parse(uint32_t *np, const struct pl *pl);

#endif
