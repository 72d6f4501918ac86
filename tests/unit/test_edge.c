/* core/edge.c (SCENARIOS T15) */

#include <check.h>
#include "edge.h"


#define NODES 20

Suite *suite_edge(void);


static struct edge e;
static struct pace_node nodev[NODES];


/* An edge without pace at which everybody wants to connect. */
static void setup(void)
{
	edge_init(&e, 0, 0, NULL, NULL, 0);
	for (unsigned i = 0; i < NODES; i++) {
		nodev[i] = (struct pace_node){0};
		pace_ask(&e.connects, &nodev[i], PACE_NEW);
	}
}


static struct pace_node *next(msec_t now)
{
	return edge_next_connect(&e, now);
}


/* Knocks and fails at each deadline until `until`; how often. */
static unsigned knock_until(msec_t now, msec_t until)
{
	unsigned n = 0;

	for (;;) {
		now = edge_deadline(&e, now);
		if (now >= until)
			return n;
		ck_assert_ptr_nonnull(next(now));
		pace_ask(&e.connects, &nodev[n % NODES], PACE_NEW);
		edge_on_failed(&e, now);
		++n;
	}
}


START_TEST(an_edge_that_is_up_lets_all_connect)
{
	ck_assert_uint_eq(edge_deadline(&e, 0), 0);
	for (unsigned i = 0; i < NODES; i++)
		ck_assert_ptr_eq(next(0), &nodev[i]);
	ck_assert_ptr_null(next(0));
	ck_assert_uint_eq(edge_deadline(&e, 0), NEVER);
}
END_TEST


START_TEST(connects_and_registers_have_their_own_pace)
{
	struct pace_node a = {0}, b = {0};

	edge_init(&e, 1, 2, NULL, NULL, 0);
	pace_ask(&e.connects, &a, PACE_NEW);
	pace_ask(&e.registers, &b, PACE_NEW);
	ck_assert_ptr_eq(next(0), &a);
	ck_assert_ptr_eq(edge_next_register(&e, 0), &b);
	pace_ask(&e.connects, &a, PACE_NEW);
	pace_ask(&e.registers, &b, PACE_NEW);
	ck_assert_uint_eq(edge_deadline(&e, 0), 500);
	ck_assert_ptr_null(next(500));
	ck_assert_ptr_eq(edge_next_register(&e, 500), &b);
	ck_assert_uint_eq(edge_deadline(&e, 500), 1000);
}
END_TEST


START_TEST(all_edges_share_the_overall_buckets)
{
	struct bucket connects, registers;
	struct pace_node a = {0};
	struct edge other;

	bucket_init(&connects, 1, 0);
	bucket_init(&registers, 1, 0);
	edge_init(&e, 0, 0, &connects, &registers, 0);
	edge_init(&other, 0, 0, &connects, &registers, 0);
	pace_ask(&e.connects, &nodev[0], PACE_NEW);
	pace_ask(&other.connects, &a, PACE_NEW);
	ck_assert_ptr_nonnull(edge_next_connect(&other, 0));
	ck_assert_ptr_null(next(0));
}
END_TEST


START_TEST(a_failed_connect_takes_it_down)
{
	edge_on_failed(&e, 1000);
	ck_assert(e.down);
	ck_assert_uint_eq(e.down_since, 1000);
}
END_TEST


START_TEST(a_proven_flow_keeps_it_up)
{
	edge_on_proven(&e);
	edge_on_failed(&e, 1000);
	ck_assert(!e.down);
}
END_TEST


START_TEST(after_its_last_proven_flow_a_failure_takes_it_down)
{
	edge_on_proven(&e);
	edge_on_proven(&e);
	edge_on_proven_lost(&e);
	edge_on_failed(&e, 1000);
	ck_assert(!e.down);
	edge_on_proven_lost(&e);
	ck_assert(!e.down);
	edge_on_failed(&e, 2000);
	ck_assert(e.down);
}
END_TEST


START_TEST(more_losses_than_proofs_do_no_harm)
{
	edge_on_proven_lost(&e);
	edge_on_proven(&e);
	edge_on_failed(&e, 0);
	ck_assert(!e.down);
}
END_TEST


START_TEST(the_first_knock_is_one_second_after_the_failure)
{
	edge_on_failed(&e, 1000);
	ck_assert_uint_eq(edge_deadline(&e, 1000), 2000);
	ck_assert_ptr_null(next(1999));
	ck_assert_ptr_eq(next(2000), &nodev[0]);
}
END_TEST


