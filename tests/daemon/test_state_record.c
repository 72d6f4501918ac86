/* One account <-> one line: everything comes back, and nothing that is spoilt
 * does. */

#include <check.h>
#include <stdio.h>
#include <string.h>
#include "state_record.h"


#define SEC INT64_C(1000000)             /* [us] */

Suite *suite_state_record(void);

static struct state_account full, back;
static struct mbuf *mb;


static void fill_reg(struct state_reg *r, unsigned id)
{
	r->reg_id = id;
	(void)snprintf(r->callid, sizeof(r->callid), "call-%u@example.com", id);
	r->cseq = INT32_MAX - id;
	r->contactc = STATE_CONTACTS;
	for (unsigned i = 0; i < STATE_CONTACTS; i++) {
		(void)snprintf(r->contactv[i].uri, STATE_URI_SIZE,
			       "sip:alice-%u@192.0.2.%u:5060;transport=tls;ob",
			       id, i);
		r->contactv[i].until_usec = INT64_C(1760000000) * SEC + i;
	}
	r->digest = (struct digest_kept){
		.realm = "a \\\"realm\\\" of \xc3\xa9toiles",
		.nonce = "bm9uY2U=/\\\\", .opaque = "", .has_opaque = true,
		.algorithm = DIGEST_SHA256, .named = true, .qop = true,
		.nc = UINT32_MAX,
	};
	r->interval = (struct state_interval){
		.learned = 15000, .idle = 20000 + id, .age = HOURS(9),
		.deaths = UINT32_MAX,
	};
	r->wait.left = 3600000 - id;
	if (id % 2) {
		r->wait.edge.transport = TRANSPORT_TLS;
		(void)addr_parse(&r->wait.edge.addr, "2001:db8::1", 11, 5061);
	}
}


static void fill_event(struct event *e, unsigned i)
{
	*e = (struct event){
		.at_usec = UINT64_C(1760000000123456) + i, .seq = 1000 + i,
		.value = UINT32_MAX - i, .code = (uint16_t)(100 + i),
		.type = (uint8_t)(i % EVENT_COUNT),
		.reason = (uint8_t)(i % REASON_COUNT), .flow = (uint8_t)(i % 5),
		.registered = i % 2, .reachable = (uint8_t)(i % 3),
	};
	if (i % 3)
		(void)addr_parse(&e->addr, i % 2 ? "192.0.2.1" : "2001:db8::1",
				 i % 2 ? 9 : 11, (uint16_t)(i * 2000));
}


static void setup(void)
{
	static char name[] = "alice.1@home+x-y_z", aor[] = "sip:alice@h";
	static char registrar[] = "sip:registrar.example.com";

	memset(&full, 0, sizeof(full));
	full.name = name;
	full.aor = aor;
	full.registrar = registrar;
	strcpy(full.secure, "registrar.example.com");
	full.worked = true;
	full.stamp = full.way = INT64_MAX;
	full.conf = 1;
	full.at_usec = INT64_C(1760000000) * SEC;
	full.regc = ACCOUNT_FLOWS_MAX;
	for (unsigned i = 0; i < ACCOUNT_FLOWS_MAX; i++)
		fill_reg(&full.regv[i], i + 1);
	full.eventc = STATE_EVENTS;
	for (unsigned i = 0; i < STATE_EVENTS; i++)
		fill_event(&full.eventv[i], i);
	full.seq = 1000 + STATE_EVENTS - 1;

	memset(&back, 0, sizeof(back));
	mb = mbuf_alloc(64);
}


static void teardown(void)
{
	state_record_reset(&back);
	mem_deref(mb);
}


static const char *line(size_t *lenp)
{
	mb->pos = mb->end = 0;
	ck_assert_int_eq(0, state_record_encode(mb, &full));
	ck_assert_int_eq('\n', mb->buf[0]);
	ck_assert_int_eq('\n', mb->buf[mb->end - 1]);
	*lenp = mb->end - 2;

	return (const char *)mb->buf + 1;
}


