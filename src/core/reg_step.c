/* The steps of a registration: see reg_step.h. */

#include "reg_step.h"


void reg_set(struct reg *r, enum reg_state state, msec_t deadline)
{
	r->state = state;
	r->deadline = deadline;
	r->race_at = NEVER;
}


/* Before the first outcome the reason says what goes on; then it stays. */
static void progress(struct reg *r, enum reason reason)
{
	switch (r->reason) {

	case REASON_STARTING:
	case REASON_PAUSED:
	case REASON_RESOLVING:
	case REASON_CONNECTING:
		r->reason = reason;
		break;

	case REASON_OK:
	case REASON_DNS_FAILURE:
	case REASON_CONNECT_REFUSED:
	case REASON_CONNECT_TIMEOUT:
	case REASON_TLS_UNTRUSTED:
	case REASON_TLS_NAME:
	case REASON_TLS_FAILURE:
	case REASON_NO_ANSWER:
	case REASON_REJECTED:
	case REASON_CREDENTIALS:
	case REASON_FORBIDDEN:
	case REASON_RETRY_AFTER:
	case REASON_INTERVAL_TOO_BRIEF:
	case REASON_FLOW_LOST:
	case REASON_MAPPING_MOVED:
	case REASON_BINDING_ABSENT:
	case REASON_BINDING_PRIVATE:
	case REASON_BINDING_GHOST_ONLY:
	case REASON_LEASE_EXPIRED:
	case REASON_PROBE_LOST:
	case REASON_UNPROVEN:
	case REASON_NO_RESOURCES:
		break;
	}
}


/* --- waiting --- */

/* One more failure in a row. While a binding is left, the wait never uses up
 * more than half of what its lease has: the last tries must come before. */
void reg_wait(struct reg *r, msec_t base, msec_t max, msec_t now)
{
	msec_t wait;

	++r->failures;
	++r->outcomes;
	if (r->backed)
		base = clock_min(base * REG_BACKED, max);
	wait = backoff_wait(&r->rng, r->failures, base, max);

	if (reg_bound(r, now))
		wait = clock_min(wait, clock_max((r->lease_end - now) / 2,
						 REG_ANSWER_GAP));

	r->retry_after = false;
	reg_set(r, REG_WAIT, now + wait);
}


void reg_forgive(struct reg *r)
{
	challenge_reset(&r->challenge);
	r->denials = 0;
	r->failures = r->unresolved = 0;
}


/* Something may be done at once, but a peer that provokes it again and again
 * must not drive a loop. */
bool reg_at_once(struct reg *r, msec_t now)
{
	if (now < r->at_once_from)
		return false;

	r->at_once_from = now + REG_AT_ONCE_EVERY;
	reg_set(r, REG_WAIT, now + rng_between(&r->rng, 1, REG_AT_ONCE_JITTER));

	return true;
}


msec_t reg_wait_max(enum reason reason)
{
	return reason == REASON_NO_RESOURCES ? REG_WAIT_OWN_MAX : REG_WAIT_MAX;
}


/* The wait need not be that long any more: at once, or when that is allowed
 * again. */
void reg_hurry(struct reg *r, msec_t now)
{
	if (!reg_at_once(r, now))
		r->deadline = clock_min(r->deadline, r->at_once_from);
}


/* A proven flow is replaced at once; one that only connected and took a 200
 * may do so for ever, that is a failure like any other. */
unsigned reg_lost(struct reg *r, enum reason reason, msec_t now)
{
	r->reason = reason;
	r->code = 0;

	if (!r->proven || !reg_at_once(r, now))
		reg_wait(r, REG_BASE_CONNECT, reg_wait_max(reason), now);

	return 0;
}


/* --- the way to a flow --- */

unsigned reg_seek(struct reg *r, msec_t now)
{
	r->flow = r->redirected = r->rival_open = false;
	r->failback_at = NEVER;
	progress(r, REASON_RESOLVING);
	reg_set(r, REG_RESOLVE, now + REG_RESOLVE_MAX);

	return REG_DO_CLOSE | REG_DO_RESOLVE;
}


unsigned reg_connect(struct reg *r, msec_t now)
{
	r->rival_open = false;
	r->target.rival = TARGET_NONE;
	progress(r, REASON_CONNECTING);
	reg_set(r, REG_CONNECT, now + (r->target.parked ? REG_PARK_MAX
						    : REG_TURN_MAX));

	return REG_DO_CONNECT;
}


/* The turn is asked for again when the lease becomes urgent meanwhile. */
unsigned reg_want_turn(struct reg *r, msec_t now)
{
	msec_t deadline = now + REG_TURN_MAX;

	if (r->lease_end > now + REG_REFRESH_LAST)
		deadline = clock_min(deadline,
				     r->lease_end - REG_REFRESH_LAST);

	reg_set(r, REG_TURN, deadline);

	return REG_DO_ASK;
}


void reg_new_round(struct reg *r)
{
	r->answer_sends = 0;
	r->adjusted = 0;
	r->retry_after = r->challenged = r->fetching = false;
}


/* Is the flow worth to be kept beside the way to another one? On UDP its first
 * answer tells that the registrar is back, a stream that swallowed a REGISTER
 * is nothing to wait for. */
static bool worth_keeping(const struct reg *r, msec_t now)
{
	if (!r->flow || !r->here)
		return false;

	return !target_stream(&r->target) || (reg_bound(r, now) && !r->silent);
}


unsigned reg_begin_round(struct reg *r, msec_t now)
{
	reg_new_round(r);

	if (r->flow && !r->silent && !r->suspect)
		return reg_want_turn(r, now);

	/* One that does not answer: another socket, another mapping, fresh
	 * DNS. */
	return worth_keeping(r, now) ? reg_set_aside(r, now)
				     : reg_seek(r, now);
}


/* One more send that only an answer causes; false: there were enough. */
bool reg_answer_send(struct reg *r)
{
	if (r->answer_sends >= REG_ANSWER_SENDS)
		return false;

	++r->answer_sends;

	return true;
}


/* The flow that a binding points to is kept through a wait, unless there are
 * other edges to try and no lease is left. Any other would be idle for so long
 * without a ping, and the next try better asks DNS (RFC 5626 §4.2.1). */
unsigned reg_keep_or_close(struct reg *r, msec_t now)
{
	if (r->here && (r->target.list.count < 2 || reg_bound(r, now)))
		return 0;

	r->flow = false;

	return REG_DO_CLOSE;
}
