/* Tells all accounts, a few in each turn of the loop: see lister.h. */

#include <errno.h>
#include "lister.h"
#include "loop.h"
#include "methods.h"
#include "status.h"
#include "timer.h"
#include "wire.h"

#define REPLY_ROOM 2048          /* bytes that one account mostly needs */

struct listers {
	struct daemon *daemon;
	int64_t wall_usec;       /* in this turn of the loop */
	struct list listerl;     /* who came first is first */
	struct timer timer;
};

/* One call. */
struct lister {
	struct le le;
	struct listers *listers;
	struct control_call *call;
	struct config *config;   /* of when it was asked: the order of names */
	size_t next;             /* account of that */
	struct mbuf *whole;      /* the one reply so far; NULL: none yet, or
				    there is one for each account */
};


static void lister_destructor(void *arg)
{
	struct lister *li = arg;

	list_unlink(&li->le);
	mem_deref(li->call);
	mem_deref(li->config);
	mem_deref(li->whole);
}


static void gone_handler(void *arg)
{
	struct lister *li = arg;

	list_unlink(&li->le);
	mem_deref(li);
}


/* The call was answered or cannot be. */
static void end(struct lister *li)
{
	control_on_gone(li->call, NULL, NULL);
	mem_deref(li);
}


static bool is_last(const struct lister *li)
{
	return li->next >= li->config->accountc;
}


/* The next one; NULL: it is gone. */
static const struct agent *take(struct lister *li)
{
	const struct config *c = li->config;

	if (is_last(li))
		return NULL;

	return daemon_find(li->listers->daemon, c->accountv[li->next++]->name);
}


static int open_list(struct mbuf **mbp)
{
	struct mbuf *mb = mbuf_alloc(REPLY_ROOM);
	int err;

	if (!mb)
		return ENOMEM;

	err  = json_open(mb, NULL, '{');
	err |= json_open(mb, "accounts", '[');
	if (err)
		mem_deref(mb);
	else
		*mbp = mb;

	return err ? ENOMEM : 0;
}


static int close_list(struct mbuf *mb)
{
	int err;

	err  = json_close(mb, ']');
	err |= json_close(mb, '}');
	mb->pos = 0;

	return err ? ENOMEM : 0;
}


static int add(struct mbuf *mb, const struct lister *li,
	       const struct agent *a)
{
	return a ? status_account(mb, NULL, a,
				  li->listers->wall_usec, false) : 0;
}


/* --- one reply for each --- */

static int tell_one(struct lister *li, const struct agent *a)
{
	struct mbuf *mb;
	int err;

	err = open_list(&mb);
	if (err)
		return err;

	err = add(mb, li, a);
	if (!err)
		err = close_list(mb);
	if (!err)
		err = control_reply(li->call, mb, !is_last(li));

	mem_deref(mb);

	return err;
}


static int tell_each(struct lister *li, size_t portion)
{
	int err = 0;

	do {
		const struct agent *a = take(li);

		if (a || is_last(li))
			err = tell_one(li, a);

	} while (!err && --portion && !control_over(li->call) &&
		 control_backlog(li->call) < CONTROL_ROOM);

	return err;
}


/* --- one reply for all --- */

static int write_some(struct lister *li, size_t portion)
{
	int err = 0;

	if (!li->whole)
		err = open_list(&li->whole);

	while (!err && portion-- && !is_last(li)) {
		err = add(li->whole, li, take(li));
		if (!err && li->whole->end > CONTROL_REPLY_MAX)
			return control_error(li->call, "TooLarge", NULL, NULL);
	}

	if (!err && is_last(li)) {
		err = close_list(li->whole);
		if (!err)
			err = control_reply(li->call, li->whole, false);
	}

	return err;
}


/* --- all calls --- */

static void work(struct lister *li, size_t portion)
{
	int err;

	mem_ref(li);             /* its client may go, and it with it */
	err = control_more(li->call) ? tell_each(li, portion)
				     : write_some(li, portion);

	if (!control_over(li->call) && err)
		method_no_memory(li->call);
	if (control_over(li->call) && li->le.list)
		end(li);

	mem_deref(li);
}


/* `wholesp`: how many replies for all are being written before it. */
static bool is_ready(const struct lister *li, unsigned *wholesp)
{
	if (control_more(li->call))
		return control_backlog(li->call) < CONTROL_ROOM;

	return (*wholesp)++ < LISTER_WHOLE;
}


static size_t count_ready(const struct listers *l)
{
	unsigned wholes = 0;
	size_t n = 0;
	struct le *le;

	LIST_FOREACH(&l->listerl, le)
		n += is_ready(le->data, &wholes);

	return n;
}


static void timer_handler(void *arg)
{
	struct listers *l = arg;
	const size_t n = count_ready(l);
	struct le *le = list_head(&l->listerl);
	unsigned wholes = 0;

	l->wall_usec = daemon_wall_usec(l->daemon);
	while (le) {
		struct lister *li = le->data;

		le = le->next;
		if (is_ready(li, &wholes))
			work(li, n && n < LISTER_PORTION ? LISTER_PORTION / n
							 : 1);
	}

	if (count_ready(l))
		timer_start(&l->timer, loop_now());
}


static void go_on(struct listers *l)
{
	if (l->timer.at == NEVER)
		timer_start(&l->timer, loop_now());
}


static void room_handler(void *arg)
{
	go_on(((struct lister *)arg)->listers);
}


int listers_add(struct listers *l, struct control_call *call)
{
	struct lister *li;

	li = mem_zalloc(sizeof(*li), lister_destructor);
	if (!li)
		return ENOMEM;

	li->listers = l;
	li->call = mem_ref(call);
	li->config = mem_ref(daemon_config(l->daemon));
	list_append(&l->listerl, &li->le, li);
	control_on_gone(call, gone_handler, li);
	control_on_room(call, room_handler, li);
	go_on(l);

	return 0;
}


static void destructor(void *arg)
{
	struct listers *l = arg;
	struct lister *li;

	timer_cancel(&l->timer);
	while ((li = list_ledata(list_head(&l->listerl))))
		end(li);
}


int listers_alloc(struct listers **lp, struct daemon *d)
{
	struct listers *l;

	l = mem_zalloc(sizeof(*l), destructor);
	if (!l)
		return ENOMEM;

	l->daemon = d;
	timer_init(&l->timer, timer_handler, l);
	*lp = l;

	return 0;
}