/* What is there after a round trip. */
static void round_trip(void)
{
	size_t len;
	const char *p = line(&len);

	ck_assert_int_eq(0, state_record_decode(&back, p, len));
}


static void event_equal(const struct event *a, const struct event *b)
{
	ck_assert_uint_eq(a->at_usec, b->at_usec);
	ck_assert_uint_eq(a->seq, b->seq);
	ck_assert_uint_eq(a->value, b->value);
	ck_assert_uint_eq(a->code, b->code);
	ck_assert_uint_eq(a->type, b->type);
	ck_assert_uint_eq(a->reason, b->reason);
	ck_assert_uint_eq(a->flow, b->flow);
	ck_assert_uint_eq(a->registered, b->registered);
	ck_assert_uint_eq(a->reachable, b->reachable);
	ck_assert(addr_equal(&a->addr, &b->addr));
}


/* Reads JSON text, with a checksum computed here. */
static int decode(unsigned version, const char *json)
{
	char text[4096];
	uint64_t sum = UINT64_C(0xcbf29ce484222325);

	(void)snprintf(text, sizeof(text), "%u%s", version, json);
	for (const char *p = text; *p; ++p)
		sum = (sum ^ (unsigned char)*p) * UINT64_C(0x100000001b3);

	(void)snprintf(text, sizeof(text), "%u %016llx %s", version,
		       (unsigned long long)sum, json);

	return state_record_decode(&back, text, strlen(text));
}


#define ACCOUNT "{\"name\":\"a\",\"aor\":\"sip:a@h\",\"registrar\":\"sip:h\""


START_TEST(everything_comes_back_as_it_was)
{
	round_trip();
	ck_assert_str_eq(full.name, back.name);
	ck_assert_str_eq(full.aor, back.aor);
	ck_assert_str_eq(full.registrar, back.registrar);
	ck_assert_str_eq(full.secure, back.secure);
	ck_assert(back.worked && back.stamp == INT64_MAX);
	ck_assert(back.way == INT64_MAX && back.conf == 1);
	ck_assert_int_eq(full.at_usec, back.at_usec);
	ck_assert_uint_eq(full.seq, back.seq);
	ck_assert_uint_eq(full.regc, back.regc);
	/* zeroed before: the texts' rests are equal too */
	ck_assert(!memcmp(full.regv, back.regv, sizeof(full.regv)));
	ck_assert_uint_eq(full.eventc, back.eventc);
	for (unsigned i = 0; i < full.eventc; i++)
		event_equal(&full.eventv[i], &back.eventv[i]);
}
END_TEST


START_TEST(an_account_about_which_little_is_known_is_a_short_line)
{
	size_t len;

	full.regc = full.eventc = 0;
	full.secure[0] = '\0';
	full.worked = false;
	full.stamp = full.way = full.conf = full.at_usec = 0;
	(void)line(&len);
	ck_assert_uint_lt(len, 200);
	round_trip();
	ck_assert(!*back.secure && !back.worked && !back.regc && !back.eventc);
}
END_TEST


