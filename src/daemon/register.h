/* The text of a REGISTER, and the facts of its answer.
 *
 * Writing: RFC 3261 §10.2, RFC 5626 §4.2, RFC 6223, RFC 3581. Reading: only
 * facts come out; what they mean is decided in core/answer.c and contact.c. */

#ifndef REGISTER_H
#define REGISTER_H

#include "answer.h"
#include "config.h"
#include "digest.h"


#define REGISTER_TOKEN "sipregd"   /* our Contact's URI parameter */

/* Who we are to the registrar; one per registration. */
struct register_identity {
	const struct account_conf *conf;
	const char *user_agent;
	const char *instance;            /* "urn:uuid:..." */
	unsigned reg_id;                 /* 1 ... */
	char callid[48];                 /* kept as long as the process lives */
	char tag[20];                    /* From */
	char token_account[12];          /* stable: of instance, name */
	char token_flow[12];             /* of this flow */
};

/* Makes Call-ID, tag and tokens; the flow's token is made anew per flow. */
void register_identity_init(struct register_identity *id,
			    const struct account_conf *conf,
			    const char *user_agent, const char *instance,
			    unsigned reg_id);
void register_identity_new_flow(struct register_identity *id);

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
	struct digest *digest;           /* credentials, or NULL */
};

/* Writes it whole. EBADMSG: a text of the configuration cannot be used; EINVAL:
 * `local` is not set; errors of digest_print(). */
int register_print(struct mbuf *mb, const struct register_request *r);

/* What a final answer says (register_read.c). */
struct register_facts {
	struct answer answer;            /* .challenge is left alone */
	struct addr mapped;              /* Via received, rport; else unset */
	bool promised;                   /* server keepalive: outbound,
					    Flow-Timer or Via keep */
	uint32_t flow_timer;             /* [s] the smallest named; 0: none */
};

/* `local`, `contact` and `requested` as in the request; msg is a final answer
 * to it. Contacts of other than 2xx are not read. */
void register_read(struct register_facts *f, const struct sip_msg *msg,
		   const struct register_identity *id,
		   const struct addr *local, const struct addr *contact,
		   uint32_t requested);

/* OPTIONS to the edge as keepalive: Max-Forwards 0 is not used, the request
 * goes to the registrar's domain like the REGISTER (RFC 3261 §11). */
int options_print(struct mbuf *mb, const struct register_request *r);

/* Is the Request-URI of `msg` one of our Contacts: does it carry this
 * account's and flow's token? */
bool register_token_match(const struct register_identity *id,
			  const struct sip_msg *msg);

#endif
