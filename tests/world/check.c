/* The invariants of DESIGN §12, asserted in every world after every step. What
 * they compare with is counted here and not asked of the core. Those of what
 * NATs lead to are in check_nat.c.
 *
 * How much may be sent, whatever a peer does (no loop without time passing):
 * a round is a REGISTER of our own accord and the REG_ANSWER_SENDS that answers
 * add, over one flow that one connect made. The wait before a round is never
 * below one second (the shortest is a Retry-After of 1), but for what is done
 * at once, and that has REG_AT_ONCE_EVERY between two: in RATE_SECONDS that
 * makes 10 + 1 and 2 rounds. An address that sends us elsewhere adds one
 * connect and as many sends for each address of the name; two that race are two
 * of them. An order, a knock at an edge that is down, a redirect (of which a
 * round has one) and a start of the process are one round more. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "world.h"


#define ROUNDS        (RATE_SECONDS + 1 + RATE_SECONDS * 1000 / \
		       REG_AT_ONCE_EVERY + 1)
#define ROUND_SENDS   (1 + REG_ANSWER_SENDS)


void check(struct world *w, bool holds, const char *what)
{
	if (holds)
		return;

	(void)fprintf(stderr, "invariant broken at %llu ms, state %u: %s\n",
		      (unsigned long long)w->now, world_reg(w)->state, what);
	abort();
}


void check_count(struct rate *r, msec_t now)
{
	const msec_t second = now / 1000;
	const unsigned i = second % RATE_SECONDS;

	if (r->secondv[i] != second)
		r->countv[i] = 0;

	r->secondv[i] = second;
	++r->countv[i];
}


unsigned check_counted(const struct rate *r, msec_t now)
{
	const msec_t second = now / 1000;
	unsigned i, n = 0;

	for (i = 0; i < RATE_SECONDS; i++)
		if (r->secondv[i] + RATE_SECONDS > second)
			n += r->countv[i];

	return n;
}


/* Rounds that the rules allow in the last RATE_SECONDS, times addresses. */
unsigned check_rounds(const struct world *w)
{
	const unsigned addresses = w->watch.addresses ? w->watch.addresses : 1;

	return (ROUNDS + check_counted(&w->watch.orders, w->now)) * addresses;
}


/* Held with credentials that never worked: for ever. */
static bool held_for_ever(struct world *w)
{
	const struct reg *r = world_reg(w);

	return r->state == REG_HELD && r->reason == REASON_CREDENTIALS &&
		!w->watch.worked;
}


static bool has_bit(uint32_t mask, unsigned i)
{
	return mask >> i & 1;
}


/* The same host, the other family. */
static bool are_rivals(const struct world *w, unsigned i, unsigned j)
{
	const struct target_list *l = &w->watch.list;

	return l->groupv[i] == l->groupv[j] &&
		has_bit(l->ipv6, i) != has_bit(l->ipv6, j);
}


static bool has_rival(const struct world *w, unsigned i)
{
	unsigned j;

	for (j = 0; j < TARGET_MAX && j < w->watch.list.count; j++)
		if (are_rivals(w, i, j))
			return true;

	return false;
}


static bool over_stream(const struct world *w)
{
	return w->link.flow.policy.stream;
}


static void check_waits(struct world *w)
{
	const struct reg *r = world_reg(w);

	check(w, r->state == REG_OFF || held_for_ever(w) ||
	      r->deadline != NEVER, "a waiting state has no deadline");
	check(w, !held_for_ever(w) || r->deadline == NEVER,
	      "wrong credentials would be tried again");
	check(w, r->state != REG_OFF || (account_deadline(&w->account) ==
	      NEVER && !w->link.there && !w->elder.there &&
	      !w->in_flight && !w->probe_open && !r->doubted),
	      "off, but something is armed or open");
	check(w, r->state != REG_BOUND || r->deadline < r->lease_end ||
	      r->lease_end <= r->answer_at + REG_ANSWER_GAP,
	      "the refresh comes after the lease has ended");
	check(w, r->state != REG_WAIT || !w->watch.not_before ||
	      r->deadline >= w->watch.not_before,
	      "a Retry-After is cut short");
	check(w, r->state != REG_BOUND || over_stream(w) ||
	      !w->policy.reg.verify || r->deadline <= r->answer_at +
	      clock_max(w->policy.reg.verify, REG_ANSWER_GAP),
	      "a UDP flow is verified too late");
	check(w, r->race_at == NEVER || (r->state == REG_CONNECT &&
	      w->link.there && over_stream(w) && has_rival(w, w->link.index)),
	      "a race without anybody to race");
}


