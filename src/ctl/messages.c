/* What is wrong with a configuration: see messages.h. */

#include <stdio.h>
#include "messages.h"
#include "value.h"


static void print(const struct odict *par, const char *key,
		  const char *omitted, const char *after)
{
	const struct odict *array = value_array(par, key);
	const int64_t more = value_int(par, omitted, 0);
	const char *text;
	size_t i;

	for (i = 0; array && (text = value_text(array, i)); i++)
		(void)fprintf(stderr, "%s%s\n", text, after);

	if (more > 0)
		(void)fprintf(stderr, "and %lld more %s\n", (long long)more,
			      key);
}


void messages_print(const struct odict *parameters)
{
	print(parameters, "errors", "errors_omitted", "");
	print(parameters, "warnings", "warnings_omitted", " (warning)");
}
