/* The set of edges: one object per transport and address, shared by all who go
 * there, with its queues and the timer that serves them. */

#ifndef EDGES_H
#define EDGES_H

#include "compat.h"
#include "edge.h"
#include "net.h"
#include "verdict.h"


struct edges;                    /* the set */
struct edge_point;               /* one of it */

struct edges_conf {
	/* per second and edge, and over all edges; 0: no limit */
	uint32_t edge_connects, edge_registers;
	uint32_t connects, registers;
};

/* Somebody's place in a queue. The handlers are called from the loop: it is
 * his turn, or the edge has gone down and there will be none. */
typedef void (edge_turn_h)(void *arg);
typedef void (edge_down_h)(enum reason reason, void *arg);

enum edge_queue {
	EDGE_CONNECT,
	EDGE_REGISTER,
	EDGE_REPLACE,                    /* a flow that is doubted */
};

struct edge_turn {
	struct pace_node node;
	struct edge_point *point;        /* where it is queued, or NULL */
	enum edge_queue queue;
	bool first;                      /* the turn was the one knock, or the
					    first replacement */
	edge_turn_h *h;
	edge_down_h *downh;              /* NULL: waits on */
	void *arg;
};

/* Who waits out a back-off because of an edge is called when that one is proven
 * again, from the loop. */
struct edge_watch {
	struct le le;
	struct edge_point *point;        /* NULL: none is watched */
	void (*backh)(void *arg);
	void *arg;
};

int edges_alloc(struct edges **ep, const struct edges_conf *conf);

/* Another pace from now on, for edges that exist too; who queues stays. */
void edges_set_conf(struct edges *e, const struct edges_conf *conf);

/* The edge at this address, made if need be; mem_deref() it. */
int edges_get(struct edge_point **pp, struct edges *e,
	      enum transport transport, const struct sa *addr);

/* Is it known to be down or held? Then *reasonp says why. Makes nothing. */
bool edges_avoid(const struct edges *e, enum transport transport,
		 const struct sa *addr, enum reason *reasonp, msec_t now);

const struct sa *edge_point_addr(const struct edge_point *p);
enum transport edge_point_transport(const struct edge_point *p);

/* What an edge in trouble has, for the state. */
struct edge_trouble {
	enum transport transport;
	struct sa addr;
	msec_t hold_until;               /* 0: not held */
	msec_t tried_at;                 /* it is down, and was tried then;
					    NEVER: it is not */
	enum reason reason;              /* of that */
};

/* One has got into trouble, or out of it; knocks that fail are no news. */
typedef void (edges_news_h)(void *arg);
void edges_set_news(struct edges *e, edges_news_h *h, void *arg);

typedef void (edges_trouble_h)(const struct edge_trouble *t, void *arg);
void edges_each_trouble(const struct edges *e, edges_trouble_h *h, void *arg);

/* Those that somebody goes to, or wants to. `up`: neither down nor held. */
typedef void (edges_used_h)(enum transport transport, const struct sa *addr,
			    bool up, void *arg);
void edges_each_used(const struct edges *e, edges_used_h *h, void *arg,
		     msec_t now);

/* Before agents start: what an earlier run knew, see edge_restore(). ENOMEM. */
int edges_restore(struct edges *e, const struct edge_trouble *t, msec_t now);

/* The facts of core/edge.h about this edge. While it is down only the knock's
 * own end counts: `first` of the turn by which the connect was begun. */
void edge_point_on_failed(struct edge_point *p, bool knock,
			  enum reason reason, msec_t now);
void edge_point_on_given_up(struct edge_point *p, bool knock, msec_t now);
void edge_point_on_connected(struct edge_point *p, msec_t now);
void edge_point_on_proven(struct edge_point *p, msec_t now);
void edge_point_on_proven_lost(struct edge_point *p, msec_t now);
void edge_point_on_hold(struct edge_point *p, msec_t until, msec_t now);
void edge_point_end_hold(struct edge_point *p, msec_t now);
void edge_point_on_local_event(struct edge_point *p, msec_t now);

/* Watches this edge, and no other one any more; NULL: none. */
void edge_watch_init(struct edge_watch *w, void (*backh)(void *arg),
		     void *arg);
void edge_watch_set(struct edge_watch *w, struct edge_point *p);

/* How a replacement with a turn of its own (->first of it) ended. */
void edge_point_on_replaced(struct edge_point *p, bool first, msec_t now);
void edge_point_on_not_replaced(struct edge_point *p, bool first, msec_t now);

/* Asks for a turn. Asked for again: its class changes. A turn that waits
 * elsewhere is cancelled there first. `seen`: see pace_set_seen(). */
void edge_turn_init(struct edge_turn *t, enum edge_queue queue, edge_turn_h *h,
		    edge_down_h *downh, void *arg);
void edge_turn_ask(struct edge_turn *t, struct edge_point *p,
		   enum pace_class class, msec_t now);
void edge_turn_set_seen(struct edge_turn *t, msec_t seen);
void edge_turn_cancel(struct edge_turn *t, msec_t now);

#endif
