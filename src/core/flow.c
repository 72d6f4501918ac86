/* The life of one flow: see flow.h. */

#include <string.h>
#include "flow.h"


const char *flow_state_name(enum flow_state s)
{
	switch (s) {

	case FLOW_CONNECTING: return "connecting";
	case FLOW_UP:         return "up";
	case FLOW_PROVEN:     return "proven";
	case FLOW_SUSPECT:    return "suspect";
	case FLOW_DOWN:       return "down";
	}

	return "?";
}


const char *keepalive_method_name(enum keepalive_method m)
{
	switch (m) {

	case KEEPALIVE_AUTO:     return "auto";
	case KEEPALIVE_CRLF:     return "crlf";
	case KEEPALIVE_OPTIONS:  return "options";
	case KEEPALIVE_STUN:     return "stun";
	case KEEPALIVE_REGISTER: return "register";
	}

	return "?";
}


/* STUN only goes where the edge allowed it (RFC 5626 §8) and never on streams
 * (§4.4.2): the OPTIONS or the CRLF does instead. */
static enum keepalive_method method_of(const struct flow_policy *p)
{
	switch (p->method) {

	case KEEPALIVE_AUTO:
	case KEEPALIVE_STUN:
		return p->stream ? KEEPALIVE_CRLF : KEEPALIVE_OPTIONS;

	case KEEPALIVE_CRLF:
	case KEEPALIVE_OPTIONS:
	case KEEPALIVE_REGISTER:
		break;
	}

	return p->method;
}


void flow_init(struct flow *f, const struct flow_policy *p, uint64_t seed,
	       msec_t now)
{
	memset(f, 0, sizeof(*f));

	f->policy = *p;
	rng_seed(&f->rng, seed);
	f->state = FLOW_CONNECTING;
	f->asking = method_of(p);
	f->up_at = f->ping_at = f->life_at = NEVER;
	f->next_ping = f->overdue_at = f->whole_by = NEVER;
	f->dead_at = now + FLOW_CONNECT_MAX;
}


bool flow_alive(const struct flow *f)
{
	return f->state == FLOW_UP || f->state == FLOW_PROVEN;
}


bool flow_found_edge(enum reason reason)
{
	return reason == REASON_TLS_UNTRUSTED || reason == REASON_TLS_NAME;
}


bool flow_blames_edge(enum reason reason)
{
	return reason == REASON_CONNECT_REFUSED ||
		reason == REASON_CONNECT_TIMEOUT ||
		reason == REASON_TLS_FAILURE ||
		reason == REASON_FLOW_LOST;
}


msec_t flow_interval(const struct flow *f)
{
	msec_t interval = f->policy.interval;

	if (!interval)
		interval = f->policy.stream ? FLOW_INTERVAL_STREAM
					    : FLOW_INTERVAL_UDP;
	if (f->server_interval)
		interval = clock_min(interval, f->server_interval);

	return clock_max(interval, FLOW_INTERVAL_MIN);
}


msec_t flow_deadline(const struct flow *f)
{
	if (f->state == FLOW_DOWN)
		return NEVER;

	return clock_min(clock_min(f->dead_at, f->whole_by),
			 clock_min(f->overdue_at, f->next_ping));
}


static void stop_waiting(struct flow *f)
{
	f->waiting = f->asked = false;
	f->overdue_at = f->dead_at = NEVER;
}


/* RFC 5626 §4.4: spread over 80 to 100 % of the interval. */
static void schedule_ping(struct flow *f, msec_t now)
{
	f->next_ping = now + rng_percent(&f->rng, flow_interval(f), 80, 100);
}


/* Something came from the far side. */
static unsigned live(struct flow *f, msec_t now)
{
	unsigned acts = 0;

	if (f->state == FLOW_CONNECTING || f->state == FLOW_DOWN)
		return 0;

	if (f->state == FLOW_SUSPECT) {

		f->state = f->proven ? FLOW_PROVEN : FLOW_UP;

		/* A registrar that was silent may have lost its memory. */
		if (!f->policy.stream && now > f->life_at + flow_interval(f))
			acts = FLOW_VERIFY;
	}

	f->life_at = now;
	stop_waiting(f);

	return acts;
}


/* The far side answered a keepalive: RFC 5626 §4.5 wants that after a 200. */
static unsigned prove(struct flow *f)
{
	if (!f->registered || f->proven)
		return 0;

	f->proven = true;
	if (f->state == FLOW_UP)
		f->state = FLOW_PROVEN;

	return FLOW_NOW_PROVEN;
}


static void measure(struct flow *f, msec_t now)
{
	const msec_t rtt = clock_max(now - f->ping_at, 1);

	/* RFC 6298 §2: a gain of 1/8 */
	f->rtt = f->rtt ? (7 * f->rtt + rtt) / 8 : rtt;
}


