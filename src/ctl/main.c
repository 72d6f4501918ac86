/* sipregctl: asks a running sipregd, and shows what it says. */

#include <getopt.h>
#include <limits.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ctl.h"

#define SOCKET_DEFAULT "/run/sipregd/control"
#define TIMEOUT_MAX    86400     /* [s] a day */
#define WATCH_DEFAULT  2         /* [s] as watch(1) has it */
#define DAYS_MAX       3650
#define DAYS_DEFAULT   14        /* a certificate is renewed before */
#define PLUGIN         "check_sipregd"

struct verb {
	const char *name;
	const char *args;        /* "[NAME]": may be left out */
	const char *help;        /* NULL: not for people */
	int argc;                /* arguments after the verb */
	verb_h *h;
};

static const struct verb verbv[] = {
	{"list",         "",     "all accounts in a table (without a verb, "
	 "too)", 0, verb_list},
	{"status",       "NAME", "the whole story of one account", 1,
	 verb_status},
	{"history",      "NAME", "what has happened to it, and why", 1,
	 verb_history},
	{"monitor",      "[NAME]", "what happens, as it happens", 1,
	 verb_monitor},
	{"register",     "NAME", "register now, wait for the outcome and say "
	 "it", 1, verb_register},
	{"reconnect",    "NAME", "the same over a new flow", 1,
	 verb_reconnect},
	{"pause",        "NAME", "un-register, and stay so until resume", 1,
	 verb_pause},
	{"resume",       "NAME", "end a pause: register again", 1,
	 verb_resume},
	{"bindings",     "NAME", "ask the registrar what it holds", 1,
	 verb_bindings},
	{"purge-ghosts", "NAME", "remove our old bindings there", 1,
	 verb_purge_ghosts},
	{"probe",        "NAME", "do calls arrive? exit status 0 if proven",
	 1, verb_probe},
	{"diagnose",     "NAME", "step by step to the registrar, and what to "
	 "do; exit status 0 if all is well", 1, verb_diagnose},
	{"trace",        "NAME", "its SIP messages, those kept and those to "
	 "come", 1, verb_trace},
	{"check",        "[NAME]", "monitoring plugin: one line, exit status 0 "
	 "to 3", 1, verb_check},
	{"nat",          "",     "how the NAT before this site behaves, and "
	 "advice", 0, verb_nat},
	{"metrics",      "",     "what is measured, as OpenMetrics text", 0,
	 verb_metrics},
	{"reload",       "",     "read the configuration again", 0,
	 verb_reload},
	{"ping",         "",     "is the daemon there?", 0, verb_ping},
	{"version",      "",     "the version of this program", 0,
	 verb_version},
	{"help",         "",     "this list", 0, verb_help},
	{"complete",     "",     NULL, 0, verb_complete},
	{NULL},
};

enum {
	OPTION_WATCH = UCHAR_MAX + 1,    /* it and the next have no letters */
	OPTION_CERT_DAYS,
	OPTION_PAST,
	OPTION_LIVE,
	OPTION_PCAP,
};

static const struct option longv[] = {
	{"socket",    required_argument, NULL, 's'},
	{"json",      no_argument,       NULL, 'j'},
	{"lines",     required_argument, NULL, 'n'},
	{"watch",     optional_argument, NULL, OPTION_WATCH},
	{"warning",   required_argument, NULL, 'w'},
	{"critical",  required_argument, NULL, 'c'},
	{"cert-days", required_argument, NULL, OPTION_CERT_DAYS},
	{"past",      no_argument,       NULL, OPTION_PAST},
	{"live",      no_argument,       NULL, OPTION_LIVE},
	{"pcap",      required_argument, NULL, OPTION_PCAP},
	{"timeout",   required_argument, NULL, 't'},
	{"help",      no_argument,       NULL, 'h'},
	{"version",   no_argument,       NULL, 'V'},
	{NULL, 0, NULL, 0},
};

/* Options that not all verbs know, and those that do, with commas. */
static const struct {
	int option;
	const char *verbs;
} ownedv[] = {
	{'n', "history,trace"},
	{OPTION_WATCH, "list"},
	{'w', "check"},
	{'c', "check"},
	{OPTION_CERT_DAYS, "check"},
	{OPTION_PAST, "trace"},
	{OPTION_LIVE, "trace"},
	{OPTION_PCAP, "trace"},
	{0, NULL},
};

/* Where complaints go; NULL: stderr. */
static char *complaint;
static size_t complaint_size;


