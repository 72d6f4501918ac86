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

/* What the event says, as a sentence. */
void status_event_text(char *buf, size_t size, const struct event *e);

#endif
