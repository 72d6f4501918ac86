/* A DNS server in the test's own process: UDP on 127.0.0.1, answers by table,
 * counts what it is asked. */

#include <string.h>
#include "dns_server.h"


#define REPLY_SIZE 4096          /* more than DNS over UDP allows, so what */


static const struct dns_zone *find(const struct dns_server *d,
				   const char *name)
{
	const struct dns_zone *z;

	for (z = d->zonev; z->name; z++) {
		if (!str_casecmp(z->name, name))
			return z;
	}

	return NULL;
}


static int add(struct mbuf *mb, const struct dns_zone *z, uint16_t type,
	       struct dnsrr *rr)
{
	int err;

	err = str_dup(&rr->name, z->name);
	rr->type = type;
	rr->dnsclass = DNS_CLASS_IN;
	rr->ttl = z->ttl;
	if (!err)
		err = dns_rr_encode(mb, rr, 0, NULL, 0);
	mem_deref(rr);

	return err;
}


static unsigned add_addresses(struct mbuf *mb, const struct dns_zone *z,
			      uint16_t type)
{
	const char *literals = type == DNS_TYPE_A ? z->v4 : z->v6;
	unsigned n = 0;
	struct pl pl, rest;

	if (!literals)
		return 0;

	pl_set_str(&rest, literals);
	while (!re_regex(rest.p, rest.l, "[^ ]+", &pl)) {
		struct dnsrr *rr = dns_rr_alloc();
		struct sa sa;

		if (!rr || sa_set(&sa, &pl, 0)) {
			mem_deref(rr);
			break;
		}

		if (type == DNS_TYPE_A)
			rr->rdata.a.addr = sa_in(&sa);
		else
			sa_in6(&sa, rr->rdata.aaaa.addr);

		if (add(mb, z, type, rr))
			break;

		++n;
		pl_advance(&rest, pl.p + pl.l - rest.p);
	}

	return n;
}


static unsigned add_alias(struct mbuf *mb, const struct dns_zone *z)
{
	struct dnsrr *rr = dns_rr_alloc();

	if (!rr || str_dup(&rr->rdata.cname.cname, z->alias)) {
		mem_deref(rr);
		return 0;
	}

	return !add(mb, z, DNS_TYPE_CNAME, rr);
}


static unsigned add_soa(struct mbuf *mb, const struct dns_zone *z)
{
	struct dnsrr *rr = dns_rr_alloc();

	if (!rr || str_dup(&rr->rdata.soa.mname, "ns.test") ||
	    str_dup(&rr->rdata.soa.rname, "root.test")) {
		mem_deref(rr);
		return 0;
	}

	rr->rdata.soa.ttlmin = z->soa;

	return !add(mb, z, DNS_TYPE_SOA, rr);
}


static bool is_silent(const struct dns_zone *z, uint16_t type)
{
	return z->silent == DNS_QTYPE_ANY || z->silent == type;
}


static void reply(struct dns_server *d, const struct sa *src,
		  struct dnshdr hdr, const char *name, uint16_t type)
{
	const struct dns_zone *z = find(d, name), *end = z;
	struct mbuf *mb = mbuf_alloc(REPLY_SIZE);

	hdr.qr = true;
	hdr.ra = true;
	hdr.rcode = z ? z->rcode : DNS_RCODE_NAME_ERR;
	hdr.tc = z && z->truncated;
	hdr.nans = hdr.nauth = hdr.nadd = 0;

	if (!mb || (z && is_silent(z, type)))
		goto out;

	mb->pos = DNS_HEADER_SIZE;
	(void)dns_dname_encode(mb, name, NULL, 0, false);
	(void)mbuf_write_u16(mb, htons(type));
	(void)mbuf_write_u16(mb, htons(DNS_CLASS_IN));

	if (z && z->alias) {
		hdr.nans += add_alias(mb, z);
		end = find(d, z->alias);
	}

	if (end && !hdr.rcode && !hdr.tc)
		hdr.nans += add_addresses(mb, end, type);
	if (z && z->soa)
		hdr.nauth += add_soa(mb, z);

	mb->pos = 0;
	(void)dns_hdr_encode(mb, &hdr);
	mb->pos = 0;
	(void)udp_send(d->us, src, mb);

 out:
	mem_deref(mb);
}


static void recv_handler(const struct sa *src, struct mbuf *mb, void *arg)
{
	struct dns_server *d = arg;
	char *name = NULL;
	struct dnshdr hdr;
	uint16_t type;

	if (dns_hdr_decode(mb, &hdr) || dns_dname_decode(mb, &name, 0) ||
	    mbuf_get_left(mb) < 4)
		goto out;

	type = ntohs(mbuf_read_u16(mb));
	if (type == DNS_TYPE_A)
		++d->a;
	else if (type == DNS_TYPE_AAAA)
		++d->aaaa;

	reply(d, src, hdr, name, type);

 out:
	mem_deref(name);
}


int dns_server_start(struct dns_server *d, const struct dns_zone *zonev)
{
	struct sa any;
	int err;

	memset(d, 0, sizeof(*d));
	d->zonev = zonev;

	err = sa_set_str(&any, "127.0.0.1", 0);
	if (!err)
		err = udp_listen(&d->us, &any, recv_handler, d);
	if (!err)
		err = udp_local_get(d->us, &d->addr);

	return err;
}


void dns_server_stop(struct dns_server *d)
{
	d->us = mem_deref(d->us);
}
