/* rtnetlink messages made by the test: to be read as the kernel's, or to be
 * sent to it in a network namespace of the test's own. */

#ifndef NETLINK_RIG_H
#define NETLINK_RIG_H

#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>


struct netlink_message {
	union {
		struct nlmsghdr h;
		char octets[4096];
	} u;
	size_t len;                      /* of all messages in it */
	struct nlmsghdr *last;
};


/* Each begins one more message in `m`; zero it first. `literal` NULL: none. */
void netlink_address(struct netlink_message *m, uint16_t type,
		     uint32_t ifindex, const char *literal, unsigned bits,
		     uint32_t flags);
void netlink_link(struct netlink_message *m, uint16_t type, uint32_t ifindex,
		  const char *name, uint32_t flags);

/* `dst` NULL: the default route, of IPv4 unless the gateway is not. */
void netlink_route(struct netlink_message *m, uint16_t type, uint32_t ifindex,
		   const char *dst, unsigned bits, const char *gateway);

/* To the last message. */
void netlink_attr(struct netlink_message *m, uint16_t type, const void *p,
		  size_t len);

/* Into a network namespace of its own, loopback up; false: not allowed. */
bool netlink_unshare(void);

/* The kernel is to do it. errno values. */
int netlink_order(struct netlink_message *m);

#endif
