/* control.c and its parts: who is answered, in what order, and what a client
 * that means harm can reach (SCENARIOS O2). */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include "client.h"
#include "control.h"
#include "fdstore.h"
#include "harness.h"
#include "log.h"
#include "wire.h"

#define WAIT    5000             /* [ms] for what must come */
#define QUIET   50               /* [ms] in which what must not come does not */
#define MEGA    (1u << 20)
#define NOBODY  65534            /* a uid and a gid without rights */
#define FRIENDS 54321            /* a gid that nobody has */

struct peer_end {
	int fd;
	struct mbuf *rx;
	bool closed;
	size_t want;             /* bytes to wait for */
};

static char dir[64];
static char path[128];
static struct control *control;
static struct control_call *kept;
static struct control_call *streamv[CONTROL_STREAMS_MAX];
static unsigned streams;
static unsigned changes;
static unsigned pings;
static int last_err;


/* --- the methods --- */

static struct mbuf *object(const char *key, size_t len)
{
	struct mbuf *mb = mbuf_alloc(len + 64);

	ck_assert_ptr_nonnull(mb);
	ck_assert_int_eq(0, json_open(mb, NULL, '{'));

	if (len) {
		char *s = malloc(len + 1);

		memset(s, 'x', len);
		s[len] = '\0';
		ck_assert_int_eq(0, json_add_string(mb, key, s));
		free(s);
	}

	ck_assert_int_eq(0, json_close(mb, '}'));
	mb->pos = 0;

	return mb;
}


static int answer(struct control_call *call, size_t len, bool continues)
{
	struct mbuf *mb = object("x", len);
	int err = control_reply(call, mb, continues);

	mem_deref(mb);

	return err;
}


static void ping_handler(struct control_call *call, const struct odict *par,
			 void *arg)
{
	(void)par;
	(void)arg;

	++pings;
	last_err = answer(call, 0, false);
}


static void change_handler(struct control_call *call, const struct odict *par,
			   void *arg)
{
	++changes;
	ping_handler(call, par, arg);
}


static void keep_handler(struct control_call *call, const struct odict *par,
			 void *arg)
{
	(void)par;
	(void)arg;

	mem_deref(kept);
	kept = mem_ref(call);
}


static void forget_handler(struct control_call *call, const struct odict *par,
			   void *arg)
{
	(void)call;
	(void)par;
	(void)arg;
}


static void count_handler(struct control_call *call, const struct odict *par,
			  void *arg)
{
	unsigned i;

	(void)par;
	(void)arg;

	last_err = 0;
	for (i = 0; i < 3 && !last_err; i++)
		last_err = answer(call, i + 1, i < 2);
	if (last_err)
		(void)answer(call, 0, false);
}


static void flood_handler(struct control_call *call, const struct odict *par,
			  void *arg)
{
	unsigned i;

	(void)par;
	(void)arg;

	last_err = 0;
	for (i = 0; i < 40 && !last_err; i++)
		last_err = answer(call, MEGA, i < 39);
}


static void big_handler(struct control_call *call, const struct odict *par,
			void *arg)
{
	(void)par;
	(void)arg;

	last_err = answer(call, CONTROL_REPLY_MAX, false);
}


static void large_handler(struct control_call *call, const struct odict *par,
			  void *arg)
{
	(void)par;
	(void)arg;

	last_err = answer(call, MEGA / 2, false);
}


static void huge_handler(struct control_call *call, const struct odict *par,
			 void *arg)
{
	(void)par;
	(void)arg;

	last_err = answer(call, CONTROL_REPLY_MAX - 64, false);
}


static void refuse_handler(struct control_call *call, const struct odict *par,
			   void *arg)
{
	(void)arg;

	(void)control_error(call, "NoSuchAccount", "name",
			    odict_string(par, "name"));
}


static void explain_handler(struct control_call *call, const struct odict *par,
			    void *arg)
{
	struct mbuf *mb = object("x", 3);

	(void)par;
	(void)arg;

	last_err = control_error_object(call, "Wrong", mb);
	ck_assert_int_eq(EINVAL, control_error_object(call, "Wrong", mb));
	mem_deref(mb);
}


static void stream_handler(struct control_call *call, const struct odict *par,
			   void *arg)
{
	(void)par;
	(void)arg;

	if (control_stream(call))
		streamv[streams++] = mem_ref(call);
}


static void destroy_handler(struct control_call *call, const struct odict *par,
			    void *arg)
{
	(void)call;
	(void)par;
	(void)arg;

	control = mem_deref(control);
}


static void let_go_handler(void *arg)
{
	struct control_call *call = kept;
	(void)arg;

	kept = NULL;
	mem_deref(call);
}


/* The only reference that is left goes while the reply is under way. */
static void own_handler(struct control_call *call, const struct odict *par,
			void *arg)
{
	keep_handler(call, par, arg);
	control_on_gone(call, let_go_handler, NULL);
}


static const struct control_method methodv[] = {
	{"Ping", false, ping_handler},
	{"Change", true, change_handler},
	{"Keep", false, keep_handler},
	{"Own", false, own_handler},
	{"Forget", false, forget_handler},
	{"Count", false, count_handler},
	{"Flood", false, flood_handler},
	{"Big", false, big_handler},
	{"Huge", false, huge_handler},
	{"Large", false, large_handler},
	{"Refuse", false, refuse_handler},
	{"Explain", false, explain_handler},
	{"Stream", false, stream_handler},
	{"org.example.Ping", false, ping_handler},
	{"Destroy", false, destroy_handler},
	{NULL},
};


