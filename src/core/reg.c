/* One registration: see reg.h. The order of this file: small helpers, the way
 * to a flow, sending, what an answer leads to, stop, facts, questions. */

#include <string.h>
#include "reg.h"


enum {
	ADJUSTED_EXPIRES = 1 << 0,
	ADJUSTED_PLAIN   = 1 << 1,
};


void reg_init(struct reg *r, const struct reg_policy *p, uint64_t seed)
{
	memset(r, 0, sizeof(*r));

	r->policy = p;
	rng_seed(&r->rng, seed);
	challenge_init(&r->challenge, p->min_digest);
	r->state = REG_OFF;
	r->reason = REASON_STARTING;
	r->expires = p->expires;
	r->answer_at = NEVER;
	r->resolved_at = NEVER;
	r->sent_at = NEVER;
	r->deadline = NEVER;
}


static void set(struct reg *r, enum reg_state state, msec_t deadline)
{
	r->state = state;
	r->deadline = deadline;
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
		break;
	}
}


/* --- waiting --- */

/* One more failure in a row. While a binding is left, the wait never uses up
 * more than half of what its lease has: the last tries must come before. */
static void wait_after_failure(struct reg *r, msec_t base, msec_t now)
{
	msec_t wait;

	++r->failures;
	++r->outcomes;
	wait = backoff_wait(&r->rng, r->failures, base, REG_WAIT_MAX);

	if (reg_bound(r, now))
		wait = clock_min(wait, clock_max((r->lease_end - now) / 2,
						 REG_ANSWER_GAP));

	r->retry_after = false;
	set(r, REG_WAIT, now + wait);
}


/* Something may be done at once, but a peer that provokes it again and again
 * must not drive a loop. */
static bool at_once(struct reg *r, msec_t now)
{
	if (now < r->at_once_from)
		return false;

	r->at_once_from = now + REG_AT_ONCE_EVERY;
	set(r, REG_WAIT, now + rng_between(&r->rng, 1, REG_AT_ONCE_JITTER));

	return true;
}


/* The wait need not be that long any more: at once, or when that is allowed
 * again. */
static void hurry(struct reg *r, msec_t now)
{
	if (!at_once(r, now))
		r->deadline = clock_min(r->deadline, r->at_once_from);
}


/* A proven flow is replaced at once; one that only connected and took a 200
 * may do so for ever, that is a failure like any other. */
static unsigned lost(struct reg *r, enum reason reason, msec_t now)
{
	r->reason = reason;

	if (!r->proven || !at_once(r, now))
		wait_after_failure(r, REG_BASE_CONNECT, now);

	return 0;
}


/* 5, 10, 20, 40, 60, 60 ... minutes. */
static msec_t held_for(struct reg *r)
{
	msec_t wait = REG_HELD_FIRST;
	unsigned i;

	for (i = 0; i < r->denials && wait < REG_HELD_MAX; i++)
		wait *= 2;

	if (r->denials < UINT8_MAX)
		++r->denials;

	return clock_min(wait, REG_HELD_MAX);
}


/* --- the way to a flow --- */

static unsigned seek(struct reg *r, msec_t now)
{
	r->flow = false;
	progress(r, REASON_RESOLVING);
	set(r, REG_RESOLVE, now + REG_RESOLVE_MAX);

	return REG_DO_CLOSE | REG_DO_RESOLVE;
}


static unsigned connect_target(struct reg *r, msec_t now)
{
	progress(r, REASON_CONNECTING);
	set(r, REG_CONNECT, now + (r->target.parked ? REG_PARK_MAX
						    : REG_TURN_MAX));

	return REG_DO_CONNECT;
}


/* The turn is asked for again when the lease becomes urgent meanwhile. */
static unsigned want_turn(struct reg *r, msec_t now)
{
	msec_t deadline = now + REG_TURN_MAX;

	if (r->lease_end > now + REG_REFRESH_LAST)
		deadline = clock_min(deadline,
				     r->lease_end - REG_REFRESH_LAST);

	set(r, REG_TURN, deadline);

	return REG_DO_ASK;
}


/* A round of our own accord: what answers had used up is theirs again. */
static unsigned begin_round(struct reg *r, msec_t now)
{
	r->answer_sends = 0;
	r->adjusted = 0;
	r->retry_after = r->challenged = false;

	/* A silent UDP edge: another socket, another mapping, fresh DNS. */
	return r->flow && !r->silent ? want_turn(r, now) : seek(r, now);
}


