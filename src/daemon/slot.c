/* One registration and its link, performed: see slot.h. */

#include <string.h>
#include "inbound.h"
#include "log.h"
#include "loop.h"
#include "net.h"
#include "reply.h"
#include "slot.h"


enum {
	REGISTER_ROOM = 1400,    /* bytes that a REGISTER mostly needs */
	REPLY_ROOM = 1024,
	UDP_MAX = 1300,          /* bytes, RFC 3261 §18.1.1 */
};

static const struct link_handlers link_handlers;


static struct reg *reg_of(const struct slot *s)
{
	return &s->owner->account->regv[s->i].reg;
}


static void drop_link(struct slot *s)
{
	transaction_cancel(&s->transaction);
	s->link = mem_deref(s->link);
}


static void note(struct slot *s, const char *text)
{
	str_ncpy(s->detail, text, sizeof(s->detail));
}


/* --- the way to a flow --- */

/* Whose edge is down or held: tried last. *reasonp says why the last one is;
 * untouched if none is. */
static uint32_t down_mask(const struct slot *s, enum reason *reasonp)
{
	uint32_t mask = 0;
	size_t i;

	for (i = 0; i < s->addrc; i++)
		if (edges_avoid(s->owner->env->edges, s->transport,
				&s->addrv[i], reasonp, loop_now()))
			mask |= UINT32_C(1) << i;

	return mask;
}


static void resolve_failed(struct slot *s, const char *text)
{
	note(s, text);
	slot_perform(s, account_on_resolve_failed(s->owner->account, s->i,
					     loop_now()));
}


static void resolve_handler(int err, const char *text, const struct sa *addrv,
			    size_t addrc, void *arg)
{
	struct slot *s = arg;
	enum reason reason = REASON_CONNECTING;
	uint32_t down;

	s->query = mem_deref(s->query);
	s->addrv = mem_deref(s->addrv);
	s->addrc = 0;

	if (!err) {
		s->addrv = mem_zalloc(addrc * sizeof(*addrv), NULL);
		if (!s->addrv)
			err = ENOMEM;
	}
	if (err) {
		resolve_failed(s, text ? text : strerror(err));
		return;
	}

	memcpy(s->addrv, addrv, addrc * sizeof(*addrv));
	s->addrc = addrc;
	down = down_mask(s, &reason);
	slot_perform(s, account_on_resolved(s->owner->account, s->i,
					    (unsigned)addrc, down, reason,
					    loop_now()));
}


static void resolve_start(struct slot *s)
{
	const struct account_conf *conf = s->owner->conf;
	const uint16_t port = s->port ? s->port : transport_port(s->transport);
	int err;

	s->query = mem_deref(s->query);
	err = resolve_query(&s->query, s->owner->env->resolve, s->host,
			    port, conf->family, resolve_handler, s);
	if (err)
		resolve_failed(s, strerror(err));
}


static void connect_failed(struct slot *s, enum reason reason,
			   const char *text)
{
	struct slot_owner *o = s->owner;
	enum reason why;

	note(s, text);
	slot_perform(s, account_on_connect_failed(o->account, s->i, reason,
						  down_mask(s, &why),
						  loop_now()));
}


/* It had its turn and did not even begin. Was it the knock, then somebody else
 * has to. */
static void not_opened(struct slot *s, enum reason reason, const char *text)
{
	edge_point_on_given_up(s->point, s->connect.knock, loop_now());
	connect_failed(s, reason, text);
}


/* In the queue of the address that the core chose. */
static void connect_ask(struct slot *s)
{
	struct slot_owner *o = s->owner;
	const struct reg *r = reg_of(s);
	struct edge_point *point;
	int err;

	err = edges_get(&point, o->env->edges, s->transport,
			&s->addrv[r->target.index]);
	if (err) {
		connect_failed(s, REASON_CONNECT_REFUSED, strerror(err));
		return;
	}

	edge_turn_ask(&s->connect, point, reg_class(r, loop_now()),
		      loop_now());
	mem_deref(s->point);
	s->point = point;
}


