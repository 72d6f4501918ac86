/* sipregctl bindings NAME and purge-ghosts NAME: what the registrar holds for
 * an account, and without our own old ones. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "account.h"
#include "act.h"
#include "client.h"
#include "table.h"
#include "value.h"

static const char *const headv[] = {
	"KIND", "CONTACT", "EXPIRES", "MATCHED-BY",
};


static void complain_unanswered(const struct odict *o)
{
	const int64_t code = value_int(o, "code", 0);
	const char *name = account_string(o, "name");

	if (code)
		complain("%s: the registrar answered %d, without a list", name,
			 (int)code);
	else
		complain("%s: the registrar did not answer", name);
}


/* --- bindings --- */

static enum colour colour_of(const char *kind)
{
	if (!strcmp(kind, "own"))
		return COLOUR_GOOD;

	return strcmp(kind, "ghost") ? COLOUR_NONE : COLOUR_UNSURE;
}


static int add_row(struct table *t, const struct odict *b)
{
	const char *kind = account_string(b, "kind");
	char expires[TEXT_DURATION];
	const struct cell cellv[] = {
		{kind, colour_of(kind)},
		{account_string(b, "uri")},
		{text_duration(expires, value_int(b, "expires", -1))},
		{account_string(b, "matched_by")},
	};

	return table_add(t, cellv);
}


static enum result print_table(const struct odict *o)
{
	const struct odict *bindings = value_array(o, "bindings"), *b;
	const int64_t more = value_int(o, "more", 0);
	struct table *t = NULL;
	size_t i;
	int err;

	err = table_alloc(&t, headv, ARRAY_SIZE(headv));
	for (i = 0; !err && (b = value_element(bindings, i)); i++)
		err = add_row(t, b);

	if (err) {
		complain("out of memory");
	}
	else {
		table_print(t);
		if (more > 0)
			complain("and %" PRId64 " more", more);
	}
	mem_deref(t);

	return err ? RESULT_FAILED : RESULT_OK;
}


static enum result bindings_handler(const struct reply *r, void *arg)
{
	const struct options *opt = arg;
	const bool answered = value_true(r->o, "answered");

	if (opt->json)
		(void)printf("%.*s\n", (int)r->json.l, r->json.p);
	else if (answered)
		return print_table(r->o);
	else
		complain_unanswered(r->o);

	return answered ? RESULT_OK : RESULT_FAILED;
}


enum result verb_bindings(const struct options *opt, int argc, char **argv)
{
	(void)argc;

	return client_call(opt, ACT_TIMEOUT, "Bindings", argv[1], false,
			   bindings_handler, (void *)opt);
}


/* --- purge-ghosts --- */

/* "2 old bindings removed, 1 still there: sip:alice@192.0.2.7" */
static void print_purged(const struct odict *o, int64_t ghosts)
{
	const struct odict *bindings = value_array(o, "bindings"), *b;
	const int64_t removed = value_int(o, "removed", 0);
	const char *before = ": ";
	size_t i;

	if (removed)
		(void)printf("%" PRId64 " old binding%s removed", removed,
			     removed == 1 ? "" : "s");
	else
		(void)fputs("no old binding removed", stdout);

	if (!ghosts)
		(void)fputs(removed ? ", none is left" : ", there is none",
			    stdout);
	else if (ghosts > 0)
		(void)printf(", %" PRId64 " still there", ghosts);

	for (i = 0; (b = value_element(bindings, i)); i++) {

		if (strcmp(account_string(b, "kind"), "ghost"))
			continue;

		(void)printf("%s%s", before, account_string(b, "uri"));
		before = ", ";
	}

	(void)putchar('\n');
}


static enum result purged_handler(const struct reply *r, void *arg)
{
	const struct options *opt = arg;
	const bool answered = value_true(r->o, "answered");
	const int64_t ghosts = value_int(r->o, "ghosts", -1);

	if (opt->json) {
		(void)printf("%.*s\n", (int)r->json.l, r->json.p);
	}
	else {
		if (answered || value_int(r->o, "removed", 0)) {
			(void)printf("%s: ", account_string(r->o, "name"));
			print_purged(r->o, ghosts);
		}
		if (!answered)
			complain_unanswered(r->o);
	}

	return answered && !ghosts ? RESULT_OK : RESULT_FAILED;
}


enum result verb_purge_ghosts(const struct options *opt, int argc, char **argv)
{
	(void)argc;

	return client_call(opt, ACT_TIMEOUT, "PurgeGhosts", argv[1], false,
			   purged_handler, (void *)opt);
}
