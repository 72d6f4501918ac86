/* The NAT before this site: see nat.h. core/natwhen.c decides when it is
 * measured, nat_run.c measures. */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "config_uri.h"
#include "log.h"
#include "loop.h"
#include "nat.h"
#include "nat_run.h"
#include "natwhen.h"
#include "net.h"
#include "stun.h"


#define ERROR_SIZE 256

struct server {
	struct nat *nat;
	char *name;                      /* as configured; NULL: none */
	char *host;
	uint16_t port;
	struct resolve_query *query;     /* NULL: it is known, or will not be */
	struct addr addr;                /* unset: not known */
	unsigned turn;                   /* of its addresses: another one after
					    a silence */
};

struct nat {
	struct resolve *resolve;         /* not owned */
	struct server serverv[NAT_SERVERS];
	struct natwhen when;
	struct timer timer;              /* the next one; while names are asked
					    for: that is over */
	struct nat_run *run;
	bool measuring;
	struct natkind kind;             /* the last that learned something */
	const char *server;              /* that it was with; NULL: none yet */
	int64_t at_usec;
	char error[ERROR_SIZE];
	struct list waiters;
};


static void begin(struct nat *n);
static void run(struct nat *n);


static void timer_handler(void *arg)
{
	struct nat *n = arg;

	if (n->measuring)
		run(n);
	else
		begin(n);
}


static void wait_for_next(struct nat *n)
{
	timer_start(&n->timer, n->when.at);
}


static void forget_queries(struct nat *n)
{
	for (unsigned i = 0; i < NAT_SERVERS; i++)
		n->serverv[i].query = mem_deref(n->serverv[i].query);
}


/* --- the end of a measurement --- */

/* Each has its turn once: a handler may free others, or wait again. */
static void tell_waiters(struct nat *n)
{
	uint32_t count = list_count(&n->waiters);
	struct le *le;

	mem_ref(n);
	while (count-- && (le = list_head(&n->waiters)) != NULL) {

		struct nat_waiter *w = le->data;

		list_unlink(&w->le);
		w->h(w->arg);
	}
	mem_deref(n);
}


static void say(const struct nat *n, enum nat_map before)
{
	const enum nat_map m = natkind_mapping(&n->kind);

	if (m == before)
		return;

	if (natkind_symmetric(&n->kind))
		log_warning(NULL, "network: the NAT is symmetric, its mapping "
			    "is %s, says %s: TCP or TLS serve better than UDP",
			    nat_map_name(m), n->server);
	else if (m == NAT_MAPPING_NONE)
		log_notice(NULL, "network: there is no NAT, says %s",
			   n->server);
	else if (m != NAT_MAPPING_UNKNOWN)
		log_notice(NULL, "network: the NAT's mapping is %s, says %s",
			   nat_map_name(m), n->server);
}


static void finish(struct nat *n, bool learned)
{
	n->measuring = false;
	n->run = mem_deref(n->run);
	natwhen_on_end(&n->when, learned, loop_now());
	wait_for_next(n);
	tell_waiters(n);
}


static void run_handler(const struct natkind *kind, void *arg)
{
	struct nat *n = arg;
	const enum nat_map before = natkind_mapping(&n->kind);
	const bool learned = natkind_learned(kind);
	unsigned i;

	if (learned) {
		n->kind = *kind;
		n->server = n->serverv[kind->server].name;
		n->at_usec = loop_wall_usec() + (int64_t)loop_usec();
		n->error[0] = '\0';
		say(n, before);
	}
	else {
		(void)snprintf(n->error, sizeof(n->error), "no answer");
		for (i = 0; i < NAT_SERVERS; i++)
			++n->serverv[i].turn;
	}

	finish(n, learned);
}


/* --- its beginning --- */

static void run(struct nat *n)
{
	struct addr addrv[NAT_SERVERS];
	unsigned i, known = 0;
	int err = ENOENT;

	timer_cancel(&n->timer);
	forget_queries(n);
	for (i = 0; i < NAT_SERVERS; i++) {
		addrv[i] = n->serverv[i].addr;
		known += addr_isset(&addrv[i]);
	}

	/* what one family shows says nothing of the other */
	if (known == NAT_SERVERS && addrv[0].family != addrv[1].family)
		addrv[1] = (struct addr){0};

	if (known)
		err = nat_run_alloc(&n->run, addrv, run_handler, n);
	if (!err)
		return;

	if (known)
		(void)snprintf(n->error, sizeof(n->error), "%s", strerror(err));
	finish(n, false);
}