/* --- the other end --- */

static struct peer_end open_end(void)
{
	struct peer_end e = {.fd = client_connect(path), .rx = mbuf_alloc(64)};

	ck_assert_int_eq(0, fcntl(e.fd, F_SETFL, O_NONBLOCK));

	return e;
}


static void close_end(struct peer_end *e)
{
	if (e->fd >= 0)
		(void)close(e->fd);
	e->fd = -1;
	e->rx = mem_deref(e->rx);
}


static void read_end(struct peer_end *e)
{
	uint8_t buf[65536];
	ssize_t n;

	while ((n = recv(e->fd, buf, sizeof(buf), 0)) > 0) {
		e->rx->pos = e->rx->end;
		ck_assert_int_eq(0, mbuf_write_mem(e->rx, buf, (size_t)n));
	}

	if (!n || (errno != EAGAIN && errno != EINTR))
		e->closed = true;
}


static void say(struct peer_end *e, const char *text, size_t len)
{
	ck_assert_int_eq((ssize_t)len, send(e->fd, text, len, MSG_NOSIGNAL));
}


#define SAY(e, text) say((e), (text), sizeof(text) - 1)
#define CALL(e, method) SAY((e), "{\"method\":\"io.sipregd." method "\"}\n")


static bool has_enough(void *arg)
{
	struct peer_end *e = arg;

	read_end(e);

	return e->closed || e->rx->end >= e->want;
}


static bool is_closed(void *arg)
{
	struct peer_end *e = arg;

	read_end(e);

	return e->closed;
}


/* Exactly that is what has come since the last time. */
static void hears(struct peer_end *e, const char *text, size_t len)
{
	e->want = len;
	ck_assert(harness_wait(has_enough, e, WAIT));
	ck_assert_msg(e->rx->end == len && !memcmp(e->rx->buf, text, len),
		      "got \"%.*s\", not \"%s\"", (int)e->rx->end,
		      (char *)e->rx->buf, text);
	mbuf_rewind(e->rx);
}


#define HEARS(e, text) hears((e), (text), sizeof(text) - 1)
#define PONG "{\"parameters\":{}}\n"


static void hears_nothing(struct peer_end *e)
{
	harness_run(QUIET);
	read_end(e);
	ck_assert_uint_eq(0, e->rx->end);
}


static void is_served(void)
{
	struct peer_end e = open_end();

	CALL(&e, "Ping");
	HEARS(&e, PONG);
	close_end(&e);
}


/* --- fixture --- */

static void serve(void)
{
	ck_assert_int_eq(0, control_alloc(&control, path, methodv, NULL));
}


static void setup(void)
{
	strcpy(dir, "/tmp/test_control.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/run/control", dir);
	log_set_level(LOG_LEVEL_ERROR);
	pings = changes = 0;
	harness_setup();
	serve();
}


static void teardown(void)
{
	char run[80];

	kept = mem_deref(kept);
	while (streams)
		mem_deref(streamv[--streams]);
	control = mem_deref(control);
	harness_teardown();

	(void)unlink(path);
	(void)snprintf(run, sizeof(run), "%s/run", dir);
	(void)rmdir(run);
	(void)rmdir(dir);
}


/* --- requests and replies --- */

START_TEST(a_reply_ends_like_its_request)
{
	struct peer_end e = open_end();

	SAY(&e, "{\"method\":\"io.sipregd.Ping\"}\n");
	HEARS(&e, "{\"parameters\":{}}\n");
	SAY(&e, "{\"method\":\"io.sipregd.Ping\",\"parameters\":{}}\0");
	HEARS(&e, "{\"parameters\":{}}\0");
	SAY(&e, "\r\n");
	close_end(&e);
}
END_TEST


START_TEST(many_requests_in_one_piece_are_all_answered)
{
	struct peer_end e = open_end();

	SAY(&e, "{\"method\":\"io.sipregd.Ping\"}\n\n"
		"{\"method\":\"io.sipregd.Refuse\",\"parameters\":"
		"{\"name\":\"a\\\"b\"}}\n"
		"{\"method\":\"io.sipregd.Ping\"}\0");
	HEARS(&e, PONG "{\"error\":\"io.sipregd.NoSuchAccount\","
	      "\"parameters\":{\"name\":\"a\\\"b\"}}\n"
	      "{\"parameters\":{}}\0");
	close_end(&e);
}
END_TEST


START_TEST(a_request_may_come_byte_by_byte)
{
	static const char text[] = "{\"method\":\"io.sipregd.Ping\"}\n";
	struct peer_end e = open_end();
	size_t i;

	for (i = 0; i < sizeof(text) - 1; i++) {
		say(&e, text + i, 1);
		harness_run(1);
	}

	HEARS(&e, PONG);
	close_end(&e);
}
END_TEST