/* Anew for each flow: a renewed certificate counts from the next one on. */
static int tls_ready(struct slot *s, char *text, size_t size)
{
	struct tls_ctx *tls;
	int err;

	if (s->transport != TRANSPORT_TLS)
		return 0;

	err = tls_ctx_get(&tls, &s->owner->conf->tls, text, size);
	if (err)
		return err;

	mem_deref(s->tls);
	s->tls = tls;

	return 0;
}


static int open_link(struct slot *s)
{
	struct slot_owner *o = s->owner;
	const struct account_conf *conf = o->conf;
	const struct link_conf lc = {
		.who = conf->name,
		.conn = {
			.transport = s->transport,
			.peer = *edge_point_addr(s->point),
			.source = conf->source,
			.interface = conf->interface,
			.dscp = conf->dscp,
			.tls = s->tls,
			.host = conf->tls.name[0] ? conf->tls.name
						  : s->host,
		},
		.flow = conf->policy.flow,
		.point = s->point,
		.knock = s->connect.knock,
	};

	return link_open(&s->link, &lc, &link_handlers, s);
}


static void connect_now(struct slot *s)
{
	char text[SLOT_DETAIL_MAX];
	int err;

	drop_link(s);
	register_identity_new_flow(&s->id);

	err = tls_ready(s, text, sizeof(text));
	if (err) {
		not_opened(s, REASON_TLS_FAILURE, text);
		return;
	}

	err = open_link(s);
	if (err)
		not_opened(s, REASON_CONNECT_REFUSED, strerror(err));
}


static void turn_handler(struct slot *s)
{
	slot_perform(s, account_on_turn(s->owner->account, s->i, loop_now()));
}


static void connect_turn_handler(void *arg)
{
	turn_handler(arg);
}


static void edge_down_handler(enum reason reason, void *arg)
{
	struct slot *s = arg;
	enum reason why;

	slot_perform(s, account_on_edge_down(s->owner->account, s->i, reason,
					     down_mask(s, &why), loop_now()));
}


static void register_turn_handler(void *arg)
{
	turn_handler(arg);
}


/* --- REGISTER --- */

/* Contact policy: what is configured, else the socket's own address. */
static struct addr contact_of(const struct slot *s, const struct addr *local)
{
	const struct account_conf *conf = s->owner->conf;
	struct addr contact;

	if (conf->contact_policy != CONTACT_STATIC)
		return *local;

	contact = conf->contact_address;
	if (addr_isset(&contact) && !contact.port)
		contact.port = local->port;

	return contact;
}


static void fill_request(struct register_request *r, const struct slot *s,
			 const char *branch)
{
	const struct reg *reg = reg_of(s);

	memset(r, 0, sizeof(*r));
	r->id = &s->id;
	r->branch = branch;
	r->transport = s->transport;
	addr_from_sa(&r->local, link_local(s->link));
	r->contact = contact_of(s, &r->local);
	r->cseq = reg->cseq;
	r->expires = reg->expires;
	r->plain = reg->plain;
}


static void answer_handler(const struct sip_msg *msg, uint64_t rtt_usec,
			   void *arg)
{
	struct slot *s = arg;
	struct slot_owner *o = s->owner;
	struct reg *r = reg_of(s);
	const msec_t now = loop_now();
	struct register_facts facts;
	struct addr local;
	unsigned acts;
	(void)rtt_usec;

	addr_from_sa(&local, link_local(s->link));
	register_read(&facts, msg, &s->id, &local, &s->contact, r->expires);

	if (answer_is_challenge(msg->scode))
		facts.answer.challenge =
			digest_on_challenge(s->digest, &r->challenge, msg,
					    o->conf->realm, now);
	else if (answer_is_good(msg->scode))
		digest_on_accepted(s->digest, msg);

	(void)re_snprintf(s->phrase, sizeof(s->phrase), "%r", &msg->reason);
	s->detail[0] = '\0';

	/* The flow first: its ping belongs to this 200, whatever the
	 * registration makes of it. */
	mem_ref(o->arg);
	if (facts.answer.bound)
		link_on_registered(s->link, facts.promised,
				   facts.flow_timer);

	acts = account_on_answer(o->account, s->i, &facts.answer,
				 &facts.mapped, now);
	slot_perform(s, acts);
	mem_deref(o->arg);
}


