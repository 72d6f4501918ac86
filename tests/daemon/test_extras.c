/* What a 2xx says beside the binding, and how status shows it. */

#include <string.h>
#include "harness.h"
#include "register.h"
#include "status_part.h"
#include "wire.h"

#define INSTANCE "urn:uuid:00000000-0000-1000-8000-00A95A0E128"

Suite *suite_extras(void);

static struct account_conf conf;
static struct register_identity id;
static struct register_extras extras;


static void setup(void)
{
	harness_setup();

	conf = (struct account_conf){
		.name = "trunk",
		.aor = "sip:alice@example.com",
		.aor_user = "alice",
		.aor_host = "example.com",
		.registrar = "sip:example.com",
		.contact_user = "",
	};
	register_identity_init(&id, &conf, "sipregd/1.0", INSTANCE, 1);
	memset(&extras, 0, sizeof(extras));
}


static void teardown(void)
{
	register_extras_reset(&extras);
	harness_teardown();
}


/* False: libre cannot read it. */
static bool answered_bytes(const char *headers, size_t len)
{
	struct mbuf *mb = mbuf_alloc(1024);
	struct sip_msg *msg = NULL;
	int err;

	(void)mbuf_write_str(mb, "SIP/2.0 200 OK\r\n"
		"Via: SIP/2.0/TLS 10.0.0.2:41822;branch=z9hG4bKtest;keep=30\r\n"
		"From: <sip:alice@example.com>;tag=1\r\n"
		"To: <sip:alice@example.com>;tag=2\r\n"
		"Call-ID: abc\r\nCSeq: 7 REGISTER\r\n");
	(void)mbuf_write_mem(mb, (const uint8_t *)headers, len);
	(void)mbuf_write_str(mb, "Content-Length: 0\r\n\r\n");
	mb->pos = 0;
	err = sip_msg_decode(&msg, mb);
	mem_deref(mb);
	if (!err)
		register_extras_read(&extras, msg, &id);
	mem_deref(msg);

	return !err;
}


static void answered(const char *headers)
{
	ck_assert(answered_bytes(headers, strlen(headers)));
}


static void assert_none(void)
{
	ck_assert_ptr_null(extras.path);
	ck_assert_ptr_null(extras.service_route);
	ck_assert_ptr_null(extras.associated);
	ck_assert_ptr_null(extras.pub_gruu);
	ck_assert_ptr_null(extras.temp_gruu);
}


START_TEST(everything_an_ims_says_is_read)
{
	char headers[2048];

	(void)re_snprintf(headers, sizeof(headers),
		"Path: <sip:term@pcscf1.visited1.net;lr>\r\n"
		"Service-Route: <sip:orig@scscf1.home1.net;lr>\r\n"
		"P-Associated-URI: <sip:user1_public2@home1.net>, "
		"\"Alice, home\" <tel:+1-212-555-1111>\r\n"
		"Contact: <sip:192.0.2.55>;expires=90, "
		"<sip:alice@10.0.0.2:41822;transport=tls;sipregd=%s.%s>"
		";pub-gruu=\"sip:user1_public1@home1.net;gr=" INSTANCE "\""
		";temp-gruu=\"sip:tgruu.7hs==jd7vnzga5w7fajsc7-ajd6fabz0f8g5@"
		"example.com;gr\";+sip.instance=\"<" INSTANCE ">\""
		";reg-id=1;expires=600000\r\n",
		id.token_account, id.token_flow);
	answered(headers);

	ck_assert_str_eq("<sip:term@pcscf1.visited1.net;lr>", extras.path);
	ck_assert_str_eq("<sip:orig@scscf1.home1.net;lr>",
			 extras.service_route);
	ck_assert_str_eq("<sip:user1_public2@home1.net>, "
			 "\"Alice, home\" <tel:+1-212-555-1111>",
			 extras.associated);
	ck_assert_str_eq("sip:user1_public1@home1.net;gr=" INSTANCE,
			 extras.pub_gruu);
	ck_assert_str_eq("sip:tgruu.7hs==jd7vnzga5w7fajsc7-ajd6fabz0f8g5@"
			 "example.com;gr", extras.temp_gruu);
}
END_TEST


