/* The set of edges: see edges.h; who queues at one or watches it is in
 * edge_turn.c. Decides nothing: core/edge.c says who goes. */

#include <string.h>
#include "edges_parts.h"
#include "loop.h"
#include "timer.h"


enum {
	EDGES_HASH = 64,         /* buckets; a power of two */
	EDGES_KEEP = 256,        /* then those without users are forgotten */
};

struct edges {
	struct hash *points;             /* each with a reference of ours: what
					    is known outlives its users */
	unsigned count;
	struct edges_conf conf;
	struct bucket connects, registers;
	edges_news_h *newsh;             /* NULL: nobody wants to know */
	void *arg;
};


static bool orphan_handler(struct le *le, void *arg)
{
	struct edge_point *p = le->data;

	(void)arg;
	p->edges = NULL;

	return false;
}


static void edges_destructor(void *data)
{
	struct edges *e = data;

	(void)hash_apply(e->points, orphan_handler, NULL);
	hash_flush(e->points);
	mem_deref(e->points);
}


int edges_alloc(struct edges **ep, const struct edges_conf *conf)
{
	const msec_t now = loop_now();
	struct edges *e;
	int err;

	e = mem_zalloc(sizeof(*e), edges_destructor);
	if (!e)
		return ENOMEM;

	e->conf = *conf;
	bucket_init(&e->connects, conf->connects, now);
	bucket_init(&e->registers, conf->registers, now);

	err = hash_alloc(&e->points, EDGES_HASH);
	if (err)
		mem_deref(e);
	else
		*ep = e;

	return err;
}


static bool is_down(const struct edge_point *p)
{
	return p->edge.down || p->edge.doubted;
}


static msec_t hold_of(const struct edge_point *p, msec_t now)
{
	return p->edge.hold_until > now ? p->edge.hold_until : 0;
}


static void tell_news(struct edge_point *p, msec_t now)
{
	const msec_t hold = hold_of(p, now);

	if (is_down(p) == p->told_down && hold == p->told_hold)
		return;

	p->told_down = is_down(p);
	p->told_hold = hold;
	if (p->edges && p->edges->newsh)
		p->edges->newsh(p->edges->arg);
}


/* The end of a hold is news, even if nobody waits for it. */
void edge_point_arm(struct edge_point *p, msec_t now)
{
	const bool news = p->went_down || p->came_back;
	const msec_t hold = hold_of(p, now);
	const msec_t at = news ? now : edge_deadline(&p->edge, now);

	timer_start(&p->timer, hold ? clock_min(at, hold) : at);
	tell_news(p, now);
}


static void set_rate(struct bucket *b, uint32_t rate, msec_t now)
{
	if (b->rate != rate)
		bucket_init(b, rate, now);
}


/* To open a UDP socket costs nobody anything: only streams connect. */
static uint32_t connect_rate(const struct edges *e, enum transport transport)
{
	return transport_stream(transport) ? e->conf.edge_connects : 0;
}


static bool set_conf_handler(struct le *le, void *arg)
{
	struct edge_point *p = le->data;
	const msec_t now = *(const msec_t *)arg;
	const struct edges_conf *conf = &p->edges->conf;

	set_rate(&p->edge.connects.bucket,
		 connect_rate(p->edges, p->transport), now);
	set_rate(&p->edge.registers.bucket, conf->edge_registers, now);
	edge_point_arm(p, now);

	return false;
}


void edges_set_conf(struct edges *e, const struct edges_conf *conf)
{
	msec_t now = loop_now();

	e->conf = *conf;
	set_rate(&e->connects, conf->connects, now);
	set_rate(&e->registers, conf->registers, now);
	(void)hash_apply(e->points, set_conf_handler, &now);
}


static bool is_first(const struct edge_turn *t)
{
	const struct edge *e = &t->point->edge;

	switch (t->queue) {

	case EDGE_CONNECT:  return e->knocking;
	case EDGE_REPLACE:  return e->replacing;
	case EDGE_REGISTER: break;
	}

	return false;
}


static void grant(struct pace_node *node)
{
	struct edge_turn *t = node->owner;

	t->first = is_first(t);
	t->point = NULL;
	t->h(t->arg);
}


