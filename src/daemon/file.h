/* A file that is written whole or not at all: beside the old one under another
 * name, synced, then renamed. */

#ifndef FILE_H
#define FILE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "loop.h"


#define FILE_PATH_SIZE 4096      /* bytes of a path with its zero, PATH_MAX */
#define FILE_MODE      0600      /* what is kept is nobody else's affair */
#define FILE_DIR_MODE  0700

/* Opens a regular file of at most `max` bytes for reading. Never waits: a FIFO
 * without a writer would hold the whole daemon. EISDIR; EINVAL: neither a file
 * nor a directory; EFBIG; what open(2) says. */
int file_open(int *fdp, const char *path, uint64_t max);

/* A file that has not taken its place yet. */
struct file_new {
	int fd;                          /* for file_put() */
	char path[FILE_PATH_SIZE];
	char tmp[FILE_PATH_SIZE + 8];
};


/* Makes the directory of `path` if it is missing, but not the one above.
 * ENAMETOOLONG and what mkdir(2) says. */
int file_directory(const char *path);

/* Begins a new file in its directory, to be appended to; what is at `path`
 * stays. ENAMETOOLONG and what mkdir(2) and open(2) say; then there is nothing
 * to abandon. */
int file_begin(struct file_new *f, const char *path);

/* Writes all of it. After an error a part of it may be there. */
int file_put(int fd, const void *buf, size_t len);

/* Syncs it and gives it its place: blocks for as long as the disk takes. The
 * descriptor stays open in *fdp, or is closed if fdp is NULL. After an error it
 * is abandoned. */
int file_commit(int *fdp, struct file_new *f);
void file_abandon(struct file_new *f);

/* All of the above. */
int file_write(const char *path, const char *text);

/* file_commit() beside the loop: a disk may take seconds. `h` is called in the
 * loop, once. */
typedef void (file_done_h)(int err, int fd, void *arg);

struct file_job {
	struct file_new *file;
	file_done_h *h;
	void *arg;
	struct io io;                    /* eventfd: it is done */
	pthread_t thread;
	int err, fd;
	bool running;
};

/* *j is zero or done. Without a thread to be had it is done at once. */
void file_job_start(struct file_job *j, struct file_new *f, file_done_h *h,
		    void *arg);

/* Waits for its end, if it runs, and calls `h`. */
void file_job_finish(struct file_job *j);

#endif
