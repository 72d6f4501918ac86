/* core/natview.c and core/natadvice.c */

#include <check.h>
#include <string.h>
#include "natadvice.h"

Suite *suite_natadvice(void);


enum {UDP = 1, TLS = 3};         /* any numbers */

static struct natview view;
static struct natkind kind;
static struct natadvice_facts facts;


static struct addr at(const char *ip, uint16_t port)
{
	struct addr a = {0};

	ck_assert(addr_parse(&a, ip, strlen(ip), port));

	return a;
}


static void setup(void)
{
	memset(&view, 0, sizeof(view));
	memset(&kind, 0, sizeof(kind));
	facts = (struct natadvice_facts){.view = &view, .servers = true};
}


/* A flow from `local`:5062 that is seen at `mapped`:`port`. */
static void add(unsigned transport, const char *local, const char *mapped,
		uint16_t port)
{
	const struct addr here = at(local, 5062), there = at(mapped, port);
	const struct addr edge = at("198.51.100.10", 5060);
	struct mapping m;
	struct natview_flow f = {.mapping = &m, .transport = transport};

	mapping_init(&m);
	mapping_on_flow(&m, &here, &edge);
	m.stream = transport == TLS;
	(void)mapping_on_seen(&m, WITNESS_VIA, &there, 1);
	f.notes = m.notes;
	natview_add(&view, &f);
}


/* Of a measurement that was made from `local`:40000. */
static void measured(const char *local, uint16_t other_port)
{
	kind.local = at(local, 40000);
	kind.serverv[0] = at("198.51.100.18", 3478);
	kind.statev[NAT_TEST_FIRST] = NAT_STATE_ANSWERED;
	kind.statev[NAT_TEST_OTHER_IP] = NAT_STATE_ANSWERED;
	kind.mappedv[NAT_TEST_FIRST] = at("203.0.113.7", 40000);
	kind.mappedv[NAT_TEST_OTHER_IP] = at("203.0.113.7", other_port);
	kind.statev[NAT_TEST_FROM_IP] = NAT_STATE_ANSWERED;
	facts.kind = &kind;
}


static void only_port_filtered(void)
{
	kind.statev[NAT_TEST_FROM_IP] = NAT_STATE_SILENT;
	kind.statev[NAT_TEST_FROM_PORT] = NAT_STATE_SILENT;
}


/* --- what flows tell --- */

START_TEST(flows_are_counted_by_transport_and_public_address)
{
	add(UDP, "192.168.1.2", "203.0.113.7", 5062);
	add(UDP, "192.168.1.2", "203.0.113.7", 6000);
	add(TLS, "192.168.1.2", "203.0.113.7", 5062);
	ck_assert_uint_eq(view.groupc, 2);
	ck_assert_uint_eq(view.groupv[0].flows, 2);
	ck_assert_uint_eq(view.groupv[0].kept, 1);
	ck_assert_uint_eq(view.groupv[1].transport, TLS);
	ck_assert_uint_eq(view.translated, 3);
	ck_assert(!view.pool);
}
END_TEST


START_TEST(groups_are_bounded)
{
	char ip[16];

	for (unsigned i = 0; i < 40; i++) {
		memcpy(ip, "203.0.113.00", 13);
		ip[10] = (char)('1' + i / 10);
		ip[11] = (char)('0' + i % 10);
		add(UDP, "192.168.1.2", ip, 5062);
	}

	ck_assert_uint_eq(view.groupc, NATVIEW_GROUPS);
	ck_assert_uint_eq(view.omitted, 40 - NATVIEW_GROUPS);
	ck_assert(view.pool);
}
END_TEST


START_TEST(two_uplinks_are_no_pool)
{
	add(UDP, "192.168.1.2", "203.0.113.7", 5062);
	add(UDP, "192.168.2.2", "203.0.113.20", 5062);
	ck_assert(!view.pool);
	add(UDP, "192.168.1.2", "203.0.113.8", 5062);
	ck_assert(view.pool);
	ck_assert(natadvice(&facts) & NATADVICE_POOL);
}
END_TEST


START_TEST(the_shortest_idle_death_and_the_longest_silence_count)
{
	static const msec_t idlev[] = {0, 40000, 25000, 60000};
	struct mapping m;
	struct interval interval = {0};

	mapping_init(&m);
	for (unsigned i = 0; i < 4; i++) {

		const struct natview_flow f = {
			.mapping = &m, .interval = &interval,
			.survived = 10000 + i,
		};

		interval.idle = idlev[i];
		natview_add(&view, &f);
	}
	ck_assert_uint_eq(view.death, 25000);
	ck_assert_uint_eq(view.survived, 10003);
	ck_assert_uint_eq(view.groupc, 0);
	ck_assert(natadvice(&facts) & NATADVICE_SOON_GONE);
}
END_TEST


START_TEST(streams_tell_nothing_about_udp_lifetimes)
{
	struct interval interval = {.idle = 20000};
	struct mapping m;
	const struct natview_flow f = {
		.mapping = &m, .interval = &interval, .survived = 10000,
	};

	mapping_init(&m);
	m.stream = true;
	natview_add(&view, &f);
	ck_assert_uint_eq(view.death, 0);
	ck_assert_uint_eq(view.survived, 0);
}
END_TEST


/* --- advice --- */

