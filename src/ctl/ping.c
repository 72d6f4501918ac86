/* sipregctl ping: is the daemon there? */

#include <stdio.h>
#include "client.h"

#define TIMEOUT 10               /* [s] */


static enum result reply_handler(const struct reply *r, void *arg)
{
	const struct options *opt = arg;
	const char *version = odict_string(r->o, "version");

	if (opt->json)
		(void)printf("%.*s\n", (int)r->json.l, r->json.p);
	else
		(void)printf("sipregd %s is running\n", version ? version : "");

	return RESULT_OK;
}


enum result verb_ping(const struct options *opt, int argc, char **argv)
{
	(void)argc;
	(void)argv;

	return client_call(opt, TIMEOUT, "Ping", NULL, false, reply_handler,
			   (void *)opt);
}
