/* core/contact.c (SCENARIOS T1 to T5) */

#include <check.h>
#include <string.h>
#include "contact.h"


Suite *suite_contact(void);


static struct contact_list l;


static struct addr at(const char *ip, uint16_t port)
{
	struct addr a;

	ck_assert(addr_parse(&a, ip, strlen(ip), port));
	return a;
}


static void begin(struct addr sent, struct addr mapped)
{
	contact_begin(&l, &sent, &mapped);
}


/* We are 10.0.0.2:5060, seen as 203.0.113.7:40112. */
static void setup(void)
{
	begin(at("10.0.0.2", 5060), at("203.0.113.7", 40112));
}


static void add(struct contact_entry e)
{
	contact_add(&l, &e);
}


#define ENTRY(...) ((struct contact_entry){ __VA_ARGS__ })
#define OURS_AT(ip, port, left) \
	ENTRY(.addr = at(ip, port), .expires = (left), .user = true)
#define STRANGER ENTRY(.addr = at("198.51.100.9", 5060), .expires = 3600)


static void check_counts(unsigned owns, unsigned ghosts, unsigned foreign)
{
	ck_assert_uint_eq(l.owns, owns);
	ck_assert_uint_eq(l.ghosts, ghosts);
	ck_assert_uint_eq(l.foreign, foreign);
}


/* SCENARIOS, the origin: sipsorcery#1375. Nothing but addresses came back. */
static void twilio_list(bool known)
{
	static const struct {
		const char *ip;
		uint16_t port;
		uint32_t expires;
	} listv[] = {
		{ "192.168.88.33", 51629, 600 },
		{ "194.64.145.30", 53237, 397 },
		{ "172.18.0.5", 37736, 287 },
		{ "194.64.145.30", 52555, 214 },
	};

	for (unsigned i = 0; i < 4; i++)
		add(ENTRY(.addr = at(listv[i].ip, listv[i].port),
			  .expires = listv[i].expires, .user = true,
			  .known = known && i));
}


START_TEST(t1_ours_is_the_private_one_the_rest_are_ghosts)
{
	char buf[ADDR_STRLEN];

	begin(at("192.168.88.33", 51629), at("194.64.145.30", 51629));
	twilio_list(true);
	ck_assert(contact_end(&l, CONTACT_NO_EXPIRES, 3600));
	ck_assert_int_eq(l.match, CONTACT_BY_SENT);
	ck_assert_uint_eq(l.lease, 600);
	ck_assert_int_eq(l.own_index, 0);
	ck_assert_str_eq(addr_print(&l.own, buf, sizeof(buf)),
			 "192.168.88.33:51629");
	check_counts(1, 3, 0);
}
END_TEST


START_TEST(t1_the_same_list_of_strangers_is_foreign)
{
	begin(at("192.168.160.2", 51629), at("194.64.145.30", 51629));
	twilio_list(false);
	ck_assert(!contact_end(&l, CONTACT_NO_EXPIRES, 3600));
	ck_assert_int_eq(l.match, CONTACT_NO_MATCH);
	ck_assert_int_eq(l.own_index, -1);
	check_counts(0, 0, 4);
}
END_TEST


START_TEST(t2_a_list_without_us_is_no_binding)
{
	add(STRANGER);
	ck_assert(!contact_end(&l, 3600, 3600));
	check_counts(0, 0, 1);
	ck_assert_uint_eq(l.lease, 0);
}
END_TEST


START_TEST(t2_our_binding_with_expires_0_is_none)
{
	add(STRANGER);
	add(OURS_AT("10.0.0.2", 5060, 0));
	ck_assert(!contact_end(&l, 3600, 3600));
	check_counts(0, 0, 1);
}
END_TEST


START_TEST(t2_no_contact_at_all_is_no_binding)
{
	ck_assert(!contact_end(&l, 3600, 3600));
	check_counts(0, 0, 0);
	ck_assert_uint_eq(l.count, 0);
}
END_TEST


