/* When the kind of NAT is measured: see natwhen.h. */

#include "natwhen.h"


void natwhen_start(struct natwhen *w, msec_t now)
{
	*w = (struct natwhen){
		.at = now + NATWHEN_START,
		.begun_at = NEVER,
		.retry = NATWHEN_RETRY,
	};
}


void natwhen_on_change(struct natwhen *w, msec_t now)
{
	w->at = now + NATWHEN_SETTLE;
	if (w->begun_at != NEVER)
		w->at = clock_max(w->at, w->begun_at + NATWHEN_APART);

	w->retry = NATWHEN_RETRY;
}


bool natwhen_on_asked(const struct natwhen *w, msec_t now)
{
	return w->begun_at == NEVER || now >= w->begun_at + NATWHEN_ASKED;
}


void natwhen_on_begin(struct natwhen *w, msec_t now)
{
	w->begun_at = now;
	w->at = NEVER;
}


/* What changed meanwhile is not in it: then `at` is set. */
void natwhen_on_end(struct natwhen *w, bool learned, msec_t now)
{
	if (learned) {
		w->retry = NATWHEN_RETRY;
		return;
	}

	w->at = clock_min(w->at, now + w->retry);
	w->retry = clock_min(2 * w->retry, NATWHEN_RETRY_MAX);
}
