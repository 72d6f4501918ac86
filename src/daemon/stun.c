/* A STUN Binding question (RFC 8489): libre's codec, our own times. */

#include <errno.h>
#include <string.h>
#include "loop.h"
#include "net.h"
#include "stun.h"


/* RFC 3489 §11.2; reserved since, but servers still send them, which is
 * no reason to doubt what else they say. */
#define ATTR_SOURCE_ADDRESS  0x0004
#define ATTR_CHANGED_ADDRESS 0x0005

#define COOKIE_POS   4           /* RFC 8489 §5 */
#define TID_POS      8
#define MAGIC_COOKIE 0x2112a442
#define CHANGE_SIZE  8           /* RFC 5780 §7.2: header and flags */

/* [ms] after each try. RFC 8489 §6.2.1: 500 ms at first, doubling; after the
 * last one as long as it takes at most, elsewhere than on Mars. */
static const uint16_t waitv[STUN_TRIES] = {500, 1000, 2000, 500};


#define TYPE_REQUEST 0x0001      /* RFC 8489 §5: Binding */


static bool is_for(const struct mbuf *mb, const uint8_t *tid)
{
	const uint8_t *p = mbuf_buf(mb);
	uint32_t cookie;

	if (mbuf_get_left(mb) < STUN_HEADER_SIZE)
		return false;

	memcpy(&cookie, p + COOKIE_POS, sizeof(cookie));

	return ntohl(cookie) == MAGIC_COOKIE &&
		!memcmp(p + TID_POS, tid, STUN_TID_SIZE);
}


/* Could a packet to there reach anybody? 0/8 (RFC 1122 §3.2.1.3) and what is
 * not unicast: 224/4 and 240/4 (RFC 1112 §4), ff00::/8 (RFC 4291 §2.7). */
static bool usable(const struct addr *a)
{
	if (!a->port || addr_scope(a) == ADDR_UNSPECIFIED)
		return false;

	switch ((enum addr_family)a->family) {
	case ADDR_IPV4:
		return a->ip[0] && a->ip[0] < 224;
	case ADDR_IPV6:
		return a->ip[0] != 0xff;
	case ADDR_NONE:
		break;
	}

	return false;
}


static int mapped_address(struct sa *mapped, const struct stun_msg *msg)
{
	const struct stun_attr *attr;
	struct addr a;

	/* routers rewrite what looks like an address: hence the XOR */
	attr = stun_msg_attr(msg, STUN_ATTR_XOR_MAPPED_ADDR);
	if (!attr)
		attr = stun_msg_attr(msg, STUN_ATTR_MAPPED_ADDR);
	if (!attr)
		return EBADMSG;

	addr_from_sa(&a, &attr->v.sa);
	if (!usable(&a))
		return EBADMSG;

	sa_from_addr(mapped, &a);

	return 0;
}


/* Attributes below 0x8000 that nobody here knows (RFC 8489 §6.3.3). */
static bool asks_more(const struct stun_unknown_attr *ua)
{
	for (uint32_t i = 0; i < ua->typec; i++) {
		if (ua->typev[i] != ATTR_SOURCE_ADDRESS &&
		    ua->typev[i] != ATTR_CHANGED_ADDRESS)
			return true;
	}

	return false;
}


static int read_response(struct sa *mapped, const struct stun_msg *msg,
			 const struct stun_unknown_attr *ua)
{
	if (stun_msg_method(msg) != STUN_METHOD_BINDING)
		return EBADMSG;

	if (stun_msg_attr(msg, STUN_ATTR_FINGERPRINT) &&
	    stun_msg_chk_fingerprint(msg))
		return EBADMSG;

	switch (stun_msg_class(msg)) {
	case STUN_CLASS_ERROR_RESP:
		return EPROTO;
	case STUN_CLASS_SUCCESS_RESP:
		return asks_more(ua) ? EPROTO : mapped_address(mapped, msg);
	default:
		return EBADMSG;
	}
}


int stun_answer_read(struct sa *mapped, struct mbuf *mb, const uint8_t *tid)
{
	struct stun_unknown_attr ua = {.typec = 0};
	struct stun_msg *msg = NULL;
	const size_t pos = mb->pos;
	int err;

	if (mbuf_get_left(mb) > STUN_ANSWER_MAX || !is_for(mb, tid))
		return EBADMSG;

	err = stun_msg_decode(&msg, mb, &ua);
	if (!err)
		err = read_response(mapped, msg, &ua);
	else if (err != ENOMEM)
		err = EBADMSG;

	mb->pos = pos;
	mem_deref(msg);

	return err;
}


