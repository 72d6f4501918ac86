/* Writes a whole file in slices between other work, syncs it beside the loop,
 * and renames it. */

#ifndef STATE_ANEW_H
#define STATE_ANEW_H

#include "compat.h"
#include "file.h"
#include "timer.h"


#define STATE_SLICE       (128u << 10)   /* bytes, about, of one turn */
#define STATE_SLICE_PAUSE 5              /* [ms] between two of them */

/* Puts the next slice into the empty mb; none: that was all. errno values. */
typedef int (state_slice_h)(struct mbuf *mb, void *arg);

/* It is in place, `fd` can be appended to, and has `size` bytes; or `err`. */
typedef void (state_anew_h)(int err, int fd, uint64_t size, void *arg);

/* The owner keeps it; zero it first. */
struct state_anew {
	struct file_new file;
	struct file_job job;
	struct timer timer;
	struct mbuf *mb;
	uint64_t size;
	state_slice_h *sliceh;
	state_anew_h *h;
	void *arg;
	bool running;
};

/* `h` is called once, maybe from here. */
void state_anew_start(struct state_anew *w, const char *path,
		      state_slice_h *sliceh, state_anew_h *h, void *arg);

/* Goes on with it until it is done, without pauses. */
void state_anew_finish(struct state_anew *w);

/* Ends it now if it runs, and calls `h`: ECANCELED, but what is being synced is
 * waited for. */
void state_anew_stop(struct state_anew *w);

#endif
