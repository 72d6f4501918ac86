/* core/natkind.c */

#include <check.h>
#include <string.h>
#include "natkind.h"

Suite *suite_natkind(void);


static struct natkind k;
static struct addr serverv[NAT_SERVERS];


static struct addr at(const char *ip, uint16_t port)
{
	struct addr a = {0};

	ck_assert(addr_parse(&a, ip, strlen(ip), port));

	return a;
}


/* One server with two addresses, asked at time 1000. */
static void setup(void)
{
	const struct addr local = at("192.168.88.33", 40000);

	serverv[0] = at("198.51.100.18", 3478);
	serverv[1] = (struct addr){0};
	natkind_start(&k, serverv, 1000);
	natkind_on_socket(&k, &local);
}


static void answer_from(enum nat_test t, struct addr src, const char *ip,
			uint16_t port)
{
	const struct addr mapped = at(ip, port);
	const struct addr other = at("198.51.100.19", 3479);

	natkind_on_answer(&k, t, &src, &mapped, &other);
}


/* As the server does that can do all of it. */
static void answer(enum nat_test t, const char *ip, uint16_t port)
{
	struct addr room, src = *natkind_target(&k, t, &room);

	if (t == NAT_TEST_FROM_IP)
		src = at("198.51.100.19", 3479);
	else if (t == NAT_TEST_FROM_PORT)
		src.port = 3479;

	ck_assert(natkind_expects(&k, t, &src));
	answer_from(t, src, ip, port);
}


/* The first one is answered; the others are asked. */
static void first(uint16_t port)
{
	ck_assert_uint_eq(natkind_next(&k), 1u << NAT_TEST_FIRST);
	answer(NAT_TEST_FIRST, "203.0.113.7", port);
	(void)natkind_next(&k);
}


/* --- mapping --- */

START_TEST(the_server_is_asked_first_and_once)
{
	ck_assert(!natkind_ended(&k, 1000));
	ck_assert_uint_eq(natkind_next(&k), 1u << NAT_TEST_FIRST);
	ck_assert_uint_eq(natkind_next(&k), 0);
	ck_assert(!natkind_ended(&k, 1000));
	ck_assert(!natkind_learned(&k));
	ck_assert_int_eq(natkind_mapping(&k), NAT_MAPPING_UNKNOWN);
}
END_TEST


START_TEST(its_other_address_allows_all_tests_at_once)
{
	struct addr room;

	(void)natkind_next(&k);
	answer(NAT_TEST_FIRST, "203.0.113.7", 40000);
	ck_assert_uint_eq(natkind_next(&k), 1u << NAT_TEST_OTHER_IP |
			  1u << NAT_TEST_FROM_IP | 1u << NAT_TEST_FROM_PORT |
			  1u << NAT_TEST_HAIRPIN);
	room = *natkind_target(&k, NAT_TEST_OTHER_IP, &room);
	ck_assert(addr_equal(&room, &(struct addr){
		.ip = {198, 51, 100, 19}, .port = 3478, .family = ADDR_IPV4,
	}));
	ck_assert_int_eq(natkind_port_kept(&k), NAT_YES);
}
END_TEST


START_TEST(the_same_address_elsewhere_is_endpoint_independent)
{
	first(40000);
	answer(NAT_TEST_OTHER_IP, "203.0.113.7", 40000);
	ck_assert_uint_eq(natkind_next(&k), 0);
	ck_assert_int_eq(natkind_mapping(&k), NAT_MAPPING_ENDPOINT);
	ck_assert(!natkind_symmetric(&k));
	ck_assert(!natkind_pool(&k));
}
END_TEST


START_TEST(another_port_for_another_address_is_address_dependent)
{
	first(40001);
	answer(NAT_TEST_OTHER_IP, "203.0.113.7", 40002);
	ck_assert_int_eq(natkind_mapping(&k), NAT_MAPPING_DESTINATION);
	ck_assert_uint_eq(natkind_next(&k), 1u << NAT_TEST_OTHER_PORT);
	answer(NAT_TEST_OTHER_PORT, "203.0.113.7", 40002);
	ck_assert_int_eq(natkind_mapping(&k), NAT_MAPPING_ADDRESS);
	ck_assert(natkind_symmetric(&k));
	ck_assert_int_eq(natkind_port_kept(&k), NAT_NO);
}
END_TEST


