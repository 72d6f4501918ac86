/* What the configuration asks for and cannot have is said at the start: more
 * refreshes than half of what the pace allows, so that nothing would be left
 * for an outage (DESIGN §4). */

#include <stdlib.h>
#include <string.h>
#include "daemon_set.h"
#include "log.h"
#include "reg.h"


#define PER_SECOND PACE_MESSAGE  /* the unit of rates */

/* The refreshes to one host. */
struct load {
	struct pl host;
	uint64_t rate;           /* 1/1000 a second */
};


/* Of one flow. */
static struct load load_of(const struct account_conf *a, unsigned flow)
{
	enum transport transport;
	struct load l;
	uint16_t port;

	account_conf_edge(a, flow, 0, &l.host, &port, &transport);
	l.rate = PER_SECOND * UINT64_C(1000) /
		reg_steady(&a->policy.reg, transport_stream(transport));

	return l;
}


static int by_host_handler(const void *a, const void *b)
{
	const struct pl *x = &((const struct load *)a)->host;
	const struct pl *y = &((const struct load *)b)->host;

	if (x->l != y->l)
		return x->l < y->l ? -1 : 1;

	return strncasecmp(x->p, y->p, x->l);
}


static void tell_much(const struct pl *host, uint64_t rate, uint32_t pace,
		      const char *key)
{
	const uint64_t whole = (rate + PER_SECOND - 1) / PER_SECOND;

	log_warning(NULL, "refreshes%s%.*s alone are %llu a second, more than "
		    "half of pace.%s = %u: after an outage the accounts come "
		    "back slowly; raise it, or expires", host ? " at " : "",
		    host ? (int)host->l : 0, host ? host->p : "",
		    (unsigned long long)whole, key, pace);
}


/* The one host with the most of them. */
static const struct load *most(struct load *v, size_t n)
{
	size_t i, k = 0;

	qsort(v, n, sizeof(*v), by_host_handler);
	for (i = 1; i < n; i++) {
		if (!by_host_handler(&v[k], &v[i]))
			v[k].rate += v[i].rate;
		else
			v[++k] = v[i];
	}

	for (i = 1; i <= k; i++)
		if (v[i].rate > v[0].rate)
			v[0] = v[i];

	return &v[0];
}


void daemon_tell_pace(const struct config *c)
{
	struct load *v = mem_alloc((c->accountc + 1) * ACCOUNT_FLOWS_MAX *
				   sizeof(*v), NULL);
	const struct load *top;
	uint64_t all = 0;
	size_t i, n = 0;

	for (i = 0; v && i < c->accountc; i++) {
		const struct account_conf *a = c->accountv[i];
		unsigned flow;

		for (flow = 0; a->enabled && flow < a->policy.flows; flow++) {
			v[n] = load_of(a, flow);
			all += v[n++].rate;
		}
	}

	if (n) {
		top = most(v, n);
		if (pace_is_tight(c->pace.edge_registers, top->rate))
			tell_much(&top->host, top->rate,
				  c->pace.edge_registers, "edge_registers");
		if (pace_is_tight(c->pace.registers, all))
			tell_much(NULL, all, c->pace.registers, "registers");
	}

	mem_deref(v);
}