START_TEST(the_next_request_waits_for_the_answer_to_this_one)
{
	struct peer_end e = open_end();

	CALL(&e, "Keep");
	CALL(&e, "Ping");
	hears_nothing(&e);
	ck_assert_uint_eq(0, pings);
	ck_assert(!control_over(kept));

	is_served();

	ck_assert_int_eq(0, answer(kept, 1, false));
	ck_assert(control_over(kept));
	HEARS(&e, "{\"parameters\":{\"x\":\"x\"}}\n" PONG);

	ck_assert_int_eq(EINVAL, answer(kept, 1, false));
	ck_assert_int_eq(EINVAL, control_error(kept, "X", NULL, NULL));
	hears_nothing(&e);
	close_end(&e);
}
END_TEST


START_TEST(replies_continue_only_for_who_asked_for_more)
{
	struct peer_end e = open_end();

	SAY(&e, "{\"method\":\"io.sipregd.Count\",\"more\":true}\n");
	HEARS(&e, "{\"parameters\":{\"x\":\"x\"},\"continues\":true}\n"
	      "{\"parameters\":{\"x\":\"xx\"},\"continues\":true}\n"
	      "{\"parameters\":{\"x\":\"xxx\"}}\n");

	CALL(&e, "Count");
	HEARS(&e, PONG);
	ck_assert_int_eq(EINVAL, last_err);
	close_end(&e);
}
END_TEST


START_TEST(a_oneway_call_is_done_without_a_word)
{
	struct peer_end e = open_end();

	SAY(&e, "{\"method\":\"io.sipregd.Ping\",\"oneway\":true}\n"
		"{\"method\":\"io.sipregd.None\",\"oneway\":true}\n"
		"{\"method\":\"io.sipregd.Keep\",\"oneway\":true}\n"
		"{\"method\":\"io.sipregd.Ping\"}\n");
	hears_nothing(&e);
	ck_assert_uint_eq(1, pings);

	ck_assert_int_eq(0, answer(kept, 0, false));
	HEARS(&e, PONG);
	ck_assert_uint_eq(2, pings);
	close_end(&e);
}
END_TEST


START_TEST(who_wants_no_reply_gets_no_stream_either)
{
	struct peer_end e = open_end();

	SAY(&e, "{\"method\":\"io.sipregd.Count\",\"oneway\":true,"
		"\"more\":true}\n{\"method\":\"io.sipregd.Ping\"}\n");
	HEARS(&e, PONG);
	ck_assert_uint_eq(1, pings);
	close_end(&e);
}
END_TEST


START_TEST(there_is_nothing_to_upgrade_to)
{
	struct peer_end e = open_end();

	SAY(&e, "{\"method\":\"io.sipregd.Ping\",\"upgrade\":false}\n");
	HEARS(&e, PONG);
	SAY(&e, "{\"method\":\"io.sipregd.Ping\",\"upgrade\":true}\n");
	HEARS(&e, "{\"error\":\"io.sipregd.BadRequest\",\"parameters\":"
	      "{\"reason\":\"there is nothing to upgrade to\"}}\n");
	ck_assert(harness_wait(is_closed, &e, WAIT));
	close_end(&e);
}
END_TEST


START_TEST(a_call_nobody_answers_is_aborted)
{
	struct peer_end e = open_end();

	CALL(&e, "Forget");
	HEARS(&e, "{\"error\":\"io.sipregd.Aborted\",\"parameters\":{}}\n");
	CALL(&e, "Keep");
	hears_nothing(&e);
	kept = mem_deref(kept);
	HEARS(&e, "{\"error\":\"io.sipregd.Aborted\",\"parameters\":{}}\n");
	close_end(&e);
}
END_TEST


START_TEST(an_unknown_method_is_named)
{
	struct peer_end e = open_end();

	SAY(&e, "{\"method\":\"io.sipregd.Pin\"}\n");
	HEARS(&e, "{\"error\":\"org.varlink.service.MethodNotFound\","
	      "\"parameters\":{\"method\":\"io.sipregd.Pin\"}}\n");
	SAY(&e, "{\"method\":\"Ping\"}\n");
	HEARS(&e, "{\"error\":\"org.varlink.service.MethodNotFound\","
	      "\"parameters\":{\"method\":\"Ping\"}}\n");
	CALL(&e, "Ping");
	HEARS(&e, PONG);
	close_end(&e);
}
END_TEST


START_TEST(an_error_may_come_with_any_parameters)
{
	struct peer_end e = open_end();

	CALL(&e, "Explain");
	HEARS(&e, "{\"error\":\"io.sipregd.Wrong\","
	      "\"parameters\":{\"x\":\"xxx\"}}\n");
	ck_assert_int_eq(0, last_err);
	CALL(&e, "Ping");
	HEARS(&e, PONG);
	close_end(&e);
}
END_TEST


START_TEST(a_method_may_be_of_another_interface)
{
	struct peer_end e = open_end();

	SAY(&e, "{\"method\":\"org.example.Ping\"}\n");
	HEARS(&e, PONG);
	SAY(&e, "{\"method\":\"io.sipregd.org.example.Ping\"}\n");
	HEARS(&e, "{\"error\":\"org.varlink.service.MethodNotFound\","
	      "\"parameters\":{\"method\":"
	      "\"io.sipregd.org.example.Ping\"}}\n");
	SAY(&e, "{\"method\":\"org.example.Count\"}\n");
	HEARS(&e, "{\"error\":\"org.varlink.service.MethodNotFound\","
	      "\"parameters\":{\"method\":\"org.example.Count\"}}\n");
	close_end(&e);
}
END_TEST


