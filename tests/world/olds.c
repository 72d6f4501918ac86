/* The Contacts that we had before, and what the registrar lists of them: the
 * part of daemon/slot_olds.c, slot_audit.c and slot_register.c that the core's
 * questions are about. */

#include <string.h>
#include "world.h"


/* FNV-1a: another key for each address and flow. */
static uint64_t key_of(const struct world_contact *c)
{
	uint64_t key = UINT64_C(0xcbf29ce484222325);
	unsigned i;

	for (i = 0; i < sizeof(c->addr.ip); i++)
		key = (key ^ c->addr.ip[i]) * UINT64_C(0x100000001b3);

	key = (key ^ c->addr.port) * UINT64_C(0x100000001b3);

	return (key ^ c->number) * UINT64_C(0x100000001b3);
}


static bool is_same(const struct world_contact *a,
		    const struct world_contact *b)
{
	return a->number == b->number && addr_equal(&a->addr, &b->addr);
}


/* --- the list --- */

static void remove_at(struct world *w, unsigned i)
{
	--w->oldc;
	memmove(&w->oldv[i], &w->oldv[i + 1],
		(w->oldc - i) * sizeof(*w->oldv));
}


static struct world_old *find(struct world *w, uint64_t key)
{
	unsigned i;

	for (i = 0; i < w->oldc; i++)
		if (w->oldv[i].key == key)
			return &w->oldv[i];

	return NULL;
}


static void add(struct world *w, const struct world_old *old)
{
	if (find(w, old->key))
		return;

	if (w->oldc == WORLD_OLDS)
		--w->oldc;

	memmove(&w->oldv[1], &w->oldv[0], w->oldc * sizeof(*w->oldv));
	w->oldv[0] = *old;
	++w->oldc;
}


void olds_add(struct world *w, uint64_t key, msec_t until)
{
	const struct world_old old = {.key = key, .until = until};

	add(w, &old);
}


static void add_contact(struct world *w, const struct world_contact *c,
			msec_t until)
{
	const struct world_old old = {
		.key = key_of(c), .addr = c->addr, .until = until,
	};

	add(w, &old);
}


static void expire(struct world *w)
{
	unsigned i;

	for (i = w->oldc; i--;)
		if (w->oldv[i].until <= w->now)
			remove_at(w, i);
}


void olds_retry(struct world *w)
{
	unsigned i;

	for (i = 0; i < w->oldc; i++)
		w->oldv[i].ignored = false;
}


/* --- sending --- */

/* What it takes the place of, unless the registrar does that by itself. */
static void retire(struct world *w, const struct world_contact *old,
		   const struct world_contact *new, msec_t until)
{
	const bool same = addr_equal(&old->addr, &new->addr);

	if (old->number && until > w->now && !is_same(old, new) &&
	    reg_leaves_old(world_reg(w), same))
		add_contact(w, old, until);
}


void olds_name_none(struct world *w)
{
	unsigned i;

	for (i = 0; i < w->oldc; i++)
		w->oldv[i].named = false;
}


unsigned olds_name(struct world *w, const struct addr *contact)
{
	const struct world_contact new = {
		.addr = *contact, .number = w->link.number,
	};
	unsigned i, named = 0;

	retire(w, &w->bound, &new, w->bound_until);
	retire(w, &w->contact, &new, w->doubt_until);
	if (!is_same(&w->bound, &new))
		w->bound.number = 0;
	w->contact = new;
	w->doubt_until = w->now + SECONDS(world_reg(w)->expires);

	expire(w);
	olds_name_none(w);
	for (i = 0; i < w->oldc && named < WORLD_NAMED; i++) {
		struct world_old *old = &w->oldv[i];
		const bool same = addr_equal(&old->addr, contact);

		if (old->ignored)
			continue;
		if (!reg_names_old(world_reg(w), same))
			break;

		old->named = true;
		++named;
	}

	return named;
}


/* --- answers --- */

/* True: it can be removed now. */
static bool note_ghost(struct world *w, uint64_t key)
{
	struct world_old *old = find(w, key);

	if (!account_on_ghost(&w->account, 0, key, w->now))
		return false;

	if (old) {
		old->ignored |= old->named;
		return !old->ignored;
	}

	olds_add(w, key, w->now + SECONDS(600));

	return true;
}


static void note_removed(struct world *w)
{
	unsigned i;

	for (i = w->oldc; i--;) {
		const struct world_old old = w->oldv[i];

		w->oldv[i].named = false;
		if (!old.named || old.ignored)
			continue;

		account_on_ghost_removed(&w->account, 0, old.key, &old.addr,
					 w->now);
		remove_at(w, i);
	}
}


static void note_bound(struct world *w, const struct answer *a)
{
	unsigned i;

	w->bound.number = 0;
	if (!a->bound || world_reg(w)->state == REG_LEAVING)
		return;

	w->bound = w->contact;
	w->bound_until = world_reg(w)->sent_at + SECONDS(a->contacts.lease);

	for (i = w->oldc; !a->contacts.token && i--;)
		if (addr_equal(&w->oldv[i].addr, &w->contact.addr))
			remove_at(w, i);
}


void olds_on_answer(struct world *w, struct answer *a)
{
	const bool fetching = world_reg(w)->fetching;
	unsigned i;

	if (!fetching)
		w->doubt_until = 0;
	if (a->code / 100 != 2)
		return;

	if (a->bound)
		account_on_own(&w->account, 0, key_of(&w->contact));
	for (i = 0; i < w->ghostc; i++)
		a->removable += note_ghost(w, w->ghostv[i]);
	w->ghostc = 0;

	if (fetching)
		return;

	note_removed(w);
	note_bound(w, a);
}


/* --- another process --- */

void olds_on_restart(struct world *w)
{
	static const struct world_contact none;

	if (w->bound.number && !world_reg(w)->outbound)
		add_contact(w, &w->bound, w->bound_until);
	if (w->doubt_until && !world_reg(w)->outbound)
		add_contact(w, &w->contact, w->doubt_until);

	w->bound = w->contact = none;
	w->doubt_until = 0;
}
