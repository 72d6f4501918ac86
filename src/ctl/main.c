/* sipregctl: asks a running sipregd, and shows what it says. */

#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ctl.h"

#define SOCKET_DEFAULT "/run/sipregd/control"
#define TIMEOUT_MAX    86400     /* [s] a day */

struct verb {
	const char *name;
	const char *args;
	const char *help;
	int argc;                /* arguments after the verb */
	verb_h *h;
	int more;                /* arguments that may follow those */
};

static const struct verb verbv[] = {
	{"list",         "",     "all accounts in a table (without a verb, "
	 "too)", 0, verb_list},
	{"status",       "NAME", "the whole story of one account", 1,
	 verb_status},
	{"history",      "NAME", "what has happened to it, and why", 1,
	 verb_history},
	{"monitor",      "[NAME]", "what happens, as it happens", 0,
	 verb_monitor, .more = 1},
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
	{"reload",       "",     "read the configuration again", 0,
	 verb_reload},
	{"ping",         "",     "is the daemon there?", 0, verb_ping},
	{"version",      "",     "the version of this program", 0,
	 verb_version},
	{"help",         "",     "this list", 0, verb_help},
	{NULL},
};


void complain(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)fputs("sipregctl: ", stderr);
	(void)vfprintf(stderr, fmt, ap);
	(void)fputc('\n', stderr);
	va_end(ap);
}


static void usage(FILE *f)
{
	const struct verb *v;

	(void)fputs("usage: sipregctl [-s SOCKET] [--json] [--timeout SEC] "
		    "VERB ...\n\n", f);

	for (v = verbv; v->name; v++)
		(void)fprintf(f, "  %-12s %-6s %s\n", v->name, v->args,
			      v->help);

	(void)fputs("\n"
		    "  -s, --socket SOCKET  default $SIPREGD_SOCKET, else "
		    SOCKET_DEFAULT "\n"
		    "  -j, --json           one JSON document; of a stream one "
		    "a line\n"
		    "  -n, --lines N        history: only the last N events\n"
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


static const struct verb *verb_find(const char *name)
{
	const struct verb *v;

	for (v = verbv; v->name; v++) {
		if (!strcmp(v->name, name))
			return v;
	}

	return NULL;
}


/* 1 to `max`; else it says so after the option's name. */
static bool number_parse(int *number, const char *s, int max,
			 const char *option)
{
	char *end;
	const long n = strtol(s, &end, 10);

	if (end == s || *end || n < 1 || n > max) {
		complain("%s: 1 to %d", option, max);
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


static enum result run(const struct options *opt, int argc, char **argv)
{
	static char *listv[] = {(char *)"list", NULL};
	const struct verb *v;

	if (!argc) {
		argc = 1;
		argv = listv;
	}

	v = verb_find(argv[0]);
	if (!v) {
		complain("unknown verb \"%s\", see sipregctl help", argv[0]);
		return RESULT_USAGE;
	}

	if (argc - 1 < v->argc || argc - 1 > v->argc + v->more) {
		complain("usage: sipregctl %s%s%s", v->name,
			 v->args[0] ? " " : "", v->args);
		return RESULT_USAGE;
	}

	if (opt->lines && v->h != verb_history) {
		complain("--lines is for history");
		return RESULT_USAGE;
	}

	return v->h(opt, argc, argv);
}


/* What could not be written was not said: a full disk is a failure. */
static enum result flushed(enum result result)
{
	if (!fflush(stdout) && !ferror(stdout))
		return result;

	complain("cannot write the output");

	return result == RESULT_OK ? RESULT_FAILED : result;
}


int main(int argc, char *argv[])
{
	static const struct option longv[] = {
		{"socket",  required_argument, NULL, 's'},
		{"json",    no_argument,       NULL, 'j'},
		{"lines",   required_argument, NULL, 'n'},
		{"timeout", required_argument, NULL, 't'},
		{"help",    no_argument,       NULL, 'h'},
		{"version", no_argument,       NULL, 'V'},
		{NULL, 0, NULL, 0},
	};
	struct options opt = {.socket = socket_default()};
	int c;

	while ((c = getopt_long(argc, argv, "s:jn:t:hV", longv, NULL)) != -1) {

		switch (c) {

		case 's':
			opt.socket = optarg;
			break;

		case 'j':
			opt.json = true;
			break;

		case 'n':
			if (!number_parse(&opt.lines, optarg, INT_MAX,
					  "--lines"))
				return RESULT_USAGE;
			break;

		case 't':
			if (!number_parse(&opt.timeout, optarg, TIMEOUT_MAX,
					  "--timeout [s]"))
				return RESULT_USAGE;
			break;

		case 'h':
			return flushed(verb_help(&opt, 0, NULL));

		case 'V':
			return flushed(verb_version(&opt, 0, NULL));

		default:
			usage(stderr);
			return RESULT_USAGE;
		}
	}

	return flushed(run(&opt, argc - optind, argv + optind));
}
