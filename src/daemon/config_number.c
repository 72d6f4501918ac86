/* The number of an account in its strings: %d where `count` is given. */

#include <stdio.h>
#include <string.h>
#include "config_load.h"


#define MARK_LEN    2            /* of NUMBER_MARK */
#define NUMBER_LEN  10           /* digits of a uint32_t */


bool number_mark(const struct key *key, void *base)
{
	if (key->type == KEY_STRING)
		return strstr(*key_string(key, base), NUMBER_MARK);

	if (key->type == KEY_STRINGS) {
		for (char **v = *key_strings(key, base); *v; ++v) {
			if (strstr(*v, NUMBER_MARK))
				return true;
		}
	}

	return false;
}


/* `s` with every %d replaced. NULL: no memory. */
static char *number_in(const struct key *key, const char *s, uint32_t n)
{
	char number[NUMBER_LEN + 1], *copy, *p;
	size_t len, marks = 0;

	len = (size_t)snprintf(number, sizeof(number), "%u", n);
	for (const char *m = s; (m = strstr(m, NUMBER_MARK)); m += MARK_LEN)
		++marks;

	copy = value_alloc(key, strlen(s) - marks * MARK_LEN + marks * len);
	if (!copy)
		return NULL;

	for (p = copy; *s;) {
		if (!strncmp(s, NUMBER_MARK, MARK_LEN)) {
			memcpy(p, number, len);
			p += len;
			s += MARK_LEN;
		}
		else {
			*p++ = *s++;
		}
	}

	return copy;
}


static bool number_strings(const struct key *key, char ***vp, size_t c,
			   uint32_t n)
{
	char **v = value_vector(c);

	if (!v)
		return false;

	for (size_t i = 0; i < c; i++) {
		v[i] = number_in(key, (*vp)[i], n);
		if (!v[i]) {
			mem_deref(v);
			return false;
		}
	}

	mem_deref(*vp);
	*vp = v;

	return true;
}


bool number_all(struct account_conf *a, uint32_t n)
{
	for (size_t i = 0; i < keys_account.keyc; i++) {
		const struct key *key = &keys_account.keyv[i];
		char **s, *new;

		if (!number_mark(key, a))
			continue;

		if (key->type == KEY_STRINGS) {
			if (!number_strings(key, key_strings(key, a),
					    *key_stringc(key, a), n))
				return false;
			continue;
		}

		s = key_string(key, a);
		new = number_in(key, *s, n);
		if (!new)
			return false;

		value_set(key, s, new);
	}

	return true;
}
