/* Digest: the RFCs' own examples, and what is answered to which challenge
 * (SCENARIOS T9). */

#include <string.h>
#include "digest.h"
#include "harness.h"


#define NOW  SECONDS(100)
#define URI  "sip:example.com"
#define PASS "secret"

Suite *suite_digest(void);

static struct digest *digest;
static struct challenge challenge;


static void setup(void)
{
	harness_setup();
	digest = NULL;
	ck_assert_int_eq(0, digest_alloc(&digest));
	challenge_init(&challenge, DIGEST_MD5);
	challenge_on_sent(&challenge, CHALLENGE_SENT_NONE);
}


static void teardown(void)
{
	mem_deref(digest);
	harness_teardown();
}


/* An answer with these headers; each ends with CRLF. */
static struct sip_msg *answer(unsigned code, const char *headers)
{
	struct mbuf *mb = mbuf_alloc(1024);
	struct sip_msg *msg = NULL;

	ck_assert_int_eq(0, mbuf_printf(mb, "SIP/2.0 %u Because\r\n"
		"Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKx\r\n"
		"From: <sip:alice@example.com>;tag=1\r\n"
		"To: <sip:alice@example.com>;tag=2\r\n"
		"Call-ID: abc\r\nCSeq: 1 REGISTER\r\n%s\r\n", code, headers));
	mb->pos = 0;
	ck_assert_int_eq(0, sip_msg_decode(&msg, mb));
	mem_deref(mb);

	return msg;
}


static enum challenge_verdict challenged_for(unsigned code,
					     const char *headers,
					     const char *realm)
{
	struct sip_msg *msg = answer(code, headers);
	enum challenge_verdict verdict;

	verdict = digest_on_challenge(digest, &challenge, msg, realm, NOW);
	mem_deref(msg);

	return verdict;
}


static enum challenge_verdict challenged(const char *headers)
{
	return challenged_for(401, headers, "");
}


static void accepted(const char *headers)
{
	struct sip_msg *msg = answer(200, headers);

	digest_on_accepted(digest, msg);
	mem_deref(msg);
}


/* The line that is written for user alice; the next call overwrites it. */
static const char *line_of(const char *user)
{
	static char line[4096];
	struct mbuf *mb = mbuf_alloc(1024);

	ck_assert_int_eq(0, digest_print(digest, mb, user, PASS, "REGISTER",
					 URI));
	ck_assert_uint_lt(mb->end, sizeof(line));
	memcpy(line, mb->buf, mb->end);
	line[mb->end] = '\0';
	mem_deref(mb);

	ck_assert_ptr_eq(strstr(line, "\r\n"), line + strlen(line) - 2);

	return line;
}


static const char *line(void)
{
	return line_of("alice");
}


static void assert_has(const char *text, const char *part)
{
	ck_assert_msg(strstr(text, part) != NULL, "no %s in %s", part, text);
}


static void assert_lacks(const char *text, const char *part)
{
	ck_assert_msg(strstr(text, part) == NULL, "%s in %s", part, text);
}


static void assert_response(const char *expected,
			    const struct digest_input *in)
{
	char response[DIGEST_RESPONSE_SIZE];

	ck_assert_int_eq(0, digest_response(response, in));
	ck_assert_str_eq(expected, response);
}


/* What the registrar computes for our line: the same, or it refuses us. */
static void assert_verifies(const char *text, enum digest_algorithm algorithm,
			    const char *nonce, uint32_t nc)
{
	char cnonce[64], response[DIGEST_RESPONSE_SIZE];
	struct digest_input in = {
		.algorithm = algorithm, .user = "alice", .realm = "example.com",
		.password = PASS, .nonce = nonce, .method = "REGISTER",
		.uri = URI, .cnonce = cnonce, .nc = nc};
	struct pl val;

	ck_assert_int_eq(0, re_regex(text, strlen(text),
				     "cnonce=\"[^\"]+\"", &val));
	ck_assert_int_eq(0, pl_strcpy(&val, cnonce, sizeof(cnonce)));
	ck_assert_int_eq(0, re_regex(text, strlen(text),
				     " response=\"[^\"]+\"", &val));
	ck_assert_int_eq(0, digest_response(response, &in));
	ck_assert_msg(!pl_strcmp(&val, response), "%s", text);
}


