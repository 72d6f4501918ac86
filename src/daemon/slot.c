/* One registration and its link, performed: see slot.h. */

#include <string.h>
#include "slot_parts.h"


void slot_note(struct slot *s, const char *text)
{
	str_ncpy(s->detail, text, sizeof(s->detail));
}


void slot_changed(struct slot *s)
{
	state_changed(&s->owner->node);
}


enum transport slot_named_transport(const struct slot *s)
{
	const struct attempt *t = &s->attemptv[s->present];

	return t->transport != TRANSPORT_AUTO ? t->transport
					      : name_home(t)->transport;
}


const char *slot_host(const struct slot *s)
{
	return name_edge(&s->attemptv[s->present])->host;
}


/* --- what the flow tells --- */

static bool is_elder(const struct attempt *t)
{
	return t == slot_elder(t->slot);
}


static void lost_handler(enum reason reason, const char *text, void *arg)
{
	struct attempt *t = arg;
	struct slot *s = t->slot;
	struct flow flow;

	if (is_elder(t)) {
		replace_elder_lost(s, reason);
		return;
	}

	flow = *link_flow(t->link);
	connect_drop(s);
	slot_note(s, text);
	slot_perform(s, account_on_flow_lost(s->owner->account, s->i, &flow,
					     reason, loop_now()));
}


static void proven_handler(void *arg)
{
	struct attempt *t = arg;
	struct slot *s = t->slot;

	if (!is_elder(t))
		slot_perform(s, account_on_proven(s->owner->account, s->i,
						  loop_now()));
}


static void suspect_handler(bool suspect, void *arg)
{
	struct attempt *t = arg;
	struct slot *s = t->slot;
	struct account *a = s->owner->account;

	if (!is_elder(t))
		slot_perform(s, account_on_suspect(a, s->i, link_flow(t->link),
						   loop_now()));
	else if (suspect)
		slot_perform(s, account_on_elder_suspect(a, s->i,
							 link_flow(t->link),
							 loop_now()));
	else
		slot_perform(s, account_on_elder_alive(a, s->i, loop_now()));
}


static void verify_handler(void *arg)
{
	struct attempt *t = arg;
	struct slot *s = t->slot;

	if (!is_elder(t))
		slot_perform(s, account_on_verify(s->owner->account, s->i,
						  loop_now()));
}


static void replace_handler(void *arg)
{
	struct attempt *t = arg;
	struct slot *s = t->slot;

	if (!is_elder(t))
		slot_perform(s, account_on_moved(s->owner->account, s->i,
						 loop_now()));
}


static void mapped_handler(enum witness w, const struct addr *mapped,
			   void *arg)
{
	struct attempt *t = arg;
	struct slot *s = t->slot;
	unsigned acts;

	if (is_elder(t))
		return;

	acts = account_on_seen(s->owner->account, s->i, w, mapped,
			       link_flow(t->link), loop_now());
	slot_learn(s);
	slot_perform(s, acts);
}


void slot_learn(struct slot *s)
{
	struct link *l = link_of(s);

	if (l)
		link_set_learned(l, account_interval(s->owner->account, s->i,
			flow_interval_normal(link_flow(l)), loop_now()));
}


const struct link_handlers slot_link_handlers = {
	.connectedh = connect_connected_handler,
	.failedh = connect_failed_handler,
	.losth = lost_handler,
	.provenh = proven_handler,
	.suspecth = suspect_handler,
	.verifyh = verify_handler,
	.replaceh = replace_handler,
	.mappedh = mapped_handler,
	.requesth = slot_request_handler,
	.optionsh = slot_options_handler,
	.allowedh = slot_allowed_handler,
};


/* --- performing what the core decides --- */

static void register_turn_handler(void *arg)
{
	struct slot *s = arg;

	slot_perform(s, account_on_turn(s->owner->account, s->i, loop_now()));
}


/* The edge that it waits because of serves somebody again. */
static void edge_back_handler(void *arg)
{
	struct slot *s = arg;

	slot_perform(s, account_on_edge_back(s->owner->account, s->i,
					     loop_now()));
}


static void close_by_will(struct slot *s)
{
	unsigned acts;

	connect_drop(s);
	acts = account_on_flow_closed(s->owner->account, s->i, loop_now());
	if (acts & ACCOUNT_PROBE_CLOSE)
		s->prober = mem_deref(s->prober);
}


/* In the order of the bits, see core/reg.h. The last step may lead straight
 * to the next fact and so back here; nothing is done after it but settling. */
