/* The bindings that a 2xx to a REGISTER lists. */

#include <string.h>
#include "audit.h"
#include "param.h"


#define KINDS (AUDIT_FOREIGN + 1)


const char *audit_kind_name(enum audit_kind k)
{
	switch (k) {

	case AUDIT_OWN:     return "own";
	case AUDIT_GHOST:   return "ghost";
	case AUDIT_FOREIGN: return "foreign";
	}

	return "?";
}


const char *audit_uri(const struct audit *a, const struct audit_entry *e)
{
	return a->text + e->uri;
}


unsigned audit_count(const struct audit *a, enum audit_kind kind)
{
	unsigned n = a->restv[kind], i;

	for (i = 0; i < a->entryc; i++)
		n += a->entryv[i].kind == kind;

	return n;
}


void audit_begin(struct audit *a)
{
	a->entryc = 0;
	memset(a->restv, 0, sizeof(a->restv));
	a->own = -1;

	/* text[0] is the one of all that have none */
	a->text[0] = '\0';
	a->len = 1;
}


/* What contact_add() counted; KINDS: nothing, it is no binding. */
static unsigned counted(const struct contact_list *before,
			const struct contact_list *after)
{
	if (after->siblings > before->siblings)
		return AUDIT_OWN;
	if (after->ghosts > before->ghosts)
		return AUDIT_GHOST;

	return after->foreign > before->foreign ? AUDIT_FOREIGN : KINDS;
}


/* A better match came: it was not our own after all. */
static void demote(struct audit *a, unsigned kind)
{
	const unsigned i = (unsigned)a->own;

	a->own = -1;
	if (kind < KINDS) {
		a->entryv[i].kind = (uint8_t)kind;
		a->entryv[i].match = CONTACT_NO_MATCH;
		return;
	}

	--a->entryc;
	memmove(&a->entryv[i], &a->entryv[i + 1],
		(a->entryc - i) * sizeof(*a->entryv));
}


/* Its text's place; 0: it has none. */
static uint16_t keep_uri(struct audit *a, const struct pl *uri, unsigned room)
{
	const unsigned at = a->len;
	char *text = a->text + at;

	if (!pl_isset(uri) || uri->l >= REGISTER_URI_SIZE ||
	    at + uri->l >= room)
		return 0;

	(void)pl_strcpy(uri, text, uri->l + 1);
	if (strlen(text) != uri->l || !uri_usable(text)) {
		a->text[at] = '\0';
		return 0;
	}

	a->len += (unsigned)uri->l + 1;

	return (uint16_t)at;
}


static struct audit_entry *place(struct audit *a, unsigned kind, bool own)
{
	if (a->entryc < AUDIT_MAX)
		return &a->entryv[a->entryc++];

	if (!own) {
		++a->restv[kind];
		return NULL;
	}

	++a->restv[a->entryv[AUDIT_MAX - 1].kind];

	return &a->entryv[AUDIT_MAX - 1];
}


void audit_add(struct audit *a, const struct contact_list *before,
	       const struct contact_list *after, const struct contact_entry *e,
	       const struct pl *uri, int known)
{
	const bool own = after->own_index == (int)before->count;
	unsigned kind = counted(before, after);
	struct audit_entry *entry;

	if (own) {
		if (a->own >= 0)
			demote(a, kind);
		kind = AUDIT_OWN;
	}
	if (kind == KINDS)
		return;

	entry = place(a, kind, own);
	if (!entry)
		return;

	if (own)
		a->own = (int)(entry - a->entryv);

	*entry = (struct audit_entry){
		.key = contact_uri_key(uri),
		.expires = e->expires,
		.uri = keep_uri(a, uri, own ? AUDIT_ROOM
				: AUDIT_ROOM - REGISTER_URI_SIZE),
		.kind = (uint8_t)kind,
		.match = (uint8_t)(own ? after->match
				   : kind == AUDIT_OWN ? e->other
						       : CONTACT_NO_MATCH),
		.known = (int8_t)known,
	};
}


void audit_end(struct audit *a, const struct contact_list *l,
	       uint32_t expires)
{
	unsigned i;

	if (a->own >= 0) {
		a->entryv[a->own].expires = l->lease;
		if (!l->owns)
			demote(a, KINDS);
	}

	/* RFC 3261 §10.2.4 */
	for (i = 0; i < a->entryc; i++)
		if (a->entryv[i].expires == CONTACT_NO_EXPIRES)
			a->entryv[i].expires = expires;
}