START_TEST(only_one_knocks_at_a_time)
{
	edge_on_failed(&e, 0);
	ck_assert_ptr_nonnull(next(1000));
	ck_assert_ptr_null(next(1000));
	ck_assert_ptr_null(next(9000));
	ck_assert_uint_eq(edge_deadline(&e, 9000), NEVER);
}
END_TEST


START_TEST(a_failed_knock_is_followed_by_another_in_a_second)
{
	edge_on_failed(&e, 0);
	next(1000);
	edge_on_failed(&e, 11000);
	ck_assert_uint_eq(edge_deadline(&e, 11000), 12000);
	ck_assert_ptr_nonnull(next(12000));
}
END_TEST


START_TEST(in_the_first_minute_it_knocks_every_second)
{
	edge_on_failed(&e, 0);
	ck_assert_uint_eq(knock_until(0, 60001), 60);
}
END_TEST


START_TEST(then_the_waits_double_to_30_s)
{
	static const msec_t atv[] = {
		62000, 66000, 74000, 90000, 120000, 150000, 180000,
	};

	edge_on_failed(&e, 0);
	knock_until(0, 60001);
	for (unsigned i = 0; i < sizeof(atv) / sizeof(atv[0]); i++) {
		ck_assert_uint_eq(edge_deadline(&e, 60000), atv[i]);
		ck_assert_ptr_nonnull(next(atv[i]));
		pace_ask(&e.connects, &nodev[i], PACE_NEW);
		edge_on_failed(&e, atv[i]);
	}
}
END_TEST


START_TEST(for_hours_it_knocks_every_30_s)
{
	edge_on_failed(&e, 0);
	knock_until(0, HOURS(1));
	ck_assert_uint_eq(knock_until(HOURS(1), HOURS(2)), 120);
}
END_TEST


START_TEST(one_that_fails_late_does_not_move_the_knock)
{
	edge_on_failed(&e, 1000);
	edge_on_failed(&e, 1900);
	ck_assert_uint_eq(edge_deadline(&e, 1900), 2000);
	ck_assert_uint_eq(e.down_since, 1000);
}
END_TEST


START_TEST(a_connection_brings_all_back)
{
	edge_on_failed(&e, 0);
	next(1000);
	edge_on_connected(&e);
	ck_assert(!e.down);
	for (unsigned i = 1; i < NODES; i++)
		ck_assert_ptr_eq(next(1001), &nodev[i]);
}
END_TEST


START_TEST(they_come_back_paced)
{
	struct pace_node a = {0}, b = {0}, c = {0};

	edge_init(&e, 10, 0, NULL, NULL, 0);
	pace_ask(&e.connects, &a, PACE_RETURN);
	pace_ask(&e.connects, &b, PACE_RETURN);
	pace_ask(&e.connects, &c, PACE_RETURN);
	edge_on_failed(&e, 0);
	ck_assert_ptr_eq(next(1000), &a);
	edge_on_connected(&e);
	ck_assert_uint_eq(edge_deadline(&e, 1000), 1100);
	ck_assert_ptr_eq(next(1100), &b);
	ck_assert_ptr_null(next(1199));
	ck_assert_ptr_eq(next(1200), &c);
}
END_TEST


START_TEST(a_flow_that_becomes_proven_brings_it_up)
{
	edge_on_failed(&e, 0);
	edge_on_proven(&e);
	ck_assert(!e.down);
}
END_TEST


START_TEST(a_second_outage_begins_with_fast_knocks_again)
{
	edge_on_failed(&e, 0);
	knock_until(0, HOURS(1));
	edge_on_connected(&e);
	edge_on_failed(&e, HOURS(1));
	ck_assert_uint_eq(knock_until(HOURS(1), HOURS(1) + 60001), 60);
}
END_TEST


START_TEST(a_knock_needs_a_token_too)
{
	struct bucket all;

	bucket_init(&all, 1, 500);
	e.connects.overall = &all;
	ck_assert_ptr_nonnull(next(500));
	edge_on_failed(&e, 500);
	ck_assert_ptr_nonnull(next(1500));
	edge_on_failed(&e, 1500);
	all.level = -500;        /* others were there, urgently */
	ck_assert_uint_eq(edge_deadline(&e, 1500), 3000);
	ck_assert_ptr_null(next(2999));
	ck_assert(!e.knocking);
	ck_assert_ptr_nonnull(next(3000));
	ck_assert(e.knocking);
}
END_TEST


