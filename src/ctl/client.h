/* Calls one method of the daemon and hands out its replies. */

#ifndef CLIENT_H
#define CLIENT_H

#include <sys/types.h>
#include <re.h>
#include "ctl.h"


/* The parameters of one reply: decoded, with nothing in any string that could
 * steer a terminal; and their JSON text as it came. */
struct reply {
	const struct odict *o;
	struct pl json;
};

typedef enum result (client_reply_h)(const struct reply *reply, void *arg);

/* Connects, calls io.sipregd.METHOD with {"name":NAME} (`name` NULL: without)
 * and ends after the last reply, after the first for which `h` does not say
 * RESULT_OK, or when no reply has come for `timeout` seconds (0: there may be
 * none for ever, as of a stream of events; only the daemon is not waited for
 * to take the request; stream_begin() of stream.h comes first, and the end that
 * it knows of is RESULT_OK). With `more` the daemon may send several. What goes
 * wrong is said on stderr. */
enum result client_call(const struct options *opt, int timeout,
			const char *method, const char *name, bool more,
			client_reply_h *h, void *arg);

/* The same with more parameters: members of JSON text that need no escape,
 * "\"past\":true"; "" or NULL: none. */
enum result client_call_with(const struct options *opt, int timeout,
			     const char *method, const char *name,
			     const char *members, bool more,
			     client_reply_h *h, void *arg);

#endif
