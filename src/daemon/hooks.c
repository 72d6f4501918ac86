/* The set of hooks: which program is to be told of which account, who runs and
 * who waits. See hooks.h. */

#include <string.h>
#include "config_equal.h"
#include "hook.h"
#include "hook_run.h"
#include "hooks.h"
#include "log.h"
#include "loop.h"
#include "message.h"
#include "wire.h"


enum {
	WATCHES = 1024,          /* buckets */
	INPUT_ROOM = 4096,       /* bytes that an account mostly needs */
	WHY_MAX = 64,
};
#define COMPLAIN_EACH MINUTES(1) /* log lines of one hook that fails */

/* A hook, and what it was told of one account: only while there is something to
 * be told, or it was told that the account is not well. */
struct watch {
	struct le he;                    /* by the account's name */
	struct le le;                    /* while it waits for a place, or is
					    of a hook that is no more */
	struct hooks *hooks;
	size_t hook;
	char *account;
	struct hook_watch core;
	struct timer timer;
	struct hook_run run;
};

struct hooks {
	struct config *config;
	struct hash *watches;
	struct list waiting;             /* who came first, first */
	struct list leaving;             /* of hooks that are no more, told to
					    end: they count as running */
	unsigned running;
	msec_t *quietv;                  /* by hook: no complaint before */
	bool stopped;
	hooks_tell_h *tellh;
	void *arg;
};


static const struct hook_conf *conf_of(const struct watch *w)
{
	return w->hooks->config->hookv[w->hook];
}


static void complain(struct watch *w, const char *why)
{
	msec_t *quiet = &w->hooks->quietv[w->hook];
	const msec_t now = loop_now();

	if (now < *quiet)
		return;

	*quiet = now + COMPLAIN_EACH;
	log_message(LOG_LEVEL_WARNING, w->account, MESSAGE_HOOK_FAILED,
		    "hook %s: %s", conf_of(w)->execv[0], why);
}


/* --- one that may have something to tell --- */

static void watch_destructor(void *arg)
{
	struct watch *w = arg;

	hash_unlink(&w->he);
	list_unlink(&w->le);
	timer_cancel(&w->timer);
	hook_run_close(&w->run);
	mem_deref(w->account);
}


/* Its time has come, or is to come: it runs, waits, or is not needed. */
static void watch_settle(struct watch *w)
{
	if (w->run.pid || w->le.list)
		return;

	if (hook_is_idle(&w->core))
		mem_deref(w);
	else
		timer_start(&w->timer, hook_deadline(&w->core));
}


/* {"on":[...], ...} */
static int input_print(struct mbuf *mb, const struct watch *w, uint32_t bits)
{
	const struct hooks *h = w->hooks;
	const char *word;
	unsigned i;
	int err;

	err  = json_open(mb, NULL, '{');
	err |= json_open(mb, "on", '[');
	for (i = 0; (word = hook_word(i)); i++) {
		if (bits & 1u << i)
			err |= json_add_string(mb, NULL, word);
	}
	err |= json_close(mb, ']');
	err |= h->tellh(mb, w->account, &w->core.event, h->arg);
	err |= json_close(mb, '}');
	err |= mbuf_write_u8(mb, '\n');
	mb->pos = 0;

	return err;
}


static void watch_start(struct watch *w, uint32_t bits)
{
	const struct hook_run_news news = {
		.account = w->account,
		.socket = w->hooks->config->control_socket,
		.bits = bits,
		.event = &w->core.event,
	};
	struct mbuf *mb = mbuf_alloc(INPUT_ROOM);
	int err = mb ? input_print(mb, w, bits) : ENOMEM;

	if (!err)
		err = hook_run_start(&w->run, conf_of(w), &news, mb);

	if (err)
		complain(w, strerror(err));
	else
		++w->hooks->running;

	mem_deref(mb);
}


static void timer_handler(void *arg)
{
	struct watch *w = arg;
	struct hooks *h = w->hooks;
	uint32_t bits;

	if (h->running >= HOOKS_AT_ONCE) {
		list_append(&h->waiting, &w->le, w);
		return;
	}

	bits = hook_tell(&w->core, conf_of(w)->on, loop_now());
	if (bits)
		watch_start(w, bits);

	watch_settle(w);
}


/* Told what was so by now: it may be well again. */
static void run_waiting(struct hooks *h)
{
	while (h->waiting.head && h->running < HOOKS_AT_ONCE) {
		struct watch *w = h->waiting.head->data;

		list_unlink(&w->le);
		timer_handler(w);
	}
}


static bool same_watch(struct le *le, void *arg)
{
	const struct watch *w = le->data, *wanted = arg;

	return w->hook == wanted->hook && !strcmp(w->account, wanted->account);
}


static struct watch *watch_find(struct hooks *h, size_t hook,
				const char *account)
{
	struct watch wanted = {.hook = hook, .account = (char *)account};
	struct le *le = hash_lookup(h->watches, hash_joaat_str(account),
				    same_watch, &wanted);

	return le ? le->data : NULL;
}


static struct watch *watch_alloc(struct hooks *h, size_t hook,
				 const char *account)
{
	struct watch *w = mem_zalloc(sizeof(*w), watch_destructor);

	if (!w)
		return NULL;

	w->hooks = h;
	w->hook = hook;
	hook_watch_init(&w->core);
	timer_init(&w->timer, timer_handler, w);
	hook_run_init(&w->run);
	if (str_dup(&w->account, account))
		return mem_deref(w);

	hash_append(h->watches, hash_joaat_str(account), &w->he, w);

	return w;
}


