/* One account: wires its registrations, what is known of their flows, the
 * verdict and the journal together.
 *
 * THE TOUR. How a line of configuration becomes a registered account:
 *
 *  1. daemon/config.c reads the file; struct account_policy below is the part
 *     of it that decisions depend on. daemon/reload.c has it read again and
 *     acts upon the difference.
 *  2. daemon/agent.c owns one struct account per configured account, and for
 *     each of its registrations (reg-id 1, 2, ...) a slot with a link. What an
 *     earlier run left comes from daemon/state.c.
 *  3. account_start(): reg.c wants a flow and says REG_DO_RESOLVE;
 *     daemon/resolve.c finds addresses, target.c picks one, edge.c and pace.c
 *     say when it may be tried, daemon/slot_connect.c carries that out, and
 *     link.c opens it (conn.c, tls.c).
 *  4. flow.c watches the connection from then on: connect time, pings and
 *     pongs, suspect and dead. What is suspect is replaced beside itself
 *     (reg_replace.c, daemon/slot_replace.c); interval.c learns how often to
 *     ping.
 *  5. reg.c asks for its turn and says REG_DO_SEND; daemon/slot_register.c
 *     fills in what register.c writes, transaction.c carries it, challenge.c
 *     chooses what to answer and digest.c computes it.
 *  6. mapping.c knows where the registrar sees us, contact.c which Contact to
 *     offer and what the 200's list says of it; answer.c says what any other
 *     answer means; backoff.c how long to wait.
 *  7. verdict.c derives registered, reachable and the reason, with the help of
 *     probe.c; each change is an event in journal.c, and daemon/control.c tells
 *     it to whoever asks.
 *  8. At a restart handover.c says what the next process has to know to go on
 *     with a flow, and daemon/restart.c leaves that and the socket to it.
 *
 * Every function below takes the index of a registration, hands the fact on
 * to reg.c and its neighbours, and returns the REG_DO_* and ACCOUNT_* bits for
 * that registration. account.c has the facts of flow and REGISTER,
 * account_nat.c those of mapping, bindings and probe, account_tell.c the events
 * and the verdict. */

#ifndef ACCOUNT_H
#define ACCOUNT_H

#include "contact.h"
#include "flow.h"
#include "interval.h"
#include "journal.h"
#include "mapping.h"
#include "probe.h"
#include "purge.h"
#include "reg.h"
#include "verdict.h"


/* RFC 5626 §4.2.1: up to four flows. The first registration is always wanted,
 * the others while the registrar confirms outbound: without it it would take
 * each for another device, and every call would come several times. */
#define ACCOUNT_FLOWS_MAX 4
#define ACCOUNT_INBOUND_EVERY MINUTES(1)

/* Beside the REG_DO_* bits, and carried out after them. */
enum {
	ACCOUNT_PROBE_CLOSE   = 1 << 24, /* what is left of the last probe */
	ACCOUNT_PROBE         = 1 << 25, /* send one, from its own socket */
	ACCOUNT_PROBE_ON_FLOW = 1 << 26, /* ... over the flow */
};

struct account_policy {
	struct reg_policy reg;
	struct flow_policy flow;
	struct probe_policy probe;
	enum contact_policy contact;
	unsigned flows;          /* 1 .. ACCOUNT_FLOWS_MAX */
};

/* What the account knows about a flow. */
struct account_flow {
	bool up;
	bool suspect;
	bool inbound;            /* a request arrived under this binding */
	struct mapping mapping;
	struct addr offered;     /* the Contact that was sent over it last */
	msec_t silence;          /* [ms] before it was found to be suspect, or
				    moved: so long nobody may have got through
				    already; 0 */
};

/* A flow that fell silent: was it the NAT? Its successor's mapping tells. */
struct account_death {
	msec_t idle;             /* [ms] before the ping that had no answer; 0:
				    none, or it is explained otherwise */
	msec_t normal;           /* [ms] the interval without learning */
};

/* One registration. */
struct account_reg {
	struct reg reg;
	struct account_flow flow;        /* the present one */
	struct account_flow elder;       /* beside it, while it is replaced */
	struct account_death death;
	struct interval interval;
	struct purge purge;
	struct probe probe;
	bool bound;              /* reg_bound() when last looked at */
	bool changed;            /* another Contact or flow than the last probe
				    knew of */
	msec_t inbound_from;     /* no event of one before */
	bool listed;             /* a 2xx came, and these are of the last one
				    of all registrations: own are of all of
				    them too */
	unsigned own, ghosts, foreign;
};

/* Called for every event after it was added; *arg as given. */
typedef void (account_event_h)(const struct event *e, void *arg);

