/* The weather, the way there and back, and the registrar at its end. */

#include <stddef.h>
#include "sim.h"


#define RTT            20           /* [ms] */
#define DNS_PATIENCE   SECONDS(10)  /* then a resolver gives up */
#define TIMER_F        SECONDS(32)  /* transactions repeat for so long ... */
#define TIMER_E        SECONDS(4)   /* ... so often, RFC 3261 §17.1.2.2 */
#define TCP_RTO_MAX    SECONDS(60)  /* a stream repeats, ever more seldom */


static msec_t between(struct sim *s, msec_t low, msec_t high)
{
	return rng_between(&s->rng, low, high);
}


static bool one_in(struct sim *s, unsigned n)
{
	return rng_next(&s->rng) % n == 0;
}


/* Evenly in size: as many of minutes as of hours. */
static msec_t log_between(struct sim *s, msec_t low, msec_t high)
{
	while (low * 2 < high && one_in(s, 2))
		low *= 2;

	return between(s, low, clock_min(low * 2, high));
}


/* --- weather --- */

static bool lasts(enum weather weather)
{
	return weather != FORGOTTEN && weather != AMNESIA;
}


static bool is_down(const struct sim *s)
{
	return s->weather == NET_DOWN || s->weather == HOST_DOWN;
}


/* Of several hosts the one that is in use goes down. */
static bool hits(const struct sim *s)
{
	if (s->weather == HOST_DOWN && s->sc->addresses > 1)
		return s->w.reg.reg.target.index == s->down;

	return is_down(s);
}


static void clear(struct sim *s)
{
	const msec_t every = s->sc->every;

	s->weather = FAIR;
	s->weather_until = NEVER;
	if (every)
		s->weather_until = s->w.now + between(s, every / 2,
						      every / 2 * 3);
	else if (s->w.now == 0)
		s->weather_until = HOURS(1);
}


static void host_down(struct sim *s)
{
	if (s->sc->addresses < 2)
		s->binding_until = 0;    /* else they share their memory */
	if (!s->sc->udp && hits(s))
		world_lost(&s->w, REASON_FLOW_LOST);
}


static void strike(struct sim *s)
{
	const struct fault *f;
	unsigned n = 0;

	while (n < FAULTS_MAX && s->sc->faultv[n].most)
		++n;
	if (!n) {
		s->weather_until = NEVER;
		return;
	}

	f = &s->sc->faultv[between(s, 0, n - 1)];
	if (!lasts(f->weather)) {
		s->deaf |= f->weather == FORGOTTEN;
		if (f->weather == AMNESIA)
			s->binding_until = 0;
		clear(s);
		return;
	}

	s->weather = f->weather;
	s->down = s->w.reg.reg.target.index;
	s->weather_until = s->w.now + log_between(s, f->least, f->most);
	measure_weather(s);
	if (f->weather == HOST_DOWN)
		host_down(s);
}


static void change(struct sim *s)
{
	const bool net = s->weather == NET_DOWN;

	if (s->weather == FAIR) {
		strike(s);
		return;
	}

	clear(s);
	if (net && s->sc->local_event)
		world_local_event(&s->w);
}


/* --- the way --- */

/* When what is sent now has its answer, whoever repeats it meanwhile. */
static msec_t way(struct sim *s)
{
	const msec_t left = s->weather_until - s->w.now;

	if (s->deaf)
		return NEVER;
	if (!hits(s))
		return s->w.now + RTT;

	if (!s->sc->udp)
		return s->weather == HOST_DOWN ? NEVER :
			s->weather_until + RTT +
			between(s, 0, clock_min(left, TCP_RTO_MAX));

	return left < TIMER_F - TIMER_E ?
		s->weather_until + RTT + between(s, 0, TIMER_E) : NEVER;
}


/* The SYN is repeated after 1, 3 and 7 s. */
static msec_t syn(const struct sim *s)
{
	static const msec_t repeatv[] = {SECONDS(1), SECONDS(3), SECONDS(7)};
	size_t i;

	if (s->sc->udp || !hits(s))
		return s->w.now + (s->sc->udp ? 0 : RTT);
	if (s->weather == HOST_DOWN)
		return s->w.now + RTT;               /* refused */

	for (i = 0; i < sizeof(repeatv) / sizeof(repeatv[0]); i++)
		if (s->w.now + repeatv[i] >= s->weather_until)
			return s->w.now + repeatv[i] + RTT;

	return NEVER;
}