START_TEST(lines_and_elements_keep_their_order)
{
	answered("service-ROUTE: <sip:a.example.com;lr>,<sip:b.example.com"
		 ";lr>;x=\"1,2\"\r\n"
		 "Path: <sip:p2.example.com;lr>\r\n"
		 "Service-Route:   <sip:c.example.com;lr> ;p=1\r\n"
		 "Path: <sip:p1.example.com;lr;ob>\r\n");
	ck_assert_str_eq("<sip:a.example.com;lr>, <sip:b.example.com;lr>;"
			 "x=\"1,2\", <sip:c.example.com;lr> ;p=1",
			 extras.service_route);
	ck_assert_str_eq("<sip:p2.example.com;lr>, "
			 "<sip:p1.example.com;lr;ob>", extras.path);
}
END_TEST


/* RFC 3608 §5.2 */
START_TEST(what_is_absent_now_is_forgotten)
{
	answered("Service-Route: <sip:a.example.com;lr>\r\n"
		 "P-Associated-URI: <sip:alice@example.com>\r\n");
	ck_assert_ptr_nonnull(extras.service_route);
	answered("P-Associated-URI: <sip:bob@example.com>\r\n");
	ck_assert_ptr_null(extras.service_route);
	ck_assert_str_eq("<sip:bob@example.com>", extras.associated);
	answered("");
	assert_none();
}
END_TEST


START_TEST(line_breaks_and_control_characters_are_not_kept)
{
	static const char bytes[] =
		"Path: <sip:a.example.com\0;lr>, <sip:b.example.com;lr>\r\n";
	char headers[512];

	/* folded: RFC 3261 §7.3.1 */
	answered("Path: <sip:a.example.com;lr>,\r\n \t <sip:b.example.com;lr>"
		 "\r\n\t;p=1\r\n");
	ck_assert_str_eq("<sip:a.example.com;lr>, <sip:b.example.com;lr> "
			 ";p=1", extras.path);

	answered("Path: <sip:a\x1b[31m.example.com;lr>, <sip:b.example.com>"
		 "\r\nP-Associated-URI: \"\x07\" <sip:x@example.com>, "
		 "<sip:\x7f@example.com>\r\n");
	ck_assert_str_eq("<sip:b.example.com>", extras.path);
	ck_assert_ptr_null(extras.associated);

	ck_assert(answered_bytes(bytes, sizeof(bytes) - 1));
	ck_assert_str_eq("<sip:b.example.com;lr>", extras.path);

	(void)re_snprintf(headers, sizeof(headers),
		"Contact: <sip:x@192.0.2.1>;+sip.instance=\"<" INSTANCE
		">\";pub-gruu=\"sip:a@example.com\r\n ;gr\";"
		"temp-gruu=\"sip:\x01@example.com;gr\"\r\n");
	answered(headers);
	ck_assert_ptr_null(extras.pub_gruu);
	ck_assert_ptr_null(extras.temp_gruu);
}
END_TEST


START_TEST(what_is_no_address_is_left_out)
{
	answered("Path: garbage, <tel:+49>, <sip:>, <sip:a.example.com, "
		 "<sip:lost.example.com>\r\n"
		 "Service-Route: *, <mailto:x@y>\r\n"
		 "P-Associated-URI: nonsense, <>, <:x>, <1:x>\r\n");
	assert_none();
}
END_TEST


