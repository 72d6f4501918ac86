/* core/addr.c */

#include <arpa/inet.h>
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "addr.h"
#include "backoff.h"


#define RANDOM_ADDRESSES 20000
#define RANDOM_TEXTS     1000000

Suite *suite_addr(void);


static struct addr parsed(const char *s, uint16_t port)
{
	struct addr a = {0};

	ck_assert_msg(addr_parse(&a, s, strlen(s), port), "%s", s);
	return a;
}


static void check_print(const char *in, uint16_t port, const char *out)
{
	struct addr a = parsed(in, port);
	char buf[ADDR_STRLEN];

	ck_assert_str_eq(addr_print(&a, buf, sizeof(buf)), out);
}


static void check_refused(const char *s)
{
	struct addr a, before;

	memset(&a, 0x5a, sizeof(a));
	before = a;
	ck_assert_msg(!addr_parse(&a, s, strlen(s), 1), "%s", s);
	ck_assert_mem_eq(&a, &before, sizeof(a));
}


static void check_scope(const char *s, enum addr_scope scope)
{
	struct addr a = parsed(s, 0);

	ck_assert_msg(addr_scope(&a) == scope, "%s", s);
}


START_TEST(ipv4_is_printed_with_its_port)
{
	check_print("192.0.2.1", 5060, "192.0.2.1:5060");
	check_print("255.255.255.255", 65535, "255.255.255.255:65535");
}
END_TEST


START_TEST(port_zero_is_left_out)
{
	check_print("0.0.0.0", 0, "0.0.0.0");
	check_print("2001:db8::1", 0, "[2001:db8::1]");
}
END_TEST


START_TEST(ipv6_is_printed_in_brackets)
{
	check_print("2001:db8::1", 5061, "[2001:db8::1]:5061");
	check_print("[2001:DB8::1]", 5061, "[2001:db8::1]:5061");
}
END_TEST


START_TEST(the_first_of_the_longest_zero_runs_is_shortened)
{
	check_print("2001:0:0:1:0:0:0:1", 0, "[2001:0:0:1::1]");
	check_print("2001:db8:0:0:1:0:0:1", 0, "[2001:db8::1:0:0:1]");
	check_print("0:0:1:0:0:0:0:0", 0, "[0:0:1::]");
}
END_TEST


START_TEST(one_zero_group_is_not_shortened)
{
	check_print("2001:db8:0:1:1:1:1:1", 0, "[2001:db8:0:1:1:1:1:1]");
}
END_TEST


START_TEST(an_ipv4_mapped_address_becomes_ipv4)
{
	check_print("::ffff:192.0.2.1", 7, "192.0.2.1:7");
	check_print("[::FFFF:c000:0201]", 7, "192.0.2.1:7");
}
END_TEST


START_TEST(what_is_no_ip_literal_is_refused)
{
	static const char *const badv[] = {
		"", ".", "1", "1.2.3", "1.2.3.", "1.2.3.4.", "1.2.3.4.5",
		"256.1.1.1", "1.2.3.1000", "01.2.3.4", "1.2.3.00", "1..2.3",
		".1.2.3", "1.2.3.4 ", " 1.2.3.4", "-1.2.3.4", "a.b.c.d",
		"example.com", "[1.2.3.4]", ":", ":::", "::1::", "1::2::3",
		":1", "1:", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9",
		"1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "12345::",
		"g::", "1:2:3:4:5:6:7:1.2.3.4", "::1.2.3", "::1.2.3.4:1",
		"1.2.3.4::", "fe80::1%eth0", "[::1", "::1]", "[]", "[",
		"[[::1]]", "[::1]:5060", "1:2:3:4:5:6:7::8:", "::-1",
	};

	for (size_t i = 0; i < sizeof(badv) / sizeof(badv[0]); i++)
		check_refused(badv[i]);
}
END_TEST


START_TEST(only_the_given_length_is_read)
{
	struct addr a;
	char buf[ADDR_STRLEN];

	ck_assert(addr_parse(&a, "10.0.0.25:5060", 9, 1));
	ck_assert_str_eq(addr_print(&a, buf, sizeof(buf)), "10.0.0.25:1");
	ck_assert(!addr_parse(&a, "10.0.0.25", 0, 1));
}
END_TEST


static void check_like_libc(const uint8_t ip[16])
{
	char libc[INET6_ADDRSTRLEN], buf[ADDR_STRLEN];
	struct addr a = { .family = ADDR_IPV6 }, b;

	memcpy(a.ip, ip, sizeof(a.ip));
	ck_assert_ptr_nonnull(inet_ntop(AF_INET6, ip, libc, sizeof(libc)));

	/* libc shows ::/96 with dots, which RFC 5952 §5 does not ask for */
	if (!strchr(libc, '.'))
		ck_assert_str_eq(addr_print_ip(&a, buf, sizeof(buf)), libc);

	ck_assert(addr_parse(&b, libc, strlen(libc), 0));
	if (b.family == ADDR_IPV6)
		ck_assert_mem_eq(b.ip, ip, 16);
	else
		ck_assert_mem_eq(b.ip, ip + 12, 4);
}


