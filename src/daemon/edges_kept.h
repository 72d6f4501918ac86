/* What is known of edges in trouble over a restart: who was told to stay away,
 * or found nobody there, does not try it anew with everything it has. */

#ifndef EDGES_KEPT_H
#define EDGES_KEPT_H

#include "edges.h"
#include "state.h"


/* The owner keeps it; zero it first. */
struct edges_kept {
	struct state_node node;
	struct edges *edges;
	const int64_t *wall_usec;        /* see core/account.h */
};


/* Before there are agents: tells the edges what the state has of them, and the
 * state from now on what becomes of them. The latter ends with the state. */
void edges_kept_start(struct edges_kept *k, struct edges *edges,
		      struct state *state, const int64_t *wall_usec);

#endif
