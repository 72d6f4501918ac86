/* Calls one method of the daemon and hands out its replies. */

#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include "client.h"
#include "messages.h"
#include "raw.h"
#include "stream.h"
#include "text.h"
#include "value.h"
#include "wire.h"

#define INTERFACE  "io.sipregd"
#define DEPTH_MAX  16                    /* of a reply's JSON */
#define STREAM_TIMEOUT 10                /* [s] to be connected to a stream */
#define CHUNK      65536                 /* bytes per read */
#define REPLY_MAX  (17u << 20)           /* bytes: the daemon's 16 MiB, and
					    room for what it wraps them in */

struct call {
	const struct options *opt;
	const char *name;
	const char *members;             /* of the parameters; NULL: no more */
	int timeout;                     /* [s] between replies */
	bool stream;                     /* they may come at any time */
	bool over;                       /* and are not wanted any more */
	int64_t deadline;                /* [ms], of now_ms() */
	int fd;
	struct mbuf *rx;
	client_reply_h *h;
	void *arg;
};

static const struct {
	const char *name;
	enum result result;
	const char *text;
} errorv[] = {
	{INTERFACE ".NoSuchAccount", RESULT_NO_ACCOUNT, "no such account"},
	{INTERFACE ".PermissionDenied", RESULT_NOT_PERMITTED,
	 "not permitted: only root, the daemon's user and members of the "
	 "socket's group may do that"},
	{INTERFACE ".Aborted", RESULT_FAILED,
	 "given up by the daemon: it reloaded or stops"},
	{INTERFACE ".Stopping", RESULT_FAILED, "sipregd is about to end"},
	{INTERFACE ".BadConfiguration", RESULT_FAILED,
	 "the configuration is not good, nothing has changed"},
	{INTERFACE ".NotRunning", RESULT_FAILED, "paused or disabled"},
	{INTERFACE ".NotPaused", RESULT_FAILED, "not paused"},
	{INTERFACE ".NotConnected", RESULT_FAILED,
	 "not connected to its registrar now, or not registered"},
	{INTERFACE ".Busy", RESULT_FAILED,
	 "too many wait for this account's outcome already, or it is being "
	 "diagnosed, or too many others are"},
	{INTERFACE ".TooLarge", RESULT_FAILED, "the reply would be too large"},
	{"org.varlink.service.MethodNotFound", RESULT_FAILED,
	 "this sipregd does not know that verb"},
};


static int64_t now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);

	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}


static void extend(struct call *c)
{
	c->deadline = now_ms() + (int64_t)c->timeout * 1000;
}


static enum result timed_out(const struct call *c)
{
	complain("no answer in %d s", c->timeout);

	return RESULT_TIMEOUT;
}


static enum result broken(const struct call *c, const char *what)
{
	complain("%s: sipregd %s", c->opt->socket, what);

	return RESULT_UNREACHABLE;
}


/* Whoever opens the socket needs its write permission (unix(7)). */
static void refused(const char *path)
{
	const struct group *group;
	struct stat st;

	if (stat(path, &st) || !(st.st_mode & S_IWGRP) || !st.st_gid) {
		complain("%s: permission denied; be root", path);
		return;
	}

	group = getgrgid(st.st_gid);
	if (group)
		complain("%s: permission denied; be root or in the group %s",
			 path, group->gr_name);
	else
		complain("%s: permission denied; be root or in the group %u",
			 path, (unsigned)st.st_gid);
}


static enum result connect_failed(const struct call *c, int err)
{
	switch (err) {

	case EACCES:
	case EPERM:
		refused(c->opt->socket);
		return RESULT_NOT_PERMITTED;

	case EAGAIN:
		return timed_out(c);

	case ENOENT:
	case ECONNREFUSED:
		complain("%s: sipregd is not running here (%s); start it, or "
			 "name its control_socket with -s", c->opt->socket,
			 strerror(err));
		return RESULT_UNREACHABLE;

	default:
		complain("%s: %s", c->opt->socket, strerror(err));
		return RESULT_UNREACHABLE;
	}
}


