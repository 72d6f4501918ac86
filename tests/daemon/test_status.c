/* status*.c: what events say in words, how long an outage was, and what is told
 * of NATs. */

#include <string.h>
#include "harness.h"
#include "status.h"
#include "status_part.h"
#include "wire.h"

#define NOON UINT64_C(1700000000000000)  /* [us] when the journal begins */

static struct event eventv[8];
static struct journal journal;


static void setup(void)
{
	journal_init(&journal, eventv, ARRAY_SIZE(eventv));
}


static struct addr addr(const char *ip, uint16_t port)
{
	struct addr a = {.port = 0};

	ck_assert(addr_parse(&a, ip, strlen(ip), port));

	return a;
}


/* So many milliseconds after NOON. */
static void add(uint64_t ms, struct event e)
{
	e.at_usec = NOON + ms * 1000;
	ck_assert_ptr_nonnull(journal_add(&journal, &e));
}


static void verdict(uint64_t ms, bool registered, enum reachable reachable,
		    enum reason reason)
{
	add(ms, (struct event){.type = EVENT_VERDICT, .reason = reason,
			       .registered = registered,
			       .reachable = reachable});
}


static const struct event *last(void)
{
	return journal_get(&journal, journal.count - 1);
}


static void assert_says(const char *expected)
{
	char text[384];

	status_event_text(text, sizeof(text), last(), &journal);
	ck_assert_str_eq(expected, text);
}


/* Of the last event. */
static void assert_says_of(struct event e, const char *expected)
{
	add(0, e);
	assert_says(expected);
}


#define REACHABLE "Registered, and calls can reach this account."


/* --- outages --- */

START_TEST(reachable_again_says_how_long_nobody_could_call_and_why)
{
	verdict(0, true, REACHABLE_YES, REASON_OK);
	assert_says(REACHABLE);
	verdict(60000, true, REACHABLE_NO, REASON_FLOW_LOST);
	add(60100, (struct event){.type = EVENT_FLOW_UP, .flow = 1});
	verdict(95250, true, REACHABLE_YES, REASON_OK);
	assert_says(REACHABLE " Before that nobody could call it for 35.2 s "
		    "(flow-lost).");
}
END_TEST


START_TEST(an_outage_has_a_first_and_a_last_reason)
{
	verdict(0, true, REACHABLE_YES, REASON_OK);
	verdict(1000, true, REACHABLE_NO, REASON_FLOW_LOST);
	verdict(2000, true, REACHABLE_NO, REASON_NO_ANSWER);
	verdict(9000, false, REACHABLE_NO, REASON_CONNECT_REFUSED);
	verdict(1000 + 7384000, true, REACHABLE_YES, REASON_OK);
	assert_says(REACHABLE " Before that nobody could call it for 2 h 3 min "
		    "(flow-lost, then connect-refused).");
}
END_TEST


START_TEST(an_outage_is_over_where_nothing_speaks_against_calls)
{
	verdict(0, true, REACHABLE_UNKNOWN, REASON_UNPROVEN);
	verdict(1000, false, REACHABLE_NO, REASON_LEASE_EXPIRED);
	verdict(1400, true, REACHABLE_UNKNOWN, REASON_UNPROVEN);
	assert_says("Registered, but nothing proves that a call would arrive. "
		    "Before that nobody could call it for 0.4 s "
		    "(lease-expired).");

	/* and it is told once */
	verdict(2000, true, REACHABLE_YES, REASON_OK);
	assert_says(REACHABLE);
}
END_TEST


START_TEST(a_start_is_no_outage_but_a_restart_may_end_one)
{
	verdict(0, false, REACHABLE_UNKNOWN, REASON_RESOLVING);
	verdict(1, false, REACHABLE_UNKNOWN, REASON_CONNECTING);
	verdict(500, true, REACHABLE_YES, REASON_OK);
	assert_says(REACHABLE);

	verdict(10000, false, REACHABLE_NO, REASON_PAUSED);
	verdict(609000, false, REACHABLE_UNKNOWN, REASON_STARTING);
	verdict(610000, true, REACHABLE_YES, REASON_OK);
	assert_says(REACHABLE " Before that nobody could call it for "
		    "10 min 0 s (paused).");
}
END_TEST


