/* Why a TLS connection failed, in words that help. */

#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include "sock.h"
#include "tls_peer.h"


static enum reason verify_reason(const struct tls_peer *p, long result,
				 char *text, size_t size)
{
	const char *seen = p->seen;

	switch (result) {

	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		(void)re_snprintf(text, size, "certificate is for %s, not %s",
				  seen ? seen : "somebody else", p->host);
		return REASON_TLS_NAME;

	case X509_V_ERR_APPLICATION_VERIFICATION:
		(void)re_snprintf(text, size, "no pin matches; the server's "
				  "key is %s", seen ? seen : "another one");
		return REASON_TLS_UNTRUSTED;

	default:
		(void)re_snprintf(text, size, "%s",
				  X509_verify_cert_error_string(result));
		return REASON_TLS_UNTRUSTED;
	}
}


/* The alert that the peer sent (RFC 8446 §6); -1: it sent none. */
static int alert_of(unsigned long e)
{
	const int reason = ERR_GET_REASON(e);

	return ERR_GET_LIB(e) == ERR_LIB_SSL && reason >= SSL_AD_REASON_OFFSET
		? reason - SSL_AD_REASON_OFFSET : -1;
}


static bool about_certificate(int alert)
{
	switch (alert) {

	case SSL_AD_HANDSHAKE_FAILURE:   /* TLS 1.2, if there is none */
	case SSL_AD_BAD_CERTIFICATE:
	case SSL_AD_UNSUPPORTED_CERTIFICATE:
	case SSL_AD_CERTIFICATE_REVOKED:
	case SSL_AD_CERTIFICATE_EXPIRED:
	case SSL_AD_CERTIFICATE_UNKNOWN:
	case SSL_AD_UNKNOWN_CA:
	case SSL_AD_ACCESS_DENIED:
	case SSL_AD_DECRYPT_ERROR:
	case SSL_AD_CERTIFICATE_REQUIRED:
		return true;

	default:
		return false;
	}
}


/* It asked for a certificate of ours, and then it ended the connection. */
static void print_refusal(SSL *ssl, int alert, char *text, size_t size)
{
	if (SSL_get_certificate(ssl))
		(void)re_snprintf(text, size, "the server does not accept our "
				  "certificate: %s",
				  SSL_alert_desc_string_long(alert));
	else
		(void)re_snprintf(text, size, "the server demands a "
				  "certificate of ours (tls.certificate)");
}


/* What OpenSSL says, in more words where its own help nobody. */
static void print_openssl(SSL *ssl, unsigned long e, char *text, size_t size)
{
	const char *words = ERR_reason_error_string(e);
	const int reason = ERR_GET_LIB(e) == ERR_LIB_SSL
		? ERR_GET_REASON(e) : 0;

	switch (reason) {

	case SSL_R_UNEXPECTED_EOF_WHILE_READING:
		words = "closed by the peer";
		break;

	case SSL_R_UNSUPPORTED_PROTOCOL:
	case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
		(void)re_snprintf(text, size, "no TLS version in common; "
				  "tls.min_version is %s",
				  SSL_get_min_proto_version(ssl) ==
				  TLS1_3_VERSION ? "1.3" : "1.2");
		return;

	default:
		break;
	}

	(void)re_snprintf(text, size, "%s", words ? words : "TLS error");
}


static bool print_error(SSL *ssl, int rv, int syserr, char *text, size_t size)
{
	const struct tls_peer *p = tls_peer_of(ssl);
	const unsigned long e = ERR_peek_error();
	const int alert = alert_of(e);

	if (SSL_get_error(ssl, rv) == SSL_ERROR_ZERO_RETURN || (!e && !syserr))
		(void)re_snprintf(text, size, "closed by the peer");
	else if (p->asked && about_certificate(alert)) {
		print_refusal(ssl, alert, text, size);
		return true;
	}
	else if (e)
		print_openssl(ssl, e, text, size);
	else
		(void)re_snprintf(text, size, "%m", syserr);

	return false;
}


int tls_shortage(void)
{
	unsigned long e;
	int err = 0;

	while ((e = ERR_get_error())) {
		const int reason = ERR_GET_REASON(e);

		if (reason == ERR_R_MALLOC_FAILURE)
			err = ENOMEM;
		else if (ERR_SYSTEM_ERROR(e) && sock_exhausted(reason))
			err = reason;
	}

	return err;
}


static bool out_of_memory(long result)
{
	return result == X509_V_ERR_OUT_OF_MEM ||
		ERR_GET_REASON(ERR_peek_error()) == ERR_R_MALLOC_FAILURE;
}


enum reason tls_reason(SSL *ssl, int rv, char *text, size_t size)
{
	const int syserr = errno;
	const long result = SSL_get_verify_result(ssl);
	const struct tls_peer *p = tls_peer_of(ssl);
	bool refused;

	if (out_of_memory(result)) {
		(void)re_snprintf(text, size, "%m", ENOMEM);
		return REASON_NO_RESOURCES;
	}

	if (SSL_get_verify_mode(ssl) != SSL_VERIFY_NONE &&
	    result != X509_V_OK)
		return verify_reason(p, result, text, size);

	refused = print_error(ssl, rv, syserr, text, size);

	return p->done && !refused ? REASON_FLOW_LOST : REASON_TLS_FAILURE;
}
