/* What happens in a story: the account, answers, the network, orders. */

#include <string.h>
#include "story.h"


/* --- the account --- */

static enum keepalive_method method_of(struct story *s)
{
	const char *name = word(s);
	int m;

	for (m = KEEPALIVE_AUTO; m <= KEEPALIVE_REGISTER; m++)
		if (!strcmp(keepalive_method_name(m), name))
			return m;

	fail(s, "'%s' is no keepalive method", name);

	return KEEPALIVE_AUTO;
}


/* Where the Contact is to point, and what that needs (DESIGN §6). */
static void contact_policy(struct story *s, struct account_policy *p)
{
	static const struct {
		const char *name;
		enum contact_policy policy;
	} policyv[] = {
		{"auto", CONTACT_AUTO}, {"mapped", CONTACT_MAPPED},
		{"local", CONTACT_LOCAL}, {"static", CONTACT_STATIC},
	};
	const char *name = word(s);
	size_t i;

	for (i = 0; i < sizeof(policyv) / sizeof(policyv[0]); i++) {
		if (strcmp(policyv[i].name, name))
			continue;

		p->contact = policyv[i].policy;
		p->reg.learns = p->contact == CONTACT_AUTO ||
			p->contact == CONTACT_MAPPED;
		p->reg.vouched = p->contact == CONTACT_STATIC;
		return;
	}

	fail(s, "'%s' is no Contact policy", name);
}


/* What the rest of the world is like, known once it is there. */
struct around {
	struct addr local, registrar;
	bool token, wait_replace;
};


static void account_word(struct story *s, struct account_policy *p,
			 struct around *around)
{
	if (word_is(s, "tcp"))
		p->flow.stream = true;
	else if (word_is(s, "udp"))
		p->flow.stream = false;
	else if (word_is(s, "expires"))
		p->reg.expires = (uint32_t)number(s);
	else if (word_is(s, "verify"))
		p->reg.verify = SECONDS(number(s));
	else if (word_is(s, "interval"))
		p->flow.interval = SECONDS(number(s));
	else if (word_is(s, "method"))
		p->flow.method = method_of(s);
	else if (word_is(s, "keep-on-stop"))
		p->reg.unregister = false;
	else if (word_is(s, "min-digest-sha-256"))
		p->reg.min_digest = DIGEST_SHA256;
	else if (word_is(s, "policy"))
		contact_policy(s, p);
	else if (word_is(s, "probe"))
		p->probe = (struct probe_policy){true, SECONDS(number(s))};
	else if (word_is(s, "local"))
		around->local = address(s);
	else if (word_is(s, "registrar"))
		around->registrar = address(s);
	else if (word_is(s, "token"))
		around->token = true;
	else if (word_is(s, "wait-replace"))
		around->wait_replace = true;
	else if (word_is(s, "ponging"))
		s->ponging = true;
	else
		fail(s, "'%s' is no word about an account", word(s));
}


void account(struct story *s)
{
	struct account_policy p = {
		.reg = {
			.expires = 3600,
			.verify = SECONDS(600),
			.unregister = true,
			.min_digest = DIGEST_MD5,
		},
		.flow = {.stream = true, .pong_timeout = FLOW_PONG_TIMEOUT},
		.probe = {.interval = MINUTES(10)},
		.contact = CONTACT_LOCAL,
	};
	struct around around = {0};

	s->ponging = false;
	while (s->word < s->wordc && !s->failed)
		account_word(s, &p, &around);

	world_init(&s->w, &p, s->line, deed_handler, s);
	if (addr_isset(&around.local))
		s->w.local = around.local;
	if (addr_isset(&around.registrar))
		s->w.peer = around.registrar;
	s->w.keeps_token = around.token;
	s->w.wait_replace = around.wait_replace;
	s->there = true;
}


/* --- what the registrar says --- */

/* The word that every answer may have. */
static bool is_mapped(struct story *s, struct addr *mapped)
{
	if (!word_is(s, "mapped"))
		return false;

	*mapped = address(s);

	return true;
}


