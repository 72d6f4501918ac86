/* Who watches events as they happen: see monitors.h.
 *
 * The log is one buffer of records, the oldest first; a watcher is a place in
 * it. What all have passed is forgotten, so as a rule it is empty. From there
 * records go to a client as it takes them, a few at a time, and never before
 * the next turn of the loop: what happens to ten thousand accounts at once is
 * written down at once, and told afterwards. */

#include <errno.h>
#include <string.h>
#include "log.h"
#include "loop.h"
#include "monitors.h"
#include "status.h"
#include "timer.h"
#include "wire.h"

#define KEEP_MAX   65536         /* bytes of the log that are kept when empty */
#define EVENT_ROOM 512           /* bytes of a usual event */

struct monitors {
	struct list watcherl;
	struct mbuf *log;        /* records, pos is always 0 */
	uint64_t base;           /* bytes that were forgotten before it */
	struct mbuf *text;       /* of the event at hand */
	struct timer timer;      /* to tell */
};

struct watcher {
	struct le le;
	struct monitors *monitors;
	struct control_call *call;
	char *name;              /* of the account; NULL: all */
	uint64_t at;             /* the next record, counted as base is */
	msec_t took;             /* when it last came further */
};

/* In the log before the account's name, its NUL, and the reply's text. */
struct record {
	uint32_t name;           /* bytes, with the NUL */
	uint32_t text;           /* bytes */
};


/* --- the log --- */

static uint64_t log_end(const struct monitors *m)
{
	return m->base + m->log->end;
}


static size_t log_add(struct monitors *m, const char *name)
{
	const struct record r = {
		.name = (uint32_t)strlen(name) + 1,
		.text = (uint32_t)m->text->end,
	};
	struct mbuf *mb = m->log;
	const size_t before = mb->end;
	int err;

	mb->pos = mb->end;
	err  = mbuf_write_mem(mb, (const uint8_t *)&r, sizeof(r));
	err |= mbuf_write_mem(mb, (const uint8_t *)name, r.name);
	err |= mbuf_write_mem(mb, m->text->buf, r.text);
	mb->pos = 0;
	if (err)
		mb->end = before;

	return mb->end - before;
}


/* The record at *atp, which then is that of the next. False: there is none. */
static bool log_next(const struct monitors *m, uint64_t *atp,
		     const char **namep, struct mbuf *text)
{
	const uint8_t *p = m->log->buf + (*atp - m->base);
	struct record r;

	if (*atp >= log_end(m))
		return false;

	memcpy(&r, p, sizeof(r));
	p += sizeof(r);
	*namep = (const char *)p;
	memset(text, 0, sizeof(*text));
	text->buf = (uint8_t *)p + r.name;
	text->size = text->end = r.text;
	*atp += sizeof(r) + r.name + r.text;

	return true;
}


/* Forgets what all have passed, once that is the larger part. */
static void log_compact(struct monitors *m)
{
	uint64_t first = log_end(m);
	struct mbuf *mb = m->log;
	struct le *le;
	size_t n;

	LIST_FOREACH(&m->watcherl, le) {
		const struct watcher *w = le->data;

		if (w->at < first)
			first = w->at;
	}

	n = (size_t)(first - m->base);
	if (n < mb->end - n)
		return;

	memmove(mb->buf, mb->buf + n, mb->end - n);
	mb->end -= n;
	m->base = first;
	if (!mb->end && mb->size > KEEP_MAX)
		(void)mbuf_resize(mb, EVENT_ROOM);       /* else it stays */
}


/* --- watchers --- */

static bool concerns(const struct watcher *w, const char *name)
{
	return !w->name || !strcmp(w->name, name);
}


static void watcher_destructor(void *arg)
{
	struct watcher *w = arg;

	list_unlink(&w->le);
	mem_deref(w->call);
	mem_deref(w->name);
}


static void gone_handler(void *arg)
{
	mem_deref(arg);
}


static int lost_print(struct mbuf *mb, int64_t lost)
{
	int err;

	err  = json_open(mb, NULL, '{');
	err |= json_add_int(mb, "lost", lost);
	err |= json_close(mb, '}');
	mb->pos = 0;

	return err;
}


/* How many events it has not been told of. */
static int64_t missed(const struct watcher *w)
{
	uint64_t at = w->at;
	const char *name;
	struct mbuf text;
	int64_t n = 0;

	while (log_next(w->monitors, &at, &name, &text))
		n += concerns(w, name);

	return n;
}


/* Its last word comes after what it was sent already. There may have been no
 * memory to write down what it misses. */
static void leave_behind(struct watcher *w)
{
	const int64_t n = missed(w), lost = n ? n : 1;
	struct mbuf *mb = mbuf_alloc(EVENT_ROOM);

	control_on_gone(w->call, NULL, NULL);
	log_info(NULL, "control: a monitor is too slow, %lld events were not "
		 "told to it", (long long)lost);

	/* without memory it hears that it was aborted */
	if (mb && !lost_print(mb, lost))
		(void)control_error_object(w->call, "Overrun", mb);

	mem_deref(mb);
	mem_deref(w);
}


