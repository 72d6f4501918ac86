/* Metrics over HTTP: see metrics_http.h. What is asked is read in
 * metrics_request.c. */

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "log.h"
#include "loop.h"
#include "metrics_http.h"
#include "metrics_request.h"
#include "net.h"
#include "sock.h"
#include "timer.h"


enum {
	BACKLOG = 16,
	ACCEPT_BURST = 16,       /* connections in a row */
	ACCEPT_PAUSE = 1000,     /* [ms] when there is no room for one */
	SEND_BURST = 262144,     /* bytes at a time */
	HEAD_MAX = 512,          /* bytes of an answer's header */
	BODY_MAX = 128,          /* and of one that is no page */
};

struct metrics_http {
	struct metrics *metrics;
	char *listen;                    /* as configured */
	struct sa addr;
	struct io io;                    /* fd -1: it does not listen */
	struct timer timer;              /* until it tries (again) */
	int err;                         /* of the last try, as told */
	struct list connl;               /* the oldest first */
};

enum conn_state {
	CONN_READ,                       /* the request */
	CONN_WAIT,                       /* for the page */
	CONN_SEND,
	CONN_LINGER,                     /* for the other side to close */
};

struct http_conn {
	struct le le;
	struct metrics_http *http;
	struct io io;
	enum conn_state state;
	struct timer timer;              /* its end */
	msec_t until;                    /* of CONN_SEND, whatever it takes */
	char in[METRICS_REQUEST];
	size_t inc;
	bool head;                       /* no body */
	enum metrics_format format;
	struct metrics_wait wait;
	struct metrics_page *page;       /* the body; NULL: it is in `out` */
	struct metrics_reader reader;
	char out[HEAD_MAX + BODY_MAX];
	struct pl left;                  /* of the piece that is being sent */
};


/* --- one connection: its end --- */

static void conn_destructor(void *data)
{
	struct http_conn *c = data;

	list_unlink(&c->le);
	timer_cancel(&c->timer);
	metrics_unwant(&c->wait);
	io_stop(&c->io);
	(void)close(c->io.fd);
	mem_deref(c->page);
}


static void timer_handler(void *arg)
{
	mem_deref(arg);
}


/* What is unread when a socket is closed would reset the connection, and take
 * the end of the answer with it. False: it is over. */
static bool linger(struct http_conn *c)
{
	c->state = CONN_LINGER;
	c->page = mem_deref(c->page);
	timer_start(&c->timer, loop_now() + METRICS_LINGER);

	return !shutdown(c->io.fd, SHUT_WR) && !io_listen(&c->io, FD_READ);
}


static bool drain(struct http_conn *c)
{
	ssize_t n;

	do
		n = recv(c->io.fd, c->in, sizeof(c->in), 0);
	while (n > 0);

	return n < 0 && sock_would_block(errno);
}


/* --- the answer --- */

static bool next_piece(struct http_conn *c)
{
	while (c->page && metrics_reader_next(&c->reader, &c->left))
		if (c->left.l)
			return true;

	return false;
}


/* False: the connection is over. */
static bool send_some(struct http_conn *c)
{
	size_t sent = 0;
	ssize_t n;

	while (c->left.l || next_piece(c)) {

		if (sent >= SEND_BURST)
			return true;

		n = send(c->io.fd, c->left.p, c->left.l, MSG_NOSIGNAL);
		if (n < 0)
			return sock_would_block(errno);

		sent += (size_t)n;
		pl_advance(&c->left, n);
		timer_start(&c->timer, clock_min(c->until, loop_now() +
						 METRICS_STALL));
	}

	return linger(c);
}


static bool begin_sending(struct http_conn *c)
{
	const msec_t now = loop_now();

	c->state = CONN_SEND;
	c->until = now + METRICS_SEND;
	timer_start(&c->timer, now + METRICS_STALL);

	return !io_listen(&c->io, FD_WRITE) && send_some(c);
}


static const char *phrase(unsigned code)
{
	switch (code) {

	case 200: return "OK";
	case 400: return "Bad Request";
	case 404: return "Not Found";
	case 405: return "Method Not Allowed";
	case 431: return "Request Header Fields Too Large";
	case 505: return "HTTP Version Not Supported";
	default:  return "Service Unavailable";
	}
}


static const char *content_type(const struct http_conn *c)
{
	if (!c->page)
		return "text/plain; charset=utf-8";

	return c->format == METRICS_OPENMETRICS
		? "application/openmetrics-text; version=1.0.0; charset=utf-8"
		: "text/plain; version=0.0.4; charset=utf-8";
}


