/* A STUN Binding question (RFC 8489): "where do you see me?", over a datagram
 * socket of the owner's; and what RFC 5780 adds to it. */

#ifndef STUN_H
#define STUN_H

#include "compat.h"
#include "timer.h"


#define STUN_TRIES   4
#define STUN_TIMEOUT 4000        /* [ms] sent at 0, 500, 1500 and 3500; RFC 8489
				    §6.2.1 goes on to 39.5 s, a flow must not:
				    its replacement would come too late */
#define STUN_ANSWER_MAX 1500     /* [octets] an answer is one small datagram
				    (RFC 8489 §6.1) */

/* Sends one datagram. An error is one lost try, nothing more; the question must
 * not be touched from here. */
typedef int (stun_send_h)(const uint8_t *buf, size_t len, void *arg);

/* The end of the question, which may be started again or be gone with its owner
 * after it. `mapped` (0 only): where the server sees us; it may be of another
 * family than the socket, behind NAT64. `rtt_usec`: 0 if more than one try was
 * sent, as then nobody knows which one was answered (RFC 6298 §3). ETIMEDOUT;
 * EPROTO: an error response, or one that asks more of us than we know. */
typedef void (stun_answer_h)(int err, const struct sa *mapped,
			     uint64_t rtt_usec, void *arg);

/* Inside its owner; zero it first. */
struct stun_question {
	struct timer timer;
	uint64_t sent_usec;              /* the first try */
	stun_send_h *sendh;
	stun_answer_h *answerh;
	void *arg;
	uint8_t tid[STUN_TID_SIZE];
	uint8_t tries;                   /* 0: nothing is asked */
	uint8_t change;                  /* STUN_CHANGE_* */
};

/* RFC 5780 §7.2: where the answer is to come from. */
enum {
	STUN_CHANGE_PORT = 1 << 0,
	STUN_CHANGE_IP   = 1 << 1,
};


/* Sends the first try at once, under a new random transaction id. One that is
 * under way is forgotten. */
void stun_question_start(struct stun_question *q, stun_send_h *sendh,
			 stun_answer_h *answerh, void *arg);

/* The same with CHANGE-REQUEST, unless `change` is 0. Servers that do not know
 * that answer EPROTO, or as if it was not there. */
void stun_question_start_change(struct stun_question *q, unsigned change,
				stun_send_h *sendh, stun_answer_h *answerh,
				void *arg);

/* A datagram came, from mb->pos to mb->end (mb from mbuf_alloc(), left as it
 * was). True: it was the answer, and the handler was called. False: it is not,
 * or it tells no address that anybody could have (none, port 0, multicast...):
 * the question goes on. Where it came from is for the owner to judge; who has
 * not seen the question cannot answer it. */
bool stun_question_receive(struct stun_question *q, struct mbuf *mb);

bool stun_question_active(const struct stun_question *q);

/* The handler is not called. Safe on zeroes, and twice. */
void stun_question_cancel(struct stun_question *q);

/* Reads a whole Binding response to `tid`. 0: *mapped is the address; EPROTO:
 * as the handler has it; EBADMSG: not one, or of no use; ENOMEM. */
int stun_answer_read(struct sa *mapped, struct mbuf *mb, const uint8_t *tid);

/* The other address that a server says it has (RFC 5780 §7.4 OTHER-ADDRESS), of
 * a Binding response. False: none that a packet could be sent to. */
bool stun_other_read(struct sa *other, struct mbuf *mb);

/* A Binding indication (RFC 8489 §5): a packet that a server takes without a
 * word. NULL: no memory. */
struct mbuf *stun_indication_print(void);

/* Is it our own question, as somebody sent it back to us? */
bool stun_question_echoed(const struct stun_question *q,
			  const struct mbuf *mb);

#endif
