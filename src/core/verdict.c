/* The verdict on an account, derived from facts, and the words for it. */

#include <stddef.h>
#include "verdict.h"


static const struct {
	const char *name;
	const char *text;
	const char *remedy;
} reasonv[REASON_COUNT] = {
	[REASON_OK] = { "ok",
		"Registered, and calls can reach this account.",
		NULL },
	[REASON_STARTING] = { "starting",
		"Started, nothing has been tried yet.",
		"Wait: the first attempts of many accounts are spread over "
		"some seconds." },
	[REASON_PAUSED] = { "paused",
		"Not wanted: disabled in the configuration or paused by "
		"the operator.",
		"Somebody wanted this. End a pause with sipregctl resume; "
		"set enabled = true and reload if the configuration "
		"disables it." },
	[REASON_RESOLVING] = { "resolving",
		"Asking DNS for the registrar's addresses.",
		"Wait: an answer or a failure follows within seconds." },
	[REASON_DNS_FAILURE] = { "dns-failure",
		"DNS gave no address for the registrar.",
		"The registrar's name is misspelt, or the name servers are "
		"out of order or out of reach. Check registrar and "
		"outbound_proxy; ask for the name with dig or host; look "
		"at /etc/resolv.conf and dns.servers." },
	[REASON_CONNECTING] = { "connecting",
		"Connecting to the registrar.",
		"Wait: it is refused or times out within seconds." },
	[REASON_CONNECT_REFUSED] = { "connect-refused",
		"The registrar's host refused the connection.",
		"Nothing listens there: wrong host, port or transport, or "
		"the registrar is down. Compare registrar, outbound_proxy "
		"and transport with what the provider says; try another "
		"transport." },
	[REASON_CONNECT_TIMEOUT] = { "connect-timeout",
		"The registrar did not answer the connection attempt in "
		"time.",
		"A firewall drops the packets, a route is missing, or the "
		"host is down. Check whether this machine reaches the edge "
		"at all, and whether outgoing traffic to its port is "
		"allowed." },
	[REASON_TLS_UNTRUSTED] = { "tls-untrusted",
		"The server's certificate is expired or not signed by a "
		"trusted authority.",
		"Check this machine's clock first. A private authority "
		"goes into tls.ca_file; if the certificate has expired, "
		"only the provider can renew it. Do not turn verification "
		"off: the password's digest would go to whoever answers." },
	[REASON_TLS_NAME] = { "tls-name",
		"The server's certificate is for another name.",
		"Use the name that the certificate has in registrar or "
		"outbound_proxy, not an IP address or an alias; or set "
		"tls.name to it if the provider confirms it." },
	[REASON_TLS_FAILURE] = { "tls-failure",
		"The TLS handshake failed.",
		"The port does not speak TLS (5061 usually does, 5060 does "
		"not), the versions do not meet (tls.min_version), or the "
		"server wants a client certificate (tls.certificate and "
		"tls.key)." },
	[REASON_NO_ANSWER] = { "no-answer",
		"The registrar did not answer the REGISTER.",
		"The registrar is down or overloaded, a firewall or a SIP "
		"ALG in the router swallows SIP, or the domain is not "
		"served there. Try TLS, which no router can touch; if "
		"others at the same provider work, compare aor and "
		"registrar." },
	[REASON_REJECTED] = { "rejected",
		"The registrar rejected the REGISTER; the response code "
		"says why.",
		"404: the user or the domain does not exist there, check "
		"aor and registrar. 5xx: trouble at the provider, which "
		"passes or must be reported. Anything else: watch the "
		"exchange with sipregctl trace." },
	[REASON_CREDENTIALS] = { "credentials",
		"The registrar refused the credentials.",
		"Correct auth_user (it may differ from the number), "
		"password or realm, then reload. Until then it is tried "
		"rarely: trying wrong ones again and again risks a ban. "
		"sipregctl register tries at once." },
	[REASON_FORBIDDEN] = { "forbidden",
		"The registrar forbids this registration.",
		"Ask the provider whether the account is active and paid, "
		"whether it may register from this address, and whether an "
		"earlier series of wrong passwords has led to a ban." },
	[REASON_RETRY_AFTER] = { "retry-after",
		"The registrar asked to be left alone for a while.",
		"Wait: it is tried again when that time is over. If it "
		"comes again and again, the provider is overloaded or "
		"limits how often one may register. sipregctl register "
		"does not wait." },
	[REASON_INTERVAL_TOO_BRIEF] = { "interval-too-brief",
		"The registrar wants a longer expiry than the one asked "
		"for.",
		"Raise expires to what the registrar wants at least." },
	[REASON_FLOW_LOST] = { "flow-lost",
		"The connection to the registrar was lost or went silent.",
		"A new one is being made. If this comes often, the NAT or "
		"a firewall forgets idle connections: leave "
		"keepalive.interval automatic so that it is learned, or "
		"lower it, and look at the events of the network." },
	[REASON_MAPPING_MOVED] = { "mapping-moved",
		"The registrar holds an address that is no longer ours: "
		"the NAT has moved us to another one.",
		"It registers anew by itself. If this comes often, the NAT "
		"forgets too soon or the public address changes: use TLS "
		"or TCP, or lower keepalive.interval." },
	[REASON_BINDING_ABSENT] = { "binding-absent",
		"The registrar answered OK but does not list our binding.",
		"The registrar removed it at once, keeps only one binding "
		"for each account, or lists another form of it. See "
		"sipregctl bindings; make sure that no other device uses "
		"this account; tell the provider." },
	[REASON_BINDING_PRIVATE] = { "binding-private",
		"The registrar holds a private address where it cannot "
		"reach us.",
		"Leave contact.policy at \"auto\" or set it to \"mapped\"; "
		"use TCP or TLS. If a router rewrites addresses, turn its "
		"SIP ALG off." },
	[REASON_BINDING_GHOST_ONLY] = { "binding-ghost-only",
		"The registrar lists only old bindings of ours, not the "
		"present one.",
		"The registrar has a limit of bindings and ours do not "
		"end, or another machine runs with a copy of our "
		"instance_id. Remove them with sipregctl purge-ghosts; "
		"give each machine its own state_dir." },
	[REASON_LEASE_EXPIRED] = { "lease-expired",
		"The registration ran out before it could be refreshed.",
		"The attempts to refresh it failed: sipregctl history says "
		"how. It is tried again by itself." },
	[REASON_PROBE_LOST] = { "probe-lost",
		"The probe that was sent through the registrar did not "
		"come back.",
		"Earlier ones did, so calls do not arrive either: the "
		"registrar lost the binding, or something between it and "
		"us drops what comes in. It registers anew by itself; if "
		"that does not help, try sipregctl reconnect, and look for "
		"a firewall or a SIP ALG." },
	[REASON_UNPROVEN] = { "unproven",
		"Registered, but nothing proves that a call would arrive.",
		"It may well work: call it once, or try sipregctl probe. "
		"Proof by itself comes from a registrar that confirms RFC "
		"5626 (flows over TCP or TLS), sends probes back, or shows "
		"the address that it sees." },
	[REASON_NO_RESOURCES] = { "no-resources",
		"This machine is out of descriptors or memory.",
		"Raise the service's limits: LimitNOFILE= to some more "
		"than the number of connections, MemoryMax= if it is set." },
};


const char *reason_name(enum reason r)
{
	return (unsigned)r < REASON_COUNT ? reasonv[r].name : "?";
}


const char *reason_text(enum reason r)
{
	return (unsigned)r < REASON_COUNT ? reasonv[r].text : "?";
}


const char *reason_remedy(enum reason r)
{
	return (unsigned)r < REASON_COUNT ? reasonv[r].remedy : NULL;
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
