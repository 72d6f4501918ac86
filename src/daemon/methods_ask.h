/* What is asked of an agent and answered when it has come to an end: shared by
 * the methods that wait for an outcome. */

#ifndef METHODS_ASK_H
#define METHODS_ASK_H

#include "daemon.h"
#include "methods.h"

struct asked;

typedef int (agent_ask_h)(struct agent *a, agent_outcome_h *h, void *arg);

/* Writes the outcome as the JSON text of an object. */
typedef int (outcome_print_h)(struct mbuf *mb, const struct asked *q,
			      const struct agent_outcome *o);

/* What a client waits for. */
struct asked {
	struct control_call *call;
	outcome_print_h *printh;
	const struct agent *agent;       /* only in printh: it may end before */
	char *name;
	bool unregister;         /* stopping should have removed the binding */
};

/* Asks it of the account that the parameters name, and ends the call with what
 * `printh` makes of the outcome, or with the error why there is none. */
void method_ask(struct control_call *call, const struct odict *parameters,
		struct daemon *d, agent_ask_h *askh, outcome_print_h *printh);

#endif
