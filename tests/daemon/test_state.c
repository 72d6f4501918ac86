/* What survives a restart, a kill, a full disk, a spoilt file
 * (SCENARIOS O3, T14). */

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "harness.h"
#include "log.h"
#include "state.h"
#include "timer.h"


#define ACCOUNTS  3
#define REGISTRAR "sip:registrar.example.com"
#define PAGE      4096           /* of a tmpfs, or a multiple of it */
#define SOON      5000           /* [ms] at most, until something is written */

Suite *suite_state(void);

/* One account, as its agent would have it. */
struct owner {
	struct state_node node;
	char name[32], aor[64];
	uint32_t cseq, events;
	int64_t until;
	unsigned fills;
};

static char own_dir[64], dir[80], file[96], log_file[96];
static struct state *state;
static struct owner ownerv[ACCOUNTS];


/* --- what there is --- */

static void fill_handler(struct state_account *a, void *arg)
{
	struct owner *o = arg;
	struct state_reg *r = &a->regv[0];

	++o->fills;
	a->name = o->name;
	a->aor = o->aor;
	a->registrar = (char *)(uintptr_t)REGISTRAR;
	strcpy(a->secure, "h");
	a->regc = 1;
	r->reg_id = 1;
	(void)snprintf(r->callid, sizeof(r->callid), "call-of-%s", o->name);
	r->cseq = o->cseq;
	r->contactc = 1;
	(void)snprintf(r->contactv[0].uri, STATE_URI_SIZE,
		       "sip:%s@192.0.2.1:5060", o->name);
	r->contactv[0].until_usec = o->until;
	r->digest = (struct digest_kept){
		.realm = "example.com", .nonce = "n1", .qop = true,
		.algorithm = DIGEST_MD5, .nc = o->cseq,
	};
	a->eventc = 2;
	a->eventv[0] = (struct event){.seq = o->events, .type = EVENT_FLOW_UP};
	a->eventv[1] = (struct event){.seq = o->events + 1,
				      .type = EVENT_RESPONSE, .code = 200};
	a->seq = o->events + 1;
}


static void own(struct owner *o, unsigned i)
{
	memset(o, 0, sizeof(*o));
	(void)snprintf(o->name, sizeof(o->name), "account%u", i);
	(void)snprintf(o->aor, sizeof(o->aor), "sip:account%u@example.com", i);
	o->cseq = 100 * (i + 1);
	o->events = 7;
	o->until = loop_wall_usec() + (int64_t)loop_usec() + 300000000;
}


static void start(void)
{
	ck_assert_int_eq(0, state_alloc(&state, dir));
}


/* All have asked, and are there. */
static void add_all(void)
{
	state_forget(state);
	for (unsigned i = 0; i < ACCOUNTS; i++)
		state_add(state, &ownerv[i].node, fill_handler, &ownerv[i]);
}


static void kill_it(void)
{
	state = mem_deref(state);
}


static void close_it(void)
{
	state_close(state);
	state = NULL;
}


static const struct state_account *find(unsigned i)
{
	return state_find(state, ownerv[i].name, ownerv[i].aor, REGISTRAR);
}


