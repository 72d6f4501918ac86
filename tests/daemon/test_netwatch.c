/* netwatch.c and source.c: bursts, sleep, and what a real kernel does, in a
 * network namespace of the test's own (SCENARIOS N6, T12). */

#include <errno.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include "harness.h"
#include "log.h"
#include "netlink_rig.h"
#include "netwatch.h"
#include "source.h"
#include "timer.h"

/* net/if.h and linux/if.h do not go together */
unsigned if_nametoindex(const char *name);

Suite *suite_netwatch(void);


#define WAIT 5000                /* [ms] */
#define UP   (IFF_UP | IFF_RUNNING | IFF_LOWER_UP)
#define ETH0 20

static struct netwatch *watch;

/* What we were told. */
static struct {
	unsigned gone, changed, resumed;
	msec_t changed_at;
	bool leave;              /* frees the watch */
} our;

static msec_t slept;


static void watch_handler(unsigned what, void *arg)
{
	ck_assert_ptr_eq(&our, arg);
	ck_assert_uint_ne(0, what);
	our.gone += (what & NETWATCH_GONE) != 0;
	our.changed += (what & NETWATCH_CHANGED) != 0;
	our.resumed += (what & NETWATCH_RESUMED) != 0;
	if (what & NETWATCH_CHANGED)
		our.changed_at = loop_now();
	if (our.leave)
		watch = mem_deref(watch);
}


static msec_t slept_handler(void)
{
	return slept;
}


static void check_last(const char *text)
{
	int64_t usec = 0;
	const char *last = netwatch_last(watch, &usec);

	ck_assert_ptr_nonnull(last);
	ck_assert_str_eq(text, last);
	/* this year */
	ck_assert(usec > 0 && loop_wall_usec() + (int64_t)loop_usec() - usec <
		  60000000);
}


static void setup(void)
{
	harness_setup();
	log_set_level(LOG_LEVEL_WARNING);
	memset(&our, 0, sizeof(our));
	slept = 0;
	ck_assert_int_eq(0, netwatch_alloc(&watch, watch_handler, &our));
	harness_run(50);
	ck_assert_uint_eq(0, our.gone + our.changed + our.resumed);
}


static void teardown(void)
{
	watch = mem_deref(watch);
	ck_assert_uint_eq(0, timers_count());
	harness_teardown();
}


static void feed_address(uint16_t type, unsigned number)
{
	struct netlink_message m = {0};
	char literal[32];

	(void)snprintf(literal, sizeof(literal), "192.0.2.%u", number);
	netlink_address(&m, type, ETH0, literal, 24, 0);
	netwatch_feed(watch, &m.u, m.len);
}


START_TEST(a_burst_is_one_event)
{
	const msec_t start = loop_now();

	for (unsigned i = 1; i <= 20; i++) {
		feed_address(RTM_NEWADDR, i);
		harness_run(10);
	}

	ck_assert_uint_eq(0, our.changed);
	ck_assert(harness_wait(harness_count, &our.changed, WAIT));
	ck_assert_uint_ge(our.changed_at - start, 200 + NETWATCH_QUIET - 10);
	check_last("address 192.0.2.20 added to interface 20");
	harness_run(NETWATCH_QUIET + 50);
	ck_assert_uint_eq(1, our.changed);
	ck_assert_uint_eq(0, our.gone);
}
END_TEST


START_TEST(a_machine_that_never_rests_is_told_of_once_a_second)
{
	const msec_t start = loop_now();
	unsigned i = 0;

	while (!our.changed && loop_now() < start + WAIT) {
		feed_address(i++ % 2 ? RTM_DELADDR : RTM_NEWADDR, 1);
		harness_run(20);
	}

	ck_assert_uint_ge(our.changed_at - start, NETWATCH_LATEST - 1);
	ck_assert_uint_lt(our.changed_at - start, NETWATCH_LATEST + 500);
	while (loop_now() < start + 3500) {
		feed_address(i++ % 2 ? RTM_DELADDR : RTM_NEWADDR, 1);
		harness_run(20);
	}
	ck_assert_uint_ge(our.changed, 2);
	ck_assert_uint_le(our.changed, 3);
	ck_assert_uint_ge(our.gone, 3);
	ck_assert_uint_le(our.gone, 7);
}
END_TEST


START_TEST(an_address_that_went_away_is_told_at_once)
{
	feed_address(RTM_DELADDR, 5);
	ck_assert_uint_eq(1, our.gone);
	ck_assert_uint_eq(0, our.changed);
	check_last("address 192.0.2.5 removed from interface 20");
	ck_assert(harness_wait(harness_count, &our.changed, WAIT));
	ck_assert_uint_eq(1, our.gone);
}
END_TEST


