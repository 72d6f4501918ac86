/* The life of one flow (RFC 5626): one connection, or one UDP 5-tuple, from
 * the connect to its end, and the pings and pongs that tell whether it lives.
 *
 *   CONNECTING -> UP -> PROVEN <-> SUSPECT -> DRAINING -> DOWN
 *
 * UP is connected; PROVEN is a 200 to a REGISTER and then an answer to a
 * keepalive (RFC 5626 §4.5); SUSPECT is an answer overdue; DRAINING has been
 * replaced, and only lets what is on its way arrive; DOWN is final: a new flow
 * is a new object. Proof before punishment: a flow is judged by missing pongs
 * only if it has ponged before or the server promised to; otherwise it is asked
 * with an OPTIONS, to which any answer is life.
 *
 * On UDP nothing is ever DOWN for silence: without a connection there is no
 * knowing, and the next answer may come by the same mapping. */

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
#define FLOW_DRAIN         SECONDS(10)   /* RFC 3261 §17.1.1.2: a request that
					    went the old way has half of its
					    tries behind it */

enum flow_state {
	FLOW_CONNECTING,
	FLOW_UP,
	FLOW_PROVEN,
	FLOW_SUSPECT,
	FLOW_DRAINING,
	FLOW_DOWN,
};

const char *flow_state_name(enum flow_state s);

enum keepalive_method {
	KEEPALIVE_AUTO,          /* streams: CRLF; UDP: STUN where the edge
				    allowed it, else OPTIONS, else CRLF */
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
	FLOW_SEND_STUN    = 1 << 2,  /* a Binding; it repeats itself */
	FLOW_NOW_PROVEN   = 1 << 3,  /* it just became so: failures are over */
	FLOW_VERIFY       = 1 << 4,  /* its registrations should REGISTER now */
	FLOW_REPLACE      = 1 << 5,  /* nothing but a new flow can tell */
	FLOW_CLOSE        = 1 << 6,  /* it is DOWN, reason in flow->reason */
};

/* Why the interval is what it is. */
enum interval_reason {
	INTERVAL_DEFAULT,
	INTERVAL_CONFIGURED,
	INTERVAL_SERVER,         /* Flow-Timer, keep= */
	INTERVAL_LEARNED,        /* see interval.h */
};

const char *interval_reason_name(enum interval_reason r);

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
	bool answers_stun;
	bool stun_allowed;       /* by the edge, RFC 5626 §8 */
	bool stun_silent;        /* allowed, and yet it never answers */
	bool options_silent;     /* on UDP: it never answers these either */
	bool waiting;            /* a ping is out and unanswered */
	bool asked;              /* ... and an OPTIONS after it; on UDP: the
				    ping is one, otherwise it is a Binding */
	bool doubted;            /* flow_verify() asked on UDP, and there was
				    no sign of life since */
	enum reason reason;      /* why DOWN */
	msec_t up_at;            /* NEVER before */
	msec_t ping_at;          /* when the last ping was sent; one that is
				    repeated counts once */
	msec_t life_at;          /* last sign of life */
	msec_t next_ping;        /* deadlines, NEVER: none */
	msec_t overdue_at;
	msec_t dead_at;
	msec_t whole_by;         /* a message that has begun; NEVER: none */
	msec_t server_interval;  /* Flow-Timer, keep= [ms]; 0: none named */
	msec_t learned;          /* see interval.h [ms]; 0: nothing */
	msec_t idle;             /* of silence before the ping that waits, or
				    waited last [ms]; 0: it was out of turn */
	msec_t survived;         /* the longest such silence before that one,
				    which did it no harm [ms] */
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
unsigned flow_on_stun_answer(struct flow *f, msec_t now);
/* The edge allowed STUN on its SIP port, or does not any more: `;ob` in Path,
 * Require: outbound, Via keep, of each 2xx (RFC 5626 §8). UDP only. */
unsigned flow_on_stun_allowed(struct flow *f, bool allowed, msec_t now);
/* What the network taught, interval_at() [ms]; 0: nothing. */
void flow_set_learned(struct flow *f, msec_t interval, msec_t now);
/* Something around us changed: is it alive? Asked at once and out of turn;
 * where no answer can be expected (CRLF on UDP, the refresh as keepalive)
 * FLOW_REPLACE comes back, now or when the asking has shown that. A flow that
 * waits for an answer already is asked again with the same deadline, on UDP
 * with a new one. Before the first 200 a UDP flow is not asked: the REGISTER
 * on its way does that. */
unsigned flow_verify(struct flow *f, msec_t now);
/* It has been replaced: no pings any more, DOWN after FLOW_DRAIN; one that was
 * not connected yet, at once. Whatever ends it now, the reason is REASON_OK. */
unsigned flow_drain(struct flow *f, msec_t now);
unsigned flow_on_traffic(struct flow *f, msec_t now); /* any whole message */
unsigned flow_on_failed(struct flow *f, enum reason reason);
unsigned flow_on_timer(struct flow *f, msec_t now);

/* The caller measured the last round trip more finely. */
void flow_set_rtt_usec(struct flow *f, uint32_t usec);

msec_t flow_deadline(const struct flow *f);

/* The interval in force [ms]: the smallest of configured (or the default), the
 * server's and the learned one; and why. */
msec_t flow_interval(const struct flow *f);
enum interval_reason flow_interval_reason(const struct flow *f);
/* The same without what was learned. */
msec_t flow_interval_normal(const struct flow *f);

bool flow_alive(const struct flow *f);   /* UP or PROVEN */

/* Did the edge answer, so that a failure for this reason shows it to be up? */
bool flow_found_edge(enum reason reason);

/* Does a connect that failed for this reason speak against the edge? One
 * whose certificate we refuse is there, and may suit another account. */
bool flow_blames_edge(enum reason reason);

#endif
