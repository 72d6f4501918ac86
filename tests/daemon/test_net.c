/* net.c: addresses, transports and numbers. */

#include <check.h>
#include <string.h>
#include "net.h"


static struct addr from(const char *literal, uint16_t port)
{
	struct addr a;
	struct sa sa;

	ck_assert_int_eq(0, sa_set_str(&sa, literal, port));
	addr_from_sa(&a, &sa);

	return a;
}


START_TEST(addresses_go_there_and_back)
{
	static const char *const literalv[] = {
		"192.0.2.1", "127.0.0.1", "0.0.0.0", "2001:db8::1", "::1",
	};

	for (unsigned i = 0; i < 5; i++) {
		struct addr a = from(literalv[i], 5062);
		struct sa back, sa;

		ck_assert_int_eq(0, sa_set_str(&sa, literalv[i], 5062));
		sa_from_addr(&back, &a);
		ck_assert(sa_cmp(&sa, &back, SA_ALL));
	}
}
END_TEST


START_TEST(an_ipv4_address_is_in_network_order)
{
	struct addr a = from("192.0.2.1", 5060);

	ck_assert_mem_eq(a.ip, "\xc0\x00\x02\x01", 4);
	ck_assert_uint_eq(5060, a.port);
	ck_assert_uint_eq(ADDR_IPV4, a.family);
}
END_TEST


START_TEST(an_ipv4_mapped_address_is_ipv4)
{
	static const uint8_t ip[16] = {
		[10] = 0xff, 0xff, 192, 0, 2, 1,
	};
	struct addr a, want = from("192.0.2.1", 7);
	struct sa sa;

	sa_set_in6(&sa, ip, 7);
	addr_from_sa(&a, &sa);
	ck_assert_mem_eq(&want, &a, sizeof(a));
}
END_TEST


START_TEST(no_address_stays_none)
{
	struct addr a;
	struct sa sa;

	sa_init(&sa, AF_UNSPEC);
	memset(&a, 0xff, sizeof(a));
	addr_from_sa(&a, &sa);
	ck_assert_uint_eq(ADDR_NONE, a.family);
	ck_assert_uint_eq(0, a.port);

	sa_set_in(&sa, 1, 1);
	sa_from_addr(&sa, &a);
	ck_assert(!sa_isset(&sa, SA_ADDR));
}
END_TEST


START_TEST(an_ipv6_address_has_no_scope_left_from_before)
{
	struct addr a = from("2001:db8::1", 5060);
	struct sa sa;

	memset(&sa, 0xff, sizeof(sa));
	sa_from_addr(&sa, &a);
	ck_assert_uint_eq(0, sa.u.in6.sin6_scope_id);
	ck_assert_uint_eq(0, sa.u.in6.sin6_flowinfo);
}
END_TEST


START_TEST(transports_have_names_and_ports)
{
	static const struct {
		enum transport t;
		const char *name;
		uint16_t port;
		bool stream;
	} v[] = {
		{TRANSPORT_AUTO, "auto", 5060, false},
		{TRANSPORT_UDP, "udp", 5060, false},
		{TRANSPORT_TCP, "tcp", 5060, true},
		{TRANSPORT_TLS, "tls", 5061, true},
	};

	for (unsigned i = 0; i < 4; i++) {
		enum transport t;
		struct pl pl;

		pl_set_str(&pl, v[i].name);
		ck_assert(transport_parse(&t, &pl));
		ck_assert_int_eq(v[i].t, t);
		ck_assert_str_eq(v[i].name, transport_name(t));
		ck_assert_uint_eq(v[i].port, transport_port(t));
		ck_assert(v[i].stream == transport_stream(t));
	}
}
END_TEST


START_TEST(transport_names_have_no_case)
{
	struct pl upper = PL("TLS"), other = PL("sctp"), none = PL("");
	enum transport t = TRANSPORT_UDP;

	ck_assert(!transport_parse(&t, &other));
	ck_assert(!transport_parse(&t, &none));
	ck_assert_int_eq(TRANSPORT_UDP, t);
	ck_assert(transport_parse(&t, &upper));
	ck_assert_int_eq(TRANSPORT_TLS, t);
}
END_TEST


START_TEST(a_number_is_digits_that_fit)
{
	static const char *const badv[] = {
		"", "-1", "+1", " 1", "1 ", "120 (busy)", "0x10", "1.5",
		"4294967296", "99999999999999999999999",
	};
	struct pl pl;
	uint32_t n = 7;

	for (unsigned i = 0; i < 10; i++) {
		pl_set_str(&pl, badv[i]);
		ck_assert_msg(!number_parse(&n, &pl), "%s", badv[i]);
		ck_assert_uint_eq(7, n);
	}

	ck_assert(!number_parse(&n, &pl_null));

	pl_set_str(&pl, "4294967295");
	ck_assert(number_parse(&n, &pl));
	ck_assert_uint_eq(UINT32_MAX, n);
	pl_set_str(&pl, "00120");
	ck_assert(number_parse(&n, &pl));
	ck_assert_uint_eq(120, n);
	pl_set_str(&pl, "0");
	ck_assert(number_parse(&n, &pl));
	ck_assert_uint_eq(0, n);
}
END_TEST


Suite *suite_net(void);

Suite *suite_net(void)
{
	Suite *s = suite_create("net");
	TCase *tc = tcase_create("net");

	tcase_add_test(tc, addresses_go_there_and_back);
	tcase_add_test(tc, an_ipv4_address_is_in_network_order);
	tcase_add_test(tc, an_ipv4_mapped_address_is_ipv4);
	tcase_add_test(tc, no_address_stays_none);
	tcase_add_test(tc, an_ipv6_address_has_no_scope_left_from_before);
	tcase_add_test(tc, transports_have_names_and_ports);
	tcase_add_test(tc, transport_names_have_no_case);
	tcase_add_test(tc, a_number_is_digits_that_fit);
	suite_add_tcase(s, tc);

	return s;
}
