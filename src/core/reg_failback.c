/* Back to a better edge: a flow that had to go to one of lower preference is
 * left again when a better one answers (RFC 2782, RFC 3263 §4.3: the order is
 * the operator's wish). Make before break, as in reg_replace.c, but the elder
 * is well and serves all the while: whatever goes wrong, it is as if nothing
 * had been tried.
 *
 * Both tries that fail and better edges that do not last make the next try come
 * later. */

#include "reg_step.h"


void reg_on_busy(struct reg *r, msec_t now)
{
	r->busy_until = now + REG_FAILBACK_QUIET;
}


static msec_t next_wait(const struct reg *r, msec_t now)
{
	if (r->failback_last == NEVER ||
	    now >= r->failback_last + REG_FAILBACK_CALM)
		return REG_FAILBACK_FIRST;

	return clock_min(2 * r->failback_wait, REG_FAILBACK_MAX);
}


void reg_failback_arm(struct reg *r, msec_t now)
{
	if (!r->better || r->redirected || r->failback_at != NEVER)
		return;

	r->failback_wait = next_wait(r, now);
	r->failback_at = now + rng_percent(&r->rng, r->failback_wait, 50, 100);
}


void reg_on_taken(struct reg *r, uint32_t taken, msec_t now)
{
	target_set_taken(&r->target, taken);

	/* of an elder that was taken back the list is not known */
	if (r->state != REG_BOUND || r->elder || r->target.list.count < 2)
		return;

	r->better = target_has_better(&r->target);
	reg_failback_arm(r, now);
}


/* Is the binding sure to outlive the try? Where refreshes are frequent that is
 * the case after one only. */
static bool has_time(const struct reg *r, msec_t now)
{
	msec_t need = clock_min(REG_FAILBACK_TIME, SECONDS(r->granted) / 4);

	if (!target_stream(&r->target) && r->policy->verify)
		need = clock_min(need, r->policy->verify / 4);

	return clock_min(r->refresh_at, r->lease_end) >= now + need;
}


static bool may_leave(const struct reg *r)
{
	return r->state == REG_BOUND && r->flow && r->here && r->proven &&
		!r->suspect && !r->doubted && !r->elder && !r->redirected &&
		!r->fetch && !r->leaving;
}


unsigned reg_failback_due(struct reg *r, msec_t now)
{
	r->failback_at = NEVER;
	if (!r->better || !r->flow)
		return 0;

	if (!may_leave(r) || now < r->busy_until) {
		r->failback_at = now + REG_FAILBACK_QUIET;
		return 0;
	}

	if (!has_time(r, now)) {
		r->failback_at = clock_max(r->refresh_at, now) +
			REG_ANSWER_GAP;
		return 0;
	}

	r->failback = true;
	r->failback_asked = false;
	r->failback_last = now;
	r->failback_until = clock_min(now + REG_FAILBACK_TIME, r->refresh_at);
	reg_new_round(r);

	return reg_set_aside(r, now);
}


unsigned reg_failback_end(struct reg *r, msec_t now)
{
	const bool limited = r->failback && r->state == REG_CONNECT;

	if (r->failback)
		target_any(&r->target);
	r->failback = false;

	return limited ? reg_seek(r, now) : 0;
}


/* Once a REGISTER is sent its own time counts. */
msec_t reg_failback_deadline(const struct reg *r)
{
	if (!r->failback)
		return r->failback_at;

	return r->state == REG_RESOLVE || r->state == REG_CONNECT ||
		(r->state == REG_TURN && !r->here) ? r->failback_until : NEVER;
}


/* Only how the registration stands decides, whatever led to it. */
static bool has_failed(const struct reg *r, msec_t now)
{
	switch ((enum reg_state)r->state) {

	case REG_WAIT:
	case REG_HELD:
		return true;

	case REG_CONNECT:
		return r->target.parked || now >= r->failback_until;

	case REG_RESOLVE:
		return now >= r->failback_until;

	case REG_TURN:
		return !r->here && now >= r->failback_until;

	case REG_OFF:
	case REG_SENT:
	case REG_BOUND:
	case REG_LEAVING:
		break;
	}

	return false;
}


unsigned reg_failback_give_up(struct reg *r, msec_t now)
{
	const bool asked = r->failback_asked;
	unsigned acts;

	if (!r->failback || !r->elder)
		return 0;

	/* refusals over there say nothing about the credentials here */
	if (r->state == REG_HELD)
		challenge_retry(&r->challenge);

	acts = reg_go_on_with_elder(r, now);
	reg_new_round(r);
	r->failures = r->unresolved = 0;

	/* it may have taken the place of the elder's binding */
	return asked && r->state == REG_BOUND ? acts | reg_want_turn(r, now)
					      : acts;
}


unsigned reg_failback_settle(struct reg *r, unsigned acts, msec_t now)
{
	if (!r->failback || !r->elder || !has_failed(r, now))
		return acts;

	return (acts & (REG_DO_HOLD | REG_DO_RENEW)) |
		reg_failback_give_up(r, now);
}
