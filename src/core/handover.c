/* A restart without a new REGISTER: see handover.h. */

#include "account_parts.h"
#include "flow_parts.h"
#include "handover.h"


/* --- what goes --- */

/* Is nothing going on that the next process would have to know of? */
static bool is_calm(const struct reg *r)
{
	return r->flow && r->here && r->reason == REASON_OK && !r->suspect &&
		!r->doubted && !r->elder && !r->silent && !r->redirected &&
		!r->leaving;
}


enum handover_ready account_handover_ready(const struct account *a,
					   unsigned i, const struct flow *f,
					   msec_t now)
{
	const struct reg *r = &a->regv[i].reg;
	const struct mapping *m = &a->regv[i].flow.mapping;

	/* what makes addresses tell nothing was learned of many answers */
	if (mapping_flapping(m, now) || m->notes & MAPPING_NOTE_ALG)
		return HANDOVER_NEVER;

	if (!a->started || !is_calm(r) || !flow_alive(f) || !f->registered ||
	    !reg_bound(r, now + HANDOVER_LEASE))
		return HANDOVER_NEVER;

	switch ((enum reg_state)r->state) {

	case REG_BOUND:
		return HANDOVER_NOW;

	case REG_TURN:
	case REG_SENT:
		return HANDOVER_SOON;

	case REG_OFF:
	case REG_WAIT:
	case REG_RESOLVE:
	case REG_CONNECT:
	case REG_HELD:
	case REG_LEAVING:
		break;
	}

	return HANDOVER_NEVER;
}


static void hand_over_flow(struct handover_flow *h, const struct flow *f)
{
	*h = (struct handover_flow){
		.proven = f->proven,
		.ponged = f->ponged,
		.promised = f->promised,
		.answers_options = f->answers_options,
		.options_silent = f->options_silent,
		.answers_stun = f->answers_stun,
		.stun_allowed = f->stun_allowed,
		.stun_silent = f->stun_silent,
		.up_at = f->up_at,
		.life_at = f->life_at,
		.ping_at = f->ping_at,
		.next_ping = f->waiting ? NEVER : f->next_ping,
		.server_interval = f->server_interval,
		.survived = f->survived,
		.rtt = f->rtt,
		.rtt_usec = f->rtt_usec,
		.pongs = f->pongs,
	};
}


static void hand_over_reg(struct handover_reg *h, const struct reg *r)
{
	*h = (struct handover_reg){
		.cseq = r->cseq,
		.expires = r->expires,
		.granted = r->granted,
		.sent_at = r->sent_at,
		.answer_at = r->answer_at,
		.lease_end = r->lease_end,
		.refresh_at = r->deadline,
		.plain = r->plain,
		.outbound = r->outbound,
		.token = r->token,
		.alone = r->alone,
		.worked = r->challenge.worked,
		.match = r->match,
		.contact = r->contact,
	};
}


static void hand_over_nat(struct handover_nat *h, const struct account_reg *ar)
{
	const struct mapping *m = &ar->flow.mapping;
	unsigned w;

	*h = (struct handover_nat){
		.mapped = m->addr,
		.offered = ar->flow.offered,
		.heard_at = m->heard_at,
		.moved_at = m->moved_at,
		.inbound = ar->flow.inbound,
		.interval = ar->interval,
		.probe = (enum probe_result)ar->probe.result,
		.probe_on_flow = ar->probe.on_flow,
		.probe_loops = ar->probe.loops,
		.probe_proven_at = ar->probe.proven_at,
		.probe_at = ar->probe.out ? NEVER : ar->probe.at,
		.listed = ar->listed,
		.own = ar->own,
		.ghosts = ar->ghosts,
		.foreign = ar->foreign,
	};

	for (w = 0; w < WITNESS_COUNT; w++)
		h->saidv[w] = m->saidv[w];
}


void account_hand_over(const struct account *a, unsigned i,
		       const struct flow *f, struct handover *h)
{
	const struct account_reg *ar = &a->regv[i];

	h->local = ar->flow.mapping.local;
	h->edge = ar->flow.mapping.edge;
	h->stream = f->policy.stream;
	hand_over_flow(&h->flow, f);
	hand_over_reg(&h->reg, &ar->reg);
	hand_over_nat(&h->nat, ar);
	h->verdict = a->verdict;
	h->registered_since = a->registered_since;
	h->reachable_since = a->reachable_since;
}


/* --- is it of use? --- */

static bool passed(msec_t at, msec_t now)
{
	return at <= now;
}


/* How long something took once. That may have been in an earlier boot, or
 * shorter than a tick of the clock, so it is not compared with the time. */
static bool lasted(msec_t span)
{
	return span <= HANDOVER_SPAN_MAX;
}


/* The deadlines that it leads to end. */
static bool reg_good(const struct handover_reg *h, msec_t now)
{
	return h->lease_end > now && h->refresh_at <= h->lease_end &&
		h->lease_end - now <= SECONDS(CONTACT_LEASE_MAX) &&
		passed(h->sent_at, now) && passed(h->answer_at, now) &&
		h->granted && h->expires && h->expires <= REG_EXPIRES_MAX &&
		h->cseq && h->cseq < INT32_MAX;
}


