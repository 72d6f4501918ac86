/* A registration that goes on in a new process: see handover.h. */

#include "handover.h"
#include "reg_step.h"


/* The address that its flow goes to, the only one that is known of so far. */
static void take_target(struct reg *r, bool stream)
{
	target_init(&r->target);
	r->target.list.count = 1;
	r->target.list.stream = stream;
}


/* A refresh that was due meanwhile is sent at once. */
void reg_take_over(struct reg *r, const struct handover *h)
{
	const struct handover_reg *was = &h->reg;

	take_target(r, h->stream);
	r->cseq = was->cseq > r->cseq ? was->cseq : r->cseq;
	r->expires = was->expires;
	r->granted = was->granted;
	r->sent_at = was->sent_at;
	r->answer_at = was->answer_at;
	r->lease_end = was->lease_end;
	r->refresh_at = was->refresh_at;
	r->plain = was->plain;
	r->outbound = was->outbound;
	r->token = was->token;
	r->alone = was->alone;
	r->match = was->match;
	r->contact = was->contact;
	r->challenge.worked = was->worked;
	r->proven = h->flow.proven;
	r->flow = r->here = r->answered = true;
	r->wait_until = 0;
	r->restored = false;     /* nobody has another CSeq in mind */
	r->reason = REASON_OK;
	r->code = ANSWER_OK;

	reg_set(r, REG_BOUND, r->refresh_at);
}


void reg_on_learned(struct reg *r, const struct target_list *list,
		    unsigned index, msec_t now)
{
	if (!r->flow || r->resolved_at != NEVER)
		return;

	r->resolved_at = now;
	target_on_resolved(&r->target, list, &r->rng);
	target_on_connected(&r->target, index);
	r->target.parked = false;
	r->better = target_has_better(&r->target);
	if (r->state == REG_BOUND)
		reg_failback_arm(r, now);
}
