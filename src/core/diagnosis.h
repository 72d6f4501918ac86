/* What a diagnosis found, step by step, and what to do about it: the facts of
 * each step come in, a result, a reason and a remedy come out. The daemon's
 * diagnose.c gathers the facts; nothing here sends or waits. */

#ifndef DIAGNOSIS_H
#define DIAGNOSIS_H

#include "answer.h"
#include "mapping.h"
#include "probe.h"
#include "verdict.h"


#define DIAGNOSIS_DAYS_MIN 14    /* [days] a certificate that ends sooner is
				    worth a word; as `check` has it */
#define DIAGNOSIS_SKEW_MAX 120   /* [s] between clocks; nonces and tokens mostly
				    live for five minutes */

/* In the order in which they are made. */
enum diagnosis_step {
	DIAGNOSIS_CONFIGURATION,
	DIAGNOSIS_DNS,
	DIAGNOSIS_CONNECT,
	DIAGNOSIS_TLS,
	DIAGNOSIS_REGISTER,
	DIAGNOSIS_MAPPING,
	DIAGNOSIS_BINDING,
	DIAGNOSIS_PROBE,
};
#define DIAGNOSIS_STEPS (DIAGNOSIS_PROBE + 1)

enum diagnosis_result {
	DIAGNOSIS_OK,
	DIAGNOSIS_WARNING,       /* it works, but ... */
	DIAGNOSIS_FAILED,
	DIAGNOSIS_SKIPPED,       /* not made, or it could tell nothing */
};

enum remedy {
	REMEDY_NONE,
	REMEDY_ENABLE,
	REMEDY_VERIFY,
	REMEDY_NAME,
	REMEDY_DNS,
	REMEDY_DNS_KEPT,
	REMEDY_TRANSPORT,
	REMEDY_PORT,
	REMEDY_SILENCE,
	REMEDY_WAY,
	REMEDY_MACHINE,
	REMEDY_OTHER_EDGE,
	REMEDY_TLS_FILE,
	REMEDY_TLS_PORT,
	REMEDY_CA,
	REMEDY_SELF_SIGNED,
	REMEDY_EXPIRED,
	REMEDY_NOT_YET,
	REMEDY_PIN,
	REMEDY_TLS_NAME,
	REMEDY_RENEW,
	REMEDY_SIP_SILENCE,
	REMEDY_PASSWORD,
	REMEDY_CREDENTIALS,
	REMEDY_HELD,
	REMEDY_DIGEST,
	REMEDY_REALM,
	REMEDY_FORBIDDEN,
	REMEDY_AOR,
	REMEDY_STAY_AWAY,
	REMEDY_OVERLOAD,
	REMEDY_REJECTED,
	REMEDY_CLOCK,
	REMEDY_ALG,
	REMEDY_FLAPPING,
	REMEDY_PRIVATE,
	REMEDY_MOVED,
	REMEDY_ABSENT,
	REMEDY_GHOSTS,
	REMEDY_LEFT_BEHIND,
	REMEDY_FLOW,
	REMEDY_PROBE,
	REMEDY_UNPROVEN,
	REMEDY_RESUME,
	REMEDY_REGISTER,
};
#define REMEDY_COUNT (REMEDY_REGISTER + 1)

/* What comes out of a step. `reason` is REASON_OK where none of the codes
 * fits. */
struct diagnosis_finding {
	enum diagnosis_result result;
	enum reason reason;
	enum remedy remedy;
};


/* --- the facts of each step --- */

struct diagnosis_configuration {
	bool enabled;
	bool tls;                /* it is used, or DNS may choose it */
	bool unverified;         /* tls.verify = none, without pins */
};

enum diagnosis_names {
	DIAGNOSIS_NAMES_LITERAL, /* an address is configured */
	DIAGNOSIS_NAMES_KNOWN,
	DIAGNOSIS_NAMES_KEPT,    /* DNS is out of order: the last good answer */
	DIAGNOSIS_NAMES_NONE,    /* there is no such name, or no address */
	DIAGNOSIS_NAMES_SILENT,  /* nobody answers, or not usably */
	DIAGNOSIS_NAMES_OTHER,   /* only transports that we do not speak */
};

/* One address. */
enum diagnosis_way {
	DIAGNOSIS_WAY_UP,        /* UDP: there is a route, no more is known */
	DIAGNOSIS_WAY_REFUSED,
	DIAGNOSIS_WAY_SILENT,
	DIAGNOSIS_WAY_NONE,      /* this machine has no way there */
	DIAGNOSIS_WAY_MACHINE,   /* it is short of something, or cannot bind */
};

struct diagnosis_connect {
	unsigned tried, up;
	enum diagnosis_way first;        /* of the one to be preferred */
};

