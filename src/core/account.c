/* One account: see account.h, which is also the tour of the whole. */

#include <string.h>
#include "account.h"


void account_init(struct account *a, const struct account_policy *p,
		  struct account_reg *regv, struct event *eventv,
		  uint32_t eventc, uint64_t seed, const int64_t *wall_usec,
		  account_event_h *eventh, void *arg, msec_t now)
{
	unsigned i;

	memset(a, 0, sizeof(*a));

	a->policy = p;
	a->wall_usec = wall_usec;
	a->regv = regv;
	a->regc = p->flows;
	a->code_at = NEVER;
	a->registered_since = a->reachable_since = now;
	a->eventh = eventh;
	a->arg = arg;
	journal_init(&a->journal, eventv, eventc);

	for (i = 0; i < a->regc; i++) {
		memset(&regv[i], 0, sizeof(regv[i]));
		reg_init(&regv[i].reg, &p->reg, seed + i);
	}

	a->verdict = account_verdict(a, now);
}


/* --- events --- */

static void tell(struct account *a, struct event e, msec_t now)
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


static void tell_flow(struct account *a, unsigned i, enum event_type type,
		      enum reason reason, msec_t now)
{
	struct event e = {
		.type = type,
		.flow = (uint8_t)(i + 1),
		.reason = reason,
	};

	tell(a, e, now);
}


/* Every fact ends here: what does the verdict say now, is it news? */
static unsigned update(struct account *a, unsigned acts, msec_t now)
{
	const struct verdict v = account_verdict(a, now);
	struct event e = {
		.type = EVENT_VERDICT,
		.reason = v.reason,
		.code = a->code,
	};
	unsigned i;

	for (i = 0; i < a->regc; i++)
		a->regv[i].bound = reg_bound(&a->regv[i].reg, now);

	if (verdict_equal(&v, &a->verdict)) {
		a->verdict = v;          /* other evidence is no news */
		return acts;
	}

	if (v.registered != a->verdict.registered)
		a->registered_since = now;
	if (v.reachable != a->verdict.reachable)
		a->reachable_since = now;

	a->verdict = v;
	tell(a, e, now);

	return acts;
}


/* --- what an earlier run left --- */

void account_restore(struct account *a, unsigned i, uint32_t cseq,
		     bool outbound, bool worked)
{
	reg_restore(&a->regv[i].reg, cseq, outbound, worked);
}


void account_restore_event(struct account *a, const struct event *e)
{
	journal_restore(&a->journal, e);
}


/* --- orders --- */

void account_set_policy(struct account *a, const struct account_policy *p)
{
	unsigned i;

	a->policy = p;
	for (i = 0; i < a->regc; i++)
		a->regv[i].reg.policy = &p->reg;
}


unsigned account_start(struct account *a, unsigned i, msec_t now)
{
	unsigned acts = reg_start(&a->regv[i].reg, now);

	a->started = true;
	a->paused = false;

	return update(a, acts, now);
}


unsigned account_stop(struct account *a, unsigned i, msec_t now)
{
	unsigned acts = reg_stop(&a->regv[i].reg, now);

	a->started = false;

	return update(a, acts, now);
}


unsigned account_pause(struct account *a, unsigned i, msec_t now)
{
	a->paused = true;

	return account_stop(a, i, now);
}


unsigned account_kick(struct account *a, unsigned i, msec_t now)
{
	return update(a, reg_kick(&a->regv[i].reg, now), now);
}


unsigned account_reconnect(struct account *a, unsigned i, msec_t now)
{
	return update(a, reg_reconnect(&a->regv[i].reg, now), now);
}


/* --- facts --- */

unsigned account_on_resolved(struct account *a, unsigned i,
			     const struct target_list *list,
			     enum reason reason, msec_t now)
{
	unsigned acts = reg_on_resolved(&a->regv[i].reg, list, reason, now);

	return update(a, acts, now);
}


