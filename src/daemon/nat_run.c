/* One measurement of the NAT before this site: see nat_run.h. */

#include <errno.h>
#include <unistd.h>
#include "loop.h"
#include "nat_run.h"
#include "net.h"
#include "sock.h"
#include "stun.h"


enum {
	DATAGRAMS_MAX = 16,      /* read at a time; others want to live too */
	HOPS = 4,                /* looked at: a home's router, a provider's
				    NAT, and some between them */
};

enum lane_kind {
	LANE_MAIN,
	LANE_SIDE,
	LANE_HOPS,               /* packets that do not arrive */
};
#define LANES 3

struct lane {
	struct io io;            /* fd -1: closed */
	struct nat_run *run;
};

/* One test under way. */
struct asked {
	struct stun_question question;
	struct nat_run *run;
	struct addr src, other;          /* of the answer that is read */
};

struct nat_run {
	struct natkind kind;
	struct lane lanev[LANES];
	struct asked askedv[NAT_TESTS];
	struct timer timer;
	nat_run_h *h;                    /* NULL: it has ended */
	void *arg;
};


static enum nat_test test_of(const struct asked *q)
{
	return (enum nat_test)(q - q->run->askedv);
}


/* --- the end --- */

static void close_lanes(struct nat_run *r)
{
	for (unsigned i = 0; i < LANES; i++) {

		struct io *io = &r->lanev[i].io;

		if (io->fd < 0)
			continue;

		io_stop(io);
		(void)close(io->fd);
		io->fd = -1;
	}
}


static void stop(struct nat_run *r)
{
	timer_cancel(&r->timer);
	for (unsigned t = 0; t < NAT_TESTS; t++)
		stun_question_cancel(&r->askedv[t].question);

	close_lanes(r);
}


static void destructor(void *data)
{
	stop(data);
}


static void end(struct nat_run *r)
{
	nat_run_h *h = r->h;

	r->h = NULL;
	stop(r);
	if (h)
		h(&r->kind, r->arg);
}


/* --- sockets --- */

static void advance(struct nat_run *r);
static void read_handler(int flags, void *arg);


static int open_lane(struct lane *l, const struct sa *peer)
{
	const struct sock_conf conf = {.peer = peer};
	int err;

	err = sock_datagram(&l->io.fd, &conf);
	if (err) {
		l->io.fd = -1;
		return err;
	}

	return io_listen(&l->io, FD_READ);
}


/* Packets that expire on the way, so that the routers there name themselves. */
static void send_to_hops(struct nat_run *r, const struct sa *peer)
{
	const int fd = r->lanev[LANE_HOPS].io.fd;
	struct mbuf *mb;

	if (sa_af(peer) != AF_INET)
		return;

	mb = stun_indication_print();
	for (int ttl = 1; mb && ttl <= HOPS; ttl++) {
		if (!setsockopt(fd, IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl)))
			(void)sock_send_to(fd, peer, mb->buf, mb->end);
	}

	mem_deref(mb);
}


/* For the server that is asked now: the way to another one may begin at another
 * address of ours. */
static int open_lanes(struct nat_run *r)
{
	struct addr room, addr;
	struct sa peer, sa;
	int err = 0;

	close_lanes(r);
	sa_from_addr(&peer, natkind_target(&r->kind, NAT_TEST_FIRST, &room));
	for (unsigned i = 0; !err && i < LANES; i++)
		err = open_lane(&r->lanev[i], &peer);

	if (!err)
		err = sock_local(&sa, r->lanev[LANE_MAIN].io.fd);
	if (err)
		return err;

	addr_from_sa(&addr, &sa);
	natkind_on_socket(&r->kind, &addr);
	send_to_hops(r, &peer);

	return 0;
}


/* --- questions --- */

static int send_handler(const uint8_t *buf, size_t len, void *arg)
{
	const struct asked *q = arg;
	const enum nat_test t = test_of(q);
	const enum lane_kind lane = natkind_side(t) ? LANE_SIDE : LANE_MAIN;
	struct addr room;
	struct sa dst;

	sa_from_addr(&dst, natkind_target(&q->run->kind, t, &room));

	return sock_send_to(q->run->lanev[lane].io.fd, &dst, buf, len);
}


static void answer_handler(int err, const struct sa *mapped,
			   uint64_t rtt_usec, void *arg)
{
	struct asked *q = arg;
	struct addr addr;
	(void)rtt_usec;

	if (err == EPROTO) {
		natkind_on_error(&q->run->kind, test_of(q));
	}
	else if (err) {
		natkind_on_silence(&q->run->kind, test_of(q));
	}
	else {
		addr_from_sa(&addr, mapped);
		natkind_on_answer(&q->run->kind, test_of(q), &q->src, &addr,
				  &q->other);
	}

	advance(q->run);
}


static unsigned change_of(enum nat_test t)
{
	switch (t) {

	case NAT_TEST_FROM_IP:   return STUN_CHANGE_IP | STUN_CHANGE_PORT;
	case NAT_TEST_FROM_PORT: return STUN_CHANGE_PORT;
	case NAT_TEST_FIRST:
	case NAT_TEST_OTHER_IP:
	case NAT_TEST_OTHER_PORT:
	case NAT_TEST_SECOND:
	case NAT_TEST_HAIRPIN:   break;
	}

	return 0;
}


static void start(struct nat_run *r, enum nat_test t)
{
	struct asked *q = &r->askedv[t];

	if (t == NAT_TEST_FIRST && open_lanes(r))
		natkind_on_silence(&r->kind, t);
	else
		stun_question_start_change(&q->question, change_of(t),
					   send_handler, answer_handler, q);
}


