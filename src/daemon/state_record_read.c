/* One line of the state file -> one account. */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "config_check.h"
#include "member.h"
#include "state_edges.h"
#include "state_record.h"
#include "state_word.h"
#include "value.h"
#include "wire.h"


#define DEPTH_MAX 5              /* account, array, one, Contacts, one */
#define CSEQ_MAX  INT32_MAX      /* RFC 3261 §8.1.1.5 */
#define IDLE_MAX  HOURS(24)      /* nobody pings less often */
#define AGE_MAX   (HOURS(24) * 365 * 100)        /* so that sums fit */


static void read_contacts(struct state_reg *r, const struct odict *list)
{
	const struct odict *o;
	uint64_t until;

	for (size_t i = 0; list && r->contactc < STATE_CONTACTS; i++) {

		struct state_contact *c = &r->contactv[r->contactc];

		o = value_element(list, i);
		if (!o)
			return;

		if (member_token(c->uri, sizeof(c->uri), o, "uri") &&
		    member_number(&until, o, "until", INT64_MAX)) {
			c->until_usec = (int64_t)until;
			++r->contactc;
		}
		else {
			memset(c, 0, sizeof(*c));
		}
	}
}


static bool read_digest_text(struct digest_kept *k, const struct odict *o)
{
	k->has_opaque = value_has(o, "opaque");

	return member_text(k->realm, sizeof(k->realm), o, "realm") &&
	       member_text(k->nonce, sizeof(k->nonce), o, "nonce") &&
	       member_text(k->opaque, sizeof(k->opaque), o, "opaque") &&
	       value_has(o, "realm") && value_has(o, "nonce");
}


static enum digest_algorithm read_algorithm(const struct odict *o)
{
	static const enum digest_algorithm algorithmv[] = {
		DIGEST_MD5, DIGEST_SHA256, DIGEST_SHA512_256,
	};
	const char *s = odict_string(o, "algorithm");

	for (size_t i = 0; s && i < ARRAY_SIZE(algorithmv); i++) {
		if (!strcmp(s, digest_algorithm_name(algorithmv[i])))
			return algorithmv[i];
	}

	return DIGEST_UNKNOWN;
}


static void read_digest(struct digest_kept *k, const struct odict *o)
{
	uint64_t nc;

	if (!o)
		return;

	k->algorithm = read_algorithm(o);
	if (k->algorithm == DIGEST_UNKNOWN || !read_digest_text(k, o) ||
	    !member_number(&nc, o, "nc", UINT32_MAX)) {
		*k = (struct digest_kept){.algorithm = DIGEST_UNKNOWN};
		return;
	}

	k->named = value_true(o, "named");
	k->qop = value_true(o, "qop");
	k->nc = (uint32_t)nc;
}


/* All of it, or nothing. */
static void read_interval(struct state_interval *i, const struct odict *o)
{
	uint64_t deaths;

	if (!o)
		return;

	if (member_number(&i->learned, o, "learned", IDLE_MAX) &&
	    i->learned && member_number(&i->idle, o, "idle", IDLE_MAX) &&
	    member_number(&i->age, o, "age", AGE_MAX) &&
	    member_number(&deaths, o, "deaths", UINT32_MAX))
		i->deaths = (uint32_t)deaths;
	else
		memset(i, 0, sizeof(*i));
}


static void read_wait(struct state_wait *w, const struct odict *o)
{
	const char *edge;

	if (!o || !member_number(&w->left, o, "left", AGE_MAX) || !w->left) {
		w->left = 0;
		return;
	}

	edge = odict_string(o, "edge");
	if (edge && !state_edge_read_addr(&w->edge, edge))
		memset(&w->edge, 0, sizeof(w->edge));
}


static bool has_reg(const struct state_account *a, uint64_t reg_id)
{
	for (unsigned i = 0; i < a->regc; i++) {
		if (a->regv[i].reg_id == reg_id)
			return true;
	}

	return false;
}


static bool read_reg(struct state_reg *r, const struct state_account *a,
		     const struct odict *o)
{
	uint64_t id, cseq;

	if (!member_number(&id, o, "id", ACCOUNT_FLOWS_MAX) || !id ||
	    has_reg(a, id) || !member_number(&cseq, o, "cseq", CSEQ_MAX) ||
	    !member_token(r->callid, sizeof(r->callid), o, "callid"))
		return false;

	r->reg_id = (unsigned)id;
	r->cseq = (uint32_t)cseq;
	r->outbound = value_true(o, "outbound");
	read_contacts(r, value_array(o, "contacts"));
	read_digest(&r->digest, value_object(o, "digest"));
	read_interval(&r->interval, value_object(o, "interval"));
	read_wait(&r->wait, value_object(o, "retry_after"));

	return true;
}


