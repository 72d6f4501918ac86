/* Is this text one JSON object, by the letter of RFC 8259? */

#ifndef STRICT_H
#define STRICT_H

#include <stdbool.h>
#include <stddef.h>

/* One object and white space around it, at most `depth` deep. Stricter than
 * the RFC where a C string or a 64-bit integer could not hold the value: no
 * U+0000, no lone surrogates, integers within int64_t, numbers of at most 40
 * characters and exponents of at most two digits, 256 members in an object.
 * Does not look for duplicate keys. */
bool strict_object(const char *text, size_t len, unsigned depth);

#endif
