/* Descriptors that the service manager passes at the start (sd_listen_fds(3)),
 * and those that it keeps for us over a restart (FDSTORE of sd_notify(3)).
 * Without a service manager there are none, and none is kept.
 *
 * It gets ours in bundles: a socket pair's end in whose queue they lie
 * (SCM_RIGHTS of unix(7)), which is one descriptor for any number of them. One
 * by one they would do harm. systemd compares each with all that it has
 * (kcmp(2)): minutes for 16384 of them, in which pid 1 does nothing else. And
 * it names all in one variable, with which no program can be started any more
 * from 10083 on (MAX_ARG_STRLEN of execve(2)). */

#ifndef FDSTORE_H
#define FDSTORE_H

#include "compat.h"


#define FDSTORE_FLOW "sipregd-flow"      /* a socket */
#define FDSTORE_NOTE "sipregd-handover"  /* the file that tells of them */
#define FDSTORE_TLS  "sipregd-tls"       /* the file of TLS sessions */

/* The descriptors that were passed become ours, close-on-exec; the environment
 * does not name them any more, and those of our own names are taken out of the
 * store: whoever crashes later must not get them again, in the middle of a
 * message. Once, before anything else is asked of here, and after loop_init():
 * by then as many may be open as ever. */
void fdstore_init(void);

/* Is that one? Looks only. */
typedef bool (fdstore_match_h)(int fd, const char *name, void *arg);

/* The first that matches, which is the caller's from then on; -1: none. `name`
 * is FileDescriptorName=, FDNAME or "unknown". */
int fdstore_take(fdstore_match_h *h, void *arg);

/* Closes what nobody took, and says so of what is not of our own names. */
void fdstore_close(void);

/* May the manager keep descriptors for us? As far as one can know: it is there,
 * and does not say that it keeps none ($FDSTORE, systemd 254). */
bool fdstore_possible(void);

/* Gives it copies of these, under one of the names above. It examines none of
 * them. errno values; ENOTSUP: not possible; ETIMEDOUT: it does not read. After
 * an error it may have some of them. That it kept them all is not known: it has
 * its limits. */
int fdstore_put(const char *name, const int *fdv, size_t fdc);

/* Waits until it has them. ETIMEDOUT after `timeout` [ms]. */
int fdstore_wait(unsigned timeout);

#endif
