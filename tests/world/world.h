/* A world for one account: virtual time, one flow, and whatever plays network
 * and registrar outside. Carries out what the core decides and asserts the
 * invariants of the design after every step (check.c). Stories, the event
 * fuzzer and the simulation all live in it. */

#ifndef WORLD_H
#define WORLD_H

#include "account.h"
#include "edge.h"
#include "flow.h"


/* What was done, as the outside sees it. */
enum deed {
	DEED_RESOLVE,
	DEED_PARK,               /* in the queue of an edge that is down */
	DEED_OPEN,
	DEED_REGISTER,           /* world->credentials says what it carries */
	DEED_LEAVE,              /* REGISTER with expires 0 */
	DEED_CRLF,
	DEED_OPTIONS,
	DEED_CLOSE,
	DEED_HOLD,               /* the edge, until world_reg()->hold_until */
	DEED_LEFT,
};

const char *deed_name(enum deed d);

#define WORLD_EVENTS 32

struct world;
typedef void (deed_h)(struct world *w, enum deed d, void *arg);

/* Counts per second of simulated time, for the last few seconds. */
#define RATE_SECONDS 10

struct rate {
	uint32_t countv[RATE_SECONDS];
	msec_t secondv[RATE_SECONDS];    /* which second each is about */
};

/* What check.c keeps of its own, so that the core is not asked about itself. */
struct watch {
	struct rate registers, opens;
	struct rate orders;      /* that allow more of both, and knocks */
	unsigned addresses;      /* of one name, at most */
	unsigned answer_row;     /* sends in a row that answers caused */
	bool kick_waited;        /* for the answer that comes now */
	bool stop_waited;
	bool answer_asked;       /* an answer caused the turn that is awaited */
	unsigned refusals;       /* of fresh credentials, in a row */
	unsigned others;         /* challenges that asked for other ones */
	bool worked;             /* credentials, once */
	bool silent;             /* held for ever: nothing may be sent */
	bool leaving;            /* when last looked at */
	uint32_t cseq;           /* of the last REGISTER */
	msec_t sent_at;
	msec_t lease_end;        /* by our own reading of the answers */
	msec_t not_before;       /* Retry-After; 0: none */
};

struct world {
	struct account_policy policy;
	struct account account;
	struct account_reg reg;
	struct event eventv[WORLD_EVENTS];
	struct flow flow;
	bool flow_there;         /* connecting or up */
	bool wait_turns;         /* turns come by world_turn() only */
	bool open_fails;         /* a connect fails before it has begun */
	bool send_fails;         /* a REGISTER cannot be written */
	bool in_flight;          /* a REGISTER */
	bool in_answer;          /* what happens now, an answer caused */
	enum challenge_sent credentials;
	bool nonce;              /* a challenge is known */
	msec_t now;
	unsigned registers;      /* sent in all, with the un-REGISTERs */
	unsigned opens;
	unsigned runs;           /* times that timers ran */
	uint32_t down;           /* edges that are, without world_use_edges() */
	deed_h *h;
	void *arg;
	struct watch watch;

	bool edges;              /* core/edge.c gives the turns */
	unsigned edgec;
	struct edge *flow_edge;  /* where the flow goes, or went */
	bool edge_waits;         /* for how the connect went */
	bool edge_proven;        /* it counts this flow as proven */
	struct pace_node connect_node, turn_node;
	struct edge *connect_edge, *turn_edge;   /* where they are queued */
	struct edge edgev[TARGET_MAX];   /* the last: not cleared at start */
};

void world_init(struct world *w, const struct account_policy *p,
		uint64_t seed, deed_h *h, void *arg);

/* From now on turns and knocks come from real edges, one for each address,
 * without other accounts: `pace` per second for connects and REGISTERs each,
 * 0: no limit. Their `down` goes before what the caller says. */
void world_use_edges(struct world *w, uint32_t pace);

static inline struct reg *world_reg(struct world *w)
{
	return &w->reg.reg;
}

/* Orders to the account. */
void world_start(struct world *w);
void world_stop(struct world *w);
void world_pause(struct world *w);
void world_kick(struct world *w);

/* What happens to it; each is ignored where it cannot happen. */
void world_resolved(struct world *w, unsigned count, uint32_t down);
void world_resolve_failed(struct world *w);
void world_turn(struct world *w);        /* also: the knock of a parked one */
void world_connected(struct world *w);
void world_refused(struct world *w, enum reason reason, uint32_t down);
void world_lost(struct world *w, enum reason reason);
void world_pong(struct world *w);
void world_options_answer(struct world *w);
void world_partial(struct world *w);     /* a message that is not whole yet */
void world_traffic(struct world *w);     /* a whole one */
void world_promise(struct world *w, uint32_t interval);
void world_inbound(struct world *w);
void world_local_event(struct world *w);

/* An answer to the REGISTER in flight; `mapped` may be NULL. */
void world_answer(struct world *w, struct answer *a,
		  const struct addr *mapped);

/* The facts of some answers. */
struct answer world_ok(uint32_t lease);
/* ... with another device's binding in front of ours, 0: none */
struct answer world_ok_among(uint32_t foreign, uint32_t lease);
struct answer world_code(uint16_t code);
/* Tells a challenge to the core: 401, `stale` or not. */
struct answer world_challenge(struct world *w, bool stale,
			      enum digest_algorithm algorithm, bool realm);

/* Lets time pass with all timers, up to `until` or, if `until_deed`, to the
 * first deed. True: there was one. */
bool world_pass(struct world *w, msec_t until, bool until_deed);

/* The machine sleeps: time goes on, but no timer runs before it wakes. What
 * happens next may come before the timers, as it does after a real resume. */
void world_suspend(struct world *w, msec_t how_long);

/* --- check.c: what must hold. A broken invariant aborts. --- */

void check_state(struct world *w);                 /* after every step */
void check_timers(struct world *w, msec_t next);   /* after the timers ran */
void check_order(struct world *w);                 /* start, stop, kick */
void check_knock(struct world *w);
void check_open(struct world *w);
void check_ask(struct world *w);                   /* for a turn to REGISTER */
void check_send(struct world *w, bool leave);      /* before it is sent */
void check_answer(struct world *w, const struct answer *a); /* before told */

/* --- edges.c: one edge for each address --- */

uint32_t edges_down(const struct world *w);
void edges_ask_connect(struct world *w);
void edges_ask_turn(struct world *w);
void edges_settle(struct world *w);      /* who wants nothing more, leaves */
void edges_on_open(struct world *w);
void edges_on_connected(struct world *w);
void edges_on_gone(struct world *w, enum reason reason);
void edges_on_hold(struct world *w);
msec_t edges_deadline(const struct world *w);
void edges_run(struct world *w);

#endif
