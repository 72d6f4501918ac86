/* From a domain to its registrars (RFC 3263): resolve_domain.c, resolve_host.c,
 * resolve_order.c and resolve_service.c. */

#include <stdio.h>
#include "resolve_rig.h"


#define HOST(n) {.name = "h" #n ".test", .v4 = "127.0.1." #n, .ttl = 300}

static const struct dns_zone zonev[] = {
	HOST(1), HOST(2), HOST(3), HOST(4),
	{.name = "six.test", .v4 = "127.0.1.6 127.0.1.7",
	 .v6 = "::1 ::2 ::3", .ttl = 300},

	/* what a large provider has */
	{.name = "all.test", .v4 = "127.0.0.80", .ttl = 300,
	 .naptr = "20 50 s SIP+D2T _sip._tcp.all.test,"
		  "10 50 s SIPS+D2T _sips._tcp.all.test,"
		  "20 40 S sip+d2u _sip._udp.all.test"},
	{.name = "_sips._tcp.all.test", .srv = "1 1 5061 h1.test"},
	{.name = "_sip._tcp.all.test", .srv = "1 1 5070 h2.test"},
	{.name = "_sip._udp.all.test", .srv = "1 1 5080 h3.test"},

	/* no TLS; its own order is not ours */
	{.name = "plain.test", .v4 = "127.0.0.80", .ttl = 300,
	 .naptr = "20 50 s SIP+D2T _sip._tcp.all.test,"
		  "20 40 s SIP+D2U _sip._udp.all.test,"
		  "10 10 u E2U+sip nonsense.test,"
		  "10 10 s SIP+D2S _sip._sctp.plain.test"},
	{.name = "_sips._tcp.plain.test", .srv = "1 1 5061 h4.test"},

	{.name = "direct.test", .naptr = "1 1 a SIPS+D2T h1.test"},
	{.name = "sctp.test", .v4 = "127.0.0.80",
	 .naptr = "1 1 s SIP+D2S _sip._sctp.sctp.test"},
	{.name = "enum.test", .v4 = "127.0.0.80",
	 .naptr = "1 1 u E2U+sip nonsense.test"},
	{.name = "naptr.test", .v4 = "127.0.0.80",
	 .naptr = "1 1 s SIP+D2T _sip._tcp.missing.test"},

	/* SRV only */
	{.name = "srv.test", .ttl = 300},
	{.name = "_sip._tcp.srv.test", .srv = "1 1 5070 h1.test", .ttl = 60},
	{.name = "_sip._udp.srv.test", .ttl = 60,
	 .srv = "20 1 5080 h3.test,10 1 5090 h2.test"},

	{.name = "tls.test", .v4 = "127.0.0.80"},
	{.name = "_sips._tcp.tls.test", .srv = "1 1 443 h1.test"},
	{.name = "_sip._udp.tls.test", .srv = "1 1 5060 h2.test"},

	/* nothing of all that */
	{.name = "bare.test", .v4 = "127.0.0.80", .ttl = 300},

	{.name = "closed.test", .v4 = "127.0.0.80"},
	{.name = "_sip._udp.closed.test", .srv = "0 0 0 ."},
	{.name = "half.test", .v4 = "127.0.0.80"},
	{.name = "_sip._tcp.half.test", .srv = "0 0 0 ."},

	{.name = "weights.test"},
	{.name = "_sip._udp.weights.test", .ttl = 300,
	 .srv = "1 30 5060 h1.test,1 10 5060 h2.test,2 0 5060 h3.test"},

	{.name = "groups.test"},
	{.name = "_sip._udp.groups.test",
	 .srv = "1 0 5060 six.test,2 0 5060 h1.test,3 0 5060 h1.test"},

	{.name = "dead.test"},
	{.name = "_sip._udp.dead.test",
	 .srv = "1 0 5060 gone.test,2 0 5060 mute.test,3 0 5060 h1.test"},
	{.name = "mute.test", .fault = DNS_SILENT},

	{.name = "many.test"},
	{.name = "_sip._udp.many.test", .srv = "1 0 5060 x20.test,"
	 "2 0 5060 y20.test,3 0 5060 h1.test"},
	{.name = "x20.test", .v4 = "10.0.1.1 10.0.1.2 10.0.1.3 10.0.1.4 "
	 "10.0.1.5 10.0.1.6 10.0.1.7 10.0.1.8 10.0.1.9 10.0.1.10 10.0.1.11 "
	 "10.0.1.12 10.0.1.13 10.0.1.14 10.0.1.15 10.0.1.16 10.0.1.17"},
	{.name = "y20.test", .v4 = "10.0.2.1 10.0.2.2 10.0.2.3 10.0.2.4 "
	 "10.0.2.5 10.0.2.6 10.0.2.7 10.0.2.8 10.0.2.9 10.0.2.10 10.0.2.11 "
	 "10.0.2.12 10.0.2.13 10.0.2.14 10.0.2.15 10.0.2.16 10.0.2.17"},

	{.name = "crowd.test"},
	{.name = "_sip._udp.crowd.test",
	 .srv = "1 0 1 h1.test,2 0 2 h1.test,3 0 3 h1.test,4 0 4 h1.test,"
		"5 0 5 h1.test,6 0 6 h1.test,7 0 7 h1.test,8 0 8 h1.test,"
		"9 0 9 h1.test,10 0 10 h1.test,11 0 11 h1.test,"
		"12 0 12 h1.test,13 0 13 h1.test,14 0 14 h1.test,"
		"15 0 15 h1.test,16 0 16 h1.test,17 0 17 h1.test,"
		"18 0 18 h1.test,19 0 19 h1.test"},

	/* NAPTR is broken, SRV is not */
	{.name = "odd.test", .type = DNS_TYPE_NAPTR,
	 .rcode = DNS_RCODE_SRV_FAIL},
	{.name = "odd.test"},
	{.name = "_sip._tcp.odd.test", .srv = "1 1 5070 h1.test"},
	{.name = "deaf.test", .type = DNS_TYPE_NAPTR, .fault = DNS_SILENT},
	{.name = "deaf.test"},
	{.name = "_sip._tcp.deaf.test", .srv = "1 1 5070 h1.test"},

	/* SRV is broken, the address is somebody's web server */
	{.name = "web.test", .v4 = "127.0.0.80"},
	{.name = "_sips._tcp.web.test", .rcode = DNS_RCODE_SRV_FAIL},
	{.name = "_sip._tcp.web.test", .rcode = DNS_RCODE_SRV_FAIL},
	{.name = "_sip._udp.web.test", .rcode = DNS_RCODE_SRV_FAIL},

	/* is there TLS or not? */
	{.name = "maybe.test"},
	{.name = "_sips._tcp.maybe.test", .rcode = DNS_RCODE_SRV_FAIL},
	{.name = "_sip._udp.maybe.test", .srv = "1 1 5060 h1.test"},
	{.name = "lesser.test"},
	{.name = "_sip._tcp.lesser.test", .rcode = DNS_RCODE_SRV_FAIL},
	{.name = "_sip._udp.lesser.test", .srv = "1 1 5060 h1.test"},

	/* offered, and then out of order */
	{.name = "promise.test", .v4 = "127.0.0.80",
	 .naptr = "1 1 s SIPS+D2T _sips._tcp.promise.test,"
		  "2 1 s SIP+D2U _sip._udp.promise.test"},
	{.name = "_sips._tcp.promise.test", .rcode = DNS_RCODE_SRV_FAIL},
	{.name = "_sip._udp.promise.test", .srv = "1 1 5060 h1.test"},
	{NULL},
};

