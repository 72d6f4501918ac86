/* config_equal.c: what counts as the same account, and what does not, also in
 * another process. */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "config_equal.h"
#include "config_key.h"
#include "config_value.h"
#include "harness.h"


#define NAME_ROOM 64             /* bytes of dir and a name */

static char dir[32];
static struct config *a, *b;


static void setup(void)
{
	harness_setup();
	strcpy(dir, "/tmp/sipregd-equal.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	a = b = NULL;
}


static const char *path(const char *name)
{
	static char buf[2][NAME_ROOM];
	static unsigned turn;
	char *p = buf[turn++ % 2];

	(void)snprintf(p, NAME_ROOM, "%s/%s", dir, name);

	return p;
}


static void teardown(void)
{
	mem_deref(a);
	mem_deref(b);
	(void)unlink(path("a.conf"));
	(void)unlink(path("secret"));
	(void)rmdir(dir);
	harness_teardown();
}


static void put(const char *name, const char *text)
{
	FILE *f = fopen(path(name), "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(0, fclose(f));
	ck_assert_int_eq(0, chmod(path(name), 0600));
}


static void message_handler(bool error, const char *text, void *arg)
{
	(void)arg;
	if (error)
		ck_abort_msg("%s", text);
}


static struct config *load(const char *text)
{
	struct config *c;

	put("a.conf", text);
	ck_assert_int_eq(0, config_load(&c, path("a.conf"), message_handler,
					NULL));

	return c;
}


/* The first accounts of both files. */
static const char *difference(const char *x, const char *y)
{
	a = mem_deref(a);
	b = mem_deref(b);
	a = load(x);
	b = load(y);

	return account_conf_difference(a->accountv[0], b->accountv[0]);
}


#define ACCOUNT(keys) \
	"accounts = ( { name = \"x\"; aor = \"sip:x@example.org\"; " keys \
	" } );"
#define SAME(x, y)        ck_assert_ptr_null(difference((x), (y)))
#define OTHER(key, x, y)  ck_assert_pstr_eq((key), difference((x), (y)))


START_TEST(what_means_the_same_is_the_same)
{
	const char *plain = ACCOUNT("password = \"p\";");

	SAME(plain, plain);
	SAME(plain, "# a line\n\n" ACCOUNT("password = \"p\";"));
	SAME(plain, "defaults = { password = \"p\"; };" ACCOUNT(""));
	SAME(plain, ACCOUNT("password = \"p\"; expires = 3600; "
			    "keepalive = { interval = 0; };"));
	SAME(plain, ACCOUNT("password = \"p\"; auth_user = \"x\"; "
			    "registrar = \"sip:example.org\";"));
	SAME(plain, "log_level = \"debug\"; user_agent = \"other\";"
	     ACCOUNT("password = \"p\";"));
	SAME(ACCOUNT("headers = \"X: 1\";"), ACCOUNT("headers = [\"X: 1\"];"));
}
END_TEST


START_TEST(one_of_many_is_the_same_as_one_alone)
{
	SAME("accounts = ( { name = \"a%d\"; aor = \"sip:a%d@example.org\"; "
	     "count = 3; } );",
	     "accounts = ( { name = \"a1\"; aor = \"sip:a1@example.org\"; } "
	     ");");
}
END_TEST


START_TEST(a_difference_is_named)
{
	OTHER("expires", ACCOUNT(""), ACCOUNT("expires = 600;"));
	OTHER("enabled", ACCOUNT(""), ACCOUNT("enabled = false;"));
	OTHER("transport", ACCOUNT(""), ACCOUNT("transport = \"tls\";"));
	OTHER("keepalive.interval", ACCOUNT(""),
	      ACCOUNT("keepalive = { interval = 20; };"));
	OTHER("headers", ACCOUNT("headers = [\"X: 1\"];"),
	      ACCOUNT("headers = [\"X: 1\", \"Y: 1\"];"));
	OTHER("headers", ACCOUNT("headers = [\"X: 1\"];"),
	      ACCOUNT("headers = [\"X: 2\"];"));
	OTHER("password", ACCOUNT("password = \"p\";"),
	      ACCOUNT("password = \"q\";"));
}
END_TEST


/* A mistake made once: a key that somebody adds and nobody compares. */
START_TEST(every_key_of_the_table_counts)
{
	const char *text = ACCOUNT("");
	struct account_conf *x, *y;

	SAME(text, text);
	x = a->accountv[0];
	y = b->accountv[0];

	for (size_t i = 0; i < keys_account.keyc; i++) {
		const struct key *key = &keys_account.keyv[i];
		char *one[] = {"one"}, **saved_strings, *saved;
		int64_t value;

		if (key->flags & KEY_INPUT)
			continue;

		switch (key->type) {

		case KEY_STRING:
			saved = *key_string(key, y);
			*key_string(key, y) = "something else";
			ck_assert_pstr_eq(key->name,
					  account_conf_difference(x, y));
			*key_string(key, y) = saved;
			break;

		case KEY_STRINGS:
			saved_strings = *key_strings(key, y);
			*key_strings(key, y) = one;
			*key_stringc(key, y) = 1;
			ck_assert_pstr_eq(key->name,
					  account_conf_difference(x, y));
			*key_strings(key, y) = saved_strings;
			*key_stringc(key, y) = 0;
			break;

		case KEY_NUMBER:
		case KEY_BOOL:
		case KEY_WORD:
			value = key_value(key, y);
			key_store(key, y, value ? 0 : 1);
			ck_assert_pstr_eq(key->name,
					  account_conf_difference(x, y));
			key_store(key, y, value);
			break;

		case KEY_SECTION:
			break;
		}

		ck_assert_ptr_null(account_conf_difference(x, y));
	}
}
END_TEST


/* --- the hash --- */

#define INSTANCE "urn:uuid:00000000-0000-1000-8000-000a95a0e128"

static uint64_t hash(const struct account_conf *conf)
{
	return account_conf_hash(conf, INSTANCE);
}


/* Of the first accounts of both files. */
static bool same_hash(const char *x, const char *y)
{
	(void)difference(x, y);

	return hash(a->accountv[0]) == hash(b->accountv[0]);
}


START_TEST(what_means_the_same_has_the_same_hash)
{
	ck_assert(same_hash(ACCOUNT(""), "# a line\nuser_agent = \"x\";"
			    ACCOUNT("expires = 3600; auth_user = \"x\";")));
}
END_TEST


START_TEST(every_key_but_a_secret_changes_the_hash)
{
	struct account_conf *x;
	unsigned secrets = 0;
	uint64_t before;

	a = load(ACCOUNT("headers = [\"X: 1\"];"));
	x = a->accountv[0];
	before = hash(x);

	for (size_t i = 0; i < keys_account.keyc; i++) {
		const struct key *key = &keys_account.keyv[i];
		const bool secret = key->flags & KEY_SECRET;
		char *one[] = {"one"}, **strings, *text;
		int64_t value;
		size_t n;

		if (key->flags & KEY_INPUT)
			continue;

		switch (key->type) {

		case KEY_STRING:
			text = *key_string(key, x);
			*key_string(key, x) = "something else";
			ck_assert_msg((hash(x) == before) == secret, "%s",
				      key->name);
			*key_string(key, x) = text;
			break;

		case KEY_STRINGS:
			strings = *key_strings(key, x);
			n = *key_stringc(key, x);
			*key_strings(key, x) = one;
			*key_stringc(key, x) = 1;
			ck_assert_msg(hash(x) != before, "%s", key->name);
			*key_strings(key, x) = strings;
			*key_stringc(key, x) = n;
			break;

		case KEY_NUMBER:
		case KEY_BOOL:
		case KEY_WORD:
			value = key_value(key, x);
			key_store(key, x, value ? 0 : 1);
			ck_assert_msg(hash(x) != before, "%s", key->name);
			key_store(key, x, value);
			break;

		case KEY_SECTION:
			break;
		}

		secrets += secret;
		ck_assert(hash(x) == before);
	}

	ck_assert_uint_ge(secrets, 1);
}
END_TEST


START_TEST(a_secret_does_not_change_the_hash_wherever_it_comes_from)
{
	char text[512];
	uint64_t one;

	ck_assert(same_hash(ACCOUNT("password = \"p\";"),
			    ACCOUNT("password = \"q\";")));

	(void)snprintf(text, sizeof(text),
		       ACCOUNT("password_file = \"%s\"; "
			       "turn = { password_file = \"%s\"; };"),
		       path("secret"), path("secret"));

	put("secret", "one\n");
	a = mem_deref(a);
	a = load(text);
	one = hash(a->accountv[0]);
	put("secret", "two\n");
	b = mem_deref(b);
	b = load(text);
	ck_assert(one == hash(b->accountv[0]));
}
END_TEST


START_TEST(the_order_of_a_list_counts)
{
	ck_assert(!same_hash(ACCOUNT("headers = [\"X: 1\", \"Y: 1\"];"),
			     ACCOUNT("headers = [\"Y: 1\", \"X: 1\"];")));
	/* and where an element ends */
	ck_assert(!same_hash(
		ACCOUNT("inbound = { allow = [\"10.0.0.1\", \"::1\"]; };"),
		ACCOUNT("inbound = { allow = [\"10.0.0.1\"]; };")));
	ck_assert(!same_hash(ACCOUNT("auth_user = \"ab\"; realm = \"c\";"),
			     ACCOUNT("auth_user = \"a\"; realm = \"bc\";")));
}
END_TEST


START_TEST(instance_and_reg_ids_change_the_hash)
{
	struct account_conf *x;
	uint64_t before;

	a = load(ACCOUNT(""));
	x = a->accountv[0];
	before = hash(x);
	ck_assert(before != account_conf_hash(x, "urn:uuid:other"));
	x->reg_ids += 1;
	ck_assert(before != hash(x));
}
END_TEST


/* Where in which file it stands is nothing to a flow. */
START_TEST(accounts_before_it_do_not_change_the_hash)
{
	uint64_t alone;

	a = load(ACCOUNT(""));
	alone = hash(a->accountv[0]);
	b = load("accounts = ( { name = \"w\"; aor = \"sip:w@example.org\"; "
		 "},\n{ name = \"x\"; aor = \"sip:x@example.org\"; } );");
	ck_assert(alone == hash(b->accountv[1]));
	ck_assert(alone != hash(b->accountv[0]));
}
END_TEST


START_TEST(what_a_secrets_file_holds_counts)
{
	char text[512];

	(void)snprintf(text, sizeof(text), ACCOUNT("password_file = \"%s\";"),
		       path("secret"));

	put("secret", "one\n");
	a = load(text);
	b = load(text);
	ck_assert_ptr_null(account_conf_difference(a->accountv[0],
						   b->accountv[0]));
	mem_deref(b);

	put("secret", "two\n");
	b = load(text);
	ck_assert_pstr_eq("password", account_conf_difference(a->accountv[0],
							      b->accountv[0]));
}
END_TEST


START_TEST(what_a_turn_secrets_file_holds_counts)
{
	char text[512];

	(void)snprintf(text, sizeof(text),
		       ACCOUNT("turn = { password_file = \"%s\"; };"),
		       path("secret"));

	put("secret", "one\n");
	a = load(text);
	put("secret", "two\n");
	b = load(text);
	ck_assert_pstr_eq("turn.password_file",
			  account_conf_difference(a->accountv[0],
						  b->accountv[0]));
}
END_TEST


START_TEST(the_binding_is_aor_and_registrar)
{
	(void)difference(ACCOUNT(""), ACCOUNT("expires = 60; "
					      "password = \"p\"; "
					      "transport = \"tcp\";"));
	ck_assert(account_conf_same_binding(a->accountv[0], b->accountv[0]));

	(void)difference(ACCOUNT(""), ACCOUNT("registrar = \"sip:a.org\";"));
	ck_assert(!account_conf_same_binding(a->accountv[0], b->accountv[0]));
}
END_TEST


START_TEST(global_settings_are_compared_too)
{
	a = load("dns = { servers = [\"192.0.2.1\"]; };");
	b = load("dns = { servers = [\"192.0.2.2\"]; };");
	ck_assert(!config_value_equal(a, b, "dns.servers"));
	ck_assert(config_value_equal(a, b, "user_agent"));
}
END_TEST


Suite *suite_config_equal(void);
Suite *suite_config_equal(void)
{
	Suite *s = suite_create("config_equal");
	TCase *tc = tcase_create("config_equal");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, what_means_the_same_is_the_same);
	tcase_add_test(tc, one_of_many_is_the_same_as_one_alone);
	tcase_add_test(tc, a_difference_is_named);
	tcase_add_test(tc, every_key_of_the_table_counts);
	tcase_add_test(tc, what_means_the_same_has_the_same_hash);
	tcase_add_test(tc, every_key_but_a_secret_changes_the_hash);
	tcase_add_test(tc,
		a_secret_does_not_change_the_hash_wherever_it_comes_from);
	tcase_add_test(tc, the_order_of_a_list_counts);
	tcase_add_test(tc, instance_and_reg_ids_change_the_hash);
	tcase_add_test(tc, accounts_before_it_do_not_change_the_hash);
	tcase_add_test(tc, what_a_secrets_file_holds_counts);
	tcase_add_test(tc, what_a_turn_secrets_file_holds_counts);
	tcase_add_test(tc, the_binding_is_aor_and_registrar);
	tcase_add_test(tc, global_settings_are_compared_too);
	suite_add_tcase(s, tc);

	return s;
}
