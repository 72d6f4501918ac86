/* What the service manager shows of us, in words: see service_text.h. */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "service_text.h"


#define TROUBLES_SIZE 200        /* bytes of those who are named */


/* --- a text that grows --- */

struct text {
	char *buf;
	size_t size, len;                /* len < size */
};


static struct text text_begin(char *buf, size_t size)
{
	buf[0] = '\0';

	return (struct text){.buf = buf, .size = size};
}


static void __attribute__((format(printf, 2, 3)))
add(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->buf + t->len, t->size - t->len, fmt, ap);
	va_end(ap);

	if (n > 0)
		t->len += (size_t)n;
	if (t->len >= t->size)
		t->len = t->size - 1;
}


static void make_printable(char *s)
{
	for (; *s; s++) {
		if (*s < 0x20 || *s >= 0x7f)
			*s = '?';
	}
}


/* --- a configuration that was not taken --- */

void refusal_add(struct refusal *r, const char *message)
{
	if (r->errors++)
		return;

	if (snprintf(r->first, sizeof(r->first), "%s", message) >=
	    (int)sizeof(r->first))
		memcpy(r->first + sizeof(r->first) - 4, "...", 4);

	make_printable(r->first);
}


static void add_refusal(struct text *t, const char *what,
			const struct refusal *r)
{
	add(t, "%s refused: %s", what, r->first);
	if (r->errors > 1)
		add(t, " (+%u more)", r->errors - 1);
}


void refusal_text(char *buf, size_t size, const char *what,
		  const struct refusal *r)
{
	struct text t = text_begin(buf, size);

	add_refusal(&t, what, r);
}


/* --- accounts --- */

/* What was paused by somebody is known to somebody; what is on its way is no
 * trouble yet. */
static unsigned rank(const struct verdict *v)
{
	if (v->reason == REASON_PAUSED)
		return 4;

	if (v->reason == REASON_STARTING || v->reason == REASON_RESOLVING ||
	    v->reason == REASON_CONNECTING)
		return 3;

	if (!v->registered)
		return 0;

	return v->reachable == REACHABLE_NO ? 1 : 2;
}


/* Behind those that are as bad; the least bad one falls out at the end. */
static void add_trouble(struct service_facts *f,
			const struct service_trouble *trouble)
{
	size_t i = f->troublec;

	while (i > 0 && f->troublev[i - 1].rank > trouble->rank)
		--i;

	if (i == SERVICE_TROUBLES_MAX)
		return;

	if (f->troublec < SERVICE_TROUBLES_MAX)
		++f->troublec;

	memmove(&f->troublev[i + 1], &f->troublev[i],
		(f->troublec - 1 - i) * sizeof(f->troublev[0]));
	f->troublev[i] = *trouble;
}


void service_facts_add(struct service_facts *f, const char *name,
		       bool enabled, const struct verdict *v)
{
	++f->accounts;
	if (!enabled)
		return;

	++f->enabled;
	f->registered += v->registered;
	f->reachable += v->reachable == REACHABLE_YES;

	if (v->reachable != REACHABLE_YES)
		add_trouble(f, &(struct service_trouble){
			.name = name,
			.reason = v->reason,
			.rank = rank(v),
		});
}


/* "; home: credentials, office: no-answer and 12 more" */
static void add_troubles(struct text *t, const struct service_facts *f)
{
	const size_t all = f->enabled - f->reachable;
	const size_t start = t->len;
	size_t i;

	for (i = 0; i < f->troublec; i++) {
		const struct service_trouble *s = &f->troublev[i];
		const char *reason = reason_name(s->reason);

		if (i && t->len - start + strlen(s->name) + strlen(reason) >
		    TROUBLES_SIZE)
			break;

		add(t, "%s %s: %s", i ? "," : ";", s->name, reason);
	}

	if (i && i < all)
		add(t, " and %zu more", all - i);
}


static void add_accounts(struct text *t, const struct service_facts *f)
{
	if (!f->accounts)
		add(t, "no accounts: add one to %s", f->dir);
	else if (!f->enabled)
		add(t, "no account is enabled, of %zu in %s", f->accounts,
		    f->file);
	else
		add(t, "%zu/%zu reachable, %zu registered", f->reachable,
		    f->enabled, f->registered);

	add_troubles(t, f);
}


void service_text(char *buf, size_t size, const struct service_facts *f)
{
	struct text t = text_begin(buf, size);

	if (f->stopping) {
		add(&t, "un-registering %zu account%s", f->leaving,
		    f->leaving == 1 ? "" : "s");
		return;
	}

	if (f->refusal && f->refusal->errors) {
		add_refusal(&t, "reload", f->refusal);
		add(&t, "; the running configuration stays. ");
	}

	add_accounts(&t, f);
	make_printable(buf);
}
