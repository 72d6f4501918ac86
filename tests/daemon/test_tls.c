/* TLS: whom we talk to, and what is said when it is somebody else. The far
 * side is an OpenSSL server over a socket pair (SCENARIOS T18). */

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/socket.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include "identity.h"
#include "tls_pair.h"


START_TEST(right_name_is_accepted_and_sent_as_sni)
{
	pair_issue(pair.ca, "DNS:sip.example.org,DNS:b.example.org", CA_DAYS);
	pair_expect("sip.example.org", REASON_OK, NULL);
	ck_assert_str_eq("sip.example.org", pair.sni);
	pair_expect("B.Example.ORG.", REASON_OK, NULL);
	ck_assert_str_eq("B.Example.ORG", pair.sni);
}
END_TEST


START_TEST(wrong_name_is_refused_and_named)
{
	pair_issue(pair.ca,
		   "DNS:a.example.org,URI:sip:b.example.org,IP:192.0.2.1",
		   CA_DAYS);
	pair_expect("sip.example.org", REASON_TLS_NAME,
		    "certificate is for a.example.org, sip:b.example.org, "
		    "192.0.2.1, not sip.example.org");
	pair_expect("org", REASON_TLS_NAME, NULL);
	pair_expect("xa.example.org", REASON_TLS_NAME, NULL);
	pair_expect("x.a.example.org", REASON_TLS_NAME, NULL);
	pair_expect("example.org", REASON_TLS_NAME, NULL);
}
END_TEST


START_TEST(wildcard_stands_for_one_label)
{
	pair_issue(pair.ca, "DNS:*.example.org", CA_DAYS);
	pair_expect("sip.example.org", REASON_OK, NULL);
	pair_expect("example.org", REASON_TLS_NAME, NULL);
	pair_expect("a.b.example.org", REASON_TLS_NAME, NULL);
}
END_TEST


START_TEST(part_of_a_label_is_no_wildcard)
{
	pair_issue(pair.ca, "DNS:s*.example.org", CA_DAYS);
	pair_expect("sip.example.org", REASON_TLS_NAME, NULL);
}
END_TEST


START_TEST(strict_takes_no_wildcard)
{
	pair.conf.verify = TLS_VERIFY_STRICT;
	pair_issue(pair.ca, "DNS:*.example.org", CA_DAYS);
	pair_expect("sip.example.org", REASON_TLS_NAME,
		    "certificate is for *.example.org, not sip.example.org");

	pair_issue(pair.ca, "DNS:sip.example.org", CA_DAYS);
	pair_expect("sip.example.org", REASON_OK, NULL);
}
END_TEST


START_TEST(sip_uri_is_an_identity)
{
	pair_issue(pair.ca,
		   "URI:SIP:Example.org;transport=tls,DNS:edge.example.net",
		   CA_DAYS);
	pair_expect("example.org", REASON_OK, NULL);
	pair_expect("edge.example.net", REASON_OK, NULL);
	pair_expect("sub.example.org", REASON_TLS_NAME, NULL);

	/* RFC 5922 §7.1: DNS only if there is no SIP URI */
	pair.conf.verify = TLS_VERIFY_STRICT;
	pair_expect("example.org", REASON_OK, NULL);
	pair_expect("edge.example.net", REASON_TLS_NAME, NULL);
}
END_TEST


START_TEST(uri_of_a_user_or_another_scheme_is_none)
{
	pair_issue(pair.ca, "URI:sip:alice@example.org,URI:sips:example.org,"
		   "URI:https://example.org,URI:sip:,URI:sip:*.example.org",
		   CA_DAYS);
	pair_expect("example.org", REASON_TLS_NAME, NULL);
	pair_expect("sip.example.org", REASON_TLS_NAME, NULL);
}
END_TEST