START_TEST(random_ipv6_is_printed_and_parsed_as_libc_does)
{
	struct rng rng;

	rng_seed(&rng, 1);
	for (unsigned n = 0; n < RANDOM_ADDRESSES; n++) {
		uint64_t zeros = rng_next(&rng) & rng_next(&rng);
		uint8_t ip[16];

		for (unsigned i = 0; i < 16; i++) {
			ip[i] = (uint8_t)rng_next(&rng);
			if (zeros >> (i / 2) & 1 || (zeros >> (20 + i) & 1))
				ip[i] = 0;
		}
		check_like_libc(ip);
	}
}
END_TEST


START_TEST(random_ipv4_is_printed_and_parsed_as_libc_does)
{
	struct rng rng;

	rng_seed(&rng, 2);
	for (unsigned n = 0; n < RANDOM_ADDRESSES; n++) {
		uint32_t ip = (uint32_t)rng_next(&rng);
		char libc[INET_ADDRSTRLEN], buf[ADDR_STRLEN];
		struct addr a;

		inet_ntop(AF_INET, &ip, libc, sizeof(libc));
		ck_assert(addr_parse(&a, libc, strlen(libc), 0));
		ck_assert_mem_eq(a.ip, &ip, sizeof(ip));
		ck_assert_str_eq(addr_print_ip(&a, buf, sizeof(buf)), libc);
	}
}
END_TEST


/* Texts of characters that addresses are made of, so that many are nearly
 * right. libc takes no brackets, and we do not keep IPv4-mapped ones. */
START_TEST(random_text_is_accepted_when_libc_accepts_it)
{
	static const char set[] = "0123456789abcdefF:::::..%g";
	unsigned good = 0;
	struct rng rng;

	rng_seed(&rng, 3);
	for (unsigned n = 0; n < RANDOM_TEXTS; n++) {
		size_t len = rng_between(&rng, 1, 14);
		unsigned char ip[16];
		char s[16] = "";
		struct addr a;
		bool ok;

		for (size_t i = 0; i < len; i++)
			s[i] = set[rng_between(&rng, 0, sizeof(set) - 2)];

		ok = inet_pton(AF_INET, s, ip) == 1 ||
			inet_pton(AF_INET6, s, ip) == 1;
		good += ok;
		if (addr_parse(&a, s, len, 0) != ok)
			ck_abort_msg("%s", s);
	}
	ck_assert_uint_gt(good, 1000);
}
END_TEST


START_TEST(a_short_buffer_gets_a_short_text)
{
	struct addr a = parsed("2001:db8::1", 5060);
	char full[ADDR_STRLEN], buf[ADDR_STRLEN];

	addr_print(&a, full, sizeof(full));
	for (size_t size = 1; size <= strlen(full); size++) {
		memset(buf, 'x', sizeof(buf));
		addr_print(&a, buf, size);
		ck_assert_uint_eq(strlen(buf), size - 1);
		ck_assert_mem_eq(buf, full, size - 1);
		ck_assert_int_eq(buf[size], 'x');
	}
}
END_TEST


START_TEST(a_buffer_of_no_size_is_untouched)
{
	struct addr a = parsed("192.0.2.1", 5060);
	char c = 'x';

	ck_assert_ptr_eq(addr_print(&a, &c, 0), &c);
	ck_assert_int_eq(c, 'x');
}
END_TEST


START_TEST(the_longest_text_fits)
{
	check_print("1111:2222:3333:4444:5555:6666:7777:8888", 65535,
		    "[1111:2222:3333:4444:5555:6666:7777:8888]:65535");
}
END_TEST


START_TEST(what_is_not_known_prints_as_nothing)
{
	struct addr a = { .port = 5060 };
	char buf[ADDR_STRLEN];

	ck_assert(!addr_isset(&a));
	ck_assert_str_eq(addr_print(&a, buf, sizeof(buf)), "");
	ck_assert_str_eq(addr_print_ip(&a, buf, sizeof(buf)), "");
	ck_assert_int_eq(addr_scope(&a), ADDR_UNKNOWN);
}
END_TEST


START_TEST(equal_means_address_and_port)
{
	struct addr a = parsed("192.0.2.1", 5060);
	struct addr b = parsed("::ffff:192.0.2.1", 5060);
	struct addr c = parsed("192.0.2.1", 5061);
	struct addr d = parsed("192.0.2.2", 5060);
	struct addr e = parsed("c000:201::", 5060);

	ck_assert(addr_equal(&a, &b));
	ck_assert(!addr_equal(&a, &c));
	ck_assert(addr_ip_equal(&a, &c));
	ck_assert(!addr_ip_equal(&a, &d));
	ck_assert(!addr_ip_equal(&a, &e));
}
END_TEST


