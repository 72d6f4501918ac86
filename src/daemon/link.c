/* One flow, performed: see link.h. */

#include <string.h>
#include "link.h"
#include "log.h"
#include "loop.h"
#include "net.h"
#include "sipmsg.h"
#include "timer.h"


enum {
	OPTIONS_ROOM = 1024,     /* bytes that a keepalive mostly needs */
};

static const uint8_t ping[] = {'\r', '\n', '\r', '\n'};

struct link {
	char *who;
	struct conn *conn;               /* NULL: over */
	struct edge_point *point;
	struct flow flow;
	struct timer timer;
	struct list transactions;
	struct transaction options;
	uint64_t ping_usec;              /* when the last CRLF ping left */
	bool edge_waits;                 /* for how the connect went */
	bool knock;
	bool edge_proven;                /* it counts this flow as proven */
	bool suspect;                    /* as the owner was told */
	struct link_handlers h;
	void *arg;
};

static void perform(struct link *l, unsigned acts);


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
	cancel_all(l);
	mem_deref(l->conn);
	settle_with_edge(l);
	mem_deref(l->point);
	mem_deref(l->who);
}


/* Once; the owner mostly drops its reference from the handler. */
static void fail(struct link *l, enum reason reason, const char *text)
{
	const bool stood = l->flow.up_at != NEVER;

	(void)flow_on_failed(&l->flow, reason);
	if (!l->conn)
		return;

	l->conn = mem_deref(l->conn);
	timer_cancel(&l->timer);
	cancel_all(l);
	settle_with_edge(l);

	if (stood)
		l->h.losth(l->flow.reason, text, l->arg);
	else
		l->h.failedh(l->flow.reason, text, l->arg);
}


/* --- what the core decides --- */

static void arm(struct link *l)
{
	if (!l->conn)
		return;

	flow_on_partial(&l->flow, conn_partial_since(l->conn));
	timer_start(&l->timer, flow_deadline(&l->flow));
}


static void send_crlf(struct link *l)
{
	int err;

	/* On UDP it takes the place of an OPTIONS that nobody answers. */
	if (conn_transport(l->conn) == TRANSPORT_UDP)
		transaction_cancel(&l->options);

	err = conn_send(l->conn, ping, sizeof(ping));
	if (err)
		fail(l, REASON_FLOW_LOST, strerror(err));
	else
		l->ping_usec = loop_usec();
}


static void options_handler(const struct sip_msg *msg, uint64_t rtt_usec,
			    void *arg)
{
	struct link *l = arg;
	(void)msg;

	flow_set_rtt_usec(&l->flow, (uint32_t)rtt_usec);
	perform(l, flow_on_options_answer(&l->flow, loop_now()));
}


static void send_options(struct link *l)
{
	struct mbuf *mb = mbuf_alloc(OPTIONS_ROOM);
	int err = mb ? 0 : ENOMEM;

	transaction_cancel(&l->options);
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


static void tell_suspect(struct link *l)
{
	const bool suspect = l->flow.state == FLOW_SUSPECT;

	if (suspect == l->suspect)
		return;

	l->suspect = suspect;
	l->h.suspecth(suspect, l->arg);
}


/* The caller holds a reference if a handler may drop the last one. */
static void perform(struct link *l, unsigned acts)
{
	mem_ref(l);

	if (acts & FLOW_SEND_CRLF && l->conn)
		send_crlf(l);

	if (acts & FLOW_SEND_OPTIONS && l->conn)
		send_options(l);

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

	if (acts & FLOW_CLOSE)
		fail(l, l->flow.reason, "no answer in time");

	arm(l);
	mem_deref(l);
}


static void timer_handler(void *arg)
{
	struct link *l = arg;

	perform(l, flow_on_timer(&l->flow, loop_now()));
}


/* --- what the connection tells --- */

static void estab_handler(void *arg)
{
	struct link *l = arg;
	const msec_t now = loop_now();

	mem_ref(l);
	l->edge_waits = false;
	edge_point_on_connected(l->point, now);
	perform(l, flow_on_connected(&l->flow, now));
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

	perform(l, flow_on_traffic(&l->flow, loop_now()));
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
	struct sip_msg *msg = NULL;

	if (!welcome(l, src))
		return;

	mem_ref(l);

	if (sip_msg_decode(&msg, mb))
		log_debug(l->who, "unreadable message dropped");
	else
		receive(l, msg, src);

	arm(l);
	mem_deref(msg);
	mem_deref(l);
}


static void pong_handler(void *arg)
{
	struct link *l = arg;

	if (l->flow.waiting && !l->flow.asked)
		flow_set_rtt_usec(&l->flow,
				  (uint32_t)(loop_usec() - l->ping_usec));

	perform(l, flow_on_pong(&l->flow, loop_now()));
}


static void ping_handler(void *arg)
{
	struct link *l = arg;

	perform(l, flow_on_traffic(&l->flow, loop_now()));
}


static void partial_handler(void *arg)
{
	arm(arg);
}


static void close_handler(enum reason reason, const char *text, void *arg)
{
	fail(arg, reason, text);
}


/* --- for the owner --- */

int link_open(struct link **lp, const struct link_conf *conf,
	      const struct link_handlers *h, void *arg)
{
	static const struct conn_handlers handlers = {
		.estabh = estab_handler,
		.recvh = recv_handler,
		.pongh = pong_handler,
		.pingh = ping_handler,
		.partialh = partial_handler,
		.closeh = close_handler,
	};
	struct link *l;
	int err;

	l = mem_zalloc(sizeof(*l), destructor);
	if (!l)
		return ENOMEM;

	l->who = mem_ref(conf->who);
	l->h = *h;
	l->arg = arg;
	l->point = mem_ref(conf->point);
	l->edge_waits = true;
	l->knock = conf->knock;
	timer_init(&l->timer, timer_handler, l);
	flow_init(&l->flow, &conf->flow, rand_u64(), loop_now());

	err = conn_open(&l->conn, &conf->conn, &handlers, l);
	if (err) {
		mem_deref(l);
		return err;
	}

	arm(l);
	*lp = l;

	return 0;
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
		fail(l, REASON_FLOW_LOST, strerror(err));

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
		fail(l, REASON_FLOW_LOST, strerror(err));
	else if (err)
		log_debug(l->who, "answer not sent: %s", strerror(err));
}


void link_on_registered(struct link *l, bool promised, uint32_t interval)
{
	const msec_t now = loop_now();
	unsigned acts = flow_on_registered(&l->flow, now);

	acts |= flow_on_promise(&l->flow, promised, interval, now);
	perform(l, acts);
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
