/* sipregctl list: all accounts in a table. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "account.h"
#include "client.h"
#include "raw.h"
#include "table.h"
#include "tally.h"
#include "value.h"
#include "watch.h"

#define TIMEOUT 10               /* [s] */

static const char *const headv[] = {
	"", "NAME", "REGISTERED", "REACHABLE", "REASON", "SINCE", "TRANSPORT",
	"MAPPED", "LEASE",
};

/* What a terminal without room for all of it does without: see table_fit().
 * Who it is, whether it can be called, and why not, are always told. */
static const unsigned rankv[ARRAY_SIZE(headv)] = {
	0, 0, 2, 0, 0, 1, 5, 3, 4,
};

struct listing {
	const struct options *opt;
	struct table *table;
	struct mbuf *json;       /* the accounts so far, with commas */
	struct tally tally;
};

/* The mark is for eyes. */
#define COLUMN_FIRST (text_terminal() ? 0 : 1)
#define COLUMN_NAME  1           /* of headv */


static const char *since_text(char buf[TEXT_TIME], int64_t usec)
{
	return text_terminal() ? text_duration(buf, text_ago(usec))
			       : text_time(buf, usec);
}


/* Those in trouble come first where not all find room. */
static unsigned urgency(const struct odict *a)
{
	if (account_unwanted(a))
		return 1;

	switch (account_reachable_colour(a)) {

	case COLOUR_BAD:    return TABLE_URGENCY_MAX;
	case COLOUR_UNSURE: return 2;
	case COLOUR_GOOD:
	case COLOUR_HEAD:
	case COLOUR_NONE:   break;
	}

	return 0;
}


static int add_row(struct table *t, const struct odict *a)
{
	const struct odict *flow = account_flow(a);
	char time[TEXT_TIME], lease[TEXT_DURATION];
	const struct cell cellv[] = {
		{account_mark(a), account_mark_colour(a)},
		{account_string(a, "name")},
		{account_registered(a), account_registered_colour(a)},
		{account_string(a, "reachable"), account_reachable_colour(a)},
		{account_string(a, "reason")},
		{since_text(time, account_since(a))},
		{account_string(flow, "transport")},
		{account_string(flow, "mapped")},
		{text_duration(lease, value_int(a, "lease_left", -1))},
	};

	return table_add_urgent(t, cellv + COLUMN_FIRST, urgency(a));
}


static int add_json(struct mbuf *mb, const struct pl *reply)
{
	struct pl accounts, inner;
	int err = 0;

	if (!raw_member(&accounts, reply, "accounts"))
		return 0;

	raw_inner(&inner, &accounts);
	if (!inner.l)
		return 0;

	if (mb->end)
		err = mbuf_write_u8(mb, ',');

	return err ? err : mbuf_write_pl(mb, &inner);
}


static enum result reply_handler(const struct reply *r, void *arg)
{
	struct listing *l = arg;
	const struct odict *accounts = value_array(r->o, "accounts");
	const struct odict *a;
	size_t i;
	int err = 0;

	if (l->json)
		err = add_json(l->json, &r->json);

	for (i = 0; l->table && !err; i++) {

		a = value_element(accounts, i);
		if (!a)
			break;

		err = add_row(l->table, a);
		tally_add(&l->tally, a);
	}

	if (err)
		complain("out of memory");

	return err ? RESULT_FAILED : RESULT_OK;
}


/* With `more`, so that the daemon sends one account at a time: ten thousand
 * are more than one reply may hold. */
static enum result fetch(struct listing *l)
{
	int err = 0;

	memset(&l->tally, 0, sizeof(l->tally));

	if (l->opt->json)
		l->json = mbuf_alloc(4096);
	else
		err = table_alloc(&l->table, headv + COLUMN_FIRST,
				  ARRAY_SIZE(headv) - COLUMN_FIRST);

	if (err || (l->opt->json && !l->json)) {
		complain("out of memory");
		return RESULT_FAILED;
	}

	if (l->table)
		table_fit(l->table, rankv + COLUMN_FIRST,
			  COLUMN_NAME - COLUMN_FIRST);

	return client_call(l->opt, TIMEOUT, "List", NULL, true, reply_handler,
			   l);
}


static void forget(struct listing *l)
{
	l->table = mem_deref(l->table);
	l->json = mem_deref(l->json);
}


/* *sizep: its bytes, which are columns. free() it. */
static char *tally_text(const struct tally *t, unsigned reasons, size_t *sizep)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, sizep);

	if (!f)
		return NULL;

	(void)fprintf(f, "%u account%s", t->total, t->total == 1 ? "" : "s");
	if (t->total) {
		(void)fprintf(f, ": %u reachable", t->yes);
		tally_print_others(t, f, reasons);
	}
	(void)fclose(f);

	return text;
}


/* "12 accounts: 10 reachable, 1 not (binding-private), 1 unknown": with as many
 * reasons as find room after `used` columns. */
static void print_tally(const struct tally *t, FILE *f, size_t used)
{
	const size_t room = text_columns();
	unsigned reasons = TALLY_NAMED + 1;
	char *text = NULL;
	size_t size;

	do {
		free(text);
		text = tally_text(t, --reasons, &size);
	} while (text && reasons && used + size > room);

	if (text)
		(void)fprintf(f, "%s\n", text);
	free(text);
}


/* Only when all of it has come: a table or a document that ends in the middle
 * would look complete. */
static void print(const struct listing *l)
{
	if (l->table)
		table_print(l->table);

	if (l->table && text_terminal())
		print_tally(&l->tally, stdout, 0);

	if (l->json) {
		(void)fputs("{\"accounts\":[", stdout);
		(void)fwrite(l->json->buf, 1, l->json->end, stdout);
		(void)puts("]}");
	}
}


/* --- --watch --- */

#define ABOVE 2                  /* lines before the table */
#define CLOCK 10                 /* columns: "14:02:07  " */

/* The daemon may go and come back: what it has to do with that is told in the
 * place of the table. */
static void picture(FILE *f, unsigned lines, void *arg)
{
	struct listing *l = arg;
	char trouble[256] = "", time[TEXT_TIME];
	const char *clock = strchr(text_time(time, text_now()), 'T');
	enum result result;

	complain_into(trouble, sizeof(trouble));
	result = fetch(l);
	complain_into(NULL, 0);

	(void)fprintf(f, "%.8s  ", clock ? clock + 1 : "-");

	if (result == RESULT_OK) {
		print_tally(&l->tally, f, CLOCK);
		if (lines > ABOVE) {
			(void)fputc('\n', f);
			table_write(l->table, f, lines - ABOVE);
		}
	}
	else {
		(void)fprintf(f, "%s%s%s\n", text_colour(COLOUR_BAD),
			      trouble, text_colour_end(COLOUR_BAD));
	}

	forget(l);
}


enum result verb_list(const struct options *opt, int argc, char **argv)
{
	struct listing l = {.opt = opt};
	enum result result;

	(void)argc;
	(void)argv;

	if (opt->watch && opt->json) {
		complain("--watch is for eyes, --json is not");
		return RESULT_USAGE;
	}

	if (opt->watch)
		return watch(opt->watch, picture, &l);

	result = fetch(&l);
	if (result == RESULT_OK)
		print(&l);
	forget(&l);

	return result;
}
