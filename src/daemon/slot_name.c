/* Where a registration may go: what the operator named, or a 3xx, the addresses
 * that this leads to, and what is known of each of them. */

#include <errno.h>
#include <string.h>
#include <strings.h>
#include "log.h"
#include "net.h"
#include "slot_parts.h"


/* --- URIs --- */

static bool is_away(const struct slot *s)
{
	return reg_of(s)->redirected && s->away.host;
}


const struct slot_edge *name_home(const struct attempt *t)
{
	return &t->slot->homev[t->uri];
}


const struct slot_edge *name_edge(const struct attempt *t)
{
	return is_away(t->slot) ? &t->slot->away : name_home(t);
}


/* Who was told to ask elsewhere asks there, not by way of it. */
const char *name_proxy(const struct attempt *t)
{
	const struct slot *s = t->slot;

	return reg_of(s)->redirected
		? NULL : account_conf_proxy(s->owner->conf, s->i, t->uri);
}


static bool is_secure(const struct slot *s, const struct slot_edge *e)
{
	const char *p = s->owner->secure;
	const size_t len = strlen(e->host);

	while (p && *p) {
		const size_t n = strcspn(p, " ");

		if (n == len && !strncasecmp(p, e->host, n))
			return true;

		p += n;
		p += strspn(p, " ");
	}

	return false;
}


/* --- addresses --- */

uint32_t name_down(const struct slot *s, enum reason *reasonp)
{
	uint32_t mask = 0;
	size_t i;

	for (i = 0; i < s->addrc; i++)
		if (edges_avoid(s->owner->env->edges, s->addrv[i].transport,
				&s->addrv[i].addr, reasonp, loop_now()))
			mask |= UINT32_C(1) << i;

	return mask;
}


static bool goes_to(const struct attempt *t, const struct resolve_addr *a)
{
	return t->transport == a->transport &&
		sa_cmp(edge_point_addr(t->point), &a->addr, SA_ALL);
}


/* Of the flow that serves: the elder, if there is one. */
static uint8_t present_index(const struct slot *s)
{
	const uint8_t flow = s->elder == SLOT_NONE ? s->present : s->elder;
	const struct attempt *t = &s->attemptv[flow];
	size_t i;

	if (!t->link)
		return TARGET_NONE;

	for (i = 0; i < s->addrc; i++)
		if (goes_to(t, &s->addrv[i]))
			return (uint8_t)i;

	return TARGET_NONE;
}


static void list_of(struct target_list *l, const struct slot *s,
		    enum reason *reasonp)
{
	size_t i;

	memset(l, 0, sizeof(*l));
	l->count = (unsigned)s->addrc;
	l->down = name_down(s, reasonp);
	l->taken = slot_taken(s);
	l->present = present_index(s);

	for (i = 0; i < s->addrc; i++) {
		const struct resolve_addr *a = &s->addrv[i];
		const uint32_t bit = UINT32_C(1) << i;

		l->groupv[i] = a->group;
		l->rankv[i] = a->rank;
		if (transport_stream(a->transport))
			l->stream |= bit;
		if (sa_af(&a->addr) == AF_INET6)
			l->ipv6 |= bit;
	}
}


/* --- asking --- */

static void resolve_failed(struct slot *s, const char *text)
{
	slot_note(s, text);
	slot_perform(s, account_on_resolve_failed(s->owner->account, s->i,
						  loop_now()));
}


/* Never anything weaker again (DESIGN §4), in this run and the next, for a host
 * that the operator named. Where a 3xx leads is not his word. */
static void note_tls_offer(struct slot *s, const struct slot_edge *e)
{
	struct slot_owner *o = s->owner;
	char *all;

	if (is_away(s) || is_secure(s, e))
		return;

	if (re_sdprintf(&all, o->secure ? "%s %s" : "%s", e->host, o->secure))
		return;

	mem_deref(o->secure);
	o->secure = all;
	log_info(o->conf->name, "DNS offers TLS for %s: from now on nothing "
		 "weaker is used, unless transport says so", e->host);
	slot_changed(s);
}


/* The addresses in place of what there was; ENOMEM. */
static int take_addrs(struct slot *s, const struct resolve_list_result *result)
{
	const size_t size = result->addrc * sizeof(*result->addrv);
	struct resolve_addr *v = mem_alloc(size, NULL);
	size_t i;

	if (!v)
		return ENOMEM;

	memcpy(v, result->addrv, size);
	mem_deref(s->addrv);
	s->addrv = v;
	s->addrc = result->addrc;
	for (i = 0; i < s->homec; i++)
		if (result->tls_offered & UINT32_C(1) << i)
			note_tls_offer(s, &s->homev[i]);

	return 0;
}


