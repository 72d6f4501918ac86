/* The bindings that a 200 lists: what each is to us, in the registrar's own
 * spelling, and what else the answer betrays (SCENARIOS T1, T3). */

#include <string.h>
#include "harness.h"
#include "register.h"

#define INSTANCE "urn:uuid:00000000-0000-1000-8000-00A95A0E128"
#define MAPPED   ";received=203.0.113.7;rport=40112"

Suite *suite_audit(void);

static struct account_conf conf;
static struct register_identity id;
static struct register_sent sent;
static struct register_facts facts;
static const char *knownv[8];


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
		.registrar = "sip:example.com",
		.contact_user = "",
	};
	register_identity_init(&id, &conf, "sipregd/1.0", INSTANCE, 1);
	str_ncpy(id.token_account, "aaaa", sizeof(id.token_account));
	str_ncpy(id.token_flow, "f2", sizeof(id.token_flow));
	sent = (struct register_sent){
		.id = &id,
		.transport = TRANSPORT_UDP,
		.local = address("10.0.0.2", 41822),
		.contact = address("203.0.113.7", 40112),
		.requested = 3600,
		.knownv = knownv,
	};
	memset(&facts, 0xff, sizeof(facts));
}


static void known(const char *uri)
{
	ck_assert_uint_lt(sent.knownc, 8);
	knownv[sent.knownc++] = uri;
}


/* What must hold of every list. */
static void assert_agreement(void)
{
	const struct contact_list *l = &facts.answer.contacts;
	const struct audit *a = &facts.audit;

	ck_assert_uint_eq(l->owns, audit_count(a, AUDIT_OWN));
	ck_assert_uint_eq(l->ghosts, audit_count(a, AUDIT_GHOST));
	ck_assert_uint_eq(l->foreign, audit_count(a, AUDIT_FOREIGN));
	ck_assert_uint_le(a->entryc, AUDIT_MAX);
}


/* An answer with this top Via behind "SIP/2.0/" and these headers. */
static void answered(unsigned code, const char *via, const char *headers)
{
	struct mbuf *mb = mbuf_alloc(1024);
	struct sip_msg *msg = NULL;

	ck_assert_int_eq(0, mbuf_printf(mb, "SIP/2.0 %u Because\r\n"
		"Via: SIP/2.0/%s\r\n"
		"From: <sip:alice@example.com>;tag=1\r\n"
		"To: <sip:alice@example.com>;tag=2\r\n"
		"Call-ID: abc\r\nCSeq: 7 REGISTER\r\n"
		"%sContent-Length: 0\r\n\r\n", code, via, headers));
	mb->pos = 0;
	ck_assert_int_eq(0, sip_msg_decode(&msg, mb));
	mem_deref(mb);
	register_read(&facts, msg, &sent);
	mem_deref(msg);
	assert_agreement();
}


static void listed(const char *contacts)
{
	char headers[4096];

	ck_assert_int_gt(re_snprintf(headers, sizeof(headers),
				     "Contact: %s\r\n", contacts), 0);
	answered(200, "UDP 10.0.0.2:41822;branch=z9hG4bKx" MAPPED, headers);
}


static void assert_entry(unsigned i, enum audit_kind kind, uint32_t expires,
			 const char *uri)
{
	const struct audit_entry *e = &facts.audit.entryv[i];

	ck_assert_uint_lt(i, facts.audit.entryc);
	ck_assert_str_eq(audit_kind_name(kind), audit_kind_name(e->kind));
	ck_assert_uint_eq(expires, e->expires);
	ck_assert_str_eq(uri, audit_uri(&facts.audit, e));
	ck_assert_uint_eq(contact_uri_key_str(uri), e->key);
}


/* --- which is which --- */

