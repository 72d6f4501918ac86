/* What a monitoring system should hear of an account: see check_find.h. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "account.h"
#include "check_find.h"
#include "value.h"

#define DAY     86400            /* [s] */
#define UNKNOWN (-1)


int64_t check_smaller(int64_t a, int64_t b)
{
	return a < 0 || (b >= 0 && b < a) ? b : a;
}


int64_t check_certificate_left(const struct odict *a)
{
	const struct odict *flows = value_array(a, "flows"), *f;
	int64_t left = UNKNOWN, usec;
	size_t i;

	for (i = 0; (f = value_element(flows, i)); i++) {

		usec = value_int(value_object(f, "tls"), "not_after_usec",
				 UNKNOWN);
		if (usec < 0)
			continue;

		usec -= text_now();
		left = check_smaller(left, usec < 0 ? 0 : usec / 1000000);
	}

	return left;
}


/* False: something as bad is known already. */
static bool find(struct finding *f, enum plugin state, const char *what)
{
	if (state <= f->state)
		return false;

	f->state = state;
	f->what = what;

	return true;
}


static bool has_begun(const char *reason)
{
	return !strcmp(reason, "starting") || !strcmp(reason, "resolving") ||
		!strcmp(reason, "connecting");
}


static void find_reachable(struct finding *f, const struct odict *a)
{
	const char *reachable = account_string(a, "reachable");
	const char *reason = account_string(a, "reason");

	if (!strcmp(reachable, "no"))
		(void)find(f, PLUGIN_CRITICAL, "not reachable");
	else if (!value_true(a, "registered"))
		(void)find(f, has_begun(reason) ? PLUGIN_WARNING
						: PLUGIN_CRITICAL,
			   "not registered");
	else if (strcmp(reachable, "yes"))
		(void)find(f, PLUGIN_WARNING, "registered, but not proven");
	else if (strcmp(reason, "ok"))
		(void)find(f, PLUGIN_WARNING,
			   "reachable, but the last attempt failed");
}


void check_find(struct finding *f, const struct odict *a, int cert_days)
{
	const int64_t ghosts = value_int(value_object(a, "bindings"), "ghost",
					 0);
	const int64_t cert = check_certificate_left(a);
	char left[TEXT_DURATION];

	memset(f, 0, sizeof(*f));

	if (value_true(a, "paused")) {
		(void)find(f, PLUGIN_WARNING, "paused");
		return;
	}
	if (account_unwanted(a)) {
		(void)find(f, PLUGIN_WARNING, "disabled");
		return;
	}

	find_reachable(f, a);

	if (cert == 0)
		(void)find(f, PLUGIN_WARNING, "certificate has ended");
	else if (cert > 0 && cert < (int64_t)cert_days * DAY &&
		 find(f, PLUGIN_WARNING, "certificate ends soon"))
		(void)snprintf(f->detail, sizeof(f->detail), " (%s)",
			       text_duration(left, cert));

	if (ghosts > 0 && find(f, PLUGIN_WARNING, "ghosts at the registrar"))
		(void)snprintf(f->detail, sizeof(f->detail), " (%" PRId64 ")",
			       ghosts);
}
