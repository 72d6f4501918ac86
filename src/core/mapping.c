/* Where one flow appears to the world, from what witnesses say of it. */

#include <stddef.h>
#include "mapping.h"


static const struct {
	const char *name;
	const char *text;
} notev[MAPPING_NOTES] = {
	{ "flapping",
		"The public address is another one in every answer, so no "
		"Contact can be right for long; use TCP or TLS, and look for "
		"a load balancer or a second uplink on the way." },
	{ "alg",
		"A router on the way rewrites SIP; switch off its SIP ALG "
		"(or \"SIP helper\"), or use TLS, which it cannot read." },
	{ "cgnat",
		"The provider has a NAT of its own (100.64.0.0/10), which may "
		"forget flows sooner than your router does; TCP or TLS last "
		"longer." },
	{ "clone",
		"Another machine registers with our instance: a copied state "
		"directory. Old bindings are not removed any more; stop the "
		"other one or delete its state, then purge-ghosts." },
	{ "no-loop",
		"The registrar does not send our own probe back to us, so "
		"that only other evidence can show that calls arrive." },
	{ "symmetric",
		"The NAT shows each destination another port of ours, so that "
		"over UDP only the server that this flow goes to can call; "
		"use TCP or TLS, where calls come by the connection." },
};


const char *witness_name(enum witness w)
{
	switch (w) {

	case WITNESS_VIA:  return "via";
	case WITNESS_STUN: return "stun";
	}

	return "?";
}


/* The place of a single bit, MAPPING_NOTES if it is none of ours. */
static unsigned note_index(unsigned bit)
{
	unsigned i = 0;

	while (i < MAPPING_NOTES && bit != 1u << i)
		++i;

	return i;
}


const char *mapping_note_name(unsigned bit)
{
	unsigned i = note_index(bit);

	return i < MAPPING_NOTES ? notev[i].name : "?";
}


const char *mapping_note_text(unsigned bit)
{
	unsigned i = note_index(bit);

	return i < MAPPING_NOTES ? notev[i].text : "?";
}


void mapping_init(struct mapping *m)
{
	*m = (struct mapping){0};
}


/* A second NAT, unless the edge is in there with us: an overlay network, or a
 * provider's registrar that its customers reach without leaving. */
static void note_cgnat(struct mapping *m, const struct addr *a)
{
	if (addr_scope(a) == ADDR_CGNAT && addr_scope(&m->edge) != ADDR_CGNAT)
		m->notes |= MAPPING_NOTE_CGNAT;
}


void mapping_on_flow(struct mapping *m, const struct addr *local,
		     const struct addr *edge)
{
	/* A flow of which nothing was heard tells nothing about the NAT. */
	if (addr_isset(&m->addr))
		m->before = m->addr;

	m->local = *local;
	m->edge = *edge;
	m->addr = (struct addr){0};
	for (unsigned w = 0; w < WITNESS_COUNT; w++)
		m->saidv[w] = (struct sighting){0};
	m->stun_wrong = m->stream = m->torn = false;
	m->notes &= MAPPING_NOTE_FLAPPING;
	note_cgnat(m, local);
}


/* RFC 1112 §4 and what is above it, RFC 4291 §2.7 */
static bool is_multicast(const struct addr *a)
{
	return a->family == ADDR_IPV4 ? a->ip[0] >= 224 : a->ip[0] == 0xff;
}


static bool can_be_reached(const struct addr *a)
{
	return addr_isset(a) && a->port && !is_multicast(a) &&
		addr_scope(a) != ADDR_UNSPECIFIED;
}


static bool is_public(const struct addr *a)
{
	return addr_scope(a) == ADDR_PUBLIC;
}


/* Can this be how a host at the edge sees us? A provider's registrar with a
 * public address does see the customers behind its NAT in 100.64/10; but a flow
 * that had a public address has not fallen back behind it. */
static bool credible(const struct mapping *m, const struct addr *a)
{
	if (is_public(a) || !is_public(&m->edge))
		return true;

	return addr_scope(a) == ADDR_CGNAT && !is_public(&m->addr) &&
		!is_public(&m->local);
}


