/* monitors.c, methods_monitor.c: who hears of what happens, and what becomes of
 * those who do not listen. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "client.h"
#include "control.h"
#include "methods.h"
#include "monitors.h"
#include "rig.h"
#include "status.h"
#include "value.h"
#include "wire.h"

#define WAIT   8000              /* [ms] for what must come */
#define MANY   10000             /* events */
#define BEGUN  "{\"parameters\":{\"event\":null},\"continues\":true}"

/* One that watches. */
struct ear {
	int fd;
	struct mbuf *rx;         /* from pos: not looked at yet */
	bool closed;
	unsigned events;         /* heard so far */
	unsigned want;           /* to wait for */
	int64_t lost;            /* of Overrun; -1: none */
	char error[64];          /* the last one */
	char account[32];        /* of the last event */
	char reason[32];
	struct odict *last;
};

static struct control *control;


/* --- the other end --- */

static void say(struct ear *e, const char *method, const char *parameters,
		bool more)
{
	char text[256];
	const int len = snprintf(text, sizeof(text), "{\"method\":"
				 "\"io.sipregd.%s\",\"parameters\":%s%s}\n",
				 method, parameters, more ? ",\"more\":true"
							  : "");

	ck_assert_int_eq(len, send(e->fd, text, (size_t)len, MSG_NOSIGNAL));
}


static void open_ear(struct ear *e)
{
	memset(e, 0, sizeof(*e));
	e->fd = client_connect(rig_path("control"));
	ck_assert_int_eq(0, fcntl(e->fd, F_SETFL, O_NONBLOCK));
	e->rx = mbuf_alloc(65536);
	e->lost = -1;
}


static void close_ear(struct ear *e)
{
	(void)close(e->fd);
	mem_deref(e->rx);
	mem_deref(e->last);
}


static void hear_one(struct ear *e, const char *text, size_t len)
{
	const struct odict *par, *event;
	const char *error;

	e->last = mem_deref(e->last);
	ck_assert_int_eq(0, wire_decode(&e->last, text, len, 8));
	par = value_object(e->last, "parameters");
	event = value_object(par, "event");
	error = odict_string(e->last, "error");

	if (error) {
		str_ncpy(e->error, error, sizeof(e->error));
		e->lost = value_int(par, "lost", -1);
	}
	if (event) {
		++e->events;
		str_ncpy(e->account, odict_string(event, "account"),
			 sizeof(e->account));
		str_ncpy(e->reason, odict_string(event, "reason"),
			 sizeof(e->reason));
	}
}


static void listen_in(struct ear *e)
{
	struct mbuf *mb = e->rx;
	uint8_t buf[65536];
	size_t len;
	ssize_t n;
	char end;

	while ((n = recv(e->fd, buf, sizeof(buf), 0)) > 0) {
		const size_t pos = mb->pos;

		mb->pos = mb->end;
		ck_assert_int_eq(0, mbuf_write_mem(mb, buf, (size_t)n));
		mb->pos = pos;

		while (wire_message(mb, &len, &end)) {
			ck_assert_int_eq('\n', end);
			hear_one(e, (char *)mbuf_buf(mb), len);
			mb->pos += len + 1;
		}

		if (!mbuf_get_left(mb))
			mbuf_rewind(mb);
	}

	e->closed = !n || errno != EAGAIN;
}


static bool has_said(void *arg)
{
	struct ear *e = arg;

	listen_in(e);

	return e->closed || e->last;
}


static bool has_heard(void *arg)
{
	struct ear *e = arg;

	listen_in(e);

	return e->closed || e->error[0] || e->events >= e->want;
}


static bool has_error(void *arg)
{
	struct ear *e = arg;

	listen_in(e);

	return e->closed || e->error[0];
}


static bool has_heard_verdict(void *arg)
{
	struct ear *e = arg;

	listen_in(e);

	return !strcmp(e->reason, "ok") || !strcmp(e->reason, "unproven");
}


/* `name` NULL: all */
static void watch(struct ear *e, const char *name)
{
	char par[64];

	open_ear(e);
	(void)snprintf(par, sizeof(par), "{\"name\":%s%s%s}", name ? "\"" : "",
		       name ? name : "null", name ? "\"" : "");
	say(e, "Monitor", par, true);
	ck_assert(harness_wait(has_said, e, WAIT));
	ck_assert_str_eq("", e->error);
	ck_assert(value_true(e->last, "continues"));
	ck_assert_uint_eq(0, e->events);
	ck_assert(value_has(value_object(e->last, "parameters"), "event"));
}


static void fails(const char *parameters, const char *error)
{
	struct ear e;

	open_ear(&e);
	say(&e, "Monitor", parameters, true);
	ck_assert(harness_wait(has_error, &e, WAIT));
	ck_assert_str_eq(error, e.error);
	close_ear(&e);
}


