/* Sessions: when a handshake is shortened, and when it must not be. */

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/mman.h>
#include "loop.h"
#include "tls_handed.h"
#include "tls_pair.h"
#include "tls_session.h"
#include "trust.h"


#define A "a.example.org"
#define B "b.example.org"
#define SAN "DNS:" A ",DNS:" B

#define FAR INT64_MAX            /* no certificate ends */

static struct tls_ctx *ctx;      /* or sessions would go with connections */
static const uint8_t owner[TLS_SESSION_KEY_SIZE] = {1};
static struct tls_session_facts facts;


/* --- over connections --- */

static void hold_context(void)
{
	mem_deref(ctx);
	ck_assert_int_eq(0, tls_ctx_get(&ctx, &pair.conf, pair.text,
					sizeof(pair.text)));
}


static void setup(void)
{
	pair_setup();
	pair_issue(pair.ca, SAN, CA_DAYS);
	ctx = NULL;
	hold_context();
}


static void teardown(void)
{
	ctx = mem_deref(ctx);
	ck_assert_uint_eq(0, tls_session_bytes());
	pair_teardown();
}


static SSL_SESSION *take_from_context(msec_t now, int64_t wall)
{
	return tls_session_take(&facts, tls_ctx_key(ctx), A, now, wall);
}


static void limit_version(int i)
{
	SSL_CTX_set_max_proto_version(pair.server, i ? TLS1_3_VERSION
				      : TLS1_2_VERSION);
}


/* Another process at the same address: it knows none of the tickets. */
static void restart_server(void)
{
	SSL_CTX_free(pair.server);
	pair.server = SSL_CTX_new(TLS_server_method());
	ck_assert_ptr_nonnull(pair.server);
}


START_TEST(next_connection_resumes)
{
	int64_t end;
	int i;

	limit_version(_i);
	ck_assert(!pair_resumed(A));
	end = pair.info.not_after;
	ck_assert_int_gt(end, time(NULL));

	for (i = 0; i < 5; i++) {
		ck_assert(pair_resumed(A));
		ck_assert(pair.info.verified);
		ck_assert_int_eq(end, pair.info.not_after);
	}
}
END_TEST


START_TEST(host_may_be_written_in_any_case)
{
	ck_assert(!pair_resumed(A));
	ck_assert(pair_resumed("A.Example.ORG."));
}
END_TEST


START_TEST(ticket_is_used_once)
{
	SSL *first, *second, *third;

	SSL_CTX_set_num_tickets(pair.server, 1);
	first = pair_open(A);
	second = pair_open(A);
	ck_assert(pair.info.resumed);

	/* of those of two connections each is newest in its turn */
	third = pair_open(A);
	ck_assert(pair.info.resumed);

	pair_close(first);
	pair_close(second);
	pair_close(third);
}
END_TEST


START_TEST(no_ticket_is_left_when_all_are_in_use)
{
	SSL_SESSION *s;

	ck_assert(!pair_resumed(A));
	s = take_from_context(loop_now(), 0);
	ck_assert_ptr_nonnull(s);
	SSL_SESSION_free(s);
	ck_assert_ptr_null(take_from_context(loop_now(), 0));
	ck_assert(!pair_resumed(A));
}
END_TEST


/* A server may send as many as it likes. */
START_TEST(connection_keeps_its_newest_ticket_only)
{
	size_t one;

	SSL_CTX_set_num_tickets(pair.server, 1);
	ck_assert(!pair_resumed(A));
	one = tls_session_bytes();
	ck_assert_uint_gt(one, 0);
	tls_session_forget(tls_ctx_key(ctx));

	SSL_CTX_set_num_tickets(pair.server, 50);
	ck_assert(!pair_resumed(A));
	ck_assert_uint_lt(tls_session_bytes(), 2 * one);
}
END_TEST


START_TEST(other_host_is_verified_for_itself)
{
	limit_version(_i);
	ck_assert(!pair_resumed(A));
	ck_assert(!pair_resumed(B));
	ck_assert(pair_resumed(A));

	/* the server has a certificate for one of its names only now */
	pair_issue(pair.ca, "DNS:" A, CA_DAYS);
	tls_session_forget(tls_ctx_key(ctx));
	ck_assert(!pair_resumed(A));
	pair_expect(B, REASON_TLS_NAME, "certificate is for " A ", not " B);
	ck_assert(pair_resumed(A));
}
END_TEST


