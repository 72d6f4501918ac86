/* The words of a text in the state file: an event, an edge. */

#ifndef STATE_WORD_H
#define STATE_WORD_H

#include "addr.h"
#include "compat.h"


/* Each takes the next word of the rest. False: there is none, or it is not
 * what it should be. */
bool state_word(struct pl *word, struct pl *rest);
bool state_word_number(uint64_t *np, struct pl *rest, uint64_t max);

/* name(0) ... name(count - 1) */
bool state_word_name(unsigned *ip, struct pl *rest,
		     const char *(*name)(unsigned), unsigned count);

/* An IP literal and a port, two words. */
bool state_word_addr(struct addr *addr, struct pl *rest);

#endif
