/* From groups of settings to accounts: defaults, preset and account merged
 * key by key, then as many accounts as `count` says. */

#include <errno.h>
#include <string.h>
#include "config_check.h"
#include "config_load.h"
#include "secret.h"


#define ACCOUNTS_FIRST 16        /* room in the vector at first, doubling */


static void raw_handler(void *arg)
{
	values_deref(&keys_account, arg);
}


static void conf_handler(void *arg)
{
	struct account_conf *a = arg;

	values_deref(&keys_account, a);
	mem_deref(a->file);
	mem_deref(a->aor_user);
	mem_deref(a->aor_host);
	(void)secret_deref(a->turn_password);
}


static struct account_conf *account_conf_alloc(void)
{
	return mem_zalloc(sizeof(struct account_conf), conf_handler);
}


static struct account_raw *raw_copy(const struct account_raw *from)
{
	struct account_raw *raw = mem_zalloc(sizeof(*raw), raw_handler);

	if (raw) {
		*raw = *from;
		values_ref(&keys_account, raw);
	}

	return raw;
}


static struct reader reader(struct load *l, struct account_raw *raw)
{
	struct reader r = {&l->y, &keys_account, raw, raw->setv,
			   l->told_account};

	return r;
}


static const char *string_of(const config_setting_t *s)
{
	const char *text = config_setting_get_string(s);

	return text ? text : "";
}


/* A password of this layer, whatever its source, replaces the one of a layer
 * below; two in one layer are a mistake. */
static void begin_layer(struct load *l, struct account_raw *raw,
			config_setting_t *group)
{
	config_setting_t *given = NULL, *used = NULL;

	for (size_t i = 0; i < keys_account.keyc; i++) {
		const struct key *key = &keys_account.keyv[i];
		config_setting_t *s;

		if (!(key->flags & KEY_SOURCE))
			continue;

		s = config_setting_get_member(group, key->name);
		if (!s)
			continue;

		given = given ? given : s;
		if (!*string_of(s))
			continue;

		if (used)
			say_error(&l->y, s, "%s: there is a %s already, only "
				  "one of password, password_file and "
				  "credential is possible", key->name,
				  config_setting_name(used));
		used = s;
	}

	for (size_t i = 0; given && i < keys_account.keyc; i++) {
		const struct key *key = &keys_account.keyv[i];
		char *none;

		if (!(key->flags & KEY_SOURCE))
			continue;

		none = value_dup(key, "");
		if (!none) {
			say_no_memory(&l->y);
			return;
		}

		raw->setv[i] = NULL;
		value_set(key, key_string(key, raw), none);
	}
}


static void read_layer(struct load *l, struct account_raw *raw,
		       config_setting_t *group)
{
	struct reader r = reader(l, raw);

	begin_layer(l, raw, group);
	if (!l->y.no_memory)
		values_read(&r, group);
}


static void read_preset(struct load *l, struct account_raw *raw,
			config_setting_t *group)
{
	const size_t index = key_index_of(&keys_account, "preset");
	config_setting_t *s = config_setting_get_member(group, "preset");
	const char *name = s ? config_setting_get_string(s)
			     : raw->conf.preset;
	config_setting_t *place = s ? s : raw->setv[index];
	struct source *source;

	/* a wrong name is said later, with all the other strings */
	if (!place || !name || !*name || check_preset(name))
		return;

	source = preset_source(l, name, place);
	if (!source)
		return;

	read_layer(l, raw, config_root_setting(&source->cfg));
	raw->setv[index] = place;
}


/* Relative paths are relative to the main file. */
static void absolute_files(struct load *l, struct account_raw *raw)
{
	for (size_t i = 0; i < keys_account.keyc; i++) {
		const struct key *key = &keys_account.keyv[i];
		char **s, *path;

		if (!(key->flags & KEY_FILE))
			continue;

		s = key_string(key, raw);
		if (!**s || **s == '/')
			continue;

		if (re_sdprintf(&path, "%s/%s", l->dir, *s)) {
			say_no_memory(&l->y);
			return;
		}

		mem_deref(*s);
		*s = path;
	}
}


static bool without_mark(const struct key *key, void *base, void *arg)
{
	(void)arg;

	return !number_mark(key, base);
}


int defaults_read(struct load *l, config_setting_t *group)
{
	struct reader r;
	int err;

	l->defaults = mem_zalloc(sizeof(*l->defaults), raw_handler);
	if (!l->defaults)
		return ENOMEM;

	err = values_init(&keys_account, l->defaults);
	if (err || !group)
		return err;

	if (!config_setting_is_group(group)) {
		say_error(&l->y, group, "defaults: wants a group { }, not %s",
			  setting_kind(group));
		return 0;
	}

	read_layer(l, l->defaults, group);
	if (l->y.no_memory)
		return ENOMEM;

	r = reader(l, l->defaults);
	(void)values_check(&r, without_mark, NULL);

	return 0;
}


