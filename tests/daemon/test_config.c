/* The configuration: what is read, what it means, and what is said about each
 * kind of mistake (SCENARIOS O1). */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "ca.h"
#include "config.h"


#define TEXT_MAX 65536

/* libconfig 1.5 loses some bytes at each error of syntax. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libconfig.so";
}


static char dir[64];             /* of this test's files */
static char said[TEXT_MAX];      /* all messages, one a line, without dir */
static unsigned errors, warnings;
static struct config *conf;


static void message_handler(bool error, const char *text, void *arg)
{
	const size_t skip = strlen(dir) + 1, len = strlen(said);

	(void)arg;
	if (error)
		++errors;
	else
		++warnings;

	if (!strncmp(text, dir, skip - 1))
		text += skip;

	(void)snprintf(said + len, sizeof(said) - len, "%s\n", text);
}


static const char *path(const char *name)
{
	static char buf[4][256];
	static unsigned turn;
	char *p = buf[turn++ % 4];

	(void)snprintf(p, sizeof(buf[0]), "%s/%s", dir, name);

	return p;
}


static void put_mode(const char *name, const char *text, size_t len,
		     mode_t mode)
{
	FILE *f = fopen(path(name), "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(len, fwrite(text, 1, len, f));
	ck_assert_int_eq(0, fclose(f));
	ck_assert_int_eq(0, chmod(path(name), mode));
}


static void put(const char *name, const char *text)
{
	put_mode(name, text, strlen(text), 0600);
}


static int load_file(const char *name)
{
	said[0] = '\0';
	errors = warnings = 0;
	conf = mem_deref(conf);

	return config_load_presets(&conf, path(name), path("presets"),
				   message_handler, NULL);
}


static int load(const char *text)
{
	put("t.conf", text);

	return load_file("t.conf");
}


/* One account with these keys beside a name and an AOR. */
static int load_keys(const char *keys)
{
	char text[4096];

	(void)snprintf(text, sizeof(text),
		       "accounts = ( { name = \"a\";\n"
		       "aor = \"sip:alice@example.com\";\n%s\n} );\n", keys);

	return load(text);
}


static const struct account_conf *only(void)
{
	ck_assert_msg(conf != NULL, "%s", said);
	ck_assert_uint_eq(1, conf->accountc);

	return conf->accountv[0];
}


static const struct account_conf *good(const char *keys)
{
	ck_assert_msg(load_keys(keys) == 0, "%s", said);
	ck_assert_uint_eq(0, errors);

	return only();
}


static void has(const char *line)
{
	ck_assert_msg(strstr(said, line) != NULL, "no \"%s\" in:\n%s", line,
		      said);
}


static void has_not(const char *text)
{
	ck_assert_msg(strstr(said, text) == NULL, "\"%s\" in:\n%s", text,
		      said);
}


/* The keys stand in line 3. */
static void bad(const char *keys, const char *message)
{
	char line[512];

	ck_assert_msg(load_keys(keys) == EINVAL, "%s is accepted", keys);
	ck_assert_ptr_null(conf);
	(void)snprintf(line, sizeof(line), "t.conf:3: %s", message);
	has(line);
}


static void bad_global(const char *text, const char *message)
{
	char line[512];

	ck_assert_msg(load(text) == EINVAL, "%s is accepted", text);
	(void)snprintf(line, sizeof(line), "t.conf:1: %s", message);
	has(line);
}


static void quiet(const char *keys)
{
	(void)good(keys);
	ck_assert_msg(warnings == 0, "%s: %s", keys, said);
}


static void later(const char *keys, const char *what)
{
	char line[512];

	(void)good(keys);
	(void)snprintf(line, sizeof(line), "t.conf:3: %s: this version "
		       "accepts it but does not act on it yet", what);
	has(line);
	ck_assert_uint_eq(1, warnings);
}


static void setup(void)
{
	said[0] = '\0';
	(void)strcpy(dir, "/tmp/test_config.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(0, mkdir(path("presets"), 0700));
	(void)unsetenv("STATE_DIRECTORY");
	(void)unsetenv("CREDENTIALS_DIRECTORY");
}


static void teardown(void)
{
	char cmd[128];

	conf = mem_deref(conf);
	tls_close();
	(void)snprintf(cmd, sizeof(cmd), "rm -rf '%s'", dir);
	ck_assert_int_eq(0, system(cmd));
}


START_TEST(an_empty_file_is_all_defaults)
{
	ck_assert_int_eq(0, load(""));
	ck_assert_str_eq("", said);
	ck_assert_uint_eq(0, conf->accountc);
	ck_assert_str_eq("/run/sipregd/control", conf->control_socket);
	ck_assert_str_eq("/var/lib/sipregd", conf->state_dir);
	ck_assert_str_eq("", conf->instance_id);
	ck_assert_int_eq(LOG_LEVEL_INFO, conf->log_level);
	ck_assert_uint_eq(0, conf->dnsc);
	ck_assert_uint_eq(40, conf->pace.edge_registers);
	ck_assert_uint_eq(400, conf->pace.registers);
	ck_assert_uint_eq(40, conf->pace.edge_connects);
	ck_assert_uint_eq(400, conf->pace.connects);
}
END_TEST


START_TEST(an_account_needs_a_name_and_an_aor_only)
{
	const struct account_conf *a = good("");

	ck_assert_str_eq("a", a->name);
	ck_assert_str_eq("alice", a->aor_user);
	ck_assert_str_eq("example.com", a->aor_host);
	ck_assert_uint_eq(0, a->aor_port);
	ck_assert(!a->sips);
	ck_assert(a->enabled);
	ck_assert_str_eq("alice", a->auth_user);
	ck_assert_str_eq("", a->realm);
	ck_assert_str_eq("", a->password);
	ck_assert_str_eq("sip:example.com", a->registrar);
	ck_assert_uint_eq(0, a->proxyc);
	ck_assert_int_eq(TRANSPORT_AUTO, a->transport);
	ck_assert_uint_eq(24, a->dscp);
	ck_assert_int_eq(RESOLVE_ANY, a->family);
	ck_assert(!sa_isset(&a->source, SA_ADDR));
	ck_assert_int_eq(CONTACT_AUTO, a->contact_policy);
	ck_assert_str_eq("alice", a->contact_user);
	ck_assert(a->purge_ghosts);
	ck_assert_uint_eq(0, a->redirectc);
	ck_assert_int_eq(TLS_VERIFY_WILDCARD, a->tls.verify);
	ck_assert_int_eq(TLS1_2_VERSION, a->tls.min_version);
	ck_assert_int_eq(INBOUND_REJECT, a->inbound);
	ck_assert_uint_eq(480, a->inbound_code);
	ck_assert_uint_eq(1, a->line);
	ck_assert_str_eq("", said);
}
END_TEST


START_TEST(the_policy_for_the_core_has_its_defaults)
{
	const struct account_policy *p = &good("")->policy;

	ck_assert_uint_eq(3600, p->reg.expires);
	ck_assert_uint_eq(600000, p->reg.verify);
	ck_assert(p->reg.unregister);
	ck_assert_int_eq(DIGEST_MD5, p->reg.min_digest);
	ck_assert_int_eq(KEEPALIVE_AUTO, p->flow.method);
	ck_assert_uint_eq(0, p->flow.interval);
	ck_assert_uint_eq(10000, p->flow.pong_timeout);
	ck_assert_uint_eq(1, p->flows);
}
END_TEST


/* ca.pem; cert.pem of it, with its key; key.pem the same file */
static void put_certificates(void)
{
	struct ca *ca;

	ck_assert_int_eq(0, ca_alloc(&ca, path("ca.pem")));
	ck_assert_int_eq(0, ca_issue(ca, path("cert.pem"), "DNS:example.com",
				     CA_DAYS));
	ck_assert_int_eq(0, chmod(path("cert.pem"), 0600));
	ck_assert_int_eq(0, link(path("cert.pem"), path("key.pem")));
	mem_deref(ca);
}


START_TEST(every_acting_key_is_read)
{
	const struct account_conf *a;

	put_certificates();
	a = good("enabled = true; auth_user = \"au\"; realm = \"r\";"
		 "password = \"p\"; min_digest = \"sha-256\";"
		 "registrar = \"sip:reg.example.com:5070\";"
		 "outbound_proxy = [ \"sip:p1.example.com\" ];"
		 "redirect_hosts = [ \"*.example.net\", \"192.0.2.9\" ];"
		 "purge_ghosts = false;"
		 "transport = \"tls\"; source = \"192.0.2.1\";"
		 "interface = \"eth0\"; dscp = 46; family = \"ipv4\";"
		 "expires = 120; verify = 0;"
		 "keepalive = { method = \"crlf\"; interval = 55;"
		 "  pong_timeout = 7; };"
		 "contact = { policy = \"static\";"
		 "  address = \"203.0.113.7:5062\"; user = \"cu\"; };"
		 "unregister_on_stop = false;"
		 "tls = { ca_file = \"ca.pem\"; verify = \"strict\";"
		 "  name = \"n.example.com\"; certificate = \"cert.pem\";"
		 "  key = \"key.pem\"; min_version = \"1.3\"; };"
		 "inbound = { code = 486; allow = [ \"10.0.0.0/8\" ]; };"
		 "headers = [ \"X-Site: 7\" ];");

	ck_assert_str_eq("", said);
	ck_assert_str_eq("au", a->auth_user);
	ck_assert_str_eq("r", a->realm);
	ck_assert_str_eq("p", a->password);
	ck_assert_int_eq(DIGEST_SHA256, a->policy.reg.min_digest);
	ck_assert_str_eq("sip:reg.example.com:5070", a->registrar);
	ck_assert_uint_eq(1, a->proxyc);
	ck_assert_str_eq("sip:p1.example.com", a->proxyv[0]);
	ck_assert_uint_eq(2, a->redirectc);
	ck_assert_str_eq("*.example.net", a->redirectv[0]);
	ck_assert_str_eq("192.0.2.9", a->redirectv[1]);
	ck_assert(!a->purge_ghosts);
	ck_assert_int_eq(TRANSPORT_TLS, a->transport);
	ck_assert(sa_isset(&a->source, SA_ADDR));
	ck_assert_str_eq("eth0", a->interface);
	ck_assert_uint_eq(46, a->dscp);
	ck_assert_int_eq(RESOLVE_IPV4, a->family);
	ck_assert_uint_eq(120, a->policy.reg.expires);
	ck_assert_uint_eq(0, a->policy.reg.verify);
	ck_assert_int_eq(KEEPALIVE_CRLF, a->policy.flow.method);
	ck_assert_uint_eq(55000, a->policy.flow.interval);
	ck_assert_uint_eq(7000, a->policy.flow.pong_timeout);
	ck_assert_int_eq(CONTACT_STATIC, a->contact_policy);
	ck_assert_str_eq("203.0.113.7:5062", a->contact_host);
	ck_assert_uint_eq(5062, a->contact_address.port);
	ck_assert_str_eq("cu", a->contact_user);
	ck_assert(!a->policy.reg.unregister);
	ck_assert_str_eq(path("ca.pem"), a->tls.ca_file);
	ck_assert_int_eq(TLS_VERIFY_STRICT, a->tls.verify);
	ck_assert_str_eq("n.example.com", a->tls.name);
	ck_assert_str_eq(path("cert.pem"), a->tls.certificate);
	ck_assert_str_eq(path("key.pem"), a->tls.key);
	ck_assert_int_eq(TLS1_3_VERSION, a->tls.min_version);
	ck_assert_uint_eq(486, a->inbound_code);
	ck_assert_uint_eq(1, a->allowc);
	ck_assert_str_eq("10.0.0.0/8", a->allowv[0]);
	ck_assert_uint_eq(1, a->headerc);
	ck_assert_str_eq("X-Site: 7", a->headerv[0]);
}
END_TEST


START_TEST(defaults_preset_and_account_merge_key_by_key)
{
	const struct account_conf *a;

	put("presets/p.conf", "expires = 200; dscp = 20;"
	    "keepalive = { interval = 20; };");
	ck_assert_int_eq(0, load(
		"defaults = { expires = 100; dscp = 10; verify = 100;"
		"  keepalive = { interval = 10; pong_timeout = 11;"
		"                method = \"options\"; }; };\n"
		"accounts = ( { name = \"a\"; aor = \"sip:a@b\";"
		"  preset = \"p\"; expires = 300;"
		"  keepalive = { method = \"crlf\"; }; } );\n"));
	a = only();
	ck_assert_uint_eq(300, a->policy.reg.expires);
	ck_assert_uint_eq(20, a->dscp);
	ck_assert_uint_eq(100000, a->policy.reg.verify);
	ck_assert_uint_eq(20000, a->policy.flow.interval);
	ck_assert_uint_eq(11000, a->policy.flow.pong_timeout);
	ck_assert_int_eq(KEEPALIVE_CRLF, a->policy.flow.method);
}
END_TEST


START_TEST(a_preset_can_come_from_defaults)
{
	put("presets/p.conf", "expires = 200;");
	ck_assert_int_eq(0, load(
		"defaults = { preset = \"p\"; };\naccounts = ("
		"{ name = \"a\"; aor = \"sip:a@b\"; },"
		"{ name = \"b\"; aor = \"sip:b@b\"; preset = \"\"; } );"));
	ck_assert_uint_eq(200, conf->accountv[0]->policy.reg.expires);
	ck_assert_str_eq("p", conf->accountv[0]->preset);
	ck_assert_uint_eq(3600, conf->accountv[1]->policy.reg.expires);
}
END_TEST


START_TEST(presets_are_checked_like_everything)
{
	bad("preset = \"none\";", "preset: there is no \"none\" in ");
	bad("preset = \"../t\";", "preset: must be a name of letters");
	put("presets/p.conf", "expires = 200;\npreset = \"q\";");
	ck_assert_int_eq(EINVAL, load_keys("preset = \"p\";"));
	has("presets/p.conf:2: preset: a preset cannot have one itself");

	put("presets/p.conf", "\nexpires = 1; expries = 2;");
	ck_assert_int_eq(EINVAL, load(
		"accounts = ("
		"{ name = \"a\"; aor = \"sip:a@b\"; preset = \"p\"; },"
		"{ name = \"b\"; aor = \"sip:b@b\"; preset = \"p\"; } );"));
	has("presets/p.conf:2: expires: 1 is out of range");
	has("presets/p.conf:2: unknown key \"expries\", did you mean "
	    "\"expires\"?");
	ck_assert_uint_eq(2, errors);
}
END_TEST


START_TEST(a_wrong_preset_is_told_those_that_there_are)
{
	bad("preset = \"telekom\";", "preset: there is no \"telekom\" in ");
	has("/presets, nor any other\n");

	put("presets/telekom.conf", "");
	bad("preset = \"telecom\";", "preset: there is no \"telecom\" in ");
	has("/presets, only telekom; did you mean \"telekom\"?\n");

	put("presets/.hidden.conf", "");
	put("presets/a name.conf", "");
	put("presets/.conf", "");
	put("presets/sipgate.conf.dpkg-new", "");
	put("presets/1und1.conf", "");
	put("presets/sipgate.conf", "");
	bad("preset = \"fritzbox\";", "preset: there is no \"fritzbox\" in ");
	has("/presets, only 1und1, sipgate and telekom\n");
}
END_TEST


START_TEST(more_presets_than_a_message_holds_are_cut)
{
	char name[64];

	for (int i = 100; i < 200; i++) {
		(void)snprintf(name, sizeof(name), "presets/p%d.conf", i);
		put(name, "");
	}

	bad("preset = \"none\";", "preset: there is no \"none\" in ");
	has("/presets, only p100, p101, p102");
	has(", ...\n");
}
END_TEST


/* As with /etc/sipregd/presets and what the package brings. */
START_TEST(own_presets_come_before_the_installed_ones)
{
	static const char text[] =
		"accounts = ( { name = \"a\"; aor = \"sip:a@b\";"
		" preset = \"p\"; } );";

	ck_assert_int_eq(0, mkdir(path("etc"), 0700));
	ck_assert_int_eq(0, mkdir(path("etc/presets"), 0700));
	put("etc/t.conf", text);

	put("presets/p.conf", "expires = 200; dscp = 20;");
	ck_assert_int_eq(0, load_file("etc/t.conf"));
	ck_assert_uint_eq(200, only()->policy.reg.expires);

	put("etc/presets/p.conf", "expires = 300;");
	ck_assert_int_eq(0, load_file("etc/t.conf"));
	ck_assert_uint_eq(300, only()->policy.reg.expires);
	ck_assert_uint_eq(24, only()->dscp);

	put("etc/presets/p.conf", "expires = 1;");
	ck_assert_int_eq(EINVAL, load_file("etc/t.conf"));
	has("etc/presets/p.conf:1: expires: 1 is out of range");

	put("etc/t.conf", "accounts = ( { name = \"a\"; aor = \"sip:a@b\";"
	    " preset = \"q\"; } );");
	put("presets/q2.conf", "");
	ck_assert_int_eq(EINVAL, load_file("etc/t.conf"));
	has("/presets, only p and q2; did you mean \"");
}
END_TEST


START_TEST(an_own_preset_that_cannot_be_read_hides_no_other)
{
	put("presets/p.conf", "expires = 200;");
	ck_assert_int_eq(0, mkdir(path("etc"), 0700));
	ck_assert_int_eq(0, mkdir(path("etc/presets"), 0700));
	ck_assert_int_eq(0, mkdir(path("etc/presets/p.conf"), 0700));
	put("etc/t.conf", "accounts = ( { name = \"a\"; aor = \"sip:a@b\";"
	    " preset = \"p\"; } );");
	ck_assert_int_eq(EINVAL, load_file("etc/t.conf"));
	has("etc/presets/p.conf:0: cannot be read: Is a directory");
}
END_TEST


START_TEST(count_makes_numbered_accounts)
{
	const struct account_conf *a, *b;

	(void)load_keys("");
	ck_assert_int_eq(0, load(
		"accounts = ( { name = \"e%d\"; aor = \"sip:%d@h%d.net\";"
		"count = 3; first = 9; password = \"x%d%d\";"
		"headers = [ \"X: %d\", \"Y: y\" ]; realm = \"same\"; } );"));
	ck_assert_uint_eq(3, conf->accountc);
	a = conf->accountv[0];
	b = conf->accountv[2];
	ck_assert_str_eq("e9", a->name);
	ck_assert_str_eq("sip:9@h9.net", a->aor);
	ck_assert_str_eq("9", a->auth_user);
	ck_assert_str_eq("x99", a->password);
	ck_assert_str_eq("sip:h9.net", a->registrar);
	ck_assert_str_eq("X: 9", a->headerv[0]);
	ck_assert_str_eq("e11", b->name);
	ck_assert_str_eq("x1111", b->password);
	ck_assert_str_eq("X: 11", b->headerv[0]);
	ck_assert_str_eq("Y: y", b->headerv[1]);
	/* 100,000 accounts have one of what is the same */
	ck_assert_ptr_eq(a->realm, b->realm);
}
END_TEST


START_TEST(a_count_of_one_replaces_too_and_without_count_nothing_does)
{
	ck_assert_int_eq(0, load(
		"accounts = ( { name = \"e%d\"; aor = \"sip:u@h\"; count = 1;"
		"  password = \"%d\"; },"
		" { name = \"f\"; aor = \"sip:u@h\"; password = \"%d\"; } );"));
	ck_assert_str_eq("e1", conf->accountv[0]->name);
	ck_assert_str_eq("1", conf->accountv[0]->password);
	ck_assert_str_eq("%d", conf->accountv[1]->password);
}
END_TEST


START_TEST(count_and_its_names_are_bounded)
{
	bad("count = 0;", "count: 0 is out of range (allowed: 1 to 200000)");
	bad("count = 200001;", "count: 200001 is out of range");
	bad("first = -1;", "first: -1 is out of range");
	ck_assert_int_eq(EINVAL, load_keys("count = 2;"));
	has("t.conf:1: name: needs a %d for the number, there are 2");

	ck_assert_int_eq(EINVAL, load(
		"accounts = ("
		"{ name = \"a%d\"; aor = \"sip:a@b\"; count = 200000;\n"
		"registrar = \"sip:u@h\"; } );"));
	has("t.conf:2: registrar: must not have a user part");
	ck_assert_uint_eq(1, errors);    /* not 200,000 */

	ck_assert_int_eq(EINVAL, load(
		"accounts = ("
		"{ name = \"a%d\"; aor = \"sip:a@b\"; count = 200000; },\n"
		"{ name = \"b\"; aor = \"sip:a@b\"; } );"));
	has("t.conf:2: more than 200000 accounts");
}
END_TEST


START_TEST(included_files_follow_in_order_of_name)
{
	ck_assert_int_eq(0, mkdir(path("accounts.d"), 0700));
	put("accounts.d/20.conf",
	    "accounts = ( { name = \"c\"; aor = \"sip:a@b\"; } );");
	put("accounts.d/10.conf",
	    "accounts = ( { name = \"b\"; aor = \"sip:a@b\"; } );");
	put("accounts.d/10.conf~", "garbage {");
	put("accounts.d/.x.conf", "garbage {");
	ck_assert_int_eq(0, load(
		"include_dir = \"accounts.d\"; defaults = { expires = 70; };"
		"accounts = ( { name = \"a\"; aor = \"sip:a@b\"; } );"));
	ck_assert_uint_eq(3, conf->accountc);
	ck_assert_str_eq("a", conf->accountv[0]->name);
	ck_assert_str_eq("b", conf->accountv[1]->name);
	ck_assert_str_eq("c", conf->accountv[2]->name);
	ck_assert_uint_eq(70, conf->accountv[2]->policy.reg.expires);
	ck_assert_str_eq(path("accounts.d/20.conf"), conf->accountv[2]->file);
}
END_TEST


START_TEST(an_include_dir_may_be_absent_or_none)
{
	ck_assert_int_eq(0, load("include_dir = \"absent\";"));
	ck_assert_str_eq("", said);
	ck_assert_int_eq(0, mkdir(path("accounts.d"), 0700));
	put("accounts.d/a.conf", "garbage {");
	ck_assert_int_eq(0, load("include_dir = \"\";"));
	put("file", "");
	ck_assert_int_eq(EINVAL, load("include_dir = \"file\";"));
	has("file:0: cannot be read: Not a directory");
}
END_TEST


START_TEST(included_files_hold_accounts_only_and_each_tells_its_errors)
{
	ck_assert_int_eq(0, mkdir(path("accounts.d"), 0700));
	ck_assert_int_eq(0, mkdir(path("accounts.d/e.conf"), 0700));
	put("accounts.d/a.conf", "\ndefaults = { };\nacounts = ( );");
	put("accounts.d/b.conf", "accounts = (\n{\n");
	put("accounts.d/c.conf", "@include \"/etc/passwd\"\n");
	put("accounts.d/d.conf",
	    "accounts = ( { name = \"a\"; aor = \"sip:a@b\"; } );");
	ck_assert_int_eq(EINVAL, load(
		"accounts = ( { name = \"a\"; aor = \"sip:a@b\"; } );\n"
		"foo = 1;"));
	has("accounts.d/a.conf:2: \"defaults\" belongs at the top of the "
	    "main file, not in an included file");
	has("accounts.d/a.conf:3: unknown key \"acounts\", did you mean "
	    "\"accounts\"?");
	has("accounts.d/b.conf:3: syntax error");
	has("accounts.d/c.conf:1: @include is not supported, use include_dir");
	has("accounts.d/d.conf:1: name: \"a\" is that of the account at ");
	has("accounts.d/e.conf:0: cannot be read: Is a directory");
	has("t.conf:2: unknown key \"foo\"");
	ck_assert_uint_eq(7, errors);
}
END_TEST


/* Nobody writes into it, and the daemon would wait for him. */
START_TEST(a_fifo_is_no_configuration)
{
	ck_assert_int_eq(0, mkfifo(path("fifo.conf"), 0600));
	ck_assert_int_eq(EINVAL, load_file("fifo.conf"));
	has("fifo.conf:0: cannot be read: Invalid argument");
}
END_TEST


START_TEST(files_that_cannot_be_read_are_errors)
{
	ck_assert_int_eq(EINVAL, load_file("absent.conf"));
	has("absent.conf:0: cannot be read: No such file or directory");
	ck_assert_int_eq(EINVAL, load_file("presets"));
	has("presets:0: cannot be read: Is a directory");
	put_mode("t.conf", "a = 1;\n\0b = 2;", 14, 0600);
	ck_assert_int_eq(EINVAL, load_file("t.conf"));
	has("t.conf:2: has a zero byte");
	ck_assert_int_eq(EINVAL, load("a = 1;\n\nb = ;\n"));
	has("t.conf:3: syntax error");
	ck_assert_int_eq(EINVAL, load("a = 1;\n\nb = \"c;\n\n"));
	has("t.conf:3: a quote (\") is missing here or before");
	ck_assert_int_eq(EINVAL, load("a = 1;\n/* c;\n\n"));
	has("t.conf:2: the comment that begins here has no end");
	ck_assert_int_eq(EINVAL, load("pace = { };\npace = { };\n"));
	has("t.conf:2: duplicate setting name");
}
END_TEST


START_TEST(a_failed_load_leaves_the_old_configuration)
{
	struct config *c = NULL;

	put("t.conf", "");
	ck_assert_int_eq(0, config_load(&c, path("t.conf"), NULL, NULL));
	conf = c;
	put("t.conf", "foo = 1;");
	ck_assert_int_eq(EINVAL, config_load(&c, path("t.conf"), NULL, NULL));
	ck_assert_ptr_eq(conf, c);
}
END_TEST


START_TEST(unknown_keys_are_named_with_the_nearest_known_one)
{
	bad("transprot = \"tls\";", "unknown key \"transprot\", did you mean "
	    "\"transport\"?");
	bad("tl = { };", "unknown key \"tl\", did you mean \"tls\"?");
	bad("keepalive = { intervall = 5; };", "unknown key "
	    "\"keepalive.intervall\", did you mean \"keepalive.interval\"?");
	bad("quux = 1;", "unknown key \"quux\"\n");
	bad("log_level = \"info\";", "\"log_level\" belongs at the top");
	bad_global("transport = \"tls\";", "\"transport\" belongs in an "
		   "account (or in defaults), not in the main file");
	bad_global("dns = { server = \"::1\"; };", "unknown key "
		   "\"dns.server\", did you mean \"dns.servers\"?");
}
END_TEST


START_TEST(wrong_types_are_named)
{
	bad("auth_user = 5;", "auth_user: wants a string, not a number");
	bad("expires = \"5\";", "expires: wants a whole number, not a string");
	bad("expires = 60.5;", "expires: wants a whole number, not a number "
	    "with a fraction");
	bad("enabled = 1;", "enabled: wants true or false, not a number");
	bad("tls = 1;", "tls: wants a group { }, not a number");
	bad("headers = { };", "headers: wants strings [ \"...\" ], not a "
	    "group");
	bad("headers = [ 1 ];", "headers: wants strings, not a number");
	bad("headers = [ \"\" ];", "headers: has an empty string");
	bad("transport = 1;", "transport: wants \"auto\", \"udp\", \"tcp\" or "
	    "\"tls\", not a number");
	bad_global("accounts = { };", "accounts: wants a list ( { ... } ), "
		   "not a group { }");
	bad_global("accounts = ( 5 );", "accounts: wants groups { }, not a "
		   "number");
	bad_global("defaults = ( );", "defaults: wants a group { }, not a "
		   "list ( )");
}
END_TEST


START_TEST(wrong_words_are_named_with_the_right_ones)
{
	bad("transport = \"tsl\";", "transport: \"tsl\" is not \"auto\", "
	    "\"udp\", \"tcp\" or \"tls\"; did you mean \"tls\"?");
	bad("transport = \"TLS\";", "transport: \"TLS\" is not \"auto\", "
	    "\"udp\", \"tcp\" or \"tls\"; did you mean \"tls\"?");
	bad("tls = { verify = \"\\x1b[31m\"; };",
	    "tls.verify: \"?[31m\" is not \"strict\"");
}
END_TEST


/* libconfig 1.5 makes 705032703, 1, -1, -1 and -2147483648 of these. */
START_TEST(numbers_that_do_not_fit_are_errors_and_never_wrap)
{
	static const char *const numberv[] = {
		"99999999999", "4294967297", "0xFFFFFFFF", "0x1FFFFFFFFF",
		"2147483648", "-2147483649", "99999999999999999999999999",
		"99999999999999999999999999L", "0x7FFFFFFFFFFFFFFFFFL",
		"-99999999999999999999999999L", "18446744073709551617",
	};

	for (size_t i = 0; i < ARRAY_SIZE(numberv); i++) {
		char keys[128];

		(void)snprintf(keys, sizeof(keys), "expires = %s;",
			       numberv[i]);
		bad(keys, "expires: the number does not fit (allowed: 5 to "
		    "604800)");
	}

	bad("expires = 4294967297000L;", "expires: 4294967297000 is out of "
	    "range");
	/* in comments, strings and names they are none */
	ck_assert_uint_eq(0x40, good("/* 99999999999 */ realm = "
		"\"4294967297 \\\" 99999999999\"; # 99999999999\n"
		"expires = 0x40; // 99999999999\n")->policy.reg.expires);
	ck_assert_str_eq("4294967297 \" 99999999999", only()->realm);
	ck_assert_uint_eq(70, good("expires = 70L;")->policy.reg.expires);
	ck_assert_uint_eq(70, good("expires = 70LL;")->policy.reg.expires);
}
END_TEST


START_TEST(numbers_out_of_range_are_told_the_range)
{
	bad("expires = 4;", "expires: 4 is out of range (allowed: 5 to "
	    "604800)");
	bad("keepalive = { interval = 3601; };", "keepalive.interval: 3601 is "
	    "out of range (allowed: 0, or 1 to 3600)");
	bad("keepalive = { pong_timeout = 0; };", "keepalive.pong_timeout: 0 "
	    "is out of range (allowed: 1 to 60)");
	bad("verify = 9;", "verify: 9 is out of range (allowed: 0, or 10 to "
	    "86400)");
	bad("flows = 5;", "flows: 5 is out of range (allowed: 1 to 4)");
	bad("inbound = { code = 603; };", "inbound.code: 603 is out of range "
	    "(allowed: 400 to 599)");
	bad("dscp = 64;", "dscp: 64 is out of range (allowed: 0 to 63)");
	bad_global("pace = { registers = -1; };", "pace.registers: -1 is out "
		   "of range");
}
END_TEST


START_TEST(every_error_of_a_file_is_told_in_one_run)
{
	ck_assert_int_eq(EINVAL, load(
		"log_levl = \"info\";\n"
		"control_socket = \"rel\";\n"
		"defaults = { dscp = 99; };\n"
		"accounts = (\n"
		"{ },\n"
		"{ name = \"a b\"; aor = \"alice\";"
		"  password_file = \"no\"; },\n"
		"{ name = \"c\"; aor = \"sip:a@b\"; transport = 7; },\n"
		"{ name = \"c\"; aor = \"sip:a@b\"; } );\n"));
	has("t.conf:1: unknown key \"log_levl\"");
	has("t.conf:2: control_socket: must be an absolute path");
	has("t.conf:3: dscp: 99 is out of range");
	has("t.conf:5: the account has no name");
	has("t.conf:5: the account has no aor");
	has("t.conf:6: name: may hold letters, digits and ._@+- only");
	has("t.conf:6: aor: must begin with");
	has("t.conf:6: password_file: ");
	has("t.conf:7: transport: wants ");
	has("t.conf:8: name: \"c\" is that of the account at ");
	ck_assert_uint_eq(10, errors);
}
END_TEST


START_TEST(bad_uris_are_errors)
{
	static const char *const aorv[] = {
		"sip:example.com", "alice@example.com", "tel:+123",
		"sip:@example.com", "sip:alice@", "sip:a@b c",
		"sip:a@b:0", "sip:a@b:65536", "sip:a@b:", "sip:a@1.2.3",
		"sip:a@[::1", "sip:a@::1", "sip:a@-b", "sip:a@b..c",
		"sip:a@b?x=y", "sip:a@b;", "<sip:a@b>", "sip:a%4@b",
		"sip:a%00@b", "sip:a\\\"@b", "sip:a:pw@b", "sip:a@b@c",
		"sip:a@b;transport=tls", "sip:a@[1.2.3.4]",
	};
	char text[256];

	for (size_t i = 0; i < ARRAY_SIZE(aorv); i++) {
		(void)snprintf(text, sizeof(text), "accounts = ( { name = "
			       "\"a\"; aor = \"%s\"; } );", aorv[i]);
		bad_global(text, "aor: ");
	}

	bad("registrar = \"sip:u@h\";", "registrar: must not have a user "
	    "part");
	bad("registrar = \"http://h\";", "registrar: must begin with");
	bad("registrar = \"sip:h;transport=sctp\";", "registrar: has a "
	    ";transport= that is none of udp, tcp, tls");
	bad("outbound_proxy = [ \"sip:ok\", \"h\" ];", "outbound_proxy: must "
	    "begin with");
}
END_TEST


START_TEST(good_uris_are_taken_apart)
{
	static const struct {
		const char *aor, *user, *host, *auth, *registrar;
		unsigned port;
	} v[] = {
		{"sip:a@b", "a", "b", "a", "sip:b", 0},
		{"SIP:a@b.c.:5070", "a", "b.c.", "a", "sip:b.c.:5070", 5070},
		{"sip:a%40x@192.0.2.1", "a%40x", "192.0.2.1", "a@x",
		 "sip:192.0.2.1", 0},
		{"sip:+49-1;x?y@[2001:db8::1]:5061;user=phone",
		 "+49-1;x?y", "[2001:db8::1]", "+49-1;x?y",
		 "sip:[2001:db8::1]:5061", 5061},
		{"sips:a@my_host-1", "a", "my_host-1", "a", "sips:my_host-1",
		 0},
	};
	char text[256];

	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		(void)snprintf(text, sizeof(text), "accounts = ( { name = "
			       "\"a\"; aor = \"%s\"; } );", v[i].aor);
		ck_assert_msg(load(text) == 0, "%s", said);
		ck_assert_str_eq(v[i].user, only()->aor_user);
		ck_assert_str_eq(v[i].host, only()->aor_host);
		ck_assert_str_eq(v[i].auth, only()->auth_user);
		ck_assert_str_eq(v[i].user, only()->contact_user);
		ck_assert_str_eq(v[i].registrar, only()->registrar);
		ck_assert_uint_eq(v[i].port, only()->aor_port);
	}
}
END_TEST


START_TEST(the_edge_is_the_proxy_else_the_registrar)
{
	static const struct {
		const char *keys, *host;
		unsigned port;
		enum transport transport;
	} v[] = {
		{"", "example.com", 0, TRANSPORT_AUTO},
		{"transport = \"tcp\";", "example.com", 0, TRANSPORT_TCP},
		{"registrar = \"sip:r:5061\";", "r", 5061, TRANSPORT_TLS},
		{"registrar = \"sip:r;transport=TCP\";", "r", 0,
		 TRANSPORT_TCP},
		{"registrar = \"sips:r\";", "r", 0, TRANSPORT_TLS},
		{"registrar = \"sips:r;transport=tcp\";", "r", 0,
		 TRANSPORT_TLS},
		{"registrar = \"sips:r\"; outbound_proxy = \"sip:p\";", "p",
		 0, TRANSPORT_TLS},
		{"outbound_proxy = ( \"sip:[::1]:5070;lr\", \"sip:q\" );",
		 "::1", 5070, TRANSPORT_AUTO},
		{"registrar = \"sip:r:5061;transport=udp\";", "r", 5061,
		 TRANSPORT_UDP},
	};

	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		const struct account_conf *a = good(v[i].keys);
		enum transport transport;
		struct pl host;
		uint16_t port;

		account_conf_edge(a, 0, 0, &host, &port, &transport);
		ck_assert_int_eq(0, pl_strcmp(&host, v[i].host));
		ck_assert_uint_eq(v[i].port, port);
		ck_assert_int_eq(v[i].transport, transport);
	}
}
END_TEST


