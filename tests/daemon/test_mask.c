/* mask.c: what is taken out of a message, and that nothing else is. */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "mask.h"

Suite *suite_mask(void);

static struct mask values;
static char foundv[8][MASK_VALUE_MAX + 1];
static unsigned foundc;


static void setup(void)
{
	memset(&values, 0, sizeof(values));
	foundc = 0;
}


static void found_handler(const char *p, size_t l, void *arg)
{
	(void)arg;

	ck_assert_uint_lt(foundc, 8);
	ck_assert_uint_le(l, MASK_VALUE_MAX);
	(void)snprintf(foundv[foundc++], MASK_VALUE_MAX + 1, "%.*s", (int)l,
		       p);
}


/* In memory of exactly that size, for the checkers. */
static void check_len(const char *text, const char *want, size_t len)
{
	char *buf = malloc(len ? len : 1);

	memcpy(buf, text, len);
	mask_places(buf, len, found_handler, NULL);
	mask_values(buf, len, &values);
	if (memcmp(buf, want, len))
		ck_abort_msg("\n%.*s\ninstead of\n%s", (int)len, buf, want);
	free(buf);
}


static void check(const char *text, const char *want)
{
	ck_assert_uint_eq(strlen(text), strlen(want));
	check_len(text, want, strlen(text));
}


static void same(const char *text)
{
	check(text, text);
}


START_TEST(of_credentials_only_what_is_public_is_shown)
{
	check("Authorization: Digest username=\"alice\", realm=\"a b\", "
	      "nonce=\"f00d\", uri=\"sip:example.com\", response=\"0123abcd\""
	      ", algorithm=MD5, qop=auth, nc=00000001, cnonce=\"77\", "
	      "opaque=\"x\", auts=\"y\"\r\nTo: <sip:a@b>\r\n",
	      "Authorization: Digest username=\"alice\", realm=\"a b\", "
	      "nonce=\"****\", uri=\"sip:example.com\", response=\"********\""
	      ", algorithm=MD5, qop=auth, nc=00000001, cnonce=\"**\", "
	      "opaque=\"*\", auts=\"*\"\r\nTo: <sip:a@b>\r\n");
	ck_assert_uint_eq(1, foundc);
	ck_assert_str_eq("0123abcd", foundv[0]);
}
END_TEST


START_TEST(a_challenge_loses_its_nonce_alone)
{
	check("WWW-Authenticate: Digest realm=\"r\", nonce=\"abc\", opaque=\"o"
	      "\", stale=true\r\nProxy-Authenticate: Digest nonce=abc,qop=\""
	      "auth\"\r\n",
	      "WWW-Authenticate: Digest realm=\"r\", nonce=\"***\", opaque=\"o"
	      "\", stale=true\r\nProxy-Authenticate: Digest nonce=***,qop=\""
	      "auth\"\r\n");
	check("Authentication-Info: nextnonce=\"n1\", rspauth=\"r1\", qop=auth,"
	      " cnonce=\"c1\", nc=00000001\r\n",
	      "Authentication-Info: nextnonce=\"**\", rspauth=\"**\", qop=auth,"
	      " cnonce=\"**\", nc=00000001\r\n");
}
END_TEST


START_TEST(our_token_is_masked_wherever_it_stands)
{
	check("OPTIONS sip:a@10.0.0.2:5062;sipregd=abc.def SIP/2.0\r\n"
	      "m: <sip:a@10.0.0.2;SipRegD=abc.def;ob>;expires=60\r\n"
	      "Contact: \"x\" <sips:a@[::1]:1;sipregd = abc.def>, "
	      "<sip:b;sipregd=x?h=1>\r\n",
	      "OPTIONS sip:a@10.0.0.2:5062;sipregd=******* SIP/2.0\r\n"
	      "m: <sip:a@10.0.0.2;SipRegD=*******;ob>;expires=60\r\n"
	      "Contact: \"x\" <sips:a@[::1]:1;sipregd = *******>, "
	      "<sip:b;sipregd=*?h=1>\r\n");
}
END_TEST


START_TEST(spacing_case_and_folds_do_not_matter)
{
	check("aUTHORIZATION \t:  DIGEST\r\n  Response\t=\r\n \"ab\r\n cd\","
	      "x=y\r\n\tz\r\nTo: response\r\n",
	      "aUTHORIZATION \t:  DIGEST\r\n  Response\t=\r\n \"**\r\n **\","
	      "x=*\r\n\t*\r\nTo: response\r\n");
	check("Authorization\r\n : Digest a=b\r\n",
	      "Authorization\r\n : Digest a=*\r\n");
	check("authorization:Digest a=\"b\\\"c\",realm=\"d\"\nTo: x\n",
	      "authorization:Digest a=\"****\",realm=\"d\"\nTo: x\n");
}
END_TEST


START_TEST(several_in_one_line)
{
	check("Authorization: Digest realm=\"r\", response=\"ab\", Digest "
	      "realm=\"s\", response=\"cd\" Digest response=ef\r\n",
	      "Authorization: Digest realm=\"r\", response=\"**\", Digest "
	      "realm=\"s\", response=\"**\" Digest response=**\r\n");
	check("Authorization: Digest realm=\"r\", Basic dXNlcjpwYXNz\r\n",
	      "Authorization: Digest realm=\"r\", ***** ************\r\n");
}
END_TEST


