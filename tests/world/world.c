/* A world for one account: see world.h. */

#include <stddef.h>
#include <string.h>
#include "world_parts.h"


enum {
	TURNS_MAX = 3,           /* at the same time */
};


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
	case DEED_FETCH:      return "fetch";
	case DEED_LEAVE:      return "leave";
	case DEED_CRLF:       return "crlf";
	case DEED_OPTIONS:    return "options";
	case DEED_STUN:       return "stun";
	case DEED_CLOSE:      return "close";
	case DEED_REPLACE:    return "replace";
	case DEED_ASIDE:      return "aside";
	case DEED_TAKE_BACK:  return "take-back";
	case DEED_RETIRE:     return "retire";
	case DEED_ELDER_GONE: return "elder-gone";
	case DEED_PROBE:      return "probe";
	case DEED_PROBE_ON_FLOW: return "probe-on-flow";
	case DEED_PROBE_CLOSE: return "probe-close";
	case DEED_HOLD:       return "hold";
	case DEED_LEFT:       return "left";
	}

	return "?";
}


void world_init(struct world *w, const struct account_policy *p,
		uint64_t seed, deed_h *h, void *arg)
{
	static const struct addr local = {
		.ip = {192, 0, 2, 1}, .port = 40000, .family = ADDR_IPV4,
	};
	static const struct addr peer = {
		.ip = {198, 51, 100, 10}, .port = 5060, .family = ADDR_IPV4,
	};

	memset(w, 0, offsetof(struct world, edgev));
	w->local = local;
	w->peer = peer;

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
	w->link = w->rival = w->elder = none;
	w->in_flight = w->nonce = w->probe_open = w->replace_due = false;
	olds_on_restart(w);
	account_init(&w->account, &w->policy, &w->reg, w->eventv,
		     WORLD_EVENTS, rng_next(&world_reg(w)->rng), NULL, NULL,
		     NULL, w->now);
	account_restore(&w->account, 0, cseq, false, worked);
	restore_events(w, keptv, n);
	edges_reset(w);
	check_state(w);
}


/* Another one with what was kept, as after any restart. */
static void renew_account(struct world *w, const struct handover *h)
{
	const bool worked = world_reg(w)->challenge.worked;
	struct event keptv[WORLD_EVENTS];
	const struct event *e;
	unsigned n = 0;

	while (n < WORLD_EVENTS && (e = journal_get(&w->account.journal, n)))
		keptv[n++] = *e;

	account_init(&w->account, &w->policy, &w->reg, w->eventv,
		     WORLD_EVENTS, rng_next(&world_reg(w)->rng), NULL, NULL,
		     NULL, w->now);
	account_restore(&w->account, 0, h->reg.cseq, h->reg.outbound,
			worked);
	restore_events(w, keptv, n);
}


