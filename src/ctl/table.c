/* A table: aligned for a person, tab-separated for a program. */

#include <errno.h>
#include <stdio.h>
#include <sys/types.h>
#include <re.h>
#include "table.h"

#define COLUMNS_MAX 16
#define GAP         2            /* columns between columns */

struct table {
	const char *const *headv;
	unsigned columns;
	size_t widthv[COLUMNS_MAX];
	struct list rowl;
};

struct row {
	struct le le;
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


int table_add(struct table *t, const struct cell *cellv)
{
	struct row *row;
	unsigned i;
	int err = 0;

	row = mem_zalloc(sizeof(*row), row_destructor);
	if (!row)
		return ENOMEM;

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


static void print_cell(const struct table *t, unsigned i, const char *text,
		       enum colour colour)
{
	const bool last = i + 1 == t->columns;
	int pad = 0;

	if (!text_terminal()) {
		(void)printf("%s%c", text, last ? '\n' : '\t');
		return;
	}

	if (!last)
		pad = (int)(t->widthv[i] - text_width(text)) + GAP;

	(void)printf("%s%s%s%*s", text_colour(colour), text,
		     text_colour_end(colour), pad, "");
	if (last)
		(void)putchar('\n');
}


void table_print(const struct table *t)
{
	const struct le *le;
	unsigned i;

	for (i = 0; i < t->columns; i++)
		print_cell(t, i, t->headv[i], COLOUR_HEAD);

	for (le = list_head(&t->rowl); le; le = le->next) {

		const struct row *row = le->data;

		for (i = 0; i < t->columns; i++)
			print_cell(t, i, row->cellv[i].text,
				   row->cellv[i].colour);
	}
}
