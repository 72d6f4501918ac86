/* An account's events as JSON: see status.h. */

#include "status.h"
#include "status_part.h"
#include "wire.h"


enum {
	TEXT_MAX = 256,
};


static void response_text(char *buf, size_t size, const struct event *e)
{
	if (e->value)
		(void)re_snprintf(buf, size, "answer %u, lease %u s", e->code,
				  e->value);
	else
		(void)re_snprintf(buf, size, "answer %u", e->code);
}


static void ghost_text(char *buf, size_t size, const struct event *e)
{
	char addr[ADDR_STRLEN];

	if (addr_isset(&e->addr))
		(void)re_snprintf(buf, size, "our old binding at %s is removed",
				  addr_print(&e->addr, addr, sizeof(addr)));
	else
		str_ncpy(buf, "an old binding of ours is removed", size);
}


void status_event_text(char *buf, size_t size, const struct event *e)
{
	char addr[ADDR_STRLEN];

	switch ((enum event_type)e->type) {

	case EVENT_VERDICT:
		str_ncpy(buf, reason_text(e->reason), size);
		break;

	case EVENT_FLOW_UP:
		(void)re_snprintf(buf, size, "flow %u is up", e->flow);
		break;

	case EVENT_FLOW_DOWN:
		if (e->reason == REASON_OK)
			(void)re_snprintf(buf, size, "flow %u closed by us",
					  e->flow);
		else
			(void)re_snprintf(buf, size, "flow %u is down: %s",
					  e->flow, reason_name(e->reason));
		break;

	case EVENT_REGISTER_SENT:
		(void)re_snprintf(buf, size, "REGISTER sent, CSeq %u",
				  e->value);
		break;

	case EVENT_RESPONSE:
		response_text(buf, size, e);
		break;

	case EVENT_MAPPING:
		(void)re_snprintf(buf, size, "the registrar sees us at %s",
				  addr_print(&e->addr, addr, sizeof(addr)));
		break;

	case EVENT_INBOUND:
		(void)re_snprintf(buf, size, "request from outside, "
				  "answered %u", e->code);
		break;

	case EVENT_BINDING:
		(void)re_snprintf(buf, size, "bindings that are not ours: %u",
				  e->value);
		break;

	case EVENT_GHOST_REMOVED:
		ghost_text(buf, size, e);
		break;

	case EVENT_CONFIG:
		str_ncpy(buf, "the account's configuration changed", size);
		break;

	case EVENT_ADDRESS:
		str_ncpy(buf, "a local address or route changed", size);
		break;

	case EVENT_PROBE:
		str_ncpy(buf, event_name(e->type), size);
		break;
	}
}


/* The EVENT object. */
static int add_event(struct mbuf *mb, const char *name,
		     const struct event *e)
{
	char text[TEXT_MAX];
	int err;

	status_event_text(text, sizeof(text), e);

	err  = json_open(mb, NULL, '{');
	err |= json_add_int(mb, "at_usec", (int64_t)e->at_usec);
	err |= json_add_int(mb, "seq", e->seq);
	err |= json_add_string(mb, "account", name);
	err |= json_add_string(mb, "event", event_name(e->type));
	err |= json_add_bool(mb, "registered", e->registered);
	err |= json_add_string(mb, "reachable", reachable_name(e->reachable));
	err |= json_add_string(mb, "reason", reason_name(e->reason));
	err |= json_add_string(mb, "text", text);
	if (e->code)
		err |= json_add_int(mb, "code", e->code);
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
		err = add_event(mb, name, e);

	return err | json_close(mb, ']');
}
