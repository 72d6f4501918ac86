/* Names that the machine itself knows: the hosts(5) file. */

#ifndef HOSTS_H
#define HOSTS_H

#include "compat.h"
#include "dns_answer.h"

#define HOSTS_FILE "/etc/hosts"


/* The addresses that `path` gives for `name`, IPv4 and IPv6 in the order of
 * the file, at most `max`, port 0. Returns their number; 0 too if there is no
 * such file. */
size_t hosts_find(const char *path, const char *name, struct sa *addrv,
		  size_t max);

/* The same as an answer about `type`, A or AAAA, good until the file changes.
 * False: the file does not know the name. *ap is NULL: no memory. */
bool hosts_answer(struct dns_answer **ap, const char *path, const char *name,
		  uint16_t type);

#endif
