/* Private keys. OpenSSL's own way to read one leaves its text in the buffer of
 * a stdio file. */

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>
#include "file.h"
#include "secret.h"
#include "tls_key.h"


#define KEY_FILE_MAX 65536       /* bytes; certificates may be in it too */


/* OpenSSL's own would ask the terminal. */
static int passphrase_handler(char *buf, int size, int rwflag, void *arg)
{
	bool *encryptedp = arg;
	(void)buf;
	(void)size;
	(void)rwflag;

	*encryptedp = true;

	return -1;
}


/* A secret of *lenp bytes, or NULL. */
static char *read_file(const char *path, size_t *lenp)
{
	char *text = NULL;
	struct stat st;
	size_t len = 0;
	ssize_t n;
	int fd;

	if (file_open(&fd, path, KEY_FILE_MAX))
		return NULL;

	if (!fstat(fd, &st))
		text = secret_alloc((size_t)st.st_size);
	while (text && len < (size_t)st.st_size) {
		n = read(fd, text + len, (size_t)st.st_size - len);
		if (n <= 0)
			break;
		len += (size_t)n;
	}

	(void)close(fd);
	*lenp = len;

	return text;
}


bool tls_key_set(SSL_CTX *ssl, const char *path, bool *encryptedp)
{
	EVP_PKEY *key = NULL;
	BIO *bio = NULL;
	size_t len;
	bool ok;
	char *text;

	*encryptedp = false;
	text = read_file(path, &len);
	if (text)
		bio = BIO_new_mem_buf(text, (int)len);
	if (bio)
		key = PEM_read_bio_PrivateKey(bio, NULL, passphrase_handler,
					      encryptedp);
	ok = key && SSL_CTX_use_PrivateKey(ssl, key) == 1;

	EVP_PKEY_free(key);
	(void)BIO_free(bio);
	(void)secret_deref(text);

	return ok;
}
