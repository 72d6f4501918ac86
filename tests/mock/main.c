/* The test registrar as a program, for the demo and for scripts.
 *
 * It prints where it listens, then "ready"; each line on stdin is a command,
 * answered with one line. It ends with "quit" or the end of stdin. */

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "ca.h"
#include "mock.h"


#define LINE_SIZE 1024           /* of a command */
#define NAMES_MAX 16             /* certificates */
#define PATH_SIZE 512

static const char usage[] =
	"usage: registrar [OPTION ...]\n"
	"  --udp|--tcp|--tls ADDR:PORT  listen there; port 0: any free one\n"
	"  --domain NAME                of the accounts; default: any\n"
	"  --user NAME:PASSWORD         an account\n"
	"  --algorithm LIST             md5,sha-256,sha-512-256: offered so\n"
	"  --grant SECONDS              the longest lease\n"
	"  --outbound                   RFC 5626\n"
	"  --ca-dir DIR                 ca.pem and certificates go there\n"
	"  --name NAME                  a server's name or address (for TLS)\n"
	"  --log FILE                   every message\n"
	"commands: cut tls|tcp|all, blackhole USER, bindings AOR,\n"
	"  request METHOD AOR, restart, stats, quit\n";

struct listen {
	enum transport transport;
	const char *addr;
};

#define LISTENS_MAX 16

static struct {
	struct registrar *r;
	struct io in;
	char line[LINE_SIZE];
	size_t len;
	bool waiting;            /* for the outcome of a request */
	struct listen listenv[LISTENS_MAX];
	size_t listenc;
	const char *namev[NAMES_MAX];
	size_t namec;
	const char *dir;
} prog = {
	.in = {.fd = -1},
};

static void read_commands(void);


static void say(const char *line)
{
	(void)puts(line);
	(void)fflush(stdout);
}


/* "sip:alice@example.org" or "alice": the user. Cuts `aor`. */
static const char *user_of(char *aor)
{
	char *colon = strchr(aor, ':');
	char *user = colon ? colon + 1 : aor;

	user[strcspn(user, "@")] = '\0';

	return user;
}


static void cmd_cut(char *what, char *unused)
{
	enum transport transport = TRANSPORT_AUTO;
	struct pl pl;

	(void)unused;

	pl_set_str(&pl, what);
	if (strcmp(what, "all") && (!transport_parse(&transport, &pl) ||
				    !transport_stream(transport))) {
		say("error: cut tls|tcp|all");
		return;
	}

	(void)printf("cut %u\n", registrar_cut(prog.r, transport, CUT_RST));
	(void)fflush(stdout);
}


static void cmd_blackhole(char *aor, char *unused)
{
	(void)unused;

	(void)printf("swallowing %u\n",
		     registrar_blackhole(prog.r, user_of(aor), true));
	(void)fflush(stdout);
}


static void cmd_bindings(char *aor, char *unused)
{
	const char *user = user_of(aor);
	const unsigned n = registrar_bindings(prog.r, user);
	struct registrar_binding b;

	(void)unused;

	(void)printf("%u", n);
	for (unsigned i = 0; registrar_binding(prog.r, user, i, &b); i++)
		(void)printf(" <%s>%s;expires=%u", b.uri, b.params, b.expires);
	say("");
}


static void request_handler(int err, uint16_t code, const struct sip_msg *msg,
			    void *arg)
{
	(void)msg;
	(void)arg;

	if (err == ETIMEDOUT)
		say("timeout");
	else
		(void)printf("%u\n", code);
	(void)fflush(stdout);

	prog.waiting = false;
	read_commands();
}


