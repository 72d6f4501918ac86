/* methods.c and its parts: what a client of the control socket is told about
 * real accounts, and what it makes them do. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include "client.h"
#include "control.h"
#include "methods.h"
#include "rig.h"
#include "stun_server.h"
#include "value.h"
#include "wire.h"

#define WAIT   8000              /* [ms] REG_LEAVE_MAX and some */
#define QUIET  50                /* [ms] in which what must not come does not */
#define NOBODY 65534             /* a uid and a gid without rights */

/* One that asks, a request after the other. */
struct asker {
	int fd;
	char text[65536];        /* the last answer, without its end mark */
	size_t len;
	bool closed;
};

static struct control *control;


/* --- the other end --- */

static void open_asker(struct asker *a)
{
	memset(a, 0, sizeof(*a));
	a->fd = client_connect(rig_path("control"));
	ck_assert_int_eq(0, fcntl(a->fd, F_SETFL, O_NONBLOCK));
}


static void send_request(int fd, const char *method, const char *parameters)
{
	char text[1024];
	const int len = snprintf(text, sizeof(text), "{\"method\":\"%s%s\","
				 "\"parameters\":%s}\n",
				 strchr(method, '.') ? "" : "io.sipregd.",
				 method, parameters);

	ck_assert_int_eq(len, send(fd, text, (size_t)len, MSG_NOSIGNAL));
}


static bool has_answer(void *arg)
{
	struct asker *a = arg;
	ssize_t n;

	do {
		n = recv(a->fd, a->text + a->len,
			 sizeof(a->text) - 1 - a->len, 0);
		if (n > 0)
			a->len += (size_t)n;
	} while (n > 0);

	a->closed = !n || errno != EAGAIN;

	return a->closed || memchr(a->text, '\n', a->len);
}


static const char *answer(struct asker *a)
{
	char *end;

	ck_assert(harness_wait(has_answer, a, WAIT));
	a->text[a->len] = '\0';
	end = strchr(a->text, '\n');
	ck_assert_ptr_nonnull(end);
	ck_assert_ptr_eq(end, a->text + a->len - 1);
	*end = '\0';
	a->len = 0;

	return a->text;
}


/* What a client is told that asks this and nothing else; valid until the next
 * one. */
static const char *call(const char *method, const char *parameters)
{
	static struct asker a;

	open_asker(&a);
	send_request(a.fd, method, parameters);
	(void)answer(&a);
	ck_assert_int_eq(0, close(a.fd));

	return a.text;
}


static const char *call_for(const char *method, const char *name)
{
	char parameters[128];

	(void)snprintf(parameters, sizeof(parameters), "{\"name\":\"%s\"}",
		       name);

	return call(method, parameters);
}


/* --- fixture --- */

static void teardown(void)
{
	control = mem_deref(control);
	rig_teardown();
}


static void serve(void)
{
	ck_assert_int_eq(0, control_alloc(&control, rig_path("control"),
					  methods, rig.daemon));
}


/* One account, registered over TCP. */
static void one(const char *keys)
{
	rig_one("alice", TRANSPORT_TCP, keys);
	serve();
}


static void write_accounts(const char *accounts)
{
	FILE *f = fopen(rig_path("sipregd.conf"), "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_gt(fprintf(f, "state_dir = \"%s\";\n"
				 "control_socket = \"%s\";\n"
				 "accounts = (\n%s);\n", rig.dir,
				 rig_path("control"), accounts), 0);
	ck_assert_int_eq(0, fclose(f));
}


/* The answer to a Reload whose errors the log need not repeat. */
static const char *reload(void)
{
	const int saved = dup(STDERR_FILENO);
	const int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	const char *text;

	ck_assert_int_ge(dup2(null, STDERR_FILENO), 0);
	text = call("Reload", "{}");
	ck_assert_int_ge(dup2(saved, STDERR_FILENO), 0);
	(void)close(null);
	(void)close(saved);

	return text;
}


/* --- introspection --- */

