/* sipregctl history NAME: what has happened to an account, and why. */

#include <stdio.h>
#include "client.h"
#include "event.h"
#include "raw.h"
#include "value.h"

#define TIMEOUT 10               /* [s] */


/* How many of the oldest are left out. */
static size_t skipped(const struct options *opt, const struct odict *events)
{
	const size_t lines = (size_t)opt->lines;
	size_t count = 0;

	while (value_element(events, count))
		++count;

	return lines && count > lines ? count - lines : 0;
}


/* As they came, but for those left out. */
static void print_json(const struct pl *json, size_t skip)
{
	struct pl events, rest = {NULL, 0}, element;

	if (raw_member(&events, json, "events"))
		raw_inner(&rest, &events);

	while (skip-- && raw_next(&element, &rest))
		;

	(void)printf("{\"events\":[%.*s]}\n", (int)rest.l, rest.p);
}


static enum result reply_handler(const struct reply *r, void *arg)
{
	const struct options *opt = arg;
	const struct odict *events = value_array(r->o, "events");
	const struct odict *e;
	size_t i = skipped(opt, events);

	if (opt->json && i)
		print_json(&r->json, i);
	else if (opt->json)
		(void)printf("%.*s\n", (int)r->json.l, r->json.p);
	else
		for (; (e = value_element(events, i)); i++)
			event_print(e, 0);

	return RESULT_OK;
}


enum result verb_history(const struct options *opt, int argc, char **argv)
{
	(void)argc;

	return client_call(opt, TIMEOUT, "History", argv[1], false,
			   reply_handler, (void *)opt);
}