START_TEST(each_is_at_most_1024_bytes)
{
	struct mbuf *mb = mbuf_alloc(65536);
	char one[64];
	unsigned i;

	/* 100 of 31 bytes and a comma and space each: 31 fit */
	for (i = 0; i < 100; i++)
		(void)mbuf_printf(mb, "Service-Route: <sip:edge%05u.example"
				  ".com;lr>\r\n", i);
	/* one that is longer than all of it, and what follows it */
	(void)mbuf_printf(mb, "Path: <sip:p1.example.com>, <sip:%01100u@p2>, "
			  "<sip:p3.example.com>\r\n", 7);
	(void)mbuf_printf(mb, "Contact: <sip:x@192.0.2.1>;+sip.instance=\"<"
			  INSTANCE ">\";pub-gruu=\"sip:%01100u@e\"\r\n", 7);
	ck_assert(answered_bytes((char *)mb->buf, mb->end));
	mem_deref(mb);

	ck_assert_uint_le(strlen(extras.service_route), REGISTER_EXTRA_MAX);
	ck_assert_uint_gt(strlen(extras.service_route),
			  REGISTER_EXTRA_MAX - 33);
	(void)re_snprintf(one, sizeof(one), ", <sip:edge%05u.example.com;lr>",
			  (unsigned)strlen(extras.service_route) / 33);
	ck_assert_ptr_nonnull(strstr(extras.service_route, one));
	ck_assert_str_eq("<sip:p1.example.com>", extras.path);
	ck_assert_ptr_null(extras.pub_gruu);
}
END_TEST


/* A Contact with this token and these parameters. */
static const char *contact(const char *flow, const char *params)
{
	static char text[4][512];
	static unsigned next;
	char *s = text[next++ % 4];

	(void)re_snprintf(s, sizeof(text[0]),
			  "Contact: <sip:alice@192.0.2.1;sipregd=%s.%s>%s\r\n",
			  id.token_account, flow, params);

	return s;
}


START_TEST(gruu_is_that_of_our_own_contact)
{
	static const char ours[] = ";+sip.instance=\"<" INSTANCE ">\"";
	char headers[2048];

	/* another device's, our other flow's, our earlier one's */
	(void)re_snprintf(headers, sizeof(headers),
		"Contact: <sip:bob@192.0.2.9>;+sip.instance=\"<urn:uuid:1>\""
		";pub-gruu=\"sip:other@example.com;gr=1\"\r\n"
		"Contact: <sip:alice@192.0.2.1>;reg-id=2%s"
		";pub-gruu=\"sip:flow2@example.com;gr=2\"\r\n%s", ours,
		contact("0000000000", ";pub-gruu=\"sip:old@example.com;gr=3\""
			";+sip.instance=\"<" INSTANCE ">\""));
	answered(headers);
	assert_none();

	/* without the token it will do, with it it is better */
	(void)re_snprintf(headers, sizeof(headers),
		"Contact: <sip:alice@192.0.2.1>;reg-id=1%s"
		";temp-gruu=\"sip:first@example.com;gr\"\r\n", ours);
	answered(headers);
	ck_assert_str_eq("sip:first@example.com;gr", extras.temp_gruu);
	(void)re_snprintf(headers + strlen(headers), 512, "%s",
		contact(id.token_flow, ";TEMP-GRUU=\"sip:own@example.com;gr\""
			";+sip.instance=\"<" INSTANCE ">\";reg-id=1"));
	answered(headers);
	ck_assert_str_eq("sip:own@example.com;gr", extras.temp_gruu);
	ck_assert_ptr_null(extras.pub_gruu);

	/* what is no SIP URI */
	answered(contact(id.token_flow, ";+sip.instance=\"<" INSTANCE ">\""
			 ";pub-gruu;temp-gruu=\"<sip:a@b>\""));
	assert_none();
}
END_TEST


START_TEST(any_bytes_are_survived)
{
	static const char text[] =
		"Path: \"a\\\" <sip:p1@example.com;lr;ob>, <sip:p2>;x=\"y\"\r\n"
		"Contact: <sip:alice@192.0.2.1>;+sip.instance=\"<" INSTANCE
		">\";pub-gruu=\"sip:a@b;gr=x\";reg-id=1\r\n";
	static const char bytev[] = "\0\"\\<>;,= \t\r:@%[]\xff";
	char copy[sizeof(text)];
	size_t i, j;

	for (i = sizeof("Path: ") - 1; i < sizeof(text) - 3; i++) {
		memcpy(copy, text, sizeof(text));
		for (j = 0; j < sizeof(bytev) - 1; j++) {
			copy[i] = bytev[j];
			if (text[i] != '\r' && text[i] != '\n')
				(void)answered_bytes(copy, sizeof(copy) - 1);
		}
	}
}
END_TEST


