/* Diagnosis, step 2: the names, and by which records they lead where. */

#include <errno.h>
#include <string.h>
#include "diagnose_parts.h"
#include "resolve_trail.h"


#define RECORD_SIZE 120          /* bytes of one record in words */


/* --- records --- */

static const char *type_name(uint16_t type)
{
	switch (type) {

	case DNS_TYPE_A:     return "A";
	case DNS_TYPE_AAAA:  return "AAAA";
	case DNS_TYPE_SRV:   return "SRV";
	case DNS_TYPE_NAPTR: return "NAPTR";
	default:             return "?";
	}
}


static const char *source_name(enum trail_source s)
{
	switch (s) {

	case TRAIL_DNS:   return "";
	case TRAIL_CACHE: return " (cache)";
	case TRAIL_HOSTS: return " (hosts file)";
	case TRAIL_KEPT:  return " (DNS is silent: last good answer)";
	}

	return "";
}


static void record_print(char buf[RECORD_SIZE], const struct dns_record *r,
			 uint16_t type)
{
	switch (type) {

	case DNS_TYPE_SRV:
		(void)re_snprintf(buf, RECORD_SIZE, "%s:%u priority %u weight "
				  "%u", r->name && *r->name ? r->name : ".",
				  r->u.srv.port, r->u.srv.priority,
				  r->u.srv.weight);
		break;

	case DNS_TYPE_NAPTR:
		(void)re_snprintf(buf, RECORD_SIZE, "%s %s order %u "
				  "preference %u", r->u.naptr.service,
				  r->name ? r->name : "", r->u.naptr.order,
				  r->u.naptr.preference);
		break;

	default:
		(void)re_snprintf(buf, RECORD_SIZE, "%j", &r->u.addr);
		break;
	}
}


static void trail_handler(const struct trail *t, void *arg)
{
	const struct dns_answer *a = t->answer;
	struct diagnosis *d = arg;
	char record[RECORD_SIZE];
	size_t i;

	for (i = 0; i < a->recordc; i++) {
		record_print(record, &a->recordv[i], t->type);
		diagnose_detail(d, "%s %s: %s%s", t->name, type_name(t->type),
				record, source_name(t->source));
	}

	if (a->err)
		diagnose_detail(d, "%s %s: %s%s", t->name, type_name(t->type),
				a->text ? a->text : strerror(a->err),
				source_name(t->source));
}


static void kept_handler(const struct trail *t, void *arg)
{
	bool *kept = arg;

	*kept |= t->source == TRAIL_KEPT;
}


/* --- the answer --- */

static bool is_literal(const struct diagnosis *d)
{
	struct addr addr;
	size_t i;

	for (i = 0; i < d->uric; i++)
		if (!addr_parse(&addr, d->uriv[i].host,
				strlen(d->uriv[i].host), 0))
			return false;

	return true;
}


static enum diagnosis_names names_of(const struct diagnosis *d, int err)
{
	const struct resolve *r = d->slot->owner->env->resolve;
	bool kept = false;
	size_t i;

	switch (err) {

	case 0:
		break;

	case ENOENT:
	case EINVAL:
		return DIAGNOSIS_NAMES_NONE;

	case ENOTSUP:
		return DIAGNOSIS_NAMES_OTHER;

	default:
		return DIAGNOSIS_NAMES_SILENT;
	}

	if (is_literal(d))
		return DIAGNOSIS_NAMES_LITERAL;

	for (i = 0; i < d->uric; i++)
		resolve_trail(r, &d->uriv[i], d->query_at, kept_handler, &kept);

	return kept ? DIAGNOSIS_NAMES_KEPT : DIAGNOSIS_NAMES_KNOWN;
}


static void tell_trail(struct diagnosis *d)
{
	size_t i;

	for (i = 0; i < d->uric; i++)
		resolve_trail(d->slot->owner->env->resolve, &d->uriv[i],
			      d->query_at, trail_handler, d);
}


