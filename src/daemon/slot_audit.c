/* What a 2xx lists beside our own binding: ghosts are noted, so that the next
 * REGISTER names them; those that it has named are gone, or were of no avail.
 * Foreign bindings are never touched. */

#include <string.h>
#include "param.h"
#include "slot_parts.h"


bool slot_purges(const struct slot *s)
{
	return s->owner->conf->purge_ghosts || s->purging;
}


/* What was named and is still there stays ours, but is not named again: some
 * registrars compare letter by letter, and so it was named as they write it. */
static bool note_known(struct old_contact *old, const char *uri)
{
	char *copy;

	if (strcmp(old->uri, uri) && !str_dup(&copy, uri)) {
		mem_deref(old->uri);
		old->uri = copy;
		old->named = false;
		return true;
	}

	old->ignored |= old->named;

	return !old->ignored;
}


/* One that is ours and is not wanted any more. True: it can be removed now. */
static bool note_ghost(struct slot *s, const struct audit *a,
		       const struct audit_entry *e)
{
	const char *uri = audit_uri(a, e);
	const msec_t now = loop_now();

	if (!account_on_ghost(s->owner->account, s->i, e->key, now) || !*uri)
		return false;

	if (e->known >= 0)
		return note_known(&s->oldv[e->known], uri);

	olds_add(s, uri, now + SECONDS(e->expires < CONTACT_LEASE_MAX
				       ? e->expires : CONTACT_LEASE_MAX));
	slot_changed(s);

	return true;
}


static void note_ghosts(struct slot *s, struct register_facts *f)
{
	const struct audit *a = &f->audit;
	unsigned i, n = 0;

	if (a->own >= 0)
		account_on_own(s->owner->account, s->i,
			       a->entryv[a->own].key);

	/* The latest of the list goes in front. New ones push others back: the
	 * numbers of the known ones are true only before. */
	for (i = 0; i < a->entryc; i++)
		if (a->entryv[i].kind == AUDIT_GHOST && a->entryv[i].known >= 0)
			n += note_ghost(s, a, &a->entryv[i]);

	for (i = 0; i < a->entryc; i++)
		if (a->entryv[i].kind == AUDIT_GHOST && a->entryv[i].known < 0)
			n += note_ghost(s, a, &a->entryv[i]);

	if (slot_purges(s))
		f->answer.removable = n;
}


static void tell_removed(struct slot *s, const struct old_contact *old)
{
	struct addr addr = {.family = ADDR_NONE};
	struct uri uri;

	if (!sip_uri_read(&uri, old->uri))
		(void)addr_parse(&addr, uri.host.p, uri.host.l, uri.port);

	account_on_ghost_removed(s->owner->account, s->i,
				 contact_uri_key_str(old->uri), &addr,
				 loop_now());
}


static bool is_own(const struct slot *s, const char *uri)
{
	struct pl a, b;

	if (!s->contact_uri)
		return false;

	pl_set_str(&a, uri);
	pl_set_str(&b, s->contact_uri);

	return contact_uri_equal(&a, &b);
}


/* What was named and is not listed any more. */
static void note_removed(struct slot *s)
{
	unsigned i;

	for (i = s->oldc; i--;) {
		struct old_contact *old = &s->oldv[i];

		if (!old->named)
			continue;        /* nor what was spelt otherwise */

		old->named = false;
		if (old->ignored)
			continue;

		/* what our own Contact says now was passed over */
		if (!is_own(s, old->uri))
			tell_removed(s, old);
		olds_remove(s, old);
		slot_changed(s);
	}
}


/* For whoever asked to see it. */
static void keep(struct slot *s, const struct audit *a)
{
	s->audit = mem_deref(s->audit);
	s->audit = mem_alloc(sizeof(*s->audit), NULL);
	if (s->audit)
		*s->audit = *a;
}


void audit_note(struct slot *s, struct register_facts *f)
{
	note_ghosts(s, f);
	note_removed(s);

	if (s->audited)
		keep(s, &f->audit);
}


void slot_set_purging(struct slot *s, bool purging)
{
	s->purging = purging;
	if (!purging)
		return;

	account_purge(s->owner->account, s->i);
	olds_retry(s);
}