/* They had queued at an edge that was up: let them choose again. */
static void tell_down(struct edge_point *p)
{
	struct pace_node *node = pace_take_all(&p->edge.connects);

	p->went_down = false;

	while (node) {
		struct edge_turn *t = node->owner;

		node = node->next;
		t->point = NULL;
		t->downh(p->reason, t->arg);
	}
}


/* Once each: who watches again then waits for the next time. */
static void tell_back(struct edge_point *p)
{
	struct list told = LIST_INIT;
	struct le *le;

	p->came_back = false;
	while ((le = p->watches.head)) {
		list_unlink(le);
		list_append(&told, le, le->data);
	}

	while ((le = told.head)) {
		struct edge_watch *w = le->data;

		list_unlink(le);
		w->point = NULL;
		w->backh(w->arg);
	}
}


static void timer_handler(void *arg)
{
	struct edge_point *p = mem_ref(arg);
	const msec_t now = loop_now();
	struct pace_node *node;

	if (p->went_down)
		tell_down(p);
	if (p->came_back)
		tell_back(p);

	while ((node = edge_next_connect(&p->edge, now)))
		grant(node);

	while ((node = edge_next_register(&p->edge, now)))
		grant(node);

	while ((node = edge_next_replacement(&p->edge, now)))
		grant(node);

	edge_point_arm(p, now);
	mem_deref(p);
}


static void point_destructor(void *data)
{
	struct edge_point *p = data;
	struct le *le;

	while ((le = p->watches.head))
		edge_watch_set(le->data, NULL);

	hash_unlink(&p->le);
	timer_cancel(&p->timer);
}


struct key {
	enum transport transport;
	const struct sa *addr;
};


static bool key_handler(struct le *le, void *arg)
{
	const struct edge_point *p = le->data;
	const struct key *key = arg;

	return p->transport == key->transport &&
		sa_cmp(&p->addr, key->addr, SA_ALL);
}


static struct edge_point *find(const struct edges *e, enum transport transport,
			       const struct sa *addr)
{
	struct key key = {.transport = transport, .addr = addr};

	return list_ledata(hash_lookup(e->points, sa_hash(addr, SA_ALL),
				       key_handler, &key));
}


/* Addresses rotate for years: who has no users is let go, in no trouble or in
 * one that is long past. */
static bool idle_handler(struct le *le, void *arg)
{
	const struct edge_point *p = le->data;
	const msec_t now = *(const msec_t *)arg;

	if (mem_nrefs(p) > 1 || now < p->edge.hold_until)
		return false;

	return !p->edge.down || now > p->edge.down_since + EDGE_KNOCK_FAST_FOR;
}


static void forget_idle(struct edges *e)
{
	msec_t now = loop_now();
	struct le *le;

	while (e->count > EDGES_KEEP &&
	       (le = hash_apply(e->points, idle_handler, &now))) {
		mem_deref(le->data);
		--e->count;
	}
}


struct used {
	edges_used_h *h;
	void *arg;
	msec_t now;
};


static bool used_handler(struct le *le, void *arg)
{
	const struct edge_point *p = le->data;
	const struct used *u = arg;

	if (mem_nrefs(p) > 1)
		u->h(p->transport, &p->addr,
		     !is_down(p) && !hold_of(p, u->now), u->arg);

	return false;
}


void edges_each_used(const struct edges *e, edges_used_h *h, void *arg,
		     msec_t now)
{
	struct used u = {.h = h, .arg = arg, .now = now};

	(void)hash_apply(e->points, used_handler, &u);
}


int edges_get(struct edge_point **pp, struct edges *e,
	      enum transport transport, const struct sa *addr)
{
	struct edge_point *p = find(e, transport, addr);
	const struct edges_conf *conf = &e->conf;

	if (p) {
		*pp = mem_ref(p);
		return 0;
	}

	p = mem_zalloc(sizeof(*p), point_destructor);
	if (!p)
		return ENOMEM;

	p->edges = e;
	p->transport = transport;
	sa_cpy(&p->addr, addr);
	timer_init(&p->timer, timer_handler, p);
	edge_init(&p->edge, connect_rate(e, transport), conf->edge_registers,
		  transport_stream(transport) ? &e->connects : NULL,
		  &e->registers, loop_now());
	hash_append(e->points, sa_hash(addr, SA_ALL), &p->le, p);
	++e->count;

