/* The weather, the way to the registrar and back, and the process at this end
 * of it. */

#include <stddef.h>
#include "sim.h"


#define RTT            20           /* [ms] */
#define DNS_PATIENCE   SECONDS(10)  /* then a resolver gives up */
#define TIMER_F        SECONDS(32)  /* transactions repeat for so long ... */
#define TIMER_E        SECONDS(4)   /* ... so often, RFC 3261 §17.1.2.2 */
#define TCP_RTO_MAX    SECONDS(60)  /* a stream repeats, ever more seldom */
#define CSEQ_AHEAD     50           /* as daemon/state.h writes it */
#define START_MAX      SECONDS(10)  /* until the process is started again */
#define AWAY           8            /* the edges of the other host, from */


/* --- weather --- */

static bool lasts(enum weather weather)
{
	return weather != FORGOTTEN && weather != AMNESIA;
}


static bool is_down(const struct sim *s)
{
	return s->weather == NET_DOWN || s->weather == HOST_DOWN;
}


static bool is_ipv6(const struct sim *s, unsigned index)
{
	return s->sc->families && index % 2 == 0;
}


/* Of several hosts the one that is in use goes down, or the one where a
 * redirect leads. */
static bool hits(const struct sim *s, unsigned index)
{
	if (s->weather == NO_IPV6)
		return is_ipv6(s, index);

	if (s->weather == HOST_DOWN && s->sc->addresses > 1)
		return index == s->down;

	if (s->weather == HOST_DOWN && s->sc->redirects)
		return s->away;

	return is_down(s);
}


static bool hits_flow(const struct sim *s, const struct link *l)
{
	return hits(s, l->index);
}


static void clear(struct sim *s)
{
	const msec_t every = s->sc->every;

	s->weather = FAIR;
	s->weather_until = NEVER;
	if (every)
		s->weather_until = s->w.now +
			sim_between(s, every / 2, every / 2 * 3);
	else if (s->w.now == 0)
		s->weather_until = s->sc->at_once ? 1 : HOURS(1);
}


static void host_down(struct sim *s)
{
	if (s->sc->addresses < 2)
		s->binding_until = 0;    /* else they share their memory */
	if (s->sc->udp)
		return;
	if (hits_flow(s, &s->w.elder))
		world_lost(&s->w, &s->w.elder, REASON_FLOW_LOST);
	if (hits_flow(s, &s->w.link))
		world_lost(&s->w, &s->w.link, REASON_FLOW_LOST);
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

	f = &s->sc->faultv[sim_between(s, 0, n - 1)];
	if (!lasts(f->weather)) {
		if (f->weather == FORGOTTEN)
			paths_forget(s);
		if (f->weather == AMNESIA)
			s->binding_until = 0;
		clear(s);
		return;
	}

	s->weather = f->weather;
	s->down = s->w.reg.reg.target.index;
	s->weather_until = s->w.now + sim_sized(s, f->least, f->most);
	measure_weather(s);
	if (f->weather == HOST_DOWN)
		host_down(s);
	if (f->weather == NO_DNS)
		world_lost(&s->w, &s->w.link, REASON_FLOW_LOST);
}


static void change(struct sim *s)
{
	if (s->weather == FAIR) {
		strike(s);
		return;
	}

	clear(s);
	if (s->sc->local_event)
		world_local_event(&s->w);
	if (s->sc->kicked)
		world_kick(&s->w);
}


/* --- the way --- */

/* When what is sent now has its answer, whoever repeats it meanwhile. */
static msec_t way(struct sim *s, const struct link *l)
{
	const msec_t left = s->weather_until - s->w.now;

	if (!path_send(s, path_of(s, l)))
		return NEVER;
	if (!hits_flow(s, l))
		return s->w.now + RTT;

	if (!s->sc->udp)
		return s->weather == HOST_DOWN ? NEVER :
			s->weather_until + RTT +
			sim_between(s, 0, clock_min(left, TCP_RTO_MAX));

	return left < TIMER_F - TIMER_E ?
		s->weather_until + RTT + sim_between(s, 0, TIMER_E) : NEVER;
}


