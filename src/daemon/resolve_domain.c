/* The first stages of a query: which services a domain offers, by NAPTR, and
 * on which hosts, by SRV (RFC 3263 §4.1 and §4.2).
 *
 * What if DNS fails on the way? "There is none" is believed, and sends us to
 * the next stage as RFC 3263 has it. No answer, or "cannot say", is no such
 * word. NAPTR is then passed over: SRV says the same of most domains. SRV is
 * not: the domain's own addresses are a web server's as often as a registrar's,
 * so the query fails and is asked again soon. But there are DNS proxies in home
 * routers that fail on every type but A and AAAA, always. Their mark is that no
 * question for SRV or NAPTR was answered since these servers are in use: then
 * the domain's own addresses, if there are any, are better than nothing.
 *
 * TLS that was offered is never let go for less (DESIGN §4), so weaker services
 * do not count while it is not known whether there is TLS. */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "loop.h"
#include "resolve_query.h"


#define TEXT_SIZE 256


static enum service_state way_state(const struct way *w)
{
	if (w->host)
		return SERVICE_THERE;
	if (!w->want.set)
		return SERVICE_NONE;     /* its name would be too long */
	if (w->want.waiting)
		return SERVICE_UNKNOWN;

	return service_state(w->want.set->answer);
}


/* The first one in that state, or NULL. Once TLS was offered, there is nothing
 * but TLS. */
static const struct way *find_way(const struct resolve_query *q,
				  enum service_state state)
{
	for (size_t i = 0; i < q->wayc; i++) {
		const struct way *w = &q->wayv[i];

		if (q->tls_offered && w->transport != TRANSPORT_TLS)
			continue;
		if (way_state(w) == state)
			return w;
	}

	return NULL;
}


static bool tls_there(const struct resolve_query *q)
{
	for (size_t i = 0; i < q->wayc; i++) {
		if (q->wayv[i].transport == TRANSPORT_TLS &&
		    way_state(&q->wayv[i]) == SERVICE_THERE)
			return true;
	}

	return false;
}


static bool counts(const struct resolve_query *q, const struct way *w)
{
	return way_state(w) == SERVICE_THERE &&
		(!q->tls_offered || w->transport == TRANSPORT_TLS);
}


/* From *rankp on; it is then that of the last one. */
static int add_way(struct resolve_query *q, const struct way *w,
		   unsigned *rankp)
{
	const struct dns_answer *a;
	uint8_t indexv[TARGET_MAX];
	size_t n;
	int err = 0;

	if (w->host)
		return hosts_add(q, w->host, w->transport,
				 transport_port(w->transport), *rankp);

	a = w->want.set->answer;
	n = service_order(indexv, a, q->rng);
	for (size_t i = 0; !err && i < n; i++) {
		const struct dns_record *r = &a->recordv[indexv[i]];

		if (i && r->u.srv.priority !=
		    a->recordv[indexv[i - 1]].u.srv.priority)
			++*rankp;

		err = hosts_add(q, r->name, w->transport, r->u.srv.port,
				*rankp);
	}

	return err;
}


static int ways_end(struct resolve_query *q)
{
	const struct way *last = NULL;
	unsigned rank = 0;
	size_t n = 0;
	int err;

	for (size_t i = 0; i < q->wayc; i++) {
		const struct way *w = &q->wayv[i];

		if (counts(q, w))
			n += w->host ? 1 :
				service_targets(w->want.set->answer);
	}

	err = hosts_begin(q, n);
	for (size_t i = 0; !err && i < q->wayc; i++) {
		const struct way *w = &q->wayv[i];

		if (!counts(q, w))
			continue;

		if (last && (w->order != last->order ||
			     w->transport != last->transport))
			++rank;

		err = add_way(q, w, &rank);
		last = w;
	}

	return err;
}


static void fail_refused(struct resolve_query *q, enum transport t)
{
	char text[TEXT_SIZE];

	(void)snprintf(text, sizeof(text), "%.180s offers no SIP over %s "
		       "(says its SRV record)", q->name, transport_name(t));
	query_fail(q, ENOENT, text);
}


/* No service is there: is that known, and what then? */
static void services_without(struct resolve_query *q)
{
	const struct way *unknown = find_way(q, SERVICE_UNKNOWN);
	enum transport t = query_transport(q);

	/* with a transport that NAPTR chose it stays that one */
	if (q->chosen)
		t = q->wayv[0].transport;

	if (unknown) {
		q->doubt = unknown->want.set;
		if (records_know_services(q->records)) {
			query_fail_for(q, q->doubt);
			return;
		}
	}

	for (size_t i = 0; i < q->wayc; i++) {
		if (q->wayv[i].transport == t &&
		    way_state(&q->wayv[i]) == SERVICE_REFUSED) {
			fail_refused(q, t);
			return;
		}
	}

	query_go_on(q, domain_begin(q, t));
}


