/* Contact URIs compared, as registrars hand them back. */

#include <ctype.h>
#include <string.h>
#include "addr.h"
#include "contact_uri.h"
#include "fnv.h"
#include "net.h"
#include "param.h"


/* What counts of one. */
struct parts {
	bool sips;
	struct pl user;                  /* unset: none */
	struct pl host;
	struct addr addr;                /* the host, if an IP literal */
	uint32_t port;
	struct pl transport;             /* unset: none */
	struct pl token;                 /* unset: none */
};


/* The next character of a user part, escapes resolved; -1 at the end. */
static int user_next(struct pl *pl)
{
	int c;

	if (!pl->l)
		return -1;

	c = (unsigned char)*pl->p;
	if (c == '%' && pl->l >= 3 && isxdigit((unsigned char)pl->p[1]) &&
	    isxdigit((unsigned char)pl->p[2])) {
		c = ch_hex(pl->p[1]) << 4 | ch_hex(pl->p[2]);
		pl_advance(pl, 2);
	}

	pl_advance(pl, 1);

	return c;
}


int contact_user_compare(struct pl a, struct pl b)
{
	int c, d;

	do {
		c = user_next(&a);
		d = user_next(&b);
	} while (c == d && c >= 0);

	return c - d;
}


bool contact_user_equal(struct pl a, struct pl b)
{
	return !contact_user_compare(a, b);
}


static void transport_read(struct parts *p, const struct pl *params)
{
	const bool there = param_get(params, "transport", &p->transport) &&
		pl_isset(&p->transport);

	if (!there)
		p->transport = pl_null;

	/* RFC 5630 §3.1.4: the scheme says it, "tcp" and "tls" add nothing. */
	if (p->sips && there && (!pl_strcasecmp(&p->transport, "tcp") ||
				 !pl_strcasecmp(&p->transport, "tls")))
		p->transport = pl_null;
}


static bool is_tls(const struct parts *p)
{
	return p->sips || !pl_strcasecmp(&p->transport, "tls");
}


static int parts_read(struct parts *p, const struct pl *text)
{
	struct uri uri;

	memset(p, 0, sizeof(*p));
	if (!pl_isset(text) || sip_uri_decode(&uri, text))
		return EBADMSG;

	p->sips = !pl_strcasecmp(&uri.scheme, "sips");
	p->user = uri.user;
	p->host = uri.host;
	(void)addr_parse(&p->addr, uri.host.p, uri.host.l, 0);
	transport_read(p, &uri.params);
	if (!param_get(&uri.params, REGISTER_TOKEN, &p->token))
		p->token = pl_null;

	p->port = uri.port ? uri.port
		: transport_port(is_tls(p) ? TRANSPORT_TLS : TRANSPORT_UDP);

	return 0;
}


static bool host_equal(const struct parts *a, const struct parts *b)
{
	if (addr_isset(&a->addr) || addr_isset(&b->addr))
		return addr_equal(&a->addr, &b->addr);

	return !pl_casecmp(&a->host, &b->host);
}


/* What one of them lacks says nothing. */
static bool equal_if_both(const struct pl *a, const struct pl *b)
{
	return !pl_isset(a) || !pl_isset(b) || !pl_casecmp(a, b);
}


bool contact_uri_equal(const struct pl *a, const struct pl *b)
{
	struct parts x, y;

	if (parts_read(&x, a) || parts_read(&y, b))
		return false;

	return x.sips == y.sips && host_equal(&x, &y) && x.port == y.port &&
		(!pl_isset(&x.user) || !pl_isset(&y.user) ||
		 contact_user_equal(x.user, y.user)) &&
		equal_if_both(&x.transport, &y.transport) &&
		equal_if_both(&x.token, &y.token);
}


bool contact_uri_token(const struct pl *uri)
{
	struct parts p;

	return !parts_read(&p, uri) && pl_isset(&p.token);
}


static void hash(uint64_t *key, int c)
{
	const uint8_t byte = (uint8_t)c;

	*key = fnv(*key, &byte, sizeof(byte));
}


/* In any case, and with an end, so that "ab","c" is not "a","bc". */
static void hash_text(uint64_t *key, const struct pl *pl)
{
	for (size_t i = 0; i < pl->l; i++)
		hash(key, tolower((unsigned char)pl->p[i]));
	hash(key, 0);
}


static void hash_parts(uint64_t *key, const struct parts *p)
{
	char ip[ADDR_STRLEN];
	struct pl user = p->user, host = p->host;
	struct pl transport = p->transport;
	int c;

	if (addr_isset(&p->addr))
		pl_set_str(&host, addr_print_ip(&p->addr, ip, sizeof(ip)));
	if (!pl_isset(&transport))
		pl_set_str(&transport, p->sips ? "" : "udp");

	hash(key, p->sips);
	while ((c = user_next(&user)) >= 0)
		hash(key, c);
	hash(key, 0);
	hash_text(key, &host);
	hash(key, (int)(p->port >> 8));
	hash(key, (int)(p->port & 0xff));
	hash_text(key, &transport);
	hash_text(key, &p->token);
}


uint64_t contact_uri_key(const struct pl *uri)
{
	uint64_t key = FNV_BASIS;
	struct parts p;

	if (parts_read(&p, uri))
		hash_text(&key, uri);
	else
		hash_parts(&key, &p);

	return key ? key : 1;
}


uint64_t contact_uri_key_str(const char *uri)
{
	struct pl pl;

	pl_set_str(&pl, uri);

	return contact_uri_key(&pl);
}
