/* What happened to an account, counted by kind and key. Most accounts ever see
 * two status codes and no failure: so only what was met takes room. */

#ifndef TALLY_H
#define TALLY_H

#include <stdint.h>


#define TALLY_KEYS  16           /* of one kind; a peer that invents more is
				    counted as ... */
#define TALLY_OTHER 0            /* ... this key, for RESPONSE and FAILURE */

enum tally_kind {
	TALLY_RESPONSE,          /* to a REGISTER; key: status code */
	TALLY_FAILURE,           /* of a flow; key: enum reason */
	TALLY_INBOUND,           /* key: inbound_key(); of any number, its own
				    bound is that of methods and results */
};

struct tally_cell {
	uint16_t key;
	uint8_t kind;
	uint32_t count;
};

/* All zero: nothing happened. */
struct tally {
	struct tally_cell *cellv;
	uint16_t cellc, size;
};


/* Without memory for a new key it is not counted. */
void tally_add(struct tally *t, enum tally_kind kind, unsigned key);
uint32_t tally_count(const struct tally *t, enum tally_kind kind,
		     unsigned key);
void tally_reset(struct tally *t);

#endif
