/* Cuts pieces out of JSON text that was found to be good, unchanged. */

#ifndef RAW_H
#define RAW_H

#include <stdbool.h>
#include <sys/types.h>
#include <re.h>


/* The value of a member of the object `text`, by a key that needs no escape.
 * `text` must have passed wire_decode(). False: there is no such member. */
bool raw_member(struct pl *value, const struct pl *text, const char *key);

/* What stands between the brackets of an object or array, without the white
 * space at both ends; nothing if it is neither. */
void raw_inner(struct pl *inner, const struct pl *text);

/* Takes the next element off *rest, what raw_inner() found in an array. False:
 * there is none. */
bool raw_next(struct pl *element, struct pl *rest);

#endif
