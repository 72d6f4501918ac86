/* When to prove that calls can arrive, and what the outcome means. */

#include "probe.h"


#define PERCENT 100


const char *probe_result_name(enum probe_result r)
{
	switch (r) {

	case PROBE_UNKNOWN:    return "unknown";
	case PROBE_PROVEN:     return "proven";
	case PROBE_LOST:       return "lost";
	case PROBE_NOT_LOOPED: return "not-looped";
	case PROBE_REFUSED:    return "refused";
	}

	return "?";
}


void probe_init(struct probe *p, const struct probe_policy *policy,
		uint64_t seed)
{
	*p = (struct probe){
		.policy = policy,
		.at = NEVER,
		.proven_at = NEVER,
	};
	rng_seed(&p->rng, seed);
}


/* --- when --- */

static bool may_run(const struct probe *p)
{
	if (!p->bound || p->result == PROBE_REFUSED)
		return false;

	return p->asked || (p->policy->enabled && !p->foreign &&
			    p->result != PROBE_NOT_LOOPED);
}


static void arm(struct probe *p, msec_t at)
{
	p->at = may_run(p) ? at : NEVER;
}


static void arm_soon(struct probe *p, msec_t now)
{
	arm(p, now + rng_between(&p->rng, PROBE_FIRST, 3 * PROBE_FIRST));
}


static void arm_later(struct probe *p, msec_t now)
{
	msec_t wait = rng_percent(&p->rng, p->policy->interval,
				  PERCENT - PROBE_SPREAD,
				  PERCENT + PROBE_SPREAD);

	arm(p, now + clock_max(wait, PROBE_FIRST));
}


static unsigned start(struct probe *p, msec_t now)
{
	p->out = true;
	p->arrived = false;
	p->code = 0;
	p->at = now + PROBE_WAIT;

	return p->stream || p->on_flow ? PROBE_SEND_ON_FLOW : PROBE_SEND;
}


/* --- how it ends --- */

static unsigned drop(struct probe *p)
{
	bool out = p->out;

	p->out = p->arrived = false;

	return out ? PROBE_CLOSE : 0;
}


/* An outcome: is it news? */
static unsigned tell(struct probe *p, enum probe_result result)
{
	bool news = p->asked || p->told != result;

	p->asked = false;
	p->result = p->told = (uint8_t)result;

	return news ? PROBE_TELL : 0;
}


static unsigned verify(struct probe *p, msec_t now)
{
	if (now < p->verify_from)
		return 0;

	p->verified = true;
	p->verify_from = now + p->policy->interval;

	return PROBE_VERIFY;
}


/* The registrar answers as if it did not know us, or not our flow: 404, 480,
 * and 430 of RFC 5626 §11.1. */
static bool is_unknown(uint16_t code)
{
	return code == 404 || code == 480 || code == 430;
}


/* Was it sent on, as far as the answer tells? What is not may be refused only
 * because it came from a stranger's address. */
static bool was_routed(uint16_t code)
{
	return code < 300 || is_unknown(code) || code == 408 || code == 410;
}


/* A try without an arrival, where others came back. Once a REGISTER did not
 * help it is an alarm; while that lasts there is one in each interval, for the
 * registrar may lose its memory at any time, and who answers for it may not
 * say so. */
static unsigned missed(struct probe *p, msec_t now)
{
	bool alarm = p->verified && p->silent >= PROBE_TRIES;
	unsigned acts = verify(p, now);

	arm(p, acts ? now + PROBE_AGAIN : p->verify_from);

	return alarm ? acts | tell(p, PROBE_LOST) : acts;
}


/* A try without an arrival, where none has come back so far. */
static unsigned unheard(struct probe *p, msec_t now)
{
	unsigned acts = 0;

	/* The registrar may have lost its memory since the REGISTER that the
	 * last such answer led to: nothing is learned before the next one. */
	if (is_unknown(p->code)) {
		acts = verify(p, now);
		if (!acts) {
			--p->silent;
			arm(p, p->verify_from);
			return 0;
		}
	}

	if (p->silent >= PROBE_TRIES)
		acts |= tell(p, PROBE_NOT_LOOPED);
	arm(p, now + PROBE_AGAIN);

	return acts;
}


static unsigned on_silence(struct probe *p, msec_t now)
{
	bool asked = p->asked;
	unsigned acts = drop(p);

	/* Only once: what it waits for next is the ordinary course. */
	p->asked = false;
	if (p->silent < UINT32_MAX)
		++p->silent;

	acts |= p->loops ? missed(p, now) : unheard(p, now);

	return asked ? acts | PROBE_TELL : acts;
}