START_TEST(a_knock_that_nobody_wants_is_not_under_way)
{
	edge_init(&e, 0, 0, NULL, NULL, 0);
	edge_on_failed(&e, 0);
	ck_assert_ptr_null(next(5000));
	ck_assert(!e.knocking);
	ck_assert_uint_eq(edge_deadline(&e, 5000), NEVER);
}
END_TEST


START_TEST(a_knock_given_up_lets_another_knock_in_a_second)
{
	edge_on_failed(&e, 0);
	ck_assert_ptr_eq(next(1000), &nodev[0]);
	edge_on_given_up(&e, 1500);
	ck_assert(e.down);
	ck_assert_uint_eq(edge_deadline(&e, 1500), 2500);
	ck_assert_ptr_eq(next(2500), &nodev[1]);
}
END_TEST


START_TEST(giving_up_without_a_knock_changes_nothing)
{
	edge_on_failed(&e, 0);
	edge_on_given_up(&e, 500);
	ck_assert_uint_eq(edge_deadline(&e, 500), 1000);
}
END_TEST


START_TEST(a_hold_stops_connects_and_registers)
{
	struct pace_node a = {0};

	pace_ask(&e.registers, &a, PACE_URGENT);
	edge_on_hold(&e, 30000);
	ck_assert_ptr_null(next(29999));
	ck_assert_ptr_null(edge_next_register(&e, 29999));
	ck_assert_uint_eq(edge_deadline(&e, 0), 30000);
	ck_assert_ptr_nonnull(next(30000));
	ck_assert_ptr_eq(edge_next_register(&e, 30000), &a);
}
END_TEST


START_TEST(a_hold_stops_the_knock_too)
{
	edge_on_failed(&e, 0);
	edge_on_hold(&e, 30000);
	ck_assert_ptr_null(next(1000));
	ck_assert_uint_eq(edge_deadline(&e, 1000), 30000);
}
END_TEST


START_TEST(a_hold_is_never_shortened_by_another)
{
	edge_on_hold(&e, 30000);
	edge_on_hold(&e, 10000);
	ck_assert_uint_eq(edge_deadline(&e, 0), 30000);
}
END_TEST


START_TEST(the_operator_ends_a_hold)
{
	edge_on_hold(&e, 30000);
	edge_end_hold(&e);
	ck_assert_ptr_nonnull(next(1));
}
END_TEST


START_TEST(a_hold_that_nobody_waits_for_is_no_deadline)
{
	edge_init(&e, 0, 0, NULL, NULL, 0);
	edge_on_hold(&e, 30000);
	ck_assert_uint_eq(edge_deadline(&e, 0), NEVER);
}
END_TEST


START_TEST(a_local_event_knocks_at_once)
{
	edge_on_failed(&e, 0);
	knock_until(0, HOURS(1));
	edge_on_local_event(&e, HOURS(1));
	ck_assert_uint_eq(edge_deadline(&e, HOURS(1)), HOURS(1));
	ck_assert_ptr_nonnull(next(HOURS(1)));
}
END_TEST


START_TEST(after_a_local_event_the_waits_grow_from_the_start)
{
	edge_on_failed(&e, 0);
	knock_until(0, HOURS(1));
	edge_on_local_event(&e, HOURS(1));
	/* at 0, 2, 6, 14, 30, then every 30 s */
	ck_assert_uint_eq(knock_until(HOURS(1), HOURS(1) + 60000), 5);
}
END_TEST


START_TEST(local_events_knock_once_in_10_s)
{
	edge_on_failed(&e, 0);
	edge_on_local_event(&e, 0);
	next(0);
	edge_on_failed(&e, 0);
	edge_on_local_event(&e, 500);
	ck_assert_uint_eq(edge_deadline(&e, 500), 1000);
	next(1000);
	edge_on_failed(&e, 9999);
	edge_on_local_event(&e, 9999);
	ck_assert_uint_eq(edge_deadline(&e, 9999), 10999);
	edge_on_local_event(&e, 10000);
	ck_assert_uint_eq(edge_deadline(&e, 10000), 10000);
}
END_TEST


START_TEST(a_local_event_starts_no_second_knock)
{
	edge_on_failed(&e, 0);
	next(1000);
	edge_on_local_event(&e, 2000);
	ck_assert_ptr_null(next(2000));
}
END_TEST


