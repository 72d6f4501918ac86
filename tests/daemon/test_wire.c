/* wire/: framing, strict decoding, writing, reading back. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "harness.h"
#include "utf8.h"
#include "value.h"
#include "varlink.h"
#include "wire.h"

#define DEPTH 4


static struct mbuf *mb;
static struct odict *o;


static void setup(void)
{
	mb = mbuf_alloc(16);
	ck_assert_ptr_nonnull(mb);
	o = NULL;
}


static void teardown(void)
{
	mem_deref(mb);
	mem_deref(o);
}


static int decode(const char *text)
{
	o = mem_deref(o);

	return wire_decode(&o, text, strlen(text), DEPTH);
}


static void written_is(const char *text)
{
	ck_assert_uint_eq(strlen(text), mb->end);
	ck_assert_mem_eq(text, mb->buf, mb->end);
}


static const char *const goodv[] = {
	"{}",
	" { } ",
	"\t\r\n{\"a\" : 1 , \"b\" : [ ] }\r",
	"{\"\":\"\"}",
	"{\"a\":{\"b\":[{}]}}",
	"{\"a\":[1,-0,-1,0.5,1e2,1E+2,1.25e-2,true,false,null,\"x\"]}",
	"{\"a\":9223372036854775807,\"b\":-9223372036854775808}",
	"{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00\"}",
	"{\"a\":\"\xc3\xa9\xf0\x9f\x98\x80\"}",
	"{\"a\":{\"x\":1},\"b\":{\"x\":1}}",
	"{\"a\":\"b\",\"b\":\"a\"}",
	"{\"method\":\"io.sipregd.List\",\"parameters\":{},\"more\":true}",
};


START_TEST(good_text_is_decoded)
{
	ck_assert_msg(decode(goodv[_i]) == 0, "%s", goodv[_i]);
}
END_TEST


static const char *const badv[] = {
	"",
	" ",
	"null",
	"1",
	"\"x\"",
	"[]",
	"[{}]",
	"{",
	"}",
	"{}}",
	"{}{}",
	"{} x",
	"{\"a\"}",
	"{\"a\":}",
	"{\"a\":1,}",
	"{,\"a\":1}",
	"{\"a\":1,,\"b\":2}",
	"{\"a\":1 \"b\":2}",
	"{\"a\":1;\"b\":2}",
	"{a:1}",
	"{'a':1}",
	"{1:1}",
	"{\"a\":[1,]}",
	"{\"a\":[1 2]}",
	"{\"a\":[1}",
	"{\"a\":tr ue}",
	"{\"a\":True}",
	"{\"a\":truex}",
	"{\"a\":nul}",
	"{\"a\":nan}",
	"{\"a\":01}",
	"{\"a\":-}",
	"{\"a\":+1}",
	"{\"a\":.5}",
	"{\"a\":1.}",
	"{\"a\":1e}",
	"{\"a\":1e+}",
	"{\"a\":1e400}",
	"{\"a\":0x10}",
	"{\"a\":9223372036854775808}",
	"{\"a\":-9223372036854775809}",
	"{\"a\":18446744073709551616}",
	"{\"a\":0.00000000000000000000000000000000000000001}",
	"{\"a\":\"}",
	"{\"a\":\"\\\"}",
	"{\"a\":\"\\x\"}",
	"{\"a\":\"\\u12\"}",
	"{\"a\":\"\\u12g4\"}",
	"{\"a\":\"\\u0000\"}",
	"{\"a\":\"\\ud800\"}",
	"{\"a\":\"\\ud800\\u0041\"}",
	"{\"a\":\"\\udc00\"}",
	"{\"a\":\"\n\"}",
	"{\"a\":\"\x1f\"}",
	"{\"a\":\"\x80\"}",
	"{\"a\":\"\xc0\x80\"}",
	"{\"a\":\"\xc3\"}",
	"{\"a\":\"\xed\xa0\x80\"}",
	"{\"a\":\"\xf5\x80\x80\x80\"}",
	"{\"a\":1,\"a\":2}",
	"{\"a\":1,\"\\u0061\":2}",
	"{\"a\":{\"b\":[{\"c\":1,\"c\":1}]}}",
	"{\"a\":[[[[]]]]}",
	"{\"a\":{\"a\":{\"a\":{\"a\":{}}}}}",
};


START_TEST(bad_text_is_refused)
{
	ck_assert_msg(decode(badv[_i]) == EBADMSG, "%s", badv[_i]);
	ck_assert_ptr_null(o);
}
END_TEST


START_TEST(a_nul_inside_is_refused)
{
	static const char inside[] = "{\"a\":\"b\0c\"}";
	static const char escaped[] = "{\"a\":\"b\\\0c\"}";

	ck_assert_int_eq(EBADMSG, wire_decode(&o, inside, sizeof(inside) - 1,
					      DEPTH));
	ck_assert_int_eq(EBADMSG, wire_decode(&o, escaped,
					      sizeof(escaped) - 1, DEPTH));
}
END_TEST


START_TEST(no_prefix_of_good_text_is_good)
{
	const char *text = goodv[_i];
	const char *end = strrchr(text, '}');
	size_t len;

	for (len = 0; len < (size_t)(end - text); len++) {

		/* a copy of that size, so that reading past it is seen */
		char *copy = malloc(len ? len : 1);

		memcpy(copy, text, len);
		ck_assert_int_eq(EBADMSG, wire_decode(&o, copy, len, DEPTH));
		free(copy);
	}
}
END_TEST


