/* Finding keys and words by name, also by a name that is nearly right, and
 * moving values to where their row says. */

#include <string.h>
#include <strings.h>
#include "config_key.h"


#define NEAR_MAX  2              /* edits between a key and its misspelling */
#define NEAR_SHORT 4             /* letters; below it, one edit is much */
#define NAME_MAX_LEN 32          /* letters of the longest key, and more */


const struct key *key_find(const struct keys *keys, const char *name,
			   size_t len)
{
	for (size_t i = 0; i < keys->keyc; i++) {
		const struct key *key = &keys->keyv[i];

		if (strlen(key->name) == len && !memcmp(key->name, name, len))
			return key;
	}

	return NULL;
}


size_t key_index(const struct keys *keys, const struct key *key)
{
	return (size_t)(key - keys->keyv);
}


size_t key_index_of(const struct keys *keys, const char *name)
{
	return key_index(keys, key_find(keys, name, strlen(name)));
}


bool key_group(const struct keys *keys, const char *name, size_t len)
{
	for (size_t i = 0; i < keys->keyc; i++) {
		const char *key = keys->keyv[i].name;

		if (!strncmp(key, name, len) && key[len] == '.')
			return true;
	}

	return false;
}


const char *key_tail(const struct key *key)
{
	const char *dot = strchr(key->name, '.');

	return dot ? dot + 1 : key->name;
}


static size_t min3(size_t a, size_t b, size_t c)
{
	size_t n = a < b ? a : b;

	return n < c ? n : c;
}


/* Edits (insert, delete, replace, swap two neighbours) from a to b. */
static size_t distance(const char *a, size_t alen, const char *b, size_t blen)
{
	size_t row[3][NAME_MAX_LEN + 1];
	size_t *before = row[0], *last = row[1], *now = row[2];

	if (alen > NAME_MAX_LEN || blen > NAME_MAX_LEN)
		return SIZE_MAX;

	for (size_t j = 0; j <= blen; j++)
		last[j] = j;

	for (size_t i = 1; i <= alen; i++) {
		size_t *spare = before;

		now[0] = i;
		for (size_t j = 1; j <= blen; j++) {
			bool same = a[i - 1] == b[j - 1];

			now[j] = min3(now[j - 1] + 1, last[j] + 1,
				      last[j - 1] + !same);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1] && before[j - 2] + 1 < now[j])
				now[j] = before[j - 2] + 1;
		}

		before = last;
		last = now;
		now = spare;
	}

	return last[blen];
}


/* Is `b` nearer to `a` than *best edits? */
static bool nearer(size_t *best, const char *a, size_t alen, const char *b,
		   size_t blen)
{
	size_t limit = blen < NEAR_SHORT ? 1 : NEAR_MAX;
	size_t d = distance(a, alen, b, blen);

	if (d > limit || d >= *best)
		return false;

	*best = d;

	return true;
}


const char *key_nearest(const struct keys *keys, const char *prefix,
			const char *name, size_t *lenp)
{
	const size_t skip = strlen(prefix), len = strlen(name);
	const char *found = NULL;
	size_t best = SIZE_MAX;

	for (size_t i = 0; i < keys->keyc; i++) {
		const char *tail = keys->keyv[i].name;

		if (strncmp(tail, prefix, skip))
			continue;

		tail += skip;
		if (nearer(&best, name, len, tail, strcspn(tail, "."))) {
			found = tail;
			*lenp = strcspn(tail, ".");
		}
	}

	return found;
}


const char *word_nearest(const struct word *wordv, const char *name)
{
	const char *found = NULL;
	size_t best = SIZE_MAX;

	for (; wordv->name; wordv++) {
		if (!strcasecmp(name, wordv->name))
			return wordv->name;

		if (nearer(&best, name, strlen(name), wordv->name,
			   strlen(wordv->name)))
			found = wordv->name;
	}

	return found;
}


const char *word_name(const struct word *wordv, int value)
{
	while (wordv->name && wordv->value != value)
		wordv++;

	return wordv->name ? wordv->name : "";
}


const struct word *word_find(const struct word *wordv, const char *name)
{
	for (; wordv->name; wordv++) {
		if (!strcmp(wordv->name, name))
			return wordv;
	}

	return NULL;
}


char **key_string(const struct key *key, void *base)
{
	return (char **)(void *)((char *)base + key->offset);
}


char ***key_strings(const struct key *key, void *base)
{
	return (char ***)(void *)((char *)base + key->offset);
}


size_t *key_stringc(const struct key *key, void *base)
{
	return (size_t *)(void *)((char *)base + key->count);
}


static uint32_t key_scale(const struct key *key)
{
	return key->scale ? key->scale : 1;
}


void key_store(const struct key *key, void *base, int64_t written)
{
	void *p = (char *)base + key->offset;
	const uint64_t n = (uint64_t)written * key_scale(key);
	const uint32_t n32 = (uint32_t)n;
	const uint8_t n8 = (uint8_t)n;

	switch (key->size) {
	case sizeof(n):
		memcpy(p, &n, sizeof(n));
		break;
	case sizeof(n32):
		memcpy(p, &n32, sizeof(n32));
		break;
	case sizeof(n8):
		memcpy(p, &n8, sizeof(n8));
		break;
	}
}


int64_t key_value(const struct key *key, const void *base)
{
	const void *p = (const char *)base + key->offset;
	uint64_t n = 0;
	uint32_t n32;
	uint8_t n8;

	switch (key->size) {
	case sizeof(n):
		memcpy(&n, p, sizeof(n));
		break;
	case sizeof(n32):
		memcpy(&n32, p, sizeof(n32));
		n = n32;
		break;
	case sizeof(n8):
		memcpy(&n8, p, sizeof(n8));
		n = n8;
		break;
	}

	return (int64_t)(n / key_scale(key));
}
