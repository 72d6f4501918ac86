/* A table: aligned for a person, tab-separated for a program. */

#ifndef TABLE_H
#define TABLE_H

#include <stdio.h>
#include "text.h"

struct table;

struct cell {
	const char *text;        /* is copied */
	enum colour colour;
};


/* `headv` must outlive it. errno values. mem_deref(*tp). */
int table_alloc(struct table **tp, const char *const *headv, unsigned columns);

/* The table must fit the terminal. `rankv` has a number for each column: 0 is
 * always there; of the others each that finds room is, in the order of their
 * numbers. If the columns of 0 alone are too wide, column `cut` is cut short.
 * `rankv` must outlive the table. */
void table_fit(struct table *t, const unsigned *rankv, unsigned cut);

/* Adds a row of as many cells as there are columns. ENOMEM. */
int table_add(struct table *t, const struct cell *cellv);

/* The same; where not all rows find room, those with a higher number do. */
int table_add_urgent(struct table *t, const struct cell *cellv,
		     unsigned urgency);
#define TABLE_URGENCY_MAX 3

/* To stdout, the head first. A column without a heading is a mark, close to the
 * next column. */
void table_print(const struct table *t);

/* To `f` in at most so many lines. What is not there is counted in the last. */
void table_write(const struct table *t, FILE *f, size_t lines);

#endif
