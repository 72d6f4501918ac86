/* dns.c, dns_question.c and dns_tcp.c against servers that misbehave
 * (SCENARIOS T16). */

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "dns.h"
#include "dns_server.h"
#include "harness.h"
#include "timer.h"


#define WAIT    5000             /* [ms] far more than anything needs */
#define TIMEOUT 800              /* [ms] of a question; its first wait: 80 */

struct told {
	struct dns_question *q;
	struct dns_answer *a;
	unsigned calls;
};

static const struct dns_zone good[] = {
	{.name = "a.test", .v4 = "127.0.0.2", .ttl = 300},
	{.name = "none.test", .ttl = 300},
	{.name = "long.test", .fault = DNS_TRUNCATED, .ttl = 300,
	 .v4 = "10.0.0.1 10.0.0.2 10.0.0.3 10.0.0.4 10.0.0.5 10.0.0.6 "
	       "10.0.0.7 10.0.0.8 10.0.0.9 10.0.0.10 10.0.0.11 10.0.0.12 "
	       "10.0.0.13 10.0.0.14 10.0.0.15 10.0.0.16 10.0.0.17 10.0.0.18 "
	       "10.0.0.19 10.0.0.20 10.0.0.21 10.0.0.22 10.0.0.23 10.0.0.24 "
	       "10.0.0.25 10.0.0.26 10.0.0.27 10.0.0.28 10.0.0.29 10.0.0.30 "
	       "10.0.0.31 10.0.0.32 10.0.0.33 10.0.0.34"},
	{.name = "endless.test", .fault = DNS_TRUNCATED_ALWAYS},
	{.name = "closes.test", .v4 = "127.0.0.2", .fault = DNS_CLOSES},
	{.name = "stalls.test", .v4 = "127.0.0.2", .fault = DNS_STALLS},
	{.name = "id.test", .v4 = "127.0.0.2", .fault = DNS_WRONG_ID},
	{.name = "port.test", .v4 = "127.0.0.2", .fault = DNS_WRONG_PORT},
	{.name = "noise.test", .v4 = "127.0.0.2", .fault = DNS_GARBAGE},
	{.name = "slow.test", .v4 = "127.0.0.2", .delay = TIMEOUT / 4},
	{.name = "silent.test", .fault = DNS_SILENT},
	{.name = "question.test", .v4 = "127.0.0.2",
	 .fault = DNS_WRONG_QUESTION},
	{.name = "unasked.test", .v4 = "127.0.0.2", .fault = DNS_NO_QUESTION},
	{.name = "broken.test", .v4 = "127.0.0.2", .fault = DNS_MALFORMED},
	{.name = "servfail.test", .rcode = DNS_RCODE_SRV_FAIL},
	{.name = "refused.test", .rcode = DNS_RCODE_REFUSED},
	{.name = "notimp.test", .rcode = DNS_RCODE_NOT_IMPL,
	 .fault = DNS_NO_QUESTION},
	{.name = "formerr.test", .rcode = DNS_RCODE_FMT_ERR,
	 .fault = DNS_NO_QUESTION},
	{NULL},
};

/* What the second one says of all that the first one gets wrong. */
static const struct dns_zone better[] = {
	{.name = "a.test", .v4 = "127.0.0.3", .ttl = 300},
	{.name = "endless.test", .v4 = "127.0.0.3"},
	{.name = "closes.test", .v4 = "127.0.0.3"},
	{.name = "stalls.test", .v4 = "127.0.0.3"},
	{.name = "id.test", .v4 = "127.0.0.3"},
	{.name = "port.test", .v4 = "127.0.0.3"},
	{.name = "slow.test", .fault = DNS_SILENT},
	{.name = "silent.test", .v4 = "127.0.0.3"},
	{.name = "question.test", .v4 = "127.0.0.3"},
	{.name = "unasked.test", .v4 = "127.0.0.3"},
	{.name = "broken.test", .v4 = "127.0.0.3"},
	{.name = "servfail.test", .v4 = "127.0.0.3"},
	{.name = "refused.test", .v4 = "127.0.0.3"},
	{.name = "notimp.test", .v4 = "127.0.0.3"},
	{.name = "formerr.test", .v4 = "127.0.0.3"},
	{NULL},
};

