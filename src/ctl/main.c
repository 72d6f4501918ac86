/* sipregctl: asks a running sipregd, and shows what it says. */

#include <fcntl.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "options.h"

#define PLUGIN "check_sipregd"

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

	options_help(f);
}


enum result verb_help(const struct options *opt, int argc, char **argv)
{
	(void)opt;
	(void)argc;
	(void)argv;

	usage(stdout);

	return RESULT_OK;
}


/* For the completion of shells: what there is, from one place. A line is
 * "verb NAME ARGUMENTS HELP", or as options_list() has it. What there is not is
 * "-". */
enum result verb_complete(const struct options *opt, int argc, char **argv)
{
	const struct verb *v;

	(void)opt;
	(void)argc;
	(void)argv;

	for (v = verbv; v->name; v++) {
		if (v->help)
			(void)printf("verb %s %s %s\n", v->name,
				     v->args[0] ? v->args : "-", v->help);
	}

	options_list();

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


/* What could not be written was not said: a full disk is a failure. */
static enum result flushed(enum result result)
{
	if (!fflush(stdout) && !ferror(stdout))
		return result;

	complain("cannot write the output");

	return result == RESULT_OK ? RESULT_FAILED : result;
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


/* Where one of the three is closed, what is opened next would take its place:
 * the daemon would get our output for requests. Writing fails as it did. */
static void open_closed(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO);

	if (fd >= 0)
		(void)close(fd);
}


int main(int argc, char *argv[])
{
	const bool plugin = called(argv[0], PLUGIN);
	const struct verb *v = NULL;
	struct options opt;
	enum asked asked;

	open_closed();

	/* which characters there may be, and nothing else */
	(void)setlocale(LC_CTYPE, "");

	asked = options_read(&opt, argc, argv);
	if (asked == ASKED_HELP)
		return flushed(verb_help(&opt, 0, NULL));
	if (asked == ASKED_VERSION)
		return flushed(verb_version(&opt, 0, NULL));

	/* the place of what has been read is free */
	if (plugin || optind == argc)
		argv[--optind] = (char *)(plugin ? "check" : "list");

	if (asked == ASKED_VERB)
		v = chosen(argc - optind, argv + optind);

	if (!v || !options_suit(&opt, v->name))
		return flushed(misused(argv[optind]));

	return flushed(v->h(&opt, argc - optind, argv + optind));
}
