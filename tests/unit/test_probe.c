/* core/probe.c (SCENARIOS T17) */

#include <check.h>
#include "probe.h"


#define INTERVAL SECONDS(300)

Suite *suite_probe(void);


static struct probe_policy policy;
static struct probe p;
static msec_t now;


static void setup(void)
{
	policy = (struct probe_policy){ .enabled = true, .interval = INTERVAL };
	probe_init(&p, &policy, 7);
	now = HOURS(1);
}


static unsigned bound(unsigned foreign)
{
	return probe_on_bound(&p, true, foreign, now);
}


static unsigned refreshed(unsigned foreign)
{
	return probe_on_bound(&p, false, foreign, now);
}


static unsigned answer(uint16_t code)
{
	return probe_on_answer(&p, code, now);
}


/* To the deadline. */
static unsigned wait(void)
{
	unsigned acts;

	ck_assert_uint_ne(probe_deadline(&p), NEVER);
	ck_assert_uint_gt(probe_deadline(&p), now);
	now = probe_deadline(&p);
	acts = probe_on_timer(&p, now);
	ck_assert_uint_gt(probe_deadline(&p), now);
	if (acts & (PROBE_SEND | PROBE_SEND_ON_FLOW))
		probe_on_sent(&p, true, now);

	return acts;
}


static void check_wait(msec_t low, msec_t high)
{
	ck_assert_uint_ge(clock_left(probe_deadline(&p), now), low);
	ck_assert_uint_le(clock_left(probe_deadline(&p), now), high);
}


static void check_result(enum probe_result result)
{
	ck_assert_str_eq(probe_result_name((enum probe_result)p.result),
			 probe_result_name(result));
}


static void check_off(void)
{
	ck_assert(!p.out);
	ck_assert_uint_eq(probe_deadline(&p), NEVER);
}


/* Sent and come back. */
static void prove(void)
{
	bound(0);
	ck_assert_uint_eq(wait(), PROBE_SEND);
	now += 50;
	ck_assert_uint_eq(probe_on_arrived(&p, now), PROBE_TELL);
	now += 50;
	ck_assert_uint_eq(answer(200), PROBE_CLOSE);
	check_result(PROBE_PROVEN);
}


/* Sent and not heard of again. */
static unsigned lose(void)
{
	ck_assert_uint_eq(wait(), PROBE_SEND);
	check_wait(SECONDS(8), SECONDS(8));

	return wait();
}


START_TEST(nothing_is_armed_before_there_is_a_binding)
{
	check_off();
	ck_assert_uint_eq(probe_on_timer(&p, now), 0);
	ck_assert_uint_eq(probe_on_doubt(&p, now), 0);
	ck_assert_uint_eq(probe_on_ask(&p, now), 0);
	check_off();
}
END_TEST


START_TEST(t17_the_first_one_follows_a_binding_and_proves_it)
{
	ck_assert_uint_eq(bound(0), 0);
	check_wait(SECONDS(1), SECONDS(3));
	ck_assert_uint_eq(probe_on_timer(&p, now), 0);
	prove();
	ck_assert_uint_eq(p.proven_at, now - 50);
	ck_assert_uint_eq(p.code, 200);
	check_wait(SECONDS(270), SECONDS(330));
}
END_TEST


START_TEST(the_next_one_that_comes_back_is_no_news)
{
	prove();
	for (unsigned i = 0; i < 5; i++) {
		ck_assert_uint_eq(wait(), PROBE_SEND);
		ck_assert_uint_eq(probe_on_arrived(&p, now), 0);
		ck_assert_uint_eq(answer(200), PROBE_CLOSE);
		check_wait(SECONDS(270), SECONDS(330));
	}
}
END_TEST


START_TEST(without_its_answer_it_is_over_after_a_while)
{
	bound(0);
	wait();
	ck_assert_uint_eq(probe_on_arrived(&p, now), PROBE_TELL);
	ck_assert_uint_eq(wait(), PROBE_CLOSE);
	check_result(PROBE_PROVEN);
	check_wait(SECONDS(270), SECONDS(330));
}
END_TEST


START_TEST(an_answer_that_came_with_it_is_good_whatever_it_says)
{
	static const uint16_t codev[] = { 200, 404, 403, 503, 407 };

	for (unsigned i = 0; i < 5; i++) {
		setup();
		bound(0);
		wait();
		probe_on_arrived(&p, now);
		ck_assert_uint_eq(answer(codev[i]), PROBE_CLOSE);
		check_result(PROBE_PROVEN);
	}
}
END_TEST


