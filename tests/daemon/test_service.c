/* service.c: what the service manager hears. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "harness.h"
#include "service.h"


static int manager;
static char heard[256];


/* An abstract address: nothing to clean up. */
static void setup(void)
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

	harness_setup();
}


static void teardown(void)
{
	service_close();
	harness_teardown();
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
	tcase_add_test(tc, a_status_is_told_when_it_changes);
	tcase_add_test(tc, the_watchdog_is_fed_twice_per_interval);
	tcase_add_test(tc, without_a_manager_nothing_happens);
	suite_add_tcase(s, tc);

	return s;
}