static bool append(struct load *l, struct account_conf *a)
{
	struct config *c = l->c;

	if (c->accountc == l->accounts_size) {
		const size_t size = l->accounts_size ? l->accounts_size * 2
						     : ACCOUNTS_FIRST;
		const size_t bytes = size * sizeof(*c->accountv);
		struct account_conf **v;

		v = c->accountv ? mem_realloc(c->accountv, bytes)
				: mem_alloc(bytes, NULL);
		if (!v)
			return false;

		c->accountv = v;
		l->accounts_size = size;
	}

	c->accountv[c->accountc++] = a;

	return true;
}


/* Only what the account's number changed: the rest is checked already. */
static bool has_own(const struct key *key, void *base, void *arg)
{
	if (key->type == KEY_STRING)
		return *key_string(key, base) != *key_string(key, arg);

	return key->type == KEY_STRINGS &&
	       *key_strings(key, base) != *key_strings(key, arg);
}


/* The account with number `n`; *prevp: the one before, and becomes this one.
 * False: it is wrong, and so will be those after it. */
static bool make(struct load *l, struct account_raw *raw, uint32_t n,
		 struct account_conf **prevp, config_setting_t *group)
{
	struct account_conf *a = account_conf_alloc();
	struct reader r = reader(l, raw);
	bool valid;

	if (!a)
		goto out;

	*a = raw->conf;
	values_ref(&keys_account, a);
	a->file = mem_ref(source_of(group)->file);
	a->line = config_setting_source_line(group);

	if ((raw->count && !number_all(a, n)) || !append(l, a))
		goto out;

	/* only strings are looked at, and they are in the conf */
	r.base = a;
	valid = values_check(&r, *prevp ? has_own : NULL, raw) && *a->name &&
		*a->aor;
	valid = account_derive(l, raw, a, *prevp, group, valid);
	*prevp = a;

	return valid;

 out:
	mem_deref(a);
	say_no_memory(&l->y);

	return false;
}


static void check_required(struct load *l, const struct account_raw *raw,
			   config_setting_t *group)
{
	struct source *src = source_of(group);

	for (size_t i = 0; i < keys_account.keyc; i++) {
		const struct key *key = &keys_account.keyv[i];
		char *const *s;

		if (!(key->flags & KEY_REQUIRED))
			continue;

		s = key_string(key, (void *)raw);
		if (!**s && (!raw->setv[i] ||
			     config_setting_get_string(raw->setv[i])))
			say_error_at(&l->y, src->file,
				     config_setting_source_line(group),
				     "the account has no %s", key->name);
	}
}


static void check_count(struct load *l, const struct account_raw *raw,
			config_setting_t *group)
{
	const size_t room = CONFIG_ACCOUNTS_MAX - l->c->accountc;

	if (raw->count > 1 && *raw->conf.name &&
	    !strstr(raw->conf.name, NUMBER_MARK))
		say_error(&l->y, account_place(raw, "name", group),
			  "name: needs a %%d for the number, there are %u",
			  raw->count);

	if ((raw->count ? raw->count : 1) > room)
		say_error(&l->y, account_place(raw, "count", group),
			  "more than %u accounts", CONFIG_ACCOUNTS_MAX);

	if (!raw->count && raw->setv[key_index_of(&keys_account, "first")])
		say_warning(&l->y, account_place(raw, "first", group),
			    "first: has no effect without count");
}


void account_read(struct load *l, config_setting_t *group)
{
	struct account_conf *prev = NULL;
	struct account_raw *raw;
	unsigned errors;

	if (!config_setting_is_group(group)) {
		say_error(&l->y, group, "accounts: wants groups { }, not %s",
			  setting_kind(group));
		return;
	}

	raw = raw_copy(l->defaults);
	if (!raw) {
		say_no_memory(&l->y);
		return;
	}

	read_preset(l, raw, group);
	read_layer(l, raw, group);
	absolute_files(l, raw);
	check_required(l, raw, group);

	errors = l->y.errors;
	check_count(l, raw, group);
	if (l->y.errors != errors || l->y.no_memory)
		goto out;

	for (uint32_t i = 0; i < (raw->count ? raw->count : 1); i++) {
		if (!make(l, raw, raw->first + i, &prev, group))
			break;
	}

 out:
	mem_deref(raw);
}