static void check_flow(struct world *w)
{
	const struct reg *r = world_reg(w);
	const struct link *l = &w->link, *rival = &w->rival;
	const bool up = l->there && l->flow.up_at != NEVER;

	check(w, (r->state == REG_SENT || r->state == REG_LEAVING) ==
	      w->in_flight, "what is in flight is not what the state says");
	check(w, r->flow == up, "it is wrong about the flow");
	check(w, up || !w->reg.flow.up, "the account thinks that a flow is up");
	check(w, !l->there || flow_deadline(&l->flow) != NEVER ||
	      r->deadline != NEVER, "a flow that nobody looks after");
	check(w, !l->there || l->index == r->target.index ||
	      r->target.list.count == 1, "the flow goes to another address");
	check(w, rival->there == (r->state == REG_CONNECT && r->rival_open),
	      "it is wrong about the rival");
	check(w, !rival->there || (l->there && !up &&
	      rival->index == r->target.rival),
	      "a rival without a first one that connects");
}


static void check_verdict(struct world *w)
{
	const struct verdict v = account_verdict(&w->account, w->now);

	check(w, v.registered == (w->watch.lease_end > w->now),
	      "registered is not what the lease says");
	check(w, v.registered || v.reachable != REACHABLE_YES,
	      "reachable, but not registered");
	check(w, (v.reason == REASON_OK) <= (v.registered &&
	      v.reachable == REACHABLE_YES), "ok, but it is not");
}


/* What `status` and `list` show in every state. */
static void check_words(struct world *w)
{
	const struct reg *r = world_reg(w);
	const struct flow *f = &w->link.flow;
	const bool off = r->state == REG_OFF;
	msec_t at;

	check(w, reg_next(r, &at) && (at == NEVER || at == r->deadline),
	      "what comes next comes at another time");
	check(w, account_left(&w->account) == off &&
	      !strcmp(reg_next(r, &at), "none") == off,
	      "it has left and it has not");
	check(w, *flow_state_name(f->state) != '?' &&
	      *keepalive_method_name(f->asking) != '?', "a state has no name");
	check(w, flow_alive(f) == (f->state == FLOW_UP ||
				   f->state == FLOW_PROVEN),
	      "alive, but in no state to be");
}


/* What was un-registered, or given up in leaving, is no lease any more; a
 * start that waited for that begins anew. */
static void watch_leaving(struct world *w)
{
	const struct reg *r = world_reg(w);
	const bool leaving = r->state == REG_LEAVING || r->leaving;

	if (r->state == REG_OFF || (w->watch.leaving && !leaving)) {
		w->watch.lease_end = 0;
		w->watch.refusals = w->watch.others = 0;
	}

	w->watch.leaving = leaving;
}


/* A new round may be redirected again: it begins after a wait, or with the
 * order that waited for the end of the last one. */
static void watch_round(struct world *w)
{
	const struct reg *r = world_reg(w);

	if (r->state == REG_WAIT || r->state == REG_BOUND ||
	    r->state == REG_HELD || r->state == REG_OFF ||
	    (w->watch.again && !r->again))
		w->watch.redirected = false;

	w->watch.again = r->again;
}


void check_state(struct world *w)
{
	watch_leaving(w);
	watch_round(w);
	if (held_for_ever(w))
		w->watch.silent = true;

	check_waits(w);
	check_flow(w);
	check_elder(w);
	check_probes(w);
	check_verdict(w);
	check_words(w);
}


void check_timers(struct world *w, msec_t next)
{
	const struct verdict v = account_verdict(&w->account, w->now);

	check(w, next > w->now,
	      "a deadline is not later than now after the timers ran");
	check(w, verdict_equal(&v, &w->account.verdict),
	      "the verdict has changed and nobody was told");
}