START_TEST(what_is_no_request_is_the_last_word)
{
	struct peer_end e = open_end();

	SAY(&e, "GET / HTTP/1.1\n{\"method\":\"io.sipregd.Ping\"}\n");
	ck_assert(harness_wait(is_closed, &e, WAIT));
	HEARS(&e, "{\"error\":\"io.sipregd.BadRequest\",\"parameters\":"
	      "{\"reason\":\"not a JSON object\"}}\n");
	ck_assert_uint_eq(0, pings);
	close_end(&e);
	is_served();
}
END_TEST


/* --- who comes and goes --- */

START_TEST(an_answer_to_who_has_gone_is_dropped)
{
	struct peer_end e = open_end();

	CALL(&e, "Keep");
	hears_nothing(&e);
	close_end(&e);
	harness_run(QUIET);
	ck_assert(control_over(kept));
	ck_assert_int_eq(0, answer(kept, 1, false));
	is_served();
}
END_TEST


START_TEST(who_only_stops_sending_still_gets_its_answers)
{
	struct peer_end e = open_end();

	CALL(&e, "Keep");
	CALL(&e, "Ping");
	ck_assert_int_eq(0, shutdown(e.fd, SHUT_WR));
	hears_nothing(&e);
	ck_assert(!control_over(kept));
	ck_assert_int_eq(0, answer(kept, 0, false));
	ck_assert(harness_wait(is_closed, &e, WAIT));
	HEARS(&e, PONG PONG);
	close_end(&e);
}
END_TEST


START_TEST(a_last_request_before_closing_is_carried_out)
{
	struct peer_end e = open_end();

	SAY(&e, "{\"method\":\"io.sipregd.Ping\",\"oneway\":true}\n");
	close_end(&e);
	ck_assert(harness_wait(harness_count, &pings, WAIT));
}
END_TEST


START_TEST(a_method_may_end_the_server)
{
	struct peer_end e = open_end();

	CALL(&e, "Destroy");
	CALL(&e, "Ping");
	ck_assert(harness_wait(is_closed, &e, WAIT));
	ck_assert_uint_eq(0, e.rx->end);
	close_end(&e);
}
END_TEST


START_TEST(clients_and_calls_survive_the_server)
{
	struct peer_end e = open_end(), f = open_end();

	CALL(&e, "Keep");
	hears_nothing(&e);
	control = mem_deref(control);
	ck_assert(control_over(kept));
	ck_assert(harness_wait(is_closed, &e, WAIT));
	ck_assert(harness_wait(is_closed, &f, WAIT));
	ck_assert_int_eq(0, answer(kept, 0, false));
	close_end(&e);
	close_end(&f);
}
END_TEST


/* --- limits --- */

START_TEST(the_65th_client_takes_the_place_of_the_idlest)
{
	struct peer_end ev[CONTROL_CLIENTS_MAX], e;
	unsigned i;

	for (i = 0; i < CONTROL_CLIENTS_MAX; i++)
		ev[i] = open_end();
	CALL(&ev[0], "Keep");
	hears_nothing(&ev[0]);

	e = open_end();
	ck_assert(harness_wait(is_closed, &ev[1], WAIT));
	CALL(&e, "Ping");
	HEARS(&e, PONG);
	CALL(&ev[63], "Ping");
	HEARS(&ev[63], PONG);

	/* the one that waits for an answer has kept its place */
	ck_assert(!control_over(kept));

	close_end(&e);
	for (i = 0; i < CONTROL_CLIENTS_MAX; i++)
		close_end(&ev[i]);
}
END_TEST


START_TEST(a_thousand_connections_do_no_harm)
{
	unsigned i;

	for (i = 0; i < 1000; i++) {
		int fd = client_connect(path);

		if (i % 3)
			(void)send(fd, "{", 1, MSG_NOSIGNAL);
		(void)close(fd);
		if (i % 16 == 0)
			harness_run(1);
	}

	harness_run(QUIET);
	is_served();
}
END_TEST


/* A thousand in one piece, and reads all the answers. */
START_TEST(a_flood_of_requests_lets_others_have_their_turn)
{
	struct peer_end e = open_end(), f = open_end();
	struct mbuf *mb = mbuf_alloc(65536);
	unsigned i;
	int err = 0;

	for (i = 0; i < 1000; i++)
		err |= mbuf_write_str(mb, "{\"method\":\"io.sipregd.Ping\"}\n");
	ck_assert_int_eq(0, err);
	say(&e, (char *)mb->buf, mb->end);
	mem_deref(mb);
	CALL(&f, "Ping");
	HEARS(&f, PONG);
	ck_assert_uint_lt(pings, 100);

	e.want = 1000 * (sizeof(PONG) - 1);
	ck_assert(harness_wait(has_enough, &e, WAIT));
	ck_assert_uint_eq(1001, pings);
	close_end(&e);
	close_end(&f);
}
END_TEST


static void say_large(struct peer_end *e, size_t len, bool ended)
{
	struct mbuf *mb = mbuf_alloc(len + 1);
	int err;

	err = mbuf_write_str(mb, "{\"method\":\"io.sipregd.Ping\"");
	err |= mbuf_fill(mb, ' ', len - 1 - mb->pos);
	err |= mbuf_write_u8(mb, '}');
	if (ended)
		err |= mbuf_write_u8(mb, '\0');
	ck_assert_int_eq(0, err);

	say(e, (char *)mb->buf, mb->end);
	mem_deref(mb);
}


