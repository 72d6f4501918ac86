/* netnews.c and netfacts.c: which of the kernel's messages are news, and what
 * is said of them. */

#include <check.h>
#include <linux/fib_rules.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <string.h>
#include "netlink_rig.h"
#include "netnews.h"

Suite *suite_netnews(void);


#define UP   (IFF_UP | IFF_RUNNING | IFF_LOWER_UP)
#define NEWS (NETNEWS_CHANGED)
#define GONE (NETNEWS_GONE | NETNEWS_CHANGED)

enum {
	ETH0 = 2,
	WG0 = 3,
	PORT = 4711,             /* our socket's */
};

static struct netnews n;


static unsigned read_all(const struct netlink_message *m)
{
	return netnews_read(&n, &m->u, m->len);
}


static unsigned address(uint16_t type, const char *literal, uint32_t flags)
{
	struct netlink_message m = {0};

	netlink_address(&m, type, ETH0, literal, 24, flags);

	return read_all(&m);
}


static unsigned link_is(uint32_t ifindex, const char *name, uint32_t flags)
{
	struct netlink_message m = {0};

	netlink_link(&m, RTM_NEWLINK, ifindex, name, flags);

	return read_all(&m);
}


static unsigned route(uint16_t type, const char *dst, unsigned bits,
		      const char *gateway)
{
	struct netlink_message m = {0};

	netlink_route(&m, type, ETH0, dst, bits, gateway);

	return read_all(&m);
}


static void setup(void)
{
	memset(&n, 0, sizeof(n));
	n.port = PORT;
	(void)link_is(ETH0, "eth0", UP);
	netnews_told(&n);
}


static void teardown(void)
{
	netnews_reset(&n);
	netnews_reset(&n);
}


static void check_said(unsigned want, unsigned news, const char *text)
{
	ck_assert_uint_eq(want, news);
	ck_assert_str_eq(text, n.text);
	netnews_told(&n);
}


START_TEST(an_address_that_comes_or_goes_is_news)
{
	check_said(NEWS, address(RTM_NEWADDR, "192.0.2.5", IFA_F_PERMANENT),
		   "address 192.0.2.5 added to eth0");
	check_said(NEWS, address(RTM_NEWADDR, "2001:db8::5", 0),
		   "address 2001:db8::5 added to eth0");
	check_said(GONE, address(RTM_DELADDR, "192.0.2.5", IFA_F_PERMANENT),
		   "address 192.0.2.5 removed from eth0");
	check_said(GONE, address(RTM_DELADDR, "2001:db8::5", 0),
		   "address 2001:db8::5 removed from eth0");
	check_said(NEWS, address(RTM_NEWADDR, "192.0.2.5", IFA_F_PERMANENT),
		   "address 192.0.2.5 added to eth0");
}
END_TEST


START_TEST(a_renewed_lease_is_no_news)
{
	ck_assert_uint_eq(NEWS, address(RTM_NEWADDR, "192.0.2.5", 0));
	ck_assert_uint_eq(0, address(RTM_NEWADDR, "192.0.2.5", 0));
	ck_assert_uint_eq(0, address(RTM_NEWADDR, "192.0.2.5",
				     IFA_F_NOPREFIXROUTE));
}
END_TEST


START_TEST(an_address_counts_when_nobody_else_has_it)
{
	ck_assert_uint_eq(0, address(RTM_NEWADDR, "2001:db8::5",
				     IFA_F_TENTATIVE));
	check_said(NEWS, address(RTM_NEWADDR, "2001:db8::5", 0),
		   "address 2001:db8::5 added to eth0");
	ck_assert_uint_eq(0, address(RTM_NEWADDR, "2001:db8::6",
				     IFA_F_TENTATIVE | IFA_F_DADFAILED));
	ck_assert_uint_eq(0, address(RTM_DELADDR, "2001:db8::6",
				     IFA_F_TENTATIVE | IFA_F_DADFAILED));
	ck_assert_uint_eq(NEWS, address(RTM_NEWADDR, "2001:db8::7",
					IFA_F_TENTATIVE | IFA_F_OPTIMISTIC));
}
END_TEST


