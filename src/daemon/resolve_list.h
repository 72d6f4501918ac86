/* Several URIs to one list of addresses, for failover (RFC 3263 §4.3): the
 * first choice of the operator, then the second, and so on. */

#ifndef RESOLVE_LIST_H
#define RESOLVE_LIST_H

#include "resolve.h"

#define RESOLVE_LIST_MAX  16     /* URIs of one list; tls_offered is a mask */
#define RESOLVE_LIST_WAIT SECONDS(1)     /* for the others, once one URI has
				    addresses: DNS that works takes less, and
				    nobody should be without a flow because one
				    of several names is not answered */

struct resolve_list;             /* somebody's question */

/* As struct resolve_result, with two differences: each address says of which
 * URI it is (->uri), and tls_offered is a mask of URIs. `group` and `rank` go
 * on from one URI to the next. */
struct resolve_list_result {
	int err;
	const char *text;
	const struct resolve_addr *addrv;
	size_t addrc;
	uint32_t tls_offered;
};
typedef void (resolve_list_h)(const struct resolve_list_result *r, void *arg);

/* Asks for all of them at once. The handler is called as resolve_query() does:
 * once, from the loop, never after mem_deref(*lp). The addresses are those of
 * the first URI, then of the second ...; one that comes twice stays where it
 * came first. If there are more than TARGET_MAX each URI gets a share, and in
 * it each host. Who has no answer RESOLVE_LIST_WAIT after the first one with
 * addresses is left out, and known from the cache next time. Errors only if no
 * URI has any: those of the first one. One that can be no name's fails like one
 * that does not exist, unless it is the only one. EINVAL: that, or uric is not
 * 1 ... RESOLVE_LIST_MAX; errors of resolve_query(). */
int resolve_list(struct resolve_list **lp, struct resolve *r,
		 const struct resolve_uri *uriv, size_t uric,
		 resolve_list_h *h, void *arg);

#endif
