/* core/challenge.c (SCENARIOS T9, T10) */

#include <check.h>
#include "challenge.h"


Suite *suite_challenge(void);


static struct challenge c;

static void setup(void)
{
	challenge_init(&c, DIGEST_MD5);
}


static const struct challenge_offer md5 = {
	DIGEST_MD5, .qop_usable = true, .realm_accepted = true
};
static const struct challenge_offer sha256 = {
	DIGEST_SHA256, .qop_usable = true, .realm_accepted = true
};
static const struct challenge_offer sha512_256 = {
	DIGEST_SHA512_256, .qop_usable = true, .realm_accepted = true
};
static const struct challenge_offer unknown = {
	DIGEST_UNKNOWN, .qop_usable = true, .realm_accepted = true
};
static const struct challenge_offer only_auth_int = {
	DIGEST_SHA256, .qop_usable = false, .realm_accepted = true
};
static const struct challenge_offer wrong_realm = {
	DIGEST_SHA256, .qop_usable = true, .realm_accepted = false
};
static const struct challenge_offer stale = {
	DIGEST_MD5, .qop_usable = true, .realm_accepted = true, .stale = true
};


static const struct challenge_offer other_realm = {
	DIGEST_MD5, .qop_usable = true, .realm_accepted = true,
	.unanswered = true
};


/* A 401 to a request that carried `sent`, at `now`, with these offers. */
static enum challenge_verdict challenged(enum challenge_sent sent, msec_t now,
					 const struct challenge_offer *a,
					 const struct challenge_offer *b)
{
	challenge_on_sent(&c, sent);
	challenge_begin(&c);
	if (a)
		challenge_offer(&c, a);
	if (b)
		challenge_offer(&c, b);

	return challenge_end(&c, now);
}


static enum challenge_verdict offered(const struct challenge_offer *a,
				      const struct challenge_offer *b)
{
	return challenged(CHALLENGE_SENT_NONE, 0, a, b);
}


static enum challenge_verdict refused(void)
{
	return challenged(CHALLENGE_SENT_FRESH, 0, &md5, NULL);
}


static void accepted(enum challenge_sent sent)
{
	challenge_on_sent(&c, sent);
	challenge_on_accepted(&c);
}


START_TEST(the_topmost_supported_is_answered)
{
	ck_assert_int_eq(offered(&sha512_256, &md5), CHALLENGE_ANSWER);
	ck_assert_uint_eq(challenge_chosen(&c), 0);
	ck_assert_int_eq(offered(&md5, &sha512_256), CHALLENGE_ANSWER);
	ck_assert_uint_eq(challenge_chosen(&c), 0);
}
END_TEST


START_TEST(what_is_not_understood_is_passed_over)
{
	ck_assert_int_eq(offered(&unknown, &sha256), CHALLENGE_ANSWER);
	ck_assert_uint_eq(challenge_chosen(&c), 1);
	ck_assert_int_eq(offered(&only_auth_int, &md5), CHALLENGE_ANSWER);
	ck_assert_uint_eq(challenge_chosen(&c), 1);
	ck_assert_int_eq(offered(&wrong_realm, &md5), CHALLENGE_ANSWER);
	ck_assert_uint_eq(challenge_chosen(&c), 1);
}
END_TEST


START_TEST(a_weaker_one_is_passed_over)
{
	challenge_init(&c, DIGEST_SHA256);
	ck_assert_int_eq(offered(&md5, &sha256), CHALLENGE_ANSWER);
	ck_assert_uint_eq(challenge_chosen(&c), 1);
}
END_TEST


START_TEST(only_weak_ones_are_weak)
{
	challenge_init(&c, DIGEST_SHA512_256);
	ck_assert_int_eq(offered(&md5, &sha256), CHALLENGE_WEAK);
}
END_TEST


START_TEST(only_strange_realms_are_refused)
{
	ck_assert_int_eq(offered(&wrong_realm, NULL), CHALLENGE_REALM);
	ck_assert_int_eq(offered(&wrong_realm, &unknown), CHALLENGE_REALM);
}
END_TEST


START_TEST(nothing_of_ours_is_unusable)
{
	ck_assert_int_eq(offered(&unknown, &only_auth_int),
			 CHALLENGE_UNUSABLE);
	ck_assert_int_eq(offered(NULL, NULL), CHALLENGE_UNUSABLE);
}
END_TEST