static void capture_log(void)
{
	int fd;

	(void)snprintf(log_file, sizeof(log_file), "%s.log", dir);
	fd = open(log_file, O_WRONLY | O_CREAT | O_APPEND, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_ge(dup2(fd, STDERR_FILENO), 0);
	(void)close(fd);
}


static void setup(void)
{
	harness_setup();
	(void)strcpy(dir, "/tmp/test_state.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)strcpy(own_dir, dir);
	(void)snprintf(file, sizeof(file), "%s/" STATE_FILE, dir);
	for (unsigned i = 0; i < ACCOUNTS; i++)
		own(&ownerv[i], i);
	capture_log();
	log_set_level(LOG_LEVEL_INFO);
	state = NULL;
}


static void teardown(void)
{
	char tmp[128];

	mem_deref(state);
	(void)snprintf(tmp, sizeof(tmp), "%s.new", file);
	(void)unlink(tmp);
	(void)unlink(file);
	(void)rmdir(file);
	(void)rmdir(own_dir);
	(void)unlink(log_file);
	harness_teardown();
}


/* --- what has become of it --- */

static off_t size(void)
{
	struct stat st;

	return stat(file, &st) ? -1 : st.st_size;
}


static bool is_larger(void *arg)
{
	return size() > *(off_t *)arg;
}


/* All that was changed is written: nobody waits for it any more. */
static bool is_written(void *arg)
{
	(void)arg;

	for (unsigned i = 0; i < ACCOUNTS; i++) {
		if (ownerv[i].node.dirty.list)
			return false;
	}

	return true;
}


static void await_written(void)
{
	ck_assert(harness_wait(is_written, NULL, SOON));
}


static void change(unsigned i)
{
	state_changed(&ownerv[i].node);
}


static void change_all(void)
{
	for (unsigned i = 0; i < ACCOUNTS; i++)
		change(i);
}


/* The file's bytes and a zero; to be freed. */
static char *read_file(const char *path, size_t *lenp)
{
	FILE *f = fopen(path, "r");
	char *text = calloc(1, 1 << 20);

	ck_assert_ptr_nonnull(f);
	*lenp = fread(text, 1, (1 << 20) - 1, f);
	(void)fclose(f);

	return text;
}


static void write_file(const char *text, size_t len)
{
	FILE *f;

	/* not truncated: file systems sync what replaces something so */
	(void)unlink(file);
	f = fopen(file, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(len, fwrite(text, 1, len, f));
	ck_assert_int_eq(0, fclose(f));
}


static unsigned count(const char *text, const char *part)
{
	unsigned n = 0;

	for (; (text = strstr(text, part)); ++text)
		++n;

	return n;
}


static unsigned logged(const char *part)
{
	size_t len;
	char *text = read_file(log_file, &len);
	const unsigned n = count(text, part);

	free(text);

	return n;
}


static unsigned lines_in_file(void)
{
	size_t len;
	char *text = read_file(file, &len);
	const unsigned n = count(text, "{\"name\"");

	free(text);

	return n;
}


static bool is_logged(void *arg)
{
	return logged(arg) > 0;
}


/* All three, appended to the file. */
static void make_file(void)
{
	start();
	for (unsigned i = 0; i < ACCOUNTS; i++) {
		state_add(state, &ownerv[i].node, fill_handler, &ownerv[i]);
		change(i);
	}
	close_it();
}


/* --- restarts --- */

START_TEST(a_first_start_knows_nothing_and_says_nothing)
{
	ck_assert_int_eq(0, rmdir(dir));
	start();
	for (unsigned i = 0; i < ACCOUNTS; i++)
		ck_assert_ptr_null(find(i));
	ck_assert_uint_eq(0, logged("\n"));
}
END_TEST


START_TEST(after_a_kill_the_cseq_is_ahead_and_the_rest_is_there)
{
	start();
	add_all();
	change_all();
	await_written();
	kill_it();

	start();
	for (unsigned i = 0; i < ACCOUNTS; i++) {

		const struct state_account *a = find(i);

		ck_assert_ptr_nonnull(a);
		ck_assert_str_eq(ownerv[i].name, a->name);
		ck_assert_str_eq("h", a->secure);
		ck_assert_uint_eq(1, a->regc);
		ck_assert_uint_eq(ownerv[i].cseq + STATE_CSEQ_AHEAD,
				  a->regv[0].cseq);
		ck_assert_int_eq(0, strncmp(a->regv[0].callid, "call-of-", 8));
		ck_assert_uint_eq(1, a->regv[0].contactc);
		ck_assert_int_eq(ownerv[i].until,
				 a->regv[0].contactv[0].until_usec);
		ck_assert_str_eq("n1", a->regv[0].digest.nonce);
		ck_assert_uint_eq(2, a->eventc);
		ck_assert_uint_eq(8, a->seq);
	}
	ck_assert_uint_eq(0, logged("\n"));
}
END_TEST


START_TEST(after_a_close_it_is_the_very_cseq)
{
	make_file();
	start();
	add_all();
	ownerv[1].cseq = 230;
	close_it();

	ck_assert_uint_eq(ACCOUNTS, lines_in_file());
	start();
	ck_assert_uint_eq(100, find(0)->regv[0].cseq);
	ck_assert_uint_eq(230, find(1)->regv[0].cseq);
	ck_assert_uint_eq(300, find(2)->regv[0].cseq);
	ck_assert_uint_eq(0, logged("\n"));
}
END_TEST


START_TEST(it_is_of_no_use_for_another_aor_or_registrar)
{
	make_file();
	start();
	ck_assert_ptr_null(state_find(state, ownerv[0].name, ownerv[1].aor,
				      REGISTRAR));
	ck_assert_ptr_null(state_find(state, ownerv[0].name, ownerv[0].aor,
				      "sip:other.example.com"));
	ck_assert_ptr_null(state_find(state, "nobody", ownerv[0].aor,
				      REGISTRAR));
	ck_assert_ptr_nonnull(find(0));
}
END_TEST


START_TEST(what_was_read_is_gone_after_forget)
{
	make_file();
	start();
	state_forget(state);
	ck_assert_ptr_null(find(0));
}
END_TEST


/* The configuration was bad, say: nobody was added. */
START_TEST(a_start_that_fails_loses_nothing)
{
	make_file();
	start();
	close_it();
	start();
	for (unsigned i = 0; i < ACCOUNTS; i++)
		ck_assert_ptr_nonnull(find(i));
}
END_TEST


START_TEST(what_is_not_configured_any_more_goes)
{
	make_file();
	start();
	add_all();
	state_remove(&ownerv[1].node);
	state_remove(&ownerv[1].node);
	close_it();
	state_remove(&ownerv[0].node);

	start();
	ck_assert_ptr_nonnull(find(0));
	ck_assert_ptr_null(find(1));
	ck_assert_ptr_nonnull(find(2));
}
END_TEST


START_TEST(nobody_else_can_read_it)
{
	struct stat st;

	ck_assert_int_eq(0, rmdir(dir));
	make_file();
	ck_assert_int_eq(0, stat(dir, &st));
	ck_assert_uint_eq(0700, st.st_mode & 07777);
	ck_assert_int_eq(0, stat(file, &st));
	ck_assert_uint_eq(0600, st.st_mode & 07777);

	ck_assert_int_eq(0, chmod(file, 0644));
	start();
	ck_assert_int_eq(0, stat(file, &st));
	ck_assert_uint_eq(0600, st.st_mode & 07777);
	add_all();
	close_it();
	ck_assert_int_eq(0, stat(file, &st));
	ck_assert_uint_eq(0600, st.st_mode & 07777);
}
END_TEST


/* --- its rate and its size --- */

START_TEST(a_thousand_changes_within_a_second_are_one_line)
{
	start();
	add_all();
	for (unsigned i = 0; i < 1000; i++)
		change(0);
	await_written();
	ck_assert_uint_eq(1, lines_in_file());
	ck_assert_uint_eq(1, ownerv[0].fills);
}
END_TEST


START_TEST(without_a_change_nothing_is_written)
{
	start();
	add_all();
	change(0);
	await_written();
	harness_run(1500);
	ck_assert_uint_eq(1, lines_in_file());
	ck_assert_uint_eq(0, ownerv[1].fills);
}
END_TEST


START_TEST(the_disk_is_asked_before_the_margin_is_used_up)
{
	struct state_node lone = {.state = NULL};

	start();
	add_all();
	ck_assert(!state_reserved(&ownerv[0].node, 0, 100));
	change(0);
	await_written();
	ck_assert(state_reserved(&ownerv[0].node, 0, 100));
	ck_assert(state_reserved(&ownerv[0].node, 0, 125));
	ck_assert(!state_reserved(&ownerv[0].node, 0, 126));
	ck_assert(!state_reserved(&ownerv[0].node, 1, 1));
	ck_assert(!state_reserved(&ownerv[0].node, UINT32_MAX, 1));

	ck_assert(state_reserved(&lone, 0, UINT32_MAX));
	state_changed(&lone);
	state_remove(&lone);
	state_add(NULL, &lone, fill_handler, &ownerv[0]);
	ck_assert(state_reserved(&lone, 0, UINT32_MAX));
}
END_TEST


static bool is_small(void *arg)
{
	(void)arg;

	return size() < 200000;
}


/* Lines of accounts that are gone are most of the file. */
static void make_large(void)
{
	size_t len;
	char *text;
	FILE *f;

	make_file();
	text = read_file(file, &len);
	f = fopen(file, "a");
	for (unsigned i = 0; i < 600; i++)
		ck_assert_uint_eq(len, fwrite(text, 1, len, f));
	(void)fclose(f);
	free(text);
	ck_assert_int_gt(size(), 300000);
}


START_TEST(a_file_of_old_lines_is_made_anew_while_it_runs)
{
	char tmp[128];

	make_large();
	start();
	add_all();
	state_remove(&ownerv[2].node);
	ownerv[0].cseq = 150;
	change(0);
	ck_assert(harness_wait(is_small, NULL, SOON));
	await_written();

	/* and what comes then goes to the new one */
	ownerv[1].cseq = 250;
	change(1);
	await_written();
	ck_assert_uint_le(lines_in_file(), 3);
	kill_it();

	start();
	ck_assert_uint_eq(150 + STATE_CSEQ_AHEAD, find(0)->regv[0].cseq);
	ck_assert_uint_eq(250 + STATE_CSEQ_AHEAD, find(1)->regv[0].cseq);
	ck_assert_ptr_null(find(2));
	(void)snprintf(tmp, sizeof(tmp), "%s.new", file);
	ck_assert_int_ne(0, access(tmp, F_OK));
	ck_assert_uint_eq(0, logged("\n"));
}
END_TEST


static bool is_begun(void *arg)
{
	char tmp[128];
	(void)arg;

	(void)snprintf(tmp, sizeof(tmp), "%s.new", file);

	return !access(tmp, F_OK);
}


START_TEST(changes_and_ends_while_it_is_made_anew_are_not_lost)
{
	make_large();
	start();
	add_all();
	change(0);
	ck_assert(harness_wait(is_begun, NULL, SOON));
	ownerv[1].cseq = 260;
	change(1);
	change(2);
	state_remove(&ownerv[0].node);
	ck_assert(harness_wait(is_small, NULL, SOON));
	await_written();
	kill_it();

	start();
	ck_assert_uint_eq(260 + STATE_CSEQ_AHEAD, find(1)->regv[0].cseq);
	ck_assert_ptr_nonnull(find(2));
}
END_TEST


START_TEST(a_close_while_it_is_made_anew_is_a_close)
{
	make_large();
	start();
	add_all();
	change(0);
	ck_assert(harness_wait(is_begun, NULL, SOON));
	close_it();
	ck_assert_uint_eq(ACCOUNTS, lines_in_file());
	start();
	ck_assert_uint_eq(100, find(0)->regv[0].cseq);
	ck_assert_uint_eq(0, logged("\n"));
}
END_TEST


START_TEST(a_file_that_somebody_removed_comes_back_whole)
{
	make_file();
	start();
	add_all();
	ck_assert_int_eq(0, unlink(file));
	change(1);
	await_written();
	kill_it();
	start();
	for (unsigned i = 0; i < ACCOUNTS; i++)
		ck_assert_ptr_nonnull(find(i));
}
END_TEST


/* --- kill -9 --- */

/* What two processes know; the child sends, the parent is the registrar. */
struct shared {
	_Atomic uint32_t cseq;
};

static struct shared *shared;
static struct timer send_timer;


/* As fast as nobody would: the margin must be renewed all the time. Nothing is
 * sent before the first line is there. */
static void send_handler(void *arg)
{
	struct owner *o = arg;

	timer_start(&send_timer, loop_now() + 50);
	if (!shared->cseq && !is_written(NULL))
		return;

	if (++o->cseq % 7 == 0)
		change(1);
	if (!state_reserved(&o->node, 0, o->cseq))
		change(0);
	shared->cseq = o->cseq;
}


/* Without ck_assert(): it speaks through a pipe, in which a killed process
 * leaves half a word. */
static void child(void)
{
	const struct state_account *a;

	/* libre's epoll is the parent's too */
	loop_close();
	if (loop_init(NULL, NULL) || state_alloc(&state, dir))
		_exit(1);

	a = find(0);
	if (a)
		ownerv[0].cseq = a->regv[0].cseq;
	add_all();
	change_all();

	timer_init(&send_timer, send_handler, &ownerv[0]);
	timer_start(&send_timer, loop_now());
	(void)loop_run();
	_exit(1);
}


static pid_t start_child(void)
{
	const pid_t pid = fork();

	if (!pid)
		child();

	return pid;
}


START_TEST(kill_9_at_any_time_never_lets_the_cseq_fall_back)
{
	uint32_t seen = 0;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(MAP_FAILED, shared);

	for (unsigned i = 0; i < 4; i++) {

		pid_t pid;
		int status;

		shared->cseq = 0;
		pid = start_child();

		(void)usleep(1300000 + 271000 * i);
		ck_assert_int_eq(0, kill(pid, SIGKILL));
		ck_assert_int_eq(pid, waitpid(pid, &status, 0));
		ck_assert(WIFSIGNALED(status));

		ck_assert_uint_gt(shared->cseq, seen);
		seen = shared->cseq;
		start();
		ck_assert_uint_ge(find(0)->regv[0].cseq, seen);
		kill_it();
	}
}
END_TEST


/* --- spoilt files --- */

START_TEST(half_a_line_spoils_neither_the_one_before_nor_the_next)
{
	FILE *f;

	make_file();
	f = fopen(file, "a");
	ck_assert_int_ge(fputs("\n1 0123456789abcdef {\"name\":\"acc", f), 0);
	(void)fclose(f);

	start();
	ck_assert_ptr_nonnull(find(2));
	add_all();
	ownerv[0].cseq = 170;
	change(0);
	await_written();
	kill_it();

	start();
	ck_assert_uint_eq(170 + STATE_CSEQ_AHEAD, find(0)->regv[0].cseq);
	ck_assert_ptr_nonnull(find(1));
	ck_assert_ptr_nonnull(find(2));
	ck_assert_uint_eq(2, logged("1 spoilt lines are left out"));
}
END_TEST


START_TEST(a_last_line_without_its_newline_counts)
{
	make_file();
	ck_assert_int_eq(0, truncate(file, size() - 1));
	start();
	for (unsigned i = 0; i < ACCOUNTS; i++)
		ck_assert_ptr_nonnull(find(i));
}
END_TEST


/* Which accounts are as they were, as a mask; all others must be unknown. */
static unsigned survivors(const char *text, size_t len)
{
	unsigned mask = 0;

	write_file(text, len);
	start();
	for (unsigned i = 0; i < ACCOUNTS; i++) {

		const struct state_account *a = find(i);

		if (!a)
			continue;

		mask |= 1u << i;
		ck_assert_uint_eq(ownerv[i].cseq, a->regv[0].cseq);
		ck_assert_uint_eq(2, a->eventc);
	}
	kill_it();

	return mask;
}


START_TEST(a_byte_that_is_spoilt_anywhere_costs_one_account_at_most)
{
	static const unsigned char maskv[] = {0x01, 0x80, 0x20, 0xff};
	size_t len;
	char *text;

	log_set_level(LOG_LEVEL_ERROR);
	make_file();
	text = read_file(file, &len);

	for (size_t i = 0; i < len; i++) {

		const char was = text[i];
		unsigned lost;

		text[i] = (char)(was ^ maskv[i % sizeof(maskv)]);
		lost = 7 ^ survivors(text, len);
		ck_assert_msg(!(lost & (lost - 1)), "byte %zu", i);

		text[i] = i % 2 ? '\n' : '\0';
		lost = 7 ^ survivors(text, len);
		ck_assert_msg(!(lost & (lost - 1)), "byte %zu", i);
		text[i] = was;
	}
	free(text);
}
END_TEST


START_TEST(a_file_cut_off_anywhere_keeps_what_is_whole)
{
	size_t len;
	char *text;

	log_set_level(LOG_LEVEL_ERROR);
	make_file();
	text = read_file(file, &len);

	for (size_t i = 0; i <= len; i++) {

		const unsigned mask = survivors(text, i);

		ck_assert(mask == 0 || mask == 1 || mask == 3 || mask == 7);
	}
	ck_assert_uint_eq(7, survivors(text, len));
	free(text);
}
END_TEST


START_TEST(an_older_line_counts_when_the_last_one_is_spoilt)
{
	size_t len;
	char *text;

	make_file();
	start();
	add_all();
	ownerv[0].cseq = 170;
	change(0);
	await_written();
	kill_it();

	text = read_file(file, &len);
	text[len - 10] ^= 1;
	write_file(text, len);
	free(text);

	start();
	ck_assert_uint_eq(100, find(0)->regv[0].cseq);
	ck_assert_uint_eq(1, logged("1 spoilt lines are left out"));
}
END_TEST


START_TEST(garbage_is_said_once_and_replaced)
{
	static char text[1 << 19];

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)(i * i * 2654435761u >> 7);
	memset(text + 100000, 'x', 300000);     /* no line is as long */
	write_file(text, sizeof(text));

	start();
	ck_assert_ptr_null(find(0));
	ck_assert_uint_eq(1, logged("spoilt lines are left out"));
	ck_assert_uint_eq(1, logged("\n"));
	add_all();
	change(0);
	ck_assert(harness_wait(is_small, NULL, SOON));
	close_it();
	start();
	ck_assert_ptr_nonnull(find(0));
	ck_assert_uint_eq(1, logged("\n"));
}
END_TEST


START_TEST(a_newer_versions_lines_are_left_out_and_said)
{
	size_t len;
	char *text;
	FILE *f;

	make_file();
	text = read_file(file, &len);
	f = fopen(file, "a");
	ck_assert_int_ge(fputs("\n2 61367b18285fae95 {}\n", f), 0);
	(void)fclose(f);
	free(text);

	start();
	ck_assert_ptr_nonnull(find(0));
	ck_assert_uint_eq(1, logged("1 lines of a newer version"));
	ck_assert_uint_eq(1, logged("\n"));
}
END_TEST


/* --- disks that do not want to --- */

START_TEST(a_directory_that_cannot_be_written_is_said_once)
{
	/* below a file there is none */
	(void)snprintf(dir, sizeof(dir), "%s.log/below", own_dir);
	start();
	ck_assert_ptr_null(find(0));
	add_all();
	change_all();
	harness_run(3500);
	change_all();
	harness_run(500);
	ck_assert_uint_eq(1, logged("cannot be written"));
	ck_assert(!state_reserved(&ownerv[0].node, 0, 100));
	close_it();
	ck_assert_uint_eq(2, logged("cannot be written"));
	ck_assert_uint_eq(1, logged("cannot be read"));
	ck_assert_uint_eq(3, logged("\n"));
}
END_TEST


START_TEST(a_file_that_cannot_be_read_is_said_and_it_goes_on_without)
{
	ck_assert_int_eq(0, mkdir(file, 0700));
	start();
	ck_assert_ptr_null(find(0));
	add_all();
	change_all();
	harness_run(1500);
	ck_assert_uint_eq(1, logged("cannot be read (Is a directory)"));
	ck_assert_uint_eq(1, logged("cannot be written (Is a directory)"));
	close_it();
}
END_TEST


START_TEST(a_pipe_in_its_place_blocks_nothing)
{
	ck_assert_int_eq(0, mkfifo(file, 0600));
	start();
	ck_assert_ptr_null(find(0));
	add_all();
	change_all();
	ck_assert_uint_eq(1, logged("cannot be read"));
	ck_assert_uint_eq(1, logged("cannot be written"));
	close_it();

	/* a new file took its place */
	start();
	ck_assert_ptr_nonnull(find(0));
}
END_TEST


START_TEST(a_file_that_cannot_be_made_anew_is_still_appended_to)
{
	char tmp[128];

	/* nobody can make a file where a directory with something in it is */
	make_large();
	(void)snprintf(tmp, sizeof(tmp), "%s.new", file);
	ck_assert_int_eq(0, mkdir(tmp, 0700));
	start();
	add_all();
	ownerv[0].cseq = 170;
	change(0);
	await_written();
	ownerv[0].cseq = 180;
	change(0);
	await_written();
	ck_assert_uint_eq(1, logged("cannot be made anew"));
	ck_assert_uint_eq(1, logged("\n"));

	close_it();
	ck_assert_int_eq(0, rmdir(tmp));
	start();
	ck_assert_uint_ge(find(0)->regv[0].cseq, 180);
}
END_TEST


/* A file system of our own of 64 kB. */
static void mount_own(void)
{
	ck_assert_msg(!unshare(CLONE_NEWNS) ||
		      !unshare(CLONE_NEWUSER | CLONE_NEWNS),
		      "needs root or user namespaces");
	ck_assert_int_eq(0, mount(NULL, "/", NULL, MS_REC | MS_PRIVATE,
				  NULL));
	ck_assert_int_eq(0, mount("none", dir, "tmpfs", 0, "size=64k"));
}


static void unmount_own(void)
{
	ck_assert_int_eq(0, umount2(dir, MNT_DETACH));
}


static void free_disk(void)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/ballast", dir);
	(void)unlink(path);
}


/* But for a hundred bytes of the state file's last page: the kernel takes the
 * first part of a line. */
static void fill_disk(void)
{
	static const char text[65536];
	char path[128];
	FILE *f = fopen(file, "a");

	while (size() % PAGE != PAGE - 100) {
		ck_assert_int_eq('\n', fputc('\n', f));
		(void)fflush(f);
	}
	(void)fclose(f);

	(void)snprintf(path, sizeof(path), "%s/ballast", dir);
	f = fopen(path, "w");
	(void)fwrite(text, 1, sizeof(text), f);
	(void)fclose(f);
}


START_TEST(a_disk_that_is_full_for_a_while_loses_nothing)
{
	static char again[] = "is written again";
	static char cannot[] = "cannot be written";
	off_t before;

	mount_own();

	make_file();
	fill_disk();
	before = size();
	start();
	add_all();
	ownerv[0].cseq = 170;
	change(0);
	ck_assert(harness_wait(is_logged, cannot, SOON));
	ck_assert_int_eq(before, size());
	ck_assert(!state_reserved(&ownerv[0].node, 0, 170));
	change(1);
	harness_run(1500);
	ck_assert_uint_eq(1, logged(cannot));
	ck_assert_int_eq(before, size());

	free_disk();
	ck_assert(harness_wait(is_larger, &before, SOON));
	ck_assert(harness_wait(is_logged, again, SOON));
	await_written();
	ck_assert(state_reserved(&ownerv[0].node, 0, 170));
	kill_it();

	start();
	ck_assert_uint_eq(170 + STATE_CSEQ_AHEAD, find(0)->regv[0].cseq);
	ck_assert_ptr_nonnull(find(1));
	ck_assert_uint_eq(2, logged("\n"));
	unmount_own();
}
END_TEST


START_TEST(each_time_that_the_disk_fails_anew_is_said)
{
	mount_own();

	start();
	add_all();
	for (unsigned i = 1; i <= 2; i++) {
		fill_disk();
		change(0);
		harness_run(1200);
		ck_assert_uint_eq(i, logged("cannot be written"));
		free_disk();
		await_written();
		ck_assert_uint_eq(i, logged("is written again"));
	}
	unmount_own();
}
END_TEST


START_TEST(a_close_on_a_full_disk_leaves_what_was_there)
{
	mount_own();

	make_file();
	fill_disk();
	start();
	add_all();
	ownerv[0].cseq = 170;
	change(0);
	close_it();
	ck_assert_uint_eq(1, logged("the next start knows an older state"));

	start();
	for (unsigned i = 0; i < ACCOUNTS; i++)
		ck_assert_uint_eq(100 * (i + 1), find(i)->regv[0].cseq);
	unmount_own();
}
END_TEST


START_TEST(a_disk_that_is_read_only_for_a_while_is_said_and_read)
{
	mount_own();

	make_file();
	ck_assert_int_eq(0, mount(NULL, dir, NULL, MS_REMOUNT | MS_RDONLY,
				  NULL));
	start();
	ck_assert_uint_eq(1, logged("cannot be written (Read-only"));
	for (unsigned i = 0; i < ACCOUNTS; i++)
		ck_assert_ptr_nonnull(find(i));
	add_all();
	ownerv[0].cseq = 170;
	change_all();
	harness_run(1500);
	ck_assert_uint_eq(1, logged("\n"));

	ck_assert_int_eq(0, mount(NULL, dir, NULL, MS_REMOUNT, NULL));
	await_written();
	ck_assert_uint_eq(1, logged("is written again"));
	kill_it();
	start();
	ck_assert_uint_eq(170 + STATE_CSEQ_AHEAD, find(0)->regv[0].cseq);
	unmount_own();
}
END_TEST


/* The kernel would end us with a signal. */
START_TEST(a_limit_on_the_size_of_files_does_not_kill)
{
	struct rlimit lim = {0, RLIM_INFINITY}, was;

	make_file();
	start();
	add_all();
	ck_assert_int_eq(0, getrlimit(RLIMIT_FSIZE, &was));
	lim.rlim_max = was.rlim_max;

	/* nothing asserted meanwhile: Check writes to a file too */
	(void)setrlimit(RLIMIT_FSIZE, &lim);
	change(0);
	state_close(state);
	(void)setrlimit(RLIMIT_FSIZE, &was);

	state = NULL;
	start();
	for (unsigned i = 0; i < ACCOUNTS; i++)
		ck_assert_ptr_nonnull(find(i));
}
END_TEST


Suite *suite_state(void)
{
	Suite *s = suite_create("state");
	TCase *tc = tcase_create("restarts");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, a_first_start_knows_nothing_and_says_nothing);
	tcase_add_test(tc,
		after_a_kill_the_cseq_is_ahead_and_the_rest_is_there);
	tcase_add_test(tc, after_a_close_it_is_the_very_cseq);
	tcase_add_test(tc, it_is_of_no_use_for_another_aor_or_registrar);
	tcase_add_test(tc, what_was_read_is_gone_after_forget);
	tcase_add_test(tc, a_start_that_fails_loses_nothing);
	tcase_add_test(tc, what_is_not_configured_any_more_goes);
	tcase_add_test(tc, nobody_else_can_read_it);
	tcase_add_test(tc, a_thousand_changes_within_a_second_are_one_line);
	tcase_add_test(tc, without_a_change_nothing_is_written);
	tcase_add_test(tc, the_disk_is_asked_before_the_margin_is_used_up);
	tcase_add_test(tc, a_file_of_old_lines_is_made_anew_while_it_runs);
	tcase_add_test(tc,
		changes_and_ends_while_it_is_made_anew_are_not_lost);
	tcase_add_test(tc, a_close_while_it_is_made_anew_is_a_close);
	tcase_add_test(tc, a_file_that_somebody_removed_comes_back_whole);
	tcase_add_test(tc, kill_9_at_any_time_never_lets_the_cseq_fall_back);
	suite_add_tcase(s, tc);

	tc = tcase_create("spoilt");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc,
		half_a_line_spoils_neither_the_one_before_nor_the_next);
	tcase_add_test(tc, a_last_line_without_its_newline_counts);
	tcase_add_test(tc,
		a_byte_that_is_spoilt_anywhere_costs_one_account_at_most);
	tcase_add_test(tc, a_file_cut_off_anywhere_keeps_what_is_whole);
	tcase_add_test(tc, an_older_line_counts_when_the_last_one_is_spoilt);
	tcase_add_test(tc, garbage_is_said_once_and_replaced);
	tcase_add_test(tc, a_newer_versions_lines_are_left_out_and_said);
	suite_add_tcase(s, tc);

	tc = tcase_create("disks");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, a_directory_that_cannot_be_written_is_said_once);
	tcase_add_test(tc,
		a_file_that_cannot_be_read_is_said_and_it_goes_on_without);
	tcase_add_test(tc, a_pipe_in_its_place_blocks_nothing);
	tcase_add_test(tc, a_disk_that_is_full_for_a_while_loses_nothing);
	tcase_add_test(tc, each_time_that_the_disk_fails_anew_is_said);
	tcase_add_test(tc, a_close_on_a_full_disk_leaves_what_was_there);
	tcase_add_test(tc,
		a_file_that_cannot_be_made_anew_is_still_appended_to);
	tcase_add_test(tc,
		a_disk_that_is_read_only_for_a_while_is_said_and_read);
	tcase_add_test(tc, a_limit_on_the_size_of_files_does_not_kill);
	suite_add_tcase(s, tc);

	return s;
}
