/* core/heap.c */

#include <check.h>
#include <stddef.h>
#include <stdint.h>
#include "heap.h"


#define NODES 200

Suite *suite_heap(void);


struct item {
	struct heap_node node;
	uint32_t key;
	bool in;
};

static struct heap heap;
static struct item itemv[NODES];


static bool before_handler(const struct heap_node *a,
			   const struct heap_node *b)
{
	return ((const struct item *)a)->key < ((const struct item *)b)->key;
}


static void setup(void)
{
	heap_init(&heap, before_handler);
	for (unsigned i = 0; i < NODES; i++)
		itemv[i] = (struct item){.key = 0};
}


static void add(unsigned i, uint32_t key)
{
	itemv[i].key = key;
	itemv[i].in = true;
	heap_add(&heap, &itemv[i].node);
}


static void take(unsigned i)
{
	itemv[i].in = false;
	heap_remove(&heap, &itemv[i].node);
}


/* The first is the least of those that are in. */
static void check_first(void)
{
	const struct item *first = (const struct item *)heap.first;
	uint32_t least = UINT32_MAX;

	for (unsigned i = 0; i < NODES; i++)
		if (itemv[i].in && itemv[i].key < least)
			least = itemv[i].key;

	if (least == UINT32_MAX)
		ck_assert_ptr_null(first);
	else
		ck_assert(first && first->in && first->key == least);
}


START_TEST(an_empty_one_has_no_first)
{
	ck_assert_ptr_null(heap.first);
	add(0, 7);
	take(0);
	ck_assert_ptr_null(heap.first);
}
END_TEST


START_TEST(they_come_out_in_order_however_they_went_in)
{
	for (unsigned i = 0; i < NODES; i++)
		add(i, i * 73 % NODES);
	for (uint32_t key = 0; key < NODES; key++) {
		struct item *first = (struct item *)heap.first;

		ck_assert_uint_eq(first->key, key);
		take((unsigned)(first - itemv));
	}
	ck_assert_ptr_null(heap.first);
}
END_TEST


START_TEST(any_may_leave_at_any_time)
{
	uint32_t dice = 1;

	for (unsigned n = 0; n < 20000; n++) {
		unsigned i;

		dice = dice * 1664525 + 1013904223;
		i = (dice >> 8) % NODES;
		if (itemv[i].in)
			take(i);
		else
			add(i, dice >> 20);
		if (n % 7 == 0)
			check_first();
	}
}
END_TEST


Suite *suite_heap(void)
{
	Suite *s = suite_create("heap");
	TCase *tc = tcase_create("heap");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, an_empty_one_has_no_first);
	tcase_add_test(tc, they_come_out_in_order_however_they_went_in);
	tcase_add_test(tc, any_may_leave_at_any_time);
	suite_add_tcase(s, tc);

	return s;
}
