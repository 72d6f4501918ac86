/* What is known of names: one record set per name and type, asked for once
 * however many wait, then kept until its TTL ends, good news and bad.
 *
 * The hosts file comes first, and a name in it is asked of nobody else. A set
 * is idle or being asked for; only idle ones are counted and thrown away, so
 * what is in flight is bounded by who waits for it. */

#include <errno.h>
#include <string.h>
#include "hosts.h"
#include "log.h"
#include "loop.h"
#include "records.h"
#include "stamp.h"


#define RESOLV_CONF "/etc/resolv.conf"
#define SERVERS_MAX 8            /* glibc takes 3 */
#define IDLE_MAX    2048         /* sets */
#define HASH_SIZE   1024
#define FROM_SIZE   80

struct records {
	struct dnsc *dnsc;               /* NULL: cannot be had */
	struct hash *sets;
	struct list idlel;               /* least recently used first */
	unsigned idlec;
	char *hosts;
	struct stamp hosts_stamp;
	struct stamp conf_stamp;
	bool system;                     /* the servers are resolv.conf's */
	char from[FROM_SIZE];            /* the servers, for messages */
	msec_t timeout;
};

struct key {
	const char *name;
	uint16_t type;
};


/* Those of resolv.conf that can be used; scoped addresses cannot. */
static uint32_t system_servers(struct sa *v, uint32_t max)
{
	char domain[RECORDS_NAME_SIZE];
	uint32_t n = max, usable = 0;

	memset(v, 0, max * sizeof(*v));
	if (dns_srv_get(domain, sizeof(domain), v, &n))
		n = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (sa_isset(&v[i], SA_ADDR))
			v[usable++] = v[i];
	}

	/* resolv.conf(5): none means the one of this machine */
	if (!usable)
		(void)sa_set_str(&v[usable++], "127.0.0.1", DNS_PORT);

	return usable;
}


static void name_servers(struct records *r, const struct sa *v, uint32_t n)
{
	size_t len = 0;

	for (uint32_t i = 0; i < n; i++) {
		int w = re_snprintf(r->from + len, sizeof(r->from) - len,
				    "%s%j", i ? ", " : "", &v[i]);
		if (w < 0)
			break;

		len += (size_t)w;
	}
}


static int set_servers(struct records *r, const struct sa *v, uint32_t n)
{
	const struct dnsc_conf conf = {
		.query_hash_size = HASH_SIZE,
		.tcp_hash_size = 2,
		/* 0 for the rest: later releases have a cache, so do we */
	};

	name_servers(r, v, n);

	if (r->dnsc)
		return dnsc_srv_set(r->dnsc, v, n);

	return dnsc_alloc(&r->dnsc, &conf, v, n);
}


static int servers_init(struct records *r, const struct sa *serverv,
			size_t serverc)
{
	struct sa v[SERVERS_MAX];
	uint32_t n;
	int err;

	r->system = !serverc;
	if (r->system) {
		(void)stamp_changed(&r->conf_stamp, RESOLV_CONF);
		n = system_servers(v, SERVERS_MAX);
	}
	else {
		n = serverc < SERVERS_MAX ? (uint32_t)serverc : SERVERS_MAX;
		memcpy(v, serverv, n * sizeof(*v));
	}

	err = set_servers(r, v, n);
	if (err == ENOMEM)
		return err;
	if (err)
		log_error(NULL, "no DNS client (%s): names are looked up in "
			  "%s only", strerror(err), r->hosts);

	return 0;
}


static void unlink_idle(struct record_set *s)
{
	if (!s->le.list)
		return;

	list_unlink(&s->le);
	--s->r->idlec;
}


static void set_destructor(void *arg)
{
	struct record_set *s = arg;

	hash_unlink(&s->he);
	unlink_idle(s);
	timer_cancel(&s->timer);
	mem_deref(s->dq);
	mem_deref(s->text);
	mem_deref(s->addrv);
}


/* Whoever is about to read it holds it still. */
static void drop_oldest(struct records *r)
{
	struct record_set *s = list_ledata(list_head(&r->idlel));

	hash_unlink(&s->he);
	unlink_idle(s);
	mem_deref(s);
}


static void link_idle(struct record_set *s)
{
	unlink_idle(s);
	list_append(&s->r->idlel, &s->le, s);

	if (++s->r->idlec > IDLE_MAX)
		drop_oldest(s->r);
}


/* Somebody edited the files that we depend on? */
static void refresh_files(struct records *r)
{
	struct sa v[SERVERS_MAX];
	uint32_t n;

	if (stamp_changed(&r->hosts_stamp, r->hosts)) {
		while (r->idlec)
			drop_oldest(r);
	}

	if (!r->system || !stamp_changed(&r->conf_stamp, RESOLV_CONF))
		return;

	n = system_servers(v, SERVERS_MAX);
	if (!set_servers(r, v, n))
		log_info(NULL, "%s changed: DNS servers %s", RESOLV_CONF,
			 r->from);
}


static int set_keep(struct record_set *s, const struct dns_answer *a)
{
	size_t size = a->addrc * sizeof(*a->addrv);
	struct sa *addrv = NULL;
	char *text = NULL;

	if (a->err && str_dup(&text, a->text))
		return ENOMEM;

	if (size) {
		addrv = mem_alloc(size, NULL);
		if (!addrv)
			return ENOMEM;

		memcpy(addrv, a->addrv, size);
	}

	mem_deref(s->text);
	mem_deref(s->addrv);
	s->text = text;
	s->addrv = addrv;
	s->addrc = a->addrc;

	return 0;
}