/* What there is for it, as far as it takes it. It may be gone afterwards. */
static void tell(struct watcher *w)
{
	const uint64_t before = w->at;
	uint64_t at = w->at;
	const char *name;
	struct mbuf text;

	while (control_backlog(w->call) < CONTROL_ROOM &&
	       log_next(w->monitors, &at, &name, &text)) {

		w->at = at;
		if (concerns(w, name) &&
		    control_reply(w->call, &text, true))
			return;
	}

	if (w->at != before)
		w->took = loop_now();
}


static void room_handler(void *arg)
{
	struct watcher *w = arg;
	struct monitors *m = w->monitors;

	tell(w);
	log_compact(m);
}


static void tell_all(struct monitors *m)
{
	struct le *le = list_head(&m->watcherl);

	while (le) {
		struct watcher *w = le->data;

		le = le->next;
		tell(w);
	}

	log_compact(m);
}


/* Of those who have not come as far as `at`, who has taken nothing since
 * `then`. */
static void leave_all_behind(struct monitors *m, uint64_t at, msec_t then)
{
	struct le *le = list_head(&m->watcherl);

	while (le) {
		struct watcher *w = le->data;

		le = le->next;
		if (w->at < at && w->took <= then)
			leave_behind(w);
	}

	log_compact(m);
}


static void timer_handler(void *arg)
{
	struct monitors *m = arg;
	const msec_t now = loop_now();
	const uint64_t end = log_end(m);

	tell_all(m);
	if (end > MONITORS_BEHIND && now > MONITORS_PATIENCE)
		leave_all_behind(m, end - MONITORS_BEHIND,
				 now - MONITORS_PATIENCE);
}


/* --- what others ask for --- */

int monitors_print_begin(struct mbuf *mb)
{
	int err;

	err  = json_open(mb, NULL, '{');
	err |= json_add_null(mb, "event");
	err |= json_close(mb, '}');

	return err ? ENOMEM : 0;
}


static int begin(struct control_call *call)
{
	struct mbuf *mb = mbuf_alloc(EVENT_ROOM);
	int err;

	if (!mb)
		return ENOMEM;

	err = monitors_print_begin(mb);
	mb->pos = 0;
	if (!err)
		err = control_reply(call, mb, true);

	mem_deref(mb);

	return err;
}


int monitors_watch(struct monitors *m, struct control_call *call,
		   const char *name)
{
	struct watcher *w;
	int err = 0;

	w = mem_zalloc(sizeof(*w), watcher_destructor);
	if (!w)
		return ENOMEM;

	if (name)
		err = str_dup(&w->name, name);
	if (!err)
		err = begin(call);
	if (err) {
		mem_deref(w);
		return err;
	}

	w->monitors = m;
	w->call = mem_ref(call);
	w->at = log_end(m);
	w->took = loop_now();
	list_append(&m->watcherl, &w->le, w);
	control_on_gone(call, gone_handler, w);
	control_on_room(call, room_handler, w);

	return 0;
}


/* The reply to each who watches. */
static int event_print(struct mbuf *mb, const char *name,
		       const struct event *e, const struct journal *j)
{
	int err;

	mbuf_rewind(mb);
	err  = json_open(mb, NULL, '{');
	err |= status_event(mb, "event", name, e, j);
	err |= json_close(mb, '}');

	return err ? ENOMEM : 0;
}


void monitors_event(struct monitors *m, const char *name,
		    const struct event *e, const struct journal *j)
{
	if (!m->watcherl.head)
		return;

	if (event_print(m->text, name, e, j) || !log_add(m, name)) {
		/* a gap that nobody is told of would be a lie */
		leave_all_behind(m, log_end(m) + 1, NEVER);
		return;
	}

	if (m->log->end > MONITORS_MAX)
		leave_all_behind(m, log_end(m) - MONITORS_MAX / 2, NEVER);
	if (m->timer.at == NEVER)
		timer_start(&m->timer, loop_now());
}


static void destructor(void *arg)
{
	struct monitors *m = arg;
	struct watcher *w;

	timer_cancel(&m->timer);
	if (m->log)
		tell_all(m);

	while ((w = list_ledata(list_head(&m->watcherl)))) {
		if (w->at < log_end(m)) {
			leave_behind(w);
			continue;
		}
		control_on_gone(w->call, NULL, NULL);
		(void)control_error(w->call, "Stopping", NULL, NULL);
		mem_deref(w);
	}

	mem_deref(m->log);
	mem_deref(m->text);
}


int monitors_alloc(struct monitors **mp)
{
	struct monitors *m;

	m = mem_zalloc(sizeof(*m), destructor);
	if (!m)
		return ENOMEM;

	timer_init(&m->timer, timer_handler, m);
	m->log = mbuf_alloc(EVENT_ROOM);
	m->text = mbuf_alloc(EVENT_ROOM);
	if (!m->log || !m->text) {
		mem_deref(m);
		return ENOMEM;
	}

	*mp = m;

	return 0;
}