START_TEST(t3_the_lease_is_our_own_and_not_the_first)
{
	add(STRANGER);
	add(OURS_AT("10.0.0.2", 5060, 120));
	ck_assert(contact_end(&l, 1800, 3600));
	ck_assert_uint_eq(l.lease, 120);
	ck_assert_int_eq(l.own_index, 1);
	ck_assert_uint_eq(l.count, 2);
	check_counts(1, 0, 1);
}
END_TEST


START_TEST(t3_a_rewritten_contact_is_found_by_its_token)
{
	add(STRANGER);
	add(ENTRY(.addr = at("192.0.2.200", 5080), .expires = 120,
		  .token_account = true, .token_flow = true));
	ck_assert(contact_end(&l, CONTACT_NO_EXPIRES, 3600));
	ck_assert_int_eq(l.match, CONTACT_BY_TOKEN);
	ck_assert_uint_eq(l.lease, 120);
	ck_assert(l.token);
}
END_TEST


START_TEST(t3_ipv6_matches_in_whatever_form_it_comes)
{
	begin(at("2001:db8::1", 5060), (struct addr){0});
	add(OURS_AT("[2001:DB8:0:0:0:0:0:1]", 5060, 120));
	ck_assert(contact_end(&l, CONTACT_NO_EXPIRES, 3600));
	ck_assert_int_eq(l.match, CONTACT_BY_SENT);
}
END_TEST


START_TEST(the_order_of_matches_is_instance_token_mapped_sent)
{
	add(OURS_AT("10.0.0.2", 5060, 1));
	ck_assert_int_eq(l.match, CONTACT_BY_SENT);
	add(OURS_AT("203.0.113.7", 40112, 2));
	ck_assert_int_eq(l.match, CONTACT_BY_MAPPED);
	add(ENTRY(.expires = 3, .token_account = true, .token_flow = true));
	ck_assert_int_eq(l.match, CONTACT_BY_TOKEN);
	add(ENTRY(.expires = 4, .instance = true, .reg_id = true));
	ck_assert_int_eq(l.match, CONTACT_BY_INSTANCE);

	add(ENTRY(.expires = 5, .token_account = true, .token_flow = true));
	add(OURS_AT("203.0.113.7", 40112, 6));
	add(OURS_AT("10.0.0.2", 5060, 7));

	ck_assert(contact_end(&l, CONTACT_NO_EXPIRES, 3600));
	ck_assert_uint_eq(l.lease, 4);
	ck_assert_int_eq(l.own_index, 3);
	/* two by token are ghosts, four by address alone may be anybody's */
	check_counts(1, 2, 4);
}
END_TEST


START_TEST(an_address_alone_is_not_ours_without_the_user)
{
	add(ENTRY(.addr = at("203.0.113.7", 40112), .expires = 60));
	ck_assert(!contact_end(&l, CONTACT_NO_EXPIRES, 3600));
	check_counts(0, 0, 1);
}
END_TEST


START_TEST(another_port_is_another_binding)
{
	add(OURS_AT("203.0.113.7", 40113, 60));
	ck_assert(!contact_end(&l, CONTACT_NO_EXPIRES, 3600));
}
END_TEST


START_TEST(an_unknown_mapping_matches_no_host_name)
{
	begin(at("10.0.0.2", 5060), (struct addr){0});
	add(ENTRY(.expires = 60, .user = true));
	ck_assert(!contact_end(&l, CONTACT_NO_EXPIRES, 3600));
	check_counts(0, 0, 1);
}
END_TEST


START_TEST(of_several_with_our_instance_the_token_decides)
{
	add(ENTRY(.addr = at("203.0.113.7", 40000), .expires = 30,
		  .instance = true, .reg_id = true, .user = true));
	add(ENTRY(.addr = at("203.0.113.7", 40112), .expires = 60,
		  .instance = true, .reg_id = true, .user = true,
		  .token_account = true, .token_flow = true));
	add(ENTRY(.addr = at("203.0.113.7", 40001), .expires = 90,
		  .instance = true, .reg_id = true, .user = true));
	ck_assert(contact_end(&l, CONTACT_NO_EXPIRES, 3600));
	ck_assert_int_eq(l.match, CONTACT_BY_INSTANCE);
	ck_assert_uint_eq(l.lease, 60);
	check_counts(1, 2, 0);
}
END_TEST


