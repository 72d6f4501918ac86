/* What a DNS answer says of one name: its addresses or why there are none, and
 * how long that may be believed. */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "dns_answer.h"


#define TTL_MIN      1           /* [s] 0 means "do not keep it" (RFC 1035) */
#define TTL_MAX      3600        /* [s] a moved registrar is found by then */
#define NEGATIVE_TTL 10          /* [s] without an SOA (RFC 2308 §5) */
#define NEGATIVE_MAX 60          /* [s] a new name is found by then */
#define FAILURE_TTL  5           /* [s] RFC 9520 §3.2: 1 s to 5 min */


static bool address_handler(struct dnsrr *rr, void *arg)
{
	struct dns_answer *a = arg;
	struct sa *sa = &a->addrv[a->addrc];

	sa_init(sa, AF_UNSPEC);  /* sa_set_in6() leaves the scope as it was */
	if (rr->type == DNS_TYPE_A)
		sa_set_in(sa, rr->rdata.a.addr, 0);
	else if (rr->type == DNS_TYPE_AAAA)
		sa_set_in6(sa, rr->rdata.aaaa.addr, 0);
	else
		return false;    /* a CNAME on the way */

	/* Filters answer so; connect() would take it for this machine. */
	if (sa_is_any(sa))
		return false;

	for (size_t i = 0; i < a->addrc; i++) {
		if (sa_cmp(&a->addrv[i], sa, SA_ADDR))
			return false;
	}

	return ++a->addrc == TARGET_MAX;
}


static msec_t clamp_ttl(int64_t ttl, int64_t max)
{
	if (ttl < TTL_MIN)
		ttl = TTL_MIN;
	if (ttl > max)
		ttl = max;

	return SECONDS(ttl);
}


/* The shortest of the chain of CNAMEs and what it ends in. */
static msec_t positive_ttl(const struct list *ansl)
{
	int64_t ttl = TTL_MAX;
	struct le *le;

	for (le = list_head(ansl); le; le = le->next) {
		const struct dnsrr *rr = le->data;

		if (rr->ttl < ttl)
			ttl = rr->ttl;
	}

	return clamp_ttl(ttl, TTL_MAX);
}


/* RFC 2308 §5: the smaller of the SOA's TTL and its MINIMUM */
static msec_t negative_ttl(struct list *authl)
{
	const struct dnsrr *soa = dns_rrlist_find(authl, NULL, DNS_TYPE_SOA,
						  DNS_CLASS_IN, false);
	int64_t ttl = NEGATIVE_TTL;

	if (soa) {
		ttl = soa->rdata.soa.ttlmin;
		if (soa->ttl < ttl)
			ttl = soa->ttl;
	}

	return clamp_ttl(ttl, NEGATIVE_MAX);
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


/* How sure is that: no such name, no such record, or nothing of use? */
static void read_without(struct dns_answer *a, uint16_t type,
			 const char *from, const struct dnshdr *hdr,
			 struct list *authl)
{
	if (hdr->rcode == DNS_RCODE_NAME_ERR) {
		dns_answer_failed(a, ENOENT, "no such name (NXDOMAIN from %s)",
				  from);
		a->ttl = negative_ttl(authl);
	}
	else if (hdr->rcode != DNS_RCODE_OK) {
		dns_answer_failed(a, EPROTO, "%s from %s",
				  rcode_name(hdr->rcode), from);
	}
	else if (hdr->tc) {
		dns_answer_failed(a, EPROTO, "a truncated answer from %s",
				  from);
	}
	else {
		dns_answer_failed(a, ENOENT, "no %s address (says %s)",
				  type == DNS_TYPE_A ? "IPv4" : "IPv6", from);
		a->ttl = negative_ttl(authl);
	}
}


void dns_answer_read(struct dns_answer *a, const char *name, uint16_t type,
		     const char *from, int err, const struct dnshdr *hdr,
		     struct list *ansl, struct list *authl)
{
	a->addrc = 0;

	if (err) {
		dns_answer_failed(a, err == ETIMEDOUT ? err : EPROTO,
				  "%s from %s", err == EBADMSG ?
				  "a malformed answer" : strerror(err), from);
		return;
	}

	if (hdr->rcode == DNS_RCODE_OK)
		(void)dns_rrlist_apply(ansl, name, type, DNS_CLASS_IN, true,
				       address_handler, a);

	if (!a->addrc) {
		read_without(a, type, from, hdr, authl);
		return;
	}

	a->err = 0;
	a->text[0] = '\0';
	a->ttl = positive_ttl(ansl);
}


void dns_answer_failed(struct dns_answer *a, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(a->text, sizeof(a->text), fmt, ap);
	va_end(ap);

	a->err = err;
	a->addrc = 0;
	a->ttl = SECONDS(FAILURE_TTL);
}
