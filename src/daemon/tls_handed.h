/* TLS sessions for the next process, in a sealed file in memory that the
 * service manager keeps for the moment between the two (fdstore.h).
 *
 * It never comes to a disk, the state file least of all: who reads a session
 * can pass for us and, where the server resumes it without a new key exchange,
 * read what was said. So it is taken out of the manager's store when the next
 * process begins (a crash later finds none), and used once, by whoever has it:
 * handed over, they are forgotten here. It is apart from the note of the flows
 * (handed.h): of JSON's parsers and buffers many copies would stay behind.
 *
 * Of each goes what tls_session.h keeps, under the same key, so that it is
 * offered where it would have been offered here and nowhere else, and until
 * then. The limits are its: what a peer can make grow does not grow here. */

#ifndef TLS_HANDED_H
#define TLS_HANDED_H

#include <stddef.h>


/* Makes the file, to be closed by the caller, and forgets all sessions. ENOENT:
 * there are none; else errno values, and they stay. *np: how many. */
int tls_handed_make(int *fdp, size_t *np);

/* Reads one from its beginning and keeps what is in it, *np of them; those that
 * have ended are left out. EBADMSG: it is no such file, or damaged; what was
 * before the damage is kept. EFBIG: larger than tls_session.h's limits allow;
 * else what read(2) says, and ENOMEM. The descriptor stays open. */
int tls_handed_read(size_t *np, int fd);

#endif
