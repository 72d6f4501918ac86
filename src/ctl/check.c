/* sipregctl check [NAME]: a monitoring plugin, as the guidelines of the
 * Monitoring Plugins want it: one line with numbers for graphs, then one for
 * each account in trouble, and an exit status.
 *
 * CRITICAL is what cannot be called, WARNING what may not be, or soon not. Who
 * is disabled in the configuration is not missed, unless asked for by name; who
 * is paused is: somebody has to remember to end that. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "account.h"
#include "check_find.h"
#include "client.h"
#include "tally.h"
#include "value.h"
#include "wire.h"

#define TIMEOUT   10             /* [s] as plugins have it */
#define DAY       86400          /* [s] */
#define TOLD_MAX  100            /* accounts; a monitoring system keeps few
				    kilobytes of text */
#define NAMED_MAX 3              /* accounts in the first line */
#define UNKNOWN   (-1)

struct check {
	const struct options *opt;
	const char *name;        /* NULL: all accounts */
	struct tally tally;
	unsigned disabled, paused;
	unsigned badc[PLUGIN_UNKNOWN];   /* accounts that are WARNING,
					    CRITICAL */
	int64_t ghosts;
	int64_t lease_min;       /* [s] of those that are registered */
	int64_t cert_min;        /* [s] until the first certificate ends */
	unsigned named, told;
	char *names, *text;      /* of those in trouble */
	size_t names_size, text_size;
	FILE *namesf, *textf;
};

static const char *const statev[] = {
	"OK", "WARNING", "CRITICAL", "UNKNOWN",
};


/* --- one account --- */

/* What follows '|' is numbers. */
static const char *no_bar(char *s)
{
	char *p;

	for (p = s; *p; p++) {
		if (*p == '|')
			*p = '/';
	}

	return s;
}


/* "CRITICAL trunk: not reachable since TIME (3h12m), forbidden: TEXT" */
static void tell(struct check *c, const struct odict *a,
		 const struct finding *f)
{
	const bool called = !strcmp(account_string(a, "reachable"), "yes");
	const char *reason = account_string(a, "reason");
	const char *text = odict_string(a, "reason_text");
	char buf[ACCOUNT_MOMENT] = "";

	if (c->named++ < NAMED_MAX)
		(void)fprintf(c->namesf, "%s%s", c->named > 1 ? ", " : ": ",
			      account_string(a, "name"));

	if (c->told == TOLD_MAX)
		return;

	++c->told;
	if (!called)
		(void)account_moment(buf, " since", a, "reachable_since_usec");
	(void)fprintf(c->textf, "%s %s: %s%s%s", statev[f->state],
		      account_string(a, "name"), f->what, f->detail, buf);
	if (strcmp(reason, "ok"))
		(void)fprintf(c->textf, ", %s%s%s", reason, text ? ": " : "",
			      text ? text : "");
	(void)fputc('\n', c->textf);
}


static void add(struct check *c, const struct odict *a)
{
	const int64_t ghosts = value_int(value_object(a, "bindings"), "ghost",
					 0);
	struct finding f;

	if (account_unwanted(a) && !value_true(a, "paused") && !c->name) {
		++c->disabled;
		return;
	}

	tally_add(&c->tally, a);
	c->paused += value_true(a, "paused");
	c->ghosts += ghosts > 0 ? ghosts : 0;
	c->lease_min = check_smaller(c->lease_min,
				     value_int(a, "lease_left", UNKNOWN));
	c->cert_min = check_smaller(c->cert_min, check_certificate_left(a));

	check_find(&f, a, c->opt->cert_days);
	if (f.state == PLUGIN_OK)
		return;

	++c->badc[f.state];
	tell(c, a, &f);
}


static enum result reply_handler(const struct reply *r, void *arg)
{
	struct check *c = arg;
	const struct odict *accounts = value_array(r->o, "accounts"), *a;
	size_t i;

	if (c->name)
		add(c, r->o);

	for (i = 0; !c->name && (a = value_element(accounts, i)); i++)
		add(c, a);

	return RESULT_OK;
}


/* --- all of it --- */

static enum plugin state(const struct check *c)
{
	const unsigned critical = c->badc[PLUGIN_CRITICAL];
	const unsigned bad = critical + c->badc[PLUGIN_WARNING];

	if (critical > (unsigned)c->opt->critical)
		return PLUGIN_CRITICAL;
	if (bad > (unsigned)c->opt->warning)
		return PLUGIN_WARNING;

	return c->tally.total ? PLUGIN_OK : PLUGIN_UNKNOWN;
}


static void print_value(const char *name, int64_t value, const char *unit)
{
	if (value >= 0)
		(void)printf(" %s=%" PRId64 "%s;;;0", name, value, unit);
}