START_TEST(what_is_behind_an_ipv4_address_does_not_count)
{
	struct addr a = parsed("192.0.2.1", 5060), b = a;

	b.ip[15] = 1;
	ck_assert(addr_equal(&a, &b));
}
END_TEST


START_TEST(two_unknown_ones_are_equal)
{
	struct addr a = {0}, b = { .port = 1, .ip = { 1 } };
	struct addr c = parsed("0.0.0.0", 0);

	ck_assert(addr_equal(&a, &b));
	ck_assert(!addr_equal(&a, &c));
	ck_assert(!addr_equal(&c, &a));
}
END_TEST


START_TEST(ipv4_scopes_end_where_their_rfcs_say)
{
	check_scope("0.0.0.0", ADDR_UNSPECIFIED);
	check_scope("127.255.0.1", ADDR_LOOPBACK);
	check_scope("169.254.1.1", ADDR_LINKLOCAL);
	check_scope("169.253.1.1", ADDR_PUBLIC);
	check_scope("10.255.255.255", ADDR_PRIVATE);
	check_scope("11.0.0.0", ADDR_PUBLIC);
	check_scope("172.15.255.255", ADDR_PUBLIC);
	check_scope("172.16.0.0", ADDR_PRIVATE);
	check_scope("172.31.255.255", ADDR_PRIVATE);
	check_scope("172.32.0.0", ADDR_PUBLIC);
	check_scope("192.168.88.33", ADDR_PRIVATE);
	check_scope("192.169.0.0", ADDR_PUBLIC);
	check_scope("100.63.255.255", ADDR_PUBLIC);
	check_scope("100.64.0.0", ADDR_CGNAT);
	check_scope("100.127.255.255", ADDR_CGNAT);
	check_scope("100.128.0.0", ADDR_PUBLIC);
	check_scope("194.64.145.30", ADDR_PUBLIC);
}
END_TEST


START_TEST(ipv6_scopes_end_where_their_rfcs_say)
{
	check_scope("::", ADDR_UNSPECIFIED);
	check_scope("::1", ADDR_LOOPBACK);
	check_scope("::2", ADDR_PUBLIC);
	check_scope("fe80::1", ADDR_LINKLOCAL);
	check_scope("febf:ffff::", ADDR_LINKLOCAL);
	check_scope("fec0::1", ADDR_PUBLIC);
	check_scope("fbff::1", ADDR_PUBLIC);
	check_scope("fc00::1", ADDR_PRIVATE);
	check_scope("fdff::1", ADDR_PRIVATE);
	check_scope("2001:db8::1", ADDR_PUBLIC);
}
END_TEST


START_TEST(an_ipv4_mapped_value_has_the_scope_of_its_ipv4)
{
	struct addr a = {
		.family = ADDR_IPV6,
		.ip = { [10] = 0xff, [11] = 0xff, [12] = 10, [15] = 1 },
	};

	ck_assert_int_eq(addr_scope(&a), ADDR_PRIVATE);
}
END_TEST


Suite *suite_addr(void)
{
	Suite *s = suite_create("addr");
	TCase *tc = tcase_create("addr");

	tcase_add_test(tc, ipv4_is_printed_with_its_port);
	tcase_add_test(tc, port_zero_is_left_out);
	tcase_add_test(tc, ipv6_is_printed_in_brackets);
	tcase_add_test(tc, the_first_of_the_longest_zero_runs_is_shortened);
	tcase_add_test(tc, one_zero_group_is_not_shortened);
	tcase_add_test(tc, an_ipv4_mapped_address_becomes_ipv4);
	tcase_add_test(tc, what_is_no_ip_literal_is_refused);
	tcase_add_test(tc, only_the_given_length_is_read);
	tcase_add_test(tc, random_ipv6_is_printed_and_parsed_as_libc_does);
	tcase_add_test(tc, random_ipv4_is_printed_and_parsed_as_libc_does);
	tcase_add_test(tc, random_text_is_accepted_when_libc_accepts_it);
	tcase_add_test(tc, a_short_buffer_gets_a_short_text);
	tcase_add_test(tc, a_buffer_of_no_size_is_untouched);
	tcase_add_test(tc, the_longest_text_fits);
	tcase_add_test(tc, what_is_not_known_prints_as_nothing);
	tcase_add_test(tc, equal_means_address_and_port);
	tcase_add_test(tc, what_is_behind_an_ipv4_address_does_not_count);
	tcase_add_test(tc, two_unknown_ones_are_equal);
	tcase_add_test(tc, ipv4_scopes_end_where_their_rfcs_say);
	tcase_add_test(tc, ipv6_scopes_end_where_their_rfcs_say);
	tcase_add_test(tc, an_ipv4_mapped_value_has_the_scope_of_its_ipv4);
	suite_add_tcase(s, tc);

	return s;
}
