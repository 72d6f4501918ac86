/* Requests to bindings: the test registrar's own, and those it relays. */

#include <errno.h>
#include <string.h>
#include "mock.h"


#define RETRANSMIT_FIRST 500     /* [ms] T1, RFC 3261 §17.1.2.1 */
#define RETRANSMIT_MAX   4000    /* [ms] T2 */
#define MAX_FORWARDS     70
#define BRANCH_SIZE      32

/* A request without a final answer yet. */
struct call {
	struct le he;            /* registrar.calls */
	struct timer timer;      /* retransmission or timeout */
	struct registrar *r;
	struct mock_conn *conn;  /* where it went */
	struct mbuf *mb;
	char branch[BRANCH_SIZE];
	char *method;
	char *uri;               /* of the Contact */
	msec_t deadline;
	msec_t interval;
	registrar_answer_h *h;   /* NULL: relayed for `origin` */
	void *arg;
	struct mock_conn *origin;
	struct sip_msg *request;
};


static void call_destructor(void *data)
{
	struct call *call = data;

	timer_cancel(&call->timer);
	hash_unlink(&call->he);
	--call->r->callc;
	mem_deref(call->conn);
	mem_deref(call->mb);
	mem_deref(call->method);
	mem_deref(call->uri);
	mem_deref(call->origin);
	mem_deref(call->request);
}


static void call_timeout(struct call *call)
{
	registrar_answer_h *h = call->h;
	void *arg = call->arg;

	if (call->origin)
		(void)mock_reply(call->origin, call->request, NULL, 408, NULL,
				 "");
	mem_deref(call);

	if (h)
		h(ETIMEDOUT, 0, NULL, arg);
}


static int call_send(struct call *call)
{
	(void)mock_record(call->conn, false, NULL, call->mb->buf,
			  call->mb->end);

	return mock_conn_send(call->conn, call->mb->buf, call->mb->end);
}


static void call_handler(void *arg)
{
	struct call *call = arg;
	const msec_t now = loop_now();

	if (now >= call->deadline) {
		call_timeout(call);
		return;
	}

	if (call->conn->transport == TRANSPORT_UDP) {
		(void)call_send(call);
		call->interval = clock_min(2 * call->interval, RETRANSMIT_MAX);
	}

	timer_start(&call->timer, clock_min(call->deadline,
					    now + call->interval));
}


/* The connection whose far end is where the Contact says (conf.strict). */
static struct mock_conn *conn_to_contact(const struct registrar *r,
					 const struct mock_binding *b)
{
	struct uri uri;
	struct sa sa;
	struct pl pl;
	struct le *le;

	pl_set_str(&pl, b->uri);
	if (uri_decode(&uri, &pl) || sa_set(&sa, &uri.host, uri.port))
		return NULL;

	if (!uri.port)
		sa_set_port(&sa, transport_port(b->conn->transport));

	LIST_FOREACH(&r->conns, le) {
		struct mock_conn *conn = le->data;

		if (conn->transport == b->conn->transport &&
		    sa_cmp(&conn->peer, &sa, SA_ALL))
			return conn;
	}

	return NULL;
}


static int flow_of(struct mock_conn **connp, const struct registrar *r,
		   const struct mock_binding *b)
{
	*connp = r->conf.strict ? conn_to_contact(r, b) : b->conn;

	return *connp && (*connp)->r ? 0 : ENOTCONN;
}


static int call_alloc(struct call **callp, struct registrar *r,
		      const struct mock_account *acc, const struct pl *method)
{
	const struct mock_binding *b = list_ledata(acc->bindings.tail);
	struct mock_conn *conn;
	struct call *call;
	int err;

	if (!b)
		return ENOENT;

	err = flow_of(&conn, r, b);
	if (err)
		return err;

	if (r->callc >= MOCK_CALLS_MAX)
		return EOVERFLOW;

	call = mem_zalloc(sizeof(*call), call_destructor);
	if (!call)
		return ENOMEM;

	++r->callc;
	call->r = r;
	call->conn = mem_ref(conn);
	call->interval = RETRANSMIT_FIRST;
	call->deadline = loop_now() + r->conf.request_timeout;
	timer_init(&call->timer, call_handler, call);
	(void)re_snprintf(call->branch, sizeof(call->branch), "z9hG4bK%016llx",
			  rand_u64());

	call->mb = mbuf_alloc(1024);
	err = call->mb ? 0 : ENOMEM;
	err |= str_dup(&call->uri, b->uri);
	err |= pl_strdup(&call->method, method);
	if (err) {
		mem_deref(call);
		return err;
	}

	*callp = call;

	return 0;
}


