/* The addresses of several hosts in the order to try them. */

#ifndef RESOLVE_ORDER_H
#define RESOLVE_ORDER_H

#include "dns_answer.h"
#include "resolve.h"


/* One host: an SRV target, or the domain itself. */
struct resolve_group {
	const struct dns_answer *v4, *v6;        /* NULL: not known */
	enum transport transport;
	uint16_t port;
};

/* Fills `v` with TARGET_MAX addresses at most, none twice; returns their
 * number. The groups stay in their order; if there are too many addresses each
 * group gets a share. In a group the families alternate, IPv6 first, so that
 * neither can hide the other (RFC 8305 §4); one without a route comes after
 * all of the other. */
size_t resolve_order(struct resolve_addr *v, const struct resolve_group *gv,
		     size_t gc);

#endif