START_TEST(other_rules_verify_for_themselves)
{
	static char stranger[] =
		"sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
	static char *pinv[] = {stranger};
	const struct tls_conf before = pair.conf;

	limit_version(_i);
	ck_assert(!pair_resumed(A));

	pair.conf.verify = TLS_VERIFY_STRICT;
	ck_assert(!pair_resumed(A));

	pair.conf = before;
	pair.conf.pins = pinv;
	pair.conf.pinc = 1;
	pair_expect(A, REASON_TLS_UNTRUSTED, NULL);

	pair.conf = before;
	pair.conf.certificate = pair.cert_path;
	ck_assert(!pair_resumed(A));

	pair.conf = before;
	ck_assert(pair_resumed(A));
}
END_TEST


START_TEST(other_trust_verifies_for_itself)
{
	limit_version(_i);
	ck_assert(!pair_resumed(A));
	ck_assert_int_eq(0, rename(pair.other_path, pair.ca_path));
	pair_expect(A, REASON_TLS_UNTRUSTED, NULL);
}
END_TEST


START_TEST(nothing_is_kept_of_whom_we_do_not_know)
{
	limit_version(_i);
	pair_expect("c.example.org", REASON_TLS_NAME, NULL);
	pair.conf.verify = TLS_VERIFY_NONE;
	hold_context();
	ck_assert(!pair_resumed(A));
	ck_assert(!pair_resumed(A));
	ck_assert_uint_eq(0, tls_session_bytes());
}
END_TEST


START_TEST(server_that_forgot_is_verified_again)
{
	limit_version(_i);
	ck_assert(!pair_resumed(A));
	restart_server();
	limit_version(_i);
	ck_assert(!pair_resumed(A));
	ck_assert(pair.info.verified);
	ck_assert(pair_resumed(A));

	restart_server();
	limit_version(_i);
	pair_issue(pair.ca, "DNS:" B, CA_DAYS);
	pair_expect(A, REASON_TLS_NAME, "certificate is for " B ", not " A);
	pair_issue(pair.other, SAN, CA_DAYS);
	pair_expect(A, REASON_TLS_UNTRUSTED, NULL);
}
END_TEST


/* It asks for certificates, and nobody set its session id context. */
START_TEST(server_that_cannot_resume_does_not_lock_us_out)
{
	unsigned failed = 0;
	int i;

	limit_version(_i);
	SSL_CTX_set_verify(pair.server, SSL_VERIFY_PEER, NULL);

	for (i = 0; i < 10; i++)
		failed += pair_connect(A) != REASON_OK;

	ck_assert_uint_eq(TLS_SESSION_FAILED_MAX, failed);
	ck_assert(!pair_resumed(A));
}
END_TEST


START_TEST(day_is_counted_from_the_verification)
{
	const msec_t began = loop_now();
	SSL_SESSION *s;
	int i;

	limit_version(_i);
	for (i = 0; i < 3; i++)
		(void)pair_resumed(A);
	ck_assert(pair.info.resumed);

	s = take_from_context(loop_now(), 0);
	ck_assert_ptr_nonnull(s);
	SSL_SESSION_free(s);
	ck_assert_int_ge(facts.verified_at, began);
	/* the authority's may be a second older */
	ck_assert_int_le(facts.not_after, pair.info.not_after);
	ck_assert_int_gt(facts.not_after, pair.info.not_after - 60);
}
END_TEST


START_TEST(lifetime_that_the_server_names_counts)
{
	limit_version(_i);
	SSL_CTX_set_timeout(pair.server, 100);
	ck_assert(!pair_resumed(A));
	ck_assert_ptr_null(take_from_context(loop_now() + SECONDS(101), 0));
}
END_TEST


START_TEST(certificate_that_has_ended_is_not_resumed)
{
	limit_version(_i);
	ck_assert(!pair_resumed(A));
	ck_assert_ptr_null(take_from_context(loop_now(),
					     pair.info.not_after));
	ck_assert_uint_eq(0, tls_session_bytes());
}
END_TEST


