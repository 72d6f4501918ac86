/* Several registrations of one account: any order of facts, as far as one can
 * happen at all. After the timers ran nothing is due; nothing is sent twice at
 * once; while the account is stopped nothing begins; and a stop comes to an
 * end. What one registration alone does is the matter of events.c. */

#include <assert.h>
#include <string.h>
#include "account.h"
#include "fuzz.h"


#define STEPS_MAX 400
#define EVENTS    8
#define ADDRESSES 3

struct play {
	const uint8_t *p, *end;
	struct account a;
	struct account_reg regv[ACCOUNT_FLOWS_MAX];
	struct event eventv[EVENTS];
	struct {
		bool wants_turn;         /* of the connect, or the REGISTER */
		bool flying;             /* a REGISTER */
		bool elder;
	} slotv[ACCOUNT_FLOWS_MAX];
	bool stopped;
	msec_t now;
};


static uint8_t byte(struct play *p)
{
	return p->p < p->end ? *p->p++ : 0;
}


static struct addr address(unsigned n)
{
	return (struct addr){
		.family = ADDR_IPV4, .port = 5060,
		.ip = {203, 0, 113, (uint8_t)n},
	};
}


static void perform(struct play *p, unsigned i, unsigned acts)
{
	struct reg *r = &p->regv[i].reg;
	const struct addr offered = address(i);
	unsigned more;

	if (acts & (REG_DO_ABANDON | REG_DO_CLOSE | REG_DO_LEFT))
		p->slotv[i].flying = false;

	assert(!(acts & REG_DO_TAKE_BACK) || p->slotv[i].elder);
	if (acts & (REG_DO_TAKE_BACK | REG_DO_RETIRE))
		p->slotv[i].elder = false;
	if (acts & REG_DO_ASIDE)
		p->slotv[i].elder = true;
	if (!r->elder)
		p->slotv[i].elder = false;

	if (acts & REG_DO_CLOSE && !(acts & REG_DO_TAKE_BACK)) {
		more = account_on_flow_closed(&p->a, i, p->now);
		assert(!(more & ~(unsigned)ACCOUNT_PROBE_CLOSE));
	}

	if (acts & (REG_DO_SEND | REG_DO_FETCH | REG_DO_LEAVE)) {
		assert(!p->slotv[i].flying && r->flow);
		assert(!p->stopped || acts & REG_DO_LEAVE);
		p->slotv[i].flying = true;
		account_on_sent(&p->a, i, CHALLENGE_SENT_NONE, 0, &offered,
				p->now);
	}
}


static void run_timers(struct play *p)
{
	unsigned i, rounds = 0;

	do {
		for (i = 0; i < p->a.regc; i++)
			perform(p, i, account_on_timer(&p->a, i, p->now));
	} while (account_deadline(&p->a) <= p->now && ++rounds < 2);

	assert(account_deadline(&p->a) > p->now);
}


static void pass(struct play *p, msec_t span)
{
	const msec_t until = p->now + span;
	msec_t at;
	unsigned n = 0;

	while ((at = account_deadline(&p->a)) <= until && n++ < STEPS_MAX) {
		p->now = clock_max(p->now, at);
		run_timers(p);
	}
	p->now = until;
	run_timers(p);
}


static void resolved(struct play *p, unsigned i)
{
	struct target_list list = {
		.count = 1U + byte(p) % ADDRESSES, .stream = UINT32_MAX,
		.present = byte(p) % 4 ? TARGET_NONE : 0,
	};
	unsigned k;

	if (p->regv[i].reg.state != REG_RESOLVE)
		return;

	for (k = 0; k < ADDRESSES; k++)
		list.groupv[k] = list.rankv[k] = (uint8_t)k;
	list.down = byte(p) & 7;
	list.taken = byte(p) & 7;
	perform(p, i, account_on_resolved(&p->a, i, &list,
					  REASON_CONNECT_REFUSED, p->now));
}


static void answered(struct play *p, unsigned i, struct answer *a)
{
	const struct addr mapped = address(i);

	if (!p->slotv[i].flying)
		return;

	p->slotv[i].flying = false;
	a->bound = a->code == 200;
	a->contacts.lease = a->bound ? 60U + 60U * byte(p) : 0;
	a->contacts.own = mapped;
	a->contacts.owns = a->bound;
	perform(p, i, account_on_answer(&p->a, i, a, &mapped, p->now));
}


static void answer(struct play *p, unsigned i)
{
	static const uint16_t codev[] = {200, 200, 200, 200, 403, 439, 480,
					 500, 503, 423};
	const uint8_t bits = byte(p);
	struct answer a = {
		.code = codev[bits % 10], .outbound = bits & 64,
		.retry_after = bits & 128 ? 30 : 0,
	};

	answered(p, i, &a);
}


