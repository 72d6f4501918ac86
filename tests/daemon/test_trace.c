/* trace.c, trace_ring.c, methods_trace.c: what is kept of messages, and what
 * whoever watches is told. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "control.h"
#include "methods.h"
#include "prober.h"
#include "rig.h"
#include "trace.h"

Suite *suite_trace(void);

#define WATCHES CONTROL_STREAMS_MAX

static struct traces *traces;
static struct trace *trace;
static struct tap tap;
static struct control *control;

/* What a handler was told. */
static struct {
	unsigned count;
	char text[65536];        /* the messages, each with a '|' behind it */
	struct trace_message last;
	struct trace_message stranger;   /* the last one that is */
} told;


static void message_handler(const struct trace_message *m, const char *text,
			    void *arg)
{
	const size_t used = strlen(told.text);
	(void)arg;

	ck_assert_uint_eq('\0', text[m->textc]);
	++told.count;
	told.last = *m;
	if (m->stranger)
		told.stranger = *m;
	if (used + m->textc + 2 < sizeof(told.text))
		(void)snprintf(told.text + used, sizeof(told.text) - used,
			       "%s|", text);
}


static void setup(void)
{
	harness_setup();
	memset(&told, 0, sizeof(told));
	ck_assert_int_eq(0, traces_alloc(&traces));
	ck_assert_int_eq(0, trace_get(&trace, traces, "trunk"));
	tap = (struct tap){.trace = trace, .flow = 1};
}


static void teardown(void)
{
	trace = mem_deref(trace);
	traces = mem_deref(traces);
	harness_teardown();
}


static void message(bool sent, const char *text)
{
	struct trace_message m = {.sent = sent, .transport = TRANSPORT_UDP};

	ck_assert(tap_open(&tap));
	tap_message(&tap, &m, (const uint8_t *)text, strlen(text));
}


static const char *past(size_t max)
{
	told.count = 0;
	told.text[0] = '\0';
	trace_past(trace, max, message_handler, NULL);

	return told.text;
}


/* --- what is kept --- */

START_TEST(what_is_kept_is_told_in_its_order)
{
	ck_assert_str_eq("", past(0));
	message(true, "one");
	message(false, "two");
	message(true, "three");
	ck_assert_str_eq("one|two|three|", past(0));
	ck_assert(told.last.sent);
	ck_assert_uint_eq(5, told.last.length);
	ck_assert_int_eq(1, told.last.flow);
	ck_assert_str_eq("two|three|", past(2));
	ck_assert_str_eq("one|two|three|", past(9));
}
END_TEST


START_TEST(the_oldest_make_room)
{
	static char text[1000];
	unsigned i;

	memset(text, 'x', sizeof(text) - 1);
	for (i = 0; i < 1000; i++) {
		text[0] = (char)('a' + i % 26);
		message(false, text);
	}

	(void)past(0);
	ck_assert_uint_ge(told.count, 12);
	ck_assert_uint_le(told.count, 16);
	ck_assert_int_eq('a' + (1000 - told.count) % 26, told.text[0]);
	ck_assert_int_eq('a' + 999 % 26, past(1)[0]);
}
END_TEST


START_TEST(a_long_message_is_cut_and_its_length_told)
{
	static char text[60000];

	memset(text, 'x', sizeof(text) - 1);
	message(false, "before");
	message(false, text);
	message(false, "after");
	(void)past(0);
	ck_assert_uint_eq(3, told.count);
	(void)past(2);
	rig_has(told.text, "xxx|after|");

	message(false, text);
	(void)past(1);
	ck_assert_uint_eq(sizeof(text) - 1, told.last.length);
	ck_assert_uint_lt(told.last.textc, TRACE_SHARE_MAX / 2);
	ck_assert_uint_gt(told.last.textc, TRACE_SHARE_MAX / 2 - 512);
}
END_TEST


/* --- the budget --- */

static struct trace *morev[8193];


