/* site.c against STUN servers that say what we want (SCENARIOS N10). */

#include <stdio.h>
#include "log.h"
#include "resolve_rig.h"
#include "site.h"
#include "stun.h"
#include "stun_server.h"

Suite *suite_site(void);


#define OFTEN 30                 /* [ms] between questions */
#define NAME_SIZE 64

static const struct dns_zone zonev[] = {
	{.name = "stun.test", .v4 = "127.0.0.3", .v6 = "::1", .ttl = 300},
	{.name = "dead.test", .v4 = "127.0.0.9 127.0.0.3", .ttl = 300},
	{.name = "gone.test", .rcode = DNS_RCODE_NAME_ERR, .ttl = 300,
	 .soa = 1},
	{.name = NULL},
};

static struct site *site;
static struct stun_server one, two;
static char name_one[NAME_SIZE], name_two[NAME_SIZE];

/* What we were told. */
static struct {
	unsigned calls;
	struct addr addr;
	bool leave;              /* frees the site */
} our;


static void site_handler(const struct addr *addr, void *arg)
{
	ck_assert_ptr_eq(&our, arg);
	++our.calls;
	our.addr = *addr;
	if (our.leave)
		site = mem_deref(site);
}


static void name(char *buf, const char *host, const struct stun_server *s)
{
	(void)snprintf(buf, NAME_SIZE, "%s:%u", host, sa_port(&s->addr));
}


static void setup(void)
{
	rrig_start(zonev);
	log_set_level(LOG_LEVEL_ERROR);
	memset(&our, 0, sizeof(our));
	site = NULL;
	ck_assert_int_eq(0, stun_server_start(&one, "127.0.0.3", 0));
	ck_assert_int_eq(0, stun_server_start(&two, "127.0.0.4", 0));
	name(name_one, "127.0.0.3", &one);
	name(name_two, "127.0.0.4", &two);
}


static void teardown(void)
{
	site = mem_deref(site);
	stun_server_stop(&one);
	stun_server_stop(&two);
	rrig_stop();
}


static void start(const char *server, const char *server2, msec_t interval)
{
	const struct site_conf conf = {
		.server = server, .server2 = server2, .interval = interval,
	};

	ck_assert_int_eq(0, site_alloc(&site, rrig.resolve, &conf,
				       site_handler, &our));
}


static struct site_status status(void)
{
	struct site_status st;

	site_status(site, &st);

	return st;
}


static bool has_answer(void *arg)
{
	const struct site_status st = status();

	(void)arg;

	return addr_isset(&st.addr);
}


static bool has_error(void *arg)
{
	(void)arg;

	return status().error[0] != '\0';
}


static void check_addr(const struct addr *a, const char *ip)
{
	char text[ADDR_STRLEN];

	ck_assert_str_eq(ip, addr_print_ip(a, text, sizeof(text)));
}


static void claim(struct stun_server *s, const char *ip)
{
	ck_assert_int_eq(0, sa_set_str(&s->claim, ip, 40112));
}


/* So many more questions. */
static bool asked_enough(void *arg)
{
	return one.asked >= *(unsigned *)arg;
}


static void await_asked(unsigned more)
{
	unsigned enough = one.asked + more;

	ck_assert(harness_wait(asked_enough, &enough, RIG_WAIT));
	harness_run(5);
}


START_TEST(the_first_answer_is_remembered_and_no_change)
{
	struct site_status st;

	start(name_one, "", OFTEN);
	st = status();
	ck_assert_str_eq(name_one, st.server);
	ck_assert(!addr_isset(&st.addr));
	ck_assert_int_eq(0, st.at_usec);

	ck_assert(harness_wait(has_answer, NULL, RIG_WAIT));
	await_asked(5);
	st = status();
	check_addr(&st.addr, "127.0.0.1");
	ck_assert_uint_eq(sa_port(&one.from), st.addr.port);
	ck_assert_str_eq("", st.error);
	ck_assert(loop_wall_usec() + (int64_t)loop_usec() - st.at_usec <
		  10000000);
	ck_assert_uint_eq(0, our.calls);
}
END_TEST


START_TEST(one_port_is_kept_as_long_as_all_is_well)
{
	uint16_t port;

	start(name_one, "", OFTEN);
	await_asked(1);
	port = sa_port(&one.from);
	await_asked(5);
	ck_assert_uint_eq(port, sa_port(&one.from));
}
END_TEST


