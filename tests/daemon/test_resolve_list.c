/* Several URIs to one list: resolve_list.c, and the ranks of resolve_order.c
 * and resolve_domain.c. */

#include <stdio.h>
#include "resolve_list.h"
#include "resolve_rig.h"


#define MANY(net) #net ".1 " #net ".2 " #net ".3 " #net ".4 " #net ".5 " \
	#net ".6 " #net ".7 " #net ".8 " #net ".9 " #net ".10 " #net ".11 " \
	#net ".12 " #net ".13 " #net ".14 " #net ".15 " #net ".16 " \
	#net ".17 " #net ".18 " #net ".19 " #net ".20 " #net ".21 " \
	#net ".22 " #net ".23 " #net ".24 " #net ".25 " #net ".26 " \
	#net ".27 " #net ".28 " #net ".29 " #net ".30 " #net ".31 " #net ".32"

#define HOST(n) {.name = "h" #n ".test", .v4 = "127.0.1." #n, .ttl = 300}

static const struct dns_zone zonev[] = {
	HOST(1), HOST(2), HOST(3),
	{.name = "both.test", .v4 = "127.0.2.1", .v6 = "::1", .ttl = 300},
	{.name = "twin.test", .v4 = "127.0.1.1 127.0.2.9", .ttl = 300},
	{.name = "mute.test", .fault = DNS_SILENT},
	{.name = "slow.test", .v4 = "127.0.1.9", .delay = 300, .ttl = 300},
	{.name = "late.test", .v4 = "127.0.1.8", .delay = 1500, .ttl = 300},
	{.name = "broken.test", .rcode = DNS_RCODE_SRV_FAIL},
	{.name = "many.test", .v4 = MANY(10.1.1), .ttl = 300},
	{.name = "more.test", .v4 = MANY(10.1.2), .ttl = 300},

	{.name = "srv.test", .ttl = 300},
	{.name = "_sip._udp.srv.test", .ttl = 60,
	 .srv = "10 1 5080 h1.test,10 1 5081 h1.test,20 1 5082 h2.test,"
		"30 1 5083 gone.test,40 1 5084 h3.test"},
	{.name = "wide.test", .ttl = 300},
	{.name = "_sip._udp.wide.test", .ttl = 60,
	 .srv = "1 1 5060 many.test,2 1 5060 h1.test"},
	{.name = "naptr.test", .ttl = 300,
	 .naptr = "10 1 s SIP+D2T _sip._tcp.naptr.test,"
		  "10 2 s SIP+D2U _sip._udp.naptr.test,"
		  "20 1 s SIP+D2U _sip._udp.again.test"},
	{.name = "_sip._tcp.naptr.test", .ttl = 60,
	 .srv = "1 1 1 h1.test,2 1 2 h1.test"},
	{.name = "_sip._udp.naptr.test", .ttl = 60, .srv = "1 1 3 h1.test"},
	{.name = "_sip._udp.again.test", .ttl = 60, .srv = "1 1 4 h1.test"},
	{.name = "equal.test", .ttl = 300,
	 .naptr = "10 1 s SIP+D2U _sip._udp.naptr.test,"
		  "10 1 s SIP+D2U _sip._udp.again.test"},
	{.name = "tls.test", .ttl = 300},
	{.name = "_sips._tcp.tls.test", .srv = "1 1 443 h1.test", .ttl = 60},
	{NULL},
};

static struct {
	struct resolve_list *l;
	unsigned calls;
	int err;
	uint32_t tls_offered;
	char text[300], list[2048];
	struct resolve_addr addrv[TARGET_MAX];
	size_t addrc;
} told;


static void setup(void)
{
	rrig_start(zonev);
	memset(&told, 0, sizeof(told));
}


static void teardown(void)
{
	mem_deref(told.l);
	rrig_stop();
}


/* "udp 127.0.0.2:5060 group rank uri, ..." */
static void print_list(void)
{
	size_t len = 0;

	told.list[0] = '\0';
	for (size_t i = 0; i < told.addrc; i++) {
		const struct resolve_addr *a = &told.addrv[i];
		int n = re_snprintf(told.list + len, sizeof(told.list) - len,
				    "%s%s %J %u %u %u", i ? ", " : "",
				    transport_name(a->transport), &a->addr,
				    a->group, a->rank, a->uri);

		ck_assert_int_gt(n, 0);
		len += (size_t)n;
	}
}


