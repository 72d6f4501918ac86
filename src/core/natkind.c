/* What kind of NAT is before this site: see natkind.h. */

#include <stddef.h>
#include "natkind.h"


const char *nat_map_name(enum nat_map m)
{
	switch (m) {

	case NAT_MAPPING_NONE:        return "none";
	case NAT_MAPPING_ENDPOINT:    return "endpoint-independent";
	case NAT_MAPPING_ADDRESS:     return "address-dependent";
	case NAT_MAPPING_PORT:        return "address-and-port-dependent";
	case NAT_MAPPING_DESTINATION: return "destination-dependent";
	case NAT_MAPPING_UNKNOWN:     break;
	}

	return NULL;
}


const char *nat_filter_name(enum nat_filter f)
{
	switch (f) {

	case NAT_FILTERING_ENDPOINT: return "endpoint-independent";
	case NAT_FILTERING_ADDRESS:  return "address-dependent";
	case NAT_FILTERING_PORT:     return "address-and-port-dependent";
	case NAT_FILTERING_UNKNOWN:  break;
	}

	return NULL;
}


/* --- one measurement --- */

void natkind_start(struct natkind *k, const struct addr *serverv, msec_t now)
{
	*k = (struct natkind){.end_at = now + NATKIND_TIME};
	for (unsigned i = 0; i < NAT_SERVERS; i++)
		k->serverv[i] = serverv[i];

	if (!addr_isset(&k->serverv[0]))
		k->server = 1;
}


void natkind_on_socket(struct natkind *k, const struct addr *local)
{
	k->local = *local;
}


static const struct addr *server(const struct natkind *k)
{
	return &k->serverv[k->server < NAT_SERVERS ? k->server : 0];
}


/* The server that is not measured with. */
static const struct addr *second(const struct natkind *k)
{
	return &k->serverv[k->server == 0];
}


static bool answered(const struct natkind *k, enum nat_test t)
{
	return k->statev[t] == NAT_STATE_ANSWERED;
}


/* It was asked, or is not to be: nothing will come of it. */
static bool vain(const struct natkind *k, enum nat_test t)
{
	return k->statev[t] == NAT_STATE_SILENT ||
		k->statev[t] == NAT_STATE_VOID;
}


static bool translated(const struct natkind *k)
{
	return answered(k, NAT_TEST_FIRST) &&
		!addr_equal(&k->mappedv[NAT_TEST_FIRST], &k->local);
}


/* Does `t` see us at the same address as `u`? Both have answered. */
static bool same(const struct natkind *k, enum nat_test t, enum nat_test u)
{
	return addr_equal(&k->mappedv[t], &k->mappedv[u]);
}


static bool second_is_due(const struct natkind *k)
{
	return answered(k, NAT_TEST_FIRST) && k->server == 0 &&
		addr_isset(second(k)) && !addr_ip_equal(second(k), server(k)) &&
		(!addr_isset(&k->other) || vain(k, NAT_TEST_OTHER_IP));
}


static bool is_due(const struct natkind *k, enum nat_test t)
{
	const bool other = answered(k, NAT_TEST_FIRST) && addr_isset(&k->other);

	if (k->statev[t] != NAT_STATE_WAITING)
		return false;

	switch (t) {

	case NAT_TEST_FIRST:
		return addr_isset(server(k));
	case NAT_TEST_OTHER_IP:
		return other;
	case NAT_TEST_OTHER_PORT:
		return answered(k, NAT_TEST_OTHER_IP) &&
			k->other.port != server(k)->port &&
			!same(k, NAT_TEST_OTHER_IP, NAT_TEST_FIRST);
	case NAT_TEST_SECOND:
		return second_is_due(k);
	case NAT_TEST_FROM_IP:
	case NAT_TEST_FROM_PORT:
		return other && k->other.port != server(k)->port;
	case NAT_TEST_HAIRPIN:
		return translated(k);
	}

	return false;
}


