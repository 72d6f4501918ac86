/* Names to addresses: where a SIP URI leads (RFC 3263). IP literals,
 * /etc/hosts, then NAPTR, SRV, A and AAAA. One question in flight per name and
 * type, answers kept for their TTL, the last good one for longer while DNS is
 * out of order. */

#ifndef RESOLVE_H
#define RESOLVE_H

#include "clock.h"
#include "compat.h"
#include "net.h"
#include "target.h"


struct resolve;                  /* the resolver */
struct resolve_query;            /* somebody's question */

enum resolve_family {
	RESOLVE_ANY,
	RESOLVE_IPV4,
	RESOLVE_IPV6,
};

/* Where to, as the URI has it. */
struct resolve_uri {
	const char *host;                /* name, or IP literal without [] */
	uint16_t port;                   /* 0: none, so NAPTR and SRV count */
	enum transport transport;        /* AUTO: NAPTR or SRV may choose */
	bool secure;                     /* AUTO only: nothing but TLS counts,
					    TLS was offered once (DESIGN §4) */
	enum resolve_family family;
};

struct resolve_addr {
	struct sa addr;                  /* with the port */
	enum transport transport;        /* never AUTO */
	uint8_t group;                   /* addresses of one SRV target and
					    transport share it; from 0 */
	uint8_t rank;                    /* 0: preferred; 1 more with each step
					    of NAPTR order or preference, SRV
					    priority, transport of our choice */
	uint8_t uri;                     /* see resolve_list.h; else 0 */
};

/* err 0: addrc of 1..TARGET_MAX addresses in the order to try them. ENOENT: no
 * such name, no address of that family, or "." for a target (RFC 2782);
 * ETIMEDOUT, EPROTO: no usable answer; ENOTSUP: only transports that we do not
 * speak; ENOMEM. The text says why ("SERVFAIL from 127.0.0.53"). All are valid
 * during the call only. */
struct resolve_result {
	int err;
	const char *text;                /* "" if err is 0 */
	const struct resolve_addr *addrv;
	size_t addrc;
	bool tls_offered;                /* AUTO: by NAPTR or SRV; then all of
					    them are TLS */
};
typedef void (resolve_h)(const struct resolve_result *r, void *arg);

/* What made a query fail with ETIMEDOUT or EPROTO was answered since (it is
 * asked for every 10 s until then), or /etc/resolv.conf changed: what failed
 * may now succeed. From the loop, at most once a second. */
typedef void (resolve_better_h)(void *arg);

/* `serverv`: DNS servers, none: /etc/resolv.conf, watched. `h` may be NULL. */
int resolve_alloc(struct resolve **rp, const struct sa *serverv,
		  size_t serverc, resolve_better_h *h, void *arg);

/* Other servers, as in resolve_alloc(); what is known stays, failures are
 * forgotten. */
int resolve_set_servers(struct resolve *r, const struct sa *serverv,
			size_t serverc);

/* Asks; NAPTR and SRV only if there is no port, as RFC 3263 §4 has it, and the
 * hosts file does not know the name. The handler is always called later from
 * the loop, never from here, and not after mem_deref(*qp), nor after the
 * resolver is freed. Within one group IPv6 and IPv4 alternate, the system's
 * preference first: a family without a route comes last. EINVAL: `host` can be
 * no host's name (RFC 1123 §2.1). */
int resolve_query(struct resolve_query **qp, struct resolve *r,
		  const struct resolve_uri *uri, resolve_h *h, void *arg);

/* For tests: another hosts file, another resolv.conf whose servers listen on
 * `port` (the strings are copied), another time [ms] until silent servers are
 * given up, and another number of questions per second (0: no limit). */
int resolve_set_hosts(struct resolve *r, const char *path);
int resolve_set_conf(struct resolve *r, const char *path, uint16_t port);
void resolve_set_timeout(struct resolve *r, msec_t timeout);
void resolve_set_rate(struct resolve *r, uint32_t rate);

#endif
