/* metrics*.c: pages, the HTTP listener with good and bad clients, the text
 * file, and what a reload does to each. */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include "metrics.h"
#include "metrics_http.h"
#include "metrics_request.h"
#include "rig.h"

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"
#define ALICE_REGISTERED "\nsipregd_account_registered{account=\"alice\"} 1\n"


static uint16_t port;            /* of metrics.listen */


/* --- a client --- */

struct asker {
	int fd;
	char text[262144];
	size_t len;
	bool closed;
};


/* A port that was free a moment ago. */
static uint16_t free_port(void)
{
	struct sockaddr_in sin = {.sin_family = AF_INET};
	socklen_t len = sizeof(sin);
	const int fd = socket(AF_INET, SOCK_STREAM, 0);

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(0, bind(fd, (struct sockaddr *)&sin, len));
	ck_assert_int_eq(0, getsockname(fd, (struct sockaddr *)&sin, &len));
	ck_assert_int_eq(0, close(fd));

	return ntohs(sin.sin_port);
}


static int try_connect(void)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET, .sin_port = htons(port),
	};
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (connect(fd, (struct sockaddr *)&sin, sizeof(sin))) {
		(void)close(fd);
		return -1;
	}

	ck_assert_int_eq(0, fcntl(fd, F_SETFL, O_NONBLOCK));

	return fd;
}


static void say(int fd, const char *text)
{
	ck_assert_int_eq((int)strlen(text), send(fd, text, strlen(text),
						 MSG_NOSIGNAL));
}


static bool has_all(void *arg)
{
	struct asker *a = arg;
	ssize_t n;

	do {
		n = recv(a->fd, a->text + a->len,
			 sizeof(a->text) - 1 - a->len, 0);
		if (n > 0)
			a->len += (size_t)n;
	} while (n > 0);

	a->closed = !n || errno != EAGAIN;
	a->text[a->len] = '\0';

	return a->closed;
}


/* What is answered until the other side closes. */
static const char *ask(const char *request)
{
	static struct asker a;

	memset(&a, 0, sizeof(a));
	a.fd = try_connect();
	ck_assert_int_ge(a.fd, 0);
	say(a.fd, request);
	ck_assert(harness_wait(has_all, &a, RIG_WAIT));
	ck_assert_int_eq(0, close(a.fd));

	return a.text;
}


/* The text may be longer than what Check takes into a message. */
static void has(const char *text, const char *part)
{
	ck_assert_msg(strstr(text, part) != NULL, "no \"%s\" in \"%.2000s\"",
		      part, text);
}


static void expect(const char *request, const char *status)
{
	const char *text = ask(request);

	ck_assert_msg(!strncmp(text, status, strlen(status)),
		      "%s -> %.40s", request, text);
}


/* --- fixture --- */

static void teardown(void)
{
	(void)unlink(rig_path("sipregd.prom"));
	rig_teardown();
}


static const char *globals(void)
{
	static char text[256];

	(void)snprintf(text, sizeof(text), "metrics = { listen = "
		       "\"127.0.0.1:%u\"; textfile = \"%s\"; };", port,
		       rig_path("sipregd.prom"));

	return text;
}


static void start(void)
{
	const msec_t end = loop_now() + RIG_WAIT;

	port = free_port();
	rig_account("alice", TRANSPORT_TCP, " ");
	rig_account("bob", TRANSPORT_UDP, "enabled = false;");
	rig_start(globals());
	rig_expect_registered("alice");

	/* The text file's page may be from before, and is shared while it
	 * is fresh. */
	while (!strstr(ask(GET("/metrics")), ALICE_REGISTERED))
		ck_assert(loop_now() < end);
}


/* --- requests --- */

START_TEST(a_scrape_gets_the_text_that_it_can_read)
{
	const char *text;

	start();
	text = ask(GET("/metrics"));
	has(text, "HTTP/1.1 200 OK\r\n");
	has(text, "Content-Type: text/plain; version=0.0.4; "
		"charset=utf-8\r\n");
	has(text, "# TYPE sipregd_register_requests_total counter\n");
	has(text, ALICE_REGISTERED);
	has(text, "\nsipregd_account_enabled{account=\"bob\"} 0\n");

	text = ask("GET http://x/metrics?a=b HTTP/1.0\r\n"
		   "accept:  text/plain;q=0.5, application/openmetrics-text;"
		   "version=1.0.0;q=0.9\r\n\r\n");
	has(text, "Content-Type: application/openmetrics-text; "
		"version=1.0.0; charset=utf-8\r\n");
	has(text, "# TYPE sipregd_register_requests counter\n");
	ck_assert_str_eq("\n# EOF\n", text + strlen(text) - 7);
}
END_TEST


