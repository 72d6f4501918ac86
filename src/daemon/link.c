/* One flow, performed: see link.h. */

#include <errno.h>
#include <string.h>
#include "link_parts.h"
#include "log.h"
#include "loop.h"
#include "net.h"
#include "sipmsg.h"


/* --- the end --- */

static void settle_with_edge(struct link *l)
{
	const msec_t now = loop_now();

	if (!l->point)
		return;

	if (l->edge_waits && flow_blames_edge(l->flow.reason))
		edge_point_on_failed(l->point, l->knock, l->flow.reason, now);
	else if (l->edge_waits && flow_found_edge(l->flow.reason))
		edge_point_on_connected(l->point, now);
	else if (l->edge_waits)
		edge_point_on_given_up(l->point, l->knock, now);

	if (l->edge_proven)
		edge_point_on_proven_lost(l->point, now);

	l->edge_waits = l->edge_proven = false;
}


/* Those in flight belong to others, but what they were sent over is gone. */
static void cancel_all(struct link *l)
{
	struct le *le;

	while ((le = list_head(&l->transactions)))
		transaction_cancel(le->data);
}


static void destructor(void *data)
{
	struct link *l = data;

	timer_cancel(&l->timer);
	link_stop_asking(l);
	cancel_all(l);
	mem_deref(l->conn);
	settle_with_edge(l);
	mem_deref(l->point);
	mem_deref(l->who);
}


/* ENOBUFS is a queue that is full: the peer does not read. */
enum reason link_send_reason(int err)
{
	return err == ENOMEM ? REASON_NO_RESOURCES : REASON_FLOW_LOST;
}


/* Once; the owner mostly drops its reference from the handler. */
void link_fail(struct link *l, enum reason reason, const char *text)
{
	const bool stood = l->flow.up_at != NEVER;

	(void)flow_on_failed(&l->flow, reason);
	if (!l->conn)
		return;

	l->conn = mem_deref(l->conn);
	timer_cancel(&l->timer);
	link_stop_asking(l);
	cancel_all(l);
	settle_with_edge(l);

	if (stood)
		l->h.losth(l->flow.reason, text, l->arg);
	else
		l->h.failedh(l->flow.reason, text, l->arg);
}


/* --- what the core decides --- */

void link_arm(struct link *l)
{
	if (!l->conn)
		return;

	flow_on_partial(&l->flow, conn_partial_since(l->conn));
	timer_start(&l->timer, flow_deadline(&l->flow));
}


static void timer_handler(void *arg)
{
	struct link *l = arg;

	link_perform(l, flow_on_timer(&l->flow, loop_now()));
}


/* --- what the connection tells --- */

static void estab_handler(void *arg)
{
	struct link *l = arg;
	const msec_t now = loop_now();

	mem_ref(l);
	l->edge_waits = false;
	edge_point_on_connected(l->point, now);
	link_perform(l, flow_on_connected(&l->flow, now));
	l->h.connectedh(l->arg);
	mem_deref(l);
}


static void receive(struct link *l, const struct sip_msg *msg,
		    const struct sa *src)
{
	if (!message_complete(msg)) {
		log_debug(l->who, "incomplete message dropped");
		return;
	}

	link_perform(l, flow_on_traffic(&l->flow, loop_now()));
	if (!l->conn)
		return;

	if (msg->req)
		l->h.requesth(msg, src, l->arg);
	else if (!transaction_receive(&l->transactions, msg))
		log_debug(l->who, "answer %u to nothing that is pending",
			  msg->scode);
}


/* UDP: strangers get silence. Streams come from whom we connected to. */
static bool welcome(const struct link *l, const struct sa *src)
{
	return conn_transport(l->conn) != TRANSPORT_UDP ||
		sa_cmp(src, conn_peer(l->conn), SA_ADDR) ||
		l->h.allowedh(src, l->arg);
}


static void recv_handler(struct mbuf *mb, const struct sa *src, void *arg)
{
	struct link *l = arg;
	const bool known = welcome(l, src);
	struct sip_msg *msg = NULL;
	int err;

	conn_trace_received(l->conn, mb, src, !known);
	if (!known)
		return;

	mem_ref(l);

	err = sip_msg_decode(&msg, mb);
	if (!err)
		receive(l, msg, src);
	else if (err == ENOMEM && conn_transport(l->conn) != TRANSPORT_UDP)
		/* on a stream nobody would send it again */
		link_fail(l, REASON_NO_RESOURCES, strerror(err));
	else
		log_debug(l->who, "unreadable message dropped");

	link_arm(l);
	mem_deref(msg);
	mem_deref(l);
}


static void pong_handler(void *arg)
{
	struct link *l = arg;

	if (l->flow.policy.stream && l->flow.waiting && !l->flow.asked)
		flow_set_rtt_usec(&l->flow,
				  (uint32_t)(loop_usec() - l->ping_usec));

	link_perform(l, flow_on_pong(&l->flow, loop_now()));
}


static void ping_handler(void *arg)
{
	struct link *l = arg;

	link_perform(l, flow_on_traffic(&l->flow, loop_now()));
}