static void advance(struct nat_run *r)
{
	unsigned bits;

	if (!r->h)
		return;

	while ((bits = natkind_next(&r->kind)) != 0) {
		for (unsigned t = 0; t < NAT_TESTS; t++) {
			if (bits & 1u << t)
				start(r, (enum nat_test)t);
		}
	}

	if (natkind_ended(&r->kind, loop_now()))
		end(r);
}


static void timer_handler(void *arg)
{
	end(arg);
}


/* --- what arrives --- */

/* Our question to ourselves, by way of the NAT. */
static bool take_echo(struct nat_run *r, const struct mbuf *mb,
		      const struct addr *src)
{
	struct asked *q = &r->askedv[NAT_TEST_HAIRPIN];

	if (!stun_question_echoed(&q->question, mb))
		return false;

	stun_question_cancel(&q->question);
	natkind_on_answer(&r->kind, NAT_TEST_HAIRPIN, src, src, &q->other);
	advance(r);

	return true;
}


static bool take_answer(struct asked *q, struct mbuf *mb,
			const struct addr *src)
{
	struct sa other;

	if (!stun_question_active(&q->question) ||
	    !natkind_expects(&q->run->kind, test_of(q), src))
		return false;

	q->src = *src;
	q->other = (struct addr){0};
	if (stun_other_read(&other, mb))
		addr_from_sa(&q->other, &other);

	return stun_question_receive(&q->question, mb);
}


static void take(struct lane *l, struct mbuf *mb, const struct addr *src)
{
	struct nat_run *r = l->run;
	const bool side = l == &r->lanev[LANE_SIDE];

	if (!side && take_echo(r, mb, src))
		return;

	for (unsigned t = 0; t < NAT_TESTS; t++) {
		if (t != NAT_TEST_HAIRPIN &&
		    natkind_side((enum nat_test)t) == side &&
		    take_answer(&r->askedv[t], mb, src))
			return;
	}
}


/* Nobody is there, says an ICMP message. Of the tests whose silence would mean
 * something else only an answer or their time is believed. */
static void note_refusal(struct nat_run *r, const struct addr *dst)
{
	static const enum nat_test testv[] = {
		NAT_TEST_FIRST, NAT_TEST_HAIRPIN,
	};
	struct addr room;

	for (size_t i = 0; i < ARRAY_SIZE(testv); i++) {

		struct asked *q = &r->askedv[testv[i]];

		if (!stun_question_active(&q->question) ||
		    !addr_equal(dst, natkind_target(&r->kind, testv[i],
						    &room)))
			continue;

		stun_question_cancel(&q->question);
		natkind_on_silence(&r->kind, testv[i]);
	}
}


static void read_errors(struct lane *l)
{
	struct nat_run *r = l->run;
	struct sa dst, reporter;
	struct addr addr;
	int err;

	while (sock_next_report(l->io.fd, &dst, &reporter, &err)) {

		if (l == &r->lanev[LANE_HOPS]) {
			addr_from_sa(&addr, &reporter);
			natkind_on_hop(&r->kind, &addr);
		}
		else if (err == ECONNREFUSED) {
			addr_from_sa(&addr, &dst);
			note_refusal(r, &addr);
		}
	}

	advance(r);
}


static void read_datagrams(struct lane *l, struct mbuf *mb)
{
	struct addr addr;
	struct sa src;
	ssize_t n;

	for (unsigned i = 0; i < DATAGRAMS_MAX && l->io.fd >= 0; i++) {
		src.len = sizeof(src.u);
		n = recvfrom(l->io.fd, mb->buf, mb->size, 0, &src.u.sa,
			     &src.len);
		if (n < 0 && sock_would_block(errno))
			return;

		/* the error of the queue, told once more */
		if (n < 0)
			continue;

		mb->pos = 0;
		mb->end = (size_t)n;
		addr_from_sa(&addr, &src);
		take(l, mb, &addr);
	}
}


static void read_handler(int flags, void *arg)
{
	struct lane *l = arg;
	struct nat_run *r = mem_ref(l->run);
	struct mbuf *mb = mbuf_alloc(STUN_ANSWER_MAX);

	(void)flags;

	read_errors(l);

	/* without memory it would be read again and again */
	if (mb)
		read_datagrams(l, mb);
	else
		end(r);

	mem_deref(mb);
	mem_deref(r);
}


/* --- birth --- */

/* From the loop, as all else. */
static void first_handler(void *arg)
{
	struct nat_run *r = mem_ref(arg);

	timer_init(&r->timer, timer_handler, r);
	timer_start(&r->timer, r->kind.end_at);
	advance(r);
	mem_deref(r);
}


int nat_run_alloc(struct nat_run **rp, const struct addr *serverv,
		  nat_run_h *h, void *arg)
{
	struct nat_run *r;

	r = mem_zalloc(sizeof(*r), destructor);
	if (!r)
		return ENOMEM;

	for (unsigned i = 0; i < LANES; i++) {
		r->lanev[i].run = r;
		r->lanev[i].io = (struct io){
			.fd = -1, .h = read_handler, .arg = &r->lanev[i],
		};
	}

	for (unsigned t = 0; t < NAT_TESTS; t++)
		r->askedv[t].run = r;

	natkind_start(&r->kind, serverv, loop_now());
	r->h = h;
	r->arg = arg;
	timer_init(&r->timer, first_handler, r);
	timer_start(&r->timer, loop_now());
	*rp = r;

	return 0;
}
