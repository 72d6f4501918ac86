/* Who goes when: a token bucket and the queue in front of it.
 *
 * A message costs 1000 and a bucket gains `rate` in every millisecond, so that
 * all sums are whole and pace_deadline() is exact. */

#include <stddef.h>
#include "pace.h"


#define COST     PACE_MESSAGE    /* in units of struct bucket.level */
#define BURST    100     /* [ms] of the rate that may go at once */
#define OVERDRAW 1000    /* [ms] of the rate that urgent ones may owe */


static int64_t capacity(const struct bucket *b)
{
	int64_t burst = (int64_t)b->rate * BURST;

	return burst > COST ? burst : COST;
}


/* How long a bucket needs to gain `amount`, rounded up. */
static msec_t time_for(const struct bucket *b, int64_t amount)
{
	return ((msec_t)amount + b->rate - 1) / b->rate;
}


static int64_t level_at(const struct bucket *b, msec_t now)
{
	int64_t missing = capacity(b) - b->level;

	/* a clock that went back: no time has passed */
	if (now <= b->filled)
		return b->level;

	if (now - b->filled >= time_for(b, missing))
		return capacity(b);

	return b->level + (int64_t)((now - b->filled) * b->rate);
}


/* What `class` lacks for one message; 0 or less: it may go. */
static int64_t lacking(const struct bucket *b, enum pace_class class,
		       msec_t now)
{
	int64_t credit = class == PACE_URGENT ? (int64_t)b->rate * OVERDRAW
					      : 0;

	return COST - credit - level_at(b, now);
}


static msec_t bucket_deadline(const struct bucket *b, enum pace_class class,
			      msec_t now)
{
	int64_t lack;

	if (!b || !b->rate)
		return now;

	lack = lacking(b, class, now);

	/* Counted from when the bucket begins to fill again. */
	return lack > 0 ? now + time_for(b, lack) : now;
}


static void bucket_pay(struct bucket *b, msec_t now)
{
	if (!b || !b->rate)
		return;

	b->level = level_at(b, now) - COST;
	b->filled = now;
}


void bucket_init(struct bucket *b, uint32_t rate, msec_t now)
{
	*b = (struct bucket){ .rate = rate, .filled = now };
	b->level = capacity(b);
}


static msec_t recency(const struct pace_node *n)
{
	return n->class == PACE_RETURN ? n->seen : 0;
}


static bool before_handler(const struct heap_node *ha,
			   const struct heap_node *hb)
{
	const struct pace_node *a = (const struct pace_node *)ha;
	const struct pace_node *b = (const struct pace_node *)hb;

	if (a->class != b->class)
		return a->class < b->class;
	if (recency(a) != recency(b))
		return recency(a) > recency(b);

	return (int32_t)(a->number - b->number) < 0;
}


void pace_init(struct pace *p, uint32_t rate, struct bucket *overall,
	       msec_t now)
{
	*p = (struct pace){ .overall = overall };
	bucket_init(&p->bucket, rate, now);
	heap_init(&p->heap, before_handler);
}


/* Whose turn is next? */
static struct pace_node *first(const struct pace *p)
{
	struct pace_node *n = (struct pace_node *)p->heap.first;

	if (n && n->class != PACE_URGENT && p->turns + 1 >= PACE_FAIR)
		return p->oldest;

	return n;
}


void pace_set_seen(struct pace_node *node, msec_t seen)
{
	if (!node->queued)
		node->seen = seen;
}


void pace_ask(struct pace *p, struct pace_node *node, enum pace_class class)
{
	if (node->queued) {
		if (node->class == class)
			return;
		pace_cancel(p, node);
	}

	node->class = (uint8_t)class;
	node->number = p->asked++;
	node->queued = true;
	node->next = NULL;
	node->prev = p->newest;

	if (node->prev)
		node->prev->next = node;
	else
		p->oldest = node;
	p->newest = node;
	heap_add(&p->heap, &node->heap);
	++p->count;
}


void pace_cancel(struct pace *p, struct pace_node *node)
{
	if (!node->queued)
		return;

	if (node->prev)
		node->prev->next = node->next;
	else
		p->oldest = node->next;

	if (node->next)
		node->next->prev = node->prev;
	else
		p->newest = node->prev;

	node->next = node->prev = NULL;
	node->queued = false;
	heap_remove(&p->heap, &node->heap);
	--p->count;
}


bool pace_asked(const struct pace_node *node)
{
	return node->queued;
}


struct pace_node *pace_next(struct pace *p, msec_t now)
{
	struct pace_node *node = first(p);

	if (!node || pace_deadline(p, now) > now)
		return NULL;

	bucket_pay(&p->bucket, now);
	bucket_pay(p->overall, now);
	if (node->class != PACE_URGENT)
		p->turns = (p->turns + 1) % PACE_FAIR;
	pace_cancel(p, node);

	return node;
}


msec_t pace_deadline(const struct pace *p, msec_t now)
{
	const struct pace_node *node = first(p);
	enum pace_class class;

	if (!node)
		return NEVER;

	class = (enum pace_class)node->class;

	return clock_max(bucket_deadline(&p->bucket, class, now),
			 bucket_deadline(p->overall, class, now));
}


bool pace_is_tight(uint32_t pace, uint64_t rate)
{
	return pace &&
		100 * rate > (uint64_t)pace * PACE_STEADY * PACE_MESSAGE;
}


struct pace_node *pace_take_all(struct pace *p)
{
	struct pace_node *first = NULL, **endp = &first;
	struct pace_node *node;

	while ((node = (struct pace_node *)p->heap.first)) {
		pace_cancel(p, node);
		*endp = node;
		endp = &node->next;
	}
	*endp = NULL;

	return first;
}
