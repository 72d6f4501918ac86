/* Watches this machine's network: addresses, links and routes (rtnetlink), and
 * its sleep. */

#ifndef NETWATCH_H
#define NETWATCH_H

#include "clock.h"
#include "compat.h"


#define NETWATCH_QUIET   100     /* [ms] a burst has ended: DHCP, or a link with
				    its addresses and routes */
#define NETWATCH_LATEST  1000    /* [ms] a burst that does not end is told */
#define NETWATCH_GAP     1000    /* [ms] between two tellings of one kind, so
				    that a restless machine is not all ping */
#define NETWATCH_LOOK    SECONDS(5)      /* for a sleep; it is due at once
					    after a longer one */
#define NETWATCH_SUSPEND SECONDS(2)      /* a shorter one is none */

enum {
	NETWATCH_GONE    = 1 << 0,       /* an address went away: told at once,
					    CHANGED follows; more of them soon
					    after come with that */
	NETWATCH_CHANGED = 1 << 1,       /* an address appeared or went, a link
					    or a route changed; told once per
					    burst */
	NETWATCH_RESUMED = 1 << 2,       /* the machine has slept; told as soon
					    as our timer's turn comes, which may
					    be after others' */
};

struct netwatch;

/* `what`: one or more bits. From the loop; may free the netwatch. */
typedef void (netwatch_h)(unsigned what, void *arg);

/* Where rtnetlink is not to be had (a sandbox without AF_NETLINK) that is said
 * in the log, and only a sleep is noticed. ENOMEM. */
int netwatch_alloc(struct netwatch **np, netwatch_h *h, void *arg);

/* The last that was told, in words ("address 192.0.2.5 added to eth0",
 * "default route is via 192.0.2.1 now", "resumed after 7200 s"), and when
 * [us of the wall clock]; of a burst what weighs most in it. NULL: nothing
 * yet; *usecp is untouched then. NULL for n is allowed. */
const char *netwatch_last(const struct netwatch *n, int64_t *usecp);

/* For tests: as if the kernel had sent this (`buf` aligned as malloc() does),
 * or had lost something (ENOBUFS); and another clock: the milliseconds that the
 * machine has slept so far. */
void netwatch_feed(struct netwatch *n, const void *buf, size_t len);
void netwatch_feed_lost(struct netwatch *n);
typedef msec_t (netwatch_slept_h)(void);
void netwatch_set_slept(struct netwatch *n, netwatch_slept_h *h);

#endif
