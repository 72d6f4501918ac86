/* By which records a URI leads to its addresses: see resolve_trail.h. */

#include <string.h>
#include "addr.h"
#include "resolve_query.h"
#include "resolve_trail.h"


struct walk {
	struct records *records;
	const struct resolve_uri *uri;
	msec_t from;
	resolve_trail_h *h;
	void *arg;
	char hostv[HOSTS_MAX][DNS_NAME_SIZE];    /* told already */
	size_t hostc;
};


static enum trail_source source_of(const struct record_set *s, msec_t from)
{
	const msec_t ttl = s->answer->ttl;

	if (s->local)
		return TRAIL_HOSTS;
	if (s->failing && !dns_answer_unknown(s->answer))
		return TRAIL_KEPT;

	return s->failing || ttl == NEVER || s->fresh >= from + ttl
		? TRAIL_DNS : TRAIL_CACHE;
}


/* NULL: nothing is known, or nothing good. */
static const struct dns_answer *tell(const struct walk *w, const char *name,
				     uint16_t type)
{
	const struct record_set *s = records_find(w->records, name, type);
	struct trail t = {.name = name, .type = type};

	if (!s || !s->answer)
		return NULL;

	t.answer = s->answer;
	t.source = source_of(s, w->from);
	w->h(&t, w->arg);

	return s->answer->err ? NULL : s->answer;
}


static void host(struct walk *w, const char *name)
{
	size_t i;

	for (i = 0; i < w->hostc; i++)
		if (!strcmp(w->hostv[i], name))
			return;

	if (w->hostc == HOSTS_MAX || !*name)
		return;

	str_ncpy(w->hostv[w->hostc++], name, DNS_NAME_SIZE);
	if (w->uri->family != RESOLVE_IPV4)
		(void)tell(w, name, DNS_TYPE_AAAA);
	if (w->uri->family != RESOLVE_IPV6)
		(void)tell(w, name, DNS_TYPE_A);
}


/* Is there such a service? */
static bool service(struct walk *w, const char *name)
{
	const struct dns_answer *a = tell(w, name, DNS_TYPE_SRV);
	size_t i;

	for (i = 0; a && i < a->recordc; i++)
		host(w, a->recordv[i].name);

	return a != NULL;
}


static bool usual(struct walk *w, const char *domain, enum transport t)
{
	char name[DNS_NAME_SIZE];

	return service_name(name, sizeof(name), domain, t) && service(w, name);
}


/* In our order of preference (resolve_domain.c). */
static bool usual_all(struct walk *w, const char *domain)
{
	bool there = usual(w, domain, TRANSPORT_TLS);

	if (there || w->uri->secure)
		return there;

	there |= usual(w, domain, TRANSPORT_TCP);
	there |= usual(w, domain, TRANSPORT_UDP);

	return there;
}


static bool domain(struct walk *w, const char *name)
{
	struct service v[SERVICES_MAX];
	const struct dns_answer *a;
	bool other, there = false;
	size_t i, n;

	if (w->uri->transport != TRANSPORT_AUTO)
		return usual(w, name, w->uri->transport);

	a = tell(w, name, DNS_TYPE_NAPTR);
	n = a ? service_naptr(v, &other, a) : 0;
	for (i = 0; i < n; i++) {
		if (!v[i].srv)
			host(w, v[i].name);
		else
			(void)service(w, v[i].name);
		there = true;
	}

	return there || usual_all(w, name);
}


void resolve_trail(const struct resolve *r, const struct resolve_uri *uri,
		   msec_t from, resolve_trail_h *h, void *arg)
{
	struct walk w = {
		.records = resolve_records(r), .uri = uri, .from = from,
		.h = h, .arg = arg,
	};
	char name[DNS_NAME_SIZE];
	struct addr literal;

	if (addr_parse(&literal, uri->host, strlen(uri->host), 0) ||
	    dns_name_parse(name, sizeof(name), uri->host))
		return;

	if (uri->port || records_local(w.records, name) || !domain(&w, name))
		host(&w, name);
}
