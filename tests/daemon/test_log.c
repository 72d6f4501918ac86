/* log.c, journald.c: what arrives at stderr and at the journal, and that
 * nothing there can stop us. */

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include "journald.h"
#include "log.h"


static int out;                  /* reads what went to stderr */
static int journal = -1;         /* the journal's end of its socket */
static char dir[32];
static struct sockaddr_un addr;
static char seen[8192];


static void setup(void)
{
	int fds[2];

	ck_assert_int_eq(0, pipe(fds));
	ck_assert_int_eq(0, fcntl(fds[0], F_SETFL, O_NONBLOCK));
	ck_assert_int_eq(STDERR_FILENO, dup2(fds[1], STDERR_FILENO));
	(void)close(fds[1]);
	out = fds[0];

	ck_assert_int_eq(0, unsetenv("JOURNAL_STREAM"));

	/* and never the one of the machine */
	strcpy(dir, "/tmp/test_log.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	addr.sun_family = AF_UNIX;
	(void)snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/socket", dir);
	journald_set_path(addr.sun_path);
}


static void teardown(void)
{
	(void)unlink(addr.sun_path);
	(void)rmdir(dir);
}


static const char *take(void)
{
	ssize_t n = read(out, seen, sizeof(seen) - 1);

	seen[n > 0 ? n : 0] = '\0';

	return seen;
}


static void be_journal(ino_t wrong)
{
	struct stat st;
	char buf[64];

	ck_assert_int_eq(0, fstat(STDERR_FILENO, &st));
	(void)snprintf(buf, sizeof(buf), "%ju:%ju", (uintmax_t)st.st_dev,
		       (uintmax_t)(st.st_ino + wrong));
	ck_assert_int_eq(0, setenv("JOURNAL_STREAM", buf, 1));
}


static void open_journal(void)
{
	be_journal(0);
	journal = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	ck_assert_int_ge(journal, 0);
	ck_assert_int_eq(0, bind(journal, (struct sockaddr *)&addr,
				 sizeof(addr)));
}


static const char *take_datagram(void)
{
	ssize_t n = recv(journal, seen, sizeof(seen) - 1, 0);

	seen[n > 0 ? n : 0] = '\0';

	return seen;
}


static long now_ms(void)
{
	struct timespec ts;

	ck_assert_int_eq(0, clock_gettime(CLOCK_MONOTONIC, &ts));

	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}


static bool matches(const char *s, const char *re)
{
	regex_t preg;
	bool ok;

	ck_assert_int_eq(0, regcomp(&preg, re, REG_EXTENDED | REG_NOSUB));
	ok = !regexec(&preg, s, 0, NULL, 0);
	regfree(&preg);

	return ok;
}


START_TEST(the_journals_stream_gets_the_priority)
{
	be_journal(0);
	log_warning("trunk", "lease lost after %d s", 42);
	ck_assert_str_eq("<4>trunk: lease lost after 42 s\n", take());
	log_info(NULL, "ready");
	ck_assert_str_eq("<6>ready\n", take());
}
END_TEST


#define RFC3339 "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}" \
	"\\.[0-9]{3}[+-][0-9]{2}:[0-9]{2}"

START_TEST(a_person_gets_the_time_and_the_level)
{
	log_error("trunk", "gone");
	take();
	ck_assert_msg(matches(seen, "^" RFC3339 " error trunk: gone\n$"),
		      "%s", seen);
}
END_TEST


START_TEST(the_time_zone_is_named)
{
	ck_assert_int_eq(0, setenv("TZ", "XXX-5:30", 1));
	log_error(NULL, "gone");
	take();
	ck_assert_msg(matches(seen, "\\+05:30 error gone\n$"), "%s", seen);
}
END_TEST


START_TEST(an_inherited_journal_stream_is_not_ours)
{
	be_journal(1);
	log_error(NULL, "gone");
	ck_assert_msg(matches(take(), "^" RFC3339), "%s", seen);

	ck_assert_int_eq(0, setenv("JOURNAL_STREAM", "rubbish", 1));
	log_error(NULL, "gone");
	ck_assert_msg(matches(take(), "^" RFC3339), "%s", seen);
}
END_TEST


START_TEST(lines_below_the_level_are_not_written)
{
	be_journal(0);
	log_debug(NULL, "too much");
	ck_assert_str_eq("", take());

	log_set_level(LOG_LEVEL_DEBUG);
	log_debug(NULL, "wanted");
	ck_assert_str_eq("<7>wanted\n", take());

	log_set_level(LOG_LEVEL_ERROR);
	log_warning(NULL, "too much");
	ck_assert_str_eq("", take());
	ck_assert(!log_enabled(LOG_LEVEL_WARNING));
	ck_assert(log_enabled(LOG_LEVEL_ERROR));
}
END_TEST


START_TEST(nothing_from_outside_forges_a_line)
{
	be_journal(0);
	log_info("a\nb", "%s", "x\r\n<3>trunk: \x1b[2J\x7f\xc3\xa4");
	ck_assert_str_eq("<6>a\\x0ab: x\\x0d\\x0a<3>trunk: "
			 "\\x1b[2J\\x7f\\xc3\\xa4\n", take());
}
END_TEST


START_TEST(a_long_text_is_cut)
{
	char text[5000];
	size_t len;

	be_journal(0);
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';

	log_info(NULL, "%s", text);
	len = strlen(take());
	ck_assert_uint_gt(len, 500);
	ck_assert_uint_le(len, 2048);
	ck_assert_str_eq("xx...\n", seen + len - 6);

	/* four times as long when escaped */
	memset(text, '\1', sizeof(text) - 1);
	log_info(NULL, "%s", text);
	len = strlen(take());
	ck_assert_uint_le(len, 2048);
	ck_assert_int_eq('\n', seen[len - 1]);
	ck_assert_ptr_eq(seen + len - 1, strchr(seen, '\n'));
}
END_TEST


START_TEST(errno_is_left_alone)
{
	(void)close(STDERR_FILENO);
	errno = ENOENT;
	log_info(NULL, "into nothing");
	ck_assert_int_eq(ENOENT, errno);
}
END_TEST


START_TEST(a_reader_that_sleeps_costs_lines_and_not_time)
{
	unsigned i;
	bool told = false;

	be_journal(0);

	/* more than a pipe takes; an alarm would end the test */
	(void)alarm(3);
	for (i = 0; i < 10000; i++)
		log_info(NULL, "line %u of many, and none of them short", i);

	while (*take())
		;

	log_info(NULL, "and on");
	while (*take()) {
		told |= matches(seen, "^<4>[0-9]+ log lines were lost\n");
		told &= matches(seen, "<6>and on\n");
	}

	ck_assert(told);
	log_info(NULL, "and on");
	ck_assert_str_eq("<6>and on\n", take());
}
END_TEST


/* --- the journal's own socket --- */

static const struct log_fields lost_flow = {"0123", "verdict", "flow-lost"};


START_TEST(the_journal_gets_fields)
{
	open_journal();

	log_event(LOG_LEVEL_WARNING, "trunk", &lost_flow,
		  "not registered after %d s", 42);
	ck_assert_str_eq("PRIORITY=4\n"
			 "SYSLOG_IDENTIFIER=sipregd\n"
			 "MESSAGE_ID=0123\n"
			 "SIPREGD_ACCOUNT=trunk\n"
			 "SIPREGD_EVENT=verdict\n"
			 "SIPREGD_REASON=flow-lost\n"
			 "MESSAGE=trunk: not registered after 42 s\n",
			 take_datagram());

	log_notice(NULL, "ready");
	ck_assert_str_eq("PRIORITY=5\n"
			 "SYSLOG_IDENTIFIER=sipregd\n"
			 "MESSAGE=ready\n", take_datagram());

	log_event(LOG_LEVEL_DEBUG, "trunk", &lost_flow, "too much");
	ck_assert_str_eq("", take_datagram());

	/* and nothing twice */
	ck_assert_str_eq("", take());
}
END_TEST


START_TEST(an_event_is_a_usual_line_where_there_is_no_journal)
{
	log_event(LOG_LEVEL_WARNING, "trunk", &lost_flow, "gone");
	ck_assert_msg(matches(take(), "^[^ ]+ warning trunk: gone\n$"), "%s",
		      seen);
}
END_TEST


START_TEST(without_the_journals_socket_its_stream_gets_the_line)
{
	be_journal(0);
	log_event(LOG_LEVEL_WARNING, "trunk", &lost_flow, "gone");
	ck_assert_str_eq("<4>trunk: gone\n", take());

	/* until the journal is there */
	open_journal();
	log_info(NULL, "and on");
	ck_assert_ptr_nonnull(strstr(take_datagram(), "\nMESSAGE=and on\n"));
	ck_assert_str_eq("", take());

	/* ends */
	(void)close(journal);
	log_info(NULL, "alone");
	ck_assert_str_eq("<6>alone\n", take());

	/* and starts again */
	ck_assert_int_eq(0, unlink(addr.sun_path));
	open_journal();
	log_info(NULL, "together");
	ck_assert_ptr_nonnull(strstr(take_datagram(), "MESSAGE=together\n"));

	journald_set_path(NULL);
	journald_set_path("/a/path/that/is/longer/than/any/address/of/a/unix/"
			  "socket/can/be/so/that/it/cannot/even/be/tried/with/"
			  "it");
	log_info(NULL, "long way");
	ck_assert_str_eq("<6>long way\n", take());
}
END_TEST


START_TEST(no_value_forges_a_field)
{
	open_journal();
	log_event(LOG_LEVEL_INFO, "a\nPRIORITY=0",
		  &(struct log_fields){NULL, "b\n\nc", "d\x1b[2J"},
		  "%s", "x\nMESSAGE=y\r\xc3\xa4");
	ck_assert_str_eq("PRIORITY=6\n"
			 "SYSLOG_IDENTIFIER=sipregd\n"
			 "SIPREGD_ACCOUNT=a\\x0aPRIORITY=0\n"
			 "SIPREGD_EVENT=b\\x0a\\x0ac\n"
			 "SIPREGD_REASON=d\\x1b[2J\n"
			 "MESSAGE=a\\x0aPRIORITY=0: x\\x0aMESSAGE=y\\x0d"
			 "\\xc3\\xa4\n", take_datagram());
}
END_TEST


START_TEST(fields_too_long_are_cut)
{
	char text[5000];
	const char *p;
	unsigned lines = 0;
	size_t len;

	open_journal();
	memset(text, '\1', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';

	log_event(LOG_LEVEL_INFO, text,
		  &(struct log_fields){text, text, text}, "%s", text);
	len = strlen(take_datagram());
	ck_assert_uint_gt(len, 2048);
	ck_assert_uint_lt(len, 4700);
	ck_assert_int_eq('\n', seen[len - 1]);
	ck_assert_ptr_nonnull(strstr(seen, "\nSIPREGD_REASON=\\x01"));
	ck_assert_ptr_nonnull(strstr(seen, "\nMESSAGE=\\x01"));
	for (p = seen; (p = strchr(p, '\n')); p++)
		++lines;
	ck_assert_uint_eq(7, lines);
}
END_TEST


/* What its socket does not take its stream may take; what neither takes is
 * counted. One wait of 100 ms is all the time that it may cost. */
START_TEST(a_journal_that_hangs_costs_lines_and_not_time)
{
	unsigned i, datagrams = 0, lines = 0, lost = 0;
	long start;

	open_journal();
	start = now_ms();
	for (i = 0; i < 10000; i++)
		log_info(NULL, "line of many, and none of them short");
	ck_assert_int_lt(now_ms() - start, 2000);

	while (*take_datagram())
		++datagrams;
	while (*take()) {
		for (const char *p = seen; (p = strchr(p, '\n')); p++)
			++lines;
	}

	ck_assert_uint_gt(datagrams, 0);
	ck_assert_uint_gt(lines, 0);

	log_info(NULL, "and on");
	ck_assert_int_eq(1, sscanf(strstr(take_datagram(), "MESSAGE="),
				   "MESSAGE=%u log lines were lost\n", &lost));
	ck_assert_ptr_nonnull(strstr(seen, "PRIORITY=4\n"));
	ck_assert_uint_eq(10000, datagrams + lines + lost);
	ck_assert_ptr_nonnull(strstr(take_datagram(), "MESSAGE=and on\n"));
}
END_TEST


START_TEST(a_line_for_the_journal_leaves_errno_alone)
{
	be_journal(0);
	errno = EINTR;
	log_info(NULL, "nobody listens");
	ck_assert_int_eq(EINTR, errno);
}
END_TEST


START_TEST(level_names_are_those_of_the_configuration)
{
	static const char *const namev[] = {
		"error", "warning", "notice", "info", "debug",
	};

	for (unsigned i = 0; i < 5; i++)
		ck_assert_str_eq(namev[i],
				 log_level_name(LOG_LEVEL_ERROR + i));
}
END_TEST


Suite *suite_log(void);

Suite *suite_log(void)
{
	Suite *s = suite_create("log");
	TCase *tc = tcase_create("log");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, the_journals_stream_gets_the_priority);
	tcase_add_test(tc, a_person_gets_the_time_and_the_level);
	tcase_add_test(tc, the_time_zone_is_named);
	tcase_add_test(tc, an_inherited_journal_stream_is_not_ours);
	tcase_add_test(tc, lines_below_the_level_are_not_written);
	tcase_add_test(tc, nothing_from_outside_forges_a_line);
	tcase_add_test(tc, a_long_text_is_cut);
	tcase_add_test(tc, errno_is_left_alone);
	tcase_add_test(tc, a_reader_that_sleeps_costs_lines_and_not_time);
	tcase_add_test(tc, the_journal_gets_fields);
	tcase_add_test(tc,
		       an_event_is_a_usual_line_where_there_is_no_journal);
	tcase_add_test(tc,
		       without_the_journals_socket_its_stream_gets_the_line);
	tcase_add_test(tc, no_value_forges_a_field);
	tcase_add_test(tc, fields_too_long_are_cut);
	tcase_add_test(tc, a_journal_that_hangs_costs_lines_and_not_time);
	tcase_add_test(tc, a_line_for_the_journal_leaves_errno_alone);
	tcase_add_test(tc, level_names_are_those_of_the_configuration);
	suite_add_tcase(s, tc);

	return s;
}