/* One more send that only an answer causes; false: there were enough. */
static bool answer_send(struct reg *r)
{
	if (r->answer_sends >= REG_ANSWER_SENDS)
		return false;

	++r->answer_sends;

	return true;
}


/* --- what an answer leads to --- */

/* The flow that a binding points to is kept through a wait, unless there are
 * other edges to try and no lease is left. Any other would be idle for so long
 * without a ping, and the next try better asks DNS (RFC 5626 §4.2.1). */
static unsigned keep_or_close(struct reg *r, msec_t now)
{
	if (r->here && (r->target.count < 2 || reg_bound(r, now)))
		return 0;

	r->flow = false;

	return REG_DO_CLOSE;
}


static unsigned fail(struct reg *r, enum reason reason, msec_t now)
{
	r->reason = reason;
	wait_after_failure(r, REG_BASE_REJECTED, now);

	return keep_or_close(r, now);
}


static msec_t refresh_at(struct reg *r, msec_t now)
{
	const msec_t lease = r->lease_end - r->sent_at;
	msec_t at;

	if (lease > REG_REFRESH_LONG)
		at = r->lease_end - rng_percent(&r->rng, REG_REFRESH_EARLY,
						95, 105);
	else
		at = r->sent_at + rng_percent(&r->rng, lease, 45, 55);

	/* RFC 5627 §4.2: a whole Timer F before the end, if there is room */
	if (lease > 2 * REG_REFRESH_LAST)
		at = clock_min(at, r->lease_end - REG_REFRESH_LAST);

	if (!r->policy->stream && r->policy->verify)
		at = clock_min(at, now + rng_percent(&r->rng,
						     r->policy->verify,
						     REG_VERIFY_EARLIEST,
						     100));

	return clock_max(at, now + REG_ANSWER_GAP);
}


static unsigned absent(struct reg *r, msec_t now)
{
	r->lease_end = 0;
	r->here = false;
	r->match = CONTACT_NO_MATCH;
	r->reason = REASON_BINDING_ABSENT;

	if (!r->absent_tried && answer_send(r)) {
		r->absent_tried = true;
		return want_turn(r, now);
	}

	return fail(r, REASON_BINDING_ABSENT, now);
}


static unsigned good(struct reg *r, const struct answer *a, msec_t now)
{
	challenge_on_accepted(&r->challenge);
	r->outbound = a->outbound;
	r->denials = 0;

	/* A flow is proven once, but may live and see failures for years. */
	if (r->proven)
		r->failures = 0;

	if (!a->bound)
		return absent(r, now);

	r->absent_tried = false;
	r->here = true;
	r->reason = REASON_OK;
	r->match = a->contacts.match;
	r->token = a->contacts.token;
	r->contact = a->contacts.own;
	r->granted = a->contacts.lease;
	r->lease_end = r->sent_at + SECONDS(a->contacts.lease);
	++r->outcomes;
	set(r, REG_BOUND, refresh_at(r, now));

	return 0;
}


/* Until the operator, or for long if the credentials had worked before: then
 * it may be the provider's outage. A flow that serves nothing is let go. */
static unsigned hold(struct reg *r, enum reason reason, msec_t now)
{
	const bool for_ever = reason == REASON_CREDENTIALS &&
		!r->challenge.worked;

	r->reason = reason;
	++r->outcomes;
	set(r, REG_HELD, for_ever ? NEVER : now + held_for(r));

	if (r->here && reg_bound(r, now))
		return 0;

	r->flow = false;

	return REG_DO_CLOSE;
}


static unsigned challenged(struct reg *r, const struct answer *a, msec_t now)
{
	switch (a->challenge) {

	case CHALLENGE_ANSWER:
		r->challenged = true;
		if (answer_send(r))
			return want_turn(r, now);
		break;

	case CHALLENGE_REFUSED:
		return hold(r, REASON_CREDENTIALS, now);

	case CHALLENGE_UNUSABLE:
	case CHALLENGE_WEAK:
	case CHALLENGE_REALM:
	case CHALLENGE_STALE_LOOP:
		break;
	}

	return fail(r, REASON_REJECTED, now);
}


/* 423: ask for longer; 420 and 439: without extensions. Once each a round. */
static unsigned adjust(struct reg *r, const struct answer *a, msec_t now)
{
	const bool brief = a->code == 423;
	const uint8_t bit = brief ? ADJUSTED_EXPIRES : ADJUSTED_PLAIN;
	const bool usable = brief ? a->min_expires > r->expires &&
				    a->min_expires <= REG_EXPIRES_MAX
				  : !r->plain;

	if (!usable || r->adjusted & bit || !answer_send(r))
		return fail(r, answer_reason(a), now);

	r->adjusted |= bit;
	if (brief)
		r->expires = a->min_expires;
	else
		r->plain = true;

	return want_turn(r, now);
}


