/* The event loop: libre's, with our own descriptors, signals and clock. */

#ifndef LOOP_H
#define LOOP_H

#include "clock.h"
#include "compat.h"


/* One watched descriptor. The owner keeps it; zero it first. */
struct io {
	int fd;                  /* -1: none */
	fd_h *h;                 /* FD_READ, FD_WRITE, FD_EXCEPT */
	void *arg;
	IO_FHS
};

/* Watches io->fd for `flags`, or changes what is watched. */
int io_listen(struct io *io, int flags);

/* Stops watching; the descriptor stays open. Safe to call twice. */
void io_stop(struct io *io);

/* `sig` arrived: SIGHUP, SIGTERM, SIGINT, SIGUSR2, SIGCHLD, of which one may
 * stand for several. */
typedef void (loop_signal_h)(int sig, void *arg);

/* Starts libre, epoll for as many descriptors as the limit allows (raised to
 * its hard value), the timers, and signals by signalfd (all others as they
 * are; SIGPIPE, SIGXFSZ and SIGUSR1 ignored). errno values. */
int loop_init(loop_signal_h *signalh, void *arg);

/* Runs until loop_stop(). */
int loop_run(void);
void loop_stop(void);
bool loop_stopped(void);         /* what is due now has to wait */
void loop_close(void);

/* Milliseconds of CLOCK_BOOTTIME, read now. */
msec_t loop_now(void);

/* The same clock in microseconds, for round trips. */
uint64_t loop_usec(void);

/* CLOCK_REALTIME minus CLOCK_BOOTTIME [us], read now. */
int64_t loop_wall_usec(void);

#endif
