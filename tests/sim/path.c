/* The connections, and the NAT that they go through: it forgets those that are
 * idle, and has another public address now and then. A stream that it has
 * forgotten is swallowed; the next packet of a UDP flow is mapped anew. */

#include <stddef.h>
#include "sim.h"


struct link *path_link(struct sim *s, const struct path *p)
{
	struct world *w = &s->w;
	struct link *linkv[] = {&w->link, &w->rival, &w->elder};
	size_t i;

	for (i = 0; i < sizeof(linkv) / sizeof(linkv[0]); i++)
		if (linkv[i]->there && linkv[i]->number == p->number)
			return linkv[i];

	return NULL;
}


struct path *path_of(struct sim *s, const struct link *l)
{
	unsigned i;

	for (i = 0; i < PATHS; i++)
		if (l->there && s->pathv[i].number == l->number)
			return &s->pathv[i];

	return NULL;
}


/* The public address is given to each with another port. */
static void map(struct sim *s, struct path *p)
{
	if (!s->sc->idle)
		return;

	++s->public.port;
	p->mapped = s->public;
}


void path_open(struct sim *s, const struct link *l)
{
	struct path *p = s->pathv;

	while (p->number && path_link(s, p))
		++p;

	*p = (struct path){
		.number = l->number, .touched = s->w.now,
		.pong_at = NEVER, .options_at = NEVER,
	};
	map(s, p);
}


static bool is_forgotten(const struct sim *s, const struct path *p)
{
	return s->sc->idle && (s->w.now - p->touched > s->sc->idle ||
			       !addr_ip_equal(&p->mapped, &s->public));
}


bool path_send(struct sim *s, struct path *p)
{
	if (is_forgotten(s, p)) {
		p->deaf |= !s->sc->udp;
		if (s->sc->udp)
			map(s, p);
	}

	p->touched = s->w.now;

	return !p->deaf;
}


void path_receive(struct sim *s, struct path *p)
{
	p->touched = s->w.now;
}


void paths_init(struct sim *s)
{
	const msec_t every = s->sc->moves_every;
	unsigned i;

	for (i = 0; i < PATHS; i++)
		s->pathv[i].pong_at = s->pathv[i].options_at = NEVER;

	s->public = (struct addr){
		.ip = {203, 0, 113, 1}, .port = 20000, .family = ADDR_IPV4,
	};
	s->moves_at = every ? every : NEVER;
}


void paths_forget(struct sim *s)
{
	unsigned i;

	for (i = 0; i < PATHS; i++)
		s->pathv[i].deaf = true;
}


void paths_move(struct sim *s)
{
	++s->public.ip[3];
	s->moves_at = s->w.now + s->sc->moves_every;
}


msec_t paths_served(struct sim *s)
{
	const struct path *p;
	msec_t until = s->binding_until;
	unsigned i;

	for (i = 0; i < PATHS; i++)
		if (s->pathv[i].number == s->binding_number)
			break;

	p = &s->pathv[i];
	if (!s->binding_number || i == PATHS || p->deaf || !path_link(s, p))
		return 0;

	if (!s->sc->idle)
		return until;

	if (!addr_equal(&p->mapped, &s->binding_addr) ||
	    !addr_ip_equal(&p->mapped, &s->public))
		return 0;

	return clock_min(until, p->touched + s->sc->idle);
}