START_TEST(more_that_go_soon_after_are_told_together)
{
	feed_address(RTM_DELADDR, 5);
	feed_address(RTM_DELADDR, 6);
	feed_address(RTM_DELADDR, 7);
	ck_assert_uint_eq(1, our.gone);
	ck_assert(harness_wait(harness_count, &our.changed, WAIT));
	ck_assert_uint_eq(2, our.gone);
	check_last("address 192.0.2.7 removed from interface 20");
}
END_TEST


START_TEST(nothing_was_told_at_first)
{
	int64_t usec = 7;

	ck_assert_ptr_null(netwatch_last(watch, &usec));
	ck_assert_ptr_null(netwatch_last(NULL, &usec));
	ck_assert_int_eq(7, usec);
}
END_TEST


START_TEST(a_long_sleep_is_noticed_and_a_short_one_is_none)
{
	netwatch_set_slept(watch, slept_handler);
	harness_run(10);
	ck_assert_uint_eq(0, our.resumed);
	slept = 7200000;
	/* its timer is due, as after a real one */
	netwatch_set_slept(watch, slept_handler);
	slept += 1999;
	harness_run(10);
	ck_assert_uint_eq(0, our.resumed);
	slept += 7200000;
	ck_assert(harness_wait(harness_count, &our.resumed,
			       2 * NETWATCH_LOOK));
	check_last("resumed after 7200 s");
	ck_assert_uint_eq(0, our.changed);
}
END_TEST


START_TEST(the_handler_may_end_it)
{
	our.leave = true;
	feed_address(RTM_DELADDR, 5);
	ck_assert_ptr_null(watch);
	harness_run(NETWATCH_QUIET + 50);
	ck_assert_uint_eq(0, our.changed);
}
END_TEST


START_TEST(without_netlink_a_sleep_is_noticed_still)
{
	struct rlimit was, none;

	watch = mem_deref(watch);
	ck_assert_int_eq(0, getrlimit(RLIMIT_NOFILE, &was));
	none = was;
	none.rlim_cur = 0;
	ck_assert_int_eq(0, setrlimit(RLIMIT_NOFILE, &none));
	ck_assert_int_eq(0, netwatch_alloc(&watch, watch_handler, &our));
	ck_assert_int_eq(0, setrlimit(RLIMIT_NOFILE, &was));

	netwatch_set_slept(watch, slept_handler);
	slept = 60000;
	ck_assert(harness_wait(harness_count, &our.resumed, WAIT));
	check_last("resumed after 60 s");
}
END_TEST


/* --- a real kernel --- */

static uint32_t eth0;


static int order_link(const char *name, uint32_t ifindex, uint32_t flags)
{
	struct netlink_message m = {0};

	netlink_link(&m, RTM_NEWLINK, ifindex, name, flags);

	return netlink_order(&m);
}


/* "eth0", and at its other end "veth0". */
static void make_links(void)
{
	struct netlink_message m = {0};
	union {
		struct rtattr rta;
		char octets[32];
	} info = {0};

	info.rta.rta_type = IFLA_INFO_KIND;
	info.rta.rta_len = (uint16_t)RTA_LENGTH(sizeof("veth"));
	memcpy(RTA_DATA(&info.rta), "veth", sizeof("veth"));
	netlink_link(&m, RTM_NEWLINK, 0, "eth0", 0);
	netlink_attr(&m, IFLA_LINKINFO, &info, info.rta.rta_len);
	ck_assert_int_eq(0, netlink_order(&m));

	eth0 = if_nametoindex("eth0");
	ck_assert_int_eq(0, order_link(NULL, if_nametoindex("veth0"),
				       IFF_UP));
	ck_assert_int_eq(0, order_link(NULL, eth0, IFF_UP));
}


static void setup_kernel(void)
{
	ck_assert_msg(netlink_unshare(), "no network namespace may be made "
		      "here: run it as root, or allow user namespaces");
	make_links();
	setup();
}


static int order_address(uint16_t type, const char *literal)
{
	struct netlink_message m = {0};

	netlink_address(&m, type, eth0, literal, 24, 0);

	return netlink_order(&m);
}


static int order_route(uint16_t type, const char *gateway)
{
	struct netlink_message m = {0};

	netlink_route(&m, type, eth0, NULL, 0, gateway);
	if (type == RTM_NEWROUTE)
		m.last->nlmsg_flags = NLM_F_REPLACE;

	return netlink_order(&m);
}


static void await_changed(const char *text)
{
	ck_assert(harness_wait(harness_count, &our.changed, WAIT));
	check_last(text);
	our.changed = 0;
}


