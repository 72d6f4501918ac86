/* A priority queue of nodes that belong to others: see heap.h. */

#include <stddef.h>
#include "heap.h"


void heap_init(struct heap *heap, heap_before_h *h)
{
	heap->first = NULL;
	heap->h = h;
}


/* Of two trees the one that comes first becomes the parent of the other. */
static struct heap_node *meld(const struct heap *heap, struct heap_node *a,
			      struct heap_node *b)
{
	struct heap_node *tmp;

	if (!a || !b)
		return a ? a : b;

	if (heap->h(b, a)) {
		tmp = a;
		a = b;
		b = tmp;
	}

	b->next = a->child;
	if (b->next)
		b->next->prev = b;
	b->prev = a;
	a->child = b;

	return a;
}


static struct heap_node *pop(struct heap_node **listp)
{
	struct heap_node *n = *listp;

	if (n) {
		*listp = n->next;
		n->next = n->prev = NULL;
	}

	return n;
}


/* Siblings in pairs from the front, the pairs from the back. */
static struct heap_node *meld_all(const struct heap *heap,
				  struct heap_node *list)
{
	struct heap_node *pairs = NULL, *all = NULL, *a;

	while ((a = pop(&list))) {
		a = meld(heap, a, pop(&list));
		a->next = pairs;
		pairs = a;
	}

	while ((a = pop(&pairs)))
		all = meld(heap, all, a);

	return all;
}


void heap_add(struct heap *heap, struct heap_node *n)
{
	*n = (struct heap_node){ .child = NULL };
	heap->first = meld(heap, heap->first, n);
}


static void cut(struct heap_node *n)
{
	if (n->prev->child == n)
		n->prev->child = n->next;
	else
		n->prev->next = n->next;

	if (n->next)
		n->next->prev = n->prev;
	n->next = n->prev = NULL;
}


void heap_remove(struct heap *heap, struct heap_node *n)
{
	struct heap_node *children = meld_all(heap, n->child);

	n->child = NULL;
	if (n == heap->first) {
		heap->first = children;
		return;
	}

	cut(n);
	heap->first = meld(heap, heap->first, children);
}
