/* The samples of one account: see metrics_page.h. Flat facts of the core go in,
 * text comes out; nothing is decided here. */

#include <inttypes.h>
#include <stdio.h>
#include "inbound.h"
#include "loop.h"
#include "metrics_page.h"
#include "net.h"


enum {
	STAMP_MAX = 32,          /* bytes of a time as text */
	USEC = 1000000,          /* per second */
};


/* [s] since 1970, of the core's time */
static const char *timestamp(char buf[STAMP_MAX], msec_t at,
			     int64_t wall_usec)
{
	const int64_t usec = wall_usec + (int64_t)at * 1000;

	(void)snprintf(buf, STAMP_MAX, "%" PRId64 ".%03" PRId64, usec / USEC,
		       usec % USEC / 1000);

	return buf;
}


static const char *reachable_value(enum reachable r)
{
	switch (r) {

	case REACHABLE_YES:     return "1";
	case REACHABLE_NO:      return "0";
	case REACHABLE_UNKNOWN: break;
	}

	return "0.5";
}


static msec_t lease_end(const struct account *a)
{
	msec_t end = 0;

	for (unsigned i = 0; i < a->regc; i++)
		end = clock_max(end, a->regv[i].reg.lease_end);

	return end;
}


static void add_verdict(struct metrics_page *p, const struct agent *agent,
			const char *name, int64_t wall_usec)
{
	const struct account *a = agent_account(agent);
	const struct account_conf *conf = agent_conf(agent);
	const msec_t now = loop_now(), out = account_unreachable(a, now);
	const struct verdict v = account_verdict(a, now);
	char stamp[STAMP_MAX];

	metrics_sample(p, METRIC_ENABLED, "{account=\"%s\"} %d", name,
		       conf->enabled);
	metrics_sample(p, METRIC_PAUSED, "{account=\"%s\"} %d", name,
		       conf->enabled && a->paused);
	metrics_sample(p, METRIC_REGISTERED, "{account=\"%s\"} %d", name,
		       v.registered);
	metrics_sample(p, METRIC_REACHABLE, "{account=\"%s\"} %s", name,
		       reachable_value(v.reachable));
	metrics_sample(p, METRIC_REASON, "{account=\"%s\",reason=\"%s\"} 1",
		       name, reason_name(v.reason));
	metrics_sample(p, METRIC_UNREACHABLE,
		       "_total{account=\"%s\"} %" PRIu64 ".%03u", name,
		       (uint64_t)(out / 1000), (unsigned)(out % 1000));

	if (v.registered)
		metrics_sample(p, METRIC_LEASE_EXPIRY,
			       "{account=\"%s\"} %s", name,
			       timestamp(stamp, lease_end(a), wall_usec));
}


/* --- what was counted --- */

/* What alerts ask for the increase of is there from the start: a series that
 * begins with 1 has none. */
static void add_keys(struct metrics_page *p, const struct agent *agent,
		     enum tally_kind kind, unsigned first,
		     void (*addh)(struct metrics_page *p, const char *name,
				  unsigned key, uint32_t count),
		     const char *name)
{
	const struct tally *t = agent_tally(agent);

	addh(p, name, first, tally_count(t, kind, first));
	for (unsigned i = 0; i < t->cellc; i++) {
		const struct tally_cell *c = &t->cellv[i];

		if (c->kind == kind && c->key != first)
			addh(p, name, c->key, c->count);
	}
}


static void add_response(struct metrics_page *p, const char *name,
			 unsigned key, uint32_t count)
{
	char code[8] = "other";

	if (key != TALLY_OTHER)
		(void)snprintf(code, sizeof(code), "%u", key & 0xfff);

	metrics_sample(p, METRIC_REGISTER_RESPONSES,
		       "_total{account=\"%s\",code=\"%s\"} %u", name, code,
		       count);
}


static void add_failure(struct metrics_page *p, const char *name,
			unsigned key, uint32_t count)
{
	metrics_sample(p, METRIC_FLOW_FAILURES,
		       "_total{account=\"%s\",reason=\"%s\"} %u", name,
		       key == TALLY_OTHER ? "other"
					  : reason_name((enum reason)key),
		       count);
}


static void add_inbound(struct metrics_page *p, const char *name,
			unsigned key, uint32_t count)
{
	metrics_sample(p, METRIC_INBOUND_REQUESTS,
		       "_total{account=\"%s\",method=\"%s\",result=\"%s\"} %u",
		       name, inbound_key_method(key), inbound_key_result(key),
		       count);
}


