/* The test registrar (tests/mock) as a program of its own, for thousands of
 * accounts: told on stdin what to do, it answers on stdout. See usage(). */

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "mock.h"


#define LINE_SIZE   1024         /* [bytes] of a command */
#define WORDS_MAX   8
#define EVENTS_MS   20           /* [ms] between two looks at the log, which
				    holds MOCK_LOG_MAX messages */

static struct registrar *the_registrar;
static FILE *events;
static struct timer events_timer;
static unsigned registers, authorized;
static uint64_t next_request;


static void usage(FILE *f)
{
	(void)fputs(
"usage: registrar [-o] [-u ADDR:PORT] [-t ADDR:PORT] [-s ADDR:PORT -c PEM]\n"
"                 [-a USER:COUNT]... [-g SECONDS] [-e FILE] [-v]\n"
"  -u -t -s  listen on UDP, TCP, TLS; repeatable\n"
"  -c PEM    certificate and key, before -s\n"
"  -a USER:COUNT  accounts; %d in USER is 1..COUNT; password secret-USER\n"
"  -o        nobody is challenged\n"
"  -g N      grant N seconds (3600)\n"
"  -e FILE   a line for each message there:\n"
"            SECONDS in|again|out CONNECTION TRANSPORT METHOD USER CODE AUTH\n"
"            SECONDS are CLOCK_BOOTTIME's; again: a retransmission;\n"
"            CODE 0: a request;\n"
"            AUTH 1: with credentials; \"-\": unknown\n"
"  -v        every message in full on stderr\n"
"It says \"ready\" and then reads commands; to each the answer is a line,\n"
"\"ok\" or \"ok VALUE\" or \"error WHY\". End of input ends it. USER may\n"
"be * : all.\n"
"  stop               listeners and connections close (RST)\n"
"  start              listens again on the same ports\n"
"  forget             all bindings, nonces and UDP peers\n"
"  cut rst|fin USER   closes flows; ok COUNT\n"
"  hole on|off USER   present flows are swallowed; ok COUNT\n"
"  set KEY VALUE      pong options stun deaf strict relay outbound grant\n"
"                     flow_timer min_expires max_bindings: struct\n"
"                     registrar_conf of tests/mock/registrar.h\n"
"  answer CODE USER [HEADER: VALUE]   to every REGISTER from now on\n"
"  drop USER          every REGISTER, as if lost\n"
"  delay MS USER      answers to REGISTERs\n"
"  usual              ends answer, drop and delay\n"
"  request USER METHOD    to the newest binding; ok NUMBER, and later a line\n"
"                     \"answer NUMBER CODE\", CODE 0: none came\n"
"  bound USER         bindings with an open flow, * : accounts that have one\n"
"  flush              the events file is complete up to here\n"
"  counters           ok JSON\n", f);
}


/* --- events --- */

static const char *word(const char *s)
{
	return s[0] ? s : "-";
}


static const char *way(const struct registrar_message *m)
{
	if (!m->in)
		return "out";

	return m->repeated ? "again" : "in";
}


static void tell(const struct registrar_message *m)
{
	if (m->in && !m->code && !strcmp(m->method, "REGISTER") &&
	    !m->repeated) {
		++registers;
		authorized += m->authorized;
	}

	if (events)
		(void)fprintf(events, "%llu.%03llu %s %u %s %s %s %u %d\n",
			      (unsigned long long)(m->at / SECONDS(1)),
			      (unsigned long long)(m->at % SECONDS(1)),
			      way(m), m->conn,
			      transport_name(m->transport), word(m->method),
			      word(m->user), m->code, m->authorized);
}


static void events_flush(void)
{
	struct le *le;

	LIST_FOREACH(&the_registrar->log, le)
		tell(le->data);

	list_flush(&the_registrar->log);
	the_registrar->logc = 0;

	if (events)
		(void)fflush(events);
}


