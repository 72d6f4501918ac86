/* What is known of names: one record set per name and type, asked for once
 * however many wait, then kept until its TTL ends, good news and bad.
 *
 * The hosts file comes first, and a name in it is asked of nobody else. A set
 * is idle or being asked for; only idle ones are counted and thrown away, so
 * what is in flight is bounded by who waits for it.
 *
 * "There is none" is believed at once. While DNS says nothing, or that it
 * cannot say, the last answer goes on to count (RFC 8767). */

#include <errno.h>
#include <string.h>
#include "hosts.h"
#include "log.h"
#include "loop.h"
#include "records.h"
#include "resolve_conf.h"
#include "stamp.h"


#define IDLE_MAX     8192        /* sets of 500 octets and their records; a
				    domain with all its services has ten */
#define HASH_SIZE    4096
#define STALE_WAIT   1800        /* [ms] RFC 8767 §5, client response timer */
#define STALE_MAX    HOURS(72)   /* RFC 8767 §5: one to three days */

struct records {
	struct dns *dns;
	struct hash *sets;
	struct list idlel;               /* least recently used first */
	unsigned idlec;
	struct recovery recovery;
	struct resolve_conf *conf;       /* NULL: the servers are given */
	uint16_t conf_port;
	char *hosts;
	struct stamp hosts_stamp;
	bool know_services;
};

struct key {
	const char *name;
	uint16_t type;
};


static bool is_service(uint16_t type)
{
	return type == DNS_TYPE_SRV || type == DNS_TYPE_NAPTR;
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
	(void)recovery_forget(&s->loss);
	unlink_idle(s);
	timer_cancel(&s->timer);
	mem_deref(s->dq);
	mem_deref(s->answer);
}