START_TEST(varlink_is_told_who_we_are)
{
	one("");
	ck_assert_str_eq("{\"parameters\":{"
			 "\"vendor\":\"The sipregd authors\","
			 "\"product\":\"sipregd\",\"version\":\"" VERSION "\","
			 "\"url\":\"\",\"interfaces\":"
			 "[\"org.varlink.service\",\"io.sipregd\"]}}",
			 call("org.varlink.service.GetInfo", "{}"));
}
END_TEST


START_TEST(an_unknown_interface_is_named)
{
	one("");
	ck_assert_str_eq("{\"error\":\"org.varlink.service.InterfaceNotFound\""
			 ",\"parameters\":{\"interface\":\"io.sipreg\"}}",
			 call("org.varlink.service.GetInterfaceDescription",
			      "{\"interface\":\"io.sipreg\"}"));
	ck_assert_str_eq("{\"error\":\"org.varlink.service.InvalidParameter\","
			 "\"parameters\":{\"parameter\":\"interface\"}}",
			 call("org.varlink.service.GetInterfaceDescription",
			      "{\"interface\":7}"));
	ck_assert_str_eq("{\"error\":\"org.varlink.service.MethodNotFound\","
			 "\"parameters\":{\"method\":"
			 "\"org.varlink.service.GetInf\"}}",
			 call("org.varlink.service.GetInf", "{}"));
}
END_TEST


static struct odict *description(const char *interface)
{
	const char *text;
	char par[64];
	struct odict *o = NULL;

	(void)snprintf(par, sizeof(par), "{\"interface\":\"%s\"}", interface);
	text = call("org.varlink.service.GetInterfaceDescription", par);
	ck_assert_int_eq(0, wire_decode(&o, text, strlen(text), 4));

	return o;
}


static const char *description_text(const struct odict *o)
{
	const struct odict *par = value_object(o, "parameters");
	const char *text;

	ck_assert_ptr_nonnull(par);
	text = odict_string(par, "description");
	ck_assert_ptr_nonnull(text);

	return text;
}


static unsigned count_of(const char *text, const char *part)
{
	unsigned n = 0;

	for (; (text = strstr(text, part)); text++)
		++n;

	return n;
}


/* Each method of the table once, and none besides. */
START_TEST(every_method_is_described)
{
	struct odict *own, *service;
	const struct control_method *m;
	char line[64];
	unsigned n = 0;

	one("");
	own = description(CONTROL_INTERFACE);
	service = description("org.varlink.service");

	for (m = methods; m->name; m++, n++) {

		const char *dot = strrchr(m->name, '.');

		(void)snprintf(line, sizeof(line), "\nmethod %s(",
			       dot ? dot + 1 : m->name);
		ck_assert_msg(1 == count_of(description_text(dot ? service
								 : own),
					    line), "%s", m->name);
	}

	ck_assert_uint_eq(n, count_of(description_text(own), "\nmethod ") +
			  count_of(description_text(service), "\nmethod "));
	ck_assert_uint_eq(1, count_of(description_text(own),
				      "\ninterface io.sipregd\n"));
	mem_deref(own);
	mem_deref(service);
}
END_TEST


/* --- the NAT --- */

START_TEST(without_a_stun_server_nat_tells_what_registrars_see)
{
	const char *text;

	one("");
	text = call("Nat", "{}");
	ck_assert_ptr_nonnull(strstr(text, "{\"learned\":true,\"site\":null,"
				     "\"server\":null,"));
	ck_assert_ptr_nonnull(strstr(text, "\"by\":\"witnesses\""));
	ck_assert_ptr_nonnull(strstr(text, "\"mapping\":\"none\""));
	ck_assert_ptr_nonnull(strstr(text, "\"seen\":[{\"transport\":\"tcp\","
				     "\"addr\":\"127.0.0.1\",\"flows\":1,"
				     "\"ports_kept\":1}],"));
	ck_assert_ptr_nonnull(strstr(text, "{\"name\":\"no-server\","));
}
END_TEST