START_TEST(of_several_with_our_instance_the_address_decides)
{
	add(ENTRY(.addr = at("203.0.113.7", 40000), .expires = 30,
		  .instance = true, .reg_id = true, .user = true));
	add(ENTRY(.addr = at("203.0.113.7", 40112), .expires = 60,
		  .instance = true, .reg_id = true, .user = true));
	ck_assert(contact_end(&l, CONTACT_NO_EXPIRES, 3600));
	ck_assert_uint_eq(l.lease, 60);
	check_counts(1, 1, 0);
}
END_TEST


START_TEST(our_instance_with_an_earlier_token_is_a_ghost)
{
	add(ENTRY(.addr = at("203.0.113.7", 40000), .expires = 30,
		  .instance = true, .reg_id = true, .user = true,
		  .token_account = true));
	ck_assert(!contact_end(&l, CONTACT_NO_EXPIRES, 3600));
	check_counts(0, 1, 0);
}
END_TEST


START_TEST(a_registrar_that_strips_our_token_is_seen_to)
{
	add(ENTRY(.expires = 60, .token_account = true, .token_flow = true));
	add(ENTRY(.expires = 60, .instance = true, .reg_id = true));
	ck_assert(contact_end(&l, CONTACT_NO_EXPIRES, 3600));
	ck_assert(!l.token);
}
END_TEST


START_TEST(another_reg_id_of_our_instance_is_another_accounts)
{
	add(ENTRY(.addr = at("203.0.113.7", 40000), .expires = 30,
		  .instance = true));
	ck_assert(!contact_end(&l, CONTACT_NO_EXPIRES, 3600));
	check_counts(0, 0, 1);
}
END_TEST


/* Wherever it points to, and whatever else is said of it. */
START_TEST(another_flow_of_the_account_is_a_sibling)
{
	add(ENTRY(.addr = at("203.0.113.7", 40112), .expires = 30,
		  .user = true, .instance = true, .known = true,
		  .other = CONTACT_BY_INSTANCE));
	add(ENTRY(.addr = at("203.0.113.7", 40113), .expires = 40,
		  .user = true, .other = CONTACT_BY_TOKEN));
	add(OURS_AT("10.0.0.2", 5060, 60));
	ck_assert(contact_end(&l, CONTACT_NO_EXPIRES, 3600));
	ck_assert_uint_eq(l.lease, 60);
	ck_assert_int_eq(l.own_index, 2);
	check_counts(1, 0, 0);
	ck_assert_uint_eq(l.siblings, 2);
}
END_TEST


START_TEST(a_sibling_alone_is_no_binding_of_this_flow)
{
	add(ENTRY(.expires = 30, .instance = true,
		  .other = CONTACT_BY_INSTANCE));
	ck_assert(!contact_end(&l, CONTACT_NO_EXPIRES, 3600));
	check_counts(0, 0, 0);
	ck_assert_uint_eq(l.siblings, 1);
}
END_TEST


START_TEST(a_flow_that_is_configured_no_more_left_a_ghost)
{
	add(ENTRY(.addr = at("203.0.113.7", 40112), .expires = 30,
		  .user = true, .instance = true, .retired = true,
		  .other = CONTACT_BY_INSTANCE));
	add(ENTRY(.expires = 30, .retired = true, .other = CONTACT_BY_TOKEN));
	add(ENTRY(.retired = true, .other = CONTACT_BY_TOKEN));
	add(OURS_AT("10.0.0.2", 5060, 60));
	ck_assert(contact_end(&l, CONTACT_NO_EXPIRES, 3600));
	ck_assert_uint_eq(l.lease, 60);
	check_counts(1, 2, 0);
	ck_assert_uint_eq(l.siblings, 0);
}
END_TEST


