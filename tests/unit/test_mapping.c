/* core/mapping.c */

#include <check.h>
#include <string.h>
#include "mapping.h"


Suite *suite_mapping(void);


static struct mapping m;


static struct addr at(const char *ip, uint16_t port)
{
	struct addr a;

	ck_assert(addr_parse(&a, ip, strlen(ip), port));
	return a;
}


static void flow(const char *local, const char *edge)
{
	const struct addr l = at(local, 5060), e = at(edge, 5060);

	mapping_on_flow(&m, &l, &e);
}


/* We are 10.0.0.2 behind a NAT, the registrar is public. */
static void setup(void)
{
	mapping_init(&m);
	flow("10.0.0.2", "198.51.100.1");
}


static enum mapping_news seen(enum witness w, const char *ip, uint16_t port,
			      msec_t now)
{
	const struct addr a = at(ip, port);

	return mapping_on_seen(&m, w, &a, now);
}


static enum mapping_news via(const char *ip, uint16_t port, msec_t now)
{
	return seen(WITNESS_VIA, ip, port, now);
}


static enum mapping_news stun(const char *ip, uint16_t port, msec_t now)
{
	return seen(WITNESS_STUN, ip, port, now);
}


static void check_addr(const struct addr *a, const char *text)
{
	char buf[ADDR_STRLEN];

	ck_assert_str_eq(addr_print(a, buf, sizeof(buf)), text);
}


START_TEST(the_first_word_is_the_mapping_and_its_repetition_no_news)
{
	ck_assert_int_eq(via("203.0.113.7", 40112, 10), MAPPING_FIRST);
	ck_assert_int_eq(via("203.0.113.7", 40112, 20), MAPPING_SAME);
	ck_assert_int_eq(stun("203.0.113.7", 40112, 30), MAPPING_SAME);
	check_addr(&m.addr, "203.0.113.7:40112");
	ck_assert_uint_eq(m.saidv[WITNESS_VIA].at, 20);
	ck_assert_uint_eq(m.saidv[WITNESS_STUN].at, 30);
	ck_assert_uint_eq(mapping_notes(&m, 30), 0);
}
END_TEST


START_TEST(another_port_is_a_forgotten_flow_and_another_ip_a_new_address)
{
	via("203.0.113.7", 40112, 0);
	ck_assert_int_eq(via("203.0.113.7", 40113, 1), MAPPING_PORT_MOVED);
	ck_assert_int_eq(stun("203.0.113.8", 40113, 2), MAPPING_IP_MOVED);
	check_addr(&m.addr, "203.0.113.8:40113");
}
END_TEST


START_TEST(an_address_that_nobody_can_send_to_says_nothing)
{
	const struct addr none = {0};

	ck_assert_int_eq(via("203.0.113.7", 0, 0), MAPPING_SAME);
	ck_assert_int_eq(via("0.0.0.0", 5060, 0), MAPPING_SAME);
	ck_assert_int_eq(via("::", 5060, 0), MAPPING_SAME);
	ck_assert_int_eq(mapping_on_seen(&m, WITNESS_VIA, &none, 0),
			 MAPPING_SAME);
	ck_assert_int_eq(seen((enum witness)9, "203.0.113.7", 1, 0),
			 MAPPING_SAME);
	ck_assert(!addr_isset(&m.saidv[WITNESS_VIA].addr));
	ck_assert(!addr_isset(&m.addr));
}
END_TEST


START_TEST(t5_a_private_word_about_a_public_way_is_named_and_not_followed)
{
	via("203.0.113.7", 40112, 0);
	ck_assert_int_eq(via("192.168.1.1", 5060, 1), MAPPING_SAME);
	check_addr(&m.addr, "203.0.113.7:40112");
	check_addr(&m.saidv[WITNESS_VIA].addr, "192.168.1.1:5060");
	ck_assert_uint_eq(mapping_notes(&m, 1), MAPPING_NOTE_ALG);
	ck_assert_int_eq(via("203.0.113.7", 40112, 2), MAPPING_SAME);
}
END_TEST