#define TOO_LONG "{\"error\":\"io.sipregd.BadRequest\",\"parameters\":"        \
		 "{\"reason\":\"too long\"}}\0"

START_TEST(a_request_has_at_most_64_kib)
{
	struct peer_end e = open_end();

	say_large(&e, CONTROL_REQUEST_MAX, true);
	HEARS(&e, "{\"parameters\":{}}\0");

	say_large(&e, CONTROL_REQUEST_MAX + 1, true);
	HEARS(&e, TOO_LONG);
	ck_assert(harness_wait(is_closed, &e, WAIT));
	close_end(&e);

	e = open_end();
	say_large(&e, CONTROL_REQUEST_MAX + 1, false);
	HEARS(&e, TOO_LONG);
	ck_assert(harness_wait(is_closed, &e, WAIT));
	close_end(&e);
	is_served();
}
END_TEST


START_TEST(a_megabyte_of_garbage_is_cut_off)
{
	struct peer_end e = open_end();
	char *text = malloc(MEGA);
	size_t sent = 0;
	ssize_t n = 0;
	unsigned i;

	memset(text, '[', MEGA);
	for (i = 0; i < 1000 && !e.closed && n >= 0; i++) {
		n = send(e.fd, text, MEGA - sent, MSG_NOSIGNAL);
		if (n < 0 && errno == EAGAIN)
			n = 0;
		if (n > 0)
			sent += (size_t)n;
		harness_run(1);
		read_end(&e);
	}

	ck_assert(e.closed || n < 0);
	free(text);
	close_end(&e);
	is_served();
}
END_TEST


START_TEST(a_reply_has_at_most_16_mib)
{
	struct peer_end e = open_end();

	CALL(&e, "Big");
	HEARS(&e, "{\"error\":\"io.sipregd.TooLarge\",\"parameters\":{}}\n");
	ck_assert_int_eq(EMSGSIZE, last_err);
	close_end(&e);
}
END_TEST


START_TEST(who_reads_gets_a_large_answer_whole)
{
	struct peer_end e = open_end();
	unsigned i, ends = 0;

	SAY(&e, "{\"method\":\"io.sipregd.Keep\",\"more\":true}\n");
	hears_nothing(&e);

	for (i = 0; i < 30; i++)
		ck_assert_int_eq(0, answer(kept, MEGA, i < 29));

	e.want = 30 * MEGA + 29 * sizeof("{\"parameters\":{\"x\":\"\"},"
				       "\"continues\":true}") +
		 sizeof("{\"parameters\":{\"x\":\"\"}}");
	ck_assert(harness_wait(has_enough, &e, WAIT));
	ck_assert_uint_eq(e.want, e.rx->end);
	for (size_t j = 0; j < e.rx->end; j++)
		ends += e.rx->buf[j] == '\n';
	ck_assert_uint_eq(30, ends);
	ck_assert(!e.closed);
	close_end(&e);
}
END_TEST


START_TEST(who_does_not_read_is_dropped)
{
	struct peer_end e = open_end();

	SAY(&e, "{\"method\":\"io.sipregd.Flood\",\"more\":true}\n");
	harness_run(QUIET);
	ck_assert_int_eq(EOVERFLOW, last_err);
	is_served();
	ck_assert(harness_wait(is_closed, &e, WAIT));
	close_end(&e);
}
END_TEST


static bool dropped_at_last(void)
{
	for (unsigned i = 0; kept && i < 40; i++)
		last_err = answer(kept, MEGA, true);

	return !kept;
}


START_TEST(whoever_answers_may_let_go_when_its_client_is_dropped)
{
	struct peer_end e = open_end();

	SAY(&e, "{\"method\":\"io.sipregd.Own\",\"more\":true}\n");
	harness_run(QUIET);
	ck_assert_ptr_nonnull(kept);
	ck_assert(dropped_at_last());
	ck_assert_int_eq(EOVERFLOW, last_err);
	is_served();
	ck_assert(harness_wait(is_closed, &e, WAIT));
	close_end(&e);
}
END_TEST


/* 64 MiB wait for others, which is as much as may wait. */
START_TEST(where_large_answers_wait_small_ones_still_pass)
{
	struct peer_end ev[5];
	unsigned i;

	for (i = 0; i < 5; i++) {
		ev[i] = open_end();
		SAY(&ev[i], "{\"method\":\"io.sipregd.Huge\"}\n");
		harness_run(QUIET);
		ck_assert_int_eq(i < 4 ? 0 : EOVERFLOW, last_err);
	}

	is_served();
	for (i = 0; i < 5; i++)
		close_end(&ev[i]);
}
END_TEST


START_TEST(who_asks_without_reading_is_left_waiting)
{
	static const char text[] = "{\"method\":\"io.sipregd.Ping\"}\n";
	struct peer_end e = open_end();
	unsigned asked = 0, round;

	/* Until nothing moves any more: both socket buffers are full. */
	for (round = 0; round < 3; round++) {
		while (send(e.fd, text, sizeof(text) - 1, MSG_NOSIGNAL) ==
		       sizeof(text) - 1) {
			++asked;
			round = 0;
		}
		harness_run(QUIET);
		ck_assert_uint_lt(asked, 100000);
	}

	ck_assert_uint_lt(pings, asked);
	is_served();

	e.want = (sizeof(PONG) - 1) * (size_t)asked;
	ck_assert(harness_wait(has_enough, &e, WAIT));
	ck_assert_uint_eq(e.want, e.rx->end);
	close_end(&e);
}
END_TEST


