/* Prints the effective configuration in libconfig's syntax, so that it loads
 * again, with every default written out and no secret. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "config_check.h"
#include "config_key.h"
#include "mask.h"


static int print_string(struct re_printf *pf, const char *s)
{
	int err = re_hprintf(pf, "\"");

	for (; *s && !err; ++s) {
		const unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			err = re_hprintf(pf, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			err = re_hprintf(pf, "\\x%02x", c);
		else
			err = re_hprintf(pf, "%c", c);
	}

	return err | re_hprintf(pf, "\"");
}


static int print_strings(struct re_printf *pf, char *const *v, bool mask)
{
	char masked[CHECK_STRING_MAX + 1];
	int err = re_hprintf(pf, "[ ");

	for (; *v && !err; ++v) {
		err = print_string(pf, !mask ? *v : mask_copy(
					   masked, sizeof(masked), *v));
		err |= re_hprintf(pf, v[1] ? ", " : " ");
	}

	return err | re_hprintf(pf, "]");
}


static int print_value(struct re_printf *pf, const struct key *key, void *base)
{
	switch (key->type) {
	case KEY_STRING:
		return print_string(pf, key->flags & KEY_SECRET
					? CONFIG_MASK : *key_string(key, base));
	case KEY_STRINGS:
		return print_strings(pf, *key_strings(key, base),
				     key->flags & KEY_MASK);
	case KEY_NUMBER:
		return re_hprintf(pf, "%lli", (long long)key_value(key, base));
	case KEY_BOOL:
		return re_hprintf(pf, "%s", key_value(key, base) ? "true"
								 : "false");
	case KEY_WORD:
		return re_hprintf(pf, "\"%s\"",
				  word_name(key->wordv,
					    (int)key_value(key, base)));
	case KEY_SECTION:
		break;
	}

	return 0;
}


/* Of the ways to give a password only the one in use is printed: two would
 * not load. */
static bool printed(const struct key *key, void *base)
{
	const struct account_conf *a = base;     /* only they have sources */

	if (key->type == KEY_SECTION || key->flags & KEY_INPUT)
		return false;

	if (!(key->flags & KEY_SOURCE))
		return true;

	if (key->flags & KEY_SECRET)
		return *a->password && !*a->password_file && !*a->credential;

	return **key_string(key, base);
}


static size_t group_len(const struct key *key)
{
	return (size_t)(key_tail(key) - key->name);
}


static int print_keys(struct re_printf *pf, const struct keys *keys,
		      void *base, const char *indent)
{
	const struct key *group = NULL;
	int err = 0;

	for (size_t i = 0; i < keys->keyc && !err; i++) {
		const struct key *key = &keys->keyv[i];
		const size_t len = group_len(key);
		const bool same = group && group_len(group) == len &&
				  !strncmp(group->name, key->name, len);

		if (group && !same) {
			err |= re_hprintf(pf, " };\n");
			group = NULL;
		}

		if (!printed(key, base))
			continue;

		if (!len || !same)
			err |= re_hprintf(pf, "%s", indent);

		if (len && !same) {
			err |= re_hprintf(pf, "%b = {", key->name, len - 1);
			group = key;
		}

		err |= re_hprintf(pf, "%s%s = ", len ? " " : "",
				  key_tail(key));
		err |= print_value(pf, key, base);
		err |= re_hprintf(pf, len ? ";" : ";\n");
	}

	if (group)
		err |= re_hprintf(pf, " };\n");

	return err;
}


static int print_hooks(struct re_printf *pf, const struct config *c)
{
	int err = re_hprintf(pf, "hooks = (\n");

	for (size_t i = 0; i < c->hookc && !err; i++) {
		err = re_hprintf(pf, "  {\n");
		err |= print_keys(pf, &keys_hook, c->hookv[i], "    ");
		err |= re_hprintf(pf, "  }%s\n", i + 1 < c->hookc ? "," : "");
	}

	return err | re_hprintf(pf, ");\n");
}


int config_print(struct re_printf *pf, const struct config *c)
{
	int err;

	if (!c)
		return 0;

	err = print_keys(pf, &keys_global, (void *)c, "");
	err |= re_hprintf(pf, "include_dir = \"\";\n");
	if (c->hookc)
		err |= print_hooks(pf, c);
	err |= re_hprintf(pf, "\naccounts = (\n");

	for (size_t i = 0; i < c->accountc && !err; i++) {
		err |= re_hprintf(pf, "  {\n");
		err |= print_keys(pf, &keys_account, c->accountv[i], "    ");
		err |= re_hprintf(pf, "  }%s\n",
				  i + 1 < c->accountc ? "," : "");
	}

	return err | re_hprintf(pf, ");\n");
}
