/* One registration of an account and the link that carries it, performed: the
 * addresses that it may go to (slot_name.c), the way to a flow (slot_connect.c)
 * and to its successor (slot_replace.c), the REGISTERs (slot_register.c), what
 * they find at the registrar (slot_audit.c), requests that arrive
 * (slot_inbound.c), probes (slot_probe.c), what is secret in its messages
 * (slot_trace.c). An agent owns one per reg-id. */

#ifndef SLOT_H
#define SLOT_H

#include "account.h"
#include "audit.h"
#include "compat.h"
#include "config.h"
#include "digest.h"
#include "edges.h"
#include "handed.h"
#include "histogram.h"
#include "link.h"
#include "merged.h"
#include "netwatch.h"
#include "prober.h"
#include "register.h"
#include "resolve_list.h"
#include "nat.h"
#include "site.h"
#include "source.h"
#include "state.h"
#include "tally.h"
#include "transaction.h"


#define SLOT_DETAIL_MAX 160      /* bytes of a failure in words */
#define SLOT_PHRASE_MAX 64       /* of a reason phrase */

/* What all agents share; outlives them. */
struct agent_env {
	struct edges *edges;
	struct resolve *resolve;
	struct state *state;             /* NULL: nothing is kept */
	const char *user_agent;
	const char *instance;            /* "urn:uuid:..." */
	const int64_t *wall_usec;        /* see core/account.h */
	struct site *site;               /* NULL: no STUN server configured */
	struct nat *nat;                 /* NULL: the same */
	struct netwatch *netwatch;       /* NULL: it cannot be had */
	struct histogram *durations;     /* of REGISTERs until their final
					    answer; NULL: nobody asks */
};

/* What the slots of one account share; part of their agent. */
struct slot_owner {
	struct account *account;
	struct slot *slotv;              /* all of them, */
	unsigned slotc;
	const struct account_conf *conf;
	const struct agent_env *env;
	struct state_node node;          /* its place in the state */
	char *secure;                    /* transport auto: for these hosts DNS
					    offered TLS, and nothing weaker will
					    do any more; the last one first,
					    with spaces; NULL: for none */
	int64_t stamp;                   /* account_conf_stamp() */
	int64_t conf_hash;               /* account_conf_hash(), not 0 */
	int64_t way;                     /* see state.h */
	uint32_t dropped;                /* requests that got no answer */
	struct trace *trace;             /* of its messages; NULL: none */
	struct tally tally;              /* what else is counted by kind */
	struct merged *merged;           /* NULL: one flow, or none came yet */
	/* after every step: deadlines and outcomes may be others; `left`: the
	 * registration is off and nothing of it is open */
	void (*settledh)(bool left, void *arg);
	void *arg;                       /* the agent, kept while in a step */
};

/* One address on its way to become the flow, or the flow. */
struct attempt {
	struct slot *slot;
	unsigned index;                  /* of the address */
	uint8_t uri;                     /* that it is of: of homev */
	enum transport transport;
	struct edge_point *point;        /* where it goes, went or wants to */
	struct edge_turn turn;           /* to connect */
	struct link *link;               /* NULL: not open */
};

/* Where a URI leads. */
struct slot_edge {
	char *host;                      /* for resolver and TLS */
	uint16_t port;                   /* 0: none was named */
	enum transport transport;
};

/* A binding of ours that the registrar may still have. */
struct old_contact {
	char *uri;
	msec_t until;
	bool named;                      /* in the REGISTER in flight */
	bool ignored;                    /* it was named, and is still there */
};

#define SLOT_OLDS 12             /* ghosts that are remembered; the state file
				    takes STATE_CONTACTS of them */
#define SLOT_NONE UINT8_MAX