static void await_ends_with(const char *text)
{
	const char *last;
	int64_t usec;

	ck_assert(harness_wait(harness_count, &our.changed, WAIT));
	last = netwatch_last(watch, &usec);
	ck_assert_msg(strstr(last, text) != NULL, "%s", last);
	our.changed = 0;
}


START_TEST(the_kernel_tells_of_addresses_routes_and_links)
{
	ck_assert_int_eq(0, order_address(RTM_NEWADDR, "192.0.2.5"));
	await_changed("address 192.0.2.5 added to eth0");
	ck_assert_int_eq(0, order_route(RTM_NEWROUTE, "192.0.2.1"));
	await_changed("default route is via 192.0.2.1 now");
	ck_assert_int_eq(0, order_route(RTM_NEWROUTE, "192.0.2.2"));
	await_changed("default route is via 192.0.2.2 now");

	/* its routes go in silence; then all of it comes back; the other end
	 * has no carrier meanwhile, and may be the last that is told of */
	ck_assert_int_eq(0, order_link(NULL, eth0, 0));
	await_ends_with("eth0 went down");
	ck_assert_int_eq(0, order_link(NULL, eth0, IFF_UP));
	await_ends_with("eth0 came up");
	ck_assert_int_eq(0, order_route(RTM_NEWROUTE, "192.0.2.2"));
	await_changed("default route is via 192.0.2.2 now");
	ck_assert_uint_eq(0, our.gone);

	ck_assert_int_eq(0, order_address(RTM_DELADDR, "192.0.2.5"));
	ck_assert(harness_wait(harness_count, &our.gone, WAIT));
	ck_assert_uint_eq(0, our.changed);
	await_changed("address 192.0.2.5 removed from eth0");
	harness_run(NETWATCH_QUIET + 50);
	ck_assert_uint_eq(1, our.gone);
}
END_TEST


START_TEST(what_is_there_at_the_start_is_no_news)
{
	watch = mem_deref(watch);
	ck_assert_int_eq(0, order_address(RTM_NEWADDR, "192.0.2.5"));
	ck_assert_int_eq(0, order_route(RTM_NEWROUTE, "192.0.2.1"));
	ck_assert_int_eq(0, netwatch_alloc(&watch, watch_handler, &our));
	harness_run(50);

	/* the same once more */
	ck_assert_int_eq(0, order_route(RTM_NEWROUTE, "192.0.2.1"));
	ck_assert_int_eq(0, order_link(NULL, eth0, IFF_UP | IFF_NOARP));
	ck_assert_int_eq(0, order_link(NULL, eth0, IFF_UP));
	harness_run(NETWATCH_QUIET + 100);
	ck_assert_uint_eq(0, our.changed + our.gone);
	ck_assert_int_eq(0, order_route(RTM_DELROUTE, "192.0.2.1"));
	await_changed("default route is gone");
}
END_TEST


START_TEST(more_events_than_the_kernel_keeps_are_survived)
{
	for (unsigned i = 0; i < 3000; i++) {
		ck_assert_int_eq(0, order_address(RTM_NEWADDR, "192.0.2.5"));
		ck_assert_int_eq(0, order_address(RTM_DELADDR, "192.0.2.5"));
	}
	ck_assert_int_eq(0, order_address(RTM_NEWADDR, "192.0.2.6"));

	ck_assert(harness_wait(harness_count, &our.gone, WAIT));
	await_changed("more has changed than could be watched");
	ck_assert_uint_le(our.gone, 3);
	harness_run(100);

	/* all is known again, and what comes is told */
	our.gone = 0;
	ck_assert_int_eq(0, order_route(RTM_NEWROUTE, "192.0.2.1"));
	await_changed("default route is via 192.0.2.1 now");
	ck_assert_int_eq(0, order_address(RTM_DELADDR, "192.0.2.6"));
	ck_assert(harness_wait(harness_count, &our.gone, WAIT));
	check_last("address 192.0.2.6 removed from eth0");
}
END_TEST


/* --- source.c --- */

static struct sa sa_of(const char *literal)
{
	struct sa sa;

	sa_init(&sa, AF_UNSPEC);
	ck_assert_int_eq(0, sa_set_str(&sa, literal, 5060));

	return sa;
}


static void check_source(const char *peer, const char *want)
{
	const struct sa to = sa_of(peer);
	char text[64];
	struct sa src;

	ck_assert_int_eq(0, net_source(&src, &to, NULL));
	(void)re_snprintf(text, sizeof(text), "%j", &src);
	ck_assert_str_eq(want, text);
	ck_assert_uint_eq(0, sa_port(&src));
}


