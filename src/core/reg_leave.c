/* How a registration ends: un-REGISTER over whatever flow there is, and then
 * nothing of it is left, or is said to be (RFC 3261 §10.2.2). */

#include "reg_step.h"


unsigned reg_left(struct reg *r, msec_t now)
{
	const bool again = r->again;

	r->flow = r->leaving = r->again = false;
	r->elder = r->failback = r->fetch = r->fetching = false;
	r->failback_at = NEVER;
	reg_end_doubt(r);
	r->lease_end = 0;
	r->reason = REASON_STARTING;     /* of nothing, should it start again */
	reg_set(r, REG_OFF, NEVER);

	if (again)
		return REG_DO_ABANDON | reg_start(r, now);

	return REG_DO_ABANDON | REG_DO_CLOSE | REG_DO_LEFT;
}


/* The deadline of the whole leaving stays the one set first. */
static unsigned leave(struct reg *r, msec_t now)
{
	unsigned acts = 0;

	if (r->elder && !r->flow)
		acts = reg_take_back(r);

	r->left_behind = reg_bound(r, now);
	if (!r->flow || !r->policy->unregister || !r->left_behind)
		return reg_left(r, now);

	reg_set(r, REG_LEAVING, r->deadline);
	r->elder = r->failback = r->fetch = r->fetching = false;
	reg_end_doubt(r);
	++r->cseq;

	return acts | REG_DO_LEAVE;
}


unsigned reg_stop(struct reg *r, msec_t now)
{
	r->again = false;

	switch ((enum reg_state)r->state) {

	case REG_OFF:
		return REG_DO_LEFT;

	case REG_LEAVING:
		return 0;

	case REG_SENT:
		/* RFC 3261 §10.2: not while another one is outstanding */
		r->leaving = r->left_behind = true;
		r->deadline = clock_min(r->deadline, now + REG_LEAVE_MAX);
		return r->policy->unregister ? 0 : reg_left(r, now);

	case REG_WAIT:
	case REG_RESOLVE:
	case REG_CONNECT:
	case REG_TURN:
	case REG_BOUND:
	case REG_HELD:
		break;
	}

	r->answer_sends = 0;
	r->deadline = now + REG_LEAVE_MAX;

	return leave(r, now);
}


unsigned reg_left_answer(struct reg *r, const struct answer *a, msec_t now)
{
	const enum answer_class class = answer_class(a, false);

	r->code = a->code;
	if (class == ANSWER_CHALLENGE && a->challenge == CHALLENGE_ANSWER &&
	    reg_answer_send(r)) {
		r->challenged = true;
		++r->cseq;
		return REG_DO_LEAVE;
	}

	if (class == ANSWER_GOOD)
		r->left_behind = false;

	return reg_left(r, now);
}


/* It was told to stop meanwhile. Only a binding still matters. */
unsigned reg_stopped_answer(struct reg *r, const struct answer *a,
			    msec_t now)
{
	const msec_t deadline = r->deadline;
	const bool again = r->again;
	unsigned acts = 0;

	if (!r->fetching) {
		r->again = false;
		acts = reg_conclude(r, a, now) & (REG_DO_HOLD | REG_DO_RENEW);
		r->again = again;
	}
	r->leaving = false;
	r->deadline = deadline;

	return acts | leave(r, now);
}
