/* Simulates one account for years in seconds: prints what each scenario cost
 * and fails where it took longer, or more, than the rules promise.
 *
 * usage: sim [long]      ten years of each scenario that goes on */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "sim.h"


#define PACE  40         /* per second, the default of the configuration */
#define SEED  1
#define NAME_SIZE 80
#define RETRY_AFTER 120  /* [s] */


/* Where the longest gaps come from:
 *  - a stream that swallows everything: found by the next ping (30 s) and a
 *    second without a pong, and replaced at once; where there are no pongs it
 *    is asked with an OPTIONS and dead after 10 s
 *  - the same with a lease that ends before the ping comes: there is nothing to
 *    keep beside another flow, it is left when it is dead
 *  - an edge that is down: knocked at every 30 s at last; a knock that began
 *    in time gets through with the next SYN, one too late hangs 3 s longer
 *  - of two addresses the other one is tried at once: that it was down once is
 *    too long ago to count
 *  - a name that is not resolved: asked every 30 s at last, and the resolver
 *    may take 10 s to say so
 *  - told that the network is back while the name was being asked: those 10 s
 *  - UDP that is swallowed: the next ping (25 s), its tries (3.5 s), a REGISTER
 *    over a new flow that is given 0.8 s, then the other family
 *  - a process that is killed: the 10 s at most until it is started again
 *  - all else waits: 30 minutes at most, 60 when credentials are held; not
 *    before a Retry-After and 0 to 20 % more; told that it is over, not at
 *    all; the end of a lease makes them shorter, 5 s at least */
#define GAP_FOUND    (SECONDS(30) + SECONDS(1) + SECONDS(1))
#define GAP_LEASE    (SECONDS(30) + SECONDS(10) + SECONDS(1))
#define GAP_ASKED_FIRST (SECONDS(30) + SECONDS(10) + SECONDS(1))
#define GAP_KNOCK    (SECONDS(30) + SECONDS(1))
#define GAP_HUNG     (SECONDS(30) + SECONDS(3) + SECONDS(1))
#define GAP_NEXT     SECONDS(1)
#define GAP_DNS      (SECONDS(30) + SECONDS(10) + SECONDS(1))
#define GAP_ASKED    (SECONDS(10) + SECONDS(1))
#define GAP_UDP      (SECONDS(25) + FLOW_UDP_TRIES + 800 + SECONDS(1))
#define GAP_KILLED   (SECONDS(10) + SECONDS(1))
#define GAP_WAIT     (REG_WAIT_MAX + SECONDS(45))
#define GAP_VERIFY   (SECONDS(600) + SECONDS(1))
#define GAP_HELD     (REG_HELD_MAX + SECONDS(1))
#define GAP_TOLD     SECONDS(1)
#define GAP_AFTER    (SECONDS(RETRY_AFTER) * 12 / 10 + SECONDS(1))

