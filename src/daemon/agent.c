/* One account, performed: see agent.h. */

#include <string.h>
#include "agent.h"
#include "digest.h"
#include "inbound.h"
#include "log.h"
#include "loop.h"
#include "net.h"
#include "register.h"
#include "reply.h"
#include "timer.h"
#include "transaction.h"


enum {
	AGENT_EVENTS = 16,       /* kept in memory for `status` */
	REGISTER_ROOM = 1400,    /* bytes that a REGISTER mostly needs */
	REPLY_ROOM = 1024,
	DETAIL_MAX = 160,
	PHRASE_MAX = 64,         /* of a reason phrase */
};

/* One registration and what carries it. */
struct slot {
	struct agent *agent;
	unsigned i;
	struct link *link;               /* NULL: no flow */
	struct edge_point *point;        /* where it goes, went or wants to */
	struct edge_turn connect, turn;
	struct resolve_query *query;
	struct sa *addrv;
	size_t addrc;
	enum transport transport;
	struct pl host;                  /* of the configured URI */
	char *hostname;                  /* the same, for resolver and TLS */
	uint16_t port;
	struct register_identity id;
	struct digest *digest;
	struct transaction transaction;
	struct addr contact;             /* as sent */
	char detail[DETAIL_MAX];         /* of the last failure */
};

struct waiter {
	struct le le;
	uint32_t outcomes;               /* it is over when there are more */
	agent_outcome_h *h;
	void *arg;
};

struct agent {
	struct config *config;
	const struct account_conf *conf;
	const struct agent_env *env;
	struct account account;
	struct account_reg *regv;
	struct slot *slotv;
	unsigned slotc;
	struct event eventv[AGENT_EVENTS];
	struct tls_ctx *tls;
	struct timer timer;
	struct list waiters;
	char phrase[PHRASE_MAX];
	uint32_t dropped;
	agent_event_h *eventh;
	agent_left_h *lefth;
	void *arg;
};

static void perform(struct slot *s, unsigned acts);


/* --- birth and death --- */

static void slot_close(struct slot *s)
{
	transaction_cancel(&s->transaction);
	s->link = mem_deref(s->link);
}


static void destructor(void *data)
{
	struct agent *a = data;
	const msec_t now = loop_now();
	unsigned i;

	timer_cancel(&a->timer);
	list_flush(&a->waiters);

	for (i = 0; i < a->slotc; i++) {
		struct slot *s = &a->slotv[i];

		slot_close(s);
		edge_turn_cancel(&s->connect, now);
		edge_turn_cancel(&s->turn, now);
		mem_deref(s->query);
		mem_deref(s->addrv);
		mem_deref(s->hostname);
		mem_deref(s->digest);
		mem_deref(s->point);
	}

	mem_deref(a->slotv);
	mem_deref(a->regv);
	mem_deref(a->tls);
	mem_deref(a->config);
}


static void connect_turn_handler(void *arg);
static void register_turn_handler(void *arg);


static int slot_init(struct slot *s, struct agent *a, unsigned i)
{
	int err;

	s->agent = a;
	s->i = i;
	edge_turn_init(&s->connect, true, connect_turn_handler, s);
	edge_turn_init(&s->turn, false, register_turn_handler, s);
	account_conf_edge(a->conf, i, &s->host, &s->port, &s->transport);
	register_identity_init(&s->id, a->conf, a->env->user_agent,
			       a->env->instance, i + 1);

	err = pl_strdup(&s->hostname, &s->host);
	if (err)
		return err;

	return digest_alloc(&s->digest);
}


static void event_handler(const struct event *e, void *arg)
{
	struct agent *a = arg;

	a->eventh(a, e, a->arg);
}


static void timer_handler(void *arg);


int agent_alloc(struct agent **ap, struct config *config,
		const struct account_conf *conf, const struct agent_env *env,
		agent_event_h *eventh, void *arg)
{
	const unsigned flows = conf->policy.flows;
	struct agent *a;
	unsigned i;
	int err = 0;

	a = mem_zalloc(sizeof(*a), destructor);
	if (!a)
		return ENOMEM;

	a->config = mem_ref(config);
	a->conf = conf;
	a->env = env;
	a->eventh = eventh;
	a->arg = arg;
	timer_init(&a->timer, timer_handler, a);

	a->regv = mem_zalloc(flows * sizeof(*a->regv), NULL);
	a->slotv = mem_zalloc(flows * sizeof(*a->slotv), NULL);
	if (!a->regv || !a->slotv) {
		err = ENOMEM;
		goto out;
	}

	account_init(&a->account, &conf->policy, a->regv, a->eventv,
		     AGENT_EVENTS, rand_u64(), env->wall_usec, event_handler,
		     a, loop_now());

	for (i = 0; i < flows && !err; i++) {
		a->slotc = i + 1;
		err = slot_init(&a->slotv[i], a, i);
	}

 out:
	if (err)
		mem_deref(a);
	else
		*ap = a;

	return err;
}


