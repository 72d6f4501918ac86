/* One registration: the state of REGISTER for one account over one flow (one
 * reg-id). It decides when to get a flow, when to send, refresh, retry and
 * stop. RFC 3261 §10, RFC 5626 §4.2 and §4.5.
 *
 *   OFF -> RESOLVE -> CONNECT -> TURN -> SENT -> BOUND -> TURN -> ...
 *                                          |
 *                                WAIT / HELD / LEAVING
 *
 * Facts come in through reg_on_*(), what to do comes back as bits; the waits
 * are absolute deadlines. The flow itself lives elsewhere (flow.h): here is
 * only known whether there is one.
 *
 * A flow that is doubted is replaced beside itself (reg_replace.c): it is kept
 * as the elder while a new one is made and REGISTERs. Only then it goes. If the
 * new one cannot be had the elder is taken back.
 *
 * So is one that had to go to an edge of lower preference: at a quiet moment
 * better ones are tried beside it (reg_failback.c). */

#ifndef REG_H
#define REG_H

#include <stdbool.h>
#include <stdint.h>
#include "answer.h"
#include "backoff.h"
#include "challenge.h"
#include "clock.h"
#include "pace.h"
#include "target.h"
#include "verdict.h"


#define REG_TIMER_F        SECONDS(32)   /* 64 * T1, RFC 3261 §17.1.2.2 */
#define REG_ABANDON        SECONDS(4)    /* UDP, first REGISTER, other edges */
#define REG_ABANDON_RACE   800           /* [ms] the same, if the host has an
					    address of the other family */
#define REG_RACE_DELAY     250           /* [ms] until the other family is
					    tried beside it, RFC 8305 §5 */
#define REG_RESOLVE_MAX    SECONDS(30)   /* a resolver that never answers */
#define REG_PARK_MAX       SECONDS(60)   /* then the name is asked again */
#define REG_TURN_MAX       MINUTES(30)   /* a turn that never comes */
#define REG_LEAVE_MAX      SECONDS(5)    /* un-REGISTER at stop */
#define REG_OPEN_MAX       SECONDS(15)   /* a flow that never says more */
#define REG_BASE_CONNECT   SECONDS(4)    /* RFC 5626 shape: first 4-8 s */
#define REG_BASE_REJECTED  SECONDS(30)   /* RFC 5626 §4.5: first 30-60 s */
#define REG_WAIT_MAX       SECONDS(1800) /* RFC 5626 §4.5 */
#define REG_WAIT_DNS_MAX   SECONDS(30)   /* one question for all accounts that
					    want the name: it costs nothing */
#define REG_WAIT_OWN_MAX   SECONDS(30)   /* this machine is short of something:
					    that concerns nobody else */
#define REG_RETRY_AFTER_MAX HOURS(1)     /* nobody is believed for longer */
#define REG_HELD_FIRST     MINUTES(5)    /* once-good credentials, 403 */
#define REG_HELD_MAX       MINUTES(60)
#define REG_ANSWER_SENDS   3             /* sends that answers alone cause */
#define REG_AT_ONCE_EVERY  SECONDS(10)   /* a lost flow, a local event, an edge
					    that is back: each */
#define REG_AT_ONCE_JITTER 250           /* [ms] */
#define REG_MOVE_GAP       SECONDS(1)    /* between two new flows because our
					    address changed; doubles up to
					    REG_AT_ONCE_EVERY ... */
#define REG_MOVE_CALM      SECONDS(30)   /* ... until it has settled */
#define REG_RETRY_AFTER_SHORT SECONDS(30)
#define REG_PATIENCE       3             /* short Retry-Afters in a row, then
					    the back-off counts too */
#define REG_VERIFY_EARLIEST 90           /* [%] of policy->verify */
#define REG_FAILBACK_FIRST MINUTES(5)    /* on a worse edge, until the better
					    ones are tried again; doubles */
#define REG_FAILBACK_MAX   MINUTES(60)   /* ... up to this */
#define REG_FAILBACK_CALM  HOURS(2)      /* the last try is forgotten */
#define REG_FAILBACK_QUIET SECONDS(30)   /* not so soon after a request */
#define REG_FAILBACK_TIME  SECONDS(60)   /* one try, at most */
#define REG_BACKED         3             /* RFC 5626 §4.5: waits from 90 s, not
					    30 s, while another flow is up */
#define REG_LOOK_EVERY     HOURS(1)      /* before a refresh, what the registrar
					    holds is looked at so often */
