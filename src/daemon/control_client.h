/* One client of the control socket: its descriptor and its two buffers. */

#ifndef CONTROL_CLIENT_H
#define CONTROL_CLIENT_H

#include "clock.h"
#include "control.h"
#include "loop.h"
#include "peer.h"

struct client;

/* A whole request, without its end mark. `text` NULL: too long a one. */
typedef void (client_request_h)(struct client *cl, const char *text,
				size_t len, char end);

/* Of the client whose `call` is being answered: it has gone; it has taken some
 * of the replies. */
typedef void (client_call_h)(struct control_call *call);

struct client {
	struct le le;
	struct io io;
	struct peer peer;
	struct control *control;
	struct control_call *call;       /* being answered: no other request is
					    taken up; control.c's to set */
	client_request_h *requesth;
	client_call_h *goneh;
	client_call_h *roomh;
	struct mbuf *rx;         /* from pos: input not yet taken up */
	struct mbuf *tx;         /* from pos: replies not yet sent */
	msec_t since;            /* tx has not been empty; NEVER: it is */
	int flags;               /* what is watched */
	bool again;              /* rx may hold a whole request, which waits for
				    the next turn of the loop */
	bool eof;                /* it will send no more, but may read */
	bool closing;            /* to be closed when tx has left */
	bool closed;             /* only its memory is left */
};


/* Takes `fd` over and puts the client at the end of `list`, which keeps it
 * until it is closed. errno values, `fd` then stays the caller's. */
int client_alloc(struct list *list, struct control *control, int fd,
		 client_request_h *requesth, client_call_h *goneh,
		 client_call_h *roomh);

/* May be called from anywhere, a request handler too. */
void client_close(struct client *cl);

/* What can leave at once leaves, before a client_close(). */
void client_last_words(struct client *cl);

/* Puts one message in the queue: `head`, then `body` (pos to end), `tail` and
 * the end mark. If it cannot, the client is closed: half a message would spoil
 * all that follow. EOVERFLOW: CONTROL_QUEUE_MAX; ENOMEM. */
int client_queue(struct client *cl, const char *head, const struct mbuf *body,
		 const char *tail, char end);

/* `call` was answered: goes on with the next request, from the loop. */
void client_resume(struct client *cl);

#endif
