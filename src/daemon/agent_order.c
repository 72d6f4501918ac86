/* What operators ask of an account, and who waits for how it ends. */

#include <errno.h>
#include "agent_parts.h"
#include "loop.h"


/* What somebody waits for. */
enum wait {
	WAIT_OUTCOME,            /* of a REGISTER, of leaving */
	WAIT_LIST,               /* of the bindings */
	WAIT_PURGE,              /* of those that are ours */
	WAIT_PROBE,
};

/* Somebody who wants to know how something ends. */
struct waiter {
	struct le le;
	enum wait wait;
	uint32_t outcomes;               /* it is over when there are more */
	enum reason ended;
	bool listed;                     /* purge: the list is known */
	unsigned left;                   /* ghosts when it was last looked at */
	unsigned removed;
	unsigned rounds;                 /* REGISTERs that it may still take */
	agent_outcome_h *h;
	void *arg;
};


static void waiter_destructor(void *data)
{
	struct waiter *w = data;

	list_unlink(&w->le);
}


/* --- is it over? --- */

static bool is_asking(const struct reg *r)
{
	return r->fetch || r->fetching;
}


static unsigned ghosts_of(const struct slot *s)
{
	return s->audit ? audit_count(s->audit, AUDIT_GHOST) : 0;
}


/* One REGISTER after the other, as long as each removes something. */
static bool purge_is_over(struct agent *a, struct waiter *w)
{
	struct slot *s = &a->slotv[0];
	const struct reg *r = reg_of_agent(a);
	const unsigned ghosts = ghosts_of(s);
	bool first = !w->listed;

	if (is_asking(r) ||
	    (!first && (int32_t)(r->outcomes - w->outcomes) <= 0))
		return false;

	if (!first && ghosts < w->left)
		w->removed += w->left - ghosts;
	if (!ghosts || !w->rounds || !a->account.started ||
	    (!first && ghosts >= w->left))
		return true;

	w->listed = true;
	w->left = ghosts;
	--w->rounds;
	w->outcomes = r->outcomes;
	a->purge_due = true;

	return false;
}


static bool is_over(struct agent *a, struct waiter *w)
{
	const struct reg *r = reg_of_agent(a);

	if (account_left(&a->account))
		return true;

	switch (w->wait) {

	case WAIT_OUTCOME:
		return (int32_t)(r->outcomes - w->outcomes) > 0;

	case WAIT_LIST:
		return !is_asking(r);

	case WAIT_PURGE:
		return purge_is_over(a, w);

	case WAIT_PROBE:
		return !probe_asked(&a->regv[0].probe);
	}

	return true;
}


static void settle(struct agent *a)
{
	struct slot *s = &a->slotv[0];
	bool lists = false, purges = false;
	struct le *le;

	for (le = list_head(&a->waiters); le; le = le->next) {
		const struct waiter *w = le->data;

		lists |= w->wait == WAIT_LIST || w->wait == WAIT_PURGE;
		purges |= w->wait == WAIT_PURGE;
	}

	s->audited = lists;
	if (!lists)
		s->audit = mem_deref(s->audit);
	if (s->purging && !purges)
		slot_set_purging(s, false);
}


/* Who waits when nothing goes on any more is told how it ended, whatever it
 * was that he waited for. */
void agent_tell_waiters(struct agent *a)
{
	const struct reg *r = reg_of_agent(a);
	const struct probe *p = &a->regv[0].probe;
	const bool left = account_left(&a->account);
	struct agent_outcome outcome = {
		.registered = a->account.verdict.registered,
		.left_behind = agent_left_behind(a),
		.reason = left ? REASON_PAUSED : r->reason,
		.probe = p->result,
		.probe_code = p->code,
	};
	struct le *le = list_head(&a->waiters);

	if (!le)
		return;

	while (le) {
		struct waiter *w = le->data;

		le = le->next;
		if (!is_over(a, w))
			continue;

		list_unlink(&w->le);
		outcome.ended = w->ended;
		outcome.code = w->wait == WAIT_LIST || w->wait == WAIT_PURGE
			? r->fetch_code : r->code;
		outcome.audit = a->slotv[0].audit;
		outcome.removed = w->removed;
		w->h(&outcome, w->arg);
		mem_deref(w);
	}

	settle(a);
	if (a->purge_due)
		timer_start(&a->purge_timer, loop_now());
}


void agent_abort_waiters(struct agent *a)
{
	struct le *le;

	while ((le = list_head(&a->waiters))) {
		struct waiter *w = le->data;

		w->h(NULL, w->arg);
		mem_deref(w);
	}
}


/* What `register` ends that nothing else would. */
static enum reason hold_of(const struct reg *r)
{
	if (r->state == REG_HELD)
		return r->reason;

