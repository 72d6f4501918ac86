/* What register, reconnect, pause and resume share: to ask, to wait for the
 * outcome, and to say it in one line. */

#ifndef ACT_H
#define ACT_H

#include <sys/types.h>
#include <re.h>
#include "ctl.h"

#define ACT_TIMEOUT 40           /* [s]: Timer F (32 s, RFC 3261 §17.1.2.2) and
				    some for DNS and the connection */


/* Prints what has become of the account, after its name and a colon. */
typedef void (act_say_h)(const struct odict *outcome, bool ok);

/* Calls `method` for the account `name`. RESULT_FAILED if the outcome is not
 * "ok"; else as client_call(). */
enum result act(const struct options *opt, int timeout, const char *method,
		const char *name, act_say_h *sayh);

/* Is it registered, and if not, why? */
act_say_h act_say_registered;

#endif
