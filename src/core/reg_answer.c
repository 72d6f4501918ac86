/* What an answer to a REGISTER leads to, or none: bound, once more, a wait, a
 * hold, another edge. What the codes mean stands in answer.c. */

#include <stdint.h>
#include "reg_step.h"


enum {
	ADJUSTED_EXPIRES  = 1 << 0,
	ADJUSTED_PLAIN    = 1 << 1,
	ADJUSTED_REDIRECT = 1 << 2,
	ADJUSTED_CONTACT  = 1 << 3,
	ADJUSTED_GHOSTS   = 1 << 4,
};


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


static unsigned fail(struct reg *r, enum reason reason, msec_t now)
{
	const bool own = reason == REASON_NO_RESOURCES;

	r->reason = reason;
	reg_wait(r, own ? REG_BASE_CONNECT : REG_BASE_REJECTED,
		 reg_wait_max(reason), now);

	return reg_keep_or_close(r, now);
}


msec_t reg_steady(const struct reg_policy *p, bool stream)
{
	const msec_t lease = SECONDS(p->expires);
	msec_t wait = lease > REG_REFRESH_LONG
		? lease - REG_REFRESH_EARLY * REG_REFRESH_MOST / 100
		: lease * REG_REFRESH_HALF / 100;

	if (!stream && p->verify)
		wait = clock_min(wait, p->verify * REG_VERIFY_EARLIEST / 100);

	return clock_max(wait, REG_ANSWER_GAP);
}


static msec_t refresh_at(struct reg *r, msec_t now)
{
	const msec_t lease = r->lease_end - r->sent_at;
	msec_t at;

	if (lease > REG_REFRESH_LONG)
		at = r->lease_end - rng_percent(&r->rng, REG_REFRESH_EARLY,
						200 - REG_REFRESH_MOST,
						REG_REFRESH_MOST);
	else
		at = r->sent_at + rng_percent(&r->rng, lease, REG_REFRESH_HALF,
					      100 - REG_REFRESH_HALF);

	/* RFC 5627 §4.2: a whole Timer F before the end, if there is room */
	if (lease > 2 * REG_REFRESH_LAST)
		at = clock_min(at, r->lease_end - REG_REFRESH_LAST);

	if (!target_stream(&r->target) && r->policy->verify)
		at = clock_min(at, now + rng_percent(&r->rng,
						     r->policy->verify,
						     REG_VERIFY_EARLIEST,
						     100));

	return clock_max(at, now + REG_ANSWER_GAP);
}


static unsigned absent(struct reg *r, const struct answer *a, msec_t now)
{
	r->lease_end = 0;
	r->here = false;
	r->match = CONTACT_NO_MATCH;
	r->reason = a->contacts.ghosts ? REASON_BINDING_GHOST_ONLY
				       : REASON_BINDING_ABSENT;

	/* It may have gone with the old ones that were to be removed. */
	if (r->named)
		r->alone = true;

	if (!r->absent_tried && reg_answer_send(r)) {
		r->absent_tried = true;
		r->adjusted |= a->rewrite ? ADJUSTED_CONTACT : 0;
		return reg_want_turn(r, now);
	}

	return fail(r, r->reason, now);
}


/* The binding is there, but says the wrong address, or old ones are there too:
 * one REGISTER for both, and each once a round (DESIGN §6). */
static bool once_more(struct reg *r, const struct answer *a)
{
	const bool ghosts = a->removable && !r->alone;
	uint8_t bits = 0;

	if (a->rewrite)
		bits |= ADJUSTED_CONTACT;
	if (ghosts)
		bits |= ADJUSTED_GHOSTS;

	if (!(bits & ~r->adjusted) || !reg_answer_send(r))
		return false;

	r->adjusted |= bits;

	return true;
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
		return absent(r, a, now);

	/* what was restored may have been copied */
	if (r->look_at == NEVER)
		r->look_at = r->restored ? 0 : now + REG_LOOK_EVERY;

	r->absent_tried = false;
	r->here = true;
	r->reason = REASON_OK;
	r->match = a->contacts.match;
	r->token = a->contacts.token;
	r->contact = a->contacts.own;
	r->granted = a->contacts.lease;
	r->lease_end = r->sent_at + SECONDS(a->contacts.lease);
	r->refresh_at = refresh_at(r, now);
	if (once_more(r, a))
		return reg_want_turn(r, now);

	++r->outcomes;
	reg_set(r, REG_BOUND, r->refresh_at);
	reg_failback_arm(r, now);

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
	reg_set(r, REG_HELD, for_ever ? NEVER : now + held_for(r));

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
		if (reg_answer_send(r))
			return reg_want_turn(r, now);
		break;

	case CHALLENGE_REFUSED:
		return hold(r, REASON_CREDENTIALS, now);

	case CHALLENGE_UNUSABLE:
	case CHALLENGE_WEAK:
	case CHALLENGE_REALM:
	case CHALLENGE_STALE_LOOP:
		break;

	case CHALLENGE_NO_MEMORY:
		return fail(r, REASON_NO_RESOURCES, now);
	}

	return fail(r, REASON_REJECTED, now);
}


