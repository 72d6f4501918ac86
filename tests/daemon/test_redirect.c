/* Where a 3xx may send us, and where not. */

#include <string.h>
#include "harness.h"
#include "register.h"

Suite *suite_redirect(void);

static struct account_conf conf;
static enum transport transport;
static char *proxyv[2], *redirectv[3];


static void setup(void)
{
	harness_setup();

	proxyv[0] = "sip:edge1.carrier.net;transport=tls";
	conf = (struct account_conf){
		.name = "trunk",
		.aor = "sip:alice@example.com",
		.aor_user = "alice",
		.aor_host = "example.com",
		.registrar = "sip:sip.provider.net",
		.proxyv = proxyv,
		.proxyc = 1,
		.redirectv = redirectv,
		.redirectc = 0,
		.transport = TRANSPORT_AUTO,
	};
	transport = TRANSPORT_UDP;
}


/* Where a 302 with these headers sends us; "": nowhere. */
static const char *led_by(const char *headers)
{
	static char uri[512];
	struct mbuf *mb = mbuf_alloc(1024);
	struct sip_msg *msg = NULL;

	ck_assert_int_eq(0, mbuf_printf(mb,
		"SIP/2.0 302 Moved Temporarily\r\n"
		"Via: SIP/2.0/TLS 10.0.0.2:41822;branch=z9hG4bKtest\r\n"
		"From: <sip:alice@example.com>;tag=1\r\n"
		"To: <sip:alice@example.com>;tag=2\r\n"
		"Call-ID: abc\r\nCSeq: 7 REGISTER\r\n"
		"%sContent-Length: 0\r\n\r\n", headers));
	mb->pos = 0;
	ck_assert_int_eq(0, sip_msg_decode(&msg, mb));
	mem_deref(mb);

	if (!register_redirect(uri, sizeof(uri), msg, &conf, transport))
		uri[0] = '\0';
	mem_deref(msg);

	return uri;
}


static const char *led(const char *contacts)
{
	static char headers[8192];

	ck_assert_int_gt(re_snprintf(headers, sizeof(headers),
				     "Contact: %s\r\n", contacts), 0);

	return led_by(headers);
}


START_TEST(hosts_of_ours_are_followed)
{
	static const char *const hostv[] = {
		"example.com", "edge7.example.com", "a.b.example.com",
		"sip.provider.net", "fra.sip.provider.net",
		"edge1.carrier.net",
	};
	char contact[256], expected[256];
	size_t i;

	for (i = 0; i < sizeof(hostv) / sizeof(hostv[0]); i++) {
		(void)re_snprintf(contact, sizeof(contact), "<sip:%s:5070>",
				  hostv[i]);
		(void)re_snprintf(expected, sizeof(expected), "sip:%s:5070",
				  hostv[i]);
		ck_assert_str_eq(expected, led(contact));
	}
}
END_TEST


START_TEST(other_hosts_are_not_followed)
{
	static const char *const contactv[] = {
		"<sip:evil.net>", "<sip:badexample.com>",
		"<sip:example.com.evil.net>", "<sip:.example.com>",
		"<sip:com>", "<sip:provider.net>", "<sip:sip2.provider.net>",
		"<sip:edge2.carrier.net>", "<sip:a.edge1.carrier.net>",
		/* what is only named beside the host does not count */
		"<sip:example.com@evil.net>",
		"<sip:evil.net;maddr=example.com>",
		"\"sip:example.com\" <sip:evil.net>",
		"<sip:evil.net>;x=\"<sip:example.com>\"",
		"<sip:example.com#@evil.net>", "<sip:example.com\\@evil.net>",
	};
	size_t i;

	for (i = 0; i < sizeof(contactv) / sizeof(contactv[0]); i++)
		ck_assert_msg(!*led(contactv[i]), "%s: %s", contactv[i],
			      led(contactv[i]));
}
END_TEST


