/* The way of a registration to a flow: the addresses of its name, and which of
 * them connects. Where the next one is found says target.c. */

#include "reg_step.h"


/* Nothing is better than an address that the name does not lead to any more: a
 * flow outlives what DNS says. */
static uint8_t present_rank(const struct target_list *list)
{
	return list->present < list->count ? list->rankv[list->present] : 0;
}


unsigned reg_on_resolved(struct reg *r, const struct target_list *list,
			 enum reason reason, msec_t now)
{
	if (r->state != REG_RESOLVE)
		return 0;

	if (!list->count)
		return reg_on_resolve_failed(r, now);

	/* An outage of DNS says nothing about what comes after it. */
	r->failures -= r->unresolved;
	r->unresolved = 0;

	r->resolved_at = now;
	target_on_resolved(&r->target, list, &r->rng);
	if (r->failback)
		target_only_better(&r->target, present_rank(list), &r->rng);

	if (r->target.parked && !r->failback) {
		r->reason = reason;
		++r->outcomes;
	}

	return reg_settle(r, reg_connect(r, now), now);
}


static unsigned resolve_failed(struct reg *r, msec_t now)
{
	r->reason = REASON_DNS_FAILURE;
	r->code = 0;

	/* The registrar sends us there again and again, and each time we ask
	 * it first. */
	if (r->redirected) {
		reg_wait(r, REG_BASE_REJECTED, REG_WAIT_MAX, now);
		return 0;
	}

	++r->unresolved;
	reg_wait(r, REG_BASE_CONNECT, REG_WAIT_DNS_MAX, now);

	return 0;
}


unsigned reg_on_resolve_failed(struct reg *r, msec_t now)
{
	if (r->state != REG_RESOLVE)
		return 0;

	return reg_settle(r, resolve_failed(r, now), now);
}


unsigned reg_on_connected(struct reg *r, unsigned index, msec_t now)
{
	if (r->state != REG_CONNECT)
		return 0;

	target_on_connected(&r->target, index);
	r->better = target_has_better(&r->target);
	r->rival_open = false;
	r->flow = true;
	r->here = r->alone = false;
	r->proven = r->answered = r->silent = r->challenged = false;
	r->suspect = false;
	r->answer_sends = 0;

	return reg_want_turn(r, now);
}


unsigned reg_ask_again(struct reg *r, msec_t now)
{
	reg_new_round(r);

	return reg_seek(r, now);
}


/* One of two that are under way: is the other one left? */
static bool goes_on(const struct reg *r, unsigned index)
{
	return r->rival_open && (index == r->target.index ||
				 index == r->target.rival);
}


static unsigned connect_failed(struct reg *r, unsigned index,
			       enum reason reason, uint32_t down, msec_t now)
{
	const bool other = goes_on(r, index);

	r->reason = reason;
	r->code = 0;

	/* a rival that never had its turn */
	if (index == r->target.rival || other) {
		target_on_failed(&r->target, index, &r->rng);
		r->rival_open = false;
		return 0;
	}

	r->target.rival = TARGET_NONE;
	target_on_failed(&r->target, index, &r->rng);

	/* Parked where nobody knocks (a certificate that we do not trust, for
	 * one, is no outage of the edge) would be a fast loop: wait instead. */
	down |= r->target.list.down;
	if (r->target.parked && !(down & (UINT32_C(1) << r->target.index))) {
		reg_wait(r, REG_BASE_CONNECT, reg_wait_max(reason), now);
		return 0;
	}

	if (!r->target.parked)
		return reg_connect(r, now);

	/* Who knocks himself gets a new deadline each time: the registrar may
	 * have moved to another address meanwhile. */
	++r->outcomes;

	return now < r->resolved_at + REG_PARK_MAX ? reg_connect(r, now)
						   : reg_ask_again(r, now);
}


unsigned reg_on_connect_failed(struct reg *r, unsigned index,
			       enum reason reason, uint32_t down, msec_t now)
{
	if (r->state != REG_CONNECT)
		return 0;

	return reg_settle(r, connect_failed(r, index, reason, down, now), now);
}


unsigned reg_on_race_turn(struct reg *r, msec_t now)
{
	(void)now;

	if (!reg_wants_race(r))
		return 0;

	r->rival_open = true;

	return REG_DO_OPEN_RIVAL;
}
