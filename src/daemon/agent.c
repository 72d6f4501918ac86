/* One account, performed: see agent.h. */

#include <string.h>
#include "agent_parts.h"
#include "config_equal.h"
#include "diagnose.h"
#include "fnv.h"
#include "loop.h"
#include "state_record.h"


/* --- after every step --- */

/* RFC 5626 §4.2.1: each flow goes to another edge. */
static void tell_taken(struct agent *a)
{
	unsigned i;

	for (i = 0; a->slotc > 1 && i < a->slotc; i++)
		account_on_taken(&a->account, i, slot_taken(&a->slotv[i]),
				 loop_now());
}


static void settled_handler(bool left, void *arg)
{
	struct agent *a = arg;
	agent_left_h *lefth = a->lefth;

	tell_taken(a);
	timer_start(&a->timer, account_deadline(&a->account));
	agent_tell_waiters(a);

	if (!left || !lefth || !account_left(&a->account))
		return;

	a->lefth = NULL;
	lefth(a, a->arg);
}


static void timer_handler(void *arg)
{
	struct agent *a = mem_ref(arg);
	unsigned i;

	for (i = 0; i < a->slotc; i++)
		slot_perform(&a->slotv[i],
			     account_on_timer(&a->account, i, loop_now()));

	mem_deref(a);
}


/* Is it part of the story that a restart must not lose? The rest goes to the
 * disk with the next one that is. */
static bool is_news(enum event_type type)
{
	switch (type) {

	case EVENT_VERDICT:
	case EVENT_MAPPING:
	case EVENT_BINDING:
	case EVENT_GHOST_REMOVED:
	case EVENT_CONFIG:
	case EVENT_ADDRESS:
		return true;

	case EVENT_FLOW_UP:
	case EVENT_FLOW_DOWN:
	case EVENT_REGISTER_SENT:
	case EVENT_RESPONSE:
	case EVENT_INBOUND:
	case EVENT_PROBE:
		break;
	}

	return false;
}


static void failure_handler(enum reason reason, void *arg)
{
	struct agent *a = arg;

	tally_add(&a->owner.tally, TALLY_FAILURE, reason);
}


static void event_handler(const struct event *e, void *arg)
{
	struct agent *a = arg;

	if (is_news((enum event_type)e->type))
		state_changed(&a->owner.node);

	a->eventh(a, e, a->arg);
}


/* --- what is kept --- */

void agent_keep(const struct agent *a, struct state_account *s)
{
	const struct journal *j = &a->account.journal;
	const struct event *e;
	uint32_t i;

	s->name = a->conf->name;
	s->aor = a->conf->aor;
	s->registrar = a->conf->registrar;
	if (a->owner.secure)
		str_ncpy(s->secure, a->owner.secure, sizeof(s->secure));
	s->stamp = a->owner.stamp;
	s->way = a->owner.way;
	s->conf = a->owner.conf_hash;
	s->at_usec = *a->owner.env->wall_usec + (int64_t)loop_now() * 1000;

	for (i = 0; i < a->slotc; i++) {
		s->worked |= a->regv[i].reg.challenge.worked;
		slot_keep(&s->regv[s->regc++], &a->slotv[i]);
	}

	for (i = 0; (e = journal_get(j, i)); i++)
		s->eventv[s->eventc++] = *e;

	s->seq = j->seq;
}


_Static_assert(AGENT_EVENTS <= STATE_EVENTS, "all events are kept");


static void fill_handler(struct state_account *s, void *arg)
{
	struct agent *a = arg;
	unsigned i;

	agent_keep(a, s);
	for (i = 0; i < a->slotc; i++)
		slot_keep_wait(&s->regv[i], &a->slotv[i]);
}


/* Who could be called when the file was written, or was on the way to that,
 * could be called when the process ended, for all that is known. The past
 * before the boot is pressed into what the clock has since, in its order. */
static void restore_seen(struct agent *a, const struct state_account *kept)
{
	const int64_t wall = *a->owner.env->wall_usec, at = state_seen(kept);
	const msec_t now = loop_now(), half = now / 2;
	msec_t ago;

	if (!at)
		return;

	ago = state_record_elapsed(at, wall + (int64_t)now * 1000);
	if (ago > half)
		ago = now - (msec_t)((double)half * (double)half /
				     (double)ago);

	account_restore_seen(&a->account, clock_max(now - ago, 1));
}


static void restore(struct agent *a, const struct state_account *kept)
{
	unsigned i;

	if (*kept->secure)
		(void)str_dup(&a->owner.secure, kept->secure);
	for (i = 0; i < kept->eventc; i++)
		account_restore_event(&a->account, &kept->eventv[i]);
	restore_seen(a, kept);
}


static int64_t not_zero(uint64_t hash)
{
	return (int64_t)(hash >> 1) | 1;
}


