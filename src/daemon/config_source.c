/* One configuration file, read and parsed by libconfig.
 *
 * The file is read here and not by libconfig, whose scanner ends the process
 * when it cannot read (a directory will do), wraps numbers silently and stops
 * at a zero byte. */

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "config_scan.h"
#include "config_source.h"
#include "file.h"
#include "room.h"


#define READ_FIRST  4096         /* bytes, doubling */
#define TREE_BASE   262144       /* bytes that libconfig needs for anything */
#define TREE_PER_BYTE   64       /* and for one of text: 57 measured, for a list
				    of the smallest groups */


struct source *source_of(const config_setting_t *s)
{
	return (struct source *)(void *)((char *)s->config -
					 offsetof(struct source, cfg));
}


static int read_all(char **textp, size_t *lenp, int fd, size_t max)
{
	size_t size = READ_FIRST, len = 0;
	char *text = malloc(size), *more;
	ssize_t n;
	int err = 0;

	if (!text)
		return ENOMEM;

	for (;;) {
		n = read(fd, text + len, size - 1 - len);
		if (n < 0 && errno == EINTR)
			continue;

		if (n <= 0) {
			err = n < 0 ? errno : 0;
			break;
		}

		len += (size_t)n;
		if (len > max) {
			err = EFBIG;
			break;
		}

		if (len < size - 1)
			continue;

		/* not realloc(), which would leave secrets behind */
		more = malloc(size * 2);
		if (!more) {
			err = ENOMEM;
			break;
		}

		memcpy(more, text, len);
		source_wipe(text, len);
		text = more;
		size *= 2;
	}

	if (err) {
		source_wipe(text, len);
		return err;
	}

	text[len] = '\0';
	*textp = text;
	*lenp = len;

	return 0;
}


int source_read(char **textp, size_t *lenp, mode_t *modep, const char *file,
		size_t max)
{
	struct stat st;
	int fd, err;

	err = file_open(&fd, file, max);
	if (err)
		return err;

	if (fstat(fd, &st)) {
		err = errno;
		goto out;
	}

	*modep = st.st_mode;
	err = read_all(textp, lenp, fd, max);

 out:
	(void)close(fd);

	return err;
}


void source_wipe(char *text, size_t len)
{
	if (text)
		OPENSSL_cleanse(text, len);

	free(text);
}


/* Nobody gets past a directory without x. */
static bool others_pass(char *path)
{
	struct stat st;
	char *slash;

	while ((slash = strrchr(path, '/'))) {
		/* "/" itself has no name before its slash */
		slash[slash == path] = '\0';
		if (!stat(path, &st) && !(st.st_mode & S_IXOTH))
			return false;

		if (slash == path)
			break;
	}

	return true;
}


bool source_exposed(const char *file, mode_t mode)
{
	char *path;
	bool exposed;

	if (!(mode & S_IROTH))
		return false;

	path = realpath(file, NULL);
	exposed = !path || others_pass(path);
	free(path);

	return exposed;
}


static unsigned line_of(const char *text, const char *p)
{
	unsigned line = 1;

	for (; text < p; ++text)
		line += *text == '\n';

	return line;
}


static void destructor(void *arg)
{
	struct source *s = arg;

	list_unlink(&s->le);
	config_destroy(&s->cfg);
	mem_deref(s->file);
}


static int parse(struct source *s, struct sayer *y, char *text, size_t len)
{
	struct scanned scanned = {NULL};
	char *place = memchr(text, '\0', len);
	const char *wrong = "has a zero byte: this is no text file";
	unsigned line;

	if (!place) {
		place = text;
		wrong = scan_text(&scanned, &place);
	}
	line = line_of(text, place);

	/* libconfig does not survive a malloc() that fails */
	if (!wrong && !room_for(TREE_BASE + len * TREE_PER_BYTE))
		wrong = scan_no_memory;

	if (!wrong && !config_read_string(&s->cfg, text)) {
		wrong = config_error_text(&s->cfg);
		wrong = wrong ? wrong : "syntax error";
		line = (unsigned)config_error_line(&s->cfg);
	}

	if (wrong == scan_no_memory)
		say_no_memory(y);
	else if (wrong)
		say_error_at(y, s->file, line, "%s", wrong);
	else
		scanned_give(&scanned, &s->cfg);

	scanned_reset(&scanned);

	return wrong ? EBADMSG : 0;
}


int source_load(struct source **sp, struct sayer *y, const char *file)
{
	struct source *s;
	char *text = NULL;
	size_t len = 0;
	int err;

	s = mem_zalloc(sizeof(*s), destructor);
	if (!s) {
		say_no_memory(y);
		return ENOMEM;
	}

	config_init(&s->cfg);

	err = str_dup(&s->file, file);
	if (err) {
		say_no_memory(y);
		goto out;
	}

	err = source_read(&text, &len, &s->mode, file, SOURCE_MAX);
	if (err) {
		say_error_at(y, file, 0, "cannot be read: %s", strerror(err));
		goto out;
	}

	err = parse(s, y, text, len);

 out:
	source_wipe(text, len);
	if (err)
		mem_deref(s);
	else
		*sp = s;

	return err;
}