/* RFC 3261 §18.1.1 wants TCP for these; that is the operator's to choose. */
static void warn_of_length(struct slot *s, size_t len)
{
	if (s->transport != TRANSPORT_UDP || len <= UDP_MAX || s->warned)
		return;

	s->warned = true;
	log_warning(s->owner->conf->name, "a REGISTER of %zu bytes may not "
		    "pass over UDP: use TCP or TLS, or fewer headers", len);
}


static int send_text(struct slot *s, struct mbuf *mb, bool leave)
{
	struct slot_owner *o = s->owner;
	const msec_t now = loop_now();
	struct register_request r;
	enum challenge_sent sent;
	int err;

	transaction_cancel(&s->transaction);
	transaction_branch(s->transaction.branch,
			   sizeof(s->transaction.branch));

	fill_request(&r, s, s->transaction.branch);
	if (leave)
		r.expires = 0;

	sent = reg_credentials(reg_of(s), digest_ready(s->digest), now);
	if (sent != CHALLENGE_SENT_NONE)
		r.digest = s->digest;

	err = register_print(mb, &r);
	if (err)
		return err;

	mb->pos = 0;
	s->contact = r.contact;
	warn_of_length(s, mb->end);
	account_on_sent(o->account, s->i, sent, now);

	/* Whatever goes wrong here is the end of the link and told there. */
	(void)link_request(s->link, &s->transaction, "REGISTER", mb,
			   answer_handler, s);

	return 0;
}


static void send_register(struct slot *s, bool leave)
{
	struct mbuf *mb = mbuf_alloc(REGISTER_ROOM);
	int err = mb ? send_text(s, mb, leave) : ENOMEM;

	mem_deref(mb);
	if (!err)
		return;

	/* Nothing was sent: as if the flow had broken, it waits and retries. */
	log_error(s->owner->conf->name, "cannot write a REGISTER: %s",
		  strerror(err));
	drop_link(s);
	slot_perform(s, account_on_flow_lost(s->owner->account, s->i,
					REASON_FLOW_LOST, loop_now()));
}


/* --- what the link tells --- */

static void connected_handler(void *arg)
{
	struct slot *s = arg;

	s->detail[0] = '\0';
	slot_perform(s, account_on_connected(s->owner->account, s->i,
					     loop_now()));
}


static void failed_handler(enum reason reason, const char *text, void *arg)
{
	struct slot *s = arg;

	drop_link(s);
	connect_failed(s, reason, text);
}


static void lost_handler(enum reason reason, const char *text, void *arg)
{
	struct slot *s = arg;

	drop_link(s);
	note(s, text);
	slot_perform(s, account_on_flow_lost(s->owner->account, s->i, reason,
					loop_now()));
}


static void proven_handler(void *arg)
{
	struct slot *s = arg;

	slot_perform(s, account_on_proven(s->owner->account, s->i, loop_now()));
}


static void suspect_handler(bool suspect, void *arg)
{
	struct slot *s = arg;

	slot_perform(s, account_on_suspect(s->owner->account, s->i, suspect,
				      loop_now()));
}


static void verify_handler(void *arg)
{
	struct slot *s = arg;

	slot_perform(s, account_on_verify(s->owner->account, s->i, loop_now()));
}


/* The token tells our binding from whatever else ends at this address; some
 * registrars strip it, and then it cannot be asked for. */
static bool is_for_us(const struct slot *s, const struct sip_msg *msg)
{
	return !reg_of(s)->token ||
		register_token_match(&s->id, msg);
}


/* Can it only have come by way of our binding? Anybody at the edge's address
 * can send us an ACK; and an OPTIONS may be the registrar's own keepalive, sent
 * to where it sees us and not to our Contact. */
static bool is_proof(const struct slot *s, const struct sip_msg *msg,
		     const struct sa *src)
{
	if (register_token_match(&s->id, msg))
		return true;

	return sa_cmp(src, link_peer(s->link), SA_ALL) &&
		inbound_means_call(msg);
}