static void told_handler(const struct resolve_list_result *r, void *arg)
{
	(void)arg;

	++told.calls;
	told.err = r->err;
	told.tls_offered = r->tls_offered;
	ck_assert_uint_le(r->addrc, TARGET_MAX);
	ck_assert((r->err == 0) == (r->addrc > 0));
	ck_assert((r->err == 0) == (r->text[0] == '\0'));
	memcpy(told.addrv, r->addrv, r->addrc * sizeof(*r->addrv));
	told.addrc = r->addrc;
	(void)snprintf(told.text, sizeof(told.text), "%s", r->text);
	told.l = mem_deref(told.l);
	print_list();
}


static void ask(const struct resolve_uri *v, size_t n)
{
	told.calls = 0;
	ck_assert_int_eq(0, resolve_list(&told.l, rrig.resolve, v, n,
					 told_handler, NULL));
	ck_assert_uint_eq(0, told.calls);
}


static void asked(const struct resolve_uri *v, size_t n)
{
	ask(v, n);
	ck_assert(harness_wait(harness_count, &told.calls, 4 * RIG_WAIT));
	harness_run(5);
	ck_assert_uint_eq(1, told.calls);
}


/* Hosts at port 5060 over UDP, IPv4. */
static size_t hosts(struct resolve_uri *v, const char *a, const char *b,
		    const char *c)
{
	const char *const namev[] = {a, b, c};
	size_t n = 0;

	for (size_t i = 0; i < 3 && namev[i]; i++)
		v[n++] = (struct resolve_uri){
			.host = namev[i], .port = 5060,
			.transport = TRANSPORT_UDP, .family = RESOLVE_IPV4,
		};

	return n;
}


static void ask_hosts(const char *a, const char *b, const char *c)
{
	struct resolve_uri v[3];

	asked(v, hosts(v, a, b, c));
}


static void ask_domain(const char *domain, enum transport t)
{
	const struct resolve_uri uri = {
		.host = domain, .transport = t, .family = RESOLVE_IPV4,
	};

	asked(&uri, 1);
}


START_TEST(the_list_is_one_uri_after_the_other)
{
	ask_hosts("h2.test", "h1.test", "127.0.0.7");
	ck_assert_str_eq("udp 127.0.1.2:5060 0 0 0, udp 127.0.1.1:5060 1 1 1,"
			 " udp 127.0.0.7:5060 2 2 2", told.list);
}
END_TEST


START_TEST(both_families_of_a_host_are_of_one_rank)
{
	struct resolve_uri v[3];
	const size_t n = hosts(v, "both.test", "h1.test", NULL);

	v[0].family = v[1].family = RESOLVE_ANY;
	asked(v, n);
	ck_assert_uint_eq(3, told.addrc);
	ck_assert_uint_eq(told.addrv[0].rank, told.addrv[1].rank);
	ck_assert_uint_eq(told.addrv[0].group, told.addrv[1].group);
	ck_assert_uint_eq(1, told.addrv[2].rank);
	ck_assert_uint_eq(1, told.addrv[2].group);
}
END_TEST


START_TEST(each_priority_of_srv_records_that_leads_somewhere_is_a_rank)
{
	ask_domain("srv.test", TRANSPORT_UDP);
	ck_assert_uint_eq(4, told.addrc);
	for (size_t i = 0; i < 4; i++)
		ck_assert_uint_eq(i, told.addrv[i].group);
	ck_assert_uint_eq(0, told.addrv[0].rank);
	ck_assert_uint_eq(0, told.addrv[1].rank);
	ck_assert_uint_eq(1, told.addrv[2].rank);
	ck_assert_uint_eq(2, told.addrv[3].rank);
	ck_assert_uint_eq(5084, sa_port(&told.addrv[3].addr));
}
END_TEST


START_TEST(each_step_of_naptr_records_is_a_rank)
{
	ask_domain("naptr.test", TRANSPORT_AUTO);
	ck_assert_str_eq("tcp 127.0.1.1:1 0 0 0, tcp 127.0.1.1:2 1 1 0, "
			 "udp 127.0.1.1:3 2 2 0, udp 127.0.1.1:4 3 3 0",
			 told.list);
	ask_domain("equal.test", TRANSPORT_AUTO);
	ck_assert_uint_eq(2, told.addrc);
	ck_assert_uint_eq(0, told.addrv[1].rank);
}
END_TEST


