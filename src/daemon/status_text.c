/* What an event says, in words: see status.h. */

#include "status.h"
#include "status_part.h"


enum {
	DURATION_MAX = 32,
};


/* "0.4 s", "35.2 s", "3 min 20 s", "2 h 5 min", "1 d 3 h" */
static const char *duration(char *buf, size_t size, int64_t usec)
{
	const uint64_t tenths = (uint64_t)usec / 100000;
	const uint64_t s = tenths / 10, min = s / 60, h = min / 60;

	if (s < 100)
		(void)re_snprintf(buf, size, "%llu.%llu s", s, tenths % 10);
	else if (min < 100)
		(void)re_snprintf(buf, size, "%llu min %llu s", min, s % 60);
	else if (h < 48)
		(void)re_snprintf(buf, size, "%llu h %llu min", h, min % 60);
	else
		(void)re_snprintf(buf, size, "%llu d %llu h", h / 24, h % 24);

	return buf;
}


/* Back to the beginning: it was told to stop. */
static bool is_stop(const struct event *e, const struct journal *j)
{
	return e->reason == REASON_STARTING && j && status_was_up(j, e);
}


static const char *cause(enum reason reason)
{
	return reason == REASON_STARTING ? "stopped" : reason_name(reason);
}


static void verdict_text(char *buf, size_t size, const struct event *e,
			 const struct journal *j)
{
	const char *text = is_stop(e, j) ? "Stopped."
		: reason_text((enum reason)e->reason);
	char time[DURATION_MAX];
	struct outage o;

	if (!j || !status_outage(&o, j, e)) {
		str_ncpy(buf, text, size);
		return;
	}

	(void)re_snprintf(buf, size, "%s Before that nobody could call it for "
			  "%s%s (%s%s%s).", text, !o.whole ? "at least "
			  : o.silent ? "up to " : "",
			  duration(time, sizeof(time), o.usec), cause(o.first),
			  o.last == o.first ? "" : ", then ",
			  o.last == o.first ? "" : cause(o.last));
}


/* What ends flows, shorter than reason_text(). */
static const char *down_text(enum reason reason)
{
	static const char *const textv[REASON_COUNT] = {
		[REASON_CONNECT_REFUSED] = "the connection was refused",
		[REASON_CONNECT_TIMEOUT] = "nobody answered the connection "
					   "attempt",
		[REASON_TLS_UNTRUSTED] = "the server's certificate is not "
					 "trusted",
		[REASON_TLS_NAME] = "the server's certificate is for another "
				    "name",
		[REASON_TLS_FAILURE] = "the TLS handshake failed",
		[REASON_NO_ANSWER] = "a REGISTER had no answer",
		[REASON_FLOW_LOST] = "the connection was lost",
		[REASON_MAPPING_MOVED] = "our address is another one now",
	};

	if ((unsigned)reason < REASON_COUNT && textv[reason])
		return textv[reason];

	return reason_name(reason);
}


static void flow_down_text(char *buf, size_t size, const struct event *e)
{
	if (e->reason == REASON_OK)
		(void)re_snprintf(buf, size, "flow %u closed by us", e->flow);
	else if (e->value)
		(void)re_snprintf(buf, size, "flow %u is down: no answer any "
				  "more, after %u s of silence", e->flow,
				  e->value);
	else
		(void)re_snprintf(buf, size, "flow %u is down: %s", e->flow,
				  down_text((enum reason)e->reason));
}


static void response_text(char *buf, size_t size, const struct event *e)
{
	if (e->value)
		(void)re_snprintf(buf, size, "answer %u, lease %u s", e->code,
				  e->value);
	else
		(void)re_snprintf(buf, size, "answer %u", e->code);
}


/* Where this flow, or the one in its place before, was seen last. */
static const struct addr *seen_before(const struct journal *j,
				      const struct event *e)
{
	const struct addr *addr = NULL;
	const struct event *p;
	uint32_t i;

	for (i = 0; j && (p = journal_get(j, i)) && p->seq != e->seq; i++) {
		if (p->type == EVENT_MAPPING && p->flow == e->flow)
			addr = &p->addr;
	}

	return addr;
}


/* What moved, and what that means. */
static const char *moved_text(const struct event *e, const struct addr *was)
{
	if (e->value == MAPPING_IP_MOVED ||
	    (was && !addr_ip_equal(&e->addr, was)))
		return addr_scope(&e->addr) == ADDR_PUBLIC
			? ": our public address has changed"
			: ": our address has changed";

	return e->value == MAPPING_PORT_MOVED
		? ": it had forgotten the flow" : "";
}


