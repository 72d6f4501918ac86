/* What a DNS message says of one name: its records or why there are none, and
 * how long that may be believed. */

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "dns_answer.h"
#include "dns_message.h"


#define LABEL_MAX    63          /* RFC 1035 §2.3.4 */
#define CHAIN_MAX    16          /* CNAMEs one after the other */
#define TEXT_SIZE    200
#define TTL_MIN      1           /* [s] 0 means "do not keep it" (RFC 1035) */
#define TTL_MAX      3600        /* [s] a moved registrar is found by then */
#define NEGATIVE_TTL 10          /* [s] without an SOA (RFC 2308 §5) */
#define NEGATIVE_MAX 60          /* [s] a new name is found by then */


int dns_name_parse(char *name, size_t size, const char *host)
{
	size_t len = strlen(host), label = 0;
	bool number = true;

	if (len && host[len - 1] == '.')
		--len;
	if (len >= size)
		return EINVAL;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)host[i];

		if (c == '.' && label) {
			label = 0;
			number = true;
		}
		else if ((isalnum(c) || c == '-' || c == '_') &&
			 label < LABEL_MAX) {
			++label;
			number = number && isdigit(c);
		}
		else {
			return EINVAL;
		}

		name[i] = (char)tolower(c);
	}

	name[len] = '\0';

	return label && !number ? 0 : EINVAL;
}


const char *dns_type_text(uint16_t type)
{
	switch (type) {
	case DNS_TYPE_A:
		return "IPv4 address";
	case DNS_TYPE_AAAA:
		return "IPv6 address";
	case DNS_TYPE_SRV:
		return "SRV record";
	default:
		return "NAPTR record";
	}
}


static bool add_address(struct dns_answer *a, struct dnsrr *rr)
{
	struct sa *sa = &a->recordv[a->recordc].u.addr;

	sa_init(sa, AF_UNSPEC);  /* sa_set_in6() leaves the scope as it was */
	if (rr->type == DNS_TYPE_A)
		sa_set_in(sa, rr->rdata.a.addr, 0);
	else
		sa_set_in6(sa, rr->rdata.aaaa.addr, 0);

	/* Filters answer so; connect() would take it for this machine. */
	if (sa_is_any(sa))
		return false;

	for (size_t i = 0; i < a->recordc; i++) {
		if (sa_cmp(&a->recordv[i].u.addr, sa, SA_ADDR))
			return false;
	}

	return true;
}


/* "" is the root. What is no host's name is nothing that we could ask for. */
static bool add_name(struct dns_record *r, const char *target)
{
	char name[DNS_NAME_SIZE];

	if (!target[0])
		name[0] = '\0';
	else if (dns_name_parse(name, sizeof(name), target))
		return false;

	return !str_dup(&r->name, name);
}


static bool add_srv(struct dns_answer *a, const struct dnsrr *rr)
{
	struct dns_record *r = &a->recordv[a->recordc];

	r->u.srv.priority = rr->rdata.srv.pri;
	r->u.srv.weight = rr->rdata.srv.weight;
	r->u.srv.port = rr->rdata.srv.port;

	return add_name(r, rr->rdata.srv.target);
}


static bool add_naptr(struct dns_answer *a, const struct dnsrr *rr)
{
	struct dns_record *r = &a->recordv[a->recordc];
	const char *flags = rr->rdata.naptr.flags;
	char *c;

	r->u.naptr.order = rr->rdata.naptr.order;
	r->u.naptr.preference = rr->rdata.naptr.pref;
	r->u.naptr.flag = 0;
	if (strlen(flags) == 1)
		r->u.naptr.flag = (char)tolower((unsigned char)flags[0]);

	str_ncpy(r->u.naptr.service, rr->rdata.naptr.services,
		 sizeof(r->u.naptr.service));
	for (c = r->u.naptr.service; *c; c++)
		*c = (char)toupper((unsigned char)*c);

	return add_name(r, rr->rdata.naptr.replace);
}


/* RFC 2181 §8: a TTL with the top bit set is 0. */
static void shorten_ttl(struct dns_answer *a, int64_t ttl, int64_t max)
{
	if (ttl < TTL_MIN || ttl > INT32_MAX)
		ttl = TTL_MIN;
	if (ttl > max)
		ttl = max;

	a->ttl = clock_min(a->ttl, SECONDS(ttl));
}


static bool record_handler(struct dnsrr *rr, void *arg)
{
	struct dns_answer *a = arg;
	bool good;

	if (rr->type == DNS_TYPE_SRV)
		good = add_srv(a, rr);
	else if (rr->type == DNS_TYPE_NAPTR)
		good = add_naptr(a, rr);
	else
		good = add_address(a, rr);

	if (good) {
		++a->recordc;
		shorten_ttl(a, rr->ttl, TTL_MAX);
	}

	return a->recordc == DNS_RECORDS_MAX;
}


/* libre would follow CNAMEs too, in a time that grows exponentially if there
 * are many of the same name. */
static void collect(struct dns_answer *a, struct list *ansl, const char *name,
		    uint16_t type)
{
	a->ttl = SECONDS(TTL_MAX);

	for (unsigned i = 0; i <= CHAIN_MAX; i++) {
		const struct dnsrr *rr;

		(void)dns_rrlist_apply(ansl, name, type, DNS_CLASS_IN, false,
				       record_handler, a);
		if (a->recordc)
			return;

		rr = dns_rrlist_find(ansl, name, DNS_TYPE_CNAME, DNS_CLASS_IN,
				     false);
		if (!rr)
			return;

		shorten_ttl(a, rr->ttl, TTL_MAX);
		name = rr->rdata.cname.cname;
	}
}


