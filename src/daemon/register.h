/* The text of a REGISTER, and the facts of its answer.
 *
 * Writing: RFC 3261 §10.2, RFC 5626 §4.2, RFC 6223, RFC 3581. Reading: only
 * facts come out; what they mean is decided in core/answer.c and contact.c. */

#ifndef REGISTER_H
#define REGISTER_H

#include "answer.h"
#include "audit.h"
#include "config.h"
#include "digest.h"


#define REGISTER_TOKEN_SIZE 12   /* bytes of each part, with its zero */

/* Who we are to the registrar; one per registration. */
struct register_identity {
	const struct account_conf *conf;
	const char *user_agent;
	const char *instance;            /* "urn:uuid:..." */
	unsigned reg_id;                 /* conf->reg_ids + 1 ... */
	char callid[48];                 /* kept over restarts */
	char tag[20];                    /* From */
	char token_account[REGISTER_TOKEN_SIZE]; /* stable: of instance, name,
					    and which of the registrations */
	char token_flow[REGISTER_TOKEN_SIZE];    /* of this flow */
};

/* Makes Call-ID, tag and tokens; the flow's token is made anew per flow. */
void register_identity_init(struct register_identity *id,
			    const struct account_conf *conf,
			    const char *user_agent, const char *instance,
			    unsigned reg_id);
void register_identity_new_flow(struct register_identity *id);
void register_identity_new_call(struct register_identity *id);   /* Call-ID */

/* Which of the account's registrations it is, 0 ... */
unsigned register_identity_index(const struct register_identity *id);

/* The token_account of the account's registration i. */
void register_account_token(char token[REGISTER_TOKEN_SIZE],
			    const struct register_identity *id, unsigned i);

#define REGISTER_OLD_MAX  8      /* old bindings that one REGISTER removes;
				    on UDP as many as there is room for */

/* One message. */
struct register_request {
	const struct register_identity *id;
	const char *branch;
	enum transport transport;
	struct addr local;               /* of the socket: Via sent-by */
	struct addr contact;             /* what the Contact says */
	uint32_t cseq;
	uint32_t expires;                /* [s]; 0: un-REGISTER */
	bool plain;                      /* after 439, 420: RFC 3261 alone */
	bool fetch;                      /* without Contact: asks what is bound
					    and changes nothing (RFC 3261
					    §10.2.3); oldv does not count */
	struct digest *digest;           /* credentials, or NULL */
	const char *proxy;               /* the URI of the one that it goes by
					    way of, for a Route; NULL: none */
	const char *redirect;            /* "sip:host:port" of a 3xx, which is
					    then asked; NULL: the registrar */
	/* Contact URIs of bindings that we made earlier, to be removed with
	 * expires=0 behind the new one (DESIGN §6); the latest first */
	const char *oldv[REGISTER_OLD_MAX];
	unsigned oldc;
};

/* Writes it whole. On UDP only as many old bindings as leave it below
 * REGISTER_UDP_MAX; *namedp, if not NULL, is their number, the first of oldv.
 * One that cannot be named (no SIP URI, the same binding as the new Contact) is
 * passed over and counts as named: there is nothing more to do about it.
 * EBADMSG: a text of the configuration cannot be used; EINVAL: `local` is not
 * set; errors of digest_print(). */
#define REGISTER_UDP_MAX 1300    /* bytes, RFC 3261 §18.1.1 */
int register_print(struct mbuf *mb, const struct register_request *r,
		   unsigned *namedp);

/* The URI of the Contact in it, to be kept (register_contact.c). EOVERFLOW: it
 * does not fit, and is nothing that could be named later; EBADMSG as above. */
int register_contact_uri(char *uri, size_t size,
			 const struct register_request *r);