/* The system's would cost each of them about 1 MB. */
START_TEST(contexts_share_the_store_of_trust)
{
	X509_STORE *store;
	SSL *a, *b;

	a = pair_open(A);
	pair.conf.verify = TLS_VERIFY_STRICT;
	b = pair_open(A);
	store = SSL_CTX_get_cert_store(SSL_get_SSL_CTX(a));
	ck_assert_ptr_ne(SSL_get_SSL_CTX(a), SSL_get_SSL_CTX(b));
	ck_assert_ptr_eq(store, SSL_CTX_get_cert_store(SSL_get_SSL_CTX(b)));
	pair_close(a);
	pair_close(b);
}
END_TEST


/* --- the store alone --- */

static SSL_CTX *any;             /* who knows ciphers */


static void store_setup(void)
{
	memset(&facts, 0, sizeof(facts));
	any = SSL_CTX_new(TLS_client_method());
	ck_assert_ptr_nonnull(any);
}


/* Of TLS 1.2, where the id tells them apart. */
static SSL_SESSION *session_new(uint32_t id, size_t extra)
{
	static const uint8_t key[48];
	SSL_SESSION *s = SSL_SESSION_new();
	uint8_t *more = mem_zalloc(extra + 1, NULL);

	ck_assert(s && more);
	ck_assert(SSL_SESSION_set_protocol_version(s, TLS1_2_VERSION));
	ck_assert(SSL_SESSION_set_cipher(s, sk_SSL_CIPHER_value(
					    SSL_CTX_get_ciphers(any), 0)));
	ck_assert(SSL_SESSION_set1_master_key(s, key, sizeof(key)));
	ck_assert(SSL_SESSION_set1_id(s, (const uint8_t *)&id, sizeof(id)));
	ck_assert(SSL_SESSION_set1_alpn_selected(s, more, extra));
	mem_deref(more);

	return s;
}


static void put(struct tls_session **keptp, const char *host, uint32_t id,
		msec_t verified_at, msec_t now, size_t extra)
{
	const struct tls_session_facts f = {verified_at, FAR, facts.edge};
	SSL_SESSION *s = session_new(id, extra);
	struct tls_session *kept = NULL;

	tls_session_put(keptp ? keptp : &kept, owner, host, s, &f, now);
	tls_session_release(&kept);
	SSL_SESSION_free(s);
}


/* 0: none */
static uint32_t take(const char *host, msec_t now)
{
	SSL_SESSION *s = tls_session_take(&facts, owner, host, now, 0);
	uint32_t id = 0;
	unsigned len;

	if (s) {
		const uint8_t *p = SSL_SESSION_get_id(s, &len);

		ck_assert_uint_eq(sizeof(id), len);
		memcpy(&id, p, len);
	}
	SSL_SESSION_free(s);

	return id;
}


static void store_teardown(void)
{
	tls_session_forget(owner);
	ck_assert_uint_eq(0, tls_session_bytes());
	tls_session_close();
	SSL_CTX_free(any);
}


START_TEST(newest_goes_first)
{
	put(NULL, A, 1, 0, 0, 0);
	put(NULL, A, 2, 0, 0, 0);
	put(NULL, B, 3, 0, 0, 0);
	ck_assert_uint_eq(2, take(A, 0));
	ck_assert_uint_eq(1, take(A, 0));
	ck_assert_uint_eq(0, take(A, 0));
	ck_assert_uint_eq(3, take(B, 0));
}
END_TEST


/* Two servers of one name, and each knows its own sessions only. */
START_TEST(that_of_the_same_edge_is_preferred)
{
	facts.edge = 7;
	put(NULL, A, 1, 0, 0, 0);
	put(NULL, A, 2, 0, 0, 0);
	facts.edge = 8;
	put(NULL, A, 3, 0, 0, 0);
	put(NULL, A, 4, 0, 0, 0);
	facts.edge = 7;
	ck_assert_uint_eq(2, take(A, 0));
	ck_assert_uint_eq(1, take(A, 0));
	ck_assert_uint_eq(4, take(A, 0));
	ck_assert_uint_eq(3, take(A, 0));
}
END_TEST