START_TEST(without_descriptors_it_waits_and_goes_on)
{
	struct rlimit old, low;
	struct peer_end e, f;
	struct rusage before, after;
	int fd;

	e = open_end();
	fd = client_connect(path);        /* not accepted yet, nor is the other */
	harness_run(QUIET);
	ck_assert_int_eq(0, close(fd));
	harness_run(QUIET);

	f = open_end();
	ck_assert_int_eq(0, getrlimit(RLIMIT_NOFILE, &old));
	low = old;
	low.rlim_cur = (rlim_t)f.fd + 1;
	ck_assert_int_eq(0, setrlimit(RLIMIT_NOFILE, &low));

	CALL(&f, "Ping");
	ck_assert_int_eq(0, getrusage(RUSAGE_SELF, &before));
	harness_run(4 * QUIET);
	ck_assert_int_eq(0, getrusage(RUSAGE_SELF, &after));
	read_end(&f);
	ck_assert_uint_eq(0, f.rx->end);

	/* who is there already is served, and the processor has not been
	 * spent on a connection that cannot be taken: less than half of it */
	CALL(&e, "Ping");
	HEARS(&e, PONG);
	ck_assert_int_lt((after.ru_utime.tv_sec - before.ru_utime.tv_sec +
			  after.ru_stime.tv_sec - before.ru_stime.tv_sec) *
			 1000000 +
			 after.ru_utime.tv_usec - before.ru_utime.tv_usec +
			 after.ru_stime.tv_usec - before.ru_stime.tv_usec,
			 2 * QUIET * 1000);

	ck_assert_int_eq(0, setrlimit(RLIMIT_NOFILE, &old));
	HEARS(&f, PONG);
	close_end(&e);
	close_end(&f);
}
END_TEST


/* --- permission --- */

/* In a process of its own: becomes `uid` with one group `gid` and a
 * supplementary one, calls Change, and exits 0 if it was done, 1 if refused. */
static pid_t changer(uid_t uid, gid_t gid, gid_t extra)
{
	static const char text[] = "{\"method\":\"io.sipregd.Change\"}\n";
	char buf[256] = "";
	pid_t pid = fork();
	int fd;

	if (pid)
		return pid;

	client_become(uid, gid, extra);
	fd = client_connect(path);
	if (send(fd, text, sizeof(text) - 1, 0) < 0 ||
	    recv(fd, buf, sizeof(buf) - 1, 0) <= 0)
		_exit(3);

	if (!strcmp(buf, PONG))
		_exit(0);

	_exit(strstr(buf, "\"io.sipregd.PermissionDenied\"") ? 1 : 4);
}


static int outcome(uid_t uid, gid_t gid, gid_t extra)
{
	return client_outcome(changer(uid, gid, extra), WAIT);
}


START_TEST(a_change_needs_root_or_the_sockets_group)
{
	/* everybody may come in, as an administrator can choose */
	ck_assert_int_eq(0, chmod(dir, 0755));
	ck_assert_int_eq(0, chmod(path, 0666));
	ck_assert_int_eq(0, chown(path, (uid_t)-1, FRIENDS));

	ck_assert_int_eq(1, outcome(NOBODY, NOBODY, NOBODY));
	ck_assert_uint_eq(0, changes);
	ck_assert_int_eq(0, outcome(NOBODY, FRIENDS, NOBODY));
	ck_assert_int_eq(0, outcome(NOBODY, NOBODY, FRIENDS));
	ck_assert_int_eq(0, outcome(0, 0, 0));
	ck_assert_uint_eq(3, changes);
}
END_TEST


/* In a process of its own, as nobody: half of the places for streams, the rest
 * for answers that it does not read. Says so, and stays. */
static pid_t occupier(int said)
{
	const pid_t pid = fork();
	unsigned i;

	if (pid)
		return pid;

	client_become(NOBODY, NOBODY, NOBODY);
	for (i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		const char *text = i < CONTROL_STREAMS_MAX ?
			"{\"method\":\"io.sipregd.Stream\",\"more\":true}\n" :
			"{\"method\":\"io.sipregd.Large\"}\n";
		const int fd = client_connect(path);

		if (send(fd, text, strlen(text), MSG_NOSIGNAL) < 0)
			_exit(3);
	}

	(void)!write(said, "x", 1);
	for (;;)
		(void)pause();
}


static bool has_said(void *arg)
{
	struct pollfd p = {.fd = *(int *)arg, .events = POLLIN};

	return poll(&p, 1, 0) > 0;
}


START_TEST(a_stranger_who_takes_every_place_locks_nobody_out)
{
	int fdv[2];
	pid_t pid;
	unsigned i;

	ck_assert_int_eq(0, chmod(dir, 0755));
	ck_assert_int_eq(0, chmod(path, 0666));
	ck_assert_int_eq(0, pipe(fdv));
	pid = occupier(fdv[1]);
	ck_assert(harness_wait(has_said, &fdv[0], WAIT));
	harness_run(QUIET);

	for (i = 0; i < 3; i++)
		is_served();
	ck_assert_int_eq(0, outcome(0, 0, 0));

	ck_assert_int_eq(0, kill(pid, SIGKILL));
	ck_assert_int_eq(pid, waitpid(pid, NULL, 0));
	(void)close(fdv[0]);
	(void)close(fdv[1]);
}
END_TEST


