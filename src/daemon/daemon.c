/* The daemon: see daemon.h and daemon_set.h. */

#include <stdlib.h>
#include <string.h>
#include "config_key.h"
#include "daemon_set.h"
#include "lister.h"
#include "log.h"
#include "loop.h"
#include "metrics.h"
#include "monitors.h"
#include "resolve.h"


enum {
	NAMES_MIN = 16,          /* buckets of a table, at least */
	WALL_INTERVAL = 10000,   /* [ms] between looks at the wall clock */
	WALL_STEP = 60000000,    /* [us] more is no drift: it was set */
};

const char *const daemon_fixedv[FIXED_SETTINGS] = {
	"control_socket", "state_dir", "instance_id",
};


/* --- entries --- */

static void entry_destructor(void *data)
{
	struct entry *e = data;

	hash_unlink(&e->he);
	list_unlink(&e->le);
	list_clear(&e->successors);
	mem_deref(e->agent);
}


/* That of the agent before it, if there is one of that name. */
static int set_trace(struct agent *a, const struct daemon *d)
{
	const char *name = agent_conf(a)->name;
	const struct entry *old = entry_find(d, name);
	struct trace *t = NULL;
	int err = 0;

	if (old)
		t = mem_ref(agent_trace(old->agent));
	else
		err = trace_get(&t, d->traces, name);

	if (!err)
		agent_set_trace(a, t);
	mem_deref(t);

	return err;
}


static int make_agent(struct agent **ap, struct entry *e,
		      struct config *config, const struct account_conf *conf,
		      const struct state_account *kept)
{
	struct agent *a;
	int err;

	err = agent_alloc(&a, config, conf, &e->daemon->env, kept,
			  daemon_on_event, e);
	if (!err) {
		err = set_trace(a, e->daemon);
		if (err)
			mem_deref(a);
	}

	if (err)
		log_error(conf->name, "cannot be made: %s", strerror(err));
	else
		*ap = a;

	return err;
}


int entry_alloc(struct entry **ep, struct daemon *d, struct config *config,
		const struct account_conf *conf,
		const struct state_account *kept)
{
	struct entry *e;
	int err;

	e = mem_zalloc(sizeof(*e), entry_destructor);
	if (!e)
		return ENOMEM;

	e->daemon = d;
	err = make_agent(&e->agent, e, config, conf, kept);
	if (err)
		mem_deref(e);
	else
		*ep = e;

	return err;
}


int entry_renew(struct entry *e, const struct state_account *kept)
{
	struct agent *a;
	int err;

	err = make_agent(&a, e, e->daemon->config, agent_conf(e->agent), kept);
	if (err)
		return err;

	mem_deref(e->agent);
	e->agent = a;

	return 0;
}


int entry_hash_alloc(struct hash **hp, size_t n)
{
	return hash_alloc(hp, hash_valid_size(n > NAMES_MIN ? (uint32_t)n
							    : NAMES_MIN));
}


/* --- settings --- */

struct edges_conf daemon_pace(const struct config *config)
{
	return (struct edges_conf){
		.edge_connects = config->pace.edge_connects,
		.edge_registers = config->pace.edge_registers,
		.connects = config->pace.connects,
		.registers = config->pace.registers,
	};
}


const char *daemon_setting(const struct config *config, const char *key)
{
	const size_t i = key_index_of(&keys_global, key);

	return *key_string(&keys_global.keyv[i], (void *)config);
}


static int keep_fixed(struct daemon *d)
{
	int err = 0;

	for (size_t i = 0; !err && i < FIXED_SETTINGS; i++)
		err = str_dup(&d->fixedv[i], daemon_setting(d->config,
							    daemon_fixedv[i]));

	return err;
}


void daemon_fix_log_level(struct daemon *d)
{
	d->level_fixed = true;
}


void daemon_note_loaded(struct daemon *d)
{
	d->loaded_usec = d->wall_usec + (int64_t)loop_now() * 1000;
}


/* --- birth and death --- */