START_TEST(another_one_for_each_port_is_address_and_port_dependent)
{
	first(40001);
	answer(NAT_TEST_OTHER_IP, "203.0.113.7", 40002);
	(void)natkind_next(&k);
	answer(NAT_TEST_OTHER_PORT, "203.0.113.8", 40003);
	ck_assert_int_eq(natkind_mapping(&k), NAT_MAPPING_PORT);
	ck_assert_str_eq(nat_map_name(natkind_mapping(&k)),
			 "address-and-port-dependent");
	ck_assert(natkind_symmetric(&k));
	ck_assert(natkind_pool(&k));
}
END_TEST


START_TEST(our_own_address_is_no_nat_and_no_hairpin)
{
	(void)natkind_next(&k);
	answer(NAT_TEST_FIRST, "192.168.88.33", 40000);
	ck_assert_uint_eq(natkind_next(&k) & 1u << NAT_TEST_HAIRPIN, 0);
	ck_assert_int_eq(natkind_mapping(&k), NAT_MAPPING_NONE);
	ck_assert_int_eq(natkind_hairpin(&k), NAT_UNKNOWN);
}
END_TEST


/* --- lesser servers --- */

static void start_two(const char *second)
{
	const struct addr local = at("192.168.88.33", 40000);

	serverv[1] = at(second, 3478);
	natkind_start(&k, serverv, 1000);
	natkind_on_socket(&k, &local);
	(void)natkind_next(&k);
}


static void answer_plain(enum nat_test t, uint16_t port)
{
	struct addr room;
	const struct addr src = *natkind_target(&k, t, &room);
	const struct addr mapped = at("203.0.113.7", port);

	natkind_on_answer(&k, t, &src, &mapped, &(struct addr){0});
}


START_TEST(two_plain_servers_tell_the_mapping_half)
{
	start_two("192.0.2.9");
	answer_plain(NAT_TEST_FIRST, 40000);
	ck_assert_uint_eq(natkind_next(&k), 1u << NAT_TEST_SECOND |
			  1u << NAT_TEST_HAIRPIN);
	answer_plain(NAT_TEST_SECOND, 40000);
	natkind_on_silence(&k, NAT_TEST_HAIRPIN);
	ck_assert(natkind_ended(&k, 1001));
	ck_assert_int_eq(natkind_mapping(&k), NAT_MAPPING_ENDPOINT);
	ck_assert_int_eq(natkind_filtering(&k), NAT_FILTERING_UNKNOWN);
	ck_assert_str_eq(natkind_method(&k), "two-servers");
}
END_TEST


START_TEST(two_plain_servers_that_differ_are_destination_dependent)
{
	start_two("192.0.2.9");
	answer_plain(NAT_TEST_FIRST, 40000);
	(void)natkind_next(&k);
	answer_plain(NAT_TEST_SECOND, 40001);
	ck_assert_int_eq(natkind_mapping(&k), NAT_MAPPING_DESTINATION);
	ck_assert(natkind_symmetric(&k));
}
END_TEST


START_TEST(two_names_of_one_address_are_one_server)
{
	start_two("198.51.100.18");
	answer_plain(NAT_TEST_FIRST, 40000);
	ck_assert_uint_eq(natkind_next(&k), 1u << NAT_TEST_HAIRPIN);
	natkind_on_silence(&k, NAT_TEST_HAIRPIN);
	ck_assert(natkind_ended(&k, 1001));
	ck_assert_int_eq(natkind_mapping(&k), NAT_MAPPING_UNKNOWN);
	ck_assert_str_eq(natkind_method(&k), "one-server");
}
END_TEST


