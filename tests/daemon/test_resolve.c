/* Hosts with a port: resolve.c, records.c and hosts.c against a DNS server that
 * says what we want. */

#include <stdio.h>
#include <unistd.h>
#include "resolve_rig.h"


static const struct dns_zone zonev[] = {
	{.name = "v4.test", .v4 = "127.0.0.2", .ttl = 300, .soa = 300},
	{.name = "v6.test", .v6 = "::1", .ttl = 300},
	{.name = "both.test", .v4 = "127.0.0.2", .v6 = "::1", .ttl = 300},
	{.name = "far.test", .v4 = "127.0.0.2", .v6 = "2001:db8::1 2001:db8::2",
	 .ttl = 300},
	{.name = "several.test", .v4 = "127.0.0.3 127.0.0.2 127.0.0.3",
	 .ttl = 300},
	{.name = "alias.test", .alias = "v4.test", .ttl = 300},
	{.name = "short.test", .v4 = "127.0.0.2", .ttl = 0},
	{.name = "blocked.test", .v4 = "0.0.0.0", .v6 = "::", .ttl = 300},
	{.name = "nobody.test", .rcode = DNS_RCODE_NAME_ERR, .ttl = 300,
	 .soa = 1},
	{.name = "servfail.test", .rcode = DNS_RCODE_SRV_FAIL},
	{.name = "refused.test", .rcode = DNS_RCODE_REFUSED},
	{.name = "silent.test", .fault = DNS_SILENT},
	{.name = "mute6.test", .type = DNS_TYPE_AAAA, .fault = DNS_SILENT},
	{.name = "mute6.test", .v4 = "127.0.0.2", .ttl = 300},
	{.name = "deaf4.test", .type = DNS_TYPE_A, .fault = DNS_SILENT},
	{.name = "deaf4.test"},
	{.name = "long.test", .fault = DNS_TRUNCATED_ALWAYS},
	{.name = "listed.test", .v4 = "127.0.0.9", .ttl = 300},
	{.name = NULL},
};



static void setup(void)
{
	rrig_start(zonev);
}


static void ask(struct told *t, const char *host, enum resolve_family family)
{
	const struct resolve_uri uri = {
		.host = host, .port = 5060, .transport = TRANSPORT_UDP,
		.family = family,
	};

	rrig_ask(t, &uri);
}


static void check_addresses(const struct told *t, unsigned n, ...)
{
	va_list ap;

	ck_assert_msg(t->err == 0, "%s", t->text);
	ck_assert_uint_eq(n, t->addrc);

	va_start(ap, n);
	for (unsigned i = 0; i < n; i++) {
		struct sa want;

		ck_assert_int_eq(0, sa_set_str(&want, va_arg(ap, char *),
					       5060));
		ck_assert_msg(sa_cmp(&want, &t->addrv[i].addr, SA_ALL), "%u",
			      i);
		ck_assert_uint_eq(0, t->addrv[i].group);
		ck_assert_uint_eq(TRANSPORT_UDP, t->addrv[i].transport);
	}

	va_end(ap);
}


START_TEST(literals_need_nobody)
{
	struct told t = rrig_host("192.0.2.1", RESOLVE_ANY);

	check_addresses(&t, 1, "192.0.2.1");
	t = rrig_host("2001:db8::1", RESOLVE_IPV6);
	check_addresses(&t, 1, "2001:db8::1");
	t = rrig_host("[2001:db8::1]", RESOLVE_ANY);
	check_addresses(&t, 1, "2001:db8::1");
	ck_assert_uint_eq(0, rrig.server.a + rrig.server.aaaa);
}
END_TEST


START_TEST(a_literal_of_the_other_family_is_no_address)
{
	struct told t = rrig_host("192.0.2.1", RESOLVE_IPV6);

	ck_assert_int_eq(ENOENT, t.err);
	ck_assert_str_ne("", t.text);
	t = rrig_host("[::1]", RESOLVE_IPV4);
	ck_assert_int_eq(ENOENT, t.err);
}
END_TEST


static void check_refused(const char *host)
{
	const struct resolve_uri uri = {.host = host, .port = 1};
	struct resolve_query *q = NULL;

	ck_assert_msg(resolve_query(&q, rrig.resolve, &uri, rrig_handler,
				    NULL) == EINVAL, "%s", host);
	ck_assert_ptr_null(q);
}


