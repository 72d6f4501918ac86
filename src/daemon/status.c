/* An account as JSON: see status.h. */

#include <string.h>
#include "status.h"
#include "loop.h"
#include "net.h"
#include "wire.h"


enum {
	TEXT_MAX = 256,
};


/* --- small things --- */

static int add_addr(struct mbuf *mb, const char *key, const struct addr *a)
{
	char buf[ADDR_STRLEN];

	if (!addr_isset(a))
		return json_add_null(mb, key);

	return json_add_string(mb, key, addr_print(a, buf, sizeof(buf)));
}


static int add_sa(struct mbuf *mb, const char *key, const struct sa *sa)
{
	struct addr a;

	if (!sa)
		return json_add_null(mb, key);

	addr_from_sa(&a, sa);

	return add_addr(mb, key, &a);
}


/* A time of the core's as microseconds since 1970. */
static int add_time(struct mbuf *mb, const char *key, msec_t at,
		    int64_t wall_usec)
{
	if (at == NEVER)
		return json_add_null(mb, key);

	return json_add_int(mb, key, wall_usec + (int64_t)at * 1000);
}


/* A deadline as whole seconds from now, rounded up. */
static int add_left(struct mbuf *mb, const char *key, msec_t at, msec_t now)
{
	if (at == NEVER)
		return json_add_null(mb, key);

	return json_add_int(mb, key,
			    (int64_t)((clock_left(at, now) + 999) / 1000));
}


/* --- events --- */