static void is_served(void)
{
	struct ear e;

	open_ear(&e);
	say(&e, "Status", "{\"name\":\"alice\"}", false);
	ck_assert(harness_wait(has_said, &e, WAIT));
	ck_assert_str_eq("", e.error);
	close_ear(&e);
}


/* --- fixture --- */

static void setup(void)
{
	rig_setup();
	rig_account("alice", TRANSPORT_TCP, "%s", "");
	rig_account("bob", TRANSPORT_TCP, "%s", "");
	rig_start("");
	rig_expect_registered("alice");
	rig_expect_registered("bob");
	ck_assert_int_eq(0, control_alloc(&control, rig_path("control"),
					  methods, rig.daemon));
}


static void teardown(void)
{
	control = mem_deref(control);
	rig_teardown();
}


/* That many things happen to alice, in this turn of the loop. */
static void happen(unsigned n)
{
	static struct event ev[4];
	static struct journal j;
	const struct event e = {.type = EVENT_VERDICT, .registered = true,
				.reason = REASON_FLOW_LOST};
	unsigned i;

	if (!j.size)
		journal_init(&j, ev, ARRAY_SIZE(ev));

	for (i = 0; i < n; i++)
		monitors_event(daemon_monitors(rig.daemon), "alice",
			       journal_add(&j, &e), &j);
}


/* --- who hears what --- */

START_TEST(the_first_reply_says_that_it_has_begun)
{
	struct ear e;

	watch(&e, NULL);
	close_ear(&e);
	watch(&e, "alice");
	close_ear(&e);

	open_ear(&e);
	say(&e, "Monitor", "{}", false);
	ck_assert(harness_wait(has_said, &e, WAIT));
	ck_assert(!value_true(e.last, "continues"));
	ck_assert(!strcmp("", e.error));

	/* and that was all: the next request is taken up */
	e.last = mem_deref(e.last);
	say(&e, "Ping", "{}", false);
	ck_assert(harness_wait(has_said, &e, WAIT));
	close_ear(&e);
}
END_TEST


START_TEST(who_is_not_there_cannot_be_watched)
{
	fails("{\"name\":\"carol\"}", "io.sipregd.NoSuchAccount");
	fails("{\"name\":7}", "org.varlink.service.InvalidParameter");
}
END_TEST


START_TEST(each_hears_of_the_account_that_it_named)
{
	struct ear all, alice, bob;

	watch(&all, NULL);
	watch(&alice, "alice");
	watch(&bob, "bob");
	(void)rig_register("alice");
	alice.want = all.want = 2;       /* register-sent, response */
	ck_assert(harness_wait(has_heard, &alice, WAIT));
	ck_assert(harness_wait(has_heard, &all, WAIT));
	ck_assert_str_eq("alice", alice.account);
	ck_assert_str_eq("alice", all.account);
	ck_assert_uint_eq(alice.events, all.events);
	listen_in(&bob);
	ck_assert_uint_eq(0, bob.events);

	(void)rig_register("bob");
	bob.want = 2;
	ck_assert(harness_wait(has_heard, &bob, WAIT));
	ck_assert_str_eq("bob", bob.account);
	close_ear(&all);
	close_ear(&alice);
	close_ear(&bob);
}
END_TEST


START_TEST(an_account_that_a_reload_adds_is_heard_of)
{
	struct ear all, gone;
	struct reload_outcome o;

	watch(&all, NULL);
	watch(&gone, "bob");
	rig_account("carol", TRANSPORT_TCP, "%s", "");
	rig_write("");
	ck_assert_int_eq(0, daemon_reload(rig.daemon, &o, NULL, NULL));
	ck_assert_uint_eq(1, o.added);
	rig_expect_registered("carol");
	ck_assert(harness_wait(has_heard_verdict, &all, WAIT));
	ck_assert_str_eq("carol", all.account);
	close_ear(&all);
	close_ear(&gone);
}
END_TEST


/* --- who is slow --- */

START_TEST(ten_thousand_events_at_once_reach_who_reads)
{
	struct ear e;

	watch(&e, NULL);
	happen(MANY);
	e.want = MANY;
	ck_assert(harness_wait(has_heard, &e, 4 * WAIT));
	ck_assert_str_eq("", e.error);
	ck_assert_uint_eq(MANY, e.events);

	happen(1);
	e.want = MANY + 1;
	ck_assert(harness_wait(has_heard, &e, WAIT));
	close_ear(&e);
}
END_TEST


static double cpu_seconds(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);

	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}


static double seconds_for(unsigned n)
{
	const double before = cpu_seconds();

	happen(n);
	harness_run(1);

	return cpu_seconds() - before;
}


