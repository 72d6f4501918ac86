/* Settings to values: type, range and words of each key, by its row. */

#ifndef CONFIG_VALUE_H
#define CONFIG_VALUE_H

#include "config_key.h"
#include "config_source.h"


/* Where the values of a group go. */
struct reader {
	struct sayer *y;
	const struct keys *keys;
	void *base;                      /* struct the rows' offsets are of */
	config_setting_t **setv;         /* by row, where it was written */
	bool *toldv;                     /* by row, "no effect yet" is told */
};


/* Fills in every default. ENOMEM. */
int values_init(const struct keys *keys, void *base);

/* Another reference to every string of `base`, after it was copied. */
void values_ref(const struct keys *keys, void *base);
void values_deref(const struct keys *keys, void *base);

/* Reads all of `group` over what is there; what is wrong is said. */
void values_read(struct reader *r, config_setting_t *group);

/* Checks the strings of `base`: those of which `which` is true. False: one
 * of them is wrong, and it was said where. */
bool values_check(struct reader *r,
		  bool (*which)(const struct key *key, void *base, void *arg),
		  void *arg);

/* What kind of thing stands there, in words. */
const char *setting_kind(const config_setting_t *s);

/* A string of this row: room for `len` bytes and their zero, all zeros, or a
 * copy. NULL: no memory. Of KEY_SECRET are those of secret.h. */
char *value_alloc(const struct key *key, size_t len);
char *value_dup(const struct key *key, const char *s);

/* Puts `s` in the place of what *dst holds, which is freed. */
void value_set(const struct key *key, char **dst, char *s);

/* A NULL-terminated vector of `n` strings, still NULL. */
char **value_vector(size_t n);

#endif
