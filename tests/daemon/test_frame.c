/* The framer: what is cut out of a stream, however its bytes come apart
 * (SCENARIOS T22). */

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include "frame.h"


#define OK "SIP/2.0 200 OK\r\nVia: SIP/2.0/TCP a;branch=z\r\n"
#define BODY OK "Content-Length: 5\r\n\r\nhello"
#define BARE OK "l: 0\r\n\r\n"

static struct frame frame;
static char told[4096];          /* "[message]" "<pong>" "<ping>" "!error" */


static void setup(void)
{
	frame_init(&frame);
	told[0] = '\0';
}


static void teardown(void)
{
	frame_reset(&frame);
}


static void tell(const char *p, size_t len)
{
	ck_assert_uint_lt(strlen(told) + len, sizeof(told));
	strncat(told, p, len);
}


static bool next(msec_t now)
{
	struct mbuf *mb;

	switch (frame_next(&frame, &mb, now)) {

	case FRAME_MORE:
		return false;

	case FRAME_MESSAGE:
		ck_assert_uint_eq(0, mb->pos);
		ck_assert_uint_eq(mb->size, mb->end);
		tell("[", 1);
		tell((char *)mb->buf, mb->end);
		tell("]", 1);
		mem_deref(mb);
		return true;

	case FRAME_PONG:
		tell("<pong>", 6);
		return true;

	case FRAME_PING:
		tell("<ping>", 6);
		return true;

	case FRAME_ERROR:
		tell("!", 1);
		tell(frame.error, strlen(frame.error));
		return false;
	}

	return false;
}


static void add_bytes(const char *p, size_t len, msec_t now)
{
	ck_assert_int_eq(0, frame_add(&frame, (const uint8_t *)p, len, now));
	while (next(now))
		;
}


static void add(const char *text, msec_t now)
{
	add_bytes(text, strlen(text), now);
}


static void one_by_one(const char *text, msec_t now)
{
	for (; *text; text++)
		add_bytes(text, 1, now);
}


#define expect(text) ck_assert_str_eq(text, told)


START_TEST(message_with_body_comes_out_exactly)
{
	add(BODY, 0);
	expect("[" BODY "]");
	ck_assert_ptr_null(frame.mb);
}
END_TEST


START_TEST(two_messages_and_a_half_in_one_segment)
{
	add(BODY BARE OK, 7);
	expect("[" BODY "][" BARE "]");
	ck_assert_uint_eq(7, frame.since);
	add("l:0\r\n\r\n", 9);
	expect("[" BODY "][" BARE "][" OK "l:0\r\n\r\n" "]");
	ck_assert_uint_eq(NEVER, frame.since);
}
END_TEST


START_TEST(one_byte_at_a_time)
{
	one_by_one(BODY BARE, 3);
	expect("[" BODY "][" BARE "]");
	ck_assert_uint_eq(NEVER, frame.since);
}
END_TEST


START_TEST(any_split_in_two_gives_the_same)
{
	static const char all[] = BODY "\r\n\r\n" BARE "\r\n";
	size_t i;

	for (i = 0; i < sizeof(all); i++) {
		teardown();
		setup();
		add_bytes(all, i, 0);
		add_bytes(all + i, sizeof(all) - 1 - i, FRAME_PING_JOIN + 1);

		/* but a ping that is torn apart for so long is two pongs */
		if (i == strlen(BODY) + 2)
			expect("[" BODY "]<pong><pong>[" BARE "]<pong>");
		else
			expect("[" BODY "]<ping>[" BARE "]<pong>");
	}
}
END_TEST


START_TEST(since_is_the_first_byte_of_what_is_not_whole)
{
	ck_assert_uint_eq(NEVER, frame.since);
	add("S", 100);
	add("IP/2.0 200", 200);
	ck_assert_uint_eq(100, frame.since);
	add(" OK\r\nl:1\r\n\r\nx" "SI", 300);
	ck_assert_uint_eq(300, frame.since);
}
END_TEST