static void resolve_handler(const struct resolve_list_result *result,
			    void *arg)
{
	enum reason reason = REASON_CONNECTING;
	struct target_list list;
	struct slot *s = arg;

	s->query = mem_deref(s->query);
	s->addrc = 0;

	if (result->err) {
		resolve_failed(s, result->text);
		return;
	}

	if (take_addrs(s, result)) {
		resolve_failed(s, strerror(ENOMEM));
		return;
	}

	list_of(&list, s, &reason);
	slot_perform(s, account_on_resolved(s->owner->account, s->i, &list,
					    reason, loop_now()));
}


size_t name_uris(struct resolve_uri uriv[RESOLVE_LIST_MAX],
		 const struct slot *s)
{
	const struct slot_edge *v = is_away(s) ? &s->away : s->homev;
	const size_t n = is_away(s) ? 1 : s->homec;
	size_t i;

	for (i = 0; i < n; i++)
		uriv[i] = (struct resolve_uri){
			.host = v[i].host,
			.port = v[i].port,
			.transport = v[i].transport,
			.secure = is_secure(s, &v[i]),
			.family = s->owner->conf->family,
		};

	return n;
}


static int query(struct slot *s, resolve_list_h *h)
{
	struct resolve_uri uriv[RESOLVE_LIST_MAX];
	const size_t n = name_uris(uriv, s);

	s->query = mem_deref(s->query);

	return resolve_list(&s->query, s->owner->env->resolve, uriv, n, h, s);
}


void name_resolve(struct slot *s)
{
	int err = query(s, resolve_handler);

	if (err)
		resolve_failed(s, strerror(err));
}


/* --- the flow of the process before this one --- */

int name_know(struct slot *s, enum transport transport, unsigned uri,
	      const struct addr *edge)
{
	struct attempt *t = slot_present(s);
	struct resolve_addr addr = {
		.transport = transport,
		.uri = uri < s->homec ? (uint8_t)uri : 0,
	};
	const struct resolve_list_result only = {.addrv = &addr, .addrc = 1};
	struct edge_point *point;
	int err;

	sa_from_addr(&addr.addr, edge);
	err = edges_get(&point, s->owner->env->edges, transport, &addr.addr);
	if (err)
		return err;

	err = take_addrs(s, &only);
	if (err) {
		mem_deref(point);
		return err;
	}

	mem_deref(t->point);
	t->point = point;
	t->transport = transport;
	t->uri = addr.uri;
	t->index = 0;

	return 0;
}


/* A name that leads elsewhere by now, or nowhere, is asked for again when the
 * flow is lost. */
static void learn_handler(const struct resolve_list_result *result, void *arg)
{
	enum reason reason = REASON_CONNECTING;
	struct target_list list;
	struct slot *s = arg;
	struct attempt *t = slot_present(s);
	size_t i = 0;

	s->query = mem_deref(s->query);
	if (result->err || !t->link)
		return;

	while (i < result->addrc && !goes_to(t, &result->addrv[i]))
		++i;

	if (i == result->addrc || reg_of(s)->resolved_at != NEVER ||
	    take_addrs(s, result))
		return;

	t->index = (unsigned)i;
	t->uri = s->addrv[i].uri;
	list_of(&list, s, &reason);
	account_on_learned(s->owner->account, s->i, &list, t->index,
			   loop_now());
}


void name_learn(struct slot *s)
{
	(void)query(s, learn_handler);
}


/* --- birth and death --- */

static int add_home(struct slot *s, size_t k)
{
	struct slot_edge *e = &s->homev[s->homec++];
	struct pl host;

	account_conf_edge(s->owner->conf, s->i, k, &host, &e->port,
			  &e->transport);

	return pl_strdup(&e->host, &host);
}


int name_init(struct slot *s)
{
	size_t n = account_conf_edges(s->owner->conf), k;
	int err = 0;

	if (n > RESOLVE_LIST_MAX)
		n = RESOLVE_LIST_MAX;

	s->homev = mem_zalloc(n * sizeof(*s->homev), NULL);
	if (!s->homev)
		return ENOMEM;

	for (k = 0; !err && k < n; k++)
		err = add_home(s, k);

	return err;
}


void name_close(struct slot *s)
{
	mem_deref(s->query);
	mem_deref(s->addrv);
	while (s->homec)
		mem_deref(s->homev[--s->homec].host);

	mem_deref(s->homev);
	mem_deref(s->away.host);
	mem_deref(s->redirect);
}
