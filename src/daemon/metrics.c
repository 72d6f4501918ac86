/* Metrics for whoever collects them: see metrics.h. */

#include <stdio.h>
#include <string.h>
#include "loop.h"
#include "metrics.h"
#include "metrics_file.h"
#include "metrics_http.h"


enum {
	LOOK = 1000,             /* [ms] between looks at who still reads */
};

struct metrics {
	struct daemon *daemon;
	struct metrics_page *making;     /* NULL: none is */
	struct metrics_page *pagev[METRICS_PAGES];       /* whose readers may
							    be slow */
	msec_t fresh_until;              /* the latest, pagev[0] */
	struct timer timer;              /* then it is let go of */
	struct list waiting;
	struct metrics_http *http;
	struct metrics_file *file;
};


/* --- pages --- */

/* Only ours is left. */
static bool is_free(const struct metrics_page *page)
{
	return !page || mem_nrefs(page) == 1;
}


/* The others move up. */
static void forget(struct metrics *m)
{
	unsigned n = 0;

	for (unsigned i = 0; i < METRICS_PAGES; i++) {
		struct metrics_page *page = m->pagev[i];

		m->pagev[i] = NULL;
		if (is_free(page))
			mem_deref(page);
		else
			m->pagev[n++] = page;
	}
}


static void forget_handler(void *arg)
{
	struct metrics *m = arg;

	forget(m);

	/* slow readers */
	if (m->pagev[0])
		timer_start(&m->timer, loop_now() + LOOK);
}


static void serve(struct metrics *m, struct metrics_page *page)
{
	struct list all = LIST_INIT;
	struct metrics_wait *w;

	/* who asks again from his handler waits for the next one */
	while ((w = list_ledata(m->waiting.head))) {
		list_unlink(&w->le);
		list_append(&all, &w->le, w);
	}

	while ((w = list_ledata(all.head))) {
		list_unlink(&w->le);
		w->h(page, w->arg);
	}
}


static void page_handler(int err, void *arg)
{
	struct metrics *m = arg;
	struct metrics_page *page = m->making;
	const msec_t now = loop_now();

	m->making = NULL;
	if (err) {
		page = mem_deref(page);
	}
	else {
		forget(m);
		m->pagev[METRICS_PAGES - 1] =
			mem_deref(m->pagev[METRICS_PAGES - 1]);
		memmove(&m->pagev[1], &m->pagev[0],
			(METRICS_PAGES - 1) * sizeof(m->pagev[0]));
		m->pagev[0] = page;
		m->fresh_until = now + METRICS_SHARE *
			metrics_page_spent(page) / 1000;
		timer_start(&m->timer, m->fresh_until);
	}

	serve(m, page);
}


/* One that is fresh; or any, if those that are read take up all the room. */
static struct metrics_page *present(struct metrics *m)
{
	unsigned used = 0;

	if (m->pagev[0] && loop_now() < m->fresh_until)
		return m->pagev[0];

	for (unsigned i = 0; i < METRICS_PAGES; i++)
		used += !is_free(m->pagev[i]);

	return used == METRICS_PAGES ? m->pagev[0] : NULL;
}


void metrics_want(struct metrics *m, struct metrics_wait *w,
		  metrics_ready_h *h, void *arg)
{
	struct metrics_page *page = m->making ? NULL : present(m);

	metrics_unwant(w);
	if (page) {
		h(page, arg);
		return;
	}

	if (!m->making &&
	    metrics_page_alloc(&m->making, m->daemon, page_handler, m)) {
		h(NULL, arg);
		return;
	}

	w->h = h;
	w->arg = arg;
	list_append(&m->waiting, &w->le, w);
}


void metrics_unwant(struct metrics_wait *w)
{
	list_unlink(&w->le);
}


/* --- accounts --- */

static bool has_outcome(enum reason r)
{
	return r != REASON_STARTING && r != REASON_RESOLVING &&
		r != REASON_CONNECTING;
}


bool metrics_ready(const struct metrics *m, char *text, size_t size)
{
	const struct daemon *d = m->daemon;
	size_t enabled = 0, reachable = 0;
	bool ready = !d->stoppedh;

	for (size_t i = 0; i < d->entryc; i++) {
		const struct agent *agent = d->entryv[i]->agent;
		const struct account *a = agent_account(agent);

		if (!agent_conf(agent)->enabled)
			continue;

		++enabled;
		reachable += a->verdict.reachable == REACHABLE_YES;
		if (!a->paused)
			ready &= a->started && has_outcome(a->verdict.reason);
	}

	(void)snprintf(text, size, "%zu/%zu reachable%s", reachable, enabled,
		       d->stoppedh ? ", stopping" : "");

	return ready;
}


void metrics_on_verdict(struct metrics *m)
{
	if (m->file)
		metrics_file_hurry(m->file);
}


/* --- birth and death --- */

static void destructor(void *data)
{
	struct metrics *m = data;

	timer_cancel(&m->timer);
	mem_deref(m->http);
	mem_deref(m->file);
	mem_deref(m->making);
	serve(m, NULL);
	for (unsigned i = 0; i < METRICS_PAGES; i++)
		mem_deref(m->pagev[i]);
}


void metrics_set_config(struct metrics *m, const struct config *config)
{
	metrics_http_set(&m->http, m, config->metrics_listen,
			 &config->metrics_addr);
	metrics_file_set(&m->file, m, config->metrics_textfile);
}


void metrics_stop(struct metrics *m)
{
	metrics_file_set(&m->file, m, "");
}


int metrics_alloc(struct metrics **mp, struct daemon *d)
{
	struct metrics *m = mem_zalloc(sizeof(*m), destructor);

	if (!m)
		return ENOMEM;

	m->daemon = d;
	timer_init(&m->timer, forget_handler, m);
	metrics_set_config(m, d->config);
	*mp = m;

	return 0;
}
