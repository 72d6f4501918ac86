/* What a process leaves to the next one at a restart: for each registration
 * that goes on one line of JSON, in a file without a name that the service
 * manager keeps beside the sockets (fdstore.h). It never comes to a disk.
 *
 * Passwords, and what is made of them, are not in it. */

#ifndef HANDED_H
#define HANDED_H

#include "compat.h"
#include "handover.h"
#include "net.h"


#define HANDED_VERSION  2        /* of the lines; another one is of no use */
#define HANDED_LINE_MAX 16384    /* bytes of a line */
#define HANDED_MAX      (256u << 20)     /* bytes of the file; 100000
					    registrations are 175 MB */

/* One registration. Texts are owned if it was decoded. */
struct handed {
	char *account;                   /* its name */
	unsigned reg_id;                 /* 1 ... ACCOUNT_FLOWS_MAX */
	uint64_t conf;                   /* account_conf_hash() */
	uint64_t cookie;                 /* of the socket, SO_COOKIE: the
					    kernel gives no two sockets of one
					    boot the same */
	enum transport transport;        /* UDP or TCP */
	unsigned uri;                    /* which of the account's URIs led to
					    its edge: Route and name follow */
	char *callid;
	char *token;                     /* the flow part, in the Contact */
	char *contact_uri;               /* as sent, and bound */
	char *path, *service_route, *associated;         /* of the last 2xx; */
	char *pub_gruu, *temp_gruu;                      /* NULL: none */
	struct handover core;
};

/* Appends its line, newline included. EINVAL: it has no account, callid, token
 * or contact_uri, or anything that handed_decode() would refuse; EOVERFLOW:
 * longer than HANDED_LINE_MAX; ENOMEM. After an error mb is as before. What is
 * not UTF-8 is left out. */
int handed_encode(struct mbuf *mb, const struct handed *h);

/* Reads a line (without its newline) into *h, in place of what it was; zero it
 * first. EBADMSG: it is of another version, or anything is missing, too long,
 * too large or of the wrong kind; ENOMEM. Then *h is zero. */
int handed_decode(struct handed *h, const char *line, size_t len);

/* Frees the texts of a decoded one and zeroes it. */
void handed_reset(struct handed *h);

/* The file while it is written (handed_file.c). */
struct handed_file {
	int fd;
	struct mbuf *mb;                 /* lines that are not in it yet */
	uint64_t size;                   /* bytes, with them */
	int err;                         /* the first that broke it; 0 */
};


/* Begins one, in memory. errno values. After an error there is nothing to
 * make. */
int handed_file_begin(struct handed_file *f);

/* Adds a line. What handed_encode() says: it is left out; EFBIG: there would be
 * more than HANDED_MAX, it is left out too; else the file is broken, and
 * handed_file_make() says the same. */
int handed_file_add(struct handed_file *f, const struct handed *h);

/* Ends it, so that nobody can change it any more. *fdp is the caller's; fdp
 * NULL: it is not wanted after all. errno values. */
int handed_file_make(int *fdp, struct handed_file *f);

/* Called with each; the texts that it keeps it takes out of *h, and leaves NULL
 * there. */
typedef void (handed_h)(struct handed *h, void *arg);

/* Reads one from its beginning, whatever its offset is. Lines that are of no
 * use are counted, and said once. EINVAL: it is no file; EFBIG: larger than
 * HANDED_MAX; else what read(2) says, and ENOMEM: some were told already. The
 * descriptor stays open. */
int handed_file_read(int fd, handed_h *h, void *arg);

#endif
