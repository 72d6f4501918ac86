/* Make before break: a flow that is doubted is replaced beside itself.
 *
 *   doubt -> turn -> aside: the flow is the elder, the way to a new one begins
 *
 * It ends in one of three ways: the new flow's REGISTER is accepted and the
 * elder retires; the elder answers before that REGISTER was sent, or the new
 * one fails, and the elder is taken back; or the elder breaks, and the way to
 * the new flow simply goes on. */

#include "reg_step.h"


/* Is there a binding over this flow that is worth it, and may we REGISTER? */
static bool replaceable(const struct reg *r, msec_t now)
{
	if (!r->flow || !r->here || r->leaving || !reg_bound(r, now))
		return false;

	switch ((enum reg_state)r->state) {

	case REG_BOUND:
	case REG_TURN:
	case REG_SENT:
		return true;

	case REG_WAIT:
		return !r->retry_after;

	case REG_OFF:
	case REG_RESOLVE:
	case REG_CONNECT:
	case REG_HELD:
	case REG_LEAVING:
		break;
	}

	return false;
}


/* A proven flow has answered a keepalive, and then not the next one: that takes
 * an interval each time. One that never was must not drive a loop, it waits as
 * anything else that is done at once; nor must a restless network, which is
 * followed more and more slowly. */
static msec_t replaced_from(const struct reg *r)
{
	if (r->moved)
		return r->move_from;

	return r->proven ? 0 : r->at_once_from;
}


static void note_replaced(struct reg *r, msec_t now)
{
	if (!r->moved) {
		if (!r->proven)
			r->at_once_from = now + REG_AT_ONCE_EVERY;
		return;
	}

	if (now >= r->move_from + REG_MOVE_CALM)
		r->move_gap = 0;

	r->move_gap = r->move_gap ? clock_min(2 * r->move_gap,
					      REG_AT_ONCE_EVERY)
				  : REG_MOVE_GAP;
	r->move_from = now + r->move_gap;
}


static unsigned doubt(struct reg *r, msec_t now)
{
	if (r->doubted || !replaceable(r, now))
		return 0;

	r->doubted = true;
	if (now >= replaced_from(r))
		return REG_DO_REPLACE;

	r->replace_at = replaced_from(r);

	return 0;
}


void reg_end_doubt(struct reg *r)
{
	r->doubted = r->moved = false;
	r->replace_at = NEVER;
}


/* Its address is none of the list that was told meanwhile. */
static void take_target_back(struct reg *r)
{
	target_init(&r->target);
	r->target.list.count = 1;
	r->target.list.stream = r->elder_stream;
	r->redirected = r->elder_redirected;
}


unsigned reg_take_back(struct reg *r)
{
	r->elder = r->failback = false;
	take_target_back(r);
	r->better = r->elder_better;
	r->flow = r->here = r->answered = true;
	r->proven = r->elder_proven;
	r->silent = r->rival_open = r->challenged = false;

	return REG_DO_ABANDON | REG_DO_CLOSE | REG_DO_TAKE_BACK;
}


unsigned reg_go_on_with_elder(struct reg *r, msec_t now)
{
	const msec_t at = clock_max(r->refresh_at,
				    r->answer_at + REG_ANSWER_GAP);
	const unsigned acts = reg_take_back(r);

	/* nothing of what its successor met with counts */
	r->suspect = false;
	r->reason = REASON_OK;
	if (!reg_bound(r, now) || at <= now)
		return acts | reg_want_turn(r, now);

	reg_set(r, REG_BOUND, at);
	reg_failback_arm(r, now);

	return acts;
}


unsigned reg_on_suspect(struct reg *r, bool suspect, msec_t now)
{
	r->suspect = suspect;
	if (suspect)
		return doubt(r, now);

	if (!r->moved)
		reg_end_doubt(r);

	return 0;
}


/* There is nothing to be kept of a flow that has no binding yet. */
static unsigned begin_anew(struct reg *r, msec_t now)
{
	if (!r->flow || r->here || r->leaving ||
	    (r->state != REG_TURN && r->state != REG_SENT) ||
	    !reg_at_once(r, now))
		return 0;

	r->flow = false;
	r->outcomes += r->again;
	r->again = false;

	return REG_DO_ABANDON | REG_DO_CLOSE;
}


