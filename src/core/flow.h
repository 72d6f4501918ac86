/* The life of one flow (RFC 5626): one connection, or one UDP 5-tuple, from
 * the connect to its end, and the pings and pongs that tell whether it lives.
 *
 *   CONNECTING -> UP -> PROVEN <-> SUSPECT -> DOWN
 *
 * UP is connected; PROVEN is a 200 to a REGISTER and then an answer to a
 * keepalive (RFC 5626 §4.5); SUSPECT is an answer overdue; DOWN is final: a
 * new flow is a new object. Proof before punishment: a flow is judged by
 * missing pongs only if it has ponged before or the server promised to;
 * otherwise it is asked with an OPTIONS, to which any answer is life. */

#ifndef FLOW_H
#define FLOW_H

#include <stdbool.h>
#include <stdint.h>
#include "backoff.h"
#include "clock.h"
#include "verdict.h"


#define FLOW_CONNECT_MAX   SECONDS(10)   /* DESIGN §4, handshake included */
#define FLOW_MESSAGE_MAX   SECONDS(10)   /* first to last byte of a message */
#define FLOW_INTERVAL_STREAM SECONDS(30)
#define FLOW_INTERVAL_UDP  SECONDS(25)   /* RFC 5626 §4.4.2: 24 to 29 s */
#define FLOW_INTERVAL_MIN  SECONDS(1)
#define FLOW_PONG_TIMEOUT  SECONDS(10)   /* RFC 5626 §4.4.1 */
#define FLOW_OVERDUE_MIN   SECONDS(1)    /* suspect not before ... */
#define FLOW_OVERDUE_RTTS  4             /* ... so many round trips either */
#define FLOW_UDP_TRIES     3500          /* [ms] timer E: 0, .5, 1.5, 3.5 s */
#define FLOW_FIRST_PING    SECONDS(1)    /* after the first 200 */

enum flow_state {
	FLOW_CONNECTING,
	FLOW_UP,
	FLOW_PROVEN,
	FLOW_SUSPECT,
	FLOW_DOWN,
};

const char *flow_state_name(enum flow_state s);

enum keepalive_method {
	KEEPALIVE_AUTO,          /* streams: CRLF; UDP: OPTIONS, else CRLF */
	KEEPALIVE_CRLF,
	KEEPALIVE_OPTIONS,
	KEEPALIVE_STUN,
	KEEPALIVE_REGISTER,      /* the refresh itself, every interval */
};

const char *keepalive_method_name(enum keepalive_method m);

/* What to do now: bits, carried out in this order. */
enum {
	FLOW_SEND_CRLF    = 1 << 0,  /* CRLFCRLF */
	FLOW_SEND_OPTIONS = 1 << 1,
	FLOW_VERIFY       = 1 << 2,  /* its registrations should REGISTER now */
	FLOW_NOW_PROVEN   = 1 << 3,  /* it just became so: failures are over */
	FLOW_CLOSE        = 1 << 4,  /* it is DOWN, reason in flow->reason */
};

struct flow_policy {
	bool stream;             /* known once the name is resolved */
	enum keepalive_method method;
	msec_t interval;         /* configured [ms], 0: automatic */
	msec_t pong_timeout;     /* [ms] */
};

struct flow {
	struct flow_policy policy;
	struct rng rng;
	uint8_t state;           /* enum flow_state */
	uint8_t asking;          /* enum keepalive_method in use: CRLF, ... */
	bool registered;         /* a 200 came over it: keepalive goes on */
	bool pinged;             /* a CRLF ping has no CRLF yet */
	bool ponged;             /* it has answered a CRLF ping */
	bool promised;           /* the server said that it will */
	bool proven;             /* and so it returns from SUSPECT to PROVEN */
	bool answers_options;
	bool waiting;            /* a ping is out and unanswered */
	bool asked;              /* ... and an OPTIONS after it */
	enum reason reason;      /* why DOWN */
	msec_t up_at;            /* NEVER before */
	msec_t ping_at;          /* when the last ping was sent */
	msec_t life_at;          /* last sign of life */
	msec_t next_ping;        /* deadlines, NEVER: none */
	msec_t overdue_at;
	msec_t dead_at;
	msec_t whole_by;         /* a message that has begun; NEVER: none */
	msec_t server_interval;  /* Flow-Timer, keep= [ms]; 0: none named */
	msec_t rtt;              /* smoothed [ms]; 0: not measured */
	uint32_t rtt_usec;       /* the last one, for people */
	uint32_t pongs;
};


void flow_init(struct flow *f, const struct flow_policy *p, uint64_t seed,
	       msec_t now);

/* Facts; each returns what to do. */
unsigned flow_on_connected(struct flow *f, msec_t now);
unsigned flow_on_registered(struct flow *f, msec_t now);
/* What a 2xx to a REGISTER promises until the next one (RFC 6223 §4.3 wants it
 * negotiated in every refresh); `interval` [s] from Flow-Timer or keep=, 0:
 * without a number */
unsigned flow_on_promise(struct flow *f, bool promised, uint32_t interval,
			 msec_t now);
/* A message began at `since` and is not whole; NEVER: none such */
void flow_on_partial(struct flow *f, msec_t since);
unsigned flow_on_pong(struct flow *f, msec_t now);
unsigned flow_on_options_answer(struct flow *f, msec_t now);
unsigned flow_on_traffic(struct flow *f, msec_t now); /* any whole message */
unsigned flow_on_failed(struct flow *f, enum reason reason);
unsigned flow_on_timer(struct flow *f, msec_t now);

/* The caller measured the last round trip more finely. */
void flow_set_rtt_usec(struct flow *f, uint32_t usec);

msec_t flow_deadline(const struct flow *f);

/* The interval in force [ms]: the smallest of configured and the server's. */
msec_t flow_interval(const struct flow *f);

bool flow_alive(const struct flow *f);   /* UP or PROVEN */

/* Did the edge answer, so that a failure for this reason shows it to be up? */
bool flow_found_edge(enum reason reason);

/* Does a connect that failed for this reason speak against the edge? One
 * whose certificate we refuse is there, and may suit another account. */
bool flow_blames_edge(enum reason reason);

#endif
