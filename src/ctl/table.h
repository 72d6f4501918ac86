/* A table: aligned for a person, tab-separated for a program. */

#ifndef TABLE_H
#define TABLE_H

#include "text.h"

struct table;

struct cell {
	const char *text;        /* is copied */
	enum colour colour;
};


/* `headv` must outlive it. errno values. mem_deref(*tp). */
int table_alloc(struct table **tp, const char *const *headv, unsigned columns);

/* Adds a row of as many cells as there are columns. ENOMEM. */
int table_add(struct table *t, const struct cell *cellv);

/* To stdout, the head first. */
void table_print(const struct table *t);

#endif