START_TEST(deep_nesting_costs_no_stack)
{
	const size_t len = 1 << 20;
	char *text = malloc(len);

	memset(text, '[', len);
	memcpy(text, "{\"a\":", 5);
	ck_assert_int_eq(EBADMSG, wire_decode(&o, text, len, 32));
	free(text);
}
END_TEST


START_TEST(an_object_has_at_most_256_members)
{
	unsigned i, n;
	int err;

	for (n = 256; n <= 257; n++) {

		mbuf_rewind(mb);
		err = json_open(mb, NULL, '{');
		for (i = 0; i < n; i++) {
			char key[8];

			(void)re_snprintf(key, sizeof(key), "k%u", i);
			err |= json_add_int(mb, key, i);
		}
		err |= json_close(mb, '}');
		ck_assert_int_eq(0, err);

		err = wire_decode(&o, (char *)mb->buf, mb->end, DEPTH);
		ck_assert_int_eq(n > 256 ? EBADMSG : 0, err);
		o = mem_deref(o);
	}
}
END_TEST


START_TEST(values_are_read_back)
{
	const struct odict *list;
	int64_t n;

	ck_assert_int_eq(0, decode("{\"n\":-5,\"big\":1700000000123456,"
				   "\"s\":\"a\\u00e9\\ud83d\\ude00\\/\","
				   "\"t\":true,\"f\":false,\"z\":null,"
				   "\"o\":{\"x\":7},\"l\":[{\"x\":8},3,"
				   "{\"x\":9}]}"));

	ck_assert_int_eq(-5, value_int(o, "n", 0));
	n = value_int(o, "big", 0);
	ck_assert(n == 1700000000123456);
	ck_assert_int_eq(-1, value_int(o, "z", -1));
	ck_assert_int_eq(-1, value_int(o, "none", -1));
	ck_assert_str_eq("a\xc3\xa9\xf0\x9f\x98\x80/", odict_string(o, "s"));
	ck_assert_ptr_null(odict_string(o, "z"));
	ck_assert(value_true(o, "t") && !value_true(o, "f"));
	ck_assert(value_has(o, "z") && !value_has(o, "none"));
	ck_assert_int_eq(7, value_int(value_object(o, "o"), "x", 0));

	list = value_array(o, "l");
	ck_assert_int_eq(8, value_int(value_element(list, 0), "x", 0));
	ck_assert_ptr_null(value_element(list, 1));
	ck_assert_int_eq(9, value_int(value_element(list, 2), "x", 0));
	ck_assert_ptr_null(value_element(list, 3));
	ck_assert_ptr_null(value_element(value_array(o, "none"), 0));
}
END_TEST


START_TEST(text_is_written_with_its_commas)
{
	int err;

	err = json_open(mb, NULL, '{');
	err |= json_add_string(mb, "a", "x");
	err |= json_add_string(mb, "none", NULL);
	err |= json_open(mb, "l", '[');
	err |= json_open(mb, NULL, '{');
	err |= json_close(mb, '}');
	err |= json_open(mb, NULL, '{');
	err |= json_add_bool(mb, "t", true);
	err |= json_add_bool(mb, "f", false);
	err |= json_close(mb, '}');
	err |= json_add_int(mb, NULL, INT64_MIN);
	err |= json_close(mb, ']');
	err |= json_add_null(mb, "z");
	err |= json_close(mb, '}');

	ck_assert_int_eq(0, err);
	written_is("{\"a\":\"x\",\"none\":null,\"l\":[{},"
		   "{\"t\":true,\"f\":false},-9223372036854775808],"
		   "\"z\":null}");
}
END_TEST


START_TEST(strings_are_escaped_and_made_utf8)
{
	ck_assert_int_eq(0, json_string(mb, "q\" b\\ n\n t\t e\x1b d\x7f "
					"c\xc2\x9b \xc3\xa9 \xe2\x80\xac "
					"r\xe2\x80\xae a\xd8\x9c x\xff\xc3"));
	written_is("\"q\\\" b\\\\ n\\n t\\t e\\u001b d\\u007f "
		   "c\\u009b \xc3\xa9 \\u202c r\\u202e a\\u061c "
		   "x\xef\xbf\xbd\xef\xbf\xbd\"");
}
END_TEST


