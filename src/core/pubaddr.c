/* The site's public address, as its STUN servers tell it over time. */

#include "pubaddr.h"


#define INTERVAL_MIN 90          /* [%] of the interval, at random */
#define INTERVAL_MAX 100


void pubaddr_init(struct pubaddr *p, msec_t interval, unsigned servers,
		  uint64_t seed, msec_t now)
{
	*p = (struct pubaddr){
		.interval = interval,
		.servers = servers,
		.ask_at = now,
	};
	rng_seed(&p->rng, seed);
}


static unsigned ask(struct pubaddr *p, unsigned server, msec_t now)
{
	p->server = server;
	p->asking = true;
	p->asked_at = now;

	return PUBADDR_ASK;
}


/* Each round begins with the first server: the second is there for when it does
 * not answer. */
unsigned pubaddr_tick(struct pubaddr *p, msec_t now)
{
	if (p->asking || now < p->ask_at)
		return 0;

	return ask(p, 0, now);
}


static void await_next(struct pubaddr *p, msec_t now)
{
	p->asking = false;
	p->ask_at = now + rng_percent(&p->rng, p->interval, INTERVAL_MIN,
				      INTERVAL_MAX);
}


/* The oldest of the last changes is overwritten by this one. */
static bool changes_too_often(struct pubaddr_word *w, msec_t now)
{
	msec_t oldest;

	w->changedv[w->changes++ % PUBADDR_FLAPS] = now;
	if (w->changes < PUBADDR_FLAPS)
		return false;

	oldest = w->changedv[w->changes % PUBADDR_FLAPS];

	return now - oldest <= PUBADDR_FLAP_TIME;
}


static void hear(struct pubaddr_word *w, const struct addr *addr, bool local,
		 msec_t now)
{
	if (!addr_ip_equal(&w->last, addr)) {
		w->since = now;
		if (!local && changes_too_often(w, now))
			w->flapping = true;
	}

	w->last = *addr;
	if (now - w->since >= PUBADDR_STEADY)
		w->flapping = false;
}


/* Who never said anything would miss a change that made us ask him: he takes
 * over what the other one said. */
static bool first_word(struct pubaddr *p, struct pubaddr_word *w,
		       const struct addr *addr, msec_t now)
{
	const struct pubaddr_word *other = &p->wordv[p->answered];
	const bool alone = !addr_isset(&other->last);

	if (addr_isset(&w->last))
		return false;

	w->last = w->believed = alone ? *addr : other->believed;
	w->since = now;

	return alone;
}


unsigned pubaddr_on_answer(struct pubaddr *p, const struct addr *addr,
			   msec_t now)
{
	struct pubaddr_word *w = &p->wordv[p->server];
	const bool first = first_word(p, w, addr, now);
	const bool local = p->local;
	bool moved;

	await_next(p, now);
	p->answered = p->server;
	p->local = false;
	if (first)
		return 0;

	hear(w, addr, local, now);
	if (w->flapping)
		return 0;

	moved = !addr_ip_equal(&w->believed, addr);
	w->believed = *addr;

	return moved ? PUBADDR_MOVED : 0;
}


unsigned pubaddr_on_silence(struct pubaddr *p, msec_t now)
{
	if (p->server + 1 < p->servers)
		return ask(p, p->server + 1, now);

	await_next(p, now);

	return 0;
}


unsigned pubaddr_on_network(struct pubaddr *p, msec_t now)
{
	p->local = true;
	p->asking = false;
	p->ask_at = clock_max(now, p->asked_at + PUBADDR_ASK_MIN);

	return pubaddr_tick(p, now);
}


const struct addr *pubaddr_addr(const struct pubaddr *p)
{
	return &p->wordv[p->answered].last;
}


bool pubaddr_flapping(const struct pubaddr *p)
{
	return p->wordv[p->answered].flapping;
}


msec_t pubaddr_deadline(const struct pubaddr *p)
{
	return p->asking ? NEVER : p->ask_at;
}