/* Called for every failure of a flow, of which not each is an event. */
typedef void (account_failure_h)(enum reason reason, void *arg);

struct account {
	const struct account_policy *policy;
	const int64_t *wall_usec;        /* CLOCK_REALTIME at time 0 [us], kept
					    by the caller; NULL: 1970 */
	struct account_reg *regv;        /* the caller's memory */
	unsigned regc;
	struct journal journal;
	struct verdict verdict;          /* as last told */
	msec_t registered_since;         /* of the present value of each */
	msec_t reachable_since;
	msec_t seen_at;                  /* reachable last, if it is not now;
					    NEVER: never */
	bool started;                    /* wanted: not paused, not stopped */
	bool paused;                     /* by the operator */
	uint16_t code;                   /* last response of any registration */
	msec_t code_at;
	uint32_t registers_sent;
	uint32_t responses_2xx;
	uint32_t flow_failures;
	uint32_t mapping_changes;
	uint32_t inbound_requests;
	msec_t unreachable;              /* [ms] in outages that are over */
	msec_t unreachable_from;         /* of the present one; NEVER: none */
	account_event_h *eventh;
	account_failure_h *failureh;     /* NULL: nobody counts them */
	void *arg;
};


/* regv: policy->flows elements; eventv: eventc events, may be none. */
void account_init(struct account *a, const struct account_policy *p,
		  struct account_reg *regv, struct event *eventv,
		  uint32_t eventc, uint64_t seed, const int64_t *wall_usec,
		  account_event_h *eventh, void *arg, msec_t now);

/* Before the start, what an earlier run left: see reg_restore() and
 * journal_restore(); events oldest first. */
void account_restore(struct account *a, unsigned i, uint32_t cseq,
		     bool outbound, bool worked);
/* See reg_restore_wait(). */
void account_restore_wait(struct account *a, unsigned i, msec_t until,
			  msec_t now);
void account_restore_event(struct account *a, const struct event *e);
/* When it could be called last [ms], 0 if that was before this machine started:
 * then it goes before those that never could. */
void account_restore_seen(struct account *a, msec_t at);

/* The same policy at another place. */
void account_set_policy(struct account *a, const struct account_policy *p);

/* Orders. One but the first may begin later, by account_on_timer(). */
unsigned account_start(struct account *a, unsigned i, msec_t now);
unsigned account_stop(struct account *a, unsigned i, msec_t now);
unsigned account_pause(struct account *a, unsigned i, msec_t now);
unsigned account_kick(struct account *a, unsigned i, msec_t now);
unsigned account_settle_on(struct account *a, unsigned i, msec_t now);  /* ends
						the try of a better edge */
unsigned account_reconnect(struct account *a, unsigned i, msec_t now);

/* Facts. */
unsigned account_on_resolved(struct account *a, unsigned i,
			     const struct target_list *list,
			     enum reason reason, msec_t now);
unsigned account_on_resolve_failed(struct account *a, unsigned i, msec_t now);
/* The mask of addresses in the list that other flows of the account use. */
void account_on_taken(struct account *a, unsigned i, uint32_t taken,
		      msec_t now);
/* `index`: of the address in the list; the flow goes from `local` to `edge` */
unsigned account_on_connected(struct account *a, unsigned i, unsigned index,
			      const struct addr *local,
			      const struct addr *edge, msec_t now);
unsigned account_on_connect_failed(struct account *a, unsigned i,
				   unsigned index, enum reason reason,
				   uint32_t down, msec_t now);
/* Its edge went down while it waited for its turn to connect. */
unsigned account_on_edge_down(struct account *a, unsigned i, unsigned index,
			      enum reason reason, uint32_t down, msec_t now);
unsigned account_on_proven(struct account *a, unsigned i, msec_t now);
/* `f`: the flow as it was; NULL: it did not end by its own */
unsigned account_on_flow_lost(struct account *a, unsigned i,
			      const struct flow *f, enum reason reason,
			      msec_t now);
/* The flow was closed by our own will: REG_DO_CLOSE was carried out, and there
 * was no REG_DO_TAKE_BACK beside it, which tells this by itself. */
unsigned account_on_flow_closed(struct account *a, unsigned i, msec_t now);
/* It has become suspect, or is no more. */
unsigned account_on_suspect(struct account *a, unsigned i,
			    const struct flow *f, msec_t now);
/* The packets of the flow would leave from another address now, or nothing but
 * a new flow can tell whether it lives (FLOW_REPLACE). */