/* The registrar sees what Via says. STUN beside it that changes while Via does
 * not is wrong; it is heard again when both agree. */
static void judge_stun(struct mapping *m, const struct addr *via,
		       const struct addr *via_before)
{
	const struct addr *stun = &m->saidv[WITNESS_STUN].addr;

	if (!addr_isset(stun))
		return;

	if (addr_equal(stun, via))
		m->stun_wrong = false;
	else if (addr_equal(via, via_before))
		m->stun_wrong = true;
}


static msec_t elapsed(msec_t then, msec_t now)
{
	return now > then ? now - then : 0;
}


static bool calm(const struct mapping *m, msec_t now)
{
	return !m->moved_at || elapsed(m->moved_at, now) >= MAPPING_CALM;
}


static void note_quick_move(struct mapping *m, msec_t now)
{
	m->movev[m->next] = now;
	m->next = (uint8_t)((m->next + 1) % MAPPING_FLAP_MOVES);
	if (m->moves < MAPPING_FLAP_MOVES)
		++m->moves;

	/* In a full ring the next one to be overwritten is the oldest. */
	if (m->moves == MAPPING_FLAP_MOVES &&
	    elapsed(m->movev[m->next], now) <= MAPPING_FLAP_WITHIN)
		m->notes |= MAPPING_NOTE_FLAPPING;
}


static void note_move(struct mapping *m, msec_t now)
{
	if (calm(m, now))
		m->notes &= (uint8_t)~MAPPING_NOTE_FLAPPING;

	m->moved_at = now;
	m->torn |= m->stream;
	if (elapsed(m->heard_at, now) < MAPPING_QUICK)
		note_quick_move(m, now);
}


static enum mapping_news take(struct mapping *m, const struct addr *addr,
			      msec_t now)
{
	const struct addr old = m->addr;

	if (addr_equal(addr, &old))
		return MAPPING_SAME;

	m->addr = *addr;
	if (!addr_isset(&old))
		return MAPPING_FIRST;

	note_move(m, now);

	return addr_ip_equal(addr, &old) ? MAPPING_PORT_MOVED
					 : MAPPING_IP_MOVED;
}


enum mapping_news mapping_on_seen(struct mapping *m, enum witness w,
				  const struct addr *addr, msec_t now)
{
	enum mapping_news news;
	struct addr before;

	if ((unsigned)w >= WITNESS_COUNT || !can_be_reached(addr))
		return MAPPING_SAME;

	before = m->saidv[w].addr;
	m->saidv[w] = (struct sighting){ *addr, now };
	note_cgnat(m, addr);

	if (!credible(m, addr)) {
		m->notes |= MAPPING_NOTE_ALG;
		return MAPPING_SAME;
	}

	if (w == WITNESS_VIA)
		judge_stun(m, addr, &before);
	else if (addr_equal(addr, &m->addr))
		m->stun_wrong = false;
	else if (m->stun_wrong)
		return MAPPING_SAME;

	news = take(m, addr, now);
	m->heard_at = now;

	return news;
}


void mapping_on_rewritten(struct mapping *m)
{
	m->notes |= MAPPING_NOTE_ALG;
}


bool mapping_flapping(const struct mapping *m, msec_t now)
{
	return m->torn || (m->notes & MAPPING_NOTE_FLAPPING && !calm(m, now));
}


msec_t mapping_deadline(const struct mapping *m)
{
	return m->notes & MAPPING_NOTE_FLAPPING ? m->moved_at + MAPPING_CALM
						: NEVER;
}


void mapping_on_timer(struct mapping *m, msec_t now)
{
	if (calm(m, now))
		m->notes &= (uint8_t)~MAPPING_NOTE_FLAPPING;
}


unsigned mapping_notes(const struct mapping *m, msec_t now)
{
	unsigned notes = m->notes & ~(unsigned)MAPPING_NOTE_FLAPPING;

	if (mapping_flapping(m, now))
		notes |= MAPPING_NOTE_FLAPPING;

	return notes;
}


bool mapping_same_ip(const struct mapping *m)
{
	return addr_isset(&m->addr) && addr_isset(&m->before) &&
		addr_ip_equal(&m->addr, &m->before);
}