/* RFC 7616 §3.9.1; §3.9.2 as erratum 4897 corrects it; RFC 2617 §3.5. */
START_TEST(rfc_examples)
{
	struct digest_input in = {
		.algorithm = DIGEST_MD5,
		.user = "Mufasa",
		.realm = "http-auth@example.org",
		.password = "Circle of Life",
		.nonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
		.method = "GET",
		.uri = "/dir/index.html",
		.cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
		.nc = 1,
	};

	assert_response("8ca523f5e9506fed4657c9700eebdbec", &in);

	in.algorithm = DIGEST_SHA256;
	assert_response("753927fa0e85d155564e2e272a28d180"
			"2ca10daf4496794697cf8db5856cb6c1", &in);

	assert_response("3798d4131c277846293534c3edc11bd8"
			"a5e4cdcbff78b05db9d95eeb1cec68a5",
			&(struct digest_input){
		.algorithm = DIGEST_SHA512_256,
		.user = "J\xc3\xa4s\xc3\xb8n Doe",
		.realm = "api@example.org",
		.password = "Secret, or not?",
		.nonce = "5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK",
		.method = "GET",
		.uri = "/doe.json",
		.cnonce = "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v",
		.nc = 1});

	in = (struct digest_input){
		.algorithm = DIGEST_MD5,
		.user = "Mufasa",
		.realm = "testrealm@host.com",
		.password = "Circle Of Life",
		.nonce = "dcd98b7102dd2f0e8b11d0f600bfb0c093",
		.method = "GET",
		.uri = "/dir/index.html",
		.cnonce = "0a4f113b",
		.nc = 1,
	};
	assert_response("6629fae49393a05397450978507c4ef1", &in);

	/* RFC 2069 §2.4, as its erratum 749 corrects it */
	in.password = "CircleOfLife";
	in.cnonce = NULL;
	assert_response("1949323746fe6a43ef61f9606e7febea", &in);
}
END_TEST


START_TEST(md5_without_qop_is_answered_as_in_rfc_2069)
{
	const char *text;

	ck_assert_int_eq(CHALLENGE_ANSWER, challenged(
		"WWW-Authenticate: Digest realm=\"example.com\","
		" nonce=\"n1\"\r\n"));
	ck_assert(digest_ready(digest));

	text = line();
	ck_assert_str_eq("Authorization: Digest username=\"alice\", "
			 "realm=\"example.com\", nonce=\"n1\", uri=\"" URI
			 "\", response=\"bce9c34312ea6cab40c3511fe8197611\""
			 "\r\n", text);
}
END_TEST


START_TEST(qop_auth_counts_requests_per_nonce)
{
	ck_assert_int_eq(CHALLENGE_ANSWER, challenged(
		"WWW-Authenticate: Digest realm=\"example.com\",nonce=\"n1\","
		"qop=\"auth-int, AUTH\",algorithm=md5,opaque=\"op,aque\"\r\n"));

	assert_verifies(line(), DIGEST_MD5, "n1", 1);
	assert_has(line(), ", algorithm=MD5, opaque=\"op,aque\", qop=auth, "
		   "nc=00000002, cnonce=\"");
	assert_verifies(line(), DIGEST_MD5, "n1", 3);

	ck_assert_int_eq(CHALLENGE_ANSWER, challenged(
		"WWW-Authenticate: Digest realm=\"example.com\",nonce=\"n2\","
		"qop=\"auth\"\r\n"));
	assert_verifies(line(), DIGEST_MD5, "n2", 1);
	assert_has(line(), "nc=00000002");
	assert_lacks(line(), "opaque");
	assert_lacks(line(), "algorithm");
}
END_TEST


START_TEST(count_goes_on_when_a_nonce_is_offered_again)
{
	static const char headers[] =
		"WWW-Authenticate: Digest realm=\"example.com\",nonce=\"n1\","
		"qop=\"auth\"\r\n";

	ck_assert_int_eq(CHALLENGE_ANSWER, challenged(headers));
	assert_verifies(line(), DIGEST_MD5, "n1", 1);
	ck_assert_int_eq(CHALLENGE_ANSWER, challenged(headers));
	assert_verifies(line(), DIGEST_MD5, "n1", 2);
}
END_TEST