#define REG_LOOK_LEASE     SECONDS(120)  /* where leases last so long */
#define REG_ANSWER_GAP     SECONDS(5)    /* refresh after an answer, at least */
#define REG_REFRESH_EARLY  SECONDS(600)  /* before the end of a long lease */
#define REG_REFRESH_MOST   105           /* [%] of that: 95 to 105 */
#define REG_REFRESH_HALF   45            /* [%] of a short lease: 45 to 55 */
#define REG_REFRESH_LONG   SECONDS(1200) /* such a lease is longer than */
#define REG_REFRESH_LAST   SECONDS(32)   /* before the end where it allows */
#define REG_EXPIRES_MAX    (7 * 86400)   /* [s] asked for, at most */

enum reg_state {
	REG_OFF,                 /* not wanted: stopped, paused, disabled */
	REG_WAIT,                /* after a failure, until the deadline */
	REG_RESOLVE,             /* the daemon asks for addresses */
	REG_CONNECT,             /* in the edge's queue, or connecting */
	REG_TURN,                /* flow up, waits for its turn to REGISTER */
	REG_SENT,                /* a REGISTER is in flight */
	REG_BOUND,               /* until the refresh */
	REG_HELD,                /* credentials: until the operator, or long */
	REG_LEAVING,             /* un-REGISTER in flight */
};

/* What to do now: bits, to be carried out in this order. */
enum {
	REG_DO_ABANDON  = 1 << 0, /* forget the REGISTER in flight */
	REG_DO_CLOSE    = 1 << 1, /* let go of the flow */
	REG_DO_TAKE_BACK = 1 << 2, /* the elder is the flow again */
	REG_DO_RETIRE   = 1 << 3, /* the elder was replaced: let it drain */
	REG_DO_ASIDE    = 1 << 4, /* the flow becomes the elder, and is kept */
	REG_DO_RENEW    = 1 << 5, /* a new Call-ID */
	REG_DO_REPLACE  = 1 << 6, /* ask the edge for a turn to replace */
	REG_DO_RESOLVE  = 1 << 7, /* the redirect's host if ->redirected */
	REG_DO_HOLD     = 1 << 8, /* edge_on_hold(edge, reg->hold_until) */
	REG_DO_CONNECT  = 1 << 9, /* ask target.index's edge for a connect */
	REG_DO_OPEN     = 1 << 10, /* connect to it now */
	REG_DO_RACE     = 1 << 11, /* ask target.rival's edge for a connect */
	REG_DO_OPEN_RIVAL = 1 << 12, /* and connect there too */
	REG_DO_ASK      = 1 << 13, /* ask the edge for a turn, reg_class() */
	REG_DO_SEND     = 1 << 14, /* REGISTER now, with CSeq reg->cseq */
	REG_DO_FETCH    = 1 << 15, /* the same without Contact: a question */
	REG_DO_LEAVE    = 1 << 16, /* the same with expires 0 */
	REG_DO_LEFT     = 1 << 17, /* leaving is over */
};

/* What the operator configured, as the core needs it. */
struct reg_policy {
	uint32_t expires;        /* [s] requested */
	msec_t verify;           /* [ms] UDP: refresh so often at least; 0 off */
	bool unregister;         /* on stop */
	bool vouched;            /* Contact policy static: see verdict.h */
	bool learns;             /* Contact policy auto or mapped: the first
				    challenge of a flow teaches where the
				    registrar sees us */
	enum digest_algorithm min_digest;
};

