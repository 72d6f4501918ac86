/* One measurement of the NAT before this site, performed: core/natkind.h says
 * what is asked, this asks it over sockets of its own. */

#ifndef NAT_RUN_H
#define NAT_RUN_H

#include "compat.h"
#include "natkind.h"


struct nat_run;

/* It has ended, within NATKIND_TIME. From the loop; may free the run. */
typedef void (nat_run_h)(const struct natkind *kind, void *arg);

/* Begins; `serverv` as of natkind_start(), one of them at least. ENOMEM. */
int nat_run_alloc(struct nat_run **rp, const struct addr *serverv,
		  nat_run_h *h, void *arg);

#endif