START_TEST(the_second_server_stands_in_for_a_silent_one)
{
	start_two("192.0.2.9");
	natkind_on_silence(&k, NAT_TEST_FIRST);
	ck_assert(!natkind_ended(&k, 1001));
	ck_assert_uint_eq(natkind_next(&k), 1u << NAT_TEST_FIRST);
	ck_assert_uint_eq(k.server, 1);
	answer_plain(NAT_TEST_FIRST, 40000);
	ck_assert_uint_eq(natkind_next(&k), 1u << NAT_TEST_HAIRPIN);
	ck_assert(natkind_learned(&k));
}
END_TEST


START_TEST(another_address_that_is_dead_leaves_the_second_server)
{
	start_two("192.0.2.9");
	answer(NAT_TEST_FIRST, "203.0.113.7", 40000);
	(void)natkind_next(&k);
	natkind_on_silence(&k, NAT_TEST_OTHER_IP);
	ck_assert_uint_eq(natkind_next(&k), 1u << NAT_TEST_SECOND);
	answer_plain(NAT_TEST_SECOND, 40000);
	ck_assert_int_eq(natkind_mapping(&k), NAT_MAPPING_ENDPOINT);
}
END_TEST


START_TEST(nobody_answers)
{
	start_two("192.0.2.9");
	natkind_on_silence(&k, NAT_TEST_FIRST);
	(void)natkind_next(&k);
	natkind_on_silence(&k, NAT_TEST_FIRST);
	ck_assert(natkind_ended(&k, 1001));
	ck_assert(!natkind_learned(&k));
	ck_assert_ptr_null(natkind_method(&k));
	ck_assert_ptr_null(nat_map_name(natkind_mapping(&k)));
}
END_TEST


START_TEST(only_the_second_server_has_an_address)
{
	serverv[1] = serverv[0];
	serverv[0] = (struct addr){0};
	natkind_start(&k, serverv, 0);
	ck_assert_uint_eq(natkind_next(&k), 1u << NAT_TEST_FIRST);
	serverv[1] = (struct addr){0};
	natkind_start(&k, serverv, 0);
	ck_assert_uint_eq(natkind_next(&k), 0);
	ck_assert(natkind_ended(&k, 0));
}
END_TEST


START_TEST(it_ends_after_twelve_seconds)
{
	(void)natkind_next(&k);
	ck_assert(!natkind_ended(&k, 12999));
	ck_assert(natkind_ended(&k, 13000));
}
END_TEST


/* --- filtering --- */

START_TEST(an_answer_from_elsewhere_is_endpoint_independent_filtering)
{
	first(40000);
	answer(NAT_TEST_FROM_IP, "203.0.113.7", 40009);
	ck_assert_int_eq(natkind_filtering(&k), NAT_FILTERING_ENDPOINT);
}
END_TEST


START_TEST(an_answer_from_another_port_only_is_address_dependent_filtering)
{
	first(40000);
	answer(NAT_TEST_OTHER_IP, "203.0.113.7", 40000);
	answer(NAT_TEST_FROM_PORT, "203.0.113.7", 40009);
	ck_assert_int_eq(natkind_filtering(&k), NAT_FILTERING_UNKNOWN);
	natkind_on_silence(&k, NAT_TEST_FROM_IP);
	ck_assert_int_eq(natkind_filtering(&k), NAT_FILTERING_ADDRESS);
}
END_TEST


START_TEST(no_answer_is_address_and_port_dependent_filtering)
{
	first(40000);
	answer(NAT_TEST_OTHER_IP, "203.0.113.7", 40000);
	natkind_on_silence(&k, NAT_TEST_FROM_IP);
	natkind_on_silence(&k, NAT_TEST_FROM_PORT);
	ck_assert_int_eq(natkind_filtering(&k), NAT_FILTERING_PORT);
	ck_assert_str_eq(nat_filter_name(natkind_filtering(&k)),
			 "address-and-port-dependent");
}
END_TEST


