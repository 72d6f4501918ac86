/* Requests that arrive over a registration's flow: whose they are, what they
 * prove, and the answer. */

#include "inbound.h"
#include "reply.h"
#include "slot_parts.h"


enum {
	REPLY_ROOM = 1024,       /* bytes that an answer mostly needs */
};


/* The token tells our binding from whatever else ends at this address; some
 * registrars strip it, and then it cannot be asked for. */
static bool is_for_us(const struct slot *s, const struct sip_msg *msg)
{
	return !reg_of(s)->token || register_token_match(&s->id, msg);
}


/* Can it only have come by way of our binding? Anybody at the edge's address
 * can send us an ACK; and an OPTIONS may be the registrar's own keepalive, sent
 * to where it sees us and not to our Contact. */
static bool is_proof(const struct slot *s, const struct sip_msg *msg,
		     const struct sa *src)
{
	if (register_token_match(&s->id, msg))
		return true;

	return sa_cmp(src, link_peer(link_of(s)), SA_ALL) &&
		inbound_means_call(msg);
}


void slot_request_handler(const struct sip_msg *msg, const struct sa *src,
			  void *arg)
{
	struct attempt *t = arg;
	struct slot *s = t->slot;
	struct slot_owner *o = s->owner;
	struct inbound_answer answer;
	struct mbuf *mb = NULL;
	struct sa dst;
	bool proof;

	if (!is_for_us(s, msg)) {
		++o->dropped;
		return;
	}

	mem_ref(o->arg);
	proof = is_proof(s, msg, src);
	answer = inbound_answer(o->conf, msg);
	if (answer.code) {
		mb = mbuf_alloc(REPLY_ROOM);
		if (!mb || reply_print(mb, msg, src, answer.code,
				       answer.reason, answer.extra))
			goto out;

		mb->pos = 0;
		reply_address(&dst, msg, src);
		link_reply(t->link, &dst, mb);
	}

	account_on_inbound(o->account, s->i, answer.code, proof, loop_now());

 out:
	mem_deref(mb);
	mem_deref(o->arg);
}


bool slot_allowed_handler(const struct sa *src, void *arg)
{
	struct attempt *t = arg;
	struct slot *s = t->slot;
	size_t i;

	for (i = 0; i < s->addrc; i++)
		if (sa_cmp(src, &s->addrv[i].addr, SA_ADDR))
			return true;

	if (inbound_allowed(s->owner->conf, src))
		return true;

	++s->owner->dropped;

	return false;
}
