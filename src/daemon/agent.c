/* One account, performed: see agent.h. */

#include <string.h>
#include "agent.h"
#include "log.h"
#include "loop.h"
#include "slot.h"
#include "timer.h"


enum {
	AGENT_EVENTS = 16,       /* kept in memory for `status` */
};

/* Somebody who wants to know how a try ends. */
struct waiter {
	struct le le;
	uint32_t outcomes;               /* it is over when there are more */
	enum reason ended;
	agent_outcome_h *h;
	void *arg;
};

struct agent {
	struct config *config;
	const struct account_conf *conf;
	struct account account;
	struct account_reg *regv;
	struct slot_owner owner;
	struct slot *slotv;
	unsigned slotc;
	struct event eventv[AGENT_EVENTS];
	struct timer timer;
	struct list waiters;
	bool was_bound;                  /* when it was told to stop */
	agent_event_h *eventh;
	agent_left_h *lefth;
	void *arg;
};


/* --- after every step --- */

static void waiter_destructor(void *data)
{
	struct waiter *w = data;

	list_unlink(&w->le);
}


static void tell_waiters(struct agent *a)
{
	const struct reg *r = &a->regv[0].reg;
	struct agent_outcome outcome = {
		.registered = a->account.verdict.registered,
		.code = r->code,
		.reason = r->reason,
	};
	struct le *le = list_head(&a->waiters);

	while (le) {
		struct waiter *w = le->data;

		le = le->next;
		if ((int32_t)(r->outcomes - w->outcomes) <= 0)
			continue;

		list_unlink(&w->le);
		outcome.ended = w->ended;
		w->h(&outcome, w->arg);
		mem_deref(w);
	}
}


static void settled_handler(bool left, void *arg)
{
	struct agent *a = arg;
	agent_left_h *lefth = a->lefth;

	timer_start(&a->timer, account_deadline(&a->account));
	tell_waiters(a);

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


static void event_handler(const struct event *e, void *arg)
{
	struct agent *a = arg;

	a->eventh(a, e, a->arg);
}


/* --- birth and death --- */

static void destructor(void *data)
{
	struct agent *a = data;
	unsigned i;

	struct le *le;

	timer_cancel(&a->timer);
	while ((le = list_head(&a->waiters))) {
		struct waiter *w = le->data;

		w->h(NULL, w->arg);
		mem_deref(w);
	}

	for (i = 0; i < a->slotc; i++)
		slot_close(&a->slotv[i]);

	mem_deref(a->slotv);
	mem_deref(a->regv);
	mem_deref(a->config);
}


int agent_alloc(struct agent **ap, struct config *config,
		const struct account_conf *conf, const struct agent_env *env,
		agent_event_h *eventh, void *arg)
{
	const unsigned flows = conf->policy.flows;
	struct agent *a;
	int err = 0;

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
	a->owner.settledh = settled_handler;
	a->owner.arg = a;
	timer_init(&a->timer, timer_handler, a);

	a->regv = mem_zalloc(flows * sizeof(*a->regv), NULL);
	a->slotv = mem_zalloc(flows * sizeof(*a->slotv), NULL);
	if (!a->regv || !a->slotv) {
		err = ENOMEM;
		goto out;
	}

	account_init(&a->account, &conf->policy, a->regv, a->eventv,
		     AGENT_EVENTS, rand_u64(), env->wall_usec, event_handler,
		     a, loop_now());
	a->account.paused = !conf->enabled;
	a->account.verdict = account_verdict(&a->account, loop_now());

	while (!err && a->slotc < flows) {
		err = slot_init(&a->slotv[a->slotc], &a->owner, a->slotc);
		++a->slotc;
	}

 out:
	if (err)
		mem_deref(a);
	else
		*ap = a;

	return err;
}


/* --- for the owner --- */

void agent_start(struct agent *a)
{
	unsigned i;

	for (i = 0; i < a->slotc; i++)
		slot_perform(&a->slotv[i],
			     account_start(&a->account, i, loop_now()));
}


void agent_stop(struct agent *a, agent_left_h *lefth)
{
	unsigned i;

	mem_ref(a);
	a->lefth = lefth;
	a->was_bound = a->account.verdict.registered;

	for (i = 0; i < a->slotc; i++)
		slot_perform(&a->slotv[i],
			     account_stop(&a->account, i, loop_now()));

	mem_deref(a);
}


/* What `register` ends that nothing else would. */
static enum reason hold_of(const struct reg *r)
{
	if (r->state == REG_HELD)
		return r->reason;

	return r->state == REG_WAIT && r->retry_after ? REASON_RETRY_AFTER
						      : REASON_OK;
}


int agent_register(struct agent *a, agent_outcome_h *h, void *arg)
{
	const struct reg *r = &a->regv[0].reg;
	const msec_t now = loop_now();
	struct waiter *w;
	unsigned i;

	if (!a->account.started)
		return EINVAL;
	if (list_count(&a->waiters) >= AGENT_WAITERS_MAX)
		return EBUSY;

	w = mem_zalloc(sizeof(*w), waiter_destructor);
	if (!w)
		return ENOMEM;

	w->ended = hold_of(r);

	/* The one in flight does not count: ours comes after it. */
	w->outcomes = r->outcomes + (r->state == REG_SENT ? 1 : 0);
	w->h = h;
	w->arg = arg;
	list_append(&a->waiters, &w->le, w);

	for (i = 0; i < a->slotc; i++) {
		struct slot *s = &a->slotv[i];

		if (s->point) {
			edge_point_end_hold(s->point, now);
			edge_point_on_local_event(s->point, now);
		}
		slot_perform(s, account_kick(&a->account, i, now));
	}

	return 0;
}


const struct account_conf *agent_conf(const struct agent *a)
{
	return a->conf;
}


const struct account *agent_account(const struct agent *a)
{
	return &a->account;
}


void agent_flow(const struct agent *a, unsigned i, struct agent_flow *f)
{
	const struct slot *s = &a->slotv[i];

	memset(f, 0, sizeof(*f));
	f->transport = s->transport;
	f->host = s->host;
	f->detail = s->detail;

	if (!s->link)
		return;

	f->flow = link_flow(s->link);
	f->local = link_local(s->link);
	f->peer = link_peer(s->link);
}


const char *agent_last_reason(const struct agent *a)
{
	return a->slotv[0].phrase;
}


bool agent_left_behind(const struct agent *a)
{
	return a->was_bound && account_left_behind(&a->account);
}


bool agent_was_bound(const struct agent *a)
{
	return a->was_bound;
}


uint32_t agent_dropped(const struct agent *a)
{
	return a->owner.dropped;
}
