/* Metrics over HTTP, for Prometheus: GET /metrics, /healthz, /readyz and no
 * more. One request a connection, at most METRICS_CONNS of them, each with its
 * time: who is slow is dropped. */

#ifndef METRICS_HTTP_H
#define METRICS_HTTP_H

#include "compat.h"
#include "metrics.h"


#define METRICS_CONNS    16
#define METRICS_REQUEST  8192    /* bytes of request line and header */
#define METRICS_READ     SECONDS(10)     /* for the whole request */
#define METRICS_STALL    SECONDS(10)     /* without a byte taken */
#define METRICS_SEND     SECONDS(60)     /* for the whole answer */
#define METRICS_LINGER   SECONDS(2)      /* for the other side to close */
#define METRICS_RETRY    SECONDS(10)     /* to listen, if that failed */

struct metrics_http;

/* From now on at this address, `listen` as it is written; "": nowhere. What
 * goes wrong is said in the log, and tried again. */
void metrics_http_set(struct metrics_http **hp, struct metrics *m,
		      const char *listen, const struct sa *addr);

#endif
