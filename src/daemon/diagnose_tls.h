/* What a handshake has shown, good or bad: for people. */

#ifndef DIAGNOSE_TLS_H
#define DIAGNOSE_TLS_H

#include <openssl/ssl.h>
#include "compat.h"
#include "diagnosis.h"
#include "tls.h"


#define TLS_SEEN_CERTS 6         /* of a chain, the server's own first */
#define TLS_SEEN_NAME  120       /* bytes of a subject or issuer */

struct tls_seen {
	bool shaken;                     /* the handshake came to its end */
	struct tls_info info;
	char sni[TLS_SEEN_NAME];         /* "": none was sent */
	char names[TLS_SEEN_NAME];       /* whom the certificate is for; "": it
					    did not come to that */
	enum diagnosis_trust trust;
	struct tls_seen_cert {
		char subject[TLS_SEEN_NAME], issuer[TLS_SEEN_NAME];
		int64_t not_after;       /* [s since 1970]; 0: not known */
	} certv[TLS_SEEN_CERTS];
	unsigned certc;
};

/* Of an SSL whose handshake has just come to its end. */
void tls_seen_read(struct tls_seen *seen, SSL *ssl);

#endif
