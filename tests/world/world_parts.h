/* What world.c and perform.c share; everybody else includes world.h. */

#ifndef WORLD_PARTS_H
#define WORLD_PARTS_H

#include "world.h"


/* Carries out what the core decides: REG_DO_* and ACCOUNT_*; FLOW_* of `l`. */
void perform(struct world *w, unsigned acts);
void perform_flow(struct world *w, struct link *l, unsigned acts);

/* Every fact and order ends with one of these two, or with finish(). */
void step(struct world *w, unsigned acts);
void step_flow(struct world *w, struct link *l, unsigned acts);
void finish(struct world *w);

/* The end of a connect or a flow that nobody here wanted. */
void link_gone(struct world *w, struct link *l, enum reason reason,
	       uint32_t down);

/* Without a word to anybody: it lost its race, or nobody wants it. */
void link_drop(struct world *w, struct link *l);

/* Tells the flow what the network has taught. */
void learn(struct world *w);

uint32_t down_mask(struct world *w, uint32_t said);

#endif
