/* Descriptors from the service manager and for it: see fdstore.h. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>
#include "fdstore.h"
#include "log.h"
#include "notify.h"


#define MESSAGE_FDS 253          /* SCM_MAX_FD of unix(7) */
#define TEXT_SIZE   128          /* bytes of what the manager is told */
#define PUT_WAIT    1000         /* [ms] for a manager that does not read */
#define FD_RESERVE  64           /* descriptors that are left for all else when
				    very many were passed */

/* One that nobody took yet. */
struct passed {
	struct le le;
	int fd;
	const char *name;
};

static struct {
	struct list list;                /* struct passed */
	char **namev;                    /* libsystemd's, ends with NULL */
	bool lost;                       /* not all could be opened */
} store;

/* One message of a bundle: a byte, as an empty one looks like the end. */
struct message {
	struct msghdr hdr;
	struct iovec iov;
	char byte;
	union {
		char buf[CMSG_SPACE(MESSAGE_FDS * sizeof(int))];
		struct cmsghdr align;
	} control;
};


static void message_init(struct message *m, size_t fdc)
{
	memset(m, 0, sizeof(*m));
	m->iov.iov_base = &m->byte;
	m->iov.iov_len = sizeof(m->byte);
	m->hdr.msg_iov = &m->iov;
	m->hdr.msg_iovlen = 1;
	m->hdr.msg_control = m->control.buf;
	m->hdr.msg_controllen = CMSG_SPACE(fdc * sizeof(int));
}


/* --- what was passed --- */

static bool own_name(const char *name)
{
	return !strcmp(name, FDSTORE_FLOW) || !strcmp(name, FDSTORE_NOTE) ||
		!strcmp(name, FDSTORE_TLS);
}


static void destructor(void *arg)
{
	struct passed *p = arg;

	list_unlink(&p->le);
	if (p->fd >= 0)
		(void)close(p->fd);
}


static void add(int fd, const char *name)
{
	struct passed *p;

	if (own_name(name) && fd >= getdtablesize() - FD_RESERVE) {
		store.lost = true;
		(void)close(fd);
		return;
	}

	p = mem_zalloc(sizeof(*p), destructor);
	if (!p) {
		(void)close(fd);
		return;
	}

	p->fd = fd;
	p->name = name;
	list_append(&store.list, &p->le, p);
}


/* False: that was all. */
static bool unpack_message(int bundle, const char *name)
{
	struct message m;
	struct cmsghdr *c;
	int fdv[MESSAGE_FDS];
	size_t fdc;

	message_init(&m, MESSAGE_FDS);
	if (recvmsg(bundle, &m.hdr, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) <= 0)
		return false;

	if (m.hdr.msg_flags & MSG_CTRUNC)
		store.lost = true;

	c = CMSG_FIRSTHDR(&m.hdr);
	if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
		return true;

	fdc = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	memcpy(fdv, CMSG_DATA(c), fdc * sizeof(int));
	for (size_t i = 0; i < fdc; i++)
		add(fdv[i], name);

	return true;
}


/* What has our name and is no bundle stays as it is. */
static void adopt(int fd, const char *name)
{
	if (!own_name(name) ||
	    sd_is_socket(fd, AF_UNIX, SOCK_SEQPACKET, 0) <= 0) {
		add(fd, name);
		return;
	}

	while (unpack_message(fd, name))
		;

	(void)close(fd);
}


static void forget(const char *name)
{
	char text[TEXT_SIZE];

	(void)snprintf(text, sizeof(text), "FDSTOREREMOVE=1\nFDNAME=%s", name);
	if (notify_possible(PUT_WAIT))
		(void)sd_notify(0, text);
}


void fdstore_init(void)
{
	const int n = sd_listen_fds_with_names(1, &store.namev);
	bool flow = false, note = false, tls = false;

	if (n < 0)
		log_warning(NULL, "the descriptors that the service manager "
			    "passed cannot be used: %s", strerror(-n));

	for (int i = 0; i < n; i++) {

		const char *name = store.namev[i];

		flow |= !strcmp(name, FDSTORE_FLOW);
		note |= !strcmp(name, FDSTORE_NOTE);
		tls |= !strcmp(name, FDSTORE_TLS);
		adopt(SD_LISTEN_FDS_START + i, name);
	}

	if (flow)
		forget(FDSTORE_FLOW);
	if (note)
		forget(FDSTORE_NOTE);
	if (tls)
		forget(FDSTORE_TLS);

	if (store.lost)
		log_warning(NULL, "more descriptors were kept over the restart "
			    "than may be open (LimitNOFILE=): some are lost");
}


