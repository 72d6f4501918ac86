/* service.c: what the service manager hears, of a whole daemon too. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>
#include "notify.h"
#include "rig.h"
#include "service.h"
#include "service_text.h"


static int manager;
static char heard[SERVICE_TEXT_MAX + 64];


/* An abstract address: nothing to clean up. */
static void manager_open(void)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int len = snprintf(sun.sun_path + 1, sizeof(sun.sun_path) - 1,
			   "sipregd-test-%d", (int)getpid());
	char env[128];

	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	ck_assert_int_ge(manager, 0);
	ck_assert_int_eq(0, bind(manager, (struct sockaddr *)&sun,
				 (socklen_t)(offsetof(struct sockaddr_un,
						      sun_path) + 1) +
				 (socklen_t)len));

	(void)snprintf(env, sizeof(env), "@%s", sun.sun_path + 1);
	ck_assert_int_eq(0, setenv("NOTIFY_SOCKET", env, 1));
	ck_assert_int_eq(0, unsetenv("WATCHDOG_USEC"));
	ck_assert_int_eq(0, unsetenv("WATCHDOG_PID"));
}


static void setup(void)
{
	manager_open();
	harness_setup();
}


static void teardown(void)
{
	service_close();
	harness_teardown();
	(void)close(manager);
}


static void daemon_setup(void)
{
	manager_open();
	rig_setup();
	ck_assert_int_eq(0, service_init());
}


static void daemon_teardown(void)
{
	service_close();
	rig_teardown();
	(void)close(manager);
}


static const char *hear(void)
{
	ssize_t n = recv(manager, heard, sizeof(heard) - 1, 0);

	heard[n > 0 ? n : 0] = '\0';

	return heard;
}


START_TEST(the_life_of_the_service_is_told)
{
	ck_assert_int_eq(0, service_init());
	service_ready();
	ck_assert_str_eq("READY=1", hear());
	service_stopping();
	ck_assert_str_eq("STOPPING=1", hear());
}
END_TEST


START_TEST(a_reload_is_told_with_its_time)
{
	const char *time;
	uint64_t usec;

	ck_assert_int_eq(0, service_init());
	service_reloading();
	time = strchr(hear(), '\n');
	ck_assert_ptr_nonnull(time);
	ck_assert_int_eq(0, strncmp("RELOADING=1\n", heard, 12));
	ck_assert_int_eq(1, sscanf(time, "\nMONOTONIC_USEC=%" SCNu64, &usec));
	ck_assert_uint_gt(usec, 0);
	service_ready();
	ck_assert_str_eq("READY=1", hear());
}
END_TEST


START_TEST(a_status_is_told_when_it_changes)
{
	ck_assert_int_eq(0, service_init());
	service_status("3/4 reachable");
	ck_assert_str_eq("STATUS=3/4 reachable", hear());
	service_status("3/4 reachable");
	ck_assert_str_eq("", hear());
	service_status("4/4 reachable");
	ck_assert_str_eq("STATUS=4/4 reachable", hear());
}
END_TEST


static bool hears_ready(void *arg)
{
	bool *heard_it = arg;

	*heard_it = *heard_it || !strcmp("READY=1", hear());

	return *heard_it;
}


/* sd_notify() would wait for ever here. */
START_TEST(a_manager_that_does_not_read_is_not_waited_for)
{
	const msec_t start = loop_now();
	bool ready = false;

	ck_assert_int_eq(0, service_init());
	while (notify_possible(0))
		(void)sd_notify(0, "X=1");

	service_status("3/4 reachable");
	service_stopping();
	service_ready();
	ck_assert_uint_lt(loop_now() - start, harness_patience(1000));

	while (*hear())
		;
	ck_assert(harness_wait(hears_ready, &ready, 3000));
	ck_assert_str_eq("STATUS=3/4 reachable", hear());
	ck_assert_str_eq("", hear());
}
END_TEST


static bool hears_watchdog(void *arg)
{
	bool *heard_it = arg;

	*heard_it = *heard_it || !strcmp("WATCHDOG=1", hear());

	return *heard_it;
}


/* Half of its time is 30 s here: the next tick would come too late. */
START_TEST(a_watchdog_that_could_not_be_told_is_told_soon)
{
	bool alive = false;

	ck_assert_int_eq(0, setenv("WATCHDOG_USEC", "60000000", 1));
	while (notify_possible(0))
		(void)sd_notify(0, "X=1");

	ck_assert_int_eq(0, service_init());
	harness_run(100);
	while (*hear())
		;
	ck_assert(harness_wait(hears_watchdog, &alive, 3000));
}
END_TEST


/* --- a daemon --- */

struct want {
	const char *text;
	bool whole;              /* not only its beginning */
	bool said;
};


static bool says_it(void *arg)
{
	struct want *w = arg;
	const size_t len = strlen(w->text);

	while (!w->said && *hear())
		w->said = !strncmp(heard, w->text, len) &&
			(!w->whole || !heard[len]);

	return w->said;
}


