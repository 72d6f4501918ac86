/* One registration: see reg.h. Orders, facts and questions; the steps that they
 * lead to are in reg_step.c, the way to a flow is in reg_connect.c, what answers
 * lead to in reg_answer.c, the successor of a flow in reg_replace.c, the end in
 * reg_leave.c. */

#include <string.h>
#include "reg_step.h"


void reg_init(struct reg *r, const struct reg_policy *p, uint64_t seed)
{
	memset(r, 0, sizeof(*r));

	r->policy = p;
	rng_seed(&r->rng, seed);
	challenge_init(&r->challenge, p->min_digest);
	target_init(&r->target);
	r->state = REG_OFF;
	r->reason = REASON_STARTING;
	r->expires = p->expires;
	r->answer_at = NEVER;
	r->resolved_at = NEVER;
	r->sent_at = NEVER;
	r->deadline = r->race_at = r->replace_at = NEVER;
	r->failback_at = r->failback_last = r->seen_at = NEVER;
	r->look_at = NEVER;
}


void reg_restore(struct reg *r, uint32_t cseq, bool outbound, bool worked)
{
	r->cseq = cseq;
	r->outbound = outbound;
	r->restored = true;
	r->challenge.worked = worked;
}


void reg_restore_wait(struct reg *r, msec_t until, msec_t now)
{
	r->wait_until = clock_min(until, now + REG_RETRY_AFTER_MAX);
}


/* --- orders --- */

/* Once: who stops it and starts it again has ended the wait. */
static bool waits_on(struct reg *r, msec_t now)
{
	const msec_t until = r->wait_until;

	r->wait_until = 0;
	if (until <= now)
		return false;

	reg_new_round(r);
	r->reason = REASON_RETRY_AFTER;
	r->retry_after = true;
	reg_set(r, REG_WAIT, until);

	return true;
}


unsigned reg_start(struct reg *r, msec_t now)
{
	if (r->state == REG_LEAVING || r->leaving) {
		r->again = true;
		return 0;
	}

	if (r->state != REG_OFF)
		return 0;

	r->reason = REASON_STARTING;
	reg_forgive(r);

	return waits_on(r, now) ? 0 : reg_begin_round(r, now);
}


unsigned reg_kick(struct reg *r, msec_t now)
{
	reg_forgive(r);

	/* a try of a better edge is not what was asked for */
	if (r->failback && r->elder && r->state != REG_SENT)
		return reg_go_on_with_elder(r, now) | reg_want_turn(r, now);

	switch ((enum reg_state)r->state) {

	case REG_SENT:
		r->again = true;
		return 0;

	case REG_WAIT:
	case REG_BOUND:
	case REG_HELD:
		return reg_begin_round(r, now);

	case REG_OFF:
	case REG_RESOLVE:
	case REG_CONNECT:
	case REG_TURN:
	case REG_LEAVING:
		break;
	}

	return 0;
}


/* The way to a flow that is under way is one to a new flow. */
unsigned reg_reconnect(struct reg *r, msec_t now)
{
	if (r->state == REG_OFF || r->state == REG_LEAVING || r->leaving)
		return 0;

	reg_forgive(r);
	r->outcomes += r->again; /* who asked for that one is told, too */
	r->again = false;

	if (!r->failback &&
	    (r->state == REG_RESOLVE || r->state == REG_CONNECT))
		return 0;

	reg_new_round(r);
	r->elder = r->failback = r->fetch = false;
	reg_end_doubt(r);

	return REG_DO_ABANDON | reg_seek(r, now);
}


/* --- facts --- */

unsigned reg_on_proven(struct reg *r, msec_t now)
{
	(void)now;

	r->proven = true;
	r->failures = r->unresolved = 0;

	return 0;
}


/* A flow that breaks before it is proven counts as a connect that failed, and
 * the next address is tried (RFC 3263 §4.3): UDP has no connect, so a port that
 * refuses shows here, and there are edges that answer 200 and reset. */
static unsigned lost_unproven(struct reg *r, enum reason reason, msec_t now)
{
	if (r->proven || !target_has_other(&r->target))
		return reg_lost(r, reason, now);

	r->reason = reason;
	target_on_failed(&r->target, r->target.index, &r->rng);

	return reg_connect(r, now);
}


