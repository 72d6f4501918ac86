/* Who goes when: a token bucket and the queue in front of it.
 *
 * Everything that can come in herds (REGISTERs, connects) asks here first.
 * The queue is made of nodes that the askers own; nothing is allocated. A
 * bucket may stand behind another one (`overall`): a message then needs a
 * token of both. */

#ifndef PACE_H
#define PACE_H

#include <stdbool.h>
#include <stdint.h>
#include "clock.h"


struct bucket {
	uint32_t rate;           /* messages per second; 0: no limit */
	int64_t level;           /* 1/1000 of a message; below 0: overdrawn */
	msec_t filled;           /* when level was true */
};

/* In this order they are served; first come, first served within one. */
enum pace_class {
	PACE_URGENT,             /* an answer to a challenge, a lease that ends;
				    may overdraw the bucket by one second */
	PACE_RETURN,             /* was registered: back after an outage */
	PACE_NEW,
};
#define PACE_CLASSES 3

struct pace_node {
	struct pace_node *next, *prev;
	void *owner;                     /* who asked */
	uint8_t class;                   /* enum pace_class */
	bool queued;                     /* a node of zeroes is in no queue */
};

struct pace {
	struct bucket bucket;
	struct bucket *overall;          /* shared with others, or NULL */
	struct pace_node *head[PACE_CLASSES], *tail[PACE_CLASSES];
	unsigned count;                  /* nodes in all queues */
};


/* A tenth of a second's worth may go at once, at least one message. */
void bucket_init(struct bucket *b, uint32_t rate, msec_t now);

void pace_init(struct pace *p, uint32_t rate, struct bucket *overall,
	       msec_t now);

/* Queues `node`, last of its class. One that is queued already keeps its
 * place, unless the class is another. */
void pace_ask(struct pace *p, struct pace_node *node, enum pace_class class);
void pace_cancel(struct pace *p, struct pace_node *node);
bool pace_asked(const struct pace_node *node);

/* The next node whose turn has come, taken out of the queue and paid for;
 * NULL: nobody, or no token yet. */
struct pace_node *pace_next(struct pace *p, msec_t now);

/* All who ask, taken out unpaid, linked by `next` in the order of their turn:
 * what they wait for will not be. NULL: nobody. */
struct pace_node *pace_take_all(struct pace *p);

/* When pace_next() can give a node; `now` if at once, NEVER if nobody asks.
 * Exact, unless others take from the overall bucket meanwhile. */
msec_t pace_deadline(const struct pace *p, msec_t now);

#endif