/* What a silence that kills has to do with, as far as it is configured. */
static int64_t way_of(const struct account_conf *c)
{
	uint64_t hash = fnv(FNV_BASIS, &c->transport, sizeof(c->transport));

	for (size_t i = 0; i < c->proxyc; i++)
		hash = fnv(hash, c->proxyv[i], strlen(c->proxyv[i]) + 1);

	return not_zero(hash);
}


static void note_conf(struct agent *a)
{
	struct slot_owner *o = &a->owner;

	o->stamp = account_conf_stamp(a->config, a->conf);
	o->conf_hash = not_zero(account_conf_hash(a->conf, o->env->instance));
	o->way = way_of(a->conf);
}


/* --- birth and death --- */

static void destructor(void *data)
{
	struct agent *a = data;
	unsigned i;

	timer_cancel(&a->timer);
	timer_cancel(&a->purge_timer);
	diagnose_abort(a->diagnosis);
	agent_abort_waiters(a);
	state_remove(&a->owner.node);
	for (i = 0; i < a->slotc; i++)
		slot_close(&a->slotv[i]);

	mem_deref(a->slotv);
	mem_deref(a->regv);
	mem_deref(a->owner.secure);
	mem_deref(a->owner.merged);
	mem_deref(a->owner.trace);
	tally_reset(&a->owner.tally);
	mem_deref(a->config);
}


static int add_slots(struct agent *a, const struct state_account *kept)
{
	const unsigned flows = a->conf->policy.flows;
	int err = 0;

	a->slotv = mem_zalloc(flows * sizeof(*a->slotv), NULL);
	if (!a->slotv)
		return ENOMEM;

	a->owner.slotv = a->slotv;
	while (!err && a->slotc < flows) {
		err = slot_init(&a->slotv[a->slotc], &a->owner, a->slotc,
				kept);
		a->owner.slotc = ++a->slotc;
	}

	return err;
}


int agent_alloc(struct agent **ap, struct config *config,
		const struct account_conf *conf, const struct agent_env *env,
		const struct state_account *kept,
		agent_event_h *eventh, void *arg)
{
	struct agent *a;
	int err;

	a = mem_zalloc(sizeof(*a), destructor);
	if (!a)
		return ENOMEM;

	a->config = mem_ref(config);
	a->conf = conf;
	a->eventh = eventh;
	a->arg = arg;
	a->owner.account = &a->account;
	a->owner.conf = conf;
	a->owner.env = env;
	note_conf(a);
	a->owner.settledh = settled_handler;
	a->owner.arg = a;
	timer_init(&a->timer, timer_handler, a);
	timer_init(&a->purge_timer, agent_purge_handler, a);

	a->regv = mem_zalloc(conf->policy.flows * sizeof(*a->regv), NULL);
	if (!a->regv) {
		err = ENOMEM;
		goto out;
	}

	account_init(&a->account, &conf->policy, a->regv, a->eventv,
		     AGENT_EVENTS, rand_u64(), env->wall_usec, event_handler,
		     a, loop_now());
	a->account.failureh = failure_handler;
	if (!conf->enabled)
		agent_set_paused(a);

	if (kept)
		restore(a, kept);
	err = add_slots(a, kept);
	if (!err)
		state_add(env->state, &a->owner.node, fill_handler, a);

	/* The CSeqs ahead of this run have to be there before it sends. */
	if (!err && kept)
		state_changed(&a->owner.node);

 out:
	if (err)
		mem_deref(a);
	else
		*ap = a;

	return err;
}


void agent_rebase(struct agent *a, struct config *config,
		  const struct account_conf *conf)
{
	unsigned i;

	mem_ref(config);
	mem_deref(a->config);
	a->config = config;
	a->conf = a->owner.conf = conf;
	note_conf(a);
	account_set_policy(&a->account, &conf->policy);

	for (i = 0; i < a->slotc; i++)
		slot_rebase(&a->slotv[i]);
}


void agent_take_counts(struct agent *a, struct agent *old)
{
	struct account *to = &a->account;
	const struct account *from = &old->account;

	tally_reset(&a->owner.tally);
	a->owner.tally = old->owner.tally;
	memset(&old->owner.tally, 0, sizeof(old->owner.tally));
	a->owner.dropped = old->owner.dropped;

	to->registers_sent = from->registers_sent;
	to->responses_2xx = from->responses_2xx;
	to->flow_failures = from->flow_failures;
	to->mapping_changes = from->mapping_changes;
	to->inbound_requests = from->inbound_requests;
	to->unreachable = account_unreachable(from, loop_now());
}


void agent_detach_state(struct agent *a)
{
	state_remove(&a->owner.node);
}


void agent_note_change(struct agent *a)
{
	state_changed(&a->owner.node);
}


void agent_set_trace(struct agent *a, struct trace *t)
{
	unsigned i;

	a->owner.trace = mem_ref(t);
	for (i = 0; i < a->slotc; i++)
		slot_trace(&a->slotv[i]);
}