START_TEST(hosts_compare_without_case_and_final_dot)
{
	ck_assert_str_eq("sip:EDGE7.Example.COM",
			 led("<SIP:EDGE7.Example.COM.>"));
	conf.aor_host = "Example.com.";
	ck_assert_str_eq("sip:edge7.example.com",
			 led("<sip:edge7.example.com>"));
	ck_assert_str_eq("sip:example.com", led("<sip:example.com>"));
	ck_assert_str_eq("", led("<sip:example.com..>"));
}
END_TEST


START_TEST(configured_hosts_are_followed_too)
{
	redirectv[0] = "pool.Example.ORG";
	redirectv[1] = "*.example.net";
	redirectv[2] = "2001:db8::7";
	conf.redirectc = 3;

	ck_assert_str_eq("sip:pool.example.org", led("sip:pool.example.org."));
	ck_assert_str_eq("", led("sip:a.pool.example.org"));
	ck_assert_str_eq("sip:a.example.net", led("<sip:a.example.net>"));
	ck_assert_str_eq("sip:b.a.example.net", led("<sip:b.a.example.net>"));
	ck_assert_str_eq("", led("<sip:example.net>"));
	ck_assert_str_eq("", led("<sip:aexample.net>"));
	ck_assert_str_eq("sip:[2001:db8::7]:5062",
			 led("<sip:x@[2001:db8::7]:5062>"));
	ck_assert_str_eq("", led("<sip:[2001:db8::8]>"));
}
END_TEST


START_TEST(addresses_are_followed_only_where_they_are_configured)
{
	ck_assert_str_eq("", led("<sip:192.0.2.10>"));
	ck_assert_str_eq("", led("<sip:[2001:db8::10]>"));
	ck_assert_str_eq("", led("<sip:127.0.0.1>"));

	redirectv[0] = "192.0.2.10";
	redirectv[1] = "[2001:db8::10]";
	conf.redirectc = 2;
	ck_assert_str_eq("sip:192.0.2.10", led("<sip:192.0.2.10>"));
	ck_assert_str_eq("", led("<sip:192.0.2.11>"));
	ck_assert_str_eq("sip:[2001:DB8:0::10]", led("<sip:[2001:DB8:0::10]>"));

	/* what looks as if it were below an address is a name */
	conf.redirectc = 0;
	conf.registrar = "sip:192.0.2.1:5070";
	ck_assert_str_eq("sip:192.0.2.1", led("<sip:192.0.2.1>"));
	ck_assert_str_eq("", led("<sip:9.192.0.2.1>"));
	conf.aor_host = "[2001:db8::5]";
	ck_assert_str_eq("sip:[2001:db8::5]", led("<sip:[2001:db8::5]>"));
}
END_TEST


START_TEST(nothing_but_host_port_and_transport_is_taken_over)
{
	ck_assert_str_eq("sip:edge7.example.com:5070;transport=tcp",
		led("\"Edge, 7\" <sip:bob:pw@edge7.example.com:5070;lr;"
		    "maddr=192.0.2.66;transport=TCP;x=y?Route=%3Csip:evil%3E"
		    "&Authorization=x>;q=0.7;expires=60"));
	ck_assert_str_eq("sip:edge7.example.com",
			 led("sip:alice@edge7.example.com;expires=60"));
}
END_TEST


START_TEST(the_highest_q_wins_and_of_equals_the_first)
{
	ck_assert_str_eq("sip:b.example.com",
		led("<sip:a.example.com>;q=0.5, <sip:b.example.com>;q=0.51, "
		    "<sip:c.example.com>;q=0.51"));
	ck_assert_str_eq("sip:b.example.com",
		led("<sip:a.example.com>;q=0.999, <sip:b.example.com>"));
	ck_assert_str_eq("sip:a.example.com",
		led("<sip:a.example.com>, <sip:b.example.com>;q=1.000"));
	ck_assert_str_eq("sip:b.example.com",
		led("<sip:a.example.com>;q=high, <sip:b.example.com>;q=0.001"));
	ck_assert_str_eq("sip:a.example.com", led("<sip:a.example.com>;q=0"));
	/* the best that is allowed, on lines of their own */
	ck_assert_str_eq("sip:b.example.com",
		led_by("Contact: <sip:evil.net>;q=1\r\n"
		       "m: <sip:b.example.com>;q=0.2\r\n"
		       "CONTACT: <sip:a.example.com>;q=0.1\r\n"));
}
END_TEST


