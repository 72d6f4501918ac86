/* Metrics as a file: see metrics_file.h. */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>
#include "file.h"
#include "log.h"
#include "loop.h"
#include "metrics_file.h"
#include "timer.h"

#define MODE   0644              /* another user's program reads it */
#define SUFFIX ".tmp"            /* the collector looks at *.prom only */


struct metrics_file {
	struct metrics *metrics;
	char *path, *tmp;
	struct timer timer;
	struct metrics_wait wait;
	msec_t written_at;               /* when the last one began */
	struct metrics_page *page;       /* that is being written */
	struct io io;                    /* eventfd: it is done */
	pthread_t thread;
	bool running;
	int err;                         /* of the last one; 0: it is there */
	bool told;                       /* that it is not */
	bool written;                    /* one is there */
};


/* --- in the thread: no more than the page, the paths and err --- */

static int put_page(int fd, const struct metrics_page *page)
{
	struct metrics_reader r;
	struct pl piece;
	int err = 0;

	metrics_reader_init(&r, page, METRICS_TEXT);
	while (!err && metrics_reader_next(&r, &piece))
		err = file_put(fd, piece.p, piece.l);

	return err;
}


/* Not synced: after a power failure the next one is written anyway. */
static int write_page(const struct metrics_file *f)
{
	int fd, err;

	/* of a run that was killed; nobody's link is followed */
	(void)unlink(f->tmp);
	fd = open(f->tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		  MODE);
	if (fd < 0)
		return errno;

	/* whatever the umask is */
	err = fchmod(fd, MODE) ? errno : put_page(fd, f->page);
	if (close(fd) && !err)
		err = errno;
	if (!err && rename(f->tmp, f->path))
		err = errno;
	if (err)
		(void)unlink(f->tmp);

	return err;
}


static void *thread(void *arg)
{
	struct metrics_file *f = arg;

	f->err = write_page(f);
	(void)eventfd_write(f->io.fd, 1);

	return NULL;
}


/* --- in the loop --- */

static void tell(struct metrics_file *f)
{
	if (f->err && !f->told)
		log_error(NULL, "metrics.textfile %s: %s; tried again every "
			  "%d s", f->path, strerror(f->err),
			  (int)(METRICS_FILE_EVERY / 1000));
	else if (!f->err && f->told)
		log_notice(NULL, "metrics.textfile %s: written again",
			   f->path);

	f->told = f->err;
	f->written |= !f->err;
}


static void close_event(struct metrics_file *f)
{
	if (f->io.fd < 0)
		return;

	io_stop(&f->io);
	(void)close(f->io.fd);
	f->io.fd = -1;
}


static void done(struct metrics_file *f)
{
	close_event(f);
	f->running = false;
	f->page = mem_deref(f->page);
	tell(f);
	timer_start(&f->timer, f->written_at + METRICS_FILE_EVERY);
}


static void finish(struct metrics_file *f)
{
	if (!f->running)
		return;

	(void)pthread_join(f->thread, NULL);
	done(f);
}


static void done_handler(int flags, void *arg)
{
	(void)flags;

	finish(arg);
}


static int start_thread(struct metrics_file *f)
{
	int err;

	f->io.h = done_handler;
	f->io.arg = f;
	f->io.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (f->io.fd < 0)
		return errno;

	err = io_listen(&f->io, FD_READ);
	if (!err)
		err = pthread_create(&f->thread, NULL, thread, f);
	if (err)
		close_event(f);

	return err;
}


static void ready_handler(struct metrics_page *page, void *arg)
{
	struct metrics_file *f = arg;

	f->written_at = loop_now();
	f->page = mem_ref(page);
	if (page) {
		f->err = start_thread(f);
		f->running = !f->err;
	}
	else {
		f->err = ENOMEM;
	}

	if (!f->running)
		done(f);
}


static void timer_handler(void *arg)
{
	struct metrics_file *f = arg;

	metrics_want(f->metrics, &f->wait, ready_handler, f);
}


void metrics_file_hurry(struct metrics_file *f)
{
	/* one that is being made or written is followed by another */
	if (f->timer.at != NEVER)
		timer_start(&f->timer, clock_min(f->timer.at, f->written_at +
						 METRICS_FILE_SOON));
}


/* --- birth and death --- */

static void destructor(void *data)
{
	struct metrics_file *f = data;

	timer_cancel(&f->timer);
	metrics_unwant(&f->wait);
	finish(f);
	timer_cancel(&f->timer);
	mem_deref(f->path);
	mem_deref(f->tmp);
}


static int alloc(struct metrics_file **fp, struct metrics *m,
		 const char *path)
{
	struct metrics_file *f = mem_zalloc(sizeof(*f), destructor);
	int err;

	if (!f)
		return ENOMEM;

	f->metrics = m;
	f->io.fd = -1;
	timer_init(&f->timer, timer_handler, f);
	err = str_dup(&f->path, path);
	if (!err)
		err = re_sdprintf(&f->tmp, "%s" SUFFIX, path);
	if (err) {
		mem_deref(f);
		return err;
	}

	timer_start(&f->timer, loop_now());
	*fp = f;

	return 0;
}


void metrics_file_set(struct metrics_file **fp, struct metrics *m,
		      const char *path)
{
	struct metrics_file *f = *fp;
	int err;

	if (f && !strcmp(f->path, path))
		return;

	/* numbers of a program that does not run would look like its own */
	if (f) {
		finish(f);
		if (f->written)
			(void)unlink(f->path);
	}

	*fp = mem_deref(f);
	if (!*path)
		return;

	err = alloc(fp, m, path);
	if (err)
		log_error(NULL, "metrics.textfile %s: %s", path,
			  strerror(err));
}
