/* A file that is only appended to, by whole pieces. */

#ifndef APPEND_H
#define APPEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>


struct append {
	int fd;                          /* -1: not open */
	uint64_t size;                   /* of the file, bytes */
};


/* Opens it, if it is not open; makes it (mode 0600) and its directory (0700) if
 * they are missing. What mkdir(2) and open(2) say; EINVAL: no regular file. */
int append_open(struct append *a, const char *path);
void append_close(struct append *a);

/* Not synced: that could block for long, and what a power failure takes is what
 * the kernel had not written yet, mostly half a minute. After an error the
 * piece is not there, or a torn part of it if even that cannot be helped, and
 * the file is closed. EFBIG: it would become larger than `max`. */
int append_piece(struct append *a, const void *buf, size_t len, uint64_t max);

/* Somebody has removed it under us: nothing of it is on the disk. */
bool append_is_gone(const struct append *a);

#endif
