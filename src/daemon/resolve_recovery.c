/* Word that DNS works again, for those who gave up on it.
 *
 * Accounts that found no address wait for longer and longer. So while there are
 * any, what they could not get is asked for here, one question at a time for
 * all of them, and the answer ends their waiting. Only what made somebody fail
 * counts: a server that never answers some type, while all goes well without,
 * must not end anybody's back-off each time it is asked. */

#include "loop.h"
#include "resolve_recovery.h"


#define PROBE_FOR    HOURS(1)    /* twice the longest back-off (DESIGN §4):
				    whoever still wants it has asked again */
#define BETTER_EVERY SECONDS(1)  /* one word for all that got better */


static void probe_handler(void *arg)
{
	struct recovery *r = arg;
	struct loss *l = list_ledata(list_head(&r->lossl));

	if (!l)
		return;

	list_unlink(&l->le);
	timer_start(&r->probe_timer, loop_now() + r->every);

	/* to the end: the next one has its turn */
	if (loop_now() < l->wanted + PROBE_FOR) {
		list_append(&r->lossl, &l->le, l);
		r->askh(l->owner);
	}
}


static void better_handler(void *arg)
{
	struct recovery *r = arg;

	r->told = loop_now();
	if (r->betterh)
		r->betterh(r->arg);
}


void recovery_init(struct recovery *r, msec_t every, recovery_h *askh,
		   recovery_h *betterh, void *arg)
{
	r->every = every;
	timer_init(&r->probe_timer, probe_handler, r);
	timer_init(&r->better_timer, better_handler, r);
	r->askh = askh;
	r->betterh = betterh;
	r->arg = arg;
}


void recovery_close(struct recovery *r)
{
	timer_cancel(&r->probe_timer);
	timer_cancel(&r->better_timer);
}


void recovery_await(struct recovery *r, struct loss *l, void *owner)
{
	if (l->le.list)
		return;

	if (!r->lossl.head)
		timer_start(&r->probe_timer, loop_now() + r->every);

	l->owner = owner;
	list_append(&r->lossl, &l->le, l);
}


bool recovery_forget(struct loss *l)
{
	const bool missed = l->le.list != NULL;

	list_unlink(&l->le);

	return missed;
}


void recovery_hurry(struct recovery *r)
{
	if (r->lossl.head)
		timer_start(&r->probe_timer, loop_now());
}


void recovery_tell(struct recovery *r)
{
	msec_t at = loop_now();

	if (r->told)
		at = clock_max(at, r->told + BETTER_EVERY);

	timer_start(&r->better_timer, at);
}