static void expect_status(bool whole, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void expect_status(bool whole, const char *fmt, ...)
{
	char text[sizeof(heard)] = "STATUS=";
	struct want w = {.text = text, .whole = whole};
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text + 7, sizeof(text) - 7, fmt, ap);
	va_end(ap);

	ck_assert_msg(harness_wait(says_it, &w, RIG_WAIT), "never said: %s",
		      text);
}


START_TEST(the_status_names_who_cannot_be_reached)
{
	const struct registrar_rule rule = {
		.user = "bad", .kind = RULE_ANSWER, .code = 404,
	};

	rig_rule(&rule);
	rig_account("good", TRANSPORT_TCP, "%s", "");
	rig_account("bad", TRANSPORT_TCP, "%s", "");
	rig_start("");
	expect_status(true, "1/2 reachable, 1 registered; bad: %s",
		      reason_name(REASON_REJECTED));
}
END_TEST


START_TEST(without_accounts_the_status_says_where_to_put_one)
{
	rig_start("");
	expect_status(true, "no accounts: add one to %s", rig_path(
		"accounts.d"));
}
END_TEST


START_TEST(a_refused_reload_is_in_the_status_until_a_good_one)
{
	struct reload_outcome o;

	rig_account("alice", TRANSPORT_TCP, "%s", "");
	rig_start("");
	expect_status(true, "1/1 reachable, 1 registered");

	rig_write("\ncolour = 7; flavour = 8;");
	ck_assert_int_eq(EINVAL, daemon_reload(rig.daemon, &o, NULL, NULL));
	expect_status(false, "reload refused: %s:5: ",
		      rig_path("sipregd.conf"));
	ck_assert_ptr_nonnull(strstr(heard, " (+1 more); the running "
				     "configuration stays. 1/1 reachable, 1 "
				     "registered"));

	rig_write("");
	ck_assert_int_eq(0, daemon_reload(rig.daemon, &o, NULL, NULL));
	expect_status(true, "1/1 reachable, 1 registered");
}
END_TEST


START_TEST(while_stopping_the_status_says_who_has_not_left)
{
	const struct registrar_rule late = {
		.user = "bob", .kind = RULE_NORMAL, .delay = 600, .count = 1,
	};

	rig_account("alice", TRANSPORT_TCP, "%s", "");
	rig_account("bob", TRANSPORT_TCP, "%s", "");
	rig_start("");
	expect_status(true, "2/2 reachable, 2 registered");
	rig_rule(&late);
	(void)rig_stop();
	expect_status(true, "un-registering 2 accounts");
	expect_status(true, "un-registering 1 account");
}
END_TEST


/* --- the watchdog --- */

static bool three_barks(void *arg)
{
	unsigned *n = arg;

	*n += !strcmp(hear(), "WATCHDOG=1");

	return *n >= 3;
}


START_TEST(the_watchdog_is_fed_twice_per_interval)
{
	unsigned n = 0;
	msec_t start = loop_now();

	ck_assert_int_eq(0, setenv("WATCHDOG_USEC", "80000", 1));
	ck_assert_int_eq(0, service_init());
	ck_assert(harness_wait(three_barks, &n, 5000));
	ck_assert_uint_ge(loop_now(), start + 80);
}
END_TEST


START_TEST(without_a_manager_nothing_happens)
{
	ck_assert_int_eq(0, unsetenv("NOTIFY_SOCKET"));
	ck_assert_int_eq(0, service_init());
	service_ready();
	service_status("none");
	service_stopping();
	harness_run(5);
	ck_assert_str_eq("", hear());
}
END_TEST


Suite *suite_service(void);

Suite *suite_service(void)
{
	Suite *s = suite_create("service");
	TCase *tc = tcase_create("service");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, the_life_of_the_service_is_told);
	tcase_add_test(tc, a_reload_is_told_with_its_time);
	tcase_add_test(tc, a_manager_that_does_not_read_is_not_waited_for);
	tcase_add_test(tc, a_watchdog_that_could_not_be_told_is_told_soon);
	tcase_add_test(tc, a_status_is_told_when_it_changes);
	tcase_add_test(tc, the_watchdog_is_fed_twice_per_interval);
	tcase_add_test(tc, without_a_manager_nothing_happens);
	suite_add_tcase(s, tc);

	tc = tcase_create("daemon");
	tcase_add_checked_fixture(tc, daemon_setup, daemon_teardown);
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, the_status_names_who_cannot_be_reached);
	tcase_add_test(tc, without_accounts_the_status_says_where_to_put_one);
	tcase_add_test(tc, a_refused_reload_is_in_the_status_until_a_good_one);
	tcase_add_test(tc, while_stopping_the_status_says_who_has_not_left);
	suite_add_tcase(s, tc);

	return s;
}
