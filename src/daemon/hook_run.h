/* One run of a hook: starts the program, and ends it when it takes too long. */

#ifndef HOOK_RUN_H
#define HOOK_RUN_H

#include <sys/types.h>
#include "config.h"
#include "timer.h"


/* Between SIGTERM and SIGKILL, for a program that is out of time. */
#define HOOK_RUN_GRACE SECONDS(2)

/* What the program is told beside its input, by its environment. */
struct hook_run_news {
	const char *account;
	const char *socket;              /* of sipregctl */
	uint32_t bits;                   /* HOOK_*: SIPREGD_ON */
	const struct event *event;
};

struct hook_run {
	pid_t pid;                       /* 0: it does not run */
	struct timer timer;
	bool late;                       /* it was told to end */
};


void hook_run_init(struct hook_run *r);

/* Starts it: no shell, a process group of its own, no descriptor of ours but
 * stderr, an environment that is made for it, and `input` to read from (pos to
 * end). errno values; *r is not running then. */
int hook_run_start(struct hook_run *r, const struct hook_conf *conf,
		   const struct hook_run_news *news, const struct mbuf *input);

/* It was waited for. What went wrong in words; "" if it went well. */
void hook_run_ended(struct hook_run *r, int status, char *why, size_t size);

/* If it runs its time is over now: it is ended as one that is out of time. */
void hook_run_end(struct hook_run *r);

/* If it runs it is killed: nobody looks after it any more. */
void hook_run_close(struct hook_run *r);

#endif
