/* Edges in trouble over a restart: their line in the state file, and what the
 * next run makes of it. */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "edges_kept.h"
#include "harness.h"
#include "loop.h"
#include "state_edges.h"
#include "state_record.h"


#define NOW  INT64_C(1760000000000000)   /* [us] */
#define SEC  INT64_C(1000000)
#define SOON 5000                /* [ms] */

Suite *suite_state_edges(void);

static struct state_edges some, back;
static struct mbuf *mb;
static char dir[64];
static int64_t wall;
static struct state *state;
static struct edges *edges;
static struct edges_kept kept;
static struct edge_point *point;


static void setup(void)
{
	memset(&some, 0, sizeof(some));
	memset(&back, 0, sizeof(back));
	some.at_usec = NOW;
	mb = mbuf_alloc(64);
}


static void teardown(void)
{
	mem_deref(mb);
}


static struct state_edge *add(const char *ip, uint16_t port)
{
	struct state_edge *e = &some.edgev[some.edgec++];

	e->transport = TRANSPORT_TLS;
	e->reason = REASON_CONNECT_REFUSED;
	ck_assert(addr_parse(&e->addr, ip, strlen(ip), port));

	return e;
}


static const char *line(size_t *lenp)
{
	mb->pos = mb->end = 0;
	ck_assert_int_eq(0, state_edges_encode(mb, &some));
	*lenp = mb->end - 2;

	return (const char *)mb->buf + 1;
}


static void round_trip(void)
{
	size_t len;
	const char *p = line(&len);

	ck_assert_int_eq(0, state_edges_decode(&back, p, len));
}


START_TEST(they_come_back_as_they_were)
{
	add("192.0.2.1", 5061)->hold = 3000;
	add("2001:db8::1", 5061)->down = true;
	some.edgev[1].tried = 12345;
	round_trip();
	ck_assert(!memcmp(&some, &back, sizeof(some)));
}
END_TEST


START_TEST(the_format_does_not_change_by_accident)
{
	static const char expected[] =
		"{\"edges\":[\"tls 192.0.2.1 5061 + 7 connect-refused 3000\"],"
		"\"at\":1760000000000000}";
	size_t len;
	const char *p;

	add("192.0.2.1", 5061)->hold = 3000;
	some.edgev[0].down = true;
	some.edgev[0].tried = 7;
	p = line(&len);
	ck_assert_uint_eq(len, 19 + strlen(expected));
	ck_assert(!memcmp(p + 19, expected, strlen(expected)));
}
END_TEST


START_TEST(at_its_limits_it_is_a_line)
{
	size_t len;

	for (unsigned i = 0; i < STATE_EDGES; i++) {

		struct state_edge *e = add("2001:db8:1:2:ffff:ffff:ffff:ffff",
					   65535);

		e->down = true;
		e->reason = REASON_INTERVAL_TOO_BRIEF;
		e->hold = e->tried = HOURS(24) * 365 * 100;
	}

	(void)line(&len);
	ck_assert_uint_lt(len, STATE_LINE_MAX);
	round_trip();
	ck_assert(!memcmp(&some, &back, sizeof(some)));
}
END_TEST


START_TEST(a_bit_that_flips_anywhere_spoils_the_line)
{
	size_t len;
	char *p;

	add("192.0.2.1", 5061)->hold = 3000;
	p = (char *)(uintptr_t)line(&len);

	for (size_t i = 0; i < len; i++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			p[i] ^= (char)(1u << bit);
			ck_assert_int_eq(EBADMSG,
					 state_edges_decode(&back, p, len));
			ck_assert_uint_eq(0, back.edgec);
			p[i] ^= (char)(1u << bit);
		}
	}
	ck_assert_int_eq(0, state_edges_decode(&back, p, len));
}
END_TEST


static int write_json(struct mbuf *m, const void *arg)
{
	return mbuf_write_str(m, arg);
}


static int decode(const char *json)
{
	mb->pos = mb->end = 0;
	ck_assert_int_eq(0, state_record_frame(mb, write_json, json));

	return state_edges_decode(&back, (const char *)mb->buf + 1,
				  mb->end - 2);
}


