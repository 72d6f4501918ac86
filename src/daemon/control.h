/* The control socket: varlink over a UNIX stream socket. Knows clients, frames
 * limits and permissions; the methods are a table of the owner's. */

#ifndef CONTROL_H
#define CONTROL_H

#include "compat.h"


#define CONTROL_REQUEST_MAX 65536        /* bytes of one request */
#define CONTROL_CLIENTS_MAX 64
#define CONTROL_STREAMS_MAX 32           /* calls that go on; the other clients
					    are left for who asks something */
#define CONTROL_ROOM        65536        /* bytes: with fewer waiting for it a
					    client may be sent more */
#define CONTROL_REPLY_MAX   (16u << 20)  /* bytes of one reply: TooLarge */
#define CONTROL_QUEUE_MAX   (32u << 20)  /* bytes waiting for one client */
#define CONTROL_QUEUES_MAX  (64u << 20)  /* and for all together, but for what
					    is small */
#define CONTROL_INTERFACE   "io.sipregd"

struct control;
struct control_call;             /* one request that is being answered */

/* Parses its parameters (NULL: none given), and answers now or later. */
typedef void (control_method_h)(struct control_call *call,
				const struct odict *parameters, void *arg);

struct control_method {
	const char *name;                /* "List"; one of another interface
					    than CONTROL_INTERFACE in full */
	bool change;                     /* needs permission */
	control_method_h *h;
};

/* Creates the socket at `path` (mode 0660; the directory too if it is missing;
 * a stale socket is replaced, a live one is EADDRINUSE), or takes the one that
 * systemd passed (fdstore.h), wherever it is. methodv ends with a NULL name. */
int control_alloc(struct control **cp, const char *path,
		  const struct control_method *methodv, void *arg);

/* --- of one call. The owner may keep it with mem_ref() and answer later;
 * answers to a client that has gone are dropped. --- */

/* One reply; `parameters` is the JSON text of an object, pos to end.
 * `continues`: more will follow (only if the client said `more`). The last
 * reply ends the call. */
int control_reply(struct control_call *call, const struct mbuf *parameters,
		  bool continues);

/* Ends the call with error "io.sipregd.NAME" (a NAME with a dot in it stands
 * for itself) and one string parameter, or none (key NULL). */
int control_error(struct control_call *call, const char *name,
		  const char *key, const char *value);

/* The same with ready parameters: the JSON text of an object, pos to end. */
int control_error_object(struct control_call *call, const char *name,
			 const struct mbuf *parameters);

/* The client wants several replies, and will get them. */
bool control_more(const struct control_call *call);

/* The call goes on until its client goes: it counts as one of
 * CONTROL_STREAMS_MAX until it is over. False: there are so many, and the call
 * has ended with error Busy. */
bool control_stream(struct control_call *call);

/* Of a call that is kept and goes on: `h` is called once when its client goes
 * before the last reply; from the loop, or from control_reply() and
 * control_error(), which close a client whose queue is full. */
typedef void (control_gone_h)(void *arg);
void control_on_gone(struct control_call *call, control_gone_h *h, void *arg);

/* Bytes of replies that the client has not taken yet. */
size_t control_backlog(const struct control_call *call);

/* Of a call that is kept and goes on: `h` is called, from the loop, when the
 * client has taken some of what waited and fewer than CONTROL_ROOM bytes are
 * left. It may answer, and let go of the call. */
typedef void (control_room_h)(void *arg);
void control_on_room(struct control_call *call, control_room_h *h, void *arg);

/* The client has gone, or the call was answered. */
bool control_over(const struct control_call *call);

#endif
