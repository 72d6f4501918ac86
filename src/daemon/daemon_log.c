/* What is told to the world: a log line for each event of an agent, the state
 * of the whole to the service manager. */

#include <malloc.h>
#include <string.h>
#include <unistd.h>
#include "daemon_set.h"
#include "log.h"
#include "loop.h"
#include "message.h"
#include "metrics.h"
#include "monitors.h"
#include "service.h"
#include "status.h"
#include "wire.h"


enum {
	TEXT_MAX = 256,
	LEFT_LINES = 10,         /* accounts that have a line of their own at
				    the stop; of more a total is told */
	STATUS_DELAY = 200,      /* [ms] many verdicts, one STATUS= */
	TRIM_DELAY = 5000,       /* [ms] of quiet after the last verdict */
	DESCRIPTORS_OWN = 32,    /* open beside flows at most: 14 measured, the
				    reserve that flows leave, DNS */
};


void daemon_tell_status(void *arg)
{
	const struct daemon *d = arg;
	char text[SERVICE_TEXT_MAX];
	struct service_facts f = {
		.file = d->config->file,
		.dir = d->config->accounts_dir ? d->config->accounts_dir
					       : d->config->file,
		.refusal = &d->refusal,
		.stopping = d->stoppedh,
		.leaving = d->stopping,
	};

	for (size_t i = 0; i < d->entryc; i++) {
		const struct agent *a = d->entryv[i]->agent;

		service_facts_add(&f, agent_conf(a)->name,
				  agent_conf(a)->enabled,
				  &agent_account(a)->verdict);
	}

	service_text(text, sizeof(text), &f);
	service_status(text);
}


/* Resolving and connecting for the first time are no news yet. */
static enum log_level verdict_level(const struct event *e)
{
	if (e->reason == REASON_STARTING || e->reason == REASON_RESOLVING ||
	    e->reason == REASON_CONNECTING)
		return LOG_LEVEL_DEBUG;

	if (e->registered && e->reachable != REACHABLE_NO)
		return LOG_LEVEL_NOTICE;

	return e->reason == REASON_PAUSED ? LOG_LEVEL_NOTICE
					  : LOG_LEVEL_WARNING;
}


/* "registered, reachable unknown (unproven): ... Next: refresh in 42 s" */
static void log_verdict(const struct agent *a, const struct event *e)
{
	char when[TEXT_MAX] = "", text[TEXT_MAX], id[MESSAGE_ID_SIZE];
	msec_t at;
	const char *next = status_next(agent_account(a), &at);
	const msec_t left = clock_left(at, loop_now());

	if (left != NEVER)
		(void)re_snprintf(when, sizeof(when), " in %llu s",
				  (left + 999) / 1000);

	status_event_text(text, sizeof(text), e, &agent_account(a)->journal);
	log_event(verdict_level(e), agent_conf(a)->name,
		  &(struct log_fields){message_event_id(id, e),
				       event_name(e->type),
				       reason_name(e->reason)},
		  "%sregistered, reachable %s (%s): %s Next: %s%s",
		  e->registered ? "" : "not ", reachable_name(e->reachable),
		  reason_name(e->reason), text, next, when);
}


static void tell_event(const struct agent *a, const struct event *e,
		       bool stopping)
{
	enum log_level level = LOG_LEVEL_DEBUG;
	struct agent_flow f;
	char text[TEXT_MAX], id[MESSAGE_ID_SIZE];
	bool detail;

	switch ((enum event_type)e->type) {

	case EVENT_VERDICT:
		log_verdict(a, e);
		return;

	case EVENT_FLOW_DOWN:
		/* all of them, and all at once */
		if (!stopping)
			level = LOG_LEVEL_INFO;
		break;

	case EVENT_FLOW_UP:
	case EVENT_MAPPING:
	case EVENT_BINDING:
	case EVENT_GHOST_REMOVED:
	case EVENT_CONFIG:
	case EVENT_ADDRESS:
		level = LOG_LEVEL_INFO;
		break;

	case EVENT_RESPONSE:
		if (!answer_is_good(e->code) && !answer_is_challenge(e->code))
			level = LOG_LEVEL_INFO;
		break;

	case EVENT_REGISTER_SENT:
	case EVENT_INBOUND:
	case EVENT_PROBE:
		break;
	}

	if (!log_enabled(level))
		return;

	status_event_text(text, sizeof(text), e,
			  &agent_account(a)->journal);
	agent_flow(a, e->flow ? e->flow - 1u : 0, &f);
	detail = e->type == EVENT_FLOW_DOWN && f.detail[0];
	log_event(level, agent_conf(a)->name,
		  &(struct log_fields){message_event_id(id, e),
				       event_name(e->type),
				       reason_name(e->reason)},
		  "%s%s%s%s", text,
		  detail ? " (" : "", detail ? f.detail : "",
		  detail ? ")" : "");
}