/* A proxy in a home router: knows of addresses. */
static const struct dns_zone routerv[] = {
	{.name = "all.test", .type = DNS_TYPE_NAPTR,
	 .rcode = DNS_RCODE_NOT_IMPL},
	{.name = "all.test", .v4 = "127.0.0.80"},
	{.name = "_sips._tcp.all.test", .rcode = DNS_RCODE_NOT_IMPL},
	{.name = "_sip._tcp.all.test", .rcode = DNS_RCODE_SRV_FAIL},
	{.name = "_sip._udp.all.test", .rcode = DNS_RCODE_SRV_FAIL},
	{.name = "srv.test", .type = DNS_TYPE_NAPTR,
	 .rcode = DNS_RCODE_NOT_IMPL},
	{.name = "srv.test"},
	{.name = "_sips._tcp.srv.test", .rcode = DNS_RCODE_NOT_IMPL},
	{.name = "_sip._tcp.srv.test", .rcode = DNS_RCODE_NOT_IMPL},
	{.name = "_sip._udp.srv.test", .rcode = DNS_RCODE_NOT_IMPL},
	{NULL},
};


static void setup(void)
{
	rrig_start(zonev);
	resolve_set_timeout(rrig.resolve, 3000);
}


static struct told with_transport(const char *domain, enum transport t)
{
	const struct resolve_uri uri = {
		.host = domain, .transport = t, .family = RESOLVE_IPV4,
	};