unsigned reg_on_moved(struct reg *r, msec_t now)
{
	if (r->elder) {
		r->moved |= r->failback;
		return reg_failback_end(r, now);
	}
	if (!replaceable(r, now))
		return begin_anew(r, now);

	r->moved = true;

	return doubt(r, now);
}


unsigned reg_set_aside(struct reg *r, msec_t now)
{
	r->doubted = false;
	r->replace_at = NEVER;
	r->elder = true;
	r->elder_suspect = r->suspect;
	r->elder_proven = r->proven;
	r->elder_better = r->better;
	r->elder_stream = target_stream(&r->target);
	r->elder_redirected = r->redirected;

	return REG_DO_ASIDE | (reg_seek(r, now) & ~REG_DO_CLOSE);
}


/* A REGISTER in flight on it is given up: late answers are ignored, CSeq goes
 * on. Who asked for another one gets this one. */
unsigned reg_on_replace_turn(struct reg *r, msec_t now)
{
	unsigned acts;

	if (!r->doubted || !replaceable(r, now)) {
		reg_end_doubt(r);
		return 0;
	}

	acts = r->state == REG_SENT ? REG_DO_ABANDON : 0;
	r->outcomes += r->again;
	r->again = false;
	note_replaced(r, now);
	reg_new_round(r);

	return acts | reg_set_aside(r, now);
}


unsigned reg_on_elder_suspect(struct reg *r, msec_t now)
{
	r->elder_suspect = true;

	return r->elder ? reg_failback_end(r, now) : 0;
}


/* Once its successor's REGISTER was sent the registrar may have dropped it. */
unsigned reg_on_elder_alive(struct reg *r, msec_t now)
{
	r->elder_suspect = false;
	if (!r->elder || r->moved)
		return 0;

	switch ((enum reg_state)r->state) {

	case REG_RESOLVE:
	case REG_CONNECT:
	case REG_TURN:
		return reg_go_on_with_elder(r, now);

	case REG_OFF:
	case REG_WAIT:
	case REG_SENT:
	case REG_BOUND:
	case REG_HELD:
	case REG_LEAVING:
		break;
	}

	return 0;
}


unsigned reg_on_elder_lost(struct reg *r, msec_t now)
{
	if (!r->elder)
		return 0;

	r->elder = false;
	if (r->reason == REASON_OK)
		r->reason = REASON_FLOW_LOST;

	return reg_failback_end(r, now);
}


/* On UDP the elder is as silent as its successor was: the first sign of life
 * ends the wait, and without one the next try is over another socket. It is
 * kept for that even when its lease is over: nothing else would tell before the
 * next try that the registrar is back. */
static unsigned fall_back(struct reg *r)
{
	const unsigned acts = reg_take_back(r);

	r->moved = false;
	r->suspect = r->elder_suspect;
	r->silent = r->suspect && !r->elder_stream;

	return acts;
}


static unsigned become_of_elder(struct reg *r, unsigned acts, msec_t now)
{
	if (!r->elder)
		return acts;

	switch ((enum reg_state)r->state) {

	case REG_WAIT:
		if (!reg_bound(r, now) && r->elder_stream)
			break;
		return acts | fall_back(r);

	case REG_HELD:
		if (!reg_bound(r, now))
			break;
		return acts | fall_back(r);

	case REG_BOUND:
		break;

	case REG_TURN:
	case REG_SENT:
		if (r->here)     /* and one more REGISTER follows */
			break;
		return acts;

	case REG_RESOLVE:
	case REG_CONNECT:
		return acts;

	case REG_OFF:
	case REG_LEAVING:
		r->elder = r->failback = false;
		return acts;
	}

	if (r->failback)         /* should it not last */
		target_any(&r->target);
	r->elder = r->moved = r->failback = false;

	return acts | REG_DO_RETIRE;
}


unsigned reg_settle(struct reg *r, unsigned acts, msec_t now)
{
	if (!r->flow)
		r->fetch = r->fetching = false;
	if (!r->flow && !r->elder)
		reg_end_doubt(r);

	acts = reg_failback_settle(r, acts, now);
	acts = become_of_elder(r, acts, now);

	return acts | reg_fetch_now(r, now);
}