static struct answer good_answer(struct story *s, struct addr *mapped)
{
	uint32_t lease = 0, others = 3600;
	struct addr contact = {0};
	bool outbound = false;
	unsigned foreign = 0;
	struct answer a;

	s->w.stun_allowed = false;
	while (s->word < s->wordc && !s->failed) {

		if (word_is(s, "absent"))
			lease = 0;
		else if (word_is(s, "lease"))
			lease = (uint32_t)number(s);
		else if (word_is(s, "behind"))
			foreign = 1, others = (uint32_t)number(s);
		else if (word_is(s, "foreign"))
			foreign = (unsigned)number(s);
		else if (word_is(s, "ghost"))
			world_add_ghost(&s->w, number(s));
		else if (word_is(s, "outbound"))
			outbound = true;
		else if (word_is(s, "stun-allowed"))
			s->w.stun_allowed = true;
		else if (word_is(s, "contact"))
			contact = address(s);
		else if (!is_mapped(s, mapped))
			fail(s, "'%s' is no word about a 200", word(s));
	}

	a = world_ok_among(&s->w, foreign, others, lease);
	a.outbound = outbound;
	if (addr_isset(&contact))
		a.contacts.own = contact;

	return a;
}


static struct answer challenge_answer(struct story *s, uint16_t code,
				      struct addr *mapped)
{
	enum digest_algorithm algorithm = DIGEST_SHA256;
	bool stale = false, realm = true;
	struct answer a;

	while (s->word < s->wordc && !s->failed) {

		if (word_is(s, "stale"))
			stale = true;
		else if (word_is(s, "weak"))
			algorithm = DIGEST_MD5;
		else if (word_is(s, "other-realm"))
			realm = false;
		else if (!is_mapped(s, mapped))
			fail(s, "'%s' is no word about a challenge", word(s));
	}

	a = world_challenge(&s->w, stale, algorithm, realm);
	a.code = code;

	return a;
}


static struct answer other_answer(struct story *s, uint16_t code,
				  struct addr *mapped)
{
	struct answer a = world_code(code);

	while (s->word < s->wordc && !s->failed) {

		if (word_is(s, "retry-after"))
			a.retry_after = (uint32_t)number(s);
		else if (word_is(s, "min-expires"))
			a.min_expires = (uint32_t)number(s);
		else if (word_is(s, "redirect"))
			a.redirect = true;
		else if (!is_mapped(s, mapped))
			fail(s, "'%s' is no word about an answer", word(s));
	}

	return a;
}


static void reply(struct story *s)
{
	const uint16_t code = (uint16_t)number(s);
	struct addr mapped = {0};
	struct answer a;

	if (!s->w.in_flight) {
		fail(s, "nothing is in flight");
		return;
	}

	if (code / 100 == 2)
		a = good_answer(s, &mapped);
	else if (code == 401 || code == 407)
		a = challenge_answer(s, code, &mapped);
	else
		a = other_answer(s, code, &mapped);

	world_answer(&s->w, &a, addr_isset(&mapped) ? &mapped : NULL);
}


/* --- what the network does --- */

static uint32_t down_mask(struct story *s)
{
	return word_is(s, "down") ? (uint32_t)number(s) : 0;
}


static enum reason reason_of(struct story *s)
{
	const char *name = word(s);
	int r;

	for (r = 0; r < REASON_COUNT; r++)
		if (!strcmp(reason_name(r), name))
			return r;

	fail(s, "'%s' is no reason", name);

	return REASON_OK;
}


/* 0 and 1 are the addresses of one host, 2 and 3 of the next. */
static void in_pairs(struct target_list *list)
{
	unsigned i;

	list->ipv6 = 0x55555555;
	for (i = 0; i < TARGET_MAX; i++)
		list->groupv[i] = (uint8_t)(i / 2);
}