START_TEST(other_schemes_are_masked_whole)
{
	check("Authorization: Basic dXNlcjpwYXNz\r\n",
	      "Authorization: Basic ************\r\n");
	check("Proxy-Authorization:\r\n Bearer ey.J0=\r\n",
	      "Proxy-Authorization:\r\n Bearer ******\r\n");
	check("Authorization: dXNlcjpwYXNz=\r\n",
	      "Authorization: *************\r\n");
	check("Authorization: Digest\r\n", "Authorization: ******\r\n");
}
END_TEST


START_TEST(headers_that_carry_a_key_are_masked_whole)
{
	check("X-Api-Key: k3y with blanks\r\nX-Auth: Bearer t\r\n"
	      "Cookie: a=b\r\nP-Media-Authorization: 0020\r\n"
	      "X-Password:x\r\nSipregd-Probe: 00ff00ff\r\n",
	      "X-Api-Key: *** **** ******\r\nX-Auth: ****** *\r\n"
	      "Cookie: ***\r\nP-Media-Authorization: ****\r\n"
	      "X-Password:*\r\nSipregd-Probe: ********\r\n");
	ck_assert_uint_eq(1, foundc);
	ck_assert_str_eq("00ff00ff", foundv[0]);
}
END_TEST


START_TEST(what_is_cut_off_is_masked_to_its_end)
{
	check("Authorization: Digest nonce=\"ab", "Authorization: Digest "
	      "nonce=\"**");
	check("Authorization: Digest realm=\"ab", "Authorization: Digest "
	      "realm=\"ab");
	check("Authorization: Bas", "Authorization: ***");
	same("Authorization:");
	same("Authorization: Digest nonce=");
	same("Authorization: Digest nonce=\"");
	same("Authorization: Digest nonce=\\");
	same("nonce=\r");
	same("nonce\r\n ");
	same("");
}
END_TEST


START_TEST(an_unclosed_quote_ends_with_its_header)
{
	check("Authorization: Digest nonce=\"ab\r\nVia: SIP/2.0/UDP a\r\n",
	      "Authorization: Digest nonce=\"**\r\nVia: SIP/2.0/UDP a\r\n");
}
END_TEST


START_TEST(credentials_sent_back_are_masked_too)
{
	check("SIP/2.0 400 Bad\r\nWarning: 399 x \"response=\\\"abcd\\\" is "
	      "bad\"\r\n\r\nGot:\r\nAuthorization: Digest opaque=abc\r\n"
	      "cnonce = 'abc'\r\n",
	      "SIP/2.0 400 Bad\r\nWarning: 399 x \"response=\\\"****\\\" is "
	      "bad\"\r\n\r\nGot:\r\nAuthorization: Digest opaque=***\r\n"
	      "cnonce = *****\r\n");
}
END_TEST


START_TEST(values_are_masked_wherever_and_however_they_stand)
{
	mask_add(&values, "d41d8cd98f00", 12);
	mask_add(&values, "pass word", 9);

	check("a d41d8cd98f00d41d8cd98f00 b xD41D8CD98F00x\r\n",
	      "a ************************ b x************x\r\n");
	check("%64%341d8cd98f00 d\\41d8cd98f00 d41d8c\r\n d98f00.\r\n",
	      "**************** ************* ******\r\n ******.\r\n");
	check("pass%20word pass word Pass Word", "*********** **** **** **** "
	      "****");
	same("d41d8cd98f0 0 pass\r\nword");
}
END_TEST


START_TEST(a_value_cut_off_at_the_end_is_masked)
{
	mask_add(&values, "d41d8cd98f00", 12);

	check("To: d41d8", "To: *****");
	check("To: d41d%38%6", "To: *********");
	same("To: d41");
}
END_TEST


START_TEST(short_values_are_not_looked_for)
{
	mask_add(&values, "abc", 3);
	mask_add(&values, NULL, 0);
	ck_assert_uint_eq(0, values.valuec);

	for (unsigned i = 0; i <= MASK_VALUES; i++)
		mask_add(&values, "abcd", 4);
	ck_assert_uint_eq(MASK_VALUES, values.valuec);
}
END_TEST


START_TEST(keys_of_configured_headers_are_values)
{
	mask_add_header(&values, "X-Site: 70001");
	mask_add_header(&values, "X-Api-Key :  k3y-k3y");
	ck_assert_uint_eq(1, values.valuec);

	check("body k3y-k3y 70001", "body ******* 70001");
}
END_TEST


START_TEST(a_value_with_escapes_in_it_is_masked_as_it_is_too)
{
	mask_add(&values, "pa%20ss", 7);
	mask_add(&values, "ab\\cd\\1", 7);
	mask_add(&values, "%41%42", 6);

	check("Reason: pa%20ss, pa%2520ss, pa%20 ss",
	      "Reason: *******, *********, pa%20 ss");
	check("ab\\cd\\1 \"ab\\\\cd\\\\1\" ab\\\r\n cd\\1",
	      "******* \"*********\" ***\r\n ****");
	check("%41%42 %2541%2542", "****** **********");
	check("cut off: pa%2", "cut off: ****");
}
END_TEST


