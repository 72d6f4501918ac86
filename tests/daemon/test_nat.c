/* nat.c and nat_run.c against STUN servers with two addresses that say what we
 * want. */

#include <stdio.h>
#include <unistd.h>
#include "log.h"
#include "nat.h"
#include "resolve_rig.h"
#include "stun.h"
#include "stun_server.h"

Suite *suite_nat(void);


#define NAME_SIZE 64
#define ENDED     15000          /* [ms] longer than any measurement */
#define WAITERS   3

static const struct dns_zone zonev[] = {
	{.name = "stun.test", .v4 = "127.0.0.3", .ttl = 300},
	{.name = "gone.test", .rcode = DNS_RCODE_NAME_ERR, .ttl = 300,
	 .soa = 1},
	{.name = NULL},
};

static struct nat *nat;
static struct stun_server4 server;
static struct stun_server plain;
static char server_name[NAME_SIZE], plain_name[NAME_SIZE];
static struct nat_waiter waiterv[WAITERS];
static unsigned told;


static void told_handler(void *arg)
{
	ck_assert_ptr_nonnull(arg);
	++told;
}


static void setup(void)
{
	rrig_start(zonev);
	log_set_level(LOG_LEVEL_ERROR);
	told = 0;
	nat = NULL;
	memset(waiterv, 0, sizeof(waiterv));
	for (unsigned i = 0; i < WAITERS; i++) {
		waiterv[i].h = told_handler;
		waiterv[i].arg = &waiterv[i];
	}

	ck_assert_int_eq(0, stun_server4_start(&server, "127.0.0.3",
					       "127.0.0.4"));
	ck_assert_int_eq(0, stun_server_start(&plain, "127.0.0.5", 0));
	(void)snprintf(server_name, NAME_SIZE, "stun.test:%u",
		       sa_port(&server.v[0].addr));
	(void)snprintf(plain_name, NAME_SIZE, "127.0.0.5:%u",
		       sa_port(&plain.addr));
}


static void teardown(void)
{
	nat = mem_deref(nat);
	stun_server4_stop(&server);
	stun_server_stop(&plain);
	rrig_stop();
}


static void start(const char *first, const char *second)
{
	ck_assert_int_eq(0, nat_alloc(&nat, rrig.resolve, first, second));
}


static bool was_told(void *arg)
{
	return told >= *(unsigned *)arg;
}


static void await_told(unsigned n)
{
	ck_assert(harness_wait(was_told, &n, ENDED));
}


static struct nat_status status(void)
{
	struct nat_status st;

	nat_status(nat, &st);

	return st;
}


/* Measures once; what was learned. */
static const struct natkind *measured(void)
{
	struct nat_status st;

	ck_assert_int_eq(0, nat_wait(nat, &waiterv[0]));
	await_told(1);
	st = status();
	ck_assert(!st.measuring);
	ck_assert_str_eq("", st.error);
	ck_assert_ptr_nonnull(st.kind);

	return st.kind;
}


/* Where each of its four addresses claims to see us; 0: the truth. */
static void claim(const uint16_t portv[4])
{
	for (unsigned i = 0; i < 4; i++)
		if (portv[i])
			ck_assert_int_eq(0, sa_set_str(&server.v[i].claim,
						       "127.0.0.1",
						       portv[i]));
}


/* --- what is measured --- */

START_TEST(nothing_lies_between)
{
	const struct natkind *k;

	start(server_name, "");
	k = measured();
	ck_assert_int_eq(natkind_mapping(k), NAT_MAPPING_NONE);
	ck_assert_int_eq(natkind_filtering(k), NAT_FILTERING_ENDPOINT);
	ck_assert_int_eq(natkind_hairpin(k), NAT_UNKNOWN);
	ck_assert_str_eq(natkind_method(k), "rfc5780");
	ck_assert_str_eq(status().server, server_name);
	ck_assert_int_gt(status().at_usec, 0);
}
END_TEST


START_TEST(one_address_for_all)
{
	const struct natkind *k;

	claim((uint16_t[]){9, 9, 9, 9});
	start(server_name, "");
	k = measured();
	ck_assert_int_eq(natkind_mapping(k), NAT_MAPPING_ENDPOINT);
	ck_assert_int_eq(natkind_port_kept(k), NAT_NO);

	/* nobody has port 9 here, which ICMP says at once */
	ck_assert_int_eq(natkind_hairpin(k), NAT_NO);
}
END_TEST


