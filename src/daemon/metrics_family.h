/* What is measured: the metrics' names, types, units and help, one table. Names
 * are INTERFACE: dashboards and alerts live on them. */

#ifndef METRICS_FAMILY_H
#define METRICS_FAMILY_H

#include <stddef.h>


/* OpenMetrics 1.0, and what Prometheus read before it. */
enum metrics_format {
	METRICS_OPENMETRICS,
	METRICS_TEXT,            /* "text/plain; version=0.0.4" */
};

/* In the order of the text. */
enum metric {
	METRIC_BUILD,
	METRIC_ACCOUNTS,
	METRIC_ACCOUNTS_BY_STATE,
	METRIC_RELOAD_SUCCESSFUL,
	METRIC_RELOAD_TIMESTAMP,
	METRIC_EDGE_UP,
	METRIC_REGISTER_DURATION,

	METRIC_ACCOUNT,
	METRIC_ENABLED,
	METRIC_PAUSED,
	METRIC_REGISTERED,
	METRIC_REACHABLE,
	METRIC_REASON,
	METRIC_UNREACHABLE,
	METRIC_LEASE_EXPIRY,
	METRIC_REGISTER_REQUESTS,
	METRIC_REGISTER_RESPONSES,
	METRIC_FLOW_FAILURES,
	METRIC_MAPPING_CHANGES,
	METRIC_BINDINGS,
	METRIC_INBOUND_REQUESTS,
	METRIC_INBOUND_DROPPED,

	METRIC_FLOW_UP,
	METRIC_FLOW,
	METRIC_PONG_RTT,
	METRIC_TLS_NOT_AFTER,

	METRIC_PROCESS_START,
	METRIC_PROCESS_CPU,
	METRIC_PROCESS_RSS,
	METRIC_PROCESS_VIRTUAL,
	METRIC_PROCESS_FDS,
	METRIC_PROCESS_MAX_FDS,
};
#define METRICS_COUNT (METRIC_PROCESS_MAX_FDS + 1)

#define METRICS_HEAD_MAX 512     /* bytes of the lines before the samples */

/* The family's name; its samples' have a suffix: _info, _total, _bucket ... */
const char *metric_name(enum metric m);

/* The comment lines before its samples; their length. */
size_t metric_head(char *buf, size_t size, enum metric m,
		   enum metrics_format format);

#endif