START_TEST(silence_of_an_address_that_never_answers_proves_nothing)
{
	first(40000);
	natkind_on_silence(&k, NAT_TEST_OTHER_IP);
	natkind_on_silence(&k, NAT_TEST_FROM_IP);
	natkind_on_silence(&k, NAT_TEST_FROM_PORT);
	ck_assert_int_eq(natkind_filtering(&k), NAT_FILTERING_UNKNOWN);
}
END_TEST


/* One that ignores CHANGE-REQUEST, and one that says that it cannot. */
START_TEST(a_server_that_does_not_change_proves_nothing)
{
	first(40000);
	answer(NAT_TEST_OTHER_IP, "203.0.113.7", 40000);
	answer_from(NAT_TEST_FROM_IP, serverv[0], "203.0.113.7", 40009);
	natkind_on_error(&k, NAT_TEST_FROM_PORT);
	ck_assert_int_eq(natkind_filtering(&k), NAT_FILTERING_UNKNOWN);
}
END_TEST


/* --- liars --- */

START_TEST(answers_from_others_are_not_expected)
{
	const struct addr stranger = at("198.51.100.18", 3479);
	const struct addr other = at("198.51.100.19", 3479);

	(void)natkind_next(&k);
	ck_assert(!natkind_expects(&k, NAT_TEST_FIRST, &stranger));
	answer(NAT_TEST_FIRST, "203.0.113.7", 40000);
	ck_assert(!natkind_expects(&k, NAT_TEST_OTHER_IP, &other));
	ck_assert(!natkind_expects(&k, NAT_TEST_FROM_PORT, &other));
	ck_assert(natkind_expects(&k, NAT_TEST_FROM_IP, &other));
	ck_assert(natkind_expects(&k, NAT_TEST_FROM_PORT, &stranger));
}
END_TEST


START_TEST(nobody_sends_us_into_our_own_network)
{
	static const char *const otherv[] = {
		"192.168.88.1", "127.0.0.1", "100.64.0.1", "169.254.0.1",
		"198.51.100.18", "2001:db8::1", "0.0.0.0",
	};

	for (size_t i = 0; i < sizeof(otherv) / sizeof(otherv[0]); i++) {

		const struct addr mapped = at("203.0.113.7", 40000);
		const struct addr other = at(otherv[i], 3479);

		setup();
		(void)natkind_next(&k);
		natkind_on_answer(&k, NAT_TEST_FIRST, &serverv[0], &mapped,
				  &other);
		ck_assert_uint_eq(natkind_next(&k), 1u << NAT_TEST_HAIRPIN);
	}
}
END_TEST


START_TEST(a_second_answer_changes_nothing)
{
	first(40000);
	answer_from(NAT_TEST_FIRST, serverv[0], "203.0.113.9", 1);
	ck_assert_uint_eq(natkind_mapped(&k)->port, 40000);
	natkind_on_silence(&k, NAT_TEST_FIRST);
	ck_assert(natkind_learned(&k));
}
END_TEST


/* --- hairpin, hops, notes --- */

START_TEST(hairpinning_is_yes_or_no)
{
	const struct addr src = at("203.0.113.7", 40009);

	first(40000);
	natkind_on_silence(&k, NAT_TEST_HAIRPIN);
	ck_assert_int_eq(natkind_hairpin(&k), NAT_NO);
	setup();
	first(40000);
	natkind_on_answer(&k, NAT_TEST_HAIRPIN, &src, &src,
			  &(struct addr){0});
	ck_assert_int_eq(natkind_hairpin(&k), NAT_YES);
}
END_TEST


START_TEST(a_router_in_100_64_is_a_providers_nat)
{
	const struct addr ours = at("192.168.88.1", 0);
	const struct addr theirs = at("100.64.0.1", 0);

	natkind_on_hop(&k, &ours);
	ck_assert(!k.cgnat);
	natkind_on_hop(&k, &theirs);
	ck_assert(k.cgnat);
	serverv[0] = at("100.64.7.7", 3478);
	natkind_start(&k, serverv, 0);
	natkind_on_hop(&k, &theirs);
	ck_assert(!k.cgnat);
}
END_TEST


