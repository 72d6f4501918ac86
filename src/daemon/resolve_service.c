/* What NAPTR and SRV records offer for SIP (RFC 3263 §4.1 and §4.2). */

#include <stdio.h>
#include <string.h>
#include "resolve_service.h"


/* RFC 3263 §4.1, §8.1; the prefixes are §4.1's and RFC 3261 §19's. */
static const struct {
	const char *service, *prefix;
	enum transport transport;
} kindv[] = {
	{"SIPS+D2T", "_sips._tcp", TRANSPORT_TLS},
	{"SIP+D2T", "_sip._tcp", TRANSPORT_TCP},
	{"SIP+D2U", "_sip._udp", TRANSPORT_UDP},
};

#define KINDS (sizeof(kindv) / sizeof(kindv[0]))


bool service_name(char *name, size_t size, const char *domain,
		  enum transport transport)
{
	size_t i = 0;
	int n;

	while (i + 1 < KINDS && kindv[i].transport != transport)
		++i;

	n = snprintf(name, size, "%s.%s", kindv[i].prefix, domain);

	return n > 0 && (size_t)n < size;
}


static bool is_sip(const char *service)
{
	return !strncmp(service, "SIP+", 4) || !strncmp(service, "SIPS+", 5);
}


/* KINDS: none that we speak. */
static size_t find_kind(const char *service)
{
	size_t i = 0;

	while (i < KINDS && strcmp(kindv[i].service, service))
		++i;

	return i;
}


static bool service_read(struct service *s, const struct dns_record *r,
			 size_t kind)
{
	s->transport = kindv[kind].transport;
	s->srv = r->u.naptr.flag == 's';
	s->name = r->name;
	s->order = (uint32_t)r->u.naptr.order << 16 | r->u.naptr.preference;

	return r->name[0] && (s->srv || r->u.naptr.flag == 'a');
}


static bool naptr_before(const struct dns_record *a,
			 const struct dns_record *b)
{
	if (a->u.naptr.order != b->u.naptr.order)
		return a->u.naptr.order < b->u.naptr.order;

	return a->u.naptr.preference < b->u.naptr.preference;
}


/* Insertion: there are three of them as a rule. */
static void naptr_sort(const struct dns_record **v, const struct dns_answer *a)
{
	for (size_t i = 0; i < a->recordc; i++) {
		size_t j = i;

		for (; j && naptr_before(&a->recordv[i], v[j - 1]); j--)
			v[j] = v[j - 1];
		v[j] = &a->recordv[i];
	}
}


size_t service_naptr(struct service *v, bool *otherp,
		     const struct dns_answer *a)
{
	const struct dns_record *sortv[DNS_RECORDS_MAX];
	size_t n = 0;

	*otherp = false;
	naptr_sort(sortv, a);

	for (size_t i = 0; i < a->recordc && n < SERVICES_MAX; i++) {
		const char *name = sortv[i]->u.naptr.service;
		const size_t kind = find_kind(name);

		if (kind == KINDS)
			*otherp |= is_sip(name);
		else if (service_read(&v[n], sortv[i], kind))
			++n;
	}

	return n;
}


static bool usable(const struct dns_record *r)
{
	return r->name[0] && r->u.srv.port;
}


enum service_state service_state(const struct dns_answer *a)
{
	enum service_state state = SERVICE_NONE;

	if (dns_answer_unknown(a))
		return SERVICE_UNKNOWN;

	for (size_t i = 0; i < a->recordc; i++) {
		if (usable(&a->recordv[i]))
			return SERVICE_THERE;
		if (!a->recordv[i].name[0])
			state = SERVICE_REFUSED;
	}

	return state;
}


size_t service_targets(const struct dns_answer *a)
{
	size_t n = 0;

	for (size_t i = 0; i < a->recordc; i++)
		n += usable(&a->recordv[i]);

	return n;
}


size_t service_order(uint8_t *indexv, const struct dns_answer *a,
		     struct rng *rng)
{
	uint8_t usablev[TARGET_MAX], orderv[TARGET_MAX];
	struct target_srv srvv[TARGET_MAX] = {{0, 0}};
	unsigned n = 0;

	for (size_t i = 0; i < a->recordc && n < TARGET_MAX; i++) {
		const struct dns_record *r = &a->recordv[i];

		if (!usable(r))
			continue;

		srvv[n].priority = r->u.srv.priority;
		srvv[n].weight = r->u.srv.weight;
		usablev[n++] = (uint8_t)i;
	}

	target_order(orderv, srvv, n, rng);
	for (unsigned i = 0; i < n; i++)
		indexv[i] = usablev[orderv[i]];

	return n;
}