/* Each is preferred to the next. */
static void in_ranks(struct target_list *list)
{
	unsigned i;

	for (i = 0; i < TARGET_MAX; i++)
		list->rankv[i] = (uint8_t)i;
}


static void resolved(struct story *s)
{
	const unsigned count = (unsigned)number(s);
	struct target_list list = world_list(&s->w, count, 0);

	while (s->word < s->wordc && !s->failed) {

		if (word_is(s, "down"))
			list.down = (uint32_t)number(s);
		else if (word_is(s, "families"))
			in_pairs(&list);
		else if (word_is(s, "ranked"))
			in_ranks(&list);
		else if (word_is(s, "stream"))
			list.stream = (uint32_t)number(s);
		else
			fail(s, "'%s' is no word about addresses", word(s));
	}

	world_resolved(&s->w, &list);
}


/* Each is refused at once, so that 30 s are what the core may wait. */
static void dns_away(struct story *s)
{
	const msec_t until = s->w.now + time_of(s, word(s));
	struct world *w = &s->w;

	while (w->now < until && !s->failed) {

		const msec_t at = w->now + REG_WAIT_DNS_MAX;

		world_resolve_failed(w);
		(void)world_pass(w, at, true);
		forget_deeds(s);

		if (world_reg(w)->state != REG_RESOLVE)
			fail(s, "the name was not asked for 30 s");
	}
}


static void refused(struct story *s)
{
	const enum reason reason = reason_of(s);

	world_refused(&s->w, reason, down_mask(s));
}


static void rival_refused(struct story *s)
{
	const enum reason reason = reason_of(s);

	world_rival_refused(&s->w, reason, down_mask(s));
}


/* What it did before belongs to a process that is gone. */
static void restored(struct story *s)
{
	const uint32_t cseq = (uint32_t)number(s);

	none_left(s);
	world_restart(&s->w, cseq, word_is(s, "worked"));
}


static void hand_over(struct story *s)
{
	none_left(s);
	if (!world_hand_over(&s->w))
		fail(s, "it cannot be handed over now");
}


static void learned(struct story *s)
{
	world_learned(&s->w, (unsigned)number(s));
}


static void old(struct story *s)
{
	const unsigned n = (unsigned)number(s);
	unsigned i;

	for (i = 1; i <= n; i++)
		olds_add(&s->w, i, NEVER);
}


static void come_up(struct story *s)
{
	const uint32_t lease = (uint32_t)(time_of(s, word(s)) / 1000);
	struct addr mapped = {0};
	struct world *w = &s->w;
	struct answer a;

	(void)is_mapped(s, &mapped);
	world_start(w);
	world_found(w, 1, 0);
	world_connected(w);
	a = world_challenge(w, false, DIGEST_SHA256, true);
	world_answer(w, &a, &mapped);
	a = world_ok(w, lease);
	world_answer(w, &a, &mapped);
	/* as if the first ping had gone out and come back already */
	w->link.flow.pinged = true;
	if (w->policy.flow.stream)
		world_pong(w, &w->link);
	else
		world_options_answer(w, &w->link, NULL);
	forget_deeds(s);
}


/* The answer to a keepalive, from where it shows us. */
static void seen(struct story *s)
{
	const bool stun = word_is(s, "stun");
	struct addr mapped;

	if (!stun && !word_is(s, "via"))
		fail(s, "seen via|stun ADDRESS");

	mapped = address(s);
	if (stun)
		world_stun_answer(&s->w, &s->w.link, &mapped);
	else
		world_options_answer(&s->w, &s->w.link, &mapped);
}


static void ponging(struct story *s)
{
	s->ponging = word_is(s, "yes");
	if (!s->ponging && !word_is(s, "no"))
		fail(s, "ponging yes|no");
}


static void site(struct story *s)
{
	const struct addr a = address(s);

	account_on_address(&s->w.account, &a, false, s->w.now);
}


static void lost(struct story *s)
{
	world_lost(&s->w, &s->w.link, reason_of(s));
}


