/* When hooks are run: see hook.h. */

#include "hook.h"


const char *hook_word(unsigned i)
{
	static const char *const statev[HOOK_STATES] = {
		"reachable", "unreachable", "registered", "unregistered",
	};

	if (i < HOOK_STATES)
		return statev[i];

	return i < HOOK_WORDS ? event_name(i - HOOK_STATES) : NULL;
}


void hook_watch_init(struct hook_watch *w)
{
	*w = (struct hook_watch){.at = NEVER};
}


static bool is_outcome(const struct event *e)
{
	return e->reason != REASON_STARTING && e->reason != REASON_RESOLVING &&
		e->reason != REASON_CONNECTING && e->reason != REASON_PAUSED;
}


/* False: it says nothing new about the account. */
static bool note_state(struct hook_watch *w, const struct event *e)
{
	if (e->type != EVENT_VERDICT || !is_outcome(e))
		return false;

	w->now_unregistered = !e->registered;
	if (e->reachable != REACHABLE_UNKNOWN)
		w->now_unreachable = e->reachable == REACHABLE_NO;

	return true;
}


static bool has_news(const struct hook_watch *w)
{
	return w->happened || w->unreachable != w->now_unreachable ||
		w->unregistered != w->now_unregistered;
}


void hook_on_event(struct hook_watch *w, uint32_t on, msec_t after,
		   const struct event *e, msec_t now)
{
	const uint32_t bit = HOOK_EVENT(e->type) & on;
	const bool state = note_state(w, e);

	w->happened |= bit;
	if (bit || state)
		w->event = *e;

	if (!has_news(w))
		w->at = NEVER;
	else if (w->at == NEVER)
		w->at = now + after;
}


msec_t hook_deadline(const struct hook_watch *w)
{
	return w->at;
}


uint32_t hook_tell(struct hook_watch *w, uint32_t on, msec_t now)
{
	uint32_t bits = w->happened;

	if (w->at == NEVER || now < w->at)
		return 0;

	if (w->unreachable != w->now_unreachable)
		bits |= w->now_unreachable ? HOOK_UNREACHABLE : HOOK_REACHABLE;
	if (w->unregistered != w->now_unregistered)
		bits |= w->now_unregistered ? HOOK_UNREGISTERED
					    : HOOK_REGISTERED;

	w->unreachable = w->now_unreachable;
	w->unregistered = w->now_unregistered;
	w->happened = 0;
	w->at = NEVER;

	return bits & on;
}


bool hook_is_idle(const struct hook_watch *w)
{
	return w->at == NEVER && !w->unreachable && !w->unregistered;
}