static void write_stun(const struct stun_server *s)
{
	FILE *f;

	write_accounts("");
	f = fopen(rig_path("sipregd.conf"), "a");
	ck_assert_ptr_nonnull(f);
	if (s)
		ck_assert_int_gt(fprintf(f, "stun = { server = \"127.0.0.3:%u"
					 "\"; };\n", sa_port(&s->addr)), 0);
	ck_assert_int_eq(0, fclose(f));
}


START_TEST(nat_is_measured_for_all_who_ask_and_one_may_go)
{
	static struct asker a, b, c;
	struct stun_server server;

	one("");
	ck_assert_int_eq(0, stun_server_start(&server, "127.0.0.3", 0));
	write_stun(&server);
	(void)reload();

	open_asker(&a);
	open_asker(&b);
	open_asker(&c);
	send_request(a.fd, "Nat", "{}");
	send_request(b.fd, "Nat", "{}");
	send_request(c.fd, "Nat", "{}");
	harness_run(1);
	ck_assert_int_eq(0, close(b.fd));
	ck_assert_ptr_nonnull(strstr(answer(&a), "\"by\":\"one-server\""));
	ck_assert_ptr_nonnull(strstr(answer(&c), "\"by\":\"one-server\""));

	/* and what was just measured is told at once */
	ck_assert_ptr_nonnull(strstr(call("Nat", "{}"), "\"age\":0"));
	ck_assert_int_eq(0, close(a.fd));
	ck_assert_int_eq(0, close(c.fd));
	stun_server_stop(&server);
}
END_TEST


START_TEST(who_waits_is_told_when_a_reload_takes_the_server_away)
{
	static struct asker a;
	struct stun_server server;

	one("");
	ck_assert_int_eq(0, stun_server_start(&server, "127.0.0.3", 0));
	server.fault = STUN_FAULT_SILENT;
	write_stun(&server);
	(void)reload();

	open_asker(&a);
	send_request(a.fd, "Nat", "{}");
	harness_run(20);
	write_stun(NULL);
	(void)reload();
	ck_assert_ptr_nonnull(strstr(answer(&a), "\"no-server\""));
	ck_assert_int_eq(0, close(a.fd));
	stun_server_stop(&server);
}
END_TEST


/* --- who may do what --- */

/* As nobody, in a process of its own: 0 if refused for want of permission. */
static pid_t stranger(const char *method)
{
	char text[4096] = "";
	const pid_t pid = fork();
	int fd;

	if (pid)
		return pid;

	client_become(NOBODY, NOBODY, NOBODY);
	fd = client_connect(rig_path("control"));
	send_request(fd, method, "{\"name\":\"alice\","
		     "\"interface\":\"io.sipregd\"}");
	if (recv(fd, text, sizeof(text) - 1, 0) <= 0)
		_exit(3);

	_exit(strstr(text, "\"io.sipregd.PermissionDenied\"") ? 0 : 1);
}


static bool is_refused(const char *method)
{
	const int code = client_outcome(stranger(method), WAIT);

	ck_assert_int_le(code, 1);

	return code == 0;
}


START_TEST(strangers_may_read_and_change_nothing)
{
	static const char *const readv[] = {
		"List", "Status", "History", "Monitor", "Nat",
		"Trace", "Metrics", "Ping",
		"org.varlink.service.GetInfo",
		"org.varlink.service.GetInterfaceDescription",
	};
	const struct control_method *m;
	size_t i, reads = 0;

	one("");
	ck_assert_int_eq(0, chmod(rig.dir, 0755));
	ck_assert_int_eq(0, chmod(rig_path("control"), 0666));

	for (m = methods; m->name; m++) {

		for (i = 0; i < ARRAY_SIZE(readv); i++)
			if (!strcmp(m->name, readv[i]))
				break;

		reads += i < ARRAY_SIZE(readv);
		ck_assert_msg(is_refused(m->name) == (i == ARRAY_SIZE(readv)),
			      "%s", m->name);
	}

	ck_assert_uint_eq(ARRAY_SIZE(readv), reads);
	ck_assert(rig_state("alice")->verdict.registered);
	ck_assert_uint_eq(2, rig_registers("alice"));
}
END_TEST


