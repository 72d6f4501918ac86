/* The text of a REGISTER as a registrar reads it, and the facts of answers as
 * registrars write them (SCENARIOS T3). */

#include <string.h>
#include "harness.h"
#include "param.h"
#include "register.h"

#define INSTANCE "urn:uuid:00000000-0000-1000-8000-00A95A0E128"
#define BRANCH   "z9hG4bKtest"

Suite *suite_register(void);

static struct account_conf conf;
static struct register_identity id;
static struct register_request request;
static struct register_facts facts;
static char *proxyv[2], *headerv[2];


static struct addr address(const char *ip, uint16_t port)
{
	struct addr a;

	ck_assert(addr_parse(&a, ip, strlen(ip), port));

	return a;
}


static void setup(void)
{
	harness_setup();

	conf = (struct account_conf){
		.name = "trunk",
		.aor = "sip:alice@example.com",
		.aor_user = "alice",
		.aor_host = "example.com",
		.auth_user = "alice-auth",
		.realm = "",
		.password = "secret",
		.registrar = "sip:example.com",
		.contact_host = "",
		.contact_user = "",
		.proxyv = proxyv,
		.headerv = headerv,
	};
	register_identity_init(&id, &conf, "sipregd/1.0", INSTANCE, 1);
	request = (struct register_request){
		.id = &id,
		.branch = BRANCH,
		.transport = TRANSPORT_UDP,
		.local = address("10.0.0.2", 41822),
		.contact = address("203.0.113.7", 40112),
		.cseq = 7,
		.expires = 3600,
	};
	memset(&facts, 0xff, sizeof(facts));
}


static struct sip_msg *decoded(struct mbuf *mb)
{
	struct sip_msg *msg = NULL;

	mb->pos = 0;
	ck_assert_int_eq(0, sip_msg_decode(&msg, mb));
	mem_deref(mb);

	return msg;
}


static struct sip_msg *printed(void)
{
	struct mbuf *mb = mbuf_alloc(1024);

	ck_assert_int_eq(0, register_print(mb, &request, NULL));

	return decoded(mb);
}


/* The one header of that name; NULL is asserted by `expected` NULL. */
static void assert_header(const struct sip_msg *msg, const char *name,
			  const char *expected)
{
	const struct sip_hdr *hdr = NULL;
	unsigned n = 0;
	struct le *le;

	LIST_FOREACH(&msg->hdrl, le) {
		struct sip_hdr *h = le->data;

		if (!pl_strcasecmp(&h->name, name)) {
			hdr = h;
			++n;
		}
	}

	ck_assert_msg(n == (expected ? 1 : 0), "%u times %s", n, name);
	if (expected)
		ck_assert_msg(!pl_strcmp(&hdr->val, expected), "%s: %.*s",
			      name, (int)hdr->val.l, hdr->val.p);
}


static void assert_sent(const char *name, const char *expected)
{
	struct sip_msg *msg = printed();

	assert_header(msg, name, expected);
	mem_deref(msg);
}


static void assert_ruri(const char *expected)
{
	struct sip_msg *msg = printed();

	ck_assert_msg(!pl_strcmp(&msg->ruri, expected), "%.*s",
		      (int)msg->ruri.l, msg->ruri.p);
	mem_deref(msg);
}


static void assert_refused(int expected)
{
	struct mbuf *mb = mbuf_alloc(1024);

	ck_assert_int_eq(expected, register_print(mb, &request, NULL));
	mem_deref(mb);
}


/* Our Contact with this host and these URI parameters in front of our token,
 * as a registrar gives it back, `params` behind it. */
static const char *own(const char *hostport, const char *params)
{
	static char text[4][512];
	static unsigned next;
	char *s = text[next++ % 4];

	(void)re_snprintf(s, sizeof(text[0]), "<sip:alice@%s;sipregd=%s.%s>%s",
			  hostport, id.token_account, id.token_flow, params);

	return s;
}


static void read_answer(const struct sip_msg *msg)
{
	const struct register_sent sent = {
		.id = &id,
		.transport = request.transport,
		.local = request.local,
		.contact = request.contact,
		.requested = request.expires,
	};

	register_read(&facts, msg, &sent);
}


/* Reads an answer with this Via and these headers, each ended by CRLF. */
static void answered_via(unsigned code, const char *via, const char *headers)
{
	struct mbuf *mb = mbuf_alloc(1024);
	struct sip_msg *msg;

	ck_assert_int_eq(0, mbuf_printf(mb, "SIP/2.0 %u Because\r\n"
		"Via: SIP/2.0/UDP 10.0.0.2:41822;branch=" BRANCH "%s\r\n"
		"From: <sip:alice@example.com>;tag=1\r\n"
		"To: <sip:alice@example.com>;tag=2\r\n"
		"Call-ID: abc\r\nCSeq: 7 REGISTER\r\n"
		"%sContent-Length: 0\r\n\r\n", code, via, headers));
	msg = decoded(mb);
	read_answer(msg);
	mem_deref(msg);
}


static void answered(unsigned code, const char *headers)
{
	answered_via(code, ";received=203.0.113.7;rport=40112", headers);
}


/* A 200 with one Contact line */
static void listed(const char *contacts)
{
	char headers[4096];

	ck_assert_int_gt(re_snprintf(headers, sizeof(headers),
				     "Contact: %s\r\n", contacts), 0);
	answered(200, headers);
}


static void assert_lease(uint32_t lease, enum contact_match match)
{
	const struct contact_list *l = &facts.answer.contacts;

	ck_assert(facts.answer.bound);
	ck_assert_uint_eq(lease, l->lease);
	ck_assert_str_eq(contact_match_name(match),
			 contact_match_name(l->match));
}


static void assert_counts(unsigned owns, unsigned ghosts, unsigned foreign)
{
	const struct contact_list *l = &facts.answer.contacts;

	ck_assert_uint_eq(owns, l->owns);
	ck_assert_uint_eq(ghosts, l->ghosts);
	ck_assert_uint_eq(foreign, l->foreign);
}


/* --- the text --- */

/* The text of it; how many old bindings it names. */
static const char *print_text(unsigned *namedp)
{
	static char text[4096];
	struct mbuf *mb = mbuf_alloc(1024);

	ck_assert_int_eq(0, register_print(mb, &request, namedp));
	ck_assert_uint_lt(mb->end, sizeof(text));
	memcpy(text, mb->buf, mb->end);
	text[mb->end] = '\0';
	mem_deref(mb);

	return text;
}


