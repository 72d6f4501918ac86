/* Names that the machine itself knows: the hosts(5) file.
 *
 * It is read through for each name that is not in the resolver's cache. That
 * is seldom, and keeps nothing of lists that block advertisements. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include "file.h"
#include "hosts.h"


#define HOSTS_SIZE_MAX (64u << 20)       /* bytes; lists of a million names */
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
	char *line = NULL;
	size_t size = 0, n = 0;
	FILE *f;
	int fd;

	if (file_open(&fd, path, HOSTS_SIZE_MAX))
		return 0;

	f = fdopen(fd, "r");
	if (!f) {
		(void)close(fd);
		return 0;
	}

	while (n < max && getline(&line, &size, f) >= 0) {
		if (parse_line(&addrv[n], line, name))
			++n;
	}

	free(line);
	(void)fclose(f);

	return n;
}


bool hosts_answer(struct dns_answer **ap, const char *path, const char *name,
		  uint16_t type)
{
	const int af = type == DNS_TYPE_A ? AF_INET : AF_INET6;
	struct sa v[DNS_RECORDS_MAX];
	size_t n = hosts_find(path, name, v, DNS_RECORDS_MAX), of_family = 0;

	*ap = NULL;
	for (size_t i = 0; i < n; i++) {
		if (sa_af(&v[i]) == af)
			v[of_family++] = v[i];
	}

	if (of_family) {
		(void)dns_answer_known(ap, v, of_family);
	}
	else if (n) {
		*ap = dns_answer_failed(ENOENT, "no %s in %s",
					dns_type_text(type), path);
		if (*ap)
			(*ap)->ttl = NEVER;
	}

	return n > 0;
}
