/* A whole daemon in the test's own process: see rig.h. */

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "rig.h"
#include "tls.h"


#define STOP_WAIT 10000          /* [ms] REG_LEAVE_MAX and much more */
#define PATH_SIZE 300            /* rig.dir and a name of 255 */

struct rig rig;

/* What a wait is for. */
struct want {
	const char *name;
	enum reason reason;
	enum flow_state state;
	unsigned n;
};


/* --- set up and torn down --- */

const char *rig_path(const char *name)
{
	static char pathv[4][PATH_SIZE];
	static unsigned next;
	char *path = pathv[next++ % 4];

	(void)snprintf(path, PATH_SIZE, "%s/%s", rig.dir, name);

	return path;
}


void rig_setup(void)
{
	harness_setup();
	memset(&rig, 0, sizeof(rig));

	strcpy(rig.dir, "/tmp/sipregd-rig.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(rig.dir));
	rig.accounts = mbuf_alloc(1024);
	ck_assert_ptr_nonnull(rig.accounts);
	rig.host = "127.0.0.1";

	ck_assert_int_eq(0, ca_alloc(&rig.ca, rig_path("ca.pem")));
	ck_assert_int_eq(0, registrar_alloc(&rig.reg));
	rig.conf = registrar_conf(rig.reg);
	rig.conf->domain = "example.org";

	ck_assert_int_eq(0, registrar_listen(rig.reg, TRANSPORT_UDP,
					     "127.0.0.1:0", NULL));
	ck_assert_int_eq(0, registrar_listen(rig.reg, TRANSPORT_TCP,
					     "127.0.0.1:0", NULL));
}


void rig_tls(const char *san, int days)
{
	ck_assert_int_eq(0, ca_issue(rig.ca, rig_path("server.pem"), san,
				     days));
	ck_assert_int_eq(0, registrar_listen(rig.reg, TRANSPORT_TLS,
					     "127.0.0.1:0",
					     rig_path("server.pem")));
}


static void remove_dir(void)
{
	DIR *dir = opendir(rig.dir);
	const struct dirent *e;

	while (dir && (e = readdir(dir))) {
		if (e->d_name[0] != '.')
			(void)unlink(rig_path(e->d_name));
	}

	if (dir)
		(void)closedir(dir);
	(void)rmdir(rig.dir);
}


void rig_teardown(void)
{
	mem_deref(rig.daemon);
	mem_deref(rig.config);
	mem_deref(rig.reg);
	mem_deref(rig.ca);
	mem_deref(rig.accounts);
	remove_dir();
	tls_close();
	harness_teardown();
}


/* --- the configuration --- */

void rig_account(const char *name, enum transport t, const char *fmt, ...)
{
	char keys[1024];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(keys, sizeof(keys), fmt, ap);
	va_end(ap);

	ck_assert_int_eq(0, registrar_account(rig.reg, name, NULL, "secret"));
	ck_assert_ptr_nonnull(registrar_addr(rig.reg, t));

	ck_assert_int_eq(0, mbuf_printf(
		rig.accounts, "%s{ name = \"%s\"; "
		"aor = \"sip:%s@example.org\"; "
		"registrar = \"sip:%s:%u\"; transport = \"%s\"; %s }\n",
		rig.accounts->end ? ", " : "", name, name, rig.host,
		sa_port(registrar_addr(rig.reg, t)), transport_name(t),
		keys));
}


void rig_write(const char *globals)
{
	FILE *f = fopen(rig_path("sipregd.conf"), "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_gt(fprintf(f, "state_dir = \"%s\";\n"
				 "control_socket = \"%s\";\n"
				 "log_level = \"%s\";\n%s\n"
				 "defaults = { password = \"secret\"; "
				 "probe = { mode = \"off\"; }; "
				 "tls = { ca_file = \"%s\"; }; };\n"
				 "accounts = (\n%.*s);\n",
				 rig.dir, rig_path("control"),
				 getenv("RIG_LOG") ? getenv("RIG_LOG")
						   : "error",
				 globals, rig_path("ca.pem"),
				 (int)rig.accounts->end,
				 (char *)rig.accounts->buf), 0);
	ck_assert_int_eq(0, fclose(f));
	ck_assert_int_eq(0, chmod(rig_path("sipregd.conf"), 0600));
}


static void message_handler(bool error, const char *text, void *arg)
{
	(void)arg;
	if (error)
		ck_abort_msg("%s", text);
}


void rig_start(const char *globals)
{
	rig_write(globals);
	ck_assert_int_eq(0, config_load(&rig.config, rig_path("sipregd.conf"),
					message_handler, NULL));
	log_set_level(rig.config->log_level);
	ck_assert_int_eq(0, daemon_alloc(&rig.daemon, rig.config));
	daemon_start(rig.daemon);
}


static void stopped_handler(void *arg)
{
	*(bool *)arg = true;
}


msec_t rig_stop(void)
{
	const msec_t start = loop_now();
	bool stopped = false;

	daemon_stop(rig.daemon, stopped_handler, &stopped);
	ck_assert(harness_wait(harness_flag, &stopped, STOP_WAIT));

	return loop_now() - start;
}


/* --- questions --- */