/* RFC 9110 §15.5.6: a 405 says what is allowed. */
static int print_head(struct http_conn *c, unsigned code, size_t length)
{
	return snprintf(c->out, HEAD_MAX, "HTTP/1.1 %u %s\r\n"
			"Content-Type: %s\r\n"
			"Content-Length: %zu\r\n"
			"%s"
			"Cache-Control: no-store\r\n"
			"Connection: close\r\n\r\n", code, phrase(code),
			content_type(c), length,
			code == 405 ? "Allow: GET, HEAD\r\n" : "");
}


/* With a line of text; false: the connection is over. */
static bool answer(struct http_conn *c, unsigned code, const char *text)
{
	const size_t length = strlen(text) + 1;
	int n = print_head(c, code, length);

	if (!c->head)
		n += snprintf(c->out + n, BODY_MAX, "%s\n", text);

	c->left.p = c->out;
	c->left.l = (size_t)n;

	return begin_sending(c);
}


static bool answer_page(struct http_conn *c, struct metrics_page *page)
{
	int n;

	c->page = mem_ref(page);
	n = print_head(c, 200, metrics_page_length(page, c->format));
	metrics_reader_init(&c->reader, page, c->format);
	if (c->head)
		c->page = mem_deref(c->page);

	c->left.p = c->out;
	c->left.l = (size_t)n;

	return begin_sending(c);
}


static void page_handler(struct metrics_page *page, void *arg)
{
	struct http_conn *c = arg;

	if (!(page ? answer_page(c, page) : answer(c, 503, "out of memory")))
		mem_deref(c);
}


static bool answer_ready(struct http_conn *c)
{
	char text[BODY_MAX - 1];
	const bool ready = metrics_ready(c->http->metrics, text, sizeof(text));

	return answer(c, ready ? 200 : 503, text);
}


/* --- the request --- */

/* It may take a slice after the other: no more time than it takes counts. The
 * connection may be over after it. */
static void ask_page(struct http_conn *c)
{
	c->state = CONN_WAIT;
	timer_cancel(&c->timer);
	metrics_want(c->http->metrics, &c->wait, page_handler, c);
}


static bool answer_request(struct http_conn *c)
{
	struct metrics_request r;
	const unsigned code = metrics_request_read(&r, c->in, c->inc);

	c->head = r.head;
	c->format = r.format;
	if (code)
		return answer(c, code, phrase(code));

	switch (r.path) {

	case METRICS_PATH_METRICS:
		if (io_listen(&c->io, FD_EXCEPT))
			return false;

		ask_page(c);
		return true;

	case METRICS_PATH_HEALTH:
		return answer(c, 200, "ok");

	case METRICS_PATH_READY:
		return answer_ready(c);

	case METRICS_PATH_NONE:
		break;
	}

	return answer(c, 404, phrase(404));
}


static bool read_request(struct http_conn *c)
{
	ssize_t n;

	n = recv(c->io.fd, c->in + c->inc, sizeof(c->in) - c->inc, 0);
	if (n < 0)
		return sock_would_block(errno);
	if (!n)
		return false;

	c->inc += (size_t)n;
	if (metrics_request_whole(c->in, c->inc))
		return answer_request(c);

	return c->inc < sizeof(c->in) || answer(c, 431, phrase(431));
}


/* Who goes while the page is made. A descriptor's former owner may have left
 * an event: nothing but the socket itself is believed. */
