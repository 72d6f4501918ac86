/* Are two accounts the same? By the table of keys, so that a key that is added
 * there is compared without a word here. */

#ifndef CONFIG_EQUAL_H
#define CONFIG_EQUAL_H

#include "config.h"


/* The name of the first key whose value is another one, or NULL: both mean the
 * same. Defaults count as written, secrets by what they are, whatever file they
 * came from. Where in which file the account stands does not count, and
 * neither does what a file of tls.* holds: that is read for each flow. */
const char *account_conf_difference(const struct account_conf *a,
				    const struct account_conf *b);

/* Of every value that account_conf_difference() compares but the secrets, and
 * of the instance that the account registers with: who has the same may go on
 * with the same flow and binding, be it another process. The order of a list's
 * elements counts. No secret can be guessed from it. */
uint64_t account_conf_hash(const struct account_conf *a, const char *instance);

/* Do both make the same binding at the same registrar (RFC 3261 §10.3)? */
bool account_conf_same_binding(const struct account_conf *a,
			       const struct account_conf *b);

/* Are they the same to the registrar's digest? */
bool account_conf_same_credentials(const struct account_conf *a,
				   const struct account_conf *b);

/* Wherever they stand in the file. */
bool hook_conf_equal(const struct hook_conf *a, const struct hook_conf *b);

/* The same for a global key's row. */
bool config_value_equal(const struct config *a, const struct config *b,
			const char *name);

#endif
