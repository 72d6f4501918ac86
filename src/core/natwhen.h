/* When the kind of NAT is measured (natkind.h): some time after the start,
 * after the network has changed, and when somebody asks; never often. */

#ifndef NATWHEN_H
#define NATWHEN_H

#include <stdbool.h>
#include "clock.h"


#define NATWHEN_START  SECONDS(5)        /* registering comes first */
#define NATWHEN_SETTLE SECONDS(2)        /* after the last of several events */
#define NATWHEN_APART  SECONDS(60)       /* of ourselves: from one measurement
					    to the next */
#define NATWHEN_ASKED  SECONDS(10)       /* when somebody asks; younger ones
					    will do */
#define NATWHEN_RETRY     SECONDS(60)    /* after one that learned nothing,
					    doubling ... */
#define NATWHEN_RETRY_MAX HOURS(1)       /* ... up to this */

struct natwhen {
	msec_t at;               /* the next one; NEVER: none is planned */
	msec_t begun_at;         /* the last one; NEVER: none yet */
	msec_t retry;            /* the next wait after a failure */
};


void natwhen_start(struct natwhen *w, msec_t now);

/* The network or the public address is another one. */
void natwhen_on_change(struct natwhen *w, msec_t now);

/* Somebody asks: is one to begin now? */
bool natwhen_on_asked(const struct natwhen *w, msec_t now);

/* One begins; it ended. */
void natwhen_on_begin(struct natwhen *w, msec_t now);
void natwhen_on_end(struct natwhen *w, bool learned, msec_t now);

#endif
