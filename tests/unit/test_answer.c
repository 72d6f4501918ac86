/* core/answer.c: the class table, whole */

#include <check.h>
#include "answer.h"


Suite *suite_answer(void);


struct row {
	uint16_t code;
	enum answer_class alone;         /* no other edge is left */
	enum answer_class others;
	enum answer_class after;         /* alone, with a Retry-After */
	enum reason reason;
};

#define AGAIN     ANSWER_AGAIN
#define ELSEWHERE ANSWER_ELSEWHERE
#define AFTER     ANSWER_AFTER

static const struct row rowv[] = {
	{200, ANSWER_GOOD, ANSWER_GOOD, ANSWER_GOOD, REASON_BINDING_ABSENT},
	{202, ANSWER_GOOD, ANSWER_GOOD, ANSWER_GOOD, REASON_BINDING_ABSENT},
	{299, ANSWER_GOOD, ANSWER_GOOD, ANSWER_GOOD, REASON_BINDING_ABSENT},
	{401, ANSWER_CHALLENGE, ANSWER_CHALLENGE, ANSWER_CHALLENGE,
		REASON_REJECTED},
	{407, ANSWER_CHALLENGE, ANSWER_CHALLENGE, ANSWER_CHALLENGE,
		REASON_REJECTED},
	{420, ANSWER_ADJUST, ANSWER_ADJUST, ANSWER_ADJUST, REASON_REJECTED},
	{423, ANSWER_ADJUST, ANSWER_ADJUST, ANSWER_ADJUST,
		REASON_INTERVAL_TOO_BRIEF},
	{439, ANSWER_ADJUST, ANSWER_ADJUST, ANSWER_ADJUST, REASON_REJECTED},
	{403, ANSWER_DENIED, ANSWER_DENIED, AFTER, REASON_FORBIDDEN},
	{300, AGAIN, ELSEWHERE, AFTER, REASON_REJECTED},
	{302, AGAIN, ELSEWHERE, AFTER, REASON_REJECTED},
	{503, AGAIN, ELSEWHERE, AFTER, REASON_REJECTED},
	{0,   AGAIN, ELSEWHERE, AFTER, REASON_NO_ANSWER},
	{400, AGAIN, AGAIN, AFTER, REASON_REJECTED},
	{402, AGAIN, AGAIN, AFTER, REASON_REJECTED},
	{404, AGAIN, AGAIN, AFTER, REASON_REJECTED},
	{408, AGAIN, AGAIN, AFTER, REASON_NO_ANSWER},
	{480, AGAIN, AGAIN, AFTER, REASON_REJECTED},
	{500, AGAIN, AGAIN, AFTER, REASON_REJECTED},
	{504, AGAIN, AGAIN, AFTER, REASON_NO_ANSWER},
	{600, AGAIN, AGAIN, AFTER, REASON_REJECTED},
	{603, AGAIN, AGAIN, AFTER, REASON_REJECTED},
	{699, AGAIN, AGAIN, AFTER, REASON_REJECTED},
	/* no status of SIP: rejected, like the rest */
	{1,   AGAIN, AGAIN, AFTER, REASON_REJECTED},
	{100, AGAIN, AGAIN, AFTER, REASON_REJECTED},
	{199, AGAIN, AGAIN, AFTER, REASON_REJECTED},
	{700, AGAIN, AGAIN, AFTER, REASON_REJECTED},
	{999, AGAIN, AGAIN, AFTER, REASON_REJECTED},
	{UINT16_MAX, AGAIN, AGAIN, AFTER, REASON_REJECTED},
};


START_TEST(every_code_has_its_class)
{
	const struct row *row = &rowv[_i];
	const struct answer a = {.code = row->code};

	ck_assert_msg(answer_class(&a, false) == row->alone,
		      "%u alone", row->code);
	ck_assert_msg(answer_class(&a, true) == row->others,
		      "%u with other edges", row->code);
	ck_assert_msg(answer_reason(&a) == row->reason,
		      "%u is '%s'", row->code, reason_name(answer_reason(&a)));
	ck_assert(answer_is_good(row->code) == (row->alone == ANSWER_GOOD));
	ck_assert(answer_is_challenge(row->code) ==
		  (row->alone == ANSWER_CHALLENGE));
}
END_TEST