void network_on_deed(struct sim *s, enum deed d)
{
	const bool options = !s->sc->no_options;
	const msec_t now = s->w.now;

	switch (d) {

	case DEED_RESOLVE:
		if (s->sc->no_dns)
			measure_try(s);
		s->resolved_at = now + (s->weather == NET_DOWN &&
					s->sc->no_dns ? DNS_PATIENCE : RTT);
		break;

	case DEED_OPEN:
		s->deaf = s->binding_here = false;
		s->asked = 0;
		s->connected_at = syn(s);
		if (!s->sc->udp && hits(s))
			measure_try(s);
		break;

	case DEED_REGISTER:
		if (s->sc->udp || !hits(s))
			measure_try(s);
		measure_register(s);
		s->answer_at = way(s);
		break;

	case DEED_LEAVE:
		s->answer_at = way(s);
		break;

	case DEED_CRLF:
		if (s->sc->pongs && !s->sc->udp)
			s->pong_at = way(s);
		break;

	case DEED_OPTIONS:
		if (options)
			s->options_at = way(s);
		break;

	case DEED_CLOSE:
		s->binding_here = false;
		break;

	case DEED_PARK:
	case DEED_HOLD:
	case DEED_LEFT:
		break;
	}

	/* What was on its way over a flow that is gone does not arrive. */
	if (!s->w.flow_there)
		s->connected_at = s->answer_at = s->pong_at = s->options_at =
			NEVER;
}


/* --- the registrar --- */

static struct answer error_answer(struct sim *s)
{
	static const uint16_t codev[] = {500, 503, 480, 404, 408, 504, 600};
	const unsigned n = sizeof(codev) / sizeof(codev[0]);
	struct answer a = world_code(s->sc->code);

	a.retry_after = s->sc->retry_after;
	if (a.code)
		return a;

	a.code = codev[between(s, 0, n - 1)];
	if (one_in(s, 4))
		a.retry_after = (uint32_t)between(s, 1, 1800);

	return a;
}


static struct answer good_answer(struct sim *s)
{
	const msec_t lease = log_between(s, s->sc->least, s->sc->most);

	s->binding_until = s->w.now + SECONDS(lease);
	s->binding_here = true;

	return world_ok((uint32_t)lease);
}


static struct answer fair_answer(struct sim *s)
{
	const bool reused = s->w.credentials == CHALLENGE_SENT_REUSED;

	if (s->w.credentials == CHALLENGE_SENT_NONE)
		return world_challenge(&s->w, false, DIGEST_SHA256, true);

	if (reused && one_in(s, 10))
		return world_challenge(&s->w, true, DIGEST_SHA256, true);

	return good_answer(s);
}


static void answer(struct sim *s)
{
	struct answer a;

	switch (s->weather) {

	case ERRORS:
		a = error_answer(s);
		break;

	case NO_LOGIN:
		a = world_challenge(&s->w, false, DIGEST_SHA256, true);
		break;

	case FORGOTTEN:
	case AMNESIA:
	case NET_DOWN:
	case HOST_DOWN:
	case FAIR:
		a = fair_answer(s);
		break;
	}

	measure_answer(s, &a);
	world_answer(&s->w, &a, NULL);
}


/* --- what is due --- */

void network_init(struct sim *s)
{
	s->resolved_at = s->connected_at = s->answer_at = NEVER;
	s->pong_at = s->options_at = NEVER;
	clear(s);
}


msec_t network_next(const struct sim *s)
{
	msec_t at = clock_min(s->weather_until, s->resolved_at);

	at = clock_min(at, clock_min(s->connected_at, s->answer_at));

	return clock_min(at, clock_min(s->pong_at, s->options_at));
}


static bool due(struct sim *s, msec_t *at)
{
	if (*at > s->w.now)
		return false;

	*at = NEVER;

	return true;
}


static void connected(struct sim *s)
{
	if (hits(s) && !s->sc->udp)
		world_refused(&s->w, REASON_CONNECT_REFUSED, 0);
	else
		world_connected(&s->w);
}


static void resolved(struct sim *s)
{
	if (s->weather == NET_DOWN && s->sc->no_dns)
		world_resolve_failed(&s->w);
	else
		world_resolved(&s->w, s->sc->addresses ? s->sc->addresses : 1,
			       0);
}


void network_run(struct sim *s)
{
	if (due(s, &s->weather_until))
		change(s);
	if (due(s, &s->resolved_at))
		resolved(s);
	if (due(s, &s->connected_at))
		connected(s);
	if (due(s, &s->answer_at))
		answer(s);
	if (due(s, &s->pong_at))
		world_pong(&s->w);
	if (due(s, &s->options_at))
		world_options_answer(&s->w);
}