START_TEST(every_change_is_logged_with_uid_and_pid)
{
	static const char *const changev[] = {
		"Register alice", "Pause alice", "Resume alice",
		"Bindings alice", "PurgeGhosts alice", "Probe alice",
		"Reconnect alice", "Diagnose alice", "Reload",
	};
	const int saved = dup(STDERR_FILENO);
	char seen[16384] = "", line[128], method[16];
	int fds[2];
	size_t i;

	one("");
	ck_assert_int_eq(0, pipe2(fds, O_NONBLOCK));
	ck_assert_int_ge(dup2(fds[1], STDERR_FILENO), 0);
	log_set_level(LOG_LEVEL_NOTICE);
	for (i = 0; i < ARRAY_SIZE(changev); i++) {
		ck_assert_int_eq(1, sscanf(changev[i], "%15s", method));
		(void)call_for(method, "alice");
	}
	(void)call("Ping", "{}");
	ck_assert_int_ge(dup2(saved, STDERR_FILENO), 0);

	ck_assert_int_gt(read(fds[0], seen, sizeof(seen) - 1), 0);
	for (i = 0; i < ARRAY_SIZE(changev); i++) {
		(void)snprintf(line, sizeof(line), "control: %s%s by uid %u "
			       "pid %d\n", changev[i],
			       strchr(changev[i], ' ') ? "" : " alice",
			       (unsigned)getuid(), (int)getpid());
		rig_has(seen, line);
	}
	rig_has_not(seen, "Ping");

	(void)close(saved);
	(void)close(fds[0]);
	(void)close(fds[1]);
}
END_TEST


/* --- accounts --- */

START_TEST(an_account_that_is_not_there_is_named)
{
	static const char *const methodv[] = {
		"Status", "History", "Register", "Reconnect", "Pause",
		"Resume", "Bindings", "PurgeGhosts", "Probe", "Diagnose",
	};

	one("");
	for (size_t i = 0; i < ARRAY_SIZE(methodv); i++) {
		ck_assert_str_eq("{\"error\":\"io.sipregd.NoSuchAccount\","
				 "\"parameters\":{\"name\":\"bob\"}}",
				 call_for(methodv[i], "bob"));
		ck_assert_str_eq("{\"error\":\"org.varlink.service."
				 "InvalidParameter\",\"parameters\":"
				 "{\"parameter\":\"name\"}}",
				 call(methodv[i], "{}"));
	}
}
END_TEST


#define REGISTERED "{\"parameters\":{\"name\":\"alice\",\"ok\":true,"         \
	"\"registered\":true,\"code\":200,\"reason\":\"ok\",\"ended\":null,"  \
	"\"text\":\"\"}}"
#define PAUSED "{\"parameters\":{\"name\":\"alice\",\"ok\":true,"              \
	"\"registered\":false,\"left_behind\":false,\"text\":\"\"}}"
#define ERROR(name) "{\"error\":\"io.sipregd." name "\",\"parameters\":"       \
	"{\"name\":\"alice\"}}"


START_TEST(register_sends_over_the_same_flow)
{
	one("");
	ck_assert_str_eq(REGISTERED, call_for("Register", "alice"));
	ck_assert_uint_eq(1, registrar_accepted(rig.reg, TRANSPORT_TCP));
	ck_assert_uint_ge(rig_registers("alice"), 3);
}
END_TEST


START_TEST(reconnect_sends_over_a_new_one)
{
	one("");
	ck_assert_str_eq(REGISTERED, call_for("Reconnect", "alice"));
	ck_assert_uint_eq(2, registrar_accepted(rig.reg, TRANSPORT_TCP));
	ck_assert_uint_eq(1, registrar_connections(rig.reg, TRANSPORT_TCP));
	ck_assert_uint_eq(1, registrar_bindings(rig.reg, "alice"));
	ck_assert_uint_eq(1, registrar_call_ids(rig.reg, "alice"));
}
END_TEST


