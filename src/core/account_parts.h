/* What the account*.c files share; everybody else includes account.h. */

#ifndef ACCOUNT_PARTS_H
#define ACCOUNT_PARTS_H

#include "account.h"


/* --- account_tell.c --- */

/* Stamps the event and puts it into the journal. */
void account_tell(struct account *a, struct event e, msec_t now);

/* The same of a flow. `idle`: [s] of silence that it ended with; 0: it ended
 * otherwise */
void account_tell_flow(struct account *a, unsigned i, enum event_type type,
		       enum reason reason, uint32_t idle, msec_t now);
uint32_t account_silence(const struct account_flow *flow);  /* [s], up */

/* A flow has failed, or could not be had: counted, and told who counts. */
void account_failed(struct account *a, enum reason reason);

/* Every fact ends here: what does the verdict say now, is it news? */
unsigned account_update(struct account *a, unsigned acts, msec_t now);

/* ... and with REG_DO_* bits here: what did it do to the flows of the
 * registration, and so to its probe? */
unsigned account_settle(struct account *a, unsigned i, unsigned acts,
			msec_t now);


/* The flow that calls come by: while a better edge is tried, the elder. */
static inline struct account_flow *account_serving(struct account_reg *ar)
{
	return ar->reg.failback ? &ar->elder : &ar->flow;
}


/* --- account_nat.c --- */

/* A flow fell silent, if it did: that may have been the NAT ... */
void account_note_silence(struct account_reg *ar, const struct flow *f,
			  msec_t now);
/* ... unless something else explains it. */
void account_explain_death(struct account_reg *ar);
/* Its successor has registered: from the same public address? */
void account_note_death(struct account_reg *ar, msec_t now);

/* Via received and rport of an answer to a REGISTER. */
unsigned account_note_mapping(struct account *a, unsigned i,
			      const struct addr *mapped, msec_t now);
/* Should the Contact say another address than the one it said? `answer`: to the
 * REGISTER that said it, which the registration does not know of yet; NULL. */
bool account_rewrites(const struct account *a, unsigned i,
		      const struct answer *answer, msec_t now);

void account_note_list(struct account *a, unsigned i,
		       const struct contact_list *l, msec_t now);

/* The ACCOUNT_* bits: after a 200 with our binding, of its timer, and when
 * there is none to prove any more. */
unsigned account_bound(struct account_reg *ar, unsigned foreign, msec_t now);
unsigned account_probe_timer(struct account *a, unsigned i, msec_t now);
unsigned account_settle_probe(struct account_reg *ar, msec_t now);

#endif
