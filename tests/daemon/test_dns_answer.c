/* dns_answer.c and dns_message.c: what is believed of a message, and what its
 * sender cannot do to us. */

#include <errno.h>
#include <string.h>
#include <time.h>
#include "dns_answer.h"
#include "dns_server.h"
#include "harness.h"


static const struct dns_zone zonev[] = {
	{.name = "a.test", .v4 = "127.0.0.3 127.0.0.2 127.0.0.3", .ttl = 300},
	{.name = "day.test", .v4 = "127.0.0.2", .ttl = 86400},
	{.name = "zero.test", .v4 = "127.0.0.2", .ttl = 0},
	{.name = "alias.test", .alias = "step.test", .ttl = 20},
	{.name = "step.test", .alias = "A.Test", .ttl = 30},
	{.name = "loop.test", .alias = "loop.test", .ttl = 30},
	{.name = "blocked.test", .v4 = "0.0.0.0", .v6 = "::", .ttl = 300},
	{.name = "soa.test", .ttl = 40, .soa = 30},
	{.name = "_sip._udp.a.test", .ttl = 60,
	 .srv = "10 20 5070 One.Test,20 0 0 two.test,0 0 0 ."},
	{.name = "n.test", .ttl = 60,
	 .naptr = "10 50 S sips+d2t _sips._tcp.n.test,"
		  "20 50 - E2U+sip-and-more _x.n.test,"
		  "20 50 au SIP+D2U _sip._udp.n.test"},
	{NULL},
};

static struct dns_answer *a;
static struct mbuf *mb;


static void setup(void)
{
	harness_setup();
	a = NULL;
	mb = mbuf_alloc(70000);
}


static void teardown(void)
{
	mem_deref(a);
	mem_deref(mb);
	harness_teardown();
}


static int read_as(const char *name, uint16_t type)
{
	a = mem_deref(a);
	mb->pos = 0;

	return dns_answer_read(&a, mb, name, type, "192.0.2.53");
}


static const struct dns_answer *answer(const char *name, uint16_t type)
{
	dns_server_encode(mb, zonev, 7, name, type);
	ck_assert_int_eq(0, read_as(name, type));

	return a;
}


START_TEST(addresses_keep_their_order_and_are_told_once)
{
	struct sa sa;

	ck_assert_uint_eq(2, answer("a.test", DNS_TYPE_A)->recordc);
	ck_assert_int_eq(0, sa_set_str(&sa, "127.0.0.3", 0));
	ck_assert(sa_cmp(&sa, &a->recordv[0].u.addr, SA_ALL));
	ck_assert_int_eq(0, a->err);
	ck_assert_ptr_null(a->text);
}
END_TEST


START_TEST(a_time_to_live_has_bounds)
{
	ck_assert_uint_eq(300000, answer("a.test", DNS_TYPE_A)->ttl);
	ck_assert_uint_eq(3600000, answer("day.test", DNS_TYPE_A)->ttl);
	ck_assert_uint_eq(1000, answer("zero.test", DNS_TYPE_A)->ttl);
}
END_TEST


START_TEST(aliases_are_followed_and_the_shortest_time_counts)
{
	ck_assert_uint_eq(2, answer("alias.test", DNS_TYPE_A)->recordc);
	ck_assert_uint_eq(20000, a->ttl);
}
END_TEST


START_TEST(aliases_that_lead_nowhere_are_no_address)
{
	ck_assert_int_eq(ENOENT, answer("loop.test", DNS_TYPE_A)->err);
	ck_assert_int_eq(ENOENT, answer("alias.test", DNS_TYPE_AAAA)->err);
}
END_TEST


START_TEST(the_unspecified_address_is_none)
{
	ck_assert_int_eq(ENOENT, answer("blocked.test", DNS_TYPE_A)->err);
	ck_assert_int_eq(ENOENT, answer("blocked.test", DNS_TYPE_AAAA)->err);
}
END_TEST


/* RFC 2308 */
START_TEST(bad_news_is_kept_as_long_as_the_zone_says)
{
	ck_assert_uint_eq(30000, answer("soa.test", DNS_TYPE_A)->ttl);
	ck_assert_str_eq("no IPv4 address (says 192.0.2.53)", a->text);
	ck_assert_uint_eq(10000, answer("nobody.test", DNS_TYPE_SRV)->ttl);
	ck_assert_str_eq("no such name (NXDOMAIN from 192.0.2.53)", a->text);
	ck_assert_int_eq(ENOENT, a->err);
	(void)answer("a.test", DNS_TYPE_SRV);
	ck_assert_str_eq("no SRV record of a.test (says 192.0.2.53)", a->text);
}
END_TEST


START_TEST(srv_records_are_read)
{
	(void)answer("_sip._udp.a.test", DNS_TYPE_SRV);
	ck_assert_uint_eq(3, a->recordc);
	ck_assert_uint_eq(10, a->recordv[0].u.srv.priority);
	ck_assert_uint_eq(20, a->recordv[0].u.srv.weight);
	ck_assert_uint_eq(5070, a->recordv[0].u.srv.port);
	ck_assert_str_eq("one.test", a->recordv[0].name);
	ck_assert_str_eq("", a->recordv[2].name);
}
END_TEST