START_TEST(cnonce_is_new_every_time)
{
	char first[1024];

	challenged("WWW-Authenticate: Digest realm=\"example.com\","
		   "nonce=\"n1\",qop=auth\r\n");
	(void)re_snprintf(first, sizeof(first), "%s",
			  strstr(line(), "cnonce="));
	ck_assert_str_ne(first, strstr(line(), "cnonce="));
}
END_TEST


START_TEST(topmost_supported_algorithm_is_answered)
{
	ck_assert_int_eq(CHALLENGE_ANSWER, challenged(
		"WWW-Authenticate: Digest realm=\"example.com\",nonce=\"n1\","
		"qop=\"auth\",algorithm=SHA-512-256-sess\r\n"
		"WWW-Authenticate: Bearer realm=\"example.com\"\r\n"
		"WWW-Authenticate: Digest realm=\"example.com\"\r\n"
		"WWW-Authenticate: Digest realm=\"example.com\",nonce=\"n2\","
		"qop=\"auth\",algorithm=SHA-512-256\r\n"
		"WWW-Authenticate: Digest realm=\"example.com\",nonce=\"n3\","
		"qop=\"auth\",algorithm=SHA-256\r\n"
		"WWW-Authenticate: Digest realm=\"example.com\",nonce=\"n4\","
		"qop=\"auth\",algorithm=MD5\r\n"));
	assert_has(line(), "algorithm=SHA-512-256,");
	assert_verifies(line(), DIGEST_SHA512_256, "n2", 2);
}
END_TEST


START_TEST(weaker_one_listed_first_is_passed_over_for_min_digest)
{
	challenge_init(&challenge, DIGEST_SHA256);

	ck_assert_int_eq(CHALLENGE_ANSWER, challenged(
		"WWW-Authenticate: Digest realm=\"example.com\",nonce=\"n1\","
		"qop=\"auth\",algorithm=MD5\r\n"
		"WWW-Authenticate: Digest realm=\"example.com\",nonce=\"n2\","
		"qop=\"auth\",algorithm=sha-256\r\n"));
	assert_verifies(line(), DIGEST_SHA256, "n2", 1);

	ck_assert_int_eq(CHALLENGE_WEAK, challenged(
		"WWW-Authenticate: Digest realm=\"example.com\",nonce=\"n1\","
		"qop=\"auth\"\r\n"));
	ck_assert(!digest_ready(digest));
}
END_TEST


START_TEST(nothing_usable_is_not_answered)
{
	static const char *const headers[] = {
		"",
		"WWW-Authenticate: Bearer realm=\"example.com\"\r\n",
		"WWW-Authenticate: Digest nonce=\"n1\"\r\n",
		("WWW-Authenticate: Digest realm=\"r\",nonce=\"n1\","
		 "algorithm=MD5-sess\r\n"),
		("WWW-Authenticate: Digest realm=\"r\",nonce=\"n1\","
		 "qop=\"auth-int\"\r\n"),
		/* a 401 speaks by WWW-Authenticate alone */
		"Proxy-Authenticate: Digest realm=\"r\",nonce=\"n1\"\r\n",
	};
	size_t i;

	for (i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		ck_assert_int_eq(CHALLENGE_UNUSABLE, challenged(headers[i]));
		ck_assert(!digest_ready(digest));
	}
}
END_TEST


START_TEST(challenge_of_a_proxy_gets_proxy_authorization)
{
	ck_assert_int_eq(CHALLENGE_ANSWER, challenged_for(407,
		"Proxy-Authenticate: Digest realm=\"example.com\","
		"nonce=\"n1\",qop=\"auth\"\r\n", ""));
	ck_assert_int_eq(0, strncmp(line(), "Proxy-Authorization: Digest ",
				    28));
	assert_verifies(line(), DIGEST_MD5, "n1", 2);
}
END_TEST


START_TEST(only_the_accepted_realm_is_answered)
{
	static const char headers[] =
		"WWW-Authenticate: Digest realm=\"evil.example\","
		"nonce=\"n1\",qop=\"auth\"\r\n";

	ck_assert_int_eq(CHALLENGE_REALM,
			 challenged_for(401, headers, "example.com"));
	ck_assert(!digest_ready(digest));
	ck_assert_int_eq(CHALLENGE_REALM,
			 challenged_for(401, headers, "EVIL.example"));
	ck_assert_int_eq(CHALLENGE_ANSWER,
			 challenged_for(401, headers, "evil.example"));
	ck_assert_int_eq(CHALLENGE_ANSWER, challenged(headers));
}
END_TEST


