/* The last messages of one account, in so many bytes. For trace.c alone. */

#ifndef TRACE_RING_H
#define TRACE_RING_H

#include "trace.h"


/* In place of *rp (NULL: none yet) one of `size` bytes in all, 0: none, with
 * the messages that fit, the newest first of all. It is in `list` while it
 * lives. Without memory there is none. */
void trace_ring_resize(struct trace_ring **rp, struct list *list,
		       struct trace *owner, size_t size);

size_t trace_ring_size(const struct trace_ring *r);      /* NULL: 0 */
struct trace *trace_ring_owner(const struct trace_ring *r);

/* The oldest make room. What is longer than half of the ring is cut to that:
 * one message must not be all that is left. */
void trace_ring_add(struct trace_ring *r, const struct trace_message *m,
		    const char *text);

/* The oldest first, of the last `max` (0: all). `text` has room for
 * TRACE_TEXT_MAX and a zero. */
void trace_ring_each(const struct trace_ring *r, size_t max, char *text,
		     trace_message_h *h, void *arg);

#endif