/* What another version of this program must be able to read. */
START_TEST(the_format_does_not_change_by_accident)
{
	static const char expected[] = "1 2433ee75e2fb89c7 "
		"{\"name\":\"a\",\"aor\":\"sip:a@h\",\"registrar\":\"sip:h\","
		"\"secure\":\"h\",\"way\":3,\"configuration\":4,"
		"\"at\":1760000000000000,"
		"\"registrations\":[{\"id\":1,\"callid\":\"c\","
		"\"cseq\":51,\"contacts\":[{\"uri\":\"sip:a@192.0.2.1\","
		"\"until\":1760000000000000}],\"digest\":{\"realm\":\"h\","
		"\"nonce\":\"n\",\"algorithm\":\"MD5\",\"qop\":true,"
		"\"nc\":1},\"interval\":{\"learned\":15000,\"idle\":20000,"
		"\"age\":7,\"deaths\":2},\"retry_after\":{\"left\":9,"
		"\"edge\":\"tcp 192.0.2.1 5060\"}}],\"seq\":7,"
		"\"events\":[\"1760000000000000 7 "
		"response ok 200 300 1 + yes 192.0.2.1 5060\"]}";
	static char name[] = "a", aor[] = "sip:a@h", registrar[] = "sip:h";
	size_t len;
	const char *p;

	memset(&full, 0, sizeof(full));
	full.name = name;
	full.aor = aor;
	full.registrar = registrar;
	strcpy(full.secure, "h");
	full.regc = 1;
	full.regv[0] = (struct state_reg){
		.reg_id = 1, .callid = "c", .cseq = 51, .contactc = 1,
		.contactv[0] = {"sip:a@192.0.2.1", 1760000000 * SEC},
		.digest = {.realm = "h", .nonce = "n", .qop = true, .nc = 1,
			   .algorithm = DIGEST_MD5},
		.interval = {15000, 20000, 7, 2},
		.wait = {9, {.transport = TRANSPORT_TCP,
			     .addr = {{192, 0, 2, 1}, 5060, ADDR_IPV4}}},
	};
	full.way = 3;
	full.conf = 4;
	full.at_usec = 1760000000 * SEC;
	full.eventc = 1;
	full.seq = 7;
	full.eventv[0] = (struct event){
		.at_usec = 1760000000 * SEC, .seq = 7, .value = 300,
		.code = 200, .type = EVENT_RESPONSE, .flow = 1,
		.registered = true, .reachable = REACHABLE_YES,
		.addr = {{192, 0, 2, 1}, 5060, ADDR_IPV4},
	};

	p = line(&len);
	ck_assert_uint_eq(strlen(expected), len);
	ck_assert_msg(!memcmp(expected, p, len), "%.*s", (int)len, p);
}
END_TEST


START_TEST(a_bit_that_flips_anywhere_spoils_the_line)
{
	struct pl name, json;
	size_t len;
	char *p;

	full.regc = 1;
	full.eventc = 2;
	p = (char *)line(&len);

	for (size_t i = 0; i < len; i++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			p[i] ^= (char)(1u << bit);
			ck_assert_int_eq(STATE_LINE_SPOILT, state_record_check(
					 &name, &json, p, len));
			ck_assert_int_eq(EBADMSG, state_record_decode(
					 &back, p, len));
			p[i] ^= (char)(1u << bit);
		}
	}

	ck_assert_int_eq(0, state_record_decode(&back, p, len));
}
END_TEST


START_TEST(half_a_line_is_spoilt)
{
	struct pl name, json;
	size_t len;
	const char *p = line(&len);

	for (size_t i = 1; i < len; i++)
		ck_assert_int_eq(STATE_LINE_SPOILT,
				 state_record_check(&name, &json, p, i));
	ck_assert_int_eq(STATE_LINE_BLANK,
			 state_record_check(&name, &json, p, 0));
}
END_TEST


START_TEST(a_newer_version_is_known_as_such)
{
	struct pl name, json;

	/* FNV-1a of "2{}" */
	static const char newer[] = "2 61367b18285fae95 {}";

	ck_assert_int_eq(STATE_LINE_NEWER, state_record_check(
			 &name, &json, newer, strlen(newer)));
	ck_assert_int_eq(EBADMSG, decode(2, ACCOUNT "}"));
	ck_assert_int_eq(0, decode(1, ACCOUNT "}"));
}
END_TEST


