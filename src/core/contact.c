/* A 200's list of Contacts, read entry by entry, and which one to offer. */

#include "contact.h"


/* What speaks for an entry, one bit each, so that a larger set of bits is the
 * stronger match: several entries may carry our instance where the registrar
 * knows nothing of reg-id, and then the weaker marks decide between them. */
enum {
	MARK_SENT     = 1 << 0,
	MARK_MAPPED   = 1 << 1,
	MARK_TOKEN    = 1 << 2,
	MARK_INSTANCE = 1 << 3,
};


const char *contact_match_name(enum contact_match m)
{
	switch (m) {

	case CONTACT_NO_MATCH:    return "none";
	case CONTACT_BY_INSTANCE: return "instance";
	case CONTACT_BY_TOKEN:    return "token";
	case CONTACT_BY_MAPPED:   return "mapped";
	case CONTACT_BY_SENT:     return "sent";
	}

	return "?";
}


void contact_begin(struct contact_list *l, const struct addr *sent,
		   const struct addr *mapped)
{
	*l = (struct contact_list){
		.sent = *sent,
		.mapped = *mapped,
		.own_index = -1,
	};
}


static bool points_to(const struct contact_entry *e, const struct addr *a)
{
	return e->user && addr_isset(a) && addr_equal(&e->addr, a);
}


static unsigned marks_of(const struct contact_list *l,
			 const struct contact_entry *e)
{
	/* The token of another flow: an earlier binding of ours. It still has
	 * our instance if the registrar stores it without replacing by it. */
	bool other_flow = e->token_account && !e->token_flow;
	unsigned marks = 0;

	if (e->token_other || e->other != CONTACT_NO_MATCH)
		return 0;

	if (e->instance && e->reg_id && !other_flow)
		marks |= MARK_INSTANCE;
	if (e->token_account && e->token_flow)
		marks |= MARK_TOKEN;
	if (points_to(e, &l->mapped))
		marks |= MARK_MAPPED;
	if (points_to(e, &l->sent))
		marks |= MARK_SENT;

	return marks;
}


static enum contact_match match_of(unsigned marks)
{
	if (marks & MARK_INSTANCE)
		return CONTACT_BY_INSTANCE;
	if (marks & MARK_TOKEN)
		return CONTACT_BY_TOKEN;
	if (marks & MARK_MAPPED)
		return CONTACT_BY_MAPPED;
	if (marks & MARK_SENT)
		return CONTACT_BY_SENT;

	return CONTACT_NO_MATCH;
}


/* Only what nobody else can have made: another device may well have our user
 * and, in another private network, our address. */
static bool certain(const struct contact_entry *e)
{
	if (e->other != CONTACT_NO_MATCH)
		return e->retired;

	return !e->token_other && ((e->instance && e->reg_id) ||
				   e->token_account || e->known);
}


/* What an earlier flow of that registration left is its own to see: it knows
 * what it replaces just now. */
static bool is_sibling(const struct contact_entry *e)
{
	return e->other != CONTACT_NO_MATCH && !e->retired;
}


/* Some registrars list what they have just removed, with expires=0. */
static void count_other(struct contact_list *l, bool ours, uint32_t expires)
{
	if (!expires)
		return;

	if (ours)
		++l->ghosts;
	else
		++l->foreign;
}


/* Of two that look the same one may have been removed just now. */
static bool is_better(const struct contact_list *l, unsigned marks,
		      uint32_t expires)
{
	if (marks == l->own_marks)
		return marks && !l->lease && expires;

	return marks > l->own_marks;
}


void contact_add(struct contact_list *l, const struct contact_entry *e)
{
	unsigned marks = marks_of(l, e);
	unsigned index = l->count++;

	if (is_sibling(e)) {
		l->siblings += e->expires > 0;
		return;
	}

	if (!is_better(l, marks, e->expires)) {
		count_other(l, certain(e), e->expires);
		return;
	}

	/* A better one: what was taken for our own is somebody else. */
	if (l->own_index >= 0)
		count_other(l, l->own_certain, l->lease);

	l->own_marks = (uint8_t)marks;
	l->own_certain = certain(e);
	l->own_index = (int)index;
	l->own = e->addr;
	l->token = e->token_account && e->token_flow;
	l->lease = e->expires;
	l->match = match_of(marks);
}


bool contact_end(struct contact_list *l, uint32_t expires,
		 uint32_t requested)
{
	if (l->own_index < 0)
		return false;

	if (l->lease == CONTACT_NO_EXPIRES)
		l->lease = expires;
	if (l->lease == CONTACT_NO_EXPIRES)
		l->lease = requested;
	if (l->lease > CONTACT_LEASE_MAX)
		l->lease = CONTACT_LEASE_MAX;

	l->owns = l->lease ? 1 : 0;

	return l->lease > 0;
}


/* --- which Contact to offer --- */

/* Where `local` would do, may `a` be said instead? */
static bool may_offer(const struct contact_facts *f, const struct addr *a)
{
	if (!addr_isset(a) || !a->port || addr_scope(a) == ADDR_UNSPECIFIED)
		return false;
	if (addr_isset(&f->local) && a->family != f->local.family)
		return false;
	if (addr_scope(a) == ADDR_PUBLIC)
		return true;

	return addr_scope(&f->local) != ADDR_PUBLIC &&
		addr_scope(&f->offered) != ADDR_PUBLIC;
}


static struct addr first_of(const struct contact_facts *f,
			    const struct addr *first,
			    const struct addr *second)
{
	if (may_offer(f, first))
		return *first;
	if (may_offer(f, second))
		return *second;

	return f->local;
}


struct addr contact_choose(const struct contact_facts *f)
{
	switch (f->policy) {

	case CONTACT_AUTO:
		if (f->outbound || f->flapping)
			return first_of(f, &f->offered, &f->mapped);
		break;

	case CONTACT_MAPPED:
		break;

	case CONTACT_LOCAL:
	case CONTACT_STATIC:
		return f->local;
	}

	return first_of(f, &f->mapped, &f->offered);
}
