/* Which messages are complete. */

#include <string.h>
#include "harness.h"
#include "sipmsg.h"

Suite *suite_sipmsg(void);

#define REQUEST "OPTIONS sip:alice@10.0.0.2 SIP/2.0\r\n"
#define ANSWER  "SIP/2.0 200 OK\r\n"
#define VIA     "Via: SIP/2.0/UDP 192.0.2.1:5080;branch=z9hG4bK1\r\n"
#define REST    "From: <sip:b@c>;tag=8\r\nTo: <sip:a@b>\r\nCall-ID: x\r\n"


static bool complete(const char *start, const char *headers)
{
	struct mbuf *mb = mbuf_alloc(512);
	struct sip_msg *msg = NULL;
	bool is;

	ck_assert_int_eq(0, mbuf_printf(mb, "%s%s\r\n", start, headers));
	mb->pos = 0;

	/* What libre refuses nobody gets to see. */
	is = !sip_msg_decode(&msg, mb) && message_complete(msg);
	mem_deref(msg);
	mem_deref(mb);

	return is;
}


START_TEST(every_header_that_is_needed_is_asked_for)
{
	static const char *const headers[] = {
		VIA, "From: <sip:b@c>;tag=8\r\n", "To: <sip:a@b>\r\n",
		"Call-ID: x\r\n", "CSeq: 1 OPTIONS\r\n",
	};
	static const char *const startv[] = {REQUEST, ANSWER};
	const size_t n = sizeof(headers) / sizeof(headers[0]);
	char text[512];

	/* the last round leaves nothing out */
	for (size_t without = 0; without <= n; without++) {
		text[0] = '\0';
		for (size_t i = 0; i < n; i++)
			if (i != without)
				strcat(text, headers[i]);

		ck_assert_int_eq(complete(startv[_i], text), without == n);
	}
}
END_TEST


START_TEST(what_cannot_be_combined_stands_there_once)
{
	static const char *const againv[] = {
		"From: <sip:x@y>;tag=9\r\n", "t: <sip:x@y>\r\n",
		"i: y\r\n", "CSeq: 2 OPTIONS\r\n",
	};
	char text[512];

	(void)re_snprintf(text, sizeof(text), VIA REST "CSeq: 1 OPTIONS\r\n%s",
			  againv[_i]);
	ck_assert(!complete(REQUEST, text));
	ck_assert(!complete(ANSWER, text));
}
END_TEST


START_TEST(a_via_needs_its_branch)
{
	ck_assert(!complete(REQUEST, "Via: SIP/2.0/UDP 192.0.2.1\r\n" REST
			    "CSeq: 1 OPTIONS\r\n"));
	ck_assert(!complete(ANSWER, "Via: SIP/2.0/UDP 192.0.2.1;branch=\r\n"
			    REST "CSeq: 1 OPTIONS\r\n"));
}
END_TEST


START_TEST(a_cseq_of_another_method_is_no_requests)
{
	ck_assert(complete(ANSWER, VIA REST "CSeq: 1 REGISTER\r\n"));
	ck_assert(!complete(REQUEST, VIA REST "CSeq: 1 REGISTER\r\n"));
	ck_assert(!complete(REQUEST, VIA REST "CSeq: 1 options\r\n"));
}
END_TEST


Suite *suite_sipmsg(void)
{
	Suite *s = suite_create("sipmsg");
	TCase *tc = tcase_create("sipmsg");

	tcase_add_checked_fixture(tc, harness_setup, harness_teardown);
	tcase_add_loop_test(tc, every_header_that_is_needed_is_asked_for, 0,
			    2);
	tcase_add_loop_test(tc, what_cannot_be_combined_stands_there_once, 0,
			    4);
	tcase_add_test(tc, a_via_needs_its_branch);
	tcase_add_test(tc, a_cseq_of_another_method_is_no_requests);
	suite_add_tcase(s, tc);

	return s;
}