START_TEST(refreshes_do_not_move_it)
{
	msec_t at;

	prove();
	at = probe_deadline(&p);
	for (unsigned i = 0; i < 10; i++) {
		now += SECONDS(10);
		ck_assert_uint_eq(refreshed(0), 0);
		ck_assert_uint_eq(probe_deadline(&p), at);
	}
	check_result(PROBE_PROVEN);
}
END_TEST


START_TEST(another_contact_or_flow_is_proved_anew)
{
	prove();
	ck_assert_uint_eq(bound(0), 0);
	check_result(PROBE_UNKNOWN);
	check_wait(SECONDS(1), SECONDS(3));
	ck_assert_uint_eq(wait(), PROBE_SEND);
	ck_assert_uint_eq(bound(0), PROBE_CLOSE);
	ck_assert(!p.out);
	check_wait(SECONDS(1), SECONDS(3));
	wait();
	ck_assert_uint_eq(probe_on_arrived(&p, now), 0);
}
END_TEST


START_TEST(t17_two_that_never_came_back_teach_that_none_does_here)
{
	bound(0);
	ck_assert_uint_eq(lose(), PROBE_CLOSE);
	check_result(PROBE_UNKNOWN);
	check_wait(SECONDS(5), SECONDS(5));
	ck_assert_uint_eq(lose(), PROBE_CLOSE | PROBE_TELL);
	check_result(PROBE_NOT_LOOPED);
	check_off();
	refreshed(0);
	check_off();
	bound(0);
	check_wait(SECONDS(1), SECONDS(3));
}
END_TEST


START_TEST(t17_a_200_without_an_arrival_is_the_registrars_own)
{
	bound(0);
	wait();
	ck_assert_uint_eq(answer(200), PROBE_CLOSE);
	wait();
	ck_assert_uint_eq(answer(200), PROBE_CLOSE | PROBE_TELL);
	check_result(PROBE_NOT_LOOPED);
	check_off();
}
END_TEST


START_TEST(a_lost_one_asks_for_a_register_and_is_tried_again)
{
	prove();
	ck_assert_uint_eq(lose(), PROBE_CLOSE | PROBE_VERIFY);
	check_result(PROBE_PROVEN);
	refreshed(0);
	check_wait(SECONDS(5), SECONDS(5));
	ck_assert_uint_eq(wait(), PROBE_SEND);
	ck_assert_uint_eq(probe_on_arrived(&p, now), 0);
	check_result(PROBE_PROVEN);
}
END_TEST


START_TEST(the_second_lost_one_in_a_row_is_an_alarm)
{
	prove();
	lose();
	ck_assert_uint_eq(lose(), PROBE_CLOSE | PROBE_TELL);
	check_result(PROBE_LOST);
	check_wait(SECONDS(270), SECONDS(330));
	ck_assert_uint_eq(lose(), PROBE_CLOSE | PROBE_VERIFY);
	ck_assert_uint_eq(wait(), PROBE_SEND);
	ck_assert_uint_eq(probe_on_arrived(&p, now), PROBE_TELL);
	check_result(PROBE_PROVEN);
}
END_TEST


/* It may have lost its memory again since the REGISTER that did not help. */
START_TEST(n9_while_it_lasts_there_is_a_register_in_each_interval)
{
	prove();
	lose();
	lose();
	for (unsigned i = 0; i < 10; i++) {
		check_result(PROBE_LOST);
		check_wait(INTERVAL - SECONDS(21), INTERVAL);
		ck_assert_uint_eq(lose(), PROBE_CLOSE | PROBE_VERIFY);
		refreshed(0);
		check_wait(SECONDS(5), SECONDS(5));
		ck_assert_uint_eq(lose(), PROBE_CLOSE);
	}
}
END_TEST


START_TEST(one_lost_now_and_then_is_none)
{
	prove();
	for (unsigned i = 0; i < 10; i++) {
		lose();
		wait();
		probe_on_arrived(&p, now);
		answer(200);
		wait();
		probe_on_arrived(&p, now);
		answer(200);
		check_result(PROBE_PROVEN);
	}
}
END_TEST


START_TEST(where_it_came_back_under_an_earlier_contact_it_is_missed_too)
{
	prove();
	now += HOURS(1);
	bound(0);
	ck_assert_uint_eq(lose(), PROBE_CLOSE | PROBE_VERIFY);
	ck_assert_uint_eq(lose(), PROBE_CLOSE | PROBE_TELL);
	check_result(PROBE_LOST);
}
END_TEST


