/* Writes a whole file in slices between other work. */

#include <errno.h>
#include "loop.h"
#include "state_anew.h"


static void done_handler(int err, int fd, void *arg)
{
	struct state_anew *w = arg;

	timer_cancel(&w->timer);
	w->mb = mem_deref(w->mb);
	w->running = false;
	w->h(err, fd, w->size, w->arg);
}


static void fail(struct state_anew *w, int err)
{
	file_abandon(&w->file);
	done_handler(err, -1, w);
}


static void slice_handler(void *arg)
{
	struct state_anew *w = arg;
	int err;

	mbuf_rewind(w->mb);
	w->mb->end = 0;
	err = w->sliceh(w->mb, w->arg);
	if (!err)
		err = file_put(w->file.fd, w->mb->buf, w->mb->end);
	if (err) {
		fail(w, err);
		return;
	}

	w->size += w->mb->end;

	if (w->mb->end)
		timer_start(&w->timer, loop_now() + STATE_SLICE_PAUSE);
	else
		file_job_start(&w->job, &w->file, done_handler, w);
}


void state_anew_start(struct state_anew *w, const char *path,
		      state_slice_h *sliceh, state_anew_h *h, void *arg)
{
	int err;

	timer_init(&w->timer, slice_handler, w);
	w->sliceh = sliceh;
	w->h = h;
	w->arg = arg;
	w->size = 0;
	w->running = true;

	w->mb = mbuf_alloc(STATE_SLICE);
	err = w->mb ? file_begin(&w->file, path) : ENOMEM;
	if (err)
		done_handler(err, -1, w);
	else
		timer_start(&w->timer, loop_now());
}


void state_anew_finish(struct state_anew *w)
{
	while (w->running) {
		if (w->job.running)
			file_job_finish(&w->job);
		else
			slice_handler(w);
	}
}


void state_anew_stop(struct state_anew *w)
{
	if (!w->running)
		return;

	if (w->job.running)
		file_job_finish(&w->job);
	else
		fail(w, ECANCELED);
}
