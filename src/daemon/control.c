/* The control socket: varlink over a UNIX stream socket.
 *
 * control_socket.c has the file, control_client.c one connection's input and
 * output, control_crowd.c who goes when there are too many, wire/varlink.c the
 * form of the messages. Here: who may change something, and the calls.
 *
 * A call belongs to whoever answers it. Its client only knows that it waits
 * for one; either may go first. */

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "control.h"
#include "control_client.h"
#include "control_crowd.h"
#include "control_socket.h"
#include "log.h"
#include "loop.h"
#include "sock.h"
#include "timer.h"
#include "varlink.h"
#include "wire.h"

#define ACCEPT_BURST  16                 /* connections per turn of the loop */
#define ACCEPT_PAUSE  SECONDS(1)         /* when descriptors have run out */
#define COMPLAIN_EACH MINUTES(1)         /* log lines that clients can cause */
#define ERROR_SIZE    128                /* bytes of a usual error message */

/* What is said of clients, each at most once in COMPLAIN_EACH: one that brings
 * about a harmless one must not hide another. */
enum complaint {
	COMPLAINT_DEAF,
	COMPLAINT_DENIED,
	COMPLAINT_CROWD,
};

enum {COMPLAINTS = COMPLAINT_CROWD + 1};

static const char *const complaintv[COMPLAINTS] = {
	[COMPLAINT_DEAF] = "client dropped, it does not read",
	[COMPLAINT_DENIED] = "change refused, not permitted",
	[COMPLAINT_CROWD] = "client refused, too many",
};

struct control {
	struct control_socket sock;
	struct io io;
	struct timer pause;      /* until connections are accepted again */
	const struct control_method *methodv;
	void *arg;
	struct list clientl;
	msec_t quietv[COMPLAINTS];       /* not said again before that time */
};

struct control_call {
	struct client *client;   /* NULL: gone, or answered */
	struct peer peer;
	char end;                /* of the request, and so of each reply */
	bool more;
	bool oneway;
	bool answered;
	bool stream;
	control_gone_h *goneh;   /* NULL: nobody asked */
	void *gone_arg;
	control_room_h *roomh;   /* likewise */
	void *room_arg;
};


static void complain(struct control *c, const struct peer *p,
		     enum complaint what)
{
	const msec_t now = loop_now();

	if (now < c->quietv[what])
		return;

	c->quietv[what] = now + COMPLAIN_EACH;
	log_warning(NULL, "control: %s (uid %u pid %d)", complaintv[what],
		    (unsigned)p->uid, (int)p->pid);
}


/* --- calls --- */

static void call_end(struct control_call *call)
{
	struct client *cl = call->client;

	call->answered = true;
	call->client = NULL;

	if (cl)
		client_resume(cl);
}


/* Whoever kept the call has let go of it, for instance because its account
 * was removed. The client is not left waiting. */
static void call_destructor(void *arg)
{
	struct control_call *call = arg;

	if (!call->answered && call->client)
		(void)control_error(call, "Aborted", NULL, NULL);
}


static void gone_handler(struct control_call *call)
{
	call->client = NULL;
	if (call->goneh && !call->answered)
		call->goneh(call->gone_arg);
}


static void room_handler(struct control_call *call)
{
	if (call->roomh)
		call->roomh(call->room_arg);
}


static struct control_call *call_alloc(struct client *cl, char end)
{
	struct control_call *call;

	call = mem_zalloc(sizeof(*call), call_destructor);
	if (!call)
		return NULL;

	call->client = cl;
	call->peer = cl->peer;
	call->end = end;
	cl->call = call;

	return call;
}


static int call_send(struct control_call *call, const char *head,
		     const struct mbuf *body, const char *tail)
{
	struct client *cl = call->client;
	struct control *c;
	int err;

	if (!cl || call->oneway)
		return 0;

	c = cl->control;
	err = client_queue(cl, head, body, tail, call->end);
	if (err == EOVERFLOW)
		complain(c, &call->peer, COMPLAINT_DEAF);

	return err;
}