START_TEST(pause_un_registers_and_resume_registers)
{
	unsigned sent;

	one("");
	ck_assert_str_eq(PAUSED, call_for("Pause", "alice"));
	ck_assert_uint_eq(0, registrar_bindings(rig.reg, "alice"));
	rig_expect_reason("alice", REASON_PAUSED);
	rig_has(call_for("Status", "alice"), "\"paused\":true");

	/* it is, so that is done; and nothing else wakes it */
	sent = rig_registers("alice");
	ck_assert_str_eq(PAUSED, call_for("Pause", "alice"));
	ck_assert_str_eq(ERROR("NotRunning"), call_for("Register", "alice"));
	ck_assert_str_eq(ERROR("NotRunning"), call_for("Reconnect", "alice"));
	ck_assert_str_eq(ERROR("NotRunning"), call_for("Bindings", "alice"));
	ck_assert_str_eq(ERROR("NotRunning"), call_for("Probe", "alice"));
	harness_run(QUIET);
	ck_assert_uint_eq(sent, rig_registers("alice"));

	ck_assert_str_eq(REGISTERED, call_for("Resume", "alice"));
	ck_assert_uint_eq(1, registrar_bindings(rig.reg, "alice"));
	ck_assert_uint_eq(1, registrar_call_ids(rig.reg, "alice"));
	rig_has(call_for("Status", "alice"), "\"paused\":false");
	ck_assert_str_eq(ERROR("NotPaused"), call_for("Resume", "alice"));
}
END_TEST


START_TEST(pause_says_when_the_binding_could_not_be_removed)
{
	const struct registrar_rule silence = {.kind = RULE_DROP};

	one("");
	rig_rule(&silence);
	ck_assert_str_eq("{\"parameters\":{\"name\":\"alice\",\"ok\":false,"
			 "\"registered\":false,\"left_behind\":true,"
			 "\"text\":\"The binding could not be removed: it may "
			 "stay until its lease ends.\"}}",
			 call_for("Pause", "alice"));
	ck_assert_uint_eq(1, registrar_bindings(rig.reg, "alice"));
}
END_TEST


START_TEST(pause_leaves_the_binding_where_that_is_configured)
{
	const char *text;

	one("unregister_on_stop = false;");
	text = call_for("Pause", "alice");
	rig_has(text, "\"ok\":true");
	rig_has(text, "\"left_behind\":true,\"text\":\"The binding was left "
		"in place, as configured.\"");
	ck_assert_uint_eq(1, registrar_bindings(rig.reg, "alice"));
}
END_TEST


START_TEST(a_disabled_account_cannot_be_made_to_run)
{
	one("enabled = true; }, { name = \"off\"; enabled = false; "
	    "aor = \"sip:off@example.org\"; password = \"x\";");
	for (const char *const *m = (const char *const []){
		     "Register", "Reconnect", "Pause", "Resume", "Bindings",
		     "PurgeGhosts", "Probe", NULL};
	     *m; m++) {
		ck_assert_str_eq("{\"error\":\"io.sipregd.NotRunning\","
				 "\"parameters\":{\"name\":\"off\"}}",
				 call_for(*m, "off"));
	}
	rig_has(call_for("Status", "off"), "\"enabled\":false");
}
END_TEST


START_TEST(who_waits_for_an_account_that_ends_is_told)
{
	const struct registrar_rule silence = {.kind = RULE_DROP};
	static struct asker a;

	one("");
	rig_rule(&silence);
	open_asker(&a);
	send_request(a.fd, "Register", "{\"name\":\"alice\"}");
	harness_run(QUIET);
	ck_assert(!has_answer(&a));

	rig.daemon = mem_deref(rig.daemon);
	ck_assert_str_eq("{\"error\":\"io.sipregd.Aborted\","
			 "\"parameters\":{}}", answer(&a));
	(void)close(a.fd);
}
END_TEST


/* --- what the registrar holds, and whether calls arrive --- */

