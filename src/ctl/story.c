/* Paragraphs with a label in front: how one thing is told at length. */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "story.h"

#define LABEL_WIDTH 14           /* columns, after an indent of 2 */
#define INDENT      2
#define WIDTH_MAX   100          /* columns; longer lines are hard to read */


static unsigned width(void)
{
	const unsigned columns = text_columns();

	return columns < WIDTH_MAX ? columns : WIDTH_MAX;
}


void story_head(const char *fmt, ...)
{
	va_list ap;

	(void)fputs(text_colour(COLOUR_HEAD), stdout);
	va_start(ap, fmt);
	(void)vprintf(fmt, ap);
	va_end(ap);
	(void)puts(text_colour_end(COLOUR_HEAD));
}


/* Returns what follows. */
static const char *print_first(const char *s, enum colour colour)
{
	const size_t n = strcspn(s, " ,:");

	(void)printf("%s%.*s%s", text_colour(colour), (int)n, s,
		     text_colour_end(colour));

	return s + n;
}


/* The cursor stands in column `used`; further lines begin at `indent`. */
static void print_wrapped(const char *s, size_t used, size_t indent)
{
	const size_t room = width();
	char word[512];
	size_t n, columns;

	while (*s) {

		/* the spaces before a word belong to it */
		n = strspn(s, " ");
		n += strcspn(s + n, " ");
		if (n >= sizeof(word))
			n = sizeof(word) - 1;

		memcpy(word, s, n);
		word[n] = '\0';
		s += n;
		columns = text_width(word);

		if (used + columns > room && word[0] == ' ') {
			(void)printf("\n%*s%s", (int)indent, "",
				     word + strspn(word, " "));
			used = indent + columns;
		}
		else {
			(void)fputs(word, stdout);
			used += columns;
		}
	}
}


void story_line(const char *label, enum colour colour, const char *fmt, ...)
{
	const char *rest;
	char *text;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);

	if (n < 0)
		return;

	(void)printf("%*s%-*s", INDENT, "", LABEL_WIDTH, label);
	rest = print_first(text, colour);

	if (text_terminal())
		print_wrapped(rest, INDENT + LABEL_WIDTH +
				    (size_t)(rest - text),
			      INDENT + LABEL_WIDTH);
	else
		(void)fputs(rest, stdout);

	(void)putchar('\n');
	free(text);
}


void story_text(const char *text)
{
	(void)printf("%*s", INDENT, "");

	if (text_terminal())
		print_wrapped(text, INDENT, INDENT);
	else
		(void)fputs(text, stdout);

	(void)putchar('\n');
}