int control_reply(struct control_call *call, const struct mbuf *parameters,
		  bool continues)
{
	int err;

	if (!call || !parameters || call->answered ||
	    (continues && !call->more))
		return EINVAL;

	if (mbuf_get_left(parameters) > CONTROL_REPLY_MAX) {
		(void)control_error(call, "TooLarge", NULL, NULL);
		return EMSGSIZE;
	}

	mem_ref(call);           /* who is told that its client goes lets go */
	err = call_send(call, "{\"parameters\":", parameters,
			continues ? ",\"continues\":true}" : "}");
	if (!continues)
		call_end(call);
	mem_deref(call);

	return err;
}


/* `mb` holds the whole message, if encoding it went well. */
static int send_error(struct control_call *call, struct mbuf *mb, int err)
{
	if (!err) {
		mb->pos = 0;
		err = call_send(call, "", mb, "");
	}
	else if (call->client) {
		client_close(call->client);
	}

	call_end(call);

	return err;
}


int control_error(struct control_call *call, const char *name,
		  const char *key, const char *value)
{
	struct mbuf *mb;
	int err;

	if (!call || !name || call->answered)
		return EINVAL;

	mb = mbuf_alloc(ERROR_SIZE);
	err = mb ? varlink_error_encode(mb, CONTROL_INTERFACE, name, key,
					value) : ENOMEM;
	err = send_error(call, mb, err);
	mem_deref(mb);

	return err;
}


int control_error_object(struct control_call *call, const char *name,
			 const struct mbuf *parameters)
{
	struct mbuf *mb;
	int err;

	if (!call || !name || !parameters || call->answered)
		return EINVAL;

	mb = mbuf_alloc(ERROR_SIZE);
	err = mb ? varlink_error_object(mb, CONTROL_INTERFACE, name,
					parameters) : ENOMEM;
	err = send_error(call, mb, err);
	mem_deref(mb);

	return err;
}


bool control_more(const struct control_call *call)
{
	return call && call->more;
}


bool control_stream(struct control_call *call)
{
	unsigned streams = 0;
	struct le *le;

	if (control_over(call))
		return false;

	LIST_FOREACH(&call->client->control->clientl, le) {
		const struct client *cl = le->data;

		streams += cl->call && cl->call->stream;
	}

	call->stream = streams < CONTROL_STREAMS_MAX;
	if (!call->stream)
		(void)control_error(call, "Busy", NULL, NULL);

	return call->stream;
}


void control_on_gone(struct control_call *call, control_gone_h *h, void *arg)
{
	call->goneh = h;
	call->gone_arg = arg;
}


void control_on_room(struct control_call *call, control_room_h *h, void *arg)
{
	call->roomh = h;
	call->room_arg = arg;
}


size_t control_backlog(const struct control_call *call)
{
	return call->client ? mbuf_get_left(call->client->tx) : 0;
}


bool control_over(const struct control_call *call)
{
	return !call || !call->client;
}


/* --- requests --- */

static bool is_method(const struct control_method *m, const char *name)
{
	static const char prefix[] = CONTROL_INTERFACE ".";
	const size_t len = sizeof(prefix) - 1;

	if (strchr(m->name, '.'))
		return !strcmp(m->name, name);

	return !strncmp(prefix, name, len) && !strcmp(m->name, name + len);
}


static const struct control_method *method_find(const struct control *c,
						const char *name)
{
	const struct control_method *m;

	for (m = c->methodv; m->name; m++) {
		if (is_method(m, name))
			return m;
	}

	return NULL;
}


static bool may_change(const struct client *cl)
{
	gid_t gid;

	if (peer_is_master(&cl->peer))
		return true;

	return control_socket_group(&cl->control->sock, &gid) &&
	       peer_in_group(&cl->peer, cl->io.fd, gid);
}


static void log_change(const struct control_method *m,
		       const struct odict *parameters, const struct peer *p)
{
	const char *name = odict_string(parameters, "name");

	log_notice(NULL, "control: %s%s%.64s by uid %u pid %d", m->name,
		   name ? " " : "", name ? name : "", (unsigned)p->uid,
		   (int)p->pid);
}


