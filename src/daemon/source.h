/* Which of this machine's addresses is used, and which it has: asked of the
 * kernel now, without sending anything. */

#ifndef SOURCE_H
#define SOURCE_H

#include "compat.h"


/* The address (port 0) that a datagram to *peer would leave from now;
 * `interface`: as a flow is bound to (SO_BINDTODEVICE), NULL or "": any.
 * ENETUNREACH, EHOSTUNREACH, EADDRNOTAVAIL, ENODEV, EACCES (a route that
 * forbids it): from nowhere. Others (EMFILE, ENOMEM, EPERM) say nothing about
 * the network. Four or five system calls. */
int net_source(struct sa *src, const struct sa *peer, const char *interface);

/* Does this machine have *addr (any port) now? Asked by binding a socket to it,
 * three system calls: that is what the next connect() will be told, it knows
 * addresses that no interface lists (local routes), and it needs no netlink.
 * Where it cannot be told, true: a flow is not given up on a guess. So with
 * net.ipv4.ip_nonlocal_bind it is always true. */
bool net_has_address(const struct sa *addr);

/* One look at the network for many flows, which mostly share their addresses
 * and edges: the same question is asked of the kernel once. Zero it first, and
 * throw it away after the pass. */
#define NET_PASS_KEEP 16

struct net_pass {
	struct net_pass_source {
		struct sa peer, src;
		char interface[16];      /* IFNAMSIZ */
		int err;
	} sourcev[NET_PASS_KEEP];
	struct net_pass_address {
		struct sa addr;
		bool has;
	} addressv[NET_PASS_KEEP];
	unsigned sourcec, addressc;      /* so far; the oldest is replaced */
};

int net_pass_source(struct net_pass *p, struct sa *src, const struct sa *peer,
		    const char *interface);
bool net_pass_has_address(struct net_pass *p, const struct sa *addr);

#endif
