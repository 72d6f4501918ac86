/* Carries out what the core decides, as daemon/slot*.c and link.c do. */

#include <stddef.h>
#include "world_parts.h"


static void deed(struct world *w, enum deed d)
{
	if (w->h)
		w->h(w, d, w->arg);
}


static void deed_on(struct world *w, const struct link *l, enum deed d)
{
	w->on = l;
	deed(w, d);
}


uint32_t down_mask(struct world *w, uint32_t said)
{
	return w->edges ? edges_down(w) : said;
}


/* --- the end of a link --- */

void link_drop(struct world *w, struct link *l)
{
	if (!l->there)
		return;

	l->there = false;
	edges_on_gone(w, l, REASON_OK);
	if (l == &w->elder)
		deed(w, DEED_ELDER_GONE);
}


/* The other one goes on. */
static void connect_gone(struct world *w, struct link *l, enum reason reason,
			 uint32_t down)
{
	const unsigned index = l->index;

	if (l == &w->link && w->rival.there) {
		w->link = w->rival;
		w->rival.there = false;
	}

	perform(w, account_on_connect_failed(&w->account, 0, index, reason,
					     down_mask(w, down), w->now));
}


/* One that only drains has been told already. */
static void elder_gone(struct world *w, enum reason reason)
{
	if (world_reg(w)->elder)
		perform(w, account_on_elder_lost(&w->account, 0, reason,
						 w->now));

	deed(w, DEED_ELDER_GONE);
}


void link_gone(struct world *w, struct link *l, enum reason reason,
	       uint32_t down)
{
	const struct flow f = l->flow;

	l->there = false;
	edges_on_gone(w, l, reason);

	if (l == &w->elder) {
		elder_gone(w, reason);
		return;
	}

	if (f.up_at == NEVER) {
		connect_gone(w, l, reason, down);
		return;
	}

	w->in_flight = false;
	perform(w, account_on_flow_lost(&w->account, 0,
					f.state == FLOW_DOWN ? &f : NULL,
					reason, w->now));
}


static void close_flow(struct world *w)
{
	const bool there = w->link.there;

	link_drop(w, &w->rival);
	link_drop(w, &w->link);
	w->in_flight = false;
	if (!there)
		return;

	perform(w, account_on_flow_closed(&w->account, 0, w->now));
	deed(w, DEED_CLOSE);
}


/* --- what the flow decides --- */

/* The elder may have become the flow again, and any of them be gone. */
static struct link *find(struct world *w, unsigned number)
{
	if (w->link.there && w->link.number == number)
		return &w->link;
	if (w->elder.there && w->elder.number == number)
		return &w->elder;

	return NULL;
}


static void elder_alive(struct world *w)
{
	const bool returns = check_may_return(w);
	const unsigned acts = account_on_elder_alive(&w->account, 0, w->now);

	if (returns)
		check_returned(w, acts);
	perform(w, acts);
}


static void tell_suspect(struct world *w, struct link *l)
{
	const bool suspect = l->flow.state == FLOW_SUSPECT;

	if (l->flow.state == FLOW_DOWN || suspect == l->suspect)
		return;

	l->suspect = suspect;
	if (l == &w->link)
		perform(w, account_on_suspect(&w->account, 0, &l->flow,
					      w->now));
	else if (l->flow.state == FLOW_DRAINING)
		return;
	else if (suspect)
		perform(w, account_on_elder_suspect(&w->account, 0, &l->flow,
						    w->now));
	else
		elder_alive(w);
}


static void send_pings(struct world *w, const struct link *l, unsigned acts)
{
	if (acts & FLOW_SEND_CRLF)
		deed_on(w, l, DEED_CRLF);
	if (acts & FLOW_SEND_OPTIONS)
		deed_on(w, l, DEED_OPTIONS);
	if (acts & FLOW_SEND_STUN)
		deed_on(w, l, DEED_STUN);
}


