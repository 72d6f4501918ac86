/* Which edges the other flows of an account have (RFC 5626 §4.2.1: each flow
 * goes to another one). */

#include "slot_parts.h"


static bool goes_to(const struct slot *s, const struct sa *addr)
{
	const struct reg *r = reg_of(s);
	unsigned i;

	for (i = 0; i < ARRAY_SIZE(s->attemptv); i++) {
		const struct attempt *t = &s->attemptv[i];
		const bool wanted = i == s->present && reg_wants_connect(r);

		if (t->point && (t->link || wanted) &&
		    sa_cmp(edge_point_addr(t->point), addr, SA_ADDR))
			return true;
	}

	return false;
}


static bool is_taken(const struct slot *s, const struct sa *addr)
{
	const struct slot_owner *o = s->owner;
	unsigned i;

	for (i = 0; i < o->slotc; i++)
		if (i != s->i && goes_to(&o->slotv[i], addr))
			return true;

	return false;
}


uint32_t slot_taken(const struct slot *s)
{
	uint32_t mask = 0;
	size_t i;

	for (i = 0; i < s->addrc; i++)
		if (is_taken(s, &s->addrv[i].addr))
			mask |= UINT32_C(1) << i;

	return mask;
}