START_TEST(second_refusal_forgets_the_challenge)
{
	static const char headers[] =
		"WWW-Authenticate: Digest realm=\"r\",nonce=\"n1\"\r\n";

	ck_assert_int_eq(CHALLENGE_ANSWER, challenged(headers));
	challenge_on_sent(&challenge, CHALLENGE_SENT_FRESH);
	ck_assert_int_eq(CHALLENGE_ANSWER, challenged(headers));
	challenge_on_sent(&challenge, CHALLENGE_SENT_FRESH);
	ck_assert_int_eq(CHALLENGE_REFUSED, challenged(headers));
	ck_assert(!digest_ready(digest));
}
END_TEST


START_TEST(stale_is_no_refusal_but_bounded)
{
	static const char headers[] =
		"WWW-Authenticate: Digest realm=\"r\",nonce=\"n1\","
		"stale=TRUE\r\n";
	unsigned answers = 0;

	ck_assert_int_eq(CHALLENGE_ANSWER, challenged(headers));
	challenge_on_sent(&challenge, CHALLENGE_SENT_FRESH);

	while (challenged(headers) == CHALLENGE_ANSWER)
		ck_assert_uint_lt(++answers, CHALLENGE_STALE_MAX);

	ck_assert_uint_gt(answers, 0);
	ck_assert_uint_eq(0, challenge.refusals);
	ck_assert(!digest_ready(digest));
}
END_TEST


START_TEST(nextnonce_replaces_the_nonce)
{
	challenged("WWW-Authenticate: Digest realm=\"example.com\","
		   "nonce=\"n1\",qop=\"auth\",opaque=\"o\"\r\n");
	assert_verifies(line(), DIGEST_MD5, "n1", 1);

	accepted("Authentication-Info: qop=auth, rspauth=\"abc\", "
		 "nextnonce=\"n2\"\r\n");
	assert_verifies(line(), DIGEST_MD5, "n2", 1);
	assert_has(line(), "opaque=\"o\"");

	/* the same again is no new one, and what is not usable changes nil */
	accepted("Authentication-Info: nextnonce=\"n2\"\r\n");
	assert_verifies(line(), DIGEST_MD5, "n2", 3);
	accepted("Authentication-Info: nextnonce=\"n3\\\"\r\n");
	accepted("Authentication-Info: nextnonce=\"\"\r\n");
	accepted("Authentication-Info: nextnonce\r\n");
	accepted("");
	assert_verifies(line(), DIGEST_MD5, "n2", 4);
}
END_TEST


START_TEST(nextnonce_without_a_challenge_is_ignored)
{
	struct mbuf *mb = mbuf_alloc(64);

	accepted("Authentication-Info: nextnonce=\"n2\"\r\n");
	ck_assert(!digest_ready(digest));
	ck_assert_int_eq(ENOENT, digest_print(digest, mb, "alice", PASS,
					      "REGISTER", URI));
	ck_assert_uint_eq(0, mb->end);
	mem_deref(mb);
}
END_TEST


static const char of_proxy[] =
	"Proxy-Authenticate: Digest realm=\"proxy\",nonce=\"p1\","
	"qop=\"auth\"\r\n";
static const char of_registrar[] =
	"WWW-Authenticate: Digest realm=\"example.com\",nonce=\"n1\","
	"qop=\"auth\"\r\n";


/* The two lines: the registrar's first. */
static const char *both_lines(void)
{
	static char text[4096];
	struct mbuf *mb = mbuf_alloc(1024);

	ck_assert_int_eq(0, digest_print(digest, mb, "alice", PASS,
					 "REGISTER", URI));
	ck_assert_uint_lt(mb->end, sizeof(text));
	memcpy(text, mb->buf, mb->end);
	text[mb->end] = '\0';
	mem_deref(mb);

	return text;
}