START_TEST(a_head_has_the_length_and_no_body)
{
	const char *text, *length, *body;
	size_t len;

	start();
	text = ask(GET("/metrics"));
	body = strstr(text, "\r\n\r\n") + 4;
	length = strstr(text, "Content-Length: ");
	ck_assert_ptr_nonnull(length);
	len = strtoul(length + 16, NULL, 10);
	ck_assert_uint_eq(strlen(body), len);

	text = ask("HEAD /metrics HTTP/1.1\r\n\r\n");
	has(text, "HTTP/1.1 200 OK\r\n");
	ck_assert_str_eq("", strstr(text, "\r\n\r\n") + 4);
}
END_TEST


START_TEST(health_and_readiness_are_told)
{
	start();
	has(ask(GET("/healthz")), "\r\n\r\nok\n");
	has(ask(GET("/readyz")), "HTTP/1.1 200 OK\r\n");
	has(ask(GET("/readyz")), "/1 reachable\n");
}
END_TEST


START_TEST(who_has_had_no_outcome_is_not_ready)
{
	const struct registrar_rule rule = {.kind = RULE_DROP, .count = 8};

	port = free_port();
	rig_account("alice", TRANSPORT_UDP, " ");
	rig_rule(&rule);
	rig_start(globals());
	expect(GET("/healthz"), "HTTP/1.1 200 ");
	expect(GET("/readyz"), "HTTP/1.1 503 ");
	has(ask(GET("/readyz")), "\r\n\r\n0/1 reachable\n");
}
END_TEST


START_TEST(what_is_no_good_request_is_told_so)
{
	static char much[METRICS_REQUEST + 1];

	start();
	expect(GET("/"), "HTTP/1.1 404 ");
	expect(GET("/metrics/"), "HTTP/1.1 404 ");
	expect("POST /metrics HTTP/1.1\r\n\r\n", "HTTP/1.1 405 ");
	has(ask("DELETE /metrics HTTP/1.1\r\n\r\n"),
		"\r\nAllow: GET, HEAD\r\n");
	expect("GET /metrics\r\n\r\n", "HTTP/1.1 400 ");
	expect("\r\n\r\n", "HTTP/1.1 400 ");
	expect("GET /metrics HTTP/1.1\r\nno colon\r\n\r\n", "HTTP/1.1 400 ");
	expect("GET /metrics HTTP/2.0\r\n\r\n", "HTTP/1.1 505 ");

	memset(much, 'x', sizeof(much) - 1);
	expect(much, "HTTP/1.1 431 ");
}
END_TEST


START_TEST(a_format_that_is_refused_is_not_given)
{
	static const struct {
		const char *accept;
		enum metrics_format format;
	} casev[] = {
		{"text/plain", METRICS_TEXT},
		{"*/*", METRICS_TEXT},
		{"application/openmetrics-text", METRICS_OPENMETRICS},
		{"application/openmetrics-text;q=0", METRICS_TEXT},
		{"application/openmetrics-text; q=0.0, */*", METRICS_TEXT},
		{"application/openmetrics-text;q=0.1,text/plain;q=0",
		 METRICS_OPENMETRICS},
	};
	struct metrics_request r;
	char text[256];

	for (size_t i = 0; i < ARRAY_SIZE(casev); i++) {
		const int n = snprintf(text, sizeof(text),
				       "GET /metrics HTTP/1.1\r\n"
				       "Accept: %s\r\n\r\n", casev[i].accept);

		ck_assert_uint_eq(0, metrics_request_read(&r, text,
							  (size_t)n));
		ck_assert_msg(r.format == casev[i].format, "%s",
			      casev[i].accept);
	}
}
END_TEST


/* --- clients that are a nuisance --- */

