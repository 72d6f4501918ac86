/* What can be made of a NAT's kind: see natadvice.h. */

#include "natadvice.h"


static const struct {
	const char *name;
	const char *text;
} advicev[NATADVICES] = {
	{ "symmetric",
		"The NAT is symmetric: it shows each destination another port. "
		"Over UDP only the very server that a flow goes to can call; "
		"use TCP or TLS (transport = \"tls\"), where calls come by the "
		"connection that we hold open." },
	{ "several-addresses",
		"We are seen at several public addresses at once, so that what "
		"one server sees says nothing about another; use TCP or TLS, "
		"or have the router keep one address per host (\"paired\" "
		"pooling)." },
	{ "double-nat",
		"Two NATs translate one after the other, ours and one of the "
		"provider's (100.64.0.0/10): no port can be forwarded to us, "
		"and the provider's may forget flows sooner. Ask for a public "
		"IPv4 address or use IPv6; TCP or TLS last longer than UDP." },
	{ "cgnat",
		"The provider translates addresses (100.64.0.0/10): no port "
		"can be forwarded to us, and its NAT may forget flows soon. "
		"Ask for a public IPv4 address or use IPv6; TCP or TLS last "
		"longer than UDP." },
	{ "alg",
		"A router on the way rewrites SIP: switch off its SIP ALG (or "
		"\"SIP helper\"), or use TLS, which it cannot read." },
	{ "forgets-soon",
		"Idle UDP flows are forgotten soon; keepalives have been made "
		"more frequent for that. TCP or TLS last longer." },
	{ "firewall",
		"There is no NAT, but a firewall lets in only what it saw us "
		"send to: over UDP keepalives hold the way open, for the "
		"server that a flow goes to." },
	{ "filtered",
		"The NAT lets in only those that we send to: over UDP "
		"keepalives hold the way open for the server that a flow goes "
		"to. If the provider calls from other addresses too, use TCP "
		"or TLS." },
	{ "open",
		"Whoever finds a port of ours that is in use gets in: "
		"strangers are dropped by sipregd, but other programs here "
		"should not rely on the router either." },
	{ "no-nat",
		"No NAT translates us on the way to those who see us: our own "
		"address is the one that they know." },
	{ "no-server",
		"No STUN server is configured, so only what the registrars say "
		"is known. Set stun = { server = \"...\"; } to have the "
		"NAT measured; a server for RFC 5780 tells most." },
	{ "server-silent",
		"No STUN server answers: its name or port may be wrong, or UDP "
		"is blocked, in which case only TCP and TLS will work." },
	{ "ask-more",
		"The STUN server has no second address (RFC 5780), so that not "
		"all could be measured: set stun.server to one that has, or "
		"stun.server2 to one elsewhere for the mapping." },
};


/* The place of a single bit, NATADVICES if it is none of ours. */
static unsigned advice_index(unsigned bit)
{
	unsigned i = 0;

	while (i < NATADVICES && bit != 1u << i)
		++i;

	return i;
}


const char *natadvice_name(unsigned bit)
{
	const unsigned i = advice_index(bit);

	return i < NATADVICES ? advicev[i].name : "?";
}


const char *natadvice_text(unsigned bit)
{
	const unsigned i = advice_index(bit);

	return i < NATADVICES ? advicev[i].text : "?";
}


enum nat_map natadvice_mapping(const struct natadvice_facts *f)
{
	if (f->kind)
		return natkind_mapping(f->kind);

	return f->view->direct && !f->view->translated ? NAT_MAPPING_NONE
						       : NAT_MAPPING_UNKNOWN;
}


static bool is_private(const struct addr *a)
{
	return addr_scope(a) == ADDR_PRIVATE;
}


/* What lies between our own address and the public one. */
static unsigned advise_chain(const struct natadvice_facts *f)
{
	const struct natkind *k = f->kind;
	const bool ours = k ? is_private(&k->local)
			    : is_private(&f->view->local);
	const bool theirs = f->view->notes & MAPPING_NOTE_CGNAT ||
		(k && k->cgnat) ||
		(k && addr_scope(&k->local) == ADDR_CGNAT &&
		 addr_scope(natkind_mapped(k)) == ADDR_PUBLIC);

	if (!theirs)
		return 0;

	return ours ? NATADVICE_DOUBLE : NATADVICE_CGNAT;
}


static bool has_pool(const struct natadvice_facts *f)
{
	return f->view->pool || (f->kind && natkind_pool(f->kind));
}


static unsigned advise_filtering(const struct natkind *k, bool nat)
{
	switch (natkind_filtering(k)) {

	case NAT_FILTERING_ADDRESS:
	case NAT_FILTERING_PORT:
		return nat ? NATADVICE_FILTERED : NATADVICE_FIREWALL;
	case NAT_FILTERING_ENDPOINT:
		return nat ? NATADVICE_OPEN : 0;
	case NAT_FILTERING_UNKNOWN:
		break;
	}

	return 0;
}


/* What is not known, and how it could be. */
static unsigned advise_measuring(const struct natadvice_facts *f)
{
	const struct natkind *k = f->kind;

	if (!f->servers)
		return NATADVICE_NO_SERVER;

	if (f->silent)
		return NATADVICE_SILENT;

	if (k && (natkind_mapping(k) == NAT_MAPPING_UNKNOWN ||
		  natkind_filtering(k) == NAT_FILTERING_UNKNOWN))
		return NATADVICE_MORE;

	return 0;
}


unsigned natadvice(const struct natadvice_facts *f)
{
	const enum nat_map m = natadvice_mapping(f);
	const struct natview *v = f->view;
	unsigned bits = advise_chain(f) | advise_measuring(f);

	if (f->kind && natkind_symmetric(f->kind))
		bits |= NATADVICE_SYMMETRIC;
	else if (f->kind)
		bits |= advise_filtering(f->kind, m != NAT_MAPPING_NONE);

	if (has_pool(f))
		bits |= NATADVICE_POOL;
	if (v->notes & MAPPING_NOTE_ALG)
		bits |= NATADVICE_ALG;
	if (v->death && v->death < NATADVICE_SOON)
		bits |= NATADVICE_SOON_GONE;
	if (m == NAT_MAPPING_NONE && !v->translated &&
	    !(bits & NATADVICE_FIREWALL))
		bits |= NATADVICE_NO_NAT;

	return bits;
}
