/* Metrics for whoever collects them: makes pages (metrics_page.h) when somebody
 * asks, and hands them to the HTTP listener, the text file and the control
 * socket. Whatever goes wrong here is said in the log and tried again: accounts
 * do not notice. */

#ifndef METRICS_H
#define METRICS_H

#include "compat.h"
#include "config.h"
#include "metrics_page.h"


#define METRICS_SHARE 4          /* times as long as it took to make, a page
				    is given to whoever asks: so they take a
				    fifth of a processor at most */
#define METRICS_PAGES 2          /* alive at a time: one that slow readers
				    still have, and the next */

struct metrics;

/* Somebody who waits for a page; zero it first. */
typedef void (metrics_ready_h)(struct metrics_page *page, void *arg);

struct metrics_wait {
	struct le le;
	metrics_ready_h *h;
	void *arg;
};

/* `d` outlives it. Listens and writes as its configuration says. ENOMEM. */
int metrics_alloc(struct metrics **mp, struct daemon *d);

/* After a reload. */
void metrics_set_config(struct metrics *m, const struct config *config);

/* The daemon is about to end: what it has written is not true any more. */
void metrics_stop(struct metrics *m);

/* A verdict has changed. */
void metrics_on_verdict(struct metrics *m);

/* Calls h with a page (NULL: it cannot be made), which is to be referenced if
 * it is kept; once, maybe from here. */
void metrics_want(struct metrics *m, struct metrics_wait *w,
		  metrics_ready_h *h, void *arg);
void metrics_unwant(struct metrics_wait *w);

/* Has each account that is to run had its first outcome? *textp, SIZE bytes:
 * "3/4 reachable". */
bool metrics_ready(const struct metrics *m, char *text, size_t size);

#endif
