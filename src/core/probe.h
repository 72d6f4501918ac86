/* When to prove that calls can arrive, and what the outcome means.
 *
 * The probe is an OPTIONS to our own AOR through the registrar with a secret in
 * it. Only its arrival on the flow counts, never a status code: a registrar may
 * answer for us, or loop nothing at all. What does not come back teaches "not
 * routable here", never a false alarm, unless it used to come back.
 *
 * A try that ends without an arrival is silent. Where the registrar loops, the
 * first silent one asks for a REGISTER, as it may have lost its memory; when
 * the next is silent too the probe is lost. Elsewhere only 404, 480 and 430
 * (RFC 5626 §11.1) ask for a REGISTER, and after two silent tries there is none
 * until the Contact changes. No two within a probe interval ask for one. */

#ifndef PROBE_H
#define PROBE_H

#include <stdbool.h>
#include <stdint.h>
#include "backoff.h"
#include "clock.h"


#define PROBE_FIRST    SECONDS(1)        /* after a 200; up to three times it */
#define PROBE_WAIT     SECONDS(8)        /* for the arrival: four tries of
					    Timer E and a slow proxy */
#define PROBE_AGAIN    SECONDS(5)        /* after the first loss */
#define PROBE_TRIES    2                 /* silent ones, then it teaches */
#define PROBE_SPREAD   10                /* [%] around the interval */

/* What to do now: bits. */
enum {
	PROBE_SEND   = 1 << 0,   /* now, from a socket of its own */
	PROBE_SEND_ON_FLOW = 1 << 1, /* now, over the flow: from a socket of
					its own it was refused */
	PROBE_CLOSE  = 1 << 2,   /* it is over: drop socket and transaction */
	PROBE_VERIFY = 1 << 3,   /* REGISTER now: it may not know us */
	PROBE_TELL   = 1 << 4,   /* one ended with another ->result than the
				    one before, or the operator asked: an event
				    with ->result and ->code */
};

enum probe_result {
	PROBE_UNKNOWN,           /* nothing was proved under this Contact */
	PROBE_PROVEN,            /* it came back */
	PROBE_LOST,              /* it used to, and does not any more */
	PROBE_NOT_LOOPED,        /* it never does here */
	PROBE_REFUSED,           /* 403: not tried again until a reload */
};

const char *probe_result_name(enum probe_result r);      /* "proven" ... */

struct probe_policy {
	bool enabled;            /* probe.mode = "auto" */
	msec_t interval;         /* [ms] probe.interval */
};

struct probe {
	const struct probe_policy *policy;
	struct rng rng;
	uint8_t result;          /* enum probe_result, of the present Contact */
	uint8_t told;            /* the last one that was told */
	bool bound;              /* there is a binding to prove */
	bool out;                /* one is on its way */
	bool stream;             /* the caller's word: there is no other way
				    than the flow */
	bool on_flow;            /* it goes over the flow: elsewhere it was
				    refused; until the Contact changes */
	bool arrived;            /* the one that is out has come back, and only
				    its answer has not */
	bool loops;              /* one has come back from this registrar */
	bool asked;              /* by the operator: whatever else speaks
				    against it (foreign bindings, silent
				    tries) */
	bool verified;           /* a REGISTER was asked for since the last
				    arrival */
	msec_t verify_from;      /* none is asked for before */
	unsigned silent;         /* in a row, without an arrival */
	unsigned foreign;        /* bindings of other devices: as they would be
				    woken there is no probe meanwhile */
	uint16_t code;           /* of the last answer to one; 0: none */
	msec_t at;               /* deadline: send, or give it up */
	msec_t proven_at;        /* last arrival; NEVER */
};


void probe_init(struct probe *p, const struct probe_policy *policy,
		uint64_t seed);

/* A 200 listed our binding and `foreign` others. `changed`: it is another
 * Contact or another flow than in the 200 before, and nothing that was proved
 * counts. */
unsigned probe_on_bound(struct probe *p, bool changed, unsigned foreign,
			msec_t now);
/* The same of a new process that goes on with the binding of the one before it,
 * and knows what that knew. `at`: when the next one is due; NEVER: one was out,
 * or there is none. */
void probe_take_over(struct probe *p, enum probe_result result, bool on_flow,
		     bool loops, msec_t proven_at, msec_t at,
		     unsigned foreign, msec_t now);
/* There is no binding any more, or no flow: nothing is armed. That the
 * registrar loops nothing, or refuses, stays known. */
unsigned probe_on_unbound(struct probe *p);
/* The address of the flow moved, or it is suspect: what was proved counts no
 * more, and is proved again soon. */
unsigned probe_on_doubt(struct probe *p, msec_t now);

/* After PROBE_SEND or _ON_FLOW: was it sent? If not (no socket) it was a try
 * without an answer, from which nothing is learned of the registrar. */
void probe_on_sent(struct probe *p, bool sent, msec_t now);
/* The secret came in on the flow, however late; of whichever registration of
 * the account it is. */
unsigned probe_on_arrived(struct probe *p, msec_t now);
/* Ours came in on another flow of the account, which the registrar chose. That
 * proves nothing of this one, and speaks no word against it. */
void probe_on_elsewhere(struct probe *p);
/* A final answer to it, with or without an arrival before; challenges are not
 * told but answered once, the second one is told. `code` 0: there will be none
 * (the socket failed), from which nothing is learned either. */
unsigned probe_on_answer(struct probe *p, uint16_t code, msec_t now);
/* The operator wants one now, even if probes are off or paused, but not after a
 * 403 and not without a binding: 0 then. */
unsigned probe_on_ask(struct probe *p, msec_t now);
unsigned probe_on_timer(struct probe *p, msec_t now);

/* Is there one that the operator wanted, or is one on its way? */
bool probe_asked(const struct probe *p);

msec_t probe_deadline(const struct probe *p);

#endif
