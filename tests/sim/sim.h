/* One account for years: the world of tests/world with real edges, a network
 * with its weather, and a registrar of average health. */

#ifndef SIM_H
#define SIM_H

#include "../world/world.h"


#define DAYS(n)  (HOURS(n) * 24)
#define YEARS(n) (DAYS(n) * 365)

/* What goes wrong. The first two happen in an instant and leave their trace,
 * the others last. */
enum weather {
	FORGOTTEN,               /* a NAT forgot the flow: it swallows all */
	AMNESIA,                 /* the registrar forgot its bindings */
	NET_DOWN,                /* nothing gets through */
	HOST_DOWN,               /* the registrar is gone, and its memory */
	ERRORS,                  /* it answers with errors, by turns */
	NO_LOGIN,                /* every REGISTER is answered 401 */
	FAIR,
};

struct fault {
	enum weather weather;
	msec_t least, most;      /* how long it lasts */
};

#define FAULTS_MAX 5

struct scenario {
	const char *name;
	bool udp;
	bool pongs;              /* the server answers CRLF pings */
	bool no_options;         /* and an OPTIONS neither */
	bool no_dns;             /* while the net is down; else it is cached */
	bool local_event;        /* tells when the net is back */
	unsigned addresses;      /* 0: one; of more, the used one goes down */
	msec_t how_long;
	uint32_t least, most;    /* [s] granted leases */
	msec_t every;            /* mean time between faults; 0: once */
	struct fault faultv[FAULTS_MAX];
	uint16_t code;           /* of ERRORS; 0: many */
	uint32_t retry_after;    /* [s]; 0: none, or with many codes at times */
	msec_t allowed;          /* longest gap while the registrar was able */
	unsigned tries_least, tries_most;    /* during the one fault; 0: any */
};

struct sim {
	struct world w;
	const struct scenario *sc;
	struct rng rng;

	/* network.c: the weather, and what is on its way; NEVER: nothing */
	enum weather weather;
	msec_t weather_until;
	msec_t resolved_at, connected_at, answer_at, pong_at, options_at;
	unsigned down;           /* HOST_DOWN: which of the addresses */
	bool deaf;               /* the present flow is swallowed */
	uint32_t shown;          /* [s] the lease on its way */

	/* the registrar's memory */
	msec_t binding_until;
	bool binding_here;       /* over the present flow */

	/* measure.c */
	msec_t measured;         /* up to here */
	msec_t out, gap, longest; /* [ms] not reachable though it was able */
	unsigned gaps;
	unsigned tries;          /* during the last fault that lasted */
	msec_t try_at, try_least, try_most;
	unsigned unexplained;    /* REGISTERs */
	unsigned asked;          /* on this flow */
	uint16_t code;           /* the last answer, 0: none */
	uint32_t lease, retry_after;
	msec_t sent_at, code_at;
};

/* network.c */
void network_init(struct sim *s);
msec_t network_next(const struct sim *s);
void network_run(struct sim *s);             /* what is due now */
void network_on_deed(struct sim *s, enum deed d);

/* measure.c */
void measure_time(struct sim *s);            /* up to w.now */
void measure_try(struct sim *s);
void measure_weather(struct sim *s);         /* it has changed to worse */
void measure_register(struct sim *s);        /* one was sent */
void measure_answer(struct sim *s, const struct answer *a);

#endif
