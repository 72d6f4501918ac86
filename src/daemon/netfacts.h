/* What is known of this machine's network: addresses and routes as values under
 * keys, and links by number. Bounded; what does not fit is not known. */

#ifndef NETFACTS_H
#define NETFACTS_H

#include <linux/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>


struct net_fact {
	uint64_t key, value;
	uint32_t ifindex;        /* 0: several or none */
	bool route;              /* else an address */
};

struct net_link {
	uint32_t ifindex;
	bool up;
	char name[IFNAMSIZ];
};

/* Zero it first. */
struct netfacts {
	struct net_fact *factv;
	struct net_link *linkv;
	size_t factc, fact_size, routec;
	size_t linkc, link_size;
	bool full;               /* there are more routes than are kept: this
				    machine is a router */
};


/* True: it is not as it was, which goes to *was; 0: there was nothing. */
bool netfacts_learn(struct netfacts *f, const struct net_fact *fact,
		    uint64_t *was);

/* False: it was not known. */
bool netfacts_forget(struct netfacts *f, uint64_t key);

/* Those of this link, and those of several. */
void netfacts_forget_routes(struct netfacts *f, uint32_t ifindex);
void netfacts_forget_addresses(struct netfacts *f, uint32_t ifindex);

/* NULL: not known. A new one is down and has no name; NULL: no room. */
struct net_link *netfacts_link(const struct netfacts *f, uint32_t ifindex);
struct net_link *netfacts_link_add(struct netfacts *f, uint32_t ifindex);
void netfacts_link_remove(struct netfacts *f, struct net_link *l);

/* Forgets everything. Safe to call twice. */
void netfacts_reset(struct netfacts *f);

#endif
