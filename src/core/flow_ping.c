/* The pings of a flow: when and how it is asked, and what silence means. */

#include "flow_parts.h"


/* STUN only goes where the edge allowed it, or the operator, which is
 * indication enough (RFC 5626 §8), and never on streams (§4.4.2). */
static enum keepalive_method udp_method(const struct flow *f)
{
	const bool stun = f->stun_allowed ||
		f->policy.method == KEEPALIVE_STUN;

	if (stun && !f->stun_silent)
		return KEEPALIVE_STUN;

	return f->options_silent ? KEEPALIVE_CRLF : KEEPALIVE_OPTIONS;
}


void flow_choose(struct flow *f)
{
	switch (f->policy.method) {

	case KEEPALIVE_AUTO:
	case KEEPALIVE_STUN:
		f->asking = f->policy.stream ? KEEPALIVE_CRLF : udp_method(f);
		break;

	case KEEPALIVE_CRLF:
	case KEEPALIVE_OPTIONS:
	case KEEPALIVE_REGISTER:
		f->asking = f->policy.method;
		break;
	}
}


/* RFC 5626 §4.4: spread over 80 to 100 % of the interval. */
void flow_schedule(struct flow *f, msec_t now)
{
	f->next_ping = now + rng_percent(&f->rng, flow_interval(f), 80, 100);
}


void flow_hasten(struct flow *f, msec_t now)
{
	if (f->next_ping != NEVER)
		f->next_ping = clock_min(f->next_ping, now + flow_interval(f));
}


void flow_stop_waiting(struct flow *f)
{
	f->waiting = f->asked = false;
	f->overdue_at = f->dead_at = NEVER;
}


/* --- asking --- */

/* Early enough for an OPTIONS to be answered before the flow counts as dead. */
static msec_t overdue_after(const struct flow *f)
{
	const msec_t wait = clock_max(FLOW_OVERDUE_MIN,
				      FLOW_OVERDUE_RTTS * f->rtt);

	return clock_min(wait, f->policy.pong_timeout / 2);
}


static unsigned ping_stream(struct flow *f, msec_t now)
{
	if (!f->waiting) {
		f->waiting = true;
		f->ping_at = now;
		f->dead_at = now + f->policy.pong_timeout;

		f->asked = f->asking == KEEPALIVE_OPTIONS;
		if (!f->asked)
			f->overdue_at = now + overdue_after(f);
	}
	else if (f->asked) {
		return FLOW_SEND_CRLF;  /* the OPTIONS is on its way already */
	}

	return f->asked ? FLOW_SEND_OPTIONS : FLOW_SEND_CRLF;
}


static unsigned ping_udp(struct flow *f, msec_t now)
{
	const bool options = f->asking == KEEPALIVE_OPTIONS;

	if (f->asking == KEEPALIVE_CRLF) {
		f->ping_at = now;
		return FLOW_SEND_CRLF;
	}

	if (!f->waiting || f->asked != options) {
		f->waiting = true;
		f->asked = options;
		f->ping_at = now;
		f->overdue_at = now + FLOW_UDP_TRIES;
	}

	return options ? FLOW_SEND_OPTIONS : FLOW_SEND_STUN;
}


static unsigned ping(struct flow *f, msec_t now)
{
	unsigned acts;

	if (f->asking == KEEPALIVE_REGISTER) {
		f->ping_at = now;
		return FLOW_VERIFY;
	}

	acts = f->policy.stream ? ping_stream(f, now) : ping_udp(f, now);
	f->pinged |= (acts & FLOW_SEND_CRLF) != 0;

	return acts;
}


/* How long nothing went over it either way: what a NAT on the way had as a
 * reason to forget it. The first ping after the first 200 comes at once. */
static msec_t idle_at(const struct flow *f, msec_t now)
{
	if (f->ping_at == NEVER)
		return f->asking == KEEPALIVE_REGISTER ? now - f->life_at : 0;

	return now - clock_max(f->life_at, f->ping_at);
}


