/* A restart without a new REGISTER: what a process tells the next one of a
 * registration and its flow, so that it goes on with both as if nothing had
 * been. The socket itself goes by way of the service manager; a TLS flow has
 * state in the process that cannot go.
 *
 * Times are of the one clock (clock.h), which both processes have: it does not
 * outlive the boot, and neither does a socket. */

#ifndef HANDOVER_H
#define HANDOVER_H

#include "account.h"


#define HANDOVER_WAIT  500               /* [ms] for an answer or the rest of a
					    message that is on its way; nobody
					    can call meanwhile longer than the
					    restart takes anyhow */
#define HANDOVER_LEASE SECONDS(10)       /* that a binding must have left: what
					    refreshes anyway does so anew */
#define HANDOVER_SPAN_MAX SECONDS(UINT32_MAX)    /* that anything may have
					    taken: no sum with it overflows */

/* Of struct flow, where the comments are. */
struct handover_flow {
	bool proven, ponged, promised;
	bool answers_options, options_silent;
	bool answers_stun, stun_allowed, stun_silent;
	msec_t up_at, life_at, ping_at;  /* the last may be NEVER */
	msec_t next_ping;                /* NEVER: one is out */
	msec_t server_interval;          /* 0: none */
	msec_t survived, rtt;            /* 0: none */
	uint32_t rtt_usec, pongs;
};

/* Of struct reg. */
struct handover_reg {
	uint32_t cseq;                   /* of the last REGISTER */
	uint32_t expires, granted;       /* [s] */
	msec_t sent_at, answer_at, lease_end;
	msec_t refresh_at;               /* or when it was to be verified */
	bool plain, outbound, token, alone;
	bool worked;                     /* the credentials; others since then
					    are tried a few times an hour */
	enum contact_match match;
	struct addr contact;             /* may be unset, as may each below */
};

/* Of struct account_reg. */
struct handover_nat {
	struct sighting saidv[WITNESS_COUNT];    /* `at` 0: nothing */
	struct addr mapped, offered;
	msec_t heard_at, moved_at;       /* 0: never */
	bool inbound;
	struct interval interval;
	enum probe_result probe;
	bool probe_on_flow, probe_loops;
	msec_t probe_proven_at, probe_at;        /* may be NEVER */
	bool listed;
	unsigned own, ghosts, foreign;
};

struct handover {
	struct addr local, edge;         /* of the socket; both set */
	bool stream;
	struct handover_flow flow;
	struct handover_reg reg;
	struct handover_nat nat;
	struct verdict verdict;          /* of the account, as last told */
	msec_t registered_since, reachable_since;
};

enum handover_ready {
	HANDOVER_NEVER,          /* nothing that is worth it */
	HANDOVER_SOON,           /* an answer is awaited */
	HANDOVER_NOW,
};


/* May registration i and its flow `f` be handed over? */
enum handover_ready account_handover_ready(const struct account *a,
					   unsigned i, const struct flow *f,
					   msec_t now);

/* Tells *h of them. Nothing is changed. */
void account_hand_over(const struct account *a, unsigned i,
		       const struct flow *f, struct handover *h);

/* Before the start, instead of account_start(): goes on with it. The one target
 * is h->edge, with index 0. REG_DO_* and ACCOUNT_* bits as of any fact. */
unsigned account_take_over(struct account *a, unsigned i,
			   const struct handover *h, msec_t now);

/* What the name of its registrar resolves to now: its flow goes to the address
 * `index` of that. So it knows where else to go, as if it had asked itself. */
void account_on_learned(struct account *a, unsigned i,
			const struct target_list *list, unsigned index,
			msec_t now);
void reg_on_learned(struct reg *r, const struct target_list *list,
		    unsigned index, msec_t now);

/* The same of the flow, after flow_init(), and of the registration alone. */
void flow_take_over(struct flow *f, const struct handover_flow *h, msec_t now);
void reg_take_over(struct reg *r, const struct handover *h);

/* Was there no process for longer than an interval, and can nothing but a
 * REGISTER tell what that did? What a NAT or a UDP registrar knew of it may be
 * forgotten (DESIGN §4); streams are asked soon, as they break. */
bool flow_slept_in(const struct flow *f, msec_t now);

/* Is it worth anything still, and can it be true? What a process wrote that was
 * of another version, or broken, must not become a registration that never
 * ends. */
bool handover_good(const struct handover *h, msec_t now);

#endif
