/* The parts of an account's JSON. For the status*.c, and what tells addresses
 * as they do. */

#ifndef STATUS_PART_H
#define STATUS_PART_H

#include "agent.h"
#include "compat.h"
#include "netwatch.h"
#include "site.h"


/* A time of the core's as microseconds since 1970; NEVER: null. */
int status_add_time(struct mbuf *mb, const char *key, msec_t at,
		    int64_t wall_usec);

/* A deadline as whole seconds from now, rounded up; NEVER: null. */
int status_add_left(struct mbuf *mb, const char *key, msec_t at, msec_t now);

/* "IP:port"; NULL or not known: null. */
int status_add_addr(struct mbuf *mb, const char *key, const struct addr *a);

/* "flows":[...] */
int status_add_flows(struct mbuf *mb, const struct agent *a,
		     int64_t wall_usec, msec_t now);

/* Members of a flow; NULL: nothing is known. */
int status_add_extras(struct mbuf *mb, const struct register_extras *x);
int status_add_tls(struct mbuf *mb, const struct tls_info *tls);

/* Of a flow: what its witnesses said, what is remarkable, why its keepalive
 * interval is what it is, what the last probe came to (status_nat.c). */
int status_add_nat(struct mbuf *mb, const struct agent_flow *f,
		   int64_t wall_usec);

/* "site":{...}, what STUN said of the site; NULL: it is not asked. */
int status_add_site(struct mbuf *mb, const struct site_status *s);

/* "network":{...}, the last that the system told of addresses and routes, at
 * `usec` since 1970; NULL: nothing yet. */
int status_add_network(struct mbuf *mb, const char *text, int64_t usec);

/* "events":[...] of the account with this name, the oldest first */
int status_add_events(struct mbuf *mb, const char *name,
		      const struct journal *j);

/* The time without a way to call the account that ends with *e, which is in
 * the journal (status_outage.c). False: none ends there. */
struct outage {
	int64_t usec;            /* how long at most, for a silence before it
				    was noticed counts; if not `whole` at least
				    so long */
	bool silent;             /* there was such a silence */
	bool whole;              /* its beginning is in the journal */
	enum reason first, last; /* why it began, and what it was at the end */
};
bool status_outage(struct outage *o, const struct journal *j,
		   const struct event *e);

/* Could calls reach the account until *e, or did nothing speak against it? */
bool status_was_up(const struct journal *j, const struct event *e);

#endif