START_TEST(each_flow_prefers_its_own_proxy_and_has_the_others_behind_it)
{
	static const char *const wantedv[3][3] = {
		{"p", "q", "r"}, {"q", "r", "p"}, {"r", "p", "q"},
	};
	const struct account_conf *a =
		good("outbound_proxy = ( \"sip:p\", \"sip:q\", \"sip:r\" );");
	enum transport transport;
	struct pl host;
	uint16_t port;

	ck_assert_uint_eq(3, account_conf_edges(a));
	for (size_t i = 0; i < 4; i++) {
		for (size_t k = 0; k < 3; k++) {
			const char *wanted = wantedv[i % 3][k];

			account_conf_edge(a, i, k, &host, &port, &transport);
			ck_assert_int_eq(0, pl_strcmp(&host, wanted));
			ck_assert_str_eq(wanted, account_conf_proxy(a, i, k) +
					 strlen("sip:"));
		}
	}

	a = good("registrar = \"sip:x\";");
	ck_assert_uint_eq(1, account_conf_edges(a));
	ck_assert_ptr_null(account_conf_proxy(a, 1, 0));
}
END_TEST


START_TEST(a_transport_that_contradicts_is_an_error)
{
	bad("transport = \"udp\"; outbound_proxy = \"sip:p;transport=tcp\";",
	    "outbound_proxy: the URI says ;transport=tcp, which contradicts "
	    "transport = \"udp\"");
	bad("transport = \"tls\"; registrar = \"sip:p;transport=tcp\";",
	    "registrar: the URI says ;transport=tcp, which contradicts");
	bad("transport = \"tcp\"; registrar = \"sips:p\";",
	    "transport: \"tcp\" contradicts sips:, which means TLS");
	bad("registrar = \"sips:p;transport=udp\";",
	    "registrar: sips: means TLS, but the URI says ;transport=udp");
	bad("registrar = \"sips:p\"; tls = { verify = \"none\"; };",
	    "tls.verify: \"none\" contradicts sips:");
	quiet("transport = \"tls\"; registrar = \"sips:p;transport=tcp\";");
	quiet("transport = \"tcp\"; outbound_proxy = "
	      "\"sip:p;transport=tcp\";");
}
END_TEST


