/* What the slot_*.c files share; everybody else includes slot.h. */

#ifndef SLOT_PARTS_H
#define SLOT_PARTS_H

#include "loop.h"
#include "slot.h"


static inline struct reg *reg_of(const struct slot *s)
{
	return &s->owner->account->regv[s->i].reg;
}


static inline struct link *link_of(const struct slot *s)
{
	return s->attemptv[s->present].link;
}


/* A failure in words, for status and log. */
void slot_note(struct slot *s, const char *text);

/* Something that the state file has changed. */
void slot_changed(struct slot *s);

/* --- slot_connect.c: the way to a flow --- */

int connect_init(struct slot *s);
void connect_close(struct slot *s);
void connect_drop(struct slot *s);       /* whatever is open, without a word */
void connect_release(struct slot *s);    /* turns that nobody wants any more */

/* REG_DO_RESOLVE, _CONNECT, _OPEN, _RACE, _OPEN_RIVAL */
void connect_resolve(struct slot *s);
void connect_ask(struct slot *s);
void connect_open(struct slot *s);
void connect_race(struct slot *s);
void connect_open_rival(struct slot *s);

/* Where the flow goes, or is to go. */
const struct slot_edge *connect_edge(const struct slot *s);

/* The handlers of every link; their arg is its struct attempt. */
extern const struct link_handlers slot_link_handlers;
void connect_connected_handler(void *arg);
void connect_failed_handler(enum reason reason, const char *text, void *arg);

/* --- slot_register.c --- */

void slot_register(struct slot *s, bool leave);  /* REG_DO_SEND, _LEAVE */
void slot_renew_call(struct slot *s);            /* REG_DO_RENEW */
int slot_options_handler(struct mbuf *mb, const char *branch, void *arg);

/* --- slot_olds.c: bindings of ours that may be left at the registrar --- */

/* One that may be left, until then; without memory it is forgotten. */
void olds_add(struct slot *s, const char *uri, msec_t until);
void olds_remove(struct slot *s, unsigned n);    /* the first n of them */
void olds_expire(struct slot *s, msec_t now);
void olds_reset(struct slot *s);

/* Is it the same but for our token? */
bool olds_same_place(const char *a, const char *b);
/* That one has the place now: whatever else had it is gone. */
void olds_replaced(struct slot *s, const char *uri);

/* --- slot_inbound.c --- */

void slot_request_handler(const struct sip_msg *msg, const struct sa *src,
			  void *arg);
bool slot_allowed_handler(const struct sa *src, void *arg);

#endif
