/* What register, reconnect, pause and resume share: see act.h. */

#include <stdio.h>
#include "act.h"
#include "client.h"
#include "value.h"

struct act {
	const struct options *opt;
	act_say_h *sayh;
};


static enum result reply_handler(const struct reply *r, void *arg)
{
	const struct act *a = arg;
	const bool ok = value_true(r->o, "ok");
	const char *name = odict_string(r->o, "name");
	const char *text = odict_string(r->o, "text");
	const char *ended = odict_string(r->o, "ended");

	if (a->opt->json) {
		(void)printf("%.*s\n", (int)r->json.l, r->json.p);
		return ok ? RESULT_OK : RESULT_FAILED;
	}

	(void)printf("%s: ", name ? name : "-");
	a->sayh(r->o, ok);
	if (text && text[0])
		(void)printf(": %s", text);
	if (ended)
		(void)printf(" (this ended a wait: %s)", ended);
	(void)putchar('\n');

	return ok ? RESULT_OK : RESULT_FAILED;
}


enum result act(const struct options *opt, int timeout, const char *method,
		const char *name, act_say_h *sayh)
{
	struct act a = {.opt = opt, .sayh = sayh};

	return client_call(opt, timeout, method, name, false, reply_handler,
			   &a);
}


static const char *state(bool ok, bool registered)
{
	if (ok)
		return registered ? "registered" : "done, but not registered";

	return registered ? "failed, still registered" : "not registered";
}


void act_say_registered(const struct odict *o, bool ok)
{
	const int64_t code = value_int(o, "code", 0);
	const char *reason = odict_string(o, "reason");

	(void)fputs(state(ok, value_true(o, "registered")), stdout);
	if (code)
		(void)printf(", %d", (int)code);
	if (!ok && reason)
		(void)printf(" (%s)", reason);
}