static msec_t asked_wait(struct reg *r, const struct answer *a)
{
	const msec_t asked = clock_min(SECONDS(a->retry_after),
				       REG_RETRY_AFTER_MAX);

	return rng_percent(&r->rng, asked, 100, 120);
}


static msec_t retry_after(struct reg *r, const struct answer *a)
{
	msec_t wait = asked_wait(r, a);

	/* "1 s" again and again is no reason to send every second. */
	if (++r->failures > REG_PATIENCE)
		wait = clock_max(wait, backoff_wait(&r->rng,
						    r->failures - REG_PATIENCE,
						    REG_BASE_CONNECT,
						    REG_WAIT_MAX));
	return wait;
}


static unsigned after(struct reg *r, const struct answer *a, msec_t now)
{
	const msec_t until = now + retry_after(r, a);

	r->reason = REASON_RETRY_AFTER;
	r->retry_after = true;
	++r->outcomes;
	set(r, REG_WAIT, until);

	if (a->code != 503)
		return keep_or_close(r, now);

	r->hold_until = until;   /* RFC 3261 §21.5.4: the server, not us */

	return REG_DO_HOLD | keep_or_close(r, now);
}


static unsigned elsewhere(struct reg *r, const struct answer *a, msec_t now)
{
	unsigned acts = REG_DO_CLOSE;

	if (a->code == 503 && a->retry_after) {
		r->hold_until = now + asked_wait(r, a);
		acts |= REG_DO_HOLD;
	}

	r->reason = answer_reason(a);
	r->flow = false;
	r->answer_sends = 0;     /* there is a connect between */
	target_on_failed(&r->target, &r->rng);

	return acts | connect_target(r, now);
}


static unsigned conclude(struct reg *r, const struct answer *a, msec_t now)
{
	switch (answer_class(a, target_has_other(&r->target))) {

	case ANSWER_GOOD:      return good(r, a, now);
	case ANSWER_CHALLENGE: return challenged(r, a, now);
	case ANSWER_ADJUST:    return adjust(r, a, now);
	case ANSWER_AFTER:     return after(r, a, now);
	case ANSWER_DENIED:    return hold(r, REASON_FORBIDDEN, now);
	case ANSWER_ELSEWHERE: return elsewhere(r, a, now);
	case ANSWER_AGAIN:     break;
	}

	return fail(r, answer_reason(a), now);
}


/* Somebody asked for another one while this one was in flight. */
static unsigned once_more(struct reg *r, unsigned acts, msec_t now)
{
	if (!r->again || r->state == REG_TURN || r->state == REG_CONNECT)
		return acts;

	r->again = false;

	return acts | begin_round(r, now);
}


/* Timer F, or the 4 s after which another edge is tried. A stream that says
 * nothing for so long cannot be trusted; a UDP flow is kept for its pings, the
 * first sign of life ends the wait. */
static unsigned no_answer(struct reg *r, msec_t now)
{
	static const struct answer none;
	const bool others = target_has_other(&r->target);
	unsigned acts = REG_DO_ABANDON;

	if (r->policy->stream && r->proven && !others)
		acts |= lost(r, REASON_NO_ANSWER, now);
	else
		acts |= conclude(r, &none, now);

	if (r->policy->stream && !others) {
		r->flow = false;
		acts |= REG_DO_CLOSE;
	}
	r->silent = !others;

	return once_more(r, acts, now);
}


/* --- stop --- */

static unsigned left(struct reg *r, msec_t now)
{
	const bool again = r->again;

	r->flow = r->leaving = r->again = false;
	r->lease_end = 0;
	r->reason = REASON_STARTING;     /* of nothing, should it start again */
	set(r, REG_OFF, NEVER);

	if (again)
		return REG_DO_ABANDON | reg_start(r, now);

	return REG_DO_ABANDON | REG_DO_CLOSE | REG_DO_LEFT;
}


