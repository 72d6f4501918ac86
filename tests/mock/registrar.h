/* A SIP registrar for tests: it registers, calls back, remembers everything,
 * and misbehaves on request.
 *
 * It runs on libre's loop beside the code under test, or in a program of its
 * own (main.c). It shares no line with the daemon's digest, REGISTER or
 * connection code, so that each finds the other's errors. A user is named by
 * the user part of the AOR; NULL means every user. Nothing here blocks, and
 * everything a peer can grow has a bound (mock.h). */

#ifndef REGISTRAR_H
#define REGISTRAR_H

#include <stdio.h>
#include "clock.h"
#include "compat.h"
#include "net.h"


struct registrar;

enum registrar_algorithm {
	REGISTRAR_MD5,
	REGISTRAR_SHA_256,
	REGISTRAR_SHA_512_256,
};

#define REGISTRAR_ALGORITHMS 3

enum registrar_nonces {
	NONCES_REUSABLE,         /* good for ever while nc grows */
	NONCES_ONCE,             /* good for one request, then stale=true */
	NONCES_STALE,            /* every credential is answered stale=true */
	NONCES_REPEATED,         /* always the same one, never stale=true */
};

/* How it behaves; change at any time. Strings stay the caller's. */
struct registrar_conf {
	const char *domain;      /* of AORs; NULL: any host */
	const char *realm;       /* NULL: the domain, else "registrar" */
	bool open;               /* nobody is challenged */
	enum registrar_algorithm algv[REGISTRAR_ALGORITHMS];
	size_t algc;             /* offered, in this order; default MD5 */
	enum registrar_nonces nonces;
	bool proxy_auth;         /* 407 instead of 401 */
	const char *proxy_realm; /* a proxy in front asks first, by 407, for
				    this realm; NULL: none */
	bool nextnonce;          /* Authentication-Info in every 200 */
	const char *opaque;      /* must be echoed; NULL: none */
	uint16_t refusal;        /* to wrong credentials; 401: once more */

	uint32_t grant;          /* [s] the most that is granted; 3600 */
	uint32_t min_expires;    /* [s] less is answered 423; 0: nothing is */
	unsigned max_bindings;   /* per AOR; 10 */
	uint16_t full_code;      /* to one binding more; 403 */

	bool pong;               /* CRLFCRLF is answered, on streams; true */
	uint16_t options;        /* answer to OPTIONS, 0: silence; 200 */
	bool stun;               /* STUN on the UDP port is answered */
	bool relay;              /* requests to an AOR go to its binding */
	bool outbound;           /* RFC 5626: Require: outbound, instance */
	uint32_t flow_timer;     /* [s] beside it; 0: not named */
	uint32_t keep;           /* [s] RFC 6223 Via keep=; 0: not answered */
	const char *path;        /* Path of every 200; NULL: none */
	bool strict;             /* calls go to the Contact, not to the flow */

	bool received;           /* Via received and rport are filled; true */
	struct sa seen;          /* pretended instead of the real source */
	bool seen_flaps;         /* its port is another one in each answer */
	bool deaf;               /* new connections are never read */
	bool require_sni;        /* handshakes need a name of ours */
	msec_t request_timeout;  /* [ms] for registrar_request(); 5000 */
	FILE *trace;             /* every message in plain text; NULL: none */
};

/* A registrar with the defaults above, without account or listener; after
 * loop_init(). mem_deref() it: all sockets close without a word. */
int registrar_alloc(struct registrar **rp);
struct registrar_conf *registrar_conf(struct registrar *r);

/* Listens on "127.0.0.1:0" or "[::1]:0"; port 0 is any free one. `pem`, TLS
 * only: certificate chain and key in one file. errno values of socket calls;
 * EINVAL: not an address; EBADMSG: not such a file. */
int registrar_listen(struct registrar *r, enum transport transport,
		     const char *addr, const char *pem);

/* The certificate for clients that name `name` (SNI), on every TLS listener. */
int registrar_identity(struct registrar *r, const char *name, const char *pem);

/* Where the first listener of this transport is; NULL: nowhere. */
const struct sa *registrar_addr(const struct registrar *r,
				enum transport transport);

/* An account, new or changed. auth_user NULL: the user. */
int registrar_account(struct registrar *r, const char *user,
		      const char *auth_user, const char *password);


/* --- Outages. Counts are of connections touched. --- */

enum registrar_cut {
	CUT_FIN,                 /* TLS without close_notify */
	CUT_RST,
};

/* Closes all connections of a transport; TRANSPORT_AUTO: of every one. */
unsigned registrar_cut(struct registrar *r, enum transport transport,
		       enum registrar_cut how);
unsigned registrar_cut_user(struct registrar *r, const char *user,
			    enum registrar_cut how);

/* From now on everything on the flows of this user is swallowed and nothing
 * is sent there, or (on = false) no longer. New connections are not affected;
 * a UDP flow is the peer's address and port. */
unsigned registrar_blackhole(struct registrar *r, const char *user, bool on);

/* Closes listeners and connections (RST); registrar_start() listens again on
 * the same ports. Without registrar_forget() bindings, nonces and UDP peers
 * survive that. */
void registrar_stop(struct registrar *r);
int registrar_start(struct registrar *r);
void registrar_forget(struct registrar *r);

/* Sends these bytes, or a CRLFCRLF ping, on the flows of this user. */
unsigned registrar_send(struct registrar *r, const char *user,
			const char *data, size_t len);
unsigned registrar_ping(struct registrar *r, const char *user);


/* --- Scripts: what happens to the next requests. --- */

