/* sipregctl metrics: what is measured, as OpenMetrics text. */

#include <stdio.h>
#include "client.h"
#include "wire.h"

#define TIMEOUT 30               /* [s] ten thousand accounts take one */
#define DEPTH   2                /* of the reply: an object with a string */


/* As it is, lines and all: it is for programs. */
static enum result print_text(const struct pl *json)
{
	struct odict *o;
	const char *text;

	if (wire_decode(&o, json->p, json->l, DEPTH))
		return RESULT_FAILED;

	text = odict_string(o, "text");
	if (text)
		(void)fputs(text, stdout);

	mem_deref(o);

	return text ? RESULT_OK : RESULT_FAILED;
}


static enum result reply_handler(const struct reply *r, void *arg)
{
	const struct options *opt = arg;

	if (!opt->json)
		return print_text(&r->json);

	(void)printf("%.*s\n", (int)r->json.l, r->json.p);

	return RESULT_OK;
}


enum result verb_metrics(const struct options *opt, int argc, char **argv)
{
	(void)argc;
	(void)argv;

	return client_call(opt, opt->timeout ? opt->timeout : TIMEOUT,
			   "Metrics", NULL, !opt->json, reply_handler,
			   (void *)opt);
}
