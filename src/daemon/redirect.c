/* Where a 3xx sends us, and whether we go there (RFC 3261 §8.1.3.4): whoever
 * can answer could send the credentials anywhere. */

#include <string.h>
#include "config_uri.h"
#include "param.h"
#include "register.h"


#define CONTACTS_MAX 64          /* of one answer that are looked at */
#define Q_MAX        1000        /* q is counted in thousandths */
#define URI_SIZE     320         /* a DNS name of 253 and all around it */

/* One host, as it is compared. */
struct host {
	struct pl name;          /* without final dot; of a literal no [] */
	struct addr addr;        /* unset: it is a name */
};

struct search {
	char *uri;
	size_t size;
	const struct account_conf *conf;
	enum transport transport;        /* of now */
	uint32_t expires;                /* [s] header Expires; 1: none */
	unsigned count;
	int q;                           /* of the best so far; -1: none */
};


static void host_set(struct host *h, struct pl name)
{
	memset(h, 0, sizeof(*h));

	if (name.l > 1 && name.p[name.l - 1] == '.')
		--name.l;
	if (name.l > 1 && name.p[0] == '[' && name.p[name.l - 1] == ']') {
		pl_advance(&name, 1);
		--name.l;
	}

	h->name = name;
	(void)addr_parse(&h->addr, name.p, name.l, 0);
}


static bool host_equal(const struct host *a, const struct host *b)
{
	if (addr_isset(&a->addr) || addr_isset(&b->addr))
		return addr_ip_equal(&a->addr, &b->addr);

	return a->name.l && !pl_casecmp(&a->name, &b->name);
}


/* Is it a name below that domain, however deep? */
static bool host_below(const struct host *h, const struct host *domain)
{
	struct pl tail = domain->name;

	if (addr_isset(&h->addr) || addr_isset(&domain->addr) || !tail.l ||
	    h->name.l < tail.l + 2)
		return false;

	tail.p = h->name.p + h->name.l - tail.l;

	return tail.p[-1] == '.' && !pl_casecmp(&tail, &domain->name);
}


static bool host_of(struct host *h, const char *text)
{
	struct uri uri;

	if (sip_uri_read(&uri, text))
		return false;

	host_set(h, uri.host);

	return true;
}


/* An entry of redirect_hosts: "*.domain" or a host. */
static bool listed(const struct host *h, const char *entry)
{
	const bool below = !strncmp(entry, "*.", 2);
	struct host other;
	struct pl pl;

	pl_set_str(&pl, below ? entry + 2 : entry);
	host_set(&other, pl);

	return below ? host_below(h, &other) : host_equal(h, &other);
}


static bool allowed(const struct host *h, const struct account_conf *conf)
{
	struct host other;
	struct pl pl;
	size_t i;

	pl_set_str(&pl, conf->aor_host);
	host_set(&other, pl);
	if (host_equal(h, &other) || host_below(h, &other))
		return true;

	if (host_of(&other, conf->registrar) &&
	    (host_equal(h, &other) || host_below(h, &other)))
		return true;

	for (i = 0; i < conf->proxyc; i++) {
		if (host_of(&other, conf->proxyv[i]) && host_equal(h, &other))
			return true;
	}

	for (i = 0; i < conf->redirectc; i++) {
		if (listed(h, conf->redirectv[i]))
			return true;
	}

	return false;
}


/* "0.5" in thousandths; without one the best, spoilt the worst. */
static int q_read(const struct pl *params)
{
	int q, unit = Q_MAX;
	struct pl val;
	size_t i;

	if (!param_get(params, "q", &val))
		return Q_MAX;

	/* RFC 3261 §25.1 qvalue */
	if (!val.l || (val.p[0] != '0' && val.p[0] != '1') ||
	    (val.l > 1 && val.p[1] != '.'))
		return 0;

	q = (val.p[0] - '0') * Q_MAX;

	for (i = 2; i < val.l && unit > 1; i++) {

		if (val.p[i] < '0' || val.p[i] > '9')
			return 0;

		unit /= 10;
		q += (val.p[i] - '0') * unit;
	}

	return q < Q_MAX ? q : Q_MAX;
}


/* RFC 3261 §21.3.3: how long it may be used. */
static bool expired(const struct search *s, const struct pl *params)
{
	uint32_t expires = s->expires;
	struct pl val;

	if (param_get(params, "expires", &val) && !number_lead(&expires, &val))
		expires = 1;

	return !expires;
}


