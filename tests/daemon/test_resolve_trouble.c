/* DNS that is slow, silent, broken, elsewhere, and back: records.c,
 * resolve_conf.c and resolve_recovery.c (SCENARIOS T16, T21). */

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "resolve_rig.h"


#define TTL_OVER 1050            /* [ms] a TTL of 1 s has ended */

static const struct dns_zone zonev[] = {
	{.name = "a.test", .v4 = "127.0.0.2", .ttl = 1},
	{.name = "long.test", .v4 = "127.0.0.2", .ttl = 300},
	{.name = "srv.test", .ttl = 1},
	{.name = "_sip._tcp.srv.test", .srv = "1 1 5070 a.test", .ttl = 1},
	{.name = "mute.test", .fault = DNS_SILENT},
	{.name = "slow.test", .v4 = "127.0.0.2", .delay = 500},
	{.name = "odd.test", .type = DNS_TYPE_NAPTR,
	 .rcode = DNS_RCODE_SRV_FAIL},
	{.name = "odd.test", .v4 = "127.0.0.2", .ttl = 1},
	{NULL},
};

static const struct dns_zone otherv[] = {
	{.name = "a.test", .v4 = "127.0.0.3", .ttl = 1},
	{.name = "mute.test", .v4 = "127.0.0.3", .ttl = 300},
	{NULL},
};

static const struct dns_zone nothing[] = {{NULL}};

static char dir[64], conf[128];


static void setup(void)
{
	rrig_start(zonev);
	resolve_set_timeout(rrig.resolve, 600);
}


/* Everything goes wrong in one of these ways. */
static void break_dns(int how)
{
	switch (how) {
	case 0:
		rrig.server.rcode = DNS_RCODE_SRV_FAIL;
		break;
	case 1:
		rrig.server.rcode = DNS_RCODE_REFUSED;
		break;
	case 2:
		rrig.server.silent = true;
		break;
	default:
		dns_server_stop(&rrig.server);
		break;
	}
}

#define WAYS 4


static struct told ask_a(void)
{
	return rrig_host("a.test", RESOLVE_IPV4);
}


START_TEST(the_last_good_answer_counts_while_dns_has_none)
{
	struct told t = ask_a();
	msec_t start;

	break_dns(_i);
	harness_run(TTL_OVER);
	start = loop_now();
	t = ask_a();
	rrig_expect(&t, "udp 127.0.0.2:5060 0");
	ck_assert_uint_lt(loop_now() - start, harness_patience(2300));

	/* for others at once, and nobody asks more than every few seconds */
	start = loop_now();
	rrig.server.asked = 0;
	for (unsigned i = 0; i < 10; i++) {
		t = ask_a();
		rrig_expect(&t, "udp 127.0.0.2:5060 0");
	}
	ck_assert_uint_lt(loop_now() - start, harness_patience(200));
	ck_assert_uint_eq(0, rrig.server.asked);
	ck_assert_uint_eq(0, rrig.better);
}
END_TEST


START_TEST(a_stale_answer_does_not_wait_for_the_end)
{
	struct told t = ask_a();
	msec_t start;

	resolve_set_timeout(rrig.resolve, 5000);
	rrig.server.silent = true;
	harness_run(TTL_OVER);
	start = loop_now();
	t = ask_a();
	rrig_expect(&t, "udp 127.0.0.2:5060 0");
	ck_assert_uint_ge(loop_now() - start, 1800);
	ck_assert_uint_lt(loop_now() - start, harness_patience(2500));

	/* the next one need not wait even for that */
	start = loop_now();
	t = ask_a();
	rrig_expect(&t, "udp 127.0.0.2:5060 0");
	ck_assert_uint_lt(loop_now() - start, harness_patience(200));

	/* and when the answer comes, it counts */
	rrig.server.zonev = otherv;
	rrig.server.silent = false;
	harness_run(2500);
	t = ask_a();
	rrig_expect(&t, "udp 127.0.0.3:5060 0");
}
END_TEST


START_TEST(the_last_good_srv_records_count_as_well)
{
	struct told t = rrig_domain("srv.test");

	break_dns(_i);
	harness_run(TTL_OVER);
	t = rrig_domain("srv.test");
	rrig_expect(&t, "tcp 127.0.0.2:5070 0");
}
END_TEST


START_TEST(a_name_that_is_gone_is_gone)
{
	struct told t = ask_a();

	rrig.server.zonev = nothing;
	harness_run(TTL_OVER);
	t = ask_a();
	rrig_expect_failed(&t, ENOENT, "no such name");
	break_dns(_i);
	t = ask_a();
	rrig_expect_failed(&t, ENOENT, "no such name");
}
END_TEST


START_TEST(rotating_addresses_are_seen_when_their_time_ends)
{
	struct told t = ask_a();

	rrig.server.zonev = otherv;
	t = ask_a();
	rrig_expect(&t, "udp 127.0.0.2:5060 0");
	harness_run(TTL_OVER);
	t = ask_a();
	rrig_expect(&t, "udp 127.0.0.3:5060 0");
}
END_TEST


