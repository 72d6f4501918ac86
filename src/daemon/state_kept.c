/* What an earlier run left in the state file. */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "file.h"
#include "log.h"
#include "loop.h"
#include "state_edges.h"
#include "state_index.h"
#include "state_kept.h"
#include "state_record.h"


#define READ_SIZE (2 * STATE_LINE_MAX)   /* bytes at a time */

struct state_kept {
	int fd;                          /* -1: there is nothing */
	struct state_index *index;
	char *buf;                       /* READ_SIZE */
	struct state_account found;
	struct state_edges edges;
};


static void destructor(void *arg)
{
	struct state_kept *k = arg;

	state_record_reset(&k->found);
	mem_deref(k->index);
	mem_deref(k->buf);
	if (k->fd >= 0)
		(void)close(k->fd);
}


/* Opened without blocking: it could be a pipe that nobody writes to. */
static int read_lines(struct state_kept *k)
{
	size_t len = 0, used;
	ssize_t n;

	for (;;) {
		n = read(k->fd, k->buf + len, READ_SIZE - len);
		if (n < 0 && errno == EINTR)
			continue;

		/* what came before an error is no worse for it */
		if (n <= 0) {
			const int err = n < 0 ? errno : 0;

			(void)state_index_feed(k->index, k->buf, len, true);
			return err;
		}

		len += (size_t)n;
		used = state_index_feed(k->index, k->buf, len, false);
		len -= used;
		memmove(k->buf, k->buf + used, len);
	}
}


static void say_tally(const struct state_tally *t, const char *path)
{
	if (t->spoilt)
		log_warning(NULL, "%s: %zu spoilt lines are left out", path,
			    t->spoilt);

	if (t->newer)
		log_warning(NULL, "%s: %zu lines of a newer version are left "
			    "out", path, t->newer);

	if (t->excess)
		log_warning(NULL, "%s: there is no room for %zu lines of "
			    "accounts beyond the first %zu", path, t->excess,
			    t->accounts);
}


static int load(struct state_kept *k, const char *path)
{
	int err;

	k->buf = mem_alloc(READ_SIZE, NULL);
	if (!k->buf)
		return ENOMEM;

	err = state_index_alloc(&k->index);
	if (err)
		return err;

	err = file_open(&k->fd, path, STATE_FILE_MAX);
	if (!err)
		err = read_lines(k);

	if (err && err != ENOENT)
		log_warning(NULL, "%s cannot be read (%s): accounts start as "
			    "new ones", path, strerror(err));

	say_tally(state_index_tally(k->index), path);

	return 0;
}


int state_kept_alloc(struct state_kept **kp, const char *path)
{
	struct state_kept *k;
	int err;

	k = mem_zalloc(sizeof(*k), destructor);
	if (!k)
		return ENOMEM;

	k->fd = -1;
	err = load(k, path);
	if (err)
		mem_deref(k);
	else
		*kp = k;

	return err;
}


/* Into k->buf. */
static int read_place(size_t *np, struct state_kept *k,
		      const struct state_place *p)
{
	const ssize_t n = pread(k->fd, k->buf, p->len, (off_t)p->offset);

	if (n < 0)
		return errno;

	*np = (size_t)n;

	return 0;
}


static int read_line(struct state_kept *k, const struct state_place *p)
{
	size_t n;
	int err;

	err = read_place(&n, k, p);

	return err ? err : state_record_decode(&k->found, k->buf, n);
}


static int64_t wall_now(void)
{
	return loop_wall_usec() + (int64_t)loop_usec();
}


const struct state_account *state_kept_find(struct state_kept *k,
					    const char *name, const char *aor,
					    const char *registrar)
{
	struct state_place p;
	int err;

	if (!state_index_find(&p, k->index, name))
		return NULL;

	err = read_line(k, &p);
	if (err) {
		log_warning(name, "what was kept of it cannot be read (%s): it "
			    "starts as a new one", strerror(err));
		return NULL;
	}

	if (strcmp(k->found.aor, aor) || strcmp(k->found.registrar, registrar))
		return NULL;

	state_record_prune(&k->found, wall_now());

	return &k->found;
}


const struct state_edges *state_kept_edges(struct state_kept *k)
{
	struct state_place p;
	size_t n;
	int err;

	if (!state_index_find_edges(&p, k->index))
		return NULL;

	err = read_place(&n, k, &p);
	if (!err)
		err = state_edges_decode(&k->edges, k->buf, n);
	if (err) {
		log_warning(NULL, "what was kept of edges cannot be read (%s): "
			    "all of them are tried", strerror(err));
		return NULL;
	}

	state_edges_prune(&k->edges, wall_now());

	return &k->edges;
}


uint64_t state_kept_live(const struct state_kept *k)
{
	return state_index_tally(k->index)->live;
}
