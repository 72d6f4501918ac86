/* An account behind a NAT: where its flows appear, what their silence teaches,
 * which bindings it finds at the registrar, what its probes prove. */

#include <stddef.h>
#include "account_parts.h"


/* --- what silence teaches --- */

void account_note_silence(struct account_reg *ar, const struct flow *f,
			  msec_t now)
{
	const bool dead = f->state == FLOW_DOWN &&
		f->reason == REASON_FLOW_LOST && f->ping_at != NEVER &&
		f->life_at < f->ping_at &&
		now >= f->ping_at + f->policy.pong_timeout;

	if (f->state != FLOW_SUSPECT && !dead)
		return;

	account_serving(ar)->silence = now - clock_min(f->life_at, now);

	/* What has survived as long a silence did not die of this one. */
	ar->death = (struct account_death){
		.idle = f->idle > f->survived ? f->idle : 0,
		.normal = flow_interval_normal(f),
	};
}


void account_explain_death(struct account_reg *ar)
{
	ar->death.idle = 0;
}


/* A registrar that says nothing of where it sees us cannot tell of a changed
 * address either: silence is all there is to go by. */
void account_note_death(struct account_reg *ar, msec_t now)
{
	const struct mapping *m = &ar->flow.mapping;
	const bool unknown = !addr_isset(&m->addr) && !addr_isset(&m->before);

	if (ar->death.idle && !ar->flow.suspect &&
	    (unknown || mapping_same_ip(m)))
		(void)interval_on_death(&ar->interval, ar->death.idle,
					ar->death.normal, now);
	ar->death.idle = 0;
}


msec_t account_interval(const struct account *a, unsigned i, msec_t normal,
			msec_t now)
{
	return interval_at(&a->regv[i].interval, normal, now);
}


/* --- mapping --- */

/* What was proved, was by way of the old address. */
static unsigned forget_proof(struct account_reg *ar, msec_t now)
{
	ar->flow.inbound = false;
	ar->changed = true;

	return probe_on_doubt(&ar->probe, now) & PROBE_CLOSE
		? ACCOUNT_PROBE_CLOSE : 0;
}


static enum mapping_news seen(struct account *a, unsigned i, enum witness w,
			      const struct addr *mapped, unsigned *actsp,
			      msec_t now)
{
	struct account_reg *ar = &a->regv[i];
	const enum mapping_news news = mapping_on_seen(&ar->flow.mapping, w,
						       mapped, now);
	struct event e = {
		.type = EVENT_MAPPING,
		.flow = (uint8_t)(i + 1),
		.addr = ar->flow.mapping.addr,
		.value = news,
	};

	if (news == MAPPING_SAME)
		return news;

	if (news != MAPPING_FIRST) {
		++a->mapping_changes;
		*actsp |= forget_proof(ar, now);
	}

	/* What seemed to be idle deaths was none. */
	if (mapping_flapping(&ar->flow.mapping, now))
		ar->interval = (struct interval){0};

	account_tell(a, e, now);

	return news;
}


unsigned account_note_mapping(struct account *a, unsigned i,
			      const struct addr *mapped, msec_t now)
{
	unsigned acts = 0;

	if (addr_isset(mapped))
		(void)seen(a, i, WITNESS_VIA, mapped, &acts, now);

	return acts;
}


unsigned account_on_seen(struct account *a, unsigned i, enum witness w,
			 const struct addr *mapped, const struct flow *f,
			 msec_t now)
{
	struct account_reg *ar = &a->regv[i];
	unsigned acts = 0;
	const enum mapping_news news = seen(a, i, w, mapped, &acts, now);

	if (mapping_flapping(&ar->flow.mapping, now))
		return account_settle(a, i, acts, now);

	/* The mapping may be gone since the answer before. */
	if (f && (news == MAPPING_PORT_MOVED || news == MAPPING_IP_MOVED))
		ar->flow.silence = f->idle;

	if (news == MAPPING_PORT_MOVED && f)
		(void)interval_on_death(&ar->interval, f->idle,
					flow_interval_normal(f), now);

	/* RFC 5626 §4.4.2: with outbound too, the edge's token is for the old
	 * address. */
	if (news == MAPPING_PORT_MOVED || news == MAPPING_IP_MOVED ||
	    account_rewrites(a, i, NULL, now))
		acts |= reg_on_verify(&ar->reg, now);

	return account_settle(a, i, acts, now);
}


