/* The state of all metrics at one time, as text: see metrics_page.h. */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "loop.h"
#include "metrics_page.h"
#include "utf8.h"


enum {
	LINE_MAX_BYTES = 4096,   /* of a sample: three labels of the longest */
	CHUNK_MIN = 1024,        /* bytes of a family's first chunk, ... */
	CHUNK_MAX = 65536,       /* and of the largest: they double */
};

/* Whole lines of one family. */
struct chunk {
	struct le le;
	size_t len, size;        /* without the zero */
	char text[];
};

struct metrics_page {
	const struct daemon *daemon;
	metrics_page_h *h;
	void *arg;
	struct timer timer;
	struct list chunklv[METRICS_COUNT];
	size_t generation;       /* of the set of accounts */
	size_t next;             /* account */
	bool process;            /* is all that is missing */
	uint64_t spent, longest; /* [us] slices, and one of them */
	int err;
};


/* --- samples --- */

static struct chunk *chunk_alloc(struct list *l)
{
	const struct chunk *last = list_ledata(l->tail);
	size_t size = last ? last->size * 2 : CHUNK_MIN;
	struct chunk *c;

	size = size < CHUNK_MAX ? size : CHUNK_MAX;
	c = mem_alloc(sizeof(*c) + size + 1, NULL);
	if (!c)
		return NULL;

	memset(c, 0, sizeof(*c));
	c->size = size;
	list_append(l, &c->le, c);

	return c;
}


static void append(struct metrics_page *p, enum metric m, const char *line,
		   size_t len)
{
	struct list *l = &p->chunklv[m];
	struct chunk *c = list_ledata(l->tail);

	while (!c || c->size - c->len < len) {
		c = chunk_alloc(l);
		if (!c) {
			p->err = ENOMEM;
			return;
		}
	}

	memcpy(c->text + c->len, line, len);
	c->len += len;
	c->text[c->len] = '\0';
}


void metrics_sample(struct metrics_page *p, enum metric m,
		    const char *fmt, ...)
{
	char line[LINE_MAX_BYTES];
	va_list ap;
	int n, len;

	if (p->err)
		return;

	n = snprintf(line, sizeof(line), "%s", metric_name(m));
	va_start(ap, fmt);
	len = vsnprintf(line + n, sizeof(line) - (size_t)n, fmt, ap);
	va_end(ap);

	/* none at all is better than a broken line, which spoils all others */
	if (len < 0 || (size_t)(n + len) + 1 >= sizeof(line))
		return;

	n += len;
	line[n++] = '\n';
	append(p, m, line, (size_t)n);
}


static size_t label_char(char *buf, const char *value, size_t left)
{
	const size_t n = utf8_char(value, left);

	switch (*value) {

	case '\\':
	case '"':
		buf[0] = '\\';
		buf[1] = *value;
		return 2;

	case '\n':
		memcpy(buf, "\\n", 2);
		return 2;

	default:
		break;
	}

	if (n)
		memcpy(buf, value, n);
	else
		buf[0] = '?';

	return n ? n : 1;
}


void metrics_label(char buf[METRICS_LABEL_MAX], const char *value)
{
	size_t left = strlen(value), len = 0;

	/* a character is four bytes at most */
	while (left && len + 4 < METRICS_LABEL_MAX) {
		const size_t n = utf8_char(value, left);

		len += label_char(buf + len, value, left);
		value += n ? n : 1;
		left  -= n ? n : 1;
	}

	buf[len] = '\0';
}


/* --- slices --- */

static void clear(struct metrics_page *p)
{
	for (unsigned m = 0; m < METRICS_COUNT; m++)
		list_flush(&p->chunklv[m]);
}


static void begin(struct metrics_page *p)
{
	clear(p);
	p->next = 0;
	p->process = false;
	p->generation = p->daemon->generation;
}


static void destructor(void *data)
{
	struct metrics_page *p = data;

	timer_cancel(&p->timer);
	clear(p);
}


/* True: that was all. The process is asked at last, and by itself: to count its
 * descriptors takes as long as a slice. */
static bool slice(struct metrics_page *p, uint64_t start)
{
	const struct daemon *d = p->daemon;

	/* accounts came or went: each is to be there once */
	if (p->generation != d->generation)
		begin(p);

	if (p->process) {
		metrics_process(p);
		return true;
	}

	while (!p->err && p->next < d->entryc) {
		if (loop_usec() - start > METRICS_SLICE)
			return false;

		metrics_account(p, d->entryv[p->next++]->agent, d->wall_usec);
	}

	metrics_daemon(p, d);
	p->process = true;

	return p->err;
}


static void slice_handler(void *arg)
{
	struct metrics_page *p = arg;
	const uint64_t start = loop_usec();
	const bool all = slice(p, start);
	const uint64_t took = loop_usec() - start;

	p->spent += took;
	p->longest = took > p->longest ? took : p->longest;
	if (!all) {
		timer_start(&p->timer, loop_now());
		return;
	}

	p->daemon = NULL;
	p->h(p->err, p->arg);
}


int metrics_page_alloc(struct metrics_page **pp, const struct daemon *d,
		       metrics_page_h *h, void *arg)
{
	struct metrics_page *p = mem_zalloc(sizeof(*p), destructor);

	if (!p)
		return ENOMEM;

	p->daemon = d;
	p->h = h;
	p->arg = arg;
	timer_init(&p->timer, slice_handler, p);
	timer_start(&p->timer, loop_now());
	begin(p);
	*pp = p;

	return 0;
}


uint64_t metrics_page_spent(const struct metrics_page *p)
{
	return p->spent;
}


uint64_t metrics_page_longest(const struct metrics_page *p)
{
	return p->longest;
}


/* --- reading --- */

static const char eof[] = "# EOF\n";


void metrics_reader_init(struct metrics_reader *r,
			 const struct metrics_page *p,
			 enum metrics_format format)
{
	memset(r, 0, sizeof(*r));
	r->page = p;
	r->format = format;
}


bool metrics_reader_next(struct metrics_reader *r, struct pl *piece)
{
	const struct chunk *c;

	if (r->begun && !r->next) {
		++r->family;
		r->begun = false;
	}

	if (r->family == METRICS_COUNT) {
		if (r->ended)
			return false;

		r->ended = true;
		piece->p = eof;
		piece->l = sizeof(eof) - 1;
		return true;
	}

	if (!r->begun) {
		r->begun = true;
		r->next = r->page->chunklv[r->family].head;
		piece->p = r->head;
		piece->l = metric_head(r->head, sizeof(r->head),
				       (enum metric)r->family, r->format);
		return true;
	}

	c = r->next->data;
	r->next = r->next->next;
	piece->p = c->text;
	piece->l = c->len;

	return true;
}


size_t metrics_page_length(const struct metrics_page *p,
			   enum metrics_format format)
{
	struct metrics_reader r;
	struct pl piece;
	size_t n = 0;

	metrics_reader_init(&r, p, format);
	while (metrics_reader_next(&r, &piece))
		n += piece.l;

	return n;
}
