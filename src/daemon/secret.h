/* Passwords in memory: kept out of core dumps, swap and other processes, and
 * wiped when the last user is done with them. */

#ifndef SECRET_H
#define SECRET_H

#include <stddef.h>


/* Of this size is OpenSSL's secure heap, where its private keys are too. It
 * takes memory as it is used: 32 bytes for a password of up to 23, twice that
 * for one of up to 55, and so on; 1 kB for a key of RSA with 2048 bits. */
#define SECRET_HEAP_SIZE  (32u << 20)    /* bytes */

/* From now on what OpenSSL frees is wiped: reading a private key leaves copies
 * of it (decode_der2key.c of 3.0). Before OpenSSL is asked for anything, else
 * it does nothing. */
void secret_wipe_freed(void);

/* Once, at the start: makes that heap, and makes a core dump and ptrace(2) by
 * other processes than root's impossible. What cannot be had is done without:
 * memory that cannot be locked (RLIMIT_MEMLOCK) may reach the swap, and without
 * the heap secrets are in ordinary memory. secret_tell() says so. */
void secret_init(void);

/* Says once, at level info, what secret_init() could not have. */
void secret_tell(void);

/* A zero-terminated text with one reference to it: room for `len` bytes, all
 * zeros, or a copy. NULL: no memory. When half of the heap is used (the rest is
 * for OpenSSL) they are in ordinary memory, which is wiped too. */
char *secret_alloc(size_t len);
char *secret_dup(const char *text);

/* Like mem_ref() and mem_deref(), which are not for secrets. */
char *secret_ref(char *secret);
char *secret_deref(char *secret);        /* NULL */

#endif