START_TEST(ip_literal_needs_an_ip_and_sends_no_sni)
{
	pair_issue(pair.ca,
		   "DNS:192.0.2.1,IP:192.0.2.2,IP:2001:db8::2,DNS:a.example",
		   CA_DAYS);
	pair_expect("192.0.2.1", REASON_TLS_NAME,
		    "certificate is for 192.0.2.1, 192.0.2.2, 2001:db8::2, "
		    "a.example, not 192.0.2.1");
	ck_assert_str_eq("", pair.sni);
	pair_expect("192.0.2.2", REASON_OK, NULL);
	ck_assert_str_eq("", pair.sni);
	pair_expect("[2001:db8::2]", REASON_OK, NULL);
	pair_expect("2001:DB8:0::2", REASON_OK, NULL);
	ck_assert_str_eq("", pair.sni);
	pair_expect("[2001:db8::3]", REASON_TLS_NAME, NULL);
}
END_TEST


START_TEST(ip_literal_is_no_uri_and_no_name)
{
	pair_issue(pair.ca, "URI:sip:192.0.2.1,DNS:192.0.2.1", CA_DAYS);
	pair_expect("192.0.2.1", REASON_TLS_NAME, NULL);
}
END_TEST


static void add_extension(X509 *cert, int nid, const char *value)
{
	X509_EXTENSION *ext;

	if (!value)
		return;

	ext = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
	ck_assert(ext && X509_add_ext(cert, ext, -1));
	X509_EXTENSION_free(ext);
}


/* Signed by itself, and by being the ca_file trusted. */
static void self_signed(const char *cn, const char *san, const char *usage)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	X509_NAME *name = X509_get_subject_name(cert);
	FILE *f = fopen(pair.cert_path, "w");

	ck_assert(key && cert && f);
	ck_assert(X509_set_version(cert, 2));
	ck_assert(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
					     (const unsigned char *)cn, -1,
					     -1, 0));
	ck_assert(X509_set_issuer_name(cert, name));
	ck_assert(X509_gmtime_adj(X509_getm_notBefore(cert), -3600) != NULL);
	ck_assert(X509_gmtime_adj(X509_getm_notAfter(cert), 3600) != NULL);
	ck_assert(X509_set_pubkey(cert, key));
	add_extension(cert, NID_subject_alt_name, san);
	add_extension(cert, NID_ext_key_usage, usage);
	ck_assert(X509_sign(cert, key, EVP_sha256()) > 0);
	ck_assert(PEM_write_X509(f, cert));
	ck_assert(PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL));

	ck_assert_int_eq(0, fclose(f));
	X509_free(cert);
	EVP_PKEY_free(key);
	pair.conf.ca_file = pair.cert_path;
}


START_TEST(certificate_for_another_use_is_untrusted)
{
	self_signed("a", "DNS:sip.example.org", "serverAuth");
	pair_expect("sip.example.org", REASON_OK, NULL);

	self_signed("a", "DNS:sip.example.org", "clientAuth");
	pair_expect("sip.example.org", REASON_TLS_UNTRUSTED, NULL);
}
END_TEST


static void add_san(X509 *cert, int type, const char *p, int len)
{
	GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
	GENERAL_NAME *gn = GENERAL_NAME_new();
	ASN1_IA5STRING *ia5 = ASN1_IA5STRING_new();

	ck_assert(names && gn && ia5 && ASN1_STRING_set(ia5, p, len));
	GENERAL_NAME_set0_value(gn, type, ia5);
	ck_assert(sk_GENERAL_NAME_push(names, gn));
	ck_assert_int_eq(1, X509_add1_ext_i2d(cert, NID_subject_alt_name,
					      names, 0, X509V3_ADD_APPEND));
	GENERAL_NAMES_free(names);
}