START_TEST(a_deprecated_address_is_news_once)
{
	ck_assert_uint_eq(NEWS, address(RTM_NEWADDR, "2001:db8::5", 0));
	check_said(NEWS, address(RTM_NEWADDR, "2001:db8::5",
				 IFA_F_DEPRECATED),
		   "address 2001:db8::5 on eth0 is deprecated");
	ck_assert_uint_eq(0, address(RTM_NEWADDR, "2001:db8::5",
				     IFA_F_DEPRECATED));
	check_said(NEWS, address(RTM_NEWADDR, "2001:db8::5", 0),
		   "address 2001:db8::5 on eth0 is preferred again");
}
END_TEST


START_TEST(addresses_that_lead_nowhere_are_not_looked_at)
{
	static const struct {
		const char *literal;
		uint8_t scope;
	} v[] = {
		{"127.0.0.1", RT_SCOPE_HOST}, {"::1", RT_SCOPE_HOST},
		{"fe80::1", RT_SCOPE_LINK}, {"169.254.7.7", RT_SCOPE_LINK},
	};

	for (unsigned i = 0; i < 4; i++) {
		struct netlink_message m = {0};
		struct ifaddrmsg *ifa;

		netlink_address(&m, RTM_NEWADDR, ETH0, v[i].literal, 8, 0);
		ifa = NLMSG_DATA(m.last);
		ifa->ifa_scope = v[i].scope;
		ck_assert_uint_eq(0, read_all(&m));
		m.last->nlmsg_type = RTM_DELADDR;
		ck_assert_uint_eq(0, read_all(&m));
	}
}
END_TEST


START_TEST(our_end_of_a_tunnel_counts_and_not_the_other)
{
	struct netlink_message m = {0};
	const uint8_t peer[4] = {192, 0, 2, 99};

	netlink_address(&m, RTM_NEWADDR, ETH0, "192.0.2.5", 32, 0);
	netlink_attr(&m, IFA_ADDRESS, peer, sizeof(peer));
	check_said(NEWS, read_all(&m), "address 192.0.2.5 added to eth0");
}
END_TEST


START_TEST(a_link_is_news_when_it_goes_down_or_comes_up)
{
	ck_assert_uint_eq(0, link_is(ETH0, "eth0", UP));
	check_said(NEWS, link_is(ETH0, "eth0", IFF_UP), "eth0 went down");
	ck_assert_uint_eq(0, link_is(ETH0, "eth0", 0));
	check_said(NEWS, link_is(ETH0, "eth0", UP | IFF_MULTICAST),
		   "eth0 came up");
	/* one that is made is down at first */
	ck_assert_uint_eq(0, link_is(WG0, "wg0", 0));
	check_said(NEWS, link_is(WG0, "wg0", UP), "wg0 came up");
	ck_assert_uint_eq(0, link_is(1, "lo", UP | IFF_LOOPBACK));
}
END_TEST


START_TEST(a_link_that_is_gone_is_news_if_it_was_up)
{
	struct netlink_message m = {0}, other = {0};

	netlink_link(&m, RTM_DELLINK, ETH0, "eth0", UP);
	netlink_link(&other, RTM_DELLINK, WG0, "wg0", UP);
	check_said(NEWS, read_all(&m), "eth0 is gone");
	ck_assert_uint_eq(0, read_all(&m));
	ck_assert_uint_eq(0, read_all(&other));
}
END_TEST


START_TEST(a_link_keeps_its_last_name)
{
	ck_assert_uint_eq(0, link_is(ETH0, "wan\n\xff", UP));
	check_said(NEWS, link_is(ETH0, NULL, IFF_UP), "wan?? went down");
	check_said(NEWS, link_is(99, NULL, UP), "interface 99 came up");
}
END_TEST


/* One that a container or a virtual machine brings with it. */
static unsigned port_is(const char *kind, bool master, uint32_t flags)
{
	struct netlink_message m = {0};
	const uint32_t bridge = 7;
	union {
		struct rtattr rta;
		char octets[32];
	} info = {0};

	info.rta.rta_type = IFLA_INFO_KIND;
	info.rta.rta_len = (uint16_t)RTA_LENGTH(strlen(kind) + 1);
	memcpy(RTA_DATA(&info.rta), kind, strlen(kind) + 1);

	netlink_link(&m, RTM_NEWLINK, 50, "port0", flags);
	if (master)
		netlink_attr(&m, IFLA_MASTER, &bridge, sizeof(bridge));
	netlink_attr(&m, IFLA_LINKINFO, &info, info.rta.rta_len);

	return read_all(&m);
}