static void have(size_t *np, size_t n)
{
	for (; *np < n; ++*np)
		ck_assert_int_eq(0, trace_get(&morev[*np], traces, "more"));
	while (*np > n) {
		--*np;
		morev[*np] = mem_deref(morev[*np]);
	}
}


START_TEST(the_more_accounts_the_less_of_each_and_then_nothing)
{
	size_t n = 0;
	char text[600] = "";

	memset(text, 'x', sizeof(text) - 1);
	while (past(0), told.count < 20 && n < 40) {
		message(false, text);
		have(&n, n + 1);
	}
	ck_assert_uint_ge(told.count, 20);

	have(&n, 1023);
	(void)past(0);
	ck_assert_uint_ge(told.count, 20);

	have(&n, 1024);                  /* 1025 with the first one */
	(void)past(0);
	ck_assert_uint_ge(told.count, 10);
	ck_assert_uint_le(told.count, 8192 / 600);

	have(&n, 8191);
	(void)past(0);
	ck_assert_uint_ge(told.count, 2);
	ck_assert_uint_le(told.count, 3);

	have(&n, 8192);
	ck_assert_str_eq("", past(0));
	ck_assert(!trace_keeps(trace));
	ck_assert(!tap_open(&tap));

	have(&n, 0);
	ck_assert(trace_keeps(trace));
	message(false, "again");
	ck_assert_str_eq("again|", past(0));
}
END_TEST


START_TEST(who_watches_is_told_even_if_nothing_is_kept)
{
	struct trace_watch w = {.h = NULL};
	size_t n = 0;

	have(&n, 8192);
	ck_assert(!tap_open(&tap));
	ck_assert_int_eq(0, trace_watch_start(&w, trace, "trunk",
					      message_handler, NULL));
	message(true, "seen");
	ck_assert_str_eq("seen|", told.text);
	trace_watch_stop(&w);
	ck_assert(!tap_open(&tap));
	trace_watch_stop(&w);
	have(&n, 0);
}
END_TEST


START_TEST(a_watched_name_keeps_its_trace)
{
	struct trace_watch w = {.h = NULL};
	struct trace *t;

	ck_assert_int_eq(0, trace_watch_start(&w, trace, "trunk",
					      message_handler, NULL));
	ck_assert_int_eq(0, trace_get(&t, traces, "other"));
	ck_assert_ptr_ne(trace, t);
	mem_deref(t);
	ck_assert_int_eq(0, trace_get(&t, traces, "trunk"));
	ck_assert_ptr_eq(trace, t);
	mem_deref(t);
	trace_watch_stop(&w);
}
END_TEST


/* --- secrets --- */

#define RESPONSE "0123456789abcdef0123456789abcdef"

START_TEST(what_we_sent_is_masked_when_it_comes_back)
{
	message(true, "Authorization: Digest response=\"" RESPONSE "\", "
		"cnonce=\"fedcba9876543210\"\r\n");
	message(false, "Warning: " RESPONSE " FEDCBA9876543210 0123456789\r\n");
	rig_has(past(1), "Warning: ******************************** "
		"**************** 0123456789\r\n");
	rig_has_not(past(0), RESPONSE);
}
END_TEST


static void secrets_handler(struct mask *m, void *arg)
{
	mask_add(m, arg, strlen(arg));
}


START_TEST(what_the_owner_names_is_masked)
{
	tap.secretsh = secrets_handler;
	tap.arg = (char[]){"hunter2"};
	message(false, "To: Hunter2");
	ck_assert_str_eq("To: *******|", past(0));
}
END_TEST


/* --- accounts --- */

static const char *past_of(const char *name)
{
	told.count = 0;
	told.text[0] = '\0';
	trace_past(agent_trace(rig_agent(name)), 0, message_handler, NULL);

	return told.text;
}


static void rig_off(void)
{
	control = mem_deref(control);
	rig_teardown();
}


