/* A file that is written whole or not at all. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>
#include "file.h"


#define TMP_SUFFIX ".new"


static void directory_of(char *dir, const char *path)
{
	const char *slash = strrchr(path, '/');
	const size_t len = slash ? (size_t)(slash - path) : 0;

	if (len) {
		memcpy(dir, path, len);
		dir[len] = '\0';
	}
	else {
		(void)strcpy(dir, slash ? "/" : ".");
	}
}


/* The directory's entry too has to reach the disk. */
static void sync_directory(const char *path)
{
	char dir[FILE_PATH_SIZE];
	int fd;

	directory_of(dir, path);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;

	(void)fsync(fd);
	(void)close(fd);
}


int file_open(int *fdp, const char *path, uint64_t max)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	int err = 0;

	if (fd < 0)
		return errno;

	if (fstat(fd, &st))
		err = errno;
	else if (S_ISDIR(st.st_mode))
		err = EISDIR;
	else if (!S_ISREG(st.st_mode))
		err = EINVAL;
	else if ((uint64_t)st.st_size > max)
		err = EFBIG;

	if (err)
		(void)close(fd);
	else
		*fdp = fd;

	return err;
}


int file_directory(const char *path)
{
	char dir[FILE_PATH_SIZE];

	if (strlen(path) >= sizeof(dir))
		return ENAMETOOLONG;

	directory_of(dir, path);

	return mkdir(dir, FILE_DIR_MODE) && errno != EEXIST ? errno : 0;
}


int file_begin(struct file_new *f, const char *path)
{
	int err;

	err = file_directory(path);
	if (err)
		return err;

	(void)strcpy(f->path, path);
	(void)snprintf(f->tmp, sizeof(f->tmp), "%s" TMP_SUFFIX, path);

	/* one of a process that was killed */
	(void)unlink(f->tmp);
	f->fd = open(f->tmp, O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC,
		     FILE_MODE);

	return f->fd < 0 ? errno : 0;
}


int file_put(int fd, const void *buf, size_t len)
{
	const char *p = buf;
	ssize_t n;

	while (len) {
		n = write(fd, p, len);
		if (n < 0 && errno != EINTR)
			return errno;

		if (n > 0) {
			p += n;
			len -= (size_t)n;
		}
	}

	return 0;
}


int file_commit(int *fdp, struct file_new *f)
{
	int err = 0;

	if (fsync(f->fd) || rename(f->tmp, f->path))
		err = errno;

	if (err) {
		file_abandon(f);
		return err;
	}

	sync_directory(f->path);

	if (fdp)
		*fdp = f->fd;
	else
		(void)close(f->fd);

	f->fd = -1;

	return 0;
}


void file_abandon(struct file_new *f)
{
	(void)close(f->fd);
	f->fd = -1;
	(void)unlink(f->tmp);
}


int file_write(const char *path, const char *text)
{
	struct file_new f;
	int err;

	err = file_begin(&f, path);
	if (err)
		return err;

	err = file_put(f.fd, text, strlen(text));
	if (err)
		file_abandon(&f);
	else
		err = file_commit(NULL, &f);

	return err;
}


/* --- beside the loop --- */

static void *job_thread(void *arg)
{
	struct file_job *j = arg;

	j->err = file_commit(&j->fd, j->file);
	(void)eventfd_write(j->io.fd, 1);

	return NULL;
}


static void job_end(struct file_job *j)
{
	if (j->io.fd >= 0) {
		io_stop(&j->io);
		(void)close(j->io.fd);
		j->io.fd = -1;
	}

	j->running = false;
	j->h(j->err, j->fd, j->arg);
}


static void job_handler(int flags, void *arg)
{
	(void)flags;

	file_job_finish(arg);
}


static int job_thread_start(struct file_job *j)
{
	int err;

	j->io.h = job_handler;
	j->io.arg = j;
	j->io.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (j->io.fd < 0)
		return errno;

	err = io_listen(&j->io, FD_READ);
	if (err)
		return err;

	return pthread_create(&j->thread, NULL, job_thread, j);
}


void file_job_start(struct file_job *j, struct file_new *f, file_done_h *h,
		    void *arg)
{
	*j = (struct file_job){
		.file = f, .h = h, .arg = arg, .fd = -1, .running = true,
	};

	if (job_thread_start(j)) {
		j->err = file_commit(&j->fd, j->file);
		job_end(j);
	}
}


void file_job_finish(struct file_job *j)
{
	if (!j->running)
		return;

	(void)pthread_join(j->thread, NULL);
	job_end(j);
}
