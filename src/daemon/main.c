/* sipregd: options, start, signals, end. */

#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>
#include "compat.h"
#include "config.h"
#include "control.h"
#include "daemon.h"
#include "fdstore.h"
#include "log.h"
#include "loop.h"
#include "methods.h"
#include "secret.h"
#include "service.h"
#include "service_text.h"
#include "tls.h"


struct options {
	const char *file;
	bool check, print, debug, version;
};

static struct daemon *the_daemon;        /* for the signal handler only */
static bool stopping, restarting;


static void usage(FILE *f)
{
	(void)fputs("usage: sipregd [-c FILE] [-t] [-n] [-d] [-V]\n"
		    "  -c FILE  configuration (default " CONFIG_FILE ")\n"
		    "  -t       check the configuration and exit\n"
		    "  -n       print the effective configuration and exit\n"
		    "  -d       debug log to stderr\n"
		    "  -V       print the version and exit\n", f);
}


/* 0, or EINVAL after a word on stderr. */
static int parse(struct options *o, int argc, char *argv[])
{
	int c;

	*o = (struct options){.file = CONFIG_FILE};

	while ((c = getopt(argc, argv, "c:tndVh")) != -1) {

		switch (c) {

		case 'c': o->file = optarg;   break;
		case 't': o->check = true;    break;
		case 'n': o->print = true;    break;
		case 'd': o->debug = true;    break;
		case 'V': o->version = true;  break;
		case 'h': usage(stdout);      exit(EXIT_SUCCESS);
		default:  usage(stderr);      return EINVAL;
		}
	}

	if (optind < argc) {
		(void)fprintf(stderr, "sipregd: unexpected argument '%s'\n",
			      argv[optind]);
		usage(stderr);
		return EINVAL;
	}

	return 0;
}


/* For -t and -n: a message is what the user asked for, not a log line. */
static void print_handler(bool error, const char *text, void *arg)
{
	(void)arg;
	(void)fprintf(stderr, "%s%s\n", text, error ? "" : " (warning)");
}


static void log_handler(bool error, const char *text, void *arg)
{
	if (error)
		refusal_add(arg, text);

	log_line(error ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING, NULL, "%s",
		 text);
}


static int check(const struct options *o)
{
	struct config *config = NULL;
	int err;

	err = config_check(&config, o->file, print_handler, NULL);
	if (!err && o->print)
		(void)re_printf("%H", config_print, config);

	mem_deref(config);
	if (err && err != EINVAL)
		(void)fprintf(stderr, "sipregd: %s\n", strerror(err));

	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}


static void stopped_handler(void *arg)
{
	(void)arg;
	loop_stop();
}


static void stop(const char *why)
{
	if (stopping) {
		log_notice(NULL, "%s again: leaving at once", why);
		loop_stop();
		return;
	}

	stopping = true;
	log_notice(NULL, "%s: un-registering", why);
	service_stopping();
	daemon_stop(the_daemon, stopped_handler, NULL);
}


/* The next process goes on, or refreshes the bindings. */
static void restart(void)
{
	if (stopping)
		loop_stop();
	if (stopping || restarting)
		return;

	restarting = true;
	log_notice(NULL, "SIGUSR2: leaving, bindings stay");
	service_stopping();
	daemon_hand_over(the_daemon, stopped_handler, NULL);
}


static void reload(void)
{
	struct reload_outcome outcome;

	log_notice(NULL, "SIGHUP: reading the configuration again");

	/* how it went is in the log by then */
	if (daemon_reload(the_daemon, &outcome, NULL, NULL) == EBUSY)
		log_notice(NULL, "not while stopping");
}


/* Who loses its parent becomes a child of pid 1, which we are in a container.
 * This is the one place that waits for children. */
static void reap(void)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		daemon_reaped(the_daemon, pid, status);
}


static void signal_handler(int sig, void *arg)
{
	(void)arg;

	switch (sig) {

	case SIGTERM:
	case SIGINT:
		stop(sig == SIGTERM ? "SIGTERM" : "SIGINT");
		break;

	case SIGUSR2:
		restart();
		break;

	case SIGHUP:
		reload();
		break;

	case SIGCHLD:
		reap();
		break;

	default:
		break;
	}
}


/* It stays in sight of `systemctl status` after the end, and the exit status is
 * the RestartPreventExitStatus= of the unit: a mistake in a file does not go
 * away by itself. */
static int refused(const struct refusal *refusal)
{
	char text[SERVICE_TEXT_MAX];

	refusal_text(text, sizeof(text), "configuration", refusal);
	service_status(text);

	return EX_CONFIG;
}


/* From here on errors go to the log. The exit status. */
static int run(const struct options *o)
{
	struct control *control = NULL;
	struct config *config = NULL;
	struct refusal refusal = {0};
	int err, status = EXIT_FAILURE;

	err = config_load(&config, o->file, log_handler, &refusal);
	if (err) {
		if (err == EINVAL)
			status = refused(&refusal);
		else
			log_error(NULL, "cannot start: %s", strerror(err));
		goto out;
	}

	log_set_level(o->debug ? LOG_LEVEL_DEBUG : config->log_level);
	secret_tell();

	fdstore_init();
	err = daemon_alloc(&the_daemon, config);
	if (err) {
		log_error(NULL, "cannot start: %s", strerror(err));
		goto out;
	}

	err = control_alloc(&control, config->control_socket, methods,
			    the_daemon);
	if (err) {
		log_error(NULL, "control socket %s: %s",
			  config->control_socket, strerror(err));
		goto out;
	}

	err = service_init();
	if (err) {
		log_error(NULL, "cannot start: %s", strerror(err));
		goto out;
	}

	log_notice(NULL, "sipregd " VERSION ", %zu accounts",
		   config->accountc);
	if (o->debug)
		daemon_fix_log_level(the_daemon);

	/* a reload is to free it */
	config = mem_deref(config);
	daemon_start(the_daemon);
	fdstore_close();
	service_ready();

	err = loop_run();
	log_notice(NULL, "stopped");
	if (!err)
		status = EXIT_SUCCESS;

 out:
	service_close();
	/* the agents first: who waits for one of them is told that it ended */
	the_daemon = mem_deref(the_daemon);
	mem_deref(control);
	mem_deref(config);

	return status;
}


/* Where one of the three is closed, what is opened next would take its place:
 * a peer, or the state's file, would get the log. */
static void open_closed(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);

	if (fd >= 0)
		(void)close(fd);
}


int main(int argc, char *argv[])
{
	struct options o;
	int err, status;

	open_closed();

	if (parse(&o, argc, argv))
		return 2;

	if (o.version) {
		(void)puts("sipregd " VERSION);
		return EXIT_SUCCESS;
	}

	secret_wipe_freed();

	/* signals wait from here on, and nothing secret is known before */
	err = loop_init(signal_handler, NULL);
	if (err) {
		(void)fprintf(stderr, "sipregd: cannot start: %s\n",
			      strerror(err));
		return EXIT_FAILURE;
	}

	secret_init();
	if (o.debug)
		log_set_level(LOG_LEVEL_DEBUG);

	reap();          /* who ended before there was anybody to be told */
	status = o.check || o.print ? check(&o) : run(&o);

	tls_close();
	loop_close();

	return status;
}
