/* The verdict on an account: registered? reachable? by what evidence, and if
 * not, why. Derived from facts each time it is asked for, stored nowhere else.
 *
 * `registered` is what the registrar said; `reachable` is what we could prove.
 * A 200 alone proves nothing about calls. */

#ifndef VERDICT_H
#define VERDICT_H

#include <stdbool.h>
#include "addr.h"
#include "clock.h"


/* Stable codes: INTERFACE of the JSON, the metrics and the manuals. */
enum reason {
	REASON_OK,
	REASON_STARTING,
	REASON_PAUSED,
	REASON_RESOLVING,
	REASON_DNS_FAILURE,
	REASON_CONNECTING,
	REASON_CONNECT_REFUSED,
	REASON_CONNECT_TIMEOUT,
	REASON_TLS_UNTRUSTED,
	REASON_TLS_NAME,
	REASON_TLS_FAILURE,
	REASON_NO_ANSWER,
	REASON_REJECTED,
	REASON_CREDENTIALS,
	REASON_FORBIDDEN,
	REASON_RETRY_AFTER,
	REASON_INTERVAL_TOO_BRIEF,
	REASON_FLOW_LOST,
	REASON_MAPPING_MOVED,
	REASON_BINDING_ABSENT,
	REASON_BINDING_PRIVATE,
	REASON_BINDING_GHOST_ONLY,
	REASON_LEASE_EXPIRED,
	REASON_PROBE_LOST,
	REASON_UNPROVEN,
	REASON_NO_RESOURCES,
};
#define REASON_COUNT (REASON_NO_RESOURCES + 1)

enum reachable {
	REACHABLE_UNKNOWN,
	REACHABLE_NO,
	REACHABLE_YES,
};

enum evidence {
	EVIDENCE_NONE,
	EVIDENCE_FLOW,           /* the flow lives, the binding points to it */
	EVIDENCE_INBOUND,        /* somebody else's request came in on it */
	EVIDENCE_PROBE,          /* our own OPTIONS came back */
};

/* What is known of one registration, for the verdict. */
struct verdict_facts {
	bool registered;         /* our own binding's lease has not ended */
	bool flow_alive;         /* the flow that the binding was made over is
				    up and not suspect */
	bool outbound;           /* the registrar confirmed RFC 5626 */
	struct addr contact;     /* the binding's address, unset: a host name */
	struct addr mapped;      /* where the registrar sees the flow; unset */
	struct addr edge;        /* where the flow goes; unset */
	bool flapping;           /* `mapped` is another one in every answer */
	bool alg;                /* a router rewrites what we send and read */
	bool vouched;            /* the operator chose the Contact: a forwarded
				    port looks like a mapping that moved */
	bool inbound;            /* a request came in under this very binding */
	bool probed;             /* our probe came back under this binding */
	bool probe_lost;         /* it used to and does not any more, and no
				    request came in since */
	enum reason outcome;     /* the last outcome; OK if it was good */
};

struct verdict {
	bool registered;
	enum reachable reachable;
	enum evidence evidence;
	enum reason reason;
};


/* What counts, the strongest first: a flow that is not alive; a lost probe; one
 * that came back; a request that came in; outbound; the binding's address. That
 * one is private where the registrar cannot be in the same network means no,
 * that it is not where the registrar sees us as well; where addresses tell
 * nothing it is unproven.
 *
 * The reason is `ok` only with `registered` and reachable yes. A last outcome
 * that was bad stays the reason while the evidence is still good: a refused
 * refresh is named before the lease ends. */
struct verdict verdict_of(const struct verdict_facts *f);

/* The better of two, for an account with several registrations: it is
 * reachable while any of them is (yes, then unknown, then no), and registered
 * while any of them is. */
struct verdict verdict_better(struct verdict a, struct verdict b);

/* Is there no news? Better or other evidence for the same is none. */
bool verdict_equal(const struct verdict *a, const struct verdict *b);

const char *reason_name(enum reason r);          /* "connect-refused" */
const char *reason_text(enum reason r);          /* a sentence for a person:
						    what is the case */

/* The likely cause and what can be done, in a few sentences that name the keys
 * of the configuration and the verbs of sipregctl; NULL: nothing is wrong. */
const char *reason_remedy(enum reason r);
const char *reachable_name(enum reachable r);    /* yes no unknown */
const char *evidence_name(enum evidence e);      /* probe inbound flow none */

#endif