/* SCENARIOS, the origin as a fixture */
static void origin_story(void)
{
	static const char headers[] = "Contact: "
		"<sip:192.168.88.33:51629>;expires=600, "
		"<sip:194.64.145.30:53237>;expires=397, "
		"<sip:172.18.0.5:37736>;expires=287, "
		"<sip:194.64.145.30:52555>;expires=214\r\n";

	sent.local = address("192.168.160.2", 51629);
	answered(200, "UDP 192.168.160.2:51629;branch=z9hG4bKx;"
		 "received=194.64.145.30;rport=51629", headers);
}


START_TEST(origin_story_with_its_past_shows_three_ghosts)
{
	sent.contact = address("192.168.88.33", 51629);
	known("sip:194.64.145.30:52555");
	known("sip:alice@194.64.145.30:53237;sipregd=aaaa.f0");
	known("sip:172.18.0.5:37736;sipregd=aaaa.f1");
	origin_story();

	ck_assert(facts.answer.bound);
	ck_assert_uint_eq(600, facts.answer.contacts.lease);
	ck_assert_uint_eq(4, facts.audit.entryc);
	assert_entry(0, AUDIT_OWN, 600, "sip:192.168.88.33:51629");
	assert_entry(1, AUDIT_GHOST, 397, "sip:194.64.145.30:53237");
	assert_entry(2, AUDIT_GHOST, 287, "sip:172.18.0.5:37736");
	assert_entry(3, AUDIT_GHOST, 214, "sip:194.64.145.30:52555");
	ck_assert_int_eq(CONTACT_BY_SENT, facts.audit.entryv[0].match);
	ck_assert_int_eq(-1, facts.audit.entryv[0].known);
	ck_assert_int_eq(1, facts.audit.entryv[1].known);
	ck_assert_int_eq(2, facts.audit.entryv[2].known);
	ck_assert_int_eq(0, facts.audit.entryv[3].known);
	ck_assert(!facts.rewritten);
}
END_TEST


START_TEST(origin_story_without_a_past_is_all_foreign)
{
	unsigned i;

	sent.contact = address("192.168.160.2", 51629);
	origin_story();

	ck_assert(!facts.answer.bound);
	ck_assert_uint_eq(4, audit_count(&facts.audit, AUDIT_FOREIGN));
	ck_assert_int_eq(-1, facts.audit.own);
	for (i = 0; i < 4; i++)
		ck_assert_int_eq(-1, facts.audit.entryv[i].known);
}
END_TEST


START_TEST(a_better_match_makes_the_one_before_a_ghost)
{
	listed("<sip:alice@203.0.113.7:40112>;expires=100, "
	       "<sip:alice@203.0.113.7:1;sipregd=aaaa.f1>;expires=200, "
	       "<sip:alice@203.0.113.7:2;sipregd=aaaa.f2>;expires=300, "
	       "<sip:bob@192.0.2.9>;expires=400");

	assert_entry(0, AUDIT_FOREIGN, 100, "sip:alice@203.0.113.7:40112");
	assert_entry(1, AUDIT_GHOST, 200,
		     "sip:alice@203.0.113.7:1;sipregd=aaaa.f1");
	assert_entry(2, AUDIT_OWN, 300,
		     "sip:alice@203.0.113.7:2;sipregd=aaaa.f2");
	assert_entry(3, AUDIT_FOREIGN, 400, "sip:bob@192.0.2.9");
	ck_assert_int_eq(2, facts.audit.own);
	ck_assert_int_eq(CONTACT_BY_TOKEN, facts.audit.entryv[2].match);
}
END_TEST


START_TEST(what_was_removed_just_now_is_not_listed)
{
	listed("<sip:alice@203.0.113.7:40112;sipregd=aaaa.f2>;expires=0, "
	       "<sip:alice@203.0.113.7:9;sipregd=aaaa.f1>;expires=0, "
	       "<sip:alice@203.0.113.7:40112;sipregd=aaaa.f2>;expires=60");
	ck_assert_uint_eq(1, facts.audit.entryc);
	assert_entry(0, AUDIT_OWN, 60,
		     "sip:alice@203.0.113.7:40112;sipregd=aaaa.f2");

	/* our own too */
	listed("<sip:alice@203.0.113.7:40112;sipregd=aaaa.f2>;expires=0");
	ck_assert_uint_eq(0, facts.audit.entryc);
	ck_assert(!facts.answer.bound);
}
END_TEST


