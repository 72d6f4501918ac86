/* Fuzzes the order of events: bytes become a policy and then orders, facts,
 * answers and time, played on the world of tests/world, which asserts the
 * invariants after every step (world/check.c). */

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "../world/world.h"


#define EVENTS_MAX 2000      /* of one input */
#define RUNS_MAX   50000     /* times that its timers ran: seconds, with ASan */
#define PASS_MAX   HOURS(8)  /* with a refresh every second, 30000 of them */
#define PASS_DEEDS 200       /* of one passing of time */

int LLVMFuzzerTestOneInput(const uint8_t *buf, size_t len);

struct play {
	struct world w;
	const uint8_t *p, *end;
	enum deed last;          /* what was done last */
	bool ponging, answering; /* pings and OPTIONS by themselves */
	bool elder_too;          /* those of the elder as well */
	struct addr mapped;      /* where they show us; unset: nowhere */
	bool families;           /* what is well has two of them */
	bool ranked;             /* the preferred of two edges is down at
				    first */
	msec_t knock_at;         /* by hand not before */
};


/* --- values --- */

static uint8_t byte(struct play *p)
{
	return p->p < p->end ? *p->p++ : 0;
}


static unsigned upto(struct play *p, unsigned n)
{
	return byte(p) % n;
}


static uint32_t word(struct play *p)
{
	uint32_t n = byte(p);

	n = n << 8 | byte(p);
	n = n << 8 | byte(p);

	return n << 8 | byte(p);
}


/* Sensible ones, limits of the rules, and whatever fits into 32 bits. */
static uint32_t number(struct play *p)
{
	static const uint32_t numberv[] = {
		0, 1, 2, 4, 5, 9, 10, 11, 29, 30, 31, 60, 63, 64, 65, 70, 90,
		120, 300, 500, 600, 900, 1199, 1200, 1201, 1800, 3600, 7200,
		86400, 604800, 604801, 864000, 864001, INT32_MAX,
		UINT32_C(1) << 31, UINT32_MAX - 1, UINT32_MAX,
	};
	const unsigned n = sizeof(numberv) / sizeof(numberv[0]);
	const unsigned i = upto(p, n + 1);

	return i < n ? numberv[i] : word(p);
}


/* From one millisecond to half a year, evenly in size. */
static msec_t span(struct play *p)
{
	const unsigned bits = upto(p, 34);

	return ((msec_t)1 << bits) + word(p) % ((msec_t)1 << bits);
}


static struct addr address(struct play *p)
{
	static const struct addr addrv[] = {
		{.family = ADDR_NONE},
		{.family = ADDR_IPV4, .ip = {192, 0, 2, 1}, .port = 40000},
		{.family = ADDR_IPV4, .ip = {203, 0, 113, 7}, .port = 40000},
		{.family = ADDR_IPV4, .ip = {203, 0, 113, 7}, .port = 40001},
		{.family = ADDR_IPV4, .ip = {203, 0, 113, 8}, .port = 40000},
		{.family = ADDR_IPV4, .ip = {203, 0, 113, 8}, .port = 0},
		{.family = ADDR_IPV4, .ip = {100, 64, 3, 4}, .port = 5060},
		{.family = ADDR_IPV4, .ip = {10, 0, 0, 2}, .port = 5060},
		{.family = ADDR_IPV6, .ip = {0xfd}, .port = 5060},
	};

	return addrv[upto(p, sizeof(addrv) / sizeof(addrv[0]))];
}


static enum reason reason(struct play *p)
{
	static const enum reason reasonv[] = {
		REASON_FLOW_LOST, REASON_CONNECT_REFUSED,
		REASON_CONNECT_TIMEOUT, REASON_TLS_UNTRUSTED, REASON_TLS_NAME,
		REASON_TLS_FAILURE,
	};

	return reasonv[upto(p, sizeof(reasonv) / sizeof(reasonv[0]))];
}


/* Mostly one address or a few, at times as many as there can be. */
static unsigned addresses(struct play *p)
{
	const unsigned n = byte(p);

	return n < 128 ? n % 5 : n < 250 ? 1 : n;
}


/* --- time --- */

static void deed_handler(struct world *w, enum deed d, void *arg)
{
	struct play *p = arg;
	(void)w;

	p->last = d;
}


static void answer_ping(struct play *p, struct link *l)
{
	if (p->last == DEED_CRLF && p->ponging)
		world_pong(&p->w, l);
	if (p->last == DEED_OPTIONS && p->answering)
		world_options_answer(&p->w, l, &p->mapped);
	if (p->last == DEED_STUN && p->answering)
		world_stun_answer(&p->w, l, &p->mapped);
}