START_TEST(strings_are_checked_by_what_they_are)
{
	bad("source = \"host\";", "source: must be an IP address");
	bad("source = \"::1\"; family = \"ipv4\";", "source: is not of the "
	    "configured family");
	bad("interface = \"a234567890123456\";", "interface: is longer than");
	bad("contact = { policy = \"static\"; };", "contact.policy: "
	    "\"static\" needs contact.address");
	bad("contact = { address = \"a b\"; };", "contact.address: must be");
	bad("contact = { user = \"a@b\"; };", "contact.user: has a character");
	bad("redirect_hosts = [ \"example.net\", \"*\" ];",
	    "redirect_hosts: must be a host name or an IP address");
	bad("redirect_hosts = \"*.192.0.2.1\";", "redirect_hosts: must be a "
	    "host name after \"*.\"");
	bad("redirect_hosts = \"sip:example.net\";", "redirect_hosts: must");
	bad("redirect_hosts = [ \"a\", \"a\", \"a\", \"a\", \"a\", \"a\","
	    "\"a\", \"a\", \"a\", \"a\", \"a\", \"a\", \"a\", \"a\","
	    "\"a\", \"a\", \"a\" ];",
	    "redirect_hosts: has more than 16 strings");
	bad("tls = { name = \"-x\"; };", "tls.name: must be a host name");
	bad("tls = { pins = [ \"sha1/x\" ]; };", "tls.pins: must be");
	bad("tls = { ca_file = \"absent\"; };", "tls.ca_file: ");
	bad("tls = { key = \"t.conf\"; };", "tls.key: has no effect without "
	    "tls.certificate");
	bad("inbound = { allow = [ \"10.0.0.0/33\" ]; };",
	    "inbound.allow: must have at most 32 bits");
	bad("inbound = { policy = \"relay\"; };", "inbound.policy: needs "
	    "inbound.target");
	bad("headers = [ \"X-A\" ];", "headers: must be \"Name: value\"");
	bad("headers = [ \"X A: b\" ];", "headers: must be \"Name: value\"");
	bad("headers = [ \"X-A: b\\r\\nX: y\" ];", "headers: must not hold "
	    "control characters");
	bad("headers = [ \"contact: <sip:x@y>\" ];", "headers: is a header "
	    "that sipregd writes itself");
	bad("headers = [ \"m: <sip:x@y>\" ];", "headers: is a header that "
	    "sipregd writes itself");
	bad("realm = \"a\\nb\";", "realm: must not hold control characters");
	bad("credential = \"a/b\";", "credential: must be the name of a file");
	bad_global("control_socket = \"/234567890123456789012345678901234567"
		   "89012345678901234567890123456789012345678901234567890123"
		   "4567890123456789\";", "control_socket: is longer than the "
		   "107 bytes");
	bad_global("instance_id = \"urn:uuid:x\";", "instance_id: has no "
		   "valid UUID");
	bad_global("instance_id = \"x\";", "instance_id: must be a URN");
	bad_global("dns = { servers = [ \"ns\" ]; };", "dns.servers: must be");
	bad_global("metrics = { listen = \"host:1\"; };", "metrics.listen: ");
	bad_global("state_dir = \"x\";", "state_dir: must be an absolute");
}
END_TEST