START_TEST(what_can_be_no_name_is_refused)
{
	static const char long_label[] =
		"0123456789012345678901234567890123456789"
		"012345678901234567890123.test";
	const char *const badv[] = {
		"", ".", "a..test", ".test", "a b.test", "a/b", "[v4.test]",
		"192.0.2", "192.0.2.256", "sip:v4.test", "\xc3\xa4.test",
		long_label,
	};
	char name[300];

	for (unsigned i = 0; i < 12; i++)
		check_refused(badv[i]);

	for (unsigned i = 0; i < sizeof(name); i++)
		name[i] = i % 2 ? '.' : 'a';
	name[sizeof(name) - 1] = '\0';
	check_refused(name);
}
END_TEST


START_TEST(a_name_with_ipv4_only)
{
	struct told t = rrig_host("v4.test", RESOLVE_ANY);

	check_addresses(&t, 1, "127.0.0.2");
	ck_assert_uint_eq(1, rrig.server.a);
	ck_assert_uint_eq(1, rrig.server.aaaa);

	t = rrig_host("v4.test", RESOLVE_IPV6);
	ck_assert_int_eq(ENOENT, t.err);
	ck_assert_ptr_nonnull(strstr(t.text, "no IPv6 address"));
}
END_TEST


START_TEST(only_the_wanted_family_is_asked_for)
{
	struct told t = rrig_host("both.test", RESOLVE_IPV6);

	check_addresses(&t, 1, "::1");
	ck_assert_uint_eq(0, rrig.server.a);
	t = rrig_host("far.test", RESOLVE_IPV4);
	check_addresses(&t, 1, "127.0.0.2");
	ck_assert_uint_eq(1, rrig.server.aaaa);
}
END_TEST


static bool routed(const char *literal)
{
	struct sa sa;
	int fd;
	bool ok;

	sa_init(&sa, AF_UNSPEC);
	ck_assert_int_eq(0, sa_set_str(&sa, literal, 5060));
	fd = socket(sa_af(&sa), SOCK_DGRAM, 0);
	if (fd < 0)
		return false;

	ok = !connect(fd, &sa.u.sa, sa.len);
	(void)close(fd);

	return ok;
}


START_TEST(a_family_without_a_route_comes_last)
{
	struct told t = rrig_host("both.test", RESOLVE_ANY);

	if (routed("::1"))
		check_addresses(&t, 2, "::1", "127.0.0.2");
	else
		check_addresses(&t, 2, "127.0.0.2", "::1");

	t = rrig_host("far.test", RESOLVE_ANY);
	if (routed("2001:db8::1"))
		check_addresses(&t, 3, "2001:db8::1", "127.0.0.2",
				"2001:db8::2");
	else
		check_addresses(&t, 3, "127.0.0.2", "2001:db8::1",
				"2001:db8::2");
}
END_TEST


START_TEST(addresses_keep_their_order_and_are_told_once)
{
	struct told t = rrig_host("several.test", RESOLVE_ANY);

	check_addresses(&t, 2, "127.0.0.3", "127.0.0.2");
}
END_TEST


START_TEST(an_alias_is_followed)
{
	struct told t = rrig_host("alias.test", RESOLVE_ANY);

	check_addresses(&t, 1, "127.0.0.2");
}
END_TEST


START_TEST(the_unspecified_address_is_none)
{
	struct told t = rrig_host("blocked.test", RESOLVE_ANY);

	ck_assert_int_eq(ENOENT, t.err);
}
END_TEST


START_TEST(names_have_no_case_and_may_end_with_a_dot)
{
	struct told t = rrig_host("V4.Test.", RESOLVE_IPV4);

	check_addresses(&t, 1, "127.0.0.2");
	t = rrig_host("v4.test", RESOLVE_IPV4);
	check_addresses(&t, 1, "127.0.0.2");
	ck_assert_uint_eq(1, rrig.server.a);
}
END_TEST


