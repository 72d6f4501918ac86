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


static inline enum transport slot_transport(const struct slot *s)
{
	return s->attemptv[s->present].transport;
}


static inline struct attempt *slot_elder(struct slot *s)
{
	return s->elder == SLOT_NONE ? NULL : &s->attemptv[s->elder];
}


/* A failure in words, for status and log. */
void slot_note(struct slot *s, const char *text);

/* Tells the flow what is known of the keepalive interval. */
void slot_learn(struct slot *s);

/* Something that the state file has changed. */
void slot_changed(struct slot *s);

/* --- slot_connect.c: the way to a flow --- */

int connect_init(struct slot *s);
void connect_close(struct slot *s);
void connect_drop(struct slot *s);       /* whatever is open but the elder */
void connect_release(struct slot *s);    /* turns that nobody wants any more */

/* REG_DO_CONNECT, _OPEN, _RACE, _OPEN_RIVAL */
void connect_ask(struct slot *s);
void connect_open(struct slot *s);
void connect_race(struct slot *s);
void connect_open_rival(struct slot *s);

/* A flow that is there already, to h->edge; see slot_take_over(). */
int connect_take_over(struct slot *s, enum transport transport, unsigned uri,
		      const struct handover *h, int fd);
/* The handlers of every link; their arg is its struct attempt. */
extern const struct link_handlers slot_link_handlers;
void connect_attempt_drop(struct attempt *t);
uint8_t connect_spare(const struct slot *s);     /* one that nobody has */
void connect_connected_handler(void *arg);
void connect_failed_handler(enum reason reason, const char *text, void *arg);

/* --- slot_name.c: where it may go --- */

int name_init(struct slot *s);
void name_close(struct slot *s);

void name_resolve(struct slot *s);       /* REG_DO_RESOLVE */

/* What it asks for then; returns how many, at least one. The texts are the
 * slot's, until the registrar sends it elsewhere. */
size_t name_uris(struct resolve_uri uriv[RESOLVE_LIST_MAX],
		 const struct slot *s);

/* As if the name had been resolved to this address alone, and the present
 * attempt gone there; ENOMEM. */
int name_know(struct slot *s, enum transport transport, unsigned uri,
	      const struct addr *edge);
/* ... and after it: where else it could go. */
void name_learn(struct slot *s);

/* Where this attempt goes, went, or is to go: what the operator named, even if
 * we were sent on from there ... */
const struct slot_edge *name_home(const struct attempt *t);
/* ... where it really is; and the URI of the proxy, NULL: it is none. */
const struct slot_edge *name_edge(const struct attempt *t);
const char *name_proxy(const struct attempt *t);

/* Whose edge is down or held: tried last. *reasonp says why the last one is;
 * untouched if none is. */
uint32_t name_down(const struct slot *s, enum reason *reasonp);

/* --- slot_replace.c: make before break --- */

void replace_init(struct slot *s);
void replace_close(struct slot *s);
/* REG_DO_REPLACE, _ASIDE, _TAKE_BACK, _RETIRE */
void replace_ask(struct slot *s);
void replace_aside(struct slot *s);
void replace_take_back(struct slot *s);
void replace_retire(struct slot *s);
/* As slot_on_network(), and true, if the flow cannot be right any more. */
bool slot_on_source(struct slot *s, struct net_pass *pass);
/* After every step: what is not wanted any more is let go. */
void replace_settle(struct slot *s);
void replace_elder_lost(struct slot *s, enum reason reason);

/* --- slot_register.c --- */

enum register_kind {
	REGISTER_BIND,                   /* REG_DO_SEND */
	REGISTER_FETCH,                  /* REG_DO_FETCH */
	REGISTER_LEAVE,                  /* REG_DO_LEAVE */
};
void slot_register(struct slot *s, enum register_kind kind);
struct addr slot_contact_addr(const struct slot *s);   /* to be offered now */
void slot_renew_call(struct slot *s);            /* REG_DO_RENEW */
int slot_options_handler(struct mbuf *mb, const char *branch, void *arg);

/* --- slot_olds.c: bindings of ours that may be left at the registrar --- */

/* One that may be left, until then; without memory it is forgotten. */
void olds_add(struct slot *s, const char *uri, msec_t until);
/* The next of them that may be named, from *ip on; NULL: there is none. */
struct old_contact *olds_next(struct slot *s, unsigned *ip);
void olds_remove(struct slot *s, struct old_contact *old);
void olds_forget(struct slot *s, const char *uri);
void olds_expire(struct slot *s, msec_t now);
void olds_reset(struct slot *s);
/* The operator wants those named too that were of no avail. */
void olds_retry(struct slot *s);

/* Is it the same but for our token? */
bool olds_same_place(const char *a, const char *b);
/* That one has the place now: whatever else had it is gone. */
void olds_replaced(struct slot *s, const char *uri);

/* --- slot_audit.c: what a 2xx lists --- */

/* Before the core is told: ghosts are noted to be removed, and counted in
 * f->answer.removable; those that were named and are gone are told. */
void audit_note(struct slot *s, struct register_facts *f);

/* May ghosts be named? */
bool slot_purges(const struct slot *s);

/* --- slot_probe.c --- */

void slot_probe(struct slot *s, bool on_flow);   /* ACCOUNT_PROBE, _ON_FLOW */

/* --- slot_inbound.c --- */

void slot_request_handler(const struct sip_msg *msg, const struct sa *src,
			  void *arg);
bool slot_allowed_handler(const struct sa *src, void *arg);

#endif
