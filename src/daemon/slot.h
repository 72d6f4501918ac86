/* One registration of an account and the link that carries it, performed: the
 * way to a flow, the REGISTERs, what arrives. An agent owns one per reg-id. */

#ifndef SLOT_H
#define SLOT_H

#include "account.h"
#include "compat.h"
#include "config.h"
#include "digest.h"
#include "edges.h"
#include "link.h"
#include "register.h"
#include "resolve.h"
#include "transaction.h"


#define SLOT_DETAIL_MAX 160      /* bytes of a failure in words */
#define SLOT_PHRASE_MAX 64       /* of a reason phrase */

/* What all agents share; outlives them. */
struct agent_env {
	struct edges *edges;
	struct resolve *resolve;
	const char *user_agent;
	const char *instance;            /* "urn:uuid:..." */
	const int64_t *wall_usec;        /* see core/account.h */
};

/* What the slots of one account share; part of their agent. */
struct slot_owner {
	struct account *account;
	const struct account_conf *conf;
	const struct agent_env *env;
	uint32_t dropped;                /* requests that got no answer */
	/* after every step: deadlines and outcomes may be others; `left`: the
	 * registration is off and nothing of it is open */
	void (*settledh)(bool left, void *arg);
	void *arg;                       /* the agent, kept while in a step */
};

struct slot {
	struct slot_owner *owner;
	unsigned i;                      /* of the registration, 0 ... */
	struct link *link;               /* NULL: no flow */
	struct edge_point *point;        /* where it goes, went or wants to */
	struct edge_turn connect, turn;
	struct resolve_query *query;
	struct sa *addrv;                /* what the name resolved to */
	size_t addrc;
	enum transport transport;
	char *host;                      /* for resolver and TLS */
	uint16_t port;                   /* 0: the transport's */
	struct tls_ctx *tls;
	struct register_identity id;
	struct digest *digest;
	struct transaction transaction;
	struct addr contact;             /* as sent */
	uint32_t options_cseq;
	bool warned;                     /* of a REGISTER too long for UDP */
	char detail[SLOT_DETAIL_MAX];    /* of the last failure; "" */
	char phrase[SLOT_PHRASE_MAX];    /* of the last answer; "" */
};


int slot_init(struct slot *s, struct slot_owner *owner, unsigned i);
void slot_close(struct slot *s);         /* also half-initialised ones */

/* Carries out what the core said: REG_DO_* bits. */
void slot_perform(struct slot *s, unsigned acts);

#endif