START_TEST(t5_nor_is_our_own_private_address)
{
	ck_assert_int_eq(via("10.0.0.2", 5060, 1), MAPPING_SAME);
	ck_assert(!addr_isset(&m.addr));
	ck_assert_uint_eq(mapping_notes(&m, 1), MAPPING_NOTE_ALG);
}
END_TEST


START_TEST(a_pbx_in_our_network_sees_a_private_address)
{
	flow("192.168.1.2", "192.168.1.1");
	ck_assert_int_eq(via("192.168.1.2", 5060, 0), MAPPING_FIRST);
	ck_assert_int_eq(via("192.168.1.2", 5061, 0), MAPPING_PORT_MOVED);
	ck_assert_uint_eq(mapping_notes(&m, 0), 0);
}
END_TEST


START_TEST(on_loopback_all_is_well)
{
	flow("127.0.0.1", "127.0.0.1");
	ck_assert_int_eq(via("127.0.0.1", 5060, 0), MAPPING_FIRST);
	flow("::1", "::1");
	ck_assert_int_eq(via("::1", 5060, 0), MAPPING_FIRST);
	ck_assert_uint_eq(mapping_notes(&m, 0), 0);
}
END_TEST


START_TEST(ipv6_without_nat_and_with_a_prefix_that_changes)
{
	flow("2001:db8:1::2", "2001:db8:ffff::1");
	ck_assert_int_eq(via("2001:db8:1::2", 5060, 0), MAPPING_FIRST);
	ck_assert_int_eq(via("2001:db8:2::2", 5060, 1), MAPPING_IP_MOVED);
	ck_assert_int_eq(via("fd00::2", 5060, 2), MAPPING_SAME);
	ck_assert_uint_eq(mapping_notes(&m, 2), MAPPING_NOTE_ALG);
}
END_TEST


START_TEST(a_registrar_behind_nat64_sees_the_other_family)
{
	flow("2001:db8:1::2", "64:ff9b::c633:6401");
	ck_assert_int_eq(via("203.0.113.7", 40112, 0), MAPPING_FIRST);
}
END_TEST


START_TEST(n5_a_second_nat_is_named)
{
	flow("100.64.0.2", "198.51.100.1");
	ck_assert_uint_eq(mapping_notes(&m, 0), MAPPING_NOTE_CGNAT);
	ck_assert_int_eq(via("203.0.113.7", 40112, 0), MAPPING_FIRST);
	flow("10.0.0.2", "198.51.100.1");
	ck_assert_uint_eq(mapping_notes(&m, 0), 0);
}
END_TEST


START_TEST(n5_a_providers_registrar_sees_us_behind_the_providers_nat)
{
	ck_assert_int_eq(via("100.64.9.9", 40112, 0), MAPPING_FIRST);
	ck_assert_uint_eq(mapping_notes(&m, 0), MAPPING_NOTE_CGNAT);
	ck_assert_int_eq(via("203.0.113.7", 40112, 1), MAPPING_IP_MOVED);
	ck_assert_int_eq(via("100.64.9.9", 40112, 2), MAPPING_SAME);
	ck_assert_uint_eq(mapping_notes(&m, 2),
			  MAPPING_NOTE_CGNAT | MAPPING_NOTE_ALG);
}
END_TEST


START_TEST(an_overlay_network_in_100_64_is_no_second_nat)
{
	flow("100.64.0.2", "100.64.0.1");
	ck_assert_int_eq(via("100.64.0.2", 5060, 0), MAPPING_FIRST);
	ck_assert_uint_eq(mapping_notes(&m, 0), 0);
}
END_TEST