START_TEST(single_crlf_is_a_pong_at_once)
{
	add("\r\n", 0);
	expect("<pong>");
	ck_assert_uint_eq(NEVER, frame.since);
}
END_TEST


START_TEST(pongs_an_interval_apart_are_never_a_ping)
{
	add("\r\n", 1000);
	add("\r\n", 2000);
	add("\r\n", 3000);
	expect("<pong><pong><pong>");
}
END_TEST


START_TEST(double_crlf_is_a_ping_and_no_pong)
{
	add("\r\n\r\n", 0);
	expect("<ping>");
}
END_TEST


START_TEST(halves_of_a_ping_make_a_ping)
{
	add("\r\n", 1000);
	add("\r\n", 1000 + FRAME_PING_JOIN);
	expect("<pong><ping>");
}
END_TEST


START_TEST(ping_torn_between_cr_and_lf)
{
	add("\r\n\r", 0);
	expect("");
	ck_assert_uint_eq(0, frame.since);
	add("\n", 5);
	expect("<ping>");
}
END_TEST


START_TEST(message_between_crlfs_keeps_them_apart)
{
	add("\r\n" BARE "\r\n", 0);
	expect("<pong>[" BARE "]<pong>");
}
END_TEST


START_TEST(runs_of_crlf_are_pings_and_a_pong)
{
	add("\r\n\r\n\r\n\r\n\r\n", 0);
	expect("<ping><ping><pong>");
}
END_TEST


START_TEST(content_length_forms)
{
	static const char *const formv[] = {
		"Content-Length: 2", "content-length:2",
		"CONTENT-LENGTH \t : 2",
		"l:2", "L : 2", "l:\r\n 2", "l: 2 \t", "l: 0002",
		"l:2\r\nContent-Length: 2", "Subject: x\r\n l: 9\r\nl:2",
		"Content-Length-X: 9\r\nl: 2",
	};
	char text[256];
	size_t i;

	for (i = 0; i < sizeof(formv) / sizeof(formv[0]); i++) {
		teardown();
		setup();
		(void)snprintf(text, sizeof(text), OK "%s\r\n\r\nab",
			       formv[i]);
		add(text, 0);
		ck_assert_msg(told[0] == '[' && !strchr(told, '!'), "%s: %s",
			      formv[i], told);
		ck_assert_uint_eq(strlen(text) + 2, strlen(told));
	}
}
END_TEST


START_TEST(content_length_lies_end_it)
{
	static const struct {
		const char *header;
		const char *error;
	} casev[] = {
		{"Subject: x", "!no Content-Length"},
		{"l: -1", "!Content-Length is not a number"},
		{"l: +1", "!Content-Length is not a number"},
		{"l: 1 2", "!Content-Length is not a number"},
		{"l: 1\r\n 2", "!Content-Length is not a number"},
		{"l: 2, 2", "!Content-Length is not a number"},
		{"l: 0x2", "!Content-Length is not a number"},
		{"l:", "!Content-Length is not a number"},
		{"l: 4294967298", "!Content-Length is not a number"},
		{"l: 18446744073709551618", "!Content-Length is not a number"},
		{"l: 4294967295", "!message too large"},
		{"l: 65536", "!message too large"},
		{"l: 2\r\nContent-Length: 3", "!several Content-Lengths"},
		{"l: 2\r\nl: 2\r\nl: 3", "!several Content-Lengths"},
	};
	char text[256];
	size_t i;

	for (i = 0; i < sizeof(casev) / sizeof(casev[0]); i++) {
		teardown();
		setup();
		(void)snprintf(text, sizeof(text), OK "%s\r\n\r\nab",
			       casev[i].header);
		add(text, 0);
		expect(casev[i].error);
	}
}
END_TEST


