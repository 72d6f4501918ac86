/* Are two accounts the same: see config_equal.h. */

#include <string.h>
#include "config_equal.h"
#include "config_key.h"


static bool strings_equal(const struct key *key, void *a, void *b)
{
	const size_t n = *key_stringc(key, a);
	char **const x = *key_strings(key, a), **const y = *key_strings(key, b);

	if (n != *key_stringc(key, b))
		return false;

	for (size_t i = 0; i < n; i++) {
		if (strcmp(x[i], y[i]))
			return false;
	}

	return true;
}


static bool value_equal(const struct key *key, void *a, void *b)
{
	switch (key->type) {

	case KEY_STRING:
		return !strcmp(*key_string(key, a), *key_string(key, b));

	case KEY_STRINGS:
		return strings_equal(key, a, b);

	case KEY_NUMBER:
	case KEY_BOOL:
	case KEY_WORD:
		return key_value(key, a) == key_value(key, b);

	case KEY_SECTION:
		break;
	}

	return true;
}


const char *account_conf_difference(const struct account_conf *a,
				    const struct account_conf *b)
{
	for (size_t i = 0; i < keys_account.keyc; i++) {
		const struct key *key = &keys_account.keyv[i];

		/* used up, and not even in struct account_conf */
		if (key->flags & KEY_INPUT)
			continue;

		if (!value_equal(key, (void *)a, (void *)b))
			return key->name;
	}

	if (a->reg_ids != b->reg_ids)
		return "aor";

	/* All else follows from the values, except what was in this file. */
	return strcmp(a->turn_password, b->turn_password)
		? "turn.password_file" : NULL;
}


bool account_conf_same_binding(const struct account_conf *a,
			       const struct account_conf *b)
{
	return !strcmp(a->aor, b->aor) &&
		!strcmp(a->registrar, b->registrar) &&
		a->reg_ids == b->reg_ids;
}


bool account_conf_same_credentials(const struct account_conf *a,
				   const struct account_conf *b)
{
	return !strcmp(a->auth_user, b->auth_user) &&
		!strcmp(a->password, b->password) &&
		!strcmp(a->realm, b->realm);
}


bool config_value_equal(const struct config *a, const struct config *b,
			const char *name)
{
	const struct key *key = &keys_global.keyv[key_index_of(&keys_global,
								name)];

	return value_equal(key, (void *)a, (void *)b);
}