static unsigned flow_lost(struct reg *r, enum reason reason, msec_t now)
{
	r->flow = false;

	switch ((enum reg_state)r->state) {

	case REG_LEAVING:
		return reg_left(r, now);

	case REG_SENT:
		if (r->leaving)
			return reg_left(r, now);
		r->outcomes += r->again;
		r->again = false;
		return REG_DO_ABANDON | lost_unproven(r, reason, now);

	case REG_TURN:
	case REG_BOUND:
		return lost_unproven(r, reason, now);

	case REG_WAIT:
		/* a refresh had failed, and now calls cannot come either */
		if (r->here && reg_bound(r, now) && !r->retry_after)
			return reg_lost(r, reason, now);
		break;

	case REG_OFF:
	case REG_RESOLVE:
	case REG_CONNECT:
	case REG_HELD:
		break;
	}

	return 0;
}


unsigned reg_on_flow_lost(struct reg *r, enum reason reason, msec_t now)
{
	return r->flow ? reg_settle(r, flow_lost(r, reason, now), now) : 0;
}


unsigned reg_on_turn(struct reg *r, msec_t now)
{
	if (r->state == REG_CONNECT) {
		r->deadline = now + REG_OPEN_MAX;
		if (target_stream(&r->target) && target_may_race(&r->target))
			r->race_at = now + REG_RACE_DELAY;
		return REG_DO_OPEN;
	}

	if (r->state != REG_TURN)
		return 0;

	reg_set(r, REG_SENT, now + REG_TIMER_F);
	++r->cseq;

	return r->fetching ? REG_DO_FETCH : REG_DO_SEND;
}


/* How long to wait for the answer to the REGISTER that was sent. Nothing else
 * shows whether a new UDP flow leads anywhere. */
static msec_t patience(const struct reg *r)
{
	if (r->failback)
		return REG_ABANDON;
	if (target_stream(&r->target) || r->answered ||
	    !target_has_other(&r->target))
		return REG_TIMER_F;

	return target_may_race(&r->target) ? REG_ABANDON_RACE : REG_ABANDON;
}


void reg_on_sent(struct reg *r, enum challenge_sent sent, unsigned named,
		 msec_t now)
{
	challenge_on_sent(&r->challenge, sent);
	r->challenged = false;
	r->named = (uint8_t)named;
	r->sent_at = now;
	r->failback_asked = r->failback;

	if (r->state == REG_SENT && !r->leaving)
		r->deadline = now + patience(r);
}


unsigned reg_on_answer(struct reg *r, const struct answer *a, msec_t now)
{
	unsigned acts;

	if (r->state == REG_LEAVING)
		return reg_left_answer(r, a, now);

	if (r->state != REG_SENT)
		return 0;

	r->answered = true;
	r->silent = r->failback_asked = false;
	r->answer_at = now;

	if (r->leaving)
		return reg_settle(r, reg_stopped_answer(r, a, now), now);

	if (r->fetching) {
		acts = reg_fetched(r, a, now);
	}
	else {
		r->code = a->code;
		acts = reg_conclude(r, a, now);
	}

	return reg_settle(r, reg_once_more(r, acts, now), now);
}


unsigned reg_on_verify(struct reg *r, msec_t now)
{
	if (r->state == REG_BOUND) {

		if (now >= r->answer_at + REG_ANSWER_GAP)
			return reg_begin_round(r, now);

		r->deadline = clock_min(r->deadline,
					r->answer_at + REG_ANSWER_GAP);
		return 0;
	}

	if (r->fetching)
		r->refresh_at = now;     /* after that */

	/* A sign of life from an edge that had not answered. */
	if (r->state == REG_WAIT && r->silent && !r->retry_after) {
		r->silent = false;
		reg_hurry(r, now);
	}

	return 0;
}


/* That a flow was lost just now, and its successor as well, is no reason to
 * wait: an address goes a moment before the next one comes, and an edge that
 * restarts refuses before it listens again. So each kind of news has a limit
 * `from` of its own, which news do not use up for a try that is about to be
 * made anyway: that an address has gone is none for which there is another. */
static void hurry_for_news(struct reg *r, msec_t *from, msec_t now)
{
	if (r->deadline <= now + REG_AT_ONCE_JITTER)
		return;

	if (now >= *from) {
		*from = now + REG_AT_ONCE_EVERY;
		r->at_once_from = now;
	}
	reg_hurry(r, now);
}


unsigned reg_on_edge_back(struct reg *r, msec_t now)
{
	if (r->state == REG_WAIT && !r->code && !r->retry_after)
		hurry_for_news(r, &r->back_from, now);

	return 0;
}


unsigned reg_on_local_event(struct reg *r, msec_t now)
{
	if (r->state == REG_WAIT && !r->retry_after)
		hurry_for_news(r, &r->local_from, now);

	return 0;
}


