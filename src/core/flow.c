/* The life of one flow: see flow.h. */

#include <string.h>
#include "flow_parts.h"


const char *flow_state_name(enum flow_state s)
{
	switch (s) {

	case FLOW_CONNECTING: return "connecting";
	case FLOW_UP:         return "up";
	case FLOW_PROVEN:     return "proven";
	case FLOW_SUSPECT:    return "suspect";
	case FLOW_DRAINING:   return "draining";
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


const char *interval_reason_name(enum interval_reason r)
{
	switch (r) {

	case INTERVAL_DEFAULT:    return "default";
	case INTERVAL_CONFIGURED: return "configured";
	case INTERVAL_SERVER:     return "server";
	case INTERVAL_LEARNED:    return "learned";
	}

	return "?";
}


void flow_init(struct flow *f, const struct flow_policy *p, uint64_t seed,
	       msec_t now)
{
	memset(f, 0, sizeof(*f));

	f->policy = *p;
	rng_seed(&f->rng, seed);
	f->state = FLOW_CONNECTING;
	f->up_at = f->ping_at = f->life_at = NEVER;
	f->next_ping = f->overdue_at = f->whole_by = NEVER;
	f->dead_at = now + FLOW_CONNECT_MAX;
	flow_choose(f);
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


static msec_t own_interval(const struct flow *f)
{
	if (f->policy.interval)
		return f->policy.interval;

	return f->policy.stream ? FLOW_INTERVAL_STREAM : FLOW_INTERVAL_UDP;
}


msec_t flow_interval_normal(const struct flow *f)
{
	msec_t interval = own_interval(f);

	if (f->server_interval)
		interval = clock_min(interval, f->server_interval);

	return clock_max(interval, FLOW_INTERVAL_MIN);
}


msec_t flow_interval(const struct flow *f)
{
	const msec_t normal = flow_interval_normal(f);

	if (!f->learned)
		return normal;

	return clock_min(normal, clock_max(f->learned, FLOW_INTERVAL_MIN));
}


enum interval_reason flow_interval_reason(const struct flow *f)
{
	if (flow_interval(f) < flow_interval_normal(f))
		return INTERVAL_LEARNED;

	if (f->server_interval && f->server_interval < own_interval(f))
		return INTERVAL_SERVER;

	return f->policy.interval ? INTERVAL_CONFIGURED : INTERVAL_DEFAULT;
}


msec_t flow_deadline(const struct flow *f)
{
	if (f->state == FLOW_DOWN)
		return NEVER;

	return clock_min(clock_min(f->dead_at, f->whole_by),
			 clock_min(f->overdue_at, f->next_ping));
}


/* Connected, and not on its way out. */
static bool in_use(const struct flow *f)
{
	return f->state == FLOW_UP || f->state == FLOW_PROVEN ||
		f->state == FLOW_SUSPECT;
}


/* Something came from the far side. */
static unsigned live(struct flow *f, msec_t now)
{
	unsigned acts = 0;

	if (!in_use(f))
		return 0;

	if (f->state == FLOW_SUSPECT) {

		f->state = f->proven ? FLOW_PROVEN : FLOW_UP;

		/* A registrar that was silent may have lost its memory. */
		if (!f->policy.stream && now > f->life_at + flow_interval(f))
			acts = FLOW_VERIFY;
	}

	f->life_at = now;
	f->doubted = false;
	flow_stop_waiting(f);

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


bool flow_refresh_is_check(const struct flow *f)
{
	return f->asking == KEEPALIVE_REGISTER ||
		(!f->policy.stream && f->asking == KEEPALIVE_CRLF);
}


unsigned flow_on_registered(struct flow *f, msec_t now)
{
	unsigned acts;

	if (!in_use(f))
		return 0;

	acts = live(f, now);

	if (f->registered)
		return flow_refresh_is_check(f) ? acts | prove(f) : acts;

	f->registered = true;
	flow_schedule(f, now);
	if (f->asking != KEEPALIVE_REGISTER)
		f->next_ping = now + rng_between(&f->rng, 1, FLOW_FIRST_PING);

	return acts;
}


unsigned flow_on_promise(struct flow *f, bool promised, uint32_t interval,
			 msec_t now)
{
	f->promised = promised;
	f->server_interval = SECONDS(interval);
	flow_hasten(f, now);

	return 0;
}


unsigned flow_on_stun_allowed(struct flow *f, bool allowed, msec_t now)
{
	(void)now;

	f->stun_allowed = allowed && !f->policy.stream;
	flow_choose(f);

	return 0;
}


void flow_set_learned(struct flow *f, msec_t interval, msec_t now)
{
	f->learned = interval;
	flow_hasten(f, now);
}


void flow_on_partial(struct flow *f, msec_t since)
{
	f->whole_by = since == NEVER ? NEVER : since + FLOW_MESSAGE_MAX;
}


unsigned flow_on_pong(struct flow *f, msec_t now)
{
	unsigned acts;

	if (!in_use(f))
		return 0;

	/* A CRLF that answers nothing is the server's own keepalive: life, but
	 * no promise that it will answer ours. */
	if (!f->pinged)
		return live(f, now);

	++f->pongs;
	f->pinged = false;
	f->ponged = true;
	if (f->policy.stream && f->waiting && !f->asked)
		measure(f, now);

	acts = live(f, now);

	return acts | prove(f);
}


static unsigned answered(struct flow *f, bool *answers, msec_t now)
{
	unsigned acts;

	if (!in_use(f))
		return 0;

	++f->pongs;
	*answers = true;
	acts = live(f, now);

	return acts | prove(f);
}


unsigned flow_on_options_answer(struct flow *f, msec_t now)
{
	return answered(f, &f->answers_options, now);
}


unsigned flow_on_stun_answer(struct flow *f, msec_t now)
{
	return answered(f, &f->answers_stun, now);
}


/* Is a stream of which nobody knows whether it answers at all being asked? */
static bool is_first_question(const struct flow *f)
{
	return f->policy.stream && f->waiting && f->registered && !f->proven &&
		!f->ponged && !f->promised;
}


/* What comes in is life, but no answer: the first question stays open, or where
 * calls come all the time no flow would ever be proven (RFC 5626 §4.5). It does
 * not die of it either. */
unsigned flow_on_traffic(struct flow *f, msec_t now)
{
	const bool question = is_first_question(f), asked = f->asked;
	const msec_t overdue_at = f->overdue_at;
	const unsigned acts = live(f, now);

	if (question && in_use(f)) {
		f->waiting = true;
		f->asked = asked;
		f->overdue_at = overdue_at;
		f->dead_at = now + f->policy.pong_timeout;
	}

	return acts;
}


unsigned flow_on_failed(struct flow *f, enum reason reason)
{
	if (f->state == FLOW_DOWN)
		return 0;

	/* the end of one that was replaced is no failure */
	f->reason = f->state == FLOW_DRAINING ? REASON_OK : reason;
	f->state = FLOW_DOWN;
	flow_stop_waiting(f);
	f->next_ping = f->whole_by = NEVER;

	return FLOW_CLOSE;
}
