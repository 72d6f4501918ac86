/* A DNS server in the test's own process, UDP and TCP on one port: answers by
 * table, misbehaves on demand, counts what it is asked. */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "dns_server.h"
#include "timer.h"


#define REPLY_SIZE 65536
#define FIELD_SIZE 256
#define PREFIX     2             /* octets of length before each over TCP */

/* Over TCP: one question, one answer. */
struct client {
	struct le le;
	struct dns_server *d;
	struct io io;
};

/* An answer on its way. */
struct late {
	struct le le;
	struct dns_server *d;
	struct timer timer;
	struct sa to;                    /* unset: to the client */
	struct client *client;
	const struct dns_zone *zone;
	struct mbuf *mb;
};


static const struct dns_zone *find(const struct dns_zone *zonev,
				   const char *name, uint16_t type)
{
	const struct dns_zone *z;

	for (z = zonev; z->name; z++) {
		if (!str_casecmp(z->name, name) &&
		    (!z->type || z->type == type))
			return z;
	}

	return NULL;
}


static unsigned add(struct mbuf *mb, const struct dns_zone *z, uint16_t type,
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

	return !err;
}


static bool read_address(struct dnsrr *rr, uint16_t type, const char *text)
{
	struct sa sa;

	sa_init(&sa, AF_UNSPEC);
	if (sa_set_str(&sa, text, 0))
		return false;

	if (type == DNS_TYPE_A)
		rr->rdata.a.addr = sa_in(&sa);
	else
		sa_in6(&sa, rr->rdata.aaaa.addr);

	return true;
}


static bool read_srv(struct dnsrr *rr, const char *text)
{
	char target[FIELD_SIZE];

	return sscanf(text, "%hu %hu %hu %255s", &rr->rdata.srv.pri,
		      &rr->rdata.srv.weight, &rr->rdata.srv.port,
		      target) == 4 &&
		!str_dup(&rr->rdata.srv.target, target);
}


static bool read_naptr(struct dnsrr *rr, const char *text)
{
	char flags[FIELD_SIZE], services[FIELD_SIZE], replace[FIELD_SIZE];

	if (sscanf(text, "%hu %hu %255s %255s %255s", &rr->rdata.naptr.order,
		   &rr->rdata.naptr.pref, flags, services, replace) != 5)
		return false;

	return !str_dup(&rr->rdata.naptr.flags,
			strcmp(flags, "-") ? flags : "") &&
		!str_dup(&rr->rdata.naptr.services, services) &&
		!str_dup(&rr->rdata.naptr.regexp, "") &&
		!str_dup(&rr->rdata.naptr.replace, replace);
}


static bool read_record(struct dnsrr *rr, uint16_t type, const char *text)
{
	rr->type = type;         /* its destructor looks at it */

	switch (type) {
	case DNS_TYPE_SRV:
		return read_srv(rr, text);
	case DNS_TYPE_NAPTR:
		return read_naptr(rr, text);
	default:
		return read_address(rr, type, text);
	}
}


static const char *records(const struct dns_zone *z, uint16_t type)
{
	switch (type) {
	case DNS_TYPE_A:
		return z->v4;
	case DNS_TYPE_AAAA:
		return z->v6;
	case DNS_TYPE_SRV:
		return z->srv;
	case DNS_TYPE_NAPTR:
		return z->naptr;
	default:
		return NULL;
	}
}


static unsigned add_records(struct mbuf *mb, const struct dns_zone *z,
			    uint16_t type)
{
	const bool address = type == DNS_TYPE_A || type == DNS_TYPE_AAAA;
	const char *text = records(z, type), *separator = address ? " " : ",";
	char *copy = NULL, *rest, *part;
	unsigned n = 0;

	if (!text || str_dup(&copy, text))
		return 0;

	for (part = strtok_r(copy, separator, &rest); part;
	     part = strtok_r(NULL, separator, &rest)) {
		struct dnsrr *rr = dns_rr_alloc();

		if (rr && read_record(rr, type, part))
			n += add(mb, z, type, rr);
		else
			mem_deref(rr);
	}

	mem_deref(copy);

	return n;
}


