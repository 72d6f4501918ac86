/* Where one flow appears to the world behind the NAT (RFC 4787): what each
 * witness last said of it, whether it moved, and whether the words can be
 * relied on.
 *
 * Witnesses speak about the very flow: `received` and `rport` of the Via of any
 * response (RFC 3581), and STUN on the flow's own UDP socket. A NAT moves a
 * flow once in a while; what differs in every answer is no NAT's mapping, and
 * following it would be a storm. */

#ifndef MAPPING_H
#define MAPPING_H

#include <stdbool.h>
#include <stdint.h>
#include "addr.h"
#include "clock.h"


#define MAPPING_QUICK      SECONDS(5)    /* no NAT seen forgets a flow sooner
					    after it was used */
#define MAPPING_FLAP_MOVES 4             /* so many quick moves ... */
#define MAPPING_FLAP_WITHIN HOURS(1)     /* ... in so long are no NAT's */
#define MAPPING_CALM       MINUTES(15)   /* without any move: it is over */

enum witness {
	WITNESS_VIA,             /* Via received and rport, RFC 3581 */
	WITNESS_STUN,            /* XOR-MAPPED-ADDRESS, RFC 8489 */
};
#define WITNESS_COUNT 2

const char *witness_name(enum witness w);        /* "via", "stun" */

struct sighting {
	struct addr addr;        /* unset: it never said anything */
	msec_t at;
};

/* What is remarkable, for people. */
enum {
	MAPPING_NOTE_FLAPPING = 1 << 0, /* another one in every answer */
	MAPPING_NOTE_ALG      = 1 << 1, /* a router rewrites our SIP */
	MAPPING_NOTE_CGNAT    = 1 << 2, /* RFC 6598 address: a second NAT */
	MAPPING_NOTE_CLONE    = 1 << 3, /* another machine has our instance */
	MAPPING_NOTE_NO_LOOP  = 1 << 4, /* the registrar loops no probe */
	MAPPING_NOTE_SYMMETRIC = 1 << 5, /* a NAT with another port for each
					    destination: see natkind.h */
};
#define MAPPING_NOTES 6

const char *mapping_note_name(unsigned bit);     /* "flapping" ... */
const char *mapping_note_text(unsigned bit);     /* a sentence, the remedy */

/* What a word of a witness means. */
enum mapping_news {
	MAPPING_SAME,            /* or nothing that can be used */
	MAPPING_FIRST,           /* of this flow */
	MAPPING_PORT_MOVED,      /* same IP: the NAT had forgotten the flow */
	MAPPING_IP_MOVED,        /* the public address is another one */
};

struct mapping {
	struct addr local;       /* of the flow's socket */
	struct addr edge;        /* where it goes */
	struct sighting saidv[WITNESS_COUNT];    /* about this flow */
	struct addr addr;        /* what we take it for; unset: not known */
	struct addr before;      /* of the last flow before this one of which
				    it was known; unset: none */
	msec_t heard_at;         /* a witness, last; 0: none yet */
	msec_t moved_at;         /* last; 0: never */
	msec_t movev[MAPPING_FLAP_MOVES];        /* the last quick moves, a
						    ring */
	uint8_t moves;           /* in the ring, at most its size */
	uint8_t next;
	uint8_t notes;           /* MAPPING_NOTE_ALG, _CGNAT of this flow;
				    _FLAPPING until it was calm */
	bool stun_wrong;         /* it changed and Via did not: it is not
				    believed until both agree */
	bool stream;             /* a NAT cannot move this flow: put in by the
				    owner after mapping_on_flow() */
	bool torn;               /* and yet it moved: no word counts */
};


void mapping_init(struct mapping *m);

/* Another flow, over this socket to this edge: what was said is about the one
 * before. That moves happened is remembered: new flows do not make a flapping
 * network a calm one. */
void mapping_on_flow(struct mapping *m, const struct addr *local,
		     const struct addr *edge);

/* A witness said where the flow appears. Addresses that no one can be reached
 * at (unspecified, port 0) say nothing. A private one of a flow to a public
 * edge is the word of a router in between, or of a proxy: it is kept in saidv
 * and noted as ALG, but never taken for the mapping of a flow (SCENARIOS T5).
 * One of RFC 6598 is, if nothing about the flow is public yet: so a provider's
 * registrar sees the customers behind the provider's NAT.
 *
 * Via is what the registrar sees. STUN that moves is believed at once, for the
 * REGISTER that follows will have a Via; if that says what it said before, STUN
 * lied or changed its mind (N10), and is believed again when both agree. */
enum mapping_news mapping_on_seen(struct mapping *m, enum witness w,
				  const struct addr *addr, msec_t now);

/* A response carried a Via or a Contact that we did not send: only a router
 * that rewrites SIP does that. */
void mapping_on_rewritten(struct mapping *m);

/* Is it another one in every answer? On a stream from the first move on: its
 * NAT would have broken it. Else from MAPPING_FLAP_MOVES moves, each within
 * MAPPING_QUICK of a word before it, in MAPPING_FLAP_WITHIN, until there was no
 * move for MAPPING_CALM. A NAT that forgets idle flows never moves one so
 * quickly: that is for interval.h to learn. */
bool mapping_flapping(const struct mapping *m, msec_t now);

/* When it is calm again, and what then is not true any more. */
msec_t mapping_deadline(const struct mapping *m);
void mapping_on_timer(struct mapping *m, msec_t now);

/* MAPPING_NOTE_* bits that hold now. */
unsigned mapping_notes(const struct mapping *m, msec_t now);

/* Is the public IP known to be the same as that of the flow before? False too
 * if one of them is not known. */
bool mapping_same_ip(const struct mapping *m);

#endif