static void mapping_text(char *buf, size_t size, const struct event *e,
			 const struct journal *j)
{
	const struct addr *was = seen_before(j, e);
	char addr[ADDR_STRLEN], old[ADDR_STRLEN];

	(void)addr_print(&e->addr, addr, sizeof(addr));

	/* a new flow has another port by itself */
	if (was && (e->value > MAPPING_FIRST ||
		    !addr_ip_equal(&e->addr, was)))
		(void)re_snprintf(buf, size, "the NAT shows us at %s now, was "
				  "%s%s", addr,
				  addr_print(was, old, sizeof(old)),
				  moved_text(e, was));
	else if (e->value > MAPPING_FIRST)
		(void)re_snprintf(buf, size, "the NAT shows us at %s now%s",
				  addr, moved_text(e, NULL));
	else
		(void)re_snprintf(buf, size, "the registrar sees us at %s",
				  addr);
}


/* Those that are not our present one; `code` of them were ours once. */
static void binding_text(char *buf, size_t size, const struct event *e)
{
	const unsigned ghosts = e->code, foreign = e->value - e->code;

	if (e->reason == REASON_BINDING_GHOST_ONLY)
		str_ncpy(buf, "old bindings of ours come back again and "
			 "again: another machine has our instance; none is "
			 "removed any more", size);
	else if (ghosts || foreign)
		(void)re_snprintf(buf, size, "other bindings at the "
				  "registrar: %u old of ours, %u of other "
				  "devices", ghosts, foreign);
	else
		str_ncpy(buf, "no other binding at the registrar any more",
			 size);
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


static const char *probe_text(enum probe_result result)
{
	switch (result) {

	case PROBE_UNKNOWN:
		return "nothing is proven for the present binding";

	case PROBE_PROVEN:
		return "a probe came back: calls arrive";

	case PROBE_LOST:
		return "a probe did not come back, as earlier ones did";

	case PROBE_NOT_LOOPED:
		return "no probe comes back: this registrar does not send "
		       "them our way";

	case PROBE_REFUSED:
		return "the registrar refuses probes: no more are sent";
	}

	return "a probe has ended";
}


static void probe_event_text(char *buf, size_t size, const struct event *e)
{
	const char *text = e->reason == REASON_PROBE_LOST
		? "a probe did not come back, so we register anew"
		: probe_text((enum probe_result)e->value);

	if (e->code && e->value != PROBE_PROVEN)
		(void)re_snprintf(buf, size, "%s (answer %u)", text, e->code);
	else
		str_ncpy(buf, text, size);
}


static void address_text(char *buf, size_t size, const struct event *e)
{
	char addr[ADDR_STRLEN];

	if (addr_isset(&e->addr))
		(void)re_snprintf(buf, size, e->value
				  ? "what we send leaves from %s now"
				  : "STUN sees this site at %s now",
				  addr_print_ip(&e->addr, addr, sizeof(addr)));
	else
		str_ncpy(buf, "a local address or route changed", size);
}


void status_event_text(char *buf, size_t size, const struct event *e,
		       const struct journal *j)
{
	switch ((enum event_type)e->type) {

	case EVENT_VERDICT:
		verdict_text(buf, size, e, j);
		break;

	case EVENT_FLOW_UP:
		(void)re_snprintf(buf, size, e->value == EVENT_TAKEN_OVER
				  ? "flow %u goes on after a restart"
				  : "flow %u is up", e->flow);
		break;

	case EVENT_FLOW_DOWN:
		flow_down_text(buf, size, e);
		break;

	case EVENT_REGISTER_SENT:
		(void)re_snprintf(buf, size, "REGISTER sent, CSeq %u",
				  e->value);
		break;

	case EVENT_RESPONSE:
		response_text(buf, size, e);
		break;

	case EVENT_MAPPING:
		mapping_text(buf, size, e, j);
		break;

	case EVENT_INBOUND:
		(void)re_snprintf(buf, size, "request from outside, "
				  "answered %u", e->code);
		break;

	case EVENT_BINDING:
		binding_text(buf, size, e);
		break;

	case EVENT_GHOST_REMOVED:
		ghost_text(buf, size, e);
		break;

	case EVENT_CONFIG:
		str_ncpy(buf, "the account's configuration changed", size);
		break;

	case EVENT_ADDRESS:
		address_text(buf, size, e);
		break;

	case EVENT_PROBE:
		probe_event_text(buf, size, e);
		break;
	}
}