START_TEST(expired_contacts_are_left_out)
{
	ck_assert_str_eq("sip:b.example.com",
		led("<sip:a.example.com>;expires=0, "
		    "<sip:b.example.com>;q=0.1;expires=60"));
	ck_assert_str_eq("", led_by("Expires: 0\r\n"
				    "Contact: <sip:a.example.com>\r\n"));
	ck_assert_str_eq("sip:a.example.com",
			 led_by("Expires: 0\r\nContact: <sip:a.example.com>;"
				"expires=\"60\"\r\n"));
	ck_assert_str_eq("sip:a.example.com",
			 led_by("Expires: 60\r\nContact: "
				"<sip:a.example.com>\r\n"));
}
END_TEST


START_TEST(tls_stays_tls)
{
	transport = TRANSPORT_TLS;
	ck_assert_str_eq("sip:a.example.com;transport=tls",
			 led("<sip:a.example.com>"));
	ck_assert_str_eq("sip:a.example.com:5060;transport=tls",
			 led("<sip:a.example.com:5060>"));
	ck_assert_str_eq("", led("<sip:a.example.com;transport=udp>"));
	ck_assert_str_eq("", led("<sip:a.example.com;transport=tcp>"));
	ck_assert_str_eq("sip:b.example.com;transport=tls",
		led("<sip:a.example.com;transport=tcp>;q=1, "
		    "<sip:b.example.com;transport=tls>;q=0.1"));
	ck_assert_str_eq("sip:a.example.com:5071;transport=tls",
			 led("<sips:a.example.com:5071>"));
}
END_TEST


START_TEST(a_stream_stays_a_stream)
{
	transport = TRANSPORT_TCP;
	ck_assert_str_eq("sip:a.example.com;transport=tcp",
			 led("<sip:a.example.com>"));
	ck_assert_str_eq("", led("<sip:a.example.com;transport=udp>"));
	ck_assert_str_eq("sip:a.example.com;transport=tls",
			 led("<sips:a.example.com;transport=tcp>"));
}
END_TEST


START_TEST(udp_is_left_as_configured_or_to_dns)
{
	ck_assert_str_eq("sip:a.example.com", led("<sip:a.example.com>"));
	conf.transport = TRANSPORT_UDP;
	ck_assert_str_eq("sip:a.example.com;transport=udp",
			 led("<sip:a.example.com>"));
	ck_assert_str_eq("sip:a.example.com;transport=tls",
			 led("<sips:a.example.com>"));
}
END_TEST


START_TEST(a_sips_account_follows_sips_only)
{
	transport = TRANSPORT_TLS;
	conf.sips = true;
	ck_assert_str_eq("", led("<sip:a.example.com;transport=tls>"));
	ck_assert_str_eq("", led("<sips:a.example.com;transport=udp>"));
	ck_assert_str_eq("sips:a.example.com:5071",
			 led("<sips:x@a.example.com:5071;transport=tcp>"));
}
END_TEST