START_TEST(every_byte_survives_the_way_there_and_back)
{
	char text[129];
	int i;

	for (i = 1; i < 128; i++)
		text[i - 1] = (char)i;
	text[127] = '\0';

	ck_assert_int_eq(0, json_open(mb, NULL, '{'));
	ck_assert_int_eq(0, json_add_string(mb, "s", text));
	ck_assert_int_eq(0, json_close(mb, '}'));
	ck_assert_int_eq(0, wire_decode(&o, (char *)mb->buf, mb->end, DEPTH));
	ck_assert_str_eq(text, odict_string(o, "s"));
}
END_TEST


static void framed(const char *text, size_t size, bool whole, size_t len,
		   char end)
{
	size_t l = 99;
	char e = 'x';

	mbuf_rewind(mb);
	ck_assert_int_eq(0, mbuf_write_mem(mb, (const uint8_t *)text, size));
	mb->pos = 0;

	ck_assert(wire_message(mb, &l, &e) == whole);
	if (!whole)
		return;

	ck_assert_uint_eq(len, l);
	ck_assert_int_eq(end, e);
}


START_TEST(a_message_ends_at_the_first_nul_or_newline)
{
	framed("", 0, false, 0, 0);
	framed("{}", 2, false, 0, 0);
	framed("{}", 3, true, 2, '\0');
	framed("{}\n", 3, true, 2, '\n');
	framed("{}\n\0", 4, true, 2, '\n');
	framed("{}\0\n", 4, true, 2, '\0');
	framed("\n{}\n", 4, true, 0, '\n');
}
END_TEST


static const char *wrong(const char *text)
{
	struct varlink_request r = {0};
	const char *s;

	s = varlink_request_decode(&r, text, strlen(text));
	mem_deref(r.o);

	return s;
}


START_TEST(a_request_says_what_is_wrong_with_it)
{
	ck_assert_ptr_null(wrong("{\"method\":\"m\"}"));
	ck_assert_ptr_null(wrong("{\"method\":\"m\",\"parameters\":{},"
				 "\"more\":true,\"oneway\":false}"));

	ck_assert_str_eq("not a JSON object", wrong("hello"));
	ck_assert_str_eq("no method", wrong("{}"));
	ck_assert_str_eq("no method", wrong("{\"method\":1}"));
	ck_assert_str_eq("parameters is not an object",
			 wrong("{\"method\":\"m\",\"parameters\":[]}"));
	ck_assert_str_eq("more is not a boolean",
			 wrong("{\"method\":\"m\",\"more\":1}"));
	ck_assert_str_eq("oneway is not a boolean",
			 wrong("{\"method\":\"m\",\"oneway\":null}"));
	ck_assert_str_eq("unknown member", wrong("{\"method\":\"m\",\"x\":1}"));
}
END_TEST


START_TEST(an_error_gets_the_interface_unless_it_names_one)
{
	ck_assert_int_eq(0, varlink_error_encode(mb, "io.x", "No", "k", "v"));
	written_is("{\"error\":\"io.x.No\",\"parameters\":{\"k\":\"v\"}}");

	mbuf_rewind(mb);
	ck_assert_int_eq(0, varlink_error_encode(mb, "io.x", "a.b", NULL,
						 NULL));
	written_is("{\"error\":\"a.b\",\"parameters\":{}}");
}
END_TEST


Suite *suite_wire(void);
Suite *suite_wire(void)
{
	Suite *s = suite_create("wire");
	TCase *tc = tcase_create("wire");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, good_text_is_decoded, 0, ARRAY_SIZE(goodv));
	tcase_add_loop_test(tc, bad_text_is_refused, 0, ARRAY_SIZE(badv));
	tcase_add_test(tc, a_nul_inside_is_refused);
	tcase_add_loop_test(tc, no_prefix_of_good_text_is_good, 0,
			    ARRAY_SIZE(goodv));
	tcase_add_test(tc, deep_nesting_costs_no_stack);
	tcase_add_test(tc, an_object_has_at_most_256_members);
	tcase_add_test(tc, values_are_read_back);
	tcase_add_test(tc, text_is_written_with_its_commas);
	tcase_add_test(tc, strings_are_escaped_and_made_utf8);
	tcase_add_test(tc, every_byte_survives_the_way_there_and_back);
	tcase_add_test(tc, a_message_ends_at_the_first_nul_or_newline);
	tcase_add_test(tc, a_request_says_what_is_wrong_with_it);
	tcase_add_test(tc, an_error_gets_the_interface_unless_it_names_one);
	suite_add_tcase(s, tc);

	return s;
}