START_TEST(ports_of_guests_come_and_go_unnoticed)
{
	ck_assert_uint_eq(0, port_is("veth", true, UP));
	ck_assert_uint_eq(0, port_is("veth", true, 0));
	ck_assert_uint_eq(0, port_is("tun", true, UP));
	/* our own way out may be such a thing */
	ck_assert_uint_eq(NEWS, port_is("veth", false, UP));
	ck_assert_uint_eq(NEWS, port_is("veth", false, 0));
	ck_assert_uint_eq(NEWS, port_is("bond", true, UP));
}
END_TEST


START_TEST(what_bridges_say_of_their_ports_is_no_news)
{
	struct netlink_message m = {0};
	struct ifinfomsg *ifi;

	netlink_link(&m, RTM_DELLINK, ETH0, "eth0", UP);
	ifi = NLMSG_DATA(m.last);
	ifi->ifi_family = AF_BRIDGE;
	ck_assert_uint_eq(0, read_all(&m));
}
END_TEST


START_TEST(another_default_route_is_news)
{
	struct netlink_message m = {0};

	check_said(NEWS, route(RTM_NEWROUTE, NULL, 0, "192.0.2.1"),
		   "default route is via 192.0.2.1 now");
	check_said(NEWS, route(RTM_NEWROUTE, NULL, 0, "192.0.2.2"),
		   "default route is via 192.0.2.2 now");
	/* the kernel does not tell what was replaced */
	check_said(NEWS, route(RTM_NEWROUTE, NULL, 0, "192.0.2.1"),
		   "default route is via 192.0.2.1 now");
	check_said(NEWS, route(RTM_NEWROUTE, NULL, 0, "fe80::1"),
		   "IPv6 default route is via fe80::1 now");
	check_said(NEWS, route(RTM_DELROUTE, NULL, 0, "192.0.2.1"),
		   "default route is gone");

	(void)link_is(WG0, "wg0", 0);
	netlink_route(&m, RTM_NEWROUTE, WG0, "0.0.0.0", 0, NULL);
	check_said(NEWS, read_all(&m), "default route is through wg0 now");
}
END_TEST


START_TEST(a_route_that_is_set_again_is_no_news)
{
	ck_assert_uint_eq(NEWS, route(RTM_NEWROUTE, NULL, 0, "fe80::1"));
	ck_assert_uint_eq(0, route(RTM_NEWROUTE, NULL, 0, "fe80::1"));
	check_said(NEWS, route(RTM_NEWROUTE, "10.0.0.0", 8, "192.0.2.1"),
		   "IPv6 default route is via fe80::1 now");
	ck_assert_uint_eq(0, route(RTM_NEWROUTE, "10.0.0.0", 8, "192.0.2.1"));
	check_said(NEWS, route(RTM_DELROUTE, "10.0.0.0", 8, "192.0.2.1"),
		   "route to 10.0.0.0/8 is gone");
	check_said(NEWS, route(RTM_NEWROUTE, "2001:db8:7::", 48, "fe80::1"),
		   "route to 2001:db8:7::/48 is via fe80::1 now");
}
END_TEST


START_TEST(two_of_the_same_prefix_are_not_mixed_up_when_they_go)
{
	(void)route(RTM_NEWROUTE, NULL, 0, "192.0.2.1");
	(void)route(RTM_NEWROUTE, NULL, 0, "192.0.2.2");
	ck_assert_uint_eq(NEWS, route(RTM_DELROUTE, NULL, 0, "192.0.2.1"));
	ck_assert_uint_eq(NEWS, route(RTM_DELROUTE, NULL, 0, "192.0.2.2"));
}
END_TEST


