/* Non-INVITE client transactions of one flow (RFC 3261 §17.1.2): matches
 * answers by branch and CSeq method, sends again on UDP (timer E). Timer F and
 * what follows is the owner's. */

#ifndef TRANSACTION_H
#define TRANSACTION_H

#include "compat.h"
#include "conn.h"
#include "timer.h"


#define TRANSACTION_T1 500       /* [ms] RFC 3261 §17.1.1.1 */
#define TRANSACTION_T2 4000
#define TRANSACTION_F  (64 * TRANSACTION_T1)  /* RFC 3261 §17.1.2.2 */
#define TRANSACTION_BRANCH_SIZE 32

/* One request in flight; the owner keeps it. Zero it before first use. */
struct transaction;

/* A final answer; `rtt_usec` since the first sending. The transaction is over
 * when this is called, and may be started again from it. */
typedef void (transaction_h)(const struct sip_msg *msg, uint64_t rtt_usec,
			     void *arg);

struct transaction {
	struct le le;                    /* in the flow's list */
	char branch[TRANSACTION_BRANCH_SIZE];
	char method[12];
	struct conn *conn;               /* not owned */
	struct mbuf *mb;                 /* the request, kept on UDP only */
	struct timer resend;             /* timer E */
	msec_t wait;
	uint64_t sent_usec;
	transaction_h *h;
	void *arg;
	bool provisional;                /* a 1xx came: T2 from now on */
};

/* A fresh branch "z9hG4bK..." of 64 random bits or more. */
void transaction_branch(char *branch, size_t size);

/* Sends `mb` (pos to end) whose Via carries t->branch (made by
 * transaction_branch() before the text was written) and remembers it in
 * `list`. What was pending in `t` is forgotten. Errors of the send are
 * returned and nothing is remembered; ENOMEM. */
int transaction_start(struct transaction *t, struct list *list,
		      struct conn *conn, const char *method, struct mbuf *mb,
		      transaction_h *h, void *arg);

/* Forgets it: late answers are ignored. Safe on one that is not started. */
void transaction_cancel(struct transaction *t);
bool transaction_pending(const struct transaction *t);

/* Hands an answer, complete as sipmsg.h has it, to its transaction; false:
 * nobody waits for it. Only the top Via and CSeq are looked at:
 * routers that rewrite SIP (ALG) may have changed all the rest. */
bool transaction_receive(struct list *list, const struct sip_msg *msg);

#endif