/* The deadline of the whole leaving stays the one set first. */
static unsigned leave(struct reg *r, msec_t now)
{
	r->left_behind = reg_bound(r, now);
	if (!r->flow || !r->policy->unregister || !r->left_behind)
		return left(r, now);

	r->state = REG_LEAVING;
	++r->cseq;

	return REG_DO_LEAVE;
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
		return r->policy->unregister ? 0 : left(r, now);

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


static unsigned on_left_answer(struct reg *r, const struct answer *a,
			       msec_t now)
{
	const enum answer_class class = answer_class(a, false);

	r->code = a->code;
	if (class == ANSWER_CHALLENGE && a->challenge == CHALLENGE_ANSWER &&
	    answer_send(r)) {
		r->challenged = true;
		++r->cseq;
		return REG_DO_LEAVE;
	}

	if (class == ANSWER_GOOD)
		r->left_behind = false;

	return left(r, now);
}


/* --- orders --- */

unsigned reg_start(struct reg *r, msec_t now)
{
	if (r->state == REG_LEAVING || r->leaving) {
		r->again = true;
		return 0;
	}

	if (r->state != REG_OFF)
		return 0;

	r->reason = REASON_STARTING;
	r->failures = r->denials = 0;
	challenge_reset(&r->challenge);

	return begin_round(r, now);
}


unsigned reg_kick(struct reg *r, msec_t now)
{
	challenge_reset(&r->challenge);
	r->denials = 0;
	r->failures = 0;

	switch ((enum reg_state)r->state) {

	case REG_SENT:
		r->again = true;
		return 0;

	case REG_WAIT:
	case REG_BOUND:
	case REG_HELD:
		return begin_round(r, now);

	case REG_OFF:
	case REG_RESOLVE:
	case REG_CONNECT:
	case REG_TURN:
	case REG_LEAVING:
		break;
	}

	return 0;
}


/* --- facts --- */

unsigned reg_on_resolved(struct reg *r, unsigned count, uint32_t down,
			 msec_t now)
{
	if (r->state != REG_RESOLVE)
		return 0;

	if (!count)
		return reg_on_resolve_failed(r, now);

	r->resolved_at = now;
	target_on_resolved(&r->target, count, down, &r->rng);

	return connect_target(r, now);
}


unsigned reg_on_resolve_failed(struct reg *r, msec_t now)
{
	if (r->state != REG_RESOLVE)
		return 0;

	r->reason = REASON_DNS_FAILURE;
	wait_after_failure(r, REG_BASE_CONNECT, now);

	return 0;
}


unsigned reg_on_connected(struct reg *r, msec_t now)
{
	if (r->state != REG_CONNECT)
		return 0;

	r->flow = true;
	r->here = false;
	r->proven = r->answered = r->silent = r->challenged = false;
	r->answer_sends = 0;

	return want_turn(r, now);
}


unsigned reg_on_connect_failed(struct reg *r, enum reason reason,
			       uint32_t down, msec_t now)
{
	if (r->state != REG_CONNECT)
		return 0;

	r->reason = reason;
	target_on_failed(&r->target, &r->rng);

	/* Parked where nobody knocks (a certificate that we do not trust, for
	 * one, is no outage of the edge) would be a fast loop: wait instead. */
	if (r->target.parked && !(down & (UINT32_C(1) << r->target.index))) {
		wait_after_failure(r, REG_BASE_CONNECT, now);
		return 0;
	}

	if (!r->target.parked)
		return connect_target(r, now);

	/* Who knocks himself gets a new deadline each time: the registrar may
	 * have moved to another address meanwhile. */
	++r->outcomes;

	return now < r->resolved_at + REG_PARK_MAX ? connect_target(r, now)
						   : seek(r, now);
}


unsigned reg_on_proven(struct reg *r, msec_t now)
{
	(void)now;

	r->proven = true;
	r->failures = 0;

	return 0;
}


/* UDP has no connect: a port that refuses shows here, and then the next
 * address is tried as after a connect (RFC 3263 §4.3). */
static unsigned lost_unanswered(struct reg *r, enum reason reason, msec_t now)
{
	if (r->answered || !target_has_other(&r->target))
		return lost(r, reason, now);

	r->reason = reason;
	target_on_failed(&r->target, &r->rng);

	return connect_target(r, now);
}


unsigned reg_on_flow_lost(struct reg *r, enum reason reason, msec_t now)
{
	if (!r->flow)
		return 0;

	r->flow = false;

	switch ((enum reg_state)r->state) {

	case REG_LEAVING:
		return left(r, now);

	case REG_SENT:
		if (r->leaving)
			return left(r, now);
		r->outcomes += r->again;
		r->again = false;
		return REG_DO_ABANDON | lost_unanswered(r, reason, now);

	case REG_TURN:
	case REG_BOUND:
		return lost(r, reason, now);

	case REG_WAIT:
		/* a refresh had failed, and now calls cannot come either */
		if (r->here && reg_bound(r, now) && !r->retry_after)
			return lost(r, reason, now);
		break;

	case REG_OFF:
	case REG_RESOLVE:
	case REG_CONNECT:
	case REG_HELD:
		break;
	}

	return 0;
}


unsigned reg_on_turn(struct reg *r, msec_t now)
{
	if (r->state == REG_CONNECT) {
		r->deadline = now + REG_OPEN_MAX;
		return REG_DO_OPEN;
	}

	if (r->state != REG_TURN)
		return 0;

	set(r, REG_SENT, now + REG_TIMER_F);
	++r->cseq;

	return REG_DO_SEND;
}


void reg_on_sent(struct reg *r, enum challenge_sent sent, msec_t now)
{
	challenge_on_sent(&r->challenge, sent);
	r->challenged = false;
	r->sent_at = now;

	if (r->state != REG_SENT || r->leaving)
		return;

	r->deadline = now + (!r->policy->stream && !r->answered &&
			     target_has_other(&r->target) ? REG_ABANDON
							  : REG_TIMER_F);
}


unsigned reg_on_answer(struct reg *r, const struct answer *a, msec_t now)
{
	const msec_t deadline = r->deadline;
	const bool again = r->again;
	unsigned acts;

	if (r->state == REG_LEAVING)
		return on_left_answer(r, a, now);

	if (r->state != REG_SENT)
		return 0;

	r->answered = true;
	r->silent = false;
	r->answer_at = now;
	r->code = a->code;

	if (!r->leaving)
		return once_more(r, conclude(r, a, now), now);

	/* It was told to stop meanwhile. Only a binding still matters. */
	r->again = false;
	acts = conclude(r, a, now) & REG_DO_HOLD;
	r->again = again;
	r->leaving = false;
	r->deadline = deadline;

	return acts | leave(r, now);
}


unsigned reg_on_verify(struct reg *r, msec_t now)
{
	if (r->state == REG_BOUND) {

		if (now >= r->answer_at + REG_ANSWER_GAP)
			return begin_round(r, now);

		r->deadline = clock_min(r->deadline,
					r->answer_at + REG_ANSWER_GAP);
		return 0;
	}

	/* A sign of life from an edge that had not answered. */
	if (r->state == REG_WAIT && r->silent) {
		r->silent = false;
		hurry(r, now);
	}

	return 0;
}


unsigned reg_on_local_event(struct reg *r, msec_t now)
{
	if (r->state == REG_WAIT && !r->retry_after)
		hurry(r, now);

	return 0;
}


unsigned reg_on_timer(struct reg *r, msec_t now)
{
	if (r->deadline > now)
		return 0;

	switch ((enum reg_state)r->state) {

	case REG_OFF:
		r->deadline = NEVER;
		return 0;

	case REG_HELD:
		challenge_retry(&r->challenge);
		return begin_round(r, now);

	case REG_WAIT:
	case REG_BOUND:
		return begin_round(r, now);

	case REG_RESOLVE:
		return reg_on_resolve_failed(r, now);

	case REG_CONNECT:
		return seek(r, now);

	case REG_TURN:
		return want_turn(r, now);

	case REG_SENT:
		return r->leaving ? left(r, now) : no_answer(r, now);

	case REG_LEAVING:
		return left(r, now);
	}

	return 0;
}


/* --- questions --- */

bool reg_bound(const struct reg *r, msec_t now)
{
	return r->lease_end > now;
}


bool reg_parked(const struct reg *r)
{
	return r->state == REG_CONNECT && r->target.parked;
}


bool reg_wants_connect(const struct reg *r)
{
	return r->state == REG_CONNECT;
}


bool reg_wants_turn(const struct reg *r)
{
	return r->state == REG_TURN;
}


enum challenge_sent reg_credentials(const struct reg *r, bool known,
				    msec_t now)
{
	if (!known)
		return CHALLENGE_SENT_NONE;

	if (r->challenged)
		return CHALLENGE_SENT_FRESH;

	if (!challenge_may_reuse(&r->challenge, now) ||
	    (!r->answered && r->policy->learns && !r->outbound))
		return CHALLENGE_SENT_NONE;

	return CHALLENGE_SENT_REUSED;
}


enum pace_class reg_class(const struct reg *r, msec_t now)
{
	if (r->answer_sends)
		return PACE_URGENT;

	if (reg_bound(r, now) && r->lease_end - now <= REG_REFRESH_LAST)
		return PACE_URGENT;

	return r->lease_end ? PACE_RETURN : PACE_NEW;
}


msec_t reg_deadline(const struct reg *r)
{
	return r->deadline;
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