struct slot {
	struct slot_owner *owner;
	unsigned i;                      /* of the registration, 0 ... */
	struct attempt attemptv[3];      /* the present one, its rival, and the
					    elder beside them */
	uint8_t present;                 /* which is which; SLOT_NONE: */
	uint8_t rival;                   /* nobody races, */
	uint8_t elder;                   /* none is kept */
	struct edge_turn turn;           /* to REGISTER */
	struct edge_watch watch;         /* the edge that it waits because of */
	struct edge_turn replace_turn;   /* to replace a flow that is doubted */
	struct edge_point *replaced;     /* whose turn that was; NULL: none */
	struct resolve_list *query;
	struct resolve_addr *addrv;      /* what the name resolved to */
	size_t addrc;
	struct slot_edge *homev;         /* as configured, preferred first */
	size_t homec;
	struct slot_edge away;           /* where a 3xx sent us; host NULL */
	char *redirect;                  /* the URI of that, or NULL */
	struct tls_ctx *tls;
	struct register_identity id;
	struct digest *digest;
	struct transaction transaction;
	struct addr contact;             /* as sent */
	char *contact_uri;               /* the same, of the last REGISTER */
	msec_t doubt_until;              /* it had no answer: the registrar may
					    have taken it; 0: it had */
	char *bound_uri;                 /* of the binding that we have, or that
					    was left behind; NULL: none */
	msec_t bound_until;              /* its lease */
	msec_t bound_kept;               /* the same, says the state file */
	struct old_contact oldv[SLOT_OLDS];      /* the latest first */
	unsigned oldc;
	struct {
		char token[12];          /* the flow part of its Contact's */
		struct addr contact;
		char *contact_uri, *bound_uri;
	} elder_was;                     /* as `id`, `contact` ... say it of the
					    present one */
	msec_t retry_until;              /* asked to stay away until then, also
					    by one that we left amid it; 0 */
	msec_t interval_since;           /* the learned one that is kept */
	struct prober *prober;           /* NULL: no probe is out */
	bool audited;                    /* somebody wants to see what the next
					    2xx lists: */
	struct audit *audit;             /* NULL: nothing yet */
	bool purging;                    /* by the operator's order */
	struct register_extras extras;
	uint32_t options_cseq;
	struct tap tap;                  /* of all its sockets */
	bool warned;                     /* of a REGISTER too long for UDP */
	char detail[SLOT_DETAIL_MAX];    /* of the last failure; "" */
	char phrase[SLOT_PHRASE_MAX];    /* of the last answer; "" */
};


/* `kept`: from an earlier run or agent, or NULL. */
int slot_init(struct slot *s, struct slot_owner *owner, unsigned i,
	      const struct state_account *kept);
void slot_close(struct slot *s);         /* also half-initialised ones */

/* From here on its messages are told to the owner's trace (slot_trace.c). */
void slot_trace(struct slot *s);

/* Carries out what the core said: REG_DO_* bits. */
void slot_perform(struct slot *s, unsigned acts);

/* What is to be known of it later; *kept is zero. The second is of use for the
 * next run only: who is made anew in this one goes on at once. */
void slot_keep(struct state_reg *kept, const struct slot *s);
void slot_keep_wait(struct state_reg *kept, struct slot *s);

/* For the process after this one: texts of *h stay the slot's, as does *fdp.
 * EAGAIN: not now; other errno values. */
enum handover_ready slot_handover_ready(const struct slot *s);
int slot_hand_over(const struct slot *s, struct handed *h, int *fdp);

/* Instead of a start: goes on with what the process before has left. EINVAL: it
 * does not fit what is configured, or is not worth it any more; other errno
 * values. After an error it can be started, and fd is the caller's. */
int slot_take_over(struct slot *s, struct handed *h, int fd,
		   struct net_pass *pass);

/* The same settings at another place, see agent_rebase(). */
void slot_rebase(struct slot *s);

/* The operator's: ghosts that came back, or were of no avail, are named too. */
void slot_set_purging(struct slot *s, bool purging);

/* Something around us changed: is the flow still right? One whose address is
 * gone from the machine is over, one whose packets would leave from another
 * address now is replaced, any other is asked at once. */
void slot_on_network(struct slot *s, struct net_pass *pass);
/* Only the first of it. True: the flow is over. */
bool slot_on_address_gone(struct slot *s, struct net_pass *pass);

/* The host that it goes to, as configured or as a 3xx said. */
const char *slot_host(const struct slot *s);

/* The addresses of its list that other slots of the account go to, or are on
 * their way to. */
uint32_t slot_taken(const struct slot *s);

/* The transport that it uses; before any was chosen the configured one. */
enum transport slot_named_transport(const struct slot *s);

/* The present attempt: always there, its link only sometimes. */
static inline struct attempt *slot_present(struct slot *s)
{
	return &s->attemptv[s->present];
}

#endif
