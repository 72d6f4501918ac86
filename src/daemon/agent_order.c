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
	uint32_t outcomesv[ACCOUNT_FLOWS_MAX];   /* of each registration: it is
					    over when there are more */
	enum reason ended;
	unsigned i;                      /* list, purge: who asks for it */
	unsigned shown;                  /* ... whose list is told */
	bool asks;                       /* purge: the next one has to ask, */
	bool kicks;                      /* or to REGISTER once more */
	bool listed;                     /* its list is known */
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

static const struct reg *reg_at(const struct agent *a, unsigned i)
{
	return &a->regv[i].reg;
}


static bool is_more(uint32_t outcomes, uint32_t before)
{
	return (int32_t)(outcomes - before) > 0;
}


static bool is_asking(const struct reg *r)
{
	return r->fetch || r->fetching;
}


/* Every one that is wanted has come to an end. */
static bool has_outcome(const struct agent *a, const struct waiter *w)
{
	unsigned i;

	for (i = 0; i < a->slotc; i++) {
		const struct reg *r = reg_at(a, i);

		if (r->state != REG_OFF &&
		    !is_more(r->outcomes, w->outcomesv[i]))
			return false;
	}

	return true;
}


static unsigned ghosts_of(const struct slot *s)
{
	return s->audit ? audit_count(s->audit, AUDIT_GHOST) : 0;
}


/* Each registration knows what is left of itself: the next one goes on. */
static bool purge_goes_on(struct agent *a, struct waiter *w)
{
	const struct slot *shown = &a->slotv[w->shown];

	if (!shown->audit || ghosts_of(&a->slotv[w->i]) >= ghosts_of(shown))
		w->shown = w->i;

	while (a->account.started && ++w->i < a->slotc) {

		if (!reg_may_fetch(reg_at(a, w->i)))
			continue;

		w->listed = false;
		w->left = 0;
		w->rounds = AGENT_PURGES;
		w->asks = a->purge_due = true;
		return true;
	}

	return false;
}


/* One REGISTER after the other, as long as each removes something. */
static bool purge_is_over(struct agent *a, struct waiter *w)
{
	const struct reg *r = reg_at(a, w->i);
	const unsigned ghosts = ghosts_of(&a->slotv[w->i]);
	const bool first = !w->listed;

	if (w->asks || is_asking(r) ||
	    (!first && !is_more(r->outcomes, w->outcomesv[w->i])))
		return false;

	if (!first && ghosts < w->left)
		w->removed += w->left - ghosts;
	if (!ghosts || !w->rounds || !a->account.started ||
	    (!first && ghosts >= w->left))
		return !purge_goes_on(a, w);

	w->listed = true;
	w->left = ghosts;
	--w->rounds;
	w->outcomesv[w->i] = r->outcomes;
	w->kicks = a->purge_due = true;

	return false;
}


static bool is_probing(const struct agent *a)
{
	unsigned i;

	for (i = 0; i < a->slotc; i++)
		if (probe_asked(&a->regv[i].probe))
			return true;

	return false;
}


static bool is_over(struct agent *a, struct waiter *w)
{
	if (account_left(&a->account))
		return true;

	switch (w->wait) {

	case WAIT_OUTCOME:
		return has_outcome(a, w);

	case WAIT_LIST:
		return !is_asking(reg_at(a, w->i));

	case WAIT_PURGE:
		return purge_is_over(a, w);

	case WAIT_PROBE:
		return !is_probing(a);
	}

	return true;
}


static void settle(struct agent *a)
{
	bool lists = false, purges = false;
	struct le *le;
	unsigned i;

	for (le = list_head(&a->waiters); le; le = le->next) {
		const struct waiter *w = le->data;

		lists |= w->wait == WAIT_LIST || w->wait == WAIT_PURGE;
		purges |= w->wait == WAIT_PURGE;
	}

	for (i = 0; i < a->slotc; i++) {
		struct slot *s = &a->slotv[i];

		s->audited = lists;
		if (!lists)
			s->audit = mem_deref(s->audit);
		if (s->purging && !purges)
			slot_set_purging(s, false);
	}
}


/* --- how it ended --- */

/* What is not as it should be is what people want to know of: the first that
 * failed. One that was never begun did not. */
static const struct reg *reg_to_tell(const struct agent *a)
{
	unsigned i;

	for (i = 0; i < a->slotc; i++) {
		const struct reg *r = reg_at(a, i);

		if (r->state != REG_OFF && r->reason != REASON_OK)
			return r;
	}

	return reg_at(a, 0);
}


static int probe_rank(const struct probe *p)
{
	switch ((enum probe_result)p->result) {

	case PROBE_PROVEN:     return 4;
	case PROBE_LOST:       return 3;
	case PROBE_REFUSED:    return 2;
	case PROBE_NOT_LOOPED: return 1;
	case PROBE_UNKNOWN:    break;
	}

	return 0;
}


/* Calls arrive if they do over one of the flows. */
static const struct probe *probe_to_tell(const struct agent *a)
{
	const struct probe *p = &a->regv[0].probe;
	unsigned i;

	for (i = 1; i < a->slotc; i++)
		if (probe_rank(&a->regv[i].probe) > probe_rank(p))
			p = &a->regv[i].probe;

	return p;
}


/* Who waits when nothing goes on any more is told how it ended, whatever it
 * was that he waited for. */
