/* The daemon: see daemon.h. */

#include <malloc.h>
#include <string.h>
#include "daemon.h"
#include "edges.h"
#include "instance.h"
#include "log.h"
#include "loop.h"
#include "net.h"
#include "resolve.h"
#include "service.h"
#include "status.h"
#include "timer.h"


enum {
	TEXT_MAX = 256,
	NAMES_MIN = 16,          /* buckets of the name table, at least */
	STATUS_DELAY = 200,      /* [ms] many verdicts, one STATUS= */
	WALL_INTERVAL = 60000,   /* [ms] between looks at the wall clock */
	TRIM_DELAY = 5000,       /* [ms] of quiet after the last verdict */
};

/* An agent's place in the set. */
struct entry {
	struct le he;
	struct agent *agent;
};

struct daemon {
	struct config *config;
	struct edges *edges;
	struct resolve *resolve;
	char instance[INSTANCE_MAX];
	struct agent_env env;
	int64_t wall_usec;
	struct entry *entryv;
	size_t entryc;
	struct hash *names;
	size_t stopping;                 /* agents that have not left yet */
	struct timer status_timer, wall_timer, trim_timer;
	daemon_stopped_h *stoppedh;
	void *arg;
};


/* --- what is told to the world --- */

static void status_handler(void *arg)
{
	struct daemon *d = arg;
	size_t i, enabled = 0, registered = 0, reachable = 0;
	char text[TEXT_MAX];

	for (i = 0; i < d->entryc; i++) {
		const struct verdict *v =
			&agent_account(d->entryv[i].agent)->verdict;

		enabled += agent_conf(d->entryv[i].agent)->enabled;
		registered += v->registered;
		reachable += v->reachable == REACHABLE_YES;
	}

	(void)re_snprintf(text, sizeof(text), "%zu/%zu reachable, "
			  "%zu registered", reachable, enabled, registered);
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
	char when[TEXT_MAX] = "";
	msec_t at;
	const char *next = reg_next(&agent_account(a)->regv[0].reg, &at);
	const msec_t left = clock_left(at, loop_now());

	if (left != NEVER)
		(void)re_snprintf(when, sizeof(when), " in %llu s",
				  (left + 999) / 1000);

	log_line(verdict_level(e), agent_conf(a)->name,
		 "%sregistered, reachable %s (%s): %s Next: %s%s",
		 e->registered ? "" : "not ", reachable_name(e->reachable),
		 reason_name(e->reason), reason_text(e->reason), next, when);
}