START_TEST(the_source_is_what_the_route_says_now)
{
	const struct sa far = sa_of("198.51.100.7");
	struct sa src;

	ck_assert_int_eq(ENETUNREACH, net_source(&src, &far, NULL));
	ck_assert_int_eq(0, order_address(RTM_NEWADDR, "192.0.2.5"));
	ck_assert_int_eq(0, order_route(RTM_NEWROUTE, "192.0.2.1"));
	check_source("198.51.100.7", "192.0.2.5");
	check_source("127.0.0.9", "127.0.0.1");
	check_source("::1", "::1");
	ck_assert_int_eq(0, net_source(&src, &far, "eth0"));
	ck_assert_int_eq(ENODEV, net_source(&src, &far, "eth9"));
	ck_assert_int_eq(0, order_link(NULL, eth0, 0));
	ck_assert_int_eq(ENETUNREACH, net_source(&src, &far, NULL));
}
END_TEST


START_TEST(an_address_is_ours_while_we_can_bind_to_it)
{
	const struct sa v4 = sa_of("192.0.2.5"), v6 = sa_of("2001:db8::5");
	const struct sa loopback = sa_of("127.0.0.1");

	ck_assert(net_has_address(&loopback));
	ck_assert(!net_has_address(&v4));
	ck_assert(!net_has_address(&v6));
	ck_assert_int_eq(0, order_address(RTM_NEWADDR, "192.0.2.5"));
	ck_assert(net_has_address(&v4));
	ck_assert_int_eq(0, order_address(RTM_DELADDR, "192.0.2.5"));
	ck_assert(!net_has_address(&v4));
}
END_TEST


START_TEST(one_pass_asks_once_and_the_next_one_again)
{
	const struct sa far = sa_of("198.51.100.7"), v4 = sa_of("192.0.2.5");
	struct net_pass before = {0}, after = {0};
	struct sa src, peer;

	ck_assert_int_eq(ENETUNREACH, net_pass_source(&before, &src, &far,
						      ""));
	ck_assert(!net_pass_has_address(&before, &v4));
	ck_assert_int_eq(0, order_address(RTM_NEWADDR, "192.0.2.5"));
	ck_assert_int_eq(0, order_route(RTM_NEWROUTE, "192.0.2.1"));
	ck_assert_int_eq(ENETUNREACH, net_pass_source(&before, &src, &far,
						      NULL));
	ck_assert_int_eq(0, net_pass_source(&before, &src, &far, "eth0"));
	ck_assert(!net_pass_has_address(&before, &v4));

	/* more than are kept */
	for (unsigned i = 1; i < 100; i++) {
		peer = far;
		sa_set_in(&peer, 0xc6336400 + i, 5060);
		sa_init(&src, AF_UNSPEC);
		ck_assert_int_eq(0, net_pass_source(&after, &src, &peer, ""));
		ck_assert(sa_cmp(&src, &v4, SA_ADDR));
		ck_assert(!net_pass_has_address(&after, &peer));
		ck_assert(net_pass_has_address(&after, &v4));
	}
}
END_TEST


Suite *suite_netwatch(void)
{
	Suite *s = suite_create("netwatch");
	TCase *tc = tcase_create("telling");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 20);
	tcase_add_test(tc, a_burst_is_one_event);
	tcase_add_test(tc,
		a_machine_that_never_rests_is_told_of_once_a_second);
	tcase_add_test(tc, an_address_that_went_away_is_told_at_once);
	tcase_add_test(tc, more_that_go_soon_after_are_told_together);
	tcase_add_test(tc, nothing_was_told_at_first);
	tcase_add_test(tc, a_long_sleep_is_noticed_and_a_short_one_is_none);
	tcase_add_test(tc, the_handler_may_end_it);
	tcase_add_test(tc, without_netlink_a_sleep_is_noticed_still);
	suite_add_tcase(s, tc);

	tc = tcase_create("kernel");
	tcase_add_checked_fixture(tc, setup_kernel, teardown);
	tcase_set_timeout(tc, 20);
	tcase_add_test(tc, the_kernel_tells_of_addresses_routes_and_links);
	tcase_add_test(tc, what_is_there_at_the_start_is_no_news);
	tcase_add_test(tc, more_events_than_the_kernel_keeps_are_survived);
	tcase_add_test(tc, the_source_is_what_the_route_says_now);
	tcase_add_test(tc, an_address_is_ours_while_we_can_bind_to_it);
	tcase_add_test(tc, one_pass_asks_once_and_the_next_one_again);
	suite_add_tcase(s, tc);

	return s;
}
