/* The method Metrics: the page as one string, or, if the client takes more than
 * one reply, in pieces as fast as it takes them. */

#include <string.h>
#include "loop.h"
#include "metrics.h"
#include "methods.h"
#include "wire.h"


enum {
	BACKLOG_MAX = 262144,    /* bytes that wait for the client: then we
				    wait, too */
	BURST = 262144,          /* bytes of metrics at a time: some 5 ms */
	PAUSE = 20,              /* [ms] until the client is looked at again */
};

/* One call that is being answered. */
struct job {
	struct control_call *call;
	struct metrics_wait wait;
	struct metrics_page *page;
	struct metrics_reader reader;
	struct pl next;                  /* the piece to come; p NULL: none */
	struct mbuf *mb;                 /* the whole text; NULL: pieces */
	struct timer timer;
	bool busy;                       /* in one of its own replies */
};


static void destructor(void *data)
{
	struct job *j = data;

	timer_cancel(&j->timer);
	metrics_unwant(&j->wait);
	mem_deref(j->mb);
	mem_deref(j->page);
	mem_deref(j->call);
}


static void gone_handler(void *arg)
{
	struct job *j = arg;

	if (!j->busy)
		mem_deref(j);
}


/* --- in pieces --- */

static int reply_piece(struct job *j, const struct pl *piece, bool continues)
{
	struct mbuf *mb = mbuf_alloc(piece->l + piece->l / 4);
	int err;

	if (!mb)
		return ENOMEM;

	/* a piece ends with a zero */
	err  = json_open(mb, NULL, '{');
	err |= json_add_string(mb, "text", piece->p);
	err |= json_close(mb, '}');
	mb->pos = 0;
	if (!err)
		err = control_reply(j->call, mb, continues);

	mem_deref(mb);

	return err;
}


/* True: there is more to come. */
static bool send_pieces(struct job *j)
{
	char head[METRICS_HEAD_MAX];
	size_t sent = 0;
	struct pl piece;

	while (j->next.p && sent < BURST && !control_over(j->call)) {

		if (control_backlog(j->call) > BACKLOG_MAX)
			return true;

		/* the reader's own room is the next one's */
		piece = j->next;
		if (piece.p == j->reader.head) {
			memcpy(head, piece.p, piece.l);
			head[piece.l] = '\0';
			piece.p = head;
		}

		if (!metrics_reader_next(&j->reader, &j->next))
			j->next.p = NULL;

		sent += piece.l;
		if (piece.l && reply_piece(j, &piece, j->next.p != NULL)) {
			method_no_memory(j->call);
			return false;
		}
	}

	return j->next.p && !control_over(j->call);
}


/* --- as a whole --- */

/* Goes on with the string that `mb` ends with. */
static int append_text(struct mbuf *mb, const char *text)
{
	struct mbuf *part = mbuf_alloc(strlen(text) + strlen(text) / 4 + 2);
	int err;

	if (!part)
		return ENOMEM;

	err = json_string(part, text);
	if (!err) {
		mb->pos = mb->end = mb->end - 1;
		err = mbuf_write_mem(mb, part->buf + 1, part->end - 1);
	}

	mem_deref(part);

	return err;
}


static int collect(struct job *j)
{
	size_t taken = 0;
	int err = 0;

	while (!err && j->next.p && taken < BURST) {
		taken += j->next.l;
		if (j->next.l)
			err = append_text(j->mb, j->next.p);
		if (!metrics_reader_next(&j->reader, &j->next))
			j->next.p = NULL;
	}

	return err;
}


static bool send_whole(struct job *j)
{
	int err = collect(j);

	if (!err && j->mb->end > CONTROL_REPLY_MAX) {
		(void)control_error(j->call, "TooLarge", NULL, NULL);
		return false;
	}

	if (!err && j->next.p)
		return true;

	if (!err)
		err = json_close(j->mb, '}');
	j->mb->pos = 0;
	if (!err)
		err = control_reply(j->call, j->mb, false);
	if (err)
		method_no_memory(j->call);

	return false;
}


/* --- both --- */

static void timer_handler(void *arg)
{
	struct job *j = arg;
	const bool waits = !j->mb && control_backlog(j->call) > BACKLOG_MAX;
	bool more;

	j->busy = true;
	more = j->mb ? send_whole(j) : send_pieces(j);
	j->busy = false;

	if (more && !control_over(j->call))
		timer_start(&j->timer, loop_now() + (waits ? PAUSE : 0));
	else
		mem_deref(j);
}


static void ready_handler(struct metrics_page *page, void *arg)
{
	struct job *j = arg;

	if (!page) {
		j->busy = true;
		(void)control_error(j->call, "Aborted", NULL, NULL);
		mem_deref(j);
		return;
	}

	j->page = mem_ref(page);
	metrics_reader_init(&j->reader, page, METRICS_OPENMETRICS);
	(void)metrics_reader_next(&j->reader, &j->next);
	timer_start(&j->timer, loop_now());
}


static int begin_whole(struct job *j)
{
	int err;

	j->mb = mbuf_alloc(BURST);
	if (!j->mb)
		return ENOMEM;

	err  = json_open(j->mb, NULL, '{');
	err |= json_add_string(j->mb, "text", "");

	return err;
}


void method_metrics(struct control_call *call, const struct odict *parameters,
		    void *arg)
{
	struct metrics *m = daemon_metrics(arg);
	struct job *j = mem_zalloc(sizeof(*j), destructor);
	(void)parameters;

	if (!j || !m) {
		mem_deref(j);
		method_no_memory(call);
		return;
	}

	timer_init(&j->timer, timer_handler, j);
	j->call = mem_ref(call);
	if (!control_more(call) && begin_whole(j)) {
		method_no_memory(call);
		mem_deref(j);
		return;
	}

	control_on_gone(call, gone_handler, j);
	metrics_want(m, &j->wait, ready_handler, j);
}
