/* A daemon without any account, as after a fresh installation, looks for its
 * first ones: to write them down is enough. */

#include <string.h>
#include "daemon_set.h"
#include "loop.h"


enum {
	FIRST_LOOK = 2000,       /* [ms] between two looks */
};


static void message_handler(bool error, const char *text, void *arg)
{
	if (error)
		refusal_add(arg, text);
}


/* What is new: accounts, or something wrong that was not told yet. */
static bool is_news(const struct daemon *d)
{
	struct config *config = NULL;
	struct refusal refusal = {0};
	const int err = config_load(&config, d->config->file, message_handler,
				    &refusal);
	const bool accounts = !err && config->accountc;

	mem_deref(config);

	return accounts || strcmp(refusal.first, d->refusal.first);
}


/* timer_h */
void first_handler(void *arg)
{
	struct daemon *d = arg;
	struct reload_outcome outcome;

	if (d->entryc || d->stoppedh || d->restarth)
		return;

	if (is_news(d))
		(void)daemon_reload(d, &outcome, NULL, NULL);

	first_look_later(d);
}


void first_look_later(struct daemon *d)
{
	if (!d->entryc)
		timer_start(&d->first_timer, loop_now() + FIRST_LOOK);
}