static const struct scenario scenariov[] = {
	{
		.name = "tcp, five years, all weathers",
		.pongs = true, .no_dns = true,
		.how_long = YEARS(5), .least = 600, .most = 7200,
		.every = DAYS(4), .allowed = GAP_WAIT,
		.faultv = {
			{FORGOTTEN, 1, 1},
			{NET_DOWN, MINUTES(1), DAYS(3)},
			{HOST_DOWN, SECONDS(1), HOURS(12)},
			{ERRORS, SECONDS(10), HOURS(12)},
		},
	}, {
		.name = "udp, three years, all weathers",
		.udp = true, .no_dns = true,
		.how_long = YEARS(3), .least = 600, .most = 7200,
		.every = DAYS(4), .allowed = GAP_WAIT,
		.faultv = {
			{AMNESIA, 1, 1},
			{NET_DOWN, MINUTES(1), DAYS(3)},
			{HOST_DOWN, SECONDS(1), HOURS(12)},
			{ERRORS, SECONDS(10), HOURS(12)},
		},
	}, {
		.name = "tcp, leases of 30 to 60 s",
		.pongs = true, .how_long = DAYS(60), .least = 30, .most = 60,
		.every = DAYS(2), .allowed = GAP_LEASE,
		.faultv = {{FORGOTTEN, 1, 1}},
	}, {
		.name = "tcp, a black hole a day",
		.pongs = true, .how_long = DAYS(200), .least = 3600,
		.most = 7200, .every = DAYS(1), .allowed = GAP_FOUND,
		.faultv = {{FORGOTTEN, 1, 1}},
	}, {
		.name = "tcp, a black hole a day, a server without pongs",
		.how_long = DAYS(200), .least = 3600, .most = 7200,
		.every = DAYS(1), .allowed = GAP_ASKED_FIRST,
		.faultv = {{FORGOTTEN, 1, 1}},
	}, {
		.name = "tcp, the registrar restarts empty",
		.pongs = true, .how_long = DAYS(200), .least = 600,
		.most = 3600, .every = HOURS(12), .allowed = GAP_KNOCK,
		.faultv = {{HOST_DOWN, SECONDS(1), HOURS(6)}},
	}, {
		.name = "tcp, of two addresses the used one goes down",
		.pongs = true, .addresses = 2, .how_long = DAYS(200),
		.least = 600, .most = 3600, .every = HOURS(12),
		.allowed = GAP_NEXT,
		.faultv = {{HOST_DOWN, SECONDS(1), HOURS(6)}},
	}, {
		.name = "tcp, IPv6 comes and goes",
		.pongs = true, .families = true, .how_long = DAYS(200),
		.least = 600, .most = 3600, .every = HOURS(12),
		.allowed = GAP_FOUND,
		.faultv = {{NO_IPV6, MINUTES(1), HOURS(12)},
			   {FORGOTTEN, 1, 1}},
	}, {
		.name = "udp, IPv6 comes and goes",
		.udp = true, .families = true, .how_long = DAYS(200),
		.least = 600, .most = 3600, .every = HOURS(12),
		.allowed = GAP_UDP,
		.faultv = {{NO_IPV6, MINUTES(1), HOURS(12)}},
	}, {
		.name = "tcp, of two hosts in two families one goes, or IPv6",
		.pongs = true, .addresses = 2, .families = true,
		.how_long = DAYS(200), .least = 600, .most = 3600,
		.every = HOURS(12), .allowed = GAP_FOUND,
		.faultv = {{NO_IPV6, MINUTES(1), HOURS(12)},
			   {HOST_DOWN, SECONDS(1), HOURS(6)}},
	}, {
		.name = "tcp, sent elsewhere, and that host goes down",
		.pongs = true, .redirects = true, .how_long = DAYS(200),
		.least = 600, .most = 3600, .every = HOURS(12),
		.allowed = GAP_KNOCK,
		.faultv = {{HOST_DOWN, SECONDS(1), HOURS(6)}},
	}, {
		.name = "tcp, killed every three days",
		.pongs = true, .killed_every = DAYS(3), .how_long = DAYS(300),
		.least = 600, .most = 7200, .allowed = GAP_KILLED,
	}, {
		.name = "udp, killed every three days",
		.udp = true, .killed_every = DAYS(3), .how_long = DAYS(100),
		.least = 600, .most = 7200, .allowed = GAP_KILLED,
	}, {
		.name = "tcp, killed every day in all weathers",
		.pongs = true, .no_dns = true, .killed_every = DAYS(1),
		.how_long = DAYS(300), .least = 600, .most = 7200,
		.every = DAYS(2), .allowed = GAP_WAIT,
		.faultv = {
			{FORGOTTEN, 1, 1},
			{NET_DOWN, MINUTES(1), DAYS(3)},
			{NO_DNS, MINUTES(1), DAYS(1)},
			{HOST_DOWN, SECONDS(1), HOURS(12)},
			{ERRORS, SECONDS(10), HOURS(12)},
		},
	}, {
		.name = "tcp, no DNS for hours, and the flow is lost",
		.pongs = true, .how_long = DAYS(200), .least = 600,
		.most = 3600, .every = HOURS(12), .allowed = GAP_DNS,
		.faultv = {{NO_DNS, MINUTES(1), HOURS(6)}},
	}, {
		.name = "tcp, no DNS for 24 h",
		.pongs = true, .how_long = HOURS(26), .least = 600,
		.most = 600, .allowed = GAP_DNS,
		.faultv = {{NO_DNS, HOURS(24), HOURS(24)}},
		.tries_least = 2160, .tries_most = 5760,
		.wait_most = GAP_DNS,
	}, {
		.name = "udp, the registrar forgets",
		.udp = true, .how_long = DAYS(200), .least = 600, .most = 7200,
		.every = HOURS(12), .allowed = GAP_VERIFY,
		.faultv = {{AMNESIA, 1, 1}},
	}, {
		.name = "udp, an edge that answers no OPTIONS",
		.udp = true, .no_options = true, .how_long = DAYS(200),
		.least = 600, .most = 7200, .every = DAYS(1),
		.allowed = GAP_WAIT,
		.faultv = {{NET_DOWN, MINUTES(1), HOURS(12)},
			   {ERRORS, SECONDS(10), HOURS(1)}},
	}, {
		.name = "tcp, errors for minutes, twice a day",
		.pongs = true, .how_long = DAYS(200), .least = 600,
		.most = 7200, .every = HOURS(12), .allowed = GAP_WAIT,
		.faultv = {{ERRORS, SECONDS(10), MINUTES(10)}},
	}, {
		.name = "tcp, the provider's authentication breaks down",
		.pongs = true, .how_long = DAYS(200), .least = 600,
		.most = 3600, .every = DAYS(2), .allowed = GAP_HELD,
		.faultv = {{NO_LOGIN, MINUTES(10), DAYS(1)}},
	}, {
		.name = "tcp, refused for 24 h",
		.pongs = true, .how_long = HOURS(26), .least = 600,
		.most = 600, .allowed = GAP_KNOCK,
		.faultv = {{HOST_DOWN, HOURS(24), HOURS(24)}},
		.tries_least = 2880, .tries_most = 2960,
		.wait_most = GAP_KNOCK,
	}, {
		.name = "tcp, no network for 24 h",
		.pongs = true, .how_long = HOURS(26), .least = 600,
		.most = 600, .allowed = GAP_HUNG,
		.faultv = {{NET_DOWN, HOURS(24), HOURS(24)}},
		.tries_least = 2100, .tries_most = 2200,
		.wait_most = GAP_KNOCK + FLOW_CONNECT_MAX,
	}, {
		.name = "tcp, the same, and told when it is over",
		.pongs = true, .local_event = true, .how_long = HOURS(26),
		.least = 600, .most = 600, .allowed = GAP_TOLD,
		.faultv = {{NET_DOWN, HOURS(24), HOURS(24)}},
		.tries_least = 2100, .tries_most = 2200,
		.wait_most = GAP_KNOCK + FLOW_CONNECT_MAX,
	}, {
		.name = "tcp, no network and no DNS for 24 h",
		.pongs = true, .no_dns = true, .how_long = HOURS(26),
		.least = 600, .most = 600, .allowed = GAP_WAIT,
		.faultv = {{NET_DOWN, HOURS(24), HOURS(24)}},
	}, {
		.name = "tcp, the same, and told when it is back",
		.pongs = true, .no_dns = true, .local_event = true,
		.how_long = HOURS(26), .least = 600, .most = 600,
		.allowed = GAP_ASKED,
		.faultv = {{NET_DOWN, HOURS(24), HOURS(24)}},
	}, {
		.name = "udp, no network for 24 h",
		.udp = true, .how_long = HOURS(26), .least = 600, .most = 600,
		.allowed = GAP_WAIT,
		.faultv = {{NET_DOWN, HOURS(24), HOURS(24)}},
		.tries_least = 50, .tries_most = 110,
		.wait_most = REG_WAIT_MAX + SECONDS(33),
	}, {
		.name = "udp, the same, and told when it is back",
		.udp = true, .local_event = true, .how_long = HOURS(26),
		.least = 600, .most = 600, .allowed = GAP_TOLD,
		.faultv = {{NET_DOWN, HOURS(24), HOURS(24)}},
		.tries_least = 50, .tries_most = 110,
	}, {
		.name = "tcp, refused for 24 h, and told when it is over",
		.pongs = true, .local_event = true, .how_long = HOURS(26),
		.least = 600, .most = 600, .allowed = GAP_TOLD,
		.faultv = {{HOST_DOWN, HOURS(24), HOURS(24)}},
		.tries_least = 2880, .tries_most = 2960,
		.wait_most = GAP_KNOCK,
	}, {
		.name = "tcp, 500 for 24 h",
		.pongs = true, .how_long = HOURS(26), .least = 600,
		.most = 600, .allowed = GAP_WAIT, .code = 500,
		.faultv = {{ERRORS, HOURS(24), HOURS(24)}},
		.tries_least = 50, .tries_most = 110,
		.wait_least = SECONDS(5), .wait_most = REG_WAIT_MAX,
	}, {
		.name = "tcp, 503 for 24 h",
		.pongs = true, .how_long = HOURS(26), .least = 600,
		.most = 600, .allowed = GAP_WAIT, .code = 503,
		.faultv = {{ERRORS, HOURS(24), HOURS(24)}},
		.tries_least = 50, .tries_most = 110,
		.wait_least = SECONDS(5), .wait_most = REG_WAIT_MAX,
	}, {
		.name = "udp, 503 for 24 h, and told when it is over",
		.udp = true, .local_event = true, .how_long = HOURS(26),
		.least = 600, .most = 600, .allowed = GAP_TOLD, .code = 503,
		.faultv = {{ERRORS, HOURS(24), HOURS(24)}},
		.tries_least = 50, .tries_most = 110,
		.wait_least = SECONDS(5), .wait_most = REG_WAIT_MAX,
	}, {
		.name = "tcp, 503 with Retry-After 120 for 24 h",
		.pongs = true, .how_long = HOURS(26), .least = 600,
		.most = 600, .allowed = GAP_AFTER, .code = 503,
		.retry_after = RETRY_AFTER,
		.faultv = {{ERRORS, HOURS(24), HOURS(24)}},
		.tries_least = 600, .tries_most = 720,
		.wait_least = SECONDS(RETRY_AFTER), .wait_most = GAP_AFTER,
	}, {
		.name = "tcp, the same, and no event ends a Retry-After",
		.pongs = true, .local_event = true, .how_long = HOURS(26),
		.least = 600, .most = 600, .allowed = GAP_AFTER, .code = 503,
		.retry_after = RETRY_AFTER,
		.faultv = {{ERRORS, HOURS(24), HOURS(24)}},
		.tries_least = 600, .tries_most = 720,
		.wait_least = SECONDS(RETRY_AFTER), .wait_most = GAP_AFTER,
	}, {
		.name = "tcp, a wrong password for 24 h, then the right one",
		.pongs = true, .at_once = true, .kicked = true,
		.how_long = HOURS(26), .least = 600, .most = 600,
		.allowed = GAP_TOLD,
		.faultv = {{NO_LOGIN, HOURS(24), HOURS(24)}},
		.tries_least = 3, .tries_most = 3, .guesses_most = 2,
	}, {
		.name = "udp, a wrong password for 24 h, then the right one",
		.udp = true, .at_once = true, .kicked = true,
		.local_event = true, .how_long = HOURS(26), .least = 600,
		.most = 600, .allowed = GAP_TOLD,
		.faultv = {{NO_LOGIN, HOURS(24), HOURS(24)}},
		.tries_least = 3, .tries_most = 3, .guesses_most = 2,
	}, {
		.name = "tcp, a password that worked does not for 24 h",
		.pongs = true, .how_long = HOURS(26), .least = 600,
		.most = 600, .allowed = GAP_HELD,
		.faultv = {{NO_LOGIN, HOURS(24), HOURS(24)}},
		.tries_least = 2, .tries_most = 60, .guesses_most = 30,
		.wait_least = MINUTES(5), .wait_most = GAP_HELD,
	}, {
		.name = "udp, the same, and the operator knows when it does",
		.udp = true, .kicked = true, .how_long = HOURS(26),
		.least = 600, .most = 600, .allowed = GAP_TOLD,
		.faultv = {{NO_LOGIN, HOURS(24), HOURS(24)}},
		.tries_least = 2, .tries_most = 60, .guesses_most = 30,
		.wait_least = MINUTES(5), .wait_most = GAP_HELD,
	},
};