/* It is over without another outcome than there was. */
static unsigned finish(struct probe *p, msec_t now)
{
	unsigned acts = drop(p) | (p->asked ? PROBE_TELL : 0);

	p->asked = false;
	arm_later(p, now);

	return acts;
}


static unsigned on_refused(struct probe *p)
{
	unsigned acts = drop(p) | tell(p, PROBE_REFUSED);

	p->at = NEVER;

	return acts;
}


static unsigned go_over_flow(struct probe *p, msec_t now)
{
	p->on_flow = true;
	p->at = now + PROBE_FIRST;

	return drop(p);
}


/* --- facts --- */

unsigned probe_on_bound(struct probe *p, bool changed, unsigned foreign,
			msec_t now)
{
	bool was_bound = p->bound;
	unsigned acts = 0;

	p->bound = true;
	p->foreign = foreign;

	if (changed) {
		acts = drop(p);
		if (p->result != PROBE_REFUSED)
			p->result = PROBE_UNKNOWN;
		p->on_flow = p->verified = false;
		p->silent = 0;
	}

	if (changed || !was_bound || (!p->out && p->at == NEVER))
		arm_soon(p, now);
	else if (!p->out)
		arm(p, p->at);

	return acts;
}


void probe_take_over(struct probe *p, enum probe_result result, bool on_flow,
		     bool loops, msec_t proven_at, msec_t at,
		     unsigned foreign, msec_t now)
{
	p->result = p->told = (uint8_t)result;
	p->on_flow = on_flow;
	p->loops = loops;
	p->proven_at = proven_at;
	p->bound = true;
	p->foreign = foreign;

	if (at != NEVER && at > now)
		arm(p, clock_min(at, now + 2 * p->policy->interval));
	else
		arm_soon(p, now);
}


/* Nothing is proved any more; what is known of the registrar stays. */
static void forget_proof(struct probe *p)
{
	if (p->result == PROBE_PROVEN || p->result == PROBE_LOST)
		p->result = PROBE_UNKNOWN;
}


unsigned probe_on_unbound(struct probe *p)
{
	forget_proof(p);
	p->bound = p->asked = false;
	p->at = NEVER;

	return drop(p);
}


unsigned probe_on_doubt(struct probe *p, msec_t now)
{
	unsigned acts;

	if (!p->bound)
		return 0;

	forget_proof(p);
	acts = drop(p);
	arm(p, now + PROBE_AGAIN);

	return acts;
}


void probe_on_sent(struct probe *p, bool sent, msec_t now)
{
	if (!p->out)
		return;

	if (sent) {
		p->at = now + PROBE_WAIT;
		return;
	}

	(void)finish(p, now);
}


unsigned probe_on_arrived(struct probe *p, msec_t now)
{
	unsigned acts;

	p->loops = true;
	if (!p->bound || p->result == PROBE_REFUSED)
		return 0;

	p->silent = 0;
	p->verified = false;
	p->proven_at = now;
	acts = tell(p, PROBE_PROVEN);

	/* Our answer goes back the same way: it finds somebody there. */
	if (p->out)
		p->arrived = true;
	else
		arm_later(p, now);

	return acts;
}


void probe_on_elsewhere(struct probe *p)
{
	p->loops = true;
	if (!p->bound || p->result == PROBE_REFUSED)
		return;

	p->silent = 0;
	p->verified = false;
	p->arrived = p->out;
	if (p->result != PROBE_PROVEN)
		p->result = PROBE_UNKNOWN;
}


unsigned probe_on_answer(struct probe *p, uint16_t code, msec_t now)
{
	if (!p->out || (code && code < 200))
		return 0;

	p->code = code;
	if (p->arrived || !code)
		return finish(p, now);
	if (code == 403)
		return on_refused(p);
	if (!was_routed(code) && !p->stream && !p->on_flow)
		return go_over_flow(p, now);

	return on_silence(p, now);
}


unsigned probe_on_ask(struct probe *p, msec_t now)
{
	if (!p->bound || p->result == PROBE_REFUSED)
		return 0;

	p->asked = true;

	return p->out ? 0 : start(p, now);
}


unsigned probe_on_timer(struct probe *p, msec_t now)
{
	if (p->at == NEVER || now < p->at)
		return 0;

	if (p->out)
		return p->arrived ? finish(p, now) : on_silence(p, now);

	if (may_run(p))
		return start(p, now);

	p->at = NEVER;

	return 0;
}


msec_t probe_deadline(const struct probe *p)
{
	return p->at;
}


bool probe_asked(const struct probe *p)
{
	return p->asked || p->out;
}