static void destructor(void *data)
{
	struct daemon *d = data;
	size_t i;

	timer_cancel(&d->status_timer);
	timer_cancel(&d->wall_timer);
	timer_cancel(&d->trim_timer);
	timer_cancel(&d->gone_timer);
	timer_cancel(&d->first_timer);
	timer_cancel(&d->restart_timer);

	mem_deref(d->metrics);

	/* asks the agents what is to be written */
	if (d->state)
		state_close(d->state);

	for (i = 0; i < d->entryc; i++)
		mem_deref(d->entryv[i]);

	list_flush(&d->leavers);
	list_flush(&d->gone);
	network_close(d);
	mem_deref(d->listers);
	mem_deref(d->monitors);
	traces_end(d->traces);
	mem_deref(d->hooks);
	mem_deref(d->entryv);
	mem_deref(d->names);
	mem_deref(d->leaving);
	mem_deref(d->resolve);
	mem_deref(d->edges);
	mem_deref(d->traces);
	for (i = 0; i < FIXED_SETTINGS; i++)
		mem_deref(d->fixedv[i]);
	mem_deref(d->config);
}


static void better_handler(void *arg)
{
	struct daemon *d = arg;

	for (size_t i = 0; i < d->entryc; i++)
		agent_on_local_event(d->entryv[i]->agent);
}


/* The clock was set, as it is some time after a start without one: what is
 * kept has the wrong times, and certificates may be valid now. */
static void wall_stepped(struct daemon *d)
{
	log_notice(NULL, "the clock was set");
	for (size_t i = 0; i < d->entryc; i++)
		agent_note_change(d->entryv[i]->agent);

	better_handler(d);
}


static void wall_handler(void *arg)
{
	struct daemon *d = arg;
	const int64_t before = d->wall_usec;

	d->wall_usec = loop_wall_usec();
	timer_start(&d->wall_timer, loop_now() + WALL_INTERVAL);
	if (llabs(d->wall_usec - before) > WALL_STEP)
		wall_stepped(d);
}


static int add_agents(struct daemon *d)
{
	struct config *c = d->config;
	size_t i;
	int err;

	d->entryv = mem_zalloc((c->accountc + 1) * sizeof(*d->entryv), NULL);
	if (!d->entryv)
		return ENOMEM;

	err = entry_hash_alloc(&d->names, c->accountc);
	if (err)
		return err;

	for (i = 0; i < c->accountc; i++) {
		const struct account_conf *conf = c->accountv[i];
		struct entry *e;

		err = entry_alloc(&e, d, c, conf,
				  state_find(d->state, conf->name, conf->aor,
					     conf->registrar));
		if (err)
			return err;

		d->entryv[d->entryc++] = e;
		hash_append(d->names, hash_joaat_str(conf->name), &e->he, e);
	}

	state_forget(d->state);

	return 0;
}


static void init_timers(struct daemon *d)
{
	timer_init(&d->status_timer, daemon_tell_status, d);
	timer_init(&d->wall_timer, wall_handler, d);
	timer_init(&d->trim_timer, daemon_trim, d);
	timer_init(&d->gone_timer, leave_gone_handler, d);
	timer_init(&d->pass_timer, network_pass_handler, d);
	timer_init(&d->first_timer, first_handler, d);
	timer_init(&d->restart_timer, restart_handler, d);
	d->wall_usec = loop_wall_usec();
	wall_handler(d);
	daemon_note_loaded(d);
}


/* What the agents share. */
static int make_shared(struct daemon *d)
{
	const struct config *config = d->config;
	const struct edges_conf pace = daemon_pace(config);
	int err;

	err = instance_id(d->instance, sizeof(d->instance), config);
	if (err)
		return err;

	err = state_alloc(&d->state, config->state_dir);
	if (err)
		return err;

	err = traces_alloc(&d->traces);
	if (err)
		return err;

	err = edges_alloc(&d->edges, &pace);
	if (err)
		return err;

	edges_kept_start(&d->edges_kept, d->edges, d->state, &d->wall_usec);

	err = resolve_alloc(&d->resolve, config->dnsv, config->dnsc,
			    better_handler, d);
	if (err)
		return err;

	d->env.edges = d->edges;
	d->env.resolve = d->resolve;
	d->env.state = d->state;
	d->env.user_agent = config->user_agent;
	d->env.instance = d->instance;
	d->env.wall_usec = &d->wall_usec;
	d->env.durations = &d->durations;

	return network_init(d);
}


