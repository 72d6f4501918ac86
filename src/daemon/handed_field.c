/* The table of members: see handed_field.h. */

#include <string.h>
#include "config_check.h"
#include "handed_field.h"
#include "member.h"
#include "param.h"
#include "register.h"
#include "resolve_list.h"
#include "register_contact.h"


#define CSEQ_MAX INT32_MAX       /* RFC 3261 §8.1.1.5 */
#define ROOM(type, f) (sizeof(((struct type *)NULL)->f) - 1)

#define OFFSET(f)       offsetof(struct handed, f)
#define BOOL(f)         HANDED_BOOL, OFFSET(f)
#define NUMBER(f, a, b) HANDED_NUMBER, OFFSET(f), (a), (b)
#define COUNT(f)        NUMBER(f, 0, UINT32_MAX)
#define TIME(f)         HANDED_TIME, OFFSET(f)
#define HASH(f)         HANDED_HASH, OFFSET(f)
#define WORD(f, a, b, nth) HANDED_WORD, OFFSET(f), (a), (b), (nth)
#define ADDR(f)         HANDED_ADDR, OFFSET(f)
#define ADDR_SET(f)     HANDED_ADDR, OFFSET(f), .min = 1
#define TEXT(f, b, good) HANDED_TEXT, OFFSET(f), 1, (b), .goodh = (good)
#define EXTRA(f)        HANDED_TEXT, OFFSET(f), 0, REGISTER_EXTRA_MAX, \
	.goodh = line_usable

_Static_assert(sizeof(enum transport) == sizeof(uint32_t) &&
	       sizeof(enum reason) == sizeof(uint32_t) &&
	       sizeof(unsigned) == sizeof(uint32_t), "numbers of 32 bits");


static const char *nth_transport(unsigned i)
{
	return transport_name((enum transport)i);
}


static const char *nth_match(unsigned i)
{
	return contact_match_name((enum contact_match)i);
}


static const char *nth_probe(unsigned i)
{
	return probe_result_name((enum probe_result)i);
}


static const char *nth_reachable(unsigned i)
{
	return reachable_name((enum reachable)i);
}


static const char *nth_evidence(unsigned i)
{
	return evidence_name((enum evidence)i);
}


static const char *nth_reason(unsigned i)
{
	return reason_name((enum reason)i);
}


static bool name_good(const char *text)
{
	return *text && !check_name(text);
}


static const struct handed_field linev[] = {
	{"account", TEXT(account, CHECK_NAME_MAX, name_good)},
	{"registration", NUMBER(reg_id, 1, ACCOUNT_FLOWS_MAX)},
	{"configuration", HASH(conf)},
	{"socket", HASH(cookie)},
	{"transport", WORD(transport, TRANSPORT_UDP, TRANSPORT_TCP,
			   nth_transport)},
	{"uri", NUMBER(uri, 0, RESOLVE_LIST_MAX - 1)},
	{"stream", BOOL(core.stream)},
	{"local", ADDR_SET(core.local)},
	{"edge", ADDR_SET(core.edge)},
	{"call_id", TEXT(callid, ROOM(register_identity, callid),
			 uri_usable)},
	{"token", TEXT(token, ROOM(register_identity, token_flow),
		       uri_usable)},
	{"contact_uri", TEXT(contact_uri, REGISTER_URI_SIZE - 1, uri_usable)},
	{"path", EXTRA(path)},
	{"service_route", EXTRA(service_route)},
	{"associated_uri", EXTRA(associated)},
	{"pub_gruu", EXTRA(pub_gruu)},
	{"temp_gruu", EXTRA(temp_gruu)},
	{"registered_since", TIME(core.registered_since)},
	{"reachable_since", TIME(core.reachable_since)},
};

static const struct handed_field flowv[] = {
	{"proven", BOOL(core.flow.proven)},
	{"ponged", BOOL(core.flow.ponged)},
	{"promised", BOOL(core.flow.promised)},
	{"answers_options", BOOL(core.flow.answers_options)},
	{"options_silent", BOOL(core.flow.options_silent)},
	{"answers_stun", BOOL(core.flow.answers_stun)},
	{"stun_allowed", BOOL(core.flow.stun_allowed)},
	{"stun_silent", BOOL(core.flow.stun_silent)},
	{"up_at", TIME(core.flow.up_at)},
	{"life_at", TIME(core.flow.life_at)},
	{"ping_at", TIME(core.flow.ping_at)},
	{"next_ping", TIME(core.flow.next_ping)},
	{"server_interval", TIME(core.flow.server_interval)},
	{"survived", TIME(core.flow.survived)},
	{"rtt", TIME(core.flow.rtt)},
	{"rtt_usec", COUNT(core.flow.rtt_usec)},
	{"pongs", COUNT(core.flow.pongs)},
};