static struct mapping flow(const char *local, const char *mapped)
{
	const struct addr a = at(local, 5062), edge = at("198.51.100.10", 5060);
	const struct addr seen = at(mapped, 5062);
	struct mapping m;

	mapping_init(&m);
	mapping_on_flow(&m, &a, &edge);
	(void)mapping_on_seen(&m, WITNESS_VIA, &seen, 1);

	return m;
}


START_TEST(a_symmetric_nat_is_noted_for_the_udp_flows_behind_it)
{
	struct mapping m = flow("192.168.88.33", "203.0.113.7");

	first(40001);
	ck_assert_uint_eq(natkind_note(&k, &m), 0);
	answer(NAT_TEST_OTHER_IP, "203.0.113.7", 40002);
	ck_assert_uint_eq(natkind_note(&k, &m), MAPPING_NOTE_SYMMETRIC);
	m.stream = true;
	ck_assert_uint_eq(natkind_note(&k, &m), 0);
	m = flow("192.168.88.33", "192.168.88.33");
	ck_assert_uint_eq(natkind_note(&k, &m), 0);
	m = flow("10.0.0.9", "203.0.113.7");
	ck_assert_uint_eq(natkind_note(&k, &m), 0);
	mapping_init(&m);
	ck_assert_uint_eq(natkind_note(&k, &m), 0);
}
END_TEST


START_TEST(a_cone_is_noted_nowhere)
{
	const struct mapping m = flow("192.168.88.33", "203.0.113.7");

	first(40000);
	answer(NAT_TEST_OTHER_IP, "203.0.113.7", 40000);
	ck_assert_uint_eq(natkind_note(&k, &m), 0);
}
END_TEST


Suite *suite_natkind(void)
{
	Suite *s = suite_create("natkind");
	TCase *tc = tcase_create("natkind");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, the_server_is_asked_first_and_once);
	tcase_add_test(tc, its_other_address_allows_all_tests_at_once);
	tcase_add_test(tc,
		       the_same_address_elsewhere_is_endpoint_independent);
	tcase_add_test(tc,
		       another_port_for_another_address_is_address_dependent);
	tcase_add_test(tc,
		       another_one_for_each_port_is_address_and_port_dependent);
	tcase_add_test(tc, our_own_address_is_no_nat_and_no_hairpin);
	tcase_add_test(tc, two_plain_servers_tell_the_mapping_half);
	tcase_add_test(tc,
		       two_plain_servers_that_differ_are_destination_dependent);
	tcase_add_test(tc, two_names_of_one_address_are_one_server);
	tcase_add_test(tc, the_second_server_stands_in_for_a_silent_one);
	tcase_add_test(tc,
		       another_address_that_is_dead_leaves_the_second_server);
	tcase_add_test(tc, nobody_answers);
	tcase_add_test(tc, only_the_second_server_has_an_address);
	tcase_add_test(tc, it_ends_after_twelve_seconds);
	tcase_add_test(tc,
		an_answer_from_elsewhere_is_endpoint_independent_filtering);
	tcase_add_test(tc,
	an_answer_from_another_port_only_is_address_dependent_filtering);
	tcase_add_test(tc, no_answer_is_address_and_port_dependent_filtering);
	tcase_add_test(tc,
		silence_of_an_address_that_never_answers_proves_nothing);
	tcase_add_test(tc, a_server_that_does_not_change_proves_nothing);
	tcase_add_test(tc, answers_from_others_are_not_expected);
	tcase_add_test(tc, nobody_sends_us_into_our_own_network);
	tcase_add_test(tc, a_second_answer_changes_nothing);
	tcase_add_test(tc, hairpinning_is_yes_or_no);
	tcase_add_test(tc, a_router_in_100_64_is_a_providers_nat);
	tcase_add_test(tc,
		       a_symmetric_nat_is_noted_for_the_udp_flows_behind_it);
	tcase_add_test(tc, a_cone_is_noted_nowhere);
	suite_add_tcase(s, tc);

	return s;
}
