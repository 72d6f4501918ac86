/* Reads decoded JSON. */

#include <stdio.h>
#include "value.h"

#define INDEX_SIZE 24            /* bytes of a size_t in digits */

/* struct odict_entry is opaque since 2.1.0. RE_VERSION came with 3.4; the
 * releases between are in no distribution that we build for. */
#ifdef RE_VERSION
#define entry_key(e)  odict_entry_key(e)
#define entry_type(e) odict_entry_type(e)
#define entry_dict(e)                                                         \
	(odict_entry_type(e) == ODICT_ARRAY ? odict_entry_array(e)            \
					    : odict_entry_object(e))
#define entry_str(e)  odict_entry_str(e)
#else
#define entry_key(e)  ((e)->key)
#define entry_type(e) ((e)->type)
#define entry_dict(e) ((e)->u.odict)
#define entry_str(e)  ((e)->u.str)
#endif


static const struct odict *dict(const struct odict *o, enum odict_type type,
				const char *key)
{
	const struct odict_entry *e = odict_get_type(o, type, key);

	return e ? entry_dict(e) : NULL;
}


const struct odict *value_object(const struct odict *o, const char *key)
{
	return dict(o, ODICT_OBJECT, key);
}


const struct odict *value_array(const struct odict *o, const char *key)
{
	return dict(o, ODICT_ARRAY, key);
}


/* libre keeps the elements of an array under their index as a key. */
const struct odict *value_element(const struct odict *array, size_t i)
{
	char key[INDEX_SIZE];

	(void)snprintf(key, sizeof(key), "%zu", i);

	return dict(array, ODICT_OBJECT, key);
}


const char *value_text(const struct odict *array, size_t i)
{
	char key[INDEX_SIZE];

	(void)snprintf(key, sizeof(key), "%zu", i);

	return odict_string(array, key);
}


int64_t value_int(const struct odict *o, const char *key, int64_t otherwise)
{
	uint64_t n;

	return odict_get_number(o, &n, key) ? (int64_t)n : otherwise;
}


bool value_true(const struct odict *o, const char *key)
{
	bool b;

	return odict_get_boolean(o, &b, key) && b;
}


bool value_has(const struct odict *o, const char *key)
{
	return odict_lookup(o, key) != NULL;
}


void value_strings(const struct odict *o, value_string_h *h)
{
	const struct le *le;

	for (le = list_head(&o->lst); le; le = le->next) {

		const struct odict_entry *e = le->data;

		if (entry_type(e) == ODICT_STRING)
			h(entry_str(e));
		else if (odict_type_iscontainer(entry_type(e)))
			value_strings(entry_dict(e), h);
	}
}


static bool keys_unique(const struct odict *o, bool array)
{
	const struct le *le;

	for (le = list_head(&o->lst); le; le = le->next) {

		const struct odict_entry *e = le->data;
		const enum odict_type type = entry_type(e);

		/* the second of two does not find itself, but the first */
		if (!array && odict_lookup(o, entry_key(e)) != e)
			return false;

		if (odict_type_iscontainer(type) &&
		    !keys_unique(entry_dict(e), type == ODICT_ARRAY))
			return false;
	}

	return true;
}


bool value_keys_unique(const struct odict *o)
{
	return keys_unique(o, false);
}