START_TEST(a_missing_name_is_known_to_be_missing)
{
	struct told t = rrig_host("nobody.test", RESOLVE_IPV4);

	ck_assert_int_eq(ENOENT, t.err);
	ck_assert_str_eq("no such name (NXDOMAIN from 127.0.0.1)", t.text);
	ck_assert_uint_eq(1, rrig.server.a);

	/* remembered for as long as its SOA says: 1 s */
	t = rrig_host("nobody.test", RESOLVE_IPV4);
	ck_assert_int_eq(ENOENT, t.err);
	ck_assert_uint_eq(1, rrig.server.a);

	harness_run(1050);
	t = rrig_host("nobody.test", RESOLVE_IPV4);
	ck_assert_int_eq(ENOENT, t.err);
	ck_assert_uint_eq(2, rrig.server.a);
}
END_TEST


START_TEST(a_server_that_cannot_is_no_missing_name)
{
	struct told t = rrig_host("servfail.test", RESOLVE_IPV4);

	ck_assert_int_eq(EPROTO, t.err);
	ck_assert_str_eq("SERVFAIL from 127.0.0.1", t.text);

	t = rrig_host("refused.test", RESOLVE_ANY);
	ck_assert_int_eq(EPROTO, t.err);
	ck_assert_str_eq("REFUSED from 127.0.0.1", t.text);

	t = rrig_host("long.test", RESOLVE_IPV4);
	ck_assert_int_eq(EPROTO, t.err);
	ck_assert_str_eq("a truncated answer from 127.0.0.1", t.text);
}
END_TEST


START_TEST(silence_ends)
{
	msec_t start = loop_now();
	unsigned tries;
	struct told t;

	resolve_set_timeout(rrig.resolve, 700);
	t = rrig_host("silent.test", RESOLVE_ANY);
	ck_assert_int_eq(ETIMEDOUT, t.err);
	ck_assert_str_eq("no answer from 127.0.0.1", t.text);
	ck_assert_uint_ge(loop_now() - start, 700);
	ck_assert_uint_lt(loop_now() - start, harness_patience(1300));

	/* there were more tries, and are none any more */
	tries = rrig.server.a;
	ck_assert_uint_ge(tries, 2);
	harness_run(1200);
	ck_assert_uint_eq(tries, rrig.server.a);
}
END_TEST


START_TEST(one_family_is_enough_when_the_other_is_not_answered)
{
	struct told t;

	resolve_set_timeout(rrig.resolve, 300);
	t = rrig_host("mute6.test", RESOLVE_ANY);
	check_addresses(&t, 1, "127.0.0.2");

	/* and a family that could not be asked for is no missing name */
	t = rrig_host("deaf4.test", RESOLVE_ANY);
	ck_assert_int_eq(ETIMEDOUT, t.err);
}
END_TEST


START_TEST(a_family_that_is_not_answered_delays_little)
{
	msec_t start = loop_now();
	struct told t = rrig_host("mute6.test", RESOLVE_ANY);

	/* 2 s of the 10 s */
	check_addresses(&t, 1, "127.0.0.2");
	ck_assert_uint_ge(loop_now() - start, 2000);
	ck_assert_uint_lt(loop_now() - start, harness_patience(4000));

	t = rrig_host("mute6.test", RESOLVE_IPV4);
	check_addresses(&t, 1, "127.0.0.2");
	ck_assert_uint_lt(loop_now() - start, harness_patience(4000));
}
END_TEST


static bool all_told(void *arg)
{
	struct told *v = arg;

	for (unsigned i = 0; i < 10; i++) {
		if (!v[i].calls)
			return false;
	}

	return true;
}


START_TEST(many_ask_and_one_question_is_sent)
{
	struct told v[10];

	for (unsigned i = 0; i < 10; i++)
		ask(&v[i], "v4.test", i % 2 ? RESOLVE_IPV4 : RESOLVE_ANY);

	ck_assert(harness_wait(all_told, v, RIG_WAIT));
	ck_assert_uint_eq(1, rrig.server.a);
	ck_assert_uint_eq(1, rrig.server.aaaa);

	for (unsigned i = 0; i < 10; i++) {
		check_addresses(&v[i], 1, "127.0.0.2");
		ck_assert_uint_eq(1, v[i].calls);
	}
}
END_TEST