START_TEST(with_everything_at_its_limit_it_is_still_a_line)
{
	static char longest[1025];
	size_t len;

	/* all of it is escaped, each as six characters */
	memset(longest, 1, sizeof(longest) - 1);
	full.aor = full.registrar = longest;
	for (unsigned i = 0; i < full.regc; i++) {

		struct state_reg *r = &full.regv[i];

		memset(r->callid, 1, STATE_ID_SIZE - 1);
		for (unsigned c = 0; c < r->contactc; c++)
			memset(r->contactv[c].uri, 1, STATE_URI_SIZE - 1);
		memset(r->digest.realm, 1, DIGEST_KEPT_SIZE - 1);
		memset(r->digest.nonce, 1, DIGEST_KEPT_SIZE - 1);
		memset(r->digest.opaque, 1, DIGEST_KEPT_SIZE - 1);
	}

	(void)line(&len);
	ck_assert_uint_lt(len, STATE_LINE_MAX);
}
END_TEST


START_TEST(a_line_that_is_too_long_leaves_the_buffer_as_it_was)
{
	static char longest[STATE_LINE_MAX];

	memset(longest, 'a', sizeof(longest) - 1);
	full.aor = longest;
	mb->pos = mb->end = 0;
	ck_assert_int_eq(0, mbuf_write_str(mb, "before"));
	ck_assert_int_eq(EOVERFLOW, state_record_encode(mb, &full));
	ck_assert_uint_eq(6, mb->end);
	ck_assert_uint_eq(6, mb->pos);

	full.name = longest;
	ck_assert_int_eq(EINVAL, state_record_encode(mb, &full));
	full.name = NULL;
	ck_assert_int_eq(EINVAL, state_record_encode(mb, &full));
	ck_assert_uint_eq(6, mb->end);
}
END_TEST


START_TEST(a_nonce_that_is_no_text_is_not_kept_rather_than_changed)
{
	(void)strcpy(full.regv[1].digest.nonce, "caf\xe9");
	round_trip();
	ck_assert_int_eq(DIGEST_SHA256, back.regv[0].digest.algorithm);
	ck_assert_int_eq(DIGEST_UNKNOWN, back.regv[1].digest.algorithm);
	ck_assert_str_eq("", back.regv[1].digest.nonce);
	ck_assert_str_eq(full.regv[1].callid, back.regv[1].callid);
}
END_TEST


START_TEST(what_cannot_stand_in_a_header_is_left_out)
{
	(void)strcpy(full.regv[0].callid, "a\r\nEvil: 1");
	(void)strcpy(full.regv[1].contactv[0].uri, "sip:a@h>\r\nEvil: 1");
	round_trip();
	ck_assert_uint_eq(ACCOUNT_FLOWS_MAX - 1, back.regc);
	ck_assert_uint_eq(2, back.regv[0].reg_id);
	ck_assert_uint_eq(STATE_CONTACTS - 1, back.regv[0].contactc);
	ck_assert_str_eq(full.regv[1].contactv[1].uri,
			 back.regv[0].contactv[0].uri);
}
END_TEST


START_TEST(what_is_beyond_the_limits_is_left_out_and_never_cut)
{
	static const char *const badv[] = {
		"{\"id\":0,\"callid\":\"c\",\"cseq\":1}",
		"{\"id\":5,\"callid\":\"c\",\"cseq\":1}",
		"{\"id\":-1,\"callid\":\"c\",\"cseq\":1}",
		"{\"id\":1.0,\"callid\":\"c\",\"cseq\":1}",
		"{\"id\":1,\"callid\":\"c\",\"cseq\":2147483648}",
		"{\"id\":1,\"callid\":\"c\",\"cseq\":1e99}",
		"{\"id\":1,\"callid\":\"c\",\"cseq\":\"1\"}",
		"{\"id\":1,\"callid\":\"\",\"cseq\":1}",
		"{\"id\":1,\"callid\":7,\"cseq\":1}",
		"{\"id\":1,\"cseq\":1}",
		("{\"id\":1,\"callid\":\"0123456789012345678901234567890123456"
		 "789012345678901234567890123\",\"cseq\":1}"),
		"{}",
	};

	for (size_t i = 0; i < ARRAY_SIZE(badv); i++) {
		char json[1024];

		(void)snprintf(json, sizeof(json), ACCOUNT
			       ",\"registrations\":[%s,{\"id\":2,\"callid\":"
			       "\"good\",\"cseq\":9}]}", badv[i]);
		ck_assert_int_eq(0, decode(1, json));
		ck_assert_msg(back.regc == 1, "%s", badv[i]);
		ck_assert_str_eq("good", back.regv[0].callid);
	}
}
END_TEST