static unsigned add_alias(struct mbuf *mb, const struct dns_zone *z)
{
	struct dnsrr *rr = dns_rr_alloc();

	if (!rr || str_dup(&rr->rdata.cname.cname, z->alias)) {
		mem_deref(rr);
		return 0;
	}

	return add(mb, z, DNS_TYPE_CNAME, rr);
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

	return add(mb, z, DNS_TYPE_SOA, rr);
}


static unsigned add_chain(struct mbuf *mb, const struct dns_zone *zonev,
			  const struct dns_zone *z, uint16_t type)
{
	unsigned n = 0;

	for (unsigned i = 0; z && z->alias && i < 20; i++) {
		n += add_alias(mb, z);
		z = find(zonev, z->alias, type);
	}

	return z ? n + add_records(mb, z, type) : n;
}


static bool is_truncated(const struct dns_zone *z, bool tcp)
{
	if (z->fault == DNS_TRUNCATED_ALWAYS)
		return true;

	return !tcp && (z->fault == DNS_TRUNCATED || z->fault == DNS_CLOSES ||
			z->fault == DNS_STALLS);
}


static void encode_question(struct mbuf *mb, struct dnshdr *hdr,
			    enum dns_fault fault, const char *name,
			    uint16_t type)
{
	hdr->nq = 0;
	if (fault == DNS_NO_QUESTION)
		return;

	hdr->nq = 1;
	if (fault == DNS_WRONG_QUESTION)
		name = "other.test";
	(void)dns_dname_encode(mb, name, NULL, 0, false);
	(void)mbuf_write_u16(mb, htons(type));
	(void)mbuf_write_u16(mb, htons(DNS_CLASS_IN));
}


static void encode(struct mbuf *mb, const struct dns_zone *zonev,
		   struct dnshdr hdr, const char *name, uint16_t type,
		   bool tcp)
{
	const struct dns_zone *z = find(zonev, name, type);

	hdr.qr = true;
	hdr.ra = true;
	if (!hdr.rcode)
		hdr.rcode = z ? z->rcode : DNS_RCODE_NAME_ERR;
	hdr.tc = z && is_truncated(z, tcp);
	hdr.nans = hdr.nauth = hdr.nadd = 0;
	if (z && z->fault == DNS_WRONG_ID)
		hdr.id ^= 1;

	mb->pos = mb->end = DNS_HEADER_SIZE;
	encode_question(mb, &hdr, z ? z->fault : DNS_GOOD, name, type);

	if (z && !hdr.rcode && !hdr.tc)
		hdr.nans = (uint16_t)add_chain(mb, zonev, z, type);
	if (z && z->soa)
		hdr.nauth = (uint16_t)add_soa(mb, z);
	if (z && z->fault == DNS_MALFORMED)
		hdr.nans += 3;

	mb->pos = 0;
	(void)dns_hdr_encode(mb, &hdr);
	mb->pos = 0;
}


void dns_server_encode(struct mbuf *mb, const struct dns_zone *zonev,
		       uint16_t id, const char *name, uint16_t type)
{
	const struct dnshdr hdr = {.id = id, .rd = true};

	encode(mb, zonev, hdr, name, type, true);
}


/* --- sending --- */

/* An answer to it may still be on its way. */
static void client_drop(struct client *c)
{
	if (!c->le.list)
		return;

	io_stop(&c->io);
	list_unlink(&c->le);
	mem_deref(c);
}


static void late_destructor(void *arg)
{
	struct late *l = arg;

	list_unlink(&l->le);
	timer_cancel(&l->timer);
	mem_deref(l->client);
	mem_deref(l->mb);
}


