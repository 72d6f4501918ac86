/* Reads decoded JSON; what libre's own odict_string(), odict_get_number() and
 * odict_get_boolean() leave open, for all of its releases. */

#ifndef VALUE_H
#define VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <re.h>


/* The member if it is there and of that type, else NULL. */
const struct odict *value_object(const struct odict *o, const char *key);
const struct odict *value_array(const struct odict *o, const char *key);

/* The i-th element of an array, from 0, if it is an object; else NULL. */
const struct odict *value_element(const struct odict *array, size_t i);

/* The same of a string. */
const char *value_text(const struct odict *array, size_t i);

/* An integer; `otherwise` if there is none. */
int64_t value_int(const struct odict *o, const char *key, int64_t otherwise);
bool value_true(const struct odict *o, const char *key);

/* The member is there, null or not. */
bool value_has(const struct odict *o, const char *key);

/* Calls `h` for every string value in it, however deep; it may change the
 * characters, not the length. */
typedef void (value_string_h)(char *s);
void value_strings(const struct odict *o, value_string_h *h);

/* No object in it, however deep, has a key twice. */
bool value_keys_unique(const struct odict *o);

#endif
