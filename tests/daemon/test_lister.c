/* lister.c: all accounts are told, a few at a time, whatever those who asked
 * do meanwhile. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "client.h"
#include "control.h"
#include "lister.h"
#include "methods.h"
#include "rig.h"
#include "value.h"
#include "wire.h"

#define WAIT     8000            /* [ms] for what must come */
#define ACCOUNTS 500             /* more than a socket has room for */
#define REST     100             /* that a reload leaves */

/* One that asks. */
struct asker {
	int fd;
	struct mbuf *rx;
	unsigned accounts;       /* told so far, in their order */
	unsigned first;          /* number of the first */
	bool over;               /* the last reply was there */
	bool closed;
	char error[64];
};

static struct control *control;


static void open_asker(struct asker *a)
{
	memset(a, 0, sizeof(*a));
	a->rx = mbuf_alloc(65536);
	a->fd = client_connect(rig_path("control"));
	ck_assert_int_eq(0, fcntl(a->fd, F_SETFL, O_NONBLOCK));
}


static void close_asker(struct asker *a)
{
	(void)close(a->fd);
	mem_deref(a->rx);
}


static void ask(struct asker *a, bool more)
{
	char text[128];
	const int len = snprintf(text, sizeof(text), "{\"method\":"
				 "\"io.sipregd.List\",\"more\":%s}\n",
				 more ? "true" : "false");

	open_asker(a);
	ck_assert_int_eq(len, send(a->fd, text, (size_t)len, MSG_NOSIGNAL));
}


static void hear(struct asker *a, const char *text, size_t len)
{
	const struct odict *accounts, *one;
	struct odict *o;
	unsigned number;
	size_t i;

	ck_assert(!a->over);
	ck_assert_int_eq(0, wire_decode(&o, text, len, 16));
	a->over = !value_true(o, "continues");
	if (odict_string(o, "error")) {
		str_ncpy(a->error, odict_string(o, "error"),
			 sizeof(a->error));
	}
	else {
		accounts = value_array(value_object(o, "parameters"),
				       "accounts");
		ck_assert_ptr_nonnull(accounts);
		for (i = 0; (one = value_element(accounts, i)); i++) {
			ck_assert_int_eq(1, sscanf(odict_string(one, "name"),
						   "a%u", &number));
			if (!a->accounts)
				a->first = number;
			ck_assert_uint_eq(a->first + a->accounts++, number);
		}
	}
	mem_deref(o);
}


static bool is_over(void *arg)
{
	struct asker *a = arg;
	struct mbuf *mb = a->rx;
	uint8_t buf[65536];
	size_t len, pos;
	ssize_t n;
	char end;

	while ((n = recv(a->fd, buf, sizeof(buf), 0)) > 0) {
		pos = mb->pos;
		mb->pos = mb->end;
		ck_assert_int_eq(0, mbuf_write_mem(mb, buf, (size_t)n));
		mb->pos = pos;
		while (wire_message(mb, &len, &end)) {
			hear(a, (char *)mbuf_buf(mb), len);
			mb->pos += len + 1;
		}
	}
	a->closed = !n || errno != EAGAIN;

	return a->over || a->closed;
}


/* --- fixture --- */

/* Accounts a<first> to a<first + n - 1>; they only stand there. */
static void accounts(unsigned first, unsigned n)
{
	mbuf_rewind(rig.accounts);
	rig_account("a%d", TRANSPORT_TCP, "enabled = false; count = %u; "
		    "first = %u;", n, first);
}


static void setup(void)
{
	rig_setup();
	accounts(1, ACCOUNTS);
	rig_start("");
	ck_assert_int_eq(0, control_alloc(&control, rig_path("control"),
					  methods, rig.daemon));
}


static void teardown(void)
{
	control = mem_deref(control);
	rig_teardown();
}


static void reload(void)
{
	struct reload_outcome o;

	rig_write("");
	ck_assert_int_eq(0, daemon_reload(rig.daemon, &o, NULL, NULL));
}


START_TEST(all_are_told_in_one_reply_or_in_one_each)
{
	struct asker whole, each;

	ask(&whole, false);
	ask(&each, true);
	ck_assert(harness_wait(is_over, &whole, WAIT));
	ck_assert(harness_wait(is_over, &each, WAIT));
	ck_assert_uint_eq(ACCOUNTS, whole.accounts);
	ck_assert_uint_eq(ACCOUNTS, each.accounts);
	close_asker(&whole);
	close_asker(&each);
}
END_TEST


START_TEST(many_who_ask_for_all_at_once_have_their_turn)
{
	struct asker v[8];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(v); i++)
		ask(&v[i], false);
	harness_run(1);
	close_asker(&v[0]);      /* in the middle of it */
	for (i = 1; i < ARRAY_SIZE(v); i++) {
		ck_assert(harness_wait(is_over, &v[i], WAIT));
		ck_assert_uint_eq(ACCOUNTS, v[i].accounts);
		close_asker(&v[i]);
	}
}
END_TEST


START_TEST(what_a_reload_removes_meanwhile_is_left_out)
{
	struct asker deaf, other;

	/* takes nothing: of one that is told no more than its socket holds */
	ask(&deaf, true);
	harness_run(200);
	accounts(1, REST);
	reload();
	ask(&other, true);
	ck_assert(harness_wait(is_over, &other, WAIT));
	ck_assert_uint_eq(REST, other.accounts);
	ck_assert(harness_wait(is_over, &deaf, WAIT));
	ck_assert_uint_ge(deaf.accounts, REST);
	ck_assert_uint_lt(deaf.accounts, ACCOUNTS);
	ck_assert_str_eq("", deaf.error);
	close_asker(&deaf);
	close_asker(&other);
}
END_TEST


START_TEST(without_accounts_there_is_an_empty_list)
{
	struct asker a;

	mbuf_rewind(rig.accounts);
	reload();
	ask(&a, true);
	ck_assert(harness_wait(is_over, &a, WAIT));
	ck_assert(!a.closed && !a.accounts && !a.error[0]);
	close_asker(&a);
	ask(&a, false);
	ck_assert(harness_wait(is_over, &a, WAIT));
	ck_assert(!a.closed && !a.accounts && !a.error[0]);
	close_asker(&a);
}
END_TEST


START_TEST(the_end_of_the_daemon_aborts_it)
{
	struct asker deaf;

	ask(&deaf, true);
	harness_run(200);
	rig.daemon = mem_deref(rig.daemon);
	harness_run(10);
	ck_assert(harness_wait(is_over, &deaf, WAIT));
	ck_assert_str_eq("io.sipregd.Aborted", deaf.error);
	close_asker(&deaf);
}
END_TEST


Suite *suite_lister(void);

Suite *suite_lister(void)
{
	Suite *s = suite_create("lister");
	TCase *tc = tcase_create("lister");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, all_are_told_in_one_reply_or_in_one_each);
	tcase_add_test(tc, many_who_ask_for_all_at_once_have_their_turn);
	tcase_add_test(tc, what_a_reload_removes_meanwhile_is_left_out);
	tcase_add_test(tc, without_accounts_there_is_an_empty_list);
	tcase_add_test(tc, the_end_of_the_daemon_aborts_it);
	suite_add_tcase(s, tc);

	return s;
}