static void request_handler(const struct sip_msg *msg, const struct sa *src,
			    void *arg)
{
	struct slot *s = arg;
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
		link_reply(s->link, &dst, mb);
	}

	account_on_inbound(o->account, s->i, answer.code, proof, loop_now());

 out:
	mem_deref(mb);
	mem_deref(o->arg);
}


static int options_handler(struct mbuf *mb, const char *branch, void *arg)
{
	struct slot *s = arg;
	struct register_request r;

	fill_request(&r, s, branch);
	r.cseq = ++s->options_cseq;

	return options_print(mb, &r);
}


static bool allowed_handler(const struct sa *src, void *arg)
{
	struct slot *s = arg;
	size_t i;

	for (i = 0; i < s->addrc; i++)
		if (sa_cmp(src, &s->addrv[i], SA_ADDR))
			return true;

	if (inbound_allowed(s->owner->conf, src))
		return true;

	++s->owner->dropped;

	return false;
}


static const struct link_handlers link_handlers = {
	.connectedh = connected_handler,
	.failedh = failed_handler,
	.losth = lost_handler,
	.provenh = proven_handler,
	.suspecth = suspect_handler,
	.verifyh = verify_handler,
	.requesth = request_handler,
	.optionsh = options_handler,
	.allowedh = allowed_handler,
};


/* --- performing what the core decides --- */

static void release_turns(struct slot *s)
{
	const struct reg *r = reg_of(s);
	const msec_t now = loop_now();

	if (!reg_wants_connect(r))
		edge_turn_cancel(&s->connect, now);
	if (!reg_wants_turn(r))
		edge_turn_cancel(&s->turn, now);
}


static void close_by_will(struct slot *s)
{
	if (!s->link)
		return;

	drop_link(s);
	(void)account_on_flow_closed(s->owner->account, s->i, loop_now());
}


/* In the order of the bits, see core/reg.h. The last step may lead straight
 * to the next fact and so back here; nothing is done after it but settling. */
void slot_perform(struct slot *s, unsigned acts)
{
	struct slot_owner *o = s->owner;
	struct reg *r = reg_of(s);
	const msec_t now = loop_now();

	mem_ref(o->arg);

	if (acts & REG_DO_ABANDON)
		transaction_cancel(&s->transaction);
	if (acts & REG_DO_CLOSE)
		close_by_will(s);
	if (acts & REG_DO_HOLD && s->point)
		edge_point_on_hold(s->point, r->hold_until, now);
	if (acts & REG_DO_ASK)
		edge_turn_ask(&s->turn, s->point, reg_class(r, now), now);
	if (acts & REG_DO_RESOLVE)
		resolve_start(s);
	if (acts & REG_DO_CONNECT)
		connect_ask(s);
	if (acts & REG_DO_OPEN)
		connect_now(s);
	if (acts & REG_DO_SEND)
		send_register(s, false);
	if (acts & REG_DO_LEAVE)
		send_register(s, true);

	release_turns(s);
	o->settledh(acts & REG_DO_LEFT, o->arg);
	mem_deref(o->arg);
}


/* --- birth and death --- */

int slot_init(struct slot *s, struct slot_owner *owner, unsigned i)
{
	const struct account_conf *conf = owner->conf;
	struct pl host;
	int err;

	s->owner = owner;
	s->i = i;
	edge_turn_init(&s->connect, true, connect_turn_handler,
		       edge_down_handler, s);
	edge_turn_init(&s->turn, false, register_turn_handler, NULL, s);
	account_conf_edge(conf, i, &host, &s->port, &s->transport);
	register_identity_init(&s->id, conf, owner->env->user_agent,
			       owner->env->instance, i + 1);

	err = pl_strdup(&s->host, &host);
	if (err)
		return err;

	return digest_alloc(&s->digest);
}


void slot_close(struct slot *s)
{
	const msec_t now = loop_now();

	drop_link(s);
	edge_turn_cancel(&s->connect, now);
	edge_turn_cancel(&s->turn, now);
	mem_deref(s->query);
	mem_deref(s->addrv);
	mem_deref(s->host);
	mem_deref(s->tls);
	mem_deref(s->digest);
	mem_deref(s->point);
}
