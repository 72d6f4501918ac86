/* A restart that nobody outside notices: the flows that can go on are left to
 * the service manager, with a note of what they are for (handed.h), and the
 * next process goes on with them. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "daemon_set.h"
#include "fdstore.h"
#include "log.h"
#include "loop.h"
#include "sock.h"
#include "tls_handed.h"


enum {
	LOOK_AGAIN = 20,         /* [ms] while answers are awaited */
	STORE_WAIT = 2000,       /* [ms] for the manager to take them; it mostly
				    needs one */
	SOCKETS_MIN = 16,
};


/* --- the end of this process --- */

typedef void (registration_h)(struct agent *a, unsigned i, void *arg);

static void each_registration(struct daemon *d, registration_h *h, void *arg)
{
	for (size_t n = 0; n < d->entryc; n++) {
		struct agent *a = d->entryv[n]->agent;

		for (unsigned i = 0; i < agent_account(a)->regc; i++)
			h(a, i, arg);
	}
}


/* What is left to the manager. */
struct deposit {
	struct handed_file note;
	int *fdv;
	size_t fdc;
};


static void hand_over_one(struct agent *a, unsigned i, void *arg)
{
	struct deposit *e = arg;
	struct handed h;
	int err;

	if (agent_hand_over(a, i, &h, &e->fdv[e->fdc]))
		return;

	err = handed_file_add(&e->note, &h);
	if (!err)
		++e->fdc;
	else
		log_debug(h.account, "cannot be handed over: %s",
			  strerror(err));
}


static void count_one(struct agent *a, unsigned i, void *arg)
{
	size_t *n = arg;

	(void)a;
	(void)i;
	++*n;
}


static int collect(struct deposit *e, struct daemon *d)
{
	size_t n = 0;

	each_registration(d, count_one, &n);
	e->fdv = mem_zalloc((n + 1) * sizeof(*e->fdv), NULL);
	if (!e->fdv)
		return ENOMEM;

	each_registration(d, hand_over_one, e);

	return 0;
}


static int store(struct deposit *e)
{
	int fd, err;

	err = handed_file_make(&fd, &e->note);
	if (err)
		return err;

	err = fdstore_put(FDSTORE_NOTE, &fd, 1);
	if (!err)
		err = fdstore_put(FDSTORE_FLOW, e->fdv, e->fdc);
	if (!err)
		err = fdstore_wait(STORE_WAIT);

	(void)close(fd);

	return err;
}


/* Whoever has them uses them, each once: then we must not. */
static void hand_over_sessions(void)
{
	size_t n;
	int fd, err;

	err = tls_handed_make(&fd, &n);
	if (err == ENOENT)
		return;

	if (!err) {
		err = fdstore_put(FDSTORE_TLS, &fd, 1);
		if (!err)
			err = fdstore_wait(STORE_WAIT);
		(void)close(fd);
	}

	if (err)
		log_warning(NULL, "TLS sessions cannot be handed over: %s",
			    strerror(err));
	else
		log_info(NULL, "%zu TLS sessions are handed over", n);
}


/* From here on nothing is read any more: what comes in waits in the sockets for
 * the next process. */
static void hand_over_flows(struct daemon *d)
{
	struct deposit e = {0};
	int err;

	err = handed_file_begin(&e.note);
	if (err)
		goto out;

	err = collect(&e, d);
	if (!err && e.fdc)
		err = store(&e);
	else
		(void)handed_file_make(NULL, &e.note);

 out:
	if (err)
		log_warning(NULL, "flows cannot be handed over: %s",
			    strerror(err));
	else if (e.fdc)
		log_notice(NULL, "%zu flows are handed over", e.fdc);

	mem_deref(e.fdv);
}


/* The flow that serves goes on, not one that is only tried. */
static void settle_on(struct agent *a, unsigned i, void *arg)
{
	(void)arg;

	agent_settle_on(a, i);
}


static void is_soon(struct agent *a, unsigned i, void *arg)
{
	bool *soon = arg;

	*soon |= agent_handover_ready(a, i) == HANDOVER_SOON;
}


/* timer_h */
void restart_handler(void *arg)
{
	struct daemon *d = arg;
	bool soon = false;

	each_registration(d, is_soon, &soon);
	if (soon && loop_now() < d->restart_by) {
		timer_start(&d->restart_timer, loop_now() + LOOK_AGAIN);
		return;
	}

	hand_over_flows(d);
	hand_over_sessions();
	d->restarth(d->arg);
}


