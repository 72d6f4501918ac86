/* core/pubaddr.c (SCENARIOS N10) */

#include <check.h>
#include <string.h>
#include "pubaddr.h"

Suite *suite_pubaddr(void);


#define INTERVAL SECONDS(30)

static struct pubaddr p;


static struct addr addr_of(const char *ip, uint16_t port)
{
	struct addr a;

	ck_assert(addr_parse(&a, ip, strlen(ip), port));

	return a;
}


static void begin(unsigned servers)
{
	pubaddr_init(&p, INTERVAL, servers, 1, 0);
}


static unsigned silence(msec_t now)
{
	return pubaddr_on_silence(&p, now);
}


/* A round at `now`, and what the first server says in it. */
static unsigned says(const char *ip, msec_t now)
{
	const struct addr a = addr_of(ip, (uint16_t)(40000 + now % 1000));

	p.asking = false;
	p.ask_at = now;
	ck_assert_uint_eq(PUBADDR_ASK, pubaddr_tick(&p, now));
	ck_assert_uint_eq(0, p.server);

	return pubaddr_on_answer(&p, &a, now);
}


START_TEST(it_is_asked_at_once_and_then_every_interval)
{
	const struct addr a = addr_of("203.0.113.7", 40112);
	msec_t now = 0;

	begin(1);
	ck_assert_uint_eq(0, pubaddr_deadline(&p));
	for (unsigned i = 0; i < 100; i++) {
		ck_assert_uint_eq(PUBADDR_ASK, pubaddr_tick(&p, now));
		ck_assert_uint_eq(0, pubaddr_tick(&p, now));
		ck_assert_uint_eq(NEVER, pubaddr_deadline(&p));
		ck_assert_uint_eq(0, pubaddr_on_answer(&p, &a, now));
		ck_assert_uint_ge(pubaddr_deadline(&p), now + 27000);
		ck_assert_uint_le(pubaddr_deadline(&p), now + 30000);
		ck_assert_uint_eq(0, pubaddr_tick(&p,
						  pubaddr_deadline(&p) - 1));
		now = pubaddr_deadline(&p);
	}
}
END_TEST


START_TEST(the_first_answer_is_no_change)
{
	begin(1);
	ck_assert(!addr_isset(pubaddr_addr(&p)));
	ck_assert_uint_eq(0, says("203.0.113.7", 100));
	ck_assert_uint_eq(40100, pubaddr_addr(&p)->port);
}
END_TEST


START_TEST(another_address_is_a_change_and_another_port_is_none)
{
	begin(1);
	(void)says("203.0.113.7", 0);
	ck_assert_uint_eq(0, says("203.0.113.7", 30001));
	ck_assert_uint_eq(PUBADDR_MOVED, says("203.0.113.8", 60000));
	ck_assert_uint_eq(0, says("203.0.113.8", 90000));
	ck_assert_uint_eq(PUBADDR_MOVED, says("2001:db8::7", HOURS(24)));
}
END_TEST


START_TEST(silence_changes_nothing)
{
	begin(1);
	(void)says("203.0.113.7", 0);
	ck_assert_uint_eq(PUBADDR_ASK, pubaddr_tick(&p, 30000));
	ck_assert_uint_eq(0, silence(34000));
	ck_assert_uint_ge(pubaddr_deadline(&p), 34000 + 27000);
	ck_assert_uint_eq(0, says("203.0.113.7", 70000));
	(void)pubaddr_tick(&p, 100000);
	(void)silence(104000);
	ck_assert_uint_eq(PUBADDR_MOVED, says("203.0.113.8", 140000));
}
END_TEST


START_TEST(who_changes_his_mind_in_every_answer_is_not_believed)
{
	unsigned moved = 0;
	msec_t now;
	char ip[] = "203.0.113.0";

	begin(1);
	/* a day of it */
	for (now = 0; now < HOURS(24); now += 30000) {
		ip[10] = (char)('0' + now / 30000 % 10);
		moved += says(ip, now) == PUBADDR_MOVED;
	}

	ck_assert_uint_eq(PUBADDR_FLAPS - 1, moved);
	ck_assert(pubaddr_flapping(&p));

	/* of one mind for 10 minutes: that counts, once */
	for (; now < HOURS(24) + MINUTES(10); now += 30000)
		ck_assert_uint_eq(0, says("198.51.100.7", now));
	ck_assert(pubaddr_flapping(&p));
	ck_assert_uint_eq(PUBADDR_MOVED, says("198.51.100.7", now));
	ck_assert(!pubaddr_flapping(&p));
	ck_assert_uint_eq(0, says("198.51.100.7", now + 30000));
}
END_TEST


START_TEST(who_comes_back_to_what_he_said_has_not_moved)
{
	msec_t now;

	begin(1);
	(void)says("203.0.113.1", 0);
	(void)says("203.0.113.2", 30000);
	ck_assert_uint_eq(PUBADDR_MOVED, says("203.0.113.1", 60000));
	ck_assert_uint_eq(0, says("203.0.113.2", 90000));
	ck_assert(pubaddr_flapping(&p));
	for (now = 120000; now <= 120000 + MINUTES(10); now += 30000)
		ck_assert_uint_eq(0, says("203.0.113.1", now));
	ck_assert(!pubaddr_flapping(&p));
}
END_TEST


