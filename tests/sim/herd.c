/* Thousands of accounts at one edge, in virtual time: the first start, and a
 * registrar that goes away and comes back. What is measured is what a registrar
 * and the last of the accounts would notice: how many messages in a second, how
 * long until all are back, in which order. */

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "edge.h"
#include "flow.h"
#include "heap.h"
#include "reg.h"
#include "sim.h"


#define RTT        20            /* [ms] to the registrar and back */
#define HERD_LEASE 3600          /* [s] */
#define BURST      SECONDS(1)    /* of the rate: an urgent one may overdraw, see
				    core/pace.h */
#define SLACK      SECONDS(3)    /* beyond messages / pace */
#define TAIL       SECONDS(10)   /* it must be calm afterwards */
#define TIMELINE   4000          /* [s] of counters */

/* What happens to one account next. */
enum step {
	STEP_NONE,
	STEP_CONNECTED,
	STEP_REFUSED,
	STEP_ANSWER,
	STEP_PONG,
};

struct member {
	struct heap_node node;           /* by ->due; the first member */
	struct herd *herd;
	struct reg reg;
	struct pace_node connect, turn;
	enum step step;
	msec_t step_at, due;
	bool flow, proven, knock, challenged;
	msec_t back_at;                  /* bound again */
};

struct herd_scenario {
	const char *name;
	unsigned members;
	uint32_t pace;           /* per second: connects, and REGISTERs */
	msec_t away, back;       /* the registrar is gone from .. to;
				    0: never */
	msec_t earlier;          /* one half was reachable last so long before
				    the other; 0: all the same */
	msec_t lasts;            /* from the first flow that is lost to the
				    last; 0: all at once */
};

struct herd {
	const struct herd_scenario *sc;
	struct edge edge;
	struct bucket connects, registers;
	struct heap heap;
	struct member *memberv;
	msec_t now;
	bool down;
	uint32_t registerv[TIMELINE], connectv[TIMELINE];
	unsigned sent, knocks;           /* while it was away */
	unsigned back;
};


static bool before_handler(const struct heap_node *a,
			   const struct heap_node *b)
{
	return ((const struct member *)a)->due <
		((const struct member *)b)->due;
}


static void arm(struct member *m)
{
	heap_remove(&m->herd->heap, &m->node);
	m->due = clock_min(reg_deadline(&m->reg),
			   m->step == STEP_NONE ? NEVER : m->step_at);
	heap_add(&m->herd->heap, &m->node);
}


static void plan(struct member *m, enum step step, msec_t in)
{
	m->step = step;
	m->step_at = m->herd->now + in;
}


static void count(struct herd *h, uint32_t *v)
{
	const msec_t second = h->now / 1000;

	assert(second < TIMELINE);
	++v[second];
}


static void drop_flow(struct member *m)
{
	if (m->proven)
		edge_on_proven_lost(&m->herd->edge);
	m->flow = m->proven = false;
	m->step = STEP_NONE;
}


static void perform(struct member *m, unsigned acts);


static void resolved(struct member *m)
{
	struct herd *h = m->herd;
	const struct target_list list = {
		.count = 1, .stream = 1, .present = TARGET_NONE,
		.down = edge_avoid(&h->edge, h->now),
	};

	perform(m, reg_on_resolved(&m->reg, &list, REASON_CONNECT_REFUSED,
				   h->now));
}


static void perform(struct member *m, unsigned acts)
{
	struct herd *h = m->herd;
	const enum pace_class class = reg_class(&m->reg, h->now);

	if (acts & REG_DO_CLOSE)
		drop_flow(m);
	if (acts & REG_DO_ASK)
		pace_ask(&h->edge.registers, &m->turn, class);
	if (acts & REG_DO_CONNECT)
		pace_ask(&h->edge.connects, &m->connect, class);
	if (acts & REG_DO_OPEN) {
		count(h, h->connectv);
		h->knocks += h->down;
		plan(m, h->down ? STEP_REFUSED : STEP_CONNECTED, RTT);
	}
	if (acts & REG_DO_SEND) {
		count(h, h->registerv);
		h->sent += h->down;
		reg_on_sent(&m->reg, m->challenged ? CHALLENGE_SENT_FRESH
						   : CHALLENGE_SENT_NONE,
			    0, h->now);
		plan(m, h->down ? STEP_NONE : STEP_ANSWER, RTT);
	}
	if (!reg_wants_connect(&m->reg))
		pace_cancel(&h->edge.connects, &m->connect);
	if (!reg_wants_turn(&m->reg))
		pace_cancel(&h->edge.registers, &m->turn);
	if (acts & REG_DO_RESOLVE)
		resolved(m);
	arm(m);
}


