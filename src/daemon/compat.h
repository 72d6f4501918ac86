/* libre, as its pkg-config file forgets to describe it, and the differences
 * between its releases. Nothing else in the daemon knows of versions. */

#ifndef COMPAT_H
#define COMPAT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/socket.h>
#include <re.h>

/* From 3.6 on fd_listen() keeps its state in a handle of the caller's. */
#ifdef HAVE_RE_FHS
#define IO_FHS struct re_fhs *fhs;
#else
#define IO_FHS
#endif

#endif
