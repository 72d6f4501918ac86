/* A client of the control socket, and one that is another user. */

#ifndef CLIENT_H
#define CLIENT_H

#include <sys/types.h>

/* Connected to the UNIX socket; it blocks. */
int client_connect(const char *path);

/* Becomes that user in this process, a child, for good; exits with 2 if that
 * cannot be. `extra`: the only supplementary group. */
void client_become(uid_t uid, gid_t gid, gid_t extra);

/* The exit status of the child, 255 for a signal; the test fails if it has not
 * ended after `msec`. The loop runs meanwhile. */
int client_outcome(pid_t pid, unsigned msec);

#endif