static size_t flows_wanted(const struct daemon *d)
{
	size_t n = 0;

	for (size_t i = 0; i < d->entryc; i++) {
		const struct account_conf *c = agent_conf(d->entryv[i]->agent);

		if (c->enabled)
			n += c->policy.flows;
	}

	return n;
}


void daemon_tell_limit(struct daemon *d)
{
	const size_t max = (size_t)getdtablesize(), flows = flows_wanted(d);
	const bool too_many = flows + DESCRIPTORS_OWN > max;

	if (too_many && flows != d->too_many)
		log_message(LOG_LEVEL_WARNING, NULL, MESSAGE_DESCRIPTORS,
			    "%zu descriptors are too few for %zu flows: "
			    "some accounts may have to wait for one; raise "
			    "LimitNOFILE= to %zu or more", max, flows,
			    flows + DESCRIPTORS_OWN);

	d->too_many = too_many ? flows : 0;
}


/* A storm of handshakes leaves the heap full of holes, 30 kB per TLS flow,
 * measured; so does a configuration that is let go of. They go back to the
 * system once it is over. */
void daemon_trim(void *arg)
{
	(void)arg;
	(void)malloc_trim(0);
}


void daemon_tell_later(struct daemon *d)
{
	timer_start(&d->trim_timer, loop_now() + TRIM_DELAY);
	if (d->status_timer.at == NEVER)
		timer_start(&d->status_timer, loop_now() + STATUS_DELAY);
}


void daemon_on_event(struct agent *a, const struct event *e, void *arg)
{
	struct entry *entry = arg;

	tell_event(a, e, entry->daemon->stoppedh);
	monitors_event(entry->daemon->monitors, agent_conf(a)->name, e,
		       &agent_account(a)->journal);
	if (!entry->leaving)
		hooks_event(entry->daemon->hooks, agent_conf(a)->name, e);

	if (e->type != EVENT_VERDICT)
		return;

	daemon_tell_later(entry->daemon);
	if (entry->daemon->metrics)
		metrics_on_verdict(entry->daemon->metrics);
}


int daemon_tell_hook(struct mbuf *mb, const char *account,
		     const struct event *e, void *arg)
{
	const struct journal none = {.eventv = NULL};
	struct daemon *d = arg;
	const struct agent *a = daemon_find(d, account);
	int err;

	err = status_event(mb, "event", account, e,
			   a ? &agent_account(a)->journal : &none);
	err |= a ? status_account(mb, "account", a, daemon_wall_usec(d), false)
		 : json_add_null(mb, "account");

	return err;
}


void daemon_tell_left(struct daemon *d, const struct agent *a)
{
	const char *name = agent_conf(a)->name;

	if (agent_left_behind(a) && agent_conf(a)->policy.reg.unregister) {
		if (!d->stoppedh || d->left_behind++ < LEFT_LINES)
			log_message(LOG_LEVEL_WARNING, name,
				    MESSAGE_LEFT_BEHIND, "could not "
				    "un-register: the binding stays until its "
				    "lease ends");
	}
	else if (agent_was_bound(a) && !agent_left_behind(a)) {
		if (!d->stoppedh || d->left++ < LEFT_LINES)
			log_info(name, "un-registered");
	}
}


void daemon_tell_all_left(const struct daemon *d)
{
	if (d->left > LEFT_LINES)
		log_info(NULL, "un-registered %zu accounts", d->left);

	if (d->left_behind > LEFT_LINES)
		log_message(LOG_LEVEL_WARNING, NULL, MESSAGE_LEFT_BEHIND,
			    "could not un-register %zu accounts: their "
			    "bindings stay until their leases end",
			    d->left_behind);
}