START_TEST(groups_and_ranks_go_on_over_the_uris)
{
	const struct resolve_uri v[] = {
		{.host = "srv.test", .transport = TRANSPORT_UDP,
		 .family = RESOLVE_IPV4},
		{.host = "naptr.test", .family = RESOLVE_IPV4},
	};

	asked(v, 2);
	ck_assert_uint_eq(8, told.addrc);
	ck_assert_uint_eq(2, told.addrv[3].rank);
	ck_assert_uint_eq(3, told.addrv[4].rank);
	ck_assert_uint_eq(4, told.addrv[4].group);
	ck_assert_uint_eq(1, told.addrv[4].uri);
	ck_assert_uint_eq(6, told.addrv[7].rank);
	ck_assert_uint_eq(7, told.addrv[7].group);
}
END_TEST


START_TEST(an_address_that_comes_twice_stays_where_it_came_first)
{
	ask_hosts("h1.test", "twin.test", "h1.test");
	ck_assert_str_eq("udp 127.0.1.1:5060 0 0 0, udp 127.0.2.9:5060 1 1 1",
			 told.list);
}
END_TEST


START_TEST(another_port_or_transport_is_another_address)
{
	struct resolve_uri v[3];
	const size_t n = hosts(v, "h1.test", "h1.test", "h1.test");

	v[1].port = 5070;
	v[2].transport = TRANSPORT_TCP;
	asked(v, n);
	ck_assert_str_eq("udp 127.0.1.1:5060 0 0 0, udp 127.0.1.1:5070 1 1 1,"
			 " tcp 127.0.1.1:5060 2 2 2", told.list);
}
END_TEST


START_TEST(no_uri_crowds_out_another)
{
	unsigned n[3] = {0};

	ask_hosts("many.test", "more.test", "h1.test");
	ck_assert_uint_eq(TARGET_MAX, told.addrc);
	for (size_t i = 0; i < told.addrc; i++)
		++n[told.addrv[i].uri];

	ck_assert_uint_eq(16, n[0]);
	ck_assert_uint_eq(15, n[1]);
	ck_assert_uint_eq(1, n[2]);
}
END_TEST


START_TEST(no_host_of_a_uri_crowds_out_another_of_it)
{
	const struct resolve_uri v[] = {
		{.host = "wide.test", .transport = TRANSPORT_UDP,
		 .family = RESOLVE_IPV4},
		{.host = "more.test", .port = 5060,
		 .transport = TRANSPORT_UDP, .family = RESOLVE_IPV4},
	};

	asked(v, 2);
	ck_assert_uint_eq(TARGET_MAX, told.addrc);
	ck_assert_uint_eq(0, told.addrv[14].rank);
	ck_assert_uint_eq(0, told.addrv[15].uri);
	ck_assert_uint_eq(1, told.addrv[15].rank);
	ck_assert_uint_eq(1, told.addrv[16].uri);
	ck_assert_uint_eq(2, told.addrv[16].rank);
}
END_TEST


START_TEST(a_silent_name_delays_the_others_by_a_second_and_no_more)
{
	const msec_t start = loop_now();

	ask_hosts("mute.test", "h1.test", NULL);
	ck_assert_str_eq("udp 127.0.1.1:5060 0 1 1", told.list);
	ck_assert_uint_ge(loop_now() - start, RESOLVE_LIST_WAIT);
	ck_assert_uint_lt(loop_now() - start,
			  harness_patience(RESOLVE_LIST_WAIT + 500));
}
END_TEST


START_TEST(a_name_that_is_slow_only_is_waited_for)
{
	ask_hosts("slow.test", "h1.test", NULL);
	ck_assert_str_eq("udp 127.0.1.9:5060 0 0 0, udp 127.0.1.1:5060 1 1 1",
			 told.list);
}
END_TEST


START_TEST(what_came_too_late_is_known_the_next_time)
{
	ask_hosts("late.test", "h1.test", NULL);
	ck_assert_str_eq("udp 127.0.1.1:5060 0 1 1", told.list);

	harness_run(800);
	ask_hosts("late.test", "h1.test", NULL);
	ck_assert_str_eq("udp 127.0.1.8:5060 0 0 0, udp 127.0.1.1:5060 1 1 1",
			 told.list);
}
END_TEST


