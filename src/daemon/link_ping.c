/* The keepalive of a flow, performed: CRLF, OPTIONS or STUN, and what their
 * answers say, as core/flow_ping.c decides. */

#include <string.h>
#include "link_parts.h"
#include "log.h"
#include "loop.h"
#include "via.h"


enum {
	OPTIONS_ROOM = 1024,     /* bytes that a keepalive mostly needs */
};

static const uint8_t ping[] = {'\r', '\n', '\r', '\n'};


void link_stop_asking(struct link *l)
{
	transaction_cancel(&l->options);
	stun_question_cancel(&l->stun);
}


static void send_crlf(struct link *l)
{
	int err;

	/* On UDP it takes the place of what nobody answers. */
	if (!l->flow.policy.stream)
		link_stop_asking(l);

	err = conn_send(l->conn, ping, sizeof(ping));
	if (err)
		link_fail(l, link_send_reason(err), strerror(err));
	else
		l->ping_usec = loop_usec();
}


/* The caller holds a reference. */
static void tell_mapped(struct link *l, enum witness w,
			const struct addr *mapped)
{
	if (l->conn && l->flow.state != FLOW_DRAINING && addr_isset(mapped))
		l->h.mappedh(w, mapped, l->arg);
}


/* Life first: whoever hears of a new mapping acts on a flow that lives. */
static void options_handler(const struct sip_msg *msg, uint64_t rtt_usec,
			    void *arg)
{
	struct link *l = mem_ref(arg);
	struct addr local, mapped;

	addr_from_sa(&local, conn_local(l->conn));
	mapped_read(&mapped, msg, &local);

	flow_set_rtt_usec(&l->flow, (uint32_t)rtt_usec);
	link_perform(l, flow_on_options_answer(&l->flow, loop_now()));
	tell_mapped(l, WITNESS_VIA, &mapped);
	mem_deref(l);
}


static void send_options(struct link *l)
{
	struct mbuf *mb = mbuf_alloc(OPTIONS_ROOM);
	int err = mb ? 0 : ENOMEM;

	link_stop_asking(l);
	transaction_branch(l->options.branch, sizeof(l->options.branch));

	if (!err)
		err = l->h.optionsh(mb, l->options.branch, l->arg);

	if (!err) {
		mb->pos = 0;
		err = link_request(l, &l->options, "OPTIONS", mb,
				   options_handler, l);
	}
	if (err)
		log_debug(l->who, "keepalive not sent: %s", strerror(err));

	mem_deref(mb);
}


static int stun_send_handler(const uint8_t *buf, size_t len, void *arg)
{
	struct link *l = arg;

	l->stun_err = conn_send(l->conn, buf, len);

	return l->stun_err;
}


static void stun_answer_handler(int err, const struct sa *mapped,
				uint64_t rtt_usec, void *arg)
{
	struct link *l = arg;
	struct addr addr;

	/* Silence is judged by the flow, which knows what it asked before. */
	if (err) {
		log_debug(l->who, "no answer by STUN: %s", strerror(err));
		return;
	}

	mem_ref(l);
	addr_from_sa(&addr, mapped);
	if (rtt_usec)
		flow_set_rtt_usec(&l->flow, (uint32_t)rtt_usec);
	link_perform(l, flow_on_stun_answer(&l->flow, loop_now()));
	tell_mapped(l, WITNESS_STUN, &addr);
	mem_deref(l);
}


static void send_stun(struct link *l)
{
	link_stop_asking(l);
	l->stun_err = 0;
	stun_question_start(&l->stun, stun_send_handler, stun_answer_handler,
			    l);

	/* as of the other pings: what cannot even leave is over */
	if (l->stun_err)
		link_fail(l, link_send_reason(l->stun_err),
			  strerror(l->stun_err));
}


void link_stun_handler(struct mbuf *mb, const struct sa *src, void *arg)
{
	struct link *l = arg;

	if (!sa_cmp(src, conn_peer(l->conn), SA_ALL))
		return;

	mem_ref(l);
	if (!stun_question_receive(&l->stun, mb))
		log_debug(l->who, "STUN that answers nothing dropped");
	mem_deref(l);
}


static void tell_suspect(struct link *l)
{
	const bool suspect = l->flow.state == FLOW_SUSPECT;

	if (suspect == l->suspect || l->flow.state == FLOW_DRAINING)
		return;

	l->suspect = suspect;
	l->h.suspecth(suspect, l->arg);
}


void link_perform(struct link *l, unsigned acts)
{
	mem_ref(l);

	if (acts & FLOW_SEND_CRLF && l->conn)
		send_crlf(l);

	if (acts & FLOW_SEND_OPTIONS && l->conn)
		send_options(l);

	if (acts & FLOW_SEND_STUN && l->conn)
		send_stun(l);

	/* One that is dead is no longer suspect, but not well either. */
	if (l->conn && !(acts & FLOW_CLOSE))
		tell_suspect(l);

	if (acts & FLOW_NOW_PROVEN && l->conn) {
		l->edge_proven = true;
		edge_point_on_proven(l->point, loop_now());
		l->h.provenh(l->arg);
	}

	if (acts & FLOW_VERIFY && l->conn)
		l->h.verifyh(l->arg);

	if (acts & FLOW_REPLACE && l->conn)
		l->h.replaceh(l->arg);

	if (acts & FLOW_CLOSE)
		link_fail(l, l->flow.reason, l->flow.reason == REASON_OK
			  ? "replaced" : "no answer in time");

	link_arm(l);
	mem_deref(l);
}