/* Why a certificate is not good. */
enum diagnosis_trust {
	DIAGNOSIS_TRUST_GOOD,
	DIAGNOSIS_TRUST_ISSUER,  /* not from a CA that we trust */
	DIAGNOSIS_TRUST_SELF,    /* self-signed */
	DIAGNOSIS_TRUST_EXPIRED,
	DIAGNOSIS_TRUST_EARLY,   /* not valid yet */
	DIAGNOSIS_TRUST_PIN,
	DIAGNOSIS_TRUST_NAME,
	DIAGNOSIS_TRUST_OTHER,
};

struct diagnosis_tls {
	bool done;               /* the handshake came to its end */
	bool ours;               /* our own files cannot be used */
	bool verified;           /* chain and name, or a pin */
	bool timed;              /* no end within its time */
	enum diagnosis_trust trust;
	bool ends;               /* it is known when: */
	int64_t days;            /* that the server's certificate is good for */
};

enum diagnosis_hold {
	DIAGNOSIS_HOLD_NONE,
	DIAGNOSIS_HOLD_CREDENTIALS,      /* they were refused */
	DIAGNOSIS_HOLD_RETRY_AFTER,      /* the registrar wants to be left
					    alone */
};

struct diagnosis_register {
	enum diagnosis_hold hold;        /* then only an OPTIONS was sent */
	bool refused;                    /* UDP: nothing listens there */
	bool password;                   /* one is configured */
	bool credentials;                /* the request had them */
	struct answer answer;            /* code 0: none */
	bool dated;                      /* it names a date: */
	int64_t skew;                    /* [s] that ours is ahead of it */
};

struct diagnosis_mapping {
	struct addr local;               /* of the test's socket */
	struct addr mapped;              /* where the registrar saw it; unset */
	struct addr edge;
	bool rewritten;
	bool outbound;                   /* of the account's flow: then the
					    address is of no weight */
	unsigned notes;                  /* MAPPING_NOTE_* of it */
};

enum diagnosis_nat {
	DIAGNOSIS_NAT_UNKNOWN,
	DIAGNOSIS_NAT_NONE,
	DIAGNOSIS_NAT_ONE,
	DIAGNOSIS_NAT_CGNAT,             /* RFC 6598 */
};

/* What the account is about. */
struct diagnosis_account {
	bool enabled, paused;
	bool stays_away;                 /* held, or waits after a failure */
	struct verdict verdict;
};

struct diagnosis_binding {
	struct diagnosis_account account;
	bool listed;                     /* the registrar told its bindings: */
	unsigned owns, ghosts, foreign;
};

struct diagnosis_probe {
	bool bound;                      /* there is something to prove */
	bool due;                        /* one was sent, and not heard of */
	enum probe_result result;        /* the last */
};


/* --- what they mean --- */

struct diagnosis_finding
diagnosis_configuration(const struct diagnosis_configuration *f);
struct diagnosis_finding diagnosis_dns(enum diagnosis_names names);
struct diagnosis_finding diagnosis_connect(const struct diagnosis_connect *f);
struct diagnosis_finding diagnosis_tls(const struct diagnosis_tls *f);
struct diagnosis_finding
diagnosis_register(const struct diagnosis_register *f);
struct diagnosis_finding diagnosis_mapping(const struct diagnosis_mapping *f);
enum diagnosis_nat diagnosis_nat(const struct diagnosis_mapping *f);
struct diagnosis_finding diagnosis_binding(const struct diagnosis_binding *f);
struct diagnosis_finding diagnosis_probe(const struct diagnosis_probe *f);

/* May an own probe be sent for it? Not where it would wake other devices, nor
 * where the registrar has refused them. */
bool diagnosis_may_probe(enum probe_result last, unsigned foreign);

/* What it all comes to. */
enum diagnosis_end {
	DIAGNOSIS_END_WELL,
	DIAGNOSIS_END_STEP,              /* ->step decides */
	DIAGNOSIS_END_DISABLED,
	DIAGNOSIS_END_PAUSED,
	DIAGNOSIS_END_WAITS,             /* the test succeeds, the account
					    waits */
	DIAGNOSIS_END_ACCOUNT,           /* the test succeeds, its verdict is
					    another one */
};

struct diagnosis_conclusion {
	struct diagnosis_finding finding;
	enum diagnosis_end end;
	enum diagnosis_step step;
};

/* The first step that failed; else what keeps the account from its registrar;
 * else the first step that is dubious. findingv: DIAGNOSIS_STEPS of them, in
 * order. */
struct diagnosis_conclusion
diagnosis_conclude(const struct diagnosis_finding *findingv,
		   const struct diagnosis_account *a);


/* --- words --- */

const char *diagnosis_step_name(enum diagnosis_step s);   /* "configuration" */
const char *diagnosis_result_name(enum diagnosis_result r);      /* "ok" */
/* What it means that this step failed, or (a warning) is dubious: the beginning
 * of a sentence whose rest is what was found. */
const char *diagnosis_lead(enum diagnosis_step s, enum diagnosis_result r);
const char *remedy_text(enum remedy r);  /* sentences for a person; "" */

#endif
