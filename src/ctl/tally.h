/* Counts accounts: how many can be called, and why the others cannot. */

#ifndef TALLY_H
#define TALLY_H

#include <stdio.h>
#include <sys/types.h>
#include <re.h>

#define TALLY_REASONS 32         /* more than there are codes */

struct tally {
	unsigned total;
	unsigned registered;
	unsigned unwanted;           /* paused or disabled: no fault */
	unsigned yes, no, unknown;   /* of reachable, of the others */
	unsigned reasonc;
	struct {
		char name[32];
		unsigned count;
	} reasonv[TALLY_REASONS];    /* of those that are not reachable */
};


/* Zero it first. */
void tally_add(struct tally *t, const struct odict *account);

/* What there is beside those that can be called, with so many of the reasons:
 * ", 1 not (binding-private), 1 unknown, 2 paused" */
void tally_print_others(const struct tally *t, FILE *f, unsigned reasons);
#define TALLY_NAMED 3            /* reasons are enough for a line */

#endif
