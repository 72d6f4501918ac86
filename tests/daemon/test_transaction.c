/* Client transactions over real sockets: what answers what, and what is sent
 * again when. */

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "harness.h"
#include "transaction.h"

Suite *suite_transaction(void);

static struct {
	struct io io;            /* UDP socket, or TCP listener */
	struct sa addr;
	unsigned packets;
	msec_t at[8];
} peer;

static struct conn *conn;
static struct list list;
static struct transaction t, other;
static bool established;
static unsigned calls;
static uint16_t code;
static uint64_t rtt;


static void peer_handler(int flags, void *arg)
{
	char buf[2048];
	(void)flags;
	(void)arg;

	while (recv(peer.io.fd, buf, sizeof(buf), MSG_DONTWAIT) > 0) {
		ck_assert_uint_lt(peer.packets, 8);
		peer.at[peer.packets++] = loop_now();
	}
}


static void estab_handler(void *arg)
{
	(void)arg;
	established = true;
}


/* What the peer sends goes to the transactions, as a link does it. */
static void recv_handler(struct mbuf *mb, const struct sa *from, void *arg)
{
	struct sip_msg *msg = NULL;
	(void)from;
	(void)arg;

	ck_assert_int_eq(0, sip_msg_decode(&msg, mb));
	ck_assert(transaction_receive(&list, msg));
	mem_deref(msg);
}


static void close_handler(enum reason reason, const char *text, void *arg)
{
	(void)arg;
	ck_abort_msg("closed: %s, %s", reason_name(reason), text);
}


static void open_conn(enum transport transport)
{
	static const struct conn_handlers h = {
		.estabh = estab_handler,
		.recvh = recv_handler,
		.closeh = close_handler,
	};
	struct conn_conf conf = {.transport = transport, .interface = ""};
	const bool stream = transport_stream(transport);

	peer.io.fd = socket(AF_INET, (stream ? SOCK_STREAM : SOCK_DGRAM) |
			    SOCK_CLOEXEC, 0);
	ck_assert_int_ge(peer.io.fd, 0);
	(void)sa_set_str(&peer.addr, "127.0.0.1", 0);
	ck_assert_int_eq(0, bind(peer.io.fd, &peer.addr.u.sa, peer.addr.len));
	ck_assert_int_eq(0, getsockname(peer.io.fd, &peer.addr.u.sa,
					&peer.addr.len));
	if (stream) {
		ck_assert_int_eq(0, listen(peer.io.fd, 1));
	}
	else {
		peer.io.h = peer_handler;
		ck_assert_int_eq(0, io_listen(&peer.io, FD_READ));
	}

	conf.peer = peer.addr;
	sa_init(&conf.source, AF_UNSPEC);
	ck_assert_int_eq(0, conn_open(&conn, &conf, &h, NULL));
}


static void establish(enum transport transport)
{
	open_conn(transport);
	ck_assert(harness_wait(harness_flag, &established, 2000));
}


static void setup(void)
{
	harness_setup();
	memset(&peer, 0, sizeof(peer));
	memset(&t, 0, sizeof(t));
	memset(&other, 0, sizeof(other));
	list_init(&list);
	peer.io.fd = -1;
	established = false;
	calls = 0;
	code = 0;
}


static void teardown(void)
{
	transaction_cancel(&t);
	transaction_cancel(&other);
	ck_assert(list_isempty(&list));
	conn = mem_deref(conn);
	if (peer.io.h)
		io_stop(&peer.io);
	if (peer.io.fd >= 0)
		(void)close(peer.io.fd);
	harness_teardown();
}


static bool two_packets(void *arg)
{
	(void)arg;
	return peer.packets >= 2;
}


static bool three_packets(void *arg)
{
	(void)arg;
	return peer.packets >= 3;
}


static void answer_handler(const struct sip_msg *msg, uint64_t rtt_usec,
			   void *arg)
{
	struct transaction *mine = arg;

	ck_assert(!transaction_pending(mine));
	++calls;
	code = msg->scode;
	rtt = rtt_usec;
}