unsigned account_on_resolve_failed(struct account *a, unsigned i, msec_t now)
{
	unsigned acts = reg_on_resolve_failed(&a->regv[i].reg, now);

	return update(a, acts, now);
}


unsigned account_on_connected(struct account *a, unsigned i, unsigned index,
			      msec_t now)
{
	struct account_reg *ar = &a->regv[i];
	unsigned acts = reg_on_connected(&ar->reg, index, now);

	ar->flow_up = true;
	ar->flow_suspect = ar->inbound = false;
	memset(&ar->mapped, 0, sizeof(ar->mapped));
	tell_flow(a, i, EVENT_FLOW_UP, REASON_OK, now);

	return update(a, acts, now);
}


unsigned account_on_connect_failed(struct account *a, unsigned i,
				   unsigned index, enum reason reason,
				   uint32_t down, msec_t now)
{
	struct reg *r = &a->regv[i].reg;
	const bool news = r->reason != reason;
	unsigned acts = reg_on_connect_failed(r, index, reason, down, now);

	++a->flow_failures;

	/* A knock every second that fails as the last one did is no event. */
	if (news)
		tell_flow(a, i, EVENT_FLOW_DOWN, reason, now);

	return update(a, acts, now);
}


unsigned account_on_edge_down(struct account *a, unsigned i, unsigned index,
			      enum reason reason, uint32_t down, msec_t now)
{
	struct reg *r = &a->regv[i].reg;

	return update(a, reg_on_connect_failed(r, index, reason, down, now),
		      now);
}


unsigned account_on_proven(struct account *a, unsigned i, msec_t now)
{
	return update(a, reg_on_proven(&a->regv[i].reg, now), now);
}


/* The end of a flow, whoever wanted it. */
static void flow_down(struct account *a, unsigned i, enum reason reason,
		      msec_t now)
{
	struct account_reg *ar = &a->regv[i];

	if (!ar->flow_up)
		return;

	ar->flow_up = ar->flow_suspect = ar->inbound = false;
	tell_flow(a, i, EVENT_FLOW_DOWN, reason, now);
}


unsigned account_on_flow_lost(struct account *a, unsigned i,
			      enum reason reason, msec_t now)
{
	unsigned acts = reg_on_flow_lost(&a->regv[i].reg, reason, now);

	++a->flow_failures;
	flow_down(a, i, reason, now);

	return update(a, acts, now);
}


unsigned account_on_flow_closed(struct account *a, unsigned i, msec_t now)
{
	flow_down(a, i, REASON_OK, now);

	return update(a, 0, now);
}


unsigned account_on_suspect(struct account *a, unsigned i, bool suspect,
			    msec_t now)
{
	a->regv[i].flow_suspect = suspect;

	return update(a, 0, now);
}


unsigned account_on_turn(struct account *a, unsigned i, msec_t now)
{
	return update(a, reg_on_turn(&a->regv[i].reg, now), now);
}


unsigned account_on_race_turn(struct account *a, unsigned i, msec_t now)
{
	return update(a, reg_on_race_turn(&a->regv[i].reg, now), now);
}


void account_on_sent(struct account *a, unsigned i, enum challenge_sent sent,
		     unsigned named, msec_t now)
{
	struct reg *r = &a->regv[i].reg;
	struct event e = {
		.type = EVENT_REGISTER_SENT,
		.flow = (uint8_t)(i + 1),
		.value = r->cseq,
	};

	reg_on_sent(r, sent, named, now);
	++a->registers_sent;
	tell(a, e, now);
}


static void note_mapping(struct account *a, unsigned i,
			 const struct addr *mapped, msec_t now)
{
	struct account_reg *ar = &a->regv[i];
	struct event e = {
		.type = EVENT_MAPPING,
		.flow = (uint8_t)(i + 1),
	};

	if (!addr_isset(mapped) || addr_equal(mapped, &ar->mapped))
		return;

	if (addr_isset(&ar->mapped))
		++a->mapping_changes;

	ar->mapped = e.addr = *mapped;
	tell(a, e, now);
}