START_TEST(slow_and_silent_dns_for_one_name_delays_no_other)
{
	const struct resolve_uri mute = {.host = "mute.test", .port = 1};
	const struct resolve_uri slow = {.host = "slow.test", .port = 1};
	struct told v[2], t;
	msec_t start;

	resolve_set_timeout(rrig.resolve, 3000);
	rrig_ask(&v[0], &mute);
	rrig_ask(&v[1], &slow);

	start = loop_now();
	t = ask_a();
	rrig_expect(&t, "udp 127.0.0.2:5060 0");
	ck_assert_uint_lt(loop_now() - start, harness_patience(200));
	ck_assert_uint_eq(0, v[0].calls + v[1].calls);
	ck_assert(harness_wait(harness_count, &v[1].calls, RIG_WAIT));
	ck_assert_int_eq(0, v[1].err);
	mem_deref(v[0].q);
}
END_TEST


static bool is_better(void *arg)
{
	(void)arg;

	return rrig.better > 0;
}


START_TEST(dns_that_works_again_is_noticed_by_itself)
{
	struct told t;

	break_dns(_i % 3);
	t = ask_a();
	ck_assert_int_ne(0, t.err);
	ck_assert_int_ne(ENOENT, t.err);
	harness_run(800);
	ck_assert_uint_eq(0, rrig.better);

	rrig.server.silent = false;
	rrig.server.rcode = 0;
	ck_assert(harness_wait(is_better, NULL, RIG_WAIT));
	t = ask_a();
	rrig_expect(&t, "udp 127.0.0.2:5060 0");

	/* once */
	harness_run(1200);
	ck_assert_uint_eq(1, rrig.better);
}
END_TEST


/* It would end somebody's back-off each time. */
START_TEST(a_type_that_always_fails_is_no_news)
{
	for (unsigned i = 0; i < 5; i++) {
		struct told t = rrig_domain("odd.test");

		rrig_expect(&t, "udp 127.0.0.2:5060 0");
		harness_run(TTL_OVER / 2);
	}

	ck_assert_uint_eq(0, rrig.better);
}
END_TEST


START_TEST(new_servers_are_asked_for_what_had_failed)
{
	struct dns_server two;
	struct told t = rrig_host("mute.test", RESOLVE_IPV4);

	rrig_expect_failed(&t, ETIMEDOUT, "no answer from 127.0.0.1");
	ck_assert_int_eq(0, dns_server_start(&two, otherv));
	ck_assert_int_eq(0, resolve_set_servers(rrig.resolve, &two.addr, 1));

	/* at once, though failures are kept for 5 s */
	t = rrig_host("mute.test", RESOLVE_IPV4);
	rrig_expect(&t, "udp 127.0.0.3:5060 0");
	ck_assert(harness_wait(is_better, NULL, RIG_WAIT));
	dns_server_stop(&two);
}
END_TEST


/* --- resolv.conf --- */

static struct dns_server two;