START_TEST(an_account_name_is_64_characters_of_a_few)
{
	char text[256];
	char name[66];

	memset(name, 'a', sizeof(name) - 1);
	name[65] = '\0';
	(void)snprintf(text, sizeof(text), "accounts = ( { name = \"%s\"; "
		       "aor = \"sip:a@b\"; } );", name);
	bad_global(text, "name: is longer than 64 characters");
	ck_assert_int_eq(0, load("accounts = ( { name = \"A.z_0@+-\"; "
				 "aor = \"sip:a@b\"; } );"));
}
END_TEST


START_TEST(global_keys_are_read)
{
	ck_assert_int_eq(0, load(
		"control_socket = \"/x/y\"; state_dir = \"/s\";"
		"instance_id = \"urn:uuid:00000000-0000-1000-8000-"
		"000A95A0E128\"; user_agent = \"ua\"; log_level = \"debug\";"
		"dns = { servers = [ \"192.0.2.53\", \"[2001:db8::1]:54\","
		" \"::1\" ]; };"
		"pace = { edge_registers = 0; registers = 1;"
		" edge_connects = 2; connects = 3; };"));
	ck_assert_str_eq("/x/y", conf->control_socket);
	ck_assert_str_eq("/s", conf->state_dir);
	ck_assert_str_eq("ua", conf->user_agent);
	ck_assert_int_eq(LOG_LEVEL_DEBUG, conf->log_level);
	ck_assert_uint_eq(3, conf->dnsc);
	ck_assert_uint_eq(53, sa_port(&conf->dnsv[0]));
	ck_assert_int_eq(AF_INET, sa_af(&conf->dnsv[0]));
	ck_assert_uint_eq(54, sa_port(&conf->dnsv[1]));
	ck_assert_uint_eq(53, sa_port(&conf->dnsv[2]));
	ck_assert_int_eq(AF_INET6, sa_af(&conf->dnsv[2]));
	ck_assert_uint_eq(0, conf->pace.edge_registers);
	ck_assert_uint_eq(3, conf->pace.connects);
	ck_assert_str_eq("", said);
}
END_TEST