START_TEST(a_reg_id_counts_once)
{
	ck_assert_int_eq(0, decode(1, ACCOUNT ",\"registrations\":["
		"{\"id\":1,\"callid\":\"first\",\"cseq\":9},"
		"{\"id\":1,\"callid\":\"second\",\"cseq\":9}]}"));
	ck_assert_uint_eq(1, back.regc);
	ck_assert_str_eq("first", back.regv[0].callid);
}
END_TEST


START_TEST(events_and_members_of_the_future_are_left_out)
{
	ck_assert_int_eq(0, decode(1, ACCOUNT ",\"seq\":9,\"novel\":{},"
		"\"events\":[\"1 7 flow-up ok 0 0 1 - no\","
		"\"1 8 telepathy ok 0 0 1 - no\","
		"\"1 8 flow-up whatever 0 0 1 - no\","
		"\"1 8 flow-up ok 0 0 1 ? no\","
		"\"1 8 flow-up ok 0 0 1 - perhaps\","
		"\"1 8 flow-up ok 0 0 1 -\",\"1 8 flow-up\",\"\","
		"\"1 8 flow-up ok 0x1 0 1 - no\","
		"\"1 4294967296 flow-up ok 0 0 1 - no\","
		"\"1 8 flow-up ok 65536 0 1 - no\","
		"\"99999999999999999999 8 flow-up ok 0 0 1 - no\","
		"\"1 8 flow-up ok 0 0 1 - no host 1\","
		"\"1 8 flow-up ok 0 0 1 - no 192.0.2.1\","
		"\"1 9 flow-down ok 0 0 1 - no 192.0.2.1 1 novel\"]}"));
	ck_assert_uint_eq(2, back.eventc);
	ck_assert_uint_eq(7, back.eventv[0].seq);
	ck_assert_uint_eq(9, back.eventv[1].seq);
	ck_assert_int_eq(EVENT_FLOW_DOWN, back.eventv[1].type);
}
END_TEST


START_TEST(what_is_no_account_is_refused)
{
	static const char *const badv[] = {
		"{\"name\":\"a\"}", "{\"name\":\"a\",\"aor\":\"sip:a@h\"}",
		"{\"name\":\"a b\",\"aor\":\"sip:a@h\",\"registrar\":\"h\"}",
		"{\"name\":\"a\",\"aor\":1,\"registrar\":\"h\"}",
		"{\"name\":\"\",\"aor\":\"sip:a@h\",\"registrar\":\"h\"}",
		ACCOUNT "}}", ACCOUNT ",\"name\":\"b\"}",
		ACCOUNT ",\"seq\":-1}", "[]", "",
	};

	for (size_t i = 0; i < ARRAY_SIZE(badv); i++) {
		ck_assert_msg(decode(1, badv[i]) == EBADMSG, "%s", badv[i]);
		ck_assert_ptr_null(back.name);
	}
}
END_TEST


static void contacts(int64_t first, int64_t second)
{
	memset(&back, 0, sizeof(back));
	back.regc = 1;
	back.regv[0].contactc = 2;
	back.regv[0].contactv[0].until_usec = first;
	back.regv[0].contactv[1].until_usec = second;
}


START_TEST(contacts_whose_lease_has_ended_are_dropped)
{
	const int64_t now = 1760000000 * SEC;

	contacts(now, now + 1);
	state_record_prune(&back, now);
	ck_assert_uint_eq(1, back.regv[0].contactc);
	ck_assert_int_eq(now + 1, back.regv[0].contactv[0].until_usec);
}
END_TEST