START_TEST(who_connects_and_says_nothing_makes_room_for_others)
{
	int fdv[3 * METRICS_CONNS];

	start();
	for (size_t i = 0; i < ARRAY_SIZE(fdv); i++) {
		fdv[i] = try_connect();
		ck_assert_int_ge(fdv[i], 0);
		harness_run(1);
	}

	expect(GET("/healthz"), "HTTP/1.1 200 ");
	for (size_t i = 0; i < ARRAY_SIZE(fdv); i++)
		(void)close(fdv[i]);
	expect(GET("/healthz"), "HTTP/1.1 200 ");
}
END_TEST


START_TEST(who_takes_his_time_is_dropped)
{
	struct asker a = {.fd = -1};
	const msec_t start_at = loop_now();

	start();
	a.fd = try_connect();
	say(a.fd, "GET /metrics HT");
	ck_assert(harness_wait(has_all, &a, METRICS_READ + 1000));
	ck_assert_uint_eq(0, a.len);
	ck_assert_uint_ge(loop_now() - start_at, METRICS_READ - 100);
	(void)close(a.fd);
}
END_TEST


START_TEST(who_goes_before_the_answer_harms_nobody)
{
	const struct linger reset = {.l_onoff = 1};

	start();
	for (unsigned i = 0; i < 40; i++) {
		const int fd = try_connect();

		ck_assert_int_ge(fd, 0);
		say(fd, GET("/metrics"));
		if (i % 2)
			harness_run(1);
		if (i % 4 < 2)
			(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset,
					 sizeof(reset));
		ck_assert_int_eq(0, close(fd));
	}

	expect(GET("/metrics"), "HTTP/1.1 200 ");
}
END_TEST


/* --- pages --- */

static struct metrics_wait wait;
static struct metrics_page *got;
static unsigned answers;


static void ready_handler(struct metrics_page *page, void *arg)
{
	(void)arg;
	mem_deref(got);
	got = mem_ref(page);
	++answers;
}


static void want(void)
{
	answers = 0;
	metrics_want(daemon_metrics(rig.daemon), &wait, ready_handler, NULL);
}


static size_t lines(const struct metrics_page *p, const char *begin)
{
	struct metrics_reader r;
	struct pl piece;
	size_t n = 0;

	metrics_reader_init(&r, p, METRICS_TEXT);
	while (metrics_reader_next(&r, &piece)) {
		const char *at = piece.p;

		while (at < piece.p + piece.l) {
			n += !strncmp(at, begin, strlen(begin));
			at = strchr(at, '\n') + 1;
		}
	}

	return n;
}


/* Disabled accounts have most samples, and need no registrar. */
static void start_many(unsigned count)
{
	rig_account("a%d", TRANSPORT_UDP, "enabled = false; first = 1; "
		    "count = %u;", count);
	rig_start("");
}


/* The last page is not shared any more. */
static bool is_asked_anew(void *arg)
{
	(void)arg;
	got = mem_deref(got);
	want();

	return !answers;
}


/* The longest slice of a page that is made now. [us] */
static uint64_t longest_of_ten_thousand(void)
{
	uint64_t longest;

	ck_assert(harness_wait(is_asked_anew, NULL, 20000));
	ck_assert(harness_wait(harness_count, &answers, 20000));
	ck_assert_ptr_nonnull(got);
	ck_assert_uint_eq(10000, lines(got, "sipregd_account_enabled{"));
	ck_assert_uint_eq(10000, lines(got, "sipregd_account_info{"));

	longest = metrics_page_longest(got);
	(void)printf("10,000 accounts: %llu us, at most %llu us at a time\n",
		     (unsigned long long)metrics_page_spent(got),
		     (unsigned long long)longest);

	return longest;
}


/* A checker has it longer; where others are busy too, one page in some is
 * made without being interrupted. */
START_TEST(ten_thousand_accounts_take_slices_of_milliseconds)
{
	unsigned tries = 5;

	start_many(10000);
	while (longest_of_ten_thousand() > 50000)
		ck_assert_uint_gt(--tries, 0);

	got = mem_deref(got);
}
END_TEST


