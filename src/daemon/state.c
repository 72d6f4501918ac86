/* What survives a restart: whose turn it is to be written, and what becomes of
 * it when the disk does not want to. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include "append.h"
#include "log.h"
#include "loop.h"
#include "state_anew.h"
#include "state_edges.h"
#include "state_kept.h"
#include "state_record.h"


#define ANEW_MIN (256u << 10)    /* bytes that may be old in any case */

/* The nonce's count must reach as far as CSeq: see state_reserved(). */
_Static_assert(DIGEST_NC_AHEAD >= STATE_CSEQ_AHEAD, "nc falls behind CSeq");

struct state {
	char path[FILE_PATH_SIZE];
	struct state_kept *kept;         /* until state_forget() */
	struct list nodel;
	struct list dirtyl;

	int lock;                        /* the directory, locked; -1 */
	struct append file;
	uint64_t live;                   /* its size when it was last all new */
	struct timer timer;
	msec_t flush_from;               /* nothing is written before */
	struct mbuf *mb;                 /* one slice */
	struct state_account *scratch;
	struct state_edges *edges;
	msec_t retry_at;                 /* nothing before, 0: all is well */
	msec_t pause;                    /* the one before it */

	struct state_anew anew;
	struct le *next;                 /* the node that it comes to */
	struct list anewl;               /* were dirty, and are in it */
	msec_t anew_retry_at;
	int anew_err;
	bool closing;
};


/* --- records --- */

static int record_edges(struct state *s, struct mbuf *mb,
			struct state_node *node)
{
	memset(s->edges, 0, sizeof(*s->edges));
	node->edgesh(s->edges, node->arg);

	return state_edges_encode(mb, s->edges);
}


static int record(struct state *s, struct mbuf *mb, struct state_node *node)
{
	struct state_account *a = s->scratch;

	memset(a, 0, sizeof(*a));
	if (!node->h)
		return record_edges(s, mb, node);

	node->h(a, node->arg);

	for (unsigned i = 0; i < a->regc && !s->closing; i++) {

		uint32_t *cseq = &a->regv[i].cseq;

		*cseq = *cseq < INT32_MAX - STATE_CSEQ_AHEAD
			? *cseq + STATE_CSEQ_AHEAD : INT32_MAX;
	}

	return state_record_encode(mb, a);
}


static void reserve(struct state_node *node, const struct state_account *a)
{
	for (unsigned i = 0; i < ACCOUNT_FLOWS_MAX; i++)
		node->reservedv[i] = a && i < a->regc ? a->regv[i].cseq : 0;
}


bool state_reserved(const struct state_node *n, unsigned i, uint32_t cseq)
{
	if (!n->state)
		return true;

	return i < ACCOUNT_FLOWS_MAX &&
	       (uint64_t)cseq + STATE_CSEQ_AHEAD / 2 <= n->reservedv[i];
}


/* Once each time it changes. */
static void tell(struct state *s, int err)
{
	if (err && !s->retry_at)
		log_warning(NULL, "%s cannot be written (%s): until it can, "
			    "what changes does not survive a restart", s->path,
			    strerror(err));
	else if (!err && s->retry_at)
		log_notice(NULL, "%s is written again", s->path);

	s->pause = !err ? 0 : s->pause ? clock_min(2 * s->pause, STATE_RETRY)
				       : STATE_FLUSH_EVERY;
	s->retry_at = err ? loop_now() + s->pause : 0;
}


/* --- what has changed --- */

static void make_dirty(struct state *s, struct state_node *node)
{
	if (node->dirty.list == &s->dirtyl)
		return;

	list_unlink(&node->dirty);
	list_append(&s->dirtyl, &node->dirty, node);
}


static void put_back(struct state *s, struct list *list)
{
	struct le *le;

	while ((le = list->head))
		make_dirty(s, le->data);
}


static void make_all_dirty(struct state *s)
{
	struct le *le;

	for (le = s->nodel.head; le; le = le->next)
		make_dirty(s, le->data);
}