START_TEST(state_dir_comes_from_the_file_then_systemd_then_the_default)
{
	ck_assert_int_eq(0, setenv("STATE_DIRECTORY", "/a:/b", 1));
	ck_assert_int_eq(0, load(""));
	ck_assert_str_eq("/a", conf->state_dir);
	ck_assert_int_eq(0, load("state_dir = \"/c\";"));
	ck_assert_str_eq("/c", conf->state_dir);
	ck_assert_int_eq(0, setenv("STATE_DIRECTORY", "", 1));
	ck_assert_int_eq(0, load(""));
	ck_assert_str_eq(CONFIG_STATE_DIR, conf->state_dir);
}
END_TEST


START_TEST(string_lists_are_brackets_parentheses_or_one_string)
{
	ck_assert_uint_eq(2, good("headers = [ \"A: 1\", \"B: 2\" ];")
			     ->headerc);
	ck_assert_uint_eq(2, good("headers = ( \"A: 1\", \"B: 2\" );")
			     ->headerc);
	ck_assert_uint_eq(1, good("headers = \"A: 1\";")->headerc);
	ck_assert_uint_eq(0, good("headers = [ ];")->headerc);
	ck_assert_uint_eq(0, good("headers = ( );")->headerc);
	ck_assert_uint_eq(0, good("headers = \"\";")->headerc);
}
END_TEST


START_TEST(a_password_file_is_one_line)
{
	put("pw", "se cret\n");
	ck_assert_str_eq("se cret", good("password_file = \"pw\";")
				    ->password);
	ck_assert_str_eq(path("pw"), only()->password_file);
	put("pw", "secret\r\n");
	ck_assert_str_eq("secret", good("password_file = \"pw\";")->password);
	put("pw", "secret");
	ck_assert_str_eq("secret", good("password_file = \"pw\";")->password);
	ck_assert_uint_eq(0, warnings);

	put("pw", "se\ncret\n");
	bad("password_file = \"pw\";", "password_file: ");
	has("pw has more than one line");
	has_not("cret\n\n");
	put("pw", "\n");
	bad("password_file = \"pw\";", "password_file: ");
	has("pw is empty");
	put_mode("pw", "a\0b", 3, 0600);
	bad("password_file = \"pw\";", "password_file: ");
	has("pw has a zero byte");
	bad("password_file = \"absent\";", "password_file: ");
	has("absent cannot be read: No such file or directory");
	bad("password_file = \"presets\";", "password_file: ");
	has("presets is not a file");
	bad("password_file = \"/dev/zero\";", "password_file: ");
}
END_TEST