START_TEST(a_restart_is_told_as_one)
{
	verdict(0, true, REACHABLE_YES, REASON_OK);
	verdict(1000, false, REACHABLE_UNKNOWN, REASON_STARTING);
	assert_says("Stopped.");
	verdict(8000, false, REACHABLE_UNKNOWN, REASON_CONNECTING);
	verdict(9500, true, REACHABLE_YES, REASON_OK);
	assert_says(REACHABLE " Before that nobody could call it for 8.5 s "
		    "(stopped).");
}
END_TEST


START_TEST(of_an_outage_whose_beginning_is_forgotten_the_rest_is_told)
{
	unsigned i;

	for (i = 0; i < ARRAY_SIZE(eventv); i++)
		verdict(i * 1000, false, REACHABLE_NO, REASON_NO_ANSWER);
	verdict(100000, true, REACHABLE_YES, REASON_OK);
	assert_says(REACHABLE " Before that nobody could call it for at least "
		    "99.0 s (no-answer).");
}
END_TEST


START_TEST(a_clock_that_was_set_back_makes_no_outage)
{
	verdict(9000, true, REACHABLE_NO, REASON_FLOW_LOST);
	verdict(1000, true, REACHABLE_YES, REASON_OK);
	assert_says(REACHABLE);
}
END_TEST


/* --- what NATs do --- */

START_TEST(a_move_says_from_where_to_where_and_what_it_means)
{
	const struct addr a = addr("203.0.113.7", 40001),
		b = addr("203.0.113.7", 40112), c = addr("203.0.113.9", 40112),
		d = addr("203.0.113.9", 1024), e = addr("10.0.0.9", 1024);

	assert_says_of((struct event){.type = EVENT_MAPPING, .flow = 1,
				      .addr = a, .value = MAPPING_FIRST},
		       "the registrar sees us at 203.0.113.7:40001");
	assert_says_of((struct event){.type = EVENT_MAPPING, .flow = 1,
				      .addr = b, .value = MAPPING_PORT_MOVED},
		       "the NAT shows us at 203.0.113.7:40112 now, was "
		       "203.0.113.7:40001: it had forgotten the flow");
	assert_says_of((struct event){.type = EVENT_MAPPING, .flow = 1,
				      .addr = c, .value = MAPPING_IP_MOVED},
		       "the NAT shows us at 203.0.113.9:40112 now, was "
		       "203.0.113.7:40112: our public address has changed");

	/* another flow has another port, which is no move */
	assert_says_of((struct event){.type = EVENT_MAPPING, .flow = 1,
				      .addr = d, .value = MAPPING_FIRST},
		       "the registrar sees us at 203.0.113.9:1024");
	assert_says_of((struct event){.type = EVENT_MAPPING, .flow = 1,
				      .addr = e, .value = MAPPING_FIRST},
		       "the NAT shows us at 10.0.0.9:1024 now, was "
		       "203.0.113.9:1024: our address has changed");

	/* of another flow, and of one whose past is forgotten */
	assert_says_of((struct event){.type = EVENT_MAPPING, .flow = 2,
				      .addr = a, .value = MAPPING_PORT_MOVED},
		       "the NAT shows us at 203.0.113.7:40001 now: it had "
		       "forgotten the flow");
}
END_TEST


START_TEST(a_flow_that_died_of_silence_says_of_how_much)
{
	assert_says_of((struct event){.type = EVENT_FLOW_DOWN, .flow = 2,
				      .reason = REASON_FLOW_LOST, .value = 20},
		       "flow 2 is down: no answer any more, after 20 s of "
		       "silence");
	assert_says_of((struct event){.type = EVENT_FLOW_DOWN, .flow = 1,
				      .reason = REASON_FLOW_LOST},
		       "flow 1 is down: the connection was lost");
	assert_says_of((struct event){.type = EVENT_FLOW_DOWN, .flow = 1,
				      .reason = REASON_CREDENTIALS},
		       "flow 1 is down: credentials");
	assert_says_of((struct event){.type = EVENT_FLOW_DOWN, .flow = 1},
		       "flow 1 closed by us");
}
END_TEST


START_TEST(bindings_are_told_apart)
{
	assert_says_of((struct event){.type = EVENT_BINDING, .value = 3,
				      .code = 1},
		       "other bindings at the registrar: 1 old of ours, 2 of "
		       "other devices");
	assert_says_of((struct event){.type = EVENT_BINDING},
		       "no other binding at the registrar any more");
	assert_says_of((struct event){.type = EVENT_BINDING, .value = 1,
				      .reason = REASON_BINDING_GHOST_ONLY},
		       "old bindings of ours come back again and again: "
		       "another machine has our instance; none is removed any "
		       "more");
	assert_says_of((struct event){.type = EVENT_GHOST_REMOVED,
				      .addr = addr("192.0.2.1", 5060)},
		       "our old binding at 192.0.2.1:5060 is removed");
}
END_TEST


