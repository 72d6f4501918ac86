/* fdstore.c and who takes from it: what a service manager passes, and what it
 * keeps over a restart. The manager is a socket here, and the service a child
 * with the descriptors and the environment that it would have. */

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>
#include "control_socket.h"
#include "fdstore.h"


#define FDS_MAX   700            /* more than two messages of a bundle */
#define TEXT_SIZE 256
#define SAID_SIZE 4096
#define NO_ANSWER 50             /* [ms] for what must not come */
#define PATIENCE  10000          /* [ms] for what must */

static char dir[32];
static struct sockaddr_un manager_addr;
static int manager = -1;

/* What the service is started with. */
static int passedv[FDS_MAX];
static size_t passedc;
static char names[FDS_MAX * sizeof(FDSTORE_NOTE)];
static int said = -1;            /* where its stderr goes */


static void setup(void)
{
	strcpy(dir, "/tmp/sipregd-fdstore.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));

	manager_addr.sun_family = AF_UNIX;
	(void)snprintf(manager_addr.sun_path, sizeof(manager_addr.sun_path),
		       "%s/notify", dir);
	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(manager, 0);
	ck_assert_int_eq(0, bind(manager, (struct sockaddr *)&manager_addr,
				 sizeof(manager_addr)));
	ck_assert_int_eq(0, setenv("NOTIFY_SOCKET", manager_addr.sun_path, 1));
	ck_assert_int_eq(0, unsetenv("FDSTORE"));
	ck_assert_int_eq(0, unsetenv("LISTEN_FDS"));

	said = memfd_create("said", MFD_CLOEXEC);
	ck_assert_int_ge(said, 0);
	passedc = 0;
	*names = '\0';
}


static void teardown(void)
{
	(void)close(manager);
	(void)close(said);
	(void)unlink(manager_addr.sun_path);
	(void)rmdir(dir);
}


/* --- the manager --- */

/* One message and its descriptor, *fdp: -1 if there is none. False: no message
 * comes. */
static bool told(char text[TEXT_SIZE], int *fdp, int msec)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = {.iov_base = text, .iov_len = TEXT_SIZE - 1};
	struct msghdr hdr = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = sizeof(control.buf),
	};
	struct pollfd p = {.fd = manager, .events = POLLIN};
	struct cmsghdr *c;
	ssize_t n;

	*fdp = -1;
	if (poll(&p, 1, msec) != 1)
		return false;

	n = recvmsg(manager, &hdr, MSG_CMSG_CLOEXEC);
	ck_assert_int_gt(n, 0);
	ck_assert(!(hdr.msg_flags & MSG_CTRUNC));
	text[n] = '\0';

	c = CMSG_FIRSTHDR(&hdr);
	if (c && c->cmsg_type == SCM_RIGHTS)
		memcpy(fdp, CMSG_DATA(c), sizeof(*fdp));

	return true;
}


static void is_told(const char *expected)
{
	char text[TEXT_SIZE];
	int fd;

	ck_assert(told(text, &fd, PATIENCE));
	ck_assert_str_eq(expected, text);
	ck_assert_int_eq(-1, fd);
}


static void is_told_no_more(void)
{
	char text[TEXT_SIZE];
	int fd;

	ck_assert(!told(text, &fd, 0));
}


/* What it is to pass to the next process. */
static void pass(int fd, const char *name)
{
	ck_assert_int_ge(fd, 0);
	passedv[passedc++] = fd;
	if (*names)
		strcat(names, ":");
	strcat(names, name);
}


/* Takes what it is given to be kept, and will pass it. */
static void keeps(const char *name)
{
	char text[TEXT_SIZE], expected[TEXT_SIZE];
	int fd;

	(void)snprintf(expected, sizeof(expected),
		       "FDSTORE=1\nFDPOLL=0\nFDNAME=%s", name);
	ck_assert(told(text, &fd, PATIENCE));
	ck_assert_str_eq(expected, text);
	pass(fd, name);
}


/* --- the service --- */