/* INTERFACE: changes are logged with uid and pid. */
START_TEST(a_change_is_logged_with_uid_and_pid)
{
	const int saved = dup(STDERR_FILENO);
	struct peer_end e = open_end();
	char seen[512] = "", line[128];
	int fds[2];

	ck_assert_int_eq(0, pipe2(fds, O_NONBLOCK));
	log_set_level(LOG_LEVEL_NOTICE);
	ck_assert_int_ge(dup2(fds[1], STDERR_FILENO), 0);
	CALL(&e, "Ping");
	HEARS(&e, PONG);
	SAY(&e, "{\"method\":\"io.sipregd.Change\","
	    "\"parameters\":{\"name\":\"alice\"}}\n");
	HEARS(&e, PONG);
	ck_assert_int_ge(dup2(saved, STDERR_FILENO), 0);

	ck_assert_int_gt(read(fds[0], seen, sizeof(seen) - 1), 0);
	(void)snprintf(line, sizeof(line), "control: Change alice by uid %u "
		       "pid %d\n", (unsigned)getuid(), (int)getpid());
	ck_assert_msg(strstr(seen, line) != NULL, "no %s in %s", line, seen);
	ck_assert_ptr_null(strstr(seen, "Ping"));

	(void)close(saved);
	(void)close(fds[0]);
	(void)close(fds[1]);
	close_end(&e);
}
END_TEST


START_TEST(another_file_at_the_path_lends_no_group)
{
	char original[sizeof(path)];
	int fd;

	ck_assert_int_eq(0, chmod(dir, 0755));
	ck_assert_int_eq(0, chmod(path, 0666));

	/* moved aside, and a file of the attacker's own group put there */
	strcpy(original, path);
	(void)strcat(path, ".aside");
	ck_assert_int_eq(0, rename(original, path));
	fd = open(original, O_CREAT | O_WRONLY | O_CLOEXEC, 0666);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(0, fchown(fd, (uid_t)-1, NOBODY));
	ck_assert_int_eq(0, close(fd));

	ck_assert_int_eq(1, outcome(NOBODY, NOBODY, NOBODY));

	ck_assert_int_eq(0, unlink(path));
	strcpy(path, original);
}
END_TEST


/* --- the file --- */

START_TEST(the_socket_is_for_owner_and_group)
{
	struct stat st;
	mode_t mask;

	ck_assert_int_eq(0, stat(path, &st));
	ck_assert(S_ISSOCK(st.st_mode));
	ck_assert_uint_eq(0660, st.st_mode & 07777);

	/* and the process's own mask is as before */
	mask = umask(0);
	(void)umask(mask);
	ck_assert_uint_ne(0117, mask);
}
END_TEST


START_TEST(the_file_goes_with_the_server)
{
	struct stat st;

	control = mem_deref(control);
	ck_assert_int_eq(-1, stat(path, &st));
}
END_TEST


START_TEST(another_ones_file_stays)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	struct stat st;
	int fd;

	ck_assert_int_eq(0, unlink(path));
	strcpy(addr.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(0, bind(fd, (struct sockaddr *)&addr, sizeof(addr)));

	control = mem_deref(control);
	ck_assert_int_eq(0, stat(path, &st));
	(void)close(fd);
}
END_TEST


START_TEST(a_live_socket_is_not_taken)
{
	struct control *second = NULL;

	ck_assert_int_eq(EADDRINUSE, control_alloc(&second, path, methodv,
						   NULL));
	ck_assert_ptr_null(second);
	is_served();
}
END_TEST


START_TEST(a_stale_socket_is_replaced)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd;

	control = mem_deref(control);
	strcpy(addr.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(0, bind(fd, (struct sockaddr *)&addr, sizeof(addr)));
	(void)close(fd);

	serve();
	is_served();
}
END_TEST


START_TEST(a_file_that_is_no_socket_is_left_alone)
{
	struct stat st;
	int fd;

	control = mem_deref(control);
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	ck_assert_int_ge(fd, 0);
	(void)close(fd);

	ck_assert_int_eq(EADDRINUSE, control_alloc(&control, path, methodv,
						   NULL));
	ck_assert_int_eq(0, stat(path, &st));
	ck_assert(S_ISREG(st.st_mode));
}
END_TEST


START_TEST(a_path_that_cannot_be_is_an_error)
{
	struct control *c = NULL;
	char longer[200];

	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';

	ck_assert_int_eq(ENAMETOOLONG, control_alloc(&c, longer, methodv,
						     NULL));
	ck_assert_int_eq(ENOENT, control_alloc(&c, "/nowhere/at/all", methodv,
					       NULL));
	ck_assert_int_eq(EINVAL, control_alloc(&c, "", methodv, NULL));
	ck_assert_ptr_null(c);
}
END_TEST