static void read_regs(struct state_account *a, const struct odict *list)
{
	const struct odict *o;

	for (size_t i = 0; list && a->regc < ACCOUNT_FLOWS_MAX; i++) {

		struct state_reg *r = &a->regv[a->regc];

		o = value_element(list, i);
		if (!o)
			return;

		if (read_reg(r, a, o))
			++a->regc;
		else
			memset(r, 0, sizeof(*r));
	}
}


static const char *nth_event(unsigned i)
{
	return event_name((enum event_type)i);
}


static const char *nth_reason(unsigned i)
{
	return reason_name((enum reason)i);
}


static const char *nth_sign(unsigned i)
{
	return i ? "+" : "-";
}


static const char *nth_reachable(unsigned i)
{
	return reachable_name((enum reachable)i);
}


/* It may have none. */
static bool read_addr(struct addr *addr, struct pl *rest)
{
	struct pl word, peek = *rest;

	return !state_word(&word, &peek) || state_word_addr(addr, rest);
}


static bool read_event(struct event *e, const char *text)
{
	unsigned type, reason, registered, reachable;
	uint64_t seq, code, value, flow;
	struct pl rest;

	pl_set_str(&rest, text);

	if (!state_word_number(&e->at_usec, &rest, INT64_MAX) ||
	    !state_word_number(&seq, &rest, UINT32_MAX) ||
	    !state_word_name(&type, &rest, nth_event, EVENT_COUNT) ||
	    !state_word_name(&reason, &rest, nth_reason, REASON_COUNT) ||
	    !state_word_number(&code, &rest, UINT16_MAX) ||
	    !state_word_number(&value, &rest, UINT32_MAX) ||
	    !state_word_number(&flow, &rest, ACCOUNT_FLOWS_MAX) ||
	    !state_word_name(&registered, &rest, nth_sign, 2) ||
	    !state_word_name(&reachable, &rest, nth_reachable,
			     REACHABLE_YES + 1) ||
	    !read_addr(&e->addr, &rest))
		return false;

	e->seq = (uint32_t)seq;
	e->value = (uint32_t)value;
	e->code = (uint16_t)code;
	e->type = (uint8_t)type;
	e->reason = (uint8_t)reason;
	e->flow = (uint8_t)flow;
	e->registered = registered;
	e->reachable = (uint8_t)reachable;

	return true;
}


static void read_events(struct state_account *a, const struct odict *list)
{
	const char *text;
	char key[24];

	for (size_t i = 0; list && a->eventc < STATE_EVENTS; i++) {

		struct event *e = &a->eventv[a->eventc];

		/* libre keeps the elements of an array under their index */
		(void)snprintf(key, sizeof(key), "%zu", i);
		text = odict_string(list, key);
		if (!text)
			return;

		if (read_event(e, text))
			++a->eventc;
		else
			memset(e, 0, sizeof(*e));
	}
}


/* 0: it is missing, or no such number. */
static int64_t read_hash(const struct odict *o, const char *key)
{
	uint64_t n;

	return member_number(&n, o, key, INT64_MAX) ? (int64_t)n : 0;
}


static int read_account(struct state_account *a, const struct odict *o)
{
	const char *name = odict_string(o, "name");
	const char *aor = odict_string(o, "aor");
	const char *registrar = odict_string(o, "registrar");
	uint64_t seq;
	int err;

	if (!name || check_name(name) || !aor || !registrar ||
	    !member_number(&seq, o, "seq", UINT32_MAX))
		return EBADMSG;

	err = str_dup(&a->name, name);
	err |= str_dup(&a->aor, aor);
	err |= str_dup(&a->registrar, registrar);
	if (err)
		return ENOMEM;

	(void)member_text(a->secure, sizeof(a->secure), o, "secure");
	a->worked = value_true(o, "worked");
	a->stamp = read_hash(o, "stamp");
	a->way = read_hash(o, "way");
	a->conf = read_hash(o, "configuration");
	a->at_usec = read_hash(o, "at");
	a->seq = (uint32_t)seq;
	read_regs(a, value_array(o, "registrations"));
	read_events(a, value_array(o, "events"));

	return 0;
}


int state_record_decode(struct state_account *a, const char *line, size_t len)
{
	struct pl name, json;
	struct odict *o = NULL;
	int err;

	state_record_reset(a);

	if (state_record_check(&name, &json, line, len) != STATE_LINE_GOOD)
		return EBADMSG;

	err = wire_decode(&o, json.p, json.l, DEPTH_MAX);
	if (!err)
		err = read_account(a, o);
	if (err)
		state_record_reset(a);

	mem_deref(o);

	return err;
}


void state_record_reset(struct state_account *a)
{
	mem_deref(a->name);
	mem_deref(a->aor);
	mem_deref(a->registrar);
	memset(a, 0, sizeof(*a));
}