struct reg {
	const struct reg_policy *policy;
	struct rng rng;
	struct target target;
	struct challenge challenge;
	uint8_t state;           /* enum reg_state */
	bool flow;               /* there is a flow and it is up */
	bool plain;              /* 439/420: without outbound and its friends */
	bool outbound;           /* confirmed by the registrar */
	bool proven;             /* this flow became proven */
	bool here;               /* the binding was made over this flow */
	bool answered;           /* this flow has brought an answer */
	bool challenged;         /* the next REGISTER answers a challenge */
	bool token;              /* the registrar keeps our token in the URI */
	bool silent;             /* kept, though a REGISTER had no answer */
	bool absent_tried;       /* binding absent: the one retry was made */
	bool again;              /* asked for while in flight or leaving */
	bool leaving;            /* stop once the answer in flight is there */
	bool left_behind;        /* stopped, and a binding may be left */
	bool retry_after;        /* it waits so; only a kick ends it */
	bool restored;           /* the Call-ID is of an earlier run, and had
				    no final answer in this one */
	bool alone;              /* old bindings are not named over this flow:
				    it was refused, or took ours with it */
	bool redirected;         /* the flow goes to where a 3xx sent it */
	bool rival_open;         /* connects to target.rival too */
	bool suspect;            /* the flow has not answered in time */
	bool doubted;            /* it is to be replaced, and that waits
				    for its turn */
	bool moved;              /* ... or is under way, whatever the flow may
				    still say for itself */
	bool elder;              /* the flow that the binding was made over is
				    kept beside the one that is to come */
	bool elder_proven;
	bool elder_suspect;
	bool elder_stream;       /* it is TCP or TLS */
	bool elder_redirected;   /* it goes to where a 3xx sent it */
	bool better;             /* there are edges preferred to this flow's */
	bool elder_better;       /* and to the elder's */
	bool failback;           /* the elder is well and serves: what goes on
				    beside it is a try of a better edge */
	bool failback_asked;     /* that has sent a REGISTER, and no answer has
				    come: the registrar may have taken it */
	bool backed;             /* another registration of the account has a
				    flow that is up */
	bool fetch;              /* somebody wants to know the bindings */
	bool fetching;           /* the turn, or the REGISTER in flight, is for
				    that */
	uint8_t named;           /* old bindings in the last REGISTER */
	uint8_t answer_sends;    /* since the last send of our own accord */
	uint8_t adjusted;        /* 423, 439, 420, 3xx: once each per round */
	uint8_t denials;         /* holds in a row */
	enum reason reason;      /* last outcome */
	enum contact_match match;
	struct addr contact;     /* of our own binding */
	uint16_t code;           /* of the last try; 0: it had no answer */
	uint16_t fetch_code;     /* the same of a fetch */
	uint32_t cseq;           /* of the last REGISTER sent */
	uint32_t expires;        /* [s] to ask for */
	uint32_t granted;        /* [s] */
	uint32_t failures;       /* in a row */
	uint32_t unresolved;     /* the latest of them, by DNS */
	uint32_t outcomes;       /* times that a try came to an end */
	msec_t resolved_at;      /* when the addresses were fresh; NEVER */
	msec_t sent_at;
	msec_t answer_at;
	msec_t lease_end;        /* 0: no binding */
	msec_t deadline;         /* of the present state */
	msec_t at_once_from;     /* nothing is done at once before */
	msec_t local_from;       /* the same for another local event */
	msec_t back_from;        /* the same for an edge that is back */
	msec_t hold_until;       /* for REG_DO_HOLD */
	msec_t race_at;          /* when the other family is tried; NEVER */
	msec_t replace_at;       /* when the turn may be asked for; NEVER */
	msec_t move_from;        /* no new flow for another address before */
	msec_t move_gap;         /* the last REG_MOVE_GAP */
	msec_t refresh_at;       /* of the binding */
	msec_t wait_until;       /* Retry-After of an earlier run, for the first
				    start; 0: none */
	msec_t failback_at;      /* when better edges are tried; NEVER */
	msec_t failback_until;   /* the end of the try under way */
	msec_t failback_last;    /* when the last one began; NEVER */
	msec_t failback_wait;    /* the last wait for one; 0 */
	msec_t seen_at;          /* when the account could be called last, for
				    its place in queues; NEVER */
	msec_t look_at;          /* from then on a refresh is a fetch first */
	msec_t busy_until;       /* something goes on over the flow */
};


void reg_init(struct reg *r, const struct reg_policy *p, uint64_t seed);

/* Before the start: what an earlier run left. `cseq`: at least the last one
 * sent; `outbound`: the registrar confirmed it; `worked`: the credentials once
 * did. */
void reg_restore(struct reg *r, uint32_t cseq, bool outbound, bool worked);

/* It was asked to stay away until then, which had not passed when the earlier
 * run ended: the start waits as if it had gone on. At most REG_RETRY_AFTER_MAX
 * is believed. */
void reg_restore_wait(struct reg *r, msec_t until, msec_t now);

/* Orders. */
unsigned reg_start(struct reg *r, msec_t now);
unsigned reg_stop(struct reg *r, msec_t now);    /* un-REGISTERs if bound */
unsigned reg_kick(struct reg *r, msec_t now);    /* REGISTER now, whatever */
unsigned reg_reconnect(struct reg *r, msec_t now); /* ... over a new flow */
/* Asks the registrar for its list, which changes nothing: RFC 3261 §10.2.3.
 * Only while reg_may_fetch(); over when neither ->fetch nor ->fetching. */
unsigned reg_fetch(struct reg *r, msec_t now);

/* Facts. `reason`: why edges of the list are down, for the case that all
 * are. */
