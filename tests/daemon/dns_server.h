/* A DNS server in the test's own process: UDP on 127.0.0.1, answers by table,
 * counts what it is asked. */

#ifndef DNS_SERVER_H
#define DNS_SERVER_H

#include "compat.h"


struct dns_zone {
	const char *name;
	const char *v4, *v6;             /* literals, several with spaces */
	const char *alias;               /* CNAME to another of the table */
	int64_t ttl;                     /* [s] */
	uint8_t rcode;                   /* DNS_RCODE_* */
	uint16_t silent;                 /* to this type, or DNS_QTYPE_ANY */
	bool truncated;
	uint32_t soa;                    /* [s] MINIMUM; 0: no SOA */
};

struct dns_server {
	struct udp_sock *us;
	struct sa addr;                  /* where it listens */
	const struct dns_zone *zonev;    /* ends with a NULL name */
	unsigned a, aaaa;                /* questions so far, tries included */
};


int dns_server_start(struct dns_server *d, const struct dns_zone *zonev);
void dns_server_stop(struct dns_server *d);

#endif
