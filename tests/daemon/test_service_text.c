/* service_text.c: the line that the service manager shows. */

#include <stdio.h>
#include <string.h>
#include "harness.h"
#include "service_text.h"


static struct service_facts facts;
static char text[SERVICE_TEXT_MAX];

static const struct verdict well = {
	true, REACHABLE_YES, EVIDENCE_FLOW, REASON_OK,
};


static void setup(void)
{
	memset(&facts, 0, sizeof(facts));
	facts.file = "/etc/sipregd/sipregd.conf";
	facts.dir = "/etc/sipregd/accounts.d";
}


static void add_well(const char *name)
{
	service_facts_add(&facts, name, true, &well);
}


static void add_registered(const char *name, enum reachable reachable,
			   enum reason reason)
{
	const struct verdict v = {true, reachable, EVIDENCE_NONE, reason};

	service_facts_add(&facts, name, true, &v);
}


static void add_failed(const char *name, enum reason reason)
{
	const struct verdict v = {
		false, REACHABLE_NO, EVIDENCE_NONE, reason,
	};

	service_facts_add(&facts, name, true, &v);
}


static void assert_text(const char *expected)
{
	service_text(text, sizeof(text), &facts);
	ck_assert_str_eq(expected, text);
}


START_TEST(all_is_well_in_few_words)
{
	add_well("home");
	add_well("office");
	assert_text("2/2 reachable, 2 registered");
}
END_TEST


START_TEST(who_cannot_be_reached_is_named_with_the_reason)
{
	add_well("a");
	add_well("b");
	add_well("c");
	add_registered("home", REACHABLE_NO, REASON_BINDING_PRIVATE);
	assert_text("3/4 reachable, 4 registered; home: binding-private");
}
END_TEST


START_TEST(the_worst_comes_first_whatever_the_order_is)
{
	add_failed("paused", REASON_PAUSED);
	add_failed("new", REASON_CONNECTING);
	add_registered("unproven", REACHABLE_UNKNOWN, REASON_UNPROVEN);
	add_registered("moved", REACHABLE_NO, REASON_MAPPING_MOVED);
	add_failed("wrong", REASON_CREDENTIALS);
	add_failed("silent", REASON_NO_ANSWER);
	assert_text("0/6 reachable, 2 registered; wrong: credentials, silent: "
		    "no-answer, moved: mapping-moved, unproven: unproven, new: "
		    "connecting, paused: paused");
}
END_TEST


START_TEST(of_many_the_worst_are_named_and_the_rest_is_counted)
{
	char namev[300][65];
	size_t named = 0;

	for (size_t i = 0; i < 299; i++) {
		(void)snprintf(namev[i], sizeof(namev[i]), "account%zu", i);
		add_failed(namev[i], REASON_CONNECTING);
	}

	add_failed("last", REASON_FORBIDDEN);
	service_text(text, sizeof(text), &facts);
	ck_assert_ptr_nonnull(strstr(text, "0/300 reachable, 0 registered; "
				     "last: forbidden, account0: connecting, "
				     "account1: connecting, "));

	for (const char *p = text; (p = strchr(p, ':')); p++)
		++named;
	ck_assert_uint_gt(named, 5);
	(void)snprintf(namev[0], sizeof(namev[0]), " and %zu more",
		       300 - named);
	ck_assert_str_eq(namev[0], text + strlen(text) - strlen(namev[0]));
	ck_assert_uint_lt(strlen(text), 260);
}
END_TEST


START_TEST(the_longest_name_is_named)
{
	char name[65];

	memset(name, 'x', 64);
	name[64] = '\0';
	for (unsigned i = 0; i < 20; i++)
		add_failed(name, REASON_INTERVAL_TOO_BRIEF);

	service_text(text, sizeof(text), &facts);
	ck_assert_ptr_nonnull(strstr(text, "xxx: interval-too-brief, xxx"));
	ck_assert_ptr_nonnull(strstr(text, "xxx: interval-too-brief and 18 "
				     "more"));
}
END_TEST


START_TEST(without_an_account_it_says_where_to_put_one)
{
	assert_text("no accounts: add one to /etc/sipregd/accounts.d");

	service_facts_add(&facts, "trunk", false, &(struct verdict){
		.reason = REASON_PAUSED,
	});
	assert_text("no account is enabled, of 1 in "
		    "/etc/sipregd/sipregd.conf");
}
END_TEST


