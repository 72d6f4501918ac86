/* What the daemon's unit tests share: a running loop per test, and waiting for
 * an outcome instead of sleeping. */

#ifndef HARNESS_H
#define HARNESS_H

#include <check.h>
#include <stdbool.h>
#include "loop.h"


/* A Check fixture (checked: Check runs each test in a process of its own). */
void harness_setup(void);
void harness_teardown(void);

/* [ms] What should take so long may take longer under a checker: times
 * CK_TIMEOUT_MULTIPLIER, as Check's own limits. */
unsigned harness_patience(unsigned msec);

/* Runs the loop until `done` holds, or until harness_patience(msec) has passed.
 * What `done` says in the end. */
bool harness_wait(bool (*done)(void *), void *arg, unsigned msec);

/* Runs the loop for so long, to show that nothing happens. */
void harness_run(unsigned msec);

/* `done` for a flag and for a counter that is no longer 0. */
bool harness_flag(void *arg);            /* arg: bool * */
bool harness_count(void *arg);           /* arg: unsigned * */

#endif
