/* Plays stories: text files in which an account lives through hours in
 * microseconds, against what the file says that the network does.
 *
 *   account [tcp|udp] [expires S] [verify S] [interval S] [method WORD]
 *           [keep-on-stop] [learns] [vouched] [min-digest-sha-256]
 *           [ponging]                   pings are answered by themselves
 *                      a new account begins a new story in the same file
 *   at TIME | pass TIME                 time goes on; deeds must be expected
 *   suspend TIME                        time goes on, the machine sleeps
 *   start stop pause kick reconnect local-event   orders
 *   restored CSEQ [worked]              the process is killed and begins anew
 *                      with what it had kept (not the account: start)
 *   old N              bindings that we made before and may still be there
 *   resolved N [down MASK] [families] [stream MASK]   addresses; `families`:
 *                      each host has two, IPv6 first; `stream`: TCP, others UDP
 *   dns-away TIME      every question fails; each is asked within 30 s
 *   resolve-failed · knock · connected · rival-connected
 *   refused REASON [down MASK] · rival-refused REASON [down MASK]
 *   lost REASON · pong · options-answer · partial · traffic · inbound
 *   promise S
 *   reply 200 lease S [behind S] [outbound] [mapped IP] [contact IP]
 *   reply 200 absent · reply CODE [retry-after S] [min-expires S] [redirect]
 *                      `redirect`: a 3xx to a host that is allowed
 *   reply 401|407 [stale] [weak] [other-realm]
 *   expect DEED [none|fresh|reused] [within TIME..TIME]
 *   expect nothing for TIME
 *   expect state WORD · registered yes|no · reachable WORD · reason WORD
 *   expect next WORD · cseq N · registers N · granted S · asked-expires S
 *   expect foreign N · named N (old ones in the last REGISTER)
 *   expect transport tcp|udp · address N (of the flow)
 *   come-up TIME       resolve, connect, challenge, 200 with this lease, pong
 *
 * Deeds: resolve redirect park open race open-rival register leave renew left,
 * and those that go by unless they are asked for: crlf options close hold.
 * Times: 250ms 4s 10m 2h 3d. Every line is a fact or an expectation; the
 * first that does not hold ends the story with file and line. */

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../world/world.h"


#define WORDS_MAX 24
#define DEEDS_MAX 64
#define LINE_MAX_ 512

struct seen {
	enum deed deed;
	enum challenge_sent credentials;
	msec_t at;
};

struct story {
	const char *file;
	unsigned line;
	struct world w;
	bool there;              /* the account line was read */
	bool ponging;            /* pings are answered without a line */
	struct seen seenv[DEEDS_MAX];
	unsigned seenc, seen_at; /* told, expected */
	char *wordv[WORDS_MAX + 1];
	unsigned wordc, word;
	bool failed;
};


static void fail(struct story *s, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));


static void fail(struct story *s, const char *fmt, ...)
{
	va_list ap;

	if (s->failed)
		return;

	s->failed = true;
	(void)fprintf(stderr, "%s:%u: at %.3f s: ", s->file, s->line,
		      (double)s->w.now / 1000);
	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	(void)fputc('\n', stderr);
}


/* --- words --- */

static const char *word(struct story *s)
{
	return s->word < s->wordc ? s->wordv[s->word++] : "";
}


static bool word_is(struct story *s, const char *text)
{
	if (s->word >= s->wordc || strcmp(s->wordv[s->word], text))
		return false;

	++s->word;

	return true;
}


static unsigned long number(struct story *s)
{
	const char *text = word(s);
	char *end;
	unsigned long n = strtoul(text, &end, 0);

	if (end == text || *end)
		fail(s, "'%s' is no number", text);

	return n;
}