static void send_udp(struct late *l, int fd)
{
	static const uint8_t noise[] = "\x17\x03\x01 this is no answer at all";

	if (l->zone && l->zone->fault == DNS_GARBAGE)
		(void)sendto(fd, noise, sizeof(noise), 0, &l->to.u.sa,
			     l->to.len);

	(void)sendto(fd, l->mb->buf, l->mb->end, 0, &l->to.u.sa, l->to.len);
}


static void send_elsewhere(struct late *l)
{
	int fd = socket(sa_af(&l->to), SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return;

	send_udp(l, fd);
	(void)close(fd);
}


static void send_tcp(struct late *l)
{
	size_t size = l->mb->end;
	uint8_t prefix[PREFIX] = {(uint8_t)(size >> 8), (uint8_t)size};

	if (l->zone && l->zone->fault == DNS_CLOSES) {
		client_drop(l->client);
		return;
	}

	if (l->zone && l->zone->fault == DNS_STALLS)
		size /= 2;

	/* in two pieces: a stream has no borders */
	(void)send(l->client->io.fd, prefix, 1, MSG_NOSIGNAL);
	(void)send(l->client->io.fd, prefix + 1, 1, MSG_NOSIGNAL);
	(void)send(l->client->io.fd, l->mb->buf, size, MSG_NOSIGNAL);
}


static void late_handler(void *arg)
{
	struct late *l = arg;

	if (l->client)
		send_tcp(l);
	else if (l->zone && l->zone->fault == DNS_WRONG_PORT)
		send_elsewhere(l);
	else
		send_udp(l, l->d->udp.fd);

	mem_deref(l);
}


static struct late *reply(struct dns_server *d, const struct dnshdr *hdr,
			  const char *name, uint16_t type, bool tcp)
{
	const struct dns_zone *z = find(d->zonev, name, type);
	struct dnshdr answer = *hdr;
	struct late *l;

	if (d->silent || (z && z->fault == DNS_SILENT))
		return NULL;

	l = mem_zalloc(sizeof(*l), late_destructor);
	if (!l)
		return NULL;

	timer_init(&l->timer, late_handler, l);
	l->d = d;
	l->zone = z;
	l->mb = mbuf_alloc(REPLY_SIZE);
	if (!l->mb)
		return mem_deref(l);

	answer.rcode = d->rcode;
	encode(l->mb, d->zonev, answer, name, type, tcp);
	list_append(&d->latel, &l->le, l);
	timer_start(&l->timer, loop_now() + (z ? z->delay : 0));

	return l;
}


static void count(struct dns_server *d, uint16_t type)
{
	++d->asked;

	switch (type) {
	case DNS_TYPE_A:
		++d->a;
		break;
	case DNS_TYPE_AAAA:
		++d->aaaa;
		break;
	case DNS_TYPE_SRV:
		++d->srv;
		break;
	case DNS_TYPE_NAPTR:
		++d->naptr;
		break;
	}
}


/* NULL: no answer is on its way. */
static struct late *handle(struct dns_server *d, struct mbuf *mb, bool tcp)
{
	struct late *l = NULL;
	char *name = NULL;
	struct dnshdr hdr;
	uint16_t type;

	if (dns_hdr_decode(mb, &hdr) || dns_dname_decode(mb, &name, 0) ||
	    mbuf_get_left(mb) < 4)
		goto out;

	type = ntohs(mbuf_read_u16(mb));
	count(d, type);
	d->id = hdr.id;
	d->asked_tcp += tcp;
	l = reply(d, &hdr, name, type, tcp);

 out:
	mem_deref(name);

	return l;
}


static void udp_handler(int flags, void *arg)
{
	struct dns_server *d = arg;
	uint8_t buf[512];
	struct sa from;
	ssize_t n;

	(void)flags;

	for (;;) {
		struct mbuf mb = {.buf = buf, .size = sizeof(buf)};
		struct late *l;

		from.len = sizeof(from.u);
		n = recvfrom(d->udp.fd, buf, sizeof(buf), 0, &from.u.sa,
			     &from.len);
		if (n < 0)
			return;

		mb.end = (size_t)n;
		d->port = sa_port(&from);
		l = handle(d, &mb, false);
		if (l)
			l->to = from;
	}
}


/* --- TCP --- */

static void client_destructor(void *arg)
{
	struct client *c = arg;

	list_unlink(&c->le);
	io_stop(&c->io);
	(void)close(c->io.fd);
}


/* A question is small and comes in one piece from one that is on this host. */
static void client_handler(int flags, void *arg)
{
	struct client *c = arg;
	uint8_t buf[512];
	struct mbuf mb = {.buf = buf, .size = sizeof(buf), .pos = PREFIX};
	ssize_t n = recv(c->io.fd, buf, sizeof(buf), 0);
	struct late *l;

	(void)flags;

	if (n < 0 && errno == EAGAIN)
		return;

	if (n <= PREFIX) {
		client_drop(c);
		return;
	}

	/* names are relative to the message */
	mb.buf = buf + PREFIX;
	mb.pos = 0;
	mb.end = (size_t)n - PREFIX;
	l = handle(c->d, &mb, true);
	if (l)
		l->client = mem_ref(c);
}


static void accept_handler(int flags, void *arg)
{
	struct dns_server *d = arg;
	int fd = accept4(d->tcp.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct client *c;

	(void)flags;

	if (fd < 0)
		return;

	c = mem_zalloc(sizeof(*c), client_destructor);
	if (!c) {
		(void)close(fd);
		return;
	}

	c->d = d;
	c->io.fd = fd;
	c->io.h = client_handler;
	c->io.arg = c;
	list_append(&d->clientl, &c->le, c);
	(void)io_listen(&c->io, FD_READ);
}


static int listen_at(struct io *io, struct sa *addr, int type, fd_h *h,
		     void *arg)
{
	const int on = 1;

	io->h = h;
	io->arg = arg;
	io->fd = socket(sa_af(addr), type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (io->fd < 0)
		return errno;

	(void)setsockopt(io->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(io->fd, &addr->u.sa, addr->len) ||
	    (type == SOCK_STREAM && listen(io->fd, 16)))
		return errno;

	addr->len = sizeof(addr->u);
	if (getsockname(io->fd, &addr->u.sa, &addr->len))
		return errno;

	return io_listen(io, FD_READ);
}


static void shut(struct io *io)
{
	if (io->fd < 0)
		return;

	io_stop(io);
	(void)close(io->fd);
	io->fd = -1;
}


int dns_server_start_at(struct dns_server *d, const struct dns_zone *zonev,
			const char *literal, uint16_t port)
{
	int err = EADDRINUSE;

	memset(d, 0, sizeof(*d));
	d->zonev = zonev;
	d->udp.fd = d->tcp.fd = -1;

	/* a port that is free for the one may not be for the other */
	for (unsigned i = 0; err == EADDRINUSE && i < 20; i++) {
		shut(&d->udp);
		sa_init(&d->addr, AF_UNSPEC);
		err = sa_set_str(&d->addr, literal, port);
		if (!err)
			err = listen_at(&d->udp, &d->addr, SOCK_DGRAM,
					udp_handler, d);
		if (!err)
			err = listen_at(&d->tcp, &d->addr, SOCK_STREAM,
					accept_handler, d);
		if (err)
			shut(&d->tcp);
	}

	return err;
}


int dns_server_start(struct dns_server *d, const struct dns_zone *zonev)
{
	return dns_server_start_at(d, zonev, "127.0.0.1", 0);
}


void dns_server_stop(struct dns_server *d)
{
	list_flush(&d->latel);
	list_flush(&d->clientl);
	shut(&d->udp);
	shut(&d->tcp);
}
