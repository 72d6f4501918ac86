/* A client of the control socket: see client.h. */

#include <grp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include "client.h"
#include "harness.h"


int client_connect(const char *path)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(0, connect(fd, (struct sockaddr *)&addr,
				    sizeof(addr)));

	return fd;
}


void client_become(uid_t uid, gid_t gid, gid_t extra)
{
	if (setgroups(1, &extra) || setresgid(gid, gid, gid) ||
	    setresuid(uid, uid, uid))
		_exit(2);
}


struct child {
	pid_t pid;
	int code;                /* -1: still running */
};


static bool has_exited(void *arg)
{
	struct child *c = arg;
	int status;

	if (c->code < 0 && waitpid(c->pid, &status, WNOHANG) == c->pid)
		c->code = WIFEXITED(status) ? WEXITSTATUS(status) : 255;

	return c->code >= 0;
}


int client_outcome(pid_t pid, unsigned msec)
{
	struct child c = {.pid = pid, .code = -1};

	ck_assert(harness_wait(has_exited, &c, msec));

	return c.code;
}
