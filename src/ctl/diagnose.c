/* sipregctl diagnose NAME: the way to the registrar, step by step, and what to
 * do about what is wrong. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "account.h"
#include "act.h"
#include "client.h"
#include "raw.h"
#include "text.h"
#include "value.h"


enum {
	RESULT_WIDTH = 7,        /* "warning" */
	STEP_WIDTH = 13,         /* "configuration" */
	TIME_WIDTH = 10,         /* "12345.6 ms" */
	INDENT = RESULT_WIDTH + STEP_WIDTH + TIME_WIDTH + 6,
};

struct diagnose {
	const struct options *opt;
	bool ended;                      /* the conclusion came */
	bool well;
};


static enum colour colour_of(const char *result)
{
	if (!strcmp(result, "ok"))
		return COLOUR_GOOD;
	if (!strcmp(result, "failed"))
		return COLOUR_BAD;

	return strcmp(result, "warning") ? COLOUR_NONE : COLOUR_UNSURE;
}


/* Broken between words, every line after the first behind `indent`. */
static void print_wrapped(const char *text, unsigned indent)
{
	const unsigned columns = text_terminal() ? text_columns() : 0;
	unsigned at = indent;
	size_t n;

	while (*text) {
		n = strcspn(text, " ");
		if (columns && at > indent && at + 1 + n > columns) {
			(void)printf("\n%*s", (int)indent, "");
			at = indent;
		}
		else if (at > indent) {
			(void)putchar(' ');
			++at;
		}
		(void)printf("%.*s", (int)n, text);
		at += (unsigned)n;
		text += n;
		text += strspn(text, " ");
	}

	(void)putchar('\n');
}


static void print_step(const struct odict *o)
{
	const char *result = account_string(o, "result");
	const struct odict *details = value_array(o, "details");
	const enum colour colour = colour_of(result);
	const char *line;
	size_t i;

	(void)printf("%s%-*s%s  %-*s  %*.1f ms  ", text_colour(colour),
		     RESULT_WIDTH, result, text_colour_end(colour), STEP_WIDTH,
		     account_string(o, "step"), TIME_WIDTH - 3,
		     (double)value_int(o, "took_usec", 0) / 1000.0);
	print_wrapped(account_string(o, "finding"), INDENT);

	for (i = 0; (line = value_text(details, i)); i++) {
		(void)printf("%*s", RESULT_WIDTH + 4, "");
		print_wrapped(line, RESULT_WIDTH + 4);
	}
}


static void print_conclusion(const struct odict *o)
{
	const char *remedy = odict_string(o, "remedy");
	const enum colour colour = colour_of(account_string(o, "result"));

	(void)printf("\n%s", text_colour(colour));
	print_wrapped(account_string(o, "finding"), 0);
	(void)fputs(text_colour_end(colour), stdout);
	if (remedy)
		print_wrapped(remedy, 0);
}


static void take_step(struct diagnose *d, const struct odict *o)
{
	const bool last = !strcmp(account_string(o, "step"), "conclusion");

	if (last) {
		d->ended = true;
		d->well = !strcmp(account_string(o, "result"), "ok");
	}

	if (d->opt->json)
		return;

	if (last)
		print_conclusion(o);
	else
		print_step(o);
}


static void print_json(const struct reply *r)
{
	struct pl steps, step;

	if (!raw_member(&steps, &r->json, "steps"))
		return;

	raw_inner(&steps, &steps);
	while (raw_next(&step, &steps))
		(void)printf("%.*s\n", (int)step.l, step.p);
}


static enum result reply_handler(const struct reply *r, void *arg)
{
	const struct odict *steps = value_array(r->o, "steps"), *o;
	struct diagnose *d = arg;
	size_t i;

	for (i = 0; (o = value_element(steps, i)); i++)
		take_step(d, o);

	if (d->opt->json)
		print_json(r);
	(void)fflush(stdout);

	return d->ended && !d->well ? RESULT_FAILED : RESULT_OK;
}


enum result verb_diagnose(const struct options *opt, int argc, char **argv)
{
	struct diagnose d = {.opt = opt};
	enum result result;
	(void)argc;

	result = client_call(opt, ACT_TIMEOUT, "Diagnose", argv[1], true,
			     reply_handler, &d);
	if (result == RESULT_OK && !d.ended)
		result = RESULT_FAILED;

	return result;
}