START_TEST(another_address_is_told)
{
	claim(&one, "203.0.113.7");
	start(name_one, NULL, OFTEN);
	await_asked(3);
	ck_assert_uint_eq(0, our.calls);

	claim(&one, "203.0.113.8");
	ck_assert(harness_wait(harness_count, &our.calls, RIG_WAIT));
	check_addr(&our.addr, "203.0.113.8");
	await_asked(3);
	ck_assert_uint_eq(1, our.calls);

	/* another port is the same site */
	sa_set_port(&one.claim, 40113);
	await_asked(3);
	ck_assert_uint_eq(1, our.calls);
	ck_assert_uint_eq(40113, status().addr.port);
}
END_TEST


START_TEST(who_says_something_else_in_every_answer_is_not_believed)
{
	claim(&one, "203.0.113.7");
	one.changing = true;
	start(name_one, "", OFTEN);
	await_asked(30);
	ck_assert_uint_le(our.calls, 2);
	ck_assert_str_eq("names one address after another", status().error);
	/* shown it is all the same */
	ck_assert_uint_gt(status().addr.ip[3], 30);
}
END_TEST


START_TEST(names_are_resolved_and_ipv4_goes_first)
{
	char text[128];

	name(text, "stun.test", &one);
	start(text, "", OFTEN);
	await_asked(4);
	ck_assert_uint_eq(1, rrig.server.a);
	ck_assert_uint_eq(0, rrig.server.srv + rrig.server.naptr);
	ck_assert_str_eq(text, status().server);
	ck_assert_str_eq("", status().error);
}
END_TEST


START_TEST(a_port_need_not_be_said)
{
	struct stun_server usual;

	ck_assert_int_eq(0, stun_server_start(&usual, "127.0.34.78", 3478));
	start("127.0.34.78", "", OFTEN);
	ck_assert(harness_wait(has_answer, NULL, RIG_WAIT));
	stun_server_stop(&usual);
}
END_TEST


START_TEST(the_second_server_stands_in_for_a_silent_one)
{
	char text[128];

	one.fault = STUN_FAULT_SILENT;
	start(name_one, name_two, OFTEN);
	ck_assert(harness_wait(has_error, NULL, RIG_WAIT));
	(void)snprintf(text, sizeof(text), "no answer from %s", name_one);
	ck_assert_str_eq(text, status().error);

	ck_assert(harness_wait(has_answer, NULL, RIG_WAIT));
	ck_assert_uint_eq(STUN_TRIES, one.asked);
	ck_assert_str_eq(name_two, status().server);
	ck_assert_str_eq("", status().error);

	/* the first is asked again, and answers */
	one.fault = STUN_FAULT_NONE;
	await_asked(3);
	ck_assert_str_eq(name_one, status().server);
	ck_assert_uint_eq(0, our.calls);
}
END_TEST


START_TEST(a_server_that_is_not_there_is_not_waited_for)
{
	char text[128];

	stun_server_stop(&one);
	start(name_one, "", OFTEN);
	ck_assert(harness_wait(has_error, NULL, 400));
	(void)snprintf(text, sizeof(text), "%s: Connection refused", name_one);
	ck_assert_str_eq(text, status().error);

	mem_deref(site);
	start(name_one, name_two, OFTEN);
	ck_assert(harness_wait(has_answer, NULL, 400));
	ck_assert_str_eq(name_two, status().server);
}
END_TEST


START_TEST(an_error_is_as_good_as_silence)
{
	char text[128];

	one.fault = STUN_FAULT_ERROR;
	start(name_one, "", OFTEN);
	ck_assert(harness_wait(has_error, NULL, 400));
	(void)snprintf(text, sizeof(text), "an error from %s", name_one);
	ck_assert_str_eq(text, status().error);
	one.fault = STUN_FAULT_NONE;
	ck_assert(harness_wait(has_answer, NULL, RIG_WAIT));
	ck_assert_str_eq("", status().error);
}
END_TEST


START_TEST(a_name_without_address_says_so)
{
	start("gone.test", "", OFTEN);
	ck_assert(harness_wait(has_error, NULL, RIG_WAIT));
	ck_assert_str_eq("no such name (NXDOMAIN from 127.0.0.1)",
			 status().error);
	mem_deref(site);
	start("gone.test", name_two, OFTEN);
	ck_assert(harness_wait(has_answer, NULL, RIG_WAIT));
	ck_assert_str_eq(name_two, status().server);
}
END_TEST