void account_on_address(struct account *a, const struct addr *addr, bool local,
			msec_t now)
{
	struct event e = {
		.type = EVENT_ADDRESS,
		.value = local,
		.reason = a->verdict.reason,
		.addr = *addr,
	};
	unsigned i;

	for (i = 0; i < a->regc; i++)
		account_explain_death(&a->regv[i]);

	account_tell(a, e, now);
}


void account_on_rewritten(struct account *a, unsigned i, msec_t now)
{
	mapping_on_rewritten(&a->regv[i].flow.mapping);
	(void)account_update(a, 0, now);
}


unsigned account_notes(const struct account *a, unsigned i, msec_t now)
{
	const struct account_reg *ar = &a->regv[i];
	unsigned notes = mapping_notes(&ar->flow.mapping, now);

	if (ar->purge.cloned)
		notes |= MAPPING_NOTE_CLONE;
	if (ar->probe.result == PROBE_NOT_LOOPED)
		notes |= MAPPING_NOTE_NO_LOOP;

	return notes;
}


/* --- the Contact and what the registrar lists --- */

static struct addr contact(const struct account *a, unsigned i,
			   const struct addr *local, bool outbound, msec_t now)
{
	const struct account_reg *ar = &a->regv[i];
	const struct contact_facts facts = {
		.policy = a->policy->contact,
		.outbound = outbound,
		.flapping = mapping_flapping(&ar->flow.mapping, now),
		.local = *local,
		.mapped = ar->flow.mapping.addr,
		.offered = ar->flow.offered,
	};

	return contact_choose(&facts);
}


static bool confirmed(const struct account_reg *ar)
{
	return ar->reg.outbound && ar->reg.here;
}


struct addr account_contact(const struct account *a, unsigned i,
			    const struct addr *local, msec_t now)
{
	return contact(a, i, local, confirmed(&a->regv[i]), now);
}


bool account_rewrites(const struct account *a, unsigned i,
		      const struct answer *answer, msec_t now)
{
	const struct account_reg *ar = &a->regv[i];
	const bool outbound = answer && answer_is_good(answer->code)
		? answer->outbound && answer->bound : confirmed(ar);
	struct addr addr;

	if (a->policy->contact == CONTACT_STATIC ||
	    !addr_isset(&ar->flow.offered))
		return false;

	addr = contact(a, i, &ar->flow.mapping.local, outbound, now);

	return !addr_equal(&addr, &ar->flow.offered);
}


void account_on_own(struct account *a, unsigned i, uint64_t key)
{
	purge_on_own(&a->regv[i].purge, key);
}


bool account_on_ghost(struct account *a, unsigned i, uint64_t key, msec_t now)
{
	struct account_reg *ar = &a->regv[i];
	struct event e = {
		.type = EVENT_BINDING,
		.flow = (uint8_t)(i + 1),
		.reason = REASON_BINDING_GHOST_ONLY,
		.value = ar->ghosts,
	};

	if (purge_on_listed(&ar->purge, key))
		account_tell(a, e, now);

	return !ar->purge.cloned;
}


void account_on_ghost_removed(struct account *a, unsigned i, uint64_t key,
			      const struct addr *addr, msec_t now)
{
	struct event e = {
		.type = EVENT_GHOST_REMOVED,
		.flow = (uint8_t)(i + 1),
		.addr = *addr,
	};

	purge_on_removed(&a->regv[i].purge, key);
	account_tell(a, e, now);
}


void account_purge(struct account *a, unsigned i)
{
	purge_reset(&a->regv[i].purge);
	a->regv[i].reg.alone = false;
}


/* Each flow's list is of the same AOR: the latest speaks for all of them, and
 * nothing is counted, or told, twice. */
