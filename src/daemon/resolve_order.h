/* The addresses of several hosts in the order to try them. */

#ifndef RESOLVE_ORDER_H
#define RESOLVE_ORDER_H

#include "dns_answer.h"
#include "resolve.h"


/* `room` for several that have countv[i] each: one each in turn, until nobody
 * has more or there is no more room. */
void resolve_share(size_t *sharev, const size_t *countv, size_t n,
		   size_t room);

/* One host: an SRV target, or the domain itself. */
struct resolve_group {
	const struct dns_answer *v4, *v6;        /* NULL: not known */
	enum transport transport;
	uint16_t port;
	unsigned rank;                   /* more: less preferred */
};

/* Fills `v` with TARGET_MAX addresses at most, none twice; returns their
 * number. The groups stay in their order; if there are too many addresses each
 * group gets a share. In a group the families alternate, IPv6 first, so that
 * neither can hide the other (RFC 8305 §4); one without a route comes after
 * all of the other. Ranks are told without gaps, from 0. */
size_t resolve_order(struct resolve_addr *v, const struct resolve_group *gv,
		     size_t gc);

#endif
