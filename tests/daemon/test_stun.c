/* stun.c: a Binding question, what counts as its answer, and its end. */

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "harness.h"
#include "stun.h"
#include "stun_server.h"

Suite *suite_stun(void);


#define WAIT 6000                /* [ms] */
#define TID  "0123456789ab"

#define HEADER(type, len) type "\0" len "\x21\x12\xa4\x42" TID
#define SUCCESS(len) HEADER("\x01\x01", len)
/* 203.0.113.7:40112 */
#define MAPPED  "\0\x01\0\x08" "\0\x01\x9c\xb0" "\xcb\x00\x71\x07"
#define XOR     "\0\x20\0\x08" "\0\x01\xbd\xa2" "\xea\x12\xd5\x45"

static struct stun_server server;

/* The one who asks. */
static struct {
	struct io io;
	struct stun_question q;
	unsigned sent, calls, others;
	int err, send_err;
	bool again;                      /* asks once more when answered */
	struct sa mapped;
	uint64_t rtt;
} our;


static int send_handler(const uint8_t *buf, size_t len, void *arg)
{
	ck_assert_ptr_eq(&our, arg);
	++our.sent;
	if (our.send_err)
		return our.send_err;

	return send(our.io.fd, buf, len, 0) < 0 ? errno : 0;
}


static void answer_handler(int err, const struct sa *mapped, uint64_t rtt,
			   void *arg)
{
	ck_assert_ptr_eq(&our, arg);
	ck_assert_int_eq(!err, mapped != NULL);
	ck_assert(!stun_question_active(&our.q));
	++our.calls;
	our.err = err;
	our.rtt = rtt;
	if (mapped)
		our.mapped = *mapped;
	if (our.again)
		stun_question_start(&our.q, send_handler, answer_handler, arg);
	our.again = false;
}


static void read_handler(int flags, void *arg)
{
	struct mbuf *mb = mbuf_alloc(2048);
	ssize_t n = recv(our.io.fd, mb->buf, mb->size, 0);

	(void)flags;
	(void)arg;

	if (n > 0) {
		mb->end = (size_t)n;
		our.others += !stun_question_receive(&our.q, mb);
		ck_assert_uint_eq(0, mb->pos);
	}

	mem_deref(mb);
}


static void setup(void)
{
	harness_setup();
	memset(&our, 0, sizeof(our));
	ck_assert_int_eq(0, stun_server_start(&server, "127.0.0.3", 0));
	our.io.fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	our.io.h = read_handler;
	ck_assert_int_eq(0, connect(our.io.fd, &server.addr.u.sa,
				    server.addr.len));
	ck_assert_int_eq(0, io_listen(&our.io, FD_READ));
}


static void teardown(void)
{
	stun_question_cancel(&our.q);
	io_stop(&our.io);
	(void)close(our.io.fd);
	stun_server_stop(&server);
	ck_assert_uint_eq(0, timers_count());
	harness_teardown();
}


static void ask(void)
{
	stun_question_start(&our.q, send_handler, answer_handler, &our);
	ck_assert_uint_eq(1, our.sent);
}


static void ask_and_wait(int err)
{
	ask();
	ck_assert(harness_wait(harness_count, &our.calls, WAIT));
	ck_assert_int_eq(err, our.err);
}


START_TEST(the_answer_is_the_address_that_the_server_sees)
{
	struct sa local = {.len = sizeof(local.u)};

	ask_and_wait(0);
	ck_assert_int_eq(0, getsockname(our.io.fd, &local.u.sa, &local.len));
	ck_assert(sa_cmp(&local, &our.mapped, SA_ALL));
	ck_assert_uint_gt(our.rtt, 0);
	ck_assert_uint_lt(our.rtt, 1000000);
	harness_run(600);
	ck_assert_uint_eq(1, our.sent);
	ck_assert_uint_eq(1, our.calls);
}
END_TEST


START_TEST(a_lost_try_is_sent_again_after_half_a_second)
{
	const msec_t start = loop_now();

	server.mute = 1;
	ask_and_wait(0);
	ck_assert_uint_ge(loop_now() - start, 499);
	ck_assert_uint_lt(loop_now() - start, harness_patience(1400));
	ck_assert_uint_eq(2, our.sent);
	/* which try was answered? */
	ck_assert_uint_eq(0, our.rtt);
}
END_TEST


