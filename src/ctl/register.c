/* sipregctl register NAME: register now, wait for the outcome and say it. */

#include <stdio.h>
#include "client.h"
#include "value.h"

#define TIMEOUT 40               /* [s]: Timer F (32 s, RFC 3261 §17.1.2.2) and
				    some for DNS and the connection */


static const char *state(bool ok, bool registered)
{
	if (ok)
		return registered ? "registered" : "done, but not registered";

	return registered ? "failed, still registered" : "not registered";
}


static enum result reply_handler(const struct reply *r, void *arg)
{
	const struct options *opt = arg;
	const bool ok = value_true(r->o, "ok");
	const int64_t code = value_int(r->o, "code", 0);
	const char *name = odict_string(r->o, "name");
	const char *reason = odict_string(r->o, "reason");
	const char *text = odict_string(r->o, "text");
	const char *ended = odict_string(r->o, "ended");

	if (opt->json) {
		(void)printf("%.*s\n", (int)r->json.l, r->json.p);
		return ok ? RESULT_OK : RESULT_FAILED;
	}

	(void)printf("%s: %s", name ? name : "-",
		     state(ok, value_true(r->o, "registered")));
	if (code)
		(void)printf(", %d", (int)code);
	if (!ok && reason)
		(void)printf(" (%s)", reason);
	if (text && text[0])
		(void)printf(": %s", text);
	if (ended)
		(void)printf(" (this ended a wait: %s)", ended);
	(void)putchar('\n');

	return ok ? RESULT_OK : RESULT_FAILED;
}


enum result verb_register(const struct options *opt, int argc, char **argv)
{
	(void)argc;

	return client_call(opt, TIMEOUT, "Register", argv[1], false,
			   reply_handler, (void *)opt);
}
