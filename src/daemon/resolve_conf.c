/* The system's DNS servers: resolv.conf(5), and word of its changes.
 *
 * What is watched are directories: programs replace the file more often than
 * they write into it. Often it is a link (into /run/systemd/resolve, which may
 * come later than we do), so each step of the way is watched, and the way is
 * walked again after each change. */

#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>
#include "file.h"
#include "log.h"
#include "loop.h"
#include "resolve_conf.h"
#include "stamp.h"


#define LINKS_MAX  4             /* steps that are watched */
#define CONF_SIZE_MAX (16u << 20) /* bytes */
#define LINE_SIZE  1024          /* [octets] no server is behind that */
#define SEPARATORS " \t\r\n"

/* Not while it is being written: half a file has no servers. */
#define CHANGES (IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_DELETE | \
		 IN_MOVED_FROM | IN_ATTRIB | IN_ONLYDIR)

struct step {
	int wd;                          /* of its directory */
	char name[NAME_MAX + 1];         /* in there */
};

struct resolve_conf {
	struct io io;                    /* inotify; fd -1: none */
	struct step stepv[LINKS_MAX];
	unsigned stepc;
	struct stamp stamp;
	char *path;
	resolve_conf_h *h;
	void *arg;
};


/* Splits "/a/b" into "/a" and "b"; false if there is nothing to split. */
static bool split(char *path, char **namep)
{
	char *slash = strrchr(path, '/');

	if (!slash || strlen(slash + 1) > NAME_MAX)
		return false;

	*namep = slash + 1;
	*slash = '\0';

	return true;
}


/* Where the link leads to, relative to its directory `dir` if it says so. */
static bool follow(char *path, size_t size, const char *dir, const char *name)
{
	char link[PATH_MAX], to[PATH_MAX];
	ssize_t n;

	if (re_snprintf(link, sizeof(link), "%s/%s", dir, name) < 0)
		return false;

	n = readlink(link, to, sizeof(to) - 1);
	if (n <= 0)
		return false;

	to[n] = '\0';
	if (to[0] == '/')
		return re_snprintf(path, size, "%s", to) >= 0;

	return re_snprintf(path, size, "%s/%s", dir, to) >= 0;
}


/* Watching a directory again gives the same number and costs nothing. */
static void watch(struct resolve_conf *c)
{
	char path[PATH_MAX], dir[PATH_MAX], *name;

	if (c->io.fd < 0)
		return;

	str_ncpy(path, c->path, sizeof(path));

	for (c->stepc = 0; c->stepc < LINKS_MAX; ) {
		struct step *step = &c->stepv[c->stepc];

		if (!split(path, &name))
			return;

		step->wd = inotify_add_watch(c->io.fd, path[0] ? path : "/",
					     CHANGES);
		if (step->wd >= 0) {
			str_ncpy(step->name, name, sizeof(step->name));
			++c->stepc;
		}

		str_ncpy(dir, path, sizeof(dir));
		if (!follow(path, sizeof(path), dir, name))
			return;
	}
}


static bool is_ours(const struct resolve_conf *c,
		    const struct inotify_event *ev)
{
	if (ev->mask & (IN_Q_OVERFLOW | IN_IGNORED))
		return true;

	for (unsigned i = 0; i < c->stepc; i++) {
		if (c->stepv[i].wd == ev->wd && ev->len &&
		    !strcmp(c->stepv[i].name, ev->name))
			return true;
	}

	return false;
}


static void inotify_handler(int flags, void *arg)
{
	struct resolve_conf *c = arg;
	union {
		struct inotify_event ev;
		char buf[4096];
	} u;
	bool ours = false;
	ssize_t n;

	(void)flags;

	while ((n = read(c->io.fd, &u, sizeof(u))) > 0) {
		for (ssize_t pos = 0; pos < n; ) {
			const struct inotify_event *ev =
				(const void *)(u.buf + pos);

			ours |= is_ours(c, ev);
			pos += (ssize_t)(sizeof(*ev) + ev->len);
		}
	}

	if (ours)
		c->h(c->arg);
}


static int start_watch(struct resolve_conf *c)
{
	c->io.fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (c->io.fd < 0)
		return errno;

	watch(c);

	return io_listen(&c->io, FD_READ);
}


bool resolve_conf_changed(struct resolve_conf *c)
{
	if (!stamp_changed(&c->stamp, c->path))
		return false;

	watch(c);

	return true;
}


/* getaddrinfo() asks nobody for a literal, and knows scopes ("fe80::1%eth0"),
 * which libre's parser does not. */
static bool parse_server(struct sa *sa, const char *literal, uint16_t port)
{
	const struct addrinfo hints = {
		.ai_flags = AI_NUMERICHOST,
		.ai_socktype = SOCK_DGRAM,
	};
	struct addrinfo *ai = NULL;
	int err;

	if (getaddrinfo(literal, NULL, &hints, &ai))
		return false;

	sa_init(sa, AF_UNSPEC);
	err = sa_set_sa(sa, ai->ai_addr);
	freeaddrinfo(ai);
	sa_set_port(sa, port);

	return !err;
}


size_t resolve_conf_servers(const struct resolve_conf *c, struct sa *v,
			    size_t max, uint16_t port)
{
	FILE *f = NULL;
	char line[LINE_SIZE], *rest;
	size_t n = 0;
	int fd;

	if (!file_open(&fd, c->path, CONF_SIZE_MAX)) {
		f = fdopen(fd, "r");
		if (!f)
			(void)close(fd);
	}

	while (f && n < max && fgets(line, sizeof(line), f)) {
		const char *key = strtok_r(line, SEPARATORS, &rest);
		const char *value = strtok_r(NULL, SEPARATORS, &rest);

		if (key && value && !strcmp(key, "nameserver") &&
		    parse_server(&v[n], value, port))
			++n;
	}

	if (f)
		(void)fclose(f);

	if (!n && max && !sa_set_str(&v[0], "127.0.0.1", port))
		++n;

	return n;
}


static void conf_destructor(void *arg)
{
	struct resolve_conf *c = arg;

	io_stop(&c->io);
	if (c->io.fd >= 0)
		(void)close(c->io.fd);
	mem_deref(c->path);
}


int resolve_conf_alloc(struct resolve_conf **cp, const char *path,
		       resolve_conf_h *h, void *arg)
{
	struct resolve_conf *c;
	int err;

	c = mem_zalloc(sizeof(*c), conf_destructor);
	if (!c)
		return ENOMEM;

	c->io.fd = -1;
	c->io.h = inotify_handler;
	c->io.arg = c;
	c->h = h;
	c->arg = arg;

	err = str_dup(&c->path, path);
	if (err)
		goto out;

	(void)stamp_changed(&c->stamp, path);
	err = start_watch(c);
	if (err)
		log_debug(NULL, "cannot watch %s: %s; looking at each question",
			  path, strerror(err));
	err = 0;

 out:
	if (err)
		mem_deref(c);
	else
		*cp = c;

	return err;
}
