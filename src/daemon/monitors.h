/* Who watches events as they happen: each is written once, however many watch,
 * and waits in one place for those who are slow. */

#ifndef MONITORS_H
#define MONITORS_H

#include "control.h"
#include "journal.h"


#define MONITORS_BEHIND 1048576  /* bytes that may wait for one who takes
				    nothing for MONITORS_PATIENCE */
#define MONITORS_PATIENCE 1000   /* [ms] */
#define MONITORS_MAX 16777216    /* bytes that wait in all: some 40,000 events
				    in one turn of the loop. Who has not even
				    half of them is left behind. */

struct monitors;

/* Ends all streams with error Stopping when it is freed. ENOMEM. */
int monitors_alloc(struct monitors **mp);

/* From now on each event goes to the client of `call`, which control_stream()
 * has let pass: a first reply says that it has begun. `name`: only of that
 * account, NULL: of all. One that is left behind gets error Overrun with the
 * number of events that it missed. ENOMEM: the call has not ended. */
int monitors_watch(struct monitors *m, struct control_call *call,
		   const char *name);

/* Something happened to the account `name`; *e is in its journal. */
void monitors_event(struct monitors *m, const char *name,
		    const struct event *e, const struct journal *j);

/* {"event":null}, which says that a stream has begun. */
int monitors_print_begin(struct mbuf *mb);

#endif
