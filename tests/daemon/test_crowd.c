/* control_crowd.c: who of 64 clients goes when one more comes. */

#include <sys/socket.h>
#include <unistd.h>
#include "control_crowd.h"
#include "harness.h"

#define NOBODY  65534            /* users without rights */
#define ICINGA  4711
#define LONG_AGO SECONDS(11)     /* who has not read since then is deaf */

static struct list clientl;
static int otherv[CONTROL_CLIENTS_MAX];
static unsigned othersc;
static char some_call;


static void request_handler(struct client *cl, const char *text, size_t len,
			    char end)
{
	(void)cl;
	(void)text;
	(void)len;
	(void)end;
}


static void call_handler(struct control_call *call)
{
	(void)call;
}


static void setup(void)
{
	harness_setup();
	list_init(&clientl);
	othersc = 0;
}


static void teardown(void)
{
	while (clientl.head)
		client_close(clientl.head->data);
	while (othersc)
		(void)close(otherv[--othersc]);
	harness_teardown();
}


/* So many clients of that user, idle; the last of them. */
static struct client *add(unsigned n, uid_t uid)
{
	struct client *cl = NULL;
	int fdv[2];

	while (n--) {
		ck_assert_int_eq(0, socketpair(AF_UNIX, SOCK_STREAM |
					       SOCK_NONBLOCK, 0, fdv));
		ck_assert_int_eq(0, client_alloc(&clientl, NULL, fdv[0],
						 request_handler,
						 call_handler, call_handler));
		otherv[othersc++] = fdv[1];
		cl = clientl.tail->data;
		cl->peer.uid = uid;
	}

	return cl;
}


static void set_busy(struct client *cl)
{
	cl->call = (struct control_call *)&some_call;
}


static void set_deaf(struct client *cl, msec_t since)
{
	ck_assert_int_eq(0, mbuf_fill(cl->tx, 'x', 100));
	cl->tx->pos = 0;
	cl->since = loop_now() - since;
}


static void add_busy(unsigned n, uid_t uid)
{
	while (n--)
		set_busy(add(1, uid));
}


static unsigned left(uid_t uid)
{
	struct le *le;
	unsigned n = 0;

	LIST_FOREACH(&clientl, le)
		n += ((struct client *)le->data)->peer.uid == uid;

	return n;
}


static void comes(uid_t uid)
{
	const struct peer newcomer = {.uid = uid};

	crowd_make_room(&clientl, &newcomer);
}


START_TEST(who_asks_nothing_makes_room_the_first_one_first)
{
	struct client *first, *second;

	add_busy(10, NOBODY);
	first = mem_ref(add(1, NOBODY));
	second = mem_ref(add(1, NOBODY));
	add_busy(10, NOBODY);
	comes(NOBODY);
	ck_assert(first->closed && !second->closed);
	ck_assert_uint_eq(21, left(NOBODY));
	mem_deref(first);
	mem_deref(second);
}
END_TEST


START_TEST(who_takes_no_answer_for_10_s_makes_room)
{
	struct client *deaf, *reader;

	add_busy(5, NOBODY);
	reader = mem_ref(add(1, NOBODY));
	set_deaf(reader, 500);
	comes(NOBODY);
	ck_assert_uint_eq(6, left(NOBODY));

	deaf = mem_ref(add(1, NOBODY));
	set_deaf(deaf, LONG_AGO);
	comes(NOBODY);
	ck_assert(deaf->closed && !reader->closed);
	mem_deref(deaf);
	mem_deref(reader);
}
END_TEST


START_TEST(whoever_has_most_makes_room_for_others)
{
	add_busy(60, NOBODY);
	add_busy(4, ICINGA);
	comes(ICINGA);
	ck_assert_uint_eq(59, left(NOBODY));
	comes(0);
	ck_assert_uint_eq(58, left(NOBODY));
	ck_assert_uint_eq(4, left(ICINGA));
}
END_TEST


START_TEST(a_crowd_does_not_push_out_who_is_about_to_ask)
{
	add_busy(60, NOBODY);
	add(3, ICINGA);
	add(1, geteuid());
	comes(NOBODY);
	ck_assert_uint_eq(60, left(NOBODY));
	ck_assert_uint_eq(3, left(ICINGA));
	ck_assert_uint_eq(1, left(geteuid()));
}
END_TEST


START_TEST(roots_work_is_not_given_up_for_others)
{
	add_busy(60, 0);
	add_busy(1, ICINGA);
	comes(ICINGA);
	comes(NOBODY);
	ck_assert_uint_eq(60, left(0));
	ck_assert_uint_eq(1, left(ICINGA));

	/* but what root leaves lying about is */
	add(1, 0);
	comes(ICINGA);
	ck_assert_uint_eq(60, left(0));
}
END_TEST


START_TEST(for_root_there_is_room_while_anybody_is_idle)
{
	add_busy(60, 0);
	add(4, ICINGA);
	comes(0);
	ck_assert_uint_eq(60, left(0));
	ck_assert_uint_eq(3, left(ICINGA));
}
END_TEST


Suite *suite_crowd(void);

Suite *suite_crowd(void)
{
	Suite *s = suite_create("crowd");
	TCase *tc = tcase_create("crowd");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, who_asks_nothing_makes_room_the_first_one_first);
	tcase_add_test(tc, who_takes_no_answer_for_10_s_makes_room);
	tcase_add_test(tc, whoever_has_most_makes_room_for_others);
	tcase_add_test(tc, a_crowd_does_not_push_out_who_is_about_to_ask);
	tcase_add_test(tc, roots_work_is_not_given_up_for_others);
	tcase_add_test(tc, for_root_there_is_room_while_anybody_is_idle);
	suite_add_tcase(s, tc);

	return s;
}