START_TEST(a_late_one_counts)
{
	prove();
	lose();
	lose();
	check_result(PROBE_LOST);
	now += SECONDS(20);
	ck_assert_uint_eq(probe_on_arrived(&p, now), PROBE_TELL);
	check_result(PROBE_PROVEN);
	check_wait(SECONDS(270), SECONDS(330));
}
END_TEST


/* The registrar chose another flow of ours: it does know us. */
START_TEST(one_that_came_in_on_another_flow_is_no_silence_and_no_proof)
{
	(void)bound(0);
	for (unsigned i = 0; i < 4; i++) {
		ck_assert_uint_eq(wait(), PROBE_SEND);
		probe_on_elsewhere(&p);
		ck_assert_uint_eq(wait(), PROBE_CLOSE);
		ck_assert_int_eq(p.result, PROBE_UNKNOWN);
		check_wait(INTERVAL * 9 / 10, INTERVAL * 11 / 10);
	}

	/* a late one, when it was given up as lost */
	for (unsigned i = 0; p.result != PROBE_LOST; i++) {
		ck_assert_uint_lt(i, 10);
		(void)wait();
	}
	probe_on_elsewhere(&p);
	ck_assert_int_eq(p.result, PROBE_UNKNOWN);

	/* and what was proved here stays */
	(void)probe_on_arrived(&p, now);
	probe_on_elsewhere(&p);
	ck_assert_int_eq(p.result, PROBE_PROVEN);
}
END_TEST


START_TEST(t17_a_registrar_that_does_not_know_us_is_registered_at_at_once)
{
	static const uint16_t codev[] = { 404, 480, 430 };

	for (unsigned i = 0; i < 3; i++) {
		setup();
		prove();
		wait();
		ck_assert_uint_eq(answer(codev[i]),
				  PROBE_CLOSE | PROBE_VERIFY);
		check_wait(SECONDS(5), SECONDS(5));
	}
}
END_TEST


START_TEST(t17_one_that_says_404_for_ever_is_left_alone)
{
	bound(0);
	wait();
	ck_assert_uint_eq(answer(404), PROBE_CLOSE | PROBE_VERIFY);
	refreshed(0);
	wait();
	ck_assert_uint_eq(answer(404), PROBE_CLOSE);
	check_result(PROBE_UNKNOWN);     /* it may have forgotten us again */
	wait();
	ck_assert_uint_eq(answer(404),
			  PROBE_CLOSE | PROBE_VERIFY | PROBE_TELL);
	check_result(PROBE_NOT_LOOPED);
	refreshed(0);
	check_off();
}
END_TEST


/* A registrar that says 404 to everything, while every REGISTER makes another
 * Contact: how many REGISTERs in a day? */
static unsigned verified_in_a_day(void)
{
	msec_t end = now + HOURS(24);
	unsigned n = 0;

	bound(0);
	while (now < end && probe_deadline(&p) != NEVER) {
		unsigned acts = wait();

		if (p.out)
			acts |= answer(404);
		if (acts & PROBE_VERIFY) {
			++n;
			now += 50;
			bound(0);
		}
	}

	return n;
}


START_TEST(t17_there_is_one_register_for_it_in_an_interval_at_most)
{
	ck_assert_uint_le(verified_in_a_day(), 24 * 12 + 1);
	setup();
	prove();
	ck_assert_uint_le(verified_in_a_day(), 24 * 12 + 1);
	setup();
	policy.interval = SECONDS(10);
	ck_assert_uint_le(verified_in_a_day(), 24 * 360 + 1);
}
END_TEST


START_TEST(after_a_403_there_is_none_until_a_reload)
{
	bound(0);
	wait();
	ck_assert_uint_eq(answer(403), PROBE_CLOSE | PROBE_TELL);
	check_result(PROBE_REFUSED);
	check_off();
	bound(0);
	check_off();
	ck_assert_uint_eq(probe_on_ask(&p, now), 0);
	probe_on_doubt(&p, now);
	ck_assert_uint_eq(probe_on_arrived(&p, now), 0);
	probe_on_unbound(&p);
	bound(0);
	check_off();
	check_result(PROBE_REFUSED);
	probe_init(&p, &policy, 7);
	bound(0);
	check_wait(SECONDS(1), SECONDS(3));
}
END_TEST