START_TEST(next_one_of_a_connection_replaces_its_last)
{
	struct tls_session *a = NULL, *b = NULL;

	put(&a, A, 1, 0, 0, 0);
	put(&b, A, 2, 0, 0, 0);
	put(&a, A, 3, 0, 0, 0);
	ck_assert_uint_eq(3, take(A, 0));
	ck_assert_ptr_null(a);
	ck_assert_uint_eq(2, take(A, 0));
	ck_assert_ptr_null(b);
	ck_assert_uint_eq(0, take(A, 0));
}
END_TEST


START_TEST(session_ends_a_day_after_the_verification)
{
	put(NULL, A, 1, 0, HOURS(23), 0);
	ck_assert_uint_eq(1, take(A, HOURS(24) - 1));
	put(NULL, A, 2, 0, HOURS(23), 0);
	ck_assert_uint_eq(0, take(A, HOURS(24)));
	put(NULL, A, 3, 0, HOURS(24), 0);
	ck_assert_uint_eq(0, tls_session_bytes());
}
END_TEST


/* With the next one that is put anywhere. */
START_TEST(what_has_ended_is_thrown_away)
{
	size_t one;

	put(NULL, A, 1, 0, 0, 0);
	one = tls_session_bytes();
	put(NULL, B, 2, HOURS(24), HOURS(24), 0);
	ck_assert_uint_eq(one, tls_session_bytes());
}
END_TEST


START_TEST(host_keeps_so_many)
{
	uint32_t id;

	for (id = 1; id <= TLS_SESSION_HOST_MAX + 10; id++)
		put(NULL, A, id, 0, 0, 0);
	for (--id; id > 10; id--)
		ck_assert_uint_eq(id, take(A, 0));
	ck_assert_uint_eq(0, take(A, 0));
}
END_TEST


START_TEST(all_hosts_together_keep_so_much)
{
	char host[32];
	uint32_t id;

	for (id = 1; id <= 2000; id++) {
		(void)snprintf(host, sizeof(host), "h%u.example", id);
		put(NULL, host, id, 0, 0, 4000);
		ck_assert_uint_le(tls_session_bytes(), TLS_SESSION_ALL_MAX);
	}
	ck_assert_uint_gt(tls_session_bytes(), TLS_SESSION_ALL_MAX - 8192);
	ck_assert_uint_eq(2000, take(host, 0));
	ck_assert_uint_eq(0, take("h1.example", 0));
}
END_TEST


START_TEST(big_one_is_not_kept)
{
	put(NULL, A, 1, 0, 0, TLS_SESSION_SIZE_MAX);
	ck_assert_uint_eq(0, take(A, 0));
}
END_TEST


START_TEST(two_failures_in_a_row_mean_an_hour_without)
{
	put(NULL, A, 1, 0, 0, 0);
	put(NULL, B, 2, 0, 0, 0);

	tls_session_on_failed(owner, A, 0);
	tls_session_on_done(owner, A);
	tls_session_on_failed(owner, A, 0);
	put(NULL, A, 3, 0, 0, 0);
	ck_assert_uint_eq(3, take(A, 0));

	tls_session_on_failed(owner, A, 0);
	ck_assert_uint_eq(0, take(A, HOURS(1) - 1));
	ck_assert_uint_eq(2, take(B, 0));
	ck_assert_uint_eq(1, take(A, HOURS(1)));
}
END_TEST


/* --- the next process --- */

#define FILE_SIZE 16384          /* bytes: some sessions */

static uint8_t image[FILE_SIZE];
static size_t image_len;
static size_t handed;


/* Ends this process, as far as TLS is concerned. */
static int leave(void)
{
	int fd;

	ck_assert_int_eq(0, tls_handed_make(&fd, &handed));
	ck_assert_uint_gt(handed, 0);
	ck_assert_uint_eq(0, tls_session_bytes());
	ctx = mem_deref(ctx);
	tls_close();

	return fd;
}


static void begin(int fd)
{
	size_t n;

	ck_assert_int_eq(0, tls_handed_read(&n, fd));
	ck_assert_uint_eq(handed, n);
	(void)close(fd);
}


START_TEST(next_process_resumes)
{
	int64_t end;
	int i;

	limit_version(_i);
	ck_assert(!pair_resumed(A));
	ck_assert(!pair_resumed(B));
	end = pair.info.not_after;

	for (i = 0; i < 3; i++) {
		begin(leave());
		ck_assert_uint_eq(2, handed);
		hold_context();
		ck_assert(pair_resumed(A));
		ck_assert(pair_resumed(B));
		ck_assert(pair.info.verified);
		ck_assert_int_eq(end, pair.info.not_after);
	}
}
END_TEST


