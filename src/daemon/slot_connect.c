/* The way of a registration to a flow: the queue at its edge, the connect, and
 * a second one beside it where the core wants to race.
 *
 * The present attempt is the flow or is to become it; which one that is changes
 * when its rival wins. A third one may be the elder (slot_replace.c). */

#include <errno.h>
#include <string.h>
#include "log.h"
#include "net.h"
#include "slot_parts.h"
#include "sock.h"


uint8_t connect_spare(const struct slot *s)
{
	uint8_t i = 0;

	while (i == s->present || i == s->rival || i == s->elder)
		++i;

	return i;
}


static struct attempt *rival_of(struct slot *s)
{
	return s->rival == SLOT_NONE ? NULL : &s->attemptv[s->rival];
}


void connect_attempt_drop(struct attempt *t)
{
	t->link = mem_deref(t->link);
	edge_turn_cancel(&t->turn, loop_now());
}


static void drop_rival(struct slot *s)
{
	struct attempt *t = rival_of(s);

	s->rival = SLOT_NONE;
	if (t)
		connect_attempt_drop(t);
}


/* The transaction is the present link's. */
void connect_drop(struct slot *s)
{
	transaction_cancel(&s->transaction);
	drop_rival(s);
	connect_attempt_drop(slot_present(s));
}


void connect_release(struct slot *s)
{
	const struct reg *r = reg_of(s);
	const msec_t now = loop_now();

	if (!reg_wants_connect(r))
		edge_turn_cancel(&slot_present(s)->turn, now);

	/* one that connects goes on until that has an outcome */
	if (rival_of(s) && !rival_of(s)->link && !reg_wants_race(r))
		drop_rival(s);
}


/* --- the queue --- */

static void connect_failed(struct attempt *t, enum reason reason,
			   const char *text)
{
	struct slot *s = t->slot;
	enum reason why;

	/* What goes on beside it is the present one from here on. */
	if (t == rival_of(s)) {
		drop_rival(s);
	}
	else if (rival_of(s) && rival_of(s)->link) {
		s->present = s->rival;
		s->rival = SLOT_NONE;
	}

	slot_note(s, text);
	slot_perform(s, account_on_connect_failed(s->owner->account, s->i,
						  t->index, reason,
						  name_down(s, &why),
						  loop_now()));
}


static enum reason failure(int err, enum reason other)
{
	return sock_exhausted(err) ? REASON_NO_RESOURCES : other;
}


static void ask(struct attempt *t, unsigned index)
{
	struct slot *s = t->slot;
	const struct resolve_addr *a = &s->addrv[index];
	struct edge_point *point;
	int err;

	t->index = index;
	t->uri = a->uri;
	t->transport = a->transport;

	err = edges_get(&point, s->owner->env->edges, a->transport, &a->addr);
	if (err) {
		connect_failed(t, failure(err, REASON_CONNECT_REFUSED),
			       strerror(err));
		return;
	}

	edge_turn_ask(&t->turn, point, reg_class(reg_of(s), loop_now()),
		      loop_now());
	mem_deref(t->point);
	t->point = point;
}


void connect_ask(struct slot *s)
{
	ask(slot_present(s), reg_of(s)->target.index);
}


void connect_race(struct slot *s)
{
	drop_rival(s);
	s->rival = connect_spare(s);
	ask(rival_of(s), reg_of(s)->target.rival);
}


static void turn_handler(void *arg)
{
	struct attempt *t = arg;
	struct slot *s = t->slot;
	struct account *a = s->owner->account;
	const msec_t now = loop_now();

	slot_perform(s, t == slot_present(s)
		     ? account_on_turn(a, s->i, now)
		     : account_on_race_turn(a, s->i, now));
}


static void edge_down_handler(enum reason reason, void *arg)
{
	struct attempt *t = arg;
	struct slot *s = t->slot;
	enum reason why;

	slot_perform(s, account_on_edge_down(s->owner->account, s->i, t->index,
					     reason, name_down(s, &why),
					     loop_now()));
}


/* --- the connect --- */

/* It had its turn and did not even begin. Was it the knock, then somebody else
 * has to. */
static void not_opened(struct attempt *t, enum reason reason, const char *text)
{
	edge_point_on_given_up(t->point, t->turn.first, loop_now());
	connect_failed(t, reason, text);
}


