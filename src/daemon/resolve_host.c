/* The last stage of a query: A and AAAA records of the hosts that were found,
 * and the end of it. */

#include <errno.h>
#include <string.h>
#include "loop.h"
#include "resolve_order.h"
#include "resolve_query.h"


static const struct dns_answer *host_answer(const struct host *host,
					    uint16_t type)
{
	for (unsigned i = 0; i < host->wantc; i++) {
		const struct record_want *w = &host->wantv[i];

		if (w->set->type == type && !w->waiting &&
		    !dns_answer_unknown(w->set->answer))
			return w->set->answer;
	}

	return NULL;
}


static size_t hosts_addresses(struct resolve_addr *v,
			      const struct resolve_query *q)
{
	struct resolve_group gv[HOSTS_MAX];

	for (size_t i = 0; i < q->hostc; i++) {
		const struct host *host = &q->hostv[i];

		gv[i].v4 = host_answer(host, DNS_TYPE_A);
		gv[i].v6 = host_answer(host, DNS_TYPE_AAAA);
		gv[i].transport = host->transport;
		gv[i].port = host->port;
		gv[i].rank = host->rank;
	}

	return resolve_order(v, gv, q->hostc);
}


/* Why there is none. One that could not be asked for outweighs all that are
 * known to be missing: the name may well be good. */
static struct record_set *hosts_culprit(const struct resolve_query *q)
{
	for (size_t i = 0; i < q->hostc; i++) {
		const struct host *host = &q->hostv[i];

		for (unsigned j = 0; j < host->wantc; j++) {
			if (dns_answer_unknown(host->wantv[j].set->answer))
				return host->wantv[j].set;
		}
	}

	return q->hostv[0].wantv[0].set;
}


void hosts_end(struct resolve_query *q)
{
	struct resolve_addr v[TARGET_MAX];
	struct resolve_result res = {
		.text = "",
		.addrv = v,
		.addrc = hosts_addresses(v, q),
	};
	struct record_set *culprit;

	if (res.addrc) {
		query_tell(q, &res);
		return;
	}

	culprit = hosts_culprit(q);

	/* no address either: it may have SRV records only */
	if (q->doubt && !dns_answer_unknown(culprit->answer))
		culprit = q->doubt;

	query_fail_for(q, culprit);
}


static bool hosts_waiting(const struct resolve_query *q, bool *knownp)
{
	bool waiting = false;

	*knownp = false;
	for (size_t i = 0; i < q->hostc; i++) {
		const struct host *host = &q->hostv[i];

		for (unsigned j = 0; j < host->wantc; j++) {
			const struct record_want *w = &host->wantv[j];

			if (w->waiting)
				waiting = true;
			else if (w->set->answer && !w->set->answer->err)
				*knownp = true;
		}
	}

	return waiting;
}


void hosts_arm(struct resolve_query *q)
{
	bool known;

	if (!hosts_waiting(q, &known)) {
		timer_start(&q->timer, loop_now());
	}
	else if (known && !q->settling) {
		q->settling = true;
		timer_start(&q->timer, loop_now() + SETTLE);
	}
}


static int host_want(struct resolve_query *q, struct host *host,
		     const char *name, uint16_t type)
{
	int err = records_want(&host->wantv[host->wantc], q->records, name,
			       type, query_record_handler, q);

	if (!err)
		++host->wantc;

	return err;
}


static bool has_host(const struct resolve_query *q, const char *name,
		     enum transport t, uint16_t port)
{
	for (size_t i = 0; i < q->hostc; i++) {
		const struct host *host = &q->hostv[i];

		if (host->transport == t && host->port == port &&
		    !strcmp(host->wantv[0].set->name, name))
			return true;
	}

	return false;
}


int hosts_add(struct resolve_query *q, const char *name, enum transport t,
	      uint16_t port, unsigned rank)
{
	struct host *host = &q->hostv[q->hostc];
	int err = 0;

	if (q->hostc == q->hosts_max || has_host(q, name, t, port))
		return 0;

	++q->hostc;
	host->transport = t;
	host->port = port;
	host->rank = rank;

	if (q->family != RESOLVE_IPV4)
		err = host_want(q, host, name, DNS_TYPE_AAAA);
	if (!err && q->family != RESOLVE_IPV6)
		err = host_want(q, host, name, DNS_TYPE_A);

	return err;
}


int hosts_begin(struct resolve_query *q, size_t n)
{
	q->stage = STAGE_HOSTS;
	q->hosts_max = n < HOSTS_MAX ? n : HOSTS_MAX;
	q->hostv = mem_zalloc(q->hosts_max * sizeof(*q->hostv), NULL);

	return q->hostv ? 0 : ENOMEM;
}


/* No records choose: the domain's own addresses. */
int domain_begin(struct resolve_query *q, enum transport t)
{
	int err = hosts_begin(q, 1);

	if (err)
		return err;

	return hosts_add(q, q->name, t, query_port(q, t), 0);
}