START_TEST(naptr_records_are_read)
{
	(void)answer("n.test", DNS_TYPE_NAPTR);
	ck_assert_uint_eq(3, a->recordc);
	ck_assert_uint_eq(10, a->recordv[0].u.naptr.order);
	ck_assert_uint_eq(50, a->recordv[0].u.naptr.preference);
	ck_assert_int_eq('s', a->recordv[0].u.naptr.flag);
	ck_assert_str_eq("SIPS+D2T", a->recordv[0].u.naptr.service);
	ck_assert_str_eq("_sips._tcp.n.test", a->recordv[0].name);
	ck_assert_int_eq(0, a->recordv[1].u.naptr.flag);
	ck_assert_str_eq("E2U+SIP-AND", a->recordv[1].u.naptr.service);
	ck_assert_int_eq(0, a->recordv[2].u.naptr.flag);
}
END_TEST


START_TEST(an_answer_to_another_question_is_none)
{
	dns_server_encode(mb, zonev, 7, "a.test", DNS_TYPE_A);
	ck_assert_int_eq(EBADMSG, read_as("b.test", DNS_TYPE_A));
	ck_assert_int_eq(EBADMSG, read_as("a.test", DNS_TYPE_AAAA));
	ck_assert_int_eq(0, read_as("A.TEST", DNS_TYPE_A));

	mb->buf[2] ^= 0x80;      /* a question */
	ck_assert_int_eq(EBADMSG, read_as("a.test", DNS_TYPE_A));
	mb->buf[2] ^= 0x80 | 0x28;       /* an answer to an update */
	ck_assert_int_eq(EBADMSG, read_as("a.test", DNS_TYPE_A));
}
END_TEST


START_TEST(every_beginning_of_an_answer_is_refused)
{
	size_t whole;

	dns_server_encode(mb, zonev, 7, "alias.test", DNS_TYPE_A);
	whole = mb->end;
	for (mb->end = 0; mb->end < whole; mb->end++)
		ck_assert_int_eq(EBADMSG, read_as("alias.test", DNS_TYPE_A));

	ck_assert_int_eq(0, read_as("alias.test", DNS_TYPE_A));
}
END_TEST


/* --- messages by hand --- */

static void header(unsigned answers)
{
	const struct dnshdr hdr = {.id = 1, .qr = true, .nq = 1,
				   .nans = (uint16_t)answers};

	mb->pos = mb->end = 0;
	ck_assert_int_eq(0, dns_hdr_encode(mb, &hdr));
	ck_assert_int_eq(0, dns_dname_encode(mb, "a.test", NULL, 0, false));
	(void)mbuf_write_u16(mb, htons(DNS_TYPE_A));
	(void)mbuf_write_u16(mb, htons(DNS_CLASS_IN));
}


static void record(const char *name, uint16_t type, uint32_t ttl,
		   const void *data, uint16_t length)
{
	ck_assert_int_eq(0, dns_dname_encode(mb, name, NULL, 0, false));
	(void)mbuf_write_u16(mb, htons(type));
	(void)mbuf_write_u16(mb, htons(DNS_CLASS_IN));
	(void)mbuf_write_u32(mb, htonl(ttl));
	(void)mbuf_write_u16(mb, htons(length));
	(void)mbuf_write_mem(mb, data, length);
}


START_TEST(records_of_other_names_and_noise_are_passed_over)
{
	header(6);
	record("b.test", DNS_TYPE_A, 60, "\x7f\0\0\x09", 4);
	record("a.test", DNS_TYPE_TXT, 60, "\xff garbage", 9);
	record("a.test", DNS_TYPE_A, 60, "\x7f\0\0\x09\x01", 5);
	record("a.test", DNS_TYPE_CNAME, 60, "\x05" "b", 2);
	record("a.test", 65280, 60, "", 0);
	record("a.test", DNS_TYPE_A, 60, "\x7f\0\0\x02", 4);
	ck_assert_int_eq(0, read_as("a.test", DNS_TYPE_A));
	ck_assert_uint_eq(1, a->recordc);
	ck_assert_uint_eq(0x7f000002, sa_in(&a->recordv[0].u.addr));
}
END_TEST


/* RFC 2181 §8 */
START_TEST(a_time_to_live_beyond_all_sense_is_none)
{
	header(1);
	record("a.test", DNS_TYPE_A, 0x80000000, "\x7f\0\0\x02", 4);
	ck_assert_int_eq(0, read_as("a.test", DNS_TYPE_A));
	ck_assert_uint_eq(1000, a->ttl);
}
END_TEST


START_TEST(names_that_point_at_themselves_are_refused)
{
	header(1);
	(void)mbuf_write_u16(mb, htons((uint16_t)(0xc000 | mb->pos)));
	(void)mbuf_fill(mb, 0, 20);
	ck_assert_int_eq(EBADMSG, read_as("a.test", DNS_TYPE_A));

	/* at the header, at the end, behind it */
	header(1);
	(void)mbuf_write_u16(mb, htons(0xffff));
	(void)mbuf_fill(mb, 0, 20);
	ck_assert_int_eq(EBADMSG, read_as("a.test", DNS_TYPE_A));
}
END_TEST


