/* Agents on their way out: see daemon_set.h. */

#include <string.h>
#include "config_equal.h"
#include "daemon_set.h"
#include "loop.h"


static const struct account_conf *conf_of(const struct entry *e)
{
	return agent_conf(e->agent);
}


void entry_keep(struct state_account *kept, const struct entry *e,
		const struct config *config, const struct account_conf *conf)
{
	memset(kept, 0, sizeof(*kept));
	agent_keep(e->agent, kept);

	/* What others have proven, and a challenge for them, is not theirs. */
	kept->stamp = account_conf_same_credentials(conf_of(e), conf)
		? account_conf_stamp(config, conf) : 0;
}


struct entry *leave_find(const struct daemon *d,
			 const struct account_conf *conf)
{
	struct list *list = hash_list(d->leaving, hash_joaat_str(conf->aor));
	struct entry *found = NULL;
	struct le *le;

	LIST_FOREACH(list, le) {
		struct entry *e = le->data;

		if (!account_conf_same_binding(conf_of(e), conf))
			continue;

		if (!str_cmp(conf_of(e)->name, conf->name))
			return e;

		found = e;
	}

	return found;
}


/* `before` has left: now it is known how far its CSeq came, and whether its
 * binding is still there. */
static void follow(struct entry *e, const struct entry *before)
{
	const struct account *a = agent_account(e->agent);
	struct state_account *kept;

	/* the operator was here meanwhile */
	if (a->started || a->paused)
		return;

	if (!str_cmp(conf_of(before)->name, conf_of(e)->name)) {
		kept = mem_alloc(sizeof(*kept), NULL);
		if (kept) {
			entry_keep(kept, before, e->daemon->config,
				   conf_of(e));
			(void)entry_renew(e, kept);
		}
		mem_deref(kept);
	}

	leave_start_after(e);
}


void leave_start_after(struct entry *e)
{
	struct entry *before = leave_find(e->daemon, conf_of(e));

	if (before)
		list_append(&before->successors, &e->le, e);
	else
		agent_start(e->agent);
}


void leave_gone_handler(void *arg)
{
	struct daemon *d = arg;
	struct entry *e, *next;

	while ((e = list_ledata(list_head(&d->gone)))) {
		list_unlink(&e->le);
		hash_unlink(&e->he);

		while ((next = list_ledata(list_head(&e->successors)))) {
			list_unlink(&next->le);
			follow(next, e);
		}

		mem_deref(e);
	}
}


/* It may be in the middle of a step: what follows is the loop's. */
void leave_handler(struct agent *a, void *arg)
{
	struct entry *e = arg;
	struct daemon *d = e->daemon;

	daemon_tell_left(d, a);

	if (e->leaving) {
		list_unlink(&e->le);
		list_append(&d->gone, &e->le, e);
	}

	if (!d->stoppedh)
		timer_start(&d->gone_timer, loop_now());
	else if (--d->stopping == 0)
		daemon_stopped(d);
}


void leave_begin(struct entry *e)
{
	struct daemon *d = e->daemon;

	e->leaving = true;
	list_unlink(&e->le);     /* of those who wait */
	hash_append(d->leaving, hash_joaat_str(conf_of(e)->aor), &e->he, e);
	list_append(&d->leavers, &e->le, e);
	agent_detach_state(e->agent);
	agent_stop(e->agent, leave_handler);
}
