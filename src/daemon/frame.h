/* Cuts a stream into SIP messages, pings and pongs (RFC 3261 §7.5, §18.3;
 * RFC 5626 §4.4.1), and says what a datagram is. Knows of no socket: bytes go
 * in, whole things come out.
 *
 * Two CRLFs in a row between messages are a ping, one alone is a pong. TCP may
 * deliver a ping's halves apart, so a lone CRLF is a pong at once, without a
 * wait that would spoil the round trip time, and the next CRLF makes it a ping
 * after all if nothing stood between and it came within FRAME_PING_JOIN. A
 * split ping is thus told as a pong too. That costs little: the peer is alive
 * and, if anything, an answer CRLF too many is ignored by everybody. */

#ifndef FRAME_H
#define FRAME_H

#include "clock.h"
#include "compat.h"


#define FRAME_MESSAGE_MAX 65536  /* bytes, header and body */
#define FRAME_PING_JOIN   500    /* [ms] half of the shortest ping interval,
				    so that two pongs are never joined */

enum frame_result {
	FRAME_MORE,              /* nothing whole is left */
	FRAME_MESSAGE,
	FRAME_PONG,              /* CRLF */
	FRAME_PING,              /* CRLFCRLF */
	FRAME_ERROR,             /* f->error; the stream cannot be followed */
};

struct frame {
	struct mbuf *mb;         /* from pos: not told yet; NULL: nothing */
	size_t scanned;          /* bytes of the header looked at */
	size_t line;             /* where its last line starts */
	size_t total;            /* of this message; 0: header not whole */
	msec_t since;            /* first byte of what is not whole; NEVER */
	msec_t crlf_at;          /* the last lone CRLF; NEVER: none, or a
				    message came after it */
	const char *error;       /* in words, after FRAME_ERROR */
};


void frame_init(struct frame *f);        /* the caller's memory */
void frame_reset(struct frame *f);       /* frees what is left */

/* Appends what was read. ENOMEM. To be followed by frame_next() until it says
 * FRAME_MORE or FRAME_ERROR: that bounds what is kept to one message. */
int frame_add(struct frame *f, const uint8_t *buf, size_t len, msec_t now);

/* The next whole thing. *mbp is set after FRAME_MESSAGE only, to a buffer of
 * exactly the message, the caller's to mem_deref(). Content-Length is needed
 * (§18.3); several must agree. Linear in the bytes added, however they come
 * apart. `now` as in the frame_add() before. */
enum frame_result frame_next(struct frame *f, struct mbuf **mbp, msec_t now);

enum frame_datagram {
	FRAME_SIP,               /* or something else that looks like text */
	FRAME_STUN,              /* RFC 5764 §5.1.2, RFC 8489 §5 */
	FRAME_CRLF,              /* exactly that: a pong */
	FRAME_BLANK,             /* a keepalive without words: nothing, zeros,
				    CRLFCRLF; or binary that is no STUN */
};

enum frame_datagram frame_datagram(const uint8_t *p, size_t len);

#endif
