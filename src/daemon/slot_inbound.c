/* Requests that arrive over a registration's flow: whose they are, what they
 * prove, and the answer. */

#include "inbound.h"
#include "reply.h"
#include "slot_parts.h"


enum {
	REPLY_ROOM = 1024,       /* bytes that an answer mostly needs */
};


/* Until the elder is gone, what was sent to its Contact is for us too. */
static bool token_match(const struct attempt *t, const struct sip_msg *msg)
{
	struct slot *s = t->slot;
	struct register_identity id = s->id;

	if (t == slot_elder(s))
		str_ncpy(id.token_flow, s->elder_was.token,
			 sizeof(id.token_flow));

	return register_token_match(&id, msg);
}


/* The token tells our binding from whatever else ends at this address; some
 * registrars strip it, and then it cannot be asked for. */
static bool is_for_us(const struct attempt *t, const struct sip_msg *msg)
{
	return !reg_of(t->slot)->token || token_match(t, msg);
}


/* Can it only have come by way of our binding? Anybody at the edge's address
 * can send us an ACK; and an OPTIONS may be the registrar's own keepalive, sent
 * to where it sees us and not to our Contact. */
static bool is_proof(const struct attempt *t, const struct sip_msg *msg,
		     const struct sa *src)
{
	if (t != slot_present(t->slot))
		return false;

	if (token_match(t, msg))
		return true;

	return sa_cmp(src, link_peer(t->link), SA_ALL) &&
		inbound_means_call(msg);
}


/* Our own probe, back by way of the binding. */
static bool is_probe(const struct attempt *t, const struct sip_msg *msg)
{
	return t == slot_present(t->slot) &&
		prober_is_mine(t->slot->prober, msg);
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
	bool proof, probe;

	if (!is_for_us(t, msg)) {
		++o->dropped;
		return;
	}

	mem_ref(o->arg);
	proof = is_proof(t, msg, src);
	probe = is_probe(t, msg);
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

	if (probe)
		slot_perform(s, account_on_probe_arrived(o->account, s->i,
							 loop_now()));
	else
		account_on_inbound(o->account, s->i, answer.code, proof,
				   loop_now());

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