/* --- the way to a flow --- */

static uint32_t down_mask(const struct slot *s)
{
	uint32_t mask = 0;
	size_t i;

	for (i = 0; i < s->addrc; i++)
		if (edges_down(s->agent->env->edges, s->transport,
			       &s->addrv[i]))
			mask |= UINT32_C(1) << i;

	return mask;
}


static void note(struct slot *s, const char *text)
{
	str_ncpy(s->detail, text, sizeof(s->detail));
}


static void resolve_failed(struct slot *s, const char *text)
{
	note(s, text);
	perform(s, account_on_resolve_failed(&s->agent->account, s->i,
					     loop_now()));
}


static void resolve_handler(int err, const char *text, const struct sa *addrv,
			    size_t addrc, void *arg)
{
	struct slot *s = arg;

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
	perform(s, account_on_resolved(&s->agent->account, s->i,
				       (unsigned)addrc, down_mask(s),
				       loop_now()));
}


static void resolve_start(struct slot *s)
{
	const struct account_conf *conf = s->agent->conf;
	const uint16_t port = s->port ? s->port : transport_port(s->transport);
	int err;

	s->query = mem_deref(s->query);
	err = resolve_query(&s->query, s->agent->env->resolve, s->hostname,
			    port, conf->family, resolve_handler, s);
	if (err)
		resolve_failed(s, strerror(err));
}


static void connect_failed(struct slot *s, enum reason reason,
			   const char *text)
{
	struct agent *a = s->agent;

	note(s, text);
	perform(s, account_on_connect_failed(&a->account, s->i, reason,
					     down_mask(s), loop_now()));
}


/* It had its turn and did not even begin. Was it the knock, then somebody else
 * has to. */
static void not_opened(struct slot *s, enum reason reason, const char *text)
{
	edge_point_on_given_up(s->point, loop_now());
	connect_failed(s, reason, text);
}


/* In the queue of the address that the core chose. */
static void connect_ask(struct slot *s)
{
	struct agent *a = s->agent;
	const struct reg *r = &a->regv[s->i].reg;
	struct edge_point *point;
	int err;

	err = edges_get(&point, a->env->edges, s->transport,
			&s->addrv[r->target.index]);
	if (err) {
		connect_failed(s, REASON_CONNECT_REFUSED, strerror(err));
		return;
	}

	mem_deref(s->point);
	s->point = point;
	edge_turn_ask(&s->connect, point, reg_class(r, loop_now()),
		      loop_now());
}


static int tls_ready(struct slot *s)
{
	struct agent *a = s->agent;
	char text[DETAIL_MAX];
	int err;

	if (s->transport != TRANSPORT_TLS || a->tls)
		return 0;

	err = tls_ctx_get(&a->tls, &a->conf->tls, text, sizeof(text));
	if (err)
		not_opened(s, REASON_TLS_FAILURE, text);

	return err;
}


static const struct link_handlers link_handlers;


static void open_link(struct slot *s)
{
	struct agent *a = s->agent;
	const struct account_conf *conf = a->conf;
	const struct link_conf lc = {
		.who = conf->name,
		.conn = {
			.transport = s->transport,
			.peer = *edge_point_addr(s->point),
			.source = conf->source,
			.interface = conf->interface,
			.dscp = conf->dscp,
			.tls = a->tls,
			.host = conf->tls.name[0] ? conf->tls.name
						  : s->hostname,
		},
		.flow = conf->policy.flow,
		.point = s->point,
	};
	int err;

	slot_close(s);
	register_identity_new_flow(&s->id);

	err = link_open(&s->link, &lc, &link_handlers, s);
	if (err)
		not_opened(s, REASON_CONNECT_REFUSED, strerror(err));
}


static void turn_handler(struct slot *s)
{
	perform(s, account_on_turn(&s->agent->account, s->i, loop_now()));
}


static void connect_turn_handler(void *arg)
{
	turn_handler(arg);
}


static void register_turn_handler(void *arg)
{
	turn_handler(arg);
}


/* --- REGISTER --- */