/* What the URI asks for; AUTO: nothing. False: nothing that we can. */
static bool wanted_transport(enum transport *tp, const struct uri *uri)
{
	struct pl val;

	*tp = TRANSPORT_AUTO;
	if (param_get(&uri->params, "transport", &val) &&
	    (!transport_parse(tp, &val) || *tp == TRANSPORT_AUTO))
		return false;

	if (pl_strcasecmp(&uri->scheme, "sips"))
		return true;

	/* With sips, "tcp" is what TLS goes over (RFC 3261 §26.2.2). */
	if (*tp == TRANSPORT_UDP)
		return false;

	*tp = TRANSPORT_TLS;

	return true;
}


/* Never weaker than now: TLS stays TLS, and a stream a stream, as the policy
 * of its account is made for one. */
static bool transport_allowed(enum transport *tp, const struct uri *uri,
			      const struct search *s)
{
	if (s->conf->sips && pl_strcasecmp(&uri->scheme, "sips"))
		return false;

	if (!wanted_transport(tp, uri))
		return false;

	if (*tp != TRANSPORT_AUTO)
		return *tp >= s->transport;

	/* Left to DNS only where that cannot make it weaker. */
	if (transport_stream(s->transport) ||
	    s->conf->transport == TRANSPORT_UDP)
		*tp = s->transport;

	return true;
}


/* 0: none. Strictly, for libre's uint16_t wraps. */
static bool port_read(uint16_t *portp, const struct uri *uri,
		      const struct pl *text)
{
	const char *p = uri->host.p + uri->host.l, *end = text->p + text->l;
	struct pl port;
	uint32_t n = 0;

	if (p < end && *p == ']')
		++p;

	if (p < end && *p == ':') {

		port.p = ++p;
		for (port.l = 0; p < end && *p != ';' && *p != '?'; ++p)
			++port.l;

		if (!number_parse(&n, &port) || !n || n > UINT16_MAX)
			return false;
	}

	*portp = (uint16_t)n;

	return true;
}


/* Scheme, host and port alone: no user (RFC 3261 §10.2), no headers, and no
 * parameter such as maddr that would lead past the host. */
static bool take(const struct search *s, const struct host *h, uint16_t port,
		 enum transport transport)
{
	const bool sips = s->conf->sips, ipv6 = h->addr.family == ADDR_IPV6;
	char uri[URI_SIZE], colon[8] = "", param[16] = "";

	if (port)
		(void)re_snprintf(colon, sizeof(colon), ":%u", port);
	if (!sips && transport != TRANSPORT_AUTO)
		(void)re_snprintf(param, sizeof(param), ";transport=%s",
				  transport_name(transport));

	if (re_snprintf(uri, sizeof(uri), "%s:%s%r%s%s%s",
			sips ? "sips" : "sip", ipv6 ? "[" : "", &h->name,
			ipv6 ? "]" : "", colon, param) < 0 ||
	    strlen(uri) >= s->size)
		return false;

	str_ncpy(s->uri, uri, s->size);

	return true;
}


static bool contact_handler(const struct pl *element, void *arg)
{
	struct search *s = arg;
	struct pl text, params;
	enum transport transport;
	struct host host;
	struct uri uri;
	uint16_t port;
	int q;

	if (++s->count > CONTACTS_MAX)
		return true;

	if (name_addr_split(&text, &params, element) ||
	    sip_uri_decode(&uri, &text))
		return false;

	q = q_read(&params);
	if (q <= s->q || expired(s, &params) ||
	    !transport_allowed(&transport, &uri, s) ||
	    !port_read(&port, &uri, &text))
		return false;

	host_set(&host, uri.host);
	if ((!addr_isset(&host.addr) && !host_valid(&host.name)) ||
	    !allowed(&host, s->conf))
		return false;

	if (take(s, &host, port, transport))
		s->q = q;

	return false;
}


bool register_redirect(char *uri, size_t size, const struct sip_msg *msg,
		       const struct account_conf *conf,
		       enum transport transport)
{
	struct search s = {
		.uri = uri,
		.size = size,
		.conf = conf,
		.transport = transport,
		.expires = 1,
		.q = -1,
	};

	if (pl_isset(&msg->expires))
		(void)number_lead(&s.expires, &msg->expires);

	elements_apply(msg, SIP_HDR_CONTACT, contact_handler, &s);

	return s.q >= 0;
}