START_TEST(what_is_refused_to_a_stranger_is_tried_over_the_flow)
{
	static const uint16_t codev[] = { 300, 405, 407, 482, 488, 501, 503 };

	for (unsigned i = 0; i < 7; i++) {
		setup();
		bound(0);
		wait();
		ck_assert_uint_eq(answer(codev[i]), PROBE_CLOSE);
		ck_assert_uint_eq(p.silent, 0);
		check_wait(SECONDS(1), SECONDS(1));
		ck_assert_uint_eq(wait(), PROBE_SEND_ON_FLOW);
		ck_assert_uint_eq(probe_on_arrived(&p, now), PROBE_TELL);
		answer(200);
		ck_assert_uint_eq(wait(), PROBE_SEND_ON_FLOW);
		bound(0);
		ck_assert_uint_eq(wait(), PROBE_SEND);
	}
}
END_TEST


START_TEST(what_is_refused_there_too_was_silent)
{
	bound(0);
	wait();
	answer(407);
	wait();
	ck_assert_uint_eq(answer(407), PROBE_CLOSE);
	ck_assert_uint_eq(p.silent, 1);
	check_wait(SECONDS(5), SECONDS(5));
	ck_assert_uint_eq(wait(), PROBE_SEND_ON_FLOW);
	ck_assert_uint_eq(answer(407), PROBE_CLOSE | PROBE_TELL);
	check_result(PROBE_NOT_LOOPED);
	check_off();
}
END_TEST


START_TEST(a_stream_has_no_other_way_than_the_flow)
{
	p.stream = true;
	bound(0);
	ck_assert_uint_eq(wait(), PROBE_SEND_ON_FLOW);
	answer(405);
	ck_assert_uint_eq(p.silent, 1);
	bound(0);
	ck_assert_uint_eq(wait(), PROBE_SEND_ON_FLOW);
}
END_TEST


START_TEST(other_devices_are_not_woken)
{
	bound(1);
	check_off();
	refreshed(0);
	check_wait(SECONDS(1), SECONDS(3));
	refreshed(2);
	check_off();
	check_result(PROBE_UNKNOWN);
}
END_TEST


START_TEST(what_was_proved_before_they_came_stays_proved)
{
	prove();
	refreshed(1);
	check_off();
	check_result(PROBE_PROVEN);
	refreshed(0);
	check_wait(SECONDS(1), SECONDS(3));
}
END_TEST


START_TEST(one_that_is_out_when_they_come_ends_as_ever_and_is_the_last)
{
	bound(0);
	wait();
	refreshed(1);
	ck_assert(p.out);
	ck_assert_uint_eq(probe_on_arrived(&p, now), PROBE_TELL);
	ck_assert_uint_eq(answer(200), PROBE_CLOSE);
	check_result(PROBE_PROVEN);
	check_off();
}
END_TEST


START_TEST(switched_off_there_is_none)
{
	policy.enabled = false;
	bound(0);
	check_off();
	policy.enabled = true;
	refreshed(0);
	policy.enabled = false;
	now = probe_deadline(&p);
	ck_assert_uint_eq(probe_on_timer(&p, now), 0);
	check_off();
}
END_TEST


START_TEST(the_operator_can_have_one_although_it_is_paused_or_off)
{
	for (unsigned i = 0; i < 3; i++) {
		setup();
		policy.enabled = i != 0;
		bound(i == 1 ? 3 : 0);
		if (i == 2) {
			lose();
			lose();
			check_result(PROBE_NOT_LOOPED);
		}
		check_off();
		ck_assert_uint_eq(probe_on_ask(&p, now), PROBE_SEND);
		probe_on_sent(&p, true, now);
		ck_assert_uint_eq(wait(), PROBE_CLOSE | PROBE_TELL);
		check_off();
	}
}
END_TEST


START_TEST(the_operator_is_told_how_it_ended_even_if_it_is_no_news)
{
	prove();
	ck_assert_uint_eq(probe_on_ask(&p, now), PROBE_SEND);
	ck_assert_uint_eq(probe_on_ask(&p, now), 0);
	ck_assert(probe_asked(&p));
	ck_assert_uint_eq(probe_on_arrived(&p, now), PROBE_TELL);
	ck_assert(probe_asked(&p));
	ck_assert_uint_eq(answer(200), PROBE_CLOSE);
	ck_assert(!probe_asked(&p));
	check_wait(SECONDS(270), SECONDS(330));
}
END_TEST