static void answered(struct member *m)
{
	struct herd *h = m->herd;
	struct answer a = {.code = 401, .challenge = CHALLENGE_ANSWER};

	if (m->challenged) {
		a = (struct answer){.code = 200, .bound = true};
		a.contacts.lease = HERD_LEASE;
		a.contacts.owns = 1;
	}

	m->challenged = !m->challenged;
	if (m->challenged) {
		perform(m, reg_on_answer(&m->reg, &a, h->now));
		return;
	}

	m->back_at = h->now;
	++h->back;
	perform(m, reg_on_answer(&m->reg, &a, h->now));
	plan(m, STEP_PONG, FLOW_FIRST_PING);
	arm(m);
}


/* Those who queue choose again: they have no other edge, and park. */
static void tell_down(struct herd *h)
{
	struct pace_node *node = pace_take_all(&h->edge.connects);

	while (node) {
		struct member *m = node->owner;

		node = node->next;
		perform(m, reg_on_connect_failed(&m->reg, 0,
						 REASON_CONNECT_REFUSED, 1,
						 h->now));
	}
}


static void refused(struct member *m)
{
	struct herd *h = m->herd;
	const bool was_down = h->edge.down;

	if (!was_down || m->knock)
		edge_on_failed(&h->edge, h->now);
	perform(m, reg_on_connect_failed(&m->reg, 0, REASON_CONNECT_REFUSED,
					 h->edge.down, h->now));
	if (h->edge.down && !was_down)
		tell_down(h);
}


/* Who waits because the edge did not answer is told when it serves again. */
static void tell_back(struct herd *h)
{
	unsigned i;

	for (i = 0; i < h->sc->members; i++) {
		struct member *m = &h->memberv[i];

		if (m->reg.state == REG_WAIT)
			perform(m, reg_on_edge_back(&m->reg, h->now));
	}
}


static void step(struct member *m)
{
	struct herd *h = m->herd;
	const enum step s = m->step;

	m->step = STEP_NONE;
	switch (s) {

	case STEP_NONE:
		break;

	case STEP_CONNECTED:
		m->flow = true;
		m->challenged = false;
		edge_on_connected(&h->edge);
		perform(m, reg_on_connected(&m->reg, 0, h->now));
		break;

	case STEP_REFUSED:
		refused(m);
		break;

	case STEP_ANSWER:
		answered(m);
		break;

	case STEP_PONG:
		m->proven = true;
		perform(m, reg_on_proven(&m->reg, h->now));
		if (edge_on_proven(&h->edge))
			tell_back(h);
		break;
	}
}


/* It loses its flow, and is told so. `seen`: when calls came by it last */
static void lose(struct member *m, msec_t seen)
{
	struct herd *h = m->herd;

	if (!m->flow)
		return;

	drop_flow(m);
	m->back_at = NEVER;
	pace_set_seen(&m->connect, seen);
	pace_set_seen(&m->turn, seen);
	--h->back;
	perform(m, reg_on_flow_lost(&m->reg, REASON_FLOW_LOST, h->now));
}


static void serve_edge(struct herd *h)
{
	struct pace_node *node;

	while ((node = edge_next_connect(&h->edge, h->now))) {
		struct member *m = node->owner;

		m->knock = h->edge.knocking;
		perform(m, reg_on_turn(&m->reg, h->now));
	}

	while ((node = edge_next_register(&h->edge, h->now))) {
		struct member *m = node->owner;

		perform(m, reg_on_turn(&m->reg, h->now));
	}
}


static void pass(struct herd *h, msec_t until)
{
	while (h->now < until) {
		struct member *m = (struct member *)h->heap.first;

		h->now = clock_min(until,
				   clock_min(m->due,
					     clock_max(h->now,
						       edge_deadline(
							       &h->edge,
							       h->now))));
		while (m->due <= h->now) {
			if (m->step != STEP_NONE && m->step_at <= h->now)
				step(m);
			else
				perform(m, reg_on_timer(&m->reg, h->now));
			m = (struct member *)h->heap.first;
		}
		serve_edge(h);
	}
}


static unsigned half_of(const struct herd *h)
{
	return h->sc->earlier ? h->sc->members / 2 : 0;
}


static void lose_all(struct herd *h)
{
	const struct herd_scenario *sc = h->sc;
	const msec_t began = h->now;
	unsigned i;

	for (i = 0; i < sc->members; i++) {
		pass(h, began + sc->lasts * i / sc->members);
		lose(&h->memberv[i], i < half_of(h) ? began - sc->earlier
						    : began);
	}
}


static void init(struct herd *h, const struct herd_scenario *sc)
{
	static const struct reg_policy policy = {
		.expires = HERD_LEASE, .min_digest = DIGEST_MD5,
	};
	unsigned i;

	memset(h, 0, sizeof(*h));
	h->sc = sc;
	h->memberv = calloc(sc->members, sizeof(*h->memberv));
	assert(h->memberv);
	heap_init(&h->heap, before_handler);
	bucket_init(&h->connects, 10 * sc->pace, 0);
	bucket_init(&h->registers, 10 * sc->pace, 0);
	edge_init(&h->edge, sc->pace, sc->pace, &h->connects, &h->registers,
		  0);

	for (i = 0; i < sc->members; i++) {
		struct member *m = &h->memberv[i];

		m->herd = h;
		m->connect.owner = m->turn.owner = m;
		m->due = m->back_at = NEVER;
		reg_init(&m->reg, &policy, i + 1);
		heap_add(&h->heap, &m->node);
	}

	for (i = 0; i < sc->members; i++)
		perform(&h->memberv[i], reg_start(&h->memberv[i].reg, 0));
}


