/* rtnetlink messages made by the test: see netlink_rig.h. */

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <linux/if.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "netlink_rig.h"


static void *begin(struct netlink_message *m, uint16_t type, size_t header)
{
	char *p = m->u.octets + NLMSG_ALIGN(m->len);

	m->last = (void *)p;
	m->last->nlmsg_type = type;
	m->last->nlmsg_flags = 0;
	m->last->nlmsg_len = (uint32_t)NLMSG_LENGTH(header);
	m->len = NLMSG_ALIGN(m->len) + NLMSG_SPACE(header);
	ck_assert_uint_lt(m->len, sizeof(m->u.octets));

	return NLMSG_DATA(m->last);
}


void netlink_attr(struct netlink_message *m, uint16_t type, const void *p,
		  size_t len)
{
	struct rtattr *rta = (void *)((char *)m->last +
				      NLMSG_ALIGN(m->last->nlmsg_len));

	m->len = (size_t)((char *)rta - m->u.octets) + RTA_SPACE(len);
	ck_assert_uint_lt(m->len, sizeof(m->u.octets));
	rta->rta_type = type;
	rta->rta_len = (uint16_t)RTA_LENGTH(len);
	memcpy(RTA_DATA(rta), p, len);
	m->last->nlmsg_len = (uint32_t)((char *)rta - (char *)m->last +
					RTA_LENGTH(len));
}


/* The family of a literal, and an attribute for it. */
static uint8_t family(const char *literal)
{
	return literal && strchr(literal, ':') ? AF_INET6 : AF_INET;
}


static void add_ip(struct netlink_message *m, uint16_t type,
		   const char *literal)
{
	uint8_t ip[16];

	ck_assert_int_eq(1, inet_pton(family(literal), literal, ip));
	netlink_attr(m, type, ip, family(literal) == AF_INET ? 4 : 16);
}


void netlink_address(struct netlink_message *m, uint16_t type,
		     uint32_t ifindex, const char *literal, unsigned bits,
		     uint32_t flags)
{
	struct ifaddrmsg *ifa = begin(m, type, sizeof(*ifa));

	ifa->ifa_family = family(literal);
	ifa->ifa_prefixlen = (uint8_t)bits;
	ifa->ifa_index = ifindex;
	if (family(literal) == AF_INET)
		add_ip(m, IFA_LOCAL, literal);
	add_ip(m, IFA_ADDRESS, literal);
	netlink_attr(m, IFA_FLAGS, &flags, sizeof(flags));
}


void netlink_link(struct netlink_message *m, uint16_t type, uint32_t ifindex,
		  const char *name, uint32_t flags)
{
	struct ifinfomsg *ifi = begin(m, type, sizeof(*ifi));

	ifi->ifi_index = (int)ifindex;
	ifi->ifi_flags = flags;
	ifi->ifi_change = IFF_UP;
	if (name)
		netlink_attr(m, IFLA_IFNAME, name, strlen(name) + 1);
}


void netlink_route(struct netlink_message *m, uint16_t type, uint32_t ifindex,
		   const char *dst, unsigned bits, const char *gateway)
{
	struct rtmsg *rtm = begin(m, type, sizeof(*rtm));

	rtm->rtm_family = family(dst ? dst : gateway);
	rtm->rtm_dst_len = (uint8_t)bits;
	rtm->rtm_table = RT_TABLE_MAIN;
	rtm->rtm_type = RTN_UNICAST;
	rtm->rtm_protocol = RTPROT_STATIC;
	rtm->rtm_scope = gateway ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
	if (dst)
		add_ip(m, RTA_DST, dst);
	if (gateway)
		add_ip(m, RTA_GATEWAY, gateway);
	if (ifindex)
		netlink_attr(m, RTA_OIF, &ifindex, sizeof(ifindex));
}


int netlink_order(struct netlink_message *m)
{
	struct {
		struct nlmsghdr h;
		struct nlmsgerr e;
		char more[4096];
	} answer;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	int err = 0;

	if (fd < 0)
		return errno;

	m->u.h.nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE;
	m->u.h.nlmsg_seq = 1;
	if (send(fd, m->u.octets, m->len, 0) < 0 ||
	    recv(fd, &answer, sizeof(answer), 0) < 0)
		err = errno;
	else if (answer.h.nlmsg_type == NLMSG_ERROR)
		err = -answer.e.error;

	(void)close(fd);

	return err;
}


bool netlink_unshare(void)
{
	struct netlink_message m = {0};

	if (unshare(CLONE_NEWNET) && unshare(CLONE_NEWUSER | CLONE_NEWNET))
		return false;

	netlink_link(&m, RTM_NEWLINK, 1, NULL, IFF_UP);

	return !netlink_order(&m);
}
