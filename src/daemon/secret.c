/* Passwords in memory: in OpenSSL's secure heap, which is locked, is in no core
 * dump and is wiped when freed. */

#include <assert.h>
#include <malloc.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include "log.h"
#include "secret.h"


#define HEAP_SIZE_MIN (1u << 20) /* bytes; less is rather not locked */
#define PIECE_MIN     32         /* bytes; the heap's bits are 1/128 of it */
#define HEAP_LOCKED   1          /* CRYPTO_secure_malloc_init() */

/* Beyond that OpenSSL has no memory for keys, and no handshake succeeds. */
#define OUR_SHARE     2          /* we use up to heap_size / this */

struct secret {
	uint32_t refs;
	uint32_t len;
	char text[];
};

static size_t heap_size;         /* 0: there is none */
static const char *news;         /* what secret_tell() is to say */


/* --- OpenSSL's ordinary memory --- */

static void *malloc_handler(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;

	return size ? malloc(size) : NULL;
}


static void free_handler(void *p, const char *file, int line)
{
	(void)file;
	(void)line;

	if (p)
		OPENSSL_cleanse(p, malloc_usable_size(p));
	free(p);
}


/* realloc(3) would leave behind what it moves. */
static void *realloc_handler(void *p, size_t size, const char *file, int line)
{
	const size_t old = p ? malloc_usable_size(p) : 0;
	void *moved;

	if (p && size && size <= old)
		return p;

	moved = malloc_handler(size, file, line);
	if (p && moved)
		memcpy(moved, p, old);
	if (moved || !size)
		free_handler(p, file, line);

	return moved;
}


void secret_wipe_freed(void)
{
	(void)CRYPTO_set_mem_functions(malloc_handler, realloc_handler,
				       free_handler);
}


/* --- passwords --- */

static struct secret *secret_of(char *text)
{
	return (struct secret *)(void *)(text - offsetof(struct secret, text));
}


/* As large as can be locked, else whole and not locked. */
static void heap_init(void)
{
	for (size_t size = SECRET_HEAP_SIZE; size >= HEAP_SIZE_MIN;
	     size /= 2) {
		if (CRYPTO_secure_malloc_init(size, PIECE_MIN) ==
		    HEAP_LOCKED) {
			heap_size = size;
			return;
		}

		(void)CRYPTO_secure_malloc_done();
	}

	if (CRYPTO_secure_malloc_init(SECRET_HEAP_SIZE, PIECE_MIN)) {
		heap_size = SECRET_HEAP_SIZE;
		news = "passwords may be swapped out: memory cannot be locked "
			"(RLIMIT_MEMLOCK)";
	}
	else {
		news = "passwords are in ordinary memory: there is none that "
			"can be protected";
	}
}


void secret_init(void)
{
	const struct rlimit none = {0, 0};

	/* The limit is for files; a core that the kernel pipes to a program
	 * is written in spite of it (core(5)). */
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0);

	if (!heap_size)
		heap_init();
}


void secret_tell(void)
{
	if (!news || !log_enabled(LOG_LEVEL_INFO))
		return;

	log_info(NULL, "%s", news);
	news = NULL;
}


/* NULL: the heap is full, or there is none. */
static struct secret *heap_alloc(size_t size)
{
	static bool told;
	struct secret *s;

	if (!heap_size)
		return NULL;

	if (CRYPTO_secure_used() + size <= heap_size / OUR_SHARE) {
		s = OPENSSL_secure_zalloc(size);
		if (s)
			return s;

		/* TLS reads the same queue */
		ERR_clear_error();
	}

	if (!told) {
		told = true;
		news = "there are more passwords than memory to protect them: "
			"some are in ordinary memory";
		secret_tell();
	}

	return NULL;
}


char *secret_alloc(size_t len)
{
	const size_t size = sizeof(struct secret) + len + 1;
	struct secret *s;

	if (len > UINT32_MAX)
		return NULL;

	s = heap_alloc(size);
	if (!s)
		s = OPENSSL_zalloc(size);
	if (!s) {
		ERR_clear_error();
		return NULL;
	}

	s->refs = 1;
	s->len = (uint32_t)len;

	return s->text;
}


char *secret_dup(const char *text)
{
	const size_t len = strlen(text);
	char *secret = secret_alloc(len);

	if (secret)
		memcpy(secret, text, len);

	return secret;
}


char *secret_ref(char *secret)
{
	if (secret)
		++secret_of(secret)->refs;

	return secret;
}


char *secret_deref(char *secret)
{
	struct secret *s;

	if (!secret)
		return NULL;

	s = secret_of(secret);
	assert(s->refs);
	if (!--s->refs)
		OPENSSL_secure_clear_free(s, sizeof(*s) + s->len + 1);

	return NULL;
}