START_TEST(a_route_is_news_again_after_its_link_or_address_was_away)
{
	(void)address(RTM_NEWADDR, "192.0.2.5", 0);
	(void)route(RTM_NEWROUTE, NULL, 0, "192.0.2.1");

	(void)link_is(ETH0, "eth0", 0);
	(void)link_is(ETH0, "eth0", UP);
	ck_assert_uint_eq(NEWS, route(RTM_NEWROUTE, NULL, 0, "192.0.2.1"));

	(void)address(RTM_DELADDR, "192.0.2.5", 0);
	ck_assert_uint_eq(NEWS, route(RTM_NEWROUTE, NULL, 0, "192.0.2.1"));
	ck_assert_uint_eq(0, route(RTM_NEWROUTE, NULL, 0, "192.0.2.1"));
}
END_TEST


START_TEST(routes_that_lead_nowhere_are_not_looked_at)
{
	struct netlink_message m = {0};
	struct rtmsg *rtm;

	ck_assert_uint_eq(0, route(RTM_NEWROUTE, "fe80::", 64, NULL));
	ck_assert_uint_eq(0, route(RTM_NEWROUTE, "ff00::", 8, NULL));
	ck_assert_uint_eq(0, route(RTM_NEWROUTE, "169.254.0.0", 16, NULL));
	ck_assert_uint_eq(0, route(RTM_NEWROUTE, "224.0.0.0", 4, NULL));

	netlink_route(&m, RTM_NEWROUTE, ETH0, "192.0.2.5", 32, NULL);
	rtm = NLMSG_DATA(m.last);
	rtm->rtm_table = RT_TABLE_LOCAL;
	ck_assert_uint_eq(0, read_all(&m));
	rtm->rtm_table = RT_TABLE_MAIN;
	rtm->rtm_type = RTN_BROADCAST;
	ck_assert_uint_eq(0, read_all(&m));
	rtm->rtm_type = RTN_UNREACHABLE;
	check_said(NEWS, read_all(&m), "route to 192.0.2.5/32 is blocked now");
	rtm->rtm_flags = RTM_F_CLONED;
	ck_assert_uint_eq(0, read_all(&m));
}
END_TEST


START_TEST(a_router_tells_of_its_default_routes_only)
{
	unsigned news = 0;
	char dst[32];

	for (unsigned i = 0; i < 3000; i++) {
		(void)snprintf(dst, sizeof(dst), "10.%u.%u.0", i / 256,
			       i % 256);
		news += route(RTM_NEWROUTE, dst, 24, "192.0.2.1") != 0;
	}

	ck_assert_uint_eq(1024, news);
	ck_assert_uint_eq(0, route(RTM_NEWROUTE, "10.0.0.0", 24,
				   "192.0.2.2"));
	ck_assert_uint_eq(0, route(RTM_DELROUTE, "10.0.1.0", 24,
				   "192.0.2.1"));
	netnews_told(&n);
	check_said(NEWS, route(RTM_NEWROUTE, NULL, 0, "192.0.2.1"),
		   "default route is via 192.0.2.1 now");
	check_said(NEWS, address(RTM_NEWADDR, "192.0.2.5", 0),
		   "address 192.0.2.5 added to eth0");
	ck_assert_uint_eq(0, address(RTM_NEWADDR, "192.0.2.5", 0));
}
END_TEST


START_TEST(rules_are_always_news)
{
	struct netlink_message m = {0};

	netlink_route(&m, RTM_NEWRULE, 0, NULL, 0, NULL);
	check_said(NEWS, read_all(&m), "the routing rules have changed");
}
END_TEST


START_TEST(what_weighs_most_is_said)
{
	(void)route(RTM_NEWROUTE, "192.0.2.0", 24, NULL);
	ck_assert_str_eq("route to 192.0.2.0/24 is through eth0 now", n.text);
	(void)address(RTM_NEWADDR, "192.0.2.5", 0);
	(void)route(RTM_NEWROUTE, "198.51.100.0", 24, NULL);
	ck_assert_str_eq("address 192.0.2.5 added to eth0", n.text);
	(void)route(RTM_NEWROUTE, NULL, 0, "192.0.2.1");
	ck_assert_str_eq("default route is via 192.0.2.1 now", n.text);
	netnews_told(&n);
	(void)route(RTM_DELROUTE, "198.51.100.0", 24, NULL);
	ck_assert_str_eq("route to 198.51.100.0/24 is gone", n.text);
}
END_TEST