START_TEST(history_tells_every_event_and_the_newest_last)
{
	const char *text, *third;

	one("");
	rig_has(call_for("Register", "alice"), "\"ok\":true");
	text = call_for("History", "alice");
	rig_has(text, "{\"parameters\":{\"events\":[{\"at_usec\":");
	rig_has(text, "\"account\":\"alice\",\"event\":\"flow-up\"");
	rig_has(text, "\"event\":\"verdict\",\"registered\":true");
	third = strstr(text, "REGISTER sent, CSeq 3\"");
	ck_assert_ptr_nonnull(third);
	rig_has(text, "REGISTER sent, CSeq 2\"");
	rig_has_not(third, "REGISTER sent, CSeq 2\"");
}
END_TEST


/* The next REGISTER lists our binding, and these. */
static void list_also(const char *others)
{
	struct registrar_binding b;
	char contacts[1024];
	const struct registrar_rule rule = {
		.kind = RULE_ACCEPTED, .count = 1, .contacts = contacts,
	};

	ck_assert(registrar_binding(rig.reg, "alice", 0, &b));
	(void)snprintf(contacts, sizeof(contacts), "<%s>%s;expires=297%s",
		       b.uri, b.params, others);
	rig_rule(&rule);
}


START_TEST(bindings_are_what_the_registrar_lists)
{
	const char *text;

	one("");
	list_also(", <sip:alice@192.0.2.9:5070>;expires=99, "
		  "\"x, y\" <sip:alice@192.0.2.8>");
	text = call_for("Bindings", "alice");
	rig_has(text, "{\"parameters\":{\"name\":\"alice\",\"answered\":true,"
		"\"code\":200,\"bindings\":[{\"uri\":\"sip:alice@127.0.0.1:");
	rig_has(text, "\"expires\":297,\"kind\":\"own\",\"matched_by\":\"");
	rig_has(text, "{\"uri\":\"sip:alice@192.0.2.9:5070\",\"expires\":99,"
		"\"kind\":\"foreign\",\"matched_by\":null}");
	rig_has(text, "{\"uri\":\"sip:alice@192.0.2.8\",");
	rig_has(text, "],\"more\":0}}");

	/* a question changes nothing */
	ck_assert_uint_eq(1, registrar_bindings(rig.reg, "alice"));
	ck_assert(rig_state("alice")->verdict.registered);
	rig_has_not(rig_text("alice", -1), "\nContact:");
}
END_TEST


START_TEST(bindings_say_that_there_was_no_list)
{
	const struct registrar_rule rule = {
		.kind = RULE_ANSWER, .code = 500, .count = 1,
	};

	one("");
	rig_rule(&rule);
	ck_assert_str_eq("{\"parameters\":{\"name\":\"alice\","
			 "\"answered\":false,\"code\":500,\"bindings\":[],"
			 "\"more\":0}}", call_for("Bindings", "alice"));
	ck_assert(rig_state("alice")->verdict.registered);
}
END_TEST


START_TEST(purge_ghosts_says_what_is_left)
{
	const char *text;

	one("");
	text = call_for("PurgeGhosts", "alice");
	rig_has(text, "\"answered\":true,\"code\":200,\"bindings\":[{");
	rig_has(text, "],\"more\":0,\"removed\":0,\"ghosts\":0}}");
	ck_assert_uint_eq(1, registrar_bindings(rig.reg, "alice"));
}
END_TEST


START_TEST(a_probe_that_comes_back_proves_that_calls_arrive)
{
	one("");
	rig.conf->relay = true;
	ck_assert_str_eq("{\"parameters\":{\"name\":\"alice\","
			 "\"result\":\"proven\",\"code\":200,"
			 "\"reachable\":\"yes\",\"evidence\":\"probe\","
			 "\"reason\":\"ok\",\"reason_text\":\"Registered, and "
			 "calls can reach this account.\"}}",
			 call_for("Probe", "alice"));
	rig_has(call_for("History", "alice"),
		"\"text\":\"a probe came back: calls arrive\"");
}
END_TEST