static int start(struct transaction *which, const char *method,
		 transaction_h *h)
{
	struct mbuf *mb = mbuf_alloc(64);
	int err;

	transaction_branch(which->branch, sizeof(which->branch));
	/* not from 0: what stands before is not ours */
	(void)mbuf_printf(mb, "xx%s sip:example.com SIP/2.0\r\n\r\n", method);
	mb->pos = 2;
	err = transaction_start(which, &list, conn, method, mb, h, which);
	ck_assert_uint_eq(2, mb->pos);
	mem_deref(mb);

	return err;
}


static bool receive_text(const char *fmt, ...)
{
	struct mbuf *mb = mbuf_alloc(512);
	struct sip_msg *msg = NULL;
	bool taken;
	va_list ap;

	va_start(ap, fmt);
	ck_assert_int_eq(0, mbuf_vprintf(mb, fmt, ap));
	va_end(ap);
	mb->pos = 0;
	ck_assert_int_eq(0, sip_msg_decode(&msg, mb));
	taken = transaction_receive(&list, msg);
	mem_deref(msg);
	mem_deref(mb);

	return taken;
}


static bool receive(unsigned status, const char *branch, const char *method)
{
	return receive_text("SIP/2.0 %u Because\r\n"
			    "Via: SIP/2.0/UDP 10.0.0.1;branch=%s;rport=1\r\n"
			    "Via: SIP/2.0/UDP 10.0.0.2;branch=z9hG4bKold\r\n"
			    "From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=2\r\n"
			    "Call-ID: x\r\nCSeq: 1 %s\r\n\r\n",
			    status, branch, method);
}


START_TEST(branches_have_the_cookie_and_differ)
{
	char a[TRANSACTION_BRANCH_SIZE], b[TRANSACTION_BRANCH_SIZE];

	transaction_branch(a, sizeof(a));
	transaction_branch(b, sizeof(b));
	ck_assert_int_eq(0, strncmp(a, "z9hG4bK", 7));
	ck_assert_uint_ge(strlen(a), 7 + 16);
	ck_assert_str_ne(a, b);
}
END_TEST


START_TEST(final_answer_ends_it)
{
	establish(TRANSPORT_UDP);
	ck_assert(!transaction_pending(&t));
	ck_assert_int_eq(0, start(&t, "REGISTER", answer_handler));
	ck_assert(transaction_pending(&t));
	ck_assert(harness_wait(harness_count, &peer.packets, 2000));

	ck_assert(receive(401, t.branch, "REGISTER"));
	ck_assert_uint_eq(1, calls);
	ck_assert_int_eq(401, code);
	ck_assert_uint_lt(rtt, 10 * 1000 * 1000);

	/* a retransmission of the answer finds nobody */
	ck_assert(!receive(401, t.branch, "REGISTER"));
	ck_assert_uint_eq(1, calls);
}
END_TEST


START_TEST(answer_over_the_wire_ends_it)
{
	struct sa dst;
	char text[512];
	int n;

	establish(TRANSPORT_UDP);
	ck_assert_int_eq(0, start(&t, "OPTIONS", answer_handler));
	ck_assert(harness_wait(harness_count, &peer.packets, 2000));

	n = re_snprintf(text, sizeof(text), "SIP/2.0 200 OK\r\n"
			"Via: SIP/2.0/UDP 127.0.0.1;branch=%s\r\n"
			"From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=2\r\n"
			"Call-ID: x\r\nCSeq: 1 OPTIONS\r\n\r\n", t.branch);
	dst = *conn_local(conn);
	ck_assert_int_eq(n, sendto(peer.io.fd, text, (size_t)n, 0, &dst.u.sa,
				   dst.len));
	ck_assert(harness_wait(harness_count, &calls, 2000));
	ck_assert_int_eq(200, code);
}
END_TEST


START_TEST(answer_goes_to_its_own_transaction)
{
	establish(TRANSPORT_UDP);
	ck_assert_int_eq(0, start(&t, "REGISTER", answer_handler));
	ck_assert_int_eq(0, start(&other, "OPTIONS", answer_handler));

	ck_assert(receive(404, other.branch, "OPTIONS"));
	ck_assert(transaction_pending(&t));
	ck_assert(!transaction_pending(&other));
	ck_assert_int_eq(404, code);
}
END_TEST


