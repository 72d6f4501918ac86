/* The addresses of several hosts in the order to try them. */

#include <unistd.h>
#include "resolve_order.h"


/* Would the system know where to send it? A UDP connect() sends nothing. */
static bool has_route(const struct sa *sa)
{
	int fd = socket(sa_af(sa), SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool ok;

	if (fd < 0)
		return false;

	ok = !connect(fd, &sa->u.sa, sa->len);
	(void)close(fd);

	return ok;
}


static size_t count(const struct dns_answer *a)
{
	return a ? a->recordc : 0;
}


static bool reachable(const struct dns_answer *a)
{
	return count(a) && has_route(&a->recordv[0].u.addr);
}


void resolve_share(size_t *sharev, const size_t *countv, size_t n,
		   size_t room)
{
	bool more = true;

	for (size_t i = 0; i < n; i++)
		sharev[i] = 0;

	while (more) {
		more = false;
		for (size_t i = 0; i < n && room; i++) {
			if (sharev[i] < countv[i]) {
				++sharev[i];
				--room;
				more = true;
			}
		}
	}
}


static bool add(struct resolve_addr *v, size_t n,
		const struct resolve_group *g, uint8_t group, uint8_t rank,
		const struct sa *sa)
{
	struct resolve_addr *to = &v[n];

	to->addr = *sa;
	sa_set_port(&to->addr, g->port);
	to->transport = g->transport;
	to->group = group;
	to->rank = rank;
	to->uri = 0;

	for (size_t i = 0; i < n; i++) {
		if (v[i].transport == to->transport &&
		    sa_cmp(&v[i].addr, &to->addr, SA_ALL))
			return false;
	}

	return true;
}


/* Adds up to `max` of one group behind the `n` that are there. */
static size_t add_group(struct resolve_addr *v, size_t n,
			const struct resolve_group *g, uint8_t group,
			uint8_t rank, size_t max)
{
	const struct dns_answer *first = g->v6, *second = g->v4;
	size_t i = 0, j = 0;
	bool both;

	if (!reachable(first)) {
		first = g->v4;
		second = g->v6;
	}

	both = reachable(second);
	for (size_t k = 0; k < max; k++) {
		const bool turn = i >= count(first) ||
			(both && j < i && j < count(second));
		const struct dns_record *r = turn ? &second->recordv[j++]
						  : &first->recordv[i++];

		if (add(v, n, g, group, rank, &r->u.addr))
			++n;
	}

	return n;
}


size_t resolve_order(struct resolve_addr *v, const struct resolve_group *gv,
		     size_t gc)
{
	size_t countv[TARGET_MAX] = {0}, sharev[TARGET_MAX], n = 0;
	const struct resolve_group *last = NULL;
	uint8_t group = 0, rank = 0;

	if (gc > TARGET_MAX)
		gc = TARGET_MAX;

	for (size_t i = 0; i < gc; i++)
		countv[i] = count(gv[i].v4) + count(gv[i].v6);

	resolve_share(sharev, countv, gc, TARGET_MAX);
	for (size_t i = 0; i < gc; i++) {
		const bool step = last && last->rank != gv[i].rank;
		const size_t before = n;

		n = add_group(v, n, &gv[i], group, rank + step, sharev[i]);
		if (n == before)
			continue;

		last = &gv[i];
		rank += step;
		++group;
	}

	return n;
}