START_TEST(lease_of_the_expires_header_is_everybodys)
{
	answered(200, "UDP 10.0.0.2:41822;branch=z9hG4bKx" MAPPED,
		 "Contact: <sip:alice@203.0.113.7:40112>, <sip:bob@h>\r\n"
		 "Expires: 77\r\n");
	assert_entry(0, AUDIT_OWN, 77, "sip:alice@203.0.113.7:40112");
	assert_entry(1, AUDIT_FOREIGN, 77, "sip:bob@h");

	listed("<sip:alice@203.0.113.7:40112>, <sip:bob@h>");
	ck_assert_uint_eq(3600, facts.audit.entryv[0].expires);
	ck_assert_uint_eq(CONTACT_NO_EXPIRES, facts.audit.entryv[1].expires);
}
END_TEST


START_TEST(refusals_list_nothing)
{
	answered(401, "UDP 10.0.0.2:41822;branch=z9hG4bKx",
		 "Contact: <sip:alice@203.0.113.7:40112>\r\n");
	ck_assert_uint_eq(0, facts.audit.entryc);
}
END_TEST


/* --- what is known --- */

static bool is_known(const char *uri, const char *contact)
{
	char text[600];

	sent.knownc = 0;
	known(uri);
	(void)re_snprintf(text, sizeof(text), "<%s>;expires=9", contact);
	listed(text);

	return audit_count(&facts.audit, AUDIT_GHOST) == 1 &&
		!facts.audit.entryv[0].known;
}


START_TEST(registrars_may_spell_it_differently)
{
	static const char tcp[] =
		"sip:al-ice@192.0.2.5:5060;transport=tcp;sipregd=aaaa.f0";
	static const char v6[] = "sips:alice@[2001:db8:0:0::5]";

	ck_assert(is_known(tcp, tcp));
	ck_assert(is_known(tcp, "SIP:al%2dice@192.0.2.5;SIPREGD=AAAA.F0;"
			   "x=1;Transport=TCP"));
	ck_assert(is_known(tcp, "sip:al%2Dice@192.0.2.5;transport=tcp"));
	ck_assert(is_known(tcp, "sip:192.0.2.5:5060"));
	ck_assert(is_known(v6, "sips:alice@[2001:DB8::5]:5061"));
	ck_assert(is_known(v6, "sips:alice@[2001:db8::5];transport=tcp"));
	ck_assert(is_known("sip:alice@Host.example", "sip:alice@host.EXAMPLE"));
	ck_assert(is_known("sip:alice@host.example;transport=tls",
			   "sip:alice@host.example:5061;transport=TLS"));
}
END_TEST


START_TEST(what_differs_is_not_ours)
{
	static const char uri[] =
		"sip:alice@192.0.2.5:5070;transport=tcp;sipregd=aaaa.f0";

	ck_assert(!is_known(uri, "sip:Alice@192.0.2.5:5070;transport=tcp"));
	ck_assert(!is_known(uri, "sip:alice@192.0.2.5;transport=tcp"));
	ck_assert(!is_known(uri, "sip:alice@192.0.2.6:5070;transport=tcp"));
	ck_assert(!is_known(uri, "sips:alice@192.0.2.5:5070"));
	ck_assert(!is_known(uri, "sip:alice@192.0.2.5:5070;transport=udp"));
	ck_assert(!is_known(uri, "sip:alice@192.0.2.5:5070;transport=tcp;"
			    "sipregd=aaaa.f1"));
	ck_assert(!is_known(uri, "tel:+4930123"));
	ck_assert(!is_known("nonsense", "sip:alice@192.0.2.5:5070"));
}
END_TEST