START_TEST(a_disabled_account_is_no_trouble)
{
	add_well("home");
	service_facts_add(&facts, "spare", false, &(struct verdict){
		.reason = REASON_PAUSED,
	});
	assert_text("1/1 reachable, 1 registered");
}
END_TEST


START_TEST(while_stopping_it_says_who_has_not_left)
{
	add_failed("home", REASON_CREDENTIALS);
	facts.stopping = true;
	facts.leaving = 12;
	assert_text("un-registering 12 accounts");
	facts.leaving = 1;
	assert_text("un-registering 1 account");
}
END_TEST


START_TEST(a_refused_reload_stays_in_sight)
{
	struct refusal r = {0};

	facts.refusal = &r;
	add_well("home");
	assert_text("1/1 reachable, 1 registered");

	refusal_add(&r, "/etc/sipregd/sipregd.conf:7: unknown key \"colour\"");
	assert_text("reload refused: /etc/sipregd/sipregd.conf:7: unknown key "
		    "\"colour\"; the running configuration stays. "
		    "1/1 reachable, 1 registered");

	refusal_add(&r, "second");
	refusal_add(&r, "third");
	assert_text("reload refused: /etc/sipregd/sipregd.conf:7: unknown key "
		    "\"colour\" (+2 more); the running configuration stays. "
		    "1/1 reachable, 1 registered");

	memset(&r, 0, sizeof(r));
	assert_text("1/1 reachable, 1 registered");
}
END_TEST


START_TEST(a_refused_start_is_told_likewise)
{
	struct refusal r = {0};

	refusal_add(&r, "a.conf:1: syntax error");
	refusal_text(text, sizeof(text), "configuration", &r);
	ck_assert_str_eq("configuration refused: a.conf:1: syntax error",
			 text);
}
END_TEST


/* Of anything but UTF-8 systemd shows nothing; a cut could be in a letter. */
START_TEST(whatever_a_message_holds_it_stays_one_line_of_ascii)
{
	struct refusal r = {0};
	char message[1500];

	facts.refusal = &r;
	facts.dir = "/tmp/\xff\n";
	memset(message, 'y', sizeof(message));
	memcpy(message, "\xc3\xa4\n\t\x7f", 5);
	message[sizeof(message) - 1] = '\0';
	refusal_add(&r, message);
	service_text(text, sizeof(text), &facts);

	ck_assert_int_eq(0, strncmp(text, "reload refused: ?????yyy", 24));
	ck_assert_ptr_nonnull(strstr(text, "yyy...; the running"));
	ck_assert_ptr_nonnull(strstr(text, "add one to /tmp/??"));
	for (const char *p = text; *p; p++)
		ck_assert(*p >= 0x20 && *p < 0x7f);
}
END_TEST


START_TEST(the_longest_text_has_an_end)
{
	char path[2000];

	memset(path, 'p', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	facts.dir = path;
	service_text(text, sizeof(text), &facts);
	ck_assert_uint_eq(sizeof(text) - 1, strlen(text));
}
END_TEST


Suite *suite_service_text(void);

Suite *suite_service_text(void)
{
	Suite *s = suite_create("service_text");
	TCase *tc = tcase_create("service_text");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, all_is_well_in_few_words);
	tcase_add_test(tc, who_cannot_be_reached_is_named_with_the_reason);
	tcase_add_test(tc, the_worst_comes_first_whatever_the_order_is);
	tcase_add_test(tc, of_many_the_worst_are_named_and_the_rest_is_counted);
	tcase_add_test(tc, the_longest_name_is_named);
	tcase_add_test(tc, without_an_account_it_says_where_to_put_one);
	tcase_add_test(tc, a_disabled_account_is_no_trouble);
	tcase_add_test(tc, while_stopping_it_says_who_has_not_left);
	tcase_add_test(tc, a_refused_reload_stays_in_sight);
	tcase_add_test(tc, a_refused_start_is_told_likewise);
	tcase_add_test(tc, whatever_a_message_holds_it_stays_one_line_of_ascii);
	tcase_add_test(tc, the_longest_text_has_an_end);
	suite_add_tcase(s, tc);

	return s;
}