START_TEST(register_says_all_it_must)
{
	struct sip_msg *msg;
	char text[256];

	ck_assert_uint_eq(32, strlen(id.callid));
	msg = printed();

	ck_assert(msg->req);
	ck_assert(!pl_strcmp(&msg->met, "REGISTER"));
	ck_assert(!pl_strcmp(&msg->ruri, "sip:example.com"));
	assert_header(msg, "Via", "SIP/2.0/UDP 10.0.0.2:41822;branch=" BRANCH
		      ";rport;keep");
	assert_header(msg, "Max-Forwards", "70");
	assert_header(msg, "Route", NULL);
	(void)re_snprintf(text, sizeof(text), "<sip:alice@example.com>;tag=%s",
			  id.tag);
	assert_header(msg, "From", text);
	assert_header(msg, "To", "<sip:alice@example.com>");
	assert_header(msg, "Call-ID", id.callid);
	assert_header(msg, "CSeq", "7 REGISTER");
	(void)re_snprintf(text, sizeof(text), "<sip:alice@203.0.113.7:40112"
			  ";sipregd=%s.%s>;+sip.instance=\"<" INSTANCE
			  ">\";reg-id=1;expires=3600", id.token_account,
			  id.token_flow);
	assert_header(msg, "Contact", text);
	assert_header(msg, "Expires", "3600");
	assert_header(msg, "Supported", "path, outbound, gruu");
	assert_header(msg, "Allow",
		      "OPTIONS, NOTIFY, INVITE, ACK, BYE, CANCEL");
	assert_header(msg, "User-Agent", "sipregd/1.0");
	assert_header(msg, "Authorization", NULL);
	assert_header(msg, "Content-Length", "0");
	mem_deref(msg);
}
END_TEST


START_TEST(plain_register_is_rfc_3261_alone)
{
	char text[256];

	request.plain = true;
	(void)re_snprintf(text, sizeof(text), "%s;expires=3600",
			  own("203.0.113.7:40112", ""));
	assert_sent("Contact", text);
	assert_sent("Supported", NULL);
}
END_TEST


START_TEST(a_fetch_names_no_contact)
{
	const char *text;
	unsigned named = 9;

	request.fetch = true;
	request.oldv[0] = "sip:alice@203.0.113.7:53237;sipregd=1.2";
	request.oldc = 1;
	text = print_text(&named);

	ck_assert_ptr_null(strstr(text, "Contact:"));
	ck_assert_ptr_null(strstr(text, "xpires"));
	ck_assert_uint_eq(0, named);
	assert_sent("To", "<sip:alice@example.com>");
	assert_sent("Call-ID", id.callid);
	assert_sent("CSeq", "7 REGISTER");
	assert_sent("Supported", "path, outbound, gruu");
}
END_TEST


START_TEST(unregister_names_only_our_contact)
{
	char text[256];

	request.expires = 0;
	request.plain = true;
	(void)re_snprintf(text, sizeof(text), "%s;expires=0",
			  own("203.0.113.7:40112", ""));
	assert_sent("Contact", text);
	assert_sent("Expires", "0");
}
END_TEST


START_TEST(streams_name_their_transport)
{
	char text[256];

	request.plain = true;

	request.transport = TRANSPORT_TCP;
	(void)re_snprintf(text, sizeof(text), "%s;expires=3600",
			  own("203.0.113.7:40112;transport=tcp", ""));
	assert_sent("Contact", text);
	assert_sent("Via", "SIP/2.0/TCP 10.0.0.2:41822;branch=" BRANCH
		    ";rport;keep");

	request.transport = TRANSPORT_TLS;
	(void)re_snprintf(text, sizeof(text), "%s;expires=3600",
			  own("203.0.113.7:40112;transport=tls", ""));
	assert_sent("Contact", text);
	assert_sent("Via", "SIP/2.0/TLS 10.0.0.2:41822;branch=" BRANCH
		    ";rport;keep");

	conf.sips = true;
	conf.registrar = "sips:example.com";
	(void)re_snprintf(text, sizeof(text), "<sips:%s;expires=3600",
			  own("203.0.113.7:40112", "") + strlen("<sip:"));
	assert_sent("Contact", text);
	assert_ruri("sips:example.com");
}
END_TEST


START_TEST(ipv6_stands_in_brackets)
{
	char text[256];

	conf.registrar = "sip:[2001:db8::5]:5070";
	request.plain = true;
	request.local = address("fd00::2", 5080);
	request.contact = address("2001:db8::1", 5060);

	assert_ruri("sip:[2001:db8::5]:5070");
	assert_sent("Via", "SIP/2.0/UDP [fd00::2]:5080;branch=" BRANCH
		    ";rport;keep");
	(void)re_snprintf(text, sizeof(text), "%s;expires=3600",
			  own("[2001:db8::1]:5060", ""));
	assert_sent("Contact", text);
}
END_TEST


START_TEST(request_uri_is_the_registrars_domain_alone)
{
	conf.registrar = "sip:bob@sip.example.com:5070;transport=tcp";
	assert_ruri("sip:sip.example.com:5070");
	conf.registrar = "sips:192.0.2.1";
	assert_ruri("sips:192.0.2.1");
}
END_TEST


START_TEST(the_proxy_that_it_goes_by_is_its_route)
{
	proxyv[0] = "sip:edge1.example.com";
	proxyv[1] = "sip:edge2.example.com:5061;transport=tls;lr";
	conf.proxyc = 2;

	request.proxy = proxyv[0];
	assert_sent("Route", "<sip:edge1.example.com;lr>");
	request.proxy = proxyv[1];
	assert_sent("Route", "<sip:edge2.example.com:5061;transport=tls;lr>");
	request.proxy = NULL;
	assert_sent("Route", NULL);
}
END_TEST


START_TEST(user_is_sent_as_it_is_configured)
{
	static char *const userv[] = {
		"+49%2030,1;x", "a%40b", "%C3%A4", "-_.!~*'()&=+$,;?/",
	};
	char text[256];
	size_t i;

	request.plain = true;

	for (i = 0; i < sizeof(userv) / sizeof(userv[0]); i++) {
		conf.contact_user = userv[i];
		(void)re_snprintf(text, sizeof(text), "<sip:%s%s;expires=3600",
				  userv[i], own("203.0.113.7:40112", "") +
				  strlen("<sip:alice"));
		assert_sent("Contact", text);
	}

	conf.contact_user = conf.aor_user = "";
	(void)re_snprintf(text, sizeof(text), "<sip:%s;expires=3600",
			  own("203.0.113.7:40112", "") +
			  strlen("<sip:alice@"));
	assert_sent("Contact", text);
}
END_TEST


START_TEST(static_contact_may_be_a_name)
{
	char text[256];

	memset(&request.contact, 0, sizeof(request.contact));
	request.plain = true;
	assert_refused(EBADMSG);

	conf.contact_policy = CONTACT_STATIC;
	conf.contact_host = "pbx.example.net:5070";
	(void)re_snprintf(text, sizeof(text), "%s;expires=3600",
			  own("pbx.example.net:5070", ""));
	assert_sent("Contact", text);

	conf.contact_host = "mallory@pbx.example.net";
	assert_refused(EBADMSG);
}
END_TEST


START_TEST(extra_headers_are_added)
{
	headerv[0] = "X-Site: 7";
	headerv[1] = "X-Empty:";
	conf.headerc = 2;
	assert_sent("X-Site", "7");
	assert_sent("X-Empty", "");
}
END_TEST


START_TEST(configuration_cannot_inject_headers)
{
	headerv[0] = "X-Site: 7\r\nContact: *";
	conf.headerc = 1;
	assert_refused(EBADMSG);
	conf.headerc = 0;

	id.user_agent = "x\nY: z";
	assert_refused(EBADMSG);
	id.user_agent = "";
	assert_sent("User-Agent", NULL);

	conf.aor = "sip:alice@example.com>\r\nX: y";
	assert_refused(EBADMSG);
	conf.aor = "sip:alice@example.com";

	request.proxy = "sip:edge>,<sip:other";
	assert_refused(EBADMSG);
	request.proxy = "sip:edge?X=y";
	assert_refused(EBADMSG);
	request.proxy = NULL;

	conf.registrar = "sip:exa mple.com";
	assert_refused(EBADMSG);
	conf.registrar = "tel:123";
	assert_refused(EBADMSG);
	conf.registrar = "";
	assert_refused(EBADMSG);
}
END_TEST


