/* A world for one account: virtual time, one flow, and whatever plays network
 * and registrar outside. Carries out what the core decides and asserts the
 * invariants of the design after every step. Stories, the event fuzzer and the
 * simulation all live in it. */

#ifndef WORLD_H
#define WORLD_H

#include "account.h"
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

struct world {
	struct account_policy policy;
	struct account account;
	struct account_reg reg;
	struct event eventv[WORLD_EVENTS];
	struct flow flow;
	bool flow_there;         /* connecting or up */
	bool wait_turns;         /* turns come by world_turn() only */
	bool in_flight;          /* a REGISTER */
	bool in_answer;          /* what happens now, an answer caused */
	unsigned answer_row;     /* sends in a row that answers caused */
	enum challenge_sent credentials;
	bool nonce;              /* a challenge is known */
	msec_t now;
	unsigned registers;      /* sent in all, with the un-REGISTERs */
	unsigned opens;
	deed_h *h;
	void *arg;
};

void world_init(struct world *w, const struct account_policy *p,
		uint64_t seed, deed_h *h, void *arg);

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
void world_traffic(struct world *w);
void world_promise(struct world *w, uint32_t interval);
void world_inbound(struct world *w);
void world_local_event(struct world *w);

/* An answer to the REGISTER in flight; `mapped` may be NULL. */
void world_answer(struct world *w, struct answer *a,
		  const struct addr *mapped);

/* The facts of some answers. */
struct answer world_ok(uint32_t lease);
struct answer world_code(uint16_t code);
/* Tells a challenge to the core: 401, `stale` or not. */
struct answer world_challenge(struct world *w, bool stale,
			      enum digest_algorithm algorithm, bool realm);

/* Lets time pass with all timers, up to `until` or, if `until_deed`, to the
 * first deed. True: there was one. */
bool world_pass(struct world *w, msec_t until, bool until_deed);

#endif