static struct dns_server one, two;
static struct dns *dns;


static void use(const struct sa *first, const struct sa *second)
{
	struct sa v[2] = {*first};

	if (second)
		v[1] = *second;
	dns_set_servers(dns, v, second ? 2 : 1);
}


static void setup(void)
{
	harness_setup();
	ck_assert_int_eq(0, dns_server_start(&one, good));
	ck_assert_int_eq(0, dns_server_start_at(&two, better, "127.0.0.2", 0));
	ck_assert_int_eq(0, dns_alloc(&dns, &one.addr, 1));
	dns_set_timeout(dns, TIMEOUT);
}


static void teardown(void)
{
	dns = mem_deref(dns);
	dns_server_stop(&one);
	dns_server_stop(&two);
	ck_assert_uint_eq(0, timers_count());
	harness_teardown();
}


static void told_handler(struct dns_answer *a, void *arg)
{
	struct told *t = arg;

	++t->calls;
	t->a = mem_ref(a);
	t->q = mem_deref(t->q);
}


static void ask_as(struct told *t, const char *name, bool doubtful)
{
	memset(t, 0, sizeof(*t));
	ck_assert_int_eq(0, dns_ask(&t->q, dns, name, DNS_TYPE_A, doubtful,
				    told_handler, t));
	ck_assert_uint_eq(0, t->calls);
}


static void ask(struct told *t, const char *name)
{
	ask_as(t, name, false);
}


static void ask_many(struct told *v, unsigned n, const char *name)
{
	for (unsigned i = 0; i < n; i++)
		ask(&v[i], name);
}


static void end_many(struct told *v, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		mem_deref(v[i].q);
		mem_deref(v[i].a);
	}
}


/* The caller's until the test ends. */
static const struct dns_answer *asked(const char *name)
{
	static struct told t;

	mem_deref(t.a);
	ask(&t, name);
	ck_assert_msg(harness_wait(harness_count, &t.calls, WAIT), "%s", name);
	ck_assert_uint_eq(1, t.calls);
	ck_assert_ptr_nonnull(t.a);

	return t.a;
}


static void check(const char *name, const char *literal)
{
	const struct dns_answer *a = asked(name);
	struct sa sa;

	ck_assert_msg(!a->err, "%s: %s", name, a->text);
	ck_assert_uint_eq(1, a->recordc);
	ck_assert_int_eq(0, sa_set_str(&sa, literal, 0));
	ck_assert_msg(sa_cmp(&sa, &a->recordv[0].u.addr, SA_ADDR), "%s", name);
}


static void check_failed(const char *name, int err, const char *text)
{
	const struct dns_answer *a = asked(name);

	ck_assert_msg(a->err == err, "%s: %d", name, a->err);
	ck_assert_str_eq(text, a->text);
}


START_TEST(an_answer_ends_the_question)
{
	check("a.test", "127.0.0.2");
	ck_assert_uint_eq(1, one.asked);
	check_failed("none.test", ENOENT, "no IPv4 address (says 127.0.0.1)");
	check_failed("nobody.test", ENOENT,
		     "no such name (NXDOMAIN from 127.0.0.1)");
	ck_assert_uint_eq(3, one.asked);
	harness_run(TIMEOUT);
	ck_assert_uint_eq(3, one.asked);
}
END_TEST


START_TEST(every_question_has_a_port_and_an_id_of_its_own)
{
	unsigned ports = 0, ids = 0;

	for (unsigned i = 0; i < 20; i++) {
		const uint16_t port = one.port, id = one.id;

		check("a.test", "127.0.0.2");
		ports += port != one.port;
		ids += id != one.id;
	}

	/* by chance one may be drawn twice */
	ck_assert_uint_ge(ports, 18);
	ck_assert_uint_ge(ids, 18);
}
END_TEST