	return rrig_asked(&uri);
}


static struct told securely(const char *domain)
{
	const struct resolve_uri uri = {
		.host = domain, .secure = true, .family = RESOLVE_IPV4,
	};

	return rrig_asked(&uri);
}


START_TEST(a_port_means_addresses_only)
{
	struct resolve_uri uri = {
		.host = "all.test", .port = 5070, .family = RESOLVE_IPV4,
	};
	struct told t = rrig_asked(&uri);

	rrig_expect(&t, "udp 127.0.0.80:5070 0");
	uri.transport = TRANSPORT_TLS;
	t = rrig_asked(&uri);
	rrig_expect(&t, "tls 127.0.0.80:5070 0");
	uri.transport = TRANSPORT_AUTO;
	uri.secure = true;
	t = rrig_asked(&uri);
	rrig_expect(&t, "tls 127.0.0.80:5070 0");
	ck_assert(!t.tls_offered);
	ck_assert_uint_eq(0, rrig.server.naptr + rrig.server.srv);
}
END_TEST


START_TEST(a_literal_has_the_usual_transport_and_port)
{
	struct told t = rrig_domain("192.0.2.1");

	rrig_expect(&t, "udp 192.0.2.1:5060 0");
	t = with_transport("192.0.2.1", TRANSPORT_TLS);
	rrig_expect(&t, "tls 192.0.2.1:5061 0");
	t = securely("192.0.2.1");
	rrig_expect(&t, "tls 192.0.2.1:5061 0");
}
END_TEST


START_TEST(a_transport_means_its_srv_records_only)
{
	struct told t = with_transport("all.test", TRANSPORT_TCP);

	rrig_expect(&t, "tcp 127.0.1.2:5070 0");
	t = with_transport("all.test", TRANSPORT_UDP);
	rrig_expect(&t, "udp 127.0.1.3:5080 0");
	ck_assert_uint_eq(2, rrig.server.srv);
	ck_assert_uint_eq(0, rrig.server.naptr);
	ck_assert(!t.tls_offered);

	t = with_transport("bare.test", TRANSPORT_TCP);
	rrig_expect(&t, "tcp 127.0.0.80:5060 0");
	t = with_transport("bare.test", TRANSPORT_TLS);
	rrig_expect(&t, "tls 127.0.0.80:5061 0");
}
END_TEST


START_TEST(tls_offered_by_naptr_leaves_nothing_else)
{
	struct told t = rrig_domain("all.test");

	rrig_expect(&t, "tls 127.0.1.1:5061 0");
	ck_assert(t.tls_offered);
	ck_assert_uint_eq(1, rrig.server.srv);
}
END_TEST


START_TEST(naptr_orders_the_transports_that_we_speak)
{
	struct told t = rrig_domain("plain.test");

	rrig_expect(&t, "udp 127.0.1.3:5080 0, tcp 127.0.1.2:5070 1");
	ck_assert(!t.tls_offered);
}
END_TEST


START_TEST(naptr_may_name_a_host)
{
	struct told t = rrig_domain("direct.test");

	rrig_expect(&t, "tls 127.0.1.1:5061 0");
	ck_assert(t.tls_offered);
	ck_assert_uint_eq(0, rrig.server.srv);
}
END_TEST


