/* One account: see account.h, which is also the tour of the whole. */

#include <string.h>
#include "account_parts.h"


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
	a->seen_at = NEVER;
	a->unreachable_from = NEVER;
	a->eventh = eventh;
	a->arg = arg;
	journal_init(&a->journal, eventv, eventc);

	for (i = 0; i < a->regc; i++) {
		memset(&regv[i], 0, sizeof(regv[i]));
		reg_init(&regv[i].reg, &p->reg, seed + i);
		mapping_init(&regv[i].flow.mapping);
		probe_init(&regv[i].probe, &p->probe, seed - i);
	}

	a->verdict = account_verdict(a, now);
}


/* --- what an earlier run left --- */

void account_restore(struct account *a, unsigned i, uint32_t cseq,
		     bool outbound, bool worked)
{
	reg_restore(&a->regv[i].reg, cseq, outbound, worked);
}


void account_restore_wait(struct account *a, unsigned i, msec_t until,
			  msec_t now)
{
	reg_restore_wait(&a->regv[i].reg, until, now);
}


void account_restore_event(struct account *a, const struct event *e)
{
	journal_restore(&a->journal, e);
}


void account_restore_seen(struct account *a, msec_t at)
{
	unsigned i;

	a->seen_at = at;
	for (i = 0; i < a->regc; i++)
		a->regv[i].reg.seen_at = at;
}


/* --- orders --- */

void account_set_policy(struct account *a, const struct account_policy *p)
{
	unsigned i;

	a->policy = p;
	for (i = 0; i < a->regc; i++) {
		a->regv[i].reg.policy = &p->reg;
		a->regv[i].probe.policy = &p->probe;
	}
}


/* See ACCOUNT_FLOWS_MAX. */
static bool is_wanted(const struct account *a, unsigned i)
{
	unsigned k;

	if (!i || a->regv[0].reg.outbound)
		return a->started;

	for (k = 1; k < a->regc; k++)
		if (a->regv[k].reg.outbound && reg_runs(&a->regv[k].reg))
			return a->started;

	return false;
}


/* It is to begin, or to end, on the next timer. */
static bool is_due(const struct account *a, unsigned i)
{
	const struct reg *r = &a->regv[i].reg;

	return i && a->started &&
		(is_wanted(a, i) ? r->state == REG_OFF : reg_runs(r));
}


unsigned account_start(struct account *a, unsigned i, msec_t now)
{
	unsigned acts = 0;

	a->started = true;
	a->paused = false;
	if (is_wanted(a, i))
		acts = reg_start(&a->regv[i].reg, now);

	return account_settle(a, i, acts, now);
}


unsigned account_stop(struct account *a, unsigned i, msec_t now)
{
	unsigned acts = reg_stop(&a->regv[i].reg, now);

	a->started = false;

	return account_settle(a, i, acts, now);
}


unsigned account_pause(struct account *a, unsigned i, msec_t now)
{
	a->paused = true;

	return account_stop(a, i, now);
}


unsigned account_kick(struct account *a, unsigned i, msec_t now)
{
	return account_settle(a, i, reg_kick(&a->regv[i].reg, now), now);
}


unsigned account_settle_on(struct account *a, unsigned i, msec_t now)
{
	return account_settle(a, i,
			      reg_failback_give_up(&a->regv[i].reg, now), now);
}


unsigned account_reconnect(struct account *a, unsigned i, msec_t now)
{
	return account_settle(a, i, reg_reconnect(&a->regv[i].reg, now), now);
}


/* --- facts --- */

unsigned account_on_resolved(struct account *a, unsigned i,
			     const struct target_list *list,
			     enum reason reason, msec_t now)
{
	unsigned acts = reg_on_resolved(&a->regv[i].reg, list, reason, now);

	return account_settle(a, i, acts, now);
}


unsigned account_on_resolve_failed(struct account *a, unsigned i, msec_t now)
{
	unsigned acts = reg_on_resolve_failed(&a->regv[i].reg, now);

	return account_settle(a, i, acts, now);
}


void account_on_taken(struct account *a, unsigned i, uint32_t taken,
		      msec_t now)
{
	reg_on_taken(&a->regv[i].reg, taken, now);
}


unsigned account_on_connected(struct account *a, unsigned i, unsigned index,
			      const struct addr *local,
			      const struct addr *edge, msec_t now)
{
	struct account_reg *ar = &a->regv[i];
	unsigned acts = reg_on_connected(&ar->reg, index, now);

	ar->changed = true;
	ar->flow.up = true;
	ar->flow.suspect = ar->flow.inbound = false;
	ar->flow.silence = 0;
	memset(&ar->flow.offered, 0, sizeof(ar->flow.offered));
	mapping_on_flow(&ar->flow.mapping, local, edge);
	ar->probe.stream = target_stream(&ar->reg.target);
	ar->flow.mapping.stream = ar->probe.stream;
	account_tell_flow(a, i, EVENT_FLOW_UP, REASON_OK, 0, now);

	return account_settle(a, i, acts, now);
}