/* RFC 3261 §22.3 */
START_TEST(proxy_and_registrar_are_both_answered)
{
	const char *text;

	ck_assert_int_eq(CHALLENGE_ANSWER, challenged_for(407, of_proxy, ""));
	assert_has(line(), "Proxy-Authorization: Digest ");

	challenge_on_sent(&challenge, CHALLENGE_SENT_FRESH);
	ck_assert_int_eq(CHALLENGE_ANSWER, challenged(of_registrar));
	ck_assert_uint_eq(0, challenge.refusals);

	text = both_lines();
	ck_assert_int_eq(0, strncmp(text, "Authorization: Digest ", 22));
	assert_verifies(text, DIGEST_MD5, "n1", 1);
	assert_has(text, "nc=00000001");
	text = strstr(text, "\r\nProxy-Authorization: Digest ");
	ck_assert_ptr_nonnull(text);
	assert_has(text, "realm=\"proxy\", nonce=\"p1\"");
	assert_has(text, "nc=00000002");

	/* a new nonce of one leaves the other's alone */
	accepted("Authentication-Info: nextnonce=\"n2\"\r\n");
	text = both_lines();
	assert_verifies(text, DIGEST_MD5, "n2", 1);
	assert_has(text, "nonce=\"p1\"");
	assert_has(text, "nc=00000003");
}
END_TEST


START_TEST(what_had_been_answered_is_a_refusal)
{
	challenged_for(407, of_proxy, "");
	challenge_on_sent(&challenge, CHALLENGE_SENT_FRESH);
	challenged(of_registrar);
	ck_assert_uint_eq(0, challenge.refusals);

	ck_assert_int_eq(CHALLENGE_ANSWER, challenged_for(407, of_proxy, ""));
	ck_assert_uint_eq(1, challenge.refusals);
	ck_assert_int_eq(CHALLENGE_REFUSED, challenged(of_registrar));
	ck_assert(!digest_ready(digest));
}
END_TEST


START_TEST(another_realm_of_the_same_status_replaces_it)
{
	challenged(of_registrar);
	challenge_on_sent(&challenge, CHALLENGE_SENT_FRESH);
	ck_assert_int_eq(CHALLENGE_ANSWER, challenged(
		"WWW-Authenticate: Digest realm=\"r\",nonce=\"n1\"\r\n"));
	ck_assert_uint_eq(0, challenge.refusals);
	assert_has(line(), "realm=\"r\", nonce=\"n1\"");

	ck_assert_int_eq(CHALLENGE_ANSWER, challenged(of_registrar));
	ck_assert_int_eq(CHALLENGE_REFUSED, challenged(
		"WWW-Authenticate: Digest realm=\"r\",nonce=\"n1\"\r\n"));
}
END_TEST


START_TEST(a_new_round_forgets_the_other_one)
{
	challenged_for(407, of_proxy, "");
	challenge_on_sent(&challenge, CHALLENGE_SENT_FRESH);
	challenged(of_registrar);

	challenge_on_sent(&challenge, CHALLENGE_SENT_REUSED);
	ck_assert_int_eq(CHALLENGE_ANSWER, challenged(of_registrar));
	assert_lacks(line(), "Proxy-");
	assert_verifies(line(), DIGEST_MD5, "n1", 2);
}
END_TEST


START_TEST(realm_is_echoed_with_its_backslashes)
{
	ck_assert_int_eq(CHALLENGE_ANSWER, challenged(
		"WWW-Authenticate: Digest realm=\"a \\\"b\\\" c\","
		"nonce=\"n1\"\r\n"));
	assert_has(line(), " realm=\"a \\\"b\\\" c\", nonce=\"n1\"");
}
END_TEST


START_TEST(challenge_cannot_break_out_of_the_header)
{
	static const char *const headers[] = {
		/* a backslash that would escape our closing quote */
		"WWW-Authenticate: Digest nonce=\"n1\", realm=\"a\\\"\r\n",
		"WWW-Authenticate: Digest nonce=\"n1\", realm=a\"b\r\n",
		"WWW-Authenticate: Digest realm=\"r\", nonce=\"n\x01\"\r\n",
		"WWW-Authenticate: Digest realm=\"r\", nonce=\"n\r\n 1\"\r\n",
		("WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", "
		 "opaque=\"x\n y\"\r\n"),
	};
	size_t i;

	for (i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		ck_assert_msg(challenged(headers[i]) == CHALLENGE_UNUSABLE,
			      "%s", headers[i]);
	}
}
END_TEST


