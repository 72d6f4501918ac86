/* One DNS question and its way from server to server.
 *
 * A question starts with the first server. Silence makes it go on to the next
 * one, and around again, with waits that double; the sockets stay open, so that
 * a slow answer still counts. A server that says that it cannot, or is not
 * there, is asked no more for this question. One that was silent while another
 * one answered is put last for a while: its silence would delay every name. */

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "dns_question.h"
#include "sock.h"


#define TRIES         DNS_LATE   /* the first wait is a tenth of the timeout,
				    1 s; RFC 1536 §1 asks for doubling. So
				    sent at 0, 1, 3 and 7 s to one server */
#define PENALTY       3          /* timeouts: so long a silent server is last */
#define TCP_WAIT      4          /* first waits: a handshake more, and libre's
				    answer took 2 */
#define DATAGRAM_MAX  4096       /* [octets] without EDNS 512, RFC 1035 §2.3.4;
				    some send more */
#define DATAGRAMS_MAX 16         /* read at a time; others want to live too */


static void path_close(struct dns_path *p)
{
	if (p->io.fd < 0)
		return;

	io_stop(&p->io);
	(void)close(p->io.fd);
	p->io.fd = -1;
}


void dns_question_reset(struct dns_question *q)
{
	while (q->pathc)
		path_close(&q->pathv[--q->pathc]);

	q->tcp = mem_deref(q->tcp);
	q->failure = mem_deref(q->failure);
	q->refused = false;
	q->current = q->round = 0;
}


void dns_question_detach(struct dns_question *q)
{
	struct dns *d = q->d;

	timer_cancel(&q->timer);
	if (q->queue)
		pace_cancel(q->queue, &q->node);
	q->queue = NULL;

	if (!q->le.list)
		return;

	list_unlink(&q->le);
	--d->activec;
	d->latec -= q->late;
	if (d->fresh.count || d->doubtful.count)
		timer_start(&d->timer, loop_now());
}


void dns_question_late(struct dns_question *q)
{
	struct dns *d = q->d;

	if (q->late)
		return;

	q->late = true;
	++d->latec;
	if (d->fresh.count)
		timer_start(&d->timer, loop_now());
}


/* A server that answers is forgiven; those before it that did not are last
 * for a while. */
static void judge_servers(struct dns_question *q, struct dns_path *good)
{
	for (struct dns_path *p = q->pathv; p < good; p++) {
		if (!p->bad)
			p->server->last_until = loop_now() +
				PENALTY * q->d->timeout;
	}

	good->server->last_until = 0;
}


/* Over; `a` is handed over. May free the question. */
static void question_done(struct dns_question *q, struct dns_answer *a)
{
	dns_question_detach(q);
	dns_question_reset(q);
	q->h(a, q->arg);
	mem_deref(a);
}


static void question_give_up(struct dns_question *q)
{
	struct dns_answer *a = mem_ref(q->failure);

	if (!a)
		a = dns_answer_failed(ETIMEDOUT, "no answer from %s",
				      q->d->from);

	question_done(q, a);
}


static void next_try(struct dns_question *q);


/* `a`, NULL for want of memory: what to say if no other server knows better. */
static void path_failed(struct dns_path *p, struct dns_answer *a, bool refused)
{
	struct dns_question *q = p->q;
	const bool current = p == &q->pathv[q->current];

	/* what a server says is more than what a socket says */
	if (!q->failure || (refused && !q->refused)) {
		mem_deref(q->failure);
		q->failure = mem_ref(a);
	}

	q->refused |= refused;
	mem_deref(a);

	path_close(p);
	p->bad = true;
	if (current)
		next_try(q);
}


static struct dns_answer *cannot_ask(const struct dns_path *p, int err)
{
	char addr[64];

	(void)re_snprintf(addr, sizeof(addr), "%j", &p->server->addr);

	return dns_answer_failed(EPROTO, "cannot ask %s: %s", addr,
				 strerror(err));
}


static void tcp_handler(int err, struct mbuf *mb, void *arg);


/* The same question once more, in the same try. */
static void ask_tcp(struct dns_path *p)
{
	struct dns_question *q = p->q;
	int err;

	q->current = (unsigned)(p - q->pathv);

	err = dns_tcp_alloc(&q->tcp, &p->server->addr, q->mb, tcp_handler, q);
	if (err) {
		path_failed(p, cannot_ask(p, err), false);
		return;
	}

	timer_start(&q->timer, clock_min(q->deadline, loop_now() + TCP_WAIT *
					 q->d->timeout / TRIES));
}


