/* Requests that arrive over a registration's flow: whose they are, what they
 * prove, and the answer. */

#include "inbound.h"
#include "reply.h"
#include "slot_parts.h"


enum {
	REPLY_ROOM = 1024,       /* bytes that an answer mostly needs */
};


/* Until the elder is gone, what was sent to its Contact is for us too. */
static bool is_contact_of(struct slot *s, const struct sip_msg *msg)
{
	struct register_identity id = s->id;

	if (register_token_match(&id, msg))
		return true;

	if (!slot_elder(s))
		return false;

	str_ncpy(id.token_flow, s->elder_was.token, sizeof(id.token_flow));

	return register_token_match(&id, msg);
}


/* Any of the account's: which flow it comes over is the edges' choice (RFC 5626
 * §5.3). */
static bool token_match(const struct slot *s, const struct sip_msg *msg)
{
	const struct slot_owner *o = s->owner;
	unsigned i;

	for (i = 0; i < o->slotc; i++)
		if (is_contact_of(&o->slotv[i], msg))
			return true;

	return false;
}


/* The token tells our binding from whatever else ends at this address; some
 * registrars strip it, and then it cannot be asked for. */
static bool is_for_us(const struct slot *s, const struct sip_msg *msg)
{
	return !reg_of(s)->token || token_match(s, msg);
}


/* Can it only have come by way of our binding? Anybody at the edge's address
 * can send us an ACK; and an OPTIONS may be the registrar's own keepalive, sent
 * to where it sees us and not to our Contact. */
static bool is_proof(const struct attempt *t, const struct sip_msg *msg,
		     const struct sa *src)
{
	if (t != slot_present(t->slot))
		return false;

	if (token_match(t->slot, msg))
		return true;

	return sa_cmp(src, link_peer(t->link), SA_ALL) &&
		inbound_means_call(msg);
}


/* Whose probe is it, back by way of a binding of the account? NULL: none. */
static struct slot *prober_of(const struct attempt *t,
			      const struct sip_msg *msg)
{
	const struct slot_owner *o = t->slot->owner;
	unsigned i;

	if (t != slot_present(t->slot))
		return NULL;

	for (i = 0; i < o->slotc; i++)
		if (prober_is_mine(o->slotv[i].prober, msg))
			return &o->slotv[i];

	return NULL;
}


/* It proves the flow that it came over, and only that. */
static void on_probe(struct slot *s, struct slot *prober)
{
	struct account *a = s->owner->account;

	slot_perform(s, account_on_probe_arrived(a, s->i, loop_now()));
	if (prober != s)
		slot_perform(prober, account_on_probe_elsewhere(a, prober->i,
								loop_now()));
}


/* Was it here by another flow? Without memory for that it was not. */
static bool is_merged(struct slot_owner *o, const struct sip_msg *msg)
{
	if (o->slotc < 2)
		return false;

	if (!o->merged)
		o->merged = mem_zalloc(sizeof(*o->merged), NULL);

	return o->merged && merged_seen(o->merged, msg, loop_now());
}


static const struct inbound_answer merged_answer = {
	482, "Loop Detected", NULL,      /* RFC 3261 §8.2.2.2 */
};


void slot_request_handler(const struct sip_msg *msg, const struct sa *src,
			  void *arg)
{
	struct attempt *t = arg;
	struct slot *s = t->slot;
	struct slot_owner *o = s->owner;
	struct inbound_answer answer;
	struct slot *prober;
	struct mbuf *mb = NULL;
	struct sa dst;
	bool proof;

	if (!is_for_us(s, msg)) {
		++o->dropped;
		return;
	}

	mem_ref(o->arg);
	proof = is_proof(t, msg, src);
	prober = prober_of(t, msg);
	answer = is_merged(o, msg) ? merged_answer
				   : inbound_answer(o->conf, msg);
	if (answer.code) {
		mb = mbuf_alloc(REPLY_ROOM);
		if (!mb || reply_print(mb, msg, src, answer.code,
				       answer.reason, answer.extra))
			goto out;

		mb->pos = 0;
		reply_address(&dst, msg, src);
		link_reply(t->link, &dst, mb);
	}

	if (prober) {
		on_probe(s, prober);
	}
	else {
		tally_add(&o->tally, TALLY_INBOUND,
			  inbound_key(msg, answer.code));
		account_on_inbound(o->account, s->i, answer.code, proof,
				   loop_now());
	}

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