static void set_done(struct record_set *s, const struct dns_answer *a)
{
	struct le *le;

	s->dq = mem_deref(s->dq);
	timer_cancel(&s->timer);
	s->asking = false;
	s->err = set_keep(s, a);
	if (!s->err)
		s->err = a->err;
	s->fresh = a->ttl == NEVER ? NEVER : loop_now() + a->ttl;
	link_idle(s);

	while ((le = list_head(&s->wantl))) {
		struct record_want *w = le->data;

		list_unlink(le);
		w->h(w->arg);
	}
}


static void dns_handler(int err, const struct dnshdr *hdr, struct list *ansl,
			struct list *authl, struct list *addl, void *arg)
{
	struct record_set *s = arg;
	struct dns_answer a;

	(void)addl;

	/* libre has forgotten it before it calls */
	s->dq = NULL;

	dns_answer_read(&a, s->name, s->type, s->r->from, err, hdr, ansl,
			authl);
	set_done(s, &a);
}


static void timeout_handler(void *arg)
{
	struct record_set *s = arg;
	struct dns_answer a;

	dns_answer_failed(&a, ETIMEDOUT, "no answer from %s", s->r->from);
	set_done(s, &a);
}


/* False: the file does not know the name. Otherwise good until it changes:
 * then all that is idle is thrown away. */
static bool ask_hosts(struct dns_answer *a, const struct record_set *s)
{
	int af = s->type == DNS_TYPE_A ? AF_INET : AF_INET6;
	size_t n = hosts_find(s->r->hosts, s->name, a->addrv, TARGET_MAX);

	if (!n)
		return false;

	a->addrc = 0;
	for (size_t i = 0; i < n; i++) {
		if (sa_af(&a->addrv[i]) == af)
			a->addrv[a->addrc++] = a->addrv[i];
	}

	a->err = 0;
	if (!a->addrc)
		dns_answer_failed(a, ENOENT, "no %s address in %s",
				  af == AF_INET ? "IPv4" : "IPv6",
				  s->r->hosts);
	a->ttl = NEVER;

	return true;
}


static int ask_dns(struct record_set *s)
{
	if (!s->r->dnsc)
		return ENOSYS;

	timer_start(&s->timer, loop_now() + s->r->timeout);

	return dnsc_query(&s->dq, s->r->dnsc, s->name, s->type, DNS_CLASS_IN,
			  true, dns_handler, s);
}


static void set_ask(struct record_set *s)
{
	struct dns_answer a;
	int err;

	unlink_idle(s);
	s->asking = true;

	if (ask_hosts(&a, s)) {
		set_done(s, &a);
		return;
	}

	err = ask_dns(s);
	if (!err)
		return;

	if (err == ENOSYS)
		dns_answer_failed(&a, err, "no DNS client on this system");
	else
		dns_answer_failed(&a, EPROTO, "cannot ask %s: %s", s->r->from,
				  strerror(err));
	set_done(s, &a);
}


static bool key_handler(struct le *le, void *arg)
{
	const struct record_set *s = le->data;
	const struct key *key = arg;

	return s->type == key->type && !strcmp(s->name, key->name);
}


static struct record_set *set_get(struct records *r, const char *name,
				  uint16_t type)
{
	struct key key = {name, type};
	uint32_t hash = hash_joaat_str(name);
	struct record_set *s;

	s = list_ledata(hash_lookup(r->sets, hash, key_handler, &key));
	if (s)
		return s;

	s = mem_zalloc(sizeof(*s), set_destructor);
	if (!s)
		return NULL;

	s->r = r;
	s->type = type;
	str_ncpy(s->name, name, sizeof(s->name));
	timer_init(&s->timer, timeout_handler, s);
	hash_append(r->sets, hash, &s->he, s);

	return s;
}


int records_want(struct record_want *w, bool *waiting, struct records *r,
		 const char *name, uint16_t type, record_h *h, void *arg)
{
	struct record_set *s;

	refresh_files(r);

	s = set_get(r, name, type);
	if (!s)
		return ENOMEM;

	w->set = mem_ref(s);
	w->h = h;
	w->arg = arg;

	if (!s->asking && loop_now() >= s->fresh)
		set_ask(s);

	if (s->asking)
		list_append(&s->wantl, &w->le, w);
	else
		link_idle(s);

	*waiting = s->asking;

	return 0;
}


void record_unwant(struct record_want *w)
{
	list_unlink(&w->le);
	w->set = mem_deref(w->set);
}


static void records_destructor(void *arg)
{
	struct records *r = arg;

	/* The sets first: libre calls back for what it still knows. */
	hash_flush(r->sets);
	mem_deref(r->sets);
	mem_deref(r->dnsc);
	mem_deref(r->hosts);
}


int records_alloc(struct records **rp, const struct sa *serverv,
		  size_t serverc)
{
	struct records *r;
	int err;

	r = mem_zalloc(sizeof(*r), records_destructor);
	if (!r)
		return ENOMEM;

	r->timeout = RECORDS_TIMEOUT;
	err = hash_alloc(&r->sets, HASH_SIZE);
	if (!err)
		err = records_set_hosts(r, HOSTS_FILE);
	if (!err)
		err = servers_init(r, serverv, serverc);

	if (err)
		mem_deref(r);
	else
		*rp = r;

	return err;
}


int records_set_hosts(struct records *r, const char *path)
{
	char *hosts;
	int err = str_dup(&hosts, path);

	if (err)
		return err;

	mem_deref(r->hosts);
	r->hosts = hosts;

	return 0;
}


void records_set_timeout(struct records *r, msec_t timeout)
{
	r->timeout = timeout;
}