void perform_flow(struct world *w, struct link *l, unsigned acts)
{
	const unsigned number = l->number;

	send_pings(w, l, acts);
	tell_suspect(w, l);

	if (acts & FLOW_NOW_PROVEN && find(w, number) == &w->link) {
		edges_settle(w);
		perform(w, account_on_proven(&w->account, 0, w->now));
	}
	if (acts & FLOW_VERIFY && find(w, number) == &w->link)
		perform(w, account_on_verify(&w->account, 0, w->now));
	if (acts & FLOW_REPLACE && find(w, number) == &w->link)
		perform(w, account_on_moved(&w->account, 0, w->now));

	l = find(w, number);
	if (acts & FLOW_CLOSE && l)
		link_gone(w, l, l->flow.reason, w->down);
}


void learn(struct world *w)
{
	struct flow *f = &w->link.flow;

	if (w->link.there)
		flow_set_learned(f, account_interval(&w->account, 0,
						     flow_interval_normal(f),
						     w->now), w->now);
}


/* --- REGISTER --- */

static void fill_and_send(struct world *w, enum deed d)
{
	struct addr offered = {.family = ADDR_NONE};

	w->named = 0;
	if (d == DEED_FETCH) {
		olds_name_none(w);
	}
	else {
		offered = account_contact(&w->account, 0, &w->link.local,
					  w->now);
		w->named = olds_name(w, &offered);
	}

	w->credentials = reg_credentials(world_reg(w), w->nonce, w->now);
	account_on_sent(&w->account, 0, w->credentials, w->named, &offered,
			w->now);
}


static void send(struct world *w, enum deed d)
{
	check_send(w, d == DEED_LEAVE);

	if (w->send_fails) {
		link_gone(w, &w->link, REASON_FLOW_LOST, 0);
		return;
	}

	++w->registers;
	w->in_flight = true;
	fill_and_send(w, d);
	check_sent(w);
	deed(w, d);
}


static void renew(struct world *w)
{
	check_renew(w);
	deed(w, DEED_RENEW);
}


/* --- the way to a flow --- */

static bool is_stream(const struct world *w, unsigned index)
{
	return w->watch.list.stream >> index & 1;
}


static void open_link(struct world *w, struct link *l, unsigned index,
		      enum deed d)
{
	struct flow_policy p = w->policy.flow;

	l->index = index;
	check_open(w, l);
	edges_on_open(w, l);

	++w->opens;
	l->there = true;
	l->suspect = false;
	l->number = ++w->links;
	l->local = w->local;
	l->local.port = (uint16_t)(w->local.port + l->number - 1);
	p.stream = is_stream(w, index);
	flow_init(&l->flow, &p, rng_next(&world_reg(w)->rng), w->now);

	if (w->open_fails)
		link_gone(w, l, REASON_CONNECT_REFUSED, 0);
	else
		deed(w, d);
}


static void resolve(struct world *w)
{
	check_resolve(w);
	deed(w, world_reg(w)->redirected ? DEED_REDIRECT : DEED_RESOLVE);
}


static void want_connect(struct world *w)
{
	if (w->edges)
		edges_ask_connect(w);
	if (reg_parked(world_reg(w)))
		deed(w, DEED_PARK);
	else if (!w->wait_turns)
		world_turn(w);
}


static void want_race(struct world *w)
{
	deed(w, DEED_RACE);
	if (w->edges)
		edges_ask_race(w);
	else if (!w->wait_turns)
		world_race_turn(w);
}


static void want_turn(struct world *w)
{
	check_ask(w);
	if (w->edges)
		edges_ask_turn(w);
	else if (!w->wait_turns)
		world_turn(w);
}


static void hold_edge(struct world *w)
{
	edges_on_hold(w);
	deed(w, DEED_HOLD);
}


/* --- make before break --- */

/* The turn comes when all else has been carried out. */
static void want_replace(struct world *w)
{
	w->replace_due = true;
	if (w->edges)
		edges_ask_replace(w);
	deed(w, DEED_REPLACE);
}