static void failed(struct diagnosis *d, int err, const char *text)
{
	const enum diagnosis_names names = names_of(d, err);

	if (diagnose_say(d, DIAGNOSIS_DNS, diagnosis_dns(names),
			 diagnose_took(d), "%s: %s", d->uric ? d->uriv[0].host
			 : diagnose_conf(d)->registrar, text))
		diagnose_skip(d, DIAGNOSIS_CONNECT, "no address");
}


static struct diagnose_try *find_try(struct diagnosis *d,
				     const struct resolve_addr *a)
{
	unsigned i;

	for (i = 0; i < d->tryc; i++)
		if (d->tryv[i].addr.transport == a->transport &&
		    sa_cmp(&d->tryv[i].addr.addr, &a->addr, SA_ALL))
			return &d->tryv[i];

	return NULL;
}


static void add_try(struct diagnosis *d, const struct resolve_addr *a)
{
	struct diagnose_try *t;

	if (d->tryc == DIAGNOSE_TRIES || find_try(d, a))
		return;

	t = &d->tryv[d->tryc++];
	t->diagnosis = d;
	t->addr = *a;
}


static bool goes_to(const struct slot *s, const struct resolve_addr *a)
{
	const struct link *l = link_of(s);

	return l && reg_of(s)->flow && slot_transport(s) == a->transport &&
		sa_cmp(link_peer(l), &a->addr, SA_ALL);
}


static void take_addrs(struct diagnosis *d,
		       const struct resolve_list_result *r)
{
	size_t i;

	for (i = 0; i < r->addrc; i++)
		add_try(d, &r->addrv[i]);

	for (i = 0; i < d->tryc; i++) {

		struct diagnose_try *t = &d->tryv[i];

		t->present = goes_to(d->slot, &t->addr);
		diagnose_detail(d, "%u. %J over %s%s", (unsigned)i + 1,
				&t->addr.addr,
				transport_name(t->addr.transport), t->present
				? ", where the account's flow goes" : "");
	}
	if (r->addrc > d->tryc)
		diagnose_detail(d, "and %zu more that are not tried",
				r->addrc - d->tryc);
}


static void resolved(struct diagnosis *d, const struct resolve_list_result *r)
{
	const enum diagnosis_names names = names_of(d, r->err);
	const struct diagnosis_finding f = diagnosis_dns(names);

	diagnose_wait(d, 0, NULL);
	tell_trail(d);
	if (r->err) {
		failed(d, r->err, r->text);
		return;
	}

	take_addrs(d, r);
	if (diagnose_say(d, DIAGNOSIS_DNS, f, diagnose_took(d), names ==
			 DIAGNOSIS_NAMES_LITERAL ? "%s is an address"
			 : names == DIAGNOSIS_NAMES_KEPT
			 ? "%s: DNS does not answer, the last good answer "
			   "counts: %zu address%s" : "%s: %zu address%s",
			 d->uriv[0].host, r->addrc, r->addrc == 1 ? "" : "es"))
		diagnose_connect(d);
}


static void resolve_handler(const struct resolve_list_result *r, void *arg)
{
	struct diagnosis *d = mem_ref(arg);

	d->query = mem_deref(d->query);
	resolved(d, r);
	mem_deref(d);
}


static void timeout(struct diagnosis *d)
{
	d->query = mem_deref(d->query);
	tell_trail(d);
	failed(d, ETIMEDOUT, "no answer in time");
}


static int take_uris(struct diagnosis *d)
{
	const size_t n = name_uris(d->uriv, d->slot);
	int err = 0;

	while (!err && d->uric < n) {

		struct resolve_uri *u = &d->uriv[d->uric];

		err = str_dup(&d->hostv[d->uric], u->host);
		u->host = d->hostv[d->uric];
		d->uric += !err;
	}

	return err;
}


void diagnose_resolve(struct diagnosis *d)
{
	int err = take_uris(d);

	d->query_at = loop_now();
	if (!err)
		err = resolve_list(&d->query, d->slot->owner->env->resolve,
				   d->uriv, d->uric, resolve_handler, d);
	if (err)
		failed(d, err, err == EINVAL ? "this can be no host's name"
					     : strerror(err));
	else
		diagnose_wait(d, DIAGNOSE_RESOLVE, timeout);
}
