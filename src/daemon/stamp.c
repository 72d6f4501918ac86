/* A file as it was when it was read: has it been replaced since? */

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "stamp.h"


int stamp_take(struct stamp *s, const char *path)
{
	struct stat st;

	memset(s, 0, sizeof(*s));

	if (path && path[0]) {
		if (stat(path, &st))
			return errno;
		if (access(path, R_OK))
			return errno;

		s->dev = st.st_dev;
		s->ino = st.st_ino;
		s->size = st.st_size;
		s->mtime = st.st_mtim;
	}

	return str_dup(&s->path, path ? path : "");
}


void stamp_reset(struct stamp *s)
{
	s->path = mem_deref(s->path);
}


bool stamp_equal(const struct stamp *a, const struct stamp *b)
{
	return !strcmp(a->path, b->path) && a->dev == b->dev &&
		a->ino == b->ino && a->size == b->size &&
		a->mtime.tv_sec == b->mtime.tv_sec &&
		a->mtime.tv_nsec == b->mtime.tv_nsec;
}
