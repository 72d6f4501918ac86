/* The verdict on an account, derived from facts, and the words for it. */

#include <stddef.h>
#include "verdict.h"


static const struct {
	const char *name;
	const char *text;
} reasonv[REASON_COUNT] = {
	[REASON_OK] = { "ok",
		"Registered, and calls can reach this account." },
	[REASON_STARTING] = { "starting",
		"Started, nothing has been tried yet." },
	[REASON_PAUSED] = { "paused",
		"Not wanted: disabled in the configuration or paused by the "
		"operator." },
	[REASON_RESOLVING] = { "resolving",
		"Asking DNS for the registrar's addresses." },
	[REASON_DNS_FAILURE] = { "dns-failure",
		"DNS gave no address for the registrar; check its name and "
		"the name servers." },
	[REASON_CONNECTING] = { "connecting",
		"Connecting to the registrar." },
	[REASON_CONNECT_REFUSED] = { "connect-refused",
		"The registrar's host refused the connection; check host, "
		"port and transport." },
	[REASON_CONNECT_TIMEOUT] = { "connect-timeout",
		"The registrar did not answer the connection attempt in "
		"time; check the network, firewalls, host and port." },
	[REASON_TLS_UNTRUSTED] = { "tls-untrusted",
		"The server's certificate is expired or not signed by a "
		"trusted authority; check the clock and tls.ca_file." },
	[REASON_TLS_NAME] = { "tls-name",
		"The server's certificate is for another name; check the "
		"registrar's name or set tls.name." },
	[REASON_TLS_FAILURE] = { "tls-failure",
		"The TLS handshake failed; check that the port speaks TLS "
		"and which versions it accepts." },
	[REASON_NO_ANSWER] = { "no-answer",
		"The registrar did not answer the REGISTER." },
	[REASON_REJECTED] = { "rejected",
		"The registrar rejected the REGISTER; the response code "
		"says why." },
	[REASON_CREDENTIALS] = { "credentials",
		"The registrar refused the credentials; correct user and "
		"password and reload: trying wrong ones again risks a ban." },
	[REASON_FORBIDDEN] = { "forbidden",
		"The registrar forbids this registration; ask the provider "
		"whether the account is active and may register from here." },
	[REASON_RETRY_AFTER] = { "retry-after",
		"The registrar asked to be left alone for a while." },
	[REASON_INTERVAL_TOO_BRIEF] = { "interval-too-brief",
		"The registrar wants a longer expiry than the one asked for; "
		"raise expires." },
	[REASON_FLOW_LOST] = { "flow-lost",
		"The connection to the registrar was lost or went silent." },
	[REASON_MAPPING_MOVED] = { "mapping-moved",
		"The registrar holds an address that is no longer ours: the "
		"NAT has moved us to another one." },
	[REASON_BINDING_ABSENT] = { "binding-absent",
		"The registrar answered OK but does not list our binding." },
	[REASON_BINDING_PRIVATE] = { "binding-private",
		"The registrar holds a private address where it cannot reach "
		"us; use TCP or TLS, or contact.policy \"mapped\"." },
	[REASON_BINDING_GHOST_ONLY] = { "binding-ghost-only",
		"The registrar lists only old bindings of ours, not the "
		"present one." },
	[REASON_LEASE_EXPIRED] = { "lease-expired",
		"The registration ran out before it could be refreshed." },
	[REASON_PROBE_LOST] = { "probe-lost",
		"The probe that was sent through the registrar did not come "
		"back." },
	[REASON_UNPROVEN] = { "unproven",
		"Registered, but nothing proves that a call would arrive." },
	[REASON_NO_RESOURCES] = { "no-resources",
		"This machine is out of descriptors or memory; raise the "
		"service's limits." },
};


const char *reason_name(enum reason r)
{
	return (unsigned)r < REASON_COUNT ? reasonv[r].name : "?";
}


const char *reason_text(enum reason r)
{
	return (unsigned)r < REASON_COUNT ? reasonv[r].text : "?";
}


const char *reachable_name(enum reachable r)
{
	switch (r) {

	case REACHABLE_UNKNOWN: return "unknown";
	case REACHABLE_NO:      return "no";
	case REACHABLE_YES:     return "yes";
	}

	return "?";
}


const char *evidence_name(enum evidence e)
{
	switch (e) {

	case EVIDENCE_NONE:    return "none";
	case EVIDENCE_FLOW:    return "flow";
	case EVIDENCE_INBOUND: return "inbound";
	case EVIDENCE_PROBE:   return "probe";
	}

	return "?";
}