static void done(struct stun_question *q, int err, const struct sa *mapped)
{
	const uint64_t rtt = q->tries == 1 ? loop_usec() - q->sent_usec : 0;

	stun_question_cancel(q);
	q->answerh(err, err ? NULL : mapped, err ? 0 : rtt, q->arg);
}


static int encode(struct mbuf *mb, const struct stun_question *q)
{
	const struct stun_change_req change = {
		.ip = q->change & STUN_CHANGE_IP,
		.port = q->change & STUN_CHANGE_PORT,
	};

	if (!q->change)
		return stun_msg_encode(mb, STUN_METHOD_BINDING,
				       STUN_CLASS_REQUEST, q->tid, NULL, NULL,
				       0, false, 0, 0);

	return stun_msg_encode(mb, STUN_METHOD_BINDING, STUN_CLASS_REQUEST,
			       q->tid, NULL, NULL, 0, false, 0, 1,
			       STUN_ATTR_CHANGE_REQ, &change);
}


/* Waits are counted from when it is sent, not from the start: after a suspend
 * the next try must have its chance too. */
static void send_try(struct stun_question *q)
{
	struct mbuf *mb = mbuf_alloc(STUN_HEADER_SIZE + CHANGE_SIZE);

	if (mb && !encode(mb, q))
		(void)q->sendh(mb->buf, mb->end, q->arg);

	mem_deref(mb);
	timer_start(&q->timer, loop_now() + waitv[q->tries++]);
}


static void timer_handler(void *arg)
{
	struct stun_question *q = arg;

	if (q->tries < STUN_TRIES)
		send_try(q);
	else
		done(q, ETIMEDOUT, NULL);
}


void stun_question_start(struct stun_question *q, stun_send_h *sendh,
			 stun_answer_h *answerh, void *arg)
{
	stun_question_start_change(q, 0, sendh, answerh, arg);
}


void stun_question_start_change(struct stun_question *q, unsigned change,
				stun_send_h *sendh, stun_answer_h *answerh,
				void *arg)
{
	stun_question_cancel(q);
	q->change = (uint8_t)change;
	timer_init(&q->timer, timer_handler, q);
	q->sendh = sendh;
	q->answerh = answerh;
	q->arg = arg;
	rand_bytes(q->tid, sizeof(q->tid));
	q->sent_usec = loop_usec();
	send_try(q);
}


bool stun_question_receive(struct stun_question *q, struct mbuf *mb)
{
	struct sa mapped;
	int err;

	if (!q->tries)
		return false;

	err = stun_answer_read(&mapped, mb, q->tid);
	if (err && err != EPROTO)
		return false;

	done(q, err, &mapped);

	return true;
}


bool stun_question_active(const struct stun_question *q)
{
	return q->tries > 0;
}


void stun_question_cancel(struct stun_question *q)
{
	timer_cancel(&q->timer);
	q->tries = 0;
}


bool stun_other_read(struct sa *other, struct mbuf *mb)
{
	const size_t pos = mb->pos;
	const struct stun_attr *attr = NULL;
	struct stun_unknown_attr ua;
	struct stun_msg *msg = NULL;
	struct addr a = {0};

	if (mbuf_get_left(mb) <= STUN_ANSWER_MAX &&
	    !stun_msg_decode(&msg, mb, &ua))
		attr = stun_msg_attr(msg, STUN_ATTR_OTHER_ADDR);
	if (attr)
		addr_from_sa(&a, &attr->v.sa);

	mb->pos = pos;
	mem_deref(msg);
	if (!usable(&a))
		return false;

	sa_from_addr(other, &a);

	return true;
}


struct mbuf *stun_indication_print(void)
{
	struct mbuf *mb = mbuf_alloc(STUN_HEADER_SIZE);
	uint8_t tid[STUN_TID_SIZE];

	rand_bytes(tid, sizeof(tid));
	if (mb && stun_msg_encode(mb, STUN_METHOD_BINDING,
				  STUN_CLASS_INDICATION, tid, NULL, NULL, 0,
				  false, 0, 0))
		mb = mem_deref(mb);

	return mb;
}


bool stun_question_echoed(const struct stun_question *q,
			  const struct mbuf *mb)
{
	uint16_t type;

	if (!q->tries || !is_for(mb, q->tid))
		return false;

	memcpy(&type, mbuf_buf(mb), sizeof(type));

	return ntohs(type) == TYPE_REQUEST;
}