START_TEST(socket_without_address_is_the_callers_fault)
{
	memset(&request.local, 0, sizeof(request.local));
	assert_refused(EINVAL);
}
END_TEST


START_TEST(credentials_are_for_the_request_uri)
{
	struct challenge challenge;
	struct digest *digest;
	struct mbuf *mb = mbuf_alloc(256);
	struct sip_msg *msg;
	const struct sip_hdr *hdr;
	struct httpauth_digest_resp resp;

	ck_assert_int_eq(0, digest_alloc(&digest));
	request.digest = digest;
	assert_sent("Authorization", NULL);

	(void)mbuf_write_str(mb, "SIP/2.0 401 Unauthorized\r\n"
			     "WWW-Authenticate: Digest realm=\"r\","
			     "nonce=\"n\",qop=\"auth\"\r\n\r\n");
	msg = decoded(mb);
	challenge_init(&challenge, DIGEST_MD5);
	ck_assert_int_eq(CHALLENGE_ANSWER,
			 digest_on_challenge(digest, &challenge, msg, "", 0));
	mem_deref(msg);

	msg = printed();
	hdr = sip_msg_hdr(msg, SIP_HDR_AUTHORIZATION);
	ck_assert_ptr_nonnull(hdr);
	ck_assert_int_eq(0, httpauth_digest_response_decode(&resp, &hdr->val));
	ck_assert(!pl_strcmp(&resp.username, "alice-auth"));
	ck_assert(!pl_strcmp(&resp.uri, "sip:example.com"));
	assert_header(msg, "Content-Length", "0");
	mem_deref(msg);
	mem_deref(digest);
}
END_TEST


static unsigned occurrences(const char *text, const char *part)
{
	unsigned n = 0;

	for (; (text = strstr(text, part)); ++text)
		++n;

	return n;
}


START_TEST(earlier_bindings_are_removed_behind_the_new_one)
{
	const char *text, *now, *first, *second;
	unsigned named = 9;

	request.oldv[0] = "sip:alice@203.0.113.7:53237;sipregd=1.2";
	request.oldv[1] = "sips:alice@[2001:db8::1]:5061";
	request.oldc = 2;
	text = print_text(&named);
	ck_assert_uint_eq(2, named);

	now = strstr(text, "\r\nContact: <sip:alice@203.0.113.7:40112");
	first = strstr(text, "\r\nContact: <sip:alice@203.0.113.7:53237;"
		       "sipregd=1.2>;expires=0\r\n");
	second = strstr(text, "\r\nContact: <sips:alice@[2001:db8::1]:5061>;"
			"expires=0\r\n");
	ck_assert(now && first && second && now < first && first < second);
	/* the registrar must not take them for the new one */
	ck_assert_uint_eq(1, occurrences(text, "+sip.instance"));
	ck_assert_uint_eq(1, occurrences(text, "reg-id"));
	ck_assert_str_eq("\r\nContent-Length: 0\r\n\r\n",
			 strstr(text, "\r\nContent-Length"));

	request.oldc = 0;
	ck_assert_uint_eq(1, occurrences(print_text(&named), "Contact:"));
	ck_assert_uint_eq(0, named);
}
END_TEST


START_TEST(on_udp_only_as_many_are_removed_as_fit)
{
	static char old[REGISTER_OLD_MAX][REGISTER_URI_SIZE];
	char header[512] = "X-Pad: ";
	unsigned named, i, fewest = 9, most = 0;
	size_t pad;

	for (i = 0; i < REGISTER_OLD_MAX; i++) {
		(void)re_snprintf(old[i], sizeof(old[i]),
				  "sip:alice@192.0.2.%u;x=%0200u", i, i);
		request.oldv[i] = old[i];
	}
	request.oldc = REGISTER_OLD_MAX;
	headerv[0] = header;
	conf.headerc = 1;

	for (pad = 7; pad < sizeof(header) - 1; pad++) {

		const char *text;

		header[pad] = 'x';
		text = print_text(&named);
		ck_assert_uint_lt(strlen(text), REGISTER_UDP_MAX);
		/* no room is left unused */
		ck_assert(named == REGISTER_OLD_MAX ||
			  strlen(text) + strlen("Contact: <>;expires=0\r\n") +
			  strlen(old[0]) >= REGISTER_UDP_MAX);
		ck_assert_uint_eq(1 + named, occurrences(text, "Contact:"));
		fewest = named < fewest ? named : fewest;
		most = named > most ? named : most;
	}
	ck_assert_uint_eq(0, fewest);
	ck_assert_uint_ge(most, 2);

	request.transport = TRANSPORT_TCP;
	(void)print_text(&named);
	ck_assert_uint_eq(REGISTER_OLD_MAX, named);
}
END_TEST


START_TEST(old_bindings_that_cannot_be_named_are_passed_over)
{
	static char overlong[REGISTER_URI_SIZE + 1];
	static const char *const spoilt[] = {
		"", "*", "alice", "tel:+4930123", "sip:", "sip:a b@h",
		"sip:alice@192.0.2.1>;expires=3600,<sip:mallory@192.0.2.9",
		"sip:alice@192.0.2.1\r\nX-Evil: 1", "sip:alice@192.0.2.1\n",
		"sip:alice@192.0.2.1?Route=%3Csip:x%3E", "sip:\x01@192.0.2.1",
		overlong,
	};
	char own[REGISTER_URI_SIZE];
	unsigned named;
	size_t i;

	(void)re_snprintf(overlong, sizeof(overlong), "sip:%0506u@h", 1);
	ck_assert_uint_eq(REGISTER_URI_SIZE, strlen(overlong));
	request.oldv[1] = "sip:alice@192.0.2.2";
	request.oldc = 2;

	for (i = 0; i < sizeof(spoilt) / sizeof(spoilt[0]); i++) {

		const char *text;

		request.oldv[0] = spoilt[i];
		text = print_text(&named);
		ck_assert_uint_eq(2, named);
		ck_assert_msg(occurrences(text, "Contact:") == 2, "%s", text);
		ck_assert_ptr_null(strstr(text, "Evil"));
	}

	/* and never our own */
	ck_assert_int_eq(0, register_contact_uri(own, sizeof(own), &request));
	request.oldv[0] = own;
	ck_assert_uint_eq(1, occurrences(print_text(&named), own));
	ck_assert_uint_eq(2, named);
}
END_TEST


START_TEST(our_own_binding_in_another_spelling_is_not_removed)
{
	static const char *const samev[] = {
		"sip:alice@203.0.113.7:40112", "sip:203.0.113.7:40112",
		"SIP:%61lice@203.0.113.7:40112;transport=UDP;x=y",
	};
	unsigned named;
	size_t i;

	request.oldc = 1;
	for (i = 0; i < sizeof(samev) / sizeof(samev[0]); i++) {
		request.oldv[0] = samev[i];
		ck_assert_uint_eq(1, occurrences(print_text(&named),
						 "Contact:"));
		ck_assert_uint_eq(1, named);
	}

	/* case counts in a user */
	request.oldv[0] = "sip:Alice@203.0.113.7:40112";
	ck_assert_uint_eq(2, occurrences(print_text(&named), "Contact:"));
}
END_TEST


