/* Trust stores: one per set of CAs, however many contexts use it. The system's
 * bundle alone costs about 1 MB once it is in memory. */

#ifndef TRUST_H
#define TRUST_H

#include <openssl/x509.h>
#include "compat.h"
#include "stamp.h"


struct trust;

/* The store of `ca_file`, PEM ("": the system's), read again if the file has
 * changed, the system's bundle too; mem_deref() it. EBADMSG: no certificate in
 * it; ENOENT, EACCES: it cannot be read. Then `text` says so. */
int trust_get(struct trust **tp, const char *ca_file, char *text, size_t size);

X509_STORE *trust_store(const struct trust *t);  /* lives as long as t */

/* Its file as it was read; *sysp: it is the system's, which has a directory
 * besides. */
const struct stamp *trust_stamp(bool *sysp, const struct trust *t);

/* A peer was not trusted. Where memory ran out while it was read, OpenSSL may
 * lack something of it and not say so: whoever asks from now on has it read
 * again, at most once an hour. */
void trust_doubt(struct trust *t);

void trust_close(void);          /* lets go of the system's store */

#endif
