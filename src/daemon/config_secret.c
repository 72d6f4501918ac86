/* Secrets from files: one line, of a bounded size, never in a message. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "config_check.h"
#include "config_load.h"
#include "fnv.h"
#include "secret.h"


#define PATH_ROOM   4096         /* bytes of a path */
#define CREDENTIALS CONFIG_DIR "/credentials/"   /* of sipregd.service */


/* Ends the text after its line. What is wrong with it, or NULL. */
static const char *one_line(char *text, size_t len)
{
	if (memchr(text, '\0', len))
		return "has a zero byte";

	if (len && text[len - 1] == '\n')
		text[--len] = '\0';

	if (len && text[len - 1] == '\r')
		text[--len] = '\0';

	if (!len)
		return "is empty";

	if (strchr(text, '\n'))
		return "has more than one line";

	return check_string(text);
}


bool secret_read(struct load *l, char **dst, const char *key,
		 const char *path, config_setting_t *s)
{
	const char *wrong;
	char *text = NULL, *secret;
	size_t len = 0;
	struct stat st;
	mode_t mode = 0;
	bool ok = false;
	int err;

	/* opening a FIFO would wait for its writer */
	if (!stat(path, &st) && !S_ISREG(st.st_mode)) {
		say_error(&l->y, s, "%s: %s is not a file", key, path);
		return false;
	}

	err = source_read(&text, &len, &mode, path, CHECK_STRING_MAX + 2);
	if (err) {
		say_error(&l->y, s, "%s: %s cannot be read: %s", key, path,
			  strerror(err));
		return false;
	}

	wrong = one_line(text, len);
	if (wrong) {
		say_error(&l->y, s, "%s: %s %s", key, path, wrong);
		goto out;
	}

	if (source_exposed(path, mode))
		say_warning(&l->y, s, "%s: others can read %s (mode %04o), "
			    "chmod o-r it", key, path, (unsigned)mode & 07777);

	secret = secret_dup(text);
	if (!secret) {
		say_no_memory(&l->y);
		goto out;
	}

	(void)secret_deref(*dst);
	*dst = secret;
	ok = true;

 out:
	source_wipe(text, len);

	return ok;
}


/* Who is not the service looks where it is given them from, as far as he may:
 * see config_check(). */
static bool not_given(struct load *l, const char *name, config_setting_t *s)
{
	char path[PATH_ROOM];

	if (!l->check) {
		say_error(&l->y, s, "credential: \"%s\" cannot be read: "
			  "$CREDENTIALS_DIRECTORY is not set (it is by "
			  "LoadCredential= in a systemd unit)", name);
		return false;
	}

	(void)snprintf(path, sizeof(path), CREDENTIALS "%s", name);
	if (access(path, R_OK))
		say_warning(&l->y, s, "credential: whether the service has "
			    "\"%s\" cannot be seen here (%s: %s)", name, path,
			    strerror(errno));

	return true;
}


bool secret_credential(struct load *l, char **dst, const char *name,
		       config_setting_t *s)
{
	/* by LoadCredential=NAME, ImportCredential=sipregd.*, and
	 * LoadCredential=sipregd:DIRECTORY */
	static const char *const prefixv[] = {"", "sipregd.", "sipregd_"};
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	char path[PATH_ROOM];
	struct stat st;

	if (check_file_name(name))
		return false;    /* which was said */

	if (!dir || !*dir)
		return not_given(l, name, s);

	for (size_t i = 0; i < sizeof(prefixv) / sizeof(prefixv[0]); i++) {
		if (snprintf(path, sizeof(path), "%s/%s%s", dir, prefixv[i],
			     name) >= (int)sizeof(path)) {
			say_error(&l->y, s, "credential: the path is too "
				  "long");
			return false;
		}

		/* one that cannot be looked at is said to be unreadable */
		if (!stat(path, &st) || errno != ENOENT)
			return secret_read(l, dst, "credential", path, s);
	}

	say_error(&l->y, s, "credential: there is no \"%s\" in %s: put it into "
		  CREDENTIALS "%s and restart sipregd", name, dir, name);

	return false;
}


/* --- are they still the same? --- */

static bool mix_file(uint64_t *hashp, const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return false;

	*hashp = fnv(*hashp, &st.st_ino, sizeof(st.st_ino));
	*hashp = fnv(*hashp, &st.st_size, sizeof(st.st_size));
	*hashp = fnv(*hashp, &st.st_mtim, sizeof(st.st_mtim));

	return true;
}


int64_t account_conf_stamp(const struct config *c,
			   const struct account_conf *a)
{
	uint64_t hash = FNV_BASIS;

	if (*a->credential || !mix_file(&hash, c->file) ||
	    !mix_file(&hash, a->file) ||
	    (*a->password_file && !mix_file(&hash, a->password_file)))
		return 0;

	return (int64_t)(hash >> 1) | 1;
}