/* To the next deed, and what a server that is well does about it. */
static bool pass(struct play *p, msec_t until)
{
	if (!world_pass(&p->w, until, true))
		return false;

	if (p->w.on == &p->w.link)
		answer_ping(p, &p->w.link);
	else if (p->w.on == &p->w.elder && p->elder_too)
		answer_ping(p, &p->w.elder);

	return true;
}


static void do_pass(struct play *p)
{
	const msec_t until = p->w.now + clock_min(span(p), PASS_MAX);
	unsigned n = PASS_DEEDS;

	while (n && pass(p, until))
		--n;
}


static void do_pass_to_deed(struct play *p)
{
	(void)pass(p, p->w.now + PASS_MAX);
}


static void do_suspend(struct play *p)
{
	world_suspend(&p->w, span(p));
}


static void do_manners(struct play *p)
{
	const uint8_t bits = byte(p);

	p->ponging = bits & 1;
	p->answering = bits & 2;
	p->families = bits & 4;
	p->elder_too = bits & 8;
	p->w.stun_allowed = bits & 16;
	p->w.keeps_token = bits & 32;
	if (bits & 64)
		p->mapped = address(p);
}


/* --- answers --- */

static void answer(struct play *p, struct answer *a)
{
	const struct addr mapped = address(p);

	world_answer(&p->w, a, &mapped);
}


static void do_ok(struct play *p)
{
	struct answer a = world_ok_among(&p->w, upto(p, 3), number(p),
					 number(p));

	a.outbound = byte(p) & 1;
	answer(p, &a);
}


static struct contact_entry entry(struct play *p)
{
	const uint8_t bits = byte(p);
	const struct contact_entry e = {
		.addr = address(p),
		.expires = number(p),
		.instance = bits & 1 << 0,
		.reg_id = bits & 1 << 1,
		.token_account = bits & 1 << 2,
		.token_flow = bits & 1 << 3,
		.user = bits & 1 << 4,
		.known = bits & 1 << 5,
	};

	return e;
}


static void do_ok_list(struct play *p)
{
	const struct addr sent = address(p), mapped = address(p);
	struct answer a = {.code = (uint16_t)(200 + upto(p, 3))};
	unsigned n = upto(p, 6);
	uint32_t expires;

	contact_begin(&a.contacts, &sent, &mapped);
	while (n--) {
		const struct contact_entry e = entry(p);

		contact_add(&a.contacts, &e);
	}
	expires = number(p);
	a.bound = contact_end(&a.contacts, expires, number(p));
	answer(p, &a);
}


/* As the daemon reads it: only while somebody waits for it. */
static void do_challenge(struct play *p)
{
	struct challenge *c = &world_reg(&p->w)->challenge;
	struct answer a = {.code = byte(p) & 1 ? 401 : 407};
	unsigned n = upto(p, 4);

	if (!p->w.in_flight)
		return;

	challenge_begin(c);
	while (n--) {
		const uint8_t bits = byte(p);
		const struct challenge_offer offer = {
			.algorithm = bits & 3,
			.qop_usable = (bits & 4) == 0,
			.realm_accepted = (bits & 8) == 0,
			.stale = (bits & 16) != 0,
			.unanswered = (bits & 32) != 0,
		};

		challenge_offer(c, &offer);
	}
	a.challenge = challenge_end(c, p->w.now);
	p->w.nonce = a.challenge == CHALLENGE_ANSWER;
	answer(p, &a);
}


/* The plain one, without bytes to choose from. */
static void do_unauthorized(struct play *p)
{
	struct answer a = world_challenge(&p->w, false, DIGEST_SHA512_256,
					  true);

	world_answer(&p->w, &a, &p->mapped);
}


static void do_stale(struct play *p)
{
	struct answer a = world_challenge(&p->w, true, DIGEST_SHA512_256,
					  true);

	world_answer(&p->w, &a, NULL);
}


static void do_code(struct play *p)
{
	static const uint16_t codev[] = {
		503, 500, 480, 408, 403, 404, 423, 423, 420, 439, 302, 300,
		504, 501, 513, 600, 603, 606, 400, 499, 0, 100, 999, 65535,
	};
	const unsigned n = sizeof(codev) / sizeof(codev[0]);
	const unsigned i = upto(p, n + 1);
	struct answer a = world_code(i < n ? codev[i] : (uint16_t)word(p));

	/* The reader makes a 401 with its challenge, a 2xx with its list. */
	if (a.code == 401 || a.code == 407 || a.code / 100 == 2)
		a.code = 500;

	a.retry_after = byte(p) & 1 ? number(p) : 0;
	a.min_expires = byte(p) & 1 ? number(p) : 0;
	a.redirect = a.code / 100 == 3 && byte(p) & 1;
	answer(p, &a);
}