/* As it is sent now. */
static void assert_contact_uri(void)
{
	char uri[REGISTER_URI_SIZE], contact[REGISTER_URI_SIZE + 32];

	ck_assert_int_eq(0, register_contact_uri(uri, sizeof(uri), &request));
	(void)re_snprintf(contact, sizeof(contact), "Contact: <%s>", uri);
	ck_assert_ptr_nonnull(strstr(print_text(NULL), contact));
	ck_assert_int_eq(EOVERFLOW,
			 register_contact_uri(uri, strlen(uri), &request));
}


START_TEST(contact_uri_is_the_one_that_is_sent)
{
	char uri[REGISTER_URI_SIZE] = "untouched";
	static char user[600];

	assert_contact_uri();
	request.transport = TRANSPORT_TLS;
	request.contact = address("2001:db8::1", 5061);
	assert_contact_uri();
	conf.sips = true;
	conf.contact_user = "+49%2030";
	assert_contact_uri();
	conf.contact_policy = CONTACT_STATIC;
	conf.contact_host = "pbx.example.net";
	memset(&request.contact, 0, sizeof(request.contact));
	assert_contact_uri();

	/* sent, but too long to be kept */
	memset(user, 'a', sizeof(user) - 1);
	conf.contact_user = user;
	ck_assert_int_eq(EOVERFLOW,
			 register_contact_uri(uri, sizeof(uri), &request));
	ck_assert_ptr_nonnull(strstr(print_text(NULL), user));

	conf.contact_host = "";
	ck_assert_int_eq(EBADMSG,
			 register_contact_uri(uri, sizeof(uri), &request));
	ck_assert_str_eq("untouched", uri);
}
END_TEST


START_TEST(a_redirection_is_asked_itself)
{
	request.redirect = "sip:edge7.example.com:5070;transport=tls";

	assert_ruri("sip:edge7.example.com:5070");
	assert_sent("To", "<sip:alice@example.com>");

	request.redirect = "sips:[2001:db8::7]";
	assert_ruri("sips:[2001:db8::7]");
	request.redirect = "sip:edge7\r\nX: y";
	assert_refused(EBADMSG);
	request.redirect = NULL;
	assert_ruri("sip:example.com");
}
END_TEST


START_TEST(nextnonce_is_in_the_next_register_with_nc_1)
{
	struct challenge challenge;
	struct digest *digest;
	struct mbuf *mb = mbuf_alloc(256);
	struct sip_msg *msg;
	const char *text;

	ck_assert_int_eq(0, digest_alloc(&digest));
	request.digest = digest;
	challenge_init(&challenge, DIGEST_MD5);
	(void)mbuf_write_str(mb, "SIP/2.0 401 Unauthorized\r\n"
			     "WWW-Authenticate: Digest realm=\"example.com\","
			     " nonce=\"n1\", algorithm=MD5, qop=\"auth\""
			     "\r\n\r\n");
	msg = decoded(mb);
	ck_assert_int_eq(CHALLENGE_ANSWER,
			 digest_on_challenge(digest, &challenge, msg, "", 0));
	mem_deref(msg);
	(void)print_text(NULL);
	text = print_text(NULL);
	ck_assert_ptr_nonnull(strstr(text, "nonce=\"n1\""));
	ck_assert_ptr_nonnull(strstr(text, "nc=00000002"));

	mb = mbuf_alloc(256);
	(void)mbuf_write_str(mb, "SIP/2.0 200 OK\r\n"
			     "authentication-info: qop=auth, nc=00000002,\r\n"
			     " rspauth=\"6629fae49393a05397450978507c4ef1\","
			     " cnonce=\"0a4f113b\", nextnonce=\"n,2\""
			     "\r\n\r\n");
	msg = decoded(mb);
	digest_on_accepted(digest, msg);
	mem_deref(msg);
	text = print_text(NULL);
	ck_assert_ptr_nonnull(strstr(text, "nonce=\"n,2\""));
	ck_assert_ptr_nonnull(strstr(text, "nc=00000001"));
	mem_deref(digest);
}
END_TEST


START_TEST(options_go_where_the_register_goes)
{
	struct mbuf *mb = mbuf_alloc(512);
	struct sip_msg *msg;
	char callid[64];

	request.proxy = "sip:edge1.example.com";
	ck_assert_int_eq(0, options_print(mb, &request));
	msg = decoded(mb);

	ck_assert(!pl_strcmp(&msg->met, "OPTIONS"));
	ck_assert(!pl_strcmp(&msg->ruri, "sip:example.com"));
	assert_header(msg, "Via", "SIP/2.0/UDP 10.0.0.2:41822;branch=" BRANCH
		      ";rport");
	assert_header(msg, "Max-Forwards", "70");
	assert_header(msg, "Route", "<sip:edge1.example.com;lr>");
	assert_header(msg, "To", "<sip:example.com>");
	assert_header(msg, "CSeq", "7 OPTIONS");
	(void)re_snprintf(callid, sizeof(callid), "%s-k", id.callid);
	assert_header(msg, "Call-ID", callid);
	assert_header(msg, "Contact", NULL);
	assert_header(msg, "Content-Length", "0");
	mem_deref(msg);
}
END_TEST


START_TEST(a_probe_goes_to_our_own_aor)
{
	struct mbuf *mb = mbuf_alloc(512);
	struct sip_msg *msg;
	char text[256];

	ck_assert_int_eq(0, register_probe_print(mb, &request, "X-Secret",
						 "5ec4e7", NULL));
	msg = decoded(mb);
	ck_assert(!pl_strcmp(&msg->met, "OPTIONS"));
	ck_assert(!pl_strcmp(&msg->ruri, "sip:alice@example.com"));
	assert_header(msg, "Via", "SIP/2.0/UDP 10.0.0.2:41822;branch=" BRANCH
		      ";rport");
	assert_header(msg, "Max-Forwards", "70");
	assert_header(msg, "Route", NULL);
	(void)re_snprintf(text, sizeof(text), "<sip:alice@example.com>;tag=%s",
			  id.tag);
	assert_header(msg, "From", text);
	assert_header(msg, "To", "<sip:alice@example.com>");
	assert_header(msg, "Call-ID", "5ec4e7");
	assert_header(msg, "CSeq", "7 OPTIONS");
	assert_header(msg, "Contact", own("203.0.113.7:40112", ""));
	assert_header(msg, "X-Secret", "5ec4e7");
	assert_header(msg, "User-Agent", "sipregd/1.0");
	assert_header(msg, "Content-Length", "0");
	mem_deref(msg);
}
END_TEST


static void assert_routes(const char *service_route, const char *expected)
{
	struct mbuf *mb = mbuf_alloc(512);
	const char *text, *from;

	ck_assert_int_eq(0, register_probe_print(mb, &request, "X-Secret",
						 "5ec4e7", service_route));
	(void)mbuf_write_u8(mb, 0);
	text = strstr((char *)mb->buf, "Max-Forwards: 70\r\n");
	from = strstr(text, "From:");
	text += strlen("Max-Forwards: 70\r\n");
	ck_assert_uint_eq(strlen(expected), (size_t)(from - text));
	ck_assert_int_eq(0, strncmp(text, expected, strlen(expected)));
	mem_deref(mb);
}