static void conf_setup(void)
{
	setup();
	(void)snprintf(dir, sizeof(dir), "/tmp/sipregd-conf-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(conf, sizeof(conf), "%s/resolv.conf", dir);
	ck_assert_int_eq(0, dns_server_start_at(&two, otherv, "127.0.0.2",
						sa_port(&rrig.server.addr)));
}


static void use_conf(void)
{
	ck_assert_int_eq(0, resolve_set_conf(rrig.resolve, conf,
					     sa_port(&rrig.server.addr)));
}


static void conf_teardown(void)
{
	char command[128];

	dns_server_stop(&two);
	rrig_stop();
	(void)snprintf(command, sizeof(command), "rm -rf %s", dir);
	ck_assert_int_eq(0, system(command));
}


static void replace_conf(const char *text)
{
	char path[160];

	(void)snprintf(path, sizeof(path), "%s.new", conf);
	rrig_write(path, text);
	ck_assert_int_eq(0, rename(path, conf));
}


START_TEST(the_servers_of_resolv_conf_are_used)
{
	struct told t;

	rrig_write(conf, "# nameserver 127.0.0.9\n"
		   "search example.com\n"
		   "nameserver nonsense\n"
		   "nameserver fe80::1%nosuchlink\n"
		   "nameserver\t127.0.0.2 \n"
		   "nameserver 127.0.0.1\n");
	use_conf();
	t = ask_a();
	rrig_expect(&t, "udp 127.0.0.3:5060 0");
	ck_assert_uint_eq(0, rrig.server.asked);
}
END_TEST


START_TEST(without_servers_this_machine_is_asked)
{
	struct told t;

	use_conf();
	t = ask_a();
	rrig_expect(&t, "udp 127.0.0.2:5060 0");
}
END_TEST


START_TEST(a_new_resolv_conf_is_noticed_by_itself)
{
	struct told t;

	rrig.server.silent = true;
	rrig_write(conf, "nameserver 127.0.0.1\n");
	use_conf();
	t = ask_a();
	rrig_expect_failed(&t, ETIMEDOUT, "no answer from 127.0.0.1");
	ck_assert_uint_eq(0, rrig.better);

	if (_i)
		replace_conf("nameserver 127.0.0.2\n");
	else
		rrig_write(conf, "nameserver 127.0.0.2\n");
	ck_assert(harness_wait(is_better, NULL, RIG_WAIT));
	t = ask_a();
	rrig_expect(&t, "udp 127.0.0.3:5060 0");
}
END_TEST


/* As systemd-resolved has it: /etc/resolv.conf leads into /run, and the
 * directory there comes after us. */
START_TEST(a_resolv_conf_behind_a_link_is_watched)
{
	char run[100], path[160];
	struct told t;

	(void)snprintf(run, sizeof(run), "%s/run", dir);
	(void)snprintf(path, sizeof(path), "%s/stub-resolv.conf", run);
	ck_assert_int_eq(0, mkdir(run, 0755));
	rrig_write(path, "nameserver 127.0.0.1\n");
	ck_assert_int_eq(0, symlink("run/stub-resolv.conf", conf));
	use_conf();
	t = ask_a();
	rrig_expect(&t, "udp 127.0.0.2:5060 0");

	rrig_write(path, "nameserver 127.0.0.2\n");
	ck_assert(harness_wait(is_better, NULL, RIG_WAIT));
	harness_run(TTL_OVER);
	t = ask_a();
	rrig_expect(&t, "udp 127.0.0.3:5060 0");

	/* and the link may lead elsewhere one day */
	rrig.better = 0;
	ck_assert_int_eq(0, unlink(conf));
	rrig_write(conf, "nameserver 127.0.0.1\n");
	ck_assert(harness_wait(is_better, NULL, RIG_WAIT));
	harness_run(TTL_OVER);
	t = ask_a();
	rrig_expect(&t, "udp 127.0.0.2:5060 0");
}
END_TEST


START_TEST(an_answer_that_is_good_survives_new_servers)
{
	struct told t;

	rrig_write(conf, "nameserver 127.0.0.1\n");
	use_conf();
	t = rrig_host("long.test", RESOLVE_IPV4);
	replace_conf("nameserver 127.0.0.2\n");
	ck_assert(harness_wait(is_better, NULL, RIG_WAIT));
	t = rrig_host("long.test", RESOLVE_IPV4);
	rrig_expect(&t, "udp 127.0.0.2:5060 0");
	ck_assert_uint_eq(0, two.asked);
}
END_TEST


START_TEST(good_news_come_once_a_second_at_most)
{
	rrig_write(conf, "nameserver 127.0.0.1\n");
	use_conf();

	for (unsigned i = 0; i < 10; i++) {
		replace_conf(i % 2 ? "nameserver 127.0.0.1\n"
				   : "nameserver 127.0.0.2\n\n");
		harness_run(20);
	}

	ck_assert_uint_eq(1, rrig.better);
	harness_run(1000);
	ck_assert_uint_eq(2, rrig.better);
	harness_run(1500);
	ck_assert_uint_eq(2, rrig.better);
}
END_TEST


Suite *suite_resolve_trouble(void);

Suite *suite_resolve_trouble(void)
{
	Suite *s = suite_create("resolve_trouble");
	TCase *tc = tcase_create("resolve_trouble");
	TCase *file = tcase_create("resolve_conf");

	tcase_add_checked_fixture(tc, setup, rrig_stop);
	tcase_set_timeout(tc, 30);
	tcase_add_loop_test(tc, the_last_good_answer_counts_while_dns_has_none,
			    0, WAYS);
	tcase_add_test(tc, a_stale_answer_does_not_wait_for_the_end);
	tcase_add_loop_test(tc, the_last_good_srv_records_count_as_well, 1, 3);
	tcase_add_test(tc, a_name_that_is_gone_is_gone);
	tcase_add_test(tc, rotating_addresses_are_seen_when_their_time_ends);
	tcase_add_test(tc, slow_and_silent_dns_for_one_name_delays_no_other);
	tcase_add_loop_test(tc, dns_that_works_again_is_noticed_by_itself, 0,
			    3);
	tcase_add_test(tc, a_type_that_always_fails_is_no_news);
	tcase_add_test(tc, new_servers_are_asked_for_what_had_failed);
	suite_add_tcase(s, tc);

	tcase_add_checked_fixture(file, conf_setup, conf_teardown);
	tcase_set_timeout(file, 30);
	tcase_add_test(file, the_servers_of_resolv_conf_are_used);
	tcase_add_test(file, without_servers_this_machine_is_asked);
	tcase_add_loop_test(file, a_new_resolv_conf_is_noticed_by_itself, 0, 2);
	tcase_add_test(file, a_resolv_conf_behind_a_link_is_watched);
	tcase_add_test(file, an_answer_that_is_good_survives_new_servers);
	tcase_add_test(file, good_news_come_once_a_second_at_most);
	suite_add_tcase(s, file);

	return s;
}