START_TEST(silence_ends_after_four_tries_and_four_seconds)
{
	const msec_t start = loop_now();

	server.fault = STUN_FAULT_SILENT;
	ask_and_wait(ETIMEDOUT);
	ck_assert_uint_ge(loop_now() - start, STUN_TIMEOUT - 1);
	ck_assert_uint_lt(loop_now() - start,
			  harness_patience(STUN_TIMEOUT + 1000));
	ck_assert_uint_eq(STUN_TRIES, our.sent);
	ck_assert_uint_eq(STUN_TRIES, server.asked);
}
END_TEST


START_TEST(what_cannot_be_sent_is_sent_again)
{
	our.send_err = ENETUNREACH;
	ask();
	harness_run(100);
	our.send_err = 0;
	ck_assert(harness_wait(harness_count, &our.calls, WAIT));
	ck_assert_int_eq(0, our.err);
	ck_assert_uint_eq(2, our.sent);
}
END_TEST


START_TEST(another_id_is_not_our_answer)
{
	server.fault = STUN_FAULT_WRONG_ID;
	ask();
	ck_assert(harness_wait(harness_count, &our.others, WAIT));
	server.fault = STUN_FAULT_NONE;
	ck_assert(harness_wait(harness_count, &our.calls, WAIT));
	ck_assert_int_eq(0, our.err);
}
END_TEST


START_TEST(half_an_answer_is_none)
{
	server.fault = STUN_FAULT_CUT;
	ask();
	ck_assert(harness_wait(harness_count, &our.others, WAIT));
	server.fault = STUN_FAULT_NONE;
	ck_assert(harness_wait(harness_count, &our.calls, WAIT));
	ck_assert_int_eq(0, our.err);
}
END_TEST


START_TEST(an_error_response_ends_it)
{
	server.fault = STUN_FAULT_ERROR;
	ask_and_wait(EPROTO);
	ck_assert_uint_eq(1, our.sent);
}
END_TEST


START_TEST(nothing_comes_after_a_cancel)
{
	ask();
	stun_question_cancel(&our.q);
	stun_question_cancel(&our.q);
	ck_assert(harness_wait(harness_count, &our.others, WAIT));
	harness_run(600);
	ck_assert_uint_eq(0, our.calls);
	ck_assert_uint_eq(1, our.sent);
}
END_TEST


static bool answered_twice(void *arg)
{
	(void)arg;

	return our.calls == 2;
}


START_TEST(it_may_be_asked_again_from_the_handler)
{
	our.again = true;
	ask();
	ck_assert(harness_wait(answered_twice, NULL, WAIT));
	ck_assert_int_eq(0, our.err);
	ck_assert_uint_eq(2, our.sent);
}
END_TEST


START_TEST(each_question_has_an_id_of_its_own)
{
	uint8_t tid[STUN_TID_SIZE];

	ask();
	memcpy(tid, our.q.tid, sizeof(tid));
	stun_question_start(&our.q, send_handler, answer_handler, &our);
	ck_assert(memcmp(tid, our.q.tid, sizeof(tid)) != 0);
	/* the answer to the first one is nobody's */
	ck_assert(harness_wait(harness_count, &our.calls, WAIT));
	ck_assert_uint_eq(1, our.others);
	ck_assert_uint_eq(1, our.calls);
}
END_TEST


/* --- what is read of an answer --- */

static int read_answer(struct sa *sa, const void *p, size_t len)
{
	struct mbuf *mb = mbuf_alloc(len ? len : 1);
	int err;

	ck_assert_int_eq(0, mbuf_write_mem(mb, p, len));
	mb->pos = 0;
	sa_init(sa, AF_UNSPEC);
	err = stun_answer_read(sa, mb, (const uint8_t *)TID);
	ck_assert_uint_eq(0, mb->pos);
	mem_deref(mb);

	return err;
}


#define READ(sa, text) read_answer((sa), text, sizeof(text) - 1)


static void check_mapped(const struct sa *sa, const char *literal)
{
	struct sa want;

	ck_assert_int_eq(0, sa_set_str(&want, literal, 40112));
	ck_assert(sa_cmp(&want, sa, SA_ALL));
}


