/* The SIP messages of an account as they were on the wire, but for secrets
 * (mask.h): told to whoever watches, and the last ones kept to look back.
 *
 * A trace belongs to the name of an account: it goes on when a reload changes
 * its settings, and while somebody watches even when the account goes and comes
 * back. What was on the wire is masked before anybody sees it or it is kept.
 *
 * The memory of all rings is bounded by TRACE_BUDGET, and what one may have is
 * halved until all fit; with so many accounts that less than TRACE_SHARE_MIN is
 * left nothing is kept at all. */

#ifndef TRACE_H
#define TRACE_H

#include "addr.h"
#include "compat.h"
#include "mask.h"
#include "net.h"


#define TRACE_BUDGET    (16u << 20)      /* bytes of all rings; beside each
					    are 520 of what was learned */
#define TRACE_SHARE_MAX 16384    /* bytes of one: six registrations */
#define TRACE_SHARE_MIN 2048     /* less does not hold one registration */
#define TRACE_TEXT_MAX  65536    /* bytes of one message, as frame.h */

struct traces;                   /* all of them, and the budget */
struct trace_ring;
struct trace_learned;

struct trace {
	struct traces *traces;
	const size_t *share;             /* bytes of a ring; 0: none is kept */
	struct list watchl;
	struct trace_ring *ring;         /* NULL: nothing was kept yet */
	struct trace_learned *learned;   /* NULL: nothing yet */
};

struct trace_message {
	int64_t at_usec;                 /* CLOCK_REALTIME */
	struct addr local, remote;
	uint32_t length;                 /* bytes on the wire, */
	uint32_t textc;                  /* and of what is left of it */
	uint8_t transport;               /* enum transport */
	uint8_t flow;                    /* 1 ..., as status has it */
	bool sent;                       /* else received */
	bool stranger;                   /* UDP, from somebody who may not speak
					    to us: dropped */
};

/* `text` is valid until the handler returns, and has a zero behind it. m NULL:
 * the daemon ends, no more will come. The handler may end its own watch. */
typedef void (trace_message_h)(const struct trace_message *m, const char *text,
			       void *arg);

int traces_alloc(struct traces **tsp);
/* Tells all who watch that no more will come. ts may be NULL. */
void traces_end(struct traces *ts);

/* The one that somebody watches under this name, else a new one. */
int trace_get(struct trace **tp, struct traces *ts, const char *name);

/* What is kept, the oldest first; not more than the last `max`, 0: all. */
void trace_past(const struct trace *t, size_t max, trace_message_h *h,
		void *arg);
/* Is anything kept of accounts at all? */
bool trace_keeps(const struct trace *t);


/* --- whoever watches --- */

/* Inside its owner; zero it first. */
struct trace_watch {
	struct le le;                    /* of the trace */
	struct le all;
	struct trace *trace;             /* a reference */
	char *name;
	trace_message_h *h;
	void *arg;
};

int trace_watch_start(struct trace_watch *w, struct trace *t, const char *name,
		      trace_message_h *h, void *arg);
void trace_watch_stop(struct trace_watch *w);    /* also of zeroes */


/* --- where messages come from --- */

/* Whose messages a socket carries. */
struct tap {
	struct trace *trace;             /* NULL: nobody's */
	/* the secrets of the account as they are now, for mask_add() */
	void (*secretsh)(struct mask *m, void *arg);
	void *arg;
	uint8_t flow;
};

/* Is it of any use to tell it a message? */
static inline bool tap_open(const struct tap *tap)
{
	return tap && tap->trace &&
		(*tap->trace->share || tap->trace->watchl.head);
}

/* A message left or came. All of *m but the time, the flow and the lengths is
 * the caller's to fill. */
void tap_message(const struct tap *tap, struct trace_message *m,
		 const uint8_t *buf, size_t len);

#endif
