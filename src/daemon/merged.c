/* Merged requests: see merged.h. */

#include "fnv.h"
#include "merged.h"


#define TRANSACTION SECONDS(32)  /* Timers H and J, RFC 3261 §17.2 */


/* With its end, so that "ab" and "c" are not "a" and "bc". */
static uint64_t hash(uint64_t key, const struct pl *pl)
{
	return fnv(fnv(key, pl->p, pl->l), "", 1);
}


static bool may_fork(const struct sip_msg *msg)
{
	return !pl_isset(&msg->to.tag) && pl_strcmp(&msg->met, "ACK") &&
		pl_strcmp(&msg->met, "CANCEL");
}


static uint64_t request_key(const struct sip_msg *msg)
{
	uint64_t key = hash(FNV_BASIS, &msg->callid);

	key = hash(key, &msg->from.tag);
	key = hash(key, &msg->met);
	key = fnv(key, &msg->cseq.num, sizeof(msg->cseq.num));

	return key ? key : 1;
}


bool merged_seen(struct merged *m, const struct sip_msg *msg, msec_t now)
{
	const uint64_t transaction = hash(FNV_BASIS, &msg->via.branch);
	uint64_t request;
	unsigned i;

	if (!may_fork(msg))
		return false;

	request = request_key(msg);
	for (i = 0; i < MERGED_MAX; i++)
		if (m->seenv[i].request == request && m->seenv[i].until > now)
			return m->seenv[i].transaction != transaction;

	m->seenv[m->next].request = request;
	m->seenv[m->next].transaction = transaction;
	m->seenv[m->next].until = now + TRANSACTION;
	m->next = (m->next + 1) % MERGED_MAX;

	return false;
}
