/* A world for one account: see world.h. */

#include <stddef.h>
#include <string.h>
#include "world.h"


const char *deed_name(enum deed d)
{
	switch (d) {

	case DEED_RESOLVE:    return "resolve";
	case DEED_REDIRECT:   return "redirect";
	case DEED_RENEW:      return "renew";
	case DEED_PARK:       return "park";
	case DEED_OPEN:       return "open";
	case DEED_RACE:       return "race";
	case DEED_OPEN_RIVAL: return "open-rival";
	case DEED_REGISTER:   return "register";
	case DEED_LEAVE:      return "leave";
	case DEED_CRLF:       return "crlf";
	case DEED_OPTIONS:    return "options";
	case DEED_CLOSE:      return "close";
	case DEED_HOLD:       return "hold";
	case DEED_LEFT:       return "left";
	}

	return "?";
}


void world_init(struct world *w, const struct account_policy *p,
		uint64_t seed, deed_h *h, void *arg)
{
	memset(w, 0, offsetof(struct world, edgev));

	w->policy = *p;
	w->policy.flows = 1;
	w->h = h;
	w->arg = arg;
	account_init(&w->account, &w->policy, &w->reg, w->eventv,
		     WORLD_EVENTS, seed, NULL, NULL, NULL, 0);
}


/* The history comes back too. */
static void restore_events(struct world *w, const struct event *keptv,
			   unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++)
		account_restore_event(&w->account, &keptv[i]);
}


void world_restart(struct world *w, uint32_t cseq, bool worked)
{
	static const struct link none;
	struct event keptv[WORLD_EVENTS];
	const struct event *e;
	unsigned n = 0;

	while (n < WORLD_EVENTS && (e = journal_get(&w->account.journal, n)))
		keptv[n++] = *e;

	check_restart(w, cseq, worked);
	w->link = w->rival = none;
	w->in_flight = w->nonce = false;
	account_init(&w->account, &w->policy, &w->reg, w->eventv,
		     WORLD_EVENTS, rng_next(&world_reg(w)->rng), NULL, NULL,
		     NULL, w->now);
	account_restore(&w->account, 0, cseq, false, worked);
	restore_events(w, keptv, n);
	edges_reset(w);
	check_state(w);
}


/* --- carrying out --- */

static void perform(struct world *w, unsigned acts);


static void deed(struct world *w, enum deed d)
{
	if (w->h)
		w->h(w, d, w->arg);
}


static uint32_t down_mask(struct world *w, uint32_t said)
{
	return w->edges ? edges_down(w) : said;
}


/* The end of a connect that nobody here wanted; the other one goes on. */
static void connect_gone(struct world *w, struct link *l, enum reason reason,
			 uint32_t down)
{
	const unsigned index = l->index;

	l->there = false;
	edges_on_gone(w, l, reason);

	if (l == &w->link && w->rival.there) {
		w->link = w->rival;
		w->rival.there = false;
	}

	perform(w, account_on_connect_failed(&w->account, 0, index, reason,
					     down_mask(w, down), w->now));
}


static void flow_gone(struct world *w, struct link *l, enum reason reason,
		      uint32_t down)
{
	if (l->flow.up_at == NEVER) {
		connect_gone(w, l, reason, down);
		return;
	}

	l->there = w->in_flight = false;
	edges_on_gone(w, l, reason);
	perform(w, account_on_flow_lost(&w->account, 0, reason, w->now));
}


static void tell_suspect(struct world *w)
{
	const bool suspect = w->link.flow.state == FLOW_SUSPECT;

	if (suspect != w->reg.flow_suspect)
		perform(w, account_on_suspect(&w->account, 0, suspect,
					      w->now));
}


static void perform_flow(struct world *w, unsigned acts)
{
	if (acts & FLOW_SEND_CRLF)
		deed(w, DEED_CRLF);
	if (acts & FLOW_SEND_OPTIONS)
		deed(w, DEED_OPTIONS);
	if (w->link.there && w->link.flow.state != FLOW_DOWN)
		tell_suspect(w);
	if (acts & FLOW_NOW_PROVEN) {
		edges_settle(w);
		perform(w, account_on_proven(&w->account, 0, w->now));
	}
	if (acts & FLOW_VERIFY && w->link.there)
		perform(w, account_on_verify(&w->account, 0, w->now));
	if (acts & FLOW_CLOSE && w->link.there)
		flow_gone(w, &w->link, w->link.flow.reason, w->down);
}


static void send(struct world *w, enum deed d)
{
	const bool names = d == DEED_REGISTER &&
		reg_names_old(world_reg(w), false);

	check_send(w, d == DEED_LEAVE);

	if (w->send_fails) {
		flow_gone(w, &w->link, REASON_FLOW_LOST, 0);
		return;
	}

	++w->registers;
	w->in_flight = true;
	w->named = names ? w->olds : 0;
	w->credentials = reg_credentials(world_reg(w), w->nonce, w->now);
	account_on_sent(&w->account, 0, w->credentials, w->named, w->now);
	check_sent(w);
	deed(w, d);
}