START_TEST(an_answer_starts_from_nothing)
{
	offered(&wrong_realm, NULL);
	ck_assert_int_eq(offered(NULL, NULL), CHALLENGE_UNUSABLE);
	offered(&md5, NULL);
	ck_assert_int_eq(offered(NULL, NULL), CHALLENGE_UNUSABLE);
}
END_TEST


START_TEST(hundreds_of_offers_do_no_harm)
{
	challenge_begin(&c);
	for (unsigned i = 0; i < 1000; i++)
		challenge_offer(&c, &unknown);
	challenge_offer(&c, &md5);
	ck_assert_int_eq(challenge_end(&c, 0), CHALLENGE_UNUSABLE);
}
END_TEST


START_TEST(the_first_challenge_is_no_refusal)
{
	for (unsigned i = 0; i < 10; i++)
		ck_assert_int_eq(offered(&md5, NULL), CHALLENGE_ANSWER);
	ck_assert_uint_eq(c.refusals, 0);
}
END_TEST


START_TEST(the_second_refusal_holds_the_account)
{
	offered(&md5, NULL);
	ck_assert_int_eq(refused(), CHALLENGE_ANSWER);
	ck_assert_int_eq(refused(), CHALLENGE_REFUSED);
}
END_TEST


START_TEST(refused_stays_refused_until_reset)
{
	refused();
	refused();
	ck_assert_int_eq(offered(&md5, NULL), CHALLENGE_REFUSED);
	ck_assert_int_eq(challenged(CHALLENGE_SENT_REUSED, 0, &md5, NULL),
			 CHALLENGE_REFUSED);
	ck_assert_int_eq(challenged(CHALLENGE_SENT_FRESH, 0, &stale, NULL),
			 CHALLENGE_REFUSED);
	challenge_reset(&c);
	ck_assert_int_eq(offered(&md5, NULL), CHALLENGE_ANSWER);
}
END_TEST


START_TEST(a_reset_remembers_that_they_worked)
{
	accepted(CHALLENGE_SENT_FRESH);
	challenge_reset(&c);
	ck_assert(c.worked);
}
END_TEST


START_TEST(a_challenge_without_credentials_forgets_no_refusal)
{
	refused();
	offered(&md5, NULL);
	ck_assert_int_eq(refused(), CHALLENGE_REFUSED);
}
END_TEST


START_TEST(stale_is_no_refusal)
{
	refused();
	ck_assert_int_eq(challenged(CHALLENGE_SENT_FRESH, 0, &stale, NULL),
			 CHALLENGE_ANSWER);
	ck_assert_uint_eq(c.refusals, 1);
	ck_assert_int_eq(refused(), CHALLENGE_REFUSED);
}
END_TEST


START_TEST(an_acceptance_forgets_the_refusals)
{
	refused();
	accepted(CHALLENGE_SENT_FRESH);
	ck_assert_int_eq(refused(), CHALLENGE_ANSWER);
	ck_assert_int_eq(refused(), CHALLENGE_REFUSED);
	ck_assert(c.worked);
}
END_TEST


START_TEST(stale_for_ever_is_a_loop)
{
	offered(&md5, NULL);
	ck_assert_int_eq(challenged(CHALLENGE_SENT_FRESH, 0, &stale, NULL),
			 CHALLENGE_ANSWER);
	ck_assert_int_eq(challenged(CHALLENGE_SENT_FRESH, 0, &stale, NULL),
			 CHALLENGE_ANSWER);
	ck_assert_int_eq(challenged(CHALLENGE_SENT_FRESH, 0, &stale, NULL),
			 CHALLENGE_STALE_LOOP);
}
END_TEST


START_TEST(after_a_stale_loop_the_count_starts_anew)
{
	for (unsigned i = 0; i < 3; i++)
		challenged(CHALLENGE_SENT_FRESH, 0, &stale, NULL);
	offered(&md5, NULL);
	ck_assert_int_eq(challenged(CHALLENGE_SENT_FRESH, 0, &stale, NULL),
			 CHALLENGE_ANSWER);
}
END_TEST


START_TEST(stale_and_refusals_in_turn_end_as_well)
{
	unsigned answers = 0;

	while (challenged(CHALLENGE_SENT_FRESH, 0, &stale, NULL) ==
	       CHALLENGE_ANSWER && refused() == CHALLENGE_ANSWER)
		ck_assert_uint_lt(++answers, 5);
}
END_TEST