START_TEST(a_credential_is_a_file_of_systemds_directory)
{
	bad("credential = \"trunk\";", "credential: \"trunk\" cannot be read: "
	    "$CREDENTIALS_DIRECTORY is not set");
	ck_assert_int_eq(0, setenv("CREDENTIALS_DIRECTORY", dir, 1));
	put("sipregd_trunk", "directory\n");
	ck_assert_str_eq("directory",
			 good("credential = \"trunk\";")->password);
	put("sipregd.trunk", "imported\n");
	ck_assert_str_eq("imported",
			 good("credential = \"trunk\";")->password);
	put("trunk", "secret\n");
	ck_assert_str_eq("secret", good("credential = \"trunk\";")->password);
	ck_assert_uint_eq(0, warnings);
}
END_TEST


START_TEST(who_only_checks_need_not_be_given_credentials)
{
	struct config *c;

	ck_assert_int_eq(0, unsetenv("CREDENTIALS_DIRECTORY"));
	bad("credential = \"not-there\";", "credential: \"not-there\" cannot");

	said[0] = '\0';
	errors = warnings = 0;
	ck_assert_int_eq(0, config_check(&c, path("t.conf"), message_handler,
					 NULL));
	ck_assert_uint_eq(0, errors);
	ck_assert_uint_eq(1, warnings);
	has("t.conf:3: credential: whether the service has \"not-there\"");
	mem_deref(c);
}
END_TEST


START_TEST(a_missing_credential_is_one_error_that_says_how)
{
	char text[512];

	ck_assert_int_eq(0, setenv("CREDENTIALS_DIRECTORY", dir, 1));
	(void)snprintf(text, sizeof(text), "credential: there is no \"trunc\" "
		       "in %s: put it into /etc/sipregd/credentials/trunc and "
		       "restart sipregd", dir);
	bad("credential = \"trunc\";", text);
	ck_assert_uint_eq(1, errors);

	/* the first that exists counts, even if nothing can be made of it */
	put("sipregd_empty", "secret\n");
	put("empty", "");
	bad("credential = \"empty\";", "credential: ");
	has("/empty is empty");
}
END_TEST


START_TEST(one_layer_has_one_password_and_the_upper_layer_wins)
{
	put("pw", "file\n");
	bad("password = \"x\"; password_file = \"pw\";",
	    "password_file: there is a password already, only one of");
	ck_assert_int_eq(0, load(
		"defaults = { password_file = \"pw\"; };\naccounts = ("
		"{ name = \"a\"; aor = \"sip:a@b\"; password = \"own\"; },"
		"{ name = \"b\"; aor = \"sip:a@b\"; },"
		"{ name = \"c\"; aor = \"sip:a@b\"; password = \"\"; } );"));
	ck_assert_str_eq("own", conf->accountv[0]->password);
	ck_assert_str_eq("", conf->accountv[0]->password_file);
	ck_assert_str_eq("file", conf->accountv[1]->password);
	ck_assert_str_eq("", conf->accountv[2]->password);
}
END_TEST


START_TEST(numbered_accounts_share_or_have_their_password_files)
{
	put("pw1", "one\n");
	put("pw2", "two\n");
	ck_assert_int_eq(0, load(
		"accounts = ( { name = \"a%d\"; aor = \"sip:a@b\"; count = 2;"
		"password_file = \"pw%d\"; }, { name = \"b%d\";"
		"aor = \"sip:a@b\"; count = 2; password_file = \"pw2\"; } );"));
	ck_assert_str_eq("one", conf->accountv[0]->password);
	ck_assert_str_eq("two", conf->accountv[1]->password);
	ck_assert_ptr_eq(conf->accountv[2]->password,
			 conf->accountv[3]->password);
}
END_TEST


START_TEST(a_disabled_account_need_not_have_its_secret_yet)
{
	(void)good("enabled = false; password_file = \"absent\";"
		   "tls = { ca_file = \"absent\"; };");
	ck_assert(!only()->enabled);
}
END_TEST


START_TEST(files_for_tls_are_parsed)
{
	static const char ca[] = "tls = { ca_file = \"ca.pem\"; };";
	static const char own[] = "tls = { ca_file = \"ca.pem\";"
		"certificate = \"cert.pem\"; key = \"key.pem\"; };";

	put_certificates();
	(void)good(ca);
	(void)good(own);

	ck_assert_int_eq(0, unlink(path("key.pem")));
	put("key.pem", "x");
	bad(own, "tls.certificate: ");
	has("key.pem: no private key that fits ");

	put("cert.pem", "x");
	bad(own, "tls.certificate: ");
	has("cert.pem: no certificate in it");

	put("ca.pem", "garbage\n");
	bad(ca, "tls.ca_file: ");
	has("ca.pem: no certificate in it");
	put("ca.pem", "");
	bad(ca, "tls.ca_file: ");

	(void)good("enabled = false; tls = { ca_file = \"ca.pem\"; };");
}
END_TEST


START_TEST(a_secret_that_others_can_read_is_a_warning)
{
	const char *text = "accounts = ( { name = \"a\"; aor = \"sip:a@b\";\n"
			   "password = \"geheim\"; } );";

	ck_assert_int_eq(0, chmod(dir, 0755));
	put_mode("t.conf", text, strlen(text), 0644);
	ck_assert_int_eq(0, load_file("t.conf"));
	has("t.conf:2: password: others can read this file and the secret in "
	    "it (mode 0644)");
	put_mode("t.conf", text, strlen(text), 0640);
	ck_assert_int_eq(0, load_file("t.conf"));
	ck_assert_uint_eq(0, warnings);

	put_mode("pw", "geheim\n", 7, 0604);
	(void)good("password_file = \"pw\";");
	has("t.conf:3: password_file: others can read ");
	has_not("geheim");
}
END_TEST


START_TEST(a_closed_directory_keeps_its_secrets)
{
	const char *text = "accounts = ( { name = \"a\"; aor = \"sip:a@b\";\n"
			   "password = \"geheim\"; },\n{ name = \"b\"; "
			   "aor = \"sip:b@b\"; password_file = \"pw\"; } );";

	put_mode("t.conf", text, strlen(text), 0644);
	put_mode("pw", "geheim\n", 7, 0644);
	ck_assert_int_eq(0, chmod(dir, 0750));
	ck_assert_int_eq(0, load_file("t.conf"));
	ck_assert_uint_eq(0, warnings);

	/* to list the names is not to read */
	ck_assert_int_eq(0, chmod(dir, 0754));
	ck_assert_int_eq(0, load_file("t.conf"));
	ck_assert_uint_eq(0, warnings);

	ck_assert_int_eq(0, chmod(dir, 0751));
	ck_assert_int_eq(0, load_file("t.conf"));
	ck_assert_uint_eq(2, warnings);

	/* the gate may be further up, and what counts is where a link goes */
	ck_assert_int_eq(0, mkdir(path("deep"), 0755));
	ck_assert_int_eq(0, rename(path("pw"), path("deep/pw")));
	ck_assert_int_eq(0, symlink("deep/pw", path("pw")));
	ck_assert_int_eq(0, chmod(dir, 0750));
	ck_assert_int_eq(0, load_file("t.conf"));
	ck_assert_uint_eq(0, warnings);

	ck_assert_int_eq(0, chmod(dir, 0755));
	ck_assert_int_eq(0, chmod(path("t.conf"), 0640));
	ck_assert_int_eq(0, load_file("t.conf"));
	ck_assert_uint_eq(1, warnings);
	ck_assert_int_eq(0, chmod(path("deep"), 0700));
	ck_assert_int_eq(0, load_file("t.conf"));
	ck_assert_uint_eq(0, warnings);
}
END_TEST


/* What libconfig makes of a string in any other place. */
START_TEST(a_password_is_read_as_all_strings_are)
{
	static const char *const literalv[] = {
		"\"plain\"", "\"a\\\"b\"", "\"a\\\\b\"", "\"a\\\\\"",
		"\"\\x41\\X7eB\"", "\"\\x4g\\xg\\x\"", "\"\\q\\a\\'\"",
		"\"one\" \"two\"", "\"a\" /* \"b\" */ \"c\" # \"d\"\n\"e\"",
		"\"a\"\n// \"\n \"=\" \"\" \"z\"", "\"\"", "\"****\"",
		"\"\xc3\xa9; } ) password = 'x'\"",
	};
	char text[512];

	for (size_t i = 0; i < sizeof(literalv) / sizeof(literalv[0]); i++) {
		const char *l = literalv[i];

		(void)snprintf(text, sizeof(text), "realm = %s;\npassword "
			       "/* \" */ : %s;\n", l, l);
		ck_assert_str_eq(good(text)->realm, only()->password);
	}

	bad("password = \"a\\nb\";",
	    "password: must not hold control characters");
	bad("password = \"a\\x00b\";",
	    "password: must not hold control characters");
	bad("password = \"a\nb\"; realm = 5;",
	    "password: must not hold control characters");
	has("t.conf:4: realm: ");
}
END_TEST


