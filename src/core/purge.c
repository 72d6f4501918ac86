/* Old bindings of ours that were removed and come back. */

#include "purge.h"


#define NOWHERE PURGE_KEYS


static unsigned find(const struct purge *p, uint64_t key)
{
	unsigned i = 0;

	if (!key)
		return NOWHERE;

	while (i < PURGE_KEYS && p->keyv[i].key != key)
		++i;

	return i;
}


/* A free place, or that of the one whose loss matters least. */
static unsigned make_room(struct purge *p)
{
	unsigned best = p->next % PURGE_KEYS;

	for (unsigned n = 0; n < PURGE_KEYS; n++) {
		unsigned i = (p->next + n) % PURGE_KEYS;

		if (!p->keyv[i].key) {
			best = i;
			break;
		}
		if (p->keyv[i].returns < p->keyv[best].returns)
			best = i;
	}

	p->next = (best + 1) % PURGE_KEYS;

	return best;
}


void purge_on_removed(struct purge *p, uint64_t key)
{
	unsigned i = find(p, key);

	if (!key)
		return;

	if (i == NOWHERE) {
		i = make_room(p);
		p->keyv[i].key = key;
		p->keyv[i].returns = 0;
	}

	p->keyv[i].gone = true;
}


bool purge_on_listed(struct purge *p, uint64_t key)
{
	unsigned i = find(p, key);

	if (i == NOWHERE || !p->keyv[i].gone)
		return false;

	p->keyv[i].gone = false;
	if (p->keyv[i].returns < PURGE_RETURNS)
		++p->keyv[i].returns;

	if (p->cloned || p->keyv[i].returns < PURGE_RETURNS)
		return false;

	p->cloned = true;

	return true;
}


void purge_on_own(struct purge *p, uint64_t key)
{
	unsigned i = find(p, key);

	if (i == NOWHERE)
		return;

	p->keyv[i].key = 0;
	p->keyv[i].gone = false;
	p->keyv[i].returns = 0;
}


void purge_reset(struct purge *p)
{
	*p = (struct purge){0};
}
