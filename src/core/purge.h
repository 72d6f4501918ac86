/* Old bindings of ours that were removed and come back (SCENARIOS O5b).
 *
 * One that returns again and again is kept alive by another machine with our
 * instance, a cloned state directory: the two would remove each other's binding
 * for ever, so this one stops. */

#ifndef PURGE_H
#define PURGE_H

#include <stdbool.h>
#include <stdint.h>


#define PURGE_KEYS    8          /* removed ones that are remembered */
#define PURGE_RETURNS 2          /* a ghost that comes back so often is made by
				    another machine with our instance */

/* Remembers what was removed by a key, a hash of the Contact URI. */
struct purge {
	struct {
		uint64_t key;    /* 0: free */
		bool gone;       /* it was removed, and not listed since */
		uint8_t returns;
	} keyv[PURGE_KEYS];
	unsigned next;           /* where to look for a place first */
	bool cloned;             /* nothing is removed any more */
};


/* A REGISTER that named it with expires=0 had a 2xx which does not list it.
 * Beyond PURGE_KEYS the one that came back least often is forgotten, of equals
 * the oldest. */
void purge_on_removed(struct purge *p, uint64_t key);

/* A 2xx lists it (as a ghost). True: this shows for the first time that it is
 * another machine's. */
bool purge_on_listed(struct purge *p, uint64_t key);

/* It is what our own Contact says now: a NAT may give an old address again, and
 * when that is a ghost once more nobody else has made it. */
void purge_on_own(struct purge *p, uint64_t key);

/* The operator says that it is worth another try. */
void purge_reset(struct purge *p);

#endif