/* The n-th message that is kept begins so. */
static void expect_nth(const char *text, unsigned n, const char *start)
{
	while (n--) {
		text = strchr(text, '|');
		ck_assert_ptr_nonnull(text);
		++text;
	}
	ck_assert_msg(!strncmp(text, start, strlen(start)), "%.40s", text);
}


START_TEST(a_registration_is_kept_without_its_secrets)
{
	const enum transport t = (enum transport)_i;
	const char *text;

	rig_one("alice", t, "headers = [ \"X-Auth-Token: sesame\" ];");
	text = past_of("alice");
	expect_nth(text, 0, "REGISTER ");
	expect_nth(text, 1, "SIP/2.0 401 ");
	expect_nth(text, 2, "REGISTER ");
	expect_nth(text, 3, "SIP/2.0 200 ");
	rig_has(text, "Authorization: Digest username=\"alice\", realm=");
	rig_has(text, "X-Auth-Token: ******\r\n");
	rig_has(text, "response=\"********************************\"");
	rig_has_not(text, "sesame");
	rig_has_not(text, agent_conf(rig_agent("alice"))->password);
	ck_assert_int_eq(t, told.last.transport);
	ck_assert(addr_isset(&told.last.local));
	ck_assert(addr_isset(&told.last.remote));
}
END_TEST


static void outcome_handler(const struct agent_outcome *o, void *arg)
{
	ck_assert_ptr_nonnull(o);
	*(bool *)arg = true;
}


/* From a socket of its own, and back over the flow. */
START_TEST(a_probe_is_kept_without_its_mark)
{
	bool done = false;
	const char *p, *text;
	unsigned n = 0;

	rig_one("alice", TRANSPORT_UDP, "");
	rig.conf->relay = true;
	ck_assert_int_eq(0, agent_probe(rig_agent("alice"), outcome_handler,
					&done));
	ck_assert(harness_wait(harness_flag, &done, RIG_WAIT));

	text = past_of("alice");
	for (p = text; (p = strstr(p, PROBER_HEADER ": ")); ++n) {
		p += strlen(PROBER_HEADER ": ");
		ck_assert_msg(!strncmp(p, "********************************\r",
				       33), "%.40s", p);
	}
	ck_assert_uint_ge(n, 2);
	rig_has(text, "Call-ID: ********************************\r\n");
}
END_TEST


START_TEST(a_stranger_is_marked)
{
	const struct addr *local;
	struct rig_peer p;
	struct sa dst;

	rig_one("alice", TRANSPORT_UDP, "");
	rig_peer_open(&p, "127.0.0.99");
	dst = *rig_flow("alice").local;
	rig_peer_send(&p, &dst, "OPTIONS sip:alice SIP/2.0\r\n\r\n");
	while (!strstr(past_of("alice"), "OPTIONS sip:alice "))
		harness_run(1);
	ck_assert(told.stranger.stranger);
	ck_assert(!told.stranger.sent);
	local = &told.stranger.local;
	ck_assert_uint_eq(sa_port(&dst), local->port);
	rig_peer_close(&p);
}
END_TEST


/* --- the method --- */

struct watcher {
	int fd;
	char text[65536];
	size_t len;
	bool closed;
	const char *want;
};


static void serve(void)
{
	ck_assert_int_eq(0, control_alloc(&control, rig_path("control"),
					  methods, rig.daemon));
}


static void watch(struct watcher *w, const char *parameters, bool more)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	char text[256];
	int len;

	memset(w, 0, sizeof(*w));
	(void)snprintf(addr.sun_path, sizeof(addr.sun_path), "%s",
		       rig_path("control"));
	w->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(w->fd, 0);
	ck_assert_int_eq(0, connect(w->fd, (struct sockaddr *)&addr,
				    sizeof(addr)));
	ck_assert_int_eq(0, fcntl(w->fd, F_SETFL, O_NONBLOCK));
	len = snprintf(text, sizeof(text), "{\"method\":\"io.sipregd.Trace\","
		       "\"parameters\":%s,\"more\":%s}\n", parameters,
		       more ? "true" : "false");
	ck_assert_int_eq(len, send(w->fd, text, (size_t)len, 0));
}


