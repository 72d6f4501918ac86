/* The file of handed lines: in memory, without a name, and read only once it is
 * whole. */

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "file.h"
#include "handed.h"
#include "log.h"
#include "memfile.h"


#define SLICE 65536              /* bytes written or read at once */
_Static_assert(SLICE > HANDED_LINE_MAX, "a slice holds a line and its newline");


/* --- writing --- */

int handed_file_begin(struct handed_file *f)
{
	int err;

	memset(f, 0, sizeof(*f));

	f->mb = mbuf_alloc(SLICE + HANDED_LINE_MAX + 1);
	if (!f->mb)
		return ENOMEM;

	err = memfile_open(&f->fd, "sipregd-handover");
	if (err)
		f->mb = mem_deref(f->mb);

	return err;
}


static void flush(struct handed_file *f)
{
	if (!f->err)
		f->err = file_put(f->fd, f->mb->buf, f->mb->end);

	mbuf_rewind(f->mb);
}


int handed_file_add(struct handed_file *f, const struct handed *h)
{
	const size_t start = f->mb->pos;
	int err;

	err = handed_encode(f->mb, h);
	if (err)
		return err;

	if (f->size + (f->mb->pos - start) > HANDED_MAX) {
		f->mb->pos = f->mb->end = start;
		return EFBIG;
	}

	f->size += f->mb->pos - start;
	if (f->mb->end >= SLICE)
		flush(f);

	return f->err;
}


int handed_file_make(int *fdp, struct handed_file *f)
{
	int err;

	flush(f);
	f->mb = mem_deref(f->mb);

	err = f->err;
	if (!err)
		err = memfile_seal(f->fd);

	if (err || !fdp)
		(void)close(f->fd);
	else
		*fdp = f->fd;

	return err;
}


/* --- reading --- */

struct reader {
	int fd;
	off_t offset;
	char *buf;                       /* SLICE bytes */
	size_t len;
	bool skip;                       /* to the next newline */
	unsigned good, bad;              /* lines */
	handed_h *h;
	void *arg;
};


static int read_line(struct reader *r, const char *line, size_t len)
{
	struct handed h = {0};
	int err;

	err = handed_decode(&h, line, len);
	if (err == EBADMSG) {
		++r->bad;
		return 0;
	}
	if (err)
		return err;

	++r->good;
	r->h(&h, r->arg);
	handed_reset(&h);

	return 0;
}


/* The lines that are whole; the rest moves to the front. */
static int read_lines(struct reader *r)
{
	const char *p = r->buf, *end;
	size_t left = r->len;
	int err = 0;

	while (!err && (end = memchr(p, '\n', left))) {

		const size_t len = (size_t)(end - p);

		if (!r->skip)
			err = read_line(r, p, len);

		r->skip = false;
		left -= len + 1;
		p = end + 1;
	}

	memmove(r->buf, p, left);
	r->len = left;

	return err;
}


/* What is longer than any line is one that is bad. */
static void drop(struct reader *r)
{
	if (!r->skip)
		++r->bad;

	r->skip = true;
	r->len = 0;
}


static int read_all(struct reader *r)
{
	ssize_t n;
	int err;

	for (;;) {

		n = pread(r->fd, r->buf + r->len, SLICE - r->len, r->offset);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		if (!n)
			break;

		r->offset += n;
		r->len += (size_t)n;

		err = read_lines(r);
		if (err)
			return err;

		if (r->len > HANDED_LINE_MAX)
			drop(r);
	}

	/* it has no end */
	if (r->len)
		drop(r);

	return 0;
}


static int check_file(int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return errno;

	if (!S_ISREG(st.st_mode))
		return EINVAL;

	return st.st_size > (off_t)HANDED_MAX ? EFBIG : 0;
}


int handed_file_read(int fd, handed_h *h, void *arg)
{
	struct reader r = {.fd = fd, .h = h, .arg = arg};
	int err;

	err = check_file(fd);
	if (err)
		return err;

	r.buf = mem_alloc(SLICE, NULL);
	if (!r.buf)
		return ENOMEM;

	err = read_all(&r);
	if (r.bad)
		log_warning(NULL, "%u of %u registrations of the process "
			    "before cannot be read, and begin anew", r.bad,
			    r.good + r.bad);

	mem_deref(r.buf);

	return err;
}
