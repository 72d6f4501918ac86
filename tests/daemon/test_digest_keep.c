/* A nonce over a restart: the same one is answered, nc goes on, and nothing
 * that a disk says gets out of its quotes. */

#include <string.h>
#include "digest.h"
#include "harness.h"


#define PASS "very-secret-password"

Suite *suite_digest_keep(void);

static struct digest *digest, *next;
static struct challenge challenge;
static struct digest_kept kept;


static void setup(void)
{
	harness_setup();
	ck_assert_int_eq(0, digest_alloc(&digest));
	ck_assert_int_eq(0, digest_alloc(&next));
	challenge_init(&challenge, DIGEST_MD5);
	memset(&kept, 0xff, sizeof(kept));
}


static void teardown(void)
{
	mem_deref(digest);
	mem_deref(next);
	harness_teardown();
}


static void challenged(unsigned code, const char *params)
{
	struct mbuf *mb = mbuf_alloc(1024);
	struct sip_msg *msg = NULL;

	ck_assert_int_eq(0, mbuf_printf(mb, "SIP/2.0 %u Because\r\n"
		"Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKx\r\n"
		"From: <sip:alice@example.com>;tag=1\r\n"
		"To: <sip:alice@example.com>;tag=2\r\n"
		"Call-ID: abc\r\nCSeq: 1 REGISTER\r\n"
		"%s: Digest %s\r\n\r\n", code,
		code == 407 ? "Proxy-Authenticate" : "WWW-Authenticate",
		params));
	mb->pos = 0;
	ck_assert_int_eq(0, sip_msg_decode(&msg, mb));
	challenge_on_sent(&challenge, CHALLENGE_SENT_NONE);
	ck_assert_int_eq(CHALLENGE_ANSWER, digest_on_challenge(
			 digest, &challenge, msg, "", SECONDS(100)));
	mem_deref(msg);
	mem_deref(mb);
}


static const char *line(struct digest *d)
{
	static char text[4096];
	struct mbuf *mb = mbuf_alloc(1024);

	ck_assert_int_eq(0, digest_print(d, mb, "alice", PASS, "REGISTER",
					 "sip:example.com"));
	ck_assert_uint_lt(mb->end, sizeof(text));
	memcpy(text, mb->buf, mb->end);
	text[mb->end] = '\0';
	mem_deref(mb);

	return text;
}


static void restart(void)
{
	digest_keep(&kept, digest);
	ck_assert_int_eq(0, digest_restore(next, &kept));
}


static void assert_has(const char *text, const char *part)
{
	ck_assert_msg(strstr(text, part) != NULL, "no %s in %s", part, text);
}


START_TEST(the_nonce_is_used_first_after_a_restart_with_nc_ahead)
{
	const char *text;

	challenged(401, "realm=\"a \\\"b\\\"\",nonce=\"n1\",opaque=\"\","
		   "qop=\"auth\",algorithm=SHA-256");
	(void)line(digest);
	(void)line(digest);
	restart();
	ck_assert(digest_ready(next));
	text = line(next);
	assert_has(text, "realm=\"a \\\"b\\\"\"");
	assert_has(text, "nonce=\"n1\"");
	assert_has(text, "opaque=\"\"");
	assert_has(text, "algorithm=SHA-256");
	assert_has(text, "nc=00000035");     /* 2 + 50 + 1 */
}
END_TEST


START_TEST(what_the_challenge_did_not_name_is_not_named_later)
{
	challenged(401, "realm=\"r\",nonce=\"n1\"");
	restart();
	ck_assert_ptr_null(strstr(line(next), "algorithm"));
	ck_assert_ptr_null(strstr(line(next), "opaque"));
	ck_assert_ptr_null(strstr(line(next), "nc="));
}
END_TEST


START_TEST(nothing_of_the_password_is_kept)
{
	const char *text = (const char *)&kept;

	challenged(401, "realm=\"r\",nonce=\"n1\",qop=\"auth\"");
	(void)line(digest);
	digest_keep(&kept, digest);
	for (size_t i = 0; i + strlen(PASS) <= sizeof(kept); i++)
		ck_assert_int_ne(0, memcmp(text + i, PASS, strlen(PASS)));

	/* and the rest is zero, whatever it was */
	ck_assert_int_eq(0, text[offsetof(struct digest_kept, nonce) +
				 DIGEST_KEPT_SIZE - 1]);
}
END_TEST