/* A slice of the dirty ones into mb, and they into `list`. */
static int collect(struct state *s, struct list *list)
{
	struct le *le;
	int err;

	s->mb->pos = s->mb->end = 0;

	while ((le = s->dirtyl.head) && s->mb->end < STATE_SLICE) {

		struct state_node *node = le->data;

		err = record(s, s->mb, node);
		if (err == ENOMEM)
			return err;

		/* its owner's mistake; no use to come back to it */
		if (err)
			log_warning(s->scratch->name, "cannot be kept: %s",
				    strerror(err));

		reserve(node, err ? NULL : s->scratch);
		list_unlink(&node->dirty);
		list_append(list, &node->dirty, node);
	}

	return 0;
}


static int write_slice(struct state *s)
{
	struct list list = LIST_INIT;
	struct le *le;
	int err;

	if (!s->mb)
		s->mb = mbuf_alloc(STATE_SLICE);

	err = s->mb ? collect(s, &list) : ENOMEM;
	if (!err)
		err = append_piece(&s->file, s->mb->buf, s->mb->end,
				   STATE_FILE_MAX);

	if (err) {
		for (le = list.head; le; le = le->next)
			reserve(le->data, NULL);
		put_back(s, &list);
	}
	else {
		list_clear(&list);
	}

	return err;
}


static int flush_slice(struct state *s)
{
	int err;

	if (append_is_gone(&s->file)) {
		append_close(&s->file);
		make_all_dirty(s);
	}

	err = append_open(&s->file, s->path);

	return err ? err : write_slice(s);
}


static void schedule(struct state *s, msec_t delay)
{
	if (s->dirtyl.head && !s->anew.running && !s->closing)
		timer_start(&s->timer, clock_max(loop_now() + delay,
						 s->retry_at));
}


/* --- all of it anew --- */

static int slice_handler(struct mbuf *mb, void *arg)
{
	struct state *s = arg;
	int err;

	while (s->next && mb->end < STATE_SLICE) {

		struct state_node *node = s->next->data;

		err = record(s, mb, node);
		if (err == ENOMEM)
			return err;

		s->next = s->next->next;
		if (node->dirty.list == &s->dirtyl) {
			list_unlink(&node->dirty);
			list_append(&s->anewl, &node->dirty, node);
		}
	}

	return 0;
}


static void anew_handler(int err, int fd, uint64_t size, void *arg)
{
	struct state *s = arg;

	s->next = NULL;
	s->anew_err = err;

	if (err) {
		if (!s->anew_retry_at && !s->closing)
			log_warning(NULL, "%s cannot be made anew (%s): it "
				    "grows until it can", s->path,
				    strerror(err));
		s->anew_retry_at = loop_now() + STATE_RETRY;
		put_back(s, &s->anewl);
	}
	else {
		append_close(&s->file);
		s->file = (struct append){.fd = fd, .size = size};
		s->live = size;
		s->anew_retry_at = 0;
		list_clear(&s->anewl);
	}

	schedule(s, STATE_FLUSH_EVERY);
}


static void anew_start(struct state *s)
{
	timer_cancel(&s->timer);
	s->next = s->nodel.head;
	state_anew_start(&s->anew, s->path, slice_handler, anew_handler, s);
}


static bool wants_anew(const struct state *s)
{
	return !s->kept && s->file.size > 2 * s->live + ANEW_MIN &&
	       loop_now() >= s->anew_retry_at;
}


static void flush_handler(void *arg)
{
	struct state *s = arg;

	tell(s, flush_slice(s));

	if (!s->retry_at && wants_anew(s)) {
		anew_start(s);
		return;
	}

	if (!s->dirtyl.head) {
		s->mb = mem_deref(s->mb);
		s->flush_from = loop_now() + STATE_FLUSH_EVERY;
	}

	schedule(s, STATE_SLICE_PAUSE);
}


/* --- accounts --- */

static void add(struct state *s, struct state_node *node,
		const struct state_node *as)
{
	if (!s)
		return;

	state_remove(node);

	*node = *as;
	node->state = s;
	list_append(&s->nodel, &node->le, node);
}


void state_add(struct state *s, struct state_node *node, state_fill_h *h,
	       void *arg)
{
	add(s, node, &(struct state_node){.h = h, .arg = arg});
}


