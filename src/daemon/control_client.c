/* One client of the control socket.
 *
 * It has at most one call at a time, and the next request is taken up only
 * when the replies to the one before have left: so a client that does not read
 * holds up nobody but itself, and costs no more than one answer. Its further
 * input stays in the kernel, where its own send() will block. One that asks and
 * asks has one request taken up in a turn of the loop, like everybody else. */

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "control_client.h"
#include "wire.h"

#define CHUNK    4096            /* bytes a read makes room for */
#define KEEP_MAX 65536           /* bytes of buffer an idle client may keep */
#define SMALL_MAX (2 * CONTROL_ROOM)     /* bytes that may wait for each, the
					    more so for a stream */


void client_close(struct client *cl)
{
	if (cl->closed)
		return;

	cl->closed = true;
	list_unlink(&cl->le);
	io_stop(&cl->io);
	(void)close(cl->io.fd);
	cl->io.fd = -1;

	if (cl->call)
		cl->goneh(cl->call);
	cl->call = NULL;

	mem_deref(cl);           /* the list's reference */
}


static void client_destructor(void *arg)
{
	struct client *cl = arg;

	mem_deref(cl->rx);
	mem_deref(cl->tx);
}


/* Takes up the next request: nothing is being answered or sent. */
static bool client_idle(const struct client *cl)
{
	return !cl->call && !cl->closing && !mbuf_get_left(cl->tx);
}


static bool client_finished(const struct client *cl)
{
	return !cl->call && !mbuf_get_left(cl->tx) &&
	       (cl->closing || (cl->eof && !cl->again));
}


static int client_listen(struct client *cl, int flags)
{
	int err;

	/* ten thousand replies in a row are one change */
	if (flags == cl->flags)
		return 0;

	err = io_listen(&cl->io, flags);
	if (!err)
		cl->flags = flags;

	return err;
}


/* FD_EXCEPT, which the kernel reports unasked when the other side has closed,
 * is all that can be seen of a client whose input we leave alone. */
static int client_watch(struct client *cl)
{
	int flags = FD_EXCEPT;

	if (client_idle(cl) && !cl->eof)
		flags |= FD_READ;
	if (mbuf_get_left(cl->tx) || (client_idle(cl) && cl->again))
		flags |= FD_WRITE;

	return client_listen(cl, flags);
}


/* An event may be of a descriptor's former owner: ask for the present one. */
static bool client_gone(const struct client *cl)
{
	struct pollfd p = {.fd = cl->io.fd};

	return poll(&p, 1, 0) > 0 && p.revents & (POLLHUP | POLLERR);
}


static int client_read(struct client *cl)
{
	struct mbuf *mb = cl->rx;
	ssize_t n;
	int err;

	if (mb->size - mb->end < CHUNK) {
		err = mbuf_resize(mb, mb->end + mb->size + CHUNK);
		if (err)
			return err;
	}

	n = recv(cl->io.fd, mb->buf + mb->end, mb->size - mb->end, 0);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : errno;

	cl->eof = n == 0;
	mb->end += (size_t)n;

	return 0;
}


/* What was used moves out of the way once it is the larger part. */
static void buffer_compact(struct mbuf *mb)
{
	const size_t left = mbuf_get_left(mb);

	if (!left && mb->size > KEEP_MAX) {
		mbuf_rewind(mb);
		(void)mbuf_resize(mb, CHUNK);    /* if not, it stays large */
		return;
	}

	if (mb->pos < left)
		return;

	if (left)
		memmove(mb->buf, mb->buf + mb->pos, left);

	mb->pos = 0;
	mb->end = left;
}


static int client_flush(struct client *cl)
{
	struct mbuf *mb = cl->tx;
	ssize_t n;

	if (!mbuf_get_left(mb))
		return 0;

	n = send(cl->io.fd, mbuf_buf(mb), mbuf_get_left(mb), MSG_NOSIGNAL);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : errno;

	mb->pos += (size_t)n;
	buffer_compact(mb);
	if (!mbuf_get_left(mb))
		cl->since = NEVER;

	return 0;
}


void client_last_words(struct client *cl)
{
	(void)client_flush(cl);
}


static int queue_parts(struct mbuf *mb, const char *head, const uint8_t *body,
		       size_t len, const char *tail, char end)
{
	int err;

	err = mbuf_write_str(mb, head);
	err |= mbuf_write_mem(mb, body, len);
	err |= mbuf_write_str(mb, tail);
	err |= mbuf_write_u8(mb, (uint8_t)end);

	return err ? ENOMEM : 0;
}


