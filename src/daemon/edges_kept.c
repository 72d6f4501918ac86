/* What is known of edges in trouble over a restart: see edges_kept.h. */

#include <string.h>
#include "edges_kept.h"
#include "log.h"
#include "loop.h"


/* --- to the state --- */

struct fill {
	struct state_edges *edges;
	msec_t now;
};


static msec_t ago(msec_t at, msec_t now)
{
	return now > at ? now - at : 0;
}


/* The one that matters least: not held, and tried longest ago. */
static bool matters_less(const struct state_edge *a,
			 const struct state_edge *b)
{
	return a->hold != b->hold ? a->hold < b->hold : a->tried > b->tried;
}


static struct state_edge *place(struct state_edges *e,
				const struct state_edge *edge)
{
	struct state_edge *least = &e->edgev[0];

	if (e->edgec < STATE_EDGES)
		return &e->edgev[e->edgec++];

	for (unsigned i = 1; i < e->edgec; i++) {
		if (matters_less(&e->edgev[i], least))
			least = &e->edgev[i];
	}

	return matters_less(least, edge) ? least : NULL;
}


static void trouble_handler(const struct edge_trouble *t, void *arg)
{
	struct fill *f = arg;
	struct state_edge edge = {
		.transport = t->transport,
		.hold = clock_left(t->hold_until, f->now),
		.down = t->tried_at != NEVER,
		.reason = t->reason,
	}, *p;

	addr_from_sa(&edge.addr, &t->addr);
	if (addr_scope(&edge.addr) == ADDR_LINKLOCAL)
		return;

	if (edge.down)
		edge.tried = ago(t->tried_at, f->now);

	p = place(f->edges, &edge);
	if (p)
		*p = edge;
}


static void fill_handler(struct state_edges *e, void *arg)
{
	const struct edges_kept *k = arg;
	struct fill f = {.edges = e, .now = loop_now()};

	e->at_usec = *k->wall_usec + (int64_t)f.now * 1000;
	edges_each_trouble(k->edges, trouble_handler, &f);
}


static void news_handler(void *arg)
{
	struct edges_kept *k = arg;

	state_changed(&k->node);
}


/* --- and from it --- */

static void restore(struct edges *edges, const struct state_edge *edge)
{
	const msec_t now = loop_now();
	struct edge_trouble t = {
		.transport = edge->transport,
		.hold_until = edge->hold ? now + edge->hold : 0,
		.tried_at = edge->down ? ago(edge->tried, now) : NEVER,
		.reason = edge->reason,
	};
	int err;

	if (edge->down && edge->tried >= EDGE_STALE)
		t.tried_at = NEVER;

	if (!t.hold_until && t.tried_at == NEVER)
		return;

	sa_from_addr(&t.addr, &edge->addr);
	err = edges_restore(edges, &t, now);
	if (err)
		log_warning(NULL, "an edge that was in trouble is tried: %s",
			    strerror(err));
}


void edges_kept_start(struct edges_kept *k, struct edges *edges,
		      struct state *state, const int64_t *wall_usec)
{
	const struct state_edges *kept = state_find_edges(state);

	k->edges = edges;
	k->wall_usec = wall_usec;

	for (unsigned i = 0; kept && i < kept->edgec; i++)
		restore(edges, &kept->edgev[i]);

	state_add_edges(state, &k->node, fill_handler, k);
	edges_set_news(edges, news_handler, k);
}