START_TEST(an_answer_is_kept_for_its_ttl)
{
	struct told t = rrig_host("short.test", RESOLVE_IPV4);

	check_addresses(&t, 1, "127.0.0.2");
	t = rrig_host("short.test", RESOLVE_IPV4);
	check_addresses(&t, 1, "127.0.0.2");
	ck_assert_uint_eq(1, rrig.server.a);

	/* a TTL of 0 counts as 1 s */
	harness_run(1050);
	t = rrig_host("short.test", RESOLVE_IPV4);
	check_addresses(&t, 1, "127.0.0.2");
	ck_assert_uint_eq(2, rrig.server.a);

	t = rrig_host("v4.test", RESOLVE_IPV4);
	harness_run(1050);
	t = rrig_host("v4.test", RESOLVE_IPV4);
	ck_assert_uint_eq(3, rrig.server.a);
}
END_TEST


START_TEST(the_hosts_file_comes_first)
{
	struct told t;

	rrig_write(rrig.hosts, "# comment\n"
		    "127.0.0.7 other.test Listed.Test # listed.test\n"
		    "127.0.0.8\tlisted.test\n"
		    "::1 listed.test\n"
		    "nonsense listed.test\n"
		    "#127.0.0.6 listed.test\n");

	t = rrig_host("listed.test", RESOLVE_IPV4);
	check_addresses(&t, 2, "127.0.0.7", "127.0.0.8");
	t = rrig_host("listed.test", RESOLVE_IPV6);
	check_addresses(&t, 1, "::1");
	t = rrig_host("other.test", RESOLVE_ANY);
	check_addresses(&t, 1, "127.0.0.7");
	ck_assert_uint_eq(0, rrig.server.a + rrig.server.aaaa);

	t = rrig_host("other.test", RESOLVE_IPV6);
	ck_assert_int_eq(ENOENT, t.err);
	ck_assert_uint_eq(0, rrig.server.a + rrig.server.aaaa);
}
END_TEST


START_TEST(an_edited_hosts_file_counts_at_once)
{
	struct told t = rrig_host("listed.test", RESOLVE_IPV4);

	check_addresses(&t, 1, "127.0.0.9");

	rrig_write(rrig.hosts, "127.0.0.7 listed.test\n");
	t = rrig_host("listed.test", RESOLVE_IPV4);
	check_addresses(&t, 1, "127.0.0.7");

	rrig_write(rrig.hosts, "127.0.0.10 listed.test\n");
	t = rrig_host("listed.test", RESOLVE_IPV4);
	check_addresses(&t, 1, "127.0.0.10");

	ck_assert_int_eq(0, unlink(rrig.hosts));
	t = rrig_host("listed.test", RESOLVE_IPV4);
	check_addresses(&t, 1, "127.0.0.9");
	ck_assert_uint_eq(2, rrig.server.a);
}
END_TEST


START_TEST(a_query_can_be_freed_at_any_time)
{
	struct told early, late, literal, known, kept;

	/* before the question is sent, when others wait as well */
	ask(&early, "v4.test", RESOLVE_ANY);
	ask(&kept, "v4.test", RESOLVE_ANY);
	early.q = mem_deref(early.q);

	/* while the server thinks */
	ask(&late, "silent.test", RESOLVE_IPV6);
	ck_assert(harness_wait(harness_count, &rrig.server.aaaa, RIG_WAIT));
	late.q = mem_deref(late.q);

	/* when the answer is on its way to us */
	ck_assert(harness_wait(harness_count, &kept.calls, RIG_WAIT));
	ask(&known, "v4.test", RESOLVE_ANY);
	known.q = mem_deref(known.q);
	ask(&literal, "192.0.2.1", RESOLVE_ANY);
	literal.q = mem_deref(literal.q);

	harness_run(10);
	ck_assert_uint_eq(0, early.calls + late.calls);
	ck_assert_uint_eq(0, literal.calls + known.calls);
	ck_assert_uint_eq(1, rrig.server.a);
}
END_TEST


START_TEST(the_resolver_can_be_freed_before_its_queries)
{
	struct told dns, known;

	(void)rrig_host("v4.test", RESOLVE_IPV4);
	ask(&dns, "both.test", RESOLVE_ANY);
	ask(&known, "v4.test", RESOLVE_IPV4);
	rrig.resolve = mem_deref(rrig.resolve);

	harness_run(20);
	ck_assert_uint_eq(0, dns.calls + known.calls);
	ck_assert_uint_eq(0, timers_count());
	mem_deref(dns.q);
	mem_deref(known.q);
}
END_TEST