/* connect() waits as long as send() may, when the daemon's queue is full. */
static enum result open_socket(struct call *c)
{
	const struct timeval tv = {.tv_sec = c->timeout};
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	const size_t len = strlen(c->opt->socket);

	if (len >= sizeof(addr.sun_path))
		return connect_failed(c, ENAMETOOLONG);

	memcpy(addr.sun_path, c->opt->socket, len);

	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		return connect_failed(c, errno);

	(void)setsockopt(c->fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));

	if (connect(c->fd, (struct sockaddr *)&addr, sizeof(addr)))
		return connect_failed(c, errno);

	return RESULT_OK;
}


static int add_members(struct mbuf *mb, const char *members)
{
	if (!members || !members[0])
		return 0;

	return mbuf_printf(mb, "%s%s", mb->buf[mb->pos - 1] == '{' ? "" : ",",
			   members);
}


static int encode(struct mbuf *mb, const char *method, const char *name,
		  const char *members, bool more)
{
	char full[64];
	int err;

	(void)snprintf(full, sizeof(full), INTERFACE ".%s", method);

	err = json_open(mb, NULL, '{');
	err |= json_add_string(mb, "method", full);
	err |= json_open(mb, "parameters", '{');
	if (name)
		err |= json_add_string(mb, "name", name);
	err |= add_members(mb, members);
	err |= json_close(mb, '}');
	if (more)
		err |= json_add_bool(mb, "more", true);
	err |= json_close(mb, '}');
	err |= mbuf_write_u8(mb, '\0');

	mb->pos = 0;

	return err;
}


static enum result send_all(struct call *c, struct mbuf *mb)
{
	ssize_t n;

	while (mbuf_get_left(mb)) {

		n = send(c->fd, mbuf_buf(mb), mbuf_get_left(mb), MSG_NOSIGNAL);
		if (n < 0 && errno == EAGAIN)
			return timed_out(c);
		if (n < 0 && errno != EINTR)
			return broken(c, "closed the connection");
		if (n > 0)
			mb->pos += (size_t)n;
	}

	return RESULT_OK;
}


static enum result request(struct call *c, const char *method, bool more)
{
	struct mbuf *mb = mbuf_alloc(256);
	enum result result;

	if (!mb || encode(mb, method, c->name, c->members, more)) {
		complain("out of memory");
		result = RESULT_FAILED;
	}
	else {
		result = send_all(c, mb);
	}

	mem_deref(mb);

	return result;
}


static bool readable(const struct call *c)
{
	struct pollfd p = {.fd = c->fd, .events = POLLIN};
	int64_t left;
	int n;

	if (c->stream) {
		stream_wait(c->fd);
		return true;
	}

	do {
		left = c->deadline - now_ms();
		if (left < 0)
			left = 0;
		n = poll(&p, 1, (int)left);
	} while (n < 0 && errno == EINTR);

	return n > 0;
}


static enum result read_some(struct call *c)
{
	uint8_t buf[CHUNK];
	ssize_t n;

	if (!readable(c))
		return timed_out(c);

	n = recv(c->fd, buf, sizeof(buf), c->stream ? MSG_DONTWAIT : 0);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return RESULT_OK;
	if (n <= 0)
		return broken(c, "closed the connection");

	mbuf_skip_to_end(c->rx);
	if (mbuf_write_mem(c->rx, buf, (size_t)n)) {
		complain("out of memory");
		return RESULT_FAILED;
	}

	return RESULT_OK;
}


/* Who follows something learns by that that there is no more to follow. */
static bool ends_daemon(const char *error)
{
	return !strcmp(error, INTERFACE ".Stopping") ||
	       !strcmp(error, INTERFACE ".Aborted");
}