static void partial_handler(void *arg)
{
	link_arm(arg);
}


static void close_handler(enum reason reason, const char *text, void *arg)
{
	link_fail(arg, reason, text);
}


/* --- for the owner --- */

static const struct conn_handlers handlers = {
	.estabh = estab_handler,
	.recvh = recv_handler,
	.stunh = link_stun_handler,
	.pongh = pong_handler,
	.pingh = ping_handler,
	.partialh = partial_handler,
	.closeh = close_handler,
};


static int link_alloc(struct link **lp, const struct link_conf *conf,
		      const struct link_handlers *h, void *arg)
{
	struct link *l;

	l = mem_zalloc(sizeof(*l), destructor);
	if (!l)
		return ENOMEM;

	l->who = mem_ref(conf->who);
	l->h = *h;
	l->arg = arg;
	l->point = mem_ref(conf->point);
	l->knock = conf->knock;
	timer_init(&l->timer, timer_handler, l);
	flow_init(&l->flow, &conf->flow, rand_u64(), loop_now());
	*lp = l;

	return 0;
}


int link_open(struct link **lp, const struct link_conf *conf,
	      const struct link_handlers *h, void *arg)
{
	struct link *l;
	int err;

	err = link_alloc(&l, conf, h, arg);
	if (err)
		return err;

	l->edge_waits = true;
	err = conn_open(&l->conn, &conf->conn, &handlers, l);
	if (err) {
		mem_deref(l);
		return err;
	}

	link_arm(l);
	*lp = l;

	return 0;
}


/* The edge is told of it as of any flow that came up. */
int link_take_over(struct link **lp, int fd, const struct handover_flow *was,
	       const struct link_conf *conf, const struct link_handlers *h,
	       void *arg)
{
	const msec_t now = loop_now();
	struct link *l;
	int err;

	err = link_alloc(&l, conf, h, arg);
	if (err)
		return err;

	err = conn_take_over(&l->conn, fd, &conf->conn, &handlers, l);
	if (err) {
		mem_deref(l);
		return err;
	}

	flow_take_over(&l->flow, was, now);
	edge_point_on_connected(l->point, now);
	if (was->proven) {
		l->edge_proven = true;
		edge_point_on_proven(l->point, now);
	}

	link_arm(l);
	*lp = l;

	return 0;
}


int link_hand_over(const struct link *l)
{
	return l->conn ? conn_hand_over(l->conn) : -1;
}


int link_request(struct link *l, struct transaction *t, const char *method,
		 struct mbuf *mb, transaction_h *h, void *arg)
{
	int err;

	if (!l->conn)
		return ENOTCONN;

	err = transaction_start(t, &l->transactions, l->conn, method, mb, h,
				arg);
	if (err)
		link_fail(l, link_send_reason(err), strerror(err));

	return err;
}


void link_reply(struct link *l, const struct sa *dst, struct mbuf *mb)
{
	int err;

	if (!l->conn)
		return;

	if (conn_transport(l->conn) == TRANSPORT_UDP)
		err = conn_send_to(l->conn, dst, mbuf_buf(mb),
				   mbuf_get_left(mb));
	else
		err = conn_send(l->conn, mbuf_buf(mb), mbuf_get_left(mb));

	/* A stream whose queue is full belongs to a peer that does not read. */
	if (err && conn_transport(l->conn) != TRANSPORT_UDP)
		link_fail(l, link_send_reason(err), strerror(err));
	else if (err)
		log_debug(l->who, "answer not sent: %s", strerror(err));
}


void link_on_registered(struct link *l, bool promised, uint32_t interval,
			bool stun_allowed)
{
	const msec_t now = loop_now();
	unsigned acts = flow_on_registered(&l->flow, now);

	acts |= flow_on_promise(&l->flow, promised, interval, now);
	acts |= flow_on_stun_allowed(&l->flow, stun_allowed, now);

	/* RFC 5626 §8: not one more where it is not allowed any more */
	if (l->flow.asking != KEEPALIVE_STUN)
		stun_question_cancel(&l->stun);

	link_perform(l, acts);
}


void link_set_learned(struct link *l, msec_t interval)
{
	flow_set_learned(&l->flow, interval, loop_now());
	link_arm(l);
}


void link_verify(struct link *l)
{
	link_perform(l, flow_verify(&l->flow, loop_now()));
}


void link_drain(struct link *l)
{
	const msec_t now = loop_now();

	/* Others must not think that the edge is up because of it. */
	if (l->edge_proven)
		edge_point_on_proven_lost(l->point, now);
	l->edge_proven = false;

	link_stop_asking(l);
	link_perform(l, flow_drain(&l->flow, now));
}


const struct flow *link_flow(const struct link *l)
{
	return &l->flow;
}


const struct sa *link_local(const struct link *l)
{
	return l->conn ? conn_local(l->conn) : NULL;
}


const struct sa *link_peer(const struct link *l)
{
	return l->conn ? conn_peer(l->conn) : NULL;
}


bool link_tls_info(const struct link *l, struct tls_info *info)
{
	return l->conn && conn_tls_info(l->conn, info);
}
