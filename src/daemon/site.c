/* The one STUN probe of the site: see site.h. core/pubaddr.c decides when to
 * ask and what the answers mean. */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "config_uri.h"
#include "log.h"
#include "loop.h"
#include "net.h"
#include "pubaddr.h"
#include "site.h"
#include "sock.h"
#include "stun.h"
#include "timer.h"


#define DATAGRAMS_MAX 16         /* read at a time; others want to live too */
#define ERROR_SIZE    256

struct server {
	char *name;                      /* as configured; NULL: none */
	char *host;
	uint16_t port;
	unsigned turn;                   /* of its addresses: another one after
					    a silence */
	bool silent;                     /* and that was said */
};

struct site {
	struct resolve *resolve;         /* not owned */
	struct pubaddr core;
	struct server serverv[PUBADDR_SERVERS];
	struct resolve_query *query;
	struct stun_question question;
	struct io io;                    /* fd -1: no socket */
	struct sa peer;                  /* of the socket */
	struct timer timer;
	int64_t at_usec;                 /* of the last answer */
	char error[ERROR_SIZE];
	site_h *h;
	void *arg;
};


static void close_socket(struct site *s)
{
	if (s->io.fd < 0)
		return;

	io_stop(&s->io);
	(void)close(s->io.fd);
	s->io.fd = -1;
}


static void forget_question(struct site *s)
{
	s->query = mem_deref(s->query);
	stun_question_cancel(&s->question);
}


static void ask(struct site *s);


/* Does what core says. May free the site. */
static void act(struct site *s, unsigned bits)
{
	struct addr addr;

	if (bits & PUBADDR_ASK)
		ask(s);

	timer_start(&s->timer, pubaddr_deadline(&s->core));
	if (bits & PUBADDR_MOVED) {
		addr = *pubaddr_addr(&s->core);
		s->h(&addr, s->arg);
	}
}


static void timer_handler(void *arg)
{
	struct site *s = arg;

	act(s, pubaddr_tick(&s->core, loop_now()));
}


/* --- outcomes --- */

static struct server *current(struct site *s)
{
	return &s->serverv[s->core.server];
}


/* A silence is said once; another socket and another address may help. */
static void failed(struct site *s, const char *text)
{
	struct server *server = current(s);

	forget_question(s);
	close_socket(s);
	++server->turn;
	(void)snprintf(s->error, sizeof(s->error), "%s", text);
	if (!server->silent)
		log_warning(NULL, "the STUN server %s is of no help: %s",
			    server->name, text);
	server->silent = true;

	act(s, pubaddr_on_silence(&s->core, loop_now()));
}


static void say_answer(struct site *s, bool was_flapping)
{
	struct server *server = current(s);

	if (server->silent)
		log_notice(NULL, "the STUN server %s answers again",
			   server->name);
	server->silent = false;

	if (pubaddr_flapping(&s->core) && !was_flapping)
		log_warning(NULL, "the STUN server %s names one address after "
			    "another, which does not count any more until it "
			    "is of one mind", server->name);
}


static void answer_handler(int err, const struct sa *mapped,
			   uint64_t rtt_usec, void *arg)
{
	struct site *s = arg;
	const bool was_flapping = s->core.wordv[s->core.server].flapping;
	struct addr addr;
	char text[ERROR_SIZE];
	unsigned bits;

	(void)rtt_usec;

	if (err) {
		(void)re_snprintf(text, sizeof(text), "%s from %J",
				  err == ETIMEDOUT ? "no answer"
						   : "an error", &s->peer);
		failed(s, text);
		return;
	}

	addr_from_sa(&addr, mapped);
	s->at_usec = loop_wall_usec() + (int64_t)loop_usec();
	s->error[0] = '\0';
	bits = pubaddr_on_answer(&s->core, &addr, loop_now());
	say_answer(s, was_flapping);
	act(s, bits);
}


/* --- the socket --- */

static void read_datagrams(struct site *s, struct mbuf *mb)
{
	char text[ERROR_SIZE];
	ssize_t n;

	for (unsigned i = 0; i < DATAGRAMS_MAX && s->io.fd >= 0; i++) {
		n = recv(s->io.fd, mb->buf, mb->size, 0);
		if (n < 0 && sock_would_block(errno))
			return;

		/* nobody is there, says an ICMP message */
		if (n < 0 && stun_question_active(&s->question)) {
			(void)re_snprintf(text, sizeof(text), "%J: %m",
					  &s->peer, errno);
			failed(s, text);
			return;
		}

		mb->pos = 0;
		mb->end = n > 0 ? (size_t)n : 0;
		if (stun_question_receive(&s->question, mb))
			return;
	}
}


static void read_handler(int flags, void *arg)
{
	struct site *s = mem_ref(arg);
	struct mbuf *mb = mbuf_alloc(STUN_ANSWER_MAX);

	(void)flags;

	/* without memory it would be read again and again */
	if (mb)
		read_datagrams(s, mb);
	else
		close_socket(s);

	mem_deref(mb);
	mem_deref(s);
}