/* Without a word to anybody: it lost its race, or nobody wants one. */
static void drop(struct world *w, struct link *l)
{
	if (!l->there)
		return;

	l->there = false;
	edges_on_gone(w, l, REASON_OK);
}


static void close_flow(struct world *w)
{
	const bool there = w->link.there;

	drop(w, &w->rival);
	drop(w, &w->link);
	w->in_flight = false;
	if (!there)
		return;

	(void)account_on_flow_closed(&w->account, 0, w->now);
	deed(w, DEED_CLOSE);
}


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
	p.stream = is_stream(w, index);
	flow_init(&l->flow, &p, rng_next(&world_reg(w)->rng), w->now);

	if (w->open_fails)
		flow_gone(w, l, REASON_CONNECT_REFUSED, 0);
	else
		deed(w, d);
}


static void resolve(struct world *w)
{
	check_resolve(w);
	deed(w, world_reg(w)->redirected ? DEED_REDIRECT : DEED_RESOLVE);
}


static void renew(struct world *w)
{
	check_renew(w);
	deed(w, DEED_RENEW);
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


/* The order of the bits is that of core/reg.h. */
static void perform(struct world *w, unsigned acts)
{
	if (acts & REG_DO_ABANDON)
		w->in_flight = false;
	if (acts & REG_DO_CLOSE)
		close_flow(w);
	if (acts & REG_DO_RENEW)
		renew(w);
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
	if (acts & REG_DO_LEAVE)
		send(w, DEED_LEAVE);
	if (acts & REG_DO_LEFT)
		deed(w, DEED_LEFT);
}


static void step(struct world *w, unsigned acts)
{
	perform(w, acts);
	edges_settle(w);
	check_state(w);
}


static void step_flow(struct world *w, unsigned acts)
{
	perform_flow(w, acts);
	edges_settle(w);
	check_state(w);
}


/* --- orders --- */

void world_start(struct world *w)
{
	check_order(w);
	step(w, account_start(&w->account, 0, w->now));
}


void world_stop(struct world *w)
{
	check_order(w);
	step(w, account_stop(&w->account, 0, w->now));
}


void world_pause(struct world *w)
{
	check_order(w);
	step(w, account_pause(&w->account, 0, w->now));
}


/* As the daemon does: the operator ends what holds the edge. */
static void end_hold(struct world *w)
{
	if (!w->edges || !w->link.edge)
		return;

	edge_end_hold(w->link.edge);
	edge_on_local_event(w->link.edge, w->now);
}


void world_kick(struct world *w)
{
	check_order(w);
	end_hold(w);
	step(w, account_kick(&w->account, 0, w->now));
}


void world_reconnect(struct world *w)
{
	check_order(w);
	end_hold(w);
	step(w, account_reconnect(&w->account, 0, w->now));
}


/* --- what happens to it --- */

struct target_list world_list(const struct world *w, unsigned count,
			      uint32_t down)
{
	struct target_list list = {
		.count = count,
		.down = down,
		.stream = w->policy.flow.stream ? UINT32_MAX : 0,
	};
	unsigned i;

	for (i = 0; i < TARGET_MAX; i++)
		list.groupv[i] = (uint8_t)i;

	return list;
}


void world_resolved(struct world *w, const struct target_list *list)
{
	if (world_reg(w)->state != REG_RESOLVE)
		return;

	w->watch.resolved_at = w->now;
	w->watch.list = *list;
	w->watch.list.down = down_mask(w, list->down);
	if (list->count > w->watch.addresses)
		w->watch.addresses = list->count;

	step(w, account_on_resolved(&w->account, 0, &w->watch.list,
				    REASON_CONNECT_REFUSED, w->now));
}


void world_found(struct world *w, unsigned count, uint32_t down)
{
	const struct target_list list = world_list(w, count, down);

	world_resolved(w, &list);
}


void world_resolve_failed(struct world *w)
{
	step(w, account_on_resolve_failed(&w->account, 0, w->now));
}


void world_turn(struct world *w)
{
	if (world_reg(w)->state == REG_CONNECT && w->link.there)
		return;          /* it had its turn */

	if (reg_parked(world_reg(w)))
		check_knock(w);

	step(w, account_on_turn(&w->account, 0, w->now));
}


void world_race_turn(struct world *w)
{
	step(w, account_on_race_turn(&w->account, 0, w->now));
}


static bool connecting(const struct link *l)
{
	return l->there && l->flow.state == FLOW_CONNECTING;
}


static bool flow_up(const struct world *w)
{
	return w->link.there && w->link.flow.state != FLOW_CONNECTING;
}


void world_connected(struct world *w)
{
	if (!connecting(&w->link))
		return;

	drop(w, &w->rival);
	check_connected(w);
	edges_on_connected(w, &w->link);
	perform_flow(w, flow_on_connected(&w->link.flow, w->now));
	step(w, account_on_connected(&w->account, 0, w->link.index, w->now));
}


/* The first one lost its race. */
void world_rival_connected(struct world *w)
{
	if (!connecting(&w->rival))
		return;

	drop(w, &w->link);
	w->link = w->rival;
	w->rival.there = false;
	world_connected(w);
}


static void refused(struct world *w, struct link *l, enum reason reason,
		    uint32_t down)
{
	if (!connecting(l))
		return;

	(void)flow_on_failed(&l->flow, reason);
	flow_gone(w, l, reason, down);
	edges_settle(w);
	check_state(w);
}


void world_refused(struct world *w, enum reason reason, uint32_t down)
{
	refused(w, &w->link, reason, down);
}


void world_rival_refused(struct world *w, enum reason reason, uint32_t down)
{
	refused(w, &w->rival, reason, down);
}


void world_lost(struct world *w, enum reason reason)
{
	if (flow_up(w))
		step_flow(w, flow_on_failed(&w->link.flow, reason));
}


void world_pong(struct world *w)
{
	if (w->link.there)
		step_flow(w, flow_on_pong(&w->link.flow, w->now));
}


void world_options_answer(struct world *w)
{
	if (w->link.there)
		step_flow(w, flow_on_options_answer(&w->link.flow, w->now));
}


void world_partial(struct world *w)
{
	if (!w->link.there)
		return;

	flow_on_partial(&w->link.flow, w->now);
	check_state(w);
}


void world_traffic(struct world *w)
{
	if (!w->link.there)
		return;

	flow_on_partial(&w->link.flow, NEVER);
	step_flow(w, flow_on_traffic(&w->link.flow, w->now));
}


void world_promise(struct world *w, uint32_t interval)
{
	if (w->link.there)
		step_flow(w, flow_on_promise(&w->link.flow, true, interval,
					     w->now));
}


void world_inbound(struct world *w)
{
	if (!flow_up(w))
		return;

	world_traffic(w);
	account_on_inbound(&w->account, 0, 480, true, w->now);
}


void world_local_event(struct world *w)
{
	unsigned i;

	for (i = 0; i < w->edgec; i++)
		edge_on_local_event(&w->edgev[i], w->now);

	step(w, account_on_local_event(&w->account, 0, w->now));
}


void world_answer(struct world *w, struct answer *a,
		  const struct addr *mapped)
{
	static const struct addr none;

	if (!w->in_flight)
		return;

	check_answer(w, a);
	w->in_flight = false;
	w->in_answer = true;

	perform_flow(w, flow_on_traffic(&w->link.flow, w->now));
	if (a->bound)
		perform_flow(w, flow_on_registered(&w->link.flow, w->now));
	if (a->bound && w->named)
		w->olds = 0;
	perform(w, account_on_answer(&w->account, 0, a,
				     mapped ? mapped : &none, w->now));

	w->in_answer = false;
	edges_settle(w);
	check_state(w);
}


/* --- time --- */

static msec_t next_deadline(const struct world *w)
{
	msec_t at = account_deadline(&w->account);

	if (w->link.there)
		at = clock_min(at, flow_deadline(&w->link.flow));
	if (w->rival.there)
		at = clock_min(at, flow_deadline(&w->rival.flow));

	return w->edges ? clock_min(at, edges_deadline(w)) : at;
}


static void run_timers(struct world *w)
{
	++w->runs;
	if (account_deadline(&w->account) <= w->now)
		step(w, account_on_timer(&w->account, 0, w->now));
	if (w->rival.there && flow_deadline(&w->rival.flow) <= w->now)
		world_rival_refused(w, REASON_CONNECT_TIMEOUT, w->down);
	if (w->link.there && flow_deadline(&w->link.flow) <= w->now)
		step_flow(w, flow_on_timer(&w->link.flow, w->now));
	if (w->edges)
		edges_run(w);

	check_timers(w, next_deadline(w));
}


void world_suspend(struct world *w, msec_t how_long)
{
	w->now += how_long;
}


struct pass {
	deed_h *h;
	void *arg;
	unsigned deeds;
};


static void count_handler(struct world *w, enum deed d, void *arg)
{
	struct pass *p = arg;

	++p->deeds;
	if (p->h)
		p->h(w, d, p->arg);
}


bool world_pass(struct world *w, msec_t until, bool until_deed)
{
	struct pass p = {.h = w->h, .arg = w->arg};

	w->h = count_handler;
	w->arg = &p;

	while (next_deadline(w) <= until && !(until_deed && p.deeds)) {
		w->now = clock_max(w->now, next_deadline(w));
		run_timers(w);
	}

	if (!(until_deed && p.deeds))
		w->now = clock_max(w->now, until);

	w->h = p.h;
	w->arg = p.arg;

	return p.deeds > 0;
}
