/* tally.c, histogram.c and what inbound.c counts by. */

#include <string.h>
#include "harness.h"
#include "histogram.h"
#include "inbound.h"
#include "tally.h"


START_TEST(keys_and_kinds_are_counted_apart)
{
	struct tally t = {0};

	for (unsigned i = 0; i < 3; i++)
		tally_add(&t, TALLY_RESPONSE, 200);
	tally_add(&t, TALLY_RESPONSE, 401);
	tally_add(&t, TALLY_FAILURE, 200);

	ck_assert_uint_eq(3, tally_count(&t, TALLY_RESPONSE, 200));
	ck_assert_uint_eq(1, tally_count(&t, TALLY_RESPONSE, 401));
	ck_assert_uint_eq(1, tally_count(&t, TALLY_FAILURE, 200));
	ck_assert_uint_eq(0, tally_count(&t, TALLY_INBOUND, 200));
	ck_assert_uint_eq(0, tally_count(&t, TALLY_RESPONSE, 403));
	tally_reset(&t);
	ck_assert_uint_eq(0, tally_count(&t, TALLY_RESPONSE, 200));
}
END_TEST


START_TEST(a_registrar_that_invents_codes_grows_nothing)
{
	struct tally t = {0};

	for (unsigned code = 200; code < 700; code++)
		tally_add(&t, TALLY_RESPONSE, code);

	ck_assert_uint_eq(TALLY_KEYS + 1, t.cellc);
	ck_assert_uint_eq(500 - TALLY_KEYS,
			  tally_count(&t, TALLY_RESPONSE, TALLY_OTHER));
	tally_add(&t, TALLY_RESPONSE, 200);
	ck_assert_uint_eq(2, tally_count(&t, TALLY_RESPONSE, 200));
	tally_reset(&t);
}
END_TEST


static unsigned key(const char *method, uint16_t code)
{
	struct sip_msg msg;

	memset(&msg, 0, sizeof(msg));
	pl_set_str(&msg.met, method);

	return inbound_key(&msg, code);
}


START_TEST(a_request_is_counted_by_method_and_outcome)
{
	ck_assert_str_eq("INVITE", inbound_key_method(key("INVITE", 480)));
	ck_assert_str_eq("rejected", inbound_key_result(key("INVITE", 480)));
	ck_assert_str_eq("redirected", inbound_key_result(key("INVITE", 302)));
	ck_assert_str_eq("answered", inbound_key_result(key("OPTIONS", 200)));
	ck_assert_str_eq("ignored", inbound_key_result(key("ACK", 0)));
	ck_assert_str_eq("REGISTER", inbound_key_method(key("REGISTER", 405)));
}
END_TEST


START_TEST(methods_of_somebodys_own_are_one)
{
	ck_assert_str_eq("other", inbound_key_method(key("HACK", 405)));
	ck_assert_uint_eq(key("HACK", 405), key("invite", 405));
}
END_TEST


START_TEST(a_duration_counts_where_it_fits)
{
	struct histogram h = {.count = 0};

	histogram_add(&h, 0);
	histogram_add(&h, 5000);         /* the limit belongs to it */
	histogram_add(&h, 5001);
	histogram_add(&h, 10000000);
	histogram_add(&h, 32000000);     /* only in all */

	ck_assert_uint_eq(2, h.countv[0]);
	ck_assert_uint_eq(1, h.countv[1]);
	ck_assert_uint_eq(1, h.countv[HISTOGRAM_BUCKETS - 1]);
	ck_assert_uint_eq(5, h.count);
	ck_assert_uint_eq(42010001, h.sum_usec);
	ck_assert_str_eq("0.005", histogram_limit(0));
	ck_assert_str_eq("10.0", histogram_limit(HISTOGRAM_BUCKETS - 1));
}
END_TEST


Suite *suite_tally(void);


Suite *suite_tally(void)
{
	Suite *s = suite_create("tally");
	TCase *tc = tcase_create("tally");

	tcase_add_test(tc, keys_and_kinds_are_counted_apart);
	tcase_add_test(tc, a_registrar_that_invents_codes_grows_nothing);
	tcase_add_test(tc, a_request_is_counted_by_method_and_outcome);
	tcase_add_test(tc, methods_of_somebodys_own_are_one);
	tcase_add_test(tc, a_duration_counts_where_it_fits);
	suite_add_tcase(s, tc);

	return s;
}
