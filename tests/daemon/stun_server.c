/* A STUN server in the test's own process: see stun_server.h. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "stun_server.h"


static int encode(struct mbuf *mb, struct stun_server *s, const uint8_t *tid,
		  unsigned change)
{
	struct sa mapped = sa_isset(&s->claim, SA_ADDR) ? s->claim : s->from;
	struct stun_errcode ec = {500, (char[]){"Server Error"}};

	if (s->changing)
		sa_set_in(&s->claim, sa_in(&mapped) + 1, sa_port(&mapped));

	switch (s->fault) {
	case STUN_FAULT_ERROR:
		return stun_msg_encode(mb, STUN_METHOD_BINDING,
				       STUN_CLASS_ERROR_RESP, tid, &ec, NULL,
				       0, false, 0, 1, STUN_ATTR_ERR_CODE,
				       &ec);
	case STUN_FAULT_NO_ADDRESS:
		return stun_msg_encode(mb, STUN_METHOD_BINDING,
				       STUN_CLASS_SUCCESS_RESP, tid, NULL,
				       NULL, 0, true, 0, 0);
	case STUN_FAULT_UNKNOWN:
		if (!change)
			break;
		ec = (struct stun_errcode){420, (char[]){"Unknown"}};
		return stun_msg_encode(mb, STUN_METHOD_BINDING,
				       STUN_CLASS_ERROR_RESP, tid, &ec, NULL,
				       0, false, 0, 1, STUN_ATTR_ERR_CODE,
				       &ec);
	case STUN_FAULT_SAME_SOURCE:
	case STUN_FAULT_NONE:
	case STUN_FAULT_SILENT:
	case STUN_FAULT_WRONG_ID:
	case STUN_FAULT_CUT:
		break;
	}

	return stun_msg_encode(mb, STUN_METHOD_BINDING,
			       STUN_CLASS_SUCCESS_RESP, tid, NULL, NULL, 0,
			       true, 0, 2, STUN_ATTR_XOR_MAPPED_ADDR, &mapped,
			       STUN_ATTR_OTHER_ADDR,
			       sa_isset(&s->other, SA_ADDR) ? &s->other
							    : NULL);
}


static void answer(struct stun_server *s, const uint8_t *tid, unsigned change)
{
	const bool same = !change || s->fault == STUN_FAULT_SAME_SOURCE ||
		s->fault == STUN_FAULT_UNKNOWN;
	const struct stun_server *from = same ? s : s->changev[change];
	struct mbuf *mb = mbuf_alloc(512);

	if (!mb || encode(mb, s, tid, change))
		abort();

	if (s->fault == STUN_FAULT_WRONG_ID)
		mb->buf[STUN_HEADER_SIZE - 1] ^= 1;
	if (s->fault == STUN_FAULT_CUT)
		--mb->end;

	if (from)
		(void)sendto(from->io.fd, mb->buf, mb->end, 0, &s->from.u.sa,
			     s->from.len);
	mem_deref(mb);
}


static unsigned change_of(const struct stun_msg *msg)
{
	const struct stun_attr *a = stun_msg_attr(msg, STUN_ATTR_CHANGE_REQ);

	return a ? (unsigned)a->v.change_req.port |
		   (unsigned)a->v.change_req.ip << 1 : 0;
}


static void read_handler(int flags, void *arg)
{
	struct stun_server *s = arg;
	struct stun_msg *msg = NULL;
	struct stun_unknown_attr ua;
	struct mbuf *mb = mbuf_alloc(2048);
	ssize_t n;

	(void)flags;

	s->from.len = sizeof(s->from.u);
	n = recvfrom(s->io.fd, mb->buf, mb->size, 0, &s->from.u.sa,
		     &s->from.len);
	mb->end = n > 0 ? (size_t)n : 0;

	if (!stun_msg_decode(&msg, mb, &ua) &&
	    stun_msg_method(msg) == STUN_METHOD_BINDING &&
	    stun_msg_class(msg) == STUN_CLASS_REQUEST &&
	    ++s->asked > s->mute && s->fault != STUN_FAULT_SILENT)
		answer(s, stun_msg_tid(msg), change_of(msg));

	mem_deref(msg);
	mem_deref(mb);
}


int stun_server_start(struct stun_server *s, const char *literal,
		      uint16_t port)
{
	*s = (struct stun_server){
		.io = {.fd = -1, .h = read_handler, .arg = s},
	};
	sa_init(&s->claim, AF_UNSPEC);
	sa_init(&s->other, AF_UNSPEC);
	sa_init(&s->addr, AF_UNSPEC);
	if (sa_set_str(&s->addr, literal, port))
		return EINVAL;

	s->io.fd = socket(sa_af(&s->addr), SOCK_DGRAM | SOCK_NONBLOCK, 0);
	if (s->io.fd < 0 || bind(s->io.fd, &s->addr.u.sa, s->addr.len) ||
	    getsockname(s->io.fd, &s->addr.u.sa, &s->addr.len))
		return errno;

	return io_listen(&s->io, FD_READ);
}


void stun_server_stop(struct stun_server *s)
{
	if (s->io.fd < 0)
		return;

	io_stop(&s->io);
	(void)close(s->io.fd);
	s->io.fd = -1;
}


int stun_server4_start(struct stun_server4 *s, const char *literal,
		       const char *other)
{
	struct stun_server *v = s->v;
	unsigned i, change;
	int err;

	memset(s, 0, sizeof(*s));
	for (i = 0; i < 4; i++)
		v[i].io.fd = -1;

	err  = stun_server_start(&v[0], literal, 0);
	err |= stun_server_start(&v[1], literal, 0);
	err |= stun_server_start(&v[2], other, sa_port(&v[0].addr));
	err |= stun_server_start(&v[3], other, sa_port(&v[1].addr));

	for (i = 0; i < 4; i++) {
		v[i].other = v[i ^ 3].addr;
		for (change = 1; change < 4; change++)
			v[i].changev[change] = &v[i ^ change];
	}

	return err;
}


void stun_server4_stop(struct stun_server4 *s)
{
	for (unsigned i = 0; i < 4; i++)
		stun_server_stop(&s->v[i]);
}