START_TEST(text_too_long_makes_a_challenge_unusable)
{
	char text[DIGEST_TEXT_MAX + 2], headers[DIGEST_TEXT_MAX + 200];

	memset(text, 'n', sizeof(text));
	text[DIGEST_TEXT_MAX] = '\0';
	(void)re_snprintf(headers, sizeof(headers), "WWW-Authenticate: "
			  "Digest realm=\"r\",nonce=\"%s\"\r\n", text);
	ck_assert_int_eq(CHALLENGE_ANSWER, challenged(headers));

	text[DIGEST_TEXT_MAX] = 'n';
	text[DIGEST_TEXT_MAX + 1] = '\0';
	(void)re_snprintf(headers, sizeof(headers), "WWW-Authenticate: "
			  "Digest realm=\"r\",nonce=\"%s\"\r\n", text);
	ck_assert_int_eq(CHALLENGE_UNUSABLE, challenged(headers));
}
END_TEST


START_TEST(no_more_than_so_many_offers_are_read)
{
	char headers[4096] = "";
	size_t i;

	for (i = 0; i < DIGEST_OFFERS_MAX; i++)
		strcat(headers, "WWW-Authenticate: Digest realm=\"r\","
		       "nonce=\"n\",algorithm=X\r\n");
	strcat(headers, "WWW-Authenticate: Digest realm=\"r\","
	       "nonce=\"n\"\r\n");

	ck_assert_int_eq(CHALLENGE_UNUSABLE, challenged(headers));
	ck_assert_int_eq(CHALLENGE_ANSWER,
			 challenged(strchr(headers, '\n') + 1));
}
END_TEST


START_TEST(user_is_escaped_and_refused_with_control_characters)
{
	struct mbuf *mb = mbuf_alloc(64);

	challenged("WWW-Authenticate: Digest realm=\"r\",nonce=\"n1\"\r\n");
	assert_has(line_of("a\"b\\c"), "username=\"a\\\"b\\\\c\", ");
	ck_assert_int_eq(EBADMSG, digest_print(digest, mb, "a\r\nX: y", PASS,
					       "REGISTER", URI));
	ck_assert_int_eq(EBADMSG, digest_print(digest, mb, "a", PASS,
					       "REGISTER", "sip:\"x"));
	mem_deref(mb);
}
END_TEST


Suite *suite_digest(void)
{
	Suite *s = suite_create("digest");
	TCase *tc = tcase_create("digest");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, rfc_examples);
	tcase_add_test(tc, md5_without_qop_is_answered_as_in_rfc_2069);
	tcase_add_test(tc, qop_auth_counts_requests_per_nonce);
	tcase_add_test(tc, count_goes_on_when_a_nonce_is_offered_again);
	tcase_add_test(tc, cnonce_is_new_every_time);
	tcase_add_test(tc, topmost_supported_algorithm_is_answered);
	tcase_add_test(tc,
		       weaker_one_listed_first_is_passed_over_for_min_digest);
	tcase_add_test(tc, nothing_usable_is_not_answered);
	tcase_add_test(tc, challenge_of_a_proxy_gets_proxy_authorization);
	tcase_add_test(tc, only_the_accepted_realm_is_answered);
	tcase_add_test(tc, second_refusal_forgets_the_challenge);
	tcase_add_test(tc, stale_is_no_refusal_but_bounded);
	tcase_add_test(tc, nextnonce_replaces_the_nonce);
	tcase_add_test(tc, nextnonce_without_a_challenge_is_ignored);
	tcase_add_test(tc, proxy_and_registrar_are_both_answered);
	tcase_add_test(tc, what_had_been_answered_is_a_refusal);
	tcase_add_test(tc, another_realm_of_the_same_status_replaces_it);
	tcase_add_test(tc, a_new_round_forgets_the_other_one);
	tcase_add_test(tc, realm_is_echoed_with_its_backslashes);
	tcase_add_test(tc, challenge_cannot_break_out_of_the_header);
	tcase_add_test(tc, text_too_long_makes_a_challenge_unusable);
	tcase_add_test(tc, no_more_than_so_many_offers_are_read);
	tcase_add_test(tc,
		       user_is_escaped_and_refused_with_control_characters);
	suite_add_tcase(s, tc);

	return s;
}
