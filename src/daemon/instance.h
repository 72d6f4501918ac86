/* Who this installation is to its registrars: one URN for +sip.instance (RFC
 * 5626 §4.1), made once and kept. */

#ifndef INSTANCE_H
#define INSTANCE_H

#include "config.h"


#define INSTANCE_FILE "instance"         /* in the state directory */
#define INSTANCE_MAX  1025               /* bytes of any URN, with its zero */


/* The configured URN, else the kept one, else a new random UUID, which is
 * kept. A file that cannot be used or written is warned about, and the URN
 * then holds for this run. EINVAL: `size` is too small; else why there are no
 * random numbers. */
int instance_id(char *buf, size_t size, const struct config *c);

#endif