/* In the child nothing of Check's can be used. */
#define MUST(ok) must((ok), #ok, __LINE__)
static void must(bool ok, const char *what, int line)
{
	if (ok)
		return;

	printf("test_fdstore.c:%d: not %s\n", line, what);
	(void)fflush(stdout);
	_exit(1);
}


/* All descriptors are where the manager puts them, and none of ours is below
 * or between. */
static void become_service(bool named)
{
	char buf[16];
	int fdv[FDS_MAX], high = SD_LISTEN_FDS_START + FDS_MAX;

	MUST(dup2(said, STDERR_FILENO) == STDERR_FILENO);
	for (size_t i = 0; i < passedc; i++)
		MUST((fdv[i] = fcntl(passedv[i], F_DUPFD, high)) >= 0);
	for (size_t i = 0; i < passedc; i++) {
		const int fd = SD_LISTEN_FDS_START + (int)i;

		MUST(dup2(fdv[i], fd) == fd);
		MUST(!close(fdv[i]));
	}

	(void)snprintf(buf, sizeof(buf), "%zu", passedc);
	MUST(!setenv("LISTEN_FDS", buf, 1));
	(void)snprintf(buf, sizeof(buf), "%d", (int)getpid());
	MUST(!setenv("LISTEN_PID", buf, 1));
	if (named)
		MUST(!setenv("LISTEN_FDNAMES", names, 1));
	else
		MUST(!unsetenv("LISTEN_FDNAMES"));
}


static void in_service_named(void (*f)(void), bool named)
{
	pid_t pid;
	int status;

	(void)fflush(stdout);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (!pid) {
		become_service(named);
		f();
		_exit(0);
	}

	ck_assert_int_eq(pid, waitpid(pid, &status, 0));
	ck_assert_int_eq(0, status);
}


static void in_service(void (*f)(void))
{
	in_service_named(f, true);
}


/* All that it wrote to stderr. */
static const char *was_said(void)
{
	static char text[SAID_SIZE];
	const ssize_t n = pread(said, text, sizeof(text) - 1, 0);

	ck_assert_int_ge(n, 0);
	text[n] = '\0';

	return text;
}


static bool named_handler(int fd, const char *name, void *arg)
{
	(void)fd;

	return !strcmp(name, arg);
}


static bool any_handler(int fd, const char *name, void *arg)
{
	(void)fd;
	(void)name;
	(void)arg;

	return true;
}


static int take(const char *name)
{
	return fdstore_take(named_handler, (void *)name);
}


static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}


static bool same(int a, int b)
{
	struct stat x, y;

	return !fstat(a, &x) && !fstat(b, &y) && x.st_ino == y.st_ino &&
	       x.st_dev == y.st_dev;
}


static int a_socket(void)
{
	const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);

	return fd;
}


static int listening(const char *name)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/%s", dir,
		       name);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(0, bind(fd, (struct sockaddr *)&addr, sizeof(addr)));
	ck_assert_int_eq(0, listen(fd, 1));

	return fd;
}


/* --- what was passed --- */

START_TEST(without_a_service_manager_there_is_nothing)
{
	const int fd = a_socket();

	ck_assert_int_eq(0, unsetenv("NOTIFY_SOCKET"));
	fdstore_init();
	ck_assert_int_eq(-1, fdstore_take(any_handler, NULL));
	ck_assert(!fdstore_possible());
	ck_assert_int_eq(ENOTSUP, fdstore_put(FDSTORE_FLOW, &fd, 1));
	ck_assert_int_eq(ENOTSUP, fdstore_wait(1000));
	fdstore_close();
	(void)close(fd);
}
END_TEST


static void finds_by_name(void)
{
	fdstore_init();
	MUST(!getenv("LISTEN_FDS") && !getenv("LISTEN_FDNAMES"));
	MUST(take("contro") == -1 && take("controls") == -1);
	MUST(take("control") == 4);
	MUST(fcntl(4, F_GETFD) & FD_CLOEXEC);
	MUST(same(4, passedv[1]));
	MUST(take("control") == -1);
	MUST(fdstore_take(any_handler, NULL) == 3);
	MUST(fdstore_take(any_handler, NULL) == 5);
	MUST(fdstore_take(any_handler, NULL) == -1);
	fdstore_close();
	MUST(is_open(3) && is_open(4) && is_open(5));
}