START_TEST(the_xored_address_is_believed_first)
{
	static const char lying[] =
		SUCCESS("\x18")
		"\0\x01\0\x08" "\0\x01\x9c\xb0" "\xc0\xa8\0\x02" XOR;
	struct sa sa;

	ck_assert_int_eq(0, READ(&sa, SUCCESS("\x0c") XOR));
	check_mapped(&sa, "203.0.113.7");
	ck_assert_int_eq(0, READ(&sa, SUCCESS("\x0c") MAPPED));
	check_mapped(&sa, "203.0.113.7");
	ck_assert_int_eq(0, read_answer(&sa, lying, sizeof(lying) - 1));
	check_mapped(&sa, "203.0.113.7");
}
END_TEST


START_TEST(ipv6_is_xored_with_the_id_and_mapped_ipv4_is_ipv4)
{
	struct sa sa;

	ck_assert_int_eq(0, READ(&sa, SUCCESS("\x18")
		"\0\x01\0\x14" "\0\x02\x9c\xb0"
		"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07"));
	check_mapped(&sa, "2001:db8::7");
	ck_assert_int_eq(0, READ(&sa, SUCCESS("\x18")
		"\0\x20\0\x14" "\0\x02\xbd\xa2"
		"\x01\x13\xa9\xfa" "0123456789a\x65"));
	check_mapped(&sa, "2001:db8::7");
	ck_assert_int_eq(0, READ(&sa, SUCCESS("\x18")
		"\0\x01\0\x14" "\0\x02\x9c\xb0"
		"\0\0\0\0\0\0\0\0\0\0\xff\xff\xcb\0\x71\x07"));
	check_mapped(&sa, "203.0.113.7");
}
END_TEST


/* An attribute MAPPED-ADDRESS with this family, port and IPv4 address. */
static int read_plain(const char *port, const char *ip)
{
	char text[] = SUCCESS("\x0c") "\0\x01\0\x08" "\0\x01PPIIII";
	struct sa sa;

	memcpy(text + sizeof(text) - 7, port, 2);
	memcpy(text + sizeof(text) - 5, ip, 4);

	return read_answer(&sa, text, sizeof(text) - 1);
}


START_TEST(addresses_that_nobody_can_have_are_ignored)
{
	struct sa sa;

	ck_assert_int_eq(0, read_plain("\x9c\xb0", "\xcb\0\x71\x07"));
	ck_assert_int_eq(EBADMSG, read_plain("\0\0", "\xcb\0\x71\x07"));
	ck_assert_int_eq(EBADMSG, read_plain("\x9c\xb0", "\0\0\0\0"));
	ck_assert_int_eq(EBADMSG, read_plain("\x9c\xb0", "\0\0\0\x07"));
	ck_assert_int_eq(EBADMSG, read_plain("\x9c\xb0", "\xe0\0\x71\x07"));
	ck_assert_int_eq(EBADMSG, read_plain("\x9c\xb0", "\xff\xff\xff\xff"));
	/* ff02::7, :: */
	ck_assert_int_eq(EBADMSG, READ(&sa, SUCCESS("\x18")
		"\0\x01\0\x14" "\0\x02\x9c\xb0"
		"\xff\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\x07"));
	ck_assert_int_eq(EBADMSG, READ(&sa, SUCCESS("\x18")
		"\0\x01\0\x14" "\0\x02\x9c\xb0"
		"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"));
	/* no such family */
	ck_assert_int_eq(EBADMSG, READ(&sa, SUCCESS("\x0c")
		"\0\x01\0\x08" "\0\x03\x9c\xb0" "\xcb\x00\x71\x07"));
	/* IPv6 in the room of IPv4 */
	ck_assert_int_eq(EBADMSG, READ(&sa, SUCCESS("\x0c")
		"\0\x01\0\x08" "\0\x02\x9c\xb0" "\xcb\x00\x71\x07"));
	ck_assert_int_eq(EBADMSG, READ(&sa, SUCCESS("\0")));
}
END_TEST


START_TEST(lengths_that_lie_are_no_answer)
{
	static const struct {
		const char *text;
		size_t len;
	} badv[] = {
#define BAD(text) {text, sizeof(text) - 1}
		BAD(""),
		BAD("\x01\x01\0\x0c\x21\x12\xa4\x42"),
		BAD(SUCCESS("\x0c")),
		BAD(SUCCESS("\x10") XOR),
		BAD(SUCCESS("\x0c") "\0\x20\0\x09" "\0\x01\xbd\xa2\xea\x12\xd5"
		    "\x45"),
		BAD(SUCCESS("\x0c") "\0\x20\xff\xff" "\0\x01\xbd\xa2\xea\x12"
		    "\xd5\x45"),
		BAD(SUCCESS("\x08") "\0\x20\0\x04" "\0\x01\xbd\xa2"),
		BAD(SUCCESS("\x04") "\0\x20\0\x00"),
		BAD(SUCCESS("\x0a") XOR),
#undef BAD
	};
	struct sa sa;

	for (unsigned i = 0; i < sizeof(badv) / sizeof(badv[0]); i++)
		ck_assert_msg(read_answer(&sa, badv[i].text, badv[i].len) ==
			      EBADMSG, "%u", i);
}
END_TEST


