/* The timers: a 4-ary heap of deadlines and the one timerfd that wakes it.
 *
 * Four children per node halve the depth of a binary heap and lie in one cache
 * line: a slot is 16 bytes and repeats the deadline, so that sifting touches
 * no timer but the ones that move. The kernel is told only when the nearest
 * deadline comes nearer; after one that was cancelled we wake up once for
 * nothing, which is cheaper than two system calls for every request. */

#include <errno.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>
#include "loop.h"
#include "timer.h"


#define HEAP_CHILDREN 4
#define HEAP_SIZE_MIN 64         /* slots of the first allocation */

struct slot {
	msec_t at;
	struct timer *t;
};

static struct {
	struct slot *slotv;
	uint32_t count;
	uint32_t size;
	struct io io;                    /* the timerfd */
	struct timer *homeless;          /* the heap could not grow for them */
	msec_t armed;                    /* NEVER: it is not */
	msec_t earliest;                 /* of what handlers start just now */
} heap = {
	.io = {.fd = -1},
	.armed = NEVER,
};


static void put(uint32_t pos, struct slot slot)
{
	heap.slotv[pos] = slot;
	slot.t->index = pos + 1;
}


static void sift_up(uint32_t pos, struct slot slot)
{
	while (pos) {
		uint32_t parent = (pos - 1) / HEAP_CHILDREN;

		if (heap.slotv[parent].at <= slot.at)
			break;

		put(pos, heap.slotv[parent]);
		pos = parent;
	}

	put(pos, slot);
}


static uint32_t first_child(uint32_t pos)
{
	uint32_t child = pos * HEAP_CHILDREN + 1;
	uint32_t end = child + HEAP_CHILDREN, best = child;

	if (end > heap.count)
		end = heap.count;

	for (++child; child < end; ++child) {
		if (heap.slotv[child].at < heap.slotv[best].at)
			best = child;
	}

	return best;
}


static void sift_down(uint32_t pos, struct slot slot)
{
	while (pos * HEAP_CHILDREN + 1 < heap.count) {
		uint32_t child = first_child(pos);

		if (slot.at <= heap.slotv[child].at)
			break;

		put(pos, heap.slotv[child]);
		pos = child;
	}

	put(pos, slot);
}


static void place(uint32_t pos, struct slot slot)
{
	if (pos && slot.at < heap.slotv[(pos - 1) / HEAP_CHILDREN].at)
		sift_up(pos, slot);
	else
		sift_down(pos, slot);
}


static int grow(void)
{
	uint32_t size = heap.size ? heap.size * 2 : HEAP_SIZE_MIN;
	struct slot *slotv;

	if (size <= heap.size)
		return ENOMEM;

	slotv = reallocarray(heap.slotv, size, sizeof(*slotv));
	if (!slotv)
		return ENOMEM;

	heap.slotv = slotv;
	heap.size = size;

	return 0;
}


static void arm(msec_t at)
{
	struct itimerspec its = {
		.it_value = {
			.tv_sec = at / 1000,
			/* all zero would disarm it */
			.tv_nsec = at ? at % 1000 * 1000000 : 1,
		},
	};

	/* Its arguments are ours and valid: there is no other error. */
	if (!timerfd_settime(heap.io.fd, TFD_TIMER_ABSTIME, &its, NULL))
		heap.armed = at;
}


static void arm_nearest(void)
{
	msec_t at = heap.count ? heap.slotv[0].at : NEVER;

	if (heap.homeless)
		at = clock_min(at, loop_now() + TIMER_HOMELESS);

	if (at < heap.armed)
		arm(at);
}


/* They are few and it is rare: memory had run out. */
static void house(void)
{
	struct timer *t = heap.homeless;

	heap.homeless = NULL;
	while (t) {
		struct timer *next = t->next;

		t->homeless = false;
		timer_start(t, t->at);
		t = next;
	}
}


static void leave_list(struct timer *t)
{
	struct timer **tp = &heap.homeless;

	while (*tp != t)
		tp = &(*tp)->next;

	*tp = t->next;
	t->homeless = false;
}


/* Runs what is due now. What a handler starts meanwhile gets a deadline after
 * now, even if it asks for the past, so this ends and the sockets have their
 * turn in between. */
static void expire(msec_t now)
{
	heap.earliest = now + 1;

	while (heap.count && heap.slotv[0].at <= now && !loop_stopped()) {
		struct timer *t = heap.slotv[0].t;
		timer_h *h = t->h;
		void *arg = t->arg;

		timer_cancel(t);
		h(arg);
	}

	heap.earliest = 0;
}


static void timerfd_handler(int flags, void *arg)
{
	uint64_t expirations;

	(void)flags;
	(void)arg;

	if (read(heap.io.fd, &expirations, sizeof(expirations)) < 0)
		return;

	/* While handlers run, nothing is nearer than what we shall arm. */
	heap.armed = 0;
	house();
	expire(loop_now());

	/* A handler may have closed it all. */
	if (heap.io.fd < 0)
		return;

	heap.armed = NEVER;
	arm_nearest();
}


int timers_init(void)
{
	int err;

	if (heap.io.fd >= 0)
		return EALREADY;

	heap.io.fd = timerfd_create(CLOCK_BOOTTIME,
				    TFD_NONBLOCK | TFD_CLOEXEC);
	if (heap.io.fd < 0)
		return errno;

	heap.io.h = timerfd_handler;
	err = io_listen(&heap.io, FD_READ);
	if (err)
		timers_close();

	return err;
}


void timers_close(void)
{
	/* Their owners may outlive us, and cancel them later. */
	while (heap.count)
		timer_cancel(heap.slotv[heap.count - 1].t);
	while (heap.homeless)
		timer_cancel(heap.homeless);

	free(heap.slotv);
	heap.slotv = NULL;
	heap.size = 0;
	heap.armed = NEVER;

	if (heap.io.fd < 0)
		return;

	io_stop(&heap.io);
	(void)close(heap.io.fd);
	heap.io.fd = -1;
}


unsigned timers_count(void)
{
	return heap.count;
}


void timer_init(struct timer *t, timer_h *h, void *arg)
{
	t->at = NEVER;
	t->h = h;
	t->arg = arg;
	t->next = NULL;
	t->index = 0;
	t->homeless = false;
}


void timer_start(struct timer *t, msec_t at)
{
	struct slot slot = {
		.at = at > heap.earliest ? at : heap.earliest,
		.t = t,
	};

	if (at == NEVER || heap.io.fd < 0) {
		timer_cancel(t);
		return;
	}

	if (t->homeless)
		leave_list(t);
	t->at = at;

	if (t->index) {
		place(t->index - 1, slot);
	}
	else if (heap.count < heap.size || !grow()) {
		sift_up(heap.count++, slot);
	}
	else {
		t->homeless = true;
		t->next = heap.homeless;
		heap.homeless = t;
	}

	arm_nearest();
}


void timer_cancel(struct timer *t)
{
	uint32_t pos;

	t->at = NEVER;

	if (t->homeless)
		leave_list(t);
	if (!t->index)
		return;

	pos = t->index - 1;
	t->index = 0;

	if (pos != --heap.count)
		place(pos, heap.slotv[heap.count]);
}
