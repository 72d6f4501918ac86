/* Hooks: programs of the operator's that are told what happens to accounts.
 * core/hook.h says when, hook_run.c runs them. */

#ifndef HOOKS_H
#define HOOKS_H

#include <sys/types.h>
#include "config.h"


#define HOOKS_AT_ONCE 4          /* programs that run; the others wait */

struct hooks;

/* Writes members of an object, with a comma before them if need be, that tell
 * of the account with this name as it is now. */
typedef int (hooks_tell_h)(struct mbuf *mb, const char *account,
			   const struct event *e, void *arg);

/* The hooks of `config`, of which a reference is kept. ENOMEM */
int hooks_alloc(struct hooks **hp, struct config *config, hooks_tell_h *h,
		void *arg);

/* Those of another one. If they are the same they go on, else they begin anew:
 * taking all accounts for well, and what runs is ended, by force if need be, and
 * counts until it is gone. ENOMEM, and nothing has changed. */
int hooks_set_config(struct hooks *h, struct config *config);

/* *e has happened to the account with this name. */
void hooks_event(struct hooks *h, const char *account, const struct event *e);

/* There is no such account any more: nothing more is told of it, and one that
 * gets its name is another one. */
void hooks_forget(struct hooks *h, const char *account);

/* A child of ours has ended, with `status` as of waitpid(2). */
void hooks_reaped(struct hooks *h, pid_t pid, int status);

/* Nothing is news any more; what runs is told to end, and is killed with the
 * last of this. */
void hooks_stop(struct hooks *h);

#endif
