/* One account, performed: see agent.h. */

#include <string.h>
#include "agent_parts.h"
#include "loop.h"


/* --- after every step --- */

static void settled_handler(bool left, void *arg)
{
	struct agent *a = arg;
	agent_left_h *lefth = a->lefth;

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
	s->worked = a->regv[0].reg.challenge.worked;
	s->stamp = a->owner.stamp;

	for (i = 0; i < a->slotc; i++)
		slot_keep(&s->regv[s->regc++], &a->slotv[i]);

	for (i = 0; (e = journal_get(j, i)); i++)
		s->eventv[s->eventc++] = *e;

	s->seq = j->seq;
}


_Static_assert(AGENT_EVENTS <= STATE_EVENTS, "all events are kept");


static void fill_handler(struct state_account *s, void *arg)
{
	agent_keep(arg, s);
}


static void restore(struct agent *a, const struct state_account *kept)
{
	unsigned i;

	if (*kept->secure)
		(void)str_dup(&a->owner.secure, kept->secure);
	for (i = 0; i < kept->eventc; i++)
		account_restore_event(&a->account, &kept->eventv[i]);
}


/* --- birth and death --- */

static void destructor(void *data)
{
	struct agent *a = data;
	unsigned i;

	timer_cancel(&a->timer);
	timer_cancel(&a->purge_timer);
	agent_abort_waiters(a);
	state_remove(&a->owner.node);
	for (i = 0; i < a->slotc; i++)
		slot_close(&a->slotv[i]);

	mem_deref(a->slotv);
	mem_deref(a->regv);
	mem_deref(a->owner.secure);
	mem_deref(a->config);
}


static int add_slots(struct agent *a, const struct state_account *kept)
{
	const unsigned flows = a->conf->policy.flows;
	int err = 0;

	a->slotv = mem_zalloc(flows * sizeof(*a->slotv), NULL);
	if (!a->slotv)
		return ENOMEM;

	while (!err && a->slotc < flows) {
		err = slot_init(&a->slotv[a->slotc], &a->owner, a->slotc,
				kept);
		++a->slotc;
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
	a->owner.stamp = account_conf_stamp(config, conf);
	a->owner.env = env;
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
	a->owner.stamp = account_conf_stamp(config, conf);
	account_set_policy(&a->account, &conf->policy);

	for (i = 0; i < a->slotc; i++)
		slot_rebase(&a->slotv[i]);
}


void agent_detach_state(struct agent *a)
{
	state_remove(&a->owner.node);
}


void agent_note_change(struct agent *a)
{
	state_changed(&a->owner.node);
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

	for (i = 0; i < a->slotc; i++)
		slot_perform(&a->slotv[i],
			     account_start(&a->account, i, loop_now()));
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

	for (i = 0; i < a->slotc; i++) {
		struct slot *s = &a->slotv[i];
		struct edge_point *p = slot_present(s)->point;

		if (p)
			edge_point_on_local_event(p, loop_now());
		slot_perform(s, account_on_local_event(&a->account, i,
						       loop_now()));
	}
}


void agent_on_network(struct agent *a, struct net_pass *pass)
{
	unsigned i;

	for (i = 0; i < a->slotc; i++)
		slot_on_network(&a->slotv[i], pass);
}


void agent_on_address_gone(struct agent *a, struct net_pass *pass)
{
	unsigned i;

	for (i = 0; i < a->slotc; i++)
		slot_on_address_gone(&a->slotv[i], pass);
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
	f->transport = t->transport != TRANSPORT_AUTO ? t->transport
						      : s->home.transport;
	f->host = slot_host(s);
	f->detail = s->detail;
	f->extras = &s->extras;
	f->mapping = &a->regv[i].flow.mapping;
	f->interval = &a->regv[i].interval;
	f->probe = &a->regv[i].probe;
	f->notes = account_notes(&a->account, i, loop_now());

	if (!t->link)
		return;

	f->flow = link_flow(t->link);
	f->local = link_local(t->link);
	f->peer = link_peer(t->link);
	f->tls_known = link_tls_info(t->link, &f->tls);
}


const char *agent_last_reason(const struct agent *a)
{
	return a->slotv[0].phrase;
}


bool agent_left_behind(const struct agent *a)
{
	return account_left_behind(&a->account);
}


bool agent_was_bound(const struct agent *a)
{
	return a->was_bound;
}


uint32_t agent_dropped(const struct agent *a)
{
	return a->owner.dropped;
}
