/* Bindings that we made over earlier flows or in earlier runs, and that the
 * registrar may still have: the next REGISTER names them to be removed. */

#include <string.h>
#include "slot_parts.h"


static void remove_at(struct slot *s, unsigned i)
{
	mem_deref(s->oldv[i].uri);
	--s->oldc;
	memmove(&s->oldv[i], &s->oldv[i + 1],
		(s->oldc - i) * sizeof(*s->oldv));
}


/* The latest in front; the oldest of too many is left to its lease. */
void olds_add(struct slot *s, const char *uri, msec_t until)
{
	char *copy;
	unsigned i;

	for (i = 0; i < s->oldc; i++)
		if (!strcmp(s->oldv[i].uri, uri))
			return;

	if (str_dup(&copy, uri))
		return;

	if (s->oldc == ARRAY_SIZE(s->oldv))
		remove_at(s, s->oldc - 1);

	memmove(&s->oldv[1], &s->oldv[0], s->oldc * sizeof(*s->oldv));
	s->oldv[0] = (struct old_contact){.uri = copy, .until = until};
	++s->oldc;
}


struct old_contact *olds_next(struct slot *s, unsigned *ip)
{
	while (*ip < s->oldc) {
		struct old_contact *old = &s->oldv[(*ip)++];

		if (!old->ignored)
			return old;
	}

	return NULL;
}


void olds_remove(struct slot *s, struct old_contact *old)
{
	remove_at(s, (unsigned)(old - s->oldv));
}


void olds_retry(struct slot *s)
{
	unsigned i;

	for (i = 0; i < s->oldc; i++)
		s->oldv[i].ignored = false;
}


void olds_forget(struct slot *s, const char *uri)
{
	unsigned i;

	for (i = s->oldc; i--;)
		if (!strcmp(s->oldv[i].uri, uri))
			remove_at(s, i);
}


void olds_expire(struct slot *s, msec_t now)
{
	unsigned i;

	for (i = s->oldc; i--;)
		if (s->oldv[i].until <= now)
			remove_at(s, i);
}


void olds_reset(struct slot *s)
{
	while (s->oldc)
		remove_at(s, s->oldc - 1);
}


bool olds_same_place(const char *a, const char *b)
{
	static const char token[] = ";" REGISTER_TOKEN "=";
	const char *enda = strstr(a, token);
	const char *endb = strstr(b, token);

	return enda && endb && enda - a == endb - b &&
		!strncmp(a, b, (size_t)(enda - a));
}


void olds_replaced(struct slot *s, const char *uri)
{
	unsigned i;

	for (i = s->oldc; i--;)
		if (olds_same_place(s->oldv[i].uri, uri))
			remove_at(s, i);
}
