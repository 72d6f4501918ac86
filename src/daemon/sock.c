/* Opens non-blocking sockets with what the configuration of a flow asks of
 * them, and reads the errors that the kernel keeps for us. */

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>
#include <linux/errqueue.h>
#include "sock.h"


static int set_int(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value)) ? errno : 0;
}


/* The class is the upper six bits of the octet (RFC 2474 §3). */
static int set_dscp(int fd, int af, uint8_t dscp)
{
	return af == AF_INET6
		? set_int(fd, IPPROTO_IPV6, IPV6_TCLASS, dscp << 2)
		: set_int(fd, IPPROTO_IP, IP_TOS, dscp << 2);
}


static int bind_interface(int fd, const char *interface)
{
	if (!interface || !interface[0])
		return 0;

	return setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface,
			  (socklen_t)strlen(interface)) ? errno : 0;
}


static int bind_source(int fd, const struct sa *source)
{
	return bind(fd, &source->u.sa, source->len) ? errno : 0;
}


/* Descriptors that flows leave to others: control clients above all, by which
 * the operator finds out that the limit is too low, the hosts file, the CAs. */
#define FD_RESERVE 8


/* A new descriptor is the lowest that is free, so the free ones are above. They
 * are counted: a flow that came with a restart may have any number. */
static bool leaves_reserve(int fd)
{
	unsigned unused = 0;

	for (int n = getdtablesize() - 1; n > fd && unused < FD_RESERVE; n--) {
		if (fcntl(n, F_GETFD) < 0)
			++unused;
	}

	return unused == FD_RESERVE;
}


/* What both kinds have in common. */
static int open_socket(int *fdp, const struct sock_conf *conf, int type)
{
	const int af = sa_af(conf->peer);
	int fd, err;

	fd = socket(af, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return errno;

	if (!leaves_reserve(fd)) {
		(void)close(fd);
		return EMFILE;
	}

	err = bind_interface(fd, conf->interface);
	if (!err)
		err = set_dscp(fd, af, conf->dscp);

	if (err)
		(void)close(fd);
	else
		*fdp = fd;

	return err;
}


static bool has_source(const struct sock_conf *conf)
{
	return conf->source && sa_isset(conf->source, SA_ADDR);
}


int sock_stream(int *fdp, const struct sock_conf *conf)
{
	int fd, err;

	err = open_socket(&fd, conf, SOCK_STREAM);
	if (err)
		return err;

	err = set_int(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	if (!err)
		err = set_int(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	if (!err)
		err = set_int(fd, IPPROTO_TCP, TCP_USER_TIMEOUT,
			      SOCK_USER_TIMEOUT);

	if (!err && has_source(conf)) {
		/* the port is chosen by connect(), so that one source address
		 * has all its ports for each edge */
		(void)set_int(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
		err = bind_source(fd, conf->source);
	}

	if (err)
		(void)close(fd);
	else
		*fdp = fd;

	return err;
}


/* Asks the routing table by connecting a socket that sends nothing. */
static int route_source(struct sa *source, const struct sock_conf *conf)
{
	int fd, err;

	err = open_socket(&fd, conf, SOCK_DGRAM);
	if (err)
		return err;

	if (connect(fd, &conf->peer->u.sa, conf->peer->len))
		err = errno;
	else
		err = sock_local(source, fd);

	(void)close(fd);
	sa_set_port(source, 0);

	return err;
}


int sock_datagram(int *fdp, const struct sock_conf *conf)
{
	const int af = sa_af(conf->peer);
	struct sa source;
	int fd, err = 0;

	if (has_source(conf))
		source = *conf->source;
	else
		err = route_source(&source, conf);
	if (err)
		return err;

	err = open_socket(&fd, conf, SOCK_DGRAM);
	if (err)
		return err;

	err = af == AF_INET6 ? set_int(fd, IPPROTO_IPV6, IPV6_RECVERR, 1)
		: set_int(fd, IPPROTO_IP, IP_RECVERR, 1);
	if (!err)
		err = bind_source(fd, &source);

	if (err)
		(void)close(fd);
	else
		*fdp = fd;

	return err;
}


int sock_connect_result(int fd)
{
	struct sa peer;
	socklen_t len = sizeof(int);
	int err = 0;

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len))
		return errno;
	if (err)
		return err;

	peer.len = sizeof(peer.u);
	if (getpeername(fd, &peer.u.sa, &peer.len))
		return errno == ENOTCONN ? EINPROGRESS : errno;

	return 0;
}


static int get_int(int *valuep, int fd, int name)
{
	socklen_t len = sizeof(*valuep);

	return getsockopt(fd, SOL_SOCKET, name, valuep, &len) ? errno : 0;
}


static int set_flags(int fd)
{
	const int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC))
		return errno;

	return 0;
}