START_TEST(another_one_for_each_address_or_port)
{
	claim((uint16_t[]){9, 0, 11, 11});
	start(server_name, "");
	ck_assert_int_eq(natkind_mapping(measured()), NAT_MAPPING_ADDRESS);

	nat = mem_deref(nat);
	told = 0;
	claim((uint16_t[]){9, 0, 11, 12});
	start(server_name, "");
	ck_assert_int_eq(natkind_mapping(measured()), NAT_MAPPING_PORT);
}
END_TEST


/* The answers from elsewhere do not come: as behind most NATs. */
START_TEST(filtering_is_told_by_who_gets_through)
{
	const struct natkind *k;

	server.v[0].changev[3] = NULL;
	start(server_name, "");
	k = measured();
	ck_assert_int_eq(natkind_filtering(k), NAT_FILTERING_ADDRESS);
	ck_assert_uint_eq(server.v[0].asked, 1 + STUN_TRIES + 1);
}
END_TEST


START_TEST(a_server_that_cannot_change_tells_the_mapping)
{
	static const enum stun_fault faultv[] = {
		STUN_FAULT_SAME_SOURCE, STUN_FAULT_UNKNOWN,
	};

	for (unsigned i = 0; i < ARRAY_SIZE(faultv); i++) {

		const struct natkind *k;

		told = 0;
		server.v[0].fault = faultv[i];
		start(server_name, "");
		k = measured();
		ck_assert_int_eq(natkind_filtering(k), NAT_FILTERING_UNKNOWN);
		ck_assert_int_eq(natkind_mapping(k), NAT_MAPPING_NONE);
		nat = mem_deref(nat);
	}
}
END_TEST


START_TEST(two_plain_servers_tell_the_mapping)
{
	const struct natkind *k;

	claim((uint16_t[]){9, 9, 9, 9});
	sa_init(&server.v[0].other, AF_UNSPEC);
	ck_assert_int_eq(0, sa_set_str(&plain.claim, "127.0.0.1", 11));
	start(server_name, plain_name);
	k = measured();
	ck_assert_int_eq(natkind_mapping(k), NAT_MAPPING_DESTINATION);
	ck_assert_str_eq(natkind_method(k), "two-servers");
	ck_assert_uint_eq(server.v[2].asked, 0);
}
END_TEST


/* --- servers in trouble --- */

START_TEST(a_silent_server_is_given_up_and_the_second_one_asked)
{
	server.v[0].fault = STUN_FAULT_SILENT;
	start(server_name, plain_name);
	ck_assert_int_eq(natkind_mapping(measured()), NAT_MAPPING_NONE);
	ck_assert_str_eq(status().server, plain_name);
	ck_assert_uint_eq(server.v[0].asked, STUN_TRIES);
}
END_TEST


/* Wrong transaction ids, cut answers: noise until the time is over. */
START_TEST(noise_is_no_answer)
{
	static const enum stun_fault faultv[] = {
		STUN_FAULT_WRONG_ID, STUN_FAULT_CUT, STUN_FAULT_NO_ADDRESS,
		STUN_FAULT_ERROR,
	};
	struct nat *natv[ARRAY_SIZE(faultv)];
	struct stun_server v[ARRAY_SIZE(faultv)];
	struct nat_waiter w[ARRAY_SIZE(faultv)];
	char text[NAME_SIZE];
	unsigned i;

	for (i = 0; i < ARRAY_SIZE(faultv); i++) {
		ck_assert_int_eq(0, stun_server_start(&v[i], "127.0.0.6", 0));
		v[i].fault = faultv[i];
		(void)snprintf(text, sizeof(text), "127.0.0.6:%u",
			       sa_port(&v[i].addr));
		ck_assert_int_eq(0, nat_alloc(&natv[i], rrig.resolve, text,
					      ""));
		w[i] = waiterv[0];
		ck_assert_int_eq(0, nat_wait(natv[i], &w[i]));
	}

	await_told(ARRAY_SIZE(faultv));
	for (i = 0; i < ARRAY_SIZE(faultv); i++) {
		nat = natv[i];
		ck_assert_ptr_null(status().kind);
		ck_assert_str_eq("no answer", status().error);
		nat = mem_deref(nat);
		stun_server_stop(&v[i]);
	}
}
END_TEST


START_TEST(a_name_that_is_not_there_is_told)
{
	start("gone.test", "");
	ck_assert_int_eq(0, nat_wait(nat, &waiterv[0]));
	await_told(1);
	ck_assert_ptr_null(status().kind);
	ck_assert_ptr_nonnull(strstr(status().error, "gone.test"));
}
END_TEST


