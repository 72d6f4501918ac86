/* TLS sessions for the next process: see tls_handed.h.
 *
 * The file is a magic word and, of each session, a head, the host without a
 * zero, and what OpenSSL serializes. Numbers are as the machine has them. */

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <openssl/crypto.h>
#include "file.h"
#include "loop.h"
#include "memfile.h"
#include "tls_handed.h"
#include "tls_session.h"


#define FILE_MAX (3 * (off_t)TLS_SESSION_ALL_MAX)        /* bytes, with heads
							    and hosts */

static const char magic[8] = "SREGTLS1";         /* 1: the version */

struct head {
	uint8_t key[TLS_SESSION_KEY_SIZE];
	uint64_t verified_at, until;
	int64_t not_after;
	uint32_t edge;
	uint16_t host_len, len;
};

_Static_assert(sizeof(struct head) == TLS_SESSION_KEY_SIZE + 32,
	       "no room between");
_Static_assert(TLS_SESSION_SIZE_MAX <= UINT16_MAX, "a length fits");


/* --- writing --- */

struct writer {
	int fd;
	size_t n;
};


static int write_handler(const struct tls_session_record *r, void *arg)
{
	struct writer *w = arg;
	const size_t host_len = strlen(r->host);
	struct head head = {
		.verified_at = r->facts.verified_at,
		.until = r->until,
		.not_after = r->facts.not_after,
		.edge = r->facts.edge,
		.host_len = (uint16_t)host_len,
		.len = (uint16_t)r->len,
	};
	int err;

	/* the next one would refuse it */
	if (host_len > TLS_SESSION_NAME_MAX)
		return 0;

	memcpy(head.key, r->key, sizeof(head.key));
	err = file_put(w->fd, &head, sizeof(head));
	if (!err)
		err = file_put(w->fd, r->host, host_len);
	if (!err)
		err = file_put(w->fd, r->der, r->len);
	if (!err)
		++w->n;

	return err;
}


int tls_handed_make(int *fdp, size_t *np)
{
	struct writer w = {0};
	int err;

	err = memfile_open(&w.fd, "sipregd-tls");
	if (err)
		return err;

	err = file_put(w.fd, magic, sizeof(magic));
	if (!err)
		err = tls_session_each(write_handler, &w, loop_now(),
				       (int64_t)time(NULL));
	if (!err && !w.n)
		err = ENOENT;
	if (!err)
		err = memfile_seal(w.fd);

	if (err) {
		(void)close(w.fd);
		return err;
	}

	tls_session_forget(NULL);
	*fdp = w.fd;
	*np = w.n;

	return 0;
}


/* --- reading --- */

struct reader {
	int fd;
	off_t offset;
	struct head head;
	char host[TLS_SESSION_NAME_MAX + 1];
	uint8_t der[TLS_SESSION_SIZE_MAX];
};


/* All of it; EBADMSG: the file ends before. */
static int get(struct reader *r, void *buf, size_t len)
{
	uint8_t *p = buf;

	while (len) {

		const ssize_t n = pread(r->fd, p, len, r->offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? errno : EBADMSG;

		r->offset += n;
		p += n;
		len -= (size_t)n;
	}

	return 0;
}


static int get_record(struct reader *r)
{
	int err;

	err = get(r, &r->head, sizeof(r->head));
	if (err)
		return err;

	if (r->head.host_len >= sizeof(r->host) ||
	    r->head.len > sizeof(r->der))
		return EBADMSG;

	err = get(r, r->host, r->head.host_len);
	if (err)
		return err;

	r->host[r->head.host_len] = '\0';
	if (strlen(r->host) != r->head.host_len)
		return EBADMSG;

	return get(r, r->der, r->head.len);
}


/* 0 too if it has ended meanwhile. */
static int keep(size_t *np, const struct reader *r)
{
	const struct tls_session_record record = {
		.key = r->head.key,
		.host = r->host,
		.facts = {
			.verified_at = r->head.verified_at,
			.not_after = r->head.not_after,
			.edge = r->head.edge,
		},
		.until = r->head.until,
		.der = r->der,
		.len = r->head.len,
	};
	const int err = tls_session_restore(&record, loop_now(),
					    (int64_t)time(NULL));

	if (!err)
		++*np;

	return err == ETIMEDOUT ? 0 : err;
}


static int check_file(off_t *sizep, int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return errno;

	if (!S_ISREG(st.st_mode))
		return EBADMSG;

	*sizep = st.st_size;

	return st.st_size > FILE_MAX ? EFBIG : 0;
}


static int read_all(size_t *np, struct reader *r, off_t size)
{
	char word[sizeof(magic)];
	int err;

	err = get(r, word, sizeof(word));
	if (!err && memcmp(word, magic, sizeof(magic)))
		err = EBADMSG;

	while (!err && r->offset < size) {
		err = get_record(r);
		if (!err)
			err = keep(np, r);
	}

	return err;
}


int tls_handed_read(size_t *np, int fd)
{
	struct reader r = {.fd = fd};
	off_t size = 0;
	int err;

	*np = 0;

	err = check_file(&size, fd);
	if (!err)
		err = read_all(np, &r, size);

	OPENSSL_cleanse(&r, sizeof(r));

	return err;
}
