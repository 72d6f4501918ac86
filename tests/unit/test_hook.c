/* core/hook.c */

#include <check.h>
#include "hook.h"


Suite *suite_hook(void);

#define AFTER SECONDS(5)
#define ALL   (HOOK_REACHABLE | HOOK_UNREACHABLE | HOOK_REGISTERED | \
	       HOOK_UNREGISTERED)


static struct hook_watch w;
static uint32_t on;


static void setup(void)
{
	hook_watch_init(&w);
	on = ALL;
}


static void verdict(msec_t now, bool registered, enum reachable reachable,
		    enum reason reason)
{
	const struct event e = {
		.type = EVENT_VERDICT, .registered = registered,
		.reachable = (uint8_t)reachable, .reason = (uint8_t)reason,
	};

	hook_on_event(&w, on, AFTER, &e, now);
}


static void well(msec_t now)
{
	verdict(now, true, REACHABLE_YES, REASON_OK);
}


static void lost(msec_t now)
{
	verdict(now, true, REACHABLE_NO, REASON_FLOW_LOST);
}


static void happened(msec_t now, enum event_type type)
{
	const struct event e = {
		.type = (uint8_t)type, .registered = true,
		.reachable = REACHABLE_YES,
	};

	hook_on_event(&w, on, AFTER, &e, now);
}


START_TEST(an_account_that_comes_up_is_no_news)
{
	verdict(0, false, REACHABLE_NO, REASON_STARTING);
	verdict(10, false, REACHABLE_NO, REASON_RESOLVING);
	verdict(20, false, REACHABLE_NO, REASON_CONNECTING);
	ck_assert(hook_is_idle(&w));
	well(300);
	ck_assert(hook_is_idle(&w));
	ck_assert_uint_eq(hook_tell(&w, on, SECONDS(60)), 0);
}
END_TEST


START_TEST(one_that_never_comes_up_is)
{
	verdict(300, false, REACHABLE_NO, REASON_CONNECT_REFUSED);
	ck_assert_uint_eq(hook_deadline(&w), 5300);
	ck_assert_uint_eq(hook_tell(&w, on, 5299), 0);
	ck_assert_uint_eq(hook_tell(&w, on, 5300),
			  HOOK_UNREACHABLE | HOOK_UNREGISTERED);
	ck_assert_uint_eq(w.event.reason, REASON_CONNECT_REFUSED);
	ck_assert_uint_eq(hook_deadline(&w), NEVER);
}
END_TEST


START_TEST(what_was_lost_and_is_back_is_told_both_times)
{
	well(0);
	lost(1000);
	ck_assert_uint_eq(hook_tell(&w, on, 6000), HOOK_UNREACHABLE);
	ck_assert(!hook_is_idle(&w));
	well(60000);
	ck_assert_uint_eq(hook_deadline(&w), 65000);
	ck_assert_uint_eq(hook_tell(&w, on, 65000), HOOK_REACHABLE);
	ck_assert(hook_is_idle(&w));
}
END_TEST


START_TEST(what_is_back_before_it_was_told_is_not_told)
{
	lost(1000);
	well(5999);
	ck_assert_uint_eq(hook_deadline(&w), NEVER);
	ck_assert_uint_eq(hook_tell(&w, on, 6000), 0);
	ck_assert(hook_is_idle(&w));
}
END_TEST


START_TEST(who_flaps_is_told_of_with_the_latest)
{
	lost(0);
	well(1000);
	lost(2000);
	well(3000);
	verdict(4000, false, REACHABLE_NO, REASON_REJECTED);
	ck_assert_uint_eq(hook_deadline(&w), 9000);
	ck_assert_uint_eq(hook_tell(&w, on, 9000),
			  HOOK_UNREACHABLE | HOOK_UNREGISTERED);
	ck_assert_uint_eq(w.event.reason, REASON_REJECTED);
}
END_TEST