static msec_t time_of(struct story *s, const char *text)
{
	static const struct {
		const char *unit;
		double msec;
	} units[] = {
		{"ms", 1}, {"s", 1e3}, {"m", 60e3}, {"h", 3600e3},
		{"d", 86400e3},
	};
	char *end;
	double n = strtod(text, &end);
	size_t i;

	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (end != text && !strcmp(end, units[i].unit))
			return (msec_t)(n * units[i].msec + 0.5);

	if (!strcmp(text, "0"))
		return 0;

	fail(s, "'%s' is no time", text);

	return 0;
}


/* --- deeds --- */

static void deed_handler(struct world *w, enum deed d, void *arg)
{
	struct story *s = arg;
	struct seen *seen;

	/* Closing is told by what comes after it, or asked for by name. */
	if (s->seenc == DEEDS_MAX) {
		fail(s, "too many things happen that nobody expects");
		return;
	}

	seen = &s->seenv[s->seenc++];
	seen->deed = d;
	seen->credentials = w->credentials;
	seen->at = w->now;
}


/* Keepalives and closes go by unless they are asked for. */
static bool quiet(enum deed d)
{
	return d == DEED_CRLF || d == DEED_OPTIONS || d == DEED_CLOSE ||
		d == DEED_HOLD;
}


static struct seen *next_seen(struct story *s, const char *wanted)
{
	while (s->seen_at < s->seenc) {
		struct seen *seen = &s->seenv[s->seen_at];

		if (!strcmp(deed_name(seen->deed), wanted) ||
		    !quiet(seen->deed))
			return seen;

		++s->seen_at;
	}

	s->seen_at = s->seenc = 0;

	return NULL;
}


static void none_left(struct story *s)
{
	const struct seen *seen = next_seen(s, "");

	if (seen)
		fail(s, "unexpected: %s at %.3f s", deed_name(seen->deed),
		     (double)seen->at / 1000);
}


/* What a server that is well does by itself. */
static void answer_pings(struct story *s)
{
	const struct seen *last;

	if (!s->ponging || !s->seenc)
		return;

	last = &s->seenv[s->seenc - 1];
	if (last->deed == DEED_CRLF)
		world_pong(&s->w);
	else if (last->deed == DEED_OPTIONS)
		world_options_answer(&s->w);
}


static void pass(struct story *s, msec_t until)
{
	none_left(s);
	while (!s->failed && world_pass(&s->w, until, true)) {
		answer_pings(s);
		none_left(s);
	}
}


static const char *credentials_name(enum challenge_sent c)
{
	switch (c) {

	case CHALLENGE_SENT_NONE:   return "none";
	case CHALLENGE_SENT_FRESH:  return "fresh";
	case CHALLENGE_SENT_REUSED: return "reused";
	}

	return "?";
}


static void check_credentials(struct story *s, const struct seen *seen)
{
	const char *is = credentials_name(seen->credentials);

	if (s->word < s->wordc && strcmp(word(s), is))
		fail(s, "the credentials are %s", is);
}


/* "4s..8s": lets time pass until the deed, which must come in this window. */
static void wait_for(struct story *s, const char *wanted, msec_t *lowp)
{
	char text[LINE_MAX_];
	const msec_t start = s->w.now;
	char *dots;
	unsigned i;
	msec_t high;

	*lowp = 0;
	for (i = s->word; i < s->wordc; i++)
		if (!strcmp(s->wordv[i], "within"))
			break;
	if (i + 2 != s->wordc)
		return;

	s->wordc = i;

	(void)snprintf(text, sizeof(text), "%s", s->wordv[i + 1]);
	dots = strstr(text, "..");
	if (!dots) {
		fail(s, "within LOW..HIGH");
		return;
	}

	*dots = '\0';
	*lowp = start + time_of(s, text);
	high = start + time_of(s, dots + 2);

	while (!next_seen(s, wanted) && world_pass(&s->w, high, true))
		answer_pings(s);
}


