/* Make before break, performed: the flow that is doubted stays open as elder
 * while another one is made beside it. core/reg_replace.c decides. */

#include <string.h>
#include "slot_parts.h"


static void turn_handler(void *arg)
{
	struct slot *s = arg;

	slot_perform(s, account_on_replace_turn(s->owner->account, s->i,
						loop_now()));
}


void replace_init(struct slot *s)
{
	edge_turn_init(&s->replace_turn, EDGE_REPLACE, turn_handler, NULL, s);
}


void replace_ask(struct slot *s)
{
	struct edge_point *point = slot_present(s)->point;

	mem_deref(s->replaced);
	s->replaced = mem_ref(point);
	edge_turn_ask(&s->replace_turn, point,
		      reg_class(reg_of(s), loop_now()), loop_now());
}


static void drop_elder(struct slot *s)
{
	struct attempt *t = slot_elder(s);

	s->elder = SLOT_NONE;
	s->elder_was.contact_uri = mem_deref(s->elder_was.contact_uri);
	s->elder_was.bound_uri = mem_deref(s->elder_was.bound_uri);
	if (t)
		connect_attempt_drop(t);
}


/* One that still drains makes room. */
void replace_aside(struct slot *s)
{
	drop_elder(s);
	str_ncpy(s->elder_was.token, s->id.token_flow,
		 sizeof(s->elder_was.token));
	s->elder_was.contact = s->contact;
	s->elder_was.contact_uri = mem_ref(s->contact_uri);
	s->elder_was.bound_uri = mem_ref(s->bound_uri);
	s->elder = s->present;
	s->present = connect_spare(s);
}


/* The successor's REGISTER may have been taken all the same, and ours may have
 * been removed by it; as far as we know the binding is the elder's. */
static void restore_contact(struct slot *s)
{
	if (s->contact_uri && s->doubt_until > loop_now() &&
	    s->contact_uri != s->elder_was.contact_uri)
		olds_add(s, s->contact_uri, s->doubt_until);

	mem_deref(s->contact_uri);
	mem_deref(s->bound_uri);
	s->contact = s->elder_was.contact;
	s->contact_uri = mem_ref(s->elder_was.contact_uri);
	s->bound_uri = mem_ref(s->elder_was.bound_uri);
	s->doubt_until = 0;
	if (s->bound_uri)
		olds_forget(s, s->bound_uri);

	str_ncpy(s->id.token_flow, s->elder_was.token,
		 sizeof(s->id.token_flow));
	slot_changed(s);
}


/* What was on its way to take its place goes. */
void replace_take_back(struct slot *s)
{
	connect_drop(s);
	s->query = mem_deref(s->query);
	if (s->elder == SLOT_NONE)
		return;

	restore_contact(s);
	s->present = s->elder;
	s->elder = SLOT_NONE;
	drop_elder(s);
}


void replace_retire(struct slot *s)
{
	struct attempt *t = slot_elder(s);

	if (t && t->link)
		link_drain(t->link);
}


static bool drains(const struct attempt *t)
{
	return t->link && link_flow(t->link)->state == FLOW_DRAINING;
}


/* The edge is told how it ended, and others may go. */
static void release(struct slot *s)
{
	const struct reg *r = reg_of(s);
	const msec_t now = loop_now();
	const bool first = s->replace_turn.first;

	if (!s->replaced || r->doubted || r->elder)
		return;

	edge_turn_cancel(&s->replace_turn, now);
	s->replace_turn.first = false;
	if (r->flow && r->here && slot_elder(s))
		edge_point_on_replaced(s->replaced, first, now);
	else
		edge_point_on_not_replaced(s->replaced, first, now);

	s->replaced = mem_deref(s->replaced);
}


void replace_settle(struct slot *s)
{
	const struct reg *r = reg_of(s);
	struct attempt *elder = slot_elder(s);

	release(s);
	if (elder && !r->elder && (!drains(elder) || r->state == REG_OFF))
		drop_elder(s);
}


void replace_elder_lost(struct slot *s, enum reason reason)
{
	struct account *a = s->owner->account;
	const bool drained = drains(slot_elder(s)) || !reg_of(s)->elder;

	drop_elder(s);
	if (!drained)
		slot_perform(s, account_on_elder_lost(a, s->i, reason,
						      loop_now()));
}


void replace_close(struct slot *s)
{
	const msec_t now = loop_now();

	if (s->replaced)
		edge_point_on_not_replaced(s->replaced, s->replace_turn.first,
					   now);

	edge_turn_cancel(&s->replace_turn, now);
	s->replaced = mem_deref(s->replaced);
	drop_elder(s);
}


/* --- the network around us --- */

/* The flow that calls come by, or are to; NULL: there is none. */
static struct link *serving(struct slot *s)
{
	const struct reg *r = reg_of(s);

	if (r->failback && slot_elder(s))
		return slot_elder(s)->link;

	return r->flow && link_of(s) && link_local(link_of(s)) ? link_of(s)
							       : NULL;
}


/* Would its packets leave from another address now? Where the operator chose
 * the address it is his. */
static bool source_changed(struct slot *s, struct addr *source,
			   struct net_pass *pass)
{
	const struct account_conf *conf = s->owner->conf;
	const struct link *l = serving(s);
	struct sa src;

	if (sa_isset(&conf->source, SA_ADDR) ||
	    net_pass_source(pass, &src, link_peer(l), conf->interface) ||
	    sa_cmp(&src, link_local(l), SA_ADDR))
		return false;

	addr_from_sa(source, &src);

	return true;
}


static void moved(struct slot *s, const struct addr *source)
{
	struct account *a = s->owner->account;
	const msec_t now = loop_now();
	const unsigned acts = account_on_moved(a, s->i, now);

	if (acts)
		account_on_address(a, source, true, now);

	slot_perform(s, acts);
}


bool slot_on_address_gone(struct slot *s, struct net_pass *pass)
{
	struct link *l = serving(s);

	if (!l || net_pass_has_address(pass, link_local(l)))
		return false;

	link_fail(l, REASON_FLOW_LOST, "its address is gone");

	return true;
}


bool slot_on_source(struct slot *s, struct net_pass *pass)
{
	struct addr source;

	if (slot_on_address_gone(s, pass) || !serving(s))
		return true;

	if (!source_changed(s, &source, pass))
		return false;

	moved(s, &source);

	return true;
}


void slot_on_network(struct slot *s, struct net_pass *pass)
{
	if (!slot_on_source(s, pass))
		link_verify(serving(s));
}