START_TEST(what_is_not_known_is_left_out)
{
	ck_assert_int_eq(0, decode(
		"{\"edges\":[\"sctp 192.0.2.1 5061 + 7 connect-refused 3\","
		"\"auto 192.0.2.1 5061 + 7 connect-refused 3\","
		"\"tls host 5061 + 7 connect-refused 3\","
		"\"tls fe80::1 5061 + 7 connect-refused 3\","
		"\"tls 192.0.2.1 0 + 7 connect-refused 3\","
		"\"tls 192.0.2.1 65536 + 7 connect-refused 3\","
		"\"tls 192.0.2.1 5061 ? 7 connect-refused 3\","
		"\"tls 192.0.2.1 5061 + -7 connect-refused 3\","
		"\"tls 192.0.2.1 5061 + 7 telepathy 3\","
		"\"tls 192.0.2.1 5061 + 7 connect-refused\",\"\","
		"\"tls 192.0.2.1 5061 + 7 connect-refused "
		"18446744073709551615\","
		"\"tls 192.0.2.9 5061 + 7 connect-refused 3 novel\"],"
		"\"at\":\"now\",\"novel\":1}"));
	ck_assert_uint_eq(1, back.edgec);
	ck_assert_uint_eq(9, back.edgev[0].addr.ip[3]);
	ck_assert_int_eq(0, back.at_usec);

	ck_assert_int_eq(0, decode("{\"edges\":7}"));
	ck_assert_uint_eq(0, back.edgec);
	ck_assert_int_eq(EBADMSG, decode("{\"edges\":[}"));
	ck_assert_int_eq(EBADMSG, decode("{\"name\":\"a\"}"));
}
END_TEST


START_TEST(more_than_there_is_room_for_is_left_out)
{
	static char json[64 * (STATE_EDGES + 9)];
	char *p = json;

	p += sprintf(p, "{\"edges\":[\"\"");
	for (unsigned i = 0; i < STATE_EDGES + 5; i++)
		p += sprintf(p, ",\"udp 192.0.2.1 %u - 0 ok 9\"", 1 + i);
	(void)sprintf(p, "]}");
	ck_assert_int_eq(0, decode(json));
	ck_assert_uint_eq(STATE_EDGES, back.edgec);
}
END_TEST


static void prune_after(int64_t usec)
{
	back = some;
	state_edges_prune(&back, some.at_usec + usec);
}


START_TEST(time_goes_on_while_nobody_runs)
{
	add("192.0.2.1", 5061)->hold = 30000;
	add("192.0.2.2", 5061)->down = true;
	prune_after(10 * SEC);
	ck_assert_uint_eq(2, back.edgec);
	ck_assert_uint_eq(20000, back.edgev[0].hold);
	ck_assert_uint_eq(10000, back.edgev[1].tried);
	prune_after(30 * SEC);
	ck_assert_uint_eq(1, back.edgec);
	ck_assert(back.edgev[0].down);
}
END_TEST


START_TEST(a_clock_that_is_wrong_makes_no_longer_hold)
{
	add("192.0.2.1", 5061)->hold = HOURS(24 * 365);

	prune_after(-10 * SEC);          /* set back */
	ck_assert_uint_eq(HOURS(1), back.edgev[0].hold);
	prune_after(10 * SEC - NOW);     /* in 1970 */
	ck_assert_uint_eq(HOURS(1), back.edgev[0].hold);
	some.at_usec = 10 * SEC;         /* written then */
	prune_after(NOW);
	ck_assert_uint_eq(HOURS(1), back.edgev[0].hold);
	some.at_usec = NOW;
	prune_after(INT64_MAX - NOW);    /* far in the future */
	ck_assert_uint_eq(0, back.edgec);
}
END_TEST


/* --- from run to run --- */

static const struct edges_conf no_pace;


static void get(struct edge_point **pp, const char *ip)
{
	struct sa addr;

	sa_init(&addr, AF_INET);
	ck_assert_int_eq(0, sa_set_str(&addr, ip, 5060));
	ck_assert_int_eq(0, edges_get(pp, edges, TRANSPORT_TCP, &addr));
}


static void begin(void)
{
	wall = loop_wall_usec();
	ck_assert_int_eq(0, state_alloc(&state, dir));
	ck_assert_int_eq(0, edges_alloc(&edges, &no_pace));
	edges_kept_start(&kept, edges, state, &wall);
	state_forget(state);
	get(&point, "192.0.2.1");
}


static void end(bool killed)
{
	if (killed)
		mem_deref(state);
	else
		state_close(state);
	state = NULL;
	point = mem_deref(point);
	edges = mem_deref(edges);
}