static unsigned silence(struct reg *r, msec_t now)
{
	static const struct answer none;

	if (r->leaving)
		return reg_left(r, now);

	return r->fetching ? REG_DO_ABANDON | reg_fetched(r, &none, now)
			   : reg_no_answer(r, now);
}


static unsigned deadline_passed(struct reg *r, msec_t now)
{
	if (r->race_at <= now) {
		r->race_at = NEVER;
		if (r->deadline > now && target_race(&r->target))
			return REG_DO_RACE;
	}

	if (r->deadline > now)
		return 0;

	switch ((enum reg_state)r->state) {

	case REG_OFF:
		r->deadline = NEVER;
		return 0;

	case REG_HELD:
		challenge_retry(&r->challenge);
		return reg_begin_round(r, now);

	case REG_BOUND:
		if (reg_looks(r, now))
			return reg_look(r, now);
		return reg_begin_round(r, now);

	case REG_WAIT:
		return reg_begin_round(r, now);

	case REG_RESOLVE:
		return reg_on_resolve_failed(r, now);

	case REG_CONNECT:
		r->outcomes += r->target.parked;
		return r->target.parked ? reg_ask_again(r, now)
					: reg_seek(r, now);

	case REG_TURN:
		return reg_want_turn(r, now);

	case REG_SENT:
		return silence(r, now);

	case REG_LEAVING:
		return reg_left(r, now);
	}

	return 0;
}


unsigned reg_on_timer(struct reg *r, msec_t now)
{
	unsigned acts = 0;

	if (r->replace_at <= now) {
		r->replace_at = NEVER;
		if (r->doubted)
			acts = REG_DO_REPLACE;
	}

	acts |= deadline_passed(r, now);
	if (r->failback_at <= now)
		acts |= reg_failback_due(r, now);

	return reg_settle(r, acts, now);
}


/* --- questions --- */

bool reg_bound(const struct reg *r, msec_t now)
{
	return r->lease_end > now;
}


bool reg_runs(const struct reg *r)
{
	return r->state != REG_OFF && r->state != REG_LEAVING && !r->leaving;
}


bool reg_parked(const struct reg *r)
{
	return r->state == REG_CONNECT && r->target.parked;
}


bool reg_wants_connect(const struct reg *r)
{
	return r->state == REG_CONNECT;
}


bool reg_wants_race(const struct reg *r)
{
	return r->state == REG_CONNECT && r->target.rival != TARGET_NONE &&
		!r->rival_open;
}


bool reg_wants_turn(const struct reg *r)
{
	return r->state == REG_TURN;
}


bool reg_wants_replace(const struct reg *r)
{
	return r->doubted;
}


bool reg_names_old(const struct reg *r, bool same)
{
	return !r->alone && (r->token || !same);
}


bool reg_leaves_old(const struct reg *r, bool same)
{
	return !r->outbound && (r->token || !same);
}


enum challenge_sent reg_credentials(const struct reg *r, bool known,
				    msec_t now)
{
	if (!known)
		return CHALLENGE_SENT_NONE;

	if (r->challenged)
		return CHALLENGE_SENT_FRESH;

	if (!challenge_may_reuse(&r->challenge, now) ||
	    (!r->answered && r->policy->learns))
		return CHALLENGE_SENT_NONE;

	return CHALLENGE_SENT_REUSED;
}


enum pace_class reg_class(const struct reg *r, msec_t now)
{
	if (r->answer_sends)
		return PACE_URGENT;
	if (r->failback)         /* nobody misses it */
		return PACE_NEW;

	if (reg_bound(r, now) && r->lease_end - now <= REG_REFRESH_LAST)
		return PACE_URGENT;

	return r->lease_end || r->seen_at != NEVER ? PACE_RETURN : PACE_NEW;
}


msec_t reg_deadline(const struct reg *r)
{
	const msec_t at = clock_min(r->deadline, clock_min(r->race_at,
							   r->replace_at));

	return clock_min(at, reg_failback_deadline(r));
}


const char *reg_next(const struct reg *r, msec_t *atp)
{
	*atp = NEVER;

	switch ((enum reg_state)r->state) {

	case REG_OFF:     return "none";
	case REG_RESOLVE: return "resolve";
	case REG_CONNECT: return r->target.parked ? "knock" : "connect";
	case REG_TURN:
	case REG_SENT:    return "register";
	case REG_LEAVING: return "unregister";
	case REG_WAIT:    *atp = r->deadline; return "retry";
	case REG_BOUND:   *atp = r->deadline; return "refresh";
	case REG_HELD:    *atp = r->deadline; return "held";
	}

	return "none";
}