	*pp = mem_ref(p);
	forget_idle(e);

	return 0;
}


bool edges_avoid(const struct edges *e, enum transport transport,
		 const struct sa *addr, enum reason *reasonp, msec_t now)
{
	const struct edge_point *p = find(e, transport, addr);

	if (!p || !edge_avoid(&p->edge, now))
		return false;

	*reasonp = now < p->edge.hold_until ? REASON_RETRY_AFTER : p->reason;

	return true;
}


const struct sa *edge_point_addr(const struct edge_point *p)
{
	return &p->addr;
}


enum transport edge_point_transport(const struct edge_point *p)
{
	return p->transport;
}


/* --- what is kept of them --- */

void edges_set_news(struct edges *e, edges_news_h *h, void *arg)
{
	e->newsh = h;
	e->arg = arg;
}


struct each {
	edges_trouble_h *h;
	void *arg;
	msec_t now;
};


static bool each_handler(struct le *le, void *arg)
{
	const struct edge_point *p = le->data;
	const struct each *each = arg;
	const struct edge_trouble t = {
		.transport = p->transport,
		.addr = p->addr,
		.hold_until = hold_of(p, each->now),
		.tried_at = is_down(p) ? p->edge.tried_at : NEVER,
		.reason = p->reason,
	};

	if (t.hold_until || t.tried_at != NEVER)
		each->h(&t, each->arg);

	return false;
}


void edges_each_trouble(const struct edges *e, edges_trouble_h *h, void *arg)
{
	struct each each = {.h = h, .arg = arg, .now = loop_now()};

	(void)hash_apply(e->points, each_handler, &each);
}


int edges_restore(struct edges *e, const struct edge_trouble *t, msec_t now)
{
	struct edge_point *p;
	int err;

	err = edges_get(&p, e, t->transport, &t->addr);
	if (err)
		return err;

	edge_restore(&p->edge, t->hold_until, t->tried_at, now);
	p->reason = t->reason;
	edge_point_arm(p, now);
	mem_deref(p);

	return 0;
}


/* --- facts --- */

void edge_point_on_failed(struct edge_point *p, bool knock,
			  enum reason reason, msec_t now)
{
	const bool was_down = p->edge.down;

	if (was_down && !knock)
		return;

	edge_on_failed(&p->edge, now);
	p->reason = reason;
	p->went_down |= p->edge.down && !was_down;
	edge_point_arm(p, now);
}


void edge_point_on_given_up(struct edge_point *p, bool knock, msec_t now)
{
	if (!knock)
		return;

	edge_on_given_up(&p->edge, now);
	edge_point_arm(p, now);
}


void edge_point_on_connected(struct edge_point *p, msec_t now)
{
	edge_on_connected(&p->edge);
	edge_point_arm(p, now);
}


void edge_point_on_proven(struct edge_point *p, msec_t now)
{
	p->came_back |= edge_on_proven(&p->edge);
	edge_point_arm(p, now);
}


void edge_point_on_proven_lost(struct edge_point *p, msec_t now)
{
	edge_on_proven_lost(&p->edge);
	edge_point_arm(p, now);
}


void edge_point_on_hold(struct edge_point *p, msec_t until, msec_t now)
{
	edge_on_hold(&p->edge, until);
	edge_point_arm(p, now);
}


void edge_point_end_hold(struct edge_point *p, msec_t now)
{
	edge_end_hold(&p->edge);
	edge_point_arm(p, now);
}


void edge_point_on_local_event(struct edge_point *p, msec_t now)
{
	edge_on_local_event(&p->edge, now);
	edge_point_arm(p, now);
}


/* Who came while others were trusted says nothing about the first. */
void edge_point_on_replaced(struct edge_point *p, bool first, msec_t now)
{
	if (!first)
		return;

	edge_on_replaced(&p->edge, now);
	edge_point_arm(p, now);
}


void edge_point_on_not_replaced(struct edge_point *p, bool first, msec_t now)
{
	if (!first)
		return;

	edge_on_not_replaced(&p->edge);
	edge_point_arm(p, now);
}