static void elder_lost(struct story *s)
{
	world_lost(&s->w, &s->w.elder, reason_of(s));
}


static void at(struct story *s)
{
	pass(s, time_of(s, word(s)));
}


static void pass_on(struct story *s)
{
	pass(s, s->w.now + time_of(s, word(s)));
}


static void suspend(struct story *s)
{
	world_suspend(&s->w, time_of(s, word(s)));
}


static void promise(struct story *s)
{
	world_promise(&s->w, (uint32_t)number(s));
}


static void probe_answer(struct story *s)
{
	world_probe_answer(&s->w, (uint16_t)number(s));
}


static void local(struct story *s)     { s->w.local = address(s); }
static void pong(struct story *s)      { world_pong(&s->w, &s->w.link); }
static void traffic(struct story *s)   { world_traffic(&s->w, &s->w.link); }
static void verify(struct story *s)    { world_network(&s->w, false); }
static void moved(struct story *s)     { world_network(&s->w, true); }
static void elder_pong(struct story *s) { world_pong(&s->w, &s->w.elder); }

static void options_answer(struct story *s)
{
	world_options_answer(&s->w, &s->w.link, NULL);
}


static void stun_answer(struct story *s)
{
	world_stun_answer(&s->w, &s->w.link, NULL);
}


static void elder_answer(struct story *s)
{
	world_options_answer(&s->w, &s->w.elder, NULL);
}

#define PLAIN(name, call) \
	static void name(struct story *s) { call(&s->w); }
PLAIN(start, world_start)
PLAIN(stop, world_stop)
PLAIN(pause_, world_pause)
PLAIN(kick, world_kick)
PLAIN(reconnect, world_reconnect)
PLAIN(fetch, world_fetch)
PLAIN(probe, world_probe)
PLAIN(purge, world_purge)
PLAIN(local_event, world_local_event)
PLAIN(resolve_failed, world_resolve_failed)
PLAIN(knock, world_turn)
PLAIN(replace_turn, world_replace_turn)
PLAIN(connected, world_connected)
PLAIN(rival_connected, world_rival_connected)
PLAIN(partial, world_partial)
PLAIN(inbound, world_inbound)
PLAIN(rewritten, world_rewritten)
PLAIN(probe_arrived, world_probe_arrived)


static const struct {
	const char *word;
	void (*h)(struct story *s);
} verbs[] = {
	{"at", at}, {"pass", pass_on}, {"suspend", suspend},
	{"expect", expect}, {"reply", reply},
	{"start", start}, {"stop", stop}, {"pause", pause_}, {"kick", kick},
	{"reconnect", reconnect}, {"fetch", fetch}, {"probe", probe},
	{"purge", purge}, {"local-event", local_event},
	{"restored", restored}, {"old", old}, {"hand-over", hand_over},
	{"learned", learned}, {"resolved", resolved},
	{"resolve-failed", resolve_failed}, {"dns-away", dns_away},
	{"knock", knock}, {"replace-turn", replace_turn},
	{"connected", connected}, {"rival-connected", rival_connected},
	{"refused", refused}, {"rival-refused", rival_refused},
	{"lost", lost}, {"elder-lost", elder_lost},
	{"pong", pong}, {"ponging", ponging},
	{"options-answer", options_answer}, {"stun-answer", stun_answer},
	{"elder-pong", elder_pong}, {"elder-answer", elder_answer},
	{"seen", seen}, {"site", site},
	{"partial", partial}, {"traffic", traffic}, {"inbound", inbound},
	{"promise", promise}, {"come-up", come_up}, {"local", local},
	{"verify", verify}, {"moved", moved}, {"rewritten", rewritten},
	{"probe-arrived", probe_arrived}, {"probe-answer", probe_answer},
};


bool play_fact(struct story *s, const char *verb)
{
	size_t i;

	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(verb, verbs[i].word))
			continue;

		verbs[i].h(s);
		return true;
	}

	return false;
}