/* The SYN is repeated after 1, 3 and 7 s. */
static msec_t syn(const struct sim *s, unsigned index)
{
	static const msec_t repeatv[] = {SECONDS(1), SECONDS(3), SECONDS(7)};
	size_t i;

	if (s->sc->udp || !hits(s, index))
		return s->w.now + (s->sc->udp ? 0 : RTT);
	if (s->weather == HOST_DOWN)
		return s->w.now + RTT;               /* refused */

	for (i = 0; i < sizeof(repeatv) / sizeof(repeatv[0]); i++)
		if (s->w.now + repeatv[i] >= s->weather_until)
			return s->w.now + repeatv[i] + RTT;

	return NEVER;
}


/* Every connect, and the answer to the REGISTER. */
static void none_under_way(struct sim *s)
{
	unsigned i;

	for (i = 0; i < ADDRESSES_MAX; i++)
		s->connectedv[i] = NEVER;

	s->answer_at = NEVER;
}


static void asked_dns(struct sim *s)
{
	bool silent = s->weather == NET_DOWN && s->sc->no_dns;

	if (s->sc->no_dns || s->weather == NO_DNS)
		measure_try(s);

	if (s->weather == NO_DNS)
		silent = sim_one_in(s, 2);           /* else it says so */

	s->resolved_at = s->w.now + (silent ? DNS_PATIENCE : RTT);
}


static void opened(struct sim *s, const struct link *l)
{
	const unsigned index = l->index;

	path_open(s, l);
	s->connectedv[index] = syn(s, index);
	if (!s->sc->udp && hits(s, index))
		measure_try(s);
}


/* What daemon/state.h does: written ahead of its use. */
static void keep_cseq(struct sim *s)
{
	const uint32_t cseq = s->w.reg.reg.cseq;

	if (cseq > s->kept_cseq)
		s->kept_cseq = cseq + CSEQ_AHEAD;
}


static void sent(struct sim *s)
{
	if (s->sc->udp || !hits_flow(s, &s->w.link))
		measure_try(s);

	keep_cseq(s);
	measure_register(s);
	s->answer_at = way(s, &s->w.link);
}


static void pinged(struct sim *s, enum deed d)
{
	struct path *p = path_of(s, s->w.on);
	const msec_t at = way(s, s->w.on);

	if (d == DEED_OPTIONS && !s->sc->no_options)
		p->options_at = at;
	if (d == DEED_CRLF && s->sc->pongs && !s->sc->udp)
		p->pong_at = at;
}


void network_on_deed(struct sim *s, enum deed d)
{

	switch (d) {

	case DEED_RESOLVE:
	case DEED_REDIRECT:
		s->away = d == DEED_REDIRECT;
		asked_dns(s);
		break;

	case DEED_RENEW:
		++s->renewals;
		s->renewed = true;
		s->hates_callid = false;
		s->cseq = 0;
		break;

	case DEED_OPEN:
		s->asked = 0;
		opened(s, &s->w.link);
		break;

	case DEED_OPEN_RIVAL:
		opened(s, &s->w.rival);
		break;

	case DEED_REGISTER:
		sent(s);
		break;

	case DEED_LEAVE:
		s->answer_at = way(s, &s->w.link);
		break;

	case DEED_CRLF:
	case DEED_OPTIONS:
		pinged(s, d);
		break;

	case DEED_TAKE_BACK:
		s->returned = true;
		none_under_way(s);
		break;

	case DEED_ASIDE:
		none_under_way(s);
		break;

	case DEED_PARK:
	case DEED_RACE:
	case DEED_HOLD:
	case DEED_LEFT:
	case DEED_CLOSE:
	case DEED_FETCH:
	case DEED_STUN:
	case DEED_REPLACE:
	case DEED_RETIRE:
	case DEED_ELDER_GONE:
	case DEED_PROBE:
	case DEED_PROBE_ON_FLOW:
	case DEED_PROBE_CLOSE:
		break;
	}

	/* What was on its way over a flow that is gone does not arrive. */
	if (!s->w.link.there)
		none_under_way(s);
}


/* --- the process --- */

