/* Where in the state file the last good line of each account is, and that of
 * the edges. The lines stay
 * in the file: 10,000 accounts are 50 MB there, and 1 MB here. */

#ifndef STATE_INDEX_H
#define STATE_INDEX_H

#include "compat.h"


#define STATE_ACCOUNTS_MAX 200000

struct state_place {
	uint64_t offset;                 /* bytes from the file's beginning */
	size_t len;                      /* without the newline */
};

struct state_index;

/* What was found. */
struct state_tally {
	size_t accounts;
	uint64_t live;                   /* bytes of the last lines */
	size_t spoilt, newer;            /* lines that were left out ... */
	size_t excess;                   /* ... beyond STATE_ACCOUNTS_MAX */
};

int state_index_alloc(struct state_index **xp);

/* The next bytes of the file; returns how many of them were whole lines. The
 * others are to be given again with what follows them, or by themselves once,
 * as the `last` ones. There are at most STATE_LINE_MAX of them. ENOMEM leaves
 * an account out, and is counted as `excess`. */
size_t state_index_feed(struct state_index *x, const char *buf, size_t len,
			bool last);

bool state_index_find(struct state_place *p, const struct state_index *x,
		      const char *name);
bool state_index_find_edges(struct state_place *p,
			    const struct state_index *x);
const struct state_tally *state_index_tally(const struct state_index *x);

#endif
