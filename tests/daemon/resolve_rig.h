/* A resolver, a DNS server that says what we want, what queries are told. */

#ifndef RESOLVE_RIG_H
#define RESOLVE_RIG_H

#include <errno.h>
#include <string.h>
#include "dns_server.h"
#include "harness.h"
#include "resolve.h"
#include "timer.h"

#define RIG_WAIT 6000            /* [ms] far more than anything needs */


/* What one query was told. */
struct told {
	struct resolve_query *q;
	unsigned calls;
	int err;
	char text[300];
	struct resolve_addr addrv[TARGET_MAX];
	size_t addrc;
	bool tls_offered;
};

struct resolve_rig {
	struct dns_server server;
	struct resolve *resolve;
	unsigned better;                 /* calls */
	char hosts[64];                  /* path; the file is empty */
};

extern struct resolve_rig rrig;


void rrig_start(const struct dns_zone *zonev);
void rrig_stop(void);
void rrig_write(const char *path, const char *text);

/* Asks, and waits for the answer. */
void rrig_ask(struct told *t, const struct resolve_uri *uri);
struct told rrig_asked(const struct resolve_uri *uri);

/* Port 5060, transport UDP. */
struct told rrig_host(const char *host, enum resolve_family family);

/* No port, transport AUTO, IPv4. */
struct told rrig_domain(const char *domain);

void rrig_handler(const struct resolve_result *r, void *arg);

/* "udp 127.0.0.2:5060 0, ...": transport, address and group of each. */
void rrig_expect(const struct told *t, const char *addresses);

/* It failed so, with these words among others. */
void rrig_expect_failed(const struct told *t, int err, const char *words);

#endif