void account_note_list(struct account *a, unsigned i,
		       const struct contact_list *l, msec_t now)
{
	const struct account_reg *was = &a->regv[i];
	const bool news = !was->listed ? l->ghosts + l->foreign > 0
		: was->ghosts != l->ghosts || was->foreign != l->foreign;
	struct event e = {
		.type = EVENT_BINDING,
		.flow = (uint8_t)(i + 1),
		.value = l->ghosts + l->foreign,
		.code = (uint16_t)(l->ghosts < UINT16_MAX ? l->ghosts
							  : UINT16_MAX),
	};
	unsigned k;

	for (k = 0; k < a->regc; k++) {
		struct account_reg *ar = &a->regv[k];

		ar->listed = true;
		ar->own = l->owns + l->siblings;
		ar->ghosts = l->ghosts;
		ar->foreign = l->foreign;
	}

	if (news)
		account_tell(a, e, now);
}


/* --- the probe --- */

/* Its bits as ours, its outcome as an event. */
static unsigned carry(struct account *a, unsigned i, unsigned acts, msec_t now)
{
	struct account_reg *ar = &a->regv[i];
	struct event e = {
		.type = EVENT_PROBE,
		.flow = (uint8_t)(i + 1),
		.value = ar->probe.result,
		.code = ar->probe.code,
	};
	unsigned bits = 0;

	if (acts & PROBE_CLOSE)
		bits |= ACCOUNT_PROBE_CLOSE;
	if (acts & PROBE_SEND)
		bits |= ACCOUNT_PROBE;
	if (acts & PROBE_SEND_ON_FLOW)
		bits |= ACCOUNT_PROBE_ON_FLOW;
	if (acts & PROBE_VERIFY)
		e.reason = REASON_PROBE_LOST;
	if (acts & (PROBE_TELL | PROBE_VERIFY))
		account_tell(a, e, now);
	if (acts & PROBE_TELL) {

		/* A request of before proves no more; one of after does. */
		if (ar->probe.result == PROBE_LOST)
			ar->flow.inbound = false;
	}
	if (acts & PROBE_VERIFY)
		bits |= reg_on_verify(&ar->reg, now);

	return bits;
}


unsigned account_bound(struct account_reg *ar, unsigned foreign, msec_t now)
{
	const bool changed = ar->changed;
	const unsigned acts = probe_on_bound(&ar->probe, changed, foreign, now);

	ar->changed = false;

	return acts & PROBE_CLOSE ? ACCOUNT_PROBE_CLOSE : 0;
}


/* No binding, or none over a flow that is up: nothing to prove. */
unsigned account_settle_probe(struct account_reg *ar, msec_t now)
{
	unsigned acts;

	if (ar->reg.here && ar->flow.up && reg_bound(&ar->reg, now) &&
	    ar->reg.state != REG_LEAVING)
		return 0;

	/* it is the elder's, which goes on unless a better one is found */
	if (ar->reg.failback)
		return 0;

	acts = probe_on_unbound(&ar->probe);

	return acts & PROBE_CLOSE ? ACCOUNT_PROBE_CLOSE : 0;
}


unsigned account_probe_timer(struct account *a, unsigned i, msec_t now)
{
	return carry(a, i, probe_on_timer(&a->regv[i].probe, now), now);
}


void account_on_probe_sent(struct account *a, unsigned i, bool sent,
			   msec_t now)
{
	reg_on_busy(&a->regv[i].reg, now);
	probe_on_sent(&a->regv[i].probe, sent, now);
}


unsigned account_on_probe_arrived(struct account *a, unsigned i, msec_t now)
{
	struct probe *p = &a->regv[i].probe;
	const unsigned acts = carry(a, i, probe_on_arrived(p, now), now);

	return account_settle(a, i, acts, now);
}


unsigned account_on_probe_elsewhere(struct account *a, unsigned i, msec_t now)
{
	probe_on_elsewhere(&a->regv[i].probe);

	return account_settle(a, i, 0, now);
}


unsigned account_on_probe_answer(struct account *a, unsigned i, uint16_t code,
				 msec_t now)
{
	struct probe *p = &a->regv[i].probe;
	const unsigned acts = carry(a, i, probe_on_answer(p, code, now), now);

	return account_settle(a, i, acts, now);
}


unsigned account_probe(struct account *a, unsigned i, msec_t now)
{
	struct account_reg *ar = &a->regv[i];
	const unsigned back = account_settle_on(a, i, now);
	unsigned acts = account_settle_probe(ar, now);

	acts |= carry(a, i, probe_on_ask(&ar->probe, now), now);

	return back | account_settle(a, i, acts, now);
}
