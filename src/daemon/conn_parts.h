/* What the conn*.c files share; everybody else includes conn.h. */

#ifndef CONN_PARTS_H
#define CONN_PARTS_H

#include "conn.h"
#include "loop.h"
#include "timer.h"


enum conn_state {
	CONNECTING,
	HANDSHAKE,
	UP,
	CLOSED,
};

struct conn {
	struct io io;
	struct sa local;
	struct sa peer;
	uint8_t transport;               /* enum transport */
	uint8_t state;                   /* enum conn_state */
	bool heard;                      /* UDP: something came from the peer */
	bool anew;                       /* TLS: nothing is resumed */
	int watched;                     /* FD_READ, FD_WRITE; 0: nothing */
	int err;                         /* to be told from the loop; 0: none */
	struct tls_ctx *tls;
	char *host;                      /* until the handshake */
	struct stream stream;            /* TCP, TLS */
	struct frame frame;
	struct timer soon;               /* what must not happen in a call */
	const struct tap *tap;
	struct conn_handlers h;
	void *arg;
};


/* --- conn.c --- */

void conn_shut(struct conn *c);
int conn_watch(struct conn *c, int flags);       /* FD_READ, FD_WRITE */
void conn_io_handler(int flags, void *arg);      /* fd_h */
void conn_soon_handler(void *arg);               /* timer_h */


/* --- conn_trace.c --- */

void conn_trace_sent(const struct conn *c, const struct sa *dst,
		     const uint8_t *buf, size_t len);

#endif