START_TEST(a_port_that_was_ours_may_be_a_neighbours_now)
{
	static const char neighbour[] = "<sip:alice@203.0.113.7:1>;expires=9";
	char both[256];

	/* The registrar strips our token, or keeps it. */
	known("sip:alice@203.0.113.7:1;sipregd=aaaa.f1");
	listed(neighbour);
	ck_assert_uint_eq(1, audit_count(&facts.audit, AUDIT_GHOST));

	(void)re_snprintf(both, sizeof(both), "%s, <sip:alice@203.0.113.7:"
			  "40112;sipregd=aaaa.f2>;expires=60", neighbour);
	listed(both);
	ck_assert_uint_eq(0, audit_count(&facts.audit, AUDIT_GHOST));
	ck_assert_uint_eq(1, audit_count(&facts.audit, AUDIT_FOREIGN));
	ck_assert_int_eq(-1, facts.audit.entryv[0].known);
}
END_TEST


START_TEST(another_account_with_our_aor_is_never_a_ghost)
{
	known("sip:alice@203.0.113.7:1");
	listed("<sip:alice@203.0.113.7:1;sipregd=cccc.f1>;expires=9");
	ck_assert_uint_eq(0, audit_count(&facts.audit, AUDIT_GHOST));
}
END_TEST


START_TEST(keys_are_those_of_the_binding)
{
	const uint64_t key =
		contact_uri_key_str("sip:a@h;transport=tcp;sipregd=x.y");

	ck_assert_uint_eq(key, contact_uri_key_str(
		"SIP:%61@H:5060;sipregd=X.Y;other;transport=TCP"));
	ck_assert_uint_ne(key, contact_uri_key_str("sip:a@h;sipregd=x.y"));
	ck_assert_uint_ne(key, contact_uri_key_str(
		"sip:a@h;transport=tcp;sipregd=x.z"));
	ck_assert_uint_eq(contact_uri_key_str("sip:a@[::1]"),
			  contact_uri_key_str("sip:a@[0:0::1]:5060"));
	ck_assert_uint_ne(0, contact_uri_key_str(""));
	ck_assert_uint_ne(contact_uri_key_str("tel:1"),
			  contact_uri_key_str("tel:2"));
}
END_TEST


/* --- bounds --- */

/* So many others with this parameter, then ours. */
static void many_listed(unsigned others, const char *param, const char *ours)
{
	struct mbuf *mb = mbuf_alloc(65536);
	char *headers;

	for (unsigned i = 0; i < others; i++)
		(void)mbuf_printf(mb, "Contact: <sip:u@192.0.2.1:%u;%s>;"
				  "expires=5\r\n", 1000 + i, param);
	(void)mbuf_printf(mb, "%s", ours);
	mb->pos = 0;
	ck_assert_int_eq(0, mbuf_strdup(mb, &headers, mb->end));
	answered(200, "UDP 10.0.0.2:41822;branch=z9hG4bKx" MAPPED, headers);
	mem_deref(headers);
	mem_deref(mb);
}


START_TEST(our_own_is_kept_however_many_others_there_are)
{
	static const char uri[] = "sip:alice@203.0.113.7:40112;sipregd=aaaa.f2";
	char ours[128], param[301] = "x";

	memset(param + 1, 'x', sizeof(param) - 2);
	(void)re_snprintf(ours, sizeof(ours), "Contact: <%s>;expires=60\r\n",
			  uri);
	many_listed(200, "x", ours);
	ck_assert_uint_eq(AUDIT_MAX, facts.audit.entryc);
	ck_assert_uint_eq(200 - AUDIT_MAX + 1,
			  facts.audit.restv[AUDIT_FOREIGN]);
	assert_entry(AUDIT_MAX - 1, AUDIT_OWN, 60, uri);

	/* also where the others' texts took all the room */
	many_listed(60, param, ours);
	ck_assert_uint_eq(61, facts.audit.entryc);
	assert_entry(60, AUDIT_OWN, 60, uri);
	ck_assert_str_eq("", audit_uri(&facts.audit,
				       &facts.audit.entryv[59]));
	ck_assert_str_ne("", audit_uri(&facts.audit,
				       &facts.audit.entryv[20]));
}
END_TEST


