/* Are two accounts the same: see config_equal.h. */

#include <string.h>
#include "config_equal.h"
#include "config_key.h"
#include "fnv.h"


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


bool hook_conf_equal(const struct hook_conf *a, const struct hook_conf *b)
{
	for (size_t i = 0; i < keys_hook.keyc; i++) {
		if (!value_equal(&keys_hook.keyv[i], (void *)a, (void *)b))
			return false;
	}

	return true;
}


/* With its end, so that "ab" and "c" are not "a" and "bc". */
static uint64_t hash_text(uint64_t hash, const char *text)
{
	return fnv(hash, text, strlen(text) + 1);
}


static uint64_t hash_number(uint64_t hash, uint64_t n)
{
	return fnv(hash, &n, sizeof(n));
}


static uint64_t hash_strings(uint64_t hash, const struct key *key, void *a)
{
	const size_t n = *key_stringc(key, a);

	hash = hash_number(hash, n);
	for (size_t i = 0; i < n; i++)
		hash = hash_text(hash, (*key_strings(key, a))[i]);

	return hash;
}


static uint64_t hash_value(uint64_t hash, const struct key *key, void *a)
{
	switch (key->type) {

	case KEY_STRING:
		return hash_text(hash, *key_string(key, a));

	case KEY_STRINGS:
		return hash_strings(hash, key, a);

	case KEY_NUMBER:
	case KEY_BOOL:
	case KEY_WORD:
		return hash_number(hash, (uint64_t)key_value(key, a));

	case KEY_SECTION:
		break;
	}

	return hash;
}


uint64_t account_conf_hash(const struct account_conf *a, const char *instance)
{
	uint64_t hash = hash_text(FNV_BASIS, instance);

	for (size_t i = 0; i < keys_account.keyc; i++) {
		const struct key *key = &keys_account.keyv[i];

		if (key->flags & (KEY_INPUT | KEY_SECRET))
			continue;

		hash = hash_text(hash, key->name);
		hash = hash_value(hash, key, (void *)a);
	}

	return hash_number(hash, a->reg_ids);
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