static void connected(struct play *p, unsigned i)
{
	const struct addr local = address(i), edge = address(200);
	const struct reg *r = &p->regv[i].reg;

	if (r->state == REG_CONNECT && !r->target.parked)
		perform(p, i, account_on_connected(&p->a, i, r->target.index,
						   &local, &edge, p->now));
}


static void refused(struct play *p, unsigned i)
{
	const struct reg *r = &p->regv[i].reg;

	if (r->state == REG_CONNECT)
		perform(p, i, account_on_connect_failed(&p->a, i,
				r->target.index, REASON_CONNECT_REFUSED,
				byte(p) & 7, p->now));
}


static void lost(struct play *p, unsigned i)
{
	if (!p->regv[i].reg.flow)
		return;

	p->slotv[i].flying = false;
	perform(p, i, account_on_flow_lost(&p->a, i, NULL, REASON_FLOW_LOST,
					   p->now));
}


static void order(struct play *p)
{
	typedef unsigned (order_h)(struct account *a, unsigned i, msec_t now);
	static order_h *const orderv[] = {
		account_start, account_stop, account_pause, account_kick,
		account_reconnect, account_on_local_event, account_probe,
		account_fetch,
	};
	const unsigned n = byte(p) % 8;
	unsigned i;

	if (n >= 3 && !p->a.started)
		return;

	p->stopped = n == 1 || n == 2 || (p->stopped && n);
	for (i = 0; i < p->a.regc; i++)
		perform(p, i, orderv[n](&p->a, i, p->now));
}


static void turn(struct play *p, unsigned i)
{
	const enum reg_state state = (enum reg_state)p->regv[i].reg.state;

	if (state == REG_CONNECT || state == REG_TURN)
		perform(p, i, account_on_turn(&p->a, i, p->now));
}


/* What a network and a registrar that are well do next; the preferred edge is
 * down until there is a flow over another one. */
static void well(struct play *p, unsigned i)
{
	struct target_list list = {
		.count = 2, .stream = UINT32_MAX, .rankv = {0, 1},
		.groupv = {0, 1}, .present = 1,
	};
	struct answer good = {.code = 200, .outbound = true};

	switch ((enum reg_state)p->regv[i].reg.state) {

	case REG_RESOLVE:
		list.down = !p->regv[i].reg.failback;
		perform(p, i, account_on_resolved(&p->a, i, &list,
				REASON_CONNECT_REFUSED, p->now));
		break;

	case REG_CONNECT:
		turn(p, i);
		connected(p, i);
		break;

	case REG_TURN:
		turn(p, i);
		break;

	case REG_SENT:
	case REG_LEAVING:
		answered(p, i, &good);
		break;

	case REG_BOUND:
		perform(p, i, account_on_proven(&p->a, i, p->now));
		break;

	case REG_OFF:
	case REG_WAIT:
	case REG_HELD:
		break;
	}
}


static void step(struct play *p)
{
	const uint8_t what = byte(p);
	const unsigned i = byte(p) % p->a.regc;

	switch (what % 32) {

	case 0: order(p); break;
	case 1: case 2: resolved(p, i); break;
	case 3: case 4: turn(p, i); break;
	case 5: connected(p, i); break;
	case 6: refused(p, i); break;
	case 7: case 8: answer(p, i); break;
	case 9: lost(p, i); break;
	case 10: account_on_taken(&p->a, i, byte(p) & 7, p->now); break;
	case 11: pass(p, 1U + byte(p)); break;
	case 12: pass(p, SECONDS(1U + byte(p))); break;
	case 13:
		if (p->regv[i].reg.flow)
			perform(p, i, account_on_proven(&p->a, i, p->now));
		break;
	default: well(p, i); break;
	}

	run_timers(p);
}


int LLVMFuzzerTestOneInput(const uint8_t *buf, size_t len)
{
	static struct play p;
	static struct account_policy policy;
	unsigned n = STEPS_MAX, i;

	memset(&p, 0, sizeof(p));
	p.p = buf;
	p.end = buf + len;
	policy = (struct account_policy){
		.reg = {.expires = 600, .unregister = byte(&p) & 1,
			.min_digest = DIGEST_MD5},
		.flow = {.stream = true},
		.probe = {.interval = MINUTES(5)},
		.flows = 2U + byte(&p) % 3,
	};
	account_init(&p.a, &policy, p.regv, p.eventv, EVENTS, 1, NULL, NULL,
		     NULL, 0);
	for (i = 0; i < p.a.regc; i++)
		perform(&p, i, account_start(&p.a, i, 0));

	while (n-- && p.p < p.end)
		step(&p);

	p.stopped = true;
	for (i = 0; i < p.a.regc; i++)
		perform(&p, i, account_stop(&p.a, i, p.now));
	pass(&p, REG_LEAVE_MAX);
	assert(account_left(&p.a));
	assert(account_deadline(&p.a) == NEVER);

	return 0;
}