static void plan_kill(struct sim *s)
{
	const msec_t every = s->sc->killed_every;

	s->start_at = NEVER;
	s->kill_at = every ? s->w.now + sim_between(s, every / 2, every / 2 * 3)
			   : NEVER;
}


static void kill_it(struct sim *s)
{
	++s->kills;
	none_under_way(s);
	s->resolved_at = NEVER;
	s->asked = 0;
	s->hates_callid = sim_one_in(s, 4);
	s->hates_olds = !s->hates_callid && sim_one_in(s, 4);

	world_restart(&s->w, s->kept_cseq, s->kept_worked);
	s->start_at = s->w.now + sim_between(s, SECONDS(1), START_MAX);
}


static void start_it(struct sim *s)
{
	plan_kill(s);
	world_start(&s->w);
}


/* --- what is due --- */

void network_init(struct sim *s)
{
	s->resolved_at = NEVER;
	none_under_way(s);
	paths_init(s);
	plan_kill(s);
	clear(s);
}


msec_t network_next(const struct sim *s)
{
	msec_t at = clock_min(s->weather_until, s->resolved_at);
	unsigned i;

	for (i = 0; i < ADDRESSES_MAX; i++)
		at = clock_min(at, s->connectedv[i]);

	for (i = 0; i < PATHS; i++)
		at = clock_min(at, clock_min(s->pathv[i].pong_at,
					     s->pathv[i].options_at));

	at = clock_min(at, clock_min(s->kill_at, s->start_at));

	return clock_min(at, clock_min(s->answer_at, s->moves_at));
}


static bool due(struct sim *s, msec_t *at)
{
	if (*at > s->w.now)
		return false;

	*at = NEVER;

	return true;
}


static void connected(struct sim *s, unsigned index)
{
	struct world *w = &s->w;
	const bool refused = hits(s, index) && !s->sc->udp;
	const bool first = w->link.there && w->link.index == index;

	if (first && refused)
		world_refused(w, REASON_CONNECT_REFUSED, 0);
	else if (first)
		world_connected(w);
	else if (refused)
		world_rival_refused(w, REASON_CONNECT_REFUSED, 0);
	else
		world_rival_connected(w);
}


static struct target_list addresses(struct sim *s)
{
	const unsigned hosts = s->sc->addresses ? s->sc->addresses : 1;
	struct target_list list = world_list(&s->w, hosts, 0);
	unsigned i;

	if (!s->sc->families)
		return list;

	list.count = 2 * hosts;
	for (i = 0; i < list.count; i++) {
		list.groupv[i] = (uint8_t)(i / 2);
		if (is_ipv6(s, i))
			list.ipv6 |= UINT32_C(1) << i;
	}

	return list;
}


static void resolved(struct sim *s)
{
	const struct target_list list = addresses(s);

	s->w.edge_first = s->away ? AWAY : 0;

	if (s->weather == NO_DNS ||
	    (s->weather == NET_DOWN && s->sc->no_dns))
		world_resolve_failed(&s->w);
	else
		world_resolved(&s->w, &list);
}


/* The answers to the pings of one path, if that is still there. */
static void ponged(struct sim *s, struct path *p)
{
	struct link *l = path_link(s, p);
	const bool pong = due(s, &p->pong_at), options = due(s, &p->options_at);

	if (!l || !(pong || options))
		return;

	path_receive(s, p);
	if (pong)
		world_pong(&s->w, l);
	else
		world_options_answer(&s->w, l, &p->mapped);
}


void network_run(struct sim *s)
{
	unsigned i;

	if (due(s, &s->kill_at))
		kill_it(s);
	if (due(s, &s->start_at))
		start_it(s);
	if (due(s, &s->weather_until))
		change(s);
	if (due(s, &s->resolved_at))
		resolved(s);
	for (i = 0; i < ADDRESSES_MAX; i++)
		if (due(s, &s->connectedv[i]))
			connected(s, i);
	if (due(s, &s->answer_at))
		registrar_answer(s);
	for (i = 0; i < PATHS; i++)
		ponged(s, &s->pathv[i]);
	if (due(s, &s->moves_at))
		paths_move(s);
}