/* Whoever is about to read it holds it still. */
static void drop_oldest(struct records *r)
{
	struct record_set *s = list_ledata(list_head(&r->idlel));

	hash_unlink(&s->he);
	(void)recovery_forget(&s->loss);
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


/* An answer was found, or it is known that there is none. */
static void set_known(struct record_set *s, struct dns_answer *a)
{
	const msec_t now = loop_now();

	if (recovery_forget(&s->loss))
		recovery_tell(&s->r->recovery);

	mem_deref(s->answer);
	s->answer = mem_ref(a);
	s->failing = false;
	s->fresh = a->ttl == NEVER ? NEVER : now + a->ttl;
	s->stale = a->err || s->fresh == NEVER ? 0 : s->fresh + STALE_MAX;
}


/* The last answer stays as long as it may. */
static void set_failed(struct record_set *s, struct dns_answer *a)
{
	const msec_t now = loop_now();

	if (now >= s->stale) {
		mem_deref(s->answer);
		s->answer = mem_ref(a);
	}

	s->failing = true;
	s->fresh = now + SECONDS(DNS_FAILURE_TTL);
}


static void call_wants(struct record_set *s)
{
	struct le *le;

	while ((le = list_head(&s->wantl))) {
		struct record_want *w = le->data;

		list_unlink(le);
		w->waiting = false;
		w->h(w->arg);
	}
}


static void set_done(struct record_set *s, struct dns_answer *a)
{
	s->dq = mem_deref(s->dq);
	timer_cancel(&s->timer);
	s->asking = s->shown = false;

	if (dns_answer_unknown(a))
		set_failed(s, a);
	else
		set_known(s, a);

	link_idle(s);
	call_wants(s);
}


static void dns_handler(struct dns_answer *a, void *arg)
{
	struct record_set *s = arg;

	if (is_service(s->type) && !dns_answer_unknown(a))
		s->r->know_services = true;

	set_done(s, a);
}


static void stale_handler(void *arg)
{
	struct record_set *s = arg;

	s->shown = true;
	call_wants(s);
}


/* False: the file does not know the name. */
static bool ask_hosts(struct dns_answer **ap, struct record_set *s)
{
	s->local = hosts_answer(ap, s->r->hosts, s->name, s->type);
	s->looked = true;

	return s->local;
}


static void set_ask(struct record_set *s)
{
	struct dns_answer *a = NULL;
	int err;

	unlink_idle(s);
	s->asking = true;
	s->shown = false;

	if (!is_service(s->type) && ask_hosts(&a, s)) {
		set_done(s, a);
		mem_deref(a);
		return;
	}

	err = dns_ask(&s->dq, s->r->dns, s->name, s->type, s->failing,
		      dns_handler, s);
	if (err) {
		a = dns_answer_failed(EPROTO, "cannot ask for %s: %s", s->name,
				      strerror(err));
		set_done(s, a);
		mem_deref(a);
	}
	else if (loop_now() < s->stale) {
		timer_start(&s->timer, loop_now() + STALE_WAIT);
	}
}


static bool key_handler(struct le *le, void *arg)
{
	const struct record_set *s = le->data;
	const struct key *key = arg;

	return s->type == key->type && !strcmp(s->name, key->name);
}


static struct record_set *set_find(const struct records *r, const char *name,
				   uint16_t type)
{
	struct key key = {name, type};

	return list_ledata(hash_lookup(r->sets, hash_joaat_str(name),
				       key_handler, &key));
}


const struct record_set *records_find(const struct records *r,
				      const char *name, uint16_t type)
{
	return set_find(r, name, type);
}


static struct record_set *set_get(struct records *r, const char *name,
				  uint16_t type)
{
	struct record_set *s = set_find(r, name, type);

	if (s)
		return s;

	s = mem_zalloc(sizeof(*s), set_destructor);
	if (!s)
		return NULL;

	s->r = r;
	s->type = type;
	str_ncpy(s->name, name, sizeof(s->name));
	timer_init(&s->timer, stale_handler, s);
	hash_append(r->sets, hash_joaat_str(name), &s->he, s);

	return s;
}


static void probe_handler(void *arg)
{
	struct record_set *s = arg;

	if (!s->asking)
		set_ask(s);
}


/* What failed is asked for again by the next who wants it. */
static void forget_failures(struct records *r)
{
	struct le *le;

	for (le = r->idlel.head; le; le = le->next) {
		struct record_set *s = le->data;

		if (s->failing)
			s->fresh = 0;
	}

	r->know_services = false;
	recovery_hurry(&r->recovery);
}


static void use_servers(struct records *r, const struct sa *v, size_t n)
{
	dns_set_servers(r->dns, v, n);
	forget_failures(r);
}


static void use_conf(struct records *r)
{
	struct sa v[DNS_SERVERS_MAX];
	size_t n;

	n = resolve_conf_servers(r->conf, v, DNS_SERVERS_MAX, r->conf_port);
	use_servers(r, v, n);
}


static void conf_handler(void *arg)
{
	struct records *r = arg;

	if (!resolve_conf_changed(r->conf))
		return;

	use_conf(r);
	log_info(NULL, "%s changed: DNS servers %s", RESOLVE_CONF,
		 dns_servers(r->dns));
	recovery_tell(&r->recovery);
}


/* What is known from DNS stays of use, but the file is asked first. */
static void forget_hosts(struct records *r)
{
	struct le *le;

	for (le = r->idlel.head; le; le = le->next) {
		struct record_set *s = le->data;

		if (!is_service(s->type))
			s->fresh = 0;
		s->local = s->looked = false;
	}
}


/* Somebody edited the files that we depend on? */
static void refresh_files(struct records *r)
{
	if (stamp_changed(&r->hosts_stamp, r->hosts))
		forget_hosts(r);
	if (r->conf)
		conf_handler(r);
}


int records_want(struct record_want *w, struct records *r, const char *name,
		 uint16_t type, record_h *h, void *arg)
{
	struct record_set *s;

	refresh_files(r);

	s = set_get(r, name, type);
	if (!s)
		return ENOMEM;

	w->set = mem_ref(s);
	w->h = h;
	w->arg = arg;
	s->loss.wanted = loop_now();

	if (!s->asking && loop_now() >= s->fresh)
		set_ask(s);

	w->waiting = s->asking && !s->shown;
	if (w->waiting)
		list_append(&s->wantl, &w->le, w);
	else if (!s->asking)
		link_idle(s);

	return 0;
}


void record_unwant(struct record_want *w)
{
	list_unlink(&w->le);
	w->waiting = false;
	w->set = mem_deref(w->set);
}


msec_t record_asked(const struct record_set *s)
{
	return s->dq ? dns_begun(s->dq) : 0;
}


bool records_local(struct records *r, const char *name)
{
	struct record_set *s;
	struct sa sa;

	refresh_files(r);

	s = set_get(r, name, DNS_TYPE_A);
	if (!s)
		return false;

	if (!s->looked) {
		s->looked = true;
		s->local = hosts_find(r->hosts, name, &sa, 1) > 0;
	}

	if (!s->asking)
		link_idle(s);

	return s->local;
}


bool records_know_services(const struct records *r)
{
	return r->know_services;
}


void record_failed(struct record_set *s)
{
	if (s->failing)
		recovery_await(&s->r->recovery, &s->loss, s);
}


static void records_destructor(void *arg)
{
	struct records *r = arg;

	recovery_close(&r->recovery);

	/* the sets first: their questions are the client's */
	hash_flush(r->sets);
	mem_deref(r->sets);
	mem_deref(r->conf);
	mem_deref(r->dns);
	mem_deref(r->hosts);
}


int records_alloc(struct records **rp, const struct sa *serverv,
		  size_t serverc, recovery_h *h, void *arg)
{
	struct records *r;
	int err;

	r = mem_zalloc(sizeof(*r), records_destructor);
	if (!r)
		return ENOMEM;

	recovery_init(&r->recovery, DNS_TIMEOUT, probe_handler, h, arg);

	err = hash_alloc(&r->sets, HASH_SIZE);
	if (!err)
		err = records_set_hosts(r, HOSTS_FILE);
	if (!err)
		err = dns_alloc(&r->dns, NULL, 0);
	if (!err)
		err = records_set_servers(r, serverv, serverc);

	if (err)
		mem_deref(r);
	else
		*rp = r;

	return err;
}


int records_set_servers(struct records *r, const struct sa *serverv,
			size_t serverc)
{
	if (!serverc)
		return r->conf ? 0 : records_set_conf(r, RESOLVE_CONF,
						      DNS_PORT);

	r->conf = mem_deref(r->conf);
	use_servers(r, serverv, serverc);

	return 0;
}


int records_set_conf(struct records *r, const char *path, uint16_t port)
{
	struct resolve_conf *conf;
	int err = resolve_conf_alloc(&conf, path, conf_handler, r);

	if (err)
		return err;

	mem_deref(r->conf);
	r->conf = conf;
	r->conf_port = port;
	use_conf(r);

	return 0;
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
	dns_set_timeout(r->dns, timeout);
	r->recovery.every = timeout;
}


void records_set_rate(struct records *r, uint32_t rate)
{
	dns_set_rate(r->dns, rate);
}