START_TEST(an_event_is_written_once_for_all_who_watch)
{
	struct ear ev[CONTROL_STREAMS_MAX];
	double one, all;
	unsigned i;

	watch(&ev[0], NULL);
	one = seconds_for(MANY);
	for (i = 1; i < CONTROL_STREAMS_MAX; i++)
		watch(&ev[i], NULL);
	all = seconds_for(MANY);

	printf("monitor: %u events cost %.1f ms for one, %.1f ms for %u\n",
	       MANY, 1e3 * one, 1e3 * all, CONTROL_STREAMS_MAX);
	ck_assert(all < 2 * one + 0.05);
	for (i = 0; i < CONTROL_STREAMS_MAX; i++)
		close_ear(&ev[i]);
}
END_TEST


START_TEST(who_takes_nothing_is_left_behind_and_told_how_much_it_missed)
{
	struct ear deaf, good;
	const unsigned happened = MANY + 1;

	watch(&deaf, NULL);
	watch(&good, NULL);

	/* a mebibyte and more, and then a second of silence */
	happen(MANY);
	good.want = MANY;
	ck_assert(harness_wait(has_heard, &good, WAIT));
	harness_run(MONITORS_PATIENCE + 100);
	happen(1);
	harness_run(1);

	/* its last word is there, behind what it could have read */
	ck_assert(harness_wait(has_error, &deaf, WAIT));
	ck_assert_str_eq("io.sipregd.Overrun", deaf.error);
	ck_assert_int_eq(happened, deaf.events + deaf.lost);
	ck_assert_int_gt(deaf.lost, 0);

	good.want = happened;
	ck_assert(harness_wait(has_heard, &good, WAIT));
	ck_assert_uint_eq(happened, good.events);
	ck_assert_str_eq("", good.error);

	/* it may watch again */
	say(&deaf, "Monitor", "{}", true);
	deaf.error[0] = '\0';
	deaf.last = mem_deref(deaf.last);
	ck_assert(harness_wait(has_said, &deaf, WAIT));
	ck_assert_str_eq("", deaf.error);
	close_ear(&deaf);
	close_ear(&good);
}
END_TEST


START_TEST(what_waits_is_bounded_however_much_happens)
{
	struct ear e;
	unsigned i;

	/* 60 MB in one turn */
	watch(&e, NULL);
	for (i = 0; i < 20; i++)
		happen(MANY);

	ck_assert(harness_wait(has_error, &e, WAIT));
	ck_assert_str_eq("io.sipregd.Overrun", e.error);
	ck_assert_int_gt(e.lost, 0);
	ck_assert_int_le(e.events + e.lost, 20 * MANY);
	is_served();
	close_ear(&e);
}
END_TEST


START_TEST(half_of_the_clients_may_be_streams_and_no_more)
{
	struct ear ev[CONTROL_STREAMS_MAX];
	unsigned i;

	for (i = 0; i < CONTROL_STREAMS_MAX; i++)
		watch(&ev[i], i % 2 ? "alice" : NULL);

	fails("{}", "io.sipregd.Busy");
	is_served();

	close_ear(&ev[7]);
	harness_run(1);
	watch(&ev[7], NULL);
	for (i = 0; i < CONTROL_STREAMS_MAX; i++)
		close_ear(&ev[i]);
}
END_TEST


START_TEST(who_has_gone_costs_nothing)
{
	struct ear e, f;

	watch(&e, NULL);
	watch(&f, NULL);
	happen(MANY);
	close_ear(&e);
	harness_run(10);
	close_ear(&f);
	harness_run(10);
	happen(MANY);
	is_served();
}
END_TEST


START_TEST(the_end_of_the_daemon_is_told)
{
	struct ear e;

	watch(&e, NULL);
	(void)rig_stop();
	ck_assert(!has_error(&e));
	ck_assert_uint_gt(e.events, 0);

	rig.daemon = mem_deref(rig.daemon);
	control = mem_deref(control);
	ck_assert(has_error(&e));
	ck_assert_str_eq("io.sipregd.Stopping", e.error);
	close_ear(&e);
}
END_TEST


Suite *suite_monitor(void);

Suite *suite_monitor(void)
{
	Suite *s = suite_create("monitor");
	TCase *tc = tcase_create("monitor");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, the_first_reply_says_that_it_has_begun);
	tcase_add_test(tc, who_is_not_there_cannot_be_watched);
	tcase_add_test(tc, each_hears_of_the_account_that_it_named);
	tcase_add_test(tc, an_account_that_a_reload_adds_is_heard_of);
	tcase_add_test(tc, ten_thousand_events_at_once_reach_who_reads);
	tcase_add_test(tc, an_event_is_written_once_for_all_who_watch);
	tcase_add_test(
		tc,
		who_takes_nothing_is_left_behind_and_told_how_much_it_missed);
	tcase_add_test(tc, what_waits_is_bounded_however_much_happens);
	tcase_add_test(tc, half_of_the_clients_may_be_streams_and_no_more);
	tcase_add_test(tc, who_has_gone_costs_nothing);
	tcase_add_test(tc, the_end_of_the_daemon_is_told);
	suite_add_tcase(s, tc);

	return s;
}
