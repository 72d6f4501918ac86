/* Pins: which keys a server may have. */

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <openssl/pem.h>
#include "tls_pair.h"
#include "tls_pin.h"


#define HOST "sip.example.org"
#define SAN  "DNS:" HOST

static char stranger[] = "sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
static char pin[TLS_PIN_TEXT];
static char *pinv[] = {stranger, pin};


/* Of the first certificate in the file. */
static void pin_file(const char *path)
{
	FILE *f = fopen(path, "r");
	X509 *cert;

	ck_assert_ptr_nonnull(f);
	cert = PEM_read_X509(f, NULL, NULL, NULL);
	ck_assert_ptr_nonnull(cert);
	ck_assert_ptr_eq(pin, tls_pin_print(pin, cert));
	X509_free(cert);
	(void)fclose(f);
}


static void configure(size_t first, size_t count)
{
	pair.conf.pins = pinv + first;
	pair.conf.pinc = count;
}


static void expect_mismatch(void)
{
	char words[128];

	(void)snprintf(words, sizeof(words),
		       "no pin matches; the server's key is %s", pin);
	pair_expect(HOST, REASON_TLS_UNTRUSTED, words);
}


START_TEST(right_pin_is_asked_for_beside_chain_and_name)
{
	pair_issue(pair.ca, SAN, CA_DAYS);
	pin_file(pair.cert_path);

	configure(1, 1);
	pair_expect(HOST, REASON_OK, NULL);
	ck_assert(pair.info.verified);

	pair_expect("other.example.org", REASON_TLS_NAME, NULL);
	pair.conf.ca_file = pair.other_path;
	pair_expect(HOST, REASON_TLS_UNTRUSTED, NULL);
	ck_assert_ptr_null(strstr(pair.text, "pin"));
}
END_TEST


START_TEST(mismatch_names_the_key_that_was_seen)
{
	pair_issue(pair.ca, SAN, CA_DAYS);
	pin_file(pair.cert_path);

	configure(0, 1);
	expect_mismatch();
	pair.conf.verify = TLS_VERIFY_STRICT;
	expect_mismatch();
	pair.conf.verify = TLS_VERIFY_NONE;
	expect_mismatch();

	/* what was named can be configured as it is */
	configure(1, 1);
	pair_expect(HOST, REASON_OK, NULL);
}
END_TEST


START_TEST(one_of_several_is_enough)
{
	pair_issue(pair.ca, SAN, CA_DAYS);
	pin_file(pair.cert_path);
	configure(0, 2);
	pair_expect(HOST, REASON_OK, NULL);

	/* the key changes, and the backup pin is still the old one's */
	pair_issue(pair.ca, SAN, CA_DAYS);
	pair_expect(HOST, REASON_TLS_UNTRUSTED, NULL);
}
END_TEST


START_TEST(pin_may_be_of_an_authority_in_the_chain)
{
	pair_issue(pair.ca, SAN, CA_DAYS);
	pin_file(pair.ca_path);
	configure(1, 1);
	pair_expect(HOST, REASON_OK, NULL);

	pin_file(pair.other_path);
	pair_expect(HOST, REASON_TLS_UNTRUSTED, NULL);
}
END_TEST


START_TEST(without_verification_the_pin_is_the_trust)
{
	pair.conf.verify = TLS_VERIFY_NONE;
	pair_issue(pair.other, "DNS:a.example.org", -1);
	pin_file(pair.cert_path);

	pair_expect(HOST, REASON_OK, NULL);
	ck_assert(!pair.info.verified);
	configure(1, 1);
	pair_expect(HOST, REASON_OK, NULL);
	ck_assert(pair.info.verified);
	configure(0, 1);
	pair_expect(HOST, REASON_TLS_UNTRUSTED, NULL);
}
END_TEST


/* Anybody can send the pinned authority's certificate along. */
START_TEST(unverified_servers_own_key_counts_alone)
{
	pair.conf.verify = TLS_VERIFY_NONE;
	pair_issue(pair.ca, SAN, CA_DAYS);
	pin_file(pair.ca_path);
	configure(1, 1);
	pair_expect(HOST, REASON_TLS_UNTRUSTED, NULL);
}
END_TEST


START_TEST(pins_are_checked_in_both_versions)
{
	pair_issue(pair.ca, SAN, CA_DAYS);
	pin_file(pair.cert_path);
	SSL_CTX_set_max_proto_version(pair.server, TLS1_2_VERSION);
	configure(0, 1);
	expect_mismatch();
	configure(0, 2);
	pair_expect(HOST, REASON_OK, NULL);
}
END_TEST


START_TEST(order_and_repetition_of_pins_do_not_matter)
{
	char *v[] = {pin, stranger, pin};
	struct tls_pins *a, *b, *c;

	pair_issue(pair.ca, SAN, CA_DAYS);
	pin_file(pair.cert_path);
	ck_assert_int_eq(0, tls_pins_alloc(&a, v, 3));
	ck_assert_int_eq(0, tls_pins_alloc(&b, pinv, 2));
	ck_assert_int_eq(0, tls_pins_alloc(&c, pinv, 1));
	ck_assert(tls_pins_equal(a, b));
	ck_assert(!tls_pins_equal(a, c) && !tls_pins_equal(NULL, c));
	mem_deref(a);
	mem_deref(b);
	mem_deref(c);

	ck_assert_int_eq(0, tls_pins_alloc(&a, NULL, 0));
	ck_assert_ptr_null(a);
	ck_assert(tls_pins_equal(a, NULL));
}
END_TEST


START_TEST(what_is_no_pin_is_refused)
{
	static char *const badv[] = {
		"", "sha256/", "sha1/AAAA",
		"sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
		"sha256/!AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
	};
	struct tls_pins *pins;
	size_t i;

	for (i = 0; i < sizeof(badv) / sizeof(badv[0]); i++) {
		ck_assert_int_eq(EINVAL, tls_pins_alloc(&pins, badv + i, 1));
		ck_assert_ptr_null(pins);
	}
}
END_TEST


Suite *suite_tls_pin(void);
Suite *suite_tls_pin(void)
{
	Suite *s = suite_create("tls_pin");
	TCase *tc = tcase_create("tls_pin");

	tcase_add_checked_fixture(tc, pair_setup, pair_teardown);

	tcase_add_test(tc, right_pin_is_asked_for_beside_chain_and_name);
	tcase_add_test(tc, mismatch_names_the_key_that_was_seen);
	tcase_add_test(tc, one_of_several_is_enough);
	tcase_add_test(tc, pin_may_be_of_an_authority_in_the_chain);
	tcase_add_test(tc, without_verification_the_pin_is_the_trust);
	tcase_add_test(tc, unverified_servers_own_key_counts_alone);
	tcase_add_test(tc, pins_are_checked_in_both_versions);
	tcase_add_test(tc, order_and_repetition_of_pins_do_not_matter);
	tcase_add_test(tc, what_is_no_pin_is_refused);

	suite_add_tcase(s, tc);

	return s;
}
