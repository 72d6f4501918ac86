/* What is known of this machine's network: see netfacts.h. */

#include <stdlib.h>
#include <string.h>
#include "netfacts.h"


enum {
	FACTS_MAX  = 2048,       /* addresses and routes; 64 kB */
	ROUTES_MAX = 1024,       /* of them; who has more is a router */
	LINKS_MAX  = 1024,       /* container hosts have hundreds */
	VECTOR_MIN = 16,
};


/* Room for one more of `size` bytes; false: no. */
static bool grow(void **vp, size_t count, size_t *roomp, size_t size)
{
	const size_t room = *roomp ? 2 * *roomp : VECTOR_MIN;
	void *v;

	if (count < *roomp)
		return true;

	v = reallocarray(*vp, room, size);
	if (!v)
		return false;

	*vp = v;
	*roomp = room;

	return true;
}


static struct net_fact *find(const struct netfacts *f, uint64_t key)
{
	for (size_t i = 0; i < f->factc; i++) {
		if (f->factv[i].key == key)
			return &f->factv[i];
	}

	return NULL;
}


static void remove_fact(struct netfacts *f, struct net_fact *fact)
{
	f->routec -= fact->route;
	*fact = f->factv[--f->factc];
}


static void add(struct netfacts *f, const struct net_fact *fact)
{
	void *v = f->factv;

	if (fact->route && f->routec >= ROUTES_MAX) {
		f->full = true;
		return;
	}

	if (f->factc >= FACTS_MAX ||
	    !grow(&v, f->factc, &f->fact_size, sizeof(*f->factv)))
		return;

	f->factv = v;
	f->factv[f->factc++] = *fact;
	f->routec += fact->route;
}


bool netfacts_learn(struct netfacts *f, const struct net_fact *fact,
		    uint64_t *was)
{
	struct net_fact *known = find(f, fact->key);

	*was = known ? known->value : 0;
	if (!known)
		add(f, fact);
	else if (known->value != fact->value)
		*known = *fact;
	else
		return false;

	return true;
}


bool netfacts_forget(struct netfacts *f, uint64_t key)
{
	struct net_fact *known = find(f, key);

	if (known)
		remove_fact(f, known);

	return known != NULL;
}


void netfacts_forget_routes(struct netfacts *f, uint32_t ifindex)
{
	for (size_t i = f->factc; i--; ) {
		struct net_fact *fact = &f->factv[i];

		if (fact->route &&
		    (fact->ifindex == ifindex || !fact->ifindex))
			remove_fact(f, fact);
	}
}


void netfacts_forget_addresses(struct netfacts *f, uint32_t ifindex)
{
	for (size_t i = f->factc; i--; ) {
		struct net_fact *fact = &f->factv[i];

		if (!fact->route && fact->ifindex == ifindex)
			remove_fact(f, fact);
	}
}


struct net_link *netfacts_link(const struct netfacts *f, uint32_t ifindex)
{
	for (size_t i = 0; i < f->linkc; i++) {
		if (f->linkv[i].ifindex == ifindex)
			return &f->linkv[i];
	}

	return NULL;
}


struct net_link *netfacts_link_add(struct netfacts *f, uint32_t ifindex)
{
	void *v = f->linkv;
	struct net_link *l;

	if (f->linkc >= LINKS_MAX ||
	    !grow(&v, f->linkc, &f->link_size, sizeof(*f->linkv)))
		return NULL;

	f->linkv = v;
	l = &f->linkv[f->linkc++];
	*l = (struct net_link){.ifindex = ifindex};

	return l;
}


void netfacts_link_remove(struct netfacts *f, struct net_link *l)
{
	*l = f->linkv[--f->linkc];
}


void netfacts_reset(struct netfacts *f)
{
	free(f->factv);
	free(f->linkv);
	memset(f, 0, sizeof(*f));
}
