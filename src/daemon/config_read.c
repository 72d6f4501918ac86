/* Settings to values: type, range and words of each key, by its row. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "config_scan.h"
#include "config_value.h"
#include "secret.h"


#define FULL_MAX  80             /* bytes of "group.key" */
#define LIST_TEXT 200            /* bytes of the allowed words */
#define SHOWN_MAX 40             /* bytes of a wrong word that are shown */

typedef void (read_h)(struct reader *r, const struct key *key,
		      config_setting_t *s);


const char *setting_kind(const config_setting_t *s)
{
	switch (config_setting_type(s)) {
	case CONFIG_TYPE_GROUP:
		return "a group { }";
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		return "a number";
	case CONFIG_TYPE_FLOAT:
		return "a number with a fraction";
	case CONFIG_TYPE_STRING:
		return "a string";
	case CONFIG_TYPE_BOOL:
		return "true or false";
	case CONFIG_TYPE_ARRAY:
		return "an array [ ]";
	case CONFIG_TYPE_LIST:
		return "a list ( )";
	default:
		return "nothing";
	}
}


static void wrong_type(struct reader *r, const struct key *key,
		       config_setting_t *s, const char *wanted)
{
	say_error(r->y, s, "%s: wants %s, not %s", key->name, wanted,
		  setting_kind(s));
}


/* Others can read a file with a secret in it: once for each file. */
static void check_mode(struct reader *r, const struct key *key,
		       config_setting_t *s)
{
	struct source *src = source_of(s);

	if (src->mode_told || !source_exposed(src->file, src->mode))
		return;

	src->mode_told = true;
	say_warning_at(r->y, src->file, config_setting_source_line(s),
		       "%s: others can read this file and the secret in it "
		       "(mode %04o), chmod o-r it", key->name,
		       (unsigned)src->mode & 07777);
}


static void read_string(struct reader *r, const struct key *key,
			config_setting_t *s)
{
	const char *text = config_setting_get_string(s);
	char *copy = setting_secret(s);

	if (!text) {
		wrong_type(r, key, s, "a string");
		return;
	}

	if (copy && *copy)
		check_mode(r, key, s);

	copy = copy ? secret_ref(copy) : value_dup(key, text);
	if (!copy) {
		say_no_memory(r->y);
		return;
	}

	value_set(key, key_string(key, r->base), copy);
}


static bool element_valid(struct reader *r, const struct key *key,
			  config_setting_t *e)
{
	const char *text = config_setting_get_string(e);

	if (!text) {
		wrong_type(r, key, e, "strings");
		return false;
	}

	if (!*text) {
		say_error(r->y, e, "%s: has an empty string", key->name);
		return false;
	}

	return true;
}


static void store_strings(struct reader *r, const struct key *key, char **v,
			  size_t n)
{
	char ***dst = key_strings(key, r->base);

	mem_deref(*dst);
	*dst = v;
	*key_stringc(key, r->base) = n;
}


/* [ "a", "b" ], ( "a", "b" ), or "a" alone; "" alone is none */
static void read_strings(struct reader *r, const struct key *key,
			 config_setting_t *s)
{
	const char *alone = config_setting_get_string(s);
	const bool group = config_setting_is_group(s);
	size_t n, c = 0;
	char **v;

	if (group || (!alone && !config_setting_is_aggregate(s))) {
		wrong_type(r, key, s, "strings [ \"...\" ]");
		return;
	}

	n = alone ? (*alone ? 1 : 0) : (size_t)config_setting_length(s);
	if ((int64_t)n > key->max) {
		say_error(r->y, s, "%s: has more than %" PRId64 " strings",
			  key->name, key->max);
		return;
	}

	v = value_vector(n);
	if (!v) {
		say_no_memory(r->y);
		return;
	}

	for (size_t i = 0; i < n; i++) {
		config_setting_t *e = alone ? s
			: config_setting_get_elem(s, (unsigned)i);

		if (!element_valid(r, key, e))
			continue;

		v[c] = value_dup(key, config_setting_get_string(e));
		if (!v[c]) {
			say_no_memory(r->y);
			break;
		}
		++c;
	}

	store_strings(r, key, v, c);
}


static void wrong_number(struct reader *r, const struct key *key,
			 config_setting_t *s, const char *what)
{
	say_error(r->y, s, "%s: %s (allowed: %s%" PRId64 " to %" PRId64 ")",
		  key->name, what, key->zero ? "0, or " : "", key->min,
		  key->max);
}


static void read_number(struct reader *r, const struct key *key,
			config_setting_t *s)
{
	char what[64];
	int64_t n;

	switch (config_setting_type(s)) {
	case CONFIG_TYPE_INT:
		n = config_setting_get_int(s);
		break;
	case CONFIG_TYPE_INT64:
		n = config_setting_get_int64(s);
		break;
	case CONFIG_TYPE_FLOAT:
		if (config_setting_get_float(s) >= SOURCE_HUGE) {
			wrong_number(r, key, s, "the number does not fit");
			return;
		}
		/* fall through */
	default:
		wrong_type(r, key, s, "a whole number");
		return;
	}

	if ((n < key->min || n > key->max) && !(key->zero && n == 0)) {
		(void)snprintf(what, sizeof(what),
			       "%" PRId64 " is out of range", n);
		wrong_number(r, key, s, what);
		return;
	}

	key_store(key, r->base, n);
}


static void read_bool(struct reader *r, const struct key *key,
		      config_setting_t *s)
{
	if (config_setting_type(s) != CONFIG_TYPE_BOOL) {
		wrong_type(r, key, s, "true or false");
		return;
	}

	key_store(key, r->base, config_setting_get_bool(s) ? 1 : 0);
}


