/* Our own certificate: shown to whom asks, and what is said when it is none. */

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <openssl/pem.h>
#include "tls_pair.h"


#define HOST "sip.example.org"
#define DEMAND (SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT)

static char ours[160];           /* our certificate and key */
static int seen;                 /* certificates that the server was shown */


static int seen_handler(int ok, X509_STORE_CTX *sc)
{
	if (X509_STORE_CTX_get_error_depth(sc) == 0)
		++seen;

	return ok;
}


static void setup(void)
{
	pair_setup();
	seen = 0;
	(void)snprintf(ours, sizeof(ours), "%s/ours.pem", pair.dir);

	pair_issue(pair.ca, "DNS:" HOST, CA_DAYS);
	SSL_CTX_set_verify(pair.server, DEMAND, seen_handler);
	ck_assert_int_eq(1, SSL_CTX_load_verify_locations(
				    pair.server, pair.ca_path, NULL));
	/* or it could not resume (SSL_CTX_set_session_id_context(3)) */
	ck_assert_int_eq(1, SSL_CTX_set_session_id_context(
				    pair.server, (const uint8_t *)"x", 1));
}


static void teardown(void)
{
	(void)unlink(ours);
	pair_teardown();
}


/* The tests below, under both versions. */
static void limit_version(int i)
{
	SSL_CTX_set_max_proto_version(pair.server, i ? TLS1_3_VERSION
				      : TLS1_2_VERSION);
}


START_TEST(certificate_of_ours_is_shown)
{
	limit_version(_i);
	ck_assert_int_eq(0, ca_issue(pair.ca, ours, "DNS:client", CA_DAYS));
	pair.conf.certificate = ours;
	pair_expect(HOST, REASON_OK, NULL);
	ck_assert_int_eq(1, seen);
}
END_TEST


START_TEST(server_that_demands_one_and_gets_none_is_understood)
{
	limit_version(_i);
	pair_expect(HOST, REASON_TLS_FAILURE, "the server demands a "
		    "certificate of ours (tls.certificate)");
}
END_TEST


START_TEST(server_that_likes_another_one_is_understood)
{
	limit_version(_i);
	pair.conf.certificate = ours;

	ck_assert_int_eq(0, ca_issue(pair.other, ours, "DNS:client", CA_DAYS));
	pair_expect(HOST, REASON_TLS_FAILURE, NULL);
	ck_assert_ptr_eq(pair.text, strstr(pair.text, "the server does not "
					   "accept our certificate: "));

	ck_assert_int_eq(0, ca_issue(pair.ca, ours, "DNS:client", -1));
	pair_expect(HOST, REASON_TLS_FAILURE, "the server does not accept our "
		    "certificate: certificate expired");
}
END_TEST


START_TEST(renewed_certificate_counts_from_the_next_flow_on)
{
	struct tls_ctx *ctx;

	ck_assert_int_eq(0, ca_issue(pair.other, ours, "DNS:client", CA_DAYS));
	pair.conf.certificate = pair.conf.key = ours;
	ck_assert_int_eq(0, tls_ctx_get(&ctx, &pair.conf, pair.text,
					sizeof(pair.text)));
	pair_expect(HOST, REASON_TLS_FAILURE, NULL);

	ck_assert_int_eq(0, ca_issue(pair.ca, ours, "DNS:client", CA_DAYS));
	ck_assert(!pair_resumed(HOST));
	mem_deref(ctx);
}
END_TEST


START_TEST(nobody_who_did_not_ask_is_shown_one)
{
	SSL_CTX_set_verify(pair.server, SSL_VERIFY_NONE, seen_handler);
	ck_assert_int_eq(0, ca_issue(pair.ca, ours, "DNS:client", CA_DAYS));
	pair.conf.certificate = ours;
	pair_expect(HOST, REASON_OK, NULL);
	ck_assert_int_eq(0, seen);
}
END_TEST


static void encrypt_key(bool pkcs8)
{
	const EVP_CIPHER *cipher = EVP_aes_128_cbc();
	EVP_PKEY *key = EVP_EC_gen("P-256");
	BIO *f = BIO_new_file(pair.key_path, "w");
	unsigned char word[] = "secret";
	int len = sizeof(word) - 1;

	ck_assert(key && f);
	ck_assert(pkcs8 ? PEM_write_bio_PrivateKey(f, key, cipher, word, len,
						   NULL, NULL)
		  : PEM_write_bio_PrivateKey_traditional(f, key, cipher, word,
							 len, NULL, NULL));
	BIO_free(f);
	EVP_PKEY_free(key);
}


START_TEST(encrypted_key_is_named)
{
	struct tls_ctx *ctx = NULL;

	ck_assert_int_eq(0, ca_issue(pair.ca, ours, "DNS:client", CA_DAYS));
	encrypt_key(_i);
	pair.conf.certificate = ours;
	pair.conf.key = pair.key_path;

	ck_assert_int_eq(EBADMSG, tls_ctx_get(&ctx, &pair.conf, pair.text,
					      sizeof(pair.text)));
	ck_assert_ptr_null(ctx);
	ck_assert_ptr_eq(pair.text, strstr(pair.text, pair.key_path));
	ck_assert_ptr_nonnull(strstr(pair.text, "is encrypted"));
}
END_TEST


Suite *suite_tls_client(void);
Suite *suite_tls_client(void)
{
	Suite *s = suite_create("tls_client");
	TCase *tc = tcase_create("tls_client");

	tcase_add_checked_fixture(tc, setup, teardown);

	tcase_add_loop_test(tc, certificate_of_ours_is_shown, 0, 2);
	tcase_add_loop_test(
		tc, server_that_demands_one_and_gets_none_is_understood, 0, 2);
	tcase_add_loop_test(tc, server_that_likes_another_one_is_understood,
			    0, 2);
	tcase_add_test(tc, renewed_certificate_counts_from_the_next_flow_on);
	tcase_add_test(tc, nobody_who_did_not_ask_is_shown_one);
	tcase_add_loop_test(tc, encrypted_key_is_named, 0, 2);

	suite_add_tcase(s, tc);

	return s;
}