/* The operator may ask as often as he likes. */
void check_order(struct world *w)
{
	struct watch *watch = &w->watch;

	check_count(&watch->orders, w->now);
	watch->answer_asked = watch->silent = false;
	watch->refusals = watch->others = 0;
	watch->not_before = 0;
	watch->redirected = false;
}


/* Of what was watched only the rates go on. */
void check_restart(struct world *w, uint32_t cseq, bool worked)
{
	const struct watch before = w->watch;

	w->watch = (struct watch){
		.registers = before.registers,
		.opens = before.opens,
		.probes = before.probes,
		.orders = before.orders,
		.addresses = before.addresses,
		.restored = true,
		.worked = worked,
		.cseq = cseq,
	};
	check(w, cseq >= before.cseq, "a CSeq of the past was kept");
	check_order(w);
}


/* Nobody outside notices: what was watched goes on. */
void check_hand_over(struct world *w, bool good)
{
	check(w, good, "what is handed over is of no use");
	w->watch.restored = false;
	w->watch.aside_from = w->watch.moved_from = 0;
	check_order(w);
}


void check_resolve(struct world *w)
{
	const bool parked = w->now >= w->watch.resolved_at + REG_PARK_MAX;

	if (!world_reg(w)->redirected) {
		w->watch.redirected &= !parked;
		return;
	}

	check(w, !w->watch.redirected, "two redirects in a round");
	w->watch.redirected = true;
	check_count(&w->watch.orders, w->now);
}


/* RFC 3261 §10.3: what was kept may be at fault, so the first answer counts. */
void check_renew(struct world *w)
{
	const struct watch *watch = &w->watch;

	check(w, watch->restored && watch->finals == 1 &&
	      (watch->code == 400 || watch->code == 500),
	      "a new Call-ID for no reason");
}


void check_knock(struct world *w)
{
	check_count(&w->watch.orders, w->now);
}


void check_open(struct world *w, const struct link *l)
{
	check_count(&w->watch.opens, w->now);
	check(w, !w->rival.there && w->link.there == (l == &w->rival),
	      "a second flow beside the first");
	check(w, l != &w->rival || (w->link.flow.state == FLOW_CONNECTING &&
	      are_rivals(w, l->index, w->link.index)),
	      "a rival that is none");
	check(w, !w->watch.silent, "a connect for wrong credentials");
	check(w, check_counted(&w->watch.opens, w->now) <= check_rounds(w),
	      "too many connects");
}


void check_connected(struct world *w)
{
	static const struct world_contact none;

	w->watch.offered = none;
	w->watch.alone = w->watch.refused = w->watch.answered = false;
}


/* An order that came while a REGISTER was in flight is carried out when an
 * answer ends that one, and is of our own accord nevertheless. */
static bool caused_by_answer(const struct world *w)
{
	const struct reg *r = &w->reg.reg;
	const bool ordered = (w->watch.kick_waited && !r->again) ||
		(w->watch.stop_waited && !r->leaving) ||
		(w->watch.fetch_waited && !r->fetch) ||
		(w->watch.fetching && !r->fetching);

	return w->in_answer && !ordered;
}


void check_ask(struct world *w)
{
	w->watch.answer_asked = caused_by_answer(w);
}


static void check_row(struct world *w)
{
	struct watch *watch = &w->watch;

	if (watch->answer_asked || caused_by_answer(w))
		++watch->answer_row;
	else
		watch->answer_row = 0;

	check(w, watch->answer_row <= REG_ANSWER_SENDS,
	      "answers alone cause too many sends");
}


void check_send(struct world *w, bool leave)
{
	struct watch *watch = &w->watch;

	check(w, !w->in_flight, "two REGISTERs in flight");
	check(w, w->link.there && w->link.flow.up_at != NEVER,
	      "a REGISTER without a flow");
	check(w, world_reg(w)->cseq == watch->cseq + 1,
	      "the CSeq does not grow by one");
	check(w, !watch->silent, "wrong credentials are tried again");
	check(w, leave || w->now >= watch->not_before,
	      "earlier than Retry-After");

	check_row(w);

	check_count(&watch->registers, w->now);
	check(w, check_counted(&watch->registers, w->now) <=
	      ROUND_SENDS * check_rounds(w), "too many REGISTERs");

	watch->answer_asked = false;
	watch->cseq = world_reg(w)->cseq;
	watch->sent_at = w->now;
}