static void do_redirect(struct play *p)
{
	struct answer a = world_code(302);

	a.redirect = true;
	world_answer(&p->w, &a, NULL);
}


/* --- orders and facts --- */

static void do_start(struct play *p)   { world_start(&p->w); }
static void do_stop(struct play *p)    { world_stop(&p->w); }
static void do_pause(struct play *p)   { world_pause(&p->w); }
static void do_kick(struct play *p)    { world_kick(&p->w); }
static void do_reconnect(struct play *p) { world_reconnect(&p->w); }
static void do_local(struct play *p)   { world_local_event(&p->w); }
static void do_no_dns(struct play *p)  { world_resolve_failed(&p->w); }
static void do_connected(struct play *p) { world_connected(&p->w); }
static void do_rival(struct play *p)   { world_rival_connected(&p->w); }
static void do_partial(struct play *p) { world_partial(&p->w); }
static void do_inbound(struct play *p) { world_inbound(&p->w); }
static void do_fetch(struct play *p)   { world_fetch(&p->w); }
static void do_probe(struct play *p)   { world_probe(&p->w); }
static void do_purge(struct play *p)   { world_purge(&p->w); }
static void do_arrived(struct play *p) { world_probe_arrived(&p->w); }
static void do_moved(struct play *p)   { world_network(&p->w, true); }
static void do_verify(struct play *p)  { world_network(&p->w, false); }
static void do_rewritten(struct play *p) { world_rewritten(&p->w); }
static void do_ghost(struct play *p)   { world_add_ghost(&p->w, upto(p, 6)); }
static void do_lost(struct play *p)
{
	world_lost(&p->w, &p->w.link, reason(p));
}


static void do_elder_lost(struct play *p)
{
	world_lost(&p->w, &p->w.elder, reason(p));
}


static void do_pong(struct play *p)
{
	world_pong(&p->w, &p->w.link);
}


static void do_elder_pong(struct play *p)
{
	world_pong(&p->w, &p->w.elder);
}


static void do_options(struct play *p)
{
	const struct addr mapped = address(p);

	world_options_answer(&p->w, &p->w.link, &mapped);
}


static void do_stun(struct play *p)
{
	const struct addr mapped = address(p);

	world_stun_answer(&p->w, &p->w.link, &mapped);
}


static void do_elder_answer(struct play *p)
{
	const struct addr mapped = address(p);

	if (byte(p) & 1)
		world_stun_answer(&p->w, &p->w.elder, &mapped);
	else
		world_options_answer(&p->w, &p->w.elder, &mapped);
}


static void do_traffic(struct play *p)
{
	world_traffic(&p->w, byte(p) & 1 ? &p->w.elder : &p->w.link);
}


static void do_probe_answer(struct play *p)
{
	static const uint16_t codev[] = {
		200, 403, 404, 480, 407, 482, 500, 0, 100, 430, 65535,
	};

	world_probe_answer(&p->w, codev[upto(p, sizeof(codev) /
					     sizeof(codev[0]))]);
}


static void do_site(struct play *p)
{
	const struct addr a = address(p);

	account_on_address(&p->w.account, &a, byte(p) & 1, p->w.now);
}


/* Kept by the NAT for a while, and then forgotten: what was said before is
 * heard again, from elsewhere. */
static void do_map(struct play *p)
{
	p->mapped = address(p);
}


static void do_olds(struct play *p)
{
	olds_add(&p->w, 1 + upto(p, 5), p->w.now + span(p));
}


static void do_replace_turn(struct play *p)
{
	if (!p->w.edges)
		world_replace_turn(&p->w);
}

static void do_promise(struct play *p) { world_promise(&p->w, number(p)); }


/* Each a host of its own, hosts with two addresses, one host, anything. */
static void group(struct play *p, struct target_list *list, unsigned how)
{
	unsigned i;

	for (i = 0; i < TARGET_MAX; i++)
		list->groupv[i] = (uint8_t)(how == 0 ? i : how == 1 ? i / 2 :
					    how == 2 ? 0 : byte(p));
}