/* Contact policy: what is configured, else the socket's own address. */
static struct addr contact_of(const struct slot *s, const struct addr *local)
{
	const struct account_conf *conf = s->agent->conf;
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
	const struct reg *reg = &s->agent->regv[s->i].reg;

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
	struct agent *a = s->agent;
	struct reg *r = &a->regv[s->i].reg;
	const msec_t now = loop_now();
	struct register_facts facts;
	struct addr local;
	unsigned acts;
	(void)rtt_usec;

	addr_from_sa(&local, link_local(s->link));
	register_read(&facts, msg, &s->id, &local, &s->contact, r->expires);

	if (msg->scode == 401 || msg->scode == 407)
		facts.answer.challenge =
			digest_on_challenge(s->digest, &r->challenge, msg,
					    a->conf->realm, now);
	else if (msg->scode / 100 == 2)
		digest_on_accepted(s->digest, msg);

	(void)re_snprintf(a->phrase, sizeof(a->phrase), "%r", &msg->reason);
	s->detail[0] = '\0';

	/* The flow first: its ping belongs to this 200, whatever the
	 * registration makes of it. */
	mem_ref(a);
	if (facts.answer.bound)
		link_on_registered(s->link, facts.promised,
				   facts.flow_timer);

	acts = account_on_answer(&a->account, s->i, &facts.answer,
				 &facts.mapped, now);
	perform(s, acts);
	mem_deref(a);
}


static int send_text(struct slot *s, struct mbuf *mb, bool leave)
{
	struct agent *a = s->agent;
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

	sent = reg_credentials(&a->regv[s->i].reg, digest_ready(s->digest),
			       now);
	if (sent != CHALLENGE_SENT_NONE)
		r.digest = s->digest;

	err = register_print(mb, &r);
	if (err)
		return err;

	mb->pos = 0;
	s->contact = r.contact;
	account_on_sent(&a->account, s->i, sent, now);

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
	log_error(s->agent->conf->name, "cannot write a REGISTER: %s",
		  strerror(err));
	slot_close(s);
	perform(s, account_on_flow_lost(&s->agent->account, s->i,
					REASON_FLOW_LOST, loop_now()));
}


/* --- what the link tells --- */

static void connected_handler(void *arg)
{
	struct slot *s = arg;

	perform(s, account_on_connected(&s->agent->account, s->i, loop_now()));
}


static void failed_handler(enum reason reason, const char *text, void *arg)
{
	struct slot *s = arg;

	slot_close(s);
	connect_failed(s, reason, text);
}


static void lost_handler(enum reason reason, const char *text, void *arg)
{
	struct slot *s = arg;

	slot_close(s);
	note(s, text);
	perform(s, account_on_flow_lost(&s->agent->account, s->i, reason,
					loop_now()));
}


static void proven_handler(void *arg)
{
	struct slot *s = arg;

	perform(s, account_on_proven(&s->agent->account, s->i, loop_now()));
}


static void suspect_handler(bool suspect, void *arg)
{
	struct slot *s = arg;

	perform(s, account_on_suspect(&s->agent->account, s->i, suspect,
				      loop_now()));
}


static void verify_handler(void *arg)
{
	struct slot *s = arg;

	perform(s, account_on_verify(&s->agent->account, s->i, loop_now()));
}


/* The token tells our binding from whatever else ends at this address; some
 * registrars strip it, and then it cannot be asked for. */
static bool is_for_us(const struct slot *s, const struct sip_msg *msg)
{
	return !s->agent->regv[s->i].reg.token ||
		register_token_match(&s->id, msg);
}


static void request_handler(const struct sip_msg *msg, const struct sa *src,
			    void *arg)
{
	struct slot *s = arg;
	struct agent *a = s->agent;
	struct inbound_answer answer;
	struct mbuf *mb = NULL;
	struct sa dst;

	if (!is_for_us(s, msg)) {
		++a->dropped;
		return;
	}

	answer = inbound_answer(a->conf, msg);
	if (answer.code) {
		mb = mbuf_alloc(REPLY_ROOM);
		if (!mb || reply_print(mb, msg, src, answer.code,
				       answer.reason, answer.extra)) {
			mem_deref(mb);
			return;
		}

		mb->pos = 0;
		reply_address(&dst, msg, src);
		link_reply(s->link, &dst, mb);
	}

	account_on_inbound(&a->account, s->i, answer.code, loop_now());
	mem_deref(mb);
}


static int options_handler(struct mbuf *mb, const char *branch, void *arg)
{
	struct slot *s = arg;
	struct register_request r;

	fill_request(&r, s, branch);

	return options_print(mb, &r);
}