static const struct handed_field registerv[] = {
	{"cseq", NUMBER(core.reg.cseq, 1, CSEQ_MAX)},
	{"expires", COUNT(core.reg.expires)},
	{"granted", COUNT(core.reg.granted)},
	{"sent_at", TIME(core.reg.sent_at)},
	{"answer_at", TIME(core.reg.answer_at)},
	{"lease_end", TIME(core.reg.lease_end)},
	{"refresh_at", TIME(core.reg.refresh_at)},
	{"plain", BOOL(core.reg.plain)},
	{"outbound", BOOL(core.reg.outbound)},
	{"token", BOOL(core.reg.token)},
	{"alone", BOOL(core.reg.alone)},
	{"worked", BOOL(core.reg.worked)},
	{"matched_by", WORD(core.reg.match, CONTACT_NO_MATCH, CONTACT_BY_SENT,
			    nth_match)},
	{"contact", ADDR(core.reg.contact)},
};

static const struct handed_field natv[] = {
	{"via", ADDR(core.nat.saidv[WITNESS_VIA].addr)},
	{"via_at", TIME(core.nat.saidv[WITNESS_VIA].at)},
	{"stun", ADDR(core.nat.saidv[WITNESS_STUN].addr)},
	{"stun_at", TIME(core.nat.saidv[WITNESS_STUN].at)},
	{"mapped", ADDR(core.nat.mapped)},
	{"offered", ADDR(core.nat.offered)},
	{"heard_at", TIME(core.nat.heard_at)},
	{"moved_at", TIME(core.nat.moved_at)},
	{"inbound", BOOL(core.nat.inbound)},
	{"interval_learned", TIME(core.nat.interval.learned)},
	{"interval_idle", TIME(core.nat.interval.idle)},
	{"interval_since", TIME(core.nat.interval.since)},
	{"interval_deaths", COUNT(core.nat.interval.deaths)},
	{"interval_aged", TIME(core.nat.interval.aged)},
	{"probe", WORD(core.nat.probe, PROBE_UNKNOWN, PROBE_REFUSED,
		       nth_probe)},
	{"probe_on_flow", BOOL(core.nat.probe_on_flow)},
	{"probe_loops", BOOL(core.nat.probe_loops)},
	{"probe_proven_at", TIME(core.nat.probe_proven_at)},
	{"probe_at", TIME(core.nat.probe_at)},
	{"listed", BOOL(core.nat.listed)},
	{"own", COUNT(core.nat.own)},
	{"ghosts", COUNT(core.nat.ghosts)},
	{"foreign", COUNT(core.nat.foreign)},
};

static const struct handed_field verdictv[] = {
	{"registered", BOOL(core.verdict.registered)},
	{"reachable", WORD(core.verdict.reachable, REACHABLE_UNKNOWN,
			   REACHABLE_YES, nth_reachable)},
	{"evidence", WORD(core.verdict.evidence, EVIDENCE_NONE,
			  EVIDENCE_PROBE, nth_evidence)},
	{"reason", WORD(core.verdict.reason, REASON_OK, REASON_COUNT - 1,
			nth_reason)},
};

const struct handed_group handed_groupv[] = {
	{NULL, linev, ARRAY_SIZE(linev)},
	{"flow", flowv, ARRAY_SIZE(flowv)},
	{"register", registerv, ARRAY_SIZE(registerv)},
	{"nat", natv, ARRAY_SIZE(natv)},
	{"verdict", verdictv, ARRAY_SIZE(verdictv)},
};
const size_t handed_groupc = ARRAY_SIZE(handed_groupv);


void *handed_at(const struct handed_field *f, const struct handed *h)
{
	return (char *)h + f->offset;
}


uint32_t handed_number(const struct handed_field *f, const struct handed *h)
{
	uint32_t n;

	memcpy(&n, handed_at(f, h), sizeof(n));

	return n;
}


void handed_set_number(const struct handed_field *f, struct handed *h,
		       uint32_t n)
{
	memcpy(handed_at(f, h), &n, sizeof(n));
}


bool handed_number_good(const struct handed_field *f, uint64_t n)
{
	return n >= f->min && n <= f->max;
}


bool handed_text_good(const struct handed_field *f, const char *text)
{
	return strlen(text) <= f->max && f->goodh(text);
}


bool handed_addr_good(const struct handed_field *f, const struct addr *a)
{
	return addr_isset(a) || !f->min;
}
