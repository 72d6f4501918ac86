/* TLS sessions to be resumed: kept for each context and host. */

#include <string.h>
#include <openssl/crypto.h>
#include "tls_session.h"


#define BUCKETS 256              /* of hosts, a power of two */

/* Hosts come from the configuration: there are not more than accounts. */
struct host {
	struct le le;
	const void *owner;
	char *name;
	struct list sessions;            /* newest first */
	unsigned count;
	unsigned failed;                 /* offers in a row */
	msec_t rests_until;              /* nothing is offered before */
};

struct tls_session {
	struct le le;                    /* of its host */
	struct le all_le;                /* of all, oldest first */
	struct host *host;
	struct tls_session **keptp;      /* whose newest it is; may be NULL */
	struct tls_session_facts facts;
	msec_t until;
	size_t len;
	uint8_t der[];
};

static struct hash *hosts;
static struct list all;
static size_t bytes;


static uint32_t host_key(const void *owner, const char *name)
{
	return hash_joaat_str_ci(name) ^ (uint32_t)((uintptr_t)owner >> 4);
}


static void host_destructor(void *data)
{
	struct host *h = data;

	hash_unlink(&h->le);
	mem_deref(h->name);
}


struct host_like {
	const void *owner;
	const char *name;
};


static bool host_handler(struct le *le, void *arg)
{
	const struct host *h = le->data;
	const struct host_like *like = arg;

	return h->owner == like->owner && !str_casecmp(h->name, like->name);
}


static struct host *host_find(const void *owner, const char *name)
{
	struct host_like like = {owner, name};

	return list_ledata(hash_lookup(hosts, host_key(owner, name),
				       host_handler, &like));
}


/* Found or made; NULL: no memory. */
static struct host *host_get(const void *owner, const char *name)
{
	struct host *h;

	if (!hosts && hash_alloc(&hosts, BUCKETS))
		return NULL;

	h = host_find(owner, name);
	if (h)
		return h;

	h = mem_zalloc(sizeof(*h), host_destructor);
	if (!h || str_dup(&h->name, name))
		return mem_deref(h);

	h->owner = owner;
	hash_append(hosts, host_key(owner, name), &h->le, h);

	return h;
}


static void host_tidy(struct host *h)
{
	if (!h->count && !h->failed)
		mem_deref(h);
}


static void session_destructor(void *data)
{
	struct tls_session *s = data;

	tls_session_release(s->keptp);
	list_unlink(&s->le);
	list_unlink(&s->all_le);
	--s->host->count;
	bytes -= sizeof(*s) + s->len;
	OPENSSL_cleanse(s->der, s->len);
}


static void drop(struct tls_session *s)
{
	struct host *h = s->host;

	mem_deref(s);
	host_tidy(h);
}


/* The oldest go where there is too much, and those whose time has come. */
static void trim(struct host *h, msec_t now)
{
	struct tls_session *s;

	if (h->count > TLS_SESSION_HOST_MAX)
		drop(list_ledata(h->sessions.tail));

	while ((s = list_ledata(all.head)) &&
	       (bytes > TLS_SESSION_ALL_MAX || s->until <= now))
		drop(s);
}


/* The server's hint: RFC 8446 §4.6.1; in TLS 1.2 0 is none (RFC 5077 §3.3). */
static msec_t life_of(const SSL_SESSION *session)
{
	const unsigned long hint =
		SSL_SESSION_get_ticket_lifetime_hint(session);

	if (!hint && SSL_SESSION_get_protocol_version(session) < TLS1_3_VERSION)
		return TLS_SESSION_LIFE;

	return hint < TLS_SESSION_LIFE / 1000 ? SECONDS(hint)
		: TLS_SESSION_LIFE;
}


static msec_t ends_at(const SSL_SESSION *session, msec_t verified_at,
		      msec_t now)
{
	const msec_t end = verified_at + TLS_SESSION_LIFE;
	const msec_t expires = now + life_of(session);

	return expires < end ? expires : end;
}