unsigned reg_on_resolved(struct reg *r, const struct target_list *list,
			 enum reason reason, msec_t now);
unsigned reg_on_resolve_failed(struct reg *r, msec_t now);
/* To the address `index` of the list; a rival is let go of. */
unsigned reg_on_connected(struct reg *r, unsigned index, msec_t now);
/* The connect or handshake failed. `down` masks the addresses whose edge is
 * known to be down. If the other one of two goes on, so does the state. */
unsigned reg_on_connect_failed(struct reg *r, unsigned index,
			       enum reason reason, uint32_t down, msec_t now);
/* The turn to connect to target.rival. */
unsigned reg_on_race_turn(struct reg *r, msec_t now);
unsigned reg_on_proven(struct reg *r, msec_t now);
unsigned reg_on_flow_lost(struct reg *r, enum reason reason, msec_t now);
/* A keepalive is overdue, or came late after all. */
unsigned reg_on_suspect(struct reg *r, bool suspect, msec_t now);
/* The flow cannot be right any more: its packets would leave from elsewhere. */
unsigned reg_on_moved(struct reg *r, msec_t now);
/* The turn after REG_DO_REPLACE. */
unsigned reg_on_replace_turn(struct reg *r, msec_t now);
/* The elder is overdue; answered after all; broke. */
unsigned reg_on_elder_suspect(struct reg *r, msec_t now);
unsigned reg_on_elder_alive(struct reg *r, msec_t now);
unsigned reg_on_elder_lost(struct reg *r, msec_t now);
unsigned reg_on_turn(struct reg *r, msec_t now);
/* After REG_DO_SEND and _LEAVE: what the message carried; `named` bindings of
 * earlier flows or runs were to be removed with it. */
void reg_on_sent(struct reg *r, enum challenge_sent sent, unsigned named,
		 msec_t now);
unsigned reg_on_answer(struct reg *r, const struct answer *a, msec_t now);
unsigned reg_on_verify(struct reg *r, msec_t now);  /* doubt: FLOW_VERIFY */
unsigned reg_on_local_event(struct reg *r, msec_t now);  /* success likelier */
/* The elder is wanted for something else than to wait for a better edge. */
unsigned reg_failback_give_up(struct reg *r, msec_t now);
/* Its edge serves somebody again: who waits because it did not answer tries at
 * once, at most once in REG_AT_ONCE_EVERY; who was refused does not. */
unsigned reg_on_edge_back(struct reg *r, msec_t now);
/* Other flows of the account go to the addresses of this mask. */
void reg_on_taken(struct reg *r, uint32_t taken, msec_t now);
/* Somebody uses the flow: this is no moment to leave it without need. */
void reg_on_busy(struct reg *r, msec_t now);
unsigned reg_on_timer(struct reg *r, msec_t now);

/* Questions. */
bool reg_bound(const struct reg *r, msec_t now);  /* the lease has not ended */
bool reg_runs(const struct reg *r);               /* wanted, and not leaving */
bool reg_parked(const struct reg *r);             /* waits for a knock */
bool reg_wants_connect(const struct reg *r);
bool reg_wants_race(const struct reg *r);         /* a connect to the rival */
bool reg_wants_turn(const struct reg *r);
bool reg_wants_replace(const struct reg *r);
bool reg_may_fetch(const struct reg *r);
/* May the REGISTER to be sent now name an old binding of ours, to remove it?
 * `same`: it is the new one but for our token, and who ignores that would
 * remove the new one (RFC 3261 §19.1.4). */
bool reg_names_old(const struct reg *r, bool same);
/* Does the binding that we had stay at the registrar beside a new one? Not with
 * outbound (RFC 5626 §4.2.1), nor where `same` takes its place. */
bool reg_leaves_old(const struct reg *r, bool same);
/* Which credentials the REGISTER to be sent now carries; `known`: there is a
 * nonce. RFC 7616 §3.6 for the reuse; not on the first REGISTER of a flow that
 * has to learn its mapping from the challenge. */
enum challenge_sent reg_credentials(const struct reg *r, bool known,
				    msec_t now);
enum pace_class reg_class(const struct reg *r, msec_t now);
msec_t reg_deadline(const struct reg *r);

/* How long it is from one REGISTER to the next at least, as long as all goes well
 * and the registrar grants what it is asked for [ms]. */
msec_t reg_steady(const struct reg_policy *p, bool stream);

/* What goes on now, for `next` of the JSON, and when [ms] (NEVER: unknown). */
const char *reg_next(const struct reg *r, msec_t *atp);

#endif