START_TEST(another_reason_for_the_same_is_no_news)
{
	lost(0);
	(void)hook_tell(&w, on, 5000);
	verdict(6000, true, REACHABLE_NO, REASON_CONNECT_TIMEOUT);
	ck_assert_uint_eq(hook_deadline(&w), NEVER);
}
END_TEST


START_TEST(unknown_is_neither)
{
	verdict(0, true, REACHABLE_UNKNOWN, REASON_UNPROVEN);
	ck_assert(hook_is_idle(&w));
	lost(1000);
	(void)hook_tell(&w, on, 6000);
	verdict(7000, true, REACHABLE_UNKNOWN, REASON_UNPROVEN);
	ck_assert_uint_eq(hook_deadline(&w), NEVER);
}
END_TEST


START_TEST(a_pause_is_no_news)
{
	verdict(0, false, REACHABLE_NO, REASON_PAUSED);
	ck_assert(hook_is_idle(&w));
	lost(1000);
	(void)hook_tell(&w, on, 6000);
	verdict(7000, false, REACHABLE_NO, REASON_PAUSED);
	ck_assert_uint_eq(hook_deadline(&w), NEVER);
	well(8000);
	ck_assert_uint_eq(hook_tell(&w, on, 13000), HOOK_REACHABLE);
}
END_TEST


START_TEST(only_what_is_wanted_is_told)
{
	on = HOOK_REACHABLE;
	lost(0);
	ck_assert_uint_eq(hook_tell(&w, on, 5000), 0);
	well(6000);
	ck_assert_uint_eq(hook_tell(&w, on, 11000), HOOK_REACHABLE);
}
END_TEST


START_TEST(events_of_five_seconds_are_told_as_one)
{
	on = HOOK_EVENT(EVENT_MAPPING) | HOOK_EVENT(EVENT_ADDRESS);
	happened(0, EVENT_MAPPING);
	happened(1000, EVENT_ADDRESS);
	happened(2000, EVENT_FLOW_UP);
	lost(3000);
	ck_assert_uint_eq(hook_deadline(&w), 5000);
	ck_assert_uint_eq(hook_tell(&w, on, 5000), on);
	ck_assert_uint_eq(hook_deadline(&w), NEVER);
	happened(6000, EVENT_MAPPING);
	ck_assert_uint_eq(hook_tell(&w, on, 11000),
			  HOOK_EVENT(EVENT_MAPPING));
}
END_TEST


START_TEST(each_word_is_one_bit)
{
	ck_assert_str_eq(hook_word(0), "reachable");
	ck_assert_str_eq(hook_word(1), "unreachable");
	ck_assert_str_eq(hook_word(HOOK_STATES + EVENT_MAPPING), "mapping");
	ck_assert_ptr_nonnull(hook_word(HOOK_WORDS - 1));
	ck_assert_ptr_null(hook_word(HOOK_WORDS));
	ck_assert_uint_le(HOOK_WORDS, 32);
}
END_TEST


Suite *suite_hook(void)
{
	Suite *s = suite_create("hook");
	TCase *tc = tcase_create("hook");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, an_account_that_comes_up_is_no_news);
	tcase_add_test(tc, one_that_never_comes_up_is);
	tcase_add_test(tc, what_was_lost_and_is_back_is_told_both_times);
	tcase_add_test(tc, what_is_back_before_it_was_told_is_not_told);
	tcase_add_test(tc, who_flaps_is_told_of_with_the_latest);
	tcase_add_test(tc, another_reason_for_the_same_is_no_news);
	tcase_add_test(tc, unknown_is_neither);
	tcase_add_test(tc, a_pause_is_no_news);
	tcase_add_test(tc, only_what_is_wanted_is_told);
	tcase_add_test(tc, events_of_five_seconds_are_told_as_one);
	tcase_add_test(tc, each_word_is_one_bit);
	suite_add_tcase(s, tc);

	return s;
}