int fdstore_take(fdstore_match_h *h, void *arg)
{
	struct le *le;

	LIST_FOREACH(&store.list, le) {

		struct passed *p = le->data;
		const int fd = p->fd;

		if (!h(fd, p->name, arg))
			continue;

		p->fd = -1;
		mem_deref(p);

		return fd;
	}

	return -1;
}


void fdstore_close(void)
{
	const char *name = NULL;
	unsigned strange = 0;
	struct le *le;

	LIST_FOREACH(&store.list, le) {

		const struct passed *p = le->data;

		if (own_name(p->name))
			continue;

		++strange;
		if (!name)
			name = p->name;
	}

	if (strange)
		log_warning(NULL, "the service manager passed %u descriptors "
			    "that are of no use, the first as \"%s\": closed",
			    strange, name);

	list_flush(&store.list);
	for (char **namep = store.namev; namep && *namep; ++namep)
		free(*namep);
	free(store.namev);
	memset(&store, 0, sizeof(store));
}


/* --- what is to be kept --- */

bool fdstore_possible(void)
{
	const char *manager = getenv("NOTIFY_SOCKET");
	const char *limit = getenv("FDSTORE");

	return manager && *manager && (!limit || strcmp(limit, "0"));
}


static int send_message(int bundle, const int *fdv, size_t fdc)
{
	struct message m;
	struct cmsghdr *c;

	message_init(&m, fdc);
	c = CMSG_FIRSTHDR(&m.hdr);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(fdc * sizeof(int));
	memcpy(CMSG_DATA(c), fdv, fdc * sizeof(int));

	return sendmsg(bundle, &m.hdr, MSG_DONTWAIT | MSG_NOSIGNAL) < 0
		? errno : 0;
}


/* As many of them as fit, *np. They stay in the queue of the end that is read,
 * although the other one is closed. */
static int pack(int *bundlep, size_t *np, const int *fdv, size_t fdc)
{
	int pair[2], err = 0;
	size_t sent = 0;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return errno;

	while (sent < fdc && !err) {

		const size_t left = fdc - sent;
		const size_t n = left < MESSAGE_FDS ? left : MESSAGE_FDS;

		err = send_message(pair[0], fdv + sent, n);
		if (!err)
			sent += n;
	}

	(void)close(pair[0]);

	/* its buffer is full */
	if (err == EAGAIN && sent)
		err = 0;

	if (err) {
		(void)close(pair[1]);
		return err;
	}

	*bundlep = pair[1];
	*np = sent;

	return 0;
}


/* FDPOLL=0: else the manager throws out at once whatever has been hung up, as
 * each bundle has. */
static int keep(const char *name, int fd)
{
	char text[TEXT_SIZE];
	int n;

	(void)snprintf(text, sizeof(text), "FDSTORE=1\nFDPOLL=0\nFDNAME=%s",
		       name);
	n = sd_pid_notify_with_fds(0, 0, text, &fd, 1);

	return n < 0 ? -n : n ? 0 : ENOTSUP;
}


int fdstore_put(const char *name, const int *fdv, size_t fdc)
{
	size_t n = 0;
	int bundle = -1, err;

	if (!fdstore_possible())
		return ENOTSUP;
	if (!notify_possible(PUT_WAIT))
		return ETIMEDOUT;

	for (; fdc; fdv += n, fdc -= n) {

		err = pack(&bundle, &n, fdv, fdc);
		if (err)
			return err;

		err = keep(name, bundle);
		(void)close(bundle);
		if (err)
			return err;
	}

	return 0;
}


int fdstore_wait(unsigned timeout)
{
	int n;

	if (!notify_possible(PUT_WAIT))
		return ETIMEDOUT;

	n = sd_notify_barrier(0, (uint64_t)timeout * 1000);

	return n < 0 ? -n : n ? 0 : ENOTSUP;
}