struct agent *rig_agent(const char *name)
{
	struct agent *a = daemon_find(rig.daemon, name);

	ck_assert_ptr_nonnull(a);

	return a;
}


const struct account *rig_state(const char *name)
{
	return agent_account(rig_agent(name));
}


const struct reg *rig_reg(const char *name)
{
	return &rig_state(name)->regv[0].reg;
}


struct agent_flow rig_flow(const char *name)
{
	struct agent_flow f;

	agent_flow(rig_agent(name), 0, &f);

	return f;
}


unsigned rig_registers(const char *name)
{
	return registrar_registers(rig.reg, name, RULE_ANY);
}


const char *rig_text(const char *name, int n)
{
	const struct registrar_message *m =
		registrar_received(rig.reg, name, "REGISTER", n);

	ck_assert_ptr_nonnull(m);

	return m->text;
}


/* --- waits --- */

static bool is_registered(void *arg)
{
	const struct want *w = arg;

	return rig_state(w->name)->verdict.registered;
}


static bool has_reason(void *arg)
{
	const struct want *w = arg;

	return rig_state(w->name)->verdict.reason == w->reason;
}


static bool has_registers(void *arg)
{
	const struct want *w = arg;

	return rig_registers(w->name) >= w->n;
}


static bool has_flow(void *arg)
{
	const struct want *w = arg;
	const struct agent_flow f = rig_flow(w->name);

	return f.flow && f.flow->state == w->state;
}


static void expect(bool (*done)(void *), struct want *w, msec_t msec,
		   const char *what)
{
	const struct account *a = rig_state(w->name);

	if (!harness_wait(done, w, (unsigned)msec))
		ck_abort_msg("%s: not %s: reason %s, code %u, %u REGISTERs",
			     w->name, what, reason_name(a->verdict.reason),
			     a->code, rig_registers(w->name));
}


void rig_expect_registered(const char *name)
{
	struct want w = {.name = name};

	expect(is_registered, &w, RIG_WAIT, "registered");
}


void rig_expect_proven(const char *name)
{
	rig_expect_flow(name, FLOW_PROVEN, RIG_WAIT);
}


void rig_expect_reason(const char *name, enum reason reason)
{
	struct want w = {.name = name, .reason = reason};

	expect(has_reason, &w, RIG_WAIT, reason_name(reason));
}


void rig_expect_registers(const char *name, unsigned n, msec_t msec)
{
	struct want w = {.name = name, .n = n};

	expect(has_registers, &w, msec, "sent often enough");
}


void rig_expect_flow(const char *name, enum flow_state state, msec_t msec)
{
	struct want w = {.name = name, .state = state};

	expect(has_flow, &w, msec, flow_state_name(state));
}


/* --- orders --- */

void rig_one(const char *name, enum transport t, const char *keys)
{
	rig_account(name, t, "%s", keys);
	rig_start("");
	rig_expect_registered(name);
}


struct asked {
	struct agent_outcome outcome;
	bool done;
};


static void outcome_handler(const struct agent_outcome *o, void *arg)
{
	struct asked *asked = arg;

	ck_assert(!asked->done);
	asked->outcome = *o;
	asked->done = true;
}


struct agent_outcome rig_register(const char *name)
{
	struct asked asked = {.done = false};

	ck_assert_int_eq(0, agent_register(rig_agent(name), outcome_handler,
					   &asked));
	ck_assert_msg(harness_wait(harness_flag, &asked.done, RIG_WAIT),
		      "%s: no outcome", name);

	return asked.outcome;
}


void rig_rule(const struct registrar_rule *rule)
{
	ck_assert_int_eq(0, registrar_rule(rig.reg, rule));
}


static void peer_handler(int flags, void *arg)
{
	struct rig_peer *p = arg;
	const ssize_t n = recv(p->io.fd, p->in, sizeof(p->in) - 1,
			       MSG_DONTWAIT);
	(void)flags;

	if (n < 0)
		return;

	p->in[n] = '\0';
	++p->received;
}


void rig_peer_open(struct rig_peer *p, const char *ip)
{
	struct sa sa;

	memset(p, 0, sizeof(*p));
	ck_assert_int_eq(0, sa_set_str(&sa, ip, 0));
	p->io.h = peer_handler;
	p->io.arg = p;
	p->io.fd = socket(AF_INET, SOCK_DGRAM, 0);
	ck_assert_int_ge(p->io.fd, 0);
	ck_assert_int_eq(0, bind(p->io.fd, &sa.u.sa, sa.len));
	ck_assert_int_eq(0, io_listen(&p->io, FD_READ));
}


void rig_peer_close(struct rig_peer *p)
{
	io_stop(&p->io);
	(void)close(p->io.fd);
}


void rig_peer_send(struct rig_peer *p, const struct sa *dst, const char *text)
{
	const size_t len = strlen(text);

	ck_assert_int_eq((int)len, (int)sendto(p->io.fd, text, len, 0,
					       &dst->u.sa, dst->len));
}


void rig_has(const char *text, const char *part)
{
	ck_assert_msg(strstr(text, part), "no \"%s\" in\n%s", part, text);
}


void rig_has_not(const char *text, const char *part)
{
	ck_assert_msg(!strstr(text, part), "\"%s\" in\n%s", part, text);
}
