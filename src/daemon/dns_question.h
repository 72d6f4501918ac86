/* One DNS question and the client that it belongs to. For dns*.c only. */

#ifndef DNS_QUESTION_H
#define DNS_QUESTION_H

#include "dns.h"
#include "dns_tcp.h"
#include "loop.h"
#include "timer.h"

#define DNS_FROM_SIZE 160        /* all servers, in words */

struct dns_server_state {
	struct sa addr;
	msec_t last_until;               /* tried last until then */
};

struct dns {
	struct dns_server_state serverv[DNS_SERVERS_MAX];
	size_t serverc;
	char from[DNS_FROM_SIZE];
	struct list activel, waitingl;   /* questions */
	unsigned activec;
	struct timer timer;              /* somebody's turn has come */
	msec_t timeout;
};

/* One server, as one question sees it. */
struct dns_path {
	struct dns_question *q;
	struct dns_server_state *server;
	struct io io;
	bool sent;
	bool bad;                        /* of no use for this question */
};

struct dns_question {
	struct le le;                    /* active or waiting */
	struct dns *d;
	struct dns_path pathv[DNS_SERVERS_MAX];  /* in the order to try */
	unsigned pathc;                  /* 0: not begun */
	unsigned current, round;
	struct mbuf *mb;                 /* the question, encoded */
	uint16_t id, type;
	struct timer timer;              /* the next try, or the end */
	msec_t deadline;
	struct dns_tcp *tcp;             /* with the current path */
	struct dns_answer *failure;      /* the first "cannot" */
	bool refused;                    /* that came from a server */
	dns_h *h;
	void *arg;
	char name[DNS_NAME_SIZE];
};


/* Its timer's: begins, tries the next server, or gives up. */
void dns_question_handler(void *arg);

/* As if it had not begun: no sockets, nothing said. */
void dns_question_reset(struct dns_question *q);

/* Leaves its place to another. */
void dns_question_detach(struct dns_question *q);

#endif