START_TEST(zero_inside_a_name_ends_nothing)
{
	static const char uri[] = "sip:sip.example.org\0.evil.net";
	static const char dns[] = "sip.example.org\0.evil.net";
	X509 *cert = X509_new();
	char names[64];

	add_san(cert, GEN_URI, uri, sizeof(uri) - 1);
	ck_assert(!identity_match_host(cert, "sip.example.org", false));
	identity_print(names, sizeof(names), cert);
	ck_assert_str_eq("sip:sip.example.org?.evil.net", names);
	X509_free(cert);

	cert = X509_new();
	add_san(cert, GEN_DNS, dns, sizeof(dns) - 1);
	ck_assert(!identity_match_host(cert, "sip.example.org", false));
	X509_free(cert);
}
END_TEST


/* Which of them counts? Then none does, and the subject neither. */
START_TEST(two_alternative_name_extensions_are_no_identity)
{
	X509 *cert = X509_new();
	X509_NAME *name = X509_get_subject_name(cert);

	ck_assert(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
					     (const unsigned char *)"a.example",
					     -1, -1, 0));
	ck_assert(identity_match_host(cert, "a.example", false));
	add_san(cert, GEN_DNS, "a.example", 9);
	ck_assert(identity_match_host(cert, "a.example", false));
	add_san(cert, GEN_DNS, "b.example", 9);
	ck_assert(!identity_match_host(cert, "a.example", false));
	ck_assert(!identity_match_host(cert, "b.example", false));
	X509_free(cert);
}
END_TEST


START_TEST(subject_counts_only_without_any_alternative_name)
{
	self_signed("sip.example.org", NULL, NULL);
	pair_expect("sip.example.org", REASON_OK, NULL);
	pair_expect("other.example.org", REASON_TLS_NAME,
		    "certificate is for sip.example.org, not "
		    "other.example.org");

	self_signed("sip.example.org", "IP:192.0.2.1", NULL);
	pair_expect("sip.example.org", REASON_TLS_NAME,
		    "certificate is for 192.0.2.1, not sip.example.org");

	self_signed("sip.example.org", "email:a@example.org", NULL);
	pair_expect("sip.example.org", REASON_TLS_NAME,
		    "certificate is for nobody, not sip.example.org");

	self_signed("192.0.2.1", NULL, NULL);
	pair_expect("192.0.2.1", REASON_TLS_NAME, NULL);
}
END_TEST


START_TEST(names_are_told_harmlessly_and_in_bounds)
{
	char san[2048] = "DNS:a.example.org";
	char *end;
	int i;

	self_signed("evil\n<3>name\x1b[31m\xc3\xa4", NULL, NULL);
	pair_expect("sip.example.org", REASON_TLS_NAME,
		    "certificate is for evil?<3>name?[31m??, not "
		    "sip.example.org");

	for (i = 0; i < 60; i++)
		(void)snprintf(san + strlen(san), sizeof(san) - strlen(san),
			       ",DNS:name%d.example.org", i);
	pair_issue(pair.ca, san, CA_DAYS);
	pair.conf.ca_file = pair.ca_path;
	pair_expect("sip.example.org", REASON_TLS_NAME, NULL);
	ck_assert_uint_lt(strlen(pair.text), 250);
	end = strstr(pair.text, "..., not sip.example.org");
	ck_assert_ptr_nonnull(end);
}
END_TEST


START_TEST(expired_is_untrusted)
{
	pair_issue(pair.ca, "DNS:sip.example.org", -1);
	pair_expect("sip.example.org", REASON_TLS_UNTRUSTED,
		    "certificate has expired");
}
END_TEST


START_TEST(unknown_authority_is_untrusted_whatever_the_name)
{
	pair_issue(pair.other, "DNS:sip.example.org,URI:sip:sip.example.org",
		   CA_DAYS);
	pair_expect("sip.example.org", REASON_TLS_UNTRUSTED, NULL);
	pair_expect("a.example.org", REASON_TLS_UNTRUSTED, NULL);

	pair.conf.ca_file = "";       /* the system does not know ours either */
	pair_issue(pair.ca, "DNS:sip.example.org,URI:sip:sip.example.org",
		   CA_DAYS);
	pair_expect("sip.example.org", REASON_TLS_UNTRUSTED, NULL);
}
END_TEST


