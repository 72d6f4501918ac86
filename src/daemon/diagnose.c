/* A diagnosis from its first step to its conclusion: see diagnose.h. */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "diagnose_parts.h"


#define TIME_SIZE 32             /* bytes of "14:05" or a date */

static unsigned diagnoses;               /* under way */


/* --- what the steps use --- */

void diagnose_detail(struct diagnosis *d, const char *fmt, ...)
{
	va_list ap;

	if (d->detailc == DIAGNOSE_DETAILS)
		return;

	va_start(ap, fmt);
	(void)re_vsnprintf(d->detailv[d->detailc++], DIAGNOSE_LINE, fmt, ap);
	va_end(ap);
}


static bool tell(struct diagnosis *d, const struct diagnose_step *s, bool last)
{
	diagnose_step_h *h = d->h;

	if (!h)
		return false;

	if (last)
		d->h = NULL;
	h(s, last, d->arg);
	d->detailc = 0;
	d->step_usec = loop_usec();

	return d->h != NULL;
}


bool diagnose_say(struct diagnosis *d, enum diagnosis_step step,
		  struct diagnosis_finding f, uint64_t took_usec,
		  const char *fmt, ...)
{
	struct diagnose_step s = {
		.name = diagnosis_step_name(step),
		.finding = f,
		.took_usec = took_usec,
		.text = d->textv[step],
		.remedy = remedy_text(f.remedy),
		.detailv = (const char (*)[DIAGNOSE_LINE])d->detailv,
		.detailc = d->detailc,
	};
	va_list ap;

	va_start(ap, fmt);
	(void)re_vsnprintf(d->textv[step], sizeof(d->textv[step]), fmt, ap);
	va_end(ap);
	d->findingv[step] = f;

	return tell(d, &s, false);
}


static void timer_handler(void *arg)
{
	struct diagnosis *d = mem_ref(arg);
	void (*h)(struct diagnosis *d) = d->timeouth;

	d->timeouth = NULL;
	if (h)
		h(d);
	mem_deref(d);
}


void diagnose_wait(struct diagnosis *d, msec_t time,
		   void (*h)(struct diagnosis *d))
{
	const msec_t at = loop_now() + time;

	d->timeouth = h;
	timer_start(&d->timer, !h ? NEVER : at < d->until ? at : d->until);
}


uint64_t diagnose_took(const struct diagnosis *d)
{
	return loop_usec() - d->step_usec;
}


const struct account_conf *diagnose_conf(const struct diagnosis *d)
{
	return d->agent->conf;
}


void diagnose_account(struct diagnosis_account *a, const struct diagnosis *d)
{
	const struct account *account = &d->agent->account;
	const struct reg *r = reg_of(d->slot);

	*a = (struct diagnosis_account){
		.enabled = diagnose_conf(d)->enabled,
		.paused = account->paused,
		.stays_away = r->state == REG_HELD || r->state == REG_WAIT,
		.verdict = account_verdict(account, loop_now()),
	};
}


void diagnose_skip(struct diagnosis *d, enum diagnosis_step from,
		   const char *why)
{
	const struct diagnosis_finding f = {.result = DIAGNOSIS_SKIPPED};
	unsigned i;

	for (i = from; i < DIAGNOSIS_BINDING; i++)
		if (!diagnose_say(d, (enum diagnosis_step)i, f, 0, "%s", why))
			return;

	diagnose_binding(d);
}


/* --- the first step --- */

static const char *secret_text(const struct account_conf *c)
{
	if (*c->credential)
		return "a systemd credential";
	if (*c->password_file)
		return c->password_file;

	return *c->password ? "in the configuration" : "none";
}


static const char *verify_text(enum tls_verify v)
{
	switch (v) {

	case TLS_VERIFY_STRICT:   return "strict";
	case TLS_VERIFY_WILDCARD: return "wildcard";
	case TLS_VERIFY_NONE:     return "none";
	}

	return "?";
}


