/* What operators ask of an account, and who waits for how it ends. */

#include "agent_parts.h"
#include "loop.h"


/* Somebody who wants to know how something ends. */
struct waiter {
	struct le le;
	uint32_t outcomes;               /* it is over when there are more */
	enum reason ended;
	agent_outcome_h *h;
	void *arg;
};


static void waiter_destructor(void *data)
{
	struct waiter *w = data;

	list_unlink(&w->le);
}


/* Who waits when nothing goes on any more is told how it ended, whatever it
 * was that he waited for. */
void agent_tell_waiters(struct agent *a)
{
	const struct reg *r = &a->regv[0].reg;
	const bool left = account_left(&a->account);
	struct agent_outcome outcome = {
		.registered = a->account.verdict.registered,
		.left_behind = agent_left_behind(a),
		.code = r->code,
		.reason = left ? REASON_PAUSED : r->reason,
	};
	struct le *le = list_head(&a->waiters);

	while (le) {
		struct waiter *w = le->data;

		le = le->next;
		if (!left && (int32_t)(r->outcomes - w->outcomes) <= 0)
			continue;

		list_unlink(&w->le);
		outcome.ended = w->ended;
		w->h(&outcome, w->arg);
		mem_deref(w);
	}
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
static int wait_for(struct agent *a, unsigned skip, agent_outcome_h *h,
		    void *arg)
{
	const struct reg *r = &a->regv[0].reg;
	struct waiter *w;

	if (list_count(&a->waiters) >= AGENT_WAITERS_MAX)
		return EBUSY;

	w = mem_zalloc(sizeof(*w), waiter_destructor);
	if (!w)
		return ENOMEM;

	w->ended = hold_of(r);
	w->outcomes = r->outcomes + skip;
	w->h = h;
	w->arg = arg;
	list_append(&a->waiters, &w->le, w);

	return 0;
}


typedef unsigned (order_h)(struct account *a, unsigned i, msec_t now);

/* Whatever holds the edges is over as well. */
static void order(struct agent *a, order_h *h)
{
	const msec_t now = loop_now();
	unsigned i;

	mem_ref(a);
	for (i = 0; i < a->slotc; i++) {
		struct slot *s = &a->slotv[i];
		struct edge_point *p = slot_present(s)->point;

		if (p) {
			edge_point_end_hold(p, now);
			edge_point_on_local_event(p, now);
		}
		slot_perform(s, h(&a->account, i, now));
	}
	mem_deref(a);
}


int agent_register(struct agent *a, agent_outcome_h *h, void *arg)
{
	int err;

	if (!a->account.started)
		return EINVAL;

	/* The one in flight does not count: ours comes after it. */
	err = wait_for(a, a->regv[0].reg.state == REG_SENT, h, arg);
	if (!err)
		order(a, account_kick);

	return err;
}


int agent_reconnect(struct agent *a, agent_outcome_h *h, void *arg)
{
	int err;

	if (!a->account.started)
		return EINVAL;

	/* The one that was asked for while one was in flight ends unsent. */
	err = wait_for(a, a->regv[0].reg.again, h, arg);
	if (!err)
		order(a, account_reconnect);

	return err;
}


int agent_pause(struct agent *a, agent_outcome_h *h, void *arg)
{
	unsigned i;
	int err;

	if (!a->conf->enabled)
		return EINVAL;

	err = wait_for(a, 0, h, arg);
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

	if (!a->conf->enabled)
		return EINVAL;
	if (!a->account.paused)
		return EALREADY;

	err = wait_for(a, 0, h, arg);
	if (!err)
		order(a, account_start);

	return err;
}
