/* What the agent_*.c files share; everybody else includes agent.h. */

#ifndef AGENT_PARTS_H
#define AGENT_PARTS_H

#include "agent.h"
#include "timer.h"


enum {
	AGENT_EVENTS = 32,       /* kept, in memory and on disk: a day of
				    refreshes leaves three quarters of them to
				    what is news (journal.h) */
};

struct agent {
	struct config *config;
	const struct account_conf *conf;
	struct account account;
	struct account_reg *regv;
	struct slot_owner owner;
	struct slot *slotv;
	unsigned slotc;
	struct event eventv[AGENT_EVENTS];
	struct timer timer;
	struct list waiters;
	struct timer purge_timer;        /* the next REGISTER of a purge */
	bool purge_due;
	struct diagnosis *diagnosis;     /* under way; NULL: none */
	bool diagnosis_refused;          /* the last one found credentials that
					    are refused: the next one does not
					    try them again */
	bool was_bound;                  /* when it was told to stop */
	bool stopping;                   /* for good: no order counts */
	agent_event_h *eventh;
	agent_left_h *lefth;
	void *arg;
};


void agent_purge_handler(void *arg);     /* timer_h */

/* After every step: who waits for what has ended now is told (agent_order.c).
 * At the end of the agent everybody is. */
void agent_tell_waiters(struct agent *a);
void agent_abort_waiters(struct agent *a);

#endif