START_TEST(naptr_of_transports_that_we_do_not_speak_is_an_end)
{
	struct told t = rrig_domain("sctp.test");

	rrig_expect_failed(&t, ENOTSUP, "do not speak");
	t = rrig_domain("enum.test");
	rrig_expect(&t, "udp 127.0.0.80:5060 0");
}
END_TEST


START_TEST(naptr_without_srv_leads_to_the_domain)
{
	struct told t = rrig_domain("naptr.test");

	rrig_expect(&t, "tcp 127.0.0.80:5060 0");
}
END_TEST


/* SCENARIOS T21 */
START_TEST(a_domain_with_srv_records_needs_no_address)
{
	struct told t = rrig_domain("srv.test");

	rrig_expect(&t, "tcp 127.0.1.1:5070 0, udp 127.0.1.2:5090 1, "
		    "udp 127.0.1.3:5080 2");
	ck_assert(!t.tls_offered);
	t = with_transport("srv.test", TRANSPORT_UDP);
	rrig_expect(&t, "udp 127.0.1.2:5090 0, udp 127.0.1.3:5080 1");
}
END_TEST


START_TEST(tls_offered_by_srv_leaves_nothing_else)
{
	struct told t = rrig_domain("tls.test");

	rrig_expect(&t, "tls 127.0.1.1:443 0");
	ck_assert(t.tls_offered);
}
END_TEST


START_TEST(a_bare_domain_is_its_own_registrar)
{
	struct told t = rrig_domain("bare.test");

	rrig_expect(&t, "udp 127.0.0.80:5060 0");
	ck_assert(!t.tls_offered);
	ck_assert_uint_eq(1, rrig.server.naptr);
	ck_assert_uint_eq(3, rrig.server.srv);
	t = rrig_domain("nobody.test");
	rrig_expect_failed(&t, ENOENT, "no such name");
}
END_TEST


START_TEST(where_tls_was_offered_nothing_less_is_looked_for)
{
	struct told t = securely("plain.test");

	rrig_expect(&t, "tls 127.0.1.4:5061 0");
	t = securely("srv.test");
	rrig_expect_failed(&t, ENOENT, "no IPv4 address");
	t = securely("bare.test");
	rrig_expect(&t, "tls 127.0.0.80:5061 0");
	t = securely("all.test");
	rrig_expect(&t, "tls 127.0.1.1:5061 0");
	t = securely("sctp.test");
	rrig_expect(&t, "tls 127.0.0.80:5061 0");
}
END_TEST


/* RFC 2782 */
START_TEST(a_service_that_is_decidedly_not_there_is_not_tried)
{
	struct told t = rrig_domain("closed.test");

	rrig_expect_failed(&t, ENOENT, "closed.test offers no SIP over udp");
	t = with_transport("closed.test", TRANSPORT_UDP);
	rrig_expect_failed(&t, ENOENT, "offers no SIP");
	t = with_transport("closed.test", TRANSPORT_TCP);
	rrig_expect(&t, "tcp 127.0.0.80:5060 0");
	t = rrig_domain("half.test");
	rrig_expect(&t, "udp 127.0.0.80:5060 0");
	t = with_transport("half.test", TRANSPORT_TCP);
	rrig_expect_failed(&t, ENOENT, "offers no SIP over tcp");
}
END_TEST


START_TEST(weights_are_obeyed_roughly_3_to_1)
{
	unsigned heavy = 0;

	for (unsigned i = 0; i < 400; i++) {
		struct told t;
		const struct resolve_uri uri = {
			.host = "weights.test", .transport = TRANSPORT_UDP,
			.family = RESOLVE_IPV4,
		};

		rrig_ask(&t, &uri);
		ck_assert(harness_wait(harness_count, &t.calls, RIG_WAIT));
		ck_assert_uint_eq(3, t.addrc);
		ck_assert_uint_eq(0x7f000103, sa_in(&t.addrv[2].addr));
		heavy += sa_in(&t.addrv[0].addr) == 0x7f000101;
	}

	/* 300 of 400; five deviations are 43 */
	ck_assert_uint_gt(heavy, 255);
	ck_assert_uint_lt(heavy, 345);
	ck_assert_uint_eq(1, rrig.server.srv);
}
END_TEST


