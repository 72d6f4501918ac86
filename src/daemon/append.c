/* A file that is only appended to, by whole pieces. */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "append.h"
#include "file.h"


/* Regular, and nobody else's affair. */
static int look(struct append *a, int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return errno;

	if (!S_ISREG(st.st_mode))
		return EINVAL;

	if ((st.st_mode & 07777) != FILE_MODE && fchmod(fd, FILE_MODE))
		return errno;

	a->size = (uint64_t)st.st_size;

	return 0;
}


int append_open(struct append *a, const char *path)
{
	int fd, err;

	if (a->fd >= 0)
		return 0;

	err = file_directory(path);
	if (err)
		return err;

	/* without blocking: it could be a pipe that nobody reads from */
	fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK,
		  FILE_MODE);
	if (fd < 0)
		return errno;

	err = look(a, fd);
	if (err)
		(void)close(fd);
	else
		a->fd = fd;

	return err;
}


void append_close(struct append *a)
{
	if (a->fd >= 0)
		(void)close(a->fd);

	a->fd = -1;
}


int append_piece(struct append *a, const void *buf, size_t len, uint64_t max)
{
	int err;

	if (len > max || a->size > max - len)
		return EFBIG;

	err = file_put(a->fd, buf, len);
	if (err) {
		if (ftruncate(a->fd, (off_t)a->size))
			a->size += len;  /* unknown; opened again it is known */
		append_close(a);
		return err;
	}

	a->size += len;

	return 0;
}


bool append_is_gone(const struct append *a)
{
	struct stat st;

	return a->fd >= 0 && !fstat(a->fd, &st) && !st.st_nlink;
}
