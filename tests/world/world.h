/* A world for one account: virtual time, one flow, beside it a rival while it
 * connects and the elder while it is replaced, and whatever plays network and
 * registrar outside. Carries out what the core decides and asserts the
 * invariants of the design after every step (check*.c). Stories, the event
 * fuzzer and the simulation all live in it. */

#ifndef WORLD_H
#define WORLD_H

#include "account.h"
#include "edge.h"
#include "flow.h"
#include "handover.h"


/* What was done, as the outside sees it. */
enum deed {
	DEED_RESOLVE,
	DEED_REDIRECT,           /* resolve where a 3xx sends us */
	DEED_RENEW,              /* a new Call-ID */
	DEED_PARK,               /* in the queue of an edge that is down */
	DEED_OPEN,
	DEED_RACE,               /* asks for a connect to the other family */
	DEED_OPEN_RIVAL,
	DEED_REGISTER,           /* world->credentials says what it carries */
	DEED_FETCH,              /* REGISTER without Contact */
	DEED_LEAVE,              /* REGISTER with expires 0 */
	DEED_CRLF,               /* these three over world->on */
	DEED_OPTIONS,
	DEED_STUN,
	DEED_CLOSE,
	DEED_REPLACE,            /* asks for a turn to replace the flow */
	DEED_ASIDE,              /* the flow becomes the elder */
	DEED_TAKE_BACK,          /* the elder is the flow again */
	DEED_RETIRE,             /* the elder begins to drain ... */
	DEED_ELDER_GONE,         /* and has, or was lost before */
	DEED_PROBE,
	DEED_PROBE_ON_FLOW,
	DEED_PROBE_CLOSE,
	DEED_HOLD,               /* the edge, until world_reg()->hold_until */
	DEED_LEFT,
};

const char *deed_name(enum deed d);

#define WORLD_EVENTS 32
#define WORLD_OLDS   12      /* as daemon/slot.h has them */
#define WORLD_NAMED  3       /* in one REGISTER, as daemon/register.h */
#define WORLD_GHOSTS 8

/* One connection, or one that is being made. */
struct link {
	bool there;              /* connecting, up or draining */
	bool suspect;            /* as the account was told */
	unsigned index;          /* of its address in the list */
	unsigned number;         /* another one for each, from 1 on */
	struct addr local;
	struct flow flow;
	struct edge *edge;       /* where it goes, or went */
	bool edge_waits;         /* for how the connect went */
	bool edge_proven;        /* it counts this flow as proven */
};

/* A Contact of ours: where, and over which flow. */
struct world_contact {
	struct addr addr;
	unsigned number;         /* of the link; 0: none */
};

/* A binding of ours that the registrar may still have. */
struct world_old {
	uint64_t key;
	struct addr addr;        /* where it points, if we made it */
	msec_t until;
	bool named;              /* in the last REGISTER */
	bool ignored;            /* that was of no avail */
};

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
	struct rate registers, opens, probes;
	struct rate orders;      /* that allow more of them, and knocks */
	unsigned addresses;      /* of one name, at most */
	struct target_list list; /* the last one told */
	msec_t resolved_at;      /* and when */
	unsigned answer_row;     /* sends in a row that answers caused */
	bool kick_waited;        /* for the answer that comes now */
	bool stop_waited;
	bool fetch_waited;
	bool fetching;           /* this answer is for that */
	bool answer_asked;       /* an answer caused the turn that is awaited */
	unsigned refusals;       /* of fresh credentials, in a row */
	unsigned others;         /* challenges that asked for other ones */
	bool worked;             /* credentials, once */
	bool silent;             /* held for ever: nothing may be sent */
	bool leaving;            /* when last looked at */
	bool again;              /* the same */
	bool redirected;         /* since the round began */
	bool restored;           /* what came from an earlier run */
	unsigned finals;         /* final answers in this run, no challenges */
	uint16_t code;           /* of the last of them */
	unsigned named;          /* old bindings in the last REGISTER */
	bool refused;            /* it was refused, and they may be why */
	bool alone;              /* none may be named over this flow */
	bool answered;           /* this flow has brought an answer */
	uint32_t cseq;           /* of the last REGISTER */
	msec_t sent_at;
	msec_t lease_end;        /* by our own reading of the answers */
	msec_t not_before;       /* Retry-After; 0: none */
	struct world_contact offered;    /* in the last REGISTER */
	bool rewrite;            /* it was taken, and there is no other reason
				    to send the next one at once */
	unsigned rewrites;       /* of it in a row */
	msec_t aside_from;       /* no replacement before */
	msec_t moved_from;       /* the same for another address of ours */
	bool turned;             /* it has its turn now */
	bool beside;             /* a REGISTER was sent beside the elder */
};