static void events_handler(void *arg)
{
	(void)arg;
	events_flush();
	timer_start(&events_timer, loop_now() + EVENTS_MS);
}


/* --- commands. NULL: "ok"; else what follows "error". --- */

static char value[LINE_SIZE];            /* what follows "ok" */

typedef const char *(command_h)(int argc, char *argv[]);


static const char *who(const char *user)
{
	return strcmp(user, "*") ? user : NULL;
}


static const char *stop_handler(int argc, char *argv[])
{
	(void)argc;
	(void)argv;
	registrar_stop(the_registrar);

	return NULL;
}


static const char *start_handler(int argc, char *argv[])
{
	int err = registrar_start(the_registrar);

	(void)argc;
	(void)argv;

	return err ? strerror(err) : NULL;
}


static const char *forget_handler(int argc, char *argv[])
{
	(void)argc;
	(void)argv;
	registrar_forget(the_registrar);

	return NULL;
}


static const char *count(unsigned n)
{
	(void)snprintf(value, sizeof(value), "%u", n);

	return NULL;
}


static const char *cut_handler(int argc, char *argv[])
{
	const enum registrar_cut how = strcmp(argv[1], "fin") ? CUT_RST
							      : CUT_FIN;
	const char *user = who(argv[2]);

	(void)argc;

	return count(user ? registrar_cut_user(the_registrar, user, how)
			  : registrar_cut(the_registrar, TRANSPORT_AUTO, how));
}


static const char *hole_handler(int argc, char *argv[])
{
	(void)argc;

	return count(registrar_blackhole(the_registrar, who(argv[2]),
					 !strcmp(argv[1], "on")));
}


static const char *set_handler(int argc, char *argv[])
{
	struct registrar_conf *c = registrar_conf(the_registrar);
	const unsigned n = (unsigned)strtoul(argv[2], NULL, 10);
	const char *key = argv[1];

	(void)argc;

	if (!strcmp(key, "pong"))
		c->pong = n;
	else if (!strcmp(key, "options"))
		c->options = (uint16_t)n;
	else if (!strcmp(key, "stun"))
		c->stun = n;
	else if (!strcmp(key, "deaf"))
		c->deaf = n;
	else if (!strcmp(key, "strict"))
		c->strict = n;
	else if (!strcmp(key, "relay"))
		c->relay = n;
	else if (!strcmp(key, "outbound"))
		c->outbound = n;
	else if (!strcmp(key, "grant"))
		c->grant = n;
	else if (!strcmp(key, "flow_timer"))
		c->flow_timer = n;
	else if (!strcmp(key, "min_expires"))
		c->min_expires = n;
	else if (!strcmp(key, "max_bindings"))
		c->max_bindings = n;
	else
		return "no such key";

	return NULL;
}


static const char *rule(const struct registrar_rule *conf)
{
	int err = registrar_rule(the_registrar, conf);

	return err ? strerror(err) : NULL;
}


static const char *answer_handler(int argc, char *argv[])
{
	struct registrar_rule conf = {
		.user = who(argv[2]),
		.kind = RULE_ANSWER,
		.code = (uint16_t)strtoul(argv[1], NULL, 10),
	};
	char header[LINE_SIZE] = "";

	for (int i = 3; i < argc; i++) {
		(void)strncat(header, argv[i],
			      sizeof(header) - strlen(header) - 4);
		(void)strcat(header, i + 1 < argc ? " " : "\r\n");
	}
	conf.headers = header[0] ? header : NULL;

	return rule(&conf);
}


static const char *drop_handler(int argc, char *argv[])
{
	(void)argc;

	return rule(&(struct registrar_rule){
		.user = who(argv[1]),
		.kind = RULE_DROP,
	});
}


static const char *delay_handler(int argc, char *argv[])
{
	(void)argc;

	return rule(&(struct registrar_rule){
		.user = who(argv[2]),
		.kind = RULE_NORMAL,
		.delay = strtoul(argv[1], NULL, 10),
	});
}