bool world_hand_over(struct world *w)
{
	const struct flow_policy policy = w->link.flow.policy;
	static const struct link none;
	struct handover h;

	if (account_handover_ready(&w->account, 0, &w->link.flow, w->now) !=
	    HANDOVER_NOW)
		return false;

	account_hand_over(&w->account, 0, &w->link.flow, &h);
	check_hand_over(w, handover_good(&h, w->now));

	/* what a probe would bring is not awaited any more, nor what comes by
	 * a flow that was replaced */
	w->probe_open = false;
	w->elder = none;
	w->edge_first += w->link.index;
	w->link.index = 0;
	renew_account(w, &h);
	flow_init(&w->link.flow, &policy, rng_next(&world_reg(w)->rng),
		  w->now);
	flow_take_over(&w->link.flow, &h.flow, w->now);
	step(w, account_take_over(&w->account, 0, &h, w->now));

	return true;
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


/* As the daemon does: only where an answer can come. */
void world_fetch(struct world *w)
{
	if (!reg_may_fetch(world_reg(w)))
		return;

	check_order(w);
	step(w, account_fetch(&w->account, 0, w->now));
}


void world_probe(struct world *w)
{
	if (!w->reg.probe.bound)
		return;

	check_order(w);
	step(w, account_probe(&w->account, 0, w->now));
}


void world_purge(struct world *w)
{
	account_purge(&w->account, 0);
	w->watch.alone = w->watch.refused = false;
	olds_retry(w);
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
	w->watch.list.present = w->elder.there ? (uint8_t)w->elder.index
					       : TARGET_NONE;
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


void world_learned(struct world *w, unsigned count)
{
	struct target_list list = world_list(w, count, 0);

	if (!world_reg(w)->flow || world_reg(w)->resolved_at != NEVER)
		return;

	/* of the transport that it has */
	list.stream = w->link.flow.policy.stream ? UINT32_MAX : 0;
	list.down = down_mask(w, list.down);
	w->watch.resolved_at = w->now;
	w->watch.list = list;
	if (count > w->watch.addresses)
		w->watch.addresses = count;

	account_on_learned(&w->account, 0, &list, 0, w->now);
	check_state(w);
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


void world_replace_turn(struct world *w)
{
	if (!w->replace_due)
		return;

	w->replace_due = false;
	w->watch.turned = true;
	perform(w, account_on_replace_turn(&w->account, 0, w->now));
	w->watch.turned = false;
	finish(w);
}


static bool connecting(const struct link *l)
{
	return l->there && l->flow.state == FLOW_CONNECTING;
}


static bool is_up(const struct link *l)
{
	return l->there && l->flow.state != FLOW_CONNECTING;
}


void world_connected(struct world *w)
{
	struct link *l = &w->link;
	struct addr edge = w->peer;

	if (!connecting(l))
		return;

	edge.ip[3] = (uint8_t)(edge.ip[3] + l->index);
	link_drop(w, &w->rival);
	check_connected(w);
	edges_on_connected(w, l);
	perform_flow(w, l, flow_on_connected(&l->flow, w->now));
	learn(w);
	step(w, account_on_connected(&w->account, 0, l->index, &l->local,
				     &edge, w->now));
}


/* The first one lost its race. */
void world_rival_connected(struct world *w)
{
	if (!connecting(&w->rival))
		return;

	link_drop(w, &w->link);
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
	link_gone(w, l, reason, down);
	finish(w);
}


void world_refused(struct world *w, enum reason reason, uint32_t down)
{
	refused(w, &w->link, reason, down);
}


void world_rival_refused(struct world *w, enum reason reason, uint32_t down)
{
	refused(w, &w->rival, reason, down);
}


void world_lost(struct world *w, struct link *l, enum reason reason)
{
	if (is_up(l))
		step_flow(w, l, flow_on_failed(&l->flow, reason));
}


void world_pong(struct world *w, struct link *l)
{
	if (l->there)
		step_flow(w, l, flow_on_pong(&l->flow, w->now));
}


/* What the answer to a keepalive shows beside life. */
static void seen(struct world *w, unsigned number, enum witness witness,
		 const struct addr *mapped)
{
	unsigned acts;

	if (!mapped || !w->link.there || w->link.number != number)
		return;

	acts = account_on_seen(&w->account, 0, witness, mapped, &w->link.flow,
			       w->now);
	learn(w);
	perform(w, acts);
}


void world_options_answer(struct world *w, struct link *l,
			  const struct addr *mapped)
{
	const unsigned number = l->number;

	if (!l->there)
		return;

	perform_flow(w, l, flow_on_options_answer(&l->flow, w->now));
	seen(w, number, WITNESS_VIA, mapped);
	finish(w);
}


void world_stun_answer(struct world *w, struct link *l,
		       const struct addr *mapped)
{
	const unsigned number = l->number;

	if (!l->there)
		return;

	perform_flow(w, l, flow_on_stun_answer(&l->flow, w->now));
	seen(w, number, WITNESS_STUN, mapped);
	finish(w);
}


void world_partial(struct world *w)
{
	if (!w->link.there)
		return;

	flow_on_partial(&w->link.flow, w->now);
	check_state(w);
}


void world_traffic(struct world *w, struct link *l)
{
	if (!l->there)
		return;

	flow_on_partial(&l->flow, NEVER);
	step_flow(w, l, flow_on_traffic(&l->flow, w->now));
}


void world_promise(struct world *w, uint32_t interval)
{
	struct link *l = &w->link;

	if (l->there)
		step_flow(w, l, flow_on_promise(&l->flow, true, interval,
						w->now));
}


void world_inbound(struct world *w)
{
	if (!is_up(&w->link))
		return;

	world_traffic(w, &w->link);
	account_on_inbound(&w->account, 0, 480, true, w->now);
}


void world_local_event(struct world *w)
{
	unsigned i;

	for (i = 0; i < w->edgec; i++)
		edge_on_local_event(&w->edgev[i], w->now);

	step(w, account_on_local_event(&w->account, 0, w->now));
}


/* As daemon/slot_replace.c: what is not up is not asked. */
void world_network(struct world *w, bool moved)
{
	struct link *l = &w->link;

	if (is_up(l) && moved)
		step(w, account_on_moved(&w->account, 0, w->now));
	else if (is_up(l))
		step_flow(w, l, flow_verify(&l->flow, w->now));

	world_local_event(w);
}


void world_rewritten(struct world *w)
{
	account_on_rewritten(&w->account, 0, w->now);
	check_state(w);
}


void world_probe_arrived(struct world *w)
{
	if (is_up(&w->link))
		step(w, account_on_probe_arrived(&w->account, 0, w->now));
}


void world_probe_answer(struct world *w, uint16_t code)
{
	if (w->probe_open)
		step(w, account_on_probe_answer(&w->account, 0, code,
						w->now));
}


/* A 2xx to a REGISTER that binds. */
static void registered(struct world *w, const struct answer *a)
{
	struct flow *f = &w->link.flow;

	if (!a->bound || world_reg(w)->fetching || !w->link.there)
		return;

	perform_flow(w, &w->link,
		     flow_on_stun_allowed(f, w->stun_allowed, w->now));
	perform_flow(w, &w->link, flow_on_registered(f, w->now));
}


void world_answer(struct world *w, struct answer *a,
		  const struct addr *mapped)
{
	static const struct addr none;
	struct flow *f = &w->link.flow;
	unsigned acts;

	if (!w->in_flight)
		return;

	check_answer(w, a);
	w->in_flight = false;
	w->in_answer = true;

	perform_flow(w, &w->link, flow_on_traffic(f, w->now));
	olds_on_answer(w, a);
	registered(w, a);
	acts = account_on_answer(&w->account, 0, a, mapped ? mapped : &none,
				 w->now);
	learn(w);
	perform(w, acts);

	w->in_answer = false;
	finish(w);
}


/* --- time --- */

static msec_t next_deadline(const struct world *w)
{
	msec_t at = account_deadline(&w->account);

	if (w->link.there)
		at = clock_min(at, flow_deadline(&w->link.flow));
	if (w->rival.there)
		at = clock_min(at, flow_deadline(&w->rival.flow));
	if (w->elder.there)
		at = clock_min(at, flow_deadline(&w->elder.flow));

	return w->edges ? clock_min(at, edges_deadline(w)) : at;
}


static void run_flow(struct world *w, struct link *l)
{
	if (l->there && flow_deadline(&l->flow) <= w->now)
		step_flow(w, l, flow_on_timer(&l->flow, w->now));
}


static void run_turn(struct world *w)
{
	if (account_deadline(&w->account) <= w->now)
		step(w, account_on_timer(&w->account, 0, w->now));
	if (w->rival.there && flow_deadline(&w->rival.flow) <= w->now)
		world_rival_refused(w, REASON_CONNECT_TIMEOUT, w->down);
	run_flow(w, &w->elder);
	run_flow(w, &w->link);
	if (w->edges)
		edges_run(w);
}


/* What a turn leads to may be due at once, in the next one as in the daemon's
 * loop; but they come to rest. */
static void run_timers(struct world *w)
{
	unsigned turns = TURNS_MAX;

	++w->runs;
	do {
		run_turn(w);
	} while (next_deadline(w) <= w->now && --turns);

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