static bool allowed_handler(const struct sa *src, void *arg)
{
	struct slot *s = arg;

	if (inbound_allowed(s->agent->conf, src))
		return true;

	++s->agent->dropped;

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

static void tell_waiters(struct agent *a)
{
	const struct reg *r = &a->regv[0].reg;
	const struct agent_outcome outcome = {
		.registered = a->account.verdict.registered,
		.code = r->code,
		.reason = r->reason,
	};
	struct le *le = list_head(&a->waiters);

	while (le) {
		struct waiter *w = le->data;

		le = le->next;
		if ((int32_t)(r->outcomes - w->outcomes) <= 0)
			continue;

		list_unlink(&w->le);
		w->h(&outcome, w->arg);
		mem_deref(w);
	}
}


static void release_turns(struct slot *s)
{
	const struct reg *r = &s->agent->regv[s->i].reg;
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

	slot_close(s);
	(void)account_on_flow_closed(&s->agent->account, s->i, loop_now());
}


/* In the order of the bits, see core/reg.h. The last step may lead straight
 * to the next fact and so back here; nothing is done after it but settling. */
static void perform(struct slot *s, unsigned acts)
{
	struct agent *a = s->agent;
	struct reg *r = &a->regv[s->i].reg;
	const msec_t now = loop_now();

	mem_ref(a);

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
	if (acts & REG_DO_OPEN && !tls_ready(s))
		open_link(s);
	if (acts & REG_DO_SEND)
		send_register(s, false);
	if (acts & REG_DO_LEAVE)
		send_register(s, true);

	release_turns(s);
	(void)timer_start(&a->timer, account_deadline(&a->account));
	tell_waiters(a);

	if (acts & REG_DO_LEFT && account_left(&a->account) && a->lefth) {
		agent_left_h *lefth = a->lefth;

		a->lefth = NULL;
		lefth(a, a->arg);
	}

	mem_deref(a);
}


static void timer_handler(void *arg)
{
	struct agent *a = mem_ref(arg);
	unsigned i;

	for (i = 0; i < a->slotc; i++)
		perform(&a->slotv[i],
			account_on_timer(&a->account, i, loop_now()));

	mem_deref(a);
}


/* --- for the owner --- */

void agent_start(struct agent *a)
{
	unsigned i;

	for (i = 0; i < a->slotc; i++)
		perform(&a->slotv[i],
			account_start(&a->account, i, loop_now()));
}


void agent_stop(struct agent *a, agent_left_h *lefth)
{
	unsigned i;

	mem_ref(a);
	a->lefth = lefth;

	for (i = 0; i < a->slotc; i++)
		perform(&a->slotv[i],
			account_stop(&a->account, i, loop_now()));

	mem_deref(a);
}


static void waiter_destructor(void *data)
{
	struct waiter *w = data;

	list_unlink(&w->le);
}


int agent_register(struct agent *a, agent_outcome_h *h, void *arg)
{
	const struct reg *r = &a->regv[0].reg;
	const msec_t now = loop_now();
	struct waiter *w;
	unsigned i;

	if (!a->account.started)
		return EINVAL;

	w = mem_zalloc(sizeof(*w), waiter_destructor);
	if (!w)
		return ENOMEM;

	/* The one in flight does not count: ours comes after it. */
	w->outcomes = r->outcomes + (r->state == REG_SENT ? 1 : 0);
	w->h = h;
	w->arg = arg;
	list_append(&a->waiters, &w->le, w);

	for (i = 0; i < a->slotc; i++) {
		struct slot *s = &a->slotv[i];

		if (s->point) {
			edge_point_end_hold(s->point, now);
			edge_point_on_local_event(s->point, now);
		}
		perform(s, account_kick(&a->account, i, now));
	}

	return 0;
}


void agent_forget(struct agent *a, void *arg)
{
	struct le *le = list_head(&a->waiters);

	while (le) {
		struct waiter *w = le->data;

		le = le->next;
		if (w->arg == arg)
			mem_deref(w);
	}
}


const struct account_conf *agent_conf(const struct agent *a)
{
	return a->conf;
}


const struct account *agent_account(const struct agent *a)
{
	return &a->account;
}


void agent_flow(const struct agent *a, unsigned i, struct agent_flow *f)
{
	const struct slot *s = &a->slotv[i];

	memset(f, 0, sizeof(*f));
	f->transport = s->transport;
	f->host = s->hostname;
	f->detail = s->detail;

	if (!s->link)
		return;

	f->flow = link_flow(s->link);
	f->local = link_local(s->link);
	f->peer = link_peer(s->link);
}


const char *agent_last_reason(const struct agent *a)
{
	return a->phrase;
}


uint32_t agent_dropped(const struct agent *a)
{
	return a->dropped;
}