START_TEST(who_is_not_registered_cannot_ask_nor_probe)
{
	const struct registrar_rule rule = {.kind = RULE_ANSWER, .code = 403};

	rig_rule(&rule);
	rig_account("alice", TRANSPORT_TCP, " ");
	rig_start("");
	serve();
	rig_expect_reason("alice", REASON_FORBIDDEN);
	ck_assert_str_eq(ERROR("NotConnected"), call_for("Bindings", "alice"));
	ck_assert_str_eq(ERROR("NotConnected"),
			 call_for("PurgeGhosts", "alice"));
	ck_assert_str_eq(ERROR("NotConnected"), call_for("Probe", "alice"));
}
END_TEST


/* --- what one client can make of it --- */

START_TEST(who_asks_and_hangs_up_is_waited_for_no_more_than_64_times)
{
	const struct registrar_rule silence = {.kind = RULE_DROP};
	unsigned i;

	one("");
	rig_rule(&silence);
	for (i = 0; i < AGENT_WAITERS_MAX; i++) {
		int fd = client_connect(rig_path("control"));

		send_request(fd, "Register", "{\"name\":\"alice\"}");
		harness_run(2);
		(void)close(fd);
	}

	ck_assert_str_eq(ERROR("Busy"), call_for("Register", "alice"));
	rig_has(call("Ping", "{}"), VERSION);
}
END_TEST


/* A thousand at once, of which none waits for its answer. */
START_TEST(a_storm_of_pauses_is_one_pause)
{
	static const char text[] = "{\"method\":\"io.sipregd.Pause\","
		"\"parameters\":{\"name\":\"alice\"},\"oneway\":true}\n";
	static struct asker a;
	unsigned i, sent;

	one("");
	sent = rig_registers("alice");
	open_asker(&a);
	for (i = 0; i < 1000; i++) {
		while (send(a.fd, text, sizeof(text) - 1, MSG_NOSIGNAL) < 0)
			harness_run(1);
	}

	/* who comes later is served before it has ended */
	rig_has(call("Ping", "{}"), VERSION);

	send_request(a.fd, "Pause", "{\"name\":\"alice\"}");
	ck_assert_str_eq(PAUSED, answer(&a));
	(void)close(a.fd);

	ck_assert_uint_eq(0, registrar_bindings(rig.reg, "alice"));
	ck_assert_uint_eq(sent + 1, rig_registers("alice"));
	ck_assert_str_eq(REGISTERED, call_for("Resume", "alice"));
}
END_TEST


/* --- Reload --- */

START_TEST(reload_says_what_has_changed)
{
	one("");
	ck_assert_str_eq("{\"parameters\":{\"added\":0,\"removed\":0,"
			 "\"changed\":0,\"unchanged\":1,\"warnings\":[],"
			 "\"warnings_omitted\":0}}", call("Reload", "{}"));
	ck_assert_uint_eq(2, rig_registers("alice"));
}
END_TEST


START_TEST(reload_passes_warnings_on)
{
	const char *text;

	one("");
	ck_assert_int_eq(0, chmod(rig_path("sipregd.conf"), 0644));
	ck_assert_int_eq(0, chmod(rig.dir, 0755));
	text = reload();
	rig_has(text, "\"unchanged\":1,\"warnings\":[\"");
	rig_has(text, "sipregd.conf:");
	rig_has_not(text, "secret\"");
}
END_TEST


START_TEST(a_bad_configuration_changes_nothing_and_is_told_whole)
{
	const char *text;

	one("");
	write_accounts("{ name = \"alice\"; aor = 7; },\n"
		       "{ name = \"bob\"; aor = \"sip:bob@example.org\";\n"
		       "  colour = \"red\"; }\n");
	text = reload();
	rig_has(text, "{\"error\":\"io.sipregd.BadConfiguration\","
		"\"parameters\":{\"errors\":[\"");
	rig_has(text, "sipregd.conf:4: ");
	rig_has(text, "sipregd.conf:6: ");
	rig_has(text, "\"errors_omitted\":0,\"warnings\":[");
	ck_assert(rig_state("alice")->verdict.registered);
	ck_assert_ptr_null(daemon_find(rig.daemon, "bob"));
	rig_has(call("Ping", "{}"), VERSION);
}
END_TEST