START_TEST(self_signed_is_untrusted)
{
	self_signed("sip.example.org", "URI:sip:sip.example.org", NULL);
	pair.conf.ca_file = pair.ca_path;
	pair_expect("sip.example.org", REASON_TLS_UNTRUSTED,
		    "self-signed certificate");
}
END_TEST


START_TEST(none_takes_anybody_but_still_sends_sni)
{
	pair.conf.verify = TLS_VERIFY_NONE;
	pair_issue(pair.other, "DNS:a.example.org", -1);
	pair_expect("sip.example.org", REASON_OK, NULL);
	ck_assert_str_eq("sip.example.org", pair.sni);
}
END_TEST


START_TEST(old_versions_are_refused)
{
	pair_issue(pair.ca, "DNS:sip.example.org", CA_DAYS);

	SSL_CTX_set_min_proto_version(pair.server, TLS1_VERSION);
	SSL_CTX_set_max_proto_version(pair.server, TLS1_1_VERSION);
	pair_expect("sip.example.org", REASON_TLS_FAILURE, NULL);
	ck_assert_str_eq("no TLS version in common; tls.min_version is 1.2",
			 pair.text);

	SSL_CTX_set_max_proto_version(pair.server, TLS1_2_VERSION);
	pair_expect("sip.example.org", REASON_OK, NULL);

	pair.conf.min_version = TLS1_3_VERSION;
	pair_expect("sip.example.org", REASON_TLS_FAILURE,
		    "no TLS version in common; tls.min_version is 1.3");

	SSL_CTX_set_max_proto_version(pair.server, TLS1_3_VERSION);
	pair_expect("sip.example.org", REASON_OK, NULL);
}
END_TEST


START_TEST(what_stands_is_told)
{
	const time_t in_a_month = time(NULL) + CA_DAYS * 86400;

	pair_issue(pair.ca, "DNS:sip.example.org", CA_DAYS);
	pair_expect("sip.example.org", REASON_OK, NULL);
	ck_assert_str_eq("TLSv1.3", pair.info.version);
	ck_assert_str_eq("TLS_AES_256_GCM_SHA384", pair.info.cipher);
	ck_assert(pair.info.verified && !pair.info.resumed);
	ck_assert_int_le(pair.info.not_after, in_a_month + 60);
	ck_assert_int_ge(pair.info.not_after, in_a_month - 60);

	pair.conf.verify = TLS_VERIFY_NONE;
	SSL_CTX_set_max_proto_version(pair.server, TLS1_2_VERSION);
	pair_expect("sip.example.org", REASON_OK, NULL);
	ck_assert_str_eq("TLSv1.2", pair.info.version);
	ck_assert(!pair.info.verified && !pair.info.resumed);
	ck_assert_int_le(pair.info.not_after, in_a_month + 60);
	ck_assert_int_ge(pair.info.not_after, in_a_month - 60);
}
END_TEST


START_TEST(name_is_checked_in_both_versions)
{
	pair_issue(pair.ca, "DNS:a.example.org", CA_DAYS);
	SSL_CTX_set_max_proto_version(pair.server, TLS1_2_VERSION);
	pair_expect("sip.example.org", REASON_TLS_NAME, NULL);
	SSL_CTX_set_max_proto_version(pair.server, TLS1_3_VERSION);
	SSL_CTX_set_min_proto_version(pair.server, TLS1_3_VERSION);
	pair_expect("sip.example.org", REASON_TLS_NAME, NULL);
}
END_TEST


static enum reason talk_to(const char *bytes)
{
	struct tls_ctx *ctx;
	enum reason reason;
	SSL *client;
	int fdv[2], rv;

