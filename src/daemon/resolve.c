/* Names to addresses: where a SIP URI leads, step by step (RFC 3263 §4).
 *
 * IP literals need nobody, records.c knows the rest. A query goes through up
 * to three stages: NAPTR records give services, their SRV records hosts, and
 * their A and AAAA records addresses. It moves on from its timer when the sets
 * that it wants are there, so it never answers from within somebody's call. */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "loop.h"
#include "resolve_query.h"


#define TEXT_SIZE (2 * DNS_NAME_SIZE)

struct resolve {
	struct records *records;
	struct list queryl;
	struct rng rng;                  /* SRV weights */
	resolve_better_h *h;
	void *arg;
};


static void query_detach(struct resolve_query *q)
{
	timer_cancel(&q->timer);
	list_unlink(&q->le);

	record_unwant(&q->naptr);
	q->chosen = mem_deref(q->chosen);

	while (q->wayc)
		record_unwant(&q->wayv[--q->wayc].want);

	q->wayv = mem_deref(q->wayv);

	while (q->hostc) {
		struct host *host = &q->hostv[--q->hostc];

		while (host->wantc)
			record_unwant(&host->wantv[--host->wantc]);
	}

	q->hostv = mem_deref(q->hostv);
}


void query_tell(struct resolve_query *q, struct resolve_result *res)
{
	res->tls_offered = q->tls_offered;
	query_detach(q);

	/* may free the query, and the resolver */
	q->h(res, q->arg);
}


void query_fail(struct resolve_query *q, int err, const char *text)
{
	struct resolve_result res = {.err = err, .text = text};

	query_tell(q, &res);
}


void query_fail_for(struct resolve_query *q, struct record_set *s)
{
	const bool service = s->type == DNS_TYPE_SRV;
	const struct dns_answer *a = s->answer;
	char text[TEXT_SIZE];

	if (dns_answer_unknown(a))
		record_failed(s);

	(void)snprintf(text, sizeof(text), "%s%s%s",
		       service ? s->name : "", service ? ": " : "",
		       a && a->text ? a->text : "out of memory");

	query_fail(q, a && a->err ? a->err : ENOMEM, text);
}


enum transport query_transport(const struct resolve_query *q)
{
	if (q->transport != TRANSPORT_AUTO)
		return q->transport;

	return q->secure || q->tls_offered ? TRANSPORT_TLS : TRANSPORT_UDP;
}


uint16_t query_port(const struct resolve_query *q, enum transport t)
{
	return q->port ? q->port : transport_port(t);
}


static void query_arm(struct resolve_query *q)
{
	switch (q->stage) {
	case STAGE_NAPTR:
		if (!q->naptr.waiting)
			timer_start(&q->timer, loop_now());
		break;
	case STAGE_SERVICES:
		services_arm(q);
		break;
	case STAGE_HOSTS:
		hosts_arm(q);
		break;
	}
}


void query_record_handler(void *arg)
{
	query_arm(arg);
}


void query_go_on(struct resolve_query *q, int err)
{
	if (err)
		query_fail(q, err, strerror(err));
	else
		query_arm(q);
}


static void literal_end(struct resolve_query *q)
{
	const enum transport t = query_transport(q);
	struct resolve_addr v = {.addr = q->literal, .transport = t};
	struct resolve_result res = {.text = "", .addrv = &v, .addrc = 1};

	if (q->family != RESOLVE_ANY && sa_af(&q->literal) !=
	    (q->family == RESOLVE_IPV4 ? AF_INET : AF_INET6)) {
		query_fail(q, ENOENT, "not an address of that family");
		return;
	}

	sa_set_port(&v.addr, query_port(q, t));
	query_tell(q, &res);
}


static void query_handler(void *arg)
{
	struct resolve_query *q = arg;

	if (!q->name) {
		literal_end(q);
		return;
	}

	switch (q->stage) {
	case STAGE_NAPTR:
		naptr_end(q);
		break;
	case STAGE_SERVICES:
		services_end(q);
		break;
	case STAGE_HOSTS:
		hosts_end(q);
		break;
	}
}


static int query_begin(struct resolve_query *q)
{
	int err;

	if (!q->name) {
		timer_start(&q->timer, loop_now());
		return 0;
	}

	if (q->port || records_local(q->records, q->name))
		err = domain_begin(q, query_transport(q));
	else if (q->transport != TRANSPORT_AUTO)
		err = services_begin(q, q->transport);
	else
		err = naptr_begin(q);

	if (!err)
		query_arm(q);

	return err;
}


static void query_destructor(void *arg)
{
	struct resolve_query *q = arg;

	query_detach(q);
	mem_deref(q->name);
}


static int query_set_host(struct resolve_query *q, const char *host)
{
	char name[DNS_NAME_SIZE];
	struct addr literal;
	int err;

	if (addr_parse(&literal, host, strlen(host), 0)) {
		sa_from_addr(&q->literal, &literal);
		return 0;
	}

	err = dns_name_parse(name, sizeof(name), host);

	return err ? err : str_dup(&q->name, name);
}


int resolve_query(struct resolve_query **qp, struct resolve *r,
		  const struct resolve_uri *uri, resolve_h *h, void *arg)
{
	struct resolve_query *q;
	int err;

	q = mem_zalloc(sizeof(*q), query_destructor);
	if (!q)
		return ENOMEM;

	timer_init(&q->timer, query_handler, q);
	q->records = r->records;
	q->rng = &r->rng;
	q->family = uri->family;
	q->transport = uri->transport;
	q->port = uri->port;
	q->secure = uri->secure && uri->transport == TRANSPORT_AUTO;
	q->h = h;
	q->arg = arg;

	err = query_set_host(q, uri->host);
	if (err)
		goto out;

	list_append(&r->queryl, &q->le, q);
	err = query_begin(q);

 out:
	if (err)
		mem_deref(q);
	else
		*qp = q;

	return err;
}


static void resolve_destructor(void *arg)
{
	struct resolve *r = arg;
	struct le *le;

	while ((le = list_head(&r->queryl)))
		query_detach(le->data);

	mem_deref(r->records);
}


static void better_handler(void *arg)
{
	const struct resolve *r = arg;

	if (r->h)
		r->h(r->arg);
}


int resolve_alloc(struct resolve **rp, const struct sa *serverv,
		  size_t serverc, resolve_better_h *h, void *arg)
{
	struct resolve *r;
	int err;

	r = mem_zalloc(sizeof(*r), resolve_destructor);
	if (!r)
		return ENOMEM;

	r->h = h;
	r->arg = arg;
	rng_seed(&r->rng, rand_u64());
	err = records_alloc(&r->records, serverv, serverc, better_handler, r);

	if (err)
		mem_deref(r);
	else
		*rp = r;

	return err;
}


int resolve_set_servers(struct resolve *r, const struct sa *serverv,
			size_t serverc)
{
	return records_set_servers(r->records, serverv, serverc);
}


struct records *resolve_records(const struct resolve *r)
{
	return r->records;
}


int resolve_set_hosts(struct resolve *r, const char *path)
{
	return records_set_hosts(r->records, path);
}


int resolve_set_conf(struct resolve *r, const char *path, uint16_t port)
{
	return records_set_conf(r->records, path, port);
}


void resolve_set_timeout(struct resolve *r, msec_t timeout)
{
	records_set_timeout(r->records, timeout);
}


void resolve_set_rate(struct resolve *r, uint32_t rate)
{
	records_set_rate(r->records, rate);
}