unsigned natkind_next(struct natkind *k)
{
	unsigned bits = 0;

	for (unsigned t = 0; t < NAT_TESTS; t++) {
		if (!is_due(k, (enum nat_test)t))
			continue;

		k->statev[t] = NAT_STATE_ASKED;
		bits |= 1u << t;
	}

	return bits;
}


bool natkind_side(enum nat_test t)
{
	return t == NAT_TEST_FROM_IP || t == NAT_TEST_FROM_PORT ||
		t == NAT_TEST_HAIRPIN;
}


const struct addr *natkind_target(const struct natkind *k, enum nat_test t,
				  struct addr *room)
{
	switch (t) {

	case NAT_TEST_FIRST:
	case NAT_TEST_FROM_IP:
	case NAT_TEST_FROM_PORT:
		return server(k);
	case NAT_TEST_OTHER_IP:
		*room = k->other;
		room->port = server(k)->port;
		return room;
	case NAT_TEST_OTHER_PORT:
		return &k->other;
	case NAT_TEST_SECOND:
		return second(k);
	case NAT_TEST_HAIRPIN:
		return &k->mappedv[NAT_TEST_FIRST];
	}

	return server(k);
}


/* From where the answer comes if the server does as it is told. */
static struct addr source(const struct natkind *k, enum nat_test t)
{
	struct addr room;

	if (t == NAT_TEST_FROM_IP)
		return k->other;

	room = *natkind_target(k, t, &room);
	if (t == NAT_TEST_FROM_PORT)
		room.port = k->other.port;

	return room;
}


/* One that does not know CHANGE-REQUEST answers from where it was asked. */
bool natkind_expects(const struct natkind *k, enum nat_test t,
		     const struct addr *src)
{
	const struct addr from = source(k, t);
	struct addr room;

	return addr_equal(src, &from) ||
		addr_equal(src, natkind_target(k, t, &room));
}


/* Nobody is to lead us into the network that we are in. */
static bool is_of_use(const struct natkind *k, const struct addr *other)
{
	return addr_isset(other) && other->port &&
		other->family == server(k)->family &&
		addr_scope(other) == addr_scope(server(k)) &&
		!addr_ip_equal(other, server(k));
}


void natkind_on_answer(struct natkind *k, enum nat_test t,
		       const struct addr *src, const struct addr *mapped,
		       const struct addr *other)
{
	const struct addr from = source(k, t);

	if (k->statev[t] != NAT_STATE_ASKED)
		return;

	if (t != NAT_TEST_HAIRPIN && !addr_equal(src, &from)) {
		k->statev[t] = NAT_STATE_VOID;
		return;
	}

	k->statev[t] = NAT_STATE_ANSWERED;
	k->mappedv[t] = *mapped;
	if (t == NAT_TEST_FIRST && is_of_use(k, other))
		k->other = *other;
}


void natkind_on_silence(struct natkind *k, enum nat_test t)
{
	if (k->statev[t] != NAT_STATE_ASKED)
		return;

	k->statev[t] = NAT_STATE_SILENT;
	if (t == NAT_TEST_FIRST && k->server == 0 && addr_isset(second(k))) {
		k->server = 1;
		k->statev[t] = NAT_STATE_WAITING;
	}
}


void natkind_on_error(struct natkind *k, enum nat_test t)
{
	natkind_on_silence(k, t);
	if (k->statev[t] == NAT_STATE_SILENT)
		k->statev[t] = NAT_STATE_VOID;
}


/* Not where the server is in there with us: an overlay network. */
void natkind_on_hop(struct natkind *k, const struct addr *addr)
{
	if (addr_scope(addr) == ADDR_CGNAT &&
	    addr_scope(server(k)) == ADDR_PUBLIC)
		k->cgnat = true;
}


bool natkind_ended(const struct natkind *k, msec_t now)
{
	for (unsigned t = 0; t < NAT_TESTS; t++) {
		if (k->statev[t] == NAT_STATE_ASKED ||
		    is_due(k, (enum nat_test)t))
			return now >= k->end_at;
	}

	return true;
}


/* --- what it came to --- */

bool natkind_learned(const struct natkind *k)
{
	return answered(k, NAT_TEST_FIRST);
}