START_TEST(silence_ends_after_four_tries)
{
	const msec_t start = loop_now();

	check_failed("silent.test", ETIMEDOUT, "no answer from 127.0.0.1");
	ck_assert_uint_ge(loop_now() - start, TIMEOUT);
	ck_assert_uint_lt(loop_now() - start, harness_patience(TIMEOUT * 3));
	ck_assert_uint_eq(4, one.asked);
	harness_run(TIMEOUT);
	ck_assert_uint_eq(4, one.asked);
}
END_TEST


static const char *const faultv[] = {
	"endless.test", "closes.test", "stalls.test", "id.test", "port.test",
	"silent.test", "question.test", "unasked.test", "broken.test",
	"servfail.test", "refused.test", "notimp.test", "formerr.test",
};

#define FAULTS (sizeof(faultv) / sizeof(faultv[0]))


START_TEST(the_next_server_knows_better_than_the_first)
{
	use(&one.addr, &two.addr);
	check(faultv[_i], "127.0.0.3");
	ck_assert_uint_eq(0, two.asked_tcp);
	ck_assert_uint_eq(1, two.asked);
}
END_TEST


START_TEST(what_no_server_knows_is_said_with_a_reason)
{
	use(&one.addr, NULL);
	check_failed("servfail.test", EPROTO, "SERVFAIL from 127.0.0.1");
	check_failed("refused.test", EPROTO, "REFUSED from 127.0.0.1");
	check_failed("notimp.test", EPROTO, "NOTIMP from 127.0.0.1");
	check_failed("formerr.test", EPROTO, "FORMERR from 127.0.0.1");
	check_failed("broken.test", EPROTO,
		     "a malformed answer from 127.0.0.1");
	check_failed("unasked.test", EPROTO,
		     "a malformed answer from 127.0.0.1");
	check_failed("endless.test", EPROTO,
		     "a truncated answer from 127.0.0.1");
	check_failed("closes.test", EPROTO,
		     "cannot ask 127.0.0.1: Connection reset by peer");
	ck_assert_uint_eq(10, one.asked);
}
END_TEST


START_TEST(an_answer_from_another_port_is_ignored)
{
	check_failed("port.test", ETIMEDOUT, "no answer from 127.0.0.1");
	ck_assert_uint_eq(4, one.asked);
}
END_TEST


START_TEST(an_answer_with_another_id_is_ignored)
{
	check_failed("id.test", ETIMEDOUT, "no answer from 127.0.0.1");
	ck_assert_uint_eq(4, one.asked);
}
END_TEST


START_TEST(noise_before_the_answer_is_passed_over)
{
	check("noise.test", "127.0.0.2");
	ck_assert_uint_eq(1, one.asked);
}
END_TEST


START_TEST(a_slow_answer_counts_though_another_was_asked)
{
	use(&one.addr, &two.addr);
	check("slow.test", "127.0.0.2");
	ck_assert_uint_ge(two.asked, 1);
}
END_TEST


START_TEST(a_truncated_answer_is_asked_again_over_tcp)
{
	const struct dns_answer *a = asked("long.test");

	ck_assert_int_eq(0, a->err);
	ck_assert_uint_eq(DNS_RECORDS_MAX, a->recordc);
	ck_assert_uint_eq(2, one.asked);
	ck_assert_uint_eq(1, one.asked_tcp);
}
END_TEST


START_TEST(tcp_that_stalls_ends_in_time)
{
	const msec_t start = loop_now();

	check_failed("stalls.test", ETIMEDOUT, "no answer from 127.0.0.1");
	ck_assert_uint_lt(loop_now() - start, harness_patience(TIMEOUT * 3));
}
END_TEST


START_TEST(the_primary_server_is_used_again_once_it_is_back)
{
	use(&one.addr, &two.addr);
	one.silent = true;
	check("a.test", "127.0.0.3");
	ck_assert_uint_eq(1, one.asked);

	/* its silence costs the next ones nothing */
	check("a.test", "127.0.0.3");
	ck_assert_uint_eq(1, one.asked);

	one.silent = false;
	harness_run(3 * TIMEOUT);
	check("a.test", "127.0.0.2");
	check("a.test", "127.0.0.2");
	ck_assert_uint_eq(3, one.asked);
}
END_TEST


