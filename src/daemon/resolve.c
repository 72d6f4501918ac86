/* Names to addresses: who asks for what, and the answer in the right order.
 *
 * IP literals need nobody, records.c knows the rest. A query is answered from
 * its timer when the last set that it wants is there, so never from within
 * somebody's call. */

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "loop.h"
#include "net.h"
#include "records.h"
#include "resolve.h"


#define LABEL_MAX    63          /* RFC 1035 §2.3.4 */
#define FAMILIES     2

/* With one family known, the other gets so much longer (RFC 8305 §3 has the
 * idea, and 50 ms; here nobody is waiting at a screen, and libre asks a second
 * time after 500 ms). Some servers never answer AAAA. */
#define SETTLE       SECONDS(2)

struct resolve {
	struct records *records;
	struct list queryl;
	msec_t timeout;                  /* of one question */
};

struct resolve_query {
	struct le le;                    /* in queryl, until answered */
	struct record_want wantv[FAMILIES];  /* AAAA first, RFC 6724 §2.1 */
	unsigned wantc;
	unsigned waiting;                /* for so many of them */
	struct sa literal;               /* if the host was one */
	enum resolve_family family;
	uint16_t port;
	struct timer timer;
	resolve_h *h;
	void *arg;
};


/* Lower case, without the final dot. RFC 1123 §2.1: letters, digits, hyphens,
 * and a last label that is no number. "_" is no host's, but in use. */
static int parse_name(char *name, size_t size, const char *host)
{
	size_t len = strlen(host), label = 0;
	bool number = true;

	if (len && host[len - 1] == '.')
		--len;
	if (len >= size)
		return EINVAL;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)host[i];

		if (c == '.' && label) {
			label = 0;
			number = true;
		}
		else if ((isalnum(c) || c == '-' || c == '_') &&
			 label < LABEL_MAX) {
			++label;
			number = number && isdigit(c);
		}
		else {
			return EINVAL;
		}

		name[i] = (char)tolower(c);
	}

	name[len] = '\0';

	return label && !number ? 0 : EINVAL;
}