static uint32_t mask(struct play *p)
{
	static const uint32_t maskv[] = {
		0, UINT32_MAX, 0x55555555, 0xaaaaaaaa, 1, 2,
	};
	const unsigned n = sizeof(maskv) / sizeof(maskv[0]);
	const unsigned i = upto(p, n + 1);

	return i < n ? maskv[i] : word(p);
}


static void do_resolved(struct play *p)
{
	const unsigned count = addresses(p);
	struct target_list list = world_list(&p->w, count, 0);
	const uint8_t bits = byte(p);
	unsigned i;

	group(p, &list, bits & 3);
	if (bits & 4)
		list.down = word(p);
	if (bits & 8)
		list.stream = mask(p);
	if (bits & 16)
		list.ipv6 = mask(p);
	if (bits & 32 && world_reg(&p->w)->state == REG_RESOLVE)
		p->w.edge_first = upto(p, TARGET_MAX);
	if (bits & 64)
		for (i = 0; i < TARGET_MAX; i++)
			list.rankv[i] = (uint8_t)(i / 2);
	if (bits & 128)
		list.taken = mask(p);

	world_resolved(&p->w, &list);
}


/* One host with two addresses, TCP or UDP as the account has it. */
static void do_families(struct play *p)
{
	struct target_list list = world_list(&p->w, 2, 0);

	list.ipv6 = 1;
	list.groupv[1] = list.groupv[0];
	world_resolved(&p->w, &list);
}


static void do_refused(struct play *p)
{
	const enum reason r = reason(p);
	const uint32_t down = byte(p) & 1 ? word(p) : 0;

	world_refused(&p->w, r, down);
}


static void do_rival_refused(struct play *p)
{
	const enum reason r = reason(p);
	const uint32_t down = byte(p) & 1 ? word(p) : 0;

	world_rival_refused(&p->w, r, down);
}


/* To where the other family is tried beside the first. */
static void do_race(struct play *p)
{
	struct world *w = &p->w;

	do_families(p);
	if (!w->edges)
		world_turn(w);
	(void)world_pass(w, w->now + REG_RACE_DELAY, false);
}


/* Killed, and what was kept is of any age; CSeq is less than 2^31. */
static void do_restart(struct play *p)
{
	const uint8_t bits = byte(p);
	struct world *w = &p->w;

	world_restart(w, world_reg(w)->cseq + bits / 4, bits & 1);
	if (bits & 2)
		world_start(w);
}


static void do_hand_over(struct play *p)
{
	if (world_hand_over(&p->w) && byte(p) & 1)
		world_learned(&p->w, addresses(p));
}


static void do_event(struct play *p)
{
	account_on_event(&p->w.account, EVENT_CONFIG, p->w.now);
}


/* Knocks at an edge that is down come when core/edge.c says so; by hand not
 * faster than it would, else the world counts them as if they were ours. */
static void do_turn(struct play *p)
{
	if (p->w.edges)
		return;

	if (reg_parked(world_reg(&p->w))) {
		if (p->w.now < p->knock_at)
			return;
		p->knock_at = p->w.now + EDGE_KNOCK_FAST;
	}

	world_turn(&p->w);
}


static void do_race_turn(struct play *p)
{
	if (!p->w.edges)
		world_race_turn(&p->w);
}


static void do_hold_turns(struct play *p)
{
	const uint8_t bits = byte(p);

	if (p->w.edges)
		return;

	p->w.wait_turns = bits & 1;
	p->w.wait_replace = bits & 2;
}


/* The machine itself is in trouble: no descriptors, no memory. */
static void do_trouble(struct play *p)
{
	const uint8_t bits = byte(p);

	p->w.open_fails = (bits & 3) == 3;
	p->w.send_fails = (bits & 12) == 12;
	p->w.probe_fails = (bits & 48) == 48;
}


/* Of two edges the preferred one is down at first. */
static void do_ranked(struct play *p)
{
	struct target_list list = world_list(&p->w, 2, 0);

	list.rankv[1] = 1;
	list.down = !world_reg(&p->w)->failback || (byte(p) & 3) == 0;
	world_resolved(&p->w, &list);
}