START_TEST(what_cannot_be_named_is_counted)
{
	char text[REGISTER_URI_SIZE + 64];

	(void)re_snprintf(text, sizeof(text),
			  "<sip:%0500u@192.0.2.1;x=y>;expires=7, *", 1);
	listed(text);
	ck_assert_uint_eq(2, facts.audit.entryc);
	ck_assert_uint_eq(2, audit_count(&facts.audit, AUDIT_FOREIGN));
	ck_assert_str_eq("", audit_uri(&facts.audit, &facts.audit.entryv[0]));
	ck_assert_uint_eq(7, facts.audit.entryv[0].expires);
}
END_TEST


/* --- what else the answer betrays --- */

static bool stun_allowed(unsigned code, const char *via, const char *headers)
{
	char text[128];

	(void)re_snprintf(text, sizeof(text),
			  "UDP 10.0.0.2:41822;branch=z9hG4bKx%s", via);
	answered(code, text, headers);

	return facts.stun_allowed;
}


START_TEST(stun_is_allowed_only_by_the_edges_own_word)
{
	ck_assert(!stun_allowed(200, "", ""));
	ck_assert(!stun_allowed(200, ";keep", "Supported: outbound\r\n"));
	ck_assert(!stun_allowed(200, "", "Flow-Timer: 30\r\n"));
	ck_assert(!stun_allowed(200, "", "Path: <sip:edge;lr>\r\n"));
	ck_assert(!stun_allowed(200, "", "Path: <sip:edge;lr>;ob\r\n"));
	ck_assert(!stun_allowed(200, "", "Path: <sip:ob@edge;lr>\r\n"));
	ck_assert(!stun_allowed(403, "", "Path: <sip:edge;lr;ob>\r\n"));

	ck_assert(stun_allowed(200, ";keep=0", ""));
	ck_assert(stun_allowed(200, ";keep=30", ""));
	ck_assert(stun_allowed(200, "", "Require: outbound\r\n"));
	ck_assert(stun_allowed(200, "", "Path: <sip:edge;lr;ob>\r\n"));
	ck_assert(stun_allowed(200, "", "Path: <sip:core;lr>, "
			       "<sip:token@edge;OB;lr>\r\n"));
}
END_TEST


static bool contact_rewritten(const char *hostport)
{
	char text[256];

	(void)re_snprintf(text, sizeof(text), "<sip:alice@%s;sipregd=aaaa.f2>"
			  ";expires=60", hostport);
	listed(text);

	return facts.rewritten;
}


START_TEST(a_contact_that_nobody_sent_betrays_a_router)
{
	ck_assert(contact_rewritten("198.51.100.9:40112"));
	ck_assert(contact_rewritten("203.0.113.7:9"));

	/* what we sent; where the registrar sees us; the IP of that */
	ck_assert(!contact_rewritten("203.0.113.7:40112"));
	sent.contact = address("10.0.0.2", 41822);
	ck_assert(!contact_rewritten("10.0.0.2:41822"));
	ck_assert(!contact_rewritten("203.0.113.7:40112"));
	ck_assert(!contact_rewritten("203.0.113.7:41822"));
	ck_assert(contact_rewritten("192.168.77.21:41822"));
	/* a name says nothing */
	ck_assert(!contact_rewritten("pbx.example.net"));

	/* left of an earlier Contact on this flow */
	known("sip:alice@203.0.113.7:9;sipregd=aaaa.f2");
	ck_assert(!contact_rewritten("203.0.113.7:9"));
}
END_TEST