static void expect_deed(struct story *s, const char *wanted)
{
	struct seen *seen;
	msec_t low;

	wait_for(s, wanted, &low);
	seen = next_seen(s, wanted);
	if (!seen) {
		fail(s, "%s did not happen", wanted);
		return;
	}

	++s->seen_at;
	if (strcmp(deed_name(seen->deed), wanted))
		fail(s, "%s instead of %s", deed_name(seen->deed), wanted);
	else if (seen->at < low)
		fail(s, "%s already at %.3f s", wanted,
		     (double)seen->at / 1000);
	else if (seen->deed == DEED_REGISTER || seen->deed == DEED_LEAVE)
		check_credentials(s, seen);
}


/* --- expectations about the state --- */

static const char *state_name(enum reg_state state)
{
	switch (state) {

	case REG_OFF:     return "off";
	case REG_WAIT:    return "wait";
	case REG_RESOLVE: return "resolve";
	case REG_CONNECT: return "connect";
	case REG_TURN:    return "turn";
	case REG_SENT:    return "sent";
	case REG_BOUND:   return "bound";
	case REG_HELD:    return "held";
	case REG_LEAVING: return "leaving";
	}

	return "?";
}


static void same_text(struct story *s, const char *what, const char *is)
{
	const char *wanted = word(s);

	if (strcmp(wanted, is))
		fail(s, "%s is %s, not %s", what, is, wanted);
}


static void same_number(struct story *s, const char *what, unsigned long is)
{
	const unsigned long wanted = number(s);

	if (wanted != is)
		fail(s, "%s is %lu, not %lu", what, is, wanted);
}


static void expect(struct story *s)
{
	const struct verdict v = account_verdict(&s->w.account, s->w.now);
	struct reg *r = world_reg(&s->w);
	const char *what = word(s);
	msec_t at;

	if (!strcmp(what, "nothing")) {
		if (!word_is(s, "for"))
			fail(s, "expect nothing for TIME");
		pass(s, s->w.now + time_of(s, word(s)));
	}
	else if (!strcmp(what, "state"))
		same_text(s, what, state_name(r->state));
	else if (!strcmp(what, "registered"))
		same_text(s, what, v.registered ? "yes" : "no");
	else if (!strcmp(what, "reachable"))
		same_text(s, what, reachable_name(v.reachable));
	else if (!strcmp(what, "reason"))
		same_text(s, what, reason_name(v.reason));
	else if (!strcmp(what, "next"))
		same_text(s, what, reg_next(r, &at));
	else if (!strcmp(what, "flow"))
		same_text(s, what, s->w.link.there ?
			  flow_state_name(s->w.link.flow.state) : "none");
	else if (!strcmp(what, "transport"))
		same_text(s, what, s->w.link.flow.policy.stream ? "tcp"
								: "udp");
	else if (!strcmp(what, "address"))
		same_number(s, what, s->w.link.index);
	else if (!strcmp(what, "named"))
		same_number(s, what, s->w.named);
	else if (!strcmp(what, "cseq"))
		same_number(s, what, r->cseq);
	else if (!strcmp(what, "registers"))
		same_number(s, what, s->w.registers);
	else if (!strcmp(what, "granted"))
		same_number(s, what, r->granted);
	else if (!strcmp(what, "foreign"))
		same_number(s, what, s->w.reg.foreign);
	else if (!strcmp(what, "asked-expires"))
		same_number(s, what, r->expires);
	else
		expect_deed(s, what);
}


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


