/* A priority queue whose nodes belong to those who wait in it: a pairing heap
 * (Fredman, Sedgewick, Sleator, Tarjan 1986). Nothing is allocated. To add is
 * O(1), to take one out O(log n) on average. */

#ifndef HEAP_H
#define HEAP_H

#include <stdbool.h>


struct heap_node {
	struct heap_node *child, *next;
	struct heap_node *prev;  /* the elder sibling, or the parent */
};

/* Does `a` come before `b`? */
typedef bool (heap_before_h)(const struct heap_node *a,
			     const struct heap_node *b);

/* The first one, or NULL; a node is in one heap at most. */
struct heap {
	struct heap_node *first;
	heap_before_h *h;
};


void heap_init(struct heap *heap, heap_before_h *h);
void heap_add(struct heap *heap, struct heap_node *n);
void heap_remove(struct heap *heap, struct heap_node *n);

#endif
