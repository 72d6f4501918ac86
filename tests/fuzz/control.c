/* Fuzzes a client of the control socket: however its bytes come apart, each
 * request is taken up once and as it was sent, each gets one reply, and what
 * it costs is bounded. */

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>
#include "control_client.h"
#include "fuzz.h"
#include "varlink.h"
#include "wire.h"


#define STREAM_MAX (3 * CONTROL_REQUEST_MAX)
#define DEPTH      3     /* of a reply */

static uint8_t stream[STREAM_MAX];

static struct {
	size_t fed, at;          /* bytes in; bytes taken up */
	unsigned requests, replies;
	bool too_long;
} run;


/* The next that is no empty line, as the stream has it. */
static void check_request(const char *text, size_t len, char end)
{
	const uint8_t *p;

	while (run.at < run.fed && stream[run.at] == '\n')
		++run.at;

	p = stream + run.at;
	assert(end == '\0' || end == '\n');
	assert(run.at + len < run.fed && p[len] == (uint8_t)end);
	assert(!memcmp(p, text, len) && !memchr(p, '\0', len) &&
	       !memchr(p, '\n', len));
	run.at += len + 1;
}


/* What the daemon would say, and a method that says its own name. */
static void reply_print(struct mbuf *mb, const char *text, size_t len)
{
	struct varlink_request r = {0};
	const char *wrong = varlink_request_decode(&r, text, len);
	int err;

	assert(wrong || (r.o && r.method));
	if (wrong) {
		err = varlink_error_encode(mb, CONTROL_INTERFACE, "BadRequest",
					   "reason", wrong);
	}
	else {
		err = json_open(mb, NULL, '{');
		err |= json_add_string(mb, "method", r.method);
		err |= json_close(mb, '}');
	}
	assert(!err);
	mem_deref(r.o);
}


static void request_handler(struct client *cl, const char *text, size_t len,
			    char end)
{
	struct mbuf *mb;

	++run.requests;
	if (!text) {
		run.too_long = cl->closing = true;
		text = "too long";
		len = strlen(text);
	}
	else {
		assert(len <= CONTROL_REQUEST_MAX);
		check_request(text, len, end);
	}

	mb = mbuf_alloc(64);
	if (!mb)
		abort();
	reply_print(mb, text, len);
	mb->pos = 0;
	(void)client_queue(cl, "", mb, "", end);
	mem_deref(mb);
}


static void call_handler(struct control_call *call)
{
	(void)call;
}


/* Every reply is one JSON object and its end mark. */
static void read_replies(int fd)
{
	static uint8_t buf[4 * CONTROL_REQUEST_MAX];
	struct mbuf mb = {.buf = buf, .size = sizeof(buf)};
	struct odict *o;
	ssize_t n;
	size_t len;
	char end;

	while ((n = recv(fd, buf + mb.end, sizeof(buf) - mb.end, 0)) > 0)
		mb.end += (size_t)n;

	while (wire_message(&mb, &len, &end)) {
		assert(!wire_decode(&o, (char *)mbuf_buf(&mb), len, DEPTH));
		mem_deref(o);
		mb.pos += len + 1;
		++run.replies;
	}
	assert(!mbuf_get_left(&mb));
}


/* As the loop would, while there is something to do. */
static void work(struct client *cl, int fd)
{
	unsigned before;
	uint8_t byte;

	do {
		before = run.requests;
		cl->io.h(FD_READ | FD_WRITE, cl->io.arg);
		read_replies(fd);
		assert(cl->rx->size <= 4 * CONTROL_REQUEST_MAX);
	} while (!cl->closed && (run.requests != before || cl->again ||
				 recv(cl->io.fd, &byte, 1, MSG_PEEK) > 0));
}


/* All of it, or until the client is thrown out. */
static void play(struct client *cl, int fd, size_t len, uint32_t state)
{
	ssize_t n;

	while (run.fed < len && !cl->closed) {
		n = send(fd, stream + run.fed, fuzz_piece(&state, len -
							  run.fed),
			 MSG_NOSIGNAL);
		assert(n > 0);
		run.fed += (size_t)n;
		work(cl, fd);
	}
}


static void check_end(void)
{
	const uint8_t *p = stream + run.at;
	size_t n = run.fed - run.at, i = 0;

	assert(run.replies == run.requests);
	while (i < n && p[i] == '\n')
		++i;
	if (run.too_long)
		assert(n - i > CONTROL_REQUEST_MAX &&
		       !memchr(p + i, '\0', CONTROL_REQUEST_MAX) &&
		       !memchr(p + i, '\n', CONTROL_REQUEST_MAX));
	else
		assert(!memchr(p + i, '\0', n - i) &&
		       !memchr(p + i, '\n', n - i));
}


int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	fuzz_init();

	return 0;
}


int LLVMFuzzerTestOneInput(const uint8_t *buf, size_t len)
{
	const size_t n = fuzz_expand(stream, sizeof(stream), buf, len);
	struct list list = LIST_INIT;
	struct client *cl;
	int fdv[2];

	memset(&run, 0, sizeof(run));
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fdv))
		abort();
	if (client_alloc(&list, NULL, fdv[0], request_handler, call_handler,
			 call_handler))
		abort();

	cl = mem_ref(list.head->data);
	play(cl, fdv[1], n, fuzz_seed(buf, len));
	check_end();
	client_close(cl);
	assert(!list.head);
	mem_deref(cl);
	(void)close(fdv[1]);

	return 0;
}