START_TEST(what_is_not_sip_ends_it)
{
	static const char *const textv[] = {
		"\x16\x03\x01", "\n", "\r\r", " SIP/2.0 200 OK\r\n",
		"HTTP/1.1 400 Bad Request\r\n", "GET / HTTP/1.1\r\n",
		"220 mail.example.com ESMTP\r\n", "SIP/2.0\r\n",
		"SIP/3.0 200 OK\r\n", "INVITE SIP/2.0\r\n",
		"INVITE  SIP/2.0\r\n", "IN(VITE sip:a SIP/2.0\r\n",
		"INVITE sip:a SIP/2.0 \r\n", "INVITE sip:aSIP/2.0\r\n",
	};
	size_t i;

	for (i = 0; i < sizeof(textv) / sizeof(textv[0]); i++) {
		teardown();
		setup();
		add(textv[i], 0);
		ck_assert_msg(told[0] == '!', "%s: %s", textv[i], told);
	}
}
END_TEST


START_TEST(start_lines_of_requests_and_any_case)
{
#define END "\r\nl:0\r\n\r\n"
	static const char *const linev[] = {
		"INVITE sip:a@b SIP/2.0" END, "sip/2.0 200 OK" END,
		"X-.!%*_+`'~ urn:x y sip/2.0" END, "A b SIP/2.0" END,
	};
#undef END
	size_t i;

	for (i = 0; i < sizeof(linev) / sizeof(linev[0]); i++) {
		told[0] = '\0';
		add(linev[i], 0);
		ck_assert_int_eq('[', told[0]);
		ck_assert_uint_eq(strlen(linev[i]) + 2, strlen(told));
	}
}
END_TEST


/* Others take them for line ends and see a second Content-Length. */
START_TEST(bare_cr_or_lf_in_a_header_ends_it)
{
	static const char *const textv[] = {
		OK "X: a\nl: 5\r\nl: 0\r\n\r\n", OK "X: a\rl: 5\r\n",
		OK "X: a\n\n", OK "X: a\r\r\n", "SIP/2.0 200 OK\n",
	};
	size_t i;

	for (i = 0; i < sizeof(textv) / sizeof(textv[0]); i++) {
		teardown();
		setup();
		add(textv[i], 0);
		expect("!bare CR or LF in a header");
	}
}
END_TEST


START_TEST(body_may_hold_anything)
{
	static const char body[] = OK "l: 9\r\n\r\n\r\n\r\nSIP\n\0";

	add_bytes(body, sizeof(body) - 1, 0);
	ck_assert_ptr_null(strchr(told, '!'));
	ck_assert_ptr_null(frame.mb);
}
END_TEST


START_TEST(whole_messages_before_garbage_are_told)
{
	add(BODY "\r\n\r\n" "\x80garbage", 0);
	expect("[" BODY "]<ping>!not SIP");
}
END_TEST


START_TEST(error_stays)
{
	add("\n", 0);
	add(BODY, 0);
	expect("!not SIP!not SIP");
}
END_TEST


static void add_header_of(size_t len)
{
	size_t n = strlen(OK) + strlen("X: ");

	add(OK "X: ", 0);
	for (; n < len - strlen("\r\nl:0\r\n\r\n"); n++)
		add_bytes("x", 1, 0);
	ck_assert_str_eq("", told);
	ck_assert_int_eq(0, frame_add(&frame, (const uint8_t *)
				      "\r\nl:0\r\n\r\n", 9, 0));
}


START_TEST(largest_message_there_can_be)
{
	struct mbuf *mb;

	add_header_of(FRAME_MESSAGE_MAX);
	ck_assert_int_eq(FRAME_MESSAGE, frame_next(&frame, &mb, 0));
	ck_assert_uint_eq(FRAME_MESSAGE_MAX, mb->end);
	mem_deref(mb);
}
END_TEST


START_TEST(one_byte_more_is_too_large)
{
	struct mbuf *mb;

	add_header_of(FRAME_MESSAGE_MAX + 1);
	ck_assert_int_eq(FRAME_ERROR, frame_next(&frame, &mb, 0));
	ck_assert_str_eq("header too large", frame.error);
}
END_TEST


