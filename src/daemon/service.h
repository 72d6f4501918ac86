/* What the service manager is told (sd_notify): ready, status, watchdog,
 * stopping. Without systemd all of it does nothing; what a manager that does
 * not read cannot be told is told later. */

#ifndef SERVICE_H
#define SERVICE_H

#include "compat.h"

int service_init(void);          /* arms the watchdog if there is one */
void service_ready(void);
void service_reloading(void);    /* until service_ready() */
void service_stopping(void);

/* One line of SERVICE_TEXT_MAX bytes at most (service_text.h); sent only if it
 * differs from the last one. */
void service_status(const char *text);
void service_close(void);

#endif
