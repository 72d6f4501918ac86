/* What happened in a story, and what was expected to. */

#include <stdio.h>
#include <string.h>
#include "story.h"


void deed_handler(struct world *w, enum deed d, void *arg)
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
	return d == DEED_CRLF || d == DEED_OPTIONS || d == DEED_STUN ||
		d == DEED_CLOSE || d == DEED_HOLD || d == DEED_REPLACE ||
		d == DEED_ELDER_GONE || d == DEED_PROBE_CLOSE;
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


void forget_deeds(struct story *s)
{
	s->seenc = s->seen_at = 0;
}


void none_left(struct story *s)
{
	const struct seen *seen = next_seen(s, "");

	if (seen)
		fail(s, "unexpected: %s at %.3f s", deed_name(seen->deed),
		     (double)seen->at / 1000);
}


/* What a server that is well does by itself, over the flow and no other. */
static void answer_pings(struct story *s)
{
	struct link *l = &s->w.link;
	const struct seen *last;

	if (!s->ponging || !s->seenc || s->w.on != l)
		return;

	last = &s->seenv[s->seenc - 1];
	if (last->deed == DEED_CRLF)
		world_pong(&s->w, l);
	else if (last->deed == DEED_OPTIONS)
		world_options_answer(&s->w, l, NULL);
	else if (last->deed == DEED_STUN)
		world_stun_answer(&s->w, l, NULL);
}


void pass(struct story *s, msec_t until)
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
	else if (seen->deed == DEED_REGISTER || seen->deed == DEED_LEAVE ||
		 seen->deed == DEED_FETCH)
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


/* "18s..22s" */
static void in_range(struct story *s, const char *what, msec_t is)
{
	char text[LINE_MAX_];
	char *dots;

	(void)snprintf(text, sizeof(text), "%s", word(s));
	dots = strstr(text, "..");
	if (dots)
		*dots = '\0';

	if (!dots || is < time_of(s, text) || is > time_of(s, dots + 2))
		fail(s, "%s is %.3f s", what, (double)is / 1000);
}


static void same_address(struct story *s, const char *what,
			 const struct addr *is)
{
	const struct addr wanted = address(s);
	char text[ADDR_STRLEN];

	if (!addr_equal(&wanted, is))
		fail(s, "%s is %s", what,
		     addr_print(is, text, sizeof(text)));
}


static void expect_note(struct story *s)
{
	const unsigned notes = account_notes(&s->w.account, 0, s->w.now);
	const char *wanted = word(s);
	unsigned i;

	if (!strcmp(wanted, "none")) {
		if (notes)
			fail(s, "there are notes: 0x%x", notes);
		return;
	}

	for (i = 0; i < MAPPING_NOTES; i++)
		if (!strcmp(mapping_note_name(1u << i), wanted) &&
		    notes & 1u << i)
			return;

	fail(s, "no note '%s'", wanted);
}


static void expect_nothing(struct story *s)
{
	if (!word_is(s, "for"))
		fail(s, "expect nothing for TIME");

	pass(s, s->w.now + time_of(s, word(s)));
}


static const char *flow_name(const struct link *l)
{
	return l->there ? flow_state_name(l->flow.state) : "none";
}


/* Of the account. */
static bool expect_account(struct story *s, const char *what)
{
	const struct verdict v = account_verdict(&s->w.account, s->w.now);
	const struct account_reg *ar = &s->w.reg;

	if (!strcmp(what, "registered"))
		same_text(s, what, v.registered ? "yes" : "no");
	else if (!strcmp(what, "reachable"))
		same_text(s, what, reachable_name(v.reachable));
	else if (!strcmp(what, "evidence"))
		same_text(s, what, evidence_name(v.evidence));
	else if (!strcmp(what, "reason"))
		same_text(s, what, reason_name(v.reason));
	else if (!strcmp(what, "proof"))
		same_text(s, what, probe_result_name(ar->probe.result));
	else if (!strcmp(what, "note"))
		expect_note(s);
	else if (!strcmp(what, "mapping"))
		same_address(s, what, &ar->flow.mapping.addr);
	else if (!strcmp(what, "contact"))
		same_address(s, what, &s->w.contact.addr);
	else if (!strcmp(what, "foreign"))
		same_number(s, what, ar->foreign);
	else if (!strcmp(what, "ghosts"))
		same_number(s, what, ar->ghosts);
	else
		return false;

	return true;
}


/* Of its flow. */
static bool expect_flow(struct story *s, const char *what)
{
	const struct link *l = &s->w.link;
	const struct flow *f = &l->flow;

	if (!strcmp(what, "flow"))
		same_text(s, what, flow_name(l));
	else if (!strcmp(what, "elder"))
		same_text(s, what, flow_name(&s->w.elder));
	else if (!strcmp(what, "transport"))
		same_text(s, what, f->policy.stream ? "tcp" : "udp");
	else if (!strcmp(what, "method"))
		same_text(s, what, keepalive_method_name(f->asking));
	else if (!strcmp(what, "interval"))
		in_range(s, what, flow_interval(f));
	else if (!strcmp(what, "interval-reason"))
		same_text(s, what,
			  interval_reason_name(flow_interval_reason(f)));
	else if (!strcmp(what, "address"))
		same_number(s, what, l->index);
	else
		return false;

	return true;
}


/* Of its registration. */
static bool expect_reg(struct story *s, const char *what)
{
	struct reg *r = world_reg(&s->w);
	msec_t at;

	if (!strcmp(what, "state"))
		same_text(s, what, state_name(r->state));
	else if (!strcmp(what, "next"))
		same_text(s, what, reg_next(r, &at));
	else if (!strcmp(what, "named"))
		same_number(s, what, s->w.named);
	else if (!strcmp(what, "cseq"))
		same_number(s, what, r->cseq);
	else if (!strcmp(what, "registers"))
		same_number(s, what, s->w.registers);
	else if (!strcmp(what, "granted"))
		same_number(s, what, r->granted);
	else if (!strcmp(what, "asked-expires"))
		same_number(s, what, r->expires);
	else
		return false;

	return true;
}


void expect(struct story *s)
{
	const char *what = word(s);

	if (!strcmp(what, "nothing"))
		expect_nothing(s);
	else if (!expect_account(s, what) && !expect_flow(s, what) &&
		 !expect_reg(s, what))
		expect_deed(s, what);
}