static void perform(struct slot *s, unsigned acts)
{
	struct edge_point *point;
	const struct reg *r = reg_of(s);
	const msec_t now = loop_now();

	if (acts & REG_DO_ABANDON)
		transaction_cancel(&s->transaction);
	/* the edge that asked for it, whoever is the flow after this */
	if (acts & REG_DO_HOLD && slot_present(s)->point)
		edge_point_on_hold(slot_present(s)->point, r->hold_until, now);
	if (acts & REG_DO_TAKE_BACK)
		replace_take_back(s);
	else if (acts & REG_DO_CLOSE)
		close_by_will(s);
	if (acts & REG_DO_RETIRE)
		replace_retire(s);
	if (acts & REG_DO_REPLACE)
		replace_ask(s);
	if (acts & REG_DO_ASIDE)
		replace_aside(s);
	if (acts & REG_DO_RENEW)
		slot_renew_call(s);

	point = slot_present(s)->point;
	if (acts & REG_DO_ASK)
		edge_turn_ask(&s->turn, point, reg_class(r, now), now);
	if (acts & REG_DO_RESOLVE)
		name_resolve(s);
	if (acts & REG_DO_CONNECT)
		connect_ask(s);
	if (acts & REG_DO_OPEN)
		connect_open(s);
	if (acts & REG_DO_RACE)
		connect_race(s);
	if (acts & REG_DO_OPEN_RIVAL)
		connect_open_rival(s);
	if (acts & ACCOUNT_PROBE_CLOSE)
		s->prober = mem_deref(s->prober);
	if (acts & ACCOUNT_PROBE)
		slot_probe(s, false);
	if (acts & ACCOUNT_PROBE_ON_FLOW)
		slot_probe(s, true);
	if (acts & REG_DO_SEND)
		slot_register(s, REGISTER_BIND);
	if (acts & REG_DO_FETCH)
		slot_register(s, REGISTER_FETCH);
	if (acts & REG_DO_LEAVE)
		slot_register(s, REGISTER_LEAVE);
}


/* For its place in the queues that it may ask for. */
static void set_seen(struct slot *s)
{
	const msec_t at = account_seen(s->owner->account, loop_now());
	const msec_t seen = at == NEVER ? 0 : at;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(s->attemptv); i++)
		edge_turn_set_seen(&s->attemptv[i].turn, seen);
	edge_turn_set_seen(&s->turn, seen);
	edge_turn_set_seen(&s->replace_turn, seen);
}


/* An operator's stop ends the wait, that of the daemon does not: see
 * slot_keep_wait(). */
static msec_t retry_until(const struct slot *s)
{
	const struct reg *r = reg_of(s);

	if (!reg_runs(r))
		return s->retry_until;

	return r->state == REG_WAIT && r->retry_after ? r->deadline : 0;
}


/* What no event tells of. */
static void note_changes(struct slot *s)
{
	const struct account_reg *ar = &s->owner->account->regv[s->i];

	if (s->retry_until == retry_until(s) &&
	    s->interval_since == ar->interval.since)
		return;

	s->retry_until = retry_until(s);
	s->interval_since = ar->interval.since;
	slot_changed(s);
}


void slot_perform(struct slot *s, unsigned acts)
{
	struct slot_owner *o = s->owner;

	mem_ref(o->arg);

	set_seen(s);
	perform(s, acts);
	connect_release(s);
	replace_settle(s);
	if (!reg_wants_turn(reg_of(s)))
		edge_turn_cancel(&s->turn, loop_now());
	note_changes(s);

	edge_watch_set(&s->watch, reg_of(s)->state == REG_WAIT
		       ? slot_present(s)->point : NULL);

	o->settledh(acts & REG_DO_LEFT, o->arg);
	mem_deref(o->arg);
}


/* --- what is kept --- */

static int64_t wall_of(const struct slot *s, msec_t at)
{
	return *s->owner->env->wall_usec + (int64_t)at * 1000;
}


/* What ended before this machine started counts as ended now. */
static msec_t msec_of(const struct slot *s, int64_t usec)
{
	const int64_t at = (usec - *s->owner->env->wall_usec) / 1000;

	return at > 0 ? (msec_t)at : 0;
}


static void keep_contact(struct state_reg *kept, const char *uri,
			 int64_t until_usec)
{
	struct state_contact *c = &kept->contactv[kept->contactc];

	if (kept->contactc == ARRAY_SIZE(kept->contactv) ||
	    strlen(uri) >= sizeof(c->uri))
		return;

	str_ncpy(c->uri, uri, sizeof(c->uri));
	c->until_usec = until_usec;
	++kept->contactc;
}


static void keep_interval(struct state_interval *kept, const struct slot *s)
{
	const struct interval *i = &s->owner->account->regv[s->i].interval;

	if (!i->learned)
		return;

	kept->learned = i->learned;
	kept->idle = i->idle;
	kept->age = interval_age(i, loop_now());
	kept->deaths = i->deaths;
}


void slot_keep_wait(struct state_reg *kept, struct slot *s)
{
	const struct edge_point *p = slot_present(s)->point;

	if (s->owner->account->paused || s->retry_until <= loop_now())
		return;

	kept->wait.left = s->retry_until - loop_now();
	if (!p)
		return;

	addr_from_sa(&kept->wait.edge.addr, edge_point_addr(p));
	if (addr_scope(&kept->wait.edge.addr) != ADDR_LINKLOCAL)
		kept->wait.edge.transport = edge_point_transport(p);
}