START_TEST(only_a_binding_response_is_an_answer)
{
	struct sa sa;

	/* request, indication, another method, another cookie */
	ck_assert_int_eq(EBADMSG, READ(&sa, HEADER("\0\x01", "\x0c") XOR));
	ck_assert_int_eq(EBADMSG, READ(&sa, HEADER("\0\x11", "\x0c") XOR));
	ck_assert_int_eq(EBADMSG, READ(&sa, HEADER("\x01\x03", "\x0c") XOR));
	ck_assert_int_eq(EBADMSG, READ(&sa, "\x01\x01\0\x0c\x21\x12\xa4\x43"
				       TID XOR));
	ck_assert_int_eq(EPROTO, READ(&sa, HEADER("\x01\x11", "\0")));
}
END_TEST


START_TEST(unknown_attributes_matter_only_where_they_must)
{
	struct sa sa;

	/* 0x7ffe must be understood, 0xc001 need not, 0x0004 is an old one */
	ck_assert_int_eq(EPROTO, READ(&sa, SUCCESS("\x10") XOR
				      "\x7f\xfe\0\0"));
	ck_assert_int_eq(0, READ(&sa, SUCCESS("\x10") XOR "\xc0\x01\0\0"));
	ck_assert_int_eq(0, READ(&sa, SUCCESS("\x18") XOR "\0\x04\0\x08"
				 "\0\x01\x0d\x96\xc0\0\2\1"));
}
END_TEST


START_TEST(a_wrong_fingerprint_is_no_answer)
{
	struct sa sa;

	ck_assert_int_eq(EBADMSG, READ(&sa, SUCCESS("\x14") XOR
				       "\x80\x28\0\x04" "\1\2\3\4"));
}
END_TEST


START_TEST(too_much_is_no_answer)
{
	char text[STUN_ANSWER_MAX + 4] = SUCCESS("\x0c") XOR;
	struct sa sa;

	ck_assert_int_eq(0, read_answer(&sa, text, STUN_ANSWER_MAX));
	ck_assert_int_eq(EBADMSG, read_answer(&sa, text, sizeof(text)));
}
END_TEST


Suite *suite_stun(void)
{
	Suite *s = suite_create("stun");
	TCase *tc = tcase_create("question");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 20);
	tcase_add_test(tc, the_answer_is_the_address_that_the_server_sees);
	tcase_add_test(tc, a_lost_try_is_sent_again_after_half_a_second);
	tcase_add_test(tc, silence_ends_after_four_tries_and_four_seconds);
	tcase_add_test(tc, what_cannot_be_sent_is_sent_again);
	tcase_add_test(tc, another_id_is_not_our_answer);
	tcase_add_test(tc, half_an_answer_is_none);
	tcase_add_test(tc, an_error_response_ends_it);
	tcase_add_test(tc, nothing_comes_after_a_cancel);
	tcase_add_test(tc, it_may_be_asked_again_from_the_handler);
	tcase_add_test(tc, each_question_has_an_id_of_its_own);
	suite_add_tcase(s, tc);

	tc = tcase_create("answer");
	tcase_add_checked_fixture(tc, harness_setup, harness_teardown);
	tcase_add_test(tc, the_xored_address_is_believed_first);
	tcase_add_test(tc,
		ipv6_is_xored_with_the_id_and_mapped_ipv4_is_ipv4);
	tcase_add_test(tc, addresses_that_nobody_can_have_are_ignored);
	tcase_add_test(tc, lengths_that_lie_are_no_answer);
	tcase_add_test(tc, only_a_binding_response_is_an_answer);
	tcase_add_test(tc,
		unknown_attributes_matter_only_where_they_must);
	tcase_add_test(tc, a_wrong_fingerprint_is_no_answer);
	tcase_add_test(tc, too_much_is_no_answer);
	suite_add_tcase(s, tc);

	return s;
}