/* Would the system know where to send it? A UDP connect() sends nothing. */
static bool has_route(const struct sa *sa)
{
	int fd = socket(sa_af(sa), SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool ok;

	if (fd < 0)
		return false;

	ok = !connect(fd, &sa->u.sa, sa->len);
	(void)close(fd);

	return ok;
}


static size_t copy_addresses(struct sa *v, size_t max,
			     const struct record_set *s, uint16_t port)
{
	size_t n = s->addrc < max ? s->addrc : max;

	for (size_t i = 0; i < n; i++) {
		sa_cpy(&v[i], &s->addrv[i]);
		sa_set_port(&v[i], port);
	}

	return n;
}


static size_t both_addresses(struct sa *v, const struct record_set *first,
			     const struct record_set *second, uint16_t port)
{
	size_t n, half = TARGET_MAX / 2;

	if (!first->addrc || !has_route(&first->addrv[0])) {
		const struct record_set *swap = first;

		first = second;
		second = swap;
	}

	/* each family keeps its half if there are too many */
	n = second->addrc < half ? second->addrc : half;
	n = copy_addresses(v, TARGET_MAX - n, first, port);

	return n + copy_addresses(v + n, TARGET_MAX - n, second, port);
}


static size_t query_addresses(struct sa *v, const struct resolve_query *q)
{
	const struct record_want *w = q->wantv;

	switch (q->wantc) {
	case FAMILIES:
		return both_addresses(v, w[0].set, w[1].set, q->port);
	case 1:
		return copy_addresses(v, TARGET_MAX, w[0].set, q->port);
	}

	if (q->family != RESOLVE_ANY && sa_af(&q->literal) !=
	    (q->family == RESOLVE_IPV4 ? AF_INET : AF_INET6))
		return 0;

	sa_cpy(&v[0], &q->literal);

	return 1;
}


/* Why there is none. A family that could not be asked for outweighs one that
 * is known to be missing: the name may well be good. */
static int query_error(char *text, size_t size, const struct resolve_query *q)
{
	const struct record_set *s = q->wantv[0].set;

	if (!s) {
		(void)snprintf(text, size, "not an address of that family");
		return ENOENT;
	}

	if (q->wantc > 1 && s->err == ENOENT)
		s = q->wantv[1].set;

	/* not known in time, or no memory to say why */
	(void)snprintf(text, size, "%s", s->text ? s->text : "no answer");

	return s->err ? s->err : ETIMEDOUT;
}


static void query_detach(struct resolve_query *q)
{
	timer_cancel(&q->timer);
	list_unlink(&q->le);

	while (q->wantc)
		record_unwant(&q->wantv[--q->wantc]);
}


static void query_handler(void *arg)
{
	struct resolve_query *q = arg;
	struct sa v[TARGET_MAX];
	char text[DNS_TEXT_SIZE] = "";
	size_t n = query_addresses(v, q);
	int err = n ? 0 : query_error(text, sizeof(text), q);

	query_detach(q);

	/* may free the query, and the resolver */
	q->h(err, text, v, n, q->arg);
}


static bool half_known(const struct resolve_query *q)
{
	for (unsigned i = 0; i < q->wantc; i++) {
		const struct record_set *set = q->wantv[i].set;

		if (!set->asking && set->addrc)
			return true;
	}

	return false;
}


static void query_arm(struct resolve_query *q)
{
	if (!q->waiting)
		timer_start(&q->timer, loop_now());
	else if (half_known(q))
		timer_start(&q->timer, loop_now() + SETTLE);
}


static void record_handler(void *arg)
{
	struct resolve_query *q = arg;

	/* It is started already, and moving it cannot fail. */
	--q->waiting;
	(void)query_arm(q);
}


static int query_want(struct resolve_query *q, struct resolve *r,
		      const char *name, uint16_t type)
{
	bool waiting;
	int err = records_want(&q->wantv[q->wantc], &waiting, r->records, name,
			       type, record_handler, q);

	if (err)
		return err;

	++q->wantc;
	if (waiting)
		++q->waiting;

	return 0;
}


static int query_start(struct resolve_query *q, struct resolve *r,
		       const char *name)
{
	int err = 0;

	/* The sets give up before that. */
	timer_start(&q->timer, loop_now() + 2 * r->timeout);

	if (name && q->family != RESOLVE_IPV4)
		err = query_want(q, r, name, DNS_TYPE_AAAA);
	if (!err && name && q->family != RESOLVE_IPV6)
		err = query_want(q, r, name, DNS_TYPE_A);
	if (!err)
		query_arm(q);

	return err;
}


static void query_destructor(void *arg)
{
	query_detach(arg);
}


int resolve_query(struct resolve_query **qp, struct resolve *r,
		  const char *host, uint16_t port, enum resolve_family family,
		  resolve_h *h, void *arg)
{
	struct resolve_query *q;
	char name[RECORDS_NAME_SIZE];
	struct addr literal;
	bool is_literal = addr_parse(&literal, host, strlen(host), port);
	int err = 0;

	if (!is_literal)
		err = parse_name(name, sizeof(name), host);
	if (err)
		return err;

	q = mem_zalloc(sizeof(*q), query_destructor);
	if (!q)
		return ENOMEM;

	timer_init(&q->timer, query_handler, q);
	q->port = port;
	q->family = family;
	q->h = h;
	q->arg = arg;
	if (is_literal)
		sa_from_addr(&q->literal, &literal);
	list_append(&r->queryl, &q->le, q);

	err = query_start(q, r, is_literal ? NULL : name);
	if (err)
		mem_deref(q);
	else
		*qp = q;

	return err;
}


static void resolve_destructor(void *arg)
{
	struct resolve *r = arg;
	struct le *le;

	while ((le = list_head(&r->queryl)))
		query_detach(le->data);

	mem_deref(r->records);
}


int resolve_alloc(struct resolve **rp, const struct sa *serverv,
		  size_t serverc)
{
	struct resolve *r;
	int err;

	r = mem_zalloc(sizeof(*r), resolve_destructor);
	if (!r)
		return ENOMEM;

	r->timeout = RECORDS_TIMEOUT;
	err = records_alloc(&r->records, serverv, serverc);

	if (err)
		mem_deref(r);
	else
		*rp = r;

	return err;
}


int resolve_set_hosts(struct resolve *r, const char *path)
{
	return records_set_hosts(r->records, path);
}


void resolve_set_timeout(struct resolve *r, msec_t timeout)
{
	r->timeout = timeout;
	records_set_timeout(r->records, timeout);
}
