/* Where passwords are in memory, and what is left of them. */

#include <check.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "log.h"
#include "secret.h"

#define LONG_C   10000
#define LONG_LEN 64
#define SHORT_C  100000
#define NODE     16              /* bytes the heap writes into free pieces */
#define NOBODY   65534

static char *secretv[LONG_C + SHORT_C];


/* OpenSSL needs memory of the heap for a key, as each TLS handshake does. */
static bool key_possible(void)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
	const bool possible = key;

	EVP_PKEY_free(key);

	return possible;
}


static void begin(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	secret_init();
	/* what OpenSSL keeps for itself from now on */
	ck_assert(key_possible());
}


/* Has the memory at `p` this flag in /proc/PID/smaps? */
static bool has_flag(const void *p, const char *flag)
{
	const unsigned long at = (unsigned long)(uintptr_t)p;
	unsigned long from, to;
	char line[1024];
	bool within = false, has = false;
	FILE *f = fopen("/proc/self/smaps", "r");

	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
			within = from <= at && at < to;
		else if (within && !strncmp(line, "VmFlags:", 8))
			has = strstr(line, flag);
	}
	(void)fclose(f);

	return has;
}


START_TEST(a_secret_is_freed_with_its_last_reference)
{
	char *s = secret_dup("geheim"), *none = secret_dup("");

	ck_assert_str_eq("geheim", s);
	ck_assert_str_eq("", none);
	ck_assert_ptr_eq(s, secret_ref(s));
	ck_assert_ptr_null(secret_deref(s));
	ck_assert_str_eq("geheim", s);
	ck_assert_ptr_null(secret_deref(s));
	ck_assert_ptr_null(secret_deref(none));
	ck_assert_ptr_null(secret_deref(NULL));
	ck_assert_ptr_null(secret_ref(NULL));
}
END_TEST


START_TEST(what_is_freed_is_wiped)
{
	static const char text[] = "longer than what the heap writes there";
	const size_t before = CRYPTO_secure_used();
	char *s = secret_dup(text);

	ck_assert(CRYPTO_secure_allocated(s));
	ck_assert_uint_gt(CRYPTO_secure_used(), before);
	(void)secret_deref(s);
	ck_assert_uint_eq(before, CRYPTO_secure_used());
	for (size_t i = NODE; i < sizeof(text); i++)
		ck_assert_int_eq(0, s[i]);
}
END_TEST


START_TEST(a_secret_is_in_no_core_dump_and_in_no_swap)
{
	char *s = secret_dup("geheim");

	ck_assert(has_flag(s, " dd"));
	ck_assert(has_flag(s, " lo"));
	(void)secret_deref(s);
}
END_TEST


START_TEST(there_is_no_core_dump_at_all)
{
	struct rlimit limit;

	ck_assert_int_eq(0, prctl(PR_GET_DUMPABLE));
	ck_assert_int_eq(0, getrlimit(RLIMIT_CORE, &limit));
	ck_assert_uint_eq(0, limit.rlim_max);
}
END_TEST


static void free_all(size_t c)
{
	for (size_t i = 0; i < c; i++)
		secretv[i] = secret_deref(secretv[i]);
}


START_TEST(a_hundred_thousand_accounts_fit_twice)
{
	const size_t before = CRYPTO_secure_used();
	char text[LONG_LEN + 1];
	size_t used;

	for (size_t i = 0; i < LONG_C + SHORT_C; i++) {
		(void)snprintf(text, sizeof(text), "%0*zu",
			       i < LONG_C ? LONG_LEN : 12, i);
		secretv[i] = secret_dup(text);
		ck_assert(CRYPTO_secure_allocated(secretv[i]));
	}

	/* while a reload runs there are old and new ones */
	used = CRYPTO_secure_used() - before;
	ck_assert_uint_le(2 * used, SECRET_HEAP_SIZE / 2);
	ck_assert(key_possible());
	free_all(LONG_C + SHORT_C);
	ck_assert_uint_eq(before, CRYPTO_secure_used());
}
END_TEST


START_TEST(what_does_not_fit_leaves_openssl_its_share)
{
	const size_t size = 60000;
	size_t i, c = SECRET_HEAP_SIZE / size;
	bool ordinary = false;

	for (i = 0; i < c; i++) {
		secretv[i] = secret_alloc(size);
		ck_assert_ptr_nonnull(secretv[i]);
		memset(secretv[i], 'x', size);
		ordinary |= !CRYPTO_secure_allocated(secretv[i]);
	}

	ck_assert(ordinary);
	ck_assert(CRYPTO_secure_allocated(secretv[c / 2 - 40]));
	ck_assert_uint_le(CRYPTO_secure_used(), SECRET_HEAP_SIZE / 2 + size);
	ck_assert(key_possible());
	free_all(c);
}
END_TEST