/* Sends it and waits; takes the call over. */
static int call_start(struct call *call)
{
	int err;

	hash_append(call->r->calls, hash_joaat_str(call->branch), &call->he,
		    call);

	err = call_send(call);
	if (!err)
		timer_start(&call->timer,
			    clock_min(call->deadline,
				      loop_now() + call->interval));
	if (err)
		mem_deref(call);

	return err;
}


static int print_via(struct mbuf *mb, const struct call *call,
		     const char *branch)
{
	static const char *const namev[] = {
		[TRANSPORT_UDP] = "UDP",
		[TRANSPORT_TCP] = "TCP",
		[TRANSPORT_TLS] = "TLS",
	};

	return mbuf_printf(mb, "Via: SIP/2.0/%s %J;branch=%s;rport\r\n",
			   namev[call->conn->transport],
			   &call->conn->lst->addr, branch);
}


static int print_request(const struct call *call, const char *user,
			 const char *headers)
{
	const struct registrar_conf *conf = &call->r->conf;
	const struct sa *addr = &call->conn->lst->addr;
	const char *domain = conf->domain ? conf->domain : "registrar";
	struct mbuf *mb = call->mb;
	int err;

	err = mbuf_printf(mb, "%s %s SIP/2.0\r\n", call->method, call->uri);
	err |= print_via(mb, call, call->branch);
	err |= mbuf_printf(mb, "Max-Forwards: %u\r\n"
			   "From: <sip:caller@%s>;tag=%016llx\r\n"
			   "To: <sip:%s@%s>\r\n"
			   "Call-ID: %016llx\r\n"
			   "CSeq: 1 %s\r\n"
			   "Contact: <sip:caller@%J;transport=%s>\r\n"
			   "%sContent-Length: 0\r\n\r\n",
			   MAX_FORWARDS, domain, rand_u64(), user, domain,
			   rand_u64(), call->method, addr,
			   transport_name(call->conn->transport),
			   headers ? headers : "");

	return err;
}


int registrar_request(struct registrar *r, const char *user,
		      const char *method, const char *headers,
		      registrar_answer_h *h, void *arg)
{
	struct mock_account *acc;
	struct call *call;
	struct pl pl, met;
	int err;

	if (!r || !user || !method || !h)
		return EINVAL;

	pl_set_str(&pl, user);
	pl_set_str(&met, method);
	acc = mock_account_find(r, &pl);
	if (!acc)
		return ENOENT;

	mock_bindings_expire(acc);
	err = call_alloc(&call, r, acc, &met);
	if (err)
		return err;

	call->h = h;
	call->arg = arg;

	err = print_request(call, user, headers);
	if (err) {
		mem_deref(call);
		return err;
	}

	return call_start(call);
}


static bool maxfwd_spent(const struct sip_msg *msg, uint32_t *left)
{
	*left = MAX_FORWARDS;
	if (pl_isset(&msg->maxfwd) && !number_parse(left, &msg->maxfwd))
		return true;

	return !*left;
}


/* The request as it came, but for what a proxy changes. Route is ours. */
static int print_relayed(const struct call *call, struct mock_conn *conn,
			 const struct sip_msg *msg, uint32_t maxfwd)
{
	struct mbuf *mb = call->mb;
	struct le *le;
	int err;

	err = mbuf_printf(mb, "%r %s SIP/2.0\r\n", &msg->met, call->uri);
	err |= print_via(mb, call, call->branch);
	err |= mbuf_write_str(mb, "Via: ");
	err |= mock_print_vias(mb, conn, msg, "\r\nVia: ");
	err |= mbuf_printf(mb, "\r\nMax-Forwards: %u\r\n", maxfwd - 1);

	LIST_FOREACH(&msg->hdrl, le) {
		const struct sip_hdr *hdr = le->data;

		if (hdr->id == SIP_HDR_VIA || hdr->id == SIP_HDR_ROUTE ||
		    hdr->id == SIP_HDR_MAX_FORWARDS)
			continue;

		err |= mbuf_printf(mb, "%r: %r\r\n", &hdr->name, &hdr->val);
	}

	err |= mbuf_write_str(mb, "\r\n");
	err |= mbuf_write_mem(mb, mbuf_buf(msg->mb), mbuf_get_left(msg->mb));

	return err;
}