int daemon_alloc(struct daemon **dp, struct config *config)
{
	struct daemon *d;
	int err;

	d = mem_zalloc(sizeof(*d), destructor);
	if (!d)
		return ENOMEM;

	d->config = mem_ref(config);
	init_timers(d);

	err = keep_fixed(d);
	if (err)
		goto out;

	err = entry_hash_alloc(&d->leaving, 0);
	if (err)
		goto out;

	err = listers_alloc(&d->listers, d);
	if (err)
		goto out;

	err = monitors_alloc(&d->monitors);
	if (err)
		goto out;

	err = hooks_alloc(&d->hooks, config, daemon_tell_hook, d);
	if (err)
		goto out;

	err = make_shared(d);
	if (err)
		goto out;

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

	restart_take_over(d);
	for (i = 0; i < d->entryc; i++)
		if (agent_conf(d->entryv[i]->agent)->enabled)
			agent_start(d->entryv[i]->agent);

	first_look_later(d);
	daemon_tell_limit(d);
	daemon_tell_pace(d->config);
	daemon_tell_status(d);

	/* accounts run without */
	if (metrics_alloc(&d->metrics, d))
		log_error(NULL, "no metrics: out of memory");
}


void daemon_stopped(struct daemon *d)
{
	daemon_tell_all_left(d);
	d->stoppedh(d->arg);
}


void daemon_stop(struct daemon *d, daemon_stopped_h *h, void *arg)
{
	size_t i;

	d->stoppedh = h;
	d->arg = arg;
	timer_cancel(&d->gone_timer);
	timer_cancel(&d->restart_timer);
	d->restarth = NULL;
	hooks_stop(d->hooks);
	if (d->metrics)
		metrics_stop(d->metrics);

	/* One more than there are, so that it ends here or later but once. */
	d->stopping = d->entryc + list_count(&d->leavers) + 1;

	for (i = 0; i < d->entryc; i++)
		agent_stop(d->entryv[i]->agent, leave_handler);

	if (--d->stopping == 0)
		daemon_stopped(d);
	else
		daemon_tell_status(d);
}


void daemon_reaped(struct daemon *d, pid_t pid, int status)
{
	hooks_reaped(d->hooks, pid, status);
}


/* --- questions --- */

struct agent *daemon_agent(const struct daemon *d, size_t i)
{
	return i < d->entryc ? d->entryv[i]->agent : NULL;
}


static bool name_handler(struct le *le, void *arg)
{
	const struct entry *e = le->data;

	return !str_cmp(agent_conf(e->agent)->name, arg);
}


struct entry *entry_find(const struct daemon *d, const char *name)
{
	return list_ledata(hash_lookup(d->names, hash_joaat_str(name),
				       name_handler, (void *)name));
}


struct agent *daemon_find(const struct daemon *d, const char *name)
{
	struct entry *e = entry_find(d, name);

	return e ? e->agent : NULL;
}


struct config *daemon_config(const struct daemon *d)
{
	return d->config;
}


struct listers *daemon_listers(const struct daemon *d)
{
	return d->listers;
}


struct monitors *daemon_monitors(const struct daemon *d)
{
	return d->monitors;
}


const struct agent_env *daemon_env(const struct daemon *d)
{
	return &d->env;
}


struct metrics *daemon_metrics(const struct daemon *d)
{
	return d->metrics;
}


int64_t daemon_wall_usec(struct daemon *d)
{
	timer_cancel(&d->wall_timer);
	wall_handler(d);

	return d->wall_usec;
}