static void log_event(const struct agent *a, const struct event *e)
{
	const char *name = agent_conf(a)->name;
	enum log_level level = LOG_LEVEL_DEBUG;
	struct agent_flow f;
	char text[TEXT_MAX];

	switch ((enum event_type)e->type) {

	case EVENT_VERDICT:
		log_verdict(a, e);
		return;

	case EVENT_FLOW_UP:
	case EVENT_FLOW_DOWN:
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

	status_event_text(text, sizeof(text), e);
	agent_flow(a, e->flow ? e->flow - 1u : 0, &f);
	if (e->type == EVENT_FLOW_DOWN && f.detail[0])
		log_line(level, name, "%s (%s)", text, f.detail);
	else
		log_line(level, name, "%s", text);
}


/* A storm of handshakes leaves the heap full of holes: 30 kB per TLS flow,
 * measured. They go back to the system once it is over. */
static void trim_handler(void *arg)
{
	(void)arg;
	(void)malloc_trim(0);
}


static void event_handler(struct agent *a, const struct event *e, void *arg)
{
	struct daemon *d = arg;

	log_event(a, e);

	if (e->type != EVENT_VERDICT)
		return;

	timer_start(&d->trim_timer, loop_now() + TRIM_DELAY);
	if (d->status_timer.at == NEVER)
		timer_start(&d->status_timer, loop_now() + STATUS_DELAY);
}


/* --- birth and death --- */

static void destructor(void *data)
{
	struct daemon *d = data;
	size_t i;

	timer_cancel(&d->status_timer);
	timer_cancel(&d->wall_timer);
	timer_cancel(&d->trim_timer);

	for (i = 0; i < d->entryc; i++) {
		hash_unlink(&d->entryv[i].he);
		mem_deref(d->entryv[i].agent);
	}

	mem_deref(d->entryv);
	mem_deref(d->names);
	mem_deref(d->resolve);
	mem_deref(d->edges);
	mem_deref(d->config);
}


static void wall_handler(void *arg)
{
	struct daemon *d = arg;

	d->wall_usec = loop_wall_usec();
	timer_start(&d->wall_timer, loop_now() + WALL_INTERVAL);
}


static int add_agents(struct daemon *d)
{
	const struct config *c = d->config;
	size_t i;
	int err;

	d->entryv = mem_zalloc((c->accountc + 1) * sizeof(*d->entryv), NULL);
	if (!d->entryv)
		return ENOMEM;

	err = hash_alloc(&d->names, hash_valid_size(
			 c->accountc > NAMES_MIN ? (uint32_t)c->accountc
						 : NAMES_MIN));
	if (err)
		return err;

	for (i = 0; i < c->accountc; i++) {
		const struct account_conf *conf = c->accountv[i];
		struct entry *e = &d->entryv[d->entryc];

		err = agent_alloc(&e->agent, d->config, conf, &d->env,
				  event_handler, d);
		if (err) {
			log_error(conf->name, "cannot be made: %s",
				  strerror(err));
			return err;
		}

		hash_append(d->names, hash_joaat_str(conf->name), &e->he, e);
		++d->entryc;
	}

	return 0;
}


int daemon_alloc(struct daemon **dp, struct config *config)
{
	const struct edges_conf pace = {
		.edge_connects = config->pace.edge_connects,
		.edge_registers = config->pace.edge_registers,
		.connects = config->pace.connects,
		.registers = config->pace.registers,
	};
	struct daemon *d;
	int err;

	d = mem_zalloc(sizeof(*d), destructor);
	if (!d)
		return ENOMEM;

	d->config = mem_ref(config);
	timer_init(&d->status_timer, status_handler, d);
	timer_init(&d->wall_timer, wall_handler, d);
	timer_init(&d->trim_timer, trim_handler, d);
	wall_handler(d);

	err = instance_id(d->instance, sizeof(d->instance), config);
	if (err)
		goto out;

	err = edges_alloc(&d->edges, &pace);
	if (err)
		goto out;

	err = resolve_alloc(&d->resolve, config->dnsv, config->dnsc);
	if (err)
		goto out;

	d->env.edges = d->edges;
	d->env.resolve = d->resolve;
	d->env.user_agent = config->user_agent;
	d->env.instance = d->instance;
	d->env.wall_usec = &d->wall_usec;

	err = add_agents(d);

 out:
	if (err)
		mem_deref(d);
	else
		*dp = d;

	return err;
}


void daemon_start(struct daemon *d)
{
	size_t i;

	for (i = 0; i < d->entryc; i++)
		if (agent_conf(d->entryv[i].agent)->enabled)
			agent_start(d->entryv[i].agent);

	status_handler(d);
}


static void left_handler(struct agent *a, void *arg)
{
	struct daemon *d = arg;

	const char *name = agent_conf(a)->name;

	if (agent_left_behind(a) && agent_conf(a)->policy.reg.unregister)
		log_warning(name, "could not un-register: the binding stays "
			    "until its lease ends");
	else if (agent_was_bound(a) && !agent_left_behind(a))
		log_info(name, "un-registered");

	if (--d->stopping == 0)
		d->stoppedh(d->arg);
}


void daemon_stop(struct daemon *d, daemon_stopped_h *h, void *arg)
{
	size_t i;

	d->stoppedh = h;
	d->arg = arg;

	/* One more than there are, so that it ends here or later but once. */
	d->stopping = d->entryc + 1;

	for (i = 0; i < d->entryc; i++)
		agent_stop(d->entryv[i].agent, left_handler);

	if (--d->stopping == 0)
		h(arg);
}


struct agent *daemon_agent(const struct daemon *d, size_t i)
{
	return i < d->entryc ? d->entryv[i].agent : NULL;
}


static bool name_handler(struct le *le, void *arg)
{
	const struct entry *e = le->data;

	return !str_cmp(agent_conf(e->agent)->name, arg);
}


struct agent *daemon_find(const struct daemon *d, const char *name)
{
	struct entry *e = list_ledata(hash_lookup(d->names,
						  hash_joaat_str(name),
						  name_handler, (void *)name));

	return e ? e->agent : NULL;
}


int64_t daemon_wall_usec(struct daemon *d)
{
	d->wall_usec = loop_wall_usec();

	return d->wall_usec;
}