/* --- what happens --- */

/* Verdicts tell states. */
static bool is_of_interest(const struct hook_conf *c, const struct event *e)
{
	const uint32_t states = HOOK_REACHABLE | HOOK_UNREACHABLE |
		HOOK_REGISTERED | HOOK_UNREGISTERED;

	return c->on & HOOK_EVENT(e->type) ||
		(e->type == EVENT_VERDICT && c->on & states);
}


static void event_for(struct hooks *h, size_t hook, const char *account,
		      const struct event *e)
{
	const struct hook_conf *c = h->config->hookv[hook];
	struct watch *w;

	if (!is_of_interest(c, e) || !hook_conf_wants(c, account))
		return;

	w = watch_find(h, hook, account);
	if (!w)
		w = watch_alloc(h, hook, account);
	if (!w) {
		log_error(account, "hook %s: out of memory", c->execv[0]);
		return;
	}

	hook_on_event(&w->core, c->on, c->after, e, loop_now());
	timer_cancel(&w->timer);
	watch_settle(w);
}


void hooks_event(struct hooks *h, const char *account, const struct event *e)
{
	if (!h || h->stopped)
		return;

	for (size_t i = 0; i < h->config->hookc; i++)
		event_for(h, i, account, e);
}


void hooks_forget(struct hooks *h, const char *account)
{
	for (size_t i = 0; i < h->config->hookc; i++) {
		struct watch *w = watch_find(h, i, account);

		if (!w)
			continue;

		hook_watch_init(&w->core);
		timer_cancel(&w->timer);
		list_unlink(&w->le);
		watch_settle(w);
	}
}


/* One of a hook that is no more. */
static bool leaver_reaped(struct hooks *h, pid_t pid)
{
	struct le *le;

	LIST_FOREACH(&h->leaving, le) {
		struct watch *w = le->data;

		if (w->run.pid != pid)
			continue;

		w->run.pid = 0;
		mem_deref(w);
		--h->running;
		run_waiting(h);
		return true;
	}

	return false;
}


static bool has_pid(struct le *le, void *arg)
{
	const struct watch *w = le->data;

	return w->run.pid == *(pid_t *)arg;
}


void hooks_reaped(struct hooks *h, pid_t pid, int status)
{
	char why[WHY_MAX];
	struct watch *w;
	struct le *le;

	if (!h || leaver_reaped(h, pid))
		return;

	le = hash_apply(h->watches, has_pid, &pid);
	if (!le)
		return;

	w = le->data;
	hook_run_ended(&w->run, status, why, sizeof(why));
	if (*why)
		complain(w, why);

	--h->running;
	watch_settle(w);
	run_waiting(h);
}


/* --- all of them --- */

static void destructor(void *arg)
{
	struct hooks *h = arg;

	list_flush(&h->leaving);
	hash_flush(h->watches);
	mem_deref(h->watches);
	mem_deref(h->quietv);
	mem_deref(h->config);
}


int hooks_alloc(struct hooks **hp, struct config *config, hooks_tell_h *tellh,
		void *arg)
{
	struct hooks *h;
	int err;

	if (!hp || !config || !tellh)
		return EINVAL;

	h = mem_zalloc(sizeof(*h), destructor);
	if (!h)
		return ENOMEM;

	h->config = mem_ref(config);
	h->tellh = tellh;
	h->arg = arg;
	h->quietv = mem_zalloc((config->hookc + 1) * sizeof(*h->quietv), NULL);
	err = h->quietv ? hash_alloc(&h->watches, WATCHES) : ENOMEM;

	if (err)
		mem_deref(h);
	else
		*hp = h;

	return err;
}


static bool same_hooks(const struct config *a, const struct config *b)
{
	if (a->hookc != b->hookc)
		return false;

	for (size_t i = 0; i < a->hookc; i++) {
		if (!hook_conf_equal(a->hookv[i], b->hookv[i]))
			return false;
	}

	return true;
}


static bool is_running(struct le *le, void *arg)
{
	const struct watch *w = le->data;

	(void)arg;

	return w->run.pid != 0;
}


/* Programs that run are looked after until they are gone: one that does not
 * heed SIGTERM would else stay, and one more with every reload. */
static void forget_watches(struct hooks *h)
{
	struct le *le;

	while ((le = hash_apply(h->watches, is_running, NULL))) {
		struct watch *w = le->data;

		hash_unlink(&w->he);
		timer_cancel(&w->timer);
		list_append(&h->leaving, &w->le, w);
		hook_run_end(&w->run);
	}

	hash_flush(h->watches);
}


int hooks_set_config(struct hooks *h, struct config *config)
{
	msec_t *quietv;

	if (!same_hooks(h->config, config)) {
		quietv = mem_zalloc((config->hookc + 1) * sizeof(*quietv),
				    NULL);
		if (!quietv)
			return ENOMEM;

		mem_deref(h->quietv);
		h->quietv = quietv;
		forget_watches(h);
	}

	mem_deref(h->config);
	h->config = mem_ref(config);

	return 0;
}


void hooks_stop(struct hooks *h)
{
	h->stopped = true;
	list_clear(&h->waiting);
	forget_watches(h);
}
