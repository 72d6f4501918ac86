/* What the diagnose*.c files share; everybody else includes diagnose.h. */

#ifndef DIAGNOSE_PARTS_H
#define DIAGNOSE_PARTS_H

#include "agent_parts.h"
#include "diagnose.h"
#include "diagnose_tls.h"
#include "slot_parts.h"


#define DIAGNOSE_TEXT 160        /* bytes of an error in words */

/* One address. */
struct diagnose_try {
	struct diagnosis *diagnosis;
	struct resolve_addr addr;
	struct conn *conn;               /* NULL: not open, or over */
	enum diagnosis_way way;
	bool present;                    /* the account's flow goes there */
	bool over;                       /* it stands, or has failed */
	bool connected;                  /* UDP: the socket is there */
	bool usable;                     /* TLS is done as well */
	uint64_t began_usec, connected_usec, over_usec;
	enum reason reason;              /* why it failed */
	char text[DIAGNOSE_TEXT];        /* the same in words */
	struct tls_seen tls;
};

struct diagnosis {
	struct agent *agent;             /* NULL: it has gone */
	struct slot *slot;               /* of it */
	diagnose_step_h *h;              /* NULL: over */
	void *arg;
	msec_t until;                    /* DIAGNOSE_TIME is over */
	struct timer timer;
	void (*timeouth)(struct diagnosis *d);
	uint64_t began_usec, step_usec;

	/* what was found so far */
	struct diagnosis_finding findingv[DIAGNOSIS_STEPS];
	char textv[DIAGNOSIS_STEPS][DIAGNOSE_LINE];
	char detailv[DIAGNOSE_DETAILS][DIAGNOSE_LINE];   /* of this step */
	unsigned detailc;

	/* the way there */
	struct resolve_list *query;
	msec_t query_at;
	struct resolve_uri uriv[RESOLVE_LIST_MAX];
	char *hostv[RESOLVE_LIST_MAX];   /* theirs: the slot may be sent
					    elsewhere meanwhile */
	size_t uric;
	struct tls_ctx *tls;
	struct diagnose_try tryv[DIAGNOSE_TRIES];
	unsigned tryc;
	struct diagnose_try *chosen;     /* NULL: none can be used */

	/* the question */
	struct register_identity id;
	char *redirect;
	struct list transactions;
	struct transaction transaction;
	struct digest *digest;           /* NULL: no challenge yet */
	struct challenge challenge;
	uint32_t cseq;
	uint16_t challenged;             /* the code that was answered; 0 */
	uint8_t askers;                  /* 1 << enum asker: who were answered */
	bool options;                    /* instead of REGISTER */
	struct diagnosis_register asked;
	struct addr local, mapped;       /* of the test's socket */
	bool rewritten;
	struct audit *audit;             /* what is bound; NULL: not told */
	struct diagnose_probing *probing;        /* NULL: none is out */
};


/* --- diagnose.c --- */

/* One line more of the step that is being made; what is too much is left. */
void diagnose_detail(struct diagnosis *d, const char *fmt, ...);

/* The end of a step. False: nobody listens any more, and d must not go on. */
bool diagnose_say(struct diagnosis *d, enum diagnosis_step step,
		  struct diagnosis_finding f, uint64_t took_usec,
		  const char *fmt, ...);

/* `h` in so long, but within DIAGNOSE_TIME; NULL: nothing is waited for. */
void diagnose_wait(struct diagnosis *d, msec_t time,
		   void (*h)(struct diagnosis *d));

uint64_t diagnose_took(const struct diagnosis *d);       /* this step [us] */
const struct account_conf *diagnose_conf(const struct diagnosis *d);
void diagnose_account(struct diagnosis_account *a, const struct diagnosis *d);

/* The steps that cannot be made are told as skipped, and the rest follows. */
void diagnose_skip(struct diagnosis *d, enum diagnosis_step from,
		   const char *why);

/* --- the steps; each goes on to the next --- */

void diagnose_configuration(struct diagnosis *d);
void diagnose_resolve(struct diagnosis *d);      /* diagnose_resolve.c */
void diagnose_connect(struct diagnosis *d);      /* diagnose_connect.c */
void diagnose_ask(struct diagnosis *d);          /* diagnose_ask.c */
void diagnose_answered(struct diagnosis *d, const struct sip_msg *msg);
void diagnose_mapping(struct diagnosis *d);      /* diagnose_found.c */
void diagnose_binding(struct diagnosis *d);
void diagnose_probe(struct diagnosis *d);        /* diagnose_probe.c */
void diagnose_probe_close(struct diagnosis *d);
void diagnose_conclude(struct diagnosis *d);

/* What arrives over the chosen connection, and its end. */
void diagnose_received(struct diagnosis *d, struct mbuf *mb);
void diagnose_closed(struct diagnosis *d, enum reason reason,
		     const char *text);

#endif