static void account(struct story *s)
{
	struct account_policy p = {
		.reg = {
			.expires = 3600,
			.verify = SECONDS(600),
			.unregister = true,
			.min_digest = DIGEST_MD5,
		},
		.flow = {.stream = true, .pong_timeout = FLOW_PONG_TIMEOUT},
	};

	s->ponging = false;
	while (s->word < s->wordc && !s->failed) {

		if (word_is(s, "tcp"))
			p.flow.stream = true;
		else if (word_is(s, "udp"))
			p.flow.stream = false;
		else if (word_is(s, "expires"))
			p.reg.expires = (uint32_t)number(s);
		else if (word_is(s, "verify"))
			p.reg.verify = SECONDS(number(s));
		else if (word_is(s, "interval"))
			p.flow.interval = SECONDS(number(s));
		else if (word_is(s, "method"))
			p.flow.method = method_of(s);
		else if (word_is(s, "keep-on-stop"))
			p.reg.unregister = false;
		else if (word_is(s, "min-digest-sha-256"))
			p.reg.min_digest = DIGEST_SHA256;
		else if (word_is(s, "learns"))
			p.reg.learns = true;
		else if (word_is(s, "vouched"))
			p.reg.vouched = true;
		else if (word_is(s, "ponging"))
			s->ponging = true;
		else
			fail(s, "'%s' is no word about an account", word(s));
	}

	world_init(&s->w, &p, s->line, deed_handler, s);
	s->there = true;
}


/* --- what the registrar says --- */

static struct addr address(struct story *s)
{
	struct addr a = {0};
	const char *text = word(s);

	if (!addr_parse(&a, text, strlen(text), 5060))
		fail(s, "'%s' is no address", text);

	return a;
}


static struct answer good_answer(struct story *s, struct addr *mapped)
{
	struct answer a = world_ok(0);
	uint32_t lease = 0;

	while (s->word < s->wordc && !s->failed) {

		if (word_is(s, "absent"))
			a = world_ok(0);
		else if (word_is(s, "lease"))
			a = world_ok(lease = (uint32_t)number(s));
		else if (word_is(s, "behind"))
			a = world_ok_among((uint32_t)number(s), lease);
		else if (word_is(s, "outbound"))
			a.outbound = true;
		else if (word_is(s, "mapped"))
			*mapped = address(s);
		else if (word_is(s, "contact"))
			a.contacts.own = address(s);
		else
			fail(s, "'%s' is no word about a 200", word(s));
	}

	return a;
}


static struct answer challenge_answer(struct story *s, uint16_t code)
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
		else
			fail(s, "'%s' is no word about a challenge", word(s));
	}

	a = world_challenge(&s->w, stale, algorithm, realm);
	a.code = code;

	return a;
}


static struct answer other_answer(struct story *s, uint16_t code)
{
	struct answer a = world_code(code);