static const char *usual_handler(int argc, char *argv[])
{
	(void)argc;
	(void)argv;
	registrar_rules_clear(the_registrar);

	return NULL;
}


static void request_answered(int err, uint16_t code,
			     const struct sip_msg *msg, void *arg)
{
	(void)msg;
	(void)printf("answer %llu %u\n", (unsigned long long)(uintptr_t)arg,
		     err ? 0 : code);
	(void)fflush(stdout);
}


static const char *request_handler(int argc, char *argv[])
{
	const uintptr_t number = (uintptr_t)++next_request;
	int err = registrar_request(the_registrar, argv[1], argv[2], NULL,
				    request_answered, (void *)number);

	(void)argc;

	return err ? strerror(err) : count((unsigned)number);
}


static unsigned open_bindings(const char *user)
{
	unsigned n = 0, i;
	struct registrar_binding b;

	for (i = 0; registrar_binding(the_registrar, user, i, &b); i++)
		n += b.flow_open;

	return n;
}


static bool add_bound(struct le *le, void *arg)
{
	const struct mock_account *acc = le->data;
	unsigned *n = arg;

	*n += open_bindings(acc->user) > 0;

	return false;
}


static const char *bound_handler(int argc, char *argv[])
{
	unsigned n = 0;

	(void)argc;

	if (who(argv[1]))
		n = open_bindings(argv[1]);
	else
		(void)hash_apply(the_registrar->accounts, add_bound, &n);

	return count(n);
}


static const char *flush_handler(int argc, char *argv[])
{
	(void)argc;
	(void)argv;
	events_flush();

	return NULL;
}


static const char *counters_handler(int argc, char *argv[])
{
	const struct registrar *r = the_registrar;
	const struct registrar_counters *c = registrar_counters(r);

	(void)argc;
	(void)argv;
	events_flush();
	(void)snprintf(value, sizeof(value),
		       "{\"registers\": %u, \"authorized\": %u, "
		       "\"accepted\": %u, \"open\": %u, \"pings\": %u, "
		       "\"handshakes\": %u, \"handshake_failures\": %u, "
		       "\"refused\": %u, \"stale\": %u, \"malformed\": %u, "
		       "\"repeated\": %u}",
		       registers, authorized,
		       r->acceptedv[TRANSPORT_TCP] +
		       r->acceptedv[TRANSPORT_TLS],
		       r->openv[TRANSPORT_TCP] + r->openv[TRANSPORT_TLS],
		       c->pings, c->handshakes, c->handshake_failures,
		       c->refused, c->stale, c->malformed, c->repeated);

	return NULL;
}


static const struct {
	const char *name;
	int argc;                /* at least, with the name */
	command_h *h;
} commandv[] = {
	{"answer", 3, answer_handler},
	{"bound", 2, bound_handler},
	{"counters", 1, counters_handler},
	{"cut", 3, cut_handler},
	{"delay", 3, delay_handler},
	{"drop", 2, drop_handler},
	{"flush", 1, flush_handler},
	{"forget", 1, forget_handler},
	{"hole", 3, hole_handler},
	{"request", 3, request_handler},
	{"set", 3, set_handler},
	{"start", 1, start_handler},
	{"stop", 1, stop_handler},
	{"usual", 1, usual_handler},
};

#define COMMANDS (sizeof(commandv) / sizeof(commandv[0]))


static const char *obey(char *line)
{
	char *wordv[WORDS_MAX], *save = NULL, *w;
	int n = 0;

	for (w = strtok_r(line, " \n", &save); w && n < WORDS_MAX;
	     w = strtok_r(NULL, " \n", &save))
		wordv[n++] = w;

	for (size_t i = 0; n && i < COMMANDS; i++) {
		if (strcmp(wordv[0], commandv[i].name))
			continue;

		return n < commandv[i].argc ? "too few words"
					    : commandv[i].h(n, wordv);
	}

	return "no such command";
}


