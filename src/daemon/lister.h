/* Tells all accounts, a few in each turn of the loop: ten thousand at once
 * would hold up everything for a sixth of a second, and anybody may ask. */

#ifndef LISTER_H
#define LISTER_H

#include "control.h"
#include "daemon.h"


#define LISTER_PORTION 64        /* accounts in one turn of the loop, of all
				    calls together: about a millisecond */
#define LISTER_WHOLE   2         /* replies that are being written at a time,
				    of CONTROL_REPLY_MAX bytes at most; further
				    calls without `more` wait for their turn */

struct listers;

/* Of the accounts of `d`, which keeps it. Calls that are not answered when it
 * is freed are aborted. ENOMEM. */
int listers_alloc(struct listers **lp, struct daemon *d);

/* Answers `call` with the accounts that there are now, as they are when they
 * are told: with `more` one in each reply, as the client takes them, else all
 * in one, or error TooLarge. One that a reload removes meanwhile is left out.
 * ENOMEM: the call has not ended. */
int listers_add(struct listers *l, struct control_call *call);

#endif
