/* One account for years: the world of tests/world with real edges, a network
 * with its weather, and a registrar of average health. */

#ifndef SIM_H
#define SIM_H

#include "../world/world.h"


#define DAYS(n)  (HOURS(n) * 24)
#define YEARS(n) (DAYS(n) * 365)

/* What goes wrong. The first two happen in an instant and leave their trace,
 * the others last. That the process is killed is no weather: it may happen in
 * any. */
enum weather {
	FORGOTTEN,               /* a NAT forgot the flow: it swallows all */
	AMNESIA,                 /* the registrar forgot its bindings */
	NET_DOWN,                /* nothing gets through */
	NO_IPV6,                 /* what is sent by IPv6 is swallowed */
	NO_DNS,                  /* no name is resolved; flows break at once */
	HOST_DOWN,               /* the registrar is gone, and its memory */
	ERRORS,                  /* it answers with errors, by turns */
	NO_LOGIN,                /* every REGISTER is answered 401 */
	FAIR,
};

struct fault {
	enum weather weather;
	msec_t least, most;      /* how long it lasts */
};

#define FAULTS_MAX    5
#define ADDRESSES_MAX 4

/* One connection, as long as it is there. */
struct path {
	unsigned number;         /* of the world's link; 0: none */
	bool deaf;               /* it swallows everything */
	struct addr mapped;      /* where the NAT lets it appear */
	msec_t touched;          /* the last packet either way */
	msec_t pong_at, options_at;      /* on their way; NEVER: none */
};

#define WAITS_MAX 8          /* that are printed */
#define PATHS 4              /* flow, rival, elder, and one to be made */

struct scenario {
	const char *name;
	bool udp;
	bool pongs;              /* the server answers CRLF pings */
	bool no_options;         /* and an OPTIONS neither */
	bool no_dns;             /* while the net is down; else it is cached */
	bool local_event;        /* the machine notices when it is over */
	bool kicked;             /* the operator acts when it is over */
	bool at_once;            /* the first fault is there at the start */
	unsigned addresses;      /* 0: one; of more, the used one goes down */
	bool families;           /* each host has two, IPv6 first */
	bool redirects;          /* it sends everybody to another host with 302;
				    that one goes down */
	msec_t killed_every;     /* mean time until the process is; 0: never */
	msec_t how_long;
	uint32_t least, most;    /* [s] granted leases */
	msec_t every;            /* mean time between faults; 0: once */
	struct fault faultv[FAULTS_MAX];
	uint16_t code;           /* of ERRORS; 0: many */
	uint32_t retry_after;    /* [s]; 0: none, or with many codes at times */
	msec_t interval;         /* [ms] of pings, configured; 0: default */
	msec_t idle;             /* a NAT, which forgets a flow after that */
	msec_t moves_every;      /* and has another public address so often */
	msec_t allowed;          /* longest gap while the registrar was able */
	/* During the one fault; 0: any. Guesses are REGISTERs with credentials,
	 * waits what is longer than a second between two tries. */
	unsigned tries_least, tries_most, guesses_most;
	msec_t wait_least, wait_most;
};

struct sim {
	struct world w;
	const struct scenario *sc;
	struct rng rng;

	/* network.c: the weather, and what is on its way; NEVER: nothing */
	enum weather weather;
	msec_t weather_until;
	msec_t connectedv[ADDRESSES_MAX];
	msec_t resolved_at, answer_at;
	bool away;               /* where the redirect leads */
	unsigned down;           /* HOST_DOWN: which of the addresses */

	/* path.c: the connections and the NAT */
	struct path pathv[PATHS];
	struct addr public;      /* the NAT's; the port is the last one given */
	msec_t moves_at;

	/* the process: when it is killed, when it is started again, and what
	 * is on its disk then */
	msec_t kill_at, start_at;
	uint32_t kept_cseq;
	bool kept_worked;

	/* the registrar's memory */
	msec_t binding_until;
	unsigned binding_number; /* of the path that it was made over; 0 */
	struct addr binding_addr;        /* what it says; unset: no matter */
	uint32_t cseq;           /* of the present Call-ID */
	bool hates_callid;       /* until there is a new one */
	bool hates_olds;         /* refuses to have old bindings removed */

	/* measure.c */
	msec_t measured;         /* up to here */
	msec_t out, gap, longest; /* [ms] not reachable though it was able */
	unsigned gaps;
	msec_t above;            /* [ms] that pings were too seldom for the NAT,
				    after the first week */
	unsigned tries;          /* during the last fault that lasted */
	unsigned guesses;
	msec_t try_at, try_least, try_most;
	msec_t waitv[WAITS_MAX], wait_least, wait_most;
	unsigned waitc;          /* all of them */
	unsigned unexplained;    /* REGISTERs */
	unsigned asked;          /* on this flow */
	uint16_t code;           /* the last answer, 0: none */
	uint32_t lease, retry_after;
	unsigned named;          /* old bindings in the last REGISTER */
	struct addr offered;     /* Contact of that */
	unsigned kills, renewals;
	bool renewed;            /* since the last REGISTER */
	bool returned;           /* the same: an elder was taken back */
	msec_t sent_at, code_at;
};

/* chance.c: uniform, one in n, and evenly in size */
msec_t sim_between(struct sim *s, msec_t low, msec_t high);
bool sim_one_in(struct sim *s, unsigned n);
msec_t sim_sized(struct sim *s, msec_t low, msec_t high);

/* path.c: of a link, NULL: it has none */
struct path *path_of(struct sim *s, const struct link *l);
struct link *path_link(struct sim *s, const struct path *p);
void path_open(struct sim *s, const struct link *l);
/* A packet of ours, or to us. False: it is swallowed. */
bool path_send(struct sim *s, struct path *p);
void path_receive(struct sim *s, struct path *p);
void paths_init(struct sim *s);
void paths_forget(struct sim *s);            /* FORGOTTEN */
void paths_move(struct sim *s);              /* another public address */
/* Until when calls come through to us, as the registrar's binding is. */
msec_t paths_served(struct sim *s);

/* registrar.c */
void registrar_answer(struct sim *s);        /* the REGISTER in flight */

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

/* herd.c: thousands of accounts at one edge; how many cases there were */
unsigned herd_run(unsigned *failedp);

#endif