START_TEST(a_sibling_that_was_removed_is_not_counted)
{
	add(ENTRY(.instance = true, .other = CONTACT_BY_INSTANCE));
	ck_assert(!contact_end(&l, CONTACT_NO_EXPIRES, 3600));
	check_counts(0, 0, 0);
	ck_assert_uint_eq(l.siblings, 0);
}
END_TEST


START_TEST(a_removed_binding_that_is_listed_is_not_counted)
{
	add(ENTRY(.addr = at("203.0.113.7", 40000), .known = true));
	add(ENTRY(.addr = at("198.51.100.9", 5060)));
	add(OURS_AT("10.0.0.2", 5060, 0));
	add(OURS_AT("203.0.113.7", 40112, 60));
	ck_assert(contact_end(&l, CONTACT_NO_EXPIRES, 3600));
	check_counts(1, 0, 0);
	ck_assert_uint_eq(l.count, 4);
}
END_TEST


START_TEST(of_equal_ones_the_first_is_ours)
{
	add(OURS_AT("10.0.0.2", 5060, 60));
	add(OURS_AT("10.0.0.2", 5060, 90));
	ck_assert(contact_end(&l, CONTACT_NO_EXPIRES, 3600));
	ck_assert_uint_eq(l.lease, 60);
	check_counts(1, 0, 1);
}
END_TEST


START_TEST(without_a_parameter_the_header_is_the_lease)
{
	add(OURS_AT("10.0.0.2", 5060, CONTACT_NO_EXPIRES));
	ck_assert(contact_end(&l, 30, 3600));
	ck_assert_uint_eq(l.lease, 30);
}
END_TEST


START_TEST(without_both_the_lease_is_what_we_asked_for)
{
	add(OURS_AT("10.0.0.2", 5060, CONTACT_NO_EXPIRES));
	ck_assert(contact_end(&l, CONTACT_NO_EXPIRES, 3600));
	ck_assert_uint_eq(l.lease, 3600);
}
END_TEST


START_TEST(a_header_of_0_without_a_parameter_is_no_binding)
{
	add(OURS_AT("10.0.0.2", 5060, CONTACT_NO_EXPIRES));
	ck_assert(!contact_end(&l, 0, 3600));
	check_counts(0, 0, 0);
}
END_TEST


START_TEST(one_that_was_removed_does_not_hide_the_one_that_is_there)
{
	setup();
	add(ENTRY(.instance = true, .reg_id = true, .expires = 0));
	add(ENTRY(.instance = true, .reg_id = true, .expires = 300));
	add(ENTRY(.instance = true, .reg_id = true, .expires = 0));
	ck_assert(contact_end(&l, CONTACT_NO_EXPIRES, 3600));
	ck_assert_uint_eq(l.lease, 300);
	ck_assert_int_eq(l.own_index, 1);
	check_counts(1, 0, 0);
}
END_TEST


START_TEST(another_account_of_this_instance_is_foreign)
{
	setup();
	add(ENTRY(.instance = true, .reg_id = true, .token_other = true,
		  .expires = 300));
	ck_assert(!contact_end(&l, CONTACT_NO_EXPIRES, 3600));
	check_counts(0, 0, 1);
}
END_TEST


START_TEST(a_lease_of_years_is_cut_to_ten_days)
{
	add(OURS_AT("10.0.0.2", 5060, 4000000000));
	ck_assert(contact_end(&l, CONTACT_NO_EXPIRES, 3600));
	ck_assert_uint_eq(l.lease, 864000);
}
END_TEST


START_TEST(a_new_list_forgets_the_old_one)
{
	add(OURS_AT("10.0.0.2", 5060, 60));
	setup();
	ck_assert(!contact_end(&l, CONTACT_NO_EXPIRES, 3600));
	check_counts(0, 0, 0);
}
END_TEST