START_TEST(a_server_that_is_not_there_costs_no_time)
{
	const msec_t start = loop_now();
	struct sa gone = one.addr;

	dns_server_stop(&one);
	dns_set_timeout(dns, 10 * TIMEOUT);      /* the first wait: TIMEOUT */
	use(&gone, &two.addr);
	check("a.test", "127.0.0.3");
	use(&gone, NULL);
	check_failed("a.test", EPROTO,
		     "cannot ask 127.0.0.1: Connection refused");
	ck_assert_uint_lt(loop_now() - start, harness_patience(TIMEOUT));
}
END_TEST


START_TEST(no_servers_are_no_answer)
{
	dns_set_servers(dns, NULL, 0);
	ck_assert_int_eq(ETIMEDOUT, asked("a.test")->err);
}
END_TEST


START_TEST(new_servers_answer_the_questions_that_are_open)
{
	struct told t;

	ask(&t, "silent.test");
	ck_assert(harness_wait(harness_count, &one.asked, WAIT));
	use(&two.addr, NULL);
	ck_assert(harness_wait(harness_count, &t.calls, WAIT));
	ck_assert_int_eq(0, t.a->err);
	mem_deref(t.a);
}
END_TEST


/* All that can begin at once have: a fifth more than the rate has it. */
static void fill_places(struct told *v, unsigned n)
{
	const msec_t end = loop_now() + WAIT;

	ask_many(v, n, "silent.test");
	while (one.asked < DNS_ACTIVE_MAX && loop_now() < end)
		harness_run(2);
}


START_TEST(ten_thousand_questions_come_at_a_rate_that_a_router_stands)
{
	static struct told v[1000];
	const unsigned n = ARRAY_SIZE(v);
	msec_t start;

	start = loop_now();
	ask_many(v, n, "a.test");
	harness_run(5);
	for (unsigned last = one.asked; last < 300; last = one.asked) {
		const msec_t passed = loop_now() - start;

		/* a tenth of a second's worth came at once */
		ck_assert_msg(last <= DNS_RATE / 10 + 2 +
			      DNS_RATE * (passed + 5) / 1000,
			      "%u after %u ms", last, (unsigned)passed);
		harness_run(20);
	}

	ck_assert_uint_ge(loop_now() - start, 300 * 1000 / DNS_RATE - 150);
	ck_assert_uint_lt(loop_now() - start,
			  harness_patience(2 * 300 * 1000 / DNS_RATE));
	end_many(v, n);
}
END_TEST


START_TEST(no_more_questions_than_there_are_places_are_in_flight)
{
	static struct told v[DNS_ACTIVE_MAX + 20];

	dns_set_timeout(dns, 10 * TIMEOUT);
	ask_many(v, ARRAY_SIZE(v), "silent.test");
	harness_run(TIMEOUT / 2);
	ck_assert_uint_eq(DNS_ACTIVE_MAX, one.asked);

	/* one ends, another begins */
	v[0].q = mem_deref(v[0].q);
	harness_run(50);
	ck_assert_uint_eq(DNS_ACTIVE_MAX + 1, one.asked);
	end_many(v, ARRAY_SIZE(v));
}
END_TEST


START_TEST(who_waits_for_a_turn_does_not_time_out_meanwhile)
{
	static struct told v[3 * DNS_ACTIVE_MAX];
	struct told last;

	/* nobody is answered: three rounds of what half of the places can do */
	for (unsigned i = 0; i < ARRAY_SIZE(v); i++)
		ask_as(&v[i], "silent.test", true);
	ask_as(&last, "a.test", true);
	harness_run(2 * TIMEOUT);
	ck_assert_uint_eq(0, last.calls);

	ck_assert(harness_wait(harness_count, &last.calls, 8 * TIMEOUT));
	ck_assert_int_eq(0, last.a->err);
	mem_deref(last.a);
	end_many(v, ARRAY_SIZE(v));
}
END_TEST