void services_end(struct resolve_query *q)
{
	const bool choice = q->transport == TRANSPORT_AUTO;
	const struct way *unknown;

	if (choice && tls_there(q))
		q->tls_offered = true;

	if (!find_way(q, SERVICE_THERE)) {
		services_without(q);
		return;
	}

	/* TLS is the first one to be asked for */
	unknown = find_way(q, SERVICE_UNKNOWN);
	if (choice && unknown && unknown->transport == TRANSPORT_TLS &&
	    !q->tls_offered)
		query_fail_for(q, unknown->want.set);
	else
		query_go_on(q, ways_end(q));
}


void services_arm(struct resolve_query *q)
{
	bool waiting = false;

	for (size_t i = 0; i < q->wayc; i++)
		waiting |= q->wayv[i].want.waiting;

	/* with TLS there the others are of no interest */
	if (!waiting || (q->transport == TRANSPORT_AUTO && tls_there(q)))
		timer_start(&q->timer, loop_now());
}


static int ways_begin(struct resolve_query *q, size_t n)
{
	q->stage = STAGE_SERVICES;
	q->wayv = mem_zalloc(n * sizeof(*q->wayv), NULL);

	return q->wayv ? 0 : ENOMEM;
}


static int way_add(struct resolve_query *q, enum transport t,
		   const char *name)
{
	struct way *w = &q->wayv[q->wayc++];

	w->transport = t;

	return records_want(&w->want, q->records, name, DNS_TYPE_SRV,
			    query_record_handler, q);
}


/* The service by its usual name. */
static int way_default(struct resolve_query *q, enum transport t)
{
	char name[DNS_NAME_SIZE];

	if (service_name(name, sizeof(name), q->name, t))
		return way_add(q, t, name);

	q->wayv[q->wayc++].transport = t;

	return 0;
}


int services_begin(struct resolve_query *q, enum transport t)
{
	int err = ways_begin(q, 1);

	return err ? err : way_default(q, t);
}


/* RFC 3263 §4.1: no NAPTR, so each transport in our order of preference */
static int ask_all(struct resolve_query *q)
{
	int err = ways_begin(q, 3);

	if (!err)
		err = way_default(q, TRANSPORT_TLS);
	if (!err)
		err = way_default(q, TRANSPORT_TCP);
	if (!err)
		err = way_default(q, TRANSPORT_UDP);

	return err;
}


static int ask_chosen(struct resolve_query *q, const struct service *v,
		      size_t n)
{
	int err = ways_begin(q, n);

	q->chosen = mem_ref(q->naptr.set->answer);
	for (size_t i = 0; !err && i < n; i++) {
		q->wayv[i].order = v[i].order;
		if (v[i].srv) {
			err = way_add(q, v[i].transport, v[i].name);
		}
		else {
			q->wayv[q->wayc].transport = v[i].transport;
			q->wayv[q->wayc++].host = v[i].name;
		}
	}

	return err;
}


/* With TLS among them the others do not count; nor if nothing but TLS may. */
static size_t keep_tls(struct resolve_query *q, struct service *v, size_t n)
{
	size_t tls = 0;

	for (size_t i = 0; i < n; i++) {
		if (v[i].transport == TRANSPORT_TLS)
			v[tls++] = v[i];
	}

	q->tls_offered = tls > 0;

	return tls || q->secure ? tls : n;
}


/* It gets its time from when it is asked for, not from when it is wanted. */
static bool naptr_waits(struct resolve_query *q)
{
	const msec_t now = loop_now();
	msec_t asked, until;

	if (!q->naptr.waiting)
		return false;

	asked = record_asked(q->naptr.set);
	until = asked == NEVER ? now + SETTLE : asked + SETTLE;
	if (now >= until)
		return false;

	timer_start(&q->timer, until);

	return true;
}


void naptr_end(struct resolve_query *q)
{
	const struct dns_answer *a = q->naptr.set->answer;
	struct service v[SERVICES_MAX];
	bool other = false;
	size_t n = 0;

	if (naptr_waits(q))
		return;

	if (!q->naptr.waiting && a && !a->err) {
		n = service_naptr(v, &other, a);
		n = keep_tls(q, v, n);
	}

	if (n)
		query_go_on(q, ask_chosen(q, v, n));
	else if (q->secure)
		query_go_on(q, services_begin(q, TRANSPORT_TLS));
	else if (other)
		query_fail(q, ENOTSUP, "only transports that we do not speak "
			   "(says its NAPTR record)");
	else
		query_go_on(q, ask_all(q));
}


int naptr_begin(struct resolve_query *q)
{
	timer_start(&q->timer, loop_now() + SETTLE);

	return records_want(&q->naptr, q->records, q->name, DNS_TYPE_NAPTR,
			    query_record_handler, q);
}
