/* May the service manager be told something now? sd_notify(3) waits without a
 * limit while the manager does not read, and so would every account. */

#ifndef NOTIFY_H
#define NOTIFY_H

#include <stdbool.h>


/* Waits for `timeout` [ms] at most. True too where sd_notify() would not wait
 * because there is no manager, or none any more. */
bool notify_possible(int timeout);

#endif
