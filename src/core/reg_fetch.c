/* The question what the registrar holds: a REGISTER without Contact (RFC 3261
 * §10.2.3), between two that mean something. */

#include "reg_step.h"


bool reg_may_fetch(const struct reg *r)
{
	return r->flow && r->here && !r->leaving &&
		(r->state == REG_BOUND || r->state == REG_TURN ||
		 r->state == REG_SENT);
}


unsigned reg_fetch_now(struct reg *r, msec_t now)
{
	if (!r->fetch || r->state != REG_BOUND)
		return 0;

	reg_new_round(r);
	r->fetch = false;
	r->fetching = true;

	return reg_want_turn(r, now);
}


unsigned reg_fetch(struct reg *r, msec_t now)
{
	if (!reg_may_fetch(r) || r->fetching)
		return 0;

	r->fetch = true;

	return reg_fetch_now(r, now);
}


bool reg_looks(const struct reg *r, msec_t now)
{
	return now >= r->look_at && reg_may_fetch(r) && !r->silent &&
		!r->suspect && r->lease_end >= now + REG_LOOK_LEASE / 4 &&
		SECONDS(r->granted) >= REG_LOOK_LEASE &&
		(r->outbound || r->match == CONTACT_BY_INSTANCE);
}


unsigned reg_look(struct reg *r, msec_t now)
{
	r->look_at = now + REG_LOOK_EVERY;

	return reg_fetch(r, now);
}


/* The binding goes on as if nothing had been asked, if it is there. Silence is
 * no reason to wait longer with the refresh. */
unsigned reg_fetched(struct reg *r, const struct answer *a, msec_t now)
{
	if (answer_is_challenge(a->code) && a->challenge == CHALLENGE_ANSWER &&
	    reg_answer_send(r)) {
		r->challenged = true;
		return reg_want_turn(r, now);
	}

	r->fetching = r->fetch = false;
	r->fetch_code = a->code;

	/* another machine may have made them, and then does so again */
	if (answer_is_good(a->code) && !a->bound && a->removable)
		r->look_at = 0;
	if (!a->code || (answer_is_good(a->code) && !a->bound))
		return reg_begin_round(r, now);

	reg_set(r, REG_BOUND, clock_max(r->refresh_at, now + REG_ANSWER_GAP));

	return 0;
}