/* What a network and a registrar that are well would do next. */
static void do_well(struct play *p)
{
	struct world *w = &p->w;
	struct answer a;

	switch ((enum reg_state)world_reg(w)->state) {

	case REG_OFF:
		world_start(w);
		break;

	case REG_RESOLVE:
		if (p->families)
			do_families(p);
		else if (p->ranked)
			do_ranked(p);
		else
			world_found(w, 1, 0);
		break;

	case REG_CONNECT:
		if (!w->link.there)
			do_turn(p);
		world_connected(w);
		break;

	case REG_TURN:
		do_turn(p);
		break;

	case REG_SENT:
	case REG_LEAVING:
		if (w->credentials != CHALLENGE_SENT_NONE) {
			a = world_ok(w, 300);
			world_answer(w, &a, &p->mapped);
		}
		else {
			do_unauthorized(p);
		}
		break;

	case REG_BOUND:
	case REG_WAIT:
	case REG_HELD:
		(void)pass(p, w->now + HOURS(1));
		break;
	}
}


/* Every byte is an event; what leads on comes more often. */
static void (*const eventv[])(struct play *p) = {
	do_start, do_stop, do_pause, do_kick, do_reconnect, do_restart,
	do_hand_over, do_hand_over,
	do_event, do_olds, do_olds, do_redirect, do_redirect, do_families,
	do_race, do_race, do_race_turn, do_rival, do_rival_refused,
	do_local, do_no_dns,
	do_connected, do_lost, do_pong, do_options, do_partial, do_traffic,
	do_inbound, do_promise, do_resolved, do_resolved, do_refused,
	do_refused, do_turn, do_turn, do_hold_turns, do_trouble, do_manners,
	do_manners, do_pass, do_pass, do_pass_to_deed, do_pass_to_deed,
	do_pass_to_deed, do_suspend, do_ok, do_ok, do_ok_list, do_challenge,
	do_challenge, do_unauthorized, do_unauthorized, do_stale, do_code,
	do_code, do_code, do_well, do_well, do_well, do_well, do_well, do_well,
	do_well, do_well,
	do_fetch, do_probe, do_purge, do_arrived, do_arrived, do_moved,
	do_verify, do_verify, do_rewritten, do_ghost, do_ghost, do_elder_lost,
	do_elder_pong, do_elder_pong, do_stun, do_elder_answer,
	do_probe_answer, do_probe_answer, do_site, do_map, do_map,
	do_replace_turn, do_replace_turn, do_hold_turns,
};


/* --- the account --- */

static struct account_policy policy(struct play *p)
{
	const uint8_t bits = byte(p);
	struct account_policy c = {
		.reg = {
			.unregister = (bits & 2) == 0,
			.learns = bits & 4,
			.verify = bits & 8 ? SECONDS(10 + word(p) % 86400) : 0,
			.expires = 5 + number(p) % 86400,
			.min_digest = bits & 16 ? DIGEST_SHA256 : DIGEST_MD5,
		},
		.flow = {
			.stream = bits & 1,
			.method = upto(p, KEEPALIVE_REGISTER + 1),
			.interval = bits & 32 ? SECONDS(1 + upto(p, 255)) : 0,
			.pong_timeout = bits & 64 ? SECONDS(1 + upto(p, 60))
						  : FLOW_PONG_TIMEOUT,
		},
		.contact = upto(p, CONTACT_STATIC + 1),
		.probe = {
			.enabled = bits & 128,
			.interval = SECONDS(1 + number(p) % 86400),
		},
	};

	c.reg.vouched = c.contact == CONTACT_STATIC;

	return c;
}


int LLVMFuzzerTestOneInput(const uint8_t *buf, size_t len)
{
	static struct play p;
	struct account_policy c;
	unsigned n = EVENTS_MAX;
	uint8_t bits;

	p = (struct play){.p = buf, .end = buf + len};
	c = policy(&p);
	bits = byte(&p);
	world_init(&p.w, &c, word(&p), deed_handler, &p);
	p.ponging = p.answering = bits & 1;
	p.ranked = bits & 32;
	p.w.down = bits & 2 ? UINT32_MAX : 0;
	if (bits & 4)
		world_suspend(&p.w, span(&p));
	if (bits & 8)
		world_use_edges(&p.w, upto(&p, 3));
	if (bits & 16)
		world_start(&p.w);

	while (n-- && p.p < p.end && p.w.runs < RUNS_MAX)
		eventv[byte(&p) % (sizeof(eventv) / sizeof(eventv[0]))](&p);

	/* A last order, so that every sequence ends in peace. */
	world_stop(&p.w);
	p.w.open_fails = p.w.send_fails = false;
	(void)world_pass(&p.w, p.w.now + REG_LEAVE_MAX, false);
	if (world_reg(&p.w)->state != REG_OFF)
		__builtin_trap();

	return 0;
}