void slot_keep(struct state_reg *kept, const struct slot *s)
{
	const struct reg *r = reg_of(s);
	unsigned i;

	kept->reg_id = s->i + 1;
	kept->cseq = r->cseq;
	kept->outbound = r->outbound;
	str_ncpy(kept->callid, s->id.callid, sizeof(kept->callid));
	digest_keep(&kept->digest, s->digest);
	keep_interval(&kept->interval, s);

	/* With `outbound` the next one takes its place by itself. */
	if (s->bound_uri && !r->outbound)
		keep_contact(kept, s->bound_uri, wall_of(s, s->bound_kept));

	if (s->contact_uri && s->doubt_until > loop_now() && !r->outbound)
		keep_contact(kept, s->contact_uri, wall_of(s,
							   s->doubt_until));

	for (i = 0; i < s->oldc; i++)
		keep_contact(kept, s->oldv[i].uri, wall_of(s,
							   s->oldv[i].until));
}


/* The operator may want other ones since it was written, or have others. */
static bool nonce_usable(const struct slot *s, const struct digest_kept *k,
			 bool same)
{
	const struct account_conf *conf = s->owner->conf;

	return same && k->algorithm >= conf->policy.reg.min_digest &&
		(!*conf->realm || !strcmp(conf->realm, k->realm));
}


static int restore_reg(struct slot *s, const struct state_reg *kept,
		       const struct state_account *all)
{
	const bool same = all->stamp && all->stamp == s->owner->stamp;

	unsigned i;

	if (strlen(kept->callid) >= sizeof(s->id.callid) || !kept->callid[0])
		return 0;

	str_ncpy(s->id.callid, kept->callid, sizeof(s->id.callid));
	account_restore(s->owner->account, s->i, kept->cseq, kept->outbound,
			same && all->worked);

	/* the latest are first in the file and go in last */
	for (i = kept->contactc; i--;)
		olds_add(s, kept->contactv[i].uri,
			 msec_of(s, kept->contactv[i].until_usec));

	return nonce_usable(s, &kept->digest, same)
		? digest_restore(s->digest, &kept->digest) : 0;
}


static void restore_interval(struct slot *s, const struct state_reg *kept,
			     const struct state_account *all)
{
	const struct state_interval *i = &kept->interval;

	if (!i->learned || all->way != s->owner->way)
		return;

	interval_restore(&s->owner->account->regv[s->i].interval, i->learned,
			 i->idle, i->age, i->deaths, loop_now());
	s->interval_since = loop_now();
}


/* The edge is known again, so that who orders a REGISTER ends its hold too. */
static int restore_wait(struct slot *s, const struct state_reg *kept,
			const struct state_account *all)
{
	const struct state_wait *w = &kept->wait;
	const msec_t until = loop_now() + w->left;
	struct sa addr;

	if (!w->left || all->conf != s->owner->conf_hash ||
	    all->stamp != s->owner->stamp || s->owner->account->paused)
		return 0;

	s->retry_until = until;
	account_restore_wait(s->owner->account, s->i, until, loop_now());
	if (w->edge.transport == TRANSPORT_AUTO)
		return 0;

	sa_from_addr(&addr, &w->edge.addr);

	return edges_get(&slot_present(s)->point, s->owner->env->edges,
			 w->edge.transport, &addr);
}


static int restore(struct slot *s, const struct state_account *all)
{
	const struct state_reg *kept = NULL;
	unsigned i;
	int err;

	for (i = 0; i < all->regc; i++)
		if (all->regv[i].reg_id == s->i + 1)
			kept = &all->regv[i];

	if (!kept)
		return 0;

	restore_interval(s, kept, all);
	err = restore_reg(s, kept, all);

	return err ? err : restore_wait(s, kept, all);
}


void slot_rebase(struct slot *s)
{
	s->id.conf = s->owner->conf;
	s->id.user_agent = s->owner->env->user_agent;
	s->id.instance = s->owner->env->instance;
}


/* --- birth and death --- */

int slot_init(struct slot *s, struct slot_owner *owner, unsigned i,
	      const struct state_account *kept)
{
	int err;

	s->owner = owner;
	s->i = i;
	s->rival = s->elder = SLOT_NONE;
	edge_turn_init(&s->turn, EDGE_REGISTER, register_turn_handler, NULL,
		       s);
	edge_watch_init(&s->watch, edge_back_handler, s);
	replace_init(s);
	register_identity_init(&s->id, owner->conf, owner->env->user_agent,
			       owner->env->instance,
			       owner->conf->reg_ids + i + 1);

	err = connect_init(s);
	if (!err)
		err = digest_alloc(&s->digest);
	if (!err && kept)
		err = restore(s, kept);

	return err;
}


void slot_close(struct slot *s)
{
	mem_deref(s->prober);
	replace_close(s);
	connect_close(s);
	edge_turn_cancel(&s->turn, loop_now());
	edge_watch_set(&s->watch, NULL);
	olds_reset(s);
	register_extras_reset(&s->extras);
	mem_deref(s->contact_uri);
	mem_deref(s->bound_uri);
	mem_deref(s->digest);
	mem_deref(s->audit);
}