unsigned account_on_moved(struct account *a, unsigned i, msec_t now);
unsigned account_on_replace_turn(struct account *a, unsigned i, msec_t now);
/* The elder beside the flow that is to come: it is overdue; answered after all;
 * broke. */
unsigned account_on_elder_suspect(struct account *a, unsigned i,
				  const struct flow *f, msec_t now);
unsigned account_on_elder_alive(struct account *a, unsigned i, msec_t now);
unsigned account_on_elder_lost(struct account *a, unsigned i,
			       enum reason reason, msec_t now);
unsigned account_on_turn(struct account *a, unsigned i, msec_t now);
unsigned account_on_race_turn(struct account *a, unsigned i, msec_t now);
/* `offered`: the address in its Contact; unset: a host name, or a fetch */
void account_on_sent(struct account *a, unsigned i, enum challenge_sent sent,
		     unsigned named, const struct addr *offered, msec_t now);
/* `mapped`: Via received and rport of the answer, unset if it named none.
 * answer->rewrite is found out here. */
unsigned account_on_answer(struct account *a, unsigned i,
			   const struct answer *answer,
			   const struct addr *mapped, msec_t now);
unsigned account_on_verify(struct account *a, unsigned i, msec_t now);
/* Its edge serves somebody again. */
unsigned account_on_edge_back(struct account *a, unsigned i, msec_t now);
unsigned account_on_local_event(struct account *a, unsigned i, msec_t now);
/* A witness said where the flow appears; `f`: the flow. Of a REGISTER's answer
 * account_on_answer() takes it. */
unsigned account_on_seen(struct account *a, unsigned i, enum witness w,
			 const struct addr *mapped, const struct flow *f,
			 msec_t now);
/* Something between us and the registrar rewrites SIP. */
void account_on_rewritten(struct account *a, unsigned i, msec_t now);

/* The list of a 2xx, before account_on_answer() is told of it: our own binding,
 * and a ghost; `key` is a hash of the Contact URI. May it be removed? */
void account_on_own(struct account *a, unsigned i, uint64_t key);
bool account_on_ghost(struct account *a, unsigned i, uint64_t key, msec_t now);
/* One that was named to be removed is not listed any more. */
void account_on_ghost_removed(struct account *a, unsigned i, uint64_t key,
			      const struct addr *addr, msec_t now);

/* The probe: see probe.h. */
void account_on_probe_sent(struct account *a, unsigned i, bool sent,
			   msec_t now);
unsigned account_on_probe_arrived(struct account *a, unsigned i, msec_t now);
/* That of this registration came in on another flow of the account. */
unsigned account_on_probe_elsewhere(struct account *a, unsigned i, msec_t now);
unsigned account_on_probe_answer(struct account *a, unsigned i, uint16_t code,
				 msec_t now);
unsigned account_probe(struct account *a, unsigned i, msec_t now);

/* By order of the operator: ghosts that came back are worth another try. */
void account_purge(struct account *a, unsigned i);

/* The list of bindings, for a person: see reg_fetch(). */
unsigned account_fetch(struct account *a, unsigned i, msec_t now);
/* A request from outside. `code`: what we answered; `proof`: it can only have
 * come by our binding. One event in ACCOUNT_INBOUND_EVERY, so that nobody can
 * push everything else out of the journal. */
void account_on_inbound(struct account *a, unsigned i, uint16_t code,
			bool proof, msec_t now);
/* The site's address, or (`local`) the machine's, is another one: an event.
 * What silence there was is explained by it. */
void account_on_address(struct account *a, const struct addr *addr, bool local,
			msec_t now);
/* The configuration was read again, and the like: of the account as a whole. */
void account_on_event(struct account *a, enum event_type type, msec_t now);
unsigned account_on_timer(struct account *a, unsigned i, msec_t now);

/* Questions. */
/* The address for the Contact over the present flow from `local`. */
struct addr account_contact(const struct account *a, unsigned i,
			    const struct addr *local, msec_t now);
/* The interval that the network taught; `normal`: without it [ms] */
msec_t account_interval(const struct account *a, unsigned i, msec_t normal,
			msec_t now);
unsigned account_notes(const struct account *a, unsigned i, msec_t now);
struct verdict account_verdict(const struct account *a, msec_t now);
msec_t account_deadline(const struct account *a);        /* of all, and lease */
msec_t account_seen(const struct account *a, msec_t now); /* reachable last */
/* [ms] in which nobody could call, since it was first started: reachable was
 * no, the present outage included. While it is paused nobody is to. */
msec_t account_unreachable(const struct account *a, msec_t now);
bool account_left(const struct account *a);              /* all are OFF */
bool account_left_behind(const struct account *a);       /* a binding, maybe */

#endif
