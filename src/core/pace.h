/* Who goes when: a token bucket and the queue in front of it.
 *
 * Everything that can come in herds (REGISTERs, connects) asks here first.
 * The queue is made of nodes that the askers own; nothing is allocated. A
 * bucket may stand behind another one (`overall`): a message then needs a
 * token of both.
 *
 * After an outage those come back first who could be called last: they are the
 * ones that somebody may miss. But each PACE_FAIR-th turn is given to whoever
 * waits longest, so that nobody starves. */

#ifndef PACE_H
#define PACE_H

#include <stdbool.h>
#include <stdint.h>
#include "clock.h"
#include "heap.h"


#define PACE_FAIR    4
#define PACE_MESSAGE 1000        /* rates may be finer than a message */
#define PACE_STEADY  50          /* [%] of the pace for what is always sent */

struct bucket {
	uint32_t rate;           /* messages per second; 0: no limit */
	int64_t level;           /* 1/1000 of a message; below 0: overdrawn */
	msec_t filled;           /* when level was true */
};

/* In this order they are served, apart from PACE_FAIR. */
enum pace_class {
	PACE_URGENT,             /* an answer to a challenge, a lease that ends;
				    may overdraw the bucket by one second */
	PACE_RETURN,             /* was reachable or registered before: the one
				    that was last comes first */
	PACE_NEW,
};

struct pace_node {
	struct heap_node heap;           /* the first member */
	struct pace_node *next, *prev;   /* in the order in which they asked */
	void *owner;                     /* who asked */
	msec_t seen;                     /* see pace_set_seen() */
	uint32_t number;                 /* of those who asked */
	uint8_t class;                   /* enum pace_class */
	bool queued;                     /* a node of zeroes is in no queue */
};

struct pace {
	struct bucket bucket;
	struct bucket *overall;          /* shared with others, or NULL */
	struct heap heap;                /* in the order of their turns */
	struct pace_node *oldest, *newest;
	uint32_t asked;                  /* so often in all */
	unsigned turns;                  /* since the last one of PACE_FAIR */
	unsigned count;                  /* nodes in the queue */
};


/* A tenth of a second's worth may go at once, at least one message. */
void bucket_init(struct bucket *b, uint32_t rate, msec_t now);

void pace_init(struct pace *p, uint32_t rate, struct bucket *overall,
	       msec_t now);

/* Queues `node`. One that is queued already keeps its place, unless the class
 * is another. */
void pace_ask(struct pace *p, struct pace_node *node, enum pace_class class);

/* Before it asks: when its owner could be called last [ms]; 0: not known. */
void pace_set_seen(struct pace_node *node, msec_t seen);
void pace_cancel(struct pace *p, struct pace_node *node);
bool pace_asked(const struct pace_node *node);

/* The next node whose turn has come, taken out of the queue and paid for;
 * NULL: nobody, or no token yet. */
struct pace_node *pace_next(struct pace *p, msec_t now);

/* All who ask, taken out unpaid, linked by `next` in the order of their turn:
 * what they wait for will not be. NULL: nobody. */
struct pace_node *pace_take_all(struct pace *p);

/* Does what is always sent, `rate` thousandths of a message per second, leave
 * too little of the pace for what goes wrong (DESIGN §4)? */
bool pace_is_tight(uint32_t pace, uint64_t rate);

/* When pace_next() can give a node; `now` if at once, NEVER if nobody asks.
 * Exact, unless others take from the overall bucket meanwhile. */
msec_t pace_deadline(const struct pace *p, msec_t now);

#endif
