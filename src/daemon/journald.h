/* The journal's own socket: one datagram per line, with fields. */

#ifndef JOURNALD_H
#define JOURNALD_H

#include <stddef.h>

#define JOURNALD_SOCKET "/run/systemd/journal/socket"


/* Another socket than JOURNALD_SOCKET, for tests; NULL: that one again. The
 * string stays the caller's. */
void journald_set_path(const char *path);

/* Sends fields in the native protocol ("NAME=value\n" each,
 * https://systemd.io/JOURNAL_NATIVE_PROTOCOL), without ever waiting. errno
 * values: ENOENT and ECONNREFUSED without a journal, EAGAIN if it is behind. */
int journald_send(const char *fields, size_t len);

#endif
