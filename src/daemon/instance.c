/* Who this installation is to its registrars: one URN, made once and kept. */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include "config_check.h"
#include "config_source.h"
#include "file.h"
#include "instance.h"
#include "log.h"


#define UUID_BYTES  16
#define UUID_TEXT   46           /* "urn:uuid:", 36 characters and a zero */


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


static int keep(const char *path, const char *urn)
{
	char line[UUID_TEXT + 1];

	(void)snprintf(line, sizeof(line), "%s\n", urn);

	return file_write(path, line);
}


int instance_id(char *buf, size_t size, const struct config *c)
{
	char path[FILE_PATH_SIZE], urn[UUID_TEXT];
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
		err = keep(path, urn);
		if (err)
			log_warning(NULL, "%s cannot be written (%s), the "
				    "instance id holds for this run only",
				    path, strerror(err));
	}

	return copy(buf, size, urn);
}