START_TEST(what_was_learned_stays_when_a_later_one_fails)
{
	start(plain_name, "");
	(void)measured();
	stun_server_stop(&plain);

	/* by itself, when the network has changed */
	nat_on_change(nat);
	ck_assert_int_eq(EALREADY, nat_wait(nat, &waiterv[0]));
	ck_assert_ptr_nonnull(status().kind);
}
END_TEST


/* --- who asks --- */

START_TEST(all_who_ask_wait_for_the_same_one)
{
	unsigned i;

	start(server_name, "");
	for (i = 0; i < WAITERS; i++)
		ck_assert_int_eq(0, nat_wait(nat, &waiterv[i]));

	ck_assert(status().measuring);
	list_unlink(&waiterv[1].le);     /* has gone */
	await_told(WAITERS - 1);
	ck_assert_uint_eq(told, WAITERS - 1);

	/* first, and twice for filtering */
	ck_assert_uint_eq(server.v[0].asked, 3);
	ck_assert_int_eq(EALREADY, nat_wait(nat, &waiterv[0]));
}
END_TEST


START_TEST(so_many_may_wait)
{
	static struct nat_waiter w[NAT_WAITERS_MAX];

	start(server_name, "");
	for (unsigned i = 0; i < NAT_WAITERS_MAX; i++) {
		w[i] = waiterv[0];
		ck_assert_int_eq(0, nat_wait(nat, &w[i]));
	}
	ck_assert_int_eq(EBUSY, nat_wait(nat, &waiterv[0]));
	nat_abandon(nat);
	ck_assert_uint_eq(told, NAT_WAITERS_MAX);
}
END_TEST


START_TEST(it_may_go_at_any_time)
{
	start(server_name, plain_name);
	ck_assert_int_eq(0, nat_wait(nat, &waiterv[0]));
	nat = mem_deref(nat);
	harness_run(5);

	start(server_name, plain_name);
	server.v[0].changev[3] = NULL;
	ck_assert_int_eq(0, nat_wait(nat, &waiterv[1]));
	harness_run(50);
	ck_assert_uint_gt(server.v[0].asked, 0);
	nat = mem_deref(nat);
	harness_run(5);
	ck_assert_uint_eq(told, 0);
}
END_TEST


START_TEST(without_a_server_there_is_nothing)
{
	struct mapping m;

	mapping_init(&m);
	start("", "");
	ck_assert_ptr_null(nat);
	ck_assert_int_eq(ENOENT, nat_wait(nat, &waiterv[0]));
	ck_assert(!status().configured);
	ck_assert_ptr_null(status().kind);
	ck_assert_uint_eq(nat_note(nat, &m), 0);
	nat_on_change(nat);
	nat_abandon(nat);
	ck_assert_int_eq(EINVAL, nat_alloc(&nat, rrig.resolve, "a b", ""));
}
END_TEST


START_TEST(it_is_measured_some_time_after_the_start)
{
	start(server_name, "");
	harness_run(50);
	ck_assert_uint_eq(server.v[0].asked, 0);
	ck_assert(!status().measuring);
}
END_TEST


static bool was_measured(void *arg)
{
	(void)arg;

	return status().kind != NULL;
}


/* Sooner than it would have been after the start. */
START_TEST(it_is_measured_by_itself_when_the_network_has_changed)
{
	start(server_name, "");
	nat_on_change(nat);
	ck_assert(harness_wait(was_measured, NULL, 4000));
	ck_assert_uint_eq(told, 0);
}
END_TEST


Suite *suite_nat(void)
{
	Suite *s = suite_create("nat");
	TCase *tc = tcase_create("nat");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, nothing_lies_between);
	tcase_add_test(tc, one_address_for_all);
	tcase_add_test(tc, another_one_for_each_address_or_port);
	tcase_add_test(tc, filtering_is_told_by_who_gets_through);
	tcase_add_test(tc, a_server_that_cannot_change_tells_the_mapping);
	tcase_add_test(tc, two_plain_servers_tell_the_mapping);
	tcase_add_test(tc,
		       a_silent_server_is_given_up_and_the_second_one_asked);
	tcase_add_test(tc, noise_is_no_answer);
	tcase_add_test(tc, a_name_that_is_not_there_is_told);
	tcase_add_test(tc, what_was_learned_stays_when_a_later_one_fails);
	tcase_add_test(tc, all_who_ask_wait_for_the_same_one);
	tcase_add_test(tc, so_many_may_wait);
	tcase_add_test(tc, it_may_go_at_any_time);
	tcase_add_test(tc, without_a_server_there_is_nothing);
	tcase_add_test(tc, it_is_measured_some_time_after_the_start);
	tcase_add_test(tc,
		       it_is_measured_by_itself_when_the_network_has_changed);
	suite_add_tcase(s, tc);

	return s;
}
