/* The system's DNS servers: resolv.conf(5), and word of its changes. */

#ifndef RESOLVE_CONF_H
#define RESOLVE_CONF_H

#include "compat.h"

#define RESOLVE_CONF "/etc/resolv.conf"


struct resolve_conf;

/* It may have changed: resolve_conf_changed() knows. Called from the loop. */
typedef void (resolve_conf_h)(void *arg);

/* Watches the file, and where symbolic links lead, by inotify; where that is
 * not to be had, by resolve_conf_changed() alone. */
int resolve_conf_alloc(struct resolve_conf **cp, const char *path,
		       resolve_conf_h *h, void *arg);

/* Is it another file than at the last look? */
bool resolve_conf_changed(struct resolve_conf *c);

/* The servers in it that can be used, scoped addresses too, at most `max`; if
 * there are none, this machine, as resolv.conf(5) has it. */
size_t resolve_conf_servers(const struct resolve_conf *c, struct sa *v,
			    size_t max, uint16_t port);

#endif
