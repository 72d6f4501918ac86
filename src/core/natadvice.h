/* What can be made of a NAT's kind: advice, in sentences for people. */

#ifndef NATADVICE_H
#define NATADVICE_H

#include "natkind.h"
#include "natview.h"


#define NATADVICE_SOON SECONDS(30)       /* NATs that forget sooner are rare;
					    RFC 4787 REQ-5 wants two minutes */

enum {
	NATADVICE_SYMMETRIC  = 1 << 0,
	NATADVICE_POOL       = 1 << 1,   /* several public addresses */
	NATADVICE_DOUBLE     = 1 << 2,   /* ours, and a provider's */
	NATADVICE_CGNAT      = 1 << 3,   /* a provider's */
	NATADVICE_ALG        = 1 << 4,
	NATADVICE_SOON_GONE  = 1 << 5,   /* it forgets soon */
	NATADVICE_FIREWALL   = 1 << 6,   /* no NAT, and yet not all get in */
	NATADVICE_FILTERED   = 1 << 7,   /* only who was asked gets in */
	NATADVICE_OPEN       = 1 << 8,   /* everybody gets in */
	NATADVICE_NO_NAT     = 1 << 9,
	NATADVICE_NO_SERVER  = 1 << 10,  /* configured */
	NATADVICE_SILENT     = 1 << 11,  /* no server answers */
	NATADVICE_MORE       = 1 << 12,  /* a better server would tell more */
};
#define NATADVICES 13

struct natadvice_facts {
	const struct natkind *kind;      /* the last that learned something;
					    NULL: none */
	const struct natview *view;
	bool servers;                    /* any is configured */
	bool silent;                     /* the last measurement was in vain */
};

const char *natadvice_name(unsigned bit);        /* "symmetric" ... */
const char *natadvice_text(unsigned bit);        /* a sentence or two */

/* NATADVICE_* bits. */
unsigned natadvice(const struct natadvice_facts *f);

/* What is known of the mapping without any measurement: that there is no NAT
 * before the flows; or nothing. */
enum nat_map natadvice_mapping(const struct natadvice_facts *f);

#endif
