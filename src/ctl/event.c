/* Shows one EVENT of the journal. */

#include <stdio.h>
#include <string.h>
#include "account.h"
#include "event.h"
#include "value.h"

#define NAME_WIDTH 12            /* columns that most names get along with */


static const char *reachable(const struct odict *e)
{
	const char *s = account_string(e, "reachable");

	if (!strcmp(s, "yes"))
		return "reachable";

	return strcmp(s, "no") ? "reachable unknown" : "not reachable";
}


/* "registered, not reachable: the sentence that says why" */
static void print_verdict(const struct odict *e, const char *text)
{
	(void)printf("%sregistered, %s: %s",
		     value_true(e, "registered") ? "" : "not ", reachable(e),
		     text);
}


/* Kind, and what it was. */
static void print_what(const struct odict *e)
{
	const char *kind = account_string(e, "event");
	const char *text = odict_string(e, "text");

	if (!text || !text[0])
		text = account_string(e, "reason");

	(void)printf("%-13s  ", kind);
	if (strcmp(kind, "verdict"))
		(void)fputs(text, stdout);
	else
		print_verdict(e, text);

	(void)putchar('\n');
}


static const char *moment(char time[TEXT_TIME], const struct odict *e)
{
	return text_moment(time, value_int(e, "at_usec", -1));
}


void event_print(const struct odict *e, int indent)
{
	char time[TEXT_TIME];

	(void)printf("%*s%s  ", indent, "", moment(time, e));
	print_what(e);
}


void event_print_account(const struct odict *e)
{
	char time[TEXT_TIME];

	(void)printf("%s  %-*s  ", moment(time, e), NAME_WIDTH,
		     account_string(e, "account"));
	print_what(e);
}