	while (s->word < s->wordc && !s->failed) {

		if (word_is(s, "retry-after"))
			a.retry_after = (uint32_t)number(s);
		else if (word_is(s, "min-expires"))
			a.min_expires = (uint32_t)number(s);
		else if (word_is(s, "redirect"))
			a.redirect = true;
		else
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
		a = challenge_answer(s, code);
	else
		a = other_answer(s, code);

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


static void resolved(struct story *s)
{
	const unsigned count = (unsigned)number(s);
	struct target_list list = world_list(&s->w, count, 0);

	while (s->word < s->wordc && !s->failed) {

		if (word_is(s, "down"))
			list.down = (uint32_t)number(s);
		else if (word_is(s, "families"))
			in_pairs(&list);
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
		s->seenc = s->seen_at = 0;

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


static void old(struct story *s)
{
	s->w.olds = (unsigned)number(s);
}


static void come_up(struct story *s)
{
	struct answer a;

	world_start(&s->w);
	world_found(&s->w, 1, 0);
	world_connected(&s->w);
	a = world_challenge(&s->w, false, DIGEST_SHA256, true);
	world_answer(&s->w, &a, NULL);
	a = world_ok((uint32_t)(time_of(s, word(s)) / 1000));
	world_answer(&s->w, &a, NULL);
	/* as if the first ping had gone out and come back already */
	s->w.link.flow.pinged = true;
	if (s->w.policy.flow.stream)
		world_pong(&s->w);
	else
		world_options_answer(&s->w);
	s->seenc = s->seen_at = 0;
}


static void lost(struct story *s)    { world_lost(&s->w, reason_of(s)); }
static void promise(struct story *s) { world_promise(&s->w,
						(uint32_t)number(s)); }
static void at(struct story *s)      { pass(s, time_of(s, word(s))); }
static void pass_on(struct story *s) { pass(s, s->w.now +
					    time_of(s, word(s))); }

static void suspend(struct story *s) { world_suspend(&s->w,
						time_of(s, word(s))); }

#define PLAIN(name, call) \
	static void name(struct story *s) { call(&s->w); }
PLAIN(start, world_start)
PLAIN(stop, world_stop)
PLAIN(pause_, world_pause)
PLAIN(kick, world_kick)
PLAIN(reconnect, world_reconnect)
PLAIN(local_event, world_local_event)
PLAIN(resolve_failed, world_resolve_failed)
PLAIN(knock, world_turn)
PLAIN(connected, world_connected)
PLAIN(rival_connected, world_rival_connected)
PLAIN(pong, world_pong)
PLAIN(options_answer, world_options_answer)
PLAIN(partial, world_partial)
PLAIN(traffic, world_traffic)
PLAIN(inbound, world_inbound)


static const struct {
	const char *word;
	void (*h)(struct story *s);
} verbs[] = {
	{"at", at}, {"pass", pass_on}, {"suspend", suspend},
	{"expect", expect}, {"reply", reply},
	{"start", start}, {"stop", stop}, {"pause", pause_}, {"kick", kick},
	{"reconnect", reconnect}, {"local-event", local_event},
	{"restored", restored}, {"old", old}, {"resolved", resolved},
	{"resolve-failed", resolve_failed}, {"dns-away", dns_away},
	{"knock", knock},
	{"connected", connected}, {"rival-connected", rival_connected},
	{"refused", refused}, {"rival-refused", rival_refused},
	{"lost", lost},
	{"pong", pong}, {"options-answer", options_answer},
	{"partial", partial}, {"traffic", traffic}, {"inbound", inbound},
	{"promise", promise}, {"come-up", come_up},
};


/* --- files --- */

static void play_words(struct story *s)
{
	const char *verb = word(s);
	size_t i;

	if (!strcmp(verb, "account")) {
		account(s);
		return;
	}

	if (!s->there) {
		fail(s, "a story begins with its account");
		return;
	}

	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(verb, verbs[i].word))
			continue;

		verbs[i].h(s);
		if (s->word < s->wordc)
			fail(s, "'%s' is too much", s->wordv[s->word]);
		return;
	}

	fail(s, "'%s' is no word of a story", verb);
}


static void play_line(struct story *s, char *line)
{
	char *save, *comment = strchr(line, '#');

	if (comment)
		*comment = '\0';

	s->wordc = s->word = 0;
	for (char *w = strtok_r(line, " \t\n", &save);
	     w && s->wordc < WORDS_MAX; w = strtok_r(NULL, " \t\n", &save))
		s->wordv[s->wordc++] = w;

	if (s->wordc)
		play_words(s);
}


/* Several stories may stand in one file: each "account" begins a new one. */
static bool play(const char *file)
{
	static struct story s;
	char line[LINE_MAX_];
	FILE *f = fopen(file, "r");

	memset(&s, 0, sizeof(s));
	s.file = file;
	if (!f) {
		perror(file);
		return false;
	}

	while (!s.failed && fgets(line, sizeof(line), f)) {
		++s.line;
		play_line(&s, line);
	}

	if (!s.failed && !s.there)
		fail(&s, "an empty story");
	if (!s.failed)
		none_left(&s);
	(void)fclose(f);

	return !s.failed;
}


int main(int argc, char *argv[])
{
	unsigned passed = 0, failed = 0;
	int i;

	for (i = 1; i < argc; i++) {
		if (play(argv[i]))
			++passed;
		else
			++failed;
	}

	printf("%u passed, %u failed\n", passed, failed);

	return failed || !passed ? EXIT_FAILURE : EXIT_SUCCESS;
}
