/* SIP URIs and hosts as an operator writes them, checked strictly (RFC 3261
 * §19.1.1, §25.1): what gets past here goes into messages as it is. */

#ifndef CONFIG_URI_H
#define CONFIG_URI_H

#include "net.h"


struct uri_parts {
	bool sips;
	struct pl user;                  /* escaped; unset: none */
	struct pl host;                  /* a literal IPv6 with its [] */
	uint16_t port;                   /* 0: none */
	enum transport transport;        /* of ;transport=, AUTO: none */
};


/* What is wrong with `s`, or NULL; *u points into it. */
const char *uri_parts_decode(struct uri_parts *u, const char *s);

/* The same, and libre, which the messages are built with, reads the same in
 * it. Slower. */
const char *uri_parts_check(struct uri_parts *u, const char *s);

/* A host name, an IPv4 literal or a literal IPv6 in []. */
bool host_valid(const struct pl *host);

/* "host", "host:port", "[v6]:port"; *portp 0: none. */
bool host_port_parse(const char *s, struct pl *host, uint16_t *portp);

/* The user part of a URI: its characters, and %HH. */
bool user_valid(const struct pl *user);

#endif