START_TEST(a_clock_that_was_wrong_makes_no_endless_contact)
{
	const int64_t now = 1760000000 * SEC, days = 10 * 86400 * SEC;

	contacts(now + days, INT64_MAX);
	state_record_prune(&back, now);
	ck_assert_uint_eq(2, back.regv[0].contactc);
	ck_assert_int_eq(now + days, back.regv[0].contactv[0].until_usec);
	ck_assert_int_eq(now + days, back.regv[0].contactv[1].until_usec);
}
END_TEST


START_TEST(at_1970_nothing_is_dropped)
{
	const int64_t now = 20 * SEC;

	contacts(5 * SEC, 1760000000 * SEC);
	state_record_prune(&back, now);
	ck_assert_uint_eq(2, back.regv[0].contactc);
	ck_assert_int_eq(5 * SEC, back.regv[0].contactv[0].until_usec);
	ck_assert_int_eq(now + 10 * 86400 * SEC,
			 back.regv[0].contactv[1].until_usec);
}
END_TEST


/* --- durations --- */

static void one_hour_left(int64_t at)
{
	memset(&back, 0, sizeof(back));
	back.at_usec = at;
	back.regc = 1;
	back.regv[0].interval = (struct state_interval){
		.learned = 15000, .age = 1000,
	};
	back.regv[0].wait.left = 3600000;
}


START_TEST(what_was_learned_ages_and_waits_pass_while_nobody_runs)
{
	const int64_t now = 1760000000 * SEC;

	one_hour_left(now);
	state_record_prune(&back, now + 600 * SEC);
	ck_assert_uint_eq(601000, back.regv[0].interval.age);
	ck_assert_uint_eq(3000000, back.regv[0].wait.left);

	/* from there on, not once more */
	state_record_prune(&back, now + 600 * SEC);
	ck_assert_uint_eq(601000, back.regv[0].interval.age);
	state_record_prune(&back, now + 3600 * SEC);
	ck_assert_uint_eq(0, back.regv[0].wait.left);
	ck_assert_int_eq(TRANSPORT_AUTO, back.regv[0].wait.edge.transport);
}
END_TEST


