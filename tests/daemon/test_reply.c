/* Stateless answers: what is copied, what is added, where they go. */

#include <string.h>
#include "harness.h"
#include "reply.h"

Suite *suite_reply(void);

#define FROM "From: Bob <sip:bob@example.com>;tag=8\r\n"
#define REST FROM "To: <sip:alice@example.com>\r\n" \
	"Call-ID: abc@x\r\nCSeq: 0012 OPTIONS\r\n"
#define VIA  "Via: SIP/2.0/UDP 192.0.2.1:5080;branch=z9hG4bK1\r\n"

static char reply[REPLY_SIZE_MAX + 1];
static struct sa src;


static void setup(void)
{
	harness_setup();
	(void)sa_set_str(&src, "203.0.113.7", 40112);
	reply[0] = '\0';
}


static struct sip_msg *request(const char *headers)
{
	struct mbuf *mb = mbuf_alloc(1024);
	struct sip_msg *msg = NULL;

	ck_assert_int_eq(0, mbuf_printf(mb, "OPTIONS sip:alice@10.0.0.2 "
					"SIP/2.0\r\n%s\r\n", headers));
	mb->pos = 0;
	ck_assert_int_eq(0, sip_msg_decode(&msg, mb));
	mem_deref(mb);

	return msg;
}


/* The answer's text goes to `reply`. */
static int answered(const char *headers, const char *extra)
{
	struct sip_msg *msg = request(headers);
	struct mbuf *mb = mbuf_alloc(64);
	int err;

	(void)mbuf_write_str(mb, "in front");
	err = reply_print(mb, msg, &src, 200, "OK", extra);

	ck_assert_int_eq(0, memcmp(mb->buf, "in front", 8));
	ck_assert_uint_eq(mb->pos, mb->end);
	ck_assert_uint_le(mb->end - 8, REPLY_SIZE_MAX);
	memcpy(reply, mb->buf + 8, mb->end - 8);
	reply[mb->end - 8] = '\0';

	mem_deref(mb);
	mem_deref(msg);

	return err;
}


static void assert_via(const char *via, const char *expected)
{
	char headers[512], line[512];

	(void)re_snprintf(headers, sizeof(headers), "Via: %s\r\n" REST, via);
	(void)re_snprintf(line, sizeof(line), "\r\nVia: %s\r\n", expected);
	ck_assert_int_eq(0, answered(headers, NULL));
	ck_assert_msg(strstr(reply, line) != NULL, "no %s in %s", line, reply);
}


START_TEST(answer_copies_what_identifies_the_request)
{
	char tag[32], expected[512];
	struct pl pl;

	ck_assert_int_eq(0, answered(
		VIA "v: SIP/2.0/TCP b.example.com;branch=z9hG4bK2 , "
		"SIP/2.0/TLS c.example.com;branch=z9hG4bK3\r\n"
		REST "Via: SIP/2.0/UDP d.example.com;branch=z9hG4bK4\r\n",
		"Allow: OPTIONS\r\n"));
	ck_assert_int_eq(0, re_regex(reply, strlen(reply),
				     "com>;tag=[0-9a-f]+\r\nCall", &pl));
	ck_assert_int_eq(0, pl_strcpy(&pl, tag, sizeof(tag)));
	ck_assert_uint_eq(16, strlen(tag));

	(void)re_snprintf(expected, sizeof(expected), "SIP/2.0 200 OK\r\n"
		"Via: SIP/2.0/UDP 192.0.2.1:5080;branch=z9hG4bK1"
		";received=203.0.113.7\r\n"
		"Via: SIP/2.0/TCP b.example.com;branch=z9hG4bK2\r\n"
		"Via: SIP/2.0/TLS c.example.com;branch=z9hG4bK3\r\n"
		"Via: SIP/2.0/UDP d.example.com;branch=z9hG4bK4\r\n"
		FROM "To: <sip:alice@example.com>;tag=%s\r\n"
		"Call-ID: abc@x\r\nCSeq: 0012 OPTIONS\r\n"
		"Allow: OPTIONS\r\nContent-Length: 0\r\n\r\n", tag);
	ck_assert_str_eq(expected, reply);
}
END_TEST


START_TEST(tag_is_the_same_for_a_retransmission_only)
{
	char first[sizeof(reply)];

	ck_assert_int_eq(0, answered(VIA REST, NULL));
	memcpy(first, reply, sizeof(first));
	ck_assert_int_eq(0, answered(VIA REST, NULL));
	ck_assert_str_eq(first, reply);

	ck_assert_int_eq(0, answered("Via: SIP/2.0/UDP 192.0.2.1:5080;"
				     "branch=z9hG4bK2\r\n" REST, NULL));
	ck_assert_str_ne(strstr(first, "To: "), strstr(reply, "To: "));
}
END_TEST


START_TEST(tag_of_the_request_stays)
{
	ck_assert_int_eq(0, answered(VIA FROM "To: <sip:a@b>;tag=77\r\n"
				     "Call-ID: x\r\nCSeq: 1 BYE\r\n", NULL));
	ck_assert_ptr_nonnull(strstr(reply, "\r\nTo: <sip:a@b>;tag=77\r\n"));
}
END_TEST