struct trace *agent_trace(const struct agent *a)
{
	return a->owner.trace;
}


void agent_set_paused(struct agent *a)
{
	a->account.paused = true;
	a->account.verdict = account_verdict(&a->account, loop_now());
}


/* --- for the owner --- */

void agent_start(struct agent *a)
{
	unsigned i;

	mem_ref(a);
	for (i = 0; i < a->slotc; i++)
		slot_perform(&a->slotv[i],
			     account_start(&a->account, i, loop_now()));
	mem_deref(a);
}


void agent_settle_on(struct agent *a, unsigned i)
{
	slot_perform(&a->slotv[i],
		     account_settle_on(&a->account, i, loop_now()));
}


enum handover_ready agent_handover_ready(const struct agent *a, unsigned i)
{
	return slot_handover_ready(&a->slotv[i]);
}


int agent_hand_over(const struct agent *a, unsigned i, struct handed *h,
		    int *fdp)
{
	return slot_hand_over(&a->slotv[i], h, fdp);
}


int agent_take_over(struct agent *a, unsigned i, struct handed *h, int fd,
		    struct net_pass *pass)
{
	if (i >= a->slotc)
		return EINVAL;

	return slot_take_over(&a->slotv[i], h, fd, pass);
}


void agent_stop(struct agent *a, agent_left_h *lefth)
{
	unsigned i;

	mem_ref(a);
	a->stopping = true;
	a->lefth = lefth;
	a->was_bound = a->account.verdict.registered;

	for (i = 0; i < a->slotc; i++)
		slot_perform(&a->slotv[i],
			     account_stop(&a->account, i, loop_now()));

	mem_deref(a);
}


void agent_on_local_event(struct agent *a)
{
	unsigned i;

	mem_ref(a);
	for (i = 0; i < a->slotc; i++) {
		struct slot *s = &a->slotv[i];
		struct edge_point *p = slot_present(s)->point;

		if (p)
			edge_point_on_local_event(p, loop_now());
		slot_perform(s, account_on_local_event(&a->account, i,
						       loop_now()));
	}
	mem_deref(a);
}


void agent_on_network(struct agent *a, struct net_pass *pass)
{
	unsigned i;

	mem_ref(a);
	for (i = 0; i < a->slotc; i++)
		slot_on_network(&a->slotv[i], pass);
	mem_deref(a);
}


void agent_on_address_gone(struct agent *a, struct net_pass *pass)
{
	unsigned i;

	mem_ref(a);
	for (i = 0; i < a->slotc; i++)
		slot_on_address_gone(&a->slotv[i], pass);
	mem_deref(a);
}


void agent_on_address(struct agent *a, const struct addr *addr)
{
	account_on_address(&a->account, addr, false, loop_now());
}


void agent_tell(struct agent *a, enum event_type type)
{
	account_on_event(&a->account, type, loop_now());
}


const struct account_conf *agent_conf(const struct agent *a)
{
	return a->conf;
}


const struct agent_env *agent_env(const struct agent *a)
{
	return a->owner.env;
}


const struct account *agent_account(const struct agent *a)
{
	return &a->account;
}


void agent_flow(const struct agent *a, unsigned i, struct agent_flow *f)
{
	struct slot *s = &a->slotv[i];
	const struct attempt *t = slot_present(s);

	memset(f, 0, sizeof(*f));
	f->transport = slot_named_transport(s);
	f->host = slot_host(s);
	f->detail = s->detail;
	f->extras = &s->extras;
	f->mapping = &a->regv[i].flow.mapping;
	f->interval = &a->regv[i].interval;
	f->probe = &a->regv[i].probe;
	f->notes = account_notes(&a->account, i, loop_now()) |
		nat_note(a->owner.env->nat, f->mapping);

	if (!t->link)
		return;

	f->flow = link_flow(t->link);
	f->local = link_local(t->link);
	f->peer = link_peer(t->link);
	f->tls_known = link_tls_info(t->link, &f->tls);
}


const char *agent_last_reason(const struct agent *a)
{
	const struct slot *s = &a->slotv[0];
	msec_t at = 0;
	unsigned i;

	for (i = 0; i < a->slotc; i++) {
		const struct reg *r = &a->regv[i].reg;

		if (r->answer_at != NEVER && r->answer_at >= at) {
			at = r->answer_at;
			s = &a->slotv[i];
		}
	}

	return s->phrase;
}


bool agent_left_behind(const struct agent *a)
{
	return account_left_behind(&a->account);
}


bool agent_was_bound(const struct agent *a)
{
	return a->was_bound;
}


const struct tally *agent_tally(const struct agent *a)
{
	return &a->owner.tally;
}


uint32_t agent_dropped(const struct agent *a)
{
	return a->owner.dropped;
}