/* "auto, udp, tcp or tls" */
static const char *words_print(char *buf, size_t size, const struct word *w)
{
	size_t len = 0;

	buf[0] = '\0';
	for (const struct word *p = w; p->name && len < size; ++p) {
		const char *comma = p == w ? "" : p[1].name ? ", " : " or ";

		len += (size_t)snprintf(buf + len, size - len, "%s\"%s\"",
					comma, p->name);
	}

	return buf;
}


/* The beginning of what was written, harmless on a terminal. */
static const char *shown(char *buf, size_t size, const char *text)
{
	size_t i;

	for (i = 0; text[i] && i < size - 1; i++) {
		const unsigned char c = (unsigned char)text[i];

		buf[i] = c < 0x20 || c > 0x7e ? '?' : text[i];
	}
	buf[i] = '\0';

	return buf;
}


static void no_effect(struct reader *r, const struct key *key,
		      config_setting_t *s, const char *value)
{
	bool *told = &r->toldv[key_index(r->keys, key)];

	if (*told)
		return;

	*told = true;
	say_warning(r->y, s, "%s%s%s%s: this version accepts it but does not "
		    "act on it yet", key->name, value ? " = \"" : "",
		    value ? value : "", value ? "\"" : "");
}


static void read_word(struct reader *r, const struct key *key,
		      config_setting_t *s)
{
	const char *text = config_setting_get_string(s), *near;
	char words[LIST_TEXT], show[SHOWN_MAX];
	const struct word *word;

	(void)words_print(words, sizeof(words), key->wordv);
	if (!text) {
		say_error(r->y, s, "%s: wants %s, not %s", key->name, words,
			  setting_kind(s));
		return;
	}

	word = word_find(key->wordv, text);
	if (!word) {
		near = word_nearest(key->wordv, text);
		say_error(r->y, s, "%s: \"%s\" is not %s%s%s%s", key->name,
			  shown(show, sizeof(show), text), words,
			  near ? "; did you mean \"" : "", near ? near : "",
			  near ? "\"?" : "");
		return;
	}

	if (word->later)
		no_effect(r, key, s, word->name);

	key_store(key, r->base, word->value);
}


static void read_section(struct reader *r, const struct key *key,
			 config_setting_t *s)
{
	(void)r;
	(void)key;
	(void)s;
}


static read_h *const readv[KEY_TYPES] = {
	[KEY_STRING] = read_string,
	[KEY_STRINGS] = read_strings,
	[KEY_NUMBER] = read_number,
	[KEY_BOOL] = read_bool,
	[KEY_WORD] = read_word,
	[KEY_SECTION] = read_section,
};


/* Empty, which is what happens without it? */
static bool idle(const struct reader *r, const struct key *key)
{
	switch (key->type) {
	case KEY_STRING:
		return !*key_string(key, r->base) ||
		       !**key_string(key, r->base);
	case KEY_STRINGS:
		return !*key_stringc(key, r->base);
	case KEY_NUMBER:
	case KEY_BOOL:
	case KEY_WORD:
		return false;
	case KEY_SECTION:
		break;
	}

	return true;
}


static void read_key(struct reader *r, const struct key *key,
		     config_setting_t *s)
{
	r->setv[key_index(r->keys, key)] = s;
	readv[key->type](r, key, s);

	if (key->flags & KEY_LATER && !idle(r, key))
		no_effect(r, key, s, NULL);
}


/* Said of a key that is nowhere in the table: where it may belong. */
static void unknown_key(struct reader *r, const char *prefix,
			config_setting_t *s)
{
	const char *name = config_setting_name(s), *near;
	char full[FULL_MAX];
	size_t len = 0;

	(void)snprintf(full, sizeof(full), "%s%s", prefix, name);

	near = key_nearest(r->keys, prefix, name, &len);
	if (near) {
		say_error(r->y, s, "unknown key \"%s\", did you mean "
			  "\"%s%.*s\"?", full, prefix, (int)len, near);
	}
	else if (r->keys != &keys_account &&
		 (key_find(&keys_account, full, strlen(full)) ||
		  key_group(&keys_account, full, strlen(full)))) {
		say_error(r->y, s, "\"%s\" belongs in an account (or in "
			  "defaults), not in %s", full, r->keys->what);
	}
	else if (r->keys != &keys_global &&
		 (key_find(&keys_global, full, strlen(full)) ||
		  key_group(&keys_global, full, strlen(full)))) {
		say_error(r->y, s, "\"%s\" belongs at the top of the main "
			  "file, not in %s", full, r->keys->what);
	}
	else {
		say_error(r->y, s, "unknown key \"%s\"", full);
	}
}


static void read_members(struct reader *r, config_setting_t *group,
			 const char *prefix)
{
	const int n = config_setting_length(group);

	for (int i = 0; i < n; i++) {
		config_setting_t *s = config_setting_get_elem(group,
							      (unsigned)i);
		const struct key *key;
		char full[FULL_MAX];
		int len;

		len = snprintf(full, sizeof(full) - 1, "%s%s", prefix,
			       config_setting_name(s));
		if (len >= (int)sizeof(full) - 1) {
			say_error(r->y, s, "unknown key");
			continue;
		}

		key = key_find(r->keys, full, (size_t)len);
		if (key) {
			read_key(r, key, s);
		}
		else if (!key_group(r->keys, full, (size_t)len)) {
			unknown_key(r, prefix, s);
		}
		else if (!config_setting_is_group(s)) {
			say_error(r->y, s, "%s: wants a group { }, not %s",
				  full, setting_kind(s));
		}
		else {
			full[len] = '.';
			full[len + 1] = '\0';
			read_members(r, s, full);
		}
	}
}


void values_read(struct reader *r, config_setting_t *group)
{
	read_members(r, group, "");
}