	return r->state == REG_WAIT && r->retry_after ? REASON_RETRY_AFTER
						      : REASON_OK;
}


/* `skip`: outcomes that are of something older. */
static int wait_for(struct agent *a, enum wait wait, unsigned skip,
		    agent_outcome_h *h, void *arg)
{
	const struct reg *r = reg_of_agent(a);
	struct waiter *w;

	if (list_count(&a->waiters) >= AGENT_WAITERS_MAX)
		return EBUSY;

	w = mem_zalloc(sizeof(*w), waiter_destructor);
	if (!w)
		return ENOMEM;

	w->wait = wait;
	w->ended = hold_of(r);
	w->outcomes = r->outcomes + skip;
	w->rounds = AGENT_PURGES;
	w->h = h;
	w->arg = arg;
	list_append(&a->waiters, &w->le, w);

	return 0;
}


typedef unsigned (order_h)(struct account *a, unsigned i, msec_t now);

static void order(struct agent *a, order_h *h)
{
	unsigned i;

	mem_ref(a);
	for (i = 0; i < a->slotc; i++)
		slot_perform(&a->slotv[i], h(&a->account, i, loop_now()));
	mem_deref(a);
}


/* Whatever holds the edges is over as well. */
static void order_now(struct agent *a, order_h *h)
{
	const msec_t now = loop_now();
	unsigned i;

	for (i = 0; i < a->slotc; i++) {
		struct edge_point *p = slot_present(&a->slotv[i])->point;

		if (!p)
			continue;

		edge_point_end_hold(p, now);
		edge_point_on_local_event(p, now);
	}

	order(a, h);
}


int agent_register(struct agent *a, agent_outcome_h *h, void *arg)
{
	int err;

	if (!a->account.started)
		return EINVAL;

	/* The one in flight does not count: ours comes after it. */
	err = wait_for(a, WAIT_OUTCOME,
		       a->regv[0].reg.state == REG_SENT, h, arg);
	if (!err)
		order_now(a, account_kick);

	return err;
}


int agent_reconnect(struct agent *a, agent_outcome_h *h, void *arg)
{
	int err;

	if (!a->account.started)
		return EINVAL;

	/* The one that was asked for while one was in flight ends unsent. */
	err = wait_for(a, WAIT_OUTCOME, a->regv[0].reg.again, h, arg);
	if (!err)
		order_now(a, account_reconnect);

	return err;
}


int agent_pause(struct agent *a, agent_outcome_h *h, void *arg)
{
	unsigned i;
	int err;

	if (!a->conf->enabled || a->stopping)
		return EINVAL;

	err = wait_for(a, WAIT_OUTCOME, 0, h, arg);
	if (err)
		return err;

	mem_ref(a);
	if (a->account.started)
		a->was_bound = a->account.verdict.registered;

	for (i = 0; i < a->slotc; i++)
		slot_perform(&a->slotv[i],
			     account_pause(&a->account, i, loop_now()));
	mem_deref(a);

	return 0;
}


int agent_resume(struct agent *a, agent_outcome_h *h, void *arg)
{
	int err;

	if (!a->conf->enabled || a->stopping)
		return EINVAL;
	if (!a->account.paused)
		return EALREADY;

	err = wait_for(a, WAIT_OUTCOME, 0, h, arg);
	if (!err)
		order_now(a, account_start);

	return err;
}


/* --- what the registrar holds --- */

/* The next REGISTER of a purge, from the loop: the step that made it due is
 * still being carried out. */
void agent_purge_handler(void *arg)
{
	struct agent *a = arg;

	a->purge_due = false;
	if (a->slotv[0].purging)
		order(a, account_kick);
}


static int ask_list(struct agent *a, enum wait wait, agent_outcome_h *h,
		    void *arg)
{
	int err;

	if (!a->account.started)
		return EINVAL;
	if (!reg_may_fetch(reg_of_agent(a)))
		return ENOTCONN;

	err = wait_for(a, wait, 0, h, arg);
	if (err)
		return err;

	a->slotv[0].audited = true;
	if (wait == WAIT_PURGE)
		slot_set_purging(&a->slotv[0], true);
	order(a, account_fetch);

	return 0;
}


int agent_bindings(struct agent *a, agent_outcome_h *h, void *arg)
{
	return ask_list(a, WAIT_LIST, h, arg);
}


int agent_purge_ghosts(struct agent *a, agent_outcome_h *h, void *arg)
{
	return ask_list(a, WAIT_PURGE, h, arg);
}


int agent_probe(struct agent *a, agent_outcome_h *h, void *arg)
{
	int err;

	if (!a->account.started)
		return EINVAL;
	if (!a->regv[0].probe.bound)
		return ENOTCONN;

	err = wait_for(a, WAIT_PROBE, 0, h, arg);
	if (!err)
		order(a, account_probe);

	return err;
}