/* What waits for whoever is slow to read. */
static size_t queued_for_all(const struct client *cl)
{
	size_t queued = 0;
	struct le *le;

	LIST_FOREACH(cl->le.list, le)
		queued += mbuf_get_left(((struct client *)le->data)->tx);

	return queued;
}


int client_queue(struct client *cl, const char *head, const struct mbuf *body,
		 const char *tail, char end)
{
	struct mbuf *mb = cl->tx;
	const size_t pos = mb->pos;
	const size_t left = mbuf_get_left(mb) + mbuf_get_left(body);
	int err = EOVERFLOW;

	/* who takes nothing must not take the others' small answers away */
	if (left > CONTROL_QUEUE_MAX ||
	    (left > SMALL_MAX && queued_for_all(cl) + mbuf_get_left(body) >
	     CONTROL_QUEUES_MAX))
		goto out;

	if (cl->since == NEVER)
		cl->since = loop_now();

	mb->pos = mb->end;
	err = queue_parts(mb, head, mbuf_buf(body), mbuf_get_left(body), tail,
			  end);
	mb->pos = pos;
	if (!err)
		err = client_watch(cl);

 out:
	if (err)
		client_close(cl);

	return err;
}


/* Requests that wait in rx are not announced again by the kernel, but that
 * the socket can be written is. */
void client_resume(struct client *cl)
{
	cl->call = NULL;

	if (client_listen(cl, FD_EXCEPT | FD_WRITE))
		client_close(cl);
}


/* False: no whole request is there. */
static bool client_take(struct client *cl)
{
	struct mbuf *mb = cl->rx;
	const char *text = (const char *)mbuf_buf(mb);
	size_t len;
	char end;

	if (!wire_message(mb, &len, &end)) {

		/* How it would have ended is not known: as varlink does. */
		len = mbuf_get_left(mb);
		if (len > CONTROL_REQUEST_MAX)
			cl->requesth(cl, NULL, 0, '\0');

		return false;
	}

	mb->pos += len + 1;

	/* an empty line, which a person may type */
	if (len || !end)
		cl->requesth(cl, len > CONTROL_REQUEST_MAX ? NULL : text, len,
			     end);

	return true;
}


static int client_work(struct client *cl)
{
	int err;

	err = client_flush(cl);
	if (err)
		return err;

	if (client_idle(cl))
		cl->again = client_take(cl);

	if (cl->closed)
		return 0;

	buffer_compact(cl->rx);

	return client_flush(cl);
}


static void client_handler(int flags, void *arg)
{
	struct client *cl = arg;
	int err = 0;

	mem_ref(cl);             /* a method may close its client */

	if (client_idle(cl) && !cl->eof && !cl->again)
		err = client_read(cl);
	else if (flags & FD_EXCEPT && client_gone(cl))
		err = EPIPE;

	if (!err)
		err = client_work(cl);

	if (!err && cl->call && flags & FD_WRITE &&
	    mbuf_get_left(cl->tx) < CONTROL_ROOM)
		cl->roomh(cl->call);

	if (!cl->closed) {
		if (err || client_finished(cl) || client_watch(cl))
			client_close(cl);
	}

	mem_deref(cl);
}


int client_alloc(struct list *list, struct control *control, int fd,
		 client_request_h *requesth, client_call_h *goneh,
		 client_call_h *roomh)
{
	struct client *cl;
	int err;

	cl = mem_zalloc(sizeof(*cl), client_destructor);
	if (!cl)
		return ENOMEM;

	cl->io.fd = fd;
	cl->io.h = client_handler;
	cl->io.arg = cl;
	cl->control = control;
	cl->requesth = requesth;
	cl->goneh = goneh;
	cl->roomh = roomh;
	cl->since = NEVER;
	cl->rx = mbuf_alloc(CHUNK);
	cl->tx = mbuf_alloc(CHUNK);
	if (!cl->rx || !cl->tx) {
		err = ENOMEM;
		goto out;
	}

	err = peer_get(&cl->peer, fd);
	if (err)
		goto out;

	err = client_watch(cl);
	if (err)
		goto out;

	list_append(list, &cl->le, cl);

 out:
	if (err)
		mem_deref(cl);

	return err;
}