START_TEST(names_that_nobody_answers_do_not_starve_the_others)
{
	static struct told v[4 * DNS_ACTIVE_MAX];
	const msec_t start = loop_now();
	struct told asked_last;
	unsigned gone = 0;

	/* four times as many as there are places, before the good one */
	ask_many(v, ARRAY_SIZE(v), "silent.test");
	ask(&asked_last, "a.test");
	ck_assert(harness_wait(harness_count, &asked_last.calls, WAIT));
	ck_assert_int_eq(0, asked_last.a->err);
	mem_deref(asked_last.a);

	/* DNS_LATE_MAX of them go by per tenth of the timeout, or as many as
	 * the rate allows; by timeouts alone it would take three of them */
	ck_assert_uint_lt(loop_now() - start,
			  harness_patience(2 * TIMEOUT + TIMEOUT / 2));

	/* and they have an outcome in the end */
	for (unsigned i = 0; i < ARRAY_SIZE(v) / 2; i++) {
		ck_assert(harness_wait(harness_count, &v[i].calls, 4 * WAIT));
		gone += v[i].a->err == ETIMEDOUT;
	}
	ck_assert_uint_eq(ARRAY_SIZE(v) / 2, gone);
	end_many(v, ARRAY_SIZE(v));
}
END_TEST


START_TEST(what_had_no_answer_last_time_leaves_places_to_the_others)
{
	static struct told v[4 * DNS_ACTIVE_MAX];

	for (unsigned i = 0; i < ARRAY_SIZE(v); i++)
		ask_as(&v[i], "silent.test", true);
	harness_run(TIMEOUT / 2);

	for (unsigned i = 0; i < 5; i++) {
		const msec_t start = loop_now();
		struct told asked_last;

		ask(&asked_last, "a.test");
		ck_assert(harness_wait(harness_count, &asked_last.calls, WAIT));
		ck_assert_uint_lt(loop_now() - start,
				  harness_patience(TIMEOUT / 8));
		end_many(&asked_last, 1);
	}
	end_many(v, ARRAY_SIZE(v));
}
END_TEST


START_TEST(new_names_for_ever_do_not_keep_a_doubtful_one_from_its_turn)
{
	static struct told v[2 * DNS_RATE];
	struct told last;

	ask_many(v, ARRAY_SIZE(v), "a.test");
	ask_as(&last, "a.test", true);
	ck_assert(harness_wait(harness_count, &last.calls, WAIT));
	ck_assert_uint_eq(0, v[ARRAY_SIZE(v) - 1].calls);
	end_many(&last, 1);
	end_many(v, ARRAY_SIZE(v));
}
END_TEST


START_TEST(a_question_tells_since_when_it_is_asked)
{
	static struct told v[DNS_ACTIVE_MAX];
	struct told last, doubtful;

	dns_set_timeout(dns, 10 * TIMEOUT);
	fill_places(v, ARRAY_SIZE(v));
	ask(&last, "a.test");
	ask_as(&doubtful, "a.test", true);
	harness_run(50);
	ck_assert(dns_begun(last.q) == NEVER);
	ck_assert(dns_begun(doubtful.q) <= loop_now());
	ck_assert(dns_begun(v[0].q) < loop_now());
	end_many(&last, 1);
	end_many(&doubtful, 1);
	end_many(v, ARRAY_SIZE(v));
}
END_TEST


static void other_handler(struct dns_answer *a, void *arg)
{
	struct told *v = arg;

	++v[0].calls;
	(void)a;
	v[0].q = mem_deref(v[0].q);
	v[1].q = mem_deref(v[1].q);
}


START_TEST(questions_can_be_freed_at_any_time)
{
	struct told v[2] = {{.calls = 0}}, t;

	ask(&t, "a.test");
	mem_deref(t.q);
	harness_run(5);
	ck_assert_uint_eq(0, one.asked);

	ask(&t, "stalls.test");
	ck_assert(harness_wait(harness_count, &one.asked_tcp, WAIT));
	mem_deref(t.q);
	ck_assert_uint_eq(0, t.calls);

	for (unsigned i = 0; i < 2; i++)
		ck_assert_int_eq(0, dns_ask(&v[i].q, dns, "a.test", DNS_TYPE_A,
					    false, other_handler, v));
	ck_assert(harness_wait(harness_count, &v[0].calls, WAIT));
	harness_run(5);
	ck_assert_uint_eq(1, v[0].calls);
}
END_TEST


