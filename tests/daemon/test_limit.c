/* An AOR with as many bindings as its registrar keeps (SCENARIOS T24): what of
 * them is ours makes room for the next one, what is not is never named. */

#include <string.h>
#include "rig.h"


#define LIMIT      20
#define LOST_AGAIN 12000         /* [ms] a second loss in 10 s waits a while */

static const uint16_t fullv[] = {403, 603};

static struct rig_peer other;    /* somebody with many devices */


static void setup(void)
{
	rig_setup();
	ck_assert_int_eq(0, registrar_account(rig.reg, "alice", NULL,
					      "secret"));
	rig.conf->open = true;
	rig.conf->max_bindings = LIMIT;
	rig_peer_open(&other, "127.0.0.2");
}


static void teardown(void)
{
	rig_peer_close(&other);
	rig_teardown();
}


static bool is_answered(void *arg)
{
	return other.received > *(unsigned *)arg;
}


/* REGISTERs the devices of somebody else, or un-registers them. */
static void others(unsigned from, unsigned to, unsigned expires)
{
	const struct sa *dst = registrar_addr(rig.reg, TRANSPORT_UDP);
	unsigned before = other.received;
	static unsigned serial;
	char text[4096];
	int n;

	++serial;
	n = re_snprintf(text, sizeof(text),
			"REGISTER sip:example.org SIP/2.0\r\n"
			"Via: SIP/2.0/UDP 127.0.0.2;rport;branch=z9hG4bKo%u\r\n"
			"From: <sip:alice@example.org>;tag=o\r\n"
			"To: <sip:alice@example.org>\r\n"
			"Call-ID: others\r\nCSeq: %u REGISTER\r\n"
			"Expires: %u\r\nContent-Length: 0\r\n",
			serial, serial, expires);
	for (unsigned i = from; i < to; i++)
		n += re_snprintf(text + n, sizeof(text) - (size_t)n,
				 "Contact: <sip:alice@192.0.2.%u>\r\n", i);
	(void)re_snprintf(text + n, sizeof(text) - (size_t)n, "\r\n");

	rig_peer_send(&other, dst, text);
	ck_assert(harness_wait(is_answered, &before, RIG_WAIT));
	rig_has(other.in, "SIP/2.0 200 ");
}


/* How many of the bindings are those of somebody else. */
static unsigned foreign(void)
{
	const unsigned n = registrar_bindings(rig.reg, "alice");
	struct registrar_binding b;
	unsigned i, count = 0;

	for (i = 0; i < n; i++) {
		ck_assert(registrar_binding(rig.reg, "alice", i, &b));
		count += strstr(b.uri, "@192.0.2.") != NULL;
	}

	return count;
}


/* Has any REGISTER of ours named one of theirs? */
static void expect_none_named(void)
{
	const struct le *le;

	LIST_FOREACH(registrar_log(rig.reg), le) {

		const struct registrar_message *m = le->data;

		if (m->in && !m->code && strcmp(m->call_id, "others"))
			rig_has_not(m->text, "@192.0.2.");
	}
}


START_TEST(at_the_limit_our_new_flow_takes_the_place_of_the_old_one)
{
	rig.conf->full_code = fullv[_i];
	others(1, LIMIT, 3600);
	rig_one("alice", TRANSPORT_TCP, "");
	ck_assert_uint_eq(registrar_bindings(rig.reg, "alice"), LIMIT);

	for (unsigned i = 0; i < 2; i++) {

		const unsigned n = rig_registers("alice");

		rig_expect_proven("alice");
		ck_assert_uint_eq(registrar_cut(rig.reg, TRANSPORT_TCP,
						CUT_RST), 1);
		rig_expect_registers("alice", n + 1, LOST_AGAIN);
		rig_expect_registered("alice");
		/* the first one was enough, nothing was refused */
		ck_assert_uint_eq(rig_registers("alice"), n + 1);
		ck_assert_uint_eq(rig_state("alice")->code, 200);
		ck_assert_uint_eq(registrar_bindings(rig.reg, "alice"),
				  LIMIT);
		ck_assert_uint_eq(foreign(), LIMIT - 1);
	}

	expect_none_named();
}
END_TEST


START_TEST(where_there_is_no_room_nobody_is_named_and_room_is_used)
{
	rig.conf->full_code = fullv[_i];
	others(1, LIMIT + 1, 3600);
	rig_account("alice", TRANSPORT_UDP, "%s", "");
	rig_start("");
	rig_expect_reason("alice", _i ? REASON_REJECTED : REASON_FORBIDDEN);
	ck_assert(!rig_state("alice")->verdict.registered);
	ck_assert_uint_eq(rig_state("alice")->code, fullv[_i]);
	ck_assert_uint_eq(foreign(), LIMIT);

	/* one of them leaves */
	others(7, 8, 0);
	ck_assert(rig_register("alice").registered);
	ck_assert_uint_eq(foreign(), LIMIT - 1);
	ck_assert_uint_eq(registrar_bindings(rig.reg, "alice"), LIMIT);
	expect_none_named();

	/* and going, we take away what is ours */
	(void)rig_stop();
	ck_assert_uint_eq(registrar_bindings(rig.reg, "alice"), LIMIT - 1);
	ck_assert_uint_eq(foreign(), LIMIT - 1);
	expect_none_named();
}
END_TEST


Suite *suite_limit(void);

Suite *suite_limit(void)
{
	Suite *s = suite_create("limit");
	TCase *tc = tcase_create("bindings");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 30);
	tcase_add_loop_test(tc,
		at_the_limit_our_new_flow_takes_the_place_of_the_old_one, 0, 2);
	tcase_add_loop_test(tc,
		where_there_is_no_room_nobody_is_named_and_room_is_used, 0, 2);
	suite_add_tcase(s, tc);

	return s;
}
