/* loop.c: descriptors, signals, clocks and limits. */

#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "harness.h"


static int signalv[8];
static unsigned signalc;


static void signal_handler(int sig, void *arg)
{
	ck_assert_ptr_eq(&signalv, arg);
	ck_assert_uint_lt(signalc, 8);
	signalv[signalc++] = sig;
}


static bool five_signals(void *arg)
{
	(void)arg;

	return signalc == 5;
}


static void signal_setup(void)
{
	ck_assert_int_eq(0, loop_init(signal_handler, &signalv));
}


START_TEST(signals_arrive_in_the_loop)
{
	static const int wantv[] = {
		SIGHUP, SIGTERM, SIGINT, SIGUSR2, SIGCHLD,
	};
	unsigned seen = 0;

	for (unsigned i = 0; i < 5; i++)
		ck_assert_int_eq(0, kill(getpid(), wantv[i]));

	ck_assert_uint_eq(0, signalc);
	ck_assert(harness_wait(five_signals, NULL, 5000));

	for (unsigned i = 0; i < 5; i++) {
		for (unsigned j = 0; j < 5; j++)
			seen += signalv[i] == wantv[j];
	}

	ck_assert_uint_eq(5, seen);
}
END_TEST


START_TEST(a_broken_pipe_is_an_error_and_no_end)
{
	int fds[2];

	ck_assert_int_eq(0, pipe(fds));
	(void)close(fds[0]);
	ck_assert_int_eq(-1, write(fds[1], "x", 1));
	(void)close(fds[1]);
}
END_TEST


START_TEST(a_signal_that_means_nothing_here_is_no_end)
{
	ck_assert_int_eq(0, raise(SIGUSR1));
	ck_assert_int_eq(0, raise(SIGXFSZ));
}
END_TEST


/* What ends a program by default is ignored then; a child's end is not, or its
 * status would be lost. */
START_TEST(the_status_of_a_child_outlives_the_loop)
{
	int status;
	pid_t pid;

	harness_setup();
	loop_close();

	pid = fork();
	if (!pid)
		_exit(7);

	ck_assert_int_eq(pid, waitpid(pid, &status, 0));
	ck_assert_int_eq(7, WEXITSTATUS(status));
}
END_TEST


START_TEST(the_signal_mask_is_restored)
{
	sigset_t before, after;

	ck_assert_int_eq(0, sigprocmask(SIG_BLOCK, NULL, &before));
	harness_setup();
	ck_assert_int_eq(0, sigprocmask(SIG_BLOCK, NULL, &after));
	ck_assert_int_eq(1, sigismember(&after, SIGTERM));
	loop_close();

	ck_assert_int_eq(0, sigprocmask(SIG_BLOCK, NULL, &after));
	ck_assert_int_eq(sigismember(&before, SIGTERM),
			 sigismember(&after, SIGTERM));

	/* and all of it once more */
	harness_setup();
	harness_run(1);
	loop_close();
}
END_TEST


struct watch {
	struct io io;
	unsigned reads, writes;
};


static void watch_handler(int flags, void *arg)
{
	struct watch *w = arg;
	char c;

	if (flags & FD_READ && read(w->io.fd, &c, 1) == 1)
		++w->reads;

	if (flags & FD_WRITE) {
		++w->writes;
		ck_assert_int_eq(0, io_listen(&w->io, FD_READ));
	}
}


START_TEST(a_descriptor_is_watched_for_what_was_asked)
{
	struct watch w = {.io = {.fd = -1}};
	int fds[2];

	ck_assert_int_eq(0, socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
	w.io.fd = fds[0];
	w.io.h = watch_handler;
	w.io.arg = &w;

	ck_assert_int_eq(0, io_listen(&w.io, FD_READ | FD_WRITE));
	ck_assert(harness_wait(harness_count, &w.writes, 5000));
	ck_assert_uint_eq(0, w.reads);

	ck_assert_int_eq(1, write(fds[1], "x", 1));
	ck_assert(harness_wait(harness_count, &w.reads, 5000));
	ck_assert_uint_eq(1, w.writes);

	io_stop(&w.io);
	io_stop(&w.io);
	ck_assert_int_eq(1, write(fds[1], "x", 1));
	harness_run(10);
	ck_assert_uint_eq(1, w.reads);

	ck_assert_int_eq(0, io_listen(&w.io, FD_READ));
	w.reads = 0;
	ck_assert(harness_wait(harness_count, &w.reads, 5000));

	io_stop(&w.io);
	(void)close(fds[0]);
	(void)close(fds[1]);
}
END_TEST


START_TEST(stopping_what_was_never_watched_does_nothing)
{
	struct io zero = {0}, none = {.fd = -1};

	io_stop(&zero);
	io_stop(&none);
}
END_TEST


START_TEST(all_descriptors_may_be_used)
{
	struct rlimit lim;
	struct watch w = {.io = {.fd = -1}};
	int fds[2];

	ck_assert_int_eq(0, getrlimit(RLIMIT_NOFILE, &lim));
	ck_assert_uint_eq(lim.rlim_max, lim.rlim_cur);

	/* above FD_SETSIZE, libre's own limit */
	if (lim.rlim_cur < 4096)
		return;

	ck_assert_int_eq(0, socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
	w.io.fd = dup2(fds[0], 4000);
	w.io.h = watch_handler;
	w.io.arg = &w;
	ck_assert_int_eq(4000, w.io.fd);
	ck_assert_int_eq(0, io_listen(&w.io, FD_READ));
	ck_assert_int_eq(1, write(fds[1], "x", 1));
	ck_assert(harness_wait(harness_count, &w.reads, 5000));

	io_stop(&w.io);
	(void)close(w.io.fd);
	(void)close(fds[0]);
	(void)close(fds[1]);
}
END_TEST


START_TEST(the_clock_goes_on_and_knows_the_wall_clock)
{
	msec_t before = loop_now();
	int64_t usec;

	harness_run(10);
	ck_assert_uint_ge(loop_now(), before + 10);

	usec = (int64_t)loop_now() * 1000 + loop_wall_usec();
	ck_assert_int_le(usec / 1000000 - time(NULL), 1);
	ck_assert_int_ge(usec / 1000000 - time(NULL), -1);
}
END_TEST


Suite *suite_loop(void);

Suite *suite_loop(void)
{
	Suite *s = suite_create("loop");
	TCase *tc = tcase_create("loop");

	tcase_add_checked_fixture(tc, harness_setup, harness_teardown);
	tcase_add_test(tc, a_broken_pipe_is_an_error_and_no_end);
	tcase_add_test(tc, a_signal_that_means_nothing_here_is_no_end);
	tcase_add_test(tc, a_descriptor_is_watched_for_what_was_asked);
	tcase_add_test(tc, stopping_what_was_never_watched_does_nothing);
	tcase_add_test(tc, all_descriptors_may_be_used);
	tcase_add_test(tc, the_clock_goes_on_and_knows_the_wall_clock);
	suite_add_tcase(s, tc);

	tc = tcase_create("signals");
	tcase_add_checked_fixture(tc, signal_setup, harness_teardown);
	tcase_add_test(tc, signals_arrive_in_the_loop);
	suite_add_tcase(s, tc);

	tc = tcase_create("restored");
	tcase_add_test(tc, the_signal_mask_is_restored);
	tcase_add_test(tc, the_status_of_a_child_outlives_the_loop);
	suite_add_tcase(s, tc);

	return s;
}
