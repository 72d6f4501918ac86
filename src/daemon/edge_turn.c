/* Who queues at an edge for his turn, and who waits until it serves somebody
 * again: see edges.h. */

#include <string.h>
#include "edges_parts.h"


void edge_watch_init(struct edge_watch *w, void (*backh)(void *arg), void *arg)
{
	memset(w, 0, sizeof(*w));
	w->backh = backh;
	w->arg = arg;
}


void edge_watch_set(struct edge_watch *w, struct edge_point *p)
{
	if (w->point == p)
		return;

	list_unlink(&w->le);
	w->point = p;
	if (p)
		list_append(&p->watches, &w->le, w);
}


void edge_turn_init(struct edge_turn *t, enum edge_queue queue, edge_turn_h *h,
		    edge_down_h *downh, void *arg)
{
	memset(t, 0, sizeof(*t));

	t->node.owner = t;
	t->queue = queue;
	t->h = h;
	t->downh = downh;
	t->arg = arg;
}


static struct pace *queue_of(const struct edge_turn *t)
{
	struct edge *e = &t->point->edge;

	switch (t->queue) {

	case EDGE_CONNECT:  return &e->connects;
	case EDGE_REPLACE:  return &e->replacements;
	case EDGE_REGISTER: break;
	}

	return &e->registers;
}


void edge_turn_ask(struct edge_turn *t, struct edge_point *p,
		   enum pace_class class, msec_t now)
{
	if (t->point != p)
		edge_turn_cancel(t, now);

	t->point = p;
	pace_ask(queue_of(t), &t->node, class);
	edge_point_arm(p, now);
}


void edge_turn_set_seen(struct edge_turn *t, msec_t seen)
{
	pace_set_seen(&t->node, seen);
}


void edge_turn_cancel(struct edge_turn *t, msec_t now)
{
	struct edge_point *p = t->point;

	if (!p)
		return;

	pace_cancel(queue_of(t), &t->node);
	t->point = NULL;
	edge_point_arm(p, now);
}