START_TEST(everybody_has_the_password_written_for_them)
{
	static const char top[] =
		"defaults = { password = \"of-all\"; };\n"
		"include_dir = \"more\";\n"
		"accounts = ( { name = \"a\"; aor = \"sip:a@b\"; }, "
		"{ name = \"b\"; password = \"of-b\"; aor = \"sip:b@b\"; }, "
		"{ aor = \"sip:c@b\"; password = \"\"; name = \"c\"; }, "
		"{ name = \"d%d\"; password = \"of-d%d\"; count = 2; "
		"aor = \"sip:d%d@b\"; } );\n";
	static const char *const wantv[] = {
		"of-all", "of-b", "", "of-d1", "of-d2", "of-e", "of-f",
	};

	ck_assert_int_eq(0, mkdir(path("more"), 0700));
	put("more/1.conf", "accounts = ( { name = \"e\"; "
	    "password = \"of-e\"; aor = \"sip:e@b\"; }, { name = \"f\"; "
	    "aor = \"sip:f@b\"; password = \"of-f\"; } );");
	put("t.conf", top);
	ck_assert_int_eq(0, load_file("t.conf"));
	ck_assert_uint_eq(7, conf->accountc);
	for (size_t i = 0; i < conf->accountc; i++)
		ck_assert_str_eq(wantv[i], conf->accountv[i]->password);
}
END_TEST


START_TEST(secrets_are_in_no_message)
{
	(void)load_keys("password = \"geheim\\n\";");
	has("t.conf:3: password: must not hold control characters");
	has_not("geheim");
	(void)load_keys("password = [ \"geheim\" ]; passwort = \"geheim\";");
	has("unknown key \"passwort\", did you mean \"password\"?");
	has_not("geheim");
	(void)load("accounts = ( { name = \"a\"; aor = "
		   "\"sip:a:geheim@b\"; } );");
	has("t.conf:1: aor: must not hold a password");
	has_not("geheim");
	(void)load_keys("password \"geheim\";");
	has("t.conf:3: syntax error");
	has_not("geheim");
	(void)load("accounts = ( { password = \"geheim\" \"x\" ! } );");
	has("t.conf:1: syntax error");
	has_not("geheim");
}
END_TEST


START_TEST(verify_none_is_warned_about_loudly)
{
	(void)good("tls = { verify = \"none\"; };");
	has("t.conf:3: tls.verify: \"none\" lets ANYONE on the way");
	ck_assert_uint_eq(1, warnings);
}
END_TEST


START_TEST(keys_of_later_steps_are_parsed_with_one_warning)
{
	put("pw", "x\n");
	later("connection = \"shared\";", "connection = \"shared\"");
	later("shared_connections = 4;", "shared_connections");
	later("turn = { server = \"t\"; };", "turn.server");
	later("turn = { password_file = \"pw\"; };", "turn.password_file");
	later("inbound = { target = \"sip:x\"; };", "inbound.target");

	ck_assert_int_eq(0, load(
		"accounts = ("
		"{ name = \"a\"; aor = \"sip:a@b\"; "
		"shared_connections = 2; },"
		"{ name = \"b\"; aor = \"sip:a@b\"; "
		"shared_connections = 3; } );"));
	ck_assert_uint_eq(1, warnings);
}
END_TEST


START_TEST(metrics_for_everybody_are_a_warning)
{
	static const char *const goodv[] = {
		"127.0.0.1:9474", "127.3.2.1", "[::1]:9474", "::1",
	};

	for (size_t i = 0; i < ARRAY_SIZE(goodv); i++) {
		char text[128];

		(void)snprintf(text, sizeof(text),
			       "metrics = { listen = \"%s\"; };", goodv[i]);
		ck_assert_int_eq(0, load(text));
		ck_assert_uint_eq(0, warnings);
		ck_assert_uint_eq(9474, sa_port(&conf->metrics_addr));
	}

	ck_assert_int_eq(0, load("metrics = { listen = \"0.0.0.0:80\"; };"));
	ck_assert_uint_eq(1, warnings);
	has("metrics.listen: 0.0.0.0:80 is not a loopback address");
	ck_assert_uint_eq(80, sa_port(&conf->metrics_addr));
	bad_global("metrics = { textfile = \"x.prom\"; };",
		   "metrics.textfile: ");
}
END_TEST


START_TEST(several_flows_need_a_contact_that_follows_them)
{
	ck_assert_uint_eq(1, good("")->policy.flows);
	ck_assert_uint_eq(3, good("flows = 3; outbound_proxy = "
				  "[ \"sip:p\", \"sip:q\" ];")->policy.flows);
	ck_assert_uint_eq(0, warnings);

	ck_assert_uint_eq(1, good("flows = 2; contact = { policy = "
				  "\"static\"; address = \"192.0.2.1\"; };")
			  ->policy.flows);
	has("t.conf:3: flows: more than one has no effect with "
	    "contact.policy = \"static\"");
	ck_assert_uint_eq(1, warnings);
	bad("flows = 5;", "flows: 5 is out of range (allowed: 1 to 4)");
}
END_TEST


static const struct account_conf *named(const char *name)
{
	for (size_t i = 0; i < conf->accountc; i++)
		if (!strcmp(conf->accountv[i]->name, name))
			return conf->accountv[i];

	ck_abort_msg("no account %s", name);
}


/* Which registrar and proxy they go to does not count, nor how it is written:
 * it may be the same one. */
START_TEST(reg_ids_of_one_aor_are_distinct)
{
	static const char text[] = "accounts = ("
		"{ name = \"b\"; aor = \"sip:al%69ce@Example.com\"; "
		"registrar = \"sip:r1\"; flows = 4; },"
		"{ name = \"a\"; aor = \"sip:alice@example.com:5060\"; "
		"registrar = \"sip:r2\"; },"
		"{ name = \"c\"; aor = \"sip:Alice@example.com\"; },"
		"{ name = \"d\"; aor = \"sips:alice@example.com\"; "
		"outbound_proxy = \"sips:p\"; } );";
	unsigned a, d;

	ck_assert_int_eq(0, load(text));
	a = named("a")->reg_ids;
	d = named("d")->reg_ids;
	ck_assert_uint_eq(0, named("b")->reg_ids);
	ck_assert_uint_eq(0, named("c")->reg_ids);
	ck_assert(a && d && a != d);
	ck_assert_uint_eq(0, a % ACCOUNT_FLOWS_MAX + d % ACCOUNT_FLOWS_MAX);

	/* and the same again */
	ck_assert_int_eq(0, load(text));
	ck_assert_uint_eq(a, named("a")->reg_ids);
	ck_assert_uint_eq(d, named("d")->reg_ids);
}
END_TEST


static int compare_numbers(const void *a, const void *b)
{
	const unsigned *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}


/* With 3000 names of a million numbers some are hit twice. */
START_TEST(reg_ids_of_many_accounts_are_distinct)
{
	static unsigned idv[3000];

	ck_assert_int_eq(0, load(
		"accounts = ( { name = \"%d\"; aor = \"sip:a@b\"; "
		"count = 3000; } );"));
	ck_assert_uint_eq(3000, conf->accountc);
	for (size_t i = 0; i < 3000; i++)
		idv[i] = conf->accountv[i]->reg_ids;

	qsort(idv, 3000, sizeof(*idv), compare_numbers);
	ck_assert_uint_eq(0, idv[0]);
	for (size_t i = 1; i < 3000; i++)
		ck_assert_uint_ge(idv[i], idv[i - 1] + ACCOUNT_FLOWS_MAX);
}
END_TEST


START_TEST(stun_servers_are_hosts_with_or_without_a_port)
{
	ck_assert_int_eq(0, load("stun = { server = \"stun.test:3479\";"
				 "server2 = \"[2001:db8::1]\";"
				 "interval = 5; };"));
	ck_assert_str_eq("stun.test:3479", conf->stun_server);
	ck_assert_str_eq("[2001:db8::1]", conf->stun_server2);
	ck_assert_uint_eq(5, conf->stun_interval);
	ck_assert_uint_eq(0, warnings);

	bad_global("stun = { server = \"stun:stun.test\"; };",
		   "stun.server: must be \"host\" or \"host:port\"");
	bad_global("stun = { server2 = \"stun.test:0\"; };",
		   "stun.server2: must be \"host\" or \"host:port\"");
	bad_global("stun = { interval = 4; };", "stun.interval: 4 is out of "
		   "range (allowed: 5 to 3600)");
}
END_TEST


START_TEST(what_happens_anyway_is_not_warned_about)
{
	quiet("flows = 1; connection = \"dedicated\";"
	      "probe = { mode = \"auto\"; interval = 60; };"
	      "turn = { server = \"\"; };"
	      "keepalive = { method = \"stun\"; };"
	      "contact = { policy = \"mapped\"; }; tls = { pins = [ ]; };"
	      "inbound = { policy = \"reject\"; target = \"\"; };");
	ck_assert_int_eq(0, load("metrics = { listen = \"\"; };"
				 "stun = { server2 = \"\"; };"));
	ck_assert_uint_eq(0, warnings);
}
END_TEST


START_TEST(a_key_without_effect_is_a_warning)
{
	(void)good("first = 5;");
	has("t.conf:3: first: has no effect without count");
	(void)good("contact = { address = \"h\"; };");
	has("t.conf:3: contact.address: has no effect without");
}
END_TEST


static char *print(void)
{
	char *s = NULL;

	ck_assert_ptr_nonnull(conf);
	ck_assert_int_eq(0, re_sdprintf(&s, "%H", config_print, conf));

	return s;
}


