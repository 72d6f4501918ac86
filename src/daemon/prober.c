/* One probe on its way, see prober.h. */

#include <string.h>
#include <openssl/crypto.h>
#include "loop.h"
#include "prober.h"
#include "sipmsg.h"


#define PROBE_ROOM 1024          /* bytes that one mostly needs */
#define SECRET_LEN (PROBER_SECRET_SIZE - 1)

struct prober {
	const struct register_identity *id;
	struct addr contact;
	char *proxy, *service_route;
	enum transport transport;
	struct link *link;               /* NULL: conn is used. Not owned, and
					    touched only when it has just told
					    us something */
	struct conn *conn;               /* a socket of its own, or NULL */
	struct list transactions;        /* of that socket */
	struct transaction transaction;
	struct timer timeout;            /* timer F */
	struct digest *digest;           /* the REGISTER's own nonce counts are
					    not to be disturbed; NULL: no
					    challenge yet */
	struct challenge challenge;
	uint32_t cseq;
	char secret[PROBER_SECRET_SIZE];
	bool told;
	prober_answer_h *h;
	void *arg;
};

static int send_request(struct prober *p);


static void destructor(void *data)
{
	struct prober *p = data;

	timer_cancel(&p->timeout);
	transaction_cancel(&p->transaction);
	mem_deref(p->conn);
	mem_deref(p->digest);
	mem_deref(p->proxy);
	mem_deref(p->service_route);
	OPENSSL_cleanse(p->secret, sizeof(p->secret));
}


/* Once. Nothing more is sent; the secret may still arrive. */
static void tell(struct prober *p, uint16_t code)
{
	if (p->told)
		return;

	p->told = true;
	timer_cancel(&p->timeout);
	transaction_cancel(&p->transaction);
	p->conn = mem_deref(p->conn);
	p->h(code, p->arg);
}


/* --- answers --- */

/* Can the challenge be answered? Only one is. */
static bool take_challenge(struct prober *p, const struct sip_msg *msg)
{
	const struct account_conf *conf = p->id->conf;

	if (!answer_is_challenge(msg->scode) || p->digest ||
	    digest_alloc(&p->digest))
		return false;

	challenge_init(&p->challenge, conf->policy.reg.min_digest);
	challenge_on_sent(&p->challenge, CHALLENGE_SENT_NONE);

	return digest_on_challenge(p->digest, &p->challenge, msg, conf->realm,
				   loop_now()) == CHALLENGE_ANSWER;
}


static void answer_handler(const struct sip_msg *msg, uint64_t rtt_usec,
			   void *arg)
{
	struct prober *p = arg;
	(void)rtt_usec;

	mem_ref(p);

	if (!take_challenge(p, msg))
		tell(p, msg->scode);
	else if (send_request(p))
		tell(p, 0);

	mem_deref(p);
}


static void timeout_handler(void *arg)
{
	tell(arg, 0);
}


/* --- sending --- */

static const struct sa *local_of(const struct prober *p)
{
	return p->link ? link_local(p->link) : conn_local(p->conn);
}


static int print_request(struct mbuf *mb, struct prober *p)
{
	struct register_request r = {
		.id = p->id,
		.branch = p->transaction.branch,
		.transport = p->transport,
		.contact = p->contact,
		.cseq = ++p->cseq,
		.digest = p->digest,
		.proxy = p->proxy,
	};
	const struct sa *local = local_of(p);

	if (!local)
		return ENOTCONN;

	addr_from_sa(&r.local, local);

	return register_probe_print(mb, &r, PROBER_HEADER, p->secret,
				    p->service_route);
}


static int send_request(struct prober *p)
{
	struct mbuf *mb = mbuf_alloc(PROBE_ROOM);
	int err;

	if (!mb)
		return ENOMEM;

	transaction_branch(p->transaction.branch,
			   sizeof(p->transaction.branch));
	err = print_request(mb, p);
	if (err)
		goto out;

	mb->pos = 0;
	timer_start(&p->timeout, loop_now() + TRANSACTION_F);
	if (p->link)
		err = link_request(p->link, &p->transaction, "OPTIONS", mb,
				   answer_handler, p);
	else
		err = transaction_start(&p->transaction, &p->transactions,
					p->conn, "OPTIONS", mb,
					answer_handler, p);

 out:
	mem_deref(mb);

	return err;
}


