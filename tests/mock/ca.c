/* A throw-away certificate authority for tests. */

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include "compat.h"
#include "ca.h"

/* Every certificate began a while ago: clocks of tests may step back. */
#define BEGAN_DAYS (-400)

#define X509_VERSION_3 2         /* RFC 5280 §4.1.2.1: counted from 0 */


struct ca {
	EVP_PKEY *key;
	X509 *cert;
};


static void ca_destructor(void *data)
{
	struct ca *ca = data;

	X509_free(ca->cert);
	EVP_PKEY_free(ca->key);
}


static bool extension_add(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509_EXTENSION *ext;
	X509V3_CTX ctx;
	bool ok;

	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);

	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	if (!ext)
		return false;

	ok = X509_add_ext(cert, ext, -1);
	X509_EXTENSION_free(ext);

	return ok;
}


static bool name_set(X509 *cert, const char *cn)
{
	X509_NAME *name = X509_get_subject_name(cert);

	return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
					  (const unsigned char *)cn, -1, -1, 0);
}


static bool serial_set(X509 *cert)
{
	uint32_t serial;

	return RAND_bytes((unsigned char *)&serial, sizeof(serial)) == 1 &&
	       ASN1_INTEGER_set_uint64(X509_get_serialNumber(cert),
				       (uint64_t)serial + 1);
}


/* A certificate with everything but extensions and signature. */
static X509 *cert_new(EVP_PKEY *key, const char *cn, int days)
{
	X509 *cert = X509_new();

	if (cert && X509_set_version(cert, X509_VERSION_3) &&
	    serial_set(cert) && name_set(cert, cn) &&
	    X509_time_adj_ex(X509_getm_notBefore(cert), BEGAN_DAYS, 0, NULL) &&
	    X509_time_adj_ex(X509_getm_notAfter(cert), days, 0, NULL) &&
	    X509_set_pubkey(cert, key))
		return cert;

	X509_free(cert);
	return NULL;
}


/* Keys are for the owner's eyes, thrown away or not. */
static int pem_write(const char *path, EVP_PKEY *key, X509 *cert, X509 *issuer)
{
	FILE *f;
	int fd;
	int err = 0;

	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno;

	f = fdopen(fd, "w");
	if (!f) {
		err = errno;
		(void)close(fd);
		return err;
	}

	if (!PEM_write_X509(f, cert) ||
	    (issuer && !PEM_write_X509(f, issuer)) ||
	    (key && !PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL)))
		err = EIO;

	if (fclose(f))
		err = errno;

	return err;
}


int ca_alloc(struct ca **cap, const char *path)
{
	struct ca *ca;
	int err = EPROTO;

	if (!cap || !path)
		return EINVAL;

	ca = mem_zalloc(sizeof(*ca), ca_destructor);
	if (!ca)
		return ENOMEM;

	ca->key = EVP_EC_gen("P-256");
	if (!ca->key)
		goto out;

	ca->cert = cert_new(ca->key, "sipregd test authority", CA_DAYS);
	if (!ca->cert || !X509_set_issuer_name(ca->cert,
				X509_get_subject_name(ca->cert)) ||
	    !extension_add(ca->cert, ca->cert, NID_basic_constraints,
			   "critical,CA:TRUE") ||
	    !extension_add(ca->cert, ca->cert, NID_key_usage,
			   "critical,keyCertSign,cRLSign") ||
	    !extension_add(ca->cert, ca->cert, NID_subject_key_identifier,
			   "hash") ||
	    !X509_sign(ca->cert, ca->key, EVP_sha256()))
		goto out;

	err = pem_write(path, NULL, ca->cert, NULL);
	if (err)
		goto out;

	*cap = ca;

 out:
	if (err)
		mem_deref(ca);

	return err;
}


int ca_issue(const struct ca *ca, const char *path, const char *san, int days)
{
	EVP_PKEY *key;
	X509 *cert = NULL;
	int err = EPROTO;

	if (!ca || !path || !san)
		return EINVAL;

	key = EVP_EC_gen("P-256");
	if (!key)
		goto out;

	/* RFC 5922 §7.1: with a subjectAltName the subject is not looked at,
	 * so it may as well say nothing useful. */
	cert = cert_new(key, "sipregd test server", days);
	if (!cert || !X509_set_issuer_name(cert,
				X509_get_subject_name(ca->cert)) ||
	    !extension_add(cert, ca->cert, NID_basic_constraints,
			   "critical,CA:FALSE") ||
	    !extension_add(cert, ca->cert, NID_key_usage,
			   "critical,digitalSignature") ||
	    !extension_add(cert, ca->cert, NID_ext_key_usage,
			   "serverAuth,clientAuth") ||
	    !extension_add(cert, ca->cert, NID_subject_alt_name, san) ||
	    !X509_sign(cert, ca->key, EVP_sha256()))
		goto out;

	err = pem_write(path, key, cert, ca->cert);

 out:
	X509_free(cert);
	EVP_PKEY_free(key);

	return err;
}