START_TEST(answers_to_something_else_are_not_taken)
{
	char branch[TRANSACTION_BRANCH_SIZE];

	establish(TRANSPORT_UDP);
	ck_assert_int_eq(0, start(&t, "REGISTER", answer_handler));

	ck_assert(!receive(200, "z9hG4bKold", "REGISTER"));
	ck_assert(!receive(200, t.branch, "OPTIONS"));
	ck_assert(!receive(200, t.branch, "register"));
	ck_assert(!receive(99, t.branch, "REGISTER"));
	ck_assert(!receive(700, t.branch, "REGISTER"));

	(void)re_snprintf(branch, sizeof(branch), "Z%s", t.branch + 1);
	ck_assert(!receive(200, branch, "REGISTER"));

	ck_assert(!receive_text("REGISTER sip:x SIP/2.0\r\n"
				"Via: SIP/2.0/UDP 10.0.0.1;branch=%s\r\n"
				"From: <sip:a@b>\r\nTo: <sip:a@b>\r\n"
				"Call-ID: x\r\nCSeq: 1 REGISTER\r\n\r\n",
				t.branch));
	ck_assert_uint_eq(0, calls);
	ck_assert(transaction_pending(&t));
}
END_TEST


/* Timer E (RFC 3261 §17.1.2.2): 0, 500, 1500 ms. */
START_TEST(udp_request_is_sent_again_ever_more_slowly)
{
	establish(TRANSPORT_UDP);
	ck_assert_int_eq(0, start(&t, "REGISTER", answer_handler));
	ck_assert(harness_wait(three_packets, NULL, 5000));

	ck_assert_uint_ge(peer.at[1] - peer.at[0], 490);
	ck_assert_uint_ge(peer.at[2] - peer.at[1], 990);
	ck_assert(transaction_pending(&t));
	ck_assert_uint_eq(2000, t.wait);

	transaction_cancel(&t);
	ck_assert(!transaction_pending(&t));
	harness_run(100);
	ck_assert_uint_eq(3, peer.packets);
	ck_assert_uint_eq(0, calls);
}
END_TEST


START_TEST(provisional_answer_keeps_it_and_slows_it_down)
{
	establish(TRANSPORT_UDP);
	ck_assert_int_eq(0, start(&t, "REGISTER", answer_handler));
	ck_assert(receive(100, t.branch, "REGISTER"));
	ck_assert(transaction_pending(&t));
	ck_assert_uint_eq(0, calls);

	ck_assert(harness_wait(two_packets, NULL, 5000));
	ck_assert_uint_eq(TRANSACTION_T2, t.wait);
	ck_assert(receive(200, t.branch, "REGISTER"));
	ck_assert_uint_eq(1, calls);
}
END_TEST


START_TEST(answered_request_is_not_sent_again)
{
	establish(TRANSPORT_UDP);
	ck_assert_int_eq(0, start(&t, "REGISTER", answer_handler));
	ck_assert(receive(200, t.branch, "REGISTER"));
	harness_run(700);
	ck_assert_uint_eq(1, peer.packets);
}
END_TEST


START_TEST(stream_request_is_sent_once_and_not_kept)
{
	char buf[256];
	int fd;

	establish(TRANSPORT_TCP);
	ck_assert_int_eq(0, start(&t, "REGISTER", answer_handler));
	ck_assert(transaction_pending(&t));
	ck_assert_ptr_null(t.mb);
	ck_assert_uint_eq(0, t.resend.index);

	fd = accept(peer.io.fd, NULL, NULL);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(36, recv(fd, buf, 36, MSG_WAITALL));
	ck_assert_int_eq(0, memcmp(buf, "REGISTER sip", 12));
	harness_run(700);
	ck_assert_int_eq(-1, recv(fd, buf, 1, MSG_DONTWAIT));
	(void)close(fd);

	ck_assert(receive(200, t.branch, "REGISTER"));
	ck_assert_uint_eq(1, calls);
}
END_TEST