static struct tls_session *session_alloc(struct host *h, SSL_SESSION *session,
					 size_t len)
{
	struct tls_session *s;
	uint8_t *p;

	s = mem_alloc(sizeof(*s) + len, session_destructor);
	if (!s)
		return NULL;

	memset(s, 0, sizeof(*s));
	s->len = len;
	p = s->der;
	(void)i2d_SSL_SESSION(session, &p);

	s->host = h;
	++h->count;
	bytes += sizeof(*s) + len;
	list_prepend(&h->sessions, &s->le, s);
	list_append(&all, &s->all_le, s);

	return s;
}


void tls_session_put(struct tls_session **keptp, const void *owner,
		     const char *host, SSL_SESSION *session,
		     const struct tls_session_facts *facts, msec_t now)
{
	const msec_t until = ends_at(session, facts->verified_at, now);
	const int len = i2d_SSL_SESSION(session, NULL);
	struct tls_session *s;
	struct host *h;

	if (!SSL_SESSION_is_resumable(session) || until <= now ||
	    len <= 0 || len > TLS_SESSION_SIZE_MAX)
		return;

	if (*keptp)
		drop(*keptp);

	h = host_get(owner, host);
	if (!h)
		return;

	s = session_alloc(h, session, (size_t)len);
	if (!s) {
		host_tidy(h);
		return;
	}

	s->facts = *facts;
	s->until = until;
	s->keptp = keptp;
	*keptp = s;

	trim(h, now);
}


void tls_session_release(struct tls_session **keptp)
{
	if (!keptp || !*keptp)
		return;

	(*keptp)->keptp = NULL;
	*keptp = NULL;
}


static bool good(const struct tls_session *s, msec_t now, int64_t wall)
{
	return now < s->until && wall < s->facts.not_after;
}


/* The newest, better of this edge than of another; NULL: none. Those that are
 * over go on this way. */
static struct tls_session *best(struct host *h, uint32_t edge, msec_t now,
				int64_t wall)
{
	struct tls_session *found = NULL;
	struct le *le, *next;

	for (le = h->sessions.head; le; le = next) {
		struct tls_session *s = le->data;

		next = le->next;
		if (!good(s, now, wall))
			mem_deref(s);
		else if (s->facts.edge == edge)
			return s;
		else if (!found)
			found = s;
	}

	return found;
}


SSL_SESSION *tls_session_take(struct tls_session_facts *facts,
			      const void *owner, const char *host, msec_t now,
			      int64_t wall)
{
	SSL_SESSION *session = NULL;
	struct tls_session *s;
	struct host *h;

	h = host_find(owner, host);
	if (!h || now < h->rests_until)
		return NULL;

	s = best(h, facts->edge, now, wall);
	if (s) {
		const uint8_t *p = s->der;

		session = d2i_SSL_SESSION(NULL, &p, (long)s->len);
		facts->verified_at = s->facts.verified_at;
		facts->not_after = s->facts.not_after;
		mem_deref(s);
	}

	host_tidy(h);

	return session;
}


void tls_session_on_done(const void *owner, const char *host)
{
	struct host *h = host_find(owner, host);

	if (!h)
		return;

	h->failed = 0;
	host_tidy(h);
}


void tls_session_on_failed(const void *owner, const char *host, msec_t now)
{
	struct host *h = host_get(owner, host);

	if (h && ++h->failed >= TLS_SESSION_FAILED_MAX)
		h->rests_until = now + TLS_SESSION_REST;
}


static bool forget_handler(struct le *le, void *arg)
{
	struct host *h = le->data;

	if (arg && h->owner != arg)
		return false;

	list_flush(&h->sessions);
	mem_deref(h);

	return false;
}


void tls_session_forget(const void *owner)
{
	(void)hash_apply(hosts, forget_handler, (void *)(uintptr_t)owner);
}


size_t tls_session_bytes(void)
{
	return bytes;
}


void tls_session_close(void)
{
	tls_session_forget(NULL);
	hosts = mem_deref(hosts);
}
