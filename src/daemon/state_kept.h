/* What an earlier run left in the state file, read at the start. */

#ifndef STATE_KEPT_H
#define STATE_KEPT_H

#include "state.h"


struct state_kept;

/* Finds the last good line of each account; what is wrong is said in the log,
 * and then there is less or nothing. ENOMEM only. */
int state_kept_alloc(struct state_kept **kp, const char *path);

/* As state_find(); valid until the next one. */
const struct state_account *state_kept_find(struct state_kept *k,
					    const char *name, const char *aor,
					    const char *registrar);

/* As state_find_edges(). */
const struct state_edges *state_kept_edges(struct state_kept *k);

/* Bytes of the last lines, as state_index.h counts them. */
uint64_t state_kept_live(const struct state_kept *k);

#endif