START_TEST(a_retry_after_counts_unless_the_answer_says_what_to_change)
{
	const struct row *row = &rowv[_i];
	const struct answer a = {.code = row->code, .retry_after = 1};
	const enum reason reason = row->after == ANSWER_AFTER ?
		REASON_RETRY_AFTER : row->reason;

	ck_assert_msg(answer_class(&a, false) == row->after, "%u", row->code);
	ck_assert_msg(answer_reason(&a) == reason, "%u is '%s'", row->code,
		      reason_name(answer_reason(&a)));
}
END_TEST


/* RFC 3263 §4.3 goes before RFC 3261 §21.5.4: the time is the server's. */
START_TEST(with_another_edge_a_503_goes_there_and_does_not_wait)
{
	const struct answer a = {.code = 503, .retry_after = 3600};

	ck_assert_int_eq(answer_class(&a, true), ANSWER_ELSEWHERE);
}
END_TEST


START_TEST(a_500_with_a_time_waits_for_it_though_there_are_other_edges)
{
	const struct answer a = {.code = 500, .retry_after = 10};

	ck_assert_int_eq(answer_class(&a, true), ANSWER_AFTER);
}
END_TEST


START_TEST(a_3xx_to_an_allowed_host_goes_there_before_all_else)
{
	const struct answer a = {
		.code = (uint16_t)_i, .redirect = true, .retry_after = 60,
	};

	ck_assert_int_eq(answer_class(&a, false), ANSWER_ADJUST);
	ck_assert_int_eq(answer_class(&a, true), ANSWER_ADJUST);
}
END_TEST


/* RFC 3261 §21.3.4 and .5: a proxy, another service. */
START_TEST(a_305_or_380_names_no_other_registrar)
{
	const struct answer a = {.code = _i ? 380 : 305, .redirect = true};

	ck_assert_int_eq(answer_class(&a, false), ANSWER_AGAIN);
	ck_assert_int_eq(answer_class(&a, true), ANSWER_ELSEWHERE);
}
END_TEST


START_TEST(a_200_is_ok_only_with_our_binding)
{
	const struct answer a = {.code = 200, .bound = true};

	ck_assert_int_eq(answer_reason(&a), REASON_OK);
}
END_TEST


START_TEST(a_refused_challenge_is_about_the_credentials)
{
	const struct answer a = {
		.code = 407, .challenge = CHALLENGE_REFUSED,
	};

	ck_assert_int_eq(answer_reason(&a), REASON_CREDENTIALS);
}
END_TEST


Suite *suite_answer(void)
{
	const int rows = sizeof(rowv) / sizeof(rowv[0]);
	Suite *s = suite_create("answer");
	TCase *tc = tcase_create("table");

	tcase_add_loop_test(tc, every_code_has_its_class, 0, rows);
	tcase_add_loop_test(tc,
		a_retry_after_counts_unless_the_answer_says_what_to_change,
		0, rows);
	tcase_add_test(tc,
		with_another_edge_a_503_goes_there_and_does_not_wait);
	tcase_add_test(tc,
		a_500_with_a_time_waits_for_it_though_there_are_other_edges);
	tcase_add_loop_test(tc,
		a_3xx_to_an_allowed_host_goes_there_before_all_else,
		300, 303);
	tcase_add_loop_test(tc, a_305_or_380_names_no_other_registrar, 0, 2);
	tcase_add_test(tc, a_200_is_ok_only_with_our_binding);
	tcase_add_test(tc, a_refused_challenge_is_about_the_credentials);
	suite_add_tcase(s, tc);

	return s;
}
