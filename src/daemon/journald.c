/* The journal's own socket: one datagram per line, with fields.
 *
 * sd_journal_sendv() does the same, but waits for a journal that is behind:
 * while that hangs, no account would be refreshed. */

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include "journald.h"

static const char *path = JOURNALD_SOCKET;
static int fd = -1;


void journald_set_path(const char *p)
{
	path = p ? p : JOURNALD_SOCKET;
}


/* Not connected: so a journal that was started anew is found again. */
int journald_send(const char *fields, size_t len)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	const size_t n = strlen(path);

	if (n >= sizeof(addr.sun_path))
		return ENAMETOOLONG;

	memcpy(addr.sun_path, path, n);

	if (fd < 0)
		fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return errno;

	if (sendto(fd, fields, len, MSG_DONTWAIT | MSG_NOSIGNAL,
		   (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return errno;

	return 0;
}