START_TEST(what_was_rewritten_is_named_until_the_next_flow)
{
	mapping_on_rewritten(&m);
	ck_assert_uint_eq(mapping_notes(&m, 0), MAPPING_NOTE_ALG);
	flow("10.0.0.2", "198.51.100.1");
	ck_assert_uint_eq(mapping_notes(&m, 0), 0);
}
END_TEST


START_TEST(a_new_flow_begins_anew_and_knows_the_address_of_the_one_before)
{
	ck_assert(!mapping_same_ip(&m));
	via("203.0.113.7", 40112, 0);
	ck_assert(!mapping_same_ip(&m));
	flow("10.0.0.2", "198.51.100.1");
	ck_assert(!mapping_same_ip(&m));
	ck_assert(!addr_isset(&m.saidv[WITNESS_VIA].addr));
	ck_assert_int_eq(via("203.0.113.7", 50000, 1), MAPPING_FIRST);
	ck_assert(mapping_same_ip(&m));
	flow("10.0.0.2", "198.51.100.1");
	via("203.0.113.8", 50000, 2);
	ck_assert(!mapping_same_ip(&m));
}
END_TEST


START_TEST(a_flow_of_which_nothing_was_heard_does_not_count)
{
	via("203.0.113.7", 40112, 0);
	flow("10.0.0.2", "198.51.100.1");
	flow("10.0.0.2", "198.51.100.1");
	via("203.0.113.7", 40113, 1);
	ck_assert(mapping_same_ip(&m));
}
END_TEST


START_TEST(t4_another_port_in_every_answer_is_flapping)
{
	via("203.0.113.7", 40000, 0);
	for (uint16_t i = 1; i <= 4; i++) {
		ck_assert(!mapping_flapping(&m, SECONDS(4 * (i - 1))));
		via("203.0.113.7", 40000 + i, SECONDS(4 * i));
	}
	ck_assert(mapping_flapping(&m, SECONDS(16)));
	ck_assert_uint_eq(mapping_notes(&m, SECONDS(16)),
			  MAPPING_NOTE_FLAPPING);
}
END_TEST


START_TEST(t4_a_stream_that_moves_is_flapping_until_the_next_one)
{
	m.stream = true;
	via("203.0.113.7", 40000, 0);
	ck_assert(!mapping_flapping(&m, 0));
	via("203.0.113.7", 40001, SECONDS(600));
	ck_assert(mapping_flapping(&m, HOURS(24)));
	ck_assert_uint_eq(mapping_notes(&m, HOURS(24)),
			  MAPPING_NOTE_FLAPPING);
	flow("10.0.0.2", "198.51.100.1");
	ck_assert(!mapping_flapping(&m, HOURS(24)));
}
END_TEST


START_TEST(a_group_address_says_nothing)
{
	ck_assert_int_eq(via("224.0.0.1", 5060, 0), MAPPING_SAME);
	ck_assert_int_eq(via("255.255.255.255", 5060, 0), MAPPING_SAME);
	ck_assert(!addr_isset(&m.addr));
}
END_TEST


START_TEST(a_nat_that_forgets_every_idle_flow_is_not)
{
	for (uint16_t i = 0; i < 100; i++) {
		via("203.0.113.7", 40000 + i, SECONDS(10 * i));
		ck_assert(!mapping_flapping(&m, SECONDS(10 * i)));
	}
}
END_TEST


/* Four moves by SECONDS(3). */
static void flap(void)
{
	for (uint16_t i = 0; i <= 4; i++)
		via("203.0.113.7", 40000 + i, SECONDS(i) - (i ? 1000 : 0));
	ck_assert(mapping_flapping(&m, SECONDS(3)));
}


START_TEST(t4_it_is_over_after_a_calm_quarter_of_an_hour)
{
	flap();
	flow("10.0.0.2", "198.51.100.1");
	ck_assert(mapping_flapping(&m, SECONDS(902)));
	ck_assert(!mapping_flapping(&m, SECONDS(903)));
	via("203.0.113.7", 1, SECONDS(904));
	via("203.0.113.7", 2, SECONDS(914));
	ck_assert(!mapping_flapping(&m, SECONDS(914)));
}
END_TEST


