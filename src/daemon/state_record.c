/* One account -> one line of the state file; what the lines are. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "config_check.h"
#include "fnv.h"
#include "member.h"
#include "state_edges.h"
#include "state_record.h"
#include "wire.h"


#define NAME_FIRST   "{\"name\":\""
#define EDGES_FIRST  "{\"" STATE_EDGES_KEY "\":"
#define SUM_TEXT     16          /* hex digits of a checksum */
#define VERSION_TEXT 9           /* digits at most */
#define EVENT_TEXT   256         /* an event and a zero; it needs 150 */

#define YEAR_2020    INT64_C(1577836800000000)   /* [us] since 1970 */
#define LEASE_MAX    (INT64_C(1000000) * CONTACT_LEASE_MAX)      /* [us] */


/* --- the line --- */

/* SUM_TEXT characters and a zero, of both parts. */
static void checksum_print(char text[SUM_TEXT + 1], const char *version,
			   size_t versionl, const char *json, size_t jsonl)
{
	const uint64_t sum = fnv(fnv(FNV_BASIS, version, versionl), json,
				 jsonl);

	(void)snprintf(text, SUM_TEXT + 1, "%016" PRIx64, sum);
}


/* Splits "VERSION CHECKSUM JSON", and checks it. */
static bool split(struct pl *version, struct pl *json, const char *line,
		  size_t len)
{
	char sum[SUM_TEXT + 1];
	size_t n = 0;

	while (n < len && n < VERSION_TEXT && line[n] >= '0' && line[n] <= '9')
		++n;

	if (!n || len < n + 1 + SUM_TEXT + 1 || line[n] != ' ' ||
	    line[n + 1 + SUM_TEXT] != ' ')
		return false;

	version->p = line;
	version->l = n;
	json->p = line + n + 1 + SUM_TEXT + 1;
	json->l = len - (n + 1 + SUM_TEXT + 1);
	checksum_print(sum, version->p, version->l, json->p, json->l);

	return !memcmp(sum, line + n + 1, SUM_TEXT);
}


/* Names need no escapes in JSON: check_name() allows but a few characters. */
static bool name_at(struct pl *name, const struct pl *json)
{
	const size_t first = strlen(NAME_FIRST);
	const char *end;

	if (json->l <= first || memcmp(json->p, NAME_FIRST, first))
		return false;

	name->p = json->p + first;
	end = memchr(name->p, '"', json->l - first);
	if (!end)
		return false;

	name->l = (size_t)(end - name->p);

	return name->l && name->l <= CHECK_NAME_MAX &&
	       !memchr(name->p, '\\', name->l);
}


static bool is_edges(const struct pl *json)
{
	return json->l > strlen(EDGES_FIRST) &&
	       !memcmp(json->p, EDGES_FIRST, strlen(EDGES_FIRST));
}


enum state_line state_record_check(struct pl *name, struct pl *json,
				   const char *line, size_t len)
{
	struct pl version;

	if (!len)
		return STATE_LINE_BLANK;

	if (len > STATE_LINE_MAX || !split(&version, json, line, len))
		return STATE_LINE_SPOILT;

	if (pl_u32(&version) != STATE_VERSION)
		return STATE_LINE_NEWER;

	if (is_edges(json))
		return STATE_LINE_EDGES;

	return name_at(name, json) ? STATE_LINE_GOOD : STATE_LINE_SPOILT;
}


/* --- writing --- */

/* What is zero is what a missing member means. */
static int add_number(struct mbuf *mb, const char *key, int64_t n)
{
	return n ? json_add_int(mb, key, n) : 0;
}


static int add_flag(struct mbuf *mb, const char *key, bool b)
{
	return b ? json_add_bool(mb, key, true) : 0;
}


static int add_contacts(struct mbuf *mb, const struct state_reg *r)
{
	int err;

	err = json_open(mb, "contacts", '[');

	for (unsigned i = 0; i < r->contactc && !err; i++) {

		const struct state_contact *c = &r->contactv[i];

		err = json_open(mb, NULL, '{');
		err |= member_add_text(mb, "uri", c->uri);
		err |= json_add_int(mb, "until", c->until_usec);
		err |= json_close(mb, '}');
	}

	return err ? err : json_close(mb, ']');
}


