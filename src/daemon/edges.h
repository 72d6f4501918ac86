/* The set of edges: one object per transport and address, shared by all who go
 * there, with its queues and the timer that serves them. */

#ifndef EDGES_H
#define EDGES_H

#include "compat.h"
#include "edge.h"
#include "net.h"


struct edges;                    /* the set */
struct edge_point;               /* one of it */

struct edges_conf {
	/* per second and edge, and over all edges; 0: no limit */
	uint32_t edge_connects, edge_registers;
	uint32_t connects, registers;
};

/* Somebody's place in a queue. The handler is called from the loop. */
typedef void (edge_turn_h)(void *arg);

struct edge_turn {
	struct pace_node node;
	struct edge_point *point;        /* where it is queued, or NULL */
	bool connect;
	edge_turn_h *h;
	void *arg;
};

int edges_alloc(struct edges **ep, const struct edges_conf *conf);

/* The edge at this address, made if need be; mem_deref() it. */
int edges_get(struct edge_point **pp, struct edges *e,
	      enum transport transport, const struct sa *addr);

/* Is it known to be down or held? Makes nothing. */
bool edges_avoid(const struct edges *e, enum transport transport,
		 const struct sa *addr, msec_t now);

const struct sa *edge_point_addr(const struct edge_point *p);

/* The facts of core/edge.h about this edge. */
void edge_point_on_failed(struct edge_point *p, msec_t now);
void edge_point_on_given_up(struct edge_point *p, msec_t now);
void edge_point_on_connected(struct edge_point *p, msec_t now);
void edge_point_on_proven(struct edge_point *p, msec_t now);
void edge_point_on_proven_lost(struct edge_point *p, msec_t now);
void edge_point_on_hold(struct edge_point *p, msec_t until, msec_t now);
void edge_point_end_hold(struct edge_point *p, msec_t now);
void edge_point_on_local_event(struct edge_point *p, msec_t now);

/* Asks for a turn to connect, or to REGISTER. Asked for again: its class
 * changes. A turn that waits elsewhere is cancelled there first. */
void edge_turn_init(struct edge_turn *t, bool connect, edge_turn_h *h,
		    void *arg);
void edge_turn_ask(struct edge_turn *t, struct edge_point *p,
		   enum pace_class class, msec_t now);
void edge_turn_cancel(struct edge_turn *t, msec_t now);

#endif