const char *natkind_method(const struct natkind *k)
{
	if (!natkind_learned(k))
		return NULL;

	if (answered(k, NAT_TEST_OTHER_IP))
		return "rfc5780";

	return answered(k, NAT_TEST_SECOND) ? "two-servers" : "one-server";
}


const struct addr *natkind_mapped(const struct natkind *k)
{
	return &k->mappedv[NAT_TEST_FIRST];
}


enum nat_map natkind_mapping(const struct natkind *k)
{
	if (!answered(k, NAT_TEST_FIRST))
		return NAT_MAPPING_UNKNOWN;

	if (!translated(k))
		return NAT_MAPPING_NONE;

	if (answered(k, NAT_TEST_OTHER_IP)) {

		if (same(k, NAT_TEST_OTHER_IP, NAT_TEST_FIRST))
			return NAT_MAPPING_ENDPOINT;
		if (!answered(k, NAT_TEST_OTHER_PORT))
			return NAT_MAPPING_DESTINATION;

		return same(k, NAT_TEST_OTHER_PORT, NAT_TEST_OTHER_IP)
			? NAT_MAPPING_ADDRESS : NAT_MAPPING_PORT;
	}

	if (!answered(k, NAT_TEST_SECOND))
		return NAT_MAPPING_UNKNOWN;

	return same(k, NAT_TEST_SECOND, NAT_TEST_FIRST)
		? NAT_MAPPING_ENDPOINT : NAT_MAPPING_DESTINATION;
}


/* An answer proves a way in. That none came proves only something if that
 * other address is known to answer at all. */
enum nat_filter natkind_filtering(const struct natkind *k)
{
	if (answered(k, NAT_TEST_FROM_IP))
		return NAT_FILTERING_ENDPOINT;

	if (!answered(k, NAT_TEST_OTHER_IP) ||
	    k->statev[NAT_TEST_FROM_IP] != NAT_STATE_SILENT)
		return NAT_FILTERING_UNKNOWN;

	if (answered(k, NAT_TEST_FROM_PORT))
		return NAT_FILTERING_ADDRESS;

	return k->statev[NAT_TEST_FROM_PORT] == NAT_STATE_SILENT
		? NAT_FILTERING_PORT : NAT_FILTERING_UNKNOWN;
}


enum nat_yes natkind_port_kept(const struct natkind *k)
{
	if (!answered(k, NAT_TEST_FIRST))
		return NAT_UNKNOWN;

	return natkind_mapped(k)->port == k->local.port ? NAT_YES : NAT_NO;
}


enum nat_yes natkind_hairpin(const struct natkind *k)
{
	if (answered(k, NAT_TEST_HAIRPIN))
		return NAT_YES;

	return k->statev[NAT_TEST_HAIRPIN] == NAT_STATE_SILENT ? NAT_NO
							       : NAT_UNKNOWN;
}


bool natkind_pool(const struct natkind *k)
{
	static const enum nat_test othersv[] = {
		NAT_TEST_OTHER_IP, NAT_TEST_OTHER_PORT, NAT_TEST_SECOND,
	};

	for (size_t i = 0; i < sizeof(othersv) / sizeof(othersv[0]); i++) {
		if (answered(k, othersv[i]) &&
		    !addr_ip_equal(&k->mappedv[othersv[i]], natkind_mapped(k)))
			return true;
	}

	return false;
}


bool natkind_symmetric(const struct natkind *k)
{
	const enum nat_map m = natkind_mapping(k);

	return m == NAT_MAPPING_ADDRESS || m == NAT_MAPPING_PORT ||
		m == NAT_MAPPING_DESTINATION;
}


unsigned natkind_note(const struct natkind *k, const struct mapping *m)
{
	if (m->stream || !addr_isset(&m->addr) ||
	    addr_equal(&m->addr, &m->local) ||
	    !addr_ip_equal(&m->local, &k->local))
		return 0;

	return natkind_symmetric(k) ? MAPPING_NOTE_SYMMETRIC : 0;
}
