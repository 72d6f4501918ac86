/* When a hook, a program of the operator's, is run: for which news, and not
 * before they have settled. */

#ifndef HOOK_H
#define HOOK_H

#include "clock.h"
#include "journal.h"


/* What a hook may be told: that one of these four is so now, which it was not
 * when it was told last, or that an event has happened. */
enum {
	HOOK_REACHABLE    = 1 << 0,
	HOOK_UNREACHABLE  = 1 << 1,
	HOOK_REGISTERED   = 1 << 2,
	HOOK_UNREGISTERED = 1 << 3,
};
#define HOOK_STATES     4
#define HOOK_EVENT(t)   (1u << (HOOK_STATES + (t)))  /* of enum event_type */
#define HOOK_WORDS      (HOOK_STATES + EVENT_COUNT)

/* The i-th word, "unreachable" or the name of an event, whose bit is 1 << i.
 * NULL past the last. */
const char *hook_word(unsigned i);

/* What one hook knows of one account. */
struct hook_watch {
	bool unreachable, unregistered;  /* as it was told last; at first it
					    takes both for well */
	bool now_unreachable, now_unregistered;
	uint32_t happened;               /* HOOK_EVENT() bits to be told */
	msec_t at;                       /* to be looked at again; NEVER */
	struct event event;              /* the latest that it is about */
};


void hook_watch_init(struct hook_watch *w);

/* *e has happened; `on`: the HOOK_* bits that the hook wants. What is different
 * from what it was told is told `after` [ms] later: what goes back before that
 * is not told at all, and events of the meantime are told as one.
 *
 * That an account is not reachable before its first outcome, or because it is
 * paused, is no news. An unknown reachability changes nothing. */
void hook_on_event(struct hook_watch *w, uint32_t on, msec_t after,
		   const struct event *e, msec_t now);

/* When hook_tell() has something to say; NEVER. */
msec_t hook_deadline(const struct hook_watch *w);

/* The bits of `on` that are to be told now, and counted as told; 0: none. */
uint32_t hook_tell(struct hook_watch *w, uint32_t on, msec_t now);

/* It could be forgotten and made anew. */
bool hook_is_idle(const struct hook_watch *w);

#endif
