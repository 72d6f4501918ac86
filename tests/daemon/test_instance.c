/* The instance id: configured, kept, made, and what happens to a bad disk. */

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "instance.h"
#include "log.h"


#define URN "urn:uuid:00000000-0000-4000-8000-000a95a0e128"

static char dir[64], file[80];
static char urn[INSTANCE_MAX];
static char none[] = "";
static struct config conf;


static void setup(void)
{
	(void)strcpy(dir, "/tmp/test_instance.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(file, sizeof(file), "%s/" INSTANCE_FILE, dir);
	conf.state_dir = dir;
	conf.instance_id = none;
	urn[0] = '\0';
	log_set_level(LOG_LEVEL_ERROR);
}


static void teardown(void)
{
	(void)unlink(file);
	(void)rmdir(dir);
}


static void put(const char *text)
{
	FILE *f = fopen(file, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(0, fclose(f));
}


static void get(char *buf, size_t size)
{
	FILE *f = fopen(file, "r");

	ck_assert_ptr_nonnull(f);
	ck_assert_ptr_nonnull(fgets(buf, (int)size, f));
	ck_assert_int_eq(0, fclose(f));
}


static void is_uuid_4(const char *s)
{
	ck_assert_uint_eq(45, strlen(s));
	ck_assert_int_eq(0, strncmp(s, "urn:uuid:", 9));
	ck_assert_int_eq('4', s[9 + 14]);
	ck_assert_ptr_nonnull(strchr("89ab", s[9 + 19]));
}


START_TEST(a_configured_id_is_used_and_nothing_is_written)
{
	static char configured[] = URN;

	conf.instance_id = configured;
	ck_assert_int_eq(0, instance_id(urn, sizeof(urn), &conf));
	ck_assert_str_eq(URN, urn);
	ck_assert_int_ne(0, access(file, F_OK));
}
END_TEST


START_TEST(a_new_id_is_kept_for_the_next_run)
{
	char line[128], again[INSTANCE_MAX];
	struct stat st;

	ck_assert_int_eq(0, instance_id(urn, sizeof(urn), &conf));
	is_uuid_4(urn);
	get(line, sizeof(line));
	ck_assert_int_eq(0, strncmp(line, urn, strlen(urn)));
	ck_assert_str_eq("\n", line + strlen(urn));
	ck_assert_int_eq(0, stat(file, &st));
	ck_assert_uint_eq(0600, st.st_mode & 07777);

	ck_assert_int_eq(0, instance_id(again, sizeof(again), &conf));
	ck_assert_str_eq(urn, again);
}
END_TEST


START_TEST(two_installations_differ)
{
	char other[INSTANCE_MAX];

	ck_assert_int_eq(0, instance_id(urn, sizeof(urn), &conf));
	ck_assert_int_eq(0, unlink(file));
	ck_assert_int_eq(0, instance_id(other, sizeof(other), &conf));
	ck_assert_str_ne(urn, other);
}
END_TEST


START_TEST(a_missing_state_directory_is_made)
{
	ck_assert_int_eq(0, rmdir(dir));
	ck_assert_int_eq(0, instance_id(urn, sizeof(urn), &conf));
	ck_assert_int_eq(0, access(file, R_OK));
}
END_TEST


START_TEST(a_corrupt_file_is_replaced)
{
	static const char *const badv[] = {
		"", "\n", "garbage\n", URN "\n" URN "\n", "urn:uuid:0000\n",
		URN " \n", "urn:uuid:00000000-0000-4000-8000-000a95a0e12\n",
	};

	for (size_t i = 0; i < ARRAY_SIZE(badv); i++) {
		char line[128];

		put(badv[i]);
		ck_assert_int_eq(0, instance_id(urn, sizeof(urn), &conf));
		is_uuid_4(urn);
		get(line, sizeof(line));
		ck_assert_int_eq(0, strncmp(line, urn, strlen(urn)));
	}
}
END_TEST


START_TEST(a_directory_that_cannot_be_written_gives_an_id_for_this_run)
{
	char other[INSTANCE_MAX];
	static char bad[96];

	/* below a file there is none */
	put(URN "\n");
	(void)snprintf(bad, sizeof(bad), "%s/below", file);
	conf.state_dir = bad;
	ck_assert_int_eq(0, instance_id(urn, sizeof(urn), &conf));
	is_uuid_4(urn);
	ck_assert_int_eq(0, instance_id(other, sizeof(other), &conf));
	ck_assert_str_ne(urn, other);
}
END_TEST


START_TEST(a_file_that_cannot_be_read_is_left_alone)
{
	ck_assert_int_eq(0, mkdir(file, 0700));
	ck_assert_int_eq(0, instance_id(urn, sizeof(urn), &conf));
	is_uuid_4(urn);
	ck_assert_int_eq(0, rmdir(file));
}
END_TEST


START_TEST(what_a_killed_process_left_is_no_obstacle)
{
	char tmp[128], line[128];
	FILE *f;

	(void)snprintf(tmp, sizeof(tmp), "%s.new", file);
	f = fopen(tmp, "w");
	ck_assert_int_ge(fputs("urn:uu", f), 0);
	ck_assert_int_eq(0, fclose(f));

	ck_assert_int_eq(0, instance_id(urn, sizeof(urn), &conf));
	get(line, sizeof(line));
	ck_assert_int_eq(0, strncmp(line, urn, strlen(urn)));
	ck_assert_int_ne(0, access(tmp, F_OK));
}
END_TEST


START_TEST(a_small_buffer_is_the_callers_fault)
{
	put(URN "\n");
	ck_assert_int_eq(EINVAL, instance_id(urn, strlen(URN), &conf));
	ck_assert_int_eq(0, instance_id(urn, strlen(URN) + 1, &conf));
}
END_TEST


Suite *suite_instance(void);
Suite *suite_instance(void)
{
	Suite *s = suite_create("instance");
	TCase *tc = tcase_create("instance");

	tcase_add_checked_fixture(tc, setup, teardown);

	tcase_add_test(tc, a_configured_id_is_used_and_nothing_is_written);
	tcase_add_test(tc, a_new_id_is_kept_for_the_next_run);
	tcase_add_test(tc, two_installations_differ);
	tcase_add_test(tc, a_missing_state_directory_is_made);
	tcase_add_test(tc, a_corrupt_file_is_replaced);
	tcase_add_test(tc,
		a_directory_that_cannot_be_written_gives_an_id_for_this_run);
	tcase_add_test(tc, a_file_that_cannot_be_read_is_left_alone);
	tcase_add_test(tc, what_a_killed_process_left_is_no_obstacle);
	tcase_add_test(tc, a_small_buffer_is_the_callers_fault);
	suite_add_tcase(s, tc);

	return s;
}
