/* The invariants of make before break, of the Contact that is offered, and of
 * the probe: see check.c. */

#include "world.h"


/* --- make before break --- */

void check_aside(struct world *w)
{
	const bool moved = world_reg(w)->moved;
	struct watch *watch = &w->watch;

	check(w, w->link.there && w->link.flow.up_at != NEVER,
	      "a flow is replaced that there is not");
	check(w, !w->in_flight, "its REGISTER in flight is not given up");
	check(w, !w->elder.there || w->elder.flow.state == FLOW_DRAINING,
	      "two elders");
	check(w, watch->lease_end > w->now || !w->link.flow.policy.stream,
	      "a connection without a binding is kept");
	check(w, !watch->turned || (moved ? w->now >= watch->moved_from
	      : w->link.flow.proven || w->now >= watch->aside_from),
	      "replaced again at once");

	if (watch->turned && moved)
		watch->moved_from = w->now + REG_MOVE_GAP;
	else if (watch->turned && !w->link.flow.proven)
		watch->aside_from = w->now + REG_AT_ONCE_EVERY;
	watch->beside = watch->redirected = false;
}


/* Until its successor has sent a REGISTER; one whose packets would leave from
 * elsewhere now may say what it likes. */
bool check_may_return(struct world *w)
{
	const struct reg *r = world_reg(w);

	return r->elder && !r->moved && !w->watch.beside &&
		w->watch.lease_end > w->now;
}


/* What it leads to may go wrong in turn, if a refresh is due. */
void check_returned(struct world *w, unsigned acts)
{
	const struct reg *r = world_reg(w);

	check(w, acts & REG_DO_TAKE_BACK && !r->elder && r->flow &&
	      w->elder.there && w->elder.flow.state != FLOW_SUSPECT,
	      "a late pong, but the elder is not the flow again");
}


void check_elder(struct world *w)
{
	const struct reg *r = world_reg(w);
	const bool drains = w->elder.flow.state == FLOW_DRAINING;

	check(w, w->elder.there == (r->elder || (w->elder.there && drains)),
	      "it is wrong about the elder");
	check(w, !r->elder || !drains, "it counts on a flow that drains");
	check(w, !w->elder.there ||
	      flow_deadline(&w->elder.flow) != NEVER || r->deadline != NEVER,
	      "an elder that nobody looks after");
	check(w, !r->elder || r->state == REG_RESOLVE ||
	      r->state == REG_CONNECT || r->state == REG_TURN ||
	      r->state == REG_SENT || r->state == REG_LEAVING,
	      "an elder without a way to a new flow");
	check(w, !r->doubted || r->replace_at != NEVER || w->replace_due,
	      "a doubt that leads to nothing");
	check(w, !r->doubted || !r->elder, "the next is doubted already");
}


/* --- the Contact --- */

static bool is_rewrite(const struct world_contact *before,
		       const struct world_contact *now)
{
	return before->number == now->number && before->number &&
		!addr_equal(&before->addr, &now->addr);
}


/* `answered`: an answer alone caused this one. What the 401 taught is no
 * rewrite: nothing had been accepted. */
void check_offer(struct world *w, bool answered)
{
	struct watch *watch = &w->watch;
	const struct world_contact now = w->contact;

	watch->beside = true;
	if (world_reg(w)->fetching)
		return;

	if (!answered)
		watch->rewrites = 0;

	if (is_rewrite(&watch->offered, &now)) {
		watch->rewrites += answered && watch->rewrite;
		check(w, watch->rewrites <= 1, "two rewrites in a round");
		check(w, addr_scope(&watch->offered.addr) != ADDR_PUBLIC ||
		      addr_scope(&now.addr) == ADDR_PUBLIC,
		      "a public Contact becomes another one");
	}

	watch->offered = now;
	watch->rewrite = false;
}


/* --- the probe --- */

void check_probe(struct world *w, bool on_flow)
{
	const struct probe *p = &w->reg.probe;

	check_count(&w->watch.probes, w->now);
	check(w, !w->probe_open, "two probes at once");
	check(w, w->link.there && (p->asked || w->watch.lease_end > w->now),
	      "a probe without a binding");
	check(w, p->asked || p->policy->enabled, "a probe that nobody wants");
	check(w, p->asked || on_flow || !p->foreign,
	      "a probe wakes the devices of others");
	check(w, check_counted(&w->watch.probes, w->now) <=
	      2 * check_rounds(w), "too many probes");
}


void check_probes(struct world *w)
{
	const struct probe *p = &w->reg.probe;

	check(w, !w->probe_open || p->out, "a probe that nobody waits for");
	check(w, !p->out || p->at != NEVER, "a probe is waited for for ever");
	check(w, p->at == NEVER || p->bound,
	      "a probe is due without a binding");
}
