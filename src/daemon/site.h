/* The one STUN probe of the site: asks a server every interval where it sees
 * us, for all accounts, and tells when that has changed. */

#ifndef SITE_H
#define SITE_H

#include "addr.h"
#include "clock.h"
#include "compat.h"
#include "resolve.h"


struct site;

struct site_conf {
	const char *server;              /* "host", "host:port", "[v6]:port";
					    without a port 3478 (RFC 8489 §9),
					    and no SRV; "": none */
	const char *server2;             /* asked when the first is silent */
	msec_t interval;                 /* [ms] */
};

/* The site's public address is another one than before (the IP; ports say
 * nothing): see core/pubaddr.h. Not called for the first answer. From the loop;
 * may free the site. */
typedef void (site_h)(const struct addr *addr, void *arg);

/* Without a server *sp is NULL, which all functions here take. ENOMEM;
 * EINVAL: no such "host:port". */
int site_alloc(struct site **sp, struct resolve *r,
	       const struct site_conf *conf, site_h *h, void *arg);

/* This machine's network has changed: asks at once (at most once a second),
 * over a new socket. */
void site_on_network(struct site *s);

struct site_status {
	const char *server;              /* that answered last, or is asked, as
					    configured; "": none configured */
	struct addr addr;                /* its last word, with the port of our
					    probe; ADDR_NONE: none yet */
	int64_t at_usec;                 /* of that [us of the wall clock] */
	const char *error;               /* why there is no later word, or why
					    it does not count; "": it does */
};

/* Valid until the loop runs again. */
void site_status(const struct site *s, struct site_status *st);

#endif