/* RFC 3261 §22.3 */
START_TEST(a_registrar_behind_a_proxy_may_ask_too)
{
	offered(&md5, NULL);
	ck_assert_int_eq(challenged(CHALLENGE_SENT_FRESH, 0, &other_realm,
				    NULL), CHALLENGE_ANSWER);
	ck_assert_uint_eq(c.refusals, 0);

	/* now both have been answered */
	ck_assert_int_eq(refused(), CHALLENGE_ANSWER);
	ck_assert_uint_eq(c.refusals, 1);
	ck_assert_int_eq(refused(), CHALLENGE_REFUSED);
}
END_TEST


START_TEST(another_realm_every_time_is_a_refusal)
{
	offered(&md5, NULL);
	for (unsigned i = 0; i < 2; i++)
		ck_assert_int_eq(challenged(CHALLENGE_SENT_FRESH, 0,
					    &other_realm, NULL),
				 CHALLENGE_ANSWER);
	ck_assert_int_eq(challenged(CHALLENGE_SENT_FRESH, 0, &other_realm,
				    NULL), CHALLENGE_REFUSED);
}
END_TEST


START_TEST(each_round_has_its_two_who_ask)
{
	for (unsigned i = 0; i < 10; i++) {
		ck_assert_int_eq(challenged(i % 2 ? CHALLENGE_SENT_REUSED
						  : CHALLENGE_SENT_NONE, 0,
					    &other_realm, NULL),
				 CHALLENGE_ANSWER);
		ck_assert_int_eq(challenged(CHALLENGE_SENT_FRESH, 0,
					    &other_realm, NULL),
				 CHALLENGE_ANSWER);
		if (i % 3)
			accepted(CHALLENGE_SENT_FRESH);
	}
	ck_assert_uint_eq(c.refusals, 0);
}
END_TEST


START_TEST(only_the_stale_of_the_chosen_offer_counts)
{
	struct challenge_offer strange = wrong_realm;

	strange.stale = true;
	challenged(CHALLENGE_SENT_FRESH, 0, &strange, &md5);
	ck_assert_uint_eq(c.refusals, 1);
}
END_TEST


START_TEST(nothing_is_reused_before_it_worked)
{
	ck_assert(!challenge_may_reuse(&c, 0));
	accepted(CHALLENGE_SENT_FRESH);
	ck_assert(challenge_may_reuse(&c, 0));
}
END_TEST


START_TEST(accepted_without_credentials_proves_none)
{
	accepted(CHALLENGE_SENT_NONE);
	ck_assert(!c.worked);
	ck_assert(!challenge_may_reuse(&c, 0));
}
END_TEST


START_TEST(nothing_is_reused_after_a_refusal)
{
	accepted(CHALLENGE_SENT_FRESH);
	refused();
	ck_assert(!challenge_may_reuse(&c, 0));
}
END_TEST


START_TEST(a_refused_reuse_is_no_refusal)
{
	accepted(CHALLENGE_SENT_FRESH);
	ck_assert_int_eq(challenged(CHALLENGE_SENT_REUSED, 0, &md5, NULL),
			 CHALLENGE_ANSWER);
	ck_assert_uint_eq(c.refusals, 0);
	ck_assert_int_eq(refused(), CHALLENGE_ANSWER);
	ck_assert_int_eq(refused(), CHALLENGE_REFUSED);
}
END_TEST


START_TEST(two_refused_reuses_end_reuse_for_a_day)
{
	accepted(CHALLENGE_SENT_FRESH);
	challenged(CHALLENGE_SENT_REUSED, 1000, &md5, NULL);
	accepted(CHALLENGE_SENT_FRESH);
	ck_assert(challenge_may_reuse(&c, 1000));
	challenged(CHALLENGE_SENT_REUSED, 2000, &md5, NULL);
	accepted(CHALLENGE_SENT_FRESH);
	ck_assert(!challenge_may_reuse(&c, 2000));
	ck_assert(!challenge_may_reuse(&c, 2000 + 86400 * 1000 - 1));
	ck_assert(challenge_may_reuse(&c, 2000 + 86400 * 1000));
}
END_TEST


START_TEST(stale_to_a_reused_nonce_shows_that_reuse_is_useless)
{
	accepted(CHALLENGE_SENT_FRESH);
	challenged(CHALLENGE_SENT_REUSED, 0, &stale, NULL);
	ck_assert_uint_eq(c.stales, 0);
	accepted(CHALLENGE_SENT_FRESH);
	challenged(CHALLENGE_SENT_REUSED, 0, &stale, NULL);
	accepted(CHALLENGE_SENT_FRESH);
	ck_assert(!challenge_may_reuse(&c, 0));
}
END_TEST


