/* By which records a URI leads to its addresses: for people, who want to see
 * what DNS said and how fresh that is. */

#ifndef RESOLVE_TRAIL_H
#define RESOLVE_TRAIL_H

#include "dns_answer.h"
#include "resolve.h"


enum trail_source {
	TRAIL_DNS,                       /* asked since `from` */
	TRAIL_CACHE,                     /* known from before */
	TRAIL_HOSTS,                     /* of the hosts file */
	TRAIL_KEPT,                      /* there is no answer now: the last
					    good one */
};

/* One name and type that is known; the answer is valid during the call. */
struct trail {
	const char *name;
	uint16_t type;
	const struct dns_answer *answer;
	enum trail_source source;
};
typedef void (resolve_trail_h)(const struct trail *t, void *arg);

/* Tells what is known of the names behind the URI, NAPTR first, then SRV, then
 * addresses; what does not count for it is left out. Asks nobody: call it when
 * a query for the URI has just been answered that was begun at `from`. */
void resolve_trail(const struct resolve *r, const struct resolve_uri *uri,
		   msec_t from, resolve_trail_h *h, void *arg);

#endif
