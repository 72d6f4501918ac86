/* What is measured: see metrics_family.h. */

#include <stdio.h>
#include <string.h>
#include "metrics_family.h"


enum type {
	COUNTER,
	GAUGE,
	HISTOGRAM,
	INFO,
};

struct family {
	const char *name;
	enum type type;
	const char *unit;        /* NULL: none */
	const char *help;
};


static const struct family familyv[METRICS_COUNT] = {
	[METRIC_BUILD] = {"sipregd_build", INFO, NULL,
		"The version of sipregd."},
	[METRIC_ACCOUNTS] = {"sipregd_accounts", GAUGE, NULL,
		"Accounts that are configured."},
	[METRIC_ACCOUNTS_BY_STATE] = {"sipregd_accounts_by_state", GAUGE,
		NULL, "Accounts that are reachable, unknown, unreachable, "
		"paused, disabled: each is one of these."},
	[METRIC_RELOAD_SUCCESSFUL] = {
		"sipregd_config_last_reload_successful", GAUGE, NULL,
		"Whether the configuration was taken when it was read last."},
	[METRIC_RELOAD_TIMESTAMP] = {
		"sipregd_config_last_reload_success_timestamp_seconds", GAUGE,
		"seconds", "When the present configuration was taken."},
	[METRIC_EDGE_UP] = {"sipregd_edge_up", GAUGE, NULL,
		"Whether the address that flows go to is known to serve: 0 "
		"after a failed connect, until one succeeds, and while it "
		"asked everybody to stay away."},
	[METRIC_REGISTER_DURATION] = {"sipregd_register_duration_seconds",
		HISTOGRAM, "seconds", "From a REGISTER to its final answer, "
		"of all accounts together. Those without answer are not in "
		"it."},

	[METRIC_ACCOUNT] = {"sipregd_account", INFO, NULL,
		"What is configured of the account."},
	[METRIC_ENABLED] = {"sipregd_account_enabled", GAUGE, NULL,
		"Whether the configuration has it enabled."},
	[METRIC_PAUSED] = {"sipregd_account_paused", GAUGE, NULL,
		"Whether the operator paused it."},
	[METRIC_REGISTERED] = {"sipregd_account_registered", GAUGE, NULL,
		"Whether the registrar holds our binding: its lease has not "
		"ended."},
	[METRIC_REACHABLE] = {"sipregd_account_reachable", GAUGE, NULL,
		"Whether calls arrive: 1 yes, 0 no, 0.5 unknown."},
	[METRIC_REASON] = {"sipregd_account_reason", GAUGE, NULL,
		"1 for the reason of the present verdict, see "
		"sipregd-reasons(7)."},
	[METRIC_UNREACHABLE] = {"sipregd_unreachable_seconds", COUNTER,
		"seconds", "Time in which reachable was no, the present "
		"outage included, paused and disabled time not."},
	[METRIC_LEASE_EXPIRY] = {"sipregd_lease_expiry_timestamp_seconds",
		GAUGE, "seconds", "When our binding ends at the registrar, "
		"while there is one."},
	[METRIC_REGISTER_REQUESTS] = {"sipregd_register_requests", COUNTER,
		NULL, "REGISTERs sent, retransmissions not counted."},
	[METRIC_REGISTER_RESPONSES] = {"sipregd_register_responses", COUNTER,
		NULL, "Final answers to them, by status code."},
	[METRIC_FLOW_FAILURES] = {"sipregd_flow_failures", COUNTER, NULL,
		"Flows that broke, fell silent or could not be had."},
	[METRIC_MAPPING_CHANGES] = {"sipregd_mapping_changes", COUNTER, NULL,
		"Times that the public address or port of a flow was another "
		"one."},
	[METRIC_BINDINGS] = {"sipregd_bindings", GAUGE, NULL,
		"Bindings that the registrar listed last: own, ghost (ours of "
		"earlier), foreign."},
	[METRIC_INBOUND_REQUESTS] = {"sipregd_inbound_requests", COUNTER,
		NULL, "Requests that came in, our own probes not counted, by "
		"method and what became of them."},
	[METRIC_INBOUND_DROPPED] = {"sipregd_inbound_dropped", COUNTER, NULL,
		"Requests dropped without an answer: of strangers, or not for "
		"us."},

	[METRIC_FLOW_UP] = {"sipregd_flow_up", GAUGE, NULL,
		"Whether the flow stands and its keepalive is not overdue."},
	[METRIC_FLOW] = {"sipregd_flow", INFO, NULL,
		"Where the flow goes."},
	[METRIC_PONG_RTT] = {"sipregd_pong_rtt_seconds", GAUGE, "seconds",
		"Round trip of the last keepalive."},
	[METRIC_TLS_NOT_AFTER] = {
		"sipregd_tls_peer_not_after_timestamp_seconds", GAUGE,
		"seconds", "When the certificate of the other side ends."},

	[METRIC_PROCESS_START] = {"process_start_time_seconds", GAUGE,
		"seconds", "When sipregd was started."},
	[METRIC_PROCESS_CPU] = {"process_cpu_seconds", COUNTER, "seconds",
		"Processor time, user and system."},
	[METRIC_PROCESS_RSS] = {"process_resident_memory_bytes", GAUGE,
		"bytes", "Memory that is resident."},
	[METRIC_PROCESS_VIRTUAL] = {"process_virtual_memory_bytes", GAUGE,
		"bytes", "Address space."},
	[METRIC_PROCESS_FDS] = {"process_open_fds", GAUGE, NULL,
		"Open descriptors."},
	[METRIC_PROCESS_MAX_FDS] = {"process_max_fds", GAUGE, NULL,
		"How many there may be."},
};


const char *metric_name(enum metric m)
{
	return familyv[m].name;
}


static const char *type_name(enum type t)
{
	switch (t) {

	case COUNTER:   return "counter";
	case GAUGE:     return "gauge";
	case HISTOGRAM: return "histogram";
	case INFO:      return "info";
	}

	return "unknown";
}


/* There each name of samples is a metric, and info is unknown. */
static size_t text_head(char *buf, size_t size, const struct family *f)
{
	const char *suffix = f->type == COUNTER ? "_total"
		: f->type == INFO ? "_info" : "";

	return (size_t)snprintf(buf, size,
				"# HELP %s%s %s\n# TYPE %s%s %s\n",
				f->name, suffix, f->help, f->name, suffix,
				type_name(f->type == INFO ? GAUGE : f->type));
}


/* OpenMetrics 1.0 §"MetricFamily": the unit is the end of the name. */
static size_t open_head(char *buf, size_t size, const struct family *f)
{
	int n;

	n = snprintf(buf, size, "# TYPE %s %s\n", f->name,
		     type_name(f->type));
	if (f->unit)
		n += snprintf(buf + n, size - (size_t)n, "# UNIT %s %s\n",
			      f->name, f->unit);
	n += snprintf(buf + n, size - (size_t)n, "# HELP %s %s\n", f->name,
		      f->help);

	return (size_t)n;
}


size_t metric_head(char *buf, size_t size, enum metric m,
		   enum metrics_format format)
{
	const struct family *f = &familyv[m];

	return format == METRICS_TEXT ? text_head(buf, size, f)
				      : open_head(buf, size, f);
}
