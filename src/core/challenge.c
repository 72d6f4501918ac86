/* Which digest challenge to answer, and what counts as a refusal. */

#include "challenge.h"


#define OFFERS_MAX INT8_MAX      /* later ones are not looked at */


const char *digest_algorithm_name(enum digest_algorithm a)
{
	switch (a) {

	case DIGEST_UNKNOWN:    return "unknown";
	case DIGEST_MD5:        return "MD5";
	case DIGEST_SHA256:     return "SHA-256";
	case DIGEST_SHA512_256: return "SHA-512-256";
	}

	return "?";
}


void challenge_init(struct challenge *c, enum digest_algorithm min)
{
	*c = (struct challenge){ .min = min, .chosen = -1 };
}


void challenge_reset(struct challenge *c)
{
	c->refusals = 0;
	c->stales = 0;
	c->others = 0;
}


void challenge_retry(struct challenge *c)
{
	if (c->refusals >= CHALLENGE_REFUSALS_MAX)
		c->refusals = CHALLENGE_REFUSALS_MAX - 1;
}


void challenge_on_sent(struct challenge *c, enum challenge_sent sent)
{
	c->sent = (uint8_t)sent;
}


/* A 401 to a reused nonce is never held against the credentials. So that this
 * cannot be used to have wrong ones tried again and again, only credentials
 * that work are sent first. */
bool challenge_may_reuse(const struct challenge *c, msec_t now)
{
	return c->worked && !c->refusals && now >= c->reuse_after;
}


void challenge_begin(struct challenge *c)
{
	c->chosen = -1;
	c->offers = 0;
	c->chosen_stale = false;
	c->chosen_unanswered = false;
	c->saw_weak = false;
	c->saw_realm = false;
}


/* RFC 8760 §2.4: the topmost that is supported. */
void challenge_offer(struct challenge *c, const struct challenge_offer *o)
{
	uint8_t index = c->offers;

	if (c->offers == OFFERS_MAX)
		return;
	++c->offers;

	if (c->chosen >= 0 || o->algorithm == DIGEST_UNKNOWN || !o->qop_usable)
		return;

	if (!o->realm_accepted) {
		c->saw_realm = true;
	}
	else if (o->algorithm < c->min) {
		c->saw_weak = true;
	}
	else {
		c->chosen = (int8_t)index;
		c->chosen_stale = o->stale;
		c->chosen_unanswered = o->unanswered;
	}
}


/* Whatever it says, a 401 to a reused nonce means that reuse saved nothing:
 * a registrar with one-time nonces answers stale=true every time. */
static void count_reuse_failure(struct challenge *c, msec_t now)
{
	if (++c->reuse_fails < CHALLENGE_REUSE_FAILS)
		return;

	c->reuse_fails = 0;
	c->reuse_after = now + CHALLENGE_REUSE_PAUSE;
}


static enum challenge_verdict on_stale(struct challenge *c)
{
	if (++c->stales < CHALLENGE_STALE_MAX)
		return CHALLENGE_ANSWER;

	c->stales = 0;
	return CHALLENGE_STALE_LOOP;
}


/* RFC 3261 §22.3: a proxy has let us pass and now the registrar asks, or the
 * other way round. Whoever names another realm each time is refused soon. */
static bool another_asks(struct challenge *c)
{
	if (!c->chosen_unanswered || c->others == CHALLENGE_OTHERS_MAX)
		return false;

	++c->others;

	return true;
}


static enum challenge_verdict on_refusal(struct challenge *c)
{
	c->stales = 0;
	++c->refusals;

	return c->refusals < CHALLENGE_REFUSALS_MAX ? CHALLENGE_ANSWER
						    : CHALLENGE_REFUSED;
}


enum challenge_verdict challenge_end(struct challenge *c, msec_t now)
{
	if (c->sent == CHALLENGE_SENT_REUSED)
		count_reuse_failure(c, now);

	if (c->refusals >= CHALLENGE_REFUSALS_MAX)
		return CHALLENGE_REFUSED;

	if (c->chosen < 0) {
		if (c->saw_weak)
			return CHALLENGE_WEAK;
		if (c->saw_realm)
			return CHALLENGE_REALM;

		return CHALLENGE_UNUSABLE;
	}

	if (c->sent != CHALLENGE_SENT_FRESH) {
		c->others = 0;
		return CHALLENGE_ANSWER;
	}

	if (c->chosen_stale)
		return on_stale(c);

	return another_asks(c) ? CHALLENGE_ANSWER : on_refusal(c);
}


unsigned challenge_chosen(const struct challenge *c)
{
	return c->chosen < 0 ? 0 : (unsigned)c->chosen;
}


void challenge_on_accepted(struct challenge *c)
{
	challenge_reset(c);

	if (c->sent != CHALLENGE_SENT_NONE)
		c->worked = true;
	if (c->sent == CHALLENGE_SENT_REUSED)
		c->reuse_fails = 0;
}