static void tell_tls(struct diagnosis *d, const struct account_conf *c)
{
	diagnose_detail(d, "tls: verify %s, CA %s%s%s%s%s",
			verify_text(c->tls.verify), *c->tls.ca_file
			? c->tls.ca_file : "of the system",
			*c->tls.name ? ", name " : "", c->tls.name,
			c->tls.pinc ? ", pinned" : "",
			*c->tls.certificate ? ", with a client certificate"
					    : "");
}


void diagnose_configuration(struct diagnosis *d)
{
	const struct account_conf *c = diagnose_conf(d);
	const struct diagnosis_configuration facts = {
		.enabled = c->enabled,
		.tls = c->sips || c->transport == TRANSPORT_TLS ||
			c->transport == TRANSPORT_AUTO,
		.unverified = c->tls.verify == TLS_VERIFY_NONE && !c->tls.pinc,
	};
	const struct diagnosis_finding f = diagnosis_configuration(&facts);
	size_t i;

	diagnose_detail(d, "aor %s, registrar %s", c->aor, c->registrar);
	for (i = 0; i < c->proxyc; i++)
		diagnose_detail(d, "outbound_proxy %s", c->proxyv[i]);
	diagnose_detail(d, "transport %s, contact %s, flows %u",
			transport_name(c->transport),
			c->contact_policy == CONTACT_AUTO ? "auto"
			: c->contact_policy == CONTACT_MAPPED ? "mapped"
			: c->contact_policy == CONTACT_LOCAL ? "local"
			: "static", c->policy.flows);
	diagnose_detail(d, "auth_user %s, password: %s", c->auth_user,
			secret_text(c));
	if (facts.tls)
		tell_tls(d, c);

	if (diagnose_say(d, DIAGNOSIS_CONFIGURATION, f, diagnose_took(d),
			 "%s:%u%s", c->file, c->line, !c->enabled
			 ? ": enabled = false"
			 : f.remedy == REMEDY_VERIFY
			 ? ": the registrar's certificate is not verified"
			 : ""))
		diagnose_resolve(d);
}


/* --- the conclusion --- */

/* "14:05", or "a reload" of a hold without end. */
static const char *until_text(char buf[TIME_SIZE], const struct diagnosis *d)
{
	const msec_t at = reg_of(d->slot)->deadline;
	struct tm tm;
	time_t t;

	if (at == NEVER)
		return "a reload or an order";

	t = (time_t)((*d->slot->owner->env->wall_usec + (int64_t)at * 1000) /
		     1000000);
	if (!localtime_r(&t, &tm) || !strftime(buf, TIME_SIZE, "%H:%M:%S", &tm))
		return "later";

	return buf;
}


static void end_text(char *buf, size_t size, const struct diagnosis *d,
		     const struct diagnosis_conclusion *c)
{
	const bool asked = answer_is_good(d->asked.answer.code) && !d->options;
	const char *test = asked ? "The registrar answers this test"
				 : "This test found nothing wrong on the way";
	const struct reg *r = reg_of(d->slot);
	char until[TIME_SIZE];

	switch (c->end) {

	case DIAGNOSIS_END_WELL:
		(void)re_snprintf(buf, size, "All is well.");
		break;

	case DIAGNOSIS_END_STEP:
		(void)re_snprintf(buf, size, "%s: %s.",
				  diagnosis_lead(c->step, c->finding.result),
				  d->textv[c->step]);
		break;

	case DIAGNOSIS_END_DISABLED:
		(void)re_snprintf(buf, size, "%s, but the account is disabled.",
				  test);
		break;

	case DIAGNOSIS_END_PAUSED:
		(void)re_snprintf(buf, size, "%s, but the account is paused.",
				  test);
		break;

	case DIAGNOSIS_END_WAITS:
		(void)re_snprintf(buf, size, "%s, but the account waits until "
				  "%s because of %s: %s", test,
				  until_text(until, d), reason_name(r->reason),
				  reason_text(r->reason));
		break;

	case DIAGNOSIS_END_ACCOUNT:
		(void)re_snprintf(buf, size, "%s, but the account is not well "
				  "(%s): %s", test,
				  reason_name(c->finding.reason),
				  reason_text(c->finding.reason));
		break;
	}
}


