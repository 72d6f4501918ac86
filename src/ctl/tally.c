/* Counts accounts: see tally.h. */

#include <string.h>
#include "account.h"
#include "tally.h"
#include "value.h"


static void add_reason(struct tally *t, const char *reason)
{
	unsigned i;

	for (i = 0; i < t->reasonc; i++) {
		if (!strcmp(t->reasonv[i].name, reason))
			break;
	}

	if (i == TALLY_REASONS)
		return;

	if (i == t->reasonc) {
		str_ncpy(t->reasonv[i].name, reason,
			 sizeof(t->reasonv[i].name));
		++t->reasonc;
	}

	++t->reasonv[i].count;
}


void tally_add(struct tally *t, const struct odict *account)
{
	const char *reachable = account_string(account, "reachable");

	++t->total;
	t->registered += value_true(account, "registered");

	if (account_unwanted(account)) {
		++t->unwanted;
	}
	else if (!strcmp(reachable, "yes")) {
		++t->yes;
	}
	else if (!strcmp(reachable, "no")) {
		++t->no;
		add_reason(t, account_string(account, "reason"));
	}
	else {
		++t->unknown;
	}
}


/* The most frequent that is not done, of equal ones the one that came first. */
static unsigned next_reason(const struct tally *t, const bool *donev)
{
	unsigned i, best = t->reasonc;

	for (i = 0; i < t->reasonc; i++) {
		if (!donev[i] && (best == t->reasonc ||
				  t->reasonv[i].count > t->reasonv[best].count))
			best = i;
	}

	return best;
}


/* One reason stands alone, several with their numbers. */
static void print_reasons(const struct tally *t, FILE *f, unsigned reasons)
{
	bool donev[TALLY_REASONS] = {false};
	unsigned left = t->no, i, n;

	if (t->reasonc == 1) {
		(void)fprintf(f, " (%s)", t->reasonv[0].name);
		return;
	}

	for (n = 0; n < reasons && n < t->reasonc; n++) {
		i = next_reason(t, donev);
		donev[i] = true;
		left -= t->reasonv[i].count;
		(void)fprintf(f, "%s%u %s", n ? ", " : " (",
			      t->reasonv[i].count, t->reasonv[i].name);
	}

	if (n && left)
		(void)fprintf(f, ", %u others", left);
	if (n)
		(void)fputc(')', f);
}


void tally_print_others(const struct tally *t, FILE *f, unsigned reasons)
{
	if (t->no) {
		(void)fprintf(f, ", %u not", t->no);
		print_reasons(t, f, reasons);
	}

	if (t->unknown)
		(void)fprintf(f, ", %u unknown", t->unknown);
	if (t->unwanted)
		(void)fprintf(f, ", %u paused", t->unwanted);
}