static bool has_text(void *arg)
{
	struct watcher *w = arg;
	const ssize_t n = recv(w->fd, w->text + w->len,
			       sizeof(w->text) - 1 - w->len, 0);

	if (n > 0)
		w->len += (size_t)n;
	w->text[w->len] = '\0';

	return strstr(w->text, w->want);
}


static void expect_text(struct watcher *w, const char *want)
{
	w->want = want;
	ck_assert_msg(harness_wait(has_text, w, RIG_WAIT), "%s instead of %s",
		      w->text, want);
}


#define PRESENT "{\"parameters\":{\"message\":null,\"keeps\":true}"
#define GOES_ON ",\"continues\":true}\n"

START_TEST(a_client_sees_past_and_present)
{
	struct watcher w;

	rig_one("alice", TRANSPORT_TCP, "");
	serve();
	watch(&w, "{\"name\":\"alice\",\"past\":true,\"last\":1}", true);
	expect_text(&w, PRESENT GOES_ON);
	rig_has(w.text, "{\"parameters\":{\"message\":{\"at_usec\":");
	rig_has(w.text, ",\"account\":\"alice\",\"direction\":\"received\","
		"\"transport\":\"tcp\",\"local\":\"127.0.0.1:");
	rig_has(w.text, "\"flow\":1,\"stranger\":false,\"length\":");
	rig_has(w.text, "\"truncated\":false,\"text\":\"SIP/2.0 200 OK\\r\\n");
	rig_has(w.text, "\\r\\n\\r\\n\",\"base64\":null},\"keeps\":true}"
		GOES_ON);
	rig_has_not(w.text, "REGISTER sip:");

	(void)rig_register("alice");
	expect_text(&w, "\"direction\":\"sent\"");
	expect_text(&w, "\"text\":\"REGISTER sip:");
	(void)close(w.fd);
}
END_TEST


START_TEST(without_more_it_says_whether_anything_is_kept)
{
	struct watcher w;

	rig_one("alice", TRANSPORT_TCP, "");
	serve();
	watch(&w, "{\"name\":\"alice\",\"past\":null}", false);
	expect_text(&w, PRESENT "}\n");
	(void)close(w.fd);
	watch(&w, "{\"name\":\"nobody\"}", true);
	expect_text(&w, "NoSuchAccount");
	(void)close(w.fd);
	watch(&w, "{\"name\":\"alice\",\"past\":1}", true);
	expect_text(&w, "InvalidParameter\",\"parameters\":{\"parameter\":"
		    "\"past\"}");
	(void)close(w.fd);
	watch(&w, "{\"name\":\"alice\",\"last\":\"x\"}", true);
	expect_text(&w, "\"parameter\":\"last\"");
	(void)close(w.fd);
}
END_TEST


START_TEST(so_many_can_watch_and_one_that_goes_makes_room)
{
	static struct watcher wv[WATCHES + 1];
	unsigned i;

	rig_one("alice", TRANSPORT_TCP, "");
	serve();
	for (i = 0; i <= WATCHES; i++) {
		watch(&wv[i], "{\"name\":\"alice\"}", true);
		expect_text(&wv[i], i < WATCHES ? PRESENT GOES_ON : "Busy");
	}

	(void)close(wv[0].fd);
	watch(&wv[0], "{\"name\":\"alice\"}", true);
	expect_text(&wv[0], PRESENT GOES_ON);
	for (i = 0; i <= WATCHES; i++)
		(void)close(wv[i].fd);
}
END_TEST


