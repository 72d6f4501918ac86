/* The hooks of a configuration: who is told of what. */

#include <errno.h>
#include <fnmatch.h>
#include <string.h>
#include <unistd.h>
#include "config_load.h"
#include "hook.h"

#define HOOKS_MAX 16


static void hook_destructor(void *arg)
{
	struct hook_conf *h = arg;

	values_deref(&keys_hook, h);
	mem_deref(h->file);
}


void hooks_free(struct config *c)
{
	for (size_t i = 0; i < c->hookc; i++)
		mem_deref(c->hookv[i]);

	mem_deref(c->hookv);
}


static uint32_t bit_of(const char *word)
{
	const char *name;
	unsigned i;

	for (i = 0; (name = hook_word(i)); i++) {
		if (!strcmp(name, word))
			return 1u << i;
	}

	return 0;
}


static void check_program(struct load *l, const struct hook_conf *h,
			  config_setting_t *s)
{
	if (*h->execv[0] != '/')
		say_error(&l->y, s, "exec: \"%s\" is not an absolute path",
			  h->execv[0]);
	else if (access(h->execv[0], X_OK))
		say_warning(&l->y, s, "exec: %s cannot be run: %s",
			    h->execv[0], strerror(errno));
}


static void check_hook(struct load *l, struct hook_conf *h,
		       config_setting_t **setv, config_setting_t *group)
{
	for (size_t i = 0; i < keys_hook.keyc; i++) {
		const struct key *key = &keys_hook.keyv[i];

		if (key->flags & KEY_REQUIRED && !*key_stringc(key, h))
			say_error(&l->y, setv[i] ? setv[i] : group,
				  "%s is missing: a hook has on = [ \"...\" ] "
				  "and exec = [ \"/...\" ]", key->name);
	}

	for (size_t i = 0; i < h->onc; i++)
		h->on |= bit_of(h->onv[i]);

	if (h->execc)
		check_program(l, h, setv[key_index_of(&keys_hook, "exec")]);
}


static int hook_read(struct load *l, struct hook_conf **hp,
		     config_setting_t *group)
{
	config_setting_t *setv[HOOK_KEYS_MAX] = {NULL};
	bool toldv[HOOK_KEYS_MAX] = {false};
	struct reader r = {&l->y, &keys_hook, NULL, setv, toldv};
	struct hook_conf *h;

	h = mem_zalloc(sizeof(*h), hook_destructor);
	if (!h)
		return ENOMEM;

	*hp = r.base = h;
	h->line = config_setting_source_line(group);
	if (str_dup(&h->file, source_of(group)->file) ||
	    values_init(&keys_hook, h))
		return ENOMEM;

	values_read(&r, group);
	(void)values_check(&r, NULL, NULL);
	check_hook(l, h, setv, group);

	return l->y.no_memory ? ENOMEM : 0;
}


void hooks_read(struct load *l, config_setting_t *list)
{
	struct config *c = l->c;
	int n;

	if (!list)
		return;

	if (!config_setting_is_list(list)) {
		say_error(&l->y, list, "hooks: wants a list ( { ... } ), not "
			  "%s", setting_kind(list));
		return;
	}

	n = config_setting_length(list);
	if (n > HOOKS_MAX) {
		say_error(&l->y, list, "hooks: are more than %d", HOOKS_MAX);
		return;
	}

	c->hookv = mem_zalloc(((size_t)n + 1) * sizeof(*c->hookv), NULL);
	if (!c->hookv)
		say_no_memory(&l->y);

	for (int i = 0; i < n && !l->y.no_memory; i++) {
		config_setting_t *s = config_setting_get_elem(list,
							      (unsigned)i);

		if (!config_setting_is_group(s)) {
			say_error(&l->y, s, "hooks: wants groups { }, not %s",
				  setting_kind(s));
			continue;
		}

		if (hook_read(l, &c->hookv[c->hookc], s))
			say_no_memory(&l->y);
		if (c->hookv[c->hookc])
			++c->hookc;
	}
}


static bool matches_any(const struct config *c, const char *pattern)
{
	for (size_t i = 0; i < c->accountc; i++) {
		if (!fnmatch(pattern, c->accountv[i]->name, 0))
			return true;
	}

	return false;
}


void hooks_check(struct load *l)
{
	const struct config *c = l->c;

	for (size_t i = 0; i < c->hookc; i++) {
		const struct hook_conf *h = c->hookv[i];

		for (size_t j = 0; j < h->accountc; j++) {
			if (!matches_any(c, h->accountv[j]))
				say_warning_at(&l->y, h->file, h->line,
					       "accounts: there is none that "
					       "is called \"%s\"",
					       h->accountv[j]);
		}
	}
}


bool hook_conf_wants(const struct hook_conf *h, const char *account)
{
	for (size_t i = 0; i < h->accountc; i++) {
		if (!fnmatch(h->accountv[i], account, 0))
			return true;
	}

	return !h->accountc;
}