START_TEST(a_probe_says_what_it_has_proved)
{
	assert_says_of((struct event){.type = EVENT_PROBE, .code = 200,
				      .value = PROBE_PROVEN},
		       "a probe came back: calls arrive");
	assert_says_of((struct event){.type = EVENT_PROBE, .code = 404,
				      .value = PROBE_LOST},
		       "a probe did not come back, as earlier ones did "
		       "(answer 404)");
	assert_says_of((struct event){.type = EVENT_PROBE,
				      .value = PROBE_NOT_LOOPED},
		       "no probe comes back: this registrar does not send "
		       "them our way");
}
END_TEST


START_TEST(an_address_event_says_whose)
{
	assert_says_of((struct event){.type = EVENT_ADDRESS},
		       "a local address or route changed");
	assert_says_of((struct event){.type = EVENT_ADDRESS,
				      .addr = addr("203.0.113.9", 4000)},
		       "STUN sees this site at 203.0.113.9 now");
}
END_TEST


/* Whatever the state file or the core put into it. */
START_TEST(every_event_has_a_text)
{
	char text[384];
	unsigned type, n;

	for (type = 0; type < EVENT_COUNT; type++) {
		for (n = 0; n < 256; n++) {
			add(n, (struct event){
				.type = (uint8_t)type, .reason = (uint8_t)n,
				.value = n * n, .code = (uint16_t)(n * 9),
				.flow = (uint8_t)n, .registered = n & 1,
				.reachable = (uint8_t)(n % 3),
			});
			status_event_text(text, sizeof(text), last(),
					  &journal);
			ck_assert_uint_gt(strlen(text), 0);
			status_event_text(text, sizeof(text), last(), NULL);
			ck_assert_uint_gt(strlen(text), 0);
		}
	}
}
END_TEST


/* --- JSON --- */

static void assert_json(struct mbuf *mb, int err, const char *expected)
{
	ck_assert_int_eq(0, err);
	ck_assert_msg(mb->end == strlen(expected) &&
		      !memcmp(mb->buf, expected, mb->end), "%.*s",
		      (int)mb->end, mb->buf);
	mbuf_rewind(mb);
}


START_TEST(events_tell_numbers_to_programs)
{
	struct mbuf *mb = mbuf_alloc(256);

	verdict(0, true, REACHABLE_NO, REASON_FLOW_LOST);
	add(1000, (struct event){.type = EVENT_MAPPING, .flow = 1,
				 .value = MAPPING_FIRST,
				 .addr = addr("192.0.2.1", 7)});
	verdict(2500, true, REACHABLE_YES, REASON_OK);

	assert_json(mb, status_add_events(mb, "a", &journal),
		    "\"events\":[{\"at_usec\":1700000000000000,\"seq\":1,"
		    "\"account\":\"a\",\"event\":\"verdict\","
		    "\"registered\":true,\"reachable\":\"no\","
		    "\"reason\":\"flow-lost\",\"text\":\"The connection to "
		    "the registrar was lost or went silent.\"},"
		    "{\"at_usec\":1700000001000000,\"seq\":2,"
		    "\"account\":\"a\",\"event\":\"mapping\","
		    "\"registered\":false,\"reachable\":\"unknown\","
		    "\"reason\":\"ok\",\"text\":\"the registrar sees us at "
		    "192.0.2.1:7\",\"flow\":1,\"addr\":\"192.0.2.1:7\"},"
		    "{\"at_usec\":1700000002500000,\"seq\":3,"
		    "\"account\":\"a\",\"event\":\"verdict\","
		    "\"registered\":true,\"reachable\":\"yes\","
		    "\"reason\":\"ok\",\"text\":\"" REACHABLE " Before that "
		    "nobody could call it for 2.5 s (flow-lost).\","
		    "\"unreachable_usec\":2500000}]");
	mem_deref(mb);
}
END_TEST