static bool is_patience(const struct world *w, msec_t wait)
{
	if (w->reg.reg.failback)
		return wait == REG_ABANDON;
	if (over_stream(w) || w->watch.answered)
		return wait == REG_TIMER_F;

	return wait == REG_TIMER_F || wait == REG_ABANDON ||
		(wait == REG_ABANDON_RACE && has_rival(w, w->link.index));
}


void check_sent(struct world *w)
{
	struct watch *watch = &w->watch;
	const struct reg *r = world_reg(w);

	/* once more because of the answer, without what it may not like */
	watch->alone |= watch->refused && watch->answer_row;
	watch->refused = false;
	watch->named = w->named;
	check(w, !watch->alone || !w->named,
	      "old bindings are named again over this flow");
	check_offer(w, watch->answer_row);

	check(w, r->state != REG_SENT || r->leaving ||
	      is_patience(w, r->deadline - w->now),
	      "it waits for the answer as for another transport's");
}


/* RFC 3261 §22.3: one that asks for other credentials than those sent is no
 * refusal of them, the first time. */
static bool is_refusal(struct world *w)
{
	const struct challenge *c = &world_reg(w)->challenge;

	if (w->credentials != CHALLENGE_SENT_FRESH) {
		w->watch.others = 0;
		return false;
	}

	if (c->chosen < 0 || c->chosen_stale)
		return false;

	return !c->chosen_unanswered ||
		w->watch.others++ >= CHALLENGE_OTHERS_MAX;
}


static void watch_challenge(struct world *w, const struct answer *a)
{
	struct watch *watch = &w->watch;

	if (!is_refusal(w))
		return;

	++watch->refusals;
	check(w, watch->worked || watch->refusals <= CHALLENGE_REFUSALS_MAX,
	      "wrong credentials, more often than allowed");
	check(w, watch->refusals < CHALLENGE_REFUSALS_MAX ||
	      a->challenge == CHALLENGE_REFUSED, "a refusal is not seen");
}


static bool may_name_a_time(uint16_t code)
{
	return code / 100 != 2 && code != 401 && code != 407 && code != 423 &&
		code != 420 && code != 439;
}


static bool is_redirect(const struct answer *a)
{
	return a->redirect && a->code >= 300 && a->code <= 302;
}


/* The first final answer of a run may be about its Call-ID. */
static void watch_final(struct world *w, const struct answer *a)
{
	struct watch *watch = &w->watch;
	const bool again = a->code == 400 || a->code == 500;

	if (!a->code || a->code == 401 || a->code == 407)
		return;

	++watch->finals;
	watch->code = a->code;

	if (!watch->named)
		return;

	if (a->code / 100 == 2)
		watch->alone |= !a->bound;
	else if (a->code >= 400)
		watch->refused = may_name_a_time(a->code) &&
			!(watch->restored && watch->finals == 1 && again);
}


void check_answer(struct world *w, const struct answer *a)
{
	struct watch *watch = &w->watch;
	const struct reg *r = world_reg(w);

	watch->kick_waited = r->again;
	watch->stop_waited = r->leaving;
	watch->fetch_waited = r->fetch;
	watch->fetching = r->fetching;
	watch->not_before = 0;
	watch->answered = true;
	watch_final(w, a);
	if (r->state == REG_LEAVING)
		return;

	if (a->code == 401 || a->code == 407)
		watch_challenge(w, a);

	if (!r->fetching && a->retry_after && !is_redirect(a) &&
	    may_name_a_time(a->code) &&
	    !target_has_other(&r->target) && !r->leaving && !r->again)
		watch->not_before = w->now + clock_min(SECONDS(a->retry_after),
						       REG_RETRY_AFTER_MAX);

	if (a->code / 100 != 2)
		return;

	watch->rewrite = !r->fetching && a->bound && !w->ghostc &&
		!a->removable;
	if (r->fetching)
		return;

	watch->refusals = watch->others = 0;
	watch->worked |= w->credentials != CHALLENGE_SENT_NONE;
	watch->lease_end = a->bound ? watch->sent_at +
				      SECONDS(a->contacts.lease) : 0;
}