static void cmd_request(char *method, char *aor)
{
	int err;

	for (char *p = method; *p; p++)
		*p = (char)(*p >= 'a' && *p <= 'z' ? *p - 'a' + 'A' : *p);

	prog.waiting = true;
	err = registrar_request(prog.r, user_of(aor), method, NULL,
				request_handler, NULL);
	if (!err)
		return;

	prog.waiting = false;
	if (err == ENOENT)
		say("no binding");
	else if (err == ENOTCONN)
		say("no flow");
	else
		(void)printf("error: %s\n", strerror(err));
	(void)fflush(stdout);
}


static void cmd_restart(char *unused1, char *unused2)
{
	int err;

	(void)unused1;
	(void)unused2;

	registrar_stop(prog.r);
	registrar_forget(prog.r);
	err = registrar_start(prog.r);

	if (err)
		(void)printf("error: %s\n", strerror(err));
	else
		(void)printf("restarted\n");
	(void)fflush(stdout);
}


static void cmd_stats(char *unused1, char *unused2)
{
	const struct registrar_counters *c = registrar_counters(prog.r);
	struct registrar *r = prog.r;

	(void)unused1;
	(void)unused2;

	(void)printf("udp=%u tcp=%u tls=%u accepted=%u bindings=%u "
		     "registers=%u authorized=%u refused=%u stale=%u "
		     "pings=%u repeated=%u malformed=%u\n",
		     registrar_connections(r, TRANSPORT_UDP),
		     registrar_connections(r, TRANSPORT_TCP),
		     registrar_connections(r, TRANSPORT_TLS),
		     registrar_accepted(r, TRANSPORT_TCP) +
		     registrar_accepted(r, TRANSPORT_TLS),
		     registrar_bindings(r, NULL),
		     registrar_registers(r, NULL, RULE_ANY),
		     registrar_registers(r, NULL, RULE_WITH),
		     c->refused, c->stale, c->pings, c->repeated,
		     c->malformed);
	(void)fflush(stdout);
}


static void cmd_quit(char *unused1, char *unused2)
{
	(void)unused1;
	(void)unused2;

	say("bye");
	loop_stop();
}


static const struct {
	const char *name;
	unsigned args;
	void (*h)(char *arg1, char *arg2);
} commandv[] = {
	{"cut", 1, cmd_cut},
	{"blackhole", 1, cmd_blackhole},
	{"bindings", 1, cmd_bindings},
	{"request", 2, cmd_request},
	{"restart", 0, cmd_restart},
	{"stats", 0, cmd_stats},
	{"quit", 0, cmd_quit},
};


static void command(char *line)
{
	char *save = NULL;
	const char *name = strtok_r(line, " \t\r", &save);
	char *arg1 = name ? strtok_r(NULL, " \t\r", &save) : NULL;
	char *arg2 = arg1 ? strtok_r(NULL, " \t\r", &save) : NULL;
	const unsigned n = (arg1 ? 1 : 0) + (arg2 ? 1 : 0);

	for (size_t i = 0; name && i < sizeof(commandv) / sizeof(commandv[0]);
	     i++) {
		if (strcmp(name, commandv[i].name))
			continue;

		if (n != commandv[i].args)
			break;

		commandv[i].h(arg1, arg2);
		return;
	}

	say("error: no such command");
}


/* Whole lines, one after the other: a request holds the next ones back. */
static void read_commands(void)
{
	char *end;

	while (!prog.waiting &&
	       (end = memchr(prog.line, '\n', prog.len))) {
		char line[LINE_SIZE];
		const size_t n = (size_t)(end - prog.line);

		memcpy(line, prog.line, n);
		line[n] = '\0';
		prog.len -= n + 1;
		memmove(prog.line, end + 1, prog.len);

		command(line);
	}

	if (!prog.waiting && prog.len == sizeof(prog.line)) {
		prog.len = 0;
		say("error: line too long");
	}

	(void)io_listen(&prog.in, prog.len < sizeof(prog.line) ? FD_READ : 0);
}


