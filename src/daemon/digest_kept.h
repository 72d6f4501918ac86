/* What digest.c keeps of challenges; digest_keep.c saves it. */

#ifndef DIGEST_KEPT_H
#define DIGEST_KEPT_H

#include "digest.h"


/* Who asks; each is answered in a header of its own (RFC 3261 §22.3). */
enum asker {
	ASKER_REGISTRAR,         /* by 401 */
	ASKER_PROXY,             /* by 407 */
	ASKERS,
};

/* What is kept of a challenge. */
struct kept {
	char *realm, *nonce;     /* raw, as between the quotes; NULL: none */
	char *opaque;            /* NULL: not given */
	enum digest_algorithm algorithm;
	bool named;              /* the challenge named it: so do we */
	bool qop;                /* false: RFC 2069, without nc and cnonce */
	uint32_t nc;             /* requests answered with this nonce */
};

struct digest {
	struct kept keptv[ASKERS];
};


bool kept_any(const struct kept *k);
void kept_forget(struct kept *k);

/* Will it stand in a quoted string as it is? A quote that is not escaped or
 * a line break would end it and let a registrar write headers of ours. */
bool kept_text_usable(const struct pl *pl);

#endif