/* Says what goes on before the first outcome, not how something ended. */
static bool is_progress(enum reason r)
{
	return r == REASON_STARTING || r == REASON_RESOLVING ||
		r == REASON_CONNECTING;
}


/* A last outcome that tells more than `otherwise` does. */
static enum reason outcome_or(const struct verdict_facts *f,
			      enum reason otherwise)
{
	if (f->outcome == REASON_OK || is_progress(f->outcome))
		return otherwise;

	return f->outcome;
}


static struct verdict unregistered(const struct verdict_facts *f)
{
	struct verdict v = { .reachable = REACHABLE_NO };

	/* Nothing is known yet; or the registrar said OK and keeps, for all
	 * we know, a binding of ours that it does not show. */
	if (is_progress(f->outcome) ||
	    f->outcome == REASON_BINDING_ABSENT ||
	    f->outcome == REASON_BINDING_GHOST_ONLY)
		v.reachable = REACHABLE_UNKNOWN;

	v.reason = f->outcome == REASON_OK ? REASON_LEASE_EXPIRED
					   : f->outcome;
	return v;
}


static struct verdict yes(const struct verdict_facts *f, enum evidence e)
{
	return (struct verdict){
		true, REACHABLE_YES, e, outcome_or(f, REASON_OK)
	};
}


static struct verdict no(enum reason reason)
{
	return (struct verdict){
		true, REACHABLE_NO, EVIDENCE_NONE, reason
	};
}


static struct verdict unproven(const struct verdict_facts *f)
{
	return (struct verdict){
		true, REACHABLE_UNKNOWN, EVIDENCE_NONE,
		outcome_or(f, REASON_UNPROVEN)
	};
}


/* Is the binding's address one that the registrar cannot send to? */
static bool is_private(const struct verdict_facts *f)
{
	if (addr_scope(&f->contact) == ADDR_PUBLIC)
		return false;

	/* Equal in a private network is fine: the registrar is in it too. */
	if (addr_isset(&f->mapped))
		return !addr_ip_equal(&f->contact, &f->mapped);

	/* What a rewriting router shows us is not what the registrar holds. */
	return addr_scope(&f->edge) == ADDR_PUBLIC && !f->alg;
}


/* Without better evidence: does the binding point to the flow? */
static struct verdict by_address(const struct verdict_facts *f)
{
	if (f->vouched || !addr_isset(&f->contact))
		return unproven(f);
	if (is_private(f))
		return no(REASON_BINDING_PRIVATE);
	/* NAT64 on the way: what it is called there says nothing here */
	if (f->flapping || !addr_isset(&f->mapped) ||
	    f->mapped.family != f->contact.family)
		return unproven(f);
	if (addr_equal(&f->contact, &f->mapped))
		return yes(f, EVIDENCE_FLOW);

	return no(REASON_MAPPING_MOVED);
}


struct verdict verdict_of(const struct verdict_facts *f)
{
	if (!f->registered)
		return unregistered(f);

	if (!f->flow_alive)
		return no(outcome_or(f, REASON_FLOW_LOST));
	if (f->probe_lost)
		return no(REASON_PROBE_LOST);

	if (f->probed)
		return yes(f, EVIDENCE_PROBE);
	if (f->inbound)
		return yes(f, EVIDENCE_INBOUND);

	/* RFC 5626: the registrar uses the flow, whatever the Contact says */
	if (f->outbound)
		return yes(f, EVIDENCE_FLOW);

	return by_address(f);
}


static int rank(const struct verdict *v)
{
	switch (v->reachable) {

	case REACHABLE_YES:     return 2;
	case REACHABLE_UNKNOWN: return 1;
	case REACHABLE_NO:      return 0;
	}

	return 0;
}


static bool better(const struct verdict *a, const struct verdict *b)
{
	/* what has only begun tells nothing yet */
	if (is_progress(a->reason) != is_progress(b->reason))
		return is_progress(b->reason);

	if (rank(a) != rank(b))
		return rank(a) > rank(b);
	if (a->registered != b->registered)
		return a->registered;

	return a->evidence > b->evidence;
}


struct verdict verdict_better(struct verdict a, struct verdict b)
{
	struct verdict v = better(&b, &a) ? b : a;

	v.registered = a.registered || b.registered;

	return v;
}


bool verdict_equal(const struct verdict *a, const struct verdict *b)
{
	return a->registered == b->registered &&
		a->reachable == b->reachable &&
		a->reason == b->reason;
}