unsigned account_on_answer(struct account *a, unsigned i,
			   const struct answer *answer,
			   const struct addr *mapped, msec_t now)
{
	struct event e = {
		.type = EVENT_RESPONSE,
		.flow = (uint8_t)(i + 1),
		.code = answer->code,
		.value = answer->bound ? answer->contacts.lease : 0,
	};
	unsigned acts;

	a->code = answer->code;
	a->code_at = now;
	if (answer->code / 100 == 2) {
		++a->responses_2xx;
		a->regv[i].listed = true;
		a->regv[i].own = answer->contacts.owns;
		a->regv[i].ghosts = answer->contacts.ghosts;
		a->regv[i].foreign = answer->contacts.foreign;
	}

	note_mapping(a, i, mapped, now);
	acts = reg_on_answer(&a->regv[i].reg, answer, now);
	e.reason = a->regv[i].reg.reason;
	tell(a, e, now);

	return update(a, acts, now);
}


unsigned account_on_verify(struct account *a, unsigned i, msec_t now)
{
	return update(a, reg_on_verify(&a->regv[i].reg, now), now);
}


unsigned account_on_local_event(struct account *a, unsigned i, msec_t now)
{
	return update(a, reg_on_local_event(&a->regv[i].reg, now), now);
}


void account_on_inbound(struct account *a, unsigned i, uint16_t code,
			bool proof, msec_t now)
{
	struct account_reg *ar = &a->regv[i];
	struct event e = {
		.type = EVENT_INBOUND,
		.flow = (uint8_t)(i + 1),
		.code = code,
	};

	/* Evidence for the binding that brought it, if there is one. */
	++a->inbound_requests;
	ar->inbound |= proof && ar->reg.here;

	if (now >= ar->inbound_from) {
		ar->inbound_from = now + ACCOUNT_INBOUND_EVERY;
		tell(a, e, now);
	}
	(void)update(a, 0, now);
}


void account_on_event(struct account *a, enum event_type type, msec_t now)
{
	const struct event e = {
		.type = type,
		.reason = a->verdict.reason,
	};

	tell(a, e, now);
}


unsigned account_on_timer(struct account *a, unsigned i, msec_t now)
{
	return update(a, reg_on_timer(&a->regv[i].reg, now), now);
}


/* --- questions --- */

static struct verdict verdict_of_reg(const struct account_reg *ar, msec_t now)
{
	const struct verdict_facts facts = {
		.registered = reg_bound(&ar->reg, now),
		.flow_alive = ar->flow_up && ar->reg.here && !ar->flow_suspect,
		.outbound = ar->reg.outbound,
		.contact = ar->reg.contact,
		.mapped = ar->mapped,
		.vouched = ar->reg.policy->vouched,
		.inbound = ar->inbound,
		.outcome = ar->reg.reason,
	};

	return verdict_of(&facts);
}


struct verdict account_verdict(const struct account *a, msec_t now)
{
	struct verdict v = verdict_of_reg(&a->regv[0], now);
	unsigned i;

	for (i = 1; i < a->regc; i++)
		v = verdict_better(v, verdict_of_reg(&a->regv[i], now));

	if (a->paused && !v.registered) {
		v.reason = REASON_PAUSED;
		v.reachable = REACHABLE_NO;
	}

	return v;
}


msec_t account_deadline(const struct account *a)
{
	msec_t at = NEVER;
	unsigned i;

	for (i = 0; i < a->regc; i++) {
		at = clock_min(at, reg_deadline(&a->regv[i].reg));
		if (a->regv[i].bound)
			at = clock_min(at, a->regv[i].reg.lease_end);
	}

	return at;
}


bool account_left(const struct account *a)
{
	unsigned i;

	for (i = 0; i < a->regc; i++)
		if (a->regv[i].reg.state != REG_OFF)
			return false;

	return true;
}


bool account_left_behind(const struct account *a)
{
	unsigned i;

	for (i = 0; i < a->regc; i++)
		if (a->regv[i].reg.left_behind)
			return true;

	return false;
}