START_TEST(the_next_address_of_the_name_is_tried_in_the_next_round)
{
	char text[128];

	name(text, "dead.test", &one);
	start(text, "", OFTEN);
	ck_assert(harness_wait(has_answer, NULL, RIG_WAIT));
}
END_TEST


START_TEST(a_change_of_the_network_is_asked_about_at_once)
{
	uint16_t port;

	start(name_one, "", HOURS(1));
	await_asked(1);
	port = sa_port(&one.from);
	/* not twice in a second */
	harness_run(1000);
	site_on_network(site);
	await_asked(1);
	ck_assert_uint_ne(port, sa_port(&one.from));
	site_on_network(site);
	site_on_network(site);
	harness_run(200);
	ck_assert_uint_eq(2, one.asked);
	await_asked(1);
	ck_assert_uint_eq(3, one.asked);
	ck_assert_uint_eq(0, our.calls);
}
END_TEST


START_TEST(the_handler_may_end_it)
{
	claim(&one, "203.0.113.7");
	our.leave = true;
	start(name_one, "", OFTEN);
	await_asked(2);
	claim(&one, "203.0.113.8");
	ck_assert(harness_wait(harness_count, &our.calls, RIG_WAIT));
	ck_assert_ptr_null(site);
	harness_run(4 * OFTEN);
	ck_assert_uint_eq(1, our.calls);
}
END_TEST


START_TEST(it_ends_in_every_stage)
{
	start("stun.test", "", OFTEN);
	site = mem_deref(site);
	start("stun.test", "", OFTEN);
	harness_run(1);
	site = mem_deref(site);
	one.fault = STUN_FAULT_SILENT;
	start(name_one, "", OFTEN);
	await_asked(1);
	site = mem_deref(site);
	harness_run(600);
	ck_assert_uint_eq(1, one.asked);
}
END_TEST


START_TEST(without_a_server_there_is_nothing)
{
	start("", "", OFTEN);
	ck_assert_ptr_null(site);
	start(NULL, NULL, OFTEN);
	ck_assert_ptr_null(site);
	site_on_network(site);
	ck_assert_str_eq("", status().server);
	ck_assert_str_eq("", status().error);
	ck_assert(!has_answer(NULL));
	/* the second alone is as good as the first */
	start("", name_two, OFTEN);
	ck_assert(harness_wait(has_answer, NULL, RIG_WAIT));
}
END_TEST


START_TEST(what_is_no_server_is_refused)
{
	const struct site_conf conf = {
		.server = "a:b:c", .server2 = "", .interval = OFTEN,
	};

	ck_assert_int_eq(EINVAL, site_alloc(&site, rrig.resolve, &conf,
					    site_handler, &our));
	ck_assert_ptr_null(site);
}
END_TEST


Suite *suite_site(void)
{
	Suite *s = suite_create("site");
	TCase *tc = tcase_create("probe");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, the_first_answer_is_remembered_and_no_change);
	tcase_add_test(tc, one_port_is_kept_as_long_as_all_is_well);
	tcase_add_test(tc, another_address_is_told);
	tcase_add_test(tc,
		who_says_something_else_in_every_answer_is_not_believed);
	tcase_add_test(tc, names_are_resolved_and_ipv4_goes_first);
	tcase_add_test(tc, a_port_need_not_be_said);
	tcase_add_test(tc, the_second_server_stands_in_for_a_silent_one);
	tcase_add_test(tc, a_server_that_is_not_there_is_not_waited_for);
	tcase_add_test(tc, an_error_is_as_good_as_silence);
	tcase_add_test(tc, a_name_without_address_says_so);
	tcase_add_test(tc,
		the_next_address_of_the_name_is_tried_in_the_next_round);
	tcase_add_test(tc, a_change_of_the_network_is_asked_about_at_once);
	tcase_add_test(tc, the_handler_may_end_it);
	tcase_add_test(tc, it_ends_in_every_stage);
	tcase_add_test(tc, without_a_server_there_is_nothing);
	tcase_add_test(tc, what_is_no_server_is_refused);
	suite_add_tcase(s, tc);

	return s;
}
