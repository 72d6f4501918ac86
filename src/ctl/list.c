/* sipregctl list: all accounts in a table. */

#include <stdio.h>
#include "account.h"
#include "client.h"
#include "raw.h"
#include "table.h"
#include "value.h"

#define TIMEOUT 10               /* [s] */

static const char *const headv[] = {
	"NAME", "REGISTERED", "REACHABLE", "REASON", "SINCE", "TRANSPORT",
	"MAPPED", "LEASE",
};

struct listing {
	struct table *table;
	struct mbuf *json;       /* the accounts so far, with commas */
};


/* The verdict is what it is since the later of its two halves came. */
static int64_t since(const struct odict *a)
{
	const int64_t reg = value_int(a, "registered_since_usec", -1);
	const int64_t reach = value_int(a, "reachable_since_usec", -1);

	return reg > reach ? reg : reach;
}


static int add_row(struct table *t, const struct odict *a)
{
	const struct odict *flow = account_flow(a);
	char time[TEXT_TIME], lease[TEXT_DURATION];
	const struct cell cellv[] = {
		{account_string(a, "name")},
		{account_registered(a), account_registered_colour(a)},
		{account_string(a, "reachable"), account_reachable_colour(a)},
		{account_string(a, "reason")},
		{text_time(time, since(a))},
		{account_string(flow, "transport")},
		{account_string(flow, "mapped")},
		{text_duration(lease, value_int(a, "lease_left", -1))},
	};

	return table_add(t, cellv);
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
	}

	if (err)
		complain("out of memory");

	return err ? RESULT_FAILED : RESULT_OK;
}


/* Only when all of it has come: a table or a document that ends in the middle
 * would look complete. */
static void print(const struct listing *l)
{
	if (l->table)
		table_print(l->table);

	if (l->json) {
		(void)fputs("{\"accounts\":[", stdout);
		(void)fwrite(l->json->buf, 1, l->json->end, stdout);
		(void)puts("]}");
	}
}


/* With `more`, so that the daemon sends one account at a time: ten thousand
 * are more than one reply may hold. */
enum result verb_list(const struct options *opt, int argc, char **argv)
{
	struct listing l = {0};
	enum result result = RESULT_FAILED;
	int err = 0;

	(void)argc;
	(void)argv;

	if (opt->json)
		l.json = mbuf_alloc(4096);
	else
		err = table_alloc(&l.table, headv, ARRAY_SIZE(headv));

	if (err || (opt->json && !l.json))
		complain("out of memory");
	else
		result = client_call(opt, TIMEOUT, "List", NULL, true,
				     reply_handler, &l);

	if (result == RESULT_OK)
		print(&l);

	mem_deref(l.table);
	mem_deref(l.json);

	return result;
}