int sock_check(int fd, bool stream, const struct sa *peer)
{
	struct sa sa;
	int type, family, err;

	err = get_int(&type, fd, SO_TYPE);
	if (!err)
		err = get_int(&family, fd, SO_DOMAIN);
	if (err)
		return err;

	if (type != (stream ? SOCK_STREAM : SOCK_DGRAM) ||
	    family != sa_af(peer))
		return EINVAL;

	sa.len = sizeof(sa.u);
	if (getpeername(fd, &sa.u.sa, &sa.len)) {
		if (stream || errno != ENOTCONN)
			return errno;
	}
	else if (!stream || !sa_cmp(&sa, peer, SA_ALL)) {
		return EINVAL;   /* our own on UDP are not connected */
	}

	return set_flags(fd);
}


int sock_cookie(uint64_t *cookie, int fd)
{
	socklen_t len = sizeof(*cookie);

	return getsockopt(fd, SOL_SOCKET, SO_COOKIE, cookie, &len) ? errno : 0;
}


int sock_local(struct sa *local, int fd)
{
	local->len = sizeof(local->u);

	return getsockname(fd, &local->u.sa, &local->len) ? errno : 0;
}


int sock_send_to(int fd, const struct sa *dst, const uint8_t *buf, size_t len)
{
	int i, err = 0;

	/* An ICMP error of an earlier datagram is told once by any call, which
	 * then sends nothing. */
	for (i = 0; i < 2; i++) {
		if (sendto(fd, buf, len, MSG_NOSIGNAL, &dst->u.sa,
			   dst->len) >= 0)
			return 0;
		err = errno;
	}

	return sock_would_block(err) ? ENOBUFS : err;
}


/* The address of who reported it stands behind the error. */
static void read_reporter(struct sa *reporter, struct cmsghdr *cmsg)
{
	const uint8_t *p = CMSG_DATA(cmsg) + sizeof(struct sock_extended_err);
	const size_t left = cmsg->cmsg_len -
		CMSG_LEN(sizeof(struct sock_extended_err));
	const size_t len = cmsg->cmsg_level == IPPROTO_IP
		? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);

	if (left < len)
		return;

	memcpy(&reporter->u, p, len);
	reporter->len = (socklen_t)len;
}


/* What one control message says; 0: nothing about errors of the path. */
static int extended_error(struct cmsghdr *cmsg, struct sa *reporter)
{
	struct sock_extended_err ee;

	if (!(cmsg->cmsg_level == IPPROTO_IP &&
	      cmsg->cmsg_type == IP_RECVERR) &&
	    !(cmsg->cmsg_level == IPPROTO_IPV6 &&
	      cmsg->cmsg_type == IPV6_RECVERR))
		return 0;

	if (cmsg->cmsg_len < CMSG_LEN(sizeof(ee)))
		return 0;

	memcpy(&ee, CMSG_DATA(cmsg), sizeof(ee));
	read_reporter(reporter, cmsg);

	return (int)ee.ee_errno;
}


bool sock_next_error(int fd, struct sa *dst, int *errp)
{
	struct sa reporter;

	return sock_next_report(fd, dst, &reporter, errp);
}


bool sock_next_report(int fd, struct sa *dst, struct sa *reporter, int *errp)
{
	/* room for the error and the address of who reported it */
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(sizeof(struct sock_extended_err) +
				    sizeof(struct sockaddr_in6)) + 64];
	} control;
	char byte;
	struct iovec iov = {&byte, sizeof(byte)};
	struct msghdr msg = {
		.msg_name = &dst->u,
		.msg_namelen = sizeof(dst->u),
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg;

	if (recvmsg(fd, &msg, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
		return false;

	dst->len = msg.msg_namelen;
	sa_init(reporter, AF_UNSPEC);
	*errp = 0;

	for (cmsg = CMSG_FIRSTHDR(&msg); cmsg; cmsg = CMSG_NXTHDR(&msg, cmsg)) {
		if (!*errp)
			*errp = extended_error(cmsg, reporter);
	}

	return true;
}


bool sock_exhausted(int err)
{
	return err == EMFILE || err == ENFILE || err == ENOBUFS ||
	       err == ENOMEM;
}


bool sock_would_block(int err)
{
	return err == EAGAIN || err == EWOULDBLOCK || err == EINTR;
}