START_TEST(what_is_passed_is_found_by_its_name)
{
	pass(a_socket(), "other");
	pass(a_socket(), "control");
	pass(a_socket(), "");
	in_service(finds_by_name);
	ck_assert_str_eq("", was_said());
	is_told_no_more();
}
END_TEST


static void finds_unknown(void)
{
	fdstore_init();
	MUST(take("unknown") == 3 && take("unknown") == 4);
	fdstore_close();
}


START_TEST(descriptors_without_names_are_unknown)
{
	pass(a_socket(), "");
	pass(a_socket(), "");
	in_service_named(finds_unknown, false);
}
END_TEST


static void takes_one_of_four(void)
{
	fdstore_init();
	MUST(take("b") == 4);
	fdstore_close();
	MUST(!is_open(3) && is_open(4) && !is_open(5) && !is_open(6));
	MUST(fdstore_take(any_handler, NULL) == -1);
}


START_TEST(what_nobody_takes_is_closed_and_what_is_strange_is_said)
{
	pass(a_socket(), "sipregd-flowers");
	pass(a_socket(), "b");
	pass(a_socket(), FDSTORE_FLOW);
	pass(a_socket(), "sipregd");
	in_service(takes_one_of_four);
	ck_assert_ptr_nonnull(strstr(was_said(), "passed 2 descriptors that "
		"are of no use, the first as \"sipregd-flowers\": closed"));

	/* but not under a name that is nearly ours */
	is_told("FDSTOREREMOVE=1\nFDNAME=" FDSTORE_FLOW);
	is_told_no_more();
}
END_TEST


static void gets_none(void)
{
	fdstore_init();
	MUST(fdstore_take(any_handler, NULL) == -1);
	fdstore_close();
}


START_TEST(names_that_do_not_fit_are_said)
{
	pass(a_socket(), "a:b");
	in_service(gets_none);
	ck_assert_ptr_nonnull(strstr(was_said(), "cannot be used"));
}
END_TEST


/* --- what is kept --- */

static int many[FDS_MAX];


static void open_many(size_t n)
{
	for (size_t i = 0; i < n; i++)
		many[i] = a_socket();
}


static void close_many(size_t n)
{
	for (size_t i = 0; i < n; i++)
		(void)close(many[i]);
}


static void puts_three_and_a_note(void)
{
	MUST(fdstore_possible());
	MUST(!fdstore_put(FDSTORE_FLOW, many, 3));
	MUST(!fdstore_put(FDSTORE_NOTE, many + 3, 1));
	MUST(is_open(many[0]) && is_open(many[3]));
}


