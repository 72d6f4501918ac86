/* Opens non-blocking sockets with what the configuration of a flow asks of
 * them, and reads the errors that the kernel keeps for us. */

#ifndef SOCK_H
#define SOCK_H

#include "compat.h"


#define SOCK_USER_TIMEOUT 30000  /* [ms] TCP_USER_TIMEOUT: data that nobody
				    acknowledges; beyond the 10 s of RFC 5626
				    §4.4.1, so it is the second net */

struct sock_conf {
	const struct sa *peer;
	const struct sa *source;         /* to bind to; unset: any */
	const char *interface;           /* SO_BINDTODEVICE; "", NULL: any */
	uint8_t dscp;                    /* RFC 2474, 0..63 */
};

/* A TCP socket, bound if there is a source, not yet connected. errno values. */
int sock_stream(int *fdp, const struct sock_conf *conf);

/* An unconnected UDP socket, bound to the local address that the route to the
 * peer uses (or the source) and a free port; ICMP errors are queued on it.
 * ENETUNREACH: there is no route. */
int sock_datagram(int *fdp, const struct sock_conf *conf);

/* The outcome of a connect: 0; EINPROGRESS while there is none, as after a
 * stale event of the descriptor's former owner; else the error. */
int sock_connect_result(int fd);

/* Is it a socket of that kind and family, a stream's connected to `peer` and a
 * datagram's to nobody? Then it is made what ours are: non-blocking,
 * close-on-exec. EINVAL: no. */
int sock_check(int fd, bool stream, const struct sa *peer);

/* What tells it from any other socket since the boot, be it closed or passed on
 * (SO_COOKIE). */
int sock_cookie(uint64_t *cookie, int fd);

int sock_local(struct sa *local, int fd);

/* Sends one datagram. ENOBUFS: the kernel has no room now; EINVAL, ENETUNREACH,
 * EADDRNOTAVAIL: the local address or the route is gone. Errors that ICMP
 * reported of earlier datagrams are not told here. */
int sock_send_to(int fd, const struct sa *dst, const uint8_t *buf, size_t len);

/* Takes one error from the queue of a datagram socket: *errp is what an ICMP
 * message (or the kernel itself) says about datagrams to *dst, 0 if it is
 * neither. False: the queue is empty. */
bool sock_next_error(int fd, struct sa *dst, int *errp);

/* The same; `reporter`: whose ICMP message it is, unset: nobody's. */
bool sock_next_report(int fd, struct sa *dst, struct sa *reporter, int *errp);

/* Is it this machine that is out of descriptors or memory? Then nothing is
 * known about the peer. */
bool sock_exhausted(int err);

/* Is this just the kernel's "not now"? */
bool sock_would_block(int err);

#endif