	ck_assert_int_eq(0, tls_ctx_get(&ctx, &pair.conf, pair.text,
					sizeof(pair.text)));
	ck_assert_int_eq(0, socketpair(AF_UNIX, SOCK_STREAM, 0, fdv));
	ck_assert_int_eq(0, tls_open(&client, ctx, fdv[0], "a.example"));
	ck_assert_int_eq(strlen(bytes), write(fdv[1], bytes, strlen(bytes)));
	ck_assert_int_eq(0, shutdown(fdv[1], SHUT_WR));

	ERR_clear_error();
	errno = 0;
	rv = SSL_do_handshake(client);
	ck_assert_int_le(rv, 0);
	reason = tls_reason(client, rv, pair.text, sizeof(pair.text));

	SSL_free(client);
	(void)close(fdv[0]);
	(void)close(fdv[1]);
	mem_deref(ctx);

	return reason;
}


START_TEST(peer_that_does_not_speak_tls)
{
	ck_assert_int_eq(REASON_TLS_FAILURE, talk_to("SIP/2.0 400 Bad\r\n"));
	ck_assert_str_eq("wrong version number", pair.text);
	ck_assert_int_eq(REASON_TLS_FAILURE, talk_to(""));
	ck_assert_str_eq("closed by the peer", pair.text);
}
END_TEST


START_TEST(equal_settings_share_a_context)
{
	struct tls_ctx *a, *b, *c;
	struct tls_conf changed = pair.conf;

	ck_assert_int_eq(0, tls_ctx_get(&a, &pair.conf, pair.text,
					sizeof(pair.text)));
	changed.name = "other.example.org";
	ck_assert_int_eq(0, tls_ctx_get(&b, &changed, pair.text,
					sizeof(pair.text)));
	ck_assert_ptr_eq(a, b);
	changed.verify = TLS_VERIFY_NONE;
	ck_assert_int_eq(0, tls_ctx_get(&c, &changed, pair.text,
					sizeof(pair.text)));
	ck_assert_ptr_ne(a, c);

	mem_deref(a);
	mem_deref(b);
	mem_deref(c);
}
END_TEST


START_TEST(changed_ca_file_is_read_again)
{
	struct tls_ctx *old;

	pair_issue(pair.other, "DNS:sip.example.org", CA_DAYS);
	ck_assert_int_eq(0, tls_ctx_get(&old, &pair.conf, pair.text,
					sizeof(pair.text)));
	pair_expect("sip.example.org", REASON_TLS_UNTRUSTED, NULL);

	ck_assert_int_eq(0, rename(pair.other_path, pair.ca_path));
	pair_expect("sip.example.org", REASON_OK, NULL);
	mem_deref(old);
}
END_TEST


START_TEST(changed_bundle_of_the_system_is_read_again)
{
	struct tls_ctx *old;

	pair.conf.ca_file = "";
	ck_assert_int_eq(0, setenv("SSL_CERT_FILE", pair.ca_path, 1));
	pair_issue(pair.ca, "DNS:sip.example.org", CA_DAYS);
	ck_assert_int_eq(0, tls_ctx_get(&old, &pair.conf, pair.text,
					sizeof(pair.text)));
	pair_expect("sip.example.org", REASON_OK, NULL);

	ck_assert_int_eq(0, rename(pair.other_path, pair.ca_path));
	pair_expect("sip.example.org", REASON_TLS_UNTRUSTED, NULL);
	ck_assert_int_eq(0, unsetenv("SSL_CERT_FILE"));
	mem_deref(old);
}
END_TEST


static void expect_error(int err, const char *words)
{
	struct tls_ctx *ctx = NULL;

	ck_assert_int_eq(err, tls_ctx_get(&ctx, &pair.conf, pair.text,
					  sizeof(pair.text)));
	ck_assert_ptr_null(ctx);
	ck_assert_msg(strstr(pair.text, words) != NULL, "%s", pair.text);
}