void flow_set_rtt_usec(struct flow *f, uint32_t usec)
{
	f->rtt_usec = usec;
}


unsigned flow_on_connected(struct flow *f, msec_t now)
{
	if (f->state != FLOW_CONNECTING)
		return 0;

	f->state = FLOW_UP;
	f->up_at = f->life_at = now;
	f->dead_at = NEVER;

	return 0;
}


/* Is the refresh the only check that this flow has? */
static bool refresh_is_check(const struct flow *f)
{
	return f->asking == KEEPALIVE_REGISTER ||
		(!f->policy.stream && f->asking == KEEPALIVE_CRLF);
}


unsigned flow_on_registered(struct flow *f, msec_t now)
{
	unsigned acts;

	if (f->state == FLOW_CONNECTING || f->state == FLOW_DOWN)
		return 0;

	acts = live(f, now);

	if (f->registered)
		return refresh_is_check(f) ? acts | prove(f) : acts;

	f->registered = true;
	schedule_ping(f, now);
	if (f->asking != KEEPALIVE_REGISTER)
		f->next_ping = now + rng_between(&f->rng, 1, FLOW_FIRST_PING);

	return acts;
}


unsigned flow_on_promise(struct flow *f, bool promised, uint32_t interval,
			 msec_t now)
{
	f->promised = promised;
	f->server_interval = SECONDS(interval);

	if (f->next_ping != NEVER)
		f->next_ping = clock_min(f->next_ping, now + flow_interval(f));

	return 0;
}


void flow_on_partial(struct flow *f, msec_t since)
{
	f->whole_by = since == NEVER ? NEVER : since + FLOW_MESSAGE_MAX;
}


unsigned flow_on_pong(struct flow *f, msec_t now)
{
	unsigned acts;

	if (f->state == FLOW_CONNECTING || f->state == FLOW_DOWN)
		return 0;

	/* A CRLF that answers nothing is the server's own keepalive: life, but
	 * no promise that it will answer ours. */
	if (!f->pinged)
		return live(f, now);

	++f->pongs;
	f->pinged = false;
	f->ponged = true;
	if (f->waiting && !f->asked)
		measure(f, now);

	acts = live(f, now);

	return acts | prove(f);
}


unsigned flow_on_options_answer(struct flow *f, msec_t now)
{
	unsigned acts;

	if (f->state == FLOW_CONNECTING || f->state == FLOW_DOWN)
		return 0;

	++f->pongs;
	f->answers_options = true;
	acts = live(f, now);

	return acts | prove(f);
}


unsigned flow_on_traffic(struct flow *f, msec_t now)
{
	return live(f, now);
}


unsigned flow_on_failed(struct flow *f, enum reason reason)
{
	if (f->state == FLOW_DOWN)
		return 0;

	f->state = FLOW_DOWN;
	f->reason = reason;
	stop_waiting(f);
	f->next_ping = f->whole_by = NEVER;

	return FLOW_CLOSE;
}


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
	if (f->asking != KEEPALIVE_OPTIONS)
		return FLOW_SEND_CRLF;

	if (!f->waiting) {
		f->waiting = f->asked = true;
		f->ping_at = now;
		f->overdue_at = now + FLOW_UDP_TRIES;
	}

	return FLOW_SEND_OPTIONS;
}


static unsigned ping(struct flow *f, msec_t now)
{
	unsigned acts;

	schedule_ping(f, now);

	if (f->asking == KEEPALIVE_REGISTER)
		return FLOW_VERIFY;

	acts = f->policy.stream ? ping_stream(f, now) : ping_udp(f, now);
	f->pinged |= (acts & FLOW_SEND_CRLF) != 0;

	return acts;
}


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


static unsigned overdue_udp(struct flow *f)
{
	if (f->answers_options) {
		f->state = FLOW_SUSPECT;
		return FLOW_VERIFY;
	}

	/* It never answered an OPTIONS and need not. The next refresh is the
	 * check; until then something small keeps the mapping open. */
	stop_waiting(f);
	if (f->policy.method == KEEPALIVE_OPTIONS)
		return 0;

	f->asking = KEEPALIVE_CRLF;

	return FLOW_SEND_CRLF;
}


unsigned flow_on_timer(struct flow *f, msec_t now)
{
	unsigned acts = 0;

	if (f->state == FLOW_DOWN)
		return 0;

	if (f->dead_at <= now)
		return flow_on_failed(f, f->state == FLOW_CONNECTING ?
				      REASON_CONNECT_TIMEOUT :
				      REASON_FLOW_LOST);

	if (f->whole_by <= now)
		return flow_on_failed(f, REASON_FLOW_LOST);

	if (f->overdue_at <= now) {
		f->overdue_at = NEVER;
		acts |= f->policy.stream ? overdue_stream(f) : overdue_udp(f);
	}

	if (f->next_ping <= now)
		acts |= ping(f, now);

	return acts;
}
