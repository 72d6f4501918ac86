/* TLS sessions to be resumed: kept for each set of rules and host. */

#include <errno.h>
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include "tls_session.h"


#define BUCKETS 256              /* of hosts, a power of two */

/* Hosts come from the configuration: there are not more than accounts. */
struct host {
	struct le le;
	uint8_t key[TLS_SESSION_KEY_SIZE];
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


static uint32_t bucket(const uint8_t *key, const char *name)
{
	return hash_joaat_str_ci(name) ^ hash_joaat(key, TLS_SESSION_KEY_SIZE);
}


static void host_destructor(void *data)
{
	struct host *h = data;

	hash_unlink(&h->le);
	mem_deref(h->name);
}


struct host_like {
	const uint8_t *key;
	const char *name;
};


static bool host_handler(struct le *le, void *arg)
{
	const struct host *h = le->data;
	const struct host_like *like = arg;

	return !memcmp(h->key, like->key, sizeof(h->key)) &&
		!str_casecmp(h->name, like->name);
}


static struct host *host_find(const uint8_t *key, const char *name)
{
	struct host_like like = {key, name};

	return list_ledata(hash_lookup(hosts, bucket(key, name), host_handler,
				       &like));
}


/* Found or made; NULL: no memory. */
static struct host *host_get(const uint8_t *key, const char *name)
{
	struct host *h;

	if (!hosts && hash_alloc(&hosts, BUCKETS))
		return NULL;

	h = host_find(key, name);
	if (h)
		return h;

	h = mem_zalloc(sizeof(*h), host_destructor);
	if (!h || str_dup(&h->name, name))
		return mem_deref(h);

	memcpy(h->key, key, sizeof(h->key));
	hash_append(hosts, bucket(key, name), &h->le, h);

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


/* The caller fills der[]. */
static struct tls_session *session_alloc(struct host *h, size_t len)
{
	struct tls_session *s;

	s = mem_alloc(sizeof(*s) + len, session_destructor);
	if (!s)
		return NULL;

	memset(s, 0, sizeof(*s));
	s->len = len;
	s->host = h;
	++h->count;
	bytes += sizeof(*s) + len;
	list_prepend(&h->sessions, &s->le, s);
	list_append(&all, &s->all_le, s);

	return s;
}


void tls_session_put(struct tls_session **keptp, const uint8_t *key,
		     const char *host, SSL_SESSION *session,
		     const struct tls_session_facts *facts, msec_t now)
{
	const msec_t until = ends_at(session, facts->verified_at, now);
	const int len = i2d_SSL_SESSION(session, NULL);
	struct tls_session *s;
	struct host *h;
	uint8_t *p;

	if (!SSL_SESSION_is_resumable(session) || until <= now ||
	    len <= 0 || len > TLS_SESSION_SIZE_MAX)
		return;

	if (*keptp)
		drop(*keptp);

	h = host_get(key, host);
	if (!h)
		return;

	s = session_alloc(h, (size_t)len);
	if (!s) {
		host_tidy(h);
		return;
	}

	p = s->der;
	(void)i2d_SSL_SESSION(session, &p);
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


/* NULL: it is none; one of another process may be anything. */
static SSL_SESSION *decode(const struct tls_session *s)
{
	const uint8_t *p = s->der;
	SSL_SESSION *session = d2i_SSL_SESSION(NULL, &p, (long)s->len);

	if (session && p == s->der + s->len &&
	    SSL_SESSION_is_resumable(session))
		return session;

	/* or the handshake that follows would seem to have failed by it */
	ERR_clear_error();
	SSL_SESSION_free(session);

	return NULL;
}


SSL_SESSION *tls_session_take(struct tls_session_facts *facts,
			      const uint8_t *key, const char *host, msec_t now,
			      int64_t wall)
{
	SSL_SESSION *session = NULL;
	struct tls_session *s;
	struct host *h;

	h = host_find(key, host);
	if (!h || now < h->rests_until)
		return NULL;

	s = best(h, facts->edge, now, wall);
	if (s) {
		session = decode(s);
		facts->verified_at = s->facts.verified_at;
		facts->not_after = s->facts.not_after;
		mem_deref(s);
	}

	host_tidy(h);

	return session;
}


void tls_session_on_done(const uint8_t *key, const char *host)
{
	struct host *h = host_find(key, host);

	if (!h)
		return;

	h->failed = 0;
	host_tidy(h);
}


void tls_session_on_failed(const uint8_t *key, const char *host, msec_t now)
{
	struct host *h = host_get(key, host);

	if (h && ++h->failed >= TLS_SESSION_FAILED_MAX)
		h->rests_until = now + TLS_SESSION_REST;
}


/* --- the next process --- */

int tls_session_each(tls_session_h *h, void *arg, msec_t now, int64_t wall)
{
	struct le *le, *next;
	int err = 0;

	for (le = all.head; le && !err; le = next) {

		const struct tls_session *s = le->data;
		const struct tls_session_record r = {
			s->host->key, s->host->name, s->facts, s->until,
			s->der, s->len,
		};

		next = le->next;

		if (good(s, now, wall) && now >= s->host->rests_until)
			err = h(&r, arg);
	}

	return err;
}


/* Else it would last longer than a day. */
static bool times_fit(const struct tls_session_record *r, msec_t now)
{
	return r->facts.verified_at <= now && r->until >= r->facts.verified_at
		&& r->until - r->facts.verified_at <= TLS_SESSION_LIFE;
}


static bool sizes_fit(const struct tls_session_record *r)
{
	const size_t len = strlen(r->host);

	return len && len <= TLS_SESSION_NAME_MAX &&
		r->len && r->len <= TLS_SESSION_SIZE_MAX;
}


int tls_session_restore(const struct tls_session_record *r, msec_t now,
			int64_t wall)
{
	struct tls_session *s;
	struct host *h;

	if (!sizes_fit(r) || !times_fit(r, now))
		return EBADMSG;
	if (now >= r->until || wall >= r->facts.not_after)
		return ETIMEDOUT;

	h = host_get(r->key, r->host);
	if (!h)
		return ENOMEM;

	s = session_alloc(h, r->len);
	if (!s) {
		host_tidy(h);
		return ENOMEM;
	}

	memcpy(s->der, r->der, r->len);
	s->facts = r->facts;
	s->until = r->until;

	trim(h, now);

	return 0;
}


static bool forget_handler(struct le *le, void *arg)
{
	struct host *h = le->data;

	if (arg && memcmp(h->key, arg, sizeof(h->key)))
		return false;

	list_flush(&h->sessions);
	mem_deref(h);

	return false;
}


void tls_session_forget(const uint8_t *key)
{
	(void)hash_apply(hosts, forget_handler, (void *)(uintptr_t)key);
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