static void finds_three_and_a_note(void)
{
	int fd;

	fdstore_init();
	fd = take(FDSTORE_NOTE);
	MUST(fd >= 0 && same(fd, many[3]) && take(FDSTORE_NOTE) == -1);

	for (unsigned i = 0; i < 3; i++) {
		fd = take(FDSTORE_FLOW);
		MUST(fd >= 0 && same(fd, many[i]));
		MUST(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	}

	MUST(fdstore_take(any_handler, NULL) == -1);
	fdstore_close();
}


START_TEST(what_one_process_gives_away_the_next_one_has)
{
	open_many(4);
	in_service(puts_three_and_a_note);
	keeps(FDSTORE_FLOW);
	keeps(FDSTORE_NOTE);
	is_told_no_more();

	in_service(finds_three_and_a_note);
	is_told("FDSTOREREMOVE=1\nFDNAME=" FDSTORE_FLOW);
	is_told("FDSTOREREMOVE=1\nFDNAME=" FDSTORE_NOTE);
	is_told_no_more();
	ck_assert_str_eq("", was_said());
	close_many(4);
}
END_TEST


static void puts_many(void)
{
	MUST(!fdstore_put(FDSTORE_FLOW, many, FDS_MAX));
}


static void finds_many(void)
{
	fdstore_init();
	for (unsigned i = 0; i < FDS_MAX; i++) {
		const int fd = take(FDSTORE_FLOW);

		MUST(fd >= 0 && same(fd, many[i]));
		MUST(!close(fd));
	}
	MUST(fdstore_take(any_handler, NULL) == -1);
	fdstore_close();
}


START_TEST(any_number_is_one_descriptor_to_the_manager)
{
	open_many(FDS_MAX);
	in_service(puts_many);
	keeps(FDSTORE_FLOW);
	is_told_no_more();
	in_service(finds_many);
	close_many(FDS_MAX);
}
END_TEST


static void leaves_them(void)
{
	fdstore_init();
	fdstore_close();
}


START_TEST(flows_that_nobody_takes_are_closed_without_a_word)
{
	struct pollfd p = {.events = POLLIN};
	int pair[2];

	ck_assert_int_eq(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	many[0] = pair[0];
	many[1] = many[2] = many[3] = a_socket();
	in_service(puts_three_and_a_note);
	keeps(FDSTORE_FLOW);
	keeps(FDSTORE_NOTE);
	ck_assert_int_eq(0, close(pair[0]));

	/* it lives, although no process has it */
	p.fd = pair[1];
	ck_assert_int_eq(0, poll(&p, 1, NO_ANSWER));

	in_service(leaves_them);
	ck_assert_int_eq(0, close(passedv[0]));
	ck_assert_int_eq(1, poll(&p, 1, PATIENCE));
	ck_assert(p.revents & POLLHUP);
	ck_assert_str_eq("", was_said());
	(void)close(pair[1]);
	(void)close(many[1]);
}
END_TEST


static void may_open_few(void)
{
	struct rlimit few;
	unsigned n = 0;
	int fd;

	/* the lowest that is free: our own are below it */
	fd = dup(said);
	MUST(fd >= 0 && !close(fd));
	few.rlim_cur = few.rlim_max = (rlim_t)fd + FDS_MAX / 2;
	MUST(!setrlimit(RLIMIT_NOFILE, &few));
	fdstore_init();
	while ((fd = take(FDSTORE_FLOW)) >= 0) {
		MUST(same(fd, many[n]));
		++n;
	}
	MUST(n > FDS_MAX / 4 && n <= FDS_MAX / 2);
	fdstore_close();
}


START_TEST(more_than_may_be_open_is_lost_and_said)
{
	open_many(FDS_MAX);
	in_service(puts_many);
	keeps(FDSTORE_FLOW);
	in_service(may_open_few);
	ck_assert_ptr_nonnull(strstr(was_said(), "LimitNOFILE="));
	close_many(FDS_MAX);
}
END_TEST


START_TEST(a_manager_that_says_it_keeps_none_is_given_none)
{
	const int fd = a_socket();

	ck_assert_int_eq(0, setenv("FDSTORE", "0", 1));
	ck_assert(!fdstore_possible());
	ck_assert_int_eq(ENOTSUP, fdstore_put(FDSTORE_FLOW, &fd, 1));
	is_told_no_more();

	ck_assert_int_eq(0, setenv("FDSTORE", "64", 1));
	ck_assert(fdstore_possible());
	(void)close(fd);
}
END_TEST


START_TEST(a_manager_that_has_gone_is_an_error)
{
	const int fd = a_socket();

	ck_assert_int_eq(0, close(manager));
	ck_assert_int_eq(ECONNREFUSED, fdstore_put(FDSTORE_FLOW, &fd, 1));
	ck_assert_int_eq(0, unlink(manager_addr.sun_path));
	ck_assert_int_eq(ENOENT, fdstore_put(FDSTORE_FLOW, &fd, 1));
	(void)close(fd);
}
END_TEST


/* systemd closes a barrier's descriptor once all before it was done. */
static void answers_barrier(void)
{
	char text[TEXT_SIZE];
	int fd;

	keeps(FDSTORE_FLOW);
	ck_assert(told(text, &fd, PATIENCE));
	ck_assert_str_eq("BARRIER=1", text);
	ck_assert_int_ge(fd, 0);
}


START_TEST(one_can_wait_until_the_manager_has_them)
{
	pid_t pid;
	int status;

	open_many(1);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (!pid) {
		answers_barrier();
		_exit(0);
	}

	ck_assert_int_eq(0, fdstore_put(FDSTORE_FLOW, many, 1));
	ck_assert_int_eq(0, fdstore_wait(PATIENCE));
	ck_assert_int_eq(pid, waitpid(pid, &status, 0));
	ck_assert_int_eq(0, status);
	close_many(1);
}
END_TEST


START_TEST(a_manager_that_hangs_is_not_waited_for_for_ever)
{
	ck_assert_int_eq(ETIMEDOUT, fdstore_wait(NO_ANSWER));
}
END_TEST


/* --- the control socket --- */

static void opens_control(void)
{
	char path[sizeof(dir) + 16];
	struct control_socket s;

	(void)snprintf(path, sizeof(path), "%s/control", dir);
	fdstore_init();
	MUST(!control_socket_open(&s, path, 1));
	MUST(s.fd == 5);
	control_socket_close(&s);
	MUST(!access(path, F_OK));
	fdstore_close();
}


START_TEST(the_control_socket_is_the_first_that_listens_whatever_its_name)
{
	char path[sizeof(dir) + 16];

	(void)snprintf(path, sizeof(path), "%s/control", dir);
	pass(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "control");
	pass(a_socket(), FDSTORE_FLOW);
	pass(listening("control"), "anything");
	in_service(opens_control);
	ck_assert_ptr_null(strstr(was_said(), "control_socket"));
	ck_assert_int_eq(0, unlink(path));
}
END_TEST


static void opens_another_control(void)
{
	char path[sizeof(dir) + 16];
	struct control_socket s;

	(void)snprintf(path, sizeof(path), "%s/configured", dir);
	fdstore_init();
	MUST(!control_socket_open(&s, path, 1));
	MUST(s.fd == 3);
	MUST(access(path, F_OK) < 0);
	control_socket_close(&s);
	fdstore_close();
}


START_TEST(a_control_socket_elsewhere_than_configured_counts_and_is_said)
{
	char expected[TEXT_SIZE], path[sizeof(dir) + 16];

	(void)snprintf(path, sizeof(path), "%s/passed", dir);
	(void)snprintf(expected, sizeof(expected),
		       "control_socket %s/configured: not made, the service "
		       "manager passed %s", dir, path);
	pass(listening("passed"), "control");
	in_service(opens_another_control);
	ck_assert_ptr_nonnull(strstr(was_said(), expected));
	ck_assert_int_eq(0, unlink(path));
}
END_TEST


Suite *suite_fdstore(void);
Suite *suite_fdstore(void)
{
	Suite *s = suite_create("fdstore");
	TCase *tc = tcase_create("fdstore");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, without_a_service_manager_there_is_nothing);
	tcase_add_test(tc, what_is_passed_is_found_by_its_name);
	tcase_add_test(tc, descriptors_without_names_are_unknown);
	tcase_add_test(tc,
		what_nobody_takes_is_closed_and_what_is_strange_is_said);
	tcase_add_test(tc, names_that_do_not_fit_are_said);
	tcase_add_test(tc, what_one_process_gives_away_the_next_one_has);
	tcase_add_test(tc, any_number_is_one_descriptor_to_the_manager);
	tcase_add_test(tc,
		flows_that_nobody_takes_are_closed_without_a_word);
	tcase_add_test(tc, more_than_may_be_open_is_lost_and_said);
	tcase_add_test(tc, a_manager_that_says_it_keeps_none_is_given_none);
	tcase_add_test(tc, a_manager_that_has_gone_is_an_error);
	tcase_add_test(tc, one_can_wait_until_the_manager_has_them);
	tcase_add_test(tc, a_manager_that_hangs_is_not_waited_for_for_ever);
	tcase_add_test(tc,
		the_control_socket_is_the_first_that_listens_whatever_its_name);
	tcase_add_test(tc,
		a_control_socket_elsewhere_than_configured_counts_and_is_said);
	suite_add_tcase(s, tc);

	return s;
}
