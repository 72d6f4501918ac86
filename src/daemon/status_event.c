/* An account's events as JSON: see status.h. Their words are in
 * status_text.c. */

#include "status.h"
#include "status_part.h"
#include "wire.h"


enum {
	TEXT_MAX = 384,
};


/* What only some have. */
static int add_rest(struct mbuf *mb, const struct event *e,
		    const struct journal *j)
{
	struct outage o;
	int err = 0;

	if (e->code && e->type != EVENT_BINDING) /* there it is a count */
		err |= json_add_int(mb, "code", e->code);
	if (e->flow)
		err |= json_add_int(mb, "flow", e->flow);
	if (addr_isset(&e->addr))
		err |= status_add_addr(mb, "addr", &e->addr);
	if (status_outage(&o, j, e))
		err |= json_add_int(mb, "unreachable_usec", o.usec);

	return err;
}


int status_event(struct mbuf *mb, const char *key, const char *name,
		 const struct event *e, const struct journal *j)
{
	char text[TEXT_MAX];
	int err;

	status_event_text(text, sizeof(text), e, j);

	err  = json_open(mb, key, '{');
	err |= json_add_int(mb, "at_usec", (int64_t)e->at_usec);
	err |= json_add_int(mb, "seq", e->seq);
	err |= json_add_string(mb, "account", name);
	err |= json_add_string(mb, "event", event_name(e->type));
	err |= json_add_bool(mb, "registered", e->registered);
	err |= json_add_string(mb, "reachable", reachable_name(e->reachable));
	err |= json_add_string(mb, "reason", reason_name(e->reason));
	err |= json_add_string(mb, "text", text);
	err |= add_rest(mb, e, j);
	err |= json_close(mb, '}');

	return err ? ENOMEM : 0;
}


int status_add_events(struct mbuf *mb, const char *name,
		      const struct journal *j)
{
	const struct event *e;
	uint32_t i;
	int err;

	err = json_open(mb, "events", '[');
	for (i = 0; !err && (e = journal_get(j, i)); i++)
		err = status_event(mb, NULL, name, e, j);

	return err | json_close(mb, ']');
}


int status_history(struct mbuf *mb, const char *key, const struct agent *a)
{
	int err;

	err  = json_open(mb, key, '{');
	err |= status_add_events(mb, agent_conf(a)->name,
				 &agent_account(a)->journal);
	err |= json_close(mb, '}');

	return err ? ENOMEM : 0;
}