START_TEST(of_a_thousand_errors_a_hundred_are_told)
{
	struct mbuf *mb = mbuf_alloc(65536);
	const char *text;
	unsigned i;

	one("");
	for (i = 0; i < 1000; i++)
		ck_assert_int_eq(0, mbuf_printf(
			mb, "%s{ name = \"a%u\"; aor = \"nonsense\"; }\n",
			i ? ", " : "", i));
	ck_assert_int_eq(0, mbuf_write_u8(mb, '\0'));
	write_accounts((char *)mb->buf);
	mem_deref(mb);

	text = reload();
	ck_assert_uint_eq(100, count_of(text, "/sipregd.conf:"));
	rig_has(text, "],\"errors_omitted\":900,");
}
END_TEST


START_TEST(a_daemon_that_stops_does_not_reload)
{
	const struct registrar_rule silence = {.kind = RULE_DROP};
	static struct asker a;

	one("");
	rig_rule(&silence);
	open_asker(&a);
	send_request(a.fd, "Reload", "{}");
	(void)rig_stop();
	ck_assert_str_eq("{\"error\":\"io.sipregd.Stopping\","
			 "\"parameters\":{}}", answer(&a));
	(void)close(a.fd);
}
END_TEST


Suite *suite_methods(void);

Suite *suite_methods(void)
{
	Suite *s = suite_create("methods");
	TCase *tc = tcase_create("methods");

	tcase_add_checked_fixture(tc, rig_setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, varlink_is_told_who_we_are);
	tcase_add_test(tc, an_unknown_interface_is_named);
	tcase_add_test(tc, every_method_is_described);
	tcase_add_test(tc,
		       without_a_stun_server_nat_tells_what_registrars_see);
	tcase_add_test(tc, nat_is_measured_for_all_who_ask_and_one_may_go);
	tcase_add_test(tc,
		       who_waits_is_told_when_a_reload_takes_the_server_away);
	tcase_add_test(tc, every_change_is_logged_with_uid_and_pid);
	tcase_add_test(tc, an_account_that_is_not_there_is_named);
	tcase_add_test(tc, register_sends_over_the_same_flow);
	tcase_add_test(tc, reconnect_sends_over_a_new_one);
	tcase_add_test(tc, pause_un_registers_and_resume_registers);
	tcase_add_test(tc,
		       pause_says_when_the_binding_could_not_be_removed);
	tcase_add_test(tc,
		       pause_leaves_the_binding_where_that_is_configured);
	tcase_add_test(tc, a_disabled_account_cannot_be_made_to_run);
	tcase_add_test(tc, who_waits_for_an_account_that_ends_is_told);
	tcase_add_test(tc, history_tells_every_event_and_the_newest_last);
	tcase_add_test(tc, bindings_are_what_the_registrar_lists);
	tcase_add_test(tc, bindings_say_that_there_was_no_list);
	tcase_add_test(tc, purge_ghosts_says_what_is_left);
	tcase_add_test(tc, a_probe_that_comes_back_proves_that_calls_arrive);
	tcase_add_test(tc, who_is_not_registered_cannot_ask_nor_probe);
	tcase_add_test(
		tc, who_asks_and_hangs_up_is_waited_for_no_more_than_64_times);
	tcase_add_test(tc, a_storm_of_pauses_is_one_pause);
	tcase_add_test(tc, reload_says_what_has_changed);
	tcase_add_test(tc, reload_passes_warnings_on);
	tcase_add_test(tc,
		       a_bad_configuration_changes_nothing_and_is_told_whole);
	tcase_add_test(tc, of_a_thousand_errors_a_hundred_are_told);
	tcase_add_test(tc, a_daemon_that_stops_does_not_reload);

	/* only root can become somebody else */
	if (geteuid() == 0)
		tcase_add_test(tc, strangers_may_read_and_change_nothing);
	else
		printf("methods: not root, permissions are not tested\n");
	suite_add_tcase(s, tc);

	return s;
}