START_TEST(a_probe_takes_the_service_route_behind_the_proxy)
{
	static const char route[] = "<sip:s1.example.com;lr>, <sip:s2;lr>";
	struct mbuf *mb = mbuf_alloc(512);

	assert_routes(route, "Route: <sip:s1.example.com;lr>, <sip:s2;lr>\r\n");

	request.proxy = "sip:edge1.example.com";
	assert_routes(NULL, "Route: <sip:edge1.example.com;lr>\r\n");
	assert_routes(route, "Route: <sip:edge1.example.com;lr>\r\n"
		      "Route: <sip:s1.example.com;lr>, <sip:s2;lr>\r\n");

	/* not twice through the same proxy */
	assert_routes("<sip:orig@EDGE1.example.com:5060;lr>, <sip:s2;lr>",
		      "Route: <sip:orig@EDGE1.example.com:5060;lr>, "
		      "<sip:s2;lr>\r\n");

	request.proxy = NULL;
	assert_routes(route, "Route: <sip:s1.example.com;lr>, <sip:s2;lr>\r\n");

	ck_assert_int_eq(EBADMSG, register_probe_print(mb, &request, "X", "1",
						       "<sip:a>\r\nY: z"));
	mem_deref(mb);
}
END_TEST


START_TEST(tokens_differ_by_account_registration_and_flow)
{
	struct register_identity other;
	struct account_conf other_conf = conf;
	char flow[12];

	register_identity_init(&other, &conf, "", INSTANCE, 1);
	ck_assert_str_eq(other.token_account, id.token_account);
	ck_assert_str_ne(other.token_flow, id.token_flow);
	register_identity_init(&other, &conf, "", INSTANCE, 2);
	ck_assert_str_ne(other.token_account, id.token_account);
	ck_assert_str_ne(other.token_flow, id.token_flow);
	ck_assert_str_ne(other.callid, id.callid);
	ck_assert_str_ne(other.tag, id.tag);
	ck_assert_uint_eq(10, strlen(id.token_account));
	ck_assert_uint_eq(10, strlen(id.token_flow));

	other_conf.name = "trunk2";
	register_identity_init(&other, &other_conf, "", INSTANCE, 1);
	ck_assert_str_ne(other.token_account, id.token_account);

	memcpy(flow, id.token_flow, sizeof(flow));
	register_identity_new_flow(&id);
	ck_assert_str_ne(flow, id.token_flow);
}
END_TEST


/* --- the answers --- */

START_TEST(our_binding_second_in_the_list_gives_the_lease)
{
	char contacts[1024];

	(void)re_snprintf(contacts, sizeof(contacts),
			  "<sip:alice@198.51.100.9:5060>;expires=3600, %s",
			  own("203.0.113.7:40112", ";expires=120"));
	listed(contacts);
	assert_lease(120, CONTACT_BY_TOKEN);
	assert_counts(1, 0, 1);
	ck_assert_int_eq(200, facts.answer.code);
	ck_assert_uint_eq(0, facts.answer.retry_after);
}
END_TEST


START_TEST(instance_and_reg_id_are_the_strongest)
{
	listed("<sip:0815@192.0.2.99:9999;x=y>;expires=90;"
	       "+sip.instance=\"<" INSTANCE ">\";reg-id=1");
	assert_lease(90, CONTACT_BY_INSTANCE);

	listed("<sip:alice@192.0.2.99>;reg-id=1;expires=\"90\" ; "
	       "+SIP.INSTANCE = \"<URN:UUID:00000000-0000-1000-8000-"
	       "00a95a0e128>\"");
	assert_lease(90, CONTACT_BY_INSTANCE);

	/* no reg-id given back */
	listed("<sip:alice@192.0.2.99>;expires=90;"
	       "+sip.instance=\"<" INSTANCE ">\"");
	assert_lease(90, CONTACT_BY_INSTANCE);

	/* another account of this instance */
	listed("<sip:alice@192.0.2.99>;expires=90;"
	       "+sip.instance=\"<" INSTANCE ">\";reg-id=5");
	ck_assert(!facts.answer.bound);
	assert_counts(0, 0, 1);

	/* somebody else's, and not in the form of an instance at all */
	listed("<sip:alice@192.0.2.99>;expires=90;+sip.instance=\"<"
	       INSTANCE "9>\";reg-id=1, <sip:alice@192.0.2.98>;"
	       "+sip.instance=\"" INSTANCE "\", <sip:alice@192.0.2.97>;"
	       "+sip.instance=\"\"");
	ck_assert(!facts.answer.bound);
	assert_counts(0, 0, 3);
}
END_TEST


/* Every registration of an account has its own reg-id and token. */
static void list_siblings(void)
{
	struct register_identity other;
	char text[512];

	register_identity_init(&other, &conf, "", INSTANCE, 2);
	(void)snprintf(text, sizeof(text), "<sip:alice@192.0.2.99>;expires=90;"
		       "+sip.instance=\"<" INSTANCE ">\";reg-id=2, "
		       "<sip:alice@192.0.2.98;sipregd=%s.0>;expires=90",
		       other.token_account);
	listed(text);
	ck_assert(!facts.answer.bound);
}


START_TEST(other_flows_of_the_account_are_its_own)
{
	conf.policy.flows = 2;
	list_siblings();
	assert_counts(0, 0, 0);
	ck_assert_uint_eq(2, facts.answer.contacts.siblings);
	ck_assert_uint_eq(2, audit_count(&facts.audit, AUDIT_OWN));
	ck_assert_uint_eq(CONTACT_BY_INSTANCE, facts.audit.entryv[0].match);
	ck_assert_uint_eq(CONTACT_BY_TOKEN, facts.audit.entryv[1].match);
}
END_TEST


START_TEST(flows_that_the_account_has_no_more_are_old)
{
	conf.policy.flows = 1;
	list_siblings();
	assert_counts(0, 2, 0);
	ck_assert_uint_eq(0, facts.answer.contacts.siblings);
}
END_TEST


START_TEST(without_brackets_parameters_are_the_headers)
{
	listed("sip:alice@192.0.2.99:5060;expires=90;"
	       "+sip.instance=\"<" INSTANCE ">\";reg-id=1");
	assert_lease(90, CONTACT_BY_INSTANCE);
	ck_assert_uint_eq(5060, facts.answer.contacts.own.port);
}
END_TEST


START_TEST(token_of_an_earlier_flow_is_a_ghost)
{
	char contacts[1024];

	(void)re_snprintf(contacts, sizeof(contacts),
			  "<sip:alice@192.0.2.1:1;sipregd=%s.0123456789>, "
			  "<sip:alice@192.0.2.2:1;sipregd=0123456789.%s>, "
			  "<sip:alice@192.0.2.3:1;sipregd=%s>, "
			  "<sip:alice@192.0.2.4:1;sipregd>, %s",
			  id.token_account, id.token_flow, id.token_account,
			  own("203.0.113.7:40112", ";expires=60"));
	listed(contacts);
	assert_lease(60, CONTACT_BY_TOKEN);
	assert_counts(1, 2, 2);
}
END_TEST