START_TEST(a_target_is_a_group_of_both_families)
{
	const struct resolve_uri uri = {.host = "groups.test"};
	struct told t = rrig_asked(&uri);
	const int first = sa_af(&t.addrv[0].addr);

	/* h1.test twice is h1.test */
	ck_assert_uint_eq(6, t.addrc);
	for (unsigned i = 0; i < 6; i++)
		ck_assert_uint_eq(i == 5, t.addrv[i].group);

	/* a machine without IPv6 has no route to any of them */
	if (first == AF_INET6)
		ck_assert_int_eq(AF_INET, sa_af(&t.addrv[1].addr));
	else
		ck_assert_int_eq(AF_INET6, sa_af(&t.addrv[4].addr));
}
END_TEST


START_TEST(targets_that_do_not_resolve_hold_nobody_up)
{
	const msec_t start = loop_now();
	struct told t = rrig_domain("dead.test");

	rrig_expect(&t, "udp 127.0.1.1:5060 0");
	ck_assert_uint_lt(loop_now() - start, harness_patience(2600));
}
END_TEST


START_TEST(each_target_gets_its_share_of_the_addresses)
{
	struct told t = with_transport("many.test", TRANSPORT_UDP);
	unsigned countv[3] = {0};

	ck_assert_uint_eq(TARGET_MAX, t.addrc);
	for (unsigned i = 0; i < TARGET_MAX; i++)
		++countv[t.addrv[i].group];
	ck_assert_uint_eq(16, countv[0]);
	ck_assert_uint_eq(15, countv[1]);
	ck_assert_uint_eq(1, countv[2]);
}
END_TEST


START_TEST(targets_are_bounded)
{
	struct told t = with_transport("crowd.test", TRANSPORT_UDP);

	ck_assert_uint_eq(16, t.addrc);
	ck_assert_uint_eq(16, sa_port(&t.addrv[15].addr));
	ck_assert_uint_eq(1, rrig.server.a);
}
END_TEST


START_TEST(naptr_that_fails_is_passed_over)
{
	struct told t = rrig_domain("odd.test");
	msec_t start = loop_now();

	rrig_expect(&t, "tcp 127.0.1.1:5070 0");

	/* and so is silence, after 2 s */
	t = rrig_domain("deaf.test");
	rrig_expect(&t, "tcp 127.0.1.1:5070 0");
	ck_assert_uint_lt(loop_now() - start, harness_patience(2600));
}
END_TEST


START_TEST(srv_that_fails_is_no_word_that_there_is_none)
{
	struct told t = rrig_domain("web.test");

	/* NAPTR was answered: this DNS does know more than addresses */
	rrig_expect_failed(&t, EPROTO,
			   "_sips._tcp.web.test: SERVFAIL from 127.0.0.1");
	ck_assert_uint_eq(0, rrig.server.a);
}
END_TEST


START_TEST(a_proxy_that_knows_addresses_only_is_good_for_them)
{
	struct told t;

	rrig.server.zonev = routerv;
	t = rrig_domain("all.test");
	rrig_expect(&t, "udp 127.0.0.80:5060 0");
	t = with_transport("all.test", TRANSPORT_TLS);
	rrig_expect(&t, "tls 127.0.0.80:5061 0");

	/* but what has SRV records only fails for want of them */
	t = rrig_domain("srv.test");
	rrig_expect_failed(&t, EPROTO,
			   "_sips._tcp.srv.test: NOTIMP from 127.0.0.1");
}
END_TEST


START_TEST(nothing_weaker_counts_while_tls_is_in_doubt)
{
	struct told t = rrig_domain("maybe.test");

	rrig_expect_failed(&t, EPROTO, "_sips._tcp.maybe.test");
	t = rrig_domain("lesser.test");
	rrig_expect(&t, "udp 127.0.1.1:5060 0");
	t = rrig_domain("promise.test");
	rrig_expect_failed(&t, EPROTO, "_sips._tcp.promise.test");
	ck_assert(t.tls_offered);
}
END_TEST