static bool is_there(const struct http_conn *c)
{
	char byte;

	return recv(c->io.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 ||
		sock_would_block(errno);
}


static void conn_handler(int flags, void *arg)
{
	struct http_conn *c = arg;
	bool alive = true;
	(void)flags;

	switch (c->state) {

	case CONN_READ:
		alive = read_request(c);
		break;

	case CONN_WAIT:
		alive = is_there(c);
		break;

	case CONN_SEND:
		alive = send_some(c);
		break;

	case CONN_LINGER:
		alive = drain(c);
		break;
	}

	if (!alive)
		mem_deref(c);
}


/* --- all of them --- */

/* Who has not asked anything yet, or has his answer, goes first. False: all
 * are being served. */
static bool make_room(struct metrics_http *h)
{
	struct le *le;

	if (list_count(&h->connl) < METRICS_CONNS)
		return true;

	for (le = h->connl.head; le; le = le->next) {
		const struct http_conn *c = le->data;

		if (c->state == CONN_READ || c->state == CONN_LINGER) {
			mem_deref(le->data);
			return true;
		}
	}

	return false;
}


static void conn_add(struct metrics_http *h, int fd)
{
	struct http_conn *c = NULL;

	if (make_room(h))
		c = mem_zalloc(sizeof(*c), conn_destructor);
	if (!c) {
		(void)close(fd);
		return;
	}

	c->http = h;
	c->io.fd = fd;
	c->io.h = conn_handler;
	c->io.arg = c;
	timer_init(&c->timer, timer_handler, c);
	timer_start(&c->timer, loop_now() + METRICS_READ);
	list_append(&h->connl, &c->le, c);
	if (io_listen(&c->io, FD_READ))
		mem_deref(c);
}


static void accept_handler(int flags, void *arg)
{
	struct metrics_http *h = arg;
	int i, fd;
	(void)flags;

	for (i = 0; i < ACCEPT_BURST; i++) {

		fd = accept4(h->io.fd, NULL, NULL,
			     SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0)
			break;

		conn_add(h, fd);
	}

	/* The connection that cannot be taken stays in the queue, and would
	 * have us called again and again. */
	if (i < ACCEPT_BURST && sock_exhausted(errno)) {
		io_stop(&h->io);
		timer_start(&h->timer, loop_now() + ACCEPT_PAUSE);
	}
}


/* --- the listener --- */

static int open_socket(int *fdp, const struct sa *addr)
{
	const int on = 1;
	int fd, err = 0;

	fd = socket(sa_af(addr),
		    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return errno;

	/* connections of the process before us may still be closing */
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    (sa_af(addr) == AF_INET6 &&
	     setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on))) ||
	    bind(fd, &addr->u.sa, addr->len) || listen(fd, BACKLOG))
		err = errno;

	if (err)
		(void)close(fd);
	else
		*fdp = fd;

	return err;
}


static const char *print_addr(const struct sa *sa, char *buf, size_t size)
{
	struct addr addr;

	addr_from_sa(&addr, sa);

	return addr_print(&addr, buf, size);
}


static void tell(struct metrics_http *h, int err)
{
	char text[ADDR_STRLEN];

	if (err && err != h->err)
		log_error(NULL, "metrics.listen %s: %s%s; tried again every "
			  "%d s", h->listen, strerror(err),
			  err == EACCES && sa_port(&h->addr) < 1024
				? ", a port below 1024 needs "
				  "CAP_NET_BIND_SERVICE" : "",
			  (int)(METRICS_RETRY / 1000));
	else if (!err)
		log_info(NULL, "metrics at http://%s/metrics",
			 print_addr(&h->addr, text, sizeof(text)));

	h->err = err;
}


static void listen_handler(void *arg)
{
	struct metrics_http *h = arg;
	int err = 0;

	if (h->io.fd < 0) {
		err = open_socket(&h->io.fd, &h->addr);
		tell(h, err);
	}
	if (!err)
		err = io_listen(&h->io, FD_READ);
	if (err)
		timer_start(&h->timer, loop_now() + METRICS_RETRY);
}


static void destructor(void *data)
{
	struct metrics_http *h = data;
	struct le *le;

	timer_cancel(&h->timer);
	while ((le = h->connl.head))
		mem_deref(le->data);

	if (h->io.fd >= 0) {
		io_stop(&h->io);
		(void)close(h->io.fd);
	}
	mem_deref(h->listen);
}


static int alloc(struct metrics_http **hp, struct metrics *m,
		 const char *listen, const struct sa *addr)
{
	struct metrics_http *h = mem_zalloc(sizeof(*h), destructor);
	int err;

	if (!h)
		return ENOMEM;

	h->metrics = m;
	h->io.fd = -1;
	h->io.h = accept_handler;
	h->io.arg = h;
	timer_init(&h->timer, listen_handler, h);
	sa_cpy(&h->addr, addr);
	err = str_dup(&h->listen, listen);
	if (err) {
		mem_deref(h);
		return err;
	}

	listen_handler(h);
	*hp = h;

	return 0;
}


void metrics_http_set(struct metrics_http **hp, struct metrics *m,
		      const char *listen, const struct sa *addr)
{
	int err;

	if (*hp && !strcmp((*hp)->listen, listen))
		return;

	*hp = mem_deref(*hp);
	if (!*listen)
		return;

	err = alloc(hp, m, listen, addr);
	if (err)
		log_error(NULL, "metrics.listen %s: %s", listen,
			  strerror(err));
}
