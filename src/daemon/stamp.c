/* A file as it was when it was read: has it been replaced since? */

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "stamp.h"


static int look(struct stamp *s, const char *path)
{
	struct stat st;

	memset(s, 0, sizeof(*s));

	if (stat(path, &st))
		return errno;

	s->dev = st.st_dev;
	s->ino = st.st_ino;
	s->size = st.st_size;
	s->mtime = st.st_mtim;

	return 0;
}


int stamp_take(struct stamp *s, const char *path)
{
	int err;

	memset(s, 0, sizeof(*s));

	if (path && path[0]) {
		err = look(s, path);
		if (err)
			return err;
		if (access(path, R_OK))
			return errno;
	}

	return str_dup(&s->path, path ? path : "");
}


void stamp_reset(struct stamp *s)
{
	s->path = mem_deref(s->path);
}


static bool same_file(const struct stamp *a, const struct stamp *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
		a->mtime.tv_sec == b->mtime.tv_sec &&
		a->mtime.tv_nsec == b->mtime.tv_nsec;
}


bool stamp_equal(const struct stamp *a, const struct stamp *b)
{
	return !strcmp(a->path, b->path) && same_file(a, b);
}


bool stamp_changed(struct stamp *s, const char *path)
{
	struct stamp now;
	bool changed;

	(void)look(&now, path);  /* all zero if it is not there */
	changed = !same_file(&now, s);
	*s = now;

	return changed;
}
