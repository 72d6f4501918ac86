/* What the Via of an answer tells about the way. */

#include <string.h>
#include "harness.h"
#include "via.h"

Suite *suite_via(void);


static struct addr local;


static void setup(void)
{
	harness_setup();
	ck_assert(addr_parse(&local, "192.0.2.1", 9, 40112));
}


/* An answer with this Via, without "SIP/2.0/UDP ". */
static struct sip_msg *answer(const char *via)
{
	struct mbuf *mb = mbuf_alloc(512);
	struct sip_msg *msg;

	ck_assert_int_eq(0, mbuf_printf(mb, "SIP/2.0 200 OK\r\n"
					"Via: SIP/2.0/UDP %s\r\n"
					"From: <sip:a@b>;tag=1\r\n"
					"To: <sip:a@b>;tag=2\r\n"
					"Call-ID: x\r\nCSeq: 1 OPTIONS\r\n"
					"Content-Length: 0\r\n\r\n", via));
	mb->pos = 0;
	ck_assert_msg(!sip_msg_decode(&msg, mb), "libre refuses %s", via);
	mem_deref(mb);

	return msg;
}


/* "": nothing is known. */
static void expect_mapped(const char *via, const char *addr)
{
	struct sip_msg *msg = answer(via);
	struct addr mapped = local;
	char text[ADDR_STRLEN];

	mapped_read(&mapped, msg, &local);
	ck_assert_str_eq(addr_print(&mapped, text, sizeof(text)), addr);
	mem_deref(msg);
}


static bool rewritten(const char *via, enum transport transport)
{
	struct sip_msg *msg = answer(via);
	const bool is = via_rewritten(msg, &local, transport);

	mem_deref(msg);

	return is;
}


START_TEST(received_and_rport_are_where_the_server_saw_us)
{
	expect_mapped("192.0.2.1:40112;branch=z9hG4bK1;rport=5066"
		      ";received=203.0.113.7", "203.0.113.7:5066");
	expect_mapped("192.0.2.1:40112;RECEIVED=203.0.113.7;branch=z9hG4bK1"
		      ";RPort=1", "203.0.113.7:1");
	expect_mapped("192.0.2.1:40112;branch=z9hG4bK1;rport=5066"
		      ";received=2001:db8::7", "[2001:db8::7]:5066");
	expect_mapped("192.0.2.1:40112;branch=z9hG4bK1;rport=5066"
		      ";received=[2001:db8::7]", "[2001:db8::7]:5066");
}
END_TEST


START_TEST(without_received_it_saw_our_own_address)
{
	expect_mapped("192.0.2.1:40112;branch=z9hG4bK1;rport=40112",
		      "192.0.2.1:40112");
	expect_mapped("192.0.2.1:40112;branch=z9hG4bK1;rport=5066",
		      "192.0.2.1:5066");
}
END_TEST


START_TEST(without_a_port_nothing_is_known)
{
	static const char *const endv[] = {
		"", ";rport", ";rport=", ";rport=0", ";rport=65536",
		";rport=5060x", ";rport=-1",
		";rport=5060;received=host.example",
		";rport=5060;received=", ";rport=5060;received=192.0.2.300",
	};
	char via[256];

	for (size_t i = 0; i < sizeof(endv) / sizeof(endv[0]); i++) {
		(void)re_snprintf(via, sizeof(via), "192.0.2.1:40112"
				  ";branch=z9hG4bK1%s", endv[i]);
		expect_mapped(via, "");
	}

	local.family = ADDR_NONE;
	expect_mapped("192.0.2.1:40112;branch=z9hG4bK1;rport=5066", "");
}
END_TEST


START_TEST(a_via_that_comes_back_as_it_was_is_not_rewritten)
{
	ck_assert(!rewritten("192.0.2.1:40112;branch=z9hG4bK1;rport=5066"
			     ";received=203.0.113.7", TRANSPORT_UDP));
	ck_assert(!rewritten("192.0.2.1:40112 ;branch=z9hG4bK1",
			     TRANSPORT_UDP));

	ck_assert(addr_parse(&local, "2001:db8::1", 11, 5062));
	ck_assert(!rewritten("[2001:db8::1]:5062;branch=z9hG4bK1",
			     TRANSPORT_TCP));
	ck_assert(!rewritten("[2001:db8:0::1]:5062;branch=z9hG4bK1",
			     TRANSPORT_TCP));
}
END_TEST


START_TEST(another_address_or_port_is)
{
	static const char *const viav[] = {
		"203.0.113.7:40112", "192.0.2.1:40113", "192.0.2.1",
		"192.0.2.1:5060", "router.example:40112", "192.0.2.1:0",
		"[2001:db8::1]:40112", "[2001:db8::1]",
	};
	char via[128];

	for (size_t i = 0; i < sizeof(viav) / sizeof(viav[0]); i++) {
		(void)re_snprintf(via, sizeof(via), "%s;branch=z9hG4bK1",
				  viav[i]);
		ck_assert_msg(rewritten(via, TRANSPORT_UDP), "%s", via);
	}
}
END_TEST


START_TEST(a_missing_port_is_the_usual_one)
{
	local.port = 5060;
	ck_assert(!rewritten("192.0.2.1;branch=z9hG4bK1", TRANSPORT_UDP));
	ck_assert(!rewritten("192.0.2.1;branch=z9hG4bK1", TRANSPORT_TCP));
	ck_assert(rewritten("192.0.2.1;branch=z9hG4bK1", TRANSPORT_TLS));
	local.port = 5061;
	ck_assert(!rewritten("192.0.2.1;branch=z9hG4bK1", TRANSPORT_TLS));
}
END_TEST


Suite *suite_via(void)
{
	Suite *s = suite_create("via");
	TCase *tc = tcase_create("mapped");

	tcase_add_checked_fixture(tc, setup, harness_teardown);
	tcase_add_test(tc, received_and_rport_are_where_the_server_saw_us);
	tcase_add_test(tc, without_received_it_saw_our_own_address);
	tcase_add_test(tc, without_a_port_nothing_is_known);
	suite_add_tcase(s, tc);

	tc = tcase_create("rewritten");
	tcase_add_checked_fixture(tc, setup, harness_teardown);
	tcase_add_test(tc, a_via_that_comes_back_as_it_was_is_not_rewritten);
	tcase_add_test(tc, another_address_or_port_is);
	tcase_add_test(tc, a_missing_port_is_the_usual_one);
	suite_add_tcase(s, tc);

	return s;
}