START_TEST(a_few_changes_a_day_are_believed_for_ever)
{
	char ip[] = "203.0.113.0";

	begin(1);
	(void)says(ip, 0);
	for (unsigned i = 1; i < 1000; i++) {
		ip[10] = (char)('0' + i % 10);
		ck_assert_uint_eq(PUBADDR_MOVED,
				  says(ip, i * (MINUTES(5) + 1)));
	}
}
END_TEST


START_TEST(a_change_of_our_own_is_no_flapping)
{
	char ip[] = "203.0.113.0";

	begin(1);
	(void)says(ip, 0);
	for (unsigned i = 1; i < 20; i++) {
		const msec_t now = i * SECONDS(20);

		ip[10] = (char)('0' + i % 10);
		(void)pubaddr_on_network(&p, now);
		ck_assert_uint_eq(PUBADDR_MOVED, says(ip, now));
	}
	ck_assert(!pubaddr_flapping(&p));
}
END_TEST


START_TEST(a_local_event_asks_at_once_but_not_twice_a_second)
{
	begin(2);
	(void)says("203.0.113.7", 5000);
	ck_assert_uint_eq(PUBADDR_ASK, pubaddr_on_network(&p, 10000));
	/* also while it is asked, then anew */
	ck_assert_uint_eq(0, pubaddr_on_network(&p, 10400));
	ck_assert_uint_eq(11000, pubaddr_deadline(&p));
	ck_assert_uint_eq(PUBADDR_ASK, pubaddr_tick(&p, 11000));
	(void)silence(15000);
	ck_assert_uint_eq(1, p.server);
	ck_assert_uint_eq(PUBADDR_ASK, pubaddr_on_network(&p, 17000));
	ck_assert_uint_eq(0, p.server);
}
END_TEST


START_TEST(the_second_server_is_asked_when_the_first_is_silent)
{
	const struct addr a = addr_of("203.0.113.7", 1);

	begin(2);
	ck_assert_uint_eq(PUBADDR_ASK, pubaddr_tick(&p, 0));
	ck_assert_uint_eq(PUBADDR_ASK, silence(4000));
	ck_assert_uint_eq(1, p.server);
	ck_assert_uint_eq(NEVER, pubaddr_deadline(&p));
	ck_assert_uint_eq(0, pubaddr_on_answer(&p, &a, 4000));
	ck_assert(addr_equal(&a, pubaddr_addr(&p)));

	/* the next round begins with the first; now both are silent */
	ck_assert_uint_eq(PUBADDR_ASK, pubaddr_tick(&p, 34000));
	ck_assert_uint_eq(0, p.server);
	ck_assert_uint_eq(PUBADDR_ASK, silence(38000));
	ck_assert_uint_eq(0, silence(42000));
	ck_assert_uint_ge(pubaddr_deadline(&p), 42000 + 27000);
}
END_TEST


/* A round in which the first is silent and the second says this. */
static unsigned second_says(const char *ip, msec_t now)
{
	const struct addr a = addr_of(ip, 1);

	p.asking = false;
	p.ask_at = now;
	(void)pubaddr_tick(&p, now);
	(void)silence(now);

	return pubaddr_on_answer(&p, &a, now);
}


START_TEST(each_server_is_compared_with_itself)
{
	begin(2);
	(void)says("203.0.113.1", 0);
	/* it may have changed just when the first fell silent */
	ck_assert_uint_eq(PUBADDR_MOVED, second_says("203.0.113.2", 30000));
	for (unsigned i = 1; i < 100; i++) {
		const msec_t now = i * 60000;

		ck_assert_uint_eq(0, says("203.0.113.1", now));
		ck_assert_uint_eq(0, second_says("203.0.113.2", now + 30000));
	}
	ck_assert(!pubaddr_flapping(&p));
	ck_assert_uint_eq(PUBADDR_MOVED, second_says("203.0.113.3",
						     MINUTES(101)));
}
END_TEST


Suite *suite_pubaddr(void)
{
	Suite *s = suite_create("pubaddr");
	TCase *tc = tcase_create("core");

	tcase_add_test(tc, it_is_asked_at_once_and_then_every_interval);
	tcase_add_test(tc, the_first_answer_is_no_change);
	tcase_add_test(tc,
		another_address_is_a_change_and_another_port_is_none);
	tcase_add_test(tc, silence_changes_nothing);
	tcase_add_test(tc,
		who_changes_his_mind_in_every_answer_is_not_believed);
	tcase_add_test(tc, who_comes_back_to_what_he_said_has_not_moved);
	tcase_add_test(tc, a_few_changes_a_day_are_believed_for_ever);
	tcase_add_test(tc, a_change_of_our_own_is_no_flapping);
	tcase_add_test(tc,
		a_local_event_asks_at_once_but_not_twice_a_second);
	tcase_add_test(tc,
		the_second_server_is_asked_when_the_first_is_silent);
	tcase_add_test(tc, each_server_is_compared_with_itself);
	suite_add_tcase(s, tc);

	return s;
}