void state_add_edges(struct state *s, struct state_node *node,
		     state_fill_edges_h *h, void *arg)
{
	add(s, node, &(struct state_node){.edgesh = h, .arg = arg});
}


void state_remove(struct state_node *node)
{
	struct state *s = node->state;

	if (!s)
		return;

	if (s->next == &node->le)
		s->next = node->le.next;

	list_unlink(&node->le);
	list_unlink(&node->dirty);
	node->state = NULL;
}


void state_changed(struct state_node *node)
{
	struct state *s = node->state;

	if (!s)
		return;

	make_dirty(s, node);

	if (s->timer.at == NEVER)
		schedule(s, clock_left(s->flush_from, loop_now()));
}


/* --- birth and death --- */

static void destructor(void *arg)
{
	struct state *s = arg;

	s->closing = true;
	timer_cancel(&s->timer);
	state_anew_stop(&s->anew);

	while (s->nodel.head)
		state_remove(s->nodel.head->data);

	append_close(&s->file);
	if (s->lock >= 0)
		(void)close(s->lock);
	mem_deref(s->mb);
	mem_deref(s->scratch);
	mem_deref(s->edges);
	mem_deref(s->kept);
}


/* Two daemons would write over each other. A directory that cannot be opened
 * cannot be written by the other one either. */
static int lock(struct state *s, const char *dir)
{
	(void)file_directory(s->path);

	s->lock = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->lock < 0 || !flock(s->lock, LOCK_EX | LOCK_NB) ||
	    errno != EWOULDBLOCK)
		return 0;

	log_error(NULL, "%s is in use by another sipregd", dir);

	return EBUSY;
}


static int load(struct state *s)
{
	int err;

	s->scratch = mem_zalloc(sizeof(*s->scratch), NULL);
	s->edges = mem_zalloc(sizeof(*s->edges), NULL);
	if (!s->scratch || !s->edges)
		return ENOMEM;

	err = state_kept_alloc(&s->kept, s->path);
	if (err)
		return err;

	s->live = state_kept_live(s->kept);
	tell(s, append_open(&s->file, s->path));

	return 0;
}


int state_alloc(struct state **sp, const char *dir)
{
	struct state *s;
	int err;

	s = mem_zalloc(sizeof(*s), destructor);
	if (!s)
		return ENOMEM;

	s->file.fd = s->lock = -1;
	timer_init(&s->timer, flush_handler, s);

	if (snprintf(s->path, sizeof(s->path), "%s/" STATE_FILE, dir) >=
	    (int)sizeof(s->path)) {
		err = ENAMETOOLONG;
		goto out;
	}

	err = lock(s, dir);
	if (err)
		goto out;

	(void)signal(SIGXFSZ, SIG_IGN);
	err = load(s);

 out:
	if (err)
		mem_deref(s);
	else
		*sp = s;

	return err;
}


const struct state_account *state_find(const struct state *s,
				       const char *name, const char *aor,
				       const char *registrar)
{
	return s && s->kept ? state_kept_find(s->kept, name, aor, registrar)
			    : NULL;
}


const struct state_edges *state_find_edges(const struct state *s)
{
	return s && s->kept ? state_kept_edges(s->kept) : NULL;
}


void state_forget(struct state *s)
{
	if (s)
		s->kept = mem_deref(s->kept);
}


/* There may still be room for what has changed. */
static int write_dirty(struct state *s)
{
	int err = 0;

	while (s->dirtyl.head && !err)
		err = flush_slice(s);

	if (!err && s->file.fd >= 0 && fsync(s->file.fd))
		err = errno;

	return err;
}


void state_close(struct state *s)
{
	int err = 0;

	if (!s)
		return;

	s->closing = true;
	timer_cancel(&s->timer);
	state_anew_stop(&s->anew);

	if (!s->kept) {
		anew_start(s);
		state_anew_finish(&s->anew);
	}

	if (s->kept || s->anew_err)
		err = write_dirty(s);
	if (err)
		log_warning(NULL, "%s cannot be written (%s): the next start "
			    "knows an older state", s->path, strerror(err));

	mem_deref(s);
}
