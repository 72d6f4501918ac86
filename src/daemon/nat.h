/* The NAT before this site: measured some time after the start, after changes
 * of the network, and when somebody asks (core/natwhen.h); what was learned is
 * kept. */

#ifndef NAT_H
#define NAT_H

#include "compat.h"
#include "natkind.h"
#include "resolve.h"


#define NAT_RESOLVE_TIME 3000    /* [ms] for the servers' names; those that are
				    not known then are left out */
#define NAT_WAITERS_MAX  64      /* who wait for one measurement */

struct nat;

/* Without a server *np is NULL, which all functions here take. The servers as
 * of site.h. ENOMEM; EINVAL: no such "host:port". */
int nat_alloc(struct nat **np, struct resolve *r, const char *server,
	      const char *server2);

/* This machine's network or the public address has changed. */
void nat_on_change(struct nat *n);

/* Who waits for the end of a measurement; inside its owner, zero it first. */
struct nat_waiter {
	struct le le;
	void (*h)(void *arg);            /* once, from the loop; not if the nat
					    is freed before */
	void *arg;
};

/* Measures unless that was done a moment ago (NATWHEN_ASKED), or joins the
 * measurement that is under way, and calls w->h after it. EALREADY: what is
 * known is young enough; ENOENT: no server; EBUSY: NAT_WAITERS_MAX wait. */
int nat_wait(struct nat *n, struct nat_waiter *w);

/* It is about to be freed: who waits is told now. */
void nat_abandon(struct nat *n);

struct nat_status {
	const struct natkind *kind;      /* the last that learned something;
					    NULL: none yet */
	int64_t at_usec;                 /* of that [us of the wall clock] */
	const char *server;              /* that it was measured with, as
					    configured; "" */
	const char *error;               /* what the last one failed for; "" */
	bool configured;                 /* there is a server */
	bool measuring;
};

/* Valid until the loop runs again. */
void nat_status(const struct nat *n, struct nat_status *st);

/* MAPPING_NOTE_SYMMETRIC where it holds of that flow, else 0. */
unsigned nat_note(const struct nat *n, const struct mapping *m);

#endif
