/* What all verbs of sipregctl share. */

#ifndef CTL_H
#define CTL_H

#include <stdbool.h>
#include <stddef.h>


/* Exit codes: scripts rely on them. */
enum result {
	RESULT_OK = 0,
	RESULT_FAILED = 1,       /* or the condition is false */
	RESULT_USAGE = 2,
	RESULT_UNREACHABLE = 3,  /* the daemon */
	RESULT_NO_ACCOUNT = 4,
	RESULT_NOT_PERMITTED = 5,
	RESULT_TIMEOUT = 6,
};

/* What check exits with instead, as all monitoring plugins do. */
enum plugin {
	PLUGIN_OK,
	PLUGIN_WARNING,
	PLUGIN_CRITICAL,
	PLUGIN_UNKNOWN,
};

struct options {
	const char *socket;
	bool json;
	int timeout;             /* [s]; 0: the verb's own */
	int lines;               /* history, trace: only so many; 0: all */
	int watch;               /* list: [s] between pictures; 0: only one */
	int warning, critical;   /* check: so many accounts may be in trouble */
	int cert_days;           /* check: a certificate should last longer */
	bool past, live;         /* of trace: only that */
	const char *pcap;        /* trace: the file; NULL: shown */
	unsigned given;          /* of those that not all verbs know, as
				    options_suit() has them */
};

/* argv[0] is the verb; the number of arguments has been checked. */
typedef enum result (verb_h)(const struct options *opt, int argc, char **argv);

verb_h verb_bindings;
verb_h verb_check;
verb_h verb_complete;            /* main.c */
verb_h verb_diagnose;
verb_h verb_help;                /* main.c */
verb_h verb_history;
verb_h verb_list;
verb_h verb_metrics;
verb_h verb_monitor;
verb_h verb_nat;
verb_h verb_pause;
verb_h verb_ping;
verb_h verb_probe;
verb_h verb_purge_ghosts;        /* bindings.c */
verb_h verb_reconnect;
verb_h verb_register;
verb_h verb_reload;
verb_h verb_resume;
verb_h verb_status;
verb_h verb_trace;
verb_h verb_version;

/* One line to stderr, after the program's name. */
void complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* From now on what is complained of goes into `buf` instead, the last of it,
 * without the program's name. */
void complain_into(char *buf, size_t size);

#endif