START_TEST(what_we_asked_for_is_learned_and_no_news)
{
	struct netlink_message m = {0};
	struct nlmsghdr *done;

	netlink_address(&m, RTM_NEWADDR, ETH0, "192.0.2.5", 24, 0);
	m.last->nlmsg_pid = PORT;
	netlink_link(&m, RTM_NEWLINK, WG0, "wg0", UP);
	m.last->nlmsg_pid = PORT;
	netlink_route(&m, RTM_NEWROUTE, ETH0, NULL, 0, "192.0.2.1");
	m.last->nlmsg_pid = PORT;
	ck_assert_uint_eq(0, read_all(&m));
	ck_assert_uint_eq(0, address(RTM_NEWADDR, "192.0.2.5", 0));
	ck_assert_uint_eq(0, link_is(WG0, "wg0", UP));
	ck_assert_uint_eq(0, route(RTM_NEWROUTE, NULL, 0, "192.0.2.1"));

	netlink_link(&m, NLMSG_DONE, 0, NULL, 0);
	done = m.last;
	ck_assert_uint_eq(0, read_all(&m));
	done->nlmsg_pid = PORT;
	ck_assert_uint_eq(NETNEWS_DUMPED, read_all(&m));
}
END_TEST


START_TEST(lengths_that_lie_are_not_followed)
{
	struct netlink_message m = {0};
	struct rtattr *rta;

	netlink_address(&m, RTM_NEWADDR, ETH0, "192.0.2.5", 24, 0);
	for (size_t len = 0; len < m.len; len++)
		ck_assert_uint_eq(0, netnews_read(&n, &m.u, len));

	/* the header alone, half of it, less than a message, too much */
	for (uint32_t len = 0; len < NLMSG_LENGTH(sizeof(struct ifaddrmsg));
	     len++) {
		m.last->nlmsg_len = len;
		ck_assert_uint_eq(0, read_all(&m));
	}
	m.last->nlmsg_len = UINT32_MAX;
	ck_assert_uint_eq(0, read_all(&m));

	m.last->nlmsg_len = (uint32_t)m.len;
	rta = (void *)((char *)m.last +
		       NLMSG_SPACE(sizeof(struct ifaddrmsg)));
	rta->rta_len = 0xffff;
	ck_assert_uint_eq(0, read_all(&m));
	rta->rta_len = (uint16_t)RTA_LENGTH(3);
	ck_assert_uint_eq(0, read_all(&m));
	rta->rta_len = (uint16_t)RTA_LENGTH(4);
	ck_assert_uint_eq(NEWS, read_all(&m));
}
END_TEST


Suite *suite_netnews(void)
{
	Suite *s = suite_create("netnews");
	TCase *tc = tcase_create("news");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, an_address_that_comes_or_goes_is_news);
	tcase_add_test(tc, a_renewed_lease_is_no_news);
	tcase_add_test(tc, an_address_counts_when_nobody_else_has_it);
	tcase_add_test(tc, a_deprecated_address_is_news_once);
	tcase_add_test(tc, addresses_that_lead_nowhere_are_not_looked_at);
	tcase_add_test(tc, our_end_of_a_tunnel_counts_and_not_the_other);
	tcase_add_test(tc, a_link_is_news_when_it_goes_down_or_comes_up);
	tcase_add_test(tc, a_link_that_is_gone_is_news_if_it_was_up);
	tcase_add_test(tc, a_link_keeps_its_last_name);
	tcase_add_test(tc, ports_of_guests_come_and_go_unnoticed);
	tcase_add_test(tc, what_bridges_say_of_their_ports_is_no_news);
	tcase_add_test(tc, another_default_route_is_news);
	tcase_add_test(tc, a_route_that_is_set_again_is_no_news);
	tcase_add_test(tc,
		two_of_the_same_prefix_are_not_mixed_up_when_they_go);
	tcase_add_test(tc,
		a_route_is_news_again_after_its_link_or_address_was_away);
	tcase_add_test(tc, routes_that_lead_nowhere_are_not_looked_at);
	tcase_add_test(tc, a_router_tells_of_its_default_routes_only);
	tcase_add_test(tc, rules_are_always_news);
	tcase_add_test(tc, what_weighs_most_is_said);
	tcase_add_test(tc, what_we_asked_for_is_learned_and_no_news);
	tcase_add_test(tc, lengths_that_lie_are_not_followed);
	suite_add_tcase(s, tc);

	return s;
}