START_TEST(send_that_fails_leaves_nothing_behind)
{
	open_conn(TRANSPORT_TCP);
	ck_assert_int_eq(ENOTCONN, start(&t, "REGISTER", answer_handler));
	ck_assert(!transaction_pending(&t));
	ck_assert(list_isempty(&list));
	ck_assert(!receive(200, t.branch, "REGISTER"));
}
END_TEST


static void again_handler(const struct sip_msg *msg, uint64_t rtt_usec,
			  void *arg)
{
	answer_handler(msg, rtt_usec, arg);
	ck_assert_int_eq(0, start(arg, "REGISTER", answer_handler));
}


START_TEST(handler_may_start_it_again)
{
	establish(TRANSPORT_UDP);
	ck_assert_int_eq(0, start(&t, "REGISTER", again_handler));
	ck_assert(receive(401, t.branch, "REGISTER"));
	ck_assert(transaction_pending(&t));
	ck_assert(harness_wait(two_packets, NULL, 2000));
	ck_assert(receive(200, t.branch, "REGISTER"));
	ck_assert_uint_eq(2, calls);
	ck_assert(!transaction_pending(&t));
}
END_TEST


static void free_handler(const struct sip_msg *msg, uint64_t rtt_usec,
			 void *arg)
{
	(void)msg;
	(void)rtt_usec;
	++calls;
	mem_deref(arg);
}


START_TEST(handler_may_free_it)
{
	struct transaction *mine = mem_zalloc(sizeof(*mine), NULL);
	char branch[TRANSACTION_BRANCH_SIZE];

	establish(TRANSPORT_UDP);
	ck_assert_int_eq(0, start(mine, "REGISTER", free_handler));
	memcpy(branch, mine->branch, sizeof(branch));
	ck_assert(receive(200, branch, "REGISTER"));
	ck_assert_uint_eq(1, calls);
}
END_TEST


START_TEST(starting_it_anew_forgets_the_one_before)
{
	char branch[TRANSACTION_BRANCH_SIZE];

	establish(TRANSPORT_UDP);
	ck_assert_int_eq(0, start(&t, "REGISTER", answer_handler));
	memcpy(branch, t.branch, sizeof(branch));
	ck_assert_int_eq(0, start(&t, "REGISTER", answer_handler));

	ck_assert_uint_eq(1, list_count(&list));
	ck_assert(!receive(200, branch, "REGISTER"));
	ck_assert(receive(200, t.branch, "REGISTER"));
	ck_assert_uint_eq(1, calls);
}
END_TEST


START_TEST(cancel_is_safe_at_any_time)
{
	transaction_cancel(NULL);
	transaction_cancel(&t);
	transaction_cancel(&t);
	ck_assert(!transaction_pending(&t));
	ck_assert(!transaction_pending(NULL));
}
END_TEST


Suite *suite_transaction(void)
{
	Suite *s = suite_create("transaction");
	TCase *tc = tcase_create("transaction");

	tcase_set_timeout(tc, 20);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, branches_have_the_cookie_and_differ);
	tcase_add_test(tc, final_answer_ends_it);
	tcase_add_test(tc, answer_over_the_wire_ends_it);
	tcase_add_test(tc, answer_goes_to_its_own_transaction);
	tcase_add_test(tc, answers_to_something_else_are_not_taken);
	tcase_add_test(tc, udp_request_is_sent_again_ever_more_slowly);
	tcase_add_test(tc, provisional_answer_keeps_it_and_slows_it_down);
	tcase_add_test(tc, answered_request_is_not_sent_again);
	tcase_add_test(tc, stream_request_is_sent_once_and_not_kept);
	tcase_add_test(tc, send_that_fails_leaves_nothing_behind);
	tcase_add_test(tc, handler_may_start_it_again);
	tcase_add_test(tc, handler_may_free_it);
	tcase_add_test(tc, starting_it_anew_forgets_the_one_before);
	tcase_add_test(tc, cancel_is_safe_at_any_time);
	suite_add_tcase(s, tc);

	return s;
}
