/* Word that DNS works again, for those who gave up on it. */

#ifndef RESOLVE_RECOVERY_H
#define RESOLVE_RECOVERY_H

#include "compat.h"
#include "timer.h"


/* Something that somebody could not get; its owner keeps it. Zero it first. */
struct loss {
	struct le le;                    /* while it is asked for */
	void *owner;
	msec_t wanted;                   /* when last; the owner sets it */
};

/* The lost thing is to be asked for; or: what had failed may now succeed. */
typedef void (recovery_h)(void *arg);

struct recovery {
	struct list lossl;               /* the next to ask for first */
	struct timer probe_timer;
	struct timer better_timer;
	msec_t every;                    /* one question; RFC 9520 §3.2 allows
					    1 s to 5 min */
	msec_t told;                     /* when it was; 0: never */
	recovery_h *askh, *betterh;      /* betterh may be NULL */
	void *arg;                       /* betterh's; askh gets the owner */
};


void recovery_init(struct recovery *r, msec_t every, recovery_h *askh,
		   recovery_h *betterh, void *arg);
void recovery_close(struct recovery *r);

/* `owner` is to be asked for now and then, until it is forgotten or nobody has
 * wanted it for an hour. */
void recovery_await(struct recovery *r, struct loss *l, void *owner);

/* It is there, or gone for good. False: nobody missed it. */
bool recovery_forget(struct loss *l);

/* Asks now: chances are better than they were. */
void recovery_hurry(struct recovery *r);

/* Tells betterh, from the loop and at most once a second. */
void recovery_tell(struct recovery *r);

#endif