unsigned account_on_connect_failed(struct account *a, unsigned i,
				   unsigned index, enum reason reason,
				   uint32_t down, msec_t now)
{
	struct reg *r = &a->regv[i].reg;
	const bool news = r->reason != reason;
	unsigned acts = reg_on_connect_failed(r, index, reason, down, now);

	account_failed(a, reason);
	account_explain_death(&a->regv[i]);

	/* A knock every second that fails as the last one did is no event. */
	if (news)
		account_tell_flow(a, i, EVENT_FLOW_DOWN, reason, 0, now);

	return account_settle(a, i, acts, now);
}


unsigned account_on_edge_down(struct account *a, unsigned i, unsigned index,
			      enum reason reason, uint32_t down, msec_t now)
{
	struct reg *r = &a->regv[i].reg;

	return account_settle(a, i, reg_on_connect_failed(r, index, reason,
							  down, now), now);
}


unsigned account_on_proven(struct account *a, unsigned i, msec_t now)
{
	return account_settle(a, i, reg_on_proven(&a->regv[i].reg, now), now);
}


/* The end of a flow, whoever wanted it. */
static void flow_down(struct account *a, unsigned i, enum reason reason,
		      msec_t now)
{
	struct account_flow *flow = &a->regv[i].flow;

	if (!flow->up)
		return;

	flow->up = flow->suspect = flow->inbound = false;
	account_tell_flow(a, i, EVENT_FLOW_DOWN, reason,
			  account_silence(flow), now);
}


unsigned account_on_flow_lost(struct account *a, unsigned i,
			      const struct flow *f, enum reason reason,
			      msec_t now)
{
	unsigned acts;

	if (f)
		account_note_silence(&a->regv[i], f, now);

	/* before what comes next, in the order of the journal */
	account_failed(a, reason);
	flow_down(a, i, reason, now);
	acts = reg_on_flow_lost(&a->regv[i].reg, reason, now);

	return account_settle(a, i, acts, now);
}


unsigned account_on_flow_closed(struct account *a, unsigned i, msec_t now)
{
	flow_down(a, i, REASON_OK, now);

	return account_settle(a, i, 0, now);
}


unsigned account_on_suspect(struct account *a, unsigned i,
			    const struct flow *f, msec_t now)
{
	struct account_reg *ar = &a->regv[i];
	const bool suspect = f->state == FLOW_SUSPECT;

	ar->flow.suspect = suspect;
	if (suspect) {
		account_note_silence(ar, f, now);
	}
	else {
		ar->flow.silence = 0;
		account_explain_death(ar);
	}

	return account_settle(a, i, reg_on_suspect(&ar->reg, suspect, now),
			      now);
}


unsigned account_on_moved(struct account *a, unsigned i, msec_t now)
{
	account_explain_death(&a->regv[i]);

	return account_settle(a, i, reg_on_moved(&a->regv[i].reg, now), now);
}


unsigned account_on_replace_turn(struct account *a, unsigned i, msec_t now)
{
	return account_settle(a, i, reg_on_replace_turn(&a->regv[i].reg, now),
			      now);
}


unsigned account_on_elder_suspect(struct account *a, unsigned i,
				  const struct flow *f, msec_t now)
{
	struct account_reg *ar = &a->regv[i];

	if (!ar->reg.elder)
		return 0;

	ar->elder.suspect = true;
	if (ar->reg.failback)
		account_note_silence(ar, f, now);

	return account_settle(a, i, reg_on_elder_suspect(&ar->reg, now), now);
}


unsigned account_on_elder_alive(struct account *a, unsigned i, msec_t now)
{
	struct account_reg *ar = &a->regv[i];

	ar->elder.suspect = false;
	ar->elder.silence = 0;
	account_explain_death(ar);

	return account_settle(a, i, reg_on_elder_alive(&ar->reg, now), now);
}


unsigned account_on_elder_lost(struct account *a, unsigned i,
			       enum reason reason, msec_t now)
{
	struct account_reg *ar = &a->regv[i];

	account_failed(a, reason);
	account_tell_flow(a, i, EVENT_FLOW_DOWN, reason,
			  account_silence(&ar->elder), now);

	return account_settle(a, i, reg_on_elder_lost(&ar->reg, now), now);
}


unsigned account_on_turn(struct account *a, unsigned i, msec_t now)
{
	return account_settle(a, i, reg_on_turn(&a->regv[i].reg, now), now);
}


