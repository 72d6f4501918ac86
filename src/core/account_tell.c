/* What is told of an account: its events, and the verdict that most of them are
 * about. Every fact and order ends here. */

#include "account_parts.h"


/* While a better edge is tried the elder is as good as it was. */
static struct verdict verdict_of_reg(struct account_reg *ar, msec_t now)
{
	const bool failback = ar->reg.failback;
	const struct account_flow *flow = account_serving(ar);
	const struct verdict_facts facts = {
		.registered = reg_bound(&ar->reg, now),
		.flow_alive = flow->up && (ar->reg.here || failback) &&
			!flow->suspect,
		.outbound = ar->reg.outbound,
		.contact = ar->reg.contact,
		.mapped = flow->mapping.addr,
		.edge = flow->mapping.edge,
		.flapping = mapping_flapping(&flow->mapping, now),
		.alg = flow->mapping.notes & MAPPING_NOTE_ALG,
		.vouched = ar->reg.policy->vouched,
		.inbound = flow->inbound,
		.probed = ar->probe.result == PROBE_PROVEN,
		.probe_lost = ar->probe.result == PROBE_LOST && !flow->inbound,
		.outcome = ar->reg.reason,
	};

	return verdict_of(&facts);
}


struct verdict account_verdict(const struct account *a, msec_t now)
{
	struct verdict v = verdict_of_reg(&a->regv[0], now);
	unsigned i;

	for (i = 1; i < a->regc; i++)
		if (a->regv[i].reg.state != REG_OFF)
			v = verdict_better(v, verdict_of_reg(&a->regv[i],
							     now));

	if (a->paused && !v.registered) {
		v.reason = REASON_PAUSED;
		v.reachable = REACHABLE_NO;
	}

	return v;
}


void account_tell(struct account *a, struct event e, msec_t now)
{
	const int64_t wall = a->wall_usec ? *a->wall_usec : 0;
	const struct event *added;

	e.at_usec = (uint64_t)(wall + (int64_t)now * 1000);
	e.registered = a->verdict.registered;
	e.reachable = (uint8_t)a->verdict.reachable;

	added = journal_add(&a->journal, &e);
	if (a->eventh)
		a->eventh(added ? added : &e, a->arg);
}


uint32_t account_silence(const struct account_flow *flow)
{
	return (uint32_t)((flow->silence + 999) / 1000);
}


void account_tell_flow(struct account *a, unsigned i, enum event_type type,
		       enum reason reason, uint32_t idle, msec_t now)
{
	struct event e = {
		.type = type,
		.flow = (uint8_t)(i + 1),
		.reason = reason,
		.value = idle,
	};

	account_tell(a, e, now);
}


/* [ms] for which nobody may have got through already: until the last flow that
 * is left fell silent. */
static uint32_t silence(const struct account *a)
{
	msec_t least = UINT32_MAX;
	unsigned i;

	for (i = 0; i < a->regc; i++)
		least = clock_min(least, a->regv[i].flow.silence);

	return (uint32_t)least;
}


/* Does another registration have a flow that serves? */
static bool is_backed(const struct account *a, unsigned i, msec_t now)
{
	unsigned k;

	for (k = 0; k < a->regc; k++) {
		struct account_reg *ar = &a->regv[k];
		const struct account_flow *flow = account_serving(ar);

		if (k != i && flow->up && !flow->suspect &&
		    (ar->reg.here || ar->reg.failback) &&
		    reg_bound(&ar->reg, now))
			return true;
	}

	return false;
}


void account_failed(struct account *a, enum reason reason)
{
	++a->flow_failures;
	if (a->failureh)
		a->failureh(reason, a->arg);
}


/* Only what is wanted can be missed. */
static void count_outage(struct account *a, enum reachable reachable,
			 msec_t now)
{
	const bool out = a->started && reachable == REACHABLE_NO;

	if (out && a->unreachable_from == NEVER) {
		a->unreachable_from = now;
	}
	else if (!out && a->unreachable_from != NEVER) {
		a->unreachable = account_unreachable(a, now);
		a->unreachable_from = NEVER;
	}
}


unsigned account_update(struct account *a, unsigned acts, msec_t now)
{
	const struct verdict v = account_verdict(a, now);
	struct event e = {
		.type = EVENT_VERDICT,
		.reason = v.reason,
		.code = a->code,
	};
	unsigned i;

	count_outage(a, v.reachable, now);
	if (v.reachable != REACHABLE_YES &&
	    a->verdict.reachable == REACHABLE_YES)
		a->seen_at = now;

	for (i = 0; i < a->regc; i++) {
		struct account_reg *ar = &a->regv[i];

		ar->bound = reg_bound(&ar->reg, now);
		ar->reg.backed = is_backed(a, i, now);
		ar->reg.seen_at = v.reachable == REACHABLE_YES ? now
							       : a->seen_at;
		if (v.reachable == REACHABLE_YES)
			ar->flow.silence = 0;
	}

	if (verdict_equal(&v, &a->verdict)) {
		a->verdict = v;          /* other evidence is no news */
		return acts;
	}

	if (v.registered != a->verdict.registered)
		a->registered_since = now;
	if (v.reachable != a->verdict.reachable)
		a->reachable_since = now;

	if (v.reachable == REACHABLE_NO)
		e.value = silence(a);

	a->verdict = v;
	account_tell(a, e, now);

	return acts;
}


unsigned account_settle(struct account *a, unsigned i, unsigned acts,
			msec_t now)
{
	struct account_reg *ar = &a->regv[i];

	if (acts & REG_DO_TAKE_BACK) {
		if (ar->flow.up)
			account_tell_flow(a, i, EVENT_FLOW_DOWN,
					  ar->reg.reason, 0, now);
		ar->flow = ar->elder;
		ar->probe.stream = ar->flow.mapping.stream;
		mapping_on_timer(&ar->flow.mapping, now);
		ar->changed = !ar->probe.bound;
		acts |= account_bound(ar, ar->foreign, now);
	}
	if (acts & REG_DO_ASIDE) {
		ar->elder = ar->flow;
		ar->flow.up = ar->flow.suspect = false;
	}
	if (acts & REG_DO_RETIRE) {
		if (ar->elder.suspect)
			account_failed(a, REASON_FLOW_LOST);
		account_tell_flow(a, i, EVENT_FLOW_DOWN, ar->elder.suspect
				  ? REASON_FLOW_LOST : REASON_OK,
				  account_silence(&ar->elder), now);
	}

	return account_update(a, acts | account_settle_probe(ar, now), now);
}
