/* The story of one flow. */

#ifndef STATUS_FLOW_H
#define STATUS_FLOW_H

#include <sys/types.h>
#include <re.h>

/* Its paragraph of `sipregctl status`; of this account. */
void status_flow(const struct odict *account, const struct odict *flow);

#endif
