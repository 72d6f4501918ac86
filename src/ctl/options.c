/* The options of sipregctl: which there are, and what each verb takes. */

#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include "options.h"

#define SOCKET_DEFAULT "/run/sipregd/control"
#define TIMEOUT_MAX    86400     /* [s] a day */
#define WATCH_DEFAULT  2         /* [s] as watch(1) has it */
#define DAYS_MAX       3650
#define DAYS_DEFAULT   14        /* a certificate is renewed before */

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


/* --- what there is --- */

void options_help(FILE *f)
{
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


void options_list(void)
{
	static const char *const valuev[] = {
		[no_argument] = "-", [required_argument] = "=",
		[optional_argument] = "[=]",
	};
	const struct option *o;
	const char *verbs;

	for (o = longv; o->name; o++) {
		verbs = owners(o->val);
		(void)printf("option --%s %c%c %s %s\n", o->name, '-',
			     o->val < OPTION_WATCH ? o->val : '-',
			     verbs ? verbs : "-", valuev[o->has_arg]);
	}
}


bool options_suit(const struct options *opt, const char *verb)
{
	unsigned i;

	for (i = 0; ownedv[i].verbs; i++) {

		if (!(opt->given & 1u << i) || is_owner(ownedv[i].verbs, verb))
			continue;

		complain("%s does not know that option, it is for %s", verb,
			 ownedv[i].verbs);
		return false;
	}

	return true;
}


/* --- what was given --- */

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


enum asked options_read(struct options *opt, int argc, char **argv)
{
	bool good = true;
	int c;

	*opt = (struct options){
		.socket = socket_default(), .cert_days = DAYS_DEFAULT,
	};

	/* to the end, also after a wrong one: the verb is behind them */
	while ((c = getopt_long(argc, argv, "s:jn:w:c:t:hV", longv,
				NULL)) != -1) {

		if (c == 'h')
			return ASKED_HELP;
		if (c == 'V')
			return ASKED_VERSION;

		good = option_set(opt, c, optarg) && good;
		opt->given |= owned_bit(c);
	}

	return good ? ASKED_VERB : ASKED_WRONG;
}
