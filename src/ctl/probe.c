/* sipregctl probe NAME: do calls arrive? Sends one to ourselves. */

#include <stdio.h>
#include <string.h>
#include "account.h"
#include "act.h"
#include "client.h"
#include "value.h"


static const char *result_text(const char *result)
{
	static const struct {
		const char *name;
		const char *text;
	} textv[] = {
		{"proven", "a probe came back through the registrar"},
		{"lost", "a probe did not come back, as earlier ones did"},
		{"not-looped", "no probe comes back: this registrar does not "
		 "send them our way, which proves nothing"},
		{"refused", "the registrar refuses probes, which proves "
		 "nothing"},
		{"unknown", "a probe did not come back, which proves nothing "
		 "yet"},
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(textv); i++) {
		if (!strcmp(textv[i].name, result))
			return textv[i].text;
	}

	return "";
}


/* "trunk: proven (answer 200): a probe came ... Reachable: yes (ok)" */
static void print(const struct odict *o, const char *result)
{
	const int64_t code = value_int(o, "code", 0);

	(void)printf("%s: %s", account_string(o, "name"), result);
	if (code)
		(void)printf(" (answer %d)", (int)code);
	(void)printf(": %s. Reachable: %s (%s)\n", result_text(result),
		     account_string(o, "reachable"),
		     account_string(o, "reason"));
}


static enum result reply_handler(const struct reply *r, void *arg)
{
	const struct options *opt = arg;
	const char *result = account_string(r->o, "result");

	if (opt->json)
		(void)printf("%.*s\n", (int)r->json.l, r->json.p);
	else
		print(r->o, result);

	return strcmp(result, "proven") ? RESULT_FAILED : RESULT_OK;
}


enum result verb_probe(const struct options *opt, int argc, char **argv)
{
	(void)argc;

	return client_call(opt, ACT_TIMEOUT, "Probe", argv[1], false,
			   reply_handler, (void *)opt);
}