START_TEST(a_clock_that_does_not_know_makes_nothing_younger_or_longer)
{
	static const struct {
		int64_t from, to;
	} casev[] = {
		{1760000000, 20}, {20, 1760000000}, {20, 30}, {0, 1760000000},
		{1760000000, 1760000000 - 86400}, {INT64_MAX / SEC, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(casev); i++) {
		one_hour_left(casev[i].from * SEC);
		back.regv[0].wait.left = UINT64_MAX;
		state_record_prune(&back, casev[i].to * SEC);
		ck_assert_uint_eq(1000, back.regv[0].interval.age);
		ck_assert_uint_eq(3600000, back.regv[0].wait.left);
	}
}
END_TEST


START_TEST(intervals_and_waits_that_make_no_sense_are_left_out)
{
	static const char *const badv[] = {
		"\"interval\":{\"learned\":0}", "\"interval\":{}",
		"\"interval\":7", "\"interval\":{\"learned\":86400001}",
		"\"interval\":{\"learned\":9,\"idle\":-1}",
		"\"interval\":{\"learned\":9,\"age\":1e99}",
		"\"interval\":{\"learned\":9,\"deaths\":4294967296}",
		"\"retry_after\":{\"left\":0,\"edge\":\"tcp 1.2.3.4 5\"}",
		"\"retry_after\":{\"left\":-9}", "\"retry_after\":9",
		"\"retry_after\":{\"edge\":\"tcp 1.2.3.4 5\"}",
	};
	char json[512];

	for (size_t i = 0; i < ARRAY_SIZE(badv); i++) {
		(void)snprintf(json, sizeof(json), ACCOUNT
			       ",\"registrations\":[{\"id\":1,\"callid\":\"c\","
			       "\"cseq\":1,%s}]}", badv[i]);
		ck_assert_int_eq(0, decode(1, json));
		ck_assert_uint_eq(1, back.regc);
		ck_assert_uint_eq(0, back.regv[0].interval.learned);
		ck_assert_uint_eq(0, back.regv[0].interval.age);
		ck_assert_uint_eq(0, back.regv[0].wait.left);
	}

	ck_assert_int_eq(0, decode(1, ACCOUNT ",\"registrations\":[{\"id\":1,"
		"\"callid\":\"c\",\"cseq\":1,\"retry_after\":{\"left\":5,"
		"\"edge\":\"tcp host 5\"}}]}"));
	ck_assert_uint_eq(5, back.regv[0].wait.left);
	ck_assert_int_eq(TRANSPORT_AUTO, back.regv[0].wait.edge.transport);
}
END_TEST


/* --- when it could be called last --- */

static void verdicts(enum reachable first, enum reachable second)
{
	memset(&back, 0, sizeof(back));
	back.at_usec = 100;
	back.eventc = 2;
	back.eventv[0] = (struct event){.at_usec = 10, .reachable = first};
	back.eventv[1] = (struct event){.at_usec = 20, .reachable = second};
}


START_TEST(the_history_says_when_it_could_be_called_last)
{
	verdicts(REACHABLE_NO, REACHABLE_UNKNOWN);
	ck_assert_int_eq(0, state_seen(&back));
	verdicts(REACHABLE_YES, REACHABLE_NO);
	ck_assert_int_eq(20, state_seen(&back));
	verdicts(REACHABLE_NO, REACHABLE_YES);
	ck_assert_int_eq(100, state_seen(&back));
	back.eventc = 0;
	ck_assert_int_eq(0, state_seen(&back));
}
END_TEST


Suite *suite_state_record(void)
{
	Suite *s = suite_create("state_record");
	TCase *tc = tcase_create("state_record");

	tcase_add_checked_fixture(tc, setup, teardown);

	tcase_add_test(tc, everything_comes_back_as_it_was);
	tcase_add_test(tc,
		an_account_about_which_little_is_known_is_a_short_line);
	tcase_add_test(tc, the_format_does_not_change_by_accident);
	tcase_add_test(tc, a_bit_that_flips_anywhere_spoils_the_line);
	tcase_add_test(tc, half_a_line_is_spoilt);
	tcase_add_test(tc, a_newer_version_is_known_as_such);
	tcase_add_test(tc, with_everything_at_its_limit_it_is_still_a_line);
	tcase_add_test(tc,
		a_line_that_is_too_long_leaves_the_buffer_as_it_was);
	tcase_add_test(tc,
		a_nonce_that_is_no_text_is_not_kept_rather_than_changed);
	tcase_add_test(tc, what_cannot_stand_in_a_header_is_left_out);
	tcase_add_test(tc,
		what_is_beyond_the_limits_is_left_out_and_never_cut);
	tcase_add_test(tc, a_reg_id_counts_once);
	tcase_add_test(tc, events_and_members_of_the_future_are_left_out);
	tcase_add_test(tc, what_is_no_account_is_refused);
	tcase_add_test(tc, contacts_whose_lease_has_ended_are_dropped);
	tcase_add_test(tc, a_clock_that_was_wrong_makes_no_endless_contact);
	tcase_add_test(tc, at_1970_nothing_is_dropped);
	tcase_add_test(tc,
		what_was_learned_ages_and_waits_pass_while_nobody_runs);
	tcase_add_test(tc,
		a_clock_that_does_not_know_makes_nothing_younger_or_longer);
	tcase_add_test(tc,
		intervals_and_waits_that_make_no_sense_are_left_out);
	tcase_add_test(tc, the_history_says_when_it_could_be_called_last);
	suite_add_tcase(s, tc);

	return s;
}