START_TEST(what_is_no_name_is_refused)
{
	struct dns_question *q = NULL;

	ck_assert_int_eq(EINVAL, dns_ask(&q, dns, "a..test", DNS_TYPE_A,
					 false, told_handler, NULL));
	ck_assert_ptr_null(q);
}
END_TEST


/* From here on this process has no sockets of that family. */
static void forbid_sockets(unsigned af)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, args[0])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, af, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAFNOSUPPORT),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog prog = {
		.len = sizeof(filter) / sizeof(filter[0]),
		.filter = filter,
	};

	ck_assert_int_eq(0, prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	ck_assert_int_eq(0, prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog));
	ck_assert_int_lt(socket((int)af, SOCK_DGRAM, 0), 0);
	ck_assert_int_eq(EAFNOSUPPORT, errno);
}


START_TEST(without_ipv6_sockets_ipv4_servers_are_asked)
{
	struct sa six;

	ck_assert_int_eq(0, sa_set_str(&six, "::1", 53));
	forbid_sockets(AF_INET6);
	use(&six, &one.addr);
	check("a.test", "127.0.0.2");
	ck_assert_int_eq(0, asked("long.test")->err);
}
END_TEST


START_TEST(a_server_with_an_ipv6_address_is_asked)
{
	struct dns_server six;

	/* this machine may have none */
	if (dns_server_start_at(&six, good, "::1", 0))
		return;

	use(&six.addr, NULL);
	check("a.test", "127.0.0.2");
	ck_assert_int_eq(0, asked("long.test")->err);
	ck_assert_uint_eq(1, six.asked_tcp);

	forbid_sockets(AF_INET);
	use(&one.addr, &six.addr);
	check("a.test", "127.0.0.2");
	dns_server_stop(&six);
}
END_TEST


Suite *suite_dns(void);

Suite *suite_dns(void)
{
	Suite *s = suite_create("dns");
	TCase *tc = tcase_create("dns");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, an_answer_ends_the_question);
	tcase_add_test(tc, every_question_has_a_port_and_an_id_of_its_own);
	tcase_add_test(tc, silence_ends_after_four_tries);
	tcase_add_loop_test(tc, the_next_server_knows_better_than_the_first,
			    0, (int)FAULTS);
	tcase_add_test(tc, what_no_server_knows_is_said_with_a_reason);
	tcase_add_test(tc, an_answer_from_another_port_is_ignored);
	tcase_add_test(tc, an_answer_with_another_id_is_ignored);
	tcase_add_test(tc, noise_before_the_answer_is_passed_over);
	tcase_add_test(tc, a_slow_answer_counts_though_another_was_asked);
	tcase_add_test(tc, a_truncated_answer_is_asked_again_over_tcp);
	tcase_add_test(tc, tcp_that_stalls_ends_in_time);
	tcase_add_test(tc, the_primary_server_is_used_again_once_it_is_back);
	tcase_add_test(tc, a_server_that_is_not_there_costs_no_time);
	tcase_add_test(tc, no_servers_are_no_answer);
	tcase_add_test(tc, new_servers_answer_the_questions_that_are_open);
	tcase_add_test(tc,
		ten_thousand_questions_come_at_a_rate_that_a_router_stands);
	tcase_add_test(tc,
		no_more_questions_than_there_are_places_are_in_flight);
	tcase_add_test(tc, who_waits_for_a_turn_does_not_time_out_meanwhile);
	tcase_add_test(tc, names_that_nobody_answers_do_not_starve_the_others);
	tcase_add_test(tc,
		what_had_no_answer_last_time_leaves_places_to_the_others);
	tcase_add_test(tc,
		new_names_for_ever_do_not_keep_a_doubtful_one_from_its_turn);
	tcase_add_test(tc, a_question_tells_since_when_it_is_asked);
	tcase_add_test(tc, questions_can_be_freed_at_any_time);
	tcase_add_test(tc, what_is_no_name_is_refused);
	tcase_add_test(tc, without_ipv6_sockets_ipv4_servers_are_asked);
	tcase_add_test(tc, a_server_with_an_ipv6_address_is_asked);
	suite_add_tcase(s, tc);

	return s;
}
