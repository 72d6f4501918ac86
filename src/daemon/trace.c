/* The SIP messages of an account, told and kept: see trace.h. The rings are in
 * trace_ring.c. */

#include <string.h>
#include <openssl/crypto.h>
#include "loop.h"
#include "trace.h"
#include "trace_ring.h"


enum {
	LEARNED = 8,             /* secrets found in what we sent, the last
				    ones: two credentials of a REGISTER and of
				    a probe, a response and a cnonce in each */
};

struct traces {
	size_t tracec;
	size_t share;            /* bytes of a ring now; 0: none */
	struct list ringl;
	struct list watchl;
};

struct trace_learned {
	unsigned next;           /* the oldest one, which is replaced */
	struct {
		uint8_t l;
		char p[MASK_VALUE_MAX];
	} valuev[LEARNED];
};

/* The message in hand; nothing is left in it that was not masked. */
static char scratch[TRACE_TEXT_MAX + 1];


/* --- the budget --- */

static size_t share_of(size_t tracec)
{
	size_t share = TRACE_SHARE_MAX;

	while (share >= TRACE_SHARE_MIN && share * tracec > TRACE_BUDGET)
		share /= 2;

	return share >= TRACE_SHARE_MIN ? share : 0;
}


/* A larger share is taken with the next message, a smaller one is the rule at
 * once: that happens four times at most while accounts become more. */
static void count(struct traces *ts, size_t tracec)
{
	const size_t share = share_of(tracec);
	struct le *le, *next;

	ts->tracec = tracec;
	if (share == ts->share)
		return;

	ts->share = share;
	for (le = ts->ringl.head; le; le = next) {
		struct trace *t = trace_ring_owner(le->data);

		next = le->next;
		if (trace_ring_size(t->ring) > share)
			trace_ring_resize(&t->ring, &ts->ringl, t, share);
	}
}


/* --- birth and death --- */

static void traces_destructor(void *data)
{
	(void)data;      /* every trace has a reference */
}


int traces_alloc(struct traces **tsp)
{
	struct traces *ts = mem_zalloc(sizeof(*ts), traces_destructor);

	if (!ts)
		return ENOMEM;

	ts->share = share_of(0);
	*tsp = ts;

	return 0;
}


static void trace_destructor(void *data)
{
	struct trace *t = data;

	mem_deref(t->ring);
	if (t->learned)
		OPENSSL_cleanse(t->learned, sizeof(*t->learned));
	mem_deref(t->learned);
	count(t->traces, t->traces->tracec - 1);
	mem_deref(t->traces);
}


int trace_get(struct trace **tp, struct traces *ts, const char *name)
{
	struct trace *t;
	struct le *le;

	LIST_FOREACH(&ts->watchl, le) {
		const struct trace_watch *w = le->data;

		if (!strcmp(w->name, name)) {
			*tp = mem_ref(w->trace);
			return 0;
		}
	}

	t = mem_zalloc(sizeof(*t), trace_destructor);
	if (!t)
		return ENOMEM;

	t->traces = mem_ref(ts);
	t->share = &ts->share;
	count(ts, ts->tracec + 1);
	*tp = t;

	return 0;
}


/* --- looking back --- */

bool trace_keeps(const struct trace *t)
{
	return *t->share > 0;
}


void trace_past(const struct trace *t, size_t max, trace_message_h *h,
		void *arg)
{
	if (t->ring)
		trace_ring_each(t->ring, max, scratch, h, arg);
}


/* --- whoever watches --- */

int trace_watch_start(struct trace_watch *w, struct trace *t, const char *name,
		      trace_message_h *h, void *arg)
{
	int err;

	err = str_dup(&w->name, name);
	if (err)
		return err;

	w->trace = mem_ref(t);
	w->h = h;
	w->arg = arg;
	list_append(&t->watchl, &w->le, w);
	list_append(&t->traces->watchl, &w->all, w);

	return 0;
}


void trace_watch_stop(struct trace_watch *w)
{
	list_unlink(&w->le);
	list_unlink(&w->all);
	w->name = mem_deref(w->name);
	w->trace = mem_deref(w->trace);
}


void traces_end(struct traces *ts)
{
	struct le *le, *next;

	for (le = ts ? ts->watchl.head : NULL; le; le = next) {
		struct trace_watch *w = le->data;

		next = le->next;
		w->h(NULL, NULL, w->arg);
	}
}


/* --- a message --- */

static bool is_learned(const struct trace_learned *s, const char *p, size_t l)
{
	for (unsigned i = 0; i < LEARNED; i++)
		if (s->valuev[i].l == l && !memcmp(s->valuev[i].p, p, l))
			return true;

	return false;
}


/* What stood in what we sent may come back in any form. */
static void found_handler(const char *p, size_t l, void *arg)
{
	struct trace *t = arg;
	struct trace_learned *s = t->learned;

	if (!s)
		s = t->learned = mem_zalloc(sizeof(*s), NULL);
	if (!s || is_learned(s, p, l))
		return;

	s->valuev[s->next].l = (uint8_t)l;
	memcpy(s->valuev[s->next].p, p, l);
	s->next = (s->next + 1) % LEARNED;
}


static void mask(const struct tap *tap, char *text, size_t len, bool sent)
{
	const struct trace *t = tap->trace;
	struct mask m = {.valuec = 0};

	mask_places(text, len, sent ? found_handler : NULL, tap->trace);

	if (tap->secretsh)
		tap->secretsh(&m, tap->arg);
	for (unsigned i = 0; t->learned && i < LEARNED; i++)
		mask_add(&m, t->learned->valuev[i].p, t->learned->valuev[i].l);
	mask_values(text, len, &m);
}


static void tell(struct trace *t, const struct trace_message *m)
{
	struct le *le, *next;

	for (le = t->watchl.head; le; le = next) {
		struct trace_watch *w = le->data;

		next = le->next;
		w->h(m, scratch, w->arg);
	}
}


static void keep(struct trace *t, const struct trace_message *m)
{
	if (trace_ring_size(t->ring) != *t->share)
		trace_ring_resize(&t->ring, &t->traces->ringl, t, *t->share);
	if (t->ring)
		trace_ring_add(t->ring, m, scratch);
}


void tap_message(const struct tap *tap, struct trace_message *m,
		 const uint8_t *buf, size_t len)
{
	struct trace *t = mem_ref(tap->trace);
	const size_t textc = len < TRACE_TEXT_MAX ? len : TRACE_TEXT_MAX;

	memcpy(scratch, buf, textc);
	mask(tap, scratch, textc, m->sent);
	scratch[textc] = '\0';

	m->at_usec = loop_wall_usec() + (int64_t)loop_usec();
	m->flow = tap->flow;
	m->length = (uint32_t)len;
	m->textc = (uint32_t)textc;

	keep(t, m);
	tell(t, m);
	mem_deref(t);
}