static void last_handler(const struct resolve_result *r, void *arg)
{
	rrig.resolve = mem_deref(rrig.resolve);
	rrig_handler(r, arg);
}


static bool one_told(void *arg)
{
	struct told *v = arg;

	return v[0].calls + v[1].calls;
}


START_TEST(a_handler_may_free_the_resolver)
{
	const struct resolve_uri uri = {.host = "v4.test", .port = 5060};
	struct told v[2] = {{.calls = 0}};

	for (unsigned i = 0; i < 2; i++)
		ck_assert_int_eq(0, resolve_query(&v[i].q, rrig.resolve, &uri,
						  last_handler, &v[i]));

	/* whichever comes first, the other one hears nothing */
	ck_assert(harness_wait(one_told, v, RIG_WAIT));
	harness_run(10);
	ck_assert_uint_eq(1, v[0].calls + v[1].calls);
	mem_deref(v[0].q);
	mem_deref(v[1].q);
}
END_TEST


START_TEST(more_names_than_are_kept_are_all_answered)
{
	struct told v[100];
	char name[32];

	resolve_set_rate(rrig.resolve, 0);
	for (unsigned i = 0; i < 8300; i += 100) {
		for (unsigned j = 0; j < 100; j++) {
			(void)snprintf(name, sizeof(name), "n%u.test", i + j);
			ask(&v[j], name, RESOLVE_IPV4);
		}
		for (unsigned j = 0; j < 100; j++) {
			ck_assert(harness_wait(harness_count, &v[j].calls,
					       RIG_WAIT));
			ck_assert_int_eq(ENOENT, v[j].err);
		}
	}

	/* the first ones are gone, the last ones not */
	ck_assert_uint_eq(8300, rrig.server.a);
	(void)rrig_host("n8299.test", RESOLVE_IPV4);
	ck_assert_uint_eq(8300, rrig.server.a);
	(void)rrig_host("n0.test", RESOLVE_IPV4);
	ck_assert_uint_eq(8301, rrig.server.a);
}
END_TEST


Suite *suite_resolve(void);

Suite *suite_resolve(void)
{
	Suite *s = suite_create("resolve");
	TCase *tc = tcase_create("resolve");

	tcase_add_checked_fixture(tc, setup, rrig_stop);
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, literals_need_nobody);
	tcase_add_test(tc, a_literal_of_the_other_family_is_no_address);
	tcase_add_test(tc, what_can_be_no_name_is_refused);
	tcase_add_test(tc, a_name_with_ipv4_only);
	tcase_add_test(tc, only_the_wanted_family_is_asked_for);
	tcase_add_test(tc, a_family_without_a_route_comes_last);
	tcase_add_test(tc, addresses_keep_their_order_and_are_told_once);
	tcase_add_test(tc, an_alias_is_followed);
	tcase_add_test(tc, the_unspecified_address_is_none);
	tcase_add_test(tc, names_have_no_case_and_may_end_with_a_dot);
	tcase_add_test(tc, a_missing_name_is_known_to_be_missing);
	tcase_add_test(tc, a_server_that_cannot_is_no_missing_name);
	tcase_add_test(tc, silence_ends);
	tcase_add_test(tc, one_family_is_enough_when_the_other_is_not_answered);
	tcase_add_test(tc, a_family_that_is_not_answered_delays_little);
	tcase_add_test(tc, many_ask_and_one_question_is_sent);
	tcase_add_test(tc, an_answer_is_kept_for_its_ttl);
	tcase_add_test(tc, the_hosts_file_comes_first);
	tcase_add_test(tc, an_edited_hosts_file_counts_at_once);
	tcase_add_test(tc, a_query_can_be_freed_at_any_time);
	tcase_add_test(tc, the_resolver_can_be_freed_before_its_queries);
	tcase_add_test(tc, a_handler_may_free_the_resolver);
	tcase_add_test(tc, more_names_than_are_kept_are_all_answered);
	suite_add_tcase(s, tc);

	return s;
}