START_TEST(a_local_event_ends_no_hold)
{
	edge_on_failed(&e, 0);
	edge_on_hold(&e, 30000);
	edge_on_local_event(&e, 2000);
	ck_assert_ptr_null(next(2000));
}
END_TEST


START_TEST(a_local_event_is_nothing_to_an_edge_that_is_up)
{
	edge_on_local_event(&e, 2000);
	ck_assert_uint_eq(e.local_at, NEVER);
	edge_on_failed(&e, 3000);
	ck_assert_uint_eq(edge_deadline(&e, 3000), 4000);
}
END_TEST


/* All have gone to another address of the name at 0. */
static void deserted(void)
{
	edge_init(&e, 0, 0, NULL, NULL, 0);
	edge_on_failed(&e, 0);
}


START_TEST(down_without_a_knock_for_a_minute_is_not_avoided_any_more)
{
	deserted();
	ck_assert(edge_avoid(&e, 0));
	ck_assert(edge_avoid(&e, 59999));
	ck_assert(!edge_avoid(&e, 60000));
	ck_assert(!edge_avoid(&e, HOURS(1000)));
}
END_TEST


START_TEST(a_minute_counts_from_the_last_knock)
{
	edge_on_failed(&e, 0);
	knock_until(0, HOURS(1));
	ck_assert(edge_avoid(&e, HOURS(1) + 29000));
	ck_assert_ptr_nonnull(next(HOURS(1) + 30000));
	/* under way, however long it takes */
	ck_assert(edge_avoid(&e, HOURS(2)));
	edge_on_failed(&e, HOURS(2));
	ck_assert(edge_avoid(&e, HOURS(2) + 59999));
	ck_assert(!edge_avoid(&e, HOURS(2) + 60000));
}
END_TEST


START_TEST(a_knock_that_was_given_up_counts_for_the_minute_too)
{
	struct pace_node a = {0};

	deserted();
	pace_ask(&e.connects, &a, PACE_NEW);
	ck_assert_ptr_eq(next(30000), &a);
	edge_on_given_up(&e, 30250);
	ck_assert(edge_avoid(&e, 89999));
	ck_assert(!edge_avoid(&e, 90000));
}
END_TEST


START_TEST(while_somebody_knocks_it_is_avoided_for_days)
{
	msec_t now = 0;

	edge_on_failed(&e, 0);
	for (unsigned i = 0; i < 10000; i++) {
		now = edge_deadline(&e, now);
		ck_assert(edge_avoid(&e, now));
		ck_assert_ptr_nonnull(next(now));
		pace_ask(&e.connects, &nodev[0], PACE_NEW);
		ck_assert(edge_avoid(&e, now + 10000));
		edge_on_failed(&e, now + 10000);
		now += 10000;
	}
}
END_TEST


/* It must not become a herd: whoever has another address goes there. */
START_TEST(after_long_silence_one_goes_and_the_others_wait_for_him)
{
	deserted();
	for (unsigned i = 0; i < NODES; i++) {
		nodev[i] = (struct pace_node){0};
		pace_ask(&e.connects, &nodev[i], PACE_RETURN);
	}
	ck_assert_ptr_eq(next(90000), &nodev[0]);
	ck_assert_ptr_null(next(90000));
	ck_assert_uint_eq(edge_deadline(&e, 90000), NEVER);
	ck_assert(edge_avoid(&e, 90000));
	edge_on_connected(&e);
	ck_assert(!edge_avoid(&e, 90100));
	for (unsigned i = 1; i < NODES; i++)
		ck_assert_ptr_eq(next(90100), &nodev[i]);
}
END_TEST


/* So that the caller sees it go down and lets those who queue choose again. */
START_TEST(if_that_one_fails_it_goes_down_once_more)
{
	struct pace_node a = {0};

	deserted();
	pace_ask(&e.connects, &a, PACE_RETURN);
	ck_assert_ptr_eq(next(90000), &a);
	ck_assert(!e.down);
	edge_on_failed(&e, 100000);
	ck_assert(e.down);
	ck_assert(edge_avoid(&e, 100000));
	ck_assert(!edge_avoid(&e, 160000));
}
END_TEST


