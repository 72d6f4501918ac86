/* The last messages of one account, in so many bytes: each one is its struct
 * trace_message and its text, one after the other in a circle. */

#include <string.h>
#include "trace_ring.h"


struct trace_ring {
	struct le le;
	struct trace *owner;
	size_t size;             /* bytes of buf */
	size_t first;            /* where the oldest begins */
	size_t used;
	size_t count;
	uint8_t buf[];
};


static void destructor(void *data)
{
	struct trace_ring *r = data;

	list_unlink(&r->le);
}


size_t trace_ring_size(const struct trace_ring *r)
{
	return r ? sizeof(*r) + r->size : 0;
}


struct trace *trace_ring_owner(const struct trace_ring *r)
{
	return r->owner;
}


/* --- bytes, `at` behind the first one --- */

static void put(struct trace_ring *r, size_t at, const void *src, size_t len)
{
	const size_t pos = (r->first + at) % r->size;
	const size_t n = len < r->size - pos ? len : r->size - pos;

	memcpy(r->buf + pos, src, n);
	memcpy(r->buf, (const uint8_t *)src + n, len - n);
}


static void get(const struct trace_ring *r, size_t at, void *dst, size_t len)
{
	const size_t pos = (r->first + at) % r->size;
	const size_t n = len < r->size - pos ? len : r->size - pos;

	memcpy(dst, r->buf + pos, n);
	memcpy((uint8_t *)dst + n, r->buf, len - n);
}


/* --- messages --- */

static void drop_oldest(struct trace_ring *r)
{
	struct trace_message m;
	size_t len;

	get(r, 0, &m, sizeof(m));
	len = sizeof(m) + m.textc;
	r->first = (r->first + len) % r->size;
	r->used -= len;
	--r->count;
}


void trace_ring_add(struct trace_ring *r, const struct trace_message *m,
		    const char *text)
{
	struct trace_message kept = *m;
	const size_t max = r->size / 2 - sizeof(kept);

	if (kept.textc > max)
		kept.textc = (uint32_t)max;

	while (r->used + sizeof(kept) + kept.textc > r->size)
		drop_oldest(r);

	put(r, r->used, &kept, sizeof(kept));
	put(r, r->used + sizeof(kept), text, kept.textc);
	r->used += sizeof(kept) + kept.textc;
	++r->count;
}


void trace_ring_each(const struct trace_ring *r, size_t max, char *text,
		     trace_message_h *h, void *arg)
{
	size_t skip = max && r->count > max ? r->count - max : 0;
	struct trace_message m;
	size_t at;

	for (at = 0; at < r->used; at += sizeof(m) + m.textc) {

		get(r, at, &m, sizeof(m));
		if (skip) {
			--skip;
			continue;
		}

		get(r, at + sizeof(m), text, m.textc);
		text[m.textc] = '\0';
		h(&m, text, arg);
	}
}


/* --- birth --- */

/* All that were in another one; there the oldest makes room too. */
static void copy(struct trace_ring *dst, const struct trace_ring *src)
{
	static char text[TRACE_SHARE_MAX];
	struct trace_message m;
	size_t at;

	for (at = 0; at < src->used; at += sizeof(m) + m.textc) {
		get(src, at, &m, sizeof(m));
		get(src, at + sizeof(m), text, m.textc);
		trace_ring_add(dst, &m, text);
	}
}


void trace_ring_resize(struct trace_ring **rp, struct list *list,
		       struct trace *owner, size_t size)
{
	struct trace_ring *r = NULL;

	if (size)
		r = mem_alloc(size, destructor);

	if (r) {
		memset(r, 0, sizeof(*r));
		r->owner = owner;
		r->size = size - sizeof(*r);
		list_append(list, &r->le, r);
		if (*rp)
			copy(r, *rp);
	}

	mem_deref(*rp);
	*rp = r;
}
