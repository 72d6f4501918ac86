/* Presets: files with keys of an account, found by name.
 *
 * First in PRESETS_OWN beside the main file, where the administrator keeps
 * some, then where they were installed. */

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "config_check.h"
#include "config_load.h"


#define PRESETS_OWN "presets"    /* directory beside the main file */
#define SUFFIX      ".conf"
#define PATH_ROOM   4096         /* bytes of a path */
#define NAMES_TEXT  500          /* bytes of the names in a message */

struct preset {
	struct le le;
	char *name;
	struct source *source;           /* NULL: cannot be loaded */
};

/* The names that there are, as words; NULL ends them. */
struct names {
	struct word *wordv;
	size_t wordc;
};


static void preset_handler(void *arg)
{
	struct preset *p = arg;

	list_unlink(&p->le);
	mem_deref(p->name);
}


static void names_handler(void *arg)
{
	struct names *n = arg;

	for (size_t i = 0; i < n->wordc; i++)
		mem_deref((void *)n->wordv[i].name);

	mem_deref(n->wordv);
}


/* In both directories by that name: once. */
static int names_add(struct names *n, const char *file, size_t len)
{
	struct word *v;
	char *name;
	int err;

	err = re_sdprintf(&name, "%b", file, len);
	if (err)
		return err;

	if (check_preset(name) || (n->wordc && word_find(n->wordv, name)))
		goto out;

	v = mem_zalloc((n->wordc + 2) * sizeof(*v), NULL);
	if (!v) {
		err = ENOMEM;
		goto out;
	}

	if (n->wordc)
		memcpy(v, n->wordv, n->wordc * sizeof(*v));
	v[n->wordc++].name = mem_ref(name);
	mem_deref(n->wordv);
	n->wordv = v;

 out:
	mem_deref(name);

	return err;
}


/* A directory that cannot be read has none: what can be read is only shown. */
static int names_of(struct names *n, const char *dir)
{
	const size_t tail = strlen(SUFFIX);
	const struct dirent *d;
	DIR *handle;
	int err = 0;

	handle = opendir(dir);
	if (!handle)
		return errno == ENOMEM ? ENOMEM : 0;

	while (!err && (d = readdir(handle)) != NULL) {
		const size_t len = strlen(d->d_name);

		if (len > tail && !strcmp(d->d_name + len - tail, SUFFIX))
			err = names_add(n, d->d_name, len - tail);
	}

	(void)closedir(handle);

	return err;
}


static int by_name(const void *a, const void *b)
{
	const struct word *x = a, *y = b;

	return strcmp(x->name, y->name);
}


static int names_read(struct names **np, const struct load *l, const char *own)
{
	struct names *n;
	int err;

	n = mem_zalloc(sizeof(*n), names_handler);
	if (!n)
		return ENOMEM;

	err = names_of(n, own);
	if (!err)
		err = names_of(n, l->presets);

	if (err) {
		mem_deref(n);
		return err;
	}

	if (n->wordc)
		qsort(n->wordv, n->wordc, sizeof(*n->wordv), by_name);
	*np = n;

	return 0;
}


/* "a, b and c", as far as there is room. */
static const char *names_text(char *buf, size_t size, const struct names *n)
{
	size_t len = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < n->wordc; i++) {
		const char *comma = !i ? "" : i + 1 < n->wordc ? ", " : " and ";
		const char *name = n->wordv[i].name;

		if (len + strlen(comma) + strlen(name) + strlen(", ...") >=
		    size) {
			(void)snprintf(buf + len, size - len, "%s",
				       len ? ", ..." : "...");
			break;
		}

		len += (size_t)snprintf(buf + len, size - len, "%s%s", comma,
					name);
	}

	return buf;
}


/* Which there are, and which one was meant. */
static void say_absent(struct load *l, const char *name, const char *own,
		       config_setting_t *s)
{
	char text[NAMES_TEXT];
	struct names *n;
	const char *near;

	if (names_read(&n, l, own)) {
		say_no_memory(&l->y);
		return;
	}

	near = n->wordc ? word_nearest(n->wordv, name) : NULL;
	say_error(&l->y, s, "preset: there is no \"%s\" in %s or %s, "
		  "%s%s%s%s%s", name, own, l->presets,
		  n->wordc ? "only " : "nor any other",
		  names_text(text, sizeof(text), n),
		  near ? "; did you mean \"" : "", near ? near : "",
		  near ? "\"?" : "");

	mem_deref(n);
}


/* One that is there and cannot be read is an error, and hides no other. */
static bool file_in(char *path, size_t size, const char *dir, const char *name)
{
	const int n = snprintf(path, size, "%s/%s" SUFFIX, dir, name);

	return n < (int)size &&
	       (!access(path, F_OK) || (errno != ENOENT && errno != ENOTDIR));
}


static void load_file(struct load *l, struct preset *p, const char *path)
{
	config_setting_t *s;

	if (source_load(&p->source, &l->y, path))
		return;

	list_append(&l->sourcel, &p->source->le, p->source);
	s = config_setting_get_member(config_root_setting(&p->source->cfg),
				      "preset");
	if (s)
		say_error(&l->y, s, "preset: a preset cannot have one itself");
}


static struct preset *preset_load(struct load *l, const char *name,
				  config_setting_t *s)
{
	char path[PATH_ROOM], own[PATH_ROOM];
	struct preset *p;

	p = mem_zalloc(sizeof(*p), preset_handler);
	if (!p || str_dup(&p->name, name)) {
		mem_deref(p);
		say_no_memory(&l->y);
		return NULL;
	}

	list_append(&l->presetl, &p->le, p);
	(void)snprintf(own, sizeof(own), "%s/" PRESETS_OWN, l->dir);

	if (file_in(path, sizeof(path), own, name) ||
	    file_in(path, sizeof(path), l->presets, name))
		load_file(l, p, path);
	else
		say_absent(l, name, own, s);

	return p;
}


struct source *preset_source(struct load *l, const char *name,
			     config_setting_t *s)
{
	struct preset *p;
	struct le *le;

	LIST_FOREACH(&l->presetl, le) {
		p = le->data;

		if (!strcmp(p->name, name))
			return p->source;
	}

	p = preset_load(l, name, s);

	return p ? p->source : NULL;
}