void agent_tell_waiters(struct agent *a)
{
	const struct probe *p = probe_to_tell(a);
	const struct reg *r = reg_to_tell(a);
	struct agent_outcome outcome = {
		.registered = a->account.verdict.registered,
		.left_behind = agent_left_behind(a),
		.reason = account_left(&a->account) ? REASON_PAUSED
						    : r->reason,
		.probe = (enum probe_result)p->result,
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
			? reg_at(a, w->shown)->fetch_code : r->code;
		outcome.audit = a->slotv[w->shown].audit;
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


static int wait_for(struct waiter **wp, struct agent *a, enum wait wait,
		    agent_outcome_h *h, void *arg)
{
	struct waiter *w;
	unsigned i;

	if (list_count(&a->waiters) >= AGENT_WAITERS_MAX)
		return EBUSY;

	w = mem_zalloc(sizeof(*w), waiter_destructor);
	if (!w)
		return ENOMEM;

	w->wait = wait;
	for (i = 0; i < a->slotc; i++) {
		w->outcomesv[i] = reg_at(a, i)->outcomes;
		if (w->ended == REASON_OK)
			w->ended = hold_of(reg_at(a, i));
	}
	w->rounds = AGENT_PURGES;
	w->h = h;
	w->arg = arg;
	list_append(&a->waiters, &w->le, w);
	if (wp)
		*wp = w;

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
	struct waiter *w;
	unsigned i;
	int err;

	if (!a->account.started)
		return EINVAL;

	err = wait_for(&w, a, WAIT_OUTCOME, h, arg);
	if (err)
		return err;

	/* The one in flight does not count: ours comes after it. */
	for (i = 0; i < a->slotc; i++)
		w->outcomesv[i] += reg_at(a, i)->state == REG_SENT;
	order_now(a, account_kick);

	return 0;
}


int agent_reconnect(struct agent *a, agent_outcome_h *h, void *arg)
{
	struct waiter *w;
	unsigned i;
	int err;

	if (!a->account.started)
		return EINVAL;

	err = wait_for(&w, a, WAIT_OUTCOME, h, arg);
	if (err)
		return err;

	/* The one that was asked for while one was in flight ends unsent. */
	for (i = 0; i < a->slotc; i++)
		w->outcomesv[i] += reg_at(a, i)->again;
	order_now(a, account_reconnect);

	return 0;
}


int agent_pause(struct agent *a, agent_outcome_h *h, void *arg)
{
	unsigned i;
	int err;

	if (!a->conf->enabled || a->stopping)
		return EINVAL;

	err = wait_for(NULL, a, WAIT_OUTCOME, h, arg);
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

	err = wait_for(NULL, a, WAIT_OUTCOME, h, arg);
	if (!err)
		order_now(a, account_start);

	return err;
}


/* --- what the registrar holds --- */

/* The next REGISTERs of a purge, from the loop: the step that made them due is
 * still being carried out. */
void agent_purge_handler(void *arg)
{
	bool askv[ACCOUNT_FLOWS_MAX] = {false};
	bool kickv[ACCOUNT_FLOWS_MAX] = {false};
	struct account *account;
	struct agent *a = arg;
	struct le *le;
	unsigned i;

	a->purge_due = false;
	for (le = list_head(&a->waiters); le; le = le->next) {
		struct waiter *w = le->data;

		askv[w->i] |= w->asks;
		kickv[w->i] |= w->kicks;
		w->asks = w->kicks = false;
	}

	mem_ref(a);
	account = &a->account;
	for (i = 0; i < a->slotc; i++) {
		struct slot *s = &a->slotv[i];

		if (askv[i])
			slot_perform(s, account_fetch(account, i, loop_now()));
		if (kickv[i])
			slot_perform(s, account_kick(account, i, loop_now()));
	}
	mem_deref(a);
}


/* A flow that is up. */
static int find_asker(const struct agent *a, unsigned *ip)
{
	unsigned i;

	for (i = 0; i < a->slotc; i++) {
		if (reg_may_fetch(reg_at(a, i))) {
			*ip = i;
			return 0;
		}
	}

	return ENOTCONN;
}


static int ask_list(struct agent *a, enum wait wait, agent_outcome_h *h,
		    void *arg)
{
	struct waiter *w;
	unsigned i, asker;
	int err;

	if (!a->account.started)
		return EINVAL;

	err = find_asker(a, &asker);
	if (!err)
		err = wait_for(&w, a, wait, h, arg);
	if (err)
		return err;

	w->i = w->shown = asker;
	for (i = 0; i < a->slotc; i++) {
		a->slotv[i].audited = true;
		if (wait == WAIT_PURGE)
			slot_set_purging(&a->slotv[i], true);
	}

	slot_perform(&a->slotv[asker],
		     account_fetch(&a->account, asker, loop_now()));

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


static bool has_binding(const struct agent *a)
{
	unsigned i;

	for (i = 0; i < a->slotc; i++)
		if (a->regv[i].probe.bound)
			return true;

	return false;
}


int agent_probe(struct agent *a, agent_outcome_h *h, void *arg)
{
	int err;

	if (!a->account.started)
		return EINVAL;
	if (!has_binding(a))
		return ENOTCONN;

	err = wait_for(NULL, a, WAIT_PROBE, h, arg);
	if (!err)
		order(a, account_probe);

	return err;
}