/* A 3xx to an allowed host (RFC 3261 §8.1.3.4), once a round: this flow is left
 * for one to there. */
static unsigned redirect(struct reg *r, const struct answer *a, msec_t now)
{
	unsigned acts;

	if (r->adjusted & ADJUSTED_REDIRECT || !reg_answer_send(r))
		return fail(r, answer_reason(a), now);

	r->adjusted |= ADJUSTED_REDIRECT;
	acts = reg_seek(r, now);
	r->redirected = true;

	return acts;
}


/* 423: ask for longer; 420 and 439: without extensions. Once each a round. */
static unsigned adjust(struct reg *r, const struct answer *a, msec_t now)
{
	const bool brief = a->code == 423;
	const uint8_t bit = brief ? ADJUSTED_EXPIRES : ADJUSTED_PLAIN;
	const bool usable = brief ? a->min_expires > r->expires &&
				    a->min_expires <= REG_EXPIRES_MAX
				  : !r->plain;

	if (a->redirect)
		return redirect(r, a, now);

	if (!usable || r->adjusted & bit || !reg_answer_send(r))
		return fail(r, answer_reason(a), now);

	r->adjusted |= bit;
	if (brief)
		r->expires = a->min_expires;
	else
		r->plain = true;

	return reg_want_turn(r, now);
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
	if (++r->failures > REG_PATIENCE && wait < REG_RETRY_AFTER_SHORT)
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
	reg_set(r, REG_WAIT, until);

	if (a->code != 503)
		return reg_keep_or_close(r, now);

	r->hold_until = until;   /* RFC 3261 §21.5.4: the server, not us */

	return REG_DO_HOLD | reg_keep_or_close(r, now);
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
	target_on_failed(&r->target, r->target.index, &r->rng);

	return acts | reg_connect(r, now);
}


/* Something in it may be at fault that we can do without: a Call-ID that the
 * registrar remembers otherwise (400, 500; RFC 3261 §10.3), old bindings that
 * it does not let us remove. Each is tried once. */
static bool refused_for_its_past(struct reg *r, uint16_t code, unsigned *acts)
{
	*acts = 0;

	if (r->restored && (code == 400 || code == 500))
		*acts = REG_DO_RENEW;
	else if (!r->named || r->alone || code < 400)
		return false;

	if (!reg_answer_send(r))
		return false;

	r->restored = false;
	r->alone = !*acts;

	return true;
}


static unsigned conclude(struct reg *r, const struct answer *a, msec_t now)
{
	unsigned acts;

	switch (answer_class(a, target_has_other(&r->target))) {

	case ANSWER_GOOD:      return good(r, a, now);
	case ANSWER_CHALLENGE: return challenged(r, a, now);
	case ANSWER_ADJUST:    return adjust(r, a, now);
	case ANSWER_AFTER:     return after(r, a, now);
	case ANSWER_ELSEWHERE: return elsewhere(r, a, now);

	case ANSWER_DENIED:
	case ANSWER_AGAIN:
		break;
	}

	if (refused_for_its_past(r, a->code, &acts))
		return acts | reg_want_turn(r, now);

	return answer_class(a, false) == ANSWER_DENIED
		? hold(r, REASON_FORBIDDEN, now)
		: fail(r, answer_reason(a), now);
}


unsigned reg_conclude(struct reg *r, const struct answer *a, msec_t now)
{
	const unsigned acts = conclude(r, a, now);

	if (a->code && !answer_is_challenge(a->code))
		r->restored = false;

	return acts;
}


/* Somebody asked for another one while this one was in flight. */
unsigned reg_once_more(struct reg *r, unsigned acts, msec_t now)
{
	if (!r->again || r->state == REG_TURN || r->state == REG_CONNECT ||
	    r->state == REG_RESOLVE)
		return acts;

	r->again = false;

	/* Asked to stay away just now: that is the outcome of both. */
	if (r->state == REG_WAIT && r->retry_after) {
		++r->outcomes;
		return acts;
	}

	return acts | reg_begin_round(r, now);
}


/* Timer F, or the 4 s after which another edge is tried. A stream that says
 * nothing for so long cannot be trusted; a UDP flow is kept for its pings, the
 * first sign of life ends the wait. */
unsigned reg_no_answer(struct reg *r, msec_t now)
{
	static const struct answer none;
	const bool stream = target_stream(&r->target);
	const bool others = target_has_other(&r->target);
	const uint32_t outcomes = r->outcomes;
	unsigned acts = REG_DO_ABANDON;

	r->code = 0;

	if (stream && r->proven && !others)
		acts |= reg_lost(r, REASON_NO_ANSWER, now);
	else
		acts |= reg_conclude(r, &none, now);

	if (stream && !others) {
		r->flow = false;
		acts |= REG_DO_CLOSE;
	}
	r->silent = !others;

	/* Who asked meanwhile waits for the end of this try and of the next. */
	if (r->again && r->state == REG_WAIT && r->outcomes == outcomes)
		++r->outcomes;

	return reg_once_more(r, acts, now);
}
