/* A diagnosis of one account, performed while it runs, without disturbing it:
 * configuration, DNS, connect, TLS, REGISTER, mapping, binding, probe. What
 * each of them means is decided in core/diagnosis.c.
 *
 * It asks over a connection of its own, from a socket of its own, with a
 * Call-ID, From tag and nonce counts of its own, and what it asks changes
 * nothing: a REGISTER without Contact (RFC 3261 §10.2.3), or an OPTIONS where
 * the registrar is to be left alone, or where one REGISTER more could have
 * somebody banned. Neither the account's state nor any binding is touched. As
 * that is at most one connect to each of a few addresses and three messages, it
 * does not queue at the edges; but there are never more than DIAGNOSES_MAX. */

#ifndef DIAGNOSE_H
#define DIAGNOSE_H

#include "agent.h"
#include "diagnosis.h"


#define DIAGNOSES_MAX      4     /* at once, and one of each account */
#define DIAGNOSE_TRIES     6     /* addresses that are connected to */
#define DIAGNOSE_TIME      SECONDS(40)   /* all of it, at most */
#define DIAGNOSE_RESOLVE   SECONDS(12)   /* more than DNS_TIMEOUT */
#define DIAGNOSE_CONNECT   SECONDS(10)   /* handshake included */
#define DIAGNOSE_OTHERS    SECONDS(3)    /* for the other addresses, once one
					    has connected */
#define DIAGNOSE_ANSWER    SECONDS(8)    /* for each request, and the probe */
#define DIAGNOSE_DETAILS   48            /* lines of one step */
#define DIAGNOSE_LINE      320           /* bytes of one */

struct diagnosis;

/* One step, or the conclusion. Valid during the call. */
struct diagnose_step {
	const char *name;                /* "configuration", ... "conclusion" */
	struct diagnosis_finding finding;
	uint64_t took_usec;
	const char *text;
	const char *remedy;              /* "" */
	const char (*detailv)[DIAGNOSE_LINE];
	unsigned detailc;
};

/* NULL: the account has gone, and nothing follows. `last`: the conclusion, and
 * nothing follows. May call diagnose_stop(). */
typedef void (diagnose_step_h)(const struct diagnose_step *s, bool last,
			       void *arg);

/* The first step comes from the loop. After the last call the diagnosis is
 * over, and still the caller's. EBUSY: one of this account is under way, or
 * DIAGNOSES_MAX are; ENOMEM. */
int diagnose_start(struct diagnosis **dp, struct agent *a, diagnose_step_h *h,
		   void *arg);

/* Ends it without another word; NULL does nothing. */
void diagnose_stop(struct diagnosis *d);

/* The agent ends. */
void diagnose_abort(struct diagnosis *d);

#endif
