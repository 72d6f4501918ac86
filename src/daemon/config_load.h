/* What the parts of the loader share while a configuration is read. */

#ifndef CONFIG_LOAD_H
#define CONFIG_LOAD_H

#include "config_key.h"
#include "config_source.h"
#include "config_value.h"


struct load {
	struct sayer y;
	struct config *c;
	char *dir;               /* of the main file, absolute */
	const char *presets;     /* where they were installed */
	bool check;              /* config_check() */
	struct list sourcel;     /* struct source: all are needed to the end */
	struct list presetl;
	struct account_raw *defaults;
	size_t accounts_size;    /* room in c->accountv */
	struct trust *trust;     /* the last parsed, NULL: none. Whoever */
	struct tls_ctx *tls;     /* names the same files shares them */
	bool told_mask;          /* a password is what config_print() shows */
	bool told_account[ACCOUNT_KEYS_MAX];
	bool told_global[GLOBAL_KEYS_MAX];
};


/* --- config_account.c: from groups of settings to accounts --- */

/* Built-in defaults, and over them `group` (NULL: there is none). ENOMEM */
int defaults_read(struct load *l, config_setting_t *group);

/* One element of `accounts`; becomes `count` of them. */
void account_read(struct load *l, config_setting_t *group);


/* --- config_hook.c --- */

/* The whole of `hooks`; NULL: there is none. */
void hooks_read(struct load *l, config_setting_t *list);

/* All accounts are known: hooks that are for none of them are warned of. */
void hooks_check(struct load *l);

void hooks_free(struct config *c);


/* --- config_preset.c --- */

/* The file of that name, NULL: none that can be used, which was said (about
 * `s` if there is none). It lives as long as l->sourcel. */
struct source *preset_source(struct load *l, const char *name,
			     config_setting_t *s);


/* --- config_number.c --- */

#define NUMBER_MARK "%d"         /* is replaced by the account's number */

/* Does a string of this row have it? */
bool number_mark(const struct key *key, void *base);

/* Replaces it everywhere. False: no memory. */
bool number_all(struct account_conf *a, uint32_t n);


/* --- config_derive.c: what follows from an account's values --- */

/* Where in `group` the key was written, else the group itself. */
config_setting_t *account_place(const struct account_raw *raw,
				const char *key, config_setting_t *group);

/* Fills in what is computed, reads the secrets and compares the keys with
 * each other. `prev`: the account made before from the same group, or NULL;
 * what is the same is shared with it. `valid`: its strings are, else only the
 * rest of its mistakes is looked for. False: an error was said, or !valid. */
bool account_derive(struct load *l, const struct account_raw *raw,
		    struct account_conf *a, const struct account_conf *prev,
		    config_setting_t *group, bool valid);

/* --- config_secret.c --- */

/* One line of a file into *dst. False: an error was said, about `s`. */
bool secret_read(struct load *l, char **dst, const char *key,
		 const char *path, config_setting_t *s);

/* The same of systemd's credential `name`. */
bool secret_credential(struct load *l, char **dst, const char *name,
		       config_setting_t *s);

#endif