START_TEST(who_asks_at_the_same_time_shares_a_page)
{
	struct metrics_wait other = {.h = NULL};
	struct metrics_page *first;

	start_many(3000);
	want();
	metrics_want(daemon_metrics(rig.daemon), &other, ready_handler, NULL);
	ck_assert(harness_wait(harness_count, &answers, 20000));
	ck_assert_uint_eq(2, answers);
	first = mem_ref(got);

	want();                          /* fresh enough */
	ck_assert_uint_eq(1, answers);
	ck_assert_ptr_eq(first, got);

	harness_run((unsigned)(metrics_page_spent(first) / 1000 + 1) *
		    (METRICS_SHARE + 1));
	want();
	ck_assert_uint_eq(0, answers);
	ck_assert(harness_wait(harness_count, &answers, 20000));
	ck_assert_ptr_ne(first, got);
	mem_deref(first);
	got = mem_deref(got);
}
END_TEST


START_TEST(slow_readers_do_not_pile_up_pages)
{
	struct metrics_page *pagev[METRICS_PAGES];

	start_many(10);
	for (unsigned i = 0; i < METRICS_PAGES; i++) {
		want();
		ck_assert(harness_wait(harness_count, &answers, 5000));
		pagev[i] = mem_ref(got);
		harness_run(200);
	}

	want();
	ck_assert_uint_eq(1, answers);
	ck_assert_ptr_eq(got, pagev[METRICS_PAGES - 1]);
	got = mem_deref(got);

	pagev[0] = mem_deref(pagev[0]);
	want();
	ck_assert_uint_eq(0, answers);
	ck_assert(harness_wait(harness_count, &answers, 5000));
	got = mem_deref(got);
	for (unsigned i = 0; i < METRICS_PAGES; i++)
		mem_deref(pagev[i]);
}
END_TEST


/* Each turn of the loop is a slice; the reload falls between two. */
START_TEST(accounts_that_come_and_go_meanwhile_are_there_once)
{
	struct reload_outcome o;

	start_many(10000);
	want();
	harness_run(8);
	ck_assert_uint_eq(0, answers);

	mbuf_rewind(rig.accounts);
	rig_account("a%d", TRANSPORT_UDP, "enabled = false; first = 9000; "
		    "count = 2000;");
	rig_write("");
	ck_assert_int_eq(0, daemon_reload(rig.daemon, &o, NULL, NULL));
	ck_assert_uint_eq(999, o.added);

	ck_assert(harness_wait(harness_count, &answers, 20000));
	ck_assert_uint_eq(2000, lines(got, "sipregd_account_enabled{"));
	ck_assert_uint_eq(0, lines(got, "sipregd_account_enabled{"
				   "account=\"a1\"}"));
	ck_assert_uint_eq(1, lines(got, "sipregd_account_enabled{"
				   "account=\"a9500\"}"));
	got = mem_deref(got);
}
END_TEST


START_TEST(a_page_that_is_being_made_ends_with_the_daemon)
{
	start_many(5000);
	want();
	harness_run(5);
	rig.daemon = mem_deref(rig.daemon);
	ck_assert_uint_eq(1, answers);
	ck_assert_ptr_null(got);
}
END_TEST