START_TEST(what_cannot_be_used_is_passed_over)
{
	static const char *const contactv[] = {
		"*", "<tel:+4930123>", "<https://example.com/>", "<sip:>",
		"<sip:a.example.com", "<sip:a.example.com:0>",
		"<sip:a.example.com:99999>", "<sip:a.example.com:70596>",
		"<sip:a.example.com:5x>", "<sip:a.example.com:>",
		"<sip:a.example.com;transport=sctp>",
		"<sip:a.example.com;transport=auto>",
		"<sip:a.example.com;transport>",
		"<sip:-a.example.com>", "<sip:a..example.com>",
		"<sip:a\x01.example.com>", "<sip:[::1>", "<sip:[fe80::1%lo]>",
		"<sip:a example.com>", "", ",,;;",
	};
	char contacts[256];
	size_t i;

	for (i = 0; i < sizeof(contactv) / sizeof(contactv[0]); i++) {
		ck_assert_msg(!*led(contactv[i]), "%s: %s", contactv[i],
			      led(contactv[i]));

		/* the next one is taken all the same */
		(void)re_snprintf(contacts, sizeof(contacts),
				  "Contact: %s\r\nContact: <sip:b.example.com"
				  ">;q=0.1\r\n", contactv[i]);
		ck_assert_str_eq("sip:b.example.com", led_by(contacts));
	}

	ck_assert_str_eq("", led_by(""));
}
END_TEST


START_TEST(lengths_are_bounded)
{
	static char contacts[8192], label[64];
	struct mbuf *mb = mbuf_alloc(128);
	struct sip_msg *msg = NULL;
	char uri[17] = "untouched";
	size_t len = 0;
	unsigned i;

	/* a name of more than 253 */
	memset(label, 'a', 63);
	(void)re_snprintf(contacts, sizeof(contacts), "<sip:%s.%s.%s.%s."
			  "example.com>", label, label, label, label);
	ck_assert_str_eq("", led(contacts));

	/* the first 64 are looked at */
	for (i = 0; i < 64; i++)
		len += (size_t)re_snprintf(contacts + len,
					   sizeof(contacts) - len,
					   "<sip:evil.net>,");
	(void)re_snprintf(contacts + len, sizeof(contacts) - len,
			  "<sip:a.example.com>");
	ck_assert_str_eq("", led(contacts));
	ck_assert_str_eq("sip:a.example.com",
			 led(contacts + strlen("<sip:evil.net>,")));

	/* no room: 17 bytes with the zero are needed */
	(void)mbuf_write_str(mb, "SIP/2.0 302 Moved\r\n"
			     "Contact: <sip:ab.example.com>\r\n\r\n");
	mb->pos = 0;
	ck_assert_int_eq(0, sip_msg_decode(&msg, mb));
	ck_assert(!register_redirect(uri, sizeof(uri), msg, &conf,
				     transport));
	ck_assert_str_eq("untouched", uri);
	mem_deref(msg);
	mem_deref(mb);
}
END_TEST


Suite *suite_redirect(void)
{
	Suite *s = suite_create("redirect");
	TCase *tc = tcase_create("redirect");

	tcase_add_checked_fixture(tc, setup, harness_teardown);
	tcase_add_test(tc, hosts_of_ours_are_followed);
	tcase_add_test(tc, other_hosts_are_not_followed);
	tcase_add_test(tc, hosts_compare_without_case_and_final_dot);
	tcase_add_test(tc, configured_hosts_are_followed_too);
	tcase_add_test(tc,
		addresses_are_followed_only_where_they_are_configured);
	tcase_add_test(tc, nothing_but_host_port_and_transport_is_taken_over);
	tcase_add_test(tc, the_highest_q_wins_and_of_equals_the_first);
	tcase_add_test(tc, expired_contacts_are_left_out);
	tcase_add_test(tc, tls_stays_tls);
	tcase_add_test(tc, a_stream_stays_a_stream);
	tcase_add_test(tc, udp_is_left_as_configured_or_to_dns);
	tcase_add_test(tc, a_sips_account_follows_sips_only);
	tcase_add_test(tc, what_cannot_be_used_is_passed_over);
	tcase_add_test(tc, lengths_are_bounded);
	suite_add_tcase(s, tc);

	return s;
}
