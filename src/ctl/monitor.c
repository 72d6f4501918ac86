/* sipregctl monitor [NAME]: what happens to the accounts, as it happens. */

#include <stdio.h>
#include "client.h"
#include "event.h"
#include "raw.h"
#include "stream.h"
#include "value.h"

struct monitor {
	const struct options *opt;
	bool all;                /* accounts; else of one */
};


static enum result reply_handler(const struct reply *r, void *arg)
{
	const struct monitor *m = arg;
	const struct odict *e = value_object(r->o, "event");
	struct pl json;

	/* the first reply: it has begun */
	if (!e)
		return RESULT_OK;

	if (m->opt->json && raw_member(&json, &r->json, "event"))
		(void)printf("%.*s\n", (int)json.l, json.p);
	else if (m->all)
		event_print_account(e);
	else
		event_print(e, 0);

	return stream_flush();
}


enum result verb_monitor(const struct options *opt, int argc, char **argv)
{
	struct monitor m = {.opt = opt, .all = argc < 2};

	if (!stream_begin())
		return RESULT_FAILED;

	return client_call(opt, 0, "Monitor", m.all ? NULL : argv[1], true,
			   reply_handler, &m);
}
