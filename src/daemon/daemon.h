/* The daemon: the set of agents and what they share; start, stop, status. */

#ifndef DAEMON_H
#define DAEMON_H

#include "agent.h"
#include "compat.h"
#include "config.h"


struct daemon;
struct listers;
struct metrics;
struct monitors;

/* Everything is stopped: the loop may end. */
typedef void (daemon_stopped_h)(void *arg);

/* Agents for all accounts; nothing is sent yet. ENOENT and
 * the like with a line in the log. */
int daemon_alloc(struct daemon **dp, struct config *config);

/* Goes on with what the process before has handed over, starts all else. */
void daemon_start(struct daemon *d);

/* The configuration is read again, from the same file, and acted upon by
 * difference: an account whose settings are the same sends nothing and keeps
 * flow, Call-ID and CSeq; one that changed goes on with its identity over a new
 * flow; one that is gone un-REGISTERs (SCENARIOS T13). Every message goes to
 * `h` as in config_load(). EINVAL: it is bad, and nothing has changed; EBUSY:
 * the daemon is stopping; ENOMEM. */
struct reload_outcome {
	size_t added, removed, changed, unchanged;       /* accounts */
};
int daemon_reload(struct daemon *d, struct reload_outcome *o,
		  config_message_h *h, void *arg);

/* sipregd -d: the log level stays, whatever the configuration says. */
void daemon_fix_log_level(struct daemon *d);

/* Un-REGISTERs what is ours, as configured, and says in the log what could not
 * be; `h` within REG_LEAVE_MAX, maybe from here. */
void daemon_stop(struct daemon *d, daemon_stopped_h *h, void *arg);

/* For a restart: bindings stay, and what flows can go on in the next process
 * are left to the service manager, if there is one. `h` within HANDOVER_WAIT,
 * maybe from here; nothing may happen any more after it. */
void daemon_hand_over(struct daemon *d, daemon_stopped_h *h, void *arg);

/* A child of this process has ended, with `status` as of waitpid(2). */
void daemon_reaped(struct daemon *d, pid_t pid, int status);

/* The i-th agent in the order of the configuration; NULL past the last. */
struct agent *daemon_agent(const struct daemon *d, size_t i);
struct agent *daemon_find(const struct daemon *d, const char *name);

/* The configuration that it acts on. */
struct config *daemon_config(const struct daemon *d);

/* Who watches what happens to its accounts, and who asks for all of them. */
struct monitors *daemon_monitors(const struct daemon *d);
struct listers *daemon_listers(const struct daemon *d);

/* What all agents share. */
const struct agent_env *daemon_env(const struct daemon *d);

/* NULL before the start. */
struct metrics *daemon_metrics(const struct daemon *d);

/* CLOCK_REALTIME at core time 0 [us], as fresh as it gets. */
int64_t daemon_wall_usec(struct daemon *d);

#endif
