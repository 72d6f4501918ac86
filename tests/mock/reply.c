/* The test registrar's answers: composing, delaying, repeating. */

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "mock.h"


#define FLAP_PORTS 1000          /* conf.seen_flaps goes through so many */

/* An answer, or a piece of one, that waits for its time. */
struct delayed {
	struct le le;
	struct timer timer;
	struct registrar *r;
	struct mock_conn *conn;
	struct mbuf *mb;
	bool close_after;
};

/* An answer as it may have to be given again. */
struct answered {
	struct le le;            /* registrar.answered */
	struct le he;            /* registrar.answers */
	char *branch;
	char *method;
	unsigned conn;
	msec_t at;               /* not before it was due */
	struct mbuf *mb;
};

static const struct {
	uint16_t code;
	const char *phrase;
} phrasev[] = {
	{200, "OK"},
	{302, "Moved Temporarily"},
	{400, "Bad Request"},
	{401, "Unauthorized"},
	{403, "Forbidden"},
	{404, "Not Found"},
	{405, "Method Not Allowed"},
	{407, "Proxy Authentication Required"},
	{408, "Request Timeout"},
	{420, "Bad Extension"},
	{423, "Interval Too Brief"},
	{439, "First Hop Lacks Outbound Support"},
	{480, "Temporarily Unavailable"},
	{500, "Server Internal Error"},
	{503, "Service Unavailable"},
	{600, "Busy Everywhere"},
	{603, "Decline"},
};


static const char *phrase_of(uint16_t code)
{
	for (size_t i = 0; i < sizeof(phrasev) / sizeof(phrasev[0]); i++) {
		if (phrasev[i].code == code)
			return phrasev[i].phrase;
	}

	return "Whatever";
}


/* What we say that we see of the peer. */
void mock_seen(struct sa *sa, const struct mock_conn *conn)
{
	struct registrar *r = conn->r;

	*sa = conn->peer;
	if (!sa_isset(&r->conf.seen, SA_ADDR))
		return;

	*sa = r->conf.seen;
	if (r->conf.seen_flaps)
		sa_set_port(sa, (uint16_t)(sa_port(sa) +
					   r->flap++ % FLAP_PORTS));
}


struct via_arg {
	struct mbuf *mb;
	struct mock_conn *conn;
	const char *separator;
	struct sa seen;
	bool rport;
	bool top;
	int err;
};


static bool is_param(const struct pl *param, const char *name)
{
	const size_t len = strlen(name);

	return param->l >= len && !strncasecmp(param->p, name, len) &&
	       (param->l == len || param->p[len] == '=');
}


/* One ";param" of the topmost Via. */
static void print_via_param(struct via_arg *va, const struct pl *param)
{
	const struct registrar_conf *conf = &va->conn->r->conf;

	if (conf->received && is_param(param, "received"))
		return;

	if (conf->received && is_param(param, "rport")) {
		va->rport = true;
		va->err |= mbuf_printf(va->mb, ";rport=%u",
				       sa_port(&va->seen));
	}
	else if (conf->keep && is_param(param, "keep")) {
		va->err |= mbuf_printf(va->mb, ";keep=%u", conf->keep);
	}
	else {
		va->err |= mbuf_printf(va->mb, ";%r", param);
	}
}


/* RFC 3581 §4: with rport always both, else received where it differs. */
static void print_top_via(struct via_arg *va, const struct sip_msg *msg,
			  const struct pl *val)
{
	struct pl rest = *val, param;
	const char *semi = pl_strchr(val, ';');
	const size_t head = semi ? (size_t)(semi - val->p) : val->l;

	va->err |= mbuf_write_mem(va->mb, (const uint8_t *)val->p, head);
	pl_advance(&rest, (ssize_t)head);

	while (rest.l) {
		pl_advance(&rest, 1);
		semi = pl_strchr(&rest, ';');
		param.p = rest.p;
		param.l = semi ? (size_t)(semi - rest.p) : rest.l;
		print_via_param(va, &param);
		pl_advance(&rest, (ssize_t)param.l);
	}

	if (va->conn->r->conf.received &&
	    (va->rport || !sa_cmp(&msg->via.addr, &va->seen, SA_ADDR)))
		va->err |= mbuf_printf(va->mb, ";received=%j", &va->seen);
}