/* 'label'=value[unit];warning;critical;minimum;maximum */
static void print_numbers(const struct check *c)
{
	const struct tally *t = &c->tally;

	(void)printf(" | reachable=%u;;;0;%u registered=%u;;;0;%u "
		     "unknown=%u;;;0;%u", t->yes, t->total, t->registered,
		     t->total, t->unknown, t->total);
	(void)printf(" trouble=%u;%d;;0;%u critical=%u;;%d;0;%u",
		     c->badc[PLUGIN_WARNING] + c->badc[PLUGIN_CRITICAL],
		     c->opt->warning, t->total, c->badc[PLUGIN_CRITICAL],
		     c->opt->critical, t->total);
	print_value("paused", c->paused, "");
	print_value("ghosts", c->ghosts, "");
	print_value("lease", c->lease_min, "s");
	if (c->cert_min >= 0)
		(void)printf(" certificate=%" PRId64 "s;%" PRId64 ":;;0",
			     c->cert_min, (int64_t)c->opt->cert_days * DAY);
}


/* "SIPREGD CRITICAL - 10/12 reachable, 1 not (forbidden), 1 unknown: trunk" */
static void print(const struct check *c, enum plugin s)
{
	const struct tally *t = &c->tally;

	(void)printf("SIPREGD %s - ", statev[s]);
	if (t->total)
		(void)printf("%u/%u reachable", t->yes, t->total);
	else
		(void)fputs("no accounts", stdout);
	tally_print_others(t, stdout, TALLY_NAMED);

	if (c->disabled)
		(void)printf(", %u disabled", c->disabled);

	(void)fputs(no_bar(c->names), stdout);
	if (c->named > NAMED_MAX)
		(void)printf(" and %u more", c->named - NAMED_MAX);
	print_numbers(c);
	(void)printf("\n%s", no_bar(c->text));
	if (c->named > c->told)
		(void)printf("and %u more\n", c->named - c->told);
}


static int add_left(struct mbuf *mb, const char *key, int64_t seconds)
{
	return seconds < 0 ? json_add_null(mb, key)
			   : json_add_int(mb, key, seconds);
}


static int add_numbers(struct mbuf *mb, const struct check *c)
{
	int err;

	err  = json_add_int(mb, "accounts", c->tally.total);
	err |= json_add_int(mb, "reachable", c->tally.yes);
	err |= json_add_int(mb, "registered", c->tally.registered);
	err |= json_add_int(mb, "unknown", c->tally.unknown);
	err |= json_add_int(mb, "warning", c->badc[PLUGIN_WARNING]);
	err |= json_add_int(mb, "critical", c->badc[PLUGIN_CRITICAL]);
	err |= json_add_int(mb, "disabled", c->disabled);
	err |= json_add_int(mb, "paused", c->paused);
	err |= json_add_int(mb, "ghosts", c->ghosts);
	err |= add_left(mb, "lease_left", c->lease_min);
	err |= add_left(mb, "certificate_left", c->cert_min);

	return err;
}


static void print_json(const struct check *c, enum plugin s, const char *text)
{
	struct mbuf *mb = mbuf_alloc(512);
	int err = ENOMEM;

	if (mb) {
		err  = json_open(mb, NULL, '{');
		err |= json_add_string(mb, "state", statev[s]);
		err |= s == PLUGIN_UNKNOWN ? 0 : add_numbers(mb, c);
		err |= json_add_string(mb, "text", text);
		err |= json_close(mb, '}');
	}

	if (err)
		complain("out of memory");
	else
		(void)printf("%.*s\n", (int)mb->end, (char *)mb->buf);

	mem_deref(mb);
}


static void print_unknown(const struct check *c, char *trouble)
{
	if (c->opt->json)
		print_json(c, PLUGIN_UNKNOWN, trouble);
	else
		(void)printf("SIPREGD UNKNOWN - %s\n", no_bar(trouble));
}


static enum plugin ask(struct check *c)
{
	char trouble[256] = "";
	enum result result;
	enum plugin s;

	complain_into(trouble, sizeof(trouble));
	result = client_call(c->opt, TIMEOUT, c->name ? "Status" : "List",
			     c->name, !c->name, reply_handler, c);
	complain_into(NULL, 0);

	(void)fflush(c->namesf);
	(void)fflush(c->textf);

	if (result != RESULT_OK) {
		print_unknown(c, trouble);
		return PLUGIN_UNKNOWN;
	}

	s = state(c);
	if (c->opt->json)
		print_json(c, s, c->text);
	else
		print(c, s);

	return s;
}


enum result verb_check(const struct options *opt, int argc, char **argv)
{
	struct check c = {
		.opt = opt,
		.name = argc > 1 ? argv[1] : NULL,
		.lease_min = UNKNOWN,
		.cert_min = UNKNOWN,
	};
	enum plugin s = PLUGIN_UNKNOWN;

	c.namesf = open_memstream(&c.names, &c.names_size);
	c.textf = open_memstream(&c.text, &c.text_size);

	if (c.namesf && c.textf)
		s = ask(&c);
	else
		(void)puts("SIPREGD UNKNOWN - out of memory");

	if (c.namesf)
		(void)fclose(c.namesf);
	if (c.textf)
		(void)fclose(c.textf);
	free(c.names);
	free(c.text);

	return (enum result)s;
}