START_TEST(one_that_the_operator_wants_goes_over_the_flow_where_it_must)
{
	bound(1);
	ck_assert_uint_eq(probe_on_ask(&p, now), PROBE_SEND);
	ck_assert_uint_eq(answer(405), PROBE_CLOSE);
	ck_assert_uint_eq(wait(), PROBE_SEND_ON_FLOW);
	ck_assert_uint_eq(answer(405), PROBE_CLOSE | PROBE_TELL);
	check_off();
}
END_TEST


START_TEST(one_that_could_not_be_sent_teaches_nothing)
{
	for (unsigned i = 0; i < 5; i++) {
		bound(0);
		now = probe_deadline(&p);
		ck_assert_uint_eq(probe_on_timer(&p, now), PROBE_SEND);
		probe_on_sent(&p, false, now);
		ck_assert(!p.out);
		ck_assert_uint_eq(p.silent, 0);
		check_wait(SECONDS(270), SECONDS(330));
	}
	probe_on_sent(&p, false, now);
	check_wait(SECONDS(270), SECONDS(330));
	check_result(PROBE_UNKNOWN);
}
END_TEST


START_TEST(one_whose_socket_failed_teaches_nothing)
{
	prove();
	wait();
	ck_assert_uint_eq(answer(0), PROBE_CLOSE);
	ck_assert_uint_eq(p.silent, 0);
	check_result(PROBE_PROVEN);
	check_wait(SECONDS(270), SECONDS(330));
	probe_on_ask(&p, now);
	ck_assert_uint_eq(answer(0), PROBE_CLOSE | PROBE_TELL);
}
END_TEST


START_TEST(in_doubt_what_was_proved_counts_no_more_and_is_proved_again)
{
	prove();
	ck_assert_uint_eq(probe_on_doubt(&p, now), 0);
	check_result(PROBE_UNKNOWN);
	check_wait(SECONDS(5), SECONDS(5));
	wait();
	ck_assert_uint_eq(probe_on_doubt(&p, now), PROBE_CLOSE);
	ck_assert(!p.out);
	check_wait(SECONDS(5), SECONDS(5));
}
END_TEST


START_TEST(without_a_binding_there_is_none)
{
	prove();
	ck_assert_uint_eq(probe_on_unbound(&p), 0);
	check_off();
	check_result(PROBE_UNKNOWN);
	refreshed(0);
	check_wait(SECONDS(1), SECONDS(3));
	wait();
	ck_assert_uint_eq(probe_on_unbound(&p), PROBE_CLOSE);
	check_off();
	ck_assert_uint_eq(answer(200), 0);
	check_off();
	ck_assert_uint_eq(probe_on_arrived(&p, now), 0);
	check_off();
}
END_TEST


START_TEST(that_the_registrar_loops_none_is_known_without_a_binding)
{
	bound(0);
	lose();
	lose();
	probe_on_unbound(&p);
	refreshed(0);
	check_result(PROBE_NOT_LOOPED);
	check_off();
}
END_TEST


START_TEST(a_provisional_answer_is_none)
{
	bound(0);
	wait();
	ck_assert_uint_eq(answer(100), 0);
	ck_assert(p.out);
}
END_TEST


/* One fact of any kind. */
static unsigned fact(struct rng *rng)
{
	static const uint16_t codev[] = {
		0, 200, 302, 404, 405, 407, 408, 430, 480, 503, 603,
	};

	switch (rng_between(rng, 0, 9)) {

	case 0:  return probe_on_bound(&p, true, rng_next(rng) % 8 == 0, now);
	case 1:  return probe_on_bound(&p, false, rng_next(rng) % 8 == 0, now);
	case 2:  return probe_on_doubt(&p, now);
	case 3:  return probe_on_arrived(&p, now);
	case 4:  return answer(codev[rng_between(rng, 0, 10)]);
	case 5:  return rng_next(rng) % 50 ? 0 : answer(403);
	case 6:  return probe_on_ask(&p, now);
	case 7:
		probe_on_sent(&p, rng_next(rng) & 1, now);
		return 0;
	case 8:
		{
			unsigned acts = probe_on_unbound(&p);

			check_off();
			return acts;
		}
	default: return probe_on_timer(&p, now);
	}
}


START_TEST(whatever_happens_there_is_one_at_a_time_and_always_an_end)
{
	struct rng rng;

	rng_seed(&rng, 1);
	for (unsigned i = 0; i < 20000; i++) {
		bool out = p.out;
		unsigned acts;

		if (i % 500 == 0)
			setup();
		now += rng_between(&rng, 0, SECONDS(10));
		acts = fact(&rng);

		ck_assert(!out || !(acts & (PROBE_SEND | PROBE_SEND_ON_FLOW)));
		ck_assert(out || !(acts & PROBE_CLOSE));
		ck_assert(!(acts & PROBE_CLOSE) || !p.out);
		ck_assert(!p.out || probe_deadline(&p) != NEVER);
		ck_assert(p.out || !p.arrived);
		acts = probe_on_timer(&p, now);
		ck_assert_uint_gt(probe_deadline(&p), now);
	}
}
END_TEST


