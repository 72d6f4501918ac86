/* The words of a line of a story. */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "story.h"


void fail(struct story *s, const char *fmt, ...)
{
	va_list ap;

	if (s->failed)
		return;

	s->failed = true;
	(void)fprintf(stderr, "%s:%u: at %.3f s: ", s->file, s->line,
		      (double)s->w.now / 1000);
	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	(void)fputc('\n', stderr);
}


const char *word(struct story *s)
{
	return s->word < s->wordc ? s->wordv[s->word++] : "";
}


bool word_is(struct story *s, const char *text)
{
	if (s->word >= s->wordc || strcmp(s->wordv[s->word], text))
		return false;

	++s->word;

	return true;
}


unsigned long number(struct story *s)
{
	const char *text = word(s);
	char *end;
	unsigned long n = strtoul(text, &end, 0);

	if (end == text || *end)
		fail(s, "'%s' is no number", text);

	return n;
}


msec_t time_of(struct story *s, const char *text)
{
	static const struct {
		const char *unit;
		double msec;
	} units[] = {
		{"ms", 1}, {"s", 1e3}, {"m", 60e3}, {"h", 3600e3},
		{"d", 86400e3},
	};
	char *end;
	double n = strtod(text, &end);
	size_t i;

	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (end != text && !strcmp(end, units[i].unit))
			return (msec_t)(n * units[i].msec + 0.5);

	if (!strcmp(text, "0"))
		return 0;

	fail(s, "'%s' is no time", text);

	return 0;
}


struct addr address(struct story *s)
{
	struct addr a = {0};
	const char *text = word(s), *colon = strrchr(text, ':');
	const bool plain = !colon || (strchr(text, ':') != colon &&
				      colon[-1] != ']');
	const size_t len = plain ? strlen(text) : (size_t)(colon - text);
	const unsigned long port = plain ? 5060 : strtoul(colon + 1, NULL, 10);

	if (port > UINT16_MAX || !addr_parse(&a, text, len, (uint16_t)port))
		fail(s, "'%s' is no address", text);

	return a;
}