START_TEST(a_symmetric_nat_wants_tcp_or_tls)
{
	measured("192.168.1.2", 40001);
	ck_assert_uint_eq(natadvice(&facts), NATADVICE_SYMMETRIC);
	ck_assert_ptr_nonnull(strstr(natadvice_text(NATADVICE_SYMMETRIC),
				     "TCP or TLS"));
}
END_TEST


START_TEST(a_cone_is_open_or_filtered)
{
	measured("192.168.1.2", 40000);
	ck_assert_uint_eq(natadvice(&facts), NATADVICE_OPEN);
	only_port_filtered();
	ck_assert_uint_eq(natadvice(&facts), NATADVICE_FILTERED);
}
END_TEST


START_TEST(without_a_nat_there_may_be_a_firewall)
{
	measured("203.0.113.7", 40000);
	ck_assert_uint_eq(natadvice(&facts), NATADVICE_NO_NAT);
	only_port_filtered();
	ck_assert_uint_eq(natadvice(&facts), NATADVICE_FIREWALL);
}
END_TEST


START_TEST(a_providers_nat_alone_and_behind_ours)
{
	measured("100.64.0.33", 40000);
	ck_assert_uint_eq(natadvice(&facts),
			  NATADVICE_OPEN | NATADVICE_CGNAT);
	setup();
	measured("192.168.1.2", 40000);
	kind.cgnat = true;
	ck_assert_uint_eq(natadvice(&facts),
			  NATADVICE_OPEN | NATADVICE_DOUBLE);
}
END_TEST


START_TEST(registrars_name_a_providers_nat_too)
{
	add(UDP, "192.168.1.2", "100.64.0.2", 5062);
	ck_assert_uint_eq(natadvice(&facts), NATADVICE_DOUBLE);
}
END_TEST


START_TEST(an_alg_is_named)
{
	add(UDP, "203.0.113.9", "203.0.113.9", 5062);
	add(UDP, "203.0.113.9", "10.0.0.5", 5062);
	ck_assert_uint_eq(natadvice(&facts),
			  NATADVICE_ALG | NATADVICE_NO_NAT);
}
END_TEST


START_TEST(without_a_server_it_is_said_how_to_configure_one)
{
	facts.servers = false;
	add(UDP, "192.168.1.2", "203.0.113.7", 5062);
	ck_assert_uint_eq(natadvice(&facts), NATADVICE_NO_SERVER);
	ck_assert_int_eq(natadvice_mapping(&facts), NAT_MAPPING_UNKNOWN);
}
END_TEST


START_TEST(flows_that_are_seen_where_they_are_have_no_nat)
{
	facts.servers = false;
	add(UDP, "203.0.113.9", "203.0.113.9", 5062);
	ck_assert_int_eq(natadvice_mapping(&facts), NAT_MAPPING_NONE);
	ck_assert_uint_eq(natadvice(&facts),
			  NATADVICE_NO_SERVER | NATADVICE_NO_NAT);
}
END_TEST


START_TEST(a_silent_server_and_a_plain_one_are_named)
{
	facts.silent = true;
	ck_assert_uint_eq(natadvice(&facts), NATADVICE_SILENT);
	facts.silent = false;
	measured("192.168.1.2", 40000);
	kind.statev[NAT_TEST_OTHER_IP] = NAT_STATE_WAITING;
	kind.statev[NAT_TEST_FROM_IP] = NAT_STATE_WAITING;
	ck_assert_uint_eq(natadvice(&facts), NATADVICE_MORE);
}
END_TEST


START_TEST(every_advice_has_a_name_and_a_text)
{
	for (unsigned i = 0; i < NATADVICES; i++) {
		ck_assert_uint_gt(strlen(natadvice_name(1u << i)), 2);
		ck_assert_uint_gt(strlen(natadvice_text(1u << i)), 40);
	}

	ck_assert_str_eq(natadvice_name(1u << NATADVICES), "?");
	ck_assert_str_eq(natadvice_text(3), "?");
	ck_assert_str_eq(natadvice_name(NATADVICE_MORE), "ask-more");
	ck_assert_str_eq(natadvice_name(NATADVICE_NO_SERVER), "no-server");
}
END_TEST


Suite *suite_natadvice(void)
{
	Suite *s = suite_create("natadvice");
	TCase *tc = tcase_create("natadvice");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, flows_are_counted_by_transport_and_public_address);
	tcase_add_test(tc, groups_are_bounded);
	tcase_add_test(tc, two_uplinks_are_no_pool);
	tcase_add_test(tc,
		       the_shortest_idle_death_and_the_longest_silence_count);
	tcase_add_test(tc, streams_tell_nothing_about_udp_lifetimes);
	tcase_add_test(tc, a_symmetric_nat_wants_tcp_or_tls);
	tcase_add_test(tc, a_cone_is_open_or_filtered);
	tcase_add_test(tc, without_a_nat_there_may_be_a_firewall);
	tcase_add_test(tc, a_providers_nat_alone_and_behind_ours);
	tcase_add_test(tc, registrars_name_a_providers_nat_too);
	tcase_add_test(tc, an_alg_is_named);
	tcase_add_test(tc, without_a_server_it_is_said_how_to_configure_one);
	tcase_add_test(tc, flows_that_are_seen_where_they_are_have_no_nat);
	tcase_add_test(tc, a_silent_server_and_a_plain_one_are_named);
	tcase_add_test(tc, every_advice_has_a_name_and_a_text);
	suite_add_tcase(s, tc);

	return s;
}
