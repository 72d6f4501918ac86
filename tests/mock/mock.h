/* What the files of the test registrar share with each other.
 *
 *   registrar.c  the whole: accounts, outages
 *   listener.c   listening sockets, accepting, TLS contexts
 *   socket.c     connections: TLS, framing, sending
 *   dispatch.c   what to do with a message
 *   script.c     rules, and texts with placeholders
 *   reply.c      answers: composing, delaying, repeating
 *   stun.c       Binding requests on UDP
 *   auth.c       digest, the server's half
 *   bindings.c   RFC 3261 §10.3
 *   call.c       requests to bindings, ours and relayed ones
 *   record.c     the log and the questions to it
 *
 * A message in: socket -> dispatch -> (script | auth, bindings | call) ->
 * reply -> socket. */

#ifndef MOCK_H
#define MOCK_H

#include <openssl/ssl.h>
#include "loop.h"
#include "registrar.h"
#include "timer.h"


#define MOCK_CONNS_MAX    65536  /* connections and UDP peers */
#define MOCK_RX_MAX       65536  /* [bytes] of one message on a stream */
#define MOCK_TX_MAX       (1 << 20)      /* [bytes] queued on a stream */
#define MOCK_LOG_MAX      8192   /* messages */
#define MOCK_RULES_MAX    256
#define MOCK_CALLS_MAX    4096   /* requests of ours without an answer */
#define MOCK_DELAYED_MAX  65536  /* answers, or pieces of them */
#define MOCK_ANSWERED_MAX 4096   /* kept for retransmissions */
#define MOCK_CONTACTS_MAX 32     /* in one REGISTER */
#define MOCK_NONCES       32     /* per account: the latest */
#define MOCK_NONCE_SIZE   33
#define MOCK_SNI_SIZE     256


struct mock_identity {
	struct le le;
	char *name;
	SSL_CTX *ctx;
};

struct mock_listener {
	struct le le;
	struct registrar *r;     /* parent */
	struct io io;
	struct sa addr;          /* with the port that was given */
	enum transport transport;
	SSL_CTX *ctx;
};

/* A stream connection, or a UDP peer of one listener. */
struct mock_conn {
	struct le le;            /* registrar.conns */
	struct le he;            /* registrar.peers, UDP */
	struct registrar *r;     /* NULL: closed */
	struct mock_listener *lst;       /* owned reference */
	struct io io;            /* streams */
	SSL *ssl;
	struct mbuf *rx;         /* what is not a whole message yet */
	struct mbuf *tx;         /* what the kernel did not take */
	struct sa peer;
	enum transport transport;
	unsigned id;
	unsigned pings;          /* of ours, without a pong */
	bool handshake;          /* TLS, going on */
	bool half;               /* the first CRLF of a ping came alone */
	bool deaf;
	bool closing;            /* when everything is sent */
};

struct mock_nonce {
	char text[MOCK_NONCE_SIZE];      /* "": free */
	uint32_t nc;             /* the last one seen */
	bool used;
};

struct mock_account {
	struct le he;
	char *user;
	char *auth_user;
	char *password;
	struct list bindings;    /* newest last */
	struct mock_conn *conn;  /* of the last REGISTER */
	struct mock_nonce noncev[MOCK_NONCES];
	unsigned nonce_next;
	unsigned registers;
	unsigned authorized;     /* of these with credentials */
};

struct mock_binding {
	struct le le;
	char *uri;
	char *params;            /* ";a=b", without expires */
	char *instance;          /* NULL: none */
	uint32_t reg_id;         /* 0: none */
	char *call_id;
	uint32_t cseq;
	msec_t until;
	struct mock_conn *conn;
};

struct registrar {
	struct registrar_conf conf;
	struct registrar_counters counters;
	struct hash *accounts;
	struct list listeners;
	struct list identities;
	struct list conns;
	struct hash *peers;
	struct list rules;
	struct list log;
	unsigned logc;
	struct hash *calls;
	unsigned callc;
	struct list delayed;
	unsigned delayedc;
	struct hash *answers;    /* by branch */
	struct list answered;    /* the same, oldest first */
	unsigned answeredc;
	unsigned connc;          /* ids given */
	unsigned openc;
	unsigned acceptedv[TRANSPORT_TLS + 1];
	unsigned openv[TRANSPORT_TLS + 1];
	unsigned flap;           /* added to the port of conf.seen */
	char sni[MOCK_SNI_SIZE];
};

/* A rule in force, with copies of its strings. */
struct mock_rule {
	struct le le;
	struct registrar_rule conf;
	unsigned left;           /* 0: for ever */
	unsigned skip;
};


