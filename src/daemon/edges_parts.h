/* What edges.c and edge_turn.c share; everybody else includes edges.h. */

#ifndef EDGES_PARTS_H
#define EDGES_PARTS_H

#include "edges.h"
#include "timer.h"


struct edge_point {
	struct le le;
	struct edges *edges;             /* not owned; NULL: it is gone */
	struct edge edge;
	enum reason reason;              /* of the last failure */
	bool went_down;                  /* and those who queue do not know */
	bool came_back;                  /* and those who watch do not */
	struct list watches;
	bool told_down;                  /* the last news: it is down, */
	msec_t told_hold;                /* and held until then; 0: not */
	struct sa addr;
	enum transport transport;
	struct timer timer;
};


/* After every fact, order and turn: when does it serve its queues next? */
void edge_point_arm(struct edge_point *p, msec_t now);

#endif
