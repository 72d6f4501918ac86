/* May the service manager be told something now? See notify.h. */

#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "notify.h"


/* A socket that goes to the manager, or -1. */
static int manager(void)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	const char *path = getenv("NOTIFY_SOCKET");
	const size_t len = path ? strlen(path) : 0;
	int fd;

	if (!len || len >= sizeof(sun.sun_path))
		return -1;

	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;

	/* "@": of the abstract name space, see unix(7) */
	memcpy(sun.sun_path, path, len);
	if (path[0] == '@')
		sun.sun_path[0] = '\0';

	if (!connect(fd, (const struct sockaddr *)&sun,
		     (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
				 len)))
		return fd;

	(void)close(fd);

	return -1;
}


bool notify_possible(int timeout)
{
	struct pollfd p = {.fd = manager(), .events = POLLOUT};
	bool possible;

	if (p.fd < 0)
		return true;

	possible = poll(&p, 1, timeout) > 0;
	(void)close(p.fd);

	return possible;
}