static void assert_json(int (*add)(struct mbuf *, void *), void *arg,
			const char *expected)
{
	struct mbuf *mb = mbuf_alloc(256);

	ck_assert_int_eq(0, add(mb, arg));
	ck_assert_msg(mb->end == strlen(expected) &&
		      !memcmp(mb->buf, expected, mb->end), "%.*s",
		      (int)mb->end, mb->buf);
	mem_deref(mb);
}


static int add_extras(struct mbuf *mb, void *arg)
{
	return status_add_extras(mb, arg);
}


static int add_tls(struct mbuf *mb, void *arg)
{
	return status_add_tls(mb, arg);
}


START_TEST(status_has_every_field_known_or_not)
{
	static const char none[] = "\"path\":null,\"service_route\":null,"
		"\"associated_uris\":null,\"pub_gruu\":null,"
		"\"temp_gruu\":null";

	assert_json(add_extras, NULL, none);
	assert_json(add_extras, &extras, none);
	answered("Path: <sip:p1.example.com;lr;ob>\r\n"
		 "P-Associated-URI: \"A \\\" B\" <sip:a@example.com>\r\n");
	assert_json(add_extras, &extras,
		    "\"path\":\"<sip:p1.example.com;lr;ob>\","
		    "\"service_route\":null,\"associated_uris\":"
		    "\"\\\"A \\\\\\\" B\\\" <sip:a@example.com>\","
		    "\"pub_gruu\":null,\"temp_gruu\":null");
}
END_TEST


START_TEST(status_tells_what_tls_agreed_on)
{
	struct tls_info tls = {
		.version = "TLSv1.3", .cipher = "TLS_AES_256_GCM_SHA384",
		.verified = true, .not_after = 1798848000,
	};

	assert_json(add_tls, NULL, "\"tls\":null");
	assert_json(add_tls, &tls, "\"tls\":{\"version\":\"TLSv1.3\","
		    "\"cipher\":\"TLS_AES_256_GCM_SHA384\",\"resumed\":false,"
		    "\"verified\":true,\"not_after_usec\":1798848000000000}");

	/* not known, or such as no clock will show */
	tls.resumed = true;
	tls.not_after = INT64_MAX;
	assert_json(add_tls, &tls, "\"tls\":{\"version\":\"TLSv1.3\","
		    "\"cipher\":\"TLS_AES_256_GCM_SHA384\",\"resumed\":true,"
		    "\"verified\":true,\"not_after_usec\":null}");
	tls.not_after = 0;
	assert_json(add_tls, &tls, "\"tls\":{\"version\":\"TLSv1.3\","
		    "\"cipher\":\"TLS_AES_256_GCM_SHA384\",\"resumed\":true,"
		    "\"verified\":true,\"not_after_usec\":null}");
}
END_TEST


Suite *suite_extras(void)
{
	Suite *s = suite_create("extras");
	TCase *tc = tcase_create("extras");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, everything_an_ims_says_is_read);
	tcase_add_test(tc, lines_and_elements_keep_their_order);
	tcase_add_test(tc, what_is_absent_now_is_forgotten);
	tcase_add_test(tc, line_breaks_and_control_characters_are_not_kept);
	tcase_add_test(tc, what_is_no_address_is_left_out);
	tcase_add_test(tc, each_is_at_most_1024_bytes);
	tcase_add_test(tc, gruu_is_that_of_our_own_contact);
	tcase_add_test(tc, any_bytes_are_survived);
	tcase_add_test(tc, status_has_every_field_known_or_not);
	tcase_add_test(tc, status_tells_what_tls_agreed_on);
	suite_add_tcase(s, tc);

	return s;
}
