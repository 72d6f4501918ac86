/* One DNS question and the client that it belongs to. For dns*.c only. */

#ifndef DNS_QUESTION_H
#define DNS_QUESTION_H

#include "dns.h"
#include "dns_tcp.h"
#include "loop.h"
#include "pace.h"
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
	struct list activel;             /* questions as they began */
	unsigned activec, latec;
	struct pace fresh, doubtful;     /* who waits */
	struct bucket bucket;            /* of both */
	unsigned turns;                  /* since the last doubtful one */
	struct timer timer;              /* somebody's turn may have come */
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
	struct le le;                    /* active, or */
	struct pace_node node;           /* waiting in */
	struct pace *queue;              /* this; NULL: active, or over */
	struct dns *d;
	struct dns_path pathv[DNS_SERVERS_MAX];  /* in the order to try */
	unsigned pathc;                  /* 0: not begun */
	unsigned current, round;
	struct mbuf *mb;                 /* the question, encoded */
	uint16_t id, type;
	struct timer timer;              /* the next try, or the end */
	msec_t deadline;                 /* once it is active */
	msec_t begun;                    /* see dns_begun() */
	bool late;                       /* counted in latec, while active */
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

/* It was silent for a while: others may need its place more. */
void dns_question_late(struct dns_question *q);

/* Leaves its place to another. */
void dns_question_detach(struct dns_question *q);

#endif
