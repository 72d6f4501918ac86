/* Names that the machine itself knows: the hosts(5) file.
 *
 * It is read through for each name that is not in the resolver's cache. That
 * is seldom, and keeps nothing of lists that block advertisements. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "hosts.h"


#define SEPARATORS " \t\r\n\f\v"


static bool line_names(char *rest, const char *name)
{
	const char *alias;

	while ((alias = strtok_r(NULL, SEPARATORS, &rest))) {
		if (!strcasecmp(alias, name))
			return true;
	}

	return false;
}


/* "ADDRESS NAME [ALIAS ...] [# comment]" */
static bool parse_line(struct sa *sa, char *line, const char *name)
{
	char *literal, *rest;

	line[strcspn(line, "#")] = '\0';

	literal = strtok_r(line, SEPARATORS, &rest);
	sa_init(sa, AF_UNSPEC);  /* sa_set_str() leaves the scope as it was */

	return literal && line_names(rest, name) &&
	       !sa_set_str(sa, literal, 0);
}


size_t hosts_find(const char *path, const char *name, struct sa *addrv,
		  size_t max)
{
	FILE *f = fopen(path, "re");
	char *line = NULL;
	size_t size = 0, n = 0;

	if (!f)
		return 0;

	while (n < max && getline(&line, &size, f) >= 0) {
		if (parse_line(&addrv[n], line, name))
			++n;
	}

	free(line);
	(void)fclose(f);

	return n;
}