/* registrar.c */
struct mock_account *mock_account_find(const struct registrar *r,
				       const struct pl *user);
const char *mock_realm(const struct registrar *r);

/* listener.c */
int mock_ctx_alloc(SSL_CTX **ctxp, struct registrar *r, const char *pem);
int mock_listener_open(struct mock_listener *lst);
void mock_listener_close(struct mock_listener *lst);

/* socket.c. `fd`: a stream's, taken over on success; -1: UDP. The registrar
 * owns the connection; it is unlinked, and its reference dropped, by close. */
int mock_conn_alloc(struct mock_conn **connp, struct mock_listener *lst,
		    int fd, const struct sa *peer);
void mock_on_datagram(struct mock_conn *conn, const uint8_t *p, size_t len);
int mock_conn_send(struct mock_conn *conn, const uint8_t *p, size_t len);
void mock_conn_close(struct mock_conn *conn, enum registrar_cut how);

/* Closes by FIN when everything is sent. */
void mock_conn_finish(struct mock_conn *conn);

/* dispatch.c: `mb` holds one whole message. EBADMSG: no use to read on. */
int mock_on_message(struct mock_conn *conn, struct mbuf *mb);

/* script.c. The first rule that fits, with one use of it taken, or NULL;
 * mem_deref() it: a used-up rule has no other owner. */
struct mock_rule *mock_rule_take(struct registrar *r, const struct pl *user,
				 const struct pl *method, bool authorized,
				 bool accepted);
int mock_template(struct mbuf *mb, const char *text, struct mock_conn *conn,
		  const struct sip_msg *msg);

/* reply.c. `rule` may be NULL, `fmt` holds whole header lines. */
int mock_reply(struct mock_conn *conn, const struct sip_msg *msg,
	       const struct mock_rule *rule, uint16_t code, const char *phrase,
	       const char *fmt, ...);
int mock_reply_text(struct mock_conn *conn, const struct sip_msg *msg,
		    const struct mock_rule *rule, struct mbuf *mb);

/* Was it answered before (then it was again now), or is it being answered?
 * UDP only. */
bool mock_repeat(struct mock_conn *conn, const struct sip_msg *msg);
void mock_replies_flush(struct registrar *r);
void mock_seen(struct sa *sa, const struct mock_conn *conn);
int mock_print_vias(struct mbuf *mb, struct mock_conn *conn,
		    const struct sip_msg *msg, const char *separator);
bool mock_supported(const struct sip_msg *msg, const char *option);

/* stun.c; false: it is none */
bool mock_on_stun(struct mock_conn *conn, const uint8_t *p, size_t len);

/* auth.c */
enum mock_auth {
	AUTH_OK,
	AUTH_NONE,               /* no credentials for our realm */
	AUTH_STALE,
	AUTH_REFUSED,
	AUTH_MALFORMED,          /* *why says how */
};

/* Who wants credentials. */
struct mock_asker {
	const char *realm;
	bool proxy;              /* by 407 */
};

enum mock_auth mock_auth_check(struct registrar *r,
			       const struct mock_asker *asker,
			       struct mock_account *acc,
			       const struct sip_msg *msg, const char **why);
int mock_auth_challenge(struct mbuf *mb, struct registrar *r,
			const struct mock_asker *asker,
			struct mock_account *acc, bool stale);
int mock_auth_next(struct mbuf *mb, struct registrar *r,
		   struct mock_account *acc);
bool mock_authorized(const struct sip_msg *msg);

/* bindings.c. 200, or the code of the refusal with its *why. */
uint16_t mock_bindings_update(struct mock_account *acc, struct mock_conn *conn,
			      const struct sip_msg *msg, uint32_t grant,
			      const char **why);
int mock_bindings_print(struct mbuf *mb, struct mock_account *acc);
void mock_bindings_expire(struct mock_account *acc);
bool mock_binding_outbound(const struct mock_account *acc,
			   const struct mock_conn *conn);
bool mock_first_contact(struct pl *val, struct pl *uri,
			const struct sip_msg *msg);

/* call.c */
bool mock_on_response(struct mock_conn *conn, const struct sip_msg *msg);
int mock_relay(struct mock_conn *conn, struct mock_account *acc,
	       const struct sip_msg *msg);
void mock_calls_flush(struct registrar *r);

/* record.c: `msg` NULL: not parsable */
struct registrar_message *mock_record(struct mock_conn *conn, bool in,
				      const struct sip_msg *msg,
				      const uint8_t *p, size_t len);
void mock_trace(const struct mock_conn *conn, const char *what);

#endif