START_TEST(what_is_printed_loads_again_and_prints_the_same)
{
	char *first, *second;

	put("pw", "geheim2\n");
	ck_assert_int_eq(0, load(
		"log_level = \"debug\"; user_agent = \"a\\\"b\\\\c\";"
		"dns = { servers = \"::1\"; };"
		"defaults = { transport = \"tls\"; };"
		"accounts = ( { name = \"a%d\"; aor = \"sip:%d@b\"; count = 3;"
		"  password = \"geheim\"; headers = [ \"X: \\\"%d\\\"\","
		"    \"X-Api-Key: geheim3\" ];"
		"  keepalive = { interval = 7; }; },"
		"{ name = \"f\"; aor = \"sips:a@b\"; realm = \"\xc3\xa4\";"
		"  password_file = \"pw\"; flows = 4; } );"));
	first = print();
	ck_assert_ptr_null(strstr(first, "geheim"));
	ck_assert_ptr_nonnull(strstr(first, "password = \"****\";"));
	ck_assert_ptr_nonnull(strstr(first, "\"X-Api-Key: *******\""));
	ck_assert_ptr_nonnull(strstr(first, "user_agent = \"a\\\"b\\\\c\";"));
	ck_assert_ptr_nonnull(strstr(first, "method = \"auto\"; interval = "
				     "7; pong_timeout = 10; };"));

	ck_assert_msg(load(first) == 0, "%s\n%s", said, first);
	has("is the mask that sipregd -n prints");
	ck_assert_uint_eq(4, conf->accountc);
	ck_assert_str_eq("geheim2", conf->accountv[3]->password);
	second = print();
	ck_assert_str_eq(first, second);
	mem_deref(first);
	mem_deref(second);
}
END_TEST


START_TEST(the_shipped_configuration_is_accepted)
{
	const char *file = "etc/sipregd.conf";

	if (access(file, R_OK))
		return;          /* not run from the top of the tree */

	ck_assert_msg(config_load(&conf, file, message_handler, NULL) == 0,
		      "%s", said);
	ck_assert_str_eq("", said);
}
END_TEST


/* The words of the configuration are those of the rest of the program. */
START_TEST(words_are_the_same_everywhere)
{
	static const char *const methodv[] = {
		"auto", "crlf", "options", "stun", "register",
	};
	static const char *const levelv[] = {
		"error", "warning", "notice", "info", "debug",
	};
	char text[128];

	for (enum transport t = TRANSPORT_AUTO; t <= TRANSPORT_TLS; t++) {
		(void)snprintf(text, sizeof(text), "transport = \"%s\";",
			       transport_name(t));
		ck_assert_int_eq(t, good(text)->transport);
	}

	for (size_t i = 0; i < ARRAY_SIZE(methodv); i++) {
		(void)snprintf(text, sizeof(text), "keepalive = { method = "
			       "\"%s\"; };", methodv[i]);
		ck_assert_str_eq(methodv[i], keepalive_method_name(
			good(text)->policy.flow.method));
	}

	for (size_t i = 0; i < ARRAY_SIZE(levelv); i++) {
		(void)snprintf(text, sizeof(text), "log_level = \"%s\";",
			       levelv[i]);
		ck_assert_int_eq(0, load(text));
		ck_assert_str_eq(levelv[i], log_level_name(conf->log_level));
	}
}
END_TEST


/* Every beginning of a good file, and every file with one byte changed. */
START_TEST(arbitrary_bytes_are_survived)
{
	static const char text[] =
		"pace={registers=99999999999;};\n"
		"defaults={tls={verify=\"none\";};}; # c\n"
		"accounts=({name=\"a%d\";aor=\"sip:a@b\";count=2;\n"
		"headers=[\"A: %d\"]; expires=0x40L; /* x */ });\n";
	static const char bytev[] = "\0\"\\{}()[]=;,#/*@-+.9xLe% \n\xff";
	char copy[sizeof(text)];

	for (size_t i = 0; i < sizeof(text); i++) {
		put_mode("t.conf", text, i, 0600);
		(void)load_file("t.conf");

		memcpy(copy, text, sizeof(text));
		for (size_t j = 0; j < sizeof(bytev) - 1; j++) {
			copy[i] = bytev[j];
			put_mode("t.conf", copy, sizeof(copy) - 1, 0600);
			(void)load_file("t.conf");
		}
	}
}
END_TEST


Suite *suite_config(void);
Suite *suite_config(void)
{
	Suite *s = suite_create("config");
	TCase *tc = tcase_create("config");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);

	tcase_add_test(tc, an_empty_file_is_all_defaults);
	tcase_add_test(tc, an_account_needs_a_name_and_an_aor_only);
	tcase_add_test(tc, the_policy_for_the_core_has_its_defaults);
	tcase_add_test(tc, every_acting_key_is_read);
	tcase_add_test(tc, defaults_preset_and_account_merge_key_by_key);
	tcase_add_test(tc, a_preset_can_come_from_defaults);
	tcase_add_test(tc, presets_are_checked_like_everything);
	tcase_add_test(tc, a_wrong_preset_is_told_those_that_there_are);
	tcase_add_test(tc, more_presets_than_a_message_holds_are_cut);
	tcase_add_test(tc, own_presets_come_before_the_installed_ones);
	tcase_add_test(tc, an_own_preset_that_cannot_be_read_hides_no_other);
	tcase_add_test(tc, count_makes_numbered_accounts);
	tcase_add_test(tc,
		a_count_of_one_replaces_too_and_without_count_nothing_does);
	tcase_add_test(tc, count_and_its_names_are_bounded);
	tcase_add_test(tc, included_files_follow_in_order_of_name);
	tcase_add_test(tc, an_include_dir_may_be_absent_or_none);
	tcase_add_test(tc,
		included_files_hold_accounts_only_and_each_tells_its_errors);
	tcase_add_test(tc, a_fifo_is_no_configuration);
	tcase_add_test(tc, files_that_cannot_be_read_are_errors);
	tcase_add_test(tc, a_failed_load_leaves_the_old_configuration);
	tcase_add_test(tc, unknown_keys_are_named_with_the_nearest_known_one);
	tcase_add_test(tc, wrong_types_are_named);
	tcase_add_test(tc, wrong_words_are_named_with_the_right_ones);
	tcase_add_test(tc, numbers_that_do_not_fit_are_errors_and_never_wrap);
	tcase_add_test(tc, numbers_out_of_range_are_told_the_range);
	tcase_add_test(tc, every_error_of_a_file_is_told_in_one_run);
	tcase_add_test(tc, bad_uris_are_errors);
	tcase_add_test(tc, good_uris_are_taken_apart);
	tcase_add_test(tc, the_edge_is_the_proxy_else_the_registrar);
	tcase_add_test(tc,
		each_flow_prefers_its_own_proxy_and_has_the_others_behind_it);
	tcase_add_test(tc, a_transport_that_contradicts_is_an_error);
	tcase_add_test(tc, strings_are_checked_by_what_they_are);
	tcase_add_test(tc, an_account_name_is_64_characters_of_a_few);
	tcase_add_test(tc, global_keys_are_read);
	tcase_add_test(tc,
		state_dir_comes_from_the_file_then_systemd_then_the_default);
	tcase_add_test(tc, string_lists_are_brackets_parentheses_or_one_string);
	tcase_add_test(tc, a_password_file_is_one_line);
	tcase_add_test(tc, a_credential_is_a_file_of_systemds_directory);
	tcase_add_test(tc, one_layer_has_one_password_and_the_upper_layer_wins);
	tcase_add_test(tc,
		       numbered_accounts_share_or_have_their_password_files);
	tcase_add_test(tc, a_disabled_account_need_not_have_its_secret_yet);
	tcase_add_test(tc, files_for_tls_are_parsed);
	tcase_add_test(tc, who_only_checks_need_not_be_given_credentials);
	tcase_add_test(tc, a_missing_credential_is_one_error_that_says_how);
	tcase_add_test(tc, a_secret_that_others_can_read_is_a_warning);
	tcase_add_test(tc, a_closed_directory_keeps_its_secrets);
	tcase_add_test(tc, a_password_is_read_as_all_strings_are);
	tcase_add_test(tc, everybody_has_the_password_written_for_them);
	tcase_add_test(tc, secrets_are_in_no_message);
	tcase_add_test(tc, verify_none_is_warned_about_loudly);
	tcase_add_test(tc, keys_of_later_steps_are_parsed_with_one_warning);
	tcase_add_test(tc, metrics_for_everybody_are_a_warning);
	tcase_add_test(tc, several_flows_need_a_contact_that_follows_them);
	tcase_add_test(tc, reg_ids_of_one_aor_are_distinct);
	tcase_add_test(tc, reg_ids_of_many_accounts_are_distinct);
	tcase_add_test(tc, stun_servers_are_hosts_with_or_without_a_port);
	tcase_add_test(tc, what_happens_anyway_is_not_warned_about);
	tcase_add_test(tc, a_key_without_effect_is_a_warning);
	tcase_add_test(tc, what_is_printed_loads_again_and_prints_the_same);
	tcase_add_test(tc, the_shipped_configuration_is_accepted);
	tcase_add_test(tc, words_are_the_same_everywhere);
	tcase_add_test(tc, arbitrary_bytes_are_survived);
	suite_add_tcase(s, tc);

	return s;
}