START_TEST(and_its_waits_go_on_where_they_were)
{
	struct pace_node a = {0};

	edge_on_failed(&e, 0);
	knock_until(0, HOURS(1));
	pace_take_all(&e.connects);
	pace_ask(&e.connects, &a, PACE_RETURN);
	ck_assert_ptr_eq(next(HOURS(2)), &a);
	edge_on_failed(&e, HOURS(2));
	ck_assert_uint_eq(e.down_since, 0);
	pace_ask(&e.connects, &a, PACE_RETURN);
	ck_assert_uint_eq(edge_deadline(&e, HOURS(2)), HOURS(2) + 30000);
}
END_TEST


START_TEST(an_outage_after_it_was_up_begins_with_fast_knocks)
{
	struct pace_node a = {0};

	deserted();
	pace_ask(&e.connects, &a, PACE_RETURN);
	next(90000);
	edge_on_connected(&e);
	edge_on_failed(&e, 100000);
	ck_assert_uint_eq(e.down_since, 100000);
	pace_ask(&e.connects, &a, PACE_RETURN);
	ck_assert_uint_eq(edge_deadline(&e, 100000), 101000);
}
END_TEST


/* It says nothing, and nothing recent is known. */
START_TEST(if_that_one_is_given_up_all_may_go)
{
	struct pace_node a = {0}, b = {0};

	deserted();
	pace_ask(&e.connects, &a, PACE_RETURN);
	pace_ask(&e.connects, &b, PACE_RETURN);
	ck_assert_ptr_eq(next(90000), &a);
	edge_on_given_up(&e, 90250);
	ck_assert(!edge_avoid(&e, 90250));
	ck_assert_ptr_eq(next(90250), &b);
	edge_on_failed(&e, 90300);
	ck_assert(edge_avoid(&e, 90300));
}
END_TEST


START_TEST(a_hold_is_kept_however_old_the_failure)
{
	deserted();
	edge_on_hold(&e, 120000);
	ck_assert(edge_avoid(&e, 119999));
	ck_assert(!edge_avoid(&e, 120000));
}
END_TEST


/* --- doubted flows --- */

/* Everybody's flow is doubted. */
static void doubted(void)
{
	edge_init(&e, 0, 0, NULL, NULL, 0);
	for (unsigned i = 0; i < NODES; i++) {
		nodev[i] = (struct pace_node){0};
		pace_ask(&e.replacements, &nodev[i], PACE_RETURN);
	}
}


START_TEST(one_flow_is_replaced_first_for_ten_seconds)
{
	doubted();
	ck_assert_uint_eq(edge_deadline(&e, 0), 0);
	ck_assert_ptr_eq(edge_next_replacement(&e, 0), &nodev[0]);
	ck_assert(e.replacing);
	ck_assert_ptr_null(edge_next_replacement(&e, 0));
	ck_assert_ptr_null(edge_next_replacement(&e, 9999));
	ck_assert_uint_eq(edge_deadline(&e, 9999), 10000);
	ck_assert_ptr_eq(edge_next_replacement(&e, 10000), &nodev[1]);
	ck_assert_ptr_null(edge_next_replacement(&e, 10000));
	ck_assert_uint_eq(edge_deadline(&e, 10000), 20000);
}
END_TEST


START_TEST(when_it_worked_the_others_follow_at_once)
{
	doubted();
	edge_next_replacement(&e, 0);
	edge_on_replaced(&e, 200);
	ck_assert_uint_eq(edge_deadline(&e, 200), 200);
	for (unsigned i = 1; i < NODES; i++)
		ck_assert_ptr_eq(edge_next_replacement(&e, 200), &nodev[i]);
	ck_assert(!e.replacing);
}
END_TEST


START_TEST(that_is_believed_for_ten_seconds)
{
	doubted();
	edge_next_replacement(&e, 0);
	edge_on_replaced(&e, 200);
	ck_assert_ptr_eq(edge_next_replacement(&e, 10199), &nodev[1]);
	ck_assert_ptr_eq(edge_next_replacement(&e, 10200), &nodev[2]);
	ck_assert(e.replacing);
	ck_assert_ptr_null(edge_next_replacement(&e, 10200));
}
END_TEST


START_TEST(when_it_did_not_the_next_one_tries)
{
	doubted();
	edge_next_replacement(&e, 0);
	edge_on_not_replaced(&e);
	ck_assert_uint_eq(edge_deadline(&e, 500), 500);
	ck_assert_ptr_eq(edge_next_replacement(&e, 500), &nodev[1]);
	ck_assert_ptr_null(edge_next_replacement(&e, 500));
}
END_TEST


