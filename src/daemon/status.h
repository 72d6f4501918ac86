/* An account as JSON: INTERFACE's ACCOUNT and EVENT. Flat facts of the core
 * go in, text comes out; nothing is decided here. */

#ifndef STATUS_H
#define STATUS_H

#include "agent.h"
#include "compat.h"


/* The ACCOUNT object (key NULL: as an array's element), `events`: with its
 * last events as one more member. */
int status_account(struct mbuf *mb, const char *key, const struct agent *a,
		   int64_t wall_usec, bool events);

/* What the account does next, the soonest of all its registrations, and when
 * [ms] (NEVER: now, or unknown). */
const char *status_next(const struct account *a, msec_t *atp);

/* The object with all events that are kept of it, the oldest first. */
int status_history(struct mbuf *mb, const char *key, const struct agent *a);

/* The EVENT object of one that is in the account's journal. */
int status_event(struct mbuf *mb, const char *key, const char *name,
		 const struct event *e, const struct journal *j);

/* What the event says, as a sentence. `j`: the journal that it is in, for what
 * was before; NULL: without. */
void status_event_text(char *buf, size_t size, const struct event *e,
		       const struct journal *j);

#endif
