/* What flow.c and flow_ping.c share; everybody else includes flow.h. */

#ifndef FLOW_PARTS_H
#define FLOW_PARTS_H

#include "flow.h"


/* --- flow.c --- */

/* Is the refresh the only check that this flow has? */
bool flow_refresh_is_check(const struct flow *f);


/* --- flow_ping.c --- */

/* How to ask from the next ping on. */
void flow_choose(struct flow *f);

/* The next ping in its turn, and not later than that. */
void flow_schedule(struct flow *f, msec_t now);
void flow_hasten(struct flow *f, msec_t now);

/* Nothing is asked any more. */
void flow_stop_waiting(struct flow *f);

#endif