static int add_digest(struct mbuf *mb, const struct digest_kept *k)
{
	int err;

	/* a text that JSON cannot carry: another one would be a lie */
	if (k->algorithm == DIGEST_UNKNOWN || !member_is_text(k->realm) ||
	    !member_is_text(k->nonce) || !member_is_text(k->opaque))
		return 0;

	err = json_open(mb, "digest", '{');
	err |= json_add_string(mb, "realm", k->realm);
	err |= json_add_string(mb, "nonce", k->nonce);
	if (k->has_opaque)
		err |= json_add_string(mb, "opaque", k->opaque);
	err |= json_add_string(mb, "algorithm",
			       digest_algorithm_name(k->algorithm));
	err |= add_flag(mb, "named", k->named);
	err |= add_flag(mb, "qop", k->qop);
	err |= add_number(mb, "nc", k->nc);
	err |= json_close(mb, '}');

	return err;
}


static int add_interval(struct mbuf *mb, const struct state_interval *i)
{
	int err;

	if (!i->learned)
		return 0;

	err = json_open(mb, "interval", '{');
	err |= json_add_int(mb, "learned", (int64_t)i->learned);
	err |= add_number(mb, "idle", (int64_t)i->idle);
	err |= add_number(mb, "age", (int64_t)i->age);
	err |= add_number(mb, "deaths", i->deaths);
	err |= json_close(mb, '}');

	return err;
}


static int add_wait(struct mbuf *mb, const struct state_wait *w)
{
	char text[STATE_EDGE_TEXT];
	int err;

	if (!w->left)
		return 0;

	err = json_open(mb, "retry_after", '{');
	err |= json_add_int(mb, "left", (int64_t)w->left);
	if (w->edge.transport != TRANSPORT_AUTO)
		err |= json_add_string(mb, "edge", state_edge_print_addr(
				       text, sizeof(text), &w->edge));
	err |= json_close(mb, '}');

	return err;
}


static int add_regs(struct mbuf *mb, const struct state_account *a)
{
	int err;

	err = json_open(mb, "registrations", '[');

	for (unsigned i = 0; i < a->regc && !err; i++) {

		const struct state_reg *r = &a->regv[i];

		err = json_open(mb, NULL, '{');
		err |= json_add_int(mb, "id", r->reg_id);
		err |= member_add_text(mb, "callid", r->callid);
		err |= json_add_int(mb, "cseq", r->cseq);
		err |= add_flag(mb, "outbound", r->outbound);
		err |= add_contacts(mb, r);
		err |= add_digest(mb, &r->digest);
		err |= add_interval(mb, &r->interval);
		err |= add_wait(mb, &r->wait);
		err |= json_close(mb, '}');
	}

	return err ? err : json_close(mb, ']');
}


/* As one text: 32 objects would be twice as long and take ten times as long
 * to read. */
static int add_event(struct mbuf *mb, const struct event *e)
{
	char text[EVENT_TEXT], ip[ADDR_STRLEN];
	int n;

	n = snprintf(text, sizeof(text), "%" PRIu64 " %u %s %s %u %u %u %c %s",
		     e->at_usec, e->seq, event_name((enum event_type)e->type),
		     reason_name((enum reason)e->reason), e->code, e->value,
		     e->flow, e->registered ? '+' : '-',
		     reachable_name((enum reachable)e->reachable));

	if (addr_isset(&e->addr) && n > 0 && (size_t)n < sizeof(text))
		(void)snprintf(text + n, sizeof(text) - (size_t)n, " %s %u",
			       addr_print_ip(&e->addr, ip, sizeof(ip)),
			       e->addr.port);

	return json_add_string(mb, NULL, text);
}