static enum result failed(const struct call *c, const struct odict *message,
			  const char *error)
{
	const struct odict *par = value_object(message, "parameters");
	const char *reason = odict_string(par, "reason");
	size_t i;

	messages_print(par);

	if (c->stream && ends_daemon(error))
		return broken(c, "has ended");

	if (!strcmp(error, INTERFACE ".Busy") && !value_has(par, "name")) {
		complain("too many streams go on already");
		return RESULT_FAILED;
	}

	if (!strcmp(error, INTERFACE ".Overrun")) {
		complain("%lld more were lost: they were not read fast enough",
			 (long long)value_int(par, "lost", 0));
		return RESULT_FAILED;
	}

	for (i = 0; i < ARRAY_SIZE(errorv); i++) {

		if (strcmp(errorv[i].name, error))
			continue;

		complain("%s%s%s", c->name ? c->name : "", c->name ? ": " : "",
			 errorv[i].text);
		return errorv[i].result;
	}

	if (!reason)
		reason = odict_string(par, "parameter");

	complain("sipregd answered %s%s%s", error, reason ? ": " : "",
		 reason ? reason : "");

	return RESULT_FAILED;
}


static enum result reply(struct call *c, const struct odict *message,
			 const struct pl *text, bool *continues)
{
	struct reply r = {.o = value_object(message, "parameters")};
	const char *error = odict_string(message, "error");

	if (error)
		return failed(c, message, error);

	if (!r.o || !raw_member(&r.json, text, "parameters"))
		return broken(c, "sent a reply without parameters");

	*continues = value_true(message, "continues");
	extend(c);

	return c->h(&r, c->arg);
}


static enum result message(struct call *c, const struct pl *text,
			   bool *continues)
{
	struct odict *o;
	enum result result;

	if (wire_decode(&o, text->p, text->l, DEPTH_MAX))
		return broken(c, "sent what is not a reply");

	value_strings(o, text_clean);
	result = reply(c, o, text, continues);
	mem_deref(o);

	return result;
}


/* The next whole message, of which what came before it is forgotten. */
static enum result receive(struct call *c, struct pl *text)
{
	struct mbuf *mb = c->rx;
	size_t pos = 0, searched = 0, len;
	enum result result;
	char end;

	for (;;) {
		/* a long one is not searched from its beginning each time */
		mb->pos = pos + searched;
		if (wire_message(mb, &len, &end))
			break;

		searched = mb->end - pos;
		if (searched > REPLY_MAX)
			return broken(c, "sent too long a reply");

		if (c->stream && stream_over()) {
			c->over = true;
			return RESULT_OK;
		}

		result = read_some(c);
		if (result != RESULT_OK)
			return result;
	}

	text->p = (const char *)mb->buf + pos;
	text->l = searched + len;
	mb->pos = pos + text->l + 1;

	return RESULT_OK;
}


static void forget_read(struct mbuf *mb)
{
	const size_t left = mbuf_get_left(mb);

	if (left)
		memmove(mb->buf, mb->buf + mb->pos, left);

	mb->pos = 0;
	mb->end = left;
}


static enum result replies(struct call *c)
{
	bool continues;
	struct pl text;
	enum result result;

	do {
		continues = false;
		result = receive(c, &text);
		if (result == RESULT_OK && !c->over)
			result = message(c, &text, &continues);

		forget_read(c->rx);
	} while (result == RESULT_OK && continues);

	return result;
}


enum result client_call_with(const struct options *opt, int timeout,
			     const char *method, const char *name,
			     const char *members, bool more,
			     client_reply_h *h, void *arg)
{
	struct call c = {
		.opt = opt,
		.name = name,
		.members = members,
		.timeout = opt->timeout ? opt->timeout
					: timeout ? timeout : STREAM_TIMEOUT,
		.stream = !timeout,
		.fd = -1,
		.h = h,
		.arg = arg,
	};
	enum result result;

	extend(&c);

	c.rx = mbuf_alloc(CHUNK);
	if (!c.rx) {
		complain("out of memory");
		return RESULT_FAILED;
	}

	result = open_socket(&c);
	if (result == RESULT_OK)
		result = request(&c, method, more);
	if (result == RESULT_OK)
		result = replies(&c);

	if (c.fd >= 0)
		(void)close(c.fd);
	mem_deref(c.rx);

	return result;
}


enum result client_call(const struct options *opt, int timeout,
			const char *method, const char *name, bool more,
			client_reply_h *h, void *arg)
{
	return client_call_with(opt, timeout, method, name, NULL, more, h,
				arg);
}