static void deed_handler(struct world *w, enum deed d, void *arg)
{
	struct sim *s = arg;
	(void)w;

	measure_time(s);
	network_on_deed(s, d);
}


static void init(struct sim *s, const struct scenario *sc)
{
	const struct account_policy p = {
		.reg = {
			.expires = 3600,
			.verify = SECONDS(600),
			.unregister = true,
			.min_digest = DIGEST_MD5,
			.learns = sc->idle,
		},
		.flow = {
			.stream = !sc->udp,
			.interval = sc->interval,
			.pong_timeout = FLOW_PONG_TIMEOUT,
		},
		.probe = {.interval = MINUTES(10)},
		.contact = sc->idle ? CONTACT_AUTO : CONTACT_LOCAL,
	};

	memset(s, 0, sizeof(*s));
	s->sc = sc;
	rng_seed(&s->rng, SEED);
	world_init(&s->w, &p, SEED, deed_handler, s);
	world_use_edges(&s->w, PACE);
	network_init(s);
	world_start(&s->w);
}


static void run(struct sim *s, msec_t until)
{
	while (s->w.now < until) {

		const bool deed = world_pass(&s->w,
					     clock_min(network_next(s), until),
					     true);

		measure_time(s);
		if (!deed)
			network_run(s);
	}
}