static void aside(struct world *w)
{
	check_aside(w);
	link_drop(w, &w->elder);
	w->elder = w->link;
	w->link.there = false;
	deed(w, DEED_ASIDE);
}


static void take_back(struct world *w)
{
	link_drop(w, &w->rival);
	link_drop(w, &w->link);
	w->in_flight = false;
	w->link = w->elder;
	w->elder.there = false;
	learn(w);
	w->watch.redirected = false;     /* what comes now is another round */
	deed(w, DEED_TAKE_BACK);
}


static void retire(struct world *w)
{
	(void)flow_drain(&w->elder.flow, w->now);
	deed(w, DEED_RETIRE);
}


/* --- the probe --- */

static void close_probe(struct world *w)
{
	if (!w->probe_open)
		return;

	w->probe_open = false;
	deed(w, DEED_PROBE_CLOSE);
}


static void send_probe(struct world *w, bool on_flow)
{
	check_probe(w, on_flow);
	w->probe_open = !w->probe_fails && w->link.there;
	account_on_probe_sent(&w->account, 0, w->probe_open, w->now);
	if (w->probe_open)
		deed(w, on_flow ? DEED_PROBE_ON_FLOW : DEED_PROBE);
}


/* --- all together --- */

/* In the order of the bits of core/reg.h; those of core/account.h before what
 * may lead straight to the next fact. */
void perform(struct world *w, unsigned acts)
{
	if (acts & REG_DO_ABANDON)
		w->in_flight = false;
	if (acts & REG_DO_TAKE_BACK)
		take_back(w);
	else if (acts & REG_DO_CLOSE)
		close_flow(w);
	if (acts & REG_DO_RETIRE)
		retire(w);
	if (acts & REG_DO_ASIDE)
		aside(w);
	if (acts & REG_DO_RENEW)
		renew(w);
	if (acts & REG_DO_REPLACE)
		want_replace(w);
	if (acts & ACCOUNT_PROBE_CLOSE)
		close_probe(w);
	if (acts & (ACCOUNT_PROBE | ACCOUNT_PROBE_ON_FLOW))
		send_probe(w, acts & ACCOUNT_PROBE_ON_FLOW);
	if (acts & REG_DO_RESOLVE)
		resolve(w);
	if (acts & REG_DO_HOLD)
		hold_edge(w);
	if (acts & REG_DO_CONNECT)
		want_connect(w);
	if (acts & REG_DO_OPEN)
		open_link(w, &w->link, world_reg(w)->target.index, DEED_OPEN);
	if (acts & REG_DO_RACE)
		want_race(w);
	if (acts & REG_DO_OPEN_RIVAL)
		open_link(w, &w->rival, world_reg(w)->target.rival,
			  DEED_OPEN_RIVAL);
	if (acts & REG_DO_ASK)
		want_turn(w);
	if (acts & REG_DO_SEND)
		send(w, DEED_REGISTER);
	if (acts & REG_DO_FETCH)
		send(w, DEED_FETCH);
	if (acts & REG_DO_LEAVE)
		send(w, DEED_LEAVE);
	if (acts & REG_DO_LEFT)
		deed(w, DEED_LEFT);
}


/* An elder that nobody wants any more goes, unless it drains. */
static void settle(struct world *w)
{
	const struct reg *r = world_reg(w);

	edges_settle(w);
	w->replace_due &= reg_wants_replace(r);
	if (w->elder.there && !r->elder &&
	    (w->elder.flow.state != FLOW_DRAINING || r->state == REG_OFF))
		link_drop(w, &w->elder);
}


void finish(struct world *w)
{
	settle(w);

	if (w->replace_due && !w->wait_replace)
		world_replace_turn(w);
	else
		check_state(w);
}


void step(struct world *w, unsigned acts)
{
	perform(w, acts);
	finish(w);
}


void step_flow(struct world *w, struct link *l, unsigned acts)
{
	perform_flow(w, l, acts);
	finish(w);
}
