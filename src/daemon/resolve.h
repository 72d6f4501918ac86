/* Names to addresses: IP literals, /etc/hosts, then A and AAAA by libre's DNS
 * client. One query in flight per name, answers kept for their TTL. */

#ifndef RESOLVE_H
#define RESOLVE_H

#include "clock.h"
#include "compat.h"
#include "target.h"


struct resolve;                  /* the resolver */
struct resolve_query;            /* somebody's question */

enum resolve_family {
	RESOLVE_ANY,
	RESOLVE_IPV4,
	RESOLVE_IPV6,
};

/* err 0: addrc of 1..TARGET_MAX addresses with the port set. ENOENT: no such
 * name or no address of that family; ETIMEDOUT, EPROTO: no usable answer;
 * ENOSYS: there is no DNS client; the text says which ("SERVFAIL from
 * 127.0.0.53"). Both are valid during the call only. */
typedef void (resolve_h)(int err, const char *text, const struct sa *addrv,
			 size_t addrc, void *arg);

/* `serverv`: DNS servers, none: /etc/resolv.conf, read again whenever it has
 * changed. Where libre's DNS client cannot be had (1.1.0 and 2.0.1 without
 * IPv6 sockets), literals and /etc/hosts still work. */
int resolve_alloc(struct resolve **rp, const struct sa *serverv,
		  size_t serverc);

/* Asks; the handler is always called later from the loop, never from here,
 * and not after mem_deref(*qp), nor after the resolver is freed. IPv6 and IPv4
 * addresses come in the order of the system's reachability: a family without
 * a route comes last. EINVAL: `host` can be no host's name (RFC 1123 §2.1). */
int resolve_query(struct resolve_query **qp, struct resolve *r,
		  const char *host, uint16_t port, enum resolve_family family,
		  resolve_h *h, void *arg);

/* For tests: another hosts file (the string is copied), and another time
 * [ms] until a silent server is given up. */
int resolve_set_hosts(struct resolve *r, const char *path);
void resolve_set_timeout(struct resolve *r, msec_t timeout);

#endif