START_TEST(matches_have_names)
{
	ck_assert_str_eq(contact_match_name(CONTACT_NO_MATCH), "none");
	ck_assert_str_eq(contact_match_name(CONTACT_BY_INSTANCE), "instance");
	ck_assert_str_eq(contact_match_name(CONTACT_BY_TOKEN), "token");
	ck_assert_str_eq(contact_match_name(CONTACT_BY_MAPPED), "mapped");
	ck_assert_str_eq(contact_match_name(CONTACT_BY_SENT), "sent");
	ck_assert_str_eq(contact_match_name((enum contact_match)99), "?");
}
END_TEST


/* --- which one to offer --- */

static struct contact_facts facts;


/* Behind a NAT, the 401 has shown the mapping, nothing was offered yet. */
static void setup_offer(void)
{
	facts = (struct contact_facts){
		.policy = CONTACT_AUTO,
		.local = at("10.0.0.2", 5060),
		.mapped = at("203.0.113.7", 40112),
	};
}


static void offers(const char *text)
{
	const struct addr a = contact_choose(&facts);
	char buf[ADDR_STRLEN];

	ck_assert_str_eq(addr_print(&a, buf, sizeof(buf)), text);
}


START_TEST(auto_offers_where_the_registrar_sees_us)
{
	offers("203.0.113.7:40112");
	facts.offered = at("203.0.113.8", 40112);
	offers("203.0.113.7:40112");
	facts.offered = at("10.0.0.2", 5060);
	offers("203.0.113.7:40112");
}
END_TEST


START_TEST(before_anything_is_known_it_is_the_sockets_own_address)
{
	facts.mapped = (struct addr){0};
	offers("10.0.0.2:5060");
	facts.policy = CONTACT_MAPPED;
	offers("10.0.0.2:5060");
}
END_TEST


START_TEST(what_was_offered_stays_when_the_mapping_is_not_known)
{
	facts.offered = at("203.0.113.8", 40112);
	facts.mapped = (struct addr){0};
	offers("203.0.113.8:40112");
	facts.policy = CONTACT_MAPPED;
	offers("203.0.113.8:40112");
}
END_TEST


START_TEST(with_outbound_it_stays_what_it_is)
{
	facts.outbound = true;
	offers("203.0.113.7:40112");
	facts.offered = at("10.0.0.2", 5060);
	offers("10.0.0.2:5060");
	facts.policy = CONTACT_MAPPED;
	offers("203.0.113.7:40112");
}
END_TEST


START_TEST(t4_where_the_mapping_flaps_it_stays_what_it_is)
{
	facts.flapping = true;
	offers("203.0.113.7:40112");
	facts.offered = at("203.0.113.7", 40000);
	offers("203.0.113.7:40000");
}
END_TEST


START_TEST(local_and_static_are_the_operators_word)
{
	facts.offered = at("203.0.113.8", 40112);
	facts.policy = CONTACT_LOCAL;
	offers("10.0.0.2:5060");
	facts.policy = CONTACT_STATIC;
	offers("10.0.0.2:5060");
}
END_TEST


START_TEST(t5_never_from_public_back_to_private)
{
	facts.mapped = at("192.168.1.1", 5060);
	facts.offered = at("203.0.113.8", 40112);
	offers("203.0.113.8:40112");
	facts.policy = CONTACT_MAPPED;
	offers("203.0.113.8:40112");
	facts.offered = (struct addr){0};
	facts.local = at("203.0.113.9", 5060);
	offers("203.0.113.9:5060");
	facts.mapped = at("100.64.1.1", 5060);
	offers("203.0.113.9:5060");
	facts.offered = at("192.168.1.1", 5060);
	facts.outbound = true;
	offers("203.0.113.9:5060");
}
END_TEST


START_TEST(in_a_private_network_the_mapping_may_be_private)
{
	facts.mapped = at("192.168.1.1", 40112);
	offers("192.168.1.1:40112");
}
END_TEST


START_TEST(never_to_the_other_ip_version)
{
	facts.local = at("2001:db8::2", 5060);
	offers("[2001:db8::2]:5060");
	facts.offered = facts.mapped;
	facts.outbound = true;
	offers("[2001:db8::2]:5060");
}
END_TEST


