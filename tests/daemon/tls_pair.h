/* A client of tls.h and an OpenSSL server, over a socket pair. */

#ifndef TLS_PAIR_H
#define TLS_PAIR_H

#include "ca.h"
#include "tls.h"


struct tls_pair {
	char dir[64];
	char ca_path[128], other_path[128];      /* two authorities */
	char cert_path[128];             /* the server's, with its key */
	char key_path[128];              /* for whatever else */
	struct ca *ca, *other;
	SSL_CTX *server;
	struct tls_conf conf;            /* the client's */
	char sni[256];                   /* what the server was asked for */
	char text[512];                  /* why not */
	struct tls_info info;            /* if it succeeded */
};

extern struct tls_pair pair;

void pair_setup(void);           /* the client trusts pair.ca, wildcard */
void pair_teardown(void);

/* The server's next certificate. */
void pair_issue(struct ca *by, const char *san, int days);

/* Connects, reads a byte, and closes. REASON_OK, or why not. */
enum reason pair_connect(const char *host);

/* ... which has to be this; `words`, if not NULL, is the text. */
void pair_expect(const char *host, enum reason reason, const char *words);

/* Connects with success: was it resumed? */
bool pair_resumed(const char *host);

/* The same in two steps: the client of a connection that stands. Then it is
 * closed, the server's half of it first. */
SSL *pair_open(const char *host);
void pair_close(SSL *client);

#endif
