/* sipregctl reload: the daemon reads its configuration again. */

#include <stdio.h>
#include "client.h"
#include "messages.h"
#include "value.h"

#define TIMEOUT 40               /* [s]: many accounts, many password files */


static int count(const struct odict *o, const char *key)
{
	return (int)value_int(o, key, 0);
}


static enum result reply_handler(const struct reply *r, void *arg)
{
	const struct options *opt = arg;

	if (opt->json) {
		(void)printf("%.*s\n", (int)r->json.l, r->json.p);
		return RESULT_OK;
	}

	messages_print(r->o);
	(void)printf("reloaded: %d added, %d removed, %d changed, "
		     "%d unchanged\n", count(r->o, "added"),
		     count(r->o, "removed"), count(r->o, "changed"),
		     count(r->o, "unchanged"));

	return RESULT_OK;
}


enum result verb_reload(const struct options *opt, int argc, char **argv)
{
	(void)argc;
	(void)argv;

	return client_call(opt, TIMEOUT, "Reload", NULL, false, reply_handler,
			   (void *)opt);
}