START_TEST(results_have_names)
{
	ck_assert_str_eq(probe_result_name(PROBE_UNKNOWN), "unknown");
	ck_assert_str_eq(probe_result_name(PROBE_PROVEN), "proven");
	ck_assert_str_eq(probe_result_name(PROBE_LOST), "lost");
	ck_assert_str_eq(probe_result_name(PROBE_NOT_LOOPED), "not-looped");
	ck_assert_str_eq(probe_result_name(PROBE_REFUSED), "refused");
	ck_assert_str_eq(probe_result_name((enum probe_result)9), "?");
}
END_TEST


Suite *suite_probe(void)
{
	Suite *s = suite_create("probe");
	TCase *tc = tcase_create("probe");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, nothing_is_armed_before_there_is_a_binding);
	tcase_add_test(tc, t17_the_first_one_follows_a_binding_and_proves_it);
	tcase_add_test(tc, the_next_one_that_comes_back_is_no_news);
	tcase_add_test(tc, without_its_answer_it_is_over_after_a_while);
	tcase_add_test(tc,
		an_answer_that_came_with_it_is_good_whatever_it_says);
	tcase_add_test(tc, refreshes_do_not_move_it);
	tcase_add_test(tc, another_contact_or_flow_is_proved_anew);
	tcase_add_test(tc,
		t17_two_that_never_came_back_teach_that_none_does_here);
	tcase_add_test(tc, t17_a_200_without_an_arrival_is_the_registrars_own);
	tcase_add_test(tc, a_lost_one_asks_for_a_register_and_is_tried_again);
	tcase_add_test(tc, the_second_lost_one_in_a_row_is_an_alarm);
	tcase_add_test(tc,
		       n9_while_it_lasts_there_is_a_register_in_each_interval);
	tcase_add_test(tc, one_lost_now_and_then_is_none);
	tcase_add_test(tc,
		where_it_came_back_under_an_earlier_contact_it_is_missed_too);
	tcase_add_test(tc, a_late_one_counts);
	tcase_add_test(tc,
		t17_a_registrar_that_does_not_know_us_is_registered_at_at_once);
	tcase_add_test(tc,
		one_that_came_in_on_another_flow_is_no_silence_and_no_proof);
	tcase_add_test(tc, t17_one_that_says_404_for_ever_is_left_alone);
	tcase_add_test(tc,
		t17_there_is_one_register_for_it_in_an_interval_at_most);
	tcase_add_test(tc, after_a_403_there_is_none_until_a_reload);
	tcase_add_test(tc,
		what_is_refused_to_a_stranger_is_tried_over_the_flow);
	tcase_add_test(tc, what_is_refused_there_too_was_silent);
	tcase_add_test(tc, a_stream_has_no_other_way_than_the_flow);
	tcase_add_test(tc, other_devices_are_not_woken);
	tcase_add_test(tc, what_was_proved_before_they_came_stays_proved);
	tcase_add_test(tc,
		one_that_is_out_when_they_come_ends_as_ever_and_is_the_last);
	tcase_add_test(tc, switched_off_there_is_none);
	tcase_add_test(tc,
		the_operator_can_have_one_although_it_is_paused_or_off);
	tcase_add_test(tc,
		the_operator_is_told_how_it_ended_even_if_it_is_no_news);
	tcase_add_test(tc,
		one_that_the_operator_wants_goes_over_the_flow_where_it_must);
	tcase_add_test(tc, one_that_could_not_be_sent_teaches_nothing);
	tcase_add_test(tc, one_whose_socket_failed_teaches_nothing);
	tcase_add_test(tc,
		in_doubt_what_was_proved_counts_no_more_and_is_proved_again);
	tcase_add_test(tc, without_a_binding_there_is_none);
	tcase_add_test(tc,
		that_the_registrar_loops_none_is_known_without_a_binding);
	tcase_add_test(tc, a_provisional_answer_is_none);
	tcase_add_test(tc,
		whatever_happens_there_is_one_at_a_time_and_always_an_end);
	tcase_add_test(tc, results_have_names);
	suite_add_tcase(s, tc);

	return s;
}