/* RSA's are the large ones; each context has a copy of its own. */
START_TEST(a_thousand_private_keys_leave_room)
{
	enum { KEYS = 1000, BITS = 4096 };
	static EVP_PKEY *keyv[KEYS];
	EVP_PKEY *key = EVP_RSA_gen(BITS);
	BIO *bio = BIO_new(BIO_s_mem());
	char *pem;
	long len;

	ck_assert(PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL,
					   NULL));
	EVP_PKEY_free(key);
	len = BIO_get_mem_data(bio, &pem);

	for (size_t i = 0; i < KEYS; i++) {
		BIO *in = BIO_new_mem_buf(pem, (int)len);

		keyv[i] = PEM_read_bio_PrivateKey(in, NULL, NULL, NULL);
		ck_assert_ptr_nonnull(keyv[i]);
		BIO_free(in);
	}

	ck_assert_uint_gt(CRYPTO_secure_used(), KEYS * BITS / 8);
	ck_assert_uint_le(CRYPTO_secure_used(), SECRET_HEAP_SIZE / 8);
	ck_assert(key_possible());

	for (size_t i = 0; i < KEYS; i++)
		EVP_PKEY_free(keyv[i]);
	BIO_free(bio);
}
END_TEST


/* In a process that may lock no more than `limit` bytes, and is not root's:
 * 0 if a secret is not dumped, and locked or not. */
static int child(rlim_t limit, bool locked)
{
	const struct rlimit r = {limit, limit};
	char *s;

	if (setrlimit(RLIMIT_MEMLOCK, &r) ||
	    (!getuid() && setresuid(NOBODY, NOBODY, NOBODY)))
		return 2;

	log_set_level(LOG_LEVEL_NOTICE);
	secret_init();
	secret_tell();
	log_set_level(LOG_LEVEL_INFO);
	secret_tell();
	secret_tell();
	s = secret_dup("geheim");

	return s && has_flag(s, " dd") && has_flag(s, " lo") == locked ? 0 : 1;
}


/* What such a process says of it. */
static const char *said_with(rlim_t limit, bool locked)
{
	static char text[512];
	int fdv[2], status;
	ssize_t n, len = 0;
	pid_t pid;

	ck_assert_int_eq(0, pipe(fdv));
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (!pid) {
		(void)dup2(fdv[1], STDERR_FILENO);
		_exit(child(limit, locked));
	}

	(void)close(fdv[1]);
	while ((n = read(fdv[0], text + len, sizeof(text) - 1 - (size_t)len)) >
	       0)
		len += n;
	text[len] = '\0';
	(void)close(fdv[0]);

	ck_assert_int_eq(pid, waitpid(pid, &status, 0));
	ck_assert_msg(status == 0, "status %d: %s", status, text);

	return text;
}


START_TEST(unlocked_memory_is_used_and_told_once)
{
	const char *text = said_with(0, false);

	text = strstr(text, "info passwords may be swapped out: ");
	ck_assert_ptr_nonnull(text);
	ck_assert_ptr_null(strchr(text, '\n')[1] ? text : NULL);

	text = said_with(64 << 10, false);
	ck_assert_ptr_nonnull(strstr(text, "passwords may be swapped out"));

	/* systemd's default */
	ck_assert_str_eq("", said_with(8 << 20, true));
}
END_TEST


static bool whole_heap(void)
{
	struct rlimit r;

	return !getuid() || (!getrlimit(RLIMIT_MEMLOCK, &r) &&
			     r.rlim_cur >= SECRET_HEAP_SIZE);
}


Suite *suite_secret(void);

Suite *suite_secret(void)
{
	Suite *s = suite_create("secret");
	TCase *plain = tcase_create("ordinary memory");
	TCase *tc = tcase_create("heap");

	tcase_add_test(plain, a_secret_is_freed_with_its_last_reference);
	tcase_add_test(plain, unlocked_memory_is_used_and_told_once);
	suite_add_tcase(s, plain);

	tcase_add_checked_fixture(tc, begin, NULL);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_secret_is_freed_with_its_last_reference);
	tcase_add_test(tc, what_is_freed_is_wiped);
	tcase_add_test(tc, a_secret_is_in_no_core_dump_and_in_no_swap);
	tcase_add_test(tc, there_is_no_core_dump_at_all);
	if (whole_heap()) {
		tcase_add_test(tc, a_hundred_thousand_accounts_fit_twice);
		tcase_add_test(tc, what_does_not_fit_leaves_openssl_its_share);
		tcase_add_test(tc, a_thousand_private_keys_leave_room);
	}
	else {
		(void)fputs("secret: little memory may be locked, how much "
			    "fits is not tested\n", stderr);
	}
	suite_add_tcase(s, tc);

	return s;
}
