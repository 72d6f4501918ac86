/* Reads decoded JSON. */

#include <stdio.h>
#include "value.h"

#define INDEX_SIZE 24            /* bytes of a size_t in digits */



static const struct odict *dict(const struct odict *o, enum odict_type type,
				const char *key)
{
	const struct odict_entry *e = odict_get_type(o, type, key);

	return e ? e->u.odict : NULL;
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

		if (e->type == ODICT_STRING)
			h(e->u.str);
		else if (odict_type_iscontainer(e->type))
			value_strings(e->u.odict, h);
	}
}


static bool keys_unique(const struct odict *o, bool array)
{
	const struct le *le;

	for (le = list_head(&o->lst); le; le = le->next) {

		const struct odict_entry *e = le->data;
		const enum odict_type type = e->type;

		/* the second of two does not find itself, but the first */
		if (!array && odict_lookup(o, e->key) != e)
			return false;

		if (odict_type_iscontainer(type) &&
		    !keys_unique(e->u.odict, type == ODICT_ARRAY))
			return false;
	}

	return true;
}


bool value_keys_unique(const struct odict *o)
{
	return keys_unique(o, false);
}
