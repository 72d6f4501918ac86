/* What all flows together tell of the NAT: at which public addresses their
 * registrars see them, and what silence did to them. */

#ifndef NATVIEW_H
#define NATVIEW_H

#include <stdbool.h>
#include "addr.h"
#include "clock.h"
#include "interval.h"
#include "mapping.h"


#define NATVIEW_GROUPS 16        /* beyond those flows are only counted */

/* One flow. */
struct natview_flow {
	const struct mapping *mapping;
	const struct interval *interval;
	unsigned notes;          /* MAPPING_NOTE_* */
	unsigned transport;      /* any number that tells them apart */
	msec_t survived;         /* the longest silence that did it no harm; 0:
				    none */
};

/* Flows over one transport that are seen at one IP. */
struct natview_group {
	unsigned transport;
	struct addr ip;          /* without a port */
	unsigned flows;
	unsigned kept;           /* of them with the port that they have here */
};

struct natview {
	struct natview_group groupv[NATVIEW_GROUPS];
	unsigned groupc;
	unsigned omitted;        /* flows of other groups */
	unsigned direct;         /* flows that are seen where they are */
	unsigned translated;     /* and elsewhere */
	unsigned notes;          /* of all of them */
	struct addr ip;          /* where the first that is translated is seen;
				    unset: none is */
	bool pool;               /* and others elsewhere: of those from the same
				    address here */
	struct addr local;       /* of that first one */
	msec_t death;            /* UDP: the shortest silence that killed a
				    flow; 0: none did */
	msec_t survived;         /* UDP: the longest that did no harm; 0 */
};


/* Zero it first. A flow of which no witness has said anything yet counts for
 * its silences only. */
void natview_add(struct natview *v, const struct natview_flow *f);

#endif