START_TEST(what_is_handed_over_is_not_used_here)
{
	size_t n;
	int fd;

	limit_version(_i);
	ck_assert(!pair_resumed(A));
	ck_assert_int_eq(0, tls_handed_make(&fd, &n));
	ck_assert_uint_eq(1, n);
	(void)close(fd);
	ck_assert_int_eq(ENOENT, tls_handed_make(&fd, &n));
	ck_assert(!pair_resumed(A));
}
END_TEST


START_TEST(next_process_verifies_another_host)
{
	limit_version(_i);
	ck_assert(!pair_resumed(A));
	begin(leave());
	hold_context();
	ck_assert(!pair_resumed(B));
	ck_assert(pair_resumed(A));
}
END_TEST


/* Each is looked at by another process, and then the same rules by the last. */
START_TEST(next_process_verifies_by_other_rules)
{
	static char stranger[] =
		"sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
	static char *pinv[] = {stranger};
	const struct tls_conf before = pair.conf;

	ck_assert(!pair_resumed(A));
	begin(leave());

	pair.conf.verify = TLS_VERIFY_STRICT;
	ck_assert(!pair_resumed(A));
	pair.conf = before;

	pair.conf.pins = pinv;
	pair.conf.pinc = 1;
	pair_expect(A, REASON_TLS_UNTRUSTED, NULL);
	pair.conf = before;

	pair.conf.certificate = pair.cert_path;
	ck_assert(!pair_resumed(A));
	pair.conf = before;

	pair.conf.min_version = TLS1_3_VERSION;
	ck_assert(!pair_resumed(A));
	pair.conf = before;

	pair.conf.ca_file = pair.other_path;
	pair_expect(A, REASON_TLS_UNTRUSTED, NULL);
	pair.conf = before;

	hold_context();
	ck_assert(pair_resumed(A));
}
END_TEST


START_TEST(next_process_verifies_by_a_file_that_changed_meanwhile)
{
	int fd;

	limit_version(_i);
	ck_assert(!pair_resumed(A));
	fd = leave();
	ck_assert_int_eq(0, rename(pair.other_path, pair.ca_path));
	begin(fd);
	pair_expect(A, REASON_TLS_UNTRUSTED, NULL);
	tls_session_forget(NULL);
}
END_TEST


/* As a reload does, which looks whether the files are good. */
START_TEST(sessions_wait_for_the_first_connection)
{
	ck_assert(!pair_resumed(A));
	begin(leave());
	hold_context();
	ctx = mem_deref(ctx);
	hold_context();
	ck_assert(pair_resumed(A));
}
END_TEST


/* What was read of the same file before goes, and leaves them alone. */
START_TEST(sessions_outlive_a_store_that_is_read_again)
{
	struct tls_ctx *old = ctx;

	ck_assert(!pair_resumed(A));
	tls_ctx_doubt(old);
	ctx = NULL;
	hold_context();
	ck_assert_ptr_ne(old, ctx);
	mem_deref(old);
	ck_assert(pair_resumed(A));
}
END_TEST


START_TEST(file_of_sessions_cannot_be_changed)
{
	int fd;

	ck_assert(!pair_resumed(A));
	fd = leave();
	ck_assert(write(fd, "x", 1) < 0 && errno == EPERM);
	ck_assert(ftruncate(fd, 0) < 0 && errno == EPERM);
	ck_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	(void)close(fd);
}
END_TEST


static void load(int fd)
{
	const ssize_t n = pread(fd, image, sizeof(image), 0);

	ck_assert(n > 0 && (size_t)n < sizeof(image));
	image_len = (size_t)n;
	(void)close(fd);
}


static int read_image(size_t *np, size_t len)
{
	const int fd = memfd_create("image", MFD_CLOEXEC);
	int err;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq((int)len, (int)write(fd, image, len));
	err = tls_handed_read(np, fd);
	(void)close(fd);

	return err;
}