static void call_method(struct client *cl, struct control_call *call,
			const struct varlink_request *r)
{
	struct control *c = cl->control;
	const struct control_method *m = method_find(c, r->method);

	if (!m) {
		(void)control_error(call, "org.varlink.service.MethodNotFound",
				    "method", r->method);
		return;
	}

	if (m->change && !may_change(cl)) {
		complain(c, &cl->peer, COMPLAINT_DENIED);
		(void)control_error(call, "PermissionDenied", NULL, NULL);
		return;
	}

	if (m->change)
		log_change(m, r->parameters, &cl->peer);

	m->h(call, r->parameters, c->arg);
}


static void request_handler(struct client *cl, const char *text, size_t len,
			    char end)
{
	struct varlink_request r = {0};
	struct control_call *call;
	const char *wrong = "too long";

	call = call_alloc(cl, end);
	if (!call) {
		client_close(cl);
		return;
	}

	if (text)
		wrong = varlink_request_decode(&r, text, len);

	call->oneway = r.oneway && !wrong;
	call->more = r.more && !call->oneway;    /* nobody would hear it */

	if (wrong) {
		/* What follows cannot be trusted to be a request. */
		cl->closing = true;
		(void)control_error(call, "BadRequest", "reason", wrong);
	}
	else {
		call_method(cl, call, &r);
	}

	mem_deref(call);
	mem_deref(r.o);
}


/* --- the server --- */

static void client_add(struct control *c, int fd)
{
	struct peer peer = {0};

	if (list_count(&c->clientl) >= CONTROL_CLIENTS_MAX) {
		(void)peer_get(&peer, fd);
		crowd_make_room(&c->clientl, &peer);
	}

	if (list_count(&c->clientl) >= CONTROL_CLIENTS_MAX) {
		complain(c, &peer, COMPLAINT_CROWD);
		(void)close(fd);
		return;
	}

	if (client_alloc(&c->clientl, c, fd, request_handler, gone_handler,
			 room_handler))
		(void)close(fd);
}


static void accept_handler(int flags, void *arg)
{
	struct control *c = arg;
	int i, fd;

	(void)flags;

	for (i = 0; i < ACCEPT_BURST; i++) {

		fd = accept4(c->io.fd, NULL, NULL,
			     SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0)
			break;

		client_add(c, fd);
	}

	/* The connection that cannot be taken stays in the queue, and would
	 * have us called again and again. */
	if (i < ACCEPT_BURST && sock_exhausted(errno)) {
		io_stop(&c->io);
		timer_start(&c->pause, loop_now() + ACCEPT_PAUSE);
	}
}


static void pause_handler(void *arg)
{
	struct control *c = arg;

	if (io_listen(&c->io, FD_READ))
		timer_start(&c->pause, loop_now() + ACCEPT_PAUSE);
}


static void destructor(void *arg)
{
	struct control *c = arg;

	while (c->clientl.head) {
		client_last_words(c->clientl.head->data);
		client_close(c->clientl.head->data);
	}

	timer_cancel(&c->pause);
	if (c->io.fd >= 0)
		io_stop(&c->io);

	control_socket_close(&c->sock);
}


int control_alloc(struct control **cp, const char *path,
		  const struct control_method *methodv, void *arg)
{
	struct control *c;
	int err;

	if (!cp || !methodv)
		return EINVAL;

	c = mem_zalloc(sizeof(*c), destructor);
	if (!c)
		return ENOMEM;

	c->io.fd = -1;
	c->io.h = accept_handler;
	c->io.arg = c;
	c->methodv = methodv;
	c->arg = arg;
	timer_init(&c->pause, pause_handler, c);

	err = control_socket_open(&c->sock, path, CONTROL_CLIENTS_MAX);
	if (err)
		goto out;

	c->io.fd = c->sock.fd;
	err = io_listen(&c->io, FD_READ);

 out:
	if (err)
		mem_deref(c);
	else
		*cp = c;

	return err;
}
