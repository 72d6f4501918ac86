/* The state of all metrics at one time, as text.
 *
 * Ten thousand accounts are some 13 MB of it: they are asked one after the
 * other in slices, and between these the loop goes round, so that a scrape is
 * nobody's delay. The samples are the same in both formats; only the lines
 * before them differ, and are made when the page is read. It does not change
 * once it is ready: all who ask at the same time share it. */

#ifndef METRICS_PAGE_H
#define METRICS_PAGE_H

#include "compat.h"
#include "daemon_set.h"
#include "metrics_family.h"


#define METRICS_SLICE 5000       /* [us] of accounts at a time */

struct metrics_page;

/* It is ready, or (ENOMEM) cannot be made; from the loop. */
typedef void (metrics_page_h)(int err, void *arg);

/* Begins one; `d` stays until it is ready or freed. ENOMEM. */
int metrics_page_alloc(struct metrics_page **pp, const struct daemon *d,
		       metrics_page_h *h, void *arg);

/* What it took [us]: all slices, and the longest of them. */
uint64_t metrics_page_spent(const struct metrics_page *p);
uint64_t metrics_page_longest(const struct metrics_page *p);

size_t metrics_page_length(const struct metrics_page *p,
			   enum metrics_format format);

/* Reads a page that is ready, piece by piece. */
struct metrics_reader {
	const struct metrics_page *page;
	enum metrics_format format;
	unsigned family;
	struct le *next;                 /* chunk; NULL: none left */
	char head[METRICS_HEAD_MAX];
	bool begun;                      /* the head of the family was read */
	bool ended;
};

void metrics_reader_init(struct metrics_reader *r,
			 const struct metrics_page *p,
			 enum metrics_format format);

/* The next one: whole lines, with a zero after them; false: it was all. Valid
 * as long as the page, and until the next call. */
bool metrics_reader_next(struct metrics_reader *r, struct pl *piece);


/* --- for those that write samples --- */

#define METRICS_LABEL_MAX 1024   /* bytes of an escaped value with its zero;
				    what is longer is cut */

/* One sample: the family's name, and then what `fmt` says: "_total{...} 7" */
void metrics_sample(struct metrics_page *p, enum metric m,
		    const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The value as it stands between quotes: escaped, UTF-8 whatever it was. */
void metrics_label(char buf[METRICS_LABEL_MAX], const char *value);

/* metrics_account.c */
void metrics_account(struct metrics_page *p, const struct agent *a,
		     int64_t wall_usec);

/* metrics_daemon.c: of the whole */
void metrics_daemon(struct metrics_page *p, const struct daemon *d);
void metrics_process(struct metrics_page *p);

#endif