static void stdin_handler(int flags, void *arg)
{
	ssize_t n;

	(void)flags;
	(void)arg;

	n = read(prog.in.fd, prog.line + prog.len,
		 sizeof(prog.line) - prog.len);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;

	if (n <= 0) {
		loop_stop();
		return;
	}

	prog.len += (size_t)n;
	read_commands();
}


static void signal_handler(int sig, void *arg)
{
	(void)arg;

	if (sig == SIGTERM || sig == SIGINT)
		loop_stop();
}


static bool parse_algorithms(struct registrar_conf *conf, char *list)
{
	static const char *const namev[REGISTRAR_ALGORITHMS] = {
		[REGISTRAR_MD5] = "md5",
		[REGISTRAR_SHA_256] = "sha-256",
		[REGISTRAR_SHA_512_256] = "sha-512-256",
	};
	char *save = NULL;

	conf->algc = 0;

	for (char *name = strtok_r(list, ",", &save); name;
	     name = strtok_r(NULL, ",", &save)) {
		int alg = 0;

		while (alg < REGISTRAR_ALGORITHMS &&
		       str_casecmp(name, namev[alg]))
			++alg;

		if (alg == REGISTRAR_ALGORITHMS ||
		    conf->algc == REGISTRAR_ALGORITHMS)
			return false;

		conf->algv[conf->algc++] = (enum registrar_algorithm)alg;
	}

	return conf->algc != 0;
}


static bool parse_user(char *arg)
{
	char *colon = strchr(arg, ':');

	if (!colon)
		return false;

	*colon = '\0';

	return !registrar_account(prog.r, arg, NULL, colon + 1);
}


static bool parse_listen(enum transport transport, const char *addr)
{
	if (prog.listenc == LISTENS_MAX)
		return false;

	prog.listenv[prog.listenc].transport = transport;
	prog.listenv[prog.listenc++].addr = addr;

	return true;
}


static bool parse_name(const char *name)
{
	if (prog.namec == NAMES_MAX || !*name || strchr(name, '/'))
		return false;

	prog.namev[prog.namec++] = name;

	return true;
}


static bool parse_grant(struct registrar_conf *conf, const char *arg)
{
	struct pl pl;

	pl_set_str(&pl, arg);

	return number_parse(&conf->grant, &pl) && conf->grant;
}


static bool parse_log(struct registrar_conf *conf, const char *path)
{
	conf->trace = fopen(path, "we");
	if (!conf->trace)
		(void)fprintf(stderr, "registrar: %s: %s\n", path,
			      strerror(errno));

	return conf->trace;
}


static const struct option optionv[] = {
	{"udp", required_argument, NULL, 'u'},
	{"tcp", required_argument, NULL, 't'},
	{"tls", required_argument, NULL, 's'},
	{"domain", required_argument, NULL, 'd'},
	{"user", required_argument, NULL, 'a'},
	{"algorithm", required_argument, NULL, 'm'},
	{"grant", required_argument, NULL, 'g'},
	{"outbound", no_argument, NULL, 'o'},
	{"ca-dir", required_argument, NULL, 'c'},
	{"name", required_argument, NULL, 'n'},
	{"log", required_argument, NULL, 'l'},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};


static bool parse_option(int opt)
{
	struct registrar_conf *conf = registrar_conf(prog.r);

	switch (opt) {
	case 'u':
		return parse_listen(TRANSPORT_UDP, optarg);
	case 't':
		return parse_listen(TRANSPORT_TCP, optarg);
	case 's':
		return parse_listen(TRANSPORT_TLS, optarg);
	case 'd':
		conf->domain = optarg;
		return true;
	case 'a':
		return parse_user(optarg);
	case 'm':
		return parse_algorithms(conf, optarg);
	case 'g':
		return parse_grant(conf, optarg);
	case 'o':
		conf->outbound = true;
		return true;
	case 'c':
		prog.dir = optarg;
		return true;
	case 'n':
		return parse_name(optarg);
	case 'l':
		return parse_log(conf, optarg);
	default:
		return false;
	}
}