START_TEST(token_may_change_its_case)
{
	char contacts[512];
	size_t i;

	(void)re_snprintf(contacts, sizeof(contacts), "%s",
			  own("192.0.2.99:1", ";expires=60"));
	for (i = 0; contacts[i]; i++)
		if (contacts[i] >= 'a' && contacts[i] <= 'f')
			contacts[i] = (char)(contacts[i] - 'a' + 'A');
	listed(contacts);
	assert_lease(60, CONTACT_BY_TOKEN);
}
END_TEST


START_TEST(stripped_contact_is_known_by_its_address)
{
	listed("<sip:alice@203.0.113.7:40112>;expires=60");
	assert_lease(60, CONTACT_BY_MAPPED);

	/* another mapping than what we sent */
	answered_via(200, ";received=198.51.100.1;rport=1024",
		     "Contact: <sip:alice@203.0.113.7:40112>;expires=60\r\n");
	assert_lease(60, CONTACT_BY_SENT);

	listed("<sip:alice@203.0.113.7:40113>;expires=60");
	ck_assert(!facts.answer.bound);
	listed("<sip:Alice@203.0.113.7:40112>;expires=60");
	ck_assert(!facts.answer.bound);

	/* some drop the user too */
	listed("<sip:203.0.113.7:40112>;expires=60");
	assert_lease(60, CONTACT_BY_MAPPED);
}
END_TEST


START_TEST(escaped_user_is_the_same_user)
{
	conf.contact_user = "a+b%20c%2C";
	listed("<sip:%61%2bb%20c,@203.0.113.7:40112>;expires=60");
	assert_lease(60, CONTACT_BY_MAPPED);
	listed("<sip:a+b%20c@203.0.113.7:40112>;expires=60");
	ck_assert(!facts.answer.bound);
	listed("<sip:a+b%20c%2@203.0.113.7:40112>;expires=60");
	ck_assert(!facts.answer.bound);
	conf.contact_user = "a%60";
	listed("<sip:a%6z@203.0.113.7:40112>;expires=60");
	ck_assert(!facts.answer.bound);
}
END_TEST


START_TEST(port_left_out_is_the_default_one)
{
	static const struct {
		const char *contact;
		uint16_t port;
	} table[] = {
		{"<sip:alice@203.0.113.7>;expires=60",               5060},
		{"<sip:alice@203.0.113.7;transport=TCP>;expires=60", 5060},
		{"<sip:alice@203.0.113.7;transport=tls>;expires=60", 5061},
		{"<sips:alice@203.0.113.7>;expires=60",              5061},
		{"<SIP:alice@203.0.113.7;transport=>;expires=60",    5060},
	};
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		request.contact.port = table[i].port;
		listed(table[i].contact);
		assert_lease(60, CONTACT_BY_SENT);
	}
}
END_TEST


START_TEST(ipv6_contacts_are_read)
{
	request.contact = address("2001:db8::1", 5080);
	listed("<sip:alice@[2001:DB8:0:0::1]:5080>;expires=60");
	assert_lease(60, CONTACT_BY_SENT);
}
END_TEST


START_TEST(lists_are_split_where_they_should_be)
{
	char headers[2048];

	(void)re_snprintf(headers, sizeof(headers),
			  "Contact: \"Doe, Joe \\\"x, <sip:y@z>\" "
			  "<sip:joe@192.0.2.1>;q=0.5,"
			  "<sip:a,b@192.0.2.2>, ,\r\n"
			  " <sip:c@192.0.2.3>\r\n"
			  "m: Joe <sip:d@192.0.2.4>;q=1.0;methods=\"A,B\" ,"
			  "%s\r\n"
			  "CONTACT : <sip:e@host.example.com>\r\n"
			  "Contact:\r\n",
			  own("192.0.2.5:1", ";expires=75"));
	answered(200, headers);
	assert_lease(75, CONTACT_BY_TOKEN);
	assert_counts(1, 0, 5);
	ck_assert_int_eq(4, facts.answer.contacts.own_index);
}
END_TEST


START_TEST(what_cannot_be_read_is_foreign)
{
	char contacts[1024];

	(void)re_snprintf(contacts, sizeof(contacts),
			  "*, <tel:+4930123>, <>, <sip:>, nonsense, "
			  "<sip:alice@[::zz]:1>, <sip:alice@256.1.1.1>, %s",
			  own("192.0.2.5:1", ";expires=75"));
	listed(contacts);
	assert_lease(75, CONTACT_BY_TOKEN);
	assert_counts(1, 0, 7);
}
END_TEST


START_TEST(expires_parameter_is_read_as_rfc_3261_says)
{
	static const struct {
		const char *params;
		uint32_t lease;
	} table[] = {
		{";expires=120",          120},
		{";expires= \"120\" ;q=1", 120},
		{";EXPIRES=120",          120},
		{";expires=soon",         3600},
		{";expires=",             3600},
		{";expires",              3600},
		{";expires=-1",           3600},
		{";expires=12x",          3600},
		{";expires=4294967295",   CONTACT_LEASE_MAX},
		{";expires=99999999999999999999", CONTACT_LEASE_MAX},
		{";q=1",                  240},     /* the header's */
	};
	char headers[512];
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		(void)re_snprintf(headers, sizeof(headers),
				  "Contact: %s\r\nExpires: 240\r\n",
				  own("192.0.2.5:1", table[i].params));
		answered(200, headers);
		assert_lease(table[i].lease, CONTACT_BY_TOKEN);
	}

	/* neither: what we asked for */
	listed(own("192.0.2.5:1", ""));
	assert_lease(3600, CONTACT_BY_TOKEN);

	listed(own("192.0.2.5:1", ";expires=0"));
	ck_assert(!facts.answer.bound);
}
END_TEST


START_TEST(a_200_without_our_contact_is_not_bound)
{
	answered(200, "Expires: 3600\r\n");
	ck_assert(!facts.answer.bound);
	assert_counts(0, 0, 0);

	answered(200, "Contact: <sip:bob@192.0.2.1>;expires=60\r\n"
		 "Expires: 3600\r\n");
	ck_assert(!facts.answer.bound);
	assert_counts(0, 0, 1);
}
END_TEST


/* sipsorcery-org/sipsorcery#1375: ours is the first, and private. */
START_TEST(origin_story)
{
	char c[] = "<sip:192.168.88.33:51629>;expires=600, "
		"<sip:194.64.145.30:53237>;expires=397, "
		"<sip:172.18.0.5:37736>;expires=287, "
		"<sip:194.64.145.30:52555>;expires=214";
	char headers[512];

	conf.aor_user = "";
	request.local = address("192.168.160.2", 51629);
	request.contact = address("192.168.88.33", 51629);
	(void)re_snprintf(headers, sizeof(headers), "Contact: %s\r\n", c);
	answered_via(200, ";received=194.64.145.30;rport=51629", headers);

	assert_lease(600, CONTACT_BY_SENT);
	assert_counts(1, 0, 3);
	ck_assert_int_eq(ADDR_PRIVATE, addr_scope(&facts.answer.contacts.own));
	ck_assert_int_eq(ADDR_PUBLIC, addr_scope(&facts.mapped));

	/* none of it known as ours */
	request.contact = address("192.168.160.2", 51629);
	answered_via(200, ";received=194.64.145.30;rport=51629", headers);
	ck_assert(!facts.answer.bound);
	assert_counts(0, 0, 4);
}
END_TEST


