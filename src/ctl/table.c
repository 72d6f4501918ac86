/* A table: aligned for a person, tab-separated for a program. */

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <re.h>
#include "table.h"

#define COLUMNS_MAX 16
#define GAP         2            /* columns between columns */
#define CUT_MIN     8            /* columns: less of a name is none */

struct table {
	const char *const *headv;
	unsigned columns;
	size_t widthv[COLUMNS_MAX];
	const unsigned *rankv;   /* NULL: all columns, as wide as they are */
	unsigned cut;
	struct list rowl;
};

/* How it is printed. */
struct layout {
	bool shownv[COLUMNS_MAX];
	size_t widthv[COLUMNS_MAX];
	unsigned last;           /* column */
};

struct row {
	struct le le;
	unsigned urgency;
	unsigned columns;
	struct {
		char *text;
		enum colour colour;
	} cellv[COLUMNS_MAX];
};


static void row_destructor(void *arg)
{
	struct row *row = arg;
	unsigned i;

	list_unlink(&row->le);
	for (i = 0; i < row->columns; i++)
		mem_deref(row->cellv[i].text);
}


static void table_destructor(void *arg)
{
	struct table *t = arg;

	list_flush(&t->rowl);
}


static void widen(struct table *t, unsigned i, const char *text)
{
	const size_t width = text_width(text);

	if (width > t->widthv[i])
		t->widthv[i] = width;
}


int table_alloc(struct table **tp, const char *const *headv, unsigned columns)
{
	struct table *t;
	unsigned i;

	if (columns > COLUMNS_MAX)
		return EINVAL;

	t = mem_zalloc(sizeof(*t), table_destructor);
	if (!t)
		return ENOMEM;

	t->headv = headv;
	t->columns = columns;
	for (i = 0; i < columns; i++)
		widen(t, i, headv[i]);

	*tp = t;

	return 0;
}


void table_fit(struct table *t, const unsigned *rankv, unsigned cut)
{
	t->rankv = rankv;
	t->cut = cut;
}


int table_add(struct table *t, const struct cell *cellv)
{
	return table_add_urgent(t, cellv, 0);
}


int table_add_urgent(struct table *t, const struct cell *cellv,
		     unsigned urgency)
{
	struct row *row;
	unsigned i;
	int err = 0;

	row = mem_zalloc(sizeof(*row), row_destructor);
	if (!row)
		return ENOMEM;

	row->urgency = urgency;
	row->columns = t->columns;

	for (i = 0; i < t->columns && !err; i++) {
		row->cellv[i].colour = cellv[i].colour;
		err = str_dup(&row->cellv[i].text, cellv[i].text);
		widen(t, i, cellv[i].text);
	}

	if (err)
		mem_deref(row);
	else
		list_append(&t->rowl, &row->le, row);

	return err;
}


/* --- what finds room --- */

static size_t gap(const struct table *t, unsigned i)
{
	return t->headv[i][0] ? GAP : 1;
}


/* Columns of the terminal, without the gap after the last one. */
static size_t total(const struct table *t, const struct layout *l)
{
	size_t n = 0, after = 0;
	unsigned i;

	for (i = 0; i < t->columns; i++) {

		if (!l->shownv[i])
			continue;

		n += after + l->widthv[i];
		after = gap(t, i);
	}

	return n;
}


static void show_rank(const struct table *t, struct layout *l, unsigned rank,
		      size_t room)
{
	unsigned i;

	for (i = 0; i < t->columns; i++) {

		if (t->rankv[i] != rank)
			continue;

		l->shownv[i] = true;
		if (rank && total(t, l) > room)
			l->shownv[i] = false;
	}
}


static void cut(const struct table *t, struct layout *l, size_t room)
{
	size_t *width = &l->widthv[t->cut];
	const size_t n = total(t, l);
	const size_t excess = n > room ? n - room : 0;

	if (!excess || *width <= CUT_MIN)
		return;

	*width = *width > excess + CUT_MIN ? *width - excess : CUT_MIN;
}


static void lay_out(const struct table *t, struct layout *l)
{
	const bool fit = t->rankv && text_terminal();
	const size_t room = text_columns();
	unsigned i;

	memset(l, 0, sizeof(*l));
	memcpy(l->widthv, t->widthv, sizeof(l->widthv));

	for (i = 0; i < t->columns && !fit; i++)
		l->shownv[i] = true;

	for (i = 0; i <= t->columns && fit; i++)
		show_rank(t, l, i, room);

	if (fit)
		cut(t, l, room);

	for (i = 0; i < t->columns; i++) {
		if (l->shownv[i])
			l->last = i;
	}
}


/* --- printing --- */

/* Of a text that is too wide the beginning and a sign of that. Returns the
 * columns that are used. */
static size_t print_text(FILE *f, const char *text, size_t width)
{
	const size_t n = text_width(text);
	size_t bytes = 0, columns = 0;

	if (n <= width) {
		(void)fputs(text, f);
		return n;
	}

	for (; text[bytes]; bytes++) {
		if (((unsigned char)text[bytes] & 0xc0) != 0x80 &&
		    ++columns == width)
			break;
	}

	(void)fprintf(f, "%.*s%s", (int)bytes, text, TEXT_CUT);

	return width;
}


static void print_cell(const struct table *t, const struct layout *l, FILE *f,
		       unsigned i, const char *text, enum colour colour)
{
	const bool last = i == l->last;
	size_t used;

	if (!l->shownv[i])
		return;

	if (!text_terminal()) {
		(void)fprintf(f, "%s%c", text, last ? '\n' : '\t');
		return;
	}

	(void)fputs(text_colour(colour), f);
	used = print_text(f, text, l->widthv[i]);
	(void)fputs(text_colour_end(colour), f);

	if (last)
		(void)fputc('\n', f);
	else
		(void)fprintf(f, "%*s", (int)(l->widthv[i] - used + gap(t, i)),
			      "");
}


static void print_row(const struct table *t, const struct layout *l, FILE *f,
		      const struct row *row)
{
	unsigned i;

	for (i = 0; i < t->columns; i++)
		print_cell(t, l, f, i, row->cellv[i].text,
			   row->cellv[i].colour);
}


static void print_all(const struct table *t, const struct layout *l, FILE *f)
{
	const struct le *le;

	for (le = list_head(&t->rowl); le; le = le->next)
		print_row(t, l, f, le->data);
}


/* The most urgent, and of the same urgency those that came first. */
static void print_some(const struct table *t, const struct layout *l, FILE *f,
		       size_t rows)
{
	size_t more = list_count(&t->rowl) - rows;
	unsigned urgency = TABLE_URGENCY_MAX + 1;
	const struct le *le;

	while (urgency--) {

		for (le = list_head(&t->rowl); le && rows; le = le->next) {

			const struct row *row = le->data;

			if (row->urgency != urgency)
				continue;

			print_row(t, l, f, row);
			--rows;
		}
	}

	(void)fprintf(f, "and %zu more\n", more);
}


void table_write(const struct table *t, FILE *f, size_t lines)
{
	struct layout l;
	unsigned i;

	lay_out(t, &l);

	for (i = 0; i < t->columns; i++)
		print_cell(t, &l, f, i, t->headv[i], COLOUR_HEAD);

	if (list_count(&t->rowl) < lines)
		print_all(t, &l, f);
	else
		print_some(t, &l, f, lines < 2 ? 0 : lines - 2);
}


void table_print(const struct table *t)
{
	table_write(t, stdout, SIZE_MAX);
}