/* A whole message with our id. Could the next server know better? */
static void path_answered(struct dns_path *p, struct mbuf *mb, bool tcp)
{
	struct dns_question *q = p->q;
	struct dns_answer *a = NULL;
	char from[64];
	int err;

	(void)re_snprintf(from, sizeof(from), "%j", &p->server->addr);
	err = dns_answer_read(&a, mb, q->name, q->type, from);
	if (err == EBADMSG)
		a = dns_answer_failed(EPROTO, "a malformed answer from %s",
				      from);

	if (!err && a->truncated && !tcp) {
		mem_deref(a);
		if (!q->tcp)
			ask_tcp(p);
	}
	else if (dns_answer_unknown(a)) {
		path_failed(p, a, true);
	}
	else {
		judge_servers(q, p);
		question_done(q, a);
	}
}


static bool has_id(const struct dns_question *q, const struct mbuf *mb)
{
	const uint8_t *p = mbuf_buf(mb);

	return mbuf_get_left(mb) >= DNS_HEADER_SIZE &&
		((uint16_t)p[0] << 8 | p[1]) == q->id;
}


static void tcp_handler(int err, struct mbuf *mb, void *arg)
{
	struct dns_question *q = arg;
	struct dns_path *p = &q->pathv[q->current];

	if (!err && !has_id(q, mb))
		err = EBADMSG;

	if (err)
		path_failed(p, cannot_ask(p, err), false);
	else
		path_answered(p, mb, true);
}


/* What does not have our id is no answer to us: an old one, or a guess. */
static void udp_handler(int flags, void *arg)
{
	struct dns_path *p = arg;
	uint8_t buf[DATAGRAM_MAX];

	(void)flags;

	for (unsigned i = 0; i < DATAGRAMS_MAX; i++) {
		struct mbuf mb = {.buf = buf, .size = sizeof(buf)};
		ssize_t n = recv(p->io.fd, buf, sizeof(buf), 0);

		if (n < 0 && sock_would_block(errno))
			return;

		if (n < 0) {
			path_failed(p, cannot_ask(p, errno), false);
			return;
		}

		mb.end = (size_t)n;
		if (has_id(p->q, &mb)) {
			path_answered(p, &mb, false);
			return;
		}
	}
}


static int path_open(struct dns_path *p)
{
	const struct sa *addr = &p->server->addr;
	int fd = socket(sa_af(addr), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
			0);

	if (fd < 0)
		return errno;

	p->io.fd = fd;
	if (connect(fd, &addr->u.sa, addr->len))
		return errno;

	return io_listen(&p->io, FD_READ);
}


static int path_try(struct dns_path *p)
{
	const struct mbuf *mb = p->q->mb;
	int err = 0;

	if (p->io.fd < 0)
		err = path_open(p);
	if (!err && send(p->io.fd, mb->buf, mb->end, MSG_NOSIGNAL) < 0)
		err = errno;

	p->sent = true;

	return err;
}


/* The next one that may still answer. A round ends with the last one; once a
 * server has said that it cannot, the silent ones get no further round. */
static struct dns_path *next_path(struct dns_question *q)
{
	for (unsigned i = 0; i < q->pathc; i++) {
		struct dns_path *p;

		if (q->pathv[q->current].sent &&
		    ++q->current == q->pathc) {
			q->current = 0;
			++q->round;
		}

		if (q->round && q->refused)
			return NULL;

		p = &q->pathv[q->current];
		if (!p->bad)
			return p;
	}

	return NULL;
}


static void next_try(struct dns_question *q)
{
	struct dns_path *p = next_path(q);
	int err;

	q->tcp = mem_deref(q->tcp);

	if (!p) {
		question_give_up(q);
		return;
	}

	err = path_try(p);
	if (err) {
		path_failed(p, cannot_ask(p, err), false);
		return;
	}

	timer_start(&q->timer, clock_min(q->deadline, loop_now() +
					 (q->d->timeout << q->round) / TRIES));
}


/* Those that were silent lately come last, else they are as configured. */
static void order_paths(struct dns_question *q)
{
	const msec_t now = loop_now();
	struct dns *d = q->d;

	for (unsigned late = 0; late < 2; late++) {
		for (size_t i = 0; i < d->serverc; i++) {
			struct dns_server_state *s = &d->serverv[i];

			if ((now < s->last_until) != late)
				continue;

			q->pathv[q->pathc++] = (struct dns_path){
				.q = q,
				.server = s,
				.io = {.fd = -1, .h = udp_handler},
			};
		}
	}

	for (unsigned i = 0; i < q->pathc; i++)
		q->pathv[i].io.arg = &q->pathv[i];
}


void dns_question_handler(void *arg)
{
	struct dns_question *q = arg;

	if (loop_now() >= q->deadline) {
		question_give_up(q);
		return;
	}

	if (!q->pathc)
		order_paths(q);
	else
		dns_question_late(q);

	next_try(q);
}