START_TEST(via_tells_the_mapping)
{
	static const struct {
		const char *via, *mapped;
	} table[] = {
		{";received=203.0.113.7;rport=40112", "203.0.113.7:40112"},
		{";rport=40112 ; received=\"203.0.113.7\"",
			"203.0.113.7:40112"},
		{";received=2001:db8::7;rport=40112", "[2001:db8::7]:40112"},
		{";received=[2001:db8::7];rport=40112", "[2001:db8::7]:40112"},
		/* only where it differs: our own address is the one seen */
		{";rport=40112",                        "10.0.0.2:40112"},
		{";received=203.0.113.7;rport",         ""},
		{";received=203.0.113.7",               ""},
		{";received=nonsense;rport=40112",      ""},
		{";received;rport=40112",               ""},
		{";received=203.0.113.7;rport=0",       ""},
		{";received=203.0.113.7;rport=65536",   ""},
		{";received=203.0.113.7;rport=x",       ""},
		{";rport",                              ""},
		{"",                                    ""},
	};
	char text[ADDR_STRLEN];
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		answered_via(401, table[i].via, "");
		ck_assert_str_eq(table[i].mapped,
				 addr_print(&facts.mapped, text,
					    sizeof(text)));
	}
}
END_TEST


START_TEST(promise_of_keepalive_is_read)
{
	static const struct {
		const char *via, *headers;
		bool promised;
		uint32_t timer;
	} table[] = {
		{"",          "",                         false, 0},
		{";keep",     "",                         false, 0},
		{";keep=0",   "",                         true,  0},
		{";keep=30",  "",                         true,  30},
		{";keep=x",   "",                         false, 0},
		{"",          "Flow-Timer: 120\r\n",      true,  120},
		{";keep=30",  "Flow-Timer: 120\r\n",      true,  30},
		{";keep=130", "Flow-Timer: 120\r\n",      true,  120},
		{"",          "Flow-Timer: often\r\n",    false, 0},
		{"",          "Require: path, Outbound\r\n", true, 0},
		/* our own keep given back says nothing of the timer */
		{";keep",     "Require: outbound\r\nFlow-Timer: 120\r\n",
			true, 120},
		{";keep=0",   "Flow-Timer: 120\r\n",      true,  120},
		{";KEEP=\"30\"", "",                      true,  30},
		/* absurd, but numbers: core/flow.c knows its bounds */
		{";keep=1",   "",                         true,  1},
		{";keep=4294967295", "",                  true,  UINT32_MAX},
		{";keep=4294967296", "",                  false, 0},
		{"",          "Flow-Timer: 0\r\n",        false, 0},
		{"",          "Flow-Timer: 1\r\n",        true,  1},
		{"",          "Flow-Timer: 4294967296\r\n", true, UINT32_MAX},
		{";keep=0",   "Require: outbound\r\nFlow-Timer: 0\r\n",
			true, 0},
		{"",          "Supported: outbound\r\n",  false, 0},
	};
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		answered_via(200, table[i].via, table[i].headers);
		ck_assert_int_eq(table[i].promised, facts.promised);
		ck_assert_uint_eq(table[i].timer, facts.flow_timer);
	}

	ck_assert(!facts.answer.outbound);
	answered(200, "Require: path, Outbound\r\n");
	ck_assert(facts.answer.outbound);
}
END_TEST


/* RFC 6223 §4.3: renegotiated in every refresh. */
START_TEST(a_promise_holds_for_one_answer_only)
{
	answered_via(200, ";keep=30", "Path: <sip:edge.example.com;lr;ob>\r\n"
		     "Require: outbound\r\nFlow-Timer: 20\r\n");
	ck_assert(facts.promised);
	ck_assert_uint_eq(20, facts.flow_timer);

	answered_via(200, ";keep", "");
	ck_assert(!facts.promised);
	ck_assert_uint_eq(0, facts.flow_timer);
}
END_TEST


START_TEST(numbers_of_refusals_are_read)
{
	static const struct {
		const char *text;
		uint32_t n;
	} table[] = {
		{"120",                     120},
		{"120 (busy);duration=60",  120},
		{"120(busy)",               120},
		{" 120;duration=60",        120},
		{"99999999999",             UINT32_MAX},
		{"tomorrow",                0},
		{"12h",                     0},
		{"-5",                      0},
		{"",                        0},
	};
	char headers[128];
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		(void)re_snprintf(headers, sizeof(headers),
				  "Retry-After: %s\r\nMin-Expires: %s\r\n",
				  table[i].text, table[i].text);
		answered(503, headers);
		ck_assert_int_eq(503, facts.answer.code);
		ck_assert_uint_eq(table[i].n, facts.answer.retry_after);
		ck_assert_uint_eq(table[i].n, facts.answer.min_expires);
		ck_assert(!facts.answer.bound);
	}
}
END_TEST


START_TEST(contacts_of_a_refusal_mean_nothing)
{
	char headers[512];

	facts.answer.challenge = CHALLENGE_WEAK;
	(void)re_snprintf(headers, sizeof(headers), "Contact: %s\r\n",
			  own("203.0.113.7:40112", ""));
	answered(302, headers);
	ck_assert(!facts.answer.bound);
	assert_counts(0, 0, 0);
	ck_assert_int_eq(CHALLENGE_WEAK, facts.answer.challenge);
}
END_TEST


/* A 200 that lists `n` others, and then `last`. */
static void read_crowd(unsigned n, const char *last)
{
	struct mbuf *mb = mbuf_alloc(65536);
	struct sip_msg *msg;
	unsigned i;

	(void)mbuf_write_str(mb, "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP "
			     "10.0.0.2:41822;branch=" BRANCH "\r\n");
	for (i = 0; i < n; i++)
		(void)mbuf_printf(mb, "Contact: <sip:u%u@192.0.2.1>\r\n", i);
	(void)mbuf_printf(mb, "%s\r\n", last);

	msg = decoded(mb);
	read_answer(msg);
	mem_deref(msg);
}


START_TEST(endless_list_is_read_up_to_a_bound)
{
	read_crowd(2100, "");
	ck_assert_uint_eq(2048, facts.answer.contacts.count);
}
END_TEST


START_TEST(our_binding_is_found_behind_a_thousand_others)
{
	char last[512];

	(void)re_snprintf(last, sizeof(last), "Contact: %s\r\n",
			  own("203.0.113.7:40112", ";expires=120"));
	read_crowd(1000, last);
	assert_lease(120, CONTACT_BY_TOKEN);
	assert_counts(1, 0, 1000);
}
END_TEST


static bool token_matches(const char *params)
{
	struct mbuf *mb = mbuf_alloc(256);
	struct sip_msg *msg;
	bool match;

	(void)mbuf_printf(mb, "OPTIONS sip:alice@192.0.2.1%s SIP/2.0\r\n"
			  "Via: SIP/2.0/UDP 192.0.2.9;branch=x\r\n\r\n",
			  params);
	msg = decoded(mb);
	match = register_token_match(&id, msg);
	mem_deref(msg);

	return match;
}