START_TEST(systemds_socket_is_taken_over_and_stays)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	struct stat st;
	char buf[16];
	int fd;

	control = mem_deref(control);
	(void)strcat(path, ".passed");
	strcpy(addr.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	ck_assert_int_ge(fd, 3);
	ck_assert_int_eq(0, bind(fd, (struct sockaddr *)&addr, sizeof(addr)));
	ck_assert_int_eq(0, listen(fd, 5));

	(void)snprintf(buf, sizeof(buf), "%d", fd - 3 + 1);
	ck_assert_int_eq(0, setenv("LISTEN_FDS", buf, 1));
	(void)snprintf(buf, sizeof(buf), "%d", (int)getpid());
	ck_assert_int_eq(0, setenv("LISTEN_PID", buf, 1));

	fdstore_init();
	ck_assert_int_eq(0, control_alloc(&control, "/nowhere/at/all", methodv,
					  NULL));
	ck_assert(fcntl(fd, F_GETFL) & O_NONBLOCK);
	ck_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	is_served();

	control = mem_deref(control);
	ck_assert_int_eq(0, stat(path, &st));
	ck_assert_int_eq(0, unlink(path));
}
END_TEST


/* The listening socket and those of clients all have the path as their name;
 * the other end has none. */
static bool is_servers(int fd)
{
	struct sockaddr_un addr = {0};
	socklen_t len = sizeof(addr);

	return !getsockname(fd, (struct sockaddr *)&addr, &len) &&
	       addr.sun_family == AF_UNIX && !strcmp(addr.sun_path, path);
}


START_TEST(no_descriptor_is_left_to_children)
{
	struct peer_end e = open_end();
	unsigned n = 0;
	int fd;

	CALL(&e, "Ping");
	HEARS(&e, PONG);

	for (fd = 0; fd < 1024; fd++) {

		if (!is_servers(fd))
			continue;

		++n;
		ck_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	}

	ck_assert_uint_eq(2, n);
	close_end(&e);
}
END_TEST


Suite *suite_control(void);
Suite *suite_control(void)
{
	Suite *s = suite_create("control");
	TCase *tc = tcase_create("control");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_reply_ends_like_its_request);
	tcase_add_test(tc, many_requests_in_one_piece_are_all_answered);
	tcase_add_test(tc, a_request_may_come_byte_by_byte);
	tcase_add_test(tc, the_next_request_waits_for_the_answer_to_this_one);
	tcase_add_test(tc, replies_continue_only_for_who_asked_for_more);
	tcase_add_test(tc, a_oneway_call_is_done_without_a_word);
	tcase_add_test(tc, who_wants_no_reply_gets_no_stream_either);
	tcase_add_test(tc, there_is_nothing_to_upgrade_to);
	tcase_add_test(tc, a_call_nobody_answers_is_aborted);
	tcase_add_test(tc, an_unknown_method_is_named);
	tcase_add_test(tc, an_error_may_come_with_any_parameters);
	tcase_add_test(tc, a_method_may_be_of_another_interface);
	tcase_add_test(tc, what_is_no_request_is_the_last_word);
	tcase_add_test(tc, an_answer_to_who_has_gone_is_dropped);
	tcase_add_test(tc, who_only_stops_sending_still_gets_its_answers);
	tcase_add_test(tc, a_last_request_before_closing_is_carried_out);
	tcase_add_test(tc, a_method_may_end_the_server);
	tcase_add_test(tc, clients_and_calls_survive_the_server);
	tcase_add_test(tc, the_65th_client_takes_the_place_of_the_idlest);
	tcase_add_test(tc, a_thousand_connections_do_no_harm);
	tcase_add_test(tc, a_flood_of_requests_lets_others_have_their_turn);
	tcase_add_test(tc, a_request_has_at_most_64_kib);
	tcase_add_test(tc, a_megabyte_of_garbage_is_cut_off);
	tcase_add_test(tc, a_reply_has_at_most_16_mib);
	tcase_add_test(tc, who_reads_gets_a_large_answer_whole);
	tcase_add_test(tc, who_does_not_read_is_dropped);
	tcase_add_test(tc,
		       whoever_answers_may_let_go_when_its_client_is_dropped);
	tcase_add_test(tc, where_large_answers_wait_small_ones_still_pass);
	tcase_add_test(tc, who_asks_without_reading_is_left_waiting);
	tcase_add_test(tc, without_descriptors_it_waits_and_goes_on);
	tcase_add_test(tc, the_socket_is_for_owner_and_group);
	tcase_add_test(tc, the_file_goes_with_the_server);
	tcase_add_test(tc, another_ones_file_stays);
	tcase_add_test(tc, a_live_socket_is_not_taken);
	tcase_add_test(tc, a_stale_socket_is_replaced);
	tcase_add_test(tc, a_file_that_is_no_socket_is_left_alone);
	tcase_add_test(tc, a_path_that_cannot_be_is_an_error);
	tcase_add_test(tc, systemds_socket_is_taken_over_and_stays);
	tcase_add_test(tc, no_descriptor_is_left_to_children);
	tcase_add_test(tc, a_change_is_logged_with_uid_and_pid);

	/* only root can become somebody else */
	if (geteuid() == 0) {
		tcase_add_test(tc, a_change_needs_root_or_the_sockets_group);
		tcase_add_test(tc, another_file_at_the_path_lends_no_group);
		tcase_add_test(
			tc, a_stranger_who_takes_every_place_locks_nobody_out);
	}
	else {
		printf("control: not root, permissions are not tested\n");
	}
	suite_add_tcase(s, tc);

	return s;
}