/* When the last one was back [ms]; NEVER: not all are. */
static msec_t last_back(const struct herd *h)
{
	msec_t at = 0;
	unsigned i;

	for (i = 0; i < h->sc->members; i++)
		at = clock_max(at, h->memberv[i].back_at);

	return at;
}


static uint32_t most(const uint32_t *v)
{
	uint32_t max = 0;
	unsigned i;

	for (i = 0; i < TIMELINE; i++)
		if (v[i] > max)
			max = v[i];

	return max;
}


/* The mean place of a half among all, by when they were back [s]. */
static double mean_back(const struct herd *h, unsigned from, unsigned to)
{
	double sum = 0;
	unsigned i;

	for (i = from; i < to; i++)
		sum += (double)h->memberv[i].back_at / 1000;

	return sum / (to - from);
}


/* At an edge that is down one knocks for all, but some had begun; and as long
 * as flows to it are left it is not down. */
static unsigned knocks_allowed(const struct herd_scenario *sc)
{
	return (unsigned)((sc->back - sc->away) / EDGE_KNOCK_FAST +
			  sc->lasts * sc->pace / SECONDS(1) +
			  sc->pace / 10 + 1);
}


/* Two REGISTERs each, and they connect at the same rate meanwhile. */
static msec_t allowed(const struct herd_scenario *sc)
{
	return SECONDS(2 * sc->members) / sc->pace + SLACK;
}


static bool run(struct herd *h)
{
	const struct herd_scenario *sc = h->sc;
	const unsigned half = half_of(h);
	bool good = true;
	msec_t took;

	pass(h, allowed(sc) + TAIL);
	took = last_back(h);
	good &= took <= allowed(sc);
	if (sc->back) {
		pass(h, sc->away);
		h->down = true;
		lose_all(h);
		pass(h, sc->back);
		h->down = false;
		pass(h, sc->back + allowed(sc) + TAIL);
		took = last_back(h) - sc->back;
		good &= took <= allowed(sc);
	}

	/* of those who were lost earlier each fourth turn is, no more */
	if (half)
		good &= mean_back(h, half, sc->members) <
			mean_back(h, 0, half);

	good &= h->back == sc->members &&
		most(h->registerv) <= sc->pace * (1 + BURST / 1000) &&
		most(h->connectv) <= sc->pace * 1.2 && !h->sent &&
		h->knocks <= knocks_allowed(sc);

	printf("%s - %s: all after %.1f s of %.1f, at most %u connects and %u "
	       "REGISTERs in a second, %u knocks\n", good ? "ok" : "not ok",
	       sc->name, (double)took / 1000, (double)allowed(sc) / 1000,
	       most(h->connectv), most(h->registerv), h->knocks);
	if (half)
		printf("    back after %.1f s on average, the others %.1f s\n",
		       mean_back(h, 0, half) - (double)sc->back / 1000,
		       mean_back(h, half, sc->members) -
		       (double)sc->back / 1000);

	return good;
}


unsigned herd_run(unsigned *failedp)
{
	static const struct herd_scenario scenariov[] = {
		{
			.name = "10,000 accounts start, 400 a second",
			.members = 10000, .pace = 400,
		}, {
			.name = "1,000 accounts start, 40 a second",
			.members = 1000, .pace = 40,
		}, {
			.name = "1,000 accounts, their registrar is gone for "
				"40 s",
			.members = 1000, .pace = 40, .away = SECONDS(200),
			.back = SECONDS(240),
		}, {
			.name = "1,000 accounts, half of them reachable 30 s "
				"later than the others",
			.members = 1000, .pace = 40, .away = SECONDS(200),
			.back = SECONDS(220), .earlier = SECONDS(30),
		}, {
			.name = "500 accounts lose their flows at once",
			.members = 500, .pace = 40, .away = SECONDS(100),
			.back = SECONDS(100) + 1,
		}, {
			.name = "300 accounts, their registrar restarts while "
				"they lose their flows",
			.members = 300, .pace = 1000, .away = SECONDS(100),
			.back = SECONDS(100) + 500, .lasts = 300,
		},
	};
	static struct herd herd;
	const unsigned n = sizeof(scenariov) / sizeof(*scenariov);
	unsigned i;

	for (i = 0; i < n; i++) {
		init(&herd, &scenariov[i]);
		*failedp += !run(&herd);
		free(herd.memberv);
	}

	return n;
}