int mock_relay(struct mock_conn *conn, struct mock_account *acc,
	       const struct sip_msg *msg)
{
	struct call *call;
	uint32_t maxfwd;
	int err;

	/* would need CANCEL and ACK to be relayed as well */
	if (!pl_strcmp(&msg->met, "INVITE"))
		return ENOTSUP;

	if (maxfwd_spent(msg, &maxfwd))
		return ELOOP;

	mock_bindings_expire(acc);
	err = call_alloc(&call, conn->r, acc, &msg->met);
	if (err)
		return err;

	call->origin = mem_ref(conn);
	call->request = mem_ref((void *)(uintptr_t)msg);

	err = print_relayed(call, conn, msg, maxfwd);
	if (err) {
		mem_deref(call);
		return err;
	}

	return call_start(call);
}


struct vias {
	struct mbuf *mb;
	unsigned n;
	int err;
};


/* All but the topmost, which is ours. */
static bool rest_handler(const struct sip_hdr *hdr, const struct sip_msg *msg,
			 void *arg)
{
	struct vias *v = arg;

	(void)msg;

	if (v->n++)
		v->err |= mbuf_printf(v->mb, "Via: %r\r\n", &hdr->val);

	return false;
}


static void relay_back(struct mock_conn *origin, const struct sip_msg *msg)
{
	struct vias v = {mbuf_alloc(1024), 0, 0};
	struct le *le;

	if (!v.mb)
		return;

	v.err = mbuf_printf(v.mb, "SIP/2.0 %u %r\r\n", msg->scode,
			    &msg->reason);
	(void)sip_msg_hdr_apply(msg, true, SIP_HDR_VIA, rest_handler, &v);

	LIST_FOREACH(&msg->hdrl, le) {
		const struct sip_hdr *hdr = le->data;

		if (hdr->id != SIP_HDR_VIA)
			v.err |= mbuf_printf(v.mb, "%r: %r\r\n", &hdr->name,
					     &hdr->val);
	}

	v.err |= mbuf_write_str(v.mb, "\r\n");
	v.err |= mbuf_write_mem(v.mb, mbuf_buf(msg->mb),
				mbuf_get_left(msg->mb));
	if (!v.err)
		(void)mock_reply_text(origin, msg, NULL, v.mb);

	mem_deref(v.mb);
}


/* RFC 3261 §17.1.1.3: a refused INVITE is ACKed in its own transaction, an
 * accepted one in another (§13.2.2.4). */
static void ack(const struct call *call, const struct sip_msg *msg)
{
	char branch[BRANCH_SIZE];
	struct mbuf *mb = mbuf_alloc(512);
	int err;

	if (!mb)
		return;

	(void)re_snprintf(branch, sizeof(branch), "z9hG4bK%016llx", rand_u64());

	err = mbuf_printf(mb, "ACK %s SIP/2.0\r\n", call->uri);
	err |= print_via(mb, call, msg->scode < 300 ? branch : call->branch);
	err |= mbuf_printf(mb, "Max-Forwards: %u\r\nFrom: %r\r\nTo: %r\r\n"
			   "Call-ID: %r\r\nCSeq: %u ACK\r\n"
			   "Content-Length: 0\r\n\r\n",
			   MAX_FORWARDS, &msg->from.val, &msg->to.val,
			   &msg->callid, msg->cseq.num);
	if (!err) {
		(void)mock_record(call->conn, false, NULL, mb->buf, mb->end);
		(void)mock_conn_send(call->conn, mb->buf, mb->end);
	}

	mem_deref(mb);
}


static bool is_call(struct le *le, void *arg)
{
	const struct call *call = le->data;
	const struct sip_msg *msg = arg;

	return !pl_strcmp(&msg->via.branch, call->branch) &&
	       !pl_strcmp(&msg->cseq.met, call->method);
}


/* False: an answer to nothing that we have sent. */
bool mock_on_response(struct mock_conn *conn, const struct sip_msg *msg)
{
	struct call *call;
	registrar_answer_h *h;
	void *arg;

	call = list_ledata(hash_lookup(conn->r->calls,
				       hash_joaat_pl(&msg->via.branch),
				       is_call, (void *)(uintptr_t)msg));
	if (!call)
		return false;

	if (msg->scode < 200) {
		/* rings: no more retransmissions, a while longer */
		call->interval = conn->r->conf.request_timeout;
		return true;
	}

	if (call->origin)
		relay_back(call->origin, msg);
	else if (!strcmp(call->method, "INVITE"))
		ack(call, msg);

	h = call->h;
	arg = call->arg;
	mem_deref(call);

	if (h)
		h(0, msg->scode, msg, arg);

	return true;
}


static bool flush_handler(struct le *le, void *arg)
{
	(void)arg;
	mem_deref(le->data);

	return false;
}


void mock_calls_flush(struct registrar *r)
{
	(void)hash_apply(r->calls, flush_handler, NULL);
}