START_TEST(a_domain_in_the_hosts_file_is_no_matter_of_dns)
{
	struct told t;

	rrig_write(rrig.hosts, "127.0.0.7 all.test\n");
	t = rrig_domain("all.test");
	rrig_expect(&t, "udp 127.0.0.7:5060 0");
	t = with_transport("all.test", TRANSPORT_TLS);
	rrig_expect(&t, "tls 127.0.0.7:5061 0");
	ck_assert_uint_eq(0, rrig.server.asked);

	rrig_write(rrig.hosts, "127.0.0.77 h1.test\n");
	t = rrig_domain("all.test");
	rrig_expect(&t, "tls 127.0.0.77:5061 0");
}
END_TEST


START_TEST(a_domain_too_long_for_services_has_none)
{
	char name[250];
	struct told t;

	for (unsigned i = 0; i < sizeof(name); i++)
		name[i] = i % 50 == 49 ? '.' : 'a';
	name[sizeof(name) - 1] = '\0';
	t = rrig_domain(name);
	rrig_expect_failed(&t, ENOENT, "no such name");
	ck_assert_uint_eq(0, rrig.server.srv);
}
END_TEST


START_TEST(a_query_can_be_freed_in_every_stage)
{
	static const char *const namev[] = {
		"all.test", "srv.test", "dead.test", "deaf.test",
	};

	for (unsigned i = 0; i < 4; i++) {
		for (unsigned wait = 0; wait < 8; wait++) {
			const struct resolve_uri uri = {.host = namev[i]};
			struct told t;

			rrig_ask(&t, &uri);
			harness_run(wait / 2);
			mem_deref(t.q);
		}
	}
}
END_TEST


Suite *suite_resolve_domain(void);

Suite *suite_resolve_domain(void)
{
	Suite *s = suite_create("resolve_domain");
	TCase *tc = tcase_create("resolve_domain");

	tcase_add_checked_fixture(tc, setup, rrig_stop);
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, a_port_means_addresses_only);
	tcase_add_test(tc, a_literal_has_the_usual_transport_and_port);
	tcase_add_test(tc, a_transport_means_its_srv_records_only);
	tcase_add_test(tc, tls_offered_by_naptr_leaves_nothing_else);
	tcase_add_test(tc, naptr_orders_the_transports_that_we_speak);
	tcase_add_test(tc, naptr_may_name_a_host);
	tcase_add_test(tc, naptr_of_transports_that_we_do_not_speak_is_an_end);
	tcase_add_test(tc, naptr_without_srv_leads_to_the_domain);
	tcase_add_test(tc, a_domain_with_srv_records_needs_no_address);
	tcase_add_test(tc, tls_offered_by_srv_leaves_nothing_else);
	tcase_add_test(tc, a_bare_domain_is_its_own_registrar);
	tcase_add_test(tc, where_tls_was_offered_nothing_less_is_looked_for);
	tcase_add_test(tc, a_service_that_is_decidedly_not_there_is_not_tried);
	tcase_add_test(tc, weights_are_obeyed_roughly_3_to_1);
	tcase_add_test(tc, a_target_is_a_group_of_both_families);
	tcase_add_test(tc, targets_that_do_not_resolve_hold_nobody_up);
	tcase_add_test(tc, each_target_gets_its_share_of_the_addresses);
	tcase_add_test(tc, targets_are_bounded);
	tcase_add_test(tc, naptr_that_fails_is_passed_over);
	tcase_add_test(tc, srv_that_fails_is_no_word_that_there_is_none);
	tcase_add_test(tc, a_proxy_that_knows_addresses_only_is_good_for_them);
	tcase_add_test(tc, nothing_weaker_counts_while_tls_is_in_doubt);
	tcase_add_test(tc, a_domain_in_the_hosts_file_is_no_matter_of_dns);
	tcase_add_test(tc, a_domain_too_long_for_services_has_none);
	tcase_add_test(tc, a_query_can_be_freed_in_every_stage);
	suite_add_tcase(s, tc);

	return s;
}
