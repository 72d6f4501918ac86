/* The control socket as a file: made, taken over from systemd, removed. */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>
#include "control_socket.h"
#include "fdstore.h"
#include "log.h"

#define DIRECTORY_MODE 0755
#define SOCKET_UMASK   0117      /* leaves 0660 of the 0777 of bind() */


static int unix_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}


static bool file_stat(const struct control_socket *s, struct stat *st)
{
	return s->addr.sun_path[0] && !lstat(s->addr.sun_path, st) &&
	       S_ISSOCK(st->st_mode);
}


static bool file_is_ours(const struct control_socket *s, struct stat *st)
{
	return file_stat(s, st) && st->st_dev == s->dev &&
	       st->st_ino == s->ino;
}


static void remember(struct control_socket *s)
{
	struct stat st;

	if (!file_stat(s, &st))
		return;

	s->dev = st.st_dev;
	s->ino = st.st_ino;
}


static bool listens_handler(int fd, const char *name, void *arg)
{
	(void)name;
	(void)arg;

	return sd_is_socket(fd, AF_UNIX, SOCK_STREAM, 1) > 0;
}


/* Do both name the same file, or what is not there by the same name? */
static bool same_file(const char *a, const char *b)
{
	struct stat x, y;

	if (!strcmp(a, b))
		return true;

	return !lstat(a, &x) && !lstat(b, &y) && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino;
}


static int take_over(struct control_socket *s, int fd, const char *path)
{
	socklen_t len = sizeof(s->addr);
	int flags;

	s->fd = fd;

	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK))
		return errno;

	memset(&s->addr, 0, sizeof(s->addr));
	if (getsockname(fd, (struct sockaddr *)&s->addr, &len))
		return errno;

	/* a path of 108 bytes comes without its NUL */
	s->addr.sun_path[sizeof(s->addr.sun_path) - 1] = '\0';

	if (path && *path && !same_file(path, s->addr.sun_path))
		log_warning(NULL, "control_socket %s: not made, the service "
			    "manager passed %s", path,
			    *s->addr.sun_path ? s->addr.sun_path
					      : "one without a file");

	remember(s);

	return 0;
}


/* Only the last directory: a missing /run/sipregd is made, a mistyped path is
 * not. */
static int make_directory(const char *path)
{
	char dir[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	char *slash;

	strcpy(dir, path);
	slash = strrchr(dir, '/');
	if (!slash || slash == dir)
		return 0;

	*slash = '\0';

	return mkdir(dir, DIRECTORY_MODE) && errno != EEXIST ? errno : 0;
}


static int bind_private(int fd, const struct sockaddr_un *addr)
{
	mode_t mask;
	int err = 0;

	/* Before bind() and not by chmod() after it: in the time between the
	 * two anybody could connect, and a connection once made stays. */
	mask = umask(SOCKET_UMASK);
	if (bind(fd, (const struct sockaddr *)addr, sizeof(*addr)))
		err = errno;
	(void)umask(mask);

	return err;
}


/* 0: nobody listens there. A file that is no socket would refuse a connection
 * as well, so that is looked at first. */
static int check_stale(const struct control_socket *s)
{
	struct stat st;
	int fd, err = EADDRINUSE;

	if (!file_stat(s, &st))
		return EADDRINUSE;

	fd = unix_socket();
	if (fd < 0)
		return errno;

	if (connect(fd, (const struct sockaddr *)&s->addr, sizeof(s->addr)) &&
	    errno == ECONNREFUSED)
		err = 0;

	(void)close(fd);

	return err;
}


static int replace_stale(struct control_socket *s)
{
	int err;

	err = check_stale(s);
	if (err)
		return err;

	if (unlink(s->addr.sun_path) && errno != ENOENT)
		return errno;

	return bind_private(s->fd, &s->addr);
}


static int make(struct control_socket *s, const char *path)
{
	int err;

	if (strlen(path) >= sizeof(s->addr.sun_path))
		return ENAMETOOLONG;

	s->addr.sun_family = AF_UNIX;
	strcpy(s->addr.sun_path, path);

	err = make_directory(path);
	if (err)
		return err;

	s->fd = unix_socket();
	if (s->fd < 0)
		return errno;

	err = bind_private(s->fd, &s->addr);
	if (err == EADDRINUSE)
		err = replace_stale(s);
	if (err)
		return err;

	s->made = true;
	remember(s);

	return 0;
}


int control_socket_open(struct control_socket *s, const char *path,
			int backlog)
{
	int fd, err;

	memset(s, 0, sizeof(*s));
	s->fd = -1;

	fd = fdstore_take(listens_handler, NULL);
	if (fd >= 0)
		return take_over(s, fd, path);

	if (!path || !path[0])
		return EINVAL;

	err = make(s, path);
	if (err)
		return err;

	return listen(s->fd, backlog) ? errno : 0;
}


void control_socket_close(struct control_socket *s)
{
	struct stat st;

	/* Before close(): while the socket is open its inode number cannot
	 * belong to another file. */
	if (s->made && file_is_ours(s, &st))
		(void)unlink(s->addr.sun_path);

	if (s->fd >= 0)
		(void)close(s->fd);

	s->fd = -1;
	s->made = false;
}


bool control_socket_group(const struct control_socket *s, gid_t *gid)
{
	struct stat st;

	if (!file_is_ours(s, &st))
		return false;

	*gid = st.st_gid;

	return true;
}