unsigned account_on_race_turn(struct account *a, unsigned i, msec_t now)
{
	return account_settle(a, i, reg_on_race_turn(&a->regv[i].reg, now),
			      now);
}


void account_on_sent(struct account *a, unsigned i, enum challenge_sent sent,
		     unsigned named, const struct addr *offered, msec_t now)
{
	struct account_reg *ar = &a->regv[i];
	struct reg *r = &ar->reg;
	struct event e = {
		.type = EVENT_REGISTER_SENT,
		.flow = (uint8_t)(i + 1),
		.value = r->cseq,
	};

	if (!r->fetching && !addr_equal(&ar->flow.offered, offered)) {
		ar->flow.offered = *offered;
		ar->changed = true;
	}
	reg_on_sent(r, sent, named, now);
	++a->registers_sent;
	account_tell(a, e, now);
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
	struct account_reg *ar = &a->regv[i];
	struct answer facts = *answer;
	unsigned acts;

	a->code = answer->code;
	a->code_at = now;
	acts = account_note_mapping(a, i, mapped, now);
	facts.rewrite = account_rewrites(a, i, answer, now);

	if (answer_is_good(answer->code)) {
		++a->responses_2xx;
		account_note_death(ar, now);
	}

	acts |= reg_on_answer(&ar->reg, &facts, now);
	e.reason = ar->reg.reason;
	account_tell(a, e, now);

	if (answer_is_good(answer->code)) {
		ar->flow.silence = 0;
		account_note_list(a, i, &answer->contacts, now);
		if (answer->bound)
			acts |= account_bound(ar, answer->contacts.foreign,
					      now);
	}

	return account_settle(a, i, acts, now);
}


unsigned account_on_verify(struct account *a, unsigned i, msec_t now)
{
	return account_settle(a, i, reg_on_verify(&a->regv[i].reg, now), now);
}


unsigned account_on_edge_back(struct account *a, unsigned i, msec_t now)
{
	return account_settle(a, i, reg_on_edge_back(&a->regv[i].reg, now),
			      now);
}


unsigned account_on_local_event(struct account *a, unsigned i, msec_t now)
{
	account_explain_death(&a->regv[i]);

	return account_settle(a, i, reg_on_local_event(&a->regv[i].reg, now),
			      now);
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

	reg_on_busy(&ar->reg, now);

	/* Evidence for the binding that brought it, if there is one. */
	++a->inbound_requests;
	if (proof && (ar->reg.here || ar->reg.failback))
		account_serving(ar)->inbound = true;

	if (now >= ar->inbound_from) {
		ar->inbound_from = now + ACCOUNT_INBOUND_EVERY;
		account_tell(a, e, now);
	}
	(void)account_update(a, 0, now);
}


void account_on_event(struct account *a, enum event_type type, msec_t now)
{
	const struct event e = {
		.type = type,
		.reason = a->verdict.reason,
	};

	account_tell(a, e, now);
}


unsigned account_on_timer(struct account *a, unsigned i, msec_t now)
{
	struct account_reg *ar = &a->regv[i];
	unsigned acts;

	if (!is_due(a, i))
		acts = reg_on_timer(&ar->reg, now);
	else if (is_wanted(a, i))
		acts = reg_start(&ar->reg, now);
	else
		acts = reg_stop(&ar->reg, now);

	mapping_on_timer(&ar->flow.mapping, now);

	/* over a flow that goes now nothing is proved any more */
	acts |= account_settle_probe(ar, now);
	if (!(acts & (REG_DO_CLOSE | REG_DO_ASIDE)) && !ar->reg.failback)
		acts |= account_probe_timer(a, i, now);

	return account_settle(a, i, acts, now);
}


unsigned account_fetch(struct account *a, unsigned i, msec_t now)
{
	return account_settle(a, i, reg_fetch(&a->regv[i].reg, now), now);
}


/* --- questions --- */

msec_t account_deadline(const struct account *a)
{
	msec_t at = NEVER;
	unsigned i;

	for (i = 0; i < a->regc; i++) {
		if (is_due(a, i))
			return 0;
		at = clock_min(at, reg_deadline(&a->regv[i].reg));
		if (!a->regv[i].reg.failback)
			at = clock_min(at, probe_deadline(&a->regv[i].probe));
		if (a->regv[i].flow.up)
			at = clock_min(at, mapping_deadline(
					       &a->regv[i].flow.mapping));
		if (a->regv[i].bound)
			at = clock_min(at, a->regv[i].reg.lease_end);
	}

	return at;
}


msec_t account_seen(const struct account *a, msec_t now)
{
	return a->verdict.reachable == REACHABLE_YES ? now : a->seen_at;
}


msec_t account_unreachable(const struct account *a, msec_t now)
{
	const msec_t from = a->unreachable_from;

	return a->unreachable + (from < now ? now - from : 0);
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