void complain(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (complaint) {
		(void)vsnprintf(complaint, complaint_size, fmt, ap);
	}
	else {
		(void)fputs("sipregctl: ", stderr);
		(void)vfprintf(stderr, fmt, ap);
		(void)fputc('\n', stderr);
	}
	va_end(ap);
}


void complain_into(char *buf, size_t size)
{
	complaint = buf;
	complaint_size = size;
}


static void usage(FILE *f)
{
	const struct verb *v;

	(void)fputs("usage: sipregctl [-s SOCKET] [--json] [--timeout SEC] "
		    "VERB ...\n\n", f);

	for (v = verbv; v->name; v++) {
		if (v->help)
			(void)fprintf(f, "  %-12s %-6s %s\n", v->name,
				      v->args, v->help);
	}

	(void)fputs("\n"
		    "  -s, --socket SOCKET  default $SIPREGD_SOCKET, else "
		    SOCKET_DEFAULT "\n"
		    "  -j, --json           one JSON document; of a stream one "
		    "a line\n"
		    "  -n, --lines N        history: only the last N events; "
		    "trace: of those\n"
		    "                       kept only the last N messages\n"
		    "      --watch[=SEC]    list: again every SEC (2) seconds\n"
		    "  -w, --warning N      check: WARNING if more accounts "
		    "are in trouble (0)\n"
		    "  -c, --critical N     check: CRITICAL if more cannot be "
		    "called (0)\n"
		    "      --cert-days N    check: WARNING if a certificate "
		    "ends in less (14)\n"
		    "      --past           trace: only what is kept\n"
		    "      --live           trace: only what comes\n"
		    "      --pcap FILE      trace: for Wireshark; - is the "
		    "standard output\n"
		    "  -t, --timeout SEC    how long to wait for the daemon\n"
		    "  -h, --help           this text\n"
		    "  -V, --version        the version\n", f);
}


enum result verb_help(const struct options *opt, int argc, char **argv)
{
	(void)opt;
	(void)argc;
	(void)argv;

	usage(stdout);

	return RESULT_OK;
}


static const char *owners(int option)
{
	unsigned i;

	for (i = 0; ownedv[i].verbs; i++) {
		if (ownedv[i].option == option)
			return ownedv[i].verbs;
	}

	return NULL;
}


static bool is_owner(const char *verbs, const char *verb)
{
	const size_t len = strlen(verb);

	for (; verbs; verbs = strchr(verbs, ','), verbs += verbs ? 1 : 0) {
		if (!strncmp(verbs, verb, len) &&
		    (!verbs[len] || verbs[len] == ','))
			return true;
	}

	return false;
}


/* For the completion of shells: what there is, from one place. A line is
 * "verb NAME ARGUMENTS HELP" or "option NAME LETTER VERBS VALUE", those that
 * alone know it and how it takes a value: = or [=]. What there is not is
 * "-". */
enum result verb_complete(const struct options *opt, int argc, char **argv)
{
	static const char *const valuev[] = {
		[no_argument] = "-", [required_argument] = "=",
		[optional_argument] = "[=]",
	};
	const struct option *o;
	const struct verb *v;
	const char *verbs;

	(void)opt;
	(void)argc;
	(void)argv;

	for (v = verbv; v->name; v++) {
		if (v->help)
			(void)printf("verb %s %s %s\n", v->name,
				     v->args[0] ? v->args : "-", v->help);
	}

	for (o = longv; o->name; o++) {
		verbs = owners(o->val);
		(void)printf("option --%s %c%c %s %s\n", o->name, '-',
			     o->val < OPTION_WATCH ? o->val : '-',
			     verbs ? verbs : "-", valuev[o->has_arg]);
	}

	return RESULT_OK;
}


static const struct verb *verb_find(const char *name)
{
	const struct verb *v;

	for (v = verbv; v->name; v++) {
		if (!strcmp(v->name, name))
			return v;
	}

	return NULL;
}


/* `min` to `max`; else it says so after the option's name. */
static bool number_parse(int *number, const char *s, int min, int max,
			 const char *option)
{
	char *end;
	const long n = strtol(s, &end, 10);

	if (end == s || *end || n < min || n > max) {
		complain("%s: %d to %d", option, min, max);
		return false;
	}

	*number = (int)n;

	return true;
}


static const char *socket_default(void)
{
	const char *path = getenv("SIPREGD_SOCKET");

	return path && path[0] ? path : SOCKET_DEFAULT;
}


