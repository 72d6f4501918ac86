/* What link.c and link_ping.c share; everybody else includes link.h. */

#ifndef LINK_PARTS_H
#define LINK_PARTS_H

#include "link.h"
#include "stun.h"
#include "timer.h"


struct link {
	char *who;
	struct conn *conn;               /* NULL: over */
	struct edge_point *point;
	struct flow flow;
	struct timer timer;
	struct list transactions;
	struct transaction options;
	struct stun_question stun;
	int stun_err;                    /* of its last sending */
	uint64_t ping_usec;              /* when the last CRLF ping left */
	bool edge_waits;                 /* for how the connect went */
	bool knock;
	bool edge_proven;                /* it counts this flow as proven */
	bool suspect;                    /* as the owner was told */
	struct link_handlers h;
	void *arg;
};

/* Waits for the next deadline of the flow. */
void link_arm(struct link *l);


/* --- link_ping.c --- */

/* Carries out what the core said: FLOW_* bits. The caller may lose the link by
 * that unless it holds a reference. */
void link_perform(struct link *l, unsigned acts);

/* STUN that came in, from whomever. */
void link_stun_handler(struct mbuf *mb, const struct sa *src, void *arg);

/* Late answers to questions of ours are ignored. */
void link_stop_asking(struct link *l);

#endif
