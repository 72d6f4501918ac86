/* Reads the ACCOUNT of List and Status. */

#ifndef ACCOUNT_H
#define ACCOUNT_H

#include <sys/types.h>
#include <re.h>
#include "text.h"


/* A string member; "-" if it is null, empty or not there. `o` may be NULL. */
const char *account_string(const struct odict *o, const char *key);

/* "yes" or "no" */
const char *account_registered(const struct odict *a);
enum colour account_registered_colour(const struct odict *a);
enum colour account_reachable_colour(const struct odict *a);

/* At a glance, in one column: can it be called? In the colour of
 * account_mark_colour(). */
const char *account_mark(const struct odict *a);
enum colour account_mark_colour(const struct odict *a);

/* Nobody wants it to be registered: disabled, or paused by the operator. */
bool account_unwanted(const struct odict *a);

/* The verdict is what it is since the later of its two halves came; -1. [us] */
int64_t account_since(const struct odict *a);

/* "PREFIX TIME (23m12s ago)" of a member that is a time; empty if that is not
 * known. */
#define ACCOUNT_MOMENT 80        /* bytes; a prefix has 16 at most */
const char *account_moment(char buf[ACCOUNT_MOMENT], const char *prefix,
			   const struct odict *o, const char *key);

/* The flow that counts: the first that is up and has a registration, else the
 * first with one of both, else the first; NULL: none. */
const struct odict *account_flow(const struct odict *a);

#endif
