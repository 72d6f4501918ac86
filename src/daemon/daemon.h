/* The daemon: the set of agents and what they share; start, stop, status. */

#ifndef DAEMON_H
#define DAEMON_H

#include "agent.h"
#include "compat.h"
#include "config.h"


struct daemon;

/* Everything is stopped: the loop may end. */
typedef void (daemon_stopped_h)(void *arg);

/* Agents for all accounts; nothing is sent yet. ENOENT and
 * the like with a line in the log. */
int daemon_alloc(struct daemon **dp, struct config *config);

void daemon_start(struct daemon *d);

/* Un-REGISTERs what is ours, as configured, and says in the log what could not
 * be; `h` within REG_LEAVE_MAX, maybe from here. */
void daemon_stop(struct daemon *d, daemon_stopped_h *h, void *arg);

/* The i-th agent in the order of the configuration; NULL past the last. */
struct agent *daemon_agent(const struct daemon *d, size_t i);
struct agent *daemon_find(const struct daemon *d, const char *name);

/* CLOCK_REALTIME at core time 0 [us], as fresh as it gets. */
int64_t daemon_wall_usec(struct daemon *d);

#endif