/* The verb argv[0], if it may have these arguments; else it says what is
 * wrong. */
static const struct verb *chosen(int argc, char **argv)
{
	const struct verb *v = verb_find(argv[0]);

	if (!v) {
		complain("unknown verb \"%s\", see sipregctl help", argv[0]);
		return NULL;
	}

	if (argc - 1 != v->argc && (argc != 1 || v->args[0] != '[')) {
		complain("usage: sipregctl %s%s%s", v->name,
			 v->argc ? " " : "", v->args);
		return NULL;
	}

	return v;
}


/* `given`: a bit for each of ownedv. */
static bool owns(const struct verb *v, unsigned given)
{
	unsigned i;

	for (i = 0; ownedv[i].verbs; i++) {

		if (!(given & 1u << i) || is_owner(ownedv[i].verbs, v->name))
			continue;

		complain("%s does not know that option, it is for %s", v->name,
			 ownedv[i].verbs);
		return false;
	}

	return true;
}


/* What could not be written was not said: a full disk is a failure. */
static enum result flushed(enum result result)
{
	if (!fflush(stdout) && !ferror(stdout))
		return result;

	complain("cannot write the output");

	return result == RESULT_OK ? RESULT_FAILED : result;
}


/* One option; false: it is wrong, which has been said. */
static bool option_set(struct options *opt, int c, const char *arg)
{
	switch (c) {

	case 's':
		opt->socket = arg;
		return true;

	case 'j':
		opt->json = true;
		return true;

	case 'n':
		return number_parse(&opt->lines, arg, 1, INT_MAX, "--lines");

	case OPTION_WATCH:
		opt->watch = WATCH_DEFAULT;
		return !arg || number_parse(&opt->watch, arg, 1, TIMEOUT_MAX,
					    "--watch [s]");

	case 'w':
		return number_parse(&opt->warning, arg, 0, INT_MAX,
				    "--warning");

	case 'c':
		return number_parse(&opt->critical, arg, 0, INT_MAX,
				    "--critical");

	case OPTION_CERT_DAYS:
		return number_parse(&opt->cert_days, arg, 0, DAYS_MAX,
				    "--cert-days");

	case OPTION_PAST:
		opt->past = true;
		return true;

	case OPTION_LIVE:
		opt->live = true;
		return true;

	case OPTION_PCAP:
		opt->pcap = arg;
		return true;

	case 't':
		return number_parse(&opt->timeout, arg, 1, TIMEOUT_MAX,
				    "--timeout [s]");

	default:
		complain("see sipregctl help");
		return false;
	}
}
static unsigned owned_bit(int option)
{
	unsigned i;

	for (i = 0; ownedv[i].verbs; i++) {
		if (ownedv[i].option == option)
			return 1u << i;
	}

	return 0;
}


static bool called(const char *path, const char *name)
{
	const char *slash = strrchr(path, '/');

	return !strcmp(slash ? slash + 1 : path, name);
}


/* A monitoring system takes the exit status as one of a plugin, where that of a
 * wrong usage means something else. */
static enum result misused(const char *verb)
{
	if (strcmp(verb, "check"))
		return RESULT_USAGE;

	(void)puts("SIPREGD UNKNOWN - wrong usage");

	return (enum result)PLUGIN_UNKNOWN;
}


int main(int argc, char *argv[])
{
	struct options opt = {
		.socket = socket_default(), .cert_days = DAYS_DEFAULT,
	};
	const bool plugin = called(argv[0], PLUGIN);
	const struct verb *v = NULL;
	unsigned given = 0;
	bool good = true;
	int c;

	/* which characters there may be, and nothing else */
	(void)setlocale(LC_CTYPE, "");

	/* to the end, also after a wrong one: the verb is behind them */
	while ((c = getopt_long(argc, argv, "s:jn:w:c:t:hV", longv,
				NULL)) != -1) {

		if (c == 'h')
			return flushed(verb_help(&opt, 0, NULL));
		if (c == 'V')
			return flushed(verb_version(&opt, 0, NULL));

		good = option_set(&opt, c, optarg) && good;
		given |= owned_bit(c);
	}

	/* the place of what has been read is free */
	if (plugin || optind == argc)
		argv[--optind] = (char *)(plugin ? "check" : "list");

	if (good)
		v = chosen(argc - optind, argv + optind);

	if (!v || !owns(v, given))
		return flushed(misused(argv[optind]));

	return flushed(v->h(&opt, argc - optind, argv + optind));
}