/* "`sipregctl register`" needs the account's name; reload does not. */
static void remedy_print(char *buf, size_t size, const char *text,
			 const char *name)
{
	static const char verb[] = "`sipregctl ", reload[] = "reload`";
	const char *p, *end;
	size_t n = 0;

	while ((p = strstr(text, verb)) && (end = strchr(p + 1, '`'))) {

		const bool named = strncmp(p + sizeof(verb) - 1, reload,
					   sizeof(reload) - 1) != 0;

		n += (size_t)snprintf(buf + n, size - n, "%.*s%s%s",
				      (int)(end - text), text,
				      named ? " " : "", named ? name : "");
		if (n >= size)
			return;
		text = end;
		/* the closing one belongs to what was copied */
		n += (size_t)snprintf(buf + n, size - n, "`");
		if (n >= size)
			return;
		++text;
	}

	(void)snprintf(buf + n, size - n, "%s", text);
}


void diagnose_conclude(struct diagnosis *d)
{
	enum {REMEDY_SIZE = 640};        /* the longest, and a name */
	char text[2 * DIAGNOSE_LINE], remedy[REMEDY_SIZE];
	struct diagnosis_conclusion c;
	struct diagnosis_account a;
	struct diagnose_step s;

	diagnose_wait(d, 0, NULL);
	diagnose_account(&a, d);
	c = diagnosis_conclude(d->findingv, &a);
	end_text(text, sizeof(text), d, &c);
	remedy_print(remedy, sizeof(remedy), remedy_text(c.finding.remedy),
		     diagnose_conf(d)->name);

	s = (struct diagnose_step){
		.name = "conclusion",
		.finding = c.finding,
		.took_usec = loop_usec() - d->began_usec,
		.text = text,
		.remedy = remedy,
	};
	(void)tell(d, &s, true);
}


/* --- birth and death --- */

static void close_all(struct diagnosis *d)
{
	unsigned i;

	d->h = NULL;
	timer_cancel(&d->timer);
	transaction_cancel(&d->transaction);
	d->query = mem_deref(d->query);
	diagnose_probe_close(d);
	for (i = 0; i < d->tryc; i++)
		d->tryv[i].conn = mem_deref(d->tryv[i].conn);

	if (d->agent)
		d->agent->diagnosis = NULL;
	d->agent = NULL;
}


static void destructor(void *data)
{
	struct diagnosis *d = data;
	size_t i;

	close_all(d);
	for (i = 0; i < d->uric; i++)
		mem_deref(d->hostv[i]);

	mem_deref(d->tls);
	mem_deref(d->redirect);
	mem_deref(d->digest);
	mem_deref(d->audit);
	--diagnoses;
}


/* Of several flows the first one that is wanted and not there. */
static struct slot *choose_slot(const struct agent *a)
{
	unsigned i;

	for (i = 0; i < a->slotc; i++) {

		const struct reg *r = &a->regv[i].reg;

		if (reg_runs(r) && !reg_bound(r, loop_now()))
			return &a->slotv[i];
	}

	return &a->slotv[0];
}


int diagnose_start(struct diagnosis **dp, struct agent *a, diagnose_step_h *h,
		   void *arg)
{
	struct diagnosis *d;

	if (a->diagnosis || diagnoses >= DIAGNOSES_MAX)
		return EBUSY;

	d = mem_zalloc(sizeof(*d), destructor);
	if (!d)
		return ENOMEM;

	++diagnoses;
	a->diagnosis = d;
	d->agent = a;
	d->slot = choose_slot(a);
	d->h = h;
	d->arg = arg;
	d->until = loop_now() + DIAGNOSE_TIME;
	d->began_usec = d->step_usec = loop_usec();
	timer_init(&d->timer, timer_handler, d);
	diagnose_wait(d, 0, diagnose_configuration);
	*dp = d;

	return 0;
}


void diagnose_stop(struct diagnosis *d)
{
	if (!d)
		return;

	close_all(d);
	mem_deref(d);
}


void diagnose_abort(struct diagnosis *d)
{
	diagnose_step_h *h;
	void *arg;

	if (!d)
		return;

	mem_ref(d);
	h = d->h;
	arg = d->arg;
	close_all(d);
	if (h)
		h(NULL, true, arg);
	mem_deref(d);
}
