/* What the daemon's files share: the set of agents and those that leave it.
 *
 *   daemon.c      birth and death, start and stop, questions
 *   daemon_log.c  what is told to the log and the service manager
 *   reload.c      the next configuration, by difference
 *   first.c       a daemon without accounts looks for some
 *   restart.c     flows that go on in the next process
 *   leave.c       agents on their way out, and who waits for that
 *   network.c     addresses and routes of the machine, and the public one
 *   metrics*.c    what is measured, for whoever collects it
 *
 * An entry is in the set, or it leaves: it un-REGISTERs under settings that are
 * gone from the configuration. One binding has one master: an account whose
 * binding (AOR and registrar) somebody is still taking away waits for that, for
 * REG_LEAVE_MAX at most, or the un-REGISTER would hit the new one. */

#ifndef DAEMON_SET_H
#define DAEMON_SET_H

#include "daemon.h"
#include "edges.h"
#include "edges_kept.h"
#include "hooks.h"
#include "instance.h"
#include "service_text.h"
#include "timer.h"


/* An agent's place. */
struct entry {
	struct le he;                    /* by name; by AOR while it leaves */
	struct le le;                    /* while it leaves or waits */
	struct daemon *daemon;
	struct agent *agent;
	struct list successors;          /* who wait until it has left */
	struct entry *heir;              /* only during a reload: who has its
					    name then, maybe itself; NULL:
					    nobody, or it is new */
	bool leaving;
};

/* Settings that are acted on at start only. */
enum {FIXED_SETTINGS = 3};

struct daemon {
	struct config *config;
	struct edges *edges;
	struct edges_kept edges_kept;
	struct resolve *resolve;
	struct state *state;
	struct listers *listers;
	struct monitors *monitors;
	struct hooks *hooks;
	struct traces *traces;
	char instance[INSTANCE_MAX];
	struct agent_env env;
	int64_t wall_usec;
	char *fixedv[FIXED_SETTINGS];    /* as they were at start */
	bool level_fixed;                /* the log level too */
	struct entry **entryv;           /* in the configuration's order */
	size_t entryc;
	size_t generation;               /* another set: another number */
	struct hash *names;              /* the same by name */
	struct list leavers;             /* who still un-REGISTER */
	struct list gone;                /* who have: freed from the loop */
	struct hash *leaving;            /* both by AOR */
	size_t too_many;                 /* flows that it was last said of that
					    descriptors do not suffice */
	struct refusal refusal;          /* of the last reload; no errors: it
					    was good */
	int64_t loaded_usec;             /* when the configuration was taken,
					    CLOCK_REALTIME [us] */
	struct histogram durations;
	struct metrics *metrics;         /* NULL before the start */
	size_t stopping;                 /* agents that have not left yet */
	size_t left, left_behind;        /* those that have, while stopping:
					    un-registered, or in vain */
	struct timer status_timer, wall_timer, trim_timer, gone_timer;
	struct timer pass_timer;         /* the next portion of ... */
	size_t passed;                   /* entries that were told of a change
					    of the network, ever */
	size_t pass_left;                /* that are to be told of the last */
	size_t address_left;             /* and that the public address is */
	struct addr address;
	struct timer first_timer;
	struct timer restart_timer;
	msec_t restart_by;               /* who is in the middle of something
					    until then is not handed over */
	daemon_stopped_h *stoppedh;      /* NULL: it is not stopping */
	daemon_stopped_h *restarth;      /* NULL: nor about to hand over */
	void *arg;
};


/* --- daemon.c --- */

/* With an agent that is not started. */
int entry_alloc(struct entry **ep, struct daemon *d, struct config *config,
		const struct account_conf *conf,
		const struct state_account *kept);

/* Another agent in place of its own. ENOMEM: it keeps its own. */
int entry_renew(struct entry *e, const struct state_account *kept);

/* The last one that `stopping` counts has left. */
void daemon_stopped(struct daemon *d);

/* An empty table by name or AOR with room for `n`. */
int entry_hash_alloc(struct hash **hp, size_t n);

struct entry *entry_find(const struct daemon *d, const char *name);

void daemon_note_loaded(struct daemon *d);       /* a configuration, now */
struct edges_conf daemon_pace(const struct config *config);
const char *daemon_setting(const struct config *config, const char *key);
extern const char *const daemon_fixedv[FIXED_SETTINGS];


/* --- daemon_log.c --- */

void daemon_tell_status(void *arg);      /* arg: the daemon */
void daemon_trim(void *arg);
void daemon_tell_later(struct daemon *d);
void daemon_on_event(struct agent *a, const struct event *e, void *arg);
hooks_tell_h daemon_tell_hook;           /* arg: the daemon */
void daemon_tell_left(struct daemon *d, const struct agent *a);
/* If the configuration asks for more flows than there may be descriptors;
 * again only when it asks for another number. */
void daemon_tell_limit(struct daemon *d);
/* If refreshes alone use up more than half of the pace (limits.c). */
void daemon_tell_pace(const struct config *config);
/* How many have, and have not; once they all came to an end. */
void daemon_tell_all_left(const struct daemon *d);


/* --- first.c --- */

/* While there is no account; after a start and a reload. */
void first_look_later(struct daemon *d);
void first_handler(void *arg);           /* timer_h; arg: the daemon */


/* --- restart.c --- */

/* Before the start: with what the process before has left. */
void restart_take_over(struct daemon *d);
void restart_handler(void *arg);         /* timer_h; arg: the daemon */


/* --- network.c --- */

int network_init(struct daemon *d);
/* The site's STUN probe and the measuring of its NAT as configured there, in
 * place of the present ones. */
int network_set_site(struct daemon *d, const struct config *config);
void network_close(struct daemon *d);
void network_pass_handler(void *arg);    /* timer_h; arg: the daemon */


/* --- leave.c --- */

/* What is known of an entry's binding, for an agent under `conf` of `config`
 * that goes on with it. */
void entry_keep(struct state_account *kept, const struct entry *e,
		const struct config *config, const struct account_conf *conf);

/* Takes over the reference, and stops it. It is in no table any more. */
void leave_begin(struct entry *e);

/* Who has the binding of this account and is taking it away; NULL: nobody.
 * The one of the same name if there are several. */
struct entry *leave_find(const struct daemon *d,
			 const struct account_conf *conf);

/* Starts it, now or when its binding is free. */
void leave_start_after(struct entry *e);

void leave_handler(struct agent *a, void *arg);  /* agent_left_h */
void leave_gone_handler(void *arg);              /* timer_h */

#endif