void daemon_hand_over(struct daemon *d, daemon_stopped_h *h, void *arg)
{
	d->restarth = h;
	d->arg = arg;
	hooks_stop(d->hooks);

	if (!fdstore_possible()) {
		h(arg);
		return;
	}

	each_registration(d, settle_on, NULL);
	d->restart_by = loop_now() + HANDOVER_WAIT;
	restart_handler(d);
}


/* --- the beginning of the next --- */

struct socket {
	uint64_t cookie;
	int fd;                          /* -1: somebody has it */
};

struct take_over {
	struct daemon *d;
	struct socket *v;                /* by cookie */
	size_t c, size, taken;
	struct net_pass pass;
};


static bool is_note(int fd, const char *name, void *arg)
{
	(void)fd;
	(void)arg;

	return !strcmp(name, FDSTORE_NOTE);
}


static bool is_flow(int fd, const char *name, void *arg)
{
	(void)fd;
	(void)arg;

	return !strcmp(name, FDSTORE_FLOW);
}


static int by_cookie(const void *a, const void *b)
{
	const struct socket *x = a, *y = b;

	return x->cookie < y->cookie ? -1 : x->cookie > y->cookie;
}


static void take_over_destructor(void *data)
{
	struct take_over *h = data;

	for (size_t i = 0; i < h->c; i++)
		if (h->v[i].fd >= 0)
			(void)close(h->v[i].fd);

	mem_deref(h->v);
}


static int take_over_alloc(struct take_over **hp, struct daemon *d)
{
	struct take_over *h;

	h = mem_zalloc(sizeof(*h), take_over_destructor);
	if (!h)
		return ENOMEM;

	h->d = d;
	h->size = SOCKETS_MIN;
	h->v = mem_alloc(h->size * sizeof(*h->v), NULL);
	if (!h->v) {
		mem_deref(h);
		return ENOMEM;
	}

	*hp = h;

	return 0;
}


static int take_over_add(struct take_over *h, int fd)
{
	struct socket *s = &h->v[h->c];
	int err;

	if (h->c == h->size) {
		const size_t size = 2 * h->size;
		struct socket *v = mem_realloc(h->v, size * sizeof(*v));

		if (!v)
			return ENOMEM;

		h->v = v;
		h->size = size;
		s = &v[h->c];
	}

	s->fd = fd;
	err = sock_cookie(&s->cookie, fd);
	if (!err)
		++h->c;

	return err;
}


static void take_one(struct handed *handed, void *arg)
{
	struct take_over *h = arg;
	const struct socket key = {.cookie = handed->cookie};
	struct agent *a = daemon_find(h->d, handed->account);
	struct socket *s;
	int err;

	if (!a || !agent_conf(a)->enabled) {
		log_warning(handed->account, "is not there any more: its "
			    "binding stays until the lease ends (a reload "
			    "would have un-registered it)");
		return;
	}

	s = h->c ? bsearch(&key, h->v, h->c, sizeof(*h->v), by_cookie) : NULL;
	if (!s || s->fd < 0)
		return;

	err = agent_take_over(a, handed->reg_id - 1, handed, s->fd, &h->pass);
	if (err) {
		log_info(handed->account, "the flow of before the restart "
			 "does not go on: %s", strerror(err));
		return;
	}

	s->fd = -1;
	++h->taken;
}


static bool is_tls(int fd, const char *name, void *arg)
{
	(void)fd;
	(void)arg;

	return !strcmp(name, FDSTORE_TLS);
}


/* Before a connection is made. */
static void take_over_sessions(void)
{
	const int fd = fdstore_take(is_tls, NULL);
	size_t n;
	int err;

	if (fd < 0)
		return;

	err = tls_handed_read(&n, fd);
	if (err)
		log_warning(NULL, "what was handed over of TLS sessions cannot "
			    "be read to its end: %s", strerror(err));
	log_info(NULL, "%zu TLS sessions may go on", n);

	(void)close(fd);
}


static void take_over_flows(struct daemon *d)
{
	const int note = fdstore_take(is_note, NULL);
	struct take_over *h;
	int fd;

	if (note < 0)
		return;

	if (take_over_alloc(&h, d)) {
		(void)close(note);
		return;
	}

	while ((fd = fdstore_take(is_flow, NULL)) >= 0)
		if (take_over_add(h, fd))
			(void)close(fd);

	qsort(h->v, h->c, sizeof(*h->v), by_cookie);
	if (handed_file_read(note, take_one, h))
		log_warning(NULL, "the note of what was handed over cannot be "
			    "read");
	log_notice(NULL, "%zu of %zu flows go on", h->taken, h->c);

	(void)close(note);
	mem_deref(h);
}


void restart_take_over(struct daemon *d)
{
	take_over_sessions();
	take_over_flows(d);
}
