/* Which of the resolved addresses a registration goes to next.
 *
 * The list itself belongs to the daemon; here it is a count and some masks. In
 * one round every address is tried once, those whose edge is known to be down
 * last of all: when nothing else is left the account parks at one of them, in
 * the queue for its next knock.
 *
 * Addresses of one host in both families are a group. While the first of them
 * connects and says nothing, the other family is tried beside it (RFC 8305 §5),
 * so that a black hole in one of them costs a moment only.
 *
 * Several flows of one account go to different addresses (RFC 5626 §4.2.1): one
 * that is taken by another flow counts only where all of them are. */

#ifndef TARGET_H
#define TARGET_H

#include <stdbool.h>
#include <stdint.h>
#include "backoff.h"

#define TARGET_MAX  32   /* addresses of one name that are looked at */
#define TARGET_NONE UINT8_MAX

/* What is known of the addresses of one name, in the order to try them. */
struct target_list {
	unsigned count;          /* of more than TARGET_MAX the rest is left */
	uint32_t down;           /* mask: the edge is known to be down or held;
				    here until it fails by our own try */
	uint32_t stream;         /* mask: TCP or TLS; else UDP */
	uint32_t ipv6;           /* mask: the family */
	uint32_t taken;          /* mask: another flow of the account goes
				    there, and RFC 5626 §4.2.1 wants another
				    edge */
	uint8_t groupv[TARGET_MAX];      /* the same number: the same host */
	uint8_t rankv[TARGET_MAX];       /* 0: preferred; the next URI, NAPTR
					    order or SRV priority is more; that
					    of a URI that has no address now is
					    left out */
	uint8_t present;         /* where the registration's flow goes already;
				    TARGET_NONE: to none of these, or there is
				    no flow */
};

struct target {
	struct target_list list; /* .count 0: not resolved */
	uint32_t failed;         /* mask of addresses that failed this round */
	uint8_t index;           /* the one to use now */
	uint8_t rival;           /* tried beside it; TARGET_NONE: no */
	bool parked;             /* all failed: wait for the edge's knock */
};

/* One SRV record, as far as the order goes. */
struct target_srv {
	uint16_t priority, weight;
};


void target_init(struct target *t);

/* A fresh list, the one to prefer first. */
void target_on_resolved(struct target *t, const struct target_list *l,
			struct rng *rng);

/* `index` failed, the present one or its rival. Was it the only one on its
 * way: on to the next, or park at one of them all, drawn at random, so that
 * somebody knocks at each edge. The other one, if there is, goes on. */
void target_on_failed(struct target *t, unsigned index, struct rng *rng);

/* Other flows of the account go elsewhere now. Counts for the next choice. */
void target_set_taken(struct target *t, uint32_t taken);

/* Only what is preferred to `rank` is tried in this round; parked: nothing. */
void target_only_better(struct target *t, uint8_t rank, struct rng *rng);

/* Again whatever is not known to be down. */
void target_any(struct target *t);

/* Is there an address that is preferred to the present one? */
bool target_has_better(const struct target *t);

/* `index` won: it is the present one, without a rival. */
void target_on_connected(struct target *t, unsigned index);

/* Is there somebody to race against: the same group's first address of the
 * other family that has not failed? Makes it the rival. */
bool target_race(struct target *t);

/* Would target_race() find one? */
bool target_may_race(const struct target *t);

/* Is there another address that has not failed in this round? */
bool target_has_other(const struct target *t);

/* Is the present one TCP or TLS? */
bool target_stream(const struct target *t);

/* RFC 2782: by priority, and within one by weight at random. orderv gets the
 * indices 0 .. n - 1 of `v` in the order to try; n at most TARGET_MAX. */
void target_order(uint8_t *orderv, const struct target_srv *v, unsigned n,
		  struct rng *rng);

#endif
