/* Shows one EVENT of the journal. */

#include <stdio.h>
#include <string.h>
#include "account.h"
#include "event.h"
#include "value.h"


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


void event_print(const struct odict *e, int indent)
{
	const char *kind = account_string(e, "event");
	const char *text = odict_string(e, "text");
	char time[TEXT_TIME];

	if (!text || !text[0])
		text = account_string(e, "reason");

	(void)printf("%*s%s  %-13s  ", indent, "",
		     text_moment(time, value_int(e, "at_usec", -1)), kind);

	if (strcmp(kind, "verdict"))
		(void)fputs(text, stdout);
	else
		print_verdict(e, text);

	(void)putchar('\n');
}