static void stdin_handler(int flags, void *arg)
{
	static char buf[LINE_SIZE];
	static size_t len;
	ssize_t n = read(STDIN_FILENO, buf + len, sizeof(buf) - 1 - len);
	char *end;

	(void)flags;
	(void)arg;

	if (n <= 0) {
		loop_stop();
		return;
	}

	len += (size_t)n;
	buf[len] = '\0';

	while ((end = strchr(buf, '\n'))) {
		const char *error;

		*end++ = '\0';
		value[0] = '\0';
		error = obey(buf);
		(void)printf("%s%s%s\n", error ? "error" : "ok",
			     error || value[0] ? " " : "",
			     error ? error : value);
		(void)fflush(stdout);

		len -= (size_t)(end - buf);
		memmove(buf, end, len + 1);
	}
}


/* --- start --- */

static void die(const char *what, int err)
{
	(void)fprintf(stderr, "registrar: %s: %s\n", what, strerror(err));
	exit(EXIT_FAILURE);
}


/* "u%d:1000" */
static void accounts(char *arg)
{
	char *colon = strrchr(arg, ':'), *mark, user[128], password[160];
	unsigned long n;

	if (!colon)
		die(arg, EINVAL);
	*colon = '\0';
	n = strtoul(colon + 1, NULL, 10);
	mark = strstr(arg, "%d");
	if (mark)
		*mark = '\0';

	for (unsigned long i = 1; i <= n; i++) {
		int err;

		(void)snprintf(user, sizeof(user), "%s", arg);
		if (mark)
			(void)snprintf(user, sizeof(user), "%s%lu%s", arg, i,
				       mark + 2);
		(void)snprintf(password, sizeof(password), "secret-%s", user);

		err = registrar_account(the_registrar, user, NULL, password);
		if (err)
			die(user, err);
	}
}


static void listen_on(enum transport transport, const char *addr,
		      const char *pem)
{
	int err = registrar_listen(the_registrar, transport, addr, pem);

	if (err)
		die(addr, err);
}


static void options(int argc, char *argv[])
{
	struct registrar_conf *conf = registrar_conf(the_registrar);
	const char *pem = NULL;
	int c;

	while ((c = getopt(argc, argv, "u:t:s:c:a:oe:g:vh")) != -1) {

		switch (c) {

		case 'u': listen_on(TRANSPORT_UDP, optarg, NULL);       break;
		case 't': listen_on(TRANSPORT_TCP, optarg, NULL);       break;
		case 's': listen_on(TRANSPORT_TLS, optarg, pem);        break;
		case 'c': pem = optarg;                                 break;
		case 'a': accounts(optarg);                             break;
		case 'o': conf->open = true;                            break;
		case 'g': conf->grant = (uint32_t)strtoul(optarg, NULL, 10);
			  break;
		case 'v': conf->trace = stderr;                         break;
		case 'h': usage(stdout);                  exit(EXIT_SUCCESS);
		default:  usage(stderr);                  exit(EXIT_FAILURE);

		case 'e':
			events = fopen(optarg, "w");
			if (!events)
				die(optarg, errno);
			break;
		}
	}
}


static void signal_handler(int sig, void *arg)
{
	(void)arg;

	if (sig == SIGTERM || sig == SIGINT)
		loop_stop();
}


int main(int argc, char *argv[])
{
	struct io in = {.fd = STDIN_FILENO, .h = stdin_handler};
	int err;

	err = loop_init(signal_handler, NULL);
	if (!err)
		err = registrar_alloc(&the_registrar);
	if (!err)
		err = io_listen(&in, FD_READ);
	if (err)
		die("start", err);

	options(argc, argv);
	timer_init(&events_timer, events_handler, NULL);
	events_handler(NULL);
	(void)puts("ready");
	(void)fflush(stdout);

	err = loop_run();

	events_flush();
	timer_cancel(&events_timer);
	io_stop(&in);
	the_registrar = mem_deref(the_registrar);
	loop_close();

	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}