static int issue(const struct ca *ca, const char *name, char *path, size_t size)
{
	char san[PATH_SIZE];
	struct sa sa;

	(void)re_snprintf(san, sizeof(san), "%s:%s",
			  sa_set_str(&sa, name, 0) ? "DNS" : "IP", name);
	(void)re_snprintf(path, size, "%s/%s.pem", prog.dir, name);

	return ca_issue(ca, path, san, CA_DAYS);
}


/* The first name's certificate is shown to clients that name nothing. */
static int certificates(char *pem, size_t size)
{
	char path[PATH_SIZE];
	struct ca *ca;
	int err;

	if (!prog.dir || !prog.namec) {
		(void)fputs("registrar: --tls wants --ca-dir and --name\n",
			    stderr);
		return EINVAL;
	}

	(void)re_snprintf(path, sizeof(path), "%s/ca.pem", prog.dir);
	err = ca_alloc(&ca, path);
	if (err)
		return err;

	for (size_t i = 0; i < prog.namec && !err; i++) {
		err = issue(ca, prog.namev[i], i ? path : pem,
			    i ? sizeof(path) : size);
		if (!err)
			err = registrar_identity(prog.r, prog.namev[i],
						 i ? path : pem);
	}

	mem_deref(ca);

	return err;
}


static int listen_all(const char *pem)
{
	for (size_t i = 0; i < prog.listenc; i++) {
		const struct listen *l = &prog.listenv[i];
		const struct mock_listener *lst;
		int err;

		err = registrar_listen(prog.r, l->transport, l->addr, pem);
		if (err) {
			(void)fprintf(stderr, "registrar: %s: %s\n", l->addr,
				      strerror(err));
			return err;
		}

		lst = prog.r->listeners.tail->data;
		(void)re_printf("%s %J\n", transport_name(l->transport),
				&lst->addr);
	}

	say("ready");

	return 0;
}


static int commands_init(void)
{
	const int fd = STDIN_FILENO;
	const int flags = fcntl(fd, F_GETFL);
	int err;

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK))
		return errno;

	prog.in.fd = fd;
	prog.in.h = stdin_handler;

	err = io_listen(&prog.in, FD_READ);
	if (err)
		(void)fputs("registrar: stdin must be a pipe or a terminal\n",
			    stderr);

	return err;
}


static int options(int argc, char *argv[])
{
	int opt;

	while ((opt = getopt_long(argc, argv, "h", optionv, NULL)) >= 0) {
		if (!parse_option(opt)) {
			(void)fputs(usage, opt == 'h' ? stdout : stderr);
			return EINVAL;
		}
	}

	if (optind < argc || !prog.listenc) {
		(void)fputs(usage, stderr);
		return EINVAL;
	}

	return 0;
}


static bool wants_tls(void)
{
	for (size_t i = 0; i < prog.listenc; i++) {
		if (prog.listenv[i].transport == TRANSPORT_TLS)
			return true;
	}

	return false;
}


static int run(int argc, char *argv[])
{
	char pem[PATH_SIZE] = "";
	int err;

	err = options(argc, argv);
	if (err)
		return err;

	if (wants_tls())
		err = certificates(pem, sizeof(pem));
	if (!err)
		err = commands_init();
	if (!err)
		err = listen_all(pem);

	return err ? err : loop_run();
}


int main(int argc, char *argv[])
{
	FILE *trace = NULL;
	int err;

	err = loop_init(signal_handler, NULL);
	if (err) {
		(void)fprintf(stderr, "registrar: %s\n", strerror(err));
		return EXIT_FAILURE;
	}

	err = registrar_alloc(&prog.r);
	if (!err)
		err = run(argc, argv);

	io_stop(&prog.in);
	if (prog.r)
		trace = registrar_conf(prog.r)->trace;
	mem_deref(prog.r);
	if (trace)
		(void)fclose(trace);
	loop_close();

	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}