/* RFC 2308 §5: the smaller of the SOA's TTL and its MINIMUM */
static void negative_ttl(struct dns_answer *a, struct list *authl)
{
	const struct dnsrr *soa = dns_rrlist_find(authl, NULL, DNS_TYPE_SOA,
						  DNS_CLASS_IN, false);

	a->ttl = SECONDS(NEGATIVE_MAX);
	if (soa) {
		shorten_ttl(a, soa->rdata.soa.ttlmin, NEGATIVE_MAX);
		shorten_ttl(a, soa->ttl, NEGATIVE_MAX);
	}
	else {
		shorten_ttl(a, NEGATIVE_TTL, NEGATIVE_MAX);
	}
}


static const char *rcode_name(uint8_t rcode)
{
	static const char *const namev[] = {
		[DNS_RCODE_FMT_ERR] = "FORMERR",
		[DNS_RCODE_SRV_FAIL] = "SERVFAIL",
		[DNS_RCODE_NOT_IMPL] = "NOTIMP",
		[DNS_RCODE_REFUSED] = "REFUSED",
	};

	if (rcode >= sizeof(namev) / sizeof(namev[0]) || !namev[rcode])
		return "an unknown error";

	return namev[rcode];
}


__attribute__((format(printf, 3, 0)))
static int set_text(struct dns_answer *a, int err, const char *fmt,
		    va_list ap)
{
	char text[TEXT_SIZE];

	(void)vsnprintf(text, sizeof(text), fmt, ap);
	a->err = err;
	a->ttl = SECONDS(DNS_FAILURE_TTL);

	return str_dup(&a->text, text);
}


__attribute__((format(printf, 3, 4)))
static int fail(struct dns_answer *a, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	err = set_text(a, err, fmt, ap);
	va_end(ap);

	return err;
}


/* How sure is that: no such name, no such record, or nothing of use? */
static int read_without(struct dns_answer *a, struct list *authl,
			const char *name, uint16_t type, const char *from)
{
	int err;

	if (a->rcode == DNS_RCODE_NAME_ERR)
		err = fail(a, ENOENT, "no such name (NXDOMAIN from %s)", from);
	else if (a->rcode != DNS_RCODE_OK)
		return fail(a, EPROTO, "%s from %s", rcode_name(a->rcode),
			    from);
	else if (a->truncated)
		return fail(a, EPROTO, "a truncated answer from %s", from);
	else if (type == DNS_TYPE_A || type == DNS_TYPE_AAAA)
		err = fail(a, ENOENT, "no %s (says %s)", dns_type_text(type),
			   from);
	else
		err = fail(a, ENOENT, "no %s of %s (says %s)",
			   dns_type_text(type), name, from);

	negative_ttl(a, authl);

	return err;
}


static void answer_destructor(void *arg)
{
	struct dns_answer *a = arg;

	for (size_t i = 0; i < a->recordc; i++)
		mem_deref(a->recordv[i].name);

	mem_deref(a->text);
}


static struct dns_answer *answer_alloc(size_t records)
{
	return mem_zalloc(sizeof(struct dns_answer) +
			  records * sizeof(struct dns_record),
			  answer_destructor);
}


/* Gives back what the records do not need: it may be kept for an hour. */
static struct dns_answer *shrink(struct dns_answer *a)
{
	struct dns_answer *small = mem_realloc(a, sizeof(*a) + a->recordc *
					       sizeof(a->recordv[0]));

	return small ? small : a;
}


static int read_message(struct dns_answer *a, struct dns_message *m,
			const char *name, uint16_t type, const char *from)
{
	a->rcode = m->hdr.rcode;
	a->truncated = m->hdr.tc;

	if (a->rcode == DNS_RCODE_OK)
		collect(a, &m->ansl, name, type);
	if (a->recordc)
		return 0;

	return read_without(a, &m->authl, name, type, from);
}


int dns_answer_read(struct dns_answer **ap, struct mbuf *mb, const char *name,
		    uint16_t type, const char *from)
{
	struct dns_answer *a;
	struct dns_message m;
	int err;

	a = answer_alloc(DNS_RECORDS_MAX);
	if (!a)
		return ENOMEM;

	err = dns_message_read(&m, mb, name, type);
	if (!err)
		err = read_message(a, &m, name, type, from);
	dns_message_reset(&m);

	if (err)
		mem_deref(a);
	else
		*ap = shrink(a);

	return err;
}


int dns_answer_known(struct dns_answer **ap, const struct sa *addrv,
		     size_t addrc)
{
	struct dns_answer *a;

	if (addrc > DNS_RECORDS_MAX)
		addrc = DNS_RECORDS_MAX;

	a = answer_alloc(addrc);
	if (!a)
		return ENOMEM;

	for (; a->recordc < addrc; a->recordc++)
		sa_cpy(&a->recordv[a->recordc].u.addr, &addrv[a->recordc]);

	a->ttl = NEVER;
	*ap = a;

	return 0;
}


struct dns_answer *dns_answer_failed(int err, const char *fmt, ...)
{
	struct dns_answer *a = answer_alloc(0);
	va_list ap;

	if (!a)
		return NULL;

	va_start(ap, fmt);
	err = set_text(a, err, fmt, ap);
	va_end(ap);

	return err ? mem_deref(a) : a;
}