START_TEST(file_that_is_torn_is_good_up_to_there)
{
	unsigned whole = 0;
	size_t n, len;

	ck_assert(!pair_resumed(A));
	ck_assert(!pair_resumed(B));
	load(leave());
	for (len = 0; len < image_len; len++) {
		const int err = read_image(&n, len);

		whole += !err;
		ck_assert(!err || err == EBADMSG);
		ck_assert_uint_lt(n, 2);
		tls_session_forget(NULL);
	}

	/* after the magic word, and after the first */
	ck_assert_uint_eq(2, whole);
	ck_assert_int_eq(0, read_image(&n, image_len));
	ck_assert_uint_eq(2, n);
	tls_session_forget(NULL);
}
END_TEST


/* Any byte: the connection is a good one, resumed or not. */
START_TEST(file_that_is_damaged_costs_a_handshake_at_most)
{
	size_t n, i;

	SSL_CTX_set_num_tickets(pair.server, 1);
	limit_version(1);
	ck_assert(!pair_resumed(A));
	load(leave());
	for (i = 0; i < image_len; i += 7) {
		image[i] ^= 0xff;
		(void)read_image(&n, image_len);
		image[i] ^= 0xff;
		ck_assert_uint_le(n, 1);
		(void)pair_connect(A);
		pair_expect(A, REASON_OK, NULL);
		tls_session_forget(NULL);
	}
}
END_TEST


/* --- one record of another process --- */

static const uint8_t der[TLS_SESSION_SIZE_MAX + 1];


static int restore(const char *host, size_t len, msec_t verified_at,
		   msec_t until, msec_t now)
{
	const struct tls_session_record r = {
		owner, host, {verified_at, FAR, 0}, until, der, len,
	};

	return tls_session_restore(&r, now, 0);
}


START_TEST(record_that_cannot_be_is_refused)
{
	static char name[TLS_SESSION_NAME_MAX + 2];

	memset(name, 'a', sizeof(name) - 1);
	ck_assert_int_eq(EBADMSG, restore(name, 1, 0, 1, 0));
	ck_assert_int_eq(0, restore(name + 1, 1, 0, 1, 0));
	ck_assert_int_eq(EBADMSG, restore("", 1, 0, 1, 0));
	ck_assert_int_eq(EBADMSG, restore(A, 0, 0, 1, 0));
	ck_assert_int_eq(EBADMSG, restore(A, sizeof(der), 0, 1, 0));
	ck_assert_int_eq(0, restore(A, sizeof(der) - 1, 0, 1, 0));

	/* from the future, longer than a day, backwards, over */
	ck_assert_int_eq(EBADMSG, restore(A, 1, 6, 7, 5));
	ck_assert_int_eq(EBADMSG, restore(A, 1, 5, HOURS(24) + 6, 5));
	ck_assert_int_eq(0, restore(A, 1, 5, HOURS(24) + 5, 5));
	ck_assert_int_eq(EBADMSG, restore(A, 1, 5, 4, 5));
	ck_assert_int_eq(EBADMSG, restore(A, 1, 0, NEVER, 5));
	ck_assert_int_eq(ETIMEDOUT, restore(A, 1, 0, 5, 5));
}
END_TEST


START_TEST(record_that_is_no_session_is_none)
{
	ck_assert_int_eq(0, restore(A, 100, 0, HOURS(1), 0));
	ck_assert_uint_eq(0, take(A, 0));
	ck_assert_uint_eq(0, tls_session_bytes());
}
END_TEST


START_TEST(records_have_the_limits_of_sessions)
{
	char host[32];
	unsigned i;

	for (i = 0; i < 2 * TLS_SESSION_HOST_MAX; i++)
		ck_assert_int_eq(0, restore(A, 1, 0, HOURS(1), 0));
	ck_assert_uint_lt(tls_session_bytes(), TLS_SESSION_HOST_MAX * 200);

	for (i = 0; i < 1000; i++) {
		(void)snprintf(host, sizeof(host), "h%u", i);
		ck_assert_int_eq(0, restore(host, TLS_SESSION_SIZE_MAX, 0,
					    HOURS(1), 0));
		ck_assert_uint_le(tls_session_bytes(), TLS_SESSION_ALL_MAX);
	}
}
END_TEST


static int count_handler(const struct tls_session_record *r, void *arg)
{
	unsigned *n = arg;

	(void)r;
	++*n;

	return 0;
}