/* What a final answer says (register_read.c). */
struct register_facts {
	struct answer answer;            /* .challenge is left alone */
	struct addr mapped;              /* Via received, rport; else unset */
	bool promised;                   /* server keepalive: outbound,
					    Flow-Timer or Via keep */
	uint32_t flow_timer;             /* [s] the smallest named; 0: none */
	bool stun_allowed;               /* the edge takes STUN on this flow
					    (RFC 5626 §8): Require: outbound,
					    Via keep with a value (RFC 6223), or
					    "ob" in a Path URI of a 2xx, which
					    the first hop alone adds (§5.1) */
	bool rewritten;                  /* a router rewrites our SIP: the Via
					    is not ours, or our binding on this
					    flow is neither where we said nor
					    where the registrar sees us */
	struct audit audit;              /* of a 2xx; else empty */
};

/* What the answer is compared with. */
struct register_sent {
	const struct register_identity *id;
	enum transport transport;
	struct addr local;               /* of the socket: Via sent-by */
	struct addr contact;             /* as offered; for a fetch the last one
					    that was */
	struct addr mapped;              /* where the registrar sees the flow,
					    of an answer that came over
					    another one; unset: as it says */
	uint32_t requested;              /* [s] for our own binding, if the
					    answer names no lease */
	/* Contact URIs that we made earlier and that may be left there, so that
	 * a binding without token is known as ours; any number up to 127 */
	const char *const *knownv;
	unsigned knownc;
};

/* msg is a final answer to a REGISTER, or to a fetch. Contacts of other than
 * 2xx are not read. */
void register_read(struct register_facts *f, const struct sip_msg *msg,
		   const struct register_sent *sent);

/* What a 2xx says for people and for later requests (register_extras.c). Each
 * is the header's values in order, joined by ", ", without what would make it
 * longer than REGISTER_EXTRA_MAX; NULL: there is none. */
#define REGISTER_EXTRA_MAX 1024  /* bytes of each */
struct register_extras {
	char *path;                      /* RFC 3327 */
	char *service_route;             /* RFC 3608: the Route of requests */
	char *associated;                /* P-Associated-URI, RFC 7315 §4.1 */
	char *pub_gruu, *temp_gruu;      /* RFC 5627 §4.2, of our own Contact */
};

/* In place of what it was. A header that is absent now is forgotten (RFC 3608
 * §5.2). Without memory it is as if there were none. */
void register_extras_read(struct register_extras *x, const struct sip_msg *msg,
			  const struct register_identity *id);
void register_extras_reset(struct register_extras *x);

/* Where a 3xx sends us (redirect.c): the Contact with the highest q, the first
 * of several, that has not expired, is a SIP URI at an allowed host and not
 * weaker than the present transport (UDP, TCP, TLS; without one of its own it
 * stays what it is). `uri` is "sip:host[:port][;transport=...]", ready for
 * register_request and uri_decode(), for a sips account (which follows sips
 * URIs only) "sips:host[:port]". Allowed are the hosts of AOR, registrar and
 * outbound proxies, what lies below the AOR's or registrar's domain, and
 * `redirect_hosts` of the configuration. False: nowhere. */
bool register_redirect(char *uri, size_t size, const struct sip_msg *msg,
		       const struct account_conf *conf,
		       enum transport transport);

/* OPTIONS to the edge as keepalive: Max-Forwards 0 is not used, the request
 * goes to the registrar's domain like the REGISTER (RFC 3261 §11). */
int options_print(struct mbuf *mb, const struct register_request *r);

/* OPTIONS to our own AOR, for prober.c: r->id, branch, transport, local,
 * contact, cseq, proxy, digest count. `secret` is the value of `header` and the
 * Call-ID. `service_route`: values of a Route as register_extras has them, or
 * NULL; behind the proxy's own Route, which is left out where it would be there
 * twice (RFC 3608 §6.1). Errors as register_print(). */
int register_probe_print(struct mbuf *mb, const struct register_request *r,
			 const char *header, const char *secret,
			 const char *service_route);

/* Is the Request-URI of `msg` the Contact of this registration's flow: does it
 * carry both parts of its token? */
bool register_token_match(const struct register_identity *id,
			  const struct sip_msg *msg);

#endif
