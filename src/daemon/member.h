/* The members of the lines of JSON that we keep for ourselves (state_record.c,
 * handed.c): written if they can be, and read with their limits. */

#ifndef MEMBER_H
#define MEMBER_H

#include "compat.h"


/* Is it UTF-8? JSON can carry nothing else. */
bool member_is_text(const char *s);

/* Leaves out what is NULL or no text. errno values. */
int member_add_text(struct mbuf *mb, const char *key, const char *s);

/* A whole number of 0 ... `max`; a missing one is 0. False: it is something
 * else, as other numbers may be beyond every type. */
bool member_number(uint64_t *np, const struct odict *o, const char *key,
		   uint64_t max);

/* Into a buffer, whole or not at all; a missing one is "". */
bool member_text(char *buf, size_t size, const struct odict *o,
		 const char *key);

/* The same of one that must be there, and goes into a header as a Call-ID or a
 * URI. */
bool member_token(char *buf, size_t size, const struct odict *o,
		  const char *key);

#endif