static unsigned count(msec_t now, int64_t wall)
{
	unsigned n = 0;

	ck_assert_int_eq(0, tls_session_each(count_handler, &n, now, wall));

	return n;
}


START_TEST(what_is_over_or_rests_is_not_handed_over)
{
	put(NULL, A, 1, 0, 0, 0);
	put(NULL, B, 2, 0, HOURS(1), 0);
	ck_assert_uint_eq(2, count(HOURS(24) - 1, 0));
	ck_assert_uint_eq(0, count(HOURS(24), 0));
	ck_assert_uint_eq(0, count(0, FAR));

	tls_session_on_failed(owner, A, 0);
	tls_session_on_failed(owner, A, 0);
	ck_assert_uint_eq(1, count(0, 0));
}
END_TEST


Suite *suite_tls_session(void);
Suite *suite_tls_session(void)
{
	Suite *s = suite_create("tls_session");
	TCase *tc = tcase_create("connections");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, next_connection_resumes, 0, 2);
	tcase_add_test(tc, host_may_be_written_in_any_case);
	tcase_add_test(tc, ticket_is_used_once);
	tcase_add_test(tc, no_ticket_is_left_when_all_are_in_use);
	tcase_add_test(tc, connection_keeps_its_newest_ticket_only);
	tcase_add_loop_test(tc, other_host_is_verified_for_itself, 0, 2);
	tcase_add_loop_test(tc, other_rules_verify_for_themselves, 0, 2);
	tcase_add_loop_test(tc, other_trust_verifies_for_itself, 0, 2);
	tcase_add_loop_test(tc, nothing_is_kept_of_whom_we_do_not_know, 0, 2);
	tcase_add_loop_test(tc, server_that_forgot_is_verified_again, 0, 2);
	tcase_add_loop_test(tc, server_that_cannot_resume_does_not_lock_us_out,
			    0, 2);
	tcase_add_loop_test(tc, day_is_counted_from_the_verification, 0, 2);
	tcase_add_loop_test(tc, lifetime_that_the_server_names_counts, 0, 2);
	tcase_add_loop_test(tc, certificate_that_has_ended_is_not_resumed,
			    0, 2);
	tcase_add_test(tc, contexts_share_the_store_of_trust);
	suite_add_tcase(s, tc);

	tc = tcase_create("restart");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, next_process_resumes, 0, 2);
	tcase_add_loop_test(tc, what_is_handed_over_is_not_used_here, 0, 2);
	tcase_add_loop_test(tc, next_process_verifies_another_host, 0, 2);
	tcase_add_test(tc, next_process_verifies_by_other_rules);
	tcase_add_loop_test(tc,
		next_process_verifies_by_a_file_that_changed_meanwhile, 0, 2);
	tcase_add_test(tc, sessions_wait_for_the_first_connection);
	tcase_add_test(tc, sessions_outlive_a_store_that_is_read_again);
	tcase_add_test(tc, file_of_sessions_cannot_be_changed);
	tcase_add_test(tc, file_that_is_torn_is_good_up_to_there);
	tcase_add_test(tc, file_that_is_damaged_costs_a_handshake_at_most);
	suite_add_tcase(s, tc);

	tc = tcase_create("store");
	tcase_add_checked_fixture(tc, store_setup, store_teardown);
	tcase_add_test(tc, newest_goes_first);
	tcase_add_test(tc, that_of_the_same_edge_is_preferred);
	tcase_add_test(tc, next_one_of_a_connection_replaces_its_last);
	tcase_add_test(tc, session_ends_a_day_after_the_verification);
	tcase_add_test(tc, what_has_ended_is_thrown_away);
	tcase_add_test(tc, host_keeps_so_many);
	tcase_add_test(tc, all_hosts_together_keep_so_much);
	tcase_add_test(tc, big_one_is_not_kept);
	tcase_add_test(tc, two_failures_in_a_row_mean_an_hour_without);
	tcase_add_test(tc, record_that_cannot_be_is_refused);
	tcase_add_test(tc, record_that_is_no_session_is_none);
	tcase_add_test(tc, records_have_the_limits_of_sessions);
	tcase_add_test(tc, what_is_over_or_rests_is_not_handed_over);
	suite_add_tcase(s, tc);

	return s;
}
