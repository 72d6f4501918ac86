/* Several URIs to one list of addresses: see resolve_list.h.
 *
 * Each URI has a query of its own. Its answer is kept until the last one is
 * there, or is not waited for any more; then they are joined. */

#include <errno.h>
#include <string.h>
#include "loop.h"
#include "resolve_list.h"
#include "resolve_order.h"
#include "timer.h"


/* One URI. */
struct part {
	struct resolve_list *list;
	struct resolve_query *query;     /* NULL: answered */
	struct resolve_addr *addrv;
	size_t addrc;
	bool tls_offered;
};

struct resolve_list {
	struct part partv[RESOLVE_LIST_MAX];
	size_t partc;
	int err;                         /* of the first one */
	char *text;
	bool settling;                   /* the timer runs for the rest */
	struct timer timer;
	resolve_list_h *h;
	void *arg;
};


static bool same(const struct resolve_addr *a, const struct resolve_addr *b)
{
	return a->transport == b->transport &&
		sa_cmp(&a->addr, &b->addr, SA_ALL);
}


/* Has a URI before this one, or this one itself, named it already? */
static bool named_before(const struct resolve_list *l, const struct part *p,
			 const struct resolve_addr *a)
{
	for (const struct part *o = l->partv; o <= p; o++) {
		for (size_t i = 0; i < o->addrc; i++) {
			if (&o->addrv[i] == a)
				return false;
			if (same(&o->addrv[i], a))
				return true;
		}
	}

	return false;
}


static void drop_twins(struct resolve_list *l, struct part *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->addrc; i++) {
		if (!named_before(l, p, &p->addrv[i]))
			p->addrv[n++] = p->addrv[i];
	}

	p->addrc = n;
}


/* Where the groups of one answer begin and end. */
static size_t split_groups(size_t *countv, const struct part *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->addrc; i++) {
		if (!i || p->addrv[i].group != p->addrv[i - 1].group)
			countv[n++] = 0;
		++countv[n - 1];
	}

	return n;
}


/* Numbers go on where those of the last one ended. The rank of a URI that has
 * no address now stays free: what comes behind it is no first choice. */
static void append(struct resolve_addr *v, size_t n,
		   const struct resolve_addr *last,
		   const struct resolve_addr *a, size_t uri)
{
	struct resolve_addr *to = &v[n];
	const struct resolve_addr *from = n ? &v[n - 1] : NULL;
	const bool other = from && from->uri != uri;

	*to = *a;
	to->uri = (uint8_t)uri;
	to->group = from ? from->group : 0;
	to->rank = from ? from->rank : to->uri;

	if (from && (other || a->group != last->group))
		++to->group;
	if (other)
		to->rank += to->uri - from->uri;
	else if (from && a->rank != last->rank)
		++to->rank;
}


/* Up to `room` addresses of one URI behind the `n` that are there. */
static size_t append_part(struct resolve_addr *v, size_t n,
			  const struct part *p, size_t uri, size_t room)
{
	size_t countv[TARGET_MAX], sharev[TARGET_MAX];
	const struct resolve_addr *a = p->addrv, *last = NULL;
	const size_t groups = split_groups(countv, p);

	resolve_share(sharev, countv, groups, room);
	for (size_t i = 0; i < groups; i++) {
		for (size_t j = 0; j < sharev[i]; j++) {
			append(v, n++, last, &a[j], uri);
			last = &a[j];
		}
		a += countv[i];
	}

	return n;
}


static size_t join(struct resolve_addr *v, struct resolve_list *l)
{
	size_t countv[RESOLVE_LIST_MAX], sharev[RESOLVE_LIST_MAX], n = 0;

	for (size_t i = 0; i < l->partc; i++) {
		drop_twins(l, &l->partv[i]);
		countv[i] = l->partv[i].addrc;
	}

	resolve_share(sharev, countv, l->partc, TARGET_MAX);
	for (size_t i = 0; i < l->partc; i++)
		n = append_part(v, n, &l->partv[i], i, sharev[i]);

	return n;
}


static void detach(struct resolve_list *l)
{
	timer_cancel(&l->timer);
	for (size_t i = 0; i < l->partc; i++)
		l->partv[i].query = mem_deref(l->partv[i].query);
}


/* Everything that there will be is there. The handler may free the list. */
static void timer_handler(void *arg)
{
	struct resolve_list *l = arg;
	struct resolve_addr v[TARGET_MAX];
	struct resolve_list_result res = {.text = "", .addrv = v};

	detach(l);
	for (size_t i = 0; i < l->partc; i++)
		if (l->partv[i].tls_offered)
			res.tls_offered |= UINT32_C(1) << i;

	res.addrc = join(v, l);
	if (!res.addrc) {
		res.err = l->err ? l->err : ENOMEM;
		res.text = l->text ? l->text : strerror(res.err);
	}

	mem_ref(l);
	l->h(&res, l->arg);
	mem_deref(l);
}


/* May it end? Or is it only to be waited for a moment? */
static void arm(struct resolve_list *l)
{
	bool waiting = false, known = false;

	for (size_t i = 0; i < l->partc; i++) {
		waiting |= l->partv[i].query != NULL;
		known |= l->partv[i].addrc > 0;
	}

	if (!waiting) {
		timer_start(&l->timer, loop_now());
	}
	else if (known && !l->settling) {
		l->settling = true;
		timer_start(&l->timer, loop_now() + RESOLVE_LIST_WAIT);
	}
}


static void note_error(struct part *p, int err, const char *text)
{
	struct resolve_list *l = p->list;

	if (p != l->partv)
		return;

	l->err = err;
	(void)str_dup(&l->text, text);
}


static void query_handler(const struct resolve_result *r, void *arg)
{
	struct part *p = arg;

	p->query = mem_deref(p->query);

	if (r->err) {
		note_error(p, r->err, r->text);
	}
	else {
		p->addrv = mem_alloc(r->addrc * sizeof(*r->addrv), NULL);
		if (p->addrv) {
			memcpy(p->addrv, r->addrv,
			       r->addrc * sizeof(*r->addrv));
			p->addrc = r->addrc;
			p->tls_offered = r->tls_offered;
		}
	}

	arm(p->list);
}


static void destructor(void *arg)
{
	struct resolve_list *l = arg;

	detach(l);
	for (size_t i = 0; i < l->partc; i++)
		mem_deref(l->partv[i].addrv);

	mem_deref(l->text);
}


static int ask(struct resolve_list *l, struct resolve *r,
	       const struct resolve_uri *uri)
{
	struct part *p = &l->partv[l->partc++];
	int err;

	p->list = l;
	err = resolve_query(&p->query, r, uri, query_handler, p);
	if (err == EINVAL)
		note_error(p, err, "this can be no host's name");

	return err;
}


int resolve_list(struct resolve_list **lp, struct resolve *r,
		 const struct resolve_uri *uriv, size_t uric,
		 resolve_list_h *h, void *arg)
{
	struct resolve_list *l;
	int err = 0;

	if (!uric || uric > RESOLVE_LIST_MAX)
		return EINVAL;

	l = mem_zalloc(sizeof(*l), destructor);
	if (!l)
		return ENOMEM;

	timer_init(&l->timer, timer_handler, l);
	l->h = h;
	l->arg = arg;

	for (size_t i = 0; i < uric; i++) {
		err = ask(l, r, &uriv[i]);
		if (err && (err != EINVAL || uric == 1))
			goto out;
	}

	err = 0;
	arm(l);

 out:
	if (err)
		mem_deref(l);
	else
		*lp = l;

	return err;
}
