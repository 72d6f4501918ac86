/* The values of a configuration as memory: made with their defaults, shared,
 * checked and freed by the rows of their table. */

#include <errno.h>
#include <string.h>
#include "config_check.h"
#include "config_value.h"
#include "secret.h"


char *value_alloc(const struct key *key, size_t len)
{
	return key->flags & KEY_SECRET ? secret_alloc(len)
		: mem_zalloc(len + 1, NULL);
}


char *value_dup(const struct key *key, const char *s)
{
	const size_t len = strlen(s);
	char *copy = value_alloc(key, len);

	if (copy)
		memcpy(copy, s, len);

	return copy;
}


void value_set(const struct key *key, char **dst, char *s)
{
	if (key->flags & KEY_SECRET)
		(void)secret_deref(*dst);
	else
		mem_deref(*dst);

	*dst = s;
}


static void vector_handler(void *arg)
{
	for (char **v = arg; *v; ++v)
		mem_deref(*v);
}


char **value_vector(size_t n)
{
	return mem_zalloc((n + 1) * sizeof(char *), vector_handler);
}


int values_init(const struct keys *keys, void *base)
{
	for (size_t i = 0; i < keys->keyc; i++) {
		const struct key *key = &keys->keyv[i];
		const char *text = key->text ? key->text : "";

		switch (key->type) {
		case KEY_STRING:
			*key_string(key, base) = value_dup(key, text);
			if (!*key_string(key, base))
				return ENOMEM;
			break;
		case KEY_STRINGS:
			*key_strings(key, base) = value_vector(0);
			if (!*key_strings(key, base))
				return ENOMEM;
			break;
		case KEY_NUMBER:
		case KEY_BOOL:
		case KEY_WORD:
			key_store(key, base, key->def);
			break;
		case KEY_SECTION:
			break;
		}
	}

	return 0;
}


void values_ref(const struct keys *keys, void *base)
{
	for (size_t i = 0; i < keys->keyc; i++) {
		const struct key *key = &keys->keyv[i];

		if (key->type == KEY_STRING && key->flags & KEY_SECRET)
			(void)secret_ref(*key_string(key, base));
		else if (key->type == KEY_STRING)
			(void)mem_ref(*key_string(key, base));
		else if (key->type == KEY_STRINGS)
			(void)mem_ref(*key_strings(key, base));
	}
}


void values_deref(const struct keys *keys, void *base)
{
	for (size_t i = 0; i < keys->keyc; i++) {
		const struct key *key = &keys->keyv[i];

		if (key->type == KEY_STRING)
			value_set(key, key_string(key, base), NULL);
		else if (key->type == KEY_STRINGS)
			mem_deref(*key_strings(key, base));
	}
}


static bool check_one(struct reader *r, const struct key *key,
		      config_setting_t *s, const char *value)
{
	const char *wrong = check_string(value);

	if (!wrong && key->check && *value)
		wrong = key->check(value);

	if (wrong)
		say_error(r->y, s, "%s: %s", key->name, wrong);

	return !wrong;
}


static bool check_list(struct reader *r, const struct key *key,
		       config_setting_t *s)
{
	char **v = *key_strings(key, r->base);
	bool ok = true;

	for (size_t i = 0; v[i]; i++) {
		config_setting_t *e = NULL;

		if (config_setting_is_aggregate(s))
			e = config_setting_get_elem(s, (unsigned)i);

		ok = check_one(r, key, e ? e : s, v[i]) && ok;
	}

	return ok;
}


bool values_check(struct reader *r,
		  bool (*which)(const struct key *key, void *base, void *arg),
		  void *arg)
{
	bool ok = true;

	for (size_t i = 0; i < r->keys->keyc; i++) {
		const struct key *key = &r->keys->keyv[i];

		if (!r->setv[i] || (which && !which(key, r->base, arg)))
			continue;

		if (key->type == KEY_STRING)
			ok = check_one(r, key, r->setv[i],
				       *key_string(key, r->base)) && ok;
		else if (key->type == KEY_STRINGS)
			ok = check_list(r, key, r->setv[i]) && ok;
	}

	return ok;
}