static int send_handler(const uint8_t *buf, size_t len, void *arg)
{
	const struct site *s = arg;

	return send(s->io.fd, buf, len, MSG_NOSIGNAL) < 0 ? errno : 0;
}


/* The same port as long as all goes well: it keeps one mapping in the NAT. */
static int connect_to(struct site *s, const struct sa *peer)
{
	int err;

	if (s->io.fd >= 0 && sa_cmp(&s->peer, peer, SA_ALL))
		return 0;

	close_socket(s);
	s->io.fd = socket(sa_af(peer), SOCK_DGRAM | SOCK_NONBLOCK |
			  SOCK_CLOEXEC, 0);
	if (s->io.fd < 0)
		return errno;

	s->peer = *peer;
	err = connect(s->io.fd, &peer->u.sa, peer->len) ? errno : 0;
	if (!err)
		err = io_listen(&s->io, FD_READ);
	if (err)
		close_socket(s);

	return err;
}


/* --- asking --- */

/* The first that there is a route to; IPv4 first, as that is what is mapped,
 * and so that the family stays the same. */
static int connect_any(struct site *s, const struct resolve_addr *addrv,
		       size_t addrc)
{
	static const int familyv[] = {AF_INET, AF_INET6};
	int err = ENETUNREACH;

	for (size_t i = 0; i < 2 * addrc; i++) {
		const struct sa *peer = &addrv[(current(s)->turn + i) %
					       addrc].addr;

		if (sa_af(peer) != familyv[i / addrc])
			continue;

		err = connect_to(s, peer);
		if (!err)
			break;
	}

	return err;
}


static void resolve_handler(const struct resolve_result *r, void *arg)
{
	struct site *s = arg;
	char text[ERROR_SIZE];
	int err = r->err;

	if (!err)
		err = connect_any(s, r->addrv, r->addrc);

	if (err) {
		(void)snprintf(text, sizeof(text), "%s",
			       r->err ? r->text : strerror(err));
		failed(s, text);
		return;
	}

	s->query = mem_deref(s->query);
	stun_question_start(&s->question, send_handler, answer_handler, s);
}


static void ask(struct site *s)
{
	const struct server *server = current(s);
	const struct resolve_uri uri = {
		.host = server->host,
		.port = server->port,
		.transport = TRANSPORT_UDP,
	};
	int err;

	forget_question(s);
	err = resolve_query(&s->query, s->resolve, &uri, resolve_handler, s);
	if (err)
		failed(s, strerror(err));
}


/* --- birth and death --- */

static void destructor(void *data)
{
	struct site *s = data;

	timer_cancel(&s->timer);
	forget_question(s);
	close_socket(s);
	for (unsigned i = 0; i < PUBADDR_SERVERS; i++) {
		mem_deref(s->serverv[i].name);
		mem_deref(s->serverv[i].host);
	}
}


static int server_set(struct server *server, const char *name)
{
	struct pl host;
	int err;

	if (!host_port_parse(name, &host, &server->port))
		return EINVAL;

	if (!server->port)
		server->port = STUN_PORT;

	err = str_dup(&server->name, name);
	if (!err)
		err = pl_strdup(&server->host, &host);

	return err;
}


int site_alloc(struct site **sp, struct resolve *r,
	       const struct site_conf *conf, site_h *h, void *arg)
{
	const char *const namev[] = {conf->server, conf->server2};
	unsigned servers = 0;
	struct site *s;
	int err = 0;

	*sp = NULL;
	s = mem_zalloc(sizeof(*s), destructor);
	if (!s)
		return ENOMEM;

	s->resolve = r;
	s->io = (struct io){.fd = -1, .h = read_handler, .arg = s};
	s->h = h;
	s->arg = arg;
	timer_init(&s->timer, timer_handler, s);

	for (unsigned i = 0; !err && i < PUBADDR_SERVERS; i++) {
		if (namev[i] && namev[i][0])
			err = server_set(&s->serverv[servers++], namev[i]);
	}

	if (err || !servers) {
		mem_deref(s);
		return err;
	}

	pubaddr_init(&s->core, conf->interval, servers, rand_u64(),
		     loop_now());
	timer_start(&s->timer, loop_now());
	*sp = s;

	return 0;
}


void site_on_network(struct site *s)
{
	if (!s)
		return;

	forget_question(s);
	close_socket(s);
	act(s, pubaddr_on_network(&s->core, loop_now()));
}


void site_status(const struct site *s, struct site_status *st)
{
	const struct addr *addr;

	*st = (struct site_status){.server = "", .error = ""};
	if (!s)
		return;

	addr = pubaddr_addr(&s->core);
	st->addr = *addr;
	st->at_usec = s->at_usec;
	st->server = s->serverv[addr_isset(addr) ? s->core.answered
						 : s->core.server].name;
	st->error = s->error;
	if (!s->error[0] && pubaddr_flapping(&s->core))
		st->error = "names one address after another";
}