static double seconds(msec_t t)
{
	return (double)t / 1000;
}


static bool good(const struct sim *s)
{
	const struct scenario *sc = s->sc;

	return s->longest <= sc->allowed && !s->unexplained &&
		s->above <= (s->w.now - clock_min(s->w.now, DAYS(7))) / 50 &&
		(!sc->tries_most || (s->tries >= sc->tries_least &&
				     s->tries <= sc->tries_most)) &&
		(!sc->guesses_most || s->guesses <= sc->guesses_most) &&
		(!sc->wait_most || s->wait_most <= sc->wait_most) &&
		(!s->waitc || s->wait_least >= sc->wait_least);
}


/* Of the one fault that there was. */
static void print_tries(const struct sim *s)
{
	unsigned i;

	printf("    tries while it was not: %u, %u with credentials, every "
	       "%.3f to %.0f s\n", s->tries, s->guesses,
	       seconds(s->try_least), seconds(s->try_most));
	if (!s->waitc)
		return;

	printf("    waits:");
	for (i = 0; i < s->waitc && i < WAITS_MAX; i++)
		printf(" %.0f", seconds(s->waitv[i]));
	printf("%s s; %u of %.0f to %.0f s\n",
	       s->waitc > WAITS_MAX ? " ..." : "", s->waitc,
	       seconds(s->wait_least), seconds(s->wait_most));
}


