/* The parts of an account's JSON. For the status*.c alone. */

#ifndef STATUS_PART_H
#define STATUS_PART_H

#include "agent.h"
#include "compat.h"


/* A time of the core's as microseconds since 1970; NEVER: null. */
int status_add_time(struct mbuf *mb, const char *key, msec_t at,
		    int64_t wall_usec);

/* "flows":[...] */
int status_add_flows(struct mbuf *mb, const struct agent *a,
		     int64_t wall_usec, msec_t now);

/* Members of a flow; NULL: nothing is known. */
int status_add_extras(struct mbuf *mb, const struct register_extras *x);
int status_add_tls(struct mbuf *mb, const struct tls_info *tls);

/* "events":[...] of the account with this name, the oldest first */
int status_add_events(struct mbuf *mb, const char *name,
		      const struct journal *j);

#endif