START_TEST(without_a_mapping_no_router_is_suspected)
{
	answered(200, "UDP 10.0.0.2:41822;branch=z9hG4bKx",
		 "Contact: <sip:alice@198.51.100.9:1;sipregd=aaaa.f2>\r\n");
	ck_assert(!facts.rewritten);
}
END_TEST


START_TEST(somebody_elses_contact_betrays_nothing)
{
	listed("<sip:alice@198.51.100.9:1;sipregd=aaaa.f1>;expires=9, "
	       "<sip:alice@198.51.100.9:2>;expires=9");
	ck_assert(!facts.rewritten);
}
END_TEST


START_TEST(a_via_that_is_not_ours_betrays_a_router)
{
	answered(401, "UDP 10.0.0.2:41822;branch=z9hG4bKx;rport=1", "");
	ck_assert(!facts.rewritten);
	answered(401, "UDP 198.51.100.9:41822;branch=z9hG4bKx;rport=1", "");
	ck_assert(facts.rewritten);
}
END_TEST


START_TEST(a_fetch_is_read_like_a_register)
{
	known("sip:alice@203.0.113.7:1;sipregd=aaaa.f1");
	listed("<sip:alice@203.0.113.7:1;sipregd=aaaa.f1>;expires=9, "
	       "<sip:alice@10.0.0.2:41822>;expires=50;reg-id=1;"
	       "+sip.instance=\"<" INSTANCE ">\"");
	ck_assert(facts.answer.bound);
	assert_entry(0, AUDIT_GHOST, 9,
		     "sip:alice@203.0.113.7:1;sipregd=aaaa.f1");
	assert_entry(1, AUDIT_OWN, 50, "sip:alice@10.0.0.2:41822");
	ck_assert_int_eq(CONTACT_BY_INSTANCE, facts.audit.entryv[1].match);

	answered(200, "UDP 10.0.0.2:41822;branch=z9hG4bKx" MAPPED, "");
	ck_assert_uint_eq(0, facts.audit.entryc);
	ck_assert(!facts.answer.bound);
}
END_TEST


Suite *suite_audit(void)
{
	Suite *s = suite_create("audit");
	TCase *tc = tcase_create("audit");

	tcase_add_checked_fixture(tc, setup, harness_teardown);
	tcase_add_test(tc, origin_story_with_its_past_shows_three_ghosts);
	tcase_add_test(tc, origin_story_without_a_past_is_all_foreign);
	tcase_add_test(tc, a_better_match_makes_the_one_before_a_ghost);
	tcase_add_test(tc, what_was_removed_just_now_is_not_listed);
	tcase_add_test(tc, lease_of_the_expires_header_is_everybodys);
	tcase_add_test(tc, refusals_list_nothing);
	tcase_add_test(tc, registrars_may_spell_it_differently);
	tcase_add_test(tc, what_differs_is_not_ours);
	tcase_add_test(tc, a_port_that_was_ours_may_be_a_neighbours_now);
	tcase_add_test(tc, another_account_with_our_aor_is_never_a_ghost);
	tcase_add_test(tc, keys_are_those_of_the_binding);
	tcase_add_test(tc, our_own_is_kept_however_many_others_there_are);
	tcase_add_test(tc, what_cannot_be_named_is_counted);
	tcase_add_test(tc, stun_is_allowed_only_by_the_edges_own_word);
	tcase_add_test(tc, a_contact_that_nobody_sent_betrays_a_router);
	tcase_add_test(tc, without_a_mapping_no_router_is_suspected);
	tcase_add_test(tc, somebody_elses_contact_betrays_nothing);
	tcase_add_test(tc, a_via_that_is_not_ours_betrays_a_router);
	tcase_add_test(tc, a_fetch_is_read_like_a_register);
	suite_add_tcase(s, tc);

	return s;
}