START_TEST(t4_one_that_goes_on_more_slowly_is_still_flapping)
{
	flap();
	for (uint16_t i = 1; i < 10; i++) {
		msec_t now = SECONDS(3) + MINUTES(14) * i;

		via("203.0.113.7", 50000 + i, now);
		ck_assert(mapping_flapping(&m, now + MINUTES(14)));
	}
}
END_TEST


START_TEST(a_daily_change_of_address_is_not)
{
	for (uint16_t i = 0; i < 30; i++) {
		via("203.0.113.7", 40000 + i, HOURS(24 * i));
		ck_assert(!mapping_flapping(&m, HOURS(24 * i)));
	}
}
END_TEST


START_TEST(a_nat_that_forgets_after_12_s_is_learned_before)
{
	static const msec_t movev[] = {         /* pings [ms] that moved */
		25000, 25000 + 18750, 25000 + 18750 + 14063,
	};

	via("203.0.113.7", 40000, 0);
	for (uint16_t i = 0; i < 3; i++) {
		via("203.0.113.7", 40001 + i, movev[i]);
		ck_assert(!mapping_flapping(&m, movev[i]));
	}
}
END_TEST


START_TEST(stun_that_shows_a_move_first_is_believed_and_via_agrees)
{
	via("203.0.113.7", 40112, 0);
	stun("203.0.113.7", 40112, 1);
	ck_assert_int_eq(stun("203.0.113.7", 40113, 2), MAPPING_PORT_MOVED);
	ck_assert_int_eq(via("203.0.113.7", 40113, 3), MAPPING_SAME);
	ck_assert_int_eq(stun("203.0.113.7", 40114, 4), MAPPING_PORT_MOVED);
}
END_TEST


START_TEST(n10_stun_that_lies_is_corrected_by_via_and_not_believed_again)
{
	via("203.0.113.7", 40112, 0);
	ck_assert_int_eq(stun("192.0.2.66", 6, 1), MAPPING_IP_MOVED);
	ck_assert_int_eq(via("203.0.113.7", 40112, 2), MAPPING_IP_MOVED);
	for (uint16_t i = 0; i < 100; i++) {
		msec_t now = SECONDS(25 * (i + 1));

		ck_assert_int_eq(stun("192.0.2.66", 7 + i, now),
				 MAPPING_SAME);
		ck_assert(!mapping_flapping(&m, now));
	}
	check_addr(&m.addr, "203.0.113.7:40112");
}
END_TEST


START_TEST(n10_stun_that_tells_the_truth_again_is_believed_again)
{
	via("203.0.113.7", 40112, 0);
	stun("192.0.2.66", 6, 1);
	via("203.0.113.7", 40112, 2);
	stun("203.0.113.7", 40112, 3);
	ck_assert_int_eq(stun("203.0.113.7", 40113, 4), MAPPING_PORT_MOVED);

	via("203.0.113.7", 40112, 5);
	via("203.0.113.7", 40112, 6);
	ck_assert_int_eq(stun("203.0.113.7", 40114, 7), MAPPING_SAME);
	via("203.0.113.7", 40114, 8);
	ck_assert_int_eq(stun("203.0.113.7", 40115, 9), MAPPING_PORT_MOVED);
}
END_TEST


START_TEST(time_that_stands_still_or_goes_back_does_no_harm)
{
	for (uint16_t i = 0; i <= 4; i++)
		via("203.0.113.7", 40000 + i, 1000 - i);
	ck_assert(mapping_flapping(&m, 0));
	ck_assert(!mapping_flapping(&m, NEVER));
}
END_TEST


