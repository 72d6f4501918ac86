/* Who is on the other end of a UNIX socket, as the kernel says. */

#ifndef PEER_H
#define PEER_H

#include <stdbool.h>
#include <sys/types.h>


struct peer {
	uid_t uid;
	gid_t gid;
	pid_t pid;               /* at connect(); may be another one's by now */
};

/* SO_PEERCRED. errno values. */
int peer_get(struct peer *p, int fd);

/* Root or the daemon's own user: it may do anything. */
bool peer_is_master(const struct peer *p);

/* `gid` is the peer's group or one of its supplementary ones
 * (SO_PEERGROUPS); false too if that cannot be told. */
bool peer_in_group(const struct peer *p, int fd, gid_t gid);

#endif
