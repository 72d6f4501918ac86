/* core/journal.c */

#include <check.h>
#include "journal.h"


#define SIZE 4

Suite *suite_journal(void);


static struct event eventv[SIZE];
static struct journal j;


static void setup(void)
{
	journal_init(&j, eventv, SIZE);
}


/* Adds events with the values 1 to n. */
static void add(unsigned n)
{
	for (uint32_t i = 1; i <= n; i++)
		journal_add(&j, &(struct event){ .value = i });
}


START_TEST(a_new_journal_is_empty)
{
	ck_assert_ptr_null(journal_get(&j, 0));
	ck_assert_uint_eq(j.seq, 0);
}
END_TEST


START_TEST(events_come_back_in_order)
{
	add(3);
	for (uint32_t i = 0; i < 3; i++)
		ck_assert_uint_eq(journal_get(&j, i)->value, i + 1);
	ck_assert_ptr_null(journal_get(&j, 3));
}
END_TEST


START_TEST(the_oldest_make_room)
{
	for (uint32_t n = SIZE; n < 3 * SIZE; n++) {
		setup();
		add(n);
		for (uint32_t i = 0; i < SIZE; i++)
			ck_assert_uint_eq(journal_get(&j, i)->value,
					  n - SIZE + i + 1);
		ck_assert_ptr_null(journal_get(&j, SIZE));
		ck_assert_ptr_null(journal_get(&j, UINT32_MAX));
	}
}
END_TEST


START_TEST(seq_grows_by_one_whatever_the_event_says)
{
	const struct event *e;

	add(9);
	e = journal_add(&j, &(struct event){ .seq = 77, .value = 10 });
	ck_assert_uint_eq(e->seq, 10);
	ck_assert_uint_eq(e->value, 10);
	ck_assert_uint_eq(j.seq, 10);
	ck_assert_ptr_eq(e, journal_get(&j, SIZE - 1));
}
END_TEST


START_TEST(order_survives_a_seq_that_wraps)
{
	add(2);
	j.seq = UINT32_MAX;
	add(5);
	for (uint32_t i = 0; i < SIZE; i++)
		ck_assert_uint_eq(journal_get(&j, i)->value, i + 2);
}
END_TEST


START_TEST(without_memory_nothing_is_kept)
{
	journal_init(&j, NULL, 0);
	ck_assert_ptr_null(journal_add(&j, &(struct event){ .value = 1 }));
	ck_assert_ptr_null(journal_get(&j, 0));
	journal_init(&j, NULL, SIZE);
	ck_assert_ptr_null(journal_add(&j, &(struct event){ .value = 1 }));
}
END_TEST


/* Restores one with this seq, as after a restart; false: it was refused. */
static bool restore(uint32_t seq)
{
	const struct event *e;

	e = journal_restore(&j, &(struct event){ .seq = seq, .value = seq });
	if (!e)
		return false;

	ck_assert_uint_eq(e->seq, seq);
	ck_assert_uint_eq(j.seq, seq);

	return true;
}


START_TEST(events_of_an_earlier_run_keep_their_seq_and_new_ones_go_on)
{
	ck_assert(restore(70));
	ck_assert(restore(71));
	ck_assert(restore(75));
	add(1);
	for (uint32_t i = 0; i < SIZE; i++)
		ck_assert_uint_eq(journal_get(&j, i)->seq,
				  ((uint32_t[]){70, 71, 75, 76})[i]);
	add(1);
	ck_assert_uint_eq(journal_get(&j, 0)->seq, 71);
	ck_assert_uint_eq(journal_get(&j, 3)->seq, 77);
}
END_TEST


START_TEST(more_than_there_is_room_for_leaves_the_newest)
{
	for (uint32_t seq = 1; seq <= 10; seq++)
		ck_assert(restore(seq));
	ck_assert_uint_eq(journal_get(&j, 0)->seq, 7);
	ck_assert_uint_eq(journal_get(&j, SIZE - 1)->seq, 10);
}
END_TEST


START_TEST(an_event_that_is_not_later_is_not_restored)
{
	ck_assert(restore(5));
	ck_assert(!restore(5));
	ck_assert(!restore(4));
	ck_assert(restore(UINT32_MAX / 2));
	ck_assert(restore(UINT32_MAX - 1));
	ck_assert(restore(0));
	ck_assert(!restore(UINT32_MAX));
	ck_assert_uint_eq(j.count, 4);
	journal_init(&j, NULL, 0);
	ck_assert(!restore(1));
}
END_TEST


START_TEST(events_have_the_names_of_the_interface)
{
	static const char *const namev[EVENT_COUNT] = {
		"verdict", "flow-up", "flow-down", "register-sent",
		"response", "mapping", "binding", "ghost-removed", "inbound",
		"probe", "config", "address",
	};

	for (unsigned i = 0; i < EVENT_COUNT; i++)
		ck_assert_str_eq(event_name((enum event_type)i), namev[i]);
	ck_assert_str_eq(event_name((enum event_type)EVENT_COUNT), "?");
}
END_TEST


Suite *suite_journal(void)
{
	Suite *s = suite_create("journal");
	TCase *tc = tcase_create("journal");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, a_new_journal_is_empty);
	tcase_add_test(tc, events_come_back_in_order);
	tcase_add_test(tc, the_oldest_make_room);
	tcase_add_test(tc, seq_grows_by_one_whatever_the_event_says);
	tcase_add_test(tc, order_survives_a_seq_that_wraps);
	tcase_add_test(tc, without_memory_nothing_is_kept);
	tcase_add_test(tc,
		events_of_an_earlier_run_keep_their_seq_and_new_ones_go_on);
	tcase_add_test(tc, more_than_there_is_room_for_leaves_the_newest);
	tcase_add_test(tc, an_event_that_is_not_later_is_not_restored);
	tcase_add_test(tc, events_have_the_names_of_the_interface);
	suite_add_tcase(s, tc);

	return s;
}