enum rule_kind {
	RULE_ANSWER,             /* `code` with `headers` */
	RULE_VERBATIM,           /* `text`, whatever it is */
	RULE_DROP,               /* as if it had been lost */
	RULE_CLOSE,              /* the connection, instead of an answer */
	RULE_NORMAL,             /* the usual, with delay, chunk, close_after */
	RULE_ACCEPTED,           /* likewise, only where a 200 comes of it,
				    with grant, contacts, headers */
};

enum rule_credentials {
	RULE_ANY,
	RULE_WITH,               /* requests with Authorization */
	RULE_WITHOUT,
};

/* Texts may hold {via} {from} {to} {call-id} {cseq}, the request's, fit for
 * an answer; {contact}, its first Contact, and {uri}, the URI in that. The
 * first rule that fits takes the request. All strings are copied. */
struct registrar_rule {
	const char *user;        /* NULL: everybody's */
	const char *method;      /* NULL: REGISTER */
	enum rule_credentials credentials;
	unsigned skip;           /* lets so many pass first */
	unsigned count;          /* holds for so many; 0: for ever */
	enum rule_kind kind;
	uint16_t code;
	const char *phrase;      /* NULL: the usual one */
	const char *headers;     /* whole lines, each with CRLF */
	const char *text;
	const char *contacts;    /* value of Contact; "": no Contact at all */
	uint32_t grant;          /* [s] for this request; 0: the usual */
	msec_t delay;            /* [ms] before the answer */
	size_t chunk;            /* [bytes] sends in such pieces; 0: whole */
	msec_t pause;            /* [ms] between pieces */
	bool close_after;        /* and the connection is closed by FIN */
	bool elsewhere;          /* UDP: the answer leaves from another port */
};

/* EOVERFLOW: too many rules. */
int registrar_rule(struct registrar *r, const struct registrar_rule *rule);
void registrar_rules_clear(struct registrar *r);


/* --- Calls. --- */

/* The outcome: the final code; or err, with code 0: ETIMEDOUT no answer. */
typedef void (registrar_answer_h)(int err, uint16_t code,
				  const struct sip_msg *msg, void *arg);

/* Sends a request (OPTIONS, INVITE, NOTIFY …) to the newest binding, over the
 * flow on which it was registered. `headers`: whole lines, or NULL. An INVITE
 * is ACKed. ENOENT: no binding; ENOTCONN: its flow is gone (then, as after
 * every error, the handler is not called). */
int registrar_request(struct registrar *r, const char *user,
		      const char *method, const char *headers,
		      registrar_answer_h *h, void *arg);


/* --- What happened. --- */

#define REGISTRAR_NAME_MAX 128   /* bytes kept of a user or a Call-ID */
#define REGISTRAR_METHOD_MAX 16

/* One message of the log. The log holds the last ones (mock.h). */
struct registrar_message {
	struct le le;
	msec_t at;               /* CLOCK_BOOTTIME */
	unsigned conn;           /* its id, from 1 in order of arrival */
	enum transport transport;
	bool in;
	bool repeated;           /* a UDP retransmission */
	bool authorized;         /* request with credentials */
	uint16_t code;           /* 0: a request, or unparsable */
	uint32_t cseq;
	char method[REGISTRAR_METHOD_MAX];       /* CSeq's; "": unparsable */
	char user[REGISTRAR_NAME_MAX];           /* of To; "": unparsable */
	char call_id[REGISTRAR_NAME_MAX];
	char *text;              /* all of it, zero-terminated */
	size_t len;
};

/* One binding. */
struct registrar_binding {
	const char *uri;
	const char *params;      /* ";a=b;c", without expires */
	const char *call_id;
	uint32_t cseq;
	uint32_t expires;        /* [s] left */
	unsigned conn;           /* id of the flow */
	bool flow_open;
};

/* The n-th request (from 0) of this method that came in, retransmissions not
 * counted; n = -1: the last. NULL: no such. NULL method: any. */
const struct registrar_message *
registrar_received(const struct registrar *r, const char *user,
		   const char *method, int n);

/* All messages, oldest first. */
const struct list *registrar_log(const struct registrar *r);

/* REGISTERs of a user, retransmissions not counted. */
unsigned registrar_registers(const struct registrar *r, const char *user,
			     enum rule_credentials credentials);

/* CSeq numbers of the logged REGISTERs, oldest first; returns how many there
 * are, at most `max` are written. */
size_t registrar_cseqs(const struct registrar *r, const char *user,
		       uint32_t *v, size_t max);
unsigned registrar_call_ids(const struct registrar *r, const char *user);

/* Bindings that have not expired, and the i-th (from 0). */
unsigned registrar_bindings(struct registrar *r, const char *user);
bool registrar_binding(struct registrar *r, const char *user, unsigned i,
		       struct registrar_binding *b);

/* Connections (UDP: peers) ever accepted, and open now. */
unsigned registrar_accepted(const struct registrar *r, enum transport t);
unsigned registrar_connections(const struct registrar *r, enum transport t);

struct registrar_counters {
	unsigned pings;          /* CRLFCRLF that came in, UDP too */
	unsigned pongs;          /* CRLF after a ping of ours */
	unsigned stun;           /* Binding requests, answered or not */
	unsigned repeated;       /* UDP retransmissions */
	unsigned refused;        /* wrong credentials */
	unsigned stale;          /* right ones with an old nonce */
	unsigned malformed;      /* messages that break a rule of SIP */
	unsigned handshakes;     /* TLS, completed */
	unsigned handshake_failures;
	uint64_t swallowed;      /* [bytes] by black holes */
};

const struct registrar_counters *
registrar_counters(const struct registrar *r);

/* Of the last TLS client; "": it sent none. */
const char *registrar_last_sni(const struct registrar *r);

#endif