START_TEST(files_that_cannot_be_used_are_named)
{
	FILE *f;

	pair.conf.ca_file = "/nowhere/ca.pem";
	expect_error(ENOENT, "/nowhere/ca.pem: No such file");

	f = fopen(pair.key_path, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_gt(fprintf(f, "no PEM\n"), 0);
	ck_assert_int_eq(0, fclose(f));
	pair.conf.ca_file = pair.key_path;
	expect_error(EBADMSG, "no certificate in it");

	pair.conf.ca_file = pair.ca_path;
	pair.conf.certificate = "/nowhere/cert.pem";
	expect_error(ENOENT, "/nowhere/cert.pem");

	pair.conf.certificate = pair.ca_path;
	expect_error(EBADMSG, "no private key");

	pair_issue(pair.ca, "DNS:client", CA_DAYS);
	pair.conf.certificate = pair.cert_path;
	pair.conf.key = pair.key_path;
	expect_error(EBADMSG, "no private key");
}
END_TEST


START_TEST(hosts_that_are_none_are_not_opened)
{
	static const char *const hostv[] = {"", ".", ".example.org"};
	struct tls_ctx *ctx;
	SSL *ssl;
	size_t i;

	ck_assert_int_eq(0, tls_ctx_get(&ctx, &pair.conf, pair.text,
					sizeof(pair.text)));
	for (i = 0; i < sizeof(hostv) / sizeof(hostv[0]); i++)
		ck_assert_int_eq(EINVAL, tls_open(&ssl, ctx, 0, hostv[i]));
	mem_deref(ctx);
}
END_TEST


Suite *suite_tls(void);
Suite *suite_tls(void)
{
	Suite *s = suite_create("tls");
	TCase *tc = tcase_create("tls");

	tcase_add_checked_fixture(tc, pair_setup, pair_teardown);

	tcase_add_test(tc, right_name_is_accepted_and_sent_as_sni);
	tcase_add_test(tc, wrong_name_is_refused_and_named);
	tcase_add_test(tc, wildcard_stands_for_one_label);
	tcase_add_test(tc, part_of_a_label_is_no_wildcard);
	tcase_add_test(tc, strict_takes_no_wildcard);
	tcase_add_test(tc, sip_uri_is_an_identity);
	tcase_add_test(tc, uri_of_a_user_or_another_scheme_is_none);
	tcase_add_test(tc, ip_literal_needs_an_ip_and_sends_no_sni);
	tcase_add_test(tc, ip_literal_is_no_uri_and_no_name);
	tcase_add_test(tc, certificate_for_another_use_is_untrusted);
	tcase_add_test(tc, zero_inside_a_name_ends_nothing);
	tcase_add_test(tc, two_alternative_name_extensions_are_no_identity);
	tcase_add_test(tc, subject_counts_only_without_any_alternative_name);
	tcase_add_test(tc, names_are_told_harmlessly_and_in_bounds);
	tcase_add_test(tc, expired_is_untrusted);
	tcase_add_test(tc, unknown_authority_is_untrusted_whatever_the_name);
	tcase_add_test(tc, self_signed_is_untrusted);
	tcase_add_test(tc, none_takes_anybody_but_still_sends_sni);
	tcase_add_test(tc, old_versions_are_refused);
	tcase_add_test(tc, what_stands_is_told);
	tcase_add_test(tc, name_is_checked_in_both_versions);
	tcase_add_test(tc, peer_that_does_not_speak_tls);
	tcase_add_test(tc, equal_settings_share_a_context);
	tcase_add_test(tc, changed_ca_file_is_read_again);
	tcase_add_test(tc, changed_bundle_of_the_system_is_read_again);
	tcase_add_test(tc, files_that_cannot_be_used_are_named);
	tcase_add_test(tc, hosts_that_are_none_are_not_opened);

	suite_add_tcase(s, tc);

	return s;
}