/* Thousands of aliases of one name, each to itself: followed naively that is
 * for ever. */
START_TEST(many_aliases_cost_no_time)
{
	const clock_t start = clock();

	header(2000);
	for (unsigned i = 0; i < 2000; i++)
		record("a.test", DNS_TYPE_CNAME, 60, "\1a\4test", 8);
	ck_assert_int_eq(0, read_as("a.test", DNS_TYPE_A));
	ck_assert_int_eq(ENOENT, a->err);
	ck_assert_int_lt(clock() - start, CLOCKS_PER_SEC / 2);
}
END_TEST


START_TEST(more_records_than_anybody_needs_are_left)
{
	header(5000);
	for (unsigned i = 0; i < 2500; i++) {
		const uint8_t ip[4] = {10, 0, (uint8_t)(i >> 8), (uint8_t)i};

		record("a.test", DNS_TYPE_A, 60, ip, sizeof(ip));
	}

	/* and half of them are missing */
	ck_assert_int_eq(EBADMSG, read_as("a.test", DNS_TYPE_A));
	mb->buf[6] = 2500 >> 8;
	mb->buf[7] = (uint8_t)2500;
	ck_assert_int_eq(0, read_as("a.test", DNS_TYPE_A));
	ck_assert_uint_eq(DNS_RECORDS_MAX, a->recordc);
}
END_TEST


START_TEST(targets_that_are_no_hosts_are_left_out)
{
	static const char odd[] = "\0\1\0\1\x13\xc4\3a\n\x1b\4test";

	header(2);
	record("a.test", DNS_TYPE_SRV, 60, odd, sizeof(odd));
	record("a.test", DNS_TYPE_SRV, 60, "\0\1\0\1\x13\xc4\1b\4test", 14);
	mb->buf[21] = DNS_TYPE_SRV;      /* the question's type */
	ck_assert_int_eq(0, read_as("a.test", DNS_TYPE_SRV));
	ck_assert_uint_eq(1, a->recordc);
	ck_assert_str_eq("b.test", a->recordv[0].name);
}
END_TEST


/* Whatever it is, it is read to its end and no further (run with ASan). */
START_TEST(noise_of_every_kind_is_survived)
{
	static const uint16_t typev[] = {
		DNS_TYPE_A, DNS_TYPE_AAAA, DNS_TYPE_SRV, DNS_TYPE_NAPTR,
	};
	struct mbuf small = {.buf = NULL};

	for (unsigned i = 0; i < 20000; i++) {
		const uint16_t type = typev[i % 4];
		struct dns_answer *one = NULL;
		uint8_t *copy;

		dns_server_encode(mb, zonev, 7, i % 3 ? "n.test" :
				  "_sip._udp.a.test", type);
		for (unsigned j = 0; j < 1 + i % 5; j++)
			mb->buf[rand_u32() % mb->end] = (uint8_t)rand_u16();

		/* exactly as large, for the checker to see */
		copy = mem_alloc(mb->end, NULL);
		memcpy(copy, mb->buf, mb->end);
		small.buf = copy;
		small.size = small.end = mb->end - i % 2;
		small.pos = 0;
		if (!dns_answer_read(&one, &small, "n.test", type, "x"))
			ck_assert_uint_le(one->recordc, DNS_RECORDS_MAX);
		mem_deref(one);
		mem_deref(copy);
	}
}
END_TEST


Suite *suite_dns_answer(void);

Suite *suite_dns_answer(void)
{
	Suite *s = suite_create("dns_answer");
	TCase *tc = tcase_create("dns_answer");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, addresses_keep_their_order_and_are_told_once);
	tcase_add_test(tc, a_time_to_live_has_bounds);
	tcase_add_test(tc, aliases_are_followed_and_the_shortest_time_counts);
	tcase_add_test(tc, aliases_that_lead_nowhere_are_no_address);
	tcase_add_test(tc, the_unspecified_address_is_none);
	tcase_add_test(tc, bad_news_is_kept_as_long_as_the_zone_says);
	tcase_add_test(tc, srv_records_are_read);
	tcase_add_test(tc, naptr_records_are_read);
	tcase_add_test(tc, an_answer_to_another_question_is_none);
	tcase_add_test(tc, every_beginning_of_an_answer_is_refused);
	tcase_add_test(tc, records_of_other_names_and_noise_are_passed_over);
	tcase_add_test(tc, a_time_to_live_beyond_all_sense_is_none);
	tcase_add_test(tc, names_that_point_at_themselves_are_refused);
	tcase_add_test(tc, many_aliases_cost_no_time);
	tcase_add_test(tc, more_records_than_anybody_needs_are_left);
	tcase_add_test(tc, targets_that_are_no_hosts_are_left_out);
	tcase_add_test(tc, noise_of_every_kind_is_survived);
	suite_add_tcase(s, tc);

	return s;
}