START_TEST(body_that_just_fits_and_one_that_does_not)
{
	char text[128];

	(void)snprintf(text, sizeof(text), "%sl: %05zu\r\n\r\n", OK,
		       FRAME_MESSAGE_MAX - strlen(OK) - 12);
	add(text, 0);
	expect("");

	teardown();
	setup();
	(void)snprintf(text, sizeof(text), "%sl: %05zu\r\n\r\n", OK,
		       FRAME_MESSAGE_MAX - strlen(OK) - 11);
	add(text, 0);
	expect("!message too large");
}
END_TEST


START_TEST(datagrams_are_told_apart)
{
	static const struct {
		const char *p;
		size_t len;
		enum frame_datagram kind;
	} casev[] = {
		{"", 0, FRAME_BLANK},
		{"\0\0\0\0", 4, FRAME_BLANK},
		{"\r\n", 2, FRAME_CRLF},
		{"\r\n\r\n", 4, FRAME_BLANK},
		{"\r", 1, FRAME_BLANK},
		{"\r\n\0", 3, FRAME_BLANK},
		{"\x01\x01\0\0\x21\x12\xa4\x42" "123456789012", 20, FRAME_STUN},
		{"\0\x01\0\0\x21\x12\xa4\x42" "123456789012", 20, FRAME_STUN},
		{"\x01\x01\0\0\x21\x12\xa4\x43" "123456789012", 20,
		 FRAME_BLANK},
		{"\x01\x01\0\0\x21\x12\xa4\x42" "12345678901", 19, FRAME_BLANK},
		{BARE, sizeof(BARE) - 1, FRAME_SIP},
		{"\r\n" BARE, sizeof(BARE) + 1, FRAME_SIP},
		{"garbage", 7, FRAME_SIP},
	};
	size_t i;

	for (i = 0; i < sizeof(casev) / sizeof(casev[0]); i++)
		ck_assert_int_eq(casev[i].kind,
				 frame_datagram((const uint8_t *)casev[i].p,
						casev[i].len));
}
END_TEST


Suite *suite_frame(void);
Suite *suite_frame(void)
{
	Suite *s = suite_create("frame");
	TCase *tc = tcase_create("frame");

	tcase_add_checked_fixture(tc, setup, teardown);

	tcase_add_test(tc, message_with_body_comes_out_exactly);
	tcase_add_test(tc, two_messages_and_a_half_in_one_segment);
	tcase_add_test(tc, one_byte_at_a_time);
	tcase_add_test(tc, any_split_in_two_gives_the_same);
	tcase_add_test(tc, since_is_the_first_byte_of_what_is_not_whole);
	tcase_add_test(tc, single_crlf_is_a_pong_at_once);
	tcase_add_test(tc, pongs_an_interval_apart_are_never_a_ping);
	tcase_add_test(tc, double_crlf_is_a_ping_and_no_pong);
	tcase_add_test(tc, halves_of_a_ping_make_a_ping);
	tcase_add_test(tc, ping_torn_between_cr_and_lf);
	tcase_add_test(tc, message_between_crlfs_keeps_them_apart);
	tcase_add_test(tc, runs_of_crlf_are_pings_and_a_pong);
	tcase_add_test(tc, content_length_forms);
	tcase_add_test(tc, content_length_lies_end_it);
	tcase_add_test(tc, what_is_not_sip_ends_it);
	tcase_add_test(tc, start_lines_of_requests_and_any_case);
	tcase_add_test(tc, bare_cr_or_lf_in_a_header_ends_it);
	tcase_add_test(tc, body_may_hold_anything);
	tcase_add_test(tc, whole_messages_before_garbage_are_told);
	tcase_add_test(tc, error_stays);
	tcase_add_test(tc, largest_message_there_can_be);
	tcase_add_test(tc, one_byte_more_is_too_large);
	tcase_add_test(tc, body_that_just_fits_and_one_that_does_not);
	tcase_add_test(tc, datagrams_are_told_apart);

	suite_add_tcase(s, tc);

	return s;
}