/* IPv4 first, as that is what is mapped. */
static void choose(struct server *s, const struct resolve_result *r)
{
	static const int familyv[] = {AF_INET, AF_INET6};

	for (size_t i = 0; i < 2 * r->addrc; i++) {

		const struct sa *sa = &r->addrv[(s->turn + i) %
						r->addrc].addr;

		if (sa_af(sa) == familyv[i / r->addrc]) {
			addr_from_sa(&s->addr, sa);
			return;
		}
	}
}


static void resolve_handler(const struct resolve_result *r, void *arg)
{
	struct server *s = arg;
	struct nat *n = s->nat;

	s->query = mem_deref(s->query);
	if (r->err)
		(void)snprintf(n->error, sizeof(n->error), "%s: %s", s->name,
			       r->text);
	else
		choose(s, r);

	if (!n->serverv[0].query && !n->serverv[1].query)
		run(n);
}


static void begin(struct nat *n)
{
	unsigned i, asked = 0;
	int err;

	n->measuring = true;
	natwhen_on_begin(&n->when, loop_now());
	(void)snprintf(n->error, sizeof(n->error), "no answer from DNS");
	timer_start(&n->timer, loop_now() + NAT_RESOLVE_TIME);

	for (i = 0; i < NAT_SERVERS; i++) {

		struct server *s = &n->serverv[i];
		const struct resolve_uri uri = {
			.host = s->host,
			.port = s->port,
			.transport = TRANSPORT_UDP,
		};

		s->addr = (struct addr){0};
		if (!s->name)
			continue;

		err = resolve_query(&s->query, n->resolve, &uri,
				    resolve_handler, s);
		if (err)
			(void)snprintf(n->error, sizeof(n->error), "%s",
				       strerror(err));
		asked += !err;
	}

	/* from the loop */
	if (!asked)
		timer_start(&n->timer, loop_now());
}


/* --- birth and death --- */

static void destructor(void *data)
{
	struct nat *n = data;

	timer_cancel(&n->timer);
	forget_queries(n);
	mem_deref(n->run);
	list_clear(&n->waiters);
	for (unsigned i = 0; i < NAT_SERVERS; i++) {
		mem_deref(n->serverv[i].name);
		mem_deref(n->serverv[i].host);
	}
}


static int server_set(struct server *s, const char *name)
{
	struct pl host;
	int err;

	if (!host_port_parse(name, &host, &s->port))
		return EINVAL;

	if (!s->port)
		s->port = STUN_PORT;

	err = str_dup(&s->name, name);
	if (!err)
		err = pl_strdup(&s->host, &host);

	return err;
}


int nat_alloc(struct nat **np, struct resolve *r, const char *server,
	      const char *server2)
{
	const char *const namev[NAT_SERVERS] = {server, server2};
	unsigned servers = 0;
	struct nat *n;
	int err = 0;

	*np = NULL;
	n = mem_zalloc(sizeof(*n), destructor);
	if (!n)
		return ENOMEM;

	n->resolve = r;
	timer_init(&n->timer, timer_handler, n);
	for (unsigned i = 0; !err && i < NAT_SERVERS; i++) {
		n->serverv[i].nat = n;
		if (namev[i] && namev[i][0])
			err = server_set(&n->serverv[servers++], namev[i]);
	}

	if (err || !servers) {
		mem_deref(n);
		return err;
	}

	natwhen_start(&n->when, loop_now());
	wait_for_next(n);
	*np = n;

	return 0;
}


void nat_on_change(struct nat *n)
{
	if (!n)
		return;

	natwhen_on_change(&n->when, loop_now());
	if (!n->measuring)
		wait_for_next(n);
}


/* --- questions --- */

int nat_wait(struct nat *n, struct nat_waiter *w)
{
	if (!n)
		return ENOENT;

	if (!n->measuring && !natwhen_on_asked(&n->when, loop_now()))
		return EALREADY;

	if (list_count(&n->waiters) >= NAT_WAITERS_MAX)
		return EBUSY;

	list_append(&n->waiters, &w->le, w);
	if (!n->measuring)
		begin(n);

	return 0;
}


void nat_abandon(struct nat *n)
{
	if (n)
		tell_waiters(n);
}


void nat_status(const struct nat *n, struct nat_status *st)
{
	*st = (struct nat_status){.server = "", .error = ""};
	if (!n)
		return;

	st->configured = true;
	st->measuring = n->measuring;
	if (!n->measuring)
		st->error = n->error;
	if (!n->server)
		return;

	st->kind = &n->kind;
	st->server = n->server;
	st->at_usec = n->at_usec;
}


unsigned nat_note(const struct nat *n, const struct mapping *m)
{
	return n && n->server ? natkind_note(&n->kind, m) : 0;
}
