/* An account as JSON: see status.h. Its flows are in status_flow.c, its events
 * in status_event.c. */

#include "status.h"
#include "status_part.h"
#include "loop.h"
#include "wire.h"


int status_add_time(struct mbuf *mb, const char *key, msec_t at,
		    int64_t wall_usec)
{
	if (at == NEVER)
		return json_add_null(mb, key);

	return json_add_int(mb, key, wall_usec + (int64_t)at * 1000);
}


int status_add_left(struct mbuf *mb, const char *key, msec_t at, msec_t now)
{
	if (at == NEVER)
		return json_add_null(mb, key);

	return json_add_int(mb, key,
			    (int64_t)((clock_left(at, now) + 999) / 1000));
}


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


/* What is under way comes before what will be, and that before what waits for
 * somebody else. */
static msec_t next_rank(const struct reg *r)
{
	msec_t at;

	(void)reg_next(r, &at);
	if (r->state == REG_OFF)
		return NEVER;
	if (reg_parked(r))
		return NEVER - 1;

	return at == NEVER ? 0 : at;
}


const char *status_next(const struct account *a, msec_t *atp)
{
	const struct reg *next = &a->regv[0].reg;
	unsigned i;

	for (i = 1; i < a->regc; i++)
		if (next_rank(&a->regv[i].reg) < next_rank(next))
			next = &a->regv[i].reg;

	return reg_next(next, atp);
}


static int add_verdict(struct mbuf *mb, const struct account *a,
		       int64_t wall_usec, msec_t now)
{
	const struct verdict v = account_verdict(a, now);
	const struct reg *r = best_reg(a);
	msec_t next_at;
	const char *next = status_next(a, &next_at);
	int err;

	err  = json_add_bool(mb, "registered", v.registered);
	err |= status_add_time(mb, "registered_since_usec",
			v.registered ? a->registered_since : NEVER, wall_usec);
	err |= status_add_left(mb, "lease_left",
			v.registered ? r->lease_end : NEVER, now);
	err |= v.registered ? json_add_int(mb, "expires_granted", r->granted)
			    : json_add_null(mb, "expires_granted");
	err |= json_add_string(mb, "reachable", reachable_name(v.reachable));
	err |= status_add_time(mb, "reachable_since_usec", a->reachable_since,
			wall_usec);
	err |= json_add_string(mb, "evidence", evidence_name(v.evidence));
	err |= json_add_string(mb, "reason", reason_name(v.reason));
	err |= json_add_string(mb, "reason_text", reason_text(v.reason));
	err |= json_add_string(mb, "remedy", reason_remedy(v.reason));
	err |= json_add_string(mb, "next", next);
	err |= status_add_left(mb, "next_in", next_at, now);

	return err;
}


static int add_count(struct mbuf *mb, const char *key, bool known,
		     unsigned count)
{
	return known ? json_add_int(mb, key, count) : json_add_null(mb, key);
}


/* What the last 2xx listed, of whichever flow: the numbers are the account's.
 * After a restart not every registration may know of it. */
static int add_bindings(struct mbuf *mb, const struct account *a)
{
	const struct account_reg *ar = a->regv;
	int err;

	while (!ar->listed && ar < &a->regv[a->regc - 1])
		++ar;

	err  = json_open(mb, "bindings", '{');
	err |= add_count(mb, "own", ar->listed, ar->own);
	err |= add_count(mb, "ghost", ar->listed, ar->ghosts);
	err |= add_count(mb, "foreign", ar->listed, ar->foreign);
	err |= json_close(mb, '}');

	return err;
}


/* What is seen of the world beside the flows. */
static int add_surroundings(struct mbuf *mb, const struct agent *a)
{
	const struct agent_env *env = agent_env(a);
	struct site_status site;
	const char *text = NULL;
	int64_t usec = 0;
	int err;

	if (env->site)
		site_status(env->site, &site);
	if (env->netwatch)
		text = netwatch_last(env->netwatch, &usec);

	err  = status_add_site(mb, env->site ? &site : NULL);
	err |= status_add_network(mb, text, usec);

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
	err |= status_add_time(mb, "at_usec", account->code_at, wall_usec);
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
	err |= json_add_bool(mb, "paused", account->paused);
	err |= add_verdict(mb, account, wall_usec, now);
	err |= status_add_flows(mb, a, wall_usec, now);
	err |= add_bindings(mb, account);
	err |= add_surroundings(mb, a);
	err |= add_last_response(mb, a, wall_usec);
	err |= add_counters(mb, a);
	if (events)
		err |= status_add_events(mb, conf->name, &account->journal);
	err |= json_close(mb, '}');

	return err ? ENOMEM : 0;
}