START_TEST(labels_are_escaped)
{
	char buf[METRICS_LABEL_MAX], longest[3 * METRICS_LABEL_MAX];

	metrics_label(buf, "a\"b\\c\nd\xff" "e\xc3\xa9");
	ck_assert_str_eq("a\\\"b\\\\c\\nd?e\xc3\xa9", buf);

	memset(longest, '"', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	metrics_label(buf, longest);
	ck_assert_uint_lt(strlen(buf), METRICS_LABEL_MAX);
	ck_assert_uint_eq(0, strlen(buf) % 2);
}
END_TEST


/* --- reload, trouble --- */

static bool file_there(void *arg)
{
	struct stat st;

	return !stat(arg, &st);
}


static bool refused(void *arg)
{
	const int fd = try_connect();

	(void)arg;
	if (fd >= 0)
		(void)close(fd);

	return fd < 0;
}


static bool listens(void *arg)
{
	return !refused(arg);
}


static void reload(const char *text)
{
	struct reload_outcome o;

	rig_write(text);
	ck_assert_int_eq(0, daemon_reload(rig.daemon, &o, NULL, NULL));
}


START_TEST(a_reload_turns_both_on_and_off)
{
	char path[64];

	start();
	(void)snprintf(path, sizeof(path), "%s", rig_path("sipregd.prom"));
	ck_assert(harness_wait(file_there, path, RIG_WAIT));
	reload("");
	ck_assert(refused(NULL));
	ck_assert(!file_there(path));

	port = free_port();
	reload(globals());
	expect(GET("/healthz"), "HTTP/1.1 200 ");
	ck_assert(harness_wait(file_there, path, RIG_WAIT));
}
END_TEST


START_TEST(counters_outlive_a_change_of_the_account)
{
	uint32_t sent;

	start();
	sent = rig_state("alice")->registers_sent;
	ck_assert_uint_ge(sent, 2);
	mbuf_rewind(rig.accounts);
	rig_account("alice", TRANSPORT_TCP, "expires = 1800;");
	reload(globals());
	ck_assert_uint_ge(rig_state("alice")->registers_sent, sent);
	rig_expect_registered("alice");
	ck_assert_uint_ge(tally_count(agent_tally(rig_agent("alice")),
				      TALLY_RESPONSE, 200), 2);
}
END_TEST


START_TEST(the_file_is_whole_for_everybody_and_goes_at_the_stop)
{
	char path[64], tmp[80];
	struct stat st;

	start();
	(void)snprintf(path, sizeof(path), "%s", rig_path("sipregd.prom"));
	(void)snprintf(tmp, sizeof(tmp), "%s.tmp", path);
	ck_assert(harness_wait(file_there, path, RIG_WAIT));
	ck_assert_int_eq(0, stat(path, &st));
	ck_assert_uint_eq(0100644, st.st_mode);
	ck_assert(!file_there(tmp));

	(void)rig_stop();
	ck_assert(!file_there(path));
}
END_TEST


START_TEST(a_file_that_cannot_be_written_keeps_nobody_down)
{
	port = free_port();
	rig_account("alice", TRANSPORT_TCP, " ");
	rig_start("metrics = { textfile = \"/nowhere/at/all.prom\"; };");
	rig_expect_registered("alice");
}
END_TEST


START_TEST(a_port_that_is_taken_keeps_nobody_down)
{
	struct sockaddr_in sin = {.sin_family = AF_INET};
	const int fd = socket(AF_INET, SOCK_STREAM, 0);
	const msec_t start_at = loop_now();

	port = free_port();
	sin.sin_port = htons(port);
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(0, bind(fd, (struct sockaddr *)&sin, sizeof(sin)));
	start();
	ck_assert_int_eq(0, close(fd));
	ck_assert_uint_lt(loop_now() - start_at, METRICS_RETRY);
	ck_assert(harness_wait(listens, NULL, METRICS_RETRY + 1000));
}
END_TEST


Suite *suite_metrics(void);


Suite *suite_metrics(void)
{
	Suite *s = suite_create("metrics");
	TCase *tc = tcase_create("metrics");

	tcase_add_checked_fixture(tc, rig_setup, teardown);
	tcase_set_timeout(tc, 40);
	tcase_add_test(tc, a_scrape_gets_the_text_that_it_can_read);
	tcase_add_test(tc, a_head_has_the_length_and_no_body);
	tcase_add_test(tc, health_and_readiness_are_told);
	tcase_add_test(tc, who_has_had_no_outcome_is_not_ready);
	tcase_add_test(tc, what_is_no_good_request_is_told_so);
	tcase_add_test(tc, a_format_that_is_refused_is_not_given);
	tcase_add_test(tc,
		       who_connects_and_says_nothing_makes_room_for_others);
	tcase_add_test(tc, who_takes_his_time_is_dropped);
	tcase_add_test(tc, who_goes_before_the_answer_harms_nobody);
	tcase_add_test(tc, ten_thousand_accounts_take_slices_of_milliseconds);
	tcase_add_test(tc, who_asks_at_the_same_time_shares_a_page);
	tcase_add_test(tc, slow_readers_do_not_pile_up_pages);
	tcase_add_test(tc,
		       accounts_that_come_and_go_meanwhile_are_there_once);
	tcase_add_test(tc, a_page_that_is_being_made_ends_with_the_daemon);
	tcase_add_test(tc, labels_are_escaped);
	tcase_add_test(tc, a_reload_turns_both_on_and_off);
	tcase_add_test(tc, counters_outlive_a_change_of_the_account);
	tcase_add_test(tc,
		       the_file_is_whole_for_everybody_and_goes_at_the_stop);
	tcase_add_test(tc, a_file_that_cannot_be_written_keeps_nobody_down);
	tcase_add_test(tc, a_port_that_is_taken_keeps_nobody_down);
	suite_add_tcase(s, tc);

	return s;
}