/* The client learns what is no text as base64. */
START_TEST(bytes_that_are_no_text_are_told_both_ways)
{
	struct rig_peer p;
	struct watcher w;
	struct sa dst;

	rig_one("alice", TRANSPORT_UDP, "");
	serve();
	watch(&w, "{\"name\":\"alice\"}", true);
	expect_text(&w, PRESENT GOES_ON);
	rig_peer_open(&p, "127.0.0.99");
	dst = *rig_flow("alice").local;
	rig_peer_send(&p, &dst, "A\xff\xc3\xa4");
	expect_text(&w, "\"stranger\":true,\"length\":4,\"truncated\":false,"
		    "\"text\":\"A\xef\xbf\xbd\xc3\xa4\",\"base64\":\"Qf/DpA==\""
		    "}");
	rig_peer_close(&p);
	(void)close(w.fd);
}
END_TEST


/* With this account and no other. */
static void reload(const char *name, enum transport t, const char *keys)
{
	struct reload_outcome o;

	rig.accounts->pos = rig.accounts->end = 0;
	rig_account(name, t, "%s", keys);
	rig_write("");
	ck_assert_int_eq(0, daemon_reload(rig.daemon, &o, NULL, NULL));
}


static bool is_registered(void *arg)
{
	(void)arg;

	return daemon_find(rig.daemon, "alice") &&
		rig_state("alice")->verdict.registered;
}


START_TEST(a_trace_survives_that_its_account_goes_and_comes_back)
{
	struct watcher w;

	rig_one("alice", TRANSPORT_TCP, "");
	serve();
	watch(&w, "{\"name\":\"alice\"}", true);
	expect_text(&w, PRESENT GOES_ON);

	reload("bob", TRANSPORT_TCP, "");
	ck_assert_ptr_null(daemon_find(rig.daemon, "alice"));
	expect_text(&w, "expires=0");

	reload("alice", TRANSPORT_UDP, "");
	ck_assert(harness_wait(is_registered, NULL, 2 * RIG_WAIT));
	expect_text(&w, "\"transport\":\"udp\"");
	(void)close(w.fd);
}
END_TEST


START_TEST(what_was_kept_survives_other_settings)
{
	rig_one("alice", TRANSPORT_TCP, "");
	reload("alice", TRANSPORT_TCP, "expires = 1800;");
	expect_nth(past_of("alice"), 0, "REGISTER ");
	rig_has(told.text, "expires=3600");
	while (!strstr(past_of("alice"), "expires=1800"))
		harness_run(1);
}
END_TEST


Suite *suite_trace(void)
{
	Suite *s = suite_create("trace");
	TCase *tc = tcase_create("kept");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, what_is_kept_is_told_in_its_order);
	tcase_add_test(tc, the_oldest_make_room);
	tcase_add_test(tc, a_long_message_is_cut_and_its_length_told);
	tcase_add_test(tc,
		the_more_accounts_the_less_of_each_and_then_nothing);
	tcase_add_test(tc, who_watches_is_told_even_if_nothing_is_kept);
	tcase_add_test(tc, a_watched_name_keeps_its_trace);
	tcase_add_test(tc, what_we_sent_is_masked_when_it_comes_back);
	tcase_add_test(tc, what_the_owner_names_is_masked);
	suite_add_tcase(s, tc);

	tc = tcase_create("told");
	tcase_add_checked_fixture(tc, rig_setup, rig_off);
	tcase_set_timeout(tc, 20);
	tcase_add_loop_test(tc, a_registration_is_kept_without_its_secrets,
			    TRANSPORT_UDP, TRANSPORT_TCP + 1);
	tcase_add_test(tc, a_probe_is_kept_without_its_mark);
	tcase_add_test(tc, a_stranger_is_marked);
	tcase_add_test(tc, a_client_sees_past_and_present);
	tcase_add_test(tc, without_more_it_says_whether_anything_is_kept);
	tcase_add_test(tc, so_many_can_watch_and_one_that_goes_makes_room);
	tcase_add_test(tc, bytes_that_are_no_text_are_told_both_ways);
	tcase_add_test(tc,
		a_trace_survives_that_its_account_goes_and_comes_back);
	tcase_add_test(tc, what_was_kept_survives_other_settings);
	suite_add_tcase(s, tc);

	return s;
}
