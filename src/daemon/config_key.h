/* The keys of the configuration, one row each: name, type, range, default,
 * where the value goes, and whether this version acts on it. */

#ifndef CONFIG_KEY_H
#define CONFIG_KEY_H

#include <libconfig.h>
#include "config.h"


enum key_type {
	KEY_STRING,
	KEY_STRINGS,             /* [ ], ( ) or one string */
	KEY_NUMBER,
	KEY_BOOL,
	KEY_WORD,                /* one of a list of words */
	KEY_SECTION,             /* known here, read elsewhere */
};
#define KEY_TYPES (KEY_SECTION + 1)

enum {
	KEY_REQUIRED = 1 << 0,
	KEY_SECRET   = 1 << 1,   /* shown to nobody, wiped when freed */
	KEY_SOURCE   = 1 << 2,   /* of the password: only one of these */
	KEY_FILE     = 1 << 3,   /* relative to the main file's directory */
	KEY_INPUT    = 1 << 4,   /* used up while loading, never printed */
	KEY_LATER    = 1 << 5,   /* this version does not act on it */
	KEY_MASK     = 1 << 6,   /* shown as mask_copy() has it */
};

struct word {
	const char *name;        /* NULL: end of the list */
	int value;
	bool later;              /* this version does not act on it */
};

/* What is wrong with a value, in words that do not quote it; NULL: nothing. */
typedef const char *(key_check_h)(const char *value);

struct key {
	const char *name;        /* "key" or "group.key" */
	enum key_type type;
	size_t offset;           /* of the value in the struct */
	size_t size;             /* NUMBER, WORD: of the value [bytes] */
	size_t count;            /* STRINGS: offset of their number */
	const char *text;        /* STRING: default; NULL: "" */
	int64_t def;             /* others: default, as one would write it */
	int64_t min, max;        /* NUMBER: range; STRINGS: at most `max` */
	bool zero;               /* NUMBER: 0 too */
	uint32_t scale;          /* NUMBER: stored for each 1 written; 0: 1 */
	const struct word *wordv;
	key_check_h *check;      /* STRING, each of STRINGS; "" is not asked */
	unsigned flags;
};

struct keys {
	const char *what;        /* "an account", for messages */
	const struct key *keyv;
	size_t keyc;
};

#define CONFIG_MASK "****"       /* what is printed of secrets */
#define ACCOUNT_KEYS_MAX 64
#define GLOBAL_KEYS_MAX  32
#define HOOK_KEYS_MAX    8

/* An account while it is read: values merged, `%d` not yet replaced. */
struct account_raw {
	struct account_conf conf;        /* first: its offsets hold here too */
	uint32_t count;                  /* 0: not given */
	uint32_t first;
	/* where each value was written last, NULL: nowhere */
	config_setting_t *setv[ACCOUNT_KEYS_MAX];
};

extern const struct keys keys_account;   /* into struct account_raw */
extern const struct keys keys_global;    /* into struct config */
extern const struct keys keys_included;  /* of a file in include_dir */
extern const struct keys keys_hook;      /* into struct hook_conf */


/* By name of `len` characters; NULL: none. */
const struct key *key_find(const struct keys *keys, const char *name,
			   size_t len);
size_t key_index(const struct keys *keys, const struct key *key);
size_t key_index_of(const struct keys *keys, const char *name);

/* Is there a key "name.something"? */
bool key_group(const struct keys *keys, const char *name, size_t len);

/* Its name inside its group. */
const char *key_tail(const struct key *key);

/* The known key or group nearest to "prefix" + `name`, at most two edits
 * away: its length in *lenp, or NULL. */
const char *key_nearest(const struct keys *keys, const char *prefix,
			const char *name, size_t *lenp);
const char *word_nearest(const struct word *wordv, const char *name);

const char *word_name(const struct word *wordv, int value);
const struct word *word_find(const struct word *wordv, const char *name);

/* Access to values by row. `base` is the struct that the offsets are of. */
char **key_string(const struct key *key, void *base);
char ***key_strings(const struct key *key, void *base);
size_t *key_stringc(const struct key *key, void *base);
void key_store(const struct key *key, void *base, int64_t written);
int64_t key_value(const struct key *key, const void *base);  /* as written */

#endif
