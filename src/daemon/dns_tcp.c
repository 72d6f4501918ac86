/* One DNS question over TCP, for an answer that no datagram holds. */

#include <errno.h>
#include <sys/uio.h>
#include <unistd.h>
#include "dns_tcp.h"
#include "loop.h"
#include "sock.h"


#define PREFIX_SIZE 2            /* so that no message is above 64 KiB */
#define CHUNK_SIZE  4096         /* [octets] read at a time */

struct dns_tcp {
	struct io io;
	struct mbuf *question, *answer;
	dns_tcp_h *h;
	void *arg;
};


static void tcp_destructor(void *arg)
{
	struct dns_tcp *t = arg;

	io_stop(&t->io);
	if (t->io.fd >= 0)
		(void)close(t->io.fd);
	mem_deref(t->question);
	mem_deref(t->answer);
}


/* A few hundred octets always fit into a new socket's buffer. */
static int send_question(struct dns_tcp *t)
{
	struct mbuf *mb = t->question;
	uint8_t prefix[PREFIX_SIZE] = {
		(uint8_t)(mb->end >> 8), (uint8_t)mb->end,
	};
	struct iovec iov[2] = {
		{.iov_base = prefix, .iov_len = sizeof(prefix)},
		{.iov_base = mb->buf, .iov_len = mb->end},
	};
	const struct msghdr msg = {.msg_iov = iov, .msg_iovlen = 2};
	ssize_t n = sendmsg(t->io.fd, &msg, MSG_NOSIGNAL);

	if (n < 0)
		return errno;
	if ((size_t)n != sizeof(prefix) + mb->end)
		return ENOBUFS;

	t->question = mem_deref(t->question);

	return io_listen(&t->io, FD_READ);
}


static bool is_whole(const struct dns_tcp *t)
{
	const struct mbuf *mb = t->answer;

	return mb->end >= PREFIX_SIZE &&
		mb->end >= PREFIX_SIZE + ((size_t)mb->buf[0] << 8 | mb->buf[1]);
}


/* EAGAIN: the rest is to come. */
static int receive_answer(struct dns_tcp *t)
{
	uint8_t buf[CHUNK_SIZE];
	int err = 0;

	while (!err && !is_whole(t)) {
		ssize_t n = recv(t->io.fd, buf, sizeof(buf), 0);

		if (n < 0)
			err = errno;
		else if (!n)
			err = ECONNRESET;
		else
			err = mbuf_write_mem(t->answer, buf, (size_t)n);
	}

	return err;
}


static int step(struct dns_tcp *t)
{
	int err = 0;

	if (t->question) {
		err = sock_connect_result(t->io.fd);
		if (err == EINPROGRESS)
			return EAGAIN;
		if (!err)
			err = send_question(t);
	}
	if (!err)
		err = receive_answer(t);

	return err;
}


static void tcp_handler(int flags, void *arg)
{
	struct dns_tcp *t = arg;
	struct mbuf *mb = t->answer;
	int err = step(t);

	(void)flags;

	if (sock_would_block(err))
		return;

	io_stop(&t->io);
	if (!err) {
		mb->end = PREFIX_SIZE + ((size_t)mb->buf[0] << 8 | mb->buf[1]);
		mb->pos = PREFIX_SIZE;
	}

	/* may free us, so the message is held for it */
	mem_ref(mb);
	t->h(err, mb, t->arg);
	mem_deref(mb);
}


static int start(struct dns_tcp *t, const struct sa *server)
{
	t->io.fd = socket(sa_af(server), SOCK_STREAM | SOCK_NONBLOCK |
			  SOCK_CLOEXEC, 0);
	if (t->io.fd < 0)
		return errno;

	if (connect(t->io.fd, &server->u.sa, server->len) &&
	    errno != EINPROGRESS)
		return errno;

	return io_listen(&t->io, FD_WRITE);
}


int dns_tcp_alloc(struct dns_tcp **tp, const struct sa *server,
		  const struct mbuf *question, dns_tcp_h *h, void *arg)
{
	struct dns_tcp *t;
	int err;

	t = mem_zalloc(sizeof(*t), tcp_destructor);
	if (!t)
		return ENOMEM;

	t->io.fd = -1;
	t->io.h = tcp_handler;
	t->io.arg = t;
	t->h = h;
	t->arg = arg;
	t->question = mbuf_alloc(question->end);
	t->answer = mbuf_alloc(CHUNK_SIZE);
	if (!t->question || !t->answer)
		err = ENOMEM;
	else
		err = mbuf_write_mem(t->question, question->buf, question->end);

	if (!err)
		err = start(t, server);

	if (err)
		mem_deref(t);
	else
		*tp = t;

	return err;
}
