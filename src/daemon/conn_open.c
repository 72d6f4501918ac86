/* How a conn comes to its socket: opens and connects one, or goes on with that
 * of the process before. */

#include <errno.h>
#include "conn_parts.h"
#include "sock.h"


static void destructor(void *data)
{
	struct conn *c = data;

	conn_shut(c);
	mem_deref(c->tls);
	mem_deref(c->host);
}


/* Facts about the network are told by handler, like those that come later. */
static bool is_network_error(int err)
{
	return err == ECONNREFUSED || err == ETIMEDOUT ||
		err == EHOSTUNREACH || err == ENETUNREACH ||
		err == ENETDOWN || err == EHOSTDOWN;
}


static int stream_open(struct conn *c, const struct sock_conf *conf)
{
	int err;

	err = sock_stream(&c->io.fd, conf);
	if (err)
		return err;

	stream_init(&c->stream, c->io.fd);

	if (!connect(c->io.fd, &c->peer.u.sa, c->peer.len) ||
	    errno == EINPROGRESS) {
		err = sock_local(&c->local, c->io.fd);
		return err ? err : conn_watch(c, FD_WRITE);
	}

	return errno;
}


static int datagram_open(struct conn *c, const struct sock_conf *conf)
{
	int err;

	err = sock_datagram(&c->io.fd, conf);
	if (!err)
		err = sock_local(&c->local, c->io.fd);
	if (!err)
		timer_start(&c->soon, loop_now());

	return err;
}


static bool conf_valid(const struct conn_conf *conf)
{
	return conf->transport != TRANSPORT_AUTO &&
		sa_isset(&conf->peer, SA_ALL) &&
		(conf->transport != TRANSPORT_TLS ||
		 (conf->tls && conf->host));
}


static int open_as_told(struct conn *c, const struct conn_conf *conf)
{
	const struct sock_conf sock = {
		.peer = &c->peer,
		.source = &conf->source,
		.interface = conf->interface,
		.dscp = conf->dscp,
	};
	int err;

	if (conf->transport == TRANSPORT_TLS) {
		c->tls = mem_ref(conf->tls);
		err = str_dup(&c->host, conf->host);
		if (err)
			return err;
	}

	err = transport_stream(conf->transport) ? stream_open(c, &sock)
		: datagram_open(c, &sock);
	if (!is_network_error(err))
		return err;

	c->err = err;

	timer_start(&c->soon, loop_now());

	return 0;
}


static int conn_alloc(struct conn **connp, const struct conn_conf *conf,
		      const struct conn_handlers *h, void *arg)
{
	struct conn *c;

	if (!connp || !conf || !h || !h->estabh || !h->recvh || !h->closeh ||
	    !conf_valid(conf))
		return EINVAL;

	c = mem_zalloc(sizeof(*c), destructor);
	if (!c)
		return ENOMEM;

	timer_init(&c->soon, conn_soon_handler, c);
	frame_init(&c->frame);
	c->io.fd = -1;
	c->io.h = conn_io_handler;
	c->io.arg = c;
	c->transport = (uint8_t)conf->transport;
	c->peer = conf->peer;
	c->anew = conf->anew;
	c->tap = conf->tap;
	c->h = *h;
	c->arg = arg;
	*connp = c;

	return 0;
}


int conn_open(struct conn **connp, const struct conn_conf *conf,
	      const struct conn_handlers *h, void *arg)
{
	struct conn *c;
	int err;

	err = conn_alloc(&c, conf, h, arg);
	if (err)
		return err;

	err = open_as_told(c, conf);
	if (err)
		mem_deref(c);
	else
		*connp = c;

	return err;
}


/* --- a socket that there is already --- */

static int take_over(struct conn *c, int fd)
{
	const bool stream = transport_stream((enum transport)c->transport);
	int err;

	if (c->transport == TRANSPORT_TLS)
		return EINVAL;

	err = sock_check(fd, stream, &c->peer);
	if (!err)
		err = sock_local(&c->local, fd);
	if (err)
		return err;

	c->io.fd = fd;
	c->state = UP;
	c->heard = true;
	if (stream)
		stream_init(&c->stream, fd);

	err = conn_watch(c, FD_READ);
	if (err)
		c->io.fd = -1;   /* the caller's still */

	return err;
}


int conn_take_over(struct conn **connp, int fd, const struct conn_conf *conf,
	       const struct conn_handlers *h, void *arg)
{
	struct conn *c;
	int err;

	err = conn_alloc(&c, conf, h, arg);
	if (err)
		return err;

	err = take_over(c, fd);
	if (err)
		mem_deref(c);
	else
		*connp = c;

	return err;
}


int conn_hand_over(const struct conn *c)
{
	if (c->state != UP || c->err || c->transport == TRANSPORT_TLS)
		return -1;

	if (c->transport == TRANSPORT_TCP &&
	    (c->frame.since != NEVER || c->stream.tx))
		return -1;

	return c->io.fd;
}
