/* daemon/message.c, and the catalog that explains what it numbers */

#include <check.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include "message.h"


Suite *suite_message(void);

#define CATALOG  "systemd/sipregd.catalog"
#define MANUAL   "man/sipregd-reasons.7"
#define TEXT_MAX 65536

static char text[TEXT_MAX];


/* Words with one space between them, as paragraphs are broken anywhere. */
static void read_words(const char *file)
{
	FILE *f = fopen(file, "r");
	size_t len = 0;
	int c;

	ck_assert_ptr_nonnull(f);
	while ((c = fgetc(f)) != EOF && len < TEXT_MAX - 1) {
		if (!isspace(c))
			text[len++] = (char)c;
		else if (len && text[len - 1] != ' ')
			text[len++] = ' ';
	}

	text[len] = '\0';
	(void)fclose(f);
}


static void setup(void)
{
	read_words(CATALOG);
}


/* The entry behind "-- ID", up to the next one. */
static const char *entry(const char *id)
{
	static char found[TEXT_MAX];
	char mark[64];
	const char *at, *end;

	(void)snprintf(mark, sizeof(mark), "-- %s Subject: ", id);
	at = strstr(text, mark);
	ck_assert_msg(at != NULL, "no entry of %s", id);
	ck_assert_msg(!strstr(at + 1, mark), "two of %s", id);

	end = strstr(at + 1, " -- 3d4a1343");
	(void)snprintf(found, sizeof(found), "%.*s",
		       (int)(end ? end - at : (long)strlen(at)), at);

	return found;
}


START_TEST(each_reason_is_explained_with_its_remedy)
{
	char id[MESSAGE_ID_SIZE];

	for (unsigned r = 0; r < REASON_COUNT; r++) {
		const struct event e = {
			.type = EVENT_VERDICT, .reason = (uint8_t)r,
		};
		const char *found = entry(message_event_id(id, &e));

		ck_assert_msg(strstr(found, reason_text(r)) != NULL,
			      "%s: %s", reason_name(r), found);
		ck_assert_msg(!reason_remedy(r) ||
			      strstr(found, reason_remedy(r)) != NULL,
			      "%s: %s", reason_name(r), found);
	}
}
END_TEST


START_TEST(the_manual_explains_each_reason_with_its_remedy)
{
	char mark[64];

	read_words(MANUAL);
	for (unsigned r = 0; r < REASON_COUNT; r++) {
		const char *remedy = reason_remedy(r), *at;

		(void)snprintf(mark, sizeof(mark), " .It Cm %s ",
			       reason_name(r));
		at = strstr(text, mark);
		ck_assert_msg(at != NULL, "%s", reason_name(r));
		at += strlen(mark);
		ck_assert_msg(!strncmp(at, reason_text(r),
				       strlen(reason_text(r))), "%s", at);
		ck_assert_msg(!remedy || strstr(at, remedy), "%s", remedy);
	}
}
END_TEST


START_TEST(each_event_and_message_is_explained)
{
	char id[MESSAGE_ID_SIZE];

	for (unsigned t = EVENT_VERDICT + 1; t < EVENT_COUNT; t++) {
		const struct event e = {.type = (uint8_t)t};

		(void)entry(message_event_id(id, &e));
	}

	for (unsigned m = 0; m < MESSAGE_COUNT; m++)
		(void)entry(message_id(id, m));
}
END_TEST


START_TEST(nothing_else_is_in_the_catalog)
{
	const char *at = text;
	unsigned count = 0;

	while ((at = strstr(at, " -- 3d4a1343"))) {
		++count;
		++at;
	}

	ck_assert_uint_eq(count, REASON_COUNT + EVENT_COUNT - 1 +
			  MESSAGE_COUNT);
}
END_TEST


START_TEST(numbers_keep_their_meaning)
{
	const struct event lost = {
		.type = EVENT_VERDICT, .reason = REASON_NO_RESOURCES,
	};
	const struct event address = {.type = EVENT_ADDRESS};
	char id[MESSAGE_ID_SIZE];

	ck_assert_str_eq(message_event_id(id, &lost),
			 "3d4a1343877f4bfab67d11c5c7e7ac19");
	ck_assert_str_eq(message_event_id(id, &address),
			 "3d4a1343877f4bfab67d11c5c7e7ac8b");
	ck_assert_str_eq(message_id(id, MESSAGE_RELOADED),
			 "3d4a1343877f4bfab67d11c5c7e7acc0");
}
END_TEST


Suite *suite_message(void)
{
	Suite *s = suite_create("message");
	TCase *tc = tcase_create("message");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, each_reason_is_explained_with_its_remedy);
	tcase_add_test(tc, the_manual_explains_each_reason_with_its_remedy);
	tcase_add_test(tc, each_event_and_message_is_explained);
	tcase_add_test(tc, nothing_else_is_in_the_catalog);
	tcase_add_test(tc, numbers_keep_their_meaning);
	suite_add_tcase(s, tc);

	return s;
}
