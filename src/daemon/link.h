/* One flow, performed: its socket, its keepalive, its transactions. The core's
 * flow.c decides, this carries out. With agent.c the only place where SIP text
 * and sockets meet the core.
 *
 * A link is one connection's life; a new connection is a new link. Dropping
 * the last reference closes it without another word. */

#ifndef LINK_H
#define LINK_H

#include "compat.h"
#include "conn.h"
#include "edges.h"
#include "flow.h"
#include "handover.h"
#include "mapping.h"
#include "transaction.h"


struct link;

/* Each may drop the link. After failedh or losth nothing is called any more,
 * and of a link that drains nothing but requesth and losth. */
struct link_handlers {
	void (*connectedh)(void *arg);
	/* it never stood; `text` for the log */
	void (*failedh)(enum reason reason, const char *text, void *arg);
	void (*losth)(enum reason reason, const char *text, void *arg);
	void (*provenh)(void *arg);
	void (*suspecth)(bool suspect, void *arg);
	void (*verifyh)(void *arg);      /* REGISTER now: FLOW_VERIFY */
	void (*replaceh)(void *arg);     /* only a new flow can tell whether it
					    lives: FLOW_REPLACE */
	/* an answer to a keepalive says where the server saw this flow */
	void (*mappedh)(enum witness w, const struct addr *mapped, void *arg);
	void (*requesth)(const struct sip_msg *msg, const struct sa *src,
			 void *arg);
	/* writes the OPTIONS of the keepalive; Via carries `branch` */
	int (*optionsh)(struct mbuf *mb, const char *branch, void *arg);
	/* may somebody at this address speak to us over UDP? */
	bool (*allowedh)(const struct sa *src, void *arg);
};

struct link_conf {
	char *who;                       /* for the log; a reference is kept */
	struct conn_conf conn;
	struct flow_policy flow;
	struct edge_point *point;
	bool knock;                      /* see edge_point_on_failed() */
};

/* Opens it. What is known to fail at once is returned and the edge told. */
int link_open(struct link **lp, const struct link_conf *conf,
	      const struct link_handlers *h, void *arg);

/* Goes on with the socket and flow of the process before this one, see
 * conn_take_over() and flow_take_over(). After an error fd is the caller's. */
int link_take_over(struct link **lp, int fd, const struct handover_flow *was,
	       const struct link_conf *conf, const struct link_handlers *h,
	       void *arg);

/* See conn_hand_over(). */
int link_hand_over(const struct link *l);

/* What has happened to a flow over which something could not be sent: err. */
enum reason link_send_reason(int err);

/* A request over this flow, see transaction.h. If it cannot be sent the link
 * is over (losth) before this returns its error. */
int link_request(struct link *l, struct transaction *t, const char *method,
		 struct mbuf *mb, transaction_h *h, void *arg);

/* An answer to a request: `dst` counts on UDP only. */
void link_reply(struct link *l, const struct sa *dst, struct mbuf *mb);

/* A 2xx to a REGISTER came over it; what the server promised about pings:
 * `interval` [s] of Flow-Timer or keep, 0: without a number. `stun_allowed`:
 * it lets us send STUN to its SIP port (RFC 5626 §8). */
void link_on_registered(struct link *l, bool promised, uint32_t interval,
			bool stun_allowed);

/* What the network taught [ms], see core/interval.h; 0: nothing. */
void link_set_learned(struct link *l, msec_t interval);

/* Something around us changed: is it alive? See flow_verify(). */
void link_verify(struct link *l);

/* It has been replaced: it answers requests for FLOW_DRAIN longer, and then
 * losth is told REASON_OK. Who has a request of his own in flight
 * cancels it. */
void link_drain(struct link *l);

/* Its owner knows better: over. losth, or failedh if it never stood, is told
 * `reason`; of one that drains REASON_OK. */
void link_fail(struct link *l, enum reason reason, const char *text);

const struct flow *link_flow(const struct link *l);
const struct sa *link_local(const struct link *l);
const struct sa *link_peer(const struct link *l);
bool link_tls_info(const struct link *l, struct tls_info *info);

#endif