struct world {
	struct account_policy policy;
	struct account account;
	struct account_reg reg;
	struct event eventv[WORLD_EVENTS];
	struct link link;
	struct link rival;       /* beside it, while both connect */
	struct link elder;       /* beside it, while it is replaced, and while
				    it drains */
	const struct link *on;   /* what the deed is about */
	unsigned links;          /* made so far */
	struct addr local;       /* of the next one; its number is added to the
				    port */
	struct addr peer;        /* where links go; the index is added */
	bool wait_turns;         /* turns come by world_turn() and
				    world_race_turn() only */
	bool wait_replace;       /* and this one by world_replace_turn() */
	bool replace_due;        /* a turn to replace was asked for */
	bool open_fails;         /* a connect fails before it has begun */
	bool send_fails;         /* a REGISTER cannot be written */
	bool in_flight;          /* a REGISTER */
	bool in_answer;          /* what happens now, an answer caused */
	enum challenge_sent credentials;
	bool nonce;              /* a challenge is known */
	bool probe_open;         /* one is out */
	bool probe_fails;        /* none can be sent */
	bool keeps_token;        /* the registrar lists it with our Contact */
	bool stun_allowed;       /* the next 2xx says so */
	struct world_contact contact;    /* in the last REGISTER */
	struct world_contact bound;      /* accepted */
	msec_t bound_until, doubt_until; /* of the two; 0: none */
	struct world_old oldv[WORLD_OLDS];       /* the latest first */
	unsigned oldc;
	unsigned named;          /* of them, in the last REGISTER */
	uint64_t ghostv[WORLD_GHOSTS];   /* that the next 2xx lists */
	unsigned ghostc;
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
	uint32_t pace;
	unsigned edge_first;     /* of the addresses to be told next */
	struct pace_node connect_node, race_node, turn_node, replace_node;
	struct edge *connect_edge, *race_edge, *turn_edge;   /* their queues */
	struct edge *replace_edge;
	struct edge *replaced;   /* whose flow is doubted */
	bool replace_first;      /* and the edge waits for how that ends */
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

/* The process is killed and started again, not the account yet: what it goes
 * on with was kept on disk. `cseq`: at least the last one sent. */
void world_restart(struct world *w, uint32_t cseq, bool worked);

/* It ends and another one goes on, with the flow, if they may. */
bool world_hand_over(struct world *w);
/* ... and that learns of so many addresses, its flow's the first. */
void world_learned(struct world *w, unsigned count);

/* Orders to the account. */
void world_start(struct world *w);
void world_stop(struct world *w);
void world_pause(struct world *w);
void world_kick(struct world *w);
void world_reconnect(struct world *w);
void world_fetch(struct world *w);
void world_probe(struct world *w);
void world_purge(struct world *w);

/* What happens to it; each is ignored where it cannot happen. */
void world_resolved(struct world *w, const struct target_list *list);
/* ... to hosts of one IPv4 address each, for the account's own transport */
void world_found(struct world *w, unsigned count, uint32_t down);
struct target_list world_list(const struct world *w, unsigned count,
			      uint32_t down);
void world_resolve_failed(struct world *w);
void world_turn(struct world *w);        /* also: the knock of a parked one */
void world_race_turn(struct world *w);
void world_replace_turn(struct world *w);
void world_connected(struct world *w);
void world_refused(struct world *w, enum reason reason, uint32_t down);
void world_rival_connected(struct world *w);
void world_rival_refused(struct world *w, enum reason reason, uint32_t down);
/* Of the flow, or of the elder. `mapped`: where the answer says that it
 * appears; may be NULL. */
void world_lost(struct world *w, struct link *l, enum reason reason);
void world_pong(struct world *w, struct link *l);
void world_options_answer(struct world *w, struct link *l,
			  const struct addr *mapped);
void world_stun_answer(struct world *w, struct link *l,
		       const struct addr *mapped);
void world_partial(struct world *w);     /* a message that is not whole yet */
void world_traffic(struct world *w, struct link *l);     /* a whole one */
void world_promise(struct world *w, uint32_t interval);
void world_inbound(struct world *w);
void world_local_event(struct world *w);
/* Address, route or link changed: the flow is verified; or its packets would
 * leave from another address now. Then as a local event. */
void world_network(struct world *w, bool moved);
void world_rewritten(struct world *w);   /* SIP that came back was changed */
void world_probe_arrived(struct world *w);
void world_probe_answer(struct world *w, uint16_t code);

/* An answer to the REGISTER in flight; `mapped` may be NULL. */
void world_answer(struct world *w, struct answer *a,
		  const struct addr *mapped);

/* --- answers.c: the facts of some --- */

/* The next 2xx lists this one, too, which is ours; as long as there is room. */
void world_add_ghost(struct world *w, uint64_t key);

struct answer world_ok(const struct world *w, uint32_t lease);
/* ... with `n` other devices' bindings in front of ours */
struct answer world_ok_among(const struct world *w, unsigned n,
			     uint32_t foreign, uint32_t lease);
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

/* --- olds.c: what earlier Contacts of ours leave, as daemon/slot_olds.c and
 * slot_audit.c have it --- */

void olds_add(struct world *w, uint64_t key, msec_t until);
/* Before a REGISTER with this Contact: how many it names. */
unsigned olds_name(struct world *w, const struct addr *contact);
void olds_name_none(struct world *w);    /* and of a fetch */
void olds_on_answer(struct world *w, struct answer *a);
void olds_on_restart(struct world *w);
void olds_retry(struct world *w);

/* --- check.c: what must hold. A broken invariant aborts. --- */

void check(struct world *w, bool holds, const char *what);
void check_state(struct world *w);                 /* after every step */
void check_timers(struct world *w, msec_t next);   /* after the timers ran */
void check_order(struct world *w);                 /* start, stop, kick */
void check_restart(struct world *w, uint32_t cseq, bool worked);
void check_hand_over(struct world *w, bool good);
void check_resolve(struct world *w);
void check_renew(struct world *w);
void check_knock(struct world *w);
void check_open(struct world *w, const struct link *l);
void check_connected(struct world *w);
void check_ask(struct world *w);                   /* for a turn to REGISTER */
void check_send(struct world *w, bool leave);      /* before it is sent */
void check_sent(struct world *w);                  /* and after */
void check_answer(struct world *w, const struct answer *a); /* before told */

/* At most this much of what a connect begins, in RATE_SECONDS. */
void check_count(struct rate *r, msec_t now);
unsigned check_counted(const struct rate *r, msec_t now);
unsigned check_rounds(const struct world *w);

/* --- check_nat.c: the same, of replacements, Contacts and probes --- */

void check_aside(struct world *w);                 /* before it is */
bool check_may_return(struct world *w);            /* a late pong: the elder */
void check_returned(struct world *w, unsigned acts); /* ... and then */
void check_elder(struct world *w);
void check_offer(struct world *w, bool answered);  /* after a REGISTER */
void check_probe(struct world *w, bool on_flow);   /* before it is sent */
void check_probes(struct world *w);

/* --- edges.c: one edge for each address --- */

uint32_t edges_down(struct world *w);
void edges_ask_connect(struct world *w);
void edges_ask_race(struct world *w);
void edges_ask_turn(struct world *w);
void edges_ask_replace(struct world *w);
void edges_settle(struct world *w);      /* who wants nothing more, leaves */
void edges_reset(struct world *w);       /* another process */
void edges_on_open(struct world *w, struct link *l);
void edges_on_connected(struct world *w, struct link *l);
void edges_on_gone(struct world *w, struct link *l, enum reason reason);
void edges_on_hold(struct world *w);
msec_t edges_deadline(const struct world *w);
void edges_run(struct world *w);

#endif