START_TEST(a_flow_tells_its_witnesses_its_interval_and_its_probe)
{
	struct mbuf *mb = mbuf_alloc(256);
	struct mapping mapping = {.notes = 0};
	struct interval interval = {.idle = 0};
	struct probe probe = {.result = PROBE_UNKNOWN, .proven_at = NEVER};
	struct flow flow = {.policy = {.interval = 0}};
	struct agent_flow f = {.flow = NULL};

	assert_json(mb, status_add_nat(mb, &f, (int64_t)NOON),
		    "\"witnesses\":{\"via\":null,\"stun\":null},\"notes\":[],"
		    "\"note_texts\":[],\"keepalive_reason\":null,"
		    "\"idle_death\":null,\"idle_death_usec\":null,"
		    "\"probe\":null");

	f.flow = &flow;
	f.mapping = &mapping;
	f.interval = &interval;
	f.probe = &probe;
	f.notes = MAPPING_NOTE_CGNAT;
	mapping.saidv[WITNESS_STUN] = (struct sighting){
		.addr = addr("2001:db8::1", 7), .at = SECONDS(3)};
	interval.idle = 19600;
	interval.since = SECONDS(2);
	probe.code = 404;
	mbuf_rewind(mb);
	ck_assert_int_eq(0, status_add_nat(mb, &f, (int64_t)NOON));
	ck_assert_int_eq(0, mbuf_write_u8(mb, '\0'));

#define HAS(part) ck_assert_msg(strstr((char *)mb->buf, part), "%s", mb->buf)
	HAS("\"witnesses\":{\"via\":null,\"stun\":{\"addr\":"
	    "\"[2001:db8::1]:7\",\"at_usec\":1700000003000000}}");
	HAS("\"notes\":[\"cgnat\"],\"note_texts\":[\"");
	HAS("\"keepalive_reason\":\"default\",\"idle_death\":20,"
	    "\"idle_death_usec\":1700000002000000,\"probe\":{\"result\":"
	    "\"unknown\",\"at_usec\":null,\"code\":404}");
#undef HAS
	mem_deref(mb);
}
END_TEST


START_TEST(site_and_network_are_told_or_null)
{
	struct mbuf *mb = mbuf_alloc(256);
	struct site_status site = {.server = "stun.example.net:3478",
				   .error = ""};

	assert_json(mb, status_add_site(mb, NULL),
		    "\"site\":null");
	assert_json(mb, status_add_site(mb, &site),
		    "\"site\":{\"server\":\"stun.example.net:3478\","
		    "\"addr\":null,\"at_usec\":null,\"error\":null}");
	site.addr = addr("203.0.113.7", 1234);
	site.at_usec = NOON + 1000000;
	site.error = "no answer";
	assert_json(mb, status_add_site(mb, &site),
		    "\"site\":{\"server\":\"stun.example.net:3478\","
		    "\"addr\":\"203.0.113.7:1234\","
		    "\"at_usec\":1700000001000000,\"error\":\"no answer\"}");

	assert_json(mb, status_add_network(mb, NULL, 0), "\"network\":null");
	assert_json(mb, status_add_network(mb, "address 192.0.2.5 added", 7),
		    "\"network\":{\"text\":\"address 192.0.2.5 added\","
		    "\"at_usec\":7}");
	mem_deref(mb);
}
END_TEST


Suite *suite_status(void);

Suite *suite_status(void)
{
	Suite *s = suite_create("status");
	TCase *tc = tcase_create("status");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(
		tc, reachable_again_says_how_long_nobody_could_call_and_why);
	tcase_add_test(tc, an_outage_has_a_first_and_a_last_reason);
	tcase_add_test(tc,
		       an_outage_is_over_where_nothing_speaks_against_calls);
	tcase_add_test(tc, a_start_is_no_outage_but_a_restart_may_end_one);
	tcase_add_test(tc, a_restart_is_told_as_one);
	tcase_add_test(
		tc, of_an_outage_whose_beginning_is_forgotten_the_rest_is_told);
	tcase_add_test(tc, a_clock_that_was_set_back_makes_no_outage);
	tcase_add_test(tc, a_move_says_from_where_to_where_and_what_it_means);
	tcase_add_test(tc, a_flow_that_died_of_silence_says_of_how_much);
	tcase_add_test(tc, bindings_are_told_apart);
	tcase_add_test(tc, a_probe_says_what_it_has_proved);
	tcase_add_test(tc, an_address_event_says_whose);
	tcase_add_test(tc, every_event_has_a_text);
	tcase_add_test(tc, events_tell_numbers_to_programs);
	tcase_add_test(
		tc, a_flow_tells_its_witnesses_its_interval_and_its_probe);
	tcase_add_test(tc, site_and_network_are_told_or_null);
	suite_add_tcase(s, tc);

	return s;
}
