/* A file as it was when it was read: has it been replaced since? */

#ifndef STAMP_H
#define STAMP_H

#include <sys/stat.h>
#include <time.h>
#include "compat.h"


struct stamp {
	char *path;              /* "": no file; NULL after stamp_changed() */
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec mtime;
};

/* Looks at a file that we are about to read; "" and NULL are no file, and no
 * error. ENOENT, EACCES and what else stat() and access() say. */
int stamp_take(struct stamp *s, const char *path);
void stamp_reset(struct stamp *s);

/* Same path and same content, as far as the file system tells. */
bool stamp_equal(const struct stamp *a, const struct stamp *b);

/* Looks again, at `path`: is it another file, gone, or there now? For a stamp
 * without a path of its own, zeroed at first. */
bool stamp_changed(struct stamp *s, const char *path);

#endif