START_TEST(replacements_do_not_hold_up_anything_else)
{
	struct pace_node other = {0};

	doubted();
	edge_next_replacement(&e, 0);
	pace_ask(&e.registers, &other, PACE_NEW);
	ck_assert_uint_eq(edge_deadline(&e, 100), 100);
	ck_assert_ptr_eq(edge_next_register(&e, 100), &other);
	pace_ask(&e.connects, &other, PACE_NEW);
	ck_assert_ptr_eq(next(100), &other);
}
END_TEST


Suite *suite_edge(void)
{
	Suite *s = suite_create("edge");
	TCase *tc = tcase_create("edge");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, an_edge_that_is_up_lets_all_connect);
	tcase_add_test(tc, connects_and_registers_have_their_own_pace);
	tcase_add_test(tc, all_edges_share_the_overall_buckets);
	tcase_add_test(tc, a_failed_connect_takes_it_down);
	tcase_add_test(tc, a_proven_flow_keeps_it_up);
	tcase_add_test(tc, after_its_last_proven_flow_a_failure_takes_it_down);
	tcase_add_test(tc, more_losses_than_proofs_do_no_harm);
	tcase_add_test(tc, the_first_knock_is_one_second_after_the_failure);
	tcase_add_test(tc, only_one_knocks_at_a_time);
	tcase_add_test(tc, a_failed_knock_is_followed_by_another_in_a_second);
	tcase_add_test(tc, in_the_first_minute_it_knocks_every_second);
	tcase_add_test(tc, then_the_waits_double_to_30_s);
	tcase_add_test(tc, for_hours_it_knocks_every_30_s);
	tcase_add_test(tc, one_that_fails_late_does_not_move_the_knock);
	tcase_add_test(tc, a_connection_brings_all_back);
	tcase_add_test(tc, they_come_back_paced);
	tcase_add_test(tc, a_flow_that_becomes_proven_brings_it_up);
	tcase_add_test(tc, a_second_outage_begins_with_fast_knocks_again);
	tcase_add_test(tc, a_knock_needs_a_token_too);
	tcase_add_test(tc, a_knock_that_nobody_wants_is_not_under_way);
	tcase_add_test(tc, a_knock_given_up_lets_another_knock_in_a_second);
	tcase_add_test(tc, giving_up_without_a_knock_changes_nothing);
	tcase_add_test(tc, a_hold_stops_connects_and_registers);
	tcase_add_test(tc, a_hold_stops_the_knock_too);
	tcase_add_test(tc, a_hold_is_never_shortened_by_another);
	tcase_add_test(tc, the_operator_ends_a_hold);
	tcase_add_test(tc, a_hold_that_nobody_waits_for_is_no_deadline);
	tcase_add_test(tc, a_local_event_knocks_at_once);
	tcase_add_test(tc, after_a_local_event_the_waits_grow_from_the_start);
	tcase_add_test(tc, local_events_knock_once_in_10_s);
	tcase_add_test(tc, a_local_event_starts_no_second_knock);
	tcase_add_test(tc, a_local_event_ends_no_hold);
	tcase_add_test(tc, a_local_event_is_nothing_to_an_edge_that_is_up);
	tcase_add_test(tc,
		down_without_a_knock_for_a_minute_is_not_avoided_any_more);
	tcase_add_test(tc, a_minute_counts_from_the_last_knock);
	tcase_add_test(tc,
		a_knock_that_was_given_up_counts_for_the_minute_too);
	tcase_add_test(tc, while_somebody_knocks_it_is_avoided_for_days);
	tcase_add_test(tc,
		after_long_silence_one_goes_and_the_others_wait_for_him);
	tcase_add_test(tc, if_that_one_fails_it_goes_down_once_more);
	tcase_add_test(tc, and_its_waits_go_on_where_they_were);
	tcase_add_test(tc, an_outage_after_it_was_up_begins_with_fast_knocks);
	tcase_add_test(tc, if_that_one_is_given_up_all_may_go);
	tcase_add_test(tc, a_hold_is_kept_however_old_the_failure);
	tcase_add_test(tc, one_flow_is_replaced_first_for_ten_seconds);
	tcase_add_test(tc, when_it_worked_the_others_follow_at_once);
	tcase_add_test(tc, that_is_believed_for_ten_seconds);
	tcase_add_test(tc, when_it_did_not_the_next_one_tries);
	tcase_add_test(tc, replacements_do_not_hold_up_anything_else);
	suite_add_tcase(s, tc);

	return s;
}
