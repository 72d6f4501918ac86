/* A world for one account: see world.h. */

#include <stddef.h>
#include <string.h>
#include "world.h"


static const struct addr our_addr = {
	.ip = {192, 0, 2, 1}, .port = 40000, .family = ADDR_IPV4,
};

static const struct addr other_addr = {
	.ip = {198, 51, 100, 9}, .port = 5060, .family = ADDR_IPV4,
};


const char *deed_name(enum deed d)
{
	switch (d) {

	case DEED_RESOLVE:  return "resolve";
	case DEED_PARK:     return "park";
	case DEED_OPEN:     return "open";
	case DEED_REGISTER: return "register";
	case DEED_LEAVE:    return "leave";
	case DEED_CRLF:     return "crlf";
	case DEED_OPTIONS:  return "options";
	case DEED_CLOSE:    return "close";
	case DEED_HOLD:     return "hold";
	case DEED_LEFT:     return "left";
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


/* --- carrying out --- */

static void perform(struct world *w, unsigned acts);


static void deed(struct world *w, enum deed d)
{
	if (w->h)
		w->h(w, d, w->arg);
}


static uint32_t down_mask(const struct world *w, uint32_t said)
{
	return w->edges ? edges_down(w) : said;
}


/* The end of a flow that nobody here wanted. */
static void flow_gone(struct world *w, enum reason reason, uint32_t down)
{
	const bool stood = w->flow.up_at != NEVER;

	w->flow_there = w->in_flight = false;
	edges_on_gone(w, reason);
	if (stood)
		perform(w, account_on_flow_lost(&w->account, 0, reason,
						w->now));
	else
		perform(w, account_on_connect_failed(&w->account, 0, reason,
						     down_mask(w, down),
						     w->now));
}


static void tell_suspect(struct world *w)
{
	const bool suspect = w->flow.state == FLOW_SUSPECT;

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
	if (w->flow_there && w->flow.state != FLOW_DOWN)
		tell_suspect(w);
	if (acts & FLOW_NOW_PROVEN) {
		edges_settle(w);
		perform(w, account_on_proven(&w->account, 0, w->now));
	}
	if (acts & FLOW_VERIFY && w->flow_there)
		perform(w, account_on_verify(&w->account, 0, w->now));
	if (acts & FLOW_CLOSE && w->flow_there)
		flow_gone(w, w->flow.reason, w->down);
}


static void send(struct world *w, enum deed d)
{
	check_send(w, d == DEED_LEAVE);

	if (w->send_fails) {
		flow_gone(w, REASON_FLOW_LOST, 0);
		return;
	}

	++w->registers;
	w->in_flight = true;
	w->credentials = reg_credentials(world_reg(w), w->nonce, w->now);
	account_on_sent(&w->account, 0, w->credentials, w->now);
	deed(w, d);
}


static void close_flow(struct world *w)
{
	const bool there = w->flow_there;

	w->flow_there = w->in_flight = false;
	if (!there)
		return;

	edges_on_gone(w, REASON_OK);
	(void)account_on_flow_closed(&w->account, 0, w->now);
	deed(w, DEED_CLOSE);
}


static void open_flow(struct world *w)
{
	check_open(w);
	edges_on_open(w);

	++w->opens;
	w->flow_there = true;
	flow_init(&w->flow, &w->policy.flow, rng_next(&world_reg(w)->rng),
		  w->now);

	if (w->open_fails)
		flow_gone(w, REASON_CONNECT_REFUSED, 0);
	else
		deed(w, DEED_OPEN);
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
	if (acts & REG_DO_RESOLVE)
		deed(w, DEED_RESOLVE);
	if (acts & REG_DO_HOLD)
		hold_edge(w);
	if (acts & REG_DO_CONNECT)
		want_connect(w);
	if (acts & REG_DO_OPEN)
		open_flow(w);
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
void world_kick(struct world *w)
{
	check_order(w);
	if (w->edges && w->flow_edge) {
		edge_end_hold(w->flow_edge);
		edge_on_local_event(w->flow_edge, w->now);
	}
	step(w, account_kick(&w->account, 0, w->now));
}


/* --- what happens to it --- */

void world_resolved(struct world *w, unsigned count, uint32_t down)
{
	if (count > w->watch.addresses)
		w->watch.addresses = count;

	step(w, account_on_resolved(&w->account, 0, count,
				    down_mask(w, down),
				    REASON_CONNECT_REFUSED, w->now));
}


void world_resolve_failed(struct world *w)
{
	step(w, account_on_resolve_failed(&w->account, 0, w->now));
}


void world_turn(struct world *w)
{
	if (world_reg(w)->state == REG_CONNECT && w->flow_there)
		return;          /* it had its turn */

	if (reg_parked(world_reg(w)))
		check_knock(w);

	step(w, account_on_turn(&w->account, 0, w->now));
}


static bool connecting(const struct world *w)
{
	return w->flow_there && w->flow.state == FLOW_CONNECTING;
}


static bool flow_up(const struct world *w)
{
	return w->flow_there && w->flow.state != FLOW_CONNECTING;
}


void world_connected(struct world *w)
{
	if (!connecting(w))
		return;

	edges_on_connected(w);
	perform_flow(w, flow_on_connected(&w->flow, w->now));
	step(w, account_on_connected(&w->account, 0, w->now));
}


void world_refused(struct world *w, enum reason reason, uint32_t down)
{
	if (!connecting(w))
		return;

	(void)flow_on_failed(&w->flow, reason);
	flow_gone(w, reason, down);
	edges_settle(w);
	check_state(w);
}


void world_lost(struct world *w, enum reason reason)
{
	if (flow_up(w))
		step_flow(w, flow_on_failed(&w->flow, reason));
}


void world_pong(struct world *w)
{
	if (w->flow_there)
		step_flow(w, flow_on_pong(&w->flow, w->now));
}


void world_options_answer(struct world *w)
{
	if (w->flow_there)
		step_flow(w, flow_on_options_answer(&w->flow, w->now));
}


void world_partial(struct world *w)
{
	if (!w->flow_there)
		return;

	flow_on_partial(&w->flow, w->now);
	check_state(w);
}


void world_traffic(struct world *w)
{
	if (!w->flow_there)
		return;

	flow_on_partial(&w->flow, NEVER);
	step_flow(w, flow_on_traffic(&w->flow, w->now));
}


void world_promise(struct world *w, uint32_t interval)
{
	if (w->flow_there)
		step_flow(w, flow_on_promise(&w->flow, true, interval,
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

	perform_flow(w, flow_on_traffic(&w->flow, w->now));
	if (a->bound)
		perform_flow(w, flow_on_registered(&w->flow, w->now));
	perform(w, account_on_answer(&w->account, 0, a,
				     mapped ? mapped : &none, w->now));

	w->in_answer = false;
	edges_settle(w);
	check_state(w);
}


struct answer world_ok(uint32_t lease)
{
	return world_ok_among(0, lease);
}


struct answer world_ok_among(uint32_t foreign, uint32_t lease)
{
	const struct contact_entry other = {
		.addr = other_addr, .expires = foreign, .user = true,
	};
	const struct contact_entry own = {
		.addr = our_addr, .expires = lease, .user = true,
	};
	struct answer a = {.code = 200};

	contact_begin(&a.contacts, &our_addr, &our_addr);
	contact_add(&a.contacts, &other);
	contact_add(&a.contacts, &own);
	a.bound = contact_end(&a.contacts, CONTACT_NO_EXPIRES, lease);

	return a;
}


struct answer world_code(uint16_t code)
{
	struct answer a = {.code = code};

	return a;
}


struct answer world_challenge(struct world *w, bool stale,
			      enum digest_algorithm algorithm, bool realm)
{
	struct challenge *c = &world_reg(w)->challenge;
	const struct challenge_offer offer = {
		.algorithm = algorithm,
		.qop_usable = true,
		.realm_accepted = realm,
		.stale = stale,
	};
	struct answer a = {.code = 401};

	/* What nobody waits for is not read either. */
	if (!w->in_flight)
		return a;

	challenge_begin(c);
	challenge_offer(c, &offer);
	a.challenge = challenge_end(c, w->now);
	w->nonce = a.challenge == CHALLENGE_ANSWER;

	return a;
}


/* --- time --- */

static msec_t next_deadline(const struct world *w)
{
	msec_t at = account_deadline(&w->account);

	if (w->flow_there)
		at = clock_min(at, flow_deadline(&w->flow));

	return w->edges ? clock_min(at, edges_deadline(w)) : at;
}


static void run_timers(struct world *w)
{
	++w->runs;
	if (account_deadline(&w->account) <= w->now)
		step(w, account_on_timer(&w->account, 0, w->now));
	if (w->flow_there && flow_deadline(&w->flow) <= w->now)
		step_flow(w, flow_on_timer(&w->flow, w->now));
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