static int add_events(struct mbuf *mb, const struct state_account *a)
{
	int err;

	err = json_add_int(mb, "seq", a->seq);
	err |= json_open(mb, "events", '[');

	for (unsigned i = 0; i < a->eventc && !err; i++)
		err = add_event(mb, &a->eventv[i]);

	return err ? err : json_close(mb, ']');
}


static int add_account(struct mbuf *mb, const void *arg)
{
	const struct state_account *a = arg;
	int err;

	err = mbuf_write_u8(mb, '{');
	err |= json_add_string(mb, "name", a->name);
	err |= member_add_text(mb, "aor", a->aor);
	err |= member_add_text(mb, "registrar", a->registrar);
	if (*a->secure)
		err |= member_add_text(mb, "secure", a->secure);
	err |= add_flag(mb, "worked", a->worked);
	err |= add_number(mb, "stamp", a->stamp);
	err |= add_number(mb, "way", a->way);
	err |= add_number(mb, "configuration", a->conf);
	err |= add_number(mb, "at", a->at_usec);
	err |= add_regs(mb, a);
	err |= add_events(mb, a);
	err |= json_close(mb, '}');

	return err;
}


int state_record_frame(struct mbuf *mb, state_json_h *h, const void *arg)
{
	const size_t start = mb->pos;
	char head[VERSION_TEXT + SUM_TEXT + 4], sum[SUM_TEXT + 1];
	size_t json;
	int n, err;

	n = snprintf(head, sizeof(head), "\n%d %0*d ", STATE_VERSION, SUM_TEXT,
		     0);
	err = mbuf_write_str(mb, head);
	json = mb->pos;
	if (!err && h(mb, arg))
		err = ENOMEM;
	if (!err && mb->pos - start > STATE_LINE_MAX)
		err = EOVERFLOW;
	if (err)
		goto out;

	checksum_print(sum, head + 1, (size_t)n - SUM_TEXT - 3,
		       (const char *)mb->buf + json, mb->pos - json);
	memcpy(mb->buf + json - 1 - SUM_TEXT, sum, SUM_TEXT);
	err = mbuf_write_u8(mb, '\n');

 out:
	if (err)
		mb->pos = mb->end = start;

	return err;
}


int state_record_encode(struct mbuf *mb, const struct state_account *a)
{
	return a->name && !check_name(a->name)
		? state_record_frame(mb, add_account, a) : EINVAL;
}


/* --- time --- */

uint64_t state_record_elapsed(int64_t from, int64_t to)
{
	return from >= YEAR_2020 && to > from ? (uint64_t)(to - from) / 1000
					      : 0;
}


int64_t state_seen(const struct state_account *a)
{
	int64_t at = 0;
	bool seen = false;

	for (unsigned i = 0; i < a->eventc; i++) {

		const struct event *e = &a->eventv[i];

		if (seen || e->reachable == REACHABLE_YES)
			at = (int64_t)e->at_usec;
		seen = e->reachable == REACHABLE_YES;
	}

	return seen ? a->at_usec : at;
}


static void age(struct state_reg *r, uint64_t elapsed)
{
	struct state_wait *w = &r->wait;

	if (r->interval.learned)
		r->interval.age += elapsed;

	w->left = clock_left(clock_min(w->left, REG_RETRY_AFTER_MAX), elapsed);
	if (!w->left)
		memset(w, 0, sizeof(*w));
}


static void prune(struct state_reg *r, int64_t now)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < r->contactc; i++) {

		struct state_contact *c = &r->contactv[i];

		if (c->until_usec <= now && now >= YEAR_2020)
			continue;

		if (c->until_usec > now + LEASE_MAX)
			c->until_usec = now + LEASE_MAX;

		if (kept != i)
			r->contactv[kept] = *c;
		++kept;
	}

	r->contactc = kept;
}


void state_record_prune(struct state_account *a, int64_t now_usec)
{
	const uint64_t elapsed = state_record_elapsed(a->at_usec, now_usec);

	for (unsigned i = 0; i < a->regc; i++) {
		prune(&a->regv[i], now_usec);
		age(&a->regv[i], elapsed);
	}

	a->at_usec = now_usec;
}