static void response_text(char *buf, size_t size, const struct event *e)
{
	if (e->value)
		(void)re_snprintf(buf, size, "answer %u, lease %u s", e->code,
				  e->value);
	else
		(void)re_snprintf(buf, size, "answer %u", e->code);
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
	case EVENT_GHOST_REMOVED:
	case EVENT_PROBE:
	case EVENT_CONFIG:
	case EVENT_ADDRESS:
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


static int add_events(struct mbuf *mb, const char *name,
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


/* --- flows --- */

static const char *flow_state(const struct agent_flow *f, const struct reg *r)
{
	if (f->flow)
		return flow_state_name(f->flow->state);

	return r->state == REG_OFF ? "off" : "down";
}


static int add_contact(struct mbuf *mb, const struct reg *r, bool bound)
{
	char addr[ADDR_STRLEN], uri[ADDR_STRLEN + 8];

	if (!bound || !addr_isset(&r->contact))
		return json_add_null(mb, "contact");

	(void)re_snprintf(uri, sizeof(uri), "sip:%s",
			  addr_print(&r->contact, addr, sizeof(addr)));

	return json_add_string(mb, "contact", uri);
}


static int add_keepalive(struct mbuf *mb, const struct flow *flow)
{
	int err;

	if (!flow) {
		err  = json_add_int(mb, "pongs", 0);
		err |= json_add_null(mb, "pong_rtt_usec");
		err |= json_add_null(mb, "keepalive");
		err |= json_add_null(mb, "keepalive_interval");
		return err;
	}

	err = json_add_int(mb, "pongs", flow->pongs);
	err |= flow->rtt_usec ? json_add_int(mb, "pong_rtt_usec",
					     flow->rtt_usec)
			      : json_add_null(mb, "pong_rtt_usec");
	err |= json_add_string(mb, "keepalive",
			       keepalive_method_name(flow->asking));
	err |= json_add_int(mb, "keepalive_interval",
			    (int64_t)(flow_interval(flow) / 1000));

	return err;
}


static int add_flow(struct mbuf *mb, const struct agent *a, unsigned i,
		    int64_t wall_usec, msec_t now)
{
	const struct account_reg *ar = &agent_account(a)->regv[i];
	const struct reg *r = &ar->reg;
	const bool bound = reg_bound(r, now);
	struct agent_flow f;
	int err;

	agent_flow(a, i, &f);

	err  = json_open(mb, NULL, '{');
	err |= json_add_int(mb, "id", i + 1);
	err |= json_add_string(mb, "state", flow_state(&f, r));
	err |= json_add_string(mb, "transport", transport_name(f.transport));
	err |= add_sa(mb, "edge", f.peer);
	err |= json_add_string(mb, "edge_host", f.host);
	err |= add_sa(mb, "local", f.local);
	err |= f.flow ? add_addr(mb, "mapped", &ar->mapped)
		      : json_add_null(mb, "mapped");
	err |= add_time(mb, "up_since_usec", f.flow ? f.flow->up_at : NEVER,
			wall_usec);
	err |= add_keepalive(mb, f.flow);
	err |= json_add_bool(mb, "registered", bound);
	err |= add_contact(mb, r, bound);
	err |= json_add_string(mb, "matched_by", bound ?
			       contact_match_name(r->match) : NULL);
	err |= json_add_bool(mb, "outbound", bound && r->outbound);
	err |= json_add_int(mb, "failures", r->failures);
	err |= json_add_string(mb, "detail", f.detail[0] ? f.detail : NULL);
	err |= json_close(mb, '}');

	return err;
}


static int add_flows(struct mbuf *mb, const struct agent *a,
		     int64_t wall_usec, msec_t now)
{
	const struct account *account = agent_account(a);
	unsigned i;
	int err;

	err = json_open(mb, "flows", '[');
	for (i = 0; i < account->regc; i++)
		err |= add_flow(mb, a, i, wall_usec, now);

	return err | json_close(mb, ']');
}


/* --- the account --- */

/* The registration whose lease lasts longest speaks for the account. */
static const struct reg *best_reg(const struct account *a)
{
	const struct reg *best = &a->regv[0].reg;
	unsigned i;

	for (i = 1; i < a->regc; i++)
		if (a->regv[i].reg.lease_end > best->lease_end)
			best = &a->regv[i].reg;

	return best;
}


static int add_verdict(struct mbuf *mb, const struct account *a,
		       int64_t wall_usec, msec_t now)
{
	const struct verdict v = account_verdict(a, now);
	const struct reg *r = best_reg(a);
	msec_t next_at;
	const char *next = reg_next(r, &next_at);
	int err;

	err  = json_add_bool(mb, "registered", v.registered);
	err |= add_time(mb, "registered_since_usec",
			v.registered ? a->registered_since : NEVER, wall_usec);
	err |= add_left(mb, "lease_left", v.registered ? r->lease_end : NEVER,
			now);
	err |= v.registered ? json_add_int(mb, "expires_granted", r->granted)
			    : json_add_null(mb, "expires_granted");
	err |= json_add_string(mb, "reachable", reachable_name(v.reachable));
	err |= add_time(mb, "reachable_since_usec", a->reachable_since,
			wall_usec);
	err |= json_add_string(mb, "evidence", evidence_name(v.evidence));
	err |= json_add_string(mb, "reason", reason_name(v.reason));
	err |= json_add_string(mb, "reason_text", reason_text(v.reason));
	err |= json_add_string(mb, "next", next);
	err |= add_left(mb, "next_in", next_at, now);

	return err;
}


static int add_count(struct mbuf *mb, const char *key, bool known,
		     unsigned count)
{
	return known ? json_add_int(mb, key, count) : json_add_null(mb, key);
}


/* Whose bindings the last 2xx listed. Each flow's lists the same AOR. */
static int add_bindings(struct mbuf *mb, const struct account *a)
{
	unsigned own = 0, ghosts = 0, foreign = 0, i;
	bool known = false;
	int err;

	for (i = 0; i < a->regc; i++) {
		const struct account_reg *ar = &a->regv[i];

		known |= ar->listed;
		own += ar->own;
		ghosts = ar->ghosts > ghosts ? ar->ghosts : ghosts;
		foreign = ar->foreign > foreign ? ar->foreign : foreign;
	}

	err  = json_open(mb, "bindings", '{');
	err |= add_count(mb, "own", known, own);
	err |= add_count(mb, "ghost", known, ghosts);
	err |= add_count(mb, "foreign", known, foreign);
	err |= json_close(mb, '}');

	return err;
}


static int add_last_response(struct mbuf *mb, const struct agent *a,
			     int64_t wall_usec)
{
	const struct account *account = agent_account(a);
	const char *reason = agent_last_reason(a);
	int err;

	if (!account->code)
		return json_add_null(mb, "last_response");

	err  = json_open(mb, "last_response", '{');
	err |= json_add_int(mb, "code", account->code);
	err |= json_add_string(mb, "reason", reason);
	err |= add_time(mb, "at_usec", account->code_at, wall_usec);
	err |= json_close(mb, '}');

	return err;
}


static int add_counters(struct mbuf *mb, const struct agent *a)
{
	const struct account *account = agent_account(a);
	int err;

	err  = json_open(mb, "counters", '{');
	err |= json_add_int(mb, "registers_sent", account->registers_sent);
	err |= json_add_int(mb, "responses_2xx", account->responses_2xx);
	err |= json_add_int(mb, "flow_failures", account->flow_failures);
	err |= json_add_int(mb, "mapping_changes", account->mapping_changes);
	err |= json_add_int(mb, "inbound_requests",
			    account->inbound_requests);
	err |= json_add_int(mb, "requests_dropped", agent_dropped(a));
	err |= json_close(mb, '}');

	return err;
}


int status_account(struct mbuf *mb, const char *key, const struct agent *a,
		   int64_t wall_usec, bool events)
{
	const struct account_conf *conf = agent_conf(a);
	const struct account *account = agent_account(a);
	const msec_t now = loop_now();
	int err;

	err  = json_open(mb, key, '{');
	err |= json_add_string(mb, "name", conf->name);
	err |= json_add_string(mb, "aor", conf->aor);
	err |= json_add_bool(mb, "enabled", conf->enabled);
	err |= add_verdict(mb, account, wall_usec, now);
	err |= add_flows(mb, a, wall_usec, now);
	err |= add_bindings(mb, account);
	err |= add_last_response(mb, a, wall_usec);
	err |= add_counters(mb, a);
	if (events)
		err |= add_events(mb, conf->name, &account->journal);
	err |= json_close(mb, '}');

	return err ? ENOMEM : 0;
}