START_TEST(witnesses_and_notes_have_names)
{
	static const char *const namev[MAPPING_NOTES] = {
		"flapping", "alg", "cgnat", "clone", "no-loop", "symmetric",
	};

	ck_assert_str_eq(witness_name(WITNESS_VIA), "via");
	ck_assert_str_eq(witness_name(WITNESS_STUN), "stun");
	ck_assert_str_eq(witness_name((enum witness)9), "?");

	for (unsigned i = 0; i < MAPPING_NOTES; i++) {
		const char *text = mapping_note_text(1u << i);

		ck_assert_str_eq(mapping_note_name(1u << i), namev[i]);
		ck_assert_uint_gt(strlen(text), 20);
		ck_assert_int_eq(text[strlen(text) - 1], '.');
	}
	ck_assert_str_eq(mapping_note_name(0), "?");
	ck_assert_str_eq(mapping_note_name(3), "?");
	ck_assert_str_eq(mapping_note_text(1u << MAPPING_NOTES), "?");
	ck_assert_str_eq(mapping_note_name(MAPPING_NOTE_CLONE), "clone");
	ck_assert_str_eq(mapping_note_name(MAPPING_NOTE_NO_LOOP), "no-loop");
}
END_TEST


Suite *suite_mapping(void)
{
	Suite *s = suite_create("mapping");
	TCase *tc = tcase_create("mapping");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc,
		the_first_word_is_the_mapping_and_its_repetition_no_news);
	tcase_add_test(tc,
		another_port_is_a_forgotten_flow_and_another_ip_a_new_address);
	tcase_add_test(tc, an_address_that_nobody_can_send_to_says_nothing);
	tcase_add_test(tc,
		t5_a_private_word_about_a_public_way_is_named_and_not_followed);
	tcase_add_test(tc, t5_nor_is_our_own_private_address);
	tcase_add_test(tc, a_pbx_in_our_network_sees_a_private_address);
	tcase_add_test(tc, on_loopback_all_is_well);
	tcase_add_test(tc, ipv6_without_nat_and_with_a_prefix_that_changes);
	tcase_add_test(tc, a_registrar_behind_nat64_sees_the_other_family);
	tcase_add_test(tc, n5_a_second_nat_is_named);
	tcase_add_test(tc,
		n5_a_providers_registrar_sees_us_behind_the_providers_nat);
	tcase_add_test(tc, an_overlay_network_in_100_64_is_no_second_nat);
	tcase_add_test(tc, what_was_rewritten_is_named_until_the_next_flow);
	tcase_add_test(tc,
		a_new_flow_begins_anew_and_knows_the_address_of_the_one_before);
	tcase_add_test(tc, a_flow_of_which_nothing_was_heard_does_not_count);
	tcase_add_test(tc, t4_another_port_in_every_answer_is_flapping);
	tcase_add_test(tc,
		t4_a_stream_that_moves_is_flapping_until_the_next_one);
	tcase_add_test(tc, a_group_address_says_nothing);
	tcase_add_test(tc, a_nat_that_forgets_every_idle_flow_is_not);
	tcase_add_test(tc,
		t4_it_is_over_after_a_calm_quarter_of_an_hour);
	tcase_add_test(tc, t4_one_that_goes_on_more_slowly_is_still_flapping);
	tcase_add_test(tc, a_daily_change_of_address_is_not);
	tcase_add_test(tc, a_nat_that_forgets_after_12_s_is_learned_before);
	tcase_add_test(tc,
		stun_that_shows_a_move_first_is_believed_and_via_agrees);
	tcase_add_test(tc,
		n10_stun_that_lies_is_corrected_by_via_and_not_believed_again);
	tcase_add_test(tc,
		n10_stun_that_tells_the_truth_again_is_believed_again);
	tcase_add_test(tc, time_that_stands_still_or_goes_back_does_no_harm);
	tcase_add_test(tc, witnesses_and_notes_have_names);
	suite_add_tcase(s, tc);

	return s;
}