/* --- the socket of its own --- */

static void estab_handler(void *arg)
{
	struct prober *p = arg;

	if (send_request(p))
		tell(p, 0);
}


/* Answers of the edge; requests have no business here. */
static void recv_handler(struct mbuf *mb, const struct sa *src, void *arg)
{
	struct prober *p = arg;
	const bool known = sa_cmp(src, conn_peer(p->conn), SA_ADDR);
	struct sip_msg *msg = NULL;

	conn_trace_received(p->conn, mb, src, !known);
	if (!known || sip_msg_decode(&msg, mb))
		return;

	if (!msg->req && message_complete(msg))
		(void)transaction_receive(&p->transactions, msg);

	mem_deref(msg);
}


static void ignore_handler(void *arg)
{
	(void)arg;
}


static void close_handler(enum reason reason, const char *text, void *arg)
{
	(void)reason;
	(void)text;

	tell(arg, 0);
}


static int open_socket(struct prober *p, const struct conn_conf *flow)
{
	static const struct conn_handlers handlers = {
		.estabh = estab_handler,
		.recvh = recv_handler,
		.pongh = ignore_handler,
		.pingh = ignore_handler,
		.closeh = close_handler,
	};
	struct conn_conf conf = *flow;

	if (conf.transport != TRANSPORT_UDP)
		return EINVAL;

	/* The flow has that port. */
	if (sa_isset(&conf.source, SA_ADDR))
		sa_set_port(&conf.source, 0);

	return conn_open(&p->conn, &conf, &handlers, p);
}


/* --- for the owner --- */

static void make_secret(struct prober *p)
{
	uint8_t raw[SECRET_LEN / 2];

	rand_bytes(raw, sizeof(raw));
	(void)re_snprintf(p->secret, sizeof(p->secret), "%w", raw,
			  sizeof(raw));
}


int prober_send_open(struct prober **pp, const struct prober_conf *conf,
		     prober_answer_h *h, void *arg)
{
	struct prober *p = mem_zalloc(sizeof(*p), destructor);
	int err = 0;

	if (!p)
		return ENOMEM;

	p->id = conf->id;
	p->contact = conf->contact;
	p->transport = conf->conn->transport;
	p->link = conf->link;
	p->h = h;
	p->arg = arg;
	timer_init(&p->timeout, timeout_handler, p);
	make_secret(p);

	if (conf->proxy)
		err = str_dup(&p->proxy, conf->proxy);
	if (!err && conf->service_route)
		err = str_dup(&p->service_route, conf->service_route);
	if (!err)
		err = p->link ? send_request(p)
			      : open_socket(p, conf->conn);
	if (err)
		goto out;

	*pp = p;

 out:
	if (err)
		mem_deref(p);

	return err;
}


const char *prober_secret(const struct prober *p)
{
	return p ? p->secret : "";
}


/* In a time that does not tell how much of it was right. */
static bool secret_equal(const struct prober *p, const char *text)
{
	return !CRYPTO_memcmp(text, p->secret, SECRET_LEN);
}


/* A B2BUA may put something of its own around it. */
static bool secret_within(const struct prober *p, const struct pl *text)
{
	bool found = false;
	size_t i;

	for (i = 0; i + SECRET_LEN <= text->l; i++)
		found |= secret_equal(p, text->p + i);

	return found;
}


bool prober_is_mine(const struct prober *p, const struct sip_msg *msg)
{
	const struct sip_hdr *hdr;

	if (!p || !msg->req)
		return false;

	hdr = sip_msg_xhdr(msg, PROBER_HEADER);

	return (hdr && hdr->val.l == SECRET_LEN &&
		secret_equal(p, hdr->val.p)) ||
		secret_within(p, &msg->callid);
}
