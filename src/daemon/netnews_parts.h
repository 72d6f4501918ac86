/* What the readers of rtnetlink messages share. For netnews*.c only. */

#ifndef NETNEWS_PARTS_H
#define NETNEWS_PARTS_H

#include <linux/rtnetlink.h>
#include "netnews.h"


/* How much an operator wants to know of it. */
enum {
	WEIGHT_MINOR,            /* a route to somewhere, a rule */
	WEIGHT_MAJOR,            /* an address, a link, the default route */
	WEIGHT_ALL,              /* who knows what */
};

#define ATTRS 32                 /* all that are looked at are below */
#define NETNEWS_WORD_SIZE 64     /* one address, or "interface N" */


/* Indexes attributes by type. */
void attrs_index(const struct rtattr *tb[ATTRS], const struct rtattr *rta,
		 int len);

/* False: the message is too short for its family's header. */
bool attrs_read(const struct rtattr *tb[ATTRS], const struct nlmsghdr *h,
		size_t header);
uint32_t attr_u32(const struct rtattr *rta, uint32_t otherwise);

/* NULL: there is no whole address of the family. */
const uint8_t *attr_ip(const struct rtattr *rta, unsigned family);

/* 0: no family that has addresses of ours. */
size_t ip_size(unsigned family);
const char *ip_print(const uint8_t *ip, unsigned family, char *buf);

const char *netnews_link(const struct netnews *n, uint32_t ifindex, char *buf);
void netnews_say(struct netnews *n, unsigned weight, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* RTM_NEWROUTE, RTM_DELROUTE. Bits. */
unsigned netnews_route(struct netnews *n, const struct nlmsghdr *h);

#endif
