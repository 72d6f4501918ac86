/* What NAPTR and SRV records offer for SIP (RFC 3263 §4.1 and §4.2). */

#ifndef RESOLVE_SERVICE_H
#define RESOLVE_SERVICE_H

#include "dns_answer.h"
#include "net.h"
#include "target.h"

#define SERVICES_MAX 8           /* of one domain; three transports, and some
				    choice of places */


/* One way to a domain, as a NAPTR record has it. */
struct service {
	enum transport transport;
	bool srv;                        /* `name` has SRV records; else it is
					    a host's */
	const char *name;                /* the record's */
	uint32_t order;                  /* of it, and its preference behind:
					    more is less preferred */
};

enum service_state {
	SERVICE_UNKNOWN,                 /* DNS did not say */
	SERVICE_NONE,                    /* no records */
	SERVICE_REFUSED,                 /* its target is ".": decidedly not
					    available (RFC 2782) */
	SERVICE_THERE,
};

/* "_sips._tcp.example.com"; false: too long to be a name. */
bool service_name(char *name, size_t size, const char *domain,
		  enum transport transport);

/* The services of these NAPTR records in their order, at most SERVICES_MAX;
 * returns their number. Only SIP's count, terminal (flag "s" or "a"), over a
 * transport that we speak; *otherp: there are some that we do not. */
size_t service_naptr(struct service *v, bool *otherp,
		     const struct dns_answer *a);

/* What does an answer about SRV records say? NULL: nothing. */
enum service_state service_state(const struct dns_answer *a);

/* Of how many SRV records service_order() would tell. */
size_t service_targets(const struct dns_answer *a);

/* The indices of the usable SRV records in the order to try them, by priority
 * and at random by weight; returns their number. */
size_t service_order(uint8_t *indexv, const struct dns_answer *a,
		     struct rng *rng);

#endif