/* Anew for each flow: a renewed certificate counts from the next one on. */
static int tls_ready(struct attempt *t, char *text, size_t size)
{
	struct slot *s = t->slot;
	struct tls_ctx *tls;
	int err;

	if (t->transport != TRANSPORT_TLS)
		return 0;

	err = tls_ctx_get(&tls, &s->owner->conf->tls, text, size);
	if (err)
		return err;

	mem_deref(s->tls);
	s->tls = tls;

	return 0;
}


static void link_conf_of(struct link_conf *lc, const struct attempt *t)
{
	const struct slot *s = t->slot;
	const struct account_conf *conf = s->owner->conf;

	*lc = (struct link_conf){
		.who = conf->name,
		.conn = {
			.transport = t->transport,
			.peer = *edge_point_addr(t->point),
			.source = conf->source,
			.interface = conf->interface,
			.dscp = conf->dscp,
			.tls = s->tls,
			.host = conf->tls.name[0] ? conf->tls.name
						  : name_edge(t)->host,
			.tap = &s->tap,
		},
		.flow = conf->policy.flow,
		.point = t->point,
		.knock = t->turn.first,
	};

	lc->flow.stream = transport_stream(t->transport);
}


static void open_attempt(struct attempt *t)
{
	struct link_conf lc;
	char text[SLOT_DETAIL_MAX];
	int err;

	t->link = mem_deref(t->link);

	err = tls_ready(t, text, sizeof(text));
	if (err) {
		not_opened(t, failure(err, REASON_TLS_FAILURE), text);
		return;
	}

	link_conf_of(&lc, t);
	err = link_open(&t->link, &lc, &slot_link_handlers, t);
	if (err)
		not_opened(t, failure(err, REASON_CONNECT_REFUSED),
			   strerror(err));
}


void connect_open(struct slot *s)
{
	connect_drop(s);
	register_identity_new_flow(&s->id);
	open_attempt(slot_present(s));
}


void connect_open_rival(struct slot *s)
{
	if (rival_of(s))
		open_attempt(rival_of(s));
}


void connect_connected_handler(void *arg)
{
	struct attempt *t = arg;
	struct slot *s = t->slot;
	struct addr local, edge;

	if (t == rival_of(s)) {
		connect_attempt_drop(slot_present(s));
		s->present = s->rival;
		s->rival = SLOT_NONE;
	}
	drop_rival(s);
	slot_learn(s);

	s->detail[0] = '\0';
	addr_from_sa(&local, link_local(t->link));
	addr_from_sa(&edge, link_peer(t->link));
	slot_perform(s, account_on_connected(s->owner->account, s->i,
					     t->index, &local, &edge,
					     loop_now()));
}


void connect_failed_handler(enum reason reason, const char *text, void *arg)
{
	struct attempt *t = arg;

	if (reason == REASON_TLS_UNTRUSTED && t->slot->tls)
		tls_ctx_doubt(t->slot->tls);

	t->link = mem_deref(t->link);
	connect_failed(t, reason, text);
}


/* --- the flow of the process before this one --- */

int connect_take_over(struct slot *s, enum transport transport, unsigned uri,
		      const struct handover *h, int fd)
{
	struct attempt *t = slot_present(s);
	struct link_conf lc;
	struct sa local, was;
	int err;

	sa_from_addr(&was, &h->local);
	err = sock_local(&local, fd);
	if (!err && !sa_cmp(&local, &was, SA_ALL))
		err = EINVAL;
	if (!err)
		err = name_know(s, transport, uri, &h->edge);
	if (err)
		return err;

	link_conf_of(&lc, t);

	return link_take_over(&t->link, fd, &h->flow, &lc, &slot_link_handlers,
			      t);
}


/* --- birth and death --- */

int connect_init(struct slot *s)
{
	unsigned i;

	for (i = 0; i < ARRAY_SIZE(s->attemptv); i++) {
		struct attempt *t = &s->attemptv[i];

		t->slot = s;
		edge_turn_init(&t->turn, EDGE_CONNECT, turn_handler,
			       edge_down_handler, t);
	}

	return name_init(s);
}


void connect_close(struct slot *s)
{
	unsigned i;

	connect_drop(s);
	for (i = 0; i < ARRAY_SIZE(s->attemptv); i++)
		mem_deref(s->attemptv[i].point);

	name_close(s);
	mem_deref(s->tls);
}