static void add_counts(struct metrics_page *p, const struct agent *agent,
		       const char *name)
{
	const struct account *a = agent_account(agent);

	metrics_sample(p, METRIC_REGISTER_REQUESTS,
		       "_total{account=\"%s\"} %u", name, a->registers_sent);
	add_keys(p, agent, TALLY_RESPONSE, 200, add_response, name);
	add_keys(p, agent, TALLY_FAILURE, REASON_FLOW_LOST, add_failure, name);
	metrics_sample(p, METRIC_MAPPING_CHANGES,
		       "_total{account=\"%s\"} %u", name, a->mapping_changes);
	add_keys(p, agent, TALLY_INBOUND,
		 inbound_key_call(agent_conf(agent)), add_inbound, name);
	metrics_sample(p, METRIC_INBOUND_DROPPED,
		       "_total{account=\"%s\"} %u", name,
		       agent_dropped(agent));
}


/* As in the JSON: of the registration that knows. */
static void add_bindings(struct metrics_page *p, const struct account *a,
			 const char *name)
{
	const struct account_reg *ar = a->regv;

	while (!ar->listed && ar < &a->regv[a->regc - 1])
		++ar;
	if (!ar->listed)
		return;

	metrics_sample(p, METRIC_BINDINGS,
		       "{account=\"%s\",kind=\"own\"} %u", name, ar->own);
	metrics_sample(p, METRIC_BINDINGS,
		       "{account=\"%s\",kind=\"ghost\"} %u", name, ar->ghosts);
	metrics_sample(p, METRIC_BINDINGS,
		       "{account=\"%s\",kind=\"foreign\"} %u", name,
		       ar->foreign);
}


/* --- its flows --- */

static bool is_up(const struct account_reg *ar)
{
	const struct account_flow *f = ar->reg.failback ? &ar->elder
							: &ar->flow;

	return f->up && !f->suspect;
}


static void add_way(struct metrics_page *p, const struct agent_flow *f,
		    const char *name, unsigned id)
{
	char host[METRICS_LABEL_MAX], edge[ADDR_STRLEN];
	struct addr addr;

	addr_from_sa(&addr, f->peer);
	metrics_label(host, f->host);
	metrics_sample(p, METRIC_FLOW, "_info{account=\"%s\",flow=\"%u\","
		       "transport=\"%s\",edge=\"%s\",edge_host=\"%s\"} 1",
		       name, id, transport_name(f->transport),
		       addr_print(&addr, edge, sizeof(edge)), host);
}


static void add_flow(struct metrics_page *p, const struct agent *agent,
		     unsigned i, const char *name)
{
	const unsigned id = i + 1;
	struct agent_flow f;

	metrics_sample(p, METRIC_FLOW_UP,
		       "{account=\"%s\",flow=\"%u\"} %d", name, id,
		       is_up(&agent_account(agent)->regv[i]));

	agent_flow(agent, i, &f);
	if (f.flow && f.peer)
		add_way(p, &f, name, id);
	if (f.flow && f.flow->rtt_usec)
		metrics_sample(p, METRIC_PONG_RTT,
			       "{account=\"%s\",flow=\"%u\"} %u.%06u", name,
			       id, (unsigned)(f.flow->rtt_usec / USEC),
			       (unsigned)(f.flow->rtt_usec % USEC));
	if (f.tls_known && f.tls.not_after > 0)
		metrics_sample(p, METRIC_TLS_NOT_AFTER,
			       "{account=\"%s\",flow=\"%u\"} %" PRId64, name,
			       id, f.tls.not_after);
}


void metrics_account(struct metrics_page *p, const struct agent *agent,
		     int64_t wall_usec)
{
	const struct account_conf *conf = agent_conf(agent);
	const struct account *a = agent_account(agent);
	char name[METRICS_LABEL_MAX], aor[METRICS_LABEL_MAX];

	metrics_label(name, conf->name);
	metrics_label(aor, conf->aor);
	metrics_sample(p, METRIC_ACCOUNT,
		       "_info{account=\"%s\",aor=\"%s\",transport=\"%s\"} 1",
		       name, aor, transport_name(conf->transport));

	add_verdict(p, agent, name, wall_usec);
	add_counts(p, agent, name);
	add_bindings(p, a, name);

	/* the others only while they are wanted */
	for (unsigned i = 0; conf->enabled && i < a->regc; i++)
		if (!i || a->regv[i].reg.state != REG_OFF)
			add_flow(p, agent, i, name);
}