START_TEST(requests_are_known_by_our_token)
{
	char params[128];

	(void)re_snprintf(params, sizeof(params),
			  ";transport=tcp;SIPREGD=%s.%s;ob",
			  id.token_account, id.token_flow);
	ck_assert(token_matches(params));
	(void)re_snprintf(params, sizeof(params), ";sipregd=%s.0000000000",
			  id.token_account);
	ck_assert(!token_matches(params));
	(void)re_snprintf(params, sizeof(params), ";sipregd=%s",
			  id.token_account);
	ck_assert(!token_matches(params));
	(void)re_snprintf(params, sizeof(params), ";sipregd=0000000000.%s",
			  id.token_flow);
	ck_assert(!token_matches(params));
	ck_assert(!token_matches(";sipregd"));
	ck_assert(!token_matches(";sipregd=."));
	ck_assert(!token_matches(""));
}
END_TEST


/* --- the grammar below it --- */

START_TEST(parameters_are_read_one_by_one)
{
	struct pl rest = PL(" ; a=1;;b ;c = \"x;\\\";y\";d=; =e;\"f;g");
	struct param p;

	ck_assert(param_next(&rest, &p));
	ck_assert(!pl_strcmp(&p.raw, "a=1"));
	ck_assert(!pl_strcmp(&p.name, "a") && !pl_strcmp(&p.val, "1"));
	ck_assert(param_next(&rest, &p));
	ck_assert(!pl_strcmp(&p.name, "b"));
	ck_assert_ptr_null(p.val.p);
	ck_assert(param_next(&rest, &p));
	ck_assert(!pl_strcmp(&p.raw, "c = \"x;\\\";y\""));
	ck_assert(!pl_strcmp(&p.name, "c"));
	ck_assert(!pl_strcmp(&p.val, "x;\\\";y"));
	ck_assert(param_next(&rest, &p));
	ck_assert(!pl_strcmp(&p.name, "d"));
	ck_assert(p.val.p && !p.val.l);
	ck_assert(param_next(&rest, &p));
	ck_assert(!p.name.l && !pl_strcmp(&p.val, "e"));
	ck_assert(param_next(&rest, &p));
	ck_assert(!pl_strcmp(&p.name, "\"f;g"));
	ck_assert(!param_next(&rest, &p));
}
END_TEST


START_TEST(name_addr_without_end_is_refused)
{
	struct pl uri, params, text = PL("Joe <sip:joe@192.0.2.1");

	ck_assert_int_eq(EBADMSG, name_addr_split(&uri, &params, &text));
	pl_set_str(&text, ";a=b");
	ck_assert_int_eq(EBADMSG, name_addr_split(&uri, &params, &text));
	pl_set_str(&text, "\"<sip:x>\" < sip:joe@192.0.2.1 > ;a");
	ck_assert_int_eq(0, name_addr_split(&uri, &params, &text));
	ck_assert(!pl_strcmp(&uri, "sip:joe@192.0.2.1"));
	ck_assert(!pl_strcmp(&params, " ;a"));
}
END_TEST


static void add_print_tests(TCase *tc)
{
	tcase_add_test(tc, register_says_all_it_must);
	tcase_add_test(tc, plain_register_is_rfc_3261_alone);
	tcase_add_test(tc, a_fetch_names_no_contact);
	tcase_add_test(tc, unregister_names_only_our_contact);
	tcase_add_test(tc, streams_name_their_transport);
	tcase_add_test(tc, ipv6_stands_in_brackets);
	tcase_add_test(tc, request_uri_is_the_registrars_domain_alone);
	tcase_add_test(tc, the_proxy_that_it_goes_by_is_its_route);
	tcase_add_test(tc, user_is_sent_as_it_is_configured);
	tcase_add_test(tc, static_contact_may_be_a_name);
	tcase_add_test(tc, extra_headers_are_added);
	tcase_add_test(tc, configuration_cannot_inject_headers);
	tcase_add_test(tc, socket_without_address_is_the_callers_fault);
	tcase_add_test(tc, credentials_are_for_the_request_uri);
	tcase_add_test(tc, earlier_bindings_are_removed_behind_the_new_one);
	tcase_add_test(tc, on_udp_only_as_many_are_removed_as_fit);
	tcase_add_test(tc, old_bindings_that_cannot_be_named_are_passed_over);
	tcase_add_test(tc, our_own_binding_in_another_spelling_is_not_removed);
	tcase_add_test(tc, contact_uri_is_the_one_that_is_sent);
	tcase_add_test(tc, a_redirection_is_asked_itself);
	tcase_add_test(tc, nextnonce_is_in_the_next_register_with_nc_1);
	tcase_add_test(tc, options_go_where_the_register_goes);
	tcase_add_test(tc, a_probe_goes_to_our_own_aor);
	tcase_add_test(tc,
		       a_probe_takes_the_service_route_behind_the_proxy);
	tcase_add_test(tc, tokens_differ_by_account_registration_and_flow);
}


static void add_read_tests(TCase *tc)
{
	tcase_add_test(tc, our_binding_second_in_the_list_gives_the_lease);
	tcase_add_test(tc, instance_and_reg_id_are_the_strongest);
	tcase_add_test(tc, other_flows_of_the_account_are_its_own);
	tcase_add_test(tc, flows_that_the_account_has_no_more_are_old);
	tcase_add_test(tc, without_brackets_parameters_are_the_headers);
	tcase_add_test(tc, token_of_an_earlier_flow_is_a_ghost);
	tcase_add_test(tc, token_may_change_its_case);
	tcase_add_test(tc, stripped_contact_is_known_by_its_address);
	tcase_add_test(tc, escaped_user_is_the_same_user);
	tcase_add_test(tc, port_left_out_is_the_default_one);
	tcase_add_test(tc, ipv6_contacts_are_read);
	tcase_add_test(tc, lists_are_split_where_they_should_be);
	tcase_add_test(tc, what_cannot_be_read_is_foreign);
	tcase_add_test(tc, expires_parameter_is_read_as_rfc_3261_says);
	tcase_add_test(tc, a_200_without_our_contact_is_not_bound);
	tcase_add_test(tc, origin_story);
	tcase_add_test(tc, via_tells_the_mapping);
	tcase_add_test(tc, promise_of_keepalive_is_read);
	tcase_add_test(tc, a_promise_holds_for_one_answer_only);
	tcase_add_test(tc, numbers_of_refusals_are_read);
	tcase_add_test(tc, contacts_of_a_refusal_mean_nothing);
	tcase_add_test(tc, endless_list_is_read_up_to_a_bound);
	tcase_add_test(tc, our_binding_is_found_behind_a_thousand_others);
	tcase_add_test(tc, requests_are_known_by_our_token);
	tcase_add_test(tc, parameters_are_read_one_by_one);
	tcase_add_test(tc, name_addr_without_end_is_refused);
}


Suite *suite_register(void)
{
	Suite *s = suite_create("register");
	TCase *print = tcase_create("print"), *read = tcase_create("read");

	tcase_add_checked_fixture(print, setup, harness_teardown);
	tcase_add_checked_fixture(read, setup, harness_teardown);
	add_print_tests(print);
	add_read_tests(read);
	suite_add_tcase(s, print);
	suite_add_tcase(s, read);

	return s;
}