static void setup_runs(void)
{
	harness_setup();
	(void)strcpy(dir, "/tmp/test_edges.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	memset(&kept, 0, sizeof(kept));
	begin();
}


static void teardown_runs(void)
{
	char path[128];

	end(true);
	(void)snprintf(path, sizeof(path), "%s/" STATE_FILE, dir);
	(void)unlink(path);
	(void)rmdir(dir);
	harness_teardown();
}


static bool is_written(void *arg)
{
	(void)arg;

	return !kept.node.dirty.list;
}


static bool is_avoided(enum reason *reasonp)
{
	return edges_avoid(edges, TRANSPORT_TCP, edge_point_addr(point),
			   reasonp, loop_now());
}


static bool hold_has_ended(void *arg)
{
	enum reason reason;

	(void)arg;

	return !is_avoided(&reason);
}


START_TEST(a_hold_survives_a_kill)
{
	enum reason reason = REASON_OK;

	edge_point_on_hold(point, loop_now() + 2500, loop_now());
	ck_assert(harness_wait(is_written, NULL, SOON));
	end(true);
	begin();
	ck_assert(is_avoided(&reason));
	ck_assert_int_eq(REASON_RETRY_AFTER, reason);
	ck_assert(harness_wait(hold_has_ended, NULL, SOON));
	end(true);
	begin();
	ck_assert(!is_avoided(&reason));
}
END_TEST


START_TEST(who_is_down_is_so_after_a_stop_until_a_knock_says_otherwise)
{
	enum reason reason = REASON_OK;

	edge_point_on_failed(point, false, REASON_CONNECT_REFUSED,
			     loop_now());
	end(false);
	begin();
	ck_assert(is_avoided(&reason));
	ck_assert_int_eq(REASON_CONNECT_REFUSED, reason);
	edge_point_on_connected(point, loop_now());
	ck_assert(!is_avoided(&reason));
	ck_assert(harness_wait(is_written, NULL, SOON));
	end(true);
	begin();
	ck_assert(!is_avoided(&reason));
}
END_TEST


static unsigned changes;


static void count_handler(void *arg)
{
	(void)arg;
	++changes;
}


/* A knock a second for hours must not be a write a second. */
START_TEST(knocks_that_fail_are_no_news)
{
	const msec_t now = loop_now();

	changes = 0;
	edges_set_news(edges, count_handler, NULL);
	edge_point_on_failed(point, false, REASON_CONNECT_REFUSED, now);
	for (unsigned i = 0; i < 100; i++)
		edge_point_on_failed(point, true, REASON_CONNECT_REFUSED,
				     now + i);
	ck_assert_uint_eq(1, changes);
	edge_point_on_connected(point, now);
	ck_assert_uint_eq(2, changes);
	edge_point_on_proven(point, now);
	ck_assert_uint_eq(2, changes);
}
END_TEST


START_TEST(of_too_many_those_that_are_held_and_the_latest_are_kept)
{
	struct edge_point *p;
	char ip[32];

	edge_point_on_hold(point, loop_now() + 60000, loop_now());
	for (unsigned i = 0; i < 2 * STATE_EDGES; i++) {
		(void)snprintf(ip, sizeof(ip), "198.51.%u.%u", i / 250,
			       1 + i % 250);
		get(&p, ip);
		edge_point_on_failed(p, false, REASON_CONNECT_TIMEOUT,
				     loop_now());
		mem_deref(p);
	}
	kept.node.edgesh(&some, &kept);
	ck_assert_uint_eq(STATE_EDGES, some.edgec);
	for (unsigned i = 0; i < some.edgec; i++)
		if (some.edgev[i].hold)
			return;
	ck_abort_msg("the hold is lost");
}
END_TEST


Suite *suite_state_edges(void)
{
	Suite *s = suite_create("state_edges");
	TCase *tc = tcase_create("line");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, they_come_back_as_they_were);
	tcase_add_test(tc, the_format_does_not_change_by_accident);
	tcase_add_test(tc, at_its_limits_it_is_a_line);
	tcase_add_test(tc, a_bit_that_flips_anywhere_spoils_the_line);
	tcase_add_test(tc, what_is_not_known_is_left_out);
	tcase_add_test(tc, more_than_there_is_room_for_is_left_out);
	tcase_add_test(tc, time_goes_on_while_nobody_runs);
	tcase_add_test(tc, a_clock_that_is_wrong_makes_no_longer_hold);
	suite_add_tcase(s, tc);

	tc = tcase_create("runs");
	tcase_set_timeout(tc, 20);
	tcase_add_checked_fixture(tc, setup_runs, teardown_runs);
	tcase_add_test(tc, a_hold_survives_a_kill);
	tcase_add_test(tc,
		who_is_down_is_so_after_a_stop_until_a_knock_says_otherwise);
	tcase_add_test(tc, knocks_that_fail_are_no_news);
	tcase_add_test(tc,
		of_too_many_those_that_are_held_and_the_latest_are_kept);
	suite_add_tcase(s, tc);

	return s;
}
