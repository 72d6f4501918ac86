/* core/journal.c */

#include <check.h>
#include <string.h>
#include "journal.h"
#include "probe.h"


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


/* --- what survives --- */

#define ROOM 32

static struct event roomv[ROOM];


static void happen(enum event_type type, uint16_t code)
{
	const struct event e = { .type = (uint8_t)type, .code = code };

	journal_add(&j, &e);
}


static void refresh(void)
{
	happen(EVENT_REGISTER_SENT, 0);
	happen(EVENT_RESPONSE, 401);
	happen(EVENT_REGISTER_SENT, 0);
	happen(EVENT_RESPONSE, 200);
}


/* Ten events that explain the night, with routine among them. */
static void outage(void)
{
	happen(EVENT_FLOW_DOWN, 0);
	happen(EVENT_VERDICT, 0);
	happen(EVENT_ADDRESS, 0);
	happen(EVENT_FLOW_UP, 0);
	happen(EVENT_REGISTER_SENT, 0);
	happen(EVENT_RESPONSE, 503);
	happen(EVENT_REGISTER_SENT, 0);
	happen(EVENT_RESPONSE, 404);
	happen(EVENT_MAPPING, 0);
	refresh();
	happen(EVENT_BINDING, 0);
	happen(EVENT_GHOST_REMOVED, 0);
	happen(EVENT_CONFIG, 0);
	happen(EVENT_VERDICT, 0);
}


static unsigned news(void)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < j.count; i++)
		n += !event_routine(journal_get(&j, i));

	return n;
}


static void check_order(void)
{
	for (uint32_t i = 1; i < j.count; i++)
		ck_assert_uint_lt(journal_get(&j, i - 1)->seq,
				  journal_get(&j, i)->seq);
	ck_assert_uint_eq(journal_get(&j, j.count - 1)->seq, j.seq);
}


static void setup_room(void)
{
	journal_init(&j, roomv, ROOM);
}


START_TEST(last_nights_outage_survives_a_day_of_refreshes)
{
	for (unsigned n = 0; n < 20; n++)
		refresh();
	outage();
	ck_assert_uint_eq(news(), 10);
	for (unsigned n = 0; n < 24 * 6; n++) {
		refresh();
		happen(EVENT_INBOUND, 480);
		ck_assert_uint_eq(j.count, ROOM);
		check_order();
	}
	ck_assert_uint_eq(news(), 10);
	ck_assert_int_eq(journal_get(&j, 0)->type, EVENT_FLOW_DOWN);
	ck_assert_int_eq(journal_get(&j, 9)->type, EVENT_VERDICT);
	ck_assert_int_eq(journal_get(&j, ROOM - 1)->type, EVENT_INBOUND);
}
END_TEST


START_TEST(many_outages_leave_a_quarter_to_the_last_routine)
{
	for (unsigned n = 0; n < 20; n++)
		outage();
	for (unsigned n = 0; n < 5; n++)
		refresh();
	ck_assert_uint_eq(news(), ROOM - ROOM / 4 - 1);
	check_order();
	ck_assert_int_eq(journal_get(&j, ROOM - 1)->code, 200);
}
END_TEST


START_TEST(a_night_of_failures_leaves_the_verdict_that_began_it)
{
	outage();
	for (unsigned n = 0; n < 200; n++) {
		happen(EVENT_REGISTER_SENT, 0);
		happen(EVENT_RESPONSE, 503);
		happen(EVENT_FLOW_DOWN, 0);
		happen(EVENT_PROBE, 0);
		check_order();
	}
	ck_assert_uint_eq(journal_get(&j, 0)->seq, 2);
	ck_assert_uint_eq(journal_get(&j, 1)->seq, 17);
	ck_assert_int_eq(journal_get(&j, ROOM - 1)->type, EVENT_PROBE);
}
END_TEST


START_TEST(of_news_alone_the_oldest_goes)
{
	for (unsigned n = 0; n < 3 * ROOM; n++)
		happen(EVENT_VERDICT, 0);
	check_order();
	ck_assert_uint_eq(journal_get(&j, 0)->seq, 2 * ROOM + 1);
}
END_TEST


START_TEST(an_earlier_run_comes_back_with_the_gaps_it_had)
{
	struct event keptv[ROOM];

	outage();
	for (unsigned n = 0; n < 50; n++)
		refresh();
	memcpy(keptv, roomv, sizeof(keptv));
	setup_room();
	for (unsigned n = 0; n < ROOM; n++)
		ck_assert_ptr_nonnull(journal_restore(&j, &keptv[n]));
	ck_assert_uint_eq(j.count, ROOM);
	ck_assert_uint_eq(j.seq, keptv[ROOM - 1].seq);
	refresh();
	ck_assert_uint_eq(news(), 10);
	check_order();
}
END_TEST


START_TEST(routine_is_what_happens_while_all_is_well)
{
	static const struct event routinev[] = {
		{ .type = EVENT_FLOW_UP },
		{ .type = EVENT_REGISTER_SENT },
		{ .type = EVENT_RESPONSE, .code = 200 },
		{ .type = EVENT_RESPONSE, .code = 401 },
		{ .type = EVENT_RESPONSE, .code = 407 },
		{ .type = EVENT_INBOUND, .code = 480 },
		{ .type = EVENT_PROBE, .value = PROBE_PROVEN, .code = 200 },
	};
	static const struct event newsv[] = {
		{ .type = EVENT_VERDICT },
		{ .type = EVENT_FLOW_DOWN },
		{ .type = EVENT_RESPONSE, .code = 403 },
		{ .type = EVENT_RESPONSE, .code = 503 },
		{ .type = EVENT_RESPONSE },
		{ .type = EVENT_MAPPING },
		{ .type = EVENT_BINDING },
		{ .type = EVENT_GHOST_REMOVED },
		{ .type = EVENT_CONFIG },
		{ .type = EVENT_ADDRESS },
		{ .type = EVENT_PROBE, .value = PROBE_LOST },
		{ .type = EVENT_PROBE, .value = PROBE_NOT_LOOPED },
		{ .type = EVENT_PROBE, .value = PROBE_REFUSED, .code = 403 },
		{ .type = 99 },
	};

	for (unsigned i = 0; i < 7; i++)
		ck_assert(event_routine(&routinev[i]));
	for (unsigned i = 0; i < 14; i++)
		ck_assert(!event_routine(&newsv[i]));
}
END_TEST


START_TEST(a_journal_of_one_keeps_the_newest)
{
	journal_init(&j, roomv, 1);
	happen(EVENT_VERDICT, 0);
	happen(EVENT_REGISTER_SENT, 0);
	ck_assert_uint_eq(j.count, 1);
	ck_assert_uint_eq(journal_get(&j, 0)->seq, 2);
	happen(EVENT_REGISTER_SENT, 0);
	ck_assert_uint_eq(journal_get(&j, 0)->seq, 3);
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

	tc = tcase_create("survival");
	tcase_add_checked_fixture(tc, setup_room, NULL);
	tcase_add_test(tc, last_nights_outage_survives_a_day_of_refreshes);
	tcase_add_test(tc, many_outages_leave_a_quarter_to_the_last_routine);
	tcase_add_test(tc,
		       a_night_of_failures_leaves_the_verdict_that_began_it);
	tcase_add_test(tc, of_news_alone_the_oldest_goes);
	tcase_add_test(tc, an_earlier_run_comes_back_with_the_gaps_it_had);
	tcase_add_test(tc, routine_is_what_happens_while_all_is_well);
	tcase_add_test(tc, a_journal_of_one_keeps_the_newest);
	suite_add_tcase(s, tc);

	return s;
}