START_TEST(top_via_tells_where_the_request_came_from)
{
	assert_via("SIP/2.0/UDP 203.0.113.7:5080;branch=z1",
		   "SIP/2.0/UDP 203.0.113.7:5080;branch=z1");
	assert_via("SIP/2.0/UDP 203.0.113.7:5080;rport;branch=z1",
		   "SIP/2.0/UDP 203.0.113.7:5080;branch=z1"
		   ";received=203.0.113.7;rport=40112");
	assert_via("SIP/2.0/TCP pc.example.com;branch=z1;alias",
		   "SIP/2.0/TCP pc.example.com;branch=z1;alias"
		   ";received=203.0.113.7");
	/* lies of the client */
	assert_via("SIP/2.0/UDP 10.0.0.1;received=1.2.3.4;rport=9;branch=z1",
		   "SIP/2.0/UDP 10.0.0.1;branch=z1"
		   ";received=203.0.113.7;rport=40112");
	assert_via("SIP/2.0/UDP 10.0.0.1;branch=z1;x=\"a;rport\" ;y",
		   "SIP/2.0/UDP 10.0.0.1;branch=z1;x=\"a;rport\";y"
		   ";received=203.0.113.7");

	(void)sa_set_str(&src, "2001:db8::7", 5060);
	assert_via("SIP/2.0/UDP [2001:db8::8]:5080;rport;branch=z1",
		   "SIP/2.0/UDP [2001:db8::8]:5080;branch=z1"
		   ";received=2001:db8::7;rport=5060");
}
END_TEST


START_TEST(folded_headers_come_back_on_one_line)
{
	ck_assert_int_eq(0, answered(VIA "From: Bob\r\n <sip:b@c>;tag=1\r\n"
				     "To:\r\n\t<sip:a@b>;tag=2\r\n"
				     "Call-ID: x\r\nCSeq: 1\r\n OPTIONS\r\n",
				     NULL));
	ck_assert_ptr_null(strstr(reply, "\r\n "));
	ck_assert_ptr_nonnull(strstr(reply, "From: Bob   <sip:b@c>;tag=1\r\n"));
	ck_assert_ptr_nonnull(strstr(reply, "CSeq: 1   OPTIONS\r\n"));
}
END_TEST


START_TEST(endless_vias_get_no_answer)
{
	char text[8192] = "";
	unsigned i;

	for (i = 0; i < REPLY_VIAS_MAX; i++)
		strcat(text, VIA);
	strcat(text, REST);
	ck_assert_int_eq(0, answered(text, NULL));

	strcat(text, VIA);
	ck_assert_int_eq(EBADMSG, answered(text, NULL));
	ck_assert_str_eq("", reply);
}
END_TEST


START_TEST(huge_headers_get_no_answer)
{
	char text[8192] = VIA "From: <sip:";

	memset(text + strlen(text), 'x', REPLY_SIZE_MAX);
	strcat(text, "@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: x\r\n"
	       "CSeq: 1 OPTIONS\r\n");
	ck_assert_int_eq(EBADMSG, answered(text, NULL));
	ck_assert_str_eq("", reply);
}
END_TEST


static void assert_address(const char *via, const char *expected)
{
	char headers[512], text[64];
	struct sip_msg *msg;
	struct sa dst;

	(void)re_snprintf(headers, sizeof(headers), "Via: %s\r\n" REST, via);
	msg = request(headers);
	reply_address(&dst, msg, &src);
	(void)re_snprintf(text, sizeof(text), "%J", &dst);
	ck_assert_str_eq(expected, text);
	mem_deref(msg);
}


START_TEST(answer_goes_to_where_the_request_came_from)
{
	assert_address("SIP/2.0/UDP 10.0.0.1:5080;branch=z1;rport",
		       "203.0.113.7:40112");
	assert_address("SIP/2.0/UDP 10.0.0.1:5080;branch=z1",
		       "203.0.113.7:5080");
	assert_address("SIP/2.0/UDP pc.example.com;branch=z1;maddr=1.2.3.4;"
		       "received=1.2.3.4", "203.0.113.7:5060");
}
END_TEST


Suite *suite_reply(void)
{
	Suite *s = suite_create("reply");
	TCase *tc = tcase_create("reply");

	tcase_add_checked_fixture(tc, setup, harness_teardown);
	tcase_add_test(tc, answer_copies_what_identifies_the_request);
	tcase_add_test(tc, tag_is_the_same_for_a_retransmission_only);
	tcase_add_test(tc, tag_of_the_request_stays);
	tcase_add_test(tc, top_via_tells_where_the_request_came_from);
	tcase_add_test(tc, folded_headers_come_back_on_one_line);
	tcase_add_test(tc, endless_vias_get_no_answer);
	tcase_add_test(tc, huge_headers_get_no_answer);
	tcase_add_test(tc, answer_goes_to_where_the_request_came_from);
	suite_add_tcase(s, tc);

	return s;
}