START_TEST(zeros_and_any_bytes_are_text)
{
	static const char text[] = "A\0: \xff nonce=\"a\0b\" d41d\0\r\n";
	static const char want[] = "A\0: \xff nonce=\"***\" ****\0\r\n";

	mask_add(&values, "d41d", 4);
	check_len(text, want, sizeof(text) - 1);
}
END_TEST


START_TEST(all_else_stays_byte_for_byte)
{
	same("INVITE sip:alice@10.0.0.2:5062;transport=udp SIP/2.0\r\n"
	     "v: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK=x;rport\r\n"
	     "f: \"Nonce\" <sip:bob@example.com>;tag=1\r\nt: <sip:a@b>\r\n"
	     "Call-ID: 0123456789abcdef0123456789abcdef\r\n"
	     "WWW-Authenticate: Digest realm=\"r\", qop=\"auth\"\r\n"
	     "Supported: path, outbound\r\nX-Empty:\r\n"
	     "l: 11\r\n\r\nv=0\r\no=- 1\r\n");
}
END_TEST


START_TEST(a_copy_to_be_shown_is_masked_by_place)
{
	static const char token[] = "sip:a@192.0.2.1;sipregd=0a1b.2c3d;ob";
	const struct pl phrase = PL("Oops, cnonce=\"abc\"");
	const struct pl none = PL_INIT;
	char buf[64], small[8];

	ck_assert_str_eq("sip:a@192.0.2.1;sipregd=*********;ob",
			 mask_copy(buf, sizeof(buf), token));
	ck_assert_str_eq("X-Api-Key: ******",
			 mask_copy(buf, sizeof(buf), "X-Api-Key: hidden"));
	ck_assert_str_eq("X-Site: 7", mask_copy(buf, sizeof(buf),
						"X-Site: 7"));
	ck_assert_str_eq("", mask_copy(buf, sizeof(buf), ""));
	ck_assert_str_eq("sip:a@1", mask_copy(small, sizeof(small), token));
	ck_assert_str_eq("Oops, cnonce=\"***\"",
			 mask_copy_pl(buf, sizeof(buf), &phrase));
	ck_assert_str_eq("", mask_copy_pl(buf, sizeof(buf), &none));
}
END_TEST


/* What a peer can make us do 65536 bytes long takes no time to speak of. */
START_TEST(long_messages_are_masked_in_linear_time)
{
	enum {LEN = 65536};
	static const char *const v[] = {
		"nonce=\"\r\n ", "Authorization: Digest a\r\n ", "= ",
		"authorization:", "\r\n ", "response=", "d41d8cd98f0",
		"%64", "\\", "nonce \r\n ", "\r", "a\"=", "nonce=\"",
	};
	char *text = malloc(LEN);

	mask_add(&values, "d41d8cd98f00", 12);
	mask_add(&values, "dddddddddddd", 12);
	for (size_t i = 0; i < sizeof(v) / sizeof(*v); i++) {
		const size_t l = strlen(v[i]);

		for (size_t n = 0; n < LEN; n++)
			text[n] = v[i][n % l];
		mask_places(text, LEN, NULL, NULL);
		mask_values(text, LEN, &values);
	}
	free(text);
}
END_TEST


Suite *suite_mask(void)
{
	Suite *s = suite_create("mask");
	TCase *tc = tcase_create("mask");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_set_timeout(tc, 4);
	tcase_add_test(tc, of_credentials_only_what_is_public_is_shown);
	tcase_add_test(tc, a_challenge_loses_its_nonce_alone);
	tcase_add_test(tc, our_token_is_masked_wherever_it_stands);
	tcase_add_test(tc, spacing_case_and_folds_do_not_matter);
	tcase_add_test(tc, several_in_one_line);
	tcase_add_test(tc, other_schemes_are_masked_whole);
	tcase_add_test(tc, headers_that_carry_a_key_are_masked_whole);
	tcase_add_test(tc, what_is_cut_off_is_masked_to_its_end);
	tcase_add_test(tc, an_unclosed_quote_ends_with_its_header);
	tcase_add_test(tc, credentials_sent_back_are_masked_too);
	tcase_add_test(tc,
		       values_are_masked_wherever_and_however_they_stand);
	tcase_add_test(tc, a_value_cut_off_at_the_end_is_masked);
	tcase_add_test(tc, short_values_are_not_looked_for);
	tcase_add_test(tc, keys_of_configured_headers_are_values);
	tcase_add_test(tc,
		       a_value_with_escapes_in_it_is_masked_as_it_is_too);
	tcase_add_test(tc, zeros_and_any_bytes_are_text);
	tcase_add_test(tc, all_else_stays_byte_for_byte);
	tcase_add_test(tc, a_copy_to_be_shown_is_masked_by_place);
	tcase_add_test(tc, long_messages_are_masked_in_linear_time);
	suite_add_tcase(s, tc);

	return s;
}