static void print(const struct sim *s)
{
	printf("%s - %s: %.1f days, %u REGISTERs, %u unexplained\n",
	       good(s) ? "ok" : "not ok", s->sc->name,
	       seconds(s->w.now) / 86400, s->w.registers, s->unexplained);
	printf("    away though the registrar was able: %.0f s in %u gaps, "
	       "the longest %.3f s of %.0f\n", seconds(s->out), s->gaps,
	       seconds(s->longest), seconds(s->sc->allowed));

	if (s->sc->idle)
		printf("    %.1f s a day; pings every %.1f s (%s) at last, "
		       "more seldom than the NAT wants for %.1f h\n",
		       seconds(s->out) / (seconds(s->w.now) / 86400),
		       seconds(flow_interval(&s->w.link.flow)),
		       interval_reason_name(
			       flow_interval_reason(&s->w.link.flow)),
		       seconds(s->above) / 3600);

	if (s->kills)
		printf("    killed %u times, %u new Call-IDs\n", s->kills,
		       s->renewals);

	if (!s->sc->every && s->tries > 1)
		print_tries(s);
}


static bool play(const struct scenario *sc, msec_t how_long)
{
	static struct sim s;

	init(&s, sc);
	run(&s, how_long);
	print(&s);

	return good(&s);
}


/* A month behind a NAT that forgets what is idle for so long; every day it has
 * another public address. Whatever happens is over an interval later, and 5 s
 * (DESIGN §4). `interval`: configured [s], 0: the default */
static bool play_nat(uint32_t idle, uint32_t interval, bool udp)
{
	const msec_t normal = udp ? FLOW_INTERVAL_UDP : FLOW_INTERVAL_STREAM;
	char name[NAME_SIZE];
	const struct scenario sc = {
		.name = name,
		.udp = udp, .pongs = true,
		.interval = SECONDS(interval),
		.idle = SECONDS(idle), .moves_every = DAYS(1),
		.how_long = DAYS(30), .least = 600, .most = 3600,
		.allowed = (interval ? SECONDS(interval) : normal) +
			SECONDS(5),
	};

	(void)snprintf(name, sizeof(name), "%s%s, a NAT that forgets after "
		       "%u s and moves every day", udp ? "udp" : "tcp",
		       interval ? " with rare pings" : "", idle);

	return play(&sc, sc.how_long);
}


static unsigned play_nats(unsigned *n)
{
	static const uint32_t idlev[] = {20, 30, 60, 180, 300};
	static const uint32_t intervalv[] = {0, 600};
	unsigned passed = 0;
	size_t i, j;

	for (i = 0; i < sizeof(intervalv) / sizeof(intervalv[0]); i++) {
		for (j = 0; j < sizeof(idlev) / sizeof(idlev[0]); j++) {
			passed += play_nat(idlev[j], intervalv[i], false);
			passed += play_nat(idlev[j], intervalv[i], true);
			*n += 2;
		}
	}

	return passed;
}


int main(int argc, char *argv[])
{
	const bool at_length = argc > 1 && !strcmp(argv[1], "long");
	unsigned passed, n = sizeof(scenariov) / sizeof(scenariov[0]);
	unsigned herds, failed = 0;
	size_t i;

	passed = play_nats(&n);
	herds = herd_run(&failed);
	passed += herds - failed;
	n += herds;

	for (i = 0; i < sizeof(scenariov) / sizeof(scenariov[0]); i++) {

		const struct scenario *sc = &scenariov[i];

		passed += play(sc, at_length &&
			       (sc->every || sc->killed_every)
			       ? YEARS(10) : sc->how_long);
	}

	printf("%u passed, %u failed\n", passed, n - passed);

	return passed < n ? EXIT_FAILURE : EXIT_SUCCESS;
}
