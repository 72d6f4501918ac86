/* What a handshake has shown: see diagnose_tls.h. */

#include <string.h>
#include <openssl/bio.h>
#include <openssl/x509_vfy.h>
#include "diagnose_tls.h"
#include "identity.h"
#include "tls_peer.h"


static enum diagnosis_trust trust_of(long result)
{
	switch (result) {

	case X509_V_OK:
		return DIAGNOSIS_TRUST_GOOD;

	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_CERT_UNTRUSTED:
		return DIAGNOSIS_TRUST_ISSUER;

	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
		return DIAGNOSIS_TRUST_SELF;

	case X509_V_ERR_CERT_HAS_EXPIRED:
		return DIAGNOSIS_TRUST_EXPIRED;

	case X509_V_ERR_CERT_NOT_YET_VALID:
		return DIAGNOSIS_TRUST_EARLY;

	case X509_V_ERR_APPLICATION_VERIFICATION:
		return DIAGNOSIS_TRUST_PIN;

	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		return DIAGNOSIS_TRUST_NAME;

	default:
		return DIAGNOSIS_TRUST_OTHER;
	}
}


/* "CN = sip.example.org, O = Example" */
static void name_print(char *buf, size_t size, const X509_NAME *name)
{
	BIO *bio = BIO_new(BIO_s_mem());
	int n = 0;

	if (bio && X509_NAME_print_ex(bio, name, 0, XN_FLAG_ONELINE) >= 0)
		n = BIO_read(bio, buf, (int)size - 1);
	buf[n > 0 ? n : 0] = '\0';
	BIO_free(bio);
}


static void chain_read(struct tls_seen *seen, SSL *ssl)
{
	STACK_OF(X509) *chain = SSL_get_peer_cert_chain(ssl);
	int i;

	for (i = 0; i < sk_X509_num(chain) && i < TLS_SEEN_CERTS; i++) {

		struct tls_seen_cert *c = &seen->certv[seen->certc++];
		X509 *cert = sk_X509_value(chain, i);

		name_print(c->subject, sizeof(c->subject),
			   X509_get_subject_name(cert));
		name_print(c->issuer, sizeof(c->issuer),
			   X509_get_issuer_name(cert));
		c->not_after = tls_ends_at(cert);
		if (!i)
			identity_print(seen->names, sizeof(seen->names), cert);
	}
}


void tls_seen_read(struct tls_seen *seen, SSL *ssl)
{
	const char *sni = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

	memset(seen, 0, sizeof(*seen));
	seen->shaken = true;
	seen->trust = trust_of(SSL_get_verify_result(ssl));
	tls_info(&seen->info, ssl);
	if (sni)
		str_ncpy(seen->sni, sni, sizeof(seen->sni));
	chain_read(seen, ssl);
}
