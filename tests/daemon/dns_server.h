/* A DNS server in the test's own process, UDP and TCP on one port: answers by
 * table, misbehaves on demand, counts what it is asked. */

#ifndef DNS_SERVER_H
#define DNS_SERVER_H

#include "loop.h"


/* What goes wrong with an answer. */
enum dns_fault {
	DNS_GOOD,
	DNS_SILENT,
	DNS_TRUNCATED,                   /* over UDP; whole over TCP */
	DNS_TRUNCATED_ALWAYS,
	DNS_CLOSES,                      /* truncated; TCP closes at once */
	DNS_STALLS,                      /* truncated; TCP says half of it */
	DNS_WRONG_ID,
	DNS_WRONG_PORT,                  /* comes from another one */
	DNS_WRONG_QUESTION,
	DNS_NO_QUESTION,
	DNS_MALFORMED,                   /* records missing at the end */
	DNS_GARBAGE,                     /* noise, then the right answer */
};

/* The first row with this name (and this type, unless 0) counts. A name without
 * any row does not exist; a row without records of the type has none. */
struct dns_zone {
	const char *name;
	uint16_t type;                   /* the row is of this type only */
	const char *v4, *v6;             /* literals, several with spaces */
	const char *alias;               /* CNAME to another of the table */
	const char *srv;                 /* "PRIORITY WEIGHT PORT TARGET",
					    several with commas */
	const char *naptr;               /* "ORDER PREFERENCE FLAGS SERVICES
					    REPLACEMENT", several with commas;
					    "-" for no flags */
	int64_t ttl;                     /* [s] */
	uint8_t rcode;                   /* DNS_RCODE_* */
	uint32_t soa;                    /* [s] MINIMUM; 0: no SOA */
	enum dns_fault fault;
	unsigned delay;                  /* [ms] */
};

struct dns_server {
	struct io udp, tcp;
	struct sa addr;                  /* where it listens */
	const struct dns_zone *zonev;    /* ends with a NULL name; may change */
	bool silent;                     /* to everybody */
	uint8_t rcode;                   /* to everybody, if not 0 */
	struct list clientl, latel;
	unsigned a, aaaa, srv, naptr;    /* questions so far, tries included */
	unsigned asked, asked_tcp;       /* all of them; those over TCP */
	uint16_t id, port;               /* of the last one */
};


/* On 127.0.0.1, or at `literal`; `port` 0: any. */
int dns_server_start(struct dns_server *d, const struct dns_zone *zonev);
int dns_server_start_at(struct dns_server *d, const struct dns_zone *zonev,
			const char *literal, uint16_t port);
void dns_server_stop(struct dns_server *d);

/* Writes the whole answer to one question, as the server would. */
void dns_server_encode(struct mbuf *mb, const struct dns_zone *zonev,
		       uint16_t id, const char *name, uint16_t type);

#endif
