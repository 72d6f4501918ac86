/* The edges in trouble <-> one line of the state file. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "member.h"
#include "reg.h"
#include "state_edges.h"
#include "state_record.h"
#include "state_word.h"
#include "value.h"
#include "wire.h"


#define DEPTH_MAX 2              /* line, array */
#define TIME_MAX  (HOURS(24) * 365 * 100)        /* [ms] so that sums fit */


/* --- one edge --- */

static const char *nth_transport(unsigned i)
{
	return transport_name((enum transport)i);
}


static const char *nth_reason(unsigned i)
{
	return reason_name((enum reason)i);
}


static const char *nth_sign(unsigned i)
{
	return i ? "+" : "-";
}


const char *state_edge_print_addr(char *buf, size_t size,
				  const struct state_edge *e)
{
	char ip[ADDR_STRLEN];

	(void)snprintf(buf, size, "%s %s %u", transport_name(e->transport),
		       addr_print_ip(&e->addr, ip, sizeof(ip)), e->addr.port);

	return buf;
}


static bool read_addr(struct state_edge *e, struct pl *rest)
{
	unsigned transport;

	if (!state_word_name(&transport, rest, nth_transport,
			     TRANSPORT_TLS + 1) ||
	    transport == TRANSPORT_AUTO || !state_word_addr(&e->addr, rest) ||
	    !e->addr.port || addr_scope(&e->addr) == ADDR_LINKLOCAL)
		return false;

	e->transport = (enum transport)transport;

	return true;
}


bool state_edge_read_addr(struct state_edge *e, const char *text)
{
	struct pl rest;

	pl_set_str(&rest, text);

	return read_addr(e, &rest);
}


static bool read_edge(struct state_edge *e, const char *text)
{
	unsigned down, reason;
	struct pl rest;

	pl_set_str(&rest, text);

	if (!read_addr(e, &rest) ||
	    !state_word_name(&down, &rest, nth_sign, 2) ||
	    !state_word_number(&e->tried, &rest, TIME_MAX) ||
	    !state_word_name(&reason, &rest, nth_reason, REASON_COUNT) ||
	    !state_word_number(&e->hold, &rest, TIME_MAX))
		return false;

	e->down = down;
	e->reason = (enum reason)reason;

	return true;
}


/* --- the line --- */

static int add_edge(struct mbuf *mb, const struct state_edge *e)
{
	char addr[STATE_EDGE_TEXT / 2], text[STATE_EDGE_TEXT];

	(void)snprintf(text, sizeof(text), "%s %c %" PRIu64 " %s %" PRIu64,
		       state_edge_print_addr(addr, sizeof(addr), e),
		       e->down ? '+' : '-', e->tried, reason_name(e->reason),
		       e->hold);

	return json_add_string(mb, NULL, text);
}


static int add_edges(struct mbuf *mb, const void *arg)
{
	const struct state_edges *e = arg;
	int err;

	err = mbuf_write_u8(mb, '{');
	err |= json_open(mb, STATE_EDGES_KEY, '[');

	for (unsigned i = 0; i < e->edgec && !err; i++)
		err = add_edge(mb, &e->edgev[i]);

	err |= json_close(mb, ']');
	err |= json_add_int(mb, "at", e->at_usec);

	return err | json_close(mb, '}');
}


int state_edges_encode(struct mbuf *mb, const struct state_edges *e)
{
	return state_record_frame(mb, add_edges, e);
}


static void read_edges(struct state_edges *e, const struct odict *list)
{
	const char *text;
	char key[24];

	for (size_t i = 0; list && e->edgec < STATE_EDGES; i++) {

		struct state_edge *edge = &e->edgev[e->edgec];

		/* libre keeps the elements of an array under their index */
		(void)snprintf(key, sizeof(key), "%zu", i);
		text = odict_string(list, key);
		if (!text)
			return;

		if (read_edge(edge, text))
			++e->edgec;
		else
			memset(edge, 0, sizeof(*edge));
	}
}


int state_edges_decode(struct state_edges *e, const char *line, size_t len)
{
	struct odict *o = NULL;
	struct pl name, json;
	uint64_t at;
	int err;

	memset(e, 0, sizeof(*e));

	if (state_record_check(&name, &json, line, len) != STATE_LINE_EDGES)
		return EBADMSG;

	err = wire_decode(&o, json.p, json.l, DEPTH_MAX);
	if (err)
		return err;

	if (member_number(&at, o, "at", INT64_MAX))
		e->at_usec = (int64_t)at;
	read_edges(e, value_array(o, STATE_EDGES_KEY));
	mem_deref(o);

	return 0;
}


void state_edges_prune(struct state_edges *e, int64_t now_usec)
{
	const uint64_t elapsed = state_record_elapsed(e->at_usec, now_usec);
	unsigned kept = 0;

	for (unsigned i = 0; i < e->edgec; i++) {

		struct state_edge *edge = &e->edgev[i];

		edge->tried += elapsed;
		edge->hold = clock_left(clock_min(edge->hold,
						  REG_RETRY_AFTER_MAX),
					elapsed);
		if (edge->hold || edge->down)
			e->edgev[kept++] = *edge;
	}

	e->edgec = kept;
	e->at_usec = now_usec;
}
