/* One real edge for each address of the world's registrar, as the daemon's
 * edges.c has them: it gives the turns and knows who is down. */

#include <stddef.h>
#include "world.h"


void edges_reset(struct world *w)
{
	static const struct pace_node none;
	unsigned i;

	w->connect_node = w->race_node = w->turn_node = none;
	w->replace_node = none;
	w->connect_edge = w->race_edge = w->turn_edge = NULL;
	w->replace_edge = w->replaced = NULL;
	w->replace_first = false;

	for (i = 0; i < w->edgec; i++)
		edge_init(&w->edgev[i], w->pace, w->pace, NULL, NULL, w->now);
}


void world_use_edges(struct world *w, uint32_t pace)
{
	w->edges = w->wait_turns = w->wait_replace = true;
	w->edgec = TARGET_MAX;
	w->pace = pace;
	edges_reset(w);
}


static struct edge *edge_of(struct world *w, unsigned index)
{
	return &w->edgev[(w->edge_first + index) % w->edgec];
}


uint32_t edges_down(struct world *w)
{
	uint32_t mask = 0;
	unsigned i;

	for (i = 0; i < w->edgec; i++)
		if (edge_avoid(edge_of(w, i), w->now))
			mask |= UINT32_C(1) << i;

	return mask;
}


static void cancel_connect(struct world *w)
{
	if (w->connect_edge)
		pace_cancel(&w->connect_edge->connects, &w->connect_node);
	w->connect_edge = NULL;
}


static void cancel_race(struct world *w)
{
	if (w->race_edge)
		pace_cancel(&w->race_edge->connects, &w->race_node);
	w->race_edge = NULL;
}


static void cancel_turn(struct world *w)
{
	if (w->turn_edge)
		pace_cancel(&w->turn_edge->registers, &w->turn_node);
	w->turn_edge = NULL;
}


static void cancel_replace(struct world *w)
{
	if (w->replace_edge)
		pace_cancel(&w->replace_edge->replacements, &w->replace_node);
	w->replace_edge = NULL;
}


void edges_ask_connect(struct world *w)
{
	const struct reg *r = world_reg(w);

	cancel_connect(w);
	w->connect_edge = edge_of(w, r->target.index);
	pace_ask(&w->connect_edge->connects, &w->connect_node,
		 reg_class(r, w->now));
}


void edges_ask_race(struct world *w)
{
	const struct reg *r = world_reg(w);

	cancel_race(w);
	w->race_edge = edge_of(w, r->target.rival);
	pace_ask(&w->race_edge->connects, &w->race_node,
		 reg_class(r, w->now));
}


void edges_ask_turn(struct world *w)
{
	cancel_turn(w);
	w->turn_edge = w->link.edge;
	pace_ask(&w->turn_edge->registers, &w->turn_node,
		 reg_class(world_reg(w), w->now));
}


void edges_ask_replace(struct world *w)
{
	cancel_replace(w);
	w->replaced = w->replace_edge = w->link.edge;
	pace_ask(&w->replace_edge->replacements, &w->replace_node,
		 reg_class(world_reg(w), w->now));
}


/* How the replacement ended: others may go. */
static void release(struct world *w)
{
	const struct reg *r = world_reg(w);

	if (!w->replaced || r->doubted || r->elder)
		return;

	cancel_replace(w);
	if (w->replace_first && r->here && w->elder.there)
		edge_on_replaced(w->replaced, w->now);
	else if (w->replace_first)
		edge_on_not_replaced(w->replaced);

	w->replaced = NULL;
	w->replace_first = false;
}


void edges_settle(struct world *w)
{
	const struct reg *r = world_reg(w);

	if (!w->edges)
		return;

	if (!reg_wants_connect(r))
		cancel_connect(w);
	if (!reg_wants_race(r))
		cancel_race(w);
	if (!reg_wants_turn(r))
		cancel_turn(w);
	release(w);

	if (w->link.there && w->link.flow.proven && !w->link.edge_proven) {
		w->link.edge_proven = true;
		edge_on_proven(w->link.edge);
	}
}


void edges_on_open(struct world *w, struct link *l)
{
	if (!w->edges)
		return;

	l->edge = edge_of(w, l->index);
	l->edge_waits = true;
}


void edges_on_connected(struct world *w, struct link *l)
{
	if (!w->edges)
		return;

	l->edge_waits = false;
	edge_on_connected(l->edge);
}


void edges_on_gone(struct world *w, struct link *l, enum reason reason)
{
	if (l->edge_waits && flow_blames_edge(reason))
		edge_on_failed(l->edge, w->now);
	else if (l->edge_waits && flow_found_edge(reason))
		edge_on_connected(l->edge);
	else if (l->edge_waits)
		edge_on_given_up(l->edge, w->now);

	if (l->edge_proven)
		edge_on_proven_lost(l->edge);

	l->edge_waits = l->edge_proven = false;
}


void edges_on_hold(struct world *w)
{
	if (w->edges)
		edge_on_hold(w->link.edge, world_reg(w)->hold_until);
}


msec_t edges_deadline(const struct world *w)
{
	msec_t at = NEVER;

	if (w->connect_edge)
		at = edge_deadline(w->connect_edge, w->now);
	if (w->race_edge)
		at = clock_min(at, edge_deadline(w->race_edge, w->now));
	if (w->turn_edge)
		at = clock_min(at, edge_deadline(w->turn_edge, w->now));
	if (w->replace_edge)
		at = clock_min(at, edge_deadline(w->replace_edge, w->now));

	return at;
}


static bool run_replace(struct world *w)
{
	struct edge *e = w->replace_edge;

	if (!e || !edge_next_replacement(e, w->now))
		return false;

	w->replace_edge = NULL;
	w->replace_first = e->replacing;
	world_replace_turn(w);

	return true;
}


static bool run_once(struct world *w)
{
	if (run_replace(w))
		return true;

	if (w->race_edge && edge_next_connect(w->race_edge, w->now)) {
		w->race_edge = NULL;
		world_race_turn(w);
		return true;
	}

	if (w->connect_edge && edge_next_connect(w->connect_edge, w->now))
		w->connect_edge = NULL;
	else if (w->turn_edge && edge_next_register(w->turn_edge, w->now))
		w->turn_edge = NULL;
	else
		return false;

	world_turn(w);

	return true;
}


/* A turn may lead to the next one: a connect that fails at once. */
void edges_run(struct world *w)
{
	while (run_once(w))
		continue;
}
