/* A whole daemon in the test's own process: a test registrar on loopback, a
 * configuration in a file of its own, agents that register for real. */

#ifndef RIG_H
#define RIG_H

#include "ca.h"
#include "daemon.h"
#include "harness.h"
#include "registrar.h"


#define RIG_WAIT 3000            /* [ms] for what must happen soon */

struct rig {
	char dir[32];            /* everything on disk is in it */
	struct ca *ca;           /* the one that accounts trust */
	struct registrar *reg;   /* at 127.0.0.1, UDP and TCP */
	struct registrar_conf *conf;     /* how it behaves */
	const char *host;        /* of the registrar, in accounts to come */
	struct config *config;
	struct daemon *daemon;   /* NULL before rig_start() */
	struct mbuf *accounts;   /* text, until rig_start() */
};

extern struct rig rig;

/* A Check fixture (checked). The registrar's domain is example.org. */
void rig_setup(void);
void rig_teardown(void);

/* The registrar listens on TLS too, with a certificate for `san`. */
void rig_tls(const char *san, int days);

/* A path in rig.dir; valid until the fourth call from now. */
const char *rig_path(const char *name);

/* One more account sip:NAME@example.org with the password that the registrar
 * knows; `fmt` holds further keys of the configuration. */
void rig_account(const char *name, enum transport t, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Writes the configuration of the accounts so far, `globals` on top. */
void rig_write(const char *globals);

/* The same, loads it and starts the daemon. */
void rig_start(const char *globals);

/* Stops the daemon; how long it took [ms]. */
msec_t rig_stop(void);

/* What is known of an account. */
struct agent *rig_agent(const char *name);
const struct account *rig_state(const char *name);
const struct reg *rig_reg(const char *name);
struct agent_flow rig_flow(const char *name);
unsigned rig_registers(const char *name);        /* that the registrar got */
const char *rig_text(const char *name, int n);   /* of the n-th, -1: last */

/* Waits for it, RIG_WAIT or `msec`; the test fails if it does not happen. */
void rig_expect_registered(const char *name);
void rig_expect_proven(const char *name);
void rig_expect_reason(const char *name, enum reason reason);
void rig_expect_registers(const char *name, unsigned n, msec_t msec);
void rig_expect_flow(const char *name, enum flow_state state, msec_t msec);

/* Starts with one account and waits until it is registered. */
void rig_one(const char *name, enum transport t, const char *keys);

/* The operator's REGISTER: sends now, waits for the outcome. */
struct agent_outcome rig_register(const char *name);

void rig_rule(const struct registrar_rule *rule);

/* Somebody else with a UDP socket, at an address of 127.0.0.0/8. */
struct rig_peer {
	struct io io;
	unsigned received;       /* datagrams so far */
	char in[4096];           /* the last one */
};

void rig_peer_open(struct rig_peer *p, const char *ip);
void rig_peer_close(struct rig_peer *p);
void rig_peer_send(struct rig_peer *p, const struct sa *dst, const char *text);

/* The two texts; the test fails if `part` is not, or is, in `text`. */
void rig_has(const char *text, const char *part);
void rig_has_not(const char *text, const char *part);

#endif
