/* Runs a hook's program: see hook_run.h. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "hook.h"
#include "hook_run.h"
#include "loop.h"
#include "memfile.h"

#define PATH_DEFAULT "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:" \
	"/sbin:/bin"

enum {
	ENV_MAX = 16,            /* variables */
	ENV_SIZE = 2048,         /* bytes of all that are ours */
};

struct environment {
	char text[ENV_SIZE];
	size_t len;
	char *v[ENV_MAX + 1];
	unsigned c;
};


/* --- what it is told --- */

static void env_add(struct environment *e, const char *name,
		    const char *value)
{
	const size_t size = sizeof(e->text) - e->len;
	char *at = e->text + e->len;
	int n = re_snprintf(at, size, "%s=%s", name, value);

	if (n < 0 || (size_t)n >= size || e->c == ENV_MAX)
		return;

	e->v[e->c++] = at;
	e->len += (size_t)n + 1;
}


/* "unreachable unregistered" */
static void words_print(char *buf, size_t size, uint32_t bits)
{
	const char *word;
	size_t len = 0;
	unsigned i;

	buf[0] = '\0';
	for (i = 0; (word = hook_word(i)) && len < size; i++) {

		if (!(bits & 1u << i))
			continue;

		(void)re_snprintf(buf + len, size - len, "%s%s",
				  len ? " " : "", word);
		len += strlen(buf + len);
	}
}


/* Ours has credentials' directories, sockets and the like in it. */
static void environment_make(struct environment *e,
			     const struct hook_run_news *news)
{
	const struct event *event = news->event;
	const char *path = getenv("PATH");
	char words[256];

	words_print(words, sizeof(words), news->bits);

	env_add(e, "PATH", path && *path ? path : PATH_DEFAULT);
	env_add(e, "LC_ALL", "C.UTF-8");
	env_add(e, "SIPREGD_SOCKET", news->socket);
	env_add(e, "SIPREGD_ACCOUNT", news->account);
	env_add(e, "SIPREGD_ON", words);
	env_add(e, "SIPREGD_EVENT", event_name(event->type));
	env_add(e, "SIPREGD_REASON", reason_name(event->reason));
	env_add(e, "SIPREGD_REGISTERED", event->registered ? "yes" : "no");
	env_add(e, "SIPREGD_REACHABLE", reachable_name(event->reachable));
}


/* A file in memory: it never blocks, however slowly it is read. */
static int input_open(int *fdp, const struct mbuf *input)
{
	const size_t len = mbuf_get_left(input);
	int err, fd;

	err = memfile_open(&fd, "sipregd-hook");
	if (err)
		return err;

	if (write(fd, mbuf_buf(input), len) != (ssize_t)len ||
	    lseek(fd, 0, SEEK_SET)) {
		(void)close(fd);
		return ENOSPC;
	}

	*fdp = fd;

	return 0;
}


/* --- its start --- */

/* Signals as they are for any program: ours are blocked, or ignored. */
static int attr_set(posix_spawnattr_t *attr)
{
	sigset_t none, all;
	int err;

	(void)sigemptyset(&none);
	(void)sigfillset(&all);

	err  = posix_spawnattr_setpgroup(attr, 0);
	err |= posix_spawnattr_setsigmask(attr, &none);
	err |= posix_spawnattr_setsigdefault(attr, &all);
	err |= posix_spawnattr_setflags(attr, POSIX_SPAWN_SETPGROUP |
					POSIX_SPAWN_SETSIGMASK |
					POSIX_SPAWN_SETSIGDEF);

	return err;
}


static int files_set(posix_spawn_file_actions_t *files, int input)
{
	int err;

	err  = posix_spawn_file_actions_adddup2(files, input, STDIN_FILENO);
	err |= posix_spawn_file_actions_addopen(files, STDOUT_FILENO,
						"/dev/null", O_WRONLY, 0);
	err |= posix_spawn_file_actions_addclosefrom_np(files,
							STDERR_FILENO + 1);

	return err;
}


static int spawn(pid_t *pidp, char **argv, char **envv, int input)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	int err;

	err = posix_spawnattr_init(&attr);
	if (err)
		return err;

	err = posix_spawn_file_actions_init(&files);
	if (err)
		goto out;

	if (attr_set(&attr) || files_set(&files, input))
		err = ENOMEM;
	else
		err = posix_spawn(pidp, argv[0], &files, &attr, argv, envv);

	(void)posix_spawn_file_actions_destroy(&files);

 out:
	(void)posix_spawnattr_destroy(&attr);

	return err;
}


int hook_run_start(struct hook_run *r, const struct hook_conf *conf,
		   const struct hook_run_news *news, const struct mbuf *input)
{
	struct environment env = {.len = 0};
	int err, fd;
	pid_t pid;

	environment_make(&env, news);
	err = input_open(&fd, input);
	if (err)
		return err;

	err = spawn(&pid, conf->execv, env.v, fd);
	(void)close(fd);
	if (err)
		return err;

	r->pid = pid;
	r->late = false;
	timer_start(&r->timer, loop_now() + conf->timeout);

	return 0;
}


/* --- its end --- */

/* With whatever it has started itself. */
static void late_handler(void *arg)
{
	struct hook_run *r = arg;

	(void)kill(-r->pid, r->late ? SIGKILL : SIGTERM);
	if (!r->late)
		timer_start(&r->timer, loop_now() + HOOK_RUN_GRACE);

	r->late = true;
}


void hook_run_init(struct hook_run *r)
{
	r->pid = 0;
	timer_init(&r->timer, late_handler, r);
}


void hook_run_ended(struct hook_run *r, int status, char *why, size_t size)
{
	timer_cancel(&r->timer);
	r->pid = 0;

	if (r->late)
		(void)re_snprintf(why, size, "out of time, it was ended");
	else if (WIFSIGNALED(status))
		(void)re_snprintf(why, size, "ended by signal %d",
				  WTERMSIG(status));
	else if (WEXITSTATUS(status))
		(void)re_snprintf(why, size, "exit status %d",
				  WEXITSTATUS(status));
	else
		why[0] = '\0';
}


void hook_run_end(struct hook_run *r)
{
	if (!r->pid || r->late)
		return;

	timer_cancel(&r->timer);
	late_handler(r);
}


void hook_run_close(struct hook_run *r)
{
	timer_cancel(&r->timer);
	if (r->pid)
		(void)kill(-r->pid, SIGKILL);

	r->pid = 0;
}
