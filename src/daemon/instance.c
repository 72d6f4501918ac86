/* Who this installation is to its registrars: one URN, made once and kept. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>
#include "config_check.h"
#include "config_source.h"
#include "instance.h"
#include "log.h"


#define PATH_ROOM   4096         /* bytes of a path */
#define UUID_BYTES  16
#define UUID_TEXT   46           /* "urn:uuid:", 36 characters and a zero */
#define DIR_MODE    0700
#define FILE_MODE   0600


static int copy(char *buf, size_t size, const char *urn)
{
	if (strlen(urn) >= size)
		return EINVAL;

	memcpy(buf, urn, strlen(urn) + 1);

	return 0;
}


static int make(char *urn, size_t size)
{
	uint8_t b[UUID_BYTES];

	if (getrandom(b, sizeof(b), 0) != (ssize_t)sizeof(b))
		return errno ? errno : EIO;

	/* version 4, variant 1 (RFC 4122 §4.4) */
	b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
	b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);

	(void)snprintf(urn, size, "urn:uuid:%02x%02x%02x%02x-%02x%02x-"
		       "%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
		       b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8],
		       b[9], b[10], b[11], b[12], b[13], b[14], b[15]);

	return 0;
}


/* ENOENT: there is none yet; EBADMSG: there is something else. */
static int read_kept(char *buf, size_t size, const char *path)
{
	char *text = NULL;
	size_t len = 0;
	mode_t mode;
	int err;

	err = source_read(&text, &len, &mode, path, INSTANCE_MAX);
	if (err)
		return err == EFBIG ? EBADMSG : err;

	if (len && text[len - 1] == '\n')
		text[--len] = '\0';

	if (strlen(text) != len || check_string(text) || check_urn(text))
		err = EBADMSG;
	else
		err = copy(buf, size, text);

	source_wipe(text, len);

	return err;
}


static int write_all(int fd, const char *text)
{
	size_t len = strlen(text);
	ssize_t n;

	while (len) {
		n = write(fd, text, len);
		if (n < 0 && errno != EINTR)
			return errno;

		if (n > 0) {
			text += n;
			len -= (size_t)n;
		}
	}

	return fsync(fd) ? errno : 0;
}


/* The directory's entry too has to reach the disk. */
static void sync_dir(const char *dir)
{
	const int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return;

	(void)fsync(fd);
	(void)close(fd);
}


/* Whole or not at all. */
static int keep(const char *dir, const char *path, const char *urn)
{
	char tmp[PATH_ROOM + 8], line[UUID_TEXT + 1];
	int fd, err;

	(void)snprintf(tmp, sizeof(tmp), "%s.new", path);
	(void)snprintf(line, sizeof(line), "%s\n", urn);

	if (mkdir(dir, DIR_MODE) && errno != EEXIST)
		return errno;

	(void)unlink(tmp);
	fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
	if (fd < 0)
		return errno;

	err = write_all(fd, line);
	if (close(fd) && !err)
		err = errno;

	if (!err && rename(tmp, path))
		err = errno;

	if (err)
		(void)unlink(tmp);
	else
		sync_dir(dir);

	return err;
}


int instance_id(char *buf, size_t size, const struct config *c)
{
	char path[PATH_ROOM], urn[UUID_TEXT];
	int err, kept;

	if (*c->instance_id)
		return copy(buf, size, c->instance_id);

	if (snprintf(path, sizeof(path), "%s/" INSTANCE_FILE, c->state_dir) >=
	    (int)sizeof(path))
		return EINVAL;

	kept = read_kept(buf, size, path);
	if (!kept || kept == EINVAL)
		return kept;

	if (kept == EBADMSG)
		log_warning(NULL, "%s holds no instance id, making a new one; "
			    "registrars will take this for another device",
			    path);
	else if (kept != ENOENT)
		log_warning(NULL, "%s cannot be read (%s), using a new "
			    "instance id in this run", path, strerror(kept));

	err = make(urn, sizeof(urn));
	if (err)
		return err;

	/* what cannot be read may still be good: it is left alone */
	if (kept == ENOENT || kept == EBADMSG) {
		err = keep(c->state_dir, path, urn);
		if (err)
			log_warning(NULL, "%s cannot be written (%s), the "
				    "instance id holds for this run only",
				    path, strerror(err));
	}

	return copy(buf, size, urn);
}