START_TEST(without_a_challenge_nothing_is_kept)
{
	restart();
	ck_assert_int_eq(DIGEST_UNKNOWN, kept.algorithm);
	ck_assert(!digest_ready(next));
	digest_keep(&kept, NULL);
	ck_assert_int_eq(DIGEST_UNKNOWN, kept.algorithm);
}
END_TEST


START_TEST(a_proxys_nonce_is_not_kept)
{
	challenged(407, "realm=\"r\",nonce=\"n1\",qop=\"auth\"");
	restart();
	ck_assert(!digest_ready(next));
}
END_TEST


START_TEST(a_nonce_that_is_too_long_is_not_cut)
{
	char params[512];

	(void)re_snprintf(params, sizeof(params),
			  "realm=\"r\",nonce=\"%0255u\"", 0);
	challenged(401, params);
	restart();
	ck_assert(digest_ready(next));
	ck_assert_uint_eq(255, strlen(kept.nonce));

	(void)re_snprintf(params, sizeof(params),
			  "realm=\"r\",nonce=\"%0256u\"", 0);
	challenged(401, params);
	digest_keep(&kept, digest);
	ck_assert_int_eq(DIGEST_UNKNOWN, kept.algorithm);
	ck_assert_str_eq("", kept.nonce);
}
END_TEST


START_TEST(what_cannot_stand_in_a_header_is_not_restored)
{
	static const char *const badv[] = {
		"n\"", "n\r\nEvil: 1", "n\\", "\x7f", "n\t",
	};

	for (size_t i = 0; i < ARRAY_SIZE(badv); i++) {
		for (unsigned which = 0; which < 3; which++) {
			kept = (struct digest_kept){
				.realm = "r", .nonce = "n", .opaque = "o",
				.has_opaque = true, .algorithm = DIGEST_MD5,
			};
			(void)strcpy(which == 0 ? kept.realm : which == 1
				     ? kept.nonce : kept.opaque, badv[i]);
			ck_assert_int_eq(0, digest_restore(next, &kept));
			ck_assert(!digest_ready(next));
		}
	}
}
END_TEST


START_TEST(what_makes_no_sense_is_not_restored)
{
	const struct digest_kept good = {
		.realm = "r", .nonce = "n", .algorithm = DIGEST_MD5,
	};

	kept = good;
	memset(kept.nonce, 'n', sizeof(kept.nonce));
	ck_assert_int_eq(0, digest_restore(next, &kept));
	kept = good;
	kept.nc = UINT32_MAX - 1;
	ck_assert_int_eq(0, digest_restore(next, &kept));
	kept = good;
	kept.algorithm = (enum digest_algorithm)77;
	ck_assert_int_eq(0, digest_restore(next, &kept));
	kept = good;
	kept.algorithm = DIGEST_UNKNOWN;
	ck_assert_int_eq(0, digest_restore(next, &kept));
	ck_assert(!digest_ready(next));

	ck_assert_int_eq(0, digest_restore(next, &good));
	ck_assert(digest_ready(next));
}
END_TEST


Suite *suite_digest_keep(void)
{
	Suite *s = suite_create("digest_keep");
	TCase *tc = tcase_create("digest_keep");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc,
		the_nonce_is_used_first_after_a_restart_with_nc_ahead);
	tcase_add_test(tc,
		what_the_challenge_did_not_name_is_not_named_later);
	tcase_add_test(tc, nothing_of_the_password_is_kept);
	tcase_add_test(tc, without_a_challenge_nothing_is_kept);
	tcase_add_test(tc, a_proxys_nonce_is_not_kept);
	tcase_add_test(tc, a_nonce_that_is_too_long_is_not_cut);
	tcase_add_test(tc, what_cannot_stand_in_a_header_is_not_restored);
	tcase_add_test(tc, what_makes_no_sense_is_not_restored);
	suite_add_tcase(s, tc);

	return s;
}
