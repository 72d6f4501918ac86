/* The control socket as a file: made, taken over from systemd, removed. */

#ifndef CONTROL_SOCKET_H
#define CONTROL_SOCKET_H

#include <stdbool.h>
#include <sys/types.h>
#include <sys/un.h>


struct control_socket {
	int fd;                  /* listening, non-blocking; -1: none */
	struct sockaddr_un addr; /* sun_path empty: it has no file */
	dev_t dev;               /* of the file, to know it again */
	ino_t ino;
	bool made;               /* by us, so we remove it */
};


/* As control_alloc() says of `path`. Sets *s also on failure, for
 * control_socket_close(). errno values; ENAMETOOLONG above 107 bytes. */
int control_socket_open(struct control_socket *s, const char *path,
			int backlog);

/* Removes the file if we made it and it is still ours. */
void control_socket_close(struct control_socket *s);

/* The group of the socket's file; false if the file is gone or another's. */
bool control_socket_group(const struct control_socket *s, gid_t *gid);

#endif