static bool flow_good(const struct handover_flow *h, msec_t now)
{
	return passed(h->up_at, h->life_at) && passed(h->life_at, now) &&
		(h->ping_at == NEVER || passed(h->ping_at, now)) &&
		lasted(h->survived) && lasted(h->rtt) &&
		lasted(h->server_interval);
}


static bool nat_good(const struct handover_nat *h, msec_t now)
{
	unsigned w;

	for (w = 0; w < WITNESS_COUNT; w++)
		if (!passed(h->saidv[w].at, now))
			return false;

	return passed(h->heard_at, now) && passed(h->moved_at, now) &&
		passed(h->interval.since, now) && lasted(h->interval.aged) &&
		lasted(h->interval.learned) && lasted(h->interval.idle) &&
		(h->probe_proven_at == NEVER || passed(h->probe_proven_at,
						       now));
}


bool handover_good(const struct handover *h, msec_t now)
{
	return addr_isset(&h->local) && h->local.port &&
		addr_isset(&h->edge) && h->edge.port &&
		h->local.family == h->edge.family &&
		reg_good(&h->reg, now) && flow_good(&h->flow, now) &&
		nat_good(&h->nat, now) && passed(h->registered_since, now) &&
		passed(h->reachable_since, now);
}


/* --- what comes --- */

/* A ping that was out, or was due meanwhile, is sent soon: what it was to keep
 * open waits for it. */
void flow_take_over(struct flow *f, const struct handover_flow *h, msec_t now)
{
	f->state = h->proven ? FLOW_PROVEN : FLOW_UP;
	f->registered = true;
	f->proven = h->proven;
	f->ponged = h->ponged;
	f->promised = h->promised;
	f->answers_options = h->answers_options;
	f->options_silent = h->options_silent;
	f->answers_stun = h->answers_stun;
	f->stun_allowed = h->stun_allowed && !f->policy.stream;
	f->stun_silent = h->stun_silent;
	f->up_at = h->up_at;
	f->life_at = h->life_at;
	f->ping_at = h->ping_at;
	f->dead_at = NEVER;
	f->server_interval = h->server_interval;
	f->survived = h->survived;
	f->rtt = h->rtt;
	f->rtt_usec = h->rtt_usec;
	f->pongs = h->pongs;

	flow_choose(f);
	f->next_ping = h->next_ping;
	if (f->next_ping == NEVER || f->next_ping <= now)
		f->next_ping = now + rng_between(&f->rng, 1, FLOW_FIRST_PING);
	flow_hasten(f, now);
}


bool flow_slept_in(const struct flow *f, msec_t now)
{
	const msec_t asked = f->ping_at == NEVER ? 0 : f->ping_at;

	return (!f->policy.stream || flow_refresh_is_check(f)) &&
		now > clock_max(f->life_at, asked) + flow_interval(f);
}


/* The witnesses say it again, so that what is remarkable is found again. */
static void take_mapping(struct mapping *m, const struct handover *h)
{
	unsigned w;

	mapping_on_flow(m, &h->local, &h->edge);
	m->stream = h->stream;

	for (w = 0; w < WITNESS_COUNT; w++)
		(void)mapping_on_seen(m, (enum witness)w,
				      &h->nat.saidv[w].addr,
				      h->nat.saidv[w].at);

	for (w = 0; w < WITNESS_COUNT; w++)
		m->saidv[w] = h->nat.saidv[w];
	m->addr = h->nat.mapped;
	m->heard_at = h->nat.heard_at;
	m->moved_at = h->nat.moved_at;
	m->stun_wrong = m->torn = false;
}


static void take_nat(struct account_reg *ar, const struct handover *h,
		     msec_t now)
{
	const struct handover_nat *nat = &h->nat;

	ar->flow.up = true;
	ar->flow.inbound = nat->inbound;
	ar->flow.offered = nat->offered;
	take_mapping(&ar->flow.mapping, h);
	ar->interval = nat->interval;
	ar->listed = nat->listed;
	ar->own = nat->own;
	ar->ghosts = nat->ghosts;
	ar->foreign = nat->foreign;

	ar->probe.stream = h->stream;
	probe_take_over(&ar->probe, nat->probe, nat->probe_on_flow,
			nat->probe_loops, nat->probe_proven_at,
			nat->probe_at, nat->foreign, now);
}


unsigned account_take_over(struct account *a, unsigned i,
			   const struct handover *h, msec_t now)
{
	struct account_reg *ar = &a->regv[i];

	a->started = true;
	a->paused = false;
	a->verdict = h->verdict;
	a->registered_since = h->registered_since;
	a->reachable_since = h->reachable_since;
	a->code = ANSWER_OK;
	a->code_at = h->reg.answer_at;

	reg_take_over(&ar->reg, h);
	take_nat(ar, h, now);
	account_tell_flow(a, i, EVENT_FLOW_UP, REASON_OK, EVENT_TAKEN_OVER,
			  now);

	/* of several registrations the others have not been taken over yet */
	return a->regc > 1 ? 0 : account_settle(a, i, 0, now);
}


void account_on_learned(struct account *a, unsigned i,
			const struct target_list *list, unsigned index,
			msec_t now)
{
	reg_on_learned(&a->regv[i].reg, list, index, now);
}