static unsigned ping_in_turn(struct flow *f, msec_t now)
{
	if (!f->waiting) {
		f->survived = clock_max(f->survived, f->idle);
		f->idle = idle_at(f, now);
	}

	flow_schedule(f, now);

	return ping(f, now);
}


/* --- silence --- */

/* Proof before punishment: who never ponged is asked in another way. */
static unsigned overdue_stream(struct flow *f)
{
	if (f->ponged || f->promised) {
		f->state = FLOW_SUSPECT;
		return 0;
	}

	f->asked = true;

	return FLOW_SEND_OPTIONS;
}


static bool can_tell(const struct flow *f)
{
	switch ((enum keepalive_method)f->asking) {

	case KEEPALIVE_CRLF:
		return f->policy.stream;

	case KEEPALIVE_OPTIONS:
		return f->answers_options || !f->options_silent;

	case KEEPALIVE_AUTO:
	case KEEPALIVE_STUN:
		return true;

	case KEEPALIVE_REGISTER:
		break;
	}

	return false;
}


/* It never answered to this and need not: it is asked in another way. The last
 * one is something small that keeps the mapping open, and the next refresh is
 * the check. */
static unsigned ask_otherwise(struct flow *f, msec_t now)
{
	unsigned acts = 0;

	if (f->asked)
		f->options_silent = true;
	else
		f->stun_silent = true;

	flow_stop_waiting(f);
	flow_choose(f);

	/* the operator's OPTIONS come in their turn, answered or not */
	if (f->policy.method != KEEPALIVE_OPTIONS)
		acts = ping(f, now);

	if (f->doubted && !can_tell(f)) {
		f->doubted = false;
		acts |= FLOW_REPLACE;
	}

	return acts;
}


static unsigned overdue_udp(struct flow *f, msec_t now)
{
	if (f->asked ? !f->answers_options : !f->answers_stun)
		return ask_otherwise(f, now);

	f->state = FLOW_SUSPECT;

	return 0;
}


static enum reason reason_of_end(const struct flow *f)
{
	return f->state == FLOW_CONNECTING ? REASON_CONNECT_TIMEOUT
					   : REASON_FLOW_LOST;
}


unsigned flow_on_timer(struct flow *f, msec_t now)
{
	unsigned acts = 0;

	if (f->state == FLOW_DOWN)
		return 0;

	if (f->dead_at <= now)
		return flow_on_failed(f, reason_of_end(f));

	if (f->whole_by <= now)
		return flow_on_failed(f, REASON_FLOW_LOST);

	if (f->overdue_at <= now) {
		f->overdue_at = NEVER;
		acts |= f->policy.stream ? overdue_stream(f)
					 : overdue_udp(f, now);
	}

	if (f->next_ping <= now)
		acts |= ping_in_turn(f, now);

	return acts;
}


/* --- out of turn --- */

static unsigned verify_udp(struct flow *f, msec_t now)
{
	f->doubted = true;
	f->waiting = false;

	return ping(f, now);
}


unsigned flow_verify(struct flow *f, msec_t now)
{
	if (f->state == FLOW_CONNECTING || f->state == FLOW_DRAINING ||
	    f->state == FLOW_DOWN)
		return 0;

	/* The REGISTER that is on its way asks, and has its own end. */
	if (!f->registered && (!f->policy.stream || !can_tell(f)))
		return 0;

	if (!can_tell(f))
		return FLOW_REPLACE;

	f->idle = 0;
	if (f->registered)
		flow_schedule(f, now);

	return f->policy.stream ? ping(f, now) : verify_udp(f, now);
}


unsigned flow_drain(struct flow *f, msec_t now)
{
	if (f->state == FLOW_DRAINING || f->state == FLOW_DOWN)
		return 0;

	if (f->state == FLOW_CONNECTING)
		return flow_on_failed(f, REASON_OK);

	f->state = FLOW_DRAINING;
	flow_stop_waiting(f);
	f->next_ping = f->whole_by = NEVER;
	f->dead_at = now + FLOW_DRAIN;

	return 0;
}