static bool via_handler(const struct sip_hdr *hdr, const struct sip_msg *msg,
			void *arg)
{
	struct via_arg *va = arg;

	if (va->top) {
		va->top = false;
		print_top_via(va, msg, &hdr->val);
	}
	else {
		va->err |= mbuf_write_str(va->mb, va->separator);
		va->err |= mbuf_write_pl(va->mb, &hdr->val);
	}

	return false;
}


int mock_print_vias(struct mbuf *mb, struct mock_conn *conn,
		    const struct sip_msg *msg, const char *separator)
{
	struct via_arg va = {mb, conn, separator, .top = true};

	mock_seen(&va.seen, conn);
	(void)sip_msg_hdr_apply(msg, true, SIP_HDR_VIA, via_handler, &va);

	return va.err;
}


bool mock_supported(const struct sip_msg *msg, const char *option)
{
	return sip_msg_hdr_has_value(msg, SIP_HDR_SUPPORTED, option);
}


static void send_elsewhere(struct mock_conn *conn, const struct mbuf *mb)
{
	struct sa from = conn->lst->addr;
	int fd = socket(sa_af(&from), SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return;

	sa_set_port(&from, 0);
	if (!bind(fd, &from.u.sa, from.len))
		(void)sendto(fd, mb->buf, mb->end, 0, &conn->peer.u.sa,
			     conn->peer.len);
	(void)close(fd);
}


static void delayed_destructor(void *data)
{
	struct delayed *d = data;

	timer_cancel(&d->timer);
	list_unlink(&d->le);
	--d->r->delayedc;
	mem_deref(d->conn);
	mem_deref(d->mb);
}


static void delayed_handler(void *arg)
{
	struct delayed *d = arg;

	(void)mock_conn_send(d->conn, d->mb->buf, d->mb->end);
	if (d->close_after)
		mock_conn_finish(d->conn);

	mem_deref(d);
}


static int delay(struct mock_conn *conn, const uint8_t *p, size_t len,
		 msec_t at, bool close_after)
{
	struct registrar *r = conn->r;
	struct delayed *d;
	int err;

	if (r->delayedc >= MOCK_DELAYED_MAX)
		return EOVERFLOW;

	d = mem_zalloc(sizeof(*d), delayed_destructor);
	if (!d)
		return ENOMEM;

	++r->delayedc;
	d->r = r;
	d->conn = mem_ref(conn);
	d->close_after = close_after;
	timer_init(&d->timer, delayed_handler, d);
	list_append(&r->delayed, &d->le, d);

	d->mb = mbuf_alloc(len);
	err = d->mb ? mbuf_write_mem(d->mb, p, len) : ENOMEM;
	if (!err)
		timer_start(&d->timer, at);
	if (err)
		mem_deref(d);

	return err;
}


/* In pieces, each at its time; the first now, unless it shall be late. */
static int deliver(struct mock_conn *conn, const struct registrar_rule *conf,
		   const struct mbuf *mb)
{
	const size_t chunk = conf->chunk ? conf->chunk : mb->end;
	msec_t at = loop_now() + conf->delay;
	int err = 0;

	for (size_t pos = 0; pos < mb->end && !err; pos += chunk) {
		const size_t left = mb->end - pos;
		const size_t len = chunk < left ? chunk : left;

		err = delay(conn, mb->buf + pos, len, at,
			    conf->close_after && len == left);
		at += conf->pause;
	}

	return err;
}


static void answered_destructor(void *data)
{
	struct answered *a = data;

	list_unlink(&a->le);
	hash_unlink(&a->he);
	mem_deref(a->branch);
	mem_deref(a->method);
	mem_deref(a->mb);
}


static void remember(struct mock_conn *conn, const struct sip_msg *msg,
		     msec_t wait, struct mbuf *mb)
{
	struct registrar *r = conn->r;
	struct answered *a;

	if (conn->transport != TRANSPORT_UDP)
		return;

	if (r->answeredc >= MOCK_ANSWERED_MAX) {
		mem_deref(r->answered.head->data);
		--r->answeredc;
	}

	a = mem_zalloc(sizeof(*a), answered_destructor);
	if (!a)
		return;

	if (pl_strdup(&a->branch, &msg->via.branch) ||
	    pl_strdup(&a->method, &msg->cseq.met)) {
		mem_deref(a);
		return;
	}

	a->conn = conn->id;
	a->at = loop_now() + wait;
	a->mb = mem_ref(mb);
	list_append(&r->answered, &a->le, a);
	hash_append(r->answers, hash_joaat_str(a->branch), &a->he, a);
	++r->answeredc;
}


struct repeat_key {
	const struct mock_conn *conn;
	const struct sip_msg *msg;
};


/* RFC 3261 §17.2.3: branch, sent-by (here: the peer) and method. */
static bool is_answered(struct le *le, void *arg)
{
	const struct answered *a = le->data;
	const struct repeat_key *key = arg;

	return a->conn == key->conn->id &&
	       !pl_strcmp(&key->msg->via.branch, a->branch) &&
	       !pl_strcmp(&key->msg->cseq.met, a->method);
}


bool mock_repeat(struct mock_conn *conn, const struct sip_msg *msg)
{
	struct repeat_key key = {conn, msg};
	const struct answered *a;

	a = list_ledata(hash_lookup(conn->r->answers,
				    hash_joaat_pl(&msg->via.branch),
				    is_answered, &key));
	if (!a)
		return false;

	if (loop_now() >= a->at) {
		(void)mock_record(conn, false, msg, a->mb->buf, a->mb->end);
		(void)mock_conn_send(conn, a->mb->buf, a->mb->end);
	}

	return true;
}


void mock_replies_flush(struct registrar *r)
{
	list_flush(&r->delayed);
	list_flush(&r->answered);
	r->answeredc = 0;
}


int mock_reply_text(struct mock_conn *conn, const struct sip_msg *msg,
		    const struct mock_rule *rule, struct mbuf *mb)
{
	const struct registrar_rule *conf = rule ? &rule->conf : NULL;
	int err;

	if (!conn->r)
		return ENOTCONN;

	(void)mock_record(conn, false, msg, mb->buf, mb->end);

	if (conf && (conf->delay || conf->chunk))
		return deliver(conn, conf, mb);

	if (conf && conf->elsewhere && conn->transport == TRANSPORT_UDP) {
		send_elsewhere(conn, mb);
		return 0;
	}

	err = mock_conn_send(conn, mb->buf, mb->end);
	if (!err && conf && conf->close_after)
		mock_conn_finish(conn);

	return err;
}


static int compose(struct mbuf *mb, struct mock_conn *conn,
		   const struct sip_msg *msg, uint16_t code,
		   const char *phrase)
{
	int err;

	err = mbuf_printf(mb, "SIP/2.0 %u %s\r\nVia: ", code,
			  phrase ? phrase : phrase_of(code));
	err |= mock_print_vias(mb, conn, msg, "\r\nVia: ");
	err |= mbuf_printf(mb, "\r\nFrom: %r\r\nTo: %r", &msg->from.val,
			   &msg->to.val);
	if (!pl_isset(&msg->to.tag))
		err |= mbuf_printf(mb, ";tag=%016llx", rand_u64());
	err |= mbuf_printf(mb, "\r\nCall-ID: %r\r\nCSeq: %u %r\r\n",
			   &msg->callid, msg->cseq.num, &msg->cseq.met);

	return err;
}


int mock_reply(struct mock_conn *conn, const struct sip_msg *msg,
	       const struct mock_rule *rule, uint16_t code, const char *phrase,
	       const char *fmt, ...)
{
	struct mbuf *mb;
	va_list ap;
	int err;

	if (!conn->r)
		return ENOTCONN;

	mb = mbuf_alloc(1024);
	if (!mb)
		return ENOMEM;

	err = compose(mb, conn, msg, code, phrase);

	va_start(ap, fmt);
	err |= mbuf_vprintf(mb, fmt, ap);
	va_end(ap);

	err |= mbuf_write_str(mb, "Content-Length: 0\r\n\r\n");
	if (!err) {
		remember(conn, msg, rule ? rule->conf.delay : 0, mb);
		err = mock_reply_text(conn, msg, rule, mb);
	}
	mem_deref(mb);

	return err;
}
