/* Fuzzes what is read of the state file: the whole file in pieces of any size,
 * and each of its lines with a checksum that is right, so that what is behind
 * it is reached. What was read must be written and read again as it is. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "state_edges.h"
#include "state_index.h"
#include "state_record.h"


#define HEAD     19      /* "1 ", 16 digits, a space */
#define LINE_MAX 4096
#define PIECE    700     /* bytes of the file at a time */
#define NOW      INT64_C(1760000000000000)

int LLVMFuzzerTestOneInput(const uint8_t *buf, size_t len);

static struct state_account a, b;
static struct state_edges ea, eb;


static void must(bool ok)
{
	if (!ok)
		__builtin_trap();
}


/* "1 CHECKSUM JSON" with what stands behind the place of a checksum. */
static size_t line_of(char *line, const char *p, size_t len)
{
	uint64_t sum = UINT64_C(0xcbf29ce484222325);
	char head[HEAD + 1];

	sum = (sum ^ '1') * UINT64_C(0x100000001b3);
	for (size_t i = HEAD; i < len; i++) {
		sum = (sum ^ (unsigned char)p[i]) * UINT64_C(0x100000001b3);
		line[i] = p[i];
	}

	(void)snprintf(head, sizeof(head), "1 %016" PRIx64 " ", sum);
	memcpy(line, head, HEAD);

	return len;
}


/* It goes into a header. */
static void check_token(const char *s, size_t size)
{
	const size_t len = strnlen(s, size);

	must(len && len < size);
	for (size_t i = 0; i < len; i++)
		must((unsigned char)s[i] > ' ' && s[i] != 0x7f);
}


static void check_reg(const struct state_reg *r)
{
	must(r->reg_id && r->reg_id <= ACCOUNT_FLOWS_MAX);
	must(r->cseq <= INT32_MAX);
	check_token(r->callid, sizeof(r->callid));
	must(r->contactc <= STATE_CONTACTS);
	for (unsigned i = 0; i < r->contactc; i++)
		check_token(r->contactv[i].uri, STATE_URI_SIZE);
	must(memchr(r->digest.realm, '\0', DIGEST_KEPT_SIZE) &&
	     memchr(r->digest.nonce, '\0', DIGEST_KEPT_SIZE) &&
	     memchr(r->digest.opaque, '\0', DIGEST_KEPT_SIZE));
	must(r->interval.learned || !r->interval.age);
	must(r->wait.left || r->wait.edge.transport == TRANSPORT_AUTO);
}


static void check_account(void)
{
	must(a.name && a.aor && a.registrar);
	must(a.regc <= ACCOUNT_FLOWS_MAX && a.eventc <= STATE_EVENTS);
	for (unsigned i = 0; i < a.regc; i++)
		check_reg(&a.regv[i]);
	for (unsigned i = 0; i < a.eventc; i++)
		must(a.eventv[i].type < EVENT_COUNT &&
		     a.eventv[i].reason < REASON_COUNT &&
		     a.eventv[i].reachable <= REACHABLE_YES);
}


static void check_pruned(void)
{
	state_record_prune(&a, NOW);
	for (unsigned i = 0; i < a.regc; i++) {
		must(a.regv[i].wait.left <= REG_RETRY_AFTER_MAX);
		for (unsigned c = 0; c < a.regv[i].contactc; c++) {

			const int64_t until =
				a.regv[i].contactv[c].until_usec;

			must(until > NOW && until <= NOW + INT64_C(1000000) *
						    CONTACT_LEASE_MAX);
		}
	}
}


static void decode_line(const char *line, size_t len)
{
	struct mbuf *mb;

	if (state_record_decode(&a, line, len))
		return;

	check_account();

	mb = mbuf_alloc(LINE_MAX);
	must(mb && !state_record_encode(mb, &a));
	must(!state_record_decode(&b, (const char *)mb->buf + 1, mb->end - 2));
	must(!strcmp(a.name, b.name) && a.seq == b.seq);
	must(!memcmp(a.regv, b.regv, sizeof(a.regv)) && a.regc == b.regc);
	must(a.eventc == b.eventc &&
	     !memcmp(a.eventv, b.eventv, a.eventc * sizeof(a.eventv[0])));
	mem_deref(mb);

	check_pruned();
}


static void decode_edges(const char *line, size_t len)
{
	struct mbuf *mb;

	if (state_edges_decode(&ea, line, len))
		return;

	must(ea.edgec <= STATE_EDGES);
	mb = mbuf_alloc(LINE_MAX);
	must(mb && !state_edges_encode(mb, &ea));
	must(!state_edges_decode(&eb, (const char *)mb->buf + 1, mb->end - 2));
	must(!memcmp(&ea, &eb, sizeof(ea)));
	mem_deref(mb);

	state_edges_prune(&ea, NOW);
	for (unsigned i = 0; i < ea.edgec; i++)
		must(ea.edgev[i].hold <= REG_RETRY_AFTER_MAX &&
		     ea.edgev[i].transport != TRANSPORT_AUTO &&
		     ea.edgev[i].reason < REASON_COUNT);
}


static void decode_lines(const char *p, size_t len)
{
	char line[LINE_MAX];

	while (len) {

		const char *end = memchr(p, '\n', len);
		const size_t n = end ? (size_t)(end - p) : len;

		if (n > HEAD && n <= sizeof(line)) {
			(void)line_of(line, p, n);
			decode_line(line, n);
			decode_edges(line, n);
		}

		len -= end ? n + 1 : n;
		p += end ? n + 1 : n;
	}
}


/* As state_kept.c does it. */
static void load(const char *p, size_t len)
{
	struct state_index *x = NULL;
	struct state_place place;
	size_t given = 0, used = 0;

	must(!state_index_alloc(&x));

	while (given < len) {
		given = len - given < PIECE ? len : given + PIECE;
		used += state_index_feed(x, p + used, given - used, false);
		must(used <= given);
	}

	used += state_index_feed(x, p + used, len - used, true);
	must(used == len);

	if (state_index_find(&place, x, "alice")) {
		must(place.offset <= len && place.len <= len - place.offset);
		(void)state_record_decode(&a, p + place.offset, place.len);
	}

	if (state_index_find_edges(&place, x)) {
		must(place.offset <= len && place.len <= len - place.offset);
		must(!state_edges_decode(&ea, p + place.offset, place.len) ||
		     !ea.edgec);
	}

	mem_deref(x);
}


int LLVMFuzzerTestOneInput(const uint8_t *buf, size_t len)
{
	load((const char *)buf, len);
	decode_lines((const char *)buf, len);
	state_record_reset(&a);
	state_record_reset(&b);

	return 0;
}