START_TEST(an_accepted_reuse_forgets_the_failures)
{
	accepted(CHALLENGE_SENT_FRESH);
	challenged(CHALLENGE_SENT_REUSED, 0, &stale, NULL);
	accepted(CHALLENGE_SENT_FRESH);
	accepted(CHALLENGE_SENT_REUSED);
	challenged(CHALLENGE_SENT_REUSED, 0, &stale, NULL);
	accepted(CHALLENGE_SENT_FRESH);
	ck_assert(challenge_may_reuse(&c, 0));
}
END_TEST


START_TEST(the_pause_counts_anew_after_the_day)
{
	accepted(CHALLENGE_SENT_FRESH);
	challenged(CHALLENGE_SENT_REUSED, 0, &stale, NULL);
	challenged(CHALLENGE_SENT_REUSED, 0, &stale, NULL);
	challenged(CHALLENGE_SENT_REUSED, 86400 * 1000, &stale, NULL);
	ck_assert(challenge_may_reuse(&c, 86400 * 1000));
}
END_TEST


START_TEST(chosen_is_a_valid_index_even_if_there_is_none)
{
	offered(NULL, NULL);
	ck_assert_uint_eq(challenge_chosen(&c), 0);
}
END_TEST


START_TEST(algorithms_have_their_registered_names)
{
	ck_assert_str_eq(digest_algorithm_name(DIGEST_MD5), "MD5");
	ck_assert_str_eq(digest_algorithm_name(DIGEST_SHA256), "SHA-256");
	ck_assert_str_eq(digest_algorithm_name(DIGEST_SHA512_256),
			 "SHA-512-256");
	ck_assert_str_eq(digest_algorithm_name(DIGEST_UNKNOWN), "unknown");
	ck_assert_str_eq(digest_algorithm_name((enum digest_algorithm)99),
			 "?");
}
END_TEST


Suite *suite_challenge(void)
{
	Suite *s = suite_create("challenge");
	TCase *tc = tcase_create("challenge");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, the_topmost_supported_is_answered);
	tcase_add_test(tc, what_is_not_understood_is_passed_over);
	tcase_add_test(tc, a_weaker_one_is_passed_over);
	tcase_add_test(tc, only_weak_ones_are_weak);
	tcase_add_test(tc, only_strange_realms_are_refused);
	tcase_add_test(tc, nothing_of_ours_is_unusable);
	tcase_add_test(tc, an_answer_starts_from_nothing);
	tcase_add_test(tc, hundreds_of_offers_do_no_harm);
	tcase_add_test(tc, the_first_challenge_is_no_refusal);
	tcase_add_test(tc, the_second_refusal_holds_the_account);
	tcase_add_test(tc, refused_stays_refused_until_reset);
	tcase_add_test(tc, a_reset_remembers_that_they_worked);
	tcase_add_test(tc, a_challenge_without_credentials_forgets_no_refusal);
	tcase_add_test(tc, stale_is_no_refusal);
	tcase_add_test(tc, an_acceptance_forgets_the_refusals);
	tcase_add_test(tc, stale_for_ever_is_a_loop);
	tcase_add_test(tc, after_a_stale_loop_the_count_starts_anew);
	tcase_add_test(tc, stale_and_refusals_in_turn_end_as_well);
	tcase_add_test(tc, a_registrar_behind_a_proxy_may_ask_too);
	tcase_add_test(tc, another_realm_every_time_is_a_refusal);
	tcase_add_test(tc, each_round_has_its_two_who_ask);
	tcase_add_test(tc, only_the_stale_of_the_chosen_offer_counts);
	tcase_add_test(tc, nothing_is_reused_before_it_worked);
	tcase_add_test(tc, accepted_without_credentials_proves_none);
	tcase_add_test(tc, nothing_is_reused_after_a_refusal);
	tcase_add_test(tc, a_refused_reuse_is_no_refusal);
	tcase_add_test(tc, two_refused_reuses_end_reuse_for_a_day);
	tcase_add_test(tc, stale_to_a_reused_nonce_shows_that_reuse_is_useless);
	tcase_add_test(tc, an_accepted_reuse_forgets_the_failures);
	tcase_add_test(tc, the_pause_counts_anew_after_the_day);
	tcase_add_test(tc, chosen_is_a_valid_index_even_if_there_is_none);
	tcase_add_test(tc, algorithms_have_their_registered_names);
	suite_add_tcase(s, tc);

	return s;
}