START_TEST(never_to_where_nobody_can_send)
{
	facts.mapped.port = 0;
	offers("10.0.0.2:5060");
	facts.mapped = at("0.0.0.0", 5060);
	offers("10.0.0.2:5060");
}
END_TEST



Suite *suite_contact(void)
{
	Suite *s = suite_create("contact");
	TCase *tc = tcase_create("contact");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, t1_ours_is_the_private_one_the_rest_are_ghosts);
	tcase_add_test(tc, t1_the_same_list_of_strangers_is_foreign);
	tcase_add_test(tc, t2_a_list_without_us_is_no_binding);
	tcase_add_test(tc, t2_our_binding_with_expires_0_is_none);
	tcase_add_test(tc, t2_no_contact_at_all_is_no_binding);
	tcase_add_test(tc, t3_the_lease_is_our_own_and_not_the_first);
	tcase_add_test(tc, t3_a_rewritten_contact_is_found_by_its_token);
	tcase_add_test(tc, t3_ipv6_matches_in_whatever_form_it_comes);
	tcase_add_test(tc, the_order_of_matches_is_instance_token_mapped_sent);
	tcase_add_test(tc, an_address_alone_is_not_ours_without_the_user);
	tcase_add_test(tc, another_port_is_another_binding);
	tcase_add_test(tc, an_unknown_mapping_matches_no_host_name);
	tcase_add_test(tc, of_several_with_our_instance_the_token_decides);
	tcase_add_test(tc, of_several_with_our_instance_the_address_decides);
	tcase_add_test(tc, our_instance_with_an_earlier_token_is_a_ghost);
	tcase_add_test(tc, a_registrar_that_strips_our_token_is_seen_to);
	tcase_add_test(tc, another_reg_id_of_our_instance_is_another_accounts);
	tcase_add_test(tc, another_flow_of_the_account_is_a_sibling);
	tcase_add_test(tc, a_sibling_alone_is_no_binding_of_this_flow);
	tcase_add_test(tc, a_flow_that_is_configured_no_more_left_a_ghost);
	tcase_add_test(tc, a_sibling_that_was_removed_is_not_counted);
	tcase_add_test(tc, a_removed_binding_that_is_listed_is_not_counted);
	tcase_add_test(tc, of_equal_ones_the_first_is_ours);
	tcase_add_test(tc, without_a_parameter_the_header_is_the_lease);
	tcase_add_test(tc, without_both_the_lease_is_what_we_asked_for);
	tcase_add_test(tc, a_header_of_0_without_a_parameter_is_no_binding);
	tcase_add_test(tc,
		one_that_was_removed_does_not_hide_the_one_that_is_there);
	tcase_add_test(tc, another_account_of_this_instance_is_foreign);
	tcase_add_test(tc, a_lease_of_years_is_cut_to_ten_days);
	tcase_add_test(tc, a_new_list_forgets_the_old_one);
	tcase_add_test(tc, matches_have_names);
	suite_add_tcase(s, tc);

	tc = tcase_create("offer");
	tcase_add_checked_fixture(tc, setup_offer, NULL);
	tcase_add_test(tc, auto_offers_where_the_registrar_sees_us);
	tcase_add_test(tc,
		before_anything_is_known_it_is_the_sockets_own_address);
	tcase_add_test(tc,
		what_was_offered_stays_when_the_mapping_is_not_known);
	tcase_add_test(tc, with_outbound_it_stays_what_it_is);
	tcase_add_test(tc, t4_where_the_mapping_flaps_it_stays_what_it_is);
	tcase_add_test(tc, local_and_static_are_the_operators_word);
	tcase_add_test(tc, t5_never_from_public_back_to_private);
	tcase_add_test(tc, in_a_private_network_the_mapping_may_be_private);
	tcase_add_test(tc, never_to_the_other_ip_version);
	tcase_add_test(tc, never_to_where_nobody_can_send);
	suite_add_tcase(s, tc);

	return s;
}
