/* One account, performed: its registrations (slot.c), its timer, and whoever
 * waits for an outcome. The core's account.c decides, this carries out. */

#ifndef AGENT_H
#define AGENT_H

#include "account.h"
#include "audit.h"
#include "compat.h"
#include "config.h"
#include "slot.h"
#include "state.h"


#define AGENT_WAITERS_MAX 64     /* who wait for one account's outcome */
#define AGENT_PURGES      8      /* REGISTERs for one purge: 24 ghosts */

struct agent;

typedef void (agent_event_h)(struct agent *a, const struct event *e,
			     void *arg);
typedef void (agent_left_h)(struct agent *a, void *arg);

/* The end of something that was asked for. */
struct agent_outcome {
	bool registered;
	bool left_behind;                /* Pause: a binding may be left */
	uint16_t code;                   /* of the last answer; 0: none */
	enum reason reason;
	enum reason ended;               /* the hold or Retry-After that was
					    ended for it; REASON_OK: none */
	const struct audit *audit;       /* Bindings, PurgeGhosts: what the
					    registrar listed; NULL: no answer,
					    or none with a list */
	unsigned removed;                /* PurgeGhosts: ghosts that are gone */
	enum probe_result probe;         /* Probe: what it proved, */
	uint16_t probe_code;             /* and what was answered; 0: nothing */
};
typedef void (agent_outcome_h)(const struct agent_outcome *o, void *arg);

/* `conf` stays valid as long as `config`, of which a reference is kept. `kept`:
 * what is known of the account from an earlier run or agent, or NULL. */
int agent_alloc(struct agent **ap, struct config *config,
		const struct account_conf *conf, const struct agent_env *env,
		const struct state_account *kept,
		agent_event_h *eventh, void *arg);

/* The same settings in another object: nothing is sent. */
void agent_rebase(struct agent *a, struct config *config,
		  const struct account_conf *conf);

/* What is to be known of it later; *s must be zero. */
void agent_keep(const struct agent *a, struct state_account *s);

/* The same account under other settings: what was counted goes on, from before
 * the start of `a`; `old` counts from zero. */
void agent_take_counts(struct agent *a, struct agent *old);

/* It is on its way out: the account's line in the state file belongs to its
 * successor from here on, or to nobody. */
void agent_detach_state(struct agent *a);

/* Before the start: where its messages are told (trace.h); a reference is
 * kept. And that, or NULL. */
void agent_set_trace(struct agent *a, struct trace *t);
struct trace *agent_trace(const struct agent *a);

/* Before the start: it stays paused until agent_resume(). */
void agent_set_paused(struct agent *a);

/* What is kept of it is to be written anew. */
void agent_note_change(struct agent *a);

/* Something around us changed so that success is likelier: ends back-offs. */
void agent_on_local_event(struct agent *a);

/* Addresses or routes of this machine, or the public address, may be others, or
 * it has slept: its flows are looked at, and asked. */
void agent_on_network(struct agent *a, struct net_pass *pass);
/* An address is gone: flows from it are over. */
void agent_on_address_gone(struct agent *a, struct net_pass *pass);

/* The site's public address, or the one of this machine that its packets leave
 * from, is this one now: an event. */
void agent_on_address(struct agent *a, const struct addr *addr);

/* An event of the account as a whole: EVENT_CONFIG and the like. */
void agent_tell(struct agent *a, enum event_type type);

void agent_start(struct agent *a);

/* For the process after this one, and from the one before it: see slot.h. `i`:
 * of the registration, account->regc of them; the second is EINVAL of any
 * other. agent_start() starts what was not taken over. */
void agent_settle_on(struct agent *a, unsigned i);       /* ends the try of a
							    better edge */
enum handover_ready agent_handover_ready(const struct agent *a, unsigned i);
int agent_hand_over(const struct agent *a, unsigned i, struct handed *h,
		    int *fdp);
int agent_take_over(struct agent *a, unsigned i, struct handed *h, int fd,
		    struct net_pass *pass);

/* Un-REGISTERs as configured; `lefth` from here or later, within
 * REG_LEAVE_MAX. */
void agent_stop(struct agent *a, agent_left_h *lefth);

/* REGISTER now, whatever it waits for. `h` is called exactly once: when the
 * try has come to an end, or with o NULL when the agent ends before. EINVAL:
 * it is paused or disabled; EBUSY: AGENT_WAITERS_MAX wait already. Then h is
 * not called. */
int agent_register(struct agent *a, agent_outcome_h *h, void *arg);

/* The same over a new flow: the present one is closed first. */
int agent_reconnect(struct agent *a, agent_outcome_h *h, void *arg);

/* Un-REGISTERs, and does nothing more until agent_resume(); the outcome says
 * whether a binding may be left. Paused already: at once. EBUSY as above;
 * EINVAL: it is disabled, or told to stop. */
int agent_pause(struct agent *a, agent_outcome_h *h, void *arg);

/* Starts again; the outcome as of agent_register(). EALREADY: not paused. */
int agent_resume(struct agent *a, agent_outcome_h *h, void *arg);

/* Asks the registrar what it holds: a REGISTER without Contact (RFC 3261
 * §10.2.3), which changes nothing. ENOTCONN: there is no flow to ask over;
 * EINVAL and EBUSY as of agent_register(). */
int agent_bindings(struct agent *a, agent_outcome_h *h, void *arg);

/* The same, and then removes what is certain to be ours and is not our present
 * binding, in as many REGISTERs as it takes, AGENT_PURGES at most. It is asked
 * for by a person: even where ghosts came back before. */
int agent_purge_ghosts(struct agent *a, agent_outcome_h *h, void *arg);

/* Sends a probe now, whatever speaks against it (core/probe.h), and waits for
 * what it proves. ENOTCONN: there is no binding; EINVAL, EBUSY as above. */
int agent_probe(struct agent *a, agent_outcome_h *h, void *arg);

const struct account_conf *agent_conf(const struct agent *a);
const struct agent_env *agent_env(const struct agent *a);
const struct account *agent_account(const struct agent *a);

/* The i-th flow for status; NULL members where there is none. */
struct agent_flow {
	const struct flow *flow;         /* NULL: no link now */
	const struct mapping *mapping;
	const struct interval *interval;
	const struct probe *probe;
	unsigned notes;                  /* MAPPING_NOTE_* that hold now */
	const struct sa *local, *peer;
	enum transport transport;
	const char *host;                /* as configured */
	const char *detail;              /* of the last failure, in words; "" */
	const struct register_extras *extras;    /* of the last 2xx */
	bool tls_known;                  /* then: */
	struct tls_info tls;
};
void agent_flow(const struct agent *a, unsigned i, struct agent_flow *f);

/* The reason phrase of the last answer to a REGISTER; "" before. */
const char *agent_last_reason(const struct agent *a);

/* It was bound when it was told to stop; and the binding may still be there. */
bool agent_was_bound(const struct agent *a);
bool agent_left_behind(const struct agent *a);

/* What happened, by kind; see tally.h. */
const struct tally *agent_tally(const struct agent *a);

/* Requests dropped without an answer: strangers, foreign tokens. */
uint32_t agent_dropped(const struct agent *a);

#endif