START_TEST(a_failure_is_not_waited_for)
{
	const msec_t start = loop_now();

	ask_hosts("gone.test", "broken.test", "h1.test");
	ck_assert_str_eq("udp 127.0.1.1:5060 0 2 2", told.list);
	ck_assert_uint_lt(loop_now() - start,
			  harness_patience(RESOLVE_LIST_WAIT));
}
END_TEST


START_TEST(without_any_address_the_first_ones_error_is_told)
{
	ask_hosts("gone.test", "broken.test", NULL);
	ck_assert_int_eq(ENOENT, told.err);
	ck_assert_msg(strstr(told.text, "NXDOMAIN") != NULL, "%s", told.text);
	ask_hosts("broken.test", "gone.test", NULL);
	ck_assert_int_eq(EPROTO, told.err);
	ck_assert_msg(strstr(told.text, "SERVFAIL") != NULL, "%s", told.text);
}
END_TEST


START_TEST(tls_is_noted_for_the_uri_whose_name_offered_it)
{
	const struct resolve_uri v[] = {
		{.host = "h1.test", .port = 5060, .transport = TRANSPORT_UDP,
		 .family = RESOLVE_IPV4},
		{.host = "tls.test", .family = RESOLVE_IPV4},
	};

	asked(v, 2);
	ck_assert_uint_eq(1 << 1, told.tls_offered);
	ck_assert_str_eq("udp 127.0.1.1:5060 0 0 0, tls 127.0.1.1:443 1 1 1",
			 told.list);
}
END_TEST


START_TEST(what_can_be_no_name_fails_alone)
{
	struct resolve_uri v[3];
	size_t n = hosts(v, "a b", "h1.test", NULL);

	asked(v, n);
	ck_assert_str_eq("udp 127.0.1.1:5060 0 1 1", told.list);

	n = hosts(v, "a b", "gone.test", NULL);
	asked(v, n);
	ck_assert_int_eq(EINVAL, told.err);

	ck_assert_int_eq(EINVAL, resolve_list(&told.l, rrig.resolve, v, 1,
					      told_handler, NULL));
	ck_assert_int_eq(EINVAL, resolve_list(&told.l, rrig.resolve, v, 0,
					      told_handler, NULL));
	ck_assert_int_eq(EINVAL, resolve_list(&told.l, rrig.resolve, v,
					      RESOLVE_LIST_MAX + 1,
					      told_handler, NULL));
	ck_assert_ptr_null(told.l);
}
END_TEST


START_TEST(who_is_gone_is_told_nothing)
{
	struct resolve_uri v[3];
	const size_t n = hosts(v, "mute.test", "h1.test", "127.0.0.1");

	ask(v, n);
	told.l = mem_deref(told.l);
	ask(v, n);
	harness_run(100);
	told.l = mem_deref(told.l);
	harness_run(RESOLVE_LIST_WAIT + 200);
	ck_assert_uint_eq(0, told.calls);
}
END_TEST


Suite *suite_resolve_list(void);

Suite *suite_resolve_list(void)
{
	Suite *s = suite_create("resolve_list");
	TCase *tc = tcase_create("resolve_list");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, the_list_is_one_uri_after_the_other);
	tcase_add_test(tc, both_families_of_a_host_are_of_one_rank);
	tcase_add_test(tc,
		each_priority_of_srv_records_that_leads_somewhere_is_a_rank);
	tcase_add_test(tc, each_step_of_naptr_records_is_a_rank);
	tcase_add_test(tc, groups_and_ranks_go_on_over_the_uris);
	tcase_add_test(tc,
		an_address_that_comes_twice_stays_where_it_came_first);
	tcase_add_test(tc, another_port_or_transport_is_another_address);
	tcase_add_test(tc, no_uri_crowds_out_another);
	tcase_add_test(tc, no_host_of_a_uri_crowds_out_another_of_it);
	tcase_add_test(tc,
		a_silent_name_delays_the_others_by_a_second_and_no_more);
	tcase_add_test(tc, a_name_that_is_slow_only_is_waited_for);
	tcase_add_test(tc, what_came_too_late_is_known_the_next_time);
	tcase_add_test(tc, a_failure_is_not_waited_for);
	tcase_add_test(tc, without_any_address_the_first_ones_error_is_told);
	tcase_add_test(tc, tls_is_noted_for_the_uri_whose_name_offered_it);
	tcase_add_test(tc, what_can_be_no_name_fails_alone);
	tcase_add_test(tc, who_is_gone_is_told_nothing);
	suite_add_tcase(s, tc);

	return s;
}
